//! What the agent says of assignments: every line there is, and who holds what for one partner.

use crate::core::assignment::{Assignment, Origin};
use crate::core::person::PersonId;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One of `GET /v1/assignments`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentLine {
    /// `coordinator@partner=acme`; one of the file and a stored one may share it.
    pub id: String,
    pub state: LineState,
    /// `origin` says where it comes from.
    #[serde(flatten)]
    pub assignment: Assignment,
    /// Who gave it; nobody for what stands in the file.
    pub set_by: Option<PersonId>,
    /// When it was given first, and when last; for the file, when it was applied.
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    Active,
    /// An operator gave the same role of the same partners to somebody else.
    Overruled,
    /// Its last day is over.
    Ended,
    /// Its person is no longer configured.
    NobodyThere,
}

impl LineState {
    pub fn as_str(self) -> &'static str {
        match self {
            LineState::Active => "active",
            LineState::Overruled => "overruled",
            LineState::Ended => "ended",
            LineState::NobodyThere => "nobody_there",
        }
    }
}

/// `GET /v1/assignments/of/{partner}`: who holds each role for a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolesOf {
    pub partner: Untrusted,
    /// Unknown partners have no region or tier yet; lines by those may come to count.
    pub known: bool,
    pub roles: Vec<RoleOf>,
}

/// One role of a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleOf {
    pub role: String,
    pub person: Option<PersonId>,
    /// Who acts now: the deputy, while the person is away.
    pub acting: Option<PersonId>,
    /// The line it is by.
    pub by: Option<String>,
    pub origin: Option<Origin>,
}
