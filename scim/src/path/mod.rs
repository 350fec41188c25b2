//! Naming a place in a resource: attribute names as filters write them, and the paths of PATCH.
//!
//! The surprise is the URN: it holds colons and dots itself (`…:2.0:User:manager.displayName`), so
//! where the schema ends and the attribute begins is decided by the version number in it. See
//! [`AttributePath`].

mod attribute;
mod parse;

use std::fmt;

pub use attribute::AttributePath;
pub(crate) use attribute::{Name, extension_as_attribute, has_version, is_name_char, is_uri, is_urn, split};
pub use parse::parse;

use crate::filter::Filter;

/// The target of a PATCH operation (RFC 7644 §3.5.2, figure 7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Path {
    /// A whole extension: `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`.
    Extension(String),
    /// An attribute or sub-attribute: `userName`, `name.givenName`, `urn:…:User:manager`.
    Attribute(AttributePath),
    /// Elements of a multi-valued attribute: `emails[type eq "work"]`, or one sub-attribute of
    /// them: `emails[type eq "work"].value`.
    Filtered {
        /// The multi-valued attribute; its `sub` is `None`.
        attribute: AttributePath,
        /// Which elements are meant. The names in it are sub-attributes.
        filter: Box<Filter>,
        /// The sub-attribute meant, if not the whole elements.
        sub: Option<String>,
    },
}

impl Path {
    /// The attribute the path leads to; `None` for a whole extension.
    pub fn attribute(&self) -> Option<&AttributePath> {
        match self {
            Self::Extension(_) => None,
            Self::Attribute(attribute) | Self::Filtered { attribute, .. } => Some(attribute),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extension(urn) => f.write_str(urn),
            Self::Attribute(attribute) => attribute.fmt(f),
            Self::Filtered { attribute, filter, sub } => {
                write!(f, "{attribute}[{filter}]")?;
                sub.iter().try_for_each(|sub| write!(f, ".{sub}"))
            }
        }
    }
}
