//! What is known of the selected row: what it is, what happens next, and what has happened, the
//! newest first.

use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::model::{Model, Subject};
use crate::console::theme::Meaning;
use crate::console::view::paint::{Canvas, Spans, cells, wrap};
use crate::console::view::{WIDE, timeline, viewers};
use crate::core::alert::{Alert, AlertState, Member};
use crate::core::change::{Numbered, Object, What};
use crate::core::edi::Codes;
use crate::core::id::NotificationId;
use crate::core::notification::Notification;
use crate::core::task::Task;
use crate::core::text::sanitise;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::layout::Rect;
use std::cmp::Reverse;

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
                let age = clock::age(model.now, alert.created_at);
                (format!("{name} · {}", alert.title.printable()), format!("{id}, {age}"))
            }
            None => (String::new(), String::new()),
        },
        Some(Subject::Task(id)) => match model.known_task(id) {
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
            model.known_task(id).map_or_else(Vec::new, |task| of_task(model, desk, task, width))
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

    // Where there is room for it each message brings its evidence.
    let whole = model.triage.zoomed || model.size.0 >= WIDE;
    let mut happened: Vec<(Weight, Timestamp, u64, Vec<Spans>)> = Vec::new();
    let notifications: Vec<&Notification> = match model.detail_of(alert.id) {
        // The model's are as new or newer; the detail may know older ones.
        Some(detail) => detail
            .notifications
            .iter()
            .map(|old| desk.messages.get(old.id).unwrap_or(old))
            .chain(
                desk.messages.about(alert.id).filter(|n| !detail.notifications.iter().any(|o| o.id == n.id)),
            )
            .collect(),
        None => desk.messages.about(alert.id).collect(),
    };
    let told: Vec<NotificationId> = notifications.iter().map(|notification| notification.id).collect();
    for notification in notifications {
        let at = notification.attempts.first().map_or(notification.created_at, |attempt| attempt.started_at);
        let said = match whole {
            true => timeline::proof(desk, notification, at, &zone, width),
            false => vec![timeline::told(desk, notification, at, &zone)],
        };
        let failed = timeline::has_failed(notification);
        let weight = if failed && !whole { Weight::Failed } else { Weight::Plain };
        happened.push((weight, at, notification.id.0, said));
    }
    match model.detail_of(alert.id) {
        Some(detail) => {
            for numbered in &detail.timeline {
                if let Some(said) = timeline::fact(desk, numbered, &zone, width) {
                    let again = !whole && repeats(numbered, &told);
                    let weight = if again { Weight::Repeats } else { Weight::Plain };
                    happened.push((weight, numbered.change.at, numbered.seq, said));
                }
            }
        }
        None => {
            let raised =
                timeline::entry(&zone, alert.created_at, "raised", Meaning::Plain, decided_by(alert));
            happened.push((Weight::Plain, alert.created_at, 0, vec![raised]));
        }
    }
    let day_of = |at: Timestamp| at.to_zoned(zone.clone()).date();
    happened.sort_by_key(|(weight, at, number, _)| (Reverse(day_of(*at)), *weight, Reverse((*at, *number))));
    let mut day = day_of(model.now);
    for (_, at, _, said) in happened {
        let of = day_of(at);
        if of != day {
            day = of;
            lines.push(vec![(day.strftime("%a %-d %b").to_string(), Meaning::Strong)]);
        }
        lines.extend(said);
    }
    if let Some(missing) = &model.triage.detail_missing {
        lines.push(vec![(format!("The rest could not be read: {}", sanitise(missing)), Meaning::Warn)]);
    }
    lines
}

/// Where there is little room, whom nothing reached comes first, and what says it once more comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Failed,
    Plain,
    Repeats,
}

/// A fact that says of a message what its own row says.
fn repeats(numbered: &Numbered, told: &[NotificationId]) -> bool {
    match (numbered.change.what, &numbered.change.object) {
        (What::NotificationUnproven, Object::Notification(message)) => told.contains(&message.id),
        (What::TaskOpened, Object::Task(task)) => task.notification.is_some_and(|id| told.contains(&id)),
        _ => false,
    }
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
        let exchange = model.desk.as_ref().and_then(|desk| desk.info.exchange.as_ref());
        let worth = exchange.filter(|_| sums.len() > 1).and_then(|exchange| exchange.worth(&alert.at_risk));
        let worth = worth.map(|worth| format!(", about {} together", worth.long())).unwrap_or_default();
        facts.push(format!("{} at risk{worth}", sums.join(" and ")));
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
    // What the title names need not be said again.
    let title = alert.title.raw();
    let named = |of: fn(&Member) -> Option<&crate::core::text::Untrusted>| {
        alert.members.len() == 1 && alert.members.iter().filter_map(of).all(|one| title.contains(one.raw()))
    };
    if !named(|member| member.order.as_ref()) {
        facts.extend(first(|member| member.order.as_ref(), "order"));
    }
    if !named(|member| member.shipment.as_ref()) {
        facts.extend(first(|member| member.shipment.as_ref(), "shipment"));
    }
    if let Some(deadline) = alert.deadline {
        let minutes = clock::minutes_until(model.now, deadline);
        let when = clock::when(model.now, deadline, zone);
        let there = Desk::zone_of(&alert.partner).and_then(|there| clock::there(deadline, zone, &there));
        let there = there.map(|there| format!(" ({there} there)")).unwrap_or_default();
        facts.push(match minutes {
            ..0 => format!("was due {when}{there}, {} ago", clock::length(-minutes * 60)),
            0 => format!("due {when}{there}, now"),
            _ => format!("due {when}{there}, in {}", clock::length(minutes * 60)),
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
        (AlertState::Snoozed, name) => match (alert.resting(), name, alert.cleared_at) {
            (Some(quiet), ..) => {
                format!("quiet until {} because of {}", when(alert.snoozed_until?), quiet.words())
            }
            (None, Some(name), None) => {
                format!("{name} {verb} it, quiet until {}, then it pages again", when(alert.snoozed_until?))
            }
            (None, Some(name), Some(_)) => {
                format!("{name} {verb} it, quiet until {}", when(alert.snoozed_until?))
            }
            (None, None, _) => format!("snoozed until {}", when(alert.snoozed_until?)),
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
    let every = clock::length(last.after.as_secs());
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

fn of_task(model: &Model, desk: &Desk, task: &Task, width: u16) -> Vec<Spans> {
    let zone = desk.zone();
    // The line above has the title; it is said again only where it did not fit there.
    let (title, right) = title(model);
    let fits = cells(&title) + cells(&right) + 10 <= width;
    let title = if fits { Vec::new() } else { wrap(task.title.printable().as_str(), width) };
    let mut lines: Vec<Spans> = title.into_iter().map(plain).collect();
    if let Some(finished) = desk.finished(task.id) {
        let said = format!("ended {}", finished.in_words(model.now, &zone));
        lines.extend(wrap(&said, width).into_iter().map(|line| vec![(line, Meaning::Accent)]));
    }
    let mut facts = Vec::new();
    facts.push(match (&task.owner, &task.team) {
        (Some(owner), _) => format!("owner {}", desk.short_name(owner)),
        (None, Some(team)) => format!("nobody has taken it; team {}", sanitise(team)),
        (None, None) => "nobody has taken it".to_owned(),
    });
    if let Some(due) = task.due_at {
        let there = task.partner.as_ref().and_then(Desk::zone_of);
        let there = there.and_then(|there| clock::there(due, &zone, &there));
        let there = there.map(|there| format!(" ({there} there)")).unwrap_or_default();
        facts.push(format!("due {}{there}", clock::when(model.now, due, &zone)));
    }
    if let Some(alert) = task.alert {
        facts.push(format!("of alert {alert}"));
    }
    facts.push(format!("since {}", clock::when(model.now, task.created_at, &zone)));
    lines.extend(wrap(&facts.join(" · "), width).into_iter().map(plain));
    lines.push(vec![
        ("w ".to_owned(), Meaning::Accent),
        ("says why it is here and what ends it".to_owned(), Meaning::Quiet),
    ]);
    if let Some(notification) = task.notification.and_then(|id| desk.messages.get(id)) {
        let at = notification.attempts.first().map_or(notification.created_at, |attempt| attempt.started_at);
        lines.extend(timeline::proof(desk, notification, at, &zone, width));
        let said = wrap(notification.content.body.printable().as_str(), width);
        lines.extend(said.into_iter().map(|line| vec![(line, Meaning::Quiet)]));
    }
    let about =
        |numbered: &&Numbered| matches!(&numbered.change.object, Object::Task(one) if one.id == task.id);
    let recent = desk.recent.iter().rev().filter(about);
    lines.extend(recent.filter_map(|numbered| timeline::fact(desk, numbered, &zone, width)).flatten());
    lines
}
