//! The words with which things are found: `partner:acme state:failed since:2h late`. One language for the
//! filters of the console, the lists of the command line and the search over the whole history.
//!
//! Terms stand beside each other and all must hold; `OR` between them begins another way to be found, and
//! commas between values mean any of them. A plain word looks in everything that a row says and is; `-`
//! before a term turns it round; quotes keep words together and take them whole. Reading never fails: what
//! cannot be understood is left out and named in [`Parsed::problems`], for whoever shows or refuses it.

pub mod complete;
pub mod facets;
pub mod field;
mod fold;
pub mod found;
mod print;
mod read;
pub mod rows;
pub mod snippet;
#[cfg(test)]
mod tests;
pub mod when;

pub use facets::{Asking, Facets};
pub use field::{Field, Flag};
pub use fold::fold;
pub use when::When;

use crate::core::event::Severity;

/// More than anybody types; what is longer is cut, and said to be.
pub const LONGEST: usize = 1_000;
/// Terms that are looked at.
pub const MOST_TERMS: usize = 32;

/// What is looked for: any of the groups, and of a group every term. Without a group: everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pub groups: Vec<Vec<Term>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// It must not hold.
    pub not: bool,
    pub wants: Wants,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Anywhere in the row.
    Word(Word),
    /// In the field, any of these.
    Field(Field, Vec<Word>),
    Severity(Compare, Severity),
    /// Hundredths, of whatever currency.
    Risk(Compare, i64),
    Due(Compare, When),
    Since(When),
    Before(When),
    Is(Vec<Flag>),
}

/// One word, or several that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    /// It was quoted: whole words, in this order.
    pub exact: bool,
    folded: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

/// A query as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    pub query: Query,
    /// In the order in which they were typed.
    pub problems: Vec<Problem>,
}

/// A term that was left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("there is no {0}: here; there are {list}", list = field::names(.1))]
    Unknown(String, Vec<Field>),
    #[error("{field}: knows {}; not {word}", .values.join(", "), field = .field.name())]
    NoSuchValue { field: Field, values: Vec<String>, word: String },
    #[error("{field}: wants {wants}", field = .0.name(), wants = .0.wants())]
    Value(Field),
    #[error("{field} cannot be compared; write {field}:", field = .0.name())]
    NoOrder(Field),
    #[error("a query has at most {LONGEST} characters and {MOST_TERMS} terms; the rest was left out")]
    TooLong,
}

impl Word {
    pub fn new(text: &str, exact: bool) -> Self {
        Self { text: text.to_owned(), exact, folded: fold(text).into_owned() }
    }

    pub fn folded(&self) -> &str {
        &self.folded
    }
}

impl Compare {
    pub fn as_str(self) -> &'static str {
        match self {
            Compare::Less => "<",
            Compare::AtMost => "<=",
            Compare::Equal => ":",
            Compare::AtLeast => ">=",
            Compare::More => ">",
        }
    }

    fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Compare::Less => left < right,
            Compare::AtMost => left <= right,
            Compare::Equal => left == right,
            Compare::AtLeast => left >= right,
            Compare::More => left > right,
        }
    }
}

impl Query {
    /// Reads what was typed, for rows that have these fields.
    pub fn read(text: &str, fields: &[Field]) -> Parsed {
        read::read(text, fields)
    }

    /// Everything is found.
    pub fn is_all(&self) -> bool {
        self.groups.is_empty()
    }

    /// What is found must be this, too.
    pub fn also(&mut self, flag: Option<Flag>) {
        let Some(flag) = flag else { return };
        if self.is_all() {
            self.groups.push(Vec::new());
        }
        for group in &mut self.groups {
            group.push(Term { not: false, wants: Wants::Is(vec![flag]) });
        }
    }

    /// The terms that must hold whatever group is met: those of the only group.
    pub fn always(&self) -> &[Term] {
        match self.groups.as_slice() {
            [only] => only,
            _ => &[],
        }
    }

    /// The plain words that are looked for, to be shown where they stand.
    pub fn words(&self) -> Vec<&Word> {
        let wanted = self.groups.iter().flatten().filter(|term| !term.not);
        let words = wanted.flat_map(|term| match &term.wants {
            Wants::Word(word) => std::slice::from_ref(word),
            Wants::Field(_, words) => words.as_slice(),
            _ => &[],
        });
        words.collect()
    }
}
