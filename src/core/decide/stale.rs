//! What comes again or late says nothing new, and what was said last is kept to know it by.

use super::member::{case_key, exception_key};
use super::{Thing, View};
use crate::core::change::{Change, Object, What};
use crate::core::escalation::Decision;
use crate::core::event::Native;
use crate::core::exception::{ExceptionReport, ReportState};
use crate::core::mark::Mark;

/// Why an event says nothing new of an exception or a case: it comes again, or late.
pub(super) fn stale(view: &View, native: &Native, mark: &Mark) -> Option<&'static str> {
    let lives = |key: &str| view.keys.contains_key(key);
    match native {
        Native::ExceptionRaised { exception, partner, severity }
        | Native::ExceptionCleared { exception, partner, severity } => {
            let key = exception_key(partner, &exception.id);
            let state = report_state(native);
            view.exceptions.get(&key)?.makes_stale(state, *severity, mark, lives(&key))
        }
        Native::CaseOpened { case, partner, priority } => {
            let known = view.cases.get(&Thing::of(partner, &case.id))?;
            let again = known.opened && known.priority >= Some(*priority);
            match lives(&case_key(partner, &case.id)) {
                _ if known.is_over() => Some("the case is over"),
                false if again => Some("its opening was heard before"),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A newer status of the case was heard.
pub(super) fn overtaken(view: &View, case: &Thing, mark: &Mark) -> bool {
    let known = view.cases.get(case).and_then(|case| case.mark.as_ref());
    known.is_some_and(|last| mark.is_before(last))
}

/// Keeps what an event says of an exception, for those that come after it.
pub(super) fn remember_report(
    decision: &mut Decision<'_>,
    view: &mut View,
    native: &Native,
    mark: &Mark,
    alerts: bool,
) {
    let (Native::ExceptionRaised { exception, partner, severity }
    | Native::ExceptionCleared { exception, partner, severity }) = native
    else {
        return;
    };
    let key = exception_key(partner, &exception.id);
    let known = view.exceptions.get(&key);
    let state = report_state(native);
    let before = known.and_then(|known| known.alerted);
    let alerted = match state {
        ReportState::Cleared => None,
        ReportState::Raised if alerts => before.max(Some(*severity)),
        ReportState::Raised => before,
    };
    let report = ExceptionReport {
        id: key.as_str().into(),
        partner: partner.id.clone(),
        state,
        severity: *severity,
        alerted,
        mark: known.map_or_else(|| mark.clone(), |known| mark.over(&known.mark)),
        created_at: known.map_or(decision.now, |known| known.created_at),
        updated_at: decision.now,
    };
    let object = Object::Exception(Box::new(report.clone()));
    let sentence = format!("Said of it: {}.", exception.title.raw());
    decision.changes.push(Change::of_partner(
        decision.now,
        What::ExceptionReported,
        sentence,
        &partner.id,
        object,
    ));
    view.exceptions.insert(key, report);
}

fn report_state(native: &Native) -> ReportState {
    match native {
        Native::ExceptionCleared { .. } => ReportState::Cleared,
        _ => ReportState::Raised,
    }
}
