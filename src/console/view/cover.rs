//! The dialog that puts somebody on call for a while.

use crate::console::clock;
use crate::console::cover::{Cover, Field};
use crate::console::model::Model;
use crate::console::oncall::names;
use crate::console::theme::Meaning;
use crate::console::told::Ways;
use crate::console::view::dialog::{input, window};
use crate::console::view::paint::{Canvas, wrap};
use crate::console::view::{first_row, people};
use crate::core::text::sanitise;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::layout::{Position, Rect};

/// People shown at once.
const PEOPLE: u16 = 6;

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, dialog: &Cover, area: Rect) -> Option<Position> {
    let desk = model.desk.as_ref()?;
    let title = format!("Who is on call for {}?", sanitise(&dialog.schedule));
    let inner = window(canvas, area, 74, PEOPLE + 11, &title, "Enter: do it, Esc cancels");
    let marker = canvas.theme.signs.marker;
    let label = |canvas: &mut Canvas<'_>, y: u16, on: bool, word: &str| {
        if on {
            canvas.put(inner.x, y, 1, marker, Meaning::Accent);
        }
        canvas.put(inner.x + 2, y, 5, word, Meaning::Quiet);
    };
    let x = inner.x + 8;
    let mut cursor = None;

    label(canvas, inner.y, dialog.on == Field::Who, "who");
    if dialog.filter.line.is_empty() {
        canvas.put(x + 1, inner.y, inner.width, "a name, or the arrows; Tab: other times", Meaning::Quiet);
    }
    let at = input(canvas, &dialog.filter.line, x, inner.y, inner.right().saturating_sub(x), None);
    if dialog.on == Field::Who {
        cursor = Some(at);
    }
    let found = dialog.found();
    if found.is_empty() {
        let said = "nobody else of that name can take an alert";
        canvas.put(x, inner.y + 1, inner.right().saturating_sub(x), said, Meaning::Warn);
    }
    let known = Ways::of(model);
    let first = first_row(dialog.selected, found.len(), usize::from(PEOPLE));
    for (y, (i, (id, name))) in
        (inner.y + 1..).zip(found.iter().enumerate().skip(first).take(usize::from(PEOPLE)))
    {
        let on = dialog.selected == Some(i);
        if on {
            canvas.put(x, y, 1, canvas.theme.signs.chosen, Meaning::Accent);
        }
        let you = if desk.is_me(id) { " (you)" } else { "" };
        let meaning = if on { Meaning::Strong } else { Meaning::Plain };
        let mut spans = vec![(format!("{name}{you}  "), meaning)];
        let person = desk.people.get(id).map(|person| known.to(person)).unwrap_or_default();
        spans.extend(people::ways(&canvas.theme.signs, &person));
        canvas.put_spans(x + 2, y, inner.right().saturating_sub(x + 2), &spans);
    }

    let times = dialog.times(model.now);
    let y = inner.y + PEOPLE + 2;
    let shown = [
        (Field::From, "from", &dialog.from.line, times.as_ref().ok().map(|times| times.0)),
        (Field::Until, "until", &dialog.until.line, times.as_ref().ok().map(|times| times.1)),
    ];
    for (y, (field, word, line, at)) in (y..).zip(shown) {
        label(canvas, y, dialog.on == field, word);
        let place = input(canvas, line, x, y, 18, None);
        if dialog.on == field {
            cursor = Some(place);
        }
        let said = at.map(|at| clocks(at, &model.zone(), &dialog.zone)).unwrap_or_default();
        canvas.put(x + 20, y, inner.right().saturating_sub(x + 20), &said, Meaning::Quiet);
    }
    if let Ok((from, until)) = &times {
        let length = clock::length(from.duration_until(*until).as_secs() / 60 * 60);
        let rest =
            dialog.turn_ends(*until).map(|end| format!("; the turn ends {}", long(end, &model.zone())));
        label(canvas, y + 2, false, "for");
        let spans = [(length, Meaning::Strong), (rest.unwrap_or_default(), Meaning::Quiet)];
        canvas.put_spans(x + 1, y + 2, inner.right().saturating_sub(x + 1), &spans);
    }
    let (said, meaning) = match (&dialog.error, times) {
        (Some(why), _) => (why.clone(), Meaning::Bad),
        (None, Err(why)) => (why, Meaning::Warn),
        (None, Ok(_)) => {
            let told = dialog.told(model.now);
            match told.is_empty() {
                true if dialog.chosen().is_none() => (String::new(), Meaning::Quiet),
                true => ("Nobody but you is concerned.".to_owned(), Meaning::Quiet),
                false => (format!("Told: {}.", names(desk, &told)), Meaning::Warn),
            }
        }
    };
    for (y, line) in (y + 4..).zip(wrap(&said, inner.width.saturating_sub(2)).into_iter().take(2)) {
        canvas.put(inner.x + 2, y, inner.width.saturating_sub(2), &line, meaning);
    }
    cursor
}

/// `Fri 27 Nov 18:00 CET`, and the schedule's clock where that shows something else.
pub fn clocks(at: Timestamp, own: &TimeZone, there: &TimeZone) -> String {
    let here = long(at, own);
    if own.to_datetime(at) == there.to_datetime(at) {
        return here;
    }
    let other = at.to_zoned(there.clone()).strftime("%a %H:%M %Z").to_string();
    format!("{here}, {other} there")
}

/// `Fri 27 Nov 18:00 CET`.
pub fn long(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %e %b %H:%M %Z").to_string()
}
