//! Where a mapping reads, and how.
//!
//! Only what the default tables need: direct attributes, references, and the two
//! expressions `Switch` and `Join`. They are values here rather than text; the
//! expression language parses into the same shape.

use std::{borrow::Cow, fmt};

use crate::directory::User;

use super::guest;

/// A user as the mappings see them.
#[derive(Clone, Copy, Debug)]
pub struct SourceUser<'a> {
    /// The directory's user.
    pub user: &'a User,
    /// Deleted, blocked or out of scope: the source of `active`.
    pub is_soft_deleted: bool,
}

impl SourceUser<'_> {
    /// The value of `[name]`; `None` is the mapping language's null.
    ///
    /// Two attributes differ from the directory's text: `IsSoftDeleted` is worked out, and
    /// `userPrincipalName` is read without its guest part (`originalUserPrincipalName` keeps it).
    pub fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        match name {
            "IsSoftDeleted" => Some(Cow::Borrowed(if self.is_soft_deleted { "True" } else { "False" })),
            "userPrincipalName" => Some(guest::without_ext(&self.user.user_principal_name)),
            "originalUserPrincipalName" => Some(Cow::Borrowed(self.user.user_principal_name.as_str())),
            name => self.user.attribute(name).map(Cow::Borrowed),
        }
    }
}

/// The source side of an attribute mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// One attribute as it is.
    Direct(&'static str),
    /// A reference to other objects, resolved in a pass of its own.
    Reference(&'static str),
    /// `Switch([source], , key, value, …)`: case-sensitive, null if no key fits.
    Switch {
        /// The attribute looked at.
        source: &'static str,
        /// Key and value of each case.
        cases: Vec<(&'static str, &'static str)>,
    },
    /// `Join(separator, [source], …)`: null and empty sources add no separator.
    Join {
        /// Between two values.
        separator: &'static str,
        /// The attributes joined.
        sources: Vec<&'static str>,
    },
}

impl Source {
    /// Evaluates for one user. References have no value here.
    pub fn evaluate(&self, user: SourceUser<'_>) -> Option<String> {
        match self {
            Self::Direct(name) => user.attribute(name).map(Cow::into_owned),
            Self::Reference(_) => None,
            Self::Switch { source, cases } => {
                let value = user.attribute(source)?;
                let case = cases.iter().find(|(key, _)| *key == value)?;
                Some(case.1.to_owned())
            }
            Self::Join { separator, sources } => {
                let values: Vec<_> = sources
                    .iter()
                    .filter_map(|name| user.attribute(name))
                    .filter(|value| !value.is_empty())
                    .collect();
                Some(values.join(separator))
            }
        }
    }

    /// Whether an empty result is sent as an empty value instead of being held back: so for
    /// expressions, not for direct mappings (reference §8.5).
    pub fn sends_empty(&self) -> bool {
        matches!(self, Self::Join { .. } | Self::Switch { .. })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct(name) | Self::Reference(name) => write!(out, "{name}"),
            Self::Switch { source, cases } => {
                write!(out, "Switch([{source}], ")?;
                for (key, value) in cases {
                    write!(out, r#", "{key}", "{value}""#)?;
                }
                write!(out, ")")
            }
            Self::Join { separator, sources } => {
                write!(out, r#"Join("{separator}""#)?;
                for source in sources {
                    write!(out, ", [{source}]")?;
                }
                write!(out, ")")
            }
        }
    }
}
