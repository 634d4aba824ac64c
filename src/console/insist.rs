//! The dialog over a task that was called done while what it is about still waits.

use crate::console::dialog::{Button, Order, Pressed};
use crate::console::model::About;
use crate::core::command::{Action as Ask, Expect};
use crate::core::id::TaskId;
use crossterm::event::{KeyCode, KeyEvent};
use jiff::Timestamp;

#[derive(Debug)]
pub struct Insist {
    pub task: TaskId,
    /// What still waits, and what closes the task.
    pub why: String,
    pub button: Button,
    pub appeared: Timestamp,
}

impl Insist {
    pub fn new(task: TaskId, why: String, now: Timestamp) -> Self {
        Self { task, why, button: Button::Cancel, appeared: now }
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => Pressed::Close,
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Left | KeyCode::Right => {
                self.button = if self.button == Button::Cancel { Button::Do } else { Button::Cancel };
                Pressed::Stay
            }
            KeyCode::Enter if self.button == Button::Cancel => Pressed::Close,
            KeyCode::Enter => Pressed::Order(Order {
                about: About::Task(self.task),
                word: "done",
                ask: Ask::DoneTask { task: self.task, anyway: true },
                expect: Expect::default(),
            }),
            _ => Pressed::Stay,
        }
    }
}
