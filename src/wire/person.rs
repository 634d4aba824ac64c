//! One person of the desk with everything about them, and who looks at what at this moment.

use crate::core::alert::Alert;
use crate::core::assignment::Assignment;
use crate::core::contact::Medium;
use crate::core::id::{AlertId, NotificationId};
use crate::core::notification::Notification;
use crate::core::person::{Person, PersonId};
use crate::core::schedule::Why;
use crate::core::task::Task;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// `GET /v1/people/{id}`: when somebody is on call, how they are reached and what proves it, and what is in
/// their hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PersonDetail {
    #[serde(flatten)]
    pub person: Person,
    /// Always `active`: one who is no longer configured is not found.
    pub state: String,
    /// Since when this agent knows them.
    pub created_at: Timestamp,
    /// Turns that are on or begin within two weeks, in order (at most 40).
    pub turns: Vec<Turn>,
    /// Days away that are not over.
    pub away: Vec<Away>,
    /// One for each medium they have an address for.
    pub reach: Vec<Reach>,
    /// Alerts that they hold, those that page again first first.
    pub holds: Vec<Alert>,
    /// Alerts that somebody hands over to them.
    pub offered: Vec<Alert>,
    /// Tasks of theirs that are not done.
    pub tasks: Vec<Task>,
    pub looks_after: Vec<Assignment>,
    /// What was said to them about alerts, newest first (at most 30).
    pub messages: Vec<Notification>,
}

/// A time on call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    pub schedule: String,
    pub from: Timestamp,
    pub until: Timestamp,
    pub why: Why,
}

/// Whole days, both included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Away {
    pub first: Date,
    pub last: Date,
}

/// Whether a medium reaches somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    pub medium: Medium,
    pub address: String,
    /// They said stop; nothing is sent there.
    pub opted_out: bool,
    /// No provider carries the medium now.
    pub down: bool,
    /// The newest message that was proven to have arrived, and when it was.
    pub proven: Option<Proven>,
    /// The newest of those listed that failed, after that proof.
    pub failed: Option<NotificationId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proven {
    pub message: NotificationId,
    pub at: Timestamp,
    /// Who said so: `handset receipt`, `mail server` …
    pub by: String,
}

/// `event: viewers` on the stream, and in the snapshot: somebody has an alert on their screen. Kept in the
/// memory of the agent for as long as their console is there, and never in the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    pub alert: AlertId,
    /// `None`: a login that is nobody's.
    pub person: Option<PersonId>,
    pub name: String,
    pub since: Timestamp,
}

/// `POST /v1/looking`: what a console shows now. It counts while the console, which said the same word when
/// it opened the stream, listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looking {
    pub console: String,
    pub alert: Option<AlertId>,
}
