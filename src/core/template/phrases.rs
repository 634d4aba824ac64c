//! The phrases of digests: what its layout is filled with, so that one layout serves every language. A
//! file `de/digest.toml` in the configuration folder changes single ones, or brings one more language.

use super::{Fault, Preview, Templates, languages};
use crate::core::label;
use crate::core::notification::Content;
use crate::core::text::sanitise;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;
use toml::Spanned;

/// Phrases by name.
pub(super) type Phrases = BTreeMap<String, String>;

/// What the file of a language is called, after the language.
pub(super) const FILE: &str = "/digest.toml";

const SOURCES: [(&str, &str); 4] = [
    ("en", include_str!("../../../assets/templates/en/digest.toml")),
    ("de", include_str!("../../../assets/templates/de/digest.toml")),
    ("fr", include_str!("../../../assets/templates/fr/digest.toml")),
    ("es", include_str!("../../../assets/templates/es/digest.toml")),
];

static SHIPPED: LazyLock<BTreeMap<&str, Phrases>> = LazyLock::new(|| {
    // A shipped file that cannot be read fails a test.
    SOURCES.iter().map(|(locale, text)| (*locale, toml::from_str(text).unwrap_or_default())).collect()
});

impl Templates {
    /// A phrase with its values; its `_one` form where `n` is 1 and there is one.
    pub fn phrase(&self, locale: &str, phrase: &str, values: &[(&str, &str)]) -> String {
        let one = values.contains(&("n", "1")).then(|| format!("{phrase}_one"));
        let of = |phrases: &Phrases| {
            one.as_ref().and_then(|one| phrases.get(one)).or_else(|| phrases.get(phrase)).cloned()
        };
        let found = languages(locale).iter().find_map(|locale| {
            self.phrases.get(locale).and_then(of).or_else(|| SHIPPED.get(locale.as_str()).and_then(of))
        });
        fill(found.as_deref().unwrap_or(phrase), values)
    }

    /// The languages that have phrases.
    pub(super) fn phrase_languages(&self) -> Vec<String> {
        let own = self.phrases.keys().cloned();
        let mut all: Vec<_> = SHIPPED.keys().map(|locale| (*locale).to_owned()).chain(own).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Every phrase as a reader of this language gets it, written as a file of phrases; those of the
    /// configuration folder are marked where the language has others.
    pub(super) fn preview_phrases(&self, locale: &str) -> Preview {
        let (mut said, mut first) = (BTreeMap::new(), None);
        for language in languages(locale) {
            let own = self.phrases.get(&language);
            let shipped = SHIPPED.get(language.as_str());
            if first.is_none() && (own.is_some() || shipped.is_some()) {
                first = Some((format!("{language}{FILE}"), own.is_some()));
            }
            for (phrases, yours) in own.map(|own| (own, true)).into_iter().chain(shipped.map(|s| (s, false)))
            {
                // Where a nearer file says a phrase, the form for one of a farther file is never asked for.
                let known: Vec<String> = said.keys().cloned().collect();
                for (name, words) in phrases {
                    let whole = name.strip_suffix("_one").unwrap_or(name);
                    if !known.iter().any(|known| known == name || known == whole) {
                        said.insert(name.clone(), (words, yours));
                    }
                }
            }
        }
        let mixed = said.values().any(|(_, yours)| !yours);
        let line = |(name, (words, yours)): (&String, &(&String, bool))| {
            let mark = if *yours && mixed { "  # yours" } else { "" };
            format!("{name} = {}{mark}\n", toml::Value::from(words.as_str()))
        };
        let body = said.iter().map(line).collect::<String>();
        let (template, replaced) = first.map_or((None, false), |(file, yours)| (Some(file), yours));
        Preview { template, replaced, content: Content { body: body.into(), ..Content::default() } }
    }
}

/// Puts the values in their places, in one pass, so that a value which looks like a place for another
/// stays what it is.
fn fill(phrase: &str, values: &[(&str, &str)]) -> String {
    let mut said = String::new();
    let mut rest = phrase;
    while let Some((before, after)) = rest.split_once('{') {
        said.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        said.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
        rest = after;
    }
    said.push_str(rest);
    said
}

/// The values that a phrase has places for.
fn places(phrase: &str) -> impl Iterator<Item = &str> {
    phrase.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

/// The language of a file of phrases; `None` where the name is no such file's.
pub(super) fn language(name: &str) -> Option<String> {
    let folder = name.strip_suffix(FILE)?;
    let locale = label::tag(folder);
    super::name::is_language(&locale).then_some(locale)
}

/// Reads a file of phrases: each must be known, and may only have places for values that it is given.
pub(super) fn read(source: &str) -> Result<Phrases, Vec<Fault>> {
    let at = |span: Option<Range<usize>>| {
        let start = span.map_or(0, |span| span.start).min(source.len());
        source.as_bytes().iter().take(start).filter(|byte| **byte == b'\n').count() + 1
    };
    let read: BTreeMap<Spanned<String>, Spanned<String>> = toml::from_str(source).map_err(|why| {
        vec![Fault { line: at(why.span()), message: sanitise(why.message()).trim().to_owned() }]
    })?;
    let Some(known) = SHIPPED.get("en") else { return Ok(Phrases::new()) };
    let mut faults = Vec::new();
    for (name, said) in &read {
        let line = at(Some(name.span()));
        let phrase = name.as_ref().strip_suffix("_one").unwrap_or(name.as_ref());
        let Some(english) = known.get(phrase) else {
            let known: Vec<_> = known.keys().map(String::as_str).collect();
            let message =
                format!("there is no phrase {:?}; there are {}", sanitise(name.as_ref()), known.join(", "));
            faults.push(Fault { line, message });
            continue;
        };
        if said.as_ref().trim().is_empty() {
            faults.push(Fault { line, message: "a phrase says something".to_owned() });
        }
        for place in places(said.as_ref()).filter(|place| !places(english).any(|known| known == *place)) {
            let known: Vec<_> = places(english).collect();
            let has = if known.is_empty() { "no value".to_owned() } else { known.join(", ") };
            let message = format!("there is no {{{}}} in this phrase; it has {has}", sanitise(place));
            faults.push(Fault { line, message });
        }
    }
    faults.sort_by_key(|fault| fault.line);
    match faults.is_empty() {
        true => Ok(read.into_iter().map(|(name, said)| (name.into_inner(), said.into_inner())).collect()),
        false => Err(faults),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_language_has_the_same_phrases_with_the_same_values() {
        let english = SHIPPED.get("en").unwrap();
        for (locale, source) in SOURCES {
            let phrases = read(source).unwrap_or_else(|faults| panic!("{locale}: {faults:?}"));
            let missing: Vec<_> = english
                .keys()
                .filter(|name| !name.ends_with("_one") && !phrases.contains_key(*name))
                .collect();
            assert!(missing.is_empty(), "{locale}: {missing:?}");
            for (name, said) in &phrases {
                let phrase = name.strip_suffix("_one").unwrap_or(name);
                let mut wanted: Vec<_> = places(&english[phrase]).filter(|place| *place != "n").collect();
                let mut found: Vec<_> = places(said).filter(|place| *place != "n").collect();
                wanted.sort();
                found.sort();
                assert_eq!(found, wanted, "{locale}: {name}");
            }
        }
    }
}
