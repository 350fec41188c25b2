//! Addresses of attributes at the target, in the one spelling Entra uses.

use std::fmt;

/// The enterprise extension (RFC 7643 §4.3).
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Where a mapping writes.
///
/// Its [`Display`](fmt::Display) is the path as it stands in a PATCH operation and in the portal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// `displayName`
    Simple(&'static str),
    /// `name.givenName`
    Nested(&'static str, &'static str),
    /// `emails[type eq "work"].value`: attribute, type, sub-attribute.
    Filtered(&'static str, &'static str, &'static str),
    /// `urn:…:enterprise:2.0:User:department`: schema, attribute.
    Extension(&'static str, &'static str),
}

impl Target {
    /// Whether the path needs a value filter, which a path-less operation cannot carry.
    pub fn is_filtered(&self) -> bool {
        matches!(self, Self::Filtered(..))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simple(name) => write!(out, "{name}"),
            Self::Nested(name, sub) => write!(out, "{name}.{sub}"),
            Self::Filtered(name, kind, sub) => write!(out, r#"{name}[type eq "{kind}"].{sub}"#),
            Self::Extension(schema, name) => write!(out, "{schema}:{name}"),
        }
    }
}
