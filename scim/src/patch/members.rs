//! What a change does to the members of a group (RFC 7643 §4.2, RFC 7644 §3.5.2).
//!
//! The legacy dialect removes members with `{"op": "Remove", "path": "members", "value": […]}`. To
//! the letter of the RFC the value says nothing and everybody goes; here only those listed go.

use std::collections::HashSet;

use super::{Change, Op};
use crate::entra::{self, NamedMember};
use crate::error::ScimError;
use crate::filter::{Filter, Literal, Operator};
use crate::path::{AttributePath, Path};
use crate::schema::CORE_GROUP;
use crate::text::same_name;

/// A change of a group's members, whatever form it was written in. Ids appear once each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MembersChange {
    /// These become members.
    Add(Vec<NamedMember>),
    /// These are members no more; one who is not a member is no error.
    Remove(Vec<String>),
    /// Nobody is a member any more.
    RemoveAll,
    /// These are the members from now on.
    Replace(Vec<NamedMember>),
    /// Every member that meets the filter is a member no more: ask
    /// [`Filter::matches_element`] about `{"value": "<id>", …}`.
    RemoveWhere(Filter),
}

impl Change {
    /// What the change of a *group* does to its members; `None` when it is about something else.
    ///
    /// A `remove` without a value, or with `null`, empties the group. One with an empty list
    /// removes nobody: a list says who is meant, and here it names no one.
    ///
    /// # Errors
    ///
    /// 400 `noTarget` for an `add` or `replace` with a value filter: a member is added by its id.
    pub fn members(&self) -> Result<Option<MembersChange>, ScimError> {
        let named = || self.value.as_ref().map(entra::members_of_value);
        let change = match &self.path {
            Path::Extension(_) => return Ok(None),
            Path::Attribute(attribute) | Path::Filtered { attribute, .. } if !names_members(attribute) => {
                return Ok(None);
            }
            Path::Attribute(AttributePath { sub: Some(sub), .. }) | Path::Filtered { sub: Some(sub), .. }
                if !same_name(sub, "value") =>
            {
                // A membership has no parts of its own that could be changed.
                if self.op != Op::Remove {
                    return Err(ScimError::no_target(format!(
                        "a member has no {sub} that can be changed"
                    )));
                }
                MembersChange::Remove(Vec::new())
            }
            Path::Attribute(_) => match (self.op, named()) {
                (Op::Add, named) => MembersChange::Add(named.unwrap_or_default()),
                (Op::Replace, named) => MembersChange::Replace(named.unwrap_or_default()),
                (Op::Remove, None) => MembersChange::RemoveAll,
                (Op::Remove, Some(named)) => MembersChange::Remove(named.into_iter().map(|member| member.id).collect()),
            },
            Path::Filtered { filter, .. } => {
                if self.op != Op::Remove {
                    return Err(ScimError::no_target(
                        "a member is added with the path members and its id as value",
                    ));
                }
                match listed_ids(filter) {
                    Some(ids) => MembersChange::Remove(unique(ids)),
                    None => MembersChange::RemoveWhere((**filter).clone()),
                }
            }
        };
        Ok(Some(change))
    }
}

fn names_members(attribute: &AttributePath) -> bool {
    same_name(&attribute.name, "members") && attribute.urn.as_ref().is_none_or(|urn| same_name(urn, CORE_GROUP))
}

fn unique(mut ids: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::with_capacity(ids.len());
    ids.retain(|id| seen.insert(id.clone()));
    ids
}

/// The ids of `value eq "a"` and of `value eq "a" or value eq "b"`.
fn listed_ids(filter: &Filter) -> Option<Vec<String>> {
    match filter {
        Filter::Or(terms) => {
            let ids: Option<Vec<_>> = terms.iter().map(listed_ids).collect();
            ids.map(|ids| ids.concat())
        }
        Filter::Compare {
            target,
            operator: Operator::Eq,
            value,
        } if target.attribute.is("value", None) => match value {
            Literal::String(id) => Some(vec![id.clone()]),
            Literal::Number(number) => Some(vec![number.to_string()]),
            Literal::Null | Literal::Bool(_) => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::MembersChange::{Add, Remove, RemoveAll, RemoveWhere, Replace};
    use super::*;
    use crate::patch::read;
    use crate::schema::group;

    fn request(operation: Value) -> Value {
        Value::Object(serde_json::Map::from_iter([(
            "Operations".to_owned(),
            Value::Array(vec![operation]),
        )]))
    }

    fn members(operation: Value) -> Result<Option<MembersChange>, ScimError> {
        let changes = read(group(), &request(operation))?;
        assert_eq!(changes.len(), 1);
        changes[0].members()
    }

    fn named<const N: usize>(ids: [&str; N]) -> Vec<NamedMember> {
        let named = |id: &str| NamedMember {
            id: id.to_owned(),
            display: None,
        };
        ids.into_iter().map(named).collect()
    }

    fn ids<const N: usize>(ids: [&str; N]) -> Vec<String> {
        ids.into_iter().map(Into::into).collect()
    }

    #[test]
    fn members_are_added_from_every_form() {
        for operation in [
            json!({"op": "Add", "path": "members", "value": [{"$ref": null, "value": "a"}, {"value": "b"}]}),
            json!({"op": "add", "path": "Members", "value": ["a", "b", "a"]}),
            json!({"op": "add", "value": {"members": [{"value": "a"}, {"value": "b", "type": "User"}]}}),
            json!({"op": "add", "path": "urn:ietf:params:scim:schemas:core:2.0:Group:members", "value": ["a", "b"]}),
        ] {
            assert_eq!(members(operation), Ok(Some(Add(named(["a", "b"])))));
        }
        for value in [json!("a"), json!({"value": "a"}), json!(["a"])] {
            let operation = json!({"op": "Add", "path": "members", "value": value});
            assert_eq!(members(operation), Ok(Some(Add(named(["a"])))));
        }
        assert_eq!(
            members(json!({"op": "add", "path": "members", "value": []})),
            Ok(Some(Add(vec![])))
        );
    }

    #[test]
    fn legacy_remove_takes_out_only_those_listed() {
        for value in [
            json!([{"value": "a"}, {"$ref": null, "value": "b"}]),
            json!(["a", "b"]),
            json!([{"value": "a", "display": "A", "unknown": 1}, "b"]),
        ] {
            let operation = json!({"op": "Remove", "path": "members", "value": value});
            assert_eq!(members(operation), Ok(Some(Remove(ids(["a", "b"])))));
        }
        let operation = json!({"op": "Remove", "path": "members", "value": "a"});
        assert_eq!(members(operation), Ok(Some(Remove(ids(["a"])))));
    }

    #[test]
    fn filter_that_lists_ids_removes_those() {
        for (path, expected) in [
            (r#"members[value eq "a"]"#, ids(["a"])),
            (r#"members[value eq "a"].value"#, ids(["a"])),
            (
                r#"members[value eq "a" or (VALUE eq "b" or value eq 3)]"#,
                ids(["a", "b", "3"]),
            ),
            ("members[value eq a]", ids(["a"])),
        ] {
            assert_eq!(
                members(json!({"op": "remove", "path": path})),
                Ok(Some(Remove(expected)))
            );
        }
    }

    #[test]
    fn any_other_filter_is_handed_on() {
        for path in [r#"members[type eq "User"]"#, r#"members[value sw "a" or value eq "b"]"#] {
            let change = members(json!({"op": "remove", "path": path})).unwrap();
            let Some(RemoveWhere(filter)) = change else {
                panic!("{change:?}")
            };
            assert_eq!(format!("members[{filter}]"), path);
        }
    }

    #[test]
    fn remove_without_a_value_empties_and_an_empty_list_removes_nobody() {
        assert_eq!(members(json!({"op": "remove", "path": "members"})), Ok(Some(RemoveAll)));
        let null = json!({"op": "Remove", "path": "members", "value": null});
        assert_eq!(members(null), Ok(Some(RemoveAll)));
        for value in [json!([]), json!(""), json!([{"value": null}]), json!([null]), json!({})] {
            for path in ["members", "members.value"] {
                let operation = json!({"op": "Remove", "path": path, "value": value});
                assert_eq!(members(operation), Ok(Some(Remove(vec![]))), "{path} {value}");
            }
        }
    }

    #[test]
    fn replace_gives_the_members_from_now_on() {
        let replace = |value: Value| members(json!({"op": "replace", "path": "members", "value": value}));
        assert_eq!(replace(json!([{"value": "a"}])), Ok(Some(Replace(named(["a"])))));
        for empty in [json!([]), json!(null), json!("")] {
            assert_eq!(replace(empty), Ok(Some(Replace(vec![]))));
        }
    }

    #[test]
    fn member_is_never_made_from_a_filter() {
        let error = members(json!({"op": "add", "path": r#"members[value eq "a"]"#, "value": {"type": "User"}}));
        assert_eq!(error.unwrap_err().scim_type, Some(crate::error::ScimType::NoTarget));
        let path = r#"members[value eq "a"].value"#;
        let error = members(json!({"op": "replace", "path": path, "value": "b"})).unwrap_err();
        assert_eq!(error.detail, "value is immutable");
    }

    #[test]
    fn part_of_a_member_is_not_the_member() {
        for path in ["members.displayName", r#"members[value eq "a"].displayName"#] {
            let removed = members(json!({"op": "remove", "path": path}));
            assert_eq!(removed, Ok(Some(Remove(vec![]))), "{path}");
            let set = members(json!({"op": "replace", "path": path, "value": "x"})).unwrap_err();
            assert_eq!(set.detail, "a member has no displayName that can be changed", "{path}");
        }
        assert_eq!(
            members(json!({"op": "remove", "path": "members.value"})),
            Ok(Some(RemoveAll))
        );
        assert_eq!(
            members(json!({"op": "remove", "path": r#"members[value eq "a"].display"#}))
                .unwrap_err()
                .detail,
            "display is immutable"
        );
    }

    #[test]
    fn member_without_an_id_is_refused_when_added() {
        let error = members(json!({"op": "add", "path": "members", "value": [{"type": "User"}]}));
        assert_eq!(error.unwrap_err().detail, "members[0] must have a value");
    }

    #[test]
    fn other_changes_are_not_about_members() {
        assert_eq!(
            members(json!({"op": "replace", "path": "displayName", "value": "x"})),
            Ok(None)
        );
        assert_eq!(
            members(json!({"op": "add", "path": "urn:contoso:2.0:Group:members", "value": ["a"]})),
            Ok(None)
        );
    }
}
