//! `[[schedule]]`: people taking turns, in one list or in layers, and calendars from files and elsewhere.

use super::check::Check;
use super::file::{OneOrMore, SecretRef, Text};
use super::kept::{Kind, is_url};
use super::problem::Problem;
use crate::core::ical;
use crate::core::person::{Person, PersonId};
use crate::core::schedule::{Handoff, Layer, Length, Roll, Rotation, Schedule, Source, Start, WeekHours};
use crate::core::text::sanitise;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use toml::Spanned;

/// The largest calendar there may be, in bytes.
pub const LARGEST_CALENDAR: usize = 1024 * 1024;

/// Where turns are counted from unless said: a Monday.
const ANCHOR: Date = jiff::civil::date(2024, 1, 1);

/// A calendar elsewhere, and the layer it is.
#[derive(Clone, Debug)]
pub struct Feed {
    pub schedule: String,
    pub layer: String,
    /// May have a secret in it.
    pub url: SecretString,
    /// How often it is asked for.
    pub every: Duration,
}

impl Feed {
    /// The name its last good copy is kept under.
    pub fn id(&self) -> String {
        format!("{}/{}", self.schedule, self.layer)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleTable {
    pub name: Text,
    pub time_zone: Option<Text>,
    pub people: Option<Spanned<Vec<Text>>>,
    /// Length of a turn, in days.
    pub turn_days: Option<Spanned<u16>>,
    /// Length of a turn: 12h, 2d, 1w.
    pub turn: Option<Text>,
    pub start: Option<Spanned<toml::value::Datetime>>,
    pub handoff: Option<Spanned<OneOrMore<String>>>,
    #[serde(default)]
    pub layer: Vec<LayerTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerTable {
    pub name: Text,
    pub people: Option<Spanned<Vec<Text>>>,
    pub turn: Option<Text>,
    pub start: Option<Spanned<toml::value::Datetime>>,
    pub end: Option<Spanned<toml::value::Datetime>>,
    pub handoff: Option<Spanned<OneOrMore<String>>>,
    pub hours: Option<Spanned<OneOrMore<String>>>,
    /// An iCalendar file beside the configuration, or an address.
    pub ics: Option<Text>,
    /// An address that only those may know who read the calendar.
    pub ics_secret: Option<Spanned<SecretRef>>,
    pub every: Option<Text>,
}

/// The keys of people taking turns, of a schedule or of a layer.
struct Turns {
    people: Option<Spanned<Vec<Text>>>,
    turn_days: Option<Spanned<u16>>,
    turn: Option<Text>,
    start: Option<Spanned<toml::value::Datetime>>,
    handoff: Option<Spanned<OneOrMore<String>>>,
}

const ELSEWHERE: &str = "a calendar elsewhere";

impl Check<'_> {
    /// The schedules by name, and the calendars elsewhere that they are made of.
    pub(super) fn schedules(
        &mut self,
        tables: Vec<ScheduleTable>,
        people: &BTreeMap<PersonId, Person>,
        zone: &TimeZone,
    ) -> (BTreeMap<String, Schedule>, Vec<Feed>) {
        let mut names = BTreeSet::new();
        let mut schedules = BTreeMap::new();
        let mut feeds = Vec::new();
        for t in tables {
            self.name("schedule", &t.name, &mut names);
            let time_zone = t.time_zone.as_ref().map_or_else(|| zone.clone(), |zone| self.zone(zone));
            let name = t.name.as_ref().clone();
            let turns = Turns {
                people: t.people,
                turn_days: t.turn_days,
                turn: t.turn,
                start: t.start,
                handoff: t.handoff,
            };
            let schedule = if t.layer.is_empty() {
                if turns.people.is_none() {
                    self.wrong(t.name.span(), "this schedule needs `people`, or a [[schedule.layer]]");
                }
                let (rotation, _) = self.rotation(turns, people, &time_zone);
                Schedule::simple(&name, time_zone, rotation)
            } else {
                self.no_turns(&turns);
                let mut taken = BTreeSet::new();
                let layers = t
                    .layer
                    .into_iter()
                    .map(|layer| {
                        self.name("layer", &layer.name, &mut taken);
                        self.layer(layer, &name, people, &time_zone, &mut feeds)
                    })
                    .collect();
                Schedule { name: name.clone(), time_zone, layers, overrides: Vec::new() }
            };
            schedules.insert(name, schedule);
        }
        (schedules, feeds)
    }

    /// A schedule with layers has people only in them.
    fn no_turns(&mut self, turns: &Turns) {
        let said = [
            turns.people.as_ref().map(Spanned::span),
            turns.turn_days.as_ref().map(Spanned::span),
            turns.turn.as_ref().map(Spanned::span),
            turns.start.as_ref().map(Spanned::span),
            turns.handoff.as_ref().map(Spanned::span),
        ];
        if let Some(span) = said.into_iter().flatten().next() {
            self.wrong(span, "this schedule has layers; people and their turns are said in each of them");
        }
    }

    fn layer(
        &mut self,
        t: LayerTable,
        schedule: &str,
        people: &BTreeMap<PersonId, Person>,
        zone: &TimeZone,
        feeds: &mut Vec<Feed>,
    ) -> Layer {
        let hours = t.hours.map(|hours| {
            let mut week = WeekHours::default();
            let span = hours.span();
            for text in hours.into_inner().into_vec() {
                if let Err(why) = week.add(&text) {
                    self.wrong(span.clone(), format!("{:?}: {why}", sanitise(&text)));
                }
            }
            week
        });
        let until = t.end.as_ref().map(|end| match self.start(end, zone) {
            Start::Day(day) => crate::core::wall::moment(zone, day.to_datetime(Time::midnight())),
            Start::Moment(at) => crate::core::wall::moment(zone, at),
        });
        let (name, name_span) = (t.name.as_ref().clone(), t.name.span());
        let calendar = t.ics.is_some() || t.ics_secret.is_some();
        if let (true, Some(people)) = (calendar, &t.people) {
            self.wrong(people.span(), "a layer is people taking turns or a calendar, not both");
        }
        let (source, from) = if calendar {
            if let Some(span) = t.turn.as_ref().map(Spanned::span).or(t.handoff.as_ref().map(Spanned::span)) {
                self.wrong(span, "a calendar says itself when somebody is on; it has no turns");
            }
            let from = t.start.as_ref().map(|start| match self.start(start, zone) {
                Start::Day(day) => crate::core::wall::moment(zone, day.to_datetime(Time::midnight())),
                Start::Moment(at) => crate::core::wall::moment(zone, at),
            });
            (
                Source::Calendar(self.calendar(
                    t.ics,
                    t.ics_secret,
                    t.every,
                    (schedule, &name),
                    people,
                    feeds,
                )),
                from,
            )
        } else {
            match &t.people {
                Some(list) if list.as_ref().is_empty() => {
                    self.wrong(list.span(), "a layer of nobody is of no use; name its people");
                }
                Some(_) => {}
                None => self.wrong(name_span.clone(), "this layer needs `people`, or a calendar with `ics`"),
            }
            if let Some(every) = &t.every {
                self.wrong(every.span(), "`every` says how often an address in `ics` is asked for");
            }
            let turns =
                Turns { people: t.people, turn_days: None, turn: t.turn, start: t.start, handoff: t.handoff };
            let (rotation, from) = self.rotation(turns, people, zone);
            (Source::Rotation(rotation), from)
        };
        if let (Some(from), Some(until), Some(end)) = (from, until, &t.end)
            && until <= from
        {
            self.wrong(end.span(), "this layer ends before it starts");
        }
        Layer { name, source, hours, from, until }
    }

    /// The rotation, and when it starts where that is said.
    fn rotation(
        &mut self,
        t: Turns,
        people: &BTreeMap<PersonId, Person>,
        zone: &TimeZone,
    ) -> (Rotation, Option<Timestamp>) {
        let listed = t.people.map(Spanned::into_inner).unwrap_or_default();
        let listed = listed.iter().filter_map(|id| self.on_call(id, people)).collect();
        let said_start = t.start.as_ref().map(|start| self.start(start, zone));
        let handoffs = t.handoff.as_ref().map(|handoff| (self.handoffs(handoff), handoff.span()));
        let said_length = self.length(t.turn.as_ref(), t.turn_days.as_ref());
        let own_time = match said_start {
            Some(Start::Moment(at)) => at.time(),
            Some(Start::Day(_)) | None => Time::midnight(),
        };
        let mut start = said_start.unwrap_or(Start::Day(ANCHOR));
        let (length, time) = match (said_length, handoffs) {
            (said, None) => (said.unwrap_or(Length::Days(7)), own_time),
            (said, Some((handoffs, span))) => match (said, handoffs.as_slice()) {
                (_, []) => (Length::Days(7), own_time),
                (None, [only]) if only.days.len() == 7 => (Length::Days(7), only.time),
                (None, _) => (Length::Handoffs(handoffs), Time::midnight()),
                (Some(length), [only]) if only.days.len() == 7 => (length, only.time),
                (Some(Length::Weeks(weeks)), [Handoff { days, time }]) if days.len() == 1 => {
                    start = self.on_weekday(start, said_start, days[0], t.start.as_ref());
                    (Length::Weeks(weeks), *time)
                }
                (Some(length), _) => {
                    let message = "several hand-offs make the turns themselves, without `turn`; a turn of weeks \
                                   hands over on one day, such as \"mon 08:00\", any other at a time of day";
                    self.wrong(span, message);
                    (length, Time::midnight())
                }
            },
        };
        let rotation = Rotation::new(listed, &length, time, start, zone);
        let from = match said_start {
            None => None,
            Some(Start::Moment(at)) => Some(crate::core::wall::moment(zone, at)),
            Some(Start::Day(_)) => rotation.begins(zone),
        };
        (rotation, from)
    }

    /// A start on the weekday on which turns of weeks hand over.
    fn on_weekday(
        &mut self,
        start: Start,
        said: Option<Start>,
        weekday: Weekday,
        at: Option<&Spanned<toml::value::Datetime>>,
    ) -> Start {
        let day = match start {
            Start::Day(day) => day,
            Start::Moment(moment) => moment.date(),
        };
        if day.weekday() == weekday {
            return start;
        }
        if let (Some(_), Some(at)) = (said, at) {
            let message = format!(
                "{day} is a {:?}, and these turns hand over on a {weekday:?}; start on one",
                day.weekday()
            );
            self.wrong(at.span(), message);
        }
        let later = i32::from(day.weekday().until(weekday));
        Start::Day(day.checked_add(later.days()).unwrap_or(day))
    }

    fn handoffs(&mut self, handoff: &Spanned<OneOrMore<String>>) -> Vec<Handoff> {
        let texts: Vec<&String> = match handoff.as_ref() {
            OneOrMore::One(one) => vec![one],
            OneOrMore::More(more) => more.iter().collect(),
        };
        let mut found = Vec::new();
        for text in texts {
            match text.parse() {
                Ok(handoff) => found.push(handoff),
                Err(why) => {
                    let why: crate::core::schedule::rotation::BadHandoff = why;
                    self.wrong(handoff.span(), format!("{:?}: {why}", sanitise(text)));
                }
            }
        }
        found
    }

    fn length(&mut self, turn: Option<&Text>, days: Option<&Spanned<u16>>) -> Option<Length> {
        if let (Some(_), Some(days)) = (turn, days) {
            self.wrong(days.span(), "`turn` says how long a turn is already");
        }
        if let Some(text) = turn {
            let typed = text.as_ref().trim();
            let unit = typed.chars().next_back();
            let number =
                typed.get(..typed.len().saturating_sub(1)).and_then(|n| n.trim().parse::<u16>().ok());
            let most = |number: u16, most: u16| (1..=most).contains(&number).then_some(number);
            let length = number.and_then(|n| match unit {
                Some('h') => most(n, 24 * 31).map(Length::Hours),
                Some('d') => most(n, 366).map(Length::Days),
                Some('w') => most(n, 52).map(Length::Weeks),
                _ => None,
            });
            if length.is_none() {
                let message = format!(
                    "{:?} is no length of a turn; write 12h (up to 744h), 2d (up to 366d) or 1w (up to 52w)",
                    sanitise(typed)
                );
                self.wrong(text.span(), message);
            }
            return length;
        }
        let days = days?;
        if *days.as_ref() == 0 || *days.as_ref() > 366 {
            self.wrong(days.span(), "turn_days is between 1 and 366");
            return None;
        }
        Some(Length::Days(*days.as_ref()))
    }

    /// A date, or a time on the schedule's clock.
    fn start(&mut self, written: &Spanned<toml::value::Datetime>, zone: &TimeZone) -> Start {
        let value = written.as_ref();
        let text = value.to_string();
        let found = match (value.date, value.time, value.offset) {
            (Some(_), None, _) => text.parse::<Date>().ok().map(Start::Day),
            (Some(_), Some(_), None) => text.parse::<DateTime>().ok().map(Start::Moment),
            (Some(_), Some(_), Some(_)) => {
                text.parse::<Timestamp>().ok().map(|at| Start::Moment(zone.to_datetime(at)))
            }
            (None, ..) => None,
        };
        found.unwrap_or_else(|| {
            self.wrong(
                written.span(),
                "this is a date, such as 2026-01-05, or a time, such as 2026-01-05T08:00:00",
            );
            Start::Day(ANCHOR)
        })
    }

    fn calendar(
        &mut self,
        ics: Option<Text>,
        secret: Option<Spanned<SecretRef>>,
        every: Option<Text>,
        (schedule, layer): (&str, &str),
        people: &BTreeMap<PersonId, Person>,
        feeds: &mut Vec<Feed>,
    ) -> Roll {
        let every = every.map(|text| (self.duration(&text), text.span()));
        if let Some((length, span)) = &every
            && *length < SignedDuration::from_mins(1)
        {
            self.wrong(span.clone(), "a calendar is asked for at most once a minute");
        }
        let wait = every.as_ref().map_or(Duration::from_secs(15 * 60), |(length, _)| length.unsigned_abs());
        let mut feed = |url: SecretString| {
            feeds.push(Feed { schedule: schedule.to_owned(), layer: layer.to_owned(), url, every: wait });
            Roll::default()
        };
        match (ics, secret) {
            (Some(ics), Some(secret)) => {
                self.wrong(secret.span(), "the calendar's address is in `ics` already");
                self.calendar_file(&ics, people)
            }
            (Some(ics), None) if is_url(ics.as_ref()) => {
                self.may_be_asked(ELSEWHERE, ics.as_ref(), ics.span());
                feed(SecretString::from(ics.into_inner()))
            }
            (Some(ics), None) => {
                if let Some((_, span)) = every {
                    self.wrong(span, "a file is read when the configuration is applied, not every so often");
                }
                self.calendar_file(&ics, people)
            }
            (None, Some(secret)) => match self.secret(&secret) {
                Some(url) => {
                    self.may_be_asked(ELSEWHERE, url.expose_secret(), secret.span());
                    feed(url)
                }
                None => Roll::default(),
            },
            (None, None) => Roll::default(),
        }
    }

    /// Who is on call must not be read over a line on which anybody may change it, and a secret address
    /// not be told over one on which anybody may read it.
    pub(super) fn may_be_asked(&mut self, what: &str, url: &str, span: std::ops::Range<usize>) {
        let host = |rest: &str| {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let host = rest[..end].rsplit_once('@').map_or(&rest[..end], |(_, host)| host);
            let name = host.strip_prefix('[').and_then(|v6| v6.split_once(']')).map_or_else(
                || host.split(':').next().unwrap_or_default().to_owned(),
                |(name, _)| name.to_owned(),
            );
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        };
        let fine = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => !rest.is_empty() && !rest.starts_with('/'),
            (None, Some(rest)) => host(rest),
            (None, None) => false,
        };
        if !fine || url.contains(char::is_whitespace) {
            self.wrong(span, format!("{what} has an https:// address (http:// only on this machine)"));
        }
    }

    fn calendar_file(&mut self, name: &Text, people: &BTreeMap<PersonId, Person>) -> Roll {
        let Some(text) = self.kept(Kind::Roster, name) else { return Roll::default() };
        if text.len() > LARGEST_CALENDAR {
            self.wrong(name.span(), "a calendar is at most 1 MiB long");
            return Roll::default();
        }
        match ical::Calendar::read(&text) {
            Ok(calendar) => {
                let roll = Roll::new(&calendar, people.values());
                if roll.is_empty() {
                    let message = "no event of this calendar names anybody of the desk: by an invited mailbox, or \
                                   by mailbox, name or id in its title";
                    self.wrong(name.span(), message);
                }
                roll
            }
            Err(why) => {
                let path = self.beside(name.as_ref());
                let before: usize =
                    text.split_inclusive('\n').take(why.line.saturating_sub(1)).map(str::len).sum();
                let length = text[before..].lines().next().map_or(0, str::len);
                self.problems.push(Problem::at(&text, &path, before..before + length, why.message));
                Roll::default()
            }
        }
    }
}

#[cfg(test)]
mod tests;
