//! How sources and channels are doing, kept from what happens; quiet must never look like broken.

mod mailbox;

use crate::core::contact::Medium;
use crate::core::event::{Event, Severity};
use crate::core::gauge::{Did, Gauge};
use crate::core::notification::{Notification, Rung};
use crate::core::settle::is_word;
use crate::core::text::Untrusted;
use crate::core::traffic::Traffic;
use crate::store::list::{Filter, List};
use crate::store::{Store, StoreError};
use crate::wire::{ChannelHealth, ChannelState, SourceHealth, SyncHealth};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

use super::providers::Providers;
use super::setup::Setup;
use crate::core::provider::Provider;

/// What was last heard of every source and channel.
pub struct Vitals {
    known: Mutex<Known>,
    /// Changes when a channel's state changed or a source spoke for the first time.
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Known {
    sources: BTreeMap<String, Timestamp>,
    channels: BTreeMap<String, Pulse>,
    sync: Option<SyncPulse>,
    mailbox: Option<mailbox::Pulse>,
    gauges: BTreeMap<String, Gauge>,
    traffic: Traffic,
    /// The oldest event that was counted.
    oldest: Option<Timestamp>,
}

/// The exchange with the community since it was set up.
#[derive(Clone)]
struct SyncPulse {
    state: ChannelState,
    since: Timestamp,
    last_listed_at: Option<Timestamp>,
    last_success_at: Option<Timestamp>,
    last_error: Option<Untrusted>,
    warning: Option<Untrusted>,
    pending: u64,
    /// Until a listing comes to its end, it is failing whatever else succeeds.
    listing_fails: bool,
}

/// How much of the exchange with the community a failure is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All contacts could not be listed.
    Listing,
    /// The community answered nobody, or lets us in no longer.
    Whole,
    /// One contact could not be exchanged.
    One,
}

#[derive(Clone)]
struct Pulse {
    state: ChannelState,
    since: Timestamp,
    last_accepted_at: Option<Timestamp>,
    last_proven_at: Option<Timestamp>,
    last_error: Option<Untrusted>,
    /// In a row, with nothing accepted between them.
    refusals: u32,
}

/// So many refusals in a row make a channel failing.
const REFUSALS: u32 = 3;
/// The newest messages and events, which tell at the start how the last hour was.
const REMEMBERED: u32 = 1000;

impl Vitals {
    /// What the store remembers from before.
    pub async fn load(store: &Store, setup: &Setup) -> Result<Self, StoreError> {
        let feeds: Vec<String> = setup.feeds.keys().cloned().collect();
        let (sources, newest, events) = store
            .read(move |tx| {
                let mut sources = BTreeMap::new();
                for feed in feeds {
                    if let Some(at) = tx.last_event_of(&feed)? {
                        sources.insert(feed, at);
                    }
                }
                let filter = Filter { limit: REMEMBERED, ..Filter::default() };
                let events = tx.list::<Event>(List::Events, &filter)?;
                Ok((sources, tx.list::<Notification>(List::Notifications, &filter)?, events))
            })
            .await?;
        let vitals =
            Self { known: Mutex::new(Known { sources, ..Known::default() }), changed: watch::Sender::new(0) };
        vitals.came(events.iter().map(|event| (event.severity, event.created_at)));
        for notification in newest.iter().rev() {
            for evidence in &notification.evidence {
                let Some(attempt) = notification.attempts.iter().find(|a| a.number == evidence.attempt)
                else {
                    continue;
                };
                let took = Some(evidence.at.duration_since(attempt.started_at));
                match evidence.rung {
                    _ if is_word(evidence) => {}
                    Some(Rung::Accepted) => vitals.accepted(&attempt.channel, evidence.at, took),
                    Some(Rung::Delivered | Rung::Read) => vitals.proven(&attempt.channel, evidence.at, took),
                    Some(Rung::Failed | Rung::Bounced | Rung::Expired) => {
                        vitals.record(&attempt.channel, Did::Failed, evidence.at);
                    }
                    _ => {}
                }
            }
        }
        Ok(vitals)
    }

    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub fn heard(&self, feed: &str, at: Timestamp) {
        let first = self.locked().sources.insert(feed.to_owned(), at).is_none();
        if first {
            self.beat();
        }
    }

    /// Counts events that came in.
    pub fn came(&self, events: impl Iterator<Item = (Option<Severity>, Timestamp)>) {
        let mut known = self.locked();
        events.for_each(|(severity, at)| {
            known.traffic.record(severity, at);
            known.oldest = Some(known.oldest.map_or(at, |oldest| oldest.min(at)));
        });
    }

    /// Since when every event is counted: those of before the agent came up at `since` are remembered.
    pub fn counting_since(&self, since: Timestamp) -> Option<Timestamp> {
        Some(self.locked().oldest.map_or(since, |oldest| oldest.min(since)))
    }

    /// The last hour of events, in minutes that are over.
    pub fn traffic(&self, now: Timestamp) -> Traffic {
        self.locked().traffic.over(now)
    }

    /// `took`: how long after it was handed over.
    pub fn accepted(&self, channel: &str, at: Timestamp, took: Option<SignedDuration>) {
        self.record(channel, Did::Accepted(took), at);
        self.pulse(channel, at, ChannelState::Working, |pulse| {
            pulse.last_accepted_at = Some(at);
            pulse.refusals = 0;
        });
    }

    /// `took`: how long after it was handed over.
    pub fn proven(&self, channel: &str, at: Timestamp, took: Option<SignedDuration>) {
        self.record(channel, Did::Proven(took), at);
        self.pulse(channel, at, ChannelState::Working, |pulse| pulse.last_proven_at = Some(at));
    }

    /// Counts what a channel did with a message.
    pub fn record(&self, channel: &str, did: Did, at: Timestamp) {
        self.locked().gauges.entry(channel.to_owned()).or_default().record(did, at);
    }

    /// Counts what waits for each channel, once a minute.
    pub fn waiting(&self, setup: &Setup, queued: &[(String, u64)], at: Timestamp) {
        let mut known = self.locked();
        for channel in &setup.settings.channels {
            let many = queued.iter().find(|(name, _)| *name == channel.name).map_or(0, |(_, many)| *many);
            let gauge = known.gauges.entry(channel.name.clone()).or_default();
            gauge.waits(u32::try_from(many).unwrap_or(u32::MAX), at);
        }
    }

    pub fn gauge(&self, channel: &str) -> Gauge {
        self.locked().gauges.get(channel).cloned().unwrap_or_default()
    }

    /// One refusal may be one bad address; several in a row with nothing taken are the channel's.
    pub fn refused(&self, channel: &str, at: Timestamp, error: &str) {
        self.record(channel, Did::Failed, at);
        let refusals = {
            let mut known = self.locked();
            let pulse = known.channels.entry(channel.to_owned()).or_insert_with(|| Pulse::untried(at));
            pulse.refusals += 1;
            pulse.last_error = Some(error.into());
            pulse.refusals
        };
        if refusals >= REFUSALS {
            self.turns_failing(channel, at, error);
        }
    }

    pub fn failed(&self, channel: &str, at: Timestamp, error: &str) {
        self.record(channel, Did::Failed, at);
        self.turns_failing(channel, at, error);
    }

    fn turns_failing(&self, channel: &str, at: Timestamp, error: &str) {
        self.pulse(channel, at, ChannelState::Failing, |pulse| pulse.last_error = Some(error.into()));
    }

    pub fn sources(&self, setup: &Setup, now: Timestamp) -> Vec<SourceHealth> {
        let known = self.locked();
        setup
            .settings
            .sources
            .iter()
            .map(|source| {
                let last_event_at = known.sources.get(&source.name).copied();
                let silence = source.silence.as_ref();
                let silent =
                    last_event_at.zip(silence).is_some_and(|(at, silence)| silence.is_broken(at, now));
                SourceHealth {
                    name: source.name.clone(),
                    signed: !source.secrets.is_empty(),
                    last_event_at,
                    silent,
                }
            })
            .collect()
    }

    pub fn channels(
        &self,
        setup: &Setup,
        providers: &Providers,
        queued: &[(String, u64)],
        since: Timestamp,
    ) -> Vec<ChannelHealth> {
        let known = self.locked();
        let untried = Pulse::untried(since);
        setup
            .settings
            .channels
            .iter()
            .map(|channel| {
                let pulse = known.channels.get(&channel.name).unwrap_or(&untried).clone();
                let down = providers.get(&channel.name).filter(Provider::is_down);
                let (state, since) = match &down {
                    Some(provider) => (ChannelState::Down, provider.since),
                    None => (pulse.state, pulse.since),
                };
                let carries: Vec<Medium> = channel.carries.clone();
                ChannelHealth {
                    name: channel.name.clone(),
                    kind: channel.kind.word().to_owned(),
                    carries,
                    state,
                    since,
                    last_accepted_at: pulse.last_accepted_at,
                    last_proven_at: pulse.last_proven_at,
                    last_error: down.and_then(|provider| provider.last_error).or(pulse.last_error),
                    queued: queued.iter().find(|(name, _)| *name == channel.name).map_or(0, |(_, n)| *n),
                }
            })
            .collect()
    }

    /// An exchange with a community begins.
    pub fn sync_begins(&self, at: Timestamp) {
        self.locked().sync = Some(SyncPulse {
            state: ChannelState::Untried,
            since: at,
            last_listed_at: None,
            last_success_at: None,
            last_error: None,
            warning: None,
            pending: 0,
            listing_fails: false,
        });
        self.beat();
    }

    /// All contacts were listed; `warning` is what was odd about it.
    pub fn sync_listed(&self, at: Timestamp, warning: Option<&str>) {
        self.sync_pulse(at, ChannelState::Working, |pulse| {
            pulse.last_listed_at = Some(at);
            pulse.last_success_at = Some(at);
            pulse.warning = warning.map(Into::into);
            pulse.listing_fails = false;
        });
    }

    /// An exchange about one contact came to its end.
    pub fn sync_settled(&self, at: Timestamp) {
        let state =
            self.sync_state(
                |pulse| if pulse.listing_fails { ChannelState::Failing } else { ChannelState::Working },
            );
        self.sync_pulse(at, state, |pulse| pulse.last_success_at = Some(at));
    }

    /// It failed, and this is what was said; without secrets.
    pub fn sync_failed(&self, at: Timestamp, said: &str, extent: Extent) {
        let state = match extent {
            Extent::Listing | Extent::Whole => ChannelState::Failing,
            Extent::One => self.sync_state(|pulse| pulse.state),
        };
        self.sync_pulse(at, state, |pulse| {
            pulse.last_error = Some(said.into());
            pulse.listing_fails |= extent == Extent::Listing;
        });
    }

    fn sync_state(&self, state: impl FnOnce(&SyncPulse) -> ChannelState) -> ChannelState {
        self.locked().sync.as_ref().map_or(ChannelState::Untried, state)
    }

    pub fn sync_pending(&self, pending: usize) {
        if let Some(pulse) = &mut self.locked().sync {
            pulse.pending = pending as u64;
        }
    }

    fn sync_pulse(&self, at: Timestamp, state: ChannelState, set: impl FnOnce(&mut SyncPulse)) {
        let mut known = self.locked();
        let Some(pulse) = &mut known.sync else { return };
        let turned = pulse.state != state;
        if turned {
            (pulse.state, pulse.since) = (state, at);
        }
        set(pulse);
        drop(known);
        if turned {
            self.beat();
        }
    }

    /// `None` where there is no community to exchange with.
    pub fn sync(&self, setup: &Setup, conflicts: u64) -> Option<SyncHealth> {
        setup.community.as_ref()?;
        let pulse = self.locked().sync.clone()?;
        let SyncPulse { state, since, last_listed_at, last_success_at, last_error, warning, pending, .. } =
            pulse;
        Some(SyncHealth {
            state,
            since,
            last_listed_at,
            last_success_at,
            last_error,
            warning,
            pending,
            conflicts,
        })
    }

    fn pulse(&self, channel: &str, at: Timestamp, state: ChannelState, set: impl FnOnce(&mut Pulse)) {
        let mut known = self.locked();
        let pulse = known.channels.entry(channel.to_owned()).or_insert_with(|| Pulse::untried(at));
        let turned = pulse.state != state;
        if turned {
            pulse.state = state;
            pulse.since = at;
        }
        set(pulse);
        drop(known);
        if turned {
            self.beat();
        }
    }

    /// Makes every stream look at the health again.
    pub fn beat(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pulse {
    fn untried(since: Timestamp) -> Self {
        Self {
            state: ChannelState::Untried,
            since,
            last_accepted_at: None,
            last_proven_at: None,
            last_error: None,
            refusals: 0,
        }
    }
}
