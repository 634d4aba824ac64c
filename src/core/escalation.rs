//! What an alert does by itself: its steps, the last resort, promises and snoozes that end.
//!
//! A step that finds nobody is a fact on the timeline, and the next step follows at once. After the
//! last step the last resort repeats until somebody acknowledges.

use crate::core::alert::{Alert, AlertState};
use crate::core::change::{Actor, Change, Object, What};
use crate::core::contact::{Category, Medium};
use crate::core::desk::{Desk, Told};
use crate::core::flow::reader::Reader;
use crate::core::id::{AlertId, Ids, NotificationId};
use crate::core::notification::{
    Content, Notification, NotificationState, Purpose, Reason, Recipient, RecipientId,
};
use crate::core::page::{self, Next};
use crate::core::person::Person;
use crate::core::text::Untrusted;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// What a decision works with: the configuration, the moment, fresh ids, and the changes made so far.
pub struct Decision<'a> {
    pub desk: &'a Desk,
    pub now: Timestamp,
    pub ids: Ids,
    pub changes: Vec<Change>,
}

impl<'a> Decision<'a> {
    pub fn new(desk: &'a Desk, now: Timestamp, ids: Ids) -> Self {
        Self { desk, now, ids, changes: Vec::new() }
    }

    pub fn alert_change(&mut self, actor: Actor, what: What, summary: impl Into<Untrusted>, alert: &Alert) {
        self.changes.push(Change::alert(self.now, actor, what, summary, alert));
    }

    /// Takes every step that is due now.
    pub fn advance(&mut self, alert: &mut Alert) {
        while alert.next_escalation_at.is_some_and(|due| due <= self.now) {
            let before = self.changes.len();
            let (number, step) = (alert.step + 1, alert.next_step().1.clone());
            alert.step = number;
            let (told, nobody) = self.desk.people_behind(&step.notify, &alert.partner, self.now);
            let reached = self.page(alert, &told, number, !alert.in_last_resort());
            let wait = if reached.is_empty() && !alert.in_last_resort() {
                SignedDuration::ZERO
            } else {
                alert.next_step().1.after
            };
            alert.next_escalation_at = Some(self.now + wait.max(minimum_wait(alert)));
            alert.updated_at = self.now;
            let names: Vec<_> = reached.iter().map(|told| self.desk.name_of(&told.person)).collect();
            let (what, sentence) = match (names.is_empty(), alert.in_last_resort()) {
                (true, true) => {
                    (What::AlertNobody, "The last resort reaches nobody; it is tried again.".into())
                }
                (true, false) => {
                    (What::AlertNobody, format!("Step {number} reaches nobody; the next follows at once."))
                }
                (false, true) => (What::AlertLastResort, format!("Last resort: {} told.", names.join(", "))),
                (false, false) => {
                    (What::AlertEscalated, format!("Step {number}: {} told.", names.join(", ")))
                }
            };
            self.alert_fact_at(before, Actor::Desk, what, sentence, alert);
            for why in nobody {
                self.alert_fact_at(
                    before,
                    Actor::Desk,
                    What::AlertNobody,
                    format!("Step {number}: {why}."),
                    alert,
                );
            }
            self.restate(before, alert);
        }
    }

    /// Every fact since then carries the alert as it is after all of them: whichever of them is
    /// written last must not bring back a due time that was already acted on.
    fn restate(&mut self, since: usize, alert: &Alert) {
        for change in self.changes.iter_mut().skip(since) {
            if let Object::Alert(stated) = &mut change.object
                && stated.id == alert.id
            {
                **stated = alert.clone();
            }
        }
    }

    /// The messages about an alert that these decisions have queued, as they are after them.
    pub fn queued_for(&self, alert: AlertId) -> Vec<Notification> {
        let mut queued: BTreeMap<NotificationId, Notification> = BTreeMap::new();
        for change in &self.changes {
            if let Object::Notification(n) = &change.object
                && n.alert == Some(alert)
            {
                queued.insert(n.id, (**n).clone());
            }
        }
        queued.into_values().collect()
    }

    /// Puts a fact before the changes that followed from it, with the alert as it is after them.
    fn alert_fact_at(
        &mut self,
        index: usize,
        actor: Actor,
        what: What,
        summary: impl Into<Untrusted>,
        alert: &Alert,
    ) {
        self.changes.insert(index, Change::alert(self.now, actor, what, summary, alert));
    }

    /// A fact that starts the policy anew: the page it brings follows the fact on the timeline.
    pub fn start_policy_because(
        &mut self,
        alert: &mut Alert,
        actor: Actor,
        what: What,
        summary: impl Into<Untrusted>,
    ) {
        let before = self.changes.len();
        alert.updated_at = self.now;
        alert.step = 0;
        alert.next_escalation_at = Some(self.now + alert.next_step().1.after);
        self.advance(alert);
        self.alert_fact_at(before, actor, what, summary, alert);
        self.restate(before, alert);
    }

    /// Queues the messages that page these people, and returns who can be reached at all.
    pub fn page(&mut self, alert: &Alert, told: &[Told], step: u32, detail: bool) -> Vec<Told> {
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
            reached.push(one.clone());
        }
        reached
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
            Medium::Sms => {
                // The message that is queued next is the one these words are for.
                let code = self.desk.reply_key.code(NotificationId(self.ids.notification));
                page::sms(alert, next, code, &reader.zone, self.now)
            }
            Medium::Email => page::email(alert, next, why, &reader),
        }
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
        let about = About {
            alert: Some(alert.id),
            event: alert.members.last().map(|m| m.event),
            partner: Some(alert.partner.id.clone()),
            category: Category::Urgent,
            urgent: true,
            thread: None,
        };
        self.queue_message(about, person, medium, purpose, content, reason, carrier);
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
        let channel = carrier
            .map(str::to_owned)
            .or_else(|| self.desk.carrier(medium).map(|carrier| carrier.name.clone()))
            .unwrap_or_default();
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
            recipient,
            medium,
            channel,
            content,
            said: None,
            hold: None,
            failed_at: Vec::new(),
            answers: None,
            thread: about.thread,
            reason,
            attempts: Vec::new(),
            evidence: Vec::new(),
            provider_ref: None,
            idempotency_key: format!("{}-{id}", self.desk.instance),
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

    /// Changes the message queued last before anybody has seen it.
    pub fn amend_last(&mut self, amend: impl FnOnce(&mut Notification)) {
        if let Some(Change { object: Object::Notification(n), .. }) = self.changes.last_mut() {
            amend(n);
        }
    }

    /// Who is told next if nobody acts, for the text of a page.
    pub fn next_after(&self, alert: &Alert) -> Option<Next> {
        let step = alert.next_step().1;
        // Inside a step the due time is past and the wait begins now; otherwise it runs already.
        let runs = alert.next_escalation_at.filter(|at| *at > self.now);
        let at = runs.unwrap_or(self.now + step.after.max(minimum_wait(alert)));
        let (told, _) = self.desk.people_behind(&step.notify, &alert.partner, at);
        let first = told.first()?;
        let name = self.desk.person(&first.person).map_or_else(|| first.person.0.clone(), Person::short_name);
        let who = if told.len() > 1 { format!("{name} +{}", told.len() - 1) } else { name };
        Some(Next { who, at })
    }

    /// What is due of an alert at this moment: the next step, a promise missed, a snooze that ended.
    pub fn due(&mut self, alert: &mut Alert) {
        if alert.next_due().is_none_or(|due| due > self.now) {
            return;
        }
        match alert.state {
            AlertState::Open => self.advance(alert),
            AlertState::Acknowledged => self.promise_missed(alert),
            AlertState::Snoozed => {
                alert.state = AlertState::Open;
                alert.snoozed_until = None;
                alert.updated_at = self.now;
                if alert.cleared_at.is_some() {
                    self.alert_change(
                        Actor::Desk,
                        What::AlertWoke,
                        "The snooze is over; it was cleared meanwhile.",
                        alert,
                    );
                } else {
                    self.start_policy_because(alert, Actor::Desk, What::AlertWoke, "The snooze is over.");
                }
            }
            AlertState::Resolved => {}
        }
    }

    fn promise_missed(&mut self, alert: &mut Alert) {
        alert.next_update_by = None;
        alert.updated_at = self.now;
        if alert.cleared_at.is_some() {
            let sentence = "It is cleared, so the promised news is no longer waited for.";
            return self.alert_change(Actor::Desk, What::AlertCleared, sentence, alert);
        }
        alert.state = AlertState::Open;
        let holder = alert.holder.clone();
        let name = holder.as_ref().map_or_else(|| "Nobody".to_owned(), |id| self.desk.name_of(id));
        let sentence = format!("{name} promised news and gave none; paging starts again.");
        let before = self.changes.len();
        self.start_policy_because(alert, Actor::Desk, What::AlertPromiseMissed, sentence);
        let paged_again = |changes: &[Change]| {
            changes.iter().any(|change| match (&change.object, &holder) {
                (Object::Notification(n), Some(holder)) => {
                    n.purpose == Purpose::Page && n.recipient.who == RecipientId::Person(holder.clone())
                }
                _ => false,
            })
        };
        if !paged_again(&self.changes[before..])
            && let Some(person) = holder.clone()
        {
            let via = "promised news by now".to_owned();
            self.page(alert, &[Told { person, via }], alert.step, false);
        }
    }
}

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

pub fn medium_word(medium: Medium) -> &'static str {
    match medium {
        Medium::Sms => "SMS",
        Medium::Email => "Email",
    }
}

/// A last resort that reaches nobody is tried again after this at the earliest, so that a policy
/// with no wait cannot spin.
fn minimum_wait(alert: &Alert) -> SignedDuration {
    if alert.in_last_resort() { SignedDuration::from_secs(60) } else { SignedDuration::ZERO }
}

#[cfg(test)]
mod tests {
    use crate::core::alert::AlertState;
    use crate::core::scenario::{Scene, tells};
    use jiff::SignedDuration;

    #[test]
    fn a_step_that_reaches_nobody_is_followed_at_once_and_its_last_resort_rests() {
        let mut scene =
            Scene::new(vec![tells(&["nils"], 0), tells(&["nils", "maria"], 6)], tells(&["nils"], 10));
        scene.raise("x1");
        assert_eq!(scene.alert().step, 2, "step 1 reaches nobody");
        assert_eq!(scene.alert().next_escalation_at, Some(scene.now + SignedDuration::from_mins(10)));
        scene.pass(10);
        scene.due();
        assert_eq!((scene.alert().step, scene.notifications.len()), (3, 1));
        // What is stored must lie ahead, or the last resort is tried again without end.
        assert!(scene.alert().next_escalation_at > Some(scene.now));
    }

    #[test]
    fn the_last_resort_repeats_until_somebody_acknowledges() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        for _ in 0..6 {
            scene.pass(10);
            scene.due();
        }
        assert_eq!((scene.alert().step, scene.notifications.len()), (7, 1 + 1 + 5 * 2));
        scene.ack("jonas").unwrap();
        scene.pass(20);
        scene.due();
        assert_eq!(scene.notifications.len(), 12);
        scene.pass(60);
        scene.due();
        assert_eq!(scene.alert().state, AlertState::Open, "the promise was missed");
        let told: Vec<_> = scene.notifications.values().skip(12).map(|n| n.recipient.name.raw()).collect();
        assert_eq!(told, ["maria", "jonas"], "the first step, and whoever promised");
    }
}
