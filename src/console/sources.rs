//! The Sources view: where events come from, and when each was heard last.

use crate::console::effect::Effect;
use crate::console::model::{Filter, Model, Place};
use crate::console::nav;
use crate::console::rows::Rows;
use crate::wire::SourceHealth;

#[derive(Debug, Default)]
pub struct Sources {
    pub filter: Filter,
    pub rows: Rows<String>,
}

pub fn show(model: &mut Model) -> Vec<Effect> {
    nav::open(model, Place::Sources);
    arrange(model);
    Vec::new()
}

/// The silent ones first, then those that never sent anything.
pub fn arrange(model: &mut Model) {
    let Some(desk) = &model.desk else { return };
    let mut sources: Vec<&SourceHealth> = desk.sources.iter().collect();
    sources.retain(|source| model.sources.filter.matches(&[&source.name, word(source)]));
    sources.sort_by_key(|source| (!source.silent, source.last_event_at.is_some(), source.name.as_str()));
    let wanted = sources.into_iter().map(|source| source.name.clone()).collect();
    model.sources.rows.arrange(wanted);
}

pub fn selected(model: &Model) -> Option<&SourceHealth> {
    let name = model.sources.rows.selected()?;
    model.desk.as_ref()?.sources.iter().find(|source| source.name == *name)
}

pub fn word(source: &SourceHealth) -> &'static str {
    match (source.silent, source.last_event_at) {
        (true, _) => "SILENT",
        (false, None) => "never heard",
        (false, Some(_)) => "heard",
    }
}
