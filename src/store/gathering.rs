//! Texts as their parts come in, until they are taken and for a while after it.

use super::find::body;
use super::{StoreError, Tx};
use crate::cells;
use crate::core::gathering::{Gathering, REMEMBERED};
use jiff::Timestamp;

impl Tx<'_> {
    pub fn gathering(&self, channel: &str, id: &str) -> Result<Option<Gathering>, StoreError> {
        self.query_one(
            "SELECT body FROM gathering WHERE channel = $1 AND id = $2",
            cells![channel, id],
            body("gathering"),
        )
    }

    pub fn keep_gathering(&self, channel: &str, gathering: &Gathering) -> Result<(), StoreError> {
        let text = serde_json::to_string(gathering)
            .map_err(|why| StoreError::Corrupt { what: "gathering", why: why.to_string() })?;
        self.execute(
            "INSERT INTO gathering (channel, id, open, since, body) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (channel, id) DO UPDATE SET open = $3, since = $4, body = $5",
            cells![
                channel,
                gathering.id.as_str(),
                i64::from(gathering.taken_at.is_none()),
                gathering.since,
                text.as_str()
            ],
        )?;
        Ok(())
    }

    /// Texts of a channel that nobody took yet, the oldest first.
    pub fn open_gatherings(&self, channel: &str) -> Result<Vec<Gathering>, StoreError> {
        self.query(
            "SELECT body FROM gathering WHERE open = 1 AND channel = $1 ORDER BY since, id LIMIT 1000",
            cells![channel],
            body("gathering"),
        )
    }

    /// Forgets what was taken so long ago that nobody gives it again.
    pub fn forget_gatherings(&self, now: Timestamp) -> Result<(), StoreError> {
        self.execute("DELETE FROM gathering WHERE open = 0 AND since < $1", cells![now - 2 * REMEMBERED])?;
        Ok(())
    }
}
