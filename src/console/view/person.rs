//! Everything about one person of the desk: when they are on call, how they are reached and what proves it,
//! what is in their hand, what was said to them.

use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::model::Model;
use crate::console::people::Page;
use crate::console::theme::Meaning;
use crate::console::view::paint::{Canvas, Spans, wrap};
use crate::console::view::{crumbs, people};
use crate::core::contact::Medium;
use crate::core::schedule::Why;
use crate::core::text::sanitise;
use crate::wire::person::{PersonDetail, Reach, Turn};
use jiff::tz::TimeZone;
use ratatui::layout::Rect;

/// The cells of what stands before each line.
const LABEL: u16 = 12;
/// Messages shown.
const SAID: usize = 12;

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let Some((page, desk)) = model.people.page.as_ref().zip(model.desk.as_ref()) else { return };
    let lines = lines(model, desk, page, area.width.saturating_sub(2));
    let room = area.height.saturating_sub(2);
    let longest = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_sub(room);
    let scroll = page.scroll.min(longest);
    let x = canvas.put_spans(area.x + 1, area.y, area.width.saturating_sub(2), &crumbs::spans(model));
    if longest > scroll {
        let more = format!("{} more {}", longest - scroll, canvas.theme.signs.down);
        canvas.put_right(x, area.y, area.right().saturating_sub(x + 1), &more, Meaning::Quiet);
    }
    for (y, line) in (area.y + 1..).zip(lines.iter().skip(usize::from(scroll)).take(usize::from(room))) {
        canvas.put_spans(area.x + 1, y, area.width.saturating_sub(2), line);
    }
    let says = ". goes to their alerts, tasks and schedules; m: what was said to them";
    canvas.rule(area, area.bottom().saturating_sub(1), says, "", Meaning::Accent);
}

/// How far it can be scrolled.
pub fn length(model: &Model) -> u16 {
    let Some((page, desk)) = model.people.page.as_ref().zip(model.desk.as_ref()) else { return 0 };
    let lines = lines(model, desk, page, model.size.0.saturating_sub(2)).len();
    u16::try_from(lines.saturating_sub(1)).unwrap_or(u16::MAX)
}

/// Lines under a label, which stands beside the first.
struct Lines {
    width: u16,
    lines: Vec<Spans>,
}

impl Lines {
    fn put(&mut self, label: &str, spans: Spans) {
        let label = format!("{label:<wide$}", wide = usize::from(LABEL));
        let mut line = vec![(label, Meaning::Quiet)];
        line.extend(spans);
        self.lines.push(line);
    }

    fn say(&mut self, label: &str, said: &str, meaning: Meaning) {
        for (row, line) in wrap(said, self.width.saturating_sub(LABEL)).into_iter().enumerate() {
            self.put(if row == 0 { label } else { "" }, vec![(line, meaning)]);
        }
    }
}

fn lines(model: &Model, desk: &Desk, page: &Page, width: u16) -> Vec<Spans> {
    let mut lines = Lines { width, lines: Vec::new() };
    if let Some(person) = desk.people.get(&page.id) {
        let teams = match person.teams.is_empty() {
            true => "in no team".to_owned(),
            false => format!("team {}", sanitise(&person.teams.join(", "))),
        };
        let there = people::time_there(model, desk, person);
        let zone = person.time_zone.as_deref().map(sanitise).unwrap_or_default();
        let said = format!("{}, {teams}, {there} there {zone}", sanitise(&person.id.0));
        lines.say("who", said.trim_end(), Meaning::Plain);
        let file = match desk.info.config_file.as_str() {
            "" => "the configuration".to_owned(),
            file => sanitise(file).into_owned(),
        };
        let kept = format!("{file}, [[person]] {}; then nightdesk config apply", sanitise(&person.id.0));
        lines.say("kept in", &kept, Meaning::Quiet);
    }
    let Some(detail) = &page.detail else {
        let (said, meaning) = match &page.missing {
            Some(why) => (format!("It could not be read: {}.", sanitise(why)), Meaning::Warn),
            None => ("Asking the agent.".to_owned(), Meaning::Quiet),
        };
        lines.say("", &said, meaning);
        return lines.lines;
    };
    if let Some(why) = &page.missing {
        lines.say("", &format!("As last heard: {}.", sanitise(why)), Meaning::Warn);
    }
    on_call(&mut lines, model, desk, detail);
    reached(&mut lines, model, detail);
    in_hand(&mut lines, model, desk, detail);
    for (row, one) in detail.looks_after.iter().enumerate() {
        let role = sanitise(&one.role).replace('_', " ");
        let label = if row == 0 { "looks after" } else { "" };
        lines.say(label, &format!("{role} {}", sanitise(&one.scope.spoken())), Meaning::Plain);
    }
    said(&mut lines, model, desk, detail);
    lines.lines
}

fn on_call(lines: &mut Lines, model: &Model, desk: &Desk, detail: &PersonDetail) {
    let zone = desk.zone();
    let now = |turn: &&Turn| turn.from <= model.now;
    if detail.turns.is_empty() {
        lines.say("on call", "not within two weeks", Meaning::Plain);
    }
    for (row, turn) in detail.turns.iter().enumerate() {
        let label = if row == 0 { "on call" } else { "" };
        let until = clock::when(model.now, turn.until, &zone);
        let when = match now(&turn) {
            true => format!("now, until {until}"),
            false => format!("{} to {until}", clock::when(model.now, turn.from, &zone)),
        };
        let why = match &turn.why {
            Why::Override { id, .. } => format!(" by override {id}"),
            Why::Calendar { layer, .. } => format!(" by calendar {}", sanitise(layer)),
            Why::Rotation { .. } | Why::Nobody => String::new(),
        };
        let meaning = if now(&turn) { Meaning::Good } else { Meaning::Plain };
        lines.put(
            label,
            vec![
                (sanitise(&turn.schedule).into_owned(), Meaning::Plain),
                (format!(" {when}"), meaning),
                (why, Meaning::Quiet),
            ],
        );
    }
    for away in &detail.away {
        lines.say("away", &format!("{} to {}, both included", away.first, away.last), Meaning::Warn);
    }
}

fn reached(lines: &mut Lines, model: &Model, detail: &PersonDetail) {
    let zone = model.zone();
    if detail.reach.is_empty() {
        lines.say("reached by", "nothing: there is neither a phone nor a mailbox", Meaning::Bad);
    }
    for (row, one) in detail.reach.iter().enumerate() {
        let label = if row == 0 { "reached by" } else { "" };
        let (says, meaning) = proof(model, one, &zone);
        let medium = match one.medium {
            Medium::Sms => "SMS ",
            Medium::Email => "mail",
        };
        lines.put(
            label,
            vec![
                (format!("{medium} {}", sanitise(&one.address)), Meaning::Plain),
                (format!("  {says}"), meaning),
            ],
        );
    }
}

fn proof(model: &Model, reach: &Reach, zone: &TimeZone) -> (String, Meaning) {
    if reach.opted_out {
        return ("they said stop; nothing is sent there".to_owned(), Meaning::Bad);
    }
    let proven = reach.proven.as_ref().map(|proven| {
        let (at, by) = (clock::when(model.now, proven.at, zone), sanitise(&proven.by));
        format!("last proven {at} by {by} ({})", proven.message)
    });
    match (&reach.failed, proven) {
        _ if reach.down => ("no provider carries it now".to_owned(), Meaning::Bad),
        (Some(failed), Some(proven)) => (format!("{failed} failed since; {proven}"), Meaning::Bad),
        (Some(failed), None) => (format!("never proven, and {failed} failed"), Meaning::Bad),
        (None, Some(proven)) => (proven, Meaning::Good),
        (None, None) => ("never proven; nightdesk page-test tries it".to_owned(), Meaning::Warn),
    }
}

fn in_hand(lines: &mut Lines, model: &Model, desk: &Desk, detail: &PersonDetail) {
    let zone = desk.zone();
    for (row, alert) in detail.holds.iter().enumerate() {
        let label = if row == 0 { "holds" } else { "" };
        let due = alert.next_due().map(|due| format!(", news by {}", clock::when(model.now, due, &zone)));
        lines.put(
            label,
            vec![
                (format!("{} ", alert.id), Meaning::Quiet),
                (format!("{} ", alert.severity.short()), Meaning::Severity(alert.severity)),
                (format!("{}: {}", alert.partner.name.printable(), alert.title.printable()), Meaning::Plain),
                (due.unwrap_or_default(), Meaning::Quiet),
            ],
        );
    }
    for (row, alert) in detail.offered.iter().enumerate() {
        let label = if row == 0 { "to take" } else { "" };
        let by = alert.offered.as_ref().map(|offer| desk.short_name(&offer.by)).unwrap_or_default();
        let what = format!("{} {}: {}", alert.id, alert.partner.name.printable(), alert.title.printable());
        lines.put(label, vec![(what, Meaning::Plain), (format!(", from {by}"), Meaning::Accent)]);
    }
    for (row, task) in detail.tasks.iter().enumerate() {
        let label = if row == 0 { "tasks" } else { "" };
        let due = task.due_at.map(|due| format!(", due {}", clock::when(model.now, due, &zone)));
        lines.put(
            label,
            vec![
                (format!("{} ", task.id), Meaning::Quiet),
                (task.title.printable().into_string(), Meaning::Plain),
                (due.unwrap_or_default(), Meaning::Quiet),
            ],
        );
    }
    if detail.holds.is_empty() && detail.offered.is_empty() && detail.tasks.is_empty() {
        lines.say("holds", "nothing", Meaning::Quiet);
    }
}

fn said(lines: &mut Lines, model: &Model, desk: &Desk, detail: &PersonDetail) {
    let zone = desk.zone();
    for (row, message) in detail.messages.iter().take(SAID).enumerate() {
        let label = if row == 0 { "was told" } else { "" };
        let (word, meaning) = crate::console::view::messages::state_of(message, model.now);
        let medium = match message.medium {
            Medium::Sms => "SMS ",
            Medium::Email => "mail",
        };
        let alert = message.alert.map(|alert| format!(" {alert}")).unwrap_or_default();
        lines.put(
            label,
            vec![
                (format!("{} ", clock::when(model.now, message.created_at, &zone)), Meaning::Quiet),
                (format!("{medium}{alert} "), Meaning::Plain),
                (word, meaning),
            ],
        );
    }
}
