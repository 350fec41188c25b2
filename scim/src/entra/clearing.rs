//! How Entra says "no value any more".
//!
//! The protocol says `null` or an empty array (RFC 7643 §2.5) and `remove`. Expression mappings
//! that evaluate to nothing, the removal of a manager and the acceptance suite of 2026 send `""`.

use serde_json::Value;

/// `null`, `""`, `[]` and `{}`: an empty value clears its attribute.
pub fn is_cleared(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// `null` and `""`: what clears an attribute that no schema knows. Its empty arrays and objects
/// are kept as sent.
pub fn is_cleared_scalar(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn empty_values_clear_and_false_does_not() {
        for empty in [json!(null), json!(""), json!([]), json!({})] {
            assert!(is_cleared(&empty), "{empty}");
        }
        for value in [json!(false), json!(0), json!(" "), json!([null])] {
            assert!(!is_cleared(&value), "{value}");
        }
    }

    #[test]
    fn unknown_attributes_keep_their_empty_arrays() {
        assert!(is_cleared_scalar(&json!("")));
        assert!(is_cleared_scalar(&json!(null)));
        assert!(!is_cleared_scalar(&json!([])));
        assert!(!is_cleared_scalar(&json!({})));
    }
}
