//! Putting text into cells: the one place that measures, cuts and writes.
//!
//! Cutting is always visible (`…`), widths are those of the cells, and whatever comes by, even from
//! a configuration, passes the wall of [`crate::core::text`] once more.

use crate::console::theme::{Meaning, Theme};
use crate::core::text::sanitise;
use crate::term::capabilities::Charset;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A line of text in several meanings.
pub type Spans = Vec<(String, Meaning)>;

/// A buffer, the looks of things, and whether the hand is on what is painted.
pub struct Canvas<'b> {
    pub buffer: &'b mut Buffer,
    pub theme: Theme,
    pub selected: bool,
}

impl Canvas<'_> {
    /// Writes at most `width` cells; returns how many were written.
    pub fn put(&mut self, x: u16, y: u16, width: u16, text: &str, meaning: Meaning) -> u16 {
        let area = self.buffer.area;
        if y >= area.bottom() || x >= area.right() || width == 0 {
            return 0;
        }
        let width = width.min(area.right() - x);
        let text = self.fit(text, width);
        // Whatever was painted below, a line perhaps, leaves no trace in what is painted now.
        let mut style = Style::reset().patch(self.theme.style(meaning));
        if self.selected {
            style = style.add_modifier(Modifier::BOLD).remove_modifier(Modifier::DIM);
        }
        // A wide sign that reaches under what is written here would be cut in half.
        if x > area.left()
            && let Some(before) = self.buffer.cell_mut((x - 1, y))
            && cells(before.symbol()) > 1
        {
            before.set_symbol(" ");
        }
        let (end, _) = self.buffer.set_stringn(x, y, &text, usize::from(width), style);
        end - x
    }

    /// Writes so that the text ends before `x + width`.
    pub fn put_right(&mut self, x: u16, y: u16, width: u16, text: &str, meaning: Meaning) {
        let shown = self.fit(text, width);
        let used = cells(&shown).min(width);
        self.put(x + width - used, y, used, &shown, meaning);
    }

    /// Writes spans one after the other; returns where they end.
    pub fn put_spans(&mut self, x: u16, y: u16, width: u16, spans: &[(String, Meaning)]) -> u16 {
        let end = x.saturating_add(width);
        let mut at = x;
        for (i, (text, meaning)) in spans.iter().enumerate() {
            let room = end.saturating_sub(at);
            if room == 0 {
                // What no longer fits shows at the end of what did.
                let ellipsis = self.theme.signs.ellipsis;
                let cut = [1, 2].into_iter().any(|back| {
                    let before = end.checked_sub(back).and_then(|x| self.buffer.cell((x, y)));
                    before.is_some_and(|cell| cell.symbol() == ellipsis)
                });
                if !cut && spans[i..].iter().any(|(text, _)| !text.trim().is_empty()) {
                    self.put(end.saturating_sub(1), y, 1, ellipsis, Meaning::Quiet);
                }
                break;
            }
            at += self.put(at, y, room, text, *meaning);
        }
        at
    }

    /// A line across, with a title in it and a word at its right end.
    pub fn rule(&mut self, area: Rect, y: u16, title: &str, right: &str, meaning: Meaning) {
        let line = self.theme.signs.line.repeat(usize::from(area.width));
        self.put(area.x, y, area.width, &line, Meaning::Quiet);
        let right_width = if right.is_empty() { 0 } else { cells(right).min(area.width / 2) + 3 };
        if !title.is_empty() {
            let room = area.width.saturating_sub(right_width + 3);
            let title = self.fit(title, room.saturating_sub(2));
            self.put(area.x + 1, y, room, &format!(" {title} "), meaning);
        }
        if right_width > 0 {
            let x = (area.x + area.width).saturating_sub(right_width);
            self.put(x, y, right_width - 1, &format!(" {right} "), Meaning::Quiet);
        }
    }

    /// The text, safe, and cut with a visible mark if it is wider than `width` cells.
    pub fn fit(&self, text: &str, width: u16) -> String {
        let text = self.writable(text);
        if cells(&text) <= width {
            return text;
        }
        if width == 0 {
            return String::new();
        }
        let mut used = 0;
        let mut cut = String::new();
        for grapheme in text.graphemes(true) {
            let wide = u16::try_from(grapheme.width()).unwrap_or(u16::MAX);
            if used + wide > width - 1 {
                break;
            }
            used += wide;
            cut.push_str(grapheme);
        }
        cut.truncate(cut.trim_end().len());
        cut.push_str(self.theme.signs.ellipsis);
        cut
    }

    fn writable(&self, text: &str) -> String {
        let safe = sanitise(text);
        match self.theme.signs.charset {
            Charset::Unicode => safe.into_owned(),
            Charset::Ascii => ascii(&safe),
        }
    }

    /// Turns what a widget of others has written into what this terminal can show.
    pub fn finish(&mut self) {
        if self.theme.signs.charset == Charset::Ascii {
            for cell in &mut self.buffer.content {
                if !cell.symbol().is_ascii() {
                    let plain = ascii(cell.symbol());
                    cell.set_symbol(plain.get(..1).unwrap_or("?"));
                }
            }
        }
    }
}

fn ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            plain.push(c);
        } else {
            plain.push_str(nearest(c));
        }
    }
    plain
}

/// The nearest ASCII; `?` for what has none.
fn nearest(c: char) -> &'static str {
    match c {
        '€' => "EUR",
        '£' => "GBP",
        'ä' => "ae",
        'ö' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'Ä' => "Ae",
        'Ö' => "Oe",
        'Ü' => "Ue",
        'æ' => "ae",
        'ø' => "o",
        'Ø' => "O",
        'å' | 'à' | 'á' | 'â' | 'ã' | 'ą' => "a",
        'ç' | 'ć' | 'č' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => "e",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'ł' => "l",
        'Ł' => "L",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' => "o",
        'ř' => "r",
        'ś' | 'š' => "s",
        'ù' | 'ú' | 'û' | 'ů' => "u",
        'ý' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'É' | 'È' => "E",
        '–' | '—' | '─' => "-",
        '›' => ">",
        '→' => "->",
        '✓' => "+",
        '×' => "x",
        '·' => "-",
        '…' => "~",
        '“' | '”' | '„' => "\"",
        '‘' | '’' => "'",
        _ => "?",
    }
}

pub fn cells(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// A line of a message as it was written, columns and all, where it fits; else broken between words.
pub fn lay(line: &str, width: u16) -> Vec<String> {
    let line = line.trim_end();
    if !line.is_empty() && cells(line) <= width { vec![line.to_owned()] } else { wrap(line, width) }
}

/// Breaks text into lines of at most `width` cells, between words where there are any.
pub fn wrap(text: &str, width: u16) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && cells(&line) + 1 + cells(word) > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for grapheme in word.graphemes(true) {
            if cells(&line) + cells(grapheme) > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(grapheme);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}
