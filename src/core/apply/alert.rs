//! What people do with an alert: take it, give it back, put it to sleep, escalate it, close it.

use super::{Asked, LONGEST_QUIET, refuse};
use crate::core::alert::{Alert, AlertState, Before};
use crate::core::change::{Change, Object, What};
use crate::core::command::{Refusal, RefusalCode};
use crate::core::decide::cancel_pages;
use crate::core::desk::Told;
use crate::core::event::Severity;
use crate::core::notification::{Notification, NotificationState, Purpose, RecipientId};
use crate::core::person::PersonId;
use crate::core::text::Untrusted;
use crate::core::{flow, offer, settle, status_update};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

impl Asked<'_> {
    pub(super) fn ack(
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
            if self.expect.holder.is_none() && !alert.is_offered_to(&self.asker.id) {
                return Err(self.raced(&alert));
            }
        }
        let before = self.decision.changes.len();
        let from = alert.held_by().cloned();
        let taken = offer::settle(&mut self.decision, &mut alert, notifications, &self.asker.id);
        let kept = alert.next_update_by.filter(|by| taken.is_some() && *by > self.decision.now);
        let by = match promise {
            Some(by) => self.soon_enough(by)?,
            None if kept.is_some() => kept.unwrap_or(self.decision.now),
            None => self.decision.now + self.decision.desk.promise.for_severity(alert.severity),
        };
        let again = mine && alert.state == AlertState::Acknowledged;
        alert.before = Before::of(&alert, self.decision.now);
        alert.state = AlertState::Acknowledged;
        alert.holder = Some(self.asker.id.clone());
        alert.next_update_by = Some(by);
        alert.next_escalation_at = None;
        alert.snoozed_until = None;
        alert.rests_no_more();
        alert.close_at = None;
        alert.updated_at = self.decision.now;
        match from.filter(|_| taken.is_some()) {
            Some(from) => {
                let from = self.decision.desk.name_of(&from);
                let said = format!("{} took it over from {from}.", self.asker.name);
                self.fact(What::AlertHandedOver, said, &alert);
            }
            None => {
                let verb = if again { "promises news anew" } else { "took it" };
                self.fact(What::AlertAcknowledged, format!("{} {verb}.", self.asker.name), &alert);
            }
        }
        cancel_pages(&mut self.decision, alert.id, notifications.iter_mut(), "somebody took the alert");
        // Whoever heard that somebody has it need not hear of each new promise.
        if !again {
            status_update::tell(&mut self.decision, &alert, notifications, Some(&self.asker.id));
        }
        if let Some(offer) = taken.filter(|offer| offer.by != self.asker.id) {
            offer::relieve(&mut self.decision, &alert, &offer, before);
        }
        Ok(format!("You took {}; news promised by {}.", alert.id, self.clock(by)))
    }

    pub(super) fn unack(
        &mut self,
        mut alert: Alert,
        notifications: &[Notification],
    ) -> Result<String, Refusal> {
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
        offer::settle(&mut self.decision, &mut alert, notifications, &self.asker.id);
        alert.state = AlertState::Open;
        alert.holder = None;
        alert.next_update_by = None;
        alert.snoozed_until = None;
        alert.rests_no_more();
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
            let of_step = |n: &Notification| n.step_for(alert.id) == Some(alert.step);
            let detail = notifications.iter().any(|n| {
                n.purpose == Purpose::Detail && of_step(n) && n.state == NotificationState::Cancelled
            });
            // Those whose page the acknowledgment cancelled are paged after all.
            let mut latest: BTreeMap<&PersonId, &Notification> = BTreeMap::new();
            for n in notifications {
                if let RecipientId::Person(id) = &n.recipient.who
                    && n.purpose == Purpose::Page
                    && of_step(n)
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
            self.decision.page(&alert, &missed, step, detail);
            self.decision.advance(&mut alert);
        }
        Ok(format!("{} is open again; paging goes on.", alert.id))
    }

    /// Only what is still in the asker's hand is given back, and nobody is paged who would not have been.
    pub(super) fn restore(
        &mut self,
        mut alert: Alert,
        notifications: &[Notification],
    ) -> Result<String, Refusal> {
        match alert.held_by() {
            Some(holder) if *holder == self.asker.id => {}
            Some(_) => return Err(self.raced(&alert)),
            None => {
                let said = format!(
                    "{} is {}, and not in your hand; there is nothing to take back.",
                    alert.id,
                    alert.state.as_str()
                );
                return Err(refuse(RefusalCode::WrongState, said));
            }
        }
        let there = |before: &Before| self.decision.desk.person(&before.holder).is_some();
        let Some(before) = alert.before.take().filter(there) else { return self.unack(alert, notifications) };
        let now = self.decision.now;
        offer::settle(&mut self.decision, &mut alert, notifications, &self.asker.id);
        let asleep = before.state == AlertState::Snoozed;
        alert.state = before.state;
        alert.next_update_by = before.until.filter(|_| !asleep);
        alert.snoozed_until = before.until.filter(|_| asleep);
        alert.rests_no_more();
        alert.updated_at = now;
        let whose = match before.holder == self.asker.id {
            true => "it is theirs as it was".to_owned(),
            false => format!("{} has it again", self.decision.desk.name_of(&before.holder)),
        };
        alert.holder = Some(before.holder);
        let said = format!("{} took back what they did; {whose}.", self.asker.name);
        self.fact(What::AlertUnacknowledged, said, &alert);
        status_update::take_back(&mut self.decision, alert.id, notifications);
        let heard = |n: &Notification| {
            n.purpose == Purpose::Status && !n.attempts.is_empty() && n.created_at >= before.ended_at
        };
        if notifications.iter().any(heard) {
            status_update::tell(&mut self.decision, &alert, notifications, Some(&self.asker.id));
        }
        let until = before.until.map(|at| self.clock(at)).unwrap_or_default();
        let holder = alert.held_by().map(|holder| self.decision.desk.name_of(holder)).unwrap_or_default();
        Ok(match asleep {
            true => format!("{} sleeps again until {until}.", alert.id),
            false => format!("{} is {holder}'s again; news promised by {until}.", alert.id),
        })
    }

    fn send_again(&mut self, mut n: Notification) {
        let change = settle::send_again(&self.decision, &self.actor, &self.asker.id, &mut n);
        self.decision.changes.push(change);
    }

    pub(super) fn snooze(
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
        offer::settle(&mut self.decision, &mut alert, notifications, &self.asker.id);
        alert.before = Before::of(&alert, now);
        alert.state = AlertState::Snoozed;
        alert.holder = Some(self.asker.id.clone());
        alert.snoozed_until = Some(until);
        alert.rests_no_more();
        alert.next_escalation_at = None;
        alert.next_update_by = None;
        alert.updated_at = now;
        self.fact(What::AlertSnoozed, format!("{} put it to sleep.", self.asker.name), &alert);
        cancel_pages(&mut self.decision, alert.id, notifications.iter_mut(), "the alert was snoozed");
        status_update::tell(&mut self.decision, &alert, notifications, Some(&self.asker.id));
        Ok(format!("{} sleeps until {}.", alert.id, self.clock(until)))
    }

    pub(super) fn escalate(
        &mut self,
        mut alert: Alert,
        notifications: &[Notification],
        step: Option<u32>,
    ) -> Result<String, Refusal> {
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
        if alert.cleared_at.is_some() {
            return Err(refuse(
                RefusalCode::WrongState,
                format!(
                    "{} is cleared, so nobody is paged for it; close it, or page somebody by hand.",
                    alert.id
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
        // Whoever was told that it is in somebody's hand hears that it is not.
        if alert.state != AlertState::Open {
            self.decision.begin_round(&mut alert);
        }
        alert.state = AlertState::Open;
        alert.next_update_by = None;
        alert.snoozed_until = None;
        alert.rests_no_more();
        alert.step = chosen - 1;
        alert.next_escalation_at = Some(self.decision.now);
        let before = self.decision.changes.len();
        self.decision.advance(&mut alert);
        let sentence = format!("{} escalates to step {chosen}.", self.asker.name);
        let fact =
            Change::alert(self.decision.now, self.actor.clone(), What::AlertEscalated, sentence, &alert);
        self.decision.changes.insert(before, fact);
        status_update::take_back(&mut self.decision, alert.id, notifications);
        let paged: Vec<String> = self.decision.changes[before..]
            .iter_mut()
            .filter_map(|change| match &mut change.object {
                Object::Notification(n) if n.purpose == Purpose::Page => {
                    n.again.woken = true;
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

    pub(super) fn resolve(
        &mut self,
        mut alert: Alert,
        notifications: &mut [Notification],
        reason: &Untrusted,
    ) -> Result<String, Refusal> {
        self.not_resolved(&alert)?;
        self.holder_as_seen(&alert)?;
        self.say_something(reason)?;
        offer::settle(&mut self.decision, &mut alert, notifications, &self.asker.id);
        alert.state = AlertState::Resolved;
        alert.resolution = Some(reason.clone());
        alert.next_escalation_at = None;
        alert.next_update_by = None;
        alert.snoozed_until = None;
        alert.rests_no_more();
        alert.updated_at = self.decision.now;
        let sentence = Untrusted::new(format!("{} closed it: {}", self.asker.name, reason.raw()));
        self.fact(What::AlertResolved, sentence, &alert);
        cancel_pages(&mut self.decision, alert.id, notifications.iter_mut(), "the alert was closed");
        flow::outcome::tell(&mut self.decision, &alert, notifications, Some(&self.asker.id));
        status_update::tell(&mut self.decision, &alert, notifications, Some(&self.asker.id));
        Ok(format!("{} is closed.", alert.id))
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
}
