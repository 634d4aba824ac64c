//! Several rows at once: what is marked, what one key would do to each, and what became of each.
//!
//! Nothing is done before the agent has said, row by row, what would be refused and why. It is done as one
//! thing, so that whoever hears of it hears once, and `u` undoes all of it.

use crate::console::allowed::{may_act, may_act_or_wait};
use crate::console::appear::{appear, give_back};
use crate::console::clock;
use crate::console::desk::{self, Desk};
use crate::console::dialog::{Button, Chooser, Close, Dialog, Note, Pressed};
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::message::Ticket;
use crate::console::model::{About, Focus, Link, Model, Pending, Place, Subject, Tone, UNDO_WITHIN, Undo};
use crate::console::order::{self, restore};
use crate::console::resend::Resend;
use crate::console::say::{say, sentence};
use crate::console::waiting;
use crate::core::alert::{Alert, AlertState};
use crate::core::command::{Action as Ask, Expect, Outcome};
use crate::core::counted::counted;
use crate::core::id::AlertId;
use crate::core::resend::Target;
use crate::core::task::{Task, TaskState};
use crate::core::text::Untrusted;
use crate::core::together::{MOST, One};
use crate::wire::client::LinkError;
use crossterm::event::{KeyCode, KeyEvent};
use jiff::Timestamp;

/// What is done to each.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Take: an alert by acknowledging it.
    Take,
    Snooze(Timestamp),
    /// An alert with this reason; a task is done.
    Close(Untrusted),
    Note(Untrusted),
}

impl Deed {
    fn word(&self) -> &'static str {
        match self {
            Deed::Take => "take",
            Deed::Snooze(_) => "snooze",
            Deed::Close(_) => "close",
            Deed::Note(_) => "note",
        }
    }
}

/// The look at it before it is done.
#[derive(Debug)]
pub struct Bulk {
    pub deed: Deed,
    pub rows: Vec<Row>,
    /// Tells the newest look from older ones.
    pub ticket: Ticket,
    pub heard: Heard,
    pub button: Button,
    pub scroll: usize,
    pub appeared: Timestamp,
}

/// What the agent has said to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is being asked.
    Nothing,
    /// Which rows it would refuse.
    Said,
    /// Why it could not say.
    Silent(String),
    /// It is away, and what may wait for it will.
    Away,
}

#[derive(Clone, Debug)]
pub struct Row {
    pub about: About,
    /// `A12 Acme Tools: Blocked order`.
    pub label: String,
    /// What will become of it.
    pub will: String,
    pub one: One,
    pub undo: Option<One>,
    /// Why it would not be done.
    pub refused: Option<String>,
}

/// What became of each, for as long as somebody reads it.
#[derive(Debug)]
pub struct Results {
    pub title: String,
    pub rows: Vec<Told>,
    pub scroll: usize,
    /// What undoes those that were done …
    pub undo: Vec<One>,
    /// … until then.
    pub until: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub label: String,
    pub done: bool,
    pub said: String,
}

// What is marked.

/// What a key acts on where it acts on several: the marked rows that are in sight, or everything open of the
/// marked partners. Empty where it acts on one.
pub fn several(model: &Model) -> Vec<Subject> {
    if model.named.is_some() {
        return Vec::new();
    }
    match model.place {
        Place::Triage if !model.triage.zoomed => {
            let alerts = model.triage.alerts.marked().map(|id| Subject::Alert(*id));
            alerts.chain(model.triage.tasks.marked().map(|id| Subject::Task(*id))).collect()
        }
        Place::Partners => of_partners(model),
        _ => Vec::new(),
    }
}

fn of_partners(model: &Model) -> Vec<Subject> {
    let Some(desk) = &model.desk else { return Vec::new() };
    let rows = &model.partners.rows;
    let mut partners: Vec<&Untrusted> = rows.marked().collect();
    if partners.is_empty() {
        partners.extend(rows.selected());
    }
    let of = |alert: &&Alert| alert.state != AlertState::Resolved && partners.contains(&&alert.partner.id);
    let alerts = desk.alerts.values().filter(of).map(|alert| Subject::Alert(alert.id));
    let of = |task: &&Task| {
        let partner = task.partner.as_ref().is_some_and(|partner| partners.contains(&&partner.id));
        task.state != TaskState::Done && partner
    };
    let tasks = desk.tasks.values().filter(of).map(|task| Subject::Task(task.id));
    alerts.chain(tasks).collect()
}

/// Whether this key would act on several rows here.
pub fn acts_on_several(model: &Model, action: Action) -> bool {
    let fits = matches!(
        action,
        Action::Ack
            | Action::Take
            | Action::Snooze
            | Action::Close
            | Action::Done
            | Action::Note
            | Action::Resend
    );
    fits && (model.place == Place::Partners && model.named.is_none() || !several(model).is_empty())
}

/// `Err` holds a whole sentence without its full stop.
pub fn may(model: &Model, action: Action) -> Result<(), String> {
    let several = several(model);
    if several.is_empty() {
        return Err("nothing of this partner is open that the console knows".to_owned());
    }
    may_act_or_wait(model, action)
}

pub fn mark(model: &mut Model) {
    match (model.place, model.triage.focus) {
        (Place::Triage, Focus::Alerts) => model.triage.alerts.mark(),
        (Place::Triage, Focus::Tasks) => model.triage.tasks.mark(),
        (Place::Partners, _) => model.partners.rows.mark(),
        (Place::Messages, _) => model.messages.rows.mark(),
        _ => {}
    }
}

/// All that the list shows; where all are marked already, none.
pub fn mark_all(model: &mut Model) {
    match (model.place, model.triage.focus) {
        (Place::Triage, Focus::Alerts) => model.triage.alerts.mark_all(MOST),
        (Place::Triage, Focus::Tasks) => model.triage.tasks.mark_all(MOST),
        (Place::Partners, _) => model.partners.rows.mark_all(MOST),
        (Place::Messages, _) => model.messages.rows.mark_all(crate::core::resend::TOGETHER),
        _ => {}
    }
}

/// Marks nothing any more; `false`: nothing was marked.
pub fn unmark(model: &mut Model) -> bool {
    match model.place {
        Place::Triage => model.triage.alerts.unmark() | model.triage.tasks.unmark(),
        Place::Partners => model.partners.rows.unmark(),
        Place::Messages => model.messages.rows.unmark(),
        _ => false,
    }
}

/// How many rows of the place are marked.
pub fn marked(model: &Model) -> usize {
    match model.place {
        Place::Triage => model.triage.alerts.marked().count() + model.triage.tasks.marked().count(),
        Place::Partners => model.partners.rows.marked().count(),
        Place::Messages => model.messages.rows.marked().count(),
        _ => 0,
    }
}

// The look.

/// What a key begins that acts on several rows: a choice, some words, or the look at what it would do.
pub fn begin(model: &mut Model, action: Action) -> Vec<Effect> {
    let several = several(model);
    let (now, zone) = (model.now, model.zone());
    let alerts = several.iter().any(|one| matches!(one, Subject::Alert(_)));
    match action {
        Action::Ack | Action::Take => return look(model, Deed::Take),
        Action::Snooze => {
            model.dialog = Some(Dialog::Chooser(Chooser::snooze_several(several.len(), now, &zone)));
        }
        Action::Close | Action::Done if !alerts => return look(model, Deed::Close(Untrusted::default())),
        Action::Close | Action::Done => {
            let marked = several.iter().filter_map(|one| match one {
                Subject::Alert(id) => model.alert(*id),
                Subject::Task(_) => None,
            });
            let paging = marked.filter(|alert| desk::pages(alert)).count();
            model.dialog = Some(Dialog::Close(Close::several(several.len(), paging)));
        }
        Action::Note => {
            model.dialog = Some(Dialog::Note(Note::begun(&mut model.drafts, About::Several(several.len()))))
        }
        Action::Resend => {
            let what: Vec<Target> = several
                .iter()
                .filter_map(|one| match one {
                    Subject::Alert(alert) => Some(Target::Alert(*alert)),
                    Subject::Task(task) => model.task(*task)?.notification.map(Target::Message),
                })
                .take(crate::core::resend::TOGETHER)
                .collect();
            let Some(desk) = &model.desk else { return Vec::new() };
            match Resend::of_several(desk, what, now) {
                Some(dialog) => {
                    let asked = dialog.asked();
                    model.dialog = Some(Dialog::Resend(dialog));
                    return vec![Effect::Plan(asked)];
                }
                None => say(model, "None of them has a message.".to_owned(), Tone::Refused),
            }
        }
        _ => {}
    }
    Vec::new()
}

/// Shows what would be done to each, and asks the agent what it would refuse.
pub fn look(model: &mut Model, deed: Deed) -> Vec<Effect> {
    let subjects = several(model);
    let Some(desk) = &model.desk else { return Vec::new() };
    let mut rows: Vec<Row> =
        subjects.iter().filter_map(|one| row(model, desk, *one, &deed)).take(MOST).collect();
    let away = matches!(model.link, Link::Away { .. });
    if away {
        waiting::preview(model, &mut rows);
    }
    let each = rows.iter().map(|row| row.one.clone()).collect();
    let left = subjects.len().saturating_sub(rows.len());
    model.tickets += 1;
    let ticket = Ticket(model.tickets);
    let heard = if away { Heard::Away } else { Heard::Nothing };
    let bulk = Bulk { deed, rows, ticket, heard, button: Button::Cancel, scroll: 0, appeared: model.now };
    model.dialog = Some(Dialog::Bulk(bulk));
    if left > 0 {
        say(model, format!("{MOST} at once; {left} are left out."), Tone::Hint);
    }
    if away { Vec::new() } else { vec![Effect::Preview { ticket, each }] }
}

fn row(model: &Model, desk: &Desk, subject: Subject, deed: &Deed) -> Option<Row> {
    match subject {
        Subject::Alert(id) => of_alert(model, desk, desk.alerts.get(&id)?, deed),
        Subject::Task(id) => of_task(model, desk, desk.tasks.get(&id)?, deed),
    }
}

fn of_alert(model: &Model, desk: &Desk, alert: &Alert, deed: &Deed) -> Option<Row> {
    let id = alert.id;
    let held = Expect { holder: Some(alert.held_by().cloned()), ..Expect::default() };
    let when = |at| clock::when(model.now, at, &desk.zone());
    let from = alert.held_by().filter(|holder| !desk.is_me(holder)).map(|holder| desk.short_name(holder));
    let (action, expect, will) = match deed {
        Deed::Take => {
            let will = match (&from, desk.info.promises.get(&alert.severity)) {
                (Some(from), _) => format!("you take it over from {from}"),
                (None, Some(usual)) => {
                    let by = model.now.saturating_add(*usual).unwrap_or(model.now);
                    format!("you take it, news by {}", when(by))
                }
                (None, None) => "you take it".to_owned(),
            };
            (Ask::Ack { alert: id, next_update_by: None }, held, will)
        }
        Deed::Snooze(until) => {
            (Ask::Snooze { alert: id, until: *until }, held, format!("sleeps until {}", when(*until)))
        }
        Deed::Close(reason) => {
            (Ask::Resolve { alert: id, reason: reason.clone() }, held, "is closed".to_owned())
        }
        Deed::Note(text) => {
            (Ask::NoteAlert { alert: id, text: text.clone() }, Expect::default(), "gets the note".to_owned())
        }
    };
    let undo = match deed {
        Deed::Take | Deed::Snooze(_) => Some(restore(id, desk)),
        Deed::Close(_) | Deed::Note(_) => None,
    };
    let label = format!("{id} {}: {}", alert.partner.name.printable(), alert.title.printable());
    // A promise is made anew one by one, and undoing it would give the alert away.
    let mine = alert.state == AlertState::Acknowledged && alert.held_by().is_some_and(|by| desk.is_me(by));
    let refused = (*deed == Deed::Take && mine).then(|| "it is yours already".to_owned());
    let one = One { action, expect };
    Some(Row { about: About::Alert(id), label, will, one, undo, refused })
}

fn of_task(model: &Model, desk: &Desk, task: &Task, deed: &Deed) -> Option<Row> {
    let id = task.id;
    let when = |at| clock::when(model.now, at, &desk.zone());
    let from = task.owner.as_ref().filter(|owner| !desk.is_me(owner)).map(|owner| desk.short_name(owner));
    let (action, will) = match deed {
        Deed::Take => {
            let will = match from {
                Some(from) => format!("you take it over from {from}"),
                None => "you take it".to_owned(),
            };
            (Ask::TakeTask { task: id }, will)
        }
        Deed::Snooze(until) => {
            (Ask::SnoozeTask { task: id, until: *until }, format!("sleeps until {}", when(*until)))
        }
        Deed::Close(_) => (Ask::DoneTask { task: id, anyway: false }, "is done".to_owned()),
        Deed::Note(text) => (Ask::NoteTask { task: id, text: text.clone() }, "gets the note".to_owned()),
    };
    let undo = match deed {
        Deed::Note(_) => None,
        _ => {
            let action = Ask::RestoreTask { task: id, owner: task.owner.clone() };
            Some(One { action, expect: Expect::default() })
        }
    };
    let partner = task.partner.as_ref().map(|partner| format!("{}: ", partner.name.printable()));
    let label = format!("{id} {}{}", partner.unwrap_or_default(), task.title.printable());
    let mine = task.owner.as_ref().is_some_and(|owner| desk.is_me(owner));
    let refused = (*deed == Deed::Take && mine).then(|| "it is yours already".to_owned());
    let one = One { action, expect: Expect::default() };
    Some(Row { about: About::Task(id), label, will, one, undo, refused })
}

/// The agent has said what it would refuse.
pub fn previewed(model: &mut Model, ticket: Ticket, answer: Result<Vec<Outcome>, LinkError>) {
    let now = model.now;
    let Some(Dialog::Bulk(bulk)) = &mut model.dialog else { return };
    if bulk.ticket != ticket {
        return;
    }
    bulk.appeared = now;
    match answer {
        Ok(outcomes) => {
            for (row, outcome) in bulk.rows.iter_mut().zip(outcomes) {
                if let Outcome::Refused { refusal } = outcome {
                    row.refused = Some(refusal.said.printable().into_string());
                }
            }
            bulk.heard = Heard::Said;
        }
        Err(error) => bulk.heard = Heard::Silent(error.to_string()),
    }
}

impl Bulk {
    /// How many would be done.
    pub fn goes(&self) -> usize {
        self.rows.iter().filter(|row| row.refused.is_none()).count()
    }

    /// Whether it is known what it would come to, and that is anything at all.
    pub fn is_ready(&self) -> bool {
        matches!(self.heard, Heard::Said | Heard::Away) && self.goes() > 0
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        let last = self.rows.len().saturating_sub(1);
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return Pressed::Close,
            KeyCode::Char('j') | KeyCode::Down => self.scroll = (self.scroll + 1).min(last),
            KeyCode::Char('k') | KeyCode::Up => self.scroll = self.scroll.saturating_sub(1),
            KeyCode::PageDown => self.scroll = (self.scroll + 10).min(last),
            KeyCode::PageUp => self.scroll = self.scroll.saturating_sub(10),
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Left | KeyCode::Right => {
                self.button = if self.button == Button::Cancel { Button::Do } else { Button::Cancel };
            }
            KeyCode::Enter if self.button == Button::Cancel => return Pressed::Close,
            // Nothing is done before the agent has said what it would come to.
            KeyCode::Enter if self.is_ready() => return Pressed::Together,
            _ => {}
        }
        Pressed::Stay
    }
}

// Doing it.

/// Sends what the look showed, without the rows that would be refused. Where it cannot be sent the look stays.
pub fn send(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Bulk(bulk)) = model.dialog.take() else { return Vec::new() };
    let word = bulk.deed.word();
    let goes = bulk.rows.iter().filter(|row| row.refused.is_none());
    let rows: Vec<Row> = goes.cloned().collect();
    // What was looked at while the agent was away waits, even where it came back since: nobody was told what
    // it would refuse, and what waits says afterwards what became of it.
    let sent = match bulk.heard {
        Heard::Away => waiting::queue_all(model, rows),
        _ => send_rows(model, word, rows),
    };
    match sent {
        Ok(effects) => {
            unmark(model);
            if bulk.heard != Heard::Away {
                order::keep_typed(model, Dialog::Bulk(bulk));
            }
            effects
        }
        Err(why) => {
            say(model, sentence(&why), Tone::Refused);
            model.dialog = Some(Dialog::Bulk(bulk));
            Vec::new()
        }
    }
}

fn send_rows(model: &mut Model, word: &'static str, rows: Vec<Row>) -> Result<Vec<Effect>, String> {
    may_act(model)?;
    model.undo = None;
    model.tickets += 1;
    let ticket = Ticket(model.tickets);
    let each = rows.iter().map(|row| row.one.clone()).collect();
    for Row { about, label, undo, .. } in rows {
        model.pending.push(Pending {
            ticket,
            about,
            word,
            label,
            undo,
            typed: None,
            waits: None,
            since: model.now,
        });
    }
    model.flash = None;
    Ok(vec![Effect::Together { ticket, each }])
}

/// What became of each.
pub fn answered(model: &mut Model, ticket: Ticket, answer: Result<Vec<Outcome>, LinkError>) -> Vec<Effect> {
    let (of, others) = std::mem::take(&mut model.pending).into_iter().partition(|one| one.ticket == ticket);
    model.pending = others;
    let of: Vec<Pending> = of;
    let Some(word) = of.first().map(|one| one.word) else { return Vec::new() };
    let many = of.len();
    let outcomes = match answer {
        Ok(outcomes) => outcomes,
        Err(error) => {
            let said = match error {
                LinkError::Refused { sentence, .. } => sentence,
                error => format!(
                    "Not known whether {word} was done for {}: {error}. It shows here once the agent is back.",
                    counted(many, "row", "rows")
                ),
            };
            for typed in of.into_iter().filter_map(|one| one.typed) {
                give_back(model, *typed);
            }
            say(model, said, Tone::Refused);
            return Vec::new();
        }
    };
    let mut rows = Vec::new();
    let mut undo = Vec::new();
    for (pending, outcome) in of.into_iter().zip(outcomes) {
        let (done, said) = match outcome {
            Outcome::Done { said } => (true, said),
            Outcome::Refused { refusal } => (false, refusal.said),
        };
        undo.extend(pending.undo.filter(|_| done));
        rows.push(Told { label: pending.label, done, said: said.printable().into_string() });
    }
    let done = rows.iter().filter(|row| row.done).count();
    let refused = rows.len() - done;
    let counted = match refused {
        0 => format!("{word}: all {done} done"),
        refused => format!("{word}: {done} done, {refused} refused"),
    };
    let undone = if undo.is_empty() { "" } else { "; u undoes" };
    let until = model.now.saturating_add(UNDO_WITHIN).unwrap_or(model.now);
    order::may_be_undone(model, Undo { ticket, what: undo.clone(), until });
    say(model, format!("{counted}{undone}."), if refused == 0 { Tone::Done } else { Tone::Refused });
    if rows.len() > 1 {
        rows.sort_by_key(|row| row.done);
        // Where something is being typed, the sentence has to do.
        let _ = appear(model, Dialog::Results(Results { title: counted, rows, scroll: 0, undo, until }));
    }
    match shown(model) {
        Some(alert) => vec![Effect::FetchDetail(alert)],
        None => Vec::new(),
    }
}

fn shown(model: &Model) -> Option<AlertId> {
    match model.triage.shown {
        Some(Subject::Alert(alert)) => Some(alert),
        _ => None,
    }
}

/// Takes back what was done to several.
pub fn undo(model: &mut Model, ones: Vec<One>) -> Result<Vec<Effect>, String> {
    let Some(desk) = &model.desk else { return Ok(Vec::new()) };
    let label = |about: &About| match about {
        About::Alert(id) => match desk.alerts.get(id) {
            Some(alert) => format!("{id} {}: {}", alert.partner.name.printable(), alert.title.printable()),
            None => id.to_string(),
        },
        About::Task(id) => id.to_string(),
        _ => String::new(),
    };
    let rows = ones
        .into_iter()
        .map(|one| {
            let about = About::of(&one.action).unwrap_or(About::Several(1));
            let label = label(&about);
            Row { about, label, will: String::new(), one, undo: None, refused: None }
        })
        .collect();
    send_rows(model, "undo", rows)
}

impl Results {
    pub fn can_be_undone(&self, now: Timestamp) -> bool {
        !self.undo.is_empty() && now < self.until
    }

    pub fn press(&mut self, key: KeyEvent, now: Timestamp) -> Pressed {
        let last = self.rows.len().saturating_sub(1);
        match key.code {
            KeyCode::Char('j') | KeyCode::Down => self.scroll = (self.scroll + 1).min(last),
            KeyCode::Char('k') | KeyCode::Up => self.scroll = self.scroll.saturating_sub(1),
            KeyCode::PageDown => self.scroll = (self.scroll + 10).min(last),
            KeyCode::PageUp => self.scroll = self.scroll.saturating_sub(10),
            KeyCode::Char('u') if self.can_be_undone(now) => return Pressed::Undo(self.undo.clone()),
            KeyCode::Char('u') => {
                return Pressed::Say("What is listed here cannot be undone any more.".to_owned());
            }
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => return Pressed::Close,
            _ => {}
        }
        Pressed::Stay
    }
}
