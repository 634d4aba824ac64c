//! A query as it is written; reading it again gives the same.

use super::{Query, Term, Wants, Word};
use std::fmt::{self, Display};

impl Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, group) in self.groups.iter().enumerate() {
            if i > 0 {
                f.write_str(" OR ")?;
            }
            for (i, term) in group.iter().enumerate() {
                if i > 0 {
                    f.write_str(" ")?;
                }
                write!(f, "{term}")?;
            }
        }
        Ok(())
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.not {
            f.write_str("-")?;
        }
        match &self.wants {
            Wants::Word(word) => write!(f, "{word}"),
            Wants::Field(field, words) => {
                write!(f, "{}:", field.name())?;
                list(f, words)
            }
            Wants::Severity(compare, severity) => {
                write!(f, "severity{}{}", compare.as_str(), severity.as_str())
            }
            Wants::Risk(compare, cents) => write!(f, "risk{}{}", compare.as_str(), amount(*cents)),
            Wants::Due(compare, when) => write!(f, "due{}{when}", compare.as_str()),
            Wants::Since(when) => write!(f, "since:{when}"),
            Wants::Before(when) => write!(f, "before:{when}"),
            Wants::Is(flags) => {
                let words: Vec<&str> = flags.iter().map(|flag| flag.as_str()).collect();
                write!(f, "is:{}", words.join(","))
            }
        }
    }
}

impl Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.exact {
            write!(f, "\"{}\"", self.text.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            f.write_str(&self.text)
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, words: &[Word]) -> fmt::Result {
    for (i, word) in words.iter().enumerate() {
        if i > 0 {
            f.write_str(",")?;
        }
        write!(f, "{word}")?;
    }
    Ok(())
}

fn amount(cents: i64) -> String {
    match (cents % 100, cents / 100) {
        (0, units) if units > 0 && units % 1_000_000 == 0 => format!("{}M", units / 1_000_000),
        (0, units) if units > 0 && units % 1_000 == 0 => format!("{}k", units / 1_000),
        (0, units) => units.to_string(),
        (rest, units) => format!("{units}.{rest:02}"),
    }
}
