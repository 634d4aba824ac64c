//! Changes become rows. This is the only way in which state is written.

use super::StoreError;
use super::tx::{Sealable, Tx};
use crate::cells;
use crate::core::alert::{Alert, AlertState};
use crate::core::change::{Change, ConfigVersion, Object, What};
use crate::core::contact::Contact;
use crate::core::decide::keys_of_last_member;
use crate::core::event::{Event, EventState};
use crate::core::id::{AlertId, NotificationId, TaskId};
use crate::core::notification::{AttemptState, Notification};
use crate::core::partner::Partner;
use crate::core::sync::{Link, Side};
use crate::core::task::Task;
use crate::core::text::Untrusted;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;

impl Tx<'_> {
    /// Applies changes to the tables and keeps them for the history, in this order.
    pub fn apply(&mut self, changes: Vec<Change>) -> Result<(), StoreError> {
        // A later change of the batch carries the same thing whole; only the last needs writing.
        let last: HashMap<_, _> =
            changes.iter().enumerate().filter_map(|(i, change)| Some((row(&change.object)?, i))).collect();
        for (i, change) in changes.iter().enumerate() {
            let later = row(&change.object).is_some_and(|row| last.get(&row) != Some(&i));
            match &change.object {
                Object::Event(event) => self.put_event(event)?,
                Object::Alert(alert) => {
                    self.put_keys(change.what, alert)?;
                    if !later {
                        self.put_alert(alert)?;
                    }
                }
                Object::Notification(notification) if !later => self.put_notification(notification)?,
                Object::Task(task) if !later => self.put_task(task)?,
                Object::Partner(partner) if !later => self.put_partner(partner)?,
                Object::Contact(contact) if !later => self.put_contact(contact)?,
                Object::Link(link) if !later => self.put_link(link)?,
                Object::Config(config) => self.put_config(config)?,
                _ => {}
            }
        }
        for change in changes {
            let body = encode(&change)?;
            self.unsealed.push(Sealable { change: Arc::new(change), body });
        }
        Ok(())
    }

    fn put_event(&self, e: &Event) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO event (id, source, event_id, fingerprint, state, feed, partner, alert, created_at, body)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            cells![
                e.id.0,
                e.source.raw(),
                e.event_id.raw(),
                e.fingerprint.as_str(),
                event_state(&e.state),
                e.feed.as_str(),
                e.partner.as_ref().map(|p| p.id.raw()),
                e.alert.map(|id| id.0),
                e.created_at,
                encode(e)?
            ],
        )?;
        Ok(())
    }

    fn put_alert(&mut self, a: &Alert) -> Result<(), StoreError> {
        self.dues |= a.next_due().is_some();
        self.execute(
            "INSERT INTO alert (id, state, partner, next_due, updated_at, body) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (id) DO UPDATE SET state = $2, next_due = $4, updated_at = $5, body = $6",
            cells![a.id.0, a.state.as_str(), a.partner.id.raw(), a.next_due(), a.updated_at, encode(a)?],
        )?;
        Ok(())
    }

    fn put_keys(&self, what: What, alert: &Alert) -> Result<(), StoreError> {
        if alert.state == AlertState::Resolved {
            self.execute("DELETE FROM alert_key WHERE alert = $1", cells![alert.id.0])?;
        } else if matches!(what, What::AlertRaised | What::AlertJoined) {
            for key in keys_of_last_member(alert) {
                self.execute(
                    "INSERT INTO alert_key (key, alert) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    cells![key, alert.id.0],
                )?;
            }
        }
        Ok(())
    }

    fn put_notification(&mut self, n: &Notification) -> Result<(), StoreError> {
        self.dues |= n.due_at.is_some();
        self.execute(
            "INSERT INTO notification (id, state, channel, medium, urgent, alert, partner, due_at, updated_at, body, in_flight)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (id) DO UPDATE SET state = $2, channel = $3, due_at = $8, updated_at = $9, body = $10,
               in_flight = $11",
            cells![
                n.id.0,
                n.state.as_str(),
                n.channel.as_str(),
                n.medium.as_str(),
                i64::from(n.urgent),
                n.alert.map(|id| id.0),
                n.partner.as_ref().map(Untrusted::raw),
                n.due_at,
                n.updated_at,
                encode(n)?,
                i64::from(n.attempts.iter().any(|attempt| attempt.state == AttemptState::Sending))
            ],
        )?;
        Ok(())
    }

    fn put_task(&mut self, t: &Task) -> Result<(), StoreError> {
        self.dues |= t.snoozed_until.is_some();
        self.execute(
            "INSERT INTO task (id, state, key, alert, partner, next_due, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (id) DO UPDATE SET state = $2, next_due = $6, body = $7",
            cells![
                t.id.0,
                t.state.as_str(),
                t.key.raw(),
                t.alert.map(|id| id.0),
                t.partner.as_ref().map(|p| p.id.raw()),
                t.snoozed_until,
                encode(t)?
            ],
        )?;
        Ok(())
    }

    fn put_partner(&self, p: &Partner) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO partner (id, created_at, body) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET body = $3",
            cells![p.about.id.raw(), p.created_at, encode(p)?],
        )?;
        Ok(())
    }

    fn put_contact(&mut self, c: &Contact) -> Result<(), StoreError> {
        // What changed here may have to be given to the community.
        self.dues = true;
        self.execute(
            "INSERT INTO contact (id, partner, created_at, body, updated_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET partner = $2, body = $4, updated_at = $5",
            cells![
                c.id.raw(),
                c.partner_id.as_ref().map(Untrusted::raw),
                c.created_at,
                encode(c)?,
                c.updated_at
            ],
        )?;
        Ok(())
    }

    fn put_link(&mut self, l: &Link) -> Result<(), StoreError> {
        self.dues |= l.look_since.is_some();
        self.execute(
            "INSERT INTO link (contact, side, community_id, external_id, look_since, conflicts, body)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (contact, side) DO UPDATE SET community_id = $3, external_id = $4, look_since = $5,
               conflicts = $6, body = $7",
            cells![
                l.contact.raw(),
                l.side.word(),
                l.community_id.as_ref().map(Untrusted::raw),
                l.external_id.as_ref().map(Untrusted::raw),
                l.look_since,
                l.conflicts.len() as u64,
                encode(l)?
            ],
        )?;
        Ok(())
    }

    fn put_config(&self, c: &ConfigVersion) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO config (version, sha256, body) VALUES ($1, $2, $3)",
            cells![c.version, c.sha256.as_str(), encode(c)?],
        )?;
        Ok(())
    }
}

pub fn event_state(state: &EventState) -> &'static str {
    match state {
        EventState::Handled => "handled",
        EventState::Quiet => "quiet",
        EventState::NoRule => "no_rule",
    }
}

/// Which row a change writes, for things that change more than once.
#[derive(PartialEq, Eq, Hash)]
enum RowKey<'a> {
    Alert(AlertId),
    Notification(NotificationId),
    Task(TaskId),
    Partner(&'a str),
    Contact(&'a str),
    Link(&'a str, &'a Side),
}

fn row(object: &Object) -> Option<RowKey<'_>> {
    match object {
        Object::Alert(alert) => Some(RowKey::Alert(alert.id)),
        Object::Notification(notification) => Some(RowKey::Notification(notification.id)),
        Object::Task(task) => Some(RowKey::Task(task.id)),
        Object::Partner(partner) => Some(RowKey::Partner(partner.about.id.raw())),
        Object::Contact(contact) => Some(RowKey::Contact(contact.id.raw())),
        Object::Link(link) => Some(RowKey::Link(link.contact.raw(), &link.side)),
        Object::Event(_) | Object::Config(_) | Object::Nothing => None,
    }
}

fn encode(object: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(object).map_err(|why| StoreError::Corrupt { what: "object", why: why.to_string() })
}
