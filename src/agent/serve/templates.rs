//! Templates over the API: which there are, and how one reads to whom. What is shown is what is applied:
//! the words that go out now.

use super::{Desk, Failure, not_found};
use crate::core::person::PersonId;
use crate::core::template::{Beholder, Listed, Name, Piece, Sample, Shown};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

pub(super) fn routes() -> Router<Desk> {
    Router::new().route("/v1/templates", get(list)).route("/v1/templates/{name}", get(preview))
}

async fn list(State(desk): State<Desk>) -> Json<Vec<Listed>> {
    Json(desk.agent.setup().settings.desk.templates.listed())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A person or a contact; nobody who exists where it is left out.
    to: Option<String>,
    locale: Option<String>,
    medium: Option<Piece>,
    #[serde(default)]
    bare: bool,
}

async fn preview(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<Shown>>, Failure> {
    let name: Name = name.parse().map_err(|why| Failure(StatusCode::NOT_FOUND, why))?;
    let setup = desk.agent.setup();
    let own = &setup.settings.desk;
    let sample = Beholder::sample(Some(own));
    let reader = match asked.to {
        None => sample,
        Some(to) => match own.person(&PersonId(to.clone())) {
            Some(person) => sample.person(person),
            None => {
                let key = to.clone();
                let read = desk.agent.store.read(move |tx| {
                    let Some(contact) = tx.contact(&key)? else { return Ok(None) };
                    let partner = match &contact.partner_id {
                        Some(id) => tx.partner(id.raw())?,
                        None => None,
                    };
                    Ok(Some((contact, partner)))
                });
                let (contact, partner) = read.await?.ok_or_else(|| not_found("contact or person", &to))?;
                let id = || contact.partner_id.as_ref().map(|id| id.printable().into_string());
                let partner = partner.map(|partner| partner.about.name.printable().into_string());
                sample.contact(&contact, partner.or_else(id))
            }
        },
    };
    let reader = reader.reading(asked.locale.as_deref());
    let how = if asked.bare { Sample::Bare } else { Sample::Full };
    let wanted = name.pieces().iter().filter(|piece| asked.medium.is_none_or(|asked| asked == **piece));
    let shown = wanted.filter_map(|piece| own.templates.shown((name, *piece), &own.labels, &reader, how));
    Ok(Json(shown.collect()))
}
