//! What a batch of events must know of the store before it is decided, and what it then knows.

use super::Incoming;
use super::member::{case_key, exception_key};
use crate::core::alert::Alert;
use crate::core::case::Case;
use crate::core::contact::Contact;
use crate::core::desk::Desk;
use crate::core::document::Document;
use crate::core::event::{CaseStatus, Native};
use crate::core::exception::ExceptionReport;
use crate::core::expectation::Expectation;
use crate::core::flow;
use crate::core::id::AlertId;
use crate::core::inhibit::Inhibit;
use crate::core::notification::Notification;
use crate::core::onboarding::MilestoneRecord;
use crate::core::partner::{Partner, PartnerRef};
use crate::core::rule::Facts;
use crate::core::storm;
use crate::core::sync::Known;
use crate::core::task::Task;
use crate::core::text::Untrusted;
use crate::core::thread::Thread;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A thing that the community names within a partner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thing {
    pub partner: String,
    pub id: String,
}

impl Thing {
    pub fn of(partner: &PartnerRef, id: &Untrusted) -> Self {
        Self { partner: partner.id.raw().to_owned(), id: id.raw().to_owned() }
    }
}

/// What a batch must know of the store before it is decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Keys of alerts.
    pub keys: BTreeSet<String>,
    /// With the messages of those alerts.
    pub waiting: bool,
    pub partners: BTreeSet<String>,
    /// With the contacts a case names.
    pub cases: BTreeSet<Thing>,
    pub documents: BTreeSet<Thing>,
    pub threads: BTreeSet<Thing>,
    /// Partners whose milestones, and whose contacts, are needed.
    pub milestones: BTreeSet<String>,
    pub contacts_of: BTreeSet<String>,
    pub contacts: BTreeSet<String>,
    /// Keys of tasks that may be open.
    pub tasks: BTreeSet<String>,
    pub expectations: BTreeSet<String>,
    /// Keys of exceptions.
    pub exceptions: BTreeSet<String>,
    /// Partners whose newest alerts count towards a storm.
    pub raised_lately: BTreeSet<String>,
    /// Whose alerts may keep others quiet.
    pub around: Around,
    /// Contacts that another side speaks of, as it calls them.
    pub spoken_of: BTreeSet<String>,
}

/// Alerts that may keep others quiet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Around {
    #[default]
    Nobody,
    Partners(BTreeSet<String>),
    Everybody,
}

impl Around {
    /// Those that could keep an alert of this partner quiet.
    pub fn of(desk: &Desk, partner: &str) -> Self {
        if desk.inhibits.is_empty() {
            Around::Nobody
        } else if desk.inhibits.iter().any(Inhibit::crosses_partners) {
            Around::Everybody
        } else {
            Around::Partners([partner.to_owned()].into())
        }
    }

    pub fn add(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Around::Everybody, _) | (_, Around::Nobody) => {}
            (Around::Partners(all), Around::Partners(more)) => all.extend(more.iter().cloned()),
            (_, other) => *self = other.clone(),
        }
    }
}

impl Needs {
    /// All that several events need together.
    pub fn of<'p>(batch: impl IntoIterator<Item = &'p Needs>) -> Self {
        batch.into_iter().fold(Self::default(), |mut all, one| {
            all.keys.extend(one.keys.iter().cloned());
            all.waiting |= one.waiting;
            all.partners.extend(one.partners.iter().cloned());
            all.cases.extend(one.cases.iter().cloned());
            all.documents.extend(one.documents.iter().cloned());
            all.threads.extend(one.threads.iter().cloned());
            all.milestones.extend(one.milestones.iter().cloned());
            all.contacts_of.extend(one.contacts_of.iter().cloned());
            all.contacts.extend(one.contacts.iter().cloned());
            all.tasks.extend(one.tasks.iter().cloned());
            all.expectations.extend(one.expectations.iter().cloned());
            all.exceptions.extend(one.exceptions.iter().cloned());
            all.raised_lately.extend(one.raised_lately.iter().cloned());
            all.around.add(&one.around);
            all.spoken_of.extend(one.spoken_of.iter().cloned());
            all
        })
    }
}

/// What a batch is decided against, as it is in the store; decisions update it as they go.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Not resolved, found by the prepared keys.
    pub alerts: BTreeMap<AlertId, Alert>,
    pub keys: HashMap<String, AlertId>,
    pub partners: HashMap<String, Partner>,
    /// Of those alerts: messages that have not left yet.
    pub waiting: Vec<Notification>,
    pub cases: HashMap<Thing, Case>,
    pub documents: HashMap<Thing, Document>,
    pub threads: HashMap<Thing, Thread>,
    /// By their ids.
    pub milestones: HashMap<String, MilestoneRecord>,
    pub contacts: HashMap<String, Contact>,
    pub expectations: HashMap<String, Expectation>,
    /// What was last said of exceptions, by their keys.
    pub exceptions: HashMap<String, ExceptionReport>,
    /// When the newest alerts of partners were raised.
    pub raised_lately: HashMap<String, Vec<Timestamp>>,
    /// Alerts that stand and may keep others quiet.
    pub around: BTreeMap<AlertId, Alert>,
    /// Not done, by their keys.
    pub tasks: HashMap<String, Task>,
    /// How the desk calls the contacts that were spoken of, and what is known of each.
    pub called: HashMap<String, String>,
    pub known: HashMap<String, Known>,
}

pub(super) fn needs(
    desk: &Desk,
    incoming: &Incoming,
    facts: &Facts<'_>,
    keys: &[String],
    now: Timestamp,
) -> Needs {
    let mut needs = Needs {
        keys: keys.iter().cloned().collect(),
        waiting: matches!(incoming.native, Native::ExceptionCleared { .. }),
        partners: facts.partner.map(|partner| partner.id.raw().to_owned()).into_iter().collect(),
        ..Needs::default()
    };
    if let Native::ContactChanged { contact, .. } = &incoming.native {
        needs.spoken_of.insert(contact.raw().to_owned());
    }
    if let Native::ExceptionRaised { exception, partner, .. }
    | Native::ExceptionCleared { exception, partner, .. } = &incoming.native
    {
        needs.exceptions.insert(exception_key(partner, &exception.id));
    }
    if let (false, Some(partner)) = (keys.is_empty(), facts.partner) {
        needs.keys.extend(desk.policies.keys().map(|policy| storm::key(partner, policy)));
        needs.raised_lately.insert(partner.id.raw().to_owned());
        needs.around = Around::of(desk, partner.id.raw());
    }
    if let Native::CaseStatusChanged { change, partner } = &incoming.native
        && change.status == CaseStatus::Resolved
    {
        needs.keys.insert(case_key(partner, &change.case));
        needs.waiting = true;
    }
    flow::needs(desk, &incoming.native, &mut needs);
    needs.expectations.extend(flow::expectations::ids(desk, facts, now));
    needs
}
