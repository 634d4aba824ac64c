//! Looks again at alerts that the desk lets sleep, whenever what keeps them quiet may have ended: another
//! alert changed, a window was taken back, another configuration counts. What ends by itself is a due time
//! like any other.

use super::Agent;
use crate::core::alert::Alert;
use crate::core::bundle;
use crate::core::change::{Change, Object};
use crate::core::decide::Around;
use crate::core::desk::Desk;
use crate::core::escalation::Decision;
use crate::core::id::AlertId;
use crate::store::{StoreError, Tx};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Looked at in one transaction at most.
const BATCH: u32 = 5_000;

impl Agent {
    /// Looks at all that sleep, as the desk is configured now.
    pub(super) async fn review_quiet(&self) -> Result<(), StoreError> {
        let (setup, now) = (self.setup(), self.world.now());
        self.store.write(move |tx| all(tx, &setup.settings.desk, now)).await
    }
}

/// Looks at all that sleep longer than until now; what is due is decided with all else that is.
pub(super) fn all(tx: &mut Tx<'_>, desk: &Desk, now: Timestamp) -> Result<(), StoreError> {
    let mut asleep = tx.asleep(BATCH)?;
    asleep.retain(|alert| alert.next_due().is_some_and(|due| due > now));
    review(tx, desk, asleep, now)
}

/// Looks at what sleeps because of alerts that changed.
pub(super) fn follow(
    tx: &mut Tx<'_>,
    desk: &Desk,
    changed: &BTreeSet<AlertId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut asleep = Vec::new();
    for alert in changed {
        asleep.extend(tx.asleep_because_of(*alert, BATCH)?);
    }
    review(tx, desk, asleep, now)
}

/// The alerts that these changes are about.
pub(super) fn changed(changes: &[Change]) -> BTreeSet<AlertId> {
    let alert = |change: &Change| match &change.object {
        Object::Alert(alert) => Some(alert.id),
        _ => None,
    };
    changes.iter().filter_map(alert).collect()
}

/// The alerts that may keep these quiet.
pub(super) fn around<'a>(desk: &Desk, alerts: impl IntoIterator<Item = &'a Alert>) -> Around {
    let mut around = Around::default();
    for alert in alerts.into_iter().filter(|alert| alert.resting().is_some()) {
        around.add(&Around::of(desk, alert.partner.id.raw()));
    }
    around
}

fn review(tx: &mut Tx<'_>, desk: &Desk, asleep: Vec<Alert>, now: Timestamp) -> Result<(), StoreError> {
    if asleep.is_empty() {
        return Ok(());
    }
    let mut decision = Decision::new(desk, now, tx.ids());
    decision.around = tx.around(&around(desk, &asleep))?;
    for mut alert in asleep {
        decision.review_rest(&mut alert);
    }
    bundle::gather(&mut decision, None);
    tx.keep_ids(decision.ids);
    tx.apply(decision.changes)
}
