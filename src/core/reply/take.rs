//! A reply is taken: whose it is, which message it means, and what follows, all in one decision.

use super::meant::Asks;
use super::read::{self, Said, Wish};
use super::spoken::{HELP, words};
use super::{Became, CODE_LIVES, Inbound, Reply, complaint, stop};
use crate::core::alert::Alert;
use crate::core::apply::{self, Asker, CommandView};
use crate::core::bundle;
use crate::core::change::{Actor, Change, Object, What};
use crate::core::command::{Action, Command, Expect, Refusal};
use crate::core::contact::{Contact, ContactState, Medium};
use crate::core::decide::View;
use crate::core::delivery::person_fix_task;
use crate::core::desk::Desk;
use crate::core::duty::Work;
use crate::core::escalation::{Decision, medium_word};
use crate::core::flow::audience::ruling;
use crate::core::flow::tasks::Draft;
use crate::core::handover::Loaded;
use crate::core::id::{Ids, NotificationId};
use crate::core::notification::{Notification, Purpose, RecipientId};
use crate::core::partner::PartnerRef;
use crate::core::person::Person;
use crate::core::sms;
use crate::core::suppression::{Suppression, address_key};
use crate::core::task::{Task, TaskKind};
use crate::core::text::Untrusted;
use jiff::Timestamp;

/// What must be known to take a reply.
#[derive(Clone, Debug, Default)]
pub struct ReplyView {
    /// The message that a code or a token names, with its alert.
    pub named: Option<(Notification, Option<Paged>)>,
    /// What else that message speaks of.
    pub along: Vec<Paged>,
    /// Of an answer that may accept one: the hand-over that the named message asks about, or those that wait.
    pub handovers: Vec<Loaded>,
    /// The alerts that are not closed and that this sender was told of by a message that left, the newest first.
    pub told: Vec<Paged>,
    /// The message that told this sender last of an alert, with that alert, closed or not.
    pub newest: Option<(Notification, Alert)>,
    /// The mailbox that a STOP is about, where its sender's is another; see [`super::mailbox_meant`].
    pub mailbox: Option<String>,
    /// Contacts with the address that it is about.
    pub contacts: Vec<Contact>,
    /// The partner of the first of them.
    pub partner: Option<PartnerRef>,
    pub suppression: Option<Suppression>,
    /// The open tasks on what this sender said, by key.
    pub tasks: Vec<Task>,
    /// How many answers this address got within the last hour.
    pub answered_lately: u64,
    /// Whoever has that address was asked within the last day whether a STOP was theirs.
    pub asked_lately: bool,
}

/// An alert with its messages.
#[derive(Clone, Debug)]
pub struct Paged {
    pub alert: Alert,
    pub notifications: Vec<Notification>,
}

/// What is said of a sender who is neither a person of the desk nor a contact.
pub(super) const UNKNOWN: &str = "nobody known has this address, so nothing follows";
/// Of a reply that is kept.
pub(super) const TEXT_KEPT: usize = 2000;

/// The message that a reply names, if it names one.
pub fn named(desk: &Desk, inbound: &Inbound, newest: NotificationId) -> Option<NotificationId> {
    let code = read::read(inbound.text.raw()).code;
    inbound.answers.or_else(|| desk.reply_key.message(code?, newest))
}

/// Whether a reply may be meant to accept a hand-over, though it names no message.
pub fn accepts_any(inbound: &Inbound) -> bool {
    read::read(inbound.text.raw()).wish == Wish::Accept
}

/// The people of the desk who have this address.
pub fn people_at<'d>(desk: &'d Desk, medium: Medium, address: &str) -> Vec<&'d Person> {
    let key = address_key(address);
    let has = |person: &&Person| person.address(medium).is_some_and(|own| address_key(own) == key);
    desk.people.values().filter(has).collect()
}

/// What a person can have read of alerts, of messages to them: those that left. The one that told them last of
/// an alert is what they answer where they name none.
pub fn told_last(told: &[Notification]) -> Option<&Notification> {
    let tells = |n: &&Notification| n.has_left() && n.tells_of_alert() && !n.alerts().is_empty();
    told.iter().filter(tells).max_by_key(|n| (n.attempts.last().map(|attempt| attempt.started_at), n.id))
}

/// The key of the task to answer what a contact wrote.
pub fn wrote_task(contact: &Untrusted) -> String {
    format!("wrote\u{1f}{}", contact.raw())
}

/// The keys of the tasks that a reply of this sender may touch.
pub fn task_keys(desk: &Desk, medium: Medium, address: &str, contacts: &[Contact]) -> Vec<String> {
    let people = people_at(desk, medium, address);
    let fixes = people.into_iter().map(|person| person_fix_task(&person.id, medium));
    let wrote = contacts.iter().map(|contact| wrote_task(&contact.id));
    fixes.chain(wrote).chain([complaint::task_key(address), stop::task_key(address)]).collect()
}

/// Decides what a reply does. Every reply is kept, also one that does nothing.
pub fn take(desk: &Desk, view: ReplyView, inbound: &Inbound, ids: Ids, now: Timestamp) -> (Vec<Change>, Ids) {
    let mut taking = Taking::new(desk, view, inbound, ids, now);
    let kept = taking.take();
    finish(taking, kept)
}

/// The changes of a decision, after the reply that they follow from.
pub(super) fn finish(mut taking: Taking<'_>, kept: Reply) -> (Vec<Change>, Ids) {
    let (inbound, desk, now) = (taking.inbound, taking.decision.desk, taking.decision.now);
    bundle::gather(&mut taking.decision, None);
    let name = match &kept.who {
        Some(RecipientId::Person(id)) => desk.name_of(id),
        Some(RecipientId::Contact(_)) if taking.view.mailbox.is_none() => {
            taking.contact().map(|contact| contact.name.printable().into_string()).unwrap_or_default()
        }
        _ => crate::core::text::sanitise(&inbound.from).into_owned(),
    };
    let written = sms::clip(inbound.text.printable().as_str(), 60);
    let what = medium_word(inbound.medium);
    let summary = format!("{what} from {name}, \u{201c}{written}\u{201d}: {}", kept.said.raw());
    let partner = taking.view.contacts.first().and_then(|contact| contact.partner_id.clone());
    let mut changes = taking.decision.changes;
    // What was said comes before what followed.
    changes.insert(
        0,
        Change {
            at: now,
            actor: Actor::Channel(inbound.channel.clone()),
            what: What::ReplyReceived,
            summary: summary.into(),
            alert: kept.alert,
            partner,
            object: Object::Reply(Box::new(kept)),
        },
    );
    (changes, taking.decision.ids)
}

pub(super) struct Taking<'a> {
    pub(super) inbound: &'a Inbound,
    pub(super) view: ReplyView,
    pub(super) decision: Decision<'a>,
    pub(super) said: Said,
    pub(super) people: Vec<&'a Person>,
}

impl<'a> Taking<'a> {
    pub(super) fn new(
        desk: &'a Desk,
        view: ReplyView,
        inbound: &'a Inbound,
        ids: Ids,
        now: Timestamp,
    ) -> Self {
        let said = read::read(inbound.text.raw());
        let people = people_at(desk, inbound.medium, view.mailbox.as_deref().unwrap_or(&inbound.from));
        Self { inbound, view, decision: Decision::new(desk, now, ids), said, people }
    }

    /// The number or mailbox that it is about: its sender's, but for some STOPs.
    pub(super) fn address(&self) -> &str {
        self.view.mailbox.as_deref().unwrap_or(&self.inbound.from)
    }

    fn take(&mut self) -> Reply {
        if let Some(why) = &self.inbound.automatic {
            let said = format!("no human wrote it ({why}), so nothing follows");
            return self.kept(Became::Ignored, None, said);
        }
        let proven = self.is_proven();
        match self.said.wish.clone() {
            // Anybody can write any address into a mail: it may silence nobody.
            Wish::OptOut if proven => self.opt_out(),
            Wish::OptOut => self.ask_first(),
            _ if !proven && !self.people.is_empty() => {
                let said = "a mail that answers no message to its sender proves nothing, so nothing follows";
                self.kept(Became::Ignored, None, said.to_owned())
            }
            Wish::OptIn if proven && self.has_opted_out() => self.opt_in(),
            wish => match self.person() {
                Ok(Some(person)) => self.of_person(person, wish),
                Ok(None) => self.of_contact(wish),
                Err(refused) => {
                    let person = self.people.first().map(|person| RecipientId::Person(person.id.clone()));
                    self.answer(person, Became::Refused, None, refused)
                }
            },
        }
    }

    /// Whether the reply is known to come from where it says. A gateway knows the number a text came from; a
    /// mail's sender is only what somebody wrote, unless it was sent to the signed address of a message to
    /// that very sender.
    fn is_proven(&self) -> bool {
        match (self.inbound.medium, &self.view.named) {
            (Medium::Sms, _) => true,
            (Medium::Email, Some((named, _))) if self.inbound.answers == Some(named.id) => {
                let young = self.decision.now.duration_since(named.created_at) <= CODE_LIVES;
                young
                    && match &named.recipient.who {
                        RecipientId::Person(id) => self.people.iter().any(|person| person.id == *id),
                        // From another mailbox, only what we asked there counts.
                        RecipientId::Contact(id) => {
                            self.view.contacts.iter().any(|contact| contact.id == *id)
                                && (self.view.mailbox.is_none() || named.answers.is_some())
                        }
                        RecipientId::Webhook(_) => false,
                    }
            }
            (Medium::Email, _) => false,
        }
    }

    /// Whose reply it is: whoever got the message it names, else the only one with that address.
    fn person(&self) -> Result<Option<&'a Person>, String> {
        if let Some((named, _)) = &self.view.named
            && let RecipientId::Person(id) = &named.recipient.who
            && let Some(person) = self.people.iter().find(|person| person.id == *id)
        {
            return Ok(Some(person));
        }
        match self.people[..] {
            [] => Ok(None),
            [only] => Ok(Some(only)),
            _ => Err("Several people share this number. Answer with the code of your page, as in ACK K7RBM."
                .into()),
        }
    }

    fn of_person(&mut self, person: &'a Person, wish: Wish) -> Reply {
        if let Some(kept) = self.of_handover(person, &wish) {
            return kept;
        }
        let who = Some(RecipientId::Person(person.id.clone()));
        let action = match wish {
            Wish::Ack(within) => {
                let by = within.map(|within| self.decision.now + within);
                Asks::Take(Box::new(move |alert| Action::Ack { alert, next_update_by: by }))
            }
            Wish::Snooze(within) => {
                let until = self.decision.now + within.unwrap_or(jiff::SignedDuration::from_mins(30));
                Asks::End(Box::new(move |alert| Action::Snooze { alert, until }))
            }
            Wish::Escalate => Asks::Take(Box::new(|alert| Action::Escalate { alert, step: None })),
            Wish::Resolve(reason) => {
                let reason = if reason.is_empty() { "closed by a reply".to_owned() } else { reason };
                Asks::End(Box::new(move |alert| Action::Resolve { alert, reason: reason.clone().into() }))
            }
            Wish::Ask => Asks::How,
            Wish::OptIn | Wish::OptOut => {
                return self.answer(who, Became::Answered, None, "You get our messages.".into());
            }
            Wish::Help => return self.answer(who, Became::Answered, None, HELP.into()),
            Wish::Accept | Wish::Words => {
                let said = format!("Not understood. {HELP}");
                return self.answer(who, Became::Refused, None, said);
            }
        };
        if let Some(several) = self.bundled(person, &action) {
            return self.of_bundle(person, several, action);
        }
        let paged = match self.meant(person, &action) {
            Ok(paged) => paged,
            Err(refused) => return self.answer(who, Became::Refused, None, refused),
        };
        let alert = paged.alert.clone();
        match action {
            Asks::How => {
                let said = self.how(person, &paged);
                self.answer(who, Became::Answered, Some(alert), said)
            }
            Asks::Take(action) | Asks::End(action) => match self.act(person, paged, action(alert.id)) {
                Ok(said) => self.answer(who, Became::Acted, Some(alert), said),
                Err(refusal) => {
                    let said = refusal.said.printable().into_string();
                    self.answer(who, Became::Refused, Some(alert), said)
                }
            },
        }
    }

    /// Does to one alert what this person asks.
    pub(super) fn act(&mut self, person: &Person, paged: Paged, action: Action) -> Result<String, Refusal> {
        let asker =
            Asker { id: person.id.clone(), name: person.name.clone(), role: person.role, login: None };
        let expect = self.seen(person, &paged, &action);
        let command = Command { id: self.inbound.id(), action, expect };
        let view = CommandView {
            alert: Some(paged.alert),
            notifications: paged.notifications,
            ..CommandView::default()
        };
        let (desk, ids, now) = (self.decision.desk, self.decision.ids, self.decision.now);
        let (said, changes, ids) = apply::command(desk, view, &command, &asker, ids, now)?;
        self.decision.ids = ids;
        self.decision.changes.extend(changes);
        Ok(said)
    }

    /// What still holds for whoever answers: what ends or quiets an alert is never somebody else's, and two who
    /// escalate from the same page escalate once. Whoever heard since how it stands means what they heard.
    fn seen(&self, person: &Person, paged: &Paged, action: &Action) -> Expect {
        let alert = &paged.alert;
        match action {
            Action::Snooze { .. } | Action::Resolve { .. } => {
                let mine = alert.held_by().filter(|holder| **holder == person.id);
                Expect { holder: Some(mine.cloned()), ..Expect::default() }
            }
            Action::Escalate { .. } => {
                let named = self.view.named.as_ref().map(|(named, _)| named);
                let newest = self.view.newest.as_ref().map(|(newest, _)| newest);
                let answered =
                    named.or(newest).filter(|n| n.purpose == Purpose::Page && n.is_about(alert.id));
                let heard_since = |page: &&Notification| {
                    paged.notifications.iter().any(|n| {
                        n.id > page.id
                            && n.answers.is_some()
                            && n.recipient.who == RecipientId::Person(person.id.clone())
                            && n.has_left()
                    })
                };
                let answered = answered.filter(|page| !heard_since(page));
                Expect { step: answered.and_then(|n| n.step_for(alert.id)), ..Expect::default() }
            }
            _ => Expect::default(),
        }
    }

    /// The message went to this person, and its code still counts.
    pub(super) fn is_theirs(&self, n: &Notification, person: &Person) -> bool {
        n.recipient.who == RecipientId::Person(person.id.clone())
            && self.decision.now.duration_since(n.created_at) <= CODE_LIVES
    }

    /// What a contact writes is for a person to read.
    fn of_contact(&mut self, wish: Wish) -> Reply {
        let Some(contact) = self.contact().cloned() else {
            return self.kept(Became::Ignored, None, UNKNOWN.to_owned());
        };
        let who = Some(RecipientId::Contact(contact.id.clone()));
        let locale = self.locale(&contact);
        match wish {
            Wish::Help => {
                let said = words(locale).help.replace("{desk}", &self.decision.desk.name);
                return self.answer(who, Became::Answered, None, said);
            }
            Wish::OptIn => {
                let said = match self.has_opted_out() {
                    true => {
                        "a mail that answers no message to its sender proves nothing: they stay opted out"
                    }
                    false => "they get our messages already",
                };
                return self.kept(Became::Ignored, who, said.into());
            }
            _ => {}
        }
        let key = wrote_task(&contact.id);
        let quoted = sms::clip(self.inbound.text.printable().as_str(), 120);
        let task = match self.view.tasks.iter().find(|task| task.key.raw() == key) {
            Some(open) => {
                let note = format!("{} wrote: {quoted}", contact.name.printable());
                let mut change = Change::task(self.decision.now, self.actor(), What::Noted, note, open);
                change.object = Object::Nothing;
                self.decision.changes.push(change);
                open.id
            }
            None => {
                let nobody = PartnerRef {
                    id: contact.partner_id.clone().unwrap_or_default(),
                    name: contact.partner_id.clone().unwrap_or_default(),
                    ..PartnerRef::default()
                };
                let partner = self.view.partner.clone().unwrap_or(nobody);
                let Some((audience, duty)) = ruling(self.decision.desk, Work::Posts, None) else {
                    return self.kept(Became::Ignored, who, "no team answers for what partners write".into());
                };
                let (told, _) =
                    self.decision.desk.people_behind(&audience.targets, &partner, self.decision.now);
                let dues = self.decision.dues(&duty);
                let draft = Draft {
                    kind: TaskKind::Answer,
                    key,
                    title: format!(
                        "{} wrote by {}: {quoted}",
                        contact.name.printable(),
                        medium_word(self.inbound.medium)
                    ),
                    partner: &partner,
                    about: contact.id.clone(),
                    alert: None,
                };
                self.decision.open_task(&mut View::default(), draft, &duty, dues, &told).id
            }
        };
        let mut kept = self.kept(Became::Task, who, format!("{quoted} ({task})"));
        kept.task = Some(task);
        kept
    }

    pub(super) fn actor(&self) -> Actor {
        Actor::Channel(self.inbound.channel.clone())
    }

    /// Whom the sender is, a person of the desk before a contact.
    pub(super) fn who(&self) -> Option<RecipientId> {
        let contact = || self.contact().map(|contact| RecipientId::Contact(contact.id.clone()));
        self.people.first().map(|person| RecipientId::Person(person.id.clone())).or_else(contact)
    }

    /// What whoever it is about is called, else the address.
    pub(super) fn name(&self) -> String {
        match (self.people.first(), self.contact()) {
            (Some(person), _) => person.name.clone(),
            (None, Some(contact)) => contact.name.printable().into_string(),
            (None, None) => crate::core::text::sanitise(self.address()).into_owned(),
        }
    }

    /// An active contact before one who has left.
    pub(super) fn contact(&self) -> Option<&Contact> {
        let active = self.view.contacts.iter().find(|contact| contact.state == ContactState::Active);
        active.or(self.view.contacts.first())
    }
}
