//! Writing to the terminal: JSON in which nothing can act on a terminal, and plain tables.

use super::Failed;
use crate::core::text::{Printable, Untrusted, sanitise};
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};
use std::borrow::Cow;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// One JSON value, indented, and a line break.
pub fn json(value: &impl Serialize) -> Result<(), Failed> {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, Safe(PrettyFormatter::new()));
    value.serialize(&mut serializer).map_err(|why| Failed::No(why.to_string()))?;
    bytes.push(b'\n');
    out(&bytes)
}

/// One JSON value on one line.
pub fn json_line(value: &impl Serialize) -> Result<(), Failed> {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, Safe(CompactFormatter));
    value.serialize(&mut serializer).map_err(|why| Failed::No(why.to_string()))?;
    bytes.push(b'\n');
    out(&bytes)
}

/// A sentence of the program's own and the desk's.
pub fn line(text: &str) -> Result<(), Failed> {
    out(format!("{}\n", sanitise(text)).as_bytes())
}

/// To standard output; a reader that went away ends the command quietly.
fn out(bytes: &[u8]) -> Result<(), Failed> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(why) if why.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(why) => Err(Failed::No(format!("standard output cannot be written: {why}"))),
        Ok(()) => Ok(()),
    }
}

/// Columns as wide as their widest cell; the last one is not padded.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(heads: &[&str]) -> Self {
        Self { rows: vec![heads.iter().map(|head| (*head).to_owned()).collect()] }
    }

    pub fn row(&mut self, cells: Vec<Cow<'_, str>>) {
        self.rows.push(cells.into_iter().map(|cell| sanitise(&cell).into_owned()).collect());
    }

    pub fn print(&self) -> Result<(), Failed> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|i| {
                self.rows.iter().filter_map(|row| row.get(i)).map(|cell| cell.width()).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.push_str(&" ".repeat(width - cell.width() + 2));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        out(text.as_bytes())
    }
}

/// Outside text for a cell.
pub fn cell(text: &Untrusted) -> Cow<'static, str> {
    Cow::Owned(Printable::into_string(text.printable()))
}

/// Escapes, as JSON allows, every character that [`sanitise`] would not let through.
struct Safe<F>(F);

macro_rules! forward {
    ($($name:ident($($arg:ident: $kind:ty),*)),+ $(,)?) => {
        $(fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $arg: $kind)*) -> io::Result<()> {
            self.0.$name(writer $(, $arg)*)
        })+
    };
}

impl<F: Formatter> Formatter for Safe<F> {
    forward!(
        begin_array(),
        end_array(),
        begin_array_value(first: bool),
        end_array_value(),
        begin_object(),
        end_object(),
        begin_object_key(first: bool),
        end_object_key(),
        begin_object_value(),
        end_object_value(),
    );

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if matches!(sanitise(fragment), Cow::Borrowed(_)) {
            return writer.write_all(fragment.as_bytes());
        }
        for c in fragment.chars() {
            let mut buffer = [0; 4];
            let text = c.encode_utf8(&mut buffer);
            let plain = matches!(c, ' '..='~') || matches!(sanitise(text), Cow::Borrowed(_));
            if plain {
                writer.write_all(text.as_bytes())?;
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_every_character_and_lets_none_act_on_a_terminal() {
        let hostile = "a\u{1b}[31m\u{202e}b\u{200b}\u{9b}\u{e0041}é株\u{7f}".to_owned();
        let mut bytes = Vec::new();
        hostile.serialize(&mut Serializer::with_formatter(&mut bytes, Safe(CompactFormatter))).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.chars().any(|c| c.is_control() || ('\u{200b}'..='\u{202e}').contains(&c)), "{text}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), hostile);
    }
}
