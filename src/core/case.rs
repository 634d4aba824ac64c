//! A partner's case, from the day it is opened or first heard of until it is resolved.

use crate::core::event::{CaseKind, CaseStatus, Priority};
use crate::core::id::{AlertId, TaskId};
use crate::core::mark::Mark;
use crate::core::money::Money;
use crate::core::partner::PartnerRef;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One case. The community's id names it within its partner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    pub id: Untrusted,
    /// Where it stands now, in the community's words.
    pub state: CaseStatus,
    pub partner: PartnerRef,
    /// What people call it; the id until the community gave a reference.
    pub reference: Untrusted,
    #[serde(default)]
    pub kind: Option<CaseKind>,
    /// Empty where the case was first heard of in mid-course and its title was not told.
    #[serde(default)]
    pub title: Untrusted,
    #[serde(default)]
    pub description: Option<Untrusted>,
    #[serde(default)]
    pub order: Option<Untrusted>,
    #[serde(default)]
    pub amount: Option<Money>,
    #[serde(default)]
    pub deadline: Option<Timestamp>,
    #[serde(default)]
    pub priority: Option<Priority>,
    /// Contact ids.
    #[serde(default)]
    pub opened_by: Option<Untrusted>,
    #[serde(default)]
    pub watchers: Vec<Untrusted>,
    /// Its opening was heard, and the responsible team told.
    #[serde(default)]
    pub opened: bool,
    /// What was last written for the partner, wanted of them, and by when.
    #[serde(default)]
    pub message: Option<Untrusted>,
    #[serde(default)]
    pub wanted: Vec<Untrusted>,
    #[serde(default)]
    pub due: Option<Timestamp>,
    /// Of the newest status acted on.
    #[serde(default)]
    pub mark: Option<Mark>,
    #[serde(default)]
    pub alert: Option<AlertId>,
    #[serde(default)]
    pub task: Option<TaskId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Case {
    /// Nobody has taken it up yet, as far as the community says.
    pub fn waits_for_answer(&self) -> bool {
        matches!(self.state, CaseStatus::Opened | CaseStatus::Received | CaseStatus::Other(_))
    }

    /// Nobody works on it any more.
    pub fn is_over(&self) -> bool {
        matches!(self.state, CaseStatus::Resolved)
    }
}
