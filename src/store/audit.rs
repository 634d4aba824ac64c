//! What the auditor looks for: things that are due and not done, claims without an answer, alerts with
//! nothing ahead. One question tells whether there is anything at all; the rest is asked only then.

use super::find::body;
use super::{StoreError, Tx};
use crate::cells;
use crate::core::audit::Suspects;
use crate::core::id::AlertId;
use crate::core::notification::Notification;
use jiff::Timestamp;

/// Named one by one at most, of each kind.
const NAMED: i64 = 20;

const ANY: &str = "SELECT
  EXISTS (SELECT 1 FROM alert WHERE next_due < $1)
  OR EXISTS (SELECT 1 FROM alert WHERE state IN ('open', 'acknowledged', 'snoozed') AND next_due IS NULL)
  OR EXISTS (SELECT 1 FROM notification WHERE in_flight = 1)
  OR EXISTS (SELECT 1 FROM notification WHERE due_at < $2)
  OR EXISTS (SELECT 1 FROM task WHERE next_due < $1)
  OR EXISTS (SELECT 1 FROM milestone WHERE next_due < $1)
  OR EXISTS (SELECT 1 FROM expectation WHERE next_due < $1)
  OR EXISTS (SELECT 1 FROM handover WHERE due_at < $1)
  OR EXISTS (SELECT 1 FROM shift_test WHERE next_due < $1)";

impl Tx<'_> {
    /// What is due since before `due`, and urgent messages that wait since before `waiting`; digests are not
    /// the store's to know.
    pub fn suspects(&self, due: Timestamp, waiting: Timestamp) -> Result<Suspects, StoreError> {
        let mut found = Suspects::default();
        if self.query_one(ANY, cells![due, waiting], |row| row.int(0))? != Some(1) {
            return Ok(found);
        }
        found.due_alerts = self.due_alerts(due, NAMED as u32)?;
        found.idle_alerts = self.query(
            "SELECT id FROM alert WHERE state IN ('open', 'acknowledged', 'snoozed') AND next_due IS NULL
             ORDER BY id LIMIT $1",
            cells![NAMED],
            |row| Ok(AlertId(row.int(0)? as u64)),
        )?;
        found.claimed = self.left_sending()?;
        found.waiting = self.query::<Notification>(
            "SELECT body FROM notification WHERE due_at IS NOT NULL AND due_at < $1 AND urgent = 1
             ORDER BY due_at LIMIT $2",
            cells![waiting, NAMED],
            body("notification"),
        )?;
        found.due_tasks = self.due_tasks(due, NAMED as u32)?;
        for milestone in self.due_milestones(due, NAMED as u32)? {
            let what = format!("milestone {} of {}", milestone.milestone.word(), milestone.partner.id.raw());
            found.due_others.extend(milestone.next_due().map(|since| (what, since)));
        }
        for test in self.due_shift_tests(due, NAMED as u32)? {
            found
                .due_others
                .extend(test.next_due().map(|since| (format!("test of {}", test.person.0), since)));
        }
        for expectation in self.due_expectations(due, NAMED as u32)? {
            let what = format!("expectation {} of {}", expectation.name, expectation.partner.id.raw());
            found.due_others.extend(expectation.next_due().map(|since| (what, since)));
        }
        for handover in self.due_handovers(due, NAMED as u32)? {
            let what = format!("hand-over {} of {}", handover.id, handover.schedule);
            found.due_others.extend(handover.due_at.map(|since| (what, since)));
        }
        Ok(found)
    }

    /// How many alerts there are in each state.
    pub fn alerts_by_state(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.query("SELECT state, COUNT(*) FROM alert GROUP BY state", &[], |row| {
            Ok((row.text(0)?, row.int(1)? as u64))
        })
    }
}
