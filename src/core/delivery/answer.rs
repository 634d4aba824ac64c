//! What a provider answered to an attempt, and what follows.

use super::doubt::{in_doubt, is_settled};
use super::need::leave_out_what_is_over;
use super::receipt::add_evidence;
use super::route::less_tried;
use super::task::fix;
use super::{Delivering, Down, give_up, state_words};
use crate::core::change::{Actor, Change, What};
use crate::core::contact::Medium;
use crate::core::desk::Desk;
use crate::core::escalation::medium_word;
use crate::core::id::{AlertId, Ids};
use crate::core::notification::{
    Acceptance, AttemptState, Evidence, Fault, Notification, NotificationState, Rung,
};
use crate::core::page::AGAIN;
use crate::core::reach::Reach;
use crate::core::text::Untrusted;
use crate::core::{proof, reroute, sms};
use jiff::{SignedDuration, Timestamp};

/// What came of an attempt, as the channel tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    Accepted(Acceptance),
    /// The provider could not take it, or asks for a pause.
    Deferred {
        said: String,
        after: Option<SignedDuration>,
    },
    /// The provider works, and wants this message later.
    Later {
        said: String,
        after: Option<SignedDuration>,
    },
    Refused {
        said: String,
        fault: Fault,
    },
    Unknown {
        said: String,
    },
}

/// What recording an answer needs to know beside the message itself.
pub struct Answering<'a> {
    pub desk: &'a Desk,
    pub down: &'a Down,
    /// Of a message to a contact: how else they can be reached.
    pub reach: Option<&'a Reach>,
    /// Whether another attempt would still be wanted: see [`still_needed`].
    pub needed: bool,
    /// Alerts that the message speaks of and that nobody is paged for any more.
    pub over: &'a [AlertId],
    /// Between 0 and 1, by chance.
    pub jitter: f64,
    pub now: Timestamp,
}

/// Records the answer to the attempt numbered `attempt`.
pub fn answered(
    context: &Answering<'_>,
    n: &mut Notification,
    attempt: u32,
    answer: Answered,
    ids: &mut Ids,
) -> Vec<Change> {
    let Answering { desk, down, reach, needed, over, jitter, now } = *context;
    let Some(index) = n.attempts.iter().position(|a| a.number == attempt) else { return Vec::new() };
    let channel = n.attempts[index].channel.clone();
    let actor = Actor::Channel(channel.clone());
    let who = n.recipient.name.printable();
    n.updated_at = now;
    n.attempts[index].ended_at = Some(now);
    match answer {
        Answered::Accepted(acceptance) => {
            accept(desk, n, index, acceptance, now);
            let summary = format!("{} to {who} {}.", medium_word(n.medium), state_words(n));
            vec![Change::notification(now, actor, What::NotificationEvidence, summary, n)]
        }
        Answered::Deferred { said, after } | Answered::Later { said, after } => {
            n.attempts[index].state = AttemptState::Deferred;
            n.attempts[index].answer = Some(said.as_str().into());
            if is_settled(n, attempt) {
                return vec![Change::notification(now, actor, What::NotificationDeferred, said, n)];
            }
            if !needed {
                give_up(n, NotificationState::Cancelled);
                n.reason.outcome = Some("nobody is paged for the alert any more".into());
                let summary = format!("Not tried again to {who}: nobody is paged for the alert any more.");
                return vec![Change::notification(now, actor, What::NotificationCancelled, summary, n)];
            }
            leave_out_what_is_over(n, over);
            let address = n.attempts[index].address.raw().to_owned();
            let other = less_tried(desk, down, n, &address);
            let wait =
                after.unwrap_or(SignedDuration::ZERO).max(backoff(desk, n.attempts.len() as u32, jitter));
            // What is urgent does not wait for a provider while another has not been tried as often.
            let due = now + if other.is_some() && n.urgent { SignedDuration::ZERO } else { wait };
            let by = other.filter(|other| *other != channel);
            if n.expires_at.is_some_and(|end| end <= due) {
                give_up(n, NotificationState::Expired);
                n.reason.outcome = Some(Untrusted::new(format!("gave up: {said}")));
                let summary = format!("Gave up on {} to {who}: {said}", medium_word(n.medium));
                return vec![Change::notification(now, actor, What::NotificationExpired, summary, n)];
            }
            n.state = n.at_rest();
            n.due_at = Some(due);
            let way = by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
            let summary = format!("{} to {who} is tried again{way}: {said}", medium_word(n.medium));
            n.channel = by.unwrap_or_else(|| std::mem::take(&mut n.channel));
            vec![Change::notification(now, actor, What::NotificationDeferred, summary, n)]
        }
        Answered::Refused { said, fault } => {
            n.attempts[index].state = AttemptState::Refused;
            n.attempts[index].answer = Some(said.as_str().into());
            n.reason.outcome = Some(Untrusted::new(format!("refused: {said}")));
            let detail = said.as_str().into();
            add_evidence(
                n,
                Evidence { at: now, attempt, part: 1, rung: Some(Rung::Failed), by: channel.clone(), detail },
            );
            let summary = format!("{} to {who} failed: {said}", medium_word(n.medium));
            let mut changes = vec![Change::notification(now, actor, What::NotificationEvidence, summary, n)];
            let address = n.attempts[index].address.raw().to_owned();
            let mut context = Delivering { desk, down, reach, ids, now };
            if fault == Fault::OptedOut {
                let of = (attempt, channel.as_str());
                changes.extend(reroute::opted_out(&mut context, n, of, &address, &said));
            }
            if n.state.is_failure() && reach.is_some() {
                changes.extend(reroute::failed(&mut context, n, &address, fault, &said));
            } else if n.state.is_failure() && !proof::moves_on(n) {
                let title = format!("{who}: {} refused: {said}", medium_word(n.medium));
                changes.push(fix(desk, context.ids, n, title, now));
            }
            changes
        }
        Answered::Unknown { said } => {
            if needed {
                leave_out_what_is_over(n, over);
            }
            in_doubt(desk, n, index, &said, needed.then_some(desk.retry.first), ids, now)
        }
    }
}

/// The provider took what was handed over in the attempt at this index.
pub(super) fn accept(
    desk: &Desk,
    n: &mut Notification,
    index: usize,
    acceptance: Acceptance,
    now: Timestamp,
) {
    let Acceptance { provider_ref, names, said, parts } = acceptance;
    let at = &mut n.attempts[index];
    at.names = names.into_iter().map(Untrusted::new).collect();
    at.state = AttemptState::Handed;
    at.parts = parts;
    at.answer = Some(said.as_str().into());
    at.provider_ref = provider_ref.map(Untrusted::new).or(at.provider_ref.take());
    n.provider_ref = at.provider_ref.clone().or(n.provider_ref.take());
    let (attempt, by) = (at.number, at.channel.clone());
    // Parts with names of their own are each proven for themselves: one that arrived is not the whole.
    let counted = u32::try_from(at.names.len()).unwrap_or(u32::MAX).max(1);
    for part in 1..=counted {
        let (rung, by, detail) = (Some(Rung::Accepted), by.clone(), said.as_str().into());
        add_evidence(n, Evidence { at: now, attempt, part, rung, by, detail });
    }
    proof::expect(desk, n, now);
}

/// Whether a text left as more than one SMS, so that a receipt of a part is not one of the whole.
pub fn in_parts(n: &Notification, attempt: u32) -> bool {
    let again = n.attempts.iter().any(|one| one.number == attempt && one.possible_duplicate);
    let label = if again { AGAIN } else { "" };
    n.medium == Medium::Sms && sms::segments(&format!("{label}{}", n.content.body.raw())).parts.len() > 1
}

/// Exponential from `retry.first` to `retry.longest`, with up to half of it taken off by chance, so
/// that many messages deferred together do not come back together.
fn backoff(desk: &Desk, attempts: u32, jitter: f64) -> SignedDuration {
    let doubled = desk.retry.first.as_secs_f64() * 2f64.powi(attempts.clamp(1, 30) as i32 - 1);
    let capped = doubled.min(desk.retry.longest.as_secs_f64());
    SignedDuration::from_secs_f64(capped * (1.0 - jitter.clamp(0.0, 1.0) / 2.0))
}
