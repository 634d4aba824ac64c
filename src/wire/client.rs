//! Talking to the agent over its Unix socket: what console and command line share.
//!
//! Every request has a connection of its own. On a local socket that costs some tens of
//! microseconds, and a request can then neither be held up by nor lost with another one. There is
//! no TLS here, so the HTTP layer is used bare: no trust store is loaded for a first frame.

use crate::core::change::Numbered;
use crate::core::command::{Command, Outcome};
use crate::core::text::{Untrusted, sanitise};
use crate::wire::person::Viewer;
use crate::wire::{Health, NOTE_HEADER, PERSON_HEADER, PIN_HEADER, SESSION_HEADER};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sse_stream::{Sse, SseByteStream};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::time::timeout;

/// How long an answer may take. The agent answers from its own store, in milliseconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// How long the stream may be silent. The agent sends a keepalive at least every 15 s.
const HEARD_WITHIN: Duration = Duration::from_secs(60);
/// No answer is larger; a snapshot is a few megabytes at most.
const LARGEST_ANSWER: usize = 64 << 20;

/// Why the agent could not be asked, or what it answered instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    #[error("no agent answers at {}", sanitise(&socket.to_string_lossy()))]
    NoAgent { socket: PathBuf },
    /// The agent answered, and the answer is no.
    #[error("{sentence}")]
    Refused { status: u16, sentence: String },
    /// The connection broke, or what came was not understood.
    #[error("{0}")]
    Broken(String),
}

/// What the live stream brings.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamItem {
    Change(Box<Numbered>),
    Health(Box<Health>),
    /// Who looks at which alert now.
    Viewers(Vec<Viewer>),
    /// The agent no longer has what followed `since`: take a new snapshot.
    Lagged,
    /// The agent is there and has nothing to say.
    Ping,
}

/// A way to one agent. Clones share the session of a shared login.
#[derive(Clone, Debug)]
pub struct Client {
    socket: Arc<Path>,
    session: Arc<Mutex<Session>>,
    may: May,
}

/// What may be asked of the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum May {
    Act,
    Look,
}

/// How the asker says who they are behind a shared login.
#[derive(Clone)]
enum Session {
    /// The kernel tells the agent all it needs.
    Login,
    /// Not used yet; the answer brings a token.
    Pin {
        person: String,
        pin: String,
    },
    Token(String),
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Session::Login => "Login",
            Session::Pin { .. } => "Pin(…)",
            Session::Token(_) => "Token(…)",
        })
    }
}

/// Percent-encoded for a path or a query (RFC 3986 unreserved characters stay).
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

impl Client {
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self { socket: socket.into().into(), session: Arc::new(Mutex::new(Session::Login)), may: May::Act }
    }

    /// The same agent, of which nothing is asked that could change anything: whatever does is refused
    /// here, before it is sent.
    pub fn read_only(self) -> Self {
        Self { may: May::Look, ..self }
    }

    /// The same agent, asked as a person behind a shared login.
    pub fn with_session(self, person: &str, pin: &str) -> Self {
        self.log_in(person, pin);
        self
    }

    /// Sends person and PIN with the next request, and its token with all that follow.
    pub fn log_in(&self, person: &str, pin: &str) {
        *self.lock() = Session::Pin { person: person.to_owned(), pin: pin.to_owned() };
    }

    /// Whether nobody listens at the socket. One that is there and not for us is no such case.
    pub async fn is_absent(&self) -> bool {
        let connected = UnixStream::connect(&*self.socket).await;
        connected.is_err_and(|error| matches!(self.unreachable(&error), LinkError::NoAgent { .. }))
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// `path` is everything after the host: `/v1/alerts?state=open`.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, LinkError> {
        let (answer, _) = self.ask(Method::GET, path, Bytes::new()).await?;
        understood(&answer)
    }

    /// The same, with what the agent has to say of its answer.
    pub async fn get_noted<T: DeserializeOwned>(&self, path: &str) -> Result<(T, Option<String>), LinkError> {
        let (answer, note) = self.ask(Method::GET, path, Bytes::new()).await?;
        Ok((understood(&answer)?, note))
    }

    pub async fn post<B: Serialize + ?Sized, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, LinkError> {
        if self.may == May::Look {
            let sentence = "Nothing was done: this is read-only, as --read-only asked for.".to_owned();
            return Err(LinkError::Refused { status: 403, sentence });
        }
        let body = serde_json::to_vec(body)
            .map_err(|error| LinkError::Broken(format!("the request could not be written: {error}")))?;
        let (answer, _) = self.ask(Method::POST, path, body.into()).await?;
        understood(&answer)
    }

    pub async fn command(&self, command: &Command) -> Result<Outcome, LinkError> {
        self.post("/v1/commands", command).await
    }

    /// The changes after `since`, as they are sealed, until the connection ends.
    pub fn stream(&self, since: u64) -> impl Stream<Item = Result<StreamItem, LinkError>> + Send + use<> {
        self.stream_of(format!("/v1/stream?since={since}"))
    }

    /// The same for a console, which says by this name what it looks at for as long as it listens.
    pub fn stream_as(
        &self,
        since: u64,
        console: &str,
    ) -> impl Stream<Item = Result<StreamItem, LinkError>> + Send + use<> {
        self.stream_of(format!("/v1/stream?since={since}&console={}", encoded(console)))
    }

    fn stream_of(&self, path: String) -> impl Stream<Item = Result<StreamItem, LinkError>> + Send + use<> {
        let client = self.clone();
        let opened = async move { client.open_stream(&path).await };
        stream::once(opened).try_flatten()
    }

    async fn open_stream(
        &self,
        path: &str,
    ) -> Result<impl Stream<Item = Result<StreamItem, LinkError>> + Send + use<>, LinkError> {
        let response = within(ANSWER_WITHIN, self.send(Method::GET, path, Bytes::new())).await?;
        if !response.status().is_success() {
            let status = response.status().as_u16();
            return Err(refused(status, &whole(response).await?));
        }
        let heard = stream::try_unfold(response.into_body(), |mut body| async move {
            loop {
                let frame = timeout(HEARD_WITHIN, body.frame())
                    .await
                    .map_err(|_| std::io::Error::new(ErrorKind::TimedOut, "nothing heard for a minute"))?;
                match frame {
                    None => return Ok(None),
                    Some(Err(error)) => return Err(std::io::Error::other(error)),
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(data) => return Ok(Some((data, body))),
                        Err(_trailers) => continue,
                    },
                }
            }
        });
        Ok(SseByteStream::new(Box::pin(heard)).map(|sse| match sse {
            Ok(sse) => item(&sse),
            Err(error) => Err(LinkError::Broken(format!("the live stream broke: {error}"))),
        }))
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(Bytes, Option<String>), LinkError> {
        within(ANSWER_WITHIN, async {
            let response = self.send(method, path, body).await?;
            let status = response.status();
            let note = response.headers().get(NOTE_HEADER).and_then(|note| note.to_str().ok());
            let note = note.map(|note| sanitise(note).into_owned());
            let answer = whole(response).await?;
            if status.is_success() { Ok((answer, note)) } else { Err(refused(status.as_u16(), &answer)) }
        })
        .await
    }

    async fn send(&self, method: Method, path: &str, body: Bytes) -> Result<Response<Incoming>, LinkError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "agent")
            .header(ACCEPT, "application/json, application/problem+json, text/event-stream")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| {
                LinkError::Broken(format!("{:?} cannot be asked for: {error}", sanitise(path)))
            })?;
        for (name, value) in self.introduction()? {
            request.headers_mut().insert(name, value);
        }
        let socket = UnixStream::connect(&*self.socket).await.map_err(|error| self.unreachable(&error))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.map_err(broken)?;
        // Ends by itself once the answer is read or dropped.
        tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(broken)?;
        if response.status() == StatusCode::UNAUTHORIZED {
            // A PIN that is wrong is not tried again by itself, and a token that has ended is dropped.
            *self.lock() = Session::Login;
        } else if let Some(token) =
            response.headers().get(SESSION_HEADER).and_then(|token| token.to_str().ok())
        {
            *self.lock() = Session::Token(token.to_owned());
        }
        Ok(response)
    }

    fn introduction(&self) -> Result<Vec<(&'static str, HeaderValue)>, LinkError> {
        let header = |name: &'static str, value: &str| {
            HeaderValue::from_str(value)
                .map(|value| (name, value))
                .map_err(|_| LinkError::Broken("person and PIN may hold only plain characters".to_owned()))
        };
        match self.lock().clone() {
            Session::Login => Ok(Vec::new()),
            Session::Pin { person, pin } => {
                Ok(vec![header(PERSON_HEADER, &person)?, header(PIN_HEADER, &pin)?])
            }
            Session::Token(token) => Ok(vec![header(SESSION_HEADER, &token)?]),
        }
    }

    fn unreachable(&self, error: &std::io::Error) -> LinkError {
        let shown = sanitise(&self.socket.to_string_lossy()).into_owned();
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => {
                LinkError::NoAgent { socket: self.socket.to_path_buf() }
            }
            ErrorKind::PermissionDenied => LinkError::Broken(format!(
                "your login may not talk to the agent at {shown}; ask for its group, or name your own socket"
            )),
            _ => LinkError::Broken(format!("the agent at {shown} cannot be reached: {error}")),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn within<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, LinkError>>,
) -> Result<T, LinkError> {
    match timeout(limit, asked).await {
        Ok(answer) => answer,
        Err(_) => Err(LinkError::Broken(format!("the agent did not answer within {} s", limit.as_secs()))),
    }
}

/// The answer in one piece of the announced length: collected as it comes, it would lie in memory twice.
async fn whole(response: Response<Incoming>) -> Result<Bytes, LinkError> {
    let mut body = Limited::new(response.into_body(), LARGEST_ANSWER);
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(LARGEST_ANSWER);
    let mut whole = Vec::with_capacity(announced.min(LARGEST_ANSWER));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| LinkError::Broken(format!("the answer broke off: {error}")))?;
        if let Some(data) = frame.data_ref() {
            whole.extend_from_slice(data);
        }
    }
    Ok(whole.into())
}

fn understood<T: DeserializeOwned>(answer: &[u8]) -> Result<T, LinkError> {
    serde_json::from_slice(answer).map_err(|error| {
        LinkError::Broken(format!(
            "the agent's answer was not understood ({}); are console and agent of the same version?",
            sanitise(&error.to_string())
        ))
    })
}

/// The sentence of a problem document (RFC 9457), or the best that can be said without one.
fn refused(status: u16, body: &[u8]) -> LinkError {
    #[derive(serde::Deserialize)]
    struct Problem {
        detail: Option<Untrusted>,
        title: Option<Untrusted>,
    }
    let problem: Option<Problem> = serde_json::from_slice(body).ok();
    let said = problem.and_then(|problem| problem.detail.or(problem.title));
    let sentence = match said {
        Some(said) => said.printable().into_string(),
        None => format!("the agent answered with status {status}"),
    };
    LinkError::Refused { status, sentence }
}

fn broken(error: hyper::Error) -> LinkError {
    LinkError::Broken(format!("the connection to the agent broke: {error}"))
}

fn item(sse: &Sse) -> Result<StreamItem, LinkError> {
    let data = sse.data.as_deref().unwrap_or_default().as_bytes();
    match sse.event.as_deref() {
        None | Some("" | "message" | "change") if !data.is_empty() => {
            understood(data).map(|change| StreamItem::Change(Box::new(change)))
        }
        Some("health") => understood(data).map(|health| StreamItem::Health(Box::new(health))),
        Some("viewers") => understood(data).map(StreamItem::Viewers),
        Some("lagged") => Ok(StreamItem::Lagged),
        // Events that a newer agent may add say nothing to this console.
        _ => Ok(StreamItem::Ping),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Json;
    use axum::http::HeaderMap;
    use axum::response::IntoResponse;
    use axum::routing::{get, post};
    use serde_json::{Value, json};

    /// Serves `router` on a socket of its own for as long as the folder lives.
    fn serve(router: axum::Router) -> (tempfile::TempDir, Client) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent.sock");
        let listener = tokio::net::UnixListener::bind(&socket).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (folder, Client::new(socket))
    }

    #[tokio::test]
    async fn reads_and_acts() {
        let (_folder, client) =
            serve(axum::Router::new().route("/v1/thing", get(|| async { Json(json!({"n": 7})) })).route(
                "/v1/commands",
                post(|| async { Json(json!({"outcome": "done", "said": "You took A1."})) }),
            ));
        let thing: Value = client.get("/v1/thing").await.unwrap();
        assert_eq!(thing["n"], 7);
        let action = crate::core::command::Action::Unack { alert: crate::core::id::AlertId(1) };
        let command = Command { id: "1".into(), action, expect: Default::default() };
        assert_eq!(client.command(&command).await.unwrap(), Outcome::Done { said: "You took A1.".into() });
    }

    #[tokio::test]
    async fn an_absent_agent_is_named_by_its_socket() {
        let client = Client::new("/nonexistent/agent.sock");
        let error = client.get::<Value>("/v1/status").await.unwrap_err();
        assert_eq!(error.to_string(), "no agent answers at /nonexistent/agent.sock");
    }

    #[tokio::test]
    async fn a_refusal_carries_the_agents_sentence_and_no_escapes() {
        let answer = || async {
            let problem = json!({"title": "Not found", "detail": "There is no alert A9\u{1b}[2J."});
            (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "application/problem+json")], problem.to_string())
                .into_response()
        };
        let (_folder, client) = serve(axum::Router::new().route("/v1/alerts/A9", get(answer)));
        let error = client.get::<Value>("/v1/alerts/A9").await.unwrap_err();
        let sentence = "There is no alert A9<U+001B>[2J.".to_owned();
        assert_eq!(error, LinkError::Refused { status: 404, sentence });
    }

    #[tokio::test]
    async fn a_shared_login_sends_its_pin_once() {
        let who = |headers: HeaderMap| async move {
            let text = |name| headers.get(name).map(|v: &HeaderValue| v.to_str().unwrap().to_owned());
            let answer = json!({"pin": text(PIN_HEADER), "session": text(SESSION_HEADER)});
            ([(SESSION_HEADER, "tok-1")], Json(answer))
        };
        let (_folder, client) = serve(axum::Router::new().route("/v1/me", get(who)));
        let client = client.with_session("maria", "4711");
        let first: Value = client.get("/v1/me").await.unwrap();
        let second: Value = client.get("/v1/me").await.unwrap();
        assert_eq!((&first["pin"], &first["session"]), (&json!("4711"), &Value::Null));
        assert_eq!((&second["pin"], &second["session"]), (&Value::Null, &json!("tok-1")));
    }

    #[tokio::test]
    async fn the_stream_brings_changes_health_and_keepalives_and_ends() {
        let body = concat!(
            ": keepalive\n\n",
            "id: 5\ndata: {\"seq\":5,\"at\":\"2026-11-24T02:07:00Z\",\"actor\":\"desk\",\"what\":\"noted\",",
            "\"summary\":\"x\",\"kind\":\"nothing\"}\n\n",
            "event: lagged\ndata: {}\n\n",
        );
        let answer = move || async move { ([(CONTENT_TYPE, "text/event-stream")], body) };
        let (_folder, client) = serve(axum::Router::new().route("/v1/stream", get(answer)));
        let items: Vec<_> = client.stream(4).collect().await;
        let seqs: Vec<_> = items
            .iter()
            .map(|item| match item {
                Ok(StreamItem::Change(change)) => change.seq,
                Ok(StreamItem::Lagged) => 0,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(seqs, [5, 0]);
    }
}
