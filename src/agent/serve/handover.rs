//! The hand-over sheet, as it is at this moment.

use super::health::{COUNTED, health_now};
use super::{Desk, Failure, not_found};
use crate::core::alert::Alert;
use crate::core::handover::{self, Failing, Handover, Known, Silent};
use crate::core::notification::Notification;
use crate::store::list::{Filter, List};
use crate::wire::ChannelState;
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

/// More fit no paper.
const ALERTS: u32 = 2000;
const TASKS: u32 = 100;
const IN_DOUBT: u32 = 200;

pub(super) fn routes() -> Router<Desk> {
    Router::new().route("/v1/handover", get(sheet))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    schedule: Option<String>,
}

async fn sheet(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Result<Json<Handover>, Failure> {
    let setup = desk.agent.setup();
    let settings = &setup.settings.desk;
    if let Some(name) = asked.schedule.as_ref().filter(|name| !settings.schedules.contains_key(*name)) {
        return Err(not_found("schedule", name));
    }
    let health = health_now(&desk.agent).await?;
    let read = desk.agent.store.read(|tx| {
        let filter = |states: &[&str], limit| Filter {
            states: states.iter().map(|s| (*s).to_owned()).collect(),
            limit,
            ..Filter::default()
        };
        let alerts: Vec<Alert> =
            tx.list(List::Alerts, &filter(&["open", "acknowledged", "snoozed"], ALERTS))?;
        let in_doubt: Vec<Notification> = tx.list(List::Notifications, &filter(&["in_doubt"], IN_DOUBT))?;
        Ok((alerts, in_doubt, tx.tasks_to_do(TASKS)?, tx.count(List::Tasks, "open", COUNTED)?))
    });
    let (alerts, in_doubt, tasks, open_tasks) = read.await?;
    let silent = health.sources.into_iter().filter(|source| source.silent);
    let failing = health
        .channels
        .into_iter()
        .filter(|channel| matches!(channel.state, ChannelState::Failing | ChannelState::Down));
    let known = Known {
        alerts,
        tasks,
        open_tasks,
        in_doubt,
        silent: silent
            .map(|source| Silent { source: source.name, last_event_at: source.last_event_at })
            .collect(),
        failing: failing
            .map(|channel| Failing { channel: channel.name, since: channel.since, why: channel.last_error })
            .collect(),
    };
    Ok(Json(handover::sheet(settings, asked.schedule.as_deref(), known, health.now)))
}
