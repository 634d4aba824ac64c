//! A reply is taken: whose it is, which message it means, and what follows, all in one decision.

use super::read::{self, Said, Wish};
use super::{Became, CODE_LIVES, Code, Inbound, Link, Reply, complaint};
use crate::core::alert::{Alert, AlertState};
use crate::core::apply::{self, Asker, CommandView};
use crate::core::bundle;
use crate::core::change::{Actor, Change, Object, What};
use crate::core::command::{Action, Command, Expect, Refusal};
use crate::core::consent::{self, Choice, Means, Whose, Word};
use crate::core::contact::{Category, Contact, ContactState, Medium};
use crate::core::decide::View;
use crate::core::desk::Desk;
use crate::core::duty::Work;
use crate::core::escalation::{About, Decision, medium_word};
use crate::core::flow::audience::ruling;
use crate::core::flow::tasks::Draft;
use crate::core::handover::Loaded;
use crate::core::id::{AlertId, Ids, NotificationId};
use crate::core::notification::{Content, Notification, Purpose, Reason, Recipient, RecipientId};
use crate::core::page::plain;
use crate::core::partner::PartnerRef;
use crate::core::person::{Person, PersonId};
use crate::core::sms;
use crate::core::suppression::{Suppression, SuppressionCause, SuppressionState, address_key};
use crate::core::sync::contact_change;
use crate::core::task::{Task, TaskKind, TaskState};
use crate::core::text::Untrusted;
use jiff::Timestamp;
use std::collections::BTreeSet;

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
    /// Contacts with the sender's address.
    pub contacts: Vec<Contact>,
    /// The partner of the first of them.
    pub partner: Option<PartnerRef>,
    pub suppression: Option<Suppression>,
    /// The open tasks on what this sender said, by key.
    pub tasks: Vec<Task>,
    /// How many answers this address got within the last hour.
    pub answered_lately: u64,
}

/// An alert with its messages.
#[derive(Clone, Debug)]
pub struct Paged {
    pub alert: Alert,
    pub notifications: Vec<Notification>,
}

/// An address that got more answers than this within an hour is a machine's, or somebody playing.
const ANSWERS_AN_HOUR: u64 = 12;
/// Of a reply that is kept.
const TEXT_KEPT: usize = 2000;

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

pub fn person_fix_task(person: &PersonId, medium: Medium) -> String {
    format!("fix\u{1f}person\u{1f}{person}\u{1f}{}", medium.as_str())
}

/// The keys of the tasks that a reply of this sender may touch.
pub fn task_keys(desk: &Desk, inbound: &Inbound, contacts: &[Contact]) -> Vec<String> {
    let people = people_at(desk, inbound.medium, &inbound.from);
    let fixes = people.into_iter().map(|person| person_fix_task(&person.id, inbound.medium));
    let wrote = contacts.iter().map(|contact| wrote_task(&contact.id));
    fixes.chain(wrote).chain([complaint::task_key(&inbound.from)]).collect()
}

/// Decides what a reply does. Every reply is kept, also one that does nothing.
pub fn take(desk: &Desk, view: ReplyView, inbound: &Inbound, ids: Ids, now: Timestamp) -> (Vec<Change>, Ids) {
    let said = read::read(inbound.text.raw());
    let people = people_at(desk, inbound.medium, &inbound.from);
    let mut taking = Taking { inbound, view, decision: Decision::new(desk, now, ids), said, people };
    let kept = taking.take();
    finish(taking, kept)
}

/// The changes of a decision, after the reply that they follow from.
pub(super) fn finish(mut taking: Taking<'_>, kept: Reply) -> (Vec<Change>, Ids) {
    let (inbound, desk, now) = (taking.inbound, taking.decision.desk, taking.decision.now);
    bundle::gather(&mut taking.decision, None);
    let name = match &kept.who {
        Some(RecipientId::Person(id)) => desk.name_of(id),
        Some(RecipientId::Contact(_)) => {
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
    fn take(&mut self) -> Reply {
        if let Some(why) = &self.inbound.automatic {
            let said = format!("no human wrote it ({why}), so nothing follows");
            return self.kept(Became::Ignored, None, said);
        }
        let proven = self.is_proven();
        match self.said.wish.clone() {
            // Anybody can write any address into a mail: it may silence no page.
            Wish::OptOut if proven || self.people.is_empty() => self.opt_out(),
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
                        RecipientId::Contact(id) => {
                            self.view.contacts.iter().any(|contact| contact.id == *id)
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

    /// The alert that is meant: the one whose message is named, else the only one there is to act on.
    fn meant(&self, person: &Person, asks: &Asks) -> Result<Paged, String> {
        let names_one = self.said.code.is_some() || self.inbound.answers.is_some();
        if names_one {
            let unknown = || match self.said.code {
                Some(code) => format!("No message to you has the code {code}. Answer ? for yours."),
                None => "That mail is not one of yours, or too old.".to_owned(),
            };
            let (named, paged) = self.view.named.as_ref().ok_or_else(unknown)?;
            return match paged {
                Some(paged) if self.is_theirs(named, person) => Ok(paged.clone()),
                _ => Err(unknown()),
            };
        }
        let open = |paged: &&Paged| paged.alert.state == AlertState::Open;
        let mine = |paged: &&Paged| paged.alert.held_by() == Some(&person.id);
        let told = &self.view.told;
        let groups: Vec<Vec<&Paged>> = match asks {
            Asks::Take(_) => vec![
                told.iter().filter(open).collect(),
                told.iter().filter(mine).collect(),
                told.iter().collect(),
            ],
            // What ends or quiets an alert is never guessed, and never somebody else's.
            Asks::End(_) => vec![told.iter().filter(|paged| open(paged) || mine(paged)).collect()],
            Asks::How => vec![told.iter().collect()],
        };
        match groups.iter().find(|group| !group.is_empty()).map(Vec::as_slice) {
            None => Err("Nothing that you were told of is open.".into()),
            Some([only]) => match self.answers_another(person, only, asks) {
                Some(refused) => Err(refused),
                None => Ok((*only).clone()),
            },
            Some(several) => Err(self.which(person, several)),
        }
    }

    /// Whoever answers without a code answers what they read last: if that is somebody else's or over by now, they
    /// do not mean another alert instead, which is named with its code.
    fn answers_another(&self, person: &Person, only: &Paged, asks: &Asks) -> Option<String> {
        let (newest, alert) = self.view.newest.as_ref()?;
        let theirs = alert.state == AlertState::Open || alert.held_by() == Some(&person.id);
        if theirs || matches!(asks, Asks::How) || newest.is_about(only.alert.id) {
            return None;
        }
        let stands = match alert.held_by() {
            Some(holder) => format!("{} is {}'s", alert.id, self.decision.desk.name_of(holder)),
            None if alert.state == AlertState::Resolved => format!("{} is closed", alert.id),
            None => format!("{} is asleep", alert.id),
        };
        let verb = match self.said.wish {
            Wish::Snooze(_) => "SNOOZE",
            Wish::Escalate => "ESC",
            Wish::Resolve(_) => "RESOLVE",
            _ => "ACK",
        };
        let code = self.code_of(person, only).map(|code| format!(": {verb} {code}")).unwrap_or_default();
        let title = sms::clip(&plain(&title(&only.alert)), 60);
        Some(format!("{stands}. Did you mean {} {title}? Answer with its code{code}", only.alert.id))
    }

    /// Asks which one is meant, as many as fit.
    fn which(&self, person: &Person, several: &[&Paged]) -> String {
        let codes: BTreeSet<Option<Code>> = several.iter().map(|paged| self.code_of(person, paged)).collect();
        if let (1, Some(Some(code))) = (codes.len(), codes.first()) {
            return format!("{} are open. ACK {code} takes all, ? {code} lists them.", several.len());
        }
        let mut said = format!("Which of {}? Answer with its code:", several.len());
        let room = if self.inbound.medium == Medium::Sms { 160 } else { 2000 };
        for (i, paged) in several.iter().enumerate() {
            let Some(code) = self.code_of(person, paged) else { continue };
            let item = format!(" {code} {};", sms::clip(&plain(&title(&paged.alert)), 30));
            let more = format!(" +{} more.", several.len() - i);
            if sms::length(&said) + sms::length(&item) + sms::length(&more) > room {
                said.push_str(&more);
                return said;
            }
            said.push_str(&item);
        }
        said.truncate(said.trim_end_matches(';').len());
        said.push('.');
        said
    }

    /// The code of the newest text to this person about the alert.
    pub(super) fn code_of(&self, person: &Person, paged: &Paged) -> Option<Code> {
        let to_them = |n: &&Notification| {
            n.recipient.who == RecipientId::Person(person.id.clone()) && !n.leaves_out(paged.alert.id)
        };
        let newest =
            paged.notifications.iter().filter(to_them).max_by_key(|n| (n.purpose == Purpose::Page, n.id))?;
        Some(self.decision.desk.reply_key.code(newest.id))
    }

    fn how(&self, person: &Person, paged: &Paged) -> String {
        let Paged { alert, .. } = paged;
        let desk = self.decision.desk;
        let zone = desk.zone_of(&person.id);
        let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%H:%M").to_string();
        let stands = match (alert.state, alert.held_by()) {
            (AlertState::Resolved, _) => "closed".to_owned(),
            (AlertState::Snoozed, _) => match alert.snoozed_until {
                Some(until) => format!("asleep until {}", clock(until)),
                None => "asleep".to_owned(),
            },
            (_, Some(holder)) => match alert.next_update_by {
                Some(by) => format!("{} has it, news by {}", desk.name_of(holder), clock(by)),
                None => format!("{} has it", desk.name_of(holder)),
            },
            (_, None) => match self.decision.next_after(alert) {
                Some(next) => format!("nobody has it, next {} {}", next.who, clock(next.at)),
                None => "nobody has it".to_owned(),
            },
        };
        let code = self.code_of(person, paged).map(|code| format!(" ACK {code}")).unwrap_or_default();
        let code = if alert.state == AlertState::Open { code } else { String::new() };
        let head = format!("{} {} ", alert.id, alert.severity.short());
        let room = 160usize.saturating_sub(sms::length(&head) + sms::length(&stands) + code.len() + 4);
        let title = sms::clip(&plain(&title(alert)), room.max(20));
        format!("{head}{title}: {stands}.{code}")
    }

    /// What a contact writes is for a person to read.
    fn of_contact(&mut self, wish: Wish) -> Reply {
        let Some(contact) = self.contact().cloned() else {
            let said = "nobody known has this address, so nothing follows".to_owned();
            return self.kept(Became::Ignored, None, said);
        };
        let who = Some(RecipientId::Contact(contact.id.clone()));
        let locale = self.locale(&contact);
        match wish {
            Wish::Help => {
                let said = words(locale).help.replace("{desk}", &self.decision.desk.name);
                return self.answer(who, Became::Answered, None, said);
            }
            Wish::OptIn => return self.kept(Became::Ignored, who, "they get our messages already".into()),
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

    fn opt_out(&mut self) -> Reply {
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
                id: address_key(&self.inbound.from).into(),
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
    }

    /// An entry of the consent ledger for everybody with this address.
    fn record(&mut self, means: Means, choice: Choice) {
        let address = address_key(&self.inbound.from);
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

    fn opt_in(&mut self) -> Reply {
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
            let key = person_fix_task(&person.id, medium);
            if let Some(mut task) = self.view.tasks.iter().find(|task| task.key.raw() == key).cloned() {
                task.state = TaskState::Done;
                task.updated_at = now;
                let change = Change::task(now, self.actor(), What::TaskDone, "They opted in again.", &task);
                self.decision.changes.push(change);
            }
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

    pub(super) fn actor(&self) -> Actor {
        Actor::Channel(self.inbound.channel.clone())
    }

    /// Whom the sender is, a person of the desk before a contact.
    pub(super) fn who(&self) -> Option<RecipientId> {
        let contact = || self.contact().map(|contact| RecipientId::Contact(contact.id.clone()));
        self.people.first().map(|person| RecipientId::Person(person.id.clone())).or_else(contact)
    }

    /// An active contact before one who has left.
    pub(super) fn contact(&self) -> Option<&Contact> {
        let active = self.view.contacts.iter().find(|contact| contact.state == ContactState::Active);
        active.or(self.view.contacts.first())
    }

    fn is_suppressed(&self) -> bool {
        self.view.suppression.as_ref().is_some_and(Suppression::is_opt_out)
    }

    fn has_opted_out(&self) -> bool {
        let medium = self.inbound.medium;
        self.is_suppressed() || self.view.contacts.iter().any(|contact| contact.opted_out.contains(&medium))
    }

    fn locale(&self, contact: &Contact) -> &'static str {
        self.spoken_in(contact.locale.as_ref().map(Untrusted::raw))
    }

    fn locale_of_sender(&self) -> &'static str {
        match (self.people.first(), self.contact()) {
            (Some(person), _) => self.spoken_in(person.locale.as_deref()),
            (None, Some(contact)) => self.locale(contact),
            (None, None) => self.spoken_in(None),
        }
    }

    /// The language of an answer: the wanted one, else the desk's.
    fn spoken_in(&self, wanted: Option<&str>) -> &'static str {
        let wanted = wanted.filter(|wanted| !wanted.trim().is_empty());
        self.decision.desk.labels.locale(wanted.or(Some(self.decision.desk.locale.as_str())))
    }

    fn spoken(&self, text: &str) -> String {
        text.replace("{desk}", &self.decision.desk.name).replace("{medium}", medium_word(self.inbound.medium))
    }

    pub(super) fn kept(&self, state: Became, who: Option<RecipientId>, said: String) -> Reply {
        let text: String = self.inbound.text.raw().chars().take(TEXT_KEPT).collect();
        Reply {
            id: self.inbound.id().into(),
            state,
            channel: self.inbound.channel.clone(),
            medium: self.inbound.medium,
            from: self.inbound.from.as_str().into(),
            who: who.or_else(|| self.who()),
            text: text.into(),
            alert: None,
            task: None,
            answer: None,
            said: said.into(),
            created_at: self.decision.now,
        }
    }

    /// One answer, unless the address said stop or got very many.
    pub(super) fn answer(
        &mut self,
        who: Option<RecipientId>,
        state: Became,
        alert: Option<Alert>,
        said: String,
    ) -> Reply {
        let quiet =
            self.is_suppressed() || (self.view.answered_lately >= ANSWERS_AN_HOUR && state != Became::Acted);
        if quiet {
            let mut kept = self.kept(state, who, said);
            kept.alert = alert.map(|alert| alert.id);
            return kept;
        }
        self.answer_anyway(who, state, alert, said)
    }

    fn answer_anyway(
        &mut self,
        who: Option<RecipientId>,
        state: Became,
        alert: Option<Alert>,
        said: String,
    ) -> Reply {
        let mut kept = self.kept(state, who, said.clone());
        kept.alert = alert.as_ref().map(|alert| alert.id);
        let (Some(who), medium) = (kept.who.clone(), self.inbound.medium) else { return kept };
        if self.decision.desk.carrier(medium).is_none() {
            return kept;
        }
        let name = match &who {
            RecipientId::Person(id) => self.decision.desk.name_of(id).into(),
            RecipientId::Contact(_) | RecipientId::Webhook(_) => {
                self.contact().map(|contact| contact.name.clone()).unwrap_or_default()
            }
        };
        let content = match medium {
            Medium::Sms => {
                let text = sms::clip(&plain(&said), 160);
                Content { body: text.into(), ..Content::default() }
            }
            Medium::Email => Content {
                subject: format!("Re: your answer to {}", self.decision.desk.name).into(),
                body: format!("{said}\n").into(),
                ..Content::default()
            },
        };
        let about = About {
            alert: kept.alert,
            event: None,
            partner: self.contact().and_then(|contact| contact.partner_id.clone()),
            category: Category::Urgent,
            urgent: true,
            thread: self.view.named.as_ref().and_then(|(named, _)| named.thread.clone()),
        };
        let reason = Reason {
            rule: "replies".into(),
            policy: None,
            step: None,
            via: "answers a reply".into(),
            outcome: None,
        };
        kept.answer = Some(NotificationId(self.decision.ids.notification));
        self.decision.queue_to(
            about,
            Recipient { who, name },
            medium,
            Purpose::Notice,
            content,
            reason,
            None,
        );
        // It goes where the reply came from and nowhere else, also to somebody who just opted out.
        let from: Untrusted = self.inbound.from.as_str().into();
        self.decision.amend_last(|n| n.answers = Some(from));
        kept
    }
}

/// What a person's reply asks for.
pub(super) enum Asks {
    /// Takes it, or passes it on.
    Take(Asked),
    /// Closes it, or puts it to sleep.
    End(Asked),
    How,
}

/// The action, for whichever alert is meant.
type Asked = Box<dyn Fn(AlertId) -> Action>;

const HELP: &str = "Answer ACK (or ACK 45 for news in 45 min), ESC, SNOOZE 30, RESOLVE why, or ? - with the code of the page where there are several.";

pub(super) fn title(alert: &Alert) -> String {
    format!("{} {}", alert.partner.name.printable(), alert.title.printable())
}

/// What partners are told, who read no other language than theirs.
struct Words {
    opted_out: &'static str,
    opted_in: &'static str,
    help: &'static str,
}

fn words(locale: &str) -> Words {
    match locale {
        "de" => Words {
            opted_out: "{desk}: Sie bekommen keine {medium} mehr von uns. Mit START bekommen Sie sie wieder.",
            opted_in: "{desk}: Sie bekommen wieder {medium} von uns. Mit STOP endet das.",
            help: "{desk}: Nachrichten zu Ihren Vorgängen. Ihre Antwort liest ein Mensch. Mit STOP bekommen Sie keine mehr.",
        },
        "fr" => Words {
            opted_out: "{desk} : vous ne recevrez plus de {medium} de notre part. Répondez START pour les recevoir à nouveau.",
            opted_in: "{desk} : vous recevez à nouveau nos {medium}. Répondez STOP pour ne plus en recevoir.",
            help: "{desk} : messages sur vos dossiers. Une personne lit votre réponse. Répondez STOP pour ne plus en recevoir.",
        },
        "es" => Words {
            opted_out: "{desk}: no recibirá más {medium} nuestros. Responda START para recibirlos de nuevo.",
            opted_in: "{desk}: vuelve a recibir nuestros {medium}. Responda STOP para no recibir más.",
            help: "{desk}: mensajes sobre sus casos. Una persona lee su respuesta. Responda STOP para no recibir más.",
        },
        _ => Words {
            opted_out: "{desk}: you get no more {medium} from us. Answer START to get them again.",
            opted_in: "{desk}: you get {medium} from us again. Answer STOP to end that.",
            help: "{desk}: messages about your cases. A person reads what you answer. Answer STOP to get no more.",
        },
    }
}
