//! Orders to the agent: made from what the hand is on, pending until it answers.

use crate::console::desk::Desk;
use crate::console::dialog::{Chooser, Dialog, Order};
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::message::Ticket;
use crate::console::model::{About, Link, Model, Named, Pending, Place, Subject, Tone, Undo};
use crate::console::say::{say, sentence};
use crate::console::{bulk, oncall, waiting};
use crate::core::alert::AlertState;
use crate::core::command::{Action as Ask, Expect};
use crate::core::id::{AlertId, TaskId};
use crate::core::together::One;

pub fn ack(model: &mut Model) -> Vec<Effect> {
    let (now, zone) = (model.now, model.zone());
    let Some((alert, desk)) = model.selected_alert().zip(model.desk.as_ref()) else { return Vec::new() };
    if alert.held_by().is_some_and(|holder| desk.is_me(holder)) && alert.state == AlertState::Acknowledged {
        model.dialog = Some(Dialog::Chooser(Chooser::promise(alert, now, &zone)));
        return Vec::new();
    }
    let order = Order {
        about: About::Alert(alert.id),
        word: "ack",
        ask: Ask::Ack { alert: alert.id, next_update_by: None },
        expect: Expect { holder: Some(alert.held_by().cloned()), ..Expect::default() },
    };
    or_say(model, |model| send(model, order))
}

/// Takes back what was just done, or, of what is named, that; else gives back what the hand is on.
pub fn undo(model: &mut Model) -> Vec<Effect> {
    if let Some(effects) = waiting::take_back(model) {
        return effects;
    }
    let just: Vec<One> = undoable(model).cloned().collect();
    if !just.is_empty() {
        return or_say(model, |model| undo_these(model, just));
    }
    if model.place == Place::OnCall && model.named.is_none() {
        oncall::take_back_just_made(model);
        return Vec::new();
    }
    let Some(alert) = model.selected_alert() else { return Vec::new() };
    let order = Order {
        about: About::Alert(alert.id),
        word: "unack",
        ask: Ask::Unack { alert: alert.id },
        expect: Expect { holder: Some(alert.held_by().cloned()), ..Expect::default() },
    };
    or_say(model, |model| send(model, order))
}

/// What `u` would undo of what was just done: all of it, or what is about what a command names.
pub fn undoable(model: &Model) -> impl Iterator<Item = &One> {
    let named = model.named.map(|named| match named {
        Named::Subject(Subject::Alert(alert)) => About::Alert(alert),
        Named::Subject(Subject::Task(task)) => About::Task(task),
        Named::Message(message) => About::Message(message),
    });
    let ones = model.undo.iter().flat_map(|undo| &undo.what);
    ones.filter(move |one| named.is_none() || named == About::of(&one.action))
}

/// Asks for what undoes one thing, or several as one.
pub fn undo_these(model: &mut Model, mut ones: Vec<One>) -> Result<Vec<Effect>, String> {
    if ones.len() > 1 {
        return bulk::undo(model, ones);
    }
    let Some(One { action: ask, expect }) = ones.pop() else { return Ok(Vec::new()) };
    let about = About::of(&ask).unwrap_or(About::Several(1));
    send_undoable(model, Order { about, word: "undo", ask, expect }, None)
}

/// What undoes this once it is done, if anything does: only while it is still in one's own hand.
fn undoing(model: &Model, ask: &Ask) -> Option<One> {
    let whose = |task: &TaskId| model.task(*task).and_then(|task| task.owner.clone());
    let plain = |action| Some(One { action, expect: Expect::default() });
    match ask {
        Ask::Ack { alert, .. } | Ask::Snooze { alert, .. } => Some(restore(*alert, model.desk.as_ref()?)),
        Ask::HandAlert { alert, .. } => plain(Ask::KeepAlert { alert: *alert }),
        Ask::TakeTask { task } | Ask::DoneTask { task, .. } | Ask::SnoozeTask { task, .. } => {
            plain(Ask::RestoreTask { task: *task, owner: whose(task) })
        }
        _ => None,
    }
}

/// Gives an alert back as it was before one took it or put it to sleep.
pub fn restore(alert: AlertId, desk: &Desk) -> One {
    let me = desk.me.person.as_ref().map(|me| me.id.clone());
    One { action: Ask::RestoreAlert { alert }, expect: Expect { holder: Some(me), ..Expect::default() } }
}

pub fn on_task(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(task) = model.selected_task().map(|task| task.id) else { return Vec::new() };
    let (word, ask) = match action {
        Action::Done => ("done", Ask::DoneTask { task, anyway: false }),
        _ => ("take", Ask::TakeTask { task }),
    };
    let order = Order { about: About::Task(task), word, ask, expect: Expect::default() };
    or_say(model, |model| send(model, order))
}

/// `Err` holds why nothing was sent, without its full stop.
pub fn send(model: &mut Model, order: Order) -> Result<Vec<Effect>, String> {
    let undo = undoing(model, &order.ask);
    send_undoable(model, order, undo)
}

pub fn send_undoable(model: &mut Model, order: Order, undo: Option<One>) -> Result<Vec<Effect>, String> {
    model.tickets += 1;
    let ticket = Ticket(model.tickets);
    let waits = waiting::item(model, ticket, &order);
    if let (Link::Away { .. }, Some(item)) = (&model.link, &waits) {
        waiting::may(model)?;
        model.undo = None;
        return Ok(waiting::queue(model, item.clone()));
    }
    crate::console::allowed::may_act(model)?;
    // From here on `u` means this, or nothing.
    model.undo = None;
    let (label, waits) = (String::new(), waits.map(Box::new));
    let Order { about, word, ask, expect } = order;
    model.pending.push(Pending { ticket, about, word, label, undo, typed: None, waits, since: model.now });
    model.flash = None;
    Ok(vec![Effect::Command { ticket, action: ask, expect }])
}

/// The dialog whose text has just been sent, until the agent has taken it.
pub fn keep_typed(model: &mut Model, dialog: Dialog) {
    let newest = Ticket(model.tickets);
    let mut pending = model.pending.iter_mut();
    if let Some(pending) = pending.find(|pending| pending.ticket == newest).filter(|_| dialog.holds_text()) {
        pending.typed = Some(Box::new(dialog));
    }
}

/// What was done last can be undone from now on.
pub fn may_be_undone(model: &mut Model, undo: Undo) {
    let newer = model.undo.as_ref().is_none_or(|known| known.ticket < undo.ticket);
    if newer && !undo.what.is_empty() {
        model.undo = Some(undo);
    }
}

/// Sends, or says why not.
pub fn or_say(
    model: &mut Model,
    sends: impl FnOnce(&mut Model) -> Result<Vec<Effect>, String>,
) -> Vec<Effect> {
    sends(model).unwrap_or_else(|why| {
        say(model, sentence(&why), Tone::Refused);
        Vec::new()
    })
}
