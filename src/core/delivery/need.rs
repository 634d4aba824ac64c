//! Whether a message about an alert is of use any more: no page is once nobody is paged for what it speaks of, or
//! a newer one says the same, and no word of who has an alert is once it pages anew.

use super::give_up;
use crate::core::alert::{Alert, AlertState};
use crate::core::change::{Actor, Change, What};
use crate::core::decide::cancel_pages;
use crate::core::escalation::Decision;
use crate::core::id::AlertId;
use crate::core::notification::{AttemptState, Notification, NotificationState, Purpose};
use jiff::Timestamp;

/// Whether another attempt would still be wanted, and which of the alerts it speaks of (`alerts`) are over:
/// a page and the mail with its detail are of no use once nobody is paged for any of them, and a word of who has
/// an alert is none once it pages anew; everything else is.
pub fn still_needed(n: &Notification, alerts: &[Alert]) -> (bool, Vec<AlertId>) {
    match n.purpose {
        Purpose::Page => {}
        Purpose::Detail if n.again.by.is_none() => {}
        Purpose::Status => {
            let anew = |alert: &Alert| alert.state == AlertState::Open && !alert.is_of_round(n.id);
            return (!alerts.iter().any(anew), Vec::new());
        }
        _ => return (true, Vec::new()),
    }
    let (paging, over): (Vec<&Alert>, Vec<&Alert>) = alerts.iter().partition(|alert| alert.is_paging());
    (!paging.is_empty() || over.is_empty(), over.into_iter().map(|alert| alert.id).collect())
}

/// Cancels what waits to say the same as a page that leaves now or waits in its stead: an older page of the same
/// alerts to the same person by the same medium. `of_alerts` are the messages about those alerts.
pub fn say_anew(decision: &mut Decision<'_>, newer: &Notification, of_alerts: &mut [Notification]) {
    if newer.purpose != Purpose::Page {
        return;
    }
    let because = format!("{} says it anew", newer.id);
    let older = |n: &Notification| {
        n.id < newer.id
            && n.purpose == Purpose::Page
            && (&n.recipient, n.medium) == (&newer.recipient, newer.medium)
            && n.again.by.is_none()
            && !n.attempts.iter().any(|attempt| attempt.state == AttemptState::Sending)
    };
    for alert in newer.alerts() {
        let same = of_alerts.iter_mut().filter(|n| older(n) && n.is_about(alert) && !n.leaves_out(alert));
        cancel_pages(decision, alert, same, &because);
    }
}

/// A message that waited is of no use any more: nobody is paged for what it speaks of, or it does not hold.
pub fn not_needed(n: &mut Notification, now: Timestamp) -> Change {
    give_up(n, NotificationState::Cancelled);
    n.hold = None;
    n.updated_at = now;
    let because = match n.purpose {
        Purpose::Status => "it does not hold any more",
        _ => "nobody is paged for the alert any more",
    };
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
