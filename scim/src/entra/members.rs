//! How Entra writes members: objects with `"$ref": null`, bare ids, or one id alone.
//!
//! By the letter they are objects with a `value` (RFC 7643 §4.2).

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Value, json};

use crate::resource;
use crate::schema::Attribute;

/// `"members": ["id"]` is read as `[{"value": "id"}]`. The reference server takes it.
pub fn member_from_string<'a>(attribute: &Attribute, text: &str) -> Cow<'a, Value> {
    let name = attribute.sub("value").map_or("value", |value| value.name);
    Cow::Owned(json!({name: text}))
}

/// A member as a client names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedMember {
    /// The id of the user or group.
    pub id: String,
    /// The `display` that came with it, kept as written (rule A8).
    pub display: Option<String>,
}

/// The members in the value of an operation on `members`: a list of objects, of ids, one object, one
/// id. `null`, the empty string and an object without an id name nobody; of one who is named twice
/// the first counts.
pub fn members_of_value(value: &Value) -> Vec<NamedMember> {
    let (mut members, mut seen) = (Vec::new(), HashSet::new());
    collect(value, None, &mut |member: NamedMember| {
        if seen.insert(member.id.clone()) {
            members.push(member);
        }
    });
    members
}

fn collect(value: &Value, display: Option<&str>, take: &mut dyn FnMut(NamedMember)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, display, take)),
        Value::String(id) if !id.is_empty() => take(NamedMember {
            id: id.clone(),
            display: display.map(str::to_owned),
        }),
        Value::Object(object) => {
            let display = resource::get(object, "display").and_then(Value::as_str);
            if let Some(id) = resource::get(object, "value") {
                collect(id, display, take);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::read_body;
    use crate::schema::{CORE_GROUP, group};

    fn ids(value: &Value) -> Vec<String> {
        members_of_value(value).into_iter().map(|member| member.id).collect()
    }

    #[test]
    fn members_are_read_from_every_form() {
        for value in [
            json!([{"$ref": null, "value": "a"}, {"value": "b"}]),
            json!(["a", "b"]),
            json!([{"Value": "a"}, "b", {"value": null}, null, ""]),
        ] {
            assert_eq!(ids(&value), ["a", "b"], "{value}");
        }
        assert_eq!(ids(&json!("a")), ["a"]);
        assert_eq!(ids(&json!({"value": "a"})), ["a"]);
        assert_eq!(ids(&json!([])), Vec::<String>::new());
        let named = members_of_value(&json!([{"value": "a", "Display": "Ana"}, {"value": "a"}, "b"]));
        assert_eq!(named.len(), 2);
        assert_eq!((named[0].display.as_deref(), &named[1].display), (Some("Ana"), &None));
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
