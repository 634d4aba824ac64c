//! A JSON object that is read field by field, with the path that leads to it.

use super::{Code, FieldError};
use crate::core::money::Money;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use serde_json::Value;

/// A JSON object being read, with the path that leads to it.
pub(super) struct Fields<'a> {
    pub(super) object: &'a serde_json::Map<String, Value>,
    pub(super) path: String,
}

impl<'a> Fields<'a> {
    pub(super) fn of(value: &'a Value, path: String) -> Result<Self, FieldError> {
        match value {
            Value::Object(object) => Ok(Self { object, path }),
            Value::Null => {
                Err(FieldError { field: path, problem: "is missing; it must be a JSON object".into() })
            }
            other => {
                Err(FieldError { field: path, problem: format!("is {}, not a JSON object", type_of(other)) })
            }
        }
    }

    pub(super) fn wrong(&self, name: &str, problem: impl Into<String>) -> FieldError {
        FieldError { field: format!("{}.{name}", self.path), problem: problem.into() }
    }

    pub(super) fn required(&self, name: &str, wanted: &str) -> Result<&'a Value, FieldError> {
        match self.object.get(name) {
            None | Some(Value::Null) => Err(self.wrong(name, format!("is missing; it must be {wanted}"))),
            Some(value) => Ok(value),
        }
    }

    pub(super) fn object(&self, name: &str) -> Result<Fields<'a>, FieldError> {
        Fields::of(self.object.get(name).unwrap_or(&Value::Null), format!("{}.{name}", self.path))
    }

    /// A string that says something.
    pub(super) fn text(&self, name: &str) -> Result<Untrusted, FieldError> {
        match self.required(name, "a string")? {
            Value::String(text) if text.trim().is_empty() => Err(self.wrong(name, "is empty")),
            Value::String(text) => Ok(Untrusted::from(text.as_str())),
            other => Err(self.wrong(name, format!("is {}, not a string", type_of(other)))),
        }
    }

    pub(super) fn text_or_number(&self, name: &str) -> Result<Untrusted, FieldError> {
        match self.required(name, "a string")? {
            Value::Number(number) => Ok(Untrusted::new(number.to_string())),
            _ => self.text(name),
        }
    }

    pub(super) fn word<T: serde::de::DeserializeOwned>(
        &self,
        name: &str,
        words: &[&str],
    ) -> Result<T, FieldError> {
        let value = self.required(name, &format!("one of {}", words.join(", ")))?;
        serde_json::from_value(value.clone()).map_err(|_| {
            let found = match value {
                Value::String(text) => format!("{:?}", crate::core::text::sanitise(text)),
                other => type_of(other).to_owned(),
            };
            self.wrong(name, format!("is {found}; it must be one of {}", words.join(", ")))
        })
    }

    pub(super) fn time(&self, name: &str) -> Result<Timestamp, FieldError> {
        let text = self.text(name)?;
        text.raw()
            .parse()
            .map_err(|_| self.wrong(name, "is not an RFC 3339 time such as 2026-11-22T06:00:00Z"))
    }

    pub(super) fn truth(&self, name: &str) -> Result<bool, FieldError> {
        match self.required(name, "true or false")? {
            Value::Bool(truth) => Ok(*truth),
            other => Err(self.wrong(name, format!("is {}, not true or false", type_of(other)))),
        }
    }

    pub(super) fn list<T>(
        &self,
        name: &str,
        read: impl Fn(&Value, String) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, FieldError> {
        let Value::Array(items) = self.required(name, "a list")? else {
            return Err(self.wrong(name, "is not a list"));
        };
        let at = |i: usize| format!("{}.{name}[{i}]", self.path);
        items.iter().enumerate().map(|(i, item)| read(item, at(i))).collect()
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<Untrusted>, FieldError> {
        self.list(name, |item, field| match item {
            Value::String(text) => Ok(Untrusted::from(text.as_str())),
            Value::Object(object) => match object.get("name") {
                Some(Value::String(text)) => Ok(Untrusted::from(text.as_str())),
                _ => Err(FieldError { field, problem: "has no name".into() }),
            },
            other => Err(FieldError { field, problem: format!("is {}, not a string", type_of(other)) }),
        })
    }

    /// `{"contact_id": "…"}`, or the bare id.
    pub(super) fn contact(&self, name: &str) -> Result<Untrusted, FieldError> {
        contact_id(self.required(name, "a contact")?, format!("{}.{name}", self.path))
    }

    pub(super) fn contacts(&self, name: &str) -> Result<Vec<Untrusted>, FieldError> {
        self.list(name, contact_id)
    }

    pub(super) fn money(&self, name: &str) -> Result<Money, FieldError> {
        let amount = self.object(name)?;
        let value = match amount.required("value", "a number")? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let cents = value.map(|v| (v * 100.0).round()).filter(|v| v.is_finite() && v.abs() < 9e15);
        match cents {
            Some(cents) => Ok(Money { cents: cents as i64, currency: amount.text("currency")? }),
            None => Err(amount.wrong("value", "is not a number")),
        }
    }

    pub(super) fn codes(&self, name: &str) -> Result<Vec<Code>, FieldError> {
        self.list(name, |code, path| {
            let code = Fields::of(code, path)?;
            Ok(Code {
                set: code.text_or_number("set")?,
                element: code.text_or_number("element")?,
                code: code.text_or_number("code")?,
            })
        })
    }

    /// An optional field: absent or null is `None`; present but unreadable is noted and `None`.
    pub(super) fn maybe<T>(
        &self,
        name: &str,
        read: impl Fn(&Self, &str) -> Result<T, FieldError>,
        notes: &mut Vec<FieldError>,
    ) -> Option<T> {
        match self.object.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.trim().is_empty() => None,
            Some(_) => read(self, name).map_err(|problem| notes.push(problem)).ok(),
        }
    }
}

fn contact_id(value: &Value, path: String) -> Result<Untrusted, FieldError> {
    match value {
        Value::String(id) if !id.trim().is_empty() => Ok(Untrusted::from(id.as_str())),
        other => {
            let fields = Fields::of(other, path)?;
            fields.text("contact_id").or_else(|missing| fields.text("id").map_err(|_| missing))
        }
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
