//! What each kind of thing offers to a query. Console, lists and search all look at these, so that the same
//! words find the same things everywhere.

use super::facets::NOBODY;
use super::{Facets, Field, Flag};
use crate::core::alert::{Alert, AlertState};
use crate::core::case::Case;
use crate::core::change::{Actor, Change, Object};
use crate::core::contact::{Contact, ContactState};
use crate::core::document::{Document, ReviewState};
use crate::core::event::{Event, EventState};
use crate::core::money::Money;
use crate::core::notification::{Notification, RecipientId};
use crate::core::onboarding::{MilestoneRecord, MilestoneState};
use crate::core::partner::{Partner, PartnerRef};
use crate::core::person::{Person, PersonId};
use crate::core::reply::Reply;
use crate::core::task::{Task, TaskState};
use crate::core::text::Untrusted;
use crate::core::thread::{Thread, ThreadState};
use serde_json::Value;

/// What somebody calls a partner or a person of whom a row knows only the id.
pub trait Names {
    fn partner(&self, id: &Untrusted) -> Option<String>;
    fn person(&self, id: &PersonId) -> Option<String>;
}

/// Nobody knows more than the row.
pub struct NoNames;

impl Names for NoNames {
    fn partner(&self, _: &Untrusted) -> Option<String> {
        None
    }

    fn person(&self, _: &PersonId) -> Option<String> {
        None
    }
}

/// What partners write is cut here: so many texts of an event, and so much of each.
const TEXTS: usize = 100;
const TEXT: usize = 4_000;
/// Things in one another, in what an event carries.
const DEEP: usize = 8;

pub fn of_alert<'a>(alert: &'a Alert, names: &dyn Names) -> Facets<'a> {
    let mut row = with_partner(&alert.partner);
    row.text(cut(&alert.title)).value(Field::Id, alert.id.to_string());
    row.value(Field::State, alert.state.as_str()).value(Field::Kind, alert.kind.word());
    for member in &alert.members {
        row.text(cut(&member.title)).value(Field::Kind, member.kind.word());
        row.text(member.id.raw()).text(member.description.as_ref().map_or("", |text| cut(text)));
        for order in member.order.iter().chain(&member.shipment) {
            row.value(Field::Order, order.raw());
        }
        row.value(Field::Case, member.case.as_ref().map_or("", Untrusted::raw));
        for code in &member.codes {
            row.text(format!("{} {} {}", code.set.raw(), code.element.raw(), code.code.raw()));
        }
    }
    owner(&mut row, alert.held_by(), names);
    row.text(alert.resolution.as_ref().map_or("", |why| cut(why)));
    row.flag(Flag::Open, alert.state != AlertState::Resolved).flag(Flag::Cleared, alert.cleared_at.is_some());
    row.severity = Some(alert.severity);
    row.at = Some(alert.created_at);
    row.due = alert.deadline;
    row.risk = alert.at_risk.iter().map(|money| money.cents).max();
    row
}

pub fn of_task<'a>(task: &'a Task, names: &dyn Names) -> Facets<'a> {
    let mut row = task.partner.as_ref().map(with_partner).unwrap_or_default();
    row.text(cut(&task.title)).value(Field::Id, task.id.to_string());
    row.text(task.about.as_ref().map_or("", Untrusted::raw));
    row.value(Field::State, task.state.as_str()).value(Field::Kind, task.kind.as_str());
    row.value(Field::Team, task.team.as_deref().unwrap_or_default());
    row.value(Field::Alert, task.alert.map(|alert| alert.to_string()).unwrap_or_default());
    owner(&mut row, task.owner.as_ref(), names);
    row.flag(Flag::Open, task.state != TaskState::Done);
    row.at = Some(task.created_at);
    row.due = task.due_at;
    row
}

pub fn of_message<'a>(message: &'a Notification, names: &dyn Names) -> Facets<'a> {
    let mut row = Facets::default();
    if let Some(id) = &message.partner {
        row.value(Field::Partner, id.raw()).value(Field::Partner, names.partner(id).unwrap_or_default());
    }
    row.value(Field::Id, message.id.to_string()).value(Field::State, message.state.as_str());
    row.text(cut(&message.content.subject)).text(cut(&message.content.body));
    row.text(message.reason.outcome.as_ref().map_or("", |why| cut(why)));
    row.value(Field::To, message.recipient.name.raw());
    row.value(
        Field::To,
        match &message.recipient.who {
            RecipientId::Person(person) => person.0.as_str(),
            RecipientId::Contact(contact) => contact.raw(),
            RecipientId::Webhook(channel) => channel,
        },
    );
    for attempt in &message.attempts {
        row.value(Field::To, attempt.address.raw()).value(Field::Channel, attempt.channel.as_str());
        row.text(attempt.answer.as_ref().map_or("", |answer| cut(answer)));
    }
    for evidence in &message.evidence {
        row.text(cut(&evidence.detail));
    }
    row.value(Field::Channel, message.channel.as_str()).value(Field::Channel, message.medium.as_str());
    row.value(Field::Kind, message.category.as_str());
    row.value(Field::Alert, message.alert.map(|alert| alert.to_string()).unwrap_or_default());
    for covered in message.bundle.iter().flat_map(|bundle| &bundle.covers) {
        row.value(Field::Alert, covered.alert.to_string());
    }
    row.flag(Flag::Urgent, message.urgent).flag(Flag::Disputed, message.disputed);
    row.flag(Flag::Open, message.is_waiting());
    row.at = Some(message.created_at);
    row
}

pub fn of_event(event: &Event) -> Facets<'_> {
    let mut row = event.partner.as_ref().map(with_partner).unwrap_or_default();
    row.text(cut(&event.title)).value(Field::Id, event.id.to_string()).text(event.event_id.raw());
    row.value(
        Field::State,
        match event.state {
            EventState::Handled => "handled",
            EventState::Quiet => "quiet",
            EventState::NoRule => "no_rule",
        },
    );
    row.value(Field::Kind, event.kind.raw()).value(Field::Source, event.feed.as_str());
    row.text(event.source.raw()).text(event.subject.as_ref().map_or("", Untrusted::raw));
    row.value(Field::Alert, event.alert.map(|alert| alert.to_string()).unwrap_or_default());
    // Who a contact is says the contact, and only for as long as it is kept.
    if event.kind.raw() != "community.contact.changed" {
        said(&mut row, "", &event.data, DEEP);
    }
    row.severity = event.severity;
    row.at = Some(event.created_at);
    row
}

/// Every text that an event carries; what is an order or a case says so by its name.
fn said<'a>(row: &mut Facets<'a>, name: &str, value: &'a Value, deep: usize) {
    if deep == 0 || row.texts.len() + row.values.len() >= TEXTS {
        return;
    }
    match value {
        Value::String(text) => {
            let text = cut_str(text);
            _ = match name {
                "order" | "shipment" => row.value(Field::Order, text),
                "case_id" | "reference" => row.value(Field::Case, text),
                _ => row.text(text),
            };
        }
        Value::Number(number) => _ = row.text(number.to_string()),
        Value::Array(values) => values.iter().for_each(|value| said(row, name, value, deep - 1)),
        // The partner is known already.
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| name.as_str() != "partner")
            .for_each(|(name, value)| said(row, name, value, deep - 1)),
        Value::Null | Value::Bool(_) => {}
    }
}

pub fn of_case(case: &Case) -> Facets<'_> {
    let mut row = with_partner(&case.partner);
    row.value(Field::Id, case.id.raw()).value(Field::Case, case.reference.raw()).text(cut(&case.title));
    row.value(Field::Id, case.reference.raw());
    row.value(Field::State, case.state.word());
    row.value(Field::Kind, case.kind.as_ref().map_or("", |kind| kind.word()));
    row.value(Field::Order, case.order.as_ref().map_or("", Untrusted::raw));
    row.value(Field::Alert, case.alert.map(|alert| alert.to_string()).unwrap_or_default());
    for text in case.description.iter().chain(&case.message).chain(&case.wanted) {
        row.text(cut(text));
    }
    row.flag(Flag::Open, !case.is_over());
    row.severity = case.priority.map(|priority| priority.severity());
    row.at = Some(case.created_at);
    row.due = case.due.or(case.deadline);
    row.risk = case.amount.as_ref().map(|money: &Money| money.cents);
    row
}

pub fn of_document(document: &Document) -> Facets<'_> {
    let mut row = with_partner(&document.partner);
    row.value(Field::Id, document.id.raw()).text(cut(&document.name));
    row.value(Field::State, document.state.as_str()).value(Field::Kind, document.kind.word());
    row.value(Field::Case, document.case.as_ref().map_or("", Untrusted::raw));
    row.flag(Flag::Open, document.state == ReviewState::Pending);
    row.at = Some(document.created_at);
    row.due = document.review_by;
    row
}

pub fn of_thread(thread: &Thread) -> Facets<'_> {
    let mut row = with_partner(&thread.partner);
    row.value(Field::Id, thread.id.raw()).text(cut(&thread.subject)).text(thread.author.raw());
    row.value(Field::State, thread.state.as_str()).value(Field::Kind, thread.kind.word());
    row.value(Field::Case, thread.case.as_ref().map_or("", Untrusted::raw));
    row.flag(Flag::Open, thread.state == ThreadState::Open);
    row.at = Some(thread.created_at);
    row.due = thread.answer_by;
    row
}

pub fn of_milestone(milestone: &MilestoneRecord) -> Facets<'_> {
    let mut row = with_partner(&milestone.partner);
    row.value(Field::Id, milestone.id.raw()).value(Field::State, milestone.state.as_str());
    row.value(Field::Kind, milestone.milestone.word()).text(milestone.plan.as_str());
    row.flag(Flag::Open, milestone.state == MilestoneState::Expected);
    row.at = Some(milestone.created_at);
    row.due = milestone.due_at;
    row
}

pub fn of_partner(partner: &Partner) -> Facets<'_> {
    let mut row = of_partner_called(partner.about.name.raw(), partner.about.id.raw());
    row.at = Some(partner.created_at);
    row
}

/// A partner of whom only the name is looked at.
pub fn of_partner_called<'a>(name: &'a str, id: &'a str) -> Facets<'a> {
    let mut row = Facets::default();
    row.value(Field::Partner, id).value(Field::Partner, name).value(Field::Id, id);
    row
}

pub fn of_contact<'a>(contact: &'a Contact, names: &dyn Names) -> Facets<'a> {
    let mut row = Facets::default();
    if let Some(id) = &contact.partner_id {
        row.value(Field::Partner, id.raw()).value(Field::Partner, names.partner(id).unwrap_or_default());
    }
    row.value(Field::Id, contact.id.raw()).text(contact.name.raw()).value(Field::To, contact.name.raw());
    row.value(Field::State, if contact.state == ContactState::Active { "active" } else { "inactive" });
    for mailbox in &contact.emails {
        row.value(Field::To, mailbox.as_str()).value(Field::Channel, "email");
    }
    for phone in &contact.phones {
        row.value(Field::To, phone.as_str()).value(Field::Channel, "sms");
    }
    contact.roles.iter().for_each(|role| _ = row.text(role.raw()));
    row.text(cut(&contact.notes));
    row.at = Some(contact.created_at);
    row
}

/// Somebody wrote back.
pub fn of_reply(reply: &Reply) -> Facets<'_> {
    let mut row = Facets::default();
    row.text(cut(&reply.text)).text(cut(&reply.said)).text(reply.from.raw());
    row.value(Field::State, reply.state.as_str()).value(Field::Channel, reply.channel.as_str());
    row.value(Field::Channel, reply.medium.as_str());
    row.value(Field::Alert, reply.alert.map(|alert| alert.to_string()).unwrap_or_default());
    row.at = Some(reply.created_at);
    row
}

/// A line of the history: what it says, and what it is about.
pub fn of_change<'a>(change: &'a Change, names: &dyn Names) -> Facets<'a> {
    let mut row = Facets::default();
    row.text(cut(&change.summary));
    if let Some(id) = &change.partner {
        row.value(Field::Partner, id.raw()).value(Field::Partner, names.partner(id).unwrap_or_default());
    }
    if let Some(alert) = change.alert {
        row.value(Field::Alert, alert.to_string());
    }
    match &change.object {
        Object::Alert(alert) => {
            row.severity = Some(alert.severity);
            row.value(Field::Id, alert.id.to_string()).value(Field::Kind, "alert");
        }
        Object::Event(event) => {
            row.severity = event.severity;
            row.value(Field::Id, event.id.to_string()).value(Field::Kind, "event");
            row.value(Field::Kind, event.kind.raw());
        }
        Object::Task(task) => _ = row.value(Field::Id, task.id.to_string()).value(Field::Kind, "task"),
        Object::Notification(message) => {
            row.value(Field::Id, message.id.to_string()).value(Field::Kind, "message");
        }
        Object::Case(case) => _ = row.value(Field::Id, case.id.raw()).value(Field::Kind, "case"),
        Object::Document(document) => {
            row.value(Field::Id, document.id.raw()).value(Field::Kind, "document");
        }
        Object::Thread(thread) => _ = row.value(Field::Id, thread.id.raw()).value(Field::Kind, "thread"),
        Object::Contact(contact) => {
            row.value(Field::Id, contact.id.raw()).value(Field::Kind, "contact");
        }
        _ => {}
    }
    if let Actor::Person { id, .. } = &change.actor {
        row.value(Field::Owner, id.0.as_str()).value(Field::Owner, names.person(id).unwrap_or_default());
    }
    row.at = Some(change.at);
    row
}

/// Whatever the thing is; `None` for what nobody looks for.
pub fn of_object<'a>(object: &'a Object, names: &dyn Names) -> Option<Facets<'a>> {
    Some(match object {
        Object::Event(event) => of_event(event),
        Object::Alert(alert) => of_alert(alert, names),
        Object::Task(task) => of_task(task, names),
        Object::Notification(message) => of_message(message, names),
        Object::Case(case) => of_case(case),
        Object::Document(document) => of_document(document),
        Object::Thread(thread) => of_thread(thread),
        Object::Milestone(milestone) => of_milestone(milestone),
        Object::Partner(partner) => of_partner(partner),
        Object::Contact(contact) => of_contact(contact, names),
        Object::Reply(reply) => of_reply(reply),
        _ => return None,
    })
}

/// Somebody of the desk.
pub fn of_person(person: &Person) -> Facets<'_> {
    let mut row = Facets::of_texts(&[&person.id.0, &person.name]);
    person.phone.iter().for_each(|phone| _ = row.text(phone.as_str()));
    person.email.iter().for_each(|mailbox| _ = row.text(mailbox.as_str()));
    person.teams.iter().for_each(|team| _ = row.text(team.as_str()));
    row
}

fn with_partner(partner: &PartnerRef) -> Facets<'_> {
    let mut row = Facets::default();
    row.value(Field::Partner, partner.id.raw()).value(Field::Partner, partner.name.raw());
    row
}

fn owner(row: &mut Facets<'_>, owner: Option<&PersonId>, names: &dyn Names) {
    match owner {
        Some(id) => {
            row.value(Field::Owner, id.0.clone()).value(Field::Owner, names.person(id).unwrap_or_default());
        }
        None => _ = row.value(Field::Owner, NOBODY),
    }
}

/// As much of a text as is looked through.
fn cut(text: &Untrusted) -> &str {
    cut_str(text.raw())
}

fn cut_str(text: &str) -> &str {
    match text.char_indices().nth(TEXT) {
        Some((at, _)) => &text[..at],
        None => text,
    }
}
