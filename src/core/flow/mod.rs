//! The flows between partners and the desk, one file each: what a case, a document, a post or a
//! milestone makes of what is known, whose task it becomes, and who is told in which words.

pub mod arrival;
pub mod audience;
mod cases;
mod documents;
pub mod expectations;
mod onboarding;
pub mod outcome;
mod posts;
pub mod reader;
#[cfg(test)]
pub(in crate::core) mod stage;
pub mod tasks;
#[cfg(test)]
mod tests;

use crate::core::contact::Category;
use crate::core::decide::{Needs, Thing, View};
use crate::core::desk::Desk;
use crate::core::escalation::{About, Decision};
use crate::core::event::{Milestone, Native};
use crate::core::id::{AlertId, EventId};
use crate::core::mark::Mark;
use crate::core::partner::PartnerRef;
use crate::core::rule::Rule;
use crate::core::text::Untrusted;

pub use audience::{Pressing, frame, mail_thread, reason};
pub use cases::belongs;
pub use onboarding::late;

/// What a flow must know of the event beside what it says.
pub struct Heard<'a> {
    pub event: EventId,
    /// What it is about, in a few words.
    pub title: Untrusted,
    pub mark: Mark,
    /// The rule that matched.
    pub rule: Option<&'a Rule>,
    /// The alert it raised or joined.
    pub alert: Option<AlertId>,
}

impl Heard<'_> {
    /// What messages about it are about.
    pub fn about(&self, partner: &PartnerRef, category: Category, thing: Option<&Thing>) -> About {
        About {
            alert: None,
            event: Some(self.event),
            partner: Some(partner.id.clone()),
            category,
            urgent: false,
            thread: thing.map(mail_thread),
        }
    }
}

/// What became of an event in its flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Something followed from it.
    pub handled: bool,
    /// What did not, and why.
    pub why: Vec<String>,
}

impl Taken {
    fn quiet(because: &str) -> Self {
        Self { handled: false, why: vec![because.to_owned()] }
    }

    fn handled(why: Vec<String>) -> Self {
        Self { handled: true, why }
    }
}

/// Takes one event through its flow; `None` for those that have none.
pub fn take(
    decision: &mut Decision<'_>,
    view: &mut View,
    native: &Native,
    heard: &Heard<'_>,
) -> Option<Taken> {
    Some(match native {
        Native::CaseOpened { case, partner, priority } => {
            cases::opened(decision, view, heard, case, partner, *priority)
        }
        Native::CaseStatusChanged { change, partner } => cases::moved(decision, view, heard, change, partner),
        Native::DocumentUploaded { document, partner } => {
            documents::uploaded(decision, view, heard, document, partner)
        }
        Native::DocumentReviewed { document, partner, outcome } => {
            documents::reviewed(decision, view, heard, document, partner, *outcome)
        }
        Native::PostCreated { post, partner, author } => {
            posts::created(decision, view, heard, post, partner, author)
        }
        Native::PostAnswered { post, partner, author } => {
            posts::answered(decision, view, heard, post, partner, author)
        }
        Native::OnboardingMilestone { partner, milestone, contacts, withdrawn } => {
            onboarding::told(decision, view, heard, partner, milestone, contacts, *withdrawn)
        }
        Native::Missed { partner, name } => expectations::tell(decision, heard, partner, name),
        Native::ExceptionRaised { .. }
        | Native::ExceptionCleared { .. }
        | Native::ContactChanged { .. }
        | Native::Foreign => return None,
    })
}

/// Adds what an event must know of the store before its flow can take it.
pub fn needs(desk: &Desk, native: &Native, needs: &mut Needs) {
    match native {
        Native::CaseOpened { case, partner, .. } => {
            needs.cases.insert(Thing::of(partner, &case.id));
            needs.tasks.insert(case_task(partner, &case.id));
            needs.tasks.insert(nobody_task(partner, &case.id));
            let named = case.opened_by.iter().chain(&case.watchers);
            needs.contacts.extend(named.map(|id| id.raw().to_owned()));
        }
        Native::CaseStatusChanged { change, partner } => {
            needs.cases.insert(Thing::of(partner, &change.case));
            needs.tasks.insert(case_task(partner, &change.case));
            needs.tasks.insert(nobody_task(partner, &change.case));
            needs.contacts_of.insert(partner.id.raw().to_owned());
            needs.contacts.extend(change.opened_by.iter().map(|id| id.raw().to_owned()));
            needs.contacts.extend(change.watchers.iter().map(|id| id.raw().to_owned()));
        }
        Native::DocumentUploaded { document, partner }
        | Native::DocumentReviewed { document, partner, .. } => {
            needs.documents.insert(Thing::of(partner, &document.id));
            needs.tasks.insert(review_task(partner, &document.id));
            needs.contacts.extend(document.uploaded_by.iter().map(|id| id.raw().to_owned()));
            needs.cases.extend(document.case.iter().map(|case| Thing::of(partner, case)));
        }
        Native::PostCreated { post, partner, author } | Native::PostAnswered { post, partner, author } => {
            needs.threads.insert(Thing::of(partner, &post.thread));
            needs.tasks.insert(answer_task(partner, &post.thread));
            needs.contacts.insert(author.raw().to_owned());
            needs.cases.extend(post.case.iter().map(|case| Thing::of(partner, case)));
        }
        Native::OnboardingMilestone { partner, milestone, contacts, .. } => {
            needs.milestones.insert(partner.id.raw().to_owned());
            needs.contacts_of.insert(partner.id.raw().to_owned());
            needs.contacts.extend(contacts.iter().map(|id| id.raw().to_owned()));
            let planned = desk.plans.iter().flat_map(|plan| &plan.steps).map(|step| &step.milestone);
            needs.tasks.extend(planned.chain([milestone]).map(|milestone| plan_task(partner, milestone)));
        }
        Native::ExceptionRaised { .. }
        | Native::ExceptionCleared { .. }
        | Native::ContactChanged { .. }
        | Native::Missed { .. }
        | Native::Foreign => {}
    }
}

/// What people call a case: its reference where it is known, else the id.
pub fn case_reference(view: &View, partner: &PartnerRef, case: &Untrusted) -> String {
    let known = view.cases.get(&Thing::of(partner, case));
    known.map_or(case, |case| &case.reference).printable().into_string()
}

/// The keys under which tasks are found again.
pub fn case_task(partner: &PartnerRef, case: &Untrusted) -> String {
    task_key("case", partner, case.raw())
}

pub fn nobody_task(partner: &PartnerRef, case: &Untrusted) -> String {
    task_key("nobody", partner, case.raw())
}

pub fn review_task(partner: &PartnerRef, document: &Untrusted) -> String {
    task_key("review", partner, document.raw())
}

pub fn answer_task(partner: &PartnerRef, thread: &Untrusted) -> String {
    task_key("answer", partner, thread.raw())
}

pub fn plan_task(partner: &PartnerRef, milestone: &Milestone) -> String {
    task_key("plan", partner, milestone.word())
}

fn task_key(what: &str, partner: &PartnerRef, id: &str) -> String {
    format!("{what}\u{1f}{}\u{1f}{id}", partner.id.raw())
}
