//! What only the agent knows of whether everybody can be reached, for `nightdesk check`.

use crate::core::assignment::StoredAssignment;
use crate::core::cover::{Failing, LostContact};
use crate::core::partner::PartnerRef;
use crate::core::schedule::{Override, RosterCopy};
use crate::core::suppression::Suppression;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// `GET /v1/cover?days=14`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoverInputs {
    /// The agent's clock; the walk begins here.
    pub now: Timestamp,
    /// Active ones that are not over.
    pub overrides: Vec<Override>,
    /// Those that operators gave.
    pub assignments: Vec<StoredAssignment>,
    /// The last good copies of calendars elsewhere.
    pub rosters: Vec<RosterCopy>,
    /// Ways to people of the desk by which a message failed for good, and that nobody has mended since.
    #[serde(default)]
    pub failing: Vec<Failing>,
    /// Addresses that nothing is sent to (at most 10,000).
    pub suppressed: Vec<Suppression>,
    /// Partners the desk has heard of (at most 10,000).
    pub partners: Vec<PartnerRef>,
    /// Contacts with such an address (of the first 1,000 of them).
    pub contacts: Vec<LostContact>,
}
