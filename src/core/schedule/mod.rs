//! Who is on call when: layers laid over each other, and what people agreed beside the plan over all.
//!
//! A layer is people taking turns ([`rotation`]) or a calendar ([`roll`]), from a start until an end,
//! at all hours or some ([`hours`]). At each moment the last layer that has somebody on counts; where
//! none has, nobody is on call, which is a fact that the timeline shows. Overrides come last, the newest
//! over the older ones.
//!
//! The rule across clock changes: everything written as a time of day is wall time in the schedule's
//! zone and happens when the clock there first shows it. A time that is skipped (a gap) happens at the
//! jump, a time that comes twice (an overlap) the first time. So what ends at 07:00 ends exactly where
//! what begins at 07:00 begins, in every zone on every night; a turn is an hour longer or shorter where
//! the night is. Only turns of hours that do not fit whole into a day are counted in real hours.

pub mod hours;
pub mod overrides;
pub mod roll;
pub mod rotation;
#[cfg(test)]
mod tests;

pub use hours::WeekHours;
pub use overrides::{Override, OverrideState};
pub use roll::{Booking, Roll, RosterCopy};
pub use rotation::{Handoff, Length, Rotation, Start};

use crate::core::desk::Desk;
use crate::core::id::OverrideId;
use crate::core::person::PersonId;
use crate::core::text::Untrusted;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// One schedule, and what is laid over it.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    pub name: String,
    pub time_zone: TimeZone,
    /// Later ones count over earlier ones.
    pub layers: Vec<Layer>,
    /// Active ones, oldest first.
    pub overrides: Vec<Override>,
}

/// One plan among those laid over each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub name: String,
    pub source: Source,
    /// Only at these hours of the week; at all of them where there is none.
    pub hours: Option<WeekHours>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// Where a layer's people come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    Rotation(Rotation),
    Calendar(Roll),
}

/// A time during which the same people are on call for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub from: Timestamp,
    pub until: Timestamp,
    /// Usually one; nobody in a gap, several where a calendar has several.
    pub people: Vec<PersonId>,
    pub why: Why,
}

/// Why somebody is on call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum Why {
    /// It is their turn.
    Rotation { layer: String },
    /// A calendar says so.
    Calendar { layer: String, event: Untrusted },
    /// Somebody arranged it.
    Override { id: OverrideId, by: PersonId },
    /// Nobody is: no layer has anybody on.
    Nobody,
}

/// Who is on call at a moment, and what comes after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub people: Vec<PersonId>,
    pub why: Why,
    /// `None`: nothing changes for more than a year.
    pub until: Option<Timestamp>,
    pub next: Option<Segment>,
}

/// How far ahead the end of a turn is looked for, little by little.
const AHEAD_DAYS: [i64; 4] = [2, 16, 100, 400];

impl Schedule {
    /// One layer with people taking turns, at all hours.
    pub fn simple(name: &str, time_zone: TimeZone, rotation: Rotation) -> Self {
        let source = Source::Rotation(rotation);
        let layer = Layer { name: name.to_owned(), source, hours: None, from: None, until: None };
        Self { name: name.to_owned(), time_zone, layers: vec![layer], overrides: Vec::new() }
    }

    /// The same with those overrides laid over it that are its own and count. One for somebody who no
    /// longer works here counts no more: whoever the schedule has is better than nobody.
    pub fn with(&self, overrides: &[Override], desk: &Desk) -> Self {
        let own = overrides
            .iter()
            .filter(|over| over.schedule == self.name && over.state == OverrideState::Active)
            .filter(|over| desk.people.contains_key(&over.person));
        Self { overrides: own.cloned().collect(), ..self.clone() }
    }

    /// Whether the person is on call by it at any time: in turn, by a calendar, or arranged.
    pub fn names(&self, person: &PersonId) -> bool {
        let planned = |layer: &Layer| match &layer.source {
            Source::Rotation(rotation) => rotation.people.contains(person),
            Source::Calendar(roll) => roll.names(person),
        };
        self.layers.iter().any(planned) || self.overrides.iter().any(|over| over.person == *person)
    }

    /// Who is on call at this moment, and why.
    pub fn who(&self, at: Timestamp) -> (Vec<PersonId>, Why) {
        let (mut people, mut why) = self
            .layers
            .iter()
            .rev()
            .find_map(|layer| layer.who(&self.time_zone, at))
            .unwrap_or((Vec::new(), Why::Nobody));
        for over in self.overrides.iter().filter(|over| over.covers(at)) {
            if let Some(on) = over.over(&people) {
                (people, why) = (on, Why::Override { id: over.id, by: over.by.clone() });
            }
        }
        (people, why)
    }

    /// Who is on call at this moment, until when, and who then.
    pub fn at(&self, at: Timestamp) -> Turn {
        let (people, why) = self.who(at);
        for days in AHEAD_DAYS {
            let end = at.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX);
            let mut ahead = self.turns(at, end).into_iter();
            // The last one is cut off where the look ahead ends.
            if let (Some(now), Some(next)) = (ahead.next(), ahead.next())
                && (ahead.next().is_some() || days == AHEAD_DAYS[AHEAD_DAYS.len() - 1])
            {
                return Turn { people, why, until: Some(now.until), next: Some(next) };
            }
        }
        Turn { people, why, until: None, next: None }
    }

    /// Who is on call from a moment until another, without a gap and without an overlap; times without
    /// anybody are there as such.
    pub fn turns(&self, from: Timestamp, until: Timestamp) -> Vec<Segment> {
        let mut layers: Vec<Sweep> =
            self.layers.iter().map(|layer| Sweep::new(layer.spans(&self.time_zone, from, until))).collect();
        let mut cuts: Vec<Timestamp> = vec![from, until];
        cuts.extend(layers.iter().flat_map(|layer| layer.spans.iter()).flat_map(|s| [s.from, s.until]));
        cuts.extend(self.overrides.iter().flat_map(|over| [over.from, over.until]));
        cuts.retain(|cut| from <= *cut && *cut <= until);
        cuts.sort();
        cuts.dedup();
        let mut found: Vec<(Segment, Option<Timestamp>)> = Vec::new();
        for pair in cuts.windows(2) {
            let &[from, until] = pair else { continue };
            let mut standing = None;
            for layer in layers.iter_mut().rev() {
                let here = layer.at(from);
                standing = standing.or(here);
            }
            let (mut people, mut why, mut turn) = standing.unwrap_or((Vec::new(), Why::Nobody, None));
            for over in self.overrides.iter().filter(|over| over.covers(from)) {
                if let Some(on) = over.over(&people) {
                    people = on;
                    (why, turn) = (Why::Override { id: over.id, by: over.by.clone() }, None);
                }
            }
            match found.last_mut() {
                Some((last, of)) if last.people == people && last.why == why && *of == turn => {
                    last.until = until;
                }
                _ => found.push((Segment { from, until, people, why }, turn)),
            }
        }
        found.into_iter().map(|(segment, _)| segment).collect()
    }
}

/// A part of a layer during which the same people are on.
struct Span {
    from: Timestamp,
    until: Timestamp,
    /// When the turn began that it is a part of.
    turn: Timestamp,
    people: Vec<PersonId>,
    why: Why,
}

/// The spans of a layer, walked along with time.
struct Sweep {
    /// By their beginnings.
    spans: Vec<Span>,
    past: usize,
}

impl Sweep {
    fn new(spans: Vec<Span>) -> Self {
        Self { spans, past: 0 }
    }

    /// Who the layer has on; asked for ever later moments.
    fn at(&mut self, at: Timestamp) -> Option<(Vec<PersonId>, Why, Option<Timestamp>)> {
        while self.spans.get(self.past).is_some_and(|span| span.until <= at) {
            self.past += 1;
        }
        let here = self.spans.iter().skip(self.past).take_while(|span| span.from <= at);
        together(here.filter(|span| at < span.until).map(|s| (&s.people, &s.why, s.turn)))
    }
}

/// All who are on at the same moment by one layer; the first tells why.
fn together<'p>(
    all: impl Iterator<Item = (&'p Vec<PersonId>, &'p Why, Timestamp)>,
) -> Option<(Vec<PersonId>, Why, Option<Timestamp>)> {
    let mut standing: Option<(Vec<PersonId>, Why, Option<Timestamp>)> = None;
    for (people, why, turn) in all {
        match &mut standing {
            None => standing = Some((people.clone(), why.clone(), Some(turn))),
            Some((on, ..)) => {
                let more: Vec<_> = people.iter().filter(|person| !on.contains(person)).cloned().collect();
                on.extend(more);
            }
        }
    }
    standing
}

impl Layer {
    fn who(&self, zone: &TimeZone, at: Timestamp) -> Option<(Vec<PersonId>, Why)> {
        let within = self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until);
        if !within || self.hours.as_ref().is_some_and(|hours| !hours.holds(zone, at)) {
            return None;
        }
        match &self.source {
            Source::Rotation(rotation) => {
                Some((vec![rotation.at(zone, at)?.clone()], Why::Rotation { layer: self.name.clone() }))
            }
            Source::Calendar(roll) => roll.at(zone, at).map(|(people, event)| {
                (people, Why::Calendar { layer: self.name.clone(), event: event.clone() })
            }),
        }
    }

    /// By their beginnings, each cut to the time between.
    fn spans(&self, zone: &TimeZone, from: Timestamp, until: Timestamp) -> Vec<Span> {
        let from = self.from.map_or(from, |own| own.max(from));
        let until = self.until.map_or(until, |own| own.min(until));
        if from >= until {
            return Vec::new();
        }
        let all: Vec<Span> = match &self.source {
            Source::Rotation(rotation) => rotation
                .turns(zone, from, until)
                .map(|turn| Span {
                    from: turn.from.max(from),
                    until: turn.until.min(until),
                    turn: turn.from,
                    people: vec![turn.person],
                    why: Why::Rotation { layer: self.name.clone() },
                })
                .collect(),
            Source::Calendar(roll) => roll
                .spans(zone, from, until)
                .into_iter()
                .map(|shift| Span {
                    from: shift.from.max(from),
                    until: shift.until.min(until),
                    turn: shift.from,
                    people: shift.people.clone(),
                    why: Why::Calendar { layer: self.name.clone(), event: shift.event.clone() },
                })
                .collect(),
        };
        let Some(hours) = &self.hours else { return all };
        let hours = hours.spans(zone, from, until);
        let mut cut = Vec::new();
        for span in all {
            let first = hours.partition_point(|(_, end)| *end <= span.from);
            for (begin, end) in hours.iter().skip(first).take_while(|(begin, _)| *begin < span.until) {
                let (people, why) = (span.people.clone(), span.why.clone());
                let (from, until) = (span.from.max(*begin), span.until.min(*end));
                cut.push(Span { from, until, turn: span.turn, people, why });
            }
        }
        cut.sort_by_key(|span| span.from);
        cut
    }
}
