//! The dialog that asks who is to read a template: everybody whom the console knows, found by typing.

use crate::console::desk::Desk;
use crate::console::dialog::Pressed;
use crate::console::line::Line;
use crate::console::model::Filter;
use crate::console::templates::{Reader, readers};
use crossterm::event::{KeyCode, KeyEvent};

#[derive(Debug)]
pub struct Pick {
    pub filter: Filter,
    everybody: Vec<(Reader, String)>,
    pub selected: usize,
}

impl Pick {
    pub fn new(desk: &Desk) -> Self {
        let filter = Filter { line: Line::default(), open: true };
        Self { filter, everybody: readers(desk), selected: 0 }
    }

    /// Who matches; the first, nobody who exists, only while nothing is typed.
    pub fn found(&self) -> Vec<Option<&(Reader, String)>> {
        let nobody = self.filter.line.is_empty().then_some(None);
        let matches = |one: &&(Reader, String)| self.filter.matches(&[one.0.name.raw(), &one.1]);
        nobody.into_iter().chain(self.everybody.iter().filter(matches).map(Some)).collect()
    }

    /// More are known by now; the hand stays where it is.
    pub fn learn(&mut self, desk: &Desk) {
        self.everybody = readers(desk);
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        match key.code {
            KeyCode::Esc => return Pressed::Close,
            KeyCode::Down => {
                self.selected = (self.selected + 1).min(self.found().len().saturating_sub(1));
            }
            KeyCode::Up => self.selected = self.selected.saturating_sub(1),
            KeyCode::Enter => {
                let found = self.found();
                return match found.get(self.selected) {
                    Some(chosen) => Pressed::Reader(chosen.map(|(reader, _)| reader.clone())),
                    None => Pressed::Stay,
                };
            }
            _ => {
                self.filter.line.press(key);
                self.selected = 0;
            }
        }
        Pressed::Stay
    }
}
