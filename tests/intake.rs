//! The intake's promise, checked over a real socket: what is right is taken, what is wrong gets the
//! 4xx that names it, and nothing makes the desk fail, hang or fall silent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use axum::Extension;
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use jiff::Timestamp;
use nightdesk::community::Received;
use nightdesk::community::intake::{
    CallbackAnswer, CallbackRequest, Desk, Feed, Limits, NotTaken, Taken, router_with,
};
use nightdesk::community::signature;
use nightdesk::core::mapping::Mapping;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const FIRST_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const SECOND_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW: i64 = 1_795_327_200;

/// The feed `foreign` maps a list of lines to exceptions.
fn mapping(feed: &str) -> Option<Arc<Mapping>> {
    let config = format!("{}\n{MAPPED_SOURCE}", nightdesk::config::DEFAULT);
    let settings = nightdesk::config::parse(&config, std::path::Path::new("config.toml")).unwrap();
    settings.sources.into_iter().find(|source| source.name == feed)?.mapping
}

const MAPPED_SOURCE: &str = r#"
[[source]]
name = "foreign"
headers = ["X-Topic"]

[[source.map]]
when = "headers['x-topic'] == 'late'"
each = "body.lines"
type = "community.exception.raised"
id = "body.file ~ '-' ~ item.no"
data.exception = { id = "item.no | string", kind = "'late_shipment'", title = "item.what", deadline = "item.due | time" }
data.partner = { id = "body.sender", name = "body.sender" }
data.severity = "item.grade | lower"
"#;

/// A desk that keeps events in memory and does what the name of the feed says.
#[derive(Default)]
struct MemoryDesk {
    kept: Mutex<HashMap<(String, String), String>>,
    unreadable: Mutex<Vec<String>>,
    not_ready: AtomicBool,
    /// Whether the feed `waiting` has an event, which it takes when told to go on.
    deciding: AtomicBool,
    go_on: tokio::sync::Notify,
}

#[async_trait::async_trait]
impl Desk for MemoryDesk {
    fn feed(&self, name: &str) -> Option<Arc<Feed>> {
        let (secrets, allowed_origins) = match name {
            "local" | "waiting" | "busy" | "failing" | "dying" => (vec![], vec![]),
            "signed" => (vec![FIRST_SECRET.into(), SECOND_SECRET.into()], vec![]),
            "foreign" => (vec![FIRST_SECRET.into()], vec![]),
            "picky" => (vec![], vec!["grid.example.com".to_owned()]),
            _ => return None,
        };
        Some(Arc::new(Feed { name: name.to_owned(), secrets, allowed_origins, mapping: mapping(name) }))
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(NOW).unwrap()
    }

    fn ready(&self) -> Result<(), String> {
        if self.not_ready.load(Ordering::SeqCst) { Err("the store is not open".to_owned()) } else { Ok(()) }
    }

    async fn accept(&self, feed: &str, events: Vec<Received>) -> Result<Taken, NotTaken> {
        match feed {
            "busy" => return Err(NotTaken::Saturated { retry_after: Duration::from_millis(2500) }),
            "failing" => return Err(NotTaken::Unavailable("disk full at /secret/path".to_owned())),
            "waiting" => {
                self.deciding.store(true, Ordering::SeqCst);
                self.go_on.notified().await;
            }
            "dying" => panic!("a decision that dies"),
            _ => {}
        }
        let mut kept = self.kept.lock().unwrap();
        let mut after = kept.clone();
        let mut taken = Taken { accepted: 0, duplicates: 0 };
        for (index, received) in events.into_iter().enumerate() {
            let key = (received.event.source.clone(), received.event.id.clone());
            match after.get(&key) {
                Some(fingerprint) if *fingerprint == received.fingerprint => taken.duplicates += 1,
                Some(_) => return Err(NotTaken::Conflict { index, id: received.event.id }),
                None => {
                    after.insert(key, received.fingerprint);
                    self.unreadable.lock().unwrap().extend(received.unreadable.into_iter().map(|e| e.field));
                    taken.accepted += 1;
                }
            }
        }
        *kept = after;
        Ok(taken)
    }

    async fn inbound(&self, _channel: &str, _callback: CallbackRequest) -> CallbackAnswer {
        CallbackAnswer { status: StatusCode::NOT_FOUND, media_type: "text/plain", text: String::new() }
    }
    async fn receipt(&self, channel: &str, callback: CallbackRequest) -> CallbackAnswer {
        let status = if channel == "kannel" { StatusCode::OK } else { StatusCode::NOT_FOUND };
        let body = String::from_utf8_lossy(&callback.body).into_owned();
        let text = format!("{} {} {:?} {body}", callback.method, callback.peer, callback.query);
        CallbackAnswer { status, media_type: "text/plain", text }
    }
}

/// A served router; it stops with the test.
struct Server {
    desk: Arc<MemoryDesk>,
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

fn serve(limits: Limits, peer: Option<SocketAddr>) -> Server {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let desk = Arc::new(MemoryDesk::default());
    let mut router = router_with(desk.clone(), limits);
    if let Some(peer) = peer {
        router = router.layer(Extension(ConnectInfo(peer)));
    }
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
    });
    Server { desk, address, _runtime: runtime }
}

/// One connection of a sender that speaks HTTP byte by byte.
struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

impl Server {
    fn connect(&self) -> Wire {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(15))).unwrap();
        stream.set_nodelay(true).unwrap();
        Wire { stream, unread: Vec::new() }
    }

    fn ask(&self, request: &Request) -> Answer {
        let mut wire = self.connect();
        wire.write(&request.bytes());
        wire.answer().unwrap_or_else(|| panic!("no answer to {request:?}"))
    }
}

impl Wire {
    fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    fn more(&mut self) -> Option<()> {
        let mut piece = [0; 65536];
        match self.stream.read(&mut piece).expect("an answer before the time is up") {
            0 => None,
            n => {
                self.unread.extend_from_slice(&piece[..n]);
                Some(())
            }
        }
    }

    fn answer(&mut self) -> Option<Answer> {
        let end = loop {
            match self.unread.windows(4).position(|w| w == b"\r\n\r\n") {
                Some(at) => break at,
                None => self.more()?,
            }
        };
        let head = String::from_utf8(self.unread[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: HashMap<String, String> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        self.unread.drain(..end + 4);
        let length = headers.get("content-length").map_or(0, |text| text.parse().unwrap());
        while self.unread.len() < length {
            self.more()?;
        }
        let body = self.unread.drain(..length).collect();
        Some(Answer { status, headers, body })
    }
}

#[derive(Clone, Debug)]
struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Request {
    fn post(path: &str) -> Self {
        Self { method: "POST", path: path.to_owned(), headers: vec![], body: vec![] }
    }

    fn method(method: &'static str, path: &str) -> Self {
        Self { method, ..Self::post(path) }
    }

    fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    fn head(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\nhost: desk\r\n", self.method, self.path).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", self.body.len()).as_bytes());
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Binary,
    Structured,
    Batch,
}

const MODES: [Mode; 3] = [Mode::Binary, Mode::Structured, Mode::Batch];

/// An event as the members of structured mode, carried in any mode.
fn carry(path: &str, mode: Mode, event: &Value) -> Request {
    let request = Request::post(path);
    match mode {
        Mode::Structured => request
            .header("content-type", "application/cloudevents+json; charset=utf-8")
            .body(event.to_string()),
        Mode::Batch => {
            let good = json!({"specversion": "1.0", "id": format!("before {}", event["id"]), "source": "/b", "type": "x"});
            request
                .header("content-type", "application/cloudevents-batch+json")
                .body(json!([good, event]).to_string())
        }
        Mode::Binary => {
            let mut request = request.header("content-type", "application/json");
            for (name, value) in event.as_object().unwrap() {
                match (name.as_str(), value) {
                    ("data", data) => request.body = data.to_string().into_bytes(),
                    ("datacontenttype", Value::String(label)) => {
                        request.headers[0].1 = label.as_bytes().to_vec();
                    }
                    (name, Value::String(text)) => {
                        request = request.header(&format!("ce-{name}"), percent(text));
                    }
                    (_, Value::Null) => {}
                    (name, other) => {
                        request = request.header(&format!("ce-{name}"), percent(&other.to_string()))
                    }
                }
            }
            request
        }
    }
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'!' | b'#'..=b'$' | b'&'..=b'~' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect()
}

#[derive(Clone, Debug)]
enum Want {
    Taken,
    /// The status, and what the problem's `field` says.
    Refused(u16, &'static str),
    /// The status, and a phrase of the problem's `detail`.
    Says(u16, &'static str),
}

struct Case {
    name: String,
    request: Request,
    want: Want,
}

/// Sends every case over connections that are kept as long as the desk keeps them.
fn check(server: &Server, cases: Vec<Case>) {
    let mut wire = server.connect();
    for Case { name, request, want } in cases {
        wire.write(&request.bytes());
        let answer =
            wire.answer().unwrap_or_else(|| panic!("{name}: the connection closed without an answer"));
        let problem = answer.json();
        match want {
            Want::Taken => assert_eq!(answer.status, 202, "{name}: {problem}"),
            Want::Refused(status, field) => {
                assert_eq!(answer.status, status, "{name}: {problem}");
                assert_eq!(problem["field"], *field, "{name}: {problem}");
                assert!(problem["detail"].as_str().unwrap().contains(field), "{name}: {problem}");
            }
            Want::Says(status, phrase) => {
                assert_eq!(answer.status, status, "{name}: {problem}");
                assert!(problem["detail"].as_str().unwrap_or_default().contains(phrase), "{name}: {problem}");
            }
        }
        if answer.status != 202 {
            assert_eq!(answer.headers["content-type"], "application/problem+json", "{name}");
            assert_eq!(problem["status"], answer.status, "{name}");
            assert!(problem["type"].is_string() && problem["title"].is_string(), "{name}");
        }
        if answer.headers.get("connection").is_some_and(|value| value == "close") {
            wire = server.connect();
        }
    }
}

/// Every native type with good data, and the paths of its required fields.
fn native_types() -> Vec<(&'static str, Value, Vec<&'static str>)> {
    let partner = json!({"id": "acme", "name": "Acme Tools", "tier": "gold", "time_zone": "Europe/Berlin"});
    let case = json!({"id": "C1", "reference": "CASE-771", "kind": "dispute", "title": "Invoice disputed",
        "amount": {"value": 12.5, "currency": "EUR"}, "deadline": "2026-11-24T06:00:00Z"});
    let document = json!({"id": "D1", "name": "cert.pdf", "kind": "compliance_certificate"});
    let post = json!({"id": "P1", "thread": "T1", "kind": "question", "subject": "Where is our 856?"});
    let exception = json!({"id": "X1", "kind": "blocked_order", "title": "Blocked order 4500123", "order": 4500123,
        "codes": [{"set": "214", "element": "AT701", "code": "SD"}]});
    let partner_paths = ["data.partner", "data.partner.id", "data.partner.name"];
    let exception_paths = [
        "data.exception",
        "data.exception.id",
        "data.exception.kind",
        "data.exception.title",
        "data.severity",
    ];
    let document_paths = ["data.document", "data.document.id", "data.document.name", "data.document.kind"];
    let post_paths = [
        "data.post",
        "data.post.id",
        "data.post.thread",
        "data.post.kind",
        "data.post.subject",
        "data.author",
        "data.author.contact_id",
    ];
    let with = |paths: &[&'static str]| [paths, &partner_paths].concat();
    vec![
        (
            "community.case.opened",
            json!({"case": case, "partner": partner, "priority": "urgent"}),
            with(&[
                "data.case",
                "data.case.id",
                "data.case.reference",
                "data.case.kind",
                "data.case.title",
                "data.priority",
            ]),
        ),
        (
            "community.case.status_changed",
            json!({"case": {"id": "C1"}, "partner": partner, "status": "approved", "note": "ok"}),
            with(&["data.case", "data.case.id", "data.status"]),
        ),
        (
            "community.document.uploaded",
            json!({"document": document, "partner": partner}),
            with(&document_paths),
        ),
        (
            "community.document.reviewed",
            json!({"document": document, "partner": partner, "outcome": "approved"}),
            with(&[&document_paths[..], &["data.outcome"]].concat()),
        ),
        (
            "community.post.created",
            json!({"post": post, "partner": partner, "author": {"contact_id": "c1"}}),
            with(&post_paths),
        ),
        (
            "community.post.answered",
            json!({"post": post, "partner": partner, "author": {"contact_id": "c1"}}),
            with(&post_paths),
        ),
        (
            "community.exception.raised",
            json!({"exception": exception, "partner": partner, "severity": "critical"}),
            with(&exception_paths),
        ),
        (
            "community.exception.cleared",
            json!({"exception": exception, "partner": partner, "severity": "low"}),
            with(&exception_paths),
        ),
        (
            "community.onboarding.milestone",
            json!({"partner": partner, "milestone": "go_live", "contacts": ["c1"]}),
            with(&["data.milestone"]),
        ),
        (
            "community.contact.changed",
            json!({"contact": {"id": "c1", "version": 3}}),
            vec!["data.contact", "data.contact.id", "data.contact.version"],
        ),
    ]
}

fn event(id: usize, kind: &str, data: Value) -> Value {
    json!({"specversion": "1.0", "id": format!("e{id}"), "source": "/orders/eu", "type": kind,
        "time": "2026-11-22T05:59:00+01:00", "data": data})
}

/// The field at `path` (`data.case.id`) set to `value`, or taken away.
fn changed(event: &Value, path: &str, value: Option<Value>) -> Value {
    let mut event = event.clone();
    let (parent, name) = match path.rsplit_once('.') {
        Some((parent, name)) => (format!("/{}", parent.replace('.', "/")), name),
        None => (String::new(), path),
    };
    let parent = event.pointer_mut(&parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => drop(parent.insert(name.to_owned(), value)),
        None => drop(parent.remove(name)),
    }
    event
}

#[test]
fn every_required_field_of_every_native_type_is_required_in_every_mode() {
    let server = serve(Limits::default(), None);
    let mut cases = Vec::new();
    for (nth, (kind, data, required)) in native_types().into_iter().enumerate() {
        for mode in MODES {
            let mut case = |what: String, event: Value, want: Want| {
                cases.push(Case {
                    name: format!("{kind} {mode:?} {what}"),
                    request: carry("/v1/events/local", mode, &event),
                    want,
                });
            };
            let id = |n: usize| n + 10 * nth + 100_000 * (mode as usize);
            case("good".into(), event(id(0), kind, data.clone()), Want::Taken);
            case(
                "no data".into(),
                changed(&event(id(1), kind, json!(1)), "data", None),
                Want::Refused(400, "data"),
            );
            for wrong in [json!([]), json!(7), json!(true), json!("{\"not\": \"parsed\"}")] {
                case(format!("data {wrong}"), event(id(2), kind, wrong), Want::Refused(400, "data"));
            }
            for path in &required {
                let good = event(id(3), kind, data.clone());
                let mut values = vec![None, Some(Value::Null), Some(json!(true)), Some(json!(["x"]))];
                let object = good.pointer(&format!("/{}", path.replace('.', "/"))).unwrap().is_object();
                values.extend(if object {
                    [Some(json!("x")), Some(json!(7))]
                } else {
                    [Some(json!("")), Some(json!({}))]
                });
                for value in values {
                    case(
                        format!("{path} = {value:?}"),
                        changed(&good, path, value),
                        Want::Refused(400, path),
                    );
                }
            }
        }
    }
    assert!(cases.len() > 1300, "{}", cases.len());
    check(&server, cases);
    assert_eq!(server.desk.kept.lock().unwrap().len(), 10 * (3 + 1), "nothing of a refused batch is kept");
}

#[test]
fn attributes_are_held_to_the_specification_in_every_mode() {
    let server = serve(Limits::default(), None);
    let good = json!({"specversion": "1.0", "id": "a", "source": "/s", "type": "com.example.x",
        "subject": "s", "time": "2026-11-22T06:00:00Z", "dataschema": "https://example.com/x", "data": {"a": 1}});
    let text = |values: &[&str]| values.iter().map(|v| Some(json!(v))).collect::<Vec<_>>();
    let mut table: Vec<(&'static str, Vec<Option<Value>>)> = vec![
        ("specversion", text(&["", "0.3", "1", "1.0.2", "1.1", "２.０"])),
        ("id", text(&["", "a\u{1b}[31mb", "a\u{0}", "\u{9f}", "\u{ffff}"])),
        ("source", text(&["", "with space", "münchen", "a%zz", "1:b", "a#b#c", "http://[x"])),
        ("type", text(&["", "a\nb"])),
        ("subject", text(&["", "bell\u{7}"])),
        (
            "time",
            text(&[
                "",
                "now",
                "2026-11-22",
                "2026-11-22 06:00:00Z",
                "2026-13-01T00:00:00Z",
                "2026-11-22T06:00:00",
            ]),
        ),
        ("dataschema", text(&["", "/relative", "not a uri", "x"])),
        ("big", text(&["\u{fdd0}"])),
    ];
    for required in ["specversion", "id", "source", "type"] {
        let row = table.iter_mut().find(|(name, _)| *name == required).unwrap();
        row.1.extend([None, Some(Value::Null)]);
    }
    let mut cases = Vec::new();
    for mode in MODES {
        for (name, values) in &table {
            for value in values {
                cases.push(Case {
                    name: format!("{mode:?} {name} = {value:?}"),
                    request: carry("/v1/events/local", mode, &changed(&good, name, value.clone())),
                    want: Want::Refused(400, name),
                });
            }
        }
        for (name, value) in [
            ("ext", json!("")),
            ("ext", json!(true)),
            ("ext", json!(-2147483648)),
            ("ext", json!(null)),
            ("subject", json!(null)),
            ("time", json!("2026-11-22t06:00:00.123456789123z")),
            ("source", json!("urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66")),
            ("sequence", json!("00042")),
            ("id", json!("Euro € 😀 \"quoted\" 50%")),
        ] {
            let changed = changed(
                &changed(&good, name, Some(value.clone())),
                "type",
                Some(json!(format!("t{}", cases.len()))),
            );
            let id = if name == "id" { value.clone() } else { json!(format!("ok{}", cases.len())) };
            let event = self::changed(&changed, "id", Some(id));
            let event = self::changed(&event, "source", Some(json!(format!("/s{}", cases.len()))));
            cases.push(Case {
                name: format!("{mode:?} {name} = {value}"),
                request: carry("/v1/events/local", mode, &event),
                want: Want::Taken,
            });
        }
    }
    for mode in [Mode::Structured, Mode::Batch] {
        for name in
            ["specversion", "id", "source", "type", "subject", "time", "dataschema", "datacontenttype"]
        {
            for wrong in [json!(7), json!(true), json!(["x"]), json!({"x": 1}), json!(1.5)] {
                cases.push(Case {
                    name: format!("{mode:?} {name} = {wrong}"),
                    request: carry("/v1/events/local", mode, &changed(&good, name, Some(wrong))),
                    want: Want::Refused(400, name),
                });
            }
        }
        for (name, value) in
            [("ext", json!(1.5)), ("ext", json!(2147483648u64)), ("ext", json!([])), ("ext", json!({}))]
        {
            let request = carry("/v1/events/local", mode, &changed(&good, name, Some(value.clone())));
            cases.push(Case {
                name: format!("{mode:?} {name} = {value}"),
                request,
                want: Want::Refused(400, "ext"),
            });
        }
        for name in ["Ext", "a_b", "a-b", "é", ""] {
            let request = carry("/v1/events/local", mode, &changed(&good, name, Some(json!("x"))));
            cases.push(Case {
                name: format!("{mode:?} name {name:?}"),
                request,
                want: Want::Says(400, "is not an attribute name"),
            });
        }
        for wrong in ["json", "application/", "a b/c"] {
            let event = changed(&good, "datacontenttype", Some(json!(wrong)));
            cases.push(Case {
                name: format!("{mode:?} datacontenttype {wrong}"),
                request: carry("/v1/events/local", mode, &event),
                want: Want::Refused(400, "datacontenttype"),
            });
        }
        for (name, data, base64) in [
            ("not base64", None, json!("a b c")),
            ("no padding", None, json!("YQ")),
            ("url alphabet", None, json!("_-8=")),
            ("not a string", None, json!(7)),
            ("beside data", Some(json!(1)), json!("YQ==")),
        ] {
            let event = changed(&changed(&good, "data", data), "data_base64", Some(base64));
            cases.push(Case {
                name: format!("{mode:?} data_base64 {name}"),
                request: carry("/v1/events/local", mode, &event),
                want: Want::Refused(400, "data_base64"),
            });
        }
    }
    check(&server, cases);
}

#[test]
fn what_only_binary_mode_can_get_wrong_is_named_too() {
    let server = serve(Limits::default(), None);
    let minimal = |id: &str| {
        Request::post("/v1/events/local")
            .header("ce-specversion", "1.0")
            .header("ce-id", id)
            .header("ce-source", "/s")
            .header("ce-type", "com.example.x")
    };
    let native = |id: &str| {
        Request::post("/v1/events/local")
            .header("ce-specversion", "1.0")
            .header("ce-id", id)
            .header("ce-source", "/s")
            .header("ce-type", "community.contact.changed")
            .body(r#"{"contact":{"id":"c","version":1}}"#)
    };
    let mut cases = Vec::new();
    let mut case =
        |name: &str, request: Request, want: Want| cases.push(Case { name: name.to_owned(), request, want });
    for bad in [
        &b"%"[..],
        b"%4",
        b"%zz",
        b"50% off",
        b"%ff",
        b"%C3%28",
        b"%ED%A0%80",
        b"\xff\xfe",
        b"%00",
        b"%1b[2J",
    ] {
        case(
            &format!("subject {bad:?}"),
            minimal("1").header("ce-subject", bad),
            Want::Refused(400, "subject"),
        );
    }
    case("twice", minimal("1").header("ce-id", "2"), Want::Refused(400, "id"));
    case("data as attribute", minimal("1").header("ce-data", "x"), Want::Refused(400, "data"));
    case("odd name", minimal("1").header("ce-my_ext", "x"), Want::Says(400, "is not an attribute name"));
    case("no name", minimal("1").header("ce-", "x"), Want::Says(400, "is not an attribute name"));
    case(
        "two labels",
        minimal("1").header("content-type", "a/b").header("ce-datacontenttype", "c/d"),
        Want::Refused(400, "datacontenttype"),
    );
    case(
        "json label",
        minimal("1").header("content-type", "application/json").body("{"),
        Want::Refused(400, "data"),
    );
    case(
        "suffix label",
        minimal("1").header("content-type", "application/x+json").body("nope"),
        Want::Refused(400, "data"),
    );
    case(
        "utf-16 label",
        minimal("1").header("content-type", "application/json; charset=utf-16").body("{}"),
        Want::Refused(400, "data"),
    );
    case(
        "twice in json",
        minimal("1").header("content-type", "application/json").body(r#"{"a":1,"a":2}"#),
        Want::Refused(400, "data"),
    );
    case(
        "native text",
        native("1").header("content-type", "text/plain").body("hello"),
        Want::Refused(400, "data"),
    );
    case("native bytes", native("1").body(vec![0xff, 0xfe]), Want::Says(400, "data"));
    case("native no label", native("n1"), Want::Taken);
    case(
        "native form label",
        native("n1").header("content-type", "application/x-www-form-urlencoded"),
        Want::Taken,
    );
    case(
        "native json label",
        native("n1").header("content-type", "application/json; charset=UTF-8"),
        Want::Taken,
    );
    case("native odd label", native("n2").header("content-type", "json"), Want::Taken);
    case("foreign without data", minimal("f1"), Want::Taken);
    case("foreign text", minimal("f2").header("content-type", "text/plain").body("hello"), Want::Taken);
    case(
        "foreign bytes",
        minimal("f3").header("content-type", "image/png").body(vec![0xff, 0, 1]),
        Want::Taken,
    );
    case("foreign no label", minimal("f4").body("{not json"), Want::Taken);
    case("foreign community.*", native("f5").header("content-type", "text/plain"), Want::Taken);
    case("quoted", minimal("f6").header("ce-subject", "\"a b\""), Want::Taken);
    check(&server, cases);
}

#[test]
fn bodies_that_are_no_json_and_types_that_are_no_cloudevents_are_refused() {
    let server = serve(Limits::default(), None);
    let structured = |body: &[u8]| {
        Request::post("/v1/events/local").header("content-type", "application/cloudevents+json").body(body)
    };
    let batch = |body: &[u8]| {
        Request::post("/v1/events/local")
            .header("content-type", "application/cloudevents-batch+json")
            .body(body)
    };
    let mut cases = Vec::new();
    let deep = [vec![b'['; 500_000], vec![b']'; 500_000]].concat();
    let nested = format!(
        r#"{{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{}{}}}"#,
        "[".repeat(70),
        "]".repeat(70)
    );
    let reserved = r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"$serde_json::private::RawValue":"[]"}}"#;
    let twice = r#"{"specversion":"1.0","id":"1","id":"2","source":"/s","type":"t"}"#;
    for body in [
        &b""[..],
        b"{",
        b"}",
        b"null",
        b"7",
        b"\"x\"",
        b"nul",
        b"{\"a\":}",
        b"{'a':1}",
        b"\xff\xfe{\x00}\x00",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\\ud800\"}",
        b"{\"a\":1e999}",
        b"{} {}",
        b"{\"a\":\"\x01\"}",
        &deep,
        nested.as_bytes(),
        reserved.as_bytes(),
        twice.as_bytes(),
    ] {
        let name: String = String::from_utf8_lossy(body).chars().take(40).collect();
        cases.push(Case {
            name: format!("structured {name}"),
            request: structured(body),
            want: Want::Refused(400, "body"),
        });
        cases.push(Case {
            name: format!("batch {name}"),
            request: batch(body),
            want: Want::Refused(400, "body"),
        });
    }
    cases.push(Case {
        name: "a list, structured".into(),
        request: structured(b"[]"),
        want: Want::Refused(400, "body"),
    });
    cases.push(Case {
        name: "an object, batch".into(),
        request: batch(b"{}"),
        want: Want::Refused(400, "body"),
    });
    cases.push(Case {
        name: "a number in a batch".into(),
        request: batch(b"[1]"),
        want: Want::Says(400, "Event 0 of the batch"),
    });
    cases.push(Case {
        name: "empty object".into(),
        request: structured(b"{}"),
        want: Want::Refused(400, "specversion"),
    });
    for kind in [
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/cloudevents",
        "application/cloudevents+xml",
        "application/cloudevents-batch",
        "application/cloudevents+json; charset=utf-16",
        "application/cloudevents+protobuf",
        "",
        "json",
        "\u{e9}",
    ] {
        let request = Request::post("/v1/events/local").header("content-type", kind).body("{}");
        cases.push(Case {
            name: format!("type {kind:?}"),
            request,
            want: Want::Says(415, "application/cloudevents+json"),
        });
    }
    cases.push(Case {
        name: "no type".into(),
        request: Request::post("/v1/events/local"),
        want: Want::Says(415, "neither"),
    });
    let gzip = structured(b"{}").header("content-encoding", "gzip");
    cases.push(Case { name: "gzip".into(), request: gzip, want: Want::Says(415, "Content-Encoding") });
    check(&server, cases);
    assert!(server.desk.kept.lock().unwrap().is_empty());
}

#[test]
fn a_repetition_is_a_duplicate_in_any_mode_and_another_event_is_a_conflict() {
    let server = serve(Limits::default(), None);
    let (kind, data, _) = native_types().remove(0);
    let one = event(1, kind, data);
    let taken = |request: &Request| server.ask(request).json();
    assert_eq!(
        taken(&carry("/v1/events/local", Mode::Binary, &one)),
        json!({"accepted": 1, "duplicates": 0})
    );
    assert_eq!(
        taken(&carry("/v1/events/local", Mode::Structured, &one)),
        json!({"accepted": 0, "duplicates": 1})
    );
    assert_eq!(taken(&carry("/v1/events/local", Mode::Batch, &one)), json!({"accepted": 1, "duplicates": 1}));
    let same_instant = changed(&one, "time", Some(json!("2026-11-22T04:59:00Z")));
    assert_eq!(taken(&carry("/v1/events/local", Mode::Binary, &same_instant))["duplicates"], 1);
    let batch = |events: Value| {
        Request::post("/v1/events/local")
            .header("content-type", "application/cloudevents-batch+json")
            .body(events.to_string())
    };
    assert_eq!(taken(&batch(json!([]))), json!({"accepted": 0, "duplicates": 0}));
    let fresh = event(2, "com.example.x", json!(1));
    assert_eq!(taken(&batch(json!([fresh, fresh]))), json!({"accepted": 1, "duplicates": 1}));

    let other = changed(&one, "data.case.title", Some(json!("Another title")));
    let newer = event(3, "com.example.x", json!(1));
    let answer = server.ask(&batch(json!([newer, other])));
    assert_eq!((answer.status, answer.json()["index"].clone()), (409, json!(1)));
    assert!(answer.json()["detail"].as_str().unwrap().contains("Event 1 of the batch (id \"e1\")"));
    assert_eq!(
        taken(&batch(json!([newer])))["accepted"],
        1,
        "nothing of the batch with the conflict was kept"
    );
    assert_eq!(server.ask(&carry("/v1/events/local", Mode::Binary, &other)).status, 409);
}

#[test]
fn an_unreadable_optional_field_never_loses_the_event() {
    let server = serve(Limits::default(), None);
    let (kind, data, _) = native_types().remove(6);
    let bad = changed(&event(1, kind, data), "data.exception.deadline", Some(json!("soon")));
    assert_eq!(server.ask(&carry("/v1/events/local", Mode::Structured, &bad)).status, 202);
    assert_eq!(*server.desk.unreadable.lock().unwrap(), ["data.exception.deadline"]);
}

#[test]
fn signatures_are_checked_against_every_secret_the_time_and_the_body() {
    let server = serve(Limits::default(), None);
    let body = event(1, "com.example.x", json!(1)).to_string();
    let sign = |secret: &str, at: i64, body: &str| {
        let at = Timestamp::from_second(at).unwrap();
        signature::sign(&SecretString::from(secret), "msg_1", at, body.as_bytes()).unwrap()
    };
    let request = |at: String, signature: &str| {
        Request::post("/v1/events/signed")
            .header("content-type", "application/cloudevents+json")
            .header("webhook-id", "msg_1")
            .header("webhook-timestamp", at)
            .header("webhook-signature", signature)
            .body(body.clone())
    };
    let good = sign(FIRST_SECRET, NOW, &body);
    let second = sign(SECOND_SECRET, NOW, &body);
    let strange = sign("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NOW, &body);
    let mut cases = vec![
        ("good", request(NOW.to_string(), &good), Want::Taken),
        ("second secret", request(NOW.to_string(), &second), Want::Taken),
        ("several", request(NOW.to_string(), &format!("v1,AAAA v1a,x {strange} {second}")), Want::Taken),
        ("oldest", request((NOW - 300).to_string(), &sign(FIRST_SECRET, NOW - 300, &body)), Want::Taken),
        ("newest", request((NOW + 300).to_string(), &sign(FIRST_SECRET, NOW + 300, &body)), Want::Taken),
        ("strange secret", request(NOW.to_string(), &strange), Want::Says(401, "no v1 signature")),
        (
            "other body",
            request(NOW.to_string(), &sign(FIRST_SECRET, NOW, "{}")),
            Want::Says(401, "no v1 signature"),
        ),
        (
            "stale",
            request((NOW - 301).to_string(), &sign(FIRST_SECRET, NOW - 301, &body)),
            Want::Says(401, "301 seconds old"),
        ),
        (
            "future",
            request((NOW + 301).to_string(), &sign(FIRST_SECRET, NOW + 301, &body)),
            Want::Says(401, "ahead"),
        ),
        (
            "replayed with a new time",
            request((NOW + 1).to_string(), &good),
            Want::Says(401, "no v1 signature"),
        ),
        ("no number", request("soon".into(), &good), Want::Says(401, "webhook-timestamp")),
        (
            "no version",
            request(NOW.to_string(), good.trim_start_matches("v1,")),
            Want::Says(401, "no v1 signature"),
        ),
        ("nonsense", request(NOW.to_string(), "v1,%%%"), Want::Says(401, "no v1 signature")),
        (
            "twice",
            request(NOW.to_string(), &good).header("webhook-id", "msg_2"),
            Want::Says(401, "webhook-id"),
        ),
        (
            "bad event",
            request(NOW.to_string(), &sign(FIRST_SECRET, NOW, "{}")).body("{}"),
            Want::Refused(400, "specversion"),
        ),
    ];
    for (at, name) in [(1, "webhook-id"), (2, "webhook-timestamp"), (3, "webhook-signature")] {
        let mut missing = request(NOW.to_string(), &good);
        missing.headers.remove(at);
        cases.push((name, missing, Want::Says(401, name)));
        let mut empty = request(NOW.to_string(), &good);
        empty.headers[at].1.clear();
        cases.push((name, empty, Want::Says(401, name)));
    }
    let cases = cases.into_iter().map(|(name, request, want)| Case { name: name.to_owned(), request, want });
    check(&server, cases.collect());
}

#[test]
fn an_unsigned_source_is_for_this_machine_only() {
    let good = carry("/v1/events/local", Mode::Binary, &event(1, "com.example.x", json!(1)));
    let server = serve(Limits::default(), None);
    for proxy in ["Forwarded", "X-Forwarded-For", "x-forwarded-proto", "X-Forwarded-Anything"] {
        let answer = server.ask(&good.clone().header(proxy, "for=127.0.0.1"));
        assert_eq!(answer.status, 401, "{proxy}");
    }
    assert_eq!(server.ask(&good).status, 202);
    for (peer, wanted) in
        [("203.0.113.7:1", 401), ("[2001:db8::1]:1", 401), ("[::1]:1", 202), ("[::ffff:127.0.0.1]:1", 202)]
    {
        let server = serve(Limits::default(), Some(peer.parse().unwrap()));
        assert_eq!(server.ask(&good).status, wanted, "{peer}");
    }
}

#[test]
fn the_limit_is_one_mebibyte_to_the_byte() {
    let server = serve(Limits::default(), None);
    let sized = |id: usize, size: usize| {
        let empty = event(id, "com.example.x", json!("")).to_string().len();
        let event = event(id, "com.example.x", json!("x".repeat(size - empty)));
        let request = carry("/v1/events/local", Mode::Structured, &event);
        assert_eq!(request.body.len(), size);
        request
    };
    assert_eq!(server.ask(&sized(1, 1_048_576)).status, 202);
    assert_eq!(server.ask(&sized(2, 1_048_577)).status, 413);

    let whole = sized(3, 1_048_576);
    for (extra, wanted) in [(0, 202), (1, 413)] {
        let mut wire = server.connect();
        wire.write(&[&whole.head()[..], b"transfer-encoding: chunked\r\n\r\n"].concat());
        for piece in [&whole.body[..], &b" ".repeat(extra)[..]].concat().chunks(100_000) {
            wire.write(format!("{:x}\r\n", piece.len()).as_bytes());
            wire.write(piece);
            wire.write(b"\r\n");
        }
        wire.write(b"0\r\n\r\n");
        assert_eq!(wire.answer().unwrap().status, wanted, "{extra} too many, in chunks");
    }
}

#[test]
fn the_413_comes_before_the_body_and_reaches_a_sender_that_never_listens_meanwhile() {
    let server = serve(Limits::default(), None);
    let head =
        Request::post("/v1/events/local").header("content-type", "application/cloudevents+json").head();

    let mut early = server.connect();
    early.write(&[&head[..], b"content-length: 50000000\r\n\r\n{"].concat());
    let answer = early.answer().unwrap();
    assert_eq!((answer.status, answer.json()["limit"].clone()), (413, json!(1_048_576)));

    let mut deaf = server.connect();
    deaf.write(&[&head[..], b"content-length: 50000000\r\n\r\n"].concat());
    let piece = vec![b'x'; 1_000_000];
    (0..50).for_each(|_| deaf.write(&piece));
    assert_eq!(deaf.answer().unwrap().status, 413);

    let mut chunked = server.connect();
    chunked.write(&[&head[..], b"transfer-encoding: chunked\r\n\r\n"].concat());
    for _ in 0..20 {
        chunked.write(format!("{:x}\r\n", piece.len()).as_bytes());
        chunked.write(&piece);
        chunked.write(b"\r\n");
    }
    assert_eq!(chunked.answer().unwrap().status, 413, "the body has not even ended");
    chunked.write(b"0\r\n\r\n");

    let refused = Request::post("/v1/events/local").header("content-type", "text/plain").head();
    let mut other = server.connect();
    other.write(&[&refused[..], b"content-length: 1000000\r\n\r\n"].concat());
    other.write(&piece);
    assert_eq!(other.answer().unwrap().status, 415, "every early answer is readable, not only 413");
    let again = carry("/v1/events/local", Mode::Structured, &event(1, "com.example.x", json!(1)));
    other.write(&again.bytes());
    assert_eq!(other.answer().unwrap().status, 202, "the connection goes on after a drained body");
}

#[test]
fn a_sender_that_asks_first_is_told_first() {
    let server = serve(Limits::default(), None);
    let good = carry("/v1/events/local", Mode::Structured, &event(1, "com.example.x", json!(1)));
    let mut wire = server.connect();
    let length = format!("expect: 100-continue\r\ncontent-length: {}\r\n\r\n", good.body.len());
    wire.write(&[&good.head()[..], length.as_bytes()].concat());
    assert_eq!(wire.answer().unwrap().status, 100);
    wire.write(&good.body);
    assert_eq!(wire.answer().unwrap().status, 202);

    let mut large = server.connect();
    large.write(&[&good.head()[..], b"expect: 100-continue\r\ncontent-length: 5000000\r\n\r\n"].concat());
    assert_eq!(large.answer().unwrap().status, 413, "and not 100 before it");
}

#[test]
fn a_body_that_stops_coming_is_given_up() {
    let limits = Limits { body_pause: Duration::from_millis(60), ..Limits::default() };
    let server = serve(limits, None);
    let good = carry("/v1/events/local", Mode::Structured, &event(1, "com.example.x", json!(1)));
    let mut wire = server.connect();
    wire.write(&good.bytes()[..good.bytes().len() - 5]);
    let answer = wire.answer().unwrap();
    assert_eq!((answer.status, answer.headers["connection"].as_str()), (408, "close"));
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert!(wire.answer().is_none(), "and the connection is closed");
}

#[test]
fn broken_chunks_are_a_bad_request() {
    let server = serve(Limits::default(), None);
    let head =
        Request::post("/v1/events/local").header("content-type", "application/cloudevents+json").head();
    let mut wire = server.connect();
    wire.write(&[&head[..], b"transfer-encoding: chunked\r\n\r\nxyz\r\n{}\r\n"].concat());
    assert_eq!(wire.answer().unwrap().status, 400);
    for nonsense in
        ["\0\0\0\r\n\r\n", "POST\r\n\r\n", "POST /v1/events/local HTTP/1.1\r\ncontent-length: x\r\n\r\n"]
    {
        let mut wire = server.connect();
        wire.write(nonsense.as_bytes());
        let status = wire.answer().map_or(400, |answer| answer.status);
        assert_eq!(status, 400, "{nonsense:?}");
    }
}

#[test]
fn more_requests_than_places_are_sent_away_for_a_second() {
    let server = serve(Limits { at_once: 1, ..Limits::default() }, None);
    let mut first = server.connect();
    let slow = carry("/v1/events/waiting", Mode::Structured, &event(1, "com.example.x", json!(1)));
    first.write(&slow.bytes());
    while !server.desk.deciding.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    let second = carry("/v1/events/local", Mode::Structured, &event(2, "com.example.x", json!(1)));
    let refused = server.ask(&second);
    assert_eq!((refused.status, refused.headers["retry-after"].as_str()), (429, "1"));
    server.desk.go_on.notify_one();
    assert_eq!(first.answer().unwrap().status, 202);
    assert_eq!(server.ask(&second).status, 202);
}

#[test]
fn a_busy_or_failing_desk_asks_the_sender_to_come_again() {
    let server = serve(Limits::default(), None);
    for (feed, status, pause) in [("busy", 429, "3"), ("failing", 503, "5"), ("dying", 503, "5")] {
        let event = event(1, "com.example.x", json!(1));
        let answer = server.ask(&carry(&format!("/v1/events/{feed}"), Mode::Binary, &event));
        assert_eq!((answer.status, answer.headers["retry-after"].as_str()), (status, pause), "{feed}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("/secret/path"));
    }
}

#[test]
fn the_web_hook_handshake_allows_without_calling_back() {
    let server = serve(Limits::default(), None);
    let ask = |feed: &str| {
        Request::method("OPTIONS", &format!("/v1/events/{feed}"))
            .header("WebHook-Request-Origin", "eventemitter.example.com")
            .header("WebHook-Request-Rate", "120")
            .header("WebHook-Request-Callback", "http://127.0.0.1:9/never")
    };
    let answer = server.ask(&ask("local"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["webhook-allowed-origin"], "eventemitter.example.com");
    assert_eq!(answer.headers["webhook-allowed-rate"], "*");
    assert_eq!(answer.headers["allow"], "POST, OPTIONS");
    let picky = server.ask(&ask("picky"));
    assert!(!picky.headers.contains_key("webhook-allowed-origin"));
    assert_eq!(server.ask(&ask("nowhere")).status, 404);
}

#[test]
fn other_addresses_and_methods_are_answered_as_problems() {
    let server = serve(Limits::default(), None);
    for (method, path, status, allow) in [
        ("GET", "/v1/events/local", 405, Some("POST, OPTIONS")),
        ("PUT", "/v1/events/local", 405, Some("POST, OPTIONS")),
        ("DELETE", "/v1/receipts/kannel", 405, Some("GET, HEAD, POST")),
        ("POST", "/healthz", 405, Some("GET, HEAD")),
        ("PATCH", "/readyz", 405, Some("GET, HEAD")),
        ("POST", "/v1/events/nowhere", 404, None),
        ("POST", "/v1/events/%FF", 404, None),
        ("POST", "/v1/events/..%2f..%2fetc", 404, None),
        ("POST", "/v1/events/", 404, None),
        ("POST", "/v1/events/local/more", 404, None),
        ("DELETE", "/v1/inbound/kannel", 405, Some("GET, HEAD, POST")),
        ("POST", "/v1/inbound/", 404, None),
        ("GET", "/", 404, None),
        ("BREW", "/v1/events/local", 405, Some("POST, OPTIONS")),
    ] {
        let answer = server.ask(&Request::method(method, path).body("x"));
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.headers.get("allow").map(String::as_str), allow, "{method} {path}");
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{method} {path}");
    }
}

#[test]
fn health_and_readiness_are_two_questions() {
    let server = serve(Limits::default(), None);
    assert_eq!(server.ask(&Request::method("GET", "/readyz")).status, 200);
    server.desk.not_ready.store(true, Ordering::SeqCst);
    let answer = server.ask(&Request::method("GET", "/readyz"));
    assert_eq!((answer.status, answer.json()["detail"].as_str()), (503, Some("the store is not open")));
    assert_eq!(server.ask(&Request::method("GET", "/healthz")).status, 200);
}

#[test]
fn callbacks_reach_the_channel_as_they_came() {
    let server = serve(Limits::default(), None);
    let got = server.ask(&Request::method("GET", "/v1/receipts/kannel?n=N1&status=8&text=a+b%2Fc&odd=%zz"));
    let text = String::from_utf8(got.body).unwrap();
    assert_eq!(got.status, 200);
    assert_eq!(text, r#"GET 127.0.0.1 {"n": "N1", "odd": "%zz", "status": "8", "text": "a b/c"} "#);
    let posted = server.ask(&Request::post("/v1/receipts/kannel").body("MessageStatus=sent"));
    assert!(String::from_utf8(posted.body).unwrap().ends_with("MessageStatus=sent"));
    assert_eq!(server.ask(&Request::post("/v1/receipts/other")).status, 404);
    assert_eq!(server.ask(&Request::post("/v1/receipts/kannel").body(vec![b'x'; 1_048_577])).status, 413);
}

#[test]
fn a_source_with_a_mapping_takes_its_own_json_and_cloudevents_under_the_same_signature() {
    let server = serve(Limits::default(), None);
    let signed = |kind: &str, body: &str| {
        let at = Timestamp::from_second(NOW).unwrap();
        let signature =
            signature::sign(&SecretString::from(FIRST_SECRET), "msg_1", at, body.as_bytes()).unwrap();
        Request::post("/v1/events/foreign")
            .header("content-type", kind)
            .header("webhook-id", "msg_1")
            .header("webhook-timestamp", NOW.to_string())
            .header("webhook-signature", signature)
            .body(body)
    };
    let line =
        |no: u32, grade: &str, due: &str| json!({"no": no, "what": "Truck late", "grade": grade, "due": due});
    let file = |lines: Vec<Value>| json!({"file": "F1", "sender": "acme", "lines": lines}).to_string();
    let mine = |body: &str| signed("application/json", body).header("X-Topic", "late");
    let accepted = |request: &Request| {
        let answer = server.ask(request);
        assert_eq!(answer.status, 202, "{}", answer.json());
        (answer.json()["accepted"].as_u64().unwrap(), answer.json()["duplicates"].as_u64().unwrap())
    };
    let two = file(vec![line(1, "HIGH", "20261124"), line(2, "low", "soon")]);
    assert_eq!(accepted(&mine(&two)), (2, 0));
    assert_eq!(*server.desk.unreadable.lock().unwrap(), ["data.exception.deadline"]);
    // The same lines in another order and envelope are the same events.
    let again = file(vec![line(2, "low", "soon"), line(1, "High", "20261124"), line(3, "low", "")]);
    assert_eq!(accepted(&mine(&again)), (1, 2));
    assert_eq!(
        accepted(&signed("application/json; charset=utf-8", &file(vec![])).header("x-topic", "late")),
        (0, 0)
    );
    let direct = event(1, "com.example.x", json!(1)).to_string();
    assert_eq!(accepted(&signed("application/cloudevents+json", &direct)), (1, 0));

    let case = |name: &str, request: Request, want: Want| Case { name: name.to_owned(), request, want };
    let other = file(vec![line(4, "low", ""), line(1, "critical", "20261124")]);
    let awful = file(vec![line(5, "low", ""), line(6, "awful", "")]);
    let mut unsigned = mine(&two);
    unsigned.headers.retain(|(name, _)| name != "webhook-signature");
    check(
        &server,
        vec![
            case("a line that says something else", mine(&other), Want::Says(409, "Event 1 of the batch")),
            case("a wrong value", mine(&awful), Want::Refused(400, "data.severity")),
            case("its expression", mine(&awful), Want::Says(400, "`item.grade | lower`")),
            case("nothing fits", signed("application/json", &two), Want::Refused(400, "body")),
            case("what was wanted", signed("application/json", &two), Want::Says(400, "headers['x-topic']")),
            case("no JSON", mine("{"), Want::Refused(400, "body")),
            case("unsigned", unsigned, Want::Says(401, "webhook-signature")),
            case(
                "XML",
                signed("text/xml", "<a/>"),
                Want::Says(415, "This source also takes application/json"),
            ),
            case("UTF-16", signed("application/json; charset=utf-16", "{}"), Want::Says(415, "Content-Type")),
            case(
                "not JSON of the format",
                signed("application/cloudevents+xml", "<a/>"),
                Want::Says(415, "only JSON"),
            ),
            case(
                "no mapping",
                Request::post("/v1/events/local").header("content-type", "application/json").body("{}"),
                Want::Says(415, "no ce- header"),
            ),
        ],
    );
    // Nothing of the refused files was taken.
    assert_eq!(accepted(&mine(&file(vec![line(4, "low", ""), line(5, "low", "")]))), (2, 0));
}
