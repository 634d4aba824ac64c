//! What a row offers to a query, and whether the query finds it.

use super::{Compare, Field, Flag, Query, Term, Wants, When, Word, fold};
use crate::core::event::Severity;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::borrow::Cow;

/// What a row says and is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets<'a> {
    /// Words without a field of their own.
    pub texts: Vec<Cow<'a, str>>,
    pub values: Vec<(Field, Cow<'a, str>)>,
    pub severity: Option<Severity>,
    /// When it began.
    pub at: Option<Timestamp>,
    /// By when somebody has to have done something.
    pub due: Option<Timestamp>,
    /// The largest amount, in hundredths.
    pub risk: Option<i64>,
    /// What it is, but for late and mine, which depend on when and by whom it is asked.
    pub flags: Vec<Flag>,
}

/// When and by whom it is asked.
#[derive(Clone, Debug)]
pub struct Asking {
    pub now: Timestamp,
    /// The zone in which days and times of day are meant.
    pub zone: TimeZone,
    /// The id of whoever asks, where they are a person of the desk.
    pub me: Option<String>,
}

/// For rows that know no times and nobody.
impl Default for Asking {
    fn default() -> Self {
        Self { now: Timestamp::UNIX_EPOCH, zone: TimeZone::UTC, me: None }
    }
}

/// Who owns what nobody owns.
pub const NOBODY: &str = "nobody";
const ME: &str = "me";

impl<'a> Facets<'a> {
    /// A row of which only the words are known.
    pub fn of_texts(texts: &[&'a str]) -> Self {
        Self { texts: texts.iter().copied().map(Cow::Borrowed).collect(), ..Self::default() }
    }

    pub fn text(&mut self, text: impl Into<Cow<'a, str>>) -> &mut Self {
        let text = text.into();
        if !text.is_empty() {
            self.texts.push(text);
        }
        self
    }

    pub fn value(&mut self, field: Field, value: impl Into<Cow<'a, str>>) -> &mut Self {
        let value = value.into();
        if !value.is_empty() {
            self.values.push((field, value));
        }
        self
    }

    pub fn flag(&mut self, flag: Flag, holds: bool) -> &mut Self {
        if holds {
            self.flags.push(flag);
        }
        self
    }

    pub fn is_late(&self, now: Timestamp) -> bool {
        self.flags.contains(&Flag::Open) && self.due.is_some_and(|due| due < now)
    }

    fn is(&self, flag: Flag, asking: &Asking) -> bool {
        match flag {
            Flag::Late => self.is_late(asking.now),
            Flag::Mine => asking.me.as_ref().is_some_and(|me| self.has(Field::Owner, me)),
            flag => self.flags.contains(&flag),
        }
    }

    /// The value itself, and no other.
    fn has(&self, field: Field, value: &str) -> bool {
        self.values.iter().any(|(of, has)| *of == field && has == value)
    }
}

impl Query {
    pub fn finds(&self, row: &Facets<'_>, asking: &Asking) -> bool {
        let group = |group: &Vec<Term>| group.iter().all(|term| term.finds(row, asking));
        self.is_all() || self.groups.iter().any(group)
    }
}

impl Term {
    pub fn finds(&self, row: &Facets<'_>, asking: &Asking) -> bool {
        let found = match &self.wants {
            Wants::Word(word) => anywhere(row, word, asking),
            Wants::Field(field, words) => words.iter().any(|word| in_field(row, *field, word, asking)),
            Wants::Severity(compare, severity) => {
                row.severity.is_some_and(|has| compare.holds(&has, severity))
            }
            Wants::Risk(compare, cents) => {
                // Nobody asks for an amount to the cent.
                let compare = if *compare == Compare::Equal { Compare::AtLeast } else { *compare };
                row.risk.is_some_and(|has| compare.holds(&has, cents))
            }
            Wants::Due(compare, when) => row.due.is_some_and(|due| due_holds(due, *compare, *when, asking)),
            Wants::Since(when) => row.at.is_some_and(|at| at >= when.back(asking.now, &asking.zone)),
            Wants::Before(when) => row.at.is_some_and(|at| at < when.back(asking.now, &asking.zone)),
            Wants::Is(flags) => flags.iter().any(|flag| row.is(*flag, asking)),
        };
        found != self.not
    }
}

fn due_holds(due: Timestamp, compare: Compare, when: When, asking: &Asking) -> bool {
    let wanted = when.ahead(asking.now, &asking.zone);
    match compare {
        Compare::Equal | Compare::AtMost => due <= wanted,
        other => other.holds(&due, &wanted),
    }
}

fn anywhere(row: &Facets<'_>, word: &Word, asking: &Asking) -> bool {
    let is = || Flag::named(&word.text).is_some_and(|flag| !word.exact && row.is(flag, asking));
    let severity = || row.severity.is_some_and(|has| holds(has.as_str(), word) || holds(has.short(), word));
    row.texts.iter().any(|text| holds(text, word))
        || row.values.iter().any(|(_, value)| holds(value, word))
        || severity()
        || is()
}

fn in_field(row: &Facets<'_>, field: Field, word: &Word, asking: &Asking) -> bool {
    if field == Field::Severity {
        let begins = |has: &str| fold(has).starts_with(word.folded());
        return row.severity.is_some_and(|has| begins(has.as_str()) || begins(has.short()));
    }
    if matches!(field, Field::Owner | Field::To)
        && word.folded() == ME
        && let Some(me) = &asking.me
    {
        return row.has(field, me);
    }
    row.values.iter().any(|(of, value)| *of == field && value_holds(field, value, word))
}

fn value_holds(field: Field, value: &str, word: &Word) -> bool {
    if field.is_word() {
        let one = |text: &str| fold(text).replace(['_', '-'], " ");
        let (value, wanted) = (one(value), one(&word.text));
        return if field.begins() { value.starts_with(&wanted) } else { value.contains(&wanted) };
    }
    if word.exact {
        return holds(value, word);
    }
    let value = fold(value);
    if field.begins() { value.starts_with(word.folded()) } else { value.contains(word.folded()) }
}

/// The word stands somewhere in the text; whole, where it was quoted.
fn holds(text: &str, word: &Word) -> bool {
    let folded = fold(text);
    if !word.exact {
        return folded.contains(word.folded());
    }
    let wanted = word.folded().trim();
    let part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    folded.match_indices(wanted).any(|(at, found)| {
        let before = folded[..at].chars().next_back();
        let after = folded[at + found.len()..].chars().next();
        // A sign at either end of what is looked for ends a word by itself.
        let opens = !part(wanted.chars().next()) || !part(before);
        let closes = !part(wanted.chars().next_back()) || !part(after);
        opens && closes
    })
}
