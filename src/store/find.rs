//! What can be found in the store. Every query is bounded and runs on an index.

use super::StoreError;
use super::list::List;
use super::tx::{Row, Tx};
use crate::cells;
use crate::core::alert::Alert;
use crate::core::assignment::StoredAssignment;
use crate::core::case::Case;
use crate::core::change::{Change, ConfigVersion, Numbered};
use crate::core::command::Outcome;
use crate::core::contact::{Contact, ContactState, Medium};
use crate::core::decide::{Needs, Thing, View};
use crate::core::document::Document;
use crate::core::event::Event;
use crate::core::exception::ExceptionReport;
use crate::core::expectation::Expectation;
use crate::core::flow::arrival::Held;
use crate::core::id::{AlertId, EventId, Ids, NotificationId, TaskId};
use crate::core::notification::{Notification, RecipientId};
use crate::core::onboarding::MilestoneRecord;
use crate::core::partner::Partner;
use crate::core::person::PersonId;
use crate::core::reach::{Reach, fix_task};
use crate::core::suppression::{Suppression, address_key};
use crate::core::sync::Side;
use crate::core::task::Task;
use crate::core::thread::Thread;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

const CASE_CALLED: &str = "SELECT body FROM partner_case WHERE reference = $1 LIMIT 100";

const ASSIGNMENTS: &str = "SELECT body FROM assignment WHERE state = 'active' ORDER BY id";

const DUE: &str =
    "SELECT body FROM notification WHERE channel = $1 AND urgent = $2 AND behind = 0 AND due_at <= $3
    ORDER BY due_at, id LIMIT $4";

const COVERING: &str =
    "SELECT n.body FROM covered c JOIN notification n ON n.id = c.notification WHERE c.alert = $1
     ORDER BY c.notification DESC LIMIT 2000";

const BESIDE: &str = "SELECT id FROM notification WHERE alert = $1 AND person = $2 AND medium = $3
    UNION SELECT n.id FROM covered c JOIN notification n ON n.id = c.notification
    WHERE c.alert = $1 AND n.person = $2 AND n.medium = $3
    ORDER BY 1 DESC LIMIT 2000";

const TO_LEAVE: &str = "SELECT body FROM notification WHERE person = $1 AND medium = $2
    AND (state IN ('queued', 'held') OR due_at IS NOT NULL OR parked = 1) ORDER BY id LIMIT 2000";

const LEFT: &str = "SELECT left_at FROM notification WHERE person = $1 AND medium = $2 AND left_at > $3
    ORDER BY left_at DESC LIMIT $4";

const NEXT_DUE: &str = "SELECT MIN(due) FROM (
    SELECT MIN(due_at) AS due FROM notification
    WHERE channel = $1 AND urgent = 1 AND behind = 0 AND due_at IS NOT NULL
    UNION ALL
    SELECT MIN(due_at) FROM notification
    WHERE channel = $1 AND urgent = 0 AND behind = 0 AND due_at IS NOT NULL)";

const NEXT_URGENT: &str = "SELECT MIN(due_at) FROM notification
    WHERE channel = $1 AND urgent = 1 AND behind = 0 AND due_at > $2";

pub(super) fn body<T: DeserializeOwned>(what: &'static str) -> impl FnMut(&Row<'_>) -> Result<T, StoreError> {
    move |row| row.json(0, what)
}

impl Tx<'_> {
    pub fn event(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        self.query_one("SELECT body FROM event WHERE id = $1", cells![id.0], body("event"))
    }

    /// The stored event of that CloudEvents identity, with its fingerprint.
    pub fn known_event(&self, source: &str, id: &str) -> Result<Option<String>, StoreError> {
        self.query_one(
            "SELECT fingerprint FROM event WHERE source = $1 AND event_id = $2",
            cells![source, id],
            |row| row.text(0),
        )
    }

    pub fn alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        self.query_one("SELECT body FROM alert WHERE id = $1", cells![id.0], body("alert"))
    }

    pub fn notification(&self, id: NotificationId) -> Result<Option<Notification>, StoreError> {
        self.query_one("SELECT body FROM notification WHERE id = $1", cells![id.0], body("notification"))
    }

    pub fn notifications_of(&self, alert: AlertId) -> Result<Vec<Notification>, StoreError> {
        let values = cells![alert.0];
        // The newest, should there be more: those are the ones that may still be waiting.
        let own = "SELECT body FROM notification WHERE alert = $1 ORDER BY id DESC LIMIT 2000";
        let mut found: Vec<Notification> = self.query(own, values, body("notification"))?;
        found.extend(self.query(COVERING, values, body("notification"))?);
        found.sort_by_key(|n: &Notification| n.id);
        found.dedup_by_key(|n| n.id);
        Ok(found)
    }

    /// Their ids, of those to somebody of the desk by this medium, the newest first. An alert that pages for hours
    /// has hundreds, and a page that speaks of many alerts is long: each is read by itself, as far as it is needed.
    pub fn notifications_beside(
        &self,
        alert: AlertId,
        person: &PersonId,
        medium: Medium,
    ) -> Result<Vec<NotificationId>, StoreError> {
        self.query(BESIDE, cells![alert.0, person.0.as_str(), medium.as_str()], |row| {
            Ok(NotificationId(row.int(0)? as u64))
        })
    }

    /// What still waits to leave for somebody of the desk by this medium, or to leave again, the oldest first.
    pub fn to_leave_for(&self, person: &PersonId, medium: Medium) -> Result<Vec<Notification>, StoreError> {
        self.query(TO_LEAVE, cells![person.0.as_str(), medium.as_str()], body("notification"))
    }

    /// When messages to a person that they did not ask for left since then, the newest first.
    pub fn left_for(
        &self,
        person: &PersonId,
        medium: Medium,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Timestamp>, StoreError> {
        let left =
            self.query(LEFT, cells![person.0.as_str(), medium.as_str(), since, i64::from(limit)], |row| {
                row.int(0)
            })?;
        Ok(left.into_iter().filter_map(moment).collect())
    }

    /// Messages to a person that wait, because they got enough lately or for another reason.
    pub fn held_for_person(
        &self,
        person: &PersonId,
        medium: Medium,
    ) -> Result<Vec<Notification>, StoreError> {
        self.query(
            "SELECT body FROM notification WHERE state = 'held' AND person = $1 AND medium = $2
             ORDER BY id LIMIT 100",
            cells![person.0.as_str(), medium.as_str()],
            body("notification"),
        )
    }

    /// When the agent was last seen at work.
    pub fn seen_at_work(&self) -> Result<Option<Timestamp>, StoreError> {
        let at = self.query_one("SELECT at FROM seen_at_work WHERE id = 1", &[], |row| row.int(0))?;
        Ok(at.and_then(moment))
    }

    /// Keeps that the agent is at work now.
    pub fn keep_seen_at_work(&self, now: Timestamp) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO seen_at_work (id, at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at = $1",
            cells![now],
        )?;
        Ok(())
    }

    pub fn task(&self, id: TaskId) -> Result<Option<Task>, StoreError> {
        self.query_one("SELECT body FROM task WHERE id = $1", cells![id.0], body("task"))
    }

    /// The open task about the same trouble.
    pub fn open_task(&self, key: &str) -> Result<Option<Task>, StoreError> {
        self.query_one("SELECT body FROM task WHERE key = $1 AND state <> 'done'", cells![key], body("task"))
    }

    pub fn contact(&self, id: &str) -> Result<Option<Contact>, StoreError> {
        self.query_one("SELECT body FROM contact WHERE id = $1", cells![id], body("contact"))
    }

    pub fn assignment(&self, id: &str) -> Result<Option<StoredAssignment>, StoreError> {
        self.query_one("SELECT body FROM assignment WHERE id = $1", cells![id], body("assignment"))
    }

    /// Every assignment that an operator gave and none took back, by id.
    pub fn assignments(&self) -> Result<Vec<StoredAssignment>, StoreError> {
        self.query(ASSIGNMENTS, &[], body("assignment"))
    }

    pub fn partner(&self, id: &str) -> Result<Option<Partner>, StoreError> {
        self.query_one("SELECT body FROM partner WHERE id = $1", cells![id], body("partner"))
    }

    /// The ids that come after all that is kept; for whoever only reads.
    pub fn next_ids(&self) -> Result<Ids, StoreError> {
        let next = |table: &str| -> Result<u64, StoreError> {
            let sql = format!("SELECT COALESCE(MAX(id), 0) + 1 FROM {table}");
            let next = self.query_one(&sql, &[], |row| row.int(0))?.unwrap_or(1);
            Ok(next.max(1) as u64)
        };
        Ok(Ids {
            event: next("event")?,
            alert: next("alert")?,
            notification: next("notification")?,
            task: next("task")?,
            over: next("oncall_override")?,
            consent: next("consent")?,
            handover: next("handover")?,
            window: next("maintenance")?,
        })
    }

    pub fn case(&self, of: &Thing) -> Result<Option<Case>, StoreError> {
        self.thing("partner_case", of, "case")
    }

    pub fn document(&self, of: &Thing) -> Result<Option<Document>, StoreError> {
        self.thing("document", of, "document")
    }

    pub fn thread(&self, of: &Thing) -> Result<Option<Thread>, StoreError> {
        self.thing("thread", of, "thread")
    }

    fn thing<T: DeserializeOwned>(
        &self,
        table: &'static str,
        of: &Thing,
        what: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let sql = format!("SELECT body FROM {table} WHERE partner = $1 AND id = $2");
        self.query_one(&sql, cells![of.partner.as_str(), of.id.as_str()], body(what))
    }

    /// The things of that id, whosever they are; two partners may use the same one. A case is found by
    /// its reference, too.
    pub fn things_named<T: DeserializeOwned>(&self, list: List, id: &str) -> Result<Vec<T>, StoreError> {
        let sql = format!("SELECT body FROM {} WHERE id = $1 LIMIT 100", list.table());
        let found = self.query(&sql, cells![id], body(list.table()))?;
        if found.is_empty() && list == List::Cases {
            // People say the reference; the id is the community's own.
            return self.query(CASE_CALLED, cells![id], body("case"));
        }
        Ok(found)
    }

    pub fn milestones_of(&self, partner: &str) -> Result<Vec<MilestoneRecord>, StoreError> {
        self.query(
            "SELECT body FROM milestone WHERE partner = $1 ORDER BY created_at, id LIMIT 200",
            cells![partner],
            body("milestone"),
        )
    }

    /// A partner's contacts, the oldest first; a partner with more than these has a mailing list.
    pub fn contacts_of(&self, partner: &str) -> Result<Vec<Contact>, StoreError> {
        self.query(
            "SELECT body FROM contact WHERE partner = $1 ORDER BY created_at, id LIMIT 500",
            cells![partner],
            body("contact"),
        )
    }

    pub fn suppression(&self, address: &str) -> Result<Option<Suppression>, StoreError> {
        self.query_one("SELECT body FROM suppression WHERE id = $1", cells![address], body("suppression"))
    }

    /// Addresses that nothing is sent to, in the order of their names.
    pub fn suppressions(&self, limit: u32) -> Result<Vec<Suppression>, StoreError> {
        self.query(
            "SELECT body FROM suppression WHERE state = 'active' ORDER BY id LIMIT $1",
            cells![i64::from(limit)],
            body("suppression"),
        )
    }

    /// How the contact of a message can be reached, with what they opted out of and what is dead.
    /// `None` for a message to a person of the desk.
    pub fn reach(&self, n: &Notification) -> Result<Option<Reach>, StoreError> {
        let RecipientId::Contact(id) = &n.recipient.who else { return Ok(None) };
        let Some(contact) = self.contact(id.raw())? else { return Ok(Some(Reach::default())) };
        // Others are only asked for what somebody who is no longer there leaves behind.
        let there = contact.partner_id.is_none() || n.partner.is_none() || contact.partner_id == n.partner;
        let others = match &n.partner {
            Some(partner) if !there || contact.state == ContactState::Inactive => {
                self.contacts_of(partner.raw())?
            }
            _ => Vec::new(),
        };
        let mut reach = self.reach_with(contact, others)?;
        if let (None, Some(partner)) = (&reach.partner, &n.partner) {
            reach.partner = self.partner(partner.raw())?.map(|partner| partner.about);
        }
        Ok(Some(reach))
    }

    /// How this contact can be reached.
    pub fn reach_of(&self, contact: Contact) -> Result<Reach, StoreError> {
        self.reach_with(contact, Vec::new())
    }

    fn reach_with(&self, contact: Contact, others: Vec<Contact>) -> Result<Reach, StoreError> {
        let mut reach = Reach { others, ..Reach::default() };
        if let Some(partner) = &contact.partner_id {
            reach.partner = self.partner(partner.raw())?.map(|partner| partner.about);
        }
        let key = fix_task(&contact.id);
        reach.tasks.extend(self.open_task(&key)?.map(|task| (key, task)));
        self.suppressions_of(&contact, &mut reach)?;
        for other in &reach.others.clone() {
            self.suppressions_of(other, &mut reach)?;
        }
        reach.contact = Some(contact);
        Ok(reach)
    }

    /// Adds what is known against the addresses of a contact.
    pub fn suppressions_of(&self, contact: &Contact, reach: &mut Reach) -> Result<(), StoreError> {
        let phones = contact.phones.iter().map(|phone| address_key(phone.as_str()));
        for key in phones.chain(contact.emails.iter().map(|mailbox| address_key(mailbox.as_str()))) {
            reach.suppressed.extend(self.suppression(&key)?.map(|found| (key, found)));
        }
        Ok(())
    }

    /// Messages that are held for a contact, with the events they came of.
    pub fn held_for(&self, contact: &str) -> Result<Vec<Held>, StoreError> {
        let waiting = self.waiting_for_contact(contact)?.into_iter();
        waiting
            .filter(|n| n.hold.is_some())
            .map(|notification| {
                let event = notification.event.map(|id| self.event(id)).transpose()?.flatten();
                Ok(Held { notification, event })
            })
            .collect()
    }

    /// Messages to a contact that have not left: queued, or held.
    pub fn waiting_for_contact(&self, contact: &str) -> Result<Vec<Notification>, StoreError> {
        self.query(
            "SELECT body FROM notification WHERE contact = $1 AND state IN ('queued', 'held')
             ORDER BY id LIMIT 1000",
            cells![contact],
            body("notification"),
        )
    }

    /// Messages to a contact from this one on, the oldest first; the newest, should there be more than a thousand.
    pub fn told_contact_since(
        &self,
        contact: &str,
        from: NotificationId,
    ) -> Result<Vec<Notification>, StoreError> {
        let mut told: Vec<Notification> = self.query(
            "SELECT body FROM notification WHERE contact = $1 AND id >= $2 ORDER BY id DESC LIMIT 1000",
            cells![contact, from.0],
            body("notification"),
        )?;
        told.reverse();
        Ok(told)
    }

    /// Contacts that messages wait for though nobody knows them.
    pub fn contacts_wanted(&self) -> Result<Vec<String>, StoreError> {
        let mut wanted = self.query(
            "SELECT DISTINCT n.contact FROM notification n LEFT JOIN contact c ON c.id = n.contact
             WHERE n.state = 'held' AND n.contact IS NOT NULL AND c.id IS NULL LIMIT 1000",
            &[],
            |row| row.text(0),
        )?;
        wanted.sort_unstable();
        Ok(wanted)
    }

    /// Everything a batch of events is decided against.
    pub fn view(&self, needs: &Needs) -> Result<View, StoreError> {
        let mut view = View::default();
        for key in &needs.keys {
            if view.keys.contains_key(key) {
                continue;
            }
            let newest = self.query_one(
                "SELECT alert FROM alert_key WHERE key = $1 ORDER BY alert DESC LIMIT 1",
                cells![key.as_str()],
                |row| row.int(0),
            )?;
            let Some(id) = newest.map(|id| AlertId(id as u64)) else { continue };
            view.keys.insert(key.clone(), id);
            if !view.alerts.contains_key(&id)
                && let Some(alert) = self.alert(id)?
            {
                if needs.waiting {
                    view.waiting.extend(self.notifications_of(id)?);
                }
                view.alerts.insert(id, alert);
            }
        }
        view.around = self.around(&needs.around)?;
        for partner in &needs.raised_lately {
            let newest = self.query(
                "SELECT created_at FROM alert WHERE partner = $1 ORDER BY id DESC LIMIT 20",
                cells![partner.as_str()],
                |row| row.maybe_int(0),
            )?;
            let micros = newest.into_iter().flatten();
            let raised = micros.filter_map(|at| Timestamp::from_microsecond(at).ok()).collect();
            view.raised_lately.insert(partner.clone(), raised);
        }
        for id in &needs.partners {
            if let Some(partner) = self.partner(id)? {
                view.partners.insert(id.clone(), partner);
            }
        }
        let mut cases = needs.cases.clone();
        for of in &needs.threads {
            if let Some(thread) = self.thread(of)? {
                cases.extend(thread.case.as_ref().map(|case| Thing::of(&thread.partner, case)));
                view.threads.insert(of.clone(), thread);
            }
        }
        for of in cases {
            if let Some(case) = self.case(&of)? {
                for id in case.opened_by.iter().chain(&case.watchers) {
                    let found = self.contact_by_any_name(id.raw())?;
                    view.contacts.extend(found.map(|contact| (id.raw().to_owned(), contact)));
                }
                view.cases.insert(of, case);
            }
        }
        for of in &needs.documents {
            view.documents.extend(self.document(of)?.map(|document| (of.clone(), document)));
        }
        for key in &needs.exceptions {
            view.exceptions.extend(self.exception(key)?.map(|report| (key.clone(), report)));
        }
        for partner in &needs.milestones {
            for milestone in self.milestones_of(partner)? {
                view.milestones.insert(milestone.id.raw().to_owned(), milestone);
            }
        }
        for partner in &needs.contacts_of {
            for contact in self.contacts_of(partner)? {
                view.contacts.insert(contact.id.raw().to_owned(), contact);
            }
        }
        for id in &needs.contacts {
            match self.contact_by_any_name(id)? {
                Some(contact) => _ = view.contacts.insert(id.clone(), contact),
                None => _ = view.known.insert(id.clone(), self.known(id, &Side::Community)?),
            }
        }
        for name in &needs.spoken_of {
            let called = self.contact_called(name)?.unwrap_or_else(|| name.clone());
            if !view.known.contains_key(&called) {
                view.known.insert(called.clone(), self.known(&called, &Side::Community)?);
            }
            view.called.insert(name.clone(), called);
        }
        for key in &needs.tasks {
            if let Some(task) = self.open_task(key)? {
                view.tasks.insert(key.clone(), task);
            }
        }
        for id in &needs.expectations {
            if let Some(expectation) = self.expectation(id)? {
                view.expectations.insert(id.clone(), expectation);
            }
        }
        Ok(view)
    }

    /// The community may call a contact by another of its names.
    fn contact_by_any_name(&self, name: &str) -> Result<Option<Contact>, StoreError> {
        if let Some(contact) = self.contact(name)? {
            return Ok(Some(contact));
        }
        match self.contact_called(name)? {
            Some(called) => self.contact(&called),
            None => Ok(None),
        }
    }

    fn exception(&self, key: &str) -> Result<Option<ExceptionReport>, StoreError> {
        self.query_one("SELECT body FROM exception WHERE id = $1", cells![key], body("exception"))
    }

    pub fn expectation(&self, id: &str) -> Result<Option<Expectation>, StoreError> {
        self.query_one("SELECT body FROM expectation WHERE id = $1", cells![id], body("expectation"))
    }

    pub fn due_milestones(&self, now: Timestamp, limit: u32) -> Result<Vec<MilestoneRecord>, StoreError> {
        self.query(
            "SELECT body FROM milestone WHERE next_due <= $1 ORDER BY next_due LIMIT $2",
            cells![now, i64::from(limit)],
            body("milestone"),
        )
    }

    pub fn due_expectations(&self, now: Timestamp, limit: u32) -> Result<Vec<Expectation>, StoreError> {
        self.query(
            "SELECT body FROM expectation WHERE next_due <= $1 ORDER BY next_due LIMIT $2",
            cells![now, i64::from(limit)],
            body("expectation"),
        )
    }

    /// Alerts that the desk must act on by now, longest due first.
    pub fn due_alerts(&self, now: Timestamp, limit: u32) -> Result<Vec<Alert>, StoreError> {
        self.query(
            "SELECT body FROM alert WHERE next_due <= $1 ORDER BY next_due LIMIT $2",
            cells![now, i64::from(limit)],
            body("alert"),
        )
    }

    pub fn due_tasks(&self, now: Timestamp, limit: u32) -> Result<Vec<Task>, StoreError> {
        self.query(
            "SELECT body FROM task WHERE next_due <= $1 ORDER BY next_due LIMIT $2",
            cells![now, i64::from(limit)],
            body("task"),
        )
    }

    /// When the next alert or task is due.
    pub fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = self.query_one(
            "SELECT MIN(due) FROM (SELECT MIN(next_due) AS due FROM alert WHERE next_due IS NOT NULL
             UNION ALL SELECT MIN(next_due) FROM task WHERE next_due IS NOT NULL
             UNION ALL SELECT MIN(next_due) FROM milestone WHERE next_due IS NOT NULL
             UNION ALL SELECT MIN(next_due) FROM expectation WHERE next_due IS NOT NULL
             UNION ALL SELECT MIN(next_due) FROM shift_test WHERE next_due IS NOT NULL
             UNION ALL SELECT MIN(proof_by) FROM notification WHERE proof_by IS NOT NULL)",
            &[],
            |row| row.maybe_int(0),
        )?;
        Ok(next.flatten().and_then(moment))
    }

    /// Messages of one channel that are due, urgent ones first. One that another of its conversation must
    /// leave before is not among them.
    pub fn due_notifications(
        &self,
        channel: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Notification>, StoreError> {
        let mut due = Vec::new();
        // Each in the order of the index, so that a claim costs the same however many are waiting.
        for urgent in [1i64, 0] {
            let room = (limit - due.len()) as i64;
            due.extend(self.query(DUE, cells![channel, urgent, now, room], body("notification"))?);
        }
        Ok(due)
    }

    /// Everything that waits for a channel, due or not.
    pub fn notifications_on(&self, channel: &str, limit: u32) -> Result<Vec<Notification>, StoreError> {
        self.query(
            "SELECT body FROM notification WHERE channel = $1 AND due_at IS NOT NULL ORDER BY due_at, id LIMIT $2",
            cells![channel, i64::from(limit)],
            body("notification"),
        )
    }

    pub fn next_notification_due(&self, channel: &str) -> Result<Option<Timestamp>, StoreError> {
        let next = self.query_one(NEXT_DUE, cells![channel], |row| row.maybe_int(0))?;
        Ok(next.flatten().and_then(moment))
    }

    /// When the next urgent message of a channel becomes due, of those that are not yet.
    pub fn next_urgent_due_after(
        &self,
        channel: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let next = self.query_one(NEXT_URGENT, cells![channel, now], |row| row.maybe_int(0))?;
        Ok(next.flatten().and_then(moment))
    }

    /// Channels that have messages waiting, configured or not.
    pub fn channels_waiting(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.query(
            "SELECT channel, SUM(waiting) FROM (
               SELECT channel, COUNT(*) AS waiting FROM notification WHERE due_at IS NOT NULL GROUP BY channel
               UNION ALL
               SELECT channel, COUNT(*) FROM notification WHERE parked = 1 AND due_at IS NULL GROUP BY channel)
             GROUP BY channel",
            &[],
            |row| Ok((row.text(0)?, row.int(1)? as u64)),
        )
    }

    /// The newest message, its attempt and part that a provider calls by this name.
    pub fn called(
        &self,
        channel: &str,
        name: &str,
    ) -> Result<Option<(NotificationId, u32, u32)>, StoreError> {
        self.query_one(
            "SELECT notification, attempt, part FROM message_name WHERE channel = $1 AND name = $2
             ORDER BY notification DESC, attempt DESC LIMIT 1",
            cells![channel, name],
            |row| Ok((NotificationId(row.int(0)? as u64), row.int(1)? as u32, row.int(2)? as u32)),
        )
    }

    /// Messages to an address of which nobody can tell whether they left.
    pub fn lost_to(&self, address: &str) -> Result<Vec<Notification>, StoreError> {
        self.query(
            "SELECT body FROM notification WHERE doubt_to = $1 ORDER BY id DESC LIMIT 50",
            cells![address_key(address)],
            body("notification"),
        )
    }

    /// Messages that an agent claimed and never answered for.
    pub fn left_sending(&self) -> Result<Vec<Notification>, StoreError> {
        self.query("SELECT body FROM notification WHERE in_flight = 1 ORDER BY id", &[], body("notification"))
    }

    pub fn changes_since(&self, seq: u64, limit: u32) -> Result<Vec<(u64, String)>, StoreError> {
        self.query(
            "SELECT seq, body FROM change WHERE seq > $1 ORDER BY seq LIMIT $2",
            cells![seq, i64::from(limit)],
            |row| Ok((row.int(0)? as u64, row.text(1)?)),
        )
    }

    pub fn newest_seq(&self) -> Result<u64, StoreError> {
        let seq = self.query_one("SELECT MAX(seq) FROM change", &[], |row| row.maybe_int(0))?;
        Ok(seq.flatten().unwrap_or(0) as u64)
    }

    /// The facts about one alert, oldest first.
    pub fn timeline(&self, alert: AlertId) -> Result<Vec<Numbered>, StoreError> {
        self.query(
            "SELECT seq, body FROM change WHERE alert = $1 ORDER BY seq DESC LIMIT 1000",
            cells![alert.0],
            numbered,
        )
        .map(|mut newest_first| {
            newest_first.reverse();
            newest_first
        })
    }

    /// The newest facts, oldest first.
    pub fn recent(&self, limit: u32) -> Result<Vec<Numbered>, StoreError> {
        self.query(
            "SELECT seq, body FROM change ORDER BY seq DESC LIMIT $1",
            cells![i64::from(limit)],
            numbered,
        )
        .map(|mut newest_first| {
            newest_first.reverse();
            newest_first
        })
    }

    pub fn last_event_of(&self, feed: &str) -> Result<Option<Timestamp>, StoreError> {
        let at =
            self.query_one("SELECT MAX(created_at) FROM event WHERE feed = $1", cells![feed], |row| {
                row.maybe_int(0)
            })?;
        Ok(at.flatten().and_then(moment))
    }

    /// The versions of the configuration, the newest first.
    pub fn configs(&self, limit: u32) -> Result<Vec<ConfigVersion>, StoreError> {
        let sql = "SELECT body FROM config ORDER BY version DESC LIMIT $1";
        self.query(sql, &[i64::from(limit).into()], body("configuration"))
    }

    /// The configuration applied last.
    pub fn config(&self) -> Result<Option<ConfigVersion>, StoreError> {
        self.query_one("SELECT body FROM config ORDER BY version DESC LIMIT 1", &[], body("configuration"))
    }

    /// What a command answered when it was first asked.
    pub fn answered(&self, command: &str, asker: &str) -> Result<Option<Outcome>, StoreError> {
        self.query_one(
            "SELECT body FROM command WHERE id = $1 AND asker = $2",
            cells![command, asker],
            body("command"),
        )
    }

    pub fn keep_answer(
        &self,
        command: &str,
        asker: &str,
        at: Timestamp,
        outcome: &Outcome,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_string(outcome)
            .map_err(|why| StoreError::Corrupt { what: "command", why: why.to_string() })?;
        self.execute(
            "INSERT INTO command (id, asker, at, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            cells![command, asker, at, body],
        )?;
        Ok(())
    }
}

pub(super) fn numbered(row: &Row<'_>) -> Result<Numbered, StoreError> {
    let change: Change = row.json(1, "change")?;
    Ok(Numbered { seq: row.int(0)? as u64, change })
}

pub(super) fn moment(micros: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros).ok()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::store::sqlite::MIGRATIONS;

    pub(in crate::store) fn shape() -> rusqlite::Connection {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        for sql in MIGRATIONS {
            connection.execute_batch(sql).unwrap();
        }
        connection
    }

    pub(in crate::store) fn plan(connection: &rusqlite::Connection, sql: &str) -> String {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let mut rows = statement.raw_query();
        let mut plan = String::new();
        while let Some(row) = rows.next().unwrap() {
            plan += &row.get::<_, String>(3).unwrap();
            plan.push('\n');
        }
        plan
    }

    /// A backlog is worked off in claims of a few; if each looked at all of it, ten times the
    /// backlog would take a hundred times as long, with the intake waiting behind it.
    #[test]
    fn a_claim_never_sorts_the_backlog() {
        for sql in [DUE, NEXT_DUE, NEXT_URGENT] {
            let plan = plan(&shape(), sql);
            assert!(plan.contains("INDEX notification_next (channel=? AND urgent=?"), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
    }

    /// Every message of a conversation brings its line in order when it is written.
    #[test]
    fn a_line_is_found_without_a_walk() {
        let plan = plan(&shape(), crate::store::apply::LINE_UP);
        assert_eq!(plan.matches("INDEX notification_line (line=?").count(), 2, "{plan}");
        assert!(!plan.contains("SCAN"), "{plan}");
    }

    #[test]
    fn what_a_person_got_lately_is_counted_without_looking_at_the_rest() {
        let plan = plan(&shape(), LEFT);
        assert!(plan.contains("INDEX notification_left (person=? AND medium=? AND left_at>?)"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }

    #[test]
    fn what_waits_for_a_person_is_found_without_looking_at_what_was_said_to_them() {
        let plan = plan(&shape(), TO_LEAVE);
        assert!(plan.contains("INDEX notification_to_leave (person=? AND medium=?)"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }

    #[test]
    fn a_case_is_found_by_what_people_call_it() {
        let plan = plan(&shape(), CASE_CALLED);
        assert!(plan.contains("INDEX partner_case_reference"), "{plan}");
    }
}
