//! A dry run: what would become of events if they came in now. Nothing is kept and nothing is sent;
//! the decision is the one that intake makes, against a reading of the store.

use super::Agent;
use super::intake;
use crate::community::cloudevents::Mode;
use crate::community::{Received, Refused};
use crate::core::decide::{self, Incoming};
use crate::core::why::{Before, Explanation, explained};
use crate::store::StoreError;
use axum::http::HeaderMap;

/// Why there is nothing to explain.
#[derive(Debug, thiserror::Error)]
pub enum NotExplained {
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Explains a CloudEvent in JSON, or a list of them, as if `feed` had sent it.
pub async fn explain(agent: &Agent, feed: &str, text: &str) -> Result<Explanation, NotExplained> {
    let mode = if text.trim_start().starts_with('[') { Mode::Batch } else { Mode::Structured };
    let events = Received::read(mode, &HeaderMap::new(), text.as_bytes())
        .map_err(|refused: Refused| NotExplained::Refused(refused.sentence()))?;
    let (setup, now, feed) = (agent.setup(), agent.world.now(), feed.to_owned());
    let events = agent.store.read(move |tx| {
        let desk = &setup.settings.desk;
        let mut before = Vec::with_capacity(events.len());
        let mut prepared = Vec::with_capacity(events.len());
        for Received { event, native, unreadable, fingerprint } in events {
            before.push(match tx.known_event(&event.source, &event.id)? {
                None => Before::New,
                Some(known) if known == fingerprint => Before::Duplicate,
                Some(_) => Before::Conflict,
            });
            let incoming = Incoming { feed: feed.clone(), event, native, unreadable, fingerprint };
            prepared.push(decide::prepare(desk, incoming, now));
        }
        let mut view = intake::view(tx, &prepared)?;
        let (changes, _) = decide::events(desk, &mut view, prepared, tx.next_ids()?, now);
        Ok(explained(changes, before))
    });
    Ok(Explanation { state_known: true, mapped_by: None, events: events.await? })
}
