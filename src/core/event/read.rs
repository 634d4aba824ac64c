//! Reads the native types out of an event's data.

use super::fields::Fields;
use super::{Case, CloudEvent, Document, Exception, FieldError, Native, Post, Severity, StatusChange};
use crate::core::partner::PartnerRef;
use crate::core::sync::reading;
use crate::core::text::Untrusted;

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
