//! `[adopt]`: what is taken over where it exists (rule C3).

use serde::Deserialize;

/// `[adopt]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdoptSection {
    /// Names of groups that are taken over where they exist, without letter case; `*` stands for any text. Default none: such a group is a conflict for a person. `SCIM_BRIDGE_ADOPT_GROUPS`
    pub groups: Vec<String>,
}
