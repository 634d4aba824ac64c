//! Saved views in the console: the list of them, opening one, keeping what is typed as one.

use crate::console::dialog::{Dialog, Order, Pressed};
use crate::console::effect::Effect;
use crate::console::line::Line;
use crate::console::model::{About, Filter, Model, Place, Tone};
use crate::console::narrow::{filter, filtered};
use crate::console::say::say;
use crate::console::{contacts, messages, partners, search};
use crate::core::command::{Action as Ask, Expect};
use crate::core::saved_view::{SavedView, ViewOf};
use crate::core::text::{Untrusted, sanitise};
use crate::wire::client::LinkError;
use crate::wire::search::ViewInfo;
use crossterm::event::{KeyCode, KeyEvent};

/// The list of views, while one is chosen.
#[derive(Debug, Default)]
pub struct Views {
    /// `None`: the agent was not heard yet.
    pub known: Option<Result<Vec<ViewInfo>, String>>,
    pub selected: usize,
    /// One that is to be opened once the list is there.
    wanted: Option<String>,
    /// `x` was pressed once on the selected one.
    pub dropping: bool,
}

/// A name for what is typed.
#[derive(Debug)]
pub struct Keep {
    pub name: Line,
    pub of: ViewOf,
    pub query: String,
}

/// Asks for the views; one of that name is opened at once.
pub fn show(model: &mut Model, name: Option<String>) -> Vec<Effect> {
    model.dialog = Some(Dialog::Views(Views { wanted: name, ..Views::default() }));
    vec![Effect::FetchViews]
}

pub fn came(model: &mut Model, answer: Result<Vec<ViewInfo>, LinkError>) -> Vec<Effect> {
    let Some(Dialog::Views(views)) = &mut model.dialog else { return Vec::new() };
    views.known = Some(answer.map_err(|error| error.to_string()));
    views.dropping = false;
    let Some(Ok(known)) = &views.known else { return Vec::new() };
    views.selected = views.selected.min(known.len().saturating_sub(1));
    let Some(name) = views.wanted.take() else { return Vec::new() };
    match known.iter().find(|info| info.view.name == name) {
        Some(info) => {
            let view = info.view.clone();
            open(model, &view)
        }
        None => {
            model.dialog = None;
            say(
                model,
                format!("There is no view {}; :views shows what there is.", sanitise(&name)),
                Tone::Refused,
            );
            Vec::new()
        }
    }
}

/// Goes to the place of a view, with its query in the filter.
pub fn open(model: &mut Model, view: &SavedView) -> Vec<Effect> {
    model.dialog = None;
    let mut effects = match view.of {
        ViewOf::Triage => {
            model.place = Place::Triage;
            Vec::new()
        }
        ViewOf::Stream => {
            model.place = Place::Stream;
            Vec::new()
        }
        ViewOf::Partners => partners::show(model),
        ViewOf::Contacts => contacts::show(model),
        ViewOf::Messages => messages::show(model),
        ViewOf::Search => search::show(model),
    };
    *filter(model) = Filter { line: Line::new(view.query.printable().as_str()), open: false };
    effects.extend(filtered(model));
    effects
}

/// Which rows the place at hand shows, where they can be kept as a view.
fn of_place(place: Place) -> Option<ViewOf> {
    Some(match place {
        Place::Triage => ViewOf::Triage,
        Place::Stream => ViewOf::Stream,
        Place::Partners => ViewOf::Partners,
        Place::Contacts => ViewOf::Contacts,
        Place::Messages => ViewOf::Messages,
        Place::Search => ViewOf::Search,
        _ => return None,
    })
}

/// Asks for the name under which what is typed here is kept.
pub fn keep(model: &mut Model) {
    let query = filter(model).line.text().trim().to_owned();
    match of_place(model.place) {
        Some(of) if !query.is_empty() => {
            filter(model).open = false;
            model.dialog = Some(Dialog::Keep(Keep { name: Line::default(), of, query }));
        }
        Some(_) => say(model, "Type a query behind / first; then it can be kept.".to_owned(), Tone::Hint),
        None => say(model, "What is shown here cannot be kept as a view.".to_owned(), Tone::Hint),
    }
}

impl Views {
    pub fn infos(&self) -> &[ViewInfo] {
        match &self.known {
            Some(Ok(known)) => known,
            _ => &[],
        }
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        let before = std::mem::take(&mut self.dropping);
        let last = self.infos().len().saturating_sub(1);
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return Pressed::Close,
            KeyCode::Char('j') | KeyCode::Down => self.selected = (self.selected + 1).min(last),
            KeyCode::Char('k') | KeyCode::Up => self.selected = self.selected.saturating_sub(1),
            KeyCode::Char('x') => match self.infos().get(self.selected) {
                Some(info) if info.shared => {
                    let said = format!("{} is the desk's; the configuration has it.", info.view.name);
                    return Pressed::Say(said);
                }
                Some(info) if before => {
                    let name = info.view.name.clone();
                    return Pressed::Order(order("drop", Ask::DropView { name }));
                }
                Some(_) => self.dropping = true,
                None => {}
            },
            KeyCode::Enter => {
                if let Some(info) = self.infos().get(self.selected) {
                    return Pressed::View(info.view.clone());
                }
            }
            _ => {}
        }
        Pressed::Stay
    }
}

impl Keep {
    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        match key.code {
            KeyCode::Esc => return Pressed::Close,
            KeyCode::Enter if !self.name.is_empty() => {
                let name = self.name.text().trim().to_owned();
                let view = SavedView { name, of: self.of, query: Untrusted::new(self.query.clone()) };
                return Pressed::Order(order("save", Ask::SaveView { view }));
            }
            _ => _ = self.name.press(key),
        }
        Pressed::Stay
    }
}

fn order(word: &'static str, ask: Ask) -> Order {
    Order { about: About::View, word, ask, expect: Expect::default() }
}
