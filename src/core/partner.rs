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
