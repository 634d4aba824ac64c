//! The rows of Triage: what happens next, to whom, what it is about, what it puts at risk and who was told.

use crate::console::clock;
use crate::console::desk::{Desk, Finished};
use crate::console::model::{About, Focus, Model, SECONDS_BELOW};
use crate::console::sort::By;
use crate::console::theme::Meaning;
use crate::console::told::{Mark, Told, told};
use crate::console::view::paint::{Canvas, cells};
use crate::console::view::{WIDE, first_row, item, viewers};
use crate::core::alert::{Alert, AlertState};
use crate::core::change::Actor;
use crate::core::contact::Medium;
use crate::core::event::Severity;
use crate::core::id::TaskId;
use crate::core::partner::PartnerRef;
use crate::core::person::PersonId;
use crate::core::task::{Reminded, Task};
use crate::core::text::sanitise;
use jiff::Timestamp;
use ratatui::layout::Rect;

/// A column: where it begins and how wide it is.
type Column = (u16, u16);

/// Where the columns of the list stand. Some are there only where there is room.
pub struct Columns {
    id: Option<u16>,
    next: Column,
    partner: Column,
    what: Column,
    risk: u16,
    due: u16,
    /// The same moment by the partner's clock.
    there: Option<u16>,
    age: Option<u16>,
    told: Column,
}

/// The shape of the severity, then its word; the marker of the hand stands before both.
const SHAPE: u16 = 1;
const WORD: u16 = 3;
/// Between both, where an alert is marked.
const MARK: u16 = 2;
/// What comes next, and on wide screens whom it tells.
const NEXT: (u16, u16) = (11, 21);
const RISK_WIDE: u16 = 7;
const DUE_WIDE: u16 = clock::DUE_WIDE;
const THERE_WIDE: u16 = 9;
const AGE_WIDE: u16 = 5;
/// From this width on the list tells the time where the partner is.
const ROOMY: u16 = 130;

impl Columns {
    pub fn of(area: Rect) -> Self {
        let x = area.x;
        let wide = area.width >= WIDE;
        let next = (x + 8, if wide { NEXT.1 } else { NEXT.0 });
        let after = next.0 + next.1 + 1;
        let id = wide.then_some(after);
        let partner = (id.map_or(after, |id| id + 7), if wide { 16 } else { 11 });
        let told_wide = if wide { (area.width - WIDE) / 3 + 16 } else { 10 };
        let told = (area.right().saturating_sub(told_wide), told_wide);
        let age = wide.then(|| told.0.saturating_sub(AGE_WIDE + 1));
        let there = (area.width >= ROOMY).then(|| age.unwrap_or(told.0).saturating_sub(THERE_WIDE + 1));
        let due = there.or(age).unwrap_or(told.0).saturating_sub(DUE_WIDE + 1);
        let risk = due.saturating_sub(RISK_WIDE + 1);
        let what = partner.0 + partner.1 + 1;
        Self { id, next, partner, what: (what, risk.saturating_sub(what + 1)), risk, due, there, age, told }
    }

    /// The heads; the one that the rows are sorted by has an arrow. From `until` on something else stands there.
    pub fn heads(&self, canvas: &mut Canvas<'_>, by: By, y: u16, until: u16) {
        let down = canvas.theme.signs.down;
        let mut head = |(x, width): Column, title: &str, sorts: bool, right: bool| {
            let wide = if right { width } else { cells(title) };
            if x + wide > until {
                return;
            }
            let (title, meaning) = match sorts {
                true => (format!("{title}{down}"), Meaning::Accent),
                false => (title.to_owned(), Meaning::Quiet),
            };
            if right {
                canvas.put_right(x, y, width, &title, meaning);
            } else {
                canvas.put(x, y, width, &title, meaning);
            }
        };
        head(self.next, "NEXT", by == By::Next, false);
        if let Some(id) = self.id {
            head((id, 6), "ID", false, false);
        }
        head(self.partner, "PARTNER", by == By::Partner, false);
        head(self.what, "WHAT", false, false);
        head((self.risk, RISK_WIDE), "RISK", by == By::Money, true);
        head((self.due, DUE_WIDE), "DUE", by == By::Deadline, false);
        if let Some(there) = self.there {
            head((there, THERE_WIDE), "THERE", false, false);
        }
        if let Some(age) = self.age {
            head((age, AGE_WIDE), "AGE", by == By::Age, false);
        }
        head(self.told, "TOLD", false, false);
    }

    fn deadline(
        &self,
        canvas: &mut Canvas<'_>,
        model: &Model,
        desk: &Desk,
        partner: Option<&PartnerRef>,
        (at, y): (Timestamp, u16),
        meaning: Meaning,
    ) {
        let zone = desk.zone();
        canvas.put(self.due, y, DUE_WIDE, &clock::due(model.now, at, &zone), meaning);
        let there = self.there.zip(partner.and_then(Desk::zone_of));
        if let Some((x, there)) = there
            && let Some(said) = clock::there(at, &zone, &there)
        {
            canvas.put(x, y, THERE_WIDE, &said, Meaning::Quiet);
        }
    }
}

pub fn alerts(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, columns: &Columns, area: Rect) {
    let rows = &model.triage.alerts;
    if rows.is_empty() {
        let (said, meaning) = match (model.paging_hidden(), model.triage.filter.is_active()) {
            (None, false) => ("Nothing is urgent.".to_owned(), Meaning::Quiet),
            (None, true) => ("No alert matches. Esc shows all again.".to_owned(), Meaning::Quiet),
            (Some(hidden), _) => (hidden, Meaning::Bad),
        };
        canvas.put(area.x + WORD, area.y, area.width.saturating_sub(WORD), &said, meaning);
        return;
    }
    let first = first_row(rows.index(), rows.len(), usize::from(area.height));
    for (y, id) in (area.y..).zip(rows.order().iter().skip(first).take(usize::from(area.height))) {
        let Some(alert) = desk.alerts.get(id) else { continue };
        let selected = model.triage.focus == Focus::Alerts && rows.selected() == Some(id);
        canvas.selected = selected;
        marker(canvas, area.x, y);
        mark(canvas, rows.is_marked(id), area.x + MARK, y);
        let meaning = Meaning::Severity(alert.severity);
        canvas.put(area.x + SHAPE, y, 1, canvas.theme.signs.severity(alert.severity), meaning);
        canvas.put(area.x + WORD, y, 4, alert.severity.short(), meaning);
        let (next, meaning) = next(model, desk, alert, selected);
        let used = canvas.put(columns.next.0, y, columns.next.1, &next, meaning);
        if let Some(whom) = whom(desk, alert).filter(|_| columns.id.is_some()) {
            let room = columns.next.1.saturating_sub(used + 1);
            canvas.put(columns.next.0 + used + 1, y, room, &whom, Meaning::Plain);
        }
        if let Some(id) = columns.id {
            canvas.put(id, y, 6, &alert.id.to_string(), Meaning::Quiet);
        }
        let name = alert.partner.name.printable();
        canvas.put(columns.partner.0, y, columns.partner.1, name.as_str(), Meaning::Plain);
        title(canvas, alert, columns.what, y);
        viewers::on_row(canvas, model, desk, alert, columns.next.0 - 1, columns.what, y);
        if let Some(money) = alert.at_risk.first() {
            let more = if alert.at_risk.len() > 1 { "+" } else { "" };
            let short = format!("{}{more}", money.short());
            canvas.put_right(columns.risk, y, RISK_WIDE, &short, Meaning::Plain);
        }
        if let Some(deadline) = alert.deadline {
            let minutes = clock::minutes_until(model.now, deadline);
            let meaning = if minutes < 60 { Meaning::Warn } else { Meaning::Plain };
            columns.deadline(canvas, model, desk, Some(&alert.partner), (deadline, y), meaning);
        }
        if let Some(age) = columns.age {
            canvas.put(age, y, AGE_WIDE, &clock::age(model.now, alert.created_at), Meaning::Quiet);
        }
        who_was_told(canvas, &told(desk, alert), columns.told, y);
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
fn title(canvas: &mut Canvas<'_>, alert: &Alert, (x, width): Column, y: u16) {
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
                } else if due <= model.now {
                    ("now".to_owned(), Meaning::Bad)
                } else {
                    let meaning = if minutes <= 0 { Meaning::Bad } else { Meaning::Warn };
                    (format!("in {}", clock::countdown(model.now, due)), meaning)
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
                // Two names leave room for one unit.
                (Some(_), Some(minutes @ 60..)) if alert.offered.is_some() => {
                    (format!("{who} {}", clock::span(minutes)), Meaning::Plain)
                }
                (Some(due), _) => (format!("{who} {}", clock::countdown(model.now, due)), Meaning::Plain),
                _ => (who, Meaning::Plain),
            }
        }
        AlertState::Snoozed | AlertState::Resolved => match due {
            Some(until) => (format!("zzz {}", until_in_short(model, desk, until)), Meaning::Quiet),
            None => ("snoozed".to_owned(), Meaning::Quiet),
        },
    }
}

/// Whom the next step tells, if nobody acts: `M.Weber`, `M.Weber +1`.
fn whom(desk: &Desk, alert: &Alert) -> Option<String> {
    if alert.state != AlertState::Open || alert.cleared_at.is_some() {
        return None;
    }
    alert.next_escalation_at?;
    let (_, step) = alert.next_step();
    let (first, more) = step.notify.split_first()?;
    let more = if more.is_empty() { String::new() } else { format!(" +{}", more.len()) };
    let name = desk.target(first);
    Some(format!("{}{more}", name.strip_prefix("team ").unwrap_or(&name)))
}

/// `06:30` today, `Wed 6h` later, so that it is never cut.
fn until_in_short(model: &Model, desk: &Desk, until: Timestamp) -> String {
    clock::due(model.now, until, &desk.zone())
}

fn initials(desk: &Desk, person: &PersonId) -> String {
    if desk.is_me(person) {
        return "you".to_owned();
    }
    let name = desk.people.get(person).map_or(person.0.as_str(), |person| person.name.as_str());
    sanitise(name).split_whitespace().filter_map(|word| word.chars().next()).take(3).collect()
}

fn who_was_told(canvas: &mut Canvas<'_>, told: &[Told], (x, width): Column, y: u16) {
    let signs = canvas.theme.signs;
    let mut told: Vec<&Told> = told.iter().collect();
    let asked: u16 = told.iter().map(|told| cells(&told.mark.beside(&told.name, &signs)) + 1).sum();
    if asked > width + 1 {
        // Where not all fit, nobody whom the message missed is hidden behind a number.
        told.sort_by_key(|told| !matches!(told.mark, Mark::Failed | Mark::Doubt | Mark::Waits));
    }
    // Of those there is no room for, the worst is what an operator can mend.
    let rest = |from: usize| {
        let worst = told[from..].iter().map(|told| told.mark).max_by_key(|mark| worth_a_look(*mark));
        let worst = worst.filter(|mark| worth_a_look(*mark) > 0);
        let more = format!("{}{}", signs.more, told.len() - from);
        match worst {
            Some(mark) => (mark.beside(&more, &signs), mark.meaning()),
            None => (more, Meaning::Quiet),
        }
    };
    let (mut at, many) = (0, told.len());
    for (i, told) in told.iter().enumerate() {
        let (more, of_more) = rest(i);
        let tail = if i + 1 < many { cells(&rest(i + 1).0) + 1 } else { 0 };
        let room = width.saturating_sub(at);
        let whole = told.mark.beside(&told.name, &signs);
        if cells(&whole) + tail > room && i > 0 {
            canvas.put(x + at, y, room, &more, of_more);
            return;
        }
        // A name may be cut; what is known of it may not.
        let room = room.saturating_sub(tail);
        let name = canvas.fit(&told.name, room.saturating_sub(cells(&whole) - cells(&told.name)));
        at += canvas.put(x + at, y, room, &told.mark.beside(&name, &signs), told.mark.meaning()) + 1;
    }
}

/// How much a mark asks for somebody.
fn worth_a_look(mark: Mark) -> u8 {
    match mark {
        Mark::Failed => 3,
        Mark::Doubt => 2,
        Mark::Waits => 1,
        Mark::Accepted | Mark::Proven => 0,
    }
}

pub fn tasks(canvas: &mut Canvas<'_>, model: &Model, desk: &Desk, columns: &Columns, area: Rect) {
    let rows = &model.triage.tasks;
    if rows.is_empty() {
        let said = match model.triage.filter.is_active() && desk.to_do() > 0 {
            true => "Nothing to do fits the filter. Esc shows all again.",
            false => "Nothing is to do.",
        };
        canvas.put(area.x + WORD, area.y, area.width.saturating_sub(WORD), said, Meaning::Quiet);
        return;
    }
    let first = first_row(rows.index(), rows.len(), usize::from(area.height));
    for (y, id) in (area.y..).zip(rows.order().iter().skip(first).take(usize::from(area.height))) {
        canvas.selected = model.triage.focus == Focus::Tasks && rows.selected() == Some(id);
        marker(canvas, area.x, y);
        mark(canvas, rows.is_marked(id), area.x + SHAPE, y);
        match desk.tasks.get(id) {
            Some(task) => task_row(canvas, model, desk, task, columns, (area.x, y)),
            None => finished_row(canvas, desk, *id, columns, (area.x, y)),
        }
        canvas.selected = false;
    }
}

/// What it was and who ended it, for as long as the row stays under the hand.
fn finished_row(canvas: &mut Canvas<'_>, desk: &Desk, id: TaskId, columns: &Columns, (x, y): (u16, u16)) {
    let quiet = Meaning::Quiet;
    let Some(Finished { task, end }) = desk.finished(id) else {
        canvas.put(columns.next.0, y, columns.next.1, "done", quiet);
        canvas.put(columns.what.0, y, columns.what.1, &id.to_string(), quiet);
        return;
    };
    canvas.put(x + SHAPE + 1, y, 5, item::task_word(task), quiet);
    let done = match end.as_ref().map(|end| &end.by) {
        Some(Actor::Person { id, .. }) => format!("done {}", desk.last_name(id)),
        Some(Actor::Desk | Actor::Source(_) | Actor::Channel(_)) => "done itself".to_owned(),
        None => "done".to_owned(),
    };
    canvas.put(columns.next.0, y, columns.next.1, &done, quiet);
    if let Some(column) = columns.id {
        canvas.put(column, y, 6, &id.to_string(), quiet);
    }
    if let Some(partner) = &task.partner {
        canvas.put(columns.partner.0, y, columns.partner.1, partner.name.printable().as_str(), quiet);
    }
    what(canvas, columns, task, (columns.due.saturating_sub(1), y), quiet);
}

/// The title, up to `end`; one that is too long begins in the column of the partner where there is none.
fn what(canvas: &mut Canvas<'_>, columns: &Columns, task: &Task, (end, y): (u16, u16), meaning: Meaning) {
    let mut from = columns.what.0;
    let title = task.title.printable();
    if task.partner.is_none() && from + cells(title.as_str()) > end {
        from = columns.partner.0;
    }
    canvas.put(from, y, end.saturating_sub(from), title.as_str(), meaning);
}

fn task_row(
    canvas: &mut Canvas<'_>,
    model: &Model,
    desk: &Desk,
    task: &Task,
    columns: &Columns,
    (x, y): (u16, u16),
) {
    canvas.put(x + SHAPE + 1, y, 5, item::task_word(task), Meaning::Severity(Severity::Medium));
    let about = About::Task(task.id);
    let (owner, meaning) = match (model.pending_for(&about), model.waiting.about(&about), &task.owner) {
        (Some(pending), ..) => (format!("{} ..", pending.word), Meaning::Accent),
        (None, Some(item), _) => (format!("{} waits", item.word()), Meaning::Bad),
        (None, None, Some(owner)) => (desk.short_name(owner), Meaning::Plain),
        (None, None, None) => ("nobody".to_owned(), Meaning::Quiet),
    };
    canvas.put(columns.next.0, y, columns.next.1, &owner, meaning);
    if let Some(id) = columns.id {
        canvas.put(id, y, 6, &task.id.to_string(), Meaning::Quiet);
    }
    if let Some(partner) = &task.partner {
        let name = partner.name.printable();
        canvas.put(columns.partner.0, y, columns.partner.1, name.as_str(), Meaning::Plain);
    }
    let risk = task.alert.and_then(|id| desk.alerts.get(&id)).and_then(|alert| alert.at_risk.first());
    // Most tasks have no money at risk, so their titles may use that column, too.
    let end = match risk {
        Some(money) => {
            canvas.put_right(columns.risk, y, RISK_WIDE, &money.short(), Meaning::Plain);
            columns.what.0 + columns.what.1
        }
        None => columns.due.saturating_sub(1),
    };
    what(canvas, columns, task, (end, y), Meaning::Plain);
    if let Some(due) = task.due_at {
        let meaning = if due <= model.now { Meaning::Warn } else { Meaning::Plain };
        columns.deadline(canvas, model, desk, task.partner.as_ref(), (due, y), meaning);
    }
    if let Some(age) = columns.age {
        canvas.put(age, y, AGE_WIDE, &clock::age(model.now, task.created_at), Meaning::Quiet);
    }
    let notification = task.notification.and_then(|id| desk.messages.get(id));
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
