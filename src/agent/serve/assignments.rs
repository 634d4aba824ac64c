//! Assignments: every line there is, and who holds each role for one partner.

use super::{Desk, Failure};
use crate::core::assignment::{Assignment, Origin, StoredAssignment};
use crate::core::desk::Desk as Configured;
use crate::core::partner::PartnerRef;
use crate::wire::assign::{AssignmentLine, LineState, RoleOf, RolesOf};
use crate::wire::partner::ROLES;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeSet;

pub(super) fn routes() -> Router<Desk> {
    Router::new().route("/v1/assignments", get(lines)).route("/v1/assignments/of/{partner}", get(of_partner))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    role: Option<String>,
    /// Only lines that are for this partner.
    partner: Option<String>,
}

async fn lines(
    State(desk): State<Desk>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<AssignmentLine>>, Failure> {
    let (setup, now) = (desk.agent.setup(), desk.agent.world.now());
    let id = asked.partner.clone();
    let (stored, applied_at, partner) = desk
        .agent
        .store
        .read(move |tx| {
            let partner = id.as_deref().map(|id| tx.partner(id)).transpose()?.flatten();
            Ok((tx.assignments()?, tx.config()?.map(|config| config.created_at), partner))
        })
        .await?;
    let configured = &setup.settings.desk;
    let mut lines = stored_lines(configured, stored, now);
    let applied_at = applied_at.unwrap_or(desk.agent.since);
    lines.sort_by(|one, other| other.created_at.cmp(&one.created_at).then_with(|| one.id.cmp(&other.id)));
    lines.extend(file_lines(configured, &lines, applied_at));
    lines.retain(|line| asked.role.as_ref().is_none_or(|role| line.assignment.role == *role));
    if let Some(id) = asked.partner {
        let partner = partner.map_or_else(|| stranger(&id), |partner| partner.about);
        lines.retain(|line| line.assignment.scope.covers(&partner));
    }
    Ok(Json(lines))
}

fn stored_lines(desk: &Configured, stored: Vec<StoredAssignment>, now: Timestamp) -> Vec<AssignmentLine> {
    let today = desk.day(now);
    stored
        .into_iter()
        .map(|stored| AssignmentLine {
            state: match () {
                () if !stored.counts(desk) => LineState::NobodyThere,
                () if stored.assignment.until.is_some_and(|last| last < today) => LineState::Ended,
                () => LineState::Active,
            },
            id: stored.id,
            assignment: stored.assignment,
            set_by: Some(stored.set_by),
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        })
        .collect()
}

fn file_lines(desk: &Configured, stored: &[AssignmentLine], applied_at: Timestamp) -> Vec<AssignmentLine> {
    let of_file = |assignment: &&Assignment| assignment.origin == Origin::File;
    desk.assignments
        .iter()
        .filter(of_file)
        .map(|assignment| {
            let id = assignment.id();
            let overruled = stored.iter().any(|line| line.state == LineState::Active && line.id == id);
            AssignmentLine {
                state: if overruled { LineState::Overruled } else { LineState::Active },
                id,
                assignment: assignment.clone(),
                set_by: None,
                created_at: applied_at,
                updated_at: applied_at,
            }
        })
        .collect()
}

async fn of_partner(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<RolesOf>, Failure> {
    let (setup, now) = (desk.agent.setup(), desk.agent.world.now());
    let key = id.clone();
    let found = desk.agent.store.read(move |tx| tx.partner(&key)).await?;
    let known = found.is_some();
    let partner = found.map_or_else(|| stranger(&id), |partner| partner.about);
    let configured = &setup.settings.desk;
    let named = configured.assignments.iter().map(|assignment| assignment.role.as_str());
    let others: BTreeSet<&str> = named.filter(|role| !ROLES.contains(role)).collect();
    let roles =
        ROLES.into_iter().chain(others).map(|role| role_of(configured, role, &partner, now)).collect();
    Ok(Json(RolesOf { partner: partner.id, known, roles }))
}

fn role_of(desk: &Configured, role: &str, partner: &PartnerRef, now: Timestamp) -> RoleOf {
    let by = desk.assignment(role, partner, now);
    RoleOf {
        role: role.to_owned(),
        person: by.map(|assignment| assignment.person.clone()),
        acting: desk.acting(role, partner, now).cloned(),
        by: by.map(Assignment::id),
        origin: by.map(|assignment| assignment.origin),
    }
}

fn stranger(id: &str) -> PartnerRef {
    PartnerRef { id: id.into(), name: id.into(), ..PartnerRef::default() }
}
