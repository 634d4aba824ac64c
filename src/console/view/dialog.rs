//! Dialogs over the place they ask about.

use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::dialog::{
    Button, Chooser, Close, Closing, Dialog, Escalate, GoTo, HandOver, Help, Kind, LogIn, Note, Pages,
    Palette, Stale, Verdict,
};
use crate::console::line::Line;
use crate::console::look::TryOn;
use crate::console::model::{About, Model};
use crate::console::question::Question;
use crate::console::sort::{By, Sort};
use crate::console::theme::{Meaning, Signs};
use crate::console::view::form::text_cursor;
use crate::console::view::paint::{Canvas, Spans, cells, wrap};
use crate::console::view::{bulk, cover, drill, first_row, help, people, resend, templates, views, why};
use crate::console::why::Why;
use crate::core::counted::counted;
use crate::core::text::sanitise;
use crate::wire::Wake;
use jiff::tz::TimeZone;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget};

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, dialog: &Dialog, area: Rect) -> Option<Position> {
    match dialog {
        Dialog::LogIn(dialog) => log_in(canvas, model, dialog, area),
        Dialog::Chooser(dialog) => chooser(canvas, model, dialog, area),
        Dialog::Escalate(dialog) => {
            escalate(canvas, model, dialog, area);
            None
        }
        Dialog::Resend(dialog) => {
            resend::paint(canvas, model, dialog, area);
            None
        }
        Dialog::Question(dialog) => {
            question(canvas, dialog, area);
            None
        }
        Dialog::Cover(dialog) => cover::paint(canvas, model, dialog, area),
        Dialog::Pick(dialog) => templates::pick(canvas, dialog, area),
        Dialog::HandOver(dialog) => hand_over(canvas, dialog, area),
        Dialog::Bulk(dialog) => {
            bulk::look(canvas, dialog, area);
            None
        }
        Dialog::Results(dialog) => {
            bulk::results(canvas, dialog, model.now, area);
            None
        }
        Dialog::Stale(dialog) => {
            stale(canvas, model, dialog, area);
            None
        }
        Dialog::GoTo(dialog) => {
            go_to(canvas, dialog, area);
            None
        }
        Dialog::Theme(dialog) => {
            theme(canvas, dialog, area);
            None
        }
        Dialog::Note(dialog) => note(canvas, dialog, area),
        Dialog::Close(dialog) => close(canvas, dialog, area),
        Dialog::Palette(dialog) => palette(canvas, dialog, area),
        Dialog::Views(dialog) => {
            views::list(canvas, dialog, area);
            None
        }
        Dialog::Keep(dialog) => views::keep(canvas, dialog, area),
        Dialog::Help(dialog) => help_page(canvas, model, dialog, area),
        Dialog::Drill(reading) => {
            drill::page(canvas, model, *reading, area);
            None
        }
        Dialog::Why(dialog) => {
            let (lines, width, height) = why_page(model, dialog, area);
            let inner = window(canvas, area, width, height, &why::title(model, &dialog.of), "Esc back");
            pages(canvas, inner, &lines, dialog.scroll);
            None
        }
        Dialog::Sort(dialog) => {
            sort(canvas, *dialog, area);
            None
        }
    }
}

fn help_page(canvas: &mut Canvas<'_>, model: &Model, dialog: &Help, area: Rect) -> Option<Position> {
    let (width, height) = help_size(area);
    let hint = if dialog.finds() { "Esc shows all" } else { "/ finds, PgDn PgUp page, Esc back" };
    let mut inner = window(canvas, area, width, height, "keys and words", hint);
    let line = &dialog.find.line;
    let mut cursor = None;
    if dialog.finds() {
        canvas.put(inner.x, inner.y, 1, "/", Meaning::Accent);
        let at = input(canvas, line, inner.x + 1, inner.y, inner.width.saturating_sub(1), None);
        cursor = dialog.find.open.then_some(at);
        inner = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    }
    pages(canvas, inner, &help::lines(model, canvas.theme.signs, inner.width, line.text()), dialog.scroll);
    cursor
}

fn help_size(area: Rect) -> (u16, u16) {
    (area.width.saturating_sub(4).min(96), area.height.saturating_sub(2))
}

/// What is told, and how wide and high its window is: no higher than that, so that the row it is about stays in
/// sight where it can.
fn why_page(model: &Model, dialog: &Why, area: Rect) -> (Vec<Spans>, u16, u16) {
    let width = area.width.saturating_sub(4).min(110);
    let lines = why::lines(model, dialog, width.saturating_sub(4));
    let height = length(&lines).saturating_add(2).max(8);
    (lines, width, height.min(area.height.saturating_sub(4)))
}

/// How much the dialog has to read, and how much of it shows at once; nothing for one that is no page.
pub fn read_in_pages(model: &Model) -> Pages {
    let area = Rect::new(0, 0, model.size.0, model.size.1);
    let (lines, height) = match &model.dialog {
        Some(Dialog::Help(dialog)) => {
            let (width, height) = help_size(area);
            let lines =
                help::lines(model, Signs::default(), width.saturating_sub(4), dialog.find.line.text());
            (length(&lines), height - u16::from(dialog.finds()))
        }
        Some(Dialog::Why(dialog)) => {
            let (lines, _, height) = why_page(model, dialog, area);
            (length(&lines), height)
        }
        Some(Dialog::Drill(_)) => {
            let (lines, _, height) = drill::page_lines(model, area);
            (length(&lines), height)
        }
        _ => return Pages::default(),
    };
    Pages { lines, room: height.saturating_sub(2) }
}

fn length(lines: &[Spans]) -> u16 {
    u16::try_from(lines.len()).unwrap_or(u16::MAX)
}

/// An empty frame in the middle; returns what is inside.
pub fn window(
    canvas: &mut Canvas<'_>,
    area: Rect,
    width: u16,
    height: u16,
    title: &str,
    right: &str,
) -> Rect {
    let width = width.min(area.width);
    let height = height.min(area.height);
    let outer =
        Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    // Wide characters that reach under the frame from the left would be cut in half.
    let cleared = Rect { x: outer.x.saturating_sub(1), ..outer };
    Clear.render(Rect { width: (outer.right() + 1).min(area.right()) - cleared.x, ..cleared }, canvas.buffer);
    canvas.rule(outer, outer.y, title, right, Meaning::Accent);
    canvas.rule(outer, outer.bottom() - 1, "", "", Meaning::Quiet);
    let bar = canvas.theme.signs.bar;
    for y in outer.y + 1..outer.bottom() - 1 {
        canvas.put(outer.x, y, 1, bar, Meaning::Quiet);
        canvas.put(outer.right() - 1, y, 1, bar, Meaning::Quiet);
    }
    let (right, bottom) = (outer.right() - 1, outer.bottom() - 1);
    let at = [(outer.x, outer.y), (right, outer.y), (outer.x, bottom), (right, bottom)];
    for ((corner, (x, y)), meaning) in canvas.theme.signs.corners.into_iter().zip(at).zip([
        Meaning::Accent,
        Meaning::Accent,
        Meaning::Quiet,
        Meaning::Quiet,
    ]) {
        canvas.put(x, y, 1, corner, meaning);
    }
    Rect {
        x: outer.x + 2,
        y: outer.y + 1,
        width: outer.width.saturating_sub(4),
        height: outer.height.saturating_sub(2),
    }
}

/// Lines in a window, those that do not fit below, and how many they are.
pub fn pages(canvas: &mut Canvas<'_>, inner: Rect, lines: &[Spans], scroll: u16) {
    let most = length(lines).saturating_sub(inner.height);
    let scroll = scroll.min(most);
    for (row, line) in lines.iter().skip(usize::from(scroll)).take(usize::from(inner.height)).enumerate() {
        let y = inner.y + u16::try_from(row).unwrap_or(0);
        canvas.put_spans(inner.x, y, inner.width, line);
    }
    if most > 0 {
        let below = match most - scroll {
            0 => "the end".to_owned(),
            below => format!("{below} more {}", canvas.theme.signs.down),
        };
        let hint = format!(" {} to {} of {}, {below} ", scroll + 1, scroll + inner.height, lines.len());
        canvas.put_right(inner.x, inner.bottom(), inner.width, &hint, Meaning::Quiet);
    }
}

/// `[ Cancel ]   [ Escalate ]`, the one that Enter presses marked.
pub fn buttons(canvas: &mut Canvas<'_>, inner: Rect, y: u16, button: Option<Button>, deed: &str) {
    let mut x = inner.x;
    for (which, label) in [(Button::Cancel, "Cancel"), (Button::Do, deed)] {
        let on = button == Some(which);
        let (left, right) = if on { (canvas.theme.signs.marker, " (Enter)") } else { (" ", "") };
        let meaning = if on { Meaning::Accent } else { Meaning::Quiet };
        x += canvas.put(x, y, 1, left, meaning) + 1;
        x += canvas.put(x, y, inner.right().saturating_sub(x), label, meaning);
        x += canvas.put(x, y, inner.right().saturating_sub(x), right, Meaning::Quiet);
        x += 4;
    }
}

/// In a corner, so that what is tried shows on the rest.
fn theme(canvas: &mut Canvas<'_>, dialog: &TryOn, area: Rect) {
    let (width, height) = (34, u16::try_from(dialog.names.len()).unwrap_or(0) + 2);
    let corner =
        Rect { x: area.right().saturating_sub(width.min(area.width)), width: width.min(area.width), ..area };
    let inner = window(canvas, corner, width, height, "theme", "Enter keeps it");
    for (i, name) in dialog.names.iter().enumerate().take(usize::from(inner.height)) {
        let y = inner.y + u16::try_from(i).unwrap_or(0);
        let on = i == dialog.selected;
        if on {
            let marker = canvas.theme.signs.marker;
            canvas.put(inner.x, y, 1, marker, Meaning::Accent);
        }
        let meaning = if on { Meaning::Strong } else { Meaning::Plain };
        canvas.put(inner.x + 2, y, inner.width.saturating_sub(2), name, meaning);
    }
}

fn chooser(canvas: &mut Canvas<'_>, model: &Model, dialog: &Chooser, area: Rect) -> Option<Position> {
    let height = u16::try_from(dialog.choices.len() + usize::from(dialog.own.is_some())).unwrap_or(0) + 2;
    let typed = dialog.is_own();
    let inner = window(canvas, area, 64, height, &dialog.title, "Esc cancels");
    for (i, choice) in dialog.choices.iter().enumerate() {
        let y = inner.y + u16::try_from(i).unwrap_or(0);
        let on = i == dialog.selected && !typed;
        if on {
            let marker = canvas.theme.signs.marker;
            canvas.put(inner.x, y, 1, marker, Meaning::Accent);
        }
        let meaning = match (&choice.barred, on) {
            (Some(_), _) => Meaning::Quiet,
            (None, true) => Meaning::Strong,
            (None, false) => Meaning::Plain,
        };
        let why = choice.barred.as_ref().map(|why| format!("  {why}")).unwrap_or_default();
        canvas.put_spans(
            inner.x + 2,
            y,
            inner.width.saturating_sub(2),
            &[
                (format!("{} ", i + 1), Meaning::Accent),
                (choice.label.clone(), meaning),
                (why, Meaning::Quiet),
            ],
        );
    }
    let own = dialog.own.as_ref()?;
    let (y, width) = (inner.bottom().saturating_sub(1), inner.width.saturating_sub(2));
    if own.line.is_empty() {
        canvas.put(inner.x + 2, y, width, "or type a time: 06:30, fri 18:00, 45m", Meaning::Quiet);
        return None;
    }
    if typed {
        let marker = canvas.theme.signs.marker;
        canvas.put(inner.x, y, 1, marker, Meaning::Accent);
        let (said, meaning) = match (own.in_words(model.now), &own.error) {
            (Ok(said), _) => (said, Meaning::Strong),
            (Err(_), Some(why)) => (why.clone(), Meaning::Bad),
            (Err(why), None) => (why, Meaning::Quiet),
        };
        canvas.put_right(inner.x, y, inner.width, &said, meaning);
    }
    Some(input(canvas, &own.line, inner.x + 2, y, width.min(16), None))
}

fn sort(canvas: &mut Canvas<'_>, dialog: Sort, area: Rect) {
    let height = u16::try_from(By::ALL.len()).unwrap_or(0) + 2;
    let inner = window(canvas, area, 78, height, "Sort Triage by", "Enter or digit");
    for (i, (y, by)) in (inner.y..).zip(By::ALL).enumerate() {
        let on = i == dialog.selected;
        if on {
            let marker = canvas.theme.signs.marker;
            canvas.put(inner.x, y, 1, marker, Meaning::Accent);
        }
        let meaning = if on { Meaning::Strong } else { Meaning::Plain };
        let spans = [
            (format!("{} ", i + 1), Meaning::Accent),
            (format!("{:<16}", by.word()), meaning),
            (by.says().to_owned(), Meaning::Quiet),
        ];
        canvas.put_spans(inner.x + 2, y, inner.width.saturating_sub(2), &spans);
    }
}

fn stale(canvas: &mut Canvas<'_>, model: &Model, dialog: &Stale, area: Rect) {
    let room = usize::from(area.height.saturating_sub(9)).clamp(1, 12);
    let rows = dialog.rows.len().clamp(1, room);
    let height = u16::try_from(rows).unwrap_or(0) + 5;
    let width = area.width.saturating_sub(4).min(100);
    let title = "Waited for more than ten minutes: is it still meant?";
    let inner = window(canvas, area, width, height, title, "Esc later");
    let said = "The agent is back. Nothing of this was sent.";
    canvas.put(inner.x, inner.y, inner.width, said, Meaning::Warn);
    let first = first_row(Some(dialog.selected), dialog.rows.len(), rows);
    for (y, (i, (item, choice))) in (inner.y + 1..).zip(dialog.rows.iter().enumerate().skip(first).take(rows))
    {
        if i == dialog.selected {
            let marker = canvas.theme.signs.marker;
            canvas.put(inner.x, y, 1, marker, Meaning::Accent);
        }
        let (word, meaning) = match choice {
            Verdict::Later => ("    ", Meaning::Quiet),
            Verdict::Send => ("send", Meaning::Good),
            Verdict::Drop => ("drop", Meaning::Warn),
        };
        let ago = clock::age(model.now, item.at);
        let spans = [
            (format!("{word} "), meaning),
            (format!("{} ", item.word()), Meaning::Strong),
            (item.label.clone(), Meaning::Plain),
            (format!("  pressed {} ago", ago), Meaning::Quiet),
        ];
        canvas.put_spans(inner.x + 2, y, inner.width.saturating_sub(2), &spans);
    }
    let y = inner.bottom().saturating_sub(1);
    canvas.put(inner.x, y, inner.width, "s send  d drop  Enter does what is chosen", Meaning::Accent);
}

fn hand_over(canvas: &mut Canvas<'_>, dialog: &HandOver, area: Rect) -> Option<Position> {
    let found = dialog.found();
    let room = usize::from(area.height.saturating_sub(8)).min(12);
    let rows = found.len().clamp(1, room);
    let height = u16::try_from(rows).unwrap_or(0) + 5;
    let title = format!("Hand {} over to", dialog.alert);
    let inner = window(canvas, area, 72, height, &title, "Enter hands it over, Esc cancels");
    canvas.put(inner.x, inner.y, inner.width, &dialog.says, Meaning::Quiet);
    canvas.put(inner.x, inner.y + 1, 2, "/", Meaning::Accent);
    let cursor = input(canvas, &dialog.line, inner.x + 2, inner.y + 1, inner.width.saturating_sub(2), None);
    let first = first_row(Some(dialog.selected), found.len(), rows);
    if found.is_empty() {
        canvas.put(inner.x + 2, inner.y + 2, inner.width, "Nobody is called that.", Meaning::Quiet);
    }
    for (y, (i, one)) in (inner.y + 2..).zip(found.iter().enumerate().skip(first).take(rows)) {
        let on = i == dialog.selected;
        if on {
            let marker = canvas.theme.signs.marker;
            canvas.put(inner.x, y, 1, marker, Meaning::Accent);
        }
        let meaning = match (&one.barred, on) {
            (Some(_), _) => Meaning::Quiet,
            (None, true) => Meaning::Strong,
            (None, false) => Meaning::Plain,
        };
        let there = if one.there.is_empty() { String::new() } else { format!(" {} there", one.there) };
        let why = one.barred.as_ref().map(|why| format!("  {why}")).unwrap_or_default();
        let on_call = if one.on_call.is_empty() { String::new() } else { format!("  {}", one.on_call) };
        let mut spans = vec![(format!("{}  ", one.name), meaning)];
        spans.extend(people::ways(&canvas.theme.signs, &one.ways));
        spans.extend([(there, Meaning::Quiet), (on_call, Meaning::Good), (why, Meaning::Quiet)]);
        canvas.put_spans(inner.x + 2, y, inner.width.saturating_sub(2), &spans);
    }
    Some(cursor)
}

fn go_to(canvas: &mut Canvas<'_>, dialog: &GoTo, area: Rect) {
    let height = u16::try_from(dialog.goals.len()).unwrap_or(0) + 2;
    let inner = window(canvas, area, 64, height, "go to", "Esc cancels");
    for (i, (label, _)) in dialog.goals.iter().enumerate() {
        let y = inner.y + u16::try_from(i).unwrap_or(0);
        let on = i == dialog.selected;
        if on {
            let marker = canvas.theme.signs.marker;
            canvas.put(inner.x, y, 1, marker, Meaning::Accent);
        }
        let number = if i < 9 { format!("{} ", i + 1) } else { "  ".to_owned() };
        let meaning = if on { Meaning::Strong } else { Meaning::Plain };
        let spans = [(number, Meaning::Accent), (label.clone(), meaning)];
        canvas.put_spans(inner.x + 2, y, inner.width.saturating_sub(2), &spans);
    }
}

fn escalate(canvas: &mut Canvas<'_>, model: &Model, dialog: &Escalate, area: Rect) {
    let zone = model.zone();
    let title = format!("Escalate {} now", dialog.alert);
    let lines: Vec<(Option<usize>, Spans)> = match (&dialog.steps, &model.desk) {
        (Some(Ok(steps)), Some(desk)) if !steps.is_empty() => steps
            .iter()
            .enumerate()
            .flat_map(|(i, step)| {
                let name = match step.last_resort {
                    true => "last resort".to_owned(),
                    false => format!("step {}", step.step),
                };
                let done = if step.step <= dialog.taken { ", paged already" } else { "" };
                let on = i == dialog.chosen;
                let meaning = if on { Meaning::Strong } else { Meaning::Quiet };
                let head = (Some(i), vec![(format!("{name}{done}"), meaning)]);
                let wakes = if on { wakes(model, desk, &step.wakes, &zone) } else { Vec::new() };
                std::iter::once(head).chain(wakes.into_iter().map(|line| (None, line)))
            })
            .collect(),
        (Some(Ok(_)), _) => {
            vec![(None, vec![("Its policy has no step that tells anybody.".to_owned(), Meaning::Warn)])]
        }
        (Some(Err(why)), _) => wrap(&format!("The steps could not be read: {}", sanitise(why)), 60)
            .into_iter()
            .map(|line| (None, vec![(line, Meaning::Warn)]))
            .collect(),
        (None, _) => vec![(None, vec![("Asking the agent who would be woken.".to_owned(), Meaning::Quiet)])],
    };
    let height = u16::try_from(lines.len()).unwrap_or(0) + 4;
    let hint = "j k step  Tab button";
    let inner = window(canvas, area, 72, height, &title, hint);
    let room = inner.height.saturating_sub(2);
    for (row, (step, line)) in lines.iter().take(usize::from(room)).enumerate() {
        let y = inner.y + u16::try_from(row).unwrap_or(0);
        // The marker stands where Enter acts, and that is a button.
        if *step == Some(dialog.chosen) {
            canvas.put(inner.x, y, 1, canvas.theme.signs.chosen, Meaning::Accent);
        }
        canvas.put_spans(inner.x + 2, y, inner.width.saturating_sub(2), line);
    }
    let y = inner.bottom().saturating_sub(1);
    let wakes = match &dialog.steps {
        Some(Ok(steps)) => steps.get(dialog.chosen).map_or(0, |step| step.wakes.len()),
        _ => 0,
    };
    let deed = match wakes {
        0 => "Escalate".to_owned(),
        n => format!("Wake {}", counted(n, "person", "people")),
    };
    let ready = matches!(&dialog.steps, Some(Ok(steps)) if !steps.is_empty());
    let button = if ready { dialog.button } else { Button::Cancel };
    buttons(canvas, inner, y, Some(button), &deed);
}

/// What would be done and what comes of it, over Cancel and the deed.
fn question(canvas: &mut Canvas<'_>, dialog: &Question, area: Rect) {
    let lines = wrap(&dialog.says, 66);
    let height = u16::try_from(lines.len()).unwrap_or(0) + 4;
    let inner = window(canvas, area, 72, height, &dialog.title, "Tab button");
    for (y, line) in (inner.y..).zip(&lines) {
        canvas.put(inner.x, y, inner.width, line, Meaning::Plain);
    }
    let y = inner.bottom().saturating_sub(1);
    buttons(canvas, inner, y, Some(dialog.button), dialog.deed);
}

fn wakes(model: &Model, desk: &Desk, wakes: &[Wake], zone: &TimeZone) -> Vec<Spans> {
    if wakes.is_empty() {
        return vec![vec![("  nobody can be told by this step now".to_owned(), Meaning::Warn)]];
    }
    wakes
        .iter()
        .map(|wake| {
            let theirs = wake.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok());
            let at = clock::hour_minute(model.now, theirs.as_ref().unwrap_or(zone));
            let media: Vec<&str> = wake.media.iter().map(|medium| medium.as_str()).collect();
            let you = if desk.is_me(&wake.person) { " (you)" } else { "" };
            let media = if media.is_empty() { "no way to tell them".to_owned() } else { media.join(" and ") };
            vec![
                (format!("  {}{you}", sanitise(&wake.name)), Meaning::Plain),
                (format!("  {at} there"), Meaning::Warn),
                (format!("  by {media}, {}", sanitise(&wake.via)), Meaning::Quiet),
            ]
        })
        .collect()
}

fn note(canvas: &mut Canvas<'_>, dialog: &Note, area: Rect) -> Option<Position> {
    let of = match &dialog.about {
        About::Alert(alert) => alert.to_string(),
        About::Task(task) => task.to_string(),
        About::Contact(contact) => contact.printable().into_string(),
        About::Message(message) => message.to_string(),
        About::OnCall(schedule) => sanitise(schedule).into_owned(),
        About::Handover(handover) => format!("hand-over {handover}"),
        About::Maintenance => "maintenance".to_owned(),
        About::Several(many) => counted(*many, "row", "rows"),
        About::View => "a view".to_owned(),
    };
    let keys = match dialog.text.is_empty() {
        true => "Ctrl-s saves, Esc cancels",
        false => "Ctrl-s saves, Esc keeps it for later",
    };
    let inner = window(canvas, area, 76, 9, &format!("Note on {of}"), keys);
    (&*dialog.text).render(inner, canvas.buffer);
    text_cursor(&dialog.text, inner)
}

fn close(canvas: &mut Canvas<'_>, dialog: &Close, area: Rect) -> Option<Position> {
    let title = match dialog.of {
        Closing::Alert(alert) => format!("Close {alert}"),
        Closing::Several(many) => format!("Close {many}, and see each first"),
    };
    let more = [dialog.what.is_some(), dialog.ends.is_some(), dialog.button.is_some()];
    let rows = 5 + more.into_iter().map(u16::from).sum::<u16>();
    let hint = match dialog.button {
        Some(_) => "Tab to Close, Esc cancels",
        None => "Enter closes it, Esc cancels",
    };
    let inner = window(canvas, area, 76, rows, &title, hint);
    let mut y = inner.y;
    for (line, meaning) in [(&dialog.what, Meaning::Strong), (&dialog.ends, Meaning::Bad)] {
        if let Some(line) = line {
            canvas.put(inner.x, y, inner.width, line, meaning);
            y += 1;
        }
    }
    let asks = "Why? It goes to those who were told. Closing cannot be taken back.";
    canvas.put(inner.x, y, inner.width, asks, Meaning::Quiet);
    let cursor = input(canvas, &dialog.reason, inner.x, y + 1, inner.width, None);
    if let Some(error) = &dialog.error {
        canvas.put(inner.x, y + 2, inner.width, error, Meaning::Bad);
    }
    if dialog.button.is_some() {
        buttons(canvas, inner, y + 3, dialog.button, "Close");
    }
    Some(cursor)
}

fn log_in(canvas: &mut Canvas<'_>, model: &Model, dialog: &LogIn, area: Rect) -> Option<Position> {
    let login = model.desk.as_ref().map(|desk| sanitise(&desk.me.login).into_owned()).unwrap_or_default();
    let inner = window(canvas, area, 60, 8, "Who are you?", "Esc only looks");
    let said = format!("Several people share the login {login}.");
    canvas.put(inner.x, inner.y, inner.width, &said, Meaning::Quiet);
    let marker = canvas.theme.signs.marker;
    let mut cursor = None;
    for (row, (on, label, line, mask)) in
        [(!dialog.on_pin, "person", &dialog.person, None), (dialog.on_pin, "PIN", &dialog.pin, Some('*'))]
            .into_iter()
            .enumerate()
    {
        let y = inner.y + 2 + u16::try_from(row).unwrap_or(0);
        if on {
            canvas.put(inner.x, y, 1, marker, Meaning::Accent);
        }
        canvas.put(inner.x + 2, y, 7, label, Meaning::Quiet);
        let at = input(canvas, line, inner.x + 10, y, inner.width.saturating_sub(10), mask);
        if on {
            cursor = Some(at);
        }
    }
    if let Some(error) = &dialog.error {
        canvas.put(inner.x, inner.y + 5, inner.width, error, Meaning::Bad);
    }
    cursor
}

fn palette(canvas: &mut Canvas<'_>, palette: &Palette, area: Rect) -> Option<Position> {
    const ROWS: usize = 8;
    let found = palette.found();
    let rows = found.len().min(ROWS);
    let first = first_row(Some(palette.selected), found.len(), rows);
    let height = (u16::try_from(rows.max(1)).unwrap_or(1) + 1).min(area.height);
    let top = area.bottom() - height;
    Clear.render(Rect { y: top.saturating_sub(1), height: height + 1, ..area }, canvas.buffer);
    let many = match found.len() {
        _ if palette.guesses() => "a guess: Enter only writes it out".to_owned(),
        0 | 1 => "Tab completes".to_owned(),
        many => format!("{} of {many}, Tab completes", palette.selected + 1),
    };
    canvas.rule(area, top.saturating_sub(1), "go to, or do", &many, Meaning::Accent);
    if rows == 0 {
        canvas.put(area.x + 2, top, area.width.saturating_sub(3), "Nothing is called that.", Meaning::Quiet);
    }
    for (i, entry) in found.enumerate().skip(first).take(rows) {
        let y = top + u16::try_from(i - first).unwrap_or(0);
        let on = i == palette.selected;
        if on {
            let marker = canvas.theme.signs.marker;
            let meaning = if palette.guesses() { Meaning::Quiet } else { Meaning::Accent };
            canvas.put(area.x, y, 1, marker, meaning);
        }
        let meaning = match (&entry.barred, on && !palette.guesses()) {
            (Some(_), _) => Meaning::Quiet,
            (None, true) => Meaning::Strong,
            (None, false) => Meaning::Plain,
        };
        let mut spans: Spans = match entry.kind {
            Kind::Command => vec![(format!(":{:<15}", entry.label), meaning)],
            kind => vec![(format!("{:<9} ", kind.word()), Meaning::Quiet), (entry.label.clone(), meaning)],
        };
        spans.push((format!(" {}", entry.more), Meaning::Quiet));
        if let Some(why) = &entry.barred {
            spans.insert(1, (format!(" not now: {why};"), Meaning::Warn));
        }
        canvas.put_spans(area.x + 1, y, area.width.saturating_sub(2), &spans);
    }
    let y = area.bottom() - 1;
    canvas.put(area.x + 1, y, 1, ":", Meaning::Accent);
    Some(input(canvas, &palette.line, area.x + 2, y, area.width.saturating_sub(3), None))
}

/// One line of text being typed; scrolls so that the cursor is in sight.
pub fn input(
    canvas: &mut Canvas<'_>,
    line: &Line,
    x: u16,
    y: u16,
    width: u16,
    mask: Option<char>,
) -> Position {
    let (text, before) = match mask {
        Some(mask) => {
            let masked = |text: &str| mask.to_string().repeat(text.chars().count());
            (masked(line.text()), cells(&masked(line.before_cursor())))
        }
        None => (line.text().to_owned(), cells(line.before_cursor())),
    };
    let skip = (before + 1).saturating_sub(width);
    let mut skipped = 0;
    let shown: String = text
        .chars()
        .skip_while(|c| {
            let skips = skipped < skip;
            if skips {
                skipped += cells(c.encode_utf8(&mut [0; 4]));
            }
            skips
        })
        .collect();
    canvas.put(x, y, width, &shown, Meaning::Strong);
    Position::new(x + before.saturating_sub(skipped).min(width.saturating_sub(1)), y)
}
