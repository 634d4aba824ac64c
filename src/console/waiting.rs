//! What was pressed while the agent was away: acknowledgments and notes, and nothing else. They wait on the
//! screen and on disk, go out with the id they got when they were pressed, so that sending one twice is
//! harmless, and what became of each is said. One that is older than ten minutes is a question first.

use crate::console::bulk::{Results, Row, Told};
use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::dialog::{Dialog, Order, Pressed};
use crate::console::effect::Effect;
use crate::console::message::Ticket;
use crate::console::model::{About, Link, Model, Subject, Tone};
use crate::console::say::{say, sentence};
use crate::core::command::{Action as Ask, Command, Expect, Outcome};
use crate::core::person::{PersonId, Role};
use crate::core::text::sanitise;
use crate::core::together::One;
use crate::wire::client::LinkError;
use crossterm::event::{KeyCode, KeyEvent};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// More than this wait for nobody.
pub const MOST: usize = 64;
/// What is older is not sent before somebody has said so.
pub const ASK_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// One that waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Of the command, made when the key was pressed.
    pub id: String,
    pub at: Timestamp,
    pub by: PersonId,
    pub action: Ask,
    pub expect: Expect,
    /// `A12 Acme Tools: Blocked order`.
    pub label: String,
}

#[derive(Debug, Default)]
pub struct Waiting {
    pub items: Vec<Item>,
    /// Why they are not on disk, if they are not.
    pub unkept: Option<String>,
    /// On their way to the agent, by their place in its answers.
    sent: Vec<(Ticket, String)>,
    /// What became of those that were sent together.
    told: Vec<Told>,
    /// The question was put off; it comes again with the next snapshot.
    put_off: bool,
}

/// What is decided about one that waited for long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Later,
    Send,
    Drop,
}

/// The question about those that waited for long.
#[derive(Debug)]
pub struct Stale {
    pub rows: Vec<(Item, Choice)>,
    pub selected: usize,
    pub appeared: Timestamp,
}

impl Item {
    pub fn about(&self) -> About {
        match &self.action {
            Ask::Ack { alert, .. } | Ask::NoteAlert { alert, .. } => About::Alert(*alert),
            Ask::NoteTask { task, .. } => About::Task(*task),
            _ => About::Several(1),
        }
    }

    pub fn word(&self) -> &'static str {
        match self.action {
            Ask::Ack { .. } => "ack",
            _ => "note",
        }
    }
}

impl Waiting {
    /// The first that waits about this.
    pub fn about(&self, about: &About) -> Option<&Item> {
        self.items.iter().find(|item| item.about() == *about)
    }

    /// `1 acknowledgment and 2 notes`; empty where nothing waits.
    pub fn counted(&self) -> String {
        let acks = self.items.iter().filter(|item| item.word() == "ack").count();
        let notes = self.items.len() - acks;
        let say = |many: usize, one: &str, more: &str| match many {
            0 => None,
            1 => Some(format!("1 {one}")),
            many => Some(format!("{many} {more}")),
        };
        let both = [say(acks, "acknowledgment", "acknowledgments"), say(notes, "note", "notes")];
        both.into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }
}

/// Whether this may wait for an agent that is away.
pub fn may_wait(ask: &Ask) -> bool {
    matches!(ask, Ask::Ack { .. } | Ask::NoteAlert { .. } | Ask::NoteTask { .. })
}

/// `Err` holds a whole sentence without its full stop.
pub fn may(model: &Model) -> Result<(), String> {
    if model.read_only {
        return Err("this console is read-only, as it was started with --read-only".to_owned());
    }
    let Some(desk) = &model.desk else {
        return Err("nothing has come from the agent yet".to_owned());
    };
    if desk.me.pin_needed || desk.me.person.is_none() {
        return Err("the agent is away, and who you are is known to nobody else".to_owned());
    }
    if desk.role() == Role::Viewer {
        return Err("your role is viewer; only a responder or an admin may do this".to_owned());
    }
    if model.waiting.items.len() >= MOST {
        return Err(format!("{MOST} wait for the agent already"));
    }
    Ok(())
}

/// The item that this order would be, had it to wait.
pub fn item(model: &Model, ticket: Ticket, order: &Order) -> Option<Item> {
    let desk = model.desk.as_ref()?;
    may_wait(&order.ask).then(|| Item {
        id: format!("{}-{}", model.session, ticket.0),
        at: model.now,
        by: desk.me.person.as_ref().map(|me| me.id.clone()).unwrap_or(PersonId(String::new())),
        action: order.ask.clone(),
        expect: order.expect.clone(),
        label: label(desk, &order.about),
    })
}

fn label(desk: &Desk, about: &About) -> String {
    match about {
        About::Alert(id) => match desk.alerts.get(id) {
            Some(alert) => format!("{id} {}: {}", alert.partner.name.printable(), alert.title.printable()),
            None => id.to_string(),
        },
        About::Task(id) => match desk.tasks.get(id) {
            Some(task) => format!("{id} {}", task.title.printable()),
            None => id.to_string(),
        },
        _ => String::new(),
    }
}

/// Lets it wait, visibly.
pub fn queue(model: &mut Model, item: Item) -> Vec<Effect> {
    let said = match item.word() {
        "ack" => {
            let of = sanitise(&item.label).split(' ').next().unwrap_or_default().to_owned();
            format!(
                "{of} is not acknowledged yet, pages continue: it is sent when the agent is back; u takes it back."
            )
        }
        _ => "Noted here, not on the desk yet: it is sent when the agent is back.".to_owned(),
    };
    model.waiting.items.push(item);
    say(model, said, Tone::Refused);
    keep(model)
}

/// What of these rows could wait, and why the others could not.
pub fn preview(model: &Model, rows: &mut [Row]) {
    let mut room = MOST.saturating_sub(model.waiting.items.len());
    for row in rows.iter_mut().filter(|row| row.refused.is_none()) {
        let acks = matches!(row.one.action, Ask::Ack { .. });
        let waits = |item: &Item| item.about() == row.about && item.word() == "ack";
        if !may_wait(&row.one.action) {
            row.refused = Some("this needs the agent".to_owned());
        } else if acks && model.waiting.items.iter().any(waits) {
            row.refused = Some("its acknowledgment waits already".to_owned());
        } else if room == 0 {
            row.refused = Some(format!("{MOST} wait for the agent already"));
        } else {
            row.will = if acks { "ack waits, pages continue" } else { "the note waits" }.to_owned();
            room -= 1;
        }
    }
}

/// Lets several wait, as they were shown; where the agent is back already, they go out at once.
pub fn queue_all(model: &mut Model, rows: Vec<Row>) -> Vec<Effect> {
    if let Err(why) = may(model) {
        say(model, sentence(&why), Tone::Refused);
        return Vec::new();
    }
    let before = model.waiting.items.len();
    for row in rows {
        model.tickets += 1;
        let One { action: ask, expect } = row.one;
        let order = Order { about: row.about, word: "", ask, expect };
        model.waiting.items.extend(item(model, Ticket(model.tickets), &order));
    }
    let many = model.waiting.items.len() - before;
    let said = format!("{many} wait and are sent when the agent is back; pages continue; u takes one back.");
    say(model, said, Tone::Refused);
    let mut effects = keep(model);
    if model.link == Link::Live {
        let new: Vec<Item> = model.waiting.items[before..].to_vec();
        effects.extend(new.into_iter().flat_map(|item| send(model, item)));
    }
    effects
}

fn keep(model: &Model) -> Vec<Effect> {
    vec![Effect::Keep(model.waiting.items.clone())]
}

/// Takes back what waits about the row that the hand is on; `None`: nothing does.
pub fn take_back(model: &mut Model) -> Option<Vec<Effect>> {
    let about = match model.subject()? {
        Subject::Alert(alert) => About::Alert(alert),
        Subject::Task(task) => About::Task(task),
    };
    let on_its_way = |item: &Item| model.waiting.sent.iter().any(|(_, id)| *id == item.id);
    let at = model.waiting.items.iter().rposition(|item| item.about() == about && !on_its_way(item))?;
    let item = model.waiting.items.remove(at);
    say(model, format!("Taken back and never sent: the {} of {}.", item.word(), item.label), Tone::Done);
    Some(keep(model))
}

/// What an earlier console left on disk.
pub fn kept(model: &mut Model, items: Vec<Item>) -> Vec<Effect> {
    for item in items {
        if !model.waiting.items.iter().any(|known| known.id == item.id) {
            model.waiting.items.push(item);
        }
    }
    match model.link {
        Link::Live => back(model),
        _ => Vec::new(),
    }
}

/// The agent is back: what is young goes out, what is old becomes a question.
pub fn back(model: &mut Model) -> Vec<Effect> {
    model.waiting.put_off = false;
    // What was on its way when the link broke goes out again with the same id.
    model.waiting.sent.clear();
    let Some(me) = me(model) else { return Vec::new() };
    let young: Vec<Item> = mine(model, &me).filter(|item| is_young(item, model.now)).cloned().collect();
    let effects = young.into_iter().flat_map(|item| send(model, item)).collect();
    ask(model);
    effects
}

/// Whoever may act here; nobody may where one only looks.
fn me(model: &Model) -> Option<PersonId> {
    let desk = model.desk.as_ref().filter(|desk| !desk.me.pin_needed && !model.read_only)?;
    desk.me.person.as_ref().map(|me| me.id.clone())
}

fn mine<'m>(model: &'m Model, me: &PersonId) -> impl Iterator<Item = &'m Item> {
    let me = me.clone();
    model.waiting.items.iter().filter(move |item| item.by == me)
}

fn is_young(item: &Item, now: Timestamp) -> bool {
    now.duration_since(item.at) <= ASK_AFTER
}

fn send(model: &mut Model, item: Item) -> Vec<Effect> {
    model.tickets += 1;
    let ticket = Ticket(model.tickets);
    model.waiting.sent.push((ticket, item.id.clone()));
    vec![Effect::Retry { ticket, command: Command { id: item.id, action: item.action, expect: item.expect } }]
}

/// Asks about what waited for long, where nothing else is asked.
pub fn ask(model: &mut Model) {
    let waiting = &model.waiting;
    if model.link != Link::Live || model.dialog.is_some() || waiting.put_off || waiting.items.is_empty() {
        return;
    }
    let Some(me) = me(model) else { return };
    let on_its_way = |item: &&Item| model.waiting.sent.iter().all(|(_, id)| *id != item.id);
    let old = mine(model, &me).filter(|item| !is_young(item, model.now)).filter(on_its_way);
    let rows: Vec<(Item, Choice)> = old.map(|item| (item.clone(), Choice::Later)).collect();
    if !rows.is_empty() {
        model.dialog = Some(Dialog::Stale(Stale { rows, selected: 0, appeared: model.now }));
    }
}

/// What was decided about each that waited for long.
pub fn decided(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Stale(stale)) = model.dialog.take() else { return Vec::new() };
    model.waiting.put_off = true;
    let mut effects = Vec::new();
    for (item, choice) in stale.rows {
        match choice {
            Choice::Later => {}
            Choice::Drop => model.waiting.items.retain(|known| known.id != item.id),
            Choice::Send => effects.extend(send(model, item)),
        }
    }
    effects.extend(keep(model));
    effects
}

/// The question is put off.
pub fn later(model: &mut Model) {
    model.waiting.put_off = true;
}

/// What became of one; `false`: the ticket is none of these.
pub fn answered(
    model: &mut Model,
    ticket: Ticket,
    answer: &Result<Outcome, LinkError>,
) -> Option<Vec<Effect>> {
    let at = model.waiting.sent.iter().position(|(sent, _)| *sent == ticket)?;
    let (_, id) = model.waiting.sent.remove(at);
    let (done, said) = match answer {
        Ok(Outcome::Done { said }) => (true, said.printable().into_string()),
        Ok(Outcome::Refused { refusal }) => (false, refusal.said.printable().into_string()),
        Err(LinkError::Refused { sentence, .. }) => (false, sentence.clone()),
        // The link broke again: it goes on waiting.
        Err(_) => return Some(Vec::new()),
    };
    let at = model.waiting.items.iter().position(|item| item.id == id);
    let Some(item) = at.map(|at| model.waiting.items.remove(at)) else { return Some(Vec::new()) };
    let when = clock::hour_minute(item.at, &model.zone());
    let label = format!("{} {when} {}", item.word(), item.label);
    model.waiting.told.push(Told { label, done, said });
    let mut effects = keep(model);
    if model.waiting.sent.is_empty() {
        tell(model);
        if let Some(Subject::Alert(alert)) = model.triage.shown {
            effects.push(Effect::FetchDetail(alert));
        }
    }
    Some(effects)
}

/// Says what became of all that were sent.
fn tell(model: &mut Model) {
    let rows = std::mem::take(&mut model.waiting.told);
    let refused = rows.iter().filter(|row| !row.done).count();
    let title = match (rows.as_slice(), refused) {
        ([one], 0) => format!("What waited is done: {}", one.said),
        (_, 0) => format!("What waited is done, all {}.", rows.len()),
        (_, refused) => format!("Of what waited {refused} of {} were refused.", rows.len()),
    };
    say(model, title.clone(), if refused == 0 { Tone::Done } else { Tone::Refused });
    if (rows.len() > 1 || refused > 0) && model.dialog.is_none() {
        model.dialog = Some(Dialog::Results(Results { title, rows, scroll: 0 }));
    }
}

impl Stale {
    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        let last = self.rows.len().saturating_sub(1);
        match key.code {
            KeyCode::Char('j') | KeyCode::Down => self.selected = (self.selected + 1).min(last),
            KeyCode::Char('k') | KeyCode::Up => self.selected = self.selected.saturating_sub(1),
            KeyCode::Char('s') => self.choose(Choice::Send),
            KeyCode::Char('d') => self.choose(Choice::Drop),
            KeyCode::Enter => return Pressed::Decided,
            KeyCode::Esc | KeyCode::Char('q') => return Pressed::PutOff,
            _ => {}
        }
        Pressed::Stay
    }

    fn choose(&mut self, choice: Choice) {
        if let Some((_, chosen)) = self.rows.get_mut(self.selected) {
            *chosen = choice;
        }
        self.selected = (self.selected + 1).min(self.rows.len().saturating_sub(1));
    }
}
