//! Sends what is due. A message is claimed, and the claim is on disk, before its first byte leaves;
//! only as many are claimed as have a free connection; every answer is recorded.

use super::Agent;
use super::proof;
use super::providers;
use super::setup::Setup;
use crate::channel::{Answer, Channel, Outgoing, Unsubscribe};
use crate::core::alert::Alert;
use crate::core::contact::Medium;
use crate::core::delivery::{self, Answered, Answering, Claim, Delivering, Down};
use crate::core::desk::Desk;
use crate::core::id::NotificationId;
use crate::core::notification::{Fault, Notification, RecipientId};
use crate::core::page::AGAIN;
use crate::core::proof::{Shortfall, moves_on};
use crate::core::provider::Heard;
use crate::core::reach::Reach;
use crate::core::reply::Link;
use crate::core::suppression::address_key;
use crate::core::text::Untrusted;
use crate::core::throttle::{self, Full};
use crate::store::{StoreError, Tx};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
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
        providers::release_parked(&agent, &setup).await;
        let superseded = agent.stopping.child_token();
        for (name, channel) in &setup.channels {
            let one = Way {
                agent: agent.clone(),
                setup: setup.clone(),
                name: name.clone(),
                channel: channel.clone(),
                outstanding: AtomicUsize::new(0),
                answered: Notify::new(),
                pace: Mutex::new(rate(&setup, name).map(|rate| Pace::new(rate, agent.world.now()))),
                superseded: superseded.clone(),
            };
            agent.tracker.spawn(one.run());
        }
        loop {
            tokio::select! {
                biased;
                () = agent.stopping.cancelled() => return,
                changed = setups.changed() => {
                    superseded.cancel();
                    if changed.is_err() { return }
                    break;
                }
                // What was decided or answered while the configuration changed may name an old channel.
                () = tokio::time::sleep(ORPHANS_EVERY) => {
                    adopt_orphans(&agent, &setup).await;
                    providers::release_parked(&agent, &setup).await;
                }
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
    /// Messages on their way by it.
    outstanding: AtomicUsize,
    /// One of them was answered.
    answered: Notify,
    pace: Mutex<Option<Pace>>,
    superseded: CancellationToken,
}

impl Way {
    async fn run(self) {
        let way = Arc::new(self);
        let mut dues = way.agent.store.dues();
        while !way.superseded.is_cancelled() {
            dues.mark_unchanged();
            match way.step().await {
                Ok(Next::Again) => {}
                Ok(Next::At(at)) => tokio::select! {
                    biased;
                    () = way.superseded.cancelled() => {}
                    () = until(&way.agent, at) => {}
                    _ = dues.changed() => {}
                    () = way.agent.providers.hurried() => {}
                },
                Ok(Next::Answer(at)) => tokio::select! {
                    biased;
                    () = way.superseded.cancelled() => {}
                    () = until(&way.agent, at) => {}
                    () = way.answered.notified() => {}
                },
                Err(why) => way.stumble(&why).await,
            }
        }
    }

    /// Sends what is due and may leave; says what to wait for.
    async fn step(self: &Arc<Self>) -> Result<Next, StoreError> {
        let (agent, now) = (&self.agent, self.agent.world.now());
        let name = self.name.clone();
        let next = agent.store.read(move |tx| tx.next_notification_due(&name)).await?;
        let is_due = next.is_some_and(|due| due <= now);
        if agent.providers.get(&self.name).is_some_and(|provider| provider.is_down()) {
            return self.while_down(next, now).await;
        }
        if !is_due {
            return Ok(Next::At(next));
        }
        if let Some(until) = agent.providers.paused_until(&self.name, now) {
            // What is urgent need not wait where there is another way, nor what becomes urgent until then.
            self.divert(Diverted::Urgent, now).await?;
            let name = self.name.clone();
            let urgent = agent.store.read(move |tx| tx.next_urgent_due_after(&name, now)).await?;
            return Ok(Next::At(urgent.into_iter().chain([until]).min()));
        }
        let connections = self.channel.connections().max(1);
        let outstanding = self.outstanding.load(Ordering::Acquire);
        let room = agent.providers.room(&self.name, connections, now).saturating_sub(outstanding).min(BATCH);
        let (room, slot) = match &mut *self.pace.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(pace) => pace.take(room, now),
            None => (room, None),
        };
        if room == 0 {
            return Ok(Next::Answer(slot));
        }
        for outgoing in self.claim(room, now).await? {
            self.start(outgoing);
        }
        Ok(Next::Again)
    }

    /// The provider is down: what is due goes by another or waits; when its time has come it is probed.
    async fn while_down(
        self: &Arc<Self>,
        next: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Next, StoreError> {
        let agent = &self.agent;
        let is_due = next.is_some_and(|due| due <= now);
        let provider = agent.providers.get(&self.name);
        if agent.providers.room(&self.name, 1, now) == 0 {
            if is_due {
                self.divert(Diverted::All, now).await?;
            }
            let probe_at = provider.and_then(|provider| provider.probe_at).filter(|at| *at > now);
            let due = next.filter(|due| *due > now);
            return Ok(match probe_at {
                Some(at) => Next::At(due.into_iter().chain([at]).min()),
                None => Next::Answer(Some(now + SignedDuration::from_secs(1))),
            });
        }
        if let Err(said) = self.channel.probe().await {
            agent.providers.probe(&self.name, now);
            providers::hear(agent, &self.name, Heard::Trouble(&said), agent.world.now()).await;
            return Ok(Next::Again);
        }
        let waiting = is_due || providers::release_one(agent, &self.setup, &self.name).await?;
        if !waiting {
            // It can be reached, and nothing is there to try it with.
            providers::hear(agent, &self.name, Heard::Works, agent.world.now()).await;
            return Ok(Next::Again);
        }
        let claimed = self.claim(1, agent.world.now()).await?;
        if !claimed.is_empty() {
            agent.providers.probe(&self.name, now);
        }
        for outgoing in claimed {
            self.start(outgoing);
        }
        Ok(Next::Again)
    }

    fn start(self: &Arc<Self>, outgoing: Outgoing) {
        self.outstanding.fetch_add(1, Ordering::AcqRel);
        let way = self.clone();
        self.agent.tracker.spawn(async move {
            way.send(outgoing).await;
            way.outstanding.fetch_sub(1, Ordering::AcqRel);
            way.answered.notify_one();
        });
    }

    /// Gives due messages to other channels, or lets them wait until one works.
    async fn divert(&self, which: Diverted, now: Timestamp) -> Result<(), StoreError> {
        let (setup, name) = (self.setup.clone(), self.name.clone());
        // Two that want a pause must not hand their messages to each other.
        let mut down = match which {
            Diverted::All => self.agent.providers.down(),
            Diverted::Urgent => self.agent.providers.busy(now),
        };
        down.insert(name.clone());
        self.agent
            .store
            .write(move |tx| {
                let desk = &setup.settings.desk;
                for mut n in tx.due_notifications(&name, now, BATCH)? {
                    let reach = reach(tx, desk, &n)?;
                    let other = delivery::works(desk, &down, &n, reach.as_ref());
                    if which == Diverted::Urgent && (other.is_none() || !n.urgent) {
                        continue;
                    }
                    let mut ids = tx.ids();
                    let mut context =
                        Delivering { desk, down: &down, reach: reach.as_ref(), ids: &mut ids, now };
                    let diverted = delivery::divert(&mut context, &mut n);
                    tx.keep_ids(ids);
                    tx.apply(diverted.into_iter().collect())?;
                    if other.is_none() {
                        proof::say_anew(tx, desk, &n, now)?;
                    }
                    if other.is_none() && moves_on(&n) {
                        proof::move_on(tx, desk, &down, n, Shortfall::NoProvider, now)?;
                    }
                }
                Ok(())
            })
            .await
    }

    /// Claims up to `room` due messages; when this returns the claim is on disk.
    async fn claim(&self, room: usize, now: Timestamp) -> Result<Vec<Outgoing>, StoreError> {
        let setup = self.setup.clone();
        let name = self.name.clone();
        let mut down = self.agent.providers.busy(now);
        // What it is probed with goes by it.
        down.remove(&name);
        self.agent
            .store
            .write(move |tx| {
                let mut claimed = Vec::new();
                for mut notification in tx.due_notifications(&name, now, room)? {
                    let desk = &setup.settings.desk;
                    // Whatever made it due, no page leaves once somebody has the alert or it is over.
                    let alerts = alerts_of(tx, &notification)?;
                    let (needed, over) = delivery::still_needed(&notification, &alerts);
                    if !needed {
                        let change = delivery::not_needed(&mut notification, now);
                        tx.apply(vec![change])?;
                        continue;
                    }
                    delivery::leave_out_what_is_over(&mut notification, &over);
                    if let Some(full) = full(tx, desk, &notification, now)? {
                        hold_back(tx, desk, &mut notification, full, now)?;
                        continue;
                    }
                    let (reach, mut ids) = (reach(tx, desk, &notification)?, tx.ids());
                    let mut context =
                        Delivering { desk, down: &down, reach: reach.as_ref(), ids: &mut ids, now };
                    let (claim, changes) = delivery::claim(&mut context, &mut notification);
                    tx.keep_ids(ids);
                    tx.apply(changes)?;
                    if let Claim::Send { address } = claim {
                        proof::say_anew(tx, desk, &notification, now)?;
                        claimed.push(outgoing(&setup, &notification, address));
                    }
                }
                Ok(claimed)
            })
            .await
    }

    async fn send(&self, outgoing: Outgoing) {
        let began = self.agent.world.now();
        let answer = self.hand_over(&outgoing).await;
        let now = self.agent.world.now();
        let heard = match &answer {
            Answer::Accepted(_) => {
                let took = now.duration_since(began);
                self.agent.vitals.accepted(&self.name, now, Some(took));
                Some(Heard::Works)
            }
            Answer::Refused { said, .. } => {
                self.agent.vitals.refused(&self.name, now, said);
                Some(Heard::Works)
            }
            Answer::Later { said, .. } => {
                tracing::info!(channel = self.name, notification = %outgoing.notification, said, "a message is wanted later");
                Some(Heard::Works)
            }
            Answer::Deferred { said, after: Some(after) } => {
                tracing::warn!(channel = self.name, said, "a pause is asked for");
                let pause = SignedDuration::try_from(*after).unwrap_or(SignedDuration::MAX);
                self.agent.providers.pause(&self.name, pause, now);
                None
            }
            Answer::Deferred { said, .. } | Answer::Unknown { said } | Answer::Cut { said } => {
                tracing::warn!(channel = self.name, notification = %outgoing.notification, said, "a message was not taken");
                self.agent.vitals.failed(&self.name, now, said);
                Some(if matches!(answer, Answer::Cut { .. }) {
                    Heard::Cut(said)
                } else {
                    Heard::Trouble(said)
                })
            }
        };
        if let Some(heard) = heard {
            providers::hear(&self.agent, &self.name, heard, now).await;
        }
        let (id, attempt) = (outgoing.notification, outgoing.attempt);
        let stopped = matches!(answer, Answer::Refused { fault: Fault::OptedOut, .. });
        // The answer is all we know of what left; it is tried again until the store takes it.
        loop {
            let (setup, jitter, answer) = (self.agent.setup(), self.agent.world.chance(), answer.clone());
            let (down, asks) = (self.agent.providers.busy(now), self.channel.asks_about() > 0);
            let taken = asks && matches!(answer, Answer::Accepted(_));
            let name = self.name.clone();
            let write = move |tx: &mut Tx<'_>| {
                if taken {
                    tx.ask_after(&name, id, attempt, Some(proof::first_question(now)))?;
                }
                record(tx, &setup, &down, id, attempt, answer, jitter, now)
            };
            let recorded = self.agent.store.write(write).await;
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
            biased;
            () = self.agent.stopping.cancelled() => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

/// What a channel waits for.
enum Next {
    /// Nothing: there may be more.
    Again,
    /// This moment, or something new that is due.
    At(Option<Timestamp>),
    /// This moment, or the answer to something on its way.
    Answer(Option<Timestamp>),
}

/// What is given to other channels.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Diverted {
    /// Everything that is due; what has no other way waits.
    All,
    /// What is urgent and has another way.
    Urgent,
}

/// Keeps a channel to so many messages a second, a second's worth of them at once.
struct Pace {
    per_second: f64,
    level: f64,
    at: Timestamp,
}

impl Pace {
    fn new(per_second: f64, now: Timestamp) -> Self {
        Self { per_second, level: per_second.max(1.0), at: now }
    }

    /// How many of these may leave now, and when the next may if none does.
    fn take(&mut self, wanted: usize, now: Timestamp) -> (usize, Option<Timestamp>) {
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.level = (self.level + passed * self.per_second).min(self.per_second.max(1.0));
        self.at = now;
        let granted = wanted.min(self.level as usize);
        self.level -= granted as f64;
        let wait = ((1.0 - self.level) / self.per_second).max(0.001);
        let next = (granted == 0 && wanted > 0)
            .then(|| now + SignedDuration::try_from_secs_f64(wait).unwrap_or(SignedDuration::from_secs(1)));
        (granted, next)
    }
}

fn rate(setup: &Setup, name: &str) -> Option<f64> {
    setup.settings.channels.iter().find(|channel| channel.name == name)?.rate
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
    let (mut unread, mut read) = (BTreeMap::new(), BTreeSet::new());
    let beside = |alert| {
        let ids: &mut Vec<NotificationId> = match unread.entry(alert) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let mut ids = tx.notifications_beside(alert, person, n.medium)?;
                ids.reverse();
                new.insert(ids)
            }
        };
        while let Some(id) = ids.pop() {
            if read.insert(id) {
                return tx.notification(id);
            }
        }
        Ok::<_, StoreError>(None)
    };
    Ok((!throttle::is_first_page(n, alerts_of(tx, n)?, beside)?).then_some(full))
}

/// Lets a message wait, by itself or as part of one that waits already. Where a page waits and nobody else of its
/// step may be reached, the next step follows.
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
    tx.apply(changes)?;
    match moves_on(n) {
        true => proof::hurry(tx, desk, n, now),
        false => Ok(()),
    }
}

/// The alerts that a message speaks of, as they are now.
pub(super) fn alerts_of(tx: &Tx<'_>, n: &Notification) -> Result<Vec<Alert>, StoreError> {
    n.alerts().into_iter().filter_map(|alert| tx.alert(alert).transpose()).collect()
}

#[allow(clippy::too_many_arguments)]
fn record(
    tx: &mut Tx<'_>,
    setup: &Setup,
    down: &Down,
    id: NotificationId,
    attempt: u32,
    answer: Answer,
    jitter: f64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut notification) = tx.notification(id)? else { return Ok(()) };
    let (needed, over) = delivery::still_needed(&notification, &alerts_of(tx, &notification)?);
    let reach = tx.reach(&notification)?;
    let desk = &setup.settings.desk;
    let context = Answering { desk, down, reach: reach.as_ref(), needed, over: &over, jitter, now };
    let fault = match &answer {
        Answer::Refused { fault, .. } => Some(*fault),
        _ => None,
    };
    let answered = match answer {
        Answer::Accepted(acceptance) => Answered::Accepted(acceptance),
        Answer::Deferred { said, after } => {
            Answered::Deferred { said, after: after.and_then(|d| SignedDuration::try_from(d).ok()) }
        }
        Answer::Later { said, after } => {
            Answered::Later { said, after: after.and_then(|d| SignedDuration::try_from(d).ok()) }
        }
        Answer::Refused { said, fault } => Answered::Refused { said, fault },
        Answer::Unknown { said } | Answer::Cut { said } => Answered::Unknown { said },
    };
    let mut ids = tx.ids();
    let changes = delivery::answered(&context, &mut notification, attempt, answered, &mut ids);
    tx.keep_ids(ids);
    tx.apply_once(changes)?;
    match fault {
        Some(fault) if notification.state.is_failure() && moves_on(&notification) => {
            proof::move_on(tx, desk, down, notification, Shortfall::Failed(fault), now)
        }
        _ => Ok(()),
    }
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
pub(super) fn outgoing(setup: &Setup, n: &Notification, address: String) -> Outgoing {
    let possible_duplicate = n.attempts.last().is_some_and(|attempt| attempt.possible_duplicate);
    let body = match (n.medium, possible_duplicate) {
        (Medium::Sms, true) => Untrusted::new(format!("{AGAIN}{}", n.content.body.raw())),
        _ => n.content.body.clone(),
    };
    let attempt = n.attempts.last().map_or(1, |attempt| attempt.number);
    let (desk, replies) = (&setup.settings.desk, setup.settings.replies.as_ref());
    let mailbox = |token: &str| {
        let replies = replies.filter(|_| n.medium == Medium::Email)?;
        let (local, domain) = replies.address.as_str().rsplit_once('@')?;
        Some(format!("{local}+{token}@{domain}"))
    };
    Outgoing {
        notification: n.id,
        attempt,
        medium: n.medium,
        address,
        name: n.recipient.name.clone(),
        subject: n.content.subject.clone(),
        body,
        html: n.content.html.clone(),
        attachments: n.content.attachments.clone(),
        purpose: n.purpose,
        urgent: n.urgent,
        reply_to: mailbox(&desk.reply_key.token(n.id)),
        return_path: mailbox(&desk.reply_key.return_token(n.id, attempt))
            .filter(|_| replies.is_some_and(|replies| replies.bounces)),
        unsubscribe: desk
            .links
            .may_end(n)
            .then(|| Unsubscribe {
                web: desk.links.url(&desk.reply_key, Link::Unsubscribe, n.id),
                mail: mailbox(&format!("u{}", desk.reply_key.link_token(Link::Unsubscribe, n.id))),
            })
            .filter(|ways| *ways != Unsubscribe::default()),
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
