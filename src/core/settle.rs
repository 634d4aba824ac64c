//! A message of which nobody can tell whether it arrived: somebody says what became of it, has it sent once
//! more, or leaves it.

use crate::core::apply::Asker;
use crate::core::change::{Actor, Change, What};
use crate::core::command::{Refusal, RefusalCode};
use crate::core::delivery::add_evidence;
use crate::core::escalation::{Decision, medium_word};
use crate::core::notification::{AttemptState, Evidence, Notification, NotificationState, Rung};
use crate::core::person::PersonId;
use crate::core::task::{Task, TaskState};
use crate::core::text::Untrusted;
use serde::{Deserialize, Serialize};

/// What somebody decides about a message in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// It reached its recipient, as they said.
    Arrived,
    /// It leaves once more, marked as a possible second copy.
    Again,
    /// Nothing more is done about it.
    Leave,
}

impl Settled {
    pub const ALL: [Settled; 3] = [Settled::Arrived, Settled::Again, Settled::Leave];

    pub fn as_str(self) -> &'static str {
        match self {
            Settled::Arrived => "arrived",
            Settled::Again => "again",
            Settled::Leave => "leave",
        }
    }
}

/// Evidence that is somebody's word and no receipt begins its `by` with this.
const WORD_OF: &str = "word of ";

/// Whether this is somebody's word and not a receipt: it proves nothing of a provider.
pub fn is_word(evidence: &Evidence) -> bool {
    evidence.by.starts_with(WORD_OF)
}

/// Settles a message in doubt and closes the task that asks about it.
///
/// # Errors
/// It is in doubt no longer: a receipt, or somebody else, was first.
pub fn settle(
    decision: &mut Decision<'_>,
    asker: &Asker,
    actor: &Actor,
    mut n: Notification,
    task: Option<&Task>,
    how: Settled,
) -> Result<String, Refusal> {
    let now = decision.now;
    let being_sent = n.attempts.iter().any(|attempt| attempt.state == AttemptState::Sending);
    if n.state != NotificationState::InDoubt || being_sent || leaves_again(&n) {
        return Err(too_late(&n));
    }
    let (medium, who) = (medium_word(n.medium), n.recipient.name.printable().into_string());
    let said = match how {
        Settled::Arrived => {
            let lost = n.attempts.iter_mut().rev().find(|attempt| attempt.state == AttemptState::InDoubt);
            let Some(lost) = lost else { return Err(too_late(&n)) };
            lost.state = AttemptState::Handed;
            let attempt = lost.number;
            let by = format!("{WORD_OF}{}", asker.name);
            let detail = "they say that it arrived".into();
            add_evidence(
                &mut n,
                Evidence { at: now, attempt, part: 1, rung: Some(Rung::Delivered), by, detail },
            );
            n.updated_at = now;
            let summary = format!("{medium} to {who} arrived, as {} says.", asker.name);
            let what = What::NotificationEvidence;
            decision.changes.push(Change::notification(now, actor.clone(), what, summary, &n));
            format!("{} arrived, by your word.", n.id)
        }
        Settled::Again => {
            let change = send_again(decision, actor, &asker.id, &mut n);
            decision.changes.push(change);
            format!("{} leaves once more, marked: {medium} to {who}.", n.id)
        }
        Settled::Leave => {
            (n.due_at, n.again.despite_doubt) = (None, false);
            n.updated_at = now;
            n.reason.outcome = Some(Untrusted::new(format!("{} left it as it is", asker.name)));
            let summary = format!("{} leaves {medium} to {who} as it is.", asker.name);
            let what = What::NotificationInDoubt;
            decision.changes.push(Change::notification(now, actor.clone(), what, summary, &n));
            format!("{} stays as it is; nothing more is sent.", n.id)
        }
    };
    if let Some(task) = task.filter(|task| task.state != TaskState::Done) {
        let task = Task { state: TaskState::Done, updated_at: now, ..task.clone() };
        let summary = format!("{} settled it: {}.", asker.name, how.as_str());
        decision.changes.push(Change::task(now, actor.clone(), What::TaskDone, summary, &task));
    }
    Ok(said)
}

/// A message that may have got through leaves once more, marked, because somebody wants it to.
pub fn send_again(decision: &Decision<'_>, actor: &Actor, by: &PersonId, n: &mut Notification) -> Change {
    let now = decision.now;
    n.due_at = Some(now);
    n.expires_at = Some(now + decision.desk.retry.give_up);
    n.reason.outcome = None;
    n.updated_at = now;
    n.again.by = Some(by.clone());
    n.again.despite_doubt = true;
    let summary = format!("Sent again to {}, marked: it may have got through.", n.recipient.name.printable());
    Change::notification(now, actor.clone(), What::NotificationInDoubt, summary, n)
}

/// Somebody had it sent once more, and it has not left yet.
fn leaves_again(n: &Notification) -> bool {
    n.again.despite_doubt && n.due_at.is_some()
}

fn too_late(n: &Notification) -> Refusal {
    let word = n.evidence.iter().rev().find(|evidence| is_word(evidence));
    let (code, said) = match (word, leaves_again(n)) {
        (Some(word), _) => {
            let who = word.by.trim_start_matches(WORD_OF);
            (RefusalCode::Raced, format!("{who} was first: {} arrived, by their word.", n.id))
        }
        (None, true) => (RefusalCode::Raced, format!("Somebody was first: {} is being sent again.", n.id)),
        (None, false) => {
            let state = n.state.as_str().replace('_', " ");
            (RefusalCode::WrongState, format!("{} is {state}; there is no doubt to settle.", n.id))
        }
    };
    let by = n.again.by.clone().filter(|_| code == RefusalCode::Raced);
    Refusal { code, said: said.into(), by }
}

#[cfg(test)]
mod tests;
