//! `GET /v1/views`: the views of whoever asks, and those of the whole desk.

use super::{Desk, Failure};
use crate::agent::identity::Identified;
use crate::wire::search::ViewInfo;
use axum::extract::State;
use axum::{Extension, Json};

pub async fn views(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
) -> Result<Json<Vec<ViewInfo>>, Failure> {
    let person = who.asker().id;
    let own = desk.agent.store.read(move |tx| tx.views_of(&person)).await?;
    let own = own.into_iter().map(|own| ViewInfo { view: own.view, shared: false });
    let mut views: Vec<ViewInfo> = own.collect();
    for shared in &desk.agent.setup().settings.views {
        // One's own goes before one of the same name.
        if !views.iter().any(|own| own.view.name == shared.name) {
            views.push(ViewInfo { view: shared.clone(), shared: true });
        }
    }
    views.sort_by(|a, b| a.view.name.cmp(&b.view.name));
    Ok(Json(views))
}
