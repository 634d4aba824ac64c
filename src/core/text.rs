//! The wall between text from outside and anything that shows it.
//!
//! A partner's words may carry terminal escapes, bidirectional overrides, invisible characters or a
//! flood of combining marks. [`Untrusted`] holds such words exactly as they came and refuses to be
//! displayed; [`Untrusted::printable`] turns them into a [`Printable`], in which every such
//! character is visible and harmless. Views, logs, titles and command output take only `Printable`.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use unicode_segmentation::UnicodeSegmentation;

/// Text as somebody outside wrote it. It has no `Display`; its `Debug` is escaped.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Untrusted(String);

/// Text that is safe to write to a terminal, a log line, a mail header or an SMS: one line, no
/// control, format, bidi, invisible or unassigned-plane character, at most
/// [`MAX_COMBINING`] combining marks after a base character.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Printable(String);

/// How many combining marks may follow one base character; the scripts in use need at most this many.
pub const MAX_COMBINING: usize = 4;

impl Untrusted {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The original, for storing, comparing and encoding (JSON, base64). Never for showing.
    pub fn raw(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// The text on one line: line breaks and tabs become a space, what is dangerous becomes visible.
    pub fn printable(&self) -> Printable {
        Printable::from_outside(&self.0)
    }

    /// The text line by line, each line printable.
    pub fn printable_lines(&self) -> Vec<Printable> {
        self.0.lines().map(Printable::from_outside).collect()
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.printable().0)
    }
}

impl Printable {
    fn from_outside(text: &str) -> Self {
        Self(sanitise(text).into_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for Printable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Printable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// Makes any text printable; borrowed when there is nothing to change, idempotent, never a control.
pub fn sanitise(text: &str) -> Cow<'_, str> {
    let Some(first) = first_to_change(text) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    let mut marks = trailing_marks(&out);
    for c in text[first..].chars() {
        match verdict(c, marks, out.chars().next_back()) {
            Verdict::Keep => {
                out.push(c);
                marks = if is_combining(c) { marks + 1 } else { 0 };
            }
            Verdict::Space => {
                out.push(' ');
                marks = 0;
            }
            Verdict::Drop => {}
            Verdict::Show => {
                out.push_str(&format!("<U+{:04X}>", c as u32));
                marks = if is_combining(c) { MAX_COMBINING } else { 0 };
            }
        }
    }
    Cow::Owned(out)
}

enum Verdict {
    Keep,
    Space,
    Drop,
    Show,
}

fn first_to_change(text: &str) -> Option<usize> {
    let mut marks = MAX_COMBINING;
    let mut before = None;
    for (at, c) in text.char_indices() {
        match verdict(c, marks, before.replace(c)) {
            Verdict::Keep => marks = if is_combining(c) { marks + 1 } else { 0 },
            _ => return Some(at),
        }
    }
    None
}

fn trailing_marks(kept: &str) -> usize {
    if kept.is_empty() {
        return MAX_COMBINING;
    }
    kept.chars().rev().take_while(|c| is_combining(*c)).count()
}

fn verdict(c: char, marks: usize, before: Option<char>) -> Verdict {
    match c {
        ' '..='~' => Verdict::Keep,
        '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{a0}' | '\u{1680}' => Verdict::Space,
        '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Verdict::Space,
        // Presentation selectors only choose between two drawings of the same character, and
        // terminals disagree about their width.
        '\u{fe00}'..='\u{fe0f}' => Verdict::Drop,
        c if c.is_control() || is_invisible(c) => Verdict::Show,
        c if is_combining(c) && (marks >= MAX_COMBINING || !joins(before, c)) => Verdict::Show,
        _ => Verdict::Keep,
    }
}

/// Format, filler, tag, private-use and non-characters: nothing a reader would see.
fn is_invisible(c: char) -> bool {
    matches!(c as u32,
        0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F
        | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164 | 0xFEFF | 0xFFA0
        | 0xFFF0..=0xFFFB | 0x600..=0x605 | 0x6DD | 0x70F | 0x890 | 0x891 | 0x8E2
        | 0x110BD | 0x110CD | 0x13430..=0x13455 | 0x1BCA0..=0x1BCA3 | 0x1D159 | 0x1D173..=0x1D17A
        | 0xE000..=0xF8FF | 0xE0000..=0x10FFFF)
        || (c as u32) & 0xFFFE == 0xFFFE
        || (0xFDD0..=0xFDEF).contains(&(c as u32))
}

/// Whether a character of no width is drawn with the one before it (UAX #29). One that is not, such
/// as a prepended sign or a stray vowel of Hangul, would move everything after it.
fn joins(before: Option<char>, c: char) -> bool {
    before.is_some_and(|before| String::from_iter([before, c]).graphemes(true).count() == 1)
}

/// Marks that draw onto the character before them. Zero width says it for every script at once.
fn is_combining(c: char) -> bool {
    unicode_width::UnicodeWidthChar::width(c) == Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_bidi_zero_width_and_tags_become_visible() {
        for (from, to) in [
            ("\u{1b}[31mred", "<U+001B>[31mred"),
            ("a\u{9b}2J", "a<U+009B>2J"),
            ("abc\u{202e}cba", "abc<U+202E>cba"),
            ("ze\u{200b}ro", "ze<U+200B>ro"),
            ("tag\u{e0041}", "tag<U+E0041>"),
            ("two\nlines\tx", "two lines x"),
            ("bell\u{7}", "bell<U+0007>"),
            ("a\u{11941}B", "a<U+11941>B"),
            ("a\u{11a8}", "a<U+11A8>"),
        ] {
            assert_eq!(Untrusted::from(from).printable().as_str(), to);
        }
    }

    #[test]
    fn a_flood_of_combining_marks_is_cut() {
        let flood = format!("a{}", "\u{301}".repeat(100));
        let shown = Untrusted::from(flood).printable();
        let kept = shown.as_str().chars().filter(|c| *c == '\u{301}').count();
        assert_eq!(kept, MAX_COMBINING);
    }

    #[test]
    fn ordinary_names_are_borrowed_unchanged() {
        for name in ["Müller & Söhne", "Ťažký Ž.", "株式会社", "Łódź", "é", "🚚 late"] {
            assert!(matches!(sanitise(name), Cow::Borrowed(_)), "{name}");
        }
    }

    proptest! {
        #[test]
        fn printing_is_idempotent_and_never_leaves_a_control(text in "\\PC*|.{0,40}|[\\x00-\\x1f\u{80}-\u{9f}\u{200b}-\u{206f}a]{0,20}") {
            let once = sanitise(&text).into_owned();
            prop_assert!(!once.chars().any(|c| c.is_control() || is_invisible(c)));
            let twice = sanitise(&once);
            prop_assert_eq!(twice.as_ref(), once.as_str());
        }
    }
}
