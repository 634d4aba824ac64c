//! Sends SMS and mail through OpenText's messaging REST interface ("MRA"), and asks how they fared.
//!
//! Its answer is a job, and only by that job can it be asked; a message whose answer was lost cannot be
//! looked for. Our own name rides in `ref` and `customer_reference` and comes back with the status, so that
//! no job can be taken for another's. (opentext/Cloud-Fax-and-Notifications: README and Postman collections)

mod login;
mod status;

pub use login::Login;

use super::http;
use super::named::Named;
use super::texts::{is_number, text_of};
use super::{Acceptance, Answer, Asked, Channel, Outgoing, Receipt};
use crate::core::contact::{Mailbox, Medium};
use crate::core::id::NotificationId;
use crate::core::notification::Fault;
use crate::core::sms;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use login::Door;
use reqwest::header::AUTHORIZATION;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::Mutex;

/// Jobs that one round asks about; there is one request for each.
const AT_ONCE: usize = 10;
/// How much of an answer is read.
const MAX_ANSWER: usize = 256 << 10;
/// Of the digest in our name: enough to tell two desks of one account apart.
const DIGEST: usize = 12;

/// Which service, and as whom.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Up to, and without, `/mra/v1`.
    pub url: String,
    pub login: Login,
    /// Whom a mail is from, as its reader sees it; empty for the account's own.
    pub from_name: String,
    /// Makes our names in `ref`.
    pub receipt_key: SecretString,
    /// For one request, from connecting to the last byte of the answer.
    pub timeout: Duration,
    pub connections: usize,
}

/// Why OpenText cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadSettings {
    #[error(
        "the url of OpenText must be an http or https address without /mra/v1, such as https://t2api.us.cloudmessaging.opentext.com"
    )]
    Url,
    #[error(
        "the token_url of OpenText must be an http or https address, such as https://otds.example.net/oauth2/token"
    )]
    TokenUrl,
    #[error("OpenText needs user and password, or client_id, client_secret and token_url")]
    Login,
    #[error("the receipt key is empty; without one two desks could take each other's jobs for theirs")]
    ReceiptKey,
    #[error("the HTTP client for OpenText cannot be set up: {0}")]
    Client(String),
}

/// One account.
pub struct OpenText {
    outbound: Url,
    door: Door,
    from_name: String,
    named: Named,
    client: Client,
    connections: usize,
}

impl OpenText {
    pub fn new(settings: Settings) -> Result<Self, BadSettings> {
        let Settings { url, login, from_name, receipt_key, timeout, connections } = settings;
        let base = http::parse_url(&url).ok_or(BadSettings::Url)?;
        let path = base.path().trim_end_matches('/').trim_end_matches("/mra/v1");
        let outbound = base.join(&format!("{path}/mra/v1/outbound/")).map_err(|_| BadSettings::Url)?;
        let connections = connections.max(1);
        let client = |url: &Url| http::client(url, timeout, connections).map_err(BadSettings::Client);
        let door = match login {
            Login::Basic { user, .. } if user.is_empty() => return Err(BadSettings::Login),
            Login::Basic { user, password } => Door::Basic { user, password },
            Login::Client { id, secret, .. } if id.is_empty() || secret.expose_secret().is_empty() => {
                return Err(BadSettings::Login);
            }
            Login::Client { token_url, id, secret, scope } => {
                let url = http::parse_url(&token_url).ok_or(BadSettings::TokenUrl)?;
                Door::Client { client: client(&url)?, url, id, secret, scope, token: Mutex::default() }
            }
        };
        let named = Named::new(&receipt_key).ok_or(BadSettings::ReceiptKey)?;
        let client = client(&outbound)?;
        Ok(Self { outbound, door, from_name, named, client, connections })
    }

    /// Our own name of an attempt.
    fn name(&self, id: NotificationId, attempt: u32) -> String {
        let digest: String = self.named.digest(id, attempt).chars().take(DIGEST).collect();
        format!("{id}-{attempt}-{digest}")
    }

    /// The path below `outbound/` and the body of a request.
    fn request(&self, message: &Outgoing) -> (&'static str, Value) {
        let name = self.name(message.notification, message.attempt);
        match message.medium {
            Medium::Sms => (
                "sms",
                json!({
                    "destinations": [{ "sms": message.address, "ref": name }],
                    "sms_text": text_of(message),
                    "options": { "customer_reference": name },
                    "reports": { "delivery_report": { "type": "none" } },
                }),
            ),
            Medium::Email => {
                let mut mail = json!({ "subject": message.subject.printable().as_str(), "charset": "UTF-8" });
                if !self.from_name.is_empty() {
                    mail["from_display_name"] = self.from_name.as_str().into();
                }
                let body = json!({
                    "destinations": [{ "email": message.address, "ref": name }],
                    "body": bodies(message),
                    "options": { "customer_reference": name, "email_options": mail },
                    "reports": { "delivery_report": { "type": "none" } },
                });
                ("emails", body)
            }
        }
    }

    /// Asks once, and once more with a fresh token where the old one is no longer good. A refused login
    /// proves that nothing else was done.
    async fn ask_in(&self, request: impl Fn() -> Option<RequestBuilder>) -> Result<Response, Answer> {
        let mut renewed = false;
        loop {
            let Some(request) = request() else {
                let said = "the request cannot be written".to_owned();
                return Err(Answer::Refused { said, fault: Fault::Message });
            };
            let opened = self.door.open(request).await;
            let request = opened.map_err(|said| Answer::Deferred { said, after: None })?;
            let request = request.build().map_err(http::unanswered)?;
            let used = request.headers().get(AUTHORIZATION).cloned();
            let response = self.client.execute(request).await.map_err(http::unanswered)?;
            let refused = response.status() == StatusCode::UNAUTHORIZED;
            match used.filter(|_| refused && !renewed) {
                Some(used) if self.door.renew(&used).await => renewed = true,
                _ => return Ok(response),
            }
        }
    }

    /// What the job of one message says; `Err`: whether it is of use to go on, and what went wrong.
    async fn status(&self, asked: &Asked) -> Result<Vec<Receipt>, (Further, String)> {
        let path = match asked.medium {
            Medium::Sms => "sms/status",
            Medium::Email => "emails/status",
        };
        let request = || {
            let mut url = self.outbound.join(path).ok()?;
            url.query_pairs_mut().append_pair("job_id", &asked.provider_ref);
            Some(self.client.get(url))
        };
        let response = self.ask_in(request).await.map_err(|answer| (Further::Stop, words_of(answer)))?;
        let status = response.status();
        let body = http::body(response, MAX_ANSWER).await;
        let job = http::clip(&asked.provider_ref);
        match status.as_u16() {
            200..=299 => {
                let read: status::Status = serde_json::from_slice(&body)
                    .map_err(|_| (Further::Next, format!("the status of job {job} cannot be read")))?;
                let ours = self.name(asked.notification, asked.attempt);
                status::read(&read, asked, &ours).map_err(|why| (Further::Next, why))
            }
            404 | 410 => Ok(vec![status::purged(asked)]),
            400..=428 | 430..=499 if !matches!(status.as_u16(), 401 | 403 | 408 | 425) => {
                Err((Further::Next, format!("the status of job {job} was refused: {status}")))
            }
            401 | 403 => Err((Further::Stop, format!("{status}: {REFUSED}"))),
            _ => Err((Further::Stop, format!("OpenText does not tell how jobs fare: {status}"))),
        }
    }
}

const REFUSED: &str =
    "OpenText does not let this account in; check user and password, or client_id and client_secret";

/// Whether the next job may fare better.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Further {
    Next,
    Stop,
}

#[async_trait]
impl Channel for OpenText {
    async fn send(&self, message: &Outgoing) -> Answer {
        let good = match message.medium {
            Medium::Sms => message.address.starts_with('+') && is_number(&message.address),
            Medium::Email => message.address.parse::<Mailbox>().is_ok_and(|m| m.as_str() == message.address),
        };
        if !good {
            return Answer::Refused {
                said: "the recipient is not one phone number in international form, or one mailbox".into(),
                fault: Fault::Address,
            };
        }
        let (path, body) = self.request(message);
        let request = || {
            let request = self.client.post(self.outbound.join(path).ok()?).json(&body);
            Some(request.header("x-mra-submitid", &message.idempotency_key))
        };
        match self.ask_in(request).await {
            Err(answer) => answer,
            Ok(response) => judge(response, parts(message)).await,
        }
    }

    fn asks_about(&self) -> usize {
        AT_ONCE
    }

    /// One request a job. What is heard before something fails stands; the rest is asked again.
    async fn ask(&self, about: &[Asked]) -> Result<Vec<Receipt>, String> {
        let (mut heard, mut wrong) = (Vec::new(), None);
        for asked in about.iter().take(AT_ONCE) {
            match self.status(asked).await {
                Ok(receipts) => heard.extend(receipts),
                Err((further, why)) => {
                    tracing::warn!(notification = %asked.notification, why, "a job's status was not heard");
                    wrong.get_or_insert(why);
                    if further == Further::Stop {
                        break;
                    }
                }
            }
        }
        match wrong {
            Some(why) if heard.is_empty() => Err(why),
            _ => Ok(heard),
        }
    }

    fn connections(&self) -> usize {
        self.connections
    }
}

/// The text of a mail and its page. How files go along is not documented, so that they stand in the text,
/// each under its name: nothing is left out.
fn bodies(message: &Outgoing) -> Value {
    let mut text = text_of(message);
    for file in &message.attachments {
        text = format!("{text}\n\n{}\n{}", file.name, file.text.raw());
    }
    let part = |kind: &str, name: &str, data: &str| json!({ "type": kind, "name": name, "charset": "UTF-8", "data": BASE64.encode(data) });
    let mut parts = vec![part("text", "message.txt", &text)];
    if let Some(html) = &message.html {
        parts.push(part("html", "message.html", html.raw()));
    }
    parts.into()
}

fn parts(message: &Outgoing) -> u32 {
    match message.medium {
        Medium::Sms => u32::try_from(sms::segments(&text_of(message)).parts.len()).unwrap_or(u32::MAX),
        Medium::Email => 1,
    }
}

/// What an answer to a new message means.
async fn judge(response: Response, parts: u32) -> Answer {
    let status = response.status();
    let after = http::retry_after(response.headers(), Timestamp::now());
    let body = http::body(response, MAX_ANSWER).await;
    let told: Value = serde_json::from_slice(&body).unwrap_or_default();
    let job = told["job_id"].as_str().filter(|job| is_job(job));
    let said = match job {
        Some(job) => format!("{status}, job {job}"),
        None => {
            // The shape of a refusal is not documented; these are its usual places.
            let message = ["/error/message", "/message", "/errors/0/message"];
            let message = message.iter().find_map(|place| told.pointer(place)?.as_str());
            let text = String::from_utf8_lossy(&body);
            http::clip(format!("{status} {}", message.unwrap_or(&text)).trim())
        }
    };
    match status.as_u16() {
        200..=299 => match job {
            Some(job) => Answer::Accepted(Acceptance {
                provider_ref: Some(job.to_owned()),
                names: Vec::new(),
                said,
                parts,
            }),
            None => {
                Answer::Unknown { said: format!("{said}: this is not what OpenText answers; check the url") }
            }
        },
        401 | 403 => Answer::Deferred { said: format!("{said}: {REFUSED}"), after },
        300..=399 => {
            Answer::Deferred { said: format!("{said}: the address has moved; change the url"), after }
        }
        404 | 405 => {
            Answer::Deferred { said: format!("{said}: nothing takes messages there; check the url"), after }
        }
        408 | 425 | 429 | 503 => Answer::Deferred { said, after },
        // What failed on the way may have been taken first (RFC 9110, sections 15.6.1, 15.6.3 and 15.6.5).
        500..=599 => Answer::Unknown { said },
        _ => Answer::Refused { said, fault: Fault::Message },
    }
}

/// A job's name, if it looks like one: it goes into addresses.
fn is_job(job: &str) -> bool {
    (1..=128).contains(&job.len()) && job.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
}

fn words_of(answer: Answer) -> String {
    match answer {
        Answer::Deferred { said, .. } | Answer::Later { said, .. } => said,
        Answer::Unknown { said } | Answer::Cut { said } | Answer::Refused { said, .. } => said,
        Answer::Accepted(acceptance) => acceptance.said,
    }
}
