//! A calendar as a layer: its events, and whom of the desk each names.

use crate::core::ical::{Calendar, Event};
use crate::core::person::{Person, PersonId};
use crate::core::text::Untrusted;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The events of a calendar that put somebody on call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roll {
    bookings: Arc<Vec<Booking>>,
    /// Titles of events that name nobody of the desk, each once.
    pub strangers: Vec<Untrusted>,
}

/// An event and those it puts on call.
#[derive(Clone, Debug, PartialEq)]
pub struct Booking {
    pub event: Event,
    pub people: Vec<PersonId>,
}

/// The last good copy of a calendar elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterCopy {
    /// Of which layer it is: `primary/calendar`.
    pub id: String,
    /// SHA-256 of the address it came from, which may be a secret: a copy counts only for its own.
    pub address: String,
    /// What its server calls this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<Untrusted>,
    pub text: Untrusted,
    pub read_at: Timestamp,
}

/// One time that an event falls on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift<'r> {
    pub from: Timestamp,
    pub until: Timestamp,
    pub people: &'r Vec<PersonId>,
    pub event: &'r Untrusted,
}

impl Roll {
    /// Finds the people of the desk in a calendar's events: those invited, by their mailbox; where none of
    /// them is known, whoever the title names by mailbox, full name or id; else the organizer.
    pub fn new<'p>(calendar: &Calendar, people: impl Iterator<Item = &'p Person> + Clone) -> Self {
        let (mut bookings, mut strangers) = (Vec::new(), Vec::new());
        for event in &calendar.events {
            let found = named(event, people.clone());
            if !found.is_empty() {
                bookings.push(Booking { event: event.clone(), people: found });
            } else if !strangers.contains(&event.summary) {
                strangers.push(event.summary.clone());
            }
        }
        Self { bookings: Arc::new(bookings), strangers }
    }

    pub fn is_empty(&self) -> bool {
        self.bookings.is_empty()
    }

    /// Whether another copy of the calendar would leave nobody on call within the next 14 days where this one has
    /// somebody: more likely a mistake, or a calendar of strangers, than a plan.
    pub fn is_emptied_by(&self, other: &Roll, zone: &TimeZone, now: Timestamp) -> bool {
        let until = now.saturating_add(SignedDuration::from_hours(14 * 24)).unwrap_or(Timestamp::MAX);
        let has = |roll: &Roll| !roll.spans(zone, now, until).is_empty();
        has(self) && !has(other)
    }

    pub fn names(&self, person: &PersonId) -> bool {
        self.bookings.iter().any(|booking| booking.people.contains(person))
    }

    /// Who is on at this moment, and the first event that says so.
    pub fn at(&self, zone: &TimeZone, at: Timestamp) -> Option<(Vec<PersonId>, &Untrusted)> {
        let mut on: Option<(Vec<PersonId>, &Untrusted)> = None;
        let after = Timestamp::from_nanosecond(at.as_nanosecond() + 1).unwrap_or(Timestamp::MAX);
        for shift in self.spans(zone, at, after) {
            let (people, _) = on.get_or_insert_with(|| (Vec::new(), shift.event));
            for person in shift.people {
                if !people.contains(person) {
                    people.push(person.clone());
                }
            }
        }
        on
    }

    /// Every shift that has a part of the time between, by their beginnings. Events without a time zone
    /// of their own are in `zone`.
    pub fn spans(&self, zone: &TimeZone, from: Timestamp, until: Timestamp) -> Vec<Shift<'_>> {
        let mut shifts: Vec<Shift<'_>> = self
            .bookings
            .iter()
            .flat_map(|Booking { event, people }| {
                let times = event.between(zone, from, until).into_iter();
                times.map(move |(from, until)| Shift { from, until, people, event: &event.summary })
            })
            .collect();
        shifts.sort_by_key(|shift| shift.from);
        shifts
    }
}

fn named<'p>(event: &Event, people: impl Iterator<Item = &'p Person> + Clone) -> Vec<PersonId> {
    let by_mail = |mail: &str| {
        let mut people = people.clone();
        people.find(|person| person.email.as_ref().is_some_and(|own| own.as_str().eq_ignore_ascii_case(mail)))
    };
    let mut found: Vec<PersonId> = Vec::new();
    for mail in &event.attendees {
        if let Some(person) = by_mail(mail.raw())
            && !found.contains(&person.id)
        {
            found.push(person.id.clone());
        }
    }
    if !found.is_empty() {
        return found;
    }
    let title = event.summary.raw().to_lowercase();
    let says = |word: &str| contains_word(&title, &word.to_lowercase());
    let titled = |by: fn(&Person) -> Option<&str>| -> Vec<PersonId> {
        people.clone().filter(|p| by(p).is_some_and(says)).map(|person| person.id.clone()).collect()
    };
    let fields: [fn(&Person) -> Option<&str>; 3] = [
        |person| person.email.as_ref().map(|mail| mail.as_str()),
        |person| Some(&person.name),
        |person| Some(&person.id.0),
    ];
    let by_title = fields.into_iter().map(titled).find(|found| !found.is_empty());
    by_title.unwrap_or_else(|| {
        let organizer = event.organizer.as_ref().and_then(|mail| by_mail(mail.raw()));
        organizer.map(|person| person.id.clone()).into_iter().collect()
    })
}

/// Whether the words stand in the text by themselves, not as a part of longer ones.
fn contains_word(text: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !word.trim().is_empty()
        && text.match_indices(word).any(|(at, found)| {
            !part(text[..at].chars().next_back()) && !part(text[at + found.len()..].chars().next())
        })
}
