//! Values of contact fields as JSON from outside carries them, read leniently: what cannot be used
//! is left out and named, the rest is taken.

use super::{Stated, blank};
use crate::core::contact::{Category, Contact, ContactField, Medium, QuietHours};
use crate::core::event::FieldError;
use crate::core::text::{Untrusted, sanitise};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// Reads the fields of a contact as our own events and API spell them; `path` leads to the object.
/// Absent and null both say nothing.
pub fn contact(object: &Map<String, Value>, path: &str, notes: &mut Vec<FieldError>) -> Stated {
    let present = |name: &str| object.get(name).filter(|value| !value.is_null());
    let mut fields = Vec::new();
    let mut read = |name: &str, field: fn(&Value, &str, &mut Vec<FieldError>) -> Option<ContactField>| {
        if let Some(value) = present(name) {
            fields.extend(field(value, &format!("{path}.{name}"), notes));
        }
    };
    read("name", |v, p, n| text(v, p, n).filter(|name| !name.is_empty()).map(ContactField::Name));
    read("active", |v, p, n| boolean(v, p, n).map(ContactField::Active));
    read("emails", |v, p, n| addresses(v, p, n).map(ContactField::Emails));
    read("phones", |v, p, n| addresses(v, p, n).map(ContactField::Phones));
    read("locale", |v, p, n| text(v, p, n).map(|text| ContactField::Locale(said(text))));
    read("time_zone", time_zone);
    read("roles", |v, p, n| texts(v, p, n).map(ContactField::Roles));
    read("channels", |v, p, n| channels(v, p, n).map(ContactField::Channels));
    read("quiet_hours", |v, p, n| quiet_hours(v, p, n).map(ContactField::QuietHours));
    read("opted_out", |v, p, n| {
        media(v, p, n).map(|media| ContactField::OptedOut(media.into_iter().collect()))
    });
    let partner_id =
        present("partner_id").and_then(|value| text(value, &format!("{path}.partner_id"), notes));
    Stated { partner_id: partner_id.filter(|id| !id.is_empty()), fields }
}

/// A field of a name `contacts set` knows, without a value.
pub fn blank_of(contact: &Contact, name: &str) -> Option<ContactField> {
    super::synced_fields(contact).iter().find(|field| field.name() == name).map(blank)
}

pub fn wrong(path: &str, problem: impl Into<String>, notes: &mut Vec<FieldError>) {
    notes.push(FieldError { field: path.to_owned(), problem: problem.into() });
}

pub fn said(text: Untrusted) -> Option<Untrusted> {
    (!text.is_empty()).then_some(text)
}

pub fn text(value: &Value, path: &str, notes: &mut Vec<FieldError>) -> Option<Untrusted> {
    match value {
        Value::String(text) => Some(text.trim().into()),
        _ => {
            wrong(path, "is not a string", notes);
            None
        }
    }
}

pub fn boolean(value: &Value, path: &str, notes: &mut Vec<FieldError>) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        // Some directories spell booleans as text.
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => {
            wrong(path, "is neither true nor false", notes);
            None
        }
    }
}

pub fn time_zone(value: &Value, path: &str, notes: &mut Vec<FieldError>) -> Option<ContactField> {
    let zone = said(text(value, path, notes)?);
    if let Some(zone) = &zone
        && jiff::tz::TimeZone::get(zone.raw()).is_err()
    {
        wrong(path, format!("{:?} is not a time zone such as Europe/Berlin", sanitise(zone.raw())), notes);
        return None;
    }
    Some(ContactField::TimeZone(zone))
}

/// The values of a list: of plain ones, or of objects with a `value` as SCIM has them (RFC 7643
/// §2.4), the one marked `primary` first.
pub fn values<'v>(
    value: &'v Value,
    path: &str,
    notes: &mut Vec<FieldError>,
) -> Option<Vec<(String, &'v Value)>> {
    let Value::Array(items) = value else {
        wrong(path, "is not a list", notes);
        return None;
    };
    let mut found: Vec<(bool, String, &Value)> = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let inner = item.as_object().and_then(|object| member(object, "value"));
        match inner.unwrap_or(item) {
            Value::String(text) if !text.trim().is_empty() => {
                let primary = item.as_object().and_then(|object| member(object, "primary"));
                found.push((primary == Some(&Value::Bool(true)), text.trim().to_owned(), item));
            }
            Value::String(_) => {}
            _ => wrong(&format!("{path}[{i}]"), "is not a string", notes),
        }
    }
    found.sort_by_key(|(primary, ..)| !primary);
    Some(found.into_iter().map(|(_, text, item)| (text, item)).collect())
}

/// Addresses that can be used, each once. A list of which nothing can be used says nothing: a desk
/// that can reach somebody should not lose that to a slip of the pen.
pub fn addresses<T>(value: &Value, path: &str, notes: &mut Vec<FieldError>) -> Option<Vec<T>>
where
    T: FromStr<Err: Display> + PartialEq,
{
    let given = values(value, path, notes)?;
    let mut good: Vec<T> = Vec::new();
    for (text, _) in &given {
        match text.parse() {
            Ok(address) if good.contains(&address) => {}
            Ok(address) => good.push(address),
            Err(why) => wrong(path, why.to_string(), notes),
        }
    }
    let nothing_left = good.is_empty() && value.as_array().is_some_and(|items| !items.is_empty());
    (!nothing_left).then_some(good)
}

pub fn texts(value: &Value, path: &str, notes: &mut Vec<FieldError>) -> Option<Vec<Untrusted>> {
    let mut found: Vec<Untrusted> = Vec::new();
    for (text, _) in values(value, path, notes)? {
        if !found.iter().any(|known| known.raw() == text) {
            found.push(text.into());
        }
    }
    Some(found)
}

pub fn media(value: &Value, path: &str, notes: &mut Vec<FieldError>) -> Option<Vec<Medium>> {
    let mut found = Vec::new();
    for (text, _) in values(value, path, notes)? {
        match Medium::ALL.into_iter().find(|medium| medium.as_str().eq_ignore_ascii_case(&text)) {
            Some(medium) if found.contains(&medium) => {}
            Some(medium) => found.push(medium),
            None => wrong(path, format!("{:?} is neither sms nor email", sanitise(&text)), notes),
        }
    }
    Some(found)
}

/// `{"urgent": ["sms", "email"], …}`; the categories also as `caseUpdates`.
pub fn channels(
    value: &Value,
    path: &str,
    notes: &mut Vec<FieldError>,
) -> Option<BTreeMap<Category, Vec<Medium>>> {
    let Value::Object(object) = value else {
        wrong(path, "is not an object of categories", notes);
        return None;
    };
    let mut found = BTreeMap::new();
    for (name, value) in object {
        let path = format!("{path}.{name}");
        let Some(category) = category(name) else {
            wrong(&path, "is no category that the desk knows", notes);
            continue;
        };
        if let Some(media) = media(value, &path, notes)
            && !media.is_empty()
        {
            found.insert(category, media);
        }
    }
    Some(found)
}

/// `urgent`, `case_updates` or `caseUpdates` …
pub fn category(name: &str) -> Option<Category> {
    let plain = |word: &str| word.replace('_', "").to_ascii_lowercase();
    Category::ALL.into_iter().find(|category| plain(category.as_str()) == plain(name))
}

/// `{"from": "22:00", "to": "07:00"}` or `"22:00-07:00"`; an empty text: none.
pub fn quiet_hours(value: &Value, path: &str, notes: &mut Vec<FieldError>) -> Option<Option<QuietHours>> {
    let read = match value {
        Value::String(text) if text.trim().is_empty() => return Some(None),
        Value::Object(object) if object.is_empty() => return Some(None),
        Value::String(text) => text.parse().map_err(|_| ()),
        object => serde_json::from_value(object.clone()).map_err(|_| ()),
    };
    if read.is_err() {
        wrong(path, "is not like 22:00-07:00 or {\"from\": \"22:00\", \"to\": \"07:00\"}", notes);
    }
    read.ok().map(Some)
}

/// A member by its name, whose case does not matter (RFC 7643 §2.1).
pub fn member<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object
        .get(name)
        .or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}
