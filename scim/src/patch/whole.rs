//! A change of a whole attribute.

use serde_json::{Map, Value};

use super::Op;
use super::merge::merge;
use crate::entra;
use crate::error::ScimError;
use crate::resource::{Place, Resource, add_elements, collapse};

pub(super) fn apply(
    resource: &mut Resource,
    place: &Place<'_>,
    op: Op,
    value: Option<&Value>,
) -> Result<(), ScimError> {
    let is_multi_valued = place.definition().is_some_and(|found| found.multi_valued);
    match (op, value) {
        (Op::Remove, named) => return remove(resource, place, named),
        // Nothing to add to a list leaves the list as it is.
        (Op::Add, None | Some(Value::Null)) if is_multi_valued => {}
        (Op::Add | Op::Replace, None | Some(Value::Null)) => {
            place.remove(resource);
        }
        (Op::Replace, Some(Value::Array(items))) => {
            let mut items = items.clone();
            collapse(place.definition(), &mut items);
            put_list(resource, place, items);
        }
        (Op::Add, Some(Value::Array(items))) => {
            let mut list = take_list(resource, place);
            add_elements(place.definition(), &mut list, items.clone());
            put_list(resource, place, list);
        }
        (_, Some(Value::Object(object))) => merge_object(resource, place, op, object),
        (Op::Add, Some(scalar)) if matches!(place.get(resource), Some(Value::Array(_))) => {
            let mut list = take_list(resource, place);
            add_elements(place.definition(), &mut list, vec![scalar.clone()]);
            put_list(resource, place, list);
        }
        (_, Some(scalar)) => place.set(resource, scalar.clone()),
    }
    Ok(())
}

/// "Sub-attributes that are not specified in the "value" parameter are left unchanged" (RFC 7644
/// §3.5.2.3); an `add` merges likewise (§3.5.2.1). Attributes no schema knows are put as sent by a
/// `replace`, since nobody can tell whether they are complex.
fn merge_object(resource: &mut Resource, place: &Place<'_>, op: Op, object: &Map<String, Value>) {
    if place.definition().is_none() && op == Op::Replace {
        return place.set(resource, Value::Object(object.clone()));
    }
    if let Some(Value::Array(_)) = place.get(resource) {
        let mut list = take_list(resource, place);
        add_elements(place.definition(), &mut list, vec![Value::Object(object.clone())]);
        return put_list(resource, place, list);
    }
    let mut merged = match place.get(resource) {
        Some(Value::Object(old)) => old.clone(),
        _ => Map::new(),
    };
    merge(place.definition(), &mut merged, object);
    if merged.is_empty() {
        place.remove(resource);
    } else {
        place.set(resource, Value::Object(merged));
    }
}

/// A `remove` that names values takes only those out ([`entra::same_ignoring_case`]).
fn remove(resource: &mut Resource, place: &Place<'_>, named: Option<&Value>) -> Result<(), ScimError> {
    if let Some(required) = place.definition().filter(|found| found.required) {
        // RFC 7644 §3.5.2.2: removing a required attribute is answered with `mutability`.
        return Err(ScimError::mutability(format!("{} is required", required.name)));
    }
    let Some(named) = named else {
        place.remove(resource);
        return Ok(());
    };
    match place.get_mut(resource) {
        Some(Value::Array(items)) => {
            entra::remove_listed(place.definition(), items, named);
            if items.is_empty() {
                place.remove(resource);
            }
        }
        Some(stored) if entra::same_ignoring_case(stored, named) => {
            place.remove(resource);
        }
        None | Some(_) => {}
    }
    Ok(())
}

/// The elements there are; a single value counts as one element.
pub(super) fn take_list(resource: &mut Resource, place: &Place<'_>) -> Vec<Value> {
    match place.get_mut(resource) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => std::mem::take(items),
        Some(single) => vec![single.take()],
    }
}

/// Puts elements back; an empty list is no value.
pub(super) fn put_list(resource: &mut Resource, place: &Place<'_>, list: Vec<Value>) {
    if list.is_empty() {
        place.remove(resource);
    } else {
        place.set(resource, Value::Array(list));
    }
}
