//! Hands over: notices who came on call and who left, asks for notes, reminds, and closes what nobody needs
//! to accept any more. What is decided stands in [`crate::core::handover`]; this waits, reads and keeps.

use super::Agent;
use super::serve::health_now;
use super::setup::Setup;
use crate::core::desk::Desk;
use crate::core::escalation::Decision;
use crate::core::handover::course::{self, Facts};
use crate::core::handover::{Failing, Handover, HandoverState, Known, Loaded, Silent};
use crate::core::id::HandoverId;
use crate::core::notification::Notification;
use crate::store::list::{Filter, List};
use crate::store::{StoreError, Tx};
use crate::wire::{ChannelState, Health};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// More fit no paper.
const TASKS: u32 = 100;
const IN_DOUBT: u32 = 200;
/// Nothing is counted further than this.
const COUNTED: u32 = 100_000;

/// What changes within this is looked at together.
const TOGETHER: Duration = Duration::from_secs(1);
/// After trouble with the store.
const AGAIN: Duration = Duration::from_secs(5);

/// Waits for the next thing to do about a hand-over, until the agent stops.
pub async fn job(agent: Arc<Agent>) {
    let mut setups = agent.setups();
    let mut sealed = agent.store.sealed();
    loop {
        let setup = setups.borrow_and_update().clone();
        sealed.mark_unchanged();
        let ahead = match look(&agent, &setup).await {
            Ok(ahead) => ahead,
            Err(StoreError::Closed) => return,
            Err(why) => {
                tracing::error!(%why, "hand-overs could not be looked at; it is tried again");
                tokio::select! {
                    biased;
                    () = agent.stopping.cancelled() => return,
                    () = tokio::time::sleep(AGAIN) => continue,
                }
            }
        };
        tokio::select! {
            biased;
            () = agent.stopping.cancelled() => return,
            () = pause(&agent, ahead.next) => {}
            // Whatever changes may be what was left of an open one.
            () = changed(&mut sealed), if ahead.open => {}
            changed = setups.changed() => if changed.is_err() { return },
        }
    }
}

async fn pause(agent: &Agent, next: Option<Timestamp>) {
    match next {
        Some(at) if at <= agent.world.now() => tokio::time::sleep(TOGETHER).await,
        Some(at) => {
            // The clock is looked at again and again; what is planned only by then.
            while agent.world.now() < at {
                agent.world.sleep_until(at).await;
            }
        }
        None => std::future::pending().await,
    }
}

async fn changed(sealed: &mut watch::Receiver<u64>) {
    if sealed.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(TOGETHER).await;
}

/// What is ahead once everything is done.
struct Ahead {
    next: Option<Timestamp>,
    /// One or more are not accepted.
    open: bool,
}

async fn look(agent: &Agent, setup: &Arc<Setup>) -> Result<Ahead, StoreError> {
    let now = agent.world.now();
    let at_hand = setup.clone();
    let due = agent.store.read(move |tx| is_due(tx, &at_hand.settings.desk, now)).await?;
    if due {
        let health = health_now(agent).await?;
        let at_hand = setup.clone();
        let decided = agent.store.write(move |tx| decide(tx, &at_hand.settings.desk, &health, now)).await?;
        if decided {
            // What is decided from now on knows whom to page beside whoever is on call.
            agent.lay_over(None).await?;
        }
    }
    let (next, live) = agent.store.read(|tx| Ok((tx.next_handover_due()?, tx.live_handovers()?))).await?;
    Ok(Ahead { next, open: live.iter().any(|one| one.state == HandoverState::Open) })
}

fn is_due(tx: &Tx<'_>, desk: &Desk, now: Timestamp) -> Result<bool, StoreError> {
    let live = tx.live_handovers()?;
    if course::is_due(desk, &live, now) {
        return Ok(true);
    }
    let open: Vec<&Handover> = live.iter().filter(|one| one.state == HandoverState::Open).collect();
    if open.is_empty() {
        return Ok(false);
    }
    let alerts = tx.unresolved_alerts()?;
    for one in open {
        let mut tasks = Vec::new();
        for person in &one.outgoing {
            tasks.extend(tx.tasks_owned_by(person)?);
        }
        if one.matters(desk, &alerts, &tasks, now).is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn decide(tx: &mut Tx<'_>, desk: &Desk, health: &Health, now: Timestamp) -> Result<bool, StoreError> {
    let live = tx.live_handovers()?;
    let mut known = known(tx, health)?;
    let since = live.iter().filter_map(|one| one.at).filter(|at| *at <= now).min().unwrap_or(now);
    known.seen_off = tx.closed_unseen(since)?;
    let mut facts = Facts { known, tasks: Vec::new() };
    for person in desk.people.keys() {
        facts.tasks.extend(tx.tasks_owned_by(person)?);
    }
    let mut decision = Decision::new(desk, now, tx.ids());
    course::decide(&mut decision, &live, &facts);
    let decided = !decision.changes.is_empty();
    tx.keep_ids(decision.ids);
    tx.apply(decision.changes)?;
    Ok(decided)
}

/// What the sheet is made of.
pub(super) fn known(tx: &Tx<'_>, health: &Health) -> Result<Known, StoreError> {
    let in_doubt = Filter { states: vec!["in_doubt".to_owned()], limit: IN_DOUBT, ..Filter::default() };
    let silent = health.sources.iter().filter(|source| source.silent);
    let failing = health
        .channels
        .iter()
        .filter(|channel| matches!(channel.state, ChannelState::Failing | ChannelState::Down));
    Ok(Known {
        alerts: tx.unresolved_alerts()?,
        seen_off: Vec::new(),
        tasks: tx.tasks_to_do(TASKS)?,
        open_tasks: tx.count(List::Tasks, "open", COUNTED)?,
        in_doubt: tx.list::<Notification>(List::Notifications, &in_doubt)?,
        silent: silent
            .map(|source| Silent { source: source.name.clone(), last_event_at: source.last_event_at })
            .collect(),
        failing: failing
            .map(|channel| Failing {
                channel: channel.name.clone(),
                since: channel.since,
                why: channel.last_error.clone(),
            })
            .collect(),
        handovers: tx.live_handovers()?,
    })
}

/// The hand-over of that id, or all that are not over; with what may move by those that wait.
pub(super) fn loaded(tx: &Tx<'_>, id: Option<HandoverId>) -> Result<Vec<Loaded>, StoreError> {
    let chosen = match id {
        Some(id) => tx.handover(id)?.into_iter().collect(),
        None => tx.live_handovers()?,
    };
    let load = |one: Handover| match one.state {
        HandoverState::Open => tx.loaded(one),
        _ => Ok(Loaded { handover: one, alerts: Vec::new(), tasks: Vec::new() }),
    };
    chosen.into_iter().map(load).collect()
}
