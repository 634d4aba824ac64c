//! What the desk's words are called, and how it writes a time, in each language it ships: the words
//! of `assets/labels/` under those of the configuration. A word that nobody named is shown as it
//! stands, so that an open list stays open.

use crate::core::money::{Money, MoneyFormat};
use crate::core::text::sanitise;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The languages that ship, with their file; the first is what others fall back to.
pub const SHIPPED: [(&str, &str); 4] = [
    ("en", include_str!("../../assets/labels/en.toml")),
    ("de", include_str!("../../assets/labels/de.toml")),
    ("fr", include_str!("../../assets/labels/fr.toml")),
    ("es", include_str!("../../assets/labels/es.toml")),
];

/// Every word that has a name, shipped or configured, by language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Labels {
    /// By language tag in lower case, `""` for all; then by word.
    configured: BTreeMap<String, BTreeMap<String, String>>,
}

/// One file of `assets/labels/`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Language {
    formats: Formats,
    words: BTreeMap<String, String>,
    /// Why somebody is told: as the desk keeps it, with `{}` for a name, and as the reader reads it.
    reasons: BTreeMap<String, String>,
}

/// How a language writes times, as strftime patterns, and sums.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Formats {
    date_time: String,
    date: String,
    /// From Monday on.
    weekdays: [String; 7],
    money: MoneyFormat,
}

impl Default for Formats {
    fn default() -> Self {
        Self {
            date_time: "%Y-%m-%d %H:%M %Z".to_owned(),
            date: "%Y-%m-%d".to_owned(),
            weekdays: Default::default(),
            money: MoneyFormat::default(),
        }
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self::shipped()
    }
}

impl Labels {
    pub fn shipped() -> Self {
        Self { configured: BTreeMap::new() }
    }

    /// Adds the configuration's labels: by language tag, or `""` for all languages; then by word.
    /// They win over the shipped ones, and one for a language over one for all.
    pub fn with(mut self, configured: BTreeMap<String, BTreeMap<String, String>>) -> Self {
        for (locale, words) in configured {
            self.configured.entry(tag(&locale)).or_default().extend(words);
        }
        self
    }

    /// The shipped locale closest to a BCP 47 tag: exact, then language, then "en".
    pub fn locale(&self, wanted: Option<&str>) -> &'static str {
        let wanted = tag(wanted.unwrap_or_default());
        ladder(&wanted)
            .find_map(|wanted| SHIPPED.iter().find(|(locale, _)| *locale == wanted))
            .map_or("en", |(locale, _)| *locale)
    }

    /// What a word is called: `Late shipment` for `late_shipment`. Always printable.
    pub fn word(&self, locale: &str, word: &str) -> String {
        let wanted = tag(locale);
        let configured = ladder(&wanted)
            .chain([""])
            .find_map(|locale| self.configured.get(locale).and_then(|words| words.get(word)));
        let label = configured.or_else(|| language(self.locale(Some(locale))).words.get(word));
        match label {
            Some(label) => sanitise(label).into_owned(),
            None => sanitise(&word.replace('_', " ")).into_owned(),
        }
    }

    /// `24.11.2026 06:00 CET`, as the locale writes it, in the given zone.
    pub fn date_time(&self, locale: &str, at: Timestamp, zone: &TimeZone) -> String {
        written(&language(self.locale(Some(locale))).formats.date_time, at, zone)
    }

    /// The same with its day of the week: `Di 24.11.2026 06:00 CET`.
    pub fn day_time(&self, locale: &str, at: Timestamp, zone: &TimeZone) -> String {
        let weekday = at.to_zoned(zone.clone()).weekday().to_monday_zero_offset();
        let weekdays = &language(self.locale(Some(locale))).formats.weekdays;
        let weekday =
            usize::try_from(weekday).ok().and_then(|day| weekdays.get(day)).map_or("", String::as_str);
        format!("{weekday} {}", self.date_time(locale, at, zone)).trim_start().to_owned()
    }

    /// `€84,200` or `84.200 €`: a sum as the locale writes it.
    pub fn money(&self, locale: &str, sum: &Money) -> String {
        sum.written(&language(self.locale(Some(locale))).formats.money)
    }

    /// Why somebody is told, in their language: `on call: primary`, `Bereitschaft: primary`. A reason
    /// that no file names is said as the desk keeps it.
    pub fn reason(&self, locale: &str, kept: &str) -> String {
        let reasons = &language(self.locale(Some(locale))).reasons;
        let said = reasons.iter().find_map(|(known, said)| {
            let (before, after) = known.split_once("{}").unwrap_or((known, ""));
            let name = kept.strip_prefix(before)?.strip_suffix(after)?;
            (known.contains("{}") || name.is_empty()).then(|| said.replace("{}", name))
        });
        said.unwrap_or_else(|| kept.to_owned())
    }

    /// `24.11.2026`, as the locale writes it: the day it is then in the given zone.
    pub fn date(&self, locale: &str, at: Timestamp, zone: &TimeZone) -> String {
        written(&language(self.locale(Some(locale))).formats.date, at, zone)
    }
}

/// A language tag as it is compared: `de_AT` and `DE-at` are `de-at`.
pub fn tag(locale: &str) -> String {
    locale.trim().replace('_', "-").to_ascii_lowercase()
}

/// A tag, then ever shorter ones (RFC 4647, section 3.4): `zh-hant-tw`, `zh-hant`, `zh`.
pub fn ladder(tag: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(tag), |tag| tag.rsplit_once('-').map(|(shorter, _)| shorter))
        .filter(|tag| !tag.is_empty())
}

fn language(locale: &str) -> &'static Language {
    static LANGUAGES: OnceLock<BTreeMap<&str, Language>> = OnceLock::new();
    static NONE: OnceLock<Language> = OnceLock::new();
    let languages = LANGUAGES.get_or_init(|| {
        // A shipped file that cannot be read would fail the test below.
        SHIPPED.iter().map(|(locale, text)| (*locale, toml::from_str(text).unwrap_or_default())).collect()
    });
    languages.get(locale).unwrap_or_else(|| NONE.get_or_init(Language::default))
}

fn written(pattern: &str, at: Timestamp, zone: &TimeZone) -> String {
    let there = at.to_zoned(zone.clone());
    jiff::fmt::strtime::format(pattern, &there).unwrap_or_else(|_| there.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::Severity;
    use crate::core::task::TaskKind;

    #[test]
    fn every_shipped_language_names_the_same_words() {
        let english: Vec<_> = language("en").words.keys().collect();
        for word in ["late_shipment", "action_item", "awaiting_documents", "go_live"] {
            assert!(english.iter().any(|known| *known == word), "{word}");
        }
        for kind in TaskKind::ALL {
            assert!(language("en").words.contains_key(kind.word()), "{}", kind.word());
        }
        for severity in Severity::ALL {
            assert!(language("en").words.contains_key(severity.as_str()));
        }
        for (locale, text) in SHIPPED {
            let read: Language = toml::from_str(text).unwrap();
            assert_eq!(read.words.keys().collect::<Vec<_>>(), english, "{locale}");
            assert!(read.reasons.keys().eq(language("en").reasons.keys()), "{locale}");
            for (kept, said) in &read.reasons {
                assert_eq!(kept.matches("{}").count(), said.matches("{}").count(), "{locale}: {kept}");
            }
            for pattern in [&read.formats.date_time, &read.formats.date] {
                let there = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
                jiff::fmt::strtime::format(pattern, &there).unwrap();
            }
        }
    }

    #[test]
    fn a_tag_finds_the_closest_language_that_ships() {
        let labels = Labels::shipped();
        for (wanted, found) in [
            (Some("de"), "de"),
            (Some("de-AT"), "de"),
            (Some("fr_CA"), "fr"),
            (Some("ES-419"), "es"),
            (Some("it-IT"), "en"),
            (Some(""), "en"),
            (None, "en"),
        ] {
            assert_eq!(labels.locale(wanted), found, "{wanted:?}");
        }
    }

    #[test]
    fn a_configured_label_wins_and_an_unknown_word_is_shown_as_it_stands() {
        let words = |list: &[(&str, &str)]| {
            list.iter().map(|(word, label)| ((*word).to_owned(), (*label).to_owned())).collect()
        };
        let labels = Labels::shipped().with(BTreeMap::from([
            (String::new(), words(&[("customs_hold", "Customs hold"), ("dispute", "Claim")])),
            ("de".to_owned(), words(&[("customs_hold", "Zollstopp")])),
            ("it".to_owned(), words(&[("customs_hold", "Fermo doganale")])),
        ]));
        assert_eq!(labels.word("fr", "customs_hold"), "Customs hold");
        assert_eq!(labels.word("de-CH", "customs_hold"), "Zollstopp");
        assert_eq!(labels.word("it", "customs_hold"), "Fermo doganale");
        assert_eq!(labels.word("de", "dispute"), "Claim");
        assert_eq!(labels.word("de", "late_shipment"), "Verspätete Lieferung");
        assert_eq!(labels.word("de", "lost_in\u{1b}transit"), "lost in<U+001B>transit");
    }

    #[test]
    fn times_are_written_as_each_language_does_in_the_readers_zone() {
        let at: Timestamp = "2026-11-24T23:30:00Z".parse().unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let labels = Labels::shipped();
        assert_eq!(labels.date_time("de", at, &berlin), "25.11.2026 00:30 CET");
        assert_eq!(labels.date_time("en-GB", at, &TimeZone::UTC), "24 Nov 2026 23:30 UTC");
        assert_eq!(labels.date("fr", at, &berlin), "25/11/2026");
        assert_eq!(labels.day_time("es", at, &TimeZone::UTC), "mar 24/11/2026 23:30 UTC");
    }

    #[test]
    fn sums_and_reasons_are_written_as_the_reader_writes_them() {
        let labels = Labels::shipped();
        let sum = |cents, currency: &str| Money { cents, currency: currency.into() };
        for (locale, written) in
            [("en", "€84,200.50"), ("de-AT", "84.200,50 €"), ("fr", "84 200,50 €"), ("es", "84.200,50 €")]
        {
            assert_eq!(labels.money(locale, &sum(8_420_050, "EUR")), written);
        }
        assert_eq!(labels.money("de", &sum(-123_400_000, "SEK")), "-1.234.000 SEK");
        assert_eq!(labels.reason("de", "on call: primary"), "Bereitschaft: primary");
        assert_eq!(labels.reason("fr", "account_manager of Acme"), "responsable de compte pour Acme");
        assert_eq!(labels.reason("en", "account_manager of Acme"), "account manager of Acme");
        assert_eq!(labels.reason("es", "dock_master of Acme"), "dock_master of Acme");
    }
}
