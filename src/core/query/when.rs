//! Times as people type them at night: `2h`, `today`, `06:30`, `2026-11-30`.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use std::fmt;

/// A time that is only fixed once it is known what time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// So many seconds from now: back for what was, ahead for what is due.
    Span(i64),
    /// The nearest such time: the last one for what was, the next one for what is due.
    Clock(Time),
    /// From the beginning of that day, or to its end.
    Day(Date),
    Yesterday,
    Today,
    Tomorrow,
}

/// Longer than any history.
const LONGEST: i64 = 100 * 366 * 24 * 3600;

impl When {
    pub fn read(typed: &str) -> Option<Self> {
        let typed = typed.to_ascii_lowercase();
        match typed.as_str() {
            "yesterday" => return Some(When::Yesterday),
            "today" => return Some(When::Today),
            "tomorrow" => return Some(When::Tomorrow),
            "now" => return Some(When::Span(0)),
            _ => {}
        }
        if let Some((hours, minutes)) = typed.split_once(':') {
            let two = |digits: &str| {
                (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
            };
            if !two(hours) || minutes.len() != 2 || !two(minutes) {
                return None;
            }
            return Time::new(hours.parse().ok()?, minutes.parse().ok()?, 0, 0).ok().map(When::Clock);
        }
        if typed.len() == 10 && typed.as_bytes()[4] == b'-' {
            return typed.parse().ok().map(When::Day);
        }
        let unit = match typed.bytes().last()? {
            b's' => 1,
            b'm' => 60,
            b'h' => 3600,
            b'd' => 24 * 3600,
            b'w' => 7 * 24 * 3600,
            _ => return None,
        };
        let digits = &typed[..typed.len() - 1];
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let seconds = digits.parse::<i64>().ok()?.checked_mul(unit)?;
        (seconds <= LONGEST).then_some(When::Span(seconds))
    }

    /// As the beginning of what was.
    pub fn back(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        let here = now.to_zoned(zone.clone());
        match self {
            When::Span(seconds) => {
                now.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MIN)
            }
            When::Clock(time) => {
                let today = at(&here, 0, time);
                if today <= now { today } else { at(&here, -1, time) }
            }
            When::Day(date) => midnight(date, zone),
            When::Yesterday => at(&here, -1, Time::midnight()),
            When::Today => at(&here, 0, Time::midnight()),
            When::Tomorrow => at(&here, 1, Time::midnight()),
        }
    }

    /// As the end of what is to come.
    pub fn ahead(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        let here = now.to_zoned(zone.clone());
        match self {
            When::Span(seconds) => {
                now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
            }
            When::Clock(time) => {
                let today = at(&here, 0, time);
                if today >= now { today } else { at(&here, 1, time) }
            }
            When::Day(date) => date.checked_add(1.day()).map_or(Timestamp::MAX, |next| midnight(next, zone)),
            When::Yesterday => at(&here, 0, Time::midnight()),
            When::Today => at(&here, 1, Time::midnight()),
            When::Tomorrow => at(&here, 2, Time::midnight()),
        }
    }
}

/// That time of a day near this one; the end of a gap where the day has no such time.
fn at(here: &Zoned, days: i64, time: Time) -> Timestamp {
    let day = here.date().checked_add(days.days()).unwrap_or_else(|_| here.date());
    let there = day.to_datetime(time).to_zoned(here.time_zone().clone());
    there.map_or_else(|_| here.timestamp(), |there| there.timestamp())
}

fn midnight(date: Date, zone: &TimeZone) -> Timestamp {
    date.to_zoned(zone.clone()).map_or(Timestamp::MAX, |there| there.timestamp())
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            When::Span(0) => f.write_str("now"),
            When::Span(seconds) => {
                let units = [(7 * 24 * 3600, 'w'), (24 * 3600, 'd'), (3600, 'h'), (60, 'm')];
                let (unit, letter) =
                    units.into_iter().find(|(unit, _)| seconds % unit == 0).unwrap_or((1, 's'));
                write!(f, "{}{letter}", seconds / unit)
            }
            When::Clock(time) => write!(f, "{:02}:{:02}", time.hour(), time.minute()),
            When::Day(date) => write!(f, "{date}"),
            When::Yesterday => f.write_str("yesterday"),
            When::Today => f.write_str("today"),
            When::Tomorrow => f.write_str("tomorrow"),
        }
    }
}
