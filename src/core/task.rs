//! A task: something a person must do that pages nobody. Made and closed by the facts.

use crate::core::change::{Actor, Change, What};
use crate::core::desk::Desk;
use crate::core::duty::Work;
use crate::core::flow::case_task;
use crate::core::id::{AlertId, Ids, NotificationId, TaskId};
use crate::core::partner::PartnerRef;
use crate::core::person::PersonId;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    Open,
    Snoozed,
    Done,
}

impl TaskState {
    pub fn as_str(self) -> &'static str {
        match self {
            TaskState::Open => "open",
            TaskState::Snoozed => "snoozed",
            TaskState::Done => "done",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// A case or a post waits for an answer.
    Answer,
    /// A document waits for its review.
    Review,
    /// Somebody cannot be reached: an address is dead or missing.
    Fix,
    /// A message was handed over and nobody can tell whether it was taken.
    Doubt,
    /// A contact was changed here and in the community, and somebody must say which counts.
    Sync,
    /// A milestone is late.
    Plan,
}

impl TaskKind {
    pub const ALL: [TaskKind; 6] =
        [TaskKind::Answer, TaskKind::Review, TaskKind::Fix, TaskKind::Doubt, TaskKind::Sync, TaskKind::Plan];

    pub fn as_str(self) -> &'static str {
        match self {
            TaskKind::Answer => "answer",
            TaskKind::Review => "review",
            TaskKind::Fix => "fix",
            TaskKind::Doubt => "doubt",
            TaskKind::Sync => "sync",
            TaskKind::Plan => "plan",
        }
    }

    /// The word that labels name it by: `task_review`. Kinds of the community have words of their own.
    pub fn word(self) -> &'static str {
        match self {
            TaskKind::Answer => "task_answer",
            TaskKind::Review => "task_review",
            TaskKind::Fix => "task_fix",
            TaskKind::Doubt => "task_doubt",
            TaskKind::Sync => "task_sync",
            TaskKind::Plan => "task_plan",
        }
    }
}

/// Who was last told that a task is overdue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reminded {
    /// Its owner, or its team where nobody owns it.
    Owner,
    Lead,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub id: TaskId,
    pub state: TaskState,
    pub kind: TaskKind,
    pub title: Untrusted,
    pub partner: Option<PartnerRef>,
    pub alert: Option<AlertId>,
    pub notification: Option<NotificationId>,
    /// The same trouble does not make a second open task.
    pub key: Untrusted,
    pub team: Option<String>,
    pub owner: Option<PersonId>,
    /// By when it is to be done; past it, its owner is reminded.
    pub due_at: Option<Timestamp>,
    /// Past it, the lead of its team is told.
    #[serde(default)]
    pub lead_at: Option<Timestamp>,
    #[serde(default)]
    pub reminded: Option<Reminded>,
    /// The case, document, thread, contact or milestone it is about, by the community's id.
    #[serde(default)]
    pub about: Option<Untrusted>,
    /// Until then it sleeps; one that is done and has it ended in its sleep.
    pub snoozed_until: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Task {
    /// A task about whether somebody can be reached, which falls to whoever looks after contacts.
    pub fn about_reach(
        desk: &Desk,
        ids: &mut Ids,
        kind: TaskKind,
        title: impl Into<Untrusted>,
        key: impl Into<Untrusted>,
        now: Timestamp,
    ) -> Self {
        let duty = desk.duty(Work::Contacts);
        let dues = desk.dues(&duty, now);
        Self {
            id: ids.next_task(),
            state: TaskState::Open,
            kind,
            title: title.into(),
            partner: None,
            alert: None,
            notification: None,
            key: key.into(),
            team: duty.team,
            owner: None,
            due_at: Some(dues.due),
            lead_at: Some(dues.lead),
            reminded: None,
            about: None,
            snoozed_until: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether it is about a case of the community's, not a post.
    pub fn is_of_case(&self) -> bool {
        let case = self.partner.as_ref().zip(self.about.as_ref());
        case.is_some_and(|(partner, about)| self.key.raw() == case_task(partner, about))
    }

    /// What facts made it, as a sentence.
    pub fn cause(&self) -> &'static str {
        match self.kind {
            TaskKind::Answer if self.is_of_case() => "A case of theirs waits for an answer of the desk.",
            TaskKind::Answer => "They asked something, and nobody has answered yet.",
            TaskKind::Review => "They uploaded a document, and its review is not reported yet.",
            TaskKind::Fix => "Somebody who has to be told cannot be reached: an address is dead or missing.",
            TaskKind::Doubt => {
                "A message was handed over, the answer was lost, and the provider cannot be asked. It is not \
                 urgent, so the desk does not send it twice by itself."
            }
            TaskKind::Sync => {
                "The same field was changed here and in the community; neither may be written over in silence."
            }
            TaskKind::Plan => "A milestone of their plan was not reached by its day.",
        }
    }

    /// What ends it, but for somebody who calls it done.
    pub fn ends(&self) -> &'static str {
        match self.kind {
            TaskKind::Answer => "by itself when an answer or the end of it is reported",
            TaskKind::Review => "by itself when the review is reported",
            TaskKind::Fix => "by itself when the address is mended or somebody who can be reached is named",
            TaskKind::Doubt => {
                "when somebody settles it: it arrived, send it once more, or leave it; or by itself when a \
                 receipt comes"
            }
            TaskKind::Sync => "when somebody chooses a side, or both sides say the same again",
            TaskKind::Plan => "by itself when the milestone is reached, skipped or withdrawn",
        }
    }

    /// That the desk opened it.
    pub fn opened(&self) -> Change {
        Change::task(self.created_at, Actor::Desk, What::TaskOpened, self.title.clone(), self)
    }

    /// When the desk acts on it by itself: it wakes, reminds, or goes to the lead.
    pub fn next_due(&self) -> Option<Timestamp> {
        match (self.state, self.reminded) {
            (TaskState::Done, _) | (TaskState::Open, Some(Reminded::Lead)) => None,
            (TaskState::Snoozed, _) => self.snoozed_until,
            (TaskState::Open, None) => self.due_at,
            (TaskState::Open, Some(Reminded::Owner)) => self.lead_at,
        }
    }
}
