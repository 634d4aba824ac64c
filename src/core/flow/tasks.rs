//! Tasks: made by what comes in, closed by what comes later, and reminded of in between.

use super::audience::Pressing;
use super::reader::{Reader, line, partner_zone};
use crate::core::change::{Actor, Change, What};
use crate::core::contact::Category;
use crate::core::decide::View;
use crate::core::desk::Told;
use crate::core::duty::{Dues, Duty};
use crate::core::escalation::{About, Decision};
use crate::core::id::{AlertId, TaskId};
use crate::core::message::{self, Message, TaskLine};
use crate::core::partner::PartnerRef;
use crate::core::person::PersonId;
use crate::core::task::{Reminded, Task, TaskKind, TaskState};
use crate::core::text::Untrusted;
use jiff::Timestamp;

/// What a new task says.
pub struct Draft<'a> {
    pub kind: TaskKind,
    pub key: String,
    pub title: String,
    pub partner: &'a PartnerRef,
    pub about: Untrusted,
    pub alert: Option<AlertId>,
}

impl Decision<'_> {
    /// The limits of a duty that begins now.
    pub fn dues(&self, duty: &Duty) -> Dues {
        self.desk.dues(duty, self.now)
    }

    /// Opens a task of the duty's team; it belongs to the one person told, where it is only one.
    pub fn open_task(
        &mut self,
        view: &mut View,
        draft: Draft<'_>,
        duty: &Duty,
        dues: Dues,
        told: &[Told],
    ) -> Task {
        let owner = match told {
            [only] if only.via.starts_with("team ") => None,
            [only] => Some(only.person.clone()),
            _ => None,
        };
        self.open_task_of(view, draft, duty.team.clone(), owner, Some(dues))
    }

    pub fn open_task_of(
        &mut self,
        view: &mut View,
        draft: Draft<'_>,
        team: Option<String>,
        owner: Option<PersonId>,
        dues: Option<Dues>,
    ) -> Task {
        let task = Task {
            id: self.ids.next_task(),
            state: TaskState::Open,
            kind: draft.kind,
            title: draft.title.into(),
            partner: Some(draft.partner.clone()),
            alert: draft.alert,
            notification: None,
            key: draft.key.into(),
            team,
            owner,
            due_at: dues.map(|dues| dues.due),
            lead_at: dues.map(|dues| dues.lead),
            reminded: None,
            about: Some(draft.about),
            snoozed_until: None,
            created_at: self.now,
            updated_at: self.now,
        };
        self.changes.push(Change::task(self.now, Actor::Desk, What::TaskOpened, task.title.clone(), &task));
        view.tasks.insert(task.key.raw().to_owned(), task.clone());
        task
    }

    /// Closes the open task of that key, where there is one.
    pub fn close_task(&mut self, view: &mut View, key: &str, because: &str) -> Option<TaskId> {
        let mut task = view.tasks.remove(key)?;
        task.state = TaskState::Done;
        task.updated_at = self.now;
        self.changes.push(Change::task(self.now, Actor::Desk, What::TaskDone, because, &task));
        Some(task.id)
    }

    /// What is due of a task: it wakes, its owner is reminded, or its lead is told.
    pub fn task_due(&mut self, task: &mut Task) {
        if task.next_due().is_none_or(|due| due > self.now) {
            return;
        }
        task.updated_at = self.now;
        if task.state == TaskState::Snoozed {
            task.state = TaskState::Open;
            task.snoozed_until = None;
            return self.changes.push(Change::task(
                self.now,
                Actor::Desk,
                What::TaskWoke,
                "It is due again.",
                task,
            ));
        }
        let to_lead = task.reminded.is_some();
        task.reminded = Some(if to_lead { Reminded::Lead } else { Reminded::Owner });
        let told = if to_lead { self.lead_of(task) } else { self.owners_of(task) };
        let names: Vec<_> = told.iter().map(|one| self.desk.name_of(&one.person)).collect();
        let sentence = match (names.is_empty(), to_lead) {
            (true, true) => "Still overdue, and its team has no lead to tell.".to_owned(),
            (true, false) => "Overdue, and nobody is there to be reminded.".to_owned(),
            (false, true) => format!("Still overdue: {} told.", names.join(", ")),
            (false, false) => format!("Overdue: {} reminded.", names.join(", ")),
        };
        self.changes.push(Change::task(self.now, Actor::Desk, What::TaskOverdue, sentence, task));
        let desk_itself = PartnerRef { id: "".into(), name: "".into(), ..PartnerRef::default() };
        let partner = task.partner.clone().unwrap_or(desk_itself);
        let about = About {
            alert: None,
            event: None,
            partner: task.partner.as_ref().map(|partner| partner.id.clone()),
            category: category(task.kind),
            urgent: false,
            thread: None,
        };
        let owner = task.owner.as_ref().map(|owner| self.desk.name_of(owner));
        let due = task.due_at.unwrap_or(self.now);
        let overdue = |reader: &Reader<'_>| {
            Message::TaskOverdue(message::TaskOverdue {
                task: task.id.to_string(),
                kind: reader.word(task.kind.word()),
                title: line(&task.title),
                due: reader.moment(due),
                owner: owner.clone(),
                to_lead,
            })
        };
        self.tell_these(&told, "overdue task", &[], &partner, &about, Pressing::No, overdue);
    }

    fn owners_of(&self, task: &Task) -> Vec<Told> {
        match (&task.owner, task.team.as_ref().and_then(|team| self.desk.teams.get(team))) {
            (Some(owner), _) => vec![Told { person: owner.clone(), via: format!("owner of {}", task.id) }],
            (None, Some(team)) => {
                let via = format!("team {}", team.name);
                team.members.iter().map(|person| Told { person: person.clone(), via: via.clone() }).collect()
            }
            (None, None) => Vec::new(),
        }
    }

    /// The lead of its team, else of the first team of its owner that has one.
    fn lead_of(&self, task: &Task) -> Vec<Told> {
        let of_owner = task.owner.as_ref().and_then(|owner| self.desk.person(owner));
        let teams = task.team.iter().chain(of_owner.into_iter().flat_map(|person| &person.teams));
        let lead = teams.filter_map(|team| self.desk.teams.get(team)).find_map(|team| {
            let via = format!("lead of {}", team.name);
            team.lead.clone().map(|person| Told { person, via })
        });
        lead.into_iter().collect()
    }

    /// What a message says of the task that goes with it, on the reader's clock.
    pub fn task_line(task: &Option<Task>, reader: &Reader<'_>) -> Option<TaskLine> {
        let task = task.as_ref()?;
        Some(TaskLine {
            id: task.id.to_string(),
            team: task.team.as_deref().map(|team| reader.word(team)),
            due: task.due_at.map(|due| reader.moment(due)),
        })
    }

    /// When a day of the partner's, rather than ours, ends: `days` working days from now.
    pub fn partner_day(&self, duty: &Duty, partner: &PartnerRef, from: Timestamp, days: u32) -> Timestamp {
        let calendar = self.desk.calendar(duty.calendar.as_deref());
        let calendar = partner_zone(partner).map_or(calendar.clone(), |zone| calendar.in_zone(zone));
        calendar.end_of_day(from, days)
    }
}

fn category(kind: TaskKind) -> Category {
    match kind {
        TaskKind::Answer => Category::CaseUpdates,
        TaskKind::Review => Category::Documents,
        TaskKind::Plan => Category::Onboarding,
        TaskKind::Fix | TaskKind::Doubt | TaskKind::Sync => Category::Urgent,
    }
}
