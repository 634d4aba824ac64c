//! `[[source.map]]`: how a source's own payloads become events. Every expression is tried here, so
//! that a payload that comes in the night does not find a misspelt one.

use super::check::Check;
use super::file::Text;
use crate::core::expression;
use crate::core::mapping::{Entry, Kind, Mapping, Tree, Unmapped};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use toml::Spanned;

/// The keys of a `[[source]]` that are about payloads of its own.
pub struct MappingTable {
    pub map: Vec<MapTable>,
    pub unmapped: Option<Spanned<UnmappedWord>>,
    pub headers: Option<Spanned<Vec<Text>>>,
    pub time_zone: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapTable {
    pub name: Option<Text>,
    pub when: Option<Text>,
    pub each: Option<Text>,
    #[serde(rename = "type")]
    pub kind: Option<Text>,
    pub type_expr: Option<Text>,
    pub id: Text,
    pub time: Option<Text>,
    pub subject: Option<Text>,
    pub data: Option<Spanned<TreeValue>>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub enum UnmappedWord {
    Refuse,
    Keep,
}

/// The data as it is written, each part with its place in the file.
pub enum TreeValue {
    Text(String),
    Given(Value),
    Table(BTreeMap<String, Spanned<TreeValue>>),
    List(Vec<Spanned<TreeValue>>),
}

impl<'de> Deserialize<'de> for TreeValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = TreeValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an expression in quotes, a number, true or false, a table or a list")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<TreeValue, E> {
        Ok(TreeValue::Text(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<TreeValue, E> {
        Ok(TreeValue::Given(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<TreeValue, E> {
        Ok(TreeValue::Given(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<TreeValue, E> {
        Ok(TreeValue::Given(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<TreeValue, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(TreeValue::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<TreeValue, A::Error> {
        let mut table = BTreeMap::new();
        while let Some(name) = members.next_key::<String>()? {
            if name.starts_with("$__toml_private") {
                return Err(A::Error::custom("a date stands in quotes, as text of an expression"));
            }
            table.insert(name, members.next_value()?);
        }
        Ok(TreeValue::Table(table))
    }
}

/// Headers that prove who somebody is; an expression has no business with them.
const SECRET_HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "webhook-signature"];

impl Check<'_> {
    /// The source's mapping; `None` where it takes CloudEvents only.
    pub(super) fn mapping(
        &mut self,
        source: &str,
        table: MappingTable,
        zone: &TimeZone,
    ) -> Option<Arc<Mapping>> {
        let zone = match &table.time_zone {
            Some(name) => self.zone(name),
            None => zone.clone(),
        };
        let headers = self.headers(table.headers.as_ref());
        let mut without_when: Option<usize> = None;
        let mut entries = Vec::new();
        for (index, map) in table.map.into_iter().enumerate() {
            if let Some(earlier) = without_when {
                let message = format!(
                    "this is never used: entry {} of this source has no `when`, so it takes every payload",
                    earlier + 1
                );
                self.wrong(map.id.span(), message);
            }
            if map.when.is_none() {
                without_when = without_when.or(Some(index));
            }
            entries.extend(self.entry(index, map));
        }
        if entries.is_empty() {
            if let Some(unmapped) = &table.unmapped {
                self.wrong(unmapped.span(), "unmapped is for a source with [[source.map]]");
            }
            return None;
        }
        let unmapped = match table.unmapped.map(Spanned::into_inner) {
            Some(UnmappedWord::Keep) => Unmapped::Keep,
            Some(UnmappedWord::Refuse) | None => Unmapped::Refuse,
        };
        Some(Arc::new(Mapping::new(source, entries, unmapped, headers, zone)))
    }

    fn entry(&mut self, index: usize, map: MapTable) -> Option<Entry> {
        let with_item = map.each.is_some();
        for (text, with_item) in [
            (map.when.as_ref(), false),
            (map.each.as_ref(), false),
            (map.type_expr.as_ref(), with_item),
            (Some(&map.id), with_item),
            (map.time.as_ref(), with_item),
            (map.subject.as_ref(), with_item),
        ] {
            if let Some(text) = text {
                self.expression(text.as_ref(), text.span(), with_item);
            }
        }
        let kind = match (map.kind, map.type_expr) {
            (Some(kind), None) if kind.as_ref().trim().is_empty() => {
                self.wrong(kind.span(), "the type of the events is empty");
                return None;
            }
            (Some(kind), None) => Kind::Is(kind.into_inner()),
            (None, Some(expression)) => Kind::Expression(expression.into_inner()),
            (Some(kind), Some(_)) => {
                self.wrong(kind.span(), "say either `type` or `type_expr`");
                return None;
            }
            (None, None) => {
                let message = "this mapping needs a type = \"community.exception.raised\" (or a type_expr)";
                self.wrong(map.id.span(), message);
                return None;
            }
        };
        let text = |text: Option<Text>| text.map(Spanned::into_inner);
        Some(Entry {
            label: text(map.name).unwrap_or_else(|| format!("map {}", index + 1)),
            when: text(map.when),
            each: text(map.each),
            kind,
            id: map.id.into_inner(),
            time: text(map.time),
            subject: text(map.subject),
            data: match map.data {
                Some(data) => self.tree(data, with_item),
                None => Tree::Table(BTreeMap::new()),
            },
        })
    }

    fn tree(&mut self, value: Spanned<TreeValue>, with_item: bool) -> Tree {
        let span = value.span();
        match value.into_inner() {
            TreeValue::Given(value) => Tree::Given(value),
            TreeValue::Text(text) => {
                self.expression(&text, span, with_item);
                Tree::Expression(text)
            }
            TreeValue::Table(members) => {
                let grow = |(name, value)| (name, self.tree(value, with_item));
                Tree::Table(members.into_iter().map(grow).collect())
            }
            TreeValue::List(items) => {
                Tree::List(items.into_iter().map(|item| self.tree(item, with_item)).collect())
            }
        }
    }

    fn expression(&mut self, text: &str, span: std::ops::Range<usize>, with_item: bool) {
        if let Err(why) = expression::check(text, with_item) {
            self.wrong(span, format!("this expression cannot be used: {why}"));
        }
    }

    fn headers(&mut self, list: Option<&Spanned<Vec<Text>>>) -> Vec<String> {
        let mut headers = Vec::new();
        for name in list.into_iter().flat_map(Spanned::as_ref) {
            let lower = name.as_ref().to_ascii_lowercase();
            if lower.is_empty() || !lower.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            {
                self.wrong(name.span(), "this is not the name of a header");
            }
            if SECRET_HEADERS.contains(&lower.as_str()) {
                self.wrong(name.span(), "this header proves who sends; expressions cannot see it");
            }
            headers.push(lower);
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{DEFAULT, parse};
    use std::path::Path;

    const SOURCE: &str = r#"
[[source]]
name = "grid"

[[source.map]]
when = "body.kind == 'x'"
type = "community.exception.raised"
id = "body.id"

[source.map.data]
severity = "'high'"
exception = { id = "body.id", codes = [{ set = "'214'" }] }
"#;

    #[test]
    fn a_mistake_in_a_mapping_is_shown_where_it_stands() {
        let first = DEFAULT.lines().count() + 1;
        assert!(parse(&format!("{DEFAULT}{SOURCE}"), Path::new("c.toml")).is_ok());
        for (from, to, line, column, wanted) in [
            ("body.kind ==", "body.kind = =", 5, 8, "this expression cannot be used"),
            ("\"'high'\"", "\"high\"", 10, 12, "there is no high, there are body, headers"),
            ("[{ set = \"'214'\" }]", "[{ set = \"body.x | nosuch\" }]", 11, 48, "nosuch"),
            ("id = \"body.id\"\n", "id = \"item.id\"\n", 7, 6, "with `each`"),
            ("type = \"community.exception.raised\"", "subject = \"'a'\"", 7, 6, "needs a type"),
            ("when = \"body.kind == 'x'\"", "foo = 1", 5, 1, "unknown field `foo`"),
            ("name = \"grid\"", "name = \"grid\"\nheaders = [\"Cookie\"]", 3, 12, "proves who sends"),
            ("severity = \"'high'\"", "severity = 2026-01-01", 10, 12, "a date stands in quotes"),
        ] {
            let text = format!("{DEFAULT}{}", SOURCE.replacen(from, to, 1));
            let error = parse(&text, Path::new("c.toml")).unwrap_err().to_string();
            assert!(error.contains(wanted), "{to}: {error}");
            assert!(
                error.starts_with(&format!("c.toml:{}:{column}: ", first + line)),
                "{to}: {first} {error}"
            );
        }
        let text = format!("{DEFAULT}{}", SOURCE.replace("when =", "name ="));
        let twice = format!("{text}\n[[source.map]]\ntype = \"x\"\nid = \"body.id\"\n");
        let error = parse(&twice, Path::new("c.toml")).unwrap_err().to_string();
        assert!(error.contains("this is never used: entry 1"), "{error}");
    }
}
