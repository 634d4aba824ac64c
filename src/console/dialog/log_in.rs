//! Who is there behind a shared login.

use crate::console::dialog::Pressed;
use crate::console::line::Line;
use crossterm::event::{KeyCode, KeyEvent};

/// Person and PIN behind a shared login.
#[derive(Debug, Default)]
pub struct LogIn {
    pub person: Line,
    pub pin: Line,
    pub on_pin: bool,
    pub error: Option<String>,
}

impl LogIn {
    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        match key.code {
            KeyCode::Esc => Pressed::Close,
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Up | KeyCode::Down => {
                self.on_pin = !self.on_pin;
                Pressed::Stay
            }
            KeyCode::Enter if !self.on_pin => {
                self.on_pin = true;
                Pressed::Stay
            }
            KeyCode::Enter if self.person.is_empty() || self.pin.is_empty() => {
                self.error = Some("both your name and your PIN are needed".to_owned());
                Pressed::Stay
            }
            KeyCode::Enter => {
                let person = self.person.text().trim().to_owned();
                let pin = self.pin.text().to_owned();
                self.pin.clear();
                Pressed::LogIn { person, pin }
            }
            _ => {
                let line = if self.on_pin { &mut self.pin } else { &mut self.person };
                line.press(key);
                Pressed::Stay
            }
        }
    }
}
