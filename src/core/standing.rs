//! Whether a contact can be reached: over which medium, at which addresses, and what stands in the way.

use crate::core::contact::{Contact, ContactState, Medium};
use crate::core::suppression::{SuppressionCause, address_key};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
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

/// `suppressed` tells why nothing is sent to an address, by [`address_key`]; `zone` is the partner's or
/// the desk's, for contacts without one of their own.
pub fn reach(
    contact: &Contact,
    suppressed: impl Fn(&str) -> Option<SuppressionCause>,
    carried: impl Fn(Medium) -> bool,
    zone: &TimeZone,
    now: Timestamp,
) -> Reachability {
    let media: Vec<MediumReach> = Medium::ALL
        .into_iter()
        .map(|medium| {
            let addresses: Vec<&str> = match medium {
                Medium::Sms => contact.phones.iter().map(|phone| phone.as_str()).collect(),
                Medium::Email => contact.emails.iter().map(|mailbox| mailbox.as_str()).collect(),
            };
            let causes: Vec<_> = addresses.iter().map(|address| suppressed(&address_key(address))).collect();
            let free = addresses.iter().zip(&causes).filter(|(_, cause)| cause.is_none());
            let usable: Vec<String> = free.map(|(address, _)| (*address).to_owned()).collect();
            let standing = if contact.opted_out.contains(&medium) {
                Standing::OptedOut
            } else if addresses.is_empty() {
                Standing::NoAddress
            } else if usable.is_empty() && causes.contains(&Some(SuppressionCause::OptedOut)) {
                Standing::OptedOut
            } else if usable.is_empty() {
                Standing::Dead
            } else if !carried(medium) {
                Standing::NoChannel
            } else {
                Standing::Usable
            };
            let usable = if standing == Standing::OptedOut { Vec::new() } else { usable };
            MediumReach { medium, standing, usable }
        })
        .collect();
    let active = contact.state == ContactState::Active;
    Reachability {
        reachable: active && media.iter().any(|medium| medium.standing == Standing::Usable),
        media,
        quiet_until: quiet_until(contact, zone, now),
    }
}

fn quiet_until(contact: &Contact, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let hours = contact.quiet_hours?;
    let own = contact.time_zone.as_ref().and_then(|name| TimeZone::get(name.raw()).ok());
    let here = now.to_zoned(own.unwrap_or_else(|| zone.clone()));
    if !hours.covers(here.time()) {
        return None;
    }
    let ends = here.with().time(hours.to).build().ok()?;
    let ends = if ends.timestamp() > now { ends } else { ends.checked_add(1.day()).ok()? };
    Some(ends.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

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
            notes: "".into(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn standings(contact: &Contact, suppressed: &[(&str, SuppressionCause)]) -> (bool, [Standing; 2]) {
        let find = |key: &str| suppressed.iter().find(|(known, _)| *known == key).map(|(_, cause)| *cause);
        let reach = reach(contact, find, |_| true, &TimeZone::UTC, Timestamp::UNIX_EPOCH);
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
            reach(&contact(), |_| None, |_| true, &TimeZone::UTC, at(now)).quiet_until.map(|t| t.to_string())
        };
        // 23:30 and 02:00 in New York, then noon.
        assert_eq!(quiet("2026-11-24T04:30:00Z").as_deref(), Some("2026-11-24T12:00:00Z"));
        assert_eq!(quiet("2026-11-24T07:00:00Z").as_deref(), Some("2026-11-24T12:00:00Z"));
        assert_eq!(quiet("2026-11-24T17:00:00Z"), None);
    }
}
