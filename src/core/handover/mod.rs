//! Hand-overs: somebody leaves a schedule, somebody else comes, and what is open goes from the one to the
//! other when the other says so.
//!
//! Every schedule that a policy asks has one hand-over ahead of it at all times: who is on, who comes when,
//! and what whoever leaves wants to say. At the hand-off it becomes an open one, or is closed at once where
//! there is nothing to hand over; a new one is ahead then. [`course`] decides what happens by itself,
//! [`commands`] what people ask, [`words`] writes what they read, [`sheet`] the sheet.
//!
//! The rules. A hand-off is any change of who is on call, whatever its cause, by which somebody leaves; a
//! time in which nobody is on is none, it is put off until somebody comes. What moves are the alerts that ask
//! the schedule and that whoever leaves has in hand, with their promises, and their open tasks, but for those
//! of partners whom they look after by an assignment of their own. Until it is accepted, whoever leaves is paged too, last.

pub mod commands;
pub mod course;
pub mod sheet;
#[cfg(test)]
mod tests;
pub mod words;

pub use sheet::{Failing, Going, Known, Medium, Sheet, Silent, sheet};

use crate::core::alert::{Alert, AlertState, PolicySnapshot, Step, Target};
use crate::core::assignment::Scope;
use crate::core::counted::counted;
use crate::core::desk::Desk;
use crate::core::id::{HandoverId, NotificationId};
use crate::core::notification::Notification;
use crate::core::person::PersonId;
use crate::core::schedule::Schedule;
use crate::core::task::{Task, TaskState};
use crate::core::text::Untrusted;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What the configuration says of hand-overs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// So long before a hand-off whoever leaves is asked for a note; zero: never.
    pub note_before: SignedDuration,
    /// One that is not accepted for so long is said once more; zero: never.
    pub remind_after: SignedDuration,
    pub when_quiet: Quiet,
}

/// What is said where there is nothing to hand over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// A mail that says so.
    Mail,
    Nothing,
}

impl Default for Terms {
    fn default() -> Self {
        let half_an_hour = SignedDuration::from_mins(30);
        Self { note_before: half_an_hour, remind_after: half_an_hour, when_quiet: Quiet::Mail }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoverState {
    /// The hand-off is still to come.
    Ahead,
    /// It is over, and nobody has accepted what was to be handed over.
    Open,
    Accepted,
    /// Ended without being accepted; `closed` says why.
    Closed,
}

impl HandoverState {
    pub fn as_str(self) -> &'static str {
        match self {
            HandoverState::Ahead => "ahead",
            HandoverState::Open => "open",
            HandoverState::Accepted => "accepted",
            HandoverState::Closed => "closed",
        }
    }
}

/// Why a hand-over ended without being accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum Closed {
    /// There was nothing to hand over.
    Nothing,
    /// Everything that was to be handed over was taken or ended meanwhile.
    Done,
    /// The next hand-off of the schedule came; what was left is handed over by that one.
    Superseded { by: HandoverId },
    /// No policy asks the schedule any more, or it is gone.
    Dropped,
}

/// Something that whoever comes has to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub at: Timestamp,
    pub by: PersonId,
    pub text: Untrusted,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    pub at: Timestamp,
    pub by: PersonId,
}

/// One hand-over of one schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    pub id: HandoverId,
    pub state: HandoverState,
    pub schedule: String,
    /// When it happens or happened; `None`: for more than a year the plan knows of none.
    pub at: Option<Timestamp>,
    /// Whoever leaves, the last first; with them those whose own hand-over nobody accepted. Of one ahead:
    /// whoever is on.
    pub outgoing: Vec<PersonId>,
    /// Whoever comes; of one ahead: as the plan is now.
    pub incoming: Vec<PersonId>,
    /// Until when they are on, as the plan was then.
    pub until: Option<Timestamp>,
    /// Oldest first.
    pub notes: Vec<Note>,
    pub accepted: Option<Accepted>,
    pub closed: Option<Closed>,
    /// The messages that may be answered with ACCEPT.
    pub asked: Vec<NotificationId>,
    /// Whoever leaves was asked for a note.
    pub note_asked: bool,
    /// Whoever comes was reminded.
    pub reminded: bool,
    /// Since when `outgoing` is on, as far as the desk has seen it.
    pub since: Timestamp,
    /// When the desk acts on it by itself.
    pub due_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A hand-over that is not accepted, as paging knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unaccepted {
    pub id: HandoverId,
    pub schedule: String,
    pub at: Timestamp,
    /// The next hand-off ends it.
    pub until: Option<Timestamp>,
    pub outgoing: Vec<PersonId>,
}

/// A hand-over with what may move by it.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub handover: Handover,
    /// In somebody's hand or in nobody's, each with its messages.
    pub alerts: Vec<(Alert, Vec<Notification>)>,
    /// Of whoever leaves.
    pub tasks: Vec<Task>,
}

/// What there is to hand over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matters {
    /// Alerts that nobody has.
    pub open: Vec<Alert>,
    /// Those that move: whoever leaves has them.
    pub held: Vec<Alert>,
    pub tasks: Vec<Task>,
}

impl Handover {
    /// Somebody may still say something about it, or accept it.
    pub fn is_live(&self) -> bool {
        matches!(self.state, HandoverState::Ahead | HandoverState::Open)
    }

    /// What pages have to know of it. `until` is when the next hand-off comes.
    pub fn unaccepted(&self, until: Option<Timestamp>) -> Option<Unaccepted> {
        (self.state == HandoverState::Open).then(|| Unaccepted {
            id: self.id,
            schedule: self.schedule.clone(),
            at: self.at.unwrap_or(self.created_at),
            until,
            outgoing: self.outgoing.clone(),
        })
    }

    /// What is to be handed over by it, of these alerts and tasks.
    pub fn matters<'a>(
        &self,
        desk: &Desk,
        alerts: impl IntoIterator<Item = &'a Alert>,
        tasks: impl IntoIterator<Item = &'a Task>,
        now: Timestamp,
    ) -> Matters {
        let mut matters = Matters::default();
        let came = self.at.unwrap_or(self.created_at);
        for alert in alerts.into_iter().filter(|alert| alert.asks(&self.schedule)) {
            match (alert.state, alert.held_by()) {
                (AlertState::Resolved, _) => {}
                (_, Some(holder)) if self.outgoing.contains(holder) => matters.held.push(alert.clone()),
                (_, None) if alert.cleared_at.is_none() && alert.created_at <= came => {
                    matters.open.push(alert.clone());
                }
                _ => {}
            }
        }
        let moves = |task: &&Task| {
            let of = task.owner.as_ref().filter(|owner| self.outgoing.contains(owner));
            task.state != TaskState::Done && of.is_some_and(|owner| !looks_after(desk, owner, task, now))
        };
        matters.tasks = tasks.into_iter().filter(moves).cloned().collect();
        matters
    }
}

/// Whether somebody looks after the task's partner by an assignment, on call or not. Whoever a role falls to
/// for want of anybody else does not.
fn looks_after(desk: &Desk, person: &PersonId, task: &Task, now: Timestamp) -> bool {
    let Some(partner) = &task.partner else { return false };
    let roles: BTreeSet<&str> = desk.assignments.iter().map(|one| one.role.as_str()).collect();
    let by = |role: &str| desk.assignment(role, partner, now).filter(|one| one.scope != Scope::Everyone);
    roles.into_iter().any(|role| by(role).is_some() && desk.acting(role, partner, now) == Some(person))
}

impl Matters {
    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.held.is_empty() && self.tasks.is_empty()
    }

    /// `3 open, 2 promises, 1 asleep, 1 task`; empty where there is nothing.
    pub fn counted(&self) -> String {
        let promises = self.held.iter().filter(|alert| alert.state == AlertState::Acknowledged).count();
        let asleep = self.held.len() - promises;
        let tasks = self.tasks.len();
        let parts = [
            (self.open.len(), "open", "open"),
            (promises, "promise", "promises"),
            (asleep, "asleep", "asleep"),
            (tasks, "task", "tasks"),
        ];
        let parts = parts.into_iter().filter(|(many, ..)| *many > 0);
        parts.map(|(many, one, more)| counted(many, one, more)).collect::<Vec<_>>().join(", ")
    }
}

impl Unaccepted {
    pub fn covers(&self, at: Timestamp) -> bool {
        self.at <= at && self.until.is_none_or(|until| at < until)
    }
}

fn asks(steps: &[Step], last_resort: &Step, schedule: &str) -> bool {
    let targets = steps.iter().chain([last_resort]).flat_map(|step| &step.notify);
    targets.into_iter().any(|to| matches!(to, Target::OnCall(by) if by == schedule))
}

impl Alert {
    /// Whether its policy, as it was when the alert was raised, asks who is on call by the schedule.
    pub fn asks(&self, schedule: &str) -> bool {
        asks(&self.policy.steps, &self.policy.last_resort, schedule)
    }
}

/// The schedules that policies ask, for one severity or another: those that hand over.
pub fn asked_schedules(desk: &Desk) -> impl Iterator<Item = &Schedule> {
    let by = |policy: &PolicySnapshot, name: &str| {
        let mut variants = policy.variants.iter();
        asks(&policy.steps, &policy.last_resort, name)
            || variants.any(|variant| asks(&variant.steps, &variant.last_resort, name))
    };
    desk.schedules.values().filter(move |one| desk.policies.values().any(|policy| by(policy, &one.name)))
}

/// What paging has to know of hand-overs, given all that are live.
pub fn unaccepted(live: &[Handover]) -> Vec<Unaccepted> {
    let ahead = live.iter().filter(|one| one.state == HandoverState::Ahead);
    let next: BTreeMap<&str, Option<Timestamp>> = ahead.map(|one| (one.schedule.as_str(), one.at)).collect();
    live.iter().filter_map(|one| one.unaccepted(next.get(one.schedule.as_str()).copied().flatten())).collect()
}
