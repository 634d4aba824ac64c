//! Working time: the hours of the week at which a desk, or a partner, is at work, and the days off.
//!
//! The rule across clock changes: hours are wall time, with [`wall`]'s meaning. A span's ends are the
//! moments at which the zone's clock first shows them, or jumps past them; what lies between counts as it
//! really passes. So a night shift is an hour longer in autumn and shorter in spring, hours that are
//! skipped altogether are no working time, and a day that a zone skipped is no working day.

use crate::core::wall;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// How far ahead anything is looked for, in days: five years.
const FAR: usize = 5 * 366;

/// Working hours of the week in a zone, and the days that are off.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    pub name: String,
    pub time_zone: TimeZone,
    pub week: Week,
    /// Days without work, by the date in the calendar's zone.
    pub holidays: BTreeSet<Date>,
}

/// The hours of each day of the week.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Week {
    /// From Monday; each day's hours in order, none over another.
    days: [Vec<Hours>; 7],
}

/// From a time of day until another of the same day; until midnight means to the end of the day (24:00).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours {
    pub from: Time,
    pub until: Time,
}

/// Why hours cannot be what they are said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHours {
    #[error("hours are written 08:00-17:00, the end after the start, at most 24:00")]
    Unreadable,
    #[error("these hours overlap others of the same day")]
    Overlap,
}

impl std::str::FromStr for Hours {
    type Err = BadHours;

    fn from_str(text: &str) -> Result<Self, BadHours> {
        let (from, until) = text.split_once('-').ok_or(BadHours::Unreadable)?;
        let time = |text: &str| text.trim().parse::<Time>().map_err(|_| BadHours::Unreadable);
        let until = if until.trim() == "24:00" { Time::midnight() } else { time(until)? };
        let hours = Self { from: time(from)?, until };
        match hours.is_to_midnight() || hours.from < until {
            true => Ok(hours),
            false => Err(BadHours::Unreadable),
        }
    }
}

impl Hours {
    fn is_to_midnight(self) -> bool {
        self.until == Time::midnight()
    }
}

impl Week {
    /// Adds hours to a day.
    pub fn add(&mut self, day: Weekday, hours: Hours) -> Result<(), BadHours> {
        let list = &mut self.days[usize::from(day.to_monday_zero_offset().unsigned_abs())];
        let before = |a: &Hours, b: &Hours| !a.is_to_midnight() && a.until <= b.from;
        if list.iter().any(|other| !before(other, &hours) && !before(&hours, other)) {
            return Err(BadHours::Overlap);
        }
        list.push(hours);
        list.sort();
        Ok(())
    }

    fn of(&self, day: Weekday) -> &[Hours] {
        &self.days[usize::from(day.to_monday_zero_offset().unsigned_abs())]
    }
}

impl Calendar {
    /// The same hours from Monday to Friday; until midnight means to the end of the day.
    pub fn weekdays(name: &str, zone: TimeZone, from: Time, to: Time) -> Self {
        let mut week = Week::default();
        for day in Weekday::Monday.cycle_forward().take(5) {
            // The first hours of an empty day overlap nothing.
            let _ = week.add(day, Hours { from, until: to });
        }
        Self { name: name.to_owned(), time_zone: zone, week, holidays: BTreeSet::new() }
    }

    /// The same hours and days off elsewhere, such as in a partner's own zone.
    pub fn in_zone(&self, zone: TimeZone) -> Self {
        Self { time_zone: zone, ..self.clone() }
    }

    /// The first moment at which `working` time has passed since `from`; for none, `from` itself if it
    /// is working time and else the next moment that is. Where five years do not hold that much, the
    /// moment five years on.
    pub fn after(&self, from: Timestamp, working: SignedDuration) -> Timestamp {
        let mut left = working.max(SignedDuration::ZERO);
        for (begin, end) in self.open(from) {
            let begin = begin.max(from);
            let here = begin.duration_until(end);
            if left < here || (left == here && !left.is_zero()) {
                return begin + left;
            }
            left -= here;
        }
        far(from)
    }

    /// The end of the `days`-th working day after `from`'s day. 0 is the end of `from`'s own day, or of
    /// the next working day where that one is off or already over. A day that works until 24:00 ends a
    /// second before it: midnight is called the next day, and days counted from it would begin there.
    pub fn end_of_day(&self, from: Timestamp, days: u32) -> Timestamp {
        let today = self.time_zone.to_datetime(from).date();
        let mut left = days;
        for day in days_from(today) {
            let Some(end) = self.spans(day).map(|(_, end)| end).last() else { continue };
            let of_next_day = self.time_zone.to_datetime(end).date() > day;
            let end = if of_next_day { end - SignedDuration::from_secs(1) } else { end };
            if (day == today && days > 0) || end <= from {
                continue;
            }
            match left {
                0 | 1 => return end,
                _ => left -= 1,
            }
        }
        far(from)
    }

    /// Whether work is done at this moment; the moment at which hours end is not part of them.
    pub fn is_working(&self, at: Timestamp) -> bool {
        self.open(at).next().is_some_and(|(begin, _)| begin <= at)
    }

    /// How much working time lies between two moments; none if `b` is not after `a`. Nothing later than
    /// five years after `a` is counted.
    pub fn working_between(&self, a: Timestamp, b: Timestamp) -> SignedDuration {
        self.open(a)
            .take_while(|(begin, _)| *begin < b)
            .map(|(begin, end)| begin.max(a).duration_until(end.min(b)))
            .fold(SignedDuration::ZERO, |sum, here| sum.saturating_add(here))
    }

    /// The spans of working time that end after `from`, in order, for five years.
    fn open(&self, from: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let today = self.time_zone.to_datetime(from).date();
        days_from(today).flat_map(|day| self.spans(day)).filter(move |(_, end)| *end > from)
    }

    /// A day's spans of working time, those that clock changes leave something of.
    fn spans(&self, day: Date) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let hours = if self.holidays.contains(&day) { &[] } else { self.week.of(day.weekday()) };
        hours
            .iter()
            .map(move |hours| {
                let end = match hours.is_to_midnight() {
                    true => day.tomorrow().map_or(Timestamp::MAX, |next| {
                        wall::moment(&self.time_zone, next.to_datetime(Time::midnight()))
                    }),
                    false => wall::moment(&self.time_zone, day.to_datetime(hours.until)),
                };
                (wall::moment(&self.time_zone, day.to_datetime(hours.from)), end)
            })
            .filter(|(begin, end)| begin < end)
    }
}

fn days_from(day: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(day), |day| day.tomorrow().ok()).take(FAR)
}

fn far(from: Timestamp) -> Timestamp {
    from.saturating_add(SignedDuration::from_hours(24 * FAR as i64)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    fn office(zone: &str) -> Calendar {
        let zone = TimeZone::get(zone).unwrap();
        Calendar::weekdays("office", zone, time(8, 0, 0, 0), time(18, 0, 0, 0))
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn four_hours_from_friday_afternoon_end_on_monday_morning() {
        let office = office("Europe/Berlin");
        // Friday 16:00 in summer time; the clock changes on Sunday.
        let friday = at("2026-10-23T14:00:00Z");
        assert_eq!(office.after(friday, SignedDuration::from_hours(4)), at("2026-10-26T09:00:00Z"));
        assert_eq!(office.after(friday, SignedDuration::from_hours(2)), at("2026-10-23T16:00:00Z"));
        assert_eq!(office.end_of_day(friday, 0), at("2026-10-23T16:00:00Z"));
        assert_eq!(office.end_of_day(friday, 1), at("2026-10-26T17:00:00Z"));
        assert_eq!(office.end_of_day(at("2026-10-23T17:00:00Z"), 0), at("2026-10-26T17:00:00Z"));
        assert_eq!(office.end_of_day(at("2026-10-24T12:00:00Z"), 2), at("2026-10-27T17:00:00Z"));
    }

    #[test]
    fn holidays_and_lunch_are_no_working_time() {
        let mut shop = office("Europe/Berlin");
        shop.week = Week::default();
        for hours in ["13:00-17:00", "08:00-12:00"] {
            shop.week.add(Weekday::Friday, hours.parse().unwrap()).unwrap();
        }
        shop.holidays.insert(date(2026, 12, 25));
        let lunch = at("2026-12-18T11:30:00Z");
        assert!(!shop.is_working(lunch));
        assert_eq!(shop.after(lunch, SignedDuration::ZERO), at("2026-12-18T12:00:00Z"));
        // The 25th is a Friday, but off; so is every other day of the week.
        assert_eq!(shop.after(lunch, SignedDuration::from_hours(5)), at("2027-01-01T08:00:00Z"));
        assert_eq!(shop.week.add(Weekday::Friday, "11:00-14:00".parse().unwrap()), Err(BadHours::Overlap));
    }

    #[test]
    fn a_night_to_24_00_is_as_long_as_it_really_is() {
        let mut nights = office("America/Santiago");
        nights.week = Week::default();
        nights.week.add(Weekday::Saturday, "20:00-24:00".parse().unwrap()).unwrap();
        // On 4 April 2026 at 24:00 the clocks go back to 23:00.
        let noon = at("2026-04-04T15:00:00Z");
        assert_eq!(nights.working_between(noon, at("2026-04-05T15:00:00Z")), SignedDuration::from_hours(5));
    }

    #[test]
    fn a_day_that_works_until_midnight_ends_on_that_day() {
        let mut always = office("Europe/Berlin");
        for day in 0..7 {
            let day = Weekday::from_monday_zero_offset(day).unwrap();
            always.week.days[usize::from(day.to_monday_zero_offset().unsigned_abs())].clear();
            always.week.add(day, "00:00-24:00".parse().unwrap()).unwrap();
        }
        let monday = at("2026-11-23T09:00:00Z");
        assert_eq!(always.end_of_day(monday, 0), at("2026-11-23T22:59:59Z"));
        let saturday = always.end_of_day(monday, 5);
        assert_eq!(saturday, at("2026-11-28T22:59:59Z"));
        // The days after it are counted from Saturday, not from Sunday.
        assert_eq!(always.end_of_day(saturday, 1), at("2026-11-29T22:59:59Z"));
    }

    #[test]
    fn a_calendar_without_any_hours_answers_far_ahead_and_ends() {
        let never = Calendar { week: Week::default(), ..office("UTC") };
        let from = at("2026-01-01T00:00:00Z");
        assert!(never.after(from, SignedDuration::from_secs(1)) > at("2030-12-01T00:00:00Z"));
        assert!(never.end_of_day(from, 3) > at("2030-12-01T00:00:00Z"));
        assert!(!never.is_working(from));
    }

    #[test]
    fn the_ends_of_time_are_no_trouble() {
        for zone in ["UTC", "Pacific/Kiritimati", "Pacific/Niue"] {
            let calendar = office(zone);
            for from in [Timestamp::MIN, Timestamp::MAX] {
                calendar.after(from, SignedDuration::MAX);
                calendar.after(from, SignedDuration::MIN);
                calendar.end_of_day(from, u32::MAX);
                calendar.is_working(from);
                calendar.working_between(from, Timestamp::MAX);
                calendar.working_between(Timestamp::MAX, from);
            }
        }
    }

    prop_compose! {
        fn any_calendar()(
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                "Pacific/Apia", "America/St_Johns", "Asia/Kathmandu", "Africa/Casablanca", "America/Santiago",
                "Antarctica/Troll", "Africa/Cairo", "America/Havana", "Asia/Beirut"]),
            spans in prop::collection::vec((0i8..7, 0i8..23, 0i8..60, 60i16..600), 1..10),
            off in prop::collection::vec(0i32..3650, 0..5),
        ) -> Calendar {
            let mut week = Week::default();
            for (day, hour, minute, length) in spans {
                let from = time(hour, minute, 0, 0);
                let until = from.saturating_add(SignedDuration::from_mins(length.into()));
                let until = if until == Time::MAX { Time::midnight() } else { until };
                let _ = week.add(Weekday::from_monday_zero_offset(day).unwrap(), Hours { from, until });
            }
            let holidays = off.into_iter().map(|day| date(2008, 1, 1) + SignedDuration::from_hours(24 * i64::from(day)));
            Calendar { name: "any".into(), time_zone: TimeZone::get(zone).unwrap(), week, holidays: holidays.collect() }
        }
    }

    proptest! {
        #[test]
        fn so_much_working_time_later_is_so_much_working_time_away(
            calendar in any_calendar(), second in 1_200_000_000i64..2_000_000_000, minutes in 0i64..6000,
        ) {
            let (from, working) = (Timestamp::from_second(second).unwrap(), SignedDuration::from_mins(minutes));
            let end = calendar.after(from, working);
            prop_assert!(end >= from);
            prop_assert_eq!(calendar.working_between(from, end), working);
            // It lands in working time, or at the very end of some.
            let just_before = end - SignedDuration::from_nanos(1);
            prop_assert!(calendar.is_working(end) || calendar.is_working(just_before), "{}", end);
        }

        #[test]
        fn later_or_longer_never_ends_earlier(
            calendar in any_calendar(), second in 1_200_000_000i64..2_000_000_000, later in 0i64..1_000_000,
            minutes in 0i64..6000, more in 0i64..6000, days in 0u32..9,
        ) {
            let (from, then) = (Timestamp::from_second(second).unwrap(), Timestamp::from_second(second + later).unwrap());
            let (short, long) = (SignedDuration::from_mins(minutes), SignedDuration::from_mins(minutes + more));
            prop_assert!(calendar.after(from, short) <= calendar.after(then, short));
            prop_assert!(calendar.after(from, short) <= calendar.after(from, long));
            let end = calendar.end_of_day(from, days);
            prop_assert!(end > from);
            prop_assert!(end <= calendar.end_of_day(from, days + 1));
            prop_assert!(end <= calendar.end_of_day(then, days));
        }
    }
}
