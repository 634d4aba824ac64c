//! A partner's document and its review.

use crate::core::event::DocumentKind;
use crate::core::id::TaskId;
use crate::core::mark::Mark;
use crate::core::partner::PartnerRef;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// Waits for its review.
    Pending,
    Approved,
    Rejected,
}

impl ReviewState {
    pub fn as_str(self) -> &'static str {
        match self {
            ReviewState::Pending => "pending",
            ReviewState::Approved => "approved",
            ReviewState::Rejected => "rejected",
        }
    }
}

/// One document. The community's id names it within its partner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    pub id: Untrusted,
    pub state: ReviewState,
    pub partner: PartnerRef,
    pub name: Untrusted,
    pub kind: DocumentKind,
    #[serde(default)]
    pub url: Option<Untrusted>,
    /// The case it belongs to.
    #[serde(default)]
    pub case: Option<Untrusted>,
    /// Contact id.
    #[serde(default)]
    pub uploaded_by: Option<Untrusted>,
    /// Its upload was heard, not only its review.
    #[serde(default)]
    pub uploaded: bool,
    /// By when it is to be reviewed, in working time of its reviewers.
    #[serde(default)]
    pub review_by: Option<Timestamp>,
    #[serde(default)]
    pub reviewed_at: Option<Timestamp>,
    /// Of the newest report acted on.
    #[serde(default)]
    pub mark: Mark,
    #[serde(default)]
    pub task: Option<TaskId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
