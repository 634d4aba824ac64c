//! Does what is due: the next step of an alert, a promise missed, a snooze that ended.

use super::Agent;
use crate::core::decide::{self, Needs, View};
use crate::core::escalation::Decision;
use crate::core::flow;
use crate::store::{StoreError, Tx};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// Alerts decided in one transaction at most.
const BATCH: u32 = 200;

/// Waits for the next due time, or for something new to fall due, until the agent stops.
pub async fn job(agent: Arc<Agent>) {
    let mut dues = agent.store.dues();
    loop {
        dues.mark_unchanged();
        let next = match agent.store.read(|tx| tx.next_due()).await {
            Ok(next) => next,
            Err(why) => {
                tracing::error!(%why, "what is due cannot be read");
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(5)) => continue,
                    () = agent.stopping.cancelled() => return,
                }
            }
        };
        let now = agent.world.now();
        if next.is_some_and(|due| due <= now) {
            let setup = agent.setup();
            let done = agent.store.write(move |tx| act(tx, &setup.settings.desk, now)).await;
            if let Err(why) = done {
                tracing::error!(%why, "an escalation could not be stored");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            if agent.stopping.is_cancelled() {
                return;
            }
            continue;
        }
        tokio::select! {
            () = sleep(&agent, next) => {}
            _ = dues.changed() => {}
            () = agent.stopping.cancelled() => return,
        }
    }
}

async fn sleep(agent: &Agent, until: Option<Timestamp>) {
    match until {
        Some(at) => agent.world.sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn act(tx: &mut Tx<'_>, desk: &crate::core::desk::Desk, now: Timestamp) -> Result<(), StoreError> {
    let mut decision = Decision::new(desk, now, tx.ids());
    for mut alert in tx.due_alerts(now, BATCH)? {
        decision.due(&mut alert);
    }
    for mut task in tx.due_tasks(now, BATCH)? {
        decision.task_due(&mut task);
    }
    for milestone in tx.due_milestones(now, BATCH)? {
        let tasks = [flow::plan_task(&milestone.partner, &milestone.milestone)];
        let mut view = tx.view(&Needs { tasks: tasks.into(), ..Needs::default() })?;
        flow::late(&mut decision, &mut view, milestone);
    }
    let mut missed = Vec::new();
    for expectation in tx.due_expectations(now, BATCH)? {
        let mut view = View::default();
        let incoming = flow::expectations::missed(&mut decision, &mut view, expectation);
        missed.push(decide::prepare(desk, incoming, now));
    }
    let (mut changes, mut ids) = (decision.changes, decision.ids);
    if !missed.is_empty() {
        let mut view = tx.view(&Needs::of(missed.iter().map(|missed| &missed.needs)))?;
        let (more, next) = decide::events(desk, &mut view, missed, ids, now);
        changes.extend(more);
        ids = next;
    }
    tx.keep_ids(ids);
    tx.apply(changes)
}
