//! `[[digest]]`: what is summed up, when, and for whom.

use super::check::{Check, Known};
use super::file::Text;
use crate::core::cron::CronSchedule;
use crate::core::digest::{Covers, Digest, Kind, Section};
use crate::core::text::sanitise;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::collections::BTreeSet;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestTable {
    pub name: Text,
    /// A cron expression.
    pub schedule: Text,
    pub time_zone: Option<Text>,
    pub to: Spanned<Vec<Text>>,
    pub covers: Option<CoversWord>,
    pub sections: Option<Spanned<Vec<Section>>>,
    pub kind: Option<Kind>,
    pub skip_empty: Option<bool>,
    pub limit: Option<Spanned<usize>>,
    pub late: Option<Text>,
    pub locale: Option<Text>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub enum CoversWord {
    Assigned,
    All,
}

impl Check<'_> {
    pub(super) fn digests(
        &mut self,
        tables: Vec<DigestTable>,
        zone: &TimeZone,
        known: &Known<'_>,
    ) -> Vec<Digest> {
        let mut names = BTreeSet::new();
        tables.into_iter().filter_map(|table| self.digest(table, zone, known, &mut names)).collect()
    }

    fn digest(
        &mut self,
        t: DigestTable,
        zone: &TimeZone,
        known: &Known<'_>,
        names: &mut BTreeSet<String>,
    ) -> Option<Digest> {
        self.name("digest", &t.name, names);
        let time_zone = t.time_zone.as_ref().map_or_else(|| zone.clone(), |zone| self.zone(zone));
        let to = self.targets(&t.to, known);
        let sections = match &t.sections {
            Some(sections) if sections.as_ref().is_empty() => {
                self.wrong(
                    sections.span(),
                    "a digest needs a section: \"issues\", \"reviews\" or \"threads\"",
                );
                Vec::new()
            }
            Some(sections) => {
                let mut once: Vec<Section> = Vec::new();
                for section in sections.as_ref() {
                    match once.contains(section) {
                        true => self.wrong(sections.span(), "a section can be named only once"),
                        false => once.push(*section),
                    }
                }
                once
            }
            None => Section::ALL.to_vec(),
        };
        let limit = match &t.limit {
            Some(limit) if !(1..=500).contains(limit.as_ref()) => {
                self.wrong(limit.span(), "limit is between 1 and 500 rows a section");
                20
            }
            Some(limit) => *limit.as_ref(),
            None => 20,
        };
        let kind = t.kind.unwrap_or(Kind::Daily);
        let late = match (&t.late, kind) {
            (Some(late), _) => self.duration(late),
            (None, Kind::Daily) => SignedDuration::from_hours(12),
            (None, Kind::MonthEnd) => SignedDuration::from_hours(7 * 24),
        };
        let locale = t.locale.as_ref().map(|locale| self.locale(locale));
        let schedule = match CronSchedule::parse(t.schedule.as_ref(), time_zone) {
            Ok(schedule) => schedule,
            Err(why) => {
                self.wrong(t.schedule.span(), sanitise(&why.to_string()).into_owned());
                return None;
            }
        };
        Some(Digest {
            name: t.name.into_inner(),
            schedule,
            to,
            covers: match t.covers {
                Some(CoversWord::All) => Covers::All,
                Some(CoversWord::Assigned) | None => Covers::Assigned,
            },
            kind,
            sections,
            skip_empty: t.skip_empty.unwrap_or(true),
            limit,
            late,
            locale,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DEFAULT, parse};
    use std::path::Path;

    fn with(digest: &str) -> Result<crate::config::Settings, String> {
        let text = format!("{DEFAULT}\n{digest}");
        parse(&text, Path::new("config.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_digest_needs_a_name_a_schedule_and_readers_and_has_the_rest_from_its_kind() {
        let settings = with(
            r#"
            [[digest]]
            name = "close"
            schedule = "0 18 L * *"
            time_zone = "America/New_York"
            to = ["lead:operations"]
            kind = "month_end"
            locale = "de-AT"
            "#,
        )
        .unwrap();
        let digest = settings.digests.last().unwrap();
        assert_eq!(digest.sections, Section::ALL);
        assert!(digest.skip_empty && digest.covers == Covers::Assigned && digest.limit == 20);
        assert_eq!(digest.late, SignedDuration::from_hours(7 * 24));
        assert_eq!(digest.schedule_name(), "0 18 L * * America/New_York");
    }

    #[test]
    fn what_is_wrong_is_shown_with_its_line_and_column() {
        let lines = DEFAULT.lines().count();
        for (digest, place, wanted) in [
            (
                "schedule = \"0 7 * *\"\nto = [\"person:maria\"]",
                "5:12",
                "a schedule is \"minute hour day month weekday\"",
            ),
            ("schedule = \"0 0 30 2 *\"\nto = [\"person:maria\"]", "5:12", "never runs"),
            ("schedule = \"@daily\"\nto = []", "6:6", "somebody must be told"),
            ("schedule = \"@daily\"\nto = [\"team:nobody\"]", "6:7", "there is no team"),
            ("schedule = \"@daily\"\nto = [\"person:maria\"]\nsections = [\"news\"]", "7:13", "news"),
            ("schedule = \"@daily\"\nto = [\"person:maria\"]\nsections = []", "7:12", "needs a section"),
            ("schedule = \"@daily\"\nto = [\"person:maria\"]\nlimit = 0", "7:9", "between 1 and 500"),
            (
                "schedule = \"@daily\"\nto = [\"person:maria\"]\nlocale = \"it\"",
                "7:10",
                "no templates in \"it\"; there are some in de, en, es, fr",
            ),
            ("schedule = \"@daily\"\nto = [\"person:maria\"]\nkind = \"weekly\"", "7:8", "month_end"),
        ] {
            let error = with(&format!("\n[[digest]]\nname = \"d\"\n{digest}")).unwrap_err();
            let (line, column) = place.split_once(':').unwrap();
            let place = format!("config.toml:{}:{column}:", lines + line.parse::<usize>().unwrap());
            assert!(error.contains(wanted), "{digest}: {error}");
            assert!(error.starts_with(&place), "{place} {digest}: {error}");
        }
    }
}
