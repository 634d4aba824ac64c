//! Hours of the week that a layer is for: nights, weekends. Ends are wall time with [`wall`]'s rule, so
//! the hours of one day end exactly where those of the next begin, and a night shift is an hour longer
//! in autumn and shorter in spring.

use crate::core::wall;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Hours of the week; any of them counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WeekHours(Vec<Span>);

/// From a time of a day until another, that day or later, at most a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    day: Weekday,
    from: Time,
    days_later: i32,
    until: Time,
}

/// Why hours cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "hours of the week are written mon-fri 18:00-08:00 (until the next morning), sat,sun (whole days) or \
     fri 17:00 - mon 08:00"
)]
pub struct BadWeekHours;

impl WeekHours {
    /// Adds `mon-fri 18:00-08:00`, `sat,sun` or `fri 17:00 - mon 08:00`.
    pub fn add(&mut self, text: &str) -> Result<(), BadWeekHours> {
        self.0.extend(read(text).ok_or(BadWeekHours)?);
        Ok(())
    }

    /// Whether the moment is within them.
    pub fn holds(&self, zone: &TimeZone, at: Timestamp) -> bool {
        let day = zone.to_datetime(at).date();
        self.around(zone, day, day).any(|(from, until)| from <= at && at < until)
    }

    /// The hours that have a part of the time between, in order, none touching another.
    pub fn spans(&self, zone: &TimeZone, from: Timestamp, until: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let (first, last) = (zone.to_datetime(from).date(), zone.to_datetime(until).date());
        let mut found: Vec<_> = self
            .around(zone, first, last)
            .filter(|(begin, end)| begin < end && *begin < until && from < *end)
            .collect();
        found.sort();
        let mut joined: Vec<(Timestamp, Timestamp)> = Vec::with_capacity(found.len());
        for (begin, end) in found {
            match joined.last_mut() {
                Some(last) if begin <= last.1 => last.1 = last.1.max(end),
                _ => joined.push((begin, end)),
            }
        }
        joined
    }

    /// Whatever may reach into those days: from a week and a day before the first to a day after the last.
    fn around(
        &self,
        zone: &TimeZone,
        first: Date,
        last: Date,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let begin = first.checked_sub(9.days()).unwrap_or(first);
        let end = last.checked_add(2.days()).unwrap_or(last);
        begin.series(1.day()).take_while(move |day| *day <= end).flat_map(move |day| {
            self.0.iter().filter(move |span| span.day == day.weekday()).filter_map(move |span| {
                let ends = day.checked_add(span.days_later.days()).ok()?;
                let moment = |day: Date, time| wall::moment(zone, day.to_datetime(time));
                Some((moment(day, span.from), moment(ends, span.until)))
            })
        })
    }
}

fn read(text: &str) -> Option<Vec<Span>> {
    let text = text.trim();
    let words: Vec<&str> = text.split_whitespace().collect();
    // `fri 17:00 - mon 08:00`, with or without spaces around the dash
    if let Some((from, until)) = text.split_once('-')
        && let ([from_day, from_time], [until_day, until_time]) = (
            from.split_whitespace().collect::<Vec<_>>().as_slice(),
            until.split_whitespace().collect::<Vec<_>>().as_slice(),
        )
    {
        let (day, last) = (weekday(from_day)?, weekday(until_day)?);
        let (from, (until, midnight)) = (time(from_time)?, end(until_time)?);
        let mut days_later = i32::from(day.until(last)) + i32::from(midnight);
        if days_later == 0 && until <= from {
            days_later = 7;
        }
        return Some(vec![Span { day, from, days_later, until }]);
    }
    match words.as_slice() {
        [listed] => {
            let (from, until) = (Time::midnight(), Time::midnight());
            Some(days(listed)?.into_iter().map(|day| Span { day, from, days_later: 1, until }).collect())
        }
        [listed, hours] => {
            let (from, until) = hours.split_once('-')?;
            let (from, (until, midnight)) = (time(from)?, end(until)?);
            let days_later = i32::from(midnight || until <= from);
            Some(days(listed)?.into_iter().map(|day| Span { day, from, days_later, until }).collect())
        }
        _ => None,
    }
}

/// `mon`, `mon-fri`, `sat,sun`, `fri-mon`; in the order written.
pub(super) fn days(text: &str) -> Option<Vec<Weekday>> {
    let mut found = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            Some((from, until)) => {
                let (from, until) = (weekday(from)?, weekday(until)?);
                found.extend(from.cycle_forward().take(usize::from(from.until(until).unsigned_abs()) + 1));
            }
            None => found.push(weekday(part)?),
        }
    }
    Some(found)
}

pub(super) fn weekday(text: &str) -> Option<Weekday> {
    Some(match text.trim().to_ascii_lowercase().as_str() {
        "mon" | "monday" => Weekday::Monday,
        "tue" | "tuesday" => Weekday::Tuesday,
        "wed" | "wednesday" => Weekday::Wednesday,
        "thu" | "thursday" => Weekday::Thursday,
        "fri" | "friday" => Weekday::Friday,
        "sat" | "saturday" => Weekday::Saturday,
        "sun" | "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

/// A time of day as it is written everywhere: `08:00`.
pub(super) fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |digits: &str| {
        let plain = matches!(digits.len(), 1 | 2) && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse::<i8>().ok()).flatten()
    };
    Time::new(number(hour)?, number(minute).filter(|_| minute.len() == 2)?, 0, 0).ok()
}

/// The end of hours, where `24:00` is the midnight after the day.
fn end(text: &str) -> Option<(Time, bool)> {
    match text.trim() {
        "24:00" => Some((Time::midnight(), true)),
        other => time(other).map(|time| (time, false)),
    }
}
