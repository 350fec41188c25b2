//! `[assign]`: groups of the account that are assigned to a workspace, so that their members reach it.

use serde::Deserialize;

use crate::databricks::Level;
use crate::databricks::wire::Permission;

/// `[assign]`. Without this section nothing is assigned.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssignSection {
    /// Numbers of the workspaces, for `target.level = "account"`. Through a workspace it is that workspace alone. Default none. `SCIM_BRIDGE_ASSIGN_WORKSPACE_IDS`
    #[serde(default)]
    pub workspace_ids: Vec<u64>,
    /// Names of groups that are assigned, without letter case; `*` stands for any text. Default all that the bridge has. `SCIM_BRIDGE_ASSIGN_GROUPS`
    #[serde(default = "all")]
    pub groups: Vec<String>,
    /// `USER` or `ADMIN`: what their members become in the workspace. Default `USER`. `SCIM_BRIDGE_ASSIGN_PERMISSION`
    #[serde(default)]
    pub permission: Permission,
}

fn all() -> Vec<String> {
    vec!["*".to_owned()]
}

impl AssignSection {
    pub(super) fn check(&self, level: Level) -> Result<(), (&'static str, String)> {
        let why = match (level, self.workspace_ids.is_empty()) {
            (Level::Workspace, _) => {
                "assignments are for identities of the account: set target.level, or remove [assign]"
            }
            (Level::Account, true) => "is needed for target.level = \"account\": the numbers of the workspaces",
            (Level::AccountThroughWorkspace, false) => {
                "only goes with target.level = \"account\"; through a workspace it is that workspace alone"
            }
            (Level::Account, false) | (Level::AccountThroughWorkspace, true) => return Ok(()),
        };
        Err(("workspace_ids", why.to_owned()))
    }
}
