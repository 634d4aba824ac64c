//! An event that passed every check, ready for the desk to decide on.

use crate::community::cloudevents::{self, Mode, Wrong};
use crate::community::fingerprint::fingerprint;
use crate::community::json;
use crate::community::problem::{Kind, Problem};
use crate::core::event::{CloudEvent, FieldError, Native, native};
use crate::core::mapping::{Made, Mapping};
use crate::core::text::sanitise;
use axum::http::HeaderMap;
use std::collections::BTreeMap;

/// One checked event.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    pub event: CloudEvent,
    pub native: Native,
    /// Optional fields that could not be read, each with why.
    pub unreadable: Vec<FieldError>,
    /// The same for every delivery of the same event, in whatever mode.
    pub fingerprint: String,
}

/// Why a request's events are refused: one sentence, and which event and field it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(Wrong);

impl Received {
    /// Reads all events of a request, or none.
    pub fn read(mode: Mode, headers: &HeaderMap, body: &[u8]) -> Result<Vec<Received>, Refused> {
        let events = cloudevents::read(mode, headers, body).map_err(Refused)?;
        let place = |index| (mode == Mode::Batch).then_some(index);
        events.into_iter().enumerate().map(|(index, event)| Self::check(event, place(index))).collect()
    }

    /// Makes events of a payload that is the source's own, by its mapping.
    pub fn mapped(
        mapping: &Mapping,
        headers: &BTreeMap<String, String>,
        body: &[u8],
    ) -> Result<Vec<Received>, Refused> {
        let wrong = |index, error| Refused(Wrong { index, id: None, error });
        let body = json::parse(body).map_err(|why| {
            wrong(None, FieldError { field: "body".to_owned(), problem: format!("is {why}") })
        })?;
        let mapped = mapping.map(&body, headers).map_err(|error| wrong(error.item, error.into()))?;
        let received = |made: Made| {
            let fingerprint = fingerprint(&made.event);
            Received { event: made.event, native: made.native, unreadable: made.unreadable, fingerprint }
        };
        Ok(mapped.events.into_iter().map(received).collect())
    }

    /// Checks one event that is already known to be a CloudEvent.
    pub fn check(mut event: CloudEvent, index: Option<usize>) -> Result<Received, Refused> {
        let read = native(&event).or_else(|error| match cloudevents::text_as_json(&event) {
            // Many clients label a JSON body as a form or as text; a native type always means JSON.
            Some(json) => {
                event.data = json?;
                native(&event)
            }
            None => Err(error),
        });
        match read {
            Ok((native, unreadable)) => {
                let fingerprint = fingerprint(&event);
                Ok(Received { event, native, unreadable, fingerprint })
            }
            Err(error) => Err(Refused(Wrong { index, id: Some(event.id), error })),
        }
    }
}

impl Refused {
    pub fn field(&self) -> &str {
        &self.0.error.field
    }

    pub fn problem(&self) -> Problem {
        let Wrong { index, id, error } = &self.0;
        let mut problem = Problem::new(Kind::BadEvent, self.sentence()).with("field", shown(&error.field));
        if let Some(index) = index {
            problem = problem.with("index", *index);
        }
        if let Some(id) = id {
            problem = problem.with("event_id", shown(id));
        }
        problem
    }

    /// Which event, which field, and what is wrong with it; printable.
    pub fn sentence(&self) -> String {
        let Wrong { index, id, error } = &self.0;
        let which = match (index, id) {
            (Some(index), Some(id)) => format!("Event {index} of the batch (id {:?}): ", shown(id)),
            (Some(index), None) => format!("Event {index} of the batch: "),
            (None, Some(id)) => format!("Event (id {:?}): ", shown(id)),
            (None, None) => String::new(),
        };
        format!("{which}{} {}.", shown(&error.field), sanitise(&error.problem))
    }
}

fn shown(text: &str) -> String {
    sanitise(text).chars().take(120).collect()
}
