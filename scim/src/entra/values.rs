//! How Entra writes values: booleans and numbers as text, single values in lists and objects.
//!
//! By the letter each type has its JSON form (RFC 7643 §2.3), and only multi-valued attributes are
//! arrays (§2.4).

use std::borrow::Cow;

use serde_json::{Map, Number, Value, json};

use super::{member_from_string, stringified_role};
use crate::resource;
use crate::schema::Attribute;

/// `"True"`, `"false"` and so on, in any letter case. The legacy dialect sends
/// `{"op": "Replace", "path": "active", "value": "False"}`.
pub fn boolean_from_string(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// A number, or a number written as text. `whole` refuses a fraction.
pub fn number_from_string(value: &Value, whole: bool) -> Option<Number> {
    let number = match value {
        Value::Number(number) => number.clone(),
        Value::String(text) => serde_json::from_str(text.trim()).ok()?,
        _ => return None,
    };
    (!whole || number.is_i64() || number.is_u64()).then_some(number)
}

/// A single value sent as `["x"]`, `[{"value": "x"}]` or `{"value": "x"}`, and a single object
/// sent in a list. The reference library's operation model holds a list of `{$ref, value}`, so
/// `{"op": "Add", "path": "nickName", "value": [{"value": "Babs"}]}` must be understood.
pub fn unwrapped_single_value<'a>(attribute: &Attribute, value: &'a Value) -> &'a Value {
    let value = match value {
        Value::Array(items) if items.len() == 1 => &items[0],
        value => value,
    };
    match value {
        Value::Object(object) if !attribute.is_complex() => resource::get(object, "value").unwrap_or(value),
        value => value,
    }
}

/// `"manager": "id"` is read as `{"value": "id"}`, and so is text for any complex attribute that
/// has a `value`. `None` for the others: a `name` is no text.
pub fn reference_from_string(attribute: &Attribute, text: &str) -> Option<Map<String, Value>> {
    let value = attribute.sub("value")?;
    Some(Map::from_iter([(value.name.to_owned(), json!(text))]))
}

/// An element of a multi-valued attribute as the object it stands for: text becomes its `value`,
/// and roles written as JSON inside a string are read.
pub fn element_as_object<'a>(attribute: &Attribute, element: &'a Value) -> Cow<'a, Value> {
    if attribute.name == "roles"
        && let Some(role) = stringified_role(element)
    {
        return Cow::Owned(Value::Object(role));
    }
    match element {
        Value::String(text) if attribute.is_complex() && !text.is_empty() => member_from_string(attribute, text),
        element => Cow::Borrowed(element),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::read_body;
    use crate::schema::{CORE_USER, ENTERPRISE_USER, user};

    fn read(body: Value) -> Value {
        let mut whole = json!({"schemas": [CORE_USER], "userName": "a"});
        let Value::Object(body) = body else {
            panic!("not an object")
        };
        whole.as_object_mut().unwrap().extend(body);
        Value::Object(read_body(user(), &whole).unwrap())
    }

    #[test]
    fn booleans_are_read_from_text_in_any_case() {
        for (text, expected) in [("True", true), ("FALSE", false), ("true", true)] {
            assert_eq!(boolean_from_string(text), Some(expected));
            assert_eq!(read(json!({"active": text}))["active"], expected);
        }
        assert_eq!(boolean_from_string("yes"), None);
    }

    #[test]
    fn primary_of_an_element_is_read_from_text_too() {
        let body = read(json!({"roles": [{"Primary": "True", "value": "r"}]}));
        assert_eq!(body["roles"], json!([{"primary": true, "value": "r"}]));
    }

    #[test]
    fn numbers_are_read_from_text() {
        assert_eq!(number_from_string(&json!("42"), true), Some(42.into()));
        assert_eq!(number_from_string(&json!(1.5), true), None);
        assert!(number_from_string(&json!("1.5"), false).is_some());
        assert_eq!(number_from_string(&json!("x"), false), None);
    }

    #[test]
    fn wrapped_single_values_are_unwrapped() {
        for wrapped in [json!(["Babs"]), json!([{"value": "Babs"}]), json!({"Value": "Babs"})] {
            assert_eq!(read(json!({"nickName": wrapped}))["nickName"], "Babs");
        }
        assert_eq!(read(json!({"active": [{"value": "False"}]}))["active"], false);
    }

    #[test]
    fn manager_is_read_from_text_object_and_list() {
        for manager in [
            json!("m"),
            json!({"value": "m"}),
            json!({"Value": "m"}),
            json!(["m"]),
            json!([{"$ref": null, "value": "m"}]),
        ] {
            let body = read(json!({ENTERPRISE_USER: {"Manager": manager}}));
            assert_eq!(body[ENTERPRISE_USER], json!({"manager": {"value": "m"}}), "{manager}");
        }
    }

    #[test]
    fn empty_manager_is_no_manager() {
        for manager in [json!(""), json!(null), json!([]), json!({"value": ""})] {
            let body = read(json!({ENTERPRISE_USER: {"manager": manager, "department": "R"}}));
            assert_eq!(body[ENTERPRISE_USER], json!({"department": "R"}), "{manager}");
        }
    }

    #[test]
    fn manager_and_department_at_the_root_move_beneath_the_urn() {
        let body = read(json!({"Department": "R", "manager": "m"}));
        assert_eq!(
            body[ENTERPRISE_USER],
            json!({"department": "R", "manager": {"value": "m"}})
        );
        assert_eq!(body.get("Department"), None);
        assert_eq!(body["schemas"], json!([CORE_USER, ENTERPRISE_USER]));
    }
}
