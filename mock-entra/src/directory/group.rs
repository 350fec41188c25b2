//! A group as Microsoft Graph shows it.

use serde::{Deserialize, Serialize};

use super::ObjectId;

/// A group of the directory file. Unknown keys are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Group {
    /// Object id; the default mapping sends it as `externalId`.
    pub id: ObjectId,
    /// Name, which is also the matching attribute.
    pub display_name: String,
    /// Only such groups can be assigned to an application.
    #[serde(default = "enabled")]
    pub security_enabled: bool,
    /// Direct members, users and groups. Members of nested groups are never provisioned.
    #[serde(default)]
    pub members: Vec<ObjectId>,
}

const fn enabled() -> bool {
    true
}
