//! Looks who is on call, and tests those of whom nobody knows that a text would reach them.

use super::Agent;
use crate::core::contact::Medium;
use crate::core::desk::Desk;
use crate::core::escalation::Decision;
use crate::core::shift_test::{self, Begun, PAUSE, ShiftTests};
use crate::store::{StoreError, Tx};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Looks once a minute, until the agent stops.
pub async fn job(agent: Arc<Agent>) {
    loop {
        if let Err(why) = look(&agent).await {
            tracing::error!(%why, "whoever came on call could not be tested; it is tried again");
        }
        tokio::select! {
            biased;
            () = agent.stopping.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn look(agent: &Agent) -> Result<(), StoreError> {
    let (setup, now) = (agent.setup(), agent.world.now());
    let desk = &setup.settings.desk;
    let Some(rule) = desk.page_test.clone() else { return Ok(()) };
    let begun = shift_test::on_shift(desk, now);
    if begun.is_empty() {
        return Ok(());
    }
    let asked = (rule.clone(), begun.clone(), setup.clone());
    let wanted = agent.store.read(move |tx| {
        let (rule, begun, setup) = asked;
        let mut wanted = Vec::new();
        for begun in begun {
            if needed(tx, &setup.settings.desk, &rule, &begun, now)? {
                wanted.push(begun);
            }
        }
        Ok(wanted)
    });
    let wanted = wanted.await?;
    if wanted.is_empty() {
        return Ok(());
    }
    agent
        .store
        .write(move |tx| {
            let desk = &setup.settings.desk;
            let mut decision = Decision::new(desk, now, tx.ids());
            for begun in wanted {
                if needed(tx, desk, &rule, &begun, now)? {
                    shift_test::send(&mut decision, &rule, &begun);
                }
            }
            tx.keep_ids(decision.ids);
            tx.apply(decision.changes)
        })
        .await
}

/// Whether this shift was not tested yet, nobody was lately, and nothing proves that they are reached.
fn needed(
    tx: &Tx<'_>,
    desk: &Desk,
    rule: &ShiftTests,
    begun: &Begun,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let lately = now.saturating_sub(PAUSE).unwrap_or(Timestamp::MIN);
    if tx.shift_test(&begun.id())?.is_some() || tx.shift_tested_since(&begun.person, lately)? {
        return Ok(false);
    }
    // As it was when the turn began: a proof that grows too old within a turn wakes nobody in it.
    let since = begun.at.saturating_sub(rule.every).unwrap_or(Timestamp::MIN);
    Ok(!shift_test::proves(desk, &begun.person, &tx.proven_to(&begun.person, Medium::Sms, since)?, since))
}
