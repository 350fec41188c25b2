//! Applying changes: in order, all or none.

use serde_json::Value;

use super::{Change, Op, filtered, whole};
use crate::entra;
use crate::error::ScimError;
use crate::path::{self, Path};
use crate::resource::{self, Clearing, Place, Resource, coerce, elements, list_extensions};
use crate::schema::ResourceType;
use crate::text::same_name;

/// Applies changes to a resource; `true` when it says something else afterwards.
///
/// Empty arrays and absence say the same, so clearing what was not there is no change. `schemas`
/// grows when an extension appears.
///
/// # Errors
///
/// 400 `noTarget` when a value filter of an `add` or `replace` hits nothing and no element can be
/// made from it, `mutability` when a required attribute is removed, `invalidValue` when two
/// elements would be primary. The resource is then as it was ("the original resource SHALL be
/// restored if any operation fails", RFC 7644 §3.5.2).
pub fn apply(resource_type: &ResourceType, resource: &mut Resource, changes: &[Change]) -> Result<bool, ScimError> {
    let mut draft = resource.clone();
    for change in changes {
        apply_one(resource_type, &mut draft, change)?;
        read_roles(resource_type, &mut draft)?;
    }
    if resource::same(&draft, resource) {
        return Ok(false);
    }
    list_extensions(resource_type, &mut draft);
    *resource = draft;
    Ok(true)
}

fn apply_one(resource_type: &ResourceType, resource: &mut Resource, change: &Change) -> Result<(), ScimError> {
    let value = change.value.as_ref();
    match &change.path {
        Path::Extension(urn) => {
            // Only clearing is left: an object was expanded while reading.
            if change.op != Op::Add && value.is_none_or(Value::is_null) {
                remove_extension(resource_type, resource, urn);
            }
            Ok(())
        }
        Path::Attribute(attribute) => {
            let place = Place::of(resource_type, attribute);
            match &attribute.sub {
                None => whole::apply(resource, &place, change.op, value),
                Some(sub) => filtered::apply_to_all(resource, &place, sub, change.op, value),
            }
        }
        Path::Filtered { attribute, filter, sub } => {
            let place = Place::of(resource_type, attribute);
            filtered::apply(resource, &place, filter, sub.as_deref(), change.op, value)
        }
    }
}

/// A role as JSON text may get into an element by any path: it is read wherever it stands
/// ([`entra::stringified_role`]), so that what a PATCH leaves reads as itself.
fn read_roles(resource_type: &ResourceType, resource: &mut Resource) -> Result<(), ScimError> {
    let Some(attribute) = resource_type.core_attribute("roles") else {
        return Ok(());
    };
    let roles = resource::get(resource, attribute.name);
    if !elements(roles)
        .iter()
        .any(|role| entra::stringified_role(role).is_some())
    {
        return Ok(());
    }
    let read = roles.map_or(Ok(None), |roles| coerce(attribute, roles, Clearing::Drop))?;
    match read {
        Some(read) => resource::set(resource, attribute.name, read),
        None => drop(resource::remove(resource, attribute.name)),
    }
    Ok(())
}

/// Takes an extension out, and its URN out of `schemas`, which names "the schemas … that define the
/// attributes present in the current JSON structure" (RFC 7643 §3).
fn remove_extension(resource_type: &ResourceType, resource: &mut Resource, urn: &str) {
    let is_gone = resource::remove(resource, urn).is_some();
    if let Some(Value::Array(listed)) = resource::get_mut(resource, "schemas") {
        listed.retain(|listed| !listed.as_str().is_some_and(|listed| same_name(listed, urn)));
    }
    if !is_gone && let Some(attribute) = path::extension_as_attribute(urn) {
        Place::of(resource_type, &attribute).remove(resource);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ScimType;
    use crate::patch::read;
    use crate::schema::{CORE_USER, ENTERPRISE_USER, user};

    fn ana() -> Value {
        json!({
            "schemas": [CORE_USER],
            "id": "1",
            "userName": "ana",
            "name": {"givenName": "Ana", "familyName": "B"},
            "emails": [
                {"type": "work", "value": "ana@work.test", "primary": true},
                {"type": "home", "value": "ana@home.test"},
            ],
        })
    }

    fn patched(start: &Value, operations: Value) -> Result<(Value, bool), ScimError> {
        let mut resource = start.as_object().unwrap().clone();
        let body = Value::Object(Resource::from_iter([("Operations".to_owned(), operations)]));
        let changes = read(user(), &body)?;
        let result = apply(user(), &mut resource, &changes);
        let resource = Value::Object(resource);
        if result.is_err() {
            assert_eq!(&resource, start, "a refused request must leave the resource as it was");
        }
        result.map(|changed| (resource, changed))
    }

    fn after(operation: Value) -> Value {
        patched(&ana(), Value::Array(vec![operation])).unwrap().0
    }

    fn refused(operations: Value) -> (ScimType, String) {
        let error = patched(&ana(), operations).unwrap_err();
        (error.scim_type.unwrap(), error.detail)
    }

    fn unchanged(operation: Value) {
        let shown = operation.to_string();
        assert_eq!(
            patched(&ana(), Value::Array(vec![operation])).unwrap(),
            (ana(), false),
            "{shown}"
        );
    }

    #[test]
    fn simple_attribute_is_added_replaced_and_removed() {
        assert_eq!(after(json!({"op": "add", "path": "title", "value": "x"}))["title"], "x");
        assert_eq!(
            after(json!({"op": "Replace", "path": "USERNAME", "value": "x"}))["userName"],
            "x"
        );
        let with_title = after(json!({"op": "add", "path": "title", "value": "x"}));
        let (without, changed) = patched(&with_title, json!([{"op": "remove", "path": "Title"}])).unwrap();
        assert_eq!((without, changed), (ana(), true));
        unchanged(json!({"op": "remove", "path": "title"}));
        unchanged(json!({"op": "replace", "path": "userName", "value": "ana"}));
    }

    #[test]
    fn complex_attribute_is_merged() {
        for op in ["add", "replace"] {
            let name =
                &after(json!({"op": op, "path": "name", "value": {"GivenName": "Eva", "formatted": "E"}}))["name"];
            assert_eq!(*name, json!({"givenName": "Eva", "familyName": "B", "formatted": "E"}));
        }
        unchanged(json!({"op": "replace", "path": "name", "value": {}}));
        unchanged(json!({"op": "add", "value": {"name": {}, "manager": {}}}));
        let name = &after(json!({"op": "replace", "value": {"name": {"givenName": null}}}))["name"];
        assert_eq!(*name, json!({"familyName": "B"}));
        let gone = after(json!({"op": "replace", "path": "name", "value": {"givenName": "", "familyName": ""}}));
        assert_eq!(gone.get("name"), None);
    }

    #[test]
    fn sub_attribute_is_set_and_cleared_alone() {
        assert_eq!(
            after(json!({"op": "Replace", "path": "name.givenName", "value": "Eva"}))["name"],
            json!({"givenName": "Eva", "familyName": "B"})
        );
        assert_eq!(
            after(json!({"op": "replace", "path": "name.givenName", "value": ""}))["name"],
            json!({"familyName": "B"})
        );
        assert_eq!(
            after(json!({"op": "add", "path": "manager.value", "value": "m"}))[ENTERPRISE_USER]["manager"]["value"],
            "m"
        );
        assert_eq!(
            after(json!({"op": "add", "path": "custom.deep", "value": 1}))["custom"],
            json!({"deep": 1})
        );
    }

    #[test]
    fn values_are_added_to_a_list_once() {
        let new = json!({"op": "add", "path": "emails", "value": [{"type": "other", "value": "o@x"}]});
        assert_eq!(
            after(new.clone())["emails"][2],
            json!({"type": "other", "value": "o@x"})
        );
        assert!(!patched(&after(new.clone()), json!([new])).unwrap().1);
        unchanged(json!({"op": "add", "path": "emails", "value": [{"value": "ana@home.test", "type": "home"}]}));
        unchanged(json!({"op": "add", "path": "emails", "value": []}));
        unchanged(json!({"op": "add", "path": "emails", "value": null}));
    }

    #[test]
    fn list_is_replaced_as_a_whole_and_cleared_by_an_empty_one() {
        let emails = json!([{"value": "new@x", "primary": true}]);
        assert_eq!(
            after(json!({"op": "replace", "path": "emails", "value": emails}))["emails"],
            emails
        );
        for empty in [json!([]), json!(null), json!("")] {
            let resource = after(json!({"op": "replace", "path": "emails", "value": empty}));
            assert_eq!(resource.get("emails"), None);
        }
    }

    #[test]
    fn clearing_an_empty_list_is_no_change() {
        let mut start = ana();
        start["roles"] = json!([]);
        let operations = json!([{"op": "replace", "path": "roles", "value": []}, {"op": "remove", "path": "roles"}]);
        assert_eq!(patched(&start, operations).unwrap(), (start, false));
    }

    #[test]
    fn filtered_sub_attribute_changes_only_its_element() {
        let path = r#"emails[type eq "home"].value"#;
        let emails = &after(json!({"op": "replace", "path": path, "value": "x@y"}))["emails"];
        assert_eq!(emails[0]["value"], "ana@work.test");
        assert_eq!(emails[1], json!({"type": "home", "value": "x@y"}));
    }

    #[test]
    fn filter_without_a_hit_makes_the_element() {
        for op in ["Add", "Replace"] {
            let path = r#"phoneNumbers[TYPE eq "fax" and primary eq "False"].Value"#;
            assert_eq!(
                after(json!({"op": op, "path": path, "value": "555"}))["phoneNumbers"],
                json!([{"type": "fax", "primary": false, "value": "555"}])
            );
        }
        let made = after(json!({"op": "add", "path": "addresses[type eq work]", "value": {"country": "US"}}));
        assert_eq!(made["addresses"], json!([{"type": "work", "country": "US"}]));
        let made = after(json!({"op": "add", "path": "badges[kind eq 1].colour", "value": "red"}));
        assert_eq!(made["badges"], json!([{"kind": 1, "colour": "red"}]));
    }

    #[test]
    fn filter_without_a_hit_that_describes_no_element_has_no_target() {
        for path in [
            r#"emails[type ne "work" and type ne "home"].value"#,
            r#"emails[type eq "x" or type eq "y"].value"#,
            "emails[display pr].value",
            r#"emails[type eq "x" and type eq "y"].value"#,
            r#"emails[value eq "old"].value"#,
            r#"manager[value eq "m"].value"#,
        ] {
            let operation = json!({"op": "replace", "path": path, "value": "new"});
            assert_eq!(refused(json!([operation])).0, ScimType::NoTarget, "{path}");
            unchanged(json!({"op": "remove", "path": path}));
        }
        assert_eq!(
            refused(json!([{"op": "add", "path": "emails[display pr].value", "value": "x"}])).1,
            "no value of emails meets the filter"
        );
    }

    #[test]
    fn clearing_a_filtered_value_takes_the_element_out() {
        for operation in [
            json!({"op": "remove", "path": r#"emails[type eq "home"].value"#}),
            json!({"op": "remove", "path": r#"emails[type eq "home"]"#}),
            json!({"op": "Remove", "path": r#"emails[type eq "home"].value"#, "value": "ANA@home.test"}),
            json!({"op": "replace", "path": r#"emails[type eq "home"].value"#, "value": ""}),
            json!({"op": "replace", "path": r#"emails[type eq "home"]"#, "value": null}),
            json!({"op": "Remove", "path": r#"emails[type eq "home"]"#, "value": ""}),
            json!({"op": "Remove", "path": r#"emails[type eq "home"]"#, "value": []}),
            json!({"op": "Remove", "path": "emails", "value": [{"value": "ana@HOME.test"}]}),
            json!({"op": "Remove", "path": "emails", "value": "ana@home.test"}),
        ] {
            assert_eq!(
                after(operation.clone())["emails"].as_array().unwrap().len(),
                1,
                "{operation}"
            );
        }
    }

    #[test]
    fn remove_with_another_value_is_no_change() {
        for operation in [
            json!({"op": "Remove", "path": r#"emails[type eq "home"].value"#, "value": "other@x"}),
            json!({"op": "Remove", "path": "emails", "value": [{"value": "ana@home.test", "type": "work"}]}),
            json!({"op": "Remove", "path": "name.givenName", "value": "Eva"}),
            json!({"op": "Remove", "path": "emails", "value": []}),
            json!({"op": "Remove", "path": "emails", "value": [{}, {"$ref": null}]}),
            json!({"op": "Remove", "path": "emails[type eq \"other\"].value"}),
        ] {
            unchanged(operation);
        }
        let gone = after(json!({"op": "Remove", "path": "name.givenName", "value": "ANA"}));
        assert_eq!(gone["name"], json!({"familyName": "B"}));
    }

    #[test]
    fn address_of_which_only_its_type_is_left_goes() {
        let with = |op: &str, part: &str, value: Value| json!({"op": op, "path": format!("addresses[type eq \"work\"].{part}"), "value": value});
        let resource = patched(
            &ana(),
            json!([
                with("Add", "formatted", json!("B1")),
                with("Add", "country", json!("US")),
                with("replace", "formatted", json!(""))
            ]),
        )
        .unwrap()
        .0;
        assert_eq!(resource["addresses"], json!([{"type": "work", "country": "US"}]));
        let (resource, _) = patched(&resource, json!([with("replace", "country", json!(null))])).unwrap();
        assert_eq!(resource, ana());
    }

    #[test]
    fn new_primary_takes_primary_from_the_others() {
        for operation in [
            json!({"op": "Replace", "path": r#"emails[type eq "home"].primary"#, "value": "True"}),
            json!({"op": "add", "path": r#"emails[type eq "home"]"#, "value": {"primary": true}}),
        ] {
            let emails = &after(operation)["emails"];
            assert_eq!(
                (&emails[0]["primary"], &emails[1]["primary"]),
                (&json!(false), &json!(true))
            );
        }
        let emails = &after(
            json!({"op": "add", "path": r#"emails[type eq "x" and primary eq true].value"#, "value": "n"}),
        )["emails"];
        assert_eq!(emails[0]["primary"], false);
        assert_eq!(
            refused(json!([{"op": "replace", "path": "emails[value pr].primary", "value": true}])),
            (
                ScimType::InvalidValue,
                "emails must have at most one primary value".into()
            )
        );
    }

    #[test]
    fn filtered_replace_of_a_whole_element_keeps_what_the_filter_says() {
        let operation = json!({"op": "replace", "path": r#"emails[type eq "work"]"#, "value": {"value": "n"}});
        let once = after(operation.clone());
        assert_eq!(once["emails"][0], json!({"type": "work", "value": "n"}));
        assert_eq!(patched(&once, json!([operation])).unwrap(), (once, false));
    }

    #[test]
    fn extension_appears_is_listed_and_goes() {
        let once = after(json!({"op": "Add", "path": "urn:contoso:2.0:User:desk", "value": "D4"}));
        assert_eq!(once["urn:contoso:2.0:User"], json!({"desk": "D4"}));
        assert_eq!(once["schemas"], json!([CORE_USER, "urn:contoso:2.0:User"]));
        let (gone, changed) = patched(&once, json!([{"op": "remove", "path": "URN:contoso:2.0:User"}])).unwrap();
        assert!(changed);
        assert_eq!(gone, ana());
        let two = json!({"op": "replace", "path": ENTERPRISE_USER, "value": {"department": "R", "division": "N"}});
        let (merged, _) = patched(
            &after(two),
            json!([{"op": "replace", "value": {ENTERPRISE_USER: {"department": "S"}}}]),
        )
        .unwrap();
        assert_eq!(merged[ENTERPRISE_USER], json!({"department": "S", "division": "N"}));
        let (cleared, _) = patched(
            &merged,
            json!([{"op": "replace", "path": ENTERPRISE_USER, "value": null}]),
        )
        .unwrap();
        assert_eq!(cleared, ana());
    }

    #[test]
    fn extension_may_have_a_uri_that_is_no_urn() {
        let uri = "https://contoso.test/scim/User";
        let set = after(json!({"op": "add", "path": format!("{uri}:desk"), "value": "D4"}));
        assert_eq!(set[uri], json!({"desk": "D4"}));
        assert_eq!(set["schemas"], json!([CORE_USER, uri]));
        assert_eq!(after(json!({"op": "add", "path": uri, "value": {"desk": "D4"}})), set);
        assert_eq!(after(json!({"op": "add", "value": {uri: {"desk": "D4"}}})), set);
        let (gone, _) = patched(&set, json!([{"op": "remove", "path": uri}])).unwrap();
        assert_eq!(gone, ana());
    }

    #[test]
    fn manager_is_set_changed_and_cleared_in_every_form() {
        let path = format!("{ENTERPRISE_USER}:manager");
        let (set, _) = patched(
            &ana(),
            json!([{"op": "Add", "path": "manager", "value": [{"$ref": "https://x/m", "value": "m"}]}]),
        )
        .unwrap();
        assert_eq!(
            set[ENTERPRISE_USER],
            json!({"manager": {"$ref": "https://x/m", "value": "m"}})
        );
        let (changed, _) = patched(&set, json!([{"op": "replace", "path": path, "value": {"value": "n"}}])).unwrap();
        assert_eq!(changed[ENTERPRISE_USER], json!({"manager": {"value": "n"}}));
        for clear in [
            json!({"op": "Remove", "path": path}),
            json!({"op": "Remove", "path": path, "value": "N"}),
            json!({"op": "Remove", "path": path, "value": [{"value": "n"}]}),
            json!({"op": "replace", "path": path, "value": ""}),
            json!({"op": "replace", "path": path, "value": null}),
            json!({"op": "replace", "value": {path.clone(): {"value": ""}}}),
            json!({"op": "remove", "path": format!("{path}.value")}),
        ] {
            let (cleared, _) = patched(&changed, json!([clear])).unwrap();
            assert_eq!(cleared.get(ENTERPRISE_USER), None, "{clear}");
        }
        let other = json!([{"op": "Remove", "path": path, "value": "somebody else"}]);
        assert_eq!(patched(&changed, other).unwrap(), (changed, false));
    }

    #[test]
    fn stringified_role_is_read_at_a_filtered_value_too() {
        let role = r#"{"id":"06b07648","value":"25","displayName":"Role"}"#;
        let whole = after(json!({"op": "Add", "path": "roles", "value": [{"value": role}]}));
        assert_eq!(
            whole["roles"],
            json!([{"value": "25", "id": "06b07648", "displayName": "Role"}])
        );
        let wrapped = after(json!({"op": "Add", "path": "roles", "value": [{"value": [{"value": role}]}]}));
        assert_eq!(wrapped["roles"], whole["roles"]);
        let mut of_a_type = whole["roles"][0].clone();
        of_a_type["type"] = json!("work");
        for operation in [
            json!({"op": "Add", "path": r#"roles[type eq "work"]"#, "value": [{"value": role}]}),
            json!({"op": "Add", "path": "roles", "value": [{"type": "work", "value": role}]}),
        ] {
            assert_eq!(after(operation.clone())["roles"], json!([of_a_type]), "{operation}");
        }
        let everywhere = after(json!({"op": "replace", "path": "roles.value", "value": role}));
        assert_eq!(everywhere["roles"], whole["roles"]);
        let part = after(json!({"op": "Add", "path": r#"roles[primary eq "True"].value"#, "value": role}));
        assert_eq!(
            part["roles"],
            json!([{"primary": true, "id": "06b07648", "value": "25", "displayName": "Role"}])
        );
    }

    #[test]
    fn removing_a_required_attribute_is_a_matter_of_mutability() {
        let operation = json!({"op": "remove", "path": "userName"});
        assert_eq!(
            refused(json!([operation])),
            (ScimType::Mutability, "userName is required".into())
        );
    }

    #[test]
    fn one_bad_operation_undoes_all_and_order_counts() {
        let operations = json!([
            {"op": "replace", "path": "title", "value": "x"},
            {"op": "replace", "path": "emails[display pr].value", "value": "x"},
        ]);
        assert_eq!(refused(operations).0, ScimType::NoTarget);
        let operations = json!([
            {"op": "add", "path": "title", "value": "x"},
            {"op": "replace", "path": "title", "value": "y"},
            {"op": "remove", "path": "nickName"},
        ]);
        assert_eq!(patched(&ana(), operations).unwrap().0["title"], "y");
    }

    #[test]
    fn unknown_attribute_keeps_its_form_when_nothing_is_hit() {
        let mut start = ana();
        start["badge"] = json!(7);
        start["tags"] = json!(["a", "a", {}]);
        for path in ["badge[x eq 1]", "tags[value eq \"b\"]", "tags[x pr].y"] {
            let operations = json!([{"op": "remove", "path": path}]);
            assert_eq!(patched(&start, operations).unwrap(), (start.clone(), false), "{path}");
        }
        let (without, _) = patched(&start, json!([{"op": "remove", "path": "tags[value eq \"a\"]"}])).unwrap();
        assert_eq!(without.get("tags"), None);
        let error = patched(&start, json!([{"op": "add", "path": "badge.x", "value": 1}])).unwrap_err();
        assert_eq!(error.detail, "invalid path: badge has no sub-attributes");
    }

    #[test]
    fn unknown_attributes_are_stored_as_sent() {
        let value = json!({"A": [1, {"b": null}]});
        assert_eq!(
            after(json!({"op": "add", "path": "Custom", "value": value}))["Custom"],
            value
        );
        let list = after(json!({"op": "add", "path": "tags", "value": ["a", "b"]}));
        let (longer, _) = patched(&list, json!([{"op": "add", "path": "TAGS", "value": ["b", "c"]}])).unwrap();
        assert_eq!(longer["tags"], json!(["a", "b", "c"]));
        let (cleared, _) = patched(&longer, json!([{"op": "replace", "path": "tags", "value": ""}])).unwrap();
        assert_eq!(cleared, ana());
    }
}
