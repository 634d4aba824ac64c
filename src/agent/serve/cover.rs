//! What `nightdesk check` cannot know from the file: what is arranged beside it, and who no longer hears.

use super::{Desk, Failure};
use crate::core::contact::ContactState;
use crate::core::cover::LostContact;
use crate::core::partner::Partner;
use crate::store::StoreError;
use crate::store::Tx;
use crate::store::list::{Filter, List};
use crate::wire::ScheduleTimeline;
use crate::wire::cover::CoverInputs;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::collections::BTreeSet;

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
    let (setup, now) = (desk.agent.setup(), desk.agent.world.now());
    let until = now.saturating_add(SignedDuration::from_hours(24 * i64::from(asked.days)));
    let until = until.unwrap_or(Timestamp::MAX);
    let settings = &setup.settings;
    let elsewhere: BTreeSet<&str> = settings.rosters.iter().map(|feed| feed.schedule.as_str()).collect();
    let timelines = elsewhere
        .into_iter()
        .filter_map(|name| settings.desk.schedules.get(name))
        .map(|schedule| ScheduleTimeline {
            schedule: schedule.name.clone(),
            time_zone: schedule.time_zone.iana_name().unwrap_or("UTC").to_owned(),
            segments: schedule.turns(now, until),
            planned: Vec::new(),
            overrides: Vec::new(),
        })
        .collect();
    let inputs = desk.agent.store.read(move |tx| known(tx, now, timelines)).await?;
    Ok(Json(inputs))
}

fn known(tx: &Tx<'_>, now: Timestamp, timelines: Vec<ScheduleTimeline>) -> Result<CoverInputs, StoreError> {
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
        timelines,
        suppressed,
        partners: partners.into_iter().map(|partner| partner.about).collect(),
        contacts,
    })
}
