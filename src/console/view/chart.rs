//! Small charts, where a picture says it faster than figures do. All of them show whole minutes that are
//! over, so that they change when the clock in the header does and at no other time.

use crate::console::desk::Desk;
use crate::console::theme::Meaning;
use crate::console::view::paint::{Canvas, Spans};
use crate::core::counted::counted;
use crate::core::traffic::{Arrived, minutes_counted};
use jiff::Timestamp;

/// One cell a value, the highest as high as it goes; none where there is no value.
pub fn spark(canvas: &Canvas<'_>, values: &[Option<i64>]) -> String {
    let highest = values.iter().flatten().copied().max().unwrap_or(0).max(1);
    values.iter().map(|value| value.map_or(" ", |value| level(canvas, value, highest))).collect()
}

fn level(canvas: &Canvas<'_>, value: i64, highest: i64) -> &'static str {
    let at = (value.max(0) * 8 + highest - 1) / highest;
    canvas.theme.signs.levels[usize::try_from(at.clamp(1, 8) - 1).unwrap_or(0)]
}

/// A bar that lies: as long as its part of `highest`, and never empty where there is anything.
pub fn bar(canvas: &Canvas<'_>, value: u32, highest: u32, width: u16) -> String {
    let long = (u64::from(value) * u64::from(width)).div_ceil(u64::from(highest.max(1)));
    canvas.theme.signs.full.repeat(usize::try_from(long).unwrap_or(0).min(usize::from(width)))
}

/// Events a minute, a cell each, in the colour of the worst that came in it; and the same in figures, since a
/// colour is nothing to everybody.
pub fn traffic(canvas: &Canvas<'_>, desk: &Desk, now: Timestamp, minutes: u16) -> Spans {
    let last = desk.traffic.last(minutes.into(), now);
    let highest = last.iter().map(Arrived::all).max().unwrap_or(0);
    let mut spans: Spans = Vec::new();
    for one in &last {
        let (cell, meaning) = match (one.all(), one.worst()) {
            (0, _) => (" ", Meaning::Quiet),
            (many, worst) => {
                (level(canvas, many.into(), highest.into()), worst.map_or(Meaning::Accent, Meaning::Severity))
            }
        };
        match spans.last_mut() {
            Some((text, before)) if *before == meaning => text.push_str(cell),
            _ => spans.push((cell.to_owned(), meaning)),
        }
    }
    spans.push((" ".to_owned(), Meaning::Quiet));
    spans.extend(in_words(&last, minutes_counted(desk.info.counting_since, now)));
    spans
}

/// The same without the picture, where it would only move on.
pub fn traffic_in_words(desk: &Desk, now: Timestamp, minutes: u16) -> Spans {
    in_words(&desk.traffic.last(minutes.into(), now), minutes_counted(desk.info.counting_since, now))
}

/// `17 events in 30 min, 7 urgent`; of no more minutes than `whole`, so that a desk that has just begun to
/// look does not say that nothing came.
fn in_words(last: &[Arrived], whole: i64) -> Spans {
    let all: u32 = last.iter().map(Arrived::all).sum();
    let urgent: u32 = last.iter().map(Arrived::urgent).sum();
    let minutes = last.len().min(usize::try_from(whole).unwrap_or_default());
    let said = match (all, minutes) {
        (0, 0) => "counting since this minute".to_owned(),
        (0, minutes) => format!("no event in {minutes} min"),
        (all, minutes) => format!("{} in {} min", counted(all, "event", "events"), minutes.max(1)),
    };
    let mut spans: Spans = vec![(said, Meaning::Quiet)];
    if urgent > 0 {
        spans.push((format!(", {urgent} urgent"), Meaning::Warn));
    }
    spans
}
