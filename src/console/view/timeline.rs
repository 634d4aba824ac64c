//! What has happened, a line each: facts in a word and a sentence, messages with what is proven of them.

use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::theme::Meaning;
use crate::console::view::paint::{Spans, cells, wrap};
use crate::core::change::{Actor, Change, Numbered, Object, What};
use crate::core::contact::Medium;
use crate::core::notification::{Notification, NotificationState, Rung};
use crate::core::text::sanitise;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Where the sentence of a line begins, after the time and the word.
const INDENT: u16 = 17;

pub fn entry(zone: &TimeZone, at: Timestamp, word: &str, meaning: Meaning, text: String) -> Spans {
    vec![
        (clock::hour_minute_second(at, zone), Meaning::Quiet),
        (format!(" {word:<7} "), meaning),
        (text, Meaning::Plain),
    ]
}

/// One message: to whom, how, what is proven and by whom.
pub fn told(desk: &Desk, notification: &Notification, at: Timestamp, zone: &TimeZone) -> Spans {
    use NotificationState::*;
    let medium = match notification.medium {
        Medium::Sms => "SMS",
        Medium::Email => "mail",
    };
    let name = desk.recipient_name(notification);
    let newest = notification.evidence.iter().max_by_key(|evidence| evidence.at);
    let outcome = notification.reason.outcome.as_ref().map(|why| why.printable().into_string());
    let answer = notification.attempts.last().and_then(|attempt| attempt.answer.as_ref());
    let answer = answer.map(|answer| answer.printable().into_string());
    let by = newest.map(|evidence| {
        let at = clock::hour_minute_second(evidence.at, zone);
        let by = sanitise(&evidence.by).into_owned();
        (at, by, evidence.detail.printable().into_string())
    });
    let (meaning, proof) = match (notification.state, by) {
        (Delivered | Read, Some((at, by, _))) => (Meaning::Good, format!("{at} by {by}")),
        (Accepted | Sent, Some((_, by, _))) => (Meaning::Plain, format!("by {by}; not proven delivered")),
        (Accepted | Sent, None) => (Meaning::Plain, "not proven delivered".to_owned()),
        (Failed | Bounced | Expired, by) => {
            let evidence =
                by.map(
                    |(at, by, said)| {
                        if said.is_empty() { format!("{at} by {by}") } else { format!("{at} {said}") }
                    },
                );
            let why = [evidence, outcome.or(answer)].into_iter().flatten().collect::<Vec<_>>().join(", ");
            (Meaning::Bad, why)
        }
        (InDoubt, _) => (Meaning::Warn, "handed over; nobody can tell whether it was taken".to_owned()),
        (Queued, _) => match notification.due_at {
            Some(due) => (Meaning::Quiet, format!("to be tried at {}", clock::hour_minute(due, zone))),
            None => (Meaning::Quiet, String::new()),
        },
        _ => (Meaning::Quiet, outcome.unwrap_or_default()),
    };
    let mut state = notification.state.as_str().replace('_', " ");
    if notification.disputed {
        state = "disputed".to_owned();
    }
    vec![
        (clock::hour_minute_second(at, zone), Meaning::Quiet),
        (format!(" {medium:<4}"), Meaning::Plain),
        (format!(" {}", pad(&name, 10)), Meaning::Plain),
        (format!(" {state:<10}"), meaning),
        (format!(" {proof}"), Meaning::Plain),
    ]
}

/// A message with everything that proves where it stands: why it went, each attempt, each word of a provider.
pub fn proof(
    desk: &Desk,
    notification: &Notification,
    at: Timestamp,
    zone: &TimeZone,
    width: u16,
) -> Vec<Spans> {
    let reason = &notification.reason;
    let step = reason.step.map(|step| format!("step {step}, ")).unwrap_or_default();
    let mut first = told(desk, notification, at, zone);
    let proven = !notification.evidence.is_empty();
    let because = format!(" {}: {step}{}", notification.id, reason.via.printable());
    // The lines below prove it; where there are none, this one keeps what is known.
    if proven && let Some(last) = first.last_mut() {
        *last = (because, Meaning::Quiet);
    } else {
        first.push((format!(" {because}"), Meaning::Quiet));
    }
    let mut lines: Vec<Spans> = vec![first];
    let mut say = |at: String, text: &str, meaning: Meaning| {
        for (row, line) in wrap(text, width.saturating_sub(INDENT)).into_iter().enumerate() {
            let at = if row == 0 { at.as_str() } else { "" };
            let label = format!("{at:>indent$} ", indent = usize::from(INDENT) - 1);
            lines.push(vec![(label, Meaning::Quiet), (line, meaning)]);
        }
    };
    for attempt in &notification.attempts {
        // One attempt is what the line above says; more are worth a line each.
        if notification.attempts.len() > 1 {
            let again = if attempt.possible_duplicate { ", perhaps a second time" } else { "" };
            let by = format!("attempt {} by {}{again}", attempt.number, sanitise(&attempt.channel));
            say(clock::hour_minute_second(attempt.started_at, zone), &by, Meaning::Quiet);
        }
        let of_it = notification.evidence.iter().filter(|evidence| evidence.attempt == attempt.number);
        let of_it: Vec<_> = of_it.collect();
        if let (true, Some(answer)) = (of_it.is_empty(), &attempt.answer) {
            let at = clock::hour_minute_second(attempt.ended_at.unwrap_or(attempt.started_at), zone);
            say(at, &format!("{}: {}", sanitise(&attempt.channel), answer.printable()), Meaning::Quiet);
        }
        for evidence in of_it {
            let part = if attempt.parts > 1 { format!(" part {}", evidence.part) } else { String::new() };
            let detail = evidence.detail.printable();
            let colon = if detail.as_str().is_empty() { "" } else { ": " };
            let said = format!("{}{part} by {}{colon}{detail}", evidence.word(), sanitise(&evidence.by));
            say(clock::hour_minute_second(evidence.at, zone), &said, Meaning::Quiet);
        }
    }
    if let Some(last) = &notification.again.last {
        let said = format!("sent again as {} by {}", last.id, desk.short_name(&last.by));
        say(clock::hour_minute_second(last.at, zone), &said, Meaning::Quiet);
    }
    lines
}

/// Pads or cuts by cells, since names may be wide.
fn pad(text: &str, width: u16) -> String {
    let mut kept = String::new();
    for c in text.chars() {
        if cells(&kept) >= width {
            break;
        }
        kept.push(c);
    }
    let used = cells(&kept);
    kept.push_str(&" ".repeat(usize::from(width.saturating_sub(used))));
    kept
}

/// One fact of the timeline; messages have lines of their own.
pub fn fact(desk: &Desk, numbered: &Numbered, zone: &TimeZone, width: u16) -> Option<Vec<Spans>> {
    let change = &numbered.change;
    let (word, meaning) = match change.what {
        What::NotificationResent => ("resent", Meaning::Plain),
        What::NotificationQueued
        | What::NotificationSending
        | What::NotificationDeferred
        | What::NotificationEvidence
        | What::NotificationInDoubt
        | What::NotificationHeld
        | What::NotificationSuppressed
        | What::NotificationCancelled
        | What::NotificationExpired => return None,
        _ => word(change),
    };
    let by = match &change.actor {
        Actor::Person { id, .. } => format!(" ({})", desk.short_name(id)),
        Actor::Desk | Actor::Source(_) | Actor::Channel(_) => String::new(),
    };
    let mut said = format!("{}{by}", change.summary.printable());
    if let (What::AlertRaised, Object::Alert(alert)) = (change.what, &change.object) {
        // The word before has said the rest.
        let short = said.strip_prefix(&format!("{} raised ", alert.id)).unwrap_or(&said);
        said = format!("{}, configuration {}", short.trim_end_matches('.'), alert.config_version);
    }
    let lines = wrap(&said, width.saturating_sub(INDENT));
    let first = entry(zone, change.at, word, meaning, lines.first().cloned().unwrap_or_default());
    let rest = lines
        .into_iter()
        .skip(1)
        .map(|line| vec![(" ".repeat(INDENT.into()), Meaning::Plain), (line, Meaning::Plain)]);
    Some(std::iter::once(first).chain(rest).collect())
}

/// Whether the provider said, as its last word, that it did not get there.
pub fn has_failed(message: &Notification) -> bool {
    let last = message.evidence.iter().max_by_key(|evidence| evidence.at);
    last.is_some_and(|evidence| evidence.rung.is_some_and(|rung| rung >= Rung::Failed))
}

/// What happened, in a word of at most seven letters.
pub fn word(change: &Change) -> (&'static str, Meaning) {
    match change.what {
        What::EventReceived => ("event", Meaning::Quiet),
        What::AlertRaised => ("raised", Meaning::Bad),
        What::AlertHandedOver => ("handed", Meaning::Good),
        What::AlertOffered => ("offered", Meaning::Accent),
        What::AlertStormOver => ("storm", Meaning::Quiet),
        What::AlertJoined => ("joined", Meaning::Warn),
        What::AlertEscalated => ("step", Meaning::Warn),
        What::AlertLastResort => ("resort", Meaning::Bad),
        What::AlertAcknowledged => ("taken", Meaning::Good),
        What::AlertUnacknowledged => ("given", Meaning::Warn),
        What::AlertSnoozed => ("snoozed", Meaning::Plain),
        What::AlertWoke => ("woke", Meaning::Warn),
        What::AlertPromiseMissed => ("missed", Meaning::Bad),
        What::AlertCleared => ("cleared", Meaning::Good),
        What::AlertResolved => ("closed", Meaning::Good),
        What::AlertNobody => ("nobody", Meaning::Bad),
        What::Noted => ("note", Meaning::Accent),
        What::NotificationQueued => ("queued", Meaning::Quiet),
        What::NotificationSending => ("sending", Meaning::Quiet),
        What::NotificationDeferred => ("later", Meaning::Warn),
        What::NotificationEvidence => match &change.object {
            Object::Notification(message) if message.state.is_failure() => ("failed", Meaning::Bad),
            _ => ("receipt", Meaning::Plain),
        },
        What::NotificationInDoubt => ("doubt", Meaning::Warn),
        What::NotificationHeld => ("held", Meaning::Plain),
        What::NotificationSuppressed => ("unsent", Meaning::Plain),
        What::NotificationCancelled => ("dropped", Meaning::Quiet),
        What::NotificationExpired => ("expired", Meaning::Warn),
        What::NotificationResent => ("resent", Meaning::Plain),
        What::TaskOpened => ("to do", Meaning::Plain),
        What::TaskTaken => ("taken", Meaning::Good),
        What::TaskSnoozed => ("snoozed", Meaning::Plain),
        What::TaskWoke => ("woke", Meaning::Plain),
        What::TaskDone => ("done", Meaning::Good),
        What::NotificationMoved => ("moved", Meaning::Warn),
        What::NotificationUnproven => match &change.object {
            Object::Notification(message) if has_failed(message) => ("failed", Meaning::Bad),
            Object::Notification(message) if message.attempts.is_empty() => ("moved", Meaning::Warn),
            _ => ("unsure", Meaning::Warn),
        },
        What::ProviderDown => ("down", Meaning::Bad),
        What::ProviderBack => ("back", Meaning::Good),
        What::NotificationReleased => ("freed", Meaning::Good),
        What::TaskOverdue => ("overdue", Meaning::Warn),
        What::CaseOpened | What::CaseMoved => ("case", Meaning::Plain),
        What::Repeated => ("again", Meaning::Quiet),
        What::ExceptionReported => ("report", Meaning::Quiet),
        What::DocumentUploaded => ("upload", Meaning::Plain),
        What::DocumentReviewed => ("review", Meaning::Good),
        What::ThreadOpened | What::ThreadJoined => ("post", Meaning::Plain),
        What::ThreadAnswered => ("answer", Meaning::Good),
        What::MilestoneReached => ("reached", Meaning::Good),
        What::MilestoneExpected | What::MilestoneSkipped => ("plan", Meaning::Quiet),
        What::MilestoneWithdrawn | What::MilestoneLate => ("plan", Meaning::Warn),
        What::ExpectationBegun | What::ExpectationMet => ("expect", Meaning::Quiet),
        What::ExpectationMissed => ("missing", Meaning::Warn),
        What::ReplyReceived => ("reply", Meaning::Accent),
        What::AddressSuppressed => ("address", Meaning::Warn),
        What::AddressLifted => ("address", Meaning::Good),
        What::ConsentGiven | What::ConsentEnded => ("consent", Meaning::Quiet),
        What::DigestSent => ("digest", Meaning::Plain),
        What::DigestPlanned | What::DigestSkipped => ("digest", Meaning::Quiet),
        What::PartnerSeen => ("partner", Meaning::Quiet),
        What::ContactCreated | What::ContactChanged => ("contact", Meaning::Plain),
        What::ContactSynced | What::ContactPushed | What::ConflictResolved => ("synced", Meaning::Plain),
        What::ContactLinked => ("heard", Meaning::Quiet),
        What::ContactConflict => ("differs", Meaning::Warn),
        What::ContactLeft => ("left", Meaning::Plain),
        What::ContactErased => ("erased", Meaning::Plain),
        What::Assigned | What::Unassigned => ("assign", Meaning::Plain),
        What::OverrideAdded | What::OverrideRemoved | What::RosterRead | What::ShiftTested => {
            ("on call", Meaning::Accent)
        }
        What::HandoverPlanned | What::HandoverClosed => ("on call", Meaning::Quiet),
        What::HandoverNoted | What::HandoverAsked => ("on call", Meaning::Plain),
        What::HandoverOpened => ("on call", Meaning::Warn),
        What::HandoverAccepted => ("on call", Meaning::Good),
        What::MaintenanceAdded | What::MaintenanceRemoved => ("quiet", Meaning::Accent),
        What::ViewSaved | What::ViewDropped => ("view", Meaning::Quiet),
        What::ConfigApplied => ("config", Meaning::Accent),
        What::AgentStarted | What::AgentStopped => ("agent", Meaning::Accent),
    }
}
