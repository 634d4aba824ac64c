//! Where one can go from the selected row: only what there is.

use crate::console::dialog::Pressed;
use crate::console::goal::Goal;
use crossterm::event::{KeyCode, KeyEvent};

#[derive(Debug)]
pub struct GoTo {
    pub goals: Vec<(String, Goal)>,
    pub selected: usize,
}

/// More would not fit the smallest screen; the nearest come first.
const SHOWN: usize = 16;

impl GoTo {
    /// `None`: the row speaks of nothing.
    pub fn new(mut goals: Vec<(String, Goal)>) -> Option<Self> {
        goals.truncate(SHOWN);
        (!goals.is_empty()).then_some(Self { goals, selected: 0 })
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        let last = self.goals.len().saturating_sub(1);
        match key.code {
            KeyCode::Esc | KeyCode::Char('q' | '.') => return Pressed::Close,
            KeyCode::Char('j') | KeyCode::Down => self.selected = (self.selected + 1).min(last),
            KeyCode::Char('k') | KeyCode::Up => self.selected = self.selected.saturating_sub(1),
            KeyCode::Enter => return self.go(self.selected),
            // Going somewhere is taken back with one key, so a digit goes at once.
            KeyCode::Char(digit @ '1'..='9') => return self.go(digit as usize - '1' as usize),
            _ => {}
        }
        Pressed::Stay
    }

    fn go(&self, at: usize) -> Pressed {
        match self.goals.get(at) {
            Some((_, goal)) => Pressed::Go(goal.clone()),
            None => Pressed::Stay,
        }
    }
}
