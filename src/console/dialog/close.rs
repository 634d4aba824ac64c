//! Closing an alert needs a reason.

use crate::console::dialog::{Order, Pressed, holder_of};
use crate::console::line::Line;
use crate::console::model::About;
use crate::core::alert::Alert;
use crate::core::command::{Action as Ask, Expect};
use crate::core::id::AlertId;
use crate::core::text::Untrusted;
use crossterm::event::{KeyCode, KeyEvent};

#[derive(Debug)]
pub struct Close {
    pub alert: AlertId,
    pub reason: Line,
    pub error: Option<String>,
    expect: Expect,
}

impl Close {
    pub fn new(alert: &Alert) -> Self {
        Self { alert: alert.id, reason: Line::default(), error: None, expect: holder_of(alert) }
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        match key.code {
            KeyCode::Esc => Pressed::Close,
            KeyCode::Enter if self.reason.is_empty() => {
                self.error = Some("a reason is needed; it goes to those who were told".to_owned());
                Pressed::Stay
            }
            KeyCode::Enter => Pressed::Order(Order {
                about: About::Alert(self.alert),
                word: "close",
                ask: Ask::Resolve {
                    alert: self.alert,
                    reason: Untrusted::new(self.reason.text().trim().to_owned()),
                },
                expect: self.expect.clone(),
            }),
            _ => {
                self.reason.press(key);
                Pressed::Stay
            }
        }
    }
}
