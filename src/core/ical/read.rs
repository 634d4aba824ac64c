//! A file's lines become events: components by their BEGIN and END, times with their zones, what moved
//! taken out of its series.

use super::line::{self, Line};
use super::rule::Rule;
use super::{Calendar, Event, Length, When, Zone, windows};
use crate::core::text::{Untrusted, sanitise};
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Events of one file at most; a roster of ten years has fewer.
const EVENTS: usize = 20_000;

/// What is wrong with a calendar, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    pub message: String,
}

/// The properties of one VEVENT.
struct Draft {
    begin: usize,
    lines: Vec<Line>,
}

pub fn calendar(text: &str) -> Result<Calendar, Problem> {
    let lines = line::lines(text)?;
    if lines.first().is_none_or(|first| !is(first, "BEGIN", "VCALENDAR")) {
        return Err(Problem { line: 1, message: "an iCalendar file begins with BEGIN:VCALENDAR".to_owned() });
    }
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut drafts: Vec<Draft> = Vec::new();
    let mut zones: BTreeMap<String, String> = BTreeMap::new();
    let mut zone_id = String::new();
    for line in lines {
        let inside = open.last().map(|(name, _)| name.as_str());
        match (line.name.as_str(), inside) {
            ("BEGIN", _) => {
                let name = line.value.trim().to_ascii_uppercase();
                if name == "VEVENT" {
                    drafts.push(Draft { begin: line.number, lines: Vec::new() });
                }
                open.push((name, line.number));
            }
            ("END", Some(name)) if line.value.trim().eq_ignore_ascii_case(name) => {
                open.pop();
            }
            ("END", _) => return Err(line.wrong("this ends what did not begin")),
            ("TZID", Some("VTIMEZONE")) => zone_id = line.value.trim().to_owned(),
            ("X-LIC-LOCATION", Some("VTIMEZONE")) => {
                zones.insert(zone_id.clone(), line.value.trim().to_owned());
            }
            (_, Some("VEVENT")) => {
                if let Some(draft) = drafts.last_mut() {
                    draft.lines.push(line);
                }
            }
            _ => {}
        }
    }
    if let Some((name, number)) = open.pop() {
        let message = format!("{} does not end; the file is cut off", sanitise(&name));
        return Err(Problem { line: number, message });
    }
    if drafts.len() > EVENTS {
        return Err(Problem { line: 1, message: format!("a calendar has at most {EVENTS} events") });
    }
    let mut events = Vec::new();
    let mut moved: Vec<(Untrusted, When)> = Vec::new();
    for draft in drafts {
        let (event, instead_of, cancelled) = event(&draft, &zones)?;
        let series = instead_of.is_none();
        if let Some(when) = instead_of {
            moved.push((event.uid.clone(), when));
        }
        if !cancelled {
            events.push((event, series));
        }
    }
    // An event that stands for one of a series takes that one out of it.
    let mut by_uid: BTreeMap<&str, Vec<&When>> = BTreeMap::new();
    for (uid, when) in &moved {
        by_uid.entry(uid.raw()).or_default().push(when);
    }
    let events = events
        .into_iter()
        .map(|(mut event, series)| {
            if series {
                event.except.extend(by_uid.get(event.uid.raw()).into_iter().flatten().copied().cloned());
            }
            event
        })
        .collect();
    Ok(Calendar { events })
}

fn is(line: &Line, name: &str, value: &str) -> bool {
    line.name == name && line.value.trim().eq_ignore_ascii_case(value)
}

/// The event, the time of its series that it stands for, and whether it was called off.
fn event(draft: &Draft, zones: &BTreeMap<String, String>) -> Result<(Event, Option<When>, bool), Problem> {
    let one = |name: &str| draft.lines.iter().find(|line| line.name == name);
    let at = |message: &str| Problem { line: draft.begin, message: message.to_owned() };
    let start_line = one("DTSTART").ok_or_else(|| at("this event has no DTSTART"))?;
    let start = when(start_line, start_line.value.trim(), zones)?;
    let zone = match &start {
        When::Date(_) => Zone::Floating,
        When::Time(_, zone) => zone.clone(),
    };
    let length = match (one("DTEND"), one("DURATION")) {
        (Some(_), Some(line)) => return Err(line.wrong("an event has DTEND or DURATION, not both")),
        (Some(line), None) => until(line, &start, zones)?,
        (None, Some(line)) => duration(line, line.value.trim())?,
        (None, None) => match start {
            When::Date(_) => Length::Wall(SignedDuration::from_hours(24)),
            When::Time(..) => Length::Real(SignedDuration::ZERO),
        },
    };
    let (mut rules, mut more, mut except) = (Vec::new(), Vec::new(), Vec::new());
    let mut attendees = Vec::new();
    for line in &draft.lines {
        match line.name.as_str() {
            "RRULE" => {
                rules.push(line.value.parse::<Rule>().map_err(|why| line.wrong(why.to_string()))?);
            }
            "EXRULE" => return Err(line.wrong("EXRULE is no longer part of iCalendar; use EXDATE")),
            "RDATE" => {
                for value in line.value.split(',') {
                    more.push(match value.split_once('/') {
                        Some((from, to)) => {
                            let from = when(line, from, zones)?;
                            let length = match to.starts_with(['P', '+', '-']) {
                                true => duration(line, to)?,
                                false => between(&from, &when(line, to, zones)?),
                            };
                            (from, Some(length))
                        }
                        None => (when(line, value, zones)?, None),
                    });
                }
            }
            "EXDATE" => {
                for value in line.value.split(',') {
                    except.push(when(line, value, zones)?);
                }
            }
            "ATTENDEE" => {
                let role = line.param("ROLE").unwrap_or_default();
                let part = line.param("PARTSTAT").unwrap_or_default();
                if !role.eq_ignore_ascii_case("NON-PARTICIPANT") && !part.eq_ignore_ascii_case("DECLINED") {
                    attendees.extend(mailbox(line));
                }
            }
            _ => {}
        }
    }
    let instead_of = match one("RECURRENCE-ID") {
        Some(line) if line.param("RANGE").is_some() => {
            return Err(line.wrong("RANGE is not understood; let the calendar end the series and begin anew"));
        }
        Some(line) => Some(when(line, line.value.trim(), zones)?),
        None => None,
    };
    if instead_of.is_some() {
        // The one time it stands for; a rule repeated in it belongs to the series.
        (rules, more) = (Vec::new(), Vec::new());
    }
    let text = |name: &str| Untrusted::new(one(name).map(Line::text).unwrap_or_default());
    let event = Event {
        uid: text("UID"),
        summary: text("SUMMARY"),
        attendees,
        organizer: one("ORGANIZER").and_then(mailbox),
        start: start.civil(),
        zone,
        length,
        rules,
        more,
        except,
    };
    let cancelled = one("STATUS").is_some_and(|status| status.value.trim().eq_ignore_ascii_case("CANCELLED"));
    Ok((event, instead_of, cancelled))
}

/// The mailbox of a calendar user: of its address, else of its EMAIL parameter (RFC 7986).
fn mailbox(line: &Line) -> Option<Untrusted> {
    let value = line.value.trim();
    let address = value.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:")).map(|_| &value[7..]);
    address.or(line.param("EMAIL")).map(|mail| Untrusted::new(mail.trim()))
}

fn until(line: &Line, start: &When, zones: &BTreeMap<String, String>) -> Result<Length, Problem> {
    let end = when(line, line.value.trim(), zones)?;
    if matches!(start, When::Date(_)) != matches!(end, When::Date(_)) {
        return Err(line.wrong("DTSTART and DTEND are both dates or both times"));
    }
    let length = between(start, &end);
    match length {
        Length::Wall(length) | Length::Real(length) if length.is_negative() => {
            Err(line.wrong("this event ends before it begins"))
        }
        // A day on which an event begins and ends lasts a day.
        Length::Wall(length) if length.is_zero() && matches!(start, When::Date(_)) => {
            Ok(Length::Wall(SignedDuration::from_hours(24)))
        }
        length => Ok(length),
    }
}

fn between(start: &When, end: &When) -> Length {
    match (start, end) {
        (When::Time(_, from), When::Time(_, to)) if from != to => {
            let here = TimeZone::UTC;
            Length::Real(end.moment(&here).duration_since(start.moment(&here)))
        }
        _ => Length::Wall(end.civil().duration_since(start.civil())),
    }
}

/// A DATE or a DATE-TIME (sections 3.3.4 and 3.3.5).
fn when(line: &Line, value: &str, zones: &BTreeMap<String, String>) -> Result<When, Problem> {
    let value = value.trim();
    let wrong = || line.wrong(format!("{:?} is no time; they look like 20261122T080000", sanitise(value)));
    if value.len() == 8 || line.param("VALUE").is_some_and(|kind| kind.eq_ignore_ascii_case("DATE")) {
        return date(value).map(When::Date).ok_or_else(wrong);
    }
    let (civil, utc) = date_time(value).ok_or_else(wrong)?;
    let zone = match (utc, line.param("TZID")) {
        (true, _) => Zone::Named(TimeZone::UTC),
        (false, Some(id)) => Zone::Named(named(line, id, zones)?),
        (false, None) => Zone::Floating,
    };
    Ok(When::Time(civil, zone))
}

/// A zone by its IANA name: as it stands, at the end of a longer name, as the file places it, or as
/// Windows calls it.
fn named(line: &Line, id: &str, zones: &BTreeMap<String, String>) -> Result<TimeZone, Problem> {
    let placed = zones.get(id).map(String::as_str);
    let parts: Vec<&str> = id.split('/').collect();
    let ends = (1..parts.len()).filter(|from| parts.len() - from >= 2).map(|from| parts[from..].join("/"));
    let mut names = vec![id.to_owned()];
    names.extend(placed.map(str::to_owned));
    names.extend(ends);
    names.extend(windows::iana(id).map(str::to_owned));
    names.iter().find_map(|name| TimeZone::get(name).ok()).ok_or_else(|| {
        let id = sanitise(id);
        line.wrong(format!("{id:?} is no time zone that is known here; they are named like Europe/Berlin"))
    })
}

pub(super) fn date(text: &str) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| {
        text.get(range).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?.parse::<i16>().ok()
    };
    (text.len() == 8).then_some(())?;
    let (month, day) = (i8::try_from(number(4..6)?).ok()?, i8::try_from(number(6..8)?).ok()?);
    Date::new(number(0..4)?, month, day).ok()
}

/// A time, and whether it is UTC. A leap second is the last second before it.
pub(super) fn date_time(text: &str) -> Option<(DateTime, bool)> {
    let (day, time) = text.split_once('T')?;
    let (time, utc) = match time.strip_suffix('Z') {
        Some(time) => (time, true),
        None => (time, false),
    };
    (time.len() == 6 && time.bytes().all(|b| b.is_ascii_digit())).then_some(())?;
    let number = |at: usize| time.get(at..at + 2)?.parse::<i8>().ok();
    let time = Time::new(number(0)?, number(2)?, number(4)?.min(59), 0).ok()?;
    Some((date(day)?.to_datetime(time), utc))
}

/// A DURATION (section 3.3.6): weeks and days on the calendar, the rest as it passes.
fn duration(line: &Line, text: &str) -> Result<Length, Problem> {
    let wrong =
        || line.wrong(format!("{:?} is no length of time; they look like PT8H or P1D", sanitise(text)));
    let rest = text.strip_prefix('+').unwrap_or(text).strip_prefix('P').ok_or_else(wrong)?;
    let (days, time) = rest.split_once('T').unwrap_or((rest, ""));
    let parts = |text: &str, units: &[(char, i64)]| -> Option<i64> {
        let (mut sum, mut rest) = (0i64, text);
        for (unit, factor) in units {
            if let Some((number, after)) = rest.split_once(*unit) {
                sum = sum.checked_add(number.parse::<u32>().ok().map(i64::from)?.checked_mul(*factor)?)?;
                rest = after;
            }
        }
        rest.is_empty().then_some(sum)
    };
    let days = parts(days, &[('W', 7), ('D', 1)]).ok_or_else(wrong)?;
    let seconds = parts(time, &[('H', 3600), ('M', 60), ('S', 1)]).ok_or_else(wrong)?;
    match (i32::try_from(days), rest.is_empty()) {
        (Ok(days), false) if days <= 36_600 && seconds <= 3_162_240_000 => {
            Ok(Length::Days(days, SignedDuration::from_secs(seconds)))
        }
        _ => Err(wrong()),
    }
}
