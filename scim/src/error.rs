//! The SCIM error (RFC 7644 §3.12): a status, an optional keyword, a sentence for a person.
//!
//! The detail ends up in Entra's provisioning log, often as the only thing an administrator sees,
//! so it names the place and the remedy. The surprise of the wire form: `status` is a string.

use std::fmt;

use serde_json::{Map, Value};

use crate::schema;

/// The `scimType` keywords of RFC 7644 §3.12, table 9, and of RFC 9865 §2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScimType {
    /// The filter is broken or compares what cannot be compared.
    InvalidFilter,
    /// The filter matches more than the service provider is willing to return.
    TooMany,
    /// A value that must be unique is taken.
    Uniqueness,
    /// The change does not fit the attribute's mutability.
    Mutability,
    /// The body's structure is wrong.
    InvalidSyntax,
    /// The path of a PATCH operation cannot be parsed.
    InvalidPath,
    /// The path of a PATCH operation names nothing that could be changed.
    NoTarget,
    /// A required value is missing, or a value does not fit its attribute.
    InvalidValue,
    /// The SCIM protocol version is not supported.
    InvalidVers,
    /// The request cannot be completed because of what it would reveal.
    Sensitive,
    /// The cursor is none of this service provider's, or belongs to another query (RFC 9865 §2.1).
    InvalidCursor,
}

impl ScimType {
    /// The keyword as it stands on the wire, for example `invalidFilter`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
            Self::InvalidCursor => "invalidCursor",
        }
    }
}

impl fmt::Display for ScimType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal as the client will see it (RFC 7644 §3.12).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ScimError {
    /// The HTTP status code, 400 to 599.
    pub status: u16,
    /// The keyword, where RFC 7644 has one that fits.
    pub scim_type: Option<ScimType>,
    /// What is wrong, where, and what to do about it. Never quotes a request body.
    pub detail: String,
}

impl ScimError {
    /// An error without a keyword.
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Self {
            status,
            scim_type: None,
            detail: detail.into(),
        }
    }

    /// An error with a keyword.
    pub fn typed(status: u16, scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self {
            status,
            scim_type: Some(scim_type),
            detail: detail.into(),
        }
    }

    /// 400 `invalidValue`.
    pub fn invalid_value(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::InvalidValue, detail)
    }

    /// 400 `invalidFilter`.
    pub fn invalid_filter(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::InvalidFilter, detail)
    }

    /// 400 `invalidPath`.
    pub fn invalid_path(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::InvalidPath, detail)
    }

    /// 400 `invalidSyntax`.
    pub fn invalid_syntax(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::InvalidSyntax, detail)
    }

    /// 400 `noTarget`.
    pub fn no_target(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::NoTarget, detail)
    }

    /// 400 `mutability`.
    pub fn mutability(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::Mutability, detail)
    }

    /// 409 `uniqueness`.
    pub fn uniqueness(detail: impl Into<String>) -> Self {
        Self::typed(409, ScimType::Uniqueness, detail)
    }

    /// 400 `tooMany`.
    pub fn too_many(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::TooMany, detail)
    }

    /// 404 with the detail `Resource not found`, the text Entra's reference server answers.
    pub fn not_found() -> Self {
        Self::new(404, "Resource not found")
    }

    /// The body of the answer: `schemas`, `status` (a string), `scimType` if there is one, `detail`.
    pub fn to_json(&self) -> Value {
        let mut body = Map::new();
        body.insert("schemas".into(), Value::from(vec![schema::ERROR]));
        body.insert("status".into(), Value::from(self.status.to_string()));
        if let Some(scim_type) = self.scim_type {
            body.insert("scimType".into(), Value::from(scim_type.as_str()));
        }
        body.insert("detail".into(), Value::from(self.detail.as_str()));
        Value::Object(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_body_has_the_status_as_a_string() {
        insta::assert_json_snapshot!(
            ScimError::uniqueness("userName is already taken").to_json(),
            @r#"
        {
          "schemas": [
            "urn:ietf:params:scim:api:messages:2.0:Error"
          ],
          "status": "409",
          "scimType": "uniqueness",
          "detail": "userName is already taken"
        }
        "#
        );
    }

    #[test]
    fn not_found_has_no_keyword_and_the_agreed_text() {
        let error = ScimError::not_found();
        assert_eq!(error.to_string(), "Resource not found");
        assert_eq!(error.to_json().get("scimType"), None);
    }
}
