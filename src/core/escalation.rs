//! What an alert does by itself: its steps, the last resort, promises and snoozes that end.
//!
//! A step that finds nobody is a fact on the timeline, and the next step follows at once. After the
//! last step the last resort repeats until somebody acknowledges.

mod decision;
mod paging;
#[cfg(test)]
mod tests;

pub use decision::Decision;
pub use paging::{About, about, medium_word};

use crate::core::alert::{Alert, AlertState, Target};
use crate::core::change::{Actor, What};
use crate::core::desk::Told;
use crate::core::offer;
use crate::core::page::Next;
use crate::core::person::{Person, PersonId};
use crate::core::text::Untrusted;
use jiff::{SignedDuration, Timestamp};

impl Decision<'_> {
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

/// A last resort that reaches nobody is tried again after this at the earliest, so that a policy
/// with no wait cannot spin.
fn minimum_wait(alert: &Alert) -> SignedDuration {
    if alert.in_last_resort() { SignedDuration::from_secs(60) } else { SignedDuration::ZERO }
}
