//! Quiet that the desk keeps by itself: an alert that begins to page inside a maintenance window, or while
//! another alert explains it, sleeps with a waking time instead. It is never dropped: when the reason is
//! over, changes or reaches its bound, the alert wakes and pages from step 1. Nor does it sleep on and on: one
//! reason after another keeps it quiet for a day at most (`[quiet] at_most`), then somebody hears of it.
//!
//! What began to page before is not silenced: somebody has been told already and waits for how it ends.

use crate::core::alert::{Alert, AlertState, Member};
use crate::core::change::{Actor, What};
use crate::core::escalation::Decision;
use crate::core::id::AlertId;
use crate::core::text::{Untrusted, sanitise};
use crate::core::{inhibit, maintenance};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why the desk lets an alert sleep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum Quiet {
    /// A maintenance window, by its name.
    Maintenance { window: String },
    /// Another alert explains it, by the named rule.
    Alert { alert: AlertId, rule: String },
}

impl Quiet {
    /// `maintenance night batch`, `A12 (rule gateway)`.
    pub fn words(&self) -> String {
        match self {
            Quiet::Maintenance { window } => format!("maintenance {}", sanitise(window)),
            Quiet::Alert { alert, rule } => format!("{alert} (rule {})", sanitise(rule)),
        }
    }
}

/// What keeps an alert quiet now, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    pub because: Quiet,
    pub until: Timestamp,
}

impl Decision<'_> {
    /// Begins to page, unless something keeps the alert quiet: then it sleeps, and the timeline says why.
    pub fn open_because(&mut self, alert: &mut Alert, what: What, summary: &str) {
        match self.rest_of(alert, &alert.members) {
            None => self.start_policy_because(alert, Actor::Desk, what, Untrusted::new(summary)),
            Some(rest) => {
                alert.state = AlertState::Snoozed;
                alert.holder = None;
                alert.step = 0;
                alert.next_escalation_at = None;
                alert.next_update_by = None;
                self.lay_to_rest(alert, &rest);
                self.alert_change(Actor::Desk, what, Untrusted::new(summary), alert);
                self.say_rest(alert, &rest);
            }
        }
    }

    /// Looks again at an alert that the desk lets sleep: it sleeps on, for the same reason or another, or
    /// it wakes.
    pub fn review_rest(&mut self, alert: &mut Alert) {
        let (Some(before), Some(until)) = (alert.resting().cloned(), alert.snoozed_until) else { return };
        let over = alert.cleared_at.is_some();
        match self.rest_of(alert, &alert.members) {
            // What is cleared already need not wait for another reason to end.
            Some(rest) if over && rest.until > until && until <= self.now => self.wake(alert, &before),
            Some(rest) if rest.until == until && rest.because == before => {}
            Some(rest) => {
                self.lay_to_rest(alert, &rest);
                self.say_rest(alert, &rest);
            }
            // Nothing of it is left to be covered, so the time that was said stands.
            None if over && until > self.now && self.holds_still(&before, alert) => {}
            None => self.wake(alert, &before),
        }
    }

    /// Whether a further exception may join an alert that the desk lets sleep without waking it.
    pub fn rests_with(&self, alert: &Alert, member: &Member) -> bool {
        self.rest_of(alert, std::slice::from_ref(member)).is_some()
    }

    /// What keeps an alert quiet, until its bound at most.
    fn rest_of(&self, alert: &Alert, members: &[Member]) -> Option<Rest> {
        let bound = alert.quiet_at_most.unwrap_or(Timestamp::MAX);
        let rest = self.covering(alert, members).filter(|_| bound > self.now)?;
        Some(Rest { until: rest.until.min(bound), ..rest })
    }

    fn covering(&self, alert: &Alert, members: &[Member]) -> Option<Rest> {
        let window = maintenance::rest(&self.desk.maintenance, alert, members, self.now);
        let window = window.map(|(window, until)| Rest {
            because: Quiet::Maintenance { window: window.name.clone() },
            until,
        });
        let cause = inhibit::rest(&self.desk.inhibits, alert, members, self.around.values(), self.now);
        let cause = cause.map(|(rule, source, until)| Rest {
            because: Quiet::Alert { alert: source.id, rule: rule.name.clone() },
            until,
        });
        window.into_iter().chain(cause).max_by_key(|rest| rest.until)
    }

    /// Whether the reason itself still stands, whatever is left of the alert.
    fn holds_still(&self, quiet: &Quiet, alert: &Alert) -> bool {
        match quiet {
            Quiet::Maintenance { window } => {
                let found = self.desk.maintenance.iter().find(|known| known.name == *window);
                found.is_some_and(|window| window.on_until(self.now) == alert.snoozed_until)
            }
            Quiet::Alert { alert, .. } => self.around.get(alert).is_some_and(inhibit::may_explain),
        }
    }

    fn lay_to_rest(&mut self, alert: &mut Alert, rest: &Rest) {
        if matches!(rest.because, Quiet::Alert { .. }) {
            alert.inhibited_at.get_or_insert(self.now);
        }
        if alert.quiet_at_most.is_none() {
            let whole = match &rest.because {
                // Three days of one table are one decision.
                Quiet::Maintenance { window } => {
                    maintenance::end_of(&self.desk.maintenance, window, rest.until)
                }
                Quiet::Alert { .. } => rest.until,
            };
            alert.quiet_at_most = Some(whole.max(self.now + self.desk.quiet_at_most));
        }
        alert.quiet = Some(rest.because.clone());
        alert.snoozed_until = Some(rest.until);
        alert.updated_at = self.now;
    }

    fn say_rest(&mut self, alert: &Alert, rest: &Rest) {
        let until = rest.until.to_zoned(self.desk.time_zone.clone()).strftime("%a %H:%M %Z").to_string();
        let latest = match rest.because {
            Quiet::Maintenance { .. } => "",
            Quiet::Alert { .. } => " at the latest",
        };
        let said = format!("Quiet because of {}, until {until}{latest}.", rest.because.words());
        self.alert_change(Actor::Desk, What::AlertSnoozed, Untrusted::new(said), alert);
    }

    fn wake(&mut self, alert: &mut Alert, before: &Quiet) {
        alert.state = AlertState::Open;
        alert.quiet = None;
        alert.snoozed_until = None;
        alert.updated_at = self.now;
        let reason = before.words();
        if alert.cleared_at.is_some() {
            alert.close_at = Some(self.next_hand_over(alert));
            let said = format!("No longer quiet because of {reason}; it was cleared meanwhile.");
            self.alert_change(Actor::Desk, What::AlertWoke, Untrusted::new(said), alert);
        } else {
            let said = match self.covering(alert, &alert.members) {
                Some(on) => {
                    let words = on.because.words();
                    format!("Quiet for as long as may be, though {words} goes on; paging begins.")
                }
                None => format!("No longer quiet because of {reason}; paging begins."),
            };
            self.start_policy_because(alert, Actor::Desk, What::AlertWoke, Untrusted::new(said));
        }
    }
}

#[cfg(test)]
mod tests;
