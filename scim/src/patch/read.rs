//! The envelope of a PATCH request (RFC 7644 §3.5.2).

use serde_json::{Map, Value};

use super::operation::{self, Operation};
use super::{Change, Op, expand};
use crate::entra;
use crate::error::ScimError;
use crate::path;
use crate::schema::{PATCH_OP, ResourceType};

/// Reads the body of a PATCH into changes, in order, one target each.
///
/// Names match in any letter case; an operation without a path becomes one change for each key of
/// its value. Attributes that are not the client's to write (`id`, `meta`, readOnly ones) are left
/// out when they stand in such a value; `password` is always left out.
///
/// # Errors
///
/// 400: `invalidSyntax` for a wrong envelope or an unknown operation, `noTarget` for a `remove`
/// without a path, `invalidPath` for a path that cannot be parsed, `mutability` for a path to a
/// readOnly attribute, `invalidValue` for a value that does not fit or clears a required attribute.
pub fn read(resource_type: &ResourceType, body: &Value) -> Result<Vec<Change>, ScimError> {
    let Value::Object(body) = body else {
        return Err(ScimError::invalid_syntax("the body must be a JSON object"));
    };
    if !entra::patch_schemas_suffice(entra::in_any_case(body, "schemas")) {
        return Err(ScimError::invalid_syntax(format!("schemas must list {PATCH_OP}")));
    }
    let operations = match entra::in_any_case(body, "Operations") {
        None => return Err(ScimError::invalid_syntax("Operations is missing")),
        Some(Value::Array(operations)) if !operations.is_empty() => operations,
        Some(_) => return Err(ScimError::invalid_syntax("Operations must be a non-empty array")),
    };
    let mut changes = Vec::with_capacity(operations.len());
    for (index, operation) in operations.iter().enumerate() {
        let Value::Object(operation) = operation else {
            return Err(at(index, "an operation must be an object"));
        };
        read_operation(resource_type, index, operation, &mut changes)?;
    }
    Ok(changes)
}

fn at(index: usize, what: &str) -> ScimError {
    ScimError::invalid_syntax(format!("Operations[{index}]: {what}"))
}

fn read_operation(
    resource_type: &ResourceType,
    index: usize,
    operation: &Map<String, Value>,
    changes: &mut Vec<Change>,
) -> Result<(), ScimError> {
    let op = match entra::in_any_case(operation, "op") {
        None | Some(Value::Null) => return Err(at(index, "op is missing")),
        Some(Value::String(name)) => {
            entra::operation_name(name).ok_or_else(|| at(index, "op must be add, remove or replace"))?
        }
        Some(_) => return Err(at(index, "op must be a string")),
    };
    let value = entra::in_any_case(operation, "value");
    match entra::in_any_case(operation, "path") {
        Some(Value::String(text)) => {
            let path = operation::path_for(path::parse(text)?, text, value);
            operation::read(
                resource_type,
                &Operation {
                    op,
                    path,
                    value,
                    is_named: true,
                },
                changes,
            )
        }
        None | Some(Value::Null) => match (op, value) {
            (Op::Remove, _) => Err(ScimError::no_target("remove needs a path")),
            (Op::Add | Op::Replace, Some(Value::Object(object))) => expand::object(resource_type, op, object, changes),
            (Op::Add | Op::Replace, _) => Err(ScimError::invalid_value(format!(
                "{} without a path needs an object",
                op.as_str()
            ))),
        },
        Some(_) => Err(at(index, "path must be a string")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ScimType;
    use crate::schema::{CORE_USER, ENTERPRISE_USER, user};

    fn request(operation: Value) -> Value {
        Value::Object(Map::from_iter([(
            "Operations".to_owned(),
            Value::Array(vec![operation]),
        )]))
    }

    fn changes(operation: Value) -> Vec<(Op, String, Option<Value>)> {
        read(user(), &request(operation))
            .unwrap()
            .into_iter()
            .map(|change| (change.op, change.path.to_string(), change.value))
            .collect()
    }

    fn refused(body: &Value) -> (ScimType, String) {
        let error = read(user(), body).unwrap_err();
        assert_eq!(error.status, 400);
        (error.scim_type.unwrap(), error.detail)
    }

    fn refused_operation(operation: Value) -> (ScimType, String) {
        refused(&request(operation))
    }

    #[test]
    fn envelope_is_read_in_any_case_and_without_schemas() {
        let operation = json!({"OP": "Replace", "Path": "active", "VALUE": "False"});
        for body in [
            json!({"schemas": [PATCH_OP], "Operations": [operation]}),
            json!({"schemas": [PATCH_OP.to_uppercase()], "operations": [operation]}),
            json!({"OPERATIONS": [operation]}),
        ] {
            let changes = read(user(), &body).unwrap();
            assert_eq!(changes[0].value, Some(json!(false)));
        }
    }

    #[test]
    fn wrong_envelopes_are_refused_and_say_what_is_missing() {
        use ScimType::InvalidSyntax;
        let operation = json!({"op": "add", "path": "title", "value": "x"});
        for (body, detail) in [
            (json!([]), "the body must be a JSON object".to_owned()),
            (
                json!({"schemas": [CORE_USER], "Operations": [operation]}),
                format!("schemas must list {PATCH_OP}"),
            ),
            (
                json!({"schemas": [], "Operations": [operation]}),
                format!("schemas must list {PATCH_OP}"),
            ),
            (json!({"schemas": [PATCH_OP]}), "Operations is missing".into()),
            (json!({"Operations": []}), "Operations must be a non-empty array".into()),
            (
                json!({"Operations": operation}),
                "Operations must be a non-empty array".into(),
            ),
            (
                json!({"Operations": [1]}),
                "Operations[0]: an operation must be an object".into(),
            ),
            (
                json!({"Operations": [{"path": "title"}]}),
                "Operations[0]: op is missing".into(),
            ),
            (
                json!({"Operations": [operation, {"op": "move"}]}),
                "Operations[1]: op must be add, remove or replace".into(),
            ),
            (
                json!({"Operations": [{"op": "add", "path": 1, "value": 1}]}),
                "Operations[0]: path must be a string".into(),
            ),
        ] {
            assert_eq!(refused(&body), (InvalidSyntax, detail));
        }
    }

    #[test]
    fn remove_needs_a_path_and_the_others_an_object_without_one() {
        assert_eq!(
            refused_operation(json!({"op": "remove"})),
            (ScimType::NoTarget, "remove needs a path".into())
        );
        assert_eq!(
            refused_operation(json!({"op": "Replace", "value": "x"})),
            (ScimType::InvalidValue, "replace without a path needs an object".into())
        );
        assert_eq!(
            refused_operation(json!({"op": "add", "path": "title"})),
            (ScimType::InvalidValue, "add needs a value".into())
        );
    }

    #[test]
    fn object_without_a_path_becomes_a_change_for_each_key() {
        let department = format!("{ENTERPRISE_USER}:department");
        let old_manager = format!("{ENTERPRISE_USER}.manager");
        assert_eq!(
            changes(json!({"op": "Replace", "value": {
                "displayName": "D",
                "name.givenName": "G",
                department.clone(): "R",
                old_manager: "m",
                "emails[type eq \"work\"].primary": "True",
                ENTERPRISE_USER: {"employeeNumber": "1", "manager.value": "n", "floor": 3},
                "urn:contoso:2.0:User": {"desk.no": "D4"},
                "urn:contoso:people": {"badge": 1},
                "Shoe Size": 39,
                "schemas": ["x"], "id": "x", "meta": {}, "groups": [], "password": "x",
            }})),
            [
                (Op::Replace, "displayName".to_owned(), Some(json!("D"))),
                (Op::Replace, "name.givenName".to_owned(), Some(json!("G"))),
                (Op::Replace, department, Some(json!("R"))),
                (
                    Op::Replace,
                    format!("{ENTERPRISE_USER}:manager"),
                    Some(json!({"value": "m"}))
                ),
                (
                    Op::Replace,
                    r#"emails[type eq "work"].primary"#.to_owned(),
                    Some(json!(true))
                ),
                (
                    Op::Replace,
                    format!("{ENTERPRISE_USER}:employeeNumber"),
                    Some(json!("1"))
                ),
                (
                    Op::Replace,
                    format!("{ENTERPRISE_USER}:manager.value"),
                    Some(json!("n"))
                ),
                (Op::Replace, format!("{ENTERPRISE_USER}:floor"), Some(json!(3))),
                (
                    Op::Replace,
                    "urn:contoso:2.0:User:desk.no".to_owned(),
                    Some(json!("D4"))
                ),
                (Op::Replace, "urn:contoso:people:badge".to_owned(), Some(json!(1))),
                (Op::Replace, "Shoe Size".to_owned(), Some(json!(39))),
            ]
        );
    }

    #[test]
    fn path_to_what_is_not_the_clients_is_refused_and_a_password_discarded() {
        for (path, detail) in [
            ("id", "id is readOnly"),
            ("META.lastModified", "meta is readOnly"),
            ("schemas", "schemas is readOnly"),
            ("groups", "groups is readOnly"),
            (r#"groups[value eq "x"]"#, "groups is readOnly"),
            ("manager.displayName", "displayName is readOnly"),
        ] {
            for op in ["add", "replace", "remove"] {
                let operation = json!({"op": op, "path": path, "value": "x"});
                assert_eq!(refused_operation(operation), (ScimType::Mutability, detail.into()));
            }
        }
        assert_eq!(changes(json!({"op": "replace", "path": "password", "value": "x"})), []);
    }

    #[test]
    fn values_are_read_as_the_attributes_type() {
        for (path, value, expected) in [
            ("active", json!("False"), json!(false)),
            ("nickName", json!([{"value": "Babs"}]), json!("Babs")),
            (
                "manager",
                json!([{"$ref": "https://x/Users/m", "value": "m"}]),
                json!({"$ref": "https://x/Users/m", "value": "m"}),
            ),
            ("manager", json!(""), json!(null)),
            ("title", json!([]), json!(null)),
            ("roles", json!([]), json!([])),
            ("emails", json!({"Value": "a"}), json!([{"value": "a"}])),
            (
                "name",
                json!({"GivenName": "A", "familyName": null, "middleName": ""}),
                json!({"givenName": "A", "familyName": null, "middleName": null}),
            ),
            ("unknown", json!({"Any": "Thing"}), json!({"Any": "Thing"})),
        ] {
            let read = changes(json!({"op": "add", "path": path, "value": value}));
            assert_eq!(read[0].2, Some(expected), "{path}");
        }
    }

    #[test]
    fn clearing_a_required_attribute_is_refused() {
        for op in ["add", "replace"] {
            for value in [json!(""), json!(null), json!([])] {
                let operation = json!({"op": op, "path": "userName", "value": value});
                assert_eq!(
                    refused_operation(operation),
                    (ScimType::InvalidValue, "userName is required".into())
                );
            }
        }
        let operation = json!({"op": "replace", "value": {"userName": null}});
        assert_eq!(refused_operation(operation).1, "userName is required");
    }

    #[test]
    fn value_of_the_wrong_type_is_refused_but_not_when_removing() {
        let operation = json!({"op": "replace", "path": "emails[type eq \"work\"].value", "value": 1});
        assert_eq!(
            refused_operation(operation),
            (ScimType::InvalidValue, "value must be a string".into())
        );
        let operation = json!({"op": "Remove", "path": "title", "value": 1});
        assert_eq!(changes(operation), [(Op::Remove, "title".to_owned(), Some(json!(1)))]);
    }

    #[test]
    fn path_without_a_place_for_it_is_refused() {
        for (path, detail) in [
            ("userName.x", "invalid path: userName has no sub-attributes"),
            (
                r#"title[value eq "x"]"#,
                "invalid path: title has no sub-attributes to filter by",
            ),
            (
                CORE_USER,
                "invalid path: urn:ietf:params:scim:schemas:core:2.0:User is the core schema",
            ),
        ] {
            let operation = json!({"op": "add", "path": path, "value": "x"});
            assert_eq!(refused_operation(operation), (ScimType::InvalidPath, detail.into()));
        }
        let operation = json!({"op": "add", "path": ENTERPRISE_USER, "value": "x"});
        assert_eq!(
            refused_operation(operation).1,
            format!("{ENTERPRISE_USER} must be an object")
        );
    }

    #[test]
    fn core_urn_with_an_object_means_the_root() {
        assert_eq!(
            changes(json!({"op": "add", "path": CORE_USER, "value": {"title": "x"}})),
            [(Op::Add, "title".to_owned(), Some(json!("x")))]
        );
    }
}
