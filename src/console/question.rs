//! A question before something is done that cannot be undone: what it is, what comes of it, Cancel and the deed.

use crate::console::dialog::{Button, Order, Pressed};
use crossterm::event::{KeyCode, KeyEvent};
use jiff::Timestamp;

#[derive(Debug)]
pub struct Question {
    pub title: String,
    /// What comes of it, in whole sentences.
    pub says: String,
    /// What the button says that does it.
    pub deed: &'static str,
    pub button: Button,
    pub appeared: Timestamp,
    order: Order,
}

impl Question {
    pub fn new(title: String, says: String, deed: &'static str, order: Order, now: Timestamp) -> Self {
        Self { title, says, deed, button: Button::Cancel, appeared: now, order }
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => Pressed::Close,
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Left | KeyCode::Right => {
                self.button = if self.button == Button::Cancel { Button::Do } else { Button::Cancel };
                Pressed::Stay
            }
            KeyCode::Enter if self.button == Button::Cancel => Pressed::Close,
            KeyCode::Enter => Pressed::Order(self.order.clone()),
            _ => Pressed::Stay,
        }
    }
}
