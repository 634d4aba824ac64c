//! What `nightdesk check` cannot know from the file: what is arranged beside it, and who no longer hears.

use super::{Desk, Failure};
use crate::core::contact::ContactState;
use crate::core::cover::{self, Failing, LostContact};
use crate::core::notification::RecipientId;
use crate::core::partner::Partner;
use crate::core::task::{Task, TaskKind};
use crate::store::StoreError;
use crate::store::Tx;
use crate::store::list::{Filter, List};
use crate::wire::cover::CoverInputs;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

const MOST_DAYS: u16 = 93;
const MOST: u32 = 10_000;
/// Suppressed addresses whose contacts are looked for.
const MOST_LOOKED_UP: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    days: u16,
}

pub async fn inputs(
    State(desk): State<Desk>,
    Query(asked): Query<Asked>,
) -> Result<Json<CoverInputs>, Failure> {
    if asked.days == 0 || asked.days > MOST_DAYS {
        return Err(Failure(StatusCode::BAD_REQUEST, format!("Ask for between 1 and {MOST_DAYS} days.")));
    }
    let now = desk.agent.world.now();
    Ok(Json(desk.agent.store.read(move |tx| known(tx, now)).await?))
}

fn known(tx: &Tx<'_>, now: Timestamp) -> Result<CoverInputs, StoreError> {
    let suppressed = tx.suppressions(MOST)?;
    let mut contacts = Vec::new();
    for one in suppressed.iter().take(MOST_LOOKED_UP) {
        let there =
            tx.contacts_at(one.id.raw())?.into_iter().filter(|contact| contact.state == ContactState::Active);
        contacts.extend(there.map(|contact| LostContact {
            contact: contact.id,
            name: contact.name,
            partner: contact.partner_id,
            medium: one.medium,
            cause: one.cause,
        }));
    }
    let filter = Filter { limit: MOST, ..Filter::default() };
    let partners: Vec<Partner> = tx.list(List::Partners, &filter)?;
    Ok(CoverInputs {
        now,
        overrides: tx.overrides(now)?,
        assignments: tx.assignments()?,
        rosters: tx.rosters()?,
        failing: failing(tx)?,
        suppressed,
        partners: partners.into_iter().map(|partner| partner.about).collect(),
        contacts,
    })
}

/// The people of the desk to whom a message failed whose task is not done yet.
fn failing(tx: &Tx<'_>) -> Result<Vec<Failing>, StoreError> {
    let open = ["open", "snoozed"].map(str::to_owned).to_vec();
    let kind = Some(TaskKind::Fix.as_str().to_owned());
    let filter = Filter { states: open, kind, limit: MOST_LOOKED_UP as u32, ..Filter::default() };
    let mut found = Vec::new();
    for message in tx.list::<Task>(List::Tasks, &filter)?.into_iter().filter_map(|task| task.notification) {
        let Some(n) = tx.notification(message)? else { continue };
        if let RecipientId::Person(person) = &n.recipient.who {
            found.extend(cover::failing(&n, &tx.proven_to(person, n.created_at)?));
        }
    }
    Ok(found)
}
