//! What an operator may ask of the desk.

use crate::core::assignment::Assignment;
use crate::core::contact::{ContactField, Medium};
use crate::core::id::{AlertId, HandoverId, NotificationId, OverrideId, TaskId, WindowId};
use crate::core::maintenance::Covers;
use crate::core::person::PersonId;
use crate::core::resend::{Asked, Seen, Target};
use crate::core::saved_view::SavedView;
use crate::core::settle::Settled;
use crate::core::sync::Keep;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One request. Sending the same `id` again is harmless: the first answer is given again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// Made by the asker, unique (a UUID or the like).
    pub id: String,
    pub action: Action,
    /// What the asker saw and what must still hold; absent means "as it is now".
    #[serde(default)]
    pub expect: Expect,
}

/// What must still hold for the action to make sense.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Expect {
    /// Who holds the alert, for acknowledge, unack, snooze and resolve. The outer `None` expects nothing.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "some_or_null")]
    pub holder: Option<Option<PersonId>>,
    /// The steps taken, for escalate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// The values the form started from, for the fields it changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<ContactField>,
    /// What the plan of sending again showed, for resend.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resent: Vec<Seen>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Take the alert. Without a promise the desk's default for the severity is promised.
    /// On an alert one holds already: change the promise.
    Ack {
        alert: AlertId,
        next_update_by: Option<Timestamp>,
    },
    Unack {
        alert: AlertId,
    },
    /// Undoes that the asker took it or put it to sleep: it is again in the hand it was in, with its promise or
    /// its waking time. Where it was in nobody's, paging goes on, as with [`Action::Unack`].
    RestoreAlert {
        alert: AlertId,
    },
    Snooze {
        alert: AlertId,
        until: Timestamp,
    },
    Resolve {
        alert: AlertId,
        reason: Untrusted,
    },
    /// Asks somebody to take the alert over. It stays where it is until they acknowledge it.
    HandAlert {
        alert: AlertId,
        to: PersonId,
    },
    /// Takes that back; whoever was asked declines with it.
    KeepAlert {
        alert: AlertId,
    },
    /// To the next step, or to a chosen one (counted from 1).
    Escalate {
        alert: AlertId,
        step: Option<u32>,
    },
    /// Messages again, and of alerts the latest to each person who is responsible now.
    Resend(Asked),
    /// Takes back what was sent again of these and has not left.
    Unsend {
        what: Vec<Target>,
    },
    /// Decides what became of a message of which nobody can tell.
    Settle {
        notification: NotificationId,
        how: Settled,
    },
    /// A message to a person that shows whether a page would reach them; `via` one medium.
    PageTest {
        person: PersonId,
        #[serde(default)]
        via: Option<Medium>,
    },
    NoteAlert {
        alert: AlertId,
        text: Untrusted,
    },
    NoteTask {
        task: TaskId,
        text: Untrusted,
    },
    TakeTask {
        task: TaskId,
    },
    /// Refused as [`RefusalCode::StillOpen`] while what the task is about waits, but for `anyway`.
    DoneTask {
        task: TaskId,
        #[serde(default)]
        anyway: bool,
    },
    SnoozeTask {
        task: TaskId,
        until: Timestamp,
    },
    /// Undoes what was just done to a task: it is to do again, and whose it was.
    RestoreTask {
        task: TaskId,
        owner: Option<PersonId>,
    },
    SetContact {
        contact: Untrusted,
        fields: Vec<ContactField>,
    },
    /// Chooses between the desk's value of a field and the other side's.
    ResolveContact {
        contact: Untrusted,
        field: String,
        keep: Keep,
    },
    /// Somebody left; what waits goes to the successor.
    LeaveContact {
        contact: Untrusted,
        #[serde(default)]
        successor: Option<Untrusted>,
    },
    /// Takes the personal data out of a contact. Admins only.
    EraseContact {
        contact: Untrusted,
    },
    /// Gives somebody a role for partners; one of the same role and scope is replaced. Admins only.
    Assign {
        assignment: Assignment,
    },
    /// Takes back what [`Action::Assign`] gave, by its id. Admins only.
    Unassign {
        assignment: String,
    },
    /// Somebody is on call for a while; `instead` of one person, or of whoever is.
    AddOverride {
        schedule: String,
        person: PersonId,
        #[serde(default)]
        instead: Option<PersonId>,
        from: Timestamp,
        until: Timestamp,
    },
    /// Two people swap the turns that they have at these moments.
    SwapOverride {
        schedule: String,
        first: PersonId,
        first_at: Timestamp,
        second: PersonId,
        second_at: Timestamp,
    },
    /// An override, or both halves of a swap, no longer counts.
    RemoveOverride {
        #[serde(rename = "override")]
        id: OverrideId,
    },
    /// What whoever left has in hand becomes the asker's; without an id, of the hand-over that waits for them.
    AcceptHandover {
        #[serde(default)]
        handover: Option<HandoverId>,
    },
    /// Something that whoever comes has to know; without an id, of the hand-over that the asker gives next.
    NoteHandover {
        #[serde(default)]
        handover: Option<HandoverId>,
        text: Untrusted,
    },
    /// What begins to page in that time and is covered sleeps until it ends.
    AddMaintenance {
        covers: Box<Covers>,
        from: Timestamp,
        until: Timestamp,
        why: Untrusted,
    },
    /// Keeps a query under a name, for the asker; one of the same name is replaced.
    SaveView {
        view: SavedView,
    },
    /// Drops a view of the asker's.
    DropView {
        name: String,
    },
    /// A window no longer counts; what slept because of it wakes.
    RemoveMaintenance {
        #[serde(rename = "window")]
        id: WindowId,
    },
}

impl Action {
    /// Whether it may change what is laid over the configuration: who is on call, who has which role, who is
    /// paged beside whoever is on call, what is in maintenance.
    pub fn is_laid_over(&self) -> bool {
        matches!(
            self,
            Action::AddOverride { .. }
                | Action::SwapOverride { .. }
                | Action::RemoveOverride { .. }
                | Action::Assign { .. }
                | Action::Unassign { .. }
                | Action::AcceptHandover { .. }
                | Action::AddMaintenance { .. }
                | Action::RemoveMaintenance { .. }
        )
    }
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Done, and on disk. The sentence says what happened: "You took A12; news promised by 03:37."
    Done { said: Untrusted },
    /// Not done, nothing changed.
    Refused { refusal: Refusal },
}

/// Why a command was refused. The sentence is for people, the code for scripts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    pub code: RefusalCode,
    /// "Jonas Roth was first: he took A12 at 03:04."
    pub said: Untrusted,
    /// Who was first, in a race.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// There is no such alert, message, task or contact.
    NotFound,
    /// Somebody else was first.
    Raced,
    /// The action makes no sense in this state.
    WrongState,
    /// What the task is about still waits; asked for `anyway`, the task closes all the same.
    StillOpen,
    /// The role does not allow it.
    NotAllowed,
    /// A value is not acceptable.
    Invalid,
}

mod some_or_null {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(
        value: &Option<Option<T>>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(s)
    }
    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::<T>::deserialize(d).map(Some)
    }
}
