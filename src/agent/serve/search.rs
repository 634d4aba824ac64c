//! `GET /v1/search`: things of the whole history by a query.

use super::{Desk, Failure};
use crate::agent::Agent;
use crate::agent::identity::Identified;
use crate::agent::search::{self, NotFound};
use crate::core::query::{Asking, Field, Parsed, Query, field};
use crate::wire::search::{MOST, SearchAnswer, USUAL};
use axum::extract::{Query as Asked, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::tz::TimeZone;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedSearch {
    q: String,
    limit: Option<usize>,
}

pub async fn search(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
    Asked(asked): Asked<AskedSearch>,
) -> Result<Json<SearchAnswer>, Failure> {
    let query = understood(&asked.q, field::ALL)?;
    let limit = asked.limit.unwrap_or(USUAL).clamp(1, MOST);
    match search::find(&desk.agent, query, asking(&desk.agent, &who), limit).await {
        Ok(answer) => Ok(Json(answer)),
        Err(NotFound::Store(why)) => Err(why.into()),
        Err(why) => {
            let mut said = why.to_string();
            said[..1].make_ascii_uppercase();
            Err(Failure(StatusCode::SERVICE_UNAVAILABLE, format!("{said}.")))
        }
    }
}

/// The query, if all of it is understood.
pub(super) fn understood(text: &str, fields: &[Field]) -> Result<Query, Failure> {
    let Parsed { query, problems } = Query::read(text, fields);
    match problems.first() {
        None => Ok(query),
        Some(problem) => {
            let said = crate::core::text::sanitise(&problem.to_string()).into_owned();
            Err(Failure(StatusCode::BAD_REQUEST, format!("The query is not understood: {said}.")))
        }
    }
}

/// When, where and by whom it is asked.
pub(super) fn asking(agent: &Agent, who: &Identified) -> Asking {
    let desk = || agent.setup().settings.desk.time_zone.clone();
    Asking {
        now: agent.world.now(),
        zone: TimeZone::get(&who.me.time_zone).unwrap_or_else(|_| desk()),
        me: who.me.person.as_ref().map(|person| person.id.0.clone()),
    }
}
