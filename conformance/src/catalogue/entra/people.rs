//! The source of a provisioning job: a few people and groups, as a directory has them.

use serde_json::{Value, json};

use crate::json::{self, ENTERPRISE, GROUP, USER};
use crate::target::Target;

/// Somebody in the source, with his link to the target.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) user_name: String,
    pub(super) external_id: String,
    pub(super) display_name: String,
    pub(super) given_name: String,
    pub(super) family_name: String,
    pub(super) title: String,
    pub(super) department: String,
    pub(super) is_active: bool,
    /// Which of the people is the manager.
    pub(super) manager: Option<usize>,
    /// The target's id, once linked.
    pub(super) id: Option<String>,
}

/// A group in the source, with its link to the target.
#[derive(Debug, Clone)]
pub(super) struct Team {
    pub(super) name: String,
    pub(super) external_id: String,
    /// Which of the people belong to it.
    pub(super) members: Vec<usize>,
    /// Who left it since the last cycle.
    pub(super) leavers: Vec<usize>,
    /// The target's id, once linked.
    pub(super) id: Option<String>,
}

impl Person {
    /// Somebody with a fresh name.
    pub(super) fn new(target: &Target, given_name: &str, family_name: &str) -> Self {
        let name = target.name();
        Self {
            user_name: format!("{name}@example.com"),
            external_id: name,
            display_name: format!("{given_name} {family_name}"),
            given_name: given_name.to_owned(),
            family_name: family_name.to_owned(),
            title: "Engineer".to_owned(),
            department: "R&D".to_owned(),
            is_active: true,
            manager: None,
            id: None,
        }
    }

    /// The mapped attributes as paths and values, in the order of Entra's default mapping.
    pub(super) fn attributes(&self) -> Vec<(String, Value)> {
        vec![
            ("userName".to_owned(), json!(self.user_name)),
            ("active".to_owned(), json!(self.is_active)),
            ("displayName".to_owned(), json!(self.display_name)),
            ("title".to_owned(), json!(self.title)),
            (r#"emails[type eq "work"].value"#.to_owned(), json!(self.user_name)),
            ("name.givenName".to_owned(), json!(self.given_name)),
            ("name.familyName".to_owned(), json!(self.family_name)),
            ("externalId".to_owned(), json!(self.external_id)),
            (format!("{ENTERPRISE}:department"), json!(self.department)),
        ]
    }

    /// The attributes that `found` does not have as they are here. `userName` is compared
    /// without case, as Entra's mapping does; everything else letter for letter.
    pub(super) fn differences(&self, found: &Value) -> Vec<(String, Value)> {
        let mut attributes = self.attributes();
        attributes.retain(|(path, wanted)| match value_at(found, path) {
            Some(Value::String(text)) if path == "userName" => {
                wanted.as_str().is_none_or(|wanted| !wanted.eq_ignore_ascii_case(text))
            }
            Some(value) => value != wanted,
            None => true,
        });
        attributes
    }

    /// The body of the create, with the quirks of Entra's: `meta`, an empty `roles`.
    pub(super) fn body(&self) -> Value {
        json!({
            "schemas": [USER, ENTERPRISE],
            "externalId": self.external_id,
            "userName": self.user_name,
            "active": self.is_active,
            "displayName": self.display_name,
            "title": self.title,
            "emails": [{"primary": true, "type": "work", "value": self.user_name}],
            "meta": {"resourceType": "User"},
            "name": {"familyName": self.family_name, "givenName": self.given_name},
            "roles": [],
            ENTERPRISE: {"department": self.department},
        })
    }
}

impl Team {
    /// A group with a fresh name and these of the people.
    pub(super) fn new(target: &Target, members: &[usize]) -> Self {
        Self {
            name: target.name(),
            external_id: target.unknown_id(),
            members: members.to_vec(),
            leavers: Vec::new(),
            id: None,
        }
    }

    /// The body of the create: no members, and Microsoft's own schema beside the core one.
    pub(super) fn body(&self) -> Value {
        json!({
            "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
            "externalId": self.external_id,
            "displayName": self.name,
            "meta": {"resourceType": "Group"},
        })
    }

    /// The attributes that `found` does not have as they are here.
    pub(super) fn differences(&self, found: &Value) -> Vec<(String, Value)> {
        let mut attributes = vec![
            ("displayName".to_owned(), json!(self.name)),
            ("externalId".to_owned(), json!(self.external_id)),
        ];
        attributes.retain(|(path, wanted)| value_at(found, path) != Some(wanted));
        attributes
    }

    /// Takes one of the people out; the next cycle says so to the target.
    pub(super) fn lose(&mut self, who: usize) {
        self.members.retain(|member| *member != who);
        self.leavers.push(who);
    }
}

/// The value of a mapped attribute in a resource.
pub(super) fn value_at<'v>(found: &'v Value, path: &str) -> Option<&'v Value> {
    if let Some(kind) = path
        .strip_prefix(r#"emails[type eq ""#)
        .and_then(|rest| rest.strip_suffix(r#""].value"#))
    {
        return match json::of_type(found, "emails", kind).as_slice() {
            [one] => json::get(one, &["value"]),
            _ => None,
        };
    }
    if let Some(name) = path.strip_prefix(ENTERPRISE) {
        return json::get(found, &[ENTERPRISE, name.trim_start_matches(':')]);
    }
    json::get(found, &path.split('.').collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapped_attribute_is_found_where_scim_keeps_it() {
        let user = json!({
            "name": {"givenName": "Ana"},
            "emails": [{"type": "home", "value": "h"}, {"type": "work", "value": "w"}],
            ENTERPRISE: {"department": "R&D"},
        });
        assert_eq!(value_at(&user, "name.givenName"), Some(&json!("Ana")));
        assert_eq!(value_at(&user, r#"emails[type eq "work"].value"#), Some(&json!("w")));
        assert_eq!(
            value_at(&user, &format!("{ENTERPRISE}:department")),
            Some(&json!("R&D"))
        );
        assert_eq!(value_at(&user, "title"), None);
    }
}
