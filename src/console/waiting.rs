//! What was pressed while the agent was away: acknowledgments and notes, and nothing else. They wait on the
//! screen and on disk, go out with the id they got when they were pressed, so that sending one twice is
//! harmless, and what became of each is said. One that is older than ten minutes is a question first.

use crate::console::appear::{appear, is_typing};
use crate::console::bulk::{Results, Row, Told};
use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::dialog::{Dialog, Order, Stale, Verdict};
use crate::console::effect::Effect;
use crate::console::message::Ticket;
use crate::console::model::{About, Link, Model, Subject, Tone};
use crate::console::say::say;
use crate::core::command::{Action as Ask, Command, Expect, Outcome};
use crate::core::person::{PersonId, Role};
use crate::core::text::sanitise;
use crate::core::together::One;
use crate::wire::client::LinkError;
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
    /// It was sent before, and nobody knows whether it arrived.
    #[serde(default)]
    pub tried: bool,
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
    /// When what could not be sent while the agent is there is sent again.
    pub again_at: Option<Timestamp>,
    /// How often that failed, one time after the other.
    failed: u32,
    /// The question was put off; it comes again with the next snapshot.
    put_off: bool,
}

impl Item {
    pub fn about(&self) -> About {
        About::of(&self.action).unwrap_or(About::Several(1))
    }

    pub fn word(&self) -> &'static str {
        match self.action {
            Ask::Ack { .. } => "ack",
            Ask::RestoreAlert { .. } => "undo",
            _ => "note",
        }
    }
}

impl Waiting {
    /// What waits about this, before all others its acknowledgment.
    pub fn about(&self, about: &About) -> Option<&Item> {
        let of = || self.items.iter().filter(|item| item.about() == *about);
        of().find(|item| item.word() == "ack").or_else(|| of().next())
    }

    pub fn is_on_its_way(&self, item: &Item) -> bool {
        self.sent.iter().any(|(_, id)| *id == item.id)
    }

    /// `1 acknowledgment and 2 notes`; empty where nothing waits.
    pub fn counted(&self) -> String {
        counted(self.items.iter())
    }
}

/// `1 acknowledgment and 2 notes`; empty where there is none.
pub fn counted<'i>(items: impl Iterator<Item = &'i Item>) -> String {
    let (mut acks, mut notes, mut undos) = (0, 0, 0);
    for item in items {
        match item.word() {
            "ack" => acks += 1,
            "undo" => undos += 1,
            _ => notes += 1,
        }
    }
    let say = |many: usize, one: &str| match many {
        0 => None,
        1 => Some(format!("1 {one}")),
        many => Some(format!("{many} {one}s")),
    };
    let all = [say(acks, "acknowledgment"), say(notes, "note"), say(undos, "undo")];
    let all: Vec<String> = all.into_iter().flatten().collect();
    match all.as_slice() {
        [first, more @ .., last] if !more.is_empty() => format!("{first}, {} and {last}", more.join(", ")),
        all => all.join(" and "),
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
        tried: false,
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
        _ if item.tried => format!(
            "Nobody knows yet whether the {} of {} arrived; it is sent again, with the same id, until that is known.",
            item.word(),
            sanitise(&item.label)
        ),
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

/// Lets several wait, as they were shown; where the agent is back already, they go out at once. `Err` holds why
/// they cannot, without its full stop.
pub fn queue_all(model: &mut Model, rows: Vec<Row>) -> Result<Vec<Effect>, String> {
    may(model)?;
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
    if model.link == Link::Live {
        let new: Vec<Item> = model.waiting.items[before..].to_vec();
        return Ok(send_all(model, new));
    }
    Ok(keep(model))
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
    let can = |item: &&Item| item.about() == about && !model.waiting.is_on_its_way(item);
    let id = model.waiting.items.iter().rfind(can)?.id.clone();
    Some(drop_one(model, &id))
}

/// Sends one no more. What may have arrived is undone as well, once the agent answers.
fn drop_one(model: &mut Model, id: &str) -> Vec<Effect> {
    let Some(at) = model.waiting.items.iter().position(|item| item.id == id) else { return Vec::new() };
    let item = model.waiting.items.remove(at);
    let (word, label) = (item.word(), sanitise(&item.label).into_owned());
    let undo = match item.action {
        Ask::Ack { alert, .. } if item.tried => Some(alert),
        _ => None,
    };
    let Some(alert) = undo else {
        let said = match item.tried {
            true => format!("Not sent again, but it may have arrived: the {word} of {label}."),
            false => format!("Taken back and never sent: the {word} of {label}."),
        };
        say(model, said, if item.tried { Tone::Refused } else { Tone::Done });
        return keep(model);
    };
    model.tickets += 1;
    let undo = Item {
        id: format!("{}-{}", model.session, model.tickets),
        at: model.now,
        by: item.by.clone(),
        action: Ask::RestoreAlert { alert },
        expect: Expect { holder: Some(Some(item.by)), ..Expect::default() },
        label: item.label,
        tried: false,
    };
    model.waiting.items.push(undo.clone());
    let said =
        format!("The {word} of {label} may have arrived already; it is undone once the agent answers.");
    say(model, said, Tone::Refused);
    if model.link == Link::Live { send_all(model, vec![undo]) } else { keep(model) }
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
    model.waiting.again_at = None;
    // What was on its way when the link broke goes out again with the same id.
    model.waiting.sent.clear();
    let effects = send_young(model);
    ask(model);
    effects
}

fn send_young(model: &mut Model) -> Vec<Effect> {
    let Some(me) = me(model) else { return Vec::new() };
    let young = mine(model, &me).filter(|item| is_young(item, model.now));
    let young: Vec<Item> = young.filter(|item| !model.waiting.is_on_its_way(item)).cloned().collect();
    send_all(model, young)
}

/// What could not be sent although the agent is there goes out again after a while, and after a longer one the
/// next time.
pub fn again_later(model: &mut Model) {
    const FIRST: i64 = 2;
    const LONGEST: i64 = 30;
    if model.link == Link::Live {
        let wait = FIRST.saturating_mul(1 << model.waiting.failed.min(8)).min(LONGEST);
        model.waiting.failed += 1;
        let at = model.now.saturating_add(SignedDuration::from_secs(wait)).unwrap_or(model.now);
        model.waiting.again_at = Some(at);
    }
}

pub fn clock(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    if model.waiting.again_at.is_some_and(|at| at <= model.now) {
        model.waiting.again_at = None;
        if model.link == Link::Live {
            effects = send_young(model);
        }
    }
    ask(model);
    effects
}

/// The console ends: what has no answer yet is kept for the next one, with its id.
pub fn leave(model: &mut Model) -> Vec<Effect> {
    let mut any = false;
    for pending in &mut model.pending {
        if let Some(item) = pending.waits.take() {
            model.waiting.sent.push((pending.ticket, item.id.clone()));
            model.waiting.items.push(Item { tried: true, ..*item });
            any = true;
        }
    }
    if any { keep(model) } else { Vec::new() }
}

/// Something was sent, and its answer would tell whether it has to be kept.
pub fn is_anything_on_its_way(model: &Model) -> bool {
    model.link == Link::Live && (!model.pending.is_empty() || !model.waiting.sent.is_empty())
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

fn send_all(model: &mut Model, items: Vec<Item>) -> Vec<Effect> {
    if items.is_empty() {
        return Vec::new();
    }
    for item in &mut model.waiting.items {
        item.tried |= items.iter().any(|sent| sent.id == item.id);
    }
    let mut effects = keep(model);
    for Item { id, action, expect, .. } in items {
        model.tickets += 1;
        let ticket = Ticket(model.tickets);
        model.waiting.sent.push((ticket, id.clone()));
        effects.push(Effect::Retry { ticket, command: Command { id, action, expect } });
    }
    effects
}

/// Asks about what waited for long, where nothing else is asked.
pub fn ask(model: &mut Model) {
    let waiting = &model.waiting;
    if model.link != Link::Live || waiting.put_off || waiting.items.is_empty() || is_typing(model) {
        return;
    }
    let Some(me) = me(model) else { return };
    let old = mine(model, &me).filter(|item| !is_young(item, model.now));
    let old = old.filter(|item| !model.waiting.is_on_its_way(item));
    let rows: Vec<(Item, Verdict)> = old.map(|item| (item.clone(), Verdict::Later)).collect();
    if !rows.is_empty() {
        // It is asked again with every tick until it is answered or put off.
        let _ = appear(model, Dialog::Stale(Stale { rows, selected: 0 }));
    }
}

/// What was decided about each that waited for long.
pub fn decided(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Stale(stale)) = model.dialog.take() else { return Vec::new() };
    model.waiting.put_off = true;
    let mut effects = Vec::new();
    for (item, choice) in stale.rows {
        match choice {
            Verdict::Later => {}
            Verdict::Drop => effects.extend(drop_one(model, &item.id)),
            Verdict::Send => effects.extend(send_all(model, vec![item])),
        }
    }
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
        Err(LinkError::Refused { sentence, .. }) if !is_passing(answer) => (false, sentence.clone()),
        // The link broke again, or the agent has no time: it goes on waiting.
        Err(_) => {
            again_later(model);
            return Some(Vec::new());
        }
    };
    model.waiting.failed = 0;
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

/// Nothing was decided, and the same again may well be: the link broke, or the agent is saturated or ending.
pub fn is_passing<T>(answer: &Result<T, LinkError>) -> bool {
    match answer {
        Ok(_) => false,
        Err(LinkError::Refused { status, .. }) => *status == 429 || *status >= 500,
        Err(LinkError::NoAgent { .. } | LinkError::Broken(_)) => true,
    }
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
    if rows.len() > 1 || refused > 0 {
        let results = Results { title, rows, scroll: 0, undo: Vec::new(), until: model.now };
        // Where something is being typed, the sentence has to do.
        let _ = appear(model, Dialog::Results(results));
    }
}
