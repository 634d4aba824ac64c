//! The ways out: which work, what waits for them, and how the last hour was, in small charts.

use crate::console::clock;
use crate::console::model::Model;
use crate::console::providers::selected;
use crate::console::theme::Meaning;
use crate::console::view::paint::{Canvas, Spans};
use crate::console::view::stream::filter_line;
use crate::console::view::{WIDE, chart, crumbs, first_row, new_rows};
use crate::core::gauge::Figures;
use crate::core::text::sanitise;
use crate::wire::{ChannelState, ProviderInfo};
use ratatui::layout::{Position, Rect};

/// Lines of the detail below the list.
const DETAIL: u16 = 11;

/// Where a column begins, and how wide it is.
type Column = (u16, u16);
/// What a chart shows of five minutes.
type Value = fn(&Figures) -> Option<i64>;

/// Cells of a chart: an hour, five minutes each.
const BARS: u16 = 12;

/// The charts of the list, those first that matter most.
const CHARTS: [(&str, Value, Meaning); 5] = [
    ("TAKEN/5 MIN", |bar| some(bar.accepted), Meaning::Accent),
    ("TO DELIVER", |bar| bar.to_proof_ms, Meaning::Accent),
    ("TO ACCEPT", |bar| bar.to_acceptance_ms, Meaning::Accent),
    ("QUEUE", |bar| bar.waiting.map(i64::from), Meaning::Warn),
    ("FAILED/5 MIN", |bar| some(bar.failed), Meaning::Bad),
];

pub fn paint(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Option<Position> {
    let desk = model.desk.as_ref()?;
    let rows = &model.providers.rows;
    let down = model.providers.known.iter().filter(|one| one.channel.state == ChannelState::Down).count();
    let mut head = crumbs::spans(model);
    head.push(match (down, model.providers.heard) {
        (_, false) => ("  asking the agent".to_owned(), Meaning::Quiet),
        (0, _) => ("  none is down; the last hour".to_owned(), Meaning::Quiet),
        (down, _) => (format!("  {down} down; the last hour"), Meaning::Bad),
    });
    let x = canvas.put_spans(area.x + 1, area.y, area.width.saturating_sub(2), &head);
    let cursor =
        filter_line(canvas, &model.providers.filter, x + 2, area.y, area.right().saturating_sub(x + 3));
    if let Some(new) = new_rows(canvas, rows.waiting()) {
        canvas.put_right(area.x, area.y, area.width - 1, &new, Meaning::Accent);
    }
    let wide = area.width >= WIDE;
    let name = if wide { 20 } else { 11 };
    let mut at = area.x + 2;
    let mut column = |width: u16| {
        let x = at;
        at += width + 1;
        (x, width)
    };
    let (named, kind, carries) = (column(name), column(if wide { 9 } else { 8 }), column(9));
    let (state, queued, taken) = (column(14), column(5), column(6));
    let (proven, failed) = (column(6), column(6));
    // As many charts as there is room for.
    let charts: Vec<(Column, &str, Value, Meaning)> = CHARTS
        .into_iter()
        .map(|(title, value, meaning)| (column(BARS), title, value, meaning))
        .take_while(|((x, width), ..)| x + width <= area.right())
        .collect();
    let y = area.y + 1;
    for ((x, width), title) in [
        (named, "NAME"),
        (kind, "KIND"),
        (carries, "CARRIES"),
        (state, "STATE"),
        (queued, "QUEUE"),
        (taken, "TAKEN"),
        (proven, "PROVEN"),
        (failed, "FAILED"),
    ] {
        if x + width <= area.right() || x + 4 < area.right() && width <= 6 {
            canvas.put(x, y, width, title, Meaning::Quiet);
        }
    }
    for ((x, width), title, ..) in &charts {
        canvas.put(*x, y, *width, title, Meaning::Quiet);
    }
    if rows.is_empty() {
        let (said, meaning) = match (&model.providers.missing, model.providers.heard) {
            (Some(why), _) => (format!("The providers could not be read: {}.", sanitise(why)), Meaning::Warn),
            (None, false) => ("Asking the agent.".to_owned(), Meaning::Quiet),
            (None, true) => ("No provider matches. Esc shows all again.".to_owned(), Meaning::Quiet),
        };
        canvas.put(area.x + 2, y + 1, area.width.saturating_sub(3), &said, meaning);
    }
    let room = usize::from(area.height.saturating_sub(3 + DETAIL));
    let first = first_row(rows.index(), rows.len(), room);
    for (y, id) in (y + 1..).zip(rows.order().iter().skip(first).take(room)) {
        let Some(one) = model.providers.known.iter().find(|one| one.id == *id) else { continue };
        canvas.selected = rows.selected() == Some(id);
        if canvas.selected {
            let marker = canvas.theme.signs.marker;
            canvas.put(area.x, y, 1, marker, Meaning::Accent);
        }
        let media: Vec<&str> = one.channel.carries.iter().map(|medium| medium.as_str()).collect();
        canvas.put(named.0, y, named.1, &sanitise(&one.id), Meaning::Plain);
        canvas.put(kind.0, y, kind.1, &sanitise(&one.channel.kind), Meaning::Quiet);
        canvas.put(carries.0, y, carries.1, &media.join("+"), Meaning::Plain);
        let (word, meaning) = state_of(one, &clock::hour_minute(one.channel.since, &desk.zone()));
        canvas.put(state.0, y, state.1, &word, meaning);
        let number = |n: u64| if n == 0 { String::new() } else { n.to_string() };
        let waits = if one.channel.queued > 0 { Meaning::Warn } else { Meaning::Quiet };
        canvas.put_right(queued.0, y, queued.1, &number(one.channel.queued), waits);
        canvas.put_right(taken.0, y, taken.1, &number(one.hour.accepted.into()), Meaning::Plain);
        canvas.put_right(proven.0, y, proven.1, &number(one.hour.proven.into()), Meaning::Good);
        canvas.put_right(failed.0, y, failed.1, &number(one.hour.failed.into()), Meaning::Bad);
        for ((x, width), _, value, meaning) in &charts {
            canvas.put(*x, y, *width, &spark(canvas, &one.bars, value), *meaning);
        }
        canvas.selected = false;
    }
    let top = area.bottom().saturating_sub(DETAIL + 1);
    if let Some(one) = selected(model) {
        detail(canvas, model, one, Rect { y: top, height: DETAIL, ..area });
    }
    let says = match (selected(model), crate::console::providers::may_probe(model)) {
        (Some(one), Ok(())) => {
            format!("b: try {} now; w: why it is not used; Enter: its messages", sanitise(&one.id))
        }
        (Some(one), Err(_)) => format!("Enter: the messages that went by {}; w: why", sanitise(&one.id)),
        (None, _) => String::new(),
    };
    canvas.rule(area, area.bottom().saturating_sub(1), &says, "", Meaning::Accent);
    cursor
}

fn detail(canvas: &mut Canvas<'_>, model: &Model, one: &ProviderInfo, area: Rect) {
    let zone = model.zone();
    let when = |at| clock::when(model.now, at, &zone);
    let kind = sanitise(&one.channel.kind);
    let right = format!("{kind} {} last 60 min, a bar is 5 min", canvas.theme.signs.dot);
    canvas.rule(area, area.y, &sanitise(&one.id), &right, Meaning::Strong);
    let (word, meaning) = state_of(one, &when(one.channel.since));
    let mut stands: Spans = vec![(word, meaning)];
    if one.failures > 0 {
        stands.push((format!(", {} failed in a row", one.failures), Meaning::Warn));
    }
    if let Some(at) = one.probe_at {
        stands.push((format!(", next tried {}", when(at)), Meaning::Plain));
    }
    if let Some(at) = one.paused_until {
        stands.push((format!(", asked for a pause until {}", when(at)), Meaning::Warn));
    }
    let recent: u32 = one.bars.iter().rev().take(2).map(|bar| bar.accepted).sum();
    let rate = format!("{} in the last hour, {recent} in the last 10 min", one.hour.accepted);
    let last = |at: Option<jiff::Timestamp>| at.map_or("never".to_owned(), when);
    let proven = match one.proof_within {
        Some(within) => format!("; proof is wanted within {}", span(within.as_millis() as i64)),
        None => "; it gives no receipts".to_owned(),
    };
    let proof = format!(
        "last taken {}, last proven {}{proven}",
        last(one.channel.last_accepted_at),
        last(one.channel.last_proven_at)
    );
    let error = match &one.channel.last_error {
        Some(error) => (error.printable().into_string(), Meaning::Warn),
        None => ("none".to_owned(), Meaning::Quiet),
    };
    let charts = [
        row(canvas, "taken", &one.bars, |bar| some(bar.accepted), one.hour.accepted.to_string()),
        row(canvas, "to accept", &one.bars, |bar| bar.to_acceptance_ms, averaged(one.hour.to_acceptance_ms)),
        row(canvas, "to deliver", &one.bars, |bar| bar.to_proof_ms, averaged(one.hour.to_proof_ms)),
        row(canvas, "failed", &one.bars, |bar| some(bar.failed), one.hour.failed.to_string()),
        row(
            canvas,
            "queue",
            &one.bars,
            |bar| bar.waiting.map(i64::from),
            match one.hour.waiting {
                // The newest count is newer than any bar.
                Some(most) => {
                    let (now, most) = (one.channel.queued, u64::from(most));
                    format!("{now} now, {} at most in the hour", most.max(now))
                }
                None => format!("{} now", one.channel.queued),
            },
        ),
    ];
    let text = |label: &str, spans: Spans| -> Spans {
        std::iter::once((format!("{label:<11}"), Meaning::Quiet)).chain(spans).collect()
    };
    let mut lines = vec![
        text("stands", stands),
        text("rate", vec![(rate, Meaning::Plain)]),
        text("proof", vec![(proof, Meaning::Plain)]),
    ];
    lines.extend(charts);
    lines.push(text("last error", vec![error]));
    for (y, line) in (area.y + 1..area.bottom()).zip(&lines) {
        canvas.put_spans(area.x + 2, y, area.width.saturating_sub(3), line);
    }
}

/// `to accept  ▁▂▁▁█▁   0.4 s on average, at most 2 s`.
fn row(
    canvas: &Canvas<'_>,
    label: &str,
    bars: &[Figures],
    of: impl Fn(&Figures) -> Option<i64>,
    said: String,
) -> Spans {
    let meaning = if label == "failed" { Meaning::Bad } else { Meaning::Accent };
    vec![
        (format!("{label:<11}"), Meaning::Quiet),
        (spark(canvas, bars, of), meaning),
        (format!("  {said}"), Meaning::Plain),
    ]
}

fn spark(canvas: &Canvas<'_>, bars: &[Figures], of: impl Fn(&Figures) -> Option<i64>) -> String {
    let values: Vec<Option<i64>> = bars.iter().map(of).collect();
    chart::spark(canvas, &values)
}

/// Nothing happened where the count is 0, and the chart shows nothing.
fn some(count: u32) -> Option<i64> {
    (count > 0).then(|| count.into())
}

fn averaged(millis: Option<i64>) -> String {
    millis.map_or("nothing yet".to_owned(), |millis| format!("{} on average", span(millis)))
}

fn span(millis: i64) -> String {
    match millis {
        ..1000 => format!("{millis}ms"),
        1000..10_000 => format!("{}.{}s", millis / 1000, millis % 1000 / 100),
        _ => clock::length(millis / 1000),
    }
}

fn state_of(one: &ProviderInfo, since: &str) -> (String, Meaning) {
    match one.channel.state {
        ChannelState::Untried => ("untried".to_owned(), Meaning::Quiet),
        ChannelState::Working => ("working".to_owned(), Meaning::Good),
        ChannelState::Failing => (format!("failing {since}"), Meaning::Warn),
        ChannelState::Down => (format!("DOWN {since}"), Meaning::Bad),
    }
}
