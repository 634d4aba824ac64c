//! What is heard of a contact becomes changes: a contact made or changed, a link, a task where two
//! edits met. Hearing the same again makes none.

use super::{Link, Merged, Side, Stated, blank_contact, compare_versions, merge};
use crate::core::change::{Actor, Change, Object, What};
use crate::core::consent::{self, Means, Word};
use crate::core::contact::{Contact, ContactField};
use crate::core::escalation::Decision;
use crate::core::event::{FieldError, Verdict};
use crate::core::partner::PartnerRef;
use crate::core::task::{Task, TaskKind, TaskState};
use crate::core::text::Untrusted;
use jiff::Timestamp;
use std::cmp::Ordering;

/// What the store has of one contact and its link to one side.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub contact: Option<Contact>,
    pub link: Option<Link>,
    /// The open task about it, [`task_key`].
    pub task: Option<Task>,
    pub partner: Option<PartnerRef>,
}

/// What one side says of one contact at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// The desk's id of the contact, should it have to be made.
    pub id: Untrusted,
    pub community_id: Option<Untrusted>,
    pub external_id: Option<Untrusted>,
    pub version: Option<Untrusted>,
    /// When it was said, by the clock of who said it; events only.
    pub told_at: Option<Timestamp>,
    /// It is all that side has to say: a listing, an answer to a GET, a row.
    pub whole: bool,
    pub stated: Stated,
    /// What else it says and cannot be used.
    pub unreadable: Vec<FieldError>,
}

/// The key of the task about a contact whose two sides differ.
pub fn task_key(contact: &Untrusted, side: &Side) -> String {
    format!("sync\u{1f}{}\u{1f}{}", side.word(), contact.raw())
}

/// Merges what a side said; `known` is what there is afterwards.
pub fn hear(
    decision: &mut Decision<'_>,
    actor: &Actor,
    known: &mut Known,
    side: &Side,
    said: &Said,
) -> Merged {
    let now = decision.now;
    let fresh_link = || Link::new(said.id.clone(), side.clone(), now);
    let mut link = known.link.clone().unwrap_or_else(fresh_link);
    if link.erased {
        return Merged::default();
    }
    let is_new = known.contact.is_none();
    let mut contact = known.contact.clone().unwrap_or_else(|| blank_contact(said.id.clone(), now));
    link.gone = false;
    let merged = merge(&mut contact, &mut link, &said.stated, now);
    if contact.name.is_empty() {
        // Somebody must be able to name them.
        contact.name = contact.id.clone();
    }
    for (kept, given) in [
        (&mut link.community_id, &said.community_id),
        (&mut link.external_id, &said.external_id),
        (&mut link.version, &said.version),
    ] {
        if given.is_some() {
            kept.clone_from(given);
        }
    }
    link.told_at = link.told_at.max(said.told_at);
    if said.whole {
        link.heard_whole(said.version.as_ref());
        link.unreadable.clone_from(&said.unreadable);
        link.look_since = None;
    }
    if is_new || !merged.taken.is_empty() {
        let what = if is_new { What::ContactCreated } else { What::ContactSynced };
        let summary = match is_new {
            true => format!("Contact {} comes from {}.", contact.name.raw(), side.spoken()),
            false => format!("{}: {} from {}.", contact.name.raw(), merged.taken.join(", "), side.spoken()),
        };
        decision.changes.push(contact_change(actor, what, summary, &contact, now));
        let before = known.contact.as_ref().map(|contact| contact.opted_out.clone()).unwrap_or_default();
        let version = said.version.as_ref().map(|version| format!(" version {}", version.raw()));
        let word = Word {
            actor,
            means: match side {
                Side::Community => Means::Community,
                Side::Sheet(_) => Means::Spreadsheet,
            },
            words: Untrusted::new(format!("said by {}", side.spoken())),
            evidence: Untrusted::new(format!("{}{}", said.id.raw(), version.unwrap_or_default())),
        };
        consent::record_contact(decision, &word, &before, &contact);
    }
    if !merged.disputed.is_empty() {
        let summary = format!(
            "{} of {} changed both here and in {}; nothing is written over until somebody chooses.",
            merged.disputed.join(", "),
            contact.name.raw(),
            side.spoken()
        );
        keep_link(decision, actor, known, What::ContactConflict, summary, &contact, link);
    } else {
        let summary = format!("{} as {} has it.", contact.name.raw(), side.spoken());
        keep_link(decision, actor, known, What::ContactLinked, summary, &contact, link);
    }
    known.contact = Some(contact);
    settle_task(decision, known);
    merged
}

/// An event says that a contact changed. It is a hint: late, repeated and out of order it must undo
/// nothing, so what cannot be shown to be newer is only a reason to look.
pub fn notice(decision: &mut Decision<'_>, actor: &Actor, known: &mut Known, said: &Said) -> Verdict {
    let verdict =
        |matched, because: &str| Verdict { rule: "contacts".into(), matched, because: because.into() };
    let link = known.link.as_ref();
    if link.is_some_and(|link| link.erased) {
        return verdict(false, "this contact was erased here");
    }
    let before = link.and_then(|link| link.version.as_ref());
    let version = said.version.as_ref();
    let order = before.zip(version).and_then(|(before, said)| compare_versions(said.raw(), before.raw()));
    let newer = match order {
        Some(Ordering::Equal) => return verdict(false, "this version is known already"),
        Some(Ordering::Less) => false,
        Some(Ordering::Greater) => true,
        // Of versions that are no numbers only the community itself can say which is the newer one.
        None if link.is_some_and(|link| link.community_id.is_some()) => false,
        None => link.and_then(|link| link.told_at).is_none_or(|told_at| said.told_at >= Some(told_at)),
    };
    let speaks = !said.stated.fields.is_empty() || said.stated.partner_id.is_some();
    let merged = match newer && (speaks || known.contact.is_some()) {
        true => Some(hear(decision, actor, known, &Side::Community, said)),
        false => None,
    };
    look_up(decision, actor, known, &said.id);
    match merged {
        Some(merged) if !merged.taken.is_empty() => {
            verdict(true, &format!("took {}", merged.taken.join(", ")))
        }
        Some(merged) if !merged.disputed.is_empty() => {
            verdict(true, &format!("{} changed on both sides", merged.disputed.join(", ")))
        }
        Some(_) => verdict(true, "it says what is known already"),
        None if order == Some(Ordering::Less) => verdict(false, "it is older than what is known"),
        None if decision.desk.asks_community => {
            verdict(true, "the community is asked for the contact as it is now")
        }
        None => verdict(false, "it says nothing that can be taken, and there is no [community] to ask"),
    }
}

/// Has the community asked for a contact: one that is unknown here, or may have changed.
pub fn look_up(decision: &mut Decision<'_>, actor: &Actor, known: &mut Known, id: &Untrusted) {
    let now = decision.now;
    let mut link = known.link.clone().unwrap_or_else(|| Link::new(id.clone(), Side::Community, now));
    if !decision.desk.asks_community || link.look_since.is_some() || link.erased {
        return;
    }
    link.look_since = Some(now);
    let contact = known.contact.clone().unwrap_or_else(|| blank_contact(id.clone(), now));
    let name = if contact.name.is_empty() { id } else { &contact.name };
    let summary = format!("The community is asked for {}.", name.raw());
    keep_link(decision, actor, known, What::ContactLinked, summary, &contact, link);
}

/// The community was asked and has no such contact.
pub fn gone(decision: &mut Decision<'_>, actor: &Actor, known: &mut Known) {
    let Some(mut link) = known.link.clone().filter(|link| !link.erased) else { return };
    let now = decision.now;
    link.look_since = None;
    let Some(mut contact) = known.contact.clone().filter(|_| link.community_id.is_some()) else {
        let nobody = blank_contact(link.contact.clone(), now);
        let summary = format!("The community does not know {}.", link.contact.raw());
        keep_link(decision, actor, known, What::ContactLinked, summary, &nobody, link);
        return;
    };
    let left = Stated { partner_id: None, fields: vec![ContactField::Active(false)] };
    let merged = merge(&mut contact, &mut link, &left, now);
    link.gone = true;
    if !merged.taken.is_empty() {
        let summary = format!("{} is no longer in the community, and gets nothing more.", contact.name.raw());
        decision.changes.push(contact_change(actor, What::ContactLeft, summary, &contact, now));
    }
    let summary = format!("{} is no longer in the community.", contact.name.raw());
    keep_link(decision, actor, known, What::ContactLinked, summary, &contact, link);
    known.contact = Some(contact);
}

/// A link that an exchange with the other side changed.
pub fn note_answer(
    decision: &mut Decision<'_>,
    actor: &Actor,
    known: &mut Known,
    what: What,
    summary: String,
    link: Link,
) {
    let Some(contact) = known.contact.clone() else { return };
    keep_link(decision, actor, known, what, summary, &contact, link);
    settle_task(decision, known);
}

fn keep_link(
    decision: &mut Decision<'_>,
    actor: &Actor,
    known: &mut Known,
    what: What,
    summary: String,
    contact: &Contact,
    mut link: Link,
) {
    if known.link.as_ref().is_some_and(|before| Link { heard_at: before.heard_at, ..link.clone() } == *before)
    {
        return;
    }
    link.heard_at = decision.now;
    decision.changes.push(Change {
        at: decision.now,
        actor: actor.clone(),
        what,
        summary: summary.into(),
        alert: None,
        partner: contact.partner_id.clone(),
        object: Object::Link(Box::new(link.clone())),
    });
    known.link = Some(link);
}

/// A contact as it is after something happened to it.
pub fn contact_change(
    actor: &Actor,
    what: What,
    summary: impl Into<Untrusted>,
    contact: &Contact,
    now: Timestamp,
) -> Change {
    Change {
        at: now,
        actor: actor.clone(),
        what,
        summary: summary.into(),
        alert: None,
        partner: contact.partner_id.clone(),
        object: Object::Contact(Box::new(contact.clone())),
    }
}

/// Opens the task about a contact whose sides differ, says anew what it is about, or closes it.
pub fn settle_task(decision: &mut Decision<'_>, known: &mut Known) {
    let now = decision.now;
    let (Some(contact), Some(link)) = (&known.contact, &known.link) else { return };
    let title = title(contact, link);
    match (known.task.take(), title) {
        (None, Some(title)) => {
            let task = Task {
                partner: known.partner.clone(),
                about: Some(contact.id.clone()),
                ..Task::about_reach(
                    decision.desk,
                    &mut decision.ids,
                    TaskKind::Sync,
                    title,
                    task_key(&contact.id, &link.side),
                    now,
                )
            };
            decision.changes.push(task.opened());
            known.task = Some(task);
        }
        (Some(mut task), Some(title)) => {
            if task.title.raw() != title {
                task.title = title.into();
                task.updated_at = now;
                let summary = task.title.clone();
                decision.changes.push(Change::task(now, Actor::Desk, What::TaskOpened, summary, &task));
            }
            known.task = Some(task);
        }
        (Some(mut task), None) => {
            task.state = TaskState::Done;
            task.updated_at = now;
            let summary = format!("Both sides agree on {} again.", contact.name.raw());
            decision.changes.push(Change::task(now, Actor::Desk, What::TaskDone, summary, &task));
        }
        (None, None) => {}
    }
}

fn title(contact: &Contact, link: &Link) -> Option<String> {
    if link.erased || !link.wants_attention() {
        return None;
    }
    let names = |fields: Vec<&ContactField>| fields.iter().map(|f| f.name()).collect::<Vec<_>>().join(", ");
    let disputed = names(link.conflicts.iter().map(|conflict| &conflict.mine).collect());
    let name = contact.name.printable();
    Some(match disputed.is_empty() {
        false => format!("{name}: {disputed} changed both here and in {}", link.side.spoken()),
        true => {
            let declined = names(link.declined.iter().map(|declined| &declined.value).collect());
            format!("{name}: {} does not take {declined}", link.side.spoken())
        }
    })
}
