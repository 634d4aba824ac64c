//! Partners: what is open for each, and everything about one.

use super::search::asking;
use super::{Desk, Failure, not_found};
use crate::agent::contact_api::conflicts_of_partner;
use crate::agent::identity::Identified;
use crate::core::contact::Contact;
use crate::core::desk::Desk as Configured;
use crate::core::notification::Notification;
use crate::core::onboarding::MilestoneRecord;
use crate::core::partner::{Partner, PartnerRef, PartnerState};
use crate::core::query::{Query as Finder, field, rows};
use crate::core::reach::Reach;
use crate::core::standing::Reachability;
use crate::store::list::{Filter, List};
use crate::store::partners::Waiting;
use crate::store::{StoreError, Tx};
use crate::wire::partner::{
    MANY, Onboarding, OpenCounts, PartnerDetail, PartnerRow, PartnerRows, ROLES, ReachedContact, Responsible,
    Settled,
};
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Deserialize;

/// Partners in one answer.
const ROWS: usize = 100;
/// Of each kind of thing in the detail of one partner.
const EACH: u32 = 100;
const SETTLED: u32 = 20;
const TOLD: u32 = 20;
/// Contacts looked at for a row; one that can be reached is enough.
const LOOKED_AT: u32 = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedOpen {
    /// Words of the name or id.
    find: Option<String>,
}

/// Partners with what is open; without words those that need somebody come first, then the newest.
pub async fn open(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
    Query(asked): Query<AskedOpen>,
) -> Result<Json<PartnerRows>, Failure> {
    let setup = desk.agent.setup();
    let asking = asking(&desk.agent, &who);
    let now = desk.agent.world.now();
    let read = desk.agent.store.read(move |tx| {
        let words = asked.find.as_deref().map(str::trim).filter(|words| !words.is_empty());
        let (ids, more) = match words {
            Some(words) => {
                // As the console narrows what it knows: what it cannot read there says nothing here.
                let query = Finder::read(words, field::PARTNERS).query;
                let wanted = |name: &str, id: &str| query.finds(&rows::of_partner_called(name, id), &asking);
                let ids = tx.partners_like(wanted, ROWS + 1)?;
                let more = ids.len() > ROWS;
                (ids, more)
            }
            None => {
                let mut ids = tx.partners_in_need(ROWS)?;
                let limit = ROWS as u32;
                for newest in tx.list::<Partner>(List::Partners, &Filter { limit, ..Filter::default() })? {
                    let id = newest.about.id.raw();
                    if ids.len() < ROWS && !ids.iter().any(|known| known == id) {
                        ids.push(id.to_owned());
                    }
                }
                (ids, tx.has_more(List::Partners, ROWS as u32)?)
            }
        };
        let mut rows = Vec::new();
        for id in ids.iter().take(ROWS) {
            if let Some(partner) = tx.partner(id)? {
                rows.push(row(tx, &setup.settings.desk, partner, now)?);
            }
        }
        Ok(PartnerRows { rows, more })
    });
    Ok(Json(read.await?))
}

fn row(tx: &Tx<'_>, desk: &Configured, partner: Partner, now: Timestamp) -> Result<PartnerRow, StoreError> {
    let id = partner.about.id.raw();
    let milestones = tx.milestones_of(id)?;
    let mut reachable = 0;
    let few = Filter { partner: Some(id.to_owned()), limit: LOOKED_AT, ..Filter::default() };
    let contacts: Vec<Contact> = tx.list(List::Contacts, &few)?;
    for contact in &contacts {
        reachable += u32::from(reach_of(tx, desk, &partner.about, contact, now)?.reachable);
    }
    Ok(PartnerRow {
        open: open_counts(tx, id)?,
        onboarding: Onboarding::of(&milestones),
        contacts: u32::try_from(contacts.len()).unwrap_or(0),
        reachable,
        partner,
    })
}

fn open_counts(tx: &Tx<'_>, partner: &str) -> Result<OpenCounts, StoreError> {
    let count = |what| tx.count_waiting(what, partner, MANY);
    Ok(OpenCounts {
        alerts: count(Waiting::Alerts)?,
        cases: count(Waiting::Cases)?,
        reviews: count(Waiting::Reviews)?,
        threads: count(Waiting::Threads)?,
        tasks: count(Waiting::Tasks)?,
    })
}

fn reach_of(
    tx: &Tx<'_>,
    desk: &Configured,
    partner: &PartnerRef,
    contact: &Contact,
    now: Timestamp,
) -> Result<Reachability, StoreError> {
    let mut reach = Reach { partner: Some(partner.clone()), ..Reach::default() };
    tx.suppressions_of(contact, &mut reach)?;
    Ok(reach.reachability(desk, contact, now))
}

pub async fn partner(
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Json<PartnerDetail>, Failure> {
    let setup = desk.agent.setup();
    let now = desk.agent.world.now();
    let key = id.clone();
    let read = desk.agent.store.read(move |tx| {
        let partner = match tx.partner(&key)? {
            Some(partner) => partner,
            // Contacts of the configuration or of a sheet may be there before any event names their company.
            None => match tx.contacts_of(&key)?.first() {
                Some(contact) => unheard_of(contact, &key),
                None => return Ok(None),
            },
        };
        detail(tx, &setup.settings.desk, partner, now).map(Some)
    });
    read.await?.map(Json).ok_or_else(|| not_found("partner", &id))
}

/// A partner that only contacts speak of; its id is all there is of a name.
fn unheard_of(contact: &Contact, id: &str) -> Partner {
    Partner {
        about: PartnerRef { id: id.into(), name: id.into(), ..PartnerRef::default() },
        state: PartnerState::Active,
        created_at: contact.created_at,
        updated_at: contact.updated_at,
    }
}

fn detail(
    tx: &Tx<'_>,
    desk: &Configured,
    partner: Partner,
    now: Timestamp,
) -> Result<PartnerDetail, StoreError> {
    let id = partner.about.id.raw().to_owned();
    let of = |states: &[&str], limit| Filter {
        states: states.iter().map(|state| (*state).to_owned()).collect(),
        partner: Some(id.clone()),
        limit,
        ..Filter::default()
    };
    let mut milestones: Vec<MilestoneRecord> = tx.milestones_of(&id)?;
    // What no plan names comes last, in the order in which it was heard of.
    milestones.sort_by_key(|m| if m.place == 0 { u32::MAX } else { m.place });
    let mut contacts = Vec::new();
    for contact in tx.contacts_of(&id)?.into_iter().take(EACH as usize) {
        let reach = reach_of(tx, desk, &partner.about, &contact, now)?;
        contacts.push(ReachedContact { contact, reach });
    }
    let responsible = ROLES.map(|role| Responsible {
        role: role.to_owned(),
        person: desk.assigned(role, &partner.about, now).cloned(),
    });
    Ok(PartnerDetail {
        open: open_counts(tx, &id)?,
        alerts: tx.list(List::Alerts, &of(&["open", "acknowledged", "snoozed"], EACH))?,
        cases: tx.unsettled_cases(&id, EACH)?,
        reviews: tx.list(List::Documents, &of(&["pending"], EACH))?,
        threads: tx.list(List::Threads, &of(&["open"], EACH))?,
        tasks: tx.list(List::Tasks, &of(&["open", "snoozed"], EACH))?,
        settled: Settled {
            cases: tx.list(List::Cases, &of(&["resolved"], SETTLED))?,
            documents: tx.list(List::Documents, &of(&["approved", "rejected"], SETTLED))?,
            threads: tx.list(List::Threads, &of(&["answered"], SETTLED))?,
        },
        milestones,
        contacts,
        responsible: responsible.into(),
        notifications: tx.list::<Notification>(List::Notifications, &of(&[], TOLD))?,
        conflicts: conflicts_of_partner(tx, &id)?,
        partner,
    })
}
