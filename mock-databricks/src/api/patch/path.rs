//! PATCH paths: `attribute`, `attribute.sub`, `attribute[value eq "x"]`.
//!
//! Nothing more is recorded to work, so nothing more is understood.

use std::fmt;

use crate::errors::ScimError;
use crate::filter::{Filter, Operator};

/// The target of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) attribute: String,
    pub(crate) sub: Option<String>,
    /// The value of `[value eq "…"]`.
    pub(crate) selected: Option<String>,
    written: String,
}

impl Path {
    /// An attribute as a whole, named by a key of a value without path; dots in it mean nothing.
    pub(crate) fn whole(name: &str) -> Self {
        Self {
            attribute: name.to_owned(),
            sub: None,
            selected: None,
            written: name.to_owned(),
        }
    }

    /// Reads a path.
    ///
    /// # Errors
    ///
    /// 400 `invalidPath` for anything but the three forms [inferred].
    pub(crate) fn parse(text: &str) -> Result<Self, ScimError> {
        let invalid = || ScimError::no_such_attribute(text);
        let mut path = Self::whole(text);
        if let Some((attribute, rest)) = text.split_once('[') {
            attribute.clone_into(&mut path.attribute);
            if attribute == "emails" {
                // Whatever it selects: e-mail addresses are never changed.
                return Ok(path);
            }
            let filter = rest.strip_suffix(']').ok_or_else(invalid)?;
            match Filter::parse(filter) {
                Ok(Filter::Test(one)) if one.attribute == "value" && one.operator == Operator::Equal => {
                    path.selected = Some(one.value);
                }
                _ => return Err(invalid()),
            }
        } else if !text.contains(':')
            && let Some((attribute, sub)) = text.split_once('.')
        {
            attribute.clone_into(&mut path.attribute);
            path.sub = Some(sub.to_owned());
        }
        Ok(path)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn three_forms_are_understood() {
        let path = Path::parse("name.givenName").unwrap();
        assert_eq!(
            (path.attribute.as_str(), path.sub.as_deref()),
            ("name", Some("givenName"))
        );
        let path = Path::parse(r#"members[value eq "12"]"#).unwrap();
        assert_eq!(
            (path.attribute.as_str(), path.selected.as_deref()),
            ("members", Some("12"))
        );
        let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
        assert_eq!(Path::parse(urn).unwrap().attribute, urn);
    }

    #[test]
    fn other_filters_are_an_invalid_path() {
        for text in [
            r#"members[display eq "x"]"#,
            "members[",
            "members[value pr]",
            r#"roles[value eq "a"].x"#,
        ] {
            assert_eq!(
                Path::parse(text).unwrap_err().scim_type.as_deref(),
                Some("invalidPath"),
                "{text}"
            );
        }
    }
}
