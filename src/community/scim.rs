//! Contacts of the community, spoken to as a SCIM 2.0 client (RFC 7643, RFC 7644, and the cursors of
//! RFC 9865 where they are offered).
//!
//! Reading is lenient, writing is careful: a PATCH names the version it was made for (`If-Match`),
//! touches only the fields that are meant, keeps whatever else the community has beside them (types
//! and labels of addresses, channels that are not ours), and takes no opt-out away. An answer that
//! does not come proves nothing: [`Patched::Unclear`].

mod user;

pub use user::Resource;

use crate::core::contact::ContactField;
use crate::core::sync::reading;
use crate::core::text::sanitise;
use reqwest::header::{ACCEPT, CONTENT_TYPE, ETAG, HeaderMap, IF_MATCH, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use user::{Operation, attributes, operation, paths, read, whole};

/// Where the preferences of a contact are.
pub const PREFERENCES: &str = "urn:nightdesk:scim:2.0:Preferences";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const SCIM_JSON: &str = "application/scim+json";

/// No answer is larger; a page of a thousand contacts is about a megabyte.
const LARGEST_ANSWER: usize = 32 << 20;
/// How much of somebody else's words is shown.
const MAX_SAID: usize = 240;
/// A pause asked for is honoured up to here.
const MAX_PAUSE: Duration = Duration::from_secs(3600);

#[derive(Clone, Debug)]
pub struct Settings {
    /// Such as `https://community.example.net/scim/v2`.
    pub url: String,
    /// Sent as a bearer token (RFC 6750).
    pub token: Option<SecretString>,
    /// How many contacts are asked for at once.
    pub page: u32,
}

/// The URL is none.
#[derive(Debug, thiserror::Error)]
#[error("scim must be an http or https address, such as https://community.example.net/scim/v2")]
pub struct BadUrl;

/// A client of one community.
pub struct Scim {
    base: Url,
    token: Option<SecretString>,
    client: Client,
    page: u32,
}

/// What a server says it can do. Servers that say nothing are taken to know the core schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Whether it knows our preferences; `None`: it does not say.
    pub preferences: Option<bool>,
    /// The attributes of a user in lower case; `None`: it does not say.
    attributes: Option<BTreeSet<String>>,
    cursor: bool,
    index: bool,
    largest_page: Option<u32>,
}

/// Where a listing stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Index(u64),
    /// Empty: at the beginning.
    Cursor(String),
}

pub struct Page {
    pub found: Vec<Resource>,
    /// Resources without an id or of another shape, each with why.
    pub unreadable: Vec<String>,
    pub next: Option<Place>,
    pub total: Option<u64>,
}

/// Nothing came of a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{said}")]
pub struct Trouble {
    pub said: String,
    /// The pause the server asks for.
    pub after: Option<Duration>,
    /// The status, where there was an answer.
    pub status: Option<u16>,
}

/// What became of a PATCH.
#[derive(Debug)]
pub enum Patched {
    /// Done; the contact as it is after it, where the server says so.
    Taken(Option<Box<Resource>>),
    /// Somebody else was first; look again.
    Changed,
    /// The server will not have it, whenever it is asked.
    Declined(String),
    Gone,
    /// Certainly not done; later perhaps.
    Later(Trouble),
    /// It may or may not be done.
    Unclear(Trouble),
}

impl Scim {
    /// `client` follows no redirect and has a limit on every wait.
    pub fn new(settings: Settings, client: Client) -> Result<Self, BadUrl> {
        let base = Url::parse(settings.url.trim_end_matches('/')).map_err(|_| BadUrl)?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(BadUrl);
        }
        Ok(Self { base, token: settings.token, client, page: settings.page.max(1) })
    }

    /// Asks what the server can do (RFC 7644 §4). One that does not say is no trouble.
    pub async fn abilities(&self) -> Result<Abilities, Trouble> {
        let mut abilities = Abilities { index: true, ..Abilities::default() };
        if let Some(config) = self.told(&["ServiceProviderConfig"]).await?
            && let Some(pagination) = config.get("pagination").and_then(Value::as_object)
        {
            let says = |name: &str| pagination.get(name).and_then(Value::as_bool);
            abilities.cursor = says("cursor").unwrap_or(false);
            abilities.index = says("index").unwrap_or(true);
            let largest = pagination.get("maxPageSize").and_then(Value::as_u64);
            abilities.largest_page = largest.and_then(|largest| u32::try_from(largest).ok());
        }
        let Some(schemas) = self.told(&["Schemas"]).await? else { return Ok(abilities) };
        let listed = match &schemas {
            Value::Object(list) => reading::member(list, "Resources").and_then(Value::as_array),
            other => other.as_array(),
        };
        let Some(listed) = listed.filter(|listed| !listed.is_empty()) else { return Ok(abilities) };
        let id = |schema: &Value| schema.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        abilities.preferences =
            Some(listed.iter().any(|schema| id(schema).eq_ignore_ascii_case(PREFERENCES)));
        let user = listed.iter().find(|schema| id(schema).eq_ignore_ascii_case(USER));
        let attributes = user.and_then(|user| user.get("attributes")).and_then(Value::as_array);
        abilities.attributes = attributes.map(|all| {
            all.iter().filter_map(|a| a.get("name").and_then(Value::as_str)).map(str::to_lowercase).collect()
        });
        abilities.attributes = abilities.attributes.filter(|all: &BTreeSet<String>| !all.is_empty());
        Ok(abilities)
    }

    /// A document that a server may not have.
    async fn told(&self, path: &[&str]) -> Result<Option<Value>, Trouble> {
        let answer = self.send(self.request(Method::GET, self.url(path))).await?;
        match answer.status.as_u16() {
            200..=299 => Ok(serde_json::from_slice(&answer.body).ok()),
            401 | 408 | 425 | 429 | 500 | 502..=504 => Err(answer.trouble()),
            _ => Ok(None),
        }
    }

    /// Where a listing begins.
    pub fn start(&self, abilities: &Abilities) -> Place {
        if abilities.cursor { Place::Cursor(String::new()) } else { Place::Index(1) }
    }

    /// One page of all contacts (RFC 7644 §3.4.2.4, RFC 9865 §2).
    pub async fn page(&self, abilities: &Abilities, place: &Place) -> Result<Page, Trouble> {
        let count = abilities.largest_page.unwrap_or(self.page).clamp(1, self.page);
        let mut url = self.url(&["Users"]);
        {
            let mut query = url.query_pairs_mut();
            match place {
                Place::Index(start) => query.append_pair("startIndex", &start.to_string()),
                Place::Cursor(cursor) if cursor.is_empty() => query.append_key_only("cursor"),
                Place::Cursor(cursor) => query.append_pair("cursor", cursor),
            };
            query.append_pair("count", &count.to_string());
        }
        let answer = self.send(self.request(Method::GET, url)).await?;
        let list = answer.object()?;
        let total = reading::member(&list, "totalResults").and_then(Value::as_u64);
        let resources = reading::member(&list, "Resources").and_then(Value::as_array);
        let resources = resources.map(Vec::as_slice).unwrap_or_default();
        let (mut found, mut unreadable) = (Vec::new(), Vec::new());
        for resource in resources {
            match resource.as_object().ok_or("a resource is no object".to_owned()).and_then(|object| {
                read(object.clone(), None, abilities).ok_or("a resource has no id".to_owned())
            }) {
                Ok(resource) => found.push(resource),
                Err(why) => unreadable.push(why),
            }
        }
        let next = match place {
            Place::Cursor(_) => reading::member(&list, "nextCursor")
                .and_then(Value::as_str)
                .filter(|cursor| !cursor.is_empty())
                .map(|cursor| Place::Cursor(cursor.to_owned())),
            Place::Index(start) => {
                // A server may give fewer than it was asked for.
                let next = start + resources.len() as u64;
                let more = !resources.is_empty() && total.is_some_and(|total| next <= total);
                more.then_some(Place::Index(next))
            }
        };
        Ok(Page { found, unreadable, next, total })
    }

    /// One contact; `None` where the community has none of that id.
    pub async fn get(&self, id: &str, abilities: &Abilities) -> Result<Option<Resource>, Trouble> {
        if matches!(id, "" | "." | "..") {
            return Ok(None);
        }
        let answer = self.send(self.request(Method::GET, self.url(&["Users", id]))).await?;
        if matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::GONE) {
            return Ok(None);
        }
        let object = answer.object()?;
        match read(object, answer.tag(), abilities) {
            Some(resource) => Ok(Some(resource)),
            None => {
                Err(Trouble { said: "the answer is no user: it has no id".into(), after: None, status: None })
            }
        }
    }

    /// The contact that carries this `externalId`; `None` where there is none, or more than one.
    pub async fn find_external(&self, id: &str, abilities: &Abilities) -> Result<Option<Resource>, Trouble> {
        let mut url = self.url(&["Users"]);
        // A JSON string is just what the filter's grammar wants (RFC 7644 §3.4.2.2).
        let filter = format!("externalId eq {}", Value::from(id));
        url.query_pairs_mut().append_pair("filter", &filter);
        let answer = self.send(self.request(Method::GET, url)).await?;
        if matches!(answer.status.as_u16(), 400 | 404 | 501) {
            return Ok(None);
        }
        let list = answer.object()?;
        let resources = reading::member(&list, "Resources").and_then(Value::as_array);
        let mut found = resources
            .into_iter()
            .flatten()
            .filter_map(|resource| read(resource.as_object()?.clone(), None, abilities))
            // A server that does not understand filters may answer with everybody.
            .filter(|resource| resource.said.external_id.as_ref().is_some_and(|found| found.raw() == id));
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(Some(only)),
            _ => Ok(None),
        }
    }

    /// Gives the server these values for a contact it has just shown. `attempt` counts from 0: a
    /// server or proxy that does not know its own tag again is given the other one.
    pub async fn patch(
        &self,
        resource: &Resource,
        values: &[ContactField],
        abilities: &Abilities,
        attempt: usize,
    ) -> Patched {
        let Some(id) = &resource.said.community_id else { return Patched::Gone };
        let operations: Vec<Operation> =
            values.iter().filter_map(|value| operation(&resource.raw, value)).collect();
        let first = self.patch_with(id.raw(), resource, attempt, paths(&operations)).await;
        match first {
            // Some servers know the paths of an extension only as members of the whole.
            Ok(answer) if answer.is_about_a_path() => {
                let again = self.patch_with(id.raw(), resource, attempt, whole(&operations)).await;
                self.judge(again, id.raw(), abilities).await
            }
            first => self.judge(first, id.raw(), abilities).await,
        }
    }

    async fn patch_with(
        &self,
        id: &str,
        resource: &Resource,
        attempt: usize,
        operations: Value,
    ) -> Result<Answer, reqwest::Error> {
        let body = json!({ "schemas": [PATCH_OP], "Operations": operations });
        let mut request = self
            .request(Method::PATCH, self.url(&["Users", id]))
            .header(CONTENT_TYPE, SCIM_JSON)
            .body(body.to_string());
        if !resource.tags.is_empty() {
            request = request.header(IF_MATCH, &resource.tags[attempt % resource.tags.len()]);
        }
        Answer::of(request.send().await?).await
    }

    async fn judge(
        &self,
        answer: Result<Answer, reqwest::Error>,
        id: &str,
        abilities: &Abilities,
    ) -> Patched {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if error.is_connect() || error.is_builder() => {
                return Patched::Later(unanswered(error));
            }
            Err(error) => return Patched::Unclear(unanswered(error)),
        };
        match answer.status.as_u16() {
            200..=299 => {
                let tag = answer.tag();
                let object = serde_json::from_slice::<Map<String, Value>>(&answer.body).ok();
                if let Some(after) = object.and_then(|object| read(object, tag.clone(), abilities)) {
                    return Patched::Taken(Some(Box::new(after)));
                }
                // Only what carries the very version of this change shows what became of it.
                let Some(tag) = tag else { return Patched::Taken(None) };
                let after = self.get(id, abilities).await.ok().flatten();
                Patched::Taken(after.filter(|after| after.is_of(&tag)).map(Box::new))
            }
            404 | 410 => Patched::Gone,
            409 | 412 | 428 => Patched::Changed,
            401 | 403 | 408 | 425 | 429 | 501 | 503 => Patched::Later(answer.trouble()),
            300..=399 => Patched::Later(answer.trouble()),
            400..=499 => Patched::Declined(answer.trouble().said),
            // It may have been done before the server failed.
            _ => Patched::Unclear(answer.trouble()),
        }
    }

    /// What a server said, should it have said our own token back.
    pub fn without_secrets(&self, said: &str) -> String {
        match &self.token {
            Some(token) if !token.expose_secret().is_empty() => said.replace(token.expose_secret(), "…"),
            _ => said.to_owned(),
        }
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let request = self.client.request(method, url).header(ACCEPT, SCIM_JSON);
        match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, Trouble> {
        let response = request.send().await.map_err(unanswered)?;
        Answer::of(response).await.map_err(unanswered)
    }
}

impl Abilities {
    /// Whether the server may keep this field at all.
    pub fn keeps(&self, field: &ContactField) -> bool {
        match attributes(field) {
            [] => self.preferences != Some(false),
            names => self.has_any(names),
        }
    }

    fn has_any(&self, names: &[&str]) -> bool {
        let known = |all: &BTreeSet<String>| names.iter().any(|name| all.contains(&name.to_lowercase()));
        self.attributes.as_ref().is_none_or(known)
    }
}

/// An answer, read whole.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    async fn of(mut response: Response) -> Result<Self, reqwest::Error> {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while body.len() < LARGEST_ANSWER
            && let Some(chunk) = response.chunk().await?
        {
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status, headers, body })
    }

    fn tag(&self) -> Option<String> {
        self.headers.get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned)
    }

    /// A JSON object, of a successful answer.
    fn object(&self) -> Result<Map<String, Value>, Trouble> {
        if !self.status.is_success() {
            return Err(self.trouble());
        }
        serde_json::from_slice(&self.body).map_err(|why| Trouble {
            said: format!("the answer is no JSON object: {}", sanitise(&why.to_string())),
            after: None,
            status: Some(self.status.as_u16()),
        })
    }

    /// RFC 7644 §3.12: `scimType` says which rule was broken.
    fn is_about_a_path(&self) -> bool {
        let error: Option<Value> = serde_json::from_slice(&self.body).ok();
        let kind = error.as_ref().and_then(|error| error.get("scimType")).and_then(Value::as_str);
        self.status == StatusCode::BAD_REQUEST
            && kind.is_some_and(|kind| matches!(kind, "invalidPath" | "noTarget"))
    }

    fn trouble(&self) -> Trouble {
        let error: Option<Value> = serde_json::from_slice(&self.body).ok();
        let detail = error.as_ref().and_then(|error| error.get("detail")).and_then(Value::as_str);
        let text = String::from_utf8_lossy(&self.body[..self.body.len().min(4096)]);
        let said = clip(&format!("{} {}", self.status, detail.unwrap_or(text.trim())));
        Trouble { said, after: self.pause(), status: Some(self.status.as_u16()) }
    }

    /// RFC 9110 §10.2.3, in seconds; a date is rare and means "soon" as well as any default.
    fn pause(&self) -> Option<Duration> {
        let seconds: u64 = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds).min(MAX_PAUSE))
    }
}

fn unanswered(error: reqwest::Error) -> Trouble {
    let what = match () {
        () if error.is_connect() => "no connection",
        () if error.is_timeout() => "no answer in time",
        () => "the connection broke",
    };
    // The address may carry a password.
    let why = error.without_url();
    let cause = std::error::Error::source(&why).map(|cause| format!(": {cause}")).unwrap_or_default();
    Trouble { said: clip(&format!("{what}: {why}{cause}")), after: None, status: None }
}

fn clip(text: &str) -> String {
    let text = sanitise(text);
    match text.char_indices().nth(MAX_SAID) {
        None => text.trim_end().to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
