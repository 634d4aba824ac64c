//! The flows between partners and the desk, one file each: what a case, a document, a post or a
//! milestone makes of what is known, whose task it becomes, and who is told in which words.

use crate::core::decide::{Needs, Thing};
use crate::core::desk::Desk;
use crate::core::event::Native;
use crate::core::partner::PartnerRef;
use crate::core::text::Untrusted;

/// Adds what this event must know of the store.
pub fn needs(_desk: &Desk, native: &Native, needs: &mut Needs) {
    match native {
        Native::CaseOpened { case, partner, .. } => {
            needs.cases.insert(Thing::of(partner, &case.id));
            needs.tasks.insert(case_task(partner, &case.id));
            needs.contacts.extend(case.opened_by.iter().map(|id| id.raw().to_owned()));
        }
        Native::CaseStatusChanged { change, partner } => {
            needs.cases.insert(Thing::of(partner, &change.case));
            needs.tasks.insert(case_task(partner, &change.case));
            needs.tasks.insert(nobody_task(partner, &change.case));
            needs.contacts_of.insert(partner.id.raw().to_owned());
            needs.contacts.extend(change.opened_by.iter().map(|id| id.raw().to_owned()));
            needs.contacts.extend(change.watchers.iter().map(|id| id.raw().to_owned()));
            needs.keys.insert(format!("case\u{1f}{}\u{1f}{}", partner.id.raw(), change.case.raw()));
            needs.waiting = true;
        }
        Native::DocumentUploaded { document, partner }
        | Native::DocumentReviewed { document, partner, .. } => {
            needs.documents.insert(Thing::of(partner, &document.id));
            needs.tasks.insert(review_task(partner, &document.id));
            needs.contacts.extend(document.uploaded_by.iter().map(|id| id.raw().to_owned()));
        }
        Native::PostCreated { post, partner, author } | Native::PostAnswered { post, partner, author } => {
            needs.threads.insert(Thing::of(partner, &post.thread));
            needs.tasks.insert(answer_task(partner, &post.thread));
            needs.contacts.insert(author.raw().to_owned());
            needs.cases.extend(post.case.iter().map(|case| Thing::of(partner, case)));
        }
        Native::OnboardingMilestone { partner, contacts, .. } => {
            needs.milestones.insert(partner.id.raw().to_owned());
            needs.contacts_of.insert(partner.id.raw().to_owned());
            needs.contacts.extend(contacts.iter().map(|id| id.raw().to_owned()));
        }
        _ => {}
    }
}

/// The keys under which tasks are found again.
pub fn case_task(partner: &PartnerRef, case: &Untrusted) -> String {
    format!("case\u{1f}{}\u{1f}{}", partner.id.raw(), case.raw())
}

pub fn nobody_task(partner: &PartnerRef, case: &Untrusted) -> String {
    format!("fix\u{1f}nobody\u{1f}{}\u{1f}{}", partner.id.raw(), case.raw())
}

pub fn review_task(partner: &PartnerRef, document: &Untrusted) -> String {
    format!("review\u{1f}{}\u{1f}{}", partner.id.raw(), document.raw())
}

pub fn answer_task(partner: &PartnerRef, thread: &Untrusted) -> String {
    format!("answer\u{1f}{}\u{1f}{}", partner.id.raw(), thread.raw())
}
