//! What the agent says, folded into the model: its snapshot, its changes, its answers.

use crate::console::appear::{appear, give_back};
use crate::console::beside::Beside;
use crate::console::desk::Desk;
use crate::console::dialog::{Dialog, Order};
use crate::console::effect::{Effect, Wait};
use crate::console::follow::{arrange, follow_selection, keep};
use crate::console::form::Form;
use crate::console::message::Ticket;
use crate::console::model::{About, Link, Model, Place, Refresh, Subject, Tone, UNDO_WITHIN, Undo};
use crate::console::order::may_be_undone;
use crate::console::press::form_closed;
use crate::console::question::Question;
use crate::console::say::say;
use crate::console::waiting::{self, Item};
use crate::console::{appear, beside, contacts, handover, messages, nav, oncall, others, partners, people};
use crate::core::alert::{Alert, AlertState};
use crate::core::change::{Actor, Numbered, Object};
use crate::core::command::{Action as Ask, Expect, Outcome, RefusalCode};
use crate::core::id::{AlertId, TaskId};
use crate::wire::client::LinkError;
use crate::wire::{AlertDetail, Snapshot};
use jiff::{SignedDuration, Timestamp};
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
    let rings = model.desk.as_ref().is_some_and(|known| {
        snapshot.alerts.iter().any(|alert| needs_somebody(known.alerts.get(&alert.id), alert))
    });
    let mut desk = Desk::new(snapshot);
    desk.local.clone_from(&model.local);
    if let Some(before) = model.desk.take() {
        desk.remember(before);
    }
    model.desk = Some(desk);
    // What was known of a partner may be old.
    model.beside = Beside::default();
    // Whatever was on its way is in the snapshot or was not done; its answer says which.
    if first || !model.hand_is_on() {
        arrange(model);
    } else {
        keep(model);
    }
    contacts::settle(model);
    model.ask_pin = pin_needed && !matches!(model.dialog, Some(Dialog::LogIn(_)));
    appear::clock(model);
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
        let heard = wakes(desk, &numbered);
        if !desk.fold(numbered) {
            continue;
        }
        model.stream.counting += 1;
        detail_is_old |= of_shown;
        rings |= heard;
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

/// Whether this is to be heard: what one did oneself is known without a sound.
fn wakes(desk: &Desk, numbered: &Numbered) -> bool {
    let mine = matches!(&numbered.change.actor, Actor::Person { id, .. } if desk.is_me(id));
    match &numbered.change.object {
        Object::Alert(alert) => !mine && needs_somebody(desk.alerts.get(&alert.id), alert),
        _ => false,
    }
}

/// An alert that nobody has in hand, and that was in somebody's or not known at all; one that is worse than it
/// was; one whose last resort has come.
fn needs_somebody(before: Option<&Alert>, now: &Alert) -> bool {
    let open = now.state == AlertState::Open;
    match before {
        _ if now.state == AlertState::Resolved => false,
        None => open,
        Some(before) => {
            let alone = open && before.state != AlertState::Open && now.cleared_at.is_none();
            let last = open && now.in_last_resort() && !before.in_last_resort();
            alone || last || now.severity > before.severity
        }
    }
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
        if let Some(Dialog::Why(why)) = &mut model.dialog {
            why.alert = Some(answer.map_err(|error| error.to_string()));
        }
        return;
    }
    match answer {
        Ok(detail) => {
            // Of two that were asked for one after the other, the first may come last.
            if model.detail_of(alert).is_none_or(|known| stands_at(known) <= stands_at(&detail)) {
                model.triage.detail = Some(detail);
            }
            model.triage.detail_missing = None;
        }
        Err(error) => model.triage.detail_missing = Some(error.to_string()),
    }
}

/// How far the history had come when it was read.
fn stands_at(detail: &AlertDetail) -> (Option<u64>, Timestamp) {
    (detail.timeline.last().map(|numbered| numbered.seq), detail.alert.updated_at)
}

pub fn answered(model: &mut Model, ticket: Ticket, answer: Result<Outcome, LinkError>) -> Vec<Effect> {
    if let Some(effects) = waiting::answered(model, ticket, &answer) {
        return effects;
    }
    let Some(at) = model.pending.iter().position(|pending| pending.ticket == ticket) else {
        return Vec::new();
    };
    let pending = model.pending.remove(at);
    let of_form = |form: &Form| About::Contact(form.began.id.clone()) == pending.about;
    let of_form = model.contacts.form.as_ref().is_some_and(of_form);
    let refusal = match answer {
        Ok(Outcome::Done { said }) => {
            let mut effects = Vec::new();
            if of_form {
                model.contacts.form = None;
                effects = form_closed(model);
            }
            let until = model.now.saturating_add(UNDO_WITHIN).unwrap_or(model.now);
            let what = pending.undo.into_iter().collect();
            may_be_undone(model, Undo { ticket, what, until });
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
            if let (About::Task(task), RefusalCode::StillOpen) = (&pending.about, refusal.code)
                && appear(model, Dialog::Question(still_open(*task, said.clone(), model.now))).is_ok()
            {
                return Vec::new();
            }
            said
        }
        ref passing if waiting::is_passing(passing) && pending.waits.is_some() => {
            let waits = pending.waits.map(|item| waiting::queue(model, Item { tried: true, ..*item }));
            waiting::again_later(model);
            return waits.unwrap_or_default();
        }
        Err(LinkError::Refused { sentence, .. }) => sentence,
        Err(error) => {
            format!(
                "Not known whether {} was done: {error}. It shows here once the agent is back.",
                pending.word
            )
        }
    };
    match model.contacts.form.as_mut().filter(|_| of_form) {
        Some(form) => {
            form.sending = false;
            form.error = Some(refusal);
        }
        None => {
            if let Some(dialog) = pending.typed {
                give_back(model, *dialog);
            }
            say(model, refusal, Tone::Refused);
        }
    }
    Vec::new()
}

/// A task was called done while what it is about still waits.
fn still_open(task: TaskId, why: String, now: Timestamp) -> Question {
    let order = Order {
        about: About::Task(task),
        word: "done",
        ask: Ask::DoneTask { task, anyway: true },
        expect: Expect::default(),
    };
    Question::new(format!("{task} is not done"), why, "Close it anyway", order, now)
}
