//! Which configuration counts and what hangs on it, or one digest as it would read now.

use crate::console::clock;
use crate::console::configuration::{Opened, Row};
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::console::view::paint::{Canvas, Spans, lay, wrap};
use crate::console::view::stream::filter_line;
use crate::console::view::{crumbs, first_row};
use crate::core::counted::counted;
use crate::core::text::sanitise;
use crate::wire::MaintenanceState;
use ratatui::layout::{Position, Rect};

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Option<Position> {
    if let Some(opened) = &model.configuration.opened {
        digest(canvas, model, opened, area);
        return None;
    }
    let desk = model.desk.as_ref()?;
    let mut head = crumbs::spans(model);
    head.push((format!("  version {} counts", desk.info.config_version), Meaning::Plain));
    let x = canvas.put_spans(area.x + 1, area.y, area.width.saturating_sub(2), &head);
    let filter = &model.configuration.filter;
    let cursor = filter_line(canvas, filter, x + 2, area.y, area.right().saturating_sub(x + 3));
    let mut y = area.y + 1;
    for (said, meaning) in file(model, area.width.saturating_sub(3)) {
        canvas.put(area.x + 2, y, area.width.saturating_sub(3), &said, meaning);
        y += 1;
    }
    let lines = lines(model);
    let rows = &model.configuration.rows;
    let at = lines.iter().position(|line| matches!(line, Line::Row(row) if Some(row) == rows.selected()));
    let room = area.bottom().saturating_sub(y + 1);
    let first = first_row(at, lines.len(), usize::from(room));
    for (y, line) in (y..).zip(lines.iter().skip(first).take(usize::from(room))) {
        match line {
            Line::Head(title) => canvas.rule(area, y, title, "", Meaning::Quiet),
            Line::Row(row) => {
                canvas.selected = rows.selected() == Some(row);
                if canvas.selected {
                    let marker = canvas.theme.signs.marker;
                    canvas.put(area.x, y, 1, marker, Meaning::Accent);
                }
                canvas.put_spans(area.x + 2, y, area.width.saturating_sub(3), &says(model, row));
                canvas.selected = false;
            }
        }
    }
    let intent = match rows.selected() {
        Some(Row::Digest(name)) => format!("Enter: {} as it would read now; nothing is sent", sanitise(name)),
        Some(Row::Window(_)) => "Enter: take a maintenance window back".to_owned(),
        Some(Row::Templates) => "Enter: every template, and how it reads to whom".to_owned(),
        Some(Row::Version(_)) | None => "Tab: the next view of Desk".to_owned(),
    };
    canvas.rule(area, area.bottom().saturating_sub(1), &intent, "", Meaning::Accent);
    cursor
}

/// What is said of the file, in as many lines as it takes.
fn file(model: &Model, width: u16) -> Vec<(String, Meaning)> {
    let state = &model.configuration;
    let Some(info) = &state.info else {
        return vec![match &state.missing {
            Some(why) => (format!("It could not be read: {}.", sanitise(why)), Meaning::Warn),
            None => ("Asking the agent.".to_owned(), Meaning::Quiet),
        }];
    };
    let mut lines = vec![(sanitise(&info.file).into_owned(), Meaning::Plain)];
    match &info.note {
        Some(note) => {
            let said = format!("{}. `nightdesk config apply` makes it count.", sanitise(note));
            lines.extend(wrap(&said, width).into_iter().take(3).map(|line| (line, Meaning::Warn)));
        }
        None => lines.push(("The file is what counts.".to_owned(), Meaning::Good)),
    }
    if let Some(why) = &state.missing {
        lines.push((format!("As last heard: {}.", sanitise(why)), Meaning::Warn));
    }
    lines
}

enum Line {
    Head(&'static str),
    Row(Row),
}

fn head(row: &Row) -> &'static str {
    match row {
        Row::Version(_) => "applied",
        Row::Window(_) => "maintenance",
        Row::Digest(_) => "digests",
        Row::Templates => "templates",
    }
}

fn lines(model: &Model) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut before = None;
    for row in model.configuration.rows.order() {
        let head = head(row);
        if before != Some(head) {
            lines.push(Line::Head(head));
            before = Some(head);
        }
        lines.push(Line::Row(row.clone()));
    }
    lines
}

fn says(model: &Model, row: &Row) -> Spans {
    let zone = model.zone();
    let when = |at| clock::when(model.now, at, &zone);
    let plain = |said: String| vec![(said, Meaning::Plain)];
    match row {
        Row::Version(version) => {
            let applied = model.configuration.info.iter().flat_map(|info| &info.applied);
            let Some(one) = applied.into_iter().find(|one| one.version == *version) else {
                return Vec::new();
            };
            vec![
                (format!("{version:>4}  "), Meaning::Strong),
                (format!("{:<14} ", when(one.at)), Meaning::Quiet),
                (one.why.printable().into_string(), Meaning::Plain),
            ]
        }
        Row::Window(name) => {
            let windows = model.desk.iter().flat_map(|desk| &desk.info.maintenance);
            let Some(window) = windows.into_iter().find(|window| window.name == *name) else {
                return Vec::new();
            };
            let (times, meaning) = match window.state {
                MaintenanceState::On => (format!("on until {}", when(window.until)), Meaning::Accent),
                _ => (format!("{} to {}", when(window.from), when(window.until)), Meaning::Plain),
            };
            vec![
                (format!("{} ", sanitise(&window.name)), Meaning::Strong),
                (times, meaning),
                (format!(" {}", window.covers.words()), Meaning::Plain),
            ]
        }
        Row::Digest(name) => {
            let digests = &model.configuration.digests;
            let Some(digest) = digests.iter().find(|digest| digest.name == *name) else { return Vec::new() };
            let next = digest.next.map_or("never again".to_owned(), |next| format!("next {}", when(next)));
            let to = counted(digest.readers.len(), "reader", "readers");
            vec![
                (format!("{} ", sanitise(name)), Meaning::Strong),
                (
                    format!("{next}, {to}, {} in {}", often(&digest.schedule), sanitise(&digest.time_zone)),
                    Meaning::Plain,
                ),
            ]
        }
        Row::Templates => plain("all templates, shipped and yours".to_owned()),
    }
}

/// `every 2 min`, `daily at 07:00`; what is less simple as it was written.
fn often(schedule: &str) -> String {
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let number = |text: &str| text.parse::<u8>().ok();
    match fields.as_slice() {
        ["*", "*", "*", "*", "*"] => "every minute".to_owned(),
        [minutes, "*", "*", "*", "*"] => match minutes.strip_prefix("*/").and_then(number) {
            // A step that does not divide the hour begins anew with it.
            Some(step) if step > 0 && 60 % step == 0 => format!("every {step} min"),
            _ => sanitise(schedule).into_owned(),
        },
        [minute, hour, "*", "*", "*"] => match (number(hour), number(minute)) {
            (Some(hour), Some(minute)) => format!("daily at {hour:02}:{minute:02}"),
            _ => sanitise(schedule).into_owned(),
        },
        _ => sanitise(schedule).into_owned(),
    }
}

fn digest(canvas: &mut Canvas<'_>, model: &Model, opened: &Opened, area: Rect) {
    let lines = copies(model, opened, area.width.saturating_sub(3));
    let room = area.height.saturating_sub(2);
    let longest = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_sub(room);
    let scroll = opened.scroll.min(longest);
    let more = match longest - scroll {
        0 => String::new(),
        more => format!("{more} more {}", canvas.theme.signs.down),
    };
    let title = crumbs::title(model, &sanitise(&opened.digest));
    canvas.rule(area, area.y, &title, &more, Meaning::Strong);
    for (y, line) in (area.y + 1..).zip(lines.iter().skip(usize::from(scroll)).take(usize::from(room))) {
        canvas.put_spans(area.x + 2, y, area.width.saturating_sub(3), line);
    }
    let says = "Nothing is sent from here; Esc: back";
    canvas.rule(area, area.bottom().saturating_sub(1), says, "", Meaning::Accent);
}

fn copies(model: &Model, opened: &Opened, width: u16) -> Vec<Spans> {
    let one = |said: String, meaning| vec![vec![(said, meaning)]];
    match &opened.copies {
        None => one("Asking the agent.".to_owned(), Meaning::Quiet),
        Some(Err(why)) => one(format!("It could not be read: {}.", sanitise(why)), Meaning::Warn),
        Some(Ok(copies)) if copies.is_empty() => one("Nobody reads it.".to_owned(), Meaning::Warn),
        Some(Ok(copies)) => copies
            .iter()
            .flat_map(|copy| {
                let name =
                    model.desk.as_ref().map_or(copy.person.0.clone(), |desk| desk.whole_name(&copy.person));
                let subject = copy.content.subject.printable();
                let head = vec![vec![(format!("to {name}: {subject}"), Meaning::Strong)]];
                let body = copy.content.body.raw().lines().flat_map(move |line| lay(&sanitise(line), width));
                let body = body.map(|line| vec![(line, Meaning::Plain)]);
                head.into_iter().chain(body).chain([Vec::new()]).collect::<Vec<_>>()
            })
            .collect(),
    }
}

/// How far what is opened can be scrolled.
pub fn length(model: &Model) -> u16 {
    let Some(opened) = &model.configuration.opened else { return 0 };
    let lines = copies(model, opened, model.size.0.saturating_sub(3)).len();
    u16::try_from(lines.saturating_sub(1)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::often;

    #[test]
    fn a_simple_schedule_is_said_in_words_and_any_other_as_it_was_written() {
        assert_eq!(often("*/2 * * * *"), "every 2 min");
        assert_eq!(often("0 7 * * *"), "daily at 07:00");
        assert_eq!(often("*/7 * * * *"), "*/7 * * * *");
        assert_eq!(often("0 7 * * 1-5"), "0 7 * * 1-5");
    }
}
