//! When a schedule written as a cron expression runs, in a named zone.
//!
//! The rule across clock changes: a run at set times is one civil time, so it happens once whatever the
//! clock does: in a gap at the moment the clock jumps past it, in an overlap the first time ([`wall`]).
//! A schedule of every hour or minute follows real time: it leaves out what is skipped, and goes again
//! when a time comes again. A [`Run`]'s name tells each of them apart, so that it can be done once.

use crate::core::wall;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};

/// A cron expression of five fields (or `@daily` and the like) and the zone whose clock it means.
#[derive(Clone, Debug, PartialEq)]
pub struct CronSchedule {
    /// As written.
    pub expression: String,
    pub time_zone: TimeZone,
    cron: Box<Cron>,
}

/// One time at which a schedule runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What the zone's clock shows, or is read to have shown in a gap.
    pub civil: DateTime,
    /// The moment it means.
    pub at: Timestamp,
    /// The second pass of an overlap, in a schedule that follows real time.
    pub again: bool,
}

/// Why an expression cannot be a schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCron {
    #[error(
        "{0}; a schedule is \"minute hour day month weekday\", such as \"0 7 * * mon-fri\" or \"30 17 L * *\""
    )]
    Unreadable(String),
    #[error("this schedule never runs: there is no such day")]
    Never,
}

impl Run {
    /// Tells it from every other run of the same schedule: `2026-10-25T07:00`.
    pub fn name(&self) -> String {
        let again = if self.again { " again" } else { "" };
        format!("{}{again}", self.civil.strftime("%Y-%m-%dT%H:%M"))
    }
}

impl CronSchedule {
    pub fn parse(expression: &str, time_zone: TimeZone) -> Result<Self, BadCron> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(expression).map_err(|why| BadCron::Unreadable(why.to_string()))?;
        let schedule = Self { expression: expression.to_owned(), time_zone, cron: Box::new(cron) };
        // The rarest there is: 29 February on one day of the week comes within 40 years.
        let start = jiff::civil::date(2000, 1, 1).at(0, 0, 0, 0);
        match schedule.cron.find_next_occurrence(&start, true) {
            Ok(first) if first < start.saturating_add(41.years()) => Ok(schedule),
            _ => Err(BadCron::Never),
        }
    }

    /// The first run after a moment; none near the end of time.
    pub fn next_after(&self, after: Timestamp) -> Option<Run> {
        if self.follows_real_time() { self.next_real(after) } else { self.next_civil(after) }
    }

    /// Whether it means every hour or minute, or every few, rather than times of the day.
    fn follows_real_time(&self) -> bool {
        self.cron.pattern.hours.from_wildcard || self.cron.pattern.minutes.from_wildcard
    }

    /// The latest run after `after` until and with `until`, and how many there were in that time.
    pub fn missed(&self, after: Timestamp, until: Timestamp) -> (Option<Run>, usize) {
        self.between(after, until).fold((None, 0), |(_, count), run| (Some(run), count + 1))
    }

    /// The runs after `after` until and with `until`, oldest first.
    fn between(&self, after: Timestamp, until: Timestamp) -> impl Iterator<Item = Run> {
        let next = move |at| self.next_after(at).filter(|run| run.at <= until);
        std::iter::successors(next(after), move |run| next(run.at)).flat_map(|run| self.together(run))
    }

    /// The run and all others of the same moment: a jump can pass several.
    fn together(&self, first: Run) -> Vec<Run> {
        let mut runs = vec![first];
        while let Some(last) = runs.last()
            && !self.follows_real_time()
            && let Ok(civil) = self.cron.find_next_occurrence(&last.civil, false)
            && wall::moment(&self.time_zone, civil) == last.at
        {
            let at = last.at;
            runs.push(Run { civil, at, again: false });
        }
        runs
    }

    fn next_civil(&self, after: Timestamp) -> Option<Run> {
        // A clock that went back shows times again that have run already: start before them.
        let start = self.time_zone.to_datetime(after).checked_sub(SignedDuration::from_hours(26)).ok()?;
        let mut civil = self.cron.find_next_occurrence(&start, true).ok()?;
        loop {
            let at = wall::moment(&self.time_zone, civil);
            if at > after {
                return Some(Run { civil, at, again: false });
            }
            civil = self.cron.find_next_occurrence(&civil, false).ok()?;
        }
    }

    fn next_real(&self, after: Timestamp) -> Option<Run> {
        let next = self.cron.find_next_occurrence(&after.to_zoned(self.time_zone.clone()), false).ok()?;
        let civil = next.datetime();
        let again = match self.time_zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Fold { after, .. } => next.offset() == after,
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Gap { .. } => false,
        };
        Some(Run { civil, at: next.timestamp(), again })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn cron(expression: &str, zone: &str) -> CronSchedule {
        CronSchedule::parse(expression, TimeZone::get(zone).unwrap()).unwrap()
    }

    fn names(expression: &str, zone: &str, from: &str, until: &str) -> Vec<(String, String)> {
        let cron = cron(expression, zone);
        let runs: Vec<_> = cron.between(from.parse().unwrap(), until.parse().unwrap()).collect();
        runs.iter().map(|run| (run.name(), run.at.to_string())).collect()
    }

    #[test]
    fn a_skipped_time_runs_at_the_jump_and_a_doubled_one_the_first_time() {
        for (zone, from, until, wanted) in [
            ("Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z", "2026-10-25T00:30:00Z"),
            ("America/New_York", "2026-03-08T00:00:00Z", "2026-03-08T20:00:00Z", "2026-03-08T07:00:00Z"),
            ("America/New_York", "2026-11-01T00:00:00Z", "2026-11-01T20:00:00Z", "2026-11-01T07:30:00Z"),
        ] {
            let runs = names("30 2 * * *", zone, from, until);
            assert_eq!(runs.iter().map(|run| run.1.as_str()).collect::<Vec<_>>(), [wanted], "{zone}");
        }
    }

    #[test]
    fn a_day_that_a_zone_skips_and_a_midnight_that_is_skipped_still_have_their_run() {
        assert_eq!(
            names("0 7 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", "2011-12-31T00:00:00Z"),
            [
                ("2011-12-29T07:00".into(), "2011-12-29T17:00:00Z".into()),
                ("2011-12-30T07:00".into(), "2011-12-30T10:00:00Z".into()),
                ("2011-12-31T07:00".into(), "2011-12-30T17:00:00Z".into()),
            ]
        );
        assert_eq!(
            names("0 0 * * *", "America/Santiago", "2026-09-06T00:00:00Z", "2026-09-07T02:00:00Z"),
            [("2026-09-06T00:00".into(), "2026-09-06T04:00:00Z".into())]
        );
    }

    #[test]
    fn every_hour_follows_real_time() {
        let runs = names("0 * * * *", "Europe/Berlin", "2026-10-24T23:59:00Z", "2026-10-25T02:00:00Z");
        assert_eq!(
            runs.iter().map(|run| run.0.as_str()).collect::<Vec<_>>(),
            ["2026-10-25T02:00", "2026-10-25T02:00 again", "2026-10-25T03:00"]
        );
        let runs = names("0 * * * *", "Europe/Berlin", "2026-03-28T23:59:00Z", "2026-03-29T02:00:00Z");
        assert_eq!(
            runs.iter().map(|run| run.0.as_str()).collect::<Vec<_>>(),
            ["2026-03-29T01:00", "2026-03-29T03:00", "2026-03-29T04:00"]
        );
    }

    #[test]
    fn the_last_day_of_the_month_and_plain_names_are_understood_and_nonsense_is_not() {
        let month_ends = names("0 18 L * *", "UTC", "2028-01-31T18:00:00Z", "2028-03-31T18:00:00Z");
        assert_eq!(
            month_ends.iter().map(|run| run.0.as_str()).collect::<Vec<_>>(),
            ["2028-02-29T18:00", "2028-03-31T18:00"]
        );
        assert_eq!(names("@daily", "UTC", "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z").len(), 2);
        for bad in ["", "7", "0 7 * *", "60 7 * * *", "0 0 7 * * *", "0 7 * * monday-ish", "0 25 * * *"] {
            let error = CronSchedule::parse(bad, TimeZone::UTC).unwrap_err();
            assert!(matches!(error, BadCron::Unreadable(_)), "{bad}: {error}");
        }
        assert_eq!(CronSchedule::parse("0 0 30 2 *", TimeZone::UTC), Err(BadCron::Never));
        assert!(CronSchedule::parse("0 0 29 2 *", TimeZone::UTC).is_ok());
    }

    #[test]
    fn of_many_missed_runs_the_latest_is_named_and_all_are_counted() {
        let daily = cron("0 7 * * *", "UTC");
        let at = |text: &str| text.parse().unwrap();
        let (latest, count) = daily.missed(at("2026-01-01T00:00:00Z"), at("2026-12-31T08:00:00Z"));
        assert_eq!((latest.unwrap().name().as_str(), count), ("2026-12-31T07:00", 365));
        assert_eq!(daily.missed(at("2026-01-01T07:00:00Z"), at("2026-01-02T06:59:59Z")), (None, 0));
    }

    /// Clock changes, in either direction and of every size.
    fn changes() -> impl Strategy<Value = (&'static str, Timestamp)> {
        prop::sample::select(vec![
            ("Europe/Berlin", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-10-25T01:00:00Z"),
            ("America/New_York", "2026-03-08T07:00:00Z"),
            ("America/New_York", "2026-11-01T06:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
            ("Pacific/Apia", "2011-12-30T10:00:00Z"),
            ("America/Santiago", "2026-04-05T03:00:00Z"),
            ("America/Santiago", "2026-09-06T04:00:00Z"),
            ("Africa/Casablanca", "2026-02-15T02:00:00Z"),
        ])
        .prop_map(|(zone, at)| (zone, at.parse().unwrap()))
    }

    proptest! {
        #[test]
        fn every_civil_run_around_a_clock_change_happens_exactly_once(
            (zone, change) in changes(), hours in prop::collection::btree_set(0u8..24, 1..4), minute in 0u8..60,
            stops in prop::collection::vec(0i64..96 * 60, 0..12),
        ) {
            let hours: Vec<_> = hours.iter().map(u8::to_string).collect();
            let schedule = cron(&format!("{minute} {} * * *", hours.join(",")), zone);
            let (from, until) = (change - SignedDuration::from_hours(48), change + SignedDuration::from_hours(48));
            // However the time is cut into pieces, as restarts do.
            let mut cuts: Vec<_> = stops.iter().map(|m| from + SignedDuration::from_mins(*m)).collect();
            cuts.extend([from, until]);
            cuts.sort();
            let runs: Vec<Run> =
                cuts.windows(2).flat_map(|cut| schedule.between(cut[0], cut[1])).collect();
            let found: BTreeSet<_> = runs.iter().map(Run::name).collect();
            prop_assert_eq!(found.len(), runs.len(), "none twice");
            prop_assert!(runs.is_sorted_by_key(|run| run.at));
            // Every day of the calendar has each of its times, whatever the clock did that day.
            let zone = TimeZone::get(zone).unwrap();
            let mut day = zone.to_datetime(from).date();
            while day <= zone.to_datetime(until).date() {
                for hour in &hours {
                    let civil = day.at(hour.parse().unwrap(), minute as i8, 0, 0);
                    let at = wall::moment(&zone, civil);
                    let name = Run { civil, at, again: false }.name();
                    prop_assert_eq!(found.contains(&name), from < at && at <= until, "{}", name);
                }
                day = day.tomorrow().unwrap();
            }
        }

        #[test]
        fn a_schedule_of_every_few_minutes_never_pauses_and_never_repeats(
            (zone, change) in changes(), minutes in prop::sample::select(vec![5i64, 10, 15, 30]),
        ) {
            let schedule = cron(&format!("*/{minutes} * * * *"), zone);
            let (from, until) = (change - SignedDuration::from_hours(30), change + SignedDuration::from_hours(30));
            let runs: Vec<Run> = schedule.between(from, until).collect();
            let apart = SignedDuration::from_mins(minutes);
            for pair in runs.windows(2) {
                prop_assert_eq!(pair[0].at.duration_until(pair[1].at), apart, "{:?}", pair);
            }
            let found: BTreeSet<_> = runs.iter().map(Run::name).collect();
            prop_assert_eq!(found.len(), runs.len());
        }

        #[test]
        fn any_text_is_a_schedule_or_a_sentence(text in "[0-9*/,@#LW a-z-]{0,24}") {
            if let Err(why) = CronSchedule::parse(&text, TimeZone::UTC) {
                prop_assert!(!why.to_string().is_empty());
            }
        }
    }
}
