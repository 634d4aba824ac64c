//! Takes events in: many requests to one decision, one decision to one commit, and only then the 202.

use super::Agent;
use crate::community::Received;
use crate::community::intake::{CallbackAnswer, CallbackRequest, Desk, Feed, NotTaken, Taken};
use crate::community::unsubscribe::Page;
use crate::core::change::{Change, Object, What};
use crate::core::decide::{self, Incoming, Needs, Prepared, View};
use crate::core::event::Severity;
use crate::core::reply::Link;
use crate::store::{StoreError, Tx};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Requests that may wait for the decision; one more is told to come back.
pub const QUEUE: usize = 1024;
/// Events decided together at most.
const BATCH: usize = 512;

/// The events of one request, and who waits for the answer.
pub struct Submission {
    feed: String,
    events: Vec<Received>,
    answer: oneshot::Sender<Result<Taken, NotTaken>>,
}

/// Decides batch after batch until the agent stops.
pub async fn job(agent: Arc<Agent>, mut queue: mpsc::Receiver<Submission>) {
    loop {
        let first = tokio::select! {
            biased;
            () = agent.stopping.cancelled() => {
                queue.close();
                queue.recv().await
            }
            submission = queue.recv() => submission,
        };
        let Some(first) = first else { return };
        let mut size = first.events.len();
        let mut batch = vec![first];
        while size < BATCH
            && let Ok(next) = queue.try_recv()
        {
            size += next.events.len();
            batch.push(next);
        }
        let setup = agent.setup();
        let now = agent.world.now();
        let feeds: Vec<String> = batch.iter().map(|submission| submission.feed.clone()).collect();
        let (asked, answers): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|s| ((s.feed, s.events), s.answer)).unzip();
        let decided_by = setup.clone();
        let decided = agent.store.write(move |tx| decide_batch(tx, &setup.settings.desk, asked, now)).await;
        if !Arc::ptr_eq(&decided_by, &agent.setup())
            && let Err(why) = agent.review_quiet().await
        {
            // It was decided by windows that may no longer count; at their end it wakes all the same.
            tracing::error!(%why, "what sleeps could not be looked at");
        }
        match decided {
            Ok((results, came)) => {
                agent.vitals.came(came.into_iter().map(|severity| (severity, now)));
                for ((answer, result), feed) in answers.into_iter().zip(results).zip(feeds) {
                    if result.is_ok() {
                        agent.vitals.heard(&feed, now);
                    }
                    let _ = answer.send(result);
                }
            }
            Err(why) => {
                tracing::error!(%why, "events could not be stored");
                for answer in answers {
                    let _ = answer.send(Err(NotTaken::Unavailable(why.to_string())));
                }
            }
        }
    }
}

/// The answer to each request, and the severities of the events that are new.
type Decided = (Vec<Result<Taken, NotTaken>>, Vec<Option<Severity>>);

/// Tells new events from known ones, and decides the new.
fn decide_batch(
    tx: &mut Tx<'_>,
    desk: &crate::core::desk::Desk,
    asked: Vec<(String, Vec<Received>)>,
    now: Timestamp,
) -> Result<Decided, StoreError> {
    let mut results = Vec::with_capacity(asked.len());
    let mut seen: HashMap<(String, String), String> = HashMap::new();
    let mut prepared = Vec::new();
    for (feed, events) in asked {
        match sort_out(tx, &mut seen, feed, events)? {
            Ok((taken, fresh)) => {
                prepared.extend(fresh.into_iter().map(|incoming| decide::prepare(desk, incoming, now)));
                results.push(Ok(taken));
            }
            Err(refused) => results.push(Err(refused)),
        }
    }
    let mut view = view(tx, &prepared)?;
    let (changes, ids) = decide::events(desk, &mut view, prepared, tx.ids(), now);
    tx.keep_ids(ids);
    let severity = |change: &Change| match (&change.object, change.what) {
        (Object::Event(event), What::EventReceived) => Some(event.severity),
        _ => None,
    };
    let came = changes.iter().filter_map(severity).collect();
    super::contacts::apply(tx, desk, changes, now)?;
    Ok((results, came))
}

/// What a batch is decided against.
pub(super) fn view(tx: &Tx<'_>, prepared: &[Prepared<'_>]) -> Result<View, StoreError> {
    tx.view(&Needs::of(prepared.iter().map(|p| &p.needs)))
}

/// One request's events: new ones, and how many were known. A conflict refuses the request whole.
#[allow(clippy::type_complexity)]
fn sort_out(
    tx: &Tx<'_>,
    seen: &mut HashMap<(String, String), String>,
    feed: String,
    events: Vec<Received>,
) -> Result<Result<(Taken, Vec<Incoming>), NotTaken>, StoreError> {
    let mut mine: HashMap<(String, String), String> = HashMap::new();
    let mut fresh = Vec::new();
    let mut duplicates = 0;
    for (index, received) in events.into_iter().enumerate() {
        let Received { event, native, unreadable, fingerprint } = received;
        let key = (event.source.clone(), event.id.clone());
        let known = match mine.get(&key).or_else(|| seen.get(&key)) {
            Some(fingerprint) => Some(fingerprint.clone()),
            None => tx.known_event(&key.0, &key.1)?,
        };
        match known {
            Some(known) if known == fingerprint => duplicates += 1,
            Some(_) => return Ok(Err(NotTaken::Conflict { index, id: event.id })),
            None => {
                mine.insert(key, fingerprint.clone());
                fresh.push(Incoming { feed: feed.clone(), event, native, unreadable, fingerprint });
            }
        }
    }
    seen.extend(mine);
    Ok(Ok((Taken { accepted: fresh.len(), duplicates }, fresh)))
}

#[async_trait]
impl Desk for Agent {
    fn feed(&self, name: &str) -> Option<Arc<Feed>> {
        self.setup().feeds.get(name).cloned()
    }

    fn now(&self) -> Timestamp {
        self.world.now()
    }

    fn ready(&self) -> Result<(), String> {
        match self.stopping.is_cancelled() {
            true => Err("the agent is stopping".to_owned()),
            false => Ok(()),
        }
    }

    async fn metrics(&self) -> Option<String> {
        super::metrics::text(self).await
    }

    async fn accept(&self, feed: &str, events: Vec<Received>) -> Result<Taken, NotTaken> {
        let (answer, answered) = oneshot::channel();
        let submission = Submission { feed: feed.to_owned(), events, answer };
        self.submissions.try_send(submission).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => NotTaken::Saturated { retry_after: Duration::from_secs(1) },
            mpsc::error::TrySendError::Closed(_) => NotTaken::Unavailable("the agent is stopping".to_owned()),
        })?;
        answered.await.unwrap_or_else(|_| Err(NotTaken::Unavailable("the agent is stopping".to_owned())))
    }

    async fn receipt(&self, channel: &str, callback: CallbackRequest) -> CallbackAnswer {
        super::receipts::take(self, channel, callback).await
    }

    async fn link(&self, link: Link, token: &str, posted: bool) -> Result<Option<Page>, ()> {
        super::consent::page(self, link, token, posted).await.map_err(|why| {
            tracing::error!(%why, "a link in a mail could not be followed");
        })
    }

    async fn inbound(&self, channel: &str, callback: CallbackRequest) -> CallbackAnswer {
        super::replies::text(self, channel, callback).await
    }
}
