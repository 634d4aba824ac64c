//! What is expected to come and may not: a ship notice, an answer, a confirmation. Its absence is an
//! event of its own.

use crate::core::mark::Mark;
use crate::core::partner::PartnerRef;
use crate::core::rule::Match;
use crate::core::text::Untrusted;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The type of the event that the desk makes when an expected thing did not come.
pub const MISSED: &str = "nightdesk.expectation.missed";

/// A configured expectation: after an event like `after`, one like `expect` within a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    pub name: String,
    /// What begins the wait.
    pub after: Match,
    /// Further condition on the event that begins it.
    pub when: Option<String>,
    /// What ends the wait.
    pub expect: Match,
    /// An expression over either event; both must give the same value, for the same partner.
    pub same: Option<String>,
    /// Working time; zero with `by_deadline`.
    pub within: SignedDuration,
    /// The wait ends at the deadline the event names, where it names one.
    pub by_deadline: bool,
    pub calendar: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpectationState {
    Waiting,
    Met,
    Missed,
}

impl ExpectationState {
    pub fn as_str(self) -> &'static str {
        match self {
            ExpectationState::Waiting => "waiting",
            ExpectationState::Met => "met",
            ExpectationState::Missed => "missed",
        }
    }
}

/// One wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// Of the configured expectation, the partner and what must be the same.
    pub id: Untrusted,
    pub state: ExpectationState,
    pub name: String,
    pub partner: PartnerRef,
    /// What ties the two events together, as text.
    pub same: Untrusted,
    /// What the event that began it was about.
    pub title: Untrusted,
    pub due_at: Timestamp,
    /// Of the newest event that began it.
    #[serde(default)]
    pub began: Mark,
    /// Of the newest event that was waited for.
    #[serde(default)]
    pub came: Mark,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Expectation {
    /// Whether an event begins the wait anew: it is not the one that began it, and what was waited for
    /// did not come after it.
    pub fn begins_anew(&self, mark: &Mark) -> bool {
        let old = |last: &Mark| mark.is_again(last) || mark.is_before(last);
        self.state != ExpectationState::Waiting && !old(&self.began) && !old(&self.came)
    }

    pub fn next_due(&self) -> Option<Timestamp> {
        (self.state == ExpectationState::Waiting).then_some(self.due_at)
    }
}
