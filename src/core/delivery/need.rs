//! Whether a page is of use any more: not once nobody is paged for what it speaks of.

use super::give_up;
use crate::core::alert::Alert;
use crate::core::change::{Actor, Change, What};
use crate::core::id::AlertId;
use crate::core::notification::{Notification, NotificationState, Purpose};
use jiff::Timestamp;

/// Whether another attempt would still be wanted, and which of the alerts it speaks of (`alerts`) are over:
/// a page is of no use once nobody is paged for any of them; everything else is.
pub fn still_needed(n: &Notification, alerts: &[Alert]) -> (bool, Vec<AlertId>) {
    if n.purpose != Purpose::Page {
        return (true, Vec::new());
    }
    let (paging, over): (Vec<&Alert>, Vec<&Alert>) = alerts.iter().partition(|alert| alert.is_paging());
    (!paging.is_empty() || over.is_empty(), over.into_iter().map(|alert| alert.id).collect())
}

/// A page that waited is of no use any more: nobody is paged for what it speaks of.
pub fn not_needed(n: &mut Notification, now: Timestamp) -> Change {
    give_up(n, NotificationState::Cancelled);
    n.hold = None;
    n.updated_at = now;
    let because = "nobody is paged for the alert any more";
    n.reason.outcome = Some(because.into());
    let summary = format!("Not sent to {}: {because}.", n.recipient.name.printable());
    Change::notification(now, Actor::Desk, What::NotificationCancelled, summary, n)
}

/// What is tried again speaks only of what somebody is still paged for.
pub fn leave_out_what_is_over(n: &mut Notification, over: &[AlertId]) {
    if n.bundle.is_some() {
        for alert in over {
            n.leave_out(*alert, "nobody is paged for it any more");
        }
    }
}
