//! What Databricks writes and reads: its own types, tolerant where its answers vary.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::id::UpstreamId;

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const CORE_USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const CORE_GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// A user as Databricks shows it. Anything may be missing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireUser {
    /// A decimal number.
    pub id: String,
    /// Lower-cased by Databricks.
    pub user_name: String,
    /// Shown name.
    pub display_name: Option<String>,
    /// Parts of the name.
    pub name: WireName,
    /// Absent in some answers.
    pub active: Option<Value>,
    /// The client's id.
    pub external_id: Option<String>,
    /// Direct entitlements.
    pub entitlements: Vec<WireValue>,
    /// Direct and inherited roles.
    pub roles: Vec<WireValue>,
    /// The groups it is in.
    pub groups: Vec<WireValue>,
}

/// Parts of a user's name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireName {
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
}

/// A service principal as Databricks shows it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireRobot {
    /// A decimal number.
    pub id: String,
    /// Its application id.
    pub application_id: String,
    /// Shown name.
    pub display_name: Option<String>,
    /// Direct and inherited roles.
    pub roles: Vec<WireValue>,
}

/// A group as Databricks shows it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireGroup {
    /// A decimal number.
    pub id: String,
    /// Unique within the workspace.
    pub display_name: String,
    /// Somebody's own id for it; the bridge gives groups none.
    pub external_id: Option<String>,
    /// Absent when there are none.
    pub members: Vec<WireValue>,
    /// Its own entitlements.
    pub entitlements: Vec<WireValue>,
    /// The only metadata there is.
    pub meta: WireMeta,
}

/// As much of a group as tells its scope.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireScope {
    /// Its name.
    pub display_name: String,
    /// Somebody's own id for it.
    pub external_id: Option<String>,
    /// The only metadata there is.
    pub meta: WireMeta,
}

/// Metadata of a group.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireMeta {
    /// `Group` = of the account, `WorkspaceGroup` = of the workspace alone.
    pub resource_type: Option<String>,
}

/// As what a principal of the account is assigned to a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Permission {
    /// A user of the workspace; of a group, all its members.
    #[default]
    User,
    /// An admin of the workspace.
    Admin,
}

impl Permission {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Admin => "ADMIN",
        }
    }
}

/// The body that assigns a principal; without a permission it ends the assignment.
pub fn assignment(permission: Option<Permission>) -> Value {
    let permissions: Vec<&str> = permission.iter().map(|permission| permission.as_str()).collect();
    json!({ "permissions": permissions })
}

/// Who of the account is in a workspace, and as what.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct WireAssignments {
    /// All of them.
    pub permission_assignments: Vec<WireAssignment>,
}

/// One principal of the account in a workspace.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct WireAssignment {
    /// Whom it is about.
    pub principal: WirePrincipal,
    /// `USER` or `ADMIN`.
    pub permissions: Vec<String>,
}

/// A principal as assignments name it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct WirePrincipal {
    /// Its id, as a JSON number.
    pub principal_id: u64,
}

/// Nothing of a resource: for counting.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct WireAny {}

impl WireGroup {
    /// The ids of its members; what is no number is nobody (rule B8).
    pub fn member_ids(&self) -> impl Iterator<Item = UpstreamId> {
        self.members
            .iter()
            .filter_map(|member| UpstreamId::parse(&member.value))
    }
}

/// An item of a multi-valued attribute.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct WireValue {
    /// The value, often an id.
    pub value: String,
    /// The name of what an id stands for; often left out.
    pub display: Option<String>,
    /// `direct`, `indirect` or a relative resource path elsewhere.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireList<T> {
    /// All that match.
    #[serde(default)]
    pub total_results: u64,
    /// Absent when empty.
    #[serde(rename = "Resources", default = "Vec::new")]
    pub resources: Vec<T>,
}

impl WireUser {
    /// `active`, which is missing from some answers and a string in others.
    pub fn is_active(&self) -> Option<bool> {
        match self.active.as_ref()? {
            Value::Bool(active) => Some(*active),
            Value::String(text) => Some(text.eq_ignore_ascii_case("true")),
            _ => None,
        }
    }
}

/// A user to be created. Absent attributes are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewUser {
    /// E-mail form; Databricks lower-cases it.
    pub user_name: String,
    /// Shown name.
    pub display_name: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// The client's id.
    pub external_id: Option<String>,
    /// Whether the account may be used.
    pub active: bool,
}

impl NewUser {
    /// The request body.
    pub fn to_json(&self) -> Value {
        let mut body = json!({ "schemas": [CORE_USER], "userName": self.user_name });
        if let Some(name) = &self.display_name {
            body["displayName"] = json!(name);
        }
        let parts = [("givenName", &self.given_name), ("familyName", &self.family_name)];
        for (key, part) in parts {
            if let Some(part) = part {
                body["name"][key] = json!(part);
            }
        }
        if let Some(id) = &self.external_id {
            body["externalId"] = json!(id);
        }
        body["active"] = json!(self.active);
        body
    }
}

/// The body that creates a group with its first members inline.
pub fn new_group(display_name: &str, members: &[&str]) -> Value {
    let mut body = json!({ "schemas": [CORE_GROUP], "displayName": display_name });
    if !members.is_empty() {
        body["members"] = members.iter().map(|id| json!({ "value": id })).collect();
    }
    body
}

/// The PATCH envelope: key exactly `Operations`, `op` in lower case.
pub fn patch(operations: &[Value]) -> Value {
    json!({ "schemas": [PATCH_OP], "Operations": operations })
}

/// Sets `active` in the form that works at workspace and account level.
pub fn set_active(active: bool) -> Value {
    json!({ "op": "replace", "path": "active", "value": [{ "value": if active { "true" } else { "false" } }] })
}

/// Sets or clears one simple attribute by its path.
pub fn set_attribute(path: &str, value: Option<&str>) -> Value {
    json!({ "op": "replace", "path": path, "value": value.unwrap_or_default() })
}

/// Adds members; never bare strings, never a filter path.
pub fn add_members(ids: &[&str]) -> Value {
    let members: Vec<Value> = ids.iter().map(|id| json!({ "value": id })).collect();
    json!({ "op": "add", "path": "members", "value": members })
}

/// Removes one member. A `remove` with a value empties the group on some deployments.
pub fn remove_member(id: &str) -> Value {
    json!({ "op": "remove", "path": format!("members[value eq \"{id}\"]") })
}

/// Adds entitlements to those that are there.
pub fn add_entitlements(values: &[String]) -> Value {
    let values: Vec<Value> = values.iter().map(|value| json!({ "value": value })).collect();
    json!({ "op": "add", "path": "entitlements", "value": values })
}

/// Clears all direct entitlements: an element without a value (what the vendor's provider sends).
pub fn clear_entitlements() -> Value {
    json!({ "op": "replace", "path": "entitlements", "value": [{}] })
}

/// Removes one role.
pub fn remove_role(role: &str) -> Value {
    let quoted = role.replace('\\', "\\\\").replace('"', "\\\"");
    json!({ "op": "remove", "path": format!("roles[value eq \"{quoted}\"]") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_may_leave_out_almost_everything() {
        let user: WireUser = serde_json::from_str(r#"{"id":"1","userName":"a@b.test","active":"False"}"#).unwrap();
        assert_eq!(user.is_active(), Some(false));
        let page: WireList<WireGroup> = serde_json::from_str(r#"{"totalResults":0}"#).unwrap();
        assert!(page.resources.is_empty());
    }

    #[test]
    fn a_new_user_leaves_out_what_is_not_known() {
        let user = NewUser {
            user_name: "a@b.test".to_owned(),
            family_name: Some("Ä".to_owned()),
            active: true,
            ..NewUser::default()
        };
        assert_eq!(
            user.to_json(),
            json!({"schemas":[CORE_USER],"userName":"a@b.test","name":{"familyName":"Ä"},"active":true})
        );
    }

    #[test]
    fn a_member_is_removed_by_a_filter_and_never_by_a_value() {
        let removal = remove_member("1112");
        assert_eq!(removal["path"], "members[value eq \"1112\"]");
        assert_eq!(removal.get("value"), None);
    }
}
