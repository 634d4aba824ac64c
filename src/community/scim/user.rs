//! One user as SCIM writes it (RFC 7643): what it says of a contact, and the operations of a PATCH
//! (RFC 7644 §3.5.2) that give it other values and leave everything else as it is.

use super::{Abilities, PREFERENCES};
use crate::core::contact::{Category, ContactField};
use crate::core::event::FieldError;
use crate::core::phone::plain_number;
use crate::core::sync::{Said, Stated, bare_version, reading};
use crate::core::text::Untrusted;
use serde_json::{Map, Value, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A contact as the server has it.
#[derive(Clone, Debug)]
pub struct Resource {
    pub said: Said,
    /// For `If-Match`: the `ETag` of the answer, and `meta.version`; proxies may have rewritten one.
    pub(super) tags: Vec<String>,
    pub(super) raw: Map<String, Value>,
}

impl Resource {
    pub(super) fn is_of(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| bare_version(own) == bare_version(tag))
    }

    /// Another version is tried for the same contents.
    pub fn has_other_tag(&self, attempt: usize) -> bool {
        attempt < self.tags.len()
    }
}

/// The core attributes that hold a field; none: it is one of the preferences.
pub(super) fn attributes(field: &ContactField) -> &'static [&'static str] {
    match field {
        ContactField::Name(_) => &["displayName", "name"],
        ContactField::Active(_) => &["active"],
        ContactField::Emails(_) => &["emails"],
        ContactField::Phones(_) => &["phoneNumbers"],
        ContactField::Locale(_) => &["locale", "preferredLanguage"],
        ContactField::TimeZone(_) => &["timezone"],
        ContactField::Roles(_) => &["roles"],
        ContactField::Channels(_)
        | ContactField::QuietHours(_)
        | ContactField::OptedOut(_)
        | ContactField::Notes(_) => &[],
    }
}

/// Reads a user; `None` if it has no id.
pub(super) fn read(raw: Map<String, Value>, etag: Option<String>, abilities: &Abilities) -> Option<Resource> {
    let text = |object: &Map<String, Value>, name: &str| {
        let text = reading::member(object, name).and_then(Value::as_str).map(str::trim);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let id = text(&raw, "id")?;
    let meta = reading::member(&raw, "meta").and_then(Value::as_object);
    let version = meta.and_then(|meta| text(meta, "version"));
    let mut notes = Vec::new();
    let mut fields = Vec::new();
    let present = |name: &str| reading::member(&raw, name).filter(|value| !value.is_null());
    if let Some(name) = display_name(&raw) {
        fields.push(ContactField::Name(name.into()));
    }
    if let Some(active) = present("active") {
        fields.extend(reading::boolean(active, "active", &mut notes).map(ContactField::Active));
    }
    // An attribute without a value is left out by the server (RFC 7643 §2.5).
    let empty = json!([]);
    if abilities.has_any(&["emails"]) {
        let emails = present("emails").unwrap_or(&empty);
        fields.extend(reading::addresses(emails, "emails", &mut notes).map(ContactField::Emails));
    }
    if abilities.has_any(&["phoneNumbers"]) {
        let phones = present("phoneNumbers").unwrap_or(&empty);
        fields.extend(reading::addresses(phones, "phoneNumbers", &mut notes).map(ContactField::Phones));
    }
    if abilities.has_any(&["locale", "preferredLanguage"]) {
        let locale = text(&raw, "locale").or_else(|| text(&raw, "preferredLanguage"));
        fields.push(ContactField::Locale(locale.map(Untrusted::from)));
    }
    if abilities.has_any(&["timezone"]) {
        match present("timezone") {
            Some(zone) => fields.extend(reading::time_zone(zone, "timezone", &mut notes)),
            None => fields.push(ContactField::TimeZone(None)),
        }
    }
    if abilities.has_any(&["roles"]) {
        let roles = present("roles").unwrap_or(&empty);
        fields.extend(reading::texts(roles, "roles", &mut notes).map(ContactField::Roles));
    }
    preferences(&raw, abilities, &mut fields, &mut notes);
    let enterprise = present(ENTERPRISE).and_then(Value::as_object);
    let mut tags: Vec<String> = etag.into_iter().collect();
    if let Some(version) = &version {
        let quoted = quoted(version);
        if !tags.contains(&quoted) {
            tags.push(quoted);
        }
    }
    let said = Said {
        id: id.as_str().into(),
        community_id: Some(id.into()),
        external_id: text(&raw, "externalId").map(Untrusted::from),
        version: version.or_else(|| tags.first().cloned()).map(Untrusted::from),
        told_at: None,
        whole: true,
        stated: Stated {
            partner_id: enterprise.and_then(|e| text(e, "organization")).map(Untrusted::from),
            fields,
        },
        unreadable: notes,
    };
    Some(Resource { said, tags, raw })
}

fn preferences(
    raw: &Map<String, Value>,
    abilities: &Abilities,
    fields: &mut Vec<ContactField>,
    notes: &mut Vec<FieldError>,
) {
    let nothing = Map::new();
    let object = match (reading::member(raw, PREFERENCES).and_then(Value::as_object), abilities.preferences) {
        (Some(object), _) => object,
        // It knows them and has none for this contact.
        (None, Some(true)) => &nothing,
        (None, _) => return,
    };
    let present = |name: &str| reading::member(object, name).filter(|value| !value.is_null());
    let path = |name: &str| format!("{PREFERENCES}:{name}");
    let nothing = json!({});
    let channels = present("channels").unwrap_or(&nothing);
    fields.extend(reading::channels(channels, &path("channels"), notes).map(ContactField::Channels));
    let hours = present("quietHours").unwrap_or(&nothing);
    fields.extend(reading::quiet_hours(hours, &path("quietHours"), notes).map(ContactField::QuietHours));
    let empty = json!([]);
    let out = reading::media(present("optedOut").unwrap_or(&empty), &path("optedOut"), notes);
    fields.extend(out.map(|media| ContactField::OptedOut(media.into_iter().collect())));
}

fn display_name(raw: &Map<String, Value>) -> Option<String> {
    let text = |object: &Map<String, Value>, name: &str| {
        let text = reading::member(object, name).and_then(Value::as_str).map(str::trim);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let name = reading::member(raw, "name").and_then(Value::as_object);
    text(raw, "displayName")
        .or_else(|| name.and_then(|name| text(name, "formatted")))
        .or_else(|| {
            let name = name?;
            let both = [text(name, "givenName"), text(name, "familyName")];
            let both: Vec<String> = both.into_iter().flatten().collect();
            (!both.is_empty()).then(|| both.join(" "))
        })
        .or_else(|| text(raw, "userName"))
}

/// One operation of a PATCH (RFC 7644 §3.5.2).
pub(super) struct Operation {
    op: &'static str,
    /// Above it, the URN of an extension.
    extension: Option<&'static str>,
    attribute: &'static str,
    value: Value,
}

pub(super) fn operation(raw: &Map<String, Value>, field: &ContactField) -> Option<Operation> {
    let has = |name: &str| reading::member(raw, name).is_some_and(|value| !value.is_null());
    let core = |attribute, value: Value| {
        let blank = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        let op = if blank { "remove" } else { "replace" };
        Operation { op, extension: None, attribute, value }
    };
    let own = |attribute, value: Value| {
        let op = if value.is_null() { "remove" } else { "replace" };
        Operation { op, extension: Some(PREFERENCES), attribute, value }
    };
    let old = reading::member(raw, PREFERENCES).and_then(Value::as_object);
    let old = |name: &str| old.and_then(|old| reading::member(old, name));
    Some(match field {
        ContactField::Name(name) if has("displayName") || !has("name") => {
            core("displayName", name.raw().into())
        }
        ContactField::Name(name) => core("name.formatted", name.raw().into()),
        ContactField::Active(active) => core("active", (*active).into()),
        ContactField::Emails(all) => {
            let all: Vec<&str> = all.iter().map(|mailbox| mailbox.as_str()).collect();
            core("emails", listed(raw, "emails", &all, Some("work")))
        }
        ContactField::Phones(all) => {
            let all: Vec<&str> = all.iter().map(|phone| phone.as_str()).collect();
            core("phoneNumbers", listed(raw, "phoneNumbers", &all, Some("mobile")))
        }
        ContactField::Roles(all) => {
            let all: Vec<&str> = all.iter().map(Untrusted::raw).collect();
            core("roles", listed(raw, "roles", &all, None))
        }
        ContactField::Locale(locale) => {
            let attribute =
                if has("preferredLanguage") && !has("locale") { "preferredLanguage" } else { "locale" };
            core(attribute, locale.as_ref().map(Untrusted::raw).into())
        }
        ContactField::TimeZone(zone) => core("timezone", zone.as_ref().map(Untrusted::raw).into()),
        ContactField::Channels(channels) => {
            let mut all = old("channels").and_then(Value::as_object).cloned().unwrap_or_default();
            let spelled = |category: Category, all: &Map<String, Value>| {
                let known = all.keys().find(|name| reading::category(name) == Some(category));
                known.cloned().unwrap_or_else(|| category.as_str().to_owned())
            };
            for category in Category::ALL {
                let name = spelled(category, &all);
                match channels.get(&category) {
                    Some(media) => {
                        let media: Vec<&str> = media.iter().map(|medium| medium.as_str()).collect();
                        all.insert(name, json!(media));
                    }
                    None => {
                        all.remove(&name);
                    }
                }
            }
            own("channels", if all.is_empty() { Value::Null } else { Value::Object(all) })
        }
        ContactField::QuietHours(hours) => own(
            "quietHours",
            match hours {
                None => Value::Null,
                Some(hours) if old("quietHours").is_some_and(Value::is_string) => hours.to_string().into(),
                Some(hours) => json!(hours),
            },
        ),
        ContactField::OptedOut(media) => {
            let known =
                old("optedOut").map(|old| reading::media(old, "", &mut Vec::new()).unwrap_or_default());
            let known = known.unwrap_or_default();
            let more: Vec<&str> =
                media.iter().filter(|medium| !known.contains(medium)).map(|medium| medium.as_str()).collect();
            // Added to, never replaced: there may be opt-outs of channels that are not ours.
            Operation { op: "add", extension: Some(PREFERENCES), attribute: "optedOut", value: json!(more) }
        }
        ContactField::Notes(_) => return None,
    })
}

/// A multi-valued attribute with these values: what the server has beside a value stays with it.
fn listed(raw: &Map<String, Value>, attribute: &str, wanted: &[&str], kind: Option<&str>) -> Value {
    let nothing = json!([]);
    let old = reading::member(raw, attribute).unwrap_or(&nothing);
    let old = reading::values(old, attribute, &mut Vec::new()).unwrap_or_default();
    let same = |text: &str, wanted: &str| {
        let plain: String =
            plain_number(text).chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
        text == wanted || plain == wanted
    };
    let items = wanted.iter().enumerate().map(|(i, wanted)| {
        let known = old.iter().find(|(text, _)| same(text, wanted)).and_then(|(_, item)| item.as_object());
        let mut item = known.cloned().unwrap_or_else(|| {
            let mut item = Map::new();
            item.insert("value".to_owned(), (*wanted).into());
            item.extend(kind.map(|kind| ("type".to_owned(), kind.into())));
            item
        });
        item.retain(|name, _| !name.eq_ignore_ascii_case("primary"));
        if i == 0 {
            item.insert("primary".to_owned(), true.into());
        }
        Value::Object(item)
    });
    Value::Array(items.collect())
}

pub(super) fn paths(operations: &[Operation]) -> Value {
    let one = |operation: &Operation| {
        let path = match operation.extension {
            Some(extension) => format!("{extension}:{}", operation.attribute),
            None => operation.attribute.to_owned(),
        };
        match operation.op {
            "remove" => json!({ "op": "remove", "path": path }),
            op => json!({ "op": op, "path": path, "value": operation.value }),
        }
    };
    operations.iter().map(one).collect()
}

/// The same without paths: the values as members of the resource.
pub(super) fn whole(operations: &[Operation]) -> Value {
    let one = |operation: &Operation| {
        let (op, value) = match operation.op {
            "remove" => ("replace", Value::Null),
            op => (op, operation.value.clone()),
        };
        let mut inner = value;
        for name in operation.attribute.rsplit('.') {
            inner = json!({ name: inner });
        }
        if let Some(extension) = operation.extension {
            inner = json!({ extension: inner });
        }
        json!({ "op": op, "value": inner })
    };
    operations.iter().map(one).collect()
}

/// `meta.version` as an entity tag; some servers write it without quotes.
fn quoted(version: &str) -> String {
    let version = version.trim();
    if version.starts_with('"') || version.starts_with("W/") {
        version.to_owned()
    } else {
        format!("\"{version}\"")
    }
}
