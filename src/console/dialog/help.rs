//! The page of keys and words, and what is looked for in it.

use super::{Pages, Pressed, press_scroll};
use crate::console::model::Filter;
use crossterm::event::{KeyCode, KeyEvent};

#[derive(Debug, Default)]
pub struct Help {
    pub scroll: u16,
    /// Only lines that hold this are shown.
    pub find: Filter,
}

impl Help {
    pub fn press(&mut self, key: KeyEvent, pages: Pages) -> Pressed {
        let Filter { line, open } = &mut self.find;
        match key.code {
            KeyCode::Char('/') if !*open => *open = true,
            KeyCode::Esc if *open || !line.is_empty() => {
                line.clear();
                *open = false;
                self.scroll = 0;
            }
            KeyCode::Enter if *open => *open = false,
            KeyCode::Char(_) | KeyCode::Backspace | KeyCode::Left | KeyCode::Right if *open => {
                line.press(key);
                self.scroll = 0;
            }
            _ => return press_scroll(&mut self.scroll, pages, key),
        }
        Pressed::Stay
    }

    pub fn paste(&mut self, text: &str) {
        if self.find.open {
            self.find.line.insert(text);
            self.scroll = 0;
        }
    }

    /// Whether something is looked for, which takes a line of the page.
    pub fn finds(&self) -> bool {
        self.find.open || !self.find.line.is_empty()
    }
}
