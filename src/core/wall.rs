//! The moment at which a zone's wall clock first shows a civil time, or jumps past it.
//!
//! It is the one rule across clock changes that calendars and cron schedules share: a time that is
//! skipped (a gap) is the moment of the jump, a time that comes twice (an overlap) is the first of the
//! two. So a later civil time is never an earlier moment, and no two days overlap.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};

/// The moment of `civil` in `zone`; the nearest one there is beyond the ends of time.
pub fn moment(zone: &TimeZone, civil: DateTime) -> Timestamp {
    match zone.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { offset } => at(civil, offset),
        AmbiguousOffset::Fold { before, .. } => at(civil, before),
        AmbiguousOffset::Gap { before, after } => {
            // Read with the later offset, a skipped time lies before the jump; with the earlier one, not.
            let (lower, upper) = (at(civil, after), at(civil, before));
            zone.following(lower)
                .map(|change| (change.timestamp(), change.offset()))
                .take_while(|(moment, _)| *moment <= upper)
                .find(|(_, offset)| *offset == after)
                .map_or(upper, |(moment, _)| moment)
        }
    }
}

fn at(civil: DateTime, offset: Offset) -> Timestamp {
    let end = if civil.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    offset.to_timestamp(civil).unwrap_or(end)
}

/// A time as people type it: `30m` (after `now`), `06:30` and `fri 18:00` or `fri 18` (the next ones), `2026-11-27 18:00`, or
/// RFC 3339; on the clock of the zone where it names none.
pub fn typed(typed: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let typed = typed.trim();
    if let Ok(at) = typed.parse::<Timestamp>() {
        return Some(at);
    }
    if let Ok(length) = typed.parse::<SignedDuration>()
        && length.is_positive()
    {
        return now.checked_add(length).ok();
    }
    // Before a bare time of day, for which jiff takes the one of a date as well.
    if let Some(at) = of_day(typed, now, zone) {
        return Some(at);
    }
    let time = clock(typed)?;
    let here = now.to_zoned(zone.clone());
    let today = here.with().time(time).build().ok();
    let tomorrow = here.checked_add(1.day()).ok().and_then(|day| day.with().time(time).build().ok());
    today.filter(|at| at.timestamp() > now).or(tomorrow).map(|at| at.timestamp())
}

/// `fri 18:00` or `fri 18`, the next one; `2026-11-27 18:00` or `2026-11-27T18:00`, on the clock of the zone.
fn of_day(typed: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    // A `T` parts a date from its time, but begins a Tuesday.
    let parted = typed.split_once(' ').or_else(|| typed.split_once('T'));
    let (day, time) = parted.map(|(day, time)| (day, time.trim()))?;
    let hour = || Time::new(time.parse().ok()?, 0, 0, 0).ok();
    let time = clock(time).or_else(hour)?;
    if let Ok(date) = day.parse::<Date>() {
        return Some(moment(zone, date.to_datetime(time)));
    }
    let weekday =
        WEEKDAYS.iter().find(|(name, _)| name.starts_with(&day.to_lowercase()) && day.len() >= 2)?.1;
    let today = now.to_zoned(zone.clone()).date();
    let days = i32::from(today.weekday().until(weekday));
    let on = |days: i32| {
        let date = today.checked_add(days.days()).ok()?;
        Some(moment(zone, date.to_datetime(time)))
    };
    on(days).filter(|at| *at > now).or_else(|| on(days + 7))
}

/// `06:30`, and `6:30` as hands write it.
fn clock(typed: &str) -> Option<Time> {
    let short = typed.split_once(':').is_some_and(|(hour, _)| hour.len() == 1);
    if short { format!("0{typed}").parse().ok() } else { typed.parse().ok() }
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_skipped_time_is_the_moment_of_the_jump_and_a_doubled_one_the_first() {
        for (zone, civil, wanted) in [
            ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00Z"),
            ("Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-03T15:30:00Z"),
            ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00:00Z"),
            ("America/Santiago", "2026-09-06T00:00", "2026-09-06T04:00:00Z"),
        ] {
            let zone = TimeZone::get(zone).unwrap();
            assert_eq!(moment(&zone, civil.parse().unwrap()), wanted.parse().unwrap(), "{civil}");
        }
    }

    #[test]
    fn an_hour_after_a_day_is_a_time() {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        let at = |text| typed(text, now, &TimeZone::UTC).map(|at| at.to_string());
        assert_eq!(at("thu 6").as_deref(), Some("2026-11-26T06:00:00Z"));
        assert_eq!(at("2026-11-27 18"), at("2026-11-27 18:00"));
        assert_eq!((at("thu 25"), at("6"), at(":30"), at("x:30")), (None, None, None, None));
        assert_eq!((at("6:30"), at("thu 6:30")), (at("06:30"), at("thu 06:30")));
        assert!(at("6:30").is_some() && at("thu 6:30").is_some());
    }

    proptest! {
        #[test]
        fn a_later_civil_time_is_never_an_earlier_moment(
            zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                "Pacific/Apia", "America/Santiago", "Africa/Casablanca", "America/St_Johns", "Antarctica/Troll"]),
            second in 1_200_000_000i64..2_000_000_000,
            later in 0i64..200_000,
        ) {
            let zone = TimeZone::get(zone).unwrap();
            let first = Offset::UTC.to_datetime(Timestamp::from_second(second).unwrap());
            let then = Offset::UTC.to_datetime(Timestamp::from_second(second + later).unwrap());
            prop_assert!(moment(&zone, first) <= moment(&zone, then), "{first} {then}");
        }

        #[test]
        fn the_clock_then_shows_the_time_or_has_just_jumped_past_it(
            zone in prop::sample::select(vec!["Europe/Berlin", "America/Santiago", "Pacific/Apia"]),
            second in 1_200_000_000i64..2_000_000_000,
        ) {
            let zone = TimeZone::get(zone).unwrap();
            let civil = Offset::UTC.to_datetime(Timestamp::from_second(second).unwrap());
            let found = moment(&zone, civil);
            let shown = zone.to_datetime(found);
            let just_before = zone.to_datetime(found - jiff::SignedDuration::from_nanos(1));
            prop_assert!(shown == civil || (just_before < civil && civil < shown), "{civil} {shown}");
        }
    }
}
