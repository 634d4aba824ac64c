//! Changing how the terminal draws, in as few bytes as that takes (ECMA-48 SGR).

use crate::term::cells::Pen;
use ratatui::style::{Color, Modifier};

/// What turns each on, what turns it off, and what else that turns off.
const MODIFIERS: [(Modifier, u8, u8, Modifier); 8] = [
    (Modifier::BOLD, 1, 22, Modifier::DIM),
    (Modifier::DIM, 2, 22, Modifier::BOLD),
    (Modifier::ITALIC, 3, 23, Modifier::empty()),
    (Modifier::UNDERLINED, 4, 24, Modifier::empty()),
    (Modifier::SLOW_BLINK, 5, 25, Modifier::RAPID_BLINK),
    (Modifier::REVERSED, 7, 27, Modifier::empty()),
    (Modifier::HIDDEN, 8, 28, Modifier::empty()),
    (Modifier::CROSSED_OUT, 9, 29, Modifier::empty()),
];

/// Writes the shorter of two ways: changing what differs, or starting from nothing.
pub fn change(out: &mut Vec<u8>, from: Pen, to: Pen) {
    if from == to {
        return;
    }
    let step = changes(from, to);
    let anew = changes(Pen::PLAIN, to);
    out.extend_from_slice(b"\x1b[");
    if anew.len() + 2 < step.len() || to == Pen::PLAIN {
        // An empty parameter is 0, which takes everything back.
        if !anew.is_empty() {
            out.push(b';');
            out.extend_from_slice(anew.as_bytes());
        }
    } else {
        out.extend_from_slice(step.as_bytes());
    }
    out.push(b'm');
}

fn changes(from: Pen, to: Pen) -> String {
    let mut parameters = Parameters(String::new());
    let mut on = from.modifier;
    for (modifier, _, off, also) in MODIFIERS {
        if on.contains(modifier) && !to.modifier.contains(modifier) {
            parameters.add(off.into());
            on.remove(modifier.union(also));
        }
    }
    for (modifier, turns_on, ..) in MODIFIERS {
        if to.modifier.contains(modifier) && !on.contains(modifier) {
            parameters.add(turns_on.into());
        }
    }
    if from.fg != to.fg {
        parameters.colour(to.fg, 30);
    }
    if from.bg != to.bg {
        parameters.colour(to.bg, 40);
    }
    parameters.0
}

struct Parameters(String);

impl Parameters {
    fn add(&mut self, number: u16) {
        if !self.0.is_empty() {
            self.0.push(';');
        }
        self.0.push_str(&number.to_string());
    }

    /// `base` is 30 for the foreground and 40 for the background.
    fn colour(&mut self, colour: Color, base: u16) {
        let bright = base + 60;
        match colour {
            Color::Reset => self.add(base + 9),
            Color::Black => self.add(base),
            Color::Red => self.add(base + 1),
            Color::Green => self.add(base + 2),
            Color::Yellow => self.add(base + 3),
            Color::Blue => self.add(base + 4),
            Color::Magenta => self.add(base + 5),
            Color::Cyan => self.add(base + 6),
            Color::Gray => self.add(base + 7),
            Color::DarkGray => self.add(bright),
            Color::LightRed => self.add(bright + 1),
            Color::LightGreen => self.add(bright + 2),
            Color::LightYellow => self.add(bright + 3),
            Color::LightBlue => self.add(bright + 4),
            Color::LightMagenta => self.add(bright + 5),
            Color::LightCyan => self.add(bright + 6),
            Color::White => self.add(bright + 7),
            Color::Indexed(index) => {
                self.add(base + 8);
                self.add(5);
                self.add(index.into());
            }
            Color::Rgb(red, green, blue) => {
                self.add(base + 8);
                self.add(2);
                for part in [red, green, blue] {
                    self.add(part.into());
                }
            }
        }
    }
}
