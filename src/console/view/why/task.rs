//! Why there is something to do, whose it is, and what ends it.

use super::{Told, message};
use crate::console::clock;
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::core::change::Object;
use crate::core::id::TaskId;
use crate::core::task::{Reminded, Task, TaskKind, TaskState};
use crate::core::text::{Untrusted, sanitise};

pub fn tell(told: &mut Told, model: &Model, id: TaskId) {
    let page = || model.page.as_ref().and_then(|page| page.detail.as_ref());
    let of_page = || page().and_then(|detail| detail.tasks.iter().find(|task| task.id == id));
    let (Some(desk), Some(task)) = (&model.desk, model.known_task(id).or_else(of_page)) else {
        told.say(&format!("{id} is done, and no longer among what the console knows."), Meaning::Quiet);
        return;
    };
    let zone = desk.zone();
    let when = |at| clock::when(model.now, at, &zone);
    told.say(&format!("{id}: {}", task.title.printable()), Meaning::Strong);
    told.say(task.cause(), Meaning::Plain);
    told.gap();
    let team = task.team.as_ref().map(|team| sanitise(team).into_owned());
    let whose = match (&task.owner, team) {
        (Some(owner), Some(team)) => format!("{}; else team {team}", desk.short_name(owner)),
        (Some(owner), None) => desk.short_name(owner),
        (None, Some(team)) => format!("nobody has taken it; team {team} is asked"),
        (None, None) => "nobody has taken it, and no team is named for it".to_owned(),
    };
    told.fact("whose", &whose, Meaning::Plain);
    told.fact("since", &when(task.created_at), Meaning::Plain);
    if let Some(due) = task.due_at {
        let late = due <= model.now;
        let lead = match (task.lead_at, task.reminded) {
            (_, Some(Reminded::Lead)) => "; the lead of the team was told".to_owned(),
            (Some(lead), Some(Reminded::Owner)) => {
                format!("; its owner was reminded, the lead is told {}", when(lead))
            }
            (Some(lead), None) => format!("; then its owner is reminded, and the lead {}", when(lead)),
            (None, Some(Reminded::Owner)) => "; its owner was reminded".to_owned(),
            (None, None) => String::new(),
        };
        let meaning = if late { Meaning::Warn } else { Meaning::Plain };
        told.fact("due", &format!("{}{lead}", when(due)), meaning);
    }
    if let (TaskState::Snoozed, Some(until)) = (task.state, task.snoozed_until) {
        told.fact("snoozed", &format!("until {}", when(until)), Meaning::Plain);
    }
    match desk.finished(id) {
        Some(finished) => told.fact("ended", &finished.in_words(model.now, &zone), Meaning::Plain),
        None => told.fact("ends", &format!("{}{}", task.ends(), key(task)), Meaning::Plain),
    }
    if let Some(alert) = task.alert {
        told.fact("alert", &format!("it came of {alert}"), Meaning::Plain);
    }
    let key = Untrusted::new(task.key.raw().replace('\u{1f}', ", "));
    told.fact("kept as", key.printable().as_str(), Meaning::Quiet);

    let happened: Vec<_> = desk
        .recent
        .iter()
        .rev()
        .filter(|numbered| matches!(&numbered.change.object, Object::Task(one) if one.id == id))
        .take(8)
        .collect();
    if !happened.is_empty() {
        told.gap();
        for numbered in happened {
            let at = clock::hour_minute_second(numbered.change.at, &zone);
            told.fact(&at, numbered.change.summary.printable().as_str(), Meaning::Plain);
        }
    }
    if let Some(id) = task.notification {
        told.gap();
        message::tell(told, model, id);
    }
}

/// Which key ends it, where it does not end by itself.
fn key(task: &Task) -> &'static str {
    match task.kind {
        TaskKind::Doubt => "; d settles it",
        TaskKind::Sync => "",
        TaskKind::Answer | TaskKind::Review | TaskKind::Fix | TaskKind::Plan => "; else x closes it",
    }
}
