//! Cursors (RFC 9865 §2): where a page ended, as text that only the bridge reads.
//!
//! A cursor of an unsorted query names the last row, so that nothing is skipped or shown twice when
//! others come and go in between; one of a sorted query counts, because what it was sorted by may
//! change. It never expires, and it belongs to one query: another refuses it.

use scim::error::{ScimError, ScimType};
use scim::query::Parameters;
use sha2::{Digest, Sha256};

use super::Scope;
use crate::store::{Kind, Pk, Stored};

/// Where the next page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cursor {
    /// After this row; users come before groups.
    After(Kind, Pk),
    /// After so many matches.
    Counted(usize),
}

impl Cursor {
    /// Where a page ended whose last resource is this.
    pub(super) fn after(last: &Stored) -> Self {
        Self::After(last.kind, last.pk)
    }

    /// The text of it, of letters, digits and dashes.
    pub(super) fn write(self, fingerprint: &str) -> String {
        match self {
            Self::After(Kind::User, pk) => format!("u{:x}-{fingerprint}", pk.number()),
            Self::After(Kind::Group, pk) => format!("g{:x}-{fingerprint}", pk.number()),
            Self::Counted(count) => format!("n{count:x}-{fingerprint}"),
        }
    }

    /// Reads a text that a client gave back.
    ///
    /// # Errors
    ///
    /// 400 `invalidCursor` when it is none, or belongs to another query.
    pub(super) fn read(text: &str, fingerprint: &str) -> Result<Self, ScimError> {
        Self::try_read(text, fingerprint).ok_or_else(|| {
            let detail = "the cursor is not one of this query; begin again with an empty cursor";
            ScimError::typed(400, ScimType::InvalidCursor, detail)
        })
    }

    fn try_read(text: &str, fingerprint: &str) -> Option<Self> {
        let (place, mark) = text.split_once('-')?;
        if mark != fingerprint {
            return None;
        }
        let (kind, number) = place.split_at_checked(1)?;
        let row = || i64::from_str_radix(number, 16).ok().map(Pk::new);
        match kind {
            "u" => row().map(|row| Self::After(Kind::User, row)),
            "g" => row().map(|row| Self::After(Kind::Group, row)),
            "n" => usize::from_str_radix(number, 16).ok().map(Self::Counted),
            _ => None,
        }
    }
}

/// What two queries have in common whose pages join: everything but `count` and what is shown.
pub(super) fn fingerprint(parameters: &Parameters, scope: Scope) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{scope:?}"));
    for part in [&parameters.filter, &parameters.sort_by, &parameters.sort_order] {
        let part = part.as_deref().unwrap_or_default();
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let [a, b, c, d, ..] = digest;
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(filter: &str) -> String {
        let parameters = Parameters {
            filter: Some(filter.to_owned()),
            ..Parameters::default()
        };
        fingerprint(&parameters, Scope::of(Kind::User))
    }

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        for cursor in [
            Cursor::After(Kind::User, Pk::new(4711)),
            Cursor::After(Kind::Group, Pk::new(1)),
            Cursor::Counted(0),
            Cursor::Counted(usize::MAX),
        ] {
            assert_eq!(Cursor::read(&cursor.write(&of("a pr")), &of("a pr")), Ok(cursor));
        }
    }

    #[test]
    fn what_is_no_cursor_of_this_query_is_refused() {
        let good = Cursor::After(Kind::User, Pk::new(7)).write(&of("a pr"));
        assert!(Cursor::read(&good, &of("b pr")).is_err());
        for wrong in ["x", "u-", "u7", "é-", "q7-a", &format!("uzz-{}", of("a pr"))] {
            let refused = Cursor::read(wrong, &of("a pr")).unwrap_err();
            assert_eq!(
                (refused.status, refused.scim_type),
                (400, Some(ScimType::InvalidCursor)),
                "{wrong}"
            );
        }
        let groups = fingerprint(&Parameters::default(), Scope::of(Kind::Group));
        assert_ne!(groups, fingerprint(&Parameters::default(), Scope::all()));
    }
}
