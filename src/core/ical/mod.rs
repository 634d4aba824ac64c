//! iCalendar (RFC 5545), as far as it says who is on when: events, how they come again, and what was
//! moved or called off. Libraries for it bring a second clock and a second table of time zones; who is
//! on call must be decided by one, so it is read here, strictly: what cannot be understood is refused
//! with its line, for a shift that is dropped in silence is a night without anybody.
//!
//! Times of recurring events are civil times in the event's zone. A start that is skipped by a clock
//! change is read with the offset before the change and one that comes twice is the first (section
//! 3.3.5). In one point practice is followed instead of the letter: an event with DTEND ends at the
//! same wall time on every day it comes again, as every calendar shows it, where section 3.8.5.3 would
//! keep its length in real hours and so leave an hour without anybody in autumn.

mod line;
mod read;
mod rule;
#[cfg(test)]
mod tests;
mod windows;

pub use read::Problem;
pub use rule::{BadRule, Rule};

use crate::core::text::Untrusted;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// The events of a calendar. An event that was moved is there twice: once as the series without that
/// time, once as an event of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calendar {
    pub events: Vec<Event>,
}

impl Calendar {
    /// Reads a whole file.
    ///
    /// # Errors
    /// The first thing that cannot be understood, with its line.
    pub fn read(text: &str) -> Result<Self, Problem> {
        read::calendar(text)
    }
}

/// One event, or one series of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub uid: Untrusted,
    pub summary: Untrusted,
    /// Mailboxes of those invited who did not decline.
    pub attendees: Vec<Untrusted>,
    pub organizer: Option<Untrusted>,
    start: DateTime,
    zone: Zone,
    length: Length,
    rules: Vec<Rule>,
    /// Further times, and periods with a length of their own (RDATE).
    more: Vec<(When, Option<Length>)>,
    /// Times at which it does not come (EXDATE), or comes as another event (RECURRENCE-ID).
    except: Vec<When>,
}

/// Where civil times of an event are.
#[derive(Clone, Debug, PartialEq)]
enum Zone {
    Named(TimeZone),
    /// Wherever the reader is: here, in the schedule's zone.
    Floating,
}

/// A date or a time as a property has it.
#[derive(Clone, Debug, PartialEq)]
enum When {
    Date(Date),
    Time(DateTime, Zone),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    /// So much later on the wall clock.
    Wall(SignedDuration),
    /// So much later.
    Real(SignedDuration),
    /// So many days later at the same time on the wall, and then so much later.
    Days(i32, SignedDuration),
}

impl Zone {
    fn or<'z>(&'z self, floating: &'z TimeZone) -> &'z TimeZone {
        match self {
            Zone::Named(zone) => zone,
            Zone::Floating => floating,
        }
    }
}

impl When {
    fn civil(&self) -> DateTime {
        match self {
            When::Date(date) => date.to_datetime(jiff::civil::Time::midnight()),
            When::Time(civil, _) => *civil,
        }
    }

    fn moment(&self, floating: &TimeZone) -> Timestamp {
        match self {
            When::Date(_) => moment(floating, self.civil()),
            When::Time(civil, zone) => moment(zone.or(floating), *civil),
        }
    }

    /// Whether this names the time at which an event comes; a date names every time of that day.
    fn is(&self, civil: DateTime, at: Timestamp, floating: &TimeZone) -> bool {
        match self {
            When::Date(date) => *date == civil.date(),
            When::Time(..) => self.moment(floating) == at,
        }
    }
}

impl Length {
    fn end(self, zone: &TimeZone, begin: DateTime) -> Timestamp {
        let civil = |later: SignedDuration| begin.checked_add(later).unwrap_or(DateTime::MAX);
        let after = |at: Timestamp, later| at.saturating_add(later).unwrap_or(Timestamp::MAX);
        match self {
            Length::Wall(length) => moment(zone, civil(length)),
            Length::Real(length) => after(moment(zone, begin), length),
            Length::Days(days, more) => {
                let then = begin.checked_add(days.days()).unwrap_or(DateTime::MAX);
                after(moment(zone, then), more)
            }
        }
    }

    fn at_most(self) -> SignedDuration {
        match self {
            Length::Wall(length) | Length::Real(length) => length,
            Length::Days(days, more) => SignedDuration::from_hours(24 * i64::from(days)) + more,
        }
    }
}

impl Event {
    /// The times it falls on that have a part of the time between, by their beginnings. Where it has no
    /// zone of its own it is in `floating`.
    pub fn between(
        &self,
        floating: &TimeZone,
        from: Timestamp,
        until: Timestamp,
    ) -> Vec<(Timestamp, Timestamp)> {
        let zone = self.zone.or(floating);
        let longest = self.more.iter().filter_map(|(_, length)| *length).chain([self.length]);
        // Days can be longer than they look, and civil times are not moments.
        let back = longest.map(Length::at_most).max().unwrap_or_default() + SignedDuration::from_hours(48);
        let low = zone.to_datetime(from).saturating_sub(back);
        let high = zone.to_datetime(until).saturating_add(2.days());
        let mut starts: Vec<(DateTime, Option<Length>)> = Vec::new();
        if self.rules.is_empty() {
            starts.push((self.start, None));
        }
        for rule in &self.rules {
            let ended = |civil| rule.is_over(civil, zone, floating);
            starts.extend(rule.times(self.start, low, high, ended).into_iter().map(|start| (start, None)));
        }
        for (when, length) in &self.more {
            let civil = match when {
                When::Date(_) => when.civil(),
                When::Time(..) => zone.to_datetime(when.moment(floating)),
            };
            starts.push((civil, *length));
        }
        let mut found: Vec<(Timestamp, Timestamp)> = starts
            .into_iter()
            .filter(|(start, _)| low <= *start && *start <= high)
            .map(|(start, length)| (start, moment(zone, start), length.unwrap_or(self.length)))
            .filter(|(start, at, _)| !self.except.iter().any(|except| except.is(*start, *at, floating)))
            .map(|(start, at, length)| (at, length.end(zone, start)))
            .filter(|(begin, end)| begin < end && *begin < until && from < *end)
            .collect();
        found.sort();
        found.dedup();
        found
    }
}

/// RFC 5545 section 3.3.5: in a gap with the offset before it, in an overlap the first time.
fn moment(zone: &TimeZone, civil: DateTime) -> Timestamp {
    let end = if civil.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    zone.to_ambiguous_timestamp(civil).compatible().unwrap_or(end)
}
