//! The discovery endpoints of the test server, shorter than a real server's.

use serde_json::{Value, json};

use super::server::{ENTERPRISE, GROUP, LIST, USER};

fn attribute(name: &str, kind: &str, multi: bool, more: &Value) -> Value {
    let mut attribute = json!({
        "name": name, "type": kind, "multiValued": multi, "required": false,
        "mutability": "readWrite", "returned": "default"
    });
    if kind == "string" {
        attribute["caseExact"] = json!(false);
        attribute["uniqueness"] = json!("none");
    } else if kind == "reference" {
        attribute["caseExact"] = json!(true);
        attribute["uniqueness"] = json!("none");
    }
    for (key, value) in more.as_object().unwrap() {
        attribute[key] = value.clone();
    }
    attribute
}

fn text(name: &str) -> Value {
    attribute(name, "string", false, &json!({}))
}

fn list(resources: &[Value]) -> Value {
    json!({"schemas": [LIST], "totalResults": resources.len(), "startIndex": 1,
           "itemsPerPage": resources.len(), "Resources": resources})
}

fn schema(id: &str, name: &str, description: &str, attributes: &[Value]) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"], "id": id, "name": name,
           "description": description, "attributes": attributes})
}

pub fn schemas() -> Value {
    let flag = |name: &str| attribute(name, "boolean", false, &json!({}));
    let reference = |types: &Value, more: &str| {
        attribute(
            "$ref",
            "reference",
            false,
            &json!({"referenceTypes": types, "mutability": more}),
        )
    };
    let emails = json!({"subAttributes": [text("value"), text("display"), text("type"), flag("primary")]});
    let manager = json!({"subAttributes": [
        text("value"),
        reference(&json!(["User"]), "readWrite"),
        attribute("displayName", "string", false, &json!({"mutability": "readOnly"})),
    ]});
    let immutable = json!({"mutability": "immutable"});
    let members = json!({"subAttributes": [
        attribute("value", "string", false, &immutable),
        reference(&json!(["Group", "User"]), "immutable"),
        attribute("type", "string", false, &immutable),
    ]});
    let unique = json!({"required": true, "uniqueness": "server"});
    list(&[
        schema(
            USER,
            "User",
            "User Account",
            &[
                attribute("userName", "string", false, &unique),
                text("nickName"),
                text("displayName"),
                flag("active"),
                text("title"),
                attribute("emails", "complex", true, &emails),
            ],
        ),
        schema(
            ENTERPRISE,
            "EnterpriseUser",
            "Enterprise User",
            &[
                text("employeeNumber"),
                text("department"),
                attribute("manager", "complex", false, &manager),
            ],
        ),
        schema(
            GROUP,
            "Group",
            "Group",
            &[
                attribute("displayName", "string", false, &unique),
                attribute("members", "complex", true, &members),
            ],
        ),
    ])
}

pub fn service_provider_config() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": true, "maxOperations": 10, "maxPayloadSize": 1000},
        "filter": {"supported": true, "maxResults": 500},
        "changePassword": {"supported": false},
        "sort": {"supported": true},
        "etag": {"supported": true},
        "authenticationSchemes": [{"type": "oauthbearertoken", "name": "Bearer", "description": "A token"}]
    })
}

pub fn resource_types() -> Value {
    let schemas = json!(["urn:ietf:params:scim:schemas:core:2.0:ResourceType"]);
    list(&[
        json!({"schemas": schemas, "id": "User", "name": "User", "endpoint": "/Users", "schema": USER,
               "schemaExtensions": [{"schema": ENTERPRISE, "required": false}]}),
        json!({"schemas": schemas, "id": "Group", "name": "Group", "endpoint": "/Groups", "schema": GROUP}),
    ])
}
