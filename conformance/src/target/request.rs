//! A request before it is sent, written as Entra writes it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use super::Kind;

/// What stays as it is inside one segment of a path (RFC 3986 §2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The `Authorization` header of nearly every request; `$TOKEN` stands for the token.
const BEARER: &str = "Bearer $TOKEN";

/// The media type of SCIM, as Entra's client sends it (RFC 7644 §8.1).
const SCIM_JSON: &str = "application/scim+json; charset=utf-8";

/// One request. The base, the token and the usual headers are added when it is sent.
#[derive(Debug, Clone)]
pub struct Request {
    pub(super) method: reqwest::Method,
    pub(super) path: String,
    pub(super) query: Vec<String>,
    pub(super) authorization: Option<&'static str>,
    pub(super) accept: &'static str,
    pub(super) content_type: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Body>,
}

/// What a request carries.
#[derive(Debug, Clone)]
pub(super) enum Body {
    /// JSON.
    Json(Value),
    /// Anything, JSON or not.
    Text(String),
}

impl Body {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Json(value) => value.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    /// The JSON, if it is some.
    pub(super) fn json(&self) -> Option<Value> {
        match self {
            Self::Json(value) => Some(value.clone()),
            Self::Text(text) => serde_json::from_str(text).ok(),
        }
    }
}

impl Request {
    /// A request without a body. `path` begins with a slash and is encoded.
    pub fn new(method: reqwest::Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            authorization: Some(BEARER),
            accept: "application/scim+json",
            content_type: SCIM_JSON,
            headers: Vec::new(),
            body: None,
        }
    }

    /// `GET`.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(reqwest::Method::GET, path)
    }

    /// `POST` of this body.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new(reqwest::Method::POST, path).body(body)
    }

    /// `PUT` of this body.
    pub fn put(path: impl Into<String>, body: Value) -> Self {
        Self::new(reqwest::Method::PUT, path).body(body)
    }

    /// `PATCH` with this message.
    pub fn patch(path: impl Into<String>, body: Value) -> Self {
        Self::new(reqwest::Method::PATCH, path).body(body)
    }

    /// `DELETE`.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(reqwest::Method::DELETE, path)
    }

    /// A query over the resources of one kind.
    pub fn query(kind: Kind) -> Self {
        Self::get(kind.path())
    }

    /// With this JSON.
    #[must_use]
    pub fn body(self, body: Value) -> Self {
        Self {
            body: Some(Body::Json(body)),
            ..self
        }
    }

    /// With this text, whatever it is, under this media type.
    #[must_use]
    pub fn text(self, content_type: &'static str, text: impl Into<String>) -> Self {
        Self {
            content_type,
            body: Some(Body::Text(text.into())),
            ..self
        }
    }

    /// Without an `Authorization` header.
    #[must_use]
    pub fn anonymous(self) -> Self {
        Self {
            authorization: None,
            ..self
        }
    }

    /// With another `Authorization` header; `$TOKEN` in it stands for the token.
    #[must_use]
    pub fn authorization(self, header: &'static str) -> Self {
        Self {
            authorization: Some(header),
            ..self
        }
    }

    /// With another `Accept` header.
    #[must_use]
    pub fn accept(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    /// With one more header; `name` in lower case.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
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
