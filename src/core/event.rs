//! Community events: CloudEvents attributes, and the native types read strictly out of their data.
//!
//! Required fields are required; an optional field that cannot be read is left out and named in
//! [`Event::unreadable`], so that a bad deadline never loses an urgent exception. Kinds, statuses
//! and milestones are open lists; severities, priorities and review outcomes are not.

use crate::core::id::{AlertId, EventId};
use crate::core::money::Money;
use crate::core::partner::PartnerRef;
use crate::core::sync::{Stated, reading};
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A list of words that we know by name and that the community may extend.
macro_rules! open_list {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name { $($variant,)+ Other(Untrusted) }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match word.as_str() { $($word => Self::$variant,)+ _ => Self::Other(Untrusted::new(word)) }
            }
        }
        impl From<$name> for String {
            fn from(kind: $name) -> String {
                kind.word().to_owned()
            }
        }
        impl $name {
            /// The word as the community writes it; from outside where it is none of ours.
            pub fn word(&self) -> &str {
                match self { $(Self::$variant => $word,)+ Self::Other(word) => word.raw() }
            }
        }
    };
}

open_list!(/// What went wrong.
ExceptionKind {
    LateShipment = "late_shipment",
    BlockedOrder = "blocked_order",
    ComplianceFailure = "compliance_failure",
    Dispute = "dispute",
    ShipmentException = "shipment_exception",
    OrderDiscrepancy = "order_discrepancy",
});
open_list!(/// What a partner's case is about.
CaseKind {
    Dispute = "dispute",
    ShipmentException = "shipment_exception",
    OrderDiscrepancy = "order_discrepancy",
});
open_list!(DocumentKind {
    Invoice = "invoice",
    ComplianceCertificate = "compliance_certificate",
    ShippingDocument = "shipping_document",
    ClaimsEvidence = "claims_evidence",
});
open_list!(PostKind { Question = "question", Request = "request", ActionItem = "action_item" });
open_list!(/// Where a case stands; `opened` until its first status is heard.
CaseStatus {
    Opened = "opened",
    Received = "received",
    UnderReview = "under_review",
    AwaitingDocuments = "awaiting_documents",
    Approved = "approved",
    Rejected = "rejected",
    Resolved = "resolved",
});
open_list!(Milestone {
    ProfileApproved = "profile_approved",
    DocumentsComplete = "documents_complete",
    TestingReady = "testing_ready",
    GoLive = "go_live",
});

/// How bad it is, as the community says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub const ALL: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// Four letters for narrow columns and SMS.
    pub fn short(self) -> &'static str {
        match self {
            Severity::Low => "LOW",
            Severity::Medium => "MED",
            Severity::High => "HIGH",
            Severity::Critical => "CRIT",
        }
    }
}

/// How pressing a case is, as the community says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Low,
    Normal,
    High,
    Urgent,
}

impl Priority {
    /// As severe as an alert of it would be.
    pub fn severity(self) -> Severity {
        match self {
            Priority::Low => Severity::Low,
            Priority::Normal => Severity::Medium,
            Priority::High => Severity::High,
            Priority::Urgent => Severity::Critical,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewOutcome {
    Approved,
    Rejected,
}

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

/// Reads the data of a native type. Returns the event and what optional fields were unreadable, or
/// the first required field that is missing or wrong.
pub fn native(event: &CloudEvent) -> Result<(Native, Vec<FieldError>), FieldError> {
    let mut notes = Vec::new();
    let kind = event.kind.as_str();
    if !matches!(
        kind,
        "community.case.opened"
            | "community.case.status_changed"
            | "community.document.uploaded"
            | "community.document.reviewed"
            | "community.post.created"
            | "community.post.answered"
            | "community.exception.raised"
            | "community.exception.cleared"
            | "community.onboarding.milestone"
            | "community.contact.changed"
    ) {
        return Ok((Native::Foreign, notes));
    }
    let data = Fields::of(&event.data, "data".to_owned())?;
    let native = match kind {
        "community.case.opened" => Native::CaseOpened {
            case: case(&data, &mut notes)?,
            partner: partner(&data, &mut notes)?,
            priority: data.word("priority", &["low", "normal", "high", "urgent"])?,
        },
        "community.case.status_changed" => Native::CaseStatusChanged {
            change: status_change(&data, &mut notes)?,
            partner: partner(&data, &mut notes)?,
        },
        "community.document.uploaded" => Native::DocumentUploaded {
            document: document(&data, &mut notes)?,
            partner: partner(&data, &mut notes)?,
        },
        "community.document.reviewed" => Native::DocumentReviewed {
            document: document(&data, &mut notes)?,
            partner: partner(&data, &mut notes)?,
            outcome: data.word("outcome", &["approved", "rejected"])?,
        },
        "community.post.created" => {
            let (post, partner, author) = post(&data, &mut notes)?;
            Native::PostCreated { post, partner, author }
        }
        "community.post.answered" => {
            let (post, partner, author) = post(&data, &mut notes)?;
            Native::PostAnswered { post, partner, author }
        }
        "community.exception.raised" => {
            let (exception, partner, severity) = exception(&data, &mut notes)?;
            Native::ExceptionRaised { exception, partner, severity }
        }
        "community.exception.cleared" => {
            let (exception, partner, severity) = exception(&data, &mut notes)?;
            Native::ExceptionCleared { exception, partner, severity }
        }
        "community.onboarding.milestone" => Native::OnboardingMilestone {
            partner: partner(&data, &mut notes)?,
            milestone: data.text("milestone")?.raw().to_owned().into(),
            contacts: data.maybe("contacts", Fields::contacts, &mut notes).unwrap_or_default(),
            withdrawn: data.maybe("withdrawn", Fields::truth, &mut notes).unwrap_or(false),
        },
        _ => {
            let contact = data.object("contact")?;
            Native::ContactChanged {
                contact: contact.text("id")?,
                version: contact.text_or_number("version")?,
                stated: Box::new(reading::contact(contact.object, &contact.path, &mut notes)),
            }
        }
    };
    Ok((native, notes))
}

fn partner(data: &Fields<'_>, notes: &mut Vec<FieldError>) -> Result<PartnerRef, FieldError> {
    let partner = data.object("partner")?;
    Ok(PartnerRef {
        id: partner.text("id")?,
        name: partner.text("name")?,
        tier: partner.maybe("tier", Fields::text, notes),
        region: partner.maybe("region", Fields::text, notes),
        time_zone: partner.maybe("time_zone", Fields::text, notes),
    })
}

fn case(data: &Fields<'_>, notes: &mut Vec<FieldError>) -> Result<Case, FieldError> {
    let case = data.object("case")?;
    let (opened_by, watchers) = followers(data, &case, notes);
    Ok(Case {
        id: case.text("id")?,
        reference: case.text("reference")?,
        kind: case.text("kind")?.raw().to_owned().into(),
        title: case.text("title")?,
        description: case.maybe("description", Fields::text, notes),
        order: case.maybe("order", Fields::text_or_number, notes),
        amount: case.maybe("amount", Fields::money, notes),
        deadline: case.maybe("deadline", Fields::time, notes),
        opened_by,
        watchers,
    })
}

/// Who opened a case and who watches it, beside the case or within it.
fn followers(
    data: &Fields<'_>,
    case: &Fields<'_>,
    notes: &mut Vec<FieldError>,
) -> (Option<Untrusted>, Vec<Untrusted>) {
    let opened_by = data
        .maybe("opened_by", Fields::contact, notes)
        .or_else(|| case.maybe("opened_by", Fields::contact, notes));
    let watchers = data
        .maybe("watchers", Fields::contacts, notes)
        .or_else(|| case.maybe("watchers", Fields::contacts, notes))
        .unwrap_or_default();
    (opened_by, watchers)
}

fn status_change(data: &Fields<'_>, notes: &mut Vec<FieldError>) -> Result<StatusChange, FieldError> {
    let case = data.object("case")?;
    let (opened_by, watchers) = followers(data, &case, notes);
    Ok(StatusChange {
        case: case.text("id")?,
        status: data.text("status")?.raw().to_owned().into(),
        reference: case.maybe("reference", Fields::text, notes),
        kind: case.maybe("kind", Fields::text, notes).map(|kind| kind.raw().to_owned().into()),
        title: case.maybe("title", Fields::text, notes),
        message: data.maybe("message", Fields::text, notes),
        wanted: data.maybe("wanted", Fields::texts, notes),
        due: data.maybe("due", Fields::time, notes),
        opened_by,
        watchers,
    })
}

fn document(data: &Fields<'_>, notes: &mut Vec<FieldError>) -> Result<Document, FieldError> {
    let document = data.object("document")?;
    Ok(Document {
        id: document.text("id")?,
        name: document.text("name")?,
        kind: document.text("kind")?.raw().to_owned().into(),
        url: document.maybe("url", Fields::text, notes),
        case: document.maybe("case_id", Fields::text_or_number, notes),
        uploaded_by: data
            .maybe("uploaded_by", Fields::contact, notes)
            .or_else(|| document.maybe("uploaded_by", Fields::contact, notes)),
    })
}

fn post(data: &Fields<'_>, notes: &mut Vec<FieldError>) -> Result<(Post, PartnerRef, Untrusted), FieldError> {
    let post = data.object("post")?;
    let marked = |fields: &Fields<'_>, notes: &mut Vec<FieldError>| {
        let automatic = fields.maybe("automatic", Fields::truth, notes).unwrap_or(false);
        let submitted = fields.maybe("auto_submitted", Fields::text, notes);
        automatic || submitted.is_some_and(|word| !word.raw().trim().eq_ignore_ascii_case("no"))
    };
    let subject = post.text("subject")?;
    let automatic = marked(&post, notes) || marked(data, notes) || reads_automatic(subject.raw());
    let post = Post {
        id: post.text("id")?,
        thread: post.text("thread")?,
        kind: post.text("kind")?.raw().to_owned().into(),
        subject,
        body: post.maybe("body", Fields::text, notes),
        case: post.maybe("case_id", Fields::text_or_number, notes),
        automatic,
    };
    Ok((post, partner(data, notes)?, data.object("author")?.text("contact_id")?))
}

/// Subjects under which mail programs answer by themselves, in the languages we speak.
fn reads_automatic(subject: &str) -> bool {
    const STARTS: [&str; 12] = [
        "auto:",
        "automatic reply",
        "auto reply",
        "autoreply",
        "out of office",
        "undeliverable",
        "delivery status notification",
        "automatische antwort",
        "abwesenheitsnotiz",
        "réponse automatique",
        "respuesta automática",
        "mail delivery failed",
    ];
    let subject = subject.trim_start().to_lowercase();
    STARTS.iter().any(|start| subject.starts_with(start))
}

fn exception(
    data: &Fields<'_>,
    notes: &mut Vec<FieldError>,
) -> Result<(Exception, PartnerRef, Severity), FieldError> {
    let inner = data.object("exception")?;
    let exception = Exception {
        id: inner.text("id")?,
        kind: inner.text("kind")?.raw().to_owned().into(),
        title: inner.text("title")?,
        description: inner.maybe("description", Fields::text, notes),
        order: inner.maybe("order", Fields::text_or_number, notes),
        shipment: inner.maybe("shipment", Fields::text_or_number, notes),
        case: inner.maybe("case_id", Fields::text_or_number, notes),
        amount: inner.maybe("amount", Fields::money, notes),
        deadline: inner.maybe("deadline", Fields::time, notes),
        codes: inner.maybe("codes", Fields::codes, notes).unwrap_or_default(),
    };
    let severity = data.word("severity", &["low", "medium", "high", "critical"])?;
    Ok((exception, partner(data, notes)?, severity))
}

/// A JSON object being read, with the path that leads to it.
struct Fields<'a> {
    object: &'a serde_json::Map<String, Value>,
    path: String,
}

impl<'a> Fields<'a> {
    fn of(value: &'a Value, path: String) -> Result<Self, FieldError> {
        match value {
            Value::Object(object) => Ok(Self { object, path }),
            Value::Null => {
                Err(FieldError { field: path, problem: "is missing; it must be a JSON object".into() })
            }
            other => {
                Err(FieldError { field: path, problem: format!("is {}, not a JSON object", type_of(other)) })
            }
        }
    }

    fn wrong(&self, name: &str, problem: impl Into<String>) -> FieldError {
        FieldError { field: format!("{}.{name}", self.path), problem: problem.into() }
    }

    fn required(&self, name: &str, wanted: &str) -> Result<&'a Value, FieldError> {
        match self.object.get(name) {
            None | Some(Value::Null) => Err(self.wrong(name, format!("is missing; it must be {wanted}"))),
            Some(value) => Ok(value),
        }
    }

    fn object(&self, name: &str) -> Result<Fields<'a>, FieldError> {
        Fields::of(self.object.get(name).unwrap_or(&Value::Null), format!("{}.{name}", self.path))
    }

    /// A string that says something.
    fn text(&self, name: &str) -> Result<Untrusted, FieldError> {
        match self.required(name, "a string")? {
            Value::String(text) if text.trim().is_empty() => Err(self.wrong(name, "is empty")),
            Value::String(text) => Ok(Untrusted::from(text.as_str())),
            other => Err(self.wrong(name, format!("is {}, not a string", type_of(other)))),
        }
    }

    fn text_or_number(&self, name: &str) -> Result<Untrusted, FieldError> {
        match self.required(name, "a string")? {
            Value::Number(number) => Ok(Untrusted::new(number.to_string())),
            _ => self.text(name),
        }
    }

    fn word<T: serde::de::DeserializeOwned>(&self, name: &str, words: &[&str]) -> Result<T, FieldError> {
        let value = self.required(name, &format!("one of {}", words.join(", ")))?;
        serde_json::from_value(value.clone()).map_err(|_| {
            let found = match value {
                Value::String(text) => format!("{:?}", crate::core::text::sanitise(text)),
                other => type_of(other).to_owned(),
            };
            self.wrong(name, format!("is {found}; it must be one of {}", words.join(", ")))
        })
    }

    fn time(&self, name: &str) -> Result<Timestamp, FieldError> {
        let text = self.text(name)?;
        text.raw()
            .parse()
            .map_err(|_| self.wrong(name, "is not an RFC 3339 time such as 2026-11-22T06:00:00Z"))
    }

    fn truth(&self, name: &str) -> Result<bool, FieldError> {
        match self.required(name, "true or false")? {
            Value::Bool(truth) => Ok(*truth),
            other => Err(self.wrong(name, format!("is {}, not true or false", type_of(other)))),
        }
    }

    fn list<T>(
        &self,
        name: &str,
        read: impl Fn(&Value, String) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, FieldError> {
        let Value::Array(items) = self.required(name, "a list")? else {
            return Err(self.wrong(name, "is not a list"));
        };
        let at = |i: usize| format!("{}.{name}[{i}]", self.path);
        items.iter().enumerate().map(|(i, item)| read(item, at(i))).collect()
    }

    fn texts(&self, name: &str) -> Result<Vec<Untrusted>, FieldError> {
        self.list(name, |item, field| match item {
            Value::String(text) => Ok(Untrusted::from(text.as_str())),
            Value::Object(object) => match object.get("name") {
                Some(Value::String(text)) => Ok(Untrusted::from(text.as_str())),
                _ => Err(FieldError { field, problem: "has no name".into() }),
            },
            other => Err(FieldError { field, problem: format!("is {}, not a string", type_of(other)) }),
        })
    }

    /// `{"contact_id": "…"}`, or the bare id.
    fn contact(&self, name: &str) -> Result<Untrusted, FieldError> {
        contact_id(self.required(name, "a contact")?, format!("{}.{name}", self.path))
    }

    fn contacts(&self, name: &str) -> Result<Vec<Untrusted>, FieldError> {
        self.list(name, contact_id)
    }

    fn money(&self, name: &str) -> Result<Money, FieldError> {
        let amount = self.object(name)?;
        let value = match amount.required("value", "a number")? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let cents = value.map(|v| (v * 100.0).round()).filter(|v| v.is_finite() && v.abs() < 9e15);
        match cents {
            Some(cents) => Ok(Money { cents: cents as i64, currency: amount.text("currency")? }),
            None => Err(amount.wrong("value", "is not a number")),
        }
    }

    fn codes(&self, name: &str) -> Result<Vec<Code>, FieldError> {
        self.list(name, |code, path| {
            let code = Fields::of(code, path)?;
            Ok(Code {
                set: code.text_or_number("set")?,
                element: code.text_or_number("element")?,
                code: code.text_or_number("code")?,
            })
        })
    }

    /// An optional field: absent or null is `None`; present but unreadable is noted and `None`.
    fn maybe<T>(
        &self,
        name: &str,
        read: impl Fn(&Self, &str) -> Result<T, FieldError>,
        notes: &mut Vec<FieldError>,
    ) -> Option<T> {
        match self.object.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.trim().is_empty() => None,
            Some(_) => read(self, name).map_err(|problem| notes.push(problem)).ok(),
        }
    }
}

fn contact_id(value: &Value, path: String) -> Result<Untrusted, FieldError> {
    match value {
        Value::String(id) if !id.trim().is_empty() => Ok(Untrusted::from(id.as_str())),
        other => {
            let fields = Fields::of(other, path)?;
            fields.text("contact_id").or_else(|missing| fields.text("id").map_err(|_| missing))
        }
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(kind: &str, data: Value) -> CloudEvent {
        CloudEvent {
            id: "1".into(),
            source: "/test".into(),
            kind: kind.into(),
            time: None,
            subject: None,
            attributes: BTreeMap::new(),
            data,
        }
    }

    fn raised() -> Value {
        json!({
            "exception": {"id": "X1", "kind": "blocked_order", "title": "Blocked order 4500123", "order": 4500123,
                "amount": {"value": 84200, "currency": "EUR"}, "deadline": "2026-11-24T06:00:00Z"},
            "partner": {"id": "acme", "name": "Acme Tools"},
            "severity": "critical"
        })
    }

    #[test]
    fn a_full_exception_is_read() {
        let (native, notes) = native(&event("community.exception.raised", raised())).unwrap();
        let Native::ExceptionRaised { exception, severity, .. } = native else { panic!("{native:?}") };
        assert_eq!(exception.kind, ExceptionKind::BlockedOrder);
        assert_eq!(exception.order, Some("4500123".into()));
        assert_eq!(exception.amount.map(|a| a.cents), Some(8_420_000));
        assert_eq!(severity, Severity::Critical);
        assert!(notes.is_empty());
    }

    #[test]
    fn a_missing_or_wrong_required_field_is_named_with_its_path() {
        for (path, value, wanted) in [
            ("/exception", Value::Null, "data.exception: is missing"),
            ("/exception/id", json!(7), "data.exception.id: is a number, not a string"),
            ("/exception/title", json!(" "), "data.exception.title: is empty"),
            ("/partner/name", Value::Null, "data.partner.name: is missing"),
            ("/severity", json!("awful"), "data.severity: is \"awful\"; it must be one of low"),
        ] {
            let mut data = raised();
            *data.pointer_mut(path).unwrap() = value;
            let error = native(&event("community.exception.raised", data)).unwrap_err().to_string();
            assert!(error.starts_with(wanted), "{path}: {error}");
        }
    }

    #[test]
    fn a_bad_optional_field_is_noted_and_never_loses_the_exception() {
        let mut data = raised();
        data["exception"]["deadline"] = json!("tomorrow");
        data["exception"]["amount"] = json!({"value": "much", "currency": "EUR"});
        let (_, notes) = native(&event("community.exception.raised", data)).unwrap();
        let fields: Vec<_> = notes.iter().map(|n| n.field.as_str()).collect();
        assert_eq!(fields, ["data.exception.amount.value", "data.exception.deadline"]);
    }

    #[test]
    fn other_types_are_taken_whatever_their_data() {
        assert_eq!(native(&event("community.weather", Value::Null)).unwrap().0, Native::Foreign);
        assert_eq!(native(&event("com.example.x", json!([1]))).unwrap().0, Native::Foreign);
    }
}
