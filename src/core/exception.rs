//! What the community last said of an exception, and when; so that a report that comes again, or late,
//! neither pages nor ends anything, whether or not an alert is about it still.

use crate::core::event::Severity;
use crate::core::mark::Mark;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportState {
    Raised,
    Cleared,
}

/// The newest report on one exception of a partner's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionReport {
    /// The key by which alerts are found for the exception: of its partner and its id.
    pub id: Untrusted,
    pub partner: Untrusted,
    pub state: ReportState,
    /// As it was raised.
    pub severity: Severity,
    /// How severe it was at most while an alert was about it, since it was cleared last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerted: Option<Severity>,
    #[serde(default)]
    pub mark: Mark,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ExceptionReport {
    /// Why a further report changes nothing; `None` where it may. `lives` is whether an alert is about
    /// the exception.
    pub fn makes_stale(
        &self,
        state: ReportState,
        severity: Severity,
        mark: &Mark,
        lives: bool,
    ) -> Option<&'static str> {
        if mark.is_before(&self.mark) {
            return Some("a newer report about the exception was heard before");
        }
        let again = mark.is_again(&self.mark) && severity <= self.severity;
        // Whoever closed it has dealt with it as it was; it is not opened again by being said again.
        let closed = !lives && self.alerted.is_some_and(|alerted| severity <= alerted);
        match (state, self.state) {
            (ReportState::Raised, ReportState::Raised) if closed => {
                Some("somebody closed it, and it is not more severe than it was")
            }
            (ReportState::Raised, ReportState::Cleared) if again => Some("it was cleared before"),
            (ReportState::Raised, ReportState::Raised) if again && !lives => Some("it was heard before"),
            _ => None,
        }
    }
}
