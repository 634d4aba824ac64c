//! `[[maintenance]]`, `[[inhibit]]` and `[quiet]`: what pages nobody for a while, when, and for how long at most.

use super::check::{Check, unknown};
use super::file::{OneOrMore, SeverityWord, Text, Words, words};
use crate::core::cron::CronSchedule;
use crate::core::event::Severity;
use crate::core::inhibit::{EqualField, Inhibit};
use crate::core::maintenance::{Covers, LONGEST, NAMES, Times, Window, longest_on};
use crate::core::rule::check_expression_over;
use crate::core::schedule::Handoff;
use crate::core::schedule::rotation::BadHandoff;
use crate::core::text::sanitise;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::collections::BTreeSet;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceTable {
    pub name: Text,
    /// A cron expression.
    pub schedule: Option<Text>,
    /// A time of the week: `"sat 22:00"`, or several.
    pub at: Option<Spanned<OneOrMore<String>>>,
    pub time_zone: Option<Text>,
    #[serde(rename = "for")]
    pub lasts: Text,
    pub partner: Option<Words>,
    pub kind: Option<Words>,
    pub source: Option<Words>,
    pub severity: Option<SeverityWord>,
    pub when: Option<Text>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct QuietTable {
    pub at_most: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InhibitTable {
    pub name: Text,
    pub source: Text,
    pub target: Text,
    pub equal: Spanned<Vec<EqualField>>,
    pub at_most: Option<Text>,
}

/// What no alert is quiet for longer because of others, unless said.
const USUAL: SignedDuration = SignedDuration::from_hours(4);

/// For how long one reason after another may keep an alert quiet, unless said.
const ON_AND_ON: SignedDuration = SignedDuration::from_hours(24);

impl Check<'_> {
    pub(super) fn quiet_at_most(&mut self, table: &QuietTable) -> SignedDuration {
        let Some(text) = &table.at_most else { return ON_AND_ON };
        let length = self.duration(text);
        if length > LONGEST || length < SignedDuration::from_hours(1) {
            self.wrong(text.span(), "at_most is between an hour and three days (72h)");
        }
        length
    }

    pub(super) fn maintenance(
        &mut self,
        tables: Vec<MaintenanceTable>,
        sources: &[String],
        zone: &TimeZone,
    ) -> Vec<Window> {
        let mut names = BTreeSet::new();
        tables.into_iter().flat_map(|table| self.window(table, sources, zone, &mut names)).collect()
    }

    /// One window for each time of the week that is named.
    fn window(
        &mut self,
        t: MaintenanceTable,
        sources: &[String],
        zone: &TimeZone,
        names: &mut BTreeSet<String>,
    ) -> Vec<Window> {
        self.name("maintenance window", &t.name, names);
        let zone = t.time_zone.as_ref().map_or_else(|| zone.clone(), |zone| self.zone(zone));
        let lasts = self.duration(&t.lasts);
        if lasts > LONGEST || lasts < SignedDuration::from_mins(1) {
            self.wrong(t.lasts.span(), "a window lasts between a minute and three days (72h)");
        }
        let covers = Covers {
            partners: words(t.partner),
            kinds: words(t.kind),
            sources: words(t.source),
            when: t.when.as_ref().map(|when| when.as_ref().clone()),
            up_to: t.severity.map_or(Severity::High, Into::into),
        };
        if let Some(when) = &t.when {
            self.condition(when);
        }
        if let Some(name) = covers.sources.iter().find(|name| !sources.contains(name)) {
            self.wrong(t.name.span(), unknown("source", name, sources.iter()));
        }
        if !covers.says_something() {
            let message =
                "say what this window covers: partner, kind, source or when; when = \"true\" covers all";
            self.wrong(t.name.span(), message);
        }
        let mut expressions: Vec<(String, std::ops::Range<usize>)> = Vec::new();
        match (&t.schedule, &t.at) {
            (Some(schedule), None) => expressions.push((schedule.as_ref().clone(), schedule.span())),
            (None, Some(at)) => {
                let texts: Vec<&String> = match at.as_ref() {
                    OneOrMore::One(one) => vec![one],
                    OneOrMore::More(more) => more.iter().collect(),
                };
                for text in texts {
                    match text.parse::<Handoff>() {
                        Ok(time) => expressions.push((weekly(&time), at.span())),
                        Err(why) => {
                            let why: BadHandoff = why;
                            self.wrong(at.span(), format!("{:?}: {why}", sanitise(text)));
                        }
                    }
                }
            }
            _ => self.wrong(
                t.name.span(),
                "a window begins by one of: schedule = \"0 22 * * sat\" (cron), at = \"sat 22:00\"",
            ),
        }
        let mut schedules = Vec::new();
        for (expression, span) in &expressions {
            match CronSchedule::parse(expression, zone.clone()) {
                Ok(schedule) => schedules.push(schedule),
                Err(why) => self.wrong(span.clone(), sanitise(&why.to_string()).into_owned()),
            }
        }
        // An hour more is the night in which the clocks go back.
        if let Some((_, span)) = expressions.into_iter().next()
            && longest_on(&schedules, lasts.min(LONGEST)) > LONGEST + SignedDuration::from_hours(1)
        {
            let message = "these windows follow on each other without a pause for more than three days (72h), so that \
                           nobody would be paged; use a rule with quiet = true if that is meant";
            self.wrong(span, message);
        }
        let window = |schedule| Window {
            name: t.name.as_ref().clone(),
            covers: covers.clone(),
            times: Times::Recurring { schedule, lasts },
        };
        schedules.into_iter().map(window).collect()
    }

    pub(super) fn inhibits(&mut self, tables: Vec<InhibitTable>) -> Vec<Inhibit> {
        let mut names = BTreeSet::new();
        tables.into_iter().map(|table| self.inhibit(table, &mut names)).collect()
    }

    fn inhibit(&mut self, t: InhibitTable, names: &mut BTreeSet<String>) -> Inhibit {
        self.name("inhibit rule", &t.name, names);
        self.condition(&t.source);
        self.condition(&t.target);
        let bare = |text: &Text| text.as_ref().split_whitespace().collect::<Vec<_>>().join(" ");
        if bare(&t.source) == bare(&t.target) {
            let message = "source and target are the same, so that two alerts could keep each other quiet; \
                           say what tells the cause from what it explains";
            self.wrong(t.target.span(), message);
        }
        if t.equal.as_ref().is_empty() {
            let message = "say what cause and effect must have in common: equal = [\"partner\"]; there are partner, \
                           kind, order, shipment, case, source. With nothing, any alert would keep any other quiet";
            self.wrong(t.equal.span(), message);
        }
        let at_most = match &t.at_most {
            Some(text) => {
                let length = self.duration(text);
                if length > LONGEST || length < SignedDuration::from_mins(1) {
                    self.wrong(text.span(), "at_most is between a minute and three days (72h)");
                }
                length
            }
            None => USUAL,
        };
        Inhibit {
            name: t.name.into_inner(),
            source: t.source.into_inner(),
            target: t.target.into_inner(),
            equal: t.equal.into_inner(),
            at_most,
        }
    }

    fn condition(&mut self, text: &Text) {
        if let Err(why) = check_expression_over(text.as_ref(), &NAMES) {
            self.wrong(text.span(), format!("this expression cannot be read: {why}"));
        }
    }
}

/// The cron expression of a time of the week.
fn weekly(time: &Handoff) -> String {
    let days: Vec<String> = time.days.iter().map(|day| (day.to_sunday_zero_offset()).to_string()).collect();
    format!("{} {} * * {}", time.time.minute(), time.time.hour(), days.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DEFAULT, Settings, parse};
    use std::path::Path;

    fn with(table: &str) -> Result<Settings, String> {
        let text = format!("{DEFAULT}\n{table}");
        parse(&text, Path::new("config.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_time_of_the_week_and_a_cron_expression_are_the_same_window() {
        let window = |how: &str| {
            let table = format!("[[maintenance]]\nname = \"w\"\n{how}\nfor = \"2h\"\npartner = \"acme\"\n");
            with(&table).unwrap().desk.maintenance
        };
        let at = |windows: &[Window], text: &str| {
            windows.iter().filter_map(|window| window.on_until(text.parse().unwrap())).max()
        };
        for how in [
            "schedule = \"30 22 * * sat,sun\"",
            "at = \"sat,sun 22:30\"",
            "at = [\"sat 22:30\", \"sun 22:30\"]",
        ] {
            let windows = window(how);
            let end = at(&windows, "2026-11-28T21:30:00Z").map(|end| end.to_string());
            assert_eq!(end.as_deref(), Some("2026-11-28T23:30:00Z"), "{how}");
            assert_eq!(at(&windows, "2026-11-27T21:30:00Z"), None, "{how}");
            assert_eq!(windows[0].covers.up_to, Severity::High, "critical still pages");
        }
    }

    #[test]
    fn a_window_without_an_end_or_a_limit_is_refused_with_its_place() {
        let lines = DEFAULT.lines().count();
        for (keys, place, wanted) in [
            ("at = \"sat 22:00\"\nfor = \"2h\"", "4:8", "say what this window covers"),
            ("for = \"2h\"\npartner = \"acme\"", "4:8", "a window begins by one of"),
            ("schedule = \"0 * * * *\"\nfor = \"1h\"\npartner = \"acme\"", "5:12", "nobody would be paged"),
            (
                "at = [\"00:00\", \"12:00\"]\nfor = \"12h\"\npartner = \"acme\"",
                "5:6",
                "without a pause for more than three days",
            ),
            ("schedule = \"0 0 30 2 *\"\nfor = \"1h\"\npartner = \"acme\"", "5:12", "never runs"),
            ("at = \"sat 22:00\"\nfor = \"73h\"\npartner = \"acme\"", "6:7", "three days"),
            ("at = \"someday\"\nfor = \"2h\"\npartner = \"acme\"", "5:6", "someday"),
            ("at = \"sat 22:00\"\nfor = \"2h\"\nsource = \"nowhere\"", "4:8", "no source"),
            (
                "at = \"sat 22:00\"\nfor = \"2h\"\nwhen = \"minutes_left < 3\"",
                "7:8",
                "there is no \"minutes_left\"",
            ),
        ] {
            let error = with(&format!("\n[[maintenance]]\nname = \"w\"\n{keys}")).unwrap_err();
            let (line, column) = place.split_once(':').unwrap();
            let place = format!("config.toml:{}:{column}:", lines + line.parse::<usize>().unwrap());
            assert!(error.contains(wanted), "{keys}: {error}");
            assert!(error.starts_with(&place), "{place} {keys}: {error}");
        }
    }

    #[test]
    fn how_long_quiet_may_go_on_is_a_day_unless_said_and_never_for_ever() {
        assert_eq!(with("").unwrap().desk.quiet_at_most, ON_AND_ON);
        assert_eq!(with("[quiet]\nat_most = \"6h\"").unwrap().desk.quiet_at_most.as_hours(), 6);
        for wrong in ["73h", "59m"] {
            let error = with(&format!("[quiet]\nat_most = \"{wrong}\"")).unwrap_err();
            assert!(error.contains("between an hour and three days"), "{error}");
        }
    }

    #[test]
    fn an_inhibit_rule_that_could_keep_everything_quiet_is_refused() {
        let rule = |source: &str, target: &str, equal: &str| {
            with(&format!(
                "[[inhibit]]\nname = \"gateway\"\nsource = \"{source}\"\ntarget = \"{target}\"\nequal = {equal}\n"
            ))
        };
        let kind = |kind: &str| format!("kind == '{kind}'");
        let fine = rule(&kind("gateway_down"), &kind("late_shipment"), "[\"partner\"]").unwrap();
        assert_eq!(fine.desk.inhibits[0].at_most, USUAL);
        for (source, target, equal, wanted) in [
            (kind("a"), kind("b"), "[]", "say what cause and effect must have in common"),
            (kind("a"), kind("b"), "[\"colour\"]", "unknown variant `colour`"),
            (kind("a"), "kind  ==  'a'".to_owned(), "[\"partner\"]", "keep each other quiet"),
            (kind("a"), "kind == ".to_owned(), "[\"partner\"]", "cannot be read"),
            ("knd == 'a'".to_owned(), kind("b"), "[\"partner\"]", "there is no \"knd\""),
        ] {
            let error = rule(&source, &target, equal).unwrap_err();
            assert!(error.contains(wanted), "{source} {target} {equal}: {error}");
        }
    }
}
