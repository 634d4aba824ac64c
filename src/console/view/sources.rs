//! Where events come from: who signs, who was heard last when, and who is silent.

use crate::console::clock;
use crate::console::model::Model;
use crate::console::sources::{selected, word};
use crate::console::theme::Meaning;
use crate::console::view::paint::{Canvas, wrap};
use crate::console::view::stream::filter_line;
use crate::console::view::{crumbs, first_row};
use crate::core::text::sanitise;
use crate::wire::SourceHealth;
use ratatui::layout::{Position, Rect};

/// Lines of what is said of the selected one.
const DETAIL: u16 = 5;

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Option<Position> {
    let desk = model.desk.as_ref()?;
    let rows = &model.sources.rows;
    let mut head = crumbs::spans(model);
    let silent = desk.sources.iter().filter(|source| source.silent).count();
    head.push(match silent {
        0 => ("  none is silent".to_owned(), Meaning::Quiet),
        many => (format!("  {many} silent"), Meaning::Bad),
    });
    let x = canvas.put_spans(area.x + 1, area.y, area.width.saturating_sub(2), &head);
    let cursor =
        filter_line(canvas, &model.sources.filter, x + 2, area.y, area.right().saturating_sub(x + 3));
    let y = area.y + 1;
    let columns = [(area.x + 2, 24), (area.x + 27, 12), (area.x + 40, 12), (area.x + 53, 10)];
    for ((x, width), title) in columns.into_iter().zip(["NAME", "STATE", "LAST EVENT", "SIGNED"]) {
        canvas.put(x, y, width, title, Meaning::Quiet);
    }
    if rows.is_empty() {
        let said = match desk.sources.is_empty() {
            true => "No [[source]] is configured: events have no way in.",
            false => "No source matches.",
        };
        canvas.put(area.x + 2, y + 1, area.width.saturating_sub(3), said, Meaning::Quiet);
    }
    let room = usize::from(area.height.saturating_sub(3 + DETAIL));
    let first = first_row(rows.index(), rows.len(), room);
    for (y, name) in (y + 1..).zip(rows.order().iter().skip(first).take(room)) {
        let Some(source) = desk.sources.iter().find(|source| source.name == *name) else { continue };
        canvas.selected = rows.selected() == Some(name);
        if canvas.selected {
            let marker = canvas.theme.signs.marker;
            canvas.put(area.x, y, 1, marker, Meaning::Accent);
        }
        let meaning = match (source.silent, source.last_event_at) {
            (true, _) => Meaning::Bad,
            (false, None) => Meaning::Quiet,
            (false, Some(_)) => Meaning::Good,
        };
        canvas.put(columns[0].0, y, columns[0].1, &sanitise(name), Meaning::Plain);
        canvas.put(columns[1].0, y, columns[1].1, word(source), meaning);
        let age = source.last_event_at.map_or("never".to_owned(), |at| match clock::age(model.now, at) {
            now if now == "now" => now,
            age => format!("{age} ago"),
        });
        canvas.put(columns[2].0, y, columns[2].1, &age, Meaning::Plain);
        let (signed, meaning) = if source.signed { ("yes", Meaning::Plain) } else { ("NO", Meaning::Warn) };
        canvas.put(columns[3].0, y, columns[3].1, signed, meaning);
        canvas.selected = false;
    }
    let top = area.bottom().saturating_sub(DETAIL + 1);
    if let Some(source) = selected(model) {
        canvas.rule(area, top, &sanitise(&source.name), "", Meaning::Strong);
        let lines = wrap(&says(model, source), area.width.saturating_sub(3));
        for (y, line) in (top + 1..top + DETAIL).zip(&lines) {
            canvas.put(area.x + 2, y, area.width.saturating_sub(3), line, Meaning::Plain);
        }
    }
    canvas.rule(area, area.bottom().saturating_sub(1), "Tab: the next view of Desk", "", Meaning::Accent);
    cursor
}

fn says(model: &Model, source: &SourceHealth) -> String {
    let zone = model.zone();
    let heard = match source.last_event_at {
        Some(at) => format!("Heard last {}.", clock::when(model.now, at, &zone)),
        None => {
            "It has never sent anything; `nightdesk explain --source` tries a payload without keeping it."
                .to_owned()
        }
    };
    let silent = match source.silent {
        true => " That is longer ago than its silent_after allows; the on-call was alerted.",
        false => "",
    };
    let signed = match source.signed {
        true => " Every event must carry a signature of its secret.",
        false => {
            " Events are not signed: they are taken from this machine alone, and anybody on it can send them. A secret in its [[source]] ends that."
        }
    };
    format!("{heard}{silent}{signed}")
}
