//! What `/Schemas` and `/ResourceTypes` say.

use scim::schema::{self, Attribute, CORE_GROUP, CORE_USER, ENTERPRISE_USER, Mutability, Returned, Type, Uniqueness};
use serde_json::{Value, json};

fn no_null(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => items.iter().all(no_null),
        Value::Object(object) => object.values().all(no_null),
        _ => true,
    }
}

#[test]
fn every_schema_is_a_schema_resource_without_null() {
    for schema in schema::all() {
        let body = schema.to_json();
        assert_eq!(body["schemas"], json!([schema::SCHEMA]));
        assert_eq!(body["id"], schema.id);
        assert_eq!(body["meta"], json!({"resourceType": "Schema"}));
        assert!(no_null(&body), "{}", schema.id);
        assert!(std::ptr::eq(
            schema::by_urn(&schema.id.to_uppercase()).unwrap(),
            *schema
        ));
    }
    assert!(schema::by_urn("urn:nobody").is_none());
}

/// What the schema of schemas (RFC 7643 §8.7.2) says of an attribute is what each attribute says.
#[test]
fn every_attribute_says_what_the_schema_of_schemas_demands() {
    let demanded = schema::by_urn(schema::SCHEMA).unwrap().attribute("attributes").unwrap();
    for schema in schema::all() {
        for attribute in schema.to_json()["attributes"].as_array().unwrap() {
            check_attribute(attribute, demanded);
        }
    }
}

fn check_attribute(body: &Value, demanded: &Attribute) {
    let body = body.as_object().unwrap();
    for name in body.keys() {
        assert!(demanded.sub(name).is_some(), "{name} is not in the schema of schemas");
    }
    for name in [
        "name",
        "type",
        "multiValued",
        "description",
        "required",
        "caseExact",
        "mutability",
        "returned",
        "uniqueness",
    ] {
        assert!(body.contains_key(name), "{name} is missing in {body:?}");
    }
    for part in ["type", "mutability", "returned", "uniqueness"] {
        let value = body[part].as_str().unwrap();
        let canonical = demanded.sub(part).unwrap().canonical_values;
        assert!(canonical.contains(&value), "{part} is {value}");
    }
    let is_complex = body["type"] == "complex";
    assert_eq!(is_complex, body.contains_key("subAttributes"));
    assert_eq!(body["type"] == "reference", body.contains_key("referenceTypes"));
    if let Some(parts) = body.get("subAttributes") {
        parts
            .as_array()
            .unwrap()
            .iter()
            .for_each(|part| check_attribute(part, demanded));
    }
}

#[test]
fn names_descriptions_and_uniqueness_are_the_agreed_ones() {
    let user = schema::by_urn(CORE_USER).unwrap();
    let enterprise = schema::by_urn(ENTERPRISE_USER).unwrap();
    let group = schema::by_urn(CORE_GROUP).unwrap();
    assert_eq!((user.name, user.description), ("User", "User Account"));
    assert_eq!(
        (enterprise.name, enterprise.description),
        ("EnterpriseUser", "Enterprise User")
    );
    assert_eq!((group.name, group.description), ("Group", "Group"));
    for (schema, name) in [(user, "userName"), (group, "displayName")] {
        let attribute = schema.attribute(name).unwrap();
        assert!(attribute.required);
        assert_eq!(attribute.uniqueness, Uniqueness::Server);
    }
    let password = user.attribute("PASSWORD").unwrap();
    assert_eq!(
        (password.mutability, password.returned),
        (Mutability::WriteOnly, Returned::Never)
    );
    let members = group.attribute("members").unwrap();
    assert_eq!((members.kind, members.multi_valued), (Type::Complex, true));
    assert_eq!(members.sub("VALUE").unwrap().mutability, Mutability::Immutable);
}

#[test]
fn attributes_are_listed_in_the_order_of_the_rfc() {
    let names = |urn: &str| -> Vec<&str> {
        schema::by_urn(urn)
            .unwrap()
            .attributes
            .iter()
            .map(|attribute| attribute.name)
            .collect()
    };
    assert_eq!(names(CORE_GROUP), ["displayName", "members"]);
    assert_eq!(
        names(ENTERPRISE_USER),
        [
            "employeeNumber",
            "costCenter",
            "organization",
            "division",
            "department",
            "manager"
        ]
    );
    assert_eq!(
        names(CORE_USER),
        [
            "userName",
            "name",
            "displayName",
            "nickName",
            "profileUrl",
            "title",
            "userType",
            "preferredLanguage",
            "locale",
            "timezone",
            "active",
            "password",
            "emails",
            "phoneNumbers",
            "ims",
            "photos",
            "addresses",
            "groups",
            "entitlements",
            "roles",
            "x509Certificates",
        ]
    );
}

#[test]
fn resource_types_name_their_schema_and_extensions() {
    insta::assert_json_snapshot!(schema::user().to_json(), @r#"
    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
      ],
      "id": "User",
      "name": "User",
      "endpoint": "/Users",
      "description": "User Account",
      "schema": "urn:ietf:params:scim:schemas:core:2.0:User",
      "schemaExtensions": [
        {
          "schema": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
          "required": false
        }
      ],
      "meta": {
        "resourceType": "ResourceType"
      }
    }
    "#);
    let group = schema::group().to_json();
    assert_eq!(group["endpoint"], "/Groups");
    assert_eq!(group.get("schemaExtensions"), None);
}

#[test]
fn look_up_finds_core_before_extension_and_ignores_case() {
    let lower = CORE_USER.to_lowercase();
    let find = |urn, name, sub| schema::user().find(urn, name, sub);
    assert_eq!(
        find(None, "NAME", Some("givenname")).unwrap().innermost().name,
        "givenName"
    );
    assert!(find(None, "displayName", None).unwrap().extension.is_none());
    assert_eq!(
        find(None, "manager", Some("VALUE")).unwrap().extension.unwrap().id,
        ENTERPRISE_USER
    );
    assert!(find(Some(CORE_USER), "manager", None).unwrap().extension.is_some());
    assert!(find(Some(ENTERPRISE_USER), "userName", None).is_none());
    assert!(find(None, "name", Some("shoeSize")).is_none());
    assert!(find(Some("urn:contoso"), "userName", None).is_none());
    assert!(find(Some(&lower), "externalId", None).unwrap().attribute.case_exact);
    assert!(find(None, "meta", Some("created")).is_some_and(|found| found.innermost().kind == Type::DateTime));
}

/// Every attribute with its characteristics, one a line, as in RFC 7643 §8.7. Where the tables there
/// say nothing the defaults of §2.2 stand. Differences: a group's `displayName` is unique on the
/// server (rule A11) and required, as §4.2 has it; members have the `display` of §2.4; `manager`
/// keeps its parts optional, as §4.3 has them ("RECOMMENDED").
#[test]
fn characteristics_are_those_of_the_rfc() {
    fn write(attribute: &Attribute, prefix: &str, table: &mut Vec<String>) {
        let name = format!("{prefix}{}", attribute.name);
        let flags = [
            (attribute.multi_valued, "multiValued"),
            (attribute.required, "required"),
            (attribute.case_exact, "caseExact"),
        ];
        let flags: Vec<&str> = flags
            .iter()
            .filter(|(is_set, _)| *is_set)
            .map(|(_, flag)| *flag)
            .collect();
        let kinds = [
            attribute.kind.as_str(),
            attribute.mutability.as_str(),
            attribute.returned.as_str(),
            attribute.uniqueness.as_str(),
        ];
        let lists = [attribute.reference_types, attribute.canonical_values].concat();
        let row = [vec![name.as_str()], kinds.to_vec(), flags, lists].concat();
        table.push(row.join(" "));
        for sub in attribute.sub_attributes {
            write(sub, &format!("{name}."), table);
        }
    }
    let mut table = Vec::new();
    let common = schema::common_attributes().iter();
    common.for_each(|attribute| write(attribute, "", &mut table));
    for schema in schema::all() {
        table.push(format!("\n{}", schema.id));
        schema
            .attributes
            .iter()
            .for_each(|attribute| write(attribute, "", &mut table));
    }
    insta::assert_snapshot!(table.join("\n"));
}
