//! The door: an HTTP router that takes community events and gateways' callbacks.
//!
//! Whatever comes in is answered: 202 once the desk has it on disk, otherwise a 4xx that says what
//! is wrong. What can be refused by the headers alone is refused before a body is read.

use crate::community::body::{self, Patience, Unread};
use crate::community::cloudevents::{self, Mode};
use crate::community::linger::{self, Drain};
use crate::community::problem::{Kind, Problem};
use crate::community::received::Received;
use crate::community::signature;
use crate::community::unsubscribe::{self, Page};
use crate::core::mapping::Mapping;
use crate::core::reply::Link;
use crate::core::text::sanitise;
use async_trait::async_trait;
use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A configured source of events.
#[derive(Clone, Debug)]
pub struct Feed {
    pub name: String,
    /// Any of them may have signed; none at all means: only from this machine.
    pub secrets: Vec<SecretString>,
    /// Who may be promised deliveries in the web hook handshake; empty means anyone.
    pub allowed_origins: Vec<String>,
    /// How JSON that is no CloudEvent becomes events; without it, only CloudEvents are taken.
    pub mapping: Option<Arc<Mapping>>,
}

/// What the desk did with a request's events, all of them on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub accepted: usize,
    pub duplicates: usize,
}

/// Why the desk took none of a request's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// Another event has the same source and id.
    Conflict {
        index: usize,
        id: String,
    },
    Saturated {
        retry_after: Duration,
    },
    /// The store failed; the sentence is for the operator and does not go out.
    Unavailable(String),
}

/// A gateway's callback, for the channel to verify and read.
#[derive(Clone, Debug)]
pub struct CallbackRequest {
    pub method: Method,
    /// Path and query as they came, for signatures that cover them.
    pub uri: String,
    /// Decoded; of a name that stands twice the last value.
    pub query: BTreeMap<String, String>,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub peer: IpAddr,
}

/// What the gateway is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackAnswer {
    pub status: StatusCode,
    pub media_type: &'static str,
    pub text: String,
}

/// Prometheus exposition format 0.0.4.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The desk, as the door sees it.
#[async_trait]
pub trait Desk: Send + Sync {
    fn feed(&self, name: &str) -> Option<Arc<Feed>>;
    fn now(&self) -> Timestamp;
    /// Whether events can be taken; the error says what is missing.
    fn ready(&self) -> Result<(), String>;
    /// Takes all of the events or none, and answers when they are on disk. It runs to its end even
    /// when the sender has gone.
    async fn accept(&self, feed: &str, events: Vec<Received>) -> Result<Taken, NotTaken>;
    async fn receipt(&self, channel: &str, callback: CallbackRequest) -> CallbackAnswer;
    /// What somebody wrote back over the channel.
    async fn inbound(&self, channel: &str, callback: CallbackRequest) -> CallbackAnswer;
    /// Opens a link that a mail carried, and does what it is for where it was posted to; `None` for one that
    /// is not ours.
    async fn link(&self, _link: Link, _token: &str, _posted: bool) -> Result<Option<Page>, ()> {
        Ok(None)
    }
    /// Figures for whoever watches the desk, in Prometheus' text format; `None` where there are none.
    async fn metrics(&self) -> Option<String> {
        None
    }
}

/// What one request, and all of them together, may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub body_bytes: usize,
    /// Between two pieces of a body.
    pub body_pause: Duration,
    /// For a whole body.
    pub body_time: Duration,
    /// How many requests may be read and decided on at once.
    pub at_once: usize,
    /// For the desk's decision.
    pub decision_time: Duration,
    /// What is read and thrown away of a body after it was refused.
    pub drain_bytes: usize,
    pub drain_time: Duration,
    pub drains_at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            body_pause: Duration::from_secs(10),
            body_time: Duration::from_secs(30),
            at_once: 1024,
            decision_time: Duration::from_secs(30),
            drain_bytes: 256 << 20,
            drain_time: Duration::from_secs(20),
            drains_at_once: 128,
        }
    }
}

pub(super) struct Door {
    desk: Arc<dyn Desk>,
    limits: Limits,
    places: Arc<Semaphore>,
}

/// The intake's routes. Serve them with `into_make_service_with_connect_info::<SocketAddr>()`:
/// without the peer's address everybody is a stranger, and unsigned sources take nothing.
pub fn router(desk: Arc<dyn Desk>) -> Router {
    router_with(desk, Limits::default())
}

pub fn router_with(desk: Arc<dyn Desk>, limits: Limits) -> Router {
    let drain = Drain {
        bytes: limits.drain_bytes,
        time: limits.drain_time,
        places: Arc::new(Semaphore::new(limits.drains_at_once)),
    };
    let door = Arc::new(Door { desk, limits, places: Arc::new(Semaphore::new(limits.at_once)) });
    Router::new()
        .route("/v1/events/{source}", post(take_events).options(handshake).fallback(events_method))
        .route("/v1/receipts/{channel}", get(receipt).post(receipt).fallback(receipts_method))
        .route("/v1/inbound/{channel}", get(inbound).post(inbound).fallback(receipts_method))
        .route(
            "/v1/unsubscribe/{token}",
            get(unsubscribe::leave).post(unsubscribe::leave).fallback(receipts_method),
        )
        .route(
            "/v1/subscribe/{token}",
            get(unsubscribe::back).post(unsubscribe::back).fallback(receipts_method),
        )
        .route("/healthz", get(healthy).fallback(health_method))
        .route("/readyz", get(ready).fallback(health_method))
        .route("/metrics", get(metrics).fallback(health_method))
        .fallback(nothing_here)
        .layer(axum::middleware::from_fn_with_state(drain, linger::layer))
        .with_state(door)
}

async fn take_events(
    State(door): State<Arc<Door>>,
    source: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let feed = door.feed(source)?;
    let peer = peer(&request);
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    let claim = match feed.secrets.is_empty() {
        true => local_only(&feed, peer, headers).map(|()| None)?,
        false => Some(signature::claim(headers, door.desk.now()).map_err(not_signed)?),
    };
    door.check_size(headers)?;
    let form = form(headers, &feed)?;
    check_coding(headers)?;
    let place = door.place()?;
    let body = door.read(body).await?;
    if let Some(claim) = claim {
        claim.holds(&feed.secrets, &body).map_err(not_signed)?;
    }
    let events = match &form {
        Form::CloudEvents(mode) => Received::read(*mode, headers, &body),
        Form::Foreign(mapping) => Received::mapped(mapping, &seen(headers, mapping), &body),
    }
    .map_err(|refused| refused.problem())?;
    drop(body);
    let numbered = matches!(form, Form::CloudEvents(Mode::Batch)) || events.len() > 1;
    let taken = door.decide(&feed.name, events, numbered, place).await?;
    let answer = serde_json::json!({ "accepted": taken.accepted, "duplicates": taken.duplicates });
    Ok((StatusCode::ACCEPTED, axum::Json(answer)).into_response())
}

/// The CloudEvents web hook handshake. A callback address in the request is never fetched.
async fn handshake(
    State(door): State<Arc<Door>>,
    source: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let feed = door.feed(source)?;
    let mut answer = StatusCode::OK.into_response();
    let answers = answer.headers_mut();
    answers.insert(header::ALLOW, HeaderValue::from_static("POST, OPTIONS"));
    let Some(origin) = headers.get("webhook-request-origin") else { return Ok(answer) };
    let allowed = feed.allowed_origins.is_empty()
        || feed.allowed_origins.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(origin.as_bytes()));
    if allowed {
        answers.insert("webhook-allowed-origin", origin.clone());
        // A sender that is too fast is told so with 429, so nobody needs to be slowed beforehand.
        answers.insert("webhook-allowed-rate", HeaderValue::from_static("*"));
    }
    Ok(answer)
}

async fn receipt(
    State(door): State<Arc<Door>>,
    channel: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    callback(door, channel, request, CallbackKind::Receipt).await
}

async fn inbound(
    State(door): State<Arc<Door>>,
    channel: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    callback(door, channel, request, CallbackKind::Inbound).await
}

/// What a gateway calls for.
#[derive(Clone, Copy)]
enum CallbackKind {
    Receipt,
    Inbound,
}

async fn callback(
    door: Arc<Door>,
    channel: Result<Path<String>, PathRejection>,
    request: Request,
    kind: CallbackKind,
) -> Result<Response, Problem> {
    let Path(channel) = channel.map_err(|_| no_such("channel"))?;
    let peer = peer(&request);
    let (parts, body) = request.into_parts();
    door.check_size(&parts.headers)?;
    let place = door.place()?;
    let body = door.read(body).await?;
    let header = |(name, value): (&header::HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let callback = CallbackRequest {
        method: parts.method,
        uri: parts.uri.path_and_query().map_or_else(String::new, |uri| uri.as_str().to_owned()),
        query: query(parts.uri.query().unwrap_or_default()),
        headers: parts.headers.iter().map(header).collect(),
        body,
        peer,
    };
    let desk = door.desk.clone();
    let work = tokio::spawn(async move {
        let _place = place;
        match kind {
            CallbackKind::Receipt => desk.receipt(&channel, callback).await,
            CallbackKind::Inbound => desk.inbound(&channel, callback).await,
        }
    });
    match tokio::time::timeout(door.limits.decision_time, work).await {
        Ok(Ok(CallbackAnswer { status, media_type, text })) => {
            Ok((status, [(header::CONTENT_TYPE, media_type)], text).into_response())
        }
        Ok(Err(_)) | Err(_) => Err(unavailable()),
    }
}

/// A place for a request whose body is read and means nothing.
pub(super) async fn callback_place(door: &Door, request: Request) -> Result<OwnedSemaphorePermit, Problem> {
    door.check_size(request.headers())?;
    let place = door.place()?;
    door.read(request.into_body()).await?;
    Ok(place)
}

async fn healthy() -> &'static str {
    "ok\n"
}

async fn ready(State(door): State<Arc<Door>>) -> Result<&'static str, Problem> {
    match door.desk.ready() {
        Ok(()) => Ok("ready\n"),
        Err(why) => Err(Problem::new(Kind::Unavailable, sanitise(&why))),
    }
}

/// How the desk is doing is for this machine alone, and a proxy makes anybody look local.
async fn metrics(State(door): State<Arc<Door>>, request: Request) -> Result<Response, Problem> {
    if !peer(&request).to_canonical().is_loopback() || proxied_by(request.headers()).is_some() {
        return Err(Problem::new(Kind::NotFound, "Figures are given to this machine only."));
    }
    match door.desk.metrics().await {
        Some(text) => Ok(([(header::CONTENT_TYPE, METRICS)], text).into_response()),
        None => Err(Problem::new(Kind::Unavailable, "The figures cannot be read just now.")),
    }
}

async fn events_method() -> Problem {
    other_method("POST, OPTIONS")
}

async fn receipts_method() -> Problem {
    other_method("GET, HEAD, POST")
}

async fn health_method() -> Problem {
    other_method("GET, HEAD")
}

async fn nothing_here() -> Problem {
    Problem::new(
        Kind::NotFound,
        "Events go to /v1/events/SOURCE, gateways' receipts to /v1/receipts/CHANNEL, replies to /v1/inbound/CHANNEL.",
    )
}

impl Door {
    pub(super) fn desk(&self) -> &Arc<dyn Desk> {
        &self.desk
    }

    fn feed(&self, source: Result<Path<String>, PathRejection>) -> Result<Arc<Feed>, Problem> {
        let name = source.ok().map(|Path(name)| name);
        name.and_then(|name| self.desk.feed(&name)).ok_or_else(|| no_such("source"))
    }

    fn check_size(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        match length.and_then(|text| text.trim().parse::<u64>().ok()) {
            Some(bytes) if bytes > self.limits.body_bytes as u64 => Err(self.too_large()),
            _ => Ok(()),
        }
    }

    fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.places.clone().try_acquire_owned().map_err(|_| saturated(Duration::from_secs(1)))
    }

    async fn read(&self, body: axum::body::Body) -> Result<Vec<u8>, Problem> {
        let patience = Patience {
            bytes: self.limits.body_bytes,
            pause: self.limits.body_pause,
            whole: self.limits.body_time,
        };
        body::read(body, patience).await.map_err(|unread| match unread {
            Unread::TooLarge => self.too_large(),
            Unread::TooSlow => Problem::new(
                Kind::TooSlow,
                format!(
                    "A body is waited for {} seconds, and {} seconds for its next piece.",
                    self.limits.body_time.as_secs(),
                    self.limits.body_pause.as_secs()
                ),
            )
            .header(header::CONNECTION, HeaderValue::from_static("close")),
            Unread::Broken => {
                Problem::new(Kind::BadRequest, "The body ended early, or its chunks cannot be read.")
            }
        })
    }

    fn too_large(&self) -> Problem {
        let limit = self.limits.body_bytes;
        Problem::new(Kind::TooLarge, format!("A body may have {limit} bytes; send a batch in parts."))
            .with("limit", limit)
    }

    async fn decide(
        &self,
        feed: &str,
        events: Vec<Received>,
        numbered: bool,
        place: OwnedSemaphorePermit,
    ) -> Result<Taken, Problem> {
        let (desk, feed) = (self.desk.clone(), feed.to_owned());
        // A task of its own, so that a sender who hangs up does not stop a decision half way. It
        // keeps the place, so that a desk that hangs is soon found busy and not buried.
        let work = tokio::spawn(async move {
            let _place = place;
            desk.accept(&feed, events).await
        });
        let not_taken = match tokio::time::timeout(self.limits.decision_time, work).await {
            Ok(Ok(Ok(taken))) => return Ok(taken),
            Ok(Ok(Err(not_taken))) => not_taken,
            Ok(Err(_)) => NotTaken::Unavailable("the decision stopped half way".to_owned()),
            Err(_) => NotTaken::Unavailable("the decision takes too long".to_owned()),
        };
        Err(match not_taken {
            NotTaken::Conflict { index, id } => conflict(index, &id, numbered),
            NotTaken::Saturated { retry_after } => saturated(retry_after),
            NotTaken::Unavailable(why) => {
                tracing::error!(why = %sanitise(&why), "events could not be kept; the sender is asked to come again");
                unavailable()
            }
        })
    }
}

/// What a body is read as.
enum Form {
    CloudEvents(Mode),
    Foreign(Arc<Mapping>),
}

/// By the headers alone. JSON without `ce-` headers is the source's own where it has a mapping.
fn form(headers: &HeaderMap, feed: &Feed) -> Result<Form, Problem> {
    match (cloudevents::mode(headers), &feed.mapping) {
        (Ok(mode), _) => Ok(Form::CloudEvents(mode)),
        (Err(_), Some(mapping)) if cloudevents::is_plain_json(headers) => Ok(Form::Foreign(mapping.clone())),
        (Err(error), mapping) => {
            let also = if mapping.is_some() { " This source also takes application/json." } else { "" };
            Err(Problem::new(Kind::UnsupportedMediaType, format!("{error}{also}")))
        }
    }
}

/// The headers that the mapping's expressions may see.
fn seen(headers: &HeaderMap, mapping: &Mapping) -> BTreeMap<String, String> {
    let value = |name: &String| {
        let value = headers.get(name.as_str())?;
        Some((name.clone(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
    };
    mapping.headers().iter().filter_map(value).collect()
}

/// A source without a secret is open to this machine alone, and a proxy makes anybody look local.
fn local_only(feed: &Feed, peer: IpAddr, headers: &HeaderMap) -> Result<(), Problem> {
    let name = sanitise(&feed.name);
    if !peer.to_canonical().is_loopback() {
        let detail = format!("The source {name} has no secret, so it takes events from this machine only.");
        return Err(Problem::new(Kind::NotSigned, detail));
    }
    match proxied_by(headers) {
        Some(header) => Err(Problem::new(
            Kind::NotSigned,
            format!("The source {name} has no secret, so it takes nothing through a proxy ({header})."),
        )),
        None => Ok(()),
    }
}

/// The header by which a proxy says that it passed the request on.
fn proxied_by(headers: &HeaderMap) -> Option<&HeaderName> {
    headers.keys().find(|name| *name == header::FORWARDED || name.as_str().starts_with("x-forwarded-"))
}

/// Bodies are read as they come; a compressed one would look like bad JSON.
fn check_coding(headers: &HeaderMap) -> Result<(), Problem> {
    let coding = headers.get_all(header::CONTENT_ENCODING).iter();
    let coded = coding.into_iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if coded {
        return Err(Problem::new(Kind::UnsupportedMediaType, "Send the body without a Content-Encoding."));
    }
    Ok(())
}

/// The peer, or an address that is nobody's when the server did not say.
fn peer(request: &Request) -> IpAddr {
    let info = request.extensions().get::<ConnectInfo<SocketAddr>>();
    info.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip())
}

fn not_signed(error: signature::NotSigned) -> Problem {
    Problem::new(Kind::NotSigned, error.to_string())
}

fn conflict(index: usize, id: &str, numbered: bool) -> Problem {
    let id: String = sanitise(id).chars().take(120).collect();
    let which = match numbered {
        true => format!("Event {index} of the batch (id {id:?})"),
        false => format!("The event (id {id:?})"),
    };
    let detail =
        format!("{which} has the source and id of another event, with other content. Nothing was taken.");
    Problem::new(Kind::Conflict, detail).with("index", index).with("event_id", id)
}

fn saturated(pause: Duration) -> Problem {
    Problem::new(Kind::Saturated, "The desk has as much to do as it can; send the same again later.")
        .retry_after(pause)
}

fn unavailable() -> Problem {
    Problem::new(Kind::Unavailable, "The events were not taken; send the same again later.")
        .retry_after(Duration::from_secs(5))
}

fn no_such(what: &str) -> Problem {
    Problem::new(Kind::NotFound, format!("No {what} of this name is configured."))
}

fn other_method(allowed: &'static str) -> Problem {
    Problem::new(Kind::MethodNotAllowed, format!("Allowed here: {allowed}."))
        .header(header::ALLOW, HeaderValue::from_static(allowed))
}

/// Reads a query as forms write it. Gateways fill in what they like, so nothing is refused: what is
/// no escape stays as it is, and what is not UTF-8 becomes U+FFFD.
fn query(text: &str) -> BTreeMap<String, String> {
    let decode = |part: &str| {
        let mut bytes = Vec::with_capacity(part.len());
        let mut rest = part.as_bytes();
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            let digit = |at: usize| after.get(at).and_then(|b| char::from(*b).to_digit(16));
            match (byte, digit(0), digit(1)) {
                (b'+', ..) => bytes.push(b' '),
                (b'%', Some(high), Some(low)) => {
                    bytes.push((high * 16 + low) as u8);
                    rest = &after[2..];
                }
                _ => bytes.push(byte),
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_however_badly_it_is_escaped() {
        let read = query("n=12&status=8&text=id%3A1+stat%3aDELIVRD&odd=100%&x=%zz&y=%ff&flag&&n=13");
        let pairs: Vec<_> = read.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("flag", ""),
                ("n", "13"),
                ("odd", "100%"),
                ("status", "8"),
                ("text", "id:1 stat:DELIVRD"),
                ("x", "%zz"),
                ("y", "\u{fffd}"),
            ]
        );
    }
}
