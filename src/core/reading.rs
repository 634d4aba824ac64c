//! Dates, amounts and words as other systems write them, read into ours. What can be read in two
//! ways is refused with the question that settles it, never guessed.

use crate::core::text::sanitise;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// Which character stands before the hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal {
    Point,
    Comma,
}

/// Reads a point in time: RFC 3339; a date and time without a zone (`2026-11-24 06:00`, also with
/// `T` and seconds), or a date, both in `zone`; and by their number of digits `YYMMDD` (of this
/// century), `YYYYMMDD`, Unix seconds (10), `YYYYMMDDHHMM`, Unix milliseconds (13) and
/// `YYYYMMDDHHMMSS`. A date without a time is that day at `at`.
pub fn time(text: &str, zone: &TimeZone, at: Time) -> Result<Timestamp, String> {
    let text = text.trim();
    let civil = match text.bytes().all(|b| b.is_ascii_digit()) {
        true => match text.len() {
            10 => return unix(text, Timestamp::from_second),
            13 => return unix(text, Timestamp::from_millisecond),
            6 => digits(&format!("20{text}"), at),
            8 | 12 | 14 => digits(text, at),
            _ => None,
        },
        false => match text.parse::<Timestamp>() {
            Ok(at) => return Ok(at),
            // A zone that was written but could not be read must not be taken for none.
            Err(_) if has_zone(text) => None,
            Err(_) if text.len() <= 10 => text.parse::<Date>().ok().map(|date| date.to_datetime(at)),
            Err(_) => text.parse::<DateTime>().ok(),
        },
    };
    let civil = civil.ok_or_else(|| {
        format!("{} is no time that can be read; give its form, as in time(form='%d.%m.%Y')", shown(text))
    })?;
    there(civil, zone)
}

/// Reads a point in time written in a strftime pattern; without a time of day it is at `at`,
/// without a zone in `zone`.
pub fn time_in_form(text: &str, form: &str, zone: &TimeZone, at: Time) -> Result<Timestamp, String> {
    let problem = |why: jiff::Error| format!("{} is not written as {form:?}: {why}", shown(text));
    let parsed = jiff::fmt::strtime::parse(form, text.trim()).map_err(problem)?;
    if let Ok(at) = parsed.to_timestamp() {
        return Ok(at);
    }
    let date = parsed.to_date().map_err(problem)?;
    let at = match parsed.hour() {
        Some(_) => parsed.to_time().map_err(problem)?,
        None => at,
    };
    there(date.to_datetime(at), zone)
}

/// Reads an amount in hundredths. Text may have thousands separators and a sign; where one separator
/// stands before exactly three digits it could be either, so `decimal` must say.
pub fn hundredths(text: &str, decimal: Option<Decimal>) -> Result<i64, String> {
    let wrong = |why: &str| format!("{} is no amount: {why}", shown(text));
    let plain: String =
        text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '\'' | '\u{2019}')).collect();
    let (negative, plain) = match plain.strip_prefix('-').or_else(|| plain.strip_suffix('-')) {
        Some(rest) => (true, rest.to_owned()),
        None => (false, plain.strip_prefix('+').map_or(plain.clone(), str::to_owned)),
    };
    if !plain.contains(|c: char| c.is_ascii_digit()) {
        return Err(wrong("it has no digits"));
    }
    if plain.contains(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','))) {
        return Err(wrong("only digits, separators and a sign are read"));
    }
    let mark = match decimal {
        Some(Decimal::Point) => plain.rfind('.'),
        Some(Decimal::Comma) => plain.rfind(','),
        None => guess(&plain).ok_or_else(|| {
            wrong("its separator may be of thousands or of hundredths; say decimal='.' or decimal=','")
        })?,
    };
    let (whole, fraction) = match mark {
        Some(at) => (&plain[..at], &plain[at + 1..]),
        None => (plain.as_str(), ""),
    };
    let separator = mark.and_then(|at| plain[at..].chars().next());
    if fraction.contains(['.', ',']) || separator.is_some_and(|mark| whole.contains(mark)) {
        return Err(wrong("its separators contradict each other"));
    }
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    if fraction.len() > 2 && fraction[2..].bytes().any(|b| b != b'0') {
        return Err(wrong("it has more than two decimals"));
    }
    let cents: String = fraction.chars().chain("00".chars()).take(2).collect();
    let number = format!("0{whole}{cents}").parse::<i64>().map_err(|_| wrong("it is too large"))?;
    Ok(if negative { -number } else { number })
}

/// Where the decimals begin: `Some(None)` for no decimals, `None` where it cannot be told.
fn guess(plain: &str) -> Option<Option<usize>> {
    let (points, commas) = (plain.matches('.').count(), plain.matches(',').count());
    let last = plain.rfind(['.', ',']);
    match (points, commas) {
        (0, 0) => Some(None),
        (1, 0) | (0, 1) => {
            let after = last.map_or(0, |at| plain.len() - at - 1);
            if after == 3 { None } else { Some(last) }
        }
        // Several of one kind are thousands: 1.234.567
        (_, 0) | (0, _) => Some(None),
        _ => Some(last),
    }
}

fn digits(text: &str, at: Time) -> Option<DateTime> {
    let part = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<i8>().ok());
    let year = text.get(0..4)?.parse().ok()?;
    let date = Date::new(year, part(4, 6)?, part(6, 8)?).ok()?;
    let time = match text.len() {
        8 => at,
        12 => Time::new(part(8, 10)?, part(10, 12)?, 0, 0).ok()?,
        _ => Time::new(part(8, 10)?, part(10, 12)?, part(12, 14)?, 0).ok()?,
    };
    Some(date.to_datetime(time))
}

fn unix(text: &str, read: impl Fn(i64) -> Result<Timestamp, jiff::Error>) -> Result<Timestamp, String> {
    let number = text.parse().map_err(|_| format!("{} is no Unix time", shown(text)))?;
    read(number).map_err(|why| why.to_string())
}

/// Whether something like a zone ends the text: `Z`, `+01:00`, `[Europe/Berlin]`.
fn has_zone(text: &str) -> bool {
    let after_date = text.get(10..).unwrap_or_default();
    after_date.contains(['Z', 'z', '+', '-', '['])
}

/// A time on the wall; one that a clock change skips is the same length after the change.
fn there(civil: DateTime, zone: &TimeZone) -> Result<Timestamp, String> {
    zone.to_ambiguous_zoned(civil).compatible().map(|zoned| zoned.timestamp()).map_err(|why| why.to_string())
}

fn shown(text: &str) -> String {
    format!("{:?}", sanitise(text).chars().take(60).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    #[test]
    fn common_ways_to_write_a_time_are_read_in_the_named_zone() {
        for (text, wanted) in [
            ("2026-11-24T06:00:00Z", "2026-11-24T06:00:00Z"),
            ("2026-11-24T06:00:00+05:30", "2026-11-24T00:30:00Z"),
            ("2026-11-24 06:00", "2026-11-24T05:00:00Z"),
            ("2026-11-24T06:00:30", "2026-11-24T05:00:30Z"),
            ("2026-11-24", "2026-11-24T16:00:00Z"),
            ("20261124", "2026-11-24T16:00:00Z"),
            ("261124", "2026-11-24T16:00:00Z"),
            ("202611240615", "2026-11-24T05:15:00Z"),
            ("20260724061530", "2026-07-24T04:15:30Z"),
            ("1795500000", "2026-11-24T06:00:00Z"),
            ("1795500000123", "2026-11-24T06:00:00.123Z"),
            // skipped by the clock change: 02:30 becomes 03:30
            ("202603290230", "2026-03-29T01:30:00Z"),
        ] {
            let at = time(text, &berlin(), Time::constant(17, 0, 0, 0)).unwrap();
            assert_eq!(at, wanted.parse::<Timestamp>().unwrap(), "{text}");
        }
    }

    #[test]
    fn a_time_that_cannot_be_read_is_never_guessed() {
        for text in [
            "",
            "tomorrow",
            "20261324",
            "24.11.2026",
            "2026-11-24T06:00:00 +25:00",
            "123",
            "2026-11-24T06:00[Mars/X]",
        ] {
            assert!(time(text, &berlin(), Time::midnight()).is_err(), "{text}");
        }
        let at = time_in_form("24.11.2026", "%d.%m.%Y", &berlin(), Time::constant(12, 0, 0, 0)).unwrap();
        assert_eq!(at.to_string(), "2026-11-24T11:00:00Z");
        let at = time_in_form("2611240615", "%y%m%d%H%M", &berlin(), Time::midnight()).unwrap();
        assert_eq!(at.to_string(), "2026-11-24T05:15:00Z");
        assert!(time_in_form("x", "%d.%m.%Y", &berlin(), Time::midnight()).is_err());
    }

    #[test]
    fn amounts_are_exact_and_an_ambiguous_separator_is_asked_for() {
        for (text, wanted) in [
            ("84200", 8_420_000),
            ("84200.5", 8_420_050),
            ("84.200,50", 8_420_050),
            ("84,200.50", 8_420_050),
            ("1.234.567", 123_456_700),
            ("1'234.50", 123_450),
            ("1 234,5", 123_450),
            ("-0.07", -7),
            ("12.50-", -1_250),
            ("0.1000", 10),
        ] {
            assert_eq!(hundredths(text, None), Ok(wanted), "{text}");
        }
        assert_eq!(hundredths("1,234", Some(Decimal::Comma)).ok(), None);
        assert_eq!(hundredths("1,234", Some(Decimal::Point)), Ok(123_400));
        for text in ["1,234", "1.234", "", "EUR 5", "1,2.3,4", "99999999999999999999", "1.2345"] {
            assert!(hundredths(text, None).is_err(), "{text}");
        }
    }
}
