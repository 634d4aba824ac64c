//! `[quiet_hours]`: which messages do not wait until it is morning where a contact lives.

use super::check::{Check, category};
use super::file::CategoryWord;
use crate::core::contact::Category;
use crate::core::reach::WAKES;
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct QuietHoursTable {
    pub urgent: Option<Vec<CategoryWord>>,
}

impl Check<'_> {
    pub(super) fn wakes_contacts(&mut self, table: &QuietHoursTable) -> BTreeSet<Category> {
        match &table.urgent {
            Some(words) => words.iter().map(|word| category(*word)).collect(),
            None => WAKES.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{DEFAULT, parse};
    use crate::core::contact::Category;
    use std::path::Path;

    #[test]
    fn only_what_the_file_names_wakes_contacts_and_without_a_word_what_is_urgent() {
        let wakes = |more: &str| {
            let settings = parse(&format!("{DEFAULT}\n{more}\n"), Path::new("config.toml"));
            settings.map(|settings| settings.desk.wakes_contacts.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(wakes("").unwrap(), [Category::Urgent, Category::Acknowledgments]);
        assert_eq!(wakes("[quiet_hours]\nurgent = []").unwrap(), []);
        let more = wakes("[quiet_hours]\nurgent = [\"urgent\", \"case_updates\"]").unwrap();
        assert_eq!(more, [Category::Urgent, Category::CaseUpdates]);
        assert!(wakes("[quiet_hours]\nurgent = [\"loud\"]").is_err());
    }
}
