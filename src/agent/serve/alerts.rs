//! One alert with everything about it, and whom its steps would wake.

use super::{Agent, Desk, Failure, not_found, parsed};
use crate::core::alert::Alert;
use crate::core::contact::Medium;
use crate::core::id::AlertId;
use crate::store::list::{Filter, List};
use crate::wire::{AlertDetail, StepPreview, Wake};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

pub async fn alert(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<AlertDetail>, Failure> {
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

pub async fn timeline(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Response, Failure> {
    let key: AlertId = parsed(&id)?;
    Ok(Json(desk.agent.store.read(move |tx| tx.timeline(key)).await?).into_response())
}

pub async fn steps(
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Json<Vec<StepPreview>>, Failure> {
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
