//! What about a message is somebody's work.

use super::state_words;
use crate::core::change::Change;
use crate::core::contact::Medium;
use crate::core::desk::Desk;
use crate::core::escalation::medium_word;
use crate::core::id::Ids;
use crate::core::notification::{Notification, RecipientId, Rung};
use crate::core::person::{Person, PersonId};
use crate::core::reach;
use crate::core::suppression::address_key;
use crate::core::task::{Task, TaskKind};
use jiff::Timestamp;

/// Somebody must look into why a message did not arrive. Whoever keeps it drops it where a task under its key is
/// open already: see [`fix_task`].
pub fn fix(desk: &Desk, ids: &mut Ids, n: &Notification, title: String, now: Timestamp) -> Change {
    open(desk, ids, n, (TaskKind::Fix, fix_task(n)), title, now)
}

/// What is sent to this address does not arrive, as its provider says: the task to look into it.
pub fn undelivered(desk: &Desk, ids: &mut Ids, n: &Notification, now: Timestamp) -> Change {
    let said = n.evidence.iter().rev().find(|e| e.rung.is_some_and(|rung| rung >= Rung::Failed));
    let said = said.map(|e| format!(": {}", e.detail.printable())).unwrap_or_default();
    let (who, medium) = (n.recipient.name.printable(), medium_word(n.medium));
    fix(desk, ids, n, format!("{who}: {medium} {}{said}", state_words(n)), now)
}

pub(super) fn open(
    desk: &Desk,
    ids: &mut Ids,
    n: &Notification,
    (kind, key): (TaskKind, String),
    title: String,
    now: Timestamp,
) -> Change {
    let task = Task {
        alert: n.alert,
        notification: Some(n.id),
        ..Task::about_reach(desk, ids, kind, title, key, now)
    };
    task.opened()
}

/// The key of the task to mend what keeps messages from a recipient: one, however many of them fail.
pub fn fix_task(n: &Notification) -> String {
    match &n.recipient.who {
        RecipientId::Person(person) => person_fix_task(person, n.medium),
        RecipientId::Contact(contact) => reach::fix_task(contact),
        RecipientId::Webhook(name) => format!("fix\u{1f}webhook\u{1f}{name}"),
    }
}

/// The key of the task to mend how somebody of the desk is reached by a medium.
pub fn person_fix_task(person: &PersonId, medium: Medium) -> String {
    format!("fix\u{1f}person\u{1f}{person}\u{1f}{}", medium.as_str())
}

/// Whether such a task of theirs is done: what is sent goes to another address than the message that failed was sent
/// to, and to one that takes messages.
pub fn is_mended(person: &Person, medium: Medium, failed: Option<&Notification>) -> bool {
    let Some(address) = person.address(medium).filter(|_| person.reachable_by(medium)) else { return false };
    let failed_at = failed.and_then(|n| n.attempts.last()).map(|attempt| address_key(attempt.address.raw()));
    failed_at.is_none_or(|failed_at| failed_at != address_key(address))
}
