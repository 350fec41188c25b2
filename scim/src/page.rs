//! `startIndex` and `count` (RFC 7644 §3.4.2.4).
//!
//! The surprise: pages count from 1, and odd numbers are read kindly ("a value less than 1 SHALL
//! be interpreted as 1", "a negative value SHALL be interpreted as 0"); only what is no number at
//! all is refused.

use crate::error::ScimError;

/// Which part of the matches to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The first match wanted, from 1.
    pub start_index: usize,
    /// The most resources wanted; 0 asks for the total alone.
    pub count: usize,
}

impl Page {
    /// Reads the two query parameters as they came, decoded.
    ///
    /// Without `count` the page holds `default` resources; more than `max` is cut to `max`.
    ///
    /// # Errors
    ///
    /// 400 `invalidValue` when a parameter is not a whole number.
    pub fn from_query(
        start_index: Option<&str>,
        count: Option<&str>,
        default: usize,
        max: usize,
    ) -> Result<Self, ScimError> {
        let start_index = start_index.map_or(Ok(1), |text| whole_number("startIndex", text))?;
        let count = count.map_or(Ok(default), |text| whole_number("count", text))?;
        Ok(Self {
            start_index: start_index.max(1),
            count: count.min(max),
        })
    }

    /// How many matches come before the page.
    pub fn offset(self) -> usize {
        self.start_index - 1
    }
}

/// Negative numbers become 0, numbers beyond the machine's become the greatest one.
fn whole_number(name: &str, text: &str) -> Result<usize, ScimError> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ScimError::invalid_value(format!("{name} must be a whole number")));
    }
    Ok(if negative {
        0
    } else {
        digits.parse().unwrap_or(usize::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(start: Option<&str>, count: Option<&str>) -> Result<(usize, usize), ScimError> {
        Page::from_query(start, count, 100, 200).map(|p| (p.start_index, p.count))
    }

    #[test]
    fn page_without_parameters_starts_at_one_with_the_default_count() {
        assert_eq!(page(None, None), Ok((1, 100)));
    }

    #[test]
    fn numbers_below_the_range_are_read_as_its_end() {
        assert_eq!(page(Some("0"), Some("-5")), Ok((1, 0)));
        assert_eq!(page(Some("-3"), Some("0")), Ok((1, 0)));
    }

    #[test]
    fn count_is_cut_to_the_maximum_and_giants_do_not_overflow() {
        assert_eq!(page(Some("6"), Some("5000")), Ok((6, 200)));
        let giant = "99999999999999999999999999";
        assert_eq!(page(Some(giant), Some(giant)), Ok((usize::MAX, 200)));
    }

    #[test]
    fn what_is_no_number_is_refused_by_name() {
        let error = page(Some("abc"), None).unwrap_err();
        assert_eq!(error.detail, "startIndex must be a whole number");
        assert!(page(None, Some("1.5")).is_err());
        assert!(page(None, Some("")).is_err());
    }
}
