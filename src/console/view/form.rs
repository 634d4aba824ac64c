//! The form of a contact, with each error beside its field.

use crate::console::form::{Field, FieldName, Form, Value};
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::console::view::messages::medium_word;
use crate::console::view::paint::{Canvas, cells, wrap};
use crate::core::reach::wishes;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::Widget;

const LABEL: u16 = 16;

pub fn paint(canvas: &mut Canvas<'_>, _model: &Model, form: &Form, area: Rect) -> Option<Position> {
    let title = format!("Contact {}", form.began.name.printable());
    let right = match (form.sending, form.dropping, form.changed()) {
        (true, ..) => "sent, waiting for the agent",
        (_, true, _) => "Esc again drops the changes",
        (.., true) => "changed; Ctrl-s saves",
        _ => "type to change it; Down goes on",
    };
    canvas.rule(area, area.y, &title, right, Meaning::Strong);
    let mut top = area.y + 1;
    if let Some(error) = &form.error {
        for line in wrap(error, area.width - 3).into_iter().take(3) {
            canvas.put(area.x + 2, top, area.width - 3, &line, Meaning::Bad);
            top += 1;
        }
    }
    // Notes keep three lines; the fields scroll above them.
    let bottom = area.bottom();
    let notes = 3u16.min(bottom.saturating_sub(top + 4));
    let mut room = bottom.saturating_sub(top + notes + 1);
    // What is said of the field in hand stands below them all where there is too little room beside it.
    let beside =
        form.fields.get(form.focus).map(|field| (aside(form, field, true), room_beside(field, area)));
    let below = beside.filter(|((said, _), room)| cells(said) > *room).map(|(said, _)| said);
    let below_lines = below.as_ref().map(|(said, _)| wrap(said, area.width - 4)).unwrap_or_default();
    room = room.saturating_sub(u16::try_from(below_lines.len()).unwrap_or(0));
    let first = super::first_row(Some(form.focus), form.fields.len() + 1, usize::from(room));
    let first = first.min(form.fields.len().saturating_sub(usize::from(room)));
    let mut cursor = None;
    let value_x = area.x + 2 + LABEL;
    let value_width = area.width.saturating_sub(LABEL + 3);
    for (row, (at, field)) in form.fields.iter().enumerate().skip(first).take(usize::from(room)).enumerate() {
        let y = top + u16::try_from(row).unwrap_or(0);
        let focused = at == form.focus;
        if focused {
            let marker = canvas.theme.signs.marker;
            canvas.put(area.x, y, 1, marker, Meaning::Accent);
        }
        let label = match (&field.error, focused) {
            (Some(_), _) => Meaning::Bad,
            (None, true) => Meaning::Strong,
            (None, false) => Meaning::Quiet,
        };
        if field.error.is_some() {
            let failed = canvas.theme.signs.failed;
            canvas.put(area.x + 1, y, 1, failed, Meaning::Bad);
        }
        canvas.put(area.x + 2, y, LABEL - 1, &field.name.label(), label);
        let used = match &field.value {
            Value::Text { line, .. } => {
                let half = if line.is_empty() { 0 } else { value_width };
                let used = canvas.put(value_x, y, half, line.text(), Meaning::Plain);
                if focused {
                    let before = cells(line.before_cursor()).min(value_width.saturating_sub(1));
                    cursor = Some(Position::new(value_x + before, y));
                }
                used
            }
            Value::Tick { on, .. } => {
                let tick = if *on { canvas.theme.signs.ticked } else { canvas.theme.signs.unticked };
                let used = canvas.put(value_x, y, 3, tick, Meaning::Plain);
                if focused {
                    cursor = Some(Position::new(value_x + 1, y));
                }
                used
            }
        };
        let (said, meaning) = aside(form, field, focused);
        let x = value_x + used + 2;
        if !focused || below.is_none() {
            canvas.put(x, y, area.right().saturating_sub(x + 1), &said, meaning);
        }
    }
    if let Some((_, meaning)) = below {
        for (y, line) in (top + room..).zip(&below_lines) {
            canvas.put(area.x + 2, y, area.width - 4, line, meaning);
        }
    }
    let y = bottom.saturating_sub(notes + 1);
    let meaning = if form.on_notes() { Meaning::Accent } else { Meaning::Quiet };
    canvas.rule(area, y, "notes, for the desk only", "", meaning);
    let notes_area = Rect { x: area.x + 2, y: y + 1, width: area.width.saturating_sub(4), height: notes };
    (&*form.notes).render(notes_area, canvas.buffer);
    if form.on_notes() {
        cursor = text_cursor(&form.notes, notes_area);
    }
    cursor
}

/// What is said beside a field: what is wrong with it, else what to type, else what holds while it is empty.
fn aside(form: &Form, field: &Field, focused: bool) -> (String, Meaning) {
    match (&field.error, field.fixed(), focused) {
        (Some(error), ..) => (error.clone(), Meaning::Bad),
        (None, Some(fixed), true) => (fixed.to_owned(), Meaning::Quiet),
        (None, _, true) => (field.name.hint().to_owned(), Meaning::Quiet),
        (None, _, false) => (default_of(form, field).unwrap_or_default(), Meaning::Quiet),
    }
}

/// What holds where they said nothing: `default: SMS, then mail`.
fn default_of(form: &Form, field: &Field) -> Option<String> {
    let (FieldName::Channels(category), Value::Text { line, .. }) = (field.name, &field.value) else {
        return None;
    };
    if !line.is_empty() {
        return None;
    }
    let mut unsaid = form.began.clone();
    unsaid.channels.remove(&category);
    let media: Vec<&str> = wishes(&unsaid, category).into_iter().map(medium_word).collect();
    Some(match media.is_empty() {
        true => "they ended these".to_owned(),
        false => format!("default: {}", media.join(", then ")),
    })
}

/// The cells beside the value of a field.
fn room_beside(field: &Field, area: Rect) -> u16 {
    let used = match &field.value {
        Value::Text { line, .. } => cells(line.text()),
        Value::Tick { .. } => 3,
    };
    area.width.saturating_sub(LABEL + 5 + used)
}

/// Where the cursor of a text area stands on the screen.
pub fn text_cursor(text: &tui_textarea::TextArea<'_>, area: Rect) -> Option<Position> {
    let cursor = text.screen_cursor();
    let (top, left) = text.scroll_offset();
    let x = u16::try_from(cursor.col).ok()?.checked_sub(left)?;
    let y = u16::try_from(cursor.row).ok()?.checked_sub(top)?;
    (x < area.width && y < area.height).then(|| Position::new(area.x + x, area.y + y))
}
