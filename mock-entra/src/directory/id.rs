//! Object ids of the directory: GUIDs, as Microsoft Graph writes them.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize, de};

/// The `id` of a directory user or group: a GUID in lower case.
///
/// It is cheap to clone, because every cycle hands ids around. A GUID written in
/// upper case is the same object, so it is folded when read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(Arc<str>);

/// The text is no GUID.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a GUID; write it as 8-4-4-4-12 hexadecimal digits")]
pub struct NotAGuid(String);

impl ObjectId {
    /// The id as it is sent, for example as a group's `externalId`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ObjectId {
    type Err = NotAGuid;

    fn from_str(text: &str) -> Result<Self, NotAGuid> {
        let dashes_right = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        if dashes_right {
            Ok(Self(text.to_ascii_lowercase().into()))
        } else {
            Err(NotAGuid(text.to_owned()))
        }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Serialize for ObjectId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guid_in_upper_case_is_the_same_object() {
        let upper: ObjectId = "8AA1A0C0-C4C3-4BC0-B4A5-2EF676900159".parse().unwrap();
        assert_eq!(upper.as_str(), "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159");
    }

    #[test]
    fn text_that_is_no_guid_is_refused_with_a_remedy() {
        let error = "anna".parse::<ObjectId>().unwrap_err().to_string();
        assert!(error.contains("`anna` is not a GUID; write it as"), "{error}");
    }
}
