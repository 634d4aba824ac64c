//! The practice community's contacts over SCIM 2.0 (RFC 7644): listed by index, changed by PATCH with
//! entity tags. Partners look after their own details here, so that something changes on this side too.

use crate::practice::{Haste, locked};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

const RECORDED: &str = include_str!("../../assets/demo/contacts.json");
pub(super) const PREFERENCES: &str = "urn:nightdesk:scim:2.0:Preferences";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What partners do by themselves, one after the other, again and again: who, which attribute, what.
fn habits() -> [(&'static str, &'static str, Value); 6] {
    [
        ("r.ames", "phoneNumbers", json!([{ "value": "+12025550172", "type": "mobile", "primary": true }])),
        ("r.ames", PREFERENCES, json!({ "quietHours": { "from": "22:00", "to": "06:30" } })),
        ("h.byrne", "timezone", json!("Europe/London")),
        ("m.devries", "locale", json!("en-GB")),
        ("r.ames", "phoneNumbers", json!([{ "value": "+12025550171", "type": "mobile", "primary": true }])),
        ("h.byrne", "timezone", json!("Europe/Dublin")),
    ]
}

/// Seconds between two edits of partners.
const EDIT_EVERY: f64 = 75.0;

/// A user with its version.
type Versioned = (u64, Map<String, Value>);

/// Everybody.
pub struct Contacts {
    known: Mutex<BTreeMap<String, Versioned>>,
    /// Those who join with the first word they write.
    newcomers: Mutex<BTreeMap<String, Versioned>>,
}

impl Contacts {
    pub fn recorded() -> io::Result<Arc<Self>> {
        let recorded: Vec<Map<String, Value>> = serde_json::from_str(RECORDED).map_err(io::Error::other)?;
        let (mut known, mut newcomers) = (BTreeMap::new(), BTreeMap::new());
        for mut user in recorded {
            let joins_later = user.remove("newcomer").is_some();
            let version = user.remove("meta").and_then(|meta| meta.get("version")?.as_u64());
            let id = user.get("id").and_then(Value::as_str).map(str::to_owned);
            if let (Some(version), Some(id)) = (version, id) {
                let list = if joins_later { &mut newcomers } else { &mut known };
                list.insert(id, (version, user));
            }
        }
        Ok(Arc::new(Self { known: Mutex::new(known), newcomers: Mutex::new(newcomers) }))
    }

    /// A newcomer is listed from now on.
    pub(super) fn join(&self, id: &str) {
        if let Some(user) = locked(&self.newcomers).remove(id) {
            locked(&self.known).insert(id.to_owned(), user);
        }
    }

    /// Whose mailbox or number it is.
    pub(super) fn whose(&self, address: &str) -> Option<String> {
        let has = |user: &Map<String, Value>, list: &str| {
            let all = user.get(list).and_then(Value::as_array).into_iter().flatten();
            all.filter_map(|entry| entry["value"].as_str()).any(|value| value == address)
        };
        let known = locked(&self.known);
        let mut found =
            known.iter().filter(|(_, (_, user))| has(user, "emails") || has(user, "phoneNumbers"));
        found.next().map(|(id, _)| id.clone())
    }

    /// The data of a `community.contact.changed` about a user as it is now, with the version it tells.
    pub(super) fn notice(&self, id: &str) -> Option<(u64, Value)> {
        let known = locked(&self.known);
        let (version, user) = known.get(id)?;
        let values = |list: &str| {
            let all = user.get(list).and_then(Value::as_array).into_iter().flatten();
            all.map(|entry| entry["value"].clone()).collect::<Vec<Value>>()
        };
        let contact = json!({
            "id": id, "version": version, "partner_id": user.get(ENTERPRISE).map(|of| of["organization"].clone()),
            "name": user.get("displayName"), "active": user.get("active"), "locale": user.get("locale"),
            "emails": values("emails"), "phones": values("phoneNumbers"), "time_zone": user.get("timezone"),
            "opted_out": user.get(PREFERENCES).map(|of| of["optedOut"].clone()).filter(Value::is_array),
        });
        let stated = contact.as_object()?.iter().filter(|(_, value)| !value.is_null());
        let stated: Map<String, Value> = stated.map(|(name, value)| (name.clone(), value.clone())).collect();
        Some((*version, json!({ "contact": stated })))
    }

    /// One user as it is now.
    pub fn user(&self, id: &str) -> Option<Value> {
        locked(&self.known).get(id).map(|(version, user)| shown(*version, user))
    }

    /// A partner writes an attribute anew; of the preferences, only what is given.
    pub fn edit(&self, id: &str, attribute: &str, value: Value) {
        if let Some((version, user)) = locked(&self.known).get_mut(id) {
            *version += 1;
            match (user.get_mut(attribute), value) {
                (Some(Value::Object(old)), Value::Object(new)) => old.extend(new),
                (_, value) => _ = user.insert(attribute.to_owned(), value),
            }
        }
    }
}

/// Answers until it is dropped.
pub async fn serve(listener: TcpListener, contacts: Arc<Contacts>) {
    let router = Router::new()
        .route("/scim/v2/Users", get(list))
        .route("/scim/v2/Users/{id}", get(one).patch(patch))
        .route("/scim/v2/ServiceProviderConfig", get(config))
        .route("/scim/v2/Schemas", get(schemas))
        .with_state(contacts);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::warn!(%error, "the practice community's contacts are away");
    }
}

/// Partners look after their own details.
pub async fn live(contacts: Arc<Contacts>, haste: Haste) {
    for (id, attribute, value) in habits().into_iter().cycle() {
        tokio::time::sleep(haste.of(EDIT_EVERY)).await;
        contacts.edit(id, attribute, value);
    }
}

fn tag(version: u64) -> String {
    format!("W/\"{version}\"")
}

fn shown(version: u64, user: &Map<String, Value>) -> Value {
    let mut user = user.clone();
    let schemas: Vec<&str> = std::iter::once(USER)
        .chain(user.keys().map(String::as_str).filter(|k| k.starts_with("urn:")))
        .collect();
    let schemas = json!(schemas);
    user.insert("schemas".to_owned(), schemas);
    user.insert("meta".to_owned(), json!({ "resourceType": "User", "version": tag(version) }));
    Value::Object(user)
}

fn scim(status: StatusCode, tag: Option<String>, body: &Value) -> Response {
    let mut answer =
        (status, [(header::CONTENT_TYPE, "application/scim+json")], body.to_string()).into_response();
    if let Some(tag) = tag.and_then(|tag| tag.parse().ok()) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    answer
}

fn refused(status: StatusCode, detail: &str) -> Response {
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
    scim(status, None, &json!({ "schemas": schemas, "status": status.as_str(), "detail": detail }))
}

async fn config() -> Response {
    let supported = json!({ "supported": true });
    scim(StatusCode::OK, None, &json!({ "patch": supported, "etag": supported, "filter": supported }))
}

async fn schemas() -> Response {
    let found = json!([{ "id": USER, "attributes": [] }, { "id": PREFERENCES, "attributes": [] }]);
    scim(StatusCode::OK, None, &json!({ "totalResults": 2, "Resources": found }))
}

async fn list(
    State(contacts): State<Arc<Contacts>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let all = locked(&contacts.known);
    let wanted = query.get("filter").and_then(|filter| {
        let (attribute, value) = filter.split_once(" eq ")?;
        Some((attribute.to_owned(), serde_json::from_str::<Value>(value).ok()?))
    });
    let fits = |user: &&Versioned| {
        wanted.as_ref().is_none_or(|(attribute, value)| user.1.get(attribute) == Some(value))
    };
    let found: Vec<Value> = all.values().filter(fits).map(|(version, user)| shown(*version, user)).collect();
    let number = |name: &str, otherwise: usize| {
        query.get(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise).max(1)
    };
    let (start, count) = (number("startIndex", 1), number("count", 100));
    let page: Vec<&Value> = found.iter().skip(start - 1).take(count).collect();
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": found.len(), "startIndex": start, "itemsPerPage": page.len(), "Resources": page,
    });
    scim(StatusCode::OK, None, &body)
}

async fn one(State(contacts): State<Arc<Contacts>>, Path(id): Path<String>) -> Response {
    match locked(&contacts.known).get(&id) {
        Some((version, user)) => scim(StatusCode::OK, Some(tag(*version)), &shown(*version, user)),
        None => refused(StatusCode::NOT_FOUND, "there is no such contact"),
    }
}

async fn patch(
    State(contacts): State<Arc<Contacts>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return refused(StatusCode::BAD_REQUEST, "that is no JSON");
    };
    let mut all = locked(&contacts.known);
    let Some((version, user)) = all.get_mut(&id) else {
        return refused(StatusCode::NOT_FOUND, "there is no such contact");
    };
    let wanted = headers.get(header::IF_MATCH).and_then(|tag| tag.to_str().ok());
    if wanted != Some(tag(*version).as_str()) {
        return refused(StatusCode::PRECONDITION_FAILED, "somebody was first");
    }
    let mut after = user.clone();
    for operation in body["Operations"].as_array().into_iter().flatten() {
        if change(&mut after, operation).is_none() {
            return refused(StatusCode::BAD_REQUEST, "an operation that this community does not know");
        }
    }
    *user = after;
    *version += 1;
    scim(StatusCode::OK, Some(tag(*version)), &shown(*version, user))
}

/// One operation of a PATCH; `None` if it is none of those known here.
fn change(user: &mut Map<String, Value>, operation: &Value) -> Option<()> {
    let (op, path) = (operation["op"].as_str()?.to_lowercase(), operation["path"].as_str()?);
    let (target, attribute) = match path.rsplit_once(':') {
        Some((PREFERENCES, attribute)) => {
            let inner = user.entry(PREFERENCES).or_insert_with(|| json!({}));
            (inner.as_object_mut()?, attribute)
        }
        Some(_) => return None,
        None => (user, path),
    };
    let value = operation["value"].clone();
    match (op.as_str(), value) {
        ("remove", _) => _ = target.remove(attribute),
        ("add", Value::Array(more)) => {
            let list = target.entry(attribute).or_insert_with(|| json!([])).as_array_mut()?;
            list.extend(more);
        }
        ("add" | "replace", value) => _ = target.insert(attribute.to_owned(), value),
        _ => return None,
    }
    Some(())
}
