//! What is in doubt is settled once, by whoever was first, and every way keeps what is known.

use super::*;
use crate::core::change::Object;
use crate::core::delivery::{self, ALL_UP, Claim, Delivering, doubt_task};
use crate::core::desk::Carrier;
use crate::core::id::Ids;
use crate::core::notification::Attempt;
use crate::core::person::Role;
use crate::core::scenario::Scene;
use crate::core::task::TaskKind;

/// A message that is not urgent and of which nobody can tell, and the task that asks about it.
fn in_doubt() -> (Scene, Notification, Task) {
    let mut scene = Scene::usual();
    scene.raise("x1");
    let mut n = scene.message(1).clone();
    (n.state, n.urgent, n.due_at) = (NotificationState::InDoubt, false, None);
    n.attempts.push(Attempt {
        number: 1,
        state: AttemptState::InDoubt,
        channel: n.channel.clone(),
        address: "+4915123456701".into(),
        started_at: scene.now,
        ended_at: Some(scene.now),
        provider_ref: None,
        names: Vec::new(),
        answer: None,
        possible_duplicate: false,
        parts: 1,
    });
    let (title, key) = ("sent or not?", doubt_task(&n));
    let asks = Task::about_reach(&scene.desk, &mut scene.ids, TaskKind::Doubt, title, key, scene.now);
    let task = Task { alert: n.alert, notification: Some(n.id), ..asks };
    (scene, n, task)
}

fn settled(
    scene: &Scene,
    n: &Notification,
    task: &Task,
    how: Settled,
) -> Result<(Notification, Task), Refusal> {
    let asker =
        Asker { id: PersonId("maria".into()), name: "Maria".into(), role: Role::Responder, login: None };
    let actor = Actor::Person { id: asker.id.clone(), login: None };
    let mut decision = crate::core::escalation::Decision::new(&scene.desk, scene.now, scene.ids);
    settle(&mut decision, &asker, &actor, n.clone(), Some(task), how)?;
    let (mut message, mut closed) = (n.clone(), task.clone());
    for change in decision.changes {
        assert_eq!(change.actor, actor);
        match change.object {
            Object::Notification(n) => message = *n,
            Object::Task(task) => closed = *task,
            other => panic!("{other:?}"),
        }
    }
    Ok((message, closed))
}

#[test]
fn it_arrived_by_somebodys_word_which_is_kept_as_such() {
    let (scene, n, task) = in_doubt();
    let (n, task) = settled(&scene, &n, &task, Settled::Arrived).unwrap();
    assert_eq!((n.state, task.state), (NotificationState::Delivered, TaskState::Done));
    let said = n.evidence.last().unwrap();
    assert_eq!((said.by.as_str(), is_word(said)), ("word of Maria", true));
    let refusal = settled(&scene, &n, &task, Settled::Again).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Raced);
    assert!(refusal.said.raw().starts_with("Maria was first"), "{:?}", refusal.said);
}

#[test]
fn sent_once_more_it_leaves_marked_although_nobody_can_tell() {
    let (mut scene, n, task) = in_doubt();
    let channel = n.channel.clone();
    scene.desk.carriers = vec![Carrier::plain(&channel, &[n.medium])];
    let claim = |n: &mut Notification| {
        let mut ids = Ids::default();
        let context =
            &mut Delivering { desk: &scene.desk, down: &ALL_UP, reach: None, ids: &mut ids, now: scene.now };
        delivery::claim(context, n).0
    };
    assert_eq!(claim(&mut n.clone()), Claim::Drop, "by itself it would not");
    let (mut n, task) = settled(&scene, &n, &task, Settled::Again).unwrap();
    assert_eq!((n.due_at, task.state), (Some(scene.now), TaskState::Done));
    assert_eq!(settled(&scene, &n, &task, Settled::Leave).unwrap_err().code, RefusalCode::Raced);
    assert!(matches!(claim(&mut n), Claim::Send { .. }));
    let last = n.attempts.last().unwrap();
    assert!(last.possible_duplicate && !n.again.despite_doubt, "it is wanted once");
}

#[test]
fn left_as_it_is_nothing_more_is_sent() {
    let (scene, mut n, task) = in_doubt();
    n.due_at = Some(scene.now);
    let (n, task) = settled(&scene, &n, &task, Settled::Leave).unwrap();
    assert_eq!((n.state, n.due_at, task.state), (NotificationState::InDoubt, None, TaskState::Done));
}

#[test]
fn what_a_receipt_told_meanwhile_is_no_longer_in_doubt() {
    let (scene, mut n, task) = in_doubt();
    n.state = NotificationState::Delivered;
    assert_eq!(settled(&scene, &n, &task, Settled::Again).unwrap_err().code, RefusalCode::WrongState);
}
