//! `[console]` and `[keys]`: how the console of whoever opens one on this machine looks and is
//! played. The agent has no use for either.
//!
//! What a key may be called is the console's to know; here only stands where each was written, so
//! that it can point there.

use super::file::{OneOrMore, Text};
use super::problem::{ConfigError, Problem};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// What a configuration says of the console.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Console {
    /// The name of a theme and where it stands; without it, as the background is.
    pub theme: Option<(String, Range<usize>)>,
    /// Whether a new alert rings the terminal's bell; it does unless it is turned off.
    pub silent: bool,
    pub notify: NotifyWord,
    pub keys: Keys,
}

/// How the desktop is told of a new alert.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotifyWord {
    #[default]
    Off,
    Osc9,
    Osc777,
}

/// The keys that are not as they are built in, as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    pub rows: Vec<KeyRow>,
    text: String,
    path: PathBuf,
}

/// `"triage.ack" = ["A", "F2"]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    pub name: String,
    pub keys: Vec<String>,
    pub name_at: Range<usize>,
    pub keys_at: Range<usize>,
}

impl Keys {
    /// Something wrong at a place of the file.
    pub fn problem(&self, at: Range<usize>, message: impl Into<String>) -> Problem {
        Problem::at(&self.text, &self.path, at, message)
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct ConsoleTable {
    pub theme: Option<Text>,
    pub bell: Option<bool>,
    pub notify: Option<NotifyWord>,
}

pub type KeysTable = BTreeMap<Spanned<String>, Spanned<KeysEntry>>;

/// `"triage.ack" = "A"`, or a table of a place: `triage.ack = "A"`.
pub enum KeysEntry {
    Keys(Vec<String>),
    Place(BTreeMap<Spanned<String>, Spanned<OneOrMore<String>>>),
}

impl<'de> Deserialize<'de> for KeysEntry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = KeysEntry;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a key, a list of keys, or the keys of a place")
            }
            fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Self::Value, E> {
                Ok(KeysEntry::Keys(vec![key.to_owned()]))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut keys: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(key) = keys.next_element()? {
                    all.push(key);
                }
                Ok(KeysEntry::Keys(all))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut place = BTreeMap::new();
                while let Some((name, keys)) = map.next_entry()? {
                    place.insert(name, keys);
                }
                Ok(KeysEntry::Place(place))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// What a file says of the console, whatever else stands in it and is wrong there. A file that is
/// not there or not for these eyes says nothing.
pub fn console(path: &Path) -> Result<Console, ConfigError> {
    #[derive(Deserialize)]
    struct Only {
        #[serde(default)]
        console: ConsoleTable,
        #[serde(default)]
        keys: KeysTable,
    }
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(Console::default()) };
    let Only { console, keys } = toml::from_str(&text).map_err(|why| ConfigError::Wrong {
        problems: vec![Problem::at(&text, path, why.span().unwrap_or(0..0), why.message().trim())],
    })?;
    let mut rows = Vec::new();
    for (name, entry) in keys {
        let (name_at, keys_at) = (name.span(), entry.span());
        match entry.into_inner() {
            KeysEntry::Keys(keys) => rows.push(KeyRow { name: name.into_inner(), keys, name_at, keys_at }),
            KeysEntry::Place(place) => rows.extend(place.into_iter().map(|(action, keys)| KeyRow {
                name: format!("{}.{}", name.as_ref(), action.as_ref()),
                name_at: action.span(),
                keys_at: keys.span(),
                keys: keys.into_inner().into_vec(),
            })),
        }
    }
    rows.sort_by_key(|row| row.name_at.start);
    Ok(Console {
        theme: console.theme.map(|theme| (theme.as_ref().clone(), theme.span())),
        silent: console.bell == Some(false),
        notify: console.notify.unwrap_or_default(),
        keys: Keys { rows, text, path: path.to_owned() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Console {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        console(file.path()).unwrap()
    }

    #[test]
    fn keys_are_written_with_their_place_or_under_it_and_know_where_they_stand() {
        let said = written(
            "[desk]\nnonsense = 1\n[keys]\n\"triage.ack\" = \"A\"\nstream.follow = [\"F\", \"F2\"]\n[console]\nbell = false\n",
        );
        let rows: Vec<_> = said.keys.rows.iter().map(|row| (row.name.as_str(), row.keys.join(" "))).collect();
        assert_eq!(rows, [("triage.ack", "A".to_owned()), ("stream.follow", "F F2".to_owned())]);
        let problem = said.keys.problem(said.keys.rows[1].keys_at.clone(), "no");
        assert_eq!((problem.line, problem.column), (5, 17));
        assert!(said.silent);
    }

    #[test]
    fn a_file_that_is_not_there_changes_nothing() {
        assert_eq!(console(Path::new("/nonexistent/config.toml")).unwrap(), Console::default());
    }
}
