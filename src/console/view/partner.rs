//! The partner of the selected row: who they are, what else is open, and whether they can be
//! reached.

use crate::console::clock;
use crate::console::desk::{ContactsHeard, Desk};
use crate::console::model::{Model, Subject};
use crate::console::theme::Meaning;
use crate::console::view::paint::{Canvas, Spans};
use crate::core::alert::AlertState;
use crate::core::contact::{Contact, ContactState, Medium};
use crate::core::notification::RecipientId;
use crate::core::partner::PartnerRef;
use jiff::tz::TimeZone;
use ratatui::layout::Rect;

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, area: Rect) {
    let partner = match model.triage.shown {
        Some(Subject::Alert(id)) => model.alert(id).map(|alert| &alert.partner),
        Some(Subject::Task(id)) => model.task(id).and_then(|task| task.partner.as_ref()),
        None => None,
    };
    let title = partner.map(|partner| partner.name.printable().into_string()).unwrap_or_default();
    canvas.rule(area, area.y, &title, "", Meaning::Strong);
    let Some(partner) = partner else { return };
    let lines = lines(canvas, model, desk, partner);
    for (row, line) in lines.iter().take(usize::from(area.height.saturating_sub(1))).enumerate() {
        let y = area.y + 1 + u16::try_from(row).unwrap_or(0);
        canvas.put_spans(area.x + 1, y, area.width.saturating_sub(2), line);
    }
}

fn lines(canvas: &Canvas<'_>, model: &Model, desk: &Desk, partner: &PartnerRef) -> Vec<Spans> {
    let mut lines = Vec::new();
    let mut about = Vec::new();
    if let Some(tier) = &partner.tier {
        about.push(format!("tier {}", tier.printable()));
    }
    let zone = partner.time_zone.as_ref().and_then(|name| TimeZone::get(name.raw()).ok());
    match zone {
        Some(zone) => about.push(format!("{} there", clock::day_hour_zone(model.now, &zone))),
        None => about.push("their time zone is not known".to_owned()),
    }
    lines.push(vec![(about.join(" · "), Meaning::Plain)]);

    let open = desk
        .alerts
        .values()
        .filter(|alert| alert.partner.id == partner.id && alert.state != AlertState::Resolved)
        .count();
    let to_do =
        desk.tasks.values().filter(|t| t.partner.as_ref().is_some_and(|p| p.id == partner.id)).count();
    lines.push(vec![(
        format!("{open} open {} · {to_do} to do", if open == 1 { "alert" } else { "alerts" }),
        Meaning::Plain,
    )]);
    let told = desk
        .notifications
        .values()
        .filter(|n| n.partner.as_ref() == Some(&partner.id))
        .filter(|n| matches!(n.recipient.who, RecipientId::Contact(_)))
        .max_by_key(|n| n.created_at);
    lines.push(match told {
        Some(told) => {
            let when = clock::when(model.now, told.created_at, &desk.zone());
            let name = super::triage::short(told.recipient.name.printable().as_str());
            let state = told.state.as_str().replace('_', " ");
            vec![(format!("last message {when} to {name}: {state}"), Meaning::Plain)]
        }
        None => vec![("no message to them of late".to_owned(), Meaning::Quiet)],
    });
    lines.push(Vec::new());
    lines.push(vec![("Can we reach them?".to_owned(), Meaning::Strong)]);
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
        let name = format!("{:<12} ", super::triage::short(contact.name.printable().as_str()));
        if contact.state == ContactState::Inactive {
            lines.push(vec![(name, Meaning::Quiet), ("has left".to_owned(), Meaning::Quiet)]);
            continue;
        }
        let mut spans = vec![(name, Meaning::Plain)];
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
    let signs = canvas.theme.signs;
    let (name, has) = match medium {
        Medium::Sms => ("SMS", !contact.phones.is_empty()),
        Medium::Email => ("mail", !contact.emails.is_empty()),
    };
    if !has {
        return (format!("no {name}"), Meaning::Quiet);
    }
    if contact.opted_out.contains(&medium) {
        return (format!("{name} opted out"), Meaning::Warn);
    }
    let to_them = desk.notifications.values().filter(|n| {
        n.medium == medium && matches!(&n.recipient.who, RecipientId::Contact(id) if *id == contact.id)
    });
    match to_them.max_by_key(|n| n.updated_at) {
        Some(last) if last.state.is_proven() => {
            let when = clock::when(model.now, last.updated_at, &desk.zone());
            (format!("{name}{} {when}", signs.proven), Meaning::Good)
        }
        Some(last) if last.state.is_failure() => {
            let when = clock::when(model.now, last.updated_at, &desk.zone());
            (format!("{name} {} {when}", signs.failed), Meaning::Bad)
        }
        _ => (format!("{name} unproven"), Meaning::Plain),
    }
}
