//! What only the agent knows of whether everybody can be reached, for `nightdesk check`.

use super::ScheduleTimeline;
use crate::core::assignment::StoredAssignment;
use crate::core::cover::LostContact;
use crate::core::partner::PartnerRef;
use crate::core::schedule::Override;
use crate::core::suppression::Suppression;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// `GET /v1/cover?days=14`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoverInputs {
    /// The agent's clock; timelines begin here.
    pub now: Timestamp,
    /// Active ones that are not over.
    pub overrides: Vec<Override>,
    /// Those that operators gave.
    pub assignments: Vec<StoredAssignment>,
    /// Of the schedules whose calendars are elsewhere, by their last good copies.
    pub timelines: Vec<ScheduleTimeline>,
    /// Addresses that nothing is sent to (at most 10,000).
    pub suppressed: Vec<Suppression>,
    /// Partners the desk has heard of (at most 10,000).
    pub partners: Vec<PartnerRef>,
    /// Contacts with such an address (of the first 1,000 of them).
    pub contacts: Vec<LostContact>,
}
