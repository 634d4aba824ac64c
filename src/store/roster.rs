//! What is laid over the configured schedules: overrides, and copies of calendars elsewhere.

use super::StoreError;
use super::tx::Tx;
use crate::cells;
use crate::core::id::OverrideId;
use crate::core::schedule::{Override, RosterCopy};
use jiff::Timestamp;

impl Tx<'_> {
    /// Active overrides that end after a moment, oldest first.
    pub fn overrides(&self, since: Timestamp) -> Result<Vec<Override>, StoreError> {
        self.query(
            "SELECT body FROM oncall_override WHERE state = 'active' AND until > $1 ORDER BY id",
            cells![since],
            |row| row.json(0, "override"),
        )
    }

    pub fn override_of(&self, id: OverrideId) -> Result<Option<Override>, StoreError> {
        self.query_one("SELECT body FROM oncall_override WHERE id = $1", cells![id.0], |row| {
            row.json(0, "override")
        })
    }

    /// All there ever were, newest first.
    pub fn all_overrides(&self, limit: u32) -> Result<Vec<Override>, StoreError> {
        self.query(
            "SELECT body FROM oncall_override ORDER BY id DESC LIMIT $1",
            cells![i64::from(limit)],
            |row| row.json(0, "override"),
        )
    }

    /// The last good copy of every calendar.
    pub fn rosters(&self) -> Result<Vec<RosterCopy>, StoreError> {
        self.query("SELECT body FROM roster ORDER BY id", cells![], |row| row.json(0, "calendar"))
    }
}
