//! Reading answers, with the strictness of the service (reference §6 and §10).
//!
//! Names compare without case. What breaks a rule is not repaired but reported, since that is
//! what the real client does.

use serde_json::Value;

use super::LIST_RESPONSE;
use crate::mapping::ENTERPRISE_USER;

/// An answer the client cannot use, with the rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

fn broken<T>(rule: &str) -> Result<T, Unreadable> {
    Err(Unreadable(rule.to_owned()))
}

/// A field of an object by its name without case.
pub fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let object = object.as_object()?;
    object.get(name).or_else(|| {
        object
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

/// A resource: an object with an `id` made by the server.
///
/// # Errors
///
/// [`Unreadable`] naming the rule that is broken.
pub fn resource(body: &Value) -> Result<&Value, Unreadable> {
    if !body.is_object() {
        return broken("the answer is no JSON object");
    }
    if id_of(body).is_none() {
        return broken("the resource has no string `id`");
    }
    if field(body, "active").is_some_and(|active| !active.is_boolean() && !active.is_null()) {
        return broken("`active` is no JSON boolean");
    }
    let manager = field(body, ENTERPRISE_USER).and_then(|extension| field(extension, "manager"));
    if manager.is_some_and(|manager| !manager.is_object() && !manager.is_null()) {
        return broken("`manager` is no object beneath the enterprise extension");
    }
    for name in ["emails", "phoneNumbers", "addresses", "roles"] {
        let elements = field(body, name).and_then(Value::as_array).into_iter().flatten();
        let mut primaries = elements.filter_map(|element| field(element, "primary"));
        if primaries.any(|primary| !primary.is_boolean() && !primary.is_null()) {
            return broken("a `primary` is no JSON boolean");
        }
    }
    Ok(body)
}

/// The server's id of a resource.
pub fn id_of(resource: &Value) -> Option<&str> {
    field(resource, "id")
        .and_then(Value::as_str)
        .filter(|id| !id.is_empty())
}

/// The manager a user resource shows.
pub fn manager_of(resource: &Value) -> Option<&str> {
    let manager = field(field(resource, ENTERPRISE_USER)?, "manager")?;
    field(manager, "value")
        .and_then(Value::as_str)
        .filter(|id| !id.is_empty())
}

/// Whether a group resource shows members although they were excluded.
pub fn shows_members(group: &Value) -> bool {
    field(group, "members")
        .and_then(Value::as_array)
        .is_some_and(|members| !members.is_empty())
}

/// What a query found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<'a> {
    /// `totalResults`, or the number of resources if that is larger.
    pub total: u64,
    /// The resources of this page.
    pub resources: Vec<&'a Value>,
}

/// A list: every query must be answered with one, also for one hit or none.
///
/// # Errors
///
/// [`Unreadable`] naming the rule that is broken.
pub fn list(body: &Value) -> Result<Found<'_>, Unreadable> {
    let schemas = field(body, "schemas").and_then(Value::as_array);
    let is_list = schemas.is_some_and(|schemas| {
        let mut names = schemas.iter().filter_map(Value::as_str);
        names.any(|name| name.eq_ignore_ascii_case(LIST_RESPONSE))
    });
    if !is_list {
        return broken("the answer to a query is no ListResponse");
    }
    let Some(total) = field(body, "totalResults").and_then(Value::as_u64) else {
        return broken("the ListResponse has no `totalResults`");
    };
    for name in ["startIndex", "itemsPerPage"] {
        if field(body, name).and_then(Value::as_u64).is_none() {
            return Err(Unreadable(format!("the ListResponse has no `{name}`")));
        }
    }
    let Some(resources) = field(body, "Resources").and_then(Value::as_array) else {
        return broken("the ListResponse has no `Resources`");
    };
    let total = total.max(u64::try_from(resources.len()).unwrap_or(u64::MAX));
    Ok(Found {
        total,
        resources: resources.iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn list_of(resources: &Value) -> Value {
        json!({"schemas": [LIST_RESPONSE], "totalResults": 0, "startIndex": 1,
               "itemsPerPage": 20, "Resources": resources})
    }

    #[test]
    fn empty_list_is_read() {
        assert_eq!(list(&list_of(&json!([]))).unwrap().total, 0);
    }

    #[test]
    fn every_missing_part_of_a_list_is_named() {
        for name in ["schemas", "totalResults", "startIndex", "itemsPerPage", "Resources"] {
            let mut body = list_of(&json!([]));
            body.as_object_mut().unwrap().remove(name);
            assert!(list(&body).is_err(), "{name}");
        }
    }

    #[test]
    fn string_boolean_string_manager_and_missing_id_are_refused() {
        let extension = json!({"manager": "m1"});
        for body in [
            json!({"id": "1", "active": "True"}),
            json!({"id": "1", (ENTERPRISE_USER): extension}),
            json!({"id": "1", "emails": [{"primary": "True"}]}),
            json!({"id": 1}),
            json!([]),
        ] {
            assert!(resource(&body).is_err(), "{body}");
        }
        assert!(resource(&json!({"ID": "1", "Active": true})).is_ok());
    }
}
