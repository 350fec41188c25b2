//! Versions of resources and requests that depend on them (RFC 7644 §3.14, RFC 9110 §13).
//!
//! The surprise: the versions of SCIM are weak tags, and RFC 9110 §13.1.1 lets only strong ones pass
//! `If-Match`. RFC 7644 §3.14 sends a weak one in `If-Match` in its own example, so here both
//! headers compare weakly: the opaque text decides, `W/` does not.

use crate::error::ScimError;

/// The weak ETag of a revision, as in `meta.version`: `W/"17"`.
pub fn weak(revision: i64) -> String {
    format!("W/\"{revision}\"")
}

/// What a request asks of the version that it meets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preconditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

/// The value of `If-Match` or `If-None-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    /// `*`: any version of something that exists.
    Any,
    /// The opaque texts of the tags.
    These(Vec<String>),
}

impl Preconditions {
    /// Reads the values of all `If-Match` and of all `If-None-Match` headers of a request.
    pub fn from_headers<'a>(
        if_match: impl Iterator<Item = &'a str>,
        if_none_match: impl Iterator<Item = &'a str>,
    ) -> Self {
        Self {
            if_match: Tags::read(if_match),
            if_none_match: Tags::read(if_none_match),
        }
    }

    /// The precondition that one given version is still the newest, as `version` of a bulk
    /// operation says (RFC 7644 §3.7).
    pub fn version_is(version: &str) -> Self {
        Self::from_headers(std::iter::once(version), std::iter::empty())
    }

    /// Whether nothing is asked.
    pub fn is_none(&self) -> bool {
        self.if_match.is_none() && self.if_none_match.is_none()
    }

    /// Whether a change of a resource at version `current` may go on.
    ///
    /// # Errors
    ///
    /// 412 when the resource has another version than the client knows, or one it must not have.
    pub fn allow_change(&self, current: &str) -> Result<(), ScimError> {
        if self.if_match.as_ref().is_some_and(|tags| !tags.name(current)) {
            return Err(ScimError::new(
                412,
                format!("the resource has changed: its version is {current}; read it again and repeat the change"),
            ));
        }
        if self.if_none_match.as_ref().is_some_and(|tags| tags.name(current)) {
            return Err(ScimError::new(
                412,
                format!("the resource has the version {current}, which If-None-Match rules out"),
            ));
        }
        Ok(())
    }

    /// Whether a read of a resource at version `current` has nothing new to say: then the answer is
    /// 304 without a body.
    ///
    /// # Errors
    ///
    /// 412 when `If-Match` asks for another version.
    pub fn is_unchanged(&self, current: &str) -> Result<bool, ScimError> {
        if self.if_match.as_ref().is_some_and(|tags| !tags.name(current)) {
            return Err(ScimError::new(
                412,
                format!("the version of the resource is {current}, not the one asked for"),
            ));
        }
        Ok(self.if_none_match.as_ref().is_some_and(|tags| tags.name(current)))
    }
}

impl Tags {
    fn read<'a>(values: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut tags = None;
        for value in values {
            for tag in split(value) {
                let tags = tags.get_or_insert_with(|| Self::These(Vec::new()));
                match tags {
                    Self::Any => {}
                    Self::These(_) if tag == "*" => *tags = Self::Any,
                    Self::These(texts) => texts.push(opaque(tag).to_owned()),
                }
            }
        }
        tags
    }

    fn name(&self, version: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(texts) => texts.iter().any(|text| text == opaque(version)),
        }
    }
}

/// The tags of one header: separated by commas, but not by those inside quotes.
fn split(value: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    value
        .split(move |c| {
            quoted ^= c == '"';
            c == ',' && !quoted
        })
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
}

/// The text of a tag without `W/` and quotes. Clients that forget the quotes are understood.
fn opaque(tag: &str) -> &str {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    tag.strip_prefix('"')
        .and_then(|tag| tag.strip_suffix('"'))
        .unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(if_match: &[&str], if_none_match: &[&str]) -> Preconditions {
        Preconditions::from_headers(if_match.iter().copied(), if_none_match.iter().copied())
    }

    #[test]
    fn a_change_goes_on_only_at_the_version_the_client_knows() {
        for known in ["W/\"7\"", "\"7\"", "\"6\", W/\"7\"", "*", "7"] {
            assert_eq!(asked(&[known], &[]).allow_change(&weak(7)), Ok(()), "{known}");
        }
        let refused = asked(&["W/\"6\"", "\"a,b\""], &[]).allow_change(&weak(7)).unwrap_err();
        assert_eq!((refused.status, refused.scim_type), (412, None));
        assert!(refused.detail.contains("W/\"7\""));
        assert!(asked(&[], &["*"]).allow_change(&weak(7)).is_err());
        assert!(asked(&[], &[]).allow_change(&weak(7)).is_ok());
    }

    #[test]
    fn a_read_of_the_known_version_has_nothing_to_say() {
        assert_eq!(asked(&[], &["W/\"7\""]).is_unchanged(&weak(7)), Ok(true));
        assert_eq!(asked(&[], &["W/\"8\""]).is_unchanged(&weak(7)), Ok(false));
        assert_eq!(asked(&[], &[]).is_unchanged(&weak(7)), Ok(false));
        assert_eq!(asked(&["W/\"6\""], &[]).is_unchanged(&weak(7)).unwrap_err().status, 412);
    }

    #[test]
    fn a_header_that_is_there_and_empty_asks_nothing() {
        assert!(asked(&[""], &[" , "]).is_none());
        assert!(!Preconditions::version_is("W/\"1\"").is_none());
    }
}
