//! The live stream: changes read from the store by number, and health between them. A slow reader
//! slows nobody: it reads at its own pace from where it was.

use super::Agent;
use super::presence::Present;
use super::serve::health_now;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::Stream;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Changes read at once.
const CHUNK: u32 = 256;
/// Health is sent at most this often.
const HEALTH_PAUSE: Duration = Duration::from_secs(1);
/// Time alone can turn a source silent, so health is looked at this often without any news.
const HEALTH_LOOK: Duration = Duration::from_secs(30);

struct Reader {
    agent: Arc<Agent>,
    seq: u64,
    sealed: watch::Receiver<u64>,
    vitals: watch::Receiver<u64>,
    ready: VecDeque<Event>,
    health_due: Instant,
    last_health: Option<crate::wire::Health>,
    viewers: watch::Receiver<u64>,
    /// The console that listens looks at what it said for as long as this is here.
    _present: Option<Present>,
}

/// Everything after `since`, then everything as it happens, until the agent stops.
pub fn stream(
    agent: Arc<Agent>,
    since: u64,
    console: Option<&str>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let reader = Reader {
        seq: since,
        sealed: agent.store.sealed(),
        vitals: agent.vitals.changed(),
        ready: VecDeque::new(),
        health_due: Instant::now(),
        last_health: None,
        viewers: agent.presence.changed(),
        _present: console.and_then(|console| agent.presence.begin(console)),
        agent,
    };
    let events = futures_util::stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok(event), reader))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(20)))
}

impl Reader {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            self.sealed.mark_unchanged();
            let since = self.seq;
            let changes = match self.agent.store.read(move |tx| tx.changes_since(since, CHUNK)).await {
                Ok(changes) => changes,
                Err(why) => {
                    tracing::error!(%why, "the stream cannot read the store");
                    return None;
                }
            };
            for (seq, body) in changes {
                self.seq = seq;
                self.ready.push_back(Event::default().id(seq.to_string()).data(numbered(seq, &body)));
            }
            if !self.ready.is_empty() {
                continue;
            }
            if Instant::now() >= self.health_due {
                self.health_due = Instant::now() + HEALTH_LOOK;
                if let Some(event) = self.health().await {
                    return Some(event);
                }
            }
            let agent = self.agent.clone();
            tokio::select! {
                _ = self.sealed.changed() => {}
                _ = self.viewers.changed() => {
                    if let Ok(event) = Event::default().event("viewers").json_data(self.agent.presence.viewers()) {
                        return Some(event);
                    }
                }
                _ = self.vitals.changed() => {
                    self.health_due = self.health_due.min(Instant::now() + HEALTH_PAUSE);
                }
                () = tokio::time::sleep_until(self.health_due) => {}
                () = agent.stopping.cancelled() => return None,
            }
        }
    }

    /// Health, if it says anything new apart from the time.
    async fn health(&mut self) -> Option<Event> {
        let health = health_now(&self.agent).await.ok()?;
        let same = self.last_health.as_ref().is_some_and(|last| {
            let crate::wire::Health {
                now: _,
                sources,
                channels,
                on_call,
                handovers,
                desk,
                sync,
                traffic,
                open_tasks,
            } = last;
            (sources, channels, on_call, handovers, desk, sync, traffic, open_tasks.map(|open| open.many))
                == (
                    &health.sources,
                    &health.channels,
                    &health.on_call,
                    &health.handovers,
                    &health.desk,
                    &health.sync,
                    &health.traffic,
                    health.open_tasks.map(|open| open.many),
                )
        });
        if same {
            return None;
        }
        let event = Event::default().event("health").json_data(&health).ok();
        self.last_health = Some(health);
        event
    }
}

/// A change's stored JSON with its number put in front.
fn numbered(seq: u64, body: &str) -> String {
    match body.strip_prefix('{') {
        Some(rest) => format!("{{\"seq\":{seq},{rest}"),
        None => format!("{{\"seq\":{seq}}}"),
    }
}
