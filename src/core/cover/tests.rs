//! The walk on desks whose gaps are known, and against the desk itself minute by minute.

use super::*;
use crate::core::alert::Variant;
use crate::core::assignment::{Origin, Scope};
use crate::core::desk::{Absence, Carrier};
use crate::core::id::OverrideId;
use crate::core::scenario::{Scene, tells};
use crate::core::schedule::{
    Layer, Length, Override, OverrideState, Rotation, Schedule, Source, Start, WeekHours,
};
use jiff::civil::{date, time};
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn id(name: &str) -> PersonId {
    PersonId(name.to_owned())
}

fn span(from: &str, until: &str) -> Span {
    Span { from: at(from), until: at(until) }
}

fn on_call(schedule: &str, after_minutes: i64) -> Step {
    Step { after: SignedDuration::from_mins(after_minutes), notify: vec![Target::OnCall(schedule.into())] }
}

/// One policy `night`, whose first step is this and whose last resort reaches maria; texts only.
fn desk(first: Step) -> Desk {
    let mut desk = Scene::new(vec![first], tells(&["maria"], 10)).desk;
    let policy = desk.policies.values().next().unwrap().clone();
    desk.policies = [("night".to_owned(), PolicySnapshot { name: "night".into(), ..policy })].into();
    desk.catch_all = "night".into();
    desk.rules.clear();
    desk
}

/// The same with exactly these on when, by overrides over nothing.
fn with_turns(mut desk: Desk, of: &[(&str, &str, &[&str])]) -> Desk {
    let turns =
        of.iter().flat_map(|(from, until, people)| people.iter().map(move |name| (from, until, name)));
    let overrides = turns.zip(1u64..).map(|((from, until, name), number)| Override {
        id: OverrideId(number),
        state: OverrideState::Active,
        schedule: "primary".into(),
        person: id(name),
        instead: None,
        from: at(from),
        until: at(until),
        swap: None,
        by: id("maria"),
        created_at: at(FROM),
        updated_at: at(FROM),
    });
    let overrides = overrides.collect();
    let plan = Schedule { name: "primary".into(), time_zone: TimeZone::UTC, layers: vec![], overrides };
    desk.schedules.insert("primary".into(), plan);
    desk
}

const FROM: &str = "2026-03-02T00:00:00Z";
const UNTIL: &str = "2026-03-16T00:00:00Z";

fn known() -> Known {
    Known { proving: ["sms".to_owned()].into(), ..Known::default() }
}

fn walked(desk: &Desk, known: &Known) -> Vec<Finding> {
    let mut found = walk(desk, known, at(FROM), at(UNTIL));
    // These desks send texts only.
    found.retain(|finding| *finding != Finding::NoChannel { medium: Medium::Email });
    found
}

fn with_schedule(mut desk: Desk) -> Desk {
    let start = Start::Day(date(2026, 3, 2));
    let rotation =
        Rotation::new(vec![id("maria")], &Length::Days(1), time(7, 0, 0, 0), start, &TimeZone::UTC);
    desk.schedules.insert("primary".into(), Schedule::simple("primary", TimeZone::UTC, rotation));
    desk
}

#[test]
fn a_gap_of_one_minute_is_found_with_its_moments() {
    let desk = with_turns(
        desk(on_call("primary", 0)),
        &[
            (FROM, "2026-03-05T03:17:00Z", &["maria"]),
            ("2026-03-05T03:17:00Z", "2026-03-05T03:18:00Z", &[]),
            ("2026-03-05T03:18:00Z", UNTIL, &["jonas"]),
        ],
    );
    let found = walked(&desk, &known());
    let [Finding::Nobody { place, times, always: false, .. }] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((place.policy.as_str(), place.step), ("night", Some(1)));
    assert_eq!(times, &[span("2026-03-05T03:17:00Z", "2026-03-05T03:18:00Z")]);
    assert_eq!(found[0].weight(), Weight::Error);
    insta::assert_snapshot!(
        found[0].words(&TimeZone::get("Europe/Berlin").unwrap()),
        @"step 1 of policy night reaches nobody Thu 5 Mar 04:17 to 04:18 CET: no one is on call in primary"
    );
}

#[test]
fn a_gap_while_others_are_reached_is_only_a_warning() {
    let mut first = on_call("primary", 0);
    first.notify.push(Target::Person(id("jonas")));
    let turns: [(&str, &str, &[&str]); 1] = [(FROM, "2026-03-05T00:00:00Z", &["maria"])];
    let desk = with_turns(desk(first), &turns);
    let found = walked(&desk, &known());
    let [Finding::Gap { schedule, times, .. }] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (schedule.as_str(), times.as_slice()),
        ("primary", &[span("2026-03-05T00:00:00Z", UNTIL)][..])
    );
    assert_eq!(found[0].weight(), Weight::Warning);
}

#[test]
fn somebody_whose_number_is_dead_or_stopped_reaches_nobody_while_on_call() {
    for (cause, because) in
        [(SuppressionCause::OptedOut, NoWay::OptedOut), (SuppressionCause::Dead, NoWay::Bounced)]
    {
        let turns: [(&str, &str, &[&str]); 2] =
            [(FROM, "2026-03-09T00:00:00Z", &["jonas"]), ("2026-03-09T00:00:00Z", UNTIL, &["maria"])];
        let mut desk = with_turns(desk(on_call("primary", 0)), &turns);
        desk.people.get_mut(&id("maria")).unwrap().email = Some("maria@desk.example".parse().unwrap());
        let phone = desk.people[&id("maria")].phone.clone().unwrap().to_string();
        let mut known = known();
        assert_eq!(walked(&desk, &known), []);
        known.suppressed.insert(address_key(&phone), cause);
        let found = walked(&desk, &known);
        let times: Vec<_> = found
            .iter()
            .filter_map(|finding| match finding {
                Finding::Nobody { place, times, always, .. } => Some((place.step, times.clone(), *always)),
                _ => None,
            })
            .collect();
        let late = vec![span("2026-03-09T00:00:00Z", UNTIL)];
        assert_eq!(times, [(Some(1), late, false), (None, vec![span(FROM, UNTIL)], true)]);
        assert!(
            found.iter().any(
                |finding| matches!(finding, Finding::NoWay { person, because: why, medium: Medium::Sms, .. }
                if *person == id("maria") && *why == because)
            ),
            "{found:?}"
        );
        // A mailbox that a channel carries is a way.
        desk.carriers.push(Carrier::plain("mail", &[Medium::Email]));
        assert!(walked(&desk, &known).iter().all(|finding| finding.weight() != Weight::Error));
    }
}

fn assignment(person: &str, scope: Scope, until: Option<&str>) -> Assignment {
    Assignment {
        role: "coordinator".into(),
        person: id(person),
        deputy: None,
        scope,
        until: until.map(|day| day.parse().unwrap()),
        origin: Origin::File,
    }
}

fn partner(name: &str) -> PartnerRef {
    PartnerRef { id: name.into(), name: name.into(), ..PartnerRef::default() }
}

#[test]
fn a_role_that_nobody_holds_names_the_partners_it_is_of() {
    let step = Step { after: SignedDuration::ZERO, notify: vec![Target::Assigned("coordinator".into())] };
    let mut desk = desk(step);
    let all = ["acme", "borg", "delta"];
    desk.assignments = all.map(|name| assignment("jonas", Scope::Partner(name.into()), None)).into();
    let mut known = known();
    known.partners = ["acme", "borg", "delta", "echo"].map(partner).into();
    let found = walked(&desk, &known);
    let [Finding::Nobody { partners, always: true, .. }] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(partners, &["*", "echo"]);
    desk.assignments.push(assignment("jonas", Scope::Everyone, Some("2026-03-08")));
    let found = walked(&desk, &known);
    let [Finding::Nobody { times, .. }] = found.as_slice() else { panic!("{found:?}") };
    let zone = desk.time_zone.clone();
    assert_eq!(
        times,
        &[Span { from: begins("2026-03-09".parse().unwrap(), &zone).unwrap(), until: at(UNTIL) }]
    );
}

#[test]
fn a_deputy_without_a_phone_is_found_on_the_days_of_the_absence() {
    let step = Step { after: SignedDuration::ZERO, notify: vec![Target::Assigned("coordinator".into())] };
    let mut desk = desk(step);
    let mut given = assignment("maria", Scope::Everyone, None);
    given.deputy = Some(id("jonas"));
    desk.assignments = vec![given];
    desk.people.get_mut(&id("jonas")).unwrap().phone = None;
    desk.people.get_mut(&id("maria")).unwrap().time_zone = Some("Europe/Berlin".into());
    desk.absences = vec![Absence {
        person: id("maria"),
        first: "2026-03-04".parse().unwrap(),
        last: "2026-03-05".parse().unwrap(),
    }];
    let found = walked(&desk, &known());
    let times = found.iter().find_map(|finding| match finding {
        Finding::Nobody { times, .. } => Some(times.clone()),
        _ => None,
    });
    assert_eq!(times, Some(vec![span("2026-03-03T23:00:00Z", "2026-03-05T23:00:00Z")]), "{found:?}");
}

#[test]
fn a_variant_is_walked_for_its_severities_and_only_if_a_rule_can_bring_them() {
    let mut desk = desk(tells(&["jonas"], 0));
    let nobody = Target::Person(id("gone"));
    let step = Step { after: SignedDuration::ZERO, notify: vec![nobody] };
    desk.policies.get_mut("night").unwrap().variants = vec![Variant {
        severities: vec![Severity::Critical],
        steps: vec![step],
        last_resort: tells(&["maria"], 10),
    }];
    let found = walked(&desk, &known());
    let [Finding::Nobody { place, .. }] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((place.severities.as_slice(), place.step), (&[Severity::Critical][..], Some(1)));
}

#[test]
fn a_wait_shorter_than_a_delivery_is_said() {
    let mut desk = desk(tells(&["jonas"], 0));
    desk.policies.get_mut("night").unwrap().steps.push(tells(&["maria"], 1));
    let found = walked(&desk, &known());
    let [Finding::TooShort { place, .. }] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(place.step, Some(2));
}

#[test]
fn a_channel_without_receipts_and_an_unread_calendar_are_warnings() {
    let desk = with_turns(desk(on_call("primary", 0)), &[]);
    let mut known = known();
    known.unread.insert("primary".into());
    known.proving.clear();
    let found = walked(&desk, &known);
    assert!(found.iter().all(|finding| finding.weight() == Weight::Warning), "{found:?}");
    assert!(matches!(found.as_slice(), [Finding::Nobody { .. }, Finding::NoReceipts { .. }]), "{found:?}");
}

proptest! {
    /// Whatever the layers, the walk says of every minute what the desk itself says of it.
    #[test]
    fn every_minute_is_judged_as_the_desk_judges_it(
        hours in prop::collection::vec((0u8..7, 0u8..23, 1u8..24), 0..4),
        phones in prop::collection::vec(any::<bool>(), 2),
        minutes in prop::collection::vec(0i64..14 * 24 * 60, 40),
        zone in prop::sample::select(vec!["Europe/Berlin", "Australia/Lord_Howe", "America/New_York"]),
    ) {
        let mut desk = desk(on_call("primary", 0));
        for (name, has) in ["maria", "jonas"].iter().zip(&phones) {
            if !has {
                desk.people.get_mut(&id(name)).unwrap().phone = None;
            }
        }
        let zone = TimeZone::get(zone).unwrap();
        let from = at("2026-03-24T00:00:00Z");
        let until = from + SignedDuration::from_hours(24 * 14);
        let start = Start::Day(date(2026, 3, 1));
        let people = vec![id("maria"), id("jonas")];
        let rotation = Rotation::new(people, &Length::Days(1), time(7, 30, 0, 0), start, &zone);
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let mut week = WeekHours::default();
        for (day, from, length) in &hours {
            let end = (from + length).min(23);
            if end > *from {
                week.add(&format!("{} {from:02}:00-{end:02}:00", days[usize::from(*day)])).unwrap();
            }
        }
        let hours = (week != WeekHours::default()).then_some(week);
        let layer = Layer { name: "week".into(), source: Source::Rotation(rotation), hours, from: None, until: None };
        let schedule =
            Schedule { name: "primary".into(), time_zone: zone, layers: vec![layer], overrides: vec![] };
        desk.schedules.insert("primary".into(), schedule);
        let found = walk(&desk, &known(), from, until);
        let bare: Vec<Span> = found
            .iter()
            .filter_map(|finding| match finding {
                Finding::Nobody { place, times, .. } if place.step == Some(1) => Some(times.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        for minute in minutes {
            let at = from + SignedDuration::from_mins(minute);
            let reached = desk.on_call("primary", at).0.iter().any(|p| desk.person(p).unwrap().phone.is_some());
            let said = bare.iter().filter(|span| span.from <= at && at < span.until).count();
            prop_assert_eq!(said, usize::from(!reached), "{}", at);
        }
    }
}

#[test]
fn somebody_who_may_not_acknowledge_is_nobody_reached() {
    let mut desk = with_schedule(desk(on_call("primary", 0)));
    desk.people.get_mut(&id("maria")).unwrap().role = crate::core::person::Role::Viewer;
    desk.policies.get_mut("night").unwrap().last_resort = tells(&["maria", "jonas"], 10);
    let found = walked(&desk, &known());
    let [Finding::Nobody { place, because, always: true, .. }, Finding::MayNotAct { person, policies, .. }] =
        found.as_slice()
    else {
        panic!("{found:?}")
    };
    assert_eq!(
        (place.step, because.as_slice()),
        (Some(1), &["maria may not acknowledge (role viewer)".to_owned()][..])
    );
    assert_eq!((person, policies.as_slice()), (&id("maria"), &["night".to_owned()][..]));
}

#[test]
fn somebody_on_call_who_is_away_is_nobody_reached_on_those_days() {
    let mut desk = with_schedule(desk(on_call("primary", 0)));
    let [first, last] = ["2026-03-04", "2026-03-05"].map(|day| day.parse().unwrap());
    desk.absences = vec![Absence { person: id("maria"), first, last }];
    desk.policies.get_mut("night").unwrap().last_resort = tells(&["jonas"], 10);
    let days = vec![span("2026-03-04T00:00:00Z", "2026-03-06T00:00:00Z")];
    let found = walked(&desk, &known());
    let [Finding::Nobody { times, because, .. }] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((times, because.as_slice()), (&days, &["maria is away".to_owned()][..]));
    desk.policies.get_mut("night").unwrap().steps[0].notify.push(Target::Person(id("jonas")));
    let found = walked(&desk, &known());
    let [Finding::Away { person, times, .. }] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((person, times), (&id("maria"), &days));
    assert_eq!(found[0].weight(), Weight::Warning);
}

#[test]
fn a_role_holder_who_is_away_without_a_deputy_is_nobody_reached() {
    let step = Step { after: SignedDuration::ZERO, notify: vec![Target::Assigned("coordinator".into())] };
    let mut desk = desk(step);
    desk.assignments = vec![assignment("jonas", Scope::Everyone, None)];
    let day = "2026-03-04".parse().unwrap();
    desk.absences = vec![Absence { person: id("jonas"), first: day, last: day }];
    let found = walked(&desk, &known());
    let [Finding::Nobody { times, .. }] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(times, &[span("2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z")]);
}

#[test]
fn a_way_by_which_a_page_failed_is_none_until_a_later_one_arrives_there_or_the_number_is_another() {
    use crate::core::notification::AttemptState;
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.sent();
    let mut page = scene.message(1).clone();
    let maria = scene.desk.people[&id("maria")].clone();
    let last =
        |page: &Notification| failed_last(&maria, Medium::Sms, std::slice::from_ref(page)).map(|n| n.id);
    assert_eq!(last(&page), None);
    page.attempts[0].state = AttemptState::Refused;
    page.state = NotificationState::Failed;
    assert_eq!(last(&page), Some(page.id));
    assert_eq!(last(&Notification { disputed: true, ..page.clone() }), None, "it may have arrived");
    let broken = failing(&page, &[], true, false).unwrap();
    assert!(failing(&page, &[], false, true).is_some(), "nothing reports, and somebody is at it");
    assert_eq!(failing(&page, &[], false, false), None, "nothing reports, and somebody mended it");
    let later = Notification { state: NotificationState::Delivered, ..scene.message(1).clone() };
    assert_eq!(failing(&page, &[later], true, true), None);
    let mut desk = with_schedule(desk(on_call("primary", 0)));
    desk.policies.get_mut("night").unwrap().last_resort = tells(&["jonas"], 10);
    let mut known = known();
    known.failing.insert(broken.address);
    let found = walked(&desk, &known);
    let [Finding::Nobody { because, .. }, Finding::NoWay { because: NoWay::Failed, .. }] = found.as_slice()
    else {
        panic!("{found:?}")
    };
    let said = "maria: a message to the phone number failed, and none is proven to have arrived there since, no mailbox";
    assert_eq!(because.as_slice(), &[said.to_owned()][..]);
    desk.people.get_mut(&id("maria")).unwrap().phone = Some("+4915123456709".parse().unwrap());
    assert_eq!(walked(&desk, &known), []);
}

#[test]
fn a_rule_that_only_tells_what_is_critical_must_reach_somebody() {
    use crate::core::rule::{Match, Rule};
    let mut desk = desk(tells(&["jonas"], 0));
    let tells = |severity, person| Rule {
        name: format!("tell {person}"),
        matches: Match { severities: vec![severity], ..Match::default() },
        when: None,
        then: Then::Tell { targets: vec![Target::Person(id(person))], by: vec![] },
        duty: Default::default(),
        group_by: vec![],
        group_window: SignedDuration::ZERO,
    };
    desk.rules =
        vec![tells(Severity::Low, "nils"), tells(Severity::Critical, "nils"), tells(Severity::High, "maria")];
    desk.people.get_mut(&id("maria")).unwrap().role = crate::core::person::Role::Viewer;
    desk.policies.get_mut("night").unwrap().last_resort = tells_jonas();
    let found = walked(&desk, &known());
    let [Finding::Nobody { .. }] = found.as_slice() else { panic!("{found:?}") };
    let said = "rule tell nils reaches nobody at any time: nils: no phone number, no mailbox";
    assert_eq!(found[0].words(&TimeZone::UTC), said);
}

fn tells_jonas() -> Step {
    tells(&["jonas"], 10)
}
