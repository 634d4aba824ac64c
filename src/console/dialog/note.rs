//! A note in the making, of as many lines as it takes.

use crate::console::bulk::Deed;
use crate::console::dialog::{Order, Pressed};
use crate::console::model::About;
use crate::core::command::{Action as Ask, Expect};
use crate::core::text::{Untrusted, sanitise};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Style;
use tui_textarea::{TextArea, WrapMode};

/// So many notes that were begun are kept; the oldest go first.
const DRAFTS: usize = 20;

#[derive(Debug)]
pub struct Note {
    pub about: About,
    pub text: Box<TextArea<'static>>,
}

impl Note {
    pub fn new(about: About) -> Self {
        Self { about, text: text_area(Vec::new()) }
    }

    /// With what was typed before, if anything was.
    pub fn begun(drafts: &mut Vec<Note>, about: About) -> Self {
        match drafts.iter().position(|draft| draft.about == about) {
            Some(at) => drafts.remove(at),
            None => Self::new(about),
        }
    }

    /// Kept until it is gone on with, or until it is one of too many.
    pub fn keep(self, drafts: &mut Vec<Note>) {
        if !self.text.is_empty() {
            drafts.push(self);
            drafts.drain(..drafts.len().saturating_sub(DRAFTS));
        }
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        if key.code == KeyCode::Esc {
            return Pressed::Close;
        }
        if !control(key, 's') {
            self.text.input(key);
            return Pressed::Stay;
        }
        let text = Untrusted::new(self.text.lines().join("\n").trim().to_owned());
        if text.is_empty() {
            return Pressed::Close;
        }
        if let About::Several(_) = self.about {
            return Pressed::Several(Deed::Note(text));
        }
        let ask = match &self.about {
            About::Alert(alert) => Ask::NoteAlert { alert: *alert, text },
            About::Task(task) => Ask::NoteTask { task: *task, text },
            About::Handover(handover) => Ask::NoteHandover { handover: Some(*handover), text },
            About::Contact(_)
            | About::Message(_)
            | About::OnCall(_)
            | About::Maintenance
            | About::View
            | About::Several(_) => return Pressed::Close,
        };
        Pressed::Order(Order { about: self.about.clone(), word: "note", ask, expect: Expect::default() })
    }
}

/// A text area as plain as the rest of the screen; the terminal's own cursor stands in it.
pub fn text_area(lines: Vec<String>) -> Box<TextArea<'static>> {
    let mut area = Box::new(TextArea::new(lines));
    area.set_cursor_style(Style::new());
    area.set_cursor_line_style(Style::new());
    area.set_wrap_mode(WrapMode::WordOrGlyph);
    area
}

/// Pastes line by line what is safe to show.
pub fn paste_lines(area: &mut TextArea<'static>, text: &str) {
    const LONGEST: usize = 8_000;
    let text: String = text.replace("\r\n", "\n").replace('\r', "\n").chars().take(LONGEST).collect();
    let clean: Vec<String> = text.lines().map(|line| sanitise(line).into_owned()).collect();
    area.insert_str(clean.join("\n"));
}

fn control(key: KeyEvent, c: char) -> bool {
    key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char(c)
}
