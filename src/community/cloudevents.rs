//! CloudEvents 1.0.2 over HTTP: from headers and body to events, in binary, structured and batch
//! mode, to the letter of the specification. What comes out has every attribute checked; what the
//! data of a native type must hold is `core`'s to say.

use crate::community::json;
use crate::community::media::Media;
use crate::community::uri;
use crate::core::event::{CloudEvent, FieldError};
use crate::core::text::sanitise;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How a request carries its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Attributes in `ce-` headers, the body is the data.
    Binary,
    /// One event as a JSON object.
    Structured,
    /// A JSON list of events, possibly empty.
    Batch,
}

/// The media type is none that carries CloudEvents in JSON, and there are no `ce-` headers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} Send application/cloudevents+json, application/cloudevents-batch+json, or any type with ce- headers."
)]
pub struct NotCloudEvents(pub String);

/// Why a request's events are refused; a batch is refused for the first that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The place in a batch, from 0.
    pub index: Option<usize>,
    /// The event's id, as far as it could be read; from outside.
    pub id: Option<String>,
    pub error: FieldError,
}

/// Tells the mode by the headers alone, so that a request can be refused before its body is read.
pub fn mode(headers: &HeaderMap) -> Result<Mode, NotCloudEvents> {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let first = types.next();
    if types.next().is_some() {
        return Err(NotCloudEvents("The Content-Type header stands more than once.".to_owned()));
    }
    let media = first.and_then(|value| value.to_str().ok()).and_then(Media::parse);
    let essence = media.as_ref().map_or("", Media::essence);
    if essence.starts_with("application/cloudevents") {
        if let Some(charset) = media.as_ref().and_then(Media::foreign_charset) {
            let shown: String = sanitise(charset).chars().take(40).collect();
            return Err(NotCloudEvents(format!("JSON is UTF-8, the charset says {shown:?}.")));
        }
        // The batch type begins like the structured one, so it is asked for first.
        return match essence {
            "application/cloudevents-batch+json" => Ok(Mode::Batch),
            "application/cloudevents+json" => Ok(Mode::Structured),
            _ => Err(NotCloudEvents("Of the CloudEvents formats only JSON is taken.".to_owned())),
        };
    }
    if headers.keys().any(|name| name.as_str().starts_with("ce-")) {
        return Ok(Mode::Binary);
    }
    Err(NotCloudEvents(match first {
        None => "There is neither a Content-Type nor a ce- header.".to_owned(),
        Some(value) => {
            let text = String::from_utf8_lossy(value.as_bytes());
            let shown: String = sanitise(&text).chars().take(60).collect();
            format!("The Content-Type is {shown:?} and there is no ce- header.")
        }
    }))
}

/// Whether the body is JSON that claims to be nothing else: one Content-Type, in UTF-8, none of
/// CloudEvents, and no `ce-` header.
pub fn is_plain_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let media = types.next().and_then(|value| value.to_str().ok()).and_then(Media::parse);
    types.next().is_none()
        && media.is_some_and(|media| {
            media.is_json()
                && media.foreign_charset().is_none()
                && !media.essence().starts_with("application/cloudevents")
        })
        && !headers.keys().any(|name| name.as_str().starts_with("ce-"))
}

/// Reads the events of a request.
pub fn read(mode: Mode, headers: &HeaderMap, body: &[u8]) -> Result<Vec<CloudEvent>, Wrong> {
    let whole = |error: FieldError| Wrong { index: None, id: None, error };
    match mode {
        Mode::Binary => {
            let (attributes, label) = from_headers(headers).map_err(whole)?;
            let id = text_of(attributes.get("id"));
            let data = || carried(label.as_ref(), body);
            event(attributes, data).map(|event| vec![event]).map_err(|error| Wrong { index: None, id, error })
        }
        Mode::Structured => {
            let value = json::parse(body).map_err(|e| whole(wrong("body", format!("is {e}"))))?;
            structured(value, None).map(|event| vec![event])
        }
        Mode::Batch => {
            let value = json::parse(body).map_err(|e| whole(wrong("body", format!("is {e}"))))?;
            let Value::Array(items) = value else {
                return Err(whole(wrong("body", "is not a JSON list of events")));
            };
            items.into_iter().enumerate().map(|(index, item)| structured(item, Some(index))).collect()
        }
    }
}

/// The data of an event that the sender labelled as some kind of text, read as JSON after all.
/// `None` where the data is not text or its label does not say anything else than JSON.
pub fn text_as_json(event: &CloudEvent) -> Option<Result<Value, FieldError>> {
    let label = event.attributes.get("datacontenttype").and_then(Value::as_str).and_then(Media::parse);
    match &event.data {
        Value::String(text) if label.is_some_and(|media| !media.is_json()) => {
            Some(json::parse(text.as_bytes()).map_err(|error| wrong("data", format!("is {error}"))))
        }
        _ => None,
    }
}

fn structured(value: Value, index: Option<usize>) -> Result<CloudEvent, Wrong> {
    let Value::Object(mut members) = value else {
        return Err(Wrong { index, id: None, error: wrong("body", "is not a JSON object") });
    };
    let id = text_of(members.get("id"));
    let (data, base64) = (members.remove("data"), members.remove("data_base64"));
    let attributes: BTreeMap<String, Value> = members.into_iter().collect();
    let label = attributes.get("datacontenttype").and_then(Value::as_str).and_then(Media::parse);
    let labelled = attributes.get("datacontenttype").is_some_and(|value| !value.is_null());
    let data = || match (data, base64) {
        _ if labelled && label.is_none() => {
            Err(wrong("datacontenttype", "is not a media type such as application/json"))
        }
        (data, None | Some(Value::Null)) => Ok(data.unwrap_or(Value::Null)),
        (None | Some(Value::Null), Some(Value::String(text))) => match STANDARD.decode(&text) {
            Ok(bytes) => carried(label.as_ref(), &bytes),
            Err(_) => Err(wrong("data_base64", "is not base64 (RFC 4648, with padding)")),
        },
        (None | Some(Value::Null), Some(_)) => Err(wrong("data_base64", "is not a string")),
        _ => Err(wrong("data_base64", "stands beside data; an event has one of them")),
    };
    event(attributes, data).map_err(|error| Wrong { index, id, error })
}

/// Checks the attributes, and then takes the data: a broken attribute is the better explanation.
fn event(
    mut attributes: BTreeMap<String, Value>,
    data: impl FnOnce() -> Result<Value, FieldError>,
) -> Result<CloudEvent, FieldError> {
    attributes.retain(|_, value| !value.is_null());
    for (name, value) in &attributes {
        check_name(name)?;
        check_value(name, value)?;
    }
    match required(&mut attributes, "specversion")?.as_str() {
        "1.0" => {}
        other => {
            return Err(wrong("specversion", format!("is {:?}; only \"1.0\" is spoken here", shown(other))));
        }
    }
    let id = required(&mut attributes, "id")?;
    let source = required(&mut attributes, "source")?;
    uri::reference(&source).map_err(|why| wrong("source", format!("is not a URI-reference: it {why}")))?;
    let kind = required(&mut attributes, "type")?;
    let subject = optional(&mut attributes, "subject")?;
    let time = optional(&mut attributes, "time")?
        .map(|text| {
            rfc3339(&text)
                .ok_or_else(|| wrong("time", "is not an RFC 3339 time such as 2026-11-22T06:00:00Z"))
        })
        .transpose()?;
    if let Some(schema) = text_attribute(&attributes, "dataschema")? {
        match uri::reference(schema) {
            Ok(uri::Shape::Absolute) => {}
            Ok(uri::Shape::Relative) => return Err(wrong("dataschema", "is not an absolute URI")),
            Err(why) => return Err(wrong("dataschema", format!("is not a URI: it {why}"))),
        }
    }
    text_attribute(&attributes, "datacontenttype")?;
    Ok(CloudEvent { id, source, kind, time, subject, attributes, data: data()? })
}

/// Data as bytes: JSON where the label says so or where nothing is said and it is; else text; else
/// base64, so that nothing is lost.
fn carried(label: Option<&Media>, bytes: &[u8]) -> Result<Value, FieldError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    match label {
        Some(media) if media.is_json() => {
            if let Some(charset) = media.foreign_charset() {
                return Err(wrong("data", format!("is labelled {:?}; JSON is UTF-8", shown(charset))));
            }
            return json::parse(bytes).map_err(|error| wrong("data", format!("is {error}")));
        }
        Some(_) => {}
        None => {
            if let Ok(value) = json::parse(bytes) {
                return Ok(value);
            }
        }
    }
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) => Value::String(text.to_owned()),
        Err(_) => json!({ "data_base64": STANDARD.encode(bytes) }),
    })
}

/// The `ce-` headers as attributes, and the body's media type.
fn from_headers(headers: &HeaderMap) -> Result<(BTreeMap<String, Value>, Option<Media>), FieldError> {
    let mut attributes = BTreeMap::new();
    for (header, value) in headers {
        let Some(name) = header.as_str().strip_prefix("ce-") else { continue };
        let text =
            header_text(value.as_bytes()).map_err(|why| wrong(name, format!("(header {header}) {why}")))?;
        if attributes.insert(name.to_owned(), Value::String(text)).is_some() {
            return Err(wrong(name, format!("stands more than once (header {header})")));
        }
    }
    let label = match headers.get(header::CONTENT_TYPE) {
        None => attributes.get("datacontenttype").and_then(Value::as_str).map(str::to_owned),
        Some(value) => {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            if attributes.get("datacontenttype").is_some_and(|label| *label != *text) {
                let problem = "(header ce-datacontenttype) differs from Content-Type, which carries it";
                return Err(wrong("datacontenttype", problem));
            }
            // Any Content-Type is taken, so one that is no text is simply not kept.
            if !text.contains(|c: char| c.is_control() || c == '\u{fffd}') && !text.is_empty() {
                attributes.insert("datacontenttype".to_owned(), Value::String(text.clone()));
            }
            Some(text)
        }
    };
    Ok((attributes, label.as_deref().and_then(Media::parse)))
}

/// Decodes a header value: quotes of older senders off, one round of percent-decoding, UTF-8.
fn header_text(raw: &[u8]) -> Result<String, &'static str> {
    let raw = raw.trim_ascii();
    let mut unquoted = Vec::with_capacity(raw.len());
    match raw {
        [b'"', inner @ .., b'"'] => {
            let mut bytes = inner.iter();
            while let Some(&byte) = bytes.next() {
                unquoted.push(if byte == b'\\' { *bytes.next().unwrap_or(&byte) } else { byte });
            }
        }
        _ => unquoted.extend_from_slice(raw),
    }
    let mut decoded = Vec::with_capacity(unquoted.len());
    let mut rest = unquoted.as_slice();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let [high, low, ..] = *rest else { return Err("has a % that no two hexadecimal digits follow") };
        match (char::from(high).to_digit(16), char::from(low).to_digit(16)) {
            (Some(high), Some(low)) => decoded.push((high * 16 + low) as u8),
            _ => return Err("has a % that no two hexadecimal digits follow"),
        }
        rest = &rest[2..];
    }
    String::from_utf8(decoded).map_err(|_| "is not UTF-8")
}

fn check_name(name: &str) -> Result<(), FieldError> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        return Err(wrong(&shown(name), "is not an attribute name; they are lower-case letters and digits"));
    }
    if name == "data" {
        return Err(wrong(name, "is not an attribute"));
    }
    Ok(())
}

fn check_value(name: &str, value: &Value) -> Result<(), FieldError> {
    match value {
        Value::String(text) => match text.chars().find(|c| c.is_control() || is_noncharacter(*c)) {
            Some(c) => {
                Err(wrong(name, format!("has a character that no attribute has (U+{:04X})", c as u32)))
            }
            None => Ok(()),
        },
        Value::Bool(_) => Ok(()),
        Value::Number(number) => match number.as_i64().map(i32::try_from) {
            Some(Ok(_)) => Ok(()),
            _ => Err(wrong(name, "is a number that is no 32-bit integer")),
        },
        _ => Err(wrong(name, "is a list or an object; attributes are strings, booleans or integers")),
    }
}

fn is_noncharacter(c: char) -> bool {
    (c as u32) & 0xFFFE == 0xFFFE || ('\u{fdd0}'..='\u{fdef}').contains(&c)
}

fn required(attributes: &mut BTreeMap<String, Value>, name: &str) -> Result<String, FieldError> {
    optional(attributes, name)?.ok_or_else(|| wrong(name, "is missing; it must be a string"))
}

fn optional(attributes: &mut BTreeMap<String, Value>, name: &str) -> Result<Option<String>, FieldError> {
    let text = text_attribute(attributes, name)?.map(str::to_owned);
    attributes.remove(name);
    Ok(text)
}

/// An attribute that is a string and says something.
fn text_attribute<'a>(
    attributes: &'a BTreeMap<String, Value>,
    name: &str,
) -> Result<Option<&'a str>, FieldError> {
    match attributes.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Err(wrong(name, "is empty")),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Bool(_)) => Err(wrong(name, "is a boolean, not a string")),
        Some(_) => Err(wrong(name, "is a number, not a string")),
    }
}

/// RFC 3339 and nothing that other ISO 8601 readers would also take.
fn rfc3339(text: &str) -> Option<Timestamp> {
    let text = text.to_ascii_uppercase();
    let bytes = text.as_bytes();
    let shape = |pattern: &[u8], bytes: &[u8]| {
        pattern.len() == bytes.len()
            && pattern.iter().zip(bytes).all(|(p, b)| if *p == b'0' { b.is_ascii_digit() } else { p == b })
    };
    let (date, rest) = bytes.split_at_checked(19)?;
    if !shape(b"0000-00-00T00:00:00", date) {
        return None;
    }
    let zone_at = rest.iter().position(|b| matches!(b, b'Z' | b'+' | b'-'))?;
    let (fraction, zone) = rest.split_at(zone_at);
    let fraction = match fraction {
        [] => fraction,
        [b'.', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
            &fraction[..fraction.len().min(10)]
        }
        _ => return None,
    };
    let offset = shape(b"Z", zone) || shape(b"+00:00", zone) || shape(b"-00:00", zone);
    if !offset || (zone.len() == 6 && (&zone[1..3] > b"23".as_slice() || &zone[4..6] > b"59".as_slice())) {
        return None;
    }
    // Beyond nanoseconds there is nothing to keep; the rest of the digits is cut.
    let exact = [date, fraction, zone].concat();
    std::str::from_utf8(&exact).ok()?.parse().ok()
}

fn text_of(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

fn wrong(field: &str, problem: impl Into<String>) -> FieldError {
    FieldError { field: field.to_owned(), problem: problem.into() }
}

fn shown(text: &str) -> String {
    sanitise(text).chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::community::{Received, fingerprint};
    use axum::http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    const MINIMAL: [(&str, &str); 4] =
        [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t")];

    fn binary(more: &[(&str, &str)], body: &[u8]) -> Result<CloudEvent, Wrong> {
        let mut pairs = MINIMAL.to_vec();
        pairs.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        pairs.extend_from_slice(more);
        read(Mode::Binary, &headers(&pairs), body).map(|mut events| events.remove(0))
    }

    #[test]
    fn the_batch_type_is_not_taken_for_the_structured_one() {
        for (kind, wanted) in [
            ("application/cloudevents+json", Some(Mode::Structured)),
            ("Application/CloudEvents+JSON; charset=utf-8", Some(Mode::Structured)),
            ("application/cloudevents-batch+json", Some(Mode::Batch)),
            ("application/cloudevents-batch+json;charset=\"UTF-8\"", Some(Mode::Batch)),
            ("application/cloudevents+json; charset=utf-16", None),
            ("application/cloudevents+xml", None),
            ("application/cloudevents", None),
            ("application/json", None),
            ("nonsense", None),
        ] {
            assert_eq!(mode(&headers(&[("content-type", kind)])).ok(), wanted, "{kind}");
        }
        assert_eq!(mode(&headers(&[("content-type", "image/png"), ("ce-id", "1")])), Ok(Mode::Binary));
        assert!(mode(&headers(&[])).is_err());
    }

    #[test]
    fn header_values_are_unquoted_and_percent_decoded_once() {
        for (raw, wanted) in [
            ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
            ("%2541", "%41"),
            ("\"a \\\"b\\\" c\"", "a \"b\" c"),
            ("plain text", "plain text"),
            ("müsli", "müsli"),
        ] {
            assert_eq!(binary(&[("ce-subject", raw)], b"").unwrap().subject.as_deref(), Some(wanted));
        }
        for bad in ["%", "%4", "%zz", "50% off", "%C3%28", "%ff", "%1b[31m", "%00"] {
            let error = binary(&[("ce-subject", bad)], b"").unwrap_err().error;
            assert_eq!(error.field, "subject", "{bad}");
        }
    }

    #[test]
    fn times_are_rfc_3339_and_only_that() {
        for good in [
            "2026-11-22T06:00:00Z",
            "2026-11-22t06:00:00.123456789012z",
            "2026-11-22T06:00:00.5+05:30",
            "1985-04-12T23:20:50.52-00:00",
        ] {
            assert!(rfc3339(good).is_some(), "{good}");
        }
        for bad in [
            "2026-11-22",
            "2026-11-22 06:00:00Z",
            "2026-11-22T06:00Z",
            "2026-11-22T06:00:00",
            "2026-02-30T06:00:00Z",
            "2026-11-22T25:00:00Z",
            "2026-11-22T06:00:00+01",
            "2026-11-22T06:00:00+24:00",
            "2026-11-22T06:00:00.Z",
            "2026-11-22T06:00:00Z[UTC]",
            "20261122T060000Z",
            "now",
        ] {
            assert!(rfc3339(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn data_is_the_same_in_every_mode() {
        let cases: [(&str, &[u8], Value); 6] = [
            ("application/json", br#"{"b":1,"a":[1.0]}"#, json!({"data": {"a": [1], "b": 1}})),
            ("application/json", b"\"text\"", json!({"data": "text"})),
            ("text/plain", b"123", json!({"data": "123", "datacontenttype": "text/plain"})),
            (
                "application/octet-stream",
                &[0xff, 0],
                json!({"data_base64": "/wA=", "datacontenttype": "application/octet-stream"}),
            ),
            ("application/vnd.x+json", b"{}", json!({"data_base64": "e30=", "datacontenttype": "a/b+json"})),
            ("application/json", b"", json!({"data": null})),
        ];
        for (label, body, more) in cases {
            let one = binary(&[("content-type", label), ("ce-sequence", "7")], body).unwrap();
            let mut members =
                json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "sequence": 7});
            for (name, value) in more.as_object().unwrap() {
                members[name] = value.clone();
            }
            let two = read(Mode::Structured, &HeaderMap::new(), members.to_string().as_bytes()).unwrap();
            let list = json!([members]).to_string();
            let three = read(Mode::Batch, &HeaderMap::new(), list.as_bytes()).unwrap();
            assert_eq!(fingerprint(&one), fingerprint(&two[0]), "{label}: {one:?} {two:?}");
            assert_eq!(fingerprint(&one), fingerprint(&three[0]), "{label}");
        }
    }

    #[test]
    fn an_empty_batch_is_a_batch() {
        assert_eq!(read(Mode::Batch, &HeaderMap::new(), b" [ ] "), Ok(vec![]));
    }

    proptest! {
        #[test]
        fn no_body_makes_the_parser_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            for mode in [Mode::Binary, Mode::Structured, Mode::Batch] {
                let _ = read(mode, &headers(&MINIMAL), &body);
            }
        }

        #[test]
        fn no_header_makes_the_parser_panic(
            name in "ce-[a-z0-9-]{0,12}|content-type",
            value in proptest::collection::vec(0x20u8..=0xff, 0..40).prop_map(|mut v| { v.retain(|b| *b != 0x7f); v }),
            body in ".{0,40}",
        ) {
            let mut map = headers(&MINIMAL);
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(&value)) {
                map.insert(name, value);
            }
            if let Ok(mode) = mode(&map)
                && let Ok(events) = read(mode, &map, body.as_bytes())
            {
                for event in events {
                    prop_assert!(!event.id.is_empty() && !event.kind.is_empty());
                    prop_assert_eq!(fingerprint(&event).len(), 64);
                }
            }
        }

        #[test]
        fn nearly_right_json_never_makes_the_parser_panic(
            text in r#"\{("(id|source|type|time|data|data_base64|specversion|dataschema)":("1\.0"|"[ -~]{0,12}"|[0-9]{1,11}|null|true|\[\]|\{\}),?){0,8}\}"#
        ) {
            let _ = Received::read(Mode::Structured, &HeaderMap::new(), text.as_bytes());
            let batch = format!("[{text}]");
            if let Err(refused) = Received::read(Mode::Batch, &HeaderMap::new(), batch.as_bytes()) {
                let _ = refused.problem();
            }
        }

        #[test]
        fn times_and_uris_never_make_the_parser_panic(text in ".{0,40}|[0-9TZ:.+-]{0,40}|[a-z:/@\\[\\]#?%0-9]{0,30}") {
            let _ = rfc3339(&text);
            let _ = uri::reference(&text);
        }
    }
}
