//! A desk of some years, as the benchmarks find it: 100,000 cases, 20,000 contacts and 1,000,000
//! events, and the real agent over it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use jiff::{SignedDuration, Timestamp};
use nightdesk::core::change::{Change, Object, What};
use nightdesk::core::id::{AlertId, EventId, Ids, NotificationId, TaskId};
use nightdesk::core::text::Untrusted;
use nightdesk::store::{Open, Store};
use nightdesk::wire::client::Client;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PARTNERS: u64 = 5_000;
const CONTACTS: u64 = 20_000;
const CASES: u64 = 100_000;
const DOCUMENTS: u64 = 50_000;
const THREADS: u64 = 50_000;
const TASKS: u64 = 50_000;
const ALERTS: u64 = 20_000;
const NOTIFICATIONS: u64 = 200_000;
const EVENTS: u64 = 1_000_000;
const CONFIG: &str = r#"
[desk]
name = "bench"
time_zone = "Europe/Berlin"

[intake]
listen = "LISTEN"

[[source]]
name = "grid"

[[channel]]
name = "spool"
kind = "spool"

[[person]]
id = "ann"
name = "Ann Lee"
role = "admin"
phone = "+49 151 23456701"

[[policy]]
name = "urgent"
steps = [{ after = "1000h", notify = ["person:ann"] }]
last_resort = { every = "1000h", notify = ["person:ann"] }

[catch_all]
policy = "urgent"
"#;

fn read<T: DeserializeOwned>(value: Value) -> Box<T> {
    Box::new(serde_json::from_value(value).unwrap())
}

pub fn partner(n: u64) -> Value {
    // One partner has a tenth of everything.
    let n = if n.is_multiple_of(10) { 0 } else { n % PARTNERS };
    json!({ "id": format!("p-{n}"), "name": format!("Partner {n} Tools") })
}

fn at(start: Timestamp, n: u64, of: u64) -> Timestamp {
    start + SignedDuration::from_secs((n * 60 * 60 * 24 * 365 / of) as i64)
}

/// The `n`th object of a kind.
fn object(kind: &str, n: u64, start: Timestamp) -> Object {
    let of = partner(n);
    let when = |total| at(start, n, total).to_string();
    match kind {
        "partner" => {
            let w = when(PARTNERS);
            Object::Partner(read(json!({ "id": format!("p-{n}"), "name": format!("Partner {n} Tools"),
                "state": "active", "created_at": w, "updated_at": w })))
        }
        "contact" => {
            let w = when(CONTACTS);
            Object::Contact(read(
                json!({ "id": format!("c-{n}"), "partner_id": format!("p-{}", n % PARTNERS),
                "name": format!("Contact {n}"), "state": "active", "active": true,
                "emails": [format!("c{n}@example.org")], "phones": [format!("+4915{:08}", n)],
                "time_zone": "Europe/Berlin", "created_at": w, "updated_at": w }),
            ))
        }
        "case" => {
            let (w, state) = (when(CASES), if n.is_multiple_of(5) { "under_review" } else { "resolved" });
            Object::Case(read(json!({ "id": format!("CASE-{n}"), "reference": format!("CASE-{n}"),
                "state": state, "partner": of, "kind": "dispute", "title": "Price dispute on an invoice",
                "description": "The invoice names another price than the order. ".repeat(4),
                "created_at": w, "updated_at": w })))
        }
        "document" => {
            let (w, state) = (when(DOCUMENTS), if n.is_multiple_of(5) { "pending" } else { "approved" });
            Object::Document(read(json!({ "id": format!("D-{n}"), "state": state, "partner": of,
                "name": format!("certificate-{n}.pdf"), "kind": "compliance_certificate",
                "created_at": w, "updated_at": w })))
        }
        "thread" => {
            let (w, state) = (when(THREADS), if n.is_multiple_of(5) { "open" } else { "answered" });
            Object::Thread(read(json!({ "id": format!("TH-{n}"), "state": state, "partner": of,
                "subject": "Where is our 856?", "kind": "question", "author": format!("c-{}", n % CONTACTS),
                "created_at": w, "updated_at": w })))
        }
        "task" => {
            let (w, state) = (when(TASKS), if n.is_multiple_of(3) { "open" } else { "done" });
            let kind = ["answer", "review", "fix", "plan"][(n % 4) as usize];
            Object::Task(read(json!({ "id": TaskId(n + 1), "state": state, "kind": kind,
                "title": "A certificate waits for its review", "partner": of, "key": format!("k-{n}"),
                "team": "grid", "owner": if n.is_multiple_of(7) { json!("ann") } else { Value::Null },
                "due_at": if n.is_multiple_of(2) { json!(w) } else { Value::Null }, "lead_at": null,
                "reminded": "lead", "created_at": w, "updated_at": w })))
        }
        "alert" => {
            let open = n + 200 > ALERTS;
            let w = when(ALERTS);
            let step = json!({ "after": "PT1000h", "notify": [] });
            Object::Alert(read(
                json!({ "id": AlertId(n + 1), "state": if open { "open" } else { "resolved" },
                "severity": "high", "partner": of, "title": "Late shipment", "kind": "late_shipment",
                "key": "", "members": [{ "event": EventId(n + 1), "id": format!("X-{n}"), "of": "exception",
                    "kind": "late_shipment", "title": "Late shipment", "severity": "high",
                    "order": format!("45{n}"), "codes": [] }],
                "at_risk": [], "policy": { "name": "urgent", "steps": [step], "last_resort": step },
                "step": 0, "rule": "urgent", "config_version": 1, "created_at": w, "updated_at": w }),
            ))
        }
        "notification" => {
            let w = when(NOTIFICATIONS);
            let state = if n.is_multiple_of(50) { "failed" } else { "delivered" };
            let contact =
                json!({ "kind": "contact", "id": format!("c-{}", n % CONTACTS), "name": "Contact" });
            let attempt = json!({ "number": 1, "state": "handed", "channel": "spool", "address": "+4915112345678",
                "started_at": w, "possible_duplicate": false, "parts": 1 });
            let alert = if n.is_multiple_of(4) {
                json!(AlertId(n * ALERTS / NOTIFICATIONS + 1))
            } else {
                Value::Null
            };
            Object::Notification(read(json!({ "id": NotificationId(n + 1), "state": state,
                "purpose": "notice", "category": "case_updates", "urgent": false, "alert": alert,
                "partner": of["id"], "recipient": contact, "medium": "email", "channel": "spool",
                "content": { "subject": "Your case", "body": "Your case moved. ".repeat(30) },
                "reason": { "rule": "cases", "via": "watcher" }, "attempts": [attempt],
                "evidence": [{ "at": w, "attempt": 1, "part": 1, "rung": "accepted", "by": "mx", "detail": "250 ok" }],
                "idempotency_key": format!("k{n}"), "config_version": 1, "created_at": w, "updated_at": w })))
        }
        _ => {
            let w = when(EVENTS);
            let state = ["handled", "quiet", "no_rule"][(n % 3) as usize];
            Object::Event(read(json!({ "id": EventId(n + 1), "state": state, "feed": "grid",
                "source": "/grid", "event_id": format!("e-{n}"), "type": "community.exception.raised",
                "data": { "order": format!("45{n}"), "said": "x".repeat(200) }, "partner": of, "severity": "low",
                "title": "Late shipment", "fingerprint": format!("{n:064}"), "config_version": 1,
                "created_at": w })))
        }
    }
}

pub async fn fill(store: &Store, start: Timestamp) {
    for (kind, many) in [
        ("partner", PARTNERS),
        ("contact", CONTACTS),
        ("case", CASES),
        ("document", DOCUMENTS),
        ("thread", THREADS),
        ("task", TASKS),
        ("alert", ALERTS),
        ("notification", NOTIFICATIONS),
        ("event", EVENTS),
    ] {
        let began = Instant::now();
        for first in (0..many).step_by(2_000) {
            let changes: Vec<Change> = (first..(first + 2_000).min(many))
                .map(|n| {
                    Change::of_partner(
                        start,
                        What::EventReceived,
                        "filled",
                        &Untrusted::from(partner(n)["id"].as_str().unwrap()),
                        object(kind, n, start),
                    )
                })
                .collect();
            store.write(move |tx| tx.apply(changes)).await.unwrap();
        }
        eprintln!("{many} × {kind} in {:.1} s", began.elapsed().as_secs_f64());
    }
    let ids = Ids {
        over: 1,
        consent: 1,
        handover: 1,
        window: 1,
        event: EVENTS + 1,
        alert: ALERTS + 1,
        notification: NOTIFICATIONS + 1,
        task: TASKS + 1,
    };
    store
        .write(move |tx| {
            tx.keep_ids(ids);
            Ok(())
        })
        .await
        .unwrap();
}

/// The agent, answering, over a filled store. It ends when dropped.
pub struct Desk {
    #[allow(dead_code, reason = "not every benchmark looks into it")]
    pub folder: PathBuf,
    #[allow(dead_code, reason = "not every benchmark asks the agent itself")]
    pub client: Client,
    agent: Child,
    _temporary: tempfile::TempDir,
}

impl Desk {
    /// In the folder that `NIGHTDESK_BENCH` names, which is filled once; else in one that goes again.
    pub async fn open(listen: &str) -> Self {
        let kept = std::env::var_os("NIGHTDESK_BENCH");
        let temporary = tempfile::tempdir().unwrap();
        let folder = kept.as_deref().map_or(temporary.path(), Path::new).to_owned();
        let filled = folder.join("state/nightdesk.db").exists();
        std::fs::create_dir_all(folder.join("state")).unwrap();
        std::fs::write(folder.join("config.toml"), CONFIG.replace("LISTEN", listen)).unwrap();
        if !filled {
            let start = Timestamp::now() - SignedDuration::from_hours(24 * 365);
            let store = Store::open(&Open::Folder(folder.join("state")), 1).unwrap();
            fill(&store, start).await;
        }
        let mut agent = agent(&folder);
        let client = Client::new(folder.join("agent.sock"));
        while client.get::<Value>("/v1/status").await.is_err() {
            assert!(
                agent.try_wait().unwrap().is_none(),
                "{}",
                std::fs::read_to_string(folder.join("agent.err")).unwrap()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // An agent that has run for years has read its history long ago.
        loop {
            let answer: Value = client.get("/v1/search?q=zeppelin").await.unwrap();
            if answer["indexed"]["behind"] == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Self { folder, client, agent, _temporary: temporary }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

fn agent(folder: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_nightdesk"))
        .args(["agent", "run", "--config"])
        .arg(folder.join("config.toml"))
        .arg("--state")
        .arg(folder.join("state"))
        .arg("--socket")
        .arg(folder.join("agent.sock"))
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(folder.join("agent.err")).unwrap())
        .spawn()
        .unwrap()
}
