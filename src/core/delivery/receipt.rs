//! Receipts are folded into the state, which never claims more than they prove.

use super::task::fix;
use super::{Delivering, state_words};
use crate::core::change::{Actor, Change, What};
use crate::core::escalation::medium_word;
use crate::core::notification::{
    AttemptState, Disputed, Evidence, Fault, Hold, Notification, NotificationState, Purpose, Rung, proven,
};
use crate::core::text::Untrusted;
use crate::core::{proof, reroute};

/// Keeps what the provider calls a message, where a receipt says it before the answer did.
pub fn name(n: &mut Notification, attempt: u32, provider_ref: Option<String>) {
    let Some(provider_ref) = provider_ref else { return };
    let Some(attempt) = n.attempts.iter_mut().find(|one| one.number == attempt) else { return };
    let named = attempt.provider_ref.get_or_insert_with(|| Untrusted::new(provider_ref));
    n.provider_ref.get_or_insert_with(|| named.clone());
}

/// Folds one receipt. A receipt heard before changes nothing and is not kept twice. `fault`: what its
/// provider says is at fault; `None` where only its rung tells.
pub fn receipt(
    context: &mut Delivering<'_>,
    n: &mut Notification,
    evidence: Evidence,
    fault: Option<Fault>,
    channel: &str,
) -> Vec<Change> {
    let now = context.now;
    let heard = n.evidence.iter().any(|e| {
        (e.attempt, e.part, e.rung, &e.detail)
            == (evidence.attempt, evidence.part, evidence.rung, &evidence.detail)
    });
    if heard || !n.attempts.iter().any(|attempt| attempt.number == evidence.attempt) {
        return Vec::new();
    }
    let (failed_before, lost_before) = (n.state.is_failure(), n.lost_attempt().map(|lost| lost.number));
    let attempt = n.attempts.iter().find(|attempt| attempt.number == evidence.attempt);
    let address = attempt.map(|attempt| attempt.address.raw().to_owned()).unwrap_or_default();
    let bounced = evidence.rung == Some(Rung::Bounced);
    let fault = fault.unwrap_or(if bounced { Fault::Address } else { Fault::Message });
    let (by, of) = (evidence.by.clone(), evidence.attempt);
    let detail = evidence.detail.printable();
    if lost_before == Some(evidence.attempt) && evidence.rung.is_some_and(|rung| rung < Rung::Failed) {
        n.attempts
            .iter_mut()
            .filter(|a| a.number == evidence.attempt)
            .for_each(|a| a.state = AttemptState::Handed);
        add_evidence(n, evidence);
        proof::expect(context.desk, n, now);
    } else {
        add_evidence(n, evidence);
    }
    n.updated_at = now;
    let said = if detail.as_str().is_empty() { String::new() } else { format!(": {detail}") };
    let summary = format!(
        "{} to {} {}, by {by}{said}",
        medium_word(n.medium),
        n.recipient.name.printable(),
        state_words(n)
    );
    let actor = Actor::Channel(channel.to_owned());
    let mut changes = vec![Change::notification(now, actor, What::NotificationEvidence, summary, n)];
    if fault == Fault::OptedOut {
        changes.extend(reroute::opted_out(context, n, (of, channel), &address, detail.as_str()));
    }
    if n.state.is_failure() && !failed_before {
        changes.extend(reroute::failed(context, n, &address, fault, detail.as_str()));
        if n.purpose == Purpose::Test {
            let (who, medium) = (n.recipient.name.printable(), medium_word(n.medium));
            let title = format!("{who} would not be reached: a test by {medium} {}{said}", state_words(n));
            changes.push(fix(context.desk, context.ids, n, title, now));
        }
    }
    changes
}

/// Adds evidence and lets the state follow from all of it.
pub fn add_evidence(n: &mut Notification, evidence: Evidence) {
    n.evidence.push(evidence);
    let Some((rung, Disputed(disputed))) = proven(&n.evidence) else { return };
    use NotificationState::{Accepted, Cancelled, Sending, Sent};
    let open = matches!(n.state, Sending | Accepted | Sent);
    let on_its_way = open && n.attempts.iter().any(|attempt| attempt.state == AttemptState::Sending);
    let leaves_again =
        on_its_way || n.state == Cancelled || n.due_at.is_some() || n.hold == Some(Hold::NoProvider);
    // A later attempt on its way, or a decision not to send, is not undone by a late failure.
    if leaves_again && rung >= Rung::Failed {
        if matches!(n.state, Accepted | Sent) {
            n.state = if on_its_way { Sending } else { n.at_rest() };
        }
        return;
    }
    // Nor does it end a further attempt that an earlier one was only taken: that is known to be too little.
    if leaves_again && rung < Rung::Delivered && matches!(n.state, Accepted | Sent) {
        n.state = rung.state();
        return;
    }
    n.state = rung.state();
    n.disputed = disputed;
    n.due_at = None;
    if n.hold == Some(Hold::NoProvider) {
        n.hold = None;
    }
    if rung >= Rung::Delivered {
        n.proof_by = None;
    }
}
