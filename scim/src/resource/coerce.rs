//! Reading a value as its attribute's type, with the coercions of rule A8 and no others.
//!
//! Empty values vanish: `null`, and `""` or `[]` for a single value, mean "unassigned" (RFC 7643
//! §2.5). An empty array of a multi-valued attribute is kept, because Entra compares what comes
//! back with what it sent.

use serde_json::{Map, Value};

use super::{collapse, primary_count, set};
use crate::entra;
use crate::error::ScimError;
use crate::schema::{Attribute, Type};
use crate::text::same_name;

/// What becomes of a sub-attribute that is cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clearing {
    /// It is left out: the object is the whole value.
    Drop,
    /// It stays as `null`: the object is merged into another, and takes it out there.
    Mark,
}

/// Why a value does not fit, and where, from the inside out.
#[derive(Debug)]
pub(crate) struct Misfit {
    at: Vec<String>,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    Type(&'static str),
    TwoPrimaries,
    MemberWithoutValue,
    Twice(String, String),
}

impl Misfit {
    fn new(reason: Reason) -> Self {
        Self { at: Vec::new(), reason }
    }

    /// The same, found inside of this.
    pub(crate) fn within(mut self, name: &str) -> Self {
        self.at.push(name.to_owned());
        self
    }

    fn within_element(mut self, index: usize) -> Self {
        self.at.push(format!("[{index}]"));
        self
    }

    fn place(&self) -> String {
        let mut place = String::new();
        for part in self.at.iter().rev() {
            if !place.is_empty() && !part.starts_with('[') {
                place.push('.');
            }
            place.push_str(part);
        }
        place
    }
}

impl From<Misfit> for ScimError {
    fn from(misfit: Misfit) -> Self {
        let place = misfit.place();
        match misfit.reason {
            Reason::Type(expected) => Self::invalid_value(format!("{place} must be {expected}")),
            Reason::TwoPrimaries => Self::invalid_value(format!("{place} must have at most one primary value")),
            Reason::MemberWithoutValue => Self::invalid_value(format!("{place} must have a value")),
            Reason::Twice(a, b) => {
                let within = if place.is_empty() {
                    String::new()
                } else {
                    format!("{place}: ")
                };
                Self::invalid_syntax(format!("{within}{a} and {b} name the same attribute"))
            }
        }
    }
}

/// Reads a value as the attribute's type. `None` means the attribute is cleared.
pub(crate) fn coerce(attribute: &Attribute, value: &Value, clearing: Clearing) -> Result<Option<Value>, Misfit> {
    let read = if attribute.multi_valued {
        elements(attribute, value)
    } else {
        single(attribute, value, clearing)
    };
    read.map_err(|misfit| misfit.within(attribute.name))
}

/// Reads one element of a multi-valued attribute, or a single value.
pub(crate) fn coerce_element(
    attribute: &Attribute,
    value: &Value,
    clearing: Clearing,
) -> Result<Option<Value>, Misfit> {
    single(attribute, value, clearing).map_err(|misfit| misfit.within(attribute.name))
}

fn single(attribute: &Attribute, value: &Value, clearing: Clearing) -> Result<Option<Value>, Misfit> {
    let value = entra::unwrapped_single_value(attribute, value);
    if entra::is_cleared(value) {
        return Ok(None);
    }
    let expected = match attribute.kind {
        Type::Boolean => match value {
            Value::Bool(_) => return Ok(Some(value.clone())),
            Value::String(text) => match entra::boolean_from_string(text) {
                Some(read) => return Ok(Some(Value::Bool(read))),
                None => "a boolean",
            },
            _ => "a boolean",
        },
        Type::Integer | Type::Decimal => match entra::number_from_string(value, attribute.kind == Type::Integer) {
            Some(read) => return Ok(Some(Value::Number(read))),
            None if attribute.kind == Type::Integer => "a whole number",
            None => "a number",
        },
        Type::String | Type::DateTime | Type::Reference | Type::Binary => match value {
            Value::String(_) => return Ok(Some(value.clone())),
            _ => "a string",
        },
        Type::Complex => return complex(attribute, value, clearing),
    };
    Err(Misfit::new(Reason::Type(expected)))
}

/// An object, spelled as the schema spells it. One without content is no value.
fn complex(attribute: &Attribute, value: &Value, clearing: Clearing) -> Result<Option<Value>, Misfit> {
    let object = match value {
        Value::Object(object) => sub_attributes(attribute, object, clearing)?,
        Value::String(text) => match entra::reference_from_string(attribute, text) {
            Some(object) => object,
            None => return Err(Misfit::new(Reason::Type("an object"))),
        },
        _ => return Err(Misfit::new(Reason::Type("an object"))),
    };
    Ok((!object.is_empty()).then_some(Value::Object(object)))
}

fn sub_attributes(
    attribute: &Attribute,
    object: &Map<String, Value>,
    clearing: Clearing,
) -> Result<Map<String, Value>, Misfit> {
    refuse_doubled_names(object)?;
    let mut read = Map::new();
    for (name, value) in object {
        let Some(sub) = attribute.sub(name) else {
            if !value.is_null() || clearing == Clearing::Mark {
                read.insert(name.clone(), value.clone());
            }
            continue;
        };
        if sub.is_read_only() {
            continue;
        }
        match coerce(sub, value, Clearing::Drop)? {
            Some(value) => set(&mut read, sub.name, value),
            None if clearing == Clearing::Mark => set(&mut read, sub.name, Value::Null),
            None => {}
        }
    }
    Ok(read)
}

/// The elements of a multi-valued attribute, without exact duplicates.
fn elements(attribute: &Attribute, value: &Value) -> Result<Option<Value>, Misfit> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        value if entra::is_cleared(value) => return Ok(None),
        value => std::slice::from_ref(value),
    };
    let mut read = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        // Elements are "primitive values, or objects" (RFC 7643 §2.4), not lists.
        if item.is_array() {
            return Err(Misfit::new(Reason::Type("an object")).within_element(index));
        }
        let item = entra::element_as_object(attribute, item);
        if entra::element_without_its_value(attribute, &item) {
            continue;
        }
        let item = single(attribute, &item, Clearing::Drop).map_err(|misfit| misfit.within_element(index))?;
        if let Some(Value::Object(member)) = &item
            && attribute.name == "members"
            && super::get(member, "value").is_none()
        {
            return Err(Misfit::new(Reason::MemberWithoutValue).within_element(index));
        }
        read.extend(item);
    }
    collapse(Some(attribute), &mut read);
    if primary_count(&read) > 1 {
        return Err(Misfit::new(Reason::TwoPrimaries));
    }
    Ok(Some(Value::Array(read)))
}

/// Two keys that differ only in case leave open which one is meant.
pub(crate) fn refuse_doubled_names(object: &Map<String, Value>) -> Result<(), Misfit> {
    let mut seen: Vec<&str> = object.keys().map(String::as_str).collect();
    seen.sort_by_cached_key(|name| name.to_ascii_lowercase());
    match seen.windows(2).find(|pair| same_name(pair[0], pair[1])) {
        Some(pair) => Err(Misfit::new(Reason::Twice(pair[0].to_owned(), pair[1].to_owned()))),
        None => Ok(()),
    }
}
