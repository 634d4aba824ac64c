//! The API on the Unix socket: what there is to read, and the one way to act.

mod digests;

use super::explain::{self, NotExplained};
use super::identity::{Credentials, Identified, Kernel, NotLetIn, Sessions};
use super::{Agent, feed};
use crate::core::alert::Alert;
use crate::core::change::Actor;
use crate::core::command::{Command, Outcome, Refusal, RefusalCode};
use crate::core::contact::{Contact, Medium};
use crate::core::event::{Event, Severity};
use crate::core::id::{AlertId, EventId, NotificationId, TaskId};
use crate::core::notification::Notification;
use crate::core::partner::Partner;
use crate::core::person::Role;
use crate::core::task::Task;
use crate::core::why::Explanation;
use crate::store::find::{Filter, List};
use crate::store::{StoreError, Tx};
use crate::wire::{
    AlertDetail, AskedExplain, DeskInfo, Health, OnCall, PERSON_HEADER, PIN_HEADER, SESSION_HEADER, Snapshot,
    Status, StepPreview, Wake,
};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Path, Query, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::IncomingStream;
use axum::{Extension, Json, Router};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
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

pub fn router(agent: Arc<Agent>) -> Router {
    let desk = Desk { agent, sessions: Arc::default() };
    Router::new()
        .route("/v1/status", get(status))
        .route("/v1/snapshot", get(snapshot))
        .route("/v1/me", get(|Extension(who): Extension<Identified>| async move { Json(who.me) }))
        .route("/v1/events", get(events))
        .route("/v1/events/{id}", get(event))
        .route("/v1/alerts", get(alerts))
        .route("/v1/alerts/{id}", get(alert))
        .route("/v1/alerts/{id}/timeline", get(timeline))
        .route("/v1/alerts/{id}/steps", get(steps))
        .route("/v1/notifications", get(notifications))
        .route("/v1/notifications/{id}", get(notification))
        .route("/v1/tasks", get(tasks))
        .route("/v1/tasks/{id}", get(task))
        .route("/v1/partners", get(partners))
        .route("/v1/partners/{id}", get(partner))
        .route("/v1/contacts", get(contacts))
        .merge(super::contact_api::routes())
        .route("/v1/people", get(people))
        .route("/v1/providers", get(providers))
        .route("/v1/oncall", get(on_call))
        .merge(digests::routes())
        .route("/v1/commands", post(commands))
        .route("/v1/explain", post(explain_events))
        .route("/v1/stream", get(stream))
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

/// What a list may be asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Several with commas between.
    state: Option<String>,
    partner: Option<String>,
    alert: Option<String>,
    limit: Option<u32>,
}

impl Asked {
    fn filter(self, list: List) -> Result<Filter, Failure> {
        for (column, asked) in [("state", &self.state), ("partner", &self.partner), ("alert", &self.alert)] {
            if asked.is_some() && !list.has(column) {
                return Err(Failure(
                    StatusCode::BAD_REQUEST,
                    format!("This list has no {column} to filter by."),
                ));
            }
        }
        let alert = self.alert.as_deref().map(parsed::<AlertId>).transpose()?;
        let states = self.state.map(|s| s.split(',').map(str::to_owned).collect()).unwrap_or_default();
        let limit = self.limit.unwrap_or(100).clamp(1, 100_000);
        Ok(Filter { states, partner: self.partner, alert, limit })
    }
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(id: &str) -> Result<T, Failure> {
    id.parse().map_err(|why: T::Err| Failure(StatusCode::BAD_REQUEST, format!("{why}.")))
}

async fn list<T: DeserializeOwned + Serialize + Send + 'static>(
    desk: &Desk,
    list: List,
    asked: Asked,
) -> Result<Json<Vec<T>>, Failure> {
    let filter = asked.filter(list)?;
    Ok(Json(desk.agent.store.read(move |tx| tx.list(list, &filter)).await?))
}

async fn one<T: Send + 'static>(
    desk: &Desk,
    what: &str,
    id: &str,
    find: impl FnOnce(&Tx<'_>) -> Result<Option<T>, StoreError> + Send + 'static,
) -> Result<Json<T>, Failure> {
    desk.agent.store.read(find).await?.map(Json).ok_or_else(|| not_found(what, id))
}

async fn events(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Result<Json<Vec<Event>>, Failure> {
    list(&desk, List::Events, asked).await
}

async fn alerts(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Result<Json<Vec<Alert>>, Failure> {
    list(&desk, List::Alerts, asked).await
}

async fn notifications(
    State(desk): State<Desk>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<Notification>>, Failure> {
    list(&desk, List::Notifications, asked).await
}

async fn tasks(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Result<Json<Vec<Task>>, Failure> {
    list(&desk, List::Tasks, asked).await
}

async fn partners(
    State(desk): State<Desk>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<Partner>>, Failure> {
    list(&desk, List::Partners, asked).await
}

async fn contacts(
    State(desk): State<Desk>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<Contact>>, Failure> {
    list(&desk, List::Contacts, asked).await
}

async fn event(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<Event>, Failure> {
    let event: EventId = parsed(&id)?;
    one(&desk, "event", &id, move |tx| tx.event(event)).await
}

async fn notification(
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Json<Notification>, Failure> {
    let notification: NotificationId = parsed(&id)?;
    one(&desk, "notification", &id, move |tx| tx.notification(notification)).await
}

async fn task(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<Task>, Failure> {
    let task: TaskId = parsed(&id)?;
    one(&desk, "task", &id, move |tx| tx.task(task)).await
}

async fn partner(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<Partner>, Failure> {
    let key = id.clone();
    one(&desk, "partner", &id, move |tx| tx.partner(&key)).await
}

async fn alert(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<AlertDetail>, Failure> {
    let key: AlertId = parsed(&id)?;
    let found = desk
        .agent
        .store
        .read(move |tx| {
            let Some(alert) = tx.alert(key)? else { return Ok(None) };
            let events =
                tx.list(List::Events, &Filter { alert: Some(key), limit: 50, ..Filter::default() })?;
            Ok(Some((alert, tx.notifications_of(key)?, tx.timeline(key)?, events)))
        })
        .await?;
    let (alert, notifications, timeline, events) = found.ok_or_else(|| not_found("alert", &id))?;
    let steps = preview(&desk.agent, &alert);
    Ok(Json(AlertDetail { alert, notifications, timeline, events, steps }))
}

async fn timeline(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Response, Failure> {
    let key: AlertId = parsed(&id)?;
    Ok(Json(desk.agent.store.read(move |tx| tx.timeline(key)).await?).into_response())
}

async fn steps(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<Vec<StepPreview>>, Failure> {
    let key: AlertId = parsed(&id)?;
    let alert = desk.agent.store.read(move |tx| tx.alert(key)).await?;
    Ok(Json(preview(&desk.agent, &alert.ok_or_else(|| not_found("alert", &id))?)))
}

/// Whom each step would tell if it were taken now.
fn preview(agent: &Agent, alert: &Alert) -> Vec<StepPreview> {
    let setup = agent.setup();
    let desk = &setup.settings.desk;
    let now = agent.world.now();
    let steps = alert.policy.steps.iter().chain(std::iter::once(&alert.policy.last_resort));
    steps
        .enumerate()
        .map(|(i, step)| {
            let (told, _) = desk.people_behind(&step.notify, &alert.partner, now);
            let wakes = told
                .into_iter()
                .filter_map(|told| {
                    let person = desk.person(&told.person)?;
                    let media = Medium::ALL
                        .into_iter()
                        .filter(|m| person.reachable_by(*m) && desk.carrier(*m).is_some())
                        .collect();
                    Some(Wake {
                        person: person.id.clone(),
                        name: person.name.clone(),
                        time_zone: person.time_zone.clone(),
                        media,
                        via: told.via,
                    })
                })
                .collect();
            StepPreview { step: i as u32 + 1, last_resort: i == alert.policy.steps.len(), wakes }
        })
        .collect()
}

/// People with the `state` and `created_at` every object has.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    person: &'a crate::core::person::Person,
    state: &'static str,
    created_at: Timestamp,
}

async fn people(State(desk): State<Desk>) -> Response {
    let setup = desk.agent.setup();
    let created_at = desk.agent.since;
    let people: Vec<_> = setup
        .settings
        .desk
        .people
        .values()
        .map(|person| Listed { person, state: "active", created_at })
        .collect();
    Json(people).into_response()
}

async fn providers(State(desk): State<Desk>) -> Result<Response, Failure> {
    let health = health_now(&desk.agent).await?;
    let created_at = desk.agent.since;
    let listed: Vec<serde_json::Value> = health
        .channels
        .iter()
        .filter_map(|channel| {
            let mut value = serde_json::to_value(channel).ok()?;
            value["id"] = channel.name.as_str().into();
            value["created_at"] = created_at.to_string().into();
            Some(value)
        })
        .collect();
    Ok(Json(listed).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedOnCall {
    at: Option<Timestamp>,
}

async fn on_call(State(desk): State<Desk>, Query(asked): Query<AskedOnCall>) -> Json<Vec<OnCall>> {
    let at = asked.at.unwrap_or_else(|| desk.agent.world.now());
    Json(who_is_on_call(&desk.agent, at))
}

fn who_is_on_call(agent: &Agent, at: Timestamp) -> Vec<OnCall> {
    let setup = agent.setup();
    let schedules = setup.settings.desk.schedules.values();
    schedules
        .map(|schedule| {
            let turn = schedule.at(at);
            OnCall {
                schedule: schedule.name.clone(),
                person: turn.as_ref().map(|turn| turn.person.clone()),
                until: turn.as_ref().map(|turn| turn.until),
                next: turn.map(|turn| turn.next),
            }
        })
        .collect()
}

fn desk_info(agent: &Agent) -> DeskInfo {
    let setup = agent.setup();
    let desk = &setup.settings.desk;
    DeskInfo {
        name: desk.name.clone(),
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        practice: setup.settings.practice,
        time_zone: desk.time_zone.iana_name().unwrap_or("UTC").to_owned(),
        config_version: desk.version,
        config_note: agent.config_note(),
        promises: Severity::ALL.into_iter().map(|s| (s, desk.promise.for_severity(s))).collect(),
        labels: desk.labels.clone(),
        codes: desk.codes.clone(),
    }
}

/// How everything is at this moment.
pub async fn health_now(agent: &Agent) -> Result<Health, StoreError> {
    let queued = agent.store.read(|tx| tx.channels_waiting()).await?;
    let (setup, now) = (agent.setup(), agent.world.now());
    Ok(Health {
        now,
        sources: agent.vitals.sources(&setup, now),
        channels: agent.vitals.channels(&setup, &queued, agent.since),
        on_call: who_is_on_call(agent, now),
        desk: desk_info(agent),
    })
}

async fn status(State(desk): State<Desk>) -> Result<Json<Status>, Failure> {
    let agent = &desk.agent;
    let health = health_now(agent).await?;
    let (seq, open_alerts, open_tasks, queued) = agent
        .store
        .read(|tx| {
            // All that wait, those of a channel that is no longer configured included.
            let queued: u64 = tx.channels_waiting()?.iter().map(|(_, waiting)| waiting).sum();
            Ok((tx.newest_seq()?, tx.count(List::Alerts, "open")?, tx.count(List::Tasks, "open")?, queued))
        })
        .await?;
    Ok(Json(Status {
        ready: !agent.stopping.is_cancelled(),
        desk: health.desk,
        pid: std::process::id(),
        since: agent.since,
        seq,
        intake: Some(agent.setup().settings.intake.listen.to_string()),
        queued,
        sources: health.sources,
        channels: health.channels,
        open_alerts,
        open_tasks,
    }))
}

/// How many of each the first frame needs at most; older ones are fetched when looked for.
const ALERTS: u32 = 2000;
const NOTIFICATIONS: u32 = 6000;
const CONTACTS: u32 = 1000;

async fn snapshot(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
) -> Result<Json<Snapshot>, Failure> {
    let agent = &desk.agent;
    let health = health_now(agent).await?;
    let setup = agent.setup();
    let now = health.now;
    let read = agent.store.read(move |tx| {
        let filter = |states: &[&str], limit| Filter {
            states: states.iter().map(|s| (*s).to_owned()).collect(),
            limit,
            ..Filter::default()
        };
        let mut alerts: Vec<Alert> =
            tx.list(List::Alerts, &filter(&["open", "acknowledged", "snoozed"], ALERTS))?;
        let closed: Vec<Alert> = tx.list(List::Alerts, &filter(&["resolved"], 50))?;
        let day = jiff::SignedDuration::from_hours(24);
        alerts.extend(closed.into_iter().filter(|alert| now.duration_since(alert.updated_at) < day));
        let mut notifications: Vec<Notification> = Vec::new();
        // Who was told long ago matters most: the alerts that wait longest come first.
        let mut waiting: Vec<&Alert> = alerts.iter().collect();
        waiting.sort_by_key(|alert| (alert.state, alert.next_due().is_none(), alert.next_due(), alert.id));
        for alert in waiting {
            notifications.extend(tx.notifications_of(alert.id)?);
            if notifications.len() >= NOTIFICATIONS as usize {
                break;
            }
        }
        for newer in tx.list::<Notification>(List::Notifications, &filter(&[], 100))? {
            if !notifications.iter().any(|n| n.id == newer.id) {
                notifications.push(newer);
            }
        }
        Ok((
            tx.newest_seq()?,
            alerts,
            notifications,
            tx.list::<Task>(List::Tasks, &filter(&["open", "snoozed"], 500))?,
            tx.recent(100)?,
            tx.list::<Contact>(List::Contacts, &filter(&[], CONTACTS))?,
        ))
    });
    let (seq, alerts, notifications, tasks, recent, contacts) = read.await?;
    Ok(Json(Snapshot {
        seq,
        now,
        me: who.me,
        desk: health.desk,
        alerts,
        notifications,
        tasks,
        recent,
        contacts,
        people: setup.settings.desk.people.values().cloned().collect(),
        on_call: health.on_call,
        sources: health.sources,
        channels: health.channels,
    }))
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedStream {
    since: Option<u64>,
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
    Ok(feed::stream(desk.agent.clone(), since).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedApply {
    #[serde(default)]
    why: String,
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
    let why = if asked.why.trim().is_empty() { "applied by hand" } else { asked.why.as_str() };
    let actor = Actor::Person { id: asker.id, login: asker.login };
    match desk.agent.apply_file(why, actor).await {
        Ok(version) => Ok(Json(serde_json::json!({ "version": version })).into_response()),
        Err(why) => Err(Failure(StatusCode::UNPROCESSABLE_ENTITY, why.to_string())),
    }
}
