//! The two kinds of id that must never be mixed up: ours and Databricks'.

use std::fmt;

/// The id of a SCIM resource as the client knows it: random, never reused (rule C1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScimId(String);

impl ScimId {
    /// A new random id.
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4().to_string())
    }

    /// An id as it was stored or as a client sent it; it need not exist.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ScimId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a user or group at Databricks: a decimal number that fits 64 bits.
///
/// A UUID as a member id is accepted by Databricks and does nothing, so nothing else
/// than a number ever becomes one of these (rule B8).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UpstreamId(String);

impl UpstreamId {
    /// Reads an id; `None` unless it is 1 to 19 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let numeric = !text.is_empty() && text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit());
        numeric.then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UpstreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key under which names are unique: without letter case (rule A11).
pub fn fold(name: &str) -> String {
    scim::text::fold(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_decimal_numbers_are_upstream_ids() {
        assert_eq!(
            UpstreamId::parse("2468013579246801").unwrap().as_str(),
            "2468013579246801"
        );
        for wrong in [
            "",
            "9f5c2a37-0000-4000-8000-000000000002",
            "12a",
            "-1",
            "12345678901234567890",
        ] {
            assert_eq!(UpstreamId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn random_ids_differ() {
        assert_ne!(ScimId::random(), ScimId::random());
    }
}
