//! What one way out asks for, or leaves undone, holds no page up longer than it must: whole agents in virtual time,
//! with gateways that answer as each test says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/life.rs"]
mod life;

use async_trait::async_trait;
use jiff::Timestamp;
use nightdesk::agent::Agent;
use nightdesk::channel::{Acceptance, Answer, Callback, CallbackRefused, Channel, Outgoing, Receipt};
use nightdesk::community::Received;
use nightdesk::community::intake::Desk as _;
use nightdesk::core::change::{Actor, Change, What};
use nightdesk::core::event::CloudEvent;
use nightdesk::core::notification::Fault;
use nightdesk::core::task::{Task, TaskState};
use nightdesk::store::Store;
use nightdesk::store::list::{Filter, List};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const CONFIG: &str = r#"
[desk]
name = "simulated"
time_zone = "UTC"

[[source]]
name = "community"

[[channel]]
name = "first"
kind = "spool"
carries = ["sms"]

[[channel]]
name = "second"
kind = "spool"
carries = ["sms"]

[[person]]
id = "maria"
name = "Maria Weber"
role = "responder"
phone = "+49 151 23456701"

[[policy]]
name = "urgent"
steps = [{ after = "0s", notify = ["person:maria"] }]
last_resort = { every = "10h", notify = ["person:maria"] }

[[rule]]
name = "told"
match = { type = "community.exception.raised", severity = ["low"] }
tell = ["person:maria"]
by = ["sms"]

[catch_all]
policy = "urgent"
"#;

/// What left by whom, in seconds since the agent started, and how it was answered.
type Log = Arc<Mutex<Vec<(&'static str, u64, String)>>>;

/// Answers the nth message, counted from 0, as it was told to.
struct Gateway {
    name: &'static str,
    answers: Answers,
    reachable: bool,
    since: Instant,
    log: Log,
}

#[async_trait]
impl Channel for Gateway {
    async fn send(&self, message: &Outgoing) -> Answer {
        let at = self.since.elapsed().as_secs();
        let mut log = self.log.lock().unwrap();
        let nth = log.iter().filter(|(name, ..)| *name == self.name).count();
        let answer = (self.answers)(nth, message);
        log.push((self.name, at, message.body.raw().to_owned()));
        answer
    }

    fn receipt(&self, _callback: &Callback) -> Result<Receipt, CallbackRefused> {
        Err(CallbackRefused::Forged("no receipts here".into()))
    }

    async fn probe(&self) -> Result<(), String> {
        match self.reachable {
            true => Ok(()),
            false => Err("connection refused".to_owned()),
        }
    }

    fn connections(&self) -> usize {
        1
    }
}

fn taken() -> Answer {
    Answer::Accepted(Acceptance { said: "taken".into(), parts: 1, ..Acceptance::default() })
}

fn refused_connection() -> Answer {
    Answer::Deferred { said: "connection refused".into(), after: None }
}

fn pause(seconds: u64) -> Answer {
    Answer::Deferred { said: "503, Retry-After".into(), after: Some(Duration::from_secs(seconds)) }
}

fn later(seconds: u64) -> Answer {
    Answer::Later { said: "not now".into(), after: Some(Duration::from_secs(seconds)) }
}

type Answers = fn(usize, &Outgoing) -> Answer;

/// A way out as a test wants it.
struct Route {
    name: &'static str,
    answers: Answers,
    /// Whether a probe that hands nothing over finds it.
    reachable: bool,
}

impl Route {
    fn new(name: &'static str, answers: Answers) -> Self {
        Self { name, answers, reachable: true }
    }

    fn unreachable(name: &'static str, answers: Answers) -> Self {
        Self { reachable: false, ..Self::new(name, answers) }
    }
}

fn desk(routes: &[Route], within: impl AsyncFnOnce(Arc<Agent>, Store)) -> Vec<(&'static str, u64, String)> {
    let folder = tempfile::tempdir().unwrap();
    let ways: Vec<String> = routes.iter().map(|route| format!("\"{}\"", route.name)).collect();
    let route = format!("\n[[route]]\nmedium = \"sms\"\nchannels = [{}]\n", ways.join(", "));
    let start: Timestamp = "2026-03-29T02:00:00Z".parse().unwrap();
    let log = Log::default();
    let channels = || -> life::Channels {
        let since = Instant::now();
        let gateway = |&Route { name, answers, reachable }: &Route| -> (&'static str, Arc<dyn Channel>) {
            (name, Arc::new(Gateway { name, answers, reachable, since, log: log.clone() }))
        };
        routes.iter().map(gateway).collect()
    };
    life::live(&format!("{CONFIG}{route}"), folder.path(), start, channels, async |agent, store| {
        within(agent, store).await
    });
    std::mem::take(&mut *log.lock().unwrap())
}

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

async fn raise(agent: &Agent, id: &str, severity: &str) {
    let event = CloudEvent {
        id: id.to_owned(),
        source: "/community".to_owned(),
        kind: "community.exception.raised".to_owned(),
        time: None,
        subject: None,
        attributes: BTreeMap::new(),
        data: json!({
            "exception": { "id": id, "kind": "blocked_order", "title": format!("Order {id}") },
            "partner": { "id": format!("p-{id}"), "name": format!("Partner {id}") },
            "severity": severity,
        }),
    };
    agent.accept("community", vec![Received::check(event, None).unwrap()]).await.unwrap();
}

/// What left about an order, by whom and when.
fn about(log: &[(&'static str, u64, String)], order: &str) -> Vec<(&'static str, u64)> {
    let of = |text: &str| text.contains(&format!("Order {order}"));
    log.iter().filter(|(_, _, text)| of(text)).map(|&(name, at, _)| (name, at)).collect()
}

#[test]
fn a_provider_that_is_down_and_asks_for_a_pause_is_tried_again_after_it() {
    let log = desk(
        &[Route::new("first", |nth, _| match nth {
            0..3 => refused_connection(),
            3 => pause(60),
            _ => taken(),
        })],
        async |agent, _| {
            raise(&agent, "A", "high").await;
            raise(&agent, "B", "high").await;
            raise(&agent, "C", "high").await;
            seconds(240).await;
        },
    );
    let last = |order: &str| *about(&log, order).last().unwrap();
    for order in ["A", "B", "C"] {
        assert!(last(order).1 <= 90, "{order} waits for a provider that works: {log:#?}");
    }
    let asked = log[3].1;
    assert!(log[4].1 >= asked + 60, "it wanted to be left alone for a minute: {log:#?}");
}

/// Both want A in 100 seconds, so that it waits at the second; the first refuses B, C and D once.
fn busy_first(message: &Outgoing) -> Answer {
    let text = message.body.raw();
    match message.attempt {
        1 if text.contains("Order A") => later(100),
        1 if ["Order B", "Order C", "Order D"].iter().any(|order| text.contains(order)) => {
            refused_connection()
        }
        _ => taken(),
    }
}

#[test]
fn a_page_whose_provider_goes_down_before_its_next_try_takes_another_when_that_is_due() {
    let second = |_: usize, message: &Outgoing| match message.body.raw().contains("Order A") {
        true => later(100),
        false => refused_connection(),
    };
    let routes =
        [Route::new("first", |_, message| busy_first(message)), Route::unreachable("second", second)];
    let log = desk(&routes, async |agent, _| {
        // What the first takes between them keeps it working.
        for order in ["A", "B", "E", "C", "F", "D"] {
            raise(&agent, order, "high").await;
            seconds(1).await;
        }
        seconds(400).await;
    });
    let tries = about(&log, "A");
    assert!(matches!(tries[..], [("first", 0), ("second", 0), ("first", 100..105)]), "{tries:?} of {log:#?}");
}

#[test]
fn a_page_that_becomes_due_while_its_provider_wants_a_pause_takes_another_even_behind_what_must_wait() {
    let second = |_: usize, message: &Outgoing| match message.body.raw().contains("Order A") {
        true => later(100),
        false => pause(120),
    };
    let routes = [Route::new("first", |_, message| busy_first(message)), Route::new("second", second)];
    let log = desk(&routes, async |agent, _| {
        raise(&agent, "A", "high").await;
        seconds(1).await;
        for order in ["B", "C", "D"] {
            raise(&agent, order, "low").await;
            seconds(1).await;
        }
        seconds(400).await;
    });
    let tries = about(&log, "A");
    assert!(matches!(tries[..], [("first", 0), ("second", 0), ("first", 100..105)]), "{tries:?} of {log:#?}");
}

#[test]
fn pages_that_one_phone_refuses_are_one_piece_of_work_until_somebody_closes_it() {
    let refused =
        |_: usize, _: &Outgoing| Answer::Refused { said: "no such number".into(), fault: Fault::Address };
    desk(&[Route::new("first", refused)], async |agent, store| {
        let tasks = async || -> Vec<Task> {
            store.read(|tx| tx.list(List::Tasks, &Filter { limit: 10, ..Filter::default() })).await.unwrap()
        };
        for order in ["A", "B"] {
            raise(&agent, order, "high").await;
            seconds(2).await;
        }
        let work = tasks().await;
        assert_eq!(work.len(), 1, "{work:#?}");
        store
            .write(move |tx| {
                let mut done = work[0].clone();
                done.state = TaskState::Done;
                tx.apply(vec![Change::task(done.updated_at, Actor::Desk, What::TaskDone, "mended", &done)])
            })
            .await
            .unwrap();
        raise(&agent, "C", "high").await;
        seconds(2).await;
        let open = async || tasks().await.iter().filter(|task| task.state == TaskState::Open).count();
        assert_eq!(open().await, 1, "again");
        let apply = async |from: &str, to: &str| {
            let text = std::fs::read_to_string(agent.config_file()).unwrap().replacen(from, to, 1);
            std::fs::write(agent.config_file(), text).unwrap();
            agent.apply_file("a test", Actor::Desk).await.unwrap();
        };
        apply("Maria Weber", "Maria Weber-Roth").await;
        assert_eq!(open().await, 1, "the number is still the one that refuses");
        apply("23456701", "23456702").await;
        assert_eq!(open().await, 0, "the number is another");
    });
}
