//! The last line while a query is typed: how it may go on, or what is not understood of it.

use crate::console::find::{completion, problem};
use crate::console::model::{Filter, Model};
use crate::console::narrow::filter_of;
use crate::console::theme::Meaning;
use crate::console::view::paint::Spans;
use crate::core::text::sanitise;

/// The line for the filter that is open; `None`: there is none.
pub fn footer(model: &Model) -> Option<Spans> {
    let filter = open(model)?;
    let offered = completion(model, &filter.line);
    let span = |text: &str, meaning| (text.to_owned(), meaning);
    if !offered.options.is_empty() {
        let mut spans = vec![span("Tab", Meaning::Accent)];
        for (i, option) in offered.options.iter().enumerate() {
            let meaning = if i == 0 { Meaning::Strong } else { Meaning::Quiet };
            spans.push((format!("  {}", sanitise(option)), meaning));
        }
        return Some(spans);
    }
    if let Some(problem) = problem(model, filter) {
        // A field's name stays as it is typed.
        return Some(vec![(sanitise(&problem).into_owned(), Meaning::Warn)]);
    }
    let mut spans =
        vec![span("words", Meaning::Plain), span("  -without  \"in this order\"  ", Meaning::Quiet)];
    let fields = crate::console::find::fields(model.place);
    if !fields.is_empty() {
        let names: Vec<String> = fields.iter().map(|field| format!("{}:", field.name())).collect();
        spans.push((names.join(" "), Meaning::Accent));
    }
    Some(spans)
}

fn open(model: &Model) -> Option<&Filter> {
    Some(filter_of(model)).filter(|filter| filter.open && model.dialog.is_none())
}
