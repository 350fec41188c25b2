//! How Entra writes members: objects with `"$ref": null`, bare ids, or one id alone.
//!
//! By the letter they are objects with a `value` (RFC 7643 §4.2).

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::resource;
use crate::schema::Attribute;

/// `"members": ["id"]` is read as `[{"value": "id"}]`. The reference server takes it.
pub fn member_from_string<'a>(attribute: &Attribute, text: &str) -> Cow<'a, Value> {
    let name = attribute.sub("value").map_or("value", |value| value.name);
    Cow::Owned(json!({name: text}))
}

/// The ids in the value of an operation on `members`: a list of objects, of ids, one object, one
/// id. `null`, the empty string and an object without an id name nobody.
pub fn members_of_value(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(members_of_value).collect(),
        Value::String(id) if !id.is_empty() => vec![id.clone()],
        Value::Object(object) => resource::get(object, "value").map(members_of_value).unwrap_or_default(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::read_body;
    use crate::schema::{CORE_GROUP, group};

    #[test]
    fn members_are_read_from_every_form() {
        for value in [
            json!([{"$ref": null, "value": "a"}, {"value": "b"}]),
            json!(["a", "b"]),
            json!([{"Value": "a"}, "b", {"value": null}, null, ""]),
        ] {
            assert_eq!(members_of_value(&value), ["a", "b"], "{value}");
        }
        assert_eq!(members_of_value(&json!("a")), ["a"]);
        assert_eq!(members_of_value(&json!({"value": "a"})), ["a"]);
        assert_eq!(members_of_value(&json!([])), Vec::<String>::new());
    }

    #[test]
    fn body_members_may_be_strings_and_appear_once() {
        let body = json!({
            "schemas": [CORE_GROUP], "displayName": "g",
            "members": ["a", {"value": "a", "$ref": null, "display": "A"}, {"value": "b", "type": "User"}],
        });
        let resource = read_body(group(), &body).unwrap();
        assert_eq!(
            resource["members"],
            json!([{"value": "a"}, {"value": "b", "type": "User"}])
        );
    }
}
