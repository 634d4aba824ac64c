//! What a cell of the terminal looks like, as far as an eye can tell.
//!
//! A blank is a blank whatever colour its pen had; the right half of a wide character belongs to
//! its left half. Two rows that are equal here look the same.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How a character is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pen {
    pub fg: Color,
    pub bg: Color,
    pub modifier: Modifier,
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spot<'b> {
    /// Empty in the right half of a wide character.
    pub text: &'b str,
    /// Cells from here to the next character.
    pub width: u16,
    pub pen: Pen,
}

pub type Row<'b> = Vec<Spot<'b>>;

impl Pen {
    pub const PLAIN: Pen = Pen { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

    /// Nothing of it can be seen on a blank.
    pub fn leaves_blanks_blank(self) -> bool {
        let seen = Modifier::UNDERLINED
            .union(Modifier::REVERSED)
            .union(Modifier::CROSSED_OUT)
            .union(Modifier::SLOW_BLINK)
            .union(Modifier::RAPID_BLINK);
        self.bg == Color::Reset && !self.modifier.intersects(seen)
    }
}

impl Spot<'_> {
    pub const BLANK: Spot<'static> = Spot { text: " ", width: 1, pen: Pen::PLAIN };

    pub fn is_blank(&self) -> bool {
        *self == Self::BLANK
    }

    /// How many cells some terminal may advance over this character. More than `width` where
    /// terminals disagree: about emoji put together of several, about marks, about what is no letter.
    pub fn reach(&self) -> u16 {
        if self.is_sure() {
            return self.width;
        }
        if self.text.chars().nth(1).is_none() {
            // No single character is wider.
            return 2;
        }
        let apart: usize = self.text.chars().filter_map(UnicodeWidthChar::width).sum();
        (self.width + 1).max(u16::try_from(apart).unwrap_or(u16::MAX))
    }

    /// Every terminal advances by `width`.
    pub fn is_sure(&self) -> bool {
        let mut chars = self.text.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => everywhere_the_same(c),
            _ => false,
        }
    }
}

/// Letters, lines, arrows and ideographs about whose width all terminals agree, and the few signs
/// that the console itself uses.
fn everywhere_the_same(c: char) -> bool {
    matches!(c as u32,
        0x20..=0x7E | 0xA1..=0xAC | 0xAE..=0x2FF | 0x370..=0x482 | 0x48A..=0x52F
        | 0x1E00..=0x1EFF | 0x2010..=0x2027 | 0x2030..=0x205E | 0x20A0..=0x20BF | 0x2190..=0x21FF
        | 0x22EF | 0x2500..=0x259F | 0x2713 | 0x2717
        | 0x3001..=0x303D | 0x3041..=0x3096 | 0x30A1..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
        | 0xAC00..=0xD7A3 | 0xFF01..=0xFF60)
}

/// A row of a buffer.
pub fn row(buffer: &Buffer, y: u16) -> Row<'_> {
    let width = buffer.area.width;
    let start = usize::from(y) * usize::from(width);
    let cells = buffer.content.get(start..start + usize::from(width)).unwrap_or_default();
    let mut spots = Row::with_capacity(cells.len());
    while spots.len() < cells.len() {
        let cell = &cells[spots.len()];
        let left = cells.len() - spots.len();
        let pen = Pen { fg: cell.fg, bg: cell.bg, modifier: cell.modifier };
        let text = cell.symbol();
        let wide = if text.len() == 1 { 1 } else { text.width() };
        // What has no width, or no room, cannot be shown.
        let text = if wide == 0 || wide > left { " " } else { text };
        let wide = wide.clamp(1, left);
        if text == " " && pen.leaves_blanks_blank() {
            spots.push(Spot::BLANK);
            continue;
        }
        let width = u16::try_from(wide).unwrap_or(1);
        spots.push(Spot { text, width: if text == " " { 1 } else { width }, pen });
        if text != " " {
            spots.extend((1..wide).map(|_| Spot { text: "", width: 0, pen }));
        }
    }
    spots
}

pub fn blank(width: u16) -> Row<'static> {
    vec![Spot::BLANK; usize::from(width)]
}
