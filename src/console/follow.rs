//! The rows of Triage and the detail beside them: what is new takes its place when the hand is off,
//! and the detail follows the hand once it rests.

use crate::console::beside;
use crate::console::effect::Effect;
use crate::console::model::{Focus, Model, Place, Subject};
use std::time::Duration;

/// The detail follows once the hand has rested this long on a row.
const SHOW_AFTER: Duration = Duration::from_millis(150);

pub fn arrange(model: &mut Model) {
    let (mut alerts, mut tasks) = (model.wanted_alerts(), model.wanted_tasks());
    // What is read on the whole screen stays there, also where it ends meanwhile.
    if model.triage.zoomed {
        match model.triage.focus {
            Focus::Alerts => model.triage.alerts.with_selected(&mut alerts),
            Focus::Tasks => model.triage.tasks.with_selected(&mut tasks),
        }
    }
    model.triage.alerts.arrange(alerts);
    model.triage.tasks.arrange(tasks);
    // Until the operator has chosen a row, the console stands on what is most urgent.
    if model.last_key.is_none() {
        model.triage.alerts.first();
        model.triage.tasks.first();
        let only_tasks = model.triage.alerts.is_empty() && !model.triage.tasks.is_empty();
        model.triage.focus = if only_tasks { Focus::Tasks } else { Focus::Alerts };
    }
}

/// Moves nothing: what is new waits, what is gone stays as it last was.
pub fn keep(model: &mut Model) {
    let (alerts, tasks) = (model.wanted_alerts(), model.wanted_tasks());
    model.triage.alerts.keep(&alerts);
    model.triage.tasks.keep(&tasks);
}

/// When the hand is on another row than the detail shows, the detail follows after a rest.
pub fn follow_selection(model: &mut Model) -> Vec<Effect> {
    let subject = model.subject();
    if model.place != Place::Triage || subject == model.triage.shown {
        return Vec::new();
    }
    // Where there is no row there is nothing to rest on, and nothing is told of any.
    if subject.is_none() {
        model.triage.shown = None;
        model.triage.resting = None;
        return Vec::new();
    }
    if subject == model.triage.resting {
        return Vec::new();
    }
    model.triage.resting = subject;
    model.triage.rests += 1;
    vec![Effect::Rest(model.triage.rests, SHOW_AFTER)]
}

pub fn rested(model: &mut Model, rest: u64) -> Vec<Effect> {
    if rest != model.triage.rests {
        return Vec::new();
    }
    let subject = model.subject();
    model.triage.resting = None;
    if model.triage.shown != subject {
        model.triage.shown = subject;
        model.triage.scroll = 0;
        model.triage.detail = None;
        model.triage.detail_missing = None;
    }
    let mut effects: Vec<Effect> = match subject {
        Some(Subject::Alert(alert)) => vec![Effect::FetchDetail(alert)],
        _ => Vec::new(),
    };
    effects.extend(beside::ask(model));
    effects
}
