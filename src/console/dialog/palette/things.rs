//! What the palette can choose from: what fits the row at hand, and everything that the console knows by name.

use super::{Entry, Kind, Recent, takes};
use crate::console::allowed::allowed;
use crate::console::bulk;
use crate::console::desk::Desk;
use crate::console::goal::{self, Goal};
use crate::console::keymap::{Action, COMMANDS};
use crate::console::model::Model;
use crate::core::alert::{Alert, AlertState};
use crate::core::contact::Contact;
use crate::core::id::{AlertId, NotificationId, TaskId};
use crate::core::task::{Task, TaskState};
use crate::core::text::{Untrusted, sanitise};

pub(super) fn partner(id: &Untrusted, name: &Untrusted) -> Entry {
    let (name, id_shown) = (name.printable().into_string(), id.printable().into_string());
    entry(Kind::Partner, name, id_shown, Goal::Partner(id.clone()))
}

fn entry(kind: Kind, label: String, more: String, goal: Goal) -> Entry {
    Entry { kind, label, more, what: Recent::Goal(goal), on: None, by_id: false, barred: None }
}

/// What can be done now to what the hand is on, in the order of its keys; of marked rows what acts on all of them.
pub(super) fn at_hand(model: &Model, all: &mut Vec<Entry>) -> Vec<usize> {
    let command = |action: Action| COMMANDS.iter().position(|(_, known, _)| *known == action);
    let mut here = Vec::new();
    let goals = goal::at_hand(model);
    for binding in model.keys.bindings(model.context()) {
        let action = binding.action;
        let Some(at) = command(action).filter(|_| allowed(model, action).is_ok()) else { continue };
        if bulk::acts_on_several(model, action) {
            here.push(at);
            continue;
        }
        let goal = goals.iter().find(|goal| Kind::of(goal).is_some_and(|kind| takes(action).contains(&kind)));
        let named = goal.and_then(|goal| all.iter().find(|entry| entry.what == Recent::Goal(goal.clone())));
        let (Some(goal), Some(named), (name, _, help)) = (goal, named, COMMANDS[at]) else { continue };
        let one = Entry {
            kind: Kind::Command,
            label: format!("{name} {}", named.label),
            more: help.to_owned(),
            what: Recent::Command(name),
            on: Some(goal.clone()),
            by_id: false,
            barred: None,
        };
        if !all.iter().any(|known| known.on.is_some() && known.label == one.label) {
            here.push(all.len());
            all.push(one);
        }
    }
    here
}

/// What is over; only its id finds it.
pub(super) fn over(desk: &Desk) -> Vec<Entry> {
    let alerts = desk.alerts.values().filter(|alert| alert.state == AlertState::Resolved).map(of_alert);
    let tasks = desk.tasks.values().filter(|task| task.state == TaskState::Done).map(of_task);
    let closed = |entry: Entry| Entry { more: format!("closed; {}", entry.more), by_id: true, ..entry };
    alerts.chain(tasks).map(closed).collect()
}

/// A letter and a number that nothing here is called: the agent is asked for it.
pub(super) fn unknown(id: &str) -> Option<Entry> {
    let (letter, digits) = id.split_at_checked(1)?;
    let number = digits.parse().ok()?;
    let (kind, goal) = match letter {
        "a" => (Kind::Alert, Goal::Alert(AlertId(number))),
        "t" => (Kind::Task, Goal::Task(TaskId(number))),
        "n" => (Kind::Message, Goal::Message(NotificationId(number))),
        _ => return None,
    };
    let more = "not known here; the agent is asked for it".to_owned();
    Some(Entry { by_id: true, ..entry(kind, id.to_uppercase(), more, goal) })
}

/// Everything the console knows by name, what is urgent first.
pub(super) fn things(all: &mut Vec<Entry>, model: &Model, desk: &Desk) {
    let open = |state: AlertState| state != AlertState::Resolved;
    all.extend(desk.alerts.values().rev().filter(|alert| open(alert.state)).map(of_alert));
    all.extend(desk.tasks.values().filter(|task| task.state != TaskState::Done).map(of_task));
    for person in desk.people.values() {
        let goal = Goal::Person(person.id.clone());
        let more = sanitise(&person.id.0).into_owned();
        all.push(entry(Kind::Person, sanitise(&person.name).into_owned(), more, goal));
    }
    for (id, name) in desk.known_partners() {
        all.push(partner(id, name));
    }
    for row in &model.partners.known {
        let about = &row.partner.about;
        if desk.known_partners().all(|(known, _)| *known != about.id) {
            all.push(partner(&about.id, &about.name));
        }
    }
    if let Some(detail) = model.page.as_ref().and_then(|page| page.detail.as_ref()) {
        for case in detail.cases.iter().chain(&detail.settled.cases) {
            let goal = Goal::Case { partner: case.partner.id.clone(), case: case.id.clone() };
            let more = format!("{}: {}", case.partner.name.printable(), case.title.printable());
            all.push(entry(Kind::Case, case.reference.printable().into_string(), more, goal));
        }
    }
    cases(all, desk);
    for contact in desk.contacts.values() {
        all.push(of_contact(desk, contact));
    }
    for channel in &desk.channels {
        let name = sanitise(&channel.name).into_owned();
        let more = sanitise(&channel.kind).into_owned();
        all.push(entry(Kind::Provider, name, more, Goal::Provider(channel.name.clone())));
    }
    for on in &desk.on_call {
        let who = on.person.as_ref().map_or("nobody".to_owned(), |person| desk.short_name(person));
        let goal = Goal::Schedule(on.schedule.clone());
        all.push(entry(Kind::Schedule, sanitise(&on.schedule).into_owned(), format!("on call: {who}"), goal));
    }
    let known = model.messages.known.values().chain(desk.messages.values());
    for message in known.rev().take(2_000) {
        let goal = Goal::Message(message.id);
        let more = format!(
            "to {}, {}",
            message.recipient.name.printable(),
            message.state.as_str().replace('_', " ")
        );
        let one = entry(Kind::Message, message.id.to_string(), more, goal);
        all.push(one);
    }
}

/// Cases that alerts name, once each.
fn cases(all: &mut Vec<Entry>, desk: &Desk) {
    let mut named: Vec<(Untrusted, Untrusted)> = Vec::new();
    for alert in desk.alerts.values() {
        for case in alert.members.iter().filter_map(|member| member.case.as_ref()) {
            let one = (alert.partner.id.clone(), case.clone());
            if named.contains(&one) || named.len() >= 500 {
                continue;
            }
            let goal = Goal::Case { partner: one.0.clone(), case: one.1.clone() };
            let more = alert.partner.name.printable().into_string();
            if !all.iter().any(|known| known.what == Recent::Goal(goal.clone())) {
                all.push(entry(Kind::Case, case.printable().into_string(), more, goal));
            }
            named.push(one);
        }
    }
}

fn of_contact(desk: &Desk, contact: &Contact) -> Entry {
    let of = contact.partner_id.as_ref().map(|partner| desk.partner_name(partner)).unwrap_or_default();
    let address = contact.emails.first().map(|mailbox| mailbox.as_str());
    let address = address.or(contact.phones.first().map(|phone| phone.as_str())).unwrap_or_default();
    let more = format!("{of} {}", sanitise(address));
    let goal = Goal::Contact { contact: contact.id.clone(), partner: contact.partner_id.clone() };
    entry(Kind::Contact, contact.name.printable().into_string(), more, goal)
}

fn of_alert(alert: &Alert) -> Entry {
    let orders = alert
        .members
        .iter()
        .filter_map(|member| member.order.as_ref().or(member.shipment.as_ref()).or(member.case.as_ref()));
    let orders: Vec<String> = orders.take(6).map(|order| order.printable().into_string()).collect();
    let name = alert.partner.name.printable();
    let more = format!("{name}: {} {}", alert.title.printable(), orders.join(" "));
    entry(Kind::Alert, alert.id.to_string(), more, Goal::Alert(alert.id))
}

fn of_task(task: &Task) -> Entry {
    let of = task.partner.as_ref().map(|partner| format!("{}: ", partner.name.printable()));
    let more = format!("{}{}", of.unwrap_or_default(), task.title.printable());
    entry(Kind::Task, task.id.to_string(), more, Goal::Task(task.id))
}
