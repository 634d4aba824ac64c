//! Orders to the agent: made from what the hand is on, pending until it answers.

use crate::console::dialog::{Chooser, Dialog, Order};
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::message::Ticket;
use crate::console::model::{About, Link, Model, Pending, Tone, Undone};
use crate::console::say::{say, sentence};
use crate::console::{bulk, waiting};
use crate::core::alert::AlertState;
use crate::core::command::{Action as Ask, Expect};
use crate::core::id::TaskId;
use crate::core::resend::Target;

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
    send(model, order)
}

pub fn undo(model: &mut Model) -> Vec<Effect> {
    if let Some(effects) = waiting::take_back(model) {
        return effects;
    }
    let alert = match model.undo.take().map(|undo| undo.what) {
        Some(Undone::Sent(what)) => {
            let about = match what.first() {
                Some(Target::Alert(alert)) => About::Alert(*alert),
                Some(Target::Message(message)) => About::Message(*message),
                None => return Vec::new(),
            };
            let ask = Ask::Unsend { what };
            return send(model, Order { about, word: "unsend", ask, expect: Expect::default() });
        }
        Some(Undone::Together(ones)) => return bulk::undo(model, ones),
        Some(Undone::Task(task, owner)) => {
            let (about, ask) = (About::Task(task), Ask::RestoreTask { task, owner });
            return send(model, Order { about, word: "undo", ask, expect: Expect::default() });
        }
        Some(Undone::Offered(alert)) => {
            let (about, ask) = (About::Alert(alert), Ask::KeepAlert { alert });
            return send(model, Order { about, word: "keep", ask, expect: Expect::default() });
        }
        Some(Undone::Taken(alert)) => model.alert(alert),
        None => model.selected_alert(),
    };
    let Some(alert) = alert else { return Vec::new() };
    let order = Order {
        about: About::Alert(alert.id),
        word: "unack",
        ask: Ask::Unack { alert: alert.id },
        expect: Expect { holder: Some(alert.held_by().cloned()), ..Expect::default() },
    };
    send(model, order)
}

pub fn on_task(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(task) = model.selected_task().map(|task| task.id) else { return Vec::new() };
    let (word, ask) = match action {
        Action::Done => ("done", Ask::DoneTask { task, anyway: false }),
        _ => ("take", Ask::TakeTask { task }),
    };
    send(model, Order { about: About::Task(task), word, ask, expect: Expect::default() })
}

pub fn send(model: &mut Model, order: Order) -> Vec<Effect> {
    let whose = |task: &TaskId| model.task(*task).and_then(|task| task.owner.clone());
    let undo = match (&order.about, order.word) {
        (About::Task(task), "take" | "done" | "snooze") => Some(Undone::Task(*task, whose(task))),
        (About::Alert(alert), "ack" | "snooze") => Some(Undone::Taken(*alert)),
        (About::Alert(alert), "hand over") => Some(Undone::Offered(*alert)),
        _ => None,
    };
    send_undoable(model, order, undo)
}

pub fn send_undoable(model: &mut Model, order: Order, undo: Option<Undone>) -> Vec<Effect> {
    model.tickets += 1;
    let ticket = Ticket(model.tickets);
    let waits = waiting::item(model, ticket, &order);
    if let (Link::Away { .. }, Some(item)) = (&model.link, &waits) {
        return match waiting::may(model) {
            Ok(()) => waiting::queue(model, item.clone()),
            Err(why) => {
                say(model, sentence(&why), Tone::Refused);
                Vec::new()
            }
        };
    }
    if let Err(why) = crate::console::allowed::may_act(model) {
        say(model, sentence(&why), Tone::Refused);
        return Vec::new();
    }
    let (label, waits) = (String::new(), waits.map(Box::new));
    model.pending.push(Pending { ticket, about: order.about, word: order.word, label, undo, waits });
    model.flash = None;
    vec![Effect::Command { ticket, action: order.ask, expect: order.expect }]
}
