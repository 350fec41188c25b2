//! PATCH bodies as Entra sends them, in both dialects, and the user that must come of them.
//!
//! Each step is applied to the user that every case starts from; a step sent again must change
//! nothing, because Entra repeats what it is not sure of.

use scim::patch;
use scim::resource::{Resource, read_body};
use scim::schema::{CORE_USER, ENTERPRISE_USER, PATCH_OP, user};
use serde_json::{Value, json};

const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
const M1: &str = "2819c223-7f76-453a-919d-413861904646";
const M2: &str = "7f4bc1a3-285e-48ae-8202-5accb43efb0e";

fn pat() -> Value {
    json!({
        "schemas": [CORE_USER, ENTERPRISE_USER],
        "externalId": "pexample",
        "userName": "pat.example@contoso.test",
        "active": true,
        "displayName": "Pat Example",
        "name": {"formatted": "Pat Example", "familyName": "Example", "givenName": "Pat"},
        "emails": [{"primary": true, "type": "work", "value": "pat.example@contoso.test"}],
    })
}

fn pat_with(changes: &Value) -> Value {
    let mut pat = pat();
    for (name, value) in changes.as_object().unwrap() {
        pat[name] = value.clone();
    }
    pat
}

fn send(resource: &mut Resource, operations: &Value) -> bool {
    let body = json!({"schemas": [PATCH_OP], "Operations": operations});
    let changes = patch::read(user(), &body).unwrap_or_else(|error| panic!("{operations}: {error}"));
    patch::apply(user(), resource, &changes).unwrap_or_else(|error| panic!("{operations}: {error}"))
}

/// Sends steps one after the other to one user; after each the user must be as given.
fn walk(steps: &[(Value, Value)]) {
    let mut resource = read_body(user(), &pat()).unwrap();
    for (operations, expected) in steps {
        send(&mut resource, operations);
        assert_eq!(Value::Object(resource.clone()), *expected, "after {operations}");
        assert!(!send(&mut resource, operations), "sent again: {operations}");
        assert_eq!(Value::Object(resource.clone()), *expected, "sent again: {operations}");
    }
}

#[test]
fn disable_and_restore() {
    for (off, on) in [
        (
            json!({"op": "Replace", "path": "active", "value": "False"}),
            json!({"op": "Replace", "path": "active", "value": "True"}),
        ),
        (
            json!({"op": "Replace", "path": "active", "value": false}),
            json!({"op": "replace", "path": "active", "value": true}),
        ),
        (
            json!({"op": "Add", "path": "active", "value": "False"}),
            json!({"op": "add", "path": "active", "value": "true"}),
        ),
        (
            json!({"op": "replace", "value": {"active": false}}),
            json!({"op": "replace", "value": {"active": "TRUE"}}),
        ),
    ] {
        walk(&[
            (json!([off]), pat_with(&json!({"active": false}))),
            (json!([on]), pat()),
        ]);
    }
}

#[test]
fn several_attributes_in_both_dialects() {
    let number = format!("{ENTERPRISE_USER}:employeeNumber");
    let changed = json!({
        "displayName": "Pvl",
        "name": {"formatted": "Pat Example", "familyName": "Pkqf", "givenName": "Gtfd"},
        "emails": [{"primary": true, "type": "work", "value": "new.mail@contoso.test"}],
        ENTERPRISE_USER: {"employeeNumber": "eqpj"},
    });
    let mut legacy = pat_with(&changed);
    legacy["externalId"] = json!("eqpj");
    walk(&[(
        json!([
            {"op": "Replace", "path": "displayName", "value": "Pvl"},
            {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "new.mail@contoso.test"},
            {"op": "Replace", "path": "name.givenName", "value": "Gtfd"},
            {"op": "Replace", "path": "name.familyName", "value": "Pkqf"},
            {"op": "Replace", "path": "externalId", "value": "eqpj"},
            {"op": "Replace", "path": number, "value": "eqpj"},
        ]),
        legacy,
    )]);
    walk(&[(
        json!([
            {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "new.mail@contoso.test"},
            {"op": "replace", "value": {"displayName": "Pvl", "name.givenName": "Gtfd", "name.familyName": "Pkqf", number: "eqpj"}},
        ]),
        pat_with(&changed),
    )]);
}

#[test]
fn emails_by_type() {
    let work = json!({"primary": true, "type": "work", "value": "w2@contoso.test"});
    walk(&[
        (
            json!([
                {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "w2@contoso.test"},
                {"op": "Replace", "path": "emails[type eq \"work\"].primary", "value": "True"},
            ]),
            pat_with(&json!({"emails": [work]})),
        ),
        (
            json!([{"op": "Add", "path": "emails[type eq \"other\"].value", "value": "o@contoso.test"}]),
            pat_with(&json!({"emails": [work, {"type": "other", "value": "o@contoso.test"}]})),
        ),
        (
            json!([{"op": "Remove", "path": "emails[type eq \"other\"].value", "value": "O@contoso.test"}]),
            pat_with(&json!({"emails": [work]})),
        ),
        (
            json!([{"op": "Remove", "path": "emails[type eq \"work\"].value", "value": "not-the-value@contoso.test"}]),
            pat_with(&json!({"emails": [work]})),
        ),
        (
            json!([
                {"op": "add", "path": "emails[type eq \"home\"].value", "value": "h@contoso.test"},
                {"op": "add", "path": "emails[type eq \"home\"].display", "value": "Home"},
            ]),
            pat_with(&json!({"emails": [work, {"type": "home", "value": "h@contoso.test", "display": "Home"}]})),
        ),
        (
            json!([{"op": "remove", "path": "emails[type eq \"home\"].value"}]),
            pat_with(&json!({"emails": [work]})),
        ),
    ]);
}

#[test]
fn addresses_one_sub_attribute_at_a_time() {
    let path = |part: &str| format!("addresses[type eq \"work\"].{part}");
    let parts = [
        ("formatted", "B1"),
        ("streetAddress", "1 Sample Way"),
        ("locality", "Town"),
        ("region", "ST"),
        ("postalCode", "00001"),
        ("country", "US"),
    ];
    let address = json!({
        "type": "work", "formatted": "B1", "streetAddress": "1 Sample Way", "locality": "Town", "region": "ST",
        "postalCode": "00001", "country": "US",
    });
    for ops in [["Add"; 6], ["replace", "add", "replace", "add", "replace", "add"]] {
        let operations: Vec<Value> = ops
            .iter()
            .zip(parts)
            .map(|(op, (part, value))| json!({"op": op, "path": path(part), "value": value}))
            .collect();
        walk(&[(Value::Array(operations), pat_with(&json!({"addresses": [address]})))]);
    }
    walk(&[
        (
            json!([{"op": "Replace", "path": "addresses[type eq \"other\"].formatted", "value": "Building 1"}]),
            pat_with(&json!({"addresses": [{"type": "other", "formatted": "Building 1"}]})),
        ),
        (
            json!([{"op": "Replace", "path": "addresses[type eq \"other\"].Formatted", "value": "Building 2"}]),
            pat_with(&json!({"addresses": [{"type": "other", "formatted": "Building 2"}]})),
        ),
    ]);
}

#[test]
fn manager_in_every_form_and_cleared_in_every_form() {
    let managed = |id: &str| pat_with(&json!({ENTERPRISE_USER: {"manager": {"value": id}}}));
    for (set, id) in [
        (json!({"op": "Add", "path": MANAGER, "value": M1}), M1),
        (json!({"op": "replace", "path": MANAGER, "value": {"value": M2}}), M2),
        (json!({"op": "replace", "value": {MANAGER: M1}}), M1),
        (
            json!({"op": "Add", "path": MANAGER, "value": [{"$ref": null, "value": M1}]}),
            M1,
        ),
        (json!({"op": "Add", "path": "manager", "value": [{"value": M1}]}), M1),
    ] {
        for clear in [
            json!({"op": "Remove", "path": MANAGER}),
            json!({"op": "Remove", "path": MANAGER, "value": id}),
            json!({"op": "remove", "path": MANAGER}),
            json!({"op": "replace", "path": MANAGER, "value": ""}),
            json!({"op": "replace", "path": MANAGER, "value": null}),
        ] {
            walk(&[(json!([set]), managed(id)), (json!([clear]), pat())]);
        }
    }
}

#[test]
fn enterprise_and_custom_extensions() {
    let custom = "urn:ietf:params:scim:schemas:extension:ContosoApp:2.0:User";
    let with_custom = |value: &str| {
        pat_with(&json!({"schemas": [CORE_USER, ENTERPRISE_USER, custom], custom: {"costCentre": value}}))
    };
    let cost_centre = format!("{custom}:costCentre");
    walk(&[
        (
            json!([{"op": "Add", "path": cost_centre, "value": "4711"}]),
            with_custom("4711"),
        ),
        (
            json!([{"op": "replace", "value": {cost_centre.clone(): "4712"}}]),
            with_custom("4712"),
        ),
    ]);
    let department = format!("{ENTERPRISE_USER}:department");
    let number = format!("{ENTERPRISE_USER}:employeeNumber");
    walk(&[
        (
            json!([{"op": "add", "path": department, "value": "Research"}]),
            pat_with(&json!({ENTERPRISE_USER: {"department": "Research"}})),
        ),
        (
            json!([{"op": "replace", "value": {department: "Labs", number: "102"}}]),
            pat_with(&json!({ENTERPRISE_USER: {"department": "Labs", "employeeNumber": "102"}})),
        ),
        (
            json!([{"op": "replace", "value": {ENTERPRISE_USER: {"department": "Nested"}}}]),
            pat_with(&json!({ENTERPRISE_USER: {"department": "Nested", "employeeNumber": "102"}})),
        ),
    ]);
}

#[test]
fn roles_assertive_and_single() {
    let admin = json!({"primary": false, "type": "WindowsAzureActiveDirectoryRole", "display": "Administrator", "value": "Admin"});
    walk(&[
        (
            json!([{"op": "replace", "path": "roles", "value": [admin]}]),
            pat_with(&json!({"roles": [admin]})),
        ),
        (json!([{"op": "replace", "path": "roles", "value": []}]), pat()),
    ]);
    let text = r#"{"id":"06b07648-ecfe-589f-9d2f-6325724a46ee","value":"25","displayName":"Role1234"}"#;
    let role = json!({"value": "25", "id": "06b07648-ecfe-589f-9d2f-6325724a46ee", "displayName": "Role1234"});
    walk(&[
        (
            json!([{"op": "Add", "path": "roles", "value": [{"value": text}]}]),
            pat_with(&json!({"roles": [role]})),
        ),
        (
            json!([{"op": "replace", "path": "roles[primary eq \"True\"].value", "value": "r2"}]),
            pat_with(&json!({"roles": [role, {"primary": true, "value": "r2"}]})),
        ),
    ]);
}

#[test]
fn null_update_of_the_acceptance_suite_clears_every_mapped_attribute() {
    let mapped = [
        "displayName",
        "title",
        "name.givenName",
        "preferredLanguage",
        "urn:contoso:2.0:User:shoeSize",
    ];
    for clear in [json!(""), json!(null)] {
        let mut resource = read_body(user(), &pat()).unwrap();
        for path in mapped {
            send(&mut resource, &json!([{"op": "add", "path": path, "value": "x"}]));
            assert!(
                send(&mut resource, &json!([{"op": "replace", "path": path, "value": clear}])),
                "{path}"
            );
        }
        let resource = Value::Object(resource);
        assert_eq!(resource.get("displayName"), None);
        assert_eq!(
            resource["name"],
            json!({"formatted": "Pat Example", "familyName": "Example"})
        );
        assert_eq!(resource.get("urn:contoso:2.0:User"), None);
    }
}

#[test]
fn validators_object_without_a_path() {
    let extension = |name: &str| format!("{ENTERPRISE_USER}:{name}");
    let mut resource = read_body(user(), &pat()).unwrap();
    send(
        &mut resource,
        &json!([
            {"op": "add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "555-0101"},
            {"op": "add", "value": {
                "displayName": "D", "title": "T", "name.givenName": "G", "name.honorificPrefix": "Dr",
                "profileUrl": "https://example.test/p", extension("employeeNumber"): "1", extension("division"): "V",
            }},
        ]),
    );
    let resource = Value::Object(resource);
    assert_eq!(
        resource["phoneNumbers"],
        json!([{"type": "mobile", "value": "555-0101"}])
    );
    assert_eq!(resource["name"]["honorificPrefix"], "Dr");
    assert_eq!(
        resource[ENTERPRISE_USER],
        json!({"employeeNumber": "1", "division": "V"})
    );
}
