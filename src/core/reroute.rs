//! A message to a partner's contact that cannot go as it was meant to: over another medium, to another
//! contact, later, or not at all and why; and who must mend what is broken.

use crate::core::change::{Actor, Change, Object, What};
use crate::core::consent::{self, Choice, Means, Whose, Word};
use crate::core::contact::{Contact, ContactState, Medium};
use crate::core::delivery::Delivering;
use crate::core::desk::Desk;
use crate::core::escalation::medium_word;
use crate::core::id::Ids;
use crate::core::mended::anew;
use crate::core::notification::{Fault, Hold, Notification, NotificationState, RecipientId};
use crate::core::reach::{NoWay, Reach, Way, fix_task};
use crate::core::suppression::{Suppression, SuppressionCause, SuppressionState, address_key};
use crate::core::task::{Task, TaskKind};
use jiff::Timestamp;

/// The address a message to a contact goes to now, or what is done instead of sending it.
pub fn address_now(context: &mut Delivering<'_>, n: &mut Notification) -> Result<String, Vec<Change>> {
    let Delivering { desk, reach, now, .. } = *context;
    let reach = reach.map(|reach| without_failed(reach, n));
    let Some((reach, contact)) = reach.as_ref().and_then(|reach| Some((reach, reach.contact.as_ref()?)))
    else {
        return Err(vec![hold(n, Hold::UnknownContact, None, "the contact is not known here", now)]);
    };
    let gone = match (&contact.partner_id, &n.partner) {
        _ if contact.state == ContactState::Inactive => Some("is inactive"),
        (Some(now), Some(then)) if now != then => Some("is with another company now"),
        _ => None,
    };
    if let Some(gone) = gone {
        let Some(other) = reach.instead(desk, contact, n.category, now) else {
            let because = format!("the contact {gone}, and the partner has nobody else who can be reached");
            return Err(unreachable(context, n, reach, contact, &because));
        };
        let summary =
            format!("{} {gone}; it goes to {} instead.", contact.name.printable(), other.name.printable());
        n.recipient = crate::core::notification::Recipient {
            who: RecipientId::Contact(other.id.clone()),
            name: other.name.clone(),
        };
        n.due_at = Some(now);
        if let Some(said) = &mut n.said {
            said.frame.name = other.name.printable().into_string();
        }
        write(desk, n, n.medium);
        return Err(vec![Change::notification(now, Actor::Desk, What::NotificationMoved, summary, n)]);
    }
    let way = match n.again.over {
        Some(medium) => reach.way_over(desk, contact, n.category, medium, now),
        None => reach.way(desk, contact, n.category, now),
    };
    match way {
        Way::Send { medium, address } if medium == n.medium => Ok(address),
        Way::Send { medium, .. } => {
            let summary = format!(
                "{} gets it by {} now: {} is not the way any more.",
                contact.name.printable(),
                medium_word(medium),
                medium_word(n.medium)
            );
            write(desk, n, medium);
            n.due_at = Some(now);
            Err(vec![Change::notification(now, Actor::Desk, What::NotificationMoved, summary, n)])
        }
        Way::Wait(until) => {
            let because = "it is night where the contact lives";
            Err(vec![hold(n, Hold::QuietHours, Some((until, desk)), because, now)])
        }
        Way::None(NoWay::Unwanted(why)) => Err(vec![not_sent(n, &why, now)]),
        Way::None(NoWay::Broken(why)) => Err(unreachable(context, n, reach, contact, &why)),
    }
}

/// A message to a contact has failed for good: the address is marked where it is at fault, somebody must
/// mend it, and the same words go another way where there is one.
pub fn failed(
    context: &mut Delivering<'_>,
    n: &Notification,
    address: &str,
    fault: Fault,
    said: &str,
) -> Vec<Change> {
    let Delivering { desk, reach, ref mut ids, now, .. } = *context;
    let known = reach.and_then(|reach| Some((reach, reach.contact.as_ref()?)));
    let Some((reach, contact)) = known else { return Vec::new() };
    let mut changes = Vec::new();
    let mut without = without_failed(reach, n);
    without.failed.insert(address_key(address));
    match fault {
        Fault::Address => {
            changes.extend(suppress(Some(reach), n, address, SuppressionCause::Dead, said, now));
        }
        // They may want it another way, but not one that they never named.
        Fault::OptedOut => {
            let stopped = suppression(n, address, SuppressionCause::OptedOut, said, now);
            without.suppressed.insert(address_key(address), stopped);
        }
        Fault::Message => {}
    }
    let title = format!("{}: {} failed: {said}", contact.name.printable(), medium_word(n.medium));
    changes.extend(mend(desk, n, reach, contact, title, ids, now));
    let (medium, due, held) = match without.way(desk, contact, n.category, now) {
        Way::Send { medium, .. } => (medium, now, false),
        Way::Wait(until) => (n.medium, until, true),
        Way::None(_) => return changes,
    };
    let mut again = anew(desk, ids.next_notification(), n, due, now);
    if held {
        (again.state, again.hold) = (NotificationState::Held, Some(Hold::QuietHours));
    }
    let via = format!("{}; {} failed", n.reason.via.printable(), n.id);
    again.reason.via = via.into();
    again.failed_at.push(address_key(address).into());
    write(desk, &mut again, medium);
    let summary = format!("{} to {} instead.", medium_word(medium), contact.name.printable());
    changes.push(Change::notification(now, Actor::Desk, What::NotificationQueued, summary, &again));
    changes
}

/// A provider refused an attempt because the owner of its address had told it to stop: nothing goes there any
/// more, and the ledger keeps who said so in which words.
pub fn opted_out(
    context: &mut Delivering<'_>,
    n: &Notification,
    (attempt, channel): (u32, &str),
    address: &str,
    said: &str,
) -> Vec<Change> {
    let Delivering { desk, reach, now, .. } = *context;
    let Some(stopped) = suppress(reach, n, address, SuppressionCause::OptedOut, said, now) else {
        return Vec::new();
    };
    let key = address_key(address);
    let actor = Actor::Channel(channel.to_owned());
    let word = Word {
        actor: &actor,
        means: Means::Provider,
        words: said.into(),
        evidence: format!("{}, attempt {attempt}", n.id).into(),
    };
    let whose = Whose {
        address: Some(&key),
        contact: reach.and_then(|reach| reach.contact.as_ref()),
        person: match &n.recipient.who {
            RecipientId::Person(id) => Some(id),
            RecipientId::Contact(_) | RecipientId::Webhook(_) => None,
        },
    };
    let what = (Choice::Out, n.medium, None);
    vec![stopped, consent::entry(desk, context.ids, now, &word, &whose, what)]
}

/// Nothing more goes to an address, unless its owner opted out before: that is never written over.
fn suppress(
    reach: Option<&Reach>,
    n: &Notification,
    address: &str,
    cause: SuppressionCause,
    said: &str,
    now: Timestamp,
) -> Option<Change> {
    let id = address_key(address);
    let known = reach.and_then(|reach| reach.suppressed.get(&id));
    if known.is_some_and(Suppression::is_opt_out) {
        return None;
    }
    let suppression = suppression(n, address, cause, said, now);
    let contact = reach.and_then(|reach| reach.contact.as_ref());
    let partner = contact.and_then(|contact| contact.partner_id.clone()).or_else(|| n.partner.clone());
    let sentence = format!("Nothing goes to {address} any more: {said}");
    let object = Object::Suppression(Box::new(suppression));
    let partner = partner.unwrap_or_default();
    Some(Change::of_partner(now, What::AddressSuppressed, sentence, &partner, object))
}

fn suppression(
    n: &Notification,
    address: &str,
    cause: SuppressionCause,
    said: &str,
    now: Timestamp,
) -> Suppression {
    Suppression {
        id: address_key(address).into(),
        state: SuppressionState::Active,
        medium: n.medium,
        cause,
        detail: said.into(),
        created_at: now,
        updated_at: now,
    }
}

fn without_failed(reach: &Reach, n: &Notification) -> Reach {
    let failed = n.failed_at.iter().map(|address| address.raw().to_owned()).collect();
    Reach { failed, ..reach.clone() }
}

/// Says the same in another medium.
pub fn write(desk: &Desk, n: &mut Notification, medium: Medium) {
    n.medium = medium;
    if let Some(carrier) = desk.carrier(medium) {
        n.channel.clone_from(&carrier.name);
    }
    if let Some(said) = &n.said {
        n.content = desk.templates.render(&said.message, &said.frame, medium, &said.locale);
    }
}

fn hold(
    n: &mut Notification,
    hold: Hold,
    until: Option<(Timestamp, &Desk)>,
    because: &str,
    now: Timestamp,
) -> Change {
    n.state = NotificationState::Held;
    n.hold = Some(hold);
    n.due_at = until.map(|(until, _)| until);
    // What is held on purpose does not grow too old by it.
    n.expires_at = until.map(|(until, desk)| until + desk.retry.give_up);
    n.reason.outcome = Some(because.into());
    let summary = format!("Held for {}: {because}.", n.recipient.name.printable());
    Change::notification(now, Actor::Desk, What::NotificationHeld, summary, n)
}

fn not_sent(n: &mut Notification, because: &str, now: Timestamp) -> Change {
    n.state = NotificationState::Suppressed;
    n.hold = None;
    n.due_at = None;
    n.reason.outcome = Some(because.into());
    let summary = format!("Not sent to {}: {because}.", n.recipient.name.printable());
    Change::notification(now, Actor::Desk, What::NotificationSuppressed, summary, n)
}

/// Not sent, and somebody must see to it.
fn unreachable(
    context: &mut Delivering<'_>,
    n: &mut Notification,
    reach: &Reach,
    contact: &Contact,
    because: &str,
) -> Vec<Change> {
    n.stranded = true;
    let mut changes = vec![not_sent(n, because, context.now)];
    let title = format!("{} cannot be reached: {because}", contact.name.printable());
    changes.extend(mend(context.desk, n, reach, contact, title, context.ids, context.now));
    changes
}

/// The task to mend a contact's addresses, unless it is open already.
fn mend(
    desk: &Desk,
    n: &Notification,
    reach: &Reach,
    contact: &Contact,
    title: String,
    ids: &mut Ids,
    now: Timestamp,
) -> Option<Change> {
    let key = fix_task(&contact.id);
    if reach.tasks.contains_key(&key) {
        return None;
    }
    let task = Task {
        partner: reach.partner.clone(),
        alert: n.alert,
        notification: Some(n.id),
        about: Some(contact.id.clone()),
        ..Task::about_reach(desk, ids, TaskKind::Fix, title, key, now)
    };
    Some(task.opened())
}
