//! The few words of a long text around what was looked for.

use super::{Word, fold};
use crate::core::text::{Printable, Untrusted};
use unicode_segmentation::UnicodeSegmentation;

/// Characters shown before what was found.
const BEFORE: usize = 24;

/// At most `most` characters of the first text that holds one of the words, from shortly before it; of the
/// first text at all where none does.
pub fn snippet(texts: &[&str], words: &[&Word], most: usize) -> Untrusted {
    let place = |text: &str| {
        let found = words.iter().filter_map(|word| find(text, word.folded().trim()));
        found.min()
    };
    let found = texts.iter().find_map(|text| Some((*text, place(text)?)));
    let (text, at) = match found.or_else(|| texts.first().map(|text| (*text, 0))) {
        Some(found) => found,
        None => return Untrusted::default(),
    };
    let begins = match text[..at].char_indices().rev().nth(BEFORE) {
        // At the beginning of a word, if there is one.
        Some((from, _)) => text[from..at].find(' ').map_or(from, |space| from + space + 1),
        None => 0,
    };
    let shown = &text[begins..];
    let ends = shown.char_indices().nth(most).map_or(shown.len(), |(at, _)| at);
    let (before, after) = (if begins > 0 { "…" } else { "" }, if ends < shown.len() { "…" } else { "" });
    let words: Vec<&str> = shown[..ends].split_whitespace().collect();
    Untrusted::new(format!("{before}{}{after}", words.join(" ")))
}

/// Where the folded word begins in the text.
fn find(text: &str, wanted: &str) -> Option<usize> {
    if wanted.is_empty() {
        return None;
    }
    let folded = fold(text);
    let at = folded.find(wanted)?;
    // Folding may have changed how many bytes stand before it; the characters are counted as they fold.
    let mut before = 0;
    for (place, c) in text.char_indices() {
        if before >= at {
            return Some(place);
        }
        before += fold(c.encode_utf8(&mut [0; 4])).len();
    }
    Some(text.len())
}

/// The parts of a line as it is shown, each with whether it is what was looked for.
pub fn marked(shown: &Printable, words: &[&Word]) -> Vec<(String, bool)> {
    let text = shown.as_str();
    let mut parts: Vec<(String, bool)> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let next = words
            .iter()
            .filter_map(|word| {
                let wanted = word.folded().trim();
                find(rest, wanted).map(|at| (at, wanted.chars().count()))
            })
            .min_by_key(|(at, many)| (*at, std::cmp::Reverse(*many)));
        let Some((at, many)) = next.filter(|(at, _)| *at < rest.len()) else { break };
        let ends = rest[at..].char_indices().nth(many).map_or(rest.len(), |(end, _)| at + end);
        // A sign and what combines with it are one on the screen: half of it cannot be marked.
        let whole = |(start, sign): (usize, &str)| (start, start + sign.len());
        let signs = rest.grapheme_indices(true).map(whole).filter(|(start, end)| *start < ends && *end > at);
        let (at, ends) = signs.fold((at, ends), |(at, ends), (start, end)| (at.min(start), ends.max(end)));
        if at > 0 {
            parts.push((rest[..at].to_owned(), false));
        }
        parts.push((rest[at..ends].to_owned(), true));
        rest = &rest[ends..];
    }
    if !rest.is_empty() {
        parts.push((rest.to_owned(), false));
    }
    parts
}
