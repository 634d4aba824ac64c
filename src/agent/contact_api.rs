//! The part of the API that is about contacts kept on two sides.

use super::identity::{Identified, NotLetIn};
use super::serve::{Desk, Failure, not_found};
use crate::core::change::Actor;
use crate::core::consent::Consent;
use crate::core::contact::{Contact, ContactField};
use crate::core::contact_commands::{Mention, MentionKind, RowTaken, import_row};
use crate::core::escalation::Decision;
use crate::core::person::Role;
use crate::core::suppression::address_key;
use crate::core::sync::{Link, Side};
use crate::core::task::{Task, TaskState};
use crate::core::text::Untrusted;
use crate::store::list::{Filter, List};
use crate::store::{StoreError, Tx};
use crate::wire::{ContactDetail, FieldConflict, Import};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;

/// Rows in one request, one transaction.
const MOST_ROWS: usize = 1000;
const LARGEST_IMPORT: usize = 8 << 20;

pub(super) fn routes() -> Router<Desk> {
    Router::new()
        .route("/v1/consent", get(consent))
        .route("/v1/contacts/conflicts", get(conflicts))
        .route("/v1/contacts/import", post(import).layer(DefaultBodyLimit::max(LARGEST_IMPORT)))
        .route("/v1/contacts/{id}", get(contact))
        .route("/v1/contacts/{id}/mentions", get(mentions))
}

async fn contact(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<ContactDetail>, Failure> {
    let key = id.clone();
    let found = desk
        .agent
        .store
        .read(move |tx| {
            // The community's name for a contact will do as well.
            let Some(called) = tx.contact_called(&key)? else { return Ok(None) };
            let Some(contact) = tx.contact(&called)? else { return Ok(None) };
            let consent = tx.consents(None, Some(&called), 10)?;
            Ok(Some(ContactDetail { links: tx.links_of(&called)?, consent, contact }))
        })
        .await?;
    found.map(Json).ok_or_else(|| not_found("contact", &id))
}

/// Whose entries of the consent ledger are asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    address: Option<String>,
    contact: Option<String>,
    limit: Option<u32>,
}

async fn consent(
    State(desk): State<Desk>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<Consent>>, Failure> {
    let limit = asked.limit.unwrap_or(100).clamp(1, 100_000);
    let found = desk.agent.store.read(move |tx| {
        let contact = match &asked.contact {
            Some(name) => Some(tx.contact_called(name)?.unwrap_or_else(|| name.clone())),
            None => None,
        };
        let address = asked.address.as_deref().map(address_key);
        tx.consents(address.as_deref(), contact.as_deref(), limit)
    });
    Ok(Json(found.await?))
}

async fn conflicts(State(desk): State<Desk>) -> Result<Json<Vec<FieldConflict>>, Failure> {
    let found = desk.agent.store.read(|tx| {
        let in_conflict = tx.in_conflict(10_000)?;
        let mut found: Vec<FieldConflict> = in_conflict.iter().flat_map(conflicts_of).collect();
        found.sort_by_key(|conflict: &FieldConflict| std::cmp::Reverse(conflict.created_at));
        Ok(found)
    });
    Ok(Json(found.await?))
}

/// The conflicts of one partner's contacts.
pub(super) fn conflicts_of_partner(tx: &Tx<'_>, partner: &str) -> Result<Vec<FieldConflict>, StoreError> {
    Ok(tx.in_conflict_of(partner)?.iter().flat_map(conflicts_of).collect())
}

fn conflicts_of((contact, link): &(Contact, Link)) -> Vec<FieldConflict> {
    let value = |field: &ContactField| match serde_json::to_value(field) {
        Ok(mut value) => value["value"].take(),
        Err(_) => serde_json::Value::Null,
    };
    link.conflicts
        .iter()
        .map(|conflict| FieldConflict {
            id: format!("{}.{}", contact.id.raw(), conflict.mine.name()).into(),
            state: "open".to_owned(),
            contact: contact.id.clone(),
            name: contact.name.clone(),
            partner: contact.partner_id.clone(),
            field: conflict.mine.name().to_owned(),
            mine: value(&contact.field(&conflict.mine)),
            theirs: value(&conflict.theirs),
            side: link.side.clone(),
            created_at: conflict.since,
        })
        .collect()
}

async fn mentions(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<Vec<Mention>>, Failure> {
    let key = id.clone();
    let found = desk.agent.store.read(move |tx| mentions_of(tx, &key)).await?;
    found.map(Json).ok_or_else(|| not_found("contact", &id))
}

/// Everything here that names a contact and is not over.
fn mentions_of(tx: &Tx<'_>, id: &str) -> Result<Option<Vec<Mention>>, StoreError> {
    let Some(contact) = tx.contact(id)? else { return Ok(None) };
    let mention = |kind, id: Untrusted, title: Untrusted| Mention { kind, id, title };
    let mut found: Vec<Mention> = Vec::new();
    for role in &contact.roles {
        let title = format!("is {} of its partner", role.raw());
        found.push(mention(MentionKind::Role, role.clone(), title.into()));
    }
    if let Some(partner) = &contact.partner_id {
        let of_partner =
            Filter { partner: Some(partner.raw().to_owned()), limit: 10_000, ..Filter::default() };
        for case in tx.list::<crate::core::case::Case>(List::Cases, &of_partner)? {
            let named = case.opened_by.iter().chain(&case.watchers).any(|named| named.raw() == id);
            if named && !case.is_over() {
                found.push(mention(MentionKind::Case, case.id.clone(), case.title.clone()));
            }
        }
        for task in tx.list::<Task>(List::Tasks, &of_partner)? {
            if task.state != TaskState::Done && task.about.as_ref().is_some_and(|about| about.raw() == id) {
                found.push(mention(MentionKind::Task, task.id.to_string().into(), task.title.clone()));
            }
        }
    }
    for waiting in tx.waiting_for_contact(id)? {
        let title = format!("{} {} message", waiting.state.as_str(), waiting.medium.as_str());
        found.push(mention(MentionKind::Notification, waiting.id.to_string().into(), title.into()));
    }
    for link in tx.links_of(id)?.into_iter().filter(|link| !link.gone && !link.erased) {
        let kind = match link.side {
            Side::Community => MentionKind::Community,
            Side::Sheet(_) => MentionKind::Spreadsheet,
        };
        let title = format!("is kept the same as in {}", link.side.spoken());
        let id = link.community_id.unwrap_or_else(|| link.side.word().into());
        found.push(mention(kind, id, title.into()));
    }
    Ok(Some(found))
}

async fn import(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
    Json(asked): Json<Import>,
) -> Result<Json<Vec<RowTaken>>, Failure> {
    if who.me.pin_needed {
        let why = NotLetIn::PinNeeded(who.me.login);
        return Err(Failure(StatusCode::FORBIDDEN, why.to_string()));
    }
    let asker = who.asker();
    if asker.role < Role::Responder {
        let said = format!("{} may look but not act; ask for the role responder.", asker.name);
        return Err(Failure(StatusCode::FORBIDDEN, said));
    }
    if asked.rows.len() > MOST_ROWS {
        let said = format!("At most {MOST_ROWS} rows are taken at once.");
        return Err(Failure(StatusCode::PAYLOAD_TOO_LARGE, said));
    }
    let (setup, now) = (desk.agent.setup(), desk.agent.world.now());
    let actor = Actor::Person { id: asker.id, login: asker.login };
    let side = Side::Sheet(asked.source);
    let taken = desk.agent.store.write(move |tx| {
        let mut decision = Decision::new(&setup.settings.desk, now, tx.ids());
        let mut taken: Vec<RowTaken> = Vec::with_capacity(asked.rows.len());
        for row in &asked.rows {
            let mut known = tx.known(row.id.raw(), &side)?;
            taken.push(import_row(&mut decision, &actor, &mut known, &side, row, now));
        }
        if !asked.dry_run {
            tx.keep_ids(decision.ids);
            super::contacts::apply(tx, &setup.settings.desk, decision.changes, now)?;
        }
        Ok(taken)
    });
    Ok(Json(taken.await?))
}
