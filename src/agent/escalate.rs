//! Does what is due: the next step of an alert, a promise missed, a snooze that ended, a task overdue, a
//! milestone late, something expected that did not come, a test that nothing proved.

use super::{Agent, proof, quiet};
use crate::core::bundle::{self, Away};
use crate::core::decide::{self, Needs, View};
use crate::core::delivery::Down;
use crate::core::desk::Desk;
use crate::core::escalation::Decision;
use crate::core::flow;
use crate::core::proof::Shortfall;
use crate::core::shift_test;
use crate::core::storm;
use crate::store::{StoreError, Tx};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// Things decided in one transaction at most.
const BATCH: u32 = 200;

/// After an absence: all that is overdue is decided together, so that it is one message a person.
const BATCH_AFTER_ABSENCE: u32 = 5_000;

/// Waits for the next due time, or for something new to fall due, until the agent stops.
pub async fn job(agent: Arc<Agent>, away: Option<Away>) {
    // What is due after the first round was not overdue when the agent began.
    let mut away = away;
    let mut dues = agent.store.dues();
    loop {
        dues.mark_unchanged();
        let next = match agent.store.read(|tx| tx.next_due()).await {
            Ok(next) => next,
            Err(why) => {
                tracing::error!(%why, "what is due cannot be read");
                tokio::select! {
                    biased;
                    () = agent.stopping.cancelled() => return,
                    () = tokio::time::sleep(Duration::from_secs(5)) => continue,
                }
            }
        };
        let now = agent.world.now();
        if next.is_some_and(|due| due <= now) {
            let setup = agent.setup();
            let mut failed = false;
            for due in EVERYTHING {
                let (setup, down) = (setup.clone(), agent.providers.down());
                let decide = move |tx: &mut Tx<'_>| act(tx, &setup.settings.desk, &down, due, away, now);
                let done = agent.store.write(decide).await;
                if let Err(why) = done {
                    tracing::error!(%why, ?due, "what is due could not be decided");
                    failed = true;
                }
            }
            if !failed {
                away = None;
            } else {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            if agent.stopping.is_cancelled() {
                return;
            }
            continue;
        }
        away = None;
        tokio::select! {
            biased;
            () = agent.stopping.cancelled() => return,
            () = sleep(&agent, next) => {}
            _ = dues.changed() => {}
        }
    }
}

async fn sleep(agent: &Agent, until: Option<Timestamp>) {
    match until {
        Some(at) => agent.world.sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// What falls due. Each kind is decided in a transaction of its own, so that trouble with one of them
/// stops none of the others; alerts come first.
#[derive(Clone, Copy, Debug)]
enum Due {
    Alerts,
    Tasks,
    Milestones,
    Expectations,
    Proofs,
    ShiftTests,
}

const EVERYTHING: [Due; 6] =
    [Due::Alerts, Due::Proofs, Due::Tasks, Due::Milestones, Due::Expectations, Due::ShiftTests];

fn act(
    tx: &mut Tx<'_>,
    desk: &Desk,
    down: &Down,
    due: Due,
    away: Option<Away>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut decision = Decision::new(desk, now, tx.ids());
    match due {
        Due::Proofs => {
            for n in tx.due_proofs(now, BATCH)? {
                proof::move_on(tx, desk, down, n, Shortfall::Unproven, now)?;
            }
            return Ok(());
        }
        Due::Alerts => {
            let limit = if away.is_some() { BATCH_AFTER_ABSENCE } else { BATCH };
            let due = tx.due_alerts(now, limit)?;
            decision.around = tx.around(&quiet::around(desk, &due))?;
            for mut alert in due {
                if alert.storm.is_some() {
                    let of_alert = tx.notifications_of(alert.id)?;
                    storm::end(&mut decision, &mut alert, || of_alert);
                }
                decision.due(&mut alert);
            }
            bundle::gather(&mut decision, away);
        }
        Due::Tasks => {
            for mut task in tx.due_tasks(now, BATCH)? {
                decision.task_due(&mut task);
            }
        }
        Due::Milestones => {
            for milestone in tx.due_milestones(now, BATCH)? {
                let tasks = [flow::plan_task(&milestone.partner, &milestone.milestone)];
                let mut view = tx.view(&Needs { tasks: tasks.into(), ..Needs::default() })?;
                flow::late(&mut decision, &mut view, milestone);
            }
        }
        Due::ShiftTests => {
            for test in tx.due_shift_tests(now, BATCH)? {
                let mut open = Vec::new();
                for key in shift_test::task_keys(&test) {
                    open.extend(tx.open_task(&key)?);
                }
                let message = tx.notification(test.notification)?;
                shift_test::due(&mut decision, test, message.as_ref(), &open);
            }
        }
        Due::Expectations => {
            let mut missed = Vec::new();
            for expectation in tx.due_expectations(now, BATCH)? {
                let mut view = View::default();
                let incoming = flow::expectations::missed(&mut decision, &mut view, expectation);
                missed.push(decide::prepare(desk, incoming, now));
            }
            let mut view = tx.view(&Needs::of(missed.iter().map(|missed| &missed.needs)))?;
            let (more, ids) = decide::events(desk, &mut view, missed, decision.ids, now);
            decision.changes.extend(more);
            decision.ids = ids;
        }
    }
    tx.keep_ids(decision.ids);
    let changed = quiet::changed(&decision.changes);
    tx.apply(decision.changes)?;
    quiet::follow(tx, desk, &changed, now)
}
