//! Keeps contacts the same here and in the community: lists them all now and then, looks at those
//! that were spoken of, and gives what was changed here.
//!
//! What has to be given is never written down on its own: it is what differs from the value both
//! sides last agreed on, so nothing of it can be lost over a restart. Each exchange is a GET, a merge
//! in one transaction, and a PATCH for the version just seen; whatever goes wrong with the PATCH, the
//! next exchange begins with a GET again.

use super::Agent;
use super::health::Extent;
use super::setup::Setup;
use crate::community::scim::{Abilities, Patched, Resource, Scim, Trouble};
use crate::core::change::{Actor, What};
use crate::core::contact::{Contact, ContactField};
use crate::core::counted::counted;
use crate::core::desk::Desk;
use crate::core::escalation::Decision;
use crate::core::sync::{self, Link, Said, Side, to_give};
use crate::core::text::Untrusted;
use crate::store::{StoreError, Tx};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

/// Exchanges at one time.
pub const AT_ONCE: usize = 4;
/// Rounds of one exchange while the other side keeps changing.
const ROUNDS: usize = 8;
/// After a failure; doubles from there.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(1);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(10);
/// How often contacts that messages wait for are looked up again.
const WANTED_EVERY: SignedDuration = SignedDuration::from_secs(30);
/// So many contacts gone at once, and more than this share of all, is more likely a mistake of the
/// community than the leaving of so many people.
const MANY_GONE: usize = 10;
const SHARE_GONE: usize = 5;
const BATCH: u32 = 500;

/// Exchanges with the configured community until the agent stops.
pub async fn job(agent: Arc<Agent>) {
    let mut setups = agent.setups();
    let mut running: Option<(Arc<Scim>, CancellationToken)> = None;
    loop {
        let setup = setups.borrow_and_update().clone();
        let goes_on = running.as_ref().zip(setup.community.as_ref());
        let goes_on = goes_on.is_some_and(|((known, _), scim)| Arc::ptr_eq(known, scim));
        if !goes_on && let Some((_, superseded)) = running.take() {
            superseded.cancel();
        }
        if let Some(scim) = setup.community.as_ref().filter(|_| !goes_on) {
            let superseded = agent.stopping.child_token();
            running = Some((scim.clone(), superseded.clone()));
            agent.vitals.sync_begins(agent.world.now());
            let exchange = Exchange {
                agent: agent.clone(),
                every: setup.settings.community.as_ref().map_or(Duration::from_secs(600), |c| c.every),
                scim: scim.clone(),
                setup: setup.clone(),
                abilities: Mutex::default(),
                contacts: Mutex::default(),
                trouble: Mutex::default(),
                free: Arc::new(Semaphore::new(AT_ONCE)),
                finished: Notify::new(),
                superseded: superseded.clone(),
            };
            agent.tracker.spawn(Arc::new(exchange).run());
        }
        tokio::select! {
            changed = setups.changed() => {
                if changed.is_err() { return }
            }
            () = agent.stopping.cancelled() => return,
        }
    }
}

/// The exchange with one community.
struct Exchange {
    agent: Arc<Agent>,
    setup: Arc<Setup>,
    scim: Arc<Scim>,
    every: Duration,
    abilities: Mutex<Option<Abilities>>,
    contacts: Mutex<HashMap<String, Course>>,
    /// Of the community as a whole.
    trouble: Mutex<Pause>,
    free: Arc<Semaphore>,
    finished: Notify,
    superseded: CancellationToken,
}

/// Where one contact stands.
#[derive(Default)]
struct Course {
    running: bool,
    /// It was asked for while it ran.
    again: bool,
    /// It failed, and is tried again when the pause ends.
    retries: bool,
    pause: Pause,
}

#[derive(Clone, Copy, Default)]
struct Pause {
    tries: u32,
    until: Option<Timestamp>,
}

impl Pause {
    fn after(&mut self, asked: Option<Duration>, now: Timestamp, chance: f64) {
        let doubled = 2i32.saturating_pow(self.tries.min(16)).saturating_mul(FIRST_PAUSE.as_secs() as i32);
        let wait = SignedDuration::from_secs(i64::from(doubled)).min(LONGEST_PAUSE);
        let wait = wait + SignedDuration::from_secs_f64(wait.as_secs_f64() * chance / 4.0);
        let asked = asked.and_then(|asked| SignedDuration::try_from(asked).ok());
        self.tries += 1;
        self.until = Some(now + wait.max(asked.unwrap_or_default()));
    }

    fn holds(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until > now)
    }
}

/// What an exchange step found in the store.
struct Step {
    contact: String,
    /// To be given, for the version just seen.
    give: Vec<ContactField>,
    /// The answer was overtaken by something newer.
    overtaken: bool,
}

impl Exchange {
    async fn run(self: Arc<Self>) {
        let mut dues = self.agent.store.dues();
        let mut next_listing = self.agent.world.now();
        let mut next_wanted = next_listing;
        let mut touched = 0;
        loop {
            dues.mark_unchanged();
            let now = self.agent.world.now();
            let quiet = lock(&self.trouble).holds(now);
            if next_listing <= now && !quiet {
                match self.list().await {
                    Ok(()) => {
                        next_listing =
                            now + SignedDuration::try_from(self.every).unwrap_or(SignedDuration::MAX);
                    }
                    Err(Stopped::Trouble(trouble)) => self.troubled(None, &trouble),
                    Err(Stopped::Store(why)) => self.stumble(&why).await,
                    Err(Stopped::Superseded) => return,
                }
                continue;
            }
            match self.candidates(touched, next_wanted <= now).await {
                Ok((found, seen)) => {
                    match quiet {
                        true => self.wait_with(found),
                        false => found.into_iter().for_each(|id| self.clone().begin(id)),
                    }
                    if seen > touched {
                        touched = seen;
                        continue;
                    }
                }
                Err(why) => {
                    self.stumble(&why).await;
                    continue;
                }
            }
            self.agent.vitals.sync_pending(self.pending());
            if next_wanted <= now {
                next_wanted = now + WANTED_EVERY;
            }
            let next = self.next_retry().into_iter().chain([next_listing, next_wanted]).min();
            let next = lock(&self.trouble).until.filter(|until| *until > now).or(next);
            tokio::select! {
                _ = dues.changed() => {}
                () = self.finished.notified() => {}
                () = sleep(&self.agent, next) => {}
                () = self.superseded.cancelled() => return,
            }
        }
    }

    /// Contacts to be exchanged now, those with an opt-out to give first; and up to which write of a
    /// contact was looked.
    async fn candidates(&self, touched: i64, wanted: bool) -> Result<(Vec<String>, i64), StoreError> {
        let now = self.agent.world.now();
        let (due, absent): (Vec<String>, HashSet<String>) = {
            let contacts = lock(&self.contacts);
            let rests = |course: &Course| course.pause.holds(now);
            let due = contacts.iter().filter(|(_, c)| c.retries && !c.running && !rests(c));
            let absent = contacts.iter().filter(|(_, c)| rests(c));
            (due.map(|(id, _)| id.clone()).collect(), absent.map(|(id, _)| id.clone()).collect())
        };
        let (changed, looked_for, seen) = self
            .agent
            .store
            .read(move |tx| {
                let (mut changed, mut seen) = (Vec::new(), touched);
                for (touch, contact) in tx.contacts_touched_since(touched, BATCH)? {
                    seen = touch;
                    let Some(link) = tx.link(contact.id.raw(), &Side::Community)? else { continue };
                    let give = to_give(&contact, &link);
                    if !give.is_empty() {
                        let opts_out = give.iter().any(|value| matches!(value, ContactField::OptedOut(_)));
                        changed.push((!opts_out, contact.id.raw().to_owned()));
                    }
                }
                let mut looked_for: BTreeSet<String> = tx
                    .links_to_look_at(BATCH)?
                    .into_iter()
                    .map(|link| link.contact.raw().to_owned())
                    .collect();
                if wanted {
                    looked_for.extend(tx.contacts_wanted()?.into_iter().filter(|id| !absent.contains(id)));
                }
                Ok((changed, looked_for, seen))
            })
            .await?;
        let mut found = changed;
        found.sort();
        found.extend(looked_for.into_iter().chain(due).map(|id| (true, id)));
        Ok((found.into_iter().map(|(_, id)| id).collect(), seen))
    }

    /// Keeps in mind, while nobody can be asked, who has to be exchanged.
    fn wait_with(&self, found: Vec<String>) {
        let mut contacts = lock(&self.contacts);
        for id in found {
            contacts.entry(id).or_default().retries = true;
        }
    }

    /// How many contacts wait for their exchange to end.
    fn pending(&self) -> usize {
        lock(&self.contacts).values().filter(|course| course.running || course.retries).count()
    }

    /// Starts an exchange about one contact, unless one runs or has to wait.
    fn begin(self: Arc<Self>, id: String) {
        {
            let now = self.agent.world.now();
            let mut contacts = lock(&self.contacts);
            let course = contacts.entry(id.clone()).or_default();
            if course.running {
                course.again = true;
                return;
            }
            // What is not there is asked for again when somebody speaks of it.
            if course.retries && course.pause.holds(now) {
                return;
            }
            (course.running, course.again) = (true, false);
        }
        let tracker = self.agent.tracker.clone();
        tracker.spawn(async move {
            loop {
                let settled = tokio::select! {
                    settled = self.settle(&id) => settled,
                    // Cut off anywhere, it begins with a GET the next time.
                    () = self.superseded.cancelled() => return,
                };
                let mut again = false;
                match settled {
                    Ok(there) => {
                        self.agent.vitals.sync_settled(self.agent.world.now());
                        let (now, mut contacts) = (self.agent.world.now(), lock(&self.contacts));
                        again = contacts.get(&id).is_some_and(|course| course.again);
                        if there {
                            contacts.remove(&id);
                        } else if let Some(course) = contacts.get_mut(&id) {
                            course.retries = false;
                            course.pause.after(None, now, self.agent.world.chance());
                        }
                        if again {
                            let course = contacts.entry(id.clone()).or_default();
                            (course.running, course.again) = (true, false);
                        }
                    }
                    Err(Stopped::Trouble(trouble)) => self.troubled(Some(&id), &trouble),
                    Err(Stopped::Store(why)) => {
                        let said = format!("the store failed: {why}");
                        self.troubled(Some(&id), &Trouble { said, after: None, status: Some(500) });
                    }
                    Err(Stopped::Superseded) => return,
                }
                if again {
                    continue;
                }
                if let Some(course) = lock(&self.contacts).get_mut(&id) {
                    course.running = false;
                }
                self.finished.notify_one();
                return;
            }
        });
    }

    /// Remembers when to try again: a server that cannot be reached or refuses us is left alone as a
    /// whole, one that fails over a contact only with that contact.
    fn troubled(&self, contact: Option<&str>, trouble: &Trouble) {
        tracing::warn!(contact, said = trouble.said, "the community could not be asked");
        let (now, chance) = (self.agent.world.now(), self.agent.world.chance());
        let whole = contact.is_none() || matches!(trouble.status, None | Some(401 | 403 | 429 | 503));
        let extent = match (contact, whole) {
            (None, _) => Extent::Listing,
            (Some(_), true) => Extent::Whole,
            (Some(_), false) => Extent::One,
        };
        self.agent.vitals.sync_failed(now, &self.scim.without_secrets(&trouble.said), extent);
        if whole {
            let mut pause = lock(&self.trouble);
            if !pause.holds(now) {
                pause.after(trouble.after, now, chance);
            }
        }
        if let Some(contact) = contact {
            let mut contacts = lock(&self.contacts);
            let course = contacts.entry(contact.to_owned()).or_default();
            course.retries = true;
            course.pause.after(trouble.after, now, chance);
        }
    }

    fn next_retry(&self) -> Option<Timestamp> {
        let contacts = lock(&self.contacts);
        let waiting = contacts.values().filter(|course| course.retries && !course.running);
        waiting.filter_map(|course| course.pause.until).min()
    }

    async fn abilities(&self) -> Result<Abilities, Stopped> {
        let known = lock(&self.abilities).clone();
        match known {
            Some(known) => Ok(known),
            None => {
                let abilities = self.scim.abilities().await?;
                *lock(&self.abilities) = Some(abilities.clone());
                Ok(abilities)
            }
        }
    }

    /// Asks for a contact, merges, gives what is to be given, until both sides agree; false if the
    /// community has no such contact.
    async fn settle(&self, id: &str) -> Result<bool, Stopped> {
        let Ok(_permit) = self.free.acquire().await else { return Ok(true) };
        let abilities = self.abilities().await?;
        let (mut tag, mut seen_version, mut singly) = (0, None, false);
        for _ in 0..ROUNDS {
            let asked_at = self.agent.world.now();
            let Some(resource) = self.fetch(id, &abilities).await? else {
                self.gone(id).await?;
                return Ok(false);
            };
            lock(&self.trouble).tries = 0;
            if seen_version.is_some() && seen_version == resource.said.version {
                tag += 1;
            } else {
                tag = 0;
            }
            let step = self.hear(id, &resource, &abilities, asked_at, singly).await?;
            if step.overtaken {
                continue;
            }
            if step.give.is_empty() {
                return Ok(true);
            }
            if !resource.has_other_tag(tag) && tag > 0 {
                let said = "it does not know its own versions of this contact again";
                self.declined(&step, said).await?;
                continue;
            }
            match self.scim.patch(&resource, &step.give, &abilities, tag).await {
                Patched::Taken(after) => {
                    seen_version = None;
                    if self.taken(&step, after.as_deref(), &abilities).await? {
                        return Ok(true);
                    }
                }
                Patched::Changed => seen_version = resource.said.version.clone(),
                // One of them is at fault, and the others should not wait for it.
                Patched::Declined(_) if step.give.len() > 1 => singly = true,
                Patched::Declined(said) => self.declined(&step, &said).await?,
                Patched::Gone => {
                    self.gone(&step.contact).await?;
                    return Ok(false);
                }
                Patched::Later(trouble) | Patched::Unclear(trouble) => return Err(trouble.into()),
            }
        }
        let said = "it changes faster than it can be given anything".to_owned();
        Err(Trouble { said, after: None, status: Some(409) }.into())
    }

    async fn fetch(&self, id: &str, abilities: &Abilities) -> Result<Option<Resource>, Stopped> {
        let name = id.to_owned();
        let link = self.agent.store.read(move |tx| tx.link(&name, &Side::Community)).await?;
        let community_id = link.and_then(|link| link.community_id);
        if let Some(community_id) = community_id {
            return Ok(self.scim.get(community_id.raw(), abilities).await?);
        }
        match self.scim.get(id, abilities).await? {
            Some(resource) => Ok(Some(resource)),
            None => Ok(self.scim.find_external(id, abilities).await?),
        }
    }

    /// Merges what was heard; what is about to be given is on disk when this returns.
    async fn hear(
        &self,
        id: &str,
        resource: &Resource,
        abilities: &Abilities,
        asked_at: Timestamp,
        singly: bool,
    ) -> Result<Step, Stopped> {
        let (id, said, abilities) = (id.to_owned(), resource.said.clone(), abilities.clone());
        let step = self.write(move |tx, decision| {
            let known = tx.known(&id, &Side::Community)?;
            if known.link.as_ref().is_some_and(|link| overtaken(link, asked_at)) {
                return Ok(Step { contact: id, give: Vec::new(), overtaken: true });
            }
            let said = Said { id: id.as_str().into(), ..said };
            let mut known = known;
            sync::hear(decision, &community(), &mut known, &Side::Community, &said);
            let (Some(contact), Some(link)) = (&known.contact, &known.link) else {
                return Ok(Step { contact: id, give: Vec::new(), overtaken: false });
            };
            let mut give = giveable(contact, link, &abilities);
            if singly {
                give.truncate(1);
            }
            if !give.is_empty() {
                let mut link = link.clone();
                link.sending(&give, said.version.as_ref());
                let summary = format!("{} of {} goes to the community.", names(&give), contact.name.raw());
                sync::note_answer(decision, &Actor::Desk, &mut known, What::ContactLinked, summary, link);
            }
            Ok(Step { contact: id, give, overtaken: false })
        });
        Ok(step.await?)
    }

    /// Records that the community took the values; true if both sides are known to agree now.
    async fn taken(
        &self,
        step: &Step,
        after: Option<&Resource>,
        abilities: &Abilities,
    ) -> Result<bool, Stopped> {
        let (id, give, abilities) = (step.contact.clone(), step.give.clone(), abilities.clone());
        let after = after.map(|after| after.said.clone());
        let agreed = self.write(move |tx, decision| {
            let mut known = tx.known(&id, &Side::Community)?;
            let (Some(contact), Some(link)) = (known.contact.clone(), known.link.clone()) else {
                return Ok(true);
            };
            let mut link = link;
            link.taken_there(&give, after.as_ref().map(|after| &after.stated));
            let summary = format!("{} of {} given to the community.", names(&give), contact.name.raw());
            sync::note_answer(decision, &Actor::Desk, &mut known, What::ContactPushed, summary, link);
            let Some(after) = after else { return Ok(false) };
            let said = Said { id: id.as_str().into(), ..after };
            sync::hear(decision, &community(), &mut known, &Side::Community, &said);
            Ok(match (&known.contact, &known.link) {
                (Some(contact), Some(link)) => giveable(contact, link, &abilities).is_empty(),
                _ => true,
            })
        });
        Ok(agreed.await?)
    }

    async fn declined(&self, step: &Step, said: &str) -> Result<(), Stopped> {
        let (id, give, said) = (step.contact.clone(), step.give.clone(), said.to_owned());
        let written = self.write(move |tx, decision| {
            let mut known = tx.known(&id, &Side::Community)?;
            let (Some(contact), Some(mut link)) = (known.contact.clone(), known.link.clone()) else {
                return Ok(());
            };
            give.iter().for_each(|value| link.declined(value, &said));
            let summary = format!(
                "The community does not take {} of {}: {}",
                names(&give),
                contact.name.raw(),
                crate::core::text::sanitise(&said)
            );
            sync::note_answer(decision, &community(), &mut known, What::ContactPushed, summary, link);
            Ok(())
        });
        Ok(written.await?)
    }

    async fn gone(&self, id: &str) -> Result<(), Stopped> {
        let id = id.to_owned();
        let written = self.write(move |tx, decision| {
            let mut known = tx.known(&id, &Side::Community)?;
            sync::gone(decision, &community(), &mut known);
            Ok(())
        });
        Ok(written.await?)
    }

    /// Hears everybody.
    async fn list(self: &Arc<Self>) -> Result<(), Stopped> {
        *lock(&self.abilities) = None;
        let abilities = self.abilities().await?;
        let mut place = self.scim.start(&abilities);
        let mut seen: HashSet<Untrusted> = HashSet::new();
        let mut whole = true;
        loop {
            let asked_at = self.agent.world.now();
            let page = tokio::select! {
                page = self.scim.page(&abilities, &place) => page?,
                () = self.superseded.cancelled() => return Err(Stopped::Superseded),
            };
            for why in &page.unreadable {
                tracing::warn!(why, "the community lists something that is no contact");
                whole = false;
            }
            let before = seen.len();
            seen.extend(page.found.iter().filter_map(|resource| resource.said.community_id.clone()));
            let (found, known) =
                (page.found.into_iter().map(|resource| resource.said).collect(), abilities.clone());
            let waiting =
                self.write(move |tx, decision| hear_page(tx, decision, found, &known, asked_at)).await?;
            for id in waiting {
                self.clone().begin(id);
            }
            match page.next {
                // A server that gives the same page again and again would be listed for ever.
                Some(next) if seen.len() > before => place = next,
                Some(_) => {
                    whole = false;
                    break;
                }
                None => break,
            }
        }
        *lock(&self.trouble) = Pause::default();
        let odd = match whole {
            true => self.look_for_the_missing(&seen).await?,
            false => Some("the community's list is not whole; nobody is taken for gone".to_owned()),
        };
        self.agent.vitals.sync_listed(self.agent.world.now(), odd.as_deref());
        Ok(())
    }

    /// Contacts that were not listed are asked for one by one: only a 404 says that one is gone. Returns
    /// what was odd about it.
    async fn look_for_the_missing(
        self: &Arc<Self>,
        seen: &HashSet<Untrusted>,
    ) -> Result<Option<String>, Stopped> {
        let (mut after, mut all, mut missing) = (String::new(), 0, Vec::new());
        loop {
            let from = after.clone();
            let links = self.agent.store.read(move |tx| tx.community_links_after(&from, BATCH)).await?;
            let Some(last) = links.last() else { break };
            after = last.contact.raw().to_owned();
            for link in links {
                let Some(id) = link.community_id.filter(|_| !link.gone && !link.erased) else { continue };
                all += 1;
                if !seen.contains(&id) {
                    missing.push(link.contact.raw().to_owned());
                }
            }
        }
        if missing.len() > MANY_GONE && missing.len() * SHARE_GONE > all {
            tracing::error!(
                missing = missing.len(),
                of = all,
                "the community lists far fewer contacts than before; nobody is taken for gone"
            );
            return Ok(Some(format!(
                "of {all} contacts {} missing from the community's list; nobody is taken for gone",
                counted(missing.len(), "is", "are")
            )));
        }
        for id in missing {
            self.clone().begin(id);
        }
        Ok(None)
    }

    /// One transaction that decides.
    async fn write<T: Send + 'static>(
        &self,
        decide: impl FnOnce(&mut Tx<'_>, &mut Decision<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (setup, now) = (self.setup.clone(), self.agent.world.now());
        self.agent
            .store
            .write(move |tx| {
                let desk: &Desk = &setup.settings.desk;
                let mut decision = Decision::new(desk, now, tx.ids());
                let decided = decide(tx, &mut decision)?;
                tx.keep_ids(decision.ids);
                super::contacts::apply(tx, desk, decision.changes, now)?;
                Ok(decided)
            })
            .await
    }

    async fn stumble(&self, why: &StoreError) {
        tracing::error!(%why, "contacts could not be read or stored");
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            () = self.superseded.cancelled() => {}
        }
    }
}

/// Hears a page of a listing; returns whom an exchange must be had about.
fn hear_page(
    tx: &mut Tx<'_>,
    decision: &mut Decision<'_>,
    found: Vec<Said>,
    abilities: &Abilities,
    asked_at: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let mut waiting = Vec::new();
    for said in found {
        let called = match tx.contact_called(said.id.raw())? {
            Some(called) => Some(called),
            None => match &said.external_id {
                Some(external) => tx.contact_called(external.raw())?,
                None => None,
            },
        };
        let id = called.unwrap_or_else(|| said.id.raw().to_owned());
        let mut known = tx.known(&id, &Side::Community)?;
        if known.link.as_ref().is_some_and(|link| overtaken(link, asked_at)) {
            waiting.push(id);
            continue;
        }
        let said = Said { id: id.as_str().into(), ..said };
        sync::hear(decision, &community(), &mut known, &Side::Community, &said);
        if let (Some(contact), Some(link)) = (&known.contact, &known.link)
            && !giveable(contact, link, abilities).is_empty()
        {
            waiting.push(id);
        }
    }
    Ok(waiting)
}

/// Something was learned of the other side after this was asked, so the answer may be the older one.
fn overtaken(link: &Link, asked_at: Timestamp) -> bool {
    link.heard_at > asked_at
}

/// What is to be given and can be kept there.
fn giveable(contact: &Contact, link: &Link, abilities: &Abilities) -> Vec<ContactField> {
    let kept: Vec<ContactField> =
        to_give(contact, link).into_iter().filter(|value| abilities.keeps(value)).collect();
    if !kept.is_empty() {
        return kept;
    }
    // An opt-out that cannot be given stands before all else, and must not hold up the rest.
    let mut rest = link.clone();
    rest.base.retain(|base| !matches!(base, ContactField::OptedOut(_)));
    rest.base.push(ContactField::OptedOut(contact.opted_out.clone()));
    to_give(contact, &rest).into_iter().filter(|value| abilities.keeps(value)).collect()
}

fn names(values: &[ContactField]) -> String {
    values.iter().map(ContactField::name).collect::<Vec<_>>().join(", ")
}

fn community() -> Actor {
    Actor::Source("scim".to_owned())
}

/// Why an exchange ended early.
enum Stopped {
    Trouble(Trouble),
    Store(StoreError),
    Superseded,
}

impl From<Trouble> for Stopped {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<StoreError> for Stopped {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}

async fn sleep(agent: &Agent, until: Option<Timestamp>) {
    match until {
        Some(at) => agent.world.sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
