//! A contact becomes known, and what waited for them leaves: in their language, over their channel.

use super::answer_task;
use super::posts::{self, Writer};
use super::reader::Reader;
use super::{cases, frame};
use crate::core::change::{Actor, Change, Object, What};
use crate::core::contact::{Contact, ContactState, Medium};
use crate::core::decide::{Thing, View};
use crate::core::escalation::Decision;
use crate::core::event::{CloudEvent, Event, Native, Post, native};
use crate::core::mended;
use crate::core::message::Message;
use crate::core::notification::{Hold, Notification, NotificationState, Said};
use crate::core::partner::PartnerRef;
use crate::core::reach::{self, Reach};

/// A message that waits for a contact, with the event it came of.
#[derive(Clone, Debug)]
pub struct Held {
    pub notification: Notification,
    pub event: Option<Event>,
}

/// What must be looked up before [`contact_arrived`] can decide: the thread or the case of each.
pub fn things(held: &[Held]) -> Vec<Thing> {
    held.iter()
        .filter_map(|held| match read(held.event.as_ref()?)? {
            Native::PostCreated { post, partner, .. } => Some(Thing::of(&partner, &post.thread)),
            Native::CaseStatusChanged { change, partner } => Some(Thing::of(&partner, &change.case)),
            Native::CaseOpened { case, partner, .. } => Some(Thing::of(&partner, &case.id)),
            _ => None,
        })
        .collect()
}

/// The keys of the tasks to answer the posts among them.
pub fn tasks(held: &[Held]) -> Vec<String> {
    held.iter()
        .filter_map(|held| match read(held.event.as_ref()?)? {
            Native::PostCreated { post, partner, .. } => Some(answer_task(&partner, &post.thread)),
            _ => None,
        })
        .collect()
}

/// What follows when a contact is made or changed. `since` are the messages to them from the first that the open task
/// to mend their addresses is about.
pub fn contact_kept(
    decision: &mut Decision<'_>,
    mut view: View,
    reach: &Reach,
    held: Vec<Held>,
    since: &[Notification],
) {
    let Some(contact) = &reach.contact else { return };
    let (asleep, strangers): (Vec<Held>, Vec<Held>) =
        held.into_iter().partition(|held| held.notification.hold == Some(Hold::QuietHours));
    contact_arrived(decision, &view, contact, strangers);
    for refused in reach.addresses_refused() {
        let mut suppression = refused;
        (suppression.created_at, suppression.updated_at) = (decision.now, decision.now);
        let sentence = format!(
            "Nothing goes to {} any more: {}.",
            suppression.id.printable(),
            suppression.detail.printable()
        );
        let partner = contact.partner_id.clone().unwrap_or_default();
        let object = Object::Suppression(Box::new(suppression));
        decision.changes.push(Change::of_partner(
            decision.now,
            What::AddressSuppressed,
            sentence,
            &partner,
            object,
        ));
    }
    for Held { notification: mut n, .. } in asleep {
        n.due_at = Some(decision.now);
        n.updated_at = decision.now;
        let summary = format!("{} was changed; the way is looked for anew.", contact.name.printable());
        let change = Change::notification(decision.now, Actor::Desk, What::NotificationReleased, summary, &n);
        decision.changes.push(change);
    }
    let any = !contact.phones.is_empty() || !contact.emails.is_empty();
    if any && contact.state == ContactState::Active && !reach.has_dead_address() {
        let key = reach::fix_task(&contact.id);
        let leave =
            if view.tasks.contains_key(&key) { mended::leaves(decision, reach, contact, since) } else { 0 };
        let because = match leave {
            0 => "The contact's addresses were mended.".to_owned(),
            1 => "The contact's addresses were mended; what did not arrive leaves again.".to_owned(),
            _ => format!(
                "The contact's addresses were mended; {leave} messages that did not arrive leave again."
            ),
        };
        decision.close_task(&mut view, &key, &because);
    }
}

/// Lets go what was held because nobody knew the contact. What is another partner's stays.
pub fn contact_arrived(decision: &mut Decision<'_>, view: &View, contact: &Contact, held: Vec<Held>) {
    for Held { notification: mut n, event } in held {
        if n.state != NotificationState::Held || n.hold != Some(Hold::UnknownContact) {
            continue;
        }
        let read = event.as_ref().and_then(read);
        let partner = match &read {
            Some(
                Native::PostCreated { partner, .. }
                | Native::CaseStatusChanged { partner, .. }
                | Native::CaseOpened { partner, .. },
            ) => partner.clone(),
            _ => nobody(),
        };
        if !partner.id.is_empty() && !cases::belongs(contact, &partner) {
            continue;
        }
        if matches!(read, Some(Native::PostCreated { .. })) && posts::is_a_machine(contact) {
            never_sent(decision, n, posts::OF_A_MACHINE);
            continue;
        }
        if let Some(Native::PostCreated { post, partner, .. }) = &read {
            rename_task(decision, view, post, partner, contact);
        }
        let reader = Reader::contact(decision.desk, contact, Some(&partner));
        let anew: Option<Message> = match &read {
            Some(Native::PostCreated { post, partner, .. }) => {
                view.threads.get(&Thing::of(partner, &post.thread)).map(|thread| {
                    let reference = posts::reference(view, thread);
                    posts::acknowledgment(&reader, &reference, thread, post, decision.now)
                })
            }
            Some(Native::CaseStatusChanged { change, partner }) => {
                let case = view.cases.get(&Thing::of(partner, &change.case));
                case.map(|case| cases::news(&reader, case, change))
            }
            Some(Native::CaseOpened { case, partner, .. }) => {
                let case = view.cases.get(&Thing::of(partner, &case.id));
                case.map(|case| cases::standing(&reader, case))
            }
            _ => None,
        };
        let name = contact.name.printable().into_string();
        let said = n.said.take();
        let via = n.reason.via.printable().into_string();
        n.said = match (anew, said) {
            (Some(message), _) => {
                let frame = frame(decision.desk, &partner, &name, &via);
                Some(Box::new(Said { message, frame, locale: reader.locale.clone() }))
            }
            (None, Some(mut said)) => {
                said.frame.name = name;
                Some(said)
            }
            (None, None) => None,
        };
        n.medium = reach::wishes(contact, n.category).first().copied().unwrap_or(Medium::Email);
        if let Some(carrier) = decision.desk.carrier(n.medium) {
            n.channel.clone_from(&carrier.name);
        }
        if let Some(said) = &n.said {
            n.content = decision.desk.templates.render(&said.message, &said.frame, n.medium, &said.locale);
        }
        n.recipient.name = contact.name.clone();
        n.state = NotificationState::Queued;
        n.hold = None;
        n.reason.outcome = None;
        n.due_at = Some(decision.now);
        n.expires_at = Some(decision.now + decision.desk.retry.give_up);
        n.updated_at = decision.now;
        let summary = format!("{} is known now; the message leaves.", contact.name.printable());
        let change = Change::notification(decision.now, Actor::Desk, What::NotificationReleased, summary, &n);
        decision.changes.push(change);
    }
}

/// The task to answer it no longer says that its author is unknown.
fn rename_task(
    decision: &mut Decision<'_>,
    view: &View,
    post: &Post,
    partner: &PartnerRef,
    contact: &Contact,
) {
    let Some(task) = view.tasks.get(&answer_task(partner, &post.thread)) else { return };
    if task.title.raw() != posts::task_title(decision.desk, post, Writer::Unknown) {
        return;
    }
    let mut task = task.clone();
    task.title = posts::task_title(decision.desk, post, Writer::Known).into();
    task.updated_at = decision.now;
    let sentence = format!("Its author is known now: {}.", contact.name.printable());
    decision.changes.push(Change::task(decision.now, Actor::Desk, What::Noted, sentence, &task));
}

fn never_sent(decision: &mut Decision<'_>, mut n: Notification, because: &str) {
    n.state = NotificationState::Suppressed;
    n.hold = None;
    n.reason.outcome = Some(because.into());
    n.updated_at = decision.now;
    let summary = format!("Not sent to {}: {because}.", n.recipient.name.printable());
    let change = Change::notification(decision.now, Actor::Desk, What::NotificationSuppressed, summary, &n);
    decision.changes.push(change);
}

fn read(event: &Event) -> Option<Native> {
    let cloud = CloudEvent {
        id: event.event_id.raw().to_owned(),
        source: event.source.raw().to_owned(),
        kind: event.kind.raw().to_owned(),
        time: event.time,
        subject: None,
        attributes: event.attributes.clone(),
        data: event.data.clone(),
    };
    native(&cloud).ok().map(|(native, _)| native)
}

fn nobody() -> PartnerRef {
    PartnerRef { id: "".into(), name: "".into(), ..PartnerRef::default() }
}
