//! What the agent says, folded into the model: its snapshot, its changes, its answers.

use crate::console::beside::Beside;
use crate::console::desk::{Desk, Folded};
use crate::console::dialog::{Dialog, LogIn};
use crate::console::effect::{Effect, Wait};
use crate::console::follow::{arrange, follow_selection, keep};
use crate::console::insist::Insist;
use crate::console::message::Ticket;
use crate::console::model::{About, Link, Model, Place, Refresh, Subject, Tone, UNDO_WITHIN, Undo};
use crate::console::press::form_closed;
use crate::console::say::say;
use crate::console::{beside, contacts, handover, messages, nav, oncall, others, partners, people, waiting};
use crate::core::alert::{Alert, AlertState};
use crate::core::change::Numbered;
use crate::core::command::{Outcome, RefusalCode};
use crate::core::id::AlertId;
use crate::wire::client::LinkError;
use crate::wire::{AlertDetail, Snapshot};
use jiff::SignedDuration;
use std::time::Duration;

/// An alert that changes faster than this is shown as it is now and then.
const DETAIL_EVERY: Duration = Duration::from_millis(300);

pub fn snapshot_came(model: &mut Model, snapshot: Snapshot) -> Vec<Effect> {
    let agents = snapshot.now;
    let local = model.now.saturating_sub(model.clock_offset).unwrap_or(model.now);
    let first = model.desk.is_none();
    let pin_needed = snapshot.me.pin_needed;
    model.link = Link::Live;
    // Small differences are the way of the answer, and would only make the clock jump.
    let apart = agents.duration_since(local);
    model.clock_offset =
        if apart.abs() > SignedDuration::from_secs(2) { apart } else { SignedDuration::ZERO };
    model.now = local.saturating_add(model.clock_offset).unwrap_or(local);
    let rings = |alert: &Alert, known: &Desk| {
        alert.state == AlertState::Open && !known.alerts.contains_key(&alert.id)
    };
    let known = model.desk.as_ref();
    let rings = known.is_some_and(|known| snapshot.alerts.iter().any(|alert| rings(alert, known)));
    let mut desk = Desk::new(snapshot);
    desk.local.clone_from(&model.local);
    model.desk = Some(desk);
    // What was known of a partner may be old.
    model.beside = Beside::default();
    model.stream.selected = None;
    // Whatever was on its way is in the snapshot or was not done; its answer says which.
    if first || !model.hand_is_on() {
        arrange(model);
    } else {
        keep(model);
    }
    contacts::settle(model);
    if pin_needed && !matches!(model.dialog, Some(Dialog::LogIn(_))) {
        model.dialog = Some(Dialog::LogIn(LogIn::default()));
    }
    // What was raised while the agent was away has to be heard, too.
    let mut effects: Vec<Effect> = rings.then_some(Effect::Bell).into_iter().collect();
    if let Some(subject) = model.subject() {
        model.triage.shown = Some(subject);
        if let Subject::Alert(alert) = subject {
            effects.push(Effect::FetchDetail(alert));
        }
        effects.extend(beside::ask(model));
    }
    if model.messages.heard && model.place != Place::Messages {
        effects.push(Effect::FetchMessages);
    }
    effects.extend(nav::again(model));
    effects.extend(waiting::back(model));
    effects
}

pub fn changes_came(model: &mut Model, changes: Vec<Numbered>) -> Vec<Effect> {
    let was_away = model.link != Link::Live;
    model.link = Link::Live;
    if model.desk.is_none() {
        return Vec::new();
    }
    let shown = match model.triage.shown {
        Some(Subject::Alert(alert)) => Some(alert),
        _ => None,
    };
    let mut effects = partners::changed(model, &changes);
    effects.extend(beside::changed(model, &changes));
    messages::changed(model, &changes);
    effects.extend(people::changed(model, &changes));
    others::tell(model, &changes);
    let stands_still = model.too_fast();
    let Some(desk) = &mut model.desk else { return effects };
    let mut detail_is_old = was_away;
    let mut rings = false;
    for numbered in changes {
        let of_shown = shown.is_some() && numbered.change.alert == shown;
        let folded = desk.fold(numbered);
        if folded == Folded::Known {
            continue;
        }
        model.stream.counting += 1;
        detail_is_old |= of_shown;
        if let Folded::NewAlert(alert) = folded {
            rings |= desk.alerts.get(&alert).is_some_and(|alert| alert.state == AlertState::Open);
        }
    }
    if !stands_still {
        model.stand_still();
    }
    if rings {
        effects.push(Effect::Bell);
    }
    if detail_is_old && let Some(alert) = shown {
        effects.extend(detail_is_asked_for(model, alert));
    }
    if model.hand_is_on() {
        keep(model);
    } else {
        arrange(model);
    }
    contacts::settle(model);
    effects.extend(follow_selection(model));
    effects
}

pub fn away(model: &mut Model, error: &LinkError) {
    let since = match &model.link {
        Link::Away { since, .. } => *since,
        Link::Connecting | Link::Live => model.now,
    };
    model.link = Link::Away { since, why: error.to_string() };
    model.viewers.clear();
    if let LinkError::Refused { sentence, .. } = error {
        say(model, sentence.clone(), Tone::Refused);
    }
}

/// Asks for what is shown, at once and then no more often than it can be read, however fast its alert changes.
fn detail_is_asked_for(model: &mut Model, alert: AlertId) -> Vec<Effect> {
    match model.triage.refresh {
        Refresh::Rests => {
            model.triage.refresh = Refresh::Waits;
            vec![Effect::FetchDetail(alert), Effect::Wait(Wait::Detail, DETAIL_EVERY)]
        }
        Refresh::Waits | Refresh::IsOld => {
            model.triage.refresh = Refresh::IsOld;
            Vec::new()
        }
    }
}

pub fn detail_waited(model: &mut Model) -> Vec<Effect> {
    let before = std::mem::take(&mut model.triage.refresh);
    match (before, model.triage.shown) {
        (Refresh::IsOld, Some(Subject::Alert(alert))) => detail_is_asked_for(model, alert),
        _ => Vec::new(),
    }
}

pub fn detail_came(model: &mut Model, alert: AlertId, answer: Result<Box<AlertDetail>, LinkError>) {
    if let Ok(detail) = &answer {
        messages::learn(model, &detail.notifications);
    }
    if model.triage.shown != Some(Subject::Alert(alert)) {
        return;
    }
    match answer {
        Ok(detail) => {
            model.triage.detail = Some(detail);
            model.triage.detail_missing = None;
        }
        Err(error) => model.triage.detail_missing = Some(error.to_string()),
    }
}

pub fn answered(model: &mut Model, ticket: Ticket, answer: Result<Outcome, LinkError>) -> Vec<Effect> {
    if let Some(effects) = waiting::answered(model, ticket, &answer) {
        return effects;
    }
    let Some(at) = model.pending.iter().position(|pending| pending.ticket == ticket) else {
        return Vec::new();
    };
    let pending = model.pending.remove(at);
    let form =
        model.contacts.form.as_mut().filter(|form| About::Contact(form.began.id.clone()) == pending.about);
    let refusal = match answer {
        Ok(Outcome::Done { said }) => {
            let mut effects = Vec::new();
            if form.is_some() {
                model.contacts.form = None;
                effects = form_closed(model);
            }
            if let Some(what) = pending.undo {
                let until = model.now.saturating_add(UNDO_WITHIN).unwrap_or(model.now);
                model.undo = Some(Undo { what, until });
            }
            say(model, said.printable().into_string(), Tone::Done);
            effects.extend(match pending.about {
                About::Alert(alert) if model.triage.shown == Some(Subject::Alert(alert)) => {
                    vec![Effect::FetchDetail(alert)]
                }
                About::OnCall(_) => oncall::done(model),
                About::Handover(_) => handover::again(model),
                _ => Vec::new(),
            });
            return effects;
        }
        Ok(Outcome::Refused { refusal }) => {
            let said = refusal.said.printable().into_string();
            if let (About::Task(task), RefusalCode::StillOpen, None) =
                (&pending.about, refusal.code, &model.dialog)
            {
                model.dialog = Some(Dialog::Insist(Insist::new(*task, said, model.now)));
                return Vec::new();
            }
            said
        }
        Err(LinkError::Refused { sentence, .. }) => sentence,
        Err(_) if pending.waits.is_some() => {
            let waits = pending.waits.map(|item| waiting::queue(model, *item));
            return waits.unwrap_or_default();
        }
        Err(error) => {
            format!(
                "Not known whether {} was done: {error}. It shows here once the agent is back.",
                pending.word
            )
        }
    };
    match form {
        Some(form) => {
            form.sending = false;
            form.error = Some(refusal);
        }
        None => say(model, refusal, Tone::Refused),
    }
    Vec::new()
}
