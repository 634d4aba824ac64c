//! One out of a few: a promise, a waking time, a turn to swap, a value that counts.

use crate::console::bulk::Deed;
use crate::console::clock;
use crate::console::dialog::{Order, Pressed, holder_of};
use crate::console::model::About;
use crate::core::alert::Alert;
use crate::core::command::{Action as Ask, Expect};
use crate::core::event::Severity;
use crate::core::id::{TaskId, WindowId};
use crate::core::notification::Notification;
use crate::core::settle::Settled;
use crate::core::sync::Keep;
use crate::core::text::sanitise;
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
    digits: Digits,
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

/// What a digit does in a chooser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digits {
    /// A typed time such as `06:30` chooses nothing by accident.
    Move,
    /// A promise is made with one key and can be made anew.
    Choose,
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
        let ask = |at| Ask::Ack { alert: alert.id, next_update_by: Some(at) };
        let mut choices = later(now, zone, &[15, 30, 60, 120], ask);
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
            digits: Digits::Choose,
            about: About::Alert(alert.id),
            word: "promise",
            expect: holder_of(alert),
        }
    }

    /// Never longer than half the time left to the deadline; `Err` holds why it may not sleep at all.
    pub fn snooze_alert(alert: &Alert, now: Timestamp, zone: &TimeZone) -> Result<Self, String> {
        let ask = |until| Ask::Snooze { alert: alert.id, until };
        let mut choices = later(now, zone, &[15, 30, 60, 120, 240], ask);
        // What is due past its time, or is not that severe, sleeps as long as one says.
        if let Some(deadline) = alert.deadline.filter(|at| *at > now && alert.severity >= Severity::High) {
            let half = SignedDuration::from_secs((deadline.as_second() - now.as_second()).max(0) / 2);
            let latest = now.saturating_add(half).unwrap_or(now);
            let many = choices.len();
            choices.retain(|(at, _)| *at <= latest);
            if half > SignedDuration::from_mins(1) && choices.len() < many {
                let label = format!(
                    "{}, half way to its deadline: the longest allowed",
                    clock::when(now, latest, zone)
                );
                choices.push((latest, Choice { label, does: Does::Ask(ask(latest)), barred: None }));
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
            digits: Digits::Move,
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
            Some(Choice { label, does: Does::Several(Deed::Snooze(until)), barred: None })
        });
        Self {
            title: format!("Snooze {many} until"),
            choices: choices.collect(),
            selected: 0,
            digits: Digits::Move,
            about: About::Several(many),
            word: "snooze",
            expect: Expect::default(),
        }
    }

    pub fn snooze_task(task: TaskId, now: Timestamp, zone: &TimeZone) -> Self {
        let ask = |until| Ask::SnoozeTask { task, until };
        let mut choices: Vec<Choice> =
            later(now, zone, &[60, 240], ask).into_iter().map(|(_, choice)| choice).collect();
        let today = now.to_zoned(zone.clone());
        choices.extend(morning(&today, 1, "tomorrow morning", ask));
        let to_monday = 8 - i64::from(today.weekday().to_monday_one_offset());
        if to_monday > 1 {
            choices.extend(morning(&today, to_monday, "Monday morning", ask));
        }
        Self {
            title: format!("Snooze {task} until"),
            choices,
            selected: 0,
            digits: Digits::Move,
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
            digits: Digits::Move,
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
            digits: Digits::Move,
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
            digits: Digits::Move,
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
            digits: Digits::Move,
            about: About::Message(notification),
            word: "settle",
            expect: Expect::default(),
        }
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => Pressed::Close,
            KeyCode::Char('j') | KeyCode::Down => {
                self.selected = (self.selected + 1).min(self.choices.len().saturating_sub(1));
                Pressed::Stay
            }
            KeyCode::Char('k') | KeyCode::Up => {
                self.selected = self.selected.saturating_sub(1);
                Pressed::Stay
            }
            KeyCode::Enter => self.choose(self.selected),
            KeyCode::Char(digit @ '1'..='9') => {
                let at = digit as usize - '1' as usize;
                match self.digits {
                    Digits::Choose => self.choose(at),
                    Digits::Move => {
                        if at < self.choices.len() {
                            self.selected = at;
                        }
                        Pressed::Stay
                    }
                }
            }
            _ => Pressed::Stay,
        }
    }

    fn choose(&self, at: usize) -> Pressed {
        let Some(choice) = self.choices.get(at) else { return Pressed::Stay };
        if let Some(why) = &choice.barred {
            return Pressed::Say(format!("Not {}: {why}.", choice.label));
        }
        match &choice.does {
            Does::Several(deed) => Pressed::Several(deed.clone()),
            Does::Nothing => Pressed::Close,
            Does::Ask(ask) => {
                let (about, ask, expect) = (self.about.clone(), ask.clone(), self.expect.clone());
                Pressed::Order(Order { about, word: self.word, ask, expect })
            }
        }
    }
}

fn later(
    now: Timestamp,
    zone: &TimeZone,
    minutes: &[i64],
    ask: impl Fn(Timestamp) -> Ask,
) -> Vec<(Timestamp, Choice)> {
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
            Some((at, Choice { label, does: Does::Ask(ask(at)), barred: None }))
        })
        .collect()
}

fn morning(today: &Zoned, days: i64, name: &str, ask: impl Fn(Timestamp) -> Ask) -> Option<Choice> {
    let date = today.date().checked_add(Span::new().try_days(days).ok()?).ok()?;
    let at = date.to_datetime(time(8, 0, 0, 0)).to_zoned(today.time_zone().clone()).ok()?;
    let of = if days > 1 { date.strftime(" %-d %b").to_string() } else { String::new() };
    Some(Choice { label: format!("{name}{of}, 08:00"), does: Does::Ask(ask(at.timestamp())), barred: None })
}
