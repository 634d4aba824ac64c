//! The beginning of every title line: the place, the way to the view, and the view itself.

use crate::console::model::Model;
use crate::console::nav;
use crate::console::theme::Meaning;
use crate::console::view::paint::Spans;

/// Between two steps of the way.
const STEP: &str = " › ";

/// `Desk › On call`, what is on the screen strong.
pub fn spans(model: &Model) -> Spans {
    let mut crumbs = nav::crumbs(model);
    let Some(here) = crumbs.pop() else { return Vec::new() };
    let mut spans = Vec::new();
    if !crumbs.is_empty() {
        spans.push((format!("{}{STEP}", crumbs.join(STEP)), Meaning::Quiet));
    }
    spans.push((here, Meaning::Strong));
    spans
}

/// The same for the title of a line across, with what is said beside it.
pub fn title(model: &Model, said: &str) -> String {
    let crumbs = nav::crumbs(model).join(STEP);
    if said.is_empty() { crumbs } else { format!("{crumbs}{STEP}{said}") }
}
