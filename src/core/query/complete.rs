//! What may be typed next, while a query is typed.

use super::read::field_name;
use super::{Field, Flag, fold};
use crate::core::event::Severity;

/// What is known of the values that a field can have here.
pub trait Vocabulary {
    /// The fields that the rows have.
    fn fields(&self) -> &'static [Field];
    /// Values of the field; those of fields that always have the same ones need not be given.
    fn values(&self, field: Field) -> Vec<String>;
}

/// How what stands before the cursor may go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Where in the text that which is replaced begins, in bytes.
    pub from: usize,
    /// What may stand there, the likeliest first.
    pub options: Vec<String>,
}

/// Options that are offered.
const OFFERED: usize = 20;

/// How the last term before the cursor may go on; nothing where no field or value begins so.
pub fn complete(before: &str, known: &dyn Vocabulary) -> Completion {
    let from = term_begins(before);
    let term = &before[from..];
    let (turned, term) = match term.strip_prefix('-') {
        Some(rest) => (1, rest),
        None => (0, term),
    };
    let from = from + turned;
    if let Some((name, _, values)) = field_name(term) {
        let Some(field) = Field::named(name).filter(|field| known.fields().contains(field)) else {
            return Completion::default();
        };
        let last = values.rfind(',').map_or(0, |at| at + 1);
        let from = from + (term.len() - values.len()) + last;
        return Completion { from, options: values_like(field, &values[last..], known) };
    }
    if term.is_empty() || term.starts_with('"') {
        return Completion::default();
    }
    let typed = term.to_ascii_lowercase();
    let fields = known.fields().iter().filter(|field| field.name().starts_with(&typed));
    let options = fields.map(|field| format!("{}:", field.name())).collect();
    Completion { from, options }
}

/// The text that replaces what is typed when the operator takes the first offer: as far as all offers agree
/// where that is more than what is there, else the first.
pub fn taken(before: &str, completion: &Completion) -> Option<String> {
    let typed = &before[completion.from..];
    let first = completion.options.first()?;
    let agrees = completion.options.iter().fold(first.as_str(), |agreed, option| {
        let common = agreed.char_indices().zip(option.chars()).take_while(|((_, a), b)| a == b);
        let end = common.last().map_or(0, |((at, c), _)| at + c.len_utf8());
        &agreed[..end]
    });
    let alone = completion.options.len() == 1;
    if !alone && agrees.len() > typed.len() {
        return Some(agrees.to_owned());
    }
    let ends = if first.ends_with(':') { "" } else { " " };
    Some(format!("{first}{ends}"))
}

/// Where the term that ends here begins: after the last space outside quotes.
fn term_begins(before: &str) -> usize {
    let (mut begins, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in before.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => begins = at + c.len_utf8(),
            _ => {}
        }
    }
    begins
}

fn values_like(field: Field, typed: &str, known: &dyn Vocabulary) -> Vec<String> {
    let typed = typed.strip_prefix('"').unwrap_or(typed);
    let wanted = fold(typed);
    let mut values: Vec<String> = match field {
        Field::Severity => Severity::ALL.iter().rev().map(|severity| severity.as_str().to_owned()).collect(),
        Field::Is => Flag::ALL.iter().map(|flag| flag.as_str().to_owned()).collect(),
        Field::Since | Field::Before => words(&["15m", "1h", "2h", "8h", "24h", "7d", "today", "yesterday"]),
        Field::Due => words(&["1h", "2h", "today", "tomorrow", "7d", "late"]),
        Field::Risk => words(&["10k", "50k", "100k", "1M"]),
        field => known.values(field),
    };
    values.dedup();
    // A value is known by its beginning, or by that of any word in it.
    let begins = |value: &str| fold(value).starts_with(&*wanted);
    let inside = |value: &str| {
        fold(value).split(|c: char| !c.is_alphanumeric()).skip(1).any(|word| word.starts_with(&*wanted))
    };
    let (mut first, rest): (Vec<String>, Vec<String>) = values.into_iter().partition(|value| begins(value));
    first.extend(rest.into_iter().filter(|value| inside(value)));
    first.truncate(OFFERED);
    first.into_iter().map(quoted).collect()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// As it is typed: in quotes where it would not be read as one value.
fn quoted(value: String) -> String {
    let plain = |c: char| !c.is_whitespace() && !matches!(c, ',' | '"' | '\\');
    if value.chars().all(plain) {
        return value;
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
