//! Bodies of POST requests (reference §7.2 and §9; captured).
//!
//! Quirks kept on purpose: the enterprise URN is announced even if nothing of it follows,
//! `meta.resourceType` and an empty `roles` are sent, references never are.

use serde_json::{Map, Value, json};

use super::{ADSCIM_GROUP, GROUP, USER};
use crate::mapping::{Desired, ENTERPRISE_USER, Target, Wanted};

/// The order of the captured bodies; what is not named follows before `meta`.
const ORDER: [&str; 5] = ["externalId", "userName", "active", "displayName", "title"];

/// The body that creates a user.
pub fn user(desired: &[Desired]) -> Value {
    let mut body = Map::new();
    body.insert("schemas".to_owned(), json!([USER, ENTERPRISE_USER]));
    for name in ORDER {
        let wanted = desired.iter().filter(|desired| desired.target == Target::Simple(name));
        body.extend(wanted.filter_map(|desired| Some((name.to_owned(), json_of(desired)?))));
    }
    let mut name = Map::new();
    let mut extensions = Map::new();
    for wanted in desired {
        let Some(value) = json_of(wanted) else { continue };
        match &wanted.target {
            Target::Simple(attribute) => {
                body.insert((*attribute).to_owned(), value);
            }
            Target::Filtered(attribute, kind, sub) => {
                let elements = array_of(&mut body, attribute);
                set_in_element(elements, kind, sub, value);
            }
            Target::Nested("name", sub) => {
                name.insert((*sub).to_owned(), value);
            }
            Target::Nested(attribute, sub) => {
                object_of(&mut body, attribute).insert((*sub).to_owned(), value);
            }
            Target::Extension(schema, attribute) => {
                object_of(&mut extensions, schema).insert((*attribute).to_owned(), value);
            }
        }
    }
    body.insert("meta".to_owned(), json!({"resourceType": "User"}));
    if !name.is_empty() {
        body.insert("name".to_owned(), Value::Object(name));
    }
    body.insert("roles".to_owned(), json!([]));
    body.extend(extensions);
    Value::Object(body)
}

/// The body that creates a group. Members are never sent with it.
pub fn group(desired: &[Desired]) -> Value {
    let mut body = Map::new();
    body.insert("schemas".to_owned(), json!([GROUP, ADSCIM_GROUP]));
    for name in ["externalId", "displayName"] {
        let wanted = desired.iter().filter(|desired| desired.target == Target::Simple(name));
        body.extend(wanted.filter_map(|desired| Some((name.to_owned(), json_of(desired)?))));
    }
    body.insert("meta".to_owned(), json!({"resourceType": "Group"}));
    Value::Object(body)
}

/// An empty text is left out of a POST: there is nothing to clear yet.
fn json_of(desired: &Desired) -> Option<Value> {
    match &desired.value {
        Wanted::Text(text) if text.is_empty() => None,
        Wanted::Text(text) => Some(json!(text)),
        Wanted::Flag(flag) => Some(json!(flag)),
    }
}

fn object_of<'a>(body: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    let slot = body.entry(name).or_insert_with(|| json!({}));
    slot.as_object_mut().expect("only objects are put under this key")
}

fn array_of<'a>(body: &'a mut Map<String, Value>, name: &str) -> &'a mut Vec<Value> {
    let slot = body.entry(name).or_insert_with(|| json!([]));
    slot.as_array_mut().expect("only arrays are put under this key")
}

/// One element for each type; the work one is primary (captured).
fn set_in_element(elements: &mut Vec<Value>, kind: &str, sub: &str, value: Value) {
    let found = elements.iter().position(|element| element["type"] == kind);
    let at = found.unwrap_or_else(|| {
        elements.push(json!({"primary": kind == "work", "type": kind}));
        elements.len() - 1
    });
    elements[at][sub] = value;
}
