//! One out of a few: a promise, a waking time, a turn to swap, a value that counts. Where it is a time, any other
//! can be typed instead.
//!
//! A digit selects and Enter takes it, whatever is chosen, so that a typed `06:30` does nothing by its first letter.

use crate::console::bulk::Deed;
use crate::console::clock;
use crate::console::dialog::{Order, Pressed, holder_of};
use crate::console::line::Line;
use crate::console::model::About;
use crate::core::alert::Alert;
use crate::core::command::{Action as Ask, Expect};
use crate::core::event::Severity;
use crate::core::id::{AlertId, TaskId, WindowId};
use crate::core::notification::Notification;
use crate::core::settle::Settled;
use crate::core::sync::Keep;
use crate::core::text::sanitise;
use crate::core::wall;
use crate::wire::{FieldConflict, MaintenanceInfo, MaintenanceState};
use crossterm::event::{KeyCode, KeyEvent};
use jiff::civil::time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, Zoned};

/// One out of a few.
#[derive(Debug)]
pub struct Chooser {
    pub title: String,
    pub choices: Vec<Choice>,
    pub selected: usize,
    /// A time of one's own; `None` where it is no time that is chosen.
    pub own: Option<Own>,
    about: About,
    word: &'static str,
    expect: Expect,
}

/// What choosing does.
#[derive(Clone, Debug)]
enum Does {
    /// Asks it of the agent.
    Ask(Ask),
    /// Shows what it would come to for several rows.
    Several(Deed),
    Nothing,
}

/// A time that is typed instead of chosen.
#[derive(Debug)]
pub struct Own {
    pub line: Line,
    /// Why Enter did not take it.
    pub error: Option<String>,
    of: For,
    zone: TimeZone,
    /// The longest that it may sleep.
    latest: Option<Timestamp>,
}

/// What a time is chosen for.
#[derive(Clone, Copy, Debug)]
enum For {
    Promise(AlertId),
    Snooze(AlertId),
    SnoozeTask(TaskId),
    SnoozeSeveral,
}

impl For {
    fn does(self, at: Timestamp) -> Does {
        match self {
            For::Promise(alert) => Does::Ask(Ask::Ack { alert, next_update_by: Some(at) }),
            For::Snooze(alert) => Does::Ask(Ask::Snooze { alert, until: at }),
            For::SnoozeTask(task) => Does::Ask(Ask::SnoozeTask { task, until: at }),
            For::SnoozeSeveral => Does::Several(Deed::Snooze(at)),
        }
    }
}

impl Own {
    fn new(of: For, zone: &TimeZone, latest: Option<Timestamp>) -> Option<Self> {
        Some(Self { line: Line::default(), error: None, of, zone: zone.clone(), latest })
    }

    /// What was typed, as a time; `Err` says what is wrong with it.
    pub fn moment(&self, now: Timestamp) -> Result<Timestamp, String> {
        let typed = self.line.text().trim();
        let Some(at) = wall::typed(typed, now, &self.zone) else {
            return Err("no time yet: 06:30, fri 18:00, 45m or 2h".to_owned());
        };
        match self.latest {
            _ if at <= now => Err("that is past".to_owned()),
            Some(latest) if at > latest => Err(format!(
                "{} at the latest, half way to its deadline",
                clock::when(now, latest, &self.zone)
            )),
            _ => Ok(at),
        }
    }

    /// `Tue 06:30, in 3h 22m`, of what was typed.
    pub fn in_words(&self, now: Timestamp) -> Result<String, String> {
        let at = self.moment(now)?;
        Ok(format!("{}, in {}", clock::when(now, at, &self.zone), clock::countdown(now, at)))
    }
}

#[derive(Clone, Debug)]
pub struct Choice {
    pub label: String,
    does: Does,
    /// Why it cannot be chosen.
    pub barred: Option<String>,
}

impl Chooser {
    /// When the holder promises news. It stands on what is promised now, so that Enter shortens nothing unseen; the
    /// digits mean the same whatever is promised.
    pub fn promise(alert: &Alert, now: Timestamp, zone: &TimeZone) -> Self {
        let of = For::Promise(alert.id);
        let mut choices = later(now, zone, &[15, 30, 60, 120], of);
        let minutes = |at| clock::minutes_until(now, at);
        let selected = match alert.next_update_by {
            None => 1,
            Some(by) if minutes(by) <= 0 => 0,
            Some(by) => match choices.iter_mut().position(|(at, _)| minutes(*at) == minutes(by)) {
                Some(same) => {
                    choices[same].1.label.push_str(", as promised");
                    same
                }
                None => {
                    let label = format!("as promised, {}", clock::when(now, by, zone));
                    choices.push((by, Choice { label, does: Does::Nothing, barred: None }));
                    choices.len() - 1
                }
            },
        };
        Self {
            title: format!("News on {} promised within", alert.id),
            choices: choices.into_iter().map(|(_, choice)| choice).collect(),
            selected,
            own: Own::new(of, zone, None),
            about: About::Alert(alert.id),
            word: "promise",
            expect: holder_of(alert),
        }
    }

    /// Never longer than half the time left to the deadline; `Err` holds why it may not sleep at all.
    pub fn snooze_alert(alert: &Alert, now: Timestamp, zone: &TimeZone) -> Result<Self, String> {
        let of = For::Snooze(alert.id);
        let mut choices = later(now, zone, &[15, 30, 60, 120, 240], of);
        let mut at_most = None;
        // What is due past its time, or is not that severe, sleeps as long as one says.
        if let Some(deadline) = alert.deadline.filter(|at| *at > now && alert.severity >= Severity::High) {
            let half = SignedDuration::from_secs((deadline.as_second() - now.as_second()).max(0) / 2);
            let latest = now.saturating_add(half).unwrap_or(now);
            at_most = Some(latest);
            let many = choices.len();
            choices.retain(|(at, _)| *at <= latest);
            if half > SignedDuration::from_mins(1) && choices.len() < many {
                let label = format!(
                    "{}, half way to its deadline: the longest allowed",
                    clock::when(now, latest, zone)
                );
                choices.push((latest, Choice { label, does: of.does(latest), barred: None }));
            }
            if choices.is_empty() {
                let due = clock::when(now, deadline, zone);
                return Err(format!("{} is due {due}, which is too soon for it to sleep", alert.id));
            }
        }
        Ok(Self {
            title: format!("Snooze {} until", alert.id),
            choices: choices.into_iter().map(|(_, choice)| choice).collect(),
            selected: 0,
            own: Own::new(of, zone, at_most),
            about: About::Alert(alert.id),
            word: "snooze",
            expect: holder_of(alert),
        })
    }

    /// One waking time for several rows; what may not sleep so long is refused by itself.
    pub fn snooze_several(many: usize, now: Timestamp, zone: &TimeZone) -> Self {
        let spans =
            [(15, "15 minutes"), (30, "30 minutes"), (60, "1 hour"), (120, "2 hours"), (240, "4 hours")];
        let choices = spans.into_iter().filter_map(|(minutes, span)| {
            let until = now.checked_add(SignedDuration::from_mins(minutes)).ok()?;
            let label = format!("{span}, {}", clock::when(now, until, zone));
            Some(Choice { label, does: For::SnoozeSeveral.does(until), barred: None })
        });
        Self {
            title: format!("Snooze {many} until"),
            choices: choices.collect(),
            selected: 0,
            own: Own::new(For::SnoozeSeveral, zone, None),
            about: About::Several(many),
            word: "snooze",
            expect: Expect::default(),
        }
    }

    pub fn snooze_task(task: TaskId, now: Timestamp, zone: &TimeZone) -> Self {
        let of = For::SnoozeTask(task);
        let mut choices: Vec<Choice> =
            later(now, zone, &[60, 240], of).into_iter().map(|(_, choice)| choice).collect();
        let today = now.to_zoned(zone.clone());
        choices.extend(morning(&today, 1, "tomorrow morning", of));
        let to_monday = 8 - i64::from(today.weekday().to_monday_one_offset());
        if to_monday > 1 {
            choices.extend(morning(&today, to_monday, "Monday morning", of));
        }
        Self {
            title: format!("Snooze {task} until"),
            choices,
            selected: 0,
            own: Own::new(of, zone, None),
            about: About::Task(task),
            word: "snooze",
            expect: Expect::default(),
        }
    }

    /// Which of these turns is swapped for one's own.
    pub fn swap(title: String, schedule: &str, turns: Vec<(String, Ask)>) -> Self {
        let choices = turns
            .into_iter()
            .map(|(label, ask)| Choice { label, does: Does::Ask(ask), barred: None })
            .collect();
        Self {
            title,
            choices,
            selected: 0,
            own: None,
            about: About::OnCall(schedule.to_owned()),
            word: "swap",
            expect: Expect::default(),
        }
    }

    /// Which of these windows is taken back, the first of them; `None` where there is none.
    pub fn maintenance(windows: &[MaintenanceInfo], now: Timestamp, zone: &TimeZone) -> Option<Self> {
        let choices: Vec<Choice> = windows
            .iter()
            .take(16)
            .map(|window| {
                let when = match window.state {
                    MaintenanceState::On => format!("on until {}", clock::when(now, window.until, zone)),
                    _ => format!(
                        "{} to {}",
                        clock::when(now, window.from, zone),
                        clock::when(now, window.until, zone)
                    ),
                };
                Choice {
                    label: format!("{} {when}: {}", sanitise(&window.name), window.covers.words()),
                    // One without a number is barred.
                    does: Does::Ask(Ask::RemoveMaintenance { id: window.id.unwrap_or(WindowId(0)) }),
                    barred: window.id.is_none().then(|| "fixed".to_owned()),
                }
            })
            .collect();
        if choices.is_empty() {
            return None;
        }
        let selected = choices.iter().position(|choice| choice.barred.is_none()).unwrap_or(0);
        Some(Self {
            title: "Take which window back?".to_owned(),
            choices,
            selected,
            own: None,
            about: About::Maintenance,
            word: "remove",
            expect: Expect::default(),
        })
    }

    /// Which of two values of a contact's field counts.
    pub fn settle(conflict: &FieldConflict) -> Self {
        let shown = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => sanitise(text).into_owned(),
            other => sanitise(&other.to_string()).into_owned(),
        };
        let choice = |keep, whose: &str, value| Choice {
            label: format!("{whose}: {}", shown(value)),
            does: Does::Ask(Ask::ResolveContact {
                contact: conflict.contact.clone(),
                field: conflict.field.clone(),
                keep,
            }),
            barred: None,
        };
        Self {
            title: format!("{} of {}: which counts?", conflict.field, conflict.name.printable()),
            choices: vec![
                choice(Keep::Mine, "ours", &conflict.mine),
                choice(Keep::Theirs, &conflict.side.spoken(), &conflict.theirs),
            ],
            selected: 0,
            own: None,
            about: About::Contact(conflict.contact.clone()),
            word: "resolve",
            expect: Expect::default(),
        }
    }

    /// What became of a message of which nobody can tell.
    pub fn doubt(message: &Notification) -> Self {
        let notification = message.id;
        let choice = |how, label: &str| Choice {
            label: label.to_owned(),
            does: Does::Ask(Ask::Settle { notification, how }),
            barred: None,
        };
        Self {
            title: format!("{notification} to {}: did it arrive?", message.recipient.name.printable()),
            choices: vec![
                choice(Settled::Arrived, "it arrived; they say so, and you vouch for it"),
                choice(Settled::Again, "send it once more, marked \"(again?)\""),
                choice(Settled::Leave, "leave it; nothing more is done"),
                Choice { label: "not known yet; decide later".to_owned(), does: Does::Nothing, barred: None },
            ],
            // Nobody vouches for anything by pressing Enter once too often.
            selected: 3,
            own: None,
            about: About::Message(notification),
            word: "settle",
            expect: Expect::default(),
        }
    }

    pub fn press(&mut self, key: KeyEvent, now: Timestamp) -> Pressed {
        match key.code {
            // None of these letters is in a time.
            KeyCode::Esc | KeyCode::Char('q') => return Pressed::Close,
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::Enter => return self.take(now),
            KeyCode::Char(digit @ '1'..='9') if self.own.is_none() => self.select(digit),
            _ => {
                if let Some(own) = &mut self.own {
                    own.line.press(key);
                }
                self.typed();
            }
        }
        Pressed::Stay
    }

    pub fn paste(&mut self, text: &str) {
        if let Some(own) = &mut self.own {
            own.line.insert(text);
        }
        self.typed();
    }

    /// Where a digit alone is typed it is one of the choices.
    fn typed(&mut self) {
        let Some(own) = &mut self.own else { return };
        own.error = None;
        let mut letters = own.line.text().chars();
        if let (Some(digit), None) = (letters.next(), letters.next()) {
            self.select(digit);
        }
    }

    fn select(&mut self, digit: char) {
        let at = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()?.checked_sub(1));
        if let Some(at) = at.filter(|at| *at < self.choices.len()) {
            self.selected = at;
        }
    }

    /// To another choice; what was typed is let go.
    fn step(&mut self, by: isize) {
        if let Some(own) = &mut self.own {
            own.line.clear();
            own.error = None;
        }
        let last = self.choices.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    /// Whether what is typed is a time of its own, and no digit of a choice.
    pub fn is_own(&self) -> bool {
        let typed = self.own.as_ref().map_or("", |own| own.line.text().trim());
        !typed.is_empty() && typed != (self.selected + 1).to_string()
    }

    fn take(&mut self, now: Timestamp) -> Pressed {
        let typed = self.is_own();
        match &mut self.own {
            Some(own) if typed => match own.moment(now) {
                Ok(at) => {
                    let does = own.of.does(at);
                    self.doing(&does)
                }
                Err(why) => {
                    own.error = Some(why);
                    Pressed::Stay
                }
            },
            _ => self.choose(self.selected),
        }
    }

    fn choose(&self, at: usize) -> Pressed {
        let Some(choice) = self.choices.get(at) else { return Pressed::Stay };
        if let Some(why) = &choice.barred {
            return Pressed::Say(format!("Not {}: {why}.", choice.label));
        }
        self.doing(&choice.does)
    }

    fn doing(&self, does: &Does) -> Pressed {
        match does {
            Does::Several(deed) => Pressed::Several(deed.clone()),
            Does::Nothing => Pressed::Close,
            Does::Ask(ask) => {
                let (about, ask, expect) = (self.about.clone(), ask.clone(), self.expect.clone());
                Pressed::Order(Order { about, word: self.word, ask, expect })
            }
        }
    }
}

fn later(now: Timestamp, zone: &TimeZone, minutes: &[i64], of: For) -> Vec<(Timestamp, Choice)> {
    minutes
        .iter()
        .filter_map(|minutes| {
            let at = now.checked_add(SignedDuration::from_mins(*minutes)).ok()?;
            let span = match minutes {
                60 => "1 hour".to_owned(),
                120.. => format!("{} hours", minutes / 60),
                _ => format!("{minutes} minutes"),
            };
            let label = format!("{span}, {}", clock::when(now, at, zone));
            Some((at, Choice { label, does: of.does(at), barred: None }))
        })
        .collect()
}

fn morning(today: &Zoned, days: i64, name: &str, of: For) -> Option<Choice> {
    let date = today.date().checked_add(Span::new().try_days(days).ok()?).ok()?;
    let at = date.to_datetime(time(8, 0, 0, 0)).to_zoned(today.time_zone().clone()).ok()?;
    let which = if days > 1 { date.strftime(" %-d %b").to_string() } else { String::new() };
    Some(Choice { label: format!("{name}{which}, 08:00"), does: of.does(at.timestamp()), barred: None })
}
