//! Lays what is stored over what is configured: assignments, overrides, and the last good copies of calendars. A
//! set-up is replaced whole, so that every decision sees one state of both.

use super::Agent;
use super::calendar::address_hash;
use super::setup::Setup;
use crate::core::assignment;
use crate::core::ical;
use crate::core::schedule::{Override, Roll, RosterCopy, Source};
use crate::store::{Store, StoreError, Tx};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use std::sync::Arc;

/// Overrides that ended longer ago are left out; the timeline looks back no further.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24 * 60);

impl Agent {
    /// Works on with this set-up, or the same one, and what is stored now laid over it.
    pub(super) async fn lay_over(&self, fresh: Option<Setup>) -> Result<(), StoreError> {
        let _one_at_a_time = self.laying.lock().await;
        let setup = fresh.unwrap_or_else(|| (*self.setup()).clone());
        let laid = laid(setup, &self.store, self.world.now()).await?;
        self.setup.send_replace(Arc::new(laid));
        self.vitals.beat();
        Ok(())
    }
}

/// The set-up with what is stored laid over its assignments and schedules.
pub async fn laid(setup: Setup, store: &Store, now: Timestamp) -> Result<Setup, StoreError> {
    let since = now.saturating_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
    let read = move |tx: &Tx<'_>| Ok((tx.overrides(since)?, tx.rosters()?, tx.assignments()?));
    let (overrides, copies, assignments) = store.read(read).await?;
    let mut setup = lay(setup, &overrides, &copies);
    assignment::lay_over(&mut setup.settings.desk, &assignments);
    Ok(setup)
}

fn lay(mut setup: Setup, overrides: &[Override], copies: &[RosterCopy]) -> Setup {
    let settings = &mut setup.settings;
    for feed in &settings.rosters {
        let address = address_hash(feed.url.expose_secret());
        let copy = copies.iter().find(|copy| copy.id == feed.id() && copy.address == address);
        // What was once understood is understood again, unless the desk has forgotten how.
        let calendar = copy.and_then(|copy| ical::Calendar::read(copy.text.raw()).ok());
        let schedule = settings.desk.schedules.get_mut(&feed.schedule);
        let layer = schedule.and_then(|schedule| schedule.layers.iter_mut().find(|l| l.name == feed.layer));
        if let (Some(calendar), Some(layer)) = (calendar, layer) {
            layer.source = Source::Calendar(Roll::new(&calendar, settings.desk.people.values()));
        }
    }
    let laid: Vec<_> = settings.desk.schedules.values().map(|s| s.with(overrides, &settings.desk)).collect();
    settings.desk.schedules = laid.into_iter().map(|schedule| (schedule.name.clone(), schedule)).collect();
    setup
}
