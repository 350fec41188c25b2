//! Looking into SCIM JSON: attribute names match in any letter case (RFC 7643 §2.1).

use serde_json::Value;

/// The core schema of a user.
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core schema of a group.
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The Enterprise extension of a user (RFC 7643 §4.3).
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The answer to a query (RFC 7644 §3.4.2).
pub(crate) const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The body of an error (RFC 7644 §3.12).
pub(crate) const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
/// The body of a PATCH (RFC 7644 §3.5.2).
pub(crate) const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The schema of the service provider's configuration (RFC 7643 §5).
pub(crate) const CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// The body of a query by POST (RFC 7644 §3.4.3).
pub(crate) const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// The body of a bulk request (RFC 7644 §3.7).
pub(crate) const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The body of the answer to it.
pub(crate) const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// The attribute at the end of `path`, one name a step; none if a step is missing.
pub(crate) fn get<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, name| {
        let attributes = value.as_object()?;
        attributes.get(*name).or_else(|| {
            attributes
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        })
    })
}

/// As [`get`], with null and an empty array read as "not there" (RFC 7643 §2.5).
pub(crate) fn present<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    get(value, path).filter(|value| !value.is_null() && value.as_array().is_none_or(|array| !array.is_empty()))
}

/// The text of an attribute.
pub(crate) fn text<'v>(value: &'v Value, path: &[&str]) -> Option<&'v str> {
    get(value, path).and_then(Value::as_str)
}

/// The elements of a multi-valued attribute; empty if it is not there.
pub(crate) fn elements<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    get(value, &[name]).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The elements of this `type`.
pub(crate) fn of_type<'v>(value: &'v Value, name: &str, wanted: &str) -> Vec<&'v Value> {
    elements(value, name)
        .iter()
        .filter(|element| text(element, &["type"]).is_some_and(|found| found.eq_ignore_ascii_case(wanted)))
        .collect()
}

/// The names of the attributes that are there: neither null nor an empty array.
pub(crate) fn names(value: &Value) -> Vec<&str> {
    value.as_object().map_or_else(Vec::new, |attributes| {
        attributes
            .keys()
            .map(String::as_str)
            .filter(|name| present(value, &[name]).is_some())
            .collect()
    })
}

/// Whether `schemas` names this URN; URNs compare without case here.
pub(crate) fn has_schema(value: &Value, urn: &str) -> bool {
    elements(value, "schemas")
        .iter()
        .filter_map(Value::as_str)
        .any(|schema| schema.eq_ignore_ascii_case(urn))
}

/// The `value` of each member of a group, sorted.
pub(crate) fn member_ids(group: &Value) -> Vec<String> {
    let mut ids: Vec<String> = elements(group, "members")
        .iter()
        .filter_map(|member| text(member, &["value"]).map(str::to_owned))
        .collect();
    ids.sort();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_match_in_any_letter_case() {
        let user = json!({"Name": {"GivenName": "Ana"}, "emails": [{"type": "Work", "value": "a@b"}], "roles": []});
        assert_eq!(text(&user, &["name", "givenName"]), Some("Ana"));
        assert_eq!(of_type(&user, "emails", "work").len(), 1);
        assert_eq!(present(&user, &["roles"]), None);
        assert_eq!(get(&user, &["name", "missing"]), None);
    }
}
