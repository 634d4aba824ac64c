//! How it stands with a contact, for people to read: over which medium they can be reached, at which
//! addresses, and what stands in the way. [`crate::core::reach`] finds out.

use crate::core::contact::Medium;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a message over one medium would fare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// There is an address that may be used, and a channel that carries the medium.
    Usable,
    NoAddress,
    /// The contact does not want it; only they can end that.
    OptedOut,
    /// Every address was said to reach nobody.
    Dead,
    /// No configured channel carries the medium.
    NoChannel,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediumReach {
    pub medium: Medium,
    pub standing: Standing,
    /// Addresses that neither died nor were opted out.
    pub usable: Vec<String>,
}

/// What stands between the desk and one contact at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reachability {
    /// Some message would get through: the contact is active and some medium is usable.
    pub reachable: bool,
    pub media: Vec<MediumReach>,
    /// The end of the contact's quiet hours, where it is night for them; urgent messages go anyway.
    pub quiet_until: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::contact::{Contact, ContactState};
    use crate::core::desk::{Carrier, Desk};
    use crate::core::reach::Reach;
    use crate::core::scenario::Scene;
    use crate::core::suppression::{Suppression, SuppressionCause, SuppressionState, address_key};
    use std::collections::{BTreeMap, BTreeSet};

    /// A desk with a channel for either medium.
    fn desk() -> Desk {
        let carriers = vec![Carrier::plain("both", &Medium::ALL)];
        Desk { carriers, ..Scene::usual().desk }
    }

    fn contact() -> Contact {
        Contact {
            id: "c".into(),
            partner_id: None,
            name: "Rita Ames".into(),
            state: ContactState::Active,
            successor: None,
            emails: vec!["Rita@Acme.example".parse().unwrap()],
            phones: vec!["+4915123456789".parse().unwrap(), "+4915123456780".parse().unwrap()],
            locale: None,
            time_zone: Some("America/New_York".into()),
            roles: Vec::new(),
            channels: BTreeMap::new(),
            quiet_hours: Some("22:00-07:00".parse().unwrap()),
            opted_out: BTreeSet::new(),
            opted_in: BTreeSet::new(),
            unsubscribed: BTreeSet::new(),
            notes: "".into(),
            as_configured: BTreeSet::new(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn standings(contact: &Contact, suppressed: &[(&str, SuppressionCause)]) -> (bool, [Standing; 2]) {
        let of = |(address, cause): &(&str, SuppressionCause)| Suppression {
            id: address_key(address).into(),
            state: SuppressionState::Active,
            medium: if address.starts_with('+') { Medium::Sms } else { Medium::Email },
            cause: *cause,
            detail: "".into(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        };
        let suppressed = suppressed.iter().map(|one| (address_key(one.0), of(one))).collect();
        let reach = Reach { suppressed, ..Reach::default() };
        let reach = reach.reachability(&desk(), contact, Timestamp::UNIX_EPOCH);
        (reach.reachable, [reach.media[0].standing, reach.media[1].standing])
    }

    #[test]
    fn one_good_address_is_enough_and_a_dead_or_stopped_one_is_none() {
        use Standing::*;
        use SuppressionCause as Cause;
        let one_dead = [("+4915123456789", Cause::Dead), ("rita@acme.example", Cause::Dead)];
        assert_eq!(standings(&contact(), &one_dead), (true, [Usable, Dead]));
        let both = [("+4915123456789", Cause::Dead), ("+4915123456780", Cause::OptedOut)];
        assert_eq!(standings(&contact(), &both), (true, [OptedOut, Usable]));
        let mut gone = contact();
        gone.state = ContactState::Inactive;
        assert!(!standings(&gone, &[]).0);
        let mut stopped = contact();
        stopped.opted_out = Medium::ALL.into();
        assert_eq!(standings(&stopped, &[]), (false, [OptedOut, OptedOut]));
    }

    #[test]
    fn night_is_where_the_contact_lives() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let quiet = |now: &str| {
            let reach = Reach::default().reachability(&desk(), &contact(), at(now));
            reach.quiet_until.map(|until| until.to_string())
        };
        // 23:30 and 02:00 in New York, then noon.
        assert_eq!(quiet("2026-11-24T04:30:00Z").as_deref(), Some("2026-11-24T12:00:00Z"));
        assert_eq!(quiet("2026-11-24T07:00:00Z").as_deref(), Some("2026-11-24T12:00:00Z"));
        assert_eq!(quiet("2026-11-24T17:00:00Z"), None);
    }
}
