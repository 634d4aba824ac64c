//! Content lines (RFC 5545 section 3.1): folded ones put together, names, parameters and values apart.

use super::read::Problem;

/// One property as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it begins, counted from 1.
    pub number: usize,
    /// In upper case.
    pub name: String,
    /// Names in upper case.
    params: Vec<(String, String)>,
    pub value: String,
}

impl Line {
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// With the escapes of TEXT values undone (section 3.3.11).
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.value.len());
        let mut rest = self.value.chars();
        while let Some(c) = rest.next() {
            match c {
                '\\' => match rest.next() {
                    Some('n' | 'N') => text.push('\n'),
                    Some(other) => text.push(other),
                    None => text.push('\\'),
                },
                other => text.push(other),
            }
        }
        text
    }

    pub fn wrong(&self, message: impl Into<String>) -> Problem {
        Problem { line: self.number, message: message.into() }
    }
}

/// All lines of a file; empty ones are passed over.
pub fn lines(text: &str) -> Result<Vec<Line>, Problem> {
    let mut unfolded: Vec<(usize, String)> = Vec::new();
    for (i, line) in text.strip_prefix('\u{feff}').unwrap_or(text).split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match (line.strip_prefix([' ', '\t']), unfolded.last_mut()) {
            (Some(more), Some((_, last))) => last.push_str(more),
            _ if line.trim().is_empty() => {}
            _ => unfolded.push((i + 1, line.to_owned())),
        }
    }
    unfolded.into_iter().map(|(number, line)| read(number, &line)).collect()
}

fn read(number: usize, line: &str) -> Result<Line, Problem> {
    let wrong = || Problem { line: number, message: "this is no line of an iCalendar file".to_owned() };
    let name_end = line.find([';', ':']).ok_or_else(wrong)?;
    let (name, mut rest) = line.split_at(name_end);
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(wrong());
    }
    let mut params = Vec::new();
    while let Some(after) = rest.strip_prefix(';') {
        let (key, after) = after.split_once('=').ok_or_else(wrong)?;
        let mut value = String::new();
        let mut quoted = false;
        let mut end = after.len();
        for (at, c) in after.char_indices() {
            match c {
                '"' => quoted = !quoted,
                ';' | ':' if !quoted => {
                    end = at;
                    break;
                }
                other => value.push(other),
            }
        }
        params.push((key.to_ascii_uppercase(), value));
        rest = &after[end..];
    }
    let value = rest.strip_prefix(':').ok_or_else(wrong)?.to_owned();
    Ok(Line { number, name: name.to_ascii_uppercase(), params, value })
}
