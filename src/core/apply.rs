//! What an operator asks becomes changes, or a refusal that says why and names who was first.

use crate::core::alert::{Alert, AlertState};
use crate::core::assignment::{self, StoredAssignment};
use crate::core::change::{Actor, Change, Object, What};
use crate::core::command::{Action, Command, Expect, Refusal, RefusalCode};
use crate::core::consent::{self, Means, Word};
use crate::core::contact::{Category, Contact, ContactField, Medium};
use crate::core::contact_commands::{self, About};
use crate::core::decide::cancel_pages;
use crate::core::desk::{Desk, Told};
use crate::core::escalation::{Decision, medium_word};
use crate::core::event::Severity;
use crate::core::flow;
use crate::core::handover::{self, Loaded};
use crate::core::id::Ids;
use crate::core::maintenance::StoredWindow;
use crate::core::maintenance_commands;
use crate::core::matter::Matter;
use crate::core::notification::{Notification, NotificationState, Purpose, RecipientId};
use crate::core::override_commands::{self, By, TurnOf};
use crate::core::page_test;
use crate::core::person::{PersonId, Role};
use crate::core::resend;
use crate::core::saved_view::{self, OwnView};
use crate::core::schedule::Override;
use crate::core::settle;
use crate::core::status_update;
use crate::core::suppression::{Suppression, SuppressionCause, SuppressionState};
use crate::core::task::{Task, TaskState};
use crate::core::text::Untrusted;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

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
        let CommandView { overrides, over, assignment, handovers, window, resend, saved, .. } = view;
        match action {
            Action::Ack { alert: id, next_update_by } => {
                let alert = found(alert, "alert", id)?;
                self.ack(alert, &mut notifications, *next_update_by)
            }
            Action::Unack { alert: id } => self.unack(found(alert, "alert", id)?, &notifications),
            Action::Snooze { alert: id, until } => {
                self.snooze(found(alert, "alert", id)?, &mut notifications, *until)
            }
            Action::Resolve { alert: id, reason } => {
                self.resolve(found(alert, "alert", id)?, &mut notifications, reason)
            }
            Action::Escalate { alert: id, step } => self.escalate(found(alert, "alert", id)?, *step),
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

    fn may_assign(&self) -> Result<(), Refusal> {
        if self.asker.role < Role::Admin {
            let said = format!("{} may not change who looks after partners; an admin may.", self.asker.name);
            return Err(refuse(RefusalCode::NotAllowed, said));
        }
        Ok(())
    }

    fn ack(
        &mut self,
        mut alert: Alert,
        notifications: &mut [Notification],
        promise: Option<Timestamp>,
    ) -> Result<String, Refusal> {
        self.not_resolved(&alert)?;
        let mine = alert.held_by() == Some(&self.asker.id);
        // Somebody else's is taken over only by who saw whose it is.
        if !mine && (alert.held_by().is_some() || self.expect.holder.is_some()) {
            self.holder_as_seen(&alert)?;
            if self.expect.holder.is_none() {
                return Err(self.raced(&alert));
            }
        }
        let by = match promise {
            Some(by) => self.soon_enough(by)?,
            None => self.decision.now + self.decision.desk.promise.for_severity(alert.severity),
        };
        let again = mine && alert.state == AlertState::Acknowledged;
        alert.state = AlertState::Acknowledged;
        alert.holder = Some(self.asker.id.clone());
        alert.next_update_by = Some(by);
        alert.next_escalation_at = None;
        alert.snoozed_until = None;
        alert.quiet = None;
        alert.close_at = None;
        alert.updated_at = self.decision.now;
        let verb = if again { "promises news anew" } else { "took it" };
        self.fact(What::AlertAcknowledged, format!("{} {verb}.", self.asker.name), &alert);
        cancel_pages(&mut self.decision, alert.id, notifications.iter_mut(), "somebody took the alert");
        status_update::tell(&mut self.decision, &alert, notifications, Some(&self.asker.id));
        Ok(format!("You took {}; news promised by {}.", alert.id, self.clock(by)))
    }

    fn unack(&mut self, mut alert: Alert, notifications: &[Notification]) -> Result<String, Refusal> {
        if !matches!(alert.state, AlertState::Acknowledged | AlertState::Snoozed) {
            return Err(refuse(
                RefusalCode::WrongState,
                format!(
                    "{} is {}; only what somebody took or put to sleep can be given back.",
                    alert.id,
                    alert.state.as_str()
                ),
            ));
        }
        self.holder_as_seen(&alert)?;
        alert.state = AlertState::Open;
        alert.holder = None;
        alert.next_update_by = None;
        alert.snoozed_until = None;
        alert.quiet = None;
        alert.updated_at = self.decision.now;
        if alert.cleared_at.is_none() {
            let wait = if alert.step == 0 { SignedDuration::ZERO } else { alert.next_step().1.after };
            alert.next_escalation_at = Some(self.decision.now + wait);
        }
        let sentence = format!("{} gave it back; paging goes on.", self.asker.name);
        self.fact(What::AlertUnacknowledged, sentence, &alert);
        status_update::take_back(&mut self.decision, alert.id, notifications);
        if alert.cleared_at.is_some() {
            alert.close_at = Some(self.decision.next_hand_over(&alert));
            self.fact(What::AlertCleared, "It is cleared, and stays in sight until the hand-over.", &alert);
        } else {
            // Those whose page the acknowledgment cancelled are paged after all.
            let mut latest: BTreeMap<&PersonId, &Notification> = BTreeMap::new();
            for n in notifications {
                if let RecipientId::Person(id) = &n.recipient.who
                    && n.purpose == Purpose::Page
                    && n.step_for(alert.id) == Some(alert.step)
                {
                    latest.insert(id, n);
                }
            }
            let mut missed = Vec::new();
            for (person, n) in latest {
                match n.state_for(alert.id) {
                    NotificationState::Cancelled => missed
                        .push(Told { person: person.clone(), via: n.reason.via.printable().into_string() }),
                    // It may have got through, so it goes out as what it is: the same again, marked.
                    NotificationState::InDoubt if n.due_at.is_none() => self.send_again(n.clone()),
                    _ => {}
                }
            }
            let step = alert.step;
            self.decision.page(&alert, &missed, step, false);
            self.decision.advance(&mut alert);
        }
        Ok(format!("{} is open again; paging goes on.", alert.id))
    }

    fn send_again(&mut self, mut n: Notification) {
        let change = settle::send_again(&self.decision, &self.actor, &self.asker.id, &mut n);
        self.decision.changes.push(change);
    }

    fn snooze(
        &mut self,
        mut alert: Alert,
        notifications: &mut [Notification],
        until: Timestamp,
    ) -> Result<String, Refusal> {
        self.not_resolved(&alert)?;
        self.holder_as_seen(&alert)?;
        self.soon_enough(until)?;
        let now = self.decision.now;
        if let Some(deadline) = alert.deadline.filter(|d| *d > now && alert.severity >= Severity::High) {
            let latest = now + deadline.duration_since(now) / 2;
            if until > latest {
                return Err(refuse(
                    RefusalCode::Invalid,
                    format!(
                        "{} is due {}; it may sleep at most half of that time, until {}.",
                        alert.id,
                        self.clock(deadline),
                        self.clock(latest)
                    ),
                ));
            }
        }
        alert.state = AlertState::Snoozed;
        alert.holder = Some(self.asker.id.clone());
        alert.snoozed_until = Some(until);
        alert.quiet = None;
        alert.next_escalation_at = None;
        alert.next_update_by = None;
        alert.updated_at = now;
        self.fact(What::AlertSnoozed, format!("{} put it to sleep.", self.asker.name), &alert);
        cancel_pages(&mut self.decision, alert.id, notifications.iter_mut(), "the alert was snoozed");
        status_update::tell(&mut self.decision, &alert, notifications, Some(&self.asker.id));
        Ok(format!("{} sleeps until {}.", alert.id, self.clock(until)))
    }

    fn resolve(
        &mut self,
        mut alert: Alert,
        notifications: &mut [Notification],
        reason: &Untrusted,
    ) -> Result<String, Refusal> {
        self.not_resolved(&alert)?;
        self.holder_as_seen(&alert)?;
        self.say_something(reason)?;
        alert.state = AlertState::Resolved;
        alert.resolution = Some(reason.clone());
        alert.next_escalation_at = None;
        alert.next_update_by = None;
        alert.snoozed_until = None;
        alert.quiet = None;
        alert.updated_at = self.decision.now;
        let sentence = Untrusted::new(format!("{} closed it: {}", self.asker.name, reason.raw()));
        self.fact(What::AlertResolved, sentence, &alert);
        cancel_pages(&mut self.decision, alert.id, notifications.iter_mut(), "the alert was closed");
        flow::outcome::tell(&mut self.decision, &alert, notifications, Some(&self.asker.id));
        status_update::tell(&mut self.decision, &alert, notifications, Some(&self.asker.id));
        Ok(format!("{} is closed.", alert.id))
    }

    fn escalate(&mut self, mut alert: Alert, step: Option<u32>) -> Result<String, Refusal> {
        self.not_resolved(&alert)?;
        if let Some(seen) = self.expect.step
            && seen != alert.step
        {
            return Err(refuse(
                RefusalCode::Raced,
                format!(
                    "{} went on to step {} meanwhile; look again before you escalate.",
                    alert.id, alert.step
                ),
            ));
        }
        let last = alert.policy.steps.len() as u32 + 1;
        let chosen = step.unwrap_or_else(|| (alert.step + 1).min(last));
        if chosen == 0 || chosen > last {
            return Err(refuse(
                RefusalCode::Invalid,
                format!("{} has steps 1 to {last} (the last resort); {chosen} is none of them.", alert.id),
            ));
        }
        alert.state = AlertState::Open;
        alert.next_update_by = None;
        alert.snoozed_until = None;
        alert.quiet = None;
        alert.step = chosen - 1;
        alert.next_escalation_at = Some(self.decision.now);
        let before = self.decision.changes.len();
        self.decision.advance(&mut alert);
        let sentence = format!("{} escalates to step {chosen}.", self.asker.name);
        let fact =
            Change::alert(self.decision.now, self.actor.clone(), What::AlertEscalated, sentence, &alert);
        self.decision.changes.insert(before, fact);
        let paged: Vec<String> = self.decision.changes[before..]
            .iter()
            .filter_map(|change| match &change.object {
                Object::Notification(n) if n.purpose == Purpose::Page => {
                    Some(n.recipient.name.printable().into_string())
                }
                _ => None,
            })
            .collect();
        Ok(match paged.is_empty() {
            true => format!("{} is escalated, but step {chosen} reaches nobody; see its timeline.", alert.id),
            false => format!("{} is escalated: {} told.", alert.id, paged.join(", ")),
        })
    }

    fn resend(&mut self, known: &resend::Known, asked: &resend::Asked) -> Result<String, Refusal> {
        let plan = resend::decide(&mut self.decision, self.asker, known, asked)?;
        resend::as_seen(self.decision.desk, known, &plan, &self.expect.resent)?;
        let goes: Vec<String> = plan
            .goes
            .iter()
            .map(|one| format!("{} to {}", medium_word(one.medium), one.to.name.printable()))
            .collect();
        let undo = match plan.can_be_undone() {
            true => format!(" It can be taken back for {} s.", resend::UNDO.as_secs()),
            false => String::new(),
        };
        let out = match plan.reasons() {
            reasons if reasons.is_empty() => String::new(),
            reasons => format!(" Left out: {}.", reasons.join("; ")),
        };
        let what = match asked.what.as_slice() {
            [one] => format!("{one} goes out again"),
            more => format!("{} go out again", more.len()),
        };
        let shown = 5;
        let more = match goes.len().saturating_sub(shown) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let goes = goes[..goes.len().min(shown)].join(", ");
        Ok(format!("{what}: {goes}{more}.{undo}{out}"))
    }

    fn set_contact(&mut self, mut contact: Contact, fields: &[ContactField]) -> Result<String, Refusal> {
        if fields.is_empty() {
            return Err(refuse(RefusalCode::Invalid, "No field was given to change.".to_owned()));
        }
        for seen in &self.expect.fields {
            if contact.field(seen) != *seen {
                return Err(refuse(
                    RefusalCode::Raced,
                    format!(
                        "{} of {} was changed meanwhile; look again.",
                        seen.name(),
                        contact.name.printable()
                    ),
                ));
            }
        }
        let mut changed = Vec::new();
        let before = contact.opted_out.clone();
        for field in fields {
            let brings_back = |(category, media): (&Category, &Vec<Medium>)| {
                media.contains(&Medium::Email) && contact.unsubscribed.contains(category)
            };
            if let ContactField::Channels(wanted) = field
                && wanted.iter().any(brings_back)
            {
                let said = format!(
                    "{} ended those mails by the link in one of them; only the signed link there brings them back.",
                    contact.name.printable()
                );
                return Err(refuse(RefusalCode::NotAllowed, said));
            }
            if let ContactField::OptedOut(wanted) = field
                && !contact.opted_out.is_subset(wanted)
            {
                let said = format!(
                    "An opt-out ends only by {} (START, or the signed link); nobody else can end it.",
                    contact.name.printable()
                );
                return Err(refuse(RefusalCode::NotAllowed, said));
            }
            if let ContactField::TimeZone(Some(zone)) = field
                && jiff::tz::TimeZone::get(zone.raw()).is_err()
            {
                let said =
                    format!("{} is not a time zone; they are named like Europe/Berlin.", zone.printable());
                return Err(refuse(RefusalCode::Invalid, said));
            }
            if matches!(field, ContactField::Name(name) if name.is_empty()) {
                return Err(refuse(RefusalCode::Invalid, "A contact needs a name.".to_owned()));
            }
            if contact.field(field) != *field {
                changed.push(field.name());
                contact.set(field.clone());
            }
        }
        if changed.is_empty() {
            return Ok(format!("{} is as you want it already.", contact.name.printable()));
        }
        contact.updated_at = self.decision.now;
        let list = changed.join(", ");
        let summary =
            Untrusted::new(format!("{} changed {list} of {}.", self.asker.name, contact.name.raw()));
        self.decision.changes.push(Change {
            at: self.decision.now,
            actor: self.actor.clone(),
            what: What::ContactChanged,
            summary,
            alert: None,
            partner: contact.partner_id.clone(),
            object: Object::Contact(Box::new(contact.clone())),
        });
        let word = Word {
            actor: &self.actor,
            means: Means::Operator,
            words: Untrusted::new(format!("set by {}", self.asker.name)),
            evidence: Untrusted::new(format!("command {}", self.id)),
        };
        consent::record_contact(&mut self.decision, &word, &before, &contact);
        Ok(format!("Changed {list} of {}.", contact.name.printable()))
    }

    /// Whoever says that a contact's addresses are mended has them tried again. An opt-out stays.
    fn lift(&mut self, suppressed: Vec<Suppression>) {
        let dead = |s: &Suppression| s.state == SuppressionState::Active && s.cause == SuppressionCause::Dead;
        for mut lifted in suppressed.into_iter().filter(dead) {
            lifted.state = SuppressionState::Lifted;
            lifted.updated_at = self.decision.now;
            let summary = format!("{} is tried again.", lifted.id.printable());
            self.decision.changes.push(Change {
                at: self.decision.now,
                actor: self.actor.clone(),
                what: What::AddressLifted,
                summary: summary.into(),
                alert: None,
                partner: None,
                object: Object::Suppression(Box::new(lifted)),
            });
        }
    }

    fn fact(&mut self, what: What, summary: impl Into<Untrusted>, alert: &Alert) {
        self.decision.alert_change(self.actor.clone(), what, summary, alert);
    }

    fn task_change(&mut self, what: What, summary: Untrusted, task: &Task) {
        let mut task = task.clone();
        task.updated_at = self.decision.now;
        self.decision.changes.push(Change::task(self.decision.now, self.actor.clone(), what, summary, &task));
    }

    fn not_resolved(&self, alert: &Alert) -> Result<(), Refusal> {
        match alert.state {
            AlertState::Resolved => {
                Err(refuse(RefusalCode::WrongState, format!("{} is closed already.", alert.id)))
            }
            _ => Ok(()),
        }
    }

    fn holder_as_seen(&self, alert: &Alert) -> Result<(), Refusal> {
        match &self.expect.holder {
            Some(seen) if seen.as_ref() == alert.held_by() => Ok(()),
            // What the desk did by itself since (a promise missed, a step) does not make it stale.
            Some(seen) if alert.state == AlertState::Open && seen.is_some() && *seen == alert.holder => {
                Ok(())
            }
            Some(_) => Err(self.raced(alert)),
            None => Ok(()),
        }
    }

    fn raced(&self, alert: &Alert) -> Refusal {
        let said = match alert.held_by() {
            Some(holder) => format!(
                "{} was first: {} is theirs since {}.",
                self.decision.desk.name_of(holder),
                alert.id,
                self.clock(alert.updated_at)
            ),
            None => format!("{} was given back meanwhile; look again.", alert.id),
        };
        Refusal { code: RefusalCode::Raced, said: said.into(), by: alert.held_by().cloned() }
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

    /// A promise or a snooze of an alert: to come, and not so far off that nobody would be paged again.
    fn soon_enough(&self, at: Timestamp) -> Result<Timestamp, Refusal> {
        let at = self.in_future(at)?;
        match at.duration_since(self.decision.now) <= LONGEST_QUIET {
            true => Ok(at),
            false => Err(refuse(
                RefusalCode::Invalid,
                "An alert may be quiet for three days at most; close it with a reason instead.".to_owned(),
            )),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::contact::Medium;
    use crate::core::id::{AlertId, NotificationId};
    use crate::core::notification::{Attempt, AttemptState};
    use crate::core::scenario::{Scene, exception};
    use serde_json::json;

    fn unack(scene: &mut Scene) {
        scene.command("maria", Action::Unack { alert: AlertId(1) }, Expect::default()).unwrap();
    }

    #[test]
    fn the_second_of_two_is_told_who_was_first() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        scene.ack("maria").unwrap();
        let refusal = scene.ack("jonas").unwrap_err();
        assert_eq!((refusal.code, refusal.by), (RefusalCode::Raced, Some(PersonId("maria".into()))));
        assert_eq!(scene.alert().holder, Some(PersonId("maria".into())));
    }

    #[test]
    fn of_two_who_saw_it_page_again_the_second_is_told_who_was_first() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        scene.ack("maria").unwrap();
        scene.pass(61);
        scene.due();
        assert_eq!(scene.alert().state, AlertState::Open, "the promise was missed");
        let seen = || Expect { holder: Some(scene.alert().held_by().cloned()), ..Expect::default() };
        let (ack, maria, jonas) = (Action::Ack { alert: AlertId(1), next_update_by: None }, seen(), seen());
        scene.command("maria", ack.clone(), maria).unwrap();
        let refusal = scene.command("jonas", ack, jonas).unwrap_err();
        assert_eq!(refusal.by, Some(PersonId("maria".into())));
    }

    #[test]
    fn what_the_desk_did_by_itself_does_not_make_a_takeover_stale() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        scene.ack("maria").unwrap();
        let seen = Expect { holder: Some(Some(PersonId("maria".into()))), ..Expect::default() };
        scene.pass(61);
        scene.due();
        scene.command("jonas", Action::Ack { alert: AlertId(1), next_update_by: None }, seen).unwrap();
        assert_eq!(scene.alert().held_by(), Some(&PersonId("jonas".into())));
    }

    #[test]
    fn a_page_sent_again_by_its_number_is_cancelled_like_any_other() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        let what = vec![resend::Target::Message(NotificationId(1))];
        let again = Action::Resend(resend::Asked { what, to: None, via: None });
        scene.command("jonas", again, Expect::default()).unwrap();
        scene.ack("maria").unwrap();
        assert!(scene.notifications.values().all(|n| n.state == NotificationState::Cancelled));
    }

    #[test]
    fn nothing_urgent_is_promised_or_put_to_sleep_for_longer_than_three_days() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        let far = Some(scene.now + SignedDuration::from_hours(73));
        let refusal =
            scene.command("maria", Action::Ack { alert: AlertId(1), next_update_by: far }, Expect::default());
        assert_eq!(refusal.unwrap_err().code, RefusalCode::Invalid);
    }

    #[test]
    fn taking_it_cancels_what_waits_and_giving_it_back_pages_each_person_once() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        for _ in 0..3 {
            scene.ack("maria").unwrap();
            assert!(scene.notifications.values().all(|n| n.state == NotificationState::Cancelled));
            let before = scene.notifications.len();
            unack(&mut scene);
            assert_eq!(scene.notifications.len(), before + 1);
        }
    }

    #[test]
    fn a_page_in_doubt_is_not_sent_again_once_taken_and_goes_out_marked_when_given_back() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        let now = scene.now;
        let page = scene.message(1);
        page.state = NotificationState::InDoubt;
        page.attempts.push(Attempt {
            number: 1,
            state: AttemptState::InDoubt,
            channel: "sms".into(),
            address: "+4915123456701".into(),
            started_at: now,
            ended_at: Some(now),
            provider_ref: None,
            names: Vec::new(),
            answer: None,
            possible_duplicate: false,
            parts: 1,
        });
        scene.ack("maria").unwrap();
        assert_eq!((scene.message(1).state, scene.message(1).due_at), (NotificationState::InDoubt, None));
        unack(&mut scene);
        assert_eq!(scene.message(1).due_at, Some(now));
        assert_eq!(scene.notifications.len(), 1, "the same message, not an unmarked copy");
    }

    #[test]
    fn an_alert_sleeps_at_most_half_of_the_time_it_has() {
        let mut scene = Scene::usual();
        let mut urgent = exception("x1");
        urgent["deadline"] = json!("2026-03-29T00:00:00Z");
        scene.events(&[("raised", urgent, "high")]);
        let now = scene.now;
        let until =
            |minutes| Action::Snooze { alert: AlertId(1), until: now + SignedDuration::from_mins(minutes) };
        let refusal = scene.command("maria", until(61), Expect::default()).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::Invalid);
        scene.command("maria", until(60), Expect::default()).unwrap();
        assert_eq!(scene.alert().next_due(), Some(now + SignedDuration::from_mins(60)));
    }

    #[test]
    fn an_escalation_decided_on_an_old_step_is_refused() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        scene.pass(6);
        scene.due();
        let escalate = Action::Escalate { alert: AlertId(1), step: None };
        let seen = Expect { step: Some(1), ..Expect::default() };
        assert_eq!(scene.command("maria", escalate.clone(), seen).unwrap_err().code, RefusalCode::Raced);
        let seen = Expect { step: Some(2), ..Expect::default() };
        scene.command("maria", escalate, seen).unwrap();
        assert_eq!(scene.alert().step, 3);
    }

    #[test]
    fn an_opt_out_can_be_added_but_not_taken_away() {
        let scene = Scene::usual();
        let contact: Contact = serde_json::from_value(json!({
            "id": "c1", "name": "Ana", "state": "active", "partner_id": null, "emails": [], "phones": [],
            "opted_out": ["sms"], "created_at": scene.now, "updated_at": scene.now,
        }))
        .unwrap();
        let maria =
            Asker { id: PersonId("maria".into()), name: "maria".into(), role: Role::Admin, login: None };
        let set = |media: &[Medium]| {
            let view = CommandView { contact: Some(contact.clone()), ..CommandView::default() };
            let fields = vec![ContactField::OptedOut(media.iter().copied().collect())];
            let action = Action::SetContact { contact: "c1".into(), fields };
            let asked = Command { id: "c".into(), action, expect: Expect::default() };
            command(&scene.desk, view, &asked, &maria, scene.ids, scene.now)
                .map(|(_, changes, _)| changes.iter().map(|change| change.what).collect::<Vec<_>>())
        };
        assert_eq!(set(&[Medium::Email]).unwrap_err().code, RefusalCode::NotAllowed);
        let both = [What::ContactChanged, What::ConsentEnded];
        assert_eq!(set(&[Medium::Email, Medium::Sms]).unwrap(), both, "and it is written down");
    }
}
