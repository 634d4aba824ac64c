//! For whom something is written: their language and their clock.

use crate::core::contact::Contact;
use crate::core::desk::Desk;
use crate::core::money::Money;
use crate::core::partner::PartnerRef;
use crate::core::person::Person;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// One reader of a message.
#[derive(Clone, Debug)]
pub struct Reader<'d> {
    desk: &'d Desk,
    pub locale: &'static str,
    pub zone: TimeZone,
}

impl<'d> Reader<'d> {
    /// Somebody of the desk reads the desk's language, on their own clock.
    pub fn person(desk: &'d Desk, person: &Person) -> Self {
        let zone = person.time_zone.as_deref().and_then(zone).unwrap_or_else(|| desk.time_zone.clone());
        Self { desk, locale: desk.labels.locale(None), zone }
    }

    /// A contact's own zone, else the partner's, else the desk's.
    pub fn contact(desk: &'d Desk, contact: &Contact, partner: Option<&PartnerRef>) -> Self {
        let zone = contact
            .time_zone
            .as_ref()
            .and_then(|name| zone(name.raw()))
            .or_else(|| partner.and_then(partner_zone))
            .unwrap_or_else(|| desk.time_zone.clone());
        let locale = desk.labels.locale(contact.locale.as_ref().map(Untrusted::raw));
        Self { desk, locale, zone }
    }

    /// Somebody nobody knows yet: the desk's language, the partner's clock.
    pub fn unknown(desk: &'d Desk, partner: &PartnerRef) -> Self {
        let zone = partner_zone(partner).unwrap_or_else(|| desk.time_zone.clone());
        Self { desk, locale: desk.labels.locale(None), zone }
    }

    pub fn desk(&self) -> &'d Desk {
        self.desk
    }

    /// What a word of the community is called.
    pub fn word(&self, word: &str) -> String {
        self.desk.labels.word(self.locale, word)
    }

    pub fn moment(&self, at: Timestamp) -> String {
        self.desk.labels.date_time(self.locale, at, &self.zone)
    }

    pub fn day(&self, at: Timestamp) -> String {
        self.desk.labels.date(self.locale, at, &self.zone)
    }
}

pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

pub fn partner_zone(partner: &PartnerRef) -> Option<TimeZone> {
    partner.time_zone.as_ref().and_then(|name| zone(name.raw()))
}

/// One line, safe to show.
pub fn line(text: &Untrusted) -> String {
    text.printable().into_string()
}

pub fn maybe_line(text: &Option<Untrusted>) -> Option<String> {
    text.as_ref().map(line)
}

/// A longer text in its own lines, at most as many as a mail can bear.
pub fn lines(text: &Option<Untrusted>) -> Vec<String> {
    let lines = text.as_ref().map(Untrusted::printable_lines).unwrap_or_default();
    lines.into_iter().take(200).map(|line| line.into_string()).collect()
}

pub fn money(amount: &Option<Money>) -> Option<String> {
    amount.as_ref().map(Money::long)
}
