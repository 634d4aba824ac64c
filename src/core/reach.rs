//! How a partner's contact can be reached now, or why not: wishes per category, opt-outs, dead
//! addresses, the hours of the night where they live.

use crate::core::contact::{Category, Contact, ContactState, Medium};
use crate::core::desk::Desk;
use crate::core::flow::reader::partner_zone;
use crate::core::partner::PartnerRef;
use crate::core::standing::{MediumReach, Reachability, Standing};
use crate::core::suppression::{Suppression, SuppressionCause, SuppressionState, address_key};
use crate::core::task::Task;
use crate::core::text::Untrusted;
use crate::core::wall;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::{BTreeSet, HashMap};

/// Those for which contacts are woken where nothing else is configured: what is urgent; and who just wrote is
/// awake.
pub const WAKES: [Category; 2] = [Category::Urgent, Category::Acknowledgments];

/// What must be known of a contact when a message to them is about to leave.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    pub contact: Option<Contact>,
    /// Further contacts of the same partner, the oldest first.
    pub others: Vec<Contact>,
    /// Of any of their addresses, by [`address_key`].
    pub suppressed: HashMap<String, Suppression>,
    /// Tasks about them that are not done, by key.
    pub tasks: HashMap<String, Task>,
    pub partner: Option<PartnerRef>,
    /// Addresses that this very message has failed at, by [`address_key`].
    pub failed: BTreeSet<String>,
}

/// What is to be done with a message to a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    Send {
        medium: Medium,
        address: String,
    },
    /// It is night there until then.
    Wait(Timestamp),
    /// There is no way, because of this.
    None(NoWay),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoWay {
    /// They do not want this, or said stop; nothing is to be mended.
    Unwanted(String),
    /// No address works; somebody must mend it.
    Broken(String),
}

/// The key of the task that an address of a contact's must be mended.
pub fn fix_task(contact: &Untrusted) -> String {
    format!("fix\u{1f}contact\u{1f}{}", contact.raw())
}

/// The media a contact wants for a category, the best first. Without a word from them: SMS first when
/// it is urgent, else email first. An empty list is their word for nothing at all. Who ended the mails of a
/// category gets none, and no texts in their place that they never asked for.
pub fn wishes(contact: &Contact, category: Category) -> Vec<Medium> {
    let ended = contact.unsubscribed.contains(&category);
    match (contact.channels.get(&category), category) {
        (Some(wanted), _) if ended => {
            wanted.iter().copied().filter(|medium| *medium != Medium::Email).collect()
        }
        (None, _) if ended => Vec::new(),
        (Some(wanted), _) => wanted.clone(),
        (None, Category::Urgent) => vec![Medium::Sms, Medium::Email],
        (None, _) => vec![Medium::Email, Medium::Sms],
    }
}

/// Whether they asked for messages of this category in so many words.
pub fn asks_for(contact: &Contact, category: Category) -> bool {
    contact.channels.get(&category).is_some_and(|media| !media.is_empty())
}

/// Their numbers or mailboxes, the first one first.
pub fn addresses(contact: &Contact, medium: Medium) -> impl Iterator<Item = &str> {
    let phones = contact.phones.iter().filter(move |_| medium == Medium::Sms).map(|phone| phone.as_str());
    let emails = contact.emails.iter().filter(move |_| medium == Medium::Email).map(|email| email.as_str());
    phones.chain(emails)
}

impl Reach {
    /// Addresses of the contact's in media they opted out of, which are not marked so yet: the word of
    /// their owner binds whoever else has the same number or mailbox.
    pub fn addresses_refused(&self) -> Vec<Suppression> {
        let Some(contact) = &self.contact else { return Vec::new() };
        let marked = |key: &str| self.suppressed.get(key).is_some_and(Suppression::is_opt_out);
        let refused = contact
            .opted_out
            .iter()
            .flat_map(|medium| addresses(contact, *medium).map(|address| (*medium, address)));
        refused
            .map(|(medium, address)| (medium, address_key(address)))
            .filter(|(_, key)| !marked(key))
            .map(|(medium, key)| Suppression {
                id: key.into(),
                state: SuppressionState::Active,
                medium,
                cause: SuppressionCause::OptedOut,
                detail: "its owner opted out".into(),
                created_at: Timestamp::UNIX_EPOCH,
                updated_at: Timestamp::UNIX_EPOCH,
            })
            .collect()
    }

    /// Whether an address of the contact's is known to be dead.
    pub fn has_dead_address(&self) -> bool {
        let Some(contact) = &self.contact else { return false };
        Medium::ALL.into_iter().any(|medium| {
            addresses(contact, medium).any(|address| self.cause(address) == Some(SuppressionCause::Dead))
        })
    }

    /// The way a message of this category takes to a contact now.
    pub fn way(&self, desk: &Desk, contact: &Contact, category: Category, now: Timestamp) -> Way {
        match self.by_day(desk, contact, category) {
            Ok((medium, address)) => self.awake(desk, contact, category, medium, address, now),
            Err(why) => Way::None(why),
        }
    }

    /// The same whatever time of day it is.
    pub fn by_day(
        &self,
        desk: &Desk,
        contact: &Contact,
        category: Category,
    ) -> Result<(Medium, String), NoWay> {
        let wishes = wishes(contact, category);
        if wishes.is_empty() {
            let said = format!("they want no {}", category.as_str().replace('_', " "));
            return Err(NoWay::Unwanted(said));
        }
        // A medium they did not name is better than silence where the ones they named are broken, but no
        // answer to somebody who said stop.
        let ended = |medium: &Medium| *medium == Medium::Email && contact.unsubscribed.contains(&category);
        let others = Medium::ALL.into_iter().filter(|medium| !wishes.contains(medium) && !ended(medium));
        let (mut unwanted, mut broken) = (None, None);
        for medium in wishes.iter().copied().chain(others) {
            if unwanted.is_some() && !wishes.contains(&medium) {
                break;
            }
            match self.address(desk, contact, medium) {
                Ok(address) => return Ok((medium, address)),
                Err(NoWay::Unwanted(why)) => unwanted = unwanted.or(Some(why)),
                Err(NoWay::Broken(why)) => broken = broken.or(Some(why)),
            }
        }
        Err(match (broken, unwanted) {
            (Some(why), None) => NoWay::Broken(why),
            (_, Some(why)) => NoWay::Unwanted(why),
            (None, None) => NoWay::Broken("no address is known".into()),
        })
    }

    /// The way over a medium that somebody chose for it: their word of it is that they do not want to be told
    /// of such things at all, or not by this medium; that they prefer another is none.
    pub fn way_over(
        &self,
        desk: &Desk,
        contact: &Contact,
        category: Category,
        medium: Medium,
        now: Timestamp,
    ) -> Way {
        if wishes(contact, category).is_empty() {
            return self.way(desk, contact, category, now);
        }
        match self.address(desk, contact, medium) {
            Ok(address) => self.awake(desk, contact, category, medium, address, now),
            Err(why) => Way::None(why),
        }
    }

    /// Sent now, unless it is night there and the category is none that the desk wakes contacts for.
    fn awake(
        &self,
        desk: &Desk,
        contact: &Contact,
        category: Category,
        medium: Medium,
        address: String,
        now: Timestamp,
    ) -> Way {
        let quiet = match desk.wakes_contacts.contains(&category) {
            true => None,
            false => self.quiet_until(desk, contact, now),
        };
        quiet.map_or(Way::Send { medium, address }, Way::Wait)
    }

    /// The first address of that medium that can be used.
    fn address(&self, desk: &Desk, contact: &Contact, medium: Medium) -> Result<String, NoWay> {
        let what = match medium {
            Medium::Sms => "phone number",
            Medium::Email => "email address",
        };
        let MediumReach { standing, usable, .. } = self.over(desk, contact, medium);
        let of = |cause| addresses(contact, medium).find(|address| self.cause(address) == Some(cause));
        match (standing, usable.into_iter().next()) {
            (Standing::Usable, Some(address)) => Ok(address),
            (Standing::OptedOut, _) => Err(NoWay::Unwanted(match of(SuppressionCause::OptedOut) {
                Some(address) if !contact.opted_out.contains(&medium) => {
                    format!("the owner of {address} opted out")
                }
                _ => format!("opted out of {}", medium.as_str()),
            })),
            (Standing::NoAddress, _) => Err(NoWay::Broken(format!("no {what} is known"))),
            (Standing::NoChannel, _) => {
                Err(NoWay::Broken(format!("no configured channel carries {}", medium.as_str())))
            }
            (Standing::Dead | Standing::Usable, _) => {
                let dead = of(SuppressionCause::Dead).map(|address| format!("{address} is dead"));
                let failed = || addresses(contact, medium).next().map(|address| format!("{address} failed"));
                Err(NoWay::Broken(dead.or_else(failed).unwrap_or_else(|| format!("no {what} works"))))
            }
        }
    }

    /// The address that a message over this medium goes to.
    pub fn usable(&self, desk: &Desk, contact: &Contact, medium: Medium) -> Option<String> {
        self.over(desk, contact, medium).usable.into_iter().next()
    }

    /// How a message over this medium would fare.
    fn over(&self, desk: &Desk, contact: &Contact, medium: Medium) -> MediumReach {
        let free =
            |address: &&str| self.cause(address).is_none() && !self.failed.contains(&address_key(address));
        let stopped = contact.opted_out.contains(&medium);
        let usable: Vec<String> = match stopped {
            true => Vec::new(),
            false => addresses(contact, medium).filter(free).map(str::to_owned).collect(),
        };
        let opted_out = |address: &str| self.cause(address) == Some(SuppressionCause::OptedOut);
        let standing = if stopped {
            Standing::OptedOut
        } else if addresses(contact, medium).next().is_none() {
            Standing::NoAddress
        } else if usable.is_empty() && addresses(contact, medium).any(opted_out) {
            Standing::OptedOut
        } else if usable.is_empty() {
            Standing::Dead
        } else if desk.carrier(medium).is_none() {
            Standing::NoChannel
        } else {
            Standing::Usable
        };
        MediumReach { medium, standing, usable }
    }

    /// Why nothing is sent to an address.
    fn cause(&self, address: &str) -> Option<SuppressionCause> {
        let found = self.suppressed.get(&address_key(address))?;
        (found.state == SuppressionState::Active).then_some(found.cause)
    }

    /// What stands between the desk and a contact now.
    pub fn reachability(&self, desk: &Desk, contact: &Contact, now: Timestamp) -> Reachability {
        let media = Medium::ALL.map(|medium| self.over(desk, contact, medium));
        let active = contact.state == ContactState::Active;
        Reachability {
            reachable: active && media.iter().any(|medium| medium.standing == Standing::Usable),
            media: media.into(),
            quiet_until: self.quiet_until(desk, contact, now),
        }
    }

    /// Until when it is quiet where the contact lives; `None` when it is not.
    fn quiet_until(&self, desk: &Desk, contact: &Contact, now: Timestamp) -> Option<Timestamp> {
        let hours = contact.quiet_hours.filter(|hours| hours.from != hours.to)?;
        let own = contact.time_zone.as_ref().and_then(|name| TimeZone::get(name.raw()).ok());
        let zone = own
            .or_else(|| self.partner.as_ref().and_then(partner_zone))
            .unwrap_or_else(|| desk.time_zone.clone());
        let local = now.to_zoned(zone.clone());
        if !hours.covers(local.time()) {
            return None;
        }
        let ends = |days: i64| {
            let day = local.date().checked_add(days.days()).ok()?.to_datetime(hours.to);
            // Where the clock is set back within the night it ends twice.
            let again = zone.to_ambiguous_timestamp(day).later().ok();
            Some([Some(wall::moment(&zone, day)), again])
        };
        // Set back at its very end, it is over for now and begins once more.
        let jumps = zone.following(now).take(2).map(|jump| jump.timestamp());
        [ends(0), ends(1)]
            .into_iter()
            .flatten()
            .flatten()
            .flatten()
            .chain(jumps)
            .filter(|at| *at > now && !hours.covers(at.to_zoned(zone.clone()).time()))
            .min()
            .or(Some(now + SignedDuration::from_hours(1)))
    }

    /// Who else of the partner's could get it: a successor first, then who asks for such messages, then
    /// the oldest.
    pub fn instead(&self, desk: &Desk, of: &Contact, category: Category, now: Timestamp) -> Option<&Contact> {
        let reachable = |contact: &&Contact| {
            contact.id != of.id
                && contact.state == ContactState::Active
                && !matches!(self.way(desk, contact, category, now), Way::None(_))
        };
        let successor =
            self.others.iter().filter(reachable).find(|other| of.successor.as_ref() == Some(&other.id));
        let asks = || self.others.iter().filter(reachable).find(|contact| asks_for(contact, category));
        successor.or_else(asks).or_else(|| self.others.iter().find(reachable))
    }
}
