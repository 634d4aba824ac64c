//! The dialogs of saved views.

use crate::console::line::Line;
use crate::console::theme::Meaning;
use crate::console::view::dialog::window;
use crate::console::view::first_row;
use crate::console::view::paint::{Canvas, cells, wrap};
use crate::console::views::{Keep, Views};
use crate::core::text::sanitise;
use ratatui::layout::{Position, Rect};

pub fn list(canvas: &mut Canvas<'_>, dialog: &Views, area: Rect) {
    let infos = dialog.infos();
    let rows = u16::try_from(infos.len().clamp(1, 14)).unwrap_or(14);
    let inner = window(canvas, area, 76, rows + 4, "views", "Enter open, x drop, Esc back");
    let say = |canvas: &mut Canvas<'_>, said: &str, meaning| {
        for (y, line) in (inner.y..inner.bottom()).zip(wrap(said, inner.width)) {
            canvas.put(inner.x, y, inner.width, &line, meaning);
        }
    };
    match &dialog.known {
        None => say(canvas, "Asking the agent.", Meaning::Quiet),
        Some(Err(why)) => {
            say(canvas, &format!("The views could not be read: {}", sanitise(why)), Meaning::Warn)
        }
        Some(Ok(known)) if known.is_empty() => {
            let said = "None yet. Type a query behind /, then Ctrl-s keeps it under a name; [[view]] in the \
                        configuration is for everybody.";
            say(canvas, said, Meaning::Quiet);
        }
        Some(Ok(_)) => {}
    }
    let room = usize::from(inner.height.saturating_sub(2));
    let first = first_row(Some(dialog.selected), infos.len(), room);
    for (y, (at, info)) in (inner.y..).zip(infos.iter().enumerate().skip(first).take(room)) {
        canvas.selected = at == dialog.selected;
        if canvas.selected {
            let marker = canvas.theme.signs.marker;
            canvas.put(inner.x, y, 1, marker, Meaning::Accent);
        }
        canvas.put(inner.x + 2, y, 20, &info.view.name, Meaning::Plain);
        canvas.put(inner.x + 23, y, 8, info.view.of.as_str(), Meaning::Quiet);
        canvas.put(inner.x + 32, y, 4, if info.shared { "desk" } else { "you" }, Meaning::Quiet);
        let query = info.view.query.printable();
        canvas.put(inner.x + 37, y, inner.width.saturating_sub(37), query.as_str(), Meaning::Plain);
        canvas.selected = false;
    }
    if let Some(info) = infos.get(dialog.selected).filter(|_| dialog.dropping) {
        let said = format!("x again drops {}", info.view.name);
        canvas.put(inner.x, inner.bottom().saturating_sub(1), inner.width, &said, Meaning::Warn);
    }
}

pub fn keep(canvas: &mut Canvas<'_>, dialog: &Keep, area: Rect) -> Option<Position> {
    let title = format!("keep this view of {}", dialog.of.as_str());
    let inner = window(canvas, area, 60, 6, &title, "Enter save, Esc back");
    canvas.put(inner.x, inner.y, inner.width, &dialog.query, Meaning::Quiet);
    canvas.put(inner.x, inner.y + 2, 6, "name", Meaning::Plain);
    let line: &Line = &dialog.name;
    let (x, width) = (inner.x + 6, inner.width.saturating_sub(6));
    canvas.put(x, inner.y + 2, width, line.text(), Meaning::Strong);
    let before = cells(line.before_cursor()).min(width.saturating_sub(1));
    Some(Position::new(x + before, inner.y + 2))
}
