//! The body of a POST or PUT (RFC 7644 §3.3, §3.5.1).

use serde_json::Value;

use super::coerce::refuse_doubled_names;
use super::{Clearing, Place, Resource, coerce, list_extensions, schemas, set};
use crate::entra;
use crate::error::ScimError;
use crate::schema::{Attribute, Mutability, ResourceType, Schema};

/// Validates a body and brings it into the spelling of the schemas (rules A8 and A9).
///
/// What comes out holds no `id`, no `meta`, no readOnly attribute and no `password`; values of
/// known attributes have the type of the schema; what no schema knows is as it was sent, except
/// that a `null` or `""` is left out. `schemas` names what was listed and every extension there is.
///
/// # Errors
///
/// 400 `invalidSyntax` when the body is no object, when `schemas` is missing or does not list the
/// core schema, or when two keys name the same attribute. 400 `invalidValue` when a value does not
/// fit its attribute, when a required attribute is missing, or when two elements are primary.
pub fn read_body(resource_type: &ResourceType, body: &Value) -> Result<Resource, ScimError> {
    let Value::Object(body) = body else {
        return Err(ScimError::invalid_syntax("the body must be a JSON object"));
    };
    refuse_doubled_names(body)?;
    let listed = schemas::read(resource_type, super::get(body, "schemas"))?;
    let mut resource = Resource::new();
    resource.insert("schemas".into(), Value::Array(listed));
    let mut at_root = Vec::new();
    for (name, value) in body {
        if let Some(extension) = resource_type.extension(name) {
            read_extension(extension, value, &mut resource)?;
        } else if let Some(attribute) = resource_type.core_attribute(name) {
            if let Some(value) = read_attribute(attribute, value)? {
                resource.insert(attribute.name.to_owned(), value);
            }
        } else if let Some((_, attribute)) = entra::enterprise_attribute_without_urn(resource_type, name) {
            at_root.push((attribute.name, read_attribute(attribute, value)?));
        } else if !entra::is_cleared_scalar(value) {
            resource.insert(name.clone(), value.clone());
        }
    }
    for (name, value) in at_root {
        let place = Place::named(resource_type, None, name);
        if let (Some(value), None) = (value, place.get(&resource)) {
            place.set(&mut resource, value);
        }
    }
    require(resource_type, &resource)?;
    list_extensions(resource_type, &mut resource);
    Ok(resource)
}

/// The value to store, `None` when there is none or when it is not the client's to write.
fn read_attribute(attribute: &Attribute, value: &Value) -> Result<Option<Value>, ScimError> {
    match attribute.mutability {
        Mutability::ReadOnly | Mutability::WriteOnly => Ok(None),
        Mutability::ReadWrite | Mutability::Immutable => Ok(coerce(attribute, value, Clearing::Drop)?),
    }
}

fn read_extension(schema: &Schema, value: &Value, resource: &mut Resource) -> Result<(), ScimError> {
    if entra::is_cleared(value) {
        return Ok(());
    }
    let Value::Object(object) = value else {
        return Err(ScimError::invalid_value(format!("{} must be an object", schema.id)));
    };
    refuse_doubled_names(object).map_err(|misfit| misfit.within(schema.id))?;
    let mut read = Resource::new();
    for (name, value) in object {
        match schema.attribute(name) {
            Some(attribute) => {
                if let Some(value) = read_attribute(attribute, value)? {
                    set(&mut read, attribute.name, value);
                }
            }
            None if entra::is_cleared_scalar(value) => {}
            None => {
                read.insert(name.clone(), value.clone());
            }
        }
    }
    // The same extension may come under two spellings of its URN
    // (`entra::enterprise_urn_with_typo`): nothing of the first is lost.
    match resource.get_mut(schema.id) {
        Some(Value::Object(earlier)) => {
            for (name, value) in read {
                set(earlier, &name, value);
            }
        }
        _ if read.is_empty() => {}
        _ => {
            resource.insert(schema.id.to_owned(), Value::Object(read));
        }
    }
    Ok(())
}

/// Every required attribute must be there.
fn require(resource_type: &ResourceType, resource: &Resource) -> Result<(), ScimError> {
    let missing = resource_type
        .schema
        .attributes
        .iter()
        .find(|attribute| attribute.required && super::get(resource, attribute.name).is_none());
    match missing {
        Some(attribute) => Err(ScimError::invalid_value(format!("{} is required", attribute.name))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ScimType;
    use crate::schema::{CORE_GROUP, CORE_USER, ENTERPRISE_USER, group, user};

    fn user_body(more: Value) -> Value {
        let mut body = json!({"schemas": [CORE_USER], "userName": "ana"});
        let Value::Object(more) = more else {
            panic!("not an object")
        };
        body.as_object_mut().unwrap().extend(more);
        body
    }

    fn read(more: Value) -> Value {
        Value::Object(read_body(user(), &user_body(more)).unwrap())
    }

    fn refused(more: Value) -> (Option<ScimType>, String) {
        let error = read_body(user(), &user_body(more)).unwrap_err();
        assert_eq!(error.status, 400);
        (error.scim_type, error.detail)
    }

    fn invalid_value(more: Value) -> String {
        let (scim_type, detail) = refused(more);
        assert_eq!(scim_type, Some(ScimType::InvalidValue));
        detail
    }

    fn invalid_syntax(more: Value) -> String {
        let (scim_type, detail) = refused(more);
        assert_eq!(scim_type, Some(ScimType::InvalidSyntax));
        detail
    }

    #[test]
    fn body_as_entra_sends_it_comes_back_value_for_value() {
        let body = json!({
            "schemas": [CORE_USER, ENTERPRISE_USER],
            "externalId": "pexample", "userName": "pat.example@contoso.test", "active": true,
            "displayName": "Pat Example", "title": "Engineer",
            "emails": [{"primary": true, "type": "work", "value": "pat.example@contoso.test"}],
            "phoneNumbers": [
                {"primary": true, "type": "work", "value": "555-0100"},
                {"primary": false, "type": "mobile", "value": "555-0101"},
            ],
            "addresses": [{"primary": true, "type": "work", "streetAddress": "1 Way", "country": "US"}],
            "name": {"formatted": "Pat Example", "familyName": "Example", "givenName": "Pat"},
            "roles": [],
            ENTERPRISE_USER: {"employeeNumber": "100", "department": "R&D"},
        });
        let mut sent = body.clone();
        sent["meta"] = json!({"resourceType": "User"});
        sent["id"] = json!("mine");
        sent["groups"] = json!([{"value": "g"}]);
        sent["password"] = json!("secret");
        assert_eq!(Value::Object(read_body(user(), &sent).unwrap()), body);
    }

    #[test]
    fn known_names_get_the_schemas_spelling_and_unknown_ones_keep_theirs() {
        assert_eq!(
            read(json!({
                "DISPLAYNAME": "Ana",
                "Emails": [{"Primary": "True", "VALUE": "a@b", "Extra": 1}],
                "Name": {"GivenName": "Ana", "Nick": {"A": null}},
                "ShoeSize": {"EU": 39, "us": null},
                "urn:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:User": {"Department": "R", "Floor": 2},
                "urn:contoso:2.0:User": {"Desk": "", "empty": {}},
            })),
            json!({
                "schemas": [CORE_USER, ENTERPRISE_USER, "urn:contoso:2.0:User"],
                "userName": "ana",
                "displayName": "Ana",
                "emails": [{"primary": true, "value": "a@b", "Extra": 1}],
                "name": {"givenName": "Ana", "Nick": {"A": null}},
                "ShoeSize": {"EU": 39, "us": null},
                ENTERPRISE_USER: {"department": "R", "Floor": 2},
                "urn:contoso:2.0:User": {"Desk": "", "empty": {}},
            })
        );
    }

    #[test]
    fn cleared_values_vanish_and_empty_arrays_stay() {
        assert_eq!(
            read(json!({
                "title": null, "nickName": "", "unknown": null, "other": "", "displayName": [],
                "name": {"givenName": ""}, "emails": [{"type": "work", "value": ""}, null],
                "roles": [], "list": [], ENTERPRISE_USER: {"department": ""},
            })),
            json!({"schemas": [CORE_USER], "userName": "ana", "emails": [], "roles": [], "list": []})
        );
    }

    #[test]
    fn schemas_must_list_the_core_schema() {
        assert_eq!(
            invalid_syntax(json!({"schemas": null})),
            format!("schemas is missing: list {CORE_USER}")
        );
        for schemas in [json!([]), json!([ENTERPRISE_USER]), json!([CORE_GROUP])] {
            assert_eq!(
                invalid_syntax(json!({"schemas": schemas})),
                format!("schemas must list {CORE_USER}")
            );
        }
        for schemas in [json!(CORE_USER), json!([CORE_USER, 1]), json!({})] {
            assert_eq!(
                invalid_syntax(json!({"schemas": schemas})),
                "schemas must be an array of URNs"
            );
        }
        assert_eq!(
            read_body(user(), &json!([])).unwrap_err().detail,
            "the body must be a JSON object"
        );
    }

    #[test]
    fn listed_urns_stay_listed_in_their_own_spelling() {
        let listed = json!([
            "URN:ietf:params:scim:schemas:core:2.0:user",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0User",
            "urn:contoso:other",
            CORE_USER,
        ]);
        let schemas = read(json!({"schemas": listed}))["schemas"].clone();
        assert_eq!(schemas, json!([CORE_USER, ENTERPRISE_USER, "urn:contoso:other"]));
    }

    #[test]
    fn microsofts_group_uri_is_not_kept() {
        let body = json!({
            "schemas": [CORE_GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
            "displayName": "Ops", "members": [], "meta": {"resourceType": "Group"},
        });
        let resource = read_body(group(), &body).unwrap();
        assert_eq!(
            Value::Object(resource),
            json!({"schemas": [CORE_GROUP], "displayName": "Ops", "members": []})
        );
    }

    #[test]
    fn keys_that_differ_only_in_case_are_refused_by_name() {
        assert_eq!(
            invalid_syntax(json!({"USERNAME": "b"})),
            "userName and USERNAME name the same attribute"
        );
        assert_eq!(
            invalid_syntax(json!({"emails": [{"value": "a", "Value": "b"}]})),
            "emails[0]: value and Value name the same attribute"
        );
        assert_eq!(
            invalid_syntax(json!({ENTERPRISE_USER: {"manager": {"value": "a"}, "Manager": "b"}})),
            format!("{ENTERPRISE_USER}: manager and Manager name the same attribute")
        );
    }

    #[test]
    fn values_of_the_wrong_type_are_refused_by_name() {
        for (more, detail) in [
            (json!({"userName": 5}), "userName must be a string"),
            (json!({"active": "maybe"}), "active must be a boolean"),
            (json!({"active": 1}), "active must be a boolean"),
            (json!({"displayName": ["a", "b"]}), "displayName must be a string"),
            (json!({"name": "Ana"}), "name must be an object"),
            (
                json!({"name": {"givenName": {}, "familyName": true}}),
                "name.familyName must be a string",
            ),
            (
                json!({"emails": [{"value": "a"}, {"value": 1}]}),
                "emails[1].value must be a string",
            ),
            (json!({"emails": [7]}), "emails[0] must be an object"),
            (
                json!({"emails": [{"value": "a"}, ["b"]]}),
                "emails[1] must be an object",
            ),
            (
                json!({ENTERPRISE_USER: "x"}),
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User must be an object",
            ),
            (
                json!({ENTERPRISE_USER: {"manager": {"value": 1}}}),
                "manager.value must be a string",
            ),
        ] {
            assert_eq!(invalid_value(more), detail);
        }
    }

    #[test]
    fn required_attributes_must_have_a_value() {
        for body in [json!({"schemas": [CORE_USER]}), user_body(json!({"userName": ""}))] {
            let error = read_body(user(), &body).unwrap_err();
            assert_eq!(error.detail, "userName is required");
            assert_eq!(error.scim_type, Some(ScimType::InvalidValue));
        }
        let error = read_body(group(), &json!({"schemas": [CORE_GROUP], "displayName": null}));
        assert_eq!(error.unwrap_err().detail, "displayName is required");
    }

    #[test]
    fn two_primaries_are_refused_and_exact_duplicates_collapse() {
        assert_eq!(
            invalid_value(json!({"emails": [{"value": "a", "primary": true}, {"value": "b", "primary": "True"}]})),
            "emails must have at most one primary value"
        );
        let body =
            read(json!({"emails": [{"value": "a", "primary": true}, {"Primary": true, "value": "a"}, {"value": "b"}]}));
        assert_eq!(body["emails"], json!([{"value": "a", "primary": true}, {"value": "b"}]));
    }

    #[test]
    fn stringified_roles_are_read() {
        let role = r#"{"id":"06b07648","value":"25","displayName":"Role1234"}"#;
        assert_eq!(
            read(json!({"roles": [{"value": role, "primary": "True"}]}))["roles"],
            json!([{"value": "25", "primary": true, "id": "06b07648", "displayName": "Role1234"}])
        );
    }

    #[test]
    fn member_without_an_id_is_refused() {
        let body = json!({"schemas": [CORE_GROUP], "displayName": "g", "members": [{"type": "User"}]});
        assert_eq!(
            read_body(group(), &body).unwrap_err().detail,
            "members[0] must have a value"
        );
    }

    #[test]
    fn extension_under_two_spellings_of_its_urn_is_one() {
        let typo = "urn:ietf:params:scim:schemas:extension:enterprise:2.0User";
        let body = read(json!({ENTERPRISE_USER: {"department": "R", "division": "V"}, typo: {"division": "W"}}));
        assert_eq!(body[ENTERPRISE_USER], json!({"department": "R", "division": "W"}));
    }

    #[test]
    fn attribute_under_the_urn_wins_over_one_at_the_root() {
        let body = read(json!({"department": "root", ENTERPRISE_USER: {"department": "urn"}}));
        assert_eq!(body[ENTERPRISE_USER], json!({"department": "urn"}));
    }
}
