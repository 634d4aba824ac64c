//! Looks once a minute whether the desk keeps its promises, and says so where people and machines look: the
//! console's header, the status, the metrics, and the heartbeat, which beats only while all is well.
//! What to look for is decided in [`crate::core::audit`]; this only reads and tells.

use super::dispatch::LEASE;
use super::{Agent, world};
use crate::core::audit::{self, OVERDUE, Stuck, WAITING};
use crate::core::digest::Next;
use crate::core::text::Untrusted;
use crate::store::StoreError;
use crate::wire::{Audit, Heartbeat};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The agent has just begun to do what was due while it was away.
const FIRST: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// What a loop would do when it looks at the clock again is not stuck; see [`world::LOOK_AGAIN`].
const LOOK_TWICE: Duration = world::LOOK_AGAIN.saturating_add(Duration::from_secs(1));
/// What a look found says nothing any more when the auditor itself has stopped.
const STALE: SignedDuration = SignedDuration::from_mins(3);
/// Named one by one.
const NAMED: usize = 20;

/// What the auditor found last.
pub struct Audited {
    known: Mutex<Option<Known>>,
    /// Changes with every look.
    looked: watch::Sender<u64>,
}

struct Known {
    at: Timestamp,
    since: Timestamp,
    stuck: Vec<Stuck>,
    heartbeat: Heartbeat,
}

impl Default for Audited {
    fn default() -> Self {
        Self { known: Mutex::new(None), looked: watch::Sender::new(0) }
    }
}

impl Audited {
    /// As it is told; `beats`: there is somebody whom the heartbeat tells.
    pub fn told(&self, beats: bool) -> Option<Audit> {
        self.with(|known| {
            known.as_ref().map(|known| Audit {
                clean: known.stuck.is_empty(),
                stuck: known.stuck.clone(),
                since: known.since,
                heartbeat: beats.then(|| known.heartbeat.clone()),
            })
        })
    }

    /// Whether all was well when it was looked at, and that is not long ago.
    pub fn is_clean(&self, now: Timestamp) -> bool {
        self.with(|known| {
            known.as_ref().is_some_and(|known| known.stuck.is_empty() && now.duration_since(known.at) < STALE)
        })
    }

    pub fn looked(&self) -> watch::Receiver<u64> {
        self.looked.subscribe()
    }

    /// What came of a beat.
    pub fn beat(&self, at: Timestamp, came: Result<(), String>) {
        self.with(|known| {
            let Some(known) = known else { return };
            match came {
                Ok(()) => known.heartbeat = Heartbeat { last_beat_at: Some(at), last_error: None },
                Err(why) => known.heartbeat.last_error = Some(Untrusted::new(why)),
            }
        });
    }

    /// Keeps what was found; whether it differs from before.
    fn keep(&self, stuck: Vec<Stuck>, at: Timestamp) -> bool {
        let news = self.with(|known| {
            let before = known.take();
            let same = before.as_ref().is_some_and(|before| before.stuck == stuck);
            let since = before.as_ref().filter(|_| same).map_or(at, |before| before.since);
            let heartbeat = before.map(|before| before.heartbeat).unwrap_or_default();
            *known = Some(Known { at, since, stuck, heartbeat });
            !same
        });
        self.looked.send_modify(|count| *count += 1);
        news
    }

    fn with<T>(&self, act: impl FnOnce(&mut Option<Known>) -> T) -> T {
        act(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Looks again and again until the agent stops.
pub async fn job(agent: Arc<Agent>) {
    let mut pause = FIRST;
    loop {
        tokio::select! {
            biased;
            () = agent.stopping.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = LOOK_EVERY;
        let mut stuck = look(&agent).await;
        if stuck.iter().any(Stuck::may_pass) {
            // A machine that slept wakes with everything overdue, and its loops a little later.
            tokio::select! {
                biased;
                () = agent.stopping.cancelled() => return,
                () = tokio::time::sleep(LOOK_TWICE) => {}
            }
            stuck = look(&agent).await;
        }
        stuck.truncate(NAMED);
        for one in &stuck {
            tracing::error!("audit: {one}");
        }
        if agent.audited.keep(stuck, agent.world.now()) {
            agent.vitals.beat();
        }
    }
}

/// Everything that is stuck now.
async fn look(agent: &Agent) -> Vec<Stuck> {
    match read(agent).await {
        Ok(stuck) => stuck,
        Err(why) => vec![Stuck::Unread { why: why.to_string() }],
    }
}

async fn read(agent: &Agent) -> Result<Vec<Stuck>, StoreError> {
    let (setup, now) = (agent.setup(), agent.world.now());
    let before = |patience: SignedDuration| now.saturating_sub(patience).unwrap_or(Timestamp::MIN);
    let (due, waiting) = (before(OVERDUE), before(WAITING));
    let digests = setup.settings.digests.clone();
    let (suspects, queued) = agent
        .store
        .read(move |tx| {
            let mut suspects = tx.suspects(due, waiting)?;
            for digest in &digests {
                let last = tx.last_digest(&digest.name)?;
                if let Next::Run(due) = digest.next(last.as_ref(), now) {
                    suspects.due_digests.push((digest.name.clone(), due.run.at));
                }
            }
            Ok((suspects, tx.channels_waiting()?))
        })
        .await?;
    // The same look tells how long the queues are, for their charts.
    agent.vitals.waiting(&setup, &queued, now);
    let lease = SignedDuration::try_from(LEASE).unwrap_or(SignedDuration::MAX);
    Ok(audit::judge(&suspects, lease, now))
}
