//! The health of the ways out: what they answer opens and closes their breakers, what waits for one leaves
//! when it is back, and a medium that none of them carries is an alert of its own.

use super::Agent;
use super::quiet;
use super::setup::Setup;
use crate::core::bundle;
use crate::core::change::{Actor, Change, Object, What};
use crate::core::contact::Medium;
use crate::core::decide::Needs;
use crate::core::delivery::{self, Down};
use crate::core::desk::Desk;
use crate::core::escalation::Decision;
use crate::core::proof;
use crate::core::provider::{Heard, Provider};
use crate::core::text::Untrusted;
use crate::core::trouble;
use crate::store::{Store, StoreError, Tx};
use crate::wire::MediumDown;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// Messages released at once when a provider is back; they leave as fast as it takes them.
const RELEASED: u32 = 10_000;
/// Of so many that wait the first it may carry is what a provider is tried with.
const TRIED: u32 = 100;
/// However long a provider asks us to wait, it is tried again after this.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(5);

/// What is known of every provider.
pub struct Providers {
    known: Mutex<BTreeMap<String, Known>>,
    /// Somebody does not want to wait.
    hurried: Notify,
}

struct Known {
    provider: Provider,
    /// It asked to be left alone until then.
    paused_until: Option<Timestamp>,
}

impl Providers {
    /// What the store remembers from before.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let stored = store.read(|tx| tx.providers()).await?;
        let known =
            stored.into_iter().map(|provider| (provider.id.clone(), Known { provider, paused_until: None }));
        Ok(Self { known: Mutex::new(known.collect()), hurried: Notify::new() })
    }

    /// The channels that nothing can leave by now.
    pub fn down(&self) -> Down {
        let known = self.locked();
        known.values().filter(|one| one.provider.is_down()).map(|one| one.provider.id.clone()).collect()
    }

    /// The channels that take nothing now: those that are down, and those that want a pause.
    pub fn busy(&self, now: Timestamp) -> Down {
        let known = self.locked();
        let paused = |one: &&Known| one.paused_until.is_some_and(|until| until > now);
        let busy = known.values().filter(|one| one.provider.is_down() || paused(one));
        busy.map(|one| one.provider.id.clone()).collect()
    }

    pub fn get(&self, name: &str) -> Option<Provider> {
        self.locked().get(name).map(|one| one.provider.clone())
    }

    /// How many messages may be on their way by it at once.
    pub fn room(&self, name: &str, connections: usize, now: Timestamp) -> usize {
        self.with(name, now, |one| one.provider.room(connections, now))
    }

    /// A probe leaves by it.
    pub fn probe(&self, name: &str, now: Timestamp) {
        self.with(name, now, |one| one.provider.probe());
    }

    /// One that is down is tried at once, not when its pause is over.
    pub fn probe_now(&self, name: &str, now: Timestamp) {
        self.with(name, now, |one| one.provider.probe_now(now));
        self.hurried.notify_waiters();
    }

    /// Until somebody does not want to wait for a probe.
    pub async fn hurried(&self) {
        self.hurried.notified().await;
    }

    /// It wants nothing until then.
    pub fn paused_until(&self, name: &str, now: Timestamp) -> Option<Timestamp> {
        self.with(name, now, |one| one.paused_until.filter(|until| *until > now))
    }

    /// It asked for a pause; of several the one that ends last holds.
    pub fn pause(&self, name: &str, pause: SignedDuration, now: Timestamp) {
        let until = now + pause.min(LONGEST_PAUSE);
        self.with(name, now, |one| {
            one.provider.hear(Heard::Pause(until), now);
            one.paused_until = one.paused_until.max(Some(until));
        });
    }

    fn hear(&self, name: &str, heard: Heard<'_>, now: Timestamp) -> Option<Provider> {
        self.with(name, now, |one| one.provider.hear(heard, now).then(|| one.provider.clone()))
    }

    fn with<T>(&self, name: &str, now: Timestamp, act: impl FnOnce(&mut Known) -> T) -> T {
        let mut known = self.locked();
        let one = known
            .entry(name.to_owned())
            .or_insert_with(|| Known { provider: Provider::new(name, now), paused_until: None });
        act(one)
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes in what an answer says of its provider.
pub async fn hear(agent: &Agent, name: &str, heard: Heard<'_>, now: Timestamp) {
    let Some(turned) = agent.providers.hear(name, heard, now) else { return };
    match turned.is_down() {
        true => tracing::warn!(channel = name, error = ?turned.last_error, "the provider is left"),
        false => tracing::info!(channel = name, "the provider works again"),
    }
    let (setup, down) = (agent.setup(), agent.providers.down());
    let kept = agent.store.write(move |tx| turn(tx, &setup, &down, &turned, now)).await;
    if let Err(why) = kept {
        tracing::error!(%why, channel = name, "the state of a provider could not be kept");
    }
    agent.vitals.beat();
}

/// Lets what waits for a provider leave that works, whatever made it so: it came back while nobody looked,
/// or the configuration names another.
pub async fn release_parked(agent: &Agent, setup: &Arc<Setup>) {
    let (setup, down, now) = (setup.clone(), agent.providers.down(), agent.world.now());
    let up = |medium: &Medium| {
        let mut ways = setup.settings.desk.route(*medium, "").into_iter();
        ways.any(|carrier| !down.contains(&carrier.name))
    };
    match agent.store.read(|tx| tx.parked_media()).await {
        Ok(parked) if !parked.iter().any(up) => return,
        Ok(_) => {}
        Err(why) => tracing::error!(%why, "what waits for a provider could not be looked for"),
    }
    if let Err(why) = agent.store.write(move |tx| release(tx, &setup.settings.desk, &down, None, now)).await {
        tracing::error!(%why, "messages that wait for a provider could not be released");
    }
}

/// One message that waits for this provider leaves, to see whether it is taken. `true`: there was one.
pub async fn release_one(agent: &Agent, setup: &Arc<Setup>, name: &str) -> Result<bool, StoreError> {
    let (setup, mut down, now) = (setup.clone(), agent.providers.down(), agent.world.now());
    down.remove(name);
    let name = name.to_owned();
    agent
        .store
        .write(move |tx| {
            for mut n in tx.parked(TRIED)? {
                let way = delivery::works(&setup.settings.desk, &down, &n, tx.reach(&n)?.as_ref());
                if way.as_deref() == Some(&*name) {
                    let change = delivery::release(&mut n, &name, now);
                    tx.apply(vec![change])?;
                    return Ok(true);
                }
            }
            Ok(false)
        })
        .await
}

/// The media that no provider carries now.
pub fn media_down(agent: &Agent) -> Vec<MediumDown> {
    let (setup, now) = (agent.setup(), agent.world.now());
    let desk = &setup.settings.desk;
    let known = agent.providers.locked();
    let down = |medium: Medium| -> Option<MediumDown> {
        let ways = desk.route(medium, "");
        let since =
            |name: &str| known.get(name).filter(|one| one.provider.is_down()).map(|one| one.provider.since);
        let all: Option<Vec<Timestamp>> = ways.iter().map(|carrier| since(&carrier.name)).collect();
        let since = all?.into_iter().max()?;
        Some(MediumDown { medium, since, cannot_be_woken: cannot_be_woken(desk, medium, now) })
    };
    Medium::ALL.into_iter().filter_map(down).collect()
}

/// The names of those on call whom nothing else wakes; a mail wakes nobody.
fn cannot_be_woken(desk: &Desk, medium: Medium, now: Timestamp) -> Vec<String> {
    if medium != Medium::Sms {
        return Vec::new();
    }
    proof::sleepers(desk, medium, now).iter().map(|person| desk.name_of(person)).collect()
}

/// A provider went down or came back.
fn turn(
    tx: &mut Tx<'_>,
    setup: &Setup,
    down: &Down,
    turned: &Provider,
    now: Timestamp,
) -> Result<(), StoreError> {
    let desk = &setup.settings.desk;
    let (what, sentence) = match turned.is_down() {
        true => {
            let error = turned.last_error.as_ref().map(Untrusted::printable).unwrap_or_default();
            (What::ProviderDown, format!("{} is down: {error}", turned.id))
        }
        false => (What::ProviderBack, format!("{} works again.", turned.id)),
    };
    tx.apply(vec![Change {
        at: now,
        actor: Actor::Channel(turned.id.clone()),
        what,
        summary: sentence.into(),
        alert: None,
        partner: None,
        object: Object::Provider(Box::new(turned.clone())),
    }])?;
    let carried = desk.carrier_named(&turned.id).map(|carrier| carrier.carries.clone()).unwrap_or_default();
    for medium in carried {
        judge(tx, desk, down, medium, turned, now)?;
    }
    match turned.is_down() {
        true => Ok(()),
        false => release(tx, desk, down, Some(&turned.id), now),
    }
}

/// Raises or ends the alert about a medium.
fn judge(
    tx: &mut Tx<'_>,
    desk: &Desk,
    down: &Down,
    medium: Medium,
    turned: &Provider,
    now: Timestamp,
) -> Result<(), StoreError> {
    let needs = Needs { keys: [trouble::down_key(medium)].into(), waiting: true, ..Needs::default() };
    let mut view = tx.view(&needs)?;
    let mut decision = Decision::new(desk, now, tx.ids());
    let ways = desk.route(medium, "");
    if ways.iter().all(|carrier| down.contains(&carrier.name)) {
        let cannot = cannot_be_woken(desk, medium, now);
        trouble::medium_down(&mut decision, &mut view, medium, turned.since, &cannot);
    } else if !turned.is_down() {
        trouble::medium_back(&mut decision, &mut view, medium, &turned.id);
    }
    bundle::gather(&mut decision, None);
    tx.keep_ids(decision.ids);
    let changed = quiet::changed(&decision.changes);
    tx.apply(decision.changes)?;
    // What sleeps because of it wakes with its end.
    quiet::follow(tx, desk, &changed, now)
}

/// Lets parked messages leave for which there is a way: all, or those of one provider.
fn release(
    tx: &mut Tx<'_>,
    desk: &Desk,
    down: &Down,
    by: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    for mut n in tx.parked(RELEASED)? {
        let way = delivery::works(desk, down, &n, tx.reach(&n)?.as_ref());
        let Some(way) = way.filter(|way| by.is_none_or(|by| by == way)) else { continue };
        let change = delivery::release(&mut n, &way, now);
        tx.apply(vec![change])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shorter_pause_does_not_end_a_longer_one() {
        let all = Providers { known: Mutex::default(), hurried: Notify::new() };
        let now = Timestamp::UNIX_EPOCH;
        all.pause("sms", SignedDuration::from_secs(60), now);
        all.pause("sms", SignedDuration::from_secs(5), now + SignedDuration::from_secs(1));
        let later = now + SignedDuration::from_secs(59);
        assert_eq!(all.paused_until("sms", later), Some(now + SignedDuration::from_secs(60)));
        all.pause("sms", SignedDuration::from_hours(9), later);
        assert_eq!(all.paused_until("sms", later), Some(later + LONGEST_PAUSE));
    }
}
