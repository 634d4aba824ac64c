//! A store with things in it, and its index.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use nightdesk::core::change::{Actor, Change, Object, What};
use nightdesk::core::id::{AlertId, EventId, NotificationId, TaskId};
use nightdesk::core::person::PersonId;
use nightdesk::core::query::found::Kind;
use nightdesk::core::query::{Asking, Query, field};
use nightdesk::store::search::{Index, Question};
use nightdesk::store::{Open, Store};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::Path;

pub struct History {
    pub folder: tempfile::TempDir,
    pub store: Store,
}

pub fn now() -> Timestamp {
    "2026-11-24T02:07:00Z".parse().unwrap()
}

pub fn asking() -> Asking {
    Asking { now: now(), zone: TimeZone::UTC, me: Some("ann".to_owned()) }
}

fn read<T: DeserializeOwned>(value: Value) -> Box<T> {
    Box::new(serde_json::from_value(value).unwrap())
}

fn ago(hours: i64) -> String {
    (now() - SignedDuration::from_hours(hours)).to_string()
}

pub fn acme() -> Value {
    json!({ "id": "p-acme", "name": "Acme Tools" })
}

pub fn borg() -> Value {
    json!({ "id": "p-borg", "name": "Börg Steel" })
}

pub fn partner(of: &Value) -> Object {
    let (mut about, at) = (of.clone(), ago(100));
    (about["state"], about["created_at"], about["updated_at"]) = (json!("active"), json!(at), json!(at));
    Object::Partner(read(about))
}

pub fn event(id: u64, of: &Value, title: &str, data: Value, hours: i64) -> Object {
    Object::Event(read(json!({ "id": EventId(id), "state": "handled", "feed": "grid", "source": "/grid",
        "event_id": format!("e-{id}"), "type": "community.exception.raised", "data": data, "partner": of,
        "severity": "high", "title": title, "fingerprint": format!("{id:064}"), "config_version": 1,
        "created_at": ago(hours) })))
}

pub fn alert(id: u64, of: &Value, title: &str, state: &str, holder: Option<&str>, hours: i64) -> Object {
    let step = json!({ "after": "PT1h", "notify": [] });
    Object::Alert(read(json!({ "id": AlertId(id), "state": state, "severity": "critical", "partner": of,
        "title": title, "kind": "late_shipment", "key": "", "members": [{ "event": EventId(id),
        "id": format!("X-{id}"), "of": "exception", "kind": "late_shipment", "title": title,
        "severity": "critical", "order": format!("45001{id}"), "shipment": "88-1920", "case": "CASE-771",
        "codes": [] }], "at_risk": [{ "value": 84200.0, "currency": "EUR" }], "deadline": ago(1),
        "policy": { "name": "urgent", "steps": [step], "last_resort": step }, "step": 0, "holder": holder,
        "rule": "urgent", "config_version": 1, "created_at": ago(hours), "updated_at": ago(hours) })))
}

pub fn task(id: u64, of: &Value, title: &str, owner: Option<&str>) -> Object {
    Object::Task(read(
        json!({ "id": TaskId(id), "state": "open", "kind": "fix", "title": title, "partner": of,
        "key": format!("k-{id}"), "team": "grid", "owner": owner, "due_at": ago(-3), "created_at": ago(5),
        "updated_at": ago(5) }),
    ))
}

pub fn message(id: u64, of: &Value, to: &str, body: &str, state: &str) -> Object {
    let attempt = json!({ "number": 1, "state": "handed", "channel": "kannel", "address": "+4915112345678",
        "started_at": ago(4), "possible_duplicate": false, "parts": 1 });
    Object::Notification(read(json!({ "id": NotificationId(id), "state": state, "purpose": "notice",
        "category": "case_updates", "urgent": false, "partner": of["id"],
        "recipient": { "kind": "contact", "id": "c-1", "name": to }, "medium": "sms", "channel": "kannel",
        "content": { "subject": "", "body": body }, "reason": { "rule": "cases", "via": "watcher" },
        "attempts": [attempt], "evidence": [], "idempotency_key": format!("k{id}"), "config_version": 1,
        "created_at": ago(4), "updated_at": ago(4) })))
}

pub fn contact(id: &str, name: &str, mailbox: Option<&str>) -> Object {
    let emails: Vec<&str> = mailbox.into_iter().collect();
    Object::Contact(read(json!({ "id": id, "partner_id": "p-acme", "name": name, "state": "active",
        "active": true, "emails": emails, "created_at": ago(90), "updated_at": ago(90) })))
}

pub fn case(id: &str, of: &Value, title: &str) -> Object {
    Object::Case(read(json!({ "id": id, "reference": id, "state": "under_review", "partner": of,
        "kind": "dispute", "title": title, "description": "Der Preis für die Überseekiste stimmt nicht.",
        "created_at": ago(30), "updated_at": ago(30) })))
}

pub fn change(what: What, object: Object) -> Change {
    let partner = match &object {
        Object::Alert(alert) => Some(alert.partner.id.clone()),
        Object::Case(case) => Some(case.partner.id.clone()),
        _ => None,
    };
    let alert = match &object {
        Object::Alert(alert) => Some(alert.id),
        _ => None,
    };
    Change {
        at: now(),
        actor: Actor::Desk,
        what,
        summary: "something happened".into(),
        alert,
        partner,
        object,
    }
}

pub fn note(alert: u64, text: &str) -> Change {
    Change {
        at: now(),
        actor: Actor::Person { id: PersonId("ann".to_owned()), login: None },
        what: What::Noted,
        summary: text.into(),
        alert: Some(AlertId(alert)),
        partner: Some("p-acme".into()),
        object: Object::Nothing,
    }
}

/// A bit of everything.
pub fn night() -> Vec<Change> {
    let carrier = json!({ "exception": { "order": "4500123", "said": "Carrier waits at gate 7" } });
    vec![
        change(What::PartnerSeen, partner(&acme())),
        change(What::PartnerSeen, partner(&borg())),
        change(What::EventReceived, event(1, &acme(), "Blocked order 4500123", carrier, 50)),
        change(What::AlertRaised, alert(1, &acme(), "Blocked order", "open", None, 50)),
        change(What::AlertRaised, alert(2, &borg(), "Late shipment ×37", "open", None, 3)),
        change(
            What::AlertAcknowledged,
            alert(2, &borg(), "Late shipment ×37", "acknowledged", Some("ann"), 3),
        ),
        change(What::TaskOpened, task(1, &acme(), "A.Lopez: phone is dead", None)),
        change(
            What::NotificationQueued,
            message(1, &acme(), "Robert Ames", "Your case CASE-771 moved.", "queued"),
        ),
        change(
            What::NotificationEvidence,
            message(1, &acme(), "Robert Ames", "Your case CASE-771 moved.", "failed"),
        ),
        change(What::CaseOpened, case("CASE-771", &acme(), "Price dispute on 88-1920")),
        change(What::ContactCreated, contact("c-1", "Robert Ames", Some("r.ames@acme.example"))),
        note(1, "Called the forwarder; truck is at the ferry"),
    ]
}

impl History {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Open::Folder(folder.path().to_owned()), 1).unwrap();
        Self { folder, store }
    }

    pub async fn of(changes: Vec<Change>) -> Self {
        let history = Self::new();
        history.add(changes).await;
        history
    }

    pub async fn add(&self, changes: Vec<Change>) {
        self.store.append(changes).await.unwrap();
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn index(&self) -> Index {
        Index::open(self.path(), self.store.instance()).unwrap()
    }

    /// Returns once the index has everything.
    pub async fn caught_up(&self, index: &Index) {
        let newest = *self.store.sealed().borrow();
        index.wake();
        let mut progress = index.progress();
        progress.wait_for(|progress| progress.seq == newest && progress.trouble.is_none()).await.unwrap();
    }

    /// `kind id` of what the query finds, in order.
    pub fn find(&self, query: &str) -> Vec<String> {
        let query = Query::read(query, field::ALL).query;
        let question = Question::new(self.path()).unwrap().expect("there is an index");
        let found = question.ask(&query, &asking(), &|_| Vec::new(), 100).unwrap();
        let name = |kind: Kind, id: String| format!("{} {id}", kind.as_str());
        found.keys.into_iter().map(|key| name(key.kind, key.id)).collect()
    }

    /// Every document of the index, as it is kept, and every word of it.
    pub fn kept(&self) -> (Vec<String>, Vec<String>) {
        let index = rusqlite::Connection::open(self.path().join("search.db")).unwrap();
        let rows = |sql: &str, columns: usize| {
            let mut statement = index.prepare(sql).unwrap();
            let mut rows = statement.query([]).unwrap();
            let mut lines = Vec::new();
            while let Some(row) = rows.next().unwrap() {
                let cell = |i| format!("{:?}", row.get::<_, rusqlite::types::Value>(i).unwrap());
                lines.push((0..columns).map(cell).collect::<Vec<_>>().join(" "));
            }
            lines
        };
        let docs =
            rows("SELECT row, kind, partner, id, changed, at, due, risk, open FROM doc ORDER BY row", 9);
        index
            .execute_batch("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab (main, words, instance)")
            .unwrap();
        let words = rows("SELECT term, doc, col, offset FROM vocabulary ORDER BY 1, 2, 3, 4", 4);
        (docs, words)
    }
}
