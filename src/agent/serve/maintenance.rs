//! The maintenance windows that are on or to come.

use super::{Desk, Failure};
use crate::core::maintenance::{StoredWindow, Window, WindowState};
use crate::wire::{MaintenanceInfo, MaintenanceState};
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// Single windows listed at most.
const MOST_LISTED: u32 = 1000;

/// A recurring window that does not come within this is not listed.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 400);

pub(super) fn routes() -> Router<Desk> {
    Router::new().route("/v1/maintenance", get(maintenance))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Those that are over or were taken back as well.
    #[serde(default)]
    all: bool,
}

async fn maintenance(
    State(desk): State<Desk>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<MaintenanceInfo>>, Failure> {
    let (setup, now) = (desk.agent.setup(), desk.agent.world.now());
    let stored = desk.agent.store.read(
        move |tx| {
            if asked.all { tx.all_windows(MOST_LISTED) } else { tx.windows(now) }
        },
    );
    let stored = stored.await?;
    let recurring = setup.settings.desk.maintenance.iter().filter(|window| window.is_recurring());
    let mut found: Vec<MaintenanceInfo> = recurring.filter_map(|window| next(window, now, AHEAD)).collect();
    found.extend(stored.iter().map(|window| single(window, now)));
    found.sort_by_key(|window| (window.state, window.from));
    Ok(Json(found))
}

/// The windows that are on, or begin within that time, those that are on first.
pub(super) fn soon(windows: &[Window], now: Timestamp, within: SignedDuration) -> Vec<MaintenanceInfo> {
    let mut found: Vec<_> = windows.iter().filter_map(|window| next(window, now, within)).collect();
    found.sort_by_key(|window| (window.state, window.from));
    found
}

fn next(window: &Window, now: Timestamp, within: SignedDuration) -> Option<MaintenanceInfo> {
    let until = now.saturating_add(within).unwrap_or(Timestamp::MAX);
    let (from, until) = window.between(now, until, 1).first().copied()?;
    Some(MaintenanceInfo {
        id: window.name.parse().ok().filter(|_| !window.is_recurring()),
        name: window.name.clone(),
        state: if from <= now { MaintenanceState::On } else { MaintenanceState::ToCome },
        covers: window.covers.clone(),
        from,
        until,
        recurring: window.is_recurring(),
        why: None,
        by: None,
    })
}

fn single(window: &StoredWindow, now: Timestamp) -> MaintenanceInfo {
    MaintenanceInfo {
        id: Some(window.id),
        name: window.id.to_string(),
        state: match window.state {
            WindowState::Removed => MaintenanceState::Removed,
            WindowState::Active if window.until <= now => MaintenanceState::Over,
            WindowState::Active if window.from <= now => MaintenanceState::On,
            WindowState::Active => MaintenanceState::ToCome,
        },
        covers: window.covers.clone(),
        from: window.from,
        until: window.until,
        recurring: false,
        why: Some(window.why.clone()),
        by: Some(window.by.clone()),
    }
}
