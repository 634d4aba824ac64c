//! From any other JSON to native events, by expressions of the configuration.
//!
//! Expressions are minijinja's, over `body`, `headers`, and with `each` also `item` and `index`.
//! What they make passes the same strict reading as every event ([`event::native`]), so a mapping
//! that is wrong is refused with the field and the expression it comes from, and an optional field
//! whose expression fails is left out and named, never losing the event.

use crate::core::event::{self, CloudEvent, FieldError, Native};
use crate::core::expression::{cannot_be_evaluated, environment, evaluate, quoted, shown};
use crate::core::text::sanitise;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::value::{Serde, Value as Jinja, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Expression, UndefinedBehavior};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// How many events one payload may become.
pub const MAX_EVENTS: usize = 5_000;

/// How a source's payloads become events.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The source's configured name.
    feed: String,
    entries: Vec<Entry>,
    unmapped: Unmapped,
    /// The request headers that expressions see, in lower case.
    headers: Vec<String>,
    /// For conditions and for values with a default: what is missing is just not there.
    lenient: Environment<'static>,
    /// For all other values: working with what is missing is an error, so that no id or title is
    /// made of half of what it should be.
    strict: Environment<'static>,
}

/// One `[[source.map]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name, or `map 2`.
    pub label: String,
    pub when: Option<String>,
    /// A list in the payload; each of its elements becomes an event.
    pub each: Option<String>,
    pub kind: Kind,
    /// What makes the event unique within the source.
    pub id: String,
    pub time: Option<String>,
    pub subject: Option<String>,
    pub data: Tree,
}

/// The type of the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Is(String),
    Expression(String),
}

/// The shape of the native data, with expressions where the values will be.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    Expression(String),
    /// A number or a boolean, as it stands.
    Given(Value),
    Table(BTreeMap<String, Tree>),
    List(Vec<Tree>),
}

/// What becomes of a payload that no entry fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unmapped {
    /// 400, saying what each entry wants.
    #[default]
    Refuse,
    /// Kept whole as an event of the type `{source}.unmapped`.
    Keep,
}

/// What a payload became.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// The entry that fitted.
    pub entry: Option<String>,
    pub events: Vec<Made>,
}

/// One event, already read strictly.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    pub event: CloudEvent,
    pub native: Native,
    /// Optional fields that are left out, each with why and from which expression.
    pub unreadable: Vec<FieldError>,
}

/// Why a payload did not become events.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{field} {problem}", place(entry.as_deref(), *item))]
pub struct MappingError {
    /// The entry that was used.
    pub entry: Option<String>,
    /// The element of `each`, from 0.
    pub item: Option<usize>,
    /// `when`, `each`, `id`, `data.exception.title`, or `body` where no entry fits.
    pub field: String,
    /// The expression that failed or that made the wrong value.
    pub expression: Option<String>,
    /// Follows the field as the rest of a sentence, the expression included.
    pub problem: String,
}

fn place(entry: Option<&str>, item: Option<usize>) -> String {
    match (entry, item) {
        (Some(entry), Some(item)) => format!("{}, item {item}: ", sanitise(entry)),
        (Some(entry), None) => format!("{}: ", sanitise(entry)),
        (None, _) => String::new(),
    }
}

/// What the values of one event are made from.
struct Scope<'m> {
    mapping: &'m Mapping,
    entry: &'m Entry,
    item: Option<usize>,
    /// The entry's expressions, compiled once for all of its items.
    compiled: &'m BTreeMap<&'m str, Expression<'m, 'm>>,
    context: Jinja,
}

/// Why a leaf has no value.
enum NoValue {
    /// Something it uses is not in the payload.
    Missing(String),
    Failed(String),
}

impl Mapping {
    /// `zone` is that of times which carry none.
    pub fn new(
        feed: &str,
        entries: Vec<Entry>,
        unmapped: Unmapped,
        headers: Vec<String>,
        zone: TimeZone,
    ) -> Self {
        Self {
            feed: feed.to_owned(),
            entries,
            unmapped,
            headers,
            lenient: environment(UndefinedBehavior::Chainable, zone.clone()),
            strict: environment(UndefinedBehavior::SemiStrict, zone),
        }
    }

    /// The request headers that expressions may see, in lower case.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// The events a payload stands for: by the first entry that fits, all of them or none.
    pub fn map(&self, body: &Value, headers: &BTreeMap<String, String>) -> Result<Mapped, MappingError> {
        let outer =
            BTreeMap::from([("body", Jinja::from(Serde(body))), ("headers", Jinja::from(Serde(headers)))]);
        let mut unfit = Vec::new();
        for entry in &self.entries {
            match self.fits(entry, &outer)? {
                true => {
                    let events = self.events(entry, &outer)?;
                    return Ok(Mapped { entry: Some(entry.label.clone()), events });
                }
                false => unfit.push(format!(
                    "{} wants {}",
                    sanitise(&entry.label),
                    quoted(entry.when.as_deref().unwrap_or_default())
                )),
            }
        }
        match self.unmapped {
            Unmapped::Refuse => Err(MappingError {
                entry: None,
                item: None,
                field: "body".to_owned(),
                expression: None,
                problem: format!(
                    "fits no [[source.map]] of the source {}: {}",
                    sanitise(&self.feed),
                    unfit.join("; ")
                ),
            }),
            Unmapped::Keep => Ok(Mapped { entry: None, events: vec![self.kept(body)] }),
        }
    }

    fn fits(&self, entry: &Entry, outer: &BTreeMap<&'static str, Jinja>) -> Result<bool, MappingError> {
        let Some(when) = &entry.when else { return Ok(true) };
        match evaluate(&self.lenient, when, Jinja::from(outer.clone())) {
            Ok(value) => Ok(value.is_true()),
            Err(why) => Err(entry.wrong(None, "when", Some(when), cannot_be_evaluated(&why))),
        }
    }

    fn events(
        &self,
        entry: &Entry,
        outer: &BTreeMap<&'static str, Jinja>,
    ) -> Result<Vec<Made>, MappingError> {
        let mut compiled = BTreeMap::new();
        for expression in entry.expressions() {
            let environment = if has_default(expression) { &self.lenient } else { &self.strict };
            let ready = environment.compile_expression(expression).map_err(|why| {
                entry.wrong(None, "data", Some(expression), cannot_be_evaluated(&why.to_string()))
            })?;
            compiled.insert(expression, ready);
        }
        let scope = |item, context: BTreeMap<&'static str, Jinja>| Scope {
            mapping: self,
            entry,
            item,
            compiled: &compiled,
            context: Jinja::from(context),
        };
        let Some(each) = &entry.each else {
            return Ok(vec![scope(None, outer.clone()).event()?]);
        };
        let wrong = |problem: String| entry.wrong(None, "each", Some(each), problem);
        let list = evaluate(&self.strict, each, Jinja::from(outer.clone()))
            .map_err(|why| wrong(cannot_be_evaluated(&why)))?;
        if !matches!(list.kind(), ValueKind::Seq | ValueKind::Iterable) {
            return Err(wrong(format!("is {}, not a list", a(list.kind()))));
        }
        let items: Vec<Jinja> = list
            .try_iter()
            .map_err(|why| wrong(cannot_be_evaluated(&why.to_string())))?
            .take(MAX_EVENTS + 1)
            .collect();
        if items.len() > MAX_EVENTS {
            return Err(wrong(format!("has more than {MAX_EVENTS} elements; send the payload in parts")));
        }
        let with = |(index, item): (usize, Jinja)| {
            let mut context = outer.clone();
            context.insert("item", item);
            context.insert("index", Jinja::from(index));
            scope(Some(index), context).event()
        };
        items.into_iter().enumerate().map(with).collect()
    }

    /// A payload that nothing fits, as an event of its own; the same again has the same id.
    fn kept(&self, body: &Value) -> Made {
        let digest = Sha256::digest(body.to_string().as_bytes());
        let event = CloudEvent {
            id: digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect(),
            source: reference(&self.feed),
            kind: format!("{}.unmapped", self.feed),
            time: None,
            subject: None,
            attributes: BTreeMap::new(),
            data: body.clone(),
        };
        Made { event, native: Native::Foreign, unreadable: Vec::new() }
    }
}

impl Entry {
    /// What is evaluated for each event.
    fn expressions(&self) -> Vec<&str> {
        let mut all = vec![self.id.as_str()];
        all.extend(self.time.as_deref());
        all.extend(self.subject.as_deref());
        if let Kind::Expression(kind) = &self.kind {
            all.push(kind);
        }
        self.data.expressions(&mut all);
        all
    }

    fn wrong(
        &self,
        item: Option<usize>,
        field: &str,
        expression: Option<&str>,
        problem: String,
    ) -> MappingError {
        let problem = match expression {
            Some(expression) => format!("{problem} (from {})", quoted(expression)),
            None => problem,
        };
        MappingError {
            entry: Some(self.label.clone()),
            item,
            field: field.to_owned(),
            expression: expression.map(str::to_owned),
            problem,
        }
    }
}

impl Scope<'_> {
    fn event(&self) -> Result<Made, MappingError> {
        let kind = match &self.entry.kind {
            Kind::Is(kind) => kind.clone(),
            Kind::Expression(expression) => self.attribute("type", expression)?,
        };
        let id = self.attribute("id", &self.entry.id)?;
        let mut notes = Vec::new();
        let subject = self.entry.subject.as_ref().and_then(|subject| {
            self.attribute("subject", subject).map_err(|why| notes.push(why.into())).ok()
        });
        let time = self.entry.time.as_ref().and_then(|time| self.time(time, &mut notes));
        let mut failed = BTreeMap::new();
        let data = self.grow(&self.entry.data, "data", &mut failed).unwrap_or(Value::Object(Map::new()));
        let source = reference(&self.mapping.feed);
        let event = CloudEvent { id, source, kind, time, subject, attributes: BTreeMap::new(), data };
        let (native, unreadable) = event::native(&event).map_err(|error| self.refused(error, &failed))?;
        let from = |note: FieldError| match self.entry.data.behind(&note.field) {
            Some(expression) => {
                let problem = format!("{} (from {})", note.problem, quoted(expression));
                FieldError { field: note.field, problem }
            }
            None => note,
        };
        notes.extend(unreadable.into_iter().map(from));
        notes.extend(failed.into_iter().filter_map(|(field, why)| match why {
            NoValue::Missing(_) => None,
            NoValue::Failed(problem) => Some(FieldError { field, problem }),
        }));
        Ok(Made { event, native, unreadable: notes })
    }

    fn wrong(&self, field: &str, expression: &str, problem: String) -> MappingError {
        self.entry.wrong(self.item, field, Some(expression), problem)
    }

    /// A required field that is missing or wrong, with the expression it comes from.
    fn refused(&self, error: FieldError, failed: &BTreeMap<String, NoValue>) -> MappingError {
        if let Some(NoValue::Missing(why) | NoValue::Failed(why)) = failed.get(&error.field) {
            let expression = self.entry.data.behind(&error.field);
            let problem = format!("{}; {why}", error.problem);
            return MappingError {
                expression: expression.map(str::to_owned),
                ..self.entry.wrong(self.item, &error.field, None, problem)
            };
        }
        let expression = self.entry.data.behind(&error.field);
        self.entry.wrong(self.item, &error.field, expression, error.problem)
    }

    /// An attribute of the event: text or a number, that says something.
    fn attribute(&self, name: &str, expression: &str) -> Result<String, MappingError> {
        let value = self
            .value(expression)
            .map_err(|why| self.wrong(name, expression, cannot_be_evaluated(&why.to_string())))?;
        let text = match value.kind() {
            ValueKind::String | ValueKind::Number => value.to_string(),
            ValueKind::Undefined | ValueKind::None => String::new(),
            other => {
                return Err(self.wrong(name, expression, format!("is {}, not a text", a(other))));
            }
        };
        if text.trim().is_empty() {
            return Err(self.wrong(name, expression, "is empty".to_owned()));
        }
        if text.chars().any(char::is_control) {
            return Err(self.wrong(name, expression, "has a character that no attribute has".to_owned()));
        }
        Ok(text)
    }

    fn time(&self, expression: &str, notes: &mut Vec<FieldError>) -> Option<Timestamp> {
        let text = match self.value(expression) {
            Ok(value) if value.is_undefined() || value.is_none() => return None,
            Ok(value) => value.to_string(),
            Err(why) if why.kind() == ErrorKind::UndefinedError => return None,
            Err(why) => {
                notes.push(self.wrong("time", expression, cannot_be_evaluated(&why.to_string())).into());
                return None;
            }
        };
        let parsed = text.parse().ok();
        if parsed.is_none() {
            let problem =
                format!("is {}, not an RFC 3339 time; the filter `time` reads others", shown(&text));
            notes.push(self.wrong("time", expression, problem).into());
        }
        parsed
    }

    /// The data; `None` where there is nothing to say.
    fn grow(&self, tree: &Tree, path: &str, failed: &mut BTreeMap<String, NoValue>) -> Option<Value> {
        match tree {
            Tree::Given(value) => Some(value.clone()),
            Tree::Expression(expression) => {
                let value = match self.value(expression) {
                    Ok(value) if value.is_undefined() || value.is_none() => {
                        let why = format!("{} gives nothing", quoted(expression));
                        failed.insert(path.to_owned(), NoValue::Missing(why));
                        return None;
                    }
                    Ok(value) => serde_json::to_value(&value).map_err(|why| why.to_string()),
                    Err(why) => {
                        let said =
                            format!("{} {}", quoted(expression), cannot_be_evaluated(&why.to_string()));
                        let why = match why.kind() {
                            ErrorKind::UndefinedError => NoValue::Missing(said),
                            _ => NoValue::Failed(said),
                        };
                        failed.insert(path.to_owned(), why);
                        return None;
                    }
                };
                match value {
                    Ok(value) => Some(value),
                    Err(why) => {
                        let why = format!("{} makes no JSON: {}", quoted(expression), sanitise(&why));
                        failed.insert(path.to_owned(), NoValue::Failed(why));
                        None
                    }
                }
            }
            Tree::Table(members) => {
                let mut object = Map::new();
                for (name, tree) in members {
                    if let Some(value) = self.grow(tree, &format!("{path}.{name}"), failed) {
                        object.insert(name.clone(), value);
                    }
                }
                // A table of which nothing is there is not there: no amount instead of an empty one.
                if object.is_empty() && !members.is_empty() { None } else { Some(Value::Object(object)) }
            }
            Tree::List(items) => {
                let grown = items.iter().enumerate();
                let grown = grown.filter_map(|(i, tree)| self.grow(tree, &format!("{path}[{i}]"), failed));
                Some(Value::Array(grown.collect()))
            }
        }
    }

    fn value(&self, expression: &str) -> Result<Jinja, Error> {
        match self.compiled.get(expression) {
            Some(compiled) => compiled.eval(self.context.clone()),
            None => Err(Error::new(ErrorKind::SyntaxError, "it was not compiled")),
        }
    }
}

impl From<MappingError> for FieldError {
    fn from(error: MappingError) -> Self {
        let problem = match error.entry {
            Some(entry) => format!("{}, in {}", error.problem, sanitise(&entry)),
            None => error.problem,
        };
        Self { field: error.field, problem }
    }
}

impl Tree {
    fn expressions<'t>(&'t self, all: &mut Vec<&'t str>) {
        match self {
            Tree::Expression(expression) => all.push(expression),
            Tree::Given(_) => {}
            Tree::Table(members) => members.values().for_each(|tree| tree.expressions(all)),
            Tree::List(items) => items.iter().for_each(|tree| tree.expressions(all)),
        }
    }

    /// The expression that a field such as `data.exception.codes[0].code` comes from: its own, or
    /// that of what holds it.
    fn behind(&self, field: &str) -> Option<&str> {
        let path = field.strip_prefix("data")?;
        let mut tree = self;
        for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
            tree = match tree {
                Tree::Expression(expression) => return Some(expression),
                Tree::Table(members) => members.get(step)?,
                Tree::List(items) => items.get(step.trim_end_matches(']').parse::<usize>().ok()?)?,
                Tree::Given(_) => return None,
            };
        }
        match tree {
            Tree::Expression(expression) => Some(expression),
            _ => None,
        }
    }
}

/// Whether the expression says itself what stands for something missing.
fn has_default(expression: &str) -> bool {
    expression.contains("default(")
}

/// A source's name as the CloudEvents `source` of what it sends: a relative URI reference.
fn reference(feed: &str) -> String {
    let mut reference = "/".to_owned();
    for byte in feed.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                reference.push(char::from(byte));
            }
            _ => reference.push_str(&format!("%{byte:02X}")),
        }
    }
    reference
}

fn a(kind: ValueKind) -> String {
    match kind {
        ValueKind::Undefined | ValueKind::None => "nothing".to_owned(),
        ValueKind::Bool => "a boolean".to_owned(),
        ValueKind::Number => "a number".to_owned(),
        ValueKind::String => "a text".to_owned(),
        ValueKind::Seq | ValueKind::Iterable => "a list".to_owned(),
        ValueKind::Map => "an object".to_owned(),
        other => format!("a {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tree(value: &Value) -> Tree {
        match value {
            Value::String(text) => Tree::Expression(text.clone()),
            Value::Object(members) => {
                Tree::Table(members.iter().map(|(name, value)| (name.clone(), tree(value))).collect())
            }
            Value::Array(items) => Tree::List(items.iter().map(tree).collect()),
            other => Tree::Given(other.clone()),
        }
    }

    fn entry(label: &str, when: Option<&str>, each: Option<&str>) -> Entry {
        let of = if each.is_some() { "item" } else { "body" };
        let field = |name: &str| format!("{of}.{name}");
        Entry {
            label: label.to_owned(),
            when: when.map(str::to_owned),
            each: each.map(str::to_owned),
            kind: Kind::Is("community.exception.raised".to_owned()),
            id: field("no"),
            time: Some(field("at | time")),
            subject: None,
            data: tree(&json!({
                "exception": {
                    "id": field("no | string"),
                    "kind": field("code | lookup({'SD': 'late_shipment'}, 'other')"),
                    "title": format!("'Order ' ~ {of}.order"),
                    "amount": field("total | money('EUR', cents=true)"),
                    "deadline": field("due | time(at='17:00')"),
                    "codes": [{"set": "'214'", "element": "'AT701'", "code": field("code")}],
                },
                "partner": {"id": "body.sender", "name": "body.sender | title"},
                "severity": field("severity | default('high')"),
            })),
        }
    }

    fn mapping(entries: Vec<Entry>, unmapped: Unmapped) -> Mapping {
        Mapping::new("edi box", entries, unmapped, vec![], TimeZone::get("Europe/Berlin").unwrap())
    }

    fn payload() -> Value {
        json!({"sender": "acme", "no": 7, "code": "SD", "order": "4500123", "total": 8_420_000,
            "due": "20261124", "at": "202611222300"})
    }

    fn none() -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    #[test]
    fn a_payload_becomes_a_native_event_that_is_read_strictly() {
        let mapped =
            mapping(vec![entry("a", None, None)], Unmapped::Refuse).map(&payload(), &none()).unwrap();
        let [made] = mapped.events.as_slice() else { panic!("{mapped:?}") };
        let Native::ExceptionRaised { exception, partner, .. } = &made.native else { panic!("{made:?}") };
        assert_eq!((made.event.id.as_str(), made.event.source.as_str()), ("7", "/edi%20box"));
        assert_eq!(made.event.time.unwrap().to_string(), "2026-11-22T22:00:00Z");
        assert_eq!(exception.kind.word(), "late_shipment");
        assert_eq!(exception.title.raw(), "Order 4500123");
        assert_eq!(exception.amount.as_ref().unwrap().cents, 8_420_000);
        assert_eq!(exception.deadline.unwrap().to_string(), "2026-11-24T16:00:00Z");
        assert_eq!(exception.codes[0].code.raw(), "SD");
        assert_eq!(partner.name.raw(), "Acme");
        assert_eq!(made.unreadable, []);
    }

    #[test]
    fn a_wrong_required_field_names_the_expression_it_comes_from() {
        let mapping = mapping(vec![entry("a", None, None)], Unmapped::Refuse);
        for (field, value, wanted) in [
            (
                "severity",
                json!("awful"),
                "a: data.severity is \"awful\"; it must be one of low, medium, high, critical \
                 (from `body.severity | default('high')`)",
            ),
            (
                "sender",
                json!(null),
                "data.partner.id is missing; it must be a string; `body.sender` gives nothing",
            ),
            ("no", json!(null), "a: id is empty (from `body.no`)"),
            ("no", json!([1]), "a: id is a list, not a text (from `body.no`)"),
            ("code", json!({"a": 1}), "a: data.exception.codes"),
        ] {
            let mut payload = payload();
            payload[field] = value;
            match mapping.map(&payload, &none()) {
                Err(error) => assert!(error.to_string().contains(wanted), "{error}"),
                Ok(mapped) => {
                    let notes =
                        mapped.events[0].unreadable.iter().map(|n| n.field.clone()).collect::<String>();
                    assert!(notes.contains("data.exception.codes"), "{field}: {mapped:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_in_the_payload_is_left_out_and_what_fails_is_named_without_losing_the_event() {
        let mapping = mapping(vec![entry("a", None, None)], Unmapped::Refuse);
        let mut payload = payload();
        for absent in ["total", "due", "at"] {
            payload.as_object_mut().unwrap().remove(absent);
        }
        let made = mapping.map(&payload, &none()).unwrap().events.remove(0);
        assert_eq!(made.unreadable, []);
        assert_eq!(made.event.data["exception"].get("amount"), None);
        payload["due"] = json!("soon");
        payload["at"] = json!("later");
        payload["total"] = json!("1.5");
        let made = mapping.map(&payload, &none()).unwrap().events.remove(0);
        let fields: Vec<_> = made.unreadable.iter().map(|note| note.field.as_str()).collect();
        assert_eq!(fields, ["time", "data.exception.amount", "data.exception.deadline"]);
        payload.as_object_mut().unwrap().remove("order");
        let error = mapping.map(&payload, &none()).unwrap_err().to_string();
        assert!(error.starts_with("a: data.exception.title is missing"), "{error}");
        assert!(error.contains("`'Order ' ~ body.order`"), "{error}");
    }

    #[test]
    fn the_first_entry_that_fits_is_used_and_one_that_fits_none_is_refused_or_kept() {
        let entries = || {
            vec![
                entry("deep", Some("body.there.is.no.such == 'x'"), None),
                entry("list", Some("body.lines is defined"), Some("body.lines")),
            ]
        };
        let lines = json!({"sender": "acme", "lines": [payload(), payload()]});
        let mapped = mapping(entries(), Unmapped::Refuse).map(&lines, &none()).unwrap();
        assert_eq!((mapped.entry.as_deref(), mapped.events.len()), (Some("list"), 2));
        let error = mapping(entries(), Unmapped::Refuse).map(&json!({"a": 1}), &none()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "body fits no [[source.map]] of the source edi box: deep wants \
             `body.there.is.no.such == 'x'`; list wants `body.lines is defined`"
        );
        let keep = mapping(entries(), Unmapped::Keep);
        let kept = keep.map(&json!({"a": 1, "b": 2}), &none()).unwrap().events.remove(0);
        assert_eq!((kept.event.kind.as_str(), &kept.native), ("edi box.unmapped", &Native::Foreign));
        let again: Value = serde_json::from_str(r#"{"b": 2, "a": 1}"#).unwrap();
        assert_eq!(keep.map(&again, &none()).unwrap().events[0].event.id, kept.event.id);
        assert_ne!(keep.map(&json!({"a": 2}), &none()).unwrap().events[0].event.id, kept.event.id);
    }

    #[test]
    fn a_list_names_the_item_that_is_wrong_and_is_bounded() {
        let mapping = mapping(vec![entry("list", None, Some("body.lines"))], Unmapped::Refuse);
        let error = mapping.map(&json!({"lines": [{"no": 1}]}), &none()).unwrap_err();
        assert_eq!((error.item, error.field.as_str()), (Some(0), "data.exception.title"));
        let error = mapping.map(&json!({"lines": "x"}), &none()).unwrap_err().to_string();
        assert!(error.contains("each is a text, not a list"), "{error}");
        let error = mapping.map(&json!({"lines": vec![0; MAX_EVENTS + 1]}), &none()).unwrap_err().to_string();
        assert!(error.contains("send the payload in parts"), "{error}");
        assert_eq!(mapping.map(&json!({"lines": []}), &none()).unwrap().events, []);
    }
}
