//! What the console's first frame needs, and no more; the messages of what stands below the first screen follow
//! when they are asked for, and what places show beyond it when they are opened.

use super::health::{COUNTED, health_now};
use super::{Desk, Failure, parsed};
use crate::agent::identity::Identified;
use crate::core::alert::{Alert, AlertState};
use crate::core::contact::Contact;
use crate::core::id::AlertId;
use crate::core::notification::Notification;
use crate::core::task::Task;
use crate::core::urgency::rank;
use crate::store::list::{Filter, List};
use crate::store::{StoreError, Tx};
use crate::wire::Snapshot;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::collections::BTreeSet;

/// How many of each the console is told at most; others are fetched when looked for.
const ALERTS: u32 = 2000;
/// The most alerts whose messages are asked for at once.
const TOLD_AT_ONCE: usize = 100;
const TASKS: u32 = 200;
const OTHERS: u32 = 100;
/// The most urgent rows, whose messages come with the snapshot: more than a screen begins with.
const FIRST: usize = 60;
/// Partners whose contacts come along: those of the rows that a screen begins with.
const PARTNERS: usize = 40;
const CONTACTS_EACH: usize = 12;

pub async fn snapshot(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
) -> Result<Json<Snapshot>, Failure> {
    let agent = &desk.agent;
    let health = health_now(agent).await?;
    let setup = agent.setup();
    let (now, exchange) = (health.now, setup.settings.exchange.clone());
    let read = agent.store.read(move |tx| {
        let mut alerts = alerts(tx, now)?;
        alerts.sort_by_cached_key(|alert| rank(alert, exchange.as_ref()));
        let tasks = tx.tasks_to_do(TASKS)?;
        let mut notifications: Vec<Notification> = Vec::new();
        for alert in alerts.iter().take(FIRST) {
            notifications.extend(tx.notifications_of(alert.id)?);
        }
        // A task shows the message it is about.
        for id in tasks.iter().take(FIRST).filter_map(|task| task.notification) {
            notifications.extend(tx.notification(id)?);
        }
        let mut partners: Vec<&str> = Vec::new();
        let of_alerts = alerts.iter().filter(|a| a.state != AlertState::Resolved).map(|a| &a.partner);
        for partner in of_alerts.chain(tasks.iter().filter_map(|task| task.partner.as_ref())) {
            if partners.len() < PARTNERS && !partners.contains(&partner.id.raw()) {
                partners.push(partner.id.raw());
            }
        }
        let mut contacts: Vec<Contact> = Vec::new();
        for partner in partners {
            contacts.extend(tx.contacts_of(partner)?.into_iter().take(CONTACTS_EACH));
        }
        let open_tasks = tx.count(List::Tasks, "open", COUNTED)?;
        let (notifications, recent) = (plain(notifications), tx.recent(100)?);
        Ok((tx.newest_seq()?, alerts, notifications, tasks, open_tasks, recent, contacts))
    });
    let (seq, alerts, notifications, tasks, open_tasks, recent, contacts) = read.await?;
    Ok(Json(Snapshot {
        seq,
        now,
        me: who.me,
        desk: health.desk,
        told: alerts.len().min(FIRST),
        alerts,
        notifications,
        tasks,
        open_tasks,
        recent,
        contacts,
        people: setup.settings.desk.people.values().cloned().collect(),
        on_call: health.on_call,
        handovers: health.handovers,
        sources: health.sources,
        channels: health.channels,
        sync: health.sync,
        traffic: health.traffic,
    }))
}

/// What `GET /v1/told` is asked for.
#[derive(Deserialize)]
pub struct Asked {
    /// The messages of these alerts, by ids with commas between; without it those of the tasks, and the newest.
    of: Option<String>,
}

/// The messages that did not come with the snapshot, in pieces of the asker's choice.
pub async fn told(
    State(desk): State<Desk>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<Notification>>, Failure> {
    let alerts = asked.of.as_deref().map(ids).transpose()?;
    let read = desk.agent.store.read(move |tx| {
        let Some(alerts) = alerts else { return beside_alerts(tx) };
        let mut notifications: Vec<Notification> = Vec::new();
        for alert in alerts {
            notifications.extend(tx.notifications_of(alert)?);
        }
        Ok(notifications)
    });
    Ok(Json(plain(read.await?)))
}

fn ids(listed: &str) -> Result<Vec<AlertId>, Failure> {
    let ids: Vec<AlertId> = listed.split(',').map(parsed).collect::<Result<_, _>>()?;
    if ids.len() > TOLD_AT_ONCE {
        let many = ids.len();
        let why =
            format!("The messages of {many} alerts are asked for; {TOLD_AT_ONCE} at once are the most.");
        return Err(Failure(StatusCode::BAD_REQUEST, why));
    }
    Ok(ids)
}

fn beside_alerts(tx: &Tx<'_>) -> Result<Vec<Notification>, StoreError> {
    let tasks: Vec<Task> = tx.tasks_to_do(TASKS)?;
    let mut notifications: Vec<Notification> = Vec::new();
    for id in tasks.iter().filter_map(|task| task.notification) {
        notifications.extend(tx.notification(id)?);
    }
    let newest: Vec<Notification> =
        tx.list(List::Notifications, &Filter { limit: OTHERS, ..Filter::default() })?;
    notifications.extend(newest);
    Ok(notifications)
}

/// All that are not resolved, and those resolved within the last day.
fn alerts(tx: &Tx<'_>, now: Timestamp) -> Result<Vec<Alert>, StoreError> {
    let filter = |states: &[&str], limit| Filter {
        states: states.iter().map(|s| (*s).to_owned()).collect(),
        limit,
        ..Filter::default()
    };
    let mut alerts: Vec<Alert> =
        tx.list(List::Alerts, &filter(&["open", "acknowledged", "snoozed"], ALERTS))?;
    let closed: Vec<Alert> = tx.list(List::Alerts, &filter(&["resolved"], 50))?;
    let day = SignedDuration::from_hours(24);
    alerts.extend(closed.into_iter().filter(|alert| now.duration_since(alert.updated_at) < day));
    Ok(alerts)
}

/// Each once, without the parts that only a mail reader shows.
fn plain(mut notifications: Vec<Notification>) -> Vec<Notification> {
    let mut seen = BTreeSet::new();
    notifications.retain(|n| seen.insert(n.id));
    for n in &mut notifications {
        n.content.html = None;
        n.content.attachments = Vec::new();
    }
    notifications
}
