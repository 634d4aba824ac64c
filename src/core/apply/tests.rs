//! What people may do with an alert, and what the second of two is told.

use super::*;
use crate::core::alert::AlertState;
use crate::core::change::What;
use crate::core::contact::{Contact, ContactField, Medium};
use crate::core::id::{AlertId, NotificationId};
use crate::core::notification::{Attempt, AttemptState, NotificationState};
use crate::core::resend;
use crate::core::scenario::{Scene, exception};
use serde_json::json;

fn unack(scene: &mut Scene) {
    scene.command("maria", Action::Unack { alert: AlertId(1) }, Expect::default()).unwrap();
}

#[test]
fn the_second_of_two_is_told_who_was_first() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.ack("maria").unwrap();
    let refusal = scene.ack("jonas").unwrap_err();
    assert_eq!((refusal.code, refusal.by), (RefusalCode::Raced, Some(PersonId("maria".into()))));
    assert_eq!(scene.alert().holder, Some(PersonId("maria".into())));
}

#[test]
fn of_two_who_saw_it_page_again_the_second_is_told_who_was_first() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.ack("maria").unwrap();
    scene.pass(61);
    scene.due();
    assert_eq!(scene.alert().state, AlertState::Open, "the promise was missed");
    let seen = || Expect { holder: Some(scene.alert().held_by().cloned()), ..Expect::default() };
    let (ack, maria, jonas) = (Action::Ack { alert: AlertId(1), next_update_by: None }, seen(), seen());
    scene.command("maria", ack.clone(), maria).unwrap();
    let refusal = scene.command("jonas", ack, jonas).unwrap_err();
    assert_eq!(refusal.by, Some(PersonId("maria".into())));
}

#[test]
fn what_the_desk_did_by_itself_does_not_make_a_takeover_stale() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.ack("maria").unwrap();
    let seen = Expect { holder: Some(Some(PersonId("maria".into()))), ..Expect::default() };
    scene.pass(61);
    scene.due();
    scene.command("jonas", Action::Ack { alert: AlertId(1), next_update_by: None }, seen).unwrap();
    assert_eq!(scene.alert().held_by(), Some(&PersonId("jonas".into())));
}

#[test]
fn a_page_sent_again_by_its_number_is_cancelled_like_any_other() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    let what = vec![resend::Target::Message(NotificationId(1))];
    let again = Action::Resend(resend::Asked { what, to: None, via: None });
    scene.command("jonas", again, Expect::default()).unwrap();
    scene.ack("maria").unwrap();
    assert!(scene.notifications.values().all(|n| n.state == NotificationState::Cancelled));
}

#[test]
fn nothing_urgent_is_promised_or_put_to_sleep_for_longer_than_three_days() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    let far = Some(scene.now + SignedDuration::from_hours(73));
    let refusal =
        scene.command("maria", Action::Ack { alert: AlertId(1), next_update_by: far }, Expect::default());
    assert_eq!(refusal.unwrap_err().code, RefusalCode::Invalid);
}

#[test]
fn taking_it_cancels_what_waits_and_giving_it_back_pages_each_person_once() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    for _ in 0..3 {
        scene.ack("maria").unwrap();
        assert!(scene.notifications.values().all(|n| n.state == NotificationState::Cancelled));
        let before = scene.notifications.len();
        unack(&mut scene);
        assert_eq!(scene.notifications.len(), before + 1);
    }
}

#[test]
fn undoing_a_takeover_gives_it_back_to_whoever_had_it_and_pages_nobody() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.ack("maria").unwrap();
    let (promised, pages) = (scene.alert().next_update_by, scene.notifications.len());
    let restore = || Action::RestoreAlert { alert: AlertId(1) };
    scene.pass(1);
    let seen = || Expect { holder: Some(Some(PersonId("maria".into()))), ..Expect::default() };
    scene.command("jonas", Action::Ack { alert: AlertId(1), next_update_by: None }, seen()).unwrap();
    let refusal = scene.command("maria", restore(), Expect::default()).unwrap_err();
    assert_eq!(refusal.by, Some(PersonId("jonas".into())), "only who took it gives it back");
    scene.command("jonas", restore(), Expect::default()).unwrap();
    let alert = scene.alert();
    assert_eq!((alert.held_by(), alert.next_update_by), (Some(&PersonId("maria".into())), promised));
    assert_eq!((alert.next_escalation_at, scene.notifications.len()), (None, pages), "nobody is paged");
    // A promise made anew, and a sleep, are undone in the same way.
    let later = Some(scene.now + SignedDuration::from_hours(2));
    scene.command("maria", Action::Ack { alert: AlertId(1), next_update_by: later }, seen()).unwrap();
    scene.command("maria", restore(), Expect::default()).unwrap();
    assert_eq!(scene.alert().next_update_by, promised);
    let until = scene.now + SignedDuration::from_mins(5);
    scene.command("maria", Action::Snooze { alert: AlertId(1), until }, seen()).unwrap();
    scene.command("maria", restore(), Expect::default()).unwrap();
    let alert = scene.alert();
    assert_eq!((alert.state, alert.snoozed_until), (AlertState::Acknowledged, None));
    assert_eq!(alert.next_update_by, promised);
}

#[test]
fn undoing_the_first_acknowledgment_goes_on_paging() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.ack("maria").unwrap();
    scene.command("maria", Action::RestoreAlert { alert: AlertId(1) }, Expect::default()).unwrap();
    assert_eq!((scene.alert().state, scene.alert().holder.clone()), (AlertState::Open, None));
    assert!(scene.alert().is_paging());
    let again = scene.command("maria", Action::RestoreAlert { alert: AlertId(1) }, Expect::default());
    assert_eq!(again.unwrap_err().code, RefusalCode::WrongState);
}

#[test]
fn a_page_in_doubt_is_not_sent_again_once_taken_and_goes_out_marked_when_given_back() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    let now = scene.now;
    let page = scene.message(1);
    page.state = NotificationState::InDoubt;
    page.attempts.push(Attempt {
        number: 1,
        state: AttemptState::InDoubt,
        channel: "sms".into(),
        address: "+4915123456701".into(),
        started_at: now,
        ended_at: Some(now),
        provider_ref: None,
        names: Vec::new(),
        answer: None,
        possible_duplicate: false,
        parts: 1,
    });
    scene.ack("maria").unwrap();
    assert_eq!((scene.message(1).state, scene.message(1).due_at), (NotificationState::InDoubt, None));
    unack(&mut scene);
    assert_eq!(scene.message(1).due_at, Some(now));
    assert_eq!(scene.notifications.len(), 1, "the same message, not an unmarked copy");
}

#[test]
fn an_alert_sleeps_at_most_half_of_the_time_it_has() {
    let mut scene = Scene::usual();
    let mut urgent = exception("x1");
    urgent["deadline"] = json!("2026-03-29T00:00:00Z");
    scene.events(&[("raised", urgent, "high")]);
    let now = scene.now;
    let until =
        |minutes| Action::Snooze { alert: AlertId(1), until: now + SignedDuration::from_mins(minutes) };
    let refusal = scene.command("maria", until(61), Expect::default()).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Invalid);
    scene.command("maria", until(60), Expect::default()).unwrap();
    assert_eq!(scene.alert().next_due(), Some(now + SignedDuration::from_mins(60)));
}

#[test]
fn an_escalation_decided_on_an_old_step_is_refused() {
    let mut scene = Scene::usual();
    scene.raise("x1");
    scene.pass(6);
    scene.due();
    let escalate = Action::Escalate { alert: AlertId(1), step: None };
    let seen = Expect { step: Some(1), ..Expect::default() };
    assert_eq!(scene.command("maria", escalate.clone(), seen).unwrap_err().code, RefusalCode::Raced);
    let seen = Expect { step: Some(2), ..Expect::default() };
    scene.command("maria", escalate, seen).unwrap();
    assert_eq!(scene.alert().step, 3);
}

#[test]
fn an_opt_out_can_be_added_but_not_taken_away() {
    let scene = Scene::usual();
    let contact: Contact = serde_json::from_value(json!({
        "id": "c1", "name": "Ana", "state": "active", "partner_id": null, "emails": [], "phones": [],
        "opted_out": ["sms"], "created_at": scene.now, "updated_at": scene.now,
    }))
    .unwrap();
    let maria = Asker { id: PersonId("maria".into()), name: "maria".into(), role: Role::Admin, login: None };
    let set = |media: &[Medium]| {
        let view = CommandView { contact: Some(contact.clone()), ..CommandView::default() };
        let fields = vec![ContactField::OptedOut(media.iter().copied().collect())];
        let action = Action::SetContact { contact: "c1".into(), fields };
        let asked = Command { id: "c".into(), action, expect: Expect::default() };
        command(&scene.desk, view, &asked, &maria, scene.ids, scene.now)
            .map(|(_, changes, _)| changes.iter().map(|change| change.what).collect::<Vec<_>>())
    };
    assert_eq!(set(&[Medium::Email]).unwrap_err().code, RefusalCode::NotAllowed);
    let both = [What::ContactChanged, What::ConsentEnded];
    assert_eq!(set(&[Medium::Email, Medium::Sms]).unwrap(), both, "and it is written down");
}
