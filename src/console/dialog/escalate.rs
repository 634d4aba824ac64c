//! Whom an escalation wakes, and when: nothing can be decided before the steps have come.

use crate::console::dialog::{Button, Order, Pressed};
use crate::console::model::About;
use crate::core::alert::Alert;
use crate::core::command::{Action as Ask, Expect};
use crate::core::id::AlertId;
use crate::wire::StepPreview;
use crossterm::event::{KeyCode, KeyEvent};
use jiff::Timestamp;

#[derive(Debug)]
pub struct Escalate {
    pub alert: AlertId,
    /// The steps taken when the dialog was opened.
    pub taken: u32,
    pub steps: Option<Result<Vec<StepPreview>, String>>,
    pub chosen: usize,
    pub button: Button,
    pub appeared: Timestamp,
}

impl Escalate {
    pub fn new(alert: &Alert, now: Timestamp) -> Self {
        let (alert, taken) = (alert.id, alert.step);
        Self { alert, taken, steps: None, chosen: 0, button: Button::Cancel, appeared: now }
    }

    /// The steps have come: only now can anything be decided.
    pub fn show(&mut self, steps: Result<Vec<StepPreview>, String>, now: Timestamp) {
        self.chosen = match &steps {
            Ok(steps) => steps.iter().position(|step| step.step > self.taken).unwrap_or(0),
            Err(_) => 0,
        };
        self.steps = Some(steps);
        self.button = Button::Cancel;
        self.appeared = now;
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        let Some(Ok(steps)) = &self.steps else {
            let leaves = matches!(key.code, KeyCode::Esc | KeyCode::Char('q') | KeyCode::Enter);
            return if leaves { Pressed::Close } else { Pressed::Stay };
        };
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return Pressed::Close,
            KeyCode::Char('j') | KeyCode::Down => {
                self.chosen = (self.chosen + 1).min(steps.len().saturating_sub(1));
                self.button = Button::Cancel;
            }
            KeyCode::Char('k') | KeyCode::Up => {
                self.chosen = self.chosen.saturating_sub(1);
                self.button = Button::Cancel;
            }
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Left | KeyCode::Right => {
                self.button = if self.button == Button::Cancel { Button::Do } else { Button::Cancel };
            }
            KeyCode::Enter if self.button == Button::Cancel => return Pressed::Close,
            KeyCode::Enter => {
                let Some(step) = steps.get(self.chosen) else { return Pressed::Close };
                return Pressed::Order(Order {
                    about: About::Alert(self.alert),
                    word: "escalate",
                    ask: Ask::Escalate { alert: self.alert, step: Some(step.step) },
                    expect: Expect { step: Some(self.taken), ..Expect::default() },
                });
            }
            _ => {}
        }
        Pressed::Stay
    }
}
