//! A reader tells their mailbox provider that a mail of ours was unwanted (RFC 5965). It is as good as STOP, and
//! somebody must find out why: providers stop taking mail from those who are complained of.

use super::take::{ReplyView, Taking, finish};
use super::{Became, Inbound};
use crate::core::change::Change;
use crate::core::consent::Means;
use crate::core::desk::Desk;
use crate::core::id::{Ids, NotificationId};
use crate::core::suppression::address_key;
use crate::core::task::{Task, TaskKind};
use jiff::Timestamp;

/// The key of the task to find out why somebody complained.
pub fn task_key(address: &str) -> String {
    format!("fix\u{1f}complaint\u{1f}{}", address_key(address))
}

/// Decides what a complaint does; `inbound` is as if its reader had written it, from the address that the mail
/// went to. Nothing is answered: they do not want to read it.
pub fn complain(
    desk: &Desk,
    view: ReplyView,
    inbound: &Inbound,
    about: NotificationId,
    ids: Ids,
    now: Timestamp,
) -> (Vec<Change>, Ids) {
    let mut taking = Taking::new(desk, view, inbound, ids, now);
    taking.stop(Means::Complaint);
    let who = taking.who();
    let name = taking.name();
    let key = task_key(&inbound.from);
    if !taking.view.tasks.iter().any(|task| task.key.raw() == key) {
        let title = format!("{name} complained of {about} as unwanted: no more mail goes to them");
        let task = Task {
            partner: taking.view.partner.clone(),
            notification: Some(about),
            about: taking.contact().map(|contact| contact.id.clone()),
            ..Task::about_reach(desk, &mut taking.decision.ids, TaskKind::Fix, title, key, now)
        };
        let change = task.opened();
        taking.decision.changes.push(change);
    }
    let kept = taking.kept(Became::OptedOut, who, format!("complained of {about}, which counts as STOP"));
    finish(taking, kept)
}
