//! Why there is something to do, whose it is, and what ends it.

use super::{Told, message};
use crate::console::clock;
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::console::view::item::task_word;
use crate::core::change::Object;
use crate::core::id::TaskId;
use crate::core::task::{Reminded, Task, TaskKind, TaskState};
use crate::core::text::sanitise;

pub fn tell(told: &mut Told, model: &Model, id: TaskId) {
    let page = || model.page.as_ref().and_then(|page| page.detail.as_ref());
    let of_page = || page().and_then(|detail| detail.tasks.iter().find(|task| task.id == id));
    let (Some(desk), Some(task)) = (&model.desk, model.task(id).or_else(of_page)) else {
        told.say(&format!("{id} is done, and no longer among what the console knows."), Meaning::Quiet);
        return;
    };
    let zone = desk.zone();
    let when = |at| clock::when(model.now, at, &zone);
    told.say(&format!("{id}: {}", task.title.printable()), Meaning::Strong);
    told.say(cause(task), Meaning::Plain);
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
    told.fact("ends", end(task), Meaning::Plain);
    if let Some(alert) = task.alert {
        told.fact("alert", &format!("it came of {alert}"), Meaning::Plain);
    }
    told.fact("kept as", task.key.printable().as_str(), Meaning::Quiet);

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

/// What facts make such a task.
fn cause(task: &Task) -> &'static str {
    match (task.kind, task_word(task)) {
        (TaskKind::Answer, "case") => "A case of theirs waits for an answer of the desk.",
        (TaskKind::Answer, _) => "They asked something, and nobody has answered yet.",
        (TaskKind::Review, _) => "They uploaded a document, and its review is not reported yet.",
        (TaskKind::Fix, _) => "Somebody who has to be told cannot be reached: an address is dead or missing.",
        (TaskKind::Doubt, _) => {
            "A message was handed over, the answer was lost, and the provider cannot be asked. It is not \
             urgent, so the desk does not send it twice by itself."
        }
        (TaskKind::Sync, _) => {
            "The same field was changed here and in the community; neither may be written over in silence."
        }
        (TaskKind::Plan, _) => "A milestone of their plan was not reached by its day.",
    }
}

/// What ends it by itself.
fn end(task: &Task) -> &'static str {
    match task.kind {
        TaskKind::Answer => "by itself when an answer or the end of it is reported, else x",
        TaskKind::Review => "by itself when the review is reported, else x",
        TaskKind::Fix => {
            "by itself when the address is mended or somebody who can be reached is named, else x"
        }
        TaskKind::Doubt => {
            "with d: it arrived, send it once more, or leave it; or by itself when a receipt comes"
        }
        TaskKind::Sync => "when somebody chooses a side, or both sides say the same again",
        TaskKind::Plan => "by itself when the milestone is reached, skipped or withdrawn, else x",
    }
}
