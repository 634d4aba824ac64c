//! Maintenance windows: times in which nobody is paged for what was to be expected. Recurring ones are
//! configured, single ones are stored.
//!
//! Across clock changes a recurring window is wall time, as hours of work are ([`wall`]): it lasts from the
//! moment the zone's clock shows its begin until the moment it shows its end. One that is skipped whole does
//! not come. A single window lies between two moments.

use crate::core::alert::{Alert, Member};
use crate::core::cron::{CronSchedule, Run};
use crate::core::event::Severity;
use crate::core::id::WindowId;
use crate::core::partner::PartnerRef;
use crate::core::person::PersonId;
use crate::core::rule;
use crate::core::text::{Untrusted, sanitise};
use crate::core::wall;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// No alert is quiet for longer without a new decision, and no window lasts longer.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(72);

/// A window that counts for decisions, configured or stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// What the timeline calls it: the configured name, or `M3`.
    pub name: String,
    pub covers: Covers,
    pub times: Times,
}

/// When a window is on.
#[derive(Clone, Debug, PartialEq)]
pub enum Times {
    /// Each run of the schedule begins a window that lasts so long on the zone's clock.
    Recurring {
        schedule: CronSchedule,
        lasts: SignedDuration,
    },
    Once {
        from: Timestamp,
        until: Timestamp,
    },
}

/// What a window covers: what fits all of it. An empty list asks nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covers {
    /// Partner ids.
    #[serde(default)]
    pub partners: Vec<String>,
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Names of the sources that events came in by.
    #[serde(default)]
    pub sources: Vec<String>,
    /// A condition over one exception, see [`NAMES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What is more severe pages all the same.
    pub up_to: Severity,
}

/// A single window, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredWindow {
    pub id: WindowId,
    pub state: WindowState,
    pub covers: Covers,
    pub from: Timestamp,
    pub until: Timestamp,
    pub why: Untrusted,
    /// Who made it.
    pub by: PersonId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowState {
    Active,
    /// Taken back before it ended.
    Removed,
}

impl WindowState {
    pub fn as_str(self) -> &'static str {
        match self {
            WindowState::Active => "active",
            WindowState::Removed => "removed",
        }
    }
}

impl StoredWindow {
    /// As decisions see it.
    pub fn window(&self) -> Window {
        let times = Times::Once { from: self.from, until: self.until };
        Window { name: self.id.to_string(), covers: self.covers.clone(), times }
    }
}

/// What an expression over one exception of an alert may speak of.
pub const NAMES: [&str; 9] =
    ["kind", "severity", "partner", "amount", "currency", "order", "shipment", "case", "source"];

/// One exception of an alert, as expressions see it.
pub fn facts(partner: &PartnerRef, member: &Member) -> Value {
    json!({
        "kind": member.kind.word(),
        "severity": member.severity,
        "partner": partner,
        "amount": member.amount.as_ref().map(|money| money.cents as f64 / 100.0),
        "currency": member.amount.as_ref().map(|money| money.currency.raw()),
        "order": member.order,
        "shipment": member.shipment,
        "case": member.case,
        "source": member.feed,
    })
}

impl Covers {
    /// Whether it names anything at all; what covers everything must say so.
    pub fn says_something(&self) -> bool {
        let lists = [&self.partners, &self.kinds, &self.sources];
        lists.iter().any(|list| !list.is_empty()) || self.when.is_some()
    }

    /// Whether all of these exceptions of a partner are covered. An expression that cannot be evaluated
    /// covers nothing.
    pub fn fit<'m>(&self, partner: &PartnerRef, mut members: impl Iterator<Item = &'m Member>) -> bool {
        let named = |list: &[String], word: &str| list.is_empty() || list.iter().any(|one| one == word);
        named(&self.partners, partner.id.raw())
            && members.all(|member| {
                member.severity <= self.up_to
                    && named(&self.kinds, member.kind.word())
                    && named(&self.sources, &member.feed)
                    && self
                        .when
                        .as_ref()
                        .is_none_or(|when| rule::holds_over(when, &facts(partner, member)).unwrap_or(false))
            })
    }

    /// In words: `partner acme, kind late_shipment, up to high`.
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        for (what, list) in [("partner", &self.partners), ("kind", &self.kinds), ("source", &self.sources)] {
            if !list.is_empty() {
                words.push(format!("{what} {}", sanitise(&list.join(" or "))));
            }
        }
        words.extend(self.when.as_ref().map(|when| format!("when {}", sanitise(when))));
        words.push(format!("up to {}", self.up_to.as_str()));
        words.join(", ")
    }
}

impl Window {
    /// When it ends, if it is on at that moment; of several runs that are, the latest end.
    pub fn on_until(&self, at: Timestamp) -> Option<Timestamp> {
        match &self.times {
            Times::Once { from, until } => (*from <= at && at < *until).then_some(*until),
            Times::Recurring { schedule, lasts } => {
                // A window on the wall clock is a few hours longer than it says at most.
                let back = *lasts + SignedDuration::from_hours(26);
                let mut after = at.saturating_sub(back).unwrap_or(Timestamp::MIN);
                let mut latest = None;
                while let Some(run) = schedule.next_after(after).filter(|run| run.at <= at) {
                    latest = latest.max(Some(end(&schedule.time_zone, &run, *lasts)));
                    after = run.at;
                }
                latest.filter(|end| *end > at)
            }
        }
    }

    /// The times it is on that end after `from` and begin before `until`, the first ones.
    pub fn between(&self, from: Timestamp, until: Timestamp, most: usize) -> Vec<(Timestamp, Timestamp)> {
        match &self.times {
            Times::Once { from: begins, until: ends } => {
                if *begins < until && from < *ends {
                    vec![(*begins, *ends)]
                } else {
                    Vec::new()
                }
            }
            Times::Recurring { schedule, lasts } => {
                let back = *lasts + SignedDuration::from_hours(26);
                let mut after = from.saturating_sub(back).unwrap_or(Timestamp::MIN);
                let mut found = Vec::new();
                while found.len() < most
                    && let Some(run) = schedule.next_after(after).filter(|run| run.at < until)
                {
                    let ends = end(&schedule.time_zone, &run, *lasts);
                    if ends > from && ends > run.at {
                        found.push((run.at, ends));
                    }
                    after = run.at;
                }
                found
            }
        }
    }

    pub fn is_recurring(&self) -> bool {
        matches!(self.times, Times::Recurring { .. })
    }
}

/// When the window that a run begins ends: when the clock shows it; after as much real time in the second
/// pass of an overlap, which the clock shows twice.
fn end(zone: &TimeZone, run: &Run, lasts: SignedDuration) -> Timestamp {
    match run.civil.checked_add(lasts) {
        Ok(civil) if !run.again => wall::moment(zone, civil),
        _ => run.at.saturating_add(lasts).unwrap_or(Timestamp::MAX),
    }
}

/// How long a window that begins with every run of any of these schedules, and lasts so long each time, is on
/// without a pause at most. Looked at over so many runs from the start of a year, or until that is clear.
pub fn longest_on(schedules: &[CronSchedule], lasts: SignedDuration) -> SignedDuration {
    let (mut longest, mut on): (SignedDuration, Option<(Timestamp, Timestamp)>) =
        (SignedDuration::ZERO, None);
    let first = |schedule: &CronSchedule| {
        wall::moment(&schedule.time_zone, jiff::civil::date(2025, 1, 1).at(0, 0, 0, 0))
    };
    let mut after = schedules.iter().map(first).min().unwrap_or(Timestamp::UNIX_EPOCH);
    for _ in 0..500 {
        let next = schedules.iter().filter_map(|schedule| Some((schedule, schedule.next_after(after)?)));
        let Some((schedule, run)) = next.min_by_key(|(_, run)| run.at) else { break };
        after = run.at;
        let ends = end(&schedule.time_zone, &run, lasts);
        on = match on {
            Some((began, before)) if run.at <= before => Some((began, before.max(ends))),
            _ => Some((run.at, ends)),
        };
        longest = longest.max(on.map_or(SignedDuration::ZERO, |(began, until)| until.duration_since(began)));
        if longest > LONGEST * 3 {
            break;
        }
    }
    longest
}

/// When the times that one table names, begun by one that ends then, have followed on each other to their end.
pub fn end_of(windows: &[Window], name: &str, mut until: Timestamp) -> Timestamp {
    // What is configured follows on itself for three days at most.
    for _ in 0..LONGEST.as_mins() {
        let on = windows.iter().filter(|window| window.name == name).filter_map(|w| w.on_until(until));
        match on.max() {
            Some(later) => until = later,
            None => break,
        }
    }
    until
}

/// The window that keeps these exceptions of an alert quiet the longest, and until when.
pub fn rest<'w>(
    windows: &'w [Window],
    alert: &Alert,
    members: &[Member],
    now: Timestamp,
) -> Option<(&'w Window, Timestamp)> {
    let live = || members.iter().filter(|member| member.cleared_at.is_none());
    let on = windows.iter().filter_map(|window| Some((window, window.on_until(now)?)));
    on.filter(|(window, _)| window.covers.fit(&alert.partner, live())).max_by_key(|(_, until)| *until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn window(expression: &str, zone: &str, lasts: SignedDuration) -> Window {
        let schedule = CronSchedule::parse(expression, TimeZone::get(zone).unwrap()).unwrap();
        Window { name: "w".into(), covers: all(), times: Times::Recurring { schedule, lasts } }
    }

    fn all() -> Covers {
        Covers { partners: vec![], kinds: vec![], sources: vec![], when: None, up_to: Severity::High }
    }

    fn times(window: &Window, from: &str, until: &str) -> Vec<(String, String)> {
        let found = window.between(from.parse().unwrap(), until.parse().unwrap(), 100);
        found.iter().map(|(from, until)| (from.to_string(), until.to_string())).collect()
    }

    #[test]
    fn a_night_is_an_hour_longer_in_autumn_and_shorter_in_spring() {
        let night = window("0 22 * * sat", "Europe/Berlin", SignedDuration::from_hours(8));
        let spring = times(&night, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z");
        assert_eq!(spring, [("2026-03-28T21:00:00Z".into(), "2026-03-29T04:00:00Z".into())]);
        let autumn = times(&night, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z");
        assert_eq!(autumn, [("2026-10-24T20:00:00Z".into(), "2026-10-25T05:00:00Z".into())]);
    }

    #[test]
    fn one_that_is_skipped_whole_does_not_come() {
        let skipped = window("0 2 * * *", "Europe/Berlin", SignedDuration::from_hours(1));
        let days = times(&skipped, "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z");
        assert_eq!(days, [("2026-03-30T00:00:00Z".into(), "2026-03-30T01:00:00Z".into())]);
        assert_eq!(skipped.on_until("2026-03-29T01:00:00Z".parse().unwrap()), None);
    }

    #[test]
    fn the_end_is_not_part_of_it_and_the_latest_of_several_counts() {
        let hourly = window("0 * * * *", "UTC", SignedDuration::from_mins(90));
        let at = |text: &str| hourly.on_until(text.parse().unwrap()).map(|end| end.to_string());
        assert_eq!(at("2026-05-01T10:00:00Z").as_deref(), Some("2026-05-01T11:30:00Z"));
        let weekly = window("0 10 * * fri", "UTC", SignedDuration::from_hours(2));
        assert_eq!(weekly.on_until("2026-05-01T12:00:00Z".parse().unwrap()), None);
        assert!(weekly.on_until("2026-05-01T11:59:59Z".parse().unwrap()).is_some());
    }

    #[test]
    fn how_long_windows_are_on_without_a_pause_is_seen_of_all_of_them_together() {
        let longest = |expressions: &[&str], hours: i64| {
            let zone = TimeZone::get("Europe/Berlin").unwrap();
            let parse = |text: &&str| CronSchedule::parse(text, zone.clone()).unwrap();
            let schedules: Vec<_> = expressions.iter().map(parse).collect();
            longest_on(&schedules, SignedDuration::from_hours(hours)).as_hours()
        };
        assert!(longest(&["0 * * * *"], 1) > 72, "it never ends");
        assert!(longest(&["0 0 * * *"], 24) > 72);
        assert_eq!(longest(&["0 0 * * *"], 23), 24, "in the night the clocks go back");
        assert_eq!(longest(&["0 0 29 2 *"], 72), 72);
        assert!(longest(&["0 0 * * *", "0 12 * * *"], 12) > 72, "each alone has a pause");
        assert_eq!(longest(&["0 0 * * sat", "0 0 * * sun"], 24), 49, "and two on a weekend are one");
    }

    proptest! {
        #[test]
        fn a_window_is_on_exactly_from_its_begin_until_its_end(
            zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC",
                "America/Santiago", "Africa/Casablanca"]),
            hour in 0..24i8, minute in 0..60i8, lasts in 1..72 * 60i64, offset in 0..366 * 24 * 60i64,
        ) {
            let window = window(&format!("{minute} {hour} * * *"), zone, SignedDuration::from_mins(lasts));
            let at: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
            let at = at + SignedDuration::from_mins(offset);
            let around = window.between(at, at + SignedDuration::from_secs(1), 100);
            let until = around.iter().filter(|(from, until)| *from <= at && at < *until).map(|(_, until)| *until).max();
            prop_assert_eq!(window.on_until(at), until);
        }
    }
}
