//! Which theme is on, and which there are to choose from.

use crate::config::{ConfigError, Problem};
use crate::console::colours::{BUILT_IN, Palette};
use crate::console::dialog::Pressed;
use crate::console::theme::Theme;
use crate::term::capabilities::{Background, Capabilities};
use crossterm::event::{KeyCode, KeyEvent};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Every theme there is, as this terminal can show it, by name.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    themes: BTreeMap<String, Theme>,
    chosen: String,
    /// What `auto` goes by.
    background: Background,
    /// What stood in the way of a theme of the configuration folder.
    pub problems: Vec<Problem>,
}

/// The word for "as the background is".
pub const AUTO: &str = "auto";

impl Looks {
    /// Those compiled in.
    pub fn built_in(capabilities: Capabilities, background: Background) -> Self {
        let mut looks = Self { background, ..Self::default() };
        for (name, text) in BUILT_IN {
            looks.add(name, text, Path::new(name), capabilities);
        }
        looks
    }

    /// Those compiled in, and those of the folder `themes/` beside the configuration over them.
    pub fn beside(config: &Path, capabilities: Capabilities, background: Background) -> Self {
        let mut looks = Self::built_in(capabilities, background);
        for (name, path) in files(config) {
            match std::fs::read_to_string(&path) {
                Ok(text) => looks.add(&name, &text, &path, capabilities),
                Err(why) => {
                    let problem = Problem::at("", &path, 0..0, format!("it cannot be read: {why}"));
                    looks.problems.push(problem);
                }
            }
        }
        looks
    }

    fn add(&mut self, name: &str, text: &str, path: &Path, capabilities: Capabilities) {
        match Palette::parse(text, path) {
            Ok(palette) => {
                self.themes.insert(name.to_owned(), Theme::new(&palette, capabilities));
            }
            Err(ConfigError::Wrong { problems }) => self.problems.extend(problems),
            Err(other) => self.problems.push(Problem::at("", path, 0..0, other.to_string())),
        }
    }

    /// Turns a theme on; a name that is none comes back as a sentence without its full stop.
    pub fn choose(&mut self, name: &str) -> Result<(), String> {
        let name = match (name, self.background) {
            (AUTO | "", Background::Light) => "light",
            (AUTO | "", Background::Dark) => "dark",
            (name, _) => name,
        };
        if !self.themes.contains_key(name) {
            let name = crate::core::text::sanitise(name);
            return Err(format!("there is no theme {name:?}; there are {AUTO}, {}", self.names().join(", ")));
        }
        self.chosen = name.to_owned();
        Ok(())
    }

    pub fn names(&self) -> Vec<&str> {
        self.themes.keys().map(String::as_str).collect()
    }

    pub fn chosen(&self) -> &str {
        &self.chosen
    }

    /// The theme of this name, else the one that is on.
    pub fn theme(&self, tried: Option<&str>) -> Theme {
        let tried = tried.and_then(|name| self.themes.get(name));
        tried.or_else(|| self.themes.get(&self.chosen)).copied().unwrap_or_default()
    }

    /// The dialog that chooses one.
    pub fn try_on(&self) -> TryOn {
        let names: Vec<String> = self.themes.keys().cloned().collect();
        let selected = names.iter().position(|name| *name == self.chosen).unwrap_or(0);
        TryOn { names, selected }
    }
}

fn files(config: &Path) -> Vec<(String, PathBuf)> {
    let folder = config.parent().unwrap_or(Path::new(".")).join("themes");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<(String, PathBuf)> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
        .collect();
    files.sort();
    files
}

/// One theme after another, each on the whole screen at once, until one is kept.
#[derive(Clone, Debug)]
pub struct TryOn {
    pub names: Vec<String>,
    pub selected: usize,
}

impl TryOn {
    pub fn tried(&self) -> Option<&str> {
        self.names.get(self.selected).map(String::as_str)
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return Pressed::Close,
            KeyCode::Char('j') | KeyCode::Down => {
                self.selected = (self.selected + 1).min(self.names.len().saturating_sub(1));
            }
            KeyCode::Char('k') | KeyCode::Up => self.selected = self.selected.saturating_sub(1),
            KeyCode::Enter => {
                return match self.tried() {
                    Some(name) => Pressed::Theme(name.to_owned()),
                    None => Pressed::Close,
                };
            }
            _ => {}
        }
        Pressed::Stay
    }
}
