//! Letters as they are compared: without case and without marks, as the search index compares them too.

use std::borrow::Cow;

/// Small letters without accents; combining marks are dropped. `Müller` and `MULLER` are the same.
pub fn fold(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii() && !c.is_ascii_uppercase();
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{300}'..='\u{36f}' => {}
            c if c.is_ascii() => folded.push(c.to_ascii_lowercase()),
            // `İ` becomes two characters, of which one is a mark.
            c => folded.extend(c.to_lowercase().filter(|c| !matches!(c, '\u{300}'..='\u{36f}')).map(bare)),
        }
    }
    Cow::Owned(folded)
}

/// A small letter without its mark.
fn bare(c: char) -> char {
    const LETTERS: [(char, &str); 22] = [
        ('a', "àáâãäåāăąǎ"),
        ('c', "çćĉċč"),
        ('d', "ď"),
        ('e', "èéêëēĕėęě"),
        ('g', "ĝğġģ"),
        ('h', "ĥ"),
        ('i', "ìíîïĩīĭįǐ"),
        ('j', "ĵ"),
        ('k', "ķ"),
        ('l', "ĺļľ"),
        ('n', "ñńņňǹ"),
        ('o', "òóôõöōŏőǒ"),
        ('r', "ŕŗř"),
        ('s', "śŝşšș"),
        ('t', "ţťț"),
        ('u', "ùúûüũūŭůűųǔ"),
        ('w', "ŵẁẃẅ"),
        ('y', "ýÿŷỳ"),
        ('z', "źżž"),
        ('e', "ẽ"),
        ('ı', "ı"),
        ('\'', "’‘"),
    ];
    match c {
        '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{2018}' | '\u{2019}' => {
            LETTERS.iter().find(|(_, marked)| marked.contains(c)).map_or(c, |(bare, _)| *bare)
        }
        _ => c,
    }
}
