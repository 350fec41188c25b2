//! Comparing text without regard to case: names in ASCII, values in Unicode.
//!
//! RFC 7643 §2.1 makes attribute names case-insensitive, and those are ASCII. Values of attributes
//! with `caseExact: false` are whatever people are called, so they are folded as Unicode.

use std::borrow::Cow;
use std::cmp::Ordering;

/// The text in the form in which values that are not `caseExact` are compared.
///
/// Use it for index keys too, so that a look-up finds what a filter finds. A part of a text folds
/// to the same part of the folded text, which `str::to_lowercase` does not promise: it writes a
/// Greek sigma at the end of a word in another way, and `co "Σ"` would miss it.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    if text.is_ascii() {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    let letters = text.chars().flat_map(char::to_lowercase);
    Cow::Owned(letters.map(|c| if c == 'ς' { 'σ' } else { c }).collect())
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

    #[test]
    fn part_of_a_text_folds_to_a_part_of_the_folded_text() {
        for (whole, part) in [("ΟΔΟΣ", "Σ"), ("οδος", "ΟΣ"), ("Ana@CONTOSO", "@Contoso")] {
            assert!(fold(whole).ends_with(&*fold(part)), "{whole} {part}");
        }
        assert!(same_folded("ΟΔΟΣ", "οδος"));
    }
}
