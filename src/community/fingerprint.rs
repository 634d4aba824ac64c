//! What makes two deliveries the same event.
//!
//! A sender that repeats itself may reorder members, write the same instant in another zone, or
//! switch between binary, structured and batch mode. None of that makes a different event, so the
//! fingerprint is taken over what was read and not over what was written.

use crate::community::media::Media;
use crate::core::event::CloudEvent;
use serde_json::{Number, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// SHA-256, in hexadecimal, over the attributes and the data of an event.
pub fn fingerprint(event: &CloudEvent) -> String {
    let mut hash = Sha256::new();
    let mut attributes: BTreeMap<&str, String> = BTreeMap::new();
    attributes.insert("id", event.id.clone());
    attributes.insert("source", event.source.clone());
    attributes.insert("type", event.kind.clone());
    if let Some(subject) = &event.subject {
        attributes.insert("subject", subject.clone());
    }
    if let Some(time) = event.time {
        attributes.insert("time", time.as_nanosecond().to_string());
    }
    for (name, value) in &event.attributes {
        if name == "datacontenttype" && is_json(value, &event.data) {
            continue;
        }
        // Binary mode has only strings, so a number and its digits are the same value.
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        attributes.insert(name, text);
    }
    for (name, text) in attributes {
        write_text(&mut hash, name);
        write_text(&mut hash, &text);
    }
    hash.update(b"=");
    write_value(&mut hash, &event.data);
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Data that was read as JSON is JSON, whatever its label said; text and bytes go by the label.
fn is_json(label: &Value, data: &Value) -> bool {
    let labelled = label.as_str().and_then(Media::parse).is_some_and(|media| media.is_json());
    labelled || !(data.is_string() || data.is_null() || data.get("data_base64").is_some())
}

/// Length first, so that no two different sequences of texts give the same bytes.
fn write_text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text.as_bytes());
}

fn write_value(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Null => hash.update(b"n"),
        Value::Bool(true) => hash.update(b"t"),
        Value::Bool(false) => hash.update(b"f"),
        Value::Number(number) => {
            hash.update(b"#");
            write_text(hash, &plain(number));
        }
        Value::String(text) => {
            hash.update(b"s");
            write_text(hash, text);
        }
        Value::Array(items) => {
            hash.update(b"[");
            hash.update((items.len() as u64).to_be_bytes());
            items.iter().for_each(|item| write_value(hash, item));
        }
        Value::Object(members) => {
            hash.update(b"{");
            hash.update((members.len() as u64).to_be_bytes());
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            for (name, member) in sorted {
                write_text(hash, name);
                write_value(hash, member);
            }
        }
    }
}

/// `1` and `1.0` are one number to everybody who speaks JSON.
fn plain(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 => {
            (float as i64).to_string()
        }
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(data: Value) -> CloudEvent {
        CloudEvent {
            id: "1".into(),
            source: "/s".into(),
            kind: "t".into(),
            time: "2026-11-22T06:00:00Z".parse().ok(),
            subject: None,
            attributes: BTreeMap::new(),
            data,
        }
    }

    #[test]
    fn order_zone_and_notation_make_no_difference() {
        let one = event(json!({"a": 1, "b": [1.0, "x"]}));
        let mut two = event(serde_json::from_str(r#"{"b":[1,"x"],"a":1.0}"#).unwrap());
        two.time = "2026-11-22T07:00:00+01:00".parse().ok();
        two.attributes.insert("datacontenttype".into(), json!("application/json; charset=utf-8"));
        assert_eq!(fingerprint(&one), fingerprint(&two));
    }

    #[test]
    fn every_part_of_an_event_counts() {
        let one = event(json!({"a": 1}));
        let mut others =
            vec![event(json!({"a": 2})), event(json!({"a": "1"})), event(json!([1])), one.clone()];
        others[3].subject = Some("s".into());
        let mut timed = one.clone();
        timed.time = None;
        let mut extended = one.clone();
        extended.attributes.insert("sequence".into(), json!(1));
        others.extend([timed, extended]);
        for other in others {
            assert_ne!(fingerprint(&one), fingerprint(&other), "{other:?}");
        }
    }

    #[test]
    fn a_number_in_json_is_its_digits_in_a_header() {
        let (mut one, mut two) = (event(Value::Null), event(Value::Null));
        one.attributes.insert("sequence".into(), json!(7));
        two.attributes.insert("sequence".into(), json!("7"));
        assert_eq!(fingerprint(&one), fingerprint(&two));
    }
}
