//! Lays what is stored over what is configured: assignments, overrides, maintenance windows, and the last good copies of calendars. A
//! set-up is replaced whole, so that every decision sees one state of both.

use super::Agent;
use super::setup::Setup;
use crate::core::assignment;
use crate::core::contact::Medium;
use crate::core::handover;
use crate::core::maintenance::{StoredWindow, Window};
use crate::core::person::Person;
use crate::core::suppression::{Suppression, address_key};
use crate::store::{Store, StoreError, Tx};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
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
        // Other windows and rules may count now.
        self.review_quiet().await
    }
}

/// The set-up with what is stored laid over its assignments and schedules.
pub async fn laid(mut setup: Setup, store: &Store, now: Timestamp) -> Result<Setup, StoreError> {
    let since = now.saturating_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
    let read = move |tx: &Tx<'_>| {
        let laid = (tx.overrides(since)?, tx.rosters()?, tx.assignments()?);
        Ok((laid, tx.live_handovers()?, tx.windows(now)?))
    };
    let ((overrides, copies, assignments), handovers, windows) = store.read(read).await?;
    setup.settings.lay(&copies, &overrides);
    setup.settings.desk.unaccepted = handover::unaccepted(&handovers);
    stop_where_said(&mut setup, store).await?;
    assignment::lay_over(&mut setup.settings.desk, &assignments);
    let maintenance = &mut setup.settings.desk.maintenance;
    maintenance.retain(Window::is_recurring);
    maintenance.extend(windows.iter().map(StoredWindow::window));
    Ok(setup)
}

/// Somebody of the desk who said stop is not reachable that way, so that the next medium or the next person
/// is tried in its place.
async fn stop_where_said(setup: &mut Setup, store: &Store) -> Result<(), StoreError> {
    let of = |person: &Person| {
        let address = |medium: Medium| person.address(medium).map(|at| (medium, address_key(at)));
        let addresses: Vec<_> = Medium::ALL.into_iter().filter_map(address).collect();
        (person.id.clone(), addresses)
    };
    let people: Vec<_> = setup.settings.desk.people.values().map(of).collect();
    let read = move |tx: &Tx<'_>| {
        let mut stopped = Vec::new();
        for (person, addresses) in people {
            let mut media = BTreeSet::new();
            for (medium, address) in addresses {
                let known = tx.suppression(&address)?.filter(Suppression::is_opt_out);
                media.extend(known.map(|_| medium));
            }
            stopped.push((person, media));
        }
        Ok(stopped)
    };
    for (id, media) in store.read(read).await? {
        if let Some(person) = setup.settings.desk.people.get_mut(&id) {
            person.opted_out = media;
        }
    }
    Ok(())
}
