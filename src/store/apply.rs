//! Changes become rows. This is the only way in which state is written.

use super::StoreError;
use super::tx::{Sealable, Tx};
use crate::cells;
use crate::core::alert::{Alert, AlertState};
use crate::core::assignment::StoredAssignment;
use crate::core::case::Case;
use crate::core::change::{Change, ConfigVersion, Object, What};
use crate::core::consent::Consent;
use crate::core::contact::Contact;
use crate::core::decide::keys_of_newest;
use crate::core::digest::DigestRun;
use crate::core::document::Document;
use crate::core::event::{Event, EventState};
use crate::core::exception::ExceptionReport;
use crate::core::expectation::Expectation;
use crate::core::handover::Handover;
use crate::core::id::{AlertId, HandoverId, NotificationId, TaskId};
use crate::core::maintenance::StoredWindow;
use crate::core::notification::{AttemptState, Hold, Notification, RecipientId, Rung};
use crate::core::onboarding::MilestoneRecord;
use crate::core::partner::Partner;
use crate::core::provider::Provider;
use crate::core::quiet::Quiet;
use crate::core::reply::Reply;
use crate::core::schedule::{Override, RosterCopy};
use crate::core::shift_test::ShiftTest;
use crate::core::suppression::{Suppression, SuppressionState, address_key};
use crate::core::sync::{Link, Side};
use crate::core::task::Task;
use crate::core::text::Untrusted;
use crate::core::thread::Thread;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Who of a line must wait for another. What is held until a time is only in the way of what is held
/// too: it may be held longer than the other needs to wait. A line is short: what one recipient was told
/// of one thing and has not left yet.
pub(super) const LINE_UP: &str = "UPDATE notification SET behind = CASE WHEN EXISTS (
      SELECT 1 FROM notification earlier
      WHERE earlier.line = $1 AND earlier.id < notification.id
        AND (earlier.due_at IS NOT NULL OR earlier.in_flight = 1)
        AND (earlier.state <> 'held' OR notification.state = 'held')) THEN 1 ELSE 0 END
    WHERE line = $1 AND (due_at IS NOT NULL OR in_flight = 1)";

impl Tx<'_> {
    /// Applies changes, but opens no task about a trouble that has an open one already: see [`Task::key`].
    pub fn apply_once(&mut self, mut changes: Vec<Change>) -> Result<(), StoreError> {
        let mut known = HashSet::new();
        for change in changes.iter().filter(|change| change.what == What::TaskOpened) {
            if let Object::Task(task) = &change.object
                && self.open_task(task.key.raw())?.is_some()
            {
                known.insert(task.id);
            }
        }
        changes.retain(|change| !matches!(&change.object, Object::Task(task) if known.contains(&task.id)));
        self.apply(changes)
    }

    /// Applies changes to the tables and keeps them for the history, in this order.
    pub fn apply(&mut self, changes: Vec<Change>) -> Result<(), StoreError> {
        // A later change of the batch carries the same thing whole; only the last needs writing.
        let last: HashMap<_, _> =
            changes.iter().enumerate().filter_map(|(i, change)| Some((row(&change.object)?, i))).collect();
        let mut joins: HashMap<AlertId, usize> = HashMap::new();
        for change in changes.iter().filter(|change| change.what == What::AlertJoined) {
            change.alert.into_iter().for_each(|alert| *joins.entry(alert).or_insert(1) += 1);
        }
        for (i, change) in changes.iter().enumerate() {
            let later = row(&change.object).is_some_and(|row| last.get(&row) != Some(&i));
            match &change.object {
                Object::Event(event) => self.put_event(event)?,
                Object::Alert(alert) => {
                    let joined = joins.get(&alert.id).copied().unwrap_or(1);
                    self.put_keys(change.what, alert, joined)?;
                    if !later {
                        self.put_alert(alert)?;
                    }
                }
                Object::Notification(notification) if !later => self.put_notification(notification)?,
                Object::Task(task) if !later => self.put_task(task)?,
                Object::Partner(partner) if !later => self.put_partner(partner)?,
                Object::Contact(contact) if !later => self.put_contact(contact)?,
                Object::Link(link) if !later => self.put_link(link)?,
                Object::Case(case) if !later => self.put_case(case)?,
                Object::Document(document) if !later => self.put_document(document)?,
                Object::Thread(thread) if !later => self.put_thread(thread)?,
                Object::Milestone(milestone) if !later => self.put_milestone(milestone)?,
                Object::Exception(report) if !later => self.put_exception(report)?,
                Object::Expectation(expectation) if !later => self.put_expectation(expectation)?,
                Object::Suppression(suppression) if !later => self.put_suppression(suppression)?,
                Object::Assignment(assignment) if !later => self.put_assignment(assignment)?,
                Object::Reply(reply) => self.put_reply(reply)?,
                Object::Consent(consent) => self.put_consent(consent)?,
                Object::Digest(run) => self.put_digest_run(run)?,
                Object::Override(over) => self.put_override(over)?,
                Object::Window(window) => self.put_window(window)?,
                Object::ShiftTest(test) => self.put_shift_test(test)?,
                Object::Roster(copy) => self.put_roster(copy)?,
                Object::Provider(provider) if !later => self.put_provider(provider)?,
                Object::Handover(handover) if !later => self.put_handover(handover)?,
                Object::Config(config) => self.put_config(config)?,
                Object::View(view) => self.put_view(view, encode(view)?)?,
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
        self.dues |= a.look_at().is_some();
        self.execute(
            "INSERT INTO alert (id, state, partner, next_due, updated_at, body, created_at, quiet_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (id) DO UPDATE SET state = $2, next_due = $4, updated_at = $5, body = $6, quiet_by = $8",
            cells![
                a.id.0,
                a.state.as_str(),
                a.partner.id.raw(),
                a.look_at(),
                a.updated_at,
                encode(a)?,
                a.created_at,
                a.resting().map(|quiet| match quiet {
                    Quiet::Maintenance { .. } => 0,
                    Quiet::Alert { alert, .. } => alert.0,
                })
            ],
        )?;
        Ok(())
    }

    fn put_provider(&self, provider: &Provider) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO provider (id, body) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET body = $2",
            cells![provider.id.as_str(), encode(provider)?],
        )?;
        Ok(())
    }

    fn put_keys(&self, what: What, alert: &Alert, newest: usize) -> Result<(), StoreError> {
        if alert.state == AlertState::Resolved {
            self.execute("DELETE FROM alert_key WHERE alert = $1", cells![alert.id.0])?;
        } else if matches!(what, What::AlertRaised | What::AlertJoined) {
            for key in keys_of_newest(alert, newest) {
                self.execute(
                    "INSERT INTO alert_key (key, alert) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    cells![key, alert.id.0],
                )?;
            }
        }
        Ok(())
    }

    fn put_notification(&mut self, n: &Notification) -> Result<(), StoreError> {
        self.dues |= n.due_at.is_some() || n.proof_by.is_some();
        let line = line(n);
        let before: Option<String> = match &line {
            Some(_) => self
                .query_one("SELECT line FROM notification WHERE id = $1", cells![n.id.0], |row| {
                    row.maybe_text(0)
                })?
                .flatten()
                .filter(|before| Some(before) != line.as_ref()),
            None => None,
        };
        self.execute(
            "INSERT INTO notification (id, state, channel, medium, urgent, alert, partner, due_at, updated_at, body, in_flight,
               contact, person, line, left_at, doubt_to, parked, proof_by, proven_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
             ON CONFLICT (id) DO UPDATE SET state = $2, channel = $3, medium = $4, alert = $6, due_at = $8,
               updated_at = $9, body = $10, in_flight = $11, contact = $12, person = $13, line = $14, behind = 0,
               left_at = $15, doubt_to = $16, parked = $17, proof_by = $18, proven_at = $19",
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
                i64::from(n.attempts.iter().any(|attempt| attempt.state == AttemptState::Sending)),
                match &n.recipient.who {
                    RecipientId::Contact(id) => Some(id.raw()),
                    RecipientId::Person(_) | RecipientId::Webhook(_) => None,
                },
                match &n.recipient.who {
                    RecipientId::Person(id) => Some(id.0.as_str()),
                    RecipientId::Contact(_) | RecipientId::Webhook(_) => None,
                },
                line.as_deref(),
                n.attempts.last().filter(|_| n.answers.is_none()).map(|attempt| attempt.started_at),
                n.lost_attempt().map(|attempt| address_key(attempt.address.raw())),
                i64::from(n.hold == Some(Hold::NoProvider)),
                n.proof_by,
                proven_at(n)
            ],
        )?;
        if let Some(attempt) = n.attempts.last() {
            for (name, part) in attempt.names.iter().zip(1i64..) {
                self.execute(
                    "INSERT INTO message_name (channel, name, notification, attempt, part)
                     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                    cells![attempt.channel.as_str(), name.raw(), n.id.0, i64::from(attempt.number), part],
                )?;
            }
        }
        for covered in n.bundle.iter().flat_map(|bundle| &bundle.covers) {
            self.execute(
                "INSERT INTO covered (alert, notification) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                cells![covered.alert.0, n.id.0],
            )?;
        }
        // Whoever was behind it may be due for long.
        self.dues |= line.is_some();
        for line in line.iter().chain(&before) {
            self.execute(LINE_UP, cells![line.as_str()])?;
        }
        Ok(())
    }

    fn put_task(&mut self, t: &Task) -> Result<(), StoreError> {
        self.dues |= t.next_due().is_some();
        self.execute(
            "INSERT INTO task (id, state, key, alert, partner, next_due, body, kind, team, owner, due_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (id) DO UPDATE SET state = $2, next_due = $6, body = $7, team = $9, owner = $10,
               due_at = $11",
            cells![
                t.id.0,
                t.state.as_str(),
                t.key.raw(),
                t.alert.map(|id| id.0),
                t.partner.as_ref().map(|p| p.id.raw()),
                t.next_due(),
                encode(t)?,
                t.kind.as_str(),
                t.team.as_deref(),
                t.owner.as_ref().map(|owner| owner.0.as_str()),
                t.due_at
            ],
        )?;
        Ok(())
    }

    fn put_partner(&self, p: &Partner) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO partner (id, created_at, body, name) VALUES ($1, $2, $3, $4)
             ON CONFLICT (id) DO UPDATE SET body = $3, name = $4",
            cells![p.about.id.raw(), p.created_at, encode(p)?, p.about.name.raw().to_lowercase()],
        )?;
        Ok(())
    }

    fn put_contact(&mut self, c: &Contact) -> Result<(), StoreError> {
        // What changed here may have to be given to the community.
        self.dues = true;
        self.execute(
            "INSERT INTO contact (id, partner, created_at, body, touched)
             VALUES ($1, $2, $3, $4, (SELECT COALESCE(MAX(touched), 0) + 1 FROM contact))
             ON CONFLICT (id) DO UPDATE SET partner = $2, body = $4,
               touched = (SELECT COALESCE(MAX(touched), 0) + 1 FROM contact)",
            cells![c.id.raw(), c.partner_id.as_ref().map(Untrusted::raw), c.created_at, encode(c)?],
        )?;
        self.execute("DELETE FROM contact_address WHERE contact = $1", cells![c.id.raw()])?;
        let phones = c.phones.iter().map(|phone| phone.as_str());
        for address in phones.chain(c.emails.iter().map(|mailbox| mailbox.as_str())) {
            self.execute(
                "INSERT INTO contact_address (address, contact) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                cells![address_key(address), c.id.raw()],
            )?;
        }
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

    fn put_case(&self, c: &Case) -> Result<(), StoreError> {
        let (state, closed) = (c.state.word(), c.is_over().then_some(c.updated_at));
        self.put_thing("partner_case", &c.partner.id, &c.id, state, c.created_at, closed, encode(c)?)?;
        self.execute(
            "UPDATE partner_case SET reference = $3 WHERE partner = $1 AND id = $2 AND reference IS DISTINCT FROM $3",
            cells![c.partner.id.raw(), c.id.raw(), c.reference.raw()],
        )?;
        Ok(())
    }

    fn put_document(&self, d: &Document) -> Result<(), StoreError> {
        let (state, closed) = (d.state.as_str(), d.reviewed_at);
        self.put_thing("document", &d.partner.id, &d.id, state, d.created_at, closed, encode(d)?)
    }

    fn put_thread(&self, t: &Thread) -> Result<(), StoreError> {
        let (state, closed) = (t.state.as_str(), t.answered_at);
        self.put_thing("thread", &t.partner.id, &t.id, state, t.created_at, closed, encode(t)?)
    }

    /// A thing of a partner's that the community names within it.
    #[allow(clippy::too_many_arguments)]
    fn put_thing(
        &self,
        table: &'static str,
        partner: &Untrusted,
        id: &Untrusted,
        state: &str,
        created_at: Timestamp,
        closed_at: Option<Timestamp>,
        body: String,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO {table} (partner, id, state, created_at, body, closed_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (partner, id) DO UPDATE SET state = $3, body = $5, closed_at = $6"
        );
        self.execute(&sql, cells![partner.raw(), id.raw(), state, created_at, body, closed_at])?;
        Ok(())
    }

    fn put_milestone(&mut self, m: &MilestoneRecord) -> Result<(), StoreError> {
        self.dues |= m.next_due().is_some();
        self.execute(
            "INSERT INTO milestone (id, partner, state, next_due, created_at, body) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (id) DO UPDATE SET state = $3, next_due = $4, body = $6",
            cells![
                m.id.raw(),
                m.partner.id.raw(),
                m.state.as_str(),
                m.next_due(),
                m.created_at,
                encode(m)?
            ],
        )?;
        Ok(())
    }

    fn put_expectation(&mut self, e: &Expectation) -> Result<(), StoreError> {
        self.dues |= e.next_due().is_some();
        self.execute(
            "INSERT INTO expectation (id, state, next_due, created_at, body) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET state = $2, next_due = $3, body = $5",
            cells![e.id.raw(), e.state.as_str(), e.next_due(), e.created_at, encode(e)?],
        )?;
        Ok(())
    }

    fn put_exception(&self, report: &ExceptionReport) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO exception (id, body) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET body = $2",
            cells![report.id.raw(), encode(report)?],
        )?;
        Ok(())
    }

    fn put_suppression(&self, s: &Suppression) -> Result<(), StoreError> {
        let state = match s.state {
            SuppressionState::Active => "active",
            SuppressionState::Lifted => "lifted",
        };
        self.execute(
            "INSERT INTO suppression (id, state, body) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET state = $2, body = $3",
            cells![s.id.raw(), state, encode(s)?],
        )?;
        Ok(())
    }

    fn put_assignment(&self, a: &StoredAssignment) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO assignment (id, state, created_at, body) VALUES ($1, $2, $3, $4)
             ON CONFLICT (id) DO UPDATE SET state = $2, created_at = $3, body = $4",
            cells![a.id.as_str(), a.state.as_str(), a.created_at, encode(a)?],
        )?;
        Ok(())
    }

    /// The same reply a second time is refused, and with it all that came with it.
    fn put_reply(&self, r: &Reply) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO reply (id, state, sender, answered, created_at, body) VALUES ($1, $2, $3, $4, $5, $6)",
            cells![
                r.id.raw(),
                r.state.as_str(),
                address_key(r.address().raw()),
                i64::from(r.answer.is_some()),
                r.created_at,
                encode(r)?
            ],
        )?;
        Ok(())
    }

    /// A second run of the same name is refused, and with it all that came with it.
    fn put_digest_run(&self, r: &DigestRun) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO digest_run (id, name, state, at, created_at, body) VALUES ($1, $2, $3, $4, $5, $6)",
            cells![r.id.as_str(), r.name.as_str(), r.state.as_str(), r.at, r.created_at, encode(r)?],
        )?;
        Ok(())
    }

    fn put_consent(&self, c: &Consent) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO consent (id, address, contact, created_at, body) VALUES ($1, $2, $3, $4, $5)",
            cells![
                c.id.0,
                c.address.as_ref().map(Untrusted::raw),
                c.contact.as_ref().map(Untrusted::raw),
                c.created_at,
                encode(c)?
            ],
        )?;
        Ok(())
    }

    fn put_override(&self, o: &Override) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO oncall_override (id, state, schedule, until, created_at, body)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (id) DO UPDATE SET state = $2, until = $4, body = $6",
            cells![o.id.0, o.state.as_str(), o.schedule.as_str(), o.until, o.created_at, encode(o)?],
        )?;
        Ok(())
    }

    fn put_handover(&self, h: &Handover) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO handover (id, state, schedule, due_at, created_at, body) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (id) DO UPDATE SET state = $2, due_at = $4, body = $6",
            cells![h.id.0, h.state.as_str(), h.schedule.as_str(), h.due_at, h.created_at, encode(h)?],
        )?;
        for message in &h.asked {
            self.execute(
                "INSERT INTO handover_asked (notification, handover) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                cells![message.0, h.id.0],
            )?;
        }
        Ok(())
    }

    fn put_window(&self, w: &StoredWindow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO maintenance (id, state, until, created_at, body) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET state = $2, until = $3, body = $5",
            cells![w.id.0, w.state.as_str(), w.until, w.created_at, encode(w)?],
        )?;
        Ok(())
    }

    fn put_shift_test(&mut self, t: &ShiftTest) -> Result<(), StoreError> {
        self.dues |= t.next_due().is_some();
        self.execute(
            "INSERT INTO shift_test (id, person, state, next_due, created_at, body)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (id) DO UPDATE SET state = $3, next_due = $4, body = $6",
            cells![
                t.id.as_str(),
                t.person.0.as_str(),
                t.state.as_str(),
                t.next_due(),
                t.created_at,
                encode(t)?
            ],
        )?;
        Ok(())
    }

    fn put_roster(&self, copy: &RosterCopy) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO roster (id, body) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET body = $2",
            cells![copy.id.as_str(), encode(copy)?],
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

/// What the history calls a thing of a partner's: `case CASE-7`. A contact has none: what it was may
/// have to be forgotten.
pub fn thing(object: &Object) -> Option<String> {
    let (kind, id) = match object {
        Object::Task(task) => return Some(format!("task {}", task.id)),
        Object::Case(case) => ("case", &case.id),
        Object::Document(document) => ("document", &document.id),
        Object::Thread(thread) => ("thread", &thread.id),
        Object::Milestone(milestone) => ("milestone", &milestone.id),
        _ => return None,
    };
    Some(format!("{kind} {}", id.raw()))
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
    Case(&'a str, &'a str),
    Document(&'a str, &'a str),
    Thread(&'a str, &'a str),
    Milestone(&'a str),
    Exception(&'a str),
    Expectation(&'a str),
    Suppression(&'a str),
    Assignment(&'a str),
    Handover(HandoverId),
}

fn row(object: &Object) -> Option<RowKey<'_>> {
    match object {
        Object::Alert(alert) => Some(RowKey::Alert(alert.id)),
        Object::Notification(notification) => Some(RowKey::Notification(notification.id)),
        Object::Task(task) => Some(RowKey::Task(task.id)),
        Object::Partner(partner) => Some(RowKey::Partner(partner.about.id.raw())),
        Object::Contact(contact) => Some(RowKey::Contact(contact.id.raw())),
        Object::Link(link) => Some(RowKey::Link(link.contact.raw(), &link.side)),
        Object::Case(case) => Some(RowKey::Case(case.partner.id.raw(), case.id.raw())),
        Object::Document(document) => Some(RowKey::Document(document.partner.id.raw(), document.id.raw())),
        Object::Thread(thread) => Some(RowKey::Thread(thread.partner.id.raw(), thread.id.raw())),
        Object::Milestone(milestone) => Some(RowKey::Milestone(milestone.id.raw())),
        Object::Exception(report) => Some(RowKey::Exception(report.id.raw())),
        Object::Expectation(expectation) => Some(RowKey::Expectation(expectation.id.raw())),
        Object::Suppression(suppression) => Some(RowKey::Suppression(suppression.id.raw())),
        Object::Assignment(assignment) => Some(RowKey::Assignment(&assignment.id)),
        Object::Handover(handover) => Some(RowKey::Handover(handover.id)),
        Object::Event(_)
        | Object::Reply(_)
        | Object::Consent(_)
        | Object::Digest(_)
        | Object::Override(_)
        | Object::Window(_)
        | Object::ShiftTest(_)
        | Object::Roster(_)
        | Object::Provider(_)
        | Object::Config(_)
        | Object::View(_)
        | Object::Nothing => None,
    }
}

/// When it was last proven that a person got it.
fn proven_at(n: &Notification) -> Option<Timestamp> {
    let proof =
        n.evidence.iter().filter(|evidence| matches!(evidence.rung, Some(Rung::Delivered | Rung::Read)));
    proof.map(|evidence| evidence.at).max().filter(|_| matches!(n.recipient.who, RecipientId::Person(_)))
}

/// What must leave in order: mails, or texts, of one conversation to one recipient.
fn line(n: &Notification) -> Option<String> {
    let (kind, id) = match &n.recipient.who {
        RecipientId::Person(id) => ("person", id.0.as_str()),
        RecipientId::Contact(id) => ("contact", id.raw()),
        RecipientId::Webhook(channel) => ("webhook", channel.as_str()),
    };
    n.thread.as_ref().map(|thread| format!("{} {thread} {kind} {id}", n.medium.as_str()))
}

fn encode(object: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(object).map_err(|why| StoreError::Corrupt { what: "object", why: why.to_string() })
}
