//! The schemas, as data: what an attribute is called, and what it is.
//!
//! A line an attribute, an indented line a sub-attribute: name, type, and what departs from
//! the defaults of RFC 7643 §7.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// An extension nobody knows, with an attribute that never changes.
pub const BADGE: &str = "urn:example:params:scim:schemas:badge:2.0:User";

const USER_ATTRIBUTES: &str = "\
userName string required unique
name complex
 formatted string
 familyName string
 givenName string
 middleName string
 honorificPrefix string
 honorificSuffix string
displayName string
nickName string
profileUrl reference
title string
userType string
preferredLanguage string
locale string
timezone string
active boolean
password string writeOnly never
emails complex multi
 value string
 display string
 type string
 primary boolean
phoneNumbers complex multi
 value string
 display string
 type string
 primary boolean
addresses complex multi
 formatted string
 streetAddress string
 locality string
 region string
 postalCode string
 country string
 type string
 primary boolean
groups complex multi readOnly
 value string readOnly
 $ref reference readOnly
 display string readOnly
 type string readOnly
roles complex multi
 value string
 display string
 type string
 primary boolean
";

const GROUP_ATTRIBUTES: &str = "\
displayName string required unique
members complex multi
 value string immutable
 $ref reference immutable of=User,Group
 display string readOnly
 type string immutable
";

const ENTERPRISE_ATTRIBUTES: &str = "\
employeeNumber string
costCenter string
organization string
division string
department string
manager complex
 value string
 $ref reference of=User
 displayName string readOnly
";

const BADGE_ATTRIBUTES: &str = "number string immutable\n";

const COMMON_ATTRIBUTES: &str = "\
id string exact readOnly
externalId string exact
schemas string multi readOnly
meta complex readOnly
 resourceType string exact readOnly
 created dateTime readOnly
 lastModified dateTime readOnly
 location reference exact readOnly
 version string exact readOnly
";

/// The attributes of a kind, those that all resources have included; extensions by their URN.
pub static USERS: LazyLock<Value> = LazyLock::new(|| {
    let mut all = read(USER_ATTRIBUTES);
    all.extend(read(COMMON_ATTRIBUTES));
    for (urn, attributes) in [(ENTERPRISE, ENTERPRISE_ATTRIBUTES), (BADGE, BADGE_ATTRIBUTES)] {
        all.push(json!({"name": urn, "type": "complex", "multiValued": false, "mutability": "readWrite", "subAttributes": read(attributes)}));
    }
    json!(all)
});
pub static GROUPS: LazyLock<Value> = LazyLock::new(|| {
    let mut all = read(GROUP_ATTRIBUTES);
    all.extend(read(COMMON_ATTRIBUTES));
    json!(all)
});

/// The attributes below `/Users` or `/Groups`.
pub fn of(kind: &str) -> &'static Value {
    if kind == "Users" { &USERS } else { &GROUPS }
}

/// The definition of an attribute among these, by its name in any letter case.
pub fn find<'s>(among: &'s Value, name: &str) -> Option<&'s Value> {
    among.as_array()?.iter().find(|attribute| {
        attribute["name"]
            .as_str()
            .is_some_and(|it| it.eq_ignore_ascii_case(name))
    })
}

/// What `/Schemas` lists.
pub fn all() -> Vec<Value> {
    [
        (USER, "User", USER_ATTRIBUTES),
        (GROUP, "Group", GROUP_ATTRIBUTES),
        (ENTERPRISE, "EnterpriseUser", ENTERPRISE_ATTRIBUTES),
        (BADGE, "Badge", BADGE_ATTRIBUTES),
    ]
    .into_iter()
    .map(|(id, name, attributes)| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": id, "name": name, "description": name, "attributes": read(attributes),
            "meta": {"resourceType": "Schema", "location": format!("/Schemas/{id}")},
        })
    })
    .collect()
}

fn read(lines: &str) -> Vec<Value> {
    let mut attributes: Vec<Value> = Vec::new();
    for line in lines.lines() {
        let attribute = attribute(line.trim_start());
        match attributes.last_mut() {
            Some(parent) if line.starts_with(' ') => {
                parent["subAttributes"].as_array_mut().unwrap().push(attribute);
            }
            _ => attributes.push(attribute),
        }
    }
    attributes
}

fn attribute(line: &str) -> Value {
    let mut words = line.split(' ');
    let (name, kind) = (words.next().unwrap(), words.next().unwrap());
    let flags: Vec<&str> = words.collect();
    let has = |flag: &str| flags.contains(&flag);
    let one_of = |choices: &[&'static str], otherwise| choices.iter().copied().find(|it| has(it)).unwrap_or(otherwise);
    let mut attribute = json!({
        "name": name,
        "type": kind,
        "multiValued": has("multi"),
        "description": name,
        "required": has("required"),
        "caseExact": has("exact"),
        "mutability": one_of(&["readOnly", "immutable", "writeOnly"], "readWrite"),
        "returned": one_of(&["never", "always"], "default"),
        "uniqueness": if has("unique") { "server" } else { "none" },
    });
    if kind == "complex" {
        attribute["subAttributes"] = json!([]);
    }
    if let Some(types) = flags.iter().find_map(|flag| flag.strip_prefix("of=")) {
        attribute["referenceTypes"] = types.split(',').collect();
    }
    attribute
}

/// A body as the server keeps it: names in the schema's spelling, booleans as booleans, nothing
/// that is null, empty, read-only or secret. What no schema knows stays.
pub fn tidy(kind: &str, body: &Map<String, Value>) -> Map<String, Value> {
    let mut tidied = tidy_object(of(kind), body);
    let core = if kind == "Users" { USER } else { GROUP };
    let extensions = tidied.keys().filter(|key| key.starts_with("urn:")).cloned();
    let schemas: Vec<String> = std::iter::once(core.to_owned()).chain(extensions).collect();
    tidied.insert("schemas".to_owned(), json!(schemas));
    tidied
}

fn tidy_object(among: &Value, object: &Map<String, Value>) -> Map<String, Value> {
    let mut tidied = Map::new();
    for (key, value) in object {
        let Some(known) = find(among, key) else {
            if !is_nothing(value) {
                tidied.insert(key.clone(), value.clone());
            }
            continue;
        };
        let hidden = known["mutability"] == "readOnly" || known["returned"] == "never";
        let value = tidy_value(known, value);
        if !hidden && !is_nothing(&value) {
            tidied.insert(known["name"].as_str().unwrap().to_owned(), value);
        }
    }
    tidied
}

fn tidy_value(known: &Value, value: &Value) -> Value {
    match (known["type"].as_str(), value) {
        (Some("complex"), Value::Array(elements)) if known["multiValued"] == true => {
            elements.iter().map(|element| tidy_value(known, element)).collect()
        }
        (Some("complex"), Value::Array(elements)) => elements
            .first()
            .map_or(Value::Null, |element| tidy_value(known, element)),
        (Some("complex"), Value::Object(object)) => Value::Object(tidy_object(&known["subAttributes"], object)),
        // A manager, or a member, as its bare id.
        (Some("complex"), Value::String(id)) if !id.is_empty() => json!({"value": id}),
        (Some("boolean"), value) => boolean(value),
        (_, value) => value.clone(),
    }
}

/// Text that says true or false, as a boolean.
pub fn boolean(value: &Value) -> Value {
    match value.as_str() {
        Some(text) if text.eq_ignore_ascii_case("true") => json!(true),
        Some(text) if text.eq_ignore_ascii_case("false") => json!(false),
        _ => value.clone(),
    }
}

/// What counts as not there (RFC 7643 §2.5), and an empty text as Entra clears with it.
pub fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(attributes) => attributes.is_empty(),
        _ => false,
    }
}
