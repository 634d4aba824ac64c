//! Remembers when the agent was last at work, so that the next one knows for how long nobody was.

use super::Agent;
use crate::core::bundle::Away;
use crate::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// How often the agent says that it is at work.
const EVERY: Duration = Duration::from_secs(60);

/// A shorter gap is a restart and no absence.
const ABSENCE: SignedDuration = SignedDuration::from_mins(2);

/// Says that the agent is at work, until it stops.
pub async fn job(agent: Arc<Agent>) {
    loop {
        tokio::select! {
            biased;
            () = agent.stopping.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(why) = seen(&agent.store, agent.world.now()).await {
            tracing::warn!(%why, "it could not be kept that the agent is at work");
        }
    }
}

/// Keeps that the agent is at work now.
pub async fn seen(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    store.write(move |tx| tx.keep_seen_at_work(now)).await
}

/// An agent begins to work; says how long there was none, if that was long.
pub async fn begins(store: &Store, now: Timestamp) -> Result<Option<Away>, StoreError> {
    store
        .write(move |tx| {
            let before = tx.seen_at_work()?;
            tx.keep_seen_at_work(now)?;
            let gap = before.filter(|at| now.duration_since(*at) > ABSENCE);
            Ok(gap.map(|from| Away { from, until: now }))
        })
        .await
}
