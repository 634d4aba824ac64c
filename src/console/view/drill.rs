//! A drill on the screen: its line under the header, and the page before and after it.

use crate::console::drill::{Phase, Reading, Weight};
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::console::view::dialog::{pages, window};
use crate::console::view::paint::{Canvas, Spans, cells, wrap};
use ratatui::layout::Rect;

/// Paints what is wanted now, with the hint that was asked for, and returns the area below.
pub fn line(canvas: &mut Canvas<'_>, model: &Model, area: Rect) -> Rect {
    let Some(drill) = model.drill.as_ref().filter(|drill| drill.news.phase != Phase::Briefing) else {
        return area;
    };
    let width = area.width.saturating_sub(2);
    canvas.put(area.x + 1, area.y, width, &drill.news.line, Meaning::Practice);
    let mut rows = 1;
    match drill.hint() {
        Some(hint) => {
            let spans = [("hint: ".to_owned(), Meaning::Practice), (hint.to_owned(), Meaning::Plain)];
            canvas.put_spans(area.x + 1, area.y + 1, width, &spans);
            rows = 2;
        }
        None if !drill.news.hints.is_empty() && cells(&drill.news.line) + 8 <= width => {
            canvas.put_right(area.x + 1, area.y, width, ":hint", Meaning::Quiet);
        }
        None => {}
    }
    Rect { y: area.y + rows, height: area.height.saturating_sub(rows), ..area }
}

/// The briefing or the debrief.
pub fn page(canvas: &mut Canvas<'_>, model: &Model, reading: Reading, area: Rect) {
    let Some(drill) = &model.drill else { return };
    let (lines, width, height) = page_lines(model, area);
    let keys = match (drill.news.phase, drill.begun) {
        (Phase::Briefing, false) => "Enter begins",
        (Phase::Briefing, true) => "it begins",
        _ => "Enter closes",
    };
    let inner = window(canvas, area, width, height, &drill.news.title, keys);
    pages(canvas, inner, &lines, reading.scroll);
}

/// What there is to read, and how wide and high its window is.
pub fn page_lines(model: &Model, area: Rect) -> (Vec<Spans>, u16, u16) {
    let width = area.width.saturating_sub(2).min(90);
    let text = width.saturating_sub(4);
    let page = model.drill.iter().flat_map(|drill| &drill.news.page);
    let lines: Vec<Spans> = page.flat_map(|line| broken(line, text)).collect();
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    (lines, width, height.min(area.height.saturating_sub(1)))
}

/// A line of the page in as many as it takes.
fn broken((weight, text): &(Weight, String), width: u16) -> Vec<Spans> {
    let meaning = match weight {
        Weight::Head => Meaning::Strong,
        Weight::Plain => Meaning::Plain,
        Weight::Good => Meaning::Good,
        Weight::Bad => Meaning::Warn,
        Weight::Quiet => Meaning::Quiet,
    };
    laid(text, width).into_iter().map(|line| vec![(line, meaning)]).collect()
}

/// Text that keeps its columns: what does not fit is broken between words, and goes on below its own column.
pub fn laid(text: &str, width: u16) -> Vec<String> {
    if cells(text) <= width {
        return vec![text.to_owned()];
    }
    let column = text.rfind("  ").map_or(0, |at| at + 2);
    let (head, tail) = text.split_at(column);
    let indent = cells(head);
    if indent > width / 2 {
        return wrap(text, width);
    }
    let lines = wrap(tail, width - indent).into_iter().enumerate();
    lines
        .map(|(at, line)| match at {
            0 => format!("{head}{line}"),
            _ => format!("{}{line}", " ".repeat(usize::from(indent))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_goes_on_below_its_own_column() {
        let line = "done    0:03   25/25  take the blocked order before others are woken";
        let laid = laid(line, 50);
        assert_eq!(
            laid,
            ["done    0:03   25/25  take the blocked order", "                      before others are woken"]
        );
        assert_eq!(super::laid("a b c d", 3), ["a b", "c d"]);
    }
}
