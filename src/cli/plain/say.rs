//! What is said aloud: a line for everything that happens, always in the same order: the time, the
//! severity, what happened, which, whose, and the sentence. Whoever listens can stop after a word.

use super::words::Announce;
use crate::console::clock;
use crate::console::desk::Desk;
use crate::core::alert::{Alert, AlertState};
use crate::core::change::{Numbered, Object, What};
use crate::core::contact::Medium;
use crate::core::counted::counted;
use crate::core::event::Severity;
use crate::core::money::Money;
use crate::core::task::{Task, TaskState};
use crate::core::text::{Printable, Untrusted, sanitise};
use crate::wire::SourceHealth;
use jiff::Timestamp;

/// One change in one line, if it is to be announced at all.
pub fn change(desk: &Desk, numbered: &Numbered, announce: Announce) -> Option<String> {
    let change = &numbered.change;
    match announce {
        Announce::Nothing => return None,
        Announce::Usual if !is_usual(change.what) => return None,
        Announce::Usual | Announce::Everything => {}
    }
    let time = clock::hour_minute_second(change.at, &desk.zone());
    let severity = severity(desk, numbered).map(|severity| format!(" {}", severity.as_str().to_uppercase()));
    let what = serde_json::to_value(change.what).ok();
    let what = what.as_ref().and_then(|what| what.as_str()).unwrap_or("change").replace('_', " ");
    let which = which(numbered).map(|id| format!(" {id}"));
    let partner = change.partner.as_ref().map(|id| desk.partner_name(id)).unwrap_or_default();
    let summary = change.summary.printable();
    let said = summary.as_str().strip_prefix(partner.as_str()).and_then(|rest| rest.strip_prefix(": "));
    let said = said.filter(|_| !partner.is_empty()).unwrap_or(summary.as_str());
    // Of an alert its title says which; the sentence says what became of it.
    let title = change.alert.and_then(|alert| desk.alerts.get(&alert)).map(|alert| alert.title.printable());
    let title = title.filter(|title| !said.contains(title.as_str()));
    let whose: String = [Some(partner).filter(|name| !name.is_empty()), title.map(Printable::into_string)]
        .into_iter()
        .flatten()
        .map(|part| format!(" {part}:"))
        .collect();
    Some(format!("{time}{} {what}{},{whose} {said}", severity.unwrap_or_default(), which.unwrap_or_default()))
}

/// What somebody may have to do something about; the rest is the desk at its work.
fn is_usual(what: What) -> bool {
    !matches!(
        what,
        What::EventReceived
            | What::NotificationQueued
            | What::NotificationSending
            | What::NotificationDeferred
            | What::NotificationEvidence
            | What::NotificationHeld
            | What::NotificationSuppressed
            | What::NotificationCancelled
            | What::NotificationReleased
            | What::Repeated
            | What::MilestoneExpected
            | What::MilestoneSkipped
            | What::ExceptionReported
            | What::ExpectationBegun
            | What::ExpectationMet
            | What::ConsentGiven
            | What::ConsentEnded
            | What::DigestPlanned
            | What::DigestSkipped
            | What::PartnerSeen
            | What::ContactSynced
            | What::ContactPushed
            | What::ContactLinked
            | What::RosterRead
            | What::HandoverPlanned
    )
}

fn severity(desk: &Desk, numbered: &Numbered) -> Option<Severity> {
    match &numbered.change.object {
        Object::Alert(alert) => Some(alert.severity),
        Object::Event(event) => event.severity,
        _ => Some(desk.alerts.get(&numbered.change.alert?)?.severity),
    }
}

fn which(numbered: &Numbered) -> Option<String> {
    match &numbered.change.object {
        Object::Alert(alert) => Some(alert.id.to_string()),
        Object::Task(task) => Some(task.id.to_string()),
        Object::Notification(notification) => Some(notification.id.to_string()),
        Object::Event(event) => Some(event.id.to_string()),
        Object::Handover(handover) => Some(handover.id.to_string()),
        _ => numbered.change.alert.map(|alert| alert.to_string()),
    }
}

/// What needs somebody now: a sentence, then a line each, the most urgent first.
pub fn overview(desk: &Desk, alerts: &[&Alert], tasks: &[&Task], now: Timestamp) -> Vec<String> {
    const MOST: usize = 20;
    let mut lines = vec![format!(
        "{} {}, {} held, {} to do.",
        counted(desk.paging().count(), "alert pages", "alerts page"),
        "somebody",
        counted(desk.held(), "alert is", "alerts are"),
        counted(desk.to_do(), "task", "tasks"),
    )];
    lines.extend(warnings(desk, now));
    if alerts.is_empty() && tasks.is_empty() {
        lines.push(match desk.last_event() {
            Some((source, at)) => format!(
                "Nothing needs you. Last event from {} at {}.",
                sanitise(&source.name),
                clock::when(now, at, &desk.zone())
            ),
            None => "Nothing needs you. No source has ever sent anything to this agent.".to_owned(),
        });
    }
    lines.extend(alerts.iter().take(MOST).map(|one| alert(desk, one, now)));
    if alerts.len() > MOST {
        lines.push(format!("{}: list alerts.", counted(alerts.len() - MOST, "more alert", "more alerts")));
    }
    lines.extend(tasks.iter().take(MOST).map(|one| task(desk, one, now)));
    let beyond = desk.to_do().saturating_sub(MOST.min(tasks.len()));
    if beyond > 0 {
        lines.push(format!("{}: list tasks.", counted(beyond, "more task", "more tasks")));
    }
    lines
}

/// What of the desk itself does not work, a line each.
pub fn warnings(desk: &Desk, now: Timestamp) -> Vec<String> {
    let zone = desk.zone();
    let mut lines = Vec::new();
    for medium in Medium::ALL {
        if let Some(down) = desk.medium_down(medium) {
            let since = clock::when(now, down.since, &zone);
            let names: Vec<String> =
                down.cannot_be_woken.iter().map(|name| sanitise(name).into_owned()).collect();
            let who = if names.is_empty() {
                String::new()
            } else {
                format!(" Cannot be woken: {}.", names.join(", "))
            };
            lines.push(format!("{} is DOWN since {since}.{who}", medium.as_str()));
        }
    }
    for source in desk.sources.iter().filter(|source| source.silent) {
        let since = source.last_event_at.map(|at| format!(" since {}", clock::when(now, at, &zone)));
        lines.push(format!("Source {} is SILENT{}.", sanitise(&source.name), since.unwrap_or_default()));
    }
    for stuck in desk.info.audit.iter().flat_map(|audit| &audit.stuck) {
        lines.push(format!("AUDIT: {}", sanitise(&stuck.to_string())));
    }
    lines
}

/// Where events come from, and when each was heard last.
pub fn sources(desk: &Desk, now: Timestamp) -> Vec<String> {
    let source = |source: &SourceHealth| {
        let heard = match source.last_event_at {
            Some(at) => format!("last event {}", clock::when(now, at, &desk.zone())),
            None => "has never sent anything".to_owned(),
        };
        let silent = if source.silent { ", SILENT" } else { "" };
        let unsigned = if source.signed { "" } else { ", unsigned" };
        format!("{}: {heard}{silent}{unsigned}.", sanitise(&source.name))
    };
    desk.sources.iter().map(source).collect()
}

/// Which version of the configuration counts, and what is to be known of the file.
pub fn configuration(desk: &Desk) -> Vec<String> {
    let version = format!("Configuration version {} counts.", desk.info.config_version);
    std::iter::once(version)
        .chain(desk.info.config_note.as_deref().map(|note| sanitise(note).into_owned()))
        .collect()
}

/// `A8812 critical, Acme Tools: Blocked order 4500123. Pages next at 03:09. …`
pub fn alert(desk: &Desk, alert: &Alert, now: Timestamp) -> String {
    let zone = desk.zone();
    let when = |at| clock::when(now, at, &zone);
    let next = match (alert.state, alert.next_due()) {
        (AlertState::Resolved, _) => "Closed.".to_owned(),
        (AlertState::Open, _) if alert.cleared_at.is_some() => "Cleared, not seen.".to_owned(),
        (AlertState::Open, Some(at)) if alert.in_last_resort() => {
            format!("LAST RESORT, next page {}.", when(at))
        }
        (AlertState::Open, Some(at)) => format!("Next page {}.", when(at)),
        (AlertState::Open, None) => "Nobody more is paged.".to_owned(),
        (AlertState::Snoozed, Some(at)) => format!("Asleep until {}.", when(at)),
        (AlertState::Acknowledged, at) => {
            let holder =
                alert.held_by().map_or_else(|| "somebody".to_owned(), |holder| desk.short_name(holder));
            let news = at.map(|at| format!(", news by {}", when(at)));
            format!("Held by {holder}{}.", news.unwrap_or_default())
        }
        (AlertState::Snoozed, None) => "Asleep.".to_owned(),
    };
    let due = alert.deadline.map(|at| format!(" Due {}.", when(at))).unwrap_or_default();
    let risk =
        alert.at_risk.first().map(|money| format!(" {} at risk.", Money::long(money))).unwrap_or_default();
    format!(
        "{} {}, {}: {} {next}{due}{risk}",
        alert.id,
        alert.severity.as_str(),
        alert.partner.name.printable(),
        ended(&alert.title)
    )
}

/// `T3 fix, Gamma GmbH: A.Lopez: phone is dead. Nobody has it. Due 08:00.`
pub fn task(desk: &Desk, task: &Task, now: Timestamp) -> String {
    let zone = desk.zone();
    let owner = match &task.owner {
        Some(owner) => format!("{} has it.", capital(&desk.short_name(owner))),
        None => "Nobody has it.".to_owned(),
    };
    let due = task.due_at.map(|at| format!(" Due {}.", clock::when(now, at, &zone))).unwrap_or_default();
    let asleep = if task.state == TaskState::Snoozed { " Asleep." } else { "" };
    let partner = task.partner.as_ref().map(|partner| format!(", {}", partner.name.printable()));
    format!(
        "{} {}{}: {} {owner}{due}{asleep}",
        task.id,
        task.kind.as_str(),
        partner.unwrap_or_default(),
        ended(&task.title)
    )
}

/// With a full stop, unless it ends in a sign of its own.
fn ended(text: &Untrusted) -> String {
    let text = text.printable().into_string();
    let stop = if text.ends_with(['.', '?', '!', ':']) { "" } else { "." };
    format!("{text}{stop}")
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
