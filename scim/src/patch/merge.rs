//! Merging sub-attributes into an object (RFC 7644 §3.5.2.1, §3.5.2.3).

use serde_json::{Map, Value};

use crate::resource::{get, remove, set};
use crate::schema::Attribute;

/// Puts sub-attributes over those that are there; `null` takes one out.
///
/// A reference that points elsewhere afterwards loses what described the old target: `$ref` and
/// the names. One without a `value` is nothing, and nothing is left of it.
pub(super) fn merge(definition: Option<&Attribute>, old: &mut Map<String, Value>, new: &Map<String, Value>) {
    let is_reference = definition.is_some_and(|found| found.sub("$ref").is_some());
    if is_reference && get(new, "value").is_some_and(|value| get(old, "value") != Some(value)) {
        for stale in ["$ref", "display", "displayName"] {
            remove(old, stale);
        }
    }
    for (name, value) in new {
        if value.is_null() {
            remove(old, name);
        } else {
            set(old, name, value.clone());
        }
    }
    if is_reference && get(old, "value").is_none() {
        old.clear();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::user;

    fn merged(name: &str, old: &Value, new: &Value) -> Value {
        let mut object = old.as_object().unwrap().clone();
        let definition = user().attribute(None, name).map(|(_, found)| found);
        merge(definition, &mut object, new.as_object().unwrap());
        Value::Object(object)
    }

    #[test]
    fn sub_attributes_not_given_stay_and_null_takes_one_out() {
        assert_eq!(
            merged(
                "name",
                &json!({"givenName": "A", "familyName": "B"}),
                &json!({"givenName": null, "formatted": "B"})
            ),
            json!({"familyName": "B", "formatted": "B"})
        );
    }

    #[test]
    fn new_manager_loses_what_described_the_old_one() {
        let old = json!({"value": "a", "$ref": "../Users/a", "displayName": "A"});
        assert_eq!(merged("manager", &old, &json!({"value": "b"})), json!({"value": "b"}));
        assert_eq!(merged("manager", &old, &json!({"value": "a"})), old);
        assert_eq!(merged("manager", &old, &json!({"value": null})), json!({}));
    }
}
