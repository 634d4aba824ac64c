//! `[[view]]`: queries under a name that everybody of the desk may use.

use super::check::Check;
use super::file::Text;
use crate::core::saved_view::{SavedView, fault};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewTable {
    pub name: Text,
    /// `triage`, `stream`, `partners`, `contacts`, `messages` or `search`.
    pub of: Text,
    pub query: Text,
}

impl Check<'_> {
    pub(super) fn views(&mut self, tables: Vec<ViewTable>) -> Vec<SavedView> {
        let mut taken = BTreeSet::new();
        let mut views = Vec::new();
        for table in tables {
            self.name("view", &table.name, &mut taken);
            let of = match table.of.as_ref().parse() {
                Ok(of) => of,
                Err(why) => {
                    self.wrong(table.of.span(), why);
                    continue;
                }
            };
            let view = SavedView {
                name: table.name.as_ref().clone(),
                of,
                query: table.query.as_ref().as_str().into(),
            };
            match fault(&view) {
                Some(why) => self.wrong(table.query.span(), why),
                None => views.push(view),
            }
        }
        views
    }
}
