//! `[unsubscribe]`: the mails to contacts that may be ended by one click.

use super::check::{Check, category};
use super::file::CategoryWord;
use crate::core::contact::Category;
use crate::core::unsubscribe::{NEVER, USUAL};
use serde::Deserialize;
use std::collections::BTreeSet;
use toml::Spanned;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct UnsubscribeTable {
    pub categories: Option<Spanned<Vec<CategoryWord>>>,
}

impl Check<'_> {
    pub(super) fn unsubscribe(&mut self, table: &UnsubscribeTable) -> BTreeSet<Category> {
        let Some(words) = &table.categories else { return USUAL.into() };
        let wanted: BTreeSet<Category> = words.as_ref().iter().map(|word| category(*word)).collect();
        if let Some(never) = NEVER.iter().find(|never| wanted.contains(never)) {
            let said = format!("mails about {} cannot be ended by one click", never.as_str());
            self.wrong(words.span(), said);
        }
        wanted
    }
}
