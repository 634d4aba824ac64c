//! Lists narrowed by a query: the newest rows are looked at one by one, and the store passes over as many as
//! its indexes can for it.

use super::{Failure, search};
use crate::agent::Agent;
use crate::agent::identity::Identified;
use crate::core::alert::Alert;
use crate::core::case::Case;
use crate::core::contact::Contact;
use crate::core::document::Document;
use crate::core::event::Event;
use crate::core::notification::Notification;
use crate::core::onboarding::MilestoneRecord;
use crate::core::partner::Partner;
use crate::core::person::PersonId;
use crate::core::query::rows::{self, Names};
use crate::core::query::{Asking, Facets, Field, Flag, Query, Term, Wants};
use crate::core::task::Task;
use crate::core::text::Untrusted;
use crate::core::thread::Thread;
use crate::store::list::{Filter, List};
use crate::store::{StoreError, Tx};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

/// Rows that one question looks at; a reader of the store is busy with it meanwhile.
const LOOKED_AT: usize = 30_000;
/// Partners that a name may mean for each to be looked for by itself.
const PARTNERS: usize = 8;

/// A row that a query can be asked of.
pub(super) trait Listed: DeserializeOwned + Send + 'static {
    fn row<'a>(&'a self, names: &dyn Names) -> Facets<'a>;
}

macro_rules! listed {
    ($($object:ty: $row:expr),+ $(,)?) => {
        $(impl Listed for $object {
            fn row<'a>(&'a self, names: &dyn Names) -> Facets<'a> {
                let row: fn(&'a $object, &dyn Names) -> Facets<'a> = $row;
                row(self, names)
            }
        })+
    };
}
listed! {
    Alert: |alert, names| rows::of_alert(alert, names),
    Task: |task, names| rows::of_task(task, names),
    Notification: |message, names| rows::of_message(message, names),
    Contact: |contact, names| rows::of_contact(contact, names),
    Event: |event, _| rows::of_event(event),
    Case: |case, _| rows::of_case(case),
    Document: |document, _| rows::of_document(document),
    Thread: |thread, _| rows::of_thread(thread),
    MilestoneRecord: |milestone, _| rows::of_milestone(milestone),
    Partner: |partner, _| rows::of_partner(partner),
}

/// What is asked of a list besides what its columns tell.
pub(super) struct Narrow {
    query: Query,
    asking: Asking,
    people: BTreeMap<PersonId, String>,
}

/// The rows that were found, and what there is to say of them.
pub(super) struct Narrowed<T> {
    pub rows: Vec<T>,
    pub note: Option<String>,
}

impl Narrow {
    /// `None`: nothing is asked. What is found must be `also` this, where that is said.
    pub fn read(
        agent: &Agent,
        who: &Identified,
        text: Option<&str>,
        also: Option<Flag>,
        fields: &[Field],
    ) -> Result<Option<Self>, Failure> {
        let mut query = search::understood(text.unwrap_or_default(), fields)?;
        query.also(also);
        if query.is_all() {
            return Ok(None);
        }
        let people = &agent.setup().settings.desk.people;
        let people = people.values().map(|person| (person.id.clone(), person.name.clone())).collect();
        Ok(Some(Self { query, asking: search::asking(agent, who), people }))
    }

    /// The newest rows that the query finds, as many as the filter asks for.
    pub fn list<T: Listed>(
        &self,
        tx: &Tx<'_>,
        list: List,
        asked: &Filter,
    ) -> Result<Narrowed<T>, StoreError> {
        let wanted = asked.limit as usize;
        let mut filter = Filter { limit: LOOKED_AT as u32 + 1, ..asked.clone() };
        if filter.states.is_empty()
            && let Some(states) = self.states(list)
        {
            if states.is_empty() {
                return Ok(Narrowed { rows: Vec::new(), note: None });
            }
            filter.states = states;
        }
        let since = self.since();
        let names = Known { tx, people: &self.people, partners: RefCell::default() };
        let mut found: Vec<(Option<Timestamp>, T)> = Vec::new();
        let mut looked_at = 0;
        for partner in self.partners(tx, list, &filter)? {
            let filter = Filter { partner: partner.or_else(|| filter.partner.clone()), ..filter.clone() };
            let mut many = 0;
            tx.walk_list(list, &filter, |one: T| {
                let row = one.row(&names);
                let at = row.at;
                if at.zip(since).is_some_and(|(at, since)| at < since) || looked_at == LOOKED_AT {
                    return Ok(ControlFlow::Break(()));
                }
                looked_at += 1;
                if self.query.finds(&row, &self.asking) {
                    many += 1;
                    drop(row);
                    found.push((at, one));
                }
                Ok(if many < wanted { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
            })?;
        }
        found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        found.truncate(wanted);
        let note = (looked_at == LOOKED_AT && found.len() < wanted).then(|| {
            format!(
                "only the newest {LOOKED_AT} were looked at; narrow the query with since:, partner: or state:, \
                 or use nightdesk search"
            )
        });
        Ok(Narrowed { rows: found.into_iter().map(|(_, one)| one).collect(), note })
    }

    fn terms(&self) -> impl Iterator<Item = &Term> {
        self.query.always().iter().filter(|term| !term.not)
    }

    /// The states that the query can mean, where it asks for some.
    fn states(&self, list: List) -> Option<Vec<String>> {
        let known = list.states()?;
        let term = self.terms().find(|term| matches!(term.wants, Wants::Field(Field::State, _)))?;
        let means = |state: &&&str| {
            let mut row = Facets::default();
            row.value(Field::State, **state);
            term.finds(&row, &self.asking)
        };
        Some(known.iter().filter(means).map(|state| (*state).to_owned()).collect())
    }

    /// Nothing older can be meant.
    fn since(&self) -> Option<Timestamp> {
        let since = self.terms().filter_map(|term| match term.wants {
            Wants::Since(when) => Some(when.back(self.asking.now, &self.asking.zone)),
            _ => None,
        });
        since.max()
    }

    /// The partners to be looked for one by one, where the query names a few; else all at once.
    fn partners(&self, tx: &Tx<'_>, list: List, filter: &Filter) -> Result<Vec<Option<String>>, StoreError> {
        let term = self.terms().find(|term| matches!(term.wants, Wants::Field(Field::Partner, _)));
        let (Some(term), true, None) = (term, list.has("partner"), &filter.partner) else {
            return Ok(vec![None]);
        };
        let wanted = |name: &str, id: &str| term.finds(&rows::of_partner_called(name, id), &self.asking);
        let few = tx.partners_like(wanted, PARTNERS + 1)?;
        // None known by that name: it may be one that a thing still goes by.
        Ok(if few.is_empty() || few.len() > PARTNERS {
            vec![None]
        } else {
            few.into_iter().map(Some).collect()
        })
    }
}

struct Known<'k> {
    tx: &'k Tx<'k>,
    people: &'k BTreeMap<PersonId, String>,
    partners: RefCell<HashMap<String, Option<String>>>,
}

impl Names for Known<'_> {
    fn partner(&self, id: &Untrusted) -> Option<String> {
        if let Some(known) = self.partners.borrow().get(id.raw()) {
            return known.clone();
        }
        let name = self.tx.partner(id.raw()).ok().flatten().map(|known| known.about.name.raw().to_owned());
        self.partners.borrow_mut().insert(id.raw().to_owned(), name.clone());
        name
    }

    fn person(&self, id: &PersonId) -> Option<String> {
        self.people.get(id).cloned()
    }
}
