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

    /// The partner's own day, whoever reads of it: on the reader's clock its end may be the next day
    /// already.
    pub fn day_of(&self, partner: &PartnerRef, at: Timestamp) -> String {
        let zone = partner_zone(partner).unwrap_or_else(|| self.desk.time_zone.clone());
        self.desk.labels.date(self.locale, at, &zone)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::scenario::Scene;

    #[test]
    fn the_end_of_a_partners_day_is_the_same_day_to_everybody() {
        let desk = Scene::usual().desk;
        let partner = PartnerRef {
            id: "lumen".into(),
            name: "Lumen Health".into(),
            region: None,
            tier: None,
            time_zone: Some("America/New_York".into()),
        };
        let evening: Timestamp = "2026-11-23T23:00:00Z".parse().unwrap();
        for zone in ["America/New_York", "Europe/Istanbul", "Asia/Tokyo"] {
            let reader = Reader { desk: &desk, locale: "en", zone: TimeZone::get(zone).unwrap() };
            assert_eq!(reader.day_of(&partner, evening), "23 Nov 2026", "{zone}");
        }
    }
}
