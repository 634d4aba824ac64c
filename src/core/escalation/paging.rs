//! Who is told by a step, in which words: the messages that a decision queues.

use super::Decision;
use crate::core::alert::{Alert, Target};
use crate::core::change::{Actor, Change, Object, What};
use crate::core::contact::{Category, Medium};
use crate::core::desk::Told;
use crate::core::flow::reader::Reader;
use crate::core::id::NotificationId;
use crate::core::notification::{
    Again, Content, Notification, NotificationState, Purpose, Reason, Recipient, RecipientId,
};
use crate::core::page::{self, Next};
use crate::core::person::{Person, PersonId};
use crate::core::text::Untrusted;
use jiff::tz::TimeZone;

/// What a message is about, apart from its words.
#[derive(Clone, Debug)]
pub struct About {
    pub alert: Option<crate::core::id::AlertId>,
    pub event: Option<crate::core::id::EventId>,
    pub partner: Option<Untrusted>,
    pub category: Category,
    pub urgent: bool,
    /// What the mails of one conversation have in common.
    pub thread: Option<String>,
}

/// What every message that pages is about.
pub fn about(alert: &Alert) -> About {
    About {
        alert: Some(alert.id),
        event: alert.members.last().map(|m| m.event),
        partner: Some(alert.partner.id.clone()),
        category: Category::Urgent,
        urgent: true,
        thread: None,
    }
}

pub fn medium_word(medium: Medium) -> &'static str {
    match medium {
        Medium::Sms => "SMS",
        Medium::Email => "Email",
    }
}

impl Decision<'_> {
    /// Queues the messages that page these people, and returns the names of those who can be reached at all, may
    /// acknowledge and are not away.
    pub fn page(&mut self, alert: &Alert, told: &[Told], step: u32, detail: bool) -> Vec<String> {
        let next = self.next_after(alert);
        let mut reached = Vec::new();
        for one in told {
            let Some(person) = self.desk.person(&one.person) else { continue };
            let media: Vec<_> = Medium::ALL
                .into_iter()
                .filter(|m| person.reachable_by(*m) && self.desk.carrier(*m).is_some())
                .collect();
            let Some(first) = media.first().copied() else {
                let sentence = format!("{} has no working phone or email.", person.name);
                self.alert_change(Actor::Desk, What::AlertNobody, sentence, alert);
                continue;
            };
            for medium in media {
                let purpose = if medium == first { Purpose::Page } else { Purpose::Detail };
                if purpose == Purpose::Detail && !detail {
                    continue;
                }
                let content = self.content(alert, person, medium, next.as_ref(), &one.via);
                self.queue(alert, person, medium, purpose, content, &one.via, Some(step), None);
            }
            let why = match self.desk.is_away(&person.id, self.now) {
                _ if !person.may_act() => "may not acknowledge it",
                true => "is away",
                false => {
                    reached.push(person.name.clone());
                    continue;
                }
            };
            let sentence = format!("{} is told, and {why}.", person.name);
            self.alert_change(Actor::Desk, What::AlertNobody, sentence, alert);
        }
        reached
    }

    /// Queues what other systems get of a step, and returns their names.
    pub(super) fn call_webhooks(&mut self, alert: &Alert, targets: &[Target], step: u32) -> Vec<String> {
        let mut called = Vec::new();
        for target in targets {
            let Target::Webhook(channel) = target else { continue };
            let next = self.next_after(alert);
            let content = self.text(alert, next.as_ref(), &self.desk.time_zone);
            let recipient =
                Recipient { who: RecipientId::Webhook(channel.clone()), name: channel.as_str().into() };
            let reason = Reason {
                rule: alert.rule.clone(),
                policy: Some(alert.policy.name.clone()),
                step: Some(step),
                via: format!("webhook {channel}").into(),
                outcome: None,
            };
            let about = about(alert);
            self.queue_to(about, recipient, Medium::Sms, Purpose::Page, content, reason, Some(channel));
            called.push(format!("webhook {channel}"));
        }
        called
    }

    /// Whether a page to this person was queued since.
    pub(super) fn pages(&self, since: usize, person: &PersonId) -> bool {
        self.changes.iter().skip(since).any(|change| match &change.object {
            Object::Notification(n) => {
                n.purpose == Purpose::Page && n.recipient.who == RecipientId::Person(person.clone())
            }
            _ => false,
        })
    }

    /// What a person reads of an alert.
    pub fn content(
        &self,
        alert: &Alert,
        person: &Person,
        medium: Medium,
        next: Option<&Next>,
        why: &str,
    ) -> Content {
        let reader = Reader::person(self.desk, person);
        match medium {
            Medium::Sms => self.text(alert, next, &reader.zone),
            Medium::Email => page::email(alert, next, why, &reader),
        }
    }

    /// The one line of a page, on the reader's clock.
    fn text(&self, alert: &Alert, next: Option<&Next>, zone: &TimeZone) -> Content {
        // The message that is queued next is the one these words are for.
        let code = self.desk.reply_key.code(NotificationId(self.ids.notification));
        page::sms(alert, next, code, zone, self.now)
    }

    /// Queues one message about an alert, due at once.
    #[allow(clippy::too_many_arguments)]
    pub fn queue(
        &mut self,
        alert: &Alert,
        person: &Person,
        medium: Medium,
        purpose: Purpose,
        content: Content,
        via: &str,
        step: Option<u32>,
        carrier: Option<&str>,
    ) {
        let reason = Reason {
            rule: alert.rule.clone(),
            policy: Some(alert.policy.name.clone()),
            step,
            via: via.into(),
            outcome: None,
        };
        self.queue_message(about(alert), person, medium, purpose, content, reason, carrier);
    }

    /// Queues one message to a person, due at once.
    #[allow(clippy::too_many_arguments)]
    pub fn queue_message(
        &mut self,
        about: About,
        person: &Person,
        medium: Medium,
        purpose: Purpose,
        content: Content,
        reason: Reason,
        carrier: Option<&str>,
    ) {
        let who = RecipientId::Person(person.id.clone());
        let recipient = Recipient { who, name: person.name.as_str().into() };
        self.queue_to(about, recipient, medium, purpose, content, reason, carrier);
    }

    /// Queues one message to anybody, due at once.
    #[allow(clippy::too_many_arguments)]
    pub fn queue_to(
        &mut self,
        about: About,
        recipient: Recipient,
        medium: Medium,
        purpose: Purpose,
        content: Content,
        reason: Reason,
        carrier: Option<&str>,
    ) {
        let id = self.ids.next_notification();
        let address = match &recipient.who {
            RecipientId::Person(id) => self.desk.person(id).and_then(|person| person.address(medium)),
            RecipientId::Contact(_) | RecipientId::Webhook(_) => None,
        };
        let first = || self.desk.route(medium, address.unwrap_or_default()).first().map(|c| c.name.clone());
        let channel = carrier.map(str::to_owned).or_else(first).unwrap_or_default();
        let notification = Notification {
            id,
            state: NotificationState::Queued,
            disputed: false,
            purpose,
            category: about.category,
            urgent: about.urgent,
            alert: about.alert,
            event: about.event,
            partner: about.partner,
            bundle: None,
            recipient,
            medium,
            channel,
            content,
            said: None,
            hold: None,
            stranded: false,
            failed_at: Vec::new(),
            answers: None,
            thread: about.thread,
            reason,
            attempts: Vec::new(),
            evidence: Vec::new(),
            provider_ref: None,
            idempotency_key: format!("{}-{id}", self.desk.instance),
            pinned: carrier.is_some(),
            again: Again::default(),
            proof_by: None,
            due_at: Some(self.now),
            expires_at: Some(self.now + self.desk.retry.give_up),
            config_version: self.desk.version,
            created_at: self.now,
            updated_at: self.now,
        };
        let summary = format!(
            "{} to {} ({})",
            medium_word(medium),
            notification.recipient.name.printable(),
            notification.reason.via.printable()
        );
        self.changes.push(Change::notification(
            self.now,
            Actor::Desk,
            What::NotificationQueued,
            summary,
            &notification,
        ));
    }
}
