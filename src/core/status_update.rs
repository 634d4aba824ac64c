//! A word to everybody who was paged for an alert, apart from whoever acted: somebody has it now, or it
//! is over. One short text each, so that nobody gets up for what is in hand.

use crate::core::alert::{Alert, AlertState};
use crate::core::bundle;
use crate::core::change::{Change, Object, What};
use crate::core::contact::Medium;
use crate::core::escalation::{Decision, about};
use crate::core::id::AlertId;
use crate::core::notification::{Content, Notification, NotificationState, Purpose, Reason, RecipientId};
use crate::core::page::plain;
use crate::core::person::PersonId;
use crate::core::sms::{clip, length};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// How long whoever acted has to undo it before others hear of it.
pub const UNDO: SignedDuration = SignedDuration::from_secs(10);

/// Tells those who were paged how the alert stands. `of_alert` are its messages as they are now.
pub fn tell(decision: &mut Decision<'_>, alert: &Alert, of_alert: &[Notification], actor: Option<&PersonId>) {
    tell_but(decision, alert, of_alert, actor, &[]);
}

/// The same, for nobody of `but`: they hear it another way.
pub fn tell_but(
    decision: &mut Decision<'_>,
    alert: &Alert,
    of_alert: &[Notification],
    actor: Option<&PersonId>,
    but: &[PersonId],
) {
    // Whoever heard that it was cleared need not hear that it is closed.
    if alert.state == AlertState::Resolved && alert.cleared_at.is_some() {
        return;
    }
    let due = match actor {
        Some(_) => decision.now + UNDO,
        None => decision.now,
    };
    let whom = |person: &PersonId| Some(person) != actor && !but.contains(person);
    queue(decision, alert, of_alert, due, whom, |decision, person, page| {
        let mut text = said(decision, alert, &decision.desk.zone_of(person));
        if alert.held_by() == Some(person) {
            let code = decision.desk.reply_key.code(page.id);
            text = format!("{text} Close it? RESOLVE {code} and why.");
        }
        text
    });
}

/// Tells everybody who was paged for an alert, whoever has it included, these words.
pub fn tell_once(
    decision: &mut Decision<'_>,
    alert: &Alert,
    of_alert: &[Notification],
    words: impl Fn(&Decision<'_>, &PersonId) -> String,
) {
    let due = decision.now;
    queue(decision, alert, of_alert, due, |_| true, |decision, person, _| words(decision, person));
}

/// Queues a word to each of those who were paged, over the medium of their last page. Whoever was paged only
/// before the alert began anew, and has heard since how it stood, waits for no more words.
fn queue(
    decision: &mut Decision<'_>,
    alert: &Alert,
    of_alert: &[Notification],
    due: Timestamp,
    whom: impl Fn(&PersonId) -> bool,
    words: impl Fn(&Decision<'_>, &PersonId, &Notification) -> String,
) {
    let mut paged: BTreeMap<PersonId, &Notification> = BTreeMap::new();
    for n in of_alert.iter().filter(|n| n.is_about(alert.id) && n.purpose == Purpose::Page) {
        let RecipientId::Person(person) = &n.recipient.who else { continue };
        if !n.attempts.is_empty() && !n.leaves_out(alert.id) && whom(person) {
            paged.insert(person.clone(), n);
        }
    }
    paged.retain(|person, page| {
        let heard = |n: &Notification| {
            n.purpose == Purpose::Status
                && n.is_about(alert.id)
                && n.id > page.id
                && n.recipient.who == RecipientId::Person(person.clone())
                && n.state != NotificationState::Cancelled
        };
        alert.is_of_round(page.id) || !of_alert.iter().any(heard)
    });
    for (id, page) in paged {
        let Some(person) = decision.desk.person(&id).cloned() else { continue };
        let text = words(decision, &id, page);
        let content = match page.medium {
            Medium::Sms => Content { body: text.into(), ..Content::default() },
            Medium::Email => Content {
                subject: format!("{} {}", alert.id, text).into(),
                body: format!("{text}\n").into(),
                ..Content::default()
            },
        };
        let reason = Reason {
            rule: alert.rule.clone(),
            policy: Some(alert.policy.name.clone()),
            step: None,
            via: "was paged for it".into(),
            outcome: None,
        };
        decision.queue_message(about(alert), &person, page.medium, Purpose::Status, content, reason, None);
        decision.amend_last(|n| n.due_at = Some(due));
    }
}

/// Others who were paged hear once that several alerts are taken, and not once an alert: of what was queued
/// since.
pub fn say_once(changes: &mut [Change], since: usize) {
    let mut told: BTreeMap<(PersonId, Medium), Vec<usize>> = BTreeMap::new();
    for (i, change) in changes.iter().enumerate().skip(since) {
        if let (What::NotificationQueued, Object::Notification(n)) = (change.what, &change.object)
            && let (Purpose::Status, RecipientId::Person(person)) = (n.purpose, &n.recipient.who)
        {
            told.entry((person.clone(), n.medium)).or_default().push(i);
        }
    }
    let mut alerts: BTreeMap<AlertId, Alert> = BTreeMap::new();
    for change in changes.iter().skip(since) {
        if let Object::Alert(alert) = &change.object {
            alerts.insert(alert.id, (**alert).clone());
        }
    }
    let alerts: Vec<Alert> = alerts.into_values().collect();
    for several in told.into_values().filter(|several| several.len() > 1) {
        let message = |i: &usize| match &changes[*i].object {
            Object::Notification(n) => Some((**n).clone()),
            _ => None,
        };
        let mut all: Vec<Notification> = several.iter().filter_map(message).collect();
        let mut first = all.remove(0);
        if !bundle::say_with(&mut first, &all, &alerts) {
            continue;
        }
        for (nth, i) in several.into_iter().enumerate() {
            changes[i].object = match nth {
                0 => Object::Notification(Box::new(first.clone())),
                _ => Object::Nothing,
            };
        }
    }
}

/// Takes back what was to be told of an action that was undone or overtaken.
pub fn take_back(decision: &mut Decision<'_>, alert: AlertId, of_alert: &[Notification]) {
    let status = |n: &&Notification| n.purpose == Purpose::Status && n.is_about(alert);
    let mut waiting: Vec<Notification> = of_alert.iter().filter(status).cloned().collect();
    crate::core::decide::cancel_pages(decision, alert, waiting.iter_mut(), "it does not hold any more");
}

/// `Weber has it, news by 03:37: Acme Tools: Blocked order 4500123 (A12)`, in one part.
fn said(decision: &Decision<'_>, alert: &Alert, zone: &TimeZone) -> String {
    let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%H:%M").to_string();
    let name =
        |id: &PersonId| decision.desk.person(id).map_or_else(|| id.0.clone(), |person| person.short_name());
    let stands = match (alert.state, alert.cleared_at, &alert.holder) {
        (AlertState::Resolved, _, Some(holder)) => format!("Closed ({} had it)", name(holder)),
        (AlertState::Resolved, _, None) => "Closed".to_owned(),
        (_, Some(_), _) => "Cleared, nobody is paged any more".to_owned(),
        (AlertState::Snoozed, None, Some(holder)) => match alert.snoozed_until {
            Some(until) => format!("{} put it off until {}", name(holder), clock(until)),
            None => format!("{} put it off", name(holder)),
        },
        (_, None, Some(holder)) => match alert.next_update_by {
            Some(by) => format!("{} has it, news by {}", name(holder), clock(by)),
            None => format!("{} has it", name(holder)),
        },
        (_, None, None) => "Nobody has it".to_owned(),
    };
    let head = format!("{}: ", plain(&stands));
    let tail = format!(" ({})", alert.id);
    // Room for "Close it? RESOLVE K7RBM and why." and the mark of a second copy.
    let room = 115usize.saturating_sub(length(&head) + length(&tail)).max(20);
    let title = format!("{}: {}", alert.partner.name.printable(), alert.title.printable());
    format!("{head}{}{tail}", clip(&plain(&title), room))
}
