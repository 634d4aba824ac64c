//! What an operator asks becomes changes, or a refusal that says why and names who was first.

mod alert;
mod contact;
mod sending;
#[cfg(test)]
mod tests;

use crate::core::alert::Alert;
use crate::core::assignment::{self, StoredAssignment};
use crate::core::change::{Actor, Change, Object, What};
use crate::core::command::{Action, Command, Expect, Refusal, RefusalCode};
use crate::core::contact::Contact;
use crate::core::contact_commands::{self, About};
use crate::core::desk::Desk;
use crate::core::escalation::Decision;
use crate::core::handover::{self, Loaded};
use crate::core::id::Ids;
use crate::core::maintenance::StoredWindow;
use crate::core::matter::Matter;
use crate::core::notification::Notification;
use crate::core::offer;
use crate::core::override_commands::{self, By, TurnOf};
use crate::core::person::{PersonId, Role};
use crate::core::saved_view::{self, OwnView};
use crate::core::schedule::Override;
use crate::core::suppression::Suppression;
use crate::core::task::{Task, TaskState};
use crate::core::text::Untrusted;
use crate::core::{maintenance_commands, page_test, resend, settle};
use jiff::{SignedDuration, Timestamp};

/// Who asks, as the agent knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    pub id: PersonId,
    pub name: String,
    pub role: Role,
    /// The system user, where it is shared by several people.
    pub login: Option<String>,
}

/// What a command is decided against: only what its action names is filled.
#[derive(Clone, Debug, Default)]
pub struct CommandView {
    pub alert: Option<Alert>,
    /// Of the alert, or the one message asked about.
    pub notifications: Vec<Notification>,
    pub task: Option<Task>,
    /// Another open task about the same trouble.
    pub same: Option<Task>,
    /// What the task is about.
    pub matter: Option<Matter>,
    pub contact: Option<Contact>,
    /// What else there is about that contact.
    pub about: About,
    /// Of the contact whose addresses a task is about.
    pub suppressed: Vec<Suppression>,
    pub assignment: Option<StoredAssignment>,
    /// Overrides that count now or later, oldest first; and the one asked about, whatever its state.
    pub overrides: Vec<Override>,
    pub over: Option<Override>,
    /// What sending again is decided against.
    pub resend: resend::Known,
    /// Hand-overs that are not over, and the one asked about.
    pub handovers: Vec<Loaded>,
    pub window: Option<StoredWindow>,
    /// The asker's view of that name.
    pub saved: Option<OwnView>,
}

/// How long a promise or a snooze may keep an alert quiet.
const LONGEST_QUIET: SignedDuration = SignedDuration::from_hours(72);

/// What happened, in one sentence for the asker, and the changes that made it so.
pub type Applied = Result<(String, Vec<Change>, Ids), Refusal>;

/// Decides one command.
pub fn command(
    desk: &Desk,
    view: CommandView,
    command: &Command,
    asker: &Asker,
    ids: Ids,
    now: Timestamp,
) -> Applied {
    let mut asked = Asked {
        actor: Actor::Person { id: asker.id.clone(), login: asker.login.clone() },
        asker,
        decision: Decision::new(desk, now, ids),
        expect: &command.expect,
        id: &command.id,
    };
    if asker.role < Role::Responder {
        return Err(refuse(
            RefusalCode::NotAllowed,
            format!("{} may look but not act; ask for the role responder.", asker.name),
        ));
    }
    let said = asked.apply(view, &command.action)?;
    Ok((said, asked.decision.changes, asked.decision.ids))
}

struct Asked<'a> {
    actor: Actor,
    asker: &'a Asker,
    decision: Decision<'a>,
    expect: &'a Expect,
    /// Of the command.
    id: &'a str,
}

fn refuse(code: RefusalCode, said: String) -> Refusal {
    Refusal { code, said: said.into(), by: None }
}

impl Asked<'_> {
    fn apply(&mut self, view: CommandView, action: &Action) -> Result<String, Refusal> {
        let CommandView { alert, mut notifications, task, matter, contact, about, suppressed, .. } = view;
        let same = view.same;
        let CommandView { overrides, over, assignment, handovers, window, resend, saved, .. } = view;
        match action {
            Action::Ack { alert: id, next_update_by } => {
                let alert = found(alert, "alert", id)?;
                self.ack(alert, &mut notifications, *next_update_by)
            }
            Action::Unack { alert: id } => self.unack(found(alert, "alert", id)?, &notifications),
            Action::RestoreAlert { alert: id } => self.restore(found(alert, "alert", id)?, &notifications),
            Action::Snooze { alert: id, until } => {
                self.snooze(found(alert, "alert", id)?, &mut notifications, *until)
            }
            Action::Resolve { alert: id, reason } => {
                self.resolve(found(alert, "alert", id)?, &mut notifications, reason)
            }
            Action::Escalate { alert: id, step } => {
                self.escalate(found(alert, "alert", id)?, &notifications, *step)
            }
            Action::HandAlert { alert: id, to } => {
                let alert = found(alert, "alert", id)?;
                offer::offer(&mut self.decision, self.asker, &self.actor, alert, &notifications, to)
            }
            Action::KeepAlert { alert: id } => {
                let alert = found(alert, "alert", id)?;
                offer::withdraw(&mut self.decision, self.asker, &self.actor, alert, &notifications)
            }
            Action::Resend(asked) => self.resend(&resend, asked),
            Action::Unsend { .. } => {
                let copies = resend.messages.into_values().collect();
                crate::core::resend::unsend(&mut self.decision, self.asker, copies)
            }
            Action::Settle { notification: id, how } => {
                let n = found(notifications.into_iter().next(), "notification", id)?;
                settle::settle(&mut self.decision, self.asker, &self.actor, n, task.as_ref(), *how)
            }
            Action::PageTest { person, via } => {
                let before = self.decision.changes.len();
                let said = page_test::send(&mut self.decision, self.asker, person, *via)?;
                for change in self.decision.changes.iter_mut().skip(before) {
                    change.actor = self.actor.clone();
                }
                Ok(said)
            }
            Action::NoteAlert { alert: id, text } => {
                let alert = found(alert, "alert", id)?;
                self.say_something(text)?;
                let mut note =
                    Change::alert(self.decision.now, self.actor.clone(), What::Noted, text.clone(), &alert);
                note.object = Object::Nothing;
                self.decision.changes.push(note);
                Ok(format!("Noted on {id}."))
            }
            Action::NoteTask { task: id, text } => {
                let task = found(task, "task", id)?;
                self.say_something(text)?;
                self.task_change(What::Noted, text.clone(), &task);
                Ok(format!("Noted on {id}."))
            }
            Action::TakeTask { task: id } => {
                let mut task = not_done(found(task, "task", id)?)?;
                task.owner = Some(self.asker.id.clone());
                task.state = TaskState::Open;
                task.snoozed_until = None;
                self.task_change(What::TaskTaken, format!("{} took it.", self.asker.name).into(), &task);
                Ok(format!("You took {id}."))
            }
            Action::DoneTask { task: id, anyway } => {
                let mut task = not_done(found(task, "task", id)?)?;
                let waits = matter.as_ref().and_then(Matter::waits);
                let who = &self.asker.name;
                let sentence = match (waits, anyway) {
                    (Some(waits), false) => return Err(refuse(RefusalCode::StillOpen, waits)),
                    (Some(_), true) => format!("{who} closed it before what it is about was settled."),
                    (None, _) => format!("{who} closed it."),
                };
                task.state = TaskState::Done;
                self.task_change(What::TaskDone, sentence.into(), &task);
                self.lift(suppressed);
                Ok(format!("{id} is done."))
            }
            Action::SnoozeTask { task: id, until } => {
                let mut task = not_done(found(task, "task", id)?)?;
                self.in_future(*until)?;
                task.state = TaskState::Snoozed;
                task.snoozed_until = Some(*until);
                self.task_change(What::TaskSnoozed, format!("{} put it off.", self.asker.name).into(), &task);
                Ok(format!("{id} sleeps until {}.", self.clock(*until)))
            }
            Action::RestoreTask { task: id, owner } => {
                self.restore_task(found(task, "task", id)?, same.as_ref(), owner.clone())
            }
            Action::SetContact { contact: id, fields } => {
                self.set_contact(found(contact, "contact", &id.printable())?, fields)
            }
            Action::ResolveContact { contact: id, field, keep } => {
                let contact = found(contact, "contact", &id.printable())?;
                let (decision, who) = (&mut self.decision, &self.asker.name);
                contact_commands::resolve(decision, &self.actor, who, contact, about.links, field, *keep)
            }
            Action::LeaveContact { contact: id, successor } => {
                let contact = found(contact, "contact", &id.printable())?;
                let (decision, who, heir) = (&mut self.decision, &self.asker.name, about.successor);
                contact_commands::leave(decision, &self.actor, who, contact, successor.as_ref(), heir)
            }
            Action::EraseContact { contact: id } => {
                let contact = found(contact, "contact", &id.printable())?;
                if self.asker.role < Role::Admin {
                    let said = format!("{} may not erase anybody; an admin may.", self.asker.name);
                    return Err(refuse(RefusalCode::NotAllowed, said));
                }
                let (decision, who) = (&mut self.decision, &self.asker.name);
                Ok(contact_commands::erase(decision, &self.actor, who, contact, about.links))
            }
            Action::Assign { assignment: asked } => {
                self.may_assign()?;
                let who = (&self.asker.id, self.asker.name.as_str());
                assignment::assign(&mut self.decision, &self.actor, who, assignment, asked.clone())
            }
            Action::Unassign { assignment: id } => {
                self.may_assign()?;
                let who = (&self.asker.id, self.asker.name.as_str());
                assignment::unassign(&mut self.decision, &self.actor, who, id, assignment)
            }
            Action::AddOverride { schedule, person, instead, from, until } => {
                let by = By { id: &self.asker.id, name: &self.asker.name, actor: &self.actor };
                let (decision, instead) = (&mut self.decision, instead.as_ref());
                override_commands::add(decision, by, &overrides, schedule, person, instead, *from, *until)
            }
            Action::SwapOverride { schedule, first, first_at, second, second_at } => {
                let by = By { id: &self.asker.id, name: &self.asker.name, actor: &self.actor };
                let first = TurnOf { person: first, at: *first_at };
                let second = TurnOf { person: second, at: *second_at };
                override_commands::swap(&mut self.decision, by, &overrides, schedule, first, second)
            }
            Action::AddMaintenance { covers, from, until, why } => {
                let by = By { id: &self.asker.id, name: &self.asker.name, actor: &self.actor };
                maintenance_commands::add(&mut self.decision, by, (**covers).clone(), *from, *until, why)
            }
            Action::RemoveMaintenance { id } => {
                let by = By { id: &self.asker.id, name: &self.asker.name, actor: &self.actor };
                let window = found(window, "maintenance window", id)?;
                maintenance_commands::remove(&mut self.decision, by, window)
            }
            Action::SaveView { view } => {
                let (said, change) = saved_view::save(self.asker, saved, view, self.decision.now)?;
                self.decision.changes.push(change);
                Ok(said)
            }
            Action::DropView { name } => {
                let (said, change) = saved_view::drop(self.asker, saved, name, self.decision.now)?;
                self.decision.changes.push(change);
                Ok(said)
            }
            Action::RemoveOverride { id } => {
                let by = By { id: &self.asker.id, name: &self.asker.name, actor: &self.actor };
                let over = found(over, "override", id)?;
                override_commands::remove(&mut self.decision, by, &overrides, over)
            }
            Action::AcceptHandover { handover } => {
                handover::commands::accept(&mut self.decision, self.asker, &self.actor, *handover, handovers)
            }
            Action::NoteHandover { handover: id, text } => {
                let decision = &mut self.decision;
                handover::commands::note(decision, self.asker, &self.actor, *id, text, handovers)
            }
        }
    }

    fn restore_task(
        &mut self,
        mut task: Task,
        same: Option<&Task>,
        owner: Option<PersonId>,
    ) -> Result<String, Refusal> {
        if let Some(other) = task.owner.as_ref().filter(|other| **other != self.asker.id)
            && task.state != TaskState::Done
            && task.owner != owner
        {
            let said = format!("{} has {} now.", self.decision.desk.name_of(other), task.id);
            return Err(Refusal { code: RefusalCode::Raced, said: said.into(), by: Some(other.clone()) });
        }
        if let Some(same) = same {
            let said = format!("{} is open about the same trouble, so {} stays done.", same.id, task.id);
            return Err(refuse(RefusalCode::WrongState, said));
        }
        task.owner = owner;
        task.state = TaskState::Open;
        task.snoozed_until = None;
        let said = format!("{} took back what they did; it is to do again.", self.asker.name);
        self.task_change(What::TaskOpened, said.into(), &task);
        Ok(format!("{} is to do again.", task.id))
    }

    fn may_assign(&self) -> Result<(), Refusal> {
        if self.asker.role < Role::Admin {
            let said = format!("{} may not change who looks after partners; an admin may.", self.asker.name);
            return Err(refuse(RefusalCode::NotAllowed, said));
        }
        Ok(())
    }

    fn fact(&mut self, what: What, summary: impl Into<Untrusted>, alert: &Alert) {
        self.decision.alert_change(self.actor.clone(), what, summary, alert);
    }

    fn task_change(&mut self, what: What, summary: Untrusted, task: &Task) {
        let mut task = task.clone();
        task.updated_at = self.decision.now;
        self.decision.changes.push(Change::task(self.decision.now, self.actor.clone(), what, summary, &task));
    }

    fn say_something(&self, text: &Untrusted) -> Result<(), Refusal> {
        match text.is_empty() {
            true => Err(refuse(RefusalCode::Invalid, "It needs a few words.".to_owned())),
            false => Ok(()),
        }
    }

    fn in_future(&self, at: Timestamp) -> Result<Timestamp, Refusal> {
        match at > self.decision.now {
            true => Ok(at),
            false => Err(refuse(RefusalCode::Invalid, format!("{} is past.", self.clock(at)))),
        }
    }

    fn clock(&self, at: Timestamp) -> String {
        let zone = self.decision.desk.zone_of(&self.asker.id);
        at.to_zoned(zone).strftime("%H:%M %Z").to_string()
    }
}

fn found<T>(thing: Option<T>, kind: &str, id: &impl std::fmt::Display) -> Result<T, Refusal> {
    thing.ok_or_else(|| refuse(RefusalCode::NotFound, format!("There is no {kind} {id}.")))
}

fn not_done(task: Task) -> Result<Task, Refusal> {
    match task.state {
        TaskState::Done => Err(refuse(RefusalCode::WrongState, format!("{} is done already.", task.id))),
        _ => Ok(task),
    }
}
