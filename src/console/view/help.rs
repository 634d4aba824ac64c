//! All keys, out of the one table.

use crate::console::allowed::allowed;
use crate::console::keymap::{Action, COMMANDS, Context};
use crate::console::keys::{Keys, PLACES};
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::console::view::paint::{Spans, wrap};

/// The cells that the keys take.
const KEYS: u16 = 16;

pub fn lines(model: &Model, width: u16) -> Vec<Spans> {
    let here = model.context();
    let mut lines = Vec::new();
    // The keys of this place come first, and say when they cannot be used.
    let mut sections = PLACES;
    sections.sort_by_key(|(context, _)| *context != here);
    for (context, title) in sections {
        if !lines.is_empty() {
            lines.push(Vec::new());
        }
        lines.push(vec![(title.to_owned(), Meaning::Strong)]);
        for (keys, action, help) in grouped(&model.keys, context) {
            let why_not = allowed(model, action).err().filter(|_| context == here);
            let (help, meaning) = match why_not {
                Some(why) => (format!("{help} (not now: {why})"), Meaning::Quiet),
                None => (help.to_owned(), Meaning::Plain),
            };
            for (row, help) in wrap(&help, width.saturating_sub(KEYS)).into_iter().enumerate() {
                let keys = if row == 0 { format!("  {keys}") } else { String::new() };
                let keys = format!("{keys:<wide$}", wide = usize::from(KEYS));
                lines.push(vec![(keys, Meaning::Accent), (help, meaning)]);
            }
        }
    }
    lines.push(Vec::new());
    lines.push(vec![("after a colon".to_owned(), Meaning::Strong)]);
    for (name, _, help) in COMMANDS {
        lines.push(vec![(format!("  :{name:<13}"), Meaning::Accent), ((*help).to_owned(), Meaning::Plain)]);
    }
    lines
}

/// Keys that do the same stand on one line.
fn grouped(keys: &Keys, context: Context) -> Vec<(String, Action, &'static str)> {
    let mut rows: Vec<(String, Action, &'static str)> = Vec::new();
    for binding in keys.of(context) {
        match rows.iter_mut().find(|(_, action, _)| *action == binding.action) {
            Some((keys, ..)) => {
                keys.push_str(", ");
                keys.push_str(&binding.key.name());
            }
            None => rows.push((binding.key.name(), binding.action, binding.help)),
        }
    }
    rows
}
