//! The API on the Unix socket: what there is to read, and the one way to act. What is read has a
//! file each; who asks, acting and the stream are here.

mod alerts;
mod assignments;
mod cover;
mod digests;
mod handover;
mod health;
mod lists;
mod maintenance;
mod narrow;
mod oncall;
mod partners;
mod people;
mod search;
mod snapshot;
mod templates;
mod views;

pub use health::health_now;

use super::explain::{self, NotExplained};
use super::identity::{Credentials, Identified, Kernel, NotLetIn, Sessions};
use super::presence::Who;
use super::{Agent, feed};
use crate::core::change::Actor;
use crate::core::command::{Command, Outcome, Refusal, RefusalCode};
use crate::core::person::Role;
use crate::core::resend::Asked;
use crate::core::why::Explanation;
use crate::store::StoreError;
use crate::wire::person::{Looking, Viewer};
use crate::wire::{
    AppliedConfig, AskedExplain, ConfigInfo, PERSON_HEADER, PIN_HEADER, Planned, SESSION_HEADER, Together,
};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::IncomingStream;
use axum::{Extension, Json, Router};
use serde::Deserialize;
use std::str::FromStr;
use std::sync::Arc;
use tokio::net::UnixListener;

/// The system user at the other end, from the kernel; `None` when it would not say.
#[derive(Clone, Copy, Debug)]
pub struct Peer(Option<u32>);

impl Connected<IncomingStream<'_, UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        Self(stream.io().peer_cred().ok().map(|cred| cred.uid()))
    }
}

/// What the handlers share.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) agent: Arc<Agent>,
    sessions: Arc<Sessions>,
}

/// An error as problem+json (RFC 9457), with a sentence.
pub(super) struct Failure(pub(super) StatusCode, pub(super) String);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(status, detail) = self;
        let body = serde_json::json!({ "title": status.canonical_reason(), "status": status.as_u16(), "detail": detail });
        (status, [(CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
    }
}

impl From<StoreError> for Failure {
    fn from(why: StoreError) -> Self {
        tracing::error!(%why, "a request could not be answered");
        Self(StatusCode::INTERNAL_SERVER_ERROR, why.to_string())
    }
}

pub(super) fn not_found(what: &str, id: &str) -> Failure {
    let id = crate::core::text::sanitise(id);
    Failure(StatusCode::NOT_FOUND, format!("There is no {what} {id}."))
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(id: &str) -> Result<T, Failure> {
    id.parse().map_err(|why: T::Err| Failure(StatusCode::BAD_REQUEST, format!("{why}.")))
}

pub fn router(agent: Arc<Agent>) -> Router {
    let desk = Desk { agent, sessions: Arc::default() };
    Router::new()
        .route("/v1/status", get(health::status))
        .route("/v1/snapshot", get(snapshot::snapshot))
        .route("/v1/told", get(snapshot::told))
        .route("/v1/me", get(|Extension(who): Extension<Identified>| async move { Json(who.me) }))
        .route("/v1/events", get(lists::events))
        .route("/v1/events/{id}", get(lists::event))
        .route("/v1/alerts", get(lists::alerts))
        .route("/v1/alerts/{id}", get(alerts::alert))
        .route("/v1/alerts/{id}/timeline", get(alerts::timeline))
        .route("/v1/alerts/{id}/steps", get(alerts::steps))
        .route("/v1/notifications", get(lists::notifications))
        .route("/v1/notifications/{id}", get(lists::notification))
        .route("/v1/messages", get(lists::messages))
        .route("/v1/tasks", get(lists::tasks))
        .route("/v1/tasks/{id}", get(lists::task))
        .route("/v1/cases", get(lists::cases))
        .route("/v1/cases/{id}", get(lists::case))
        .route("/v1/documents", get(lists::documents))
        .route("/v1/documents/{id}", get(lists::document))
        .route("/v1/threads", get(lists::threads))
        .route("/v1/threads/{id}", get(lists::thread))
        .route("/v1/milestones", get(lists::milestones))
        .route("/v1/milestones/{id}", get(lists::milestone))
        .route("/v1/partners", get(lists::partners))
        .route("/v1/partners/{id}", get(partners::partner))
        .route("/v1/open", get(partners::open))
        .route("/v1/search", get(search::search))
        .route("/v1/views", get(views::views))
        .route("/v1/contacts", get(lists::contacts))
        .merge(super::contact_api::routes())
        .merge(people::routes())
        .route("/v1/providers", get(health::providers))
        .route("/v1/providers/{name}/probe", post(health::probe))
        .route("/v1/oncall", get(health::on_call))
        .route("/v1/cover", get(cover::inputs))
        .merge(assignments::routes())
        .merge(handover::routes())
        .merge(maintenance::routes())
        .merge(oncall::routes())
        .merge(digests::routes())
        .merge(templates::routes())
        .route("/v1/resend", post(resend))
        .route("/v1/commands", post(commands))
        .route("/v1/commands/preview", post(preview))
        .route("/v1/commands/together", post(together))
        .route("/v1/explain", post(explain_events))
        .route("/v1/looking", post(looking))
        .route("/v1/stream", get(stream))
        .route("/v1/config", get(config))
        .route("/v1/config/apply", post(apply_config))
        .fallback(|| async { Failure(StatusCode::NOT_FOUND, "There is no such page.".to_owned()) })
        .layer(axum::middleware::from_fn_with_state(desk.clone(), identify))
        .with_state(desk)
}

/// Settles who asks before anything is answered.
async fn identify(
    State(desk): State<Desk>,
    ConnectInfo(Peer(uid)): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(uid) = uid else {
        return Failure(StatusCode::FORBIDDEN, "The kernel does not say who you are.".into()).into_response();
    };
    let login = uzers::get_user_by_uid(uid)
        .map_or_else(|| format!("uid-{uid}"), |user| user.name().to_string_lossy().into_owned());
    let given = credentials(request.headers());
    let setup = desk.agent.setup();
    let own = rustix::process::geteuid().as_raw();
    let token = || {
        let random: [u8; 32] = rand::random();
        random.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let now = desk.agent.world.now();
    match desk.sessions.identify(&setup.settings, Kernel { uid, login: &login, own }, &given, token, now) {
        Ok(who) => {
            let session = who.token.as_deref().and_then(|token| HeaderValue::from_str(token).ok());
            request.extensions_mut().insert(who);
            let mut response = next.run(request).await;
            if let Some(session) = session {
                response.headers_mut().insert(SESSION_HEADER, session);
            }
            response
        }
        Err(why @ NotLetIn::TooMany) => {
            Failure(StatusCode::TOO_MANY_REQUESTS, why.to_string()).into_response()
        }
        Err(why) => Failure(StatusCode::UNAUTHORIZED, why.to_string()).into_response(),
    }
}

fn credentials(headers: &HeaderMap) -> Credentials {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Credentials { session: text(SESSION_HEADER), person: text(PERSON_HEADER), pin: text(PIN_HEADER) }
}

async fn commands(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
    Json(command): Json<Command>,
) -> Result<Json<Outcome>, Failure> {
    if who.me.pin_needed {
        let why = NotLetIn::PinNeeded(who.me.login);
        let refusal = Refusal { code: RefusalCode::NotAllowed, said: why.to_string().into(), by: None };
        return Ok(Json(Outcome::Refused { refusal }));
    }
    Ok(Json(desk.agent.command(command, who.asker()).await?))
}

/// What would become of several commands; nothing does.
async fn preview(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
    Json(asked): Json<Together>,
) -> Result<Json<Vec<Outcome>>, Failure> {
    Ok(Json(crate::agent::together::preview(&desk.agent, asked, who.asker()).await?))
}

async fn together(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
    Json(asked): Json<Together>,
) -> Result<Json<Vec<Outcome>>, Failure> {
    if who.me.pin_needed {
        return Err(Failure(StatusCode::FORBIDDEN, NotLetIn::PinNeeded(who.me.login).to_string()));
    }
    Ok(Json(crate::agent::together::command(&desk.agent, asked, who.asker()).await?))
}

/// What would leave if it were sent again; nothing does.
async fn resend(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
    Json(asked): Json<Asked>,
) -> Result<Json<Planned>, Failure> {
    Ok(Json(crate::agent::resend::plan(&desk.agent, asked, who.asker()).await?))
}

/// What would become of events, and what became of none.
async fn explain_events(
    State(desk): State<Desk>,
    Json(asked): Json<AskedExplain>,
) -> Result<Json<Explanation>, Failure> {
    explain::explain(&desk.agent, &asked.source, &asked.text).await.map(Json).map_err(|why| match why {
        NotExplained::Refused(why) => Failure(StatusCode::UNPROCESSABLE_ENTITY, why),
        NotExplained::Store(why) => why.into(),
    })
}

async fn looking(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
    Json(looking): Json<Looking>,
) -> Json<Vec<Viewer>> {
    let name = who.me.person.as_ref().map_or_else(|| who.me.login.clone(), |person| person.name.clone());
    let viewer = Who { person: who.me.person.map(|person| person.id), name };
    desk.agent.presence.looks(&looking.console, looking.alert, viewer, desk.agent.world.now());
    Json(desk.agent.presence.viewers())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedStream {
    since: Option<u64>,
    /// By which name a console says what it looks at.
    console: Option<String>,
}

async fn stream(
    State(desk): State<Desk>,
    Query(asked): Query<AskedStream>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let since = match resumed.or(asked.since) {
        Some(seq) => seq,
        None => desk.agent.store.read(|tx| tx.newest_seq()).await?,
    };
    Ok(feed::stream(desk.agent.clone(), since, asked.console.as_deref()).into_response())
}

/// Versions told of.
const VERSIONS: u32 = 20;

async fn config(State(desk): State<Desk>) -> Result<Json<ConfigInfo>, Failure> {
    let versions = desk.agent.store.read(|tx| tx.configs(VERSIONS)).await?;
    let applied = versions.into_iter();
    Ok(Json(ConfigInfo {
        file: desk.agent.config_file().to_string_lossy().into_owned(),
        note: desk.agent.config_note(),
        applied: applied
            .map(|one| AppliedConfig { version: one.version, at: one.created_at, why: one.why })
            .collect(),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedApply {
    #[serde(default)]
    why: String,
    /// The file the asker means, without links in its path; the agent's own where it is left out.
    file: Option<String>,
}

async fn apply_config(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
    Json(asked): Json<AskedApply>,
) -> Result<Response, Failure> {
    let asker = who.asker();
    if asker.role < Role::Admin {
        return Err(Failure(
            StatusCode::FORBIDDEN,
            format!("{} may not apply a configuration; an admin may.", asker.name),
        ));
    }
    if let Some(meant) = &asked.file {
        let own = desk.agent.config_file();
        let own = own.to_string_lossy();
        if *meant != own {
            let (meant, own) = (crate::core::text::sanitise(meant), crate::core::text::sanitise(&own));
            return Err(Failure(
                StatusCode::BAD_REQUEST,
                format!(
                    "Nothing was applied: you mean {meant}, but the agent was started with {own}. Give it with \
                     --config, or start the agent with yours."
                ),
            ));
        }
    }
    let why = if asked.why.trim().is_empty() { "applied by hand" } else { asked.why.as_str() };
    let actor = Actor::Person { id: asker.id, login: asker.login };
    match desk.agent.apply_file(why, actor).await {
        Ok(version) => Ok(Json(serde_json::json!({ "version": version })).into_response()),
        Err(why) => Err(Failure(StatusCode::UNPROCESSABLE_ENTITY, why.to_string())),
    }
}
