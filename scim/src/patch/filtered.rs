//! A change of elements that a value filter picks, or of one sub-attribute of them.

use serde_json::{Map, Value};

use super::Op;
use super::elements::remove_part;
use super::merge::merge;
use super::whole::take_list;
use crate::entra;
use crate::error::ScimError;
use crate::filter::Filter;
use crate::resource::{Place, Resource, collapse, elements, get, make_only_primary, primary_count, set};

/// Applies a change to the elements the filter hits.
///
/// # Errors
///
/// 400 `noTarget` when an `add` or `replace` hits nothing and no element can be made
/// ([`entra::element_from_filter`]); 400 `invalidValue` when two elements would be primary.
pub(super) fn apply(
    resource: &mut Resource,
    place: &Place<'_>,
    filter: &Filter,
    sub: Option<&str>,
    op: Op,
    value: Option<&Value>,
) -> Result<(), ScimError> {
    let form = Form::of(resource, place);
    let hits: Vec<usize> = elements(place.get(resource))
        .iter()
        .enumerate()
        .filter(|(_, element)| filter.matches_element(place.definition(), element))
        .map(|(index, _)| index)
        .collect();
    let clears = op == Op::Remove || value.is_none_or(Value::is_null);
    // Nothing to add to an element leaves it as it is; an empty sub-attribute clears.
    if clears && (hits.is_empty() || (op == Op::Add && sub.is_none())) {
        return Ok(());
    }
    let mut list = take_list(resource, place);
    match value {
        Some(value) if !clears => {
            if hits.is_empty() {
                create(place, &mut list, filter, sub, value, form)?;
            } else {
                for index in &hits {
                    change(place, &mut list[*index], filter, sub, op, value);
                }
                keep_one_primary(place, &mut list, &hits, sub, value)?;
            }
            collapse(place.definition(), &mut list);
        }
        _ => take_out(place, &mut list, &hits, sub, value.filter(|_| op == Op::Remove)),
    }
    put_back(resource, place, list, form);
    Ok(())
}

/// In which form an attribute's elements are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One value.
    Single,
    /// An array.
    List,
    /// Nothing is there, and no schema says what it would be.
    Open,
}

impl Form {
    fn of(resource: &Resource, place: &Place<'_>) -> Self {
        match (place.definition(), place.get(resource)) {
            (Some(definition), _) if definition.multi_valued => Self::List,
            (None, None | Some(Value::Null)) => Self::Open,
            (None, Some(Value::Array(_))) => Self::List,
            (Some(_), _) | (None, Some(_)) => Self::Single,
        }
    }
}

/// Applies a change of a sub-attribute without a filter: to the one object, or to every element.
pub(super) fn apply_to_all(
    resource: &mut Resource,
    place: &Place<'_>,
    sub: &str,
    op: Op,
    value: Option<&Value>,
) -> Result<(), ScimError> {
    if matches!(
        place.get(resource),
        Some(Value::String(_) | Value::Number(_) | Value::Bool(_))
    ) {
        let name = place.name();
        return Err(ScimError::invalid_path(format!(
            "invalid path: {name} has no sub-attributes"
        )));
    }
    let form = match Form::of(resource, place) {
        Form::Open => Form::Single,
        form => form,
    };
    let mut list = take_list(resource, place);
    let all: Vec<usize> = (0..list.len()).collect();
    match value {
        Some(value) if op != Op::Remove && !value.is_null() => {
            if list.is_empty() {
                list.push(Value::Object(Map::new()));
            }
            for element in &mut list {
                set_part(place, element, sub, value);
            }
            keep_one_primary(place, &mut list, &all, Some(sub), value)?;
            collapse(place.definition(), &mut list);
        }
        _ => take_out(place, &mut list, &all, Some(sub), value.filter(|_| op == Op::Remove)),
    }
    put_back(resource, place, list, form);
    Ok(())
}

/// Takes elements out, or a sub-attribute out of them; only what equals `named`, if that is given.
fn take_out(place: &Place<'_>, list: &mut Vec<Value>, hits: &[usize], sub: Option<&str>, named: Option<&Value>) {
    let mut hits = hits.iter().peekable();
    let mut index = 0;
    list.retain_mut(|element| {
        let is_hit = hits.next_if(|hit| **hit == index).is_some();
        index += 1;
        if !is_hit {
            return true;
        }
        match (sub, element) {
            (None, element) => named.is_some_and(|named| !entra::same_ignoring_case(element, named)),
            (Some(sub), Value::Object(object)) => remove_part(place.definition(), object, sub, named),
            (Some(_), _) => true,
        }
    });
}

/// Makes the element that the filter describes, and gives it the value.
fn create(
    place: &Place<'_>,
    list: &mut Vec<Value>,
    filter: &Filter,
    sub: Option<&str>,
    value: &Value,
    form: Form,
) -> Result<(), ScimError> {
    let made = entra::element_from_filter(place.definition(), filter)
        .filter(|_| form != Form::Single)
        .filter(|made| sub.is_none_or(|sub| get(made, sub).is_none_or(|named| named == value)));
    let Some(mut made) = made else {
        let name = place.name();
        return Err(ScimError::no_target(format!("no value of {name} meets the filter")));
    };
    match (sub, value) {
        (Some(sub), value) => set(&mut made, spelled(place, sub), value.clone()),
        (None, Value::Object(object)) => merge(place.definition(), &mut made, object),
        (None, value) => set(&mut made, "value", value.clone()),
    }
    list.push(Value::Object(made));
    let index = list.len() - 1;
    if get_primary(&list[index]) {
        make_only_primary(list, index);
    }
    Ok(())
}

/// Changes one element that was hit.
///
/// "All matching record values SHALL be replaced" (RFC 7644 §3.5.2.3): a `replace` of whole
/// elements leaves only what is given, and what the filter says of them where the value is silent,
/// so that the same request finds them again.
fn change(place: &Place<'_>, element: &mut Value, filter: &Filter, sub: Option<&str>, op: Op, value: &Value) {
    match (sub, value) {
        (Some(sub), value) => set_part(place, element, sub, value),
        (None, Value::Object(object)) => {
            let mut kept = match (op, &*element) {
                (Op::Add, Value::Object(old)) => old.clone(),
                _ => entra::element_from_filter(place.definition(), filter).unwrap_or_default(),
            };
            merge(place.definition(), &mut kept, object);
            *element = Value::Object(kept);
        }
        (None, value) => *element = value.clone(),
    }
}

fn set_part(place: &Place<'_>, element: &mut Value, sub: &str, value: &Value) {
    let part = Map::from_iter([(spelled(place, sub).to_owned(), value.clone())]);
    if let Value::Object(object) = element {
        merge(place.definition(), object, &part);
    } else {
        *element = Value::Object(part);
    }
}

/// "Primary" belongs to one element: the one that got it, if it was one.
fn keep_one_primary(
    place: &Place<'_>,
    list: &mut [Value],
    hits: &[usize],
    sub: Option<&str>,
    value: &Value,
) -> Result<(), ScimError> {
    let gives_primary = match sub {
        Some(sub) => sub.eq_ignore_ascii_case("primary") && *value == Value::Bool(true),
        None => get_primary(value),
    };
    if !gives_primary {
        return Ok(());
    }
    if let [only] = hits {
        make_only_primary(list, *only);
    }
    if primary_count(list) > 1 {
        let name = place.name();
        return Err(ScimError::invalid_value(format!(
            "{name} must have at most one primary value"
        )));
    }
    Ok(())
}

fn get_primary(element: &Value) -> bool {
    element.as_object().and_then(|object| get(object, "primary")) == Some(&Value::Bool(true))
}

/// A sub-attribute's name as the schema spells it.
fn spelled<'a>(place: &Place<'_>, sub: &'a str) -> &'a str {
    place
        .definition()
        .and_then(|found| found.sub(sub))
        .map_or(sub, |found| found.name)
}

/// Puts the elements back in the form the attribute has: one object, or a list.
fn put_back(resource: &mut Resource, place: &Place<'_>, mut list: Vec<Value>, form: Form) {
    list.retain(|element| !element.as_object().is_some_and(Map::is_empty));
    if list.is_empty() {
        place.remove(resource);
    } else if form == Form::Single {
        place.set(resource, list.swap_remove(0));
    } else {
        place.set(resource, Value::Array(list));
    }
}
