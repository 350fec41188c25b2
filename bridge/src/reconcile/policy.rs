//! The settings that planning depends on.

use std::collections::BTreeSet;
use std::time::Duration;

use super::assign::Workspace;
use super::drift::DriftPolicy;
use super::guard::Guard;
use crate::databricks::Level;
use crate::databricks::wire::Permission;
use crate::id::fold;

/// Settings of planning. Intervals are as they are to be used: already divided by the time factor.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Whose identities are written (rule E1).
    pub level: Level,
    /// Divides the waits after failures, for rehearsals. The intervals below are divided already.
    pub time_factor: f64,
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
    /// What happens to an inactive account of the wanted name (rule C3).
    pub adopt_inactive: AdoptInactive,
    /// Names of groups that are taken over where they exist, folded; `*` stands for any text (rule C3).
    pub adopt_groups: Vec<String>,
    /// What groups are given by their names, once: folded patterns and entitlements.
    pub entitlements: Vec<(String, Vec<String>)>,
    /// Which groups of the account are assigned to which workspaces, if any are.
    pub assign: Option<Assign>,
    /// What happens when a deleted resource's name comes back with another `externalId` (rules C6, C7).
    pub on_name_reuse: OnNameReuse,
    /// What happens upstream to a user who is renamed (rule C5).
    pub on_rename: OnRename,
    /// What happens upstream to a deleted user (rule C6).
    pub on_user_delete: OnUserDelete,
    /// What is done where somebody else changed the target (rule B4).
    pub drift: DriftPolicy,
    /// When so much is taken away that a person is asked (rule E6).
    pub guard: Guard,
    /// What happens upstream to a deleted group (rule C7).
    pub on_group_delete: OnGroupDelete,
}

/// Which groups of the account are assigned to a workspace.
#[derive(Debug, Clone)]
pub struct Assign {
    /// The workspaces.
    pub workspaces: Vec<Workspace>,
    /// Names of the groups, folded; `*` stands for any text.
    pub groups: Vec<String>,
    /// As what.
    pub permission: Permission,
}

/// What happens upstream to a user who is renamed, which Databricks cannot (rule C5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnRename {
    /// A new account takes over the memberships, the old one is retired.
    Recreate,
    /// A person decides each time.
    Hold,
    /// Nothing: the account keeps its old name.
    Refuse,
}

/// What happens to an inactive account that is found under a new user's name (rule C3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdoptInactive {
    /// A person decides.
    Hold,
    /// It is taken over, and active again.
    Adopt,
}

/// What happens when a deleted resource's name comes back with another `externalId` (rules C6, C7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnNameReuse {
    /// A person decides.
    Hold,
    /// The old account or shell serves the new resource.
    Reuse,
}

/// What happens upstream to a deleted user (rule C6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnUserDelete {
    /// Deactivated and stripped.
    Deactivate,
    /// Deleted.
    Delete,
}

/// What happens upstream to a deleted group (rule C7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnGroupDelete {
    /// Emptied, and deleted after `group_grace`.
    Empty,
    /// Deleted at once.
    Delete,
}

impl Policy {
    /// A wait as it is to be used.
    pub fn scale(&self, wait: Duration) -> Duration {
        wait.div_f64(self.time_factor)
    }

    /// Whether a group of this name is taken over where it exists.
    pub fn adopts_group(&self, name: &str) -> bool {
        let name = fold(name);
        self.adopt_groups.iter().any(|pattern| matches(pattern, &name))
    }

    /// The workspaces that a group of this name is assigned to.
    pub fn workspaces_of(&self, name: &str) -> &[Workspace] {
        let name = fold(name);
        let assign = self.assign.as_ref();
        let assign = assign.filter(|assign| assign.groups.iter().any(|pattern| matches(pattern, &name)));
        assign.map_or(&[], |assign| &assign.workspaces)
    }

    /// All workspaces that groups are assigned to.
    pub fn workspaces(&self) -> &[Workspace] {
        self.assign.as_ref().map_or(&[], |assign| &assign.workspaces)
    }

    /// The entitlements that a group of this name is given, sorted and comma-joined, if any.
    pub fn entitlements_of(&self, name: &str) -> Option<String> {
        let name = fold(name);
        let of_name = self.entitlements.iter().filter(|(pattern, _)| matches(pattern, &name));
        let all: BTreeSet<&str> = of_name.flat_map(|(_, values)| values).map(String::as_str).collect();
        (!all.is_empty()).then(|| all.into_iter().collect::<Vec<_>>().join(","))
    }
}

/// Whether `name` is `pattern`, in which `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|left| {
            left.char_indices()
                .map(|(at, _)| at)
                .chain([left.len()])
                .any(|at| matches(rest, &left[at..]))
        }),
    }
}

/// Databricks' own groups: they can be neither created nor deleted (rule C8).
pub const RESERVED_GROUPS: [&str; 3] = ["admins", "users", "account users"];

impl Default for Policy {
    fn default() -> Self {
        Self {
            level: Level::default(),
            time_factor: 1.0,
            batch: 100,
            proof: Duration::from_secs(90),
            verify_after: Duration::from_secs(5),
            patience: Duration::from_secs(10),
            group_grace: Duration::from_hours(720),
            protected_users: BTreeSet::new(),
            protected_groups: RESERVED_GROUPS.iter().map(|&name| name.to_owned()).collect(),
            adopt_inactive: AdoptInactive::Hold,
            adopt_groups: Vec::new(),
            entitlements: Vec::new(),
            assign: None,
            on_name_reuse: OnNameReuse::Hold,
            on_rename: OnRename::Recreate,
            on_user_delete: OnUserDelete::Deactivate,
            on_group_delete: OnGroupDelete::Empty,
            drift: DriftPolicy::default(),
            guard: Guard::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_of_group_names_has_stars_and_no_letter_case() {
        let policy = Policy {
            adopt_groups: vec!["data-*".to_owned(), "*-ops".to_owned(), "staff".to_owned()],
            ..Policy::default()
        };
        for name in ["data-", "Data-Science", "cloud-OPS", "Staff"] {
            assert!(policy.adopts_group(name), "{name}");
        }
        for name in ["data", "my-data-science", "ops", "staff2", "cloud-ops-2"] {
            assert!(!policy.adopts_group(name), "{name}");
        }
        assert!(!Policy::default().adopts_group("staff"));
    }
}
