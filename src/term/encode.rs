//! Turning what the terminal shows into what it is to show, in as few bytes as that takes.
//!
//! Only sequences that every terminal of the last thirty years knows are used, `tmux` and `screen`
//! among them. The cursor's place is never guessed: after a character about whose width terminals
//! disagree, or one in the last column, the next is placed by its coordinates, so that such a
//! character can at worst look odd itself and moves nothing else.

use crate::term::cells::{Pen, Row, Spot};
use crate::term::pen;
use crate::term::shift::{self, By, Shift};
use std::io::Write;

/// Blanks that are erased rather than written, from this many on.
const ERASE_FROM: usize = 10;

/// Makes the terminal show `next`. It shows `shown`, draws plainly, and the cursor is anywhere;
/// afterwards it draws plainly again.
pub fn encode(shown: &mut [Row<'_>], next: &[Row<'_>]) -> Vec<u8> {
    let mut writer = Writer { out: Vec::new(), at: None, pen: Pen::PLAIN };
    if let Some(shift) = shift::find(shown, next) {
        writer.shift(shift, shown.len());
        shift::apply(shown, shift);
    }
    for (y, (shown, next)) in shown.iter().zip(next).enumerate() {
        if shown != next {
            writer.row(y, shown, next);
        }
    }
    writer.pen(Pen::PLAIN);
    writer.out
}

struct Writer {
    out: Vec<u8>,
    /// Column and row of the cursor, where they are certain.
    at: Option<(usize, usize)>,
    pen: Pen,
}

impl Writer {
    fn shift(&mut self, shift: Shift, rows: usize) {
        let whole = shift.top == 0 && usize::from(shift.bottom) == rows;
        if !whole {
            self.put(format_args!("\x1b[{};{}r", shift.top + 1, shift.bottom));
        }
        match shift.by {
            By::Up(by) => {
                self.put(format_args!("\x1b[{}H", shift.bottom));
                self.out.extend(std::iter::repeat_n(b'\n', usize::from(by)));
            }
            By::Down(by) => {
                self.put(format_args!("\x1b[{}H", shift.top + 1));
                for _ in 0..by {
                    self.out.extend_from_slice(b"\x1bM");
                }
            }
        }
        if !whole {
            self.out.extend_from_slice(b"\x1b[r");
        }
        self.at = None;
    }

    fn row(&mut self, y: usize, shown: &Row<'_>, next: &Row<'_>) {
        let mut dirty: Vec<bool> = shown.iter().zip(next).map(|(shown, next)| shown != next).collect();
        let mut x = 0;
        while x < next.len() {
            // The right half comes with the left one.
            if !dirty[x] || next[x].width == 0 {
                x += 1;
                continue;
            }
            let blanks = next[x..].iter().take_while(|spot| spot.is_blank()).count();
            let to_write = dirty[x..x + blanks].iter().rposition(|dirty| *dirty).map_or(0, |last| last + 1);
            if x + blanks == next.len() && to_write > 3 {
                self.go_to(x, y, next);
                self.plain_enough();
                self.out.extend_from_slice(b"\x1b[K");
                return;
            }
            if to_write >= ERASE_FROM {
                self.go_to(x, y, next);
                self.plain_enough();
                self.put(format_args!("\x1b[{to_write}X"));
                x += to_write;
                continue;
            }
            self.go_to(x, y, next);
            let spot = next[x];
            let end = x + usize::from(spot.width);
            let reach = x + usize::from(spot.reach());
            if spot.is_sure() {
                self.spot(&spot);
                self.at = (end < next.len()).then_some((end, y));
            } else {
                self.unsure(&spot, x, y, reach <= next.len());
                // What it may have covered is written again.
                for covered in dirty.iter_mut().take(reach).skip(end) {
                    *covered = true;
                }
            }
            x = end;
        }
    }

    /// A character that a terminal may take for wider or narrower than it is.
    fn unsure(&mut self, spot: &Spot<'_>, x: usize, y: usize, has_room: bool) {
        self.pen(spot.pen);
        // Where it turns out narrower, nothing of what was there shows beside it.
        self.out.extend(std::iter::repeat_n(b' ', usize::from(spot.width)));
        self.at = None;
        self.place(x, y);
        if has_room {
            self.out.extend_from_slice(spot.text.as_bytes());
        } else {
            // At the edge it could wrap, so its base stands alone, or nothing where that could, too.
            let mut base = [0; 4];
            let base = spot.text.chars().next().unwrap_or(' ').encode_utf8(&mut base);
            let alone = Spot { text: base, ..*spot };
            let text = if alone.is_sure() { base.as_bytes() } else { b"?" };
            self.out.extend_from_slice(text);
        }
        self.at = None;
    }

    fn spot(&mut self, spot: &Spot<'_>) {
        if spot.is_blank() {
            self.plain_enough();
        } else {
            self.pen(spot.pen);
        }
        self.out.extend_from_slice(spot.text.as_bytes());
    }

    /// Blanks may be written with any pen that leaves no trace on them.
    fn plain_enough(&mut self) {
        if !self.pen.leaves_blanks_blank() {
            self.pen(Pen::PLAIN);
        }
    }

    fn pen(&mut self, to: Pen) {
        pen::change(&mut self.out, self.pen, to);
        self.pen = to;
    }

    /// Goes there the shortest way, over what stands between if that is shorter than jumping.
    fn go_to(&mut self, x: usize, y: usize, row: &Row<'_>) {
        if self.at == Some((x, y)) {
            return;
        }
        if let Some((from, at)) = self.at
            && at == y
            && from < x
        {
            let between = &row[from..x];
            let same = |spot: &Spot<'_>| match spot.is_blank() {
                true => self.pen.leaves_blanks_blank(),
                false => spot.is_sure() && spot.pen == self.pen,
            };
            let bytes: usize = between.iter().map(|spot| spot.text.len()).sum();
            if bytes <= 3 + usize::from(x - from > 1) + usize::from(x - from > 9) && between.iter().all(same)
            {
                for spot in between {
                    self.out.extend_from_slice(spot.text.as_bytes());
                }
                self.at = Some((x, y));
                return;
            }
        }
        self.place(x, y);
    }

    fn place(&mut self, x: usize, y: usize) {
        let mut way = match (x, y) {
            (0, 0) => "\x1b[H".to_owned(),
            (0, y) => format!("\x1b[{}H", y + 1),
            (x, y) => format!("\x1b[{};{}H", y + 1, x + 1),
        };
        if let Some((from_x, from_y)) = self.at
            && from_y <= y
        {
            // A line feed goes straight down: the terminal is in raw mode, and `y` is on the screen.
            let down = "\n".repeat(y - from_y);
            let across = match x.cmp(&from_x) {
                std::cmp::Ordering::Equal => String::new(),
                std::cmp::Ordering::Greater if x - from_x == 1 => "\x1b[C".to_owned(),
                std::cmp::Ordering::Greater => format!("\x1b[{}C", x - from_x),
                std::cmp::Ordering::Less if x == 0 => "\r".to_owned(),
                std::cmp::Ordering::Less if from_x - x <= 4 => "\x08".repeat(from_x - x),
                std::cmp::Ordering::Less => format!("\x1b[{}D", from_x - x),
            };
            let returned = match x {
                0 => "\r".to_owned(),
                1 => "\r\x1b[C".to_owned(),
                x => format!("\r\x1b[{x}C"),
            };
            for across in [across, returned] {
                if down.len() + across.len() < way.len() {
                    way = format!("{across}{down}");
                }
            }
        }
        self.out.extend_from_slice(way.as_bytes());
        self.at = Some((x, y));
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a vector cannot fail.
        let _ = self.out.write_fmt(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::cells::{blank, row};
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Modifier, Style};

    fn rows(buffer: &Buffer) -> Vec<Row<'_>> {
        (0..buffer.area.height).map(|y| row(buffer, y)).collect()
    }

    /// What the terminal shows must be what the buffer says, cell by cell.
    fn assert_shows(terminal: &vt100::Screen, wanted: &Buffer, how: &[u8]) {
        let how = String::from_utf8_lossy(how);
        for (y, spots) in rows(wanted).iter().enumerate() {
            for (x, spot) in spots.iter().enumerate() {
                let place = (u16::try_from(y).unwrap(), u16::try_from(x).unwrap());
                let cell = terminal.cell(place.0, place.1).unwrap();
                let text = if cell.contents().is_empty() { " " } else { cell.contents() };
                if spot.width == 0 {
                    // A character put together of several may be two to the terminal.
                    let whole = spots[..x].iter().rfind(|spot| spot.width > 0).unwrap();
                    let part = text == " " || !whole.is_sure() && whole.text.contains(text);
                    assert!(cell.is_wide_continuation() || part, "{place:?} {text:?}: {how:?}");
                    continue;
                }
                // Of a character put together of several the terminal keeps what it can.
                let base = spot.text.chars().next().unwrap();
                let right = text == spot.text || !spot.is_sure() && (text.starts_with(base) || text == "?");
                assert!(right, "{place:?}: {text:?} instead of {:?}: {how:?}", spot.text);
                if spot.is_blank() {
                    assert!(cell.bgcolor() == vt100::Color::Default && !cell.inverse() && !cell.underline());
                } else {
                    assert_eq!(cell.fgcolor(), colour(spot.pen.fg), "{place:?}: {how:?}");
                    assert_eq!(cell.bgcolor(), colour(spot.pen.bg), "{place:?}: {how:?}");
                    for (modifier, is) in [
                        (Modifier::BOLD, cell.bold()),
                        (Modifier::DIM, cell.dim()),
                        (Modifier::ITALIC, cell.italic()),
                        (Modifier::UNDERLINED, cell.underline()),
                        (Modifier::REVERSED, cell.inverse()),
                    ] {
                        assert_eq!(
                            spot.pen.modifier.contains(modifier),
                            is,
                            "{place:?} {modifier:?}: {how:?}"
                        );
                    }
                }
            }
        }
    }

    fn colour(colour: Color) -> vt100::Color {
        match colour {
            Color::Red => vt100::Color::Idx(1),
            Color::LightCyan => vt100::Color::Idx(14),
            Color::Indexed(index) => vt100::Color::Idx(index),
            Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
            _ => vt100::Color::Default,
        }
    }

    /// Words at places, painted over each other.
    #[derive(Clone, Debug)]
    struct Painted(Vec<(u16, u16, String, Style)>);

    fn style() -> impl Strategy<Value = Style> {
        let colours =
            [Color::Reset, Color::Red, Color::LightCyan, Color::Indexed(203), Color::Rgb(1, 22, 133)];
        let modifiers = [
            Modifier::empty(),
            Modifier::BOLD,
            Modifier::DIM,
            Modifier::BOLD | Modifier::UNDERLINED,
            Modifier::ITALIC,
            Modifier::REVERSED,
        ];
        (prop::sample::select(colours.to_vec()), 0..6usize, prop::sample::select(modifiers.to_vec()))
            .prop_map(move |(fg, bg, modifier)| {
                let style = Style::reset().fg(fg).add_modifier(modifier);
                if bg == 0 { style.bg(Color::Indexed(17)) } else { style }
            })
    }

    fn painted() -> impl Strategy<Value = Painted> {
        let words = prop_oneof![
            4 => "[a-z ]{1,30}",
            1 => "\\PC{1,10}",
            1 => "[漢字かな한글a ]{1,12}",
            1 => "(👍🏽|🇩🇪|👩‍🔧|é|a\u{301}\u{302}|⚠|กำ|क्षि|لا| |b){1,8}",
            1 => " {10,40}",
        ];
        let word = (0u16..40, 0u16..12, words, style());
        prop::collection::vec(word, 0..14).prop_map(Painted)
    }

    fn buffer(painted: &[&Painted], width: u16, height: u16) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        for (x, y, word, style) in painted.iter().flat_map(|painted| &painted.0) {
            if *x < width && *y < height {
                // The terminal of the tests takes U+FFFD for a mistake and drops it.
                let word = crate::core::text::sanitise(word).replace('\u{fffd}', "?");
                buffer.set_stringn(*x, *y, &word, usize::from(width - x), *style);
            }
        }
        buffer
    }

    /// The rows from one on, moved by some, with something new in the gap.
    fn scrolled(of: &Buffer, from: u16, to: u16, by: i32) -> Buffer {
        let mut moved = of.clone();
        for y in from..to {
            let source = i32::from(y) + by;
            for x in 0..of.area.width {
                moved[(x, y)] = match u16::try_from(source) {
                    Ok(source) if (from..to).contains(&source) => of[(x, source)].clone(),
                    _ => {
                        let mut cell = ratatui::buffer::Cell::default();
                        cell.set_symbol(if x % 7 == 0 { " " } else { "n" });
                        cell
                    }
                };
            }
        }
        moved
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn the_terminal_shows_exactly_what_was_painted(
            width in 1u16..44,
            height in 1u16..13,
            one in painted(),
            other in painted(),
            third in painted(),
            keeps in any::<bool>(),
            region in (0u16..12, 0u16..12, -3i32..4),
        ) {
            let first = buffer(&[&one], width, height);
            let second = if keeps { buffer(&[&one, &other], width, height) } else { buffer(&[&other], width, height) };
            let (from, to) = (region.0.min(height), region.1.min(height));
            let third = scrolled(&buffer(&[&one, &other, &third], width, height), from, to.max(from), region.2);
            let mut terminal = vt100::Parser::new(height, width, 0);
            let empty: Vec<Row<'_>> = (0..height).map(|_| blank(width)).collect();
            let frames = [&first, &second, &third, &first];
            let mut shown = empty;
            for wanted in frames {
                let bytes = encode(&mut shown, &rows(wanted));
                terminal.process(&bytes);
                assert_shows(terminal.screen(), wanted, &bytes);
                shown = rows(wanted);
                prop_assert!(encode(&mut shown.clone(), &shown).is_empty());
            }
        }

        #[test]
        fn a_list_that_scrolls_is_not_written_again(
            words in prop::collection::vec("[a-z0-9]{30}", 30),
            by in 1usize..4,
            up in any::<bool>(),
        ) {
            let list = |from: usize| {
                let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 20));
                for (y, word) in words[from..from + 16].iter().enumerate() {
                    buffer.set_string(2, u16::try_from(y).unwrap() + 2, word, Style::new());
                }
                buffer
            };
            let (one, other) = (list(if up { 0 } else { by }), list(if up { by } else { 0 }));
            let mut terminal = vt100::Parser::new(20, 40, 0);
            let mut shown: Vec<Row<'_>> = (0..20).map(|_| blank(40)).collect();
            terminal.process(&encode(&mut shown, &rows(&one)));
            let mut shown = rows(&one);
            let bytes = encode(&mut shown, &rows(&other));
            terminal.process(&bytes);
            assert_shows(terminal.screen(), &other, &bytes);
            prop_assert!(bytes.len() < 45 + 40 * by, "{}", bytes.len());
        }
    }
}
