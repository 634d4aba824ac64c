//! How long a text is as an SMS, and where it is cut.
//!
//! One message carries 140 octets: 160 characters of the GSM 7-bit alphabet or 70 UTF-16 units. A
//! longer text is sent in parts that each give up six octets to say which part they are. A single
//! character outside the alphabet moves the whole text to UTF-16 and more than doubles its price, so
//! the counter also names that character. (3GPP TS 23.038 §6.2.1, TS 23.040 §9.2.3.24.1)

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How the characters travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// The GSM 7-bit default alphabet with its extension table.
    Gsm7,
    /// UTF-16, big endian.
    Ucs2,
}

impl Encoding {
    pub fn as_str(self) -> &'static str {
        match self {
            Encoding::Gsm7 => "gsm7",
            Encoding::Ucs2 => "ucs2",
        }
    }

    /// The name the standards give it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Gsm7 => "GSM-7",
            Encoding::Ucs2 => "UCS-2",
        }
    }

    /// How many units fit into a text that is sent whole.
    pub fn single(self) -> usize {
        match self {
            Encoding::Gsm7 => 160,
            Encoding::Ucs2 => 70,
        }
    }

    /// How many units fit into each part of a text that is split.
    pub fn part(self) -> usize {
        match self {
            Encoding::Gsm7 => 153,
            Encoding::Ucs2 => 67,
        }
    }

    /// What one character costs: septets, or UTF-16 units.
    fn cost(self, c: char) -> usize {
        match self {
            Encoding::Gsm7 => septets(c).unwrap_or(1),
            Encoding::Ucs2 => c.len_utf16(),
        }
    }
}

/// A text, measured and cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segments {
    pub encoding: Encoding,
    /// Byte ranges of the text, in order and without a gap; an empty text is one empty part.
    pub parts: Vec<Range<usize>>,
    /// Septets or UTF-16 units in all, without the headers of the parts.
    pub units: usize,
    /// The first character that the 7-bit alphabet lacks: the reason for UTF-16.
    pub culprit: Option<char>,
}

/// Measures a text and cuts it where a gateway would. No part ends between the escape and the
/// character of an extension pair, or within a surrogate pair.
pub fn segments(text: &str) -> Segments {
    let culprit = text.chars().find(|c| septets(*c).is_none());
    let encoding = if culprit.is_some() { Encoding::Ucs2 } else { Encoding::Gsm7 };
    Segments { culprit, ..segments_in(text, encoding) }
}

/// The same where the way decides how the characters travel; GSM-7 is only for texts that are in it.
pub fn segments_in(text: &str, encoding: Encoding) -> Segments {
    let units = text.chars().map(|c| encoding.cost(c)).sum();
    let parts = if units <= encoding.single() {
        std::iter::once(0..text.len()).collect()
    } else {
        cut(text, encoding)
    };
    Segments { encoding, parts, units, culprit: None }
}

fn cut(text: &str, encoding: Encoding) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (at, c) in text.char_indices() {
        let cost = encoding.cost(c);
        if used + cost > encoding.part() {
            parts.push(start..at);
            (start, used) = (at, 0);
        }
        used += cost;
    }
    parts.push(start..text.len());
    parts
}

/// Rewrites typographic characters that mean the same in the 7-bit alphabet: curly quotes, dashes,
/// the ellipsis, special spaces. Everything else stays, letters of other alphabets and € included.
pub fn to_gsm7_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{2039}' | '\u{203a}' | '`' | '\u{b4}' => out.push('\''),
            '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{ab}' | '\u{bb}' => out.push('"'),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
            '\u{2026}' => out.push_str("..."),
            '\u{2022}' | '\u{b7}' => out.push('*'),
            '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Takes from the letters of English, German, French and Spanish the accents that the 7-bit alphabet
/// lacks: `í` becomes `i`, `œ` becomes `oe`. A reader of these languages still reads the same word.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'á' | 'â' => out.push('a'),
            'Á' | 'À' | 'Â' => out.push('A'),
            'ç' => out.push('c'),
            'ê' | 'ë' => out.push('e'),
            'È' | 'Ê' | 'Ë' => out.push('E'),
            'í' | 'î' | 'ï' => out.push('i'),
            'Í' | 'Î' | 'Ï' => out.push('I'),
            'ó' | 'ô' => out.push('o'),
            'Ó' | 'Ô' => out.push('O'),
            'ú' | 'û' => out.push('u'),
            'Ú' | 'Ù' | 'Û' => out.push('U'),
            'ÿ' => out.push('y'),
            'œ' => out.push_str("oe"),
            'Œ' => out.push_str("OE"),
            'ẞ' => out.push_str("SS"),
            c => out.push(c),
        }
    }
    out
}

/// Septets of a text; a character outside GSM-7 counts as one.
pub fn length(text: &str) -> usize {
    text.chars().map(|c| septets(c).unwrap_or(1)).sum()
}

/// At most `room` septets, ending in `..` where something was cut.
pub fn clip(text: &str, room: usize) -> String {
    if length(text) <= room {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 2;
    for c in text.chars() {
        used += septets(c).unwrap_or(1);
        if used > room {
            break;
        }
        out.push(c);
    }
    let out = out.trim_end().to_owned();
    if room < 3 { out } else { format!("{out}..") }
}

/// How many septets a character takes; `None` outside GSM-7.
pub fn septets(c: char) -> Option<usize> {
    if is_basic(c) {
        Some(1)
    } else if is_extension(c) {
        Some(2)
    } else {
        None
    }
}

fn is_basic(c: char) -> bool {
    matches!(c,
        'A'..='Z' | 'a'..='z' | '0'..='9' | '\n' | '\r' | ' '
        | '@' | '£' | '$' | '¥' | 'è' | 'é' | 'ù' | 'ì' | 'ò' | 'Ç' | 'Ø' | 'ø' | 'Å' | 'å'
        | 'Δ' | '_' | 'Φ' | 'Γ' | 'Λ' | 'Ω' | 'Π' | 'Ψ' | 'Σ' | 'Θ' | 'Ξ' | 'Æ' | 'æ' | 'ß' | 'É'
        | '!' | '"' | '#' | '¤' | '%' | '&' | '\'' | '(' | ')' | '*' | '+' | ',' | '-' | '.' | '/'
        | ':' | ';' | '<' | '=' | '>' | '?' | '¡' | 'Ä' | 'Ö' | 'Ñ' | 'Ü' | '§' | '¿' | 'ä' | 'ö'
        | 'ñ' | 'ü' | 'à')
}

fn is_extension(c: char) -> bool {
    matches!(c, '\u{c}' | '^' | '{' | '}' | '\\' | '[' | '~' | ']' | '|' | '€')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shape(text: &str) -> (Encoding, usize, usize) {
        let s = segments(text);
        (s.encoding, s.parts.len(), s.units)
    }

    #[test]
    fn the_alphabet_has_127_characters_and_ten_extensions() {
        // The 128th place of the basic table is the escape itself.
        let every = || ('\0'..='\u{ffff}').filter(|c| !c.is_control() || "\n\r\u{c}".contains(*c));
        assert_eq!(every().filter(|c| is_basic(*c)).count(), 127);
        assert_eq!(every().filter(|c| is_extension(*c)).count(), 10);
    }

    #[test]
    fn one_message_holds_160_septets_and_a_part_153() {
        assert_eq!(shape(""), (Encoding::Gsm7, 1, 0));
        assert_eq!(shape(&"a".repeat(160)), (Encoding::Gsm7, 1, 160));
        assert_eq!(shape(&"a".repeat(161)), (Encoding::Gsm7, 2, 161));
        assert_eq!(shape(&"a".repeat(306)), (Encoding::Gsm7, 2, 306));
        assert_eq!(shape(&"a".repeat(307)), (Encoding::Gsm7, 3, 307));
        assert_eq!(shape(&"€".repeat(80)), (Encoding::Gsm7, 1, 160));
        // 153 is odd: each part of nothing but pairs leaves one septet empty.
        assert_eq!(shape(&"€".repeat(153)), (Encoding::Gsm7, 3, 306));
    }

    #[test]
    fn one_message_holds_70_utf_16_units_and_a_part_67() {
        assert_eq!(shape(&"ж".repeat(70)), (Encoding::Ucs2, 1, 70));
        assert_eq!(shape(&"ж".repeat(71)), (Encoding::Ucs2, 2, 71));
        assert_eq!(shape(&"🚚".repeat(35)), (Encoding::Ucs2, 1, 70));
        assert_eq!(shape(&"🚚".repeat(67)), (Encoding::Ucs2, 3, 134));
    }

    #[test]
    fn the_culprit_is_the_first_character_outside_the_alphabet() {
        assert_eq!(segments("late: 5 pallets ^ €").culprit, None);
        assert_eq!(segments("Ťažký ž").culprit, Some('Ť'));
        assert_eq!(segments("it\u{2019}s late").culprit, Some('\u{2019}'));
        assert_eq!(
            segments(&to_gsm7_text("it\u{2019}s \u{201c}late\u{201d} \u{2014} 5\u{a0}€\u{2026}")).culprit,
            None
        );
    }

    #[test]
    fn transliteration_leaves_letters_and_the_euro_alone() {
        assert_eq!(to_gsm7_text("Ťažký 株 5\u{a0}€ \u{2013} ok\u{2026}"), "Ťažký 株 5 € - ok...");
    }

    proptest! {
        #[test]
        fn parts_are_the_whole_text_and_none_is_too_long(text in "(\\PC|[a-z €{}\\[\\]]|🚚|[a-z]{60}){0,120}") {
            let s = segments(&text);
            let joined: String = s.parts.iter().map(|part| &text[part.clone()]).collect();
            prop_assert_eq!(joined, text.as_str());
            let limit = if s.parts.len() == 1 { s.encoding.single() } else { s.encoding.part() };
            let mut units = 0;
            for part in &s.parts {
                // Ranges of whole characters: neither kind of pair can be split.
                let cost: usize = text[part.clone()].chars().map(|c| s.encoding.cost(c)).sum();
                prop_assert!(cost <= limit);
                units += cost;
            }
            prop_assert_eq!(units, s.units);
            prop_assert_eq!(s.culprit.is_none(), s.encoding == Encoding::Gsm7);
        }

        #[test]
        fn no_part_could_have_taken_one_more_character(text in "[a-z€]{150,700}|[a-zж🚚]{60,400}") {
            let s = segments(&text);
            for pair in s.parts.windows(2) {
                let used: usize = text[pair[0].clone()].chars().map(|c| s.encoding.cost(c)).sum();
                let next = text[pair[1].clone()].chars().next().map_or(0, |c| s.encoding.cost(c));
                prop_assert!(used + next > s.encoding.part());
            }
        }

        #[test]
        fn transliteration_is_idempotent_and_never_makes_an_encoding_worse(text in "\\PC{0,80}|[\u{2010}-\u{2040}a]{0,40}") {
            let once = to_gsm7_text(&text);
            prop_assert_eq!(to_gsm7_text(&once), once.clone());
            prop_assert!(segments(&text).culprit.is_some() || segments(&once).culprit.is_none());
        }
    }
}
