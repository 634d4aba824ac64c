//! `[labels]` and `[edi]`: what this desk calls the words and codes that come from outside.

use super::check::Check;
use super::file::Text;
use super::kept::{self, Kind};
use super::mapping::TreeValue;
use super::problem::Problem;
use crate::core::edi::{self, Codes};
use crate::core::label::Labels;
use crate::core::text::sanitise;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use toml::Spanned;

/// A word and its label, or a language and its words and labels.
pub type LabelTable = BTreeMap<Text, Spanned<TreeValue>>;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct EdiTable {
    /// Files beside the configuration, after those of the folder `edi`.
    #[serde(default)]
    pub tables: Vec<Text>,
}

impl Check<'_> {
    pub(super) fn labels(&mut self, table: LabelTable) -> Labels {
        let mut configured: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for (name, value) in table {
            match value.as_ref() {
                TreeValue::Table(_) => {
                    if !is_language(name.as_ref()) {
                        self.wrong(
                            name.span(),
                            "labels of a language stand under its tag: [labels.de], [labels.pt-BR]",
                        );
                    }
                    let TreeValue::Table(words) = value.into_inner() else { continue };
                    for (word, label) in words {
                        if let Some(label) = self.label(label) {
                            configured.entry(name.as_ref().clone()).or_default().insert(word, label);
                        }
                    }
                }
                _ => {
                    if let Some(label) = self.label(value) {
                        configured.entry(String::new()).or_default().insert(name.into_inner(), label);
                    }
                }
            }
        }
        Labels::shipped().with(configured)
    }

    fn label(&mut self, value: Spanned<TreeValue>) -> Option<String> {
        let span = value.span();
        match value.into_inner() {
            TreeValue::Text(label) if !label.trim().is_empty() && label.chars().count() <= 80 => Some(label),
            _ => {
                self.wrong(
                    span,
                    "a label is a text of at most 80 characters, such as customs_hold = \"Customs hold\"",
                );
                None
            }
        }
    }

    /// The shipped codes, then the tables that the text carries, in the order of [`kept::beside`].
    pub(super) fn codes(&mut self, table: &EdiTable) -> Codes {
        let mut codes = Codes::shipped();
        let carried = kept::carried(self.text, Kind::Table);
        let named = |name: &Text| carried.iter().any(|kept| kept.name == sanitise(name.as_ref()));
        let missing: Vec<&Text> = table.tables.iter().filter(|name| !named(name)).collect();
        for kept in &carried {
            let path = self.beside(&kept.name);
            codes = self.rows(codes, &kept.text, &path);
        }
        for name in missing {
            if let Some(text) = self.kept(Kind::Table, name) {
                let path = self.beside(name.as_ref());
                codes = self.rows(codes, &text, &path);
            }
        }
        codes
    }

    fn rows(&mut self, codes: Codes, text: &str, path: &Path) -> Codes {
        match edi::table(text) {
            Ok(rows) => codes.with(rows),
            Err(bad) => {
                self.problems.push(Problem::at(text, path, bad.span, bad.problem));
                codes
            }
        }
    }
}

/// The form of a BCP 47 tag, as far as labels need it.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split(['-', '_']);
    let language = parts.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use crate::config::{DEFAULT, load, parse};
    use crate::core::edi::Codes;
    use crate::core::event::Code;
    use std::path::Path;

    #[test]
    fn labels_for_all_and_for_a_language_are_read_and_others_refused_in_place() {
        let with = |labels: &str| parse(&format!("{DEFAULT}\n{labels}"), Path::new("c.toml"));
        let labels =
            with("[labels]\ncustoms_hold = \"Customs hold\"\n[labels.de]\ncustoms_hold = \"Zollstopp\"\n")
                .unwrap()
                .desk
                .labels;
        assert_eq!(labels.word("de-AT", "customs_hold"), "Zollstopp");
        assert_eq!(labels.word("es", "customs_hold"), "Customs hold");
        for (bad, wanted) in [
            ("[labels]\nx = 7\n", ":5: a label is a text"),
            ("[labels]\nx = \"\"\n", ":5: a label is a text"),
            ("[labels.german]\nx = \"y\"\n", ":9: labels of a language"),
            ("[labels.de]\nx = { y = \"z\" }\n", ":5: a label is a text"),
        ] {
            let error = with(bad).unwrap_err().to_string();
            assert!(error.contains(wanted), "{bad}: {error}");
        }
    }

    #[test]
    fn tables_of_codes_are_kept_with_the_configuration_and_a_bad_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::create_dir(folder.path().join("edi")).unwrap();
        std::fs::write(
            folder.path().join("edi/a.csv"),
            "214,AT701,SD,From the folder\n214,AT701,J1,Folder\n",
        )
        .unwrap();
        std::fs::write(folder.path().join("own.csv"), "214,AT701,SD,Named in the file\n").unwrap();
        let text = format!("{DEFAULT}\n[edi]\ntables = [\"own.csv\"]\n");
        std::fs::write(&path, &text).unwrap();
        let code = |code: &str| Code { set: "214".into(), element: "AT701".into(), code: code.into() };
        let says = |codes: &Codes| {
            assert_eq!(codes.plain(&code("SD")), Some("Named in the file"));
            assert_eq!(codes.plain(&code("J1")), Some("Folder"));
            assert_eq!(codes.plain(&code("A9")), Some("Shipment damaged"));
        };
        let applied = load(&path).unwrap();
        says(&applied.desk.codes);

        // Another table is another configuration; what was applied stays what it was.
        std::fs::write(folder.path().join("own.csv"), "214,AT701,SD,Edited\n").unwrap();
        let edited = load(&path).unwrap();
        assert_eq!(edited.desk.codes.plain(&code("SD")), Some("Edited"));
        assert_ne!(edited.sha256, applied.sha256);
        std::fs::write(folder.path().join("edi/a.csv"), "# fine\n214,AT701\n").unwrap();
        let error = load(&path).unwrap_err().to_string();
        assert!(error.contains("edi/a.csv:2:1: a row is set,element,code,words"), "{error}");
        std::fs::remove_dir_all(folder.path().join("edi")).unwrap();
        std::fs::remove_file(folder.path().join("own.csv")).unwrap();
        let error = load(&path).unwrap_err().to_string();
        assert!(error.contains("own.csv cannot be read"), "{error}");
        let stored = parse(&applied.text, &path).unwrap();
        says(&stored.desk.codes);
        assert_eq!(stored.sha256, applied.sha256);
    }
}
