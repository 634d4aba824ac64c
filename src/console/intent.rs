//! The line above the footer: what the main key will do to the selected row, before it is pressed.

use crate::console::allowed::allowed;
use crate::console::desk::Desk;
use crate::console::keymap::{Action, Context};
use crate::console::model::{About, Focus, Link, Model, Pending, Subject};
use crate::console::{bulk, clock};
use crate::core::alert::{Alert, AlertState};
use crate::core::task::Task;

/// The sentence, and what the one next to it would undo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    pub key: MainKey,
    pub says: String,
    pub undo: Option<String>,
}

/// What pressing the main key would come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MainKey {
    Acts,
    Waits,
    Cannot,
}

pub fn intent(model: &Model) -> Option<Intent> {
    let desk = model.desk.as_ref()?;
    let u = model.keys.name(Context::Alerts, Action::Undo);
    let undo = model.undo.is_some().then(|| format!("{u} undoes"));
    let several = bulk::several(model);
    if !several.is_empty() {
        return Some(of_several(model, &several, undo));
    }
    let (key, says) = match model.subject()? {
        Subject::Alert(id) => {
            if let Some(pending) = model.pending_for(&About::Alert(id)) {
                return Some(waiting(pending, &id.to_string(), undo));
            }
            if let Some(item) = model.waiting.about(&About::Alert(id)).filter(|item| item.word() == "ack") {
                let at = clock::hour_minute(item.at, &desk.zone());
                let says = match item.tried {
                    true => {
                        format!("pressed {at}, and it may have arrived: sent again until the agent says so")
                    }
                    false => format!(
                        "not acknowledged yet, pages continue: pressed {at}, sent when the agent is back"
                    ),
                };
                return Some(Intent { key: MainKey::Waits, says, undo: Some(format!("{u} takes it back")) });
            }
            let alert = model.alert(id)?;
            match allowed(model, Action::Ack) {
                Err(why) => {
                    let a = model.keys.name(Context::Alerts, Action::Ack);
                    (MainKey::Cannot, format!("{a}: not now, {why}"))
                }
                Ok(()) if matches!(model.link, Link::Away { .. }) => {
                    let a = model.keys.name(Context::Alerts, Action::Ack);
                    let says = format!("{a}: it waits and is sent when the agent is back; pages continue");
                    (MainKey::Waits, says)
                }
                Ok(()) => (MainKey::Acts, of_alert(model, desk, alert)),
            }
        }
        Subject::Task(id) => {
            if let Some(pending) = model.pending_for(&About::Task(id)) {
                return Some(waiting(pending, &id.to_string(), undo));
            }
            match allowed(model, Action::Take) {
                Err(why) => {
                    let a = model.keys.name(Context::Tasks, Action::Take);
                    (MainKey::Cannot, format!("{a}: not now, {why}"))
                }
                Ok(()) => (MainKey::Acts, of_task(model, desk, model.task(id)?)),
            }
        }
    };
    Some(Intent { key, says, undo })
}

/// So many of the marked rows are named.
const NAMED: usize = 4;

/// The key acts on what is marked, wherever the hand is.
fn of_several(model: &Model, several: &[Subject], undo: Option<String>) -> Intent {
    let action = match model.triage.focus {
        Focus::Alerts => Action::Ack,
        Focus::Tasks => Action::Take,
    };
    let a = model.keys.name(model.context(), action);
    if let Err(why) = allowed(model, action) {
        return Intent { key: MainKey::Cannot, says: format!("{a}: not now, {why}"), undo };
    }
    let mut names: Vec<String> = several
        .iter()
        .take(NAMED)
        .map(|one| match one {
            Subject::Alert(id) => id.to_string(),
            Subject::Task(id) => id.to_string(),
        })
        .collect();
    if several.len() > NAMED {
        names.push(format!("and {} more", several.len() - NAMED));
    }
    let (many, names) = (several.len(), names.join(" "));
    if matches!(model.link, Link::Away { .. }) {
        let says = format!("{a}: the {many} marked, {names}, wait for the agent; you see each first");
        return Intent { key: MainKey::Waits, says, undo };
    }
    let says = format!("{a}: take the {many} marked, {names}; you see each first; Esc lets go");
    Intent { key: MainKey::Acts, says, undo }
}

fn waiting(pending: &Pending, id: &str, undo: Option<String>) -> Intent {
    let says = format!("{} {id}: waiting for the agent", pending.word);
    Intent { key: MainKey::Waits, says, undo }
}

fn of_alert(model: &Model, desk: &Desk, alert: &Alert) -> String {
    let zone = desk.zone();
    let when = |at| clock::when(model.now, at, &zone);
    let holder = alert.holder.as_ref();
    let key = |action| model.keys.name(Context::Alerts, action);
    let (a, x) = (key(Action::Ack), key(Action::Close));
    match (alert.state, holder) {
        (AlertState::Resolved, _) => "closed; nothing is left to do".to_owned(),
        (_, Some(holder)) if is_for_me(desk, alert) => {
            format!("a: you take it over from {}, who hands it to you", desk.short_name(holder))
        }
        (AlertState::Acknowledged, Some(holder)) if desk.is_me(holder) => match alert.next_update_by {
            Some(by) => format!("{a}: promise news at another time than {}; {x} closes it", when(by)),
            None => format!("{a}: promise when there will be news; {x} closes it"),
        },
        (AlertState::Acknowledged, Some(holder)) => {
            let name = desk.short_name(holder);
            match alert.next_update_by {
                Some(by) => format!("{a}: you take it over from {name}, who promised news by {}", when(by)),
                None => format!("{a}: you take it over from {name}"),
            }
        }
        (AlertState::Snoozed, Some(holder)) if alert.resting().is_none() => {
            let taken = match desk.is_me(holder) {
                true => format!("{a}: you wake it, {}", promise(model, desk, alert)),
                false => format!("{a}: you take it over from {}", desk.short_name(holder)),
            };
            match alert.snoozed_until {
                Some(until) => format!("{taken}; else it wakes at {}", when(until)),
                None => taken,
            }
        }
        (AlertState::Snoozed, _) => match alert.snoozed_until {
            Some(until) => format!("{a}: you take it now; else it wakes at {}", when(until)),
            None => format!("{a}: you take it now"),
        },
        (AlertState::Open | AlertState::Acknowledged, _) => {
            format!("{a}: you take it, {}, {}", spared(model, desk, alert), promise(model, desk, alert))
        }
    }
}

/// `news promised by 03:37`, if it is taken now.
fn promise(model: &Model, desk: &Desk, alert: &Alert) -> String {
    match desk.info.promises.get(&alert.severity) {
        Some(usual) => {
            let by = model.now.saturating_add(*usual).unwrap_or(model.now);
            format!("news promised by {}", clock::when(model.now, by, &desk.zone()))
        }
        None => "news promised as usual".to_owned(),
    }
}

fn is_for_me(desk: &Desk, alert: &Alert) -> bool {
    let held = alert.held_by().is_some();
    held && alert.offered.as_ref().is_some_and(|offer| desk.is_me(&offer.to))
}

/// Who will not be paged when the alert is taken.
fn spared(model: &Model, desk: &Desk, alert: &Alert) -> String {
    if alert.next_escalation_at.is_none() {
        return "nobody else would be paged".to_owned();
    }
    let (number, step) = alert.next_step();
    let preview = model.detail_of(alert.id).and_then(|detail| detail.steps.iter().find(|s| s.step == number));
    let names: Vec<String> = match preview {
        Some(preview) => preview.wakes.iter().map(|wake| desk.short_name(&wake.person)).collect(),
        None => step.notify.iter().map(|target| desk.target(target)).collect(),
    };
    let mut others: Vec<String> = names.into_iter().filter(|name| name != "you").collect();
    others.dedup();
    match others.as_slice() {
        [] => "you are not paged again".to_owned(),
        [one] => format!("{one} is not paged"),
        [one, other] => format!("{one} and {other} are not paged"),
        [one, more @ ..] => format!("{one} and {} others are not paged", more.len()),
    }
}

fn of_task(model: &Model, desk: &Desk, task: &Task) -> String {
    let key = |action| model.keys.name(Context::Tasks, action);
    let (a, x) = (key(Action::Take), key(Action::Done));
    match &task.owner {
        Some(owner) => format!("{a}: you take it over from {}; {x} when it is done", desk.short_name(owner)),
        None => format!("{a}: you take it, nobody is paged; {x} when it is done"),
    }
}
