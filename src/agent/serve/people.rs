//! The people of the desk, and one of them with everything about them.

use super::{Desk, Failure, not_found};
use crate::agent::providers;
use crate::core::contact::Medium;
use crate::core::desk::Desk as Settings;
use crate::core::id::NotificationId;
use crate::core::notification::{Notification, Rung};
use crate::core::person::{Person, PersonId};
use crate::store::{StoreError, Tx};
use crate::wire::person::{Away, PersonDetail, Proven, Reach, Turn};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// Turns are told so far ahead.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 14);
const TURNS: usize = 40;
const MESSAGES: u64 = 30;

pub(super) fn routes() -> Router<Desk> {
    Router::new().route("/v1/people", get(people)).route("/v1/people/{id}", get(person))
}

/// People with the `state` and `created_at` every object has.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    person: &'a Person,
    state: &'static str,
    created_at: Timestamp,
}

async fn people(State(desk): State<Desk>) -> Response {
    let setup = desk.agent.setup();
    let created_at = desk.agent.since;
    let people = setup.settings.desk.people.values();
    let people: Vec<_> = people.map(|person| Listed { person, state: "active", created_at }).collect();
    Json(people).into_response()
}

async fn person(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<PersonDetail>, Failure> {
    let agent = &desk.agent;
    let (setup, now, since) = (agent.setup(), agent.world.now(), agent.since);
    let who = PersonId(id.clone());
    if setup.settings.desk.person(&who).is_none() {
        return Err(not_found("person", &id));
    }
    let down: Vec<Medium> = providers::media_down(agent).into_iter().map(|down| down.medium).collect();
    let found = agent.store.read(move |tx| detail(tx, &setup.settings.desk, &who, &down, since, now)).await?;
    found.map(Json).ok_or_else(|| not_found("person", &id))
}

fn detail(
    tx: &Tx<'_>,
    desk: &Settings,
    who: &PersonId,
    down: &[Medium],
    since: Timestamp,
    now: Timestamp,
) -> Result<Option<PersonDetail>, StoreError> {
    let Some(person) = desk.person(who).cloned() else { return Ok(None) };
    let messages = tx.told_person(who, MESSAGES)?;
    let mut reach = Vec::new();
    for medium in Medium::ALL {
        let Some(address) = person.address(medium) else { continue };
        let proof = tx.newest_proof(who, medium)?;
        reach.push(Reach {
            medium,
            address: address.to_owned(),
            opted_out: person.opted_out.contains(&medium),
            down: down.contains(&medium) || desk.carrier(medium).is_none(),
            failed: failed_since(&messages, medium, proof.as_ref().map(|n| n.id)),
            proven: proof.as_ref().and_then(proven),
        });
    }
    let mut alerts = tx.unresolved_alerts()?;
    alerts.sort_by_key(|alert| (alert.next_due().is_none(), alert.next_due(), alert.id));
    let (holds, others): (Vec<_>, Vec<_>) =
        alerts.into_iter().partition(|alert| alert.held_by() == Some(who));
    let offered = others.into_iter().filter(|alert| alert.is_offered_to(who)).collect();
    let today = desk.day(now);
    let away = desk.absences.iter().filter(|away| away.person == *who && away.last >= today);
    Ok(Some(PersonDetail {
        turns: turns(desk, who, now),
        away: away.map(|away| Away { first: away.first, last: away.last }).collect(),
        reach,
        holds,
        offered,
        tasks: tx.tasks_owned_by(who)?,
        looks_after: desk.assignments.iter().filter(|one| one.person == *who).cloned().collect(),
        messages,
        state: "active".to_owned(),
        created_at: since,
        person,
    }))
}

fn turns(desk: &Settings, who: &PersonId, now: Timestamp) -> Vec<Turn> {
    let until = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let of = |schedule: &crate::core::schedule::Schedule| {
        let name = schedule.name.clone();
        let mine = schedule.turns(now, until).into_iter().filter(|turn| turn.people.contains(who));
        mine.map(move |turn| Turn {
            schedule: name.clone(),
            from: turn.from,
            until: turn.until,
            why: turn.why,
        })
        .collect::<Vec<_>>()
    };
    let mut turns: Vec<Turn> = desk.schedules.values().flat_map(of).collect();
    turns.sort_by(|a, b| (a.from, &a.schedule).cmp(&(b.from, &b.schedule)));
    turns.truncate(TURNS);
    turns
}

fn proven(n: &Notification) -> Option<Proven> {
    let proof = n.evidence.iter().filter(|one| matches!(one.rung, Some(Rung::Delivered | Rung::Read)));
    let newest = proof.max_by_key(|one| one.at)?;
    Some(Proven { message: n.id, at: newest.at, by: newest.by.clone() })
}

/// `messages` are the newest first.
fn failed_since(
    messages: &[Notification],
    medium: Medium,
    proof: Option<NotificationId>,
) -> Option<NotificationId> {
    let later = messages.iter().take_while(|n| proof.is_none_or(|proof| n.id > proof));
    later.into_iter().find(|n| n.medium == medium && n.state.is_failure()).map(|n| n.id)
}
