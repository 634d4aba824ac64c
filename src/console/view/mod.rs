//! What the model looks like. A view reads the model and writes cells, and changes nothing.

pub mod bulk;
pub mod chart;
pub mod configuration;
pub mod contacts;
pub mod cover;
pub mod crumbs;
pub mod detail;
pub mod dialog;
pub mod drill;
pub mod find;
pub mod form;
pub mod frame;
pub mod handover;
pub mod help;
pub mod item;
pub mod messages;
pub mod oncall;
pub mod opened;
pub mod page;
pub mod paint;
pub mod partner;
pub mod partners;
pub mod people;
pub mod person;
pub mod providers;
pub mod resend;
pub mod search;
pub mod sources;
pub mod stream;
pub mod templates;
pub mod timeline;
pub mod triage;
pub mod viewers;
pub mod views;
pub mod why;

use crate::console::model::{Model, Place};
use crate::console::rows::Rows;
use crate::console::theme::{Meaning, Signs, Theme};
use crate::console::view::paint::Canvas;
use crate::core::counted::counted;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// From this many columns on there is a second pane beside the detail.
pub const WIDE: u16 = 110;
/// From this many columns on the stream has a column of its own.
pub const VERY_WIDE: u16 = 180;
/// Below this nothing can be laid out.
const NARROWEST: u16 = 40;
const LOWEST: u16 = 12;

/// Paints one frame; says where the terminal's cursor is to stand while text is typed.
pub fn paint(model: &Model, theme: Theme, buffer: &mut Buffer) -> Option<Position> {
    let area = buffer.area;
    let mut canvas = Canvas { buffer, theme, selected: false };
    if is_too_small((area.width, area.height)) {
        too_small(&mut canvas, area);
        canvas.finish();
        return None;
    }
    let body = frame::header(&mut canvas, model, area);
    let body = drill::line(&mut canvas, model, body);
    let body = frame::footer(&mut canvas, model, body);
    let mut cursor = match (model.place, &model.contacts.form) {
        (Place::Triage, _) => triage::paint(&mut canvas, model, body),
        (Place::Stream, _) => stream::paint(&mut canvas, model, body),
        (Place::Partners, _) => partners::paint(&mut canvas, model, body),
        (Place::Partner, _) => {
            page::paint(&mut canvas, model, body);
            None
        }
        (Place::Templates, _) => templates::paint(&mut canvas, model, body),
        (Place::OnCall, _) => oncall::paint(&mut canvas, model, body),
        (Place::Providers, _) => providers::paint(&mut canvas, model, body),
        (Place::People, _) => people::paint(&mut canvas, model, body),
        (Place::Person, _) => {
            person::paint(&mut canvas, model, body);
            None
        }
        (Place::Sources, _) => sources::paint(&mut canvas, model, body),
        (Place::Configuration, _) => configuration::paint(&mut canvas, model, body),
        (Place::Search, _) => search::paint(&mut canvas, model, body),
        (Place::Handover, _) => handover::paint(&mut canvas, model, body),
        (Place::Messages, _) => messages::paint(&mut canvas, model, body),
        (Place::Contacts, None) => contacts::paint(&mut canvas, model, body),
        (Place::Contacts, Some(form)) => form::paint(&mut canvas, model, form, body),
    };
    if let Some(dialog) = &model.dialog {
        cursor = dialog::paint(&mut canvas, model, dialog, area);
    }
    canvas.finish();
    cursor.filter(|at| area.contains(*at))
}

/// How far the detail can be scrolled.
pub fn detail_length(model: &Model) -> u16 {
    let lines = detail::lines(model, triage::detail_width(model).saturating_sub(2)).len();
    u16::try_from(lines.saturating_sub(1)).unwrap_or(u16::MAX)
}

/// How far the one thing on the whole screen can be scrolled.
pub fn opened_length(model: &Model) -> u16 {
    match model.place {
        Place::Templates => templates::length(model),
        _ => opened::length(model),
    }
}

/// Nothing can be laid out, so nothing is painted that a key could act on.
pub fn is_too_small((width, height): (u16, u16)) -> bool {
    width < NARROWEST || height < LOWEST
}

fn too_small(canvas: &mut Canvas<'_>, area: Rect) {
    let said = format!("{}x{} is too small; 80x24 is meant", area.width, area.height);
    canvas.put(area.x, area.y, area.width, &said, Meaning::Strong);
}

/// `12 new ↑ g`: rows that wait until the hand is off the list, or `g` takes them in.
pub fn new_rows<K>(canvas: &Canvas<'_>, waiting: &[K]) -> Option<String> {
    (!waiting.is_empty()).then(|| format!("{} new {} g", waiting.len(), canvas.theme.signs.up))
}

/// What a list holds beyond the rows in sight: how many are above them, and how many below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beyond {
    pub above: usize,
    pub below: usize,
}

impl Beyond {
    pub fn of<K: Clone + PartialEq>(rows: &Rows<K>, room: usize) -> Self {
        let above = first_row(rows.index(), rows.len(), room);
        Self { above, below: rows.len().saturating_sub(above + room) }
    }

    /// `1 more alert ↑`, `4 more alerts ↓`, `1 more alert ↑ 4 ↓`.
    pub fn in_words(self, signs: &Signs, one: &str, many: &str) -> Option<String> {
        match (self.above, self.below) {
            (0, 0) => None,
            (above, 0) => Some(format!("{} {}", counted(above, one, many), signs.up)),
            (0, below) => Some(format!("{} {}", counted(below, one, many), signs.down)),
            (above, below) => {
                Some(format!("{} {} {below} {}", counted(above, one, many), signs.up, signs.down))
            }
        }
    }
}

/// The first row to show so that `selected` is in sight.
pub fn first_row(selected: Option<usize>, rows: usize, room: usize) -> usize {
    match selected {
        Some(at) if room > 0 && rows > room => (at + 1).saturating_sub(room).min(rows - room),
        _ => 0,
    }
}
