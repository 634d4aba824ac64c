//! Triage: what needs somebody now, what happens if nobody acts, and who knows of it.

mod calm;
mod rows;

use crate::console::bulk;
use crate::console::clock;
use crate::console::desk::{self, Desk};
use crate::console::intent::{MainKey, intent};
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::console::view::paint::{Canvas, Spans, cells};
use crate::console::view::stream::filter_line;
use crate::console::view::{Beyond, VERY_WIDE, WIDE, detail, partner, stream};
use crate::core::alert::AlertState;
use crate::core::counted::counted;
use crate::core::event::Severity;
use crate::core::money::Money;
use crate::core::person::short_name;
use crate::core::text::sanitise;
use crate::wire::OnCall;
use calm::{calm, waiting};
use ratatui::layout::{Position, Rect};
use rows::Columns;

pub use rows::mark;

/// The six newest changes under their line.
const STREAM: u16 = 7;
/// From so many rows on there is room for them.
const TALL: u16 = 28;

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
        let stream = if area.width >= WIDE && rooms >= TALL && !beside { STREAM } else { 0 };
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
        zoomed(canvas, model, desk, pane);
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
    heads(canvas, model, &columns, Rect { y: left.y + 1, height: 1, ..left });
    let rooms = left.height.saturating_sub(3);
    let layout = Layout::of(area, rooms, model.triage.alerts.len(), model.triage.tasks.len());
    let mut y = left.y + 2;
    rows::alerts(canvas, model, desk, &columns, Rect { y, height: layout.alerts, ..left });
    y += layout.alerts;
    let rule = Rect { y, height: 1, ..left };
    canvas.rule(rule, y, "to do, nobody is paged", &desk.to_do().to_string(), Meaning::Quiet);
    y += 1;
    rows::tasks(canvas, model, desk, &columns, Rect { y, height: layout.tasks, ..left });
    y += layout.tasks;
    hidden(canvas, model, &layout, Rect { y, height: 1, ..left });
    y += 1;
    let pane = Rect { y, height: layout.detail, ..left };
    if left.width >= WIDE {
        let (about, beside) = split(pane);
        detail::paint(canvas, model, about);
        partner::paint(canvas, model, desk, beside);
    } else {
        detail::paint(canvas, model, pane);
    }
    y += layout.detail;
    if layout.stream > 0 {
        stream::short(canvas, model, desk, Rect { y, height: layout.stream, ..left });
    }
    if beside > 0 {
        let column = Rect {
            x: left.right() + 1,
            y: area.y + 1,
            width: beside - 1,
            height: area.height.saturating_sub(2),
        };
        stream::short(canvas, model, desk, column);
    }
    intent_line(canvas, model, area);
    cursor
}

/// The detail on the whole screen; beside it the partner where there is room.
fn zoomed(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, area: Rect) {
    if area.width < WIDE {
        detail::paint(canvas, model, area);
        return;
    }
    let (about, beside) = split(area);
    detail::paint(canvas, model, about);
    partner::paint(canvas, model, desk, beside);
}

/// Room for the detail on the left and the partner on the right.
fn split(area: Rect) -> (Rect, Rect) {
    let right = (area.width * 2 / 5).min(56);
    let left = area.width - right;
    (Rect { width: left - 1, ..area }, Rect { x: area.x + left, width: right, ..area })
}

/// How wide the detail is, for those who count its lines.
pub fn detail_width(model: &Model) -> u16 {
    let area = Rect::new(0, 0, model.size.0, model.size.1);
    match model.size.0 {
        WIDE.. if model.triage.zoomed => split(area).0.width,
        VERY_WIDE.. => split(Rect { width: area.width - area.width / 3, ..area }).0.width,
        WIDE.. => split(area).0.width,
        narrow => narrow,
    }
}

fn counts(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, area: Rect) -> Option<Position> {
    let paging = desk.paging().count();
    let gap = || ("  ".to_owned(), Meaning::Plain);
    let mut spans: Spans = vec![
        ("Triage".to_owned(), Meaning::Strong),
        gap(),
        (format!("{paging} paging"), if paging > 0 { Meaning::Bad } else { Meaning::Quiet }),
        gap(),
    ];
    // While a filter is on, what is shown of what there is.
    if model.triage.filter.is_active() {
        let (alerts, tasks) = (model.triage.alerts.len(), model.triage.tasks.len());
        let open = desk.alerts.values().filter(|alert| alert.state != AlertState::Resolved).count();
        spans.push((format!("{alerts} of {}", counted(open.max(alerts), "alert", "alerts")), Meaning::Plain));
        spans.push(gap());
        spans.push((format!("{tasks} of {} to do", desk.to_do().max(tasks)), Meaning::Plain));
    } else {
        spans.push((format!("{} held by people", desk.held()), Meaning::Plain));
        spans.push(gap());
        spans.push((format!("{} to do", desk.to_do()), Meaning::Plain));
    }
    spans.extend(marked(model));
    if area.width >= WIDE {
        spans.extend(at_risk(desk).into_iter().flat_map(|said| [gap(), said]));
    }
    let x = canvas.put_spans(area.x + 1, area.y, area.width.saturating_sub(2), &spans);
    if model.triage.filter.is_active() {
        return filter_line(canvas, &model.triage.filter, x + 2, area.y, area.right().saturating_sub(x + 3));
    }
    let room = area.right().saturating_sub(x + 3);
    let (on_call, meaning) = on_call(model, desk, area.width >= WIDE);
    canvas.put_right(x + 2, area.y, room, &on_call, meaning);
    None
}

/// `2 marked`: some of them may not be in sight.
fn marked(model: &Model) -> Spans {
    match bulk::marked(model) {
        0 => Spans::new(),
        many => vec![("  ".to_owned(), Meaning::Plain), (format!("{many} marked"), Meaning::Accent)],
    }
}

/// `€1.3M at risk`; sums of other currencies are never added to it without a rate.
fn at_risk(desk: &Desk) -> Option<(String, Meaning)> {
    let sums = desk.at_risk();
    let exchange = desk.info.exchange.as_ref().filter(|_| sums.len() > 1);
    let said = match exchange.and_then(|exchange| exchange.worth(&sums)) {
        Some(worth) => format!("about {} at risk", worth.short()),
        None if sums.is_empty() => return None,
        None => {
            let more = if sums.len() > 3 { " and more" } else { "" };
            let shown: Vec<String> = sums.iter().take(3).map(Money::short).collect();
            format!("{}{more} at risk", shown.join(" + "))
        }
    };
    Some((said, Meaning::Plain))
}

/// `on call: you, 07:00 M.Weber`.
fn on_call(model: &Model, desk: &Desk, wide: bool) -> (String, Meaning) {
    let zone = desk.zone();
    // Whoever looks at few of them has to see the one that has nobody.
    let mut schedules: Vec<&OnCall> = desk.on_call.iter().collect();
    schedules.sort_by_key(|on_call| on_call.person.is_some());
    let said: Vec<String> = schedules
        .into_iter()
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

/// For somebody who sits here for the first time.
const HINT: &str = "new here? j k move, a takes it, w says why, ? shows all keys, :q leaves";

/// `1 more alert ↑`, `4 more to do ↓`: what the lists hold beyond what is shown, and new tasks.
fn hidden(canvas: &mut Canvas<'_>, model: &Model, layout: &Layout, area: Rect) {
    let signs = canvas.theme.signs;
    let (alerts, tasks) = (&model.triage.alerts, &model.triage.tasks);
    let of_alerts = Beyond::of(alerts, usize::from(layout.alerts));
    let mut of_tasks = Beyond::of(tasks, usize::from(layout.tasks));
    // Of many tasks the agent brings those that are due first; the filter knows only these.
    if let (Some(desk), false) = (&model.desk, model.triage.filter.is_active()) {
        of_tasks.below += desk.to_do_elsewhere();
    }
    let shown = of_alerts.above..alerts.len().saturating_sub(of_alerts.below);
    let out_of_sight = alerts.order().iter().enumerate().filter(|(at, _)| !shown.contains(at));
    let pages = out_of_sight.filter_map(|(_, id)| model.alert(*id)).any(desk::pages);
    let mut more = Spans::new();
    let meaning = if pages { Meaning::Bad } else { Meaning::Quiet };
    more.extend(of_alerts.in_words(&signs, "more alert", "more alerts").map(|said| (said, meaning)));
    if let Some(said) = of_tasks.in_words(&signs, "more to do", "more to do") {
        let gap = if more.is_empty() { "" } else { "  " };
        more.push((format!("{gap}{said}"), Meaning::Quiet));
    }
    let end = canvas.put_spans(area.x + 3, area.y, area.width * 2 / 3, &more);
    if let Some(new) = crate::console::view::new_rows(canvas, tasks.waiting()) {
        canvas.put_right(area.x, area.y, area.width - 1, &new, Meaning::Accent);
    } else if model.newcomer {
        let x = end + if more.is_empty() { 0 } else { 3 };
        let room = area.right().saturating_sub(x + 1);
        if cells(HINT) <= room {
            canvas.put(x, area.y, room, HINT, Meaning::Accent);
        } else {
            canvas.put(x, area.y, room, "new here? ? shows all keys", Meaning::Accent);
        }
    }
}

/// What nobody is to miss, however far from the alerts the hand is: paging ones that a filter hides, and new ones
/// that are not among the rows yet.
fn news(canvas: &Canvas<'_>, model: &Model) -> Option<(String, Meaning)> {
    let rows = &model.triage.alerts;
    if let Some(hidden) = model.paging_hidden().filter(|_| !rows.is_empty()) {
        return Some((hidden, Meaning::Bad));
    }
    let new = crate::console::view::new_rows(canvas, rows.waiting())?;
    let first = rows.waiting().first().and_then(|id| model.alert(*id));
    Some(match first.filter(|alert| alert.state == AlertState::Open) {
        Some(alert) => {
            let meaning = if alert.severity >= Severity::High { Meaning::Bad } else { Meaning::Warn };
            (format!("{new}: {} {}", alert.severity.short(), alert.partner.name.printable()), meaning)
        }
        None => (new, Meaning::Accent),
    })
}

/// The heads of the columns; what is urgent and not among the rows stands at the right in place of the last ones.
fn heads(canvas: &mut Canvas<'_>, model: &Model, columns: &Columns, area: Rect) {
    let Some((said, meaning)) = news(canvas, model) else {
        return columns.heads(canvas, model.triage.by, area.y, area.right());
    };
    let wide = cells(&said).min(area.width * 2 / 3);
    let from = area.right().saturating_sub(wide + 1);
    columns.heads(canvas, model.triage.by, area.y, from.saturating_sub(2));
    canvas.put(from, area.y, wide, &said, meaning);
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

/// `Maria Weber` as a column takes it, for names that are not people of the desk.
pub fn short(name: &str) -> String {
    short_name(&sanitise(name))
}
