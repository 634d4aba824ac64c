//! OpenText's messaging REST interface as its README and Postman collections have it: SMS and mail are
//! submitted as jobs, and only by its job can a message be asked after. Written from those, not from this
//! desk's code.

use super::fake_http::{FakeHttp, Request, Then};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

pub const USER: &str = "desk";
pub const PASSWORD: &str = "hush-opentext-password";
pub const CLIENT: &str = "nightdesk";
pub const CLIENT_SECRET: &str = "hush-opentext-client-secret";
/// Every token begins with it.
pub const TOKEN: &str = "hush-opentext-token-";

/// What goes wrong with the next requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// 429 and `Retry-After`.
    TooMany,
    /// 503 and `Retry-After`.
    Busy,
    Login,
    Forbidden,
    /// 400 with words.
    Refused,
    /// 404: the url is wrong.
    Nowhere,
    /// Takes it, and answers with this status.
    TakenThen(u16),
    /// Does not take it, and answers with this status.
    Down(u16),
    Silent,
    HangUp,
    Cut,
    HalfAnswer,
    Garbage,
    Page,
    Moved,
    Flood,
    /// 200 without a `job_id`.
    Nameless,
    /// The job's name is a path.
    OddName,
    /// The token that was given is no longer good: the next use of it is refused.
    TokenGone,
    /// No token is given.
    NoToken,
    /// Whoever asks for a token hears nothing.
    TokenSilent,
    /// The token's answer is somebody else's page.
    TokenPage,
    /// Status requests answer with this.
    Status(u16),
    /// Status requests answer with no JSON.
    StatusPage,
    /// The jobs are gone.
    Purged,
    /// The status of some other job comes back.
    OtherJob,
    /// The status carries somebody else's reference.
    OtherRef,
}

#[derive(Clone, Debug)]
pub struct Job {
    pub id: String,
    /// `sms` or `emails`.
    pub kind: String,
    pub body: Value,
    /// What a status shows for its one delivery.
    pub attempts: Value,
    pub events: Value,
    pub states: Value,
}

impl Job {
    pub fn to(&self) -> String {
        let destination = &self.body["destinations"][0];
        destination["sms"].as_str().or(destination["email"].as_str()).unwrap_or_default().to_owned()
    }

    pub fn text(&self) -> String {
        match self.body["sms_text"].as_str() {
            Some(text) => text.to_owned(),
            None => String::from_utf8(BASE64.decode(self.body["body"][0]["data"].as_str().unwrap()).unwrap())
                .unwrap(),
        }
    }
}

pub struct OpenText {
    pub http: FakeHttp,
    shared: Arc<Shared>,
}

struct Shared {
    fault: Mutex<Fault>,
    jobs: Mutex<Vec<Job>>,
    /// How many tokens were given, and the number of the one that is good.
    tokens: Mutex<(usize, usize)>,
    expires_in: Mutex<Value>,
}

impl OpenText {
    pub async fn start() -> Self {
        let shared = Arc::new(Shared {
            fault: Mutex::new(Fault::None),
            jobs: Mutex::default(),
            tokens: Mutex::new((0, 0)),
            expires_in: Mutex::new(json!(3600)),
        });
        let of_server = shared.clone();
        let http = FakeHttp::start(Then::Decide(Arc::new(move |request| of_server.answer(request)))).await;
        Self { http, shared }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.http.address)
    }

    pub fn fail(&self, fault: Fault) {
        *self.shared.fault.lock().unwrap() = fault;
        if fault == Fault::TokenGone {
            self.shared.tokens.lock().unwrap().1 = usize::MAX;
        }
        if fault == Fault::Cut {
            self.http.then(Then::Cut);
        } else {
            let shared = self.shared.clone();
            self.http.then(Then::Decide(Arc::new(move |request| shared.answer(request))));
        }
    }

    pub fn jobs(&self) -> Vec<Job> {
        self.shared.jobs.lock().unwrap().clone()
    }

    pub fn tokens_given(&self) -> usize {
        self.shared.tokens.lock().unwrap().0
    }

    pub fn tokens_last(&self, seconds: Value) {
        *self.shared.expires_in.lock().unwrap() = seconds;
    }

    /// What the newest job's status shows from now on.
    pub fn shows(&self, states: Value, attempts: Value, events: Value) {
        let mut jobs = self.shared.jobs.lock().unwrap();
        let job = jobs.last_mut().expect("a job");
        (job.states, job.attempts, job.events) = (states, attempts, events);
    }
}

impl Shared {
    fn answer(&self, request: &Request) -> Then {
        let fault = *self.fault.lock().unwrap();
        let path = request.target.split('?').next().unwrap_or_default();
        if path == "/oauth2/token" {
            return self.token(request, fault);
        }
        if !self.knows(request.header("authorization").unwrap_or_default()) || fault == Fault::Login {
            return tell(401, "", &json!({ "error": { "code": 401, "message": "Unauthorized" } }));
        }
        match (request.method.as_str(), path.strip_prefix("/mra/v1/outbound/")) {
            ("POST", Some(kind @ ("sms" | "emails"))) => self.submit(kind, request, fault),
            ("GET", Some("sms/status")) => self.status("sms", request, fault),
            ("GET", Some("emails/status")) => self.status("emails", request, fault),
            _ => tell(404, "", &json!({ "error": { "code": 404, "message": "Not Found" } })),
        }
    }

    fn knows(&self, login: &str) -> bool {
        let good = self.tokens.lock().unwrap().1;
        login == format!("Basic {}", BASE64.encode(format!("{USER}:{PASSWORD}")))
            || login == format!("Bearer {TOKEN}{good}")
    }

    /// RFC 6749 §4.4.
    fn token(&self, request: &Request, fault: Fault) -> Then {
        let form = String::from_utf8(request.body.clone()).unwrap();
        let login = format!("Basic {}", BASE64.encode(format!("{CLIENT}:{CLIENT_SECRET}")));
        if fault == Fault::TokenSilent {
            return Then::Hang;
        }
        if fault == Fault::TokenPage {
            return Then::Answer("200 OK", "content-type: text/html\r\n", "<html>It works!");
        }
        if request.header("authorization") != Some(&login) || fault == Fault::NoToken {
            let said = format!("{CLIENT_SECRET} is not the secret");
            return tell(401, "", &json!({ "error": "invalid_client", "error_description": said }));
        }
        if !form.contains("grant_type=client_credentials") {
            return tell(400, "", &json!({ "error": "unsupported_grant_type" }));
        }
        let mut tokens = self.tokens.lock().unwrap();
        tokens.0 += 1;
        tokens.1 = tokens.0;
        let token = format!("{TOKEN}{}", tokens.1);
        let expires = self.expires_in.lock().unwrap().clone();
        tell(200, "", &json!({ "access_token": token, "token_type": "Bearer", "expires_in": expires }))
    }

    fn submit(&self, kind: &str, request: &Request, fault: Fault) -> Then {
        let error = |message: &str| json!({ "error": { "code": 400, "message": message } });
        match fault {
            Fault::TooMany => return tell(429, "Retry-After: 90\r\n", &error("too many requests")),
            Fault::Busy => return tell(503, "Retry-After: 90\r\n", &error("busy")),
            Fault::Forbidden => return tell(403, "", &error("not for this account")),
            Fault::Refused => return tell(400, "", &error("no \u{1b}[31mthanks")),
            Fault::Nowhere => return tell(404, "", &error("Not Found")),
            Fault::Down(status) => return tell(status, "", &error("down")),
            Fault::Page => return Then::Answer("200 OK", "content-type: text/html\r\n", "<html>It works!"),
            Fault::Moved => return tell(302, "location: /elsewhere\r\n", &json!(null)),
            _ => {}
        }
        let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
            return tell(400, "", &error("the body is no JSON"));
        };
        if body["destinations"].as_array().is_none_or(|all| all.len() != 1) {
            return tell(400, "", &error("one destination is wanted here"));
        }
        let id = {
            let mut jobs = self.jobs.lock().unwrap();
            let id = format!("xsi-{}", 1_000_000 + jobs.len());
            let attempts = json!([{ "state": "Submitted", "gamma_code": 0 }]);
            let states = json!(["InProcess"]);
            jobs.push(Job {
                id: id.clone(),
                kind: kind.to_owned(),
                body,
                attempts,
                events: json!({}),
                states,
            });
            id
        };
        let answer = json!({ "job_id": id });
        match fault {
            Fault::TakenThen(status) => tell(status, "", &error("failed on the way")),
            Fault::Silent => Then::Hang,
            Fault::HangUp => Then::Close,
            Fault::HalfAnswer => {
                Then::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n{\"job_id\":\"xs".to_vec())
            }
            Fault::Garbage => Then::Raw(b"\x00\xff\x16\x03 what? 200 250 ok\r\n\r\n".to_vec()),
            Fault::Flood => Then::Flood("200 OK", 64),
            Fault::Nameless => tell(200, "", &json!({ "state": "fine" })),
            Fault::OddName => tell(200, "", &json!({ "job_id": "../../x?y=\u{1b}" })),
            _ => tell(200, "", &answer),
        }
    }

    fn status(&self, kind: &str, request: &Request, fault: Fault) -> Then {
        let query = request.query();
        let asked = query.iter().find(|(name, _)| name == "job_id").map_or("", |(_, id)| id.as_str());
        match fault {
            Fault::Status(status) => return tell(status, "", &json!({ "error": { "code": status } })),
            Fault::StatusPage => return Then::Answer("200 OK", "", "<html>It works!"),
            Fault::Silent => return Then::Hang,
            _ => {}
        }
        let jobs = self.jobs.lock().unwrap();
        let job = jobs.iter().find(|job| job.id == asked && job.kind == kind && fault != Fault::Purged);
        let Some(job) = job else {
            return tell(404, "", &json!({ "error": { "code": 404, "message": "no such job" } }));
        };
        let (address, name) = match kind {
            "sms" => ("sms", &job.body["destinations"][0]["sms"]),
            _ => ("email", &job.body["destinations"][0]["email"]),
        };
        let encoded = |value: &Value| BASE64.encode(value.as_str().unwrap_or_default());
        let reference = match fault {
            Fault::OtherRef => BASE64.encode("N7-1-aaaaaaaaaaaa"),
            _ => encoded(&job.body["destinations"][0]["ref"]),
        };
        let id = if fault == Fault::OtherJob { "xsi-1" } else { &job.id };
        tell(
            200,
            "",
            &json!({
                "job_id": id, "job_state": job.states, "entry_time": "2026-02-03T04:05:06.000Z",
                "billing_code_base64": "", "customer_reference_base64": encoded(&job.body["options"]["customer_reference"]),
                "deliveries": [{ "ref_base64": reference, address: name, "delivery_attempts": job.attempts, "events": job.events }],
            }),
        )
    }
}

fn tell(status: u16, headers: &str, body: &Value) -> Then {
    Then::Tell(format!("{status} Said"), headers.to_owned(), body.to_string())
}
