//! What proves that one person of the desk is reached.

use super::StoreError;
use super::find::body;
use super::tx::Tx;
use crate::cells;
use crate::core::contact::Medium;
use crate::core::notification::Notification;
use crate::core::person::PersonId;

const PROVEN: &str = "SELECT body FROM notification
    WHERE person = $1 AND medium = $2 AND proven_at IS NOT NULL ORDER BY proven_at DESC LIMIT 1";

impl Tx<'_> {
    /// The newest message of a medium that was proven to have reached the person, whatever it was about.
    pub fn newest_proof(
        &self,
        person: &PersonId,
        medium: Medium,
    ) -> Result<Option<Notification>, StoreError> {
        self.query_one(PROVEN, cells![person.0.as_str(), medium.as_str()], body("notification"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::find::tests::{plan, shape};

    #[test]
    fn the_newest_proof_of_a_medium_is_found_on_an_index() {
        let plan = plan(&shape(), PROVEN);
        let index = "INDEX notification_proven (person=? AND medium=? AND proven_at>?)";
        assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}
