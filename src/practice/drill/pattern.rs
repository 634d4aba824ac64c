//! A pattern over a line of the live stream: the parts of it that must be there.
//!
//! Written as the line itself, with as much of it as matters: a table fits where each of its keys does, a list
//! where one of its members does, a text where it is the same, or, after a `~`, where it stands in the line's
//! text, whatever the case of its letters. `{{mark.path}}` in a text is what the line had there that made
//! the mark.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Pattern(Value);

/// The lines that made marks and reached goals, by name.
pub type Seen = BTreeMap<String, Value>;

impl Pattern {
    pub fn fits(&self, line: &Value, seen: &Seen) -> bool {
        fits(&self.0, line, seen)
    }
}

fn fits(wanted: &Value, found: &Value, seen: &Seen) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            wanted.iter().all(|(key, wanted)| fits(wanted, found.get(key).unwrap_or(&Value::Null), seen))
        }
        (Value::Array(any), found) => any.iter().any(|wanted| fits(wanted, found, seen)),
        // Somewhere in a list is enough.
        (wanted, Value::Array(found)) => found.iter().any(|found| fits(wanted, found, seen)),
        (Value::String(wanted), found) => {
            let Some(wanted) = filled(wanted, seen) else { return false };
            match (wanted.strip_prefix('~'), text(found)) {
                (Some(part), Some(found)) => found.to_lowercase().contains(&part.to_lowercase()),
                (None, Some(found)) => found == wanted,
                (_, None) => false,
            }
        }
        (wanted, found) => wanted == found,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The text with its places filled in; `None` where one has nothing to be filled with yet.
fn filled(text: &str, seen: &Seen) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (place, tail) = after.split_once("}}")?;
        let (mark, path) = place.split_once('.')?;
        let found = path.split('.').try_fold(seen.get(mark)?, |value, key| value.get(key))?;
        out.push_str(before);
        out.push_str(&self::text(found)?);
        rest = tail;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fits(pattern: Value, line: &Value, seen: &Seen) -> bool {
        Pattern(pattern).fits(line, seen)
    }

    #[test]
    fn a_line_fits_by_the_parts_that_are_named() {
        let line = json!({ "what": "noted", "alert": "A7", "summary": "Roth's Phone is off",
            "actor": { "person": { "id": "maria" } }, "object": { "members": [{ "id": "X-1" }, { "id": "X-2" }] } });
        let seen = Seen::from([("raised".to_owned(), json!({ "alert": "A7", "object": { "id": 7 } }))]);
        for (pattern, expected) in [
            (json!({}), true),
            (json!({ "what": "noted", "actor": { "person": { "id": "maria" } } }), true),
            (json!({ "what": ["ack", "noted"] }), true),
            (json!({ "what": "note" }), false),
            (json!({ "summary": "~phone" }), true),
            (json!({ "summary": ["~dead", "~OFF"] }), true),
            (json!({ "summary": "phone" }), false),
            (json!({ "alert": "{{raised.alert}}" }), true),
            (json!({ "alert": "A{{raised.object.id}}" }), true),
            (json!({ "alert": "{{cleared.alert}}" }), false),
            (json!({ "object": { "members": { "id": "X-2" } } }), true),
            (json!({ "partner": "acme" }), false),
            (json!({ "partner": null }), true),
        ] {
            assert_eq!(fits(pattern.clone(), &line, &seen), expected, "{pattern}");
        }
    }
}
