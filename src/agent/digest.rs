//! Sends digests when their time comes, and when a person asks.
//!
//! What is told is read in one reading, as of one instant. The run and its messages are then kept in one
//! transaction, under a name that only one run can have; so however often an agent stops, starts or looks
//! at its clock, each run goes exactly once.

use super::Agent;
use super::setup::Setup;
use crate::core::apply::Asker;
use crate::core::change::Actor;
use crate::core::command::{Outcome, Refusal, RefusalCode};
use crate::core::desk::Desk;
use crate::core::digest::{Cause, Digest, DigestRun, Next, Prepared};
use crate::core::notification::Content;
use crate::core::person::{PersonId, Role};
use crate::core::text::sanitise;
use crate::store::StoreError;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// Waits for the next run of any digest until the agent stops.
pub async fn job(agent: Arc<Agent>) {
    let mut setups = agent.setups();
    loop {
        let setup = setups.borrow_and_update().clone();
        let mut next: Option<Timestamp> = None;
        let mut stumbled = false;
        for digest in &setup.settings.digests {
            match look(&agent, &setup, digest).await {
                Ok(at) => next = next.into_iter().chain(at).min(),
                Err(StoreError::Closed) => return,
                Err(why) => {
                    tracing::error!(digest = digest.name, %why, "a digest could not be made; it is tried again");
                    stumbled = true;
                }
            }
        }
        tokio::select! {
            biased;
            () = agent.stopping.cancelled() => return,
            () = pause(&agent, next, stumbled) => {}
            changed = setups.changed() => if changed.is_err() { return },
        }
    }
}

async fn pause(agent: &Agent, next: Option<Timestamp>, stumbled: bool) {
    match (stumbled, next) {
        (true, _) => tokio::time::sleep(Duration::from_secs(5)).await,
        (false, Some(at)) => agent.world.sleep_until(at).await,
        (false, None) => std::future::pending().await,
    }
}

/// Does what is due for a digest and says when to look again.
async fn look(agent: &Agent, setup: &Arc<Setup>, digest: &Digest) -> Result<Option<Timestamp>, StoreError> {
    let now = agent.world.now();
    let name = digest.name.clone();
    let last = agent.store.read(move |tx| tx.last_digest(&name)).await?;
    match digest.next(last.as_ref(), now) {
        Next::Wait(at) => return Ok(at),
        Next::Watch => {
            let change = digest.watched(last.as_ref(), now);
            agent.store.append(vec![change]).await?;
        }
        Next::Run(due) if due.too_late => {
            let change = digest.left_out(&due, last.as_ref(), now);
            agent.store.append(vec![change]).await?;
        }
        Next::Run(due) => {
            let since = digest.since(last.as_ref(), due.run.at);
            let prepared = prepare(agent, setup, digest, Cause::Schedule(due), None, since, now).await?;
            keep(agent, setup, prepared, now).await?;
        }
    }
    // It was just done; what comes after it is looked up at once.
    Ok(Some(now))
}

/// Reads what there is to tell and writes the copies.
async fn prepare(
    agent: &Agent,
    setup: &Arc<Setup>,
    digest: &Digest,
    cause: Cause,
    only: Option<PersonId>,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Result<Prepared, StoreError> {
    let (setup, digest) = (setup.clone(), digest.clone());
    agent
        .store
        .read(move |tx| {
            let input = tx.digest_input(&digest.sections, since, now)?;
            Ok(Prepared::new(&setup.settings.desk, &digest, cause, only.as_ref(), &input))
        })
        .await
}

/// Keeps a run and its messages together; a run that was is not made again.
async fn keep(
    agent: &Agent,
    setup: &Arc<Setup>,
    prepared: Prepared,
    now: Timestamp,
) -> Result<DigestRun, StoreError> {
    let setup = setup.clone();
    agent
        .store
        .write(move |tx| {
            if let Some(run) = tx.digest_run(&prepared.id())? {
                return Ok(run);
            }
            let (changes, ids, run) = prepared.settle(&setup.settings.desk, tx.ids(), now);
            tx.keep_ids(ids);
            tx.apply(changes)?;
            Ok(run)
        })
        .await
}

/// What somebody asks of a digest by hand.
pub struct Asked {
    pub name: String,
    /// Only this person's copy.
    pub to: Option<PersonId>,
}

/// Why a digest cannot be shown or sent.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    #[error("There is no digest {0}.")]
    NoDigest(String),
    #[error("There is no person {0}.")]
    NoPerson(String),
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl Asked {
    fn digest<'s>(&self, setup: &'s Setup) -> Result<&'s Digest, NotMade> {
        if let Some(person) = self.to.as_ref().filter(|id| setup.settings.desk.person(id).is_none()) {
            return Err(NotMade::NoPerson(sanitise(&person.0).into_owned()));
        }
        let found = setup.settings.digests.iter().find(|digest| digest.name == self.name);
        found.ok_or_else(|| NotMade::NoDigest(sanitise(&self.name).into_owned()))
    }
}

/// The copies as they would be sent now, each with its reader. Sends and keeps nothing.
pub async fn preview(agent: &Agent, asked: &Asked) -> Result<Vec<(PersonId, Content)>, NotMade> {
    let setup = agent.setup();
    let digest = asked.digest(&setup)?;
    let cause = Cause::Asked { by: Actor::Desk, command: "preview".to_owned() };
    let prepared = by_hand(agent, &setup, digest, asked, cause).await?;
    Ok(prepared.copies.into_iter().map(|(reader, content)| (reader.person, content)).collect())
}

/// Sends a digest now, beside its schedule; the same command again sends nothing more.
pub async fn send(agent: &Agent, asked: &Asked, command: String, asker: Asker) -> Result<Outcome, NotMade> {
    if asker.role < Role::Responder {
        let said = format!("{} may look, not send; a responder may.", asker.name);
        return Ok(refused(RefusalCode::NotAllowed, said));
    }
    let setup = agent.setup();
    let digest = match asked.digest(&setup) {
        Ok(digest) => digest,
        Err(why @ (NotMade::NoDigest(_) | NotMade::NoPerson(_))) => {
            return Ok(refused(RefusalCode::NotFound, why.to_string()));
        }
        Err(why) => return Err(why),
    };
    let by = Actor::Person { id: asker.id, login: asker.login };
    let prepared = by_hand(agent, &setup, digest, asked, Cause::Asked { by, command }).await?;
    let names = readers(&setup.settings.desk, &prepared);
    let now = agent.world.now();
    let run = keep(agent, &setup, prepared, now).await?;
    let said = match run.messages.len() {
        0 => format!("Digest {} has no readers.", run.name),
        _ => format!("Digest {} goes to {names}: {} overdue, {} open.", run.name, run.overdue, run.open),
    };
    Ok(Outcome::Done { said: said.into() })
}

async fn by_hand(
    agent: &Agent,
    setup: &Arc<Setup>,
    digest: &Digest,
    asked: &Asked,
    cause: Cause,
) -> Result<Prepared, StoreError> {
    let now = agent.world.now();
    let name = digest.name.clone();
    let last = agent.store.read(move |tx| tx.last_digest(&name)).await?;
    let since = digest.since(last.as_ref(), now);
    prepare(agent, setup, digest, cause, asked.to.clone(), since, now).await
}

fn readers(desk: &Desk, prepared: &Prepared) -> String {
    let names: Vec<_> = prepared.copies.iter().map(|(reader, _)| desk.name_of(&reader.person)).collect();
    names.join(", ")
}

fn refused(code: RefusalCode, said: String) -> Outcome {
    Outcome::Refused { refusal: Refusal { code, said: said.into(), by: None } }
}
