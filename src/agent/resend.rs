//! Sending again by hand: what the decision needs to know, and the look at it before anything leaves.

use super::Agent;
use crate::core::apply::Asker;
use crate::core::escalation::Decision;
use crate::core::id::NotificationId;
use crate::core::notification::{Notification, NotificationState, RecipientId};
use crate::core::resend::{self, Asked, Known, TOGETHER, Target};
use crate::store::{StoreError, Tx};
use crate::wire::Planned;

/// What would leave; nothing does.
pub async fn plan(agent: &Agent, asked: Asked, asker: Asker) -> Result<Planned, StoreError> {
    let (setup, now, down) = (agent.setup(), agent.world.now(), agent.providers.down());
    agent
        .store
        .read(move |tx| {
            let known = Known { down, ..known(tx, &asked)? };
            let mut decision = Decision::new(&setup.settings.desk, now, tx.next_ids()?);
            let plan = resend::decide(&mut decision, &asker, &known, &asked);
            Ok(plan.map_or_else(Planned::Refused, Planned::Goes))
        })
        .await
}

/// Reads what was asked for, and how those can be reached who would get it.
pub fn known(tx: &Tx<'_>, asked: &Asked) -> Result<Known, StoreError> {
    let mut known = Known::default();
    if let Some(RecipientId::Contact(id)) = &asked.to
        && let Some(contact) = tx.contact(id.raw())?
    {
        known.reach.insert(id.clone(), tx.reach_of(contact)?);
    }
    for target in asked.what.iter().take(TOGETHER) {
        match target {
            Target::Alert(id) => {
                known.alerts.extend(tx.alert(*id)?.map(|alert| (*id, alert)));
                let by_hand = |n: &Notification| n.again.by.is_some() && n.again.of.is_none();
                let latest = tx.notifications_of(*id)?.into_iter().rev().find(by_hand);
                known.latest.extend(latest.map(|n| (*id, n)));
            }
            Target::Message(id) => {
                let Some(n) = tx.notification(*id)? else { continue };
                if let Some(alert) = n.alert.filter(|alert| !known.alerts.contains_key(alert)) {
                    known.alerts.extend(tx.alert(alert)?.map(|found| (alert, found)));
                }
                if let (RecipientId::Contact(contact), Some(reach)) = (&n.recipient.who, tx.reach(&n)?) {
                    known.reach.entry(contact.clone()).or_insert(reach);
                }
                known.messages.insert(*id, n);
            }
        }
    }
    Ok(known)
}

/// What was sent again of these, or is one of them, and may be taken back; each with what it repeats.
pub fn copies(tx: &Tx<'_>, what: &[Target]) -> Result<Known, StoreError> {
    let mut known = Known::default();
    let waits = |n: &Notification| matches!(n.state, NotificationState::Queued | NotificationState::Held);
    let mut keep = |n: Notification| known.messages.insert(n.id, n);
    for target in what.iter().take(TOGETHER) {
        match target {
            Target::Alert(id) => {
                let by_hand = |n: &Notification| n.again.by.is_some() && waits(n);
                tx.notifications_of(*id)?.into_iter().filter(by_hand).for_each(|n| {
                    keep(n);
                });
            }
            Target::Message(id) => {
                let Some(n) = tx.notification(*id)? else { continue };
                let copy: Option<NotificationId> = n.again.last.as_ref().map(|last| last.id);
                match copy {
                    Some(copy) if n.again.by.is_none() || !waits(&n) => {
                        tx.notification(copy)?.map(&mut keep);
                    }
                    _ if n.again.by.is_some() => {
                        keep(n);
                    }
                    _ => {}
                }
            }
        }
    }
    let repeated: Vec<NotificationId> = known.messages.values().filter_map(|n| n.again.of).collect();
    for id in repeated {
        known.messages.extend(tx.notification(id)?.map(|n| (id, n)));
    }
    Ok(known)
}
