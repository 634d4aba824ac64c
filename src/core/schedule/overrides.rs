//! What people agree beside the plan: somebody else is on for a while, or two swap their turns. It is
//! stored, not configured, and laid over the configured schedules.

use crate::core::id::OverrideId;
use crate::core::person::PersonId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Somebody is on call from a moment until another, whatever the schedule says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    pub id: OverrideId,
    pub state: OverrideState,
    pub schedule: String,
    pub person: PersonId,
    /// Only where this person would be on; without one, instead of whoever is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<PersonId>,
    pub from: Timestamp,
    pub until: Timestamp,
    /// The other half of a swap; they are removed together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swap: Option<OverrideId>,
    /// Who made it.
    pub by: PersonId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverrideState {
    Active,
    /// Taken back; it counts no more, not for the past either.
    Removed,
}

impl OverrideState {
    pub fn as_str(self) -> &'static str {
        match self {
            OverrideState::Active => "active",
            OverrideState::Removed => "removed",
        }
    }
}

impl Override {
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// Who is on once it is laid over those; `None` where it changes nothing.
    pub(super) fn over(&self, people: &[PersonId]) -> Option<Vec<PersonId>> {
        let Some(instead) = &self.instead else { return Some(vec![self.person.clone()]) };
        people.contains(instead).then_some(())?;
        let mut on: Vec<PersonId> = Vec::with_capacity(people.len());
        for person in people {
            let person = if person == instead { &self.person } else { person };
            if !on.contains(person) {
                on.push(person.clone());
            }
        }
        Some(on)
    }
}
