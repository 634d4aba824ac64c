//! What is wrong with a request, as RFC 9457 says it: `application/problem+json`.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

/// The kinds of refusal; each has one status and one URN that programs may compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Not a CloudEvent, or bad data for its type.
    BadEvent,
    /// The request itself cannot be read.
    BadRequest,
    NotSigned,
    NotFound,
    MethodNotAllowed,
    TooSlow,
    /// The same source and id, with other content.
    Conflict,
    TooLarge,
    UnsupportedMediaType,
    Saturated,
    Unavailable,
}

impl Kind {
    pub fn status(self) -> StatusCode {
        match self {
            Kind::BadEvent | Kind::BadRequest => StatusCode::BAD_REQUEST,
            Kind::NotSigned => StatusCode::UNAUTHORIZED,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Kind::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Kind::Saturated => StatusCode::TOO_MANY_REQUESTS,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn urn(self) -> &'static str {
        match self {
            Kind::BadEvent => "urn:nightdesk:problem:bad-event",
            Kind::BadRequest => "urn:nightdesk:problem:bad-request",
            Kind::NotSigned => "urn:nightdesk:problem:not-signed",
            Kind::NotFound => "urn:nightdesk:problem:not-found",
            Kind::MethodNotAllowed => "urn:nightdesk:problem:method-not-allowed",
            Kind::TooSlow => "urn:nightdesk:problem:too-slow",
            Kind::Conflict => "urn:nightdesk:problem:conflict",
            Kind::TooLarge => "urn:nightdesk:problem:too-large",
            Kind::UnsupportedMediaType => "urn:nightdesk:problem:unsupported-media-type",
            Kind::Saturated => "urn:nightdesk:problem:saturated",
            Kind::Unavailable => "urn:nightdesk:problem:unavailable",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Kind::BadEvent => "The event cannot be taken as it is",
            Kind::BadRequest => "The request cannot be read",
            Kind::NotSigned => "The sender is not proven",
            Kind::NotFound => "There is nothing here",
            Kind::MethodNotAllowed => "This address does not take that method",
            Kind::TooSlow => "The body came too slowly",
            Kind::Conflict => "Another event has this source and id",
            Kind::TooLarge => "The body is too large",
            Kind::UnsupportedMediaType => "The body is not a CloudEvent",
            Kind::Saturated => "The desk is busy",
            Kind::Unavailable => "The desk cannot keep events now",
        }
    }
}

/// One refusal. Text from outside enters `detail` only after `core::text` made it printable.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    kind: Kind,
    detail: String,
    /// Extension members, such as `index` and `field`.
    more: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), more: Map::new(), headers: Vec::new() }
    }

    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// When to come again, in whole seconds and at least one.
    pub fn retry_after(self, pause: std::time::Duration) -> Self {
        let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.kind.status();
        let mut body = self.more;
        body.insert("type".into(), self.kind.urn().into());
        body.insert("title".into(), self.kind.title().into());
        body.insert("status".into(), status.as_u16().into());
        body.insert("detail".into(), self.detail.into());
        let mut response = (status, Value::Object(body).to_string()).into_response();
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
