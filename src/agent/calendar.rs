//! Reads the calendars elsewhere that schedules are made of. The last copy that was understood is kept in
//! the store and counts until there is a better one: a server that is away, or says something else than
//! a calendar, is said in the status and never empties a schedule. Whoever a new copy puts on call or takes off
//! soon is told.

use super::Agent;
use crate::channel::http_client;
use crate::config::{Feed, LARGEST_CALENDAR, address_hash};
use crate::core::change::{Actor, Change, Object, What};
use crate::core::counted::counted;
use crate::core::desk::Desk;
use crate::core::escalation::Decision;
use crate::core::ical;
use crate::core::override_commands::tell_of_calendar;
use crate::core::schedule::{Roll, RosterCopy, Source};
use crate::core::task::{Task, TaskKind, TaskState};
use crate::core::text::{Untrusted, sanitise};
use crate::store::{StoreError, Tx};
use crate::wire::CalendarHealth;
use jiff::Timestamp;
use reqwest::header::{ETAG, IF_NONE_MATCH};
use reqwest::{StatusCode, Url};
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A calendar comes within this, whole.
const TIMEOUT: Duration = Duration::from_secs(30);

/// After a failure it is asked again sooner than usual.
const AGAIN: Duration = Duration::from_secs(60);

/// Strangers told of at most.
const STRANGERS: usize = 10;

/// How reading goes, by the calendar's id.
#[derive(Default)]
pub struct Reading(Mutex<BTreeMap<String, State>>);

#[derive(Clone, Default)]
struct State {
    asked_at: Option<Timestamp>,
    error: Option<String>,
    read_at: Option<Timestamp>,
    /// What it says now would leave nobody on call, and somebody was told.
    empties: bool,
}

/// What a calendar's server said.
enum Heard {
    /// What it said before.
    Same,
    New {
        etag: Option<String>,
        text: String,
    },
}

/// Asks every calendar every so often, until the agent stops.
pub async fn job(agent: Arc<Agent>) {
    let mut due: BTreeMap<(String, String), Timestamp> = BTreeMap::new();
    let mut setups = agent.setups();
    loop {
        let feeds = setups.borrow_and_update().settings.rosters.clone();
        let key = |feed: &Feed| (feed.id(), address_hash(feed.url.expose_secret()));
        due.retain(|known, _| feeds.iter().any(|feed| key(feed) == *known));
        for feed in &feeds {
            let now = agent.world.now();
            if due.get(&key(feed)).is_some_and(|at| *at > now) {
                continue;
            }
            let wait = match look(&agent, feed).await {
                Ok(()) => feed.every,
                Err(why) => {
                    tracing::warn!(calendar = %feed.id(), why = %sanitise(&why), "a calendar could not be read");
                    agent.calendars.failed(&feed.id(), why);
                    feed.every.min(AGAIN)
                }
            };
            let now = agent.world.now();
            due.insert(key(feed), now.saturating_add(wait).unwrap_or(Timestamp::MAX));
            agent.vitals.beat();
        }
        let next = due.values().min().copied();
        tokio::select! {
            biased;
            () = agent.stopping.cancelled() => return,
            () = async {
                match next {
                    Some(at) => agent.world.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            } => {}
            changed = setups.changed() => if changed.is_err() { return },
        }
    }
}

/// Asks for one calendar, and keeps it if it is new and understood.
async fn look(agent: &Agent, feed: &Feed) -> Result<(), String> {
    let url = feed.url.expose_secret();
    let (id, address) = (feed.id(), address_hash(url));
    let stored = |why: StoreError| why.to_string();
    let copies = agent.store.read(|tx| tx.rosters()).await.map_err(stored)?;
    let kept = copies.into_iter().find(|copy| copy.id == id && copy.address == address);
    let etag = kept.as_ref().and_then(|copy| copy.etag.as_ref()).map(|etag| etag.raw().to_owned());
    let known_at = kept.as_ref().map(|copy| copy.read_at);
    agent.calendars.lock().entry(id.clone()).or_default().read_at = known_at;
    let heard = tokio::select! {
        biased;
        () = agent.stopping.cancelled() => return Ok(()),
        heard = ask(url, etag.as_deref()) => heard?,
    };
    let now = agent.world.now();
    let (etag, text) = match heard {
        Heard::Same => {
            agent.calendars.read(&id, now, known_at);
            return Ok(());
        }
        Heard::New { text, .. } if kept.as_ref().is_some_and(|copy| copy.text.raw() == text) => {
            agent.calendars.read(&id, now, known_at);
            return Ok(());
        }
        Heard::New { etag, text } => (etag, text),
    };
    let calendar = ical::Calendar::read(&text).map_err(|why| why.to_string())?;
    let events = calendar.events.len();
    let first = kept.is_none();
    let setup = agent.setup();
    let desk = &setup.settings.desk;
    let roll = Roll::new(&calendar, desk.people.values());
    let schedule = desk.schedules.get(&feed.schedule);
    let layer = schedule.and_then(|schedule| schedule.layers.iter().find(|layer| layer.name == feed.layer));
    if let (false, Some(schedule), Some(Source::Calendar(before))) =
        (first, schedule, layer.map(|l| &l.source))
        && before.is_emptied_by(&roll, &schedule.time_zone, now)
    {
        let why = "it puts nobody of the desk on call within the next 14 days, and the copy before did; that one \
                   still counts";
        // Said once; somebody who closes the task is not asked again every minute.
        if agent.calendars.empties(&id) {
            let (setup, feed) = (setup.clone(), feed.clone());
            let say = agent.store.write(move |tx| emptied(tx, &setup.settings.desk, &feed, now));
            say.await.map_err(stored)?;
        }
        return Err(why.to_owned());
    }
    let copy = RosterCopy {
        id: id.clone(),
        address,
        etag: etag.map(Untrusted::new),
        text: Untrusted::new(text),
        read_at: now,
    };
    let change = Change {
        at: now,
        actor: Actor::Desk,
        what: What::RosterRead,
        summary: Untrusted::new(format!(
            "The calendar of {} in schedule {} has changed: {}.",
            feed.layer,
            feed.schedule,
            counted(events, "event", "events")
        )),
        alert: None,
        partner: None,
        object: Object::Roster(Box::new(copy)),
    };
    let (setup, feed_of) = (setup.clone(), feed.clone());
    // With the calendar itself, so that each change of it is told exactly once.
    let keep = agent.store.write(move |tx| {
        let desk = &setup.settings.desk;
        let mut decision = Decision::new(desk, now, tx.ids());
        decision.changes.push(change);
        // The first reading changes nothing that anybody was told.
        if !first && let Some(before) = desk.schedules.get(&feed_of.schedule) {
            let mut after = before.clone();
            if let Some(layer) = after.layers.iter_mut().find(|layer| layer.name == feed_of.layer) {
                layer.source = Source::Calendar(roll);
            }
            let told = tell_of_calendar(&mut decision, &feed_of.layer, (before, &after));
            if let Some(change) = decision.changes.first_mut().filter(|_| !told.is_empty()) {
                change.summary = Untrusted::new(format!("{}{told}", change.summary.raw()));
            }
        }
        if let Some(mut task) = tx.open_task(&task_key(&feed_of))? {
            task.state = TaskState::Done;
            task.updated_at = now;
            let said = "The calendar puts somebody on call again.";
            decision.changes.push(Change::task(now, Actor::Desk, What::TaskDone, said, &task));
        }
        tx.keep_ids(decision.ids);
        tx.apply(decision.changes)
    });
    keep.await.map_err(stored)?;
    agent.calendars.read(&id, now, Some(now));
    agent.lay_over(None).await.map_err(stored)
}

/// A copy that would leave nobody on call is more likely a mistake than a plan: a task says that it does not count.
fn emptied(tx: &mut Tx<'_>, desk: &Desk, feed: &Feed, now: Timestamp) -> Result<(), StoreError> {
    if tx.open_task(&task_key(feed))?.is_some() {
        return Ok(());
    }
    let mut ids = tx.ids();
    let title = format!(
        "The calendar of {} in schedule {} puts nobody on call within 14 days any more; the copy before still counts",
        feed.layer, feed.schedule
    );
    let task = Task::about_reach(desk, &mut ids, TaskKind::Fix, title, task_key(feed), now);
    tx.keep_ids(ids);
    tx.apply(vec![task.opened()])
}

fn task_key(feed: &Feed) -> String {
    format!("calendar\u{1f}{}", feed.id())
}

async fn ask(url: &str, etag: Option<&str>) -> Result<Heard, String> {
    let url: Url = url.parse().map_err(|_| "its address is none".to_owned())?;
    let client = http_client(&url, TIMEOUT, 1)?;
    let mut request = client.get(url);
    if let Some(etag) = etag {
        request = request.header(IF_NONE_MATCH, etag);
    }
    // The address may be a secret, so no error may name it.
    let broke = |why: reqwest::Error| {
        let kind = if why.is_timeout() {
            "it did not come in time"
        } else if why.is_connect() {
            "its server cannot be reached"
        } else {
            "the connection to its server broke"
        };
        kind.to_owned()
    };
    let mut response = request.send().await.map_err(broke)?;
    match response.status() {
        StatusCode::NOT_MODIFIED if etag.is_some() => return Ok(Heard::Same),
        StatusCode::OK => {}
        status if status.is_redirection() => {
            return Err(format!("its server sends elsewhere ({status}); give the address it sends to"));
        }
        status => return Err(format!("its server answers {status}")),
    }
    let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broke)? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_CALENDAR {
            return Err("it is longer than 1 MiB".to_owned());
        }
    }
    let text = String::from_utf8(body).map_err(|_| "it is not UTF-8 text".to_owned())?;
    Ok(Heard::New { etag, text })
}

impl Reading {
    fn read(&self, id: &str, asked_at: Timestamp, read_at: Option<Timestamp>) {
        let state = State { asked_at: Some(asked_at), error: None, read_at, empties: false };
        self.lock().insert(id.to_owned(), state);
    }

    /// It would leave nobody on call. Says whether that is new.
    fn empties(&self, id: &str) -> bool {
        !std::mem::replace(&mut self.lock().entry(id.to_owned()).or_default().empties, true)
    }

    fn failed(&self, id: &str, why: String) {
        self.lock().entry(id.to_owned()).or_default().error = Some(why);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Agent {
    /// How every calendar elsewhere is doing.
    pub fn calendar_health(&self) -> Vec<CalendarHealth> {
        let setup = self.setup();
        let settings = &setup.settings;
        let known = self.calendars.lock().clone();
        settings
            .rosters
            .iter()
            .map(|feed| {
                let state = known.get(&feed.id()).cloned().unwrap_or_default();
                let schedule = settings.desk.schedules.get(&feed.schedule);
                let layer = schedule.and_then(|s| s.layers.iter().find(|layer| layer.name == feed.layer));
                let strangers = match layer.map(|layer| &layer.source) {
                    Some(Source::Calendar(roll)) => roll.strangers.iter().take(STRANGERS).cloned().collect(),
                    _ => Vec::new(),
                };
                CalendarHealth {
                    schedule: feed.schedule.clone(),
                    layer: feed.layer.clone(),
                    read_at: state.read_at,
                    asked_at: state.asked_at,
                    last_error: state.error.map(Untrusted::new),
                    strangers,
                }
            })
            .collect()
    }
}
