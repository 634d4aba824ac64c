//! The dialogs that arrange who is on call beside the plan: put somebody on for a while, and take that back.

use crate::console::desk::Desk;
use crate::console::dialog::{Order, Pressed};
use crate::console::line::Line;
use crate::console::model::{About, Filter};
use crate::core::command::{Action as Ask, Expect};
use crate::core::person::{PersonId, Role};
use crate::core::schedule::Segment;
use crate::core::text::sanitise;
use crate::core::wall;
use crate::wire::ScheduleTimeline;
use crossterm::event::{KeyCode, KeyEvent};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use std::collections::BTreeSet;

/// Puts somebody on call for a while.
#[derive(Debug)]
pub struct Cover {
    pub schedule: String,
    /// The schedule's own.
    pub zone: TimeZone,
    pub filter: Filter,
    /// Everybody who can take an alert, but those who are on in that time already.
    everybody: Vec<(PersonId, String)>,
    /// Nobody at first, but for oneself: whoever presses Enter too early puts no stranger on call.
    pub selected: Option<usize>,
    pub from: When,
    pub until: When,
    pub on: Field,
    pub error: Option<String>,
    pub appeared: Timestamp,
    /// The plan as it is, to say whom a change concerns.
    turns: Vec<Segment>,
    me: Option<PersonId>,
    /// The zone in which the operator types.
    typed_in: TimeZone,
}

/// A moment that can be typed over.
#[derive(Debug)]
pub struct When {
    at: Timestamp,
    shown: String,
    pub line: Line,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Who,
    From,
    Until,
}

impl When {
    fn new(at: Timestamp, now: Timestamp, zone: &TimeZone) -> Self {
        let shown = match at <= now {
            true => "now".to_owned(),
            false => at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
        };
        Self { at, line: Line::new(&shown), shown }
    }

    /// What was not typed over is exact, even where a clock shows the same time twice.
    fn moment(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let typed = self.line.text().trim();
        if typed == self.shown {
            return Some(self.at);
        }
        if typed == "now" { Some(after) } else { wall::typed(typed, after, zone) }
    }
}

/// The end of the turn's first night: the next time the clock shows what it shows at the hand-off. Whoever presses
/// Enter too early gives a night away, and no week.
fn tonight(schedule: &ScheduleTimeline, turn: &Segment, now: Timestamp) -> Timestamp {
    let zone = TimeZone::get(&schedule.time_zone).unwrap_or(TimeZone::UTC);
    let (from, hand_off) = (turn.from.max(now), turn.until.to_zoned(zone.clone()).time());
    let today = from.to_zoned(zone.clone()).date();
    let ends =
        |days: i64| Some(wall::moment(&zone, today.checked_add(days.days()).ok()?.to_datetime(hand_off)));
    let ends = [ends(0), ends(1)].into_iter().flatten().find(|at| *at > from);
    ends.unwrap_or(turn.until).min(turn.until)
}

impl Cover {
    pub fn new(desk: &Desk, schedule: &ScheduleTimeline, turn: &Segment, now: Timestamp) -> Self {
        let typed_in = desk.zone();
        let can = desk.people.values().filter(|person| person.role >= Role::Responder);
        let others = can.filter(|person| !turn.people.contains(&person.id));
        let mut everybody: Vec<(PersonId, String)> =
            others.map(|person| (person.id.clone(), sanitise(&person.name).into_owned())).collect();
        everybody.sort_by_key(|(id, name)| (!desk.is_me(id), name.clone()));
        let me_first = everybody.first().is_some_and(|(id, _)| desk.is_me(id));
        Self {
            schedule: schedule.schedule.clone(),
            zone: TimeZone::get(&schedule.time_zone).unwrap_or(TimeZone::UTC),
            filter: Filter { line: Line::default(), open: true },
            everybody,
            selected: me_first.then_some(0),
            from: When::new(turn.from.max(now), now, &typed_in),
            until: When::new(tonight(schedule, turn, now), now, &typed_in),
            on: Field::Who,
            error: None,
            appeared: now,
            turns: schedule.segments.clone(),
            me: desk.me.person.as_ref().map(|me| me.id.clone()),
            typed_in,
        }
    }

    /// How long the whole of that turn goes on, where it is not all of it that is covered.
    pub fn turn_ends(&self, until: Timestamp) -> Option<Timestamp> {
        let within = self.turns.iter().find(|turn| turn.from < until && until < turn.until)?;
        Some(within.until)
    }

    /// Who matches what is typed.
    pub fn found(&self) -> Vec<&(PersonId, String)> {
        self.everybody.iter().filter(|(id, name)| self.filter.matches(&[&id.0, name])).collect()
    }

    pub fn chosen(&self) -> Option<&PersonId> {
        self.found().get(self.selected?).map(|(id, _)| id)
    }

    /// From when until when; what is wrong with what was typed.
    pub fn times(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), String> {
        let unknown = |line: &Line| {
            format!("{:?} is no time; write fri 18:00, 06:30, 4h or 2026-11-27 18:00", line.text().trim())
        };
        let from = self.from.moment(now, &self.typed_in).ok_or_else(|| unknown(&self.from.line))?;
        // A length counts from the beginning, as on the command line.
        let until = self.until.moment(from, &self.typed_in).ok_or_else(|| unknown(&self.until.line))?;
        if until <= from.max(now) {
            return Err("it has to end after it begins, and not in the past".to_owned());
        }
        Ok((from, until))
    }

    /// Whom it concerns but oneself: who comes, and who goes.
    pub fn told(&self, now: Timestamp) -> BTreeSet<PersonId> {
        let (Some(chosen), Ok((from, until))) = (self.chosen(), self.times(now)) else {
            return BTreeSet::new();
        };
        let within = self.turns.iter().filter(|turn| turn.from < until && from < turn.until);
        let changed = within.filter(|turn| turn.people != [chosen.clone()]);
        let mut told: BTreeSet<PersonId> = changed.flat_map(|turn| turn.people.iter().cloned()).collect();
        told.insert(chosen.clone());
        told.retain(|person| self.me.as_ref() != Some(person));
        told
    }

    pub fn press(&mut self, key: KeyEvent, now: Timestamp) -> Pressed {
        use Field::{From, Until, Who};
        match key.code {
            KeyCode::Esc => return Pressed::Close,
            KeyCode::Tab => {
                self.on = if self.on == Who {
                    From
                } else if self.on == From {
                    Until
                } else {
                    Who
                }
            }
            KeyCode::BackTab => {
                self.on = if self.on == Who {
                    Until
                } else if self.on == From {
                    Who
                } else {
                    From
                };
            }
            KeyCode::Down => {
                let last = self.found().len().saturating_sub(1);
                self.selected = Some(self.selected.map_or(0, |at| (at + 1).min(last)));
                self.error = None;
            }
            KeyCode::Up => self.selected = self.selected.map(|at| at.saturating_sub(1)),
            KeyCode::Enter => return self.order(now),
            _ => {
                self.error = None;
                match self.on {
                    Who => {
                        self.filter.line.press(key);
                        self.selected = Some(0);
                    }
                    From => {
                        self.from.line.press(key);
                    }
                    Until => {
                        self.until.line.press(key);
                    }
                }
            }
        }
        Pressed::Stay
    }

    fn order(&mut self, now: Timestamp) -> Pressed {
        let (from, until) = match self.times(now) {
            Ok(times) => times,
            Err(why) => {
                self.error = Some(why);
                return Pressed::Stay;
            }
        };
        let Some(person) = self.chosen().cloned() else {
            self.error = Some(self.nobody());
            return Pressed::Stay;
        };
        let schedule = self.schedule.clone();
        let ask = Ask::AddOverride { schedule, person, instead: None, from, until };
        let about = About::OnCall(self.schedule.clone());
        Pressed::Order(Order { about, word: "override", ask, expect: Expect::default() })
    }

    /// Why nobody is chosen, and what to do.
    fn nobody(&self) -> String {
        if self.everybody.is_empty() {
            return "nobody else can take an alert; add a [[person]] with the role responder".to_owned();
        }
        match self.found().is_empty() {
            true => "nobody of that name can take an alert; clear the name to see who can".to_owned(),
            false => "choose who it is first: type a name, or take the arrows".to_owned(),
        }
    }

    pub fn paste(&mut self, text: &str) {
        match self.on {
            Field::Who => {
                self.filter.line.insert(text);
                self.selected = Some(0);
            }
            Field::From => self.from.line.insert(text),
            Field::Until => self.until.line.insert(text),
        }
    }
}
