//! Closing an alert needs a reason, and cannot be taken back. One that pages somebody and that nobody has is closed
//! only by a button that Enter does not stand on.

use crate::console::bulk::Deed;
use crate::console::desk;
use crate::console::dialog::{Button, Order, Pressed, holder_of};
use crate::console::line::Line;
use crate::console::model::About;
use crate::core::alert::Alert;
use crate::core::command::{Action as Ask, Expect};
use crate::core::id::AlertId;
use crate::core::text::Untrusted;
use crossterm::event::{KeyCode, KeyEvent};

/// What is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    Alert(AlertId),
    /// So many rows.
    Several(usize),
}

#[derive(Debug)]
pub struct Close {
    pub of: Closing,
    /// `CRIT Acme Tools: Blocked order 4500123 €84k`, of one.
    pub what: Option<String>,
    pub reason: Line,
    pub error: Option<String>,
    /// What closing ends that nobody has in hand yet.
    pub ends: Option<String>,
    /// Where closing ends pages; `None`: Enter closes.
    pub button: Option<Button>,
    expect: Expect,
}

impl Close {
    pub fn new(alert: &Alert) -> Self {
        let ends = "Nobody has it and it is paging: closing stops the pages.";
        let money = alert.at_risk.first().map(|sum| format!(" {}", sum.short())).unwrap_or_default();
        let (partner, title) = (alert.partner.name.printable(), alert.title.printable());
        Self {
            of: Closing::Alert(alert.id),
            what: Some(format!("{} {partner}: {title}{money}", alert.severity.short())),
            button: desk::pages(alert).then_some(Button::Cancel),
            reason: Line::default(),
            error: None,
            ends: desk::pages(alert).then(|| ends.to_owned()),
            expect: holder_of(alert),
        }
    }

    /// Several rows, with one reason; so many of them page somebody.
    pub fn several(many: usize, paging: usize) -> Self {
        let ends = match paging {
            0 => None,
            1 => Some("Nobody has one of them and it is paging: closing stops its pages.".to_owned()),
            many => Some(format!("Nobody has {many} of them and they are paging: closing stops the pages.")),
        };
        let (reason, expect) = (Line::default(), Expect::default());
        // What would become of each is shown before anything is done.
        Self { of: Closing::Several(many), what: None, reason, error: None, ends, button: None, expect }
    }

    pub fn alert(&self) -> Option<AlertId> {
        match self.of {
            Closing::Alert(alert) => Some(alert),
            Closing::Several(_) => None,
        }
    }

    /// The same reason, for the alert as it is now.
    pub fn again(self, alert: &Alert) -> Self {
        Self { reason: self.reason, ..Self::new(alert) }
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        match key.code {
            KeyCode::Esc => Pressed::Close,
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Up | KeyCode::Down if self.button.is_some() => {
                self.button = match self.button {
                    Some(Button::Cancel) => Some(Button::Do),
                    _ => Some(Button::Cancel),
                };
                Pressed::Stay
            }
            KeyCode::Enter if self.button == Some(Button::Cancel) && !self.reason.is_empty() => {
                self.error =
                    Some("Enter would cancel, and lose the reason: Tab goes to Close, Esc leaves".to_owned());
                Pressed::Stay
            }
            KeyCode::Enter if self.button == Some(Button::Cancel) => Pressed::Close,
            KeyCode::Enter if self.reason.is_empty() => {
                self.error = Some("a reason is needed; it goes to those who were told".to_owned());
                Pressed::Stay
            }
            KeyCode::Enter => {
                let reason = Untrusted::new(self.reason.text().trim().to_owned());
                match self.of {
                    Closing::Several(_) => Pressed::Several(Deed::Close(reason)),
                    Closing::Alert(alert) => Pressed::Order(Order {
                        about: About::Alert(alert),
                        word: "close",
                        ask: Ask::Resolve { alert, reason },
                        expect: self.expect.clone(),
                    }),
                }
            }
            _ => {
                self.reason.press(key);
                Pressed::Stay
            }
        }
    }
}
