//! Files beside the configuration that belong to it: templates, tables of EDI codes, lists of holidays.
//! They are kept at the end of the configuration's text, as comments: so an applied version has them for
//! good, a changed one of them is a changed configuration, and nothing is read while the agent works.

use super::check::Check;
use super::file::Text;
use super::naming::EdiTable;
use super::problem::{ConfigError, Problem};
use crate::core::text::sanitise;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// What a kept file is, and so what stands before its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Template,
    /// A table of EDI codes.
    Table,
    /// A list of holidays.
    Days,
    /// An iCalendar file that a schedule is made of.
    Roster,
}

/// A kept file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// As it is called beside the configuration.
    pub name: String,
    pub text: String,
}

/// What comes before each of its lines.
const LINE: &str = "#|";

impl Kind {
    fn head(self) -> &'static str {
        match self {
            Kind::Template => "#template ",
            Kind::Table => "#table ",
            Kind::Days => "#days ",
            Kind::Roster => "#calendar ",
        }
    }

    fn spoken(self) -> &'static str {
        match self {
            Kind::Template => "a template",
            Kind::Table => "a table",
            Kind::Days => "a list of holidays",
            Kind::Roster => "a calendar",
        }
    }
}

/// What of the file names others; whatever else is wrong with it is said when it is checked.
#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    edi: EdiTable,
    #[serde(default)]
    calendar: Vec<NamedDays>,
    #[serde(default)]
    schedule: Vec<NamedSchedule>,
}

#[derive(Deserialize)]
struct NamedSchedule {
    #[serde(default)]
    layer: Vec<NamedRoster>,
}

#[derive(Deserialize)]
struct NamedRoster {
    ics: Option<Text>,
}

#[derive(Deserialize)]
struct NamedDays {
    holidays_file: Option<Text>,
}

/// The other files that a configuration's text names.
pub fn named(text: &str) -> Vec<(Kind, String)> {
    let named: Vec<(Kind, Text)> = match toml::from_str::<Named>(text) {
        Ok(Named { edi, calendar, schedule }) => {
            let days = calendar.into_iter().filter_map(|calendar| calendar.holidays_file);
            let layers = schedule.into_iter().flat_map(|schedule| schedule.layer);
            let mut known = BTreeSet::new();
            let rosters = layers
                .filter_map(|layer| layer.ics)
                .filter(|ics| !is_url(ics.as_ref()) && known.insert(ics.as_ref().clone()));
            let tables = edi.tables.into_iter().map(|name| (Kind::Table, name));
            let rosters: Vec<_> = rosters.map(|name| (Kind::Roster, name)).collect();
            tables.chain(days.map(|name| (Kind::Days, name))).chain(rosters).collect()
        }
        Err(_) => Vec::new(),
    };
    named.into_iter().map(|(kind, name)| (kind, name.into_inner())).collect()
}

/// The tables and lists beside the configuration in the form they are kept in: the tables of the folder
/// `edi` by name, then those that the file names. One that is named and cannot be read is left to the check,
/// which can point at its name.
///
/// # Errors
/// A file of the folder that cannot be read, or one that is no text.
pub fn beside(named: &[(Kind, String)], config: &Path) -> Result<String, ConfigError> {
    let folder = config.parent().unwrap_or(Path::new(""));
    let (mut kept, mut problems) = (String::new(), Vec::new());
    for path in csv_files(&folder.join("edi")) {
        let name = format!("edi/{}", path.file_name().unwrap_or_default().to_string_lossy());
        let read = read(&path).map_err(|why| Problem::at("", &path, 0..0, why));
        let done = read.and_then(|text| keep(&mut kept, Kind::Table, &sanitise(&name), &text, &path));
        problems.extend(done.err());
    }
    for (kind, name) in named {
        let path = folder.join(name);
        if let Ok(text) = read(&path) {
            problems.extend(keep(&mut kept, *kind, &sanitise(name), &text, &path).err());
        }
    }
    if problems.is_empty() { Ok(kept) } else { Err(ConfigError::Wrong { problems }) }
}

/// Whether a calendar is elsewhere, and read by the agent.
pub(super) fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

fn csv_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")))
        .collect();
    files.sort();
    files
}

impl Check<'_> {
    /// The text of a file that the configuration names: as it was kept, else as it lies on disk; why it
    /// cannot be had is noted at the name.
    pub(super) fn kept(&mut self, kind: Kind, name: &Spanned<String>) -> Option<String> {
        let called = sanitise(name.as_ref());
        if let Some(kept) = carried(self.text, kind).into_iter().find(|kept| kept.name == called) {
            return Some(kept.text);
        }
        let path = self.beside(name.as_ref());
        match read(&path) {
            Ok(text) => Some(text),
            Err(why) => {
                let why = why.strip_prefix("this ").unwrap_or(&why).to_owned();
                let shown = sanitise(&path.display().to_string()).into_owned();
                self.wrong(name.span(), format!("{shown} {why}"));
                None
            }
        }
    }
}

/// A file's text, as it lies on disk.
pub fn read(path: &Path) -> Result<String, String> {
    match std::fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| "this is not UTF-8 text".to_owned()),
        Err(why) => Err(format!("this cannot be read: {why}")),
    }
}

/// Appends a file in the form it is kept in.
///
/// # Errors
/// A character that no comment may have.
pub fn keep(kept: &mut String, kind: Kind, name: &str, text: &str, path: &Path) -> Result<(), Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    // TOML allows no other control character in a comment, and no such file has a use for one.
    if let Some((at, c)) = text.char_indices().find(|(_, c)| c.is_control() && !"\n\t".contains(*c)) {
        let message = format!("{} has no control characters; this is U+{:04X}", kind.spoken(), c as u32);
        return Err(Problem::at(&text, path, at..at + 1, message));
    }
    kept.push_str(&format!("\n{}{name}\n", kind.head()));
    for line in text.lines() {
        kept.push_str(&format!("{LINE}{line}\n"));
    }
    Ok(())
}

/// The files of a kind that a configuration's text carries, in the order in which they were kept.
pub fn carried(text: &str, kind: Kind) -> Vec<Kept> {
    let mut found: Vec<Kept> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix(kind.head()) {
            found.push(Kept { name: name.to_owned(), text: String::new() });
            open = true;
        } else if let (true, Some(line), Some(last)) = (open, line.strip_prefix(LINE), found.last_mut()) {
            last.text.push_str(line);
            last.text.push('\n');
        } else {
            open = false;
        }
    }
    found
}
