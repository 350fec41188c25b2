//! How Entra names extensions: without their URN, with a slip in the URN, or by a URI of its own.
//!
//! An extension is an object under its URI, which `schemas` lists (RFC 7643 §3.3), and its
//! attributes are named with the URI before them (RFC 7644 §3.10).

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value;

use crate::path::is_uri;
use crate::resource::{self, Resource};
use crate::schema::{Attribute, ENTERPRISE_USER, ResourceType, Schema};

/// The group schema of Microsoft's own, sent beside the core one in every `POST /Groups`.
const ADSCIM_GROUP: &str = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";

/// The enterprise URN without its last colon, as old jobs list it.
const TYPO: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0User";

/// `http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group`: accepted in
/// `schemas` and not kept, because nothing of it ever follows.
pub fn is_adscim_group_uri(urn: &str) -> bool {
    urn.eq_ignore_ascii_case(ADSCIM_GROUP)
}

/// `…:extension:enterprise:2.0User` is read as `…:extension:enterprise:2.0:User`, alone and with
/// an attribute behind it. Seen in old captures.
pub fn enterprise_urn_with_typo(word: &str) -> Cow<'_, str> {
    match word.split_at_checked(TYPO.len()) {
        Some((start, rest))
            if start.eq_ignore_ascii_case(TYPO) && (rest.is_empty() || rest.starts_with(old_dotted_extension)) =>
        {
            Cow::Owned(format!("{ENTERPRISE_USER}{rest}"))
        }
        _ => Cow::Borrowed(word),
    }
}

/// `urn:…:enterprise:2.0:User.manager`: before 2018 the attribute followed after a dot. Whether
/// this character ends a schema's URN.
pub fn old_dotted_extension(separator: char) -> bool {
    matches!(separator, ':' | '.')
}

/// `manager`, `department` and the other enterprise attributes are found without their URN: at
/// the root of old POST bodies, in the legacy `"path": "manager"` and in `manager eq "…"`.
pub fn enterprise_attribute_without_urn(
    resource_type: &ResourceType,
    name: &str,
) -> Option<(Option<&'static Schema>, &'static Attribute)> {
    resource_type
        .extensions
        .iter()
        .find_map(|schema| schema.attribute(name).map(|found| (Some(*schema), found)))
}

/// An extension that is there though `schemas` does not name it: Entra's custom extensions arrive
/// so. Gives the URNs, as they are spelled in the resource.
pub fn unlisted_extensions(resource: &Resource) -> Vec<String> {
    let listed = match resource::get(resource, "schemas") {
        Some(Value::Array(listed)) => listed.as_slice(),
        _ => &[],
    };
    let listed: HashSet<String> = listed
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_ascii_lowercase)
        .collect();
    resource
        .iter()
        .filter(|(name, value)| is_uri(name) && value.is_object())
        .map(|(urn, _)| urn.clone())
        .filter(|urn| !listed.contains(&urn.to_ascii_lowercase()))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{group, user};

    #[test]
    fn extension_in_the_body_is_found_though_not_listed() {
        let resource = json!({
            "schemas": ["URN:contoso:2.0:user"],
            "urn:contoso:2.0:User": {"desk": 1}, "urn:contoso:2.0:Device": {"tag": 2}, "urn:contoso:x": "no extension",
        });
        assert_eq!(
            unlisted_extensions(resource.as_object().unwrap()),
            ["urn:contoso:2.0:Device"]
        );
    }

    #[test]
    fn microsofts_group_uri_is_known_in_any_case() {
        assert!(is_adscim_group_uri(&ADSCIM_GROUP.to_lowercase()));
        assert!(!is_adscim_group_uri("urn:ietf:params:scim:schemas:core:2.0:Group"));
    }

    #[test]
    fn missing_colon_is_put_back() {
        assert_eq!(enterprise_urn_with_typo(TYPO), ENTERPRISE_USER);
        assert_eq!(
            enterprise_urn_with_typo(&format!("{TYPO}:manager")),
            format!("{ENTERPRISE_USER}:manager")
        );
        let other = format!("{TYPO}s");
        assert_eq!(enterprise_urn_with_typo(&other), other);
    }

    #[test]
    fn attribute_may_follow_the_urn_after_a_dot() {
        let dotted = crate::path::parse(&format!("{ENTERPRISE_USER}.manager")).unwrap();
        assert_eq!(
            dotted,
            crate::path::parse(&format!("{ENTERPRISE_USER}:manager")).unwrap()
        );
    }

    #[test]
    fn enterprise_attributes_of_a_user_are_found_by_name_alone() {
        let (schema, attribute) = enterprise_attribute_without_urn(user(), "MANAGER").unwrap();
        assert_eq!((schema.unwrap().id, attribute.name), (ENTERPRISE_USER, "manager"));
        assert!(enterprise_attribute_without_urn(group(), "manager").is_none());
    }

    #[test]
    fn core_attributes_come_before_those_of_the_extension() {
        assert!(user().attribute(None, "displayName").unwrap().0.is_none());
        assert!(user().attribute(Some(ENTERPRISE_USER), "displayName").is_none());
    }
}
