//! How a partner comes aboard: plans of milestones in working days, and where each partner stands.

use crate::core::alert::Target;
use crate::core::event::Milestone;
use crate::core::flow::reader::partner_zone;
use crate::core::id::TaskId;
use crate::core::mark::Mark;
use crate::core::partner::PartnerRef;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A configured plan: its milestones in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub name: String,
    /// Tiers it is for; a plan without any is for everyone.
    pub tiers: Vec<String>,
    pub steps: Vec<PlanStep>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanStep {
    pub milestone: Milestone,
    /// Working days after the milestone before it.
    pub within_days: u32,
    pub by: Doer,
}

/// Who brings a milestone about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doer {
    Partner,
    Us(Target),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MilestoneState {
    /// It is to come; late once its day has passed.
    Expected,
    Reached,
    /// A later one was reached and this one never told.
    Skipped,
    Withdrawn,
}

impl MilestoneState {
    pub fn as_str(self) -> &'static str {
        match self {
            MilestoneState::Expected => "expected",
            MilestoneState::Reached => "reached",
            MilestoneState::Skipped => "skipped",
            MilestoneState::Withdrawn => "withdrawn",
        }
    }
}

/// One milestone of one partner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MilestoneRecord {
    /// `partner/milestone`.
    pub id: Untrusted,
    pub state: MilestoneState,
    pub partner: PartnerRef,
    pub milestone: Milestone,
    /// The plan it is of, and its place there counted from 1; 0 for one that no plan names.
    pub plan: String,
    pub place: u32,
    /// The end of the working day by which it is expected.
    #[serde(default)]
    pub due_at: Option<Timestamp>,
    #[serde(default)]
    pub reached_at: Option<Timestamp>,
    /// It was late, and somebody was given the task to chase it.
    #[serde(default)]
    pub task: Option<TaskId>,
    /// Of the newest report acted on.
    #[serde(default)]
    pub mark: Mark,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl MilestoneRecord {
    pub fn name(partner: &Untrusted, milestone: &Milestone) -> Untrusted {
        Untrusted::new(format!("{}/{}", partner.raw(), milestone.word()))
    }

    /// Its day has passed and it has not come; its `state` is still `expected`.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.state == MilestoneState::Expected && self.due_at.is_some_and(|due| due <= now)
    }

    /// Whose days count: the partner's, else the desk's. The end of a day is on the next one elsewhere.
    pub fn zone(&self, desk: &TimeZone) -> TimeZone {
        partner_zone(&self.partner).unwrap_or_else(|| desk.clone())
    }

    /// When the desk acts on it by itself: it becomes late.
    pub fn next_due(&self) -> Option<Timestamp> {
        match self.state {
            MilestoneState::Expected if self.task.is_none() => self.due_at,
            _ => None,
        }
    }
}
