//! Taking back what was sent again and has not left.

use crate::core::apply::Asker;
use crate::core::change::{Actor, Change, What};
use crate::core::command::{Refusal, RefusalCode};
use crate::core::escalation::Decision;
use crate::core::notification::{Notification, NotificationState};

/// Takes back what was sent again and has not left; `of` are the copies, with what they repeat. That was then not sent
/// again, and is as it was.
///
/// # Errors
/// Everything has left already, or nothing was sent again.
pub fn unsend(decision: &mut Decision<'_>, asker: &Asker, of: Vec<Notification>) -> Result<String, Refusal> {
    let (now, actor) = (decision.now, Actor::Person { id: asker.id.clone(), login: asker.login.clone() });
    let (mut back, mut gone) = (Vec::new(), Vec::new());
    let repeated = |n: &Notification| of.iter().any(|copy| copy.again.of == Some(n.id));
    let (mut originals, copies): (Vec<Notification>, Vec<Notification>) =
        of.iter().cloned().partition(repeated);
    for mut n in copies {
        let waits = matches!(n.state, NotificationState::Queued | NotificationState::Held)
            && n.attempts.is_empty()
            && n.again.by.is_some();
        if !waits {
            gone.push(n.id.to_string());
            continue;
        }
        (n.state, n.due_at, n.hold, n.updated_at) = (NotificationState::Cancelled, None, None, now);
        n.reason.outcome = Some(format!("{} took it back", asker.name).into());
        let who = n.recipient.name.printable();
        let summary = format!("{} took back what was to go to {who} again.", asker.name);
        let what = What::NotificationCancelled;
        decision.changes.push(Change::notification(now, actor.clone(), what, summary, &n));
        let is_of =
            |original: &&mut Notification| original.again.last.as_ref().is_some_and(|last| last.id == n.id);
        if let Some(original) = originals.iter_mut().find(is_of) {
            original.again.last = None;
            let summary = format!("{} took back that it be sent again as {}.", asker.name, n.id);
            let what = What::NotificationResent;
            decision.changes.push(Change::notification(now, actor.clone(), what, summary, original));
        }
        back.push(n.id.to_string());
    }
    let refuse = |said: String| Refusal { code: RefusalCode::WrongState, said: said.into(), by: None };
    match (back.is_empty(), gone.is_empty()) {
        (true, true) => Err(refuse("Nothing was sent again that could be taken back.".to_owned())),
        (true, false) => Err(refuse(format!("{} left already, or does not wait.", gone.join(", ")))),
        (false, true) => Ok(format!("{} taken back; nothing leaves.", back.join(", "))),
        (false, false) => Ok(format!("{} taken back; {} left already.", back.join(", "), gone.join(", "))),
    }
}
