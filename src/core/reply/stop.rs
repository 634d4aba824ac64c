//! `STOP` and `START`: what an address wants no more, or again, with its entry in the consent ledger.
//!
//! A mail that says STOP without proof may be anybody's. It silences nobody, and it may be meant: hence its
//! supposed sender is asked, once a day at most, and a task says so to people.

use super::read::{Wish, read};
use super::spoken::words;
use super::take::{ReplyView, TEXT_KEPT, Taking, UNKNOWN, finish, people_at};
use super::{Became, CODE_LIVES, Inbound, Link, Reply};
use crate::core::change::{Change, Object, What};
use crate::core::consent::{self, Choice, Means, Whose, Word};
use crate::core::contact::{Contact, Medium};
use crate::core::delivery::person_fix_task;
use crate::core::desk::Desk;
use crate::core::escalation::medium_word;
use crate::core::id::{Ids, NotificationId, TaskId};
use crate::core::notification::{Notification, RecipientId};
use crate::core::person::Person;
use crate::core::sms;
use crate::core::suppression::{Suppression, SuppressionCause, SuppressionState, address_key};
use crate::core::sync::contact_change;
use crate::core::task::{Task, TaskKind, TaskState};
use jiff::Timestamp;

/// The key of the task to find out whether a STOP that proves nothing was meant.
pub(super) fn task_key(address: &str) -> String {
    format!("fix\u{1f}stop\u{1f}{}", address_key(address))
}

/// The mailbox that a STOP is about, where that is not its sender's: whoever reads a contact's mail under another
/// address answers the message that went to the contact's. `senders` are the contacts with the sender's address.
pub fn mailbox_meant(
    desk: &Desk,
    inbound: &Inbound,
    named: &Notification,
    senders: &[Contact],
    now: Timestamp,
) -> Option<String> {
    let RecipientId::Contact(told) = &named.recipient.who else { return None };
    let answers = inbound.medium == Medium::Email
        && inbound.answers == Some(named.id)
        && now.duration_since(named.created_at) <= CODE_LIVES;
    let another = senders.iter().all(|contact| contact.id != *told)
        && people_at(desk, inbound.medium, &inbound.from).is_empty();
    if !answers || !another || read(inbound.text.raw()).wish != Wish::OptOut {
        return None;
    }
    let sent_to = named.answers.as_ref().or(named.attempts.last().map(|attempt| &attempt.address))?;
    Some(sent_to.raw().to_owned())
}

/// The signed link in our question was followed: the STOP was meant. `inbound` is as if its reader had written it,
/// from the address that the question went to.
pub fn confirmed(
    desk: &Desk,
    view: ReplyView,
    inbound: &Inbound,
    ids: Ids,
    now: Timestamp,
) -> (Vec<Change>, Ids) {
    let mut taking = Taking::new(desk, view, inbound, ids, now);
    taking.stop(Means::Link);
    let who = taking.who();
    let kept =
        taking.kept(Became::OptedOut, who, "confirmed by the signed link that they opt out".to_owned());
    finish(taking, kept)
}

impl Taking<'_> {
    pub(super) fn opt_out(&mut self) -> Reply {
        let silent = self.is_suppressed();
        self.stop(Means::Reply);
        let who = self.who();
        if silent {
            return self.kept(Became::OptedOut, who, "said again that they opt out".into());
        }
        let mut text = self.spoken(words(self.locale_of_sender()).opted_out);
        // The answer is the next message; what it is about is known by its number.
        let next = NotificationId(self.decision.ids.notification);
        let desk = self.decision.desk;
        if self.inbound.medium == Medium::Email
            && self.people.is_empty()
            && let Some(url) = desk.links.url(&desk.reply_key, Link::Subscribe, next)
        {
            text.push_str(&format!("\n\nSTART: {url}"));
        }
        self.answer_anyway(who, Became::OptedOut, None, text)
    }

    /// A STOP that proves nothing: its supposed sender is asked, and nothing changes until they answer.
    pub(super) fn ask_first(&mut self) -> Reply {
        let Some(who) = self.who() else {
            return self.kept(Became::Ignored, None, UNKNOWN.to_owned());
        };
        if self.has_opted_out() {
            return self.kept(Became::Ignored, Some(who), "they have opted out already".to_owned());
        }
        let desk = self.decision.desk;
        let asks = !self.view.asked_lately && desk.carrier(self.inbound.medium).is_some();
        let next = NotificationId(self.decision.ids.notification);
        let task = self.task_to_ask(asks.then_some(next));
        let mut kept = if asks {
            let mut text = self.spoken(words(self.locale_of_sender()).ask_first);
            if self.people.is_empty()
                && let Some(url) = desk.links.url(&desk.reply_key, Link::Unsubscribe, next)
            {
                text.push_str(&format!("\n\nSTOP: {url}"));
            }
            self.answer_anyway(Some(who), Became::Asked, None, text)
        } else {
            let said = "STOP by a mail that proves no sender; they were asked within a day, or cannot be";
            self.kept(Became::Asked, Some(who), said.to_owned())
        };
        kept.task = Some(task);
        kept
    }

    /// Nobody but its owner knows whether a STOP was theirs; people can ask them in another way.
    fn task_to_ask(&mut self, question: Option<NotificationId>) -> TaskId {
        let key = task_key(self.address());
        if let Some(open) = self.view.tasks.iter().find(|task| task.key.raw() == key) {
            return open.id;
        }
        let title = format!(
            "{}: STOP came by a mail that proves no sender, so mail still goes to them; ask whether they meant it",
            self.name()
        );
        let (desk, now) = (self.decision.desk, self.decision.now);
        let person = self.people.first();
        let about = person.map(|person| person.id.0.as_str().into());
        let task = Task {
            partner: self.view.partner.clone(),
            notification: question,
            about: about.or_else(|| self.contact().map(|contact| contact.id.clone())),
            ..Task::about_reach(desk, &mut self.decision.ids, TaskKind::Fix, title, key, now)
        };
        self.decision.changes.push(task.opened());
        task.id
    }

    /// The open task with this key is done, for this reason.
    fn task_is_done(&mut self, key: &str, because: &str) {
        let Some(mut task) = self.view.tasks.iter().find(|task| task.key.raw() == key).cloned() else {
            return;
        };
        let now = self.decision.now;
        task.state = TaskState::Done;
        task.updated_at = now;
        let change = Change::task(now, self.actor(), What::TaskDone, because, &task);
        self.decision.changes.push(change);
    }

    /// Nothing more goes to this address by this medium, until its owner takes that back.
    pub(super) fn stop(&mut self, means: Means) {
        let medium = self.inbound.medium;
        let silent = self.is_suppressed();
        let quoted = sms::clip(self.inbound.text.printable().as_str(), 120);
        let now = self.decision.now;
        self.record(means, Choice::Out);
        for mut contact in self.view.contacts.clone() {
            contact.opted_in.remove(&medium);
            if contact.opted_out.insert(medium) {
                contact.updated_at = now;
                let summary =
                    format!("{} opted out of {}: {quoted}", contact.name.printable(), medium_word(medium));
                let change = contact_change(&self.actor(), What::ContactChanged, summary, &contact, now);
                self.decision.changes.push(change);
            }
        }
        if !silent {
            let suppression = Suppression {
                id: address_key(self.address()).into(),
                state: SuppressionState::Active,
                medium,
                cause: SuppressionCause::OptedOut,
                detail: self.inbound.text.clone(),
                created_at: now,
                updated_at: now,
            };
            self.suppression_change(What::AddressSuppressed, "Its owner opted out", suppression);
        }
        for person in self.people.clone() {
            self.must_be_fixed(person, medium);
        }
        self.task_is_done(&task_key(self.address()), "They opted out.");
    }

    /// An entry of the consent ledger for everybody with this address.
    fn record(&mut self, means: Means, choice: Choice) {
        let address = address_key(self.address());
        let actor = self.actor();
        let word = Word {
            actor: &actor,
            means,
            words: self.inbound.text.raw().chars().take(TEXT_KEPT).collect::<String>().into(),
            evidence: format!("{}:{}", self.inbound.channel, self.inbound.provider_id).into(),
        };
        let whose = || Whose { address: Some(&address), ..Whose::default() };
        let people = self.people.iter().map(|person| Whose { person: Some(&person.id), ..whose() });
        let contacts = self.view.contacts.iter().map(|contact| Whose { contact: Some(contact), ..whose() });
        let mut all: Vec<Whose<'_>> = people.chain(contacts).collect();
        if all.is_empty() {
            all.push(whose());
        }
        for whose in &all {
            consent::record(&mut self.decision, &word, whose, choice, self.inbound.medium, None);
        }
    }

    pub(super) fn opt_in(&mut self) -> Reply {
        let medium = self.inbound.medium;
        let now = self.decision.now;
        self.record(Means::Reply, Choice::In);
        for mut contact in self.view.contacts.clone() {
            if contact.opted_out.remove(&medium) {
                contact.opted_in.insert(medium);
                contact.updated_at = now;
                let summary =
                    format!("{} opted in to {} again.", contact.name.printable(), medium_word(medium));
                let change = contact_change(&self.actor(), What::ContactChanged, summary, &contact, now);
                self.decision.changes.push(change);
            }
        }
        if let Some(mut suppression) = self.view.suppression.take().filter(Suppression::is_opt_out) {
            suppression.state = SuppressionState::Lifted;
            suppression.detail = self.inbound.text.clone();
            suppression.updated_at = now;
            self.suppression_change(What::AddressLifted, "Its owner opted in again", suppression);
        }
        for person in self.people.clone() {
            self.task_is_done(&person_fix_task(&person.id, medium), "They opted in again.");
        }
        let text = words(self.locale_of_sender()).opted_in;
        self.answer_anyway(self.who(), Became::OptedIn, None, self.spoken(text))
    }

    /// Somebody of the desk whom pages cannot reach any more is a gap that others must know of.
    fn must_be_fixed(&mut self, person: &Person, medium: Medium) {
        let key = person_fix_task(&person.id, medium);
        if self.view.tasks.iter().any(|task| task.key.raw() == key) {
            return;
        }
        let now = self.decision.now;
        let title = format!(
            "{} opted out of {}: no page reaches them that way until they answer START",
            person.name,
            medium_word(medium)
        );
        let desk = self.decision.desk;
        let mut task = Task::about_reach(desk, &mut self.decision.ids, TaskKind::Fix, title, key, now);
        task.team = task.team.or_else(|| person.teams.first().cloned());
        task.about = Some(person.id.0.as_str().into());
        self.decision.changes.push(task.opened());
    }

    fn suppression_change(&mut self, what: What, because: &str, suppression: Suppression) {
        let summary = format!("{}: {because}.", suppression.id.printable());
        self.decision.changes.push(Change {
            at: self.decision.now,
            actor: self.actor(),
            what,
            summary: summary.into(),
            alert: None,
            partner: self.contact().and_then(|contact| contact.partner_id.clone()),
            object: Object::Suppression(Box::new(suppression)),
        });
    }

    pub(super) fn is_suppressed(&self) -> bool {
        self.view.suppression.as_ref().is_some_and(Suppression::is_opt_out)
    }

    pub(super) fn has_opted_out(&self) -> bool {
        let medium = self.inbound.medium;
        self.is_suppressed() || self.view.contacts.iter().any(|contact| contact.opted_out.contains(&medium))
    }
}
