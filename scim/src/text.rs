//! Comparing text without regard to case: names in ASCII, values in Unicode.
//!
//! RFC 7643 §2.1 makes attribute names case-insensitive, and those are ASCII. Values of attributes
//! with `caseExact: false` are whatever people are called, so they are folded as Unicode.

use std::borrow::Cow;
use std::cmp::Ordering;

/// The text in the form in which values that are not `caseExact` are compared.
///
/// Use it for index keys too, so that a look-up finds what a filter finds.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

/// Whether two values are the same when case does not count.
pub fn same_folded(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        a.eq_ignore_ascii_case(b)
    } else {
        fold(a) == fold(b)
    }
}

/// The order of two values when case does not count.
pub fn compare_folded(a: &str, b: &str) -> Ordering {
    fold(a).cmp(&fold(b))
}

/// Whether two attribute names or URNs are the same (ASCII case does not count).
pub fn same_name(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fold_beyond_ascii_and_names_do_not() {
        assert!(same_folded("JÖRG@contoso.test", "jörg@contoso.test"));
        assert!(!same_name("Größe", "GRÖSSE"));
        assert_eq!(fold("plain"), "plain");
        assert_eq!(compare_folded("Abc", "abd"), Ordering::Less);
    }
}
