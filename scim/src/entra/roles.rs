//! How Entra writes application roles: as JSON inside a string, where the RFC has objects (RFC 7643
//! §4.1.2).
//!
//! `SingleAppRoleAssignment` and `AppRoleAssignmentsComplex` of the expression language give text
//! such as `{"id":"…","value":"25","displayName":"Role"}`, which the mapping puts into `value`.

use serde_json::{Map, Value};

use crate::resource::{self, set};

/// The role in an element `{"value": "{\"id\":…,\"value\":\"25\",\"displayName\":\"Role\"}"}` or
/// in the bare string; the text may be wrapped as [`super::unwrapped_single_value`] has it. What
/// else the element says (`primary`, `type`) stays. A role within a role is read to its end, so
/// that what was read once reads as itself.
pub fn stringified_role(element: &Value) -> Option<Map<String, Value>> {
    let (text, outer) = match element {
        Value::String(text) => (text, None),
        Value::Object(object) => (as_text(resource::get(object, "value")?)?, Some(object)),
        _ => return None,
    };
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let Ok(Value::Object(role)) = serde_json::from_str(text) else {
        return None;
    };
    resource::get(&role, "value")?;
    let mut read = outer.cloned().unwrap_or_default();
    for (name, value) in role {
        set(&mut read, &name, value);
    }
    // Each text within a text doubles its escapes, so this cannot go deep.
    Some(stringified_role(&Value::Object(read.clone())).unwrap_or(read))
}

/// The text of a `value`, alone, in a list of one, or in an object's `value`.
fn as_text(value: &Value) -> Option<&String> {
    let value = match value {
        Value::Array(items) if items.len() == 1 => &items[0],
        value => value,
    };
    match value {
        Value::String(text) => Some(text),
        Value::Object(object) => match resource::get(object, "value") {
            Some(Value::String(text)) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ROLE: &str = r#"{"id":"06b07648","value":"25","displayName":"Role1234"}"#;

    #[test]
    fn role_written_as_json_text_is_read() {
        let expected = json!({"value": "25", "id": "06b07648", "displayName": "Role1234"});
        assert_eq!(
            stringified_role(&json!({"value": ROLE})).map(Value::Object),
            Some(expected.clone())
        );
        assert_eq!(stringified_role(&json!(ROLE)).map(Value::Object), Some(expected));
    }

    #[test]
    fn what_else_the_element_says_stays() {
        let role = stringified_role(&json!({"Value": ROLE, "primary": "True"})).unwrap();
        assert_eq!(role["primary"], "True");
        assert_eq!(role["Value"], "25");
    }

    #[test]
    fn role_is_read_when_its_text_is_wrapped_or_a_role_within_a_role() {
        let expected = json!({"value": "25", "id": "06b07648", "displayName": "Role1234"});
        for wrapped in [json!([ROLE]), json!([{"value": ROLE}]), json!({"Value": ROLE})] {
            let role = stringified_role(&json!({"value": wrapped})).map(Value::Object);
            assert_eq!(role, Some(expected.clone()), "{wrapped}");
        }
        let within = json!({"value": ROLE}).to_string();
        assert_eq!(stringified_role(&json!(within)).map(Value::Object), Some(expected));
    }

    #[test]
    fn ordinary_values_are_left_alone() {
        for value in [
            json!({"value": "Admin"}),
            json!("Admin"),
            json!({"value": "{broken"}),
            json!(1),
        ] {
            assert_eq!(stringified_role(&value), None, "{value}");
        }
    }
}
