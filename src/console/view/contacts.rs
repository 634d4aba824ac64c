//! The contacts: who they are, how each wants to be told, and what stands in the way.

use crate::console::desk::{ContactsHeard, Desk};
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::console::told::Ways;
use crate::console::view::paint::{Canvas, cells};
use crate::console::view::stream::filter_line;
use crate::console::view::{crumbs, first_row};
use crate::core::contact::{Contact, ContactState, Medium};
use crate::core::reach::addresses;
use ratatui::layout::{Position, Rect};

/// A number of E.164 and how many more there are.
const SMS_WIDE: u16 = 18;

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Option<Position> {
    let desk = model.desk.as_ref()?;
    let x = canvas.put_spans(area.x + 1, area.y, area.width.saturating_sub(2), &crumbs::spans(model));
    let cursor =
        filter_line(canvas, &model.contacts.filter, x + 2, area.y, area.width.saturating_sub(x + 26));
    let mut count = format!("{} of {}", model.contacts.rows.len(), desk.contacts.len());
    if let Some(new) = super::new_rows(canvas, model.contacts.rows.waiting()) {
        count = format!("{new}  {count}");
    }
    canvas.put_right(area.x, area.y, area.width - 1, &count, Meaning::Quiet);

    let wide = area.width >= super::WIDE;
    let (name, partner) = if wide { (24, 20) } else { (14, 11) };
    let columns = [2, 2 + name + 1, 2 + name + 1 + partner + 1];
    let reach = columns[2];
    let mail = reach + SMS_WIDE + 1;
    let note = mail + if wide { 34 } else { 20 };
    let y = area.y + 1;
    for (x, width, label) in [
        (columns[0], name, "NAME"),
        (columns[1], partner, "PARTNER"),
        (reach, SMS_WIDE, "SMS"),
        (mail, note - mail - 1, "MAIL"),
        (note, area.width.saturating_sub(note), "QUIET"),
    ] {
        canvas.put(area.x + x, y, width, label, Meaning::Quiet);
    }
    let rows = &model.contacts.rows;
    let room = area.height.saturating_sub(3);
    if rows.is_empty() {
        let (said, meaning) = none(model, desk);
        canvas.put(area.x + 2, y + 1, area.width - 3, &said, meaning);
    }
    let known = Ways::of(model);
    let first = first_row(rows.index(), rows.len(), usize::from(room));
    for (row, id) in rows.order().iter().skip(first).take(usize::from(room)).enumerate() {
        let y = y + 1 + u16::try_from(row).unwrap_or(0);
        let Some(contact) = desk.contacts.get(id) else { continue };
        canvas.selected = rows.selected() == Some(id);
        if canvas.selected {
            let marker = canvas.theme.signs.marker;
            canvas.put(area.x, y, 1, marker, Meaning::Accent);
        }
        let meaning = if contact.state == ContactState::Active { Meaning::Plain } else { Meaning::Quiet };
        canvas.put(area.x + columns[0], y, name, contact.name.printable().as_str(), meaning);
        let of = contact.partner_id.as_ref().map(|id| desk.partner_name(id)).unwrap_or_default();
        canvas.put(area.x + columns[1], y, partner, &of, Meaning::Plain);
        address(canvas, desk, &known, contact, Medium::Sms, (area.x + reach, y, SMS_WIDE));
        address(canvas, desk, &known, contact, Medium::Email, (area.x + mail, y, note - mail - 1));
        let but = but(contact);
        let width = area.width.saturating_sub(note + 1);
        canvas.put(area.x + note, y, width, &but, Meaning::Warn);
        canvas.selected = false;
    }
    let y = area.bottom() - 1;
    let says = match crate::console::allowed::allowed(model, crate::console::keymap::Action::Edit) {
        Ok(()) => "Enter: edit; nothing is sent before Ctrl-s; w: can they be reached, and why".to_owned(),
        Err(why) => format!("Enter: not now, {why}"),
    };
    canvas.rule(area, y, &says, "", Meaning::Accent);
    cursor
}

/// Why no row is shown.
fn none(model: &Model, desk: &Desk) -> (String, Meaning) {
    let of = model.contacts.of.as_ref().filter(|partner| model.contacts.shows_only(partner));
    if let Some(partner) = of {
        let name = desk.partner_name(partner);
        return match desk.contacts_heard.get(partner) {
            Some(ContactsHeard::All) => (format!("No contact of {name} is known."), Meaning::Warn),
            Some(ContactsHeard::Missing(why)) => {
                (format!("The contacts of {name} could not be read: {why}."), Meaning::Warn)
            }
            Some(ContactsHeard::Asking) | None => ("Asking the agent.".to_owned(), Meaning::Quiet),
        };
    }
    let said = match (model.contacts.heard, desk.contacts.is_empty()) {
        (false, _) => "Asking the agent.",
        (true, true) => {
            "No contact is known yet: [[contact]], [community] or `nightdesk contacts import` bring them."
        }
        (true, false) => "No contact matches. Esc shows all again.",
    };
    (said.to_owned(), Meaning::Quiet)
}

/// The first address that can be used, marked with what became of it, and how many more there are.
fn address(
    canvas: &mut Canvas<'_>,
    desk: &Desk,
    known: &Ways<'_>,
    contact: &Contact,
    medium: Medium,
    (x, y, width): (u16, u16, u16),
) {
    if contact.opted_out.contains(&medium) {
        canvas.put(x, y, width, "opted out", Meaning::Warn);
        return;
    }
    let Some((first, mark)) = known.to_contact(desk, contact, medium) else {
        canvas.put(x, y, width, "none", Meaning::Quiet);
        return;
    };
    let more = addresses(contact, medium).count() - 1;
    let tail = if more > 0 { format!(" {}{more}", canvas.theme.signs.more) } else { String::new() };
    let signs = canvas.theme.signs;
    let room = width.saturating_sub(cells(&tail) + cells(mark.sign(&signs)));
    let said = mark.beside(&canvas.fit(first, room), &signs);
    let used = canvas.put(x, y, width, &said, mark.meaning());
    canvas.put(x + used, y, cells(&tail), &tail, Meaning::Quiet);
}

/// What keeps a message from them.
fn but(contact: &Contact) -> String {
    match (contact.state, contact.quiet_hours) {
        (ContactState::Inactive, _) => "has left".to_owned(),
        (ContactState::Active, Some(hours)) => hours.to_string(),
        (ContactState::Active, None) => String::new(),
    }
}
