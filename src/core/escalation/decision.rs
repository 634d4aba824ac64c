//! What a decision works with, and how the facts that it makes are kept in order.

use crate::core::alert::Alert;
use crate::core::change::{Actor, Change, Object, What};
use crate::core::desk::Desk;
use crate::core::id::{AlertId, Ids, NotificationId};
use crate::core::notification::Notification;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What a decision works with: the configuration, the moment, fresh ids, and the changes made so far.
pub struct Decision<'a> {
    pub desk: &'a Desk,
    pub now: Timestamp,
    pub ids: Ids,
    pub changes: Vec<Change>,
    /// Other alerts that stand, where some may keep others quiet, as these decisions leave them.
    pub around: BTreeMap<AlertId, Alert>,
}

impl<'a> Decision<'a> {
    pub fn new(desk: &'a Desk, now: Timestamp, ids: Ids) -> Self {
        Self { desk, now, ids, changes: Vec::new(), around: BTreeMap::new() }
    }

    pub fn alert_change(&mut self, actor: Actor, what: What, summary: impl Into<Untrusted>, alert: &Alert) {
        self.see_around(alert);
        self.changes.push(Change::alert(self.now, actor, what, summary, alert));
    }

    /// Keeps how an alert stands now, for others that it may keep quiet.
    fn see_around(&mut self, alert: &Alert) {
        if !self.desk.inhibits.is_empty() {
            self.around.insert(alert.id, alert.clone());
        }
    }

    /// Every fact since then carries the alert as it is after all of them: whichever of them is
    /// written last must not bring back a due time that was already acted on.
    pub(super) fn restate(&mut self, since: usize, alert: &Alert) {
        for change in self.changes.iter_mut().skip(since) {
            if let Object::Alert(stated) = &mut change.object
                && stated.id == alert.id
            {
                **stated = alert.clone();
            }
        }
    }

    /// The messages about an alert that these decisions have queued, as they are after them.
    pub fn queued_for(&self, alert: AlertId) -> Vec<Notification> {
        let mut queued: BTreeMap<NotificationId, Notification> = BTreeMap::new();
        for change in &self.changes {
            if let Object::Notification(n) = &change.object
                && n.is_about(alert)
            {
                queued.insert(n.id, (**n).clone());
            }
        }
        queued.into_values().collect()
    }

    /// Puts a fact before the changes that followed from it, with the alert as it is after them.
    pub(super) fn alert_fact_at(
        &mut self,
        index: usize,
        actor: Actor,
        what: What,
        summary: impl Into<Untrusted>,
        alert: &Alert,
    ) {
        self.see_around(alert);
        self.changes.insert(index, Change::alert(self.now, actor, what, summary, alert));
    }

    /// From now on everybody who is paged for the alert learns something new by it: no limit keeps their first
    /// page back, and what they were told before holds no more.
    pub fn begin_round(&self, alert: &mut Alert) {
        alert.round_from = Some(NotificationId(self.ids.notification));
    }

    /// Changes the message queued last before anybody has seen it.
    pub fn amend_last(&mut self, amend: impl FnOnce(&mut Notification)) {
        if let Some(Change { object: Object::Notification(n), .. }) = self.changes.last_mut() {
            amend(n);
        }
    }
}
