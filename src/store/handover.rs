//! Hand-overs: those that are not over, those that are due, and what may move by one.

use super::StoreError;
use super::find::{body, moment};
use super::list::{Filter, List};
use super::tx::Tx;
use crate::cells;
use crate::core::alert::Alert;
use crate::core::handover::{Handover, Loaded};
use crate::core::id::{HandoverId, NotificationId};
use crate::core::person::PersonId;
use crate::core::task::Task;
use jiff::Timestamp;

const LIVE: &str = "SELECT body FROM handover WHERE state IN ('ahead', 'open') ORDER BY id";
const NEXT: &str = "SELECT MIN(due_at) FROM handover WHERE due_at IS NOT NULL";
const DUE: &str = "SELECT body FROM handover WHERE due_at < $1 ORDER BY due_at LIMIT $2";
const OWNED: &str =
    "SELECT body FROM task WHERE owner = $1 AND state IN ('open', 'snoozed') ORDER BY id LIMIT 1000";
/// Whatever the desk closed a moment ago is among the newest.
const CLOSED: &str = "SELECT body FROM alert WHERE state = 'resolved' ORDER BY id DESC LIMIT 2000";
/// Alerts that may be handed over at once, at most.
const ALERTS: u32 = 5_000;

impl Tx<'_> {
    /// All that are ahead or not accepted, oldest first.
    pub fn live_handovers(&self) -> Result<Vec<Handover>, StoreError> {
        self.query(LIVE, &[], body("hand-over"))
    }

    pub fn handover(&self, id: HandoverId) -> Result<Option<Handover>, StoreError> {
        self.query_one("SELECT body FROM handover WHERE id = $1", cells![id.0], body("hand-over"))
    }

    /// All there ever were, newest first.
    pub fn handovers(&self, limit: u32) -> Result<Vec<Handover>, StoreError> {
        self.query(
            "SELECT body FROM handover ORDER BY id DESC LIMIT $1",
            cells![i64::from(limit)],
            body("hand-over"),
        )
    }

    /// The one that a message asks to accept.
    pub fn handover_asked_by(&self, message: NotificationId) -> Result<Option<Handover>, StoreError> {
        self.query_one(
            "SELECT h.body FROM handover_asked a JOIN handover h ON h.id = a.handover WHERE a.notification = $1",
            cells![message.0],
            body("hand-over"),
        )
    }

    /// When the desk must act on one of them by itself.
    pub fn next_handover_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = self.query_one(NEXT, &[], |row| row.maybe_int(0))?.flatten();
        Ok(next.and_then(moment))
    }

    /// Those that are due since before a moment, longest due first.
    pub fn due_handovers(&self, before: Timestamp, limit: u32) -> Result<Vec<Handover>, StoreError> {
        self.query(DUE, cells![before, i64::from(limit)], body("hand-over"))
    }

    /// Alerts that are not resolved: what may move, and what whoever comes has to know.
    pub fn unresolved_alerts(&self) -> Result<Vec<Alert>, StoreError> {
        let states = ["open", "acknowledged", "snoozed"].map(str::to_owned).into();
        self.list(List::Alerts, &Filter { states, limit: ALERTS, ..Filter::default() })
    }

    /// Alerts that were cleared before anybody took them and that the desk closed since, or then.
    pub fn closed_unseen(&self, since: Timestamp) -> Result<Vec<Alert>, StoreError> {
        let mut closed: Vec<Alert> = self.query(CLOSED, &[], body("alert"))?;
        closed.retain(|alert| {
            alert.cleared_at.is_some() && alert.holder.is_none() && alert.updated_at >= since
        });
        Ok(closed)
    }

    /// What somebody has yet to do.
    pub fn tasks_owned_by(&self, person: &PersonId) -> Result<Vec<Task>, StoreError> {
        self.query(OWNED, cells![person.0.as_str()], body("task"))
    }

    /// A hand-over with what may move by it.
    pub fn loaded(&self, handover: Handover) -> Result<Loaded, StoreError> {
        let mut loaded = Loaded { alerts: Vec::new(), tasks: Vec::new(), handover };
        let one = &loaded.handover;
        for alert in self.unresolved_alerts()?.into_iter().filter(|alert| alert.asks(&one.schedule)) {
            let moves = alert.held_by().is_some_and(|holder| one.outgoing.contains(holder));
            let messages = if moves { self.notifications_of(alert.id)? } else { Vec::new() };
            loaded.alerts.push((alert, messages));
        }
        for person in &one.outgoing {
            loaded.tasks.extend(self.tasks_owned_by(person)?);
        }
        Ok(loaded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::find::tests::{plan, shape};

    #[test]
    fn what_is_due_is_found_without_reading_what_is_over() {
        let connection = shape();
        for (sql, index) in [
            (LIVE, "handover_state"),
            (NEXT, "handover_due"),
            (DUE, "handover_due"),
            (OWNED, "task_owner"),
            (CLOSED, "alert_state"),
        ] {
            let plan = plan(&connection, sql);
            assert!(
                plan.lines().all(|line| line.contains(index) || line.contains("B-TREE")),
                "{sql}: {plan}"
            );
        }
        assert!(!plan(&connection, CLOSED).contains("B-TREE"), "all that was ever closed would be sorted");
    }
}
