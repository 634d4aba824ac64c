//! What is wrong with a configuration: where exactly, what stands there, and what may stand there.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Why a configuration cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration {} cannot be read: {why}", path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Wrong { problems: Vec<Problem> },
}

/// One thing that is wrong, at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub file: String,
    /// Both counted from 1; the column in characters.
    pub line: usize,
    pub column: usize,
    pub message: String,
    /// The line as it stands, and how many characters of it are meant.
    pub text: String,
    pub width: usize,
}

impl Problem {
    pub fn at(source: &str, path: &Path, span: Range<usize>, message: impl Into<String>) -> Self {
        let start = span.start.min(source.len());
        let start = (0..=start).rev().find(|at| source.is_char_boundary(*at)).unwrap_or(0);
        let before = &source[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let text = source[line_start..].lines().next().unwrap_or_default();
        let column = source[line_start..start].chars().count() + 1;
        let left = text.chars().count() + 1 - column.min(text.chars().count() + 1);
        let width =
            source.get(start..span.end).map_or(1, |meant| meant.lines().next().unwrap_or("").chars().count());
        Self {
            file: crate::core::text::sanitise(&path.display().to_string()).into_owned(),
            line: before.matches('\n').count() + 1,
            column,
            message: message.into(),
            text: crate::core::text::sanitise(text).into_owned(),
            width: width.clamp(1, left.max(1)),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, text, width } = self;
        let number = line.to_string();
        let gutter = " ".repeat(number.len());
        writeln!(f, "{file}:{line}:{column}: {message}")?;
        writeln!(f, "  {number} | {text}")?;
        write!(f, "  {gutter} | {}{}", " ".repeat(column.saturating_sub(1)), "^".repeat(*width))
    }
}
