//! Why: what the desk would make of events, told without doing it. The very same decision as for
//! real events is made and its changes are sorted by event instead of being applied.

use crate::core::alert::Alert;
use crate::core::change::{Change, Object, What};
use crate::core::event::Event;
use crate::core::notification::Notification;
use crate::core::task::Task;
use crate::core::text::Untrusted;
use serde::{Deserialize, Serialize};

/// What would become of a file's events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Decided against what the desk knows now; otherwise against an empty desk.
    pub state_known: bool,
    /// The entry of `[[source.map]]` that read the file, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped_by: Option<String>,
    pub events: Vec<Explained>,
}

/// What would become of one event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    pub before: Before,
    /// As it would be kept, with the verdict of every rule that was looked at.
    pub event: Event,
    /// The alert it would raise or join, as it would be then.
    pub alert: Option<Alert>,
    /// Messages that would be written or cancelled, as they would be then.
    pub notifications: Vec<Notification>,
    pub tasks: Vec<Task>,
    /// Everything that would go into the history, a sentence each.
    pub changes: Vec<Sentence>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sentence {
    pub what: What,
    pub summary: Untrusted,
}

/// Whether the desk has the event already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Before {
    New,
    /// The very same is here: sent again, nothing would happen. What is explained is the first time.
    Duplicate,
    /// Another event has its source and id: the intake would answer 409.
    Conflict,
    /// Nobody was there to ask.
    Unknown,
}

/// Sorts the changes of a decision by the events that caused them; `before` is in their order.
pub fn explained(changes: Vec<Change>, before: Vec<Before>) -> Vec<Explained> {
    let mut before = before.into_iter();
    let mut all: Vec<Explained> = Vec::new();
    for change in changes {
        if let Object::Event(event) = &change.object {
            all.push(Explained {
                before: before.next().unwrap_or(Before::Unknown),
                event: (**event).clone(),
                alert: None,
                notifications: Vec::new(),
                tasks: Vec::new(),
                changes: Vec::new(),
            });
        }
        let Some(one) = all.last_mut() else { continue };
        one.changes.push(Sentence { what: change.what, summary: change.summary });
        match change.object {
            Object::Alert(alert) => one.alert = Some(*alert),
            Object::Notification(newer) => put(&mut one.notifications, *newer, |n| n.id),
            Object::Task(newer) => put(&mut one.tasks, *newer, |t| t.id),
            _ => {}
        }
    }
    all
}

/// A later change carries the same thing whole.
fn put<T, I: PartialEq>(list: &mut Vec<T>, newer: T, id: impl Fn(&T) -> I) {
    match list.iter_mut().find(|known| id(known) == id(&newer)) {
        Some(known) => *known = newer,
        None => list.push(newer),
    }
}
