//! The search over the whole history: keeps its index going, and asks it without keeping anybody waiting.

use super::Agent;
use crate::core::query::{Asking, Query, Word};
use crate::store::found::Seen;
use crate::store::search::{Found, Index, Question};
use crate::store::{Store, StoreError};
use crate::wire::search::{Hit, Indexed, SearchAnswer};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What is new is put into the index together, so often at most.
const EVERY: Duration = Duration::from_millis(300);
/// Questions to the index at a time.
const AT_ONCE: usize = 2;
/// A question that takes longer is called off.
const PATIENCE: Duration = Duration::from_secs(3);

/// The index, and who may ask it now.
pub(crate) struct Search {
    index: Index,
    turns: Semaphore,
}

/// Why a search has no answer.
#[derive(Debug, thiserror::Error)]
pub enum NotFound {
    #[error("this store has no search index")]
    NoIndex,
    #[error(
        "this search was called off after {} s; narrow it with since:, partner: or kind:",
        PATIENCE.as_secs()
    )]
    TooSlow,
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl Search {
    /// `None` for a store that has no folder of its own.
    pub fn open(store: &Store) -> Result<Option<Self>, StoreError> {
        let Some(folder) = store.folder() else { return Ok(None) };
        let index = Index::open(folder, store.instance())?;
        Ok(Some(Self { index, turns: Semaphore::new(AT_ONCE) }))
    }
}

/// Wakes the writer of the index when the history has grown, until the agent stops.
pub async fn job(agent: Arc<Agent>) {
    let Some(search) = &agent.search else { return };
    let mut sealed = agent.store.sealed();
    loop {
        search.index.wake();
        tokio::select! {
            changed = sealed.changed() => if changed.is_err() { return },
            () = agent.stopping.cancelled() => return,
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// The newest things that the query finds, as they are now.
pub async fn find(
    agent: &Agent,
    query: Query,
    asking: Asking,
    limit: usize,
) -> Result<SearchAnswer, NotFound> {
    let search = agent.search.as_ref().ok_or(NotFound::NoIndex)?;
    let Ok(_turn) = search.turns.acquire().await else { return Err(NotFound::Store(StoreError::Closed)) };
    let found = ask(agent, &search.index, query.clone(), asking, limit).await?;
    let newest = *agent.store.sealed().borrow();
    let trouble = search.index.progress().borrow().trouble.clone();
    let Found { keys, more, seq, at } = found;
    let hits = agent
        .store
        .read(move |tx| {
            let words = query.words();
            let mut hits = Vec::with_capacity(keys.len());
            for key in &keys {
                let hit = match tx.seen(key)? {
                    Some(Seen::Thing(object)) => Hit::of_object(&object, &words),
                    Some(Seen::Note(seq, change)) => Some(Hit::of_note(seq, &change, &words)),
                    None => None,
                };
                let Some(mut hit) = hit else { continue };
                if let Some(partner) = hit.partner.as_mut().filter(|partner| partner.name == partner.id)
                    && let Some(known) = tx.partner(partner.id.raw())?
                {
                    *partner = known.about;
                }
                hits.push(hit);
            }
            Ok(hits)
        })
        .await?;
    let indexed = Indexed { seq, at, behind: newest.saturating_sub(seq), trouble };
    Ok(SearchAnswer { hits, more, indexed })
}

/// Asks the index on a thread that may wait.
async fn ask(
    agent: &Agent,
    index: &Index,
    query: Query,
    asking: Asking,
    limit: usize,
) -> Result<Found, NotFound> {
    let folder = index.folder().to_owned();
    let opened = tokio::task::spawn_blocking(move || Question::new(&folder)).await;
    let question = match opened {
        Ok(question) => match question.inspect_err(|_| index.doubt())? {
            Some(question) => question,
            // It is being made: nothing is found yet, and the answer says how far it is.
            None => return Ok(Found::default()),
        },
        Err(_) => return Err(NotFound::Store(StoreError::Closed)),
    };
    let call_off = question.call_off();
    let setup = agent.setup();
    let mut asked = tokio::task::spawn_blocking(move || {
        let people = |word: &Word| {
            let named = |name: &str| crate::core::query::fold(name).contains(word.folded());
            let people = setup.settings.desk.people.values().filter(|person| named(&person.name));
            people.map(|person| person.id.0.clone()).collect()
        };
        question.ask(&query, &asking, &people, limit)
    });
    tokio::select! {
        answer = &mut asked => match answer {
            Ok(found) => Ok(found.inspect_err(|_| index.doubt())?),
            Err(_) => Err(NotFound::Store(StoreError::Closed)),
        },
        () = tokio::time::sleep(PATIENCE) => {
            call_off.interrupt();
            let _ = asked.await;
            Err(NotFound::TooSlow)
        }
    }
}
