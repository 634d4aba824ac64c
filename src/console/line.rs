//! One line of text under the operator's hand: filter, command, form field.

use crate::core::text::sanitise;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;

/// Longer than anything one types; a paste that is longer is cut.
const LONGEST: usize = 2_000;

/// Text with a cursor. Holds only what is safe to show: whatever is typed or pasted is made so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    text: String,
    /// A byte offset on a grapheme boundary.
    cursor: usize,
}

impl Line {
    pub fn new(text: &str) -> Self {
        let text = sanitise(text).into_owned();
        Self { cursor: text.len(), text }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// What stands before the cursor.
    pub fn before_cursor(&self) -> &str {
        &self.text[..self.cursor]
    }

    pub fn insert(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text.len());
        let clean = sanitise(text);
        let end = clean
            .grapheme_indices(true)
            .map(|(at, g)| at + g.len())
            .take_while(|end| *end <= room)
            .last()
            .unwrap_or(0);
        self.text.insert_str(self.cursor, &clean[..end]);
        self.cursor += end;
    }

    /// Puts a text in the place of what stands between a byte offset and the cursor.
    pub fn replace_before(&mut self, from: usize, text: &str) {
        if from <= self.cursor && self.text.is_char_boundary(from) {
            self.text.drain(from..self.cursor);
            self.cursor = from;
            self.insert(text);
        }
    }

    /// Takes an editing key; `false` when the key is none.
    pub fn press(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('a') if control => self.cursor = 0,
            KeyCode::Char('e') if control => self.cursor = self.text.len(),
            KeyCode::Char('u') if control => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            KeyCode::Char('k') if control => self.text.truncate(self.cursor),
            KeyCode::Char('w') if control => {
                let start = self.before_cursor().trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.text.drain(start..self.cursor);
                self.cursor = start;
            }
            KeyCode::Char(_) if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
                return false;
            }
            KeyCode::Char(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace => {
                let start = self.previous();
                self.text.drain(start..self.cursor);
                self.cursor = start;
            }
            KeyCode::Delete => {
                let end = self.next();
                self.text.drain(self.cursor..end);
            }
            KeyCode::Left => self.cursor = self.previous(),
            KeyCode::Right => self.cursor = self.next(),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            _ => return false,
        }
        true
    }

    fn previous(&self) -> usize {
        self.before_cursor().grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn next(&self) -> usize {
        let after = &self.text[self.cursor..];
        self.cursor + after.graphemes(true).next().map_or(0, str::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn press(line: &mut Line, code: KeyCode) {
        line.press(KeyEvent::new(code, KeyModifiers::NONE));
    }

    #[test]
    fn editing_goes_by_what_one_sees() {
        let mut line = Line::new("Ťa👩‍🔧");
        press(&mut line, KeyCode::Backspace);
        press(&mut line, KeyCode::Home);
        press(&mut line, KeyCode::Delete);
        line.insert("\u{1b}x\n");
        assert_eq!(line.text().chars().filter(|c| c.is_control()).count(), 0);
    }

    proptest! {
        #[test]
        fn no_keys_break_a_line(start in "\\PC{0,12}", keys in prop::collection::vec(0u8..9, 0..60)) {
            let mut line = Line::new(&start);
            for key in keys {
                let code = [KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::End, KeyCode::Backspace,
                    KeyCode::Delete, KeyCode::Char('é'), KeyCode::Char('\u{301}'), KeyCode::Char('漢')][key as usize];
                press(&mut line, code);
                prop_assert!(line.text().is_char_boundary(line.before_cursor().len()));
            }
        }
    }
}
