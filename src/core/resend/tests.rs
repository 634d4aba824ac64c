//! What may be sent again to whom, that what is done is what was shown, and how it is taken back.

use super::*;
use crate::core::apply::{self, CommandView};
use crate::core::change::{Change, Object};
use crate::core::command::{Action, Command, Expect};
use crate::core::contact::Category;
use crate::core::desk::Carrier;
use crate::core::notification::{
    Again, Attempt, AttemptState, Content, Hold, NotificationState, Purpose, Recipient,
};
use crate::core::person::{PersonId, Role};
use crate::core::scenario::Scene;
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::json;

fn asker(id: &str) -> Asker {
    Asker { id: PersonId(id.into()), name: id.to_uppercase(), role: Role::Responder, login: None }
}

fn contact(id: &str, changed: serde_json::Value) -> Contact {
    let mut contact = json!({
        "id": id, "name": id, "state": "active", "partner_id": "acme", "emails": ["ana@acme.example"],
        "phones": ["+4915123456709"], "created_at": "2026-03-28T00:00:00Z", "updated_at": "2026-03-28T00:00:00Z",
    });
    for (key, value) in changed.as_object().cloned().unwrap_or_default() {
        contact[key] = value;
    }
    serde_json::from_value(contact).unwrap()
}

/// A page to a person as N1, and as N2 a mail to the contact `ana` that failed; what is not urgent.
fn scene(contacts: Vec<Contact>) -> (Scene, Known) {
    let mut scene = Scene::usual();
    scene.desk.carriers.push(Carrier::plain("mail", &[Medium::Email]));
    scene.raise("x1");
    let page = scene.message(1).clone();
    let mail = Notification {
        id: NotificationId(90),
        state: NotificationState::Failed,
        urgent: false,
        purpose: Purpose::Notice,
        category: Category::CaseUpdates,
        alert: None,
        partner: Some("acme".into()),
        recipient: Recipient { who: RecipientId::Contact("ana".into()), name: "ana".into() },
        medium: Medium::Email,
        content: Content { subject: "Your case".into(), body: "It is done.".into(), ..Content::default() },
        due_at: None,
        ..page.clone()
    };
    let mut known = Known { alerts: scene.alerts.clone(), ..Known::default() };
    known.messages = [page, mail].map(|n| (n.id, n)).into();
    for contact in contacts {
        let reach = Reach { contact: Some(contact.clone()), ..Reach::default() };
        known.reach.insert(contact.id, reach);
    }
    (scene, known)
}

fn asked(what: &[u64], to: Option<RecipientId>, via: Option<&str>) -> Asked {
    let what = what.iter().map(|id| Target::Message(NotificationId(*id))).collect();
    Asked { what, to, via: via.map(str::to_owned) }
}

fn plan(scene: &Scene, known: &Known, asked: &Asked) -> Result<Plan, Refusal> {
    decide(&mut Decision::new(&scene.desk, scene.now, scene.ids), &asker("maria"), known, asked)
}

fn done(scene: &Scene, known: &Known, asked: Asked, seen: Vec<Seen>) -> Result<Vec<Notification>, Refusal> {
    let view = CommandView { resend: known.clone(), ..CommandView::default() };
    let expect = Expect { resent: seen, ..Expect::default() };
    let command = Command { id: "c".into(), action: Action::Resend(asked), expect };
    let (_, changes, _) = apply::command(&scene.desk, view, &command, &asker("maria"), scene.ids, scene.now)?;
    let messages = changes.into_iter().filter_map(|change| match change.object {
        Object::Notification(n) => Some(*n),
        _ => None,
    });
    Ok(messages.collect())
}

fn to(contact: &str) -> Option<RecipientId> {
    Some(RecipientId::Contact(contact.into()))
}

fn refused(answer: Result<Plan, Refusal>) -> String {
    answer.unwrap_err().said.printable().into_string()
}

#[test]
fn an_opt_out_beats_whoever_sends_again_whichever_way_they_choose() {
    let (scene, known) = scene(vec![contact("ana", json!({ "opted_out": ["email"], "phones": [] }))]);
    for via in [None, Some("email")] {
        let refusal = plan(&scene, &known, &asked(&[90], None, via)).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::NotAllowed, "{via:?}");
        assert!(refusal.said.raw().contains("ana (N90): opted out of email"), "{:?}", refusal.said);
    }
    let (scene, known) = self::scene(vec![contact("ana", json!({ "channels": { "case_updates": [] } }))]);
    assert!(
        refused(plan(&scene, &known, &asked(&[90], None, Some("sms")))).contains("they want no case updates")
    );
}

#[test]
fn a_dead_address_and_one_whose_owner_opted_out_are_refused_in_words() {
    use crate::core::suppression::{Suppression, SuppressionCause, SuppressionState, address_key};
    let (scene, mut known) = scene(vec![contact("ana", json!({ "phones": [] }))]);
    let key = address_key("ana@acme.example");
    for (cause, said) in [(SuppressionCause::Dead, "is dead"), (SuppressionCause::OptedOut, "opted out")] {
        let suppression = Suppression {
            id: key.as_str().into(),
            state: SuppressionState::Active,
            medium: Medium::Email,
            cause,
            detail: "".into(),
            created_at: scene.now,
            updated_at: scene.now,
        };
        let reach = known.reach.get_mut(&Untrusted::from("ana")).unwrap();
        reach.suppressed.insert(key.clone(), suppression);
        assert!(refused(plan(&scene, &known, &asked(&[90], None, None))).contains(said), "{said}");
    }
}

#[test]
fn the_address_that_is_shown_is_the_one_it_goes_to_as_things_are_now() {
    use crate::core::suppression::{Suppression, SuppressionCause, SuppressionState, address_key};
    let mended = json!({ "phones": [], "emails": ["old@acme.example", "new@acme.example"] });
    let (scene, mut known) = scene(vec![contact("ana", mended)]);
    let address = |known: &Known, of: u64| {
        let plan = plan(&scene, known, &asked(&[of], None, None)).unwrap();
        plan.goes[0].address.as_ref().map(|address| address.raw().to_owned())
    };
    assert_eq!(address(&known, 90).as_deref(), Some("old@acme.example"));
    let key = address_key("old@acme.example");
    let dead = Suppression {
        id: key.as_str().into(),
        state: SuppressionState::Active,
        medium: Medium::Email,
        cause: SuppressionCause::Dead,
        detail: "".into(),
        created_at: scene.now,
        updated_at: scene.now,
    };
    known.reach.get_mut(&Untrusted::from("ana")).unwrap().suppressed.insert(key, dead);
    assert_eq!(address(&known, 90).as_deref(), Some("new@acme.example"));
    // Of a person of the desk it is what the configuration says now.
    let person = known.messages[&NotificationId(1)].recipient.who.clone();
    let RecipientId::Person(id) = person else { panic!("{person:?}") };
    let phone = scene.desk.person(&id).unwrap().address(Medium::Sms).map(str::to_owned);
    assert_eq!(address(&known, 1), phone);
}

#[test]
fn it_goes_to_another_contact_of_the_same_partner_and_to_nobody_elses() {
    let bob = contact("bob", json!({ "name": "Bob", "phones": [] }));
    let stranger = contact("eve", json!({ "partner_id": "borg" }));
    let (scene, known) = scene(vec![contact("ana", json!({})), bob, stranger]);
    let plan_to_bob = plan(&scene, &known, &asked(&[90], to("bob"), None)).unwrap();
    assert_eq!(plan_to_bob.sentence(), "1 person, 1 email, none suppressed");
    assert_eq!(plan_to_bob.goes[0].to.name.raw(), "Bob");
    assert!(
        refused(plan(&scene, &known, &asked(&[90], to("eve"), None))).contains("no contact of the partner")
    );
    assert!(refused(plan(&scene, &known, &asked(&[1], to("bob"), None))).contains("written for the desk"));
    assert!(refused(plan(&scene, &known, &asked(&[90], to("zoe"), None))).contains("not known"));
}

#[test]
fn at_night_it_waits_for_the_morning_and_says_so() {
    let night = json!({ "quiet_hours": { "from": "00:00", "to": "23:59" }, "time_zone": "UTC" });
    let (scene, known) = scene(vec![contact("ana", night)]);
    let plan = plan(&scene, &known, &asked(&[90], None, None)).unwrap();
    assert!(plan.goes[0].waits.is_some() && plan.goes[0].at.unwrap() > scene.now + UNDO);
    let copy = done(&scene, &known, asked(&[90], None, None), plan.seen).unwrap().remove(0);
    assert_eq!((copy.state, copy.hold), (NotificationState::Held, Some(Hold::QuietHours)));
}

#[test]
fn of_several_those_who_cannot_get_it_are_named_and_the_others_do() {
    let (scene, known) = scene(vec![contact("ana", json!({ "opted_out": ["email", "sms"] }))]);
    let plan = plan(&scene, &known, &asked(&[1, 90, 77, 1], None, None)).unwrap();
    assert_eq!(plan.sentence(), "1 person, 1 SMS, 2 left out");
    assert_eq!(plan.reasons(), ["ana (N90): opted out of email", "N77: there is no such message"]);
}

#[test]
fn what_is_not_urgent_can_be_taken_back_until_it_leaves() {
    let (scene, known) = scene(vec![contact("ana", json!({}))]);
    let changed = done(&scene, &known, asked(&[90], None, None), Vec::new()).unwrap();
    let [copy, original] = changed.as_slice() else { panic!("{changed:?}") };
    assert_eq!(copy.due_at, Some(scene.now + UNDO));
    assert_eq!(original.again.last.as_ref().map(|last| last.id), Some(copy.id));
    let back = |copy: Notification| {
        let mut decision = Decision::new(&scene.desk, scene.now, scene.ids);
        unsend(&mut decision, &asker("jonas"), vec![copy]).map(|_| decision.changes)
    };
    let changes = back(copy.clone()).unwrap();
    let Object::Notification(n) = &changes[0].object else { panic!() };
    assert_eq!((n.state, n.due_at), (NotificationState::Cancelled, None));
    let mut decision = Decision::new(&scene.desk, scene.now, scene.ids);
    unsend(&mut decision, &asker("jonas"), vec![original.clone(), copy.clone()]).unwrap();
    let [_, Change { object: Object::Notification(was), .. }] = decision.changes.as_slice() else {
        panic!("{:?}", decision.changes)
    };
    assert_eq!((was.id, &was.again.last), (original.id, &None), "it was not sent again");
    let left = Notification { state: NotificationState::Accepted, ..copy.clone() };
    assert_eq!(back(left).unwrap_err().code, RefusalCode::WrongState);
    let of_the_desk = Notification { again: Again::default(), ..copy.clone() };
    assert!(back(of_the_desk).is_err(), "nobody sent this one by hand");
    let urgent = done(&scene, &known, asked(&[1], None, None), Vec::new()).unwrap();
    assert_eq!(urgent[0].due_at, Some(scene.now), "nobody waits for what is urgent");
}

#[test]
fn of_two_who_looked_the_second_is_told_who_was_first() {
    let (scene, mut known) = scene(vec![contact("ana", json!({}))]);
    let seen = plan(&scene, &known, &asked(&[90], None, None)).unwrap().seen;
    for n in done(&scene, &known, asked(&[90], None, None), seen.clone()).unwrap() {
        known.messages.insert(n.id, n);
    }
    let refusal = done(&scene, &known, asked(&[90], None, None), seen).unwrap_err();
    assert_eq!((refusal.code, refusal.by), (RefusalCode::Raced, Some(PersonId("maria".into()))));
    let now = plan(&scene, &known, &asked(&[90], None, None)).unwrap().seen;
    done(&scene, &known, asked(&[90], None, None), now).unwrap();
}

#[test]
fn what_is_in_doubt_goes_out_itself_marked_and_is_no_unmarked_copy() {
    let (scene, mut known) = scene(vec![contact("ana", json!({}))]);
    let n = known.messages.get_mut(&NotificationId(90)).unwrap();
    n.state = NotificationState::InDoubt;
    n.attempts.push(Attempt {
        number: 1,
        state: AttemptState::InDoubt,
        channel: "mail".into(),
        address: "ana@acme.example".into(),
        started_at: scene.now,
        ended_at: None,
        provider_ref: None,
        names: Vec::new(),
        answer: None,
        possible_duplicate: false,
        parts: 1,
    });
    let plan = plan(&scene, &known, &asked(&[90], None, None)).unwrap();
    assert!(plan.goes[0].marked && !plan.can_be_undone());
    let changed = done(&scene, &known, asked(&[90], None, None), plan.seen).unwrap();
    assert_eq!(changed.iter().map(|n| n.id.0).collect::<Vec<_>>(), [90]);
}

proptest! {
    /// Whatever is asked: what leaves is what was shown, to the same people, by the same ways, at the same time.
    #[test]
    fn what_is_done_is_what_was_shown(
        what in prop::collection::vec(prop::sample::select(vec![1u64, 90, 77]), 1..5),
        alert in any::<bool>(),
        whom in 0..5,
        via in prop::sample::select(vec![None, Some("sms"), Some("email"), Some("mail"), Some("nowhere")]),
        opted_out in prop::sample::select(vec![json!([]), json!(["sms"]), json!(["email"]), json!(["sms", "email"])]),
        night in any::<bool>(),
    ) {
        let mut changed = json!({ "opted_out": opted_out });
        if night {
            changed["quiet_hours"] = json!({ "from": "00:00", "to": "23:59" });
        }
        let (scene, known) = scene(vec![contact("ana", changed), contact("bob", json!({ "name": "Bob" }))]);
        let whom = match whom {
            0 => to("bob"),
            1 => Some(RecipientId::Person(PersonId("jonas".into()))),
            2 => Some(RecipientId::Person(PersonId("nobody".into()))),
            _ => None,
        };
        let mut asked = asked(&what, whom, via);
        if alert {
            asked.what.push(Target::Alert(AlertId(1)));
        }
        let shown = plan(&scene, &known, &asked);
        let seen = shown.as_ref().map(|plan| plan.seen.clone()).unwrap_or_default();
        match (shown, done(&scene, &known, asked, seen)) {
            (Ok(plan), Ok(changed)) => {
                let copies: Vec<_> = changed.iter().filter(|n| n.again.by.is_some()).collect();
                prop_assert_eq!(plan.goes.len(), copies.len());
                for (going, n) in plan.goes.iter().zip(copies) {
                    prop_assert_eq!(
                        (&going.to, going.medium, &going.channel, going.at),
                        (&n.recipient, n.medium, &n.channel, n.due_at)
                    );
                    let out = n.recipient.who == RecipientId::Contact("ana".into())
                        && opted_out.as_array().unwrap().contains(&json!(n.medium.as_str()));
                    prop_assert!(!out, "an opt-out beats everything");
                    prop_assert!(n.urgent || n.due_at >= Some(scene.now + SignedDuration::from_secs(10)));
                }
            }
            (Err(shown), Err(done)) => prop_assert_eq!(shown, done),
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
