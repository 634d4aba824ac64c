//! Attempts whose answer was lost: asked about, waited for, sent again marked, or somebody's to decide.

use super::answer::accept;
use super::state_words;
use super::task::open;
use crate::core::change::{Actor, Change, What};
use crate::core::desk::{Desk, Doubt};
use crate::core::escalation::medium_word;
use crate::core::id::Ids;
use crate::core::notification::{Acceptance, Attempt, AttemptState, Notification, NotificationState};
use crate::core::task::{Task, TaskKind, TaskState};
use jiff::{SignedDuration, Timestamp};

/// How long a receipt, or the provider's answer to a question, may clear up what became of a message before
/// it is sent again or somebody must decide.
const CLEARS_UP: SignedDuration = SignedDuration::from_secs(10);

/// The same for what is not urgent.
const CLEARS_UP_LATER: SignedDuration = SignedDuration::from_mins(2);

/// The agent stopped, or lost its hold on the attempt, before an answer was recorded.
pub fn lease_ended(
    desk: &Desk,
    n: &mut Notification,
    needed: bool,
    ids: &mut Ids,
    now: Timestamp,
) -> Vec<Change> {
    let wait = needed.then_some(SignedDuration::ZERO);
    let open = |attempt: &Attempt| attempt.state == AttemptState::Sending;
    let mut changes = Vec::new();
    while let Some(index) = n.attempts.iter().position(open) {
        changes.extend(in_doubt(desk, n, index, "the agent stopped before an answer came", wait, ids, now));
    }
    changes
}

/// `again_after` is how long to wait before an urgent message is sent again; `None`: never.
pub(super) fn in_doubt(
    desk: &Desk,
    n: &mut Notification,
    index: usize,
    said: &str,
    again_after: Option<SignedDuration>,
    ids: &mut Ids,
    now: Timestamp,
) -> Vec<Change> {
    let who = n.recipient.name.printable();
    let channel = n.attempts[index].channel.clone();
    n.attempts[index].state = AttemptState::InDoubt;
    n.attempts[index].ended_at = Some(now);
    n.attempts[index].answer = Some(said.into());
    n.updated_at = now;
    if is_settled(n, n.attempts[index].number) {
        return vec![Change::notification(now, Actor::Channel(channel), What::NotificationInDoubt, said, n)];
    }
    n.state = n.at_rest();
    let doubt = doubt_of(desk, &channel);
    let medium = medium_word(n.medium);
    if n.urgent && again_after.is_none() {
        n.due_at = None;
        let summary = format!("{medium} to {who} may or may not have left: {said}; it is no longer needed.");
        return vec![Change::notification(
            now,
            Actor::Channel(channel),
            What::NotificationInDoubt,
            summary,
            n,
        )];
    }
    let wait = match (doubt, n.urgent) {
        (Doubt::Ask | Doubt::Listen, true) => Some(CLEARS_UP),
        (Doubt::Ask | Doubt::Listen, false) => Some(CLEARS_UP_LATER),
        (Doubt::Repeat, _) | (Doubt::Unknowable, true) => again_after,
        (Doubt::Unknowable, false) => None,
    };
    if let Some(wait) = wait {
        n.due_at = Some(now + wait);
        let then = match doubt {
            Doubt::Ask => format!("{channel} is asked"),
            Doubt::Listen => "a receipt may tell".to_owned(),
            Doubt::Repeat | Doubt::Unknowable => "it is sent again, marked".to_owned(),
        };
        let summary = format!("{medium} to {who} may or may not have left: {said}; {then}.");
        return vec![Change::notification(
            now,
            Actor::Channel(channel),
            What::NotificationInDoubt,
            summary,
            n,
        )];
    }
    let summary = format!("{medium} to {who} may or may not have left: {said}.");
    let fact = Change::notification(now, Actor::Channel(channel), What::NotificationInDoubt, summary, n);
    vec![fact, doubtful(desk, ids, n, now)]
}

/// The provider was asked for a message whose answer was lost, and has it.
pub fn found(
    desk: &Desk,
    n: &mut Notification,
    attempt: u32,
    acceptance: Acceptance,
    now: Timestamp,
) -> Vec<Change> {
    let lost = |a: &Attempt| a.number == attempt && a.state == AttemptState::InDoubt;
    let Some(index) = n.attempts.iter().position(lost) else { return Vec::new() };
    let actor = Actor::Channel(n.attempts[index].channel.clone());
    n.updated_at = now;
    accept(desk, n, index, acceptance, now);
    let who = n.recipient.name.printable();
    let summary = format!("{} to {who} was taken after all, {}.", medium_word(n.medium), state_words(n));
    vec![Change::notification(now, actor, What::NotificationEvidence, summary, n)]
}

/// What became of a message is known after all: nobody needs to decide.
pub fn cleared_up(n: &Notification, task: &Task, now: Timestamp) -> Option<Change> {
    let known = n.state != NotificationState::InDoubt && task.state != TaskState::Done;
    known.then(|| {
        let task = Task { state: TaskState::Done, updated_at: now, ..task.clone() };
        let summary = format!("It is known now: {}.", state_words(n));
        Change::task(now, Actor::Desk, What::TaskDone, summary, &task)
    })
}

/// The key of the task that asks what became of a message.
pub fn doubt_task(n: &Notification) -> String {
    format!("{}:{}", TaskKind::Doubt.as_str(), n.id)
}

/// Nothing cleared up what became of a message; somebody must decide.
pub(super) fn doubtful(desk: &Desk, ids: &mut Ids, n: &mut Notification, now: Timestamp) -> Change {
    n.due_at = None;
    let title = format!("{} to {}: sent or not?", medium_word(n.medium), n.recipient.name.printable());
    open(desk, ids, n, (TaskKind::Doubt, doubt_task(n)), title, now)
}

/// Receipts have told of the attempt, or of the message as a whole, more than its answer could.
pub(super) fn is_settled(n: &Notification, attempt: u32) -> bool {
    use NotificationState::{Accepted, Sending, Sent};
    let heard = n.evidence.iter().any(|e| e.attempt == attempt && e.rung.is_some());
    match n.state {
        Sending => false,
        Accepted | Sent => heard,
        _ => true,
    }
}

/// What can be done about a message handed to this channel whose answer was lost.
pub(super) fn doubt_of(desk: &Desk, channel: &str) -> Doubt {
    desk.carrier_named(channel).map_or(Doubt::Unknowable, |carrier| carrier.doubt)
}
