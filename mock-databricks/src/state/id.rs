//! Ids: decimal numbers of 15 or 16 digits, as Databricks assigns them.
//!
//! The surprise: many do not fit a JavaScript number (2^53 has 16 digits), and none fits 32 bits.

use std::collections::HashSet;
use std::fmt;

use crate::chance::Chance;

/// A Databricks object id [fixture: a string of digits, signed 64-bit].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(u64);

impl Id {
    /// Names nothing: the id of what is not stored yet.
    pub(crate) fn none() -> Self {
        Self(0)
    }

    /// Reads an id as it stands in a path or a member value; `None` if it is not a number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // A number beyond 64 bits is still a number, and names nothing.
        digits.then(|| Self(text.parse().unwrap_or(0)))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Hands out ids that were never handed out before.
#[derive(Debug)]
pub(crate) struct IdSource {
    chance: Chance,
    used: HashSet<Id>,
}

impl IdSource {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            chance: Chance::new(seed, 1),
            used: HashSet::new(),
        }
    }

    /// Marks an id that came from outside, so that it is not handed out a second time.
    pub(crate) fn claim(&mut self, id: Id) {
        self.used.insert(id);
    }

    /// Where the source stands.
    pub(crate) fn state(&self) -> u64 {
        self.chance.state()
    }

    /// Goes on from where another source of the same seed stood.
    pub(crate) fn resume(&mut self, state: u64) {
        self.chance = Chance::resumed(state);
    }

    pub(crate) fn next(&mut self) -> Id {
        loop {
            let id = Id(100_000_000_000_000 + self.chance.below(9_900_000_000_000_000));
            if self.used.insert(id) {
                return id;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Id, IdSource};

    #[test]
    fn ids_have_15_or_16_digits_and_follow_from_the_seed() {
        let (mut first, mut second) = (IdSource::new(1), IdSource::new(1));
        for _ in 0..1_000 {
            let id = first.next();
            assert_eq!(id, second.next());
            assert!(matches!(id.to_string().len(), 15 | 16));
        }
    }

    #[test]
    fn only_digits_are_an_id() {
        assert!(Id::parse("1234").is_some());
        assert!(Id::parse("99999999999999999999999999").is_some());
        for text in ["", "12a", "-1", "6a1f0a4e-0000-4000-8000-000000000001"] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
    }
}
