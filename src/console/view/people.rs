//! The people of the desk: who is on call now, what time it is where they are, and how they can be told.

use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::model::Model;
use crate::console::people::on_call;
use crate::console::theme::{Meaning, Signs};
use crate::console::told::{Mark, Ways};
use crate::console::view::messages::medium_word;
use crate::console::view::paint::{Canvas, Spans};
use crate::console::view::stream::filter_line;
use crate::console::view::{WIDE, crumbs, first_row};
use crate::core::contact::Medium;
use crate::core::person::Person;
use crate::core::text::sanitise;
use jiff::tz::TimeZone;
use ratatui::layout::{Position, Rect};

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Option<Position> {
    let desk = model.desk.as_ref()?;
    let rows = &model.people.rows;
    let x = canvas.put_spans(area.x + 1, area.y, area.width.saturating_sub(2), &crumbs::spans(model));
    let room = area.right().saturating_sub(x + 12);
    let cursor = filter_line(canvas, &model.people.filter, x + 2, area.y, room);
    canvas.put_right(area.x, area.y, area.width - 1, &format!("{} known", rows.len()), Meaning::Quiet);
    let wide = area.width >= WIDE;
    let mut at = area.x + 2;
    let mut column = |width: u16| {
        let x = at;
        at += width + 1;
        (x, width)
    };
    let (name, role, there) = (column(if wide { 26 } else { 18 }), column(9), column(10));
    let (by, holds) = (column(if wide { 16 } else { 12 }), column(6));
    let on = (holds.0 + holds.1 + 1, area.right().saturating_sub(holds.0 + holds.1 + 2));
    let y = area.y + 1;
    for ((x, width), title) in
        [(name, "NAME"), (role, "ROLE"), (there, "THERE"), (by, "BY"), (holds, "HOLDS"), (on, "ON CALL")]
    {
        canvas.put(x, y, width, title, Meaning::Quiet);
    }
    if rows.is_empty() {
        canvas.put(area.x + 2, y + 1, area.width.saturating_sub(3), "Nobody matches.", Meaning::Quiet);
    }
    let known = Ways::of(model);
    let room = usize::from(area.height.saturating_sub(3));
    let first = first_row(rows.index(), rows.len(), room);
    for (y, id) in (y + 1..).zip(rows.order().iter().skip(first).take(room)) {
        let Some(person) = desk.people.get(id) else { continue };
        canvas.selected = rows.selected() == Some(id);
        if canvas.selected {
            let marker = canvas.theme.signs.marker;
            canvas.put(area.x, y, 1, marker, Meaning::Accent);
        }
        let you = if desk.is_me(id) { " (you)" } else { "" };
        canvas.put(name.0, y, name.1, &format!("{}{you}", sanitise(&person.name)), Meaning::Plain);
        canvas.put(role.0, y, role.1, role_word(person), Meaning::Quiet);
        canvas.put(there.0, y, there.1, &time_there(model, desk, person), Meaning::Plain);
        let ways = by_ways(&known, person, &canvas.theme.signs);
        canvas.put_spans(by.0, y, by.1, &ways);
        let many = desk.alerts.values().filter(|alert| alert.held_by() == Some(id)).count();
        let many = if many == 0 { String::new() } else { many.to_string() };
        canvas.put_right(holds.0, y, holds.1.saturating_sub(1), &many, Meaning::Strong);
        let schedules: Vec<_> = on_call(desk, id).into_iter().map(sanitise).collect();
        canvas.put(on.0, y, on.1, &schedules.join(", "), Meaning::Good);
        canvas.selected = false;
    }
    let says = match rows.selected() {
        Some(person) => {
            format!("Enter: everything about {}; m: what was said to them", desk.whole_name(person))
        }
        None => String::new(),
    };
    canvas.rule(area, area.bottom().saturating_sub(1), &says, "", Meaning::Accent);
    cursor
}

/// `Tue 03:07`, by their own clock.
pub fn time_there(model: &Model, desk: &Desk, person: &Person) -> String {
    let zone = person.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok());
    let zone = zone.unwrap_or_else(|| desk.own_zone());
    model.now.to_zoned(zone.clone()).strftime("%a ").to_string() + &clock::hour_minute(model.now, &zone)
}

fn role_word(person: &Person) -> &'static str {
    match person.role {
        crate::core::person::Role::Viewer => "viewer",
        crate::core::person::Role::Responder => "responder",
        crate::core::person::Role::Admin => "admin",
    }
}

/// `SMS✗ mail`, by what became of the last messages, or what stands in the way.
fn by_ways(known: &Ways<'_>, person: &Person, signs: &Signs) -> Spans {
    let mut spans = ways(signs, &known.to(person));
    match (spans.is_empty(), person.opted_out.is_empty()) {
        (true, _) => vec![("no way".to_owned(), Meaning::Bad)],
        (false, false) => {
            spans.push(("stop".to_owned(), Meaning::Warn));
            spans
        }
        (false, true) => spans,
    }
}

/// `SMS✗ mail `: the ways to somebody of the desk, and what is known of each.
pub fn ways(signs: &Signs, marks: &[(Medium, Mark)]) -> Spans {
    let said = |(medium, mark): &(Medium, Mark)| {
        (format!("{} ", mark.beside(medium_word(*medium), signs)), mark.meaning())
    };
    marks.iter().map(said).collect()
}
