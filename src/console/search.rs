//! Searching everything there ever was: what is typed is asked of the agent once the hand rests, and Enter goes
//! to the thing.

use crate::console::effect::{Effect, Wait};
use crate::console::find::fields;
use crate::console::follow::arrange;
use crate::console::goal::{self, Goal};
use crate::console::model::{Filter, Focus, Model, Place, Tone};
use crate::console::moves::End;
use crate::console::partners::{self, Item, View};
use crate::console::say::say;
use crate::console::{contacts, messages, nav};
use crate::core::id::{NotificationId, TaskId};
use crate::core::query::found::Kind;
use crate::core::text::Untrusted;
use crate::wire::client::LinkError;
use crate::wire::search::{Hit, SearchAnswer};
use std::time::Duration;

/// What is typed is asked for once the hand rests this long …
const ASK_AFTER: Duration = Duration::from_millis(150);
/// … and again while the answer lacks what is new.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub struct Search {
    pub filter: Filter,
    /// The newest answer, and the query that it answers.
    pub answer: SearchAnswer,
    pub answers: String,
    /// Why there is no answer.
    pub missing: Option<String>,
    /// The message that was opened from here: Esc comes back.
    opened: Option<NotificationId>,
    /// Enter was pressed before this was answered: the first that it finds is gone to.
    goes: Option<String>,
    at: usize,
    asks: u64,
}

impl Search {
    pub fn selected(&self) -> Option<&Hit> {
        self.answer.hits.get(self.at)
    }

    pub fn index(&self) -> usize {
        self.at
    }

    /// What is asked: what was understood of what is typed.
    pub fn asked(&self) -> String {
        self.filter.query(fields(Place::Search)).to_string()
    }

    /// An answer to what is typed has come.
    pub fn is_answered(&self) -> bool {
        self.answers == self.asked() && !self.answers.is_empty()
    }

    pub fn step(&mut self, by: isize) {
        self.goes = None;
        let last = self.answer.hits.len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
    }

    pub fn to_end(&mut self, end: End) {
        self.at = match end {
            End::First => 0,
            End::Last => self.answer.hits.len().saturating_sub(1),
        };
    }
}

/// Opens the search from wherever one is, for something new.
pub fn show(model: &mut Model) -> Vec<Effect> {
    if model.place != Place::Search {
        nav::open(model, Place::Search);
        model.search.filter = Filter::default();
    }
    model.search.filter.open = true;
    typed(model)
}

/// Something else is looked for.
pub fn typed(model: &mut Model) -> Vec<Effect> {
    model.search.asks += 1;
    model.search.goes = None;
    vec![Effect::Wait(Wait::Search(model.search.asks), ASK_AFTER)]
}

pub fn waited(model: &mut Model, ask: u64) -> Vec<Effect> {
    if ask != model.search.asks || model.place != Place::Search {
        return Vec::new();
    }
    let asked = model.search.asked();
    if asked.is_empty() {
        model.search.answer = SearchAnswer::default();
        model.search.answers.clear();
        model.search.missing = None;
        return Vec::new();
    }
    vec![Effect::FetchSearch(asked)]
}

pub fn came(model: &mut Model, asked: &str, answer: Result<SearchAnswer, LinkError>) -> Vec<Effect> {
    if asked != model.search.asked() {
        return Vec::new();
    }
    let again = model.search.answers == asked;
    model.search.answers = asked.to_owned();
    match answer {
        Ok(answer) => {
            // The hand stays on what it is on, wherever that is now.
            let on = model.search.selected().map(|hit| (hit.kind, hit.id.clone())).filter(|_| again);
            let place = answer.hits.iter().position(|hit| on == Some((hit.kind, hit.id.clone())));
            model.search.at = place.unwrap_or(0);
            model.search.missing = None;
            model.search.answer = answer;
        }
        Err(error) => {
            model.search.answer = SearchAnswer::default();
            model.search.missing = Some(error.to_string());
            return Vec::new();
        }
    }
    let goes = model.search.goes.take().is_some_and(|goes| goes == asked);
    if goes && model.place == Place::Search && model.dialog.is_none() {
        return enter(model);
    }
    let lags = model.search.answer.indexed.behind > 0;
    if !lags || model.place != Place::Search {
        return Vec::new();
    }
    vec![Effect::Wait(Wait::Search(model.search.asks), AGAIN_AFTER)]
}

/// The message that is open was opened from here, so that Esc comes back at once.
pub fn comes_back(model: &mut Model) -> bool {
    let opened = model.search.opened.take();
    let back = opened.is_some() && opened == model.messages.rows.selected().copied();
    if back {
        model.messages.opened = false;
    }
    back
}

/// Goes to what the hand is on; where what is typed was not answered yet, to what the answer finds first.
pub fn enter(model: &mut Model) -> Vec<Effect> {
    let asked = model.search.asked();
    if !asked.is_empty() && !model.search.is_answered() {
        say(model, "Still asking; Enter goes to the first that is found.".to_owned(), Tone::Hint);
        model.search.goes = Some(asked);
        return Vec::new();
    }
    let Some(hit) = model.search.selected().cloned() else { return Vec::new() };
    model.search.filter.open = false;
    let partner = hit.partner.as_ref().map(|partner| partner.id.clone());
    match (hit.kind, partner) {
        (Kind::Message, _) => match hit.message() {
            Some(message) => {
                model.search.opened = Some(message);
                messages::open_one(model, message)
            }
            None => Vec::new(),
        },
        (Kind::Case, Some(partner)) => partners::open_thing(model, partner, Item::Case(hit.id)),
        (Kind::Document, Some(partner)) => partners::open_thing(model, partner, Item::Document(hit.id)),
        (Kind::Thread, Some(partner)) => partners::open_thing(model, partner, Item::Thread(hit.id)),
        (Kind::Milestone, Some(partner)) => partners::open_view(model, partner, View::Onboarding),
        (Kind::Partner, Some(partner)) => partners::open(model, partner),
        (Kind::Contact, partner) => contacts::show_one(model, hit.id, partner),
        (Kind::Task, partner) => match hit.task {
            Some(task) => to_task(model, task, partner),
            None => Vec::new(),
        },
        (_, partner) => match (hit.alert, hit.task, partner) {
            (Some(alert), ..) => goal::go(model, Goal::Alert(alert)),
            (None, Some(task), partner) => to_task(model, task, partner),
            (None, None, Some(partner)) => partners::open(model, partner),
            (None, None, None) => {
                say(model, "This is about no alert, task or partner.".to_owned(), Tone::Hint);
                Vec::new()
            }
        },
    }
}

fn to_task(model: &mut Model, task: TaskId, partner: Option<Untrusted>) -> Vec<Effect> {
    model.triage.filter = Filter::default();
    arrange(model);
    if model.triage.tasks.select(&task) {
        nav::open(model, Place::Triage);
        model.triage.focus = Focus::Tasks;
        return Vec::new();
    }
    say(model, format!("{task} is done or put off, and not in Triage."), Tone::Hint);
    match partner {
        Some(partner) => partners::open(model, partner),
        None => Vec::new(),
    }
}

/// What Enter does to the selected one.
pub fn intent(model: &Model) -> String {
    let Some(hit) = model.search.selected() else { return String::new() };
    let id = hit.id.printable();
    let partner = hit.partner.as_ref().map(|partner| partner.name.printable().into_string());
    let of = partner.map(|partner| format!(" of {partner}")).unwrap_or_default();
    let to = match (hit.kind, hit.alert, hit.task) {
        (Kind::Message, ..) => format!("message {id}"),
        (Kind::Case, ..) => format!("case {id}{of}"),
        (Kind::Document, ..) => format!("document {id}{of}"),
        (Kind::Thread, ..) => format!("post {id}{of}"),
        (Kind::Milestone, ..) => format!("onboarding{of}"),
        (Kind::Partner, ..) => format!("everything about {}", hit.title.printable()),
        (Kind::Contact, ..) => format!("contact {}", hit.title.printable()),
        (Kind::Task, _, Some(task)) => format!("task {task}"),
        (_, Some(alert), _) => format!("alert {alert}"),
        (_, None, Some(task)) => format!("task {task}"),
        _ if !of.is_empty() => format!("everything about{}", &of[3..]),
        _ => return String::new(),
    };
    format!("Enter: {to}")
}
