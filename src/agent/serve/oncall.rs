//! Who is on call over the days to come, and what was arranged beside the plan.

use super::{Desk, Failure, not_found};
use crate::core::schedule::Override;
use crate::wire::ScheduleTimeline;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// A quarter and a day: more than anybody plans by looking at it.
const MOST_DAYS: u16 = 93;
const USUAL_DAYS: u16 = 14;

/// Overrides listed at most.
const MOST_LISTED: u32 = 1000;

pub(super) fn routes() -> Router<Desk> {
    Router::new().route("/v1/oncall/timeline", get(timeline)).route("/v1/overrides", get(overrides))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedTimeline {
    from: Option<Timestamp>,
    days: Option<u16>,
    schedule: Option<String>,
}

async fn timeline(
    State(desk): State<Desk>,
    Query(asked): Query<AskedTimeline>,
) -> Result<Json<Vec<ScheduleTimeline>>, Failure> {
    let days = asked.days.unwrap_or(USUAL_DAYS);
    if days == 0 || days > MOST_DAYS {
        let said = format!("A timeline has between 1 and {MOST_DAYS} days.");
        return Err(Failure(StatusCode::BAD_REQUEST, said));
    }
    let setup = desk.agent.setup();
    let from = asked.from.unwrap_or_else(|| desk.agent.world.now());
    let length = SignedDuration::from_hours(24 * i64::from(days));
    let until = from.saturating_add(length).unwrap_or(Timestamp::MAX);
    let schedules = &setup.settings.desk.schedules;
    if let Some(name) = asked.schedule.as_ref().filter(|name| !schedules.contains_key(*name)) {
        return Err(not_found("schedule", name));
    }
    let found = schedules
        .values()
        .filter(|schedule| asked.schedule.as_ref().is_none_or(|name| *name == schedule.name))
        .map(|schedule| ScheduleTimeline {
            schedule: schedule.name.clone(),
            time_zone: schedule.time_zone.iana_name().unwrap_or("UTC").to_owned(),
            segments: schedule.turns(from, until),
            overrides: schedule
                .overrides
                .iter()
                .filter(|over| over.from < until && from < over.until)
                .cloned()
                .collect(),
        })
        .collect();
    Ok(Json(found))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedOverrides {
    /// Those that are over or were taken back as well.
    #[serde(default)]
    all: bool,
}

async fn overrides(
    State(desk): State<Desk>,
    Query(asked): Query<AskedOverrides>,
) -> Result<Json<Vec<Override>>, Failure> {
    let now = desk.agent.world.now();
    let found = desk
        .agent
        .store
        .read(move |tx| {
            if asked.all {
                return tx.all_overrides(MOST_LISTED);
            }
            let mut found = tx.overrides(now)?;
            found.reverse();
            Ok(found)
        })
        .await?;
    Ok(Json(found))
}
