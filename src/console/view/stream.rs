//! Everything as it happens, a line each, the newest at the bottom.

use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::goal::{self, Goal};
use crate::console::keymap::{Action, Context};
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::console::view::paint::{Canvas, cells};
use crate::console::view::{WIDE, chart, crumbs, first_row, timeline};
use crate::core::change::{Numbered, Object};
use crate::core::event::Severity;
use ratatui::layout::{Position, Rect};
use unicode_segmentation::UnicodeSegmentation;

/// As many lines are new every second while things happen too fast to be read: a slow line carries
/// no more.
const FAST_ROWS: u16 = 24;

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Option<Position> {
    let state = match (model.stream.selected, model.passing()) {
        (None, Some(many)) => format!("following, {many} passed in a second"),
        (None, None) => "following".to_owned(),
        (Some(_), _) => match model.streamed_since() {
            (0, _) => "paused".to_owned(),
            (new, more) => {
                let more = if more { "+" } else { "" };
                format!("paused, {new}{more} new {} Space", canvas.theme.signs.down)
            }
        },
    };
    canvas.put_spans(area.x + 1, area.y, 20, &crumbs::spans(model));
    canvas.put_right(area.x, area.y, area.width - 1, &state, Meaning::Quiet);
    let cursor = filter_line(canvas, &model.stream.filter, area.x + 9, area.y, area.width.saturating_sub(45));
    let mut y = area.y + 1;
    if let Some(desk) = model.desk.as_ref().filter(|_| area.height >= CHART_FROM) {
        let minutes = if area.width >= WIDE { 60 } else { 30 };
        let chart = chart::traffic(canvas, desk, model.now, minutes);
        canvas.put_spans(area.x + 1, y, area.width.saturating_sub(2), &chart);
        y += 1;
    }
    let bottom = area.bottom().saturating_sub(1);
    let mut rows = Rect { y, height: bottom.saturating_sub(y), ..area };
    if model.stream.selected.is_none() && model.too_fast() && rows.height > FAST_ROWS {
        rows = Rect { y: bottom - FAST_ROWS, height: FAST_ROWS, ..area };
    }
    let shown: Vec<&Numbered> = model.streamed().collect();
    lines(canvas, model, rows, &shown, model.stream.selected);
    if shown.is_empty() && rows.height > 0 {
        let last = model.desk.as_ref().and_then(|desk| desk.last_event());
        let said = match (model.stream.filter.is_active(), last) {
            (true, _) => "Nothing that came of late matches. Esc shows all again.",
            (false, Some(_)) => NOTHING,
            (false, None) => NEVER,
        };
        canvas.put(rows.x + 2, rows.y, rows.width.saturating_sub(3), said, Meaning::Quiet);
    }
    canvas.rule(area, bottom, &says(model), "", Meaning::Accent);
    cursor
}

/// What Enter does to the selected line. While it follows, the line under a key would be another before the key
/// is down.
fn says(model: &Model) -> String {
    if model.stream.selected.is_none() {
        let pauses = model.keys.name(Context::Stream, Action::Follow);
        return format!("{pauses} or k: stop here, to act on a line");
    }
    match goal::of_hand(model).into_iter().next() {
        Some((_, Goal::Alert(alert))) => format!("Enter: {alert} in Triage; w: why it is so"),
        Some((first, _)) => format!("Enter: {first}"),
        None => String::new(),
    }
}

/// Lower than this the chart would take the room of what happens.
const CHART_FROM: u16 = 16;

/// The newest under a line with the chart, where another place has room for it.
pub fn short(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, area: Rect) {
    canvas.rule(area, area.y, "stream", "2", Meaning::Quiet);
    let mut rows = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let chart = chart::traffic(canvas, desk, model.now, 30);
    let wide: u16 = chart.iter().map(|(text, _)| cells(text)).sum();
    if area.width > wide + 20 {
        // In the line itself: every row is worth a change.
        canvas.put(area.x + 10, area.y, 1, " ", Meaning::Quiet);
        let end = canvas.put_spans(area.x + 11, area.y, area.width - 18, &chart);
        canvas.put(end, area.y, 1, " ", Meaning::Quiet);
    } else if area.height >= CHART_FROM {
        canvas.put_spans(area.x + 1, rows.y, area.width.saturating_sub(2), &chart);
        rows = Rect { y: rows.y + 1, height: rows.height - 1, ..rows };
    }
    let newest: Vec<&Numbered> = model.newest().collect();
    lines(canvas, model, rows, &newest, None);
    if newest.is_empty() && rows.height > 0 {
        let said = if desk.last_event().is_some() { NOTHING } else { NEVER };
        canvas.put(rows.x + 2, rows.y, rows.width.saturating_sub(3), said, Meaning::Quiet);
    }
}

const NOTHING: &str = "Nothing has happened since the console was opened.";
const NEVER: &str = "No source has ever sent anything; what comes shows here as it comes.";

/// The filter where it is typed or holds; the cursor while it is typed.
pub fn filter_line(
    canvas: &mut Canvas<'_>,
    filter: &crate::console::model::Filter,
    x: u16,
    y: u16,
    width: u16,
) -> Option<Position> {
    if !filter.is_active() {
        return None;
    }
    canvas.put(x, y, 1, "/", Meaning::Accent);
    let room = width.saturating_sub(2);
    let (before, text) = (filter.line.before_cursor(), filter.line.text());
    // While it is typed, what stands at the cursor is in sight.
    let hidden = if filter.open { hidden(before, room) } else { 0 };
    let cursor = cells(&before[hidden..]) + u16::from(hidden > 0);
    let mut at = x + 1;
    if hidden > 0 {
        at += canvas.put(at, y, 1, canvas.theme.signs.ellipsis, Meaning::Quiet);
    }
    canvas.put(at, y, (x + 2 + room).saturating_sub(at), &text[hidden..], Meaning::Strong);
    filter.open.then(|| Position::new(x + 1 + cursor.min(room), y))
}

/// How many bytes at the beginning are passed over, so that the rest fits behind a mark.
fn hidden(before: &str, room: u16) -> usize {
    if cells(before) <= room {
        return 0;
    }
    let fits = |at: &usize| cells(&before[*at..]) < room;
    before.grapheme_indices(true).map(|(at, _)| at).find(fits).unwrap_or(before.len())
}

/// The newest lines that fit, with the selected one in sight.
fn lines(canvas: &mut Canvas<'_>, model: &Model, area: Rect, all: &[&Numbered], selected: Option<u64>) {
    let Some(desk) = &model.desk else { return };
    let room = usize::from(area.height);
    let at = selected.and_then(|seq| all.iter().position(|numbered| numbered.seq == seq));
    let newest_first = all.len().saturating_sub(room);
    let first = match at {
        Some(at) if at < newest_first => first_row(Some(at), all.len(), room).min(at),
        _ => newest_first,
    };
    for (row, numbered) in all.iter().skip(first).take(room).enumerate() {
        let y = area.y + u16::try_from(row).unwrap_or(0);
        canvas.selected = Some(numbered.seq) == selected;
        line(canvas, desk, numbered, Rect { y, height: 1, ..area });
        canvas.selected = false;
    }
}

fn line(canvas: &mut Canvas<'_>, desk: &Desk, numbered: &Numbered, area: Rect) {
    let change = &numbered.change;
    let (word, meaning) = timeline::word(change);
    if canvas.selected {
        let marker = canvas.theme.signs.marker;
        canvas.put(area.x, area.y, 1, marker, Meaning::Accent);
    }
    let time = clock::hour_minute_second(change.at, &desk.zone());
    canvas.put(area.x + 1, area.y, 8, &time, Meaning::Quiet);
    if let Some(severity) = severity(desk, numbered) {
        let meaning = Meaning::Severity(severity);
        canvas.put(area.x + 10, area.y, 1, canvas.theme.signs.severity(severity), meaning);
        canvas.put(area.x + 12, area.y, 4, severity.short(), meaning);
    }
    canvas.put(area.x + 17, area.y, 7, word, meaning);
    let wide = if area.width >= 110 { 18 } else { 12 };
    let partner = change.partner.as_ref().map(|id| desk.partner_name(id)).unwrap_or_default();
    canvas.put(area.x + 25, area.y, wide, &partner, Meaning::Plain);
    let x = area.x + 26 + wide;
    let width = area.right().saturating_sub(x);
    let summary = change.summary.printable();
    // The column before says whose it is.
    let said = summary.as_str().strip_prefix(partner.as_str()).and_then(|rest| rest.strip_prefix(": "));
    canvas.put(x, area.y, width, said.unwrap_or(summary.as_str()), Meaning::Plain);
}

fn severity(desk: &Desk, numbered: &Numbered) -> Option<Severity> {
    match &numbered.change.object {
        Object::Alert(alert) => Some(alert.severity),
        Object::Event(event) => event.severity,
        Object::Notification(notification) => Some(desk.alerts.get(&notification.alert?)?.severity),
        _ => None,
    }
}
