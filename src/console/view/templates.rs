//! Every template, and how one reads to whom.

use crate::console::model::Model;
use crate::console::pick::Pick;
use crate::console::templates::{Opened, Row};
use crate::console::theme::Meaning;
use crate::console::view::dialog::window;
use crate::console::view::paint::{Canvas, Spans, lay, wrap};
use crate::console::view::stream::filter_line;
use crate::console::view::{crumbs, first_row};
use crate::core::notification::RecipientId;
use crate::core::sms;
use crate::core::template::{For, Listed, Measured, Piece, Sample, Shown, Source};
use crate::core::text::sanitise;
use ratatui::layout::{Position, Rect};

/// The cells of a label in the preview.
const LABEL: u16 = 10;

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Option<Position> {
    if let (Some(opened), Some(row)) = (&model.templates.opened, model.templates.rows.selected()) {
        preview(canvas, model, opened, *row, area);
        return None;
    }
    let templates = &model.templates;
    let mut counts: Spans = crumbs::spans(model);
    let yours = templates.known.iter().filter(|one| !one.yours.is_empty()).count();
    if templates.heard && templates.missing.is_none() {
        let said = match yours {
            0 => "  all shipped, none replaced".to_owned(),
            yours => format!("  {yours} replaced by yours"),
        };
        counts.push((said, Meaning::Quiet));
    }
    let x = canvas.put_spans(area.x + 1, area.y, area.width.saturating_sub(2), &counts);
    let cursor = filter_line(canvas, &templates.filter, x + 2, area.y, area.right().saturating_sub(x + 3));
    let columns = Columns::of(area);
    let y = area.y + 1;
    for ((x, width), head) in columns.all().into_iter().zip(["TEMPLATE", "FLOW", "TO", "BY", "LANGUAGES"]) {
        canvas.put(x, y, width, head, Meaning::Quiet);
    }
    let rows = &templates.rows;
    if rows.is_empty() {
        let (said, meaning) = match (&templates.missing, templates.heard) {
            (Some(why), _) => (format!("The templates could not be read: {why}."), Meaning::Warn),
            (None, false) => ("Asking the agent.".to_owned(), Meaning::Quiet),
            (None, true) => ("No template matches.".to_owned(), Meaning::Quiet),
        };
        canvas.put(area.x + 2, y + 1, area.width.saturating_sub(3), &said, meaning);
    }
    let room = usize::from(area.height.saturating_sub(3));
    let first = first_row(rows.index(), rows.len(), room);
    for (y, row) in (y + 1..).zip(rows.order().iter().skip(first).take(room)) {
        let Some(listed) = templates.listed(*row) else { continue };
        canvas.selected = rows.selected() == Some(row);
        if canvas.selected {
            let marker = canvas.theme.signs.marker;
            canvas.put(area.x, y, 1, marker, Meaning::Accent);
        }
        columns.row(canvas, y, listed);
        canvas.selected = false;
    }
    let says = match rows.selected() {
        Some((name, piece)) => format!("Enter: how {name} reads {} to {}", way(*piece), reader(model)),
        None => String::new(),
    };
    canvas.rule(area, area.bottom().saturating_sub(1), &says, "", Meaning::Accent);
    cursor
}

pub fn piece_word(piece: Piece) -> &'static str {
    match piece {
        Piece::Email => "mail",
        Piece::Sms => "SMS",
        Piece::Page => "HTML",
        Piece::Phrases => "phrases",
    }
}

/// How it comes to its reader.
fn way(piece: Piece) -> &'static str {
    match piece {
        Piece::Email => "by mail",
        Piece::Sms => "by SMS",
        Piece::Page => "as an HTML mail",
        Piece::Phrases => "in its phrases",
    }
}

/// `Ana López of Acme Tools`, or nobody who exists.
fn reader(model: &Model) -> String {
    let Some(reader) = &model.templates.to else { return "a sample reader".to_owned() };
    let name = reader.name.printable();
    let of = match (&reader.who, &model.desk) {
        (RecipientId::Person(_), _) => Some("the desk".to_owned()),
        (RecipientId::Contact(id), Some(desk)) => {
            let partner = desk.contacts.get(id).and_then(|contact| contact.partner_id.as_ref());
            partner.map(|partner| desk.partner_name(partner))
        }
        (RecipientId::Contact(_) | RecipientId::Webhook(_), _) => None,
    };
    of.map_or_else(|| name.as_str().to_owned(), |of| format!("{name} of {of}"))
}

struct Columns {
    name: (u16, u16),
    flow: (u16, u16),
    to: (u16, u16),
    by: (u16, u16),
    languages: (u16, u16),
}

impl Columns {
    fn of(area: Rect) -> Self {
        let mut at = area.x + 2;
        let mut column = |width: u16| {
            let x = at;
            at += width + 2;
            (x, width)
        };
        let (name, flow, to, by) = (column(18), column(12), column(8), column(7));
        Self { name, flow, to, by, languages: (at, area.right().saturating_sub(at + 1)) }
    }

    fn all(&self) -> [(u16, u16); 5] {
        [self.name, self.flow, self.to, self.by, self.languages]
    }

    fn row(&self, canvas: &mut Canvas<'_>, y: u16, listed: &Listed) {
        let to = match listed.to {
            For::Contact => "contact",
            For::Desk => "the desk",
        };
        canvas.put(self.name.0, y, self.name.1, listed.name.as_str(), Meaning::Plain);
        canvas.put(self.flow.0, y, self.flow.1, &listed.flow, Meaning::Plain);
        canvas.put(self.to.0, y, self.to.1, to, Meaning::Quiet);
        canvas.put(self.by.0, y, self.by.1, piece_word(listed.piece), Meaning::Plain);
        let mut spans: Spans = Vec::new();
        for language in &listed.languages {
            let yours = listed.yours.contains(language);
            let (said, meaning) = match yours {
                true => (format!("{language} yours"), Meaning::Accent),
                false => (language.clone(), Meaning::Quiet),
            };
            if !spans.is_empty() {
                spans.push((" ".to_owned(), Meaning::Plain));
            }
            spans.push((said, meaning));
        }
        canvas.put_spans(self.languages.0, y, self.languages.1, &spans);
    }
}

/// How far the preview can be scrolled.
pub fn length(model: &Model) -> u16 {
    let Some(opened) = &model.templates.opened else { return 0 };
    let lines = content(model, opened, model.size.0.saturating_sub(3)).len();
    u16::try_from(lines.saturating_sub(1)).unwrap_or(u16::MAX)
}

fn preview(canvas: &mut Canvas<'_>, model: &Model, opened: &Opened, (name, piece): Row, area: Rect) {
    let lines = content(model, opened, area.width.saturating_sub(3));
    let room = area.height.saturating_sub(2);
    let longest = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_sub(room);
    let scroll = opened.scroll.min(longest);
    let more = match longest - scroll {
        0 => String::new(),
        more => format!("{more} more {}", canvas.theme.signs.down),
    };
    let title = format!("{name} {} to {}", way(piece), reader(model));
    canvas.rule(area, area.y, &crumbs::title(model, &title), &more, Meaning::Strong);
    for (y, line) in (area.y + 1..).zip(lines.iter().skip(usize::from(scroll)).take(usize::from(room))) {
        canvas.put_spans(area.x + 2, y, area.width.saturating_sub(3), line);
    }
    let says = "Nothing is sent from here; Esc: back to the templates";
    canvas.rule(area, area.bottom().saturating_sub(1), says, "", Meaning::Accent);
}

fn content(model: &Model, opened: &Opened, width: u16) -> Vec<Spans> {
    match &opened.shown {
        None => vec![vec![("Asking the agent.".to_owned(), Meaning::Quiet)]],
        Some(Err(why)) => wrap(&format!("It could not be shown: {}.", sanitise(why)), width)
            .into_iter()
            .map(|line| vec![(line, Meaning::Warn)])
            .collect(),
        Some(Ok(shown)) => lines(model, opened, shown, width),
    }
}

fn lines(model: &Model, opened: &Opened, shown: &Shown, width: u16) -> Vec<Spans> {
    let mut lines: Vec<Spans> = Vec::new();
    let mut say = |label: &str, said: &str, meaning: Meaning| {
        for (i, line) in wrap(said, width.saturating_sub(LABEL)).into_iter().enumerate() {
            let label = if i == 0 { label } else { "" };
            let label = format!("{label:<wide$}", wide = usize::from(LABEL));
            lines.push(vec![(label, Meaning::Quiet), (line, meaning)]);
        }
    };
    let from = match shown.source {
        Source::Shipped => "shipped",
        Source::Yours => "yours",
    };
    let template = shown.template.as_deref().unwrap_or("no template could say it");
    say("template", &format!("{}, {from}", sanitise(template)), Meaning::Plain);
    say("language", &languages(model, opened, shown), Meaning::Plain);
    let values = match (shown.piece, opened.sample) {
        (Piece::Phrases, _) => "none; {…} is the place of one",
        (_, Sample::Full) => "samples of everything it may say",
        (_, Sample::Bare) => "samples of only what is always there",
    };
    say("values", values, Meaning::Plain);
    if let Some(measured) = &shown.sms {
        let meaning = if measured.culprit.is_some() { Meaning::Warn } else { Meaning::Plain };
        say("SMS", &measured.in_words(), meaning);
    }
    if let Some(subject) = &shown.subject {
        say("subject", subject.printable().as_str(), Meaning::Strong);
    }
    lines.push(Vec::new());
    match &shown.sms {
        Some(measured) => lines.extend(parts(shown.body.raw(), measured, width)),
        None => {
            for line in shown.body.raw().lines() {
                let wrapped = lay(&sanitise(line), width);
                if wrapped.is_empty() {
                    lines.push(Vec::new());
                }
                lines.extend(wrapped.into_iter().map(|line| vec![(line, Meaning::Plain)]));
            }
        }
    }
    lines
}

/// `de for de-AT; also en fr es`.
fn languages(model: &Model, opened: &Opened, shown: &Shown) -> String {
    let used = shown.language().unwrap_or("none");
    let wanted = match &opened.locale {
        Some(_) => ", chosen here".to_owned(),
        None if shown.locale.eq_ignore_ascii_case(used) => ", the reader's".to_owned(),
        None => format!(", for a reader of {}", sanitise(&shown.locale)),
    };
    let known = model.templates.rows.selected().and_then(|row| model.templates.listed(*row));
    let others: Vec<&str> =
        known.iter().flat_map(|one| &one.languages).map(String::as_str).filter(|l| *l != used).collect();
    let others = if others.is_empty() { String::new() } else { format!("; also {}", others.join(" ")) };
    format!("{}{wanted}{}", sanitise(used), sanitise(&others))
}

/// An SMS as the gateway cuts it; what forces UCS-2 stands out wherever it is.
fn parts(body: &str, measured: &Measured, width: u16) -> Vec<Spans> {
    let mut lines = Vec::new();
    let cut = sms::segments(body);
    let many = cut.parts.len();
    for (i, part) in cut.parts.into_iter().enumerate() {
        if many > 1 {
            if i > 0 {
                lines.push(Vec::new());
            }
            lines.push(vec![(format!("part {} of {many}", i + 1), Meaning::Quiet)]);
        }
        let text = sanitise(body.get(part).unwrap_or_default()).into_owned();
        lines.extend(wrap(&text, width).into_iter().map(|line| marked(&line, measured.culprit)));
    }
    lines
}

fn marked(line: &str, culprit: Option<char>) -> Spans {
    let Some(culprit) = culprit else { return vec![(line.to_owned(), Meaning::Plain)] };
    let mut spans: Spans = Vec::new();
    for (i, between) in line.split(culprit).enumerate() {
        if i > 0 {
            spans.push((culprit.to_string(), Meaning::Bad));
        }
        if !between.is_empty() {
            spans.push((between.to_owned(), Meaning::Plain));
        }
    }
    spans
}

/// Who is to read it, found by typing.
pub fn pick(canvas: &mut Canvas<'_>, dialog: &Pick, area: Rect) -> Option<Position> {
    let found = dialog.found();
    let height = area.height.saturating_sub(4).min(16);
    let inner = window(canvas, area, 64, height, "Who reads it?", "type to find, Enter chooses");
    let y = inner.y;
    let cursor = filter_line(canvas, &dialog.filter, inner.x, y, inner.width);
    let room = usize::from(inner.height.saturating_sub(1));
    let first = first_row(Some(dialog.selected), found.len(), room);
    if found.is_empty() {
        canvas.put(inner.x + 2, y + 1, inner.width, "Nobody of that name is known here.", Meaning::Quiet);
    }
    for (row, (at, one)) in (y + 1..).zip(found.iter().enumerate().skip(first).take(room)) {
        let on = at == dialog.selected;
        if on {
            let marker = canvas.theme.signs.marker;
            canvas.put(inner.x, row, 1, marker, Meaning::Accent);
        }
        let meaning = if on { Meaning::Strong } else { Meaning::Plain };
        let spans: Spans = match one {
            None => vec![("a sample reader".to_owned(), meaning)],
            Some((reader, of)) => {
                vec![(reader.name.printable().into_string(), meaning), (format!("  {of}"), Meaning::Quiet)]
            }
        };
        let width = inner.width.saturating_sub(2);
        canvas.put_spans(inner.x + 2, row, width, &spans);
    }
    cursor
}
