//! What the targets share: a user and a group to ask and to change.

use std::sync::LazyLock;

use scim::resource::Resource;
use scim::schema::{CORE_GROUP, CORE_USER, ENTERPRISE_USER, ResourceType, group, user};
use serde_json::{Value, json};

/// A user with a value of every kind: simple, complex, multi-valued, of an extension, unknown.
///
/// # Panics
///
/// Never: the document below is an object.
pub fn sample_user() -> Resource {
    object(json!({
        "schemas": [CORE_USER, ENTERPRISE_USER, "urn:contoso:2.0:User"],
        "id": "1",
        "externalId": "e",
        "userName": "ana",
        "active": true,
        "name": {"givenName": "Ana", "familyName": "B"},
        "emails": [
            {"type": "work", "value": "a@b", "primary": true},
            {"type": "home", "value": "c@d"},
        ],
        "roles": [],
        "tags": ["x", "y"],
        "badge": 7,
        "meta": {"resourceType": "User", "lastModified": "2011-05-13T04:42:34Z"},
        ENTERPRISE_USER: {"department": "R", "manager": {"value": "m"}},
        "urn:contoso:2.0:User": {"desk": {"no": 4}},
    }))
}

/// A group with two members.
///
/// # Panics
///
/// Never: the document below is an object.
pub fn sample_group() -> Resource {
    object(json!({
        "schemas": [CORE_GROUP],
        "id": "2",
        "displayName": "Staff",
        "members": [{"value": "a", "type": "User"}, {"value": "b"}],
    }))
}

/// Both samples with their types.
pub fn samples() -> &'static [(&'static ResourceType, Resource)] {
    static SAMPLES: LazyLock<[(&ResourceType, Resource); 2]> =
        LazyLock::new(|| [(user(), sample_user()), (group(), sample_group())]);
    &*SAMPLES
}

/// A PATCH body: JSON, or an operation a line as `op|path|value`, where no path and no value are
/// left empty and a value that is no JSON is text. Mutation keeps lines meaningful far longer than
/// JSON.
pub fn patch_body(bytes: &[u8]) -> Option<Value> {
    if let Ok(body) = serde_json::from_slice(bytes) {
        return Some(body);
    }
    let text = str::from_utf8(bytes).ok()?;
    let operations: Vec<Value> = text.lines().map(operation).collect();
    Some(json!({"Operations": operations}))
}

fn operation(line: &str) -> Value {
    let mut parts = line.splitn(3, '|');
    let mut part = || parts.next().filter(|part| !part.is_empty());
    let mut operation = json!({"op": part()});
    if let Some(path) = part() {
        operation["path"] = json!(path);
    }
    if let Some(value) = part() {
        operation["value"] = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
    }
    operation
}

fn object(value: Value) -> Resource {
    let Value::Object(object) = value else {
        unreachable!("a sample is an object")
    };
    object
}
