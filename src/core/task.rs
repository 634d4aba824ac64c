//! A task: something a person must do that pages nobody. Made and closed by the facts.

use crate::core::id::{AlertId, NotificationId, TaskId};
use crate::core::partner::PartnerRef;
use crate::core::person::PersonId;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    Open,
    Snoozed,
    Done,
}

impl TaskState {
    pub fn as_str(self) -> &'static str {
        match self {
            TaskState::Open => "open",
            TaskState::Snoozed => "snoozed",
            TaskState::Done => "done",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Somebody cannot be reached: an address is dead or missing.
    Fix,
    /// A message was handed over and nobody can tell whether it was taken.
    Doubt,
    /// A contact differs between here and the community, and somebody must choose.
    Sync,
}

impl TaskKind {
    pub fn as_str(self) -> &'static str {
        match self {
            TaskKind::Fix => "fix",
            TaskKind::Doubt => "doubt",
            TaskKind::Sync => "sync",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub id: TaskId,
    pub state: TaskState,
    pub kind: TaskKind,
    pub title: Untrusted,
    pub partner: Option<PartnerRef>,
    pub alert: Option<AlertId>,
    pub notification: Option<NotificationId>,
    /// The same trouble does not make a second open task.
    pub key: Untrusted,
    pub team: Option<String>,
    pub owner: Option<PersonId>,
    pub due_at: Option<Timestamp>,
    pub snoozed_until: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
