//! Steps, last resorts, promises and snoozes on small desks.

use super::*;
use crate::core::alert::Variant;
use crate::core::command::{Action, Expect};
use crate::core::contact::Medium;
use crate::core::event::Severity;
use crate::core::id::AlertId;
use crate::core::notification::{Notification, NotificationState, Purpose, RecipientId};
use crate::core::scenario::{Scene, exception, tells};

#[test]
fn a_step_that_reaches_nobody_is_followed_at_once_and_its_last_resort_rests() {
    let mut scene = Scene::new(vec![tells(&["nils"], 0), tells(&["nils", "maria"], 6)], tells(&["nils"], 10));
    scene.raise("x1");
    assert_eq!(scene.alert().step, 2, "step 1 reaches nobody");
    assert_eq!(scene.alert().next_escalation_at, Some(scene.now + SignedDuration::from_mins(10)));
    scene.pass(10);
    scene.due();
    assert_eq!((scene.alert().step, scene.notifications.len()), (3, 1));
    // What is stored must lie ahead, or the last resort is tried again without end.
    assert!(scene.alert().next_escalation_at > Some(scene.now));
}

#[test]
fn the_last_resort_repeats_until_somebody_acknowledges() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    for _ in 0..6 {
        scene.pass(10);
        scene.due();
    }
    assert_eq!((scene.alert().step, scene.notifications.len()), (7, 1 + 1 + 5 * 2));
    scene.ack("jonas").unwrap();
    scene.pass(20);
    scene.due();
    assert_eq!(scene.notifications.len(), 12);
    scene.pass(60);
    scene.due();
    assert_eq!(scene.alert().state, AlertState::Open, "the promise was missed");
    let told: Vec<_> = scene.notifications.values().skip(12).map(|n| n.recipient.name.raw()).collect();
    assert_eq!(told, ["maria", "jonas"], "the first step, and whoever promised");
}

#[test]
fn a_last_resort_calls_another_system_each_time_and_a_system_is_nobody_who_could_act() {
    let siren = || Target::Webhook("siren".into());
    let called = |scene: &Scene| {
        let of = |n: &&Notification| n.recipient.who == RecipientId::Webhook("siren".into());
        scene.notifications.values().filter(of).map(|n| n.state).collect::<Vec<_>>()
    };
    let mut resort = tells(&["maria"], 10);
    resort.notify.push(siren());
    let mut scene = Scene::new(vec![tells(&["maria"], 0)], resort);
    scene.raise("x1");
    assert_eq!(called(&scene), []);
    for _ in 0..2 {
        scene.pass(10);
        scene.due();
    }
    assert_eq!(called(&scene), [NotificationState::Queued; 2]);
    scene.ack("maria").unwrap();
    assert_eq!(called(&scene), [NotificationState::Cancelled; 2], "it is told no more than people are");
    scene.pass(20);
    scene.due();
    assert_eq!(called(&scene).len(), 2);
    // A step that only a system hears reaches nobody.
    let mut first = tells(&[], 0);
    first.notify.push(siren());
    let mut scene = Scene::new(vec![first, tells(&["maria"], 30)], tells(&["maria"], 10));
    scene.raise("x1");
    assert_eq!((scene.alert().step, called(&scene).len()), (2, 1), "the next follows at once");
}

/// The texts that tell how the alert stands, as (to whom, words), those taken back left out.
fn statuses(scene: &Scene) -> Vec<(&str, &str)> {
    let told = scene
        .notifications
        .values()
        .filter(|n| n.purpose == Purpose::Status && n.state != NotificationState::Cancelled);
    told.map(|n| (n.recipient.name.raw(), n.content.body.raw())).collect()
}

#[test]
fn whoever_was_paged_hears_who_has_it_and_not_whoever_took_it_or_was_never_reached() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.sent();
    scene.pass(6);
    scene.due();
    scene.ack("jonas").unwrap();
    assert_eq!(statuses(&scene), [("maria", "jonas has it, news by 23:06: Acme: Blocked (A1)")]);
    let status = scene.notifications.values().find(|n| n.purpose == Purpose::Status).unwrap();
    assert_eq!(status.due_at, Some(scene.now + crate::core::status_update::UNDO));
}

#[test]
fn what_is_undone_in_time_is_told_to_nobody() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.sent();
    scene.ack("jonas").unwrap();
    assert_eq!(statuses(&scene).len(), 1);
    scene.command("jonas", Action::Unack { alert: AlertId(1) }, Expect::default()).unwrap();
    assert_eq!(statuses(&scene), []);
}

#[test]
fn nobody_hears_that_somebody_has_what_pages_again() {
    let has_it = |scene: &Scene| statuses(scene).len();
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.sent();
    scene.ack("jonas").unwrap();
    assert_eq!(has_it(&scene), 1);
    scene.command("jonas", Action::Escalate { alert: AlertId(1), step: None }, Expect::default()).unwrap();
    assert_eq!(has_it(&scene), 0, "it is escalated");
    // A text too many at first, and taken back by hand all the same.
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.sent();
    scene.ack("jonas").unwrap();
    let status = scene.message(2);
    (status.state, status.hold) = (NotificationState::Held, Some(crate::core::notification::Hold::Throttled));
    scene.command("jonas", Action::Unack { alert: AlertId(1) }, Expect::default()).unwrap();
    assert_eq!(has_it(&scene), 0, "it was given back");
    // What the desk itself pages for again is known when the word is to leave.
    let needed = |scene: &mut Scene, id: u64| {
        let n = scene.message(id).clone();
        crate::core::delivery::still_needed(&n, std::slice::from_ref(scene.alert())).0
    };
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.sent();
    scene.ack("jonas").unwrap();
    assert!(needed(&mut scene, 2));
    scene.pass(60);
    scene.due();
    assert!(!needed(&mut scene, 2), "the promise was broken");
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.sent();
    scene.ack("jonas").unwrap();
    scene.events(&[("raised", exception("x1"), "critical")]);
    assert!(!needed(&mut scene, 2), "it got worse");
}

#[test]
fn a_promise_renewed_is_told_to_nobody_and_who_heard_it_in_an_earlier_round_hears_no_more() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.sent();
    scene.ack("jonas").unwrap();
    scene.sent();
    scene.pass(30);
    scene.ack("jonas").unwrap();
    assert_eq!(statuses(&scene).len(), 1, "{:?}", statuses(&scene));
    // Nobody pages maria in the round that a broken promise begins.
    let policy = scene.alerts.get_mut(&AlertId(1)).unwrap();
    policy.policy.steps = vec![tells(&["jonas"], 0)];
    scene.pass(60);
    scene.due();
    scene.sent();
    scene.ack("jonas").unwrap();
    assert_eq!(statuses(&scene).len(), 1, "{:?}", statuses(&scene));
}

#[test]
fn the_mail_with_a_pages_detail_does_not_leave_once_somebody_has_the_alert() {
    let mut scene = Scene::usual();
    scene.desk.carriers.push(crate::core::desk::Carrier::plain("mail", &[Medium::Email]));
    let maria = scene.desk.people.get_mut(&PersonId("maria".into())).unwrap();
    maria.email = Some("maria@example.net".parse().unwrap());
    scene.raise("x1");
    let detail = |scene: &Scene| {
        let details = scene.notifications.values().filter(|n| n.purpose == Purpose::Detail);
        details.map(|n| n.state).collect::<Vec<_>>()
    };
    assert_eq!(detail(&scene), [NotificationState::Queued]);
    scene.ack("jonas").unwrap();
    assert_eq!(detail(&scene), [NotificationState::Cancelled]);
    scene.command("jonas", Action::Unack { alert: AlertId(1) }, Expect::default()).unwrap();
    assert_eq!(
        detail(&scene),
        [NotificationState::Cancelled, NotificationState::Queued],
        "she is paged after all"
    );
}

#[test]
fn an_offer_keeps_nobody_on_call_from_a_broken_promise_while_both_are_off_shift() {
    let mut scene = Scene::usual();
    scene.desk.schedules.insert("primary".into(), weekly(&["nils", "jonas", "maria"]));
    let steps = &mut scene.desk.policies.get_mut("urgent").unwrap().steps;
    steps[0].notify = vec![Target::Person(PersonId("maria".into()))];
    scene.desk.people.get_mut(&PersonId("nils".into())).unwrap().phone =
        Some("+4915123456703".parse().unwrap());
    steps[0].notify = vec![Target::OnCall("primary".into())];
    scene.raise("x1");
    scene.ack("jonas").unwrap();
    let to = PersonId("maria".into());
    scene.command("jonas", Action::HandAlert { alert: AlertId(1), to }, Expect::default()).unwrap();
    let before = scene.notifications.len();
    scene.pass(60);
    scene.due();
    let pages = scene.notifications.values().skip(before).filter(|n| n.purpose == Purpose::Page);
    let paged: Vec<_> = pages.map(|n| n.recipient.name.raw()).collect();
    assert_eq!(paged, ["nils", "maria", "jonas"], "whoever is on call first");
    assert_eq!(scene.alert().step, 1);
}

#[test]
fn what_gets_worse_after_a_broken_promise_pages_its_owner_and_the_first_step_at_once() {
    let mut scene = Scene::usual();
    scene.desk.schedules.insert("primary".into(), weekly(&["jonas", "maria"]));
    scene.raise("x1");
    scene.ack("jonas").unwrap();
    scene.pass(60);
    scene.due();
    assert_eq!(scene.alert().step, 0, "its owner on shift is paged first");
    let before = scene.notifications.len();
    scene.events(&[("raised", exception("x1"), "critical")]);
    let paged: Vec<_> = scene.notifications.values().skip(before).map(|n| n.recipient.name.raw()).collect();
    assert_eq!((paged, scene.alert().step), (vec!["maria", "jonas"], 1));
}

#[test]
fn cleared_before_anybody_took_it_stays_in_sight_until_the_hand_over() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.sent();
    scene.events(&[("cleared", exception("x1"), "high")]);
    assert_eq!(statuses(&scene), [("maria", "Cleared, nobody is paged any more: Acme: Blocked (A1)")]);
    assert_eq!(scene.alert().state, AlertState::Open);
    scene.pass(24 * 60);
    scene.due();
    assert_eq!(scene.alert().state, AlertState::Resolved);
    assert_eq!(scene.alert().next_due(), None);
}

#[test]
fn cleared_after_somebody_took_it_asks_them_to_close_it_and_ends_with_the_promise() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.sent();
    scene.ack("maria").unwrap();
    scene.events(&[("cleared", exception("x1"), "high")]);
    let code = scene.desk.reply_key.code(crate::core::id::NotificationId(1));
    let asked =
        format!("Cleared, nobody is paged any more: Acme: Blocked (A1) Close it? RESOLVE {code} and why.");
    assert_eq!(statuses(&scene), [("maria", asked.as_str())]);
    scene.pass(60);
    scene.due();
    assert_eq!(scene.alert().state, AlertState::Resolved);
}

#[test]
fn a_broken_promise_pages_its_owner_on_shift_before_anybody_else() {
    let mut scene = Scene::usual();
    let primary = weekly(&["maria", "jonas"]);
    scene.desk.schedules.insert("primary".into(), primary);
    scene.raise("x1");
    scene.ack("maria").unwrap();
    let before = scene.notifications.len();
    scene.pass(60);
    scene.due();
    let paged = |scene: &Scene| -> Vec<String> {
        scene.notifications.values().skip(before).map(|n| n.recipient.name.raw().to_owned()).collect()
    };
    assert_eq!(paged(&scene), ["maria"]);
    scene.pass(6);
    scene.due();
    assert_eq!(paged(&scene), ["maria", "maria"], "nobody answers: the policy begins");
    // Off shift nobody is woken for a promise; whoever is on call now is.
    let mut scene = Scene::usual();
    scene.desk.schedules.insert("primary".into(), weekly(&["nils", "jonas"]));
    scene.raise("x1");
    scene.ack("jonas").unwrap();
    scene.pass(60);
    scene.due();
    let paged = scene.notifications.values().filter(|n| n.purpose == Purpose::Page);
    assert!(paged.into_iter().all(|n| n.recipient.name.raw() == "maria"));
}

fn weekly(people: &[&str]) -> crate::core::schedule::Schedule {
    use crate::core::schedule::{Length, Rotation, Schedule, Start};
    let people = people.iter().map(|id| PersonId((*id).into())).collect();
    let (zone, start) = (jiff::tz::TimeZone::UTC, Start::Day(jiff::civil::date(2026, 3, 23)));
    let handoff = jiff::civil::time(7, 0, 0, 0);
    let rotation = Rotation::new(people, &Length::Days(7), handoff, start, &zone);
    Schedule::simple("primary", zone, rotation)
}

#[test]
fn an_alert_that_gets_worse_takes_the_steps_of_its_severity() {
    let mut scene = Scene::usual();
    let policy = scene.desk.policies.get_mut("urgent").unwrap();
    policy.variants = vec![
        Variant {
            severities: vec![Severity::Critical],
            steps: vec![tells(&["jonas"], 0)],
            last_resort: tells(&["jonas"], 1),
        },
        Variant { severities: vec![], steps: policy.steps.clone(), last_resort: policy.last_resort.clone() },
    ];
    scene.raise("x1");
    assert_eq!(scene.alert().policy.steps.len(), 2);
    scene.events(&[("raised", exception("x1"), "critical")]);
    assert_eq!(scene.alert().policy.steps, vec![tells(&["jonas"], 0)]);
    let names: Vec<_> = scene.notifications.values().map(|n| n.recipient.name.raw()).collect();
    assert_eq!(names, ["maria", "jonas"]);
}

#[test]
fn somebody_who_opted_out_is_nobody_reached_and_the_next_step_follows_at_once() {
    let mut scene = Scene::usual();
    let maria = scene.desk.people.get_mut(&PersonId("maria".into())).unwrap();
    maria.opted_out.insert(Medium::Sms);
    scene.raise("x1");
    let names: Vec<_> = scene.notifications.values().map(|n| n.recipient.name.raw()).collect();
    assert_eq!((names, scene.alert().step), (vec!["jonas"], 2));
}

#[test]
fn somebody_who_is_away_is_told_and_the_next_step_follows_at_once() {
    let mut scene = Scene::usual();
    let day = scene.desk.day(scene.now);
    let person = PersonId("maria".into());
    scene.desk.absences = vec![crate::core::desk::Absence { person, first: day, last: day }];
    scene.raise("x1");
    let names: Vec<_> = scene.notifications.values().map(|n| n.recipient.name.raw()).collect();
    assert_eq!((names, scene.alert().step), (vec!["maria", "jonas"], 2));
}

#[test]
fn what_is_cleared_is_not_escalated() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.ack("maria").unwrap();
    scene.events(&[("cleared", exception("x1"), "high")]);
    let refused =
        scene.command("maria", Action::Escalate { alert: AlertId(1), step: None }, Expect::default());
    assert_eq!(refused.unwrap_err().code, crate::core::command::RefusalCode::WrongState);
    assert_eq!(scene.alert().next_escalation_at, None);
}

#[test]
fn somebody_who_may_not_acknowledge_is_told_and_the_next_step_follows_at_once() {
    let mut scene = Scene::usual();
    scene.desk.people.get_mut(&PersonId("maria".into())).unwrap().role = crate::core::person::Role::Viewer;
    scene.raise("x1");
    let names: Vec<_> = scene.notifications.values().map(|n| n.recipient.name.raw()).collect();
    assert_eq!((names, scene.alert().step), (vec!["maria", "jonas"], 2));
}

#[test]
fn what_was_put_to_sleep_is_woken_by_giving_it_back() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    let until = scene.now + SignedDuration::from_mins(30);
    scene.command("maria", Action::Snooze { alert: AlertId(1), until }, Expect::default()).unwrap();
    scene.command("maria", Action::Unack { alert: AlertId(1) }, Expect::default()).unwrap();
    assert_eq!((scene.alert().state, scene.alert().snoozed_until), (AlertState::Open, None));
    assert!(scene.alert().next_escalation_at.is_some());
}
