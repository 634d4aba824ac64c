//! EDI codes in plain words, from tables under `assets/edi/`.

use crate::core::event::Code;
use std::collections::HashMap;
use std::sync::OnceLock;

const TABLE: &str = include_str!("../../assets/edi/codes.csv");

/// `Shipment delayed`; `None` for a code no table lists.
pub fn plain(code: &Code) -> Option<&'static str> {
    static WORDS: OnceLock<HashMap<(&str, &str, &str), &str>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        TABLE
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| {
                let mut cells = line.splitn(4, ',');
                Some(((cells.next()?, cells.next()?, cells.next()?), cells.next()?))
            })
            .collect()
    });
    words.get(&(code.set.raw(), code.element.raw(), code.code.raw())).copied()
}

/// `Shipment delayed (214 SD)`, or the bare code where it is not known.
pub fn in_words(code: &Code) -> String {
    let (set, value) = (code.set.printable(), code.code.printable());
    match plain(code) {
        Some(words) => format!("{words} ({set} {value})"),
        None => format!("{set} {} {value}", code.element.printable()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_code_has_words_and_an_unknown_one_is_shown_as_it_stands() {
        let code = |element: &str, code: &str| Code {
            set: "214".into(),
            element: element.into(),
            code: code.into(),
        };
        assert_eq!(in_words(&code("AT701", "SD")), "Shipment delayed (214 SD)");
        assert_eq!(in_words(&code("AT701", "ZZ\u{1b}")), "214 AT701 ZZ<U+001B>");
    }
}
