//! The partners, with what is open for each: those that need somebody first.

use crate::console::allowed::allowed;
use crate::console::bulk;
use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::keymap::{Action, Context};
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::console::told::{Mark, Ways};
use crate::console::view::messages::medium_word;
use crate::console::view::paint::{Canvas, Spans, cells};
use crate::console::view::stream::filter_line;
use crate::console::view::{WIDE, chart, crumbs, first_row, page, triage};
use crate::wire::partner::{MANY, PartnerRow};
use ratatui::layout::{Position, Rect};

const COUNT: u16 = 6;
const COUNTS: [&str; 5] = ["ALERTS", "CASES", "DOCS", "POSTS", "TO DO"];
const REACHED: u16 = 11;
/// `2 of 2 mail✗`.
const REACHED_WIDE: u16 = 13;

struct Columns {
    name: (u16, u16),
    counts: u16,
    onboarding: (u16, u16),
    reached: (u16, u16),
    /// Tier and the time there, on wide screens.
    about: Option<(u16, u16)>,
    /// How much of all that is open is theirs, as a bar.
    load: Option<(u16, u16)>,
}

impl Columns {
    fn of(area: Rect) -> Self {
        let wide = area.width >= WIDE;
        let reached_wide = if wide { REACHED_WIDE } else { REACHED };
        let reached = area.right().saturating_sub(reached_wide);
        let onboarding = if wide { 30 + (area.width.saturating_sub(140) / 3).min(18) } else { 16 };
        let onboarding_x = reached.saturating_sub(onboarding + 1);
        let load = if wide { (area.width - WIDE) / 4 + 6 } else { 0 };
        let load = (wide, load.min(24));
        let counts = onboarding_x.saturating_sub(COUNT * 5 + 2 + load.1 + u16::from(load.0));
        let about = if wide { 18 } else { 0 };
        let name = counts.saturating_sub(area.x + 2 + about);
        Self {
            name: (area.x + 2, name.saturating_sub(1)),
            counts,
            onboarding: (onboarding_x, onboarding),
            reached: (reached, reached_wide),
            about: wide.then(|| (area.x + 2 + name, about - 1)),
            load: wide.then(|| (counts + COUNT * 5 + 1, load.1)),
        }
    }
}

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Option<Position> {
    let desk = model.desk.as_ref()?;
    let partners = &model.partners;
    canvas.put_spans(area.x + 1, area.y, 10, &crumbs::spans(model));
    let cursor = filter_line(canvas, &partners.filter, area.x + 11, area.y, area.width.saturating_sub(45));
    let rows = &partners.rows;
    let more = if partners.more { "+" } else { "" };
    let mut count = format!("{}{more} known", rows.len());
    if let Some(new) = super::new_rows(canvas, rows.waiting()) {
        count = format!("{new}  {count}");
    }
    let marked = bulk::marked(model);
    if marked > 0 {
        count = format!("{marked} marked  {count}");
    }
    canvas.put_right(area.x, area.y, area.width - 1, &count, Meaning::Quiet);

    let columns = Columns::of(area);
    let y = area.y + 1;
    canvas.put(columns.name.0, y, columns.name.1, "PARTNER", Meaning::Quiet);
    if let Some((x, width)) = columns.about {
        canvas.put(x, y, width, "TIER, TIME THERE", Meaning::Quiet);
    }
    for (i, label) in (0..).zip(COUNTS) {
        canvas.put_right(columns.counts + i * COUNT, y, COUNT, label, Meaning::Quiet);
    }
    if let Some((x, width)) = columns.load {
        canvas.put(x, y, width, "LOAD", Meaning::Quiet);
    }
    canvas.put(columns.onboarding.0, y, columns.onboarding.1, "ONBOARDING", Meaning::Quiet);
    canvas.put(columns.reached.0, y, columns.reached.1, "REACHABLE", Meaning::Quiet);

    let room = usize::from(area.height.saturating_sub(3));
    if rows.is_empty() {
        nobody(canvas, model, Rect { y: y + 1, height: area.height.saturating_sub(3), ..area });
    }
    let ways = Ways::of(model);
    let first = first_row(rows.index(), rows.len(), room);
    let most = partners.known.iter().map(|row| row.open.all()).max().unwrap_or(0);
    for (y, id) in (y + 1..).zip(rows.order().iter().skip(first).take(room)) {
        let Some(found) = partners.row(id) else { continue };
        canvas.selected = rows.selected() == Some(id);
        if canvas.selected {
            let marker = canvas.theme.signs.marker;
            canvas.put(area.x, y, 1, marker, Meaning::Accent);
        }
        triage::mark(canvas, rows.is_marked(id), area.x + 1, y);
        row(canvas, model, desk, (found, &ways), &columns, (y, most));
        canvas.selected = false;
    }
    let a = model.keys.name(Context::Partners, Action::Ack);
    let says = match (allowed(model, Action::Partner), rows.selected()) {
        _ if marked > 0 => match bulk::may(model, Action::Ack) {
            Ok(()) => {
                format!("{a}: take all that is open of the {marked} marked; you see each first; Esc lets go")
            }
            Err(why) => format!("{a}: not now, {why}; Esc lets go"),
        },
        (Ok(()), Some(id)) => {
            let name = partners.row(id).map(|row| row.partner.about.name.printable().into_string());
            format!("Enter: everything about {}", name.unwrap_or_default())
        }
        _ => String::new(),
    };
    canvas.rule(area, area.bottom().saturating_sub(1), &says, "", Meaning::Accent);
    cursor
}

fn nobody(canvas: &mut Canvas<'_>, model: &Model, area: Rect) {
    let partners = &model.partners;
    let width = area.width.saturating_sub(4);
    let (said, meaning) = match (&partners.missing, partners.heard, partners.filter.is_active()) {
        (Some(why), ..) => (format!("The partners could not be read: {why}."), Meaning::Warn),
        (None, false, _) => ("Asking the agent.".to_owned(), Meaning::Quiet),
        (None, true, true) => ("No partner matches. Esc shows all again.".to_owned(), Meaning::Quiet),
        (None, true, false) => ("No partner has been heard of yet.".to_owned(), Meaning::Plain),
    };
    canvas.put(area.x + 2, area.y, width, &said, meaning);
    if partners.heard && !partners.filter.is_active() && partners.missing.is_none() {
        let next = "The first event that names one brings it here; its contacts are under c.";
        canvas.put(area.x + 2, area.y + 1, width, next, Meaning::Quiet);
    }
}

fn row(
    canvas: &mut Canvas<'_>,
    model: &Model,
    desk: &Desk,
    (row, known): (&PartnerRow, &Ways<'_>),
    columns: &Columns,
    (y, most): (u16, u32),
) {
    let about = &row.partner.about;
    let (x, width) = columns.name;
    canvas.put(x, y, width, about.name.printable().as_str(), Meaning::Plain);
    if let Some((x, width)) = columns.about {
        let there = Desk::zone_of(about).map(|zone| clock::hour_minute(model.now, &zone));
        let tier = about.tier.as_ref().map(|tier| tier.printable().into_string());
        let text = [tier, there].into_iter().flatten().collect::<Vec<_>>().join(", ");
        canvas.put(x, y, width, &text, Meaning::Quiet);
    }
    let open = row.open;
    let counts = [open.alerts, open.cases, open.reviews, open.threads, open.tasks];
    for (i, count) in (0..).zip(counts) {
        let (text, meaning) = match (count, i) {
            (0, _) => (canvas.theme.signs.dot.to_owned(), Meaning::Quiet),
            (MANY.., _) => (format!("{}+", MANY - 1), Meaning::Warn),
            (_, 0) => (count.to_string(), Meaning::Bad),
            _ => (count.to_string(), Meaning::Plain),
        };
        canvas.put_right(columns.counts + i * COUNT, y, COUNT, &text, meaning);
    }
    if let Some((x, width)) = columns.load {
        let meaning = if open.alerts > 0 { Meaning::Bad } else { Meaning::Accent };
        canvas.put(x, y, width, &chart::bar(canvas, open.all(), most, width), meaning);
    }
    let (x, width) = columns.onboarding;
    let line = onboarding(canvas, model, desk, row, width);
    canvas.put_spans(x, y, width, &line);
    let (said, meaning) = match (row.reachable, row.contacts) {
        (_, 0) => ("no contact".to_owned(), Meaning::Warn),
        (0, _) => ("NOBODY".to_owned(), Meaning::Bad),
        (some, all) => (format!("{some} of {all}"), Meaning::Plain),
    };
    let (x, width) = columns.reached;
    let used = canvas.put(x, y, width, &said, meaning);
    let signs = canvas.theme.signs;
    let failed = match known.failed(desk, &about.id).as_slice() {
        [] => return,
        [one] => Mark::Failed.beside(medium_word(*one), &signs),
        _ => signs.failed.to_owned(),
    };
    let room = width.saturating_sub(used + 1);
    let failed = if cells(&failed) > room { signs.failed } else { &failed };
    canvas.put(x + used + 1, y, room, failed, Mark::Failed.meaning());
}

/// `testing Fri 27 Nov`: what comes next and by when; nothing once all is reached.
fn onboarding(canvas: &Canvas<'_>, model: &Model, desk: &Desk, row: &PartnerRow, width: u16) -> Spans {
    let Some(onboarding) = &row.onboarding else { return Vec::new() };
    let Some(next) = &onboarding.next else {
        return vec![(format!("aboard {}", canvas.theme.signs.proven), Meaning::Quiet)];
    };
    let late = onboarding.due_at.is_some_and(|due| due < model.now);
    let zone = desk.zone();
    let by = onboarding.due_at.map(|due| match (late, width < 20) {
        (true, true) => " late".to_owned(),
        (false, true) => format!(" {}", clock::last_date(due, &zone)),
        (true, false) => format!(" late since {}", clock::last_day(due, &zone)),
        (false, false) => format!(" {}", clock::last_day(due, &zone)),
    });
    let meaning = if late { Meaning::Warn } else { Meaning::Plain };
    vec![(format!("{}{}", page::milestone_word(next), by.unwrap_or_default()), meaning)]
}
