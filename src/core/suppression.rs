//! Numbers and mailboxes that nothing is sent to: dead ones, and those whose owner said stop.

use crate::core::contact::Medium;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressionCause {
    /// A provider said for good that nobody is reached there.
    Dead,
    /// Its owner does not want messages; only they can end it.
    OptedOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressionState {
    Active,
    Lifted,
}

/// One suppressed address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// The address: E.164, or a mailbox in lower case.
    pub id: Untrusted,
    pub state: SuppressionState,
    pub medium: Medium,
    pub cause: SuppressionCause,
    /// The provider's or the owner's own words.
    pub detail: Untrusted,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Suppression {
    /// Its owner said stop, and has not taken it back.
    pub fn is_opt_out(&self) -> bool {
        self.state == SuppressionState::Active && self.cause == SuppressionCause::OptedOut
    }
}

/// The form under which an address is looked up: mailboxes do not differ by case in practice.
pub fn address_key(address: &str) -> String {
    address.trim().to_lowercase()
}
