//! What the console's first frame needs, and no more: what places show beyond it is asked for when
//! they are opened.

use super::health::{COUNTED, health_now};
use super::{Desk, Failure};
use crate::agent::identity::Identified;
use crate::core::alert::{Alert, AlertState};
use crate::core::contact::Contact;
use crate::core::notification::Notification;
use crate::store::list::{Filter, List};
use crate::wire::Snapshot;
use axum::extract::State;
use axum::{Extension, Json};
use std::collections::BTreeSet;

/// How many of each the first frame needs at most; others are fetched when looked for.
const ALERTS: u32 = 2000;
const NOTIFICATIONS: usize = 3000;
const TASKS: u32 = 200;
/// Partners whose contacts come along: those of the rows that a screen begins with.
const PARTNERS: usize = 60;
const CONTACTS_EACH: usize = 12;

pub async fn snapshot(
    State(desk): State<Desk>,
    Extension(who): Extension<Identified>,
) -> Result<Json<Snapshot>, Failure> {
    let agent = &desk.agent;
    let health = health_now(agent).await?;
    let setup = agent.setup();
    let now = health.now;
    let read = agent.store.read(move |tx| {
        let filter = |states: &[&str], limit| Filter {
            states: states.iter().map(|s| (*s).to_owned()).collect(),
            limit,
            ..Filter::default()
        };
        let mut alerts: Vec<Alert> =
            tx.list(List::Alerts, &filter(&["open", "acknowledged", "snoozed"], ALERTS))?;
        let closed: Vec<Alert> = tx.list(List::Alerts, &filter(&["resolved"], 50))?;
        let day = jiff::SignedDuration::from_hours(24);
        alerts.extend(closed.into_iter().filter(|alert| now.duration_since(alert.updated_at) < day));
        let mut notifications: Vec<Notification> = Vec::new();
        // Who was told long ago matters most: the alerts that wait longest come first.
        let mut waiting: Vec<&Alert> = alerts.iter().collect();
        waiting.sort_by_key(|alert| (alert.state, alert.next_due().is_none(), alert.next_due(), alert.id));
        for alert in &waiting {
            notifications.extend(tx.notifications_of(alert.id)?);
            if notifications.len() >= NOTIFICATIONS {
                break;
            }
        }
        let tasks = tx.tasks_to_do(TASKS)?;
        // A task shows the message it is about.
        let known: BTreeSet<_> = notifications.iter().map(|n| n.id).collect();
        let mut others: Vec<Notification> = tx.list(List::Notifications, &filter(&[], 100))?;
        for id in tasks.iter().filter_map(|task| task.notification) {
            others.extend(tx.notification(id)?);
        }
        others.sort_by_key(|n| n.id);
        others.dedup_by_key(|n| n.id);
        others.retain(|n| !known.contains(&n.id));
        notifications.extend(others);
        let mut partners: Vec<&str> = Vec::new();
        let of_alerts = waiting.iter().filter(|a| a.state != AlertState::Resolved).map(|a| &a.partner);
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
        Ok((tx.newest_seq()?, alerts, notifications, tasks, open_tasks, tx.recent(100)?, contacts))
    });
    let (seq, alerts, notifications, tasks, open_tasks, recent, contacts) = read.await?;
    Ok(Json(Snapshot {
        seq,
        now,
        me: who.me,
        desk: health.desk,
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
