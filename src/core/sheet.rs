//! Contacts as a spreadsheet (CSV, RFC 4180): written so that no cell is taken for a formula, read
//! so that what was written comes back as it was, and what an office program made of it still reads.

use crate::core::contact::{Category, Contact, ContactField, ContactState, Medium, QuietHours};
use crate::core::sync::{Stated, synced_fields};
use crate::core::text::{Untrusted, sanitise};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// One contact of a sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Of the file, counted from 1; the header is line 1.
    pub line: u64,
    pub id: Untrusted,
    pub stated: Stated,
    /// The contact as it was when the sheet was exported, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exported: Option<Exported>,
}

/// What a contact was when it was exported: the time, and a mark of each field's value in the order
/// of [`synced_fields`]. It is the common base of whoever edits the sheet and whoever edits here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    pub at: Timestamp,
    pub marks: Vec<String>,
}

/// A row that cannot be taken, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRow {
    pub line: u64,
    pub why: String,
}

/// What a sheet says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    pub rows: Vec<Row>,
    pub bad: Vec<BadRow>,
}

/// The file is no sheet of contacts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASheet {
    #[error("the file is empty; its first row names the columns")]
    Empty,
    #[error("the first row names no column `id`; the columns are {}", columns().join(", "))]
    NoId,
    #[error("the column {0:?} is none of a contact; the columns are {list}", list = columns().join(", "))]
    Unknown(String),
    #[error("the column {0:?} is there twice")]
    Twice(String),
    #[error("with one column of channels there must be all of them; {0} is missing")]
    SomeChannels(String),
}

const EXPORTED: &str = "as_exported";
const PLAIN: [&str; 11] = [
    "id",
    "partner_id",
    "name",
    "active",
    "emails",
    "phones",
    "locale",
    "time_zone",
    "roles",
    "quiet_hours",
    "opted_out",
];

fn channel_column(category: Category) -> String {
    format!("channels.{}", category.as_str())
}

fn columns() -> Vec<String> {
    let plain = PLAIN.iter().map(|name| (*name).to_owned());
    plain.chain(Category::ALL.map(channel_column)).chain([EXPORTED.to_owned()]).collect()
}

/// Writes contacts with a header.
pub fn write<'c>(contacts: impl IntoIterator<Item = &'c Contact>, now: Timestamp) -> String {
    let mut out = String::new();
    line(&mut out, columns());
    for contact in contacts {
        let mut cells = vec![
            contact.id.raw().to_owned(),
            contact.partner_id.as_ref().map(|id| id.raw().to_owned()).unwrap_or_default(),
            contact.name.raw().to_owned(),
            (contact.state == ContactState::Active).to_string(),
            list(contact.emails.iter().map(|email| email.as_str())),
            list(contact.phones.iter().map(|phone| phone.as_str())),
            contact.locale.as_ref().map(|text| text.raw().to_owned()).unwrap_or_default(),
            contact.time_zone.as_ref().map(|text| text.raw().to_owned()).unwrap_or_default(),
            list(contact.roles.iter().map(Untrusted::raw)),
            contact.quiet_hours.map(|hours| hours.to_string()).unwrap_or_default(),
            list(contact.opted_out.iter().map(|medium| medium.as_str())),
        ];
        cells.extend(Category::ALL.map(|category| {
            list(contact.channels.get(&category).into_iter().flatten().map(|medium| medium.as_str()))
        }));
        let marks: Vec<String> = synced_fields(contact).iter().map(mark).collect();
        cells.push(format!("{now} {}", marks.join(".")));
        line(&mut out, cells);
    }
    out
}

/// Reads a sheet; good rows are taken whatever the others are.
pub fn read(text: &str) -> Result<Sheet, NotASheet> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().next().unwrap_or_default();
    // Office programs of many countries separate with semicolons.
    let count = |c: char| first.chars().filter(|found| *found == c).count();
    let separator = [';', '\t'].into_iter().find(|c| count(*c) > count(',')).unwrap_or(',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator as u8)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let header = match records.next() {
        Some(Ok(header)) => header,
        _ => return Err(NotASheet::Empty),
    };
    let columns = header_of(header.iter())?;
    let mut sheet = Sheet::default();
    let mut seen = std::collections::BTreeSet::new();
    let mut lines = Lines { text, byte: 0, line: 1 };
    for record in records {
        let (at, read) = match record {
            Ok(record) => {
                let at = lines.at(record.position());
                if record.iter().all(|cell| cell.trim().is_empty()) {
                    continue;
                }
                (at, row(at, &columns, &record.iter().collect::<Vec<_>>()))
            }
            Err(why) => {
                let at = lines.at(why.position());
                (at, Err(format!("it cannot be read: {}", sanitise(&why.to_string()))))
            }
        };
        let read = read.and_then(|row| match seen.insert(row.id.clone()) {
            true => Ok(row),
            false => Err(format!("{} is there twice", row.id.printable())),
        });
        match read {
            Ok(row) => sheet.rows.push(row),
            Err(why) => sheet.bad.push(BadRow { line: at, why }),
        }
    }
    Ok(sheet)
}

/// Counts the lines of a text. The reader's own count is one behind where lines end with CR and LF.
struct Lines<'t> {
    text: &'t str,
    byte: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line on which a record begins; records come in order.
    fn at(&mut self, position: Option<&csv::Position>) -> u64 {
        let ends = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let bytes = self.text.as_bytes();
        let start = position.map_or(self.byte, |p| p.byte() as usize).min(bytes.len());
        let start = start + bytes[start..].iter().take_while(|byte| ends(byte)).count();
        let passed = bytes.get(self.byte..start).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.byte = self.byte.max(start);
        self.line
    }
}

fn header_of<'h>(cells: impl Iterator<Item = &'h str>) -> Result<Vec<String>, NotASheet> {
    let known = columns();
    let mut found: Vec<String> = Vec::new();
    for cell in cells {
        let name = cell.trim().to_lowercase();
        // A column without a name is an empty one at the sheet's edge.
        if !name.is_empty() && !known.contains(&name) {
            return Err(NotASheet::Unknown(sanitise(cell).into_owned()));
        }
        if !name.is_empty() && found.contains(&name) {
            return Err(NotASheet::Twice(name));
        }
        found.push(name);
    }
    if !found.iter().any(|name| name == "id") {
        return Err(NotASheet::NoId);
    }
    let of_channels = Category::ALL.map(channel_column);
    let missing = of_channels.iter().find(|column| !found.contains(column));
    match missing {
        Some(missing) if of_channels.iter().any(|column| found.contains(column)) => {
            Err(NotASheet::SomeChannels(missing.clone()))
        }
        _ => Ok(found),
    }
}

fn row(line: u64, columns: &[String], cells: &[&str]) -> Result<Row, String> {
    let mut row = Row { line, id: "".into(), stated: Stated::default(), exported: None };
    let mut channels: BTreeMap<Category, Vec<Medium>> = BTreeMap::new();
    let mut some_channels = false;
    if cells.len() > columns.len() && cells[columns.len()..].iter().any(|cell| !cell.trim().is_empty()) {
        return Err("it has more cells than there are columns".to_owned());
    }
    for (column, cell) in columns.iter().zip(cells) {
        let cell = unescaped(cell);
        let maybe = || (!cell.is_empty()).then(|| Untrusted::from(cell));
        let field = match column.as_str() {
            "id" => {
                row.id = cell.into();
                continue;
            }
            "partner_id" => {
                row.stated.partner_id = maybe();
                continue;
            }
            EXPORTED => {
                row.exported = exported(cell);
                continue;
            }
            "name" if cell.is_empty() => continue,
            "active" if cell.is_empty() => continue,
            "name" => ContactField::Name(cell.into()),
            "active" => ContactField::Active(truth(cell)?),
            "emails" => ContactField::Emails(each(cell)?),
            "phones" => ContactField::Phones(each(cell)?),
            "locale" => ContactField::Locale(maybe()),
            "time_zone" => {
                let zone = maybe();
                if zone.as_ref().is_some_and(|zone| jiff::tz::TimeZone::get(zone.raw()).is_err()) {
                    return Err(format!("{:?} is not a time zone such as Europe/Berlin", sanitise(cell)));
                }
                ContactField::TimeZone(zone)
            }
            "roles" => ContactField::Roles(items(cell).into_iter().map(Untrusted::from).collect()),
            "quiet_hours" if cell.is_empty() => ContactField::QuietHours(None),
            "quiet_hours" => ContactField::QuietHours(Some(cell.parse::<QuietHours>()?)),
            "opted_out" => ContactField::OptedOut(media(cell)?.into_iter().collect()),
            other => {
                let category = other.strip_prefix("channels.");
                let category = Category::ALL.into_iter().find(|c| Some(c.as_str()) == category);
                if let Some(category) = category {
                    some_channels = true;
                    let media = media(cell)?;
                    if !media.is_empty() {
                        channels.insert(category, media);
                    }
                }
                continue;
            }
        };
        row.stated.fields.push(field);
    }
    if some_channels {
        row.stated.fields.push(ContactField::Channels(channels));
    }
    match row.id.is_empty() {
        true => Err("it has no id".to_owned()),
        false => Ok(row),
    }
}

fn truth(cell: &str) -> Result<bool, String> {
    match cell.to_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(format!("active is true or false, not {:?}", sanitise(cell))),
    }
}

fn each<T: FromStr<Err: Display>>(cell: &str) -> Result<Vec<T>, String> {
    items(cell).iter().map(|item| item.parse().map_err(|why: T::Err| why.to_string())).collect()
}

fn media(cell: &str) -> Result<Vec<Medium>, String> {
    items(cell)
        .iter()
        .map(|item| {
            let medium = Medium::ALL.into_iter().find(|medium| medium.as_str().eq_ignore_ascii_case(item));
            medium.ok_or_else(|| format!("{:?} is neither sms nor email", sanitise(item)))
        })
        .collect()
}

fn exported(cell: &str) -> Option<Exported> {
    let (at, marks) = cell.split_once(' ')?;
    let marks: Vec<String> = marks.split('.').map(str::to_owned).collect();
    Some(Exported { at: at.parse().ok()?, marks })
}

/// A short mark of a value, to see whether it is the same one.
pub fn mark(field: &ContactField) -> String {
    // FNV-1a, 64 bits: nobody has a reason to make two values collide, and a collision only spares a
    // conflict.
    let text = serde_json::to_string(field).unwrap_or_default();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{:08x}", (hash >> 32) ^ (hash & 0xffff_ffff))
}

/// Items with commas between; a comma, semicolon or backslash within one is written after a backslash.
fn list<'i>(items: impl Iterator<Item = &'i str>) -> String {
    let escaped = items.map(|item| {
        let mut out = String::with_capacity(item.len());
        for c in item.chars() {
            if matches!(c, ',' | ';' | '\\' | '\n') {
                out.push('\\');
            }
            out.push(c);
        }
        out
    });
    escaped.collect::<Vec<_>>().join(", ")
}

fn items(cell: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut escaped = false;
    for c in cell.chars() {
        match (c, found.last_mut()) {
            (c, Some(last)) if escaped => {
                last.push(c);
                escaped = false;
            }
            ('\\', _) => escaped = true,
            (',' | ';' | '\n', _) => found.push(String::new()),
            (c, Some(last)) => last.push(c),
            (_, None) => {}
        }
    }
    found.into_iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
}

/// What a spreadsheet would take for a formula, or for our mark of one.
const SPECIAL: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

fn line(out: &mut String, cells: Vec<String>) {
    for (i, cell) in cells.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        let mark = if cell.starts_with(SPECIAL) { "'" } else { "" };
        let quoted = cell.contains([',', ';', '"', '\n', '\r', '\t']) || cell.trim() != cell;
        match quoted {
            true => out.push_str(&format!("\"{mark}{}\"", cell.replace('"', "\"\""))),
            false => out.push_str(&format!("{mark}{cell}")),
        }
    }
    out.push_str("\r\n");
}

/// A cell without the apostrophe that [`write`] puts before a special character.
fn unescaped(cell: &str) -> &str {
    let cell = cell.trim_matches(' ');
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(SPECIAL) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::sync::{Link, Side, blank_contact, merge};
    use proptest::prelude::*;

    fn at() -> Timestamp {
        Timestamp::from_second(1_780_000_000).unwrap()
    }

    fn text() -> impl Strategy<Value = String> {
        "[-=+@'\"a;,\\\\\u{e9} \n]{0,6}[a-z]".prop_map(|text| text.trim().to_owned())
    }

    proptest! {
        #[test]
        fn what_is_written_comes_back_as_it_was(
            id in "[a-z]{1,5}",
            words in (text(), text(), proptest::collection::vec(text(), 0..3)),
            active: bool,
            sms: bool,
        ) {
            let mut contact = blank_contact(id.into(), at());
            contact.name = words.0.into();
            contact.partner_id = Some(words.1.into());
            contact.roles = words.2.into_iter().map(Untrusted::from).collect();
            contact.set(ContactField::Active(active));
            contact.phones = vec!["+4915123456701".parse().unwrap(), "+4915123456702".parse().unwrap()];
            contact.emails = vec!["\"-x\"@example.net".parse().unwrap()];
            contact.locale = Some("es".into());
            contact.time_zone = Some("Europe/Madrid".into());
            contact.quiet_hours = Some("22:00-07:00".parse().unwrap());
            if sms {
                contact.opted_out.insert(Medium::Sms);
                contact.channels.insert(Category::Urgent, vec![Medium::Email, Medium::Sms]);
            }
            let sheet = read(&write([&contact], at())).unwrap();
            prop_assert_eq!(&sheet.bad, &[]);
            let row = &sheet.rows[0];
            prop_assert_eq!((&row.id, &row.stated.partner_id), (&contact.id, &contact.partner_id));
            let mut link = Link::new(row.id.clone(), Side::Sheet("x".into()), at());
            let mut same = contact.clone();
            let merged = merge(&mut same, &mut link, &row.stated, at());
            prop_assert_eq!((merged.taken.len(), merged.disputed.len()), (0, 0), "{:?}", row);
            let marks: Vec<String> = synced_fields(&contact).iter().map(mark).collect();
            prop_assert_eq!(row.exported.as_ref().map(|exported| &exported.marks), Some(&marks));
        }
    }

    #[test]
    fn no_cell_begins_as_a_formula_does() {
        let mut contact = blank_contact("c".into(), at());
        contact.name = "=HYPERLINK(\"http://x\")".into();
        contact.roles = vec!["@SUM(A1)".into(), "b".into()];
        contact.phones = vec!["+4915123456701".parse().unwrap()];
        let written = write([&contact], at());
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(written.as_bytes());
        for cell in
            reader.records().flat_map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
        {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        }
    }

    #[test]
    fn a_sheet_of_an_office_program_is_read_and_bad_rows_do_not_hold_up_the_good() {
        let sheet = read(
            "\u{feff}ID;Name;Phones;Active\r\nc1;Ana;+49 151 23456701, +49 151 23456702;yes\r\n;;;\r\nc2;Bo;0151;\r\n\
             c1;Again;;\r\nc3;\"Cy; Jr\";'+4915123456703;no\r\n",
        )
        .unwrap();
        let lines: Vec<u64> = sheet.rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 6]);
        assert_eq!(sheet.rows[1].stated.fields[0], ContactField::Name("Cy; Jr".into()));
        let bad: Vec<_> = sheet.bad.iter().map(|bad| bad.line).collect();
        assert_eq!(bad, [4, 5]);
        assert!(sheet.bad[0].why.contains("0151"), "{:?}", sheet.bad);
    }

    #[test]
    fn a_header_of_another_sheet_is_refused_by_name() {
        assert_eq!(read(""), Err(NotASheet::Empty));
        assert_eq!(read("name,phones\n"), Err(NotASheet::NoId));
        assert_eq!(read("id,fax\n"), Err(NotASheet::Unknown("fax".into())));
        assert_eq!(read("id,name,name\n"), Err(NotASheet::Twice("name".into())));
        let some = read("id,channels.urgent\n").unwrap_err().to_string();
        assert!(some.contains("channels.case_updates is missing"), "{some}");
    }
}
