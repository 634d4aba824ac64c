//! What is known of the selected row: what it is, what happens next, and what has happened, the
//! newest first.

use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::model::{Model, Subject};
use crate::console::theme::Meaning;
use crate::console::view::paint::{Canvas, Spans, wrap};
use crate::console::view::viewers;
use crate::core::alert::{Alert, AlertState, Member};
use crate::core::change::{Actor, Numbered, What};
use crate::core::contact::Medium;
use crate::core::edi::Codes;
use crate::core::notification::{Notification, NotificationState};
use crate::core::task::Task;
use crate::core::text::sanitise;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::layout::Rect;

/// Paints the detail under its title.
pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let (title, mut right) = title(model);
    let room = area.height.saturating_sub(1);
    let lines = lines(model, area.width.saturating_sub(2));
    let longest = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_sub(room);
    let scroll = model.triage.scroll.min(longest);
    if longest > scroll && room > 0 {
        right = format!("{right} · {} more {}", longest - scroll, canvas.theme.signs.down);
    }
    canvas.rule(area, area.y, &title, &right, Meaning::Strong);
    for (row, line) in lines.iter().skip(usize::from(scroll)).take(usize::from(room)).enumerate() {
        let y = area.y + 1 + u16::try_from(row).unwrap_or(0);
        canvas.put_spans(area.x + 1, y, area.width.saturating_sub(2), line);
    }
}

fn title(model: &Model) -> (String, String) {
    match model.triage.shown {
        Some(Subject::Alert(id)) => match model.alert(id) {
            Some(alert) => {
                let name = alert.partner.name.printable();
                let minutes = -clock::minutes_until(model.now, alert.created_at);
                let age = if minutes < 100 { format!("{minutes} min") } else { clock::span(minutes) };
                (format!("{name} · {}", alert.title.printable()), format!("{id}, {age}"))
            }
            None => (String::new(), String::new()),
        },
        Some(Subject::Task(id)) => match model.task(id) {
            Some(task) => {
                let partner = task.partner.as_ref().map(|partner| partner.name.printable().into_string());
                let title = task.title.printable().into_string();
                let whole = partner.map_or(title.clone(), |partner| format!("{partner} · {title}"));
                (whole, format!("{id}, {}", clock::age(model.now, task.created_at)))
            }
            None => (String::new(), String::new()),
        },
        None => (String::new(), String::new()),
    }
}

pub fn lines(model: &Model, width: u16) -> Vec<Spans> {
    let Some(desk) = &model.desk else { return Vec::new() };
    match model.triage.shown {
        Some(Subject::Alert(id)) => match model.alert(id) {
            Some(alert) => of_alert(model, desk, alert, width),
            None => Vec::new(),
        },
        Some(Subject::Task(id)) => {
            model.task(id).map_or_else(Vec::new, |task| of_task(model, desk, task, width))
        }
        None => Vec::new(),
    }
}

fn plain(text: impl Into<String>) -> Spans {
    vec![(text.into(), Meaning::Plain)]
}

fn of_alert(model: &Model, desk: &Desk, alert: &Alert, width: u16) -> Vec<Spans> {
    let zone = desk.zone();
    let mut lines: Vec<Spans> = Vec::new();
    for line in wrap(&description(alert, &desk.info.codes), width).into_iter().take(3) {
        lines.push(plain(line));
    }
    lines.extend(wrap(&facts(model, alert, &zone), width).into_iter().map(plain));
    lines.extend(holder(model, desk, alert, &zone));
    lines.extend(viewers::beside_holder(model, desk, alert));
    lines.extend(next(model, desk, alert, &zone, width));

    let mut happened: Vec<(Timestamp, u64, Spans)> = Vec::new();
    let notifications: Vec<&Notification> = match model.detail_of(alert.id) {
        // The model's are as new or newer; the detail may know older ones.
        Some(detail) => detail
            .notifications
            .iter()
            .map(|old| desk.notifications.get(&old.id).unwrap_or(old))
            .chain(
                desk.notifications_of(alert.id)
                    .filter(|n| !detail.notifications.iter().any(|o| o.id == n.id)),
            )
            .collect(),
        None => desk.notifications_of(alert.id).collect(),
    };
    for notification in notifications {
        let at = notification.attempts.first().map_or(notification.created_at, |attempt| attempt.started_at);
        happened.push((at, notification.id.0, told(desk, notification, at, &zone)));
    }
    match model.detail_of(alert.id) {
        Some(detail) => {
            for numbered in &detail.timeline {
                if let Some(line) = timeline(desk, numbered, &zone) {
                    happened.push((numbered.change.at, numbered.seq, line));
                }
            }
        }
        None => happened.push((
            alert.created_at,
            0,
            entry(&zone, alert.created_at, "raised", Meaning::Plain, decided_by(alert)),
        )),
    }
    happened.sort_by_key(|(at, number, _)| std::cmp::Reverse((*at, *number)));
    lines.extend(happened.into_iter().map(|(_, _, line)| line));
    if let Some(missing) = &model.triage.detail_missing {
        lines.push(vec![(format!("The rest could not be read: {}", sanitise(missing)), Meaning::Warn)]);
    }
    lines
}

fn decided_by(alert: &Alert) -> String {
    format!("by rule {}, configuration {}", sanitise(&alert.rule), alert.config_version)
}

/// What happened, in the community's words; with several members the first not cleared speaks.
fn description(alert: &Alert, codes: &Codes) -> String {
    let open = || alert.members.iter().filter(|member| member.cleared_at.is_none());
    let Some(member) = open().next().or(alert.members.first()) else { return String::new() };
    let mut text = match &member.description {
        Some(description) => description.printable().into_string(),
        None => member.title.printable().into_string(),
    };
    let codes: Vec<String> = member.codes.iter().map(|code| codes.in_words(code)).collect();
    if !codes.is_empty() {
        text = format!("{text} {}.", codes.join(", "));
    }
    let (all, cleared) = (alert.members.len(), alert.members.len() - open().count());
    match (all, cleared) {
        (1, _) => text,
        (all, 0) => format!("{all} together. {text}"),
        (all, cleared) => format!("{all} together, {cleared} cleared. {text}"),
    }
}

fn facts(model: &Model, alert: &Alert, zone: &TimeZone) -> String {
    let mut facts = Vec::new();
    if !alert.at_risk.is_empty() {
        let sums: Vec<String> = alert.at_risk.iter().map(|money| money.long()).collect();
        facts.push(format!("{} at risk", sums.join(" and ")));
    }
    let first = |of: fn(&Member) -> Option<&crate::core::text::Untrusted>, name: &str| {
        let mut all: Vec<_> = alert.members.iter().filter_map(of).collect();
        all.dedup();
        match all.as_slice() {
            [] => None,
            [one] => Some(format!("{name} {}", one.printable())),
            [one, more @ ..] => Some(format!("{name} {} and {} more", one.printable(), more.len())),
        }
    };
    facts.extend(first(|member| member.case.as_ref(), "case"));
    facts.extend(first(|member| member.order.as_ref(), "order"));
    facts.extend(first(|member| member.shipment.as_ref(), "shipment"));
    if let Some(deadline) = alert.deadline {
        let minutes = clock::minutes_until(model.now, deadline);
        let when = clock::when(model.now, deadline, zone);
        facts.push(match minutes {
            ..0 => format!("was due {when}, {} ago", clock::span(-minutes)),
            _ => format!("due {when}, in {}", clock::countdown(minutes)),
        });
    }
    facts.join(" · ")
}

fn holder(model: &Model, desk: &Desk, alert: &Alert, zone: &TimeZone) -> Option<Spans> {
    let when = |at| clock::when(model.now, at, zone);
    let name = alert.holder.as_ref().map(|holder| desk.short_name(holder));
    let verb = if name.as_deref() == Some("you") { "hold" } else { "holds" };
    let text = match (alert.state, name) {
        (AlertState::Acknowledged, Some(name)) => match alert.next_update_by {
            Some(by) => format!("{name} {verb} it, news promised by {}", when(by)),
            None => format!("{name} {verb} it"),
        },
        (AlertState::Snoozed, _) => match alert.resting() {
            Some(quiet) => format!("quiet until {} because of {}", when(alert.snoozed_until?), quiet.words()),
            None => format!("snoozed until {}", when(alert.snoozed_until?)),
        },
        (AlertState::Resolved, _) => {
            let why = alert.resolution.as_ref().map(|why| why.printable().into_string());
            format!("closed: {}", why.unwrap_or_else(|| "no reason given".to_owned()))
        }
        (AlertState::Open, _) if alert.cleared_at.is_some() => "nobody holds it".to_owned(),
        _ => return None,
    };
    let text = match alert.cleared_at {
        Some(at) => format!("{text} · cleared at {}", when(at)),
        None => text,
    };
    Some(vec![(text, Meaning::Accent)])
}

/// Who is told next if nobody acts.
fn next(model: &Model, desk: &Desk, alert: &Alert, zone: &TimeZone, width: u16) -> Vec<Spans> {
    if alert.state != AlertState::Open {
        return Vec::new();
    }
    let Some(mut at) = alert.next_escalation_at else {
        return vec![vec![("next nobody is paged".to_owned(), Meaning::Warn)]];
    };
    let mut parts = Vec::new();
    for step in alert.policy.steps.iter().skip(alert.step as usize) {
        if !parts.is_empty() {
            at = at.saturating_add(step.after).unwrap_or(at);
        }
        parts.push(format!("{} {}", clock::when(model.now, at, zone), desk.targets(&step.notify)));
    }
    let last = &alert.policy.last_resort;
    let every = clock::span(last.after.as_mins());
    let resort = format!("{} every {every}", desk.targets(&last.notify));
    if parts.is_empty() {
        parts.push(format!("{} {resort}: LAST RESORT", clock::when(model.now, at, zone)));
    } else {
        parts.push(format!("then {resort}"));
    }
    let lines = wrap(&parts.join(", "), width.saturating_sub(5)).into_iter().take(2);
    let label = |row| if row == 0 { "next " } else { "     " }.to_owned();
    lines.enumerate().map(|(row, line)| vec![(label(row), Meaning::Warn), (line, Meaning::Plain)]).collect()
}

fn entry(zone: &TimeZone, at: Timestamp, word: &str, meaning: Meaning, text: String) -> Spans {
    vec![
        (clock::hour_minute_second(at, zone), Meaning::Quiet),
        (format!(" {word:<7} "), meaning),
        (text, Meaning::Plain),
    ]
}

/// One message: to whom, how, what is proven and by whom.
fn told(desk: &Desk, notification: &Notification, at: Timestamp, zone: &TimeZone) -> Spans {
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

/// Pads or cuts by cells, since names may be wide.
fn pad(text: &str, width: u16) -> String {
    let mut kept = String::new();
    for c in text.chars() {
        if crate::console::view::paint::cells(&kept) >= width {
            break;
        }
        kept.push(c);
    }
    let used = crate::console::view::paint::cells(&kept);
    kept.push_str(&" ".repeat(usize::from(width.saturating_sub(used))));
    kept
}

/// One fact of the timeline; messages have lines of their own.
fn timeline(desk: &Desk, numbered: &Numbered, zone: &TimeZone) -> Option<Spans> {
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
        what => word(what),
    };
    let by = match &change.actor {
        Actor::Person { id, .. } => format!(" ({})", desk.short_name(id)),
        Actor::Desk | Actor::Source(_) | Actor::Channel(_) => String::new(),
    };
    Some(entry(zone, change.at, word, meaning, format!("{}{by}", change.summary.printable())))
}

/// What happened, in a word of at most seven letters.
pub fn word(what: What) -> (&'static str, Meaning) {
    match what {
        What::EventReceived => ("event", Meaning::Quiet),
        What::AlertRaised => ("raised", Meaning::Bad),
        What::AlertHandedOver => ("handed", Meaning::Good),
        What::AlertOffered => ("offered", Meaning::Accent),
        What::AlertJoined => ("joined", Meaning::Warn),
        What::AlertStormOver => ("storm over", Meaning::Quiet),
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
        What::NotificationEvidence => ("receipt", Meaning::Plain),
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
        What::NotificationUnproven => ("unsure", Meaning::Warn),
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

fn of_task(model: &Model, desk: &Desk, task: &Task, width: u16) -> Vec<Spans> {
    let zone = desk.zone();
    let mut lines: Vec<Spans> = wrap(task.title.printable().as_str(), width).into_iter().map(plain).collect();
    let mut facts = Vec::new();
    facts.push(match (&task.owner, &task.team) {
        (Some(owner), _) => format!("owner {}", desk.short_name(owner)),
        (None, Some(team)) => format!("nobody has taken it; team {}", sanitise(team)),
        (None, None) => "nobody has taken it".to_owned(),
    });
    if let Some(due) = task.due_at {
        facts.push(format!("due {}", clock::when(model.now, due, &zone)));
    }
    if let Some(alert) = task.alert {
        facts.push(format!("of alert {alert}"));
    }
    facts.push(format!("since {}", clock::when(model.now, task.created_at, &zone)));
    lines.push(plain(facts.join(" · ")));
    if let Some(notification) = task.notification.and_then(|id| desk.notifications.get(&id)) {
        let at = notification.attempts.first().map_or(notification.created_at, |attempt| attempt.started_at);
        lines.push(told(desk, notification, at, &zone));
        let said = wrap(notification.content.body.printable().as_str(), width);
        lines.extend(said.into_iter().map(|line| vec![(line, Meaning::Quiet)]));
    }
    lines
}
