//! The consent ledger, the newest entries first. Nothing here changes or removes one.

use super::find::body;
use super::{StoreError, Tx};
use crate::cells;
use crate::core::consent::Consent;

impl Tx<'_> {
    /// Entries about an address, a contact, or all of them.
    pub fn consents(
        &self,
        address: Option<&str>,
        contact: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Consent>, StoreError> {
        let filter = match (address, contact) {
            (Some(_), Some(_)) => "WHERE address = $1 AND +contact = $2",
            (Some(_), None) => "WHERE address = $1",
            (None, Some(_)) => "WHERE contact = $2",
            (None, None) => "",
        };
        let sql = format!("SELECT body FROM consent {filter} ORDER BY id DESC LIMIT $3");
        self.query(&sql, cells![address, contact, i64::from(limit)], body("consent"))
    }
}
