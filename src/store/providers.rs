//! The ways out: how they are, what waits for them, what they are asked.

use super::StoreError;
use super::find::body;
use super::tx::Tx;
use crate::cells;
use crate::core::contact::Medium;
use crate::core::id::NotificationId;
use crate::core::notification::Notification;
use crate::core::provider::Provider;
use jiff::Timestamp;

impl Tx<'_> {
    pub fn providers(&self) -> Result<Vec<Provider>, StoreError> {
        self.query("SELECT body FROM provider ORDER BY id", &[], body("provider"))
    }

    /// Messages that wait until a provider works again, urgent ones first.
    pub fn parked(&self, limit: u32) -> Result<Vec<Notification>, StoreError> {
        self.query(
            "SELECT body FROM notification WHERE parked = 1 ORDER BY urgent DESC, id LIMIT $1",
            cells![i64::from(limit)],
            body("notification"),
        )
    }

    /// The media of messages that wait until a provider works again.
    pub fn parked_media(&self) -> Result<Vec<Medium>, StoreError> {
        let mut media = Vec::new();
        for medium in Medium::ALL {
            let waits = self.query_one(
                "SELECT 1 FROM notification WHERE parked = 1 AND medium = $1 LIMIT 1",
                cells![medium.as_str()],
                |row| row.int(0),
            )?;
            media.extend(waits.map(|_| medium));
        }
        Ok(media)
    }

    /// Messages whose delivery is not proven and should be by now.
    pub fn due_proofs(&self, now: Timestamp, limit: u32) -> Result<Vec<Notification>, StoreError> {
        self.query(
            "SELECT body FROM notification WHERE proof_by <= $1 ORDER BY proof_by, id LIMIT $2",
            cells![now, i64::from(limit)],
            body("notification"),
        )
    }

    /// Messages handed over since then of which nobody can tell whether they left.
    pub fn lost_since(&self, since: Timestamp) -> Result<Vec<Notification>, StoreError> {
        self.query(
            "SELECT body FROM notification WHERE doubt_to IS NOT NULL AND updated_at >= $1
             ORDER BY urgent DESC, id LIMIT 100",
            cells![since],
            body("notification"),
        )
    }

    /// Attempts that a provider is to be asked after by now.
    pub fn due_inquiries(
        &self,
        channel: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Notification, u32)>, StoreError> {
        let due = self.query(
            "SELECT notification, attempt FROM inquiry WHERE channel = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3",
            cells![channel, now, limit as i64],
            |row| Ok((NotificationId(row.int(0)? as u64), row.int(1)? as u32)),
        )?;
        let mut found = Vec::new();
        for (id, attempt) in due {
            found.extend(self.notification(id)?.map(|n| (n, attempt)));
        }
        Ok(found)
    }

    /// Keeps when a provider is next asked after an attempt; `None`: it is asked no more.
    pub fn ask_after(
        &self,
        channel: &str,
        id: NotificationId,
        attempt: u32,
        at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        match at {
            Some(at) => self.execute(
                "INSERT INTO inquiry (channel, notification, attempt, due_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (channel, notification, attempt) DO UPDATE SET due_at = $4",
                cells![channel, id.0, i64::from(attempt), at],
            )?,
            None => self.execute(
                "DELETE FROM inquiry WHERE channel = $1 AND notification = $2 AND attempt = $3",
                cells![channel, id.0, i64::from(attempt)],
            )?,
        };
        Ok(())
    }
}
