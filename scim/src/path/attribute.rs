//! An attribute's name with optional URN and sub-attribute, and how it is cut out of one word.
//!
//! A schema URN ends with a version and a type (`…:2.0:User`), and what follows is the attribute.
//! A URN without a version is cut at its last colon, and so is a URI with an authority
//! (`https://contoso.test/scim/User:badge`): the grammar has `[URI ":"]`, not only URNs (RFC 7644
//! §3.4.2.2).

use std::fmt;

use crate::{entra, text};

/// `[URN ":"] name ["." sub]`, as RFC 7644 §3.10 writes it. Spelled as in the request.
///
/// Two paths are equal (`==`) only if spelled the same; use [`AttributePath::is`] to ask for an
/// attribute by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AttributePath {
    /// The schema's URN, where one was given.
    pub urn: Option<String>,
    /// The attribute.
    pub name: String,
    /// The sub-attribute, where one was given.
    pub sub: Option<String>,
}

impl AttributePath {
    /// An attribute of the core schema, without URN.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            urn: None,
            name: name.into(),
            sub: None,
        }
    }

    /// The same with a sub-attribute.
    #[must_use]
    pub fn with_sub(mut self, sub: impl Into<String>) -> Self {
        self.sub = Some(sub.into());
        self
    }

    /// The same within a schema.
    #[must_use]
    pub fn with_urn(mut self, urn: impl Into<String>) -> Self {
        self.urn = Some(urn.into());
        self
    }

    /// Whether this names that attribute and sub-attribute, whatever the URN and the letter case.
    pub fn is(&self, name: &str, sub: Option<&str>) -> bool {
        text::same_name(&self.name, name)
            && match (&self.sub, sub) {
                (Some(a), Some(b)) => text::same_name(a, b),
                (None, None) => true,
                _ => false,
            }
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        self.sub.iter().try_for_each(|sub| write!(f, ".{sub}"))
    }
}

/// What one word can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name {
    /// A schema and nothing in it.
    Extension(String),
    /// An attribute.
    Attribute(AttributePath),
}

impl Name {
    /// The attribute meant where a whole extension makes no sense, as in a filter.
    ///
    /// A URN that ends with a type, or a version and one more word, may also be read as an
    /// attribute of a schema with a shorter URN: `urn:scim:schemas:custom:1.0:department`.
    pub(crate) fn into_attribute(self) -> Option<AttributePath> {
        match self {
            Self::Attribute(attribute) => Some(attribute),
            Self::Extension(urn) => {
                let (urn, name) = urn.rsplit_once(':')?;
                is_name(name).then(|| AttributePath::new(name).with_urn(urn))
            }
        }
    }
}

/// Cuts a word into URN, name and sub-attribute.
///
/// # Errors
///
/// What was expected instead.
pub(crate) fn split(word: &str) -> Result<Name, &'static str> {
    if !is_urn(word) {
        return if is_uri(word) {
            after_uri(word)
        } else {
            dotted(word).map(Name::Attribute)
        };
    }
    let word = entra::enterprise_urn_with_typo(word);
    let Some(end) = schema_end(&word) else {
        let (urn, tail) = word.rsplit_once(':').ok_or("an attribute after the URN")?;
        return dotted(tail).map(|path| Name::Attribute(path.with_urn(urn)));
    };
    let (urn, tail) = word.split_at(end);
    if tail.is_empty() {
        return Ok(Name::Extension(urn.to_owned()));
    }
    // A name has no colon, so a URN that goes on behind its type ends at the last one.
    if let Some((_, name)) = tail[1..].rsplit_once(':') {
        let urn = &word[..word.len() - name.len() - 1];
        return dotted(name).map(|path| Name::Attribute(path.with_urn(urn)));
    }
    // The separator is a colon, or a dot in the old form (`entra::old_dotted_extension`).
    dotted(&tail[1..]).map(|path| Name::Attribute(path.with_urn(urn)))
}

/// Cuts a URI with an authority. What follows the last colon is the attribute, unless it still
/// belongs to the URI: `//contoso.test`, `8443/scim`.
fn after_uri(word: &str) -> Result<Name, &'static str> {
    match word.rsplit_once(':') {
        Some((_, tail)) if tail.contains('/') => Ok(Name::Extension(word.to_owned())),
        Some((uri, tail)) => dotted(tail).map(|path| Name::Attribute(path.with_urn(uri))),
        None => Err("an attribute after the URI"),
    }
}

/// Whether a word is a URI that a schema may have, or begins with one: a URN, or a scheme and `//`.
pub(crate) fn is_uri(word: &str) -> bool {
    let has_scheme = || {
        let scheme = word.split_once("://").map_or("", |(scheme, _)| scheme);
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    is_urn(word) || has_scheme()
}

/// Whether a word is a URN, or begins with one.
pub(crate) fn is_urn(word: &str) -> bool {
    word.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

/// Whether a URN says with a version where the schema's name ends.
pub(crate) fn has_version(urn: &str) -> bool {
    schema_end(urn).is_some()
}

/// The reading of an extension's URN as an attribute of a schema with a shorter URN.
pub(crate) fn extension_as_attribute(urn: &str) -> Option<AttributePath> {
    Name::Extension(urn.to_owned()).into_attribute()
}

fn dotted(word: &str) -> Result<AttributePath, &'static str> {
    let (name, sub) = match word.split_once('.') {
        Some((name, sub)) => (name, Some(sub)),
        None => (word, None),
    };
    if !is_name(name) {
        return Err("an attribute name");
    }
    match sub {
        None => Ok(AttributePath::new(name)),
        Some(sub) if is_name(sub) => Ok(AttributePath::new(name).with_sub(sub)),
        Some(sub) if sub.contains('.') => Err("one sub-attribute, not a sub-attribute of it"),
        Some(_) => Err("a sub-attribute name after the dot"),
    }
}

/// RFC 7644 figure 1 asks for a letter first and ASCII throughout; attributes no schema knows
/// need not keep to it, so any letter, digit, `-`, `_` or `$` is taken.
fn is_name(word: &str) -> bool {
    !word.is_empty() && word.chars().all(is_name_char)
}

pub(crate) fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '$')
}

/// Where the schema's URN ends: behind the word after the version, or behind a version that comes
/// last. `None` without a version.
fn schema_end(word: &str) -> Option<usize> {
    let mut start = 0;
    let mut version_end = None;
    for segment in word.split(':') {
        let end = start + segment.len();
        if start > 4 && is_version(segment) {
            version_end = Some(end);
        }
        start = end + 1;
    }
    let version_end = version_end?;
    let Some(rest) = word.get(version_end + 1..) else {
        return Some(version_end);
    };
    let kind = rest.find(entra::old_dotted_extension).unwrap_or(rest.len());
    Some(version_end + 1 + kind)
}

/// `2.0`: numbers with at least one dot between them.
fn is_version(segment: &str) -> bool {
    segment.contains('.')
        && segment
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ENTERPRISE_USER;

    fn attribute(word: &str) -> (Option<String>, String, Option<String>) {
        match split(word) {
            Ok(Name::Attribute(path)) => (path.urn, path.name, path.sub),
            other => panic!("{word}: {other:?}"),
        }
    }

    fn parts(urn: Option<&str>, name: &str, sub: Option<&str>) -> (Option<String>, String, Option<String>) {
        (urn.map(Into::into), name.into(), sub.map(Into::into))
    }

    #[test]
    fn word_without_urn_is_a_name_and_perhaps_a_sub_attribute() {
        assert_eq!(attribute("userName"), parts(None, "userName", None));
        assert_eq!(attribute("name.givenName"), parts(None, "name", Some("givenName")));
        assert_eq!(attribute("members.$ref"), parts(None, "members", Some("$ref")));
    }

    #[test]
    fn schema_urn_ends_after_the_type_that_follows_the_version() {
        let manager = format!("{ENTERPRISE_USER}:manager");
        assert_eq!(attribute(&manager), parts(Some(ENTERPRISE_USER), "manager", None));
        assert_eq!(
            attribute(&format!("{manager}.displayName")),
            parts(Some(ENTERPRISE_USER), "manager", Some("displayName"))
        );
        assert_eq!(split(ENTERPRISE_USER), Ok(Name::Extension(ENTERPRISE_USER.into())));
        assert_eq!(
            attribute("URN:okta:app:1.0:user:custom"),
            parts(Some("URN:okta:app:1.0:user"), "custom", None)
        );
        assert_eq!(
            attribute("urn:app:1.0:people:2.0:User:badge"),
            parts(Some("urn:app:1.0:people:2.0:User"), "badge", None)
        );
    }

    #[test]
    fn urn_that_goes_on_behind_its_type_is_cut_at_its_last_colon() {
        assert_eq!(
            attribute("urn:contoso:2.0:User:device:serial.no"),
            parts(Some("urn:contoso:2.0:User:device"), "serial", Some("no"))
        );
        assert!(split("urn:contoso:2.0:User:device:").is_err());
    }

    #[test]
    fn urn_without_a_version_is_cut_at_its_last_colon() {
        assert_eq!(
            attribute("urn:contoso:people:badge.number"),
            parts(Some("urn:contoso:people"), "badge", Some("number"))
        );
    }

    #[test]
    fn uri_with_an_authority_is_cut_at_its_last_colon() {
        let uri = "https://contoso.test:8443/scim/2.0/User";
        assert_eq!(split(uri), Ok(Name::Extension(uri.into())));
        assert_eq!(
            attribute(&format!("{uri}:badge.number")),
            parts(Some(uri), "badge", Some("number"))
        );
        assert_eq!(
            split("http://contoso.test"),
            Ok(Name::Extension("http://contoso.test".into()))
        );
        assert!(split("http://contoso.test/x:").is_err());
        assert!(split("emails:type:work").is_err());
        assert!(split("://x:y").is_err());
    }

    #[test]
    fn urn_with_the_version_last_names_a_schema() {
        let urn = "urn:scim:schemas:extension:enterprise:1.0";
        assert_eq!(split(urn), Ok(Name::Extension(urn.into())));
        let longer = Name::Extension(format!("{urn}:department"));
        let path = longer.into_attribute().unwrap();
        assert_eq!((path.urn.as_deref(), path.name.as_str()), (Some(urn), "department"));
    }

    #[test]
    fn words_that_name_nothing_say_what_was_expected() {
        assert_eq!(split("a.b.c"), Err("one sub-attribute, not a sub-attribute of it"));
        assert_eq!(split("a."), Err("a sub-attribute name after the dot"));
        assert_eq!(split("a:b"), Err("an attribute name"));
        assert_eq!(split("urn:"), Err("an attribute name"));
        assert!(split("urn:ietf:params:2.0:User:").is_err());
        assert!(split("urn:ietf:params:2.0:User.").is_err());
    }
}
