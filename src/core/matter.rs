//! What a task is about. While that waits, the task is not done, whoever says so: it closes by itself
//! when the fact comes that it waits for.

use crate::core::case::Case;
use crate::core::document::{Document, ReviewState};
use crate::core::onboarding::{MilestoneRecord, MilestoneState};
use crate::core::sync::Link;
use crate::core::text::Untrusted;
use crate::core::thread::{Thread, ThreadState};

/// The thing a task is about, as it is now.
#[derive(Clone, Debug, PartialEq)]
pub enum Matter {
    Case(Case),
    Document(Document),
    Thread(Thread),
    Milestone(MilestoneRecord),
    /// A contact, and one of its other sides.
    Contact(Untrusted, Link),
}

impl Matter {
    /// What still waits and what closes the task, in two sentences; `None` once nothing waits.
    pub fn waits(&self) -> Option<String> {
        match self {
            Matter::Case(case) if case.waits_for_answer() => Some(format!(
                "Case {} of {} still waits for an answer. Its task closes when the community says it is under \
                 review or further.",
                case.reference.printable(),
                case.partner.name.printable()
            )),
            Matter::Document(document) if document.state == ReviewState::Pending => Some(format!(
                "{} of {} still waits for its review. Its task closes when the community says it was reviewed.",
                document.name.printable(),
                document.partner.name.printable()
            )),
            Matter::Thread(thread) if thread.state == ThreadState::Open => Some(format!(
                "“{}” of {} still waits for an answer. Its task closes when the community says it was answered.",
                thread.subject.printable(),
                thread.partner.name.printable()
            )),
            Matter::Milestone(record) if record.state == MilestoneState::Expected => Some(format!(
                "{} of {} is still to come. Its task closes when the community says it is reached.",
                record.milestone.word().replace('_', " "),
                record.partner.name.printable()
            )),
            // What the other side merely does not take asks for nothing but that somebody knows.
            Matter::Contact(name, link) if !link.conflicts.is_empty() => {
                let fields: Vec<&str> = link.conflicts.iter().map(|conflict| conflict.mine.name()).collect();
                Some(format!(
                    "{} of {} still differ here and in {}. Its task closes when somebody has chosen which counts.",
                    fields.join(" and "),
                    name.printable(),
                    link.side.spoken()
                ))
            }
            _ => None,
        }
    }
}
