//! The people of the desk: internal, from the configuration, the only ones who may act.

use crate::core::contact::{Mailbox, Medium, Phone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The configured id of a person (`maria`): our own words, lower case, safe to show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonId(pub String);

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a person may do; each role may do all that the one before may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Viewer,
    Responder,
    Admin,
}

/// One person of the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    pub name: String,
    pub role: Role,
    #[serde(default)]
    pub email: Option<Mailbox>,
    #[serde(default)]
    pub phone: Option<Phone>,
    /// IANA zone in which the person reads times.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// BCP 47 tag of the language the person is written to in; without one, the desk's.
    #[serde(default)]
    pub locale: Option<String>,
    #[serde(default)]
    pub teams: Vec<String>,
    /// Media they said stop to: laid over the configuration from what the store knows of their addresses.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub opted_out: BTreeSet<Medium>,
}

impl Person {
    /// `M.Weber`: what fits a column.
    pub fn short_name(&self) -> String {
        short_name(&self.name)
    }

    /// Whether they may take an alert, by any way.
    pub fn may_act(&self) -> bool {
        self.role >= Role::Responder
    }

    pub fn reachable_by(&self, medium: Medium) -> bool {
        !self.opted_out.contains(&medium) && self.address(medium).is_some()
    }

    /// The number or mailbox of that medium.
    pub fn address(&self, medium: Medium) -> Option<&str> {
        match medium {
            Medium::Sms => self.phone.as_ref().map(|phone| phone.as_str()),
            Medium::Email => self.email.as_ref().map(|mailbox| mailbox.as_str()),
        }
    }
}

/// `Maria Weber` → `M.Weber`; a single word stays as it is.
pub fn short_name(name: &str) -> String {
    let mut words = name.split_whitespace();
    match (words.next(), words.next_back()) {
        (Some(first), Some(last)) => match first.chars().next() {
            Some(initial) => format!("{initial}.{last}"),
            None => last.to_owned(),
        },
        (Some(only), None) => only.to_owned(),
        _ => String::new(),
    }
}
