//! People taking turns. Hand-offs are wall time in the schedule's zone, with [`wall`]'s rule: a hand-off
//! whose time is skipped is at the jump, one whose time comes twice is at the first of the two.
//!
//! Turns of days and weeks count civil days, so that none is lost or doubled by a clock change. Turns of
//! hours that fit whole into a day (1, 2, 3, 4, 6, 8, 12) hand off at the same times every day, whatever
//! the clock does that night: what people write on the wall. Turns of any other number of hours drift
//! through the day anyway; they are real hours counted from the start, each exactly as long as said.

use crate::core::person::PersonId;
use crate::core::wall;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Unit};

/// A list of people taking turns, the first again after the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotation {
    pub people: Vec<PersonId>,
    turns: Turns,
    /// The number of the turn that is the first person's first.
    first: i64,
}

/// How long a turn is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Length {
    Hours(u16),
    Days(u16),
    Weeks(u16),
    /// From each of these to the next, whichever comes.
    Handoffs(Vec<Handoff>),
}

/// A time of the week at which one person hands over to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handoff {
    pub days: Vec<Weekday>,
    pub time: Time,
}

/// When the first person's first turn begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At that day's first hand-off, or the first after it.
    Day(Date),
    /// At exactly that time, until the first hand-off after it.
    Moment(DateTime),
}

/// One turn as it falls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub person: PersonId,
    pub from: Timestamp,
    pub until: Timestamp,
}

/// Turns have numbers, in both directions from an origin; what begins when.
#[derive(Clone, Debug, PartialEq)]
enum Turns {
    /// Hand-offs at civil times that come again every so many days. Never without marks.
    Civil {
        origin: Date,
        days: i32,
        marks: Vec<Mark>,
    },
    Elapsed {
        from: Timestamp,
        length: SignedDuration,
    },
}

/// A hand-off within the days of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    day: i32,
    time: Time,
}

impl Rotation {
    /// `handoff` is the time of day for turns of hours, days and weeks; hand-offs listed have their own.
    pub fn new(people: Vec<PersonId>, length: &Length, handoff: Time, start: Start, zone: &TimeZone) -> Self {
        let day = match start {
            Start::Day(day) => day,
            Start::Moment(at) => at.date(),
        };
        let once = |days: u16| Turns::Civil {
            origin: day,
            days: i32::from(days.max(1)),
            marks: vec![Mark { day: 0, time: handoff }],
        };
        let turns = match length {
            Length::Days(days) => once(*days),
            Length::Weeks(weeks) => once(weeks.saturating_mul(7)),
            Length::Hours(hours) if *hours > 0 && hours % 24 == 0 => once(hours / 24),
            Length::Hours(hours) if *hours > 0 && 24 % hours == 0 => {
                let step = i8::try_from(*hours).unwrap_or(1);
                let mut marks: Vec<Mark> = (0..24 / step)
                    .filter_map(|turn| {
                        let hour = (handoff.hour() + turn * step) % 24;
                        Some(Mark { day: 0, time: handoff.with().hour(hour).build().ok()? })
                    })
                    .collect();
                marks.sort();
                Turns::Civil { origin: day, days: 1, marks }
            }
            Length::Hours(hours) => {
                let begin = match start {
                    Start::Day(day) => day.to_datetime(handoff),
                    Start::Moment(at) => at,
                };
                let length = SignedDuration::from_hours(i64::from((*hours).max(1)));
                Turns::Elapsed { from: wall::moment(zone, begin), length }
            }
            Length::Handoffs(handoffs) => {
                let mut marks: Vec<Mark> = handoffs
                    .iter()
                    .flat_map(|handoff| {
                        let day = |day: &Weekday| i32::from(day.to_monday_zero_offset());
                        handoff.days.iter().map(move |d| Mark { day: day(d), time: handoff.time })
                    })
                    .collect();
                marks.sort();
                marks.dedup();
                if marks.is_empty() {
                    marks.push(Mark { day: 0, time: handoff });
                }
                let back = i32::from(day.weekday().to_monday_zero_offset());
                let monday = day.checked_sub(back.days()).unwrap_or(day);
                Turns::Civil { origin: monday, days: 7, marks }
            }
        };
        let first = match (&turns, start) {
            (Turns::Elapsed { .. }, _) => 0,
            (Turns::Civil { marks, .. }, Start::Moment(at)) => turns.last_mark(marks.len(), at),
            (Turns::Civil { marks, .. }, Start::Day(_)) if matches!(length, Length::Handoffs(_)) => {
                let before = day.yesterday().unwrap_or(day).to_datetime(Time::MAX);
                turns.last_mark(marks.len(), before) + 1
            }
            (Turns::Civil { marks, .. }, Start::Day(_)) => {
                turns.last_mark(marks.len(), day.to_datetime(handoff))
            }
        };
        Self { people, turns, first }
    }

    /// When the first person's first turn begins, by the hand-offs alone.
    pub fn begins(&self, zone: &TimeZone) -> Option<Timestamp> {
        self.turns.begins(zone, self.first)
    }

    /// Whose turn it is; `None` where nobody is listed.
    pub fn at(&self, zone: &TimeZone, at: Timestamp) -> Option<&PersonId> {
        self.whose(self.turns.at(zone, at)?)
    }

    /// Every turn that has a part of the time between, in order, each ending where the next begins. A
    /// turn that a clock change leaves no time is left out.
    pub fn turns<'r>(
        &'r self,
        zone: &'r TimeZone,
        from: Timestamp,
        until: Timestamp,
    ) -> impl Iterator<Item = Turn> + use<'r> {
        let first = self.turns.at(zone, from).filter(|_| from < until);
        first
            .into_iter()
            .flat_map(|first| first..)
            .map_while(move |n| {
                let (begin, end) = (self.turns.begins(zone, n)?, self.turns.begins(zone, n + 1)?);
                (begin < until).then_some(())?;
                Some(Turn { person: self.whose(n)?.clone(), from: begin, until: end })
            })
            .filter(|turn| turn.from < turn.until)
    }

    fn whose(&self, turn: i64) -> Option<&PersonId> {
        let count = i64::try_from(self.people.len()).ok().filter(|count| *count > 0)?;
        usize::try_from((turn - self.first).rem_euclid(count)).ok().and_then(|i| self.people.get(i))
    }
}

impl Turns {
    /// The last turn that began at or before the moment; never one without length.
    fn at(&self, zone: &TimeZone, at: Timestamp) -> Option<i64> {
        match self {
            Turns::Elapsed { from, length } => {
                let seconds = at.duration_since(*from);
                let whole = seconds.as_secs() - i64::from(seconds.subsec_nanos() < 0);
                Some(whole.div_euclid(length.as_secs().max(1)))
            }
            Turns::Civil { origin, days, marks } => {
                let local = zone.to_datetime(at).date();
                let since = i64::from(local.since((Unit::Day, *origin)).ok()?.get_days());
                let (cycle, count) = (since.div_euclid(i64::from(*days)), marks.len() as i64);
                // Two cycles either way cover hand-offs later in the cycle, clocks that go back over
                // midnight, and a day that a zone skips.
                let (mut low, mut high) = ((cycle - 2) * count, (cycle + 3) * count);
                while low + 1 < high {
                    let middle = low + (high - low) / 2;
                    match self.begins(zone, middle).is_some_and(|begin| begin <= at) {
                        true => low = middle,
                        false => high = middle,
                    }
                }
                Some(low)
            }
        }
    }

    fn begins(&self, zone: &TimeZone, turn: i64) -> Option<Timestamp> {
        match self {
            Turns::Elapsed { from, length } => {
                from.checked_add(length.checked_mul(i32::try_from(turn).ok()?)?).ok()
            }
            Turns::Civil { .. } => Some(wall::moment(zone, self.civil(turn)?)),
        }
    }

    fn civil(&self, turn: i64) -> Option<DateTime> {
        let Turns::Civil { origin, days, marks } = self else { return None };
        let count = i64::try_from(marks.len()).ok().filter(|count| *count > 0)?;
        let mark = marks.get(usize::try_from(turn.rem_euclid(count)).ok()?)?;
        let day = turn.div_euclid(count).checked_mul(i64::from(*days))? + i64::from(mark.day);
        Some(origin.checked_add(i32::try_from(day).ok()?.days()).ok()?.to_datetime(mark.time))
    }

    /// The last turn whose civil time is not after that.
    fn last_mark(&self, marks: usize, civil: DateTime) -> i64 {
        let marks = i64::try_from(marks).unwrap_or(1);
        (-2 * marks..=2 * marks)
            .rev()
            .find(|turn| self.civil(*turn).is_some_and(|begin| begin <= civil))
            .unwrap_or(0)
    }
}

/// Why a hand-off cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hand-off is written 08:00, mon 08:00, mon-fri 17:00 or sat,sun 10:00")]
pub struct BadHandoff;

impl std::str::FromStr for Handoff {
    type Err = BadHandoff;

    fn from_str(text: &str) -> Result<Self, BadHandoff> {
        let text = text.trim();
        let (days, time) = match text.rsplit_once(char::is_whitespace) {
            Some((days, time)) => (super::hours::days(days).ok_or(BadHandoff)?, time),
            None => (Weekday::Monday.cycle_forward().take(7).collect(), text),
        };
        Ok(Self { days, time: super::hours::time(time).ok_or(BadHandoff)? })
    }
}
