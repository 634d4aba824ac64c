//! What mail servers and mailbox providers report of mails of ours: it becomes evidence of the attempt that
//! the report's token names, or a complaint.

use super::Agent;
use super::receipts;
use super::replies;
use crate::channel::report::{Fate, Report};
use crate::channel::{Of, Receipt, message_name};
use crate::core::id::NotificationId;
use crate::core::notification::{AttemptState, Notification};
use crate::store::StoreError;

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Kept,
    /// The mail that it is about is still being handed over; it is looked at again.
    TooEarly,
    /// It names no mail of ours, or returns another than it names.
    NotOurs,
}

/// Takes a report whose token is ours; `id` is the letter's own.
pub(super) async fn take(agent: &Agent, report: Report, id: &str) -> Result<Heard, StoreError> {
    match report {
        Report::Delivery { notification, attempt, message_id, fates } => {
            delivery(agent, notification, attempt, message_id.as_deref(), fates).await
        }
        Report::Complaint { notification, message_id, said } => {
            let Some(n) = named(agent, notification, message_id.as_deref()).await? else {
                return Ok(Heard::NotOurs);
            };
            replies::complained(agent, n, id, said).await?;
            Ok(Heard::Kept)
        }
    }
}

async fn delivery(
    agent: &Agent,
    id: NotificationId,
    attempt: u32,
    message_id: Option<&str>,
    mut fates: Vec<Fate>,
) -> Result<Heard, StoreError> {
    let Some(n) = named(agent, id, message_id).await? else { return Ok(Heard::NotOurs) };
    let Some(at) = n.attempts.iter().find(|one| one.number == attempt) else { return Ok(Heard::NotOurs) };
    if at.state == AttemptState::Sending {
        return Ok(Heard::TooEarly);
    }
    // A list may have passed it on to many; what counts is the mailbox that it was sent to, if that is named.
    let ours = |fate: &Fate| fate.recipients.iter().any(|to| to.eq_ignore_ascii_case(at.address.raw()));
    if fates.iter().any(ours) {
        fates.retain(ours);
    }
    for Fate { rung, detail, .. } in fates {
        let of = Of::Attempt { notification: id, attempt, part: 1 };
        let receipt = Receipt { of, provider_ref: None, rung, by: "mail server", detail, fault: None };
        receipts::fold(agent, &at.channel, receipt).await?;
    }
    Ok(Heard::Kept)
}

/// The message, if what the report returns is that very message.
async fn named(
    agent: &Agent,
    id: NotificationId,
    message_id: Option<&str>,
) -> Result<Option<Notification>, StoreError> {
    let found = agent.store.read(move |tx| tx.notification(id)).await?;
    Ok(found.filter(|n| {
        let name = message_id.and_then(|id| id.trim_matches(['<', '>']).rsplit_once('@'));
        name.is_none_or(|(name, _)| name == message_name(&n.idempotency_key))
    }))
}
