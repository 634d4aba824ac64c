//! What an alert does by itself: its steps, the last resort, promises and snoozes that end.
//!
//! A step that finds nobody is a fact on the timeline, and the next step follows at once. After the
//! last step the last resort repeats until somebody acknowledges.

use crate::core::alert::{Alert, AlertState, Target};
use crate::core::change::{Actor, Change, Object, What};
use crate::core::contact::{Category, Medium};
use crate::core::desk::{Desk, Told};
use crate::core::flow::reader::Reader;
use crate::core::id::{AlertId, Ids, NotificationId};
use crate::core::notification::{
    Again, Content, Notification, NotificationState, Purpose, Reason, Recipient, RecipientId,
};
use crate::core::offer;
use crate::core::page::{self, Next};
use crate::core::person::{Person, PersonId};
use crate::core::text::Untrusted;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// What a decision works with: the configuration, the moment, fresh ids, and the changes made so far.
pub struct Decision<'a> {
    pub desk: &'a Desk,
    pub now: Timestamp,
    pub ids: Ids,
    pub changes: Vec<Change>,
    /// Other alerts that stand, where some may keep others quiet, as these decisions leave them.
    pub around: BTreeMap<AlertId, Alert>,
}

impl<'a> Decision<'a> {
    pub fn new(desk: &'a Desk, now: Timestamp, ids: Ids) -> Self {
        Self { desk, now, ids, changes: Vec::new(), around: BTreeMap::new() }
    }

    pub fn alert_change(&mut self, actor: Actor, what: What, summary: impl Into<Untrusted>, alert: &Alert) {
        self.see_around(alert);
        self.changes.push(Change::alert(self.now, actor, what, summary, alert));
    }

    /// Keeps how an alert stands now, for others that it may keep quiet.
    fn see_around(&mut self, alert: &Alert) {
        if !self.desk.inhibits.is_empty() {
            self.around.insert(alert.id, alert.clone());
        }
    }

    /// Takes every step that is due now.
    pub fn advance(&mut self, alert: &mut Alert) {
        while alert.next_escalation_at.is_some_and(|due| due <= self.now) {
            let before = self.changes.len();
            let (number, step) = (alert.step + 1, alert.next_step().1.clone());
            alert.step = number;
            let (told, nobody) = self.desk.people_behind(&step.notify, &alert.partner, self.now);
            let mut reached = self.page(alert, &told, number, !alert.in_last_resort());
            // A webhook is told as well, but it is nobody who could act.
            let nobody_reached = reached.is_empty();
            reached.extend(self.call_webhooks(alert, &step.notify, number));
            let wait = if nobody_reached && !alert.in_last_resort() {
                SignedDuration::ZERO
            } else {
                alert.next_step().1.after
            };
            alert.next_escalation_at = Some(self.now + wait.max(minimum_wait(alert)));
            alert.updated_at = self.now;
            let names = reached;
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
                && n.is_about(alert)
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
        self.see_around(alert);
        self.changes.insert(index, Change::alert(self.now, actor, what, summary, alert));
    }

    /// From now on everybody who is paged for the alert learns something new by it: no limit keeps their first
    /// page back, and what they were told before holds no more.
    pub fn begin_round(&self, alert: &mut Alert) {
        alert.round_from = Some(NotificationId(self.ids.notification));
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
        self.begin_round(alert);
        alert.quiet_at_most = None;
        alert.updated_at = self.now;
        alert.step = 0;
        alert.next_escalation_at = Some(self.now + alert.next_step().1.after);
        self.advance(alert);
        self.alert_fact_at(before, actor, what, summary, alert);
        self.restate(before, alert);
    }

    /// Queues what other systems get of a step, and returns their names.
    fn call_webhooks(&mut self, alert: &Alert, targets: &[Target], step: u32) -> Vec<String> {
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

    /// When the people whom an alert pages hand over next; a day from now where no schedule is asked.
    pub fn next_hand_over(&self, alert: &Alert) -> Timestamp {
        let steps = alert.policy.steps.iter().chain([&alert.policy.last_resort]);
        let ends = steps.flat_map(|step| &step.notify).filter_map(|target| match target {
            Target::OnCall(schedule) => {
                self.desk.schedules.get(schedule).and_then(|schedule| schedule.at(self.now).until)
            }
            _ => None,
        });
        ends.filter(|end| *end > self.now).min().unwrap_or(self.now + SignedDuration::from_hours(24))
    }

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
            AlertState::Open if alert.close_at.is_some_and(|due| due <= self.now) => {
                self.close(alert, "cleared before anybody took it; seen at the hand-over");
            }
            AlertState::Open => self.advance(alert),
            AlertState::Acknowledged => self.promise_missed(alert),
            AlertState::Snoozed if alert.quiet.is_some() => self.review_rest(alert),
            AlertState::Snoozed => {
                alert.state = AlertState::Open;
                alert.snoozed_until = None;
                alert.updated_at = self.now;
                if alert.cleared_at.is_some() {
                    alert.close_at = Some(self.next_hand_over(alert));
                    let sentence = "The snooze is over; it was cleared meanwhile.";
                    self.alert_change(Actor::Desk, What::AlertWoke, sentence, alert);
                } else {
                    self.start_policy_because(alert, Actor::Desk, What::AlertWoke, "The snooze is over.");
                }
            }
            AlertState::Resolved => {}
        }
    }

    /// News were promised by now. Of what is over nobody waits for news; else whoever promised is paged
    /// while on shift, and the policy starts again a step later; off shift it starts at once.
    fn promise_missed(&mut self, alert: &mut Alert) {
        alert.next_update_by = None;
        alert.updated_at = self.now;
        if alert.cleared_at.is_some() {
            return self.close(alert, "cleared, and not closed by the time news were promised");
        }
        alert.state = AlertState::Open;
        let holder = alert.holder.clone();
        let name = holder.as_ref().map_or_else(|| "Nobody".to_owned(), |id| self.desk.name_of(id));
        let sentence = format!("{name} promised news and gave none; paging starts again.");
        let handed = holder.as_ref().and_then(|holder| self.desk.hands_over(holder, alert, self.now));
        let handed = handed.map(|open| open.schedule.clone());
        let on_shift = holder
            .clone()
            .filter(|holder| handed.is_none() && self.desk.is_on_shift(holder, self.now) == Some(true));
        self.begin_round(alert);
        // Whoever is asked to take it over is paged first, and whoever has it with them, while one of the two is on
        // shift.
        let asked = offer::told_too(alert).map(|told| {
            let owner = holder.clone().filter(|holder| *holder != told.person).map(owner);
            std::iter::once(told).chain(owner).collect::<Vec<Told>>()
        });
        // Somebody who is in no rotation is never off shift.
        let on_duty = |told: &Told| self.desk.is_on_shift(&told.person, self.now) != Some(false);
        let first = match &asked {
            Some(both) => both.clone().into_iter().filter(|_| both.iter().any(on_duty)).collect(),
            None => on_shift.map(owner).into_iter().collect::<Vec<Told>>(),
        };
        let before = self.changes.len();
        if !first.is_empty() {
            alert.step = 0;
            let patience = alert.policy.steps.get(1).unwrap_or(&alert.policy.last_resort).after;
            alert.next_escalation_at = Some(self.now + patience.max(SignedDuration::from_mins(1)));
            if !self.page(alert, &first, alert.step, false).is_empty() {
                self.alert_fact_at(before, Actor::Desk, What::AlertPromiseMissed, sentence, alert);
                return self.restate(before, alert);
            }
        }
        self.start_policy_because(alert, Actor::Desk, What::AlertPromiseMissed, sentence);
        let Some(person) = holder.filter(|_| first.is_empty()) else { return };
        if let Some(both) = asked {
            return self.page_too(alert, both, before);
        }
        if let Some(schedule) = handed {
            return self.page_both(alert, person, &schedule, before);
        }
        if self.desk.is_on_shift(&person, self.now).is_none() {
            self.page_too(alert, vec![owner(person)], before);
        }
    }

    /// A promise that is being handed over is whoever comes' and whoever leaves', in this order.
    fn page_both(&mut self, alert: &Alert, leaves: PersonId, schedule: &str, since: usize) {
        let come = [Target::OnCall(schedule.to_owned())];
        let (mut told, _) = self.desk.people_behind(&come, &alert.partner, self.now);
        told.retain(|one| one.person != leaves);
        told.push(owner(leaves));
        self.page_too(alert, told, since);
    }

    /// Pages those of them whom nothing decided since pages already.
    fn page_too(&mut self, alert: &Alert, mut told: Vec<Told>, since: usize) {
        told.retain(|one| !self.pages(since, &one.person));
        self.page(alert, &told, alert.step, false);
    }

    /// An alert whose promise was broken got worse before the policy began again: it begins at once, and whoever
    /// had it is paged with the first step.
    pub fn start_again_with_owner(&mut self, alert: &mut Alert, what: What, summary: impl Into<Untrusted>) {
        let before = self.changes.len();
        self.start_policy_because(alert, Actor::Desk, what, summary);
        let had = alert.holder.clone().map(owner);
        self.page_too(alert, had.into_iter().collect(), before);
    }

    /// Whether a page to this person was queued since.
    fn pages(&self, since: usize, person: &PersonId) -> bool {
        self.changes.iter().skip(since).any(|change| match &change.object {
            Object::Notification(n) => {
                n.purpose == Purpose::Page && n.recipient.who == RecipientId::Person(person.clone())
            }
            _ => false,
        })
    }

    fn close(&mut self, alert: &mut Alert, because: &str) {
        alert.state = AlertState::Resolved;
        alert.resolution = Some(because.into());
        alert.next_escalation_at = None;
        alert.next_update_by = None;
        alert.close_at = None;
        alert.updated_at = self.now;
        let sentence = format!("The desk closed it: {because}.");
        self.alert_change(Actor::Desk, What::AlertResolved, sentence, alert);
    }
}

/// Whoever promised news and gave none.
fn owner(person: PersonId) -> Told {
    Told { person, via: "promised news by now".to_owned() }
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

/// A last resort that reaches nobody is tried again after this at the earliest, so that a policy
/// with no wait cannot spin.
fn minimum_wait(alert: &Alert) -> SignedDuration {
    if alert.in_last_resort() { SignedDuration::from_secs(60) } else { SignedDuration::ZERO }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::alert::Variant;
    use crate::core::command::{Action, Expect};
    use crate::core::event::Severity;
    use crate::core::scenario::{Scene, exception, tells};

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

    #[test]
    fn a_last_resort_calls_another_system_each_time_and_a_system_is_nobody_who_could_act() {
        let siren = || Target::Webhook("siren".into());
        let called = |scene: &Scene| {
            let of = |n: &&Notification| n.recipient.who == RecipientId::Webhook("siren".into());
            scene.notifications.values().filter(of).map(|n| n.state).collect::<Vec<_>>()
        };
        let mut resort = tells(&["maria"], 10);
        resort.notify.push(siren());
        let mut scene = Scene::new(vec![tells(&["maria"], 0)], resort);
        scene.raise("x1");
        assert_eq!(called(&scene), []);
        for _ in 0..2 {
            scene.pass(10);
            scene.due();
        }
        assert_eq!(called(&scene), [NotificationState::Queued; 2]);
        scene.ack("maria").unwrap();
        assert_eq!(called(&scene), [NotificationState::Cancelled; 2], "it is told no more than people are");
        scene.pass(20);
        scene.due();
        assert_eq!(called(&scene).len(), 2);
        // A step that only a system hears reaches nobody.
        let mut first = tells(&[], 0);
        first.notify.push(siren());
        let mut scene = Scene::new(vec![first, tells(&["maria"], 30)], tells(&["maria"], 10));
        scene.raise("x1");
        assert_eq!((scene.alert().step, called(&scene).len()), (2, 1), "the next follows at once");
    }

    /// The texts that tell how the alert stands, as (to whom, words), those taken back left out.
    fn statuses(scene: &Scene) -> Vec<(&str, &str)> {
        let told = scene
            .notifications
            .values()
            .filter(|n| n.purpose == Purpose::Status && n.state != NotificationState::Cancelled);
        told.map(|n| (n.recipient.name.raw(), n.content.body.raw())).collect()
    }

    #[test]
    fn whoever_was_paged_hears_who_has_it_and_not_whoever_took_it_or_was_never_reached() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        scene.sent();
        scene.pass(6);
        scene.due();
        scene.ack("jonas").unwrap();
        assert_eq!(statuses(&scene), [("maria", "jonas has it, news by 23:06: Acme: Blocked (A1)")]);
        let status = scene.notifications.values().find(|n| n.purpose == Purpose::Status).unwrap();
        assert_eq!(status.due_at, Some(scene.now + crate::core::status_update::UNDO));
    }

    #[test]
    fn what_is_undone_in_time_is_told_to_nobody() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        scene.sent();
        scene.ack("jonas").unwrap();
        assert_eq!(statuses(&scene).len(), 1);
        scene.command("jonas", Action::Unack { alert: AlertId(1) }, Expect::default()).unwrap();
        assert_eq!(statuses(&scene), []);
    }

    #[test]
    fn nobody_hears_that_somebody_has_what_pages_again() {
        let has_it = |scene: &Scene| statuses(scene).len();
        let mut scene = Scene::usual();
        scene.raise("x1");
        scene.sent();
        scene.ack("jonas").unwrap();
        assert_eq!(has_it(&scene), 1);
        scene
            .command("jonas", Action::Escalate { alert: AlertId(1), step: None }, Expect::default())
            .unwrap();
        assert_eq!(has_it(&scene), 0, "it is escalated");
        // A text too many at first, and taken back by hand all the same.
        let mut scene = Scene::usual();
        scene.raise("x1");
        scene.sent();
        scene.ack("jonas").unwrap();
        let status = scene.message(2);
        (status.state, status.hold) =
            (NotificationState::Held, Some(crate::core::notification::Hold::Throttled));
        scene.command("jonas", Action::Unack { alert: AlertId(1) }, Expect::default()).unwrap();
        assert_eq!(has_it(&scene), 0, "it was given back");
        // What the desk itself pages for again is known when the word is to leave.
        let needed = |scene: &mut Scene, id: u64| {
            let n = scene.message(id).clone();
            crate::core::delivery::still_needed(&n, std::slice::from_ref(scene.alert())).0
        };
        let mut scene = Scene::usual();
        scene.raise("x1");
        scene.sent();
        scene.ack("jonas").unwrap();
        assert!(needed(&mut scene, 2));
        scene.pass(60);
        scene.due();
        assert!(!needed(&mut scene, 2), "the promise was broken");
        let mut scene = Scene::usual();
        scene.raise("x1");
        scene.sent();
        scene.ack("jonas").unwrap();
        scene.events(&[("raised", exception("x1"), "critical")]);
        assert!(!needed(&mut scene, 2), "it got worse");
    }

    #[test]
    fn a_promise_renewed_is_told_to_nobody_and_who_heard_it_in_an_earlier_round_hears_no_more() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        scene.sent();
        scene.ack("jonas").unwrap();
        scene.sent();
        scene.pass(30);
        scene.ack("jonas").unwrap();
        assert_eq!(statuses(&scene).len(), 1, "{:?}", statuses(&scene));
        // Nobody pages maria in the round that a broken promise begins.
        let policy = scene.alerts.get_mut(&AlertId(1)).unwrap();
        policy.policy.steps = vec![tells(&["jonas"], 0)];
        scene.pass(60);
        scene.due();
        scene.sent();
        scene.ack("jonas").unwrap();
        assert_eq!(statuses(&scene).len(), 1, "{:?}", statuses(&scene));
    }

    #[test]
    fn the_mail_with_a_pages_detail_does_not_leave_once_somebody_has_the_alert() {
        let mut scene = Scene::usual();
        scene.desk.carriers.push(crate::core::desk::Carrier::plain("mail", &[Medium::Email]));
        let maria = scene.desk.people.get_mut(&PersonId("maria".into())).unwrap();
        maria.email = Some("maria@example.net".parse().unwrap());
        scene.raise("x1");
        let detail = |scene: &Scene| {
            let details = scene.notifications.values().filter(|n| n.purpose == Purpose::Detail);
            details.map(|n| n.state).collect::<Vec<_>>()
        };
        assert_eq!(detail(&scene), [NotificationState::Queued]);
        scene.ack("jonas").unwrap();
        assert_eq!(detail(&scene), [NotificationState::Cancelled]);
        scene.command("jonas", Action::Unack { alert: AlertId(1) }, Expect::default()).unwrap();
        assert_eq!(
            detail(&scene),
            [NotificationState::Cancelled, NotificationState::Queued],
            "she is paged after all"
        );
    }

    #[test]
    fn an_offer_keeps_nobody_on_call_from_a_broken_promise_while_both_are_off_shift() {
        let mut scene = Scene::usual();
        scene.desk.schedules.insert("primary".into(), weekly(&["nils", "jonas", "maria"]));
        let steps = &mut scene.desk.policies.get_mut("urgent").unwrap().steps;
        steps[0].notify = vec![Target::Person(PersonId("maria".into()))];
        scene.desk.people.get_mut(&PersonId("nils".into())).unwrap().phone =
            Some("+4915123456703".parse().unwrap());
        steps[0].notify = vec![Target::OnCall("primary".into())];
        scene.raise("x1");
        scene.ack("jonas").unwrap();
        let to = PersonId("maria".into());
        scene.command("jonas", Action::HandAlert { alert: AlertId(1), to }, Expect::default()).unwrap();
        let before = scene.notifications.len();
        scene.pass(60);
        scene.due();
        let pages = scene.notifications.values().skip(before).filter(|n| n.purpose == Purpose::Page);
        let paged: Vec<_> = pages.map(|n| n.recipient.name.raw()).collect();
        assert_eq!(paged, ["nils", "maria", "jonas"], "whoever is on call first");
        assert_eq!(scene.alert().step, 1);
    }

    #[test]
    fn what_gets_worse_after_a_broken_promise_pages_its_owner_and_the_first_step_at_once() {
        let mut scene = Scene::usual();
        scene.desk.schedules.insert("primary".into(), weekly(&["jonas", "maria"]));
        scene.raise("x1");
        scene.ack("jonas").unwrap();
        scene.pass(60);
        scene.due();
        assert_eq!(scene.alert().step, 0, "its owner on shift is paged first");
        let before = scene.notifications.len();
        scene.events(&[("raised", exception("x1"), "critical")]);
        let paged: Vec<_> =
            scene.notifications.values().skip(before).map(|n| n.recipient.name.raw()).collect();
        assert_eq!((paged, scene.alert().step), (vec!["maria", "jonas"], 1));
    }

    #[test]
    fn cleared_before_anybody_took_it_stays_in_sight_until_the_hand_over() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        scene.sent();
        scene.events(&[("cleared", exception("x1"), "high")]);
        assert_eq!(statuses(&scene), [("maria", "Cleared, nobody is paged any more: Acme: Blocked (A1)")]);
        assert_eq!(scene.alert().state, AlertState::Open);
        scene.pass(24 * 60);
        scene.due();
        assert_eq!(scene.alert().state, AlertState::Resolved);
        assert_eq!(scene.alert().next_due(), None);
    }

    #[test]
    fn cleared_after_somebody_took_it_asks_them_to_close_it_and_ends_with_the_promise() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        scene.sent();
        scene.ack("maria").unwrap();
        scene.events(&[("cleared", exception("x1"), "high")]);
        let code = scene.desk.reply_key.code(crate::core::id::NotificationId(1));
        let asked = format!(
            "Cleared, nobody is paged any more: Acme: Blocked (A1) Close it? RESOLVE {code} and why."
        );
        assert_eq!(statuses(&scene), [("maria", asked.as_str())]);
        scene.pass(60);
        scene.due();
        assert_eq!(scene.alert().state, AlertState::Resolved);
    }

    #[test]
    fn a_broken_promise_pages_its_owner_on_shift_before_anybody_else() {
        let mut scene = Scene::usual();
        let primary = weekly(&["maria", "jonas"]);
        scene.desk.schedules.insert("primary".into(), primary);
        scene.raise("x1");
        scene.ack("maria").unwrap();
        let before = scene.notifications.len();
        scene.pass(60);
        scene.due();
        let paged = |scene: &Scene| -> Vec<String> {
            scene.notifications.values().skip(before).map(|n| n.recipient.name.raw().to_owned()).collect()
        };
        assert_eq!(paged(&scene), ["maria"]);
        scene.pass(6);
        scene.due();
        assert_eq!(paged(&scene), ["maria", "maria"], "nobody answers: the policy begins");
        // Off shift nobody is woken for a promise; whoever is on call now is.
        let mut scene = Scene::usual();
        scene.desk.schedules.insert("primary".into(), weekly(&["nils", "jonas"]));
        scene.raise("x1");
        scene.ack("jonas").unwrap();
        scene.pass(60);
        scene.due();
        let paged = scene.notifications.values().filter(|n| n.purpose == Purpose::Page);
        assert!(paged.into_iter().all(|n| n.recipient.name.raw() == "maria"));
    }

    fn weekly(people: &[&str]) -> crate::core::schedule::Schedule {
        use crate::core::schedule::{Length, Rotation, Schedule, Start};
        let people = people.iter().map(|id| PersonId((*id).into())).collect();
        let (zone, start) = (jiff::tz::TimeZone::UTC, Start::Day(jiff::civil::date(2026, 3, 23)));
        let handoff = jiff::civil::time(7, 0, 0, 0);
        let rotation = Rotation::new(people, &Length::Days(7), handoff, start, &zone);
        Schedule::simple("primary", zone, rotation)
    }

    #[test]
    fn an_alert_that_gets_worse_takes_the_steps_of_its_severity() {
        let mut scene = Scene::usual();
        let policy = scene.desk.policies.get_mut("urgent").unwrap();
        policy.variants = vec![
            Variant {
                severities: vec![Severity::Critical],
                steps: vec![tells(&["jonas"], 0)],
                last_resort: tells(&["jonas"], 1),
            },
            Variant {
                severities: vec![],
                steps: policy.steps.clone(),
                last_resort: policy.last_resort.clone(),
            },
        ];
        scene.raise("x1");
        assert_eq!(scene.alert().policy.steps.len(), 2);
        scene.events(&[("raised", exception("x1"), "critical")]);
        assert_eq!(scene.alert().policy.steps, vec![tells(&["jonas"], 0)]);
        let names: Vec<_> = scene.notifications.values().map(|n| n.recipient.name.raw()).collect();
        assert_eq!(names, ["maria", "jonas"]);
    }

    #[test]
    fn somebody_who_opted_out_is_nobody_reached_and_the_next_step_follows_at_once() {
        let mut scene = Scene::usual();
        let maria = scene.desk.people.get_mut(&PersonId("maria".into())).unwrap();
        maria.opted_out.insert(Medium::Sms);
        scene.raise("x1");
        let names: Vec<_> = scene.notifications.values().map(|n| n.recipient.name.raw()).collect();
        assert_eq!((names, scene.alert().step), (vec!["jonas"], 2));
    }

    #[test]
    fn somebody_who_is_away_is_told_and_the_next_step_follows_at_once() {
        let mut scene = Scene::usual();
        let day = scene.desk.day(scene.now);
        let person = PersonId("maria".into());
        scene.desk.absences = vec![crate::core::desk::Absence { person, first: day, last: day }];
        scene.raise("x1");
        let names: Vec<_> = scene.notifications.values().map(|n| n.recipient.name.raw()).collect();
        assert_eq!((names, scene.alert().step), (vec!["maria", "jonas"], 2));
    }

    #[test]
    fn what_is_cleared_is_not_escalated() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        scene.ack("maria").unwrap();
        scene.events(&[("cleared", exception("x1"), "high")]);
        let refused =
            scene.command("maria", Action::Escalate { alert: AlertId(1), step: None }, Expect::default());
        assert_eq!(refused.unwrap_err().code, crate::core::command::RefusalCode::WrongState);
        assert_eq!(scene.alert().next_escalation_at, None);
    }

    #[test]
    fn somebody_who_may_not_acknowledge_is_told_and_the_next_step_follows_at_once() {
        let mut scene = Scene::usual();
        scene.desk.people.get_mut(&PersonId("maria".into())).unwrap().role =
            crate::core::person::Role::Viewer;
        scene.raise("x1");
        let names: Vec<_> = scene.notifications.values().map(|n| n.recipient.name.raw()).collect();
        assert_eq!((names, scene.alert().step), (vec!["maria", "jonas"], 2));
    }

    #[test]
    fn what_was_put_to_sleep_is_woken_by_giving_it_back() {
        let mut scene = Scene::usual();
        scene.raise("x1");
        let until = scene.now + SignedDuration::from_mins(30);
        scene.command("maria", Action::Snooze { alert: AlertId(1), until }, Expect::default()).unwrap();
        scene.command("maria", Action::Unack { alert: AlertId(1) }, Expect::default()).unwrap();
        assert_eq!((scene.alert().state, scene.alert().snoozed_until), (AlertState::Open, None));
        assert!(scene.alert().next_escalation_at.is_some());
    }
}
