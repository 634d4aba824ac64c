//! What a search found, as it is now.

use super::find::{body, numbered};
use super::search::Key;
use super::tx::Tx;
use super::{StoreError, list::List};
use crate::cells;
use crate::core::change::{Change, Object};
use crate::core::decide::Thing;
use crate::core::query::found::Kind;
use crate::core::reply::Reply;

/// A thing that was found, or somebody's words in the history.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Thing(Object),
    Note(u64, Box<Change>),
}

impl Tx<'_> {
    /// `None`: it is gone since it was indexed.
    pub fn seen(&self, key: &Key) -> Result<Option<Seen>, StoreError> {
        let of = Thing { partner: key.partner.clone(), id: key.id.clone() };
        let object = match key.kind {
            Kind::Event => self.by_id(&key.id, |tx, id| tx.event(id))?.map(|e| Object::Event(Box::new(e))),
            Kind::Alert => self.by_id(&key.id, |tx, id| tx.alert(id))?.map(|a| Object::Alert(Box::new(a))),
            Kind::Task => self.by_id(&key.id, |tx, id| tx.task(id))?.map(|t| Object::Task(Box::new(t))),
            Kind::Message => {
                self.by_id(&key.id, |tx, id| tx.notification(id))?.map(|n| Object::Notification(Box::new(n)))
            }
            Kind::Case => self.case(&of)?.map(|case| Object::Case(Box::new(case))),
            Kind::Document => self.document(&of)?.map(|document| Object::Document(Box::new(document))),
            Kind::Thread => self.thread(&of)?.map(|thread| Object::Thread(Box::new(thread))),
            Kind::Milestone => {
                let found = self.things_named(List::Milestones, &key.id)?.pop();
                found.map(|milestone| Object::Milestone(Box::new(milestone)))
            }
            Kind::Partner => self.partner(&key.id)?.map(|partner| Object::Partner(Box::new(partner))),
            Kind::Contact => self.contact(&key.id)?.map(|contact| Object::Contact(Box::new(contact))),
            Kind::Reply => {
                let sql = "SELECT body FROM reply WHERE id = $1";
                let found: Option<Reply> = self.query_one(sql, cells![key.id.as_str()], body("reply"))?;
                found.map(|reply| Object::Reply(Box::new(reply)))
            }
            Kind::Note => {
                let Ok(seq) = key.id.parse::<u64>() else { return Ok(None) };
                let sql = "SELECT seq, body FROM change WHERE seq = $1";
                let found = self.query_one(sql, cells![seq], numbered)?;
                return Ok(found.map(|numbered| Seen::Note(numbered.seq, Box::new(numbered.change))));
            }
        };
        Ok(object.map(Seen::Thing))
    }

    fn by_id<I: std::str::FromStr, T>(
        &self,
        id: &str,
        find: impl Fn(&Self, I) -> Result<Option<T>, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match id.parse() {
            Ok(id) => find(self, id),
            Err(_) => Ok(None),
        }
    }
}
