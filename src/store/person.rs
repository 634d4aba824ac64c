//! What proves that one person of the desk is reached, or not.

use super::StoreError;
use super::find::body;
use super::tx::Tx;
use crate::cells;
use crate::core::contact::Medium;
use crate::core::notification::Notification;
use crate::core::person::PersonId;
use jiff::Timestamp;

const PROVEN: &str = "SELECT body FROM notification
    WHERE person = $1 AND medium = $2 AND proven_at IS NOT NULL ORDER BY proven_at DESC LIMIT 1";
const PROVEN_SINCE: &str = "SELECT body FROM notification
    WHERE person = $1 AND medium = $2 AND proven_at >= $3 ORDER BY proven_at DESC LIMIT 10";
const FAILED: &str = "SELECT body FROM notification
    WHERE person = $1 AND medium = $2 AND state IN ('failed', 'bounced') ORDER BY id DESC LIMIT 10";

impl Tx<'_> {
    /// The newest message of a medium that was proven to have reached the person, whatever it was about.
    pub fn newest_proof(
        &self,
        person: &PersonId,
        medium: Medium,
    ) -> Result<Option<Notification>, StoreError> {
        self.query_one(PROVEN, cells![person.0.as_str(), medium.as_str()], body("notification"))
    }

    /// The newest messages of a medium to a person that were proven to have arrived since then.
    pub fn proven_to(
        &self,
        person: &PersonId,
        medium: Medium,
        since: Timestamp,
    ) -> Result<Vec<Notification>, StoreError> {
        let asked = cells![person.0.as_str(), medium.as_str(), since];
        self.query(PROVEN_SINCE, asked, body("notification"))
    }

    /// The newest messages of a medium to a person that failed.
    pub fn failed_to(&self, person: &PersonId, medium: Medium) -> Result<Vec<Notification>, StoreError> {
        self.query(FAILED, cells![person.0.as_str(), medium.as_str()], body("notification"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::find::tests::{plan, shape};

    #[test]
    fn what_proves_that_somebody_is_reached_or_not_is_found_on_an_index() {
        for (sql, index) in [
            (PROVEN, "INDEX notification_proven (person=? AND medium=? AND proven_at>?)"),
            (PROVEN_SINCE, "INDEX notification_proven (person=? AND medium=? AND proven_at>?)"),
            (FAILED, "INDEX notification_failed (person=? AND medium=?)"),
        ] {
            let plan = plan(&shape(), sql);
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
        }
    }
}
