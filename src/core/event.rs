//! Community events: CloudEvents attributes, and the native types read strictly out of their data.
//!
//! Required fields are required; an optional field that cannot be read is left out and named in
//! [`Event::unreadable`], so that a bad deadline never loses an urgent exception. Kinds, statuses
//! and milestones are open lists; severities, priorities and review outcomes are not.

mod fields;
mod read;
#[cfg(test)]
mod tests;
mod words;

pub use read::native;
pub use words::{
    CaseKind, CaseStatus, DocumentKind, ExceptionKind, Milestone, PostKind, Priority, ReviewOutcome, Severity,
};

use crate::core::id::{AlertId, EventId};
use crate::core::money::Money;
use crate::core::partner::PartnerRef;
use crate::core::sync::Stated;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// An X12 or EDIFACT code, such as `AT701 SD` of a 214.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    pub set: Untrusted,
    pub element: Untrusted,
    pub code: Untrusted,
}

/// A CloudEvent 1.0 with its data parsed; the transport has already checked its form.
#[derive(Clone, Debug, PartialEq)]
pub struct CloudEvent {
    pub id: String,
    pub source: String,
    pub kind: String,
    pub time: Option<Timestamp>,
    pub subject: Option<String>,
    /// All other attributes, `dataschema` and extensions among them.
    pub attributes: BTreeMap<String, Value>,
    /// `Null` when the event has no data; a JSON string when it is text; base64 in
    /// `{"data_base64": …}` when it is neither.
    pub data: Value,
}

impl Native {
    /// The partner an event is about, to be filled in with what is known of it.
    pub fn partner_mut(&mut self) -> Option<&mut PartnerRef> {
        match self {
            Native::CaseOpened { partner, .. }
            | Native::CaseStatusChanged { partner, .. }
            | Native::DocumentUploaded { partner, .. }
            | Native::DocumentReviewed { partner, .. }
            | Native::PostCreated { partner, .. }
            | Native::PostAnswered { partner, .. }
            | Native::ExceptionRaised { partner, .. }
            | Native::ExceptionCleared { partner, .. }
            | Native::OnboardingMilestone { partner, .. }
            | Native::Missed { partner, .. } => Some(partner),
            Native::ContactChanged { .. } | Native::Foreign => None,
        }
    }
}

impl CloudEvent {
    /// The `sequence` extension, by which status changes are ordered.
    pub fn sequence(&self) -> Option<String> {
        sequence(&self.attributes)
    }
}

/// What the desk did with an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventState {
    /// A rule matched and somebody is told, or an alert was touched.
    Handled,
    /// Taken and kept; it tells nobody, and the trace says why.
    Quiet,
    /// Of a type or kind that no rule speaks of.
    NoRule,
}

/// A community event as the desk keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub id: EventId,
    pub state: EventState,
    /// The configured source it came in by.
    pub feed: String,
    /// CloudEvents `source`, `id` and `type`.
    pub source: Untrusted,
    pub event_id: Untrusted,
    #[serde(rename = "type")]
    pub kind: Untrusted,
    #[serde(default)]
    pub subject: Option<Untrusted>,
    pub time: Option<Timestamp>,
    #[serde(default)]
    pub attributes: BTreeMap<String, Value>,
    pub data: Value,
    /// Optional fields that could not be read, each with why.
    #[serde(default)]
    pub unreadable: Vec<FieldError>,
    pub partner: Option<PartnerRef>,
    pub severity: Option<Severity>,
    /// What it is about, in a few words.
    pub title: Untrusted,
    pub alert: Option<AlertId>,
    /// Every rule that was looked at, and why it did or did not match.
    #[serde(default)]
    pub why: Vec<Verdict>,
    /// SHA-256 over attributes and data, to tell a duplicate from a conflict.
    pub fingerprint: String,
    pub config_version: u64,
    pub created_at: Timestamp,
}

impl Event {
    /// The `sequence` extension, by which reports about one thing are ordered.
    pub fn sequence(&self) -> Option<Untrusted> {
        sequence(&self.attributes).map(Untrusted::new)
    }
}

fn sequence(attributes: &BTreeMap<String, Value>) -> Option<String> {
    match attributes.get("sequence")? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// One rule's answer to one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub rule: String,
    pub matched: bool,
    /// "severity is high, the rule wants critical".
    pub because: Untrusted,
}

/// A field of an event's data that is missing or of the wrong type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct FieldError {
    /// The path, such as `data.exception.id`.
    pub field: String,
    pub problem: String,
}

/// The native events, read from `data`.
#[derive(Clone, Debug, PartialEq)]
pub enum Native {
    CaseOpened {
        case: Case,
        partner: PartnerRef,
        priority: Priority,
    },
    CaseStatusChanged {
        change: StatusChange,
        partner: PartnerRef,
    },
    DocumentUploaded {
        document: Document,
        partner: PartnerRef,
    },
    DocumentReviewed {
        document: Document,
        partner: PartnerRef,
        outcome: ReviewOutcome,
    },
    PostCreated {
        post: Post,
        partner: PartnerRef,
        author: Untrusted,
    },
    PostAnswered {
        post: Post,
        partner: PartnerRef,
        author: Untrusted,
    },
    ExceptionRaised {
        exception: Exception,
        partner: PartnerRef,
        severity: Severity,
    },
    ExceptionCleared {
        exception: Exception,
        partner: PartnerRef,
        severity: Severity,
    },
    OnboardingMilestone {
        partner: PartnerRef,
        milestone: Milestone,
        /// Contact ids the event names; none where it leaves that to us.
        contacts: Vec<Untrusted>,
        /// The milestone is taken back.
        withdrawn: bool,
    },
    ContactChanged {
        contact: Untrusted,
        version: Untrusted,
        /// What the event carries of the contact beside its id.
        stated: Box<Stated>,
    },
    /// The desk's own: what was expected under this name did not come. Never read from outside.
    Missed {
        partner: PartnerRef,
        name: String,
    },
    /// Of a type that is not ours: kept, shown, and told to nobody unless a rule says so.
    Foreign,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub id: Untrusted,
    pub reference: Untrusted,
    pub kind: CaseKind,
    pub title: Untrusted,
    pub description: Option<Untrusted>,
    pub order: Option<Untrusted>,
    pub amount: Option<Money>,
    pub deadline: Option<Timestamp>,
    /// Contact ids.
    pub opened_by: Option<Untrusted>,
    pub watchers: Vec<Untrusted>,
}

/// A case moved; what the event carries of the case beside its id is optional.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusChange {
    pub case: Untrusted,
    pub status: CaseStatus,
    pub reference: Option<Untrusted>,
    pub kind: Option<CaseKind>,
    pub title: Option<Untrusted>,
    /// Written for the partner. The internal `note` is never read.
    pub message: Option<Untrusted>,
    /// Documents wanted of the partner.
    pub wanted: Option<Vec<Untrusted>>,
    pub due: Option<Timestamp>,
    pub opened_by: Option<Untrusted>,
    pub watchers: Vec<Untrusted>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub id: Untrusted,
    pub name: Untrusted,
    pub kind: DocumentKind,
    pub url: Option<Untrusted>,
    /// The case it belongs to.
    pub case: Option<Untrusted>,
    /// Contact id.
    pub uploaded_by: Option<Untrusted>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    pub id: Untrusted,
    pub thread: Untrusted,
    pub kind: PostKind,
    pub subject: Untrusted,
    pub body: Option<Untrusted>,
    /// The case it is about, where the community says so.
    pub case: Option<Untrusted>,
    /// A machine wrote it (RFC 3834); it is never answered by another.
    pub automatic: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    pub id: Untrusted,
    pub kind: ExceptionKind,
    pub title: Untrusted,
    pub description: Option<Untrusted>,
    pub order: Option<Untrusted>,
    pub shipment: Option<Untrusted>,
    pub case: Option<Untrusted>,
    pub amount: Option<Money>,
    pub deadline: Option<Timestamp>,
    pub codes: Vec<Code>,
}
