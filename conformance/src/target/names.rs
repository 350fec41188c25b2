//! Names that no other run and no other check uses.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use uuid::Uuid;

/// The mark of one run: it stands in the name of every resource the run makes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunId(String);

impl RunId {
    /// A mark nobody has used. Chance is used here and nowhere else: two runs against one
    /// server must not meet, and the mark is printed, so that `--run-id` repeats its names.
    pub fn fresh() -> Self {
        Self(Uuid::new_v4().simple().to_string()[..8].to_owned())
    }

    /// A mark from the command line.
    ///
    /// # Errors
    ///
    /// Text that says which characters are allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fine = (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if fine {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("`{text}`: a run id has up to 32 small letters and digits"))
        }
    }

    /// A UUID that belongs to this run and these words: the same each time it is asked for.
    pub(super) fn uuid(&self, words: &str) -> Uuid {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, &self.0, words).hash(&mut hasher);
            hasher.finish()
        };
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&half(0).to_be_bytes());
        bytes[8..].copy_from_slice(&half(1).to_be_bytes());
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_makes_the_same_uuid_from_the_same_words() {
        let run = RunId::parse("ab12").unwrap();
        assert_eq!(run.uuid("x"), run.uuid("x"));
        assert_ne!(run.uuid("x"), run.uuid("y"));
        assert_ne!(run.uuid("x"), RunId::fresh().uuid("x"));
        assert_eq!(run.uuid("x").get_version_num(), 4);
    }

    #[test]
    fn a_run_id_holds_nothing_a_filter_would_have_to_quote() {
        assert!(RunId::parse("Ab-1").is_err());
        assert!(RunId::parse("").is_err());
    }
}
