//! JSON from outside, read more strictly than `serde_json` reads it: a member that stands twice is
//! an error (two readers would see two different events), nesting is bounded well below what the
//! store can read back with an envelope around it, and the names that `serde_json` keeps for itself
//! are refused, since it would read them back as something else.

use crate::core::text::sanitise;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// How deep objects and lists may nest. `serde_json` stops at 128; the difference is for envelopes.
pub const MAX_DEPTH: usize = 64;

/// Member names with a meaning inside `serde_json` (`RawValue`, `Number`).
const RESERVED: &str = "$serde_json::private::";

/// Why bytes are not JSON: a phrase that follows "is", with the place where known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not JSON that can be read: {0}")]
pub struct NotJson(String);

/// Reads one JSON text. A leading byte order mark is passed over, as RFC 8259 allows.
pub fn parse(bytes: &[u8]) -> Result<Value, NotJson> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Strict { depth: MAX_DEPTH }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| NotJson(error.to_string()))
}

#[derive(Clone, Copy)]
struct Strict {
    /// How many levels may still be opened.
    depth: usize,
}

impl Strict {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth }),
            None => Err(E::custom(format!("it nests deeper than {MAX_DEPTH} levels"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format!("the member {:?} stands twice", shown(&name))));
            }
            if name.starts_with(RESERVED) {
                return Err(A::Error::custom(format!("the member name {:?} is reserved", shown(&name))));
            }
            object.insert(name, members.next_value_seed(inner)?);
        }
        Ok(Value::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

fn shown(name: &str) -> String {
    sanitise(name).chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ordinary_json_is_read_as_serde_json_reads_it() {
        let text = br#" {"a":[1,-2,3.5,true,null,"\u00e9"],"b":{"c":18446744073709551615}} "#;
        assert_eq!(parse(text).unwrap(), serde_json::from_slice::<Value>(text).unwrap());
        assert_eq!(parse(b"\xef\xbb\xbf{}").unwrap(), json!({}));
    }

    #[test]
    fn what_two_readers_would_read_differently_is_refused() {
        let deep = format!("{}{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1));
        for (text, wanted) in [
            (r#"{"a":1,"a":1}"#, "the member \"a\" stands twice"),
            (r#"[{"x":{"b":1,"b":2}}]"#, "the member \"b\" stands twice"),
            (r#"{"$serde_json::private::RawValue":"[]"}"#, "is reserved"),
            (deep.as_str(), "deeper than 64"),
            (r#"{"a":1e999}"#, "out of range"),
            (r#""\ud800""#, "hex escape"),
            ("{} {}", "trailing"),
            ("", "EOF"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(wanted), "{text}: {error}");
        }
        assert!(parse(&[b'"', 0xff, b'"']).is_err());
        assert!(parse(&vec![b'['; 1 << 20]).is_err());
    }

    #[test]
    fn the_deepest_allowed_value_survives_an_envelope_and_a_second_reading() {
        let deep = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        let value = parse(deep.as_bytes()).unwrap();
        let stored = serde_json::to_string(&json!({"change": {"event": {"data": value}}})).unwrap();
        assert!(serde_json::from_str::<Value>(&stored).is_ok());
    }
}
