//! Who is put on and taken off, who is told of it and how, and what is refused.

use super::*;
use crate::core::notification::{Notification, RecipientId};
use crate::core::scenario::Scene;
use crate::core::schedule::{Length, Rotation, Start};
use jiff::civil::{date, time};

/// Saturday 28 March 2026, 22:00 in UTC; maria, jonas and nils take days from 07:00 on.
fn scene() -> Scene {
    let mut scene = Scene::usual();
    let people = ["maria", "jonas", "nils"].map(|id| PersonId(id.into())).to_vec();
    let start = Start::Day(date(2026, 3, 28));
    let rotation = Rotation::new(people, &Length::Days(1), time(7, 0, 0, 0), start, &TimeZone::UTC);
    scene.desk.schedules.insert("primary".into(), Schedule::simple("primary", TimeZone::UTC, rotation));
    let maria = PersonId("maria".into());
    scene.desk.people.get_mut(&maria).unwrap().email = Some("maria@example.net".parse().unwrap());
    scene.desk.carriers.push(crate::core::desk::Carrier::plain("mail", &[Medium::Email]));
    scene
}

/// What a command makes of what is known: what it says, the overrides, the messages.
type Done = Result<(String, Vec<Override>, Vec<Notification>), Refusal>;

fn run(scene: &mut Scene, run: impl FnOnce(&mut Decision<'_>, By<'_>) -> Result<String, Refusal>) -> Done {
    let (id, actor) = (PersonId("lead".into()), Actor::Desk);
    let mut decision = Decision::new(&scene.desk, scene.now, scene.ids);
    let said = run(&mut decision, By { id: &id, name: "Lead", actor: &actor })?;
    scene.ids = decision.ids;
    let (mut overrides, mut messages) = (Vec::new(), Vec::new());
    for change in decision.changes {
        match change.object {
            Object::Override(over) => overrides.push(*over),
            Object::Notification(n) => messages.push(*n),
            other => panic!("{other:?}"),
        }
    }
    Ok((said, overrides, messages))
}

fn at(text: &str) -> Timestamp {
    format!("2026-{text}:00Z").parse().unwrap()
}

fn add_one(
    scene: &mut Scene,
    known: &[Override],
    who: &str,
    instead: Option<&str>,
    from: &str,
    until: &str,
) -> Done {
    let (who, instead) = (PersonId(who.into()), instead.map(|id| PersonId(id.into())));
    run(scene, |decision, by| {
        add(decision, by, known, "primary", &who, instead.as_ref(), at(from), at(until))
    })
}

fn who(n: &Notification) -> (&str, Medium) {
    match &n.recipient.who {
        RecipientId::Person(id) => (id.0.as_str(), n.medium),
        other => panic!("{other:?}"),
    }
}

#[test]
fn those_put_on_and_taken_off_are_told_once_by_sms_when_it_is_soon() {
    let mut scene = scene();
    // Jonas has Sunday 07:00 to Monday 07:00, nine hours from now.
    let (said, made, told) =
        add_one(&mut scene, &[], "maria", Some("jonas"), "03-29T08:00", "03-29T20:00").unwrap();
    assert_eq!((made.len(), made[0].id, made[0].until), (1, OverrideId(1), at("03-29T20:00")));
    assert_eq!(told.iter().map(who).collect::<Vec<_>>(), [("jonas", Medium::Sms), ("maria", Medium::Sms)]);
    let texts: Vec<_> = told.iter().map(|n| n.content.body.raw()).collect();
    assert_eq!(
        texts,
        [
            "primary: you are OFF call Sun 29 Mar 08:00 UTC to Sun 29 Mar 20:00 UTC. By Lead",
            "primary: YOU are on call Sun 29 Mar 08:00 UTC to Sun 29 Mar 20:00 UTC. By Lead"
        ]
    );
    assert!(told.iter().all(|n| !n.urgent && n.purpose == Purpose::Notice && n.reason.rule == "override O1"));
    assert!(said.contains("O1: maria is on call for primary") && said.contains("instead of jonas"), "{said}");
    assert!(said.ends_with("Told: jonas by SMS, maria by SMS."), "{said}");
}

#[test]
fn what_is_far_off_is_told_by_mail_and_who_cannot_be_told_is_named() {
    let mut scene = scene();
    // Monday is nils', who has neither phone nor mail.
    let (said, _, told) = add_one(&mut scene, &[], "maria", None, "03-30T07:00", "03-31T07:00").unwrap();
    assert_eq!(told.iter().map(who).collect::<Vec<_>>(), [("maria", Medium::Email)]);
    let body = told[0].content.body.raw();
    assert!(
        body.contains("You are on call Mon 30 Mar 07:00 UTC to Tue 31 Mar 07:00 UTC, instead of nils."),
        "{body}"
    );
    assert!(said.contains("Tell nils yourself"), "{said}");
}

#[test]
fn a_swap_is_two_overrides_and_one_message_each_and_goes_away_whole() {
    let mut scene = scene();
    let (maria, jonas) = (PersonId("maria".into()), PersonId("jonas".into()));
    let first = TurnOf { person: &maria, at: at("03-31T12:00") };
    let second = TurnOf { person: &jonas, at: at("04-01T12:00") };
    let (said, made, told) =
        run(&mut scene, |decision, by| swap(decision, by, &[], "primary", first, second)).unwrap();
    assert!(said.starts_with("O1 and O2: maria and jonas swap their turns in primary."), "{said}");
    assert_eq!((made[0].swap, made[1].swap), (Some(OverrideId(2)), Some(OverrideId(1))));
    let schedule = scene.desk.schedules["primary"].with(&made, &scene.desk);
    let whose = |text: &str| schedule.who(at(text)).0;
    assert_eq!((whose("03-31T12:00"), whose("04-01T12:00")), (vec![jonas.clone()], vec![maria.clone()]));
    assert_eq!(whose("04-01T07:00"), vec![maria.clone()]);
    assert_eq!(told.iter().map(who).collect::<Vec<_>>(), [("jonas", Medium::Sms), ("maria", Medium::Email)]);
    assert_eq!(told[1].content.subject.raw(), "On call for primary: your turns are swapped");

    let one = made[1].clone();
    let (said, gone, told) = run(&mut scene, |decision, by| remove(decision, by, &made, one)).unwrap();
    assert!(said.starts_with("O1 and O2 no longer counts."), "{said}");
    assert!(gone.iter().all(|over| over.state == OverrideState::Removed) && told.len() == 2);
    assert_eq!(scene.desk.schedules["primary"].with(&gone, &scene.desk).overrides, []);
}

#[test]
fn what_was_stays_and_only_the_rest_is_taken_back() {
    let mut scene = scene();
    let (_, made, _) = add_one(&mut scene, &[], "jonas", None, "03-28T20:00", "03-29T06:00").unwrap();
    assert_eq!(made[0].from, scene.now, "the past is not changed");
    scene.pass(60);
    let over = made[0].clone();
    let (_, gone, told) = run(&mut scene, |decision, by| remove(decision, by, &made, over)).unwrap();
    assert_eq!((gone[0].state, gone[0].until), (OverrideState::Active, scene.now));
    assert_eq!(told.len(), 2);
    let again = run(&mut scene, |decision, by| remove(decision, by, &gone, gone[0].clone()));
    assert_eq!(again.unwrap_err().said.raw(), "O1 is over.");
}

#[test]
fn who_did_it_is_not_told_what_they_know() {
    let mut scene = scene();
    let (maria, actor) = (PersonId("maria".into()), Actor::Desk);
    let mut decision = Decision::new(&scene.desk, scene.now, scene.ids);
    let by = By { id: &maria, name: "Maria", actor: &actor };
    add(&mut decision, by, &[], "primary", &maria, None, at("03-29T08:00"), at("03-29T09:00")).unwrap();
    let told = decision.changes.iter().filter(|change| matches!(change.object, Object::Notification(_)));
    assert_eq!(told.count(), 1);
    scene.ids = decision.ids;
}

#[test]
fn what_makes_no_sense_is_refused_in_words() {
    let mut scene = scene();
    scene.desk.people.get_mut(&PersonId("nils".into())).unwrap().role = crate::core::person::Role::Viewer;
    for (who, instead, from, until, wanted) in [
        ("maria", None, "03-28T20:00", "03-28T21:00", "not in the past"),
        ("maria", None, "03-30T20:00", "03-30T20:00", "ends after it begins"),
        ("eve", None, "03-30T20:00", "03-30T21:00", "There is no person eve."),
        ("nils", None, "03-30T20:00", "03-30T21:00", "cannot be on call"),
        (
            "maria",
            Some("jonas"),
            "03-30T20:00",
            "03-30T21:00",
            "jonas is not on call for primary in that time",
        ),
        ("jonas", None, "03-29T08:00", "03-29T09:00", "changes nothing"),
    ] {
        let refusal = add_one(&mut scene, &[], who, instead, from, until).unwrap_err();
        assert!(refusal.said.raw().contains(wanted), "{}", refusal.said.raw());
    }
    let maria = PersonId("maria".into());
    let refusal = run(&mut scene, |decision, by| {
        add(decision, by, &[], "nights", &maria, None, at("03-30T20:00"), at("03-30T21:00"))
    });
    assert_eq!(refusal.unwrap_err().said.raw(), "There is no schedule nights; there is primary.");
}

#[test]
fn a_page_to_the_on_call_goes_to_whom_the_override_names() {
    let mut scene = scene();
    let (_, made, _) = add_one(&mut scene, &[], "jonas", None, "03-28T22:00", "03-29T06:00").unwrap();
    let laid = scene.desk.schedules["primary"].with(&made, &scene.desk);
    scene.desk.schedules.insert("primary".into(), laid);
    let targets = [crate::core::alert::Target::OnCall("primary".into())];
    let partner = crate::core::partner::PartnerRef { id: "p".into(), name: "P".into(), ..Default::default() };
    let (told, nobody) = scene.desk.people_behind(&targets, &partner, scene.now);
    assert_eq!((told[0].person.0.as_str(), told.len(), nobody.len()), ("jonas", 1, 0));
    assert_eq!(told[0].via, "on call: primary, arranged by lead (O1)");
    // Somebody who left the desk is no longer put on; the plan has somebody.
    scene.desk.people.remove(&PersonId("jonas".into()));
    let plan = scene.desk.schedules["primary"].with(&made, &scene.desk);
    assert_eq!(plan.who(scene.now).0, [PersonId("maria".into())]);
}

#[test]
fn an_sms_of_it_is_one_part_however_long_the_names() {
    let mut scene = scene();
    let schedule = Schedule { name: "n".repeat(80), ..scene.desk.schedules["primary"].clone() };
    let long_name = schedule.name.clone();
    scene.desk.schedules.insert(long_name.clone(), schedule);
    let (id, actor) = (PersonId("lead".into()), Actor::Desk);
    let name = "Lead ".repeat(30);
    let mut decision = Decision::new(&scene.desk, scene.now, scene.ids);
    let by = By { id: &id, name: &name, actor: &actor };
    let jonas = PersonId("jonas".into());
    add(&mut decision, by, &[], &long_name, &jonas, None, at("03-28T23:00"), at("03-30T20:00")).unwrap();
    for change in &decision.changes {
        if let Object::Notification(n) = &change.object {
            assert!(sms::length(n.content.body.raw()) <= 160, "{}", n.content.body.raw());
        }
    }
}

#[test]
fn a_calendar_that_changes_tells_those_it_puts_on_and_takes_off_within_two_weeks_and_nobody_else() {
    let scene = scene();
    let before = scene.desk.schedules["primary"].clone();
    let with = |person: &str, from: &str, until: &str| {
        let mut after = before.clone();
        after.overrides.push(Override {
            id: OverrideId(1),
            state: OverrideState::Active,
            schedule: "primary".into(),
            person: PersonId(person.into()),
            instead: None,
            from: at(from),
            until: at(until),
            swap: None,
            by: PersonId("x".into()),
            created_at: scene.now,
            updated_at: scene.now,
        });
        after
    };
    let told = |after: &Schedule| -> Vec<(String, Medium, String)> {
        let mut decision = Decision::new(&scene.desk, scene.now, scene.ids);
        tell_of_calendar(&mut decision, "roster", (&before, after));
        let message = |change: Change| match change.object {
            Object::Notification(n) => {
                (n.recipient.name.raw().to_owned(), n.medium, n.content.body.raw().to_owned())
            }
            other => panic!("{other:?}"),
        };
        decision.changes.into_iter().map(message).collect()
    };
    // Jonas's Sunday goes to Maria, from nine hours on.
    let soon = told(&with("maria", "03-29T07:00", "03-30T07:00"));
    let words: Vec<_> = soon.iter().map(|(who, medium, _)| (who.as_str(), *medium)).collect();
    assert_eq!(words, [("jonas", Medium::Sms), ("maria", Medium::Sms)]);
    assert!(
        soon[0].2.contains("you are OFF call Sun 29 Mar 07:00 UTC")
            && soon[0].2.contains("By calendar roster")
    );
    let later = told(&with("maria", "04-01T07:00", "04-02T07:00"));
    assert!(later.iter().any(|(who, medium, _)| who == "maria" && *medium == Medium::Email), "{later:?}");
    assert_eq!(told(&before), [], "the same again");
    assert_eq!(told(&with("maria", "03-20T07:00", "03-21T07:00")), [], "what is past");
    assert_eq!(told(&with("maria", "04-20T07:00", "04-21T07:00")), [], "what is far");
}

#[test]
fn a_configuration_that_changes_the_turns_tells_whom_it_concerns_except_who_applied_it() {
    let scene = scene();
    let plans = |people: &[&str]| {
        let people = people.iter().map(|id| PersonId((*id).into())).collect();
        let start = Start::Day(date(2026, 3, 28));
        let rotation = Rotation::new(people, &Length::Days(1), time(7, 0, 0, 0), start, &TimeZone::UTC);
        BTreeMap::from([("primary".to_owned(), Schedule::simple("primary", TimeZone::UTC, rotation))])
    };
    let told = |before, after, by: Option<&str>| -> Vec<String> {
        let mut decision = Decision::new(&scene.desk, scene.now, scene.ids);
        let by = by.map(|id| PersonId(id.into()));
        tell_of_configuration(&mut decision, 7, by.as_ref(), (&before, &after));
        let message = |change: Change| match change.object {
            Object::Notification(n) => format!("{}: {}", n.recipient.name.raw(), n.reason.via.raw()),
            other => panic!("{other:?}"),
        };
        decision.changes.into_iter().map(message).collect()
    };
    let (before, after) = (plans(&["maria", "maria"]), plans(&["maria", "jonas"]));
    let both = [
        "jonas: put on call for primary by configuration 7",
        "maria: taken off call for primary by configuration 7",
    ];
    assert_eq!(told(before.clone(), after.clone(), None), both);
    assert_eq!(told(before.clone(), after.clone(), Some("maria")), both[..1]);
    assert!(told(after.clone(), after.clone(), None).is_empty());
    assert_eq!(told(after.clone(), BTreeMap::new(), None).len(), 2, "a schedule that is gone has nobody on");
    assert_eq!(told(BTreeMap::new(), after, None).len(), 2, "and a new one has somebody on");
}
