//! Recurrence rules (RFC 5545 section 3.3.10), expanded in civil time.
//!
//! Each period of the rule (a year, a month …) has a set of times, made of the days that every BY part
//! allows and the times of day; BYSETPOS chooses among them. DTSTART is always the first time and counts
//! as one (section 3.8.5.3). Where a rule has no COUNT, the periods before the time asked for are skipped.

use super::When;
use crate::core::text::sanitise;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use std::collections::BTreeSet;

/// A rule may count this far at most: it is counted anew whenever somebody asks who is on.
const LARGEST_COUNT: u32 = 10_000;

/// A rule that brings nothing for so many periods is taken to bring nothing any more.
const PERIODS: usize = 200_000;

/// How an event comes again.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    freq: Freq,
    interval: u32,
    count: Option<u32>,
    until: Option<When>,
    months: BTreeSet<i8>,
    weeks: BTreeSet<i8>,
    year_days: BTreeSet<i16>,
    month_days: BTreeSet<i8>,
    /// With the number of that weekday in its month or year, where it has one.
    days: Vec<(Option<i8>, Weekday)>,
    hours: BTreeSet<i8>,
    minutes: BTreeSet<i8>,
    seconds: BTreeSet<i8>,
    positions: BTreeSet<i16>,
    week_start: Weekday,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Freq {
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// Why a rule cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    #[error("a recurrence rule needs FREQ, such as FREQ=WEEKLY")]
    NoFrequency,
    #[error("{0:?} is no part of a recurrence rule")]
    Unknown(String),
    #[error("{part} cannot be {value:?}")]
    Value { part: String, value: String },
    #[error("{0} is there twice")]
    Twice(String),
    #[error("a rule ends by COUNT or by UNTIL, not by both")]
    CountAndUntil,
    #[error("nobody takes turns by the second; FREQ is MINUTELY at the finest")]
    Secondly,
    #[error("a rule counts to {LARGEST_COUNT} at most; end it with UNTIL, or not at all")]
    CountsTooFar,
    #[error("{0} does not go with that FREQ")]
    WrongFrequency(&'static str),
}

impl std::str::FromStr for Rule {
    type Err = BadRule;

    fn from_str(text: &str) -> Result<Self, BadRule> {
        let mut freq = None;
        let mut rule = Self {
            freq: Freq::Daily,
            interval: 1,
            count: None,
            until: None,
            months: BTreeSet::new(),
            weeks: BTreeSet::new(),
            year_days: BTreeSet::new(),
            month_days: BTreeSet::new(),
            days: Vec::new(),
            hours: BTreeSet::new(),
            minutes: BTreeSet::new(),
            seconds: BTreeSet::new(),
            positions: BTreeSet::new(),
            week_start: Weekday::Monday,
        };
        let mut seen = BTreeSet::new();
        for part in text.trim().trim_end_matches(';').split(';') {
            let (name, value) =
                part.split_once('=').ok_or_else(|| BadRule::Unknown(sanitise(part).into_owned()))?;
            let name = name.trim().to_ascii_uppercase();
            let value = value.trim().to_ascii_uppercase();
            let wrong = || BadRule::Value { part: name.clone(), value: sanitise(&value).into_owned() };
            if !seen.insert(name.clone()) {
                return Err(BadRule::Twice(sanitise(&name).into_owned()));
            }
            match name.as_str() {
                "FREQ" => {
                    freq = Some(match value.as_str() {
                        "SECONDLY" => return Err(BadRule::Secondly),
                        "MINUTELY" => Freq::Minutely,
                        "HOURLY" => Freq::Hourly,
                        "DAILY" => Freq::Daily,
                        "WEEKLY" => Freq::Weekly,
                        "MONTHLY" => Freq::Monthly,
                        "YEARLY" => Freq::Yearly,
                        _ => return Err(wrong()),
                    });
                }
                "INTERVAL" => {
                    rule.interval =
                        value.parse().ok().filter(|n| (1..=100_000).contains(n)).ok_or_else(wrong)?;
                }
                "COUNT" => {
                    let count: u32 = value.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
                    if count > LARGEST_COUNT {
                        return Err(BadRule::CountsTooFar);
                    }
                    rule.count = Some(count);
                }
                "UNTIL" => rule.until = Some(until(&value).ok_or_else(wrong)?),
                "BYMONTH" => rule.months = numbers(&value, 1, 12, false).ok_or_else(wrong)?,
                "BYWEEKNO" => rule.weeks = numbers(&value, 1, 53, true).ok_or_else(wrong)?,
                "BYYEARDAY" => rule.year_days = numbers(&value, 1, 366, true).ok_or_else(wrong)?,
                "BYMONTHDAY" => rule.month_days = numbers(&value, 1, 31, true).ok_or_else(wrong)?,
                "BYDAY" => rule.days = weekdays(&value).ok_or_else(wrong)?,
                "BYHOUR" => rule.hours = numbers(&value, 0, 23, false).ok_or_else(wrong)?,
                "BYMINUTE" => rule.minutes = numbers(&value, 0, 59, false).ok_or_else(wrong)?,
                "BYSECOND" => rule.seconds = numbers(&value, 0, 59, false).ok_or_else(wrong)?,
                "BYSETPOS" => rule.positions = numbers(&value, 1, 366, true).ok_or_else(wrong)?,
                "WKST" => rule.week_start = weekday(&value).ok_or_else(wrong)?,
                _ => return Err(BadRule::Unknown(sanitise(&name).into_owned())),
            }
        }
        rule.freq = freq.ok_or(BadRule::NoFrequency)?;
        rule.consistent()?;
        Ok(rule)
    }
}

impl Rule {
    /// What section 3.3.10 does not allow together.
    fn consistent(&self) -> Result<(), BadRule> {
        if self.count.is_some() && self.until.is_some() {
            return Err(BadRule::CountAndUntil);
        }
        if !self.weeks.is_empty() && self.freq != Freq::Yearly {
            return Err(BadRule::WrongFrequency("BYWEEKNO"));
        }
        if !self.year_days.is_empty() && matches!(self.freq, Freq::Daily | Freq::Weekly | Freq::Monthly) {
            return Err(BadRule::WrongFrequency("BYYEARDAY"));
        }
        if !self.month_days.is_empty() && self.freq == Freq::Weekly {
            return Err(BadRule::WrongFrequency("BYMONTHDAY"));
        }
        let numbered = self.days.iter().any(|(number, _)| number.is_some());
        if numbered && (self.freq < Freq::Monthly || !self.weeks.is_empty()) {
            return Err(BadRule::WrongFrequency("BYDAY with a number"));
        }
        Ok(())
    }

    /// Whether UNTIL is before this time; an UNTIL in UTC is a moment, any other is on the event's clock.
    pub(super) fn is_over(&self, civil: DateTime, zone: &TimeZone, floating: &TimeZone) -> bool {
        match &self.until {
            None => false,
            Some(When::Date(last)) => civil.date() > *last,
            Some(When::Time(last, super::Zone::Floating)) => civil > *last,
            Some(last) => super::moment(zone, civil) > last.moment(floating),
        }
    }

    /// The times of the rule from `low` to `high`, in order; `ended` says which are past its end.
    pub(super) fn times(
        &self,
        start: DateTime,
        low: DateTime,
        high: DateTime,
        ended: impl Fn(DateTime) -> bool,
    ) -> Vec<DateTime> {
        let mut found = Vec::new();
        let mut counted = 0;
        let mut take = |time: DateTime| {
            if ended(time) || time > high || self.count.is_some_and(|count| counted >= count) {
                return false;
            }
            counted += 1;
            if time >= low {
                found.push(time);
            }
            true
        };
        if !take(start) {
            return found;
        }
        let filled = self.filled(start);
        let mut period = if self.count.is_some() { 0 } else { filled.before(start, low) };
        let mut silent = 0;
        while silent < PERIODS
            && let Some(first) = filled.period(start, period)
            && first <= high
        {
            let times = filled.chosen(first);
            silent = if times.is_empty() { silent + 1 } else { 0 };
            if !times.into_iter().filter(|time| *time > start).all(&mut take) {
                break;
            }
            period = filled.next(start, period, first);
        }
        found
    }

    /// What the rule leaves open is as in DTSTART.
    fn filled(&self, start: DateTime) -> Self {
        let mut rule = self.clone();
        let day_said = !(rule.year_days.is_empty() && rule.month_days.is_empty() && rule.days.is_empty());
        if !day_said {
            match rule.freq {
                Freq::Yearly if !rule.weeks.is_empty() => {
                    rule.days.push((None, start.weekday()));
                }
                Freq::Yearly => {
                    if rule.months.is_empty() {
                        rule.months.insert(start.month());
                    }
                    rule.month_days.insert(start.day());
                }
                Freq::Monthly => _ = rule.month_days.insert(start.day()),
                Freq::Weekly => rule.days.push((None, start.weekday())),
                Freq::Daily | Freq::Hourly | Freq::Minutely => {}
            }
        }
        if rule.seconds.is_empty() {
            rule.seconds.insert(start.second());
        }
        if rule.minutes.is_empty() && rule.freq > Freq::Minutely {
            rule.minutes.insert(start.minute());
        }
        if rule.hours.is_empty() && rule.freq > Freq::Hourly {
            rule.hours.insert(start.hour());
        }
        rule
    }

    /// Where a period begins; `None` beyond the end of time.
    fn period(&self, start: DateTime, number: i64) -> Option<DateTime> {
        let by = number.checked_mul(i64::from(self.interval))?;
        let days = |from: Date, days: i64| from.checked_add(i32::try_from(days).ok()?.days()).ok();
        let midnight = |date: Date| date.to_datetime(Time::midnight());
        match self.freq {
            Freq::Yearly => {
                let year = i64::from(start.year()).checked_add(by)?;
                Date::new(i16::try_from(year).ok()?, 1, 1).ok().map(midnight)
            }
            Freq::Monthly => {
                let months = i64::from(start.year()) * 12 + i64::from(start.month()) - 1 + by;
                let month = i8::try_from(months.rem_euclid(12) + 1).ok()?;
                Date::new(i16::try_from(months.div_euclid(12)).ok()?, month, 1).ok().map(midnight)
            }
            Freq::Weekly => {
                let back = i64::from(self.week_start.until(start.weekday()));
                days(start.date(), by.checked_mul(7)? - back).map(midnight)
            }
            Freq::Daily => days(start.date(), by).map(midnight),
            Freq::Hourly => {
                let hour = start.with().minute(0).second(0).subsec_nanosecond(0).build().ok()?;
                hour.checked_add(SignedDuration::from_secs(by.checked_mul(3600)?)).ok()
            }
            Freq::Minutely => {
                let minute = start.with().second(0).subsec_nanosecond(0).build().ok()?;
                minute.checked_add(SignedDuration::from_secs(by.checked_mul(60)?)).ok()
            }
        }
    }

    /// A period before that time, near it.
    fn before(&self, start: DateTime, time: DateTime) -> i64 {
        let seconds = time.duration_since(start).as_secs();
        let length: i64 = match self.freq {
            // The longest there are, so that it is never a later one.
            Freq::Yearly => 366 * 86_400,
            Freq::Monthly => 31 * 86_400,
            Freq::Weekly => 7 * 86_400,
            Freq::Daily => 86_400,
            Freq::Hourly => 3_600,
            Freq::Minutely => 60,
        };
        (seconds / (length * i64::from(self.interval)) - 2).max(0)
    }

    /// The period after this one; those of a day that does not fit are passed over together.
    fn next(&self, start: DateTime, number: i64, first: DateTime) -> i64 {
        if self.freq > Freq::Hourly || self.fits(first.date()) {
            return number + 1;
        }
        let length = if self.freq == Freq::Hourly { 3_600 } else { 60 } * i64::from(self.interval);
        let Ok(tomorrow) = first.date().tomorrow() else { return number + 1 };
        let seconds = tomorrow.to_datetime(Time::midnight()).duration_since(start).as_secs();
        // The last period that does not begin after midnight, so that none is missed.
        (seconds / length).max(number + 1)
    }

    /// The times of the period that begins then, in order.
    fn chosen(&self, first: DateTime) -> Vec<DateTime> {
        let days: Vec<Date> = match self.freq {
            Freq::Yearly => days_of(first.date(), usize::from(first.date().days_in_year().unsigned_abs())),
            Freq::Monthly => days_of(first.date(), usize::from(first.date().days_in_month().unsigned_abs())),
            Freq::Weekly => days_of(first.date(), 7),
            Freq::Daily | Freq::Hourly | Freq::Minutely => vec![first.date()],
        };
        let only = |set: &BTreeSet<i8>, own: i8| -> Vec<i8> {
            if set.is_empty() || set.contains(&own) { vec![own] } else { Vec::new() }
        };
        let all = |set: &BTreeSet<i8>| set.iter().copied().collect::<Vec<_>>();
        let (hours, minutes) = match self.freq {
            Freq::Minutely => (only(&self.hours, first.hour()), only(&self.minutes, first.minute())),
            Freq::Hourly => (only(&self.hours, first.hour()), all(&self.minutes)),
            _ => (all(&self.hours), all(&self.minutes)),
        };
        let mut times = Vec::new();
        for day in days.into_iter().filter(|day| self.fits(*day)) {
            for hour in &hours {
                for minute in &minutes {
                    for second in &self.seconds {
                        times.extend(Time::new(*hour, *minute, *second, 0).map(|time| day.to_datetime(time)));
                    }
                }
            }
        }
        if self.positions.is_empty() {
            return times;
        }
        let count = times.len();
        let mut chosen: Vec<usize> = self
            .positions
            .iter()
            .filter_map(|position| {
                let at = usize::from(position.unsigned_abs());
                if *position > 0 { at.checked_sub(1) } else { count.checked_sub(at) }
            })
            .collect();
        chosen.sort_unstable();
        chosen.dedup();
        chosen.into_iter().filter_map(|at| times.get(at).copied()).collect()
    }

    /// Whether every BY part allows the day.
    fn fits(&self, day: Date) -> bool {
        let (month_length, year_length) = (day.days_in_month(), day.days_in_year());
        let either = |set: &BTreeSet<i8>, own: i8, length: i8| {
            set.is_empty() || set.contains(&own) || set.contains(&(own - length - 1))
        };
        (self.months.is_empty() || self.months.contains(&day.month()))
            && either(&self.month_days, day.day(), month_length)
            && (self.year_days.is_empty()
                || self.year_days.contains(&day.day_of_year())
                || self.year_days.contains(&(day.day_of_year() - year_length - 1)))
            && (self.weeks.is_empty() || self.week_fits(day))
            && (self.days.is_empty() || self.days.iter().any(|(number, on)| self.is_the(*number, *on, day)))
    }

    fn is_the(&self, number: Option<i8>, weekday: Weekday, day: Date) -> bool {
        if day.weekday() != weekday {
            return false;
        }
        let Some(number) = number else { return true };
        let within_month = self.freq == Freq::Monthly || !self.months.is_empty();
        let (day, length) = match within_month {
            true => (i16::from(day.day()), i16::from(day.days_in_month())),
            false => (day.day_of_year(), day.days_in_year()),
        };
        let (from_start, from_end) = ((day - 1) / 7 + 1, -((length - day) / 7 + 1));
        i16::from(number) == from_start || i16::from(number) == from_end
    }

    /// Whether the day is in one of the weeks; the first of a year is the first with four days in it.
    fn week_fits(&self, day: Date) -> bool {
        let into_week = i16::from(self.week_start.until(day.weekday()));
        // The year of a week is that of its fourth day.
        let Ok(fourth) = day.checked_add((3 - i64::from(into_week)).days()) else { return false };
        let week = (fourth.day_of_year() - 1) / 7 + 1;
        let weeks = week + (fourth.days_in_year() - fourth.day_of_year()) / 7;
        let holds = |week: i16| i8::try_from(week).is_ok_and(|week| self.weeks.contains(&week));
        holds(week) || holds(week - weeks - 1)
    }
}

fn days_of(first: Date, count: usize) -> Vec<Date> {
    first.series(1.day()).take(count).collect()
}

fn until(text: &str) -> Option<When> {
    if let Some(date) = super::read::date(text) {
        return Some(When::Date(date));
    }
    let (civil, utc) = super::read::date_time(text)?;
    let zone = if utc { super::Zone::Named(TimeZone::UTC) } else { super::Zone::Floating };
    Some(When::Time(civil, zone))
}

fn numbers<T>(text: &str, least: i16, most: i16, negative: bool) -> Option<BTreeSet<T>>
where
    T: TryFrom<i16> + Ord,
{
    text.split(',')
        .map(|number| {
            let number: i16 = number.trim().parse().ok()?;
            let within = (least..=most).contains(&number.abs()) && (negative || number >= 0);
            within.then(|| T::try_from(number).ok()).flatten()
        })
        .collect()
}

fn weekdays(text: &str) -> Option<Vec<(Option<i8>, Weekday)>> {
    text.split(',')
        .map(|part| {
            let part = part.trim();
            let (number, day) = part.split_at_checked(part.len().checked_sub(2)?)?;
            let number = match number {
                "" => None,
                number => Some(number.parse::<i8>().ok().filter(|n| (1..=53).contains(&n.abs()))?),
            };
            Some((number, weekday(day)?))
        })
        .collect()
}

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}
