//! EDI codes in plain words: the table under `assets/edi/`, and those of the configuration over it.

use crate::core::event::Code;
use crate::core::text::sanitise;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

const TABLE: &str = include_str!("../../assets/edi/codes.csv");

/// Stands for every transaction set.
const ANY: &str = "*";

/// Every code that has words, shipped or configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Codes {
    /// Later rows win.
    configured: Vec<Row>,
}

/// `214,AT701,SD,Shipment delayed`: one line of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The transaction set or message, such as `214` or `CONTRL`; `*` for all.
    pub set: String,
    /// Segment and position, such as `AT701`.
    pub element: String,
    pub code: String,
    pub words: String,
}

/// A line that is no row of a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct BadRow {
    /// Where in the text.
    pub span: Range<usize>,
    pub problem: &'static str,
}

impl Codes {
    pub fn shipped() -> Self {
        Self::default()
    }

    /// Adds rows; they win over shipped ones and over those added before.
    pub fn with(mut self, rows: impl IntoIterator<Item = Row>) -> Self {
        self.configured.extend(rows);
        self
    }

    /// `Shipment delayed`; `None` for a code no table lists.
    pub fn plain(&self, code: &Code) -> Option<&str> {
        let (element, value) = (code.element.raw(), code.code.raw());
        let configured = |set: &str| {
            let mut rows = self.configured.iter().rev();
            rows.find(|r| r.set == set && r.element == element && r.code == value).map(|r| r.words.as_str())
        };
        configured(code.set.raw())
            .or_else(|| configured(ANY))
            .or_else(|| shipped().get(&(code.set.raw(), element, value)).copied())
    }

    /// `Shipment delayed (214 SD)`, or the bare code as it stands where it is not known.
    pub fn in_words(&self, code: &Code) -> String {
        let (set, value) = (code.set.printable(), code.code.printable());
        match self.plain(code) {
            Some(words) => format!("{} ({set} {value})", sanitise(words)),
            None => format!("{set} {} {value}", code.element.printable()),
        }
    }
}

/// Reads a table: four columns with commas between, words in quotes where they hold a comma or a
/// quote (RFC 4180); lines that are empty or begin with `#` say nothing, and so does a first line
/// `set,element,code,words`.
pub fn table(text: &str) -> Result<Vec<Row>, BadRow> {
    let mut rows = Vec::new();
    let mut start = 0;
    for whole in text.split_inclusive('\n') {
        let line = whole.trim_end_matches(['\n', '\r']);
        let span = start..start + line.len();
        start += whole.len();
        let line = line.strip_prefix('\u{feff}').unwrap_or(line);
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |problem| BadRow { span: span.clone(), problem };
        let mut cells = line.splitn(4, ',').map(str::trim);
        let (Some(set), Some(element), Some(code), Some(words)) =
            (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            return Err(wrong("a row is set,element,code,words, such as 214,AT701,SD,Shipment delayed"));
        };
        if (set, element, code, words) == ("set", "element", "code", "words") {
            continue;
        }
        if [set, element, code].iter().any(|cell| cell.is_empty() || cell.contains('"')) {
            return Err(wrong("set, element and code are words without quotes, and none is empty"));
        }
        let words = match words.strip_prefix('"') {
            None if words.contains(',') => {
                return Err(wrong("words with a comma stand in quotes"));
            }
            None => words.to_owned(),
            Some(quoted) => match quoted.strip_suffix('"').map(|inner| inner.replace("\"\"", "\u{0}")) {
                Some(inner) if !inner.contains('"') => inner.replace('\u{0}', "\""),
                _ => return Err(wrong("the quotes around the words do not end, or end too early")),
            },
        };
        if words.trim().is_empty() {
            return Err(wrong("the code has no words"));
        }
        rows.push(Row { set: set.to_owned(), element: element.to_owned(), code: code.to_owned(), words });
    }
    Ok(rows)
}

fn shipped() -> &'static HashMap<(&'static str, &'static str, &'static str), &'static str> {
    static WORDS: OnceLock<HashMap<(&str, &str, &str), &str>> = OnceLock::new();
    WORDS.get_or_init(|| {
        TABLE
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| {
                let mut cells = line.splitn(4, ',');
                Some(((cells.next()?, cells.next()?, cells.next()?), cells.next()?))
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(set: &str, element: &str, code: &str) -> Code {
        Code { set: set.into(), element: element.into(), code: code.into() }
    }

    #[test]
    fn a_known_code_has_words_and_an_unknown_one_is_shown_as_it_stands() {
        let codes = Codes::shipped();
        for (set, element, value, wanted) in [
            ("214", "AT701", "SD", "Shipment delayed (214 SD)"),
            ("997", "AK901", "P", "Partially accepted (997 P)"),
            ("999", "IK5", "R", "Rejected (999 R)"),
            ("TA1", "TA104", "E", "Interchange accepted with errors (TA1 E)"),
            ("CONTRL", "0083", "4", "Rejected (CONTRL 4)"),
            ("824", "TED01", "010", "Total out of balance (824 010)"),
            ("812", "CDD01", "19", "Duplicate billing (812 19)"),
            ("214", "AT701", "ZZ\u{1b}", "214 AT701 ZZ<U+001B>"),
        ] {
            assert_eq!(codes.in_words(&code(set, element, value)), wanted);
        }
        assert_eq!(table(TABLE).unwrap().len(), shipped().len(), "a shipped row stands twice or is no row");
    }

    #[test]
    fn a_desks_own_rows_win_the_last_one_first() {
        let text = "set,element,code,words\r\n214,AT701,SD,Late\n# ours\n\n*,AT702,NS,\"Normal, \"\"as planned\"\"\"\n\
            214,AT701,SD,\u{1b}Very late\n";
        let codes = Codes::shipped().with(table(text).unwrap());
        assert_eq!(codes.in_words(&code("214", "AT701", "SD")), "<U+001B>Very late (214 SD)");
        assert_eq!(codes.in_words(&code("315", "AT702", "NS")), "Normal, \"as planned\" (315 NS)");
        assert_eq!(codes.in_words(&code("214", "AT701", "A9")), "Shipment damaged (214 A9)");
    }

    #[test]
    fn a_line_that_is_no_row_is_pointed_at() {
        for bad in [
            "214,AT701,SD",
            "214,,SD,x",
            "214,AT701,SD,",
            "214,AT701,SD,a,b",
            "214,AT701,SD,\"a",
            "\"a\",b,c,d",
        ] {
            let text = format!("214,AT701,SD,Late\n{bad}\nx");
            let error = table(&text).unwrap_err();
            assert_eq!(&text[error.span], bad);
        }
    }
}
