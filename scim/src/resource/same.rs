//! When two resources say the same.

use serde_json::{Map, Value};

use super::{get, is_empty};

/// Whether two resources hold the same values: the order of attributes does not count, and empty
/// arrays and objects are as good as absent (RFC 7643 §2.5).
pub fn same(a: &Map<String, Value>, b: &Map<String, Value>) -> bool {
    covers(a, b) && covers(b, a)
}

/// Whether everything in `a` is also in `b`.
fn covers(a: &Map<String, Value>, b: &Map<String, Value>) -> bool {
    a.iter()
        .filter(|(_, value)| !is_empty(value))
        .all(|(name, value)| match (value, get(b, name)) {
            (Value::Object(a), Some(Value::Object(b))) => same(a, b),
            (value, Some(other)) => value == other,
            (Value::Object(a), None) => a.values().all(is_empty),
            (_, None) => false,
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn is_same(a: &Value, b: &Value) -> bool {
        same(a.as_object().unwrap(), b.as_object().unwrap())
    }

    #[test]
    fn empty_arrays_and_absence_are_the_same() {
        assert!(is_same(&json!({"a": 1, "roles": []}), &json!({"a": 1})));
        assert!(is_same(&json!({"a": 1}), &json!({"x": {"roles": []}, "a": 1})));
        assert!(!is_same(&json!({"roles": [1]}), &json!({"roles": []})));
    }

    #[test]
    fn order_of_attributes_does_not_count_but_of_elements_does() {
        assert!(is_same(&json!({"a": 1, "b": 2}), &json!({"b": 2, "a": 1})));
        assert!(!is_same(&json!({"a": [1, 2]}), &json!({"a": [2, 1]})));
    }
}
