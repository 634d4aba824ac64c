//! What about a message is somebody's work.

use super::state_words;
use crate::core::change::{Change, Object};
use crate::core::desk::Desk;
use crate::core::escalation::medium_word;
use crate::core::id::{Ids, NotificationId};
use crate::core::notification::{Notification, Rung};
use crate::core::task::{Task, TaskKind};
use crate::core::text::Untrusted;
use jiff::Timestamp;

pub fn open_task(
    desk: &Desk,
    ids: &mut Ids,
    n: &Notification,
    kind: TaskKind,
    title: String,
    now: Timestamp,
) -> Change {
    let task = Task {
        alert: n.alert,
        notification: Some(n.id),
        ..Task::about_reach(desk, ids, kind, title, key(kind, n.id), now)
    };
    task.opened()
}

/// The key of the task to mend what kept a message from arriving.
pub fn fix_task(id: NotificationId) -> String {
    key(TaskKind::Fix, id)
}

fn key(kind: TaskKind, id: NotificationId) -> String {
    format!("{}:{id}", kind.as_str())
}

/// Nobody of the desk gets what is sent to this address: the task to look into it, under its own key.
pub fn undelivered(desk: &Desk, ids: &mut Ids, n: &Notification, key: String, now: Timestamp) -> Change {
    let said = n.evidence.iter().rev().find(|e| e.rung.is_some_and(|rung| rung >= Rung::Failed));
    let said = said.map(|e| format!(": {}", e.detail.printable())).unwrap_or_default();
    let (who, medium) = (n.recipient.name.printable(), medium_word(n.medium));
    let mut change =
        open_task(desk, ids, n, TaskKind::Fix, format!("{who}: {medium} {}{said}", state_words(n)), now);
    if let Object::Task(task) = &mut change.object {
        task.key = Untrusted::new(key);
    }
    change
}
