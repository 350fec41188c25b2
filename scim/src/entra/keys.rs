//! How Entra names places in a value: the keys of an operation without a path are paths.
//!
//! By the letter they are the names of attributes (RFC 7644 §3.5.2.1, §3.5.2.3).

use crate::error::ScimError;
use crate::path::{self, AttributePath, Path};

/// `name.givenName`, `urn:…:enterprise:2.0:User:department` and `emails[type eq "work"].value` as
/// keys of the value of an operation without a path. The compliant dialect merges all changes of a
/// user into one such object.
///
/// A key that is no path and has no brackets is taken as a plain name: attributes that no schema
/// knows may be called anything (rule A8).
///
/// # Errors
///
/// 400 `invalidPath` when the key has brackets and cannot be parsed.
pub fn key_as_path(key: &str) -> Result<Path, ScimError> {
    match path::parse(key) {
        Err(_) if !key.contains(['[', ']']) => Ok(Path::Attribute(AttributePath::new(key))),
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ENTERPRISE_USER;

    #[test]
    fn dotted_and_urn_keys_are_paths() {
        let department = format!("{ENTERPRISE_USER}:department");
        for (key, path) in [
            ("name.givenName", AttributePath::new("name").with_sub("givenName")),
            (&department, AttributePath::new("department").with_urn(ENTERPRISE_USER)),
            ("title", AttributePath::new("title")),
        ] {
            assert_eq!(key_as_path(key), Ok(Path::Attribute(path)));
        }
        let filtered = r#"emails[type eq "work"].value"#;
        assert_eq!(key_as_path(filtered).unwrap().to_string(), filtered);
        assert_eq!(
            key_as_path(ENTERPRISE_USER),
            Ok(Path::Extension(ENTERPRISE_USER.into()))
        );
    }

    #[test]
    fn key_that_is_no_path_is_a_name_unless_it_has_brackets() {
        for key in ["Shoe Size", "a.b.c", ""] {
            assert_eq!(key_as_path(key), Ok(Path::Attribute(AttributePath::new(key))));
        }
        assert!(key_as_path("emails[type is x]").is_err());
    }
}
