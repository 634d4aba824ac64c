//! A partner: a company of the community, as its events describe it.

use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What events carry of a partner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerRef {
    pub id: Untrusted,
    pub name: Untrusted,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Untrusted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Untrusted>,
    /// IANA name, as given; views fall back to the desk's zone where it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Untrusted>,
}

impl PartnerRef {
    /// Fills what this event left out with what was heard before.
    pub fn fill_in(&mut self, known: &PartnerRef) {
        self.tier = self.tier.take().or_else(|| known.tier.clone());
        self.region = self.region.take().or_else(|| known.region.clone());
        self.time_zone = self.time_zone.take().or_else(|| known.time_zone.clone());
    }
}

/// A partner the desk has heard of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partner {
    #[serde(flatten)]
    pub about: PartnerRef,
    pub state: PartnerState,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartnerState {
    Active,
}
