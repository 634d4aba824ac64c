//! Saved views: a query over one place, kept under a name. One's own are stored; those of the whole desk are
//! configured.

use crate::core::apply::Asker;
use crate::core::change::{Actor, Change, Object, What};
use crate::core::command::{Refusal, RefusalCode};
use crate::core::person::PersonId;
use crate::core::query::{Field, Query, field};
use crate::core::text::{Untrusted, sanitise};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Longer names fit no list.
const LONGEST_NAME: usize = 40;

/// Which rows a view narrows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewOf {
    Triage,
    Stream,
    Partners,
    Contacts,
    Messages,
    /// Everything there ever was.
    Search,
}

/// A query under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    pub name: String,
    pub of: ViewOf,
    pub query: Untrusted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewState {
    Active,
    Dropped,
}

/// One's own view, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnView {
    /// `person/name`.
    pub id: String,
    pub state: ViewState,
    pub person: PersonId,
    #[serde(flatten)]
    pub view: SavedView,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ViewOf {
    pub const ALL: [ViewOf; 6] = [
        ViewOf::Triage,
        ViewOf::Stream,
        ViewOf::Partners,
        ViewOf::Contacts,
        ViewOf::Messages,
        ViewOf::Search,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            ViewOf::Triage => "triage",
            ViewOf::Stream => "stream",
            ViewOf::Partners => "partners",
            ViewOf::Contacts => "contacts",
            ViewOf::Messages => "messages",
            ViewOf::Search => "search",
        }
    }

    pub fn fields(self) -> &'static [Field] {
        match self {
            ViewOf::Triage => field::TRIAGE,
            ViewOf::Stream => field::STREAM,
            ViewOf::Partners => field::PARTNERS,
            ViewOf::Contacts => field::CONTACTS,
            ViewOf::Messages => field::MESSAGES,
            ViewOf::Search => field::ALL,
        }
    }
}

impl FromStr for ViewOf {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        ViewOf::ALL.into_iter().find(|of| of.as_str() == word).ok_or_else(|| {
            let known: Vec<&str> = ViewOf::ALL.iter().map(|of| of.as_str()).collect();
            format!("{:?} has no views; there are {}", sanitise(word), known.join(", "))
        })
    }
}

impl OwnView {
    pub fn id_of(person: &PersonId, name: &str) -> String {
        format!("{}/{name}", person.0)
    }
}

/// Why a view cannot be as it is.
pub fn fault(view: &SavedView) -> Option<String> {
    if !is_name(&view.name) {
        return Some(format!(
            "a view's name has letters, digits, dashes and underlines, {LONGEST_NAME} at most; {:?} is none",
            sanitise(&view.name)
        ));
    }
    let problem = Query::read(view.query.raw(), view.of.fields()).problems.into_iter().next();
    problem.map(|problem| format!("its query is not understood: {}", sanitise(&problem.to_string())))
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    (1..=LONGEST_NAME).contains(&name.chars().count()) && name.chars().all(plain)
}

/// Keeps a view of the asker's; one of the same name is replaced.
pub fn save(
    asker: &Asker,
    before: Option<OwnView>,
    view: &SavedView,
    now: Timestamp,
) -> Result<(String, Change), Refusal> {
    if let Some(fault) = fault(view) {
        let mut said = format!("{fault}.");
        said[..1].make_ascii_uppercase();
        return Err(Refusal { code: RefusalCode::Invalid, said: said.into(), by: None });
    }
    let replaced = before.as_ref().is_some_and(|before| before.state == ViewState::Active);
    let own = OwnView {
        id: OwnView::id_of(&asker.id, &view.name),
        state: ViewState::Active,
        person: asker.id.clone(),
        view: view.clone(),
        created_at: before.map_or(now, |before| before.created_at),
        updated_at: now,
    };
    let said = match replaced {
        true => format!("The view {} is another one now.", view.name),
        false => format!("The view {} is saved.", view.name),
    };
    Ok((said, change(asker, What::ViewSaved, format!("{} saved the view {}.", asker.name, view.name), own)))
}

/// The asker no longer wants a view of theirs.
pub fn drop(
    asker: &Asker,
    before: Option<OwnView>,
    name: &str,
    now: Timestamp,
) -> Result<(String, Change), Refusal> {
    let Some(own) = before.filter(|before| before.state == ViewState::Active) else {
        let said = format!("There is no view {} of your own.", sanitise(name));
        return Err(Refusal { code: RefusalCode::NotFound, said: said.into(), by: None });
    };
    let own = OwnView { state: ViewState::Dropped, updated_at: now, ..own };
    let said = format!("The view {} is gone.", own.view.name);
    let summary = format!("{} dropped the view {}.", asker.name, own.view.name);
    Ok((said, change(asker, What::ViewDropped, summary, own)))
}

fn change(asker: &Asker, what: What, summary: String, own: OwnView) -> Change {
    Change {
        at: own.updated_at,
        actor: Actor::Person { id: asker.id.clone(), login: asker.login.clone() },
        what,
        summary: summary.into(),
        alert: None,
        partner: None,
        object: Object::View(Box::new(own)),
    }
}
