//! For whom something is written: their language and their clock.

use crate::core::contact::Contact;
use crate::core::desk::Desk;
use crate::core::label;
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
    /// BCP 47 tag as templates and labels look it up: `de`, `de-at`.
    pub locale: String,
    pub zone: TimeZone,
}

impl<'d> Reader<'d> {
    /// Somebody of the desk reads their own language, else the desk's, on their own clock.
    pub fn person(desk: &'d Desk, person: &Person) -> Self {
        let zone = person.time_zone.as_deref().and_then(zone).unwrap_or_else(|| desk.time_zone.clone());
        Self { desk, locale: language(desk, person.locale.as_deref()), zone }
    }

    /// A contact's own zone, else the partner's, else the desk's.
    pub fn contact(desk: &'d Desk, contact: &Contact, partner: Option<&PartnerRef>) -> Self {
        let zone = contact
            .time_zone
            .as_ref()
            .and_then(|name| zone(name.raw()))
            .or_else(|| partner.and_then(partner_zone))
            .unwrap_or_else(|| desk.time_zone.clone());
        let locale = language(desk, contact.locale.as_ref().map(Untrusted::raw));
        Self { desk, locale, zone }
    }

    /// Somebody nobody knows yet: the desk's language, the partner's clock.
    pub fn unknown(desk: &'d Desk, partner: &PartnerRef) -> Self {
        let zone = partner_zone(partner).unwrap_or_else(|| desk.time_zone.clone());
        Self { desk, locale: language(desk, None), zone }
    }

    pub fn desk(&self) -> &'d Desk {
        self.desk
    }

    /// What a word of the community is called.
    pub fn word(&self, word: &str) -> String {
        self.desk.labels.word(&self.locale, word)
    }

    /// A sum as the reader writes numbers: `€84,200`, `84.200 €`.
    pub fn money(&self, sum: &Money) -> String {
        self.desk.labels.money(&self.locale, sum)
    }

    /// Why they are told, in their language.
    pub fn reason(&self, kept: &str) -> String {
        self.desk.labels.reason(&self.locale, kept)
    }

    /// A moment with its day of the week, where there is room for it.
    pub fn day_time(&self, at: Timestamp) -> String {
        self.desk.labels.day_time(&self.locale, at, &self.zone)
    }

    pub fn moment(&self, at: Timestamp) -> String {
        self.desk.labels.date_time(&self.locale, at, &self.zone)
    }

    /// The partner's own day, whoever reads of it: on the reader's clock its end may be the next day
    /// already.
    pub fn day_of(&self, partner: &PartnerRef, at: Timestamp) -> String {
        let zone = partner_zone(partner).unwrap_or_else(|| self.desk.time_zone.clone());
        self.desk.labels.date(&self.locale, at, &zone)
    }
}

/// The wanted language in the form it is looked up by; the desk's where none is wanted.
fn language(desk: &Desk, wanted: Option<&str>) -> String {
    let wanted = wanted.map(label::tag).filter(|wanted| !wanted.is_empty());
    wanted.unwrap_or_else(|| label::tag(&desk.locale))
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
            let reader = Reader { desk: &desk, locale: "en".into(), zone: TimeZone::get(zone).unwrap() };
            assert_eq!(reader.day_of(&partner, evening), "23 Nov 2026", "{zone}");
        }
    }
}
