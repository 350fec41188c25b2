//! How Entra says "no value any more".
//!
//! The protocol says `null` or an empty array (RFC 7643 §2.5) and `remove`. Expression mappings
//! that evaluate to nothing, the removal of a manager and the acceptance suite of 2026 send `""`.

use serde_json::{Map, Value};

use crate::resource;
use crate::schema::Attribute;

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

/// `{"type": "work", "value": ""}` is no e-mail: an element whose `value` was sent empty is left
/// out.
pub fn element_without_its_value(attribute: &Attribute, element: &Value) -> bool {
    let (Some(_), Value::Object(object)) = (attribute.sub("value"), element) else {
        return false;
    };
    resource::get(object, "value").is_some_and(is_cleared)
}

/// `Remove emails[type eq "work"].value` takes the whole e-mail out, and so does clearing its
/// value: Entra knows an element only by its type, and a type alone would come back as an e-mail.
/// Whether the sub-attribute is the one that carries its element.
pub fn value_carries_its_element(attribute: Option<&Attribute>, sub: &str) -> bool {
    sub.eq_ignore_ascii_case("value") && attribute.is_none_or(|found| found.sub("value").is_some())
}

/// `{"type": "work", "primary": true}` is no address: addresses are cleared one sub-attribute at a
/// time, and when only labels are left the element goes. Where no schema knows the attribute, only
/// an empty object says nothing.
pub fn only_labels_left(attribute: Option<&Attribute>, element: &Map<String, Value>) -> bool {
    let is_list = attribute.is_some_and(|found| found.multi_valued);
    element
        .keys()
        .all(|name| is_list && (name.eq_ignore_ascii_case("type") || name.eq_ignore_ascii_case("primary")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::user;

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

    #[test]
    fn element_is_nothing_without_its_value_or_with_labels_alone() {
        let emails = user().core_attribute("emails").unwrap();
        let addresses = user().core_attribute("addresses").unwrap();
        assert!(element_without_its_value(emails, &json!({"type": "work", "Value": ""})));
        assert!(!element_without_its_value(emails, &json!({"type": "work"})));
        assert!(!element_without_its_value(addresses, &json!({"value": ""})));
        assert!(value_carries_its_element(Some(emails), "Value"));
        assert!(!value_carries_its_element(Some(emails), "display"));
        assert!(!value_carries_its_element(Some(addresses), "value"));
        let labels = json!({"Type": "work", "primary": true});
        let labels = labels.as_object().unwrap();
        assert!(only_labels_left(Some(addresses), labels));
        assert!(!only_labels_left(None, labels));
        assert!(only_labels_left(None, &Map::new()));
    }
}
