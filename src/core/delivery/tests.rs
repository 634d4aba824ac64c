//! What the fold of evidence, deadlines for proof and moving on must hold.

use super::*;
use crate::core::change::{Change, Object};
use crate::core::consent::{Choice, Means};
use crate::core::contact::Medium;
use crate::core::duty::{Duty, Work};
use crate::core::escalation::Decision;
use crate::core::notification::{Acceptance, AttemptState, Evidence, Fault, Purpose, Rung};
use crate::core::scenario::Scene;
use crate::core::suppression::address_key;
use crate::core::task::TaskKind;
use jiff::SignedDuration;

fn context<'a>(desk: &'a Desk, ids: &'a mut Ids, now: Timestamp) -> Delivering<'a> {
    Delivering { desk, down: &ALL_UP, reach: None, ids, now }
}

fn claimed() -> (Scene, Notification) {
    let mut scene = Scene::usual();
    scene.raise("x1");
    let mut page = scene.message(1).clone();
    claim(&mut context(&scene.desk, &mut Ids::default(), scene.now), &mut page);
    (scene, page)
}

fn answer(scene: &mut Scene, n: &mut Notification, attempt: u32, needed: bool, said: Answered) {
    let context = Answering {
        desk: &scene.desk,
        down: &ALL_UP,
        reach: None,
        needed,
        over: &[],
        jitter: 0.0,
        now: scene.now,
    };
    answered(&context, n, attempt, said, &mut scene.ids);
}

fn unknown() -> Answered {
    Answered::Unknown { said: "timeout".into() }
}

#[test]
fn of_a_message_in_named_parts_one_that_arrived_is_not_the_whole() {
    let (mut scene, mut n) = claimed();
    let names = vec!["7".to_owned(), "8".to_owned()];
    let taken = Acceptance { names, said: "taken".into(), parts: 2, ..Acceptance::default() };
    answer(&mut scene, &mut n, 1, true, Answered::Accepted(taken));
    let (desk, now) = (scene.desk.clone(), scene.now);
    for (part, state) in [(2, NotificationState::Accepted), (1, NotificationState::Delivered)] {
        let delivered = Evidence { part, ..says(1, Rung::Delivered, now) };
        receipt(&mut context(&desk, &mut scene.ids, now), &mut n, delivered, None, "sms");
        assert_eq!(n.state, state);
    }
}

#[test]
fn a_text_is_in_parts_when_its_label_makes_it_too_long_for_one() {
    let (_, mut n) = claimed();
    n.content.body = "a".repeat(160).into();
    assert!(!in_parts(&n, 1));
    n.attempts[0].possible_duplicate = true;
    assert!(in_parts(&n, 1));
    n.medium = Medium::Email;
    assert!(!in_parts(&n, 1));
}

fn deferred() -> Answered {
    Answered::Deferred { said: "busy".into(), after: None }
}

fn says(attempt: u32, rung: Rung, now: Timestamp) -> Evidence {
    Evidence { at: now, attempt, part: 1, rung: Some(rung), by: "carrier".into(), detail: "".into() }
}

#[test]
fn only_what_may_have_got_through_is_marked_when_it_is_sent_again() {
    let (mut scene, mut page) = claimed();
    answer(&mut scene, &mut page, 1, true, deferred());
    claim(&mut context(&scene.desk, &mut Ids::default(), scene.now), &mut page);
    assert!(!page.attempts[1].possible_duplicate);
    answer(&mut scene, &mut page, 2, true, unknown());
    assert_eq!((page.state, page.due_at.is_some()), (NotificationState::InDoubt, true));
    claim(&mut context(&scene.desk, &mut Ids::default(), scene.now), &mut page);
    assert!(page.attempts[2].possible_duplicate);
}

#[test]
fn a_late_failure_of_an_earlier_attempt_leaves_the_one_on_its_way_alone() {
    let (mut scene, mut page) = claimed();
    answer(&mut scene, &mut page, 1, true, unknown());
    claim(&mut context(&scene.desk, &mut Ids::default(), scene.now), &mut page);
    receipt(
        &mut context(&scene.desk, &mut Ids::default(), scene.now),
        &mut page,
        says(1, Rung::Failed, scene.now),
        None,
        "sms",
    );
    assert_eq!(page.state, NotificationState::Sending);
    answer(&mut scene, &mut page, 2, true, deferred());
    assert!(page.due_at.is_some(), "it is tried again");
}

#[test]
fn a_providers_word_that_somebody_opted_out_binds_once_and_for_their_number() {
    // The number, that it is an opt-out, and what the ledger says of it.
    let stopped = |changes: &[Change]| {
        let suppression = changes.iter().find_map(|change| match &change.object {
            Object::Suppression(suppression) => Some((**suppression).clone()),
            _ => None,
        });
        let entry = changes.iter().find_map(|change| match &change.object {
            Object::Consent(entry) => Some((**entry).clone()),
            _ => None,
        });
        assert_eq!(suppression.is_some(), entry.is_some(), "one is never there without the other");
        let (suppression, entry) = (suppression?, entry?);
        assert_eq!(entry.address.as_ref(), Some(&suppression.id));
        let proof = (entry.state, entry.means, entry.person.is_some(), entry.evidence.raw().to_owned());
        Some((suppression.id.raw().to_owned(), suppression.is_opt_out(), entry.words.raw().to_owned(), proof))
    };
    let (mut scene, mut page) = claimed();
    let proof = (Choice::Out, Means::Provider, true, format!("{}, attempt 1", page.id));
    let number = address_key(page.attempts[0].address.raw());
    let wanted = |said: &str| Some((number.clone(), true, said.to_owned(), proof.clone()));
    let mut told = page.clone();
    let context_of = Answering {
        desk: &scene.desk,
        down: &ALL_UP,
        needed: true,
        over: &[],
        reach: None,
        jitter: 0.0,
        now: scene.now,
    };
    let refused = Answered::Refused { said: "error 21610".into(), fault: Fault::OptedOut };
    assert_eq!(stopped(&answered(&context_of, &mut page, 1, refused, &mut scene.ids)), wanted("error 21610"));

    // By a receipt that proves nothing else; and heard again, it does nothing again.
    let mut heard = || {
        let says = Evidence { rung: None, detail: "opt_out".into(), ..says(1, Rung::Sent, scene.now) };
        let mut ids = Ids::default();
        let mut context = context(&scene.desk, &mut ids, scene.now);
        stopped(&receipt(&mut context, &mut told, says, Some(Fault::OptedOut), "sms"))
    };
    assert_eq!((heard(), heard()), (wanted("opt_out"), None));
}

#[test]
fn what_may_have_left_is_never_called_unsent() {
    let (mut scene, mut page) = claimed();
    answer(&mut scene, &mut page, 1, true, unknown());
    let mut late = page.clone();
    claim(
        &mut context(&scene.desk, &mut Ids::default(), scene.now + SignedDuration::from_hours(5)),
        &mut late,
    );
    assert_eq!((late.state, late.due_at), (NotificationState::InDoubt, None));
    claim(&mut context(&scene.desk, &mut Ids::default(), scene.now), &mut page);
    answer(&mut scene, &mut page, 2, false, deferred());
    assert_eq!((page.state, page.due_at), (NotificationState::InDoubt, None));
}

#[test]
fn a_claim_is_settled_after_a_crash_though_a_receipt_was_faster_than_the_answer() {
    let (mut scene, mut page) = claimed();
    receipt(
        &mut context(&scene.desk, &mut Ids::default(), scene.now),
        &mut page,
        says(1, Rung::Delivered, scene.now),
        None,
        "sms",
    );
    lease_ended(&scene.desk, &mut page, true, &mut scene.ids, scene.now);
    assert_eq!(page.state, NotificationState::Delivered);
    assert_eq!((page.attempts[0].state, page.due_at), (AttemptState::InDoubt, None));
}

#[test]
fn a_message_in_doubt_and_a_person_without_an_address_are_somebodys_work_with_a_time() {
    let (mut scene, mut mail) = claimed();
    mail.urgent = false;
    let duty = Duty { team: Some("service".into()), ..Duty::default() };
    scene.desk.work.insert(Work::Contacts, duty.clone());
    let wanted = scene.desk.dues(&duty, scene.now);
    let refused = Answered::Refused { said: "no such number".into(), fault: Fault::Address };
    let mut dead = mail.clone();
    dead.purpose = Purpose::Notice;
    for (n, answered, kind) in [(&mut mail, unknown(), TaskKind::Doubt), (&mut dead, refused, TaskKind::Fix)]
    {
        let context = Answering {
            desk: &scene.desk,
            down: &ALL_UP,
            needed: true,
            over: &[],
            reach: None,
            jitter: 0.0,
            now: scene.now,
        };
        let changes = super::answered(&context, n, 1, answered, &mut Ids::default());
        let task = changes.iter().find_map(|change| match &change.object {
            Object::Task(task) => Some(task),
            _ => None,
        });
        let task = task.expect("a task");
        assert_eq!((task.kind, task.team.as_deref()), (kind, Some("service")));
        assert_eq!((task.due_at, task.lead_at), (Some(wanted.due), Some(wanted.lead)));
    }
}

#[test]
fn a_newer_page_of_an_alert_cancels_what_waits_to_say_the_same_to_the_same_person() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    for _ in 0..3 {
        scene.pass(10);
        scene.due();
    }
    let pages = |scene: &Scene, who: &str| -> Vec<Notification> {
        let theirs = scene.notifications.values().filter(|n| n.recipient.name.raw() == who);
        theirs.cloned().collect()
    };
    let newest = pages(&scene, "maria").pop().unwrap();
    let desk = scene.desk.clone();
    let mut decision = Decision::new(&desk, scene.now, scene.ids);
    let mut all: Vec<Notification> = scene.notifications.values().cloned().collect();
    say_anew(&mut decision, &newest, &mut all);
    scene.keep(decision.changes);
    let states: Vec<_> = pages(&scene, "maria").iter().map(|n| n.state).collect();
    let (last, older) = states.split_last().unwrap();
    assert!(
        older.len() == 2 && older.iter().all(|state| *state == NotificationState::Cancelled),
        "{states:?}"
    );
    assert_eq!(*last, NotificationState::Queued);
    assert!(
        pages(&scene, "jonas").iter().all(|n| n.state == NotificationState::Queued),
        "jonas reads his own"
    );
}
