//! Moves on what is not known to have arrived, and asks providers what became of what was lost or taken.

use super::Agent;
use super::dispatch::{alerts_of, outgoing};
use super::receipts;
use super::setup::Setup;
use crate::channel::{Acceptance, Asked, Channel, Found, Lost};
use crate::core::alert::Alert;
use crate::core::bundle;
use crate::core::delivery::{self, Down};
use crate::core::desk::Desk;
use crate::core::desk::Doubt;
use crate::core::escalation::{Decision, medium_word};
use crate::core::id::NotificationId;
use crate::core::notification::{Notification, Purpose, RecipientId};
use crate::core::proof::{self, Paging, Shortfall};
use crate::core::text::Untrusted;
use crate::store::{StoreError, Tx};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked for what was lost.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often one lost message is asked after: at once, and once more when it may have come through.
const QUESTIONS: u32 = 3;
/// What was lost longer ago is not asked after.
const LOST_SINCE: SignedDuration = SignedDuration::from_mins(10);
/// Between two questions about a message that was taken: half of its age, within these.
const ASK_FIRST: SignedDuration = SignedDuration::from_secs(10);
const ASK_LAST: SignedDuration = SignedDuration::from_hours(1);
/// Providers forget their jobs after some days (OpenText: three to seven).
const ASKED_FOR: SignedDuration = SignedDuration::from_hours(72);

/// Lets a message that is not known to have arrived take the next provider, medium or person.
pub fn move_on(
    tx: &mut Tx<'_>,
    desk: &Desk,
    down: &Down,
    mut n: Notification,
    shortfall: Shortfall,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut paging = paging(tx, &n, now)?;
    let mut decision = Decision::new(desk, now, tx.ids());
    proof::move_on(&mut decision, down, &mut n, &mut paging, shortfall);
    bundle::gather(&mut decision, None);
    tx.keep_ids(decision.ids);
    tx.apply_once(decision.changes)
}

/// A page waits until there is room for it: where nobody else of its step may be reached, the next follows.
pub fn hurry(tx: &mut Tx<'_>, desk: &Desk, n: &Notification, now: Timestamp) -> Result<(), StoreError> {
    let why = n.reason.outcome.as_ref().map(Untrusted::printable).unwrap_or_default();
    let said = format!("{} to {} waits: {why}", medium_word(n.medium), n.recipient.name.printable());
    let mut decision = Decision::new(desk, now, tx.ids());
    for mut one in paging(tx, n, now)? {
        proof::hurry(&mut decision, n, &mut one, &said);
    }
    bundle::gather(&mut decision, None);
    tx.keep_ids(decision.ids);
    tx.apply(decision.changes)
}

/// A page leaves, or waits until a provider works: what waited to say the same is not said as well.
pub fn say_anew(
    tx: &mut Tx<'_>,
    desk: &Desk,
    newer: &Notification,
    now: Timestamp,
) -> Result<(), StoreError> {
    if newer.purpose != Purpose::Page {
        return Ok(());
    }
    let mut waiting = match &newer.recipient.who {
        RecipientId::Person(person) => tx.to_leave_for(person, newer.medium)?,
        RecipientId::Contact(_) | RecipientId::Webhook(_) => {
            let mut waiting = BTreeMap::new();
            for alert in newer.alerts() {
                waiting.extend(tx.notifications_of(alert)?.into_iter().map(|n| (n.id, n)));
            }
            waiting.into_values().collect()
        }
    };
    let mut decision = Decision::new(desk, now, tx.ids());
    delivery::say_anew(&mut decision, newer, &mut waiting);
    tx.apply(decision.changes)
}

/// The alerts that a page speaks of, each with all that was said of it where that matters.
fn paging(tx: &Tx<'_>, n: &Notification, now: Timestamp) -> Result<Vec<Paging>, StoreError> {
    let with_told = |alert: Alert| {
        let told = match proof::hangs_on_told(n, &alert, now) {
            true => tx.notifications_of(alert.id)?,
            false => Vec::new(),
        };
        Ok(Paging { told, alert })
    };
    alerts_of(tx, n)?.into_iter().map(with_told).collect()
}

/// Asks after what was lost, until the agent stops. What nobody can tell of by the time it is due is sent
/// again or becomes a task.
pub async fn look_for_lost(agent: Arc<Agent>) {
    let mut asked: BTreeMap<(NotificationId, u32), u32> = BTreeMap::new();
    let mut setups = agent.setups();
    loop {
        let any = setups.borrow_and_update().settings.desk.carriers.iter().any(|one| one.doubt == Doubt::Ask);
        tokio::select! {
            biased;
            () = agent.stopping.cancelled() => return,
            // There is nobody who could be asked.
            changed = setups.changed(), if !any => match changed {
                Ok(()) => {
                    asked.clear();
                    continue;
                }
                Err(_) => return,
            },
            () = tokio::time::sleep(LOOK_EVERY), if any => {}
        }
        let (setup, since) = (agent.setup(), agent.world.now() - LOST_SINCE);
        let asks = |name: &str| {
            setup.settings.desk.carrier_named(name).is_some_and(|carrier| carrier.doubt == Doubt::Ask)
        };
        let lost = match agent.store.read(move |tx| tx.lost_since(since)).await {
            Ok(lost) => lost,
            Err(why) => {
                tracing::error!(%why, "lost messages could not be looked for");
                continue;
            }
        };
        let open: Vec<_> = lost
            .iter()
            .filter_map(|n| Some((n, n.lost_attempt()?)))
            .filter(|(_, attempt)| asks(&attempt.channel))
            .map(|(n, attempt)| (n.clone(), attempt.clone()))
            .collect();
        asked.retain(|key, _| open.iter().any(|(n, attempt)| *key == (n.id, attempt.number)));
        for (n, attempt) in open {
            let times = asked.entry((n.id, attempt.number)).or_insert(0);
            let Some(channel) = setup.channels.get(&attempt.channel).filter(|_| *times < QUESTIONS) else {
                continue;
            };
            *times += 1;
            let mut message = outgoing(&setup, &n, attempt.address.raw().to_owned());
            message.attempt = attempt.number;
            let until = attempt.ended_at.unwrap_or(attempt.started_at);
            let lost = Lost { message, from: attempt.started_at, until };
            match channel.find(&lost).await {
                Found::Taken(acceptance) => taken(&agent, &setup, n.id, attempt.number, acceptance).await,
                Found::Nothing { said } | Found::Unknown { said } => {
                    tracing::info!(channel = attempt.channel, notification = %n.id, said, "a lost message was asked after");
                }
            }
        }
    }
}

async fn taken(agent: &Agent, setup: &Arc<Setup>, id: NotificationId, attempt: u32, taken: Acceptance) {
    let (now, setup) = (agent.world.now(), setup.clone());
    let kept = agent
        .store
        .write(move |tx| {
            let Some(mut n) = tx.notification(id)? else { return Ok(()) };
            let changes = delivery::found(&setup.settings.desk, &mut n, attempt, taken.clone(), now);
            tx.apply(changes)?;
            settle(tx, &n, now)
        })
        .await;
    if let Err(why) = kept {
        tracing::error!(%why, notification = %id, "a found message could not be kept");
    }
}

/// Closes the task about a message in doubt, once it is known what became of it.
pub fn settle(tx: &mut Tx<'_>, n: &Notification, now: Timestamp) -> Result<(), StoreError> {
    let task = tx.open_task(&delivery::doubt_task(n))?;
    let changes = task.and_then(|task| delivery::cleared_up(n, &task, now));
    tx.apply(changes.into_iter().collect())
}

/// Asks providers that do not tell by themselves how messages fared, until the agent stops.
pub async fn ask(agent: Arc<Agent>) {
    let mut setups = agent.setups();
    loop {
        let setup = setups.borrow_and_update().clone();
        let asking =
            setup.channels.iter().filter(|(_, channel)| channel.asks_about() > 0).map(|(name, channel)| {
                let (agent, name, channel) = (agent.clone(), name.clone(), channel.clone());
                async move {
                    loop {
                        tokio::time::sleep(Duration::from_secs(2)).await;
                        if let Err(why) = ask_some(&agent, &name, &*channel).await {
                            tracing::error!(%why, channel = name, "messages could not be asked after");
                        }
                    }
                }
            });
        tokio::select! {
            biased;
            () = agent.stopping.cancelled() => return,
            _ = futures_util::future::join_all(asking) => {
                tokio::select! {
                    biased;
                    () = agent.stopping.cancelled() => return,
                    changed = setups.changed() => if changed.is_err() { return },
                }
            }
            changed = setups.changed() => if changed.is_err() { return },
        }
    }
}

async fn ask_some(agent: &Agent, name: &str, channel: &dyn Channel) -> Result<(), StoreError> {
    let (now, room, of) = (agent.world.now(), channel.asks_about(), name.to_owned());
    let due = agent.store.read(move |tx| tx.due_inquiries(&of, now, room)).await?;
    let mut about = Vec::new();
    for (n, attempt) in &due {
        let attempt = n.attempts.iter().find(|one| one.number == *attempt);
        if let Some((attempt, provider_ref)) = attempt.and_then(|a| Some((a, a.provider_ref.as_ref()?))) {
            about.push(Asked {
                notification: n.id,
                attempt: attempt.number,
                medium: n.medium,
                provider_ref: provider_ref.raw().to_owned(),
            });
        }
    }
    if due.is_empty() {
        return Ok(());
    }
    match channel.ask(&about).await {
        Ok(heard) => {
            for receipt in heard {
                receipts::fold(agent, name, receipt).await?;
            }
        }
        Err(why) => tracing::warn!(channel = name, why, "a provider did not say how messages fared"),
    }
    // Whatever was said, it is asked again in time.
    let (now, of) = (agent.world.now(), name.to_owned());
    agent
        .store
        .write(move |tx| {
            for (n, attempt) in &due {
                let n = tx.notification(n.id)?.unwrap_or_else(|| n.clone());
                let next = ask_again(&n, *attempt, now);
                tx.ask_after(&of, n.id, *attempt, next)?;
            }
            Ok(())
        })
        .await
}

/// When it is next asked how an attempt fared; `None` once that is known, or nobody remembers.
fn ask_again(n: &Notification, attempt: u32, now: Timestamp) -> Option<Timestamp> {
    let started = n.attempts.iter().find(|one| one.number == attempt)?.started_at;
    let age = now.duration_since(started);
    let known = n.state.is_proven() || n.state.is_failure() || age > ASKED_FOR;
    (!known).then(|| now + (age / 2).clamp(ASK_FIRST, ASK_LAST))
}

/// When it is first asked how a message fared that was taken now.
pub fn first_question(now: Timestamp) -> Timestamp {
    now + ASK_FIRST
}
