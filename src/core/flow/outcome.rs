//! The end of an alert: everybody who was told that it began is told by email that it is over.

use super::reader::{Reader, line};
use super::{frame, reason};
use crate::core::alert::Alert;
use crate::core::contact::{Category, Medium};
use crate::core::escalation::{About, Decision};
use crate::core::message::{self, Message};
use crate::core::money::Money;
use crate::core::notification::{Notification, NotificationState, Purpose, RecipientId};
use crate::core::person::PersonId;
use std::collections::BTreeMap;

/// Tells the outcome of an alert, once for each time it was told. `of_alert` are its messages;
/// `except` is who ended it and knows.
pub fn tell(
    decision: &mut Decision<'_>,
    alert: &Alert,
    of_alert: &[Notification],
    except: Option<&PersonId>,
) {
    let mut told: BTreeMap<&PersonId, Option<&Notification>> = BTreeMap::new();
    for n in of_alert.iter().filter(|n| n.is_about(alert.id)) {
        let RecipientId::Person(person) = &n.recipient.who else { continue };
        let never_left =
            matches!(n.state_for(alert.id), NotificationState::Cancelled | NotificationState::Suppressed);
        match n.purpose {
            Purpose::Page | Purpose::Detail
                if !never_left || (!n.attempts.is_empty() && !n.leaves_out(alert.id)) =>
            {
                told.insert(person, Some(n));
            }
            // What they heard of the end before covers what they heard before it.
            Purpose::Outcome => drop(told.insert(person, None)),
            _ => {}
        }
    }
    for (person, last) in told {
        let (Some(last), Some(person)) = (last, decision.desk.person(person)) else { continue };
        if Some(&person.id) == except || !person.reachable_by(Medium::Email) {
            continue;
        }
        if decision.desk.carrier(Medium::Email).is_none() {
            continue;
        }
        let reader = Reader::person(decision.desk, person);
        let via = last.reason.via.printable().into_string();
        let frame = frame(decision.desk, &alert.partner, &person.name, &reader.reason(&via));
        let said = Message::Outcome(outcome(&reader, alert, decision));
        let content = decision.desk.templates.render(&said, &frame, Medium::Email, &reader.locale);
        let mut reason = reason(&alert.rule, &via);
        reason.policy = Some(alert.policy.name.clone());
        let about = About {
            alert: Some(alert.id),
            event: None,
            partner: Some(alert.partner.id.clone()),
            category: Category::Urgent,
            urgent: false,
            thread: None,
        };
        decision.queue_message(about, person, Medium::Email, Purpose::Outcome, content, reason, None);
    }
}

fn outcome(reader: &Reader<'_>, alert: &Alert, decision: &Decision<'_>) -> message::Outcome {
    let mut references: Vec<String> = Vec::new();
    let mut amount: Vec<Money> = Vec::new();
    for member in &alert.members {
        for reference in [&member.order, &member.shipment, &member.case].into_iter().flatten().map(line) {
            if !references.contains(&reference) {
                references.push(reference);
            }
        }
        member.amount.iter().for_each(|sum| Money::add_to(&mut amount, sum));
    }
    references.truncate(50);
    message::Outcome {
        alert: alert.id.to_string(),
        title: line(&alert.title),
        severity: reader.word(alert.severity.as_str()),
        references,
        amount: amount.iter().map(|sum| reader.money(sum)).collect(),
        raised: reader.moment(alert.created_at),
        over: reader.moment(decision.now),
        holder: alert.holder.as_ref().map(|holder| decision.desk.name_of(holder)),
        resolution: alert.resolution.as_ref().map(line),
    }
}
