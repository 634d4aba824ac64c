//! What is stored beside the file, laid over its schedules: the last good copies of calendars elsewhere, and
//! overrides. The agent does it for the configuration that counts, `nightdesk check` for the one that is to.

use super::{Settings, digest};
use crate::core::ical;
use crate::core::schedule::{Override, Roll, RosterCopy, Source};
use secrecy::ExposeSecret;
use std::collections::BTreeSet;

/// SHA-256 of an address in hex; an address may be a secret.
pub fn address_hash(url: &str) -> String {
    digest(url)
}

impl Settings {
    /// Lays the copies over the layers whose calendars they are of, and then the overrides over the schedules.
    /// Returns the names of the schedules with a calendar of which there is no copy.
    pub fn lay(&mut self, copies: &[RosterCopy], overrides: &[Override]) -> BTreeSet<String> {
        let mut unread = BTreeSet::new();
        for feed in &self.rosters {
            let address = address_hash(feed.url.expose_secret());
            let copy = copies.iter().find(|copy| copy.id == feed.id() && copy.address == address);
            // What was once understood is understood again, unless the desk has forgotten how.
            let calendar = copy.and_then(|copy| ical::Calendar::read(copy.text.raw()).ok());
            let schedule = self.desk.schedules.get_mut(&feed.schedule);
            let layer =
                schedule.and_then(|plan| plan.layers.iter_mut().find(|layer| layer.name == feed.layer));
            match (calendar, layer) {
                (Some(calendar), Some(layer)) => {
                    layer.source = Source::Calendar(Roll::new(&calendar, self.desk.people.values()));
                }
                _ => _ = unread.insert(feed.schedule.clone()),
            }
        }
        let laid: Vec<_> =
            self.desk.schedules.values().map(|plan| plan.with(overrides, &self.desk)).collect();
        self.desk.schedules = laid.into_iter().map(|plan| (plan.name.clone(), plan)).collect();
        unread
    }
}
