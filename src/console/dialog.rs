//! Dialogs: what is asked before something is done, and what the keys mean while it is asked.
//!
//! A dialog that cannot be undone stands on Cancel and swallows what was typed before it appeared.

use crate::console::clock;
use crate::console::cover::{Cover, TakeBack};
use crate::console::drill::Reading;
use crate::console::insist::Insist;
use crate::console::keymap::{Action, COMMANDS};
use crate::console::line::Line;
use crate::console::model::About;
use crate::console::pick::Pick;
use crate::console::resend::Resend;
use crate::console::templates::Reader;
use crate::core::alert::Alert;
use crate::core::command::{Action as Ask, Expect};
use crate::core::id::{AlertId, WindowId};
use crate::core::notification::Notification;
use crate::core::resend::Asked;
use crate::core::settle::Settled;
use crate::core::sync::Keep;
use crate::core::text::{Untrusted, sanitise};
use crate::wire::{FieldConflict, MaintenanceInfo, MaintenanceState, StepPreview};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::civil::time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, Zoned};
use ratatui::style::Style;
use tui_textarea::{TextArea, WrapMode};

/// Keys pressed this soon after a dialog appeared were meant for what was there before.
pub const TYPE_AHEAD: SignedDuration = SignedDuration::from_millis(400);

#[derive(Debug)]
pub enum Dialog {
    LogIn(LogIn),
    Chooser(Chooser),
    Escalate(Escalate),
    Resend(Resend),
    Note(Note),
    Close(Close),
    Insist(Insist),
    Cover(Box<Cover>),
    TakeBack(TakeBack),
    Pick(Pick),
    Help {
        scroll: u16,
    },
    Why {
        alert: AlertId,
        scroll: u16,
    },
    Palette(Line),
    /// The briefing of a drill, or how it went.
    Drill(Reading),
}

/// What a key made of the dialog.
#[derive(Debug)]
pub enum Pressed {
    Stay,
    Close,
    /// Closes the dialog and asks the agent.
    Order(Order),
    /// Asks the agent what sending this again would come to.
    Plan(Asked),
    LogIn {
        person: String,
        pin: String,
    },
    Reader(Option<Reader>),
    Run(Action),
    Say(String),
}

/// A command in the making.
#[derive(Debug, PartialEq)]
pub struct Order {
    pub about: About,
    pub word: &'static str,
    pub ask: Ask,
    pub expect: Expect,
}

/// Person and PIN behind a shared login.
#[derive(Debug, Default)]
pub struct LogIn {
    pub person: Line,
    pub pin: Line,
    pub on_pin: bool,
    pub error: Option<String>,
}

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
    /// What choosing it asks of the agent.
    ask: Ask,
    /// Why it cannot be chosen.
    pub barred: Option<String>,
}

/// Which button the Enter key presses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    Cancel,
    Do,
}

#[derive(Debug)]
pub struct Escalate {
    pub alert: AlertId,
    /// The steps taken when the dialog was opened.
    pub taken: u32,
    pub steps: Option<Result<Vec<StepPreview>, String>>,
    pub chosen: usize,
    pub button: Button,
    pub appeared: Timestamp,
}

#[derive(Debug)]
pub struct Note {
    pub about: About,
    pub text: Box<TextArea<'static>>,
}

#[derive(Debug)]
pub struct Close {
    pub alert: AlertId,
    pub reason: Line,
    pub error: Option<String>,
    expect: Expect,
}

fn holder_of(alert: &Alert) -> Expect {
    Expect { holder: Some(alert.held_by().cloned()), ..Expect::default() }
}

fn control(key: KeyEvent, c: char) -> bool {
    key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char(c)
}

impl Chooser {
    /// When the holder promises news.
    pub fn promise(alert: &Alert, now: Timestamp, zone: &TimeZone) -> Self {
        let ask = |at| Ask::Ack { alert: alert.id, next_update_by: Some(at) };
        let choices =
            later(now, zone, &[15, 30, 60, 120], ask).into_iter().map(|(_, choice)| choice).collect();
        Self {
            title: format!("News on {} promised within", alert.id),
            choices,
            selected: 1,
            digits: Digits::Choose,
            about: About::Alert(alert.id),
            word: "promise",
            expect: holder_of(alert),
        }
    }

    /// Never longer than half the time left to the deadline.
    pub fn snooze_alert(alert: &Alert, now: Timestamp, zone: &TimeZone) -> Self {
        let ask = |until| Ask::Snooze { alert: alert.id, until };
        let mut choices = later(now, zone, &[15, 30, 60, 120, 240], ask);
        if let Some(deadline) = alert.deadline {
            let half = SignedDuration::from_secs((deadline.as_second() - now.as_second()).max(0) / 2);
            let latest = now.saturating_add(half).unwrap_or(now);
            let latest_said = clock::when(now, latest, zone);
            for (at, choice) in &mut choices {
                if *at > latest {
                    choice.barred = Some(format!("past {latest_said}, half way to its deadline"));
                }
            }
            if half > SignedDuration::from_mins(1)
                && choices.iter().any(|(_, choice)| choice.barred.is_some())
            {
                let label = format!("the longest allowed, {latest_said}");
                choices.push((latest, Choice { label, ask: ask(latest), barred: None }));
            }
        }
        let choices: Vec<Choice> = choices.into_iter().map(|(_, choice)| choice).collect();
        let selected = choices.iter().position(|choice| choice.barred.is_none()).unwrap_or(0);
        Self {
            title: format!("Snooze {} until", alert.id),
            choices,
            selected,
            digits: Digits::Move,
            about: About::Alert(alert.id),
            word: "snooze",
            expect: holder_of(alert),
        }
    }

    pub fn snooze_task(task: crate::core::id::TaskId, now: Timestamp, zone: &TimeZone) -> Self {
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
        let choices = turns.into_iter().map(|(label, ask)| Choice { label, ask, barred: None }).collect();
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
                    ask: Ask::RemoveMaintenance { id: window.id.unwrap_or(WindowId(0)) },
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
            ask: Ask::ResolveContact {
                contact: conflict.contact.clone(),
                field: conflict.field.clone(),
                keep,
            },
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
            ask: Ask::Settle { notification, how },
            barred: None,
        };
        Self {
            title: format!("{notification} to {}: did it arrive?", message.recipient.name.printable()),
            choices: vec![
                choice(Settled::Arrived, "it arrived; they say so, and you vouch for it"),
                choice(Settled::Again, "send it once more, marked \"(again?)\""),
                choice(Settled::Leave, "leave it; nothing more is done"),
            ],
            selected: 0,
            digits: Digits::Move,
            about: About::Message(notification),
            word: "settle",
            expect: Expect::default(),
        }
    }

    fn press(&mut self, key: KeyEvent) -> Pressed {
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
        let (about, ask, expect) = (self.about.clone(), choice.ask.clone(), self.expect.clone());
        Pressed::Order(Order { about, word: self.word, ask, expect })
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
            Some((at, Choice { label, ask: ask(at), barred: None }))
        })
        .collect()
}

fn morning(today: &Zoned, days: i64, name: &str, ask: impl Fn(Timestamp) -> Ask) -> Option<Choice> {
    let date = today.date().checked_add(Span::new().try_days(days).ok()?).ok()?;
    let at = date.to_datetime(time(8, 0, 0, 0)).to_zoned(today.time_zone().clone()).ok()?;
    Some(Choice { label: format!("{name}, 08:00"), ask: ask(at.timestamp()), barred: None })
}

impl Escalate {
    pub fn new(alert: &Alert, now: Timestamp) -> Self {
        let (alert, taken) = (alert.id, alert.step);
        Self { alert, taken, steps: None, chosen: 0, button: Button::Cancel, appeared: now }
    }

    /// The steps have come: only now can anything be decided.
    pub fn show(&mut self, steps: Result<Vec<StepPreview>, String>, now: Timestamp) {
        self.chosen = match &steps {
            Ok(steps) => steps.iter().position(|step| step.step > self.taken).unwrap_or(0),
            Err(_) => 0,
        };
        self.steps = Some(steps);
        self.button = Button::Cancel;
        self.appeared = now;
    }

    fn press(&mut self, key: KeyEvent) -> Pressed {
        let Some(Ok(steps)) = &self.steps else {
            let leaves = matches!(key.code, KeyCode::Esc | KeyCode::Char('q') | KeyCode::Enter);
            return if leaves { Pressed::Close } else { Pressed::Stay };
        };
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return Pressed::Close,
            KeyCode::Char('j') | KeyCode::Down => {
                self.chosen = (self.chosen + 1).min(steps.len().saturating_sub(1));
                self.button = Button::Cancel;
            }
            KeyCode::Char('k') | KeyCode::Up => {
                self.chosen = self.chosen.saturating_sub(1);
                self.button = Button::Cancel;
            }
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Left | KeyCode::Right => {
                self.button = if self.button == Button::Cancel { Button::Do } else { Button::Cancel };
            }
            KeyCode::Enter if self.button == Button::Cancel => return Pressed::Close,
            KeyCode::Enter => {
                let Some(step) = steps.get(self.chosen) else { return Pressed::Close };
                return Pressed::Order(Order {
                    about: About::Alert(self.alert),
                    word: "escalate",
                    ask: Ask::Escalate { alert: self.alert, step: Some(step.step) },
                    expect: Expect { step: Some(self.taken), ..Expect::default() },
                });
            }
            _ => {}
        }
        Pressed::Stay
    }
}

impl Note {
    pub fn new(about: About) -> Self {
        Self { about, text: text_area(Vec::new()) }
    }

    fn press(&mut self, key: KeyEvent) -> Pressed {
        if key.code == KeyCode::Esc {
            return Pressed::Close;
        }
        if !control(key, 's') {
            self.text.input(key);
            return Pressed::Stay;
        }
        let text = Untrusted::new(self.text.lines().join("\n").trim().to_owned());
        if text.is_empty() {
            return Pressed::Close;
        }
        let ask = match &self.about {
            About::Alert(alert) => Ask::NoteAlert { alert: *alert, text },
            About::Task(task) => Ask::NoteTask { task: *task, text },
            About::Handover(handover) => Ask::NoteHandover { handover: Some(*handover), text },
            About::Contact(_) | About::Message(_) | About::OnCall(_) | About::Maintenance => {
                return Pressed::Close;
            }
        };
        Pressed::Order(Order { about: self.about.clone(), word: "note", ask, expect: Expect::default() })
    }
}

impl Close {
    pub fn new(alert: &Alert) -> Self {
        Self { alert: alert.id, reason: Line::default(), error: None, expect: holder_of(alert) }
    }

    fn press(&mut self, key: KeyEvent) -> Pressed {
        match key.code {
            KeyCode::Esc => Pressed::Close,
            KeyCode::Enter if self.reason.is_empty() => {
                self.error = Some("a reason is needed; it goes to those who were told".to_owned());
                Pressed::Stay
            }
            KeyCode::Enter => Pressed::Order(Order {
                about: About::Alert(self.alert),
                word: "close",
                ask: Ask::Resolve {
                    alert: self.alert,
                    reason: Untrusted::new(self.reason.text().trim().to_owned()),
                },
                expect: self.expect.clone(),
            }),
            _ => {
                self.reason.press(key);
                Pressed::Stay
            }
        }
    }
}

impl LogIn {
    fn press(&mut self, key: KeyEvent) -> Pressed {
        match key.code {
            KeyCode::Esc => Pressed::Close,
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Up | KeyCode::Down => {
                self.on_pin = !self.on_pin;
                Pressed::Stay
            }
            KeyCode::Enter if !self.on_pin => {
                self.on_pin = true;
                Pressed::Stay
            }
            KeyCode::Enter if self.person.is_empty() || self.pin.is_empty() => {
                self.error = Some("both your name and your PIN are needed".to_owned());
                Pressed::Stay
            }
            KeyCode::Enter => {
                let person = self.person.text().trim().to_owned();
                let pin = self.pin.text().to_owned();
                self.pin.clear();
                Pressed::LogIn { person, pin }
            }
            _ => {
                let line = if self.on_pin { &mut self.pin } else { &mut self.person };
                line.press(key);
                Pressed::Stay
            }
        }
    }
}

/// The commands that begin with what is typed.
pub fn completions(
    typed: &str,
) -> impl Iterator<Item = &'static (&'static str, Action, &'static str)> + use<> {
    let typed = typed.trim().to_lowercase();
    COMMANDS.iter().filter(move |(name, ..)| name.starts_with(&typed))
}

fn press_palette(line: &mut Line, key: KeyEvent) -> Pressed {
    match key.code {
        KeyCode::Esc => Pressed::Close,
        KeyCode::Backspace if line.is_empty() => Pressed::Close,
        KeyCode::Tab => {
            if let Some((name, ..)) = completions(line.text()).next() {
                *line = Line::new(name);
            }
            Pressed::Stay
        }
        KeyCode::Enter => {
            let typed = line.text().trim().to_lowercase();
            let exact = COMMANDS.iter().find(|(name, ..)| *name == typed);
            match exact.or_else(|| completions(&typed).next().filter(|_| !typed.is_empty())) {
                Some((_, action, _)) => Pressed::Run(*action),
                None if typed.is_empty() => Pressed::Close,
                None => Pressed::Say(format!("There is no command :{typed}. ? shows what there is.")),
            }
        }
        _ => {
            line.press(key);
            Pressed::Stay
        }
    }
}

fn press_scroll(scroll: &mut u16, key: KeyEvent) -> Pressed {
    match key.code {
        KeyCode::Char('j') | KeyCode::Down => *scroll = scroll.saturating_add(1),
        KeyCode::Char('k') | KeyCode::Up => *scroll = scroll.saturating_sub(1),
        KeyCode::PageDown | KeyCode::Char('d' | ' ') => *scroll = scroll.saturating_add(10),
        KeyCode::PageUp | KeyCode::Char('u') => *scroll = scroll.saturating_sub(10),
        KeyCode::Home | KeyCode::Char('g') => *scroll = 0,
        KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q' | '?' | 'w') => return Pressed::Close,
        _ => {}
    }
    Pressed::Stay
}

impl Dialog {
    pub fn press(&mut self, key: KeyEvent, now: Timestamp) -> Pressed {
        let appeared = match self {
            Dialog::Escalate(escalate) => escalate.appeared,
            Dialog::Resend(resend) => resend.appeared,
            Dialog::Insist(insist) => insist.appeared,
            Dialog::Cover(cover) => cover.appeared,
            Dialog::TakeBack(dialog) => dialog.appeared,
            _ => Timestamp::MIN,
        };
        if now.duration_since(appeared) < TYPE_AHEAD {
            return Pressed::Stay;
        }
        match self {
            Dialog::LogIn(dialog) => dialog.press(key),
            Dialog::Chooser(dialog) => dialog.press(key),
            Dialog::Escalate(dialog) => dialog.press(key),
            Dialog::Resend(dialog) => dialog.press(key),
            Dialog::Note(dialog) => dialog.press(key),
            Dialog::Close(dialog) => dialog.press(key),
            Dialog::Insist(dialog) => dialog.press(key),
            Dialog::Cover(dialog) => dialog.press(key, now),
            Dialog::TakeBack(dialog) => dialog.press(key),
            Dialog::Pick(dialog) => dialog.press(key),
            Dialog::Palette(line) => press_palette(line, key),
            Dialog::Drill(reading) if reading.is_fresh(now) => Pressed::Stay,
            Dialog::Help { scroll } | Dialog::Why { scroll, .. } | Dialog::Drill(Reading { scroll, .. }) => {
                press_scroll(scroll, key)
            }
        }
    }

    /// Text that was pasted, into whatever takes text.
    pub fn paste(&mut self, text: &str) {
        match self {
            Dialog::LogIn(dialog) if dialog.on_pin => dialog.pin.insert(text),
            Dialog::LogIn(dialog) => dialog.person.insert(text),
            Dialog::Close(dialog) => dialog.reason.insert(text),
            Dialog::Pick(dialog) => dialog.filter.line.insert(text),
            Dialog::Palette(line) => line.insert(text),
            Dialog::Cover(dialog) => dialog.paste(text),
            Dialog::Note(dialog) => paste_lines(&mut dialog.text, text),
            Dialog::Chooser(_)
            | Dialog::Escalate(_)
            | Dialog::Resend(_)
            | Dialog::Insist(_)
            | Dialog::TakeBack(_)
            | Dialog::Drill(_)
            | Dialog::Help { .. }
            | Dialog::Why { .. } => {}
        }
    }
}

/// A text area as plain as the rest of the screen; the terminal's own cursor stands in it.
pub fn text_area(lines: Vec<String>) -> Box<TextArea<'static>> {
    let mut area = Box::new(TextArea::new(lines));
    area.set_cursor_style(Style::new());
    area.set_cursor_line_style(Style::new());
    area.set_wrap_mode(WrapMode::WordOrGlyph);
    area
}

/// Pastes line by line what is safe to show.
pub fn paste_lines(area: &mut TextArea<'static>, text: &str) {
    const LONGEST: usize = 8_000;
    let text: String = text.replace("\r\n", "\n").replace('\r', "\n").chars().take(LONGEST).collect();
    let clean: Vec<String> = text.lines().map(|line| sanitise(line).into_owned()).collect();
    area.insert_str(clean.join("\n"));
}
