//! Hand-overs, and the sheet as it is at this moment.

use super::health::health_now;
use super::{Desk, Failure, not_found, parsed};
use crate::agent::handover::{known, loaded};
use crate::agent::identity::Identified;
use crate::core::handover::{self, Handover, HandoverState, Sheet};
use crate::core::id::HandoverId;
use crate::core::person::PersonId;
use crate::wire::{HandoverDetail, OwnHandover};
use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde::Deserialize;

/// Listed unless another limit is asked for.
const USUAL: u32 = 100;
/// Listed at most.
const MOST: u32 = 1000;

pub(super) fn routes() -> Router<Desk> {
    Router::new()
        .route("/v1/handover", get(sheet))
        .route("/v1/handover/own", get(own))
        .route("/v1/handovers", get(list))
        .route("/v1/handovers/{id}", get(show))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    schedule: Option<String>,
}

async fn sheet(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Result<Json<Sheet>, Failure> {
    Ok(Json(sheet_of(&desk, asked.schedule).await?))
}

async fn sheet_of(desk: &Desk, schedule: Option<String>) -> Result<Sheet, Failure> {
    let setup = desk.agent.setup();
    let settings = &setup.settings.desk;
    if let Some(name) = schedule.as_ref().filter(|name| !settings.schedules.contains_key(*name)) {
        return Err(not_found("schedule", name));
    }
    let health = health_now(&desk.agent).await?;
    let now = health.now;
    let known = desk.agent.store.read(move |tx| known(tx, &health)).await?;
    Ok(handover::sheet(settings, schedule.as_deref(), known, now))
}

/// The hand-over that concerns the asker most, with its sheet.
async fn own(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
) -> Result<Json<OwnHandover>, Failure> {
    let me = who.asker().id;
    let live = desk.agent.store.read(|tx| tx.live_handovers()).await?;
    let handover = live.into_iter().filter_map(|one| Some((nearness(&one, &me)?, one)));
    let handover = handover.min_by_key(|(near, one)| (*near, one.at.is_none(), one.at, one.id));
    let handover = handover.map(|(_, one)| one);
    let sheet = sheet_of(&desk, handover.as_ref().map(|one| one.schedule.clone())).await?;
    Ok(Json(OwnHandover { handover, sheet }))
}

/// What waits for the asker comes first, then what they give, what others give, and what is theirs to give
/// later; nothing else concerns them.
fn nearness(one: &Handover, me: &PersonId) -> Option<u8> {
    let mine = one.outgoing.contains(me);
    match one.state {
        HandoverState::Open if one.incoming.contains(me) => Some(0),
        HandoverState::Open if mine => Some(1),
        HandoverState::Open => Some(2),
        HandoverState::Ahead if mine => Some(3),
        HandoverState::Ahead if one.incoming.contains(me) => Some(4),
        HandoverState::Ahead | HandoverState::Accepted | HandoverState::Closed => None,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedList {
    state: Option<HandoverState>,
    schedule: Option<String>,
    limit: Option<u32>,
}

async fn list(
    State(desk): State<Desk>,
    Query(asked): Query<AskedList>,
) -> Result<Json<Vec<Handover>>, Failure> {
    let limit = asked.limit.unwrap_or(USUAL).min(MOST);
    let mut found = desk.agent.store.read(|tx| tx.handovers(MOST)).await?;
    found.retain(|one| asked.state.is_none_or(|state| state == one.state));
    found.retain(|one| asked.schedule.as_ref().is_none_or(|name| *name == one.schedule));
    found.truncate(limit as usize);
    Ok(Json(found))
}

async fn show(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<HandoverDetail>, Failure> {
    let id: HandoverId = parsed(&id)?;
    let setup = desk.agent.setup();
    let now = desk.agent.world.now();
    let found = desk.agent.store.read(move |tx| loaded(tx, Some(id))).await?;
    let Some(one) = found.into_iter().next() else { return Err(not_found("hand-over", &id.to_string())) };
    let alerts = one.alerts.iter().map(|(alert, _)| alert);
    let matters = one.handover.matters(&setup.settings.desk, alerts, &one.tasks, now);
    Ok(Json(HandoverDetail {
        open: matters.open.iter().map(|alert| alert.id).collect(),
        moves: matters.held.iter().map(|alert| alert.id).collect(),
        tasks: matters.tasks.iter().map(|task| task.id).collect(),
        counted: matters.counted(),
        handover: one.handover,
    }))
}
