//! What can be found of contacts that another side keeps as well.

use super::StoreError;
use super::tx::{Row, Tx};
use crate::cells;
use crate::core::contact::Contact;
use crate::core::sync::{Known, Link, Side, task_key};

fn link(row: &Row<'_>) -> Result<Link, StoreError> {
    row.json(0, "link")
}

fn contact_and_link(row: &Row<'_>) -> Result<(Contact, Link), StoreError> {
    Ok((row.json(0, "contact")?, row.json(1, "link")?))
}

const IN_CONFLICT: &str = "SELECT c.body, l.body FROM link l JOIN contact c ON c.id = l.contact
    WHERE l.conflicts > 0 ORDER BY l.contact LIMIT $1";
const IN_CONFLICT_OF: &str = "SELECT c.body, l.body FROM contact c JOIN link l ON l.contact = c.id
    WHERE c.partner = $1 AND l.conflicts > 0";

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

    /// Contacts with a link in conflict, and that link.
    pub fn in_conflict(&self, limit: u32) -> Result<Vec<(Contact, Link)>, StoreError> {
        self.query(IN_CONFLICT, cells![i64::from(limit)], contact_and_link)
    }

    /// The same of one partner.
    pub fn in_conflict_of(&self, partner: &str) -> Result<Vec<(Contact, Link)>, StoreError> {
        self.query(IN_CONFLICT_OF, cells![partner], contact_and_link)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::find::tests::{plan, shape};

    #[test]
    fn conflicts_are_found_without_reading_every_contact() {
        let of_all = plan(&shape(), IN_CONFLICT);
        assert!(of_all.contains("l USING INDEX link_conflicts") && !of_all.contains("SCAN c"), "{of_all}");
        let of_one = plan(&shape(), IN_CONFLICT_OF);
        assert!(!of_one.contains("SCAN") && !of_one.contains("TEMP B-TREE"), "{of_one}");
    }
}
