//! A resource is its JSON object; the schemas only say how to spell and read what is in it.
//!
//! JSON comes first because what no schema knows must come back as it was sent (rule A8). The
//! surprise is that names match in any ASCII case (RFC 7643 §2.1) while the object keeps one
//! spelling: [`get`], [`set`] and the others hide that.

mod body;
mod coerce;
mod elements;
mod place;
mod same;
mod schemas;

use serde_json::{Map, Value};

pub use body::read_body;
pub(crate) use coerce::{Clearing, Misfit, coerce, coerce_element, refuse_doubled_names};
pub(crate) use elements::{add_elements, collapse, elements, make_only_primary, primary_count};
pub use place::Place;
pub use same::same;
pub(crate) use schemas::list_extensions;

use crate::path::AttributePath;
use crate::schema::ResourceType;
use crate::text::same_name;

/// A SCIM resource: attributes by name, extensions by URN, in the order they came.
pub type Resource = Map<String, Value>;

/// The value under this name, in any letter case.
pub fn get<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    match object.get(name) {
        Some(value) => Some(value),
        None => object
            .iter()
            .find(|(key, _)| same_name(key, name))
            .map(|(_, value)| value),
    }
}

/// The value under this name, in any letter case, to be changed.
pub fn get_mut<'a>(object: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Value> {
    object
        .iter_mut()
        .find(|(key, _)| same_name(key, name))
        .map(|(_, value)| value)
}

/// Takes the value under this name out, in any letter case. The others keep their order.
pub fn remove(object: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let key = spelling(object, name)?;
    object.shift_remove(&key)
}

/// Puts a value under this name, keeping the spelling and place that are there.
pub fn set(object: &mut Map<String, Value>, name: &str, value: Value) {
    match get_mut(object, name) {
        Some(old) => *old = value,
        None => {
            object.insert(name.to_owned(), value);
        }
    }
}

/// The value of an attribute or sub-attribute. A sub-attribute of a multi-valued attribute is not
/// one value: `None`.
pub fn get_at<'a>(resource_type: &ResourceType, resource: &'a Resource, path: &AttributePath) -> Option<&'a Value> {
    let value = Place::of(resource_type, path).get(resource)?;
    match &path.sub {
        None => Some(value),
        Some(sub) => get(value.as_object()?, sub),
    }
}

/// Puts a value at an attribute, or at a sub-attribute of a single-valued one. What is new gets
/// the schema's spelling; an extension is listed in `schemas` when it appears.
pub fn set_at(resource_type: &ResourceType, resource: &mut Resource, path: &AttributePath, value: Value) {
    let place = Place::of(resource_type, path);
    match &path.sub {
        None => place.set(resource, value),
        Some(sub) => {
            let spelled = place.definition().and_then(|found| found.sub(sub));
            let sub = spelled.map_or(sub.as_str(), |found| found.name);
            if let Some(Value::Object(object)) = place.get_mut(resource) {
                set(object, sub, value);
            } else {
                let object = Map::from_iter([(sub.to_owned(), value)]);
                place.set(resource, Value::Object(object));
            }
        }
    }
    list_extensions(resource_type, resource);
}

/// Takes out an attribute, or a sub-attribute of a single-valued one.
pub fn remove_at(resource_type: &ResourceType, resource: &mut Resource, path: &AttributePath) -> Option<Value> {
    let place = Place::of(resource_type, path);
    match &path.sub {
        None => place.remove(resource),
        Some(sub) => remove(place.get_mut(resource)?.as_object_mut()?, sub),
    }
}

/// Whether there is nothing: `null`, an empty array or an empty object. "Unassigned" (RFC 7643
/// §2.5) in every way of writing it but the empty string.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn spelling(object: &Map<String, Value>, name: &str) -> Option<String> {
    object.keys().find(|key| same_name(key, name)).cloned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{ENTERPRISE_USER, user};

    fn object(value: Value) -> Resource {
        let Value::Object(object) = value else {
            panic!("not an object")
        };
        object
    }

    #[test]
    fn names_match_in_any_case_and_keep_their_spelling_and_place() {
        let mut resource = object(json!({"USERNAME": "a", "title": "b", "x": 1}));
        set(&mut resource, "userName", json!("c"));
        assert_eq!(get(&resource, "username"), Some(&json!("c")));
        assert_eq!(remove(&mut resource, "Title"), Some(json!("b")));
        assert_eq!(Value::Object(resource).to_string(), r#"{"USERNAME":"c","x":1}"#);
    }

    #[test]
    fn new_attributes_get_the_schemas_spelling_and_place() {
        let mut resource = object(json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"]}));
        set_at(
            user(),
            &mut resource,
            &AttributePath::new("NAME").with_sub("GIVENNAME"),
            json!("A"),
        );
        set_at(user(), &mut resource, &AttributePath::new("Department"), json!("R"));
        assert_eq!(
            Value::Object(resource.clone()),
            json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE_USER],
                "name": {"givenName": "A"},
                ENTERPRISE_USER: {"department": "R"},
            })
        );
        let department = AttributePath::new("department").with_urn(ENTERPRISE_USER);
        assert_eq!(get_at(user(), &resource, &department), Some(&json!("R")));
        assert_eq!(remove_at(user(), &mut resource, &department), Some(json!("R")));
        assert_eq!(get(&resource, ENTERPRISE_USER), None);
    }
}
