//! What can be found of contacts that another side keeps as well.

use super::StoreError;
use super::tx::{Row, Tx};
use crate::cells;
use crate::core::contact::Contact;
use crate::core::sync::{Known, Link, Side, task_key};

fn link(row: &Row<'_>) -> Result<Link, StoreError> {
    row.json(0, "link")
}

impl Tx<'_> {
    pub fn link(&self, contact: &str, side: &Side) -> Result<Option<Link>, StoreError> {
        self.query_one(
            "SELECT body FROM link WHERE contact = $1 AND side = $2",
            cells![contact, side.word()],
            link,
        )
    }

    pub fn links_of(&self, contact: &str) -> Result<Vec<Link>, StoreError> {
        self.query("SELECT body FROM link WHERE contact = $1 ORDER BY side", cells![contact], link)
    }

    /// The desk's id of a contact that is called so: by the desk, or by the community as its `id` or
    /// `externalId`.
    pub fn contact_called(&self, name: &str) -> Result<Option<String>, StoreError> {
        for sql in [
            "SELECT id FROM contact WHERE id = $1",
            "SELECT contact FROM link WHERE community_id = $1 ORDER BY contact LIMIT 1",
            "SELECT contact FROM link WHERE external_id = $1 ORDER BY contact LIMIT 1",
            "SELECT contact FROM link WHERE contact = $1 LIMIT 1",
        ] {
            if let Some(found) = self.query_one(sql, cells![name], |row| row.text(0))? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Everything that hearing of a contact is decided against.
    pub fn known(&self, contact: &str, side: &Side) -> Result<Known, StoreError> {
        let known = self.contact(contact)?;
        let partner = match known.as_ref().and_then(|contact| contact.partner_id.as_ref()) {
            Some(partner) => self.partner(partner.raw())?.map(|partner| partner.about),
            None => None,
        };
        Ok(Known {
            link: self.link(contact, side)?,
            task: self.open_task(&task_key(&contact.into(), side))?,
            contact: known,
            partner,
        })
    }

    /// Links in conflict, by contact.
    pub fn links_in_conflict(&self, limit: u32) -> Result<Vec<Link>, StoreError> {
        self.query(
            "SELECT body FROM link WHERE conflicts > 0 ORDER BY contact LIMIT $1",
            cells![i64::from(limit)],
            link,
        )
    }

    /// How many fields wait for somebody to choose.
    pub fn fields_in_conflict(&self) -> Result<u64, StoreError> {
        let sum = "SELECT COALESCE(SUM(conflicts), 0) FROM link WHERE conflicts > 0";
        Ok(self.query_one(sum, &[], |row| row.int(0))?.unwrap_or(0).unsigned_abs())
    }

    /// Contacts that the community is to be asked for, the longest waiting first.
    pub fn links_to_look_at(&self, limit: u32) -> Result<Vec<Link>, StoreError> {
        self.query(
            "SELECT body FROM link WHERE look_since IS NOT NULL ORDER BY look_since LIMIT $1",
            cells![i64::from(limit)],
            link,
        )
    }

    /// The links to the community, a page at a time in the order of their contacts.
    pub fn community_links_after(&self, contact: &str, limit: u32) -> Result<Vec<Link>, StoreError> {
        self.query(
            "SELECT body FROM link WHERE contact > $1 AND side = 'community' ORDER BY contact LIMIT $2",
            cells![contact, i64::from(limit)],
            link,
        )
    }

    /// Contacts written since the write of that number, in order, each with its own.
    pub fn contacts_touched_since(&self, touch: i64, limit: u32) -> Result<Vec<(i64, Contact)>, StoreError> {
        self.query(
            "SELECT body, touched FROM contact WHERE touched > $1 ORDER BY touched LIMIT $2",
            cells![touch, i64::from(limit)],
            |row| Ok((row.int(1)?, row.json(0, "contact")?)),
        )
    }
}
