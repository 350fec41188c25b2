//! How Entra writes PATCH requests: capital operations, values that are to be removed.
//!
//! By the letter operations are lower case and a `remove` has no value (RFC 7644 §3.5.2).

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{members_of_value, stringified_role};
use crate::filter::{Filter, Literal, Operator};
use crate::patch::{Change, Op};
use crate::path::Path;
use crate::resource::{self, Clearing, coerce, get, set};
use crate::schema::{Attribute, PATCH_OP};
use crate::text::{same_folded, same_name};

/// `Add`, `add`, `ADD`: an operation in any letter case. The legacy dialect capitalises.
pub fn operation_name(name: &str) -> Option<Op> {
    [Op::Add, Op::Remove, Op::Replace]
        .into_iter()
        .find(|op| op.as_str().eq_ignore_ascii_case(name))
}

/// A member of the request or of an operation in any letter case: `Operations`, `operations`,
/// `Op`, `Path`, `Value`.
pub fn in_any_case<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    resource::get(object, name)
}

/// Whether a stored value is the one a `Remove` names. The reference server compares without case
/// and leaves another value alone. An object that says nothing, such as `{"$ref": null}`, names
/// nothing.
pub fn same_ignoring_case(stored: &Value, named: &Value) -> bool {
    match (stored, named) {
        (Value::String(a), Value::String(b)) => same_folded(a, b),
        (Value::Object(object), Value::String(_)) => {
            resource::get(object, "value").is_some_and(|value| same_ignoring_case(value, named))
        }
        (Value::Object(stored), Value::Object(named)) => {
            let mut said = named
                .iter()
                .filter(|(name, value)| !value.is_null() && !name.eq_ignore_ascii_case("$ref"))
                .peekable();
            said.peek().is_some()
                && said.all(|(name, value)| {
                    resource::get(stored, name).is_some_and(|held| same_ignoring_case(held, value))
                })
        }
        (a, b) => a == b,
    }
}

/// A request without `schemas` is taken for a `PatchOp`; one that lists something else is not.
/// Validators leave it out.
pub fn patch_schemas_suffice(schemas: Option<&Value>) -> bool {
    match schemas {
        None | Some(Value::Null) => true,
        Some(Value::Array(listed)) => listed
            .iter()
            .filter_map(Value::as_str)
            .any(|urn| same_name(urn, PATCH_OP)),
        Some(Value::String(urn)) => same_name(urn, PATCH_OP),
        Some(_) => false,
    }
}

/// Takes out only the elements that a `Remove` with a value lists. Members go by their id.
pub fn remove_listed(attribute: Option<&Attribute>, elements: &mut Vec<Value>, named: &Value) {
    if attribute.is_some_and(|attribute| attribute.name == "members") {
        let ids: HashSet<String> = members_of_value(named).into_iter().map(|member| member.id).collect();
        elements.retain(|member| members_of_value(member).iter().all(|member| !ids.contains(&member.id)));
        return;
    }
    let named = match named {
        Value::Array(named) => named.as_slice(),
        single => std::slice::from_ref(single),
    };
    elements.retain(|element| !named.iter().any(|named| same_ignoring_case(element, named)));
}

/// The element that a value filter describes, when nothing meets the filter: `type eq "work"`
/// gives `{"type": "work"}`. Entra adds the first e-mail of a user with
/// `{"op": "Replace", "path": "emails[type eq \"work\"].value", …}`.
///
/// `None` unless the filter is a conjunction of `eq` with values, and never for members: a
/// membership is not made up from a filter.
pub fn element_from_filter(attribute: Option<&Attribute>, filter: &Filter) -> Option<Map<String, Value>> {
    if attribute.is_some_and(|attribute| attribute.name == "members") {
        return None;
    }
    let mut element = Map::new();
    for term in filter.conjunction()? {
        let path = term.attribute;
        if term.operator != Operator::Eq || path.urn.is_some() || path.sub.is_some() {
            return None;
        }
        let value = match term.value {
            Literal::Null => return None,
            Literal::Bool(value) => Value::Bool(*value),
            Literal::Number(number) => Value::Number(number.clone()),
            Literal::String(text) => Value::String(text.clone()),
        };
        let definition = attribute.and_then(|attribute| attribute.sub(&path.name));
        let (name, value) = match definition {
            Some(sub) => (sub.name, coerce(sub, &as_text_for(sub, value), Clearing::Drop).ok()??),
            None => (path.name.as_str(), value),
        };
        if get(&element, name).is_some_and(|other| *other != value) {
            return None;
        }
        set(&mut element, name, value);
    }
    Some(element)
}

/// A literal without quotes may look like a number or a boolean and still stand for text.
fn as_text_for(attribute: &Attribute, value: Value) -> Value {
    use crate::schema::Type;
    match (attribute.kind, value) {
        (Type::String | Type::Reference, value @ (Value::Number(_) | Value::Bool(_))) => {
            Value::String(value.to_string())
        }
        (_, value) => value,
    }
}

/// `roles[primary eq "True"].value` with a role written as JSON text changes the whole element.
pub fn stringified_role_at(op: Op, path: &Path, value: Option<&Value>) -> Option<Change> {
    let Path::Filtered {
        attribute,
        filter,
        sub: Some(sub),
    } = path
    else {
        return None;
    };
    if op == Op::Remove || !attribute.is("roles", None) || !same_name(sub, "value") {
        return None;
    }
    let value = match value? {
        Value::Array(items) if items.len() == 1 => &items[0],
        value => value,
    };
    let role = stringified_role(value)?;
    let path = Path::Filtered {
        attribute: attribute.clone(),
        filter: filter.clone(),
        sub: None,
    };
    Some(Change {
        op: Op::Add,
        path,
        value: Some(Value::Object(role)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::filter::{Limits, parse};
    use crate::schema;

    #[test]
    fn operations_are_known_in_any_case() {
        assert_eq!(operation_name("Add"), Some(Op::Add));
        assert_eq!(operation_name("REPLACE"), Some(Op::Replace));
        assert_eq!(operation_name("remove"), Some(Op::Remove));
        assert_eq!(operation_name("move"), None);
    }

    #[test]
    fn envelope_is_found_in_any_case_and_may_lack_schemas() {
        let body = json!({"operations": [], "OP": 1});
        let body = body.as_object().unwrap();
        assert_eq!(in_any_case(body, "Operations"), Some(&json!([])));
        assert_eq!(in_any_case(body, "op"), Some(&json!(1)));
        assert!(patch_schemas_suffice(None));
        assert!(patch_schemas_suffice(Some(&json!([PATCH_OP.to_lowercase()]))));
        assert!(!patch_schemas_suffice(Some(&json!([]))));
        assert!(!patch_schemas_suffice(Some(&json!([
            "urn:ietf:params:scim:schemas:core:2.0:User"
        ]))));
    }

    #[test]
    fn remove_with_a_list_takes_out_only_those_listed() {
        let members = schema::group().core_attribute("members");
        let mut elements = vec![json!({"value": "a"}), json!({"value": "b"}), json!({"value": "c"})];
        remove_listed(members, &mut elements, &json!([{"value": "a", "$ref": null}, "c"]));
        assert_eq!(elements, [json!({"value": "b"})]);
        remove_listed(members, &mut elements, &json!([]));
        assert_eq!(elements, [json!({"value": "b"})]);
    }

    fn made(attribute: &str, filter: &str) -> Option<Value> {
        let filter = parse(filter, &Limits::default()).unwrap();
        let (_, definition) = schema::user()
            .attribute(None, attribute)
            .or(schema::group().attribute(None, attribute))
            .unwrap();
        element_from_filter(Some(definition), &filter).map(Value::Object)
    }

    #[test]
    fn conjunction_of_eq_describes_an_element() {
        assert_eq!(made("emails", r#"TYPE eq "work""#), Some(json!({"type": "work"})));
        assert_eq!(
            made("roles", r#"primary eq "True" and (type eq 7 and x eq 8)"#),
            Some(json!({"primary": true, "type": "7", "x": 8}))
        );
        for filter in [
            "type pr",
            r#"type ne "a""#,
            "type eq null",
            "a eq 1 or b eq 2",
            "primary eq maybe",
            "a.b eq 1",
        ] {
            assert_eq!(made("emails", filter), None, "{filter}");
        }
    }

    #[test]
    fn member_is_never_described_by_a_filter() {
        assert_eq!(made("members", r#"value eq "a""#), None);
    }

    #[test]
    fn role_as_text_at_a_filtered_value_changes_the_element() {
        let path = crate::path::parse(r#"roles[primary eq "True"].value"#).unwrap();
        let role = json!(r#"{"value":"25","id":"x"}"#);
        let change = stringified_role_at(Op::Replace, &path, Some(&role)).unwrap();
        assert_eq!(change.path.to_string(), r#"roles[primary eq "True"]"#);
        assert_eq!(change.value, Some(json!({"value": "25", "id": "x"})));
        for wrapped in [json!([role]), json!([{"value": role}]), json!({"value": role})] {
            let unwrapped = stringified_role_at(Op::Replace, &path, Some(&wrapped)).unwrap();
            assert_eq!(unwrapped, change, "{wrapped}");
        }
        assert_eq!(stringified_role_at(Op::Remove, &path, Some(&role)), None);
        assert_eq!(stringified_role_at(Op::Add, &path, Some(&json!("Admin"))), None);
    }

    #[test]
    fn value_to_remove_is_compared_without_case() {
        assert!(same_ignoring_case(&json!("A@b"), &json!("a@B")));
        assert!(!same_ignoring_case(&json!("A@b"), &json!("a@c")));
        assert!(same_ignoring_case(&json!({"value": "M"}), &json!("m")));
    }

    #[test]
    fn object_to_remove_names_what_must_agree() {
        let stored = json!({"value": "a@b", "type": "work", "primary": true});
        assert!(same_ignoring_case(&stored, &json!({"value": "A@B"})));
        assert!(same_ignoring_case(
            &stored,
            &json!({"value": "a@b", "$ref": "x", "Type": "WORK"})
        ));
        assert!(!same_ignoring_case(&stored, &json!({"value": "a@b", "type": "home"})));
        for nothing in [json!({}), json!({"$ref": "x"}), json!({"value": null})] {
            assert!(!same_ignoring_case(&stored, &nothing), "{nothing}");
        }
    }
}
