//! Digests over the API: which there are, what one would say now, and sending one by hand.

use super::{Desk, Failure};
use crate::agent::digest::{self, Asked, NotMade};
use crate::agent::identity::{Identified, NotLetIn};
use crate::core::command::{Outcome, Refusal, RefusalCode};
use crate::core::person::PersonId;
use crate::wire::{DigestAsked, DigestCopy, DigestInfo};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;

pub(super) fn routes() -> Router<Desk> {
    Router::new()
        .route("/v1/digests", get(list))
        .route("/v1/digests/{name}/preview", get(preview))
        .route("/v1/digests/{name}/send", post(send))
}

impl From<NotMade> for Failure {
    fn from(why: NotMade) -> Self {
        match why {
            NotMade::Store(why) => why.into(),
            NotMade::NoDigest(_) | NotMade::NoPerson(_) => Self(StatusCode::NOT_FOUND, why.to_string()),
        }
    }
}

async fn list(State(desk): State<Desk>) -> Result<Json<Vec<DigestInfo>>, Failure> {
    let setup = desk.agent.setup();
    let now = desk.agent.world.now();
    let mut found = Vec::new();
    for digest in &setup.settings.digests {
        let name = digest.name.clone();
        let runs = desk.agent.store.read(move |tx| tx.digest_runs(&name, 20)).await?;
        let next = digest.schedule.next_after(now);
        found.push(DigestInfo {
            name: digest.name.clone(),
            schedule: digest.schedule.expression.clone(),
            time_zone: digest.schedule.time_zone.iana_name().unwrap_or("UTC").to_owned(),
            kind: digest.kind,
            readers: digest.readers(&setup.settings.desk, now).into_iter().map(|r| r.person).collect(),
            next: next.map(|run| run.at),
            runs,
        });
    }
    Ok(Json(found))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct For {
    to: Option<PersonId>,
}

async fn preview(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    Query(asked): Query<For>,
) -> Result<Json<Vec<DigestCopy>>, Failure> {
    let copies = digest::preview(&desk.agent, &Asked { name, to: asked.to }).await?;
    let copies = copies.into_iter().map(|(person, content)| DigestCopy { person, content });
    Ok(Json(copies.collect()))
}

async fn send(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    Extension(who): Extension<Identified>,
    Json(asked): Json<DigestAsked>,
) -> Result<Json<Outcome>, Failure> {
    if who.me.pin_needed {
        let said = NotLetIn::PinNeeded(who.me.login).to_string().into();
        let refusal = Refusal { code: RefusalCode::NotAllowed, said, by: None };
        return Ok(Json(Outcome::Refused { refusal }));
    }
    let wanted = Asked { name, to: asked.to };
    Ok(Json(digest::send(&desk.agent, &wanted, asked.id, who.asker()).await?))
}
