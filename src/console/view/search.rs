//! What a search found, the newest first, with what was found in each; below, the selected one in full.

use crate::console::clock;
use crate::console::desk::Desk;
use crate::console::find::fields;
use crate::console::model::{Model, Place};
use crate::console::search::intent;
use crate::console::theme::Meaning;
use crate::console::view::paint::{Canvas, Spans, cells, wrap};
use crate::console::view::stream::filter_line;
use crate::console::view::{WIDE, first_row};
use crate::core::query::found::Kind;
use crate::core::query::snippet::{marked, snippet};
use crate::core::query::{Query, Word};
use crate::core::text::{Untrusted, sanitise};
use crate::wire::search::{Hit, Indexed};
use ratatui::layout::{Position, Rect};

/// Below the list: the selected one.
const DETAIL: u16 = 5;

struct Columns {
    when: (u16, u16),
    kind: (u16, u16),
    id: (u16, u16),
    partner: (u16, u16),
    state: (u16, u16),
    what: (u16, u16),
}

impl Columns {
    fn of(area: Rect) -> Self {
        let wide = area.width >= WIDE;
        let (id, partner, state) = if wide { (16, 20, 13) } else { (10, 12, 0) };
        let mut at = area.x + 2;
        let mut column = |width: u16| {
            let x = at;
            at += width + u16::from(width > 0);
            (x, width)
        };
        let (when, kind, id) = (column(9), column(9), column(id));
        let (partner, state) = (column(partner), column(state));
        Self { when, kind, id, partner, state, what: (at, area.right().saturating_sub(at + 1)) }
    }
}

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Option<Position> {
    let desk = model.desk.as_ref()?;
    let search = &model.search;
    canvas.put(area.x + 1, area.y, 8, "Search", Meaning::Strong);
    let found = found(model);
    let cursor = filter_line(canvas, &search.filter, area.x + 9, area.y, area.width.saturating_sub(24));
    canvas.put_right(area.x, area.y, area.width - 1, &found, Meaning::Quiet);
    let columns = Columns::of(area);
    let y = area.y + 1;
    let query = search.filter.query(fields(Place::Search));
    let words = query.words();
    let detail = if search.answer.hits.is_empty() { 0 } else { DETAIL + 1 };
    let room = usize::from(area.height.saturating_sub(3 + detail));
    if search.answer.hits.is_empty() {
        nothing(canvas, model, &query, Rect { y, height: area.height.saturating_sub(2), ..area });
    } else {
        for ((x, width), head) in [
            (columns.when, "WHEN"),
            (columns.kind, "KIND"),
            (columns.id, "ID"),
            (columns.partner, "PARTNER"),
            (columns.state, "STATE"),
            (columns.what, "WHAT"),
        ] {
            canvas.put(x, y, width, head, Meaning::Quiet);
        }
    }
    let hits = &search.answer.hits;
    let first = first_row(Some(search.index()), hits.len(), room);
    for (y, (at, hit)) in (y + 1..).zip(hits.iter().enumerate().skip(first).take(room)) {
        canvas.selected = at == search.index();
        if canvas.selected {
            let marker = canvas.theme.signs.marker;
            canvas.put(area.x, y, 1, marker, Meaning::Accent);
        }
        row(canvas, model, desk, hit, &words, &columns, y);
        canvas.selected = false;
    }
    if let Some(hit) = search.selected() {
        let pane = Rect { y: area.bottom().saturating_sub(DETAIL + 2), height: DETAIL + 1, ..area };
        selected(canvas, desk, hit, &words, pane);
    }
    let lag = lag(model, desk, &search.answer.indexed).unwrap_or_default();
    canvas.rule(area, area.bottom().saturating_sub(1), &intent(model), &lag, Meaning::Accent);
    cursor
}

fn found(model: &Model) -> String {
    let answer = &model.search.answer;
    match (model.search.is_answered(), answer.hits.len(), answer.more) {
        (false, ..) => String::new(),
        (_, many, true) => format!("more than {many}"),
        (_, many, false) => format!("{many} found"),
    }
}

fn nothing(canvas: &mut Canvas<'_>, model: &Model, query: &Query, area: Rect) {
    let search = &model.search;
    let width = area.width.saturating_sub(4);
    let (said, meaning) = match &search.missing {
        Some(why) => (format!("The agent has no answer: {}", sanitise(why)), Meaning::Warn),
        None if query.is_all() => {
            let lines = [
                "Everything there ever was: events, alerts, tasks, messages with their texts, cases,",
                "documents, posts, contacts, notes and replies. The newest come first.",
                "",
                "4500123           a reference, an order, a number: as it is said, or its beginning",
                "\"customs hold\"    words in this order",
                "partner:acme kind:message state:failed since:7d",
                "R.Ames -kind:event                without what comes in",
            ];
            for (y, line) in (area.y + 1..area.bottom()).zip(lines) {
                canvas.put(area.x + 2, y, width, line, Meaning::Quiet);
            }
            return;
        }
        None if !search.is_answered() => ("Asking the agent.".to_owned(), Meaning::Quiet),
        None => ("Nothing is found.".to_owned(), Meaning::Plain),
    };
    for (y, line) in (area.y + 1..area.bottom()).zip(wrap(&said, width)) {
        canvas.put(area.x + 2, y, width, &line, meaning);
    }
}

fn row(
    canvas: &mut Canvas<'_>,
    model: &Model,
    desk: &Desk,
    hit: &Hit,
    words: &[&Word],
    columns: &Columns,
    y: u16,
) {
    let when = clock::when(model.now, hit.created_at, &desk.zone());
    canvas.put(columns.when.0, y, columns.when.1, &when, Meaning::Quiet);
    let (kind, meaning) = match (hit.kind, hit.severity) {
        (Kind::Alert, Some(severity)) => (severity.short(), Meaning::Severity(severity)),
        (kind, _) => (kind_word(kind), Meaning::Plain),
    };
    canvas.put(columns.kind.0, y, columns.kind.1, kind, meaning);
    let id = spans(&hit.id, words, Meaning::Quiet);
    canvas.put_spans(columns.id.0, y, columns.id.1, &id);
    if let Some(partner) = &hit.partner {
        canvas.put_spans(
            columns.partner.0,
            y,
            columns.partner.1,
            &spans(&partner.name, words, Meaning::Plain),
        );
    }
    canvas.put(columns.state.0, y, columns.state.1, &state(hit), Meaning::Quiet);
    let mut what = spans(&in_sight(&hit.title, words, columns.what.1), words, Meaning::Plain);
    if !hit.said.is_empty() {
        if !hit.title.is_empty() {
            what.push((": ".to_owned(), Meaning::Quiet));
        }
        what.extend(spans(&hit.said, words, Meaning::Quiet));
    }
    canvas.put_spans(columns.what.0, y, columns.what.1, &what);
}

/// The selected one, as far as the rows go.
fn selected(canvas: &mut Canvas<'_>, desk: &Desk, hit: &Hit, words: &[&Word], area: Rect) {
    let partner = hit.partner.as_ref().map(|partner| format!(" {} ", partner.name.printable()));
    let title = format!("{} {}", kind_word(hit.kind), hit.id.printable());
    canvas.rule(area, area.y, &title, partner.as_deref().unwrap_or_default().trim(), Meaning::Strong);
    let mut about: Vec<String> = vec![format!(
        "{} {}",
        clock::date(hit.created_at, &desk.zone()),
        clock::hour_minute_second(hit.created_at, &desk.zone())
    )];
    about.extend(hit.severity.map(|severity| severity.as_str().to_owned()));
    about.extend(Some(state(hit)).filter(|state| !state.is_empty()));
    let who = if hit.kind == Kind::Message { "to" } else { "by" };
    about.extend(hit.who.as_ref().map(|name| format!("{who} {}", name.printable())));
    about.extend(hit.alert.filter(|_| hit.kind != Kind::Alert).map(|alert| alert.to_string()));
    let width = area.width.saturating_sub(3);
    canvas.put(area.x + 2, area.y + 1, width, &about.join(", "), Meaning::Quiet);
    let texts = [&hit.title, &hit.said].into_iter().filter(|text| !text.is_empty());
    let lines = texts.flat_map(|text| wrap(text.printable().as_str(), width));
    for (y, line) in (area.y + 2..area.bottom()).zip(lines) {
        canvas.put_spans(area.x + 2, y, width, &spans(&Untrusted::new(line), words, Meaning::Plain));
    }
}

/// The text, or as much of it as shows what was found where that would be cut off.
fn in_sight(text: &Untrusted, words: &[&Word], width: u16) -> Untrusted {
    let shown = text.printable();
    let parts = marked(&shown, words);
    let first = parts.iter().position(|(_, found)| *found).unwrap_or(0);
    let ends: u16 = parts.iter().take(first + 1).map(|(part, _)| cells(part)).sum();
    if ends < width || first == 0 {
        return text.clone();
    }
    snippet(&[shown.as_str()], words, usize::from(width))
}

fn spans(text: &Untrusted, words: &[&Word], plain: Meaning) -> Spans {
    let parts = marked(&text.printable(), words);
    parts.into_iter().map(|(part, found)| (part, if found { Meaning::Accent } else { plain })).collect()
}

fn state(hit: &Hit) -> String {
    hit.state.printable().into_string().replace('_', " ")
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Thread => "post",
        kind => kind.as_str(),
    }
}

/// What is not found yet.
fn lag(model: &Model, desk: &Desk, indexed: &Indexed) -> Option<String> {
    if !model.search.is_answered() {
        return None;
    }
    if indexed.trouble.is_some() {
        return Some("the index does not go on".to_owned());
    }
    match (indexed.behind, indexed.at) {
        (0, _) => None,
        (_, None) => Some("the index is being made".to_owned()),
        (newer, Some(at)) => {
            let at = clock::when(model.now, at, &desk.zone());
            Some(format!("up to {at}, {newer} newer not yet"))
        }
    }
}
