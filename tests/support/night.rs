//! Everything outside the agent in a simulated night: a community that repeats and contradicts
//! itself, gateways that lose answers, a carrier whose receipts come early, late, twice and wrong,
//! operators who race, and an auditor who reads every fact as it is committed.
//!
//! It outlives the agent: an agent is killed and opened again many times a night.

use async_trait::async_trait;
use axum::http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp, ToSpan};
use nightdesk::agent::Agent;
use nightdesk::channel::{Acceptance, Answer, Callback, CallbackRefused, Channel, Of, Outgoing, Receipt};
use nightdesk::community::Received;
use nightdesk::community::intake::{CallbackRequest, Desk, NotTaken};
use nightdesk::core::alert::{Alert, AlertState};
use nightdesk::core::apply::Asker;
use nightdesk::core::change::{Change, Object, What};
use nightdesk::core::command::{Action, Command, Expect, Outcome};
use nightdesk::core::contact::Medium;
use nightdesk::core::event::CloudEvent;
use nightdesk::core::handover::{Handover, HandoverState};
use nightdesk::core::id::{AlertId, HandoverId, NotificationId};
use nightdesk::core::notification::{
    Attempt, AttemptState, Fault, Hold, Notification, NotificationState, Purpose, Rung, proven,
};
use nightdesk::core::page::AGAIN;
use nightdesk::core::person::{PersonId, Role};
use nightdesk::core::quiet::Quiet;
use nightdesk::core::resend::{Asked, Target};
use nightdesk::core::sms::segments;
use nightdesk::store::Store;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

#[path = "year.rs"]
pub mod year;

pub const SOURCE: &str = "/community/simulated";
const PEOPLE: [&str; 3] = ["maria", "jonas", "aylin"];

/// How a gateway fares for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    Good,
    Rough,
    Down,
}

/// A receipt that the carrier will report.
#[derive(Clone, Debug)]
struct Report {
    at: Timestamp,
    channel: &'static str,
    query: BTreeMap<String, String>,
}

/// What is known outside of the agent, and what the auditor found.
pub struct Outside {
    pub rng: StdRng,
    sequence: u64,
    /// Sent and answered with 202.
    pub accepted: BTreeMap<String, CloudEvent>,
    /// Sent, and the answer never came: sent again later.
    unsure: BTreeMap<String, CloudEvent>,
    raised: Vec<Value>,
    weather: BTreeMap<&'static str, (Weather, Timestamp)>,
    /// Until when each gateway asked to be left alone.
    pauses: BTreeMap<&'static str, Timestamp>,
    reports: Vec<Report>,
    /// Messages that really went out, by idempotency key.
    delivered: BTreeMap<String, u32>,
    /// The auditor's own reading of the history.
    seq: u64,
    received: BTreeSet<String>,
    pub alerts: BTreeMap<AlertId, Alert>,
    pub notifications: BTreeMap<NotificationId, Notification>,
    /// Which of those are about an alert.
    about: BTreeMap<AlertId, BTreeSet<NotificationId>>,
    /// Since when it pages as it does: whoever is paged learns something new by the first page after that.
    anew: BTreeMap<AlertId, Timestamp>,
    /// Alerts that facts were about since all stood as they should.
    touched: BTreeSet<AlertId>,
    /// All there were.
    handovers: BTreeMap<HandoverId, Handover>,
    paging: BTreeMap<AlertId, (Timestamp, u32)>,
    pub counts: BTreeMap<&'static str, u64>,
    calm: bool,
    /// The last that each gateway was given and answered, for the message of a failure.
    lately: BTreeMap<&'static str, VecDeque<String>>,
    /// Providers fail now and then, and not half of the time.
    pub long_run: bool,
    /// What a gateway saw that must never be; it runs in a task of the agent, where a panic is lost.
    pub broken: Option<String>,
}

/// A handle on it.
#[derive(Clone)]
pub struct Night(Arc<Mutex<Outside>>);

/// Virtual time as the agent of this life sees it.
#[derive(Clone, Copy)]
pub struct Clock {
    base: Timestamp,
    since: Instant,
}

impl Clock {
    pub fn starting(base: Timestamp) -> Self {
        Self { base, since: Instant::now() }
    }

    pub fn now(&self) -> Timestamp {
        self.base + SignedDuration::try_from(self.since.elapsed()).unwrap()
    }
}

impl Night {
    pub fn new(seed: u64, start: Timestamp) -> Self {
        let weather =
            ["sms", "sms2", "mail"].into_iter().map(|name| (name, (Weather::Good, start))).collect();
        Self(Arc::new(Mutex::new(Outside {
            rng: StdRng::seed_from_u64(seed),
            sequence: 0,
            accepted: BTreeMap::new(),
            unsure: BTreeMap::new(),
            raised: Vec::new(),
            weather,
            pauses: BTreeMap::new(),
            reports: Vec::new(),
            delivered: BTreeMap::new(),
            seq: 0,
            received: BTreeSet::new(),
            alerts: BTreeMap::new(),
            notifications: BTreeMap::new(),
            about: BTreeMap::new(),
            anew: BTreeMap::new(),
            touched: BTreeSet::new(),
            handovers: BTreeMap::new(),
            paging: BTreeMap::new(),
            counts: BTreeMap::new(),
            calm: false,
            lately: BTreeMap::new(),
            long_run: false,
            broken: None,
        })))
    }

    pub fn look(&self) -> MutexGuard<'_, Outside> {
        self.0.lock().unwrap()
    }

    /// From here on everything works, so that the night can drain.
    pub fn calm_down(&self, now: Timestamp) {
        let mut outside = self.look();
        outside.calm = true;
        outside.weather.values_mut().for_each(|weather| *weather = (Weather::Good, now));
    }
}

impl Outside {
    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn between(&mut self, least: u64, most: u64) -> u64 {
        self.rng.random_range(least..=most)
    }

    fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list.choose(&mut self.rng).unwrap().clone()
    }
}

// ── The community ───────────────────────────────────────────────────────────────────────────────

/// Sends events, singly and in bursts, again when no answer came, and now and then twice.
pub async fn community(agent: Arc<Agent>, night: Night, clock: Clock) {
    let unsure: Vec<CloudEvent> = night.look().unsure.values().cloned().collect();
    for event in unsure {
        submit(&agent, &night, vec![event]).await;
    }
    loop {
        let (pause, batch) = {
            let mut outside = night.look();
            let size = if outside.rng.random_bool(0.05) { outside.between(5, 20) } else { 1 };
            let batch: Vec<CloudEvent> = (0..size).map(|_| outside.next_event(clock.now())).collect();
            (outside.between(5, 500), batch)
        };
        if night.look().rng.random_bool(0.3) {
            // Requests that arrive together are decided together.
            let one_by_one = batch.into_iter().map(|event| submit(&agent, &night, vec![event]));
            futures_util::future::join_all(one_by_one).await;
        } else {
            submit(&agent, &night, batch).await;
        }
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
}

async fn submit(agent: &Agent, night: &Night, events: Vec<CloudEvent>) {
    let mut known = 0;
    for event in &events {
        let mut outside = night.look();
        if outside.accepted.contains_key(&event.id) {
            known += 1;
        } else {
            outside.unsure.insert(event.id.clone(), event.clone());
        }
    }
    let received = events.iter().map(|event| Received::check(event.clone(), None).unwrap()).collect();
    match agent.accept("community", received).await {
        Ok(taken) => {
            assert_eq!(taken.accepted + taken.duplicates, events.len());
            assert!(taken.duplicates >= known, "a known event was taken as new");
            let mut outside = night.look();
            for event in events {
                outside.unsure.remove(&event.id);
                outside.accepted.insert(event.id.clone(), event);
                outside.count("events");
            }
        }
        Err(NotTaken::Conflict { id, .. }) => panic!("{id} is no conflict"),
        Err(NotTaken::Saturated { .. } | NotTaken::Unavailable(_)) => night.look().count("not taken"),
    }
    let forged = {
        let mut outside = night.look();
        let again = outside.rng.random_bool(0.03).then(|| outside.accepted.values().next_back().cloned());
        again.flatten().map(|mut event| {
            event.subject = Some("something else".to_owned());
            event
        })
    };
    if let Some(event) = forged {
        let answer = agent.accept("community", vec![Received::check(event, None).unwrap()]).await;
        assert!(
            matches!(answer, Err(NotTaken::Conflict { index: 0, .. } | NotTaken::Unavailable(_))),
            "a changed event under a known id was answered with {answer:?}"
        );
    }
}

impl Outside {
    fn next_event(&mut self, now: Timestamp) -> CloudEvent {
        let dice = self.between(0, 99);
        if dice < 10
            && let Some(id) = self.accepted.keys().next_back().cloned()
        {
            return self.accepted[&id].clone();
        }
        self.sequence += 1;
        let sequence = self.sequence;
        let partner = self.pick(&["acme", "borg", "delta", "far"]);
        let partner = json!({ "id": partner, "name": format!("{partner} \u{202e}株式会社 €[GmbH]\n& Söhne"), "tier": "gold" });
        let (kind, data) = match dice {
            10..=34 if !self.raised.is_empty() => {
                let index = self.rng.random_range(0..self.raised.len());
                let data = self.raised.swap_remove(index);
                ("community.exception.cleared", data)
            }
            35..=44 if !self.raised.is_empty() => {
                let list = self.raised.clone();
                let mut data = self.pick(&list);
                data["severity"] = json!(self.pick(&["low", "high", "critical"]));
                ("community.exception.raised", data)
            }
            45..=49 => {
                let case = json!({ "id": format!("c{sequence}"), "reference": format!("CS-{sequence}"),
                    "kind": "dispute", "title": "Nobody answers", "order": self.order() });
                (
                    "community.case.opened",
                    json!({ "case": case, "partner": partner, "priority": self.pick(&["low", "urgent"]) }),
                )
            }
            50..=52 => ("com.example.other", json!({ "n": sequence })),
            _ => {
                let minutes = i64::try_from(self.between(10, 900)).unwrap();
                let exception = json!({
                    "id": format!("x{sequence}"),
                    "kind": self.pick(&["late_shipment", "blocked_order", "compliance_failure", "hollow"]),
                    "title": "Blocked: the line in plant 12 stands still until it is released",
                    "order": self.order(),
                    "amount": { "value": self.between(100, 900_000), "currency": self.pick(&["EUR", "USD", "SEK"]) },
                    "deadline": (now + minutes.minutes()).to_string(),
                });
                let severity = self.pick(&["low", "medium", "high", "critical"]);
                let data = json!({ "exception": exception, "partner": partner, "severity": severity });
                self.raised.push(data.clone());
                ("community.exception.raised", data)
            }
        };
        CloudEvent {
            id: format!("{sequence:06}"),
            source: SOURCE.to_owned(),
            kind: kind.to_owned(),
            time: Some(now),
            subject: None,
            attributes: BTreeMap::new(),
            data,
        }
    }

    fn order(&mut self) -> String {
        format!("PO-45{:04}", self.between(1, 60))
    }
}

// ── The gateways ────────────────────────────────────────────────────────────────────────────────

/// One provider, as the agent reaches it in this life.
pub struct Gateway {
    pub name: &'static str,
    pub store: Store,
    pub night: Night,
    pub clock: Clock,
    pub crash: Arc<Notify>,
}

#[async_trait]
impl Channel for Gateway {
    async fn send(&self, message: &Outgoing) -> Answer {
        let said = |what: String| {
            let line = format!("{} {} {what}", self.clock.now(), message.notification);
            let mut outside = self.night.look();
            let lately = outside.lately.entry(self.name).or_default();
            lately.push_back(line);
            if lately.len() > 400 {
                lately.pop_front();
            }
        };
        said(format!("leaves, {:?}{}", message.purpose, if message.urgent { ", urgent" } else { "" }));
        let answer = self.answer(message).await;
        if let Answer::Deferred { after: Some(after), .. } = &answer {
            let until = self.clock.now() + SignedDuration::try_from(*after).unwrap();
            let mut outside = self.night.look();
            let paused = outside.pauses.entry(self.name).or_insert(until);
            *paused = until.max(*paused);
        }
        said(match &answer {
            Answer::Accepted(_) => "is taken".to_owned(),
            other => format!("gets {other:?}"),
        });
        answer
    }

    fn receipt(&self, callback: &Callback) -> Result<Receipt, CallbackRefused> {
        let field = |name: &str| callback.query[name].clone();
        Ok(Receipt {
            of: Of::Attempt {
                notification: field("n").parse().unwrap(),
                attempt: field("attempt").parse().unwrap(),
                part: 1,
            },
            provider_ref: None,
            rung: match field("rung").as_str() {
                "sent" => Some(Rung::Sent),
                "delivered" => Some(Rung::Delivered),
                "read" => Some(Rung::Read),
                "failed" => Some(Rung::Failed),
                "expired" => Some(Rung::Expired),
                _ => None,
            },
            by: "simulated carrier",
            detail: field("detail"),
            fault: None,
        })
    }

    fn connections(&self) -> usize {
        6
    }
}

impl Gateway {
    async fn answer(&self, message: &Outgoing) -> Answer {
        if let Err(broken) = self.check_claim(message).await {
            self.night.look().broken.get_or_insert(broken);
            self.crash.notify_one();
        }
        let weather = {
            let mut outside = self.night.look();
            outside.count("sends");
            outside.weather[self.name].0
        };
        let dice = self.night.look().between(0, 99);
        let said = || "simulated".to_owned();
        match (weather, dice) {
            (Weather::Good, 0..=94) | (Weather::Rough, 0..=29) => {
                self.wait(50, 2_000).await;
                self.deliver(message)
            }
            (Weather::Good, 95..=97) | (Weather::Rough, 30..=39) => {
                self.wait(10_000, 50_000).await;
                self.deliver(message)
            }
            (Weather::Good, _) | (Weather::Rough, 40..=54) => {
                self.wait(20, 500).await;
                let after = self.night.look().between(0, 60);
                Answer::Deferred { said: said(), after: (after > 30).then(|| Duration::from_secs(after)) }
            }
            (Weather::Rough, 55..=57) => Answer::Refused { said: said(), fault: Fault::Message },
            (Weather::Rough, 58..=69) => {
                // Taken, and the connection broke before the answer.
                let _ = self.deliver(message);
                self.wait(1_000, 30_000).await;
                Answer::Unknown { said: said() }
            }
            (Weather::Rough, 70..=79) => {
                self.wait(1_000, 30_000).await;
                Answer::Unknown { said: said() }
            }
            (Weather::Rough, 80..=83) => {
                let _ = self.deliver(message);
                self.crash.notify_one();
                std::future::pending().await
            }
            (Weather::Rough, 84..=87) => {
                self.crash.notify_one();
                std::future::pending().await
            }
            // It took the bytes and never says anything.
            (Weather::Rough, 88..=89) => std::future::pending().await,
            (Weather::Rough, _) | (Weather::Down, _) => {
                self.wait(100, 5_000).await;
                Answer::Deferred { said: said(), after: None }
            }
        }
    }

    async fn wait(&self, least: u64, most: u64) {
        let pause = self.night.look().between(least, most);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }

    /// The first byte has not left yet, and the claim must be on disk.
    async fn check_claim(&self, message: &Outgoing) -> Result<(), String> {
        let id = message.notification;
        let Ok(stored) = self.store.read(move |tx| tx.notification(id)).await else { return Ok(()) };
        let stored = stored.ok_or_else(|| format!("{id} leaves without a row"))?;
        let hold = |what: &str, holds: bool| match holds {
            true => Ok(()),
            false => Err(format!("{id} {what}: {message:?} of {stored:?}")),
        };
        let claim = stored.attempts.iter().find(|attempt| attempt.number == message.attempt);
        hold(
            "leaves without a claim that still holds",
            claim.is_some_and(|attempt| {
                attempt.state == AttemptState::Sending
                    && attempt.possible_duplicate == message.possible_duplicate
            }),
        )?;
        // What was taken and is not known to have failed may arrive twice, too.
        let failed = |attempt: &Attempt| {
            let of_it = stored.evidence.iter().filter(|e| e.attempt == attempt.number).cloned();
            proven(&of_it.collect::<Vec<_>>())
                .is_some_and(|(rung, disputed)| rung >= Rung::Failed && !disputed.0)
        };
        let may_arrive = |attempt: &Attempt| match attempt.state {
            AttemptState::InDoubt => true,
            AttemptState::Handed | AttemptState::Sending => {
                !failed(attempt) && attempt.number < message.attempt
            }
            _ => false,
        };
        let doubted = stored.attempts.iter().any(may_arrive);
        hold("is labelled wrongly", message.possible_duplicate == doubted)?;
        if message.medium == Medium::Sms {
            hold("is marked wrongly", message.body.raw().starts_with(AGAIN) == doubted)?;
            // A notice may need a second part for a name that is not in GSM-7; a page never does.
            let parts = segments(message.body.raw()).parts.len();
            let most = if message.purpose == Purpose::Page { 1 } else { 2 };
            hold("takes too many parts", parts <= most)?;
        }
        let before = self.night.look().delivered.get(&message.idempotency_key).copied().unwrap_or(0);
        let known_to_fail = stored.attempts.iter().any(failed);
        hold("goes out twice, unmarked", before == 0 || message.possible_duplicate || known_to_fail)
    }

    fn deliver(&self, message: &Outgoing) -> Answer {
        let mut outside = self.night.look();
        outside.count("delivered");
        if message.possible_duplicate {
            outside.count("marked as possible duplicates");
        }
        *outside.delivered.entry(message.idempotency_key.clone()).or_default() += 1;
        let now = self.clock.now();
        let count = outside.between(0, 4);
        for _ in 0..count {
            let rung =
                outside.pick(&["sent", "delivered", "delivered", "read", "failed", "expired", "unknown"]);
            // Some come before the gateway's own answer, some long after.
            let late = outside.pick(&[0, 0, 3, 60, 900]);
            let at = now + SignedDuration::from_secs(i64::try_from(outside.between(0, late)).unwrap());
            let query = BTreeMap::from([
                ("n".to_owned(), message.notification.to_string()),
                ("attempt".to_owned(), message.attempt.to_string()),
                ("rung".to_owned(), rung.to_owned()),
                ("detail".to_owned(), format!("simulated {rung}")),
            ]);
            let copies = if outside.rng.random_bool(0.2) { 2 } else { 1 };
            for _ in 0..copies {
                outside.reports.push(Report { at, channel: self.name, query: query.clone() });
            }
        }
        Answer::Accepted(Acceptance {
            provider_ref: Some(format!("{}-{}", self.name, now.as_microsecond())),
            names: Vec::new(),
            said: "taken".to_owned(),
            parts: 1,
        })
    }
}

/// Reports what became of messages, and makes the weather.
pub async fn carrier(agent: Arc<Agent>, night: Night, clock: Clock) {
    loop {
        let now = clock.now();
        let due: Vec<Report> = {
            let mut outside = night.look();
            if !outside.calm {
                for name in ["sms", "sms2", "mail"] {
                    if outside.rng.random_bool(0.004) {
                        let mut sky = vec![Weather::Good, Weather::Good, Weather::Rough, Weather::Down];
                        if outside.long_run {
                            sky.extend([Weather::Good; 10]);
                        }
                        let weather = outside.pick(&sky);
                        if outside.weather[name].0 != weather {
                            outside.weather.insert(name, (weather, now));
                        }
                    }
                }
            }
            let (due, later) =
                std::mem::take(&mut outside.reports).into_iter().partition(|report| report.at <= now);
            outside.reports = later;
            due
        };
        for report in due {
            let request = CallbackRequest {
                method: Method::GET,
                uri: String::new(),
                query: report.query.clone(),
                headers: Vec::new(),
                body: Vec::new(),
                peer: [127, 0, 0, 1].into(),
            };
            let answer = agent.receipt(report.channel, request).await;
            match answer.status {
                StatusCode::OK => night.look().count("receipts"),
                StatusCode::SERVICE_UNAVAILABLE => night.look().reports.push(report),
                other => panic!("a receipt for {:?} was answered with {other}", report.query),
            }
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

// ── The operators ───────────────────────────────────────────────────────────────────────────────

fn asker(id: &str) -> Asker {
    Asker { id: PersonId(id.to_owned()), name: id.to_owned(), role: Role::Responder, login: None }
}

/// Acts on alerts at random, sometimes two at once, sometimes the same request twice.
pub async fn operators(agent: Arc<Agent>, night: Night, clock: Clock) {
    let mut number = 0;
    loop {
        let pause = night.look().between(10, 110);
        tokio::time::sleep(Duration::from_secs(pause)).await;
        number += 1;
        let id = format!("{}-{number}", clock.base);
        let open: Vec<Alert> = {
            let outside = night.look();
            outside.alerts.values().filter(|a| a.state != AlertState::Resolved).cloned().collect()
        };
        if open.is_empty() {
            continue;
        }
        let (alert, who, dice) = {
            let mut outside = night.look();
            (outside.pick(&open), outside.pick(&PEOPLE), outside.between(0, 99))
        };
        if dice < 15 {
            race(&agent, &night, &alert, &id).await;
            continue;
        }
        let now = clock.now();
        let later = now + SignedDuration::from_mins(i64::try_from(night.look().between(1, 90)).unwrap());
        let alert_id = alert.id;
        let action = match dice {
            15..=34 => Action::Ack {
                alert: alert_id,
                next_update_by: night.look().rng.random_bool(0.5).then_some(later),
            },
            35..=38 => Action::Unack { alert: alert_id },
            39..=42 => Action::RestoreAlert { alert: alert_id },
            43..=50 => Action::Snooze { alert: alert_id, until: later },
            51..=58 => {
                let step = night.look().between(0, 4);
                Action::Escalate { alert: alert_id, step: u32::try_from(step).ok().filter(|s| *s > 0) }
            }
            59..=62 => again(Target::Alert(alert_id)),
            63..=65 => {
                let mine: Vec<NotificationId> = {
                    let outside = night.look();
                    outside
                        .notifications
                        .values()
                        .filter(|n| n.alert == Some(alert_id))
                        .map(|n| n.id)
                        .collect()
                };
                let Some(notification) = mine.last().copied() else { continue };
                again(Target::Message(notification))
            }
            68..=71 => Action::AcceptHandover { handover: None },
            72 => Action::NoteHandover { handover: None, text: "They call at 8.".into() },
            66..=67 => Action::NoteAlert { alert: alert_id, text: "Called them.".into() },
            _ => Action::Resolve { alert: alert_id, reason: "It is done.".into() },
        };
        let command = Command { id, action, expect: Expect::default() };
        let Ok(first) = agent.command(command.clone(), asker(who)).await else { return };
        night.look().count("commands");
        if night.look().rng.random_bool(0.2) {
            let Ok(second) = agent.command(command, asker(who)).await else { return };
            assert_eq!(first, second, "the same command was answered differently");
        }
    }
}

/// Two people take the same alert, each having seen it as it is now: one gets it, the other is told who.
async fn race(agent: &Agent, night: &Night, alert: &Alert, id: &str) {
    let alert_id = alert.id;
    let Ok(Some(seen)) = agent.store.read(move |tx| tx.alert(alert_id)).await else { return };
    if seen.state != AlertState::Open || seen.holder.is_some() {
        return;
    }
    let command = |who: &str| Command {
        id: format!("{id}-{who}"),
        action: Action::Ack { alert: alert.id, next_update_by: None },
        expect: Expect { holder: Some(None), ..Expect::default() },
    };
    let (one, two) = tokio::join!(
        agent.command(command("maria"), asker("maria")),
        agent.command(command("jonas"), asker("jonas")),
    );
    let (Ok(one), Ok(two)) = (one, two) else { return };
    let won = |outcome: &Outcome| matches!(outcome, Outcome::Done { .. });
    assert!(won(&one) != won(&two), "of two, {one:?} and {two:?}");
    let (lost, winner) = if won(&one) { (two, "maria") } else { (one, "jonas") };
    let Outcome::Refused { refusal } = lost else { unreachable!() };
    assert_eq!(refusal.by, Some(PersonId(winner.to_owned())));
    night.look().count("races");
}

// ── The auditor ─────────────────────────────────────────────────────────────────────────────────

/// Reads every fact as it is committed, and looks at the clock now and then.
pub async fn auditor(store: Store, night: Night, clock: Clock) {
    let mut sealed = store.sealed();
    let mut look = Instant::now() + Duration::from_secs(60);
    loop {
        read_facts(&store, &night).await;
        if Instant::now() >= look {
            look = Instant::now() + Duration::from_secs(60);
            night.look().nothing_is_late(clock.now());
        }
        tokio::select! {
            biased;
            changed = sealed.changed() => if changed.is_err() { return },
            () = tokio::time::sleep_until(look) => {}
        }
    }
}

/// Reads all facts that the auditor has not seen.
pub async fn read_facts(store: &Store, night: &Night) {
    loop {
        let since = night.look().seq;
        let Ok(facts) = store.read(move |tx| tx.changes_since(since, 500)).await else { return };
        let mut outside = night.look();
        if facts.is_empty() {
            // Only between transactions must every alert stand as it should.
            let touched = std::mem::take(&mut outside.touched);
            touched.iter().filter_map(|id| outside.alerts.get(id)).for_each(never_forgotten);
            outside.one_at_a_time();
            return;
        }
        for (seq, body) in facts {
            assert_eq!(seq, outside.seq + 1, "the history has a gap");
            outside.seq = seq;
            let change: Change = serde_json::from_str(&body).unwrap();
            outside.read(&change);
        }
    }
}

impl Outside {
    fn read(&mut self, change: &Change) {
        match &change.object {
            Object::Event(event) if change.what == What::EventReceived => {
                let first = self.received.insert(event.event_id.raw().to_owned());
                assert!(first, "event {:?} was made twice", event.event_id);
            }
            Object::Alert(alert) => {
                match (change.what, &alert.quiet) {
                    (What::AlertRaised, _) => self.count("alerts"),
                    (What::AlertSnoozed, Some(Quiet::Maintenance { .. })) => {
                        self.count("quiet for maintenance")
                    }
                    (What::AlertSnoozed, Some(Quiet::Alert { .. })) => self.count("quiet because of another"),
                    _ => {}
                }
                if matches!(change.what, What::AlertEscalated | What::AlertLastResort | What::AlertNobody) {
                    let paging = self.paging.entry(alert.id).or_insert((change.at, 0));
                    *paging = if paging.0 == change.at { (paging.0, paging.1 + 1) } else { (change.at, 1) };
                    assert!(paging.1 < 40, "{} spins: {:?}", alert.id, change.summary);
                }
                self.touched.insert(alert.id);
                let known = self.alerts.get(&alert.id);
                let worse = known.is_none_or(|known| known.severity < alert.severity);
                let back =
                    known.is_some_and(|known| known.cleared_at.is_some() && alert.cleared_at.is_none());
                let begins = matches!(change.what, What::AlertWoke | What::AlertPromiseMissed);
                if (worse || back || begins) && alert.state == AlertState::Open {
                    self.anew.insert(alert.id, change.at);
                }
                self.alerts.insert(alert.id, (**alert).clone());
            }
            Object::Notification(n) => {
                if change.what == What::NotificationSending && n.purpose == Purpose::Page {
                    let alerts = n.alerts();
                    assert!(alerts.first() == n.alert.as_ref(), "{n:?} is not filed under its worst alert");
                    for alert in alerts.iter().map(|id| self.alerts.get(id)) {
                        assert!(
                            alert.is_some_and(|a| a.state == AlertState::Open),
                            "{} leaves for an alert that nobody waits for: {alert:?}",
                            n.id
                        );
                        assert!(
                            alert.is_some_and(|a| a.next_escalation_at.is_some())
                                || n.reason.via.raw().contains("sent again by"),
                            "{} leaves though its alert is cleared: {alert:?}",
                            n.id
                        );
                    }
                    if n.bundle.is_some() {
                        self.count("bundles");
                    }
                }
                if change.what == What::NotificationSending && n.purpose == Purpose::Page {
                    self.count("pages");
                }
                if change.what == What::NotificationHeld && n.hold == Some(Hold::Throttled) {
                    self.count("throttled");
                    let known = self.notifications.get(&n.id).filter(|known| known.hold == n.hold);
                    let before: Vec<AlertId> = known.map(Notification::alerts).unwrap_or_default();
                    for alert in n.alerts().into_iter().filter(|alert| !before.contains(alert)) {
                        let first = n.purpose == Purpose::Page && !self.was_paged(n, alert);
                        assert!(!first, "{} is a first page of {alert} and waits: {n:?}", n.id);
                    }
                }
                honest(n);
                for alert in n.alerts() {
                    self.about.entry(alert).or_default().insert(n.id);
                }
                self.notifications.insert(n.id, (**n).clone());
            }
            Object::Handover(one) => {
                let known = self.handovers.remove(&one.id);
                let over = known.is_some_and(|known| !known.is_live());
                assert!(!over, "{} goes on though it was over: {change:?}", one.id);
                match change.what {
                    What::HandoverOpened => self.count("hand-overs"),
                    What::HandoverAccepted => self.count("accepted"),
                    _ => {}
                }
                self.handovers.insert(one.id, (**one).clone());
            }
            _ => {}
        }
    }

    /// Whether another page may have told the same person of the alert since it last began to page anew.
    fn was_paged(&self, n: &Notification, alert: AlertId) -> bool {
        let anew = self.anew.get(&alert).copied().unwrap_or(Timestamp::MIN);
        let about = self.about.get(&alert).into_iter().flatten().filter_map(|id| self.notifications.get(id));
        about.filter(|other| other.id != n.id && other.recipient.who == n.recipient.who).any(|other| {
            (other.purpose, other.medium) == (Purpose::Page, n.medium)
                && other.created_at >= anew
                && !other.leaves_out(alert)
                && other.attempts.iter().any(|attempt| other.may_arrive(attempt))
        })
    }

    /// Of every schedule one hand-over is ahead, and one at most waits.
    fn one_at_a_time(&self) {
        for state in [HandoverState::Ahead, HandoverState::Open] {
            let count = self.handovers.values().filter(|one| one.state == state).count();
            assert!(count <= 1, "{count} hand-overs of one schedule are {}", state.as_str());
        }
    }

    /// What is due is done soon, as long as the way out works.
    fn nothing_is_late(&mut self, now: Timestamp) {
        let long_ago = now - 90.seconds();
        for alert in self.alerts.values() {
            let late = alert.next_due().is_some_and(|due| due < long_ago);
            assert!(!late, "{} is due since {:?}, it is {now}: {alert:?}", alert.id, alert.next_due());
        }
        for one in self.handovers.values() {
            let late = one.due_at.is_some_and(|due| due < long_ago);
            assert!(!late, "{} is due since {:?}, it is {now}: {one:?}", one.id, one.due_at);
        }
        for n in self.notifications.values() {
            let Some((weather, since)) = self.weather.get(n.channel.as_str()) else { continue };
            // One that asks for a pause gets it, and after that takes what waited.
            let rested = self.pauses.get(n.channel.as_str()).is_none_or(|until| *until < long_ago);
            let works = *weather == Weather::Good
                && now.duration_since(*since) > SignedDuration::from_mins(15)
                && rested;
            // Of several ways out one that is down is tried again sooner than that.
            let since = n.due_at.or_else(|| (n.hold == Some(Hold::NoProvider)).then_some(n.updated_at));
            let late = n.urgent && works && since.is_some_and(|since| since < long_ago);
            let lately =
                || self.lately.get(n.channel.as_str()).into_iter().flatten().cloned().collect::<Vec<_>>();
            assert!(!late, "{} waits since {since:?}, it is {now}: {n:?}\n{}", n.id, lately().join("\n"));
        }
    }
}

/// Somebody will be told, or has it, or it is over.
fn never_forgotten(alert: &Alert) {
    let cleared = alert.cleared_at.is_some();
    let kept = match alert.state {
        AlertState::Open => alert.next_escalation_at.is_some() || cleared,
        AlertState::Acknowledged => alert.holder.is_some() && (alert.next_update_by.is_some() || cleared),
        AlertState::Snoozed => {
            alert.snoozed_until.is_some() && (alert.resting().is_none() || alert.holder.is_none())
        }
        AlertState::Resolved => alert.resolution.is_some() && alert.next_due().is_none(),
    };
    assert!(kept, "{} is forgotten: {alert:?}", alert.id);
}

/// The state claims nothing that the evidence does not prove.
fn honest(n: &Notification) {
    let proof = proven(&n.evidence).map(|(rung, _)| rung);
    let state = n.state;
    let waiting = matches!(
        state,
        NotificationState::Queued
            | NotificationState::Held
            | NotificationState::InDoubt
            | NotificationState::Accepted
            | NotificationState::Sent
    );
    let waits = waiting && n.due_at.is_some();
    let again = n.attempts.len() > 1 || n.hold == Some(Hold::NoProvider);
    let right = match proof {
        Some(rung) if rung < Rung::Failed => state == rung.state(),
        // A failure is not the end while another attempt is on its way or planned, nor does it
        // change that the message is no longer needed.
        Some(rung) => {
            state == rung.state()
                || waits
                || (again && state == NotificationState::Held)
                || matches!(
                    state,
                    NotificationState::Sending | NotificationState::Cancelled | NotificationState::Expired
                )
                || (state == NotificationState::InDoubt)
        }
        None => {
            matches!(
                state,
                NotificationState::Queued
                    | NotificationState::Held
                    | NotificationState::Sending
                    | NotificationState::InDoubt
                    | NotificationState::Cancelled
                    | NotificationState::Expired
                    | NotificationState::Suppressed
            )
        }
    };
    assert!(right, "{} says {state:?}, proven is {proof:?}: {n:?}", n.id);
    let doubted = n.attempts.iter().any(|attempt| attempt.state == AttemptState::InDoubt);
    let denied = matches!(
        state,
        NotificationState::Cancelled | NotificationState::Suppressed | NotificationState::Expired
    );
    assert!(!(doubted && denied && proof.is_none()), "{} may have left and says {state:?}: {n:?}", n.id);
    if waits || state == NotificationState::Queued {
        assert!(n.due_at.is_some(), "{} waits for nothing: {n:?}", n.id);
    }
    assert!(n.due_at.is_none() || waits, "{} is {state:?} and due: {n:?}", n.id);
}

fn again(target: Target) -> Action {
    Action::Resend(Asked { what: vec![target], to: None, via: None })
}
