//! Tests at the start of shifts, and what proves that people are reached.

use super::StoreError;
use super::tx::Tx;
use crate::cells;
use crate::core::notification::Notification;
use crate::core::person::PersonId;
use crate::core::shift_test::ShiftTest;
use jiff::Timestamp;

const PROVEN: &str = "SELECT body FROM notification
    WHERE person = $1 AND medium = 'sms' AND proven_at >= $2 ORDER BY proven_at DESC LIMIT 10";
const TESTED: &str = "SELECT 1 FROM shift_test WHERE person = $1 AND created_at > $2 LIMIT 1";
const DUE: &str = "SELECT body FROM shift_test WHERE next_due <= $1 ORDER BY next_due LIMIT $2";

impl Tx<'_> {
    pub fn shift_test(&self, id: &str) -> Result<Option<ShiftTest>, StoreError> {
        self.query_one("SELECT body FROM shift_test WHERE id = $1", cells![id], |row| {
            row.json(0, "shift test")
        })
    }

    /// Whether a test was sent to the person since then.
    pub fn shift_tested_since(&self, person: &PersonId, since: Timestamp) -> Result<bool, StoreError> {
        Ok(self.query_one(TESTED, cells![person.0.as_str(), since], |row| row.int(0))?.is_some())
    }

    /// Tests whose time is over, longest due first.
    pub fn due_shift_tests(&self, now: Timestamp, limit: u32) -> Result<Vec<ShiftTest>, StoreError> {
        self.query(DUE, cells![now, i64::from(limit)], |row| row.json(0, "shift test"))
    }

    /// The newest texts to a person that were proven to have arrived since then.
    pub fn proven_to(&self, person: &PersonId, since: Timestamp) -> Result<Vec<Notification>, StoreError> {
        self.query(PROVEN, cells![person.0.as_str(), since], |row| row.json(0, "notification"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::find::tests::{plan, shape};

    #[test]
    fn the_newest_proof_and_what_is_due_are_found_on_an_index() {
        for (sql, index) in [
            (PROVEN, "INDEX notification_proven (person=? AND medium=? AND proven_at>?)"),
            (TESTED, "INDEX shift_test_person (person=? AND created_at>?)"),
            (DUE, "INDEX shift_test_due (next_due<?)"),
        ] {
            let plan = plan(&shape(), sql);
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
        }
    }
}
