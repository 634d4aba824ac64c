//! What must be found to take a reply: whether it was taken before, whose address it came from, and
//! what that sender was told.

use super::find::body;
use super::{StoreError, Tx};
use crate::cells;
use crate::core::contact::Contact;
use crate::core::notification::Notification;
use crate::core::person::PersonId;
use crate::core::reply::Reply;
use jiff::Timestamp;

impl Tx<'_> {
    pub fn reply(&self, id: &str) -> Result<Option<Reply>, StoreError> {
        self.query_one("SELECT body FROM reply WHERE id = $1", cells![id], body("reply"))
    }

    /// How many answers this address got since then.
    pub fn answers_to(&self, address: &str, since: Timestamp) -> Result<u64, StoreError> {
        let counted = self.query_one(
            "SELECT COUNT(*) FROM reply WHERE sender = $1 AND created_at > $2 AND answered = 1",
            cells![address, since],
            |row| row.int(0),
        )?;
        Ok(counted.unwrap_or(0).max(0) as u64)
    }

    /// Whether whoever has this address was asked since then if a STOP was theirs.
    pub fn was_asked(&self, address: &str, since: Timestamp) -> Result<bool, StoreError> {
        let found = self.query_one(
            "SELECT 1 FROM reply WHERE sender = $1 AND created_at > $2 AND state = 'asked' AND answered = 1
             LIMIT 1",
            cells![address, since],
            |row| row.int(0),
        )?;
        Ok(found.is_some())
    }

    /// The contacts that have this number or mailbox.
    pub fn contacts_at(&self, address: &str) -> Result<Vec<Contact>, StoreError> {
        self.query(
            "SELECT c.body FROM contact_address a JOIN contact c ON c.id = a.contact WHERE a.address = $1
             ORDER BY c.created_at, c.id LIMIT 100",
            cells![address],
            body("contact"),
        )
    }

    /// What a person was told about alerts, the newest first.
    pub fn told_person(&self, person: &PersonId, limit: u64) -> Result<Vec<Notification>, StoreError> {
        self.query(
            "SELECT body FROM notification WHERE person = $1 AND alert IS NOT NULL ORDER BY id DESC LIMIT $2",
            cells![person.0.as_str(), limit],
            body("notification"),
        )
    }

    /// Up to which letter a folder is done with: what its numbers are valid for, and the number.
    pub fn mailbox_mark(&self, mailbox: &str) -> Result<Option<(u32, u32)>, StoreError> {
        let number = |value: i64| u32::try_from(value).unwrap_or(0);
        self.query_one("SELECT validity, uid FROM mailbox_mark WHERE mailbox = $1", cells![mailbox], |row| {
            Ok((number(row.int(0)?), number(row.int(1)?)))
        })
    }

    pub fn keep_mailbox_mark(&self, mailbox: &str, validity: u32, uid: u32) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO mailbox_mark (mailbox, validity, uid) VALUES ($1, $2, $3)
             ON CONFLICT (mailbox) DO UPDATE SET validity = $2, uid = $3",
            cells![mailbox, i64::from(validity), i64::from(uid)],
        )?;
        Ok(())
    }
}
