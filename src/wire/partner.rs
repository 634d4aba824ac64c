//! What the agent says of partners: a row of what is open for a list, and everything about one.

use crate::core::alert::Alert;
use crate::core::case::Case;
use crate::core::change::Numbered;
use crate::core::contact::Contact;
use crate::core::document::Document;
use crate::core::event::Milestone;
use crate::core::notification::Notification;
use crate::core::onboarding::{MilestoneRecord, MilestoneState};
use crate::core::partner::Partner;
use crate::core::person::PersonId;
use crate::core::standing::Reachability;
use crate::core::task::Task;
use crate::core::text::Untrusted;
use crate::core::thread::Thread;
use crate::wire::FieldConflict;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The roles that are shown even where nobody holds them.
pub const ROLES: [&str; 3] = ["coordinator", "account_manager", "onboarding_manager"];
/// Nothing of one partner's is counted further than this.
pub const MANY: u32 = 1000;

/// How much of a partner's waits for somebody; each counted up to [`MANY`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenCounts {
    /// Not resolved.
    pub alerts: u32,
    pub cases: u32,
    /// Documents that wait for their review.
    pub reviews: u32,
    pub threads: u32,
    pub tasks: u32,
}

impl OpenCounts {
    /// Everything that waits.
    pub fn all(&self) -> u32 {
        self.alerts + self.cases + self.reviews + self.threads + self.tasks
    }
}

/// How far a partner has come aboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Onboarding {
    pub reached: u32,
    /// Milestones that are or were to come.
    pub of: u32,
    /// The first that is still expected.
    pub next: Option<Milestone>,
    pub due_at: Option<Timestamp>,
}

impl Onboarding {
    /// `None` for a partner without milestones.
    pub fn of(milestones: &[MilestoneRecord]) -> Option<Self> {
        let planned = || milestones.iter().filter(|m| m.state != MilestoneState::Withdrawn);
        let next = planned().filter(|m| m.state == MilestoneState::Expected).min_by_key(|m| m.place);
        let reached = planned().filter(|m| m.state == MilestoneState::Reached).count();
        let of = u32::try_from(planned().count()).unwrap_or(u32::MAX);
        (of > 0).then(|| Self {
            reached: u32::try_from(reached).unwrap_or(u32::MAX),
            of,
            next: next.map(|m| m.milestone.clone()),
            due_at: next.and_then(|m| m.due_at),
        })
    }
}

/// `GET /v1/open`: one partner with what is open; those that wait for somebody come first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartnerRow {
    #[serde(flatten)]
    pub partner: Partner,
    pub open: OpenCounts,
    pub onboarding: Option<Onboarding>,
    /// Contacts looked at, and how many of them can be reached.
    pub contacts: u32,
    pub reachable: u32,
}

/// Rows of the Partners place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartnerRows {
    pub rows: Vec<PartnerRow>,
    /// There are more than these.
    pub more: bool,
}

/// A contact, and whether they can be reached now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReachedContact {
    #[serde(flatten)]
    pub contact: Contact,
    pub reach: Reachability,
}

/// Who holds a role for this partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Responsible {
    /// `coordinator`, `account_manager`, `onboarding_manager`.
    pub role: String,
    pub person: Option<PersonId>,
}

/// The newest that nobody works on any more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    pub cases: Vec<Case>,
    pub documents: Vec<Document>,
    pub threads: Vec<Thread>,
}

/// `GET /v1/partners/{id}`: everything about one partner; every list is bounded, and `open` tells
/// how many there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartnerDetail {
    #[serde(flatten)]
    pub partner: Partner,
    pub open: OpenCounts,
    pub alerts: Vec<Alert>,
    pub cases: Vec<Case>,
    pub reviews: Vec<Document>,
    pub threads: Vec<Thread>,
    pub tasks: Vec<Task>,
    pub settled: Settled,
    /// In the order of the plan.
    pub milestones: Vec<MilestoneRecord>,
    pub contacts: Vec<ReachedContact>,
    pub responsible: Vec<Responsible>,
    /// The newest to its contacts or about it, newest first.
    pub notifications: Vec<Notification>,
    /// Fields changed here and in the community, for a person to settle.
    #[serde(default)]
    pub conflicts: Vec<FieldConflict>,
}

/// A document or a post, one of `GET /v1/documents` and `/v1/threads`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filed<T> {
    #[serde(flatten)]
    pub thing: T,
    /// What people call the case it belongs to; `case` is the community's id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_reference: Option<Untrusted>,
}

/// One of `GET /v1/milestones`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dated {
    #[serde(flatten)]
    pub milestone: MilestoneRecord,
    /// Its day has passed; `state` stays `expected` until it is reached, skipped or withdrawn.
    #[serde(default)]
    pub late: bool,
    /// The day by whose end it is expected, on the partner's calendar, else the desk's.
    #[serde(default)]
    pub due_on: Option<Date>,
    /// The day on which it was reached, as the partner, else the desk, would say.
    #[serde(default)]
    pub reached_on: Option<Date>,
}

impl Dated {
    pub fn new(milestone: MilestoneRecord, desk: &TimeZone, now: Timestamp) -> Self {
        let zone = milestone.zone(desk);
        // Midnight, the end of a day, is already the next.
        let last = |end: Timestamp| end.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(end);
        Self {
            late: milestone.is_late(now),
            due_on: milestone.due_at.map(|at| last(at).to_zoned(zone.clone()).date()),
            reached_on: milestone.reached_at.map(|at| at.to_zoned(zone.clone()).date()),
            milestone,
        }
    }

    /// Where it stands, in the one word that people read.
    pub fn word(&self) -> &'static str {
        if self.late { "late" } else { self.milestone.state.as_str() }
    }
}

/// `GET /v1/cases/{id}` and the like: one thing with its history, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WithTimeline<T> {
    #[serde(flatten)]
    pub thing: T,
    pub timeline: Vec<Numbered>,
}

/// `GET /v1/messages`: what the Messages place shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Messages {
    /// In doubt, held, failed, waiting or being sent, newest first within each.
    pub look: Vec<Notification>,
    /// The newest of all.
    pub latest: Vec<Notification>,
}
