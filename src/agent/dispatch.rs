//! Sends what is due. A message is claimed, and the claim is on disk, before its first byte leaves;
//! only as many are claimed as have a free connection; every answer is recorded.

use super::Agent;
use super::setup::Setup;
use crate::channel::{Answer, Channel, Outgoing};
use crate::core::alert::Alert;
use crate::core::contact::Medium;
use crate::core::delivery::{self, Answered, Answering, Claim, Delivering};
use crate::core::desk::Desk;
use crate::core::id::NotificationId;
use crate::core::notification::{Fault, Notification, RecipientId};
use crate::core::page::AGAIN;
use crate::core::reach::Reach;
use crate::core::suppression::address_key;
use crate::core::text::Untrusted;
use crate::core::throttle::{self, Full};
use crate::store::{StoreError, Tx};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Messages claimed in one transaction at most.
const BATCH: usize = 64;
/// A claim that has no answer by then is in doubt. Channels limit their own waits; this is for one
/// that does not.
pub const LEASE: Duration = Duration::from_secs(600);

/// How often messages of channels that are no longer configured are looked for.
const ORPHANS_EVERY: Duration = Duration::from_secs(15);

/// Runs one loop a channel, and new ones when the configuration changes.
pub async fn job(agent: Arc<Agent>) {
    let mut setups = agent.setups();
    loop {
        let setup = setups.borrow_and_update().clone();
        adopt_orphans(&agent, &setup).await;
        let superseded = agent.stopping.child_token();
        for (name, channel) in &setup.channels {
            let one = Way {
                agent: agent.clone(),
                setup: setup.clone(),
                name: name.clone(),
                channel: channel.clone(),
                free: Arc::new(Semaphore::new(channel.connections().max(1))),
                superseded: superseded.clone(),
            };
            agent.tracker.spawn(one.run());
        }
        loop {
            tokio::select! {
                changed = setups.changed() => {
                    superseded.cancel();
                    if changed.is_err() { return }
                    break;
                }
                // What was decided or answered while the configuration changed may name an old channel.
                () = tokio::time::sleep(ORPHANS_EVERY) => adopt_orphans(&agent, &setup).await,
                () = agent.stopping.cancelled() => return,
            }
        }
    }
}

/// One channel being worked.
struct Way {
    agent: Arc<Agent>,
    /// The set-up that this channel belongs to, so that what is claimed by it also goes out by it.
    setup: Arc<Setup>,
    name: String,
    channel: Arc<dyn Channel>,
    free: Arc<Semaphore>,
    superseded: CancellationToken,
}

impl Way {
    async fn run(self) {
        let way = Arc::new(self);
        let mut dues = way.agent.store.dues();
        loop {
            dues.mark_unchanged();
            let permit = tokio::select! {
                permit = way.free.clone().acquire_owned() => permit,
                () = way.superseded.cancelled() => return,
            };
            let Ok(permit) = permit else { return };
            let now = way.agent.world.now();
            let name = way.name.clone();
            let next = match way.agent.store.read(move |tx| tx.next_notification_due(&name)).await {
                Ok(next) => next,
                Err(why) => {
                    way.stumble(&why).await;
                    continue;
                }
            };
            if next.is_none_or(|due| due > now) {
                drop(permit);
                tokio::select! {
                    () = until(&way.agent, next) => {}
                    _ = dues.changed() => {}
                    () = way.superseded.cancelled() => return,
                }
                continue;
            }
            let room = (way.free.available_permits() + 1).min(BATCH);
            match way.claim(room, now).await {
                Ok(claimed) => {
                    let mut first = Some(permit);
                    for outgoing in claimed {
                        let permit = match first.take() {
                            Some(permit) => permit,
                            None => match way.free.clone().acquire_owned().await {
                                Ok(permit) => permit,
                                Err(_) => return,
                            },
                        };
                        let way_of_one = way.clone();
                        way.agent.tracker.spawn(async move {
                            way_of_one.send(outgoing).await;
                            drop(permit);
                        });
                    }
                }
                Err(why) => way.stumble(&why).await,
            }
        }
    }

    /// Claims up to `room` due messages; when this returns the claim is on disk.
    async fn claim(&self, room: usize, now: Timestamp) -> Result<Vec<Outgoing>, StoreError> {
        let setup = self.setup.clone();
        let name = self.name.clone();
        self.agent
            .store
            .write(move |tx| {
                let mut claimed = Vec::new();
                for mut notification in tx.due_notifications(&name, now, room)? {
                    let desk = &setup.settings.desk;
                    if let Some(full) = full(tx, desk, &notification, now)? {
                        hold_back(tx, desk, &mut notification, full, now)?;
                        continue;
                    }
                    let (reach, mut ids) = (reach(tx, desk, &notification)?, tx.ids());
                    let mut context = Delivering { desk, reach: reach.as_ref(), ids: &mut ids, now };
                    let (claim, changes) = delivery::claim(&mut context, &mut notification);
                    tx.keep_ids(ids);
                    tx.apply(changes)?;
                    if let Claim::Send { address } = claim {
                        claimed.push(outgoing(&setup, &notification, address));
                    }
                }
                Ok(claimed)
            })
            .await
    }

    async fn send(&self, outgoing: Outgoing) {
        let answer = self.hand_over(&outgoing).await;
        let now = self.agent.world.now();
        match &answer {
            Answer::Accepted(_) => self.agent.vitals.accepted(&self.name, now),
            Answer::Refused { said, .. } => self.agent.vitals.refused(&self.name, now, said),
            Answer::Deferred { said, .. } | Answer::Unknown { said } => {
                tracing::warn!(channel = self.name, notification = %outgoing.notification, said, "a message was not taken");
                self.agent.vitals.failed(&self.name, now, said);
            }
        }
        let (id, attempt) = (outgoing.notification, outgoing.attempt);
        let stopped = matches!(answer, Answer::Refused { fault: Fault::OptedOut, .. });
        // The answer is all we know of what left; it is tried again until the store takes it.
        loop {
            let (setup, jitter, answer) = (self.agent.setup(), self.agent.world.chance(), answer.clone());
            let recorded =
                self.agent.store.write(move |tx| record(tx, &setup, id, attempt, answer, jitter, now)).await;
            match recorded {
                Ok(()) if stopped => return self.lay_over().await,
                Ok(()) | Err(StoreError::Closed) => return,
                Err(why) => self.stumble(&why).await,
            }
        }
    }

    /// Every claim gets an answer, even from a channel that hangs or fails within.
    async fn hand_over(&self, outgoing: &Outgoing) -> Answer {
        let sending = AssertUnwindSafe(self.channel.send(outgoing)).catch_unwind();
        match tokio::time::timeout(LEASE, sending).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Answer::Unknown { said: "the channel failed while it was sending".to_owned() },
            Err(_) => Answer::Unknown { said: "no answer came within ten minutes".to_owned() },
        }
    }

    /// Somebody opted out: if they are of the desk, they are paged another way from now on.
    async fn lay_over(&self) {
        if let Err(why) = self.agent.lay_over(None).await {
            self.stumble(&why).await;
        }
    }

    async fn stumble(&self, why: &StoreError) {
        tracing::error!(channel = self.name, %why, "the store failed");
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            () = self.agent.stopping.cancelled() => {}
        }
    }
}

async fn until(agent: &Agent, due: Option<Timestamp>) {
    match due {
        Some(at) => agent.world.sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// What keeps a message back, if its recipient got as many lately as they are to get.
fn full(tx: &Tx<'_>, desk: &Desk, n: &Notification, now: Timestamp) -> Result<Option<Full>, StoreError> {
    let RecipientId::Person(person) = &n.recipient.who else { return Ok(None) };
    if !throttle::may_wait(n) || n.expires_at.is_some_and(|end| end <= now) {
        return Ok(None);
    }
    let since = now - desk.throttle.looks_back();
    let left = tx.left_for(person, n.medium, since, desk.throttle.counts())?;
    let Some(full) = desk.throttle.full(&left, now) else { return Ok(None) };
    let mut of_alerts = Vec::new();
    for alert in n.alerts() {
        of_alerts.extend(tx.notifications_of(alert)?);
    }
    Ok((!throttle::is_first_page(n, &of_alerts)).then_some(full))
}

/// Lets a message wait, by itself or as part of one that waits already.
fn hold_back(
    tx: &mut Tx<'_>,
    desk: &Desk,
    n: &mut Notification,
    full: Full,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut others = match &n.recipient.who {
        RecipientId::Person(person) => tx.held_for_person(person, n.medium)?,
        RecipientId::Contact(_) | RecipientId::Webhook(_) => Vec::new(),
    };
    others.retain(|other| throttle::may_join(other, n));
    let changes = match others.first_mut() {
        Some(waiting) => {
            let alerts = [alerts_of(tx, waiting)?, alerts_of(tx, n)?].concat();
            throttle::join(desk, waiting, n, &alerts, now)
        }
        None => vec![throttle::hold(n, full, &desk.time_zone, now)],
    };
    tx.apply(changes)
}

/// The alerts that a message speaks of, as they are now.
pub(super) fn alerts_of(tx: &Tx<'_>, n: &Notification) -> Result<Vec<Alert>, StoreError> {
    n.alerts().into_iter().filter_map(|alert| tx.alert(alert).transpose()).collect()
}

fn record(
    tx: &mut Tx<'_>,
    setup: &Setup,
    id: NotificationId,
    attempt: u32,
    answer: Answer,
    jitter: f64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut notification) = tx.notification(id)? else { return Ok(()) };
    let (needed, over) = delivery::still_needed(&notification, &alerts_of(tx, &notification)?);
    let reach = tx.reach(&notification)?;
    let context =
        Answering { desk: &setup.settings.desk, reach: reach.as_ref(), needed, over: &over, jitter, now };
    let answered = match answer {
        Answer::Accepted(acceptance) => Answered::Accepted(acceptance),
        Answer::Deferred { said, after } => {
            Answered::Deferred { said, after: after.and_then(|d| SignedDuration::try_from(d).ok()) }
        }
        Answer::Refused { said, fault } => Answered::Refused { said, fault },
        Answer::Unknown { said } => Answered::Unknown { said },
    };
    let mut ids = tx.ids();
    let changes = delivery::answered(&context, &mut notification, attempt, answered, &mut ids);
    tx.keep_ids(ids);
    tx.apply(changes)
}

/// How the recipient can be reached: of a person of the desk only what their own addresses stopped.
fn reach(tx: &Tx<'_>, desk: &Desk, n: &Notification) -> Result<Option<Reach>, StoreError> {
    let RecipientId::Person(id) = &n.recipient.who else { return tx.reach(n) };
    let address = desk.person(id).and_then(|person| person.address(n.medium)).map(address_key);
    let mut reach = Reach::default();
    if let Some(key) = address {
        reach.suppressed.extend(tx.suppression(&key)?.map(|found| (key, found)));
    }
    Ok(Some(reach))
}

/// The message as a channel gets it.
fn outgoing(setup: &Setup, n: &Notification, address: String) -> Outgoing {
    let possible_duplicate = n.attempts.last().is_some_and(|attempt| attempt.possible_duplicate);
    let body = match (n.medium, possible_duplicate) {
        (Medium::Sms, true) => Untrusted::new(format!("{AGAIN}{}", n.content.body.raw())),
        _ => n.content.body.clone(),
    };
    Outgoing {
        notification: n.id,
        attempt: n.attempts.last().map_or(1, |attempt| attempt.number),
        medium: n.medium,
        address,
        name: n.recipient.name.clone(),
        subject: n.content.subject.clone(),
        body,
        html: n.content.html.clone(),
        attachments: n.content.attachments.clone(),
        purpose: n.purpose,
        urgent: n.urgent,
        reply_to: setup.settings.replies.as_ref().filter(|_| n.medium == Medium::Email).and_then(|replies| {
            let (local, domain) = replies.address.as_str().rsplit_once('@')?;
            Some(format!("{local}+{}@{domain}", setup.settings.desk.reply_key.token(n.id)))
        }),
        idempotency_key: n.idempotency_key.clone(),
        thread: n.thread.clone().or_else(|| n.alert.map(|alert| alert.to_string())).map(|thread| {
            let store = n.idempotency_key.split('-').next().unwrap_or_default();
            format!("{store}-{thread}")
        }),
        possible_duplicate,
        created_at: n.created_at,
    }
}

/// Messages that wait for a channel which is no longer configured go to the one that carries them now.
async fn adopt_orphans(agent: &Agent, setup: &Arc<Setup>) {
    let waiting = agent.store.read(|tx| tx.channels_waiting()).await;
    if waiting.is_ok_and(|all| all.iter().all(|(channel, _)| setup.channels.contains_key(channel))) {
        return;
    }
    let setup = setup.clone();
    let now = agent.world.now();
    let adopted = agent
        .store
        .write(move |tx| {
            for (channel, _) in tx.channels_waiting()? {
                if setup.channels.contains_key(&channel) {
                    continue;
                }
                for mut notification in tx.notifications_on(&channel, 10_000)? {
                    let change = delivery::rehome(&setup.settings.desk, &mut notification, now);
                    tx.apply(vec![change])?;
                }
            }
            Ok(())
        })
        .await;
    if let Err(why) = adopted {
        tracing::error!(%why, "messages of removed channels could not be moved");
    }
}
