//! The command line behind `:`.

use crate::console::dialog::Pressed;
use crate::console::keymap::{Action, COMMANDS};
use crate::console::line::Line;
use crossterm::event::{KeyCode, KeyEvent};

/// The commands that begin with what is typed.
pub fn completions(
    typed: &str,
) -> impl Iterator<Item = &'static (&'static str, Action, &'static str)> + use<> {
    let typed = typed.trim().to_lowercase();
    COMMANDS.iter().filter(move |(name, ..)| name.starts_with(&typed))
}

pub fn press_palette(line: &mut Line, key: KeyEvent) -> Pressed {
    match key.code {
        KeyCode::Esc => Pressed::Close,
        KeyCode::Backspace if line.is_empty() => Pressed::Close,
        KeyCode::Tab => {
            if let Some((name, ..)) = completions(line.text()).next() {
                *line = Line::new(name);
            }
            Pressed::Stay
        }
        KeyCode::Enter => {
            if let Some(name) = line.text().trim().strip_prefix("view ") {
                return Pressed::Named(name.trim().to_owned());
            }
            let typed = line.text().trim().to_lowercase();
            if let Some(name) = typed.strip_prefix("theme ") {
                return Pressed::Theme(name.trim().to_owned());
            }
            let exact = COMMANDS.iter().find(|(name, ..)| *name == typed);
            match exact.or_else(|| completions(&typed).next().filter(|_| !typed.is_empty())) {
                Some((_, action, _)) => Pressed::Run(*action),
                None if typed.is_empty() => Pressed::Close,
                None => Pressed::Say(format!("There is no command :{typed}. ? shows what there is.")),
            }
        }
        _ => {
            line.press(key);
            Pressed::Stay
        }
    }
}
