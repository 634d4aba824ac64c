//! The life of one message: claimed, handed over, answered, proven or in doubt.
//!
//! A claim is committed before the first byte leaves. Whatever happens after it is recorded against
//! that attempt; a claim that was never answered is in doubt, never queued again. What is sent out
//! of doubt is a new attempt, labelled as a possible duplicate.

mod answer;
mod claim;
mod doubt;
mod need;
mod receipt;
mod route;
mod task;
#[cfg(test)]
mod tests;

pub use answer::{Answered, Answering, answered, in_parts};
pub use claim::{Claim, claim};
pub use doubt::{cleared_up, doubt_task, found, lease_ended};
pub use need::{leave_out_what_is_over, not_needed, say_anew, still_needed};
pub use receipt::{add_evidence, name, receipt};
pub use route::{divert, rehome, release, works};
pub use task::{fix, fix_task, is_mended, person_fix_task, undelivered};

use crate::core::desk::Desk;
use crate::core::id::Ids;
use crate::core::notification::{Notification, NotificationState};
use crate::core::reach::Reach;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The channels whose provider is down.
pub type Down = BTreeSet<String>;

/// Every provider works.
pub static ALL_UP: Down = BTreeSet::new();

/// What a decision about one message works with.
pub struct Delivering<'a> {
    pub desk: &'a Desk,
    pub down: &'a Down,
    /// Of a message to a contact: how they can be reached.
    pub reach: Option<&'a Reach>,
    pub ids: &'a mut Ids,
    pub now: Timestamp,
}

/// An earlier attempt may have got through, or may yet.
pub fn may_be_second(n: &Notification) -> bool {
    n.attempts.iter().any(|attempt| n.may_arrive(attempt))
}

/// Nothing more is sent. What may already have got through stays what it is, whatever else became of
/// the message: it cannot be said that it was never sent.
fn give_up(n: &mut Notification, state: NotificationState) {
    n.state = match n.at_rest() {
        NotificationState::Queued | NotificationState::Held => state,
        known => known,
    };
    n.due_at = None;
}

fn state_words(n: &Notification) -> &'static str {
    match n.state {
        NotificationState::Accepted => "accepted, not proven delivered",
        NotificationState::Failed if n.disputed => "failed, disputed",
        other => other.as_str(),
    }
}
