//! The settings that planning depends on.

use std::collections::BTreeSet;
use std::time::Duration;

/// Settings of planning. Intervals are as they are to be used: already divided by the time factor.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Members in one request at most.
    pub batch: usize,
    /// How long after an attempt of unknown outcome the first proving read comes (rule B2).
    pub proof: Duration,
    /// How soon after a deactivation the verifying read comes (rule B3).
    pub verify_after: Duration,
    /// How long additions to a group wait for members that are still to be created.
    pub patience: Duration,
    /// How long the shell of a deleted group is kept (rule C7).
    pub group_grace: Duration,
    /// Names that are never written, folded (rule C8).
    pub protected_users: BTreeSet<String>,
    /// Group names that are never written, folded (rule C8).
    pub protected_groups: BTreeSet<String>,
}

/// Databricks' own groups: they can be neither created nor deleted (rule C8).
pub const RESERVED_GROUPS: [&str; 3] = ["admins", "users", "account users"];

impl Default for Policy {
    fn default() -> Self {
        Self {
            batch: 100,
            proof: Duration::from_secs(90),
            verify_after: Duration::from_secs(5),
            patience: Duration::from_secs(10),
            group_grace: Duration::from_hours(720),
            protected_users: BTreeSet::new(),
            protected_groups: RESERVED_GROUPS.iter().map(|&name| name.to_owned()).collect(),
        }
    }
}
