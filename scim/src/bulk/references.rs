//! What one operation says of a resource that another is to make: `bulkId:qwerty` in place of an
//! id (RFC 7644 §3.7.2).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

const MARK: &str = "bulkId:";

/// The bulk id that a text refers to, if it is such a reference.
pub fn referred(text: &str) -> Option<&str> {
    let (mark, id) = text.split_at_checked(MARK.len())?;
    (mark.eq_ignore_ascii_case(MARK) && !id.is_empty()).then_some(id)
}

/// Every bulk id that a body refers to.
pub fn in_value(value: &Value) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    found
}

fn collect<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
    match value {
        Value::String(text) => found.extend(referred(text)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Puts ids in the place of references; those that `ids` does not hold stay as they are.
pub fn resolve(value: &mut Value, ids: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(id) = referred(text).and_then(|bulk_id| ids.get(bulk_id)) {
                text.clone_from(id);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| resolve(item, ids)),
        Value::Object(fields) => fields.values_mut().for_each(|field| resolve(field, ids)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The body without what refers to resources that are not there yet: elements of lists go, and so
/// do the attributes of objects. With it a circle of references can be begun somewhere.
pub fn without(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().filter(|item| !refers(item)).map(without).collect(),
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, field)| !refers(field))
            .map(|(name, field)| (name.clone(), without(field)))
            .collect(),
        scalar => scalar.clone(),
    }
}

/// Whether a value is a reference, or an object (such as a member or a manager) that is about one.
fn refers(value: &Value) -> bool {
    match value {
        Value::String(text) => referred(text).is_some(),
        Value::Object(fields) => fields
            .get("value")
            .is_some_and(|value| value.as_str().is_some_and(|text| referred(text).is_some())),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_found_wherever_they_stand() {
        let body =
            json!({"members": [{"value": "bulkId:a"}, {"value": "7"}], "x": {"manager": "BULKID:b"}, "y": "bulkId:"});
        assert_eq!(in_value(&body).into_iter().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn references_become_ids_where_these_are_known() {
        let mut body = json!({"members": [{"value": "bulkId:a"}, {"value": "bulkId:b"}]});
        resolve(&mut body, &BTreeMap::from([("a".to_owned(), "1".to_owned())]));
        assert_eq!(body, json!({"members": [{"value": "1"}, {"value": "bulkId:b"}]}));
    }

    #[test]
    fn what_refers_can_be_set_aside() {
        let body = json!({
            "displayName": "Ops", "members": [{"value": "bulkId:a"}, {"value": "7"}],
            "urn:x": {"manager": {"value": "bulkId:b"}, "department": "R"},
        });
        assert_eq!(
            without(&body),
            json!({"displayName": "Ops", "members": [{"value": "7"}], "urn:x": {"department": "R"}})
        );
    }
}
