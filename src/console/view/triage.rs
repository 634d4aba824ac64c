//! Triage: what needs somebody now, what happens if nobody acts, and who knows of it.

use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::intent::{MainKey, intent};
use crate::console::model::{About, Focus, Model, SECONDS_BELOW};
use crate::console::theme::Meaning;
use crate::console::told::{Mark, told};
use crate::console::view::paint::{Canvas, Spans, cells};
use crate::console::view::stream::filter_line;
use crate::console::view::{VERY_WIDE, WIDE, detail, first_row, item, partner, stream, viewers};
use crate::core::alert::{Alert, AlertState};
use crate::core::contact::Medium;
use crate::core::event::Severity;
use crate::core::person::{PersonId, short_name};
use crate::core::task::{Reminded, Task};
use crate::core::text::sanitise;
use ratatui::layout::{Position, Rect};

/// Where the columns of the list begin. `id` and `age` are there only on wide screens.
struct Columns {
    id: Option<u16>,
    next: u16,
    partner: (u16, u16),
    what: (u16, u16),
    risk: u16,
    due: u16,
    age: Option<u16>,
    told: (u16, u16),
}

const SEVERITY: u16 = 2;
const NEXT_WIDE: u16 = 11;
const RISK_WIDE: u16 = 7;
const DUE_WIDE: u16 = 6;

impl Columns {
    fn of(area: Rect) -> Self {
        let x = area.x;
        let wide = area.width >= WIDE;
        let next = x + 8;
        let id = wide.then_some(next + NEXT_WIDE + 1);
        let partner = (id.map_or(next + NEXT_WIDE + 1, |id| id + 7), if wide { 18 } else { 11 });
        let told_wide = if wide { (area.width - WIDE) / 2 + 22 } else { 11 };
        let told = (area.right().saturating_sub(told_wide), told_wide);
        let age = wide.then(|| told.0.saturating_sub(6));
        let due = age.unwrap_or(told.0).saturating_sub(DUE_WIDE + 1);
        let risk = due.saturating_sub(RISK_WIDE + 1);
        let what = partner.0 + partner.1 + 1;
        Self { id, next, partner, what: (what, risk.saturating_sub(what + 1)), risk, due, age, told }
    }
}

/// How the rows of the place are shared out.
struct Layout {
    alerts: u16,
    tasks: u16,
    detail: u16,
    stream: u16,
}

impl Layout {
    /// `rooms` are the rows between the column line and the line above the footer.
    fn of(area: Rect, rooms: u16, alerts: usize, tasks: usize) -> Self {
        let wanted = |rows: usize| u16::try_from(rows.max(1)).unwrap_or(u16::MAX);
        let (alerts, tasks) = (wanted(alerts), wanted(tasks));
        let beside = area.width >= VERY_WIDE;
        let stream = if area.width >= WIDE && rooms >= 28 && !beside { 7 } else { 0 };
        let rest = rooms - stream;
        let least_detail = (rest / 3).max(if rest >= 14 { 7 } else { 3 }).min(rest);
        // One row is the line between alerts and tasks, one says what is not shown.
        let list = rest - least_detail;
        let rows = list.saturating_sub(2);
        let few_tasks = tasks.min(rows / 3);
        let alerts = alerts.min(rows - few_tasks);
        let tasks = tasks.min(rows - alerts);
        Self { alerts, tasks, detail: rest.saturating_sub(alerts + tasks + 2), stream }
    }
}

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Option<Position> {
    let Some(desk) = &model.desk else {
        waiting(canvas, model, area);
        return None;
    };
    if model.triage.zoomed {
        let pane = Rect { height: area.height.saturating_sub(1), ..area };
        detail::paint(canvas, model, pane);
        intent_line(canvas, model, area);
        return None;
    }
    let cursor = counts(canvas, model, desk, area);
    if desk.alerts.values().all(|alert| alert.state == AlertState::Resolved)
        && model.triage.tasks.is_empty()
        && model.triage.alerts.is_empty()
        && !model.triage.filter.is_active()
    {
        calm(canvas, model, desk, area);
        return cursor;
    }
    let beside = if area.width >= VERY_WIDE { area.width / 3 } else { 0 };
    let left = Rect { width: area.width - beside, ..area };
    let columns = Columns::of(left);
    column_line(canvas, left.y + 1, &columns);
    let rooms = left.height.saturating_sub(3);
    let layout = Layout::of(area, rooms, model.triage.alerts.len(), model.triage.tasks.len());
    let mut y = left.y + 2;
    alerts(canvas, model, desk, &columns, Rect { y, height: layout.alerts, ..left });
    y += layout.alerts;
    let rule = Rect { y, height: 1, ..left };
    canvas.rule(rule, y, "to do, nobody is paged", &desk.to_do().to_string(), Meaning::Quiet);
    y += 1;
    tasks(canvas, model, desk, &columns, Rect { y, height: layout.tasks, ..left });
    y += layout.tasks;
    hidden(canvas, model, &layout, Rect { y, height: 1, ..left });
    y += 1;
    let pane = Rect { y, height: layout.detail, ..left };
    if left.width >= WIDE {
        let right = (left.width * 2 / 5).min(56);
        let split = left.width - right;
        detail::paint(canvas, model, Rect { width: split - 1, ..pane });
        partner::paint(canvas, model, desk, Rect { x: left.x + split, width: right, ..pane });
    } else {
        detail::paint(canvas, model, pane);
    }
    y += layout.detail;
    if layout.stream > 0 {
        canvas.rule(left, y, "stream", "2", Meaning::Quiet);
        stream::lines(canvas, model, Rect { y: y + 1, height: layout.stream - 1, ..left }, None);
    }
    if beside > 0 {
        let column = Rect {
            x: left.right() + 1,
            y: area.y + 1,
            width: beside - 1,
            height: area.height.saturating_sub(2),
        };
        canvas.rule(column, column.y, "stream", "2", Meaning::Quiet);
        let rows = Rect { y: column.y + 1, height: column.height.saturating_sub(1), ..column };
        stream::lines(canvas, model, rows, None);
    }
    intent_line(canvas, model, area);
    cursor
}

fn waiting(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    use crate::console::model::Link;
    let (said, meaning) = match &model.link {
        Link::Away { why, .. } => (format!("{}.", sanitise(why)), Meaning::Warn),
        _ => ("Asking the agent.".to_owned(), Meaning::Quiet),
    };
    let y = area.y + 2;
    canvas.put(area.x + 1, y, area.width.saturating_sub(2), &upper(&said), meaning);
    if let Link::Away { .. } = model.link {
        let next = "Start it with: nightdesk agent start    This console goes on trying; :q leaves.";
        canvas.put(area.x + 1, y + 2, area.width.saturating_sub(2), next, Meaning::Plain);
        let waits = model.waiting.counted();
        if !waits.is_empty() {
            let said = format!("Kept for the agent: {waits}. Pages continue until it has them.");
            canvas.put(area.x + 1, y + 4, area.width.saturating_sub(2), &said, Meaning::Bad);
        }
    }
}

fn upper(said: &str) -> String {
    let mut letters = said.chars();
    letters.next().map(|first| format!("{}{}", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

fn counts(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, area: Rect) -> Option<Position> {
    let paging = desk.paging();
    let gap = || ("  ".to_owned(), Meaning::Plain);
    let spans: Spans = vec![
        ("Triage".to_owned(), Meaning::Strong),
        gap(),
        (format!("{paging} paging"), if paging > 0 { Meaning::Bad } else { Meaning::Quiet }),
        gap(),
        (format!("{} held by people", desk.held()), Meaning::Plain),
        gap(),
        (format!("{} to do", desk.to_do()), Meaning::Plain),
    ];
    let x = canvas.put_spans(area.x + 1, area.y, area.width.saturating_sub(2), &spans);
    if model.triage.filter.is_active() {
        return filter_line(canvas, &model.triage.filter, x + 2, area.y, area.right().saturating_sub(x + 3));
    }
    let room = area.right().saturating_sub(x + 3);
    let (on_call, meaning) = on_call(model, desk, area.width >= WIDE);
    canvas.put_right(x + 2, area.y, room, &on_call, meaning);
    None
}

/// `on call: you, 07:00 M.Weber`.
fn on_call(model: &Model, desk: &Desk, wide: bool) -> (String, Meaning) {
    let zone = desk.zone();
    let said: Vec<String> = desk
        .on_call
        .iter()
        .take(if wide { 2 } else { 1 })
        .map(|on_call| {
            let who = on_call.person.as_ref().map_or("NOBODY".to_owned(), |person| desk.short_name(person));
            let label = match desk.on_call.len() {
                1 => "on call".to_owned(),
                _ => sanitise(&on_call.schedule).into_owned(),
            };
            // Who follows on themselves hands nothing over.
            if on_call.person.is_some() && on_call.next == on_call.person {
                return format!("{label}: {who}");
            }
            match (on_call.until, &on_call.next) {
                (Some(until), Some(next)) => {
                    let when = clock::when(model.now, until, &zone);
                    format!("{label}: {who}, {when} {}", desk.short_name(next))
                }
                (Some(until), None) => {
                    format!("{label}: {who} until {}", clock::when(model.now, until, &zone))
                }
                _ => format!("{label}: {who}"),
            }
        })
        .collect();
    let nobody = desk.on_call.iter().any(|on_call| on_call.person.is_none());
    match said.is_empty() {
        true => ("on call: nobody is planned".to_owned(), Meaning::Warn),
        false => (said.join("  "), if nobody { Meaning::Bad } else { Meaning::Plain }),
    }
}

fn column_line(canvas: &mut Canvas<'_>, y: u16, columns: &Columns) {
    canvas.put(columns.next, y, NEXT_WIDE, "NEXT", Meaning::Quiet);
    if let Some(id) = columns.id {
        canvas.put(id, y, 6, "ID", Meaning::Quiet);
    }
    canvas.put(columns.partner.0, y, columns.partner.1, "PARTNER", Meaning::Quiet);
    canvas.put(columns.what.0, y, columns.what.1, "WHAT", Meaning::Quiet);
    canvas.put_right(columns.risk, y, RISK_WIDE, "RISK", Meaning::Quiet);
    canvas.put(columns.due, y, DUE_WIDE, "DUE", Meaning::Quiet);
    if let Some(age) = columns.age {
        canvas.put(age, y, 4, "AGE", Meaning::Quiet);
    }
    canvas.put(columns.told.0, y, columns.told.1, "TOLD", Meaning::Quiet);
}

fn alerts(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, columns: &Columns, area: Rect) {
    let rows = &model.triage.alerts;
    if rows.is_empty() {
        let said = if model.triage.filter.is_active() { "No alert matches." } else { "Nothing is urgent." };
        canvas.put(area.x + SEVERITY, area.y, area.width - 2, said, Meaning::Quiet);
        return;
    }
    let first = first_row(rows.index(), rows.len(), usize::from(area.height));
    for (row, id) in rows.order().iter().skip(first).take(usize::from(area.height)).enumerate() {
        let y = area.y + u16::try_from(row).unwrap_or(0);
        let Some(alert) = desk.alerts.get(id) else { continue };
        let selected = model.triage.focus == Focus::Alerts && rows.selected() == Some(id);
        canvas.selected = selected;
        marker(canvas, area.x, y);
        mark(canvas, rows.is_marked(id), area.x + 1, y);
        canvas.put(area.x + SEVERITY, y, 4, alert.severity.short(), Meaning::Severity(alert.severity));
        let (next, meaning) = next(model, desk, alert, selected);
        canvas.put(columns.next, y, NEXT_WIDE, &next, meaning);
        if let Some(id) = columns.id {
            canvas.put(id, y, 6, &alert.id.to_string(), Meaning::Quiet);
        }
        let name = alert.partner.name.printable();
        canvas.put(columns.partner.0, y, columns.partner.1, name.as_str(), Meaning::Plain);
        title(canvas, alert, columns.what, y);
        viewers::on_row(canvas, model, desk, alert, columns.next - 2, columns.what, y);
        if let Some(money) = alert.at_risk.first() {
            let more = if alert.at_risk.len() > 1 { "+" } else { "" };
            let short = format!("{}{more}", money.short());
            canvas.put_right(columns.risk, y, RISK_WIDE, &short, Meaning::Plain);
        }
        if let Some(deadline) = alert.deadline {
            let minutes = clock::minutes_until(model.now, deadline);
            let meaning = if minutes < 60 { Meaning::Warn } else { Meaning::Plain };
            canvas.put(columns.due, y, DUE_WIDE, &clock::due(model.now, deadline, &desk.zone()), meaning);
        }
        if let Some(age) = columns.age {
            canvas.put(age, y, 4, &clock::age(model.now, alert.created_at), Meaning::Quiet);
        }
        who_was_told(canvas, desk, alert, columns.told, y);
        canvas.selected = false;
    }
}

fn marker(canvas: &mut Canvas<'_>, x: u16, y: u16) {
    if canvas.selected {
        let marker = canvas.theme.signs.marker;
        canvas.put(x, y, 1, marker, Meaning::Accent);
    }
}

/// The sign of a marked row, which any key acts on together with the others.
pub fn mark(canvas: &mut Canvas<'_>, marked: bool, x: u16, y: u16) {
    if marked {
        canvas.put(x, y, 1, "*", Meaning::Accent);
    }
}

/// The title; how many it stands for is never what is cut.
fn title(canvas: &mut Canvas<'_>, alert: &Alert, (x, width): (u16, u16), y: u16) {
    let title = alert.title.printable();
    let open = alert.members.iter().filter(|member| member.cleared_at.is_none()).count();
    let count = match alert.members.len() {
        0 | 1 => String::new(),
        _ => format!(" {}{}", canvas.theme.signs.times, open.max(1)),
    };
    let room = width.saturating_sub(cells(&count));
    let used = canvas.put(x, y, room, title.as_str(), Meaning::Plain);
    canvas.put(x + used, y, cells(&count), &count, Meaning::Strong);
}

/// What happens if nobody acts.
fn next(model: &Model, desk: &Desk, alert: &Alert, watched: bool) -> (String, Meaning) {
    if let Some(pending) = model.pending_for(&About::Alert(alert.id)) {
        return (format!("{} ..", pending.word), Meaning::Accent);
    }
    if let Some(item) = model.waiting.about(&About::Alert(alert.id)) {
        return (format!("{} waits", item.word()), Meaning::Bad);
    }
    if alert.state == AlertState::Resolved {
        return ("closed".to_owned(), Meaning::Quiet);
    }
    if alert.cleared_at.is_some() {
        return ("cleared".to_owned(), Meaning::Good);
    }
    let due = alert.next_due();
    let minutes = due.map(|due| clock::minutes_until(model.now, due));
    match alert.state {
        AlertState::Open if alert.in_last_resort() => ("LAST RESORT".to_owned(), Meaning::Bad),
        AlertState::Open => match (due, minutes) {
            (Some(due), Some(minutes)) => {
                let seconds = due.as_second() - model.now.as_second();
                if watched && (0..SECONDS_BELOW).contains(&seconds) {
                    (format!("in {}", clock::seconds(model.now, due)), Meaning::Bad)
                } else if minutes <= 0 {
                    ("now".to_owned(), Meaning::Bad)
                } else {
                    (format!("in {}", clock::countdown(minutes)), Meaning::Warn)
                }
            }
            _ => ("nobody".to_owned(), Meaning::Bad),
        },
        AlertState::Acknowledged => {
            let mut who = alert.holder.as_ref().map_or("?".to_owned(), |holder| initials(desk, holder));
            if let Some(offer) = &alert.offered {
                who = format!("{who}>{}", initials(desk, &offer.to));
            }
            match (due, minutes) {
                (Some(due), _) if due <= model.now => (format!("{who} LATE"), Meaning::Bad),
                (Some(_), Some(minutes)) => (format!("{who} {}", clock::countdown(minutes)), Meaning::Plain),
                _ => (who, Meaning::Plain),
            }
        }
        AlertState::Snoozed | AlertState::Resolved => match due {
            Some(until) => (format!("zzz {}", clock::when(model.now, until, &desk.zone())), Meaning::Quiet),
            None => ("snoozed".to_owned(), Meaning::Quiet),
        },
    }
}

fn initials(desk: &Desk, person: &PersonId) -> String {
    if desk.is_me(person) {
        return "you".to_owned();
    }
    let name = desk.people.get(person).map_or(person.0.as_str(), |person| person.name.as_str());
    sanitise(name).split_whitespace().filter_map(|word| word.chars().next()).take(3).collect()
}

fn who_was_told(canvas: &mut Canvas<'_>, desk: &Desk, alert: &Alert, (x, width): (u16, u16), y: u16) {
    let signs = canvas.theme.signs;
    let mut told = told(desk, alert);
    let ascii = signs.charset == crate::term::capabilities::Charset::Ascii;
    let asked: u16 = told.iter().map(|told| cells(&told.name) + 2).sum();
    if asked > width + 1 {
        // Where not all fit, nobody whom the message missed is hidden behind a number.
        told.sort_by_key(|told| !matches!(told.mark, Mark::Failed | Mark::Doubt));
    }
    let words: Vec<(String, Meaning)> = told
        .iter()
        .map(|told| {
            // A letter must not run into the sign that follows it.
            let gap = if ascii && told.mark == Mark::Failed { " " } else { "" };
            let (sign, meaning) = match told.mark {
                Mark::Proven => (signs.proven, Meaning::Good),
                Mark::Failed => (signs.failed, Meaning::Bad),
                Mark::Doubt => (signs.doubt, Meaning::Warn),
                Mark::Accepted => ("", Meaning::Plain),
            };
            (format!("{}{gap}{sign}", told.name), meaning)
        })
        .collect();
    let mut at = 0;
    for (i, (word, meaning)) in words.iter().enumerate() {
        let left = words.len() - i - 1;
        let more = format!("+{}", left + 1);
        let tail = if left > 0 { cells(&format!(" +{left}")) } else { 0 };
        let room = width.saturating_sub(at);
        if cells(word) + tail > room && i > 0 {
            canvas.put(x + at, y, room, &more, Meaning::Quiet);
            return;
        }
        at += canvas.put(x + at, y, room.saturating_sub(tail), word, *meaning) + 1;
    }
}

fn tasks(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, columns: &Columns, area: Rect) {
    let rows = &model.triage.tasks;
    if rows.is_empty() {
        let said = match model.triage.filter.is_active() && desk.to_do() > 0 {
            true => "Nothing to do fits the filter.",
            false => "Nothing is to do.",
        };
        canvas.put(area.x + SEVERITY, area.y, area.width - 2, said, Meaning::Quiet);
        return;
    }
    let first = first_row(rows.index(), rows.len(), usize::from(area.height));
    for (row, id) in rows.order().iter().skip(first).take(usize::from(area.height)).enumerate() {
        let y = area.y + u16::try_from(row).unwrap_or(0);
        canvas.selected = model.triage.focus == Focus::Tasks && rows.selected() == Some(id);
        marker(canvas, area.x, y);
        mark(canvas, rows.is_marked(id), area.x + 1, y);
        match desk.tasks.get(id) {
            Some(task) => task_row(canvas, model, desk, task, columns, area.x, y),
            None => {
                canvas.put(columns.next, y, NEXT_WIDE, "done", Meaning::Quiet);
                canvas.put(columns.what.0, y, columns.what.1, &id.to_string(), Meaning::Quiet);
            }
        }
        canvas.selected = false;
    }
}

fn task_row(
    canvas: &mut Canvas<'_>,
    model: &Model,
    desk: &Desk,
    task: &Task,
    columns: &Columns,
    x: u16,
    y: u16,
) {
    canvas.put(x + SEVERITY, y, 5, item::task_word(task), Meaning::Severity(Severity::Medium));
    let (owner, meaning) = match (model.pending_for(&About::Task(task.id)), &task.owner) {
        (Some(pending), _) => (format!("{} ..", pending.word), Meaning::Accent),
        (None, Some(owner)) => (desk.short_name(owner), Meaning::Plain),
        (None, None) => ("nobody".to_owned(), Meaning::Quiet),
    };
    canvas.put(columns.next, y, NEXT_WIDE, &owner, meaning);
    if let Some(id) = columns.id {
        canvas.put(id, y, 6, &task.id.to_string(), Meaning::Quiet);
    }
    if let Some(partner) = &task.partner {
        let name = partner.name.printable();
        canvas.put(columns.partner.0, y, columns.partner.1, name.as_str(), Meaning::Plain);
    }
    // Most tasks have no money at risk, so their titles may use that column, too.
    let risk = task.alert.and_then(|id| desk.alerts.get(&id)).and_then(|alert| alert.at_risk.first());
    let room = match risk {
        Some(money) => {
            canvas.put_right(columns.risk, y, RISK_WIDE, &money.short(), Meaning::Plain);
            columns.what.1
        }
        None => columns.due.saturating_sub(columns.what.0 + 1),
    };
    canvas.put(columns.what.0, y, room, task.title.printable().as_str(), Meaning::Plain);
    if let Some(due) = task.due_at {
        let meaning = if due <= model.now { Meaning::Warn } else { Meaning::Plain };
        canvas.put(columns.due, y, DUE_WIDE, &clock::due(model.now, due, &desk.zone()), meaning);
    }
    if let Some(age) = columns.age {
        canvas.put(age, y, 4, &clock::age(model.now, task.created_at), Meaning::Quiet);
    }
    let notification = task.notification.and_then(|id| desk.notifications.get(&id));
    if let Some(notification) = notification {
        let name = desk.recipient_name(notification);
        let via = match notification.medium {
            Medium::Sms => "SMS",
            Medium::Email => "mail",
        };
        canvas.put(columns.told.0, y, columns.told.1, &format!("{via} {name}"), Meaning::Quiet);
    } else if let Some(reminded) = task.reminded {
        let said = match (reminded, &task.owner) {
            (Reminded::Lead, _) => "lead told".to_owned(),
            (Reminded::Owner, Some(owner)) => format!("{} told", desk.last_name(owner)),
            (Reminded::Owner, None) => "team told".to_owned(),
        };
        canvas.put(columns.told.0, y, columns.told.1, &said, Meaning::Quiet);
    }
}

/// `4 more ↓` and `2 new ↑`: what the lists hold beyond what is shown.
fn hidden(canvas: &mut Canvas<'_>, model: &Model, layout: &Layout, area: Rect) {
    let signs = canvas.theme.signs;
    let (alerts, tasks) = (&model.triage.alerts, &model.triage.tasks);
    let beyond = |rows: usize, shown: u16| rows.saturating_sub(usize::from(shown.max(1)));
    let mut more = Vec::new();
    // Of many tasks the agent brings those that are due first; the filter knows only these.
    let elsewhere = match (&model.desk, model.triage.filter.is_active()) {
        (Some(desk), false) => desk.to_do_elsewhere(),
        _ => 0,
    };
    let alerts_beyond = beyond(alerts.len(), layout.alerts);
    let tasks_beyond = beyond(tasks.len(), layout.tasks) + elsewhere;
    if alerts_beyond > 0 {
        more.push(format!("{alerts_beyond} more alerts {}", signs.down));
    }
    if tasks_beyond > 0 {
        more.push(format!("{tasks_beyond} more to do {}", signs.down));
    }
    canvas.put(area.x + 3, area.y, area.width / 2, &more.join("  "), Meaning::Quiet);
    let new = alerts.waiting() + tasks.waiting();
    if new > 0 {
        let said = format!("{new} new {} g", signs.up);
        canvas.put_right(area.x, area.y, area.width - 1, &said, Meaning::Accent);
    }
}

/// The most valuable line: what the main key will do to the selected row.
fn intent_line(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let y = area.bottom().saturating_sub(1);
    match intent(model) {
        Some(intent) => {
            let meaning = match intent.key {
                MainKey::Acts => Meaning::Accent,
                MainKey::Waits => Meaning::Quiet,
                MainKey::Cannot => Meaning::Warn,
            };
            canvas.rule(area, y, &intent.says, intent.undo.as_deref().unwrap_or_default(), meaning);
        }
        None => canvas.rule(area, y, "", "", Meaning::Quiet),
    }
}

/// Nothing needs anybody; what is said instead lets one believe it.
fn calm(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, area: Rect) {
    let zone = desk.zone();
    let mut said = vec![("Nothing needs you.".to_owned(), Meaning::Strong)];
    let mut proofs = Vec::new();
    proofs.push(match desk.last_event() {
        Some((source, at)) => match clock::age(model.now, at).as_str() {
            "now" => format!("Last event just now from {}", sanitise(&source.name)),
            age => format!("Last event {age} ago from {}", sanitise(&source.name)),
        },
        None => "No source has ever sent anything".to_owned(),
    });
    for (medium, name) in [(Medium::Sms, "SMS"), (Medium::Email, "mail")] {
        match desk.carriers(medium).filter_map(|channel| channel.last_proven_at).max() {
            Some(at) => proofs.push(format!("{name} last proven {}", clock::when(model.now, at, &zone))),
            None => proofs.push(format!("{name} never proven")),
        }
    }
    let changes = desk.on_call.iter().filter(|on_call| on_call.next != on_call.person);
    if let Some(until) = changes.filter_map(|on_call| on_call.until).min() {
        proofs.push(format!("next hand-over {}", clock::when(model.now, until, &zone)));
    }
    for line in crate::console::view::paint::wrap(&format!("{}.", proofs.join("; ")), area.width.min(100) - 6)
    {
        said.push((line, Meaning::Plain));
    }
    let closed = desk.alerts.values().filter(|alert| alert.state == AlertState::Resolved).count();
    if closed > 0 {
        said.push((String::new(), Meaning::Plain));
        let was = if closed == 1 { "alert was" } else { "alerts were" };
        said.push((format!("{closed} {was} closed within the last day."), Meaning::Quiet));
    }
    for (y, (line, meaning)) in (area.y + area.height / 3..).zip(said) {
        canvas.put(area.x + 3, y, area.width - 4, &line, meaning);
    }
}

/// `Maria Weber` as a column takes it, for names that are not people of the desk.
pub fn short(name: &str) -> String {
    short_name(&sanitise(name))
}
