//! Query parameters.
//!
//! The surprise is the `+`: the vendor's own SDKs write blanks so, and a `+` that is left in the decoded text (sent as `%2B`)
//! breaks a filter.

use percent_encoding::percent_decode_str;

use super::projection::Projection;
use crate::errors::ScimError;
use crate::switches::{Switch, Switches};

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
    /// 400 for a `startIndex` or `count` that is no number [inferred].
    pub(crate) fn parse(raw: Option<&str>, switches: &Switches) -> Result<Self, ScimError> {
        let decode = |text: &str| decode(text, switches);
        let mut query = Self {
            start_index: 1,
            ..Self::default()
        };
        let (mut attributes, mut excluded) = (None, None);
        for pair in raw.unwrap_or_default().split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value);
            if value.is_empty() {
                continue;
            }
            match &*decode(name) {
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

/// Decodes a name or a value: a form as the vendor's SDKs write it [conflict: fixture, issue].
fn decode(text: &str, switches: &Switches) -> String {
    let text = if switches.is(Switch::PlusInQuery, "blank") {
        text.replace('+', " ")
    } else {
        text.to_owned()
    };
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
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
    use super::{Query, Switches};

    fn parse(raw: &str) -> Result<Query, crate::errors::ScimError> {
        Query::parse(Some(raw), &Switches::default())
    }

    #[test]
    fn a_plus_is_a_blank_unless_the_switch_says_otherwise() {
        let raw = "filter=userName+eq%20%22a%2Bb%22";
        assert_eq!(parse(raw).unwrap().filter.as_deref(), Some("userName eq \"a+b\""));
        let mut switches = Switches::default();
        switches.set("plus_in_query", serde_json::json!("literal")).unwrap();
        let query = Query::parse(Some(raw), &switches).unwrap();
        assert_eq!(query.filter.as_deref(), Some("userName+eq \"a+b\""));
    }

    #[test]
    fn start_index_begins_at_one_and_letters_are_refused() {
        let query = parse("startIndex=-5&count=-1").unwrap();
        assert_eq!((query.start_index, query.count), (1, Some(0)));
        let huge = parse("startIndex=99999999999999999999999").unwrap();
        assert_eq!(huge.start_index, usize::MAX);
        assert!(parse("count=ten").is_err());
    }
}
