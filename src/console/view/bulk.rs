//! What would be done to several rows, and what became of each.

use crate::console::bulk::{Bulk, Heard, Results};
use crate::console::dialog::Button;
use crate::console::theme::Meaning;
use crate::console::view::dialog::{buttons, window};
use crate::console::view::paint::{Canvas, Spans};
use crate::core::text::sanitise;
use jiff::Timestamp;
use ratatui::layout::Rect;

/// Rows at most, whatever the screen.
const MOST: usize = 24;

pub fn look(canvas: &mut Canvas<'_>, bulk: &Bulk, area: Rect) {
    let many = bulk.rows.len();
    let room = usize::from(area.height.saturating_sub(10)).clamp(1, MOST);
    let rows = many.clamp(1, room);
    let height = u16::try_from(rows).unwrap_or(0) + 5;
    let width = area.width.saturating_sub(4).min(110);
    let (word, deed) = match &bulk.deed {
        crate::console::bulk::Deed::Take => ("Take", "Take"),
        crate::console::bulk::Deed::Snooze(_) => ("Put to sleep", "Snooze"),
        crate::console::bulk::Deed::Close(_) => ("Close", "Close"),
        crate::console::bulk::Deed::Note(_) => ("Note on", "Note"),
    };
    let title = format!("{word} {many}?");
    let inner = window(canvas, area, width, height, &title, "j k scroll  Tab button");
    let refused = many - bulk.goes();
    let (said, meaning) = match (&bulk.heard, refused) {
        (Heard::Nothing, _) => ("Asking the agent what it would refuse.".to_owned(), Meaning::Quiet),
        (Heard::Silent(why), _) => (format!("The agent could not say: {}.", sanitise(why)), Meaning::Warn),
        (Heard::Said, 0) => (format!("All {many} can be done."), Meaning::Good),
        (Heard::Said, n) => (format!("{} can be done, {n} would be refused.", bulk.goes()), Meaning::Warn),
        (Heard::Away, _) => {
            (format!("The agent is away: {} would wait; pages continue.", bulk.goes()), Meaning::Warn)
        }
    };
    canvas.put(inner.x, inner.y, inner.width, &said, meaning);
    let first = bulk.scroll.min(many.saturating_sub(rows));
    for (y, row) in (inner.y + 1..).zip(bulk.rows.iter().skip(first).take(rows)) {
        let half = inner.width * 11 / 20;
        let (sign, meaning) = match &row.refused {
            Some(_) => (canvas.theme.signs.failed, Meaning::Warn),
            None => (canvas.theme.signs.proven, Meaning::Plain),
        };
        canvas.put(inner.x, y, 1, sign, if row.refused.is_some() { Meaning::Bad } else { Meaning::Good });
        canvas.put(inner.x + 2, y, half.saturating_sub(3), &row.label, meaning);
        let says = row.refused.as_ref().unwrap_or(&row.will);
        canvas.put(inner.x + half, y, inner.width.saturating_sub(half), says, meaning);
    }
    let below = many.saturating_sub(first + rows);
    if below > 0 {
        let hint = format!(" {below} more {} ", canvas.theme.signs.down);
        canvas.put_right(
            inner.x,
            inner.y + 1 + u16::try_from(rows).unwrap_or(0),
            inner.width,
            &hint,
            Meaning::Quiet,
        );
    }
    let button = if bulk.is_ready() { bulk.button } else { Button::Cancel };
    buttons(
        canvas,
        inner,
        inner.bottom().saturating_sub(1),
        Some(button),
        &format!("{deed} {}", bulk.goes()),
    );
}

pub fn results(canvas: &mut Canvas<'_>, results: &Results, now: Timestamp, area: Rect) {
    let many = results.rows.len();
    let room = usize::from(area.height.saturating_sub(8)).clamp(1, MOST);
    let rows = many.clamp(1, room);
    let height = u16::try_from(rows).unwrap_or(0) + 2;
    let width = area.width.saturating_sub(4).min(110);
    let hint = if results.can_be_undone(now) { "u undoes  Esc back" } else { "Esc back" };
    let inner = window(canvas, area, width, height, &results.title, hint);
    let first = results.scroll.min(many.saturating_sub(rows));
    for (y, row) in (inner.y..).zip(results.rows.iter().skip(first).take(rows)) {
        let (sign, meaning) = match row.done {
            true => (canvas.theme.signs.proven, Meaning::Good),
            false => (canvas.theme.signs.failed, Meaning::Bad),
        };
        let half = inner.width * 9 / 20;
        canvas.put(inner.x, y, 1, sign, meaning);
        canvas.put(inner.x + 2, y, half.saturating_sub(3), &row.label, Meaning::Plain);
        let said: Spans = vec![(row.said.clone(), if row.done { Meaning::Plain } else { Meaning::Warn })];
        canvas.put_spans(inner.x + half, y, inner.width.saturating_sub(half), &said);
    }
    if many > first + rows {
        let hint = format!(" {} more {} ", many - first - rows, canvas.theme.signs.down);
        canvas.put_right(inner.x, inner.bottom(), inner.width, &hint, Meaning::Quiet);
    }
}
