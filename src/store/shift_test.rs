//! Tests at the start of shifts.

use super::StoreError;
use super::tx::Tx;
use crate::cells;
use crate::core::person::PersonId;
use crate::core::shift_test::ShiftTest;
use jiff::Timestamp;

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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::find::tests::{plan, shape};

    #[test]
    fn whoever_was_tested_and_what_is_due_are_found_on_an_index() {
        for (sql, index) in [
            (TESTED, "INDEX shift_test_person (person=? AND created_at>?)"),
            (DUE, "INDEX shift_test_due (next_due<?)"),
        ] {
            let plan = plan(&shape(), sql);
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
        }
    }
}
