//! What differs between the source and the resource the target returned.
//!
//! Attribute names compare without case, values exactly, and an attribute that is missing
//! is sent again (reference §7.1 and §10). Nothing is ever taken away, because a null
//! source is not sent (§8.5).

use serde_json::Value;

use super::read::field;
use crate::mapping::{Desired, Target, Wanted};

/// How values compare.
///
/// The reference is of two minds: values must come back byte for byte (§10), yet a change of case
/// alone is exported only for attributes marked exact-case (§15), and a target that lower-cases
/// `userName` causes no loop (§14).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compare {
    /// Byte for byte.
    #[default]
    Exact,
    /// Without letter case, as for attributes not marked exact-case.
    IgnoreCase,
}

/// Whether the target shows no value yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The resource lacks the attribute.
    Add,
    /// The resource has another value.
    Replace,
}

/// One attribute to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which attribute.
    pub target: Target,
    /// Whether it is there already.
    pub kind: Kind,
    /// The new value.
    pub value: Wanted,
}

/// Everything of `desired` that `resource` does not show.
pub fn diff(desired: &[Desired], resource: &Value, compare: Compare) -> Vec<Change> {
    desired
        .iter()
        .filter_map(|desired| change(desired, resource, compare))
        .collect()
}

fn change(desired: &Desired, resource: &Value, compare: Compare) -> Option<Change> {
    let current = current(&desired.target, resource).filter(|value| !value.is_null());
    let empty = matches!(&desired.value, Wanted::Text(text) if text.is_empty());
    let kind = match current {
        None if empty => return None,
        None => Kind::Add,
        Some(value) if equal(&desired.value, value, compare) => return None,
        Some(_) => Kind::Replace,
    };
    Some(Change {
        target: desired.target.clone(),
        kind,
        value: desired.value.clone(),
    })
}

/// The value a resource shows at an address.
pub fn current<'a>(target: &Target, resource: &'a Value) -> Option<&'a Value> {
    match target {
        Target::Simple(name) => field(resource, name),
        Target::Nested(name, sub) => field(field(resource, name)?, sub),
        Target::Extension(schema, name) => field(field(resource, schema)?, name),
        Target::Filtered(name, kind, sub) => {
            let is_kind = |element: &&Value| {
                let found = field(element, "type").and_then(Value::as_str);
                found.is_some_and(|found| found.eq_ignore_ascii_case(kind))
            };
            let element = field(resource, name)?.as_array()?.iter().find(is_kind)?;
            field(element, sub)
        }
    }
}

fn equal(wanted: &Wanted, value: &Value, compare: Compare) -> bool {
    match (wanted, value) {
        (Wanted::Flag(flag), value) => value.as_bool() == Some(*flag),
        (Wanted::Text(text), Value::String(value)) => match compare {
            Compare::Exact => text == value,
            Compare::IgnoreCase => text.to_lowercase() == value.to_lowercase(),
        },
        (Wanted::Text(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn want(target: Target, text: &str) -> Desired {
        Desired {
            target,
            value: Wanted::Text(text.to_owned()),
            matching: None,
        }
    }

    #[test]
    fn names_compare_without_case_and_values_exactly() {
        let resource = json!({"DISPLAYNAME": "Anna", "emails": [{"Type": "Work", "VALUE": "a@x"}]});
        let same = [
            want(Target::Simple("displayName"), "Anna"),
            want(Target::Filtered("emails", "work", "value"), "a@x"),
        ];
        assert_eq!(diff(&same, &resource, Compare::Exact), []);
        let other = [want(Target::Simple("displayName"), "anna")];
        assert_eq!(diff(&other, &resource, Compare::Exact)[0].kind, Kind::Replace);
        assert_eq!(diff(&other, &resource, Compare::IgnoreCase), []);
    }

    #[test]
    fn missing_attribute_is_added_and_null_counts_as_missing() {
        let resource = json!({"title": null});
        let changes = diff(&[want(Target::Simple("title"), "X")], &resource, Compare::Exact);
        assert_eq!(changes[0].kind, Kind::Add);
    }

    #[test]
    fn empty_expression_clears_a_value_but_is_equal_to_none() {
        let empty = [want(Target::Nested("name", "formatted"), "")];
        assert_eq!(diff(&empty, &json!({}), Compare::Exact), []);
        let changes = diff(&empty, &json!({"name": {"formatted": "A B"}}), Compare::Exact);
        assert_eq!(changes[0].kind, Kind::Replace);
    }
}
