//! A request before it is sent, written as Entra writes it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use super::Kind;

/// What stays as it is inside one segment of a path (RFC 3986 §2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One request. The base, the token and the usual headers are added when it is sent.
#[derive(Debug, Clone)]
pub struct Request {
    pub(super) method: reqwest::Method,
    pub(super) path: String,
    pub(super) query: Vec<String>,
    pub(super) body: Option<Value>,
}

impl Request {
    /// A request without a body. `path` begins with a slash and is encoded.
    pub fn new(method: reqwest::Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            body: None,
        }
    }

    /// `GET`.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(reqwest::Method::GET, path)
    }

    /// `POST` of this body.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self {
            body: Some(body),
            ..Self::new(reqwest::Method::POST, path)
        }
    }

    /// `PATCH` with this message.
    pub fn patch(path: impl Into<String>, body: Value) -> Self {
        Self {
            body: Some(body),
            ..Self::new(reqwest::Method::PATCH, path)
        }
    }

    /// `DELETE`.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(reqwest::Method::DELETE, path)
    }

    /// A query over the resources of one kind.
    pub fn query(kind: Kind) -> Self {
        Self::get(kind.path())
    }

    /// `filter=…`, encoded as Entra does: a blank is `+`, a quote `%22`.
    #[must_use]
    pub fn filter(self, filter: &str) -> Self {
        self.parameter("filter", filter)
    }

    /// One more parameter, encoded like a form's.
    #[must_use]
    pub fn parameter(self, name: &str, value: &str) -> Self {
        let value: String = byte_serialize(value.as_bytes()).collect();
        self.raw_parameter(format!("{name}={value}"))
    }

    /// One more part of the query, sent as it stands.
    #[must_use]
    pub fn raw_parameter(mut self, part: impl Into<String>) -> Self {
        self.query.push(part.into());
        self
    }
}

/// The path of one resource; the id is encoded.
pub(crate) fn path_of(kind: Kind, id: &str) -> String {
    format!("{}/{}", kind.path(), utf8_percent_encode(id, SEGMENT))
}

/// A filter that compares an attribute with text, quoted as RFC 7644 §3.4.2.2 asks.
pub(crate) fn equals(attribute: &str, value: &str) -> String {
    format!("{attribute} eq {}", Value::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_encoded_as_entra_does() {
        let request = Request::query(Kind::User).filter(&equals("userName", "o'hara+x@b.c"));
        assert_eq!(request.query, ["filter=userName+eq+%22o%27hara%2Bx%40b.c%22"]);
    }

    #[test]
    fn an_id_cannot_leave_its_segment() {
        assert_eq!(path_of(Kind::Group, "a/b?c"), "/Groups/a%2Fb%3Fc");
    }
}
