//! How an event is called in a line, and what is told of it beside that.

use crate::core::desk::Desk;
use crate::core::event::Native;
use crate::core::flow::reader::Reader;
use crate::core::template::lower_first;
use crate::core::text::Untrusted;

pub(super) fn title(native: &Native, kind: &str, subject: Option<&str>) -> Untrusted {
    match native {
        Native::ExceptionRaised { exception, .. } => exception.title.clone(),
        Native::ExceptionCleared { exception, .. } => {
            Untrusted::new(format!("Cleared: {}", exception.title.raw()))
        }
        Native::CaseOpened { case, .. } => {
            Untrusted::new(format!("{} ({})", case.title.raw(), case.reference.raw()))
        }
        Native::CaseStatusChanged { change, .. } => {
            let called = change.reference.as_ref().unwrap_or(&change.case);
            Untrusted::new(format!("Case {} is {}", called.raw(), change.status.word().replace('_', " ")))
        }
        Native::DocumentUploaded { document, .. } => {
            Untrusted::new(format!("Document {}", document.name.raw()))
        }
        Native::DocumentReviewed { document, outcome, .. } => {
            let outcome = format!("{outcome:?}").to_lowercase();
            Untrusted::new(format!("Document {} {outcome}", document.name.raw()))
        }
        Native::PostCreated { post, .. } => post.subject.clone(),
        Native::PostAnswered { post, .. } => Untrusted::new(format!("Answered: {}", post.subject.raw())),
        Native::OnboardingMilestone { milestone, withdrawn, .. } => {
            let end = if *withdrawn { " withdrawn" } else { "" };
            Untrusted::new(format!("Milestone {}{end}", milestone.word().replace('_', " ")))
        }
        Native::ContactChanged { contact, .. } => {
            Untrusted::new(format!("Contact {} changed", contact.raw()))
        }
        Native::Missed { name, .. } => {
            subject.map_or_else(|| Untrusted::new(format!("{name} did not come")), Untrusted::from)
        }
        Native::Foreign => Untrusted::new(kind),
    }
}

/// What a notice says of an exception beside its title.
pub(super) fn told_facts(desk: &Desk, reader: &Reader<'_>, native: &Native) -> Vec<String> {
    let (Native::ExceptionRaised { exception, severity, .. }
    | Native::ExceptionCleared { exception, severity, .. }) = native
    else {
        return Vec::new();
    };
    let named = |what: &str, value: &Option<Untrusted>| {
        value.as_ref().map(|value| format!("{} {}", reader.word(what), value.printable()))
    };
    let mut facts = vec![format!(
        "{}, {}",
        reader.word(exception.kind.word()),
        lower_first(&reader.word(severity.as_str()))
    )];
    facts.extend(named("order", &exception.order));
    facts.extend(named("shipment", &exception.shipment));
    facts.extend(
        exception
            .amount
            .as_ref()
            .map(|amount| format!("{} {}", reader.word("at_risk"), reader.money(amount))),
    );
    facts.extend(
        exception.deadline.map(|deadline| format!("{} {}", reader.word("deadline"), reader.moment(deadline))),
    );
    facts.extend(exception.codes.iter().map(|code| desk.codes.in_words(code)));
    let description = exception.description.as_ref().map(Untrusted::printable_lines).unwrap_or_default();
    facts.extend(description.into_iter().take(20).map(|line| line.into_string()));
    facts
}
