//! Whether an action can be done now, and if not, the sentence that says why.

use crate::console::desk::ContactsHeard;
use crate::console::keymap::{Action, Context};
use crate::console::model::{About, Link, Model, Named, Place, Subject};
use crate::console::{clock, oncall, order, waiting};
use crate::core::alert::AlertState;
use crate::core::notification::{Notification, RecipientId};
use crate::core::person::Role;

/// `Err` holds a whole sentence without its full stop.
pub fn allowed(model: &Model, action: Action) -> Result<(), String> {
    if crate::console::bulk::acts_on_several(model, action) {
        return crate::console::bulk::may(model, action);
    }
    match action {
        Action::Resend if on_messages(model) => on_message(model),
        Action::Partner => match model.partner_at_hand() {
            Some(_) => Ok(()),
            None => Err("the selected row names no partner".to_owned()),
        },
        Action::Note | Action::Accept if model.place == Place::Handover && model.named.is_none() => {
            crate::console::handover::may(model, action)
        }
        Action::Resend if matches!(model.subject(), Some(Subject::Task(_))) => {
            match model.message_of_task() {
                Some(_) => may_act(model),
                None => Err(ended(model).unwrap_or_else(|| "no message is behind this task".to_owned())),
            }
        }
        Action::Contact if model.message_of_task().is_some_and(is_to_person) => Ok(()),
        Action::Ack | Action::Escalate | Action::Resend | Action::Close => on_alert(model, action),
        Action::Hand => {
            on_alert(model, action)?;
            match (model.selected_alert().and_then(|alert| alert.held_by()), &model.desk) {
                (Some(holder), Some(desk)) if !desk.is_me(holder) => {
                    let name = desk.short_name(holder);
                    Err(format!("{name} has it; only they hand it over, or you take it first"))
                }
                _ => Ok(()),
            }
        }
        Action::Undo => undo(model),
        Action::Snooze | Action::Note if !matches!(model.subject(), Some(Subject::Task(_))) => {
            on_alert(model, action)
        }
        Action::Snooze | Action::Note | Action::Take | Action::Done => on_task(model, action),
        Action::Why => crate::console::why::at_hand(model).map(|_| ()),
        Action::Sort if model.place != Place::Triage => {
            Err("only the rows of Triage are sorted; 1 goes there".to_owned())
        }
        Action::OfAlert => match model.alert_at_hand() {
            Some(_) => Ok(()),
            None => Err("it speaks of no alert".to_owned()),
        },
        Action::GoTo if crate::console::goal::of_hand(model).is_empty() => {
            Err("the selected row speaks of nothing to go to".to_owned())
        }
        Action::MessagesOf if crate::console::goal::messages_of_hand(model).is_none() => {
            Err("no messages are about the selected row".to_owned())
        }
        Action::LastView if model.trail.is_empty() => Err("there is no view before this one".to_owned()),
        Action::Settle => match model.message_in_doubt() {
            Some(message) => free(model, message),
            None => Err("nothing selected is in doubt".to_owned()),
        },
        Action::Hint | Action::Brief => crate::console::drill::may(model),
        Action::Probe => crate::console::providers::may_probe(model),
        Action::Contact if model.place == Place::Messages => match model.selected_message() {
            Some(message) if matches!(message.recipient.who, RecipientId::Contact(_)) => Ok(()),
            _ => Err("it does not go to a partner's contact".to_owned()),
        },
        Action::Contact => match (model.selected_partner(), &model.desk) {
            (Some(partner), Some(desk))
                if desk.contacts_of(&partner.id).next().is_none()
                    && desk.contacts_heard.get(&partner.id) == Some(&ContactsHeard::All) =>
            {
                Err(format!("no contact of {} is known", partner.name.printable()))
            }
            (Some(_), _) => Ok(()),
            (None, _) => Err("the selected row names no partner".to_owned()),
        },
        Action::Medium => match model.templates.rows.selected() {
            Some((name, _)) if name.pieces().len() == 1 => Err(format!("{name} has no other medium")),
            _ => Ok(()),
        },
        Action::Edit => match model.selected_contact() {
            Some(_) => may_act(model),
            None => Err("no contact is selected".to_owned()),
        },
        Action::Cover | Action::Swap | Action::TakeBack => crate::console::oncall::may(model, action),
        Action::CopyReference => match (model.subject(), model.selected_contact(), model.place) {
            (Some(_), ..) | (_, Some(_), Place::Contacts) => Ok(()),
            (.., Place::Messages) if model.selected_message().is_some() => Ok(()),
            (.., Place::Partner) => Ok(()),
            _ => Err("nothing is selected".to_owned()),
        },
        _ => Ok(()),
    }
}

/// Whether it went to somebody of the desk.
fn is_to_person(message: &Notification) -> bool {
    matches!(message.recipient.who, RecipientId::Person(_))
}

/// Whether the agent can be reached and grants the operator anything but looking.
pub fn may_act(model: &Model) -> Result<(), String> {
    if model.read_only {
        return Err("this console is read-only, as it was started with --read-only".to_owned());
    }
    let Some(desk) = &model.desk else {
        return Err("nothing has come from the agent yet".to_owned());
    };
    if let Link::Away { since, .. } = model.link {
        let since = clock::hour_minute(since, &desk.zone());
        return Err(format!("the agent is away since {since} and can take no order"));
    }
    if desk.me.pin_needed {
        return Err("this login is shared; say who you are first (:login)".to_owned());
    }
    if desk.role() == Role::Viewer {
        return Err("your role is viewer; only a responder or an admin may do this".to_owned());
    }
    Ok(())
}

/// The same, but that acknowledgments and notes may wait for an agent that is away.
pub fn may_act_or_wait(model: &Model, action: Action) -> Result<(), String> {
    match (&model.link, action) {
        (Link::Away { .. }, Action::Ack | Action::Note) => waiting::may(model),
        _ => may_act(model),
    }
}

fn on_alert(model: &Model, action: Action) -> Result<(), String> {
    let Some(alert) = model.selected_alert() else {
        return Err("no alert is selected".to_owned());
    };
    may_act_or_wait(model, action)?;
    if action == Action::Ack
        && let Some(item) = model.waiting.about(&About::Alert(alert.id))
        && item.word() == "ack"
    {
        return Err(format!("the acknowledgment of {} waits for the agent; u takes it back", alert.id));
    }
    if alert.state == AlertState::Resolved && action == Action::Undo {
        let n = model.keys.name(Context::Alerts, Action::Note);
        return Err(format!(
            "{} is closed, and that cannot be taken back; {n} writes a note on it",
            alert.id
        ));
    }
    if alert.state == AlertState::Resolved && action != Action::Note {
        return Err(format!("{} is closed", alert.id));
    }
    if let Some(pending) = model.pending_for(&About::Alert(alert.id)) {
        return Err(format!("{} of {} is on its way to the agent", pending.word, alert.id));
    }
    Ok(())
}

/// Whether what the hand is on, or what is named, is a message.
fn on_messages(model: &Model) -> bool {
    match model.named {
        Some(Named::Message(_)) => true,
        Some(Named::Subject(_)) => false,
        None => matches!(model.place, Place::Messages | Place::Partner),
    }
}

fn on_message(model: &Model) -> Result<(), String> {
    let Some(message) = model.selected_message() else {
        return Err("no message is selected".to_owned());
    };
    free(model, message)
}

fn free(model: &Model, message: &Notification) -> Result<(), String> {
    may_act(model)?;
    if let Some(pending) = model.pending_for(&About::Message(message.id)) {
        return Err(format!("{} of {} is on its way to the agent", pending.word, message.id));
    }
    Ok(())
}

fn undo(model: &Model) -> Result<(), String> {
    let about = match model.subject() {
        Some(Subject::Alert(alert)) => Some(About::Alert(alert)),
        Some(Subject::Task(task)) => Some(About::Task(task)),
        None => None,
    };
    if let Some(item) = about.and_then(|about| model.waiting.about(&about)) {
        return match model.waiting.is_on_its_way(item) {
            true => Err(format!("{} of {} is on its way to the agent", item.word(), item.about().name())),
            false => Ok(()),
        };
    }
    may_act(model)?;
    // The newest is what is meant, and whether it was done is not known yet.
    let newest = model.pending.iter().rev().find(|pending| pending.undo.is_some());
    if let Some(pending) = newest.filter(|_| model.named.is_none()) {
        return Err(format!("{} of {} is on its way to the agent", pending.word, pending.about.name()));
    }
    // Whether it is still in one's own hand the agent knows best: its answer may be ahead of the stream.
    if order::undoable(model).next().is_some() {
        return Ok(());
    }
    if model.place == Place::OnCall && model.named.is_none() {
        let takes_back = model.keys.name(Context::OnCall, Action::TakeBack);
        let why = || format!("you arranged nothing just now; {takes_back} takes the selected override back");
        return oncall::just_made(model).map(|_| ()).ok_or_else(why);
    }
    on_alert(model, Action::Undo)?;
    match (model.selected_alert().and_then(|alert| alert.held_by()), &model.desk) {
        (Some(holder), Some(desk)) if desk.is_me(holder) => Ok(()),
        (Some(holder), Some(desk)) => Err(format!("{} holds it, not you", desk.short_name(holder))),
        _ => Err("nobody has taken it, so there is nothing to undo".to_owned()),
    }
}

/// `T1 ended 22:07: the review was reported`, where the row at hand is one that ended.
fn ended(model: &Model) -> Option<String> {
    let Some(Subject::Task(id)) = model.subject() else { return None };
    let finished = model.desk.as_ref()?.finished(id)?;
    Some(format!("{id} ended {}", finished.in_words(model.now, &model.zone())))
}

fn on_task(model: &Model, action: Action) -> Result<(), String> {
    let Some(task) = model.selected_task() else {
        return Err(ended(model).unwrap_or_else(|| "no task is selected".to_owned()));
    };
    may_act_or_wait(model, action)?;
    if let Some(pending) = model.pending_for(&About::Task(task.id)) {
        return Err(format!("{} of {} is on its way to the agent", pending.word, task.id));
    }
    let mine = task.owner.as_ref().zip(model.desk.as_ref()).is_some_and(|(owner, desk)| desk.is_me(owner));
    if action == Action::Take && mine {
        let key = model.keys.name(Context::Tasks, Action::Done);
        return Err(format!("it is yours already; {key} when it is done"));
    }
    Ok(())
}
