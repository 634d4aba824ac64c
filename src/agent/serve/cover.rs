//! What `nightdesk check` cannot know from the file: what is arranged beside it, and who no longer hears.

use super::{Desk, Failure};
use crate::core::contact::{ContactState, Medium};
use crate::core::cover::{self, Failing, LostContact};
use crate::core::delivery;
use crate::core::desk::Desk as Known;
use crate::core::partner::Partner;
use crate::core::shift_test;
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
    let setup = desk.agent.setup();
    Ok(Json(desk.agent.store.read(move |tx| known(tx, &setup.settings.desk, now)).await?))
}

fn known(tx: &Tx<'_>, desk: &Known, now: Timestamp) -> Result<CoverInputs, StoreError> {
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
        failing: failing(tx, desk)?,
        suppressed,
        partners: partners.into_iter().map(|partner| partner.about).collect(),
        contacts,
    })
}

/// The people of the desk to whom messages fail, as far as is known.
fn failing(tx: &Tx<'_>, desk: &Known) -> Result<Vec<Failing>, StoreError> {
    let mut found = Vec::new();
    for person in desk.people.values() {
        for medium in Medium::ALL {
            let failed = tx.failed_to(&person.id, medium)?;
            let Some(n) = cover::failed_last(person, medium, &failed) else { continue };
            let address = person.address(medium).unwrap_or_default();
            let reports = desk.route(medium, address).iter().any(|carrier| carrier.proof.is_some());
            let keys = [delivery::person_fix_task(&person.id, medium), shift_test::task_key(&person.id)];
            let mut open = false;
            for key in keys {
                open |= tx.open_task(&key)?.is_some();
            }
            found.extend(cover::failing(n, &tx.proven_to(&person.id, medium, n.created_at)?, reports, open));
        }
    }
    Ok(found)
}
