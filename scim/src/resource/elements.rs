//! The elements of a multi-valued attribute: which two are the same, and which one is primary.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{get, get_mut, set};
use crate::schema::Attribute;
use crate::text::fold;

/// An array's items; a single value as one item; nothing as no item.
pub(crate) fn elements(value: Option<&Value>) -> &[Value] {
    match value {
        None | Some(Value::Null) => &[],
        Some(Value::Array(items)) => items,
        Some(value) => std::slice::from_ref(value),
    }
}

/// Drops every element that says the same as an earlier one.
pub(crate) fn collapse(attribute: Option<&Attribute>, elements: &mut Vec<Value>) {
    if elements.len() < 2 {
        return;
    }
    let mut seen = HashSet::with_capacity(elements.len());
    elements.retain(|element| {
        seen.insert(match member_id(attribute, element) {
            Some(id) => id.to_owned(),
            None => fingerprint(element),
        })
    });
}

/// Appends elements that are not there yet. Where one with the same `value` and `type` is there,
/// its other sub-attributes are taken over instead: the same pair should not be returned twice
/// (RFC 7643 §2.4), and letter case counts as the schema says. A new primary takes primary from the others (RFC 7644 §3.5.2).
pub(crate) fn add_elements(attribute: Option<&Attribute>, elements: &mut Vec<Value>, new: Vec<Value>) {
    let mut places: HashMap<String, usize> = HashMap::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        places.entry(identity(attribute, element)).or_insert(index);
    }
    let mut has_merged = false;
    for element in new {
        let index = *places.entry(identity(attribute, &element)).or_insert(elements.len());
        let is_primary = is_primary(&element);
        if index == elements.len() {
            elements.push(element);
        } else if let (Value::Object(old), Value::Object(new)) = (&mut elements[index], element) {
            for (name, value) in new {
                set(old, &name, value);
            }
            has_merged = true;
        }
        if is_primary {
            make_only_primary(elements, index);
        }
    }
    // The one may now say what another said before.
    if has_merged {
        collapse(attribute, elements);
    }
}

/// How many elements have `primary: true`.
pub(crate) fn primary_count(elements: &[Value]) -> usize {
    elements.iter().filter(|element| is_primary(element)).count()
}

/// Sets `primary` to false on every element but this one: "the service provider SHALL set the
/// value of the existing attribute's primary to false" (RFC 7644 §3.5.2).
pub(crate) fn make_only_primary(elements: &mut [Value], chosen: usize) {
    for (index, element) in elements.iter_mut().enumerate() {
        if index == chosen {
            continue;
        }
        let primary = element.as_object_mut().and_then(|object| get_mut(object, "primary"));
        if let Some(primary) = primary.filter(|primary| **primary == Value::Bool(true)) {
            *primary = Value::Bool(false);
        }
    }
}

fn is_primary(element: &Value) -> bool {
    element.as_object().and_then(|object| get(object, "primary")) == Some(&Value::Bool(true))
}

/// A member is its id: `$ref`, `type` and `display` follow from it.
fn member_id<'a>(attribute: Option<&Attribute>, element: &'a Value) -> Option<&'a str> {
    attribute.filter(|attribute| attribute.name == "members")?;
    get(element.as_object()?, "value")?.as_str()
}

/// What makes an element the same one as another when it is added again.
fn identity(attribute: Option<&Attribute>, element: &Value) -> String {
    if let Some(id) = member_id(attribute, element) {
        return id.to_owned();
    }
    let folded = |sub: &str, text: &str| match attribute.and_then(|found| found.sub(sub)) {
        Some(found) if !found.case_exact => fold(text).into_owned(),
        _ => text.to_owned(),
    };
    let value_and_type = |object: &Map<String, Value>| {
        let value = get(object, "value")?.as_str()?;
        let kind = get(object, "type").and_then(Value::as_str).unwrap_or_default();
        Some(format!("{}\0{}", folded("type", kind), folded("value", value)))
    };
    element
        .as_object()
        .and_then(value_and_type)
        .unwrap_or_else(|| fingerprint(element))
}

/// Text that is the same for two values that differ only in the order of their keys.
fn fingerprint(value: &Value) -> String {
    let mut text = String::new();
    write_fingerprint(value, &mut text);
    text
}

fn write_fingerprint(value: &Value, text: &mut String) {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in entries {
                write!(text, "{name:?}:").expect("writing to a string cannot fail");
                write_fingerprint(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write_fingerprint(item, text);
                text.push(',');
            }
            text.push(']');
        }
        scalar => write!(text, "{scalar}").expect("writing to a string cannot fail"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{group, user};

    fn add(name: &str, mut elements: Vec<Value>, new: Vec<Value>) -> Value {
        let resource_type = if name == "members" { group() } else { user() };
        add_elements(resource_type.core_attribute(name), &mut elements, new);
        Value::Array(elements)
    }

    #[test]
    fn element_with_the_same_value_and_type_is_extended_not_repeated() {
        assert_eq!(
            add(
                "emails",
                vec![json!({"value": "a", "type": "work"})],
                vec![
                    json!({"type": "work", "value": "a", "display": "A"}),
                    json!({"value": "a"})
                ]
            ),
            json!([{"value": "a", "type": "work", "display": "A"}, {"value": "a"}])
        );
    }

    #[test]
    fn same_value_in_other_letter_case_is_the_same_element() {
        assert_eq!(
            add(
                "emails",
                vec![json!({"value": "a@b", "type": "work", "primary": true})],
                vec![json!({"value": "A@B", "type": "Work"})]
            ),
            json!([{"value": "A@B", "type": "Work", "primary": true}])
        );
        assert_eq!(
            add(
                "emails",
                vec![json!({"value": "a@b"}), json!({"value": "A@b"})],
                vec![json!({"value": "A@b"})]
            ),
            json!([{"value": "A@b"}])
        );
        let certificates = vec![json!({"value": "MIIa"})];
        let both = add("x509Certificates", certificates, vec![json!({"value": "MIIA"})]);
        assert_eq!(both.as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn new_primary_takes_primary_from_the_others() {
        assert_eq!(
            add(
                "emails",
                vec![json!({"value": "a", "primary": true}), json!({"value": "b"})],
                vec![json!({"value": "c", "primary": true})]
            ),
            json!([
                {"value": "a", "primary": false},
                {"value": "b"},
                {"value": "c", "primary": true}
            ])
        );
    }

    #[test]
    fn member_is_its_id_whatever_else_is_said() {
        assert_eq!(
            add(
                "members",
                vec![json!({"value": "a"})],
                vec![json!({"value": "a", "type": "User"}), json!({"value": "b"})]
            ),
            json!([{"value": "a", "type": "User"}, {"value": "b"}])
        );
    }

    #[test]
    fn collapsing_ignores_the_order_of_keys_and_keeps_the_first() {
        let mut elements = vec![json!({"a": 1, "b": [2]}), json!({"b": [2], "a": 1}), json!({"a": 1})];
        collapse(None, &mut elements);
        assert_eq!(Value::Array(elements), json!([{"a": 1, "b": [2]}, {"a": 1}]));
    }
}
