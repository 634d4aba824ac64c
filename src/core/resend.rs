//! Messages sent again by hand: as they were, another way, or to somebody else.
//!
//! What would leave is decided once, by [`decide`]: shown before it goes, the changes are thrown away; done,
//! they are kept. What an opt-out, a dead address or the wall between desk and partners forbids is left out
//! and says so, and what is not urgent leaves after [`UNDO`], so that it can be taken back.

use crate::core::alert::{Alert, AlertState};
use crate::core::apply::Asker;
use crate::core::change::{Actor, Change, Object, What};
use crate::core::command::{Refusal, RefusalCode};
use crate::core::contact::{Contact, ContactState, Medium};
use crate::core::delivery::Down;
use crate::core::desk::{Desk, Told};
use crate::core::escalation::{About, Decision, medium_word};
use crate::core::flow::reader::Reader;
use crate::core::id::{AlertId, NotificationId};
use crate::core::notification::{
    Again, Content, Hold, Notification, NotificationState, Purpose, Reason, Recipient, RecipientId, SentAgain,
};
use crate::core::person::{Person, PersonId};
use crate::core::reach::{NoWay, Reach, Way};
use crate::core::settle;
use crate::core::sms;
pub use crate::core::status_update::UNDO;
use crate::core::text::{Untrusted, sanitise};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// So many things at most are sent again together.
pub const TOGETHER: usize = 200;

/// What is to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Its latest word to each person who is responsible now.
    Alert(AlertId),
    Message(NotificationId),
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Target::Alert(id) => id.fmt(f),
            Target::Message(id) => id.fmt(f),
        }
    }
}

/// What somebody asks to be sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub what: Vec<Target>,
    /// Somebody else: a person of the desk, or a contact of the same partner.
    #[serde(default)]
    pub to: Option<RecipientId>,
    /// `sms`, `email`, or a channel by its name.
    #[serde(default)]
    pub via: Option<String>,
}

/// What a decision to send again works with.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub alerts: BTreeMap<AlertId, Alert>,
    pub messages: BTreeMap<NotificationId, Notification>,
    /// What was last sent again by hand about each of the alerts.
    pub latest: BTreeMap<AlertId, Notification>,
    /// Of contacts that something would go to.
    pub reach: BTreeMap<Untrusted, Reach>,
    /// The channels whose provider is down.
    pub down: Down,
}

/// What leaves when it is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub goes: Vec<Going>,
    pub left_out: Vec<LeftOut>,
    /// What each of the things asked for was last sent again as, as far as it was.
    pub seen: Vec<Seen>,
}

/// One message that would leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Going {
    pub of: Target,
    pub to: Recipient,
    pub medium: Medium,
    /// The channel that carries it, as things are now.
    pub channel: String,
    /// How many SMS it takes; 1 for mail.
    pub parts: u32,
    /// When it leaves; what is not urgent can be taken back until then.
    pub at: Option<Timestamp>,
    /// Why it leaves only later.
    pub waits: Option<Untrusted>,
    /// It may have got through already, so it goes out marked as a possible second copy.
    pub marked: bool,
    pub undoable: bool,
}

/// Somebody who gets nothing, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    pub of: Target,
    pub who: Option<Untrusted>,
    pub because: Untrusted,
    pub code: RefusalCode,
}

/// What a thing was last sent again as, when somebody looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub of: Target,
    pub last: Option<NotificationId>,
}

impl Plan {
    /// `3 people, 2 SMS in 3 parts, 1 email, none suppressed`.
    pub fn sentence(&self) -> String {
        let who: BTreeSet<&RecipientId> = self.goes.iter().map(|going| &going.to.who).collect();
        let count = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        let mut said = vec![count(who.len(), "person", "people")];
        let texts = self.goes.iter().filter(|going| going.medium == Medium::Sms);
        let (texts, parts) = texts.fold((0, 0), |(n, parts), going| (n + 1, parts + going.parts as usize));
        match (texts, parts) {
            (0, _) => {}
            (n, parts) if n == parts => said.push(format!("{n} SMS")),
            (n, parts) => said.push(format!("{n} SMS in {parts} parts")),
        }
        let mails = self.goes.len() - texts;
        if mails > 0 {
            said.push(count(mails, "email", "emails"));
        }
        said.push(match self.left_out.len() {
            0 => "none suppressed".to_owned(),
            n => format!("{n} left out"),
        });
        let later = self.goes.iter().filter(|going| going.waits.is_some()).count();
        if later > 0 {
            said.push(format!("{later} later"));
        }
        said.join(", ")
    }

    /// `A.Lopez (N45): opted out of sms`.
    pub fn reasons(&self) -> Vec<String> {
        let said = |out: &LeftOut| match &out.who {
            Some(who) => format!("{} ({}): {}", who.printable(), out.of, out.because.printable()),
            None => format!("{}: {}", out.of, out.because.printable()),
        };
        self.left_out.iter().map(said).collect()
    }

    /// Something of it can be taken back for a while.
    pub fn can_be_undone(&self) -> bool {
        self.goes.iter().any(|going| going.undoable)
    }
}

/// Decides what leaves, and queues it in the decision.
///
/// # Errors
/// Nothing is asked for, a person or channel is unknown, or nothing at all can leave.
pub fn decide(
    decision: &mut Decision<'_>,
    asker: &Asker,
    known: &Known,
    asked: &Asked,
) -> Result<Plan, Refusal> {
    let refuse = |code, said: String| Refusal { code, said: said.into(), by: None };
    if asked.what.is_empty() || asked.what.len() > TOGETHER {
        let said = format!("Between 1 and {TOGETHER} messages or alerts can be sent again together.");
        return Err(refuse(RefusalCode::Invalid, said));
    }
    let over = Over::parse(decision.desk, asked.via.as_deref())?;
    if let Some(RecipientId::Person(id)) = &asked.to {
        let desk = decision.desk;
        if desk.person(id).is_none() {
            let people: Vec<_> = desk.people.keys().map(|id| id.0.as_str()).collect();
            let said = format!("There is no person {}; there are {}.", sanitise(&id.0), people.join(", "));
            return Err(refuse(RefusalCode::NotFound, said));
        }
    }
    let mut at = Resending { decision, asker, known, asked, over, plan: Plan::default() };
    let mut done = BTreeSet::new();
    for target in asked.what.iter().filter(|target| done.insert(**target)) {
        at.target(*target);
    }
    let plan = at.plan;
    match (plan.goes.is_empty(), plan.left_out.first()) {
        (true, Some(first)) => {
            let code = first.code;
            Err(refuse(code, format!("Nothing is sent. {}.", plan.reasons().join("; "))))
        }
        _ => Ok(plan),
    }
}

/// Refuses what somebody else has sent again since the asker looked.
pub fn as_seen(desk: &Desk, known: &Known, plan: &Plan, seen: &[Seen]) -> Result<(), Refusal> {
    for before in seen {
        let now = plan.seen.iter().find(|now| now.of == before.of && now.last != before.last);
        let Some(id) = now.and_then(|now| now.last) else { continue };
        let copies = known.latest.values().chain(known.messages.values());
        let by = copies.clone().find(|n| n.id == id).and_then(|n| n.again.by.clone());
        let last = || copies.clone().find_map(|n| n.again.last.clone().filter(|last| last.id == id));
        let by = by.or_else(|| last().map(|last| last.by));
        let who = by.as_ref().map_or_else(|| "Somebody".to_owned(), |by| desk.name_of(by));
        let said = format!("{who} was first: {} went out again as {id} meanwhile; look again.", before.of);
        return Err(Refusal { code: RefusalCode::Raced, said: said.into(), by });
    }
    Ok(())
}

/// Takes back what was sent again and has not left; `of` are the copies.
///
/// # Errors
/// Everything has left already, or nothing was sent again.
pub fn unsend(decision: &mut Decision<'_>, asker: &Asker, of: Vec<Notification>) -> Result<String, Refusal> {
    let (now, actor) = (decision.now, Actor::Person { id: asker.id.clone(), login: asker.login.clone() });
    let (mut back, mut gone) = (Vec::new(), Vec::new());
    for mut n in of {
        let waits = matches!(n.state, NotificationState::Queued | NotificationState::Held)
            && n.attempts.is_empty()
            && n.again.by.is_some();
        if !waits {
            gone.push(n.id.to_string());
            continue;
        }
        (n.state, n.due_at, n.hold, n.updated_at) = (NotificationState::Cancelled, None, None, now);
        n.reason.outcome = Some(format!("{} took it back", asker.name).into());
        let who = n.recipient.name.printable();
        let summary = format!("{} took back what was to go to {who} again.", asker.name);
        let what = What::NotificationCancelled;
        decision.changes.push(Change::notification(now, actor.clone(), what, summary, &n));
        back.push(n.id.to_string());
    }
    let refuse = |said: String| Refusal { code: RefusalCode::WrongState, said: said.into(), by: None };
    match (back.is_empty(), gone.is_empty()) {
        (true, true) => Err(refuse("Nothing was sent again that could be taken back.".to_owned())),
        (true, false) => Err(refuse(format!("{} left already, or does not wait.", gone.join(", ")))),
        (false, true) => Ok(format!("{} taken back; nothing leaves.", back.join(", "))),
        (false, false) => Ok(format!("{} taken back; {} left already.", back.join(", "), gone.join(", "))),
    }
}

/// The way that was asked for.
struct Over {
    /// None: the way of before.
    media: Option<Vec<Medium>>,
    channel: Option<String>,
}

impl Over {
    fn parse(desk: &Desk, via: Option<&str>) -> Result<Self, Refusal> {
        Ok(match via {
            None => Over { media: None, channel: None },
            Some("sms") => Over { media: Some(vec![Medium::Sms]), channel: None },
            Some("email") => Over { media: Some(vec![Medium::Email]), channel: None },
            Some(name) => match desk.carrier_named(name) {
                Some(carrier) => {
                    Over { media: Some(carrier.carries.clone()), channel: Some(carrier.name.clone()) }
                }
                None => {
                    let known: Vec<_> = desk.carriers.iter().map(|c| c.name.as_str()).collect();
                    let name = sanitise(name);
                    let said =
                        format!("There is no channel {name}; there are sms, email, {}.", known.join(", "));
                    return Err(Refusal { code: RefusalCode::Invalid, said: said.into(), by: None });
                }
            },
        })
    }

    /// The medium for something that went over `like` before.
    fn medium(&self, like: Medium) -> Medium {
        match &self.media {
            Some(media) if !media.contains(&like) => media.first().copied().unwrap_or(like),
            _ => like,
        }
    }
}

struct Resending<'a, 'd> {
    decision: &'a mut Decision<'d>,
    asker: &'a Asker,
    known: &'a Known,
    asked: &'a Asked,
    over: Over,
    plan: Plan,
}

/// Why somebody gets nothing.
type Not = (RefusalCode, String);

impl Resending<'_, '_> {
    fn target(&mut self, target: Target) {
        match target {
            Target::Alert(id) => match self.known.alerts.get(&id) {
                None => {
                    self.leave_out(target, None, (RefusalCode::NotFound, "there is no such alert".into()))
                }
                Some(alert) => {
                    let last = self.known.latest.get(&id).map(|n| n.id);
                    self.plan.seen.push(Seen { of: target, last });
                    self.alert(target, &alert.clone());
                }
            },
            Target::Message(id) => match self.known.messages.get(&id) {
                None => {
                    self.leave_out(target, None, (RefusalCode::NotFound, "there is no such message".into()));
                }
                Some(n) => {
                    let last = n.again.last.as_ref().map(|last| last.id);
                    self.plan.seen.push(Seen { of: target, last });
                    self.message(target, &n.clone());
                }
            },
        }
    }

    fn alert(&mut self, target: Target, alert: &Alert) {
        if alert.state == AlertState::Resolved {
            return self.leave_out(target, None, (RefusalCode::WrongState, "it is closed already".into()));
        }
        let told = match &self.asked.to {
            Some(RecipientId::Person(id)) => vec![Told { person: id.clone(), via: self.by_hand() }],
            Some(_) => {
                let said = "what the desk says of an alert is not written for partners; send one of their own \
                            messages again";
                return self.leave_out(target, None, (RefusalCode::NotAllowed, said.into()));
            }
            None => {
                let taken = alert.step.clamp(1, alert.policy.steps.len().max(1) as u32) as usize;
                let targets: Vec<_> =
                    alert.policy.steps.iter().take(taken).flat_map(|s| s.notify.clone()).collect();
                self.decision.desk.people_behind(&targets, &alert.partner, self.decision.now).0
            }
        };
        if told.is_empty() {
            let said = "nobody is responsible for it now; name a person with --to";
            return self.leave_out(target, None, (RefusalCode::WrongState, said.into()));
        }
        for one in told {
            let Some(person) = self.decision.desk.person(&one.person).cloned() else { continue };
            let media = self.over.media.clone().unwrap_or_else(|| Medium::ALL.to_vec());
            let media: Vec<Medium> =
                media.into_iter().filter(|m| self.reaches(&person, *m).is_ok()).collect();
            if media.is_empty() {
                let medium = self.over.medium(Medium::Sms);
                let why = self.reaches(&person, medium).err().unwrap_or_else(|| "no way to them".to_owned());
                self.leave_out(target, Some(&person.name), (RefusalCode::Invalid, why));
                continue;
            }
            let next = self.decision.next_after(alert).filter(|_| alert.state == AlertState::Open);
            for (i, medium) in media.into_iter().enumerate() {
                let content = self.decision.content(alert, &person, medium, next.as_ref(), &one.via);
                let purpose = if i == 0 && alert.is_paging() { Purpose::Page } else { Purpose::Detail };
                let via = format!("{}, {}", self.by_hand(), one.via);
                let reason = Reason {
                    rule: alert.rule.clone(),
                    policy: Some(alert.policy.name.clone()),
                    step: None,
                    via: via.into(),
                    outcome: None,
                };
                let about = crate::core::escalation::about(alert);
                let who = RecipientId::Person(person.id.clone());
                let recipient = Recipient { who, name: person.name.as_str().into() };
                self.queue(target, about, recipient, medium, purpose, content, reason, |_| {});
            }
        }
    }

    fn message(&mut self, target: Target, n: &Notification) {
        let to = self.asked.to.clone().unwrap_or_else(|| n.recipient.who.clone());
        // Of what is in doubt nobody knows whether a copy would be the second one: it goes on itself, marked.
        if n.state == NotificationState::InDoubt && to == n.recipient.who && self.asked.via.is_none() {
            return self.out_of_doubt(target, n);
        }
        let done = match &to {
            RecipientId::Person(id) => self.by_person(target, n, id),
            RecipientId::Contact(id) => self.by_contact(target, n, id),
            RecipientId::Webhook(_) if to == n.recipient.who && self.asked.via.is_none() => {
                let (purpose, recipient) = (n.purpose, n.recipient.clone());
                let channel = n.channel.clone();
                self.copy(target, n, recipient, n.medium, purpose, n.content.clone(), |copy| {
                    copy.channel = channel;
                });
                Ok(())
            }
            RecipientId::Webhook(_) => {
                Err((RefusalCode::Invalid, "a webhook gets only what was written for it, its own way".into()))
            }
        };
        if let Err(why) = done {
            let name = match &to {
                RecipientId::Person(id) => self.decision.desk.name_of(id),
                RecipientId::Contact(id) => self.contact(id).map_or_else(
                    || id.printable().into_string(),
                    |(_, contact)| contact.name.printable().into_string(),
                ),
                RecipientId::Webhook(name) => name.clone(),
            };
            self.leave_out(target, Some(&name), why);
        }
    }

    fn out_of_doubt(&mut self, target: Target, n: &Notification) {
        if let Some((reach, contact)) = self.recipient_contact(n)
            && let Way::None(NoWay::Unwanted(why) | NoWay::Broken(why)) =
                reach.way(self.decision.desk, contact, n.category, self.decision.now)
        {
            let name = contact.name.printable().into_string();
            return self.leave_out(target, Some(&name), (RefusalCode::NotAllowed, why));
        }
        let mut n = n.clone();
        let actor = self.actor();
        let change = settle::send_again(self.decision, &actor, &self.asker.id, &mut n);
        self.decision.changes.push(change);
        self.go(target, &n, true);
    }

    fn recipient_contact(&self, n: &Notification) -> Option<(&Reach, &Contact)> {
        match &n.recipient.who {
            RecipientId::Contact(id) => self.contact(id),
            _ => None,
        }
    }

    fn by_person(&mut self, target: Target, n: &Notification, id: &PersonId) -> Result<(), Not> {
        let person = self.decision.desk.person(id).cloned();
        let person = person.ok_or((RefusalCode::NotFound, "is no person of the desk any more".to_owned()))?;
        let medium = self.over.medium(n.medium);
        self.reaches(&person, medium).map_err(|why| (RefusalCode::Invalid, why))?;
        let alert = n.alert.and_then(|id| self.known.alerts.get(&id));
        let anothers = n.purpose == Purpose::Page && n.recipient.who != RecipientId::Person(id.clone());
        let content = match (alert, medium == n.medium) {
            // Words for another medium, and the reply code of another person, are made anew; of several
            // alerts, some of which may be over, only the one it is filed under is said again.
            (Some(alert), same) if n.said.is_none() && (!same || n.bundle.is_some() || anothers) => {
                let next = self.decision.next_after(alert).filter(|_| alert.state == AlertState::Open);
                self.decision.content(alert, &person, medium, next.as_ref(), "sent again by hand")
            }
            (_, false) => self.written(n, medium, None).unwrap_or_else(|| n.content.clone()),
            (_, true) => n.content.clone(),
        };
        // Sent again it is still a page, and goes the way of pages when somebody takes the alert.
        let paging = alert.is_some_and(Alert::is_paging);
        let purpose = if n.purpose == Purpose::Page && !paging { Purpose::Detail } else { n.purpose };
        let recipient = Recipient { who: RecipientId::Person(id.clone()), name: person.name.as_str().into() };
        self.copy(target, n, recipient, medium, purpose, content, |_| {});
        Ok(())
    }

    fn by_contact(&mut self, target: Target, n: &Notification, id: &Untrusted) -> Result<(), Not> {
        let Some((reach, contact)) =
            self.contact(id).map(|(reach, contact)| (reach.clone(), contact.clone()))
        else {
            return Err((RefusalCode::NotFound, "is not known here".to_owned()));
        };
        let own = n.recipient.who == RecipientId::Contact(id.clone());
        if !matches!(n.recipient.who, RecipientId::Contact(_)) {
            let said = "it was written for the desk; nothing of it goes to a partner";
            return Err((RefusalCode::NotAllowed, said.to_owned()));
        }
        if contact.state == ContactState::Inactive {
            return Err((RefusalCode::WrongState, "is inactive".to_owned()));
        }
        let elsewhere = match (&contact.partner_id, &n.partner) {
            (Some(theirs), Some(of)) => theirs != of,
            (None, Some(_)) => !own,
            (_, None) => !own,
        };
        if elsewhere {
            let said = "is no contact of the partner that it is about";
            return Err((RefusalCode::NotAllowed, said.to_owned()));
        }
        let (desk, now) = (self.decision.desk, self.decision.now);
        let way = match &self.over.media {
            Some(_) => reach.way_over(desk, &contact, n.category, self.over.medium(n.medium), now),
            None => reach.way(desk, &contact, n.category, now),
        };
        let (medium, until) = match way {
            Way::Send { medium, .. } => (medium, None),
            Way::Wait(until) => {
                let by_day = reach.by_day(desk, &contact, n.category).map(|(medium, _)| medium);
                let chosen = self.over.media.as_ref().map(|_| self.over.medium(n.medium));
                (chosen.or(by_day.ok()).unwrap_or(n.medium), Some(until))
            }
            Way::None(NoWay::Unwanted(why)) => return Err((RefusalCode::NotAllowed, why)),
            Way::None(NoWay::Broken(why)) => return Err((RefusalCode::WrongState, why)),
        };
        let for_other = (!own).then_some(&contact);
        let content = match (medium == n.medium && own, self.written(n, medium, for_other)) {
            (true, _) => n.content.clone(),
            (false, Some(content)) => content,
            (false, None) if medium == n.medium => n.content.clone(),
            (false, None) => {
                let said = format!("it has no words for {}", medium.as_str());
                return Err((RefusalCode::Invalid, said));
            }
        };
        let recipient = Recipient { who: RecipientId::Contact(id.clone()), name: contact.name.clone() };
        let said = n.said.clone().map(|mut said| {
            if !own {
                said.frame.name = contact.name.printable().into_string();
                said.locale = Reader::contact(desk, &contact, reach.partner.as_ref()).locale;
            }
            said
        });
        let over = self.over.media.is_some().then_some(medium);
        self.copy(target, n, recipient, medium, n.purpose, content, |copy| {
            copy.said = said;
            copy.again.over = over;
            if let Some(until) = until {
                (copy.state, copy.hold) = (NotificationState::Held, Some(Hold::QuietHours));
                copy.due_at = Some(until);
                copy.expires_at = Some(until + desk.retry.give_up);
                copy.reason.outcome = Some("it is night where the contact lives".into());
            }
        });
        Ok(())
    }

    /// The same said in another medium or to another contact; `None` where only the words are kept.
    fn written(&self, n: &Notification, medium: Medium, to: Option<&Contact>) -> Option<Content> {
        let said = n.said.as_ref()?;
        let mut frame = said.frame.clone();
        let mut locale = said.locale.clone();
        if let Some(contact) = to {
            frame.name = contact.name.printable().into_string();
            let partner = self.known.reach.get(&contact.id).and_then(|reach| reach.partner.as_ref());
            locale = Reader::contact(self.decision.desk, contact, partner).locale;
        }
        Some(self.decision.desk.templates.render(&said.message, &frame, medium, &locale))
    }

    #[allow(clippy::too_many_arguments)]
    fn copy(
        &mut self,
        target: Target,
        n: &Notification,
        recipient: Recipient,
        medium: Medium,
        purpose: Purpose,
        content: Content,
        amend: impl FnOnce(&mut Notification),
    ) {
        let about = About {
            alert: n.alert,
            event: n.event,
            partner: n.partner.clone(),
            category: n.category,
            urgent: n.urgent,
            thread: n.thread.clone(),
        };
        let reason = Reason { via: self.by_hand().into(), outcome: None, ..n.reason.clone() };
        let id = self.queue(target, about, recipient, medium, purpose, content, reason, amend);
        let (now, by) = (self.decision.now, self.asker.id.clone());
        let mut original = n.clone();
        original.again.last = Some(SentAgain { id, by, at: now });
        let summary = format!("{} sends it again as {id}.", self.asker.name);
        let actor = self.actor();
        let what = What::NotificationResent;
        self.decision.changes.push(Change::notification(now, actor, what, summary, &original));
    }

    #[allow(clippy::too_many_arguments)]
    fn queue(
        &mut self,
        target: Target,
        about: About,
        recipient: Recipient,
        medium: Medium,
        purpose: Purpose,
        content: Content,
        reason: Reason,
        amend: impl FnOnce(&mut Notification),
    ) -> NotificationId {
        let id = NotificationId(self.decision.ids.notification);
        let channel = self.over.channel.clone();
        self.decision.queue_to(about, recipient, medium, purpose, content, reason, channel.as_deref());
        let (now, by) = (self.decision.now, self.asker.id.clone());
        let of = match target {
            Target::Message(of) => Some(of),
            Target::Alert(_) => None,
        };
        self.decision.amend_last(|n| {
            n.again = Again { by: Some(by), of, ..Again::default() };
            if !n.urgent {
                n.due_at = Some(now + UNDO);
            }
            amend(n);
        });
        let actor = self.actor();
        let Some(last) = self.decision.changes.last_mut() else { return id };
        (last.actor, last.what) = (actor, What::NotificationResent);
        if let Object::Notification(n) = &last.object {
            let n = (**n).clone();
            self.go(target, &n, false);
        }
        id
    }

    fn go(&mut self, of: Target, n: &Notification, marked: bool) {
        let parts = match n.medium {
            Medium::Sms => {
                let mark = if marked { crate::core::page::AGAIN } else { "" };
                sms::segments(&format!("{mark}{}", n.content.body.raw())).parts.len() as u32
            }
            Medium::Email => 1,
        };
        let waits = match n.hold {
            Some(_) => n.reason.outcome.clone(),
            None if self.known.down.contains(&n.channel)
                && crate::core::delivery::works(self.decision.desk, &self.known.down, n, None).is_none() =>
            {
                Some(format!("no provider takes {} now", medium_word(n.medium)).into())
            }
            None => None,
        };
        self.plan.goes.push(Going {
            of,
            to: n.recipient.clone(),
            medium: n.medium,
            channel: n.channel.clone(),
            parts,
            at: n.due_at,
            waits,
            marked,
            undoable: !marked && n.due_at.is_some_and(|due| due > self.decision.now),
        });
    }

    fn leave_out(&mut self, of: Target, who: Option<&str>, (code, because): Not) {
        let who = who.map(Into::into);
        self.plan.left_out.push(LeftOut { of, who, because: because.into(), code });
    }

    fn contact(&self, id: &Untrusted) -> Option<(&Reach, &Contact)> {
        let reach = self.known.reach.get(id)?;
        Some((reach, reach.contact.as_ref()?))
    }

    /// Why a person is not reached over this medium.
    fn reaches(&self, person: &Person, medium: Medium) -> Result<(), String> {
        let desk = self.decision.desk;
        match medium {
            _ if person.opted_out.contains(&medium) => {
                Err(format!("opted out of {}; only they can end that, with START", medium.as_str()))
            }
            Medium::Sms if person.address(medium).is_none() => Err("has no phone number".to_owned()),
            Medium::Email if person.address(medium).is_none() => Err("has no mailbox".to_owned()),
            _ if self.over.channel.is_none() && desk.carrier(medium).is_none() => {
                Err(format!("no configured channel carries {}", medium.as_str()))
            }
            _ => Ok(()),
        }
    }

    fn actor(&self) -> Actor {
        Actor::Person { id: self.asker.id.clone(), login: self.asker.login.clone() }
    }

    fn by_hand(&self) -> String {
        format!("sent again by {}", self.asker.name)
    }
}

#[cfg(test)]
mod tests;
