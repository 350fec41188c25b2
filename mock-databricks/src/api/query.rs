//! Query parameters.
//!
//! A `+` stays a `+`: blanks must be sent as `%20` (recorded: a filter with a `+` left in it is a 400).

use percent_encoding::percent_decode_str;

use super::projection::Projection;
use crate::errors::ScimError;

/// The parameters of a list or a read.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) filter: Option<String>,
    pub(crate) projection: Projection,
    /// From 1.
    pub(crate) start_index: usize,
    pub(crate) count: Option<usize>,
    /// Lower case.
    pub(crate) sort_by: Option<String>,
    pub(crate) descending: bool,
}

impl Query {
    /// Reads the raw query string; unknown parameters are ignored.
    ///
    /// # Errors
    ///
    /// 400 for a `startIndex` or `count` that is no number (inferred).
    pub(crate) fn parse(raw: Option<&str>) -> Result<Self, ScimError> {
        let mut query = Self {
            start_index: 1,
            ..Self::default()
        };
        let (mut attributes, mut excluded) = (None, None);
        for pair in raw.unwrap_or_default().split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
            if value.is_empty() {
                continue;
            }
            match &*percent_decode_str(name).decode_utf8_lossy() {
                "filter" => query.filter = Some(value),
                "attributes" => attributes = Some(value),
                "excludedAttributes" => excluded = Some(value),
                "startIndex" => query.start_index = number(name, &value)?.max(1),
                "count" => query.count = Some(number(name, &value)?),
                "sortBy" => query.sort_by = Some(value.to_lowercase()),
                "sortOrder" => query.descending = value == "descending",
                _ => {}
            }
        }
        query.projection = Projection::new(attributes.as_deref(), excluded.as_deref());
        Ok(query)
    }
}

/// Negative numbers count as zero (RFC 7644 §3.4.2.4); numbers too large are as good as endless.
fn number(name: &str, text: &str) -> Result<usize, ScimError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ScimError::invalid_value(format!(
            "Parameter {name} is not a number: {text}"
        )));
    }
    if negative {
        return Ok(0);
    }
    Ok(digits.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::Query;

    #[test]
    fn a_plus_is_not_a_blank() {
        let query = Query::parse(Some("filter=userName+eq%20%22a%2Bb%22")).unwrap();
        assert_eq!(query.filter.as_deref(), Some("userName+eq \"a+b\""));
    }

    #[test]
    fn start_index_begins_at_one_and_letters_are_refused() {
        let query = Query::parse(Some("startIndex=-5&count=-1")).unwrap();
        assert_eq!((query.start_index, query.count), (1, Some(0)));
        let huge = Query::parse(Some("startIndex=99999999999999999999999")).unwrap();
        assert_eq!(huge.start_index, usize::MAX);
        assert!(Query::parse(Some("count=ten")).is_err());
    }
}
