//! From what was typed to what is meant.

use super::{Compare, Field, Flag, LONGEST, MOST_TERMS, Parsed, Problem, Query, Term, Wants, When, Word};
use crate::core::event::Severity;

/// A value with whether it was quoted.
type Value = (String, bool);

struct Reader<'t> {
    rest: &'t str,
}

pub(super) fn read(text: &str, fields: &[Field]) -> Parsed {
    let mut problems = Vec::new();
    let cut = text.char_indices().nth(LONGEST).map(|(at, _)| at);
    let mut reader = Reader { rest: &text[..cut.unwrap_or(text.len())] };
    let mut groups: Vec<Vec<Term>> = vec![Vec::new()];
    let mut terms = 0;
    let mut too_long = cut.is_some();
    while reader.skip_space() {
        if reader.or() {
            groups.push(Vec::new());
            continue;
        }
        if terms == MOST_TERMS {
            too_long = true;
            break;
        }
        terms += 1;
        match reader.term(fields) {
            Ok(Some(term)) => groups.last_mut().into_iter().for_each(|group| group.push(term.clone())),
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }
    if too_long {
        problems.push(Problem::TooLong);
    }
    groups.retain(|group| !group.is_empty());
    Parsed { query: Query { groups }, problems }
}

/// Where a field's name ends, and what compares it: `risk>=` is `risk`, at least.
pub(super) fn field_name(text: &str) -> Option<(&str, Compare, &str)> {
    let end = text.find(|c: char| !c.is_ascii_alphabetic())?;
    let (name, rest) = text.split_at(end);
    if name.len() < 2 {
        return None;
    }
    let signs = [
        (">=", Compare::AtLeast),
        ("<=", Compare::AtMost),
        (">", Compare::More),
        ("<", Compare::Less),
        (":", Compare::Equal),
        ("=", Compare::Equal),
    ];
    let (sign, compare) = signs.into_iter().find(|(sign, _)| rest.starts_with(sign))?;
    // What is no field is a word with a sign in it, but for a colon.
    if sign != ":" && Field::named(name).is_none() {
        return None;
    }
    Some((name, compare, &rest[sign.len()..]))
}

impl Reader<'_> {
    /// Whether anything is left.
    fn skip_space(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        !self.rest.is_empty()
    }

    fn or(&mut self) -> bool {
        let Some(after) = self.rest.strip_prefix("OR") else { return false };
        let ends = after.is_empty() || after.starts_with(char::is_whitespace);
        if ends {
            self.rest = after;
        }
        ends
    }

    fn term(&mut self, fields: &[Field]) -> Result<Option<Term>, Problem> {
        let turned = self
            .rest
            .strip_prefix('-')
            .filter(|after| !after.is_empty() && !after.starts_with(char::is_whitespace));
        if let Some(after) = turned {
            self.rest = after;
        }
        let not = turned.is_some();
        let wants = match field_name(self.rest) {
            Some((name, compare, rest)) => {
                self.rest = rest;
                let values = self.values();
                let known = Field::named(name).filter(|field| fields.contains(field));
                match known {
                    Some(field) => Some(wants(field, compare, values)?),
                    None => return Err(Problem::Unknown(name.to_ascii_lowercase(), fields.to_vec())),
                }
            }
            None => {
                let (text, exact) = self.value(false);
                (!text.trim().is_empty()).then(|| Wants::Word(Word::new(&text, exact)))
            }
        };
        Ok(wants.map(|wants| Term { not, wants }))
    }

    fn values(&mut self) -> Vec<Value> {
        let mut values = Vec::new();
        loop {
            let value = self.value(true);
            if !value.0.trim().is_empty() {
                values.push(value);
            }
            match self.rest.strip_prefix(',') {
                Some(after) => self.rest = after,
                None => return values,
            }
        }
    }

    /// A quoted text, or everything up to a space; in a list up to a comma, too. A quote that is not
    /// closed, as while it is typed, goes to the end.
    fn value(&mut self, in_list: bool) -> Value {
        let Some(mut quoted) = self.rest.strip_prefix('"') else {
            let ends = |c: char| c.is_whitespace() || (in_list && c == ',');
            let end = self.rest.find(ends).unwrap_or(self.rest.len());
            let (value, rest) = self.rest.split_at(end);
            self.rest = rest;
            return (value.to_owned(), false);
        };
        let mut text = String::new();
        let mut escaped = false;
        while let Some(c) = quoted.chars().next() {
            quoted = &quoted[c.len_utf8()..];
            match c {
                _ if escaped => {
                    text.push(c);
                    escaped = false;
                }
                '\\' => escaped = true,
                '"' => break,
                _ => text.push(c),
            }
        }
        self.rest = quoted;
        (text, true)
    }
}

fn wants(field: Field, compare: Compare, values: Vec<Value>) -> Result<Wants, Problem> {
    if compare != Compare::Equal && !field.is_ordered() {
        return Err(Problem::NoOrder(field));
    }
    let bad = || Problem::Value(field);
    let first = || values.first().map(|(text, _)| text.trim()).ok_or_else(bad);
    match field {
        Field::Since => When::read(first()?).map(Wants::Since).ok_or_else(bad),
        Field::Before => When::read(first()?).map(Wants::Before).ok_or_else(bad),
        Field::Due if first()?.eq_ignore_ascii_case("late") => Ok(Wants::Is(vec![Flag::Late])),
        Field::Due => When::read(first()?).map(|when| Wants::Due(compare, when)).ok_or_else(bad),
        Field::Risk => amount(first()?).map(|cents| Wants::Risk(compare, cents)).ok_or_else(bad),
        Field::Severity if compare != Compare::Equal => {
            severity(first()?).map(|severity| Wants::Severity(compare, severity)).ok_or_else(bad)
        }
        Field::Is => {
            let flags: Option<Vec<Flag>> = values.iter().map(|(text, _)| Flag::named(text.trim())).collect();
            flags.filter(|flags| !flags.is_empty()).map(Wants::Is).ok_or_else(bad)
        }
        _ if values.is_empty() => Err(bad()),
        _ => Ok(Wants::Field(field, values.iter().map(|(text, exact)| Word::new(text, *exact)).collect())),
    }
}

/// By its beginning: `crit`, `h`.
pub(super) fn severity(word: &str) -> Option<Severity> {
    let word = word.to_ascii_lowercase();
    Severity::ALL.into_iter().find(|severity| !word.is_empty() && severity.as_str().starts_with(&word))
}

/// `50k`, `1.2M`, `84200`, with or without a currency before it; in hundredths.
fn amount(typed: &str) -> Option<i64> {
    let typed = typed.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '.' && c != '-');
    let (number, times) = match typed.char_indices().next_back()? {
        (at, 'k' | 'K') => (&typed[..at], 1e3),
        (at, 'm' | 'M') => (&typed[..at], 1e6),
        _ => (typed, 1.0),
    };
    let plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    if number.is_empty() || !number.bytes().all(plain) {
        return None;
    }
    let value: f64 = number.parse().ok()?;
    let cents = value * times * 100.0;
    (cents.is_finite() && cents < 9e15).then_some(cents.round() as i64)
}
