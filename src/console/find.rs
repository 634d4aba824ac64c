//! What is typed behind `/`: the query over the rows of a place, and how it may go on.

use crate::console::desk::Desk;
use crate::console::line::Line;
use crate::console::model::{Filter, Model, Place};
use crate::console::narrow::filter;
use crate::console::nav;
use crate::core::alert::AlertState;
use crate::core::contact::{Category, Medium};
use crate::core::event::Severity;
use crate::core::person::PersonId;
use crate::core::query::complete::{Completion, Vocabulary, complete, taken};
use crate::core::query::found::Kind;
use crate::core::query::rows::Names;
use crate::core::query::{Asking, Facets, Field, Parsed, Problem, Query, Wants, Word, field, fold};
use crate::core::task::{TaskKind, TaskState};
use crate::core::text::{Untrusted, sanitise};
use std::collections::BTreeSet;

/// States that messages can be looked for in.
const MESSAGES: [&str; 13] = [
    "queued",
    "held",
    "sending",
    "accepted",
    "sent",
    "delivered",
    "read",
    "failed",
    "bounced",
    "expired",
    "suppressed",
    "cancelled",
    "in_doubt",
];

impl Filter {
    /// What is looked for among rows with these fields; what is not understood narrows nothing.
    pub fn query(&self, fields: &[Field]) -> Query {
        self.read(fields).query
    }

    pub fn read(&self, fields: &[Field]) -> Parsed {
        Query::read(self.line.text(), fields)
    }

    /// Of rows that are known by their words alone.
    pub fn matches(&self, texts: &[&str]) -> bool {
        self.query(field::WORDS).finds(&Facets::of_texts(texts), &Asking::default())
    }
}

impl Model {
    /// When and by whom a query is asked here.
    pub fn asking(&self) -> Asking {
        let me = self.desk.as_ref().and_then(|desk| desk.me.person.as_ref());
        Asking { now: self.now, zone: self.zone(), me: me.map(|person| person.id.0.clone()) }
    }
}

impl Names for Desk {
    fn partner(&self, id: &Untrusted) -> Option<String> {
        self.raw_partner_name(id).map(|name| name.raw().to_owned())
    }

    fn person(&self, id: &PersonId) -> Option<String> {
        self.people.get(id).map(|person| person.name.clone())
    }
}

/// The fields of the rows that a place shows.
pub fn fields(place: Place) -> &'static [Field] {
    match place {
        Place::Triage => field::TRIAGE,
        Place::Stream => field::STREAM,
        Place::Partners | Place::Partner => field::PARTNERS,
        Place::Contacts => field::CONTACTS,
        Place::Messages => field::MESSAGES,
        Place::OnCall => field::ON_CALL,
        Place::Search => field::ALL,
        Place::Handover
        | Place::Templates
        | Place::Providers
        | Place::People
        | Place::Person
        | Place::Sources
        | Place::Configuration => field::WORDS,
    }
}

/// What the values of fields can be in the place at hand.
struct Known<'m>(&'m Model);

impl Vocabulary for Known<'_> {
    fn fields(&self) -> &'static [Field] {
        fields(self.0.place)
    }

    fn values(&self, field: Field) -> Vec<String> {
        let Some(desk) = &self.0.desk else { return Vec::new() };
        let place = self.0.place;
        let everywhere = place == Place::Search;
        let safe = |text: &str| sanitise(text).into_owned();
        match field {
            Field::Partner => desk.partner_names().map(safe).collect::<BTreeSet<_>>().into_iter().collect(),
            Field::State => {
                let mut states: Vec<&str> = Vec::new();
                if place == Place::Triage || everywhere {
                    states.extend([AlertState::Open, AlertState::Acknowledged].map(AlertState::as_str));
                    states.push(TaskState::Snoozed.as_str());
                }
                if everywhere {
                    states.extend([AlertState::Resolved.as_str(), TaskState::Done.as_str()]);
                }
                if place == Place::Messages || everywhere {
                    states.extend(MESSAGES);
                }
                if place == Place::Contacts || everywhere {
                    states.extend(["active", "inactive"]);
                }
                states.into_iter().map(str::to_owned).collect()
            }
            Field::Kind => kinds(place, desk),
            Field::Owner | Field::To => {
                let mut people = vec!["me".to_owned()];
                if field == Field::Owner && place != Place::OnCall {
                    people.push("nobody".to_owned());
                }
                people.extend(desk.people.values().map(|person| safe(&person.name)));
                people
            }
            Field::Channel => {
                let media = Medium::ALL.iter().map(|medium| medium.as_str().to_owned());
                media.chain(desk.channels.iter().map(|channel| safe(&channel.name))).collect()
            }
            Field::Source => desk.sources.iter().map(|source| safe(&source.name)).collect(),
            Field::Alert => desk.alerts.keys().rev().map(ToString::to_string).collect(),
            Field::Team => {
                let teams = desk.people.values().flat_map(|person| &person.teams);
                teams.map(|team| safe(team)).collect::<BTreeSet<_>>().into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

fn kinds(place: Place, desk: &Desk) -> Vec<String> {
    let mut kinds: BTreeSet<String> = BTreeSet::new();
    let mut add = |kind: &str| _ = kinds.insert(sanitise(kind).into_owned());
    if matches!(place, Place::Triage | Place::Search) {
        desk.alerts.values().for_each(|alert| add(alert.kind.word()));
        TaskKind::ALL.iter().for_each(|kind| add(kind.as_str()));
    }
    if matches!(place, Place::Messages | Place::Search) {
        Category::ALL.iter().for_each(|category| add(category.as_str()));
    }
    match place {
        Place::Search => Kind::ALL.iter().for_each(|kind| add(kind.as_str())),
        Place::Stream => ["alert", "event", "message", "task", "case", "document", "thread", "contact"]
            .iter()
            .for_each(|kind| add(kind)),
        _ => {}
    }
    kinds.into_iter().collect()
}

/// How what is typed at the cursor may go on.
pub fn completion(model: &Model, line: &Line) -> Completion {
    complete(line.before_cursor(), &Known(model))
}

/// Takes the first offer; `false`: there is none.
pub fn take_offer(model: &mut Model) -> bool {
    let line = &filter(model).line.clone();
    let offered = completion(model, line);
    let Some(text) = taken(line.before_cursor(), &offered) else { return false };
    filter(model).line.replace_before(offered.from, &text);
    true
}

/// What is wrong with what was typed, the first of it, as a sentence without its full stop.
pub fn problem(model: &Model, filter: &Filter) -> Option<String> {
    let fields = fields(model.place);
    let Parsed { query, problems } = filter.read(fields);
    let problem = problems.into_iter().next().or_else(|| no_such_value(model, &query))?;
    Some(match problem {
        Problem::Unknown(name, _) => {
            let place = nav::crumbs(model).pop().unwrap_or_default();
            let by: Vec<String> = fields.iter().map(|field| format!("{}:", field.name())).collect();
            let by = if by.is_empty() { "words".to_owned() } else { by.join(", ") };
            format!("{place} cannot be filtered by {name}:, only by {by}")
        }
        problem => problem.to_string(),
    })
}

/// A value that no row can have: it finds nothing, and is to be told from one that merely has no row now.
fn no_such_value(model: &Model, query: &Query) -> Option<Problem> {
    query.groups.iter().flatten().find_map(|term| {
        let Wants::Field(field, words) = &term.wants else { return None };
        let values: Vec<String> = match field {
            Field::Severity => Severity::ALL.map(|severity| severity.as_str().to_owned()).into(),
            Field::State | Field::Channel | Field::Source | Field::Team => Known(model).values(*field),
            // Of the others not every value is known here, or the agent knows more.
            _ => return None,
        };
        let known = |word: &Word| {
            let wanted = plain(word.folded());
            values.iter().any(|value| plain(&fold(value)).contains(&wanted))
        };
        let word = words.iter().find(|word| !known(word)).filter(|_| !values.is_empty())?;
        Some(Problem::NoSuchValue { field: *field, values, word: word.text.clone() })
    })
}

/// Spaces, dashes and underlines are the same.
fn plain(text: &str) -> String {
    text.replace(['-', '_'], " ")
}
