//! A due message is claimed for sending, or it is settled that it will not be sent.

use super::doubt::{doubt_of, doubtful};
use super::route::goes_by;
use super::{Delivering, give_up, may_be_second};
use crate::core::change::{Actor, Change, What};
use crate::core::contact::Medium;
use crate::core::desk::Doubt;
use crate::core::escalation::medium_word;
use crate::core::notification::{Attempt, AttemptState, Notification, NotificationState, RecipientId};
use crate::core::reroute;
use crate::core::suppression::{Suppression, address_key};
use jiff::Timestamp;

/// What a claim decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Send it to this address; the attempt is recorded in the notification.
    Send { address: String },
    /// It will not be sent; the notification says why.
    Drop,
}

/// Claims a due message for sending: addresses it as the recipient is now, or settles that it will
/// not be sent. Changes the notification and says what happened.
pub fn claim(context: &mut Delivering<'_>, n: &mut Notification) -> (Claim, Vec<Change>) {
    let (desk, now) = (context.desk, context.now);
    n.updated_at = now;
    n.due_at = None;
    let before = n.attempts.last().map(|attempt| attempt.channel.as_str()).unwrap_or_default();
    let wanted = std::mem::take(&mut n.again.despite_doubt);
    if n.state == NotificationState::InDoubt
        && !n.urgent
        && !wanted
        && doubt_of(desk, before) != Doubt::Repeat
    {
        return (Claim::Drop, vec![doubtful(desk, context.ids, n, now)]);
    }
    if n.expires_at.is_some_and(|end| end <= now) {
        return drop_it(
            n,
            now,
            NotificationState::Expired,
            What::NotificationExpired,
            "it is too old to be of use",
        );
    }
    let address = match &n.recipient.who {
        _ if n.answers.is_some() => n.answers.as_ref().map(|address| address.raw().to_owned()),
        RecipientId::Webhook(channel) => Some(channel.clone()),
        RecipientId::Person(id) => {
            desk.person(id).and_then(|person| person.address(n.medium)).map(str::to_owned)
        }
        RecipientId::Contact(_) => match reroute::address_now(context, n) {
            Ok(address) => Some(address),
            Err(changes) => return (Claim::Drop, changes),
        },
    };
    let stopped = |address: &str| {
        let known = context.reach.and_then(|reach| reach.suppressed.get(&address_key(address)));
        known.is_some_and(Suppression::is_opt_out)
    };
    if n.answers.is_none() && address.as_deref().is_some_and(stopped) {
        let because = "the recipient opted out of this; only they can end that, with START";
        return drop_it(n, now, NotificationState::Suppressed, What::NotificationSuppressed, because);
    }
    let Some(address) = address else {
        let because = match n.medium {
            Medium::Sms => "the recipient has no phone number",
            Medium::Email => "the recipient has no email address",
        };
        return drop_it(n, now, NotificationState::Suppressed, What::NotificationSuppressed, because);
    };
    let named = n.pinned || matches!(n.recipient.who, RecipientId::Webhook(_));
    if !(named && desk.carrier_named(&n.channel).is_some()) {
        let route = desk.route(n.medium, &address);
        let Some(first) = route.first() else {
            let because = "no configured channel carries it";
            return drop_it(n, now, NotificationState::Suppressed, What::NotificationSuppressed, because);
        };
        let works = route.iter().find(|carrier| !context.down.contains(&carrier.name));
        let here = route.iter().find(|carrier| carrier.name == n.channel);
        match (here, works) {
            (None, works) => n.channel = works.unwrap_or(first).name.clone(),
            (Some(here), Some(works))
                if here.name != works.name
                    && (n.attempts.is_empty() || context.down.contains(&here.name)) =>
            {
                return (Claim::Drop, vec![goes_by(n, &works.name.clone(), context.down, now)]);
            }
            _ => {}
        }
    }
    // What an earlier attempt is known to have come to stays known.
    if !matches!(n.at_rest(), NotificationState::Accepted | NotificationState::Sent) {
        n.state = NotificationState::Sending;
    }
    if n.hold.take().is_some() {
        n.reason.outcome = None;
    }
    n.attempts.push(Attempt {
        number: n.attempts.len() as u32 + 1,
        state: AttemptState::Sending,
        channel: n.channel.clone(),
        address: address.as_str().into(),
        started_at: now,
        ended_at: None,
        provider_ref: None,
        names: Vec::new(),
        answer: None,
        possible_duplicate: may_be_second(n),
        parts: 1,
    });
    let summary =
        format!("{} to {} leaves by {}.", medium_word(n.medium), n.recipient.name.printable(), n.channel);
    (Claim::Send { address }, n.facts(now, &Actor::Desk, What::NotificationSending, summary))
}

fn drop_it(
    n: &mut Notification,
    now: Timestamp,
    state: NotificationState,
    what: What,
    because: &str,
) -> (Claim, Vec<Change>) {
    give_up(n, state);
    n.reason.outcome = Some(because.into());
    let summary = format!("Not sent to {}: {because}.", n.recipient.name.printable());
    (Claim::Drop, vec![Change::notification(now, Actor::Desk, what, summary, n)])
}
