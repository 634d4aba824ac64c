//! The question about what waited for the agent for long: send it, drop it, or later.

use crate::console::dialog::Pressed;
use crate::console::waiting::Item;
use crossterm::event::{KeyCode, KeyEvent};

/// What is decided about one that waited for long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Later,
    Send,
    Drop,
}

/// What waited for long, and what is decided about each.
#[derive(Debug)]
pub struct Stale {
    pub rows: Vec<(Item, Verdict)>,
    pub selected: usize,
}

impl Stale {
    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        let last = self.rows.len().saturating_sub(1);
        match key.code {
            KeyCode::Char('j') | KeyCode::Down => self.selected = (self.selected + 1).min(last),
            KeyCode::Char('k') | KeyCode::Up => self.selected = self.selected.saturating_sub(1),
            KeyCode::Char('s') => self.choose(Verdict::Send),
            KeyCode::Char('d') => self.choose(Verdict::Drop),
            KeyCode::Enter => return Pressed::Decided,
            KeyCode::Esc | KeyCode::Char('q') => return Pressed::PutOff,
            _ => {}
        }
        Pressed::Stay
    }

    fn choose(&mut self, choice: Verdict) {
        if let Some((_, chosen)) = self.rows.get_mut(self.selected) {
            *chosen = choice;
        }
        self.selected = (self.selected + 1).min(self.rows.len().saturating_sub(1));
    }
}
