//! Which channel a message takes, and what becomes of it while none works.

use super::{Delivering, Down};
use crate::core::change::{Actor, Change, What};
use crate::core::desk::Desk;
use crate::core::escalation::medium_word;
use crate::core::notification::{Hold, Notification, NotificationState, RecipientId};
use crate::core::reach::{Reach, addresses};
use jiff::Timestamp;

/// A due message of a channel that is down goes by another, or waits until one works; `None`: it waits
/// for that already.
pub fn divert(context: &mut Delivering<'_>, n: &mut Notification) -> Option<Change> {
    let (desk, down, now) = (context.desk, context.down, context.now);
    if let Some(way) = works(desk, down, n, context.reach) {
        return Some(goes_by(n, &way, down, now));
    }
    if n.hold == Some(Hold::NoProvider) && n.due_at.is_none() {
        return None;
    }
    n.hold = Some(Hold::NoProvider);
    n.due_at = None;
    n.updated_at = now;
    if n.state == NotificationState::Queued {
        n.state = NotificationState::Held;
    }
    let because = format!("no provider takes {} now", medium_word(n.medium));
    let summary = format!("Held for {}: {because}.", n.recipient.name.printable());
    n.reason.outcome = Some(because.into());
    Some(Change::notification(now, Actor::Desk, What::NotificationHeld, summary, n))
}

/// The first channel that works of those that may carry a message.
pub fn works(desk: &Desk, down: &Down, n: &Notification, reach: Option<&Reach>) -> Option<String> {
    if n.pinned || matches!(n.recipient.who, RecipientId::Webhook(_)) {
        return Some(n.channel.clone()).filter(|channel| !down.contains(channel));
    }
    let address = address_of(desk, n, reach);
    let route = desk.route(n.medium, address.as_deref().unwrap_or_default());
    let first = route.into_iter().find(|carrier| !down.contains(&carrier.name));
    first.map(|carrier| carrier.name.clone())
}

/// A provider works again that a message waits for.
pub fn release(n: &mut Notification, channel: &str, now: Timestamp) -> Change {
    n.hold = None;
    n.due_at = Some(now);
    n.updated_at = now;
    n.reason.outcome = None;
    channel.clone_into(&mut n.channel);
    if n.state == NotificationState::Held {
        n.state = NotificationState::Queued;
    }
    let summary = format!("{} to {} leaves now.", medium_word(n.medium), n.recipient.name.printable());
    Change::notification(now, Actor::Desk, What::NotificationReleased, summary, n)
}

/// Gives a waiting message, whose channel is no longer configured, to the one that carries its
/// medium now; where none does, it is suppressed and says so.
pub fn rehome(desk: &Desk, n: &mut Notification, now: Timestamp) -> Change {
    n.updated_at = now;
    let before = std::mem::take(&mut n.channel);
    match desk.carrier(n.medium) {
        Some(carrier) => {
            n.channel = carrier.name.clone();
            let summary = format!("Waits for {} now; {before} is no longer configured.", n.channel);
            Change::notification(now, Actor::Desk, What::NotificationQueued, summary, n)
        }
        None => {
            n.channel = before;
            n.due_at = None;
            let because = "no configured channel carries it";
            if n.state != NotificationState::InDoubt {
                n.state = NotificationState::Suppressed;
            }
            n.reason.outcome = Some(because.into());
            let summary = format!("Not sent to {}: {because}.", n.recipient.name.printable());
            Change::notification(now, Actor::Desk, What::NotificationSuppressed, summary, n)
        }
    }
}

/// A waiting message takes another channel.
pub(super) fn goes_by(n: &mut Notification, channel: &str, down: &Down, now: Timestamp) -> Change {
    let before = std::mem::replace(&mut n.channel, channel.to_owned());
    n.due_at = Some(now);
    n.updated_at = now;
    let why = if down.contains(&before) { format!("{before} is down") } else { "it comes first".to_owned() };
    let who = n.recipient.name.printable();
    let summary = format!("{} to {who} goes by {channel}: {why}.", medium_word(n.medium));
    Change::notification(now, Actor::Desk, What::NotificationMoved, summary, n)
}

/// Where a message would go, as far as that is known without asking for the recipient's wishes.
fn address_of(desk: &Desk, n: &Notification, reach: Option<&Reach>) -> Option<String> {
    if let Some(answers) = &n.answers {
        return Some(answers.raw().to_owned());
    }
    match &n.recipient.who {
        RecipientId::Webhook(channel) => Some(channel.clone()),
        RecipientId::Person(id) => desk.person(id)?.address(n.medium).map(str::to_owned),
        RecipientId::Contact(_) => {
            let contact = reach?.contact.as_ref()?;
            addresses(contact, n.medium).next().map(str::to_owned)
        }
    }
}

/// The channel of the message's route that was tried less often than the one tried last.
pub(super) fn less_tried(desk: &Desk, down: &Down, n: &Notification, address: &str) -> Option<String> {
    if n.pinned || matches!(n.recipient.who, RecipientId::Webhook(_)) {
        return None;
    }
    let tried = |name: &str| n.attempts.iter().filter(|attempt| attempt.channel == name).count();
    let up = desk.route(n.medium, address).into_iter().filter(|carrier| !down.contains(&carrier.name));
    let least = up.min_by_key(|carrier| tried(&carrier.name))?;
    (tried(&least.name) < tried(&n.channel)).then(|| least.name.clone())
}
