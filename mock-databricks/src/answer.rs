//! An answer before it is put on the wire.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

/// What a body is, and so which `Content-Type` it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Answers of the SCIM API; the type is a switch.
    Scim,
    Json,
    Text,
    Html,
    /// As given by whoever armed the fault, or nothing.
    Bare,
}

/// Status, headers and body.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) kind: Kind,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, kind: Kind, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            kind,
            body: body.into(),
        }
    }

    /// An answer of the SCIM API.
    pub(crate) fn scim(status: StatusCode, body: &Value) -> Self {
        Self::new(status, Kind::Scim, body.to_string())
    }

    /// An answer of the gateway in front of the API, or of the control listener.
    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self::new(status, Kind::Json, body.to_string())
    }

    pub(crate) fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT, Kind::Bare, Bytes::new())
    }

    #[must_use]
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The `Content-Type` of this answer; `scim` is the one the switch chooses.
    pub(crate) fn content_type(&self, scim: &'static str) -> Option<HeaderValue> {
        if self.headers.iter().any(|(name, _)| *name == header::CONTENT_TYPE) {
            return None;
        }
        let text = match self.kind {
            Kind::Scim => scim,
            Kind::Json => "application/json; charset=utf-8",
            Kind::Text => "text/plain",
            Kind::Html => "text/html",
            Kind::Bare => return None,
        };
        Some(HeaderValue::from_static(text))
    }
}
