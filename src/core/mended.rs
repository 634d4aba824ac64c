//! What did not reach a partner's contact while their addresses were broken leaves once they are mended: of each
//! conversation its last word, unless that arrived another way or is too old to be news.

use crate::core::change::{Actor, Change, What};
use crate::core::contact::Contact;
use crate::core::desk::Desk;
use crate::core::escalation::{Decision, medium_word};
use crate::core::id::{EventId, NotificationId};
use crate::core::notification::{Again, Hold, Notification, NotificationState};
use crate::core::reach::{Reach, Way};
use crate::core::reroute;
use crate::core::suppression::address_key;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Older than this nothing is said once more: whoever mended the address tells them, or asks for it to be sent again.
const NEWS: SignedDuration = SignedDuration::from_hours(72);

/// Queues what is still to be said. `since` are the messages to the contact from the first that failed on, the oldest
/// first.
///
/// # Returns
/// How many of them leave.
pub fn leaves(
    decision: &mut Decision<'_>,
    reach: &Reach,
    contact: &Contact,
    since: &[Notification],
) -> usize {
    let (desk, now) = (decision.desk, decision.now);
    let mut last: BTreeMap<Conversation<'_>, &Notification> = BTreeMap::new();
    for n in since {
        last.insert(Conversation::of(n), n);
    }
    let missed: Vec<&Notification> =
        last.into_values().filter(|n| is_missed(n) && now.duration_since(n.created_at) <= NEWS).collect();
    let mut leave = 0;
    for n in missed {
        let mut failed_at = n.failed_at.clone();
        failed_at.extend(n.attempts.last().map(|attempt| address_key(attempt.address.raw()).into()));
        let failed = failed_at.iter().map(|address| address.raw().to_owned()).collect();
        let (medium, due, held) =
            match (Reach { failed, ..reach.clone() }).way(desk, contact, n.category, now) {
                Way::Send { medium, .. } => (medium, now, false),
                Way::Wait(until) => (n.medium, until, true),
                Way::None(_) => continue,
            };
        let mut again = anew(desk, decision.ids.next_notification(), n, due, now);
        if held {
            (again.state, again.hold) = (NotificationState::Held, Some(Hold::QuietHours));
        }
        again.failed_at = failed_at;
        reroute::write(desk, &mut again, medium);
        let name = contact.name.printable();
        again.reason.via = format!("{}; {} did not arrive", n.reason.via.printable(), n.id).into();
        let summary = format!("{} to {name}, who can be reached again.", medium_word(medium));
        decision.changes.push(Change::notification(
            now,
            Actor::Desk,
            What::NotificationQueued,
            summary,
            &again,
        ));
        leave += 1;
    }
    leave
}

/// A copy of a message that is to be sent as if it had never been.
pub fn anew(
    desk: &Desk,
    id: NotificationId,
    n: &Notification,
    due: Timestamp,
    now: Timestamp,
) -> Notification {
    let mut again = Notification {
        id,
        state: NotificationState::Queued,
        hold: None,
        stranded: false,
        disputed: false,
        attempts: Vec::new(),
        evidence: Vec::new(),
        provider_ref: None,
        proof_by: None,
        again: Again::default(),
        idempotency_key: format!("{}-{id}", desk.instance),
        due_at: Some(due),
        expires_at: Some(due + desk.retry.give_up),
        config_version: desk.version,
        created_at: now,
        updated_at: now,
        ..n.clone()
    };
    again.reason.outcome = None;
    again
}

/// What the words of a message belong to: a later one of the same makes an earlier one old.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Conversation<'a> {
    Thread(&'a str),
    /// Of one event; a copy that went another way is of the same.
    Event(EventId),
    /// Of none, as a digest.
    Rule(&'a str),
}

impl<'a> Conversation<'a> {
    fn of(n: &'a Notification) -> Self {
        match (&n.thread, n.event) {
            (Some(thread), _) => Self::Thread(thread),
            (None, Some(event)) => Self::Event(event),
            (None, None) => Self::Rule(&n.reason.rule),
        }
    }
}

/// Whether it is over, did not arrive, and nobody has seen to it. An alert has its ladder, which is not over by this,
/// and the answer to a reply goes where that came from.
fn is_missed(n: &Notification) -> bool {
    let failed = n.state.is_failure() && !n.disputed;
    let open = n.alert.is_none() && n.answers.is_none() && n.again.last.is_none();
    open && (failed || n.stranded)
}
