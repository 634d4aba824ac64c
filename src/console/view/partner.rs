//! The partner of the selected row: who they are, who answers for them, what else is open, and whether they
//! can be reached. Before the agent has answered it says what the console knows by itself.

use crate::console::clock;
use crate::console::desk::{ContactsHeard, Desk};
use crate::console::model::{Model, Subject};
use crate::console::theme::Meaning;
use crate::console::view::item::{of_address, of_medium};
use crate::console::view::messages::medium_word;
use crate::console::view::paint::{Canvas, Spans, cells, wrap};
use crate::console::view::{page, triage};
use crate::core::alert::AlertState;
use crate::core::contact::{Contact, ContactState, Medium};
use crate::core::notification::{Notification, RecipientId};
use crate::core::onboarding::MilestoneState;
use crate::core::partner::PartnerRef;
use crate::wire::partner::PartnerDetail;
use ratatui::layout::Rect;

/// Of a contact's name.
const NAME: u16 = 12;
/// Messages told last, where there is room for more than one.
const TOLD: usize = 4;

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, area: Rect) {
    let partner = match model.triage.shown {
        Some(Subject::Alert(id)) => model.alert(id).map(|alert| &alert.partner),
        Some(Subject::Task(id)) => model.task(id).and_then(|task| task.partner.as_ref()),
        None => None,
    };
    let title = partner.map(|partner| partner.name.printable().into_string()).unwrap_or_default();
    let right = if partner.is_some() { "p" } else { "" };
    canvas.rule(area, area.y, &title, right, Meaning::Strong);
    let Some(partner) = partner else {
        let said = "It is about no partner.";
        canvas.put(area.x + 1, area.y + 1, area.width.saturating_sub(2), said, Meaning::Quiet);
        return;
    };
    let room = usize::from(area.height.saturating_sub(1));
    let lines = lines(canvas, model, desk, partner, (area.width.saturating_sub(2), room));
    for (y, line) in (area.y + 1..).zip(lines.iter().take(room)) {
        canvas.put_spans(area.x + 1, y, area.width.saturating_sub(2), line);
    }
}

fn lines(
    canvas: &Canvas<'_>,
    model: &Model,
    desk: &Desk,
    partner: &PartnerRef,
    (width, room): (u16, usize),
) -> Vec<Spans> {
    let dot = format!(" {} ", canvas.theme.signs.dot);
    let detail = model.beside.of(&partner.id);
    let mut lines: Vec<Spans> = Vec::new();
    let mut about = Vec::new();
    if let Some(tier) = &partner.tier {
        about.push(format!("tier {}", tier.printable()));
    }
    about.push(match Desk::zone_of(partner) {
        Some(zone) => format!("{} there", clock::day_hour_zone(model.now, &zone)),
        None => "their time zone is not known".to_owned(),
    });
    lines.push(vec![(about.join(&dot), Meaning::Plain)]);
    if let Some(detail) = detail {
        let held: Vec<String> = page::responsible(desk, detail);
        let said = held.join(&dot);
        lines.extend(wrap(&said, width).into_iter().take(2).map(|line| vec![(line, Meaning::Plain)]));
    }
    let said = open(model, desk, partner, detail).join(&dot);
    lines.extend(wrap(&said, width).into_iter().take(2).map(|line| vec![(line, Meaning::Plain)]));
    let next = |detail: &PartnerDetail| {
        let next = detail.milestones.iter().find(|one| one.state == MilestoneState::Expected)?;
        let (said, meaning) = page::of_milestone(model, desk, next, canvas.theme.signs.proven, true);
        Some(vec![("onboarding: ".to_owned(), Meaning::Plain), (said, meaning)])
    };
    lines.extend(detail.filter(|_| room > 12).and_then(next));

    lines.push(Vec::new());
    lines.push(vec![("Can we reach them?".to_owned(), Meaning::Strong)]);
    match detail {
        Some(detail) => lines.extend(reached(canvas, model, desk, detail)),
        None => lines.extend(contacts(canvas, model, desk, partner)),
    }

    let told = told(desk, partner, detail);
    lines.push(Vec::new());
    lines.push(vec![("Last told".to_owned(), Meaning::Strong)]);
    if told.is_empty() {
        lines.push(vec![("nothing of late".to_owned(), Meaning::Quiet)]);
    }
    for message in told.into_iter().take(TOLD) {
        let when = clock::when(model.now, message.created_at, &desk.zone());
        let name = triage::short(message.recipient.name.printable().as_str());
        let (state, meaning) = super::messages::state_of(message, model.now);
        lines.push(vec![
            (format!("{when} "), Meaning::Quiet),
            (format!("{} {name} ", medium_word(message.medium)), Meaning::Plain),
            (state, meaning),
        ]);
    }
    lines
}

/// `2 alerts`, `3 cases`, `1 review`: only what there is.
fn open(model: &Model, desk: &Desk, partner: &PartnerRef, detail: Option<&PartnerDetail>) -> Vec<String> {
    let many = |count: u32, one: &str, more: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        many => Some(format!("{many} {more}")),
    };
    // What the stream brings is newer than what the agent was asked.
    let of_them = |alert: &&crate::core::alert::Alert| {
        alert.partner.id == partner.id && alert.state != AlertState::Resolved
    };
    let alerts = u32::try_from(desk.alerts.values().filter(of_them).count()).unwrap_or(u32::MAX);
    let mut said: Vec<String> = many(alerts, "open alert", "open alerts").into_iter().collect();
    match detail {
        Some(detail) => {
            said.extend(many(detail.open.cases, "case", "cases"));
            said.extend(many(detail.open.reviews, "review", "reviews"));
            said.extend(many(detail.open.threads, "thread", "threads"));
            said.extend(many(detail.open.tasks, "to do", "to do"));
        }
        None => {
            let tasks = model.desk.iter().flat_map(|desk| desk.tasks.values());
            let theirs = tasks.filter(|t| t.partner.as_ref().is_some_and(|p| p.id == partner.id));
            said.extend(many(u32::try_from(theirs.count()).unwrap_or(u32::MAX), "to do", "to do"));
        }
    }
    if said.is_empty() {
        said.push("nothing else is open".to_owned());
    }
    said
}

/// The newest to their contacts or about them.
fn told<'m>(
    desk: &'m Desk,
    partner: &PartnerRef,
    detail: Option<&'m PartnerDetail>,
) -> Vec<&'m Notification> {
    let of_them = |message: &&Notification| {
        message.partner.as_ref() == Some(&partner.id)
            && matches!(message.recipient.who, RecipientId::Contact(_))
    };
    let mut told: Vec<&Notification> = desk.messages.values().filter(of_them).collect();
    let asked = detail.iter().flat_map(|detail| &detail.notifications).filter(of_them);
    told.extend(asked.filter(|message| desk.messages.get(message.id).is_none()));
    told.sort_by_key(|message| std::cmp::Reverse((message.created_at, message.id)));
    told
}

fn named(name: &str, meaning: Meaning) -> (String, Meaning) {
    let mut short = triage::short(name);
    let used = cells(&short);
    short.push_str(&" ".repeat(usize::from(NAME.saturating_sub(used) + 1)));
    (short, meaning)
}

/// As the agent says: what would reach them, with the last proof.
fn reached(canvas: &Canvas<'_>, model: &Model, desk: &Desk, detail: &PartnerDetail) -> Vec<Spans> {
    if detail.contacts.is_empty() {
        return vec![vec![("No contact of theirs is known.".to_owned(), Meaning::Warn)]];
    }
    let mut lines = Vec::new();
    for known in &detail.contacts {
        let name = known.contact.name.printable();
        if known.contact.state == ContactState::Inactive {
            lines.push(vec![named(name.as_str(), Meaning::Quiet), ("has left".to_owned(), Meaning::Quiet)]);
            continue;
        }
        let mut spans = vec![named(name.as_str(), Meaning::Plain)];
        for medium in &known.reach.media {
            spans.push(of_medium(canvas, model, desk, &detail.notifications, known, medium));
            spans.push(("  ".to_owned(), Meaning::Plain));
        }
        lines.push(spans);
        if let Some(until) = known.reach.quiet_until {
            let until = clock::when(model.now, until, &desk.zone());
            let indent = " ".repeat(usize::from(NAME) + 1);
            lines.push(vec![
                (indent, Meaning::Plain),
                (format!("quiet until {until}, urgent ones go"), Meaning::Warn),
            ]);
        }
    }
    lines
}

/// As far as the console knows it before the agent has answered.
fn contacts(canvas: &Canvas<'_>, model: &Model, desk: &Desk, partner: &PartnerRef) -> Vec<Spans> {
    let mut lines = Vec::new();
    let mut contacts: Vec<&Contact> = desk.contacts_of(&partner.id).collect();
    contacts.sort_by_key(|contact| (contact.state == ContactState::Inactive, &contact.name));
    match desk.contacts_heard.get(&partner.id) {
        Some(ContactsHeard::All) if contacts.is_empty() => {
            lines.push(vec![("No contact of theirs is known.".to_owned(), Meaning::Warn)]);
        }
        Some(ContactsHeard::All) => {}
        Some(ContactsHeard::Missing(why)) => {
            lines.push(vec![(format!("Could not be read: {why}"), Meaning::Warn)]);
        }
        Some(ContactsHeard::Asking) | None => {
            lines.push(vec![("Asking the agent.".to_owned(), Meaning::Quiet)]);
        }
    }
    for contact in contacts {
        let name = contact.name.printable();
        if contact.state == ContactState::Inactive {
            lines.push(vec![named(name.as_str(), Meaning::Quiet), ("has left".to_owned(), Meaning::Quiet)]);
            continue;
        }
        let mut spans = vec![named(name.as_str(), Meaning::Plain)];
        for medium in Medium::ALL {
            spans.push(reach(canvas, model, desk, contact, medium));
            spans.push(("  ".to_owned(), Meaning::Plain));
        }
        lines.push(spans);
    }
    lines
}

/// `SMS✓ 02:51`: the last proof, or why there is none.
fn reach(
    canvas: &Canvas<'_>,
    model: &Model,
    desk: &Desk,
    contact: &Contact,
    medium: Medium,
) -> (String, Meaning) {
    let name = medium_word(medium);
    let has = match medium {
        Medium::Sms => !contact.phones.is_empty(),
        Medium::Email => !contact.emails.is_empty(),
    };
    if !has {
        return (format!("no {name}"), Meaning::Quiet);
    }
    if contact.opted_out.contains(&medium) {
        return (format!("{name} opted out"), Meaning::Warn);
    }
    of_address(canvas, model, desk, desk.messages.values(), (&contact.id, medium))
}
