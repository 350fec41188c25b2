//! What kind of target it is, and whether it can be written as configured (rule E1).
//!
//! Pure: a few reads ([`look`]) give the [`Evidence`], everything else is decided here. The
//! surprise is that a workspace with identity federation takes users and groups of its own
//! gladly, shows the account's groups beside them, and refuses their members alone.

pub mod look;
mod settle;

pub use settle::{remembered, settle};

use crate::databricks::wire::WireScope;
use crate::databricks::{DatabricksError, Level};
use crate::id::fold;
use crate::store::{Field, Kind};

use super::assign::Assigned;
use super::policy::RESERVED_GROUPS;

/// Users without the `externalId` that they were given, before it counts as not kept at all.
const LOST_BY_ALL: u64 = 3;

/// A group as a list showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenGroup {
    /// `displayName`.
    pub name: String,
    /// Whether it belongs to the account; `None` = the list does not say.
    pub of_account: Option<bool>,
    /// It has an `externalId`. The bridge gives groups none.
    pub has_external_id: bool,
}

/// What reads have shown of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Whether permission assignments are served, which identity federation brings; `None` = not told.
    pub federated: Option<bool>,
    /// Whether identities of the account can be read through the workspace; `None` = not told.
    pub proxy: Option<bool>,
    /// The groups, without those of Databricks itself.
    pub groups: Vec<SeenGroup>,
    /// An account group that the bridge is to write, if there is one.
    pub to_be_written: Option<String>,
    /// Who of the account is in which workspace, as far as it was asked.
    pub assigned: Assigned,
    /// A write that was refused for the target's shape, in Databricks' words.
    pub refused: Option<String>,
    /// Managed users who were shown with their `externalId`, and without.
    pub external_ids: (u64, u64),
}

/// The shape of a target, as far as writing depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Shape {
    /// Identity federation is on: the account is in charge of names.
    pub federated: bool,
    /// Groups of the account are seen that have an `externalId` from somebody else: automatic identity management
    /// may keep them.
    pub identity_management_suspected: bool,
    /// `externalId` of users is kept.
    pub keeps_external_ids: bool,
}

impl Default for Shape {
    /// Nothing is known: everything is owned.
    fn default() -> Self {
        Self {
            federated: false,
            identity_management_suspected: false,
            keeps_external_ids: true,
        }
    }
}

/// Why nothing is written to a target of this shape, in words that name the key to change.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Unsuitable {
    /// What it is.
    pub found: String,
    /// What to do.
    pub remedy: String,
}

impl std::fmt::Display for Unsuitable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.found, self.remedy)
    }
}

impl SeenGroup {
    /// A group as a list showed it; `None` for those of Databricks itself.
    pub fn of(scope: &WireScope) -> Option<Self> {
        if RESERVED_GROUPS.contains(&fold(&scope.display_name).as_str()) {
            return None;
        }
        Some(Self {
            name: scope.display_name.clone(),
            of_account: match scope.meta.resource_type.as_deref() {
                Some("Group") => Some(true),
                Some("WorkspaceGroup") => Some(false),
                _ => None,
            },
            has_external_id: scope.external_id.as_deref().is_some_and(|id| !id.is_empty()),
        })
    }

    fn is_of_account(&self) -> bool {
        self.of_account == Some(true)
    }
}

/// The shape that the evidence shows.
pub fn classify(evidence: &Evidence) -> Shape {
    let foreign = |group: &SeenGroup| group.is_of_account() && group.has_external_id;
    let (kept, lost) = evidence.external_ids;
    Shape {
        // Groups of the account in a workspace's list are as good as the assignments.
        federated: evidence.federated == Some(true)
            || (evidence.federated.is_none() && evidence.groups.iter().any(SeenGroup::is_of_account)),
        identity_management_suspected: evidence.groups.iter().any(foreign),
        keeps_external_ids: kept > 0 || lost < LOST_BY_ALL,
    }
}

/// Why nothing may be written at this level to a target that looks like this; `None` = it is suitable.
pub fn unsuitable(level: Level, evidence: &Evidence) -> Option<Unsuitable> {
    match level {
        Level::Workspace => groups_of_the_account(evidence),
        Level::AccountThroughWorkspace if evidence.federated == Some(false) => Some(Unsuitable {
            found: "this workspace has no identity federation, and identities of the account do not reach it"
                .to_owned(),
            remedy: set_level(Level::Workspace),
        }),
        Level::AccountThroughWorkspace if evidence.proxy == Some(false) => Some(Unsuitable {
            found: "identities of the account cannot be reached through this workspace".to_owned(),
            remedy: set_level(Level::Account),
        }),
        Level::Account | Level::AccountThroughWorkspace => evidence.refused.as_ref().map(|said| Unsuitable {
            found: format!("this kind of target refuses what is asked of it (\"{said}\")"),
            remedy: "check target.level".to_owned(),
        }),
    }
}

/// Members of account groups do not change through the workspace. Beside groups of the workspace's own they are
/// nobody's business, unless the bridge is to write one.
fn groups_of_the_account(evidence: &Evidence) -> Option<Unsuitable> {
    let of_account = || evidence.groups.iter().filter(|group| group.is_of_account());
    let all = of_account().count() == evidence.groups.len();
    let example = evidence.to_be_written.as_deref();
    let example = example.or_else(|| of_account().next().filter(|_| all).map(|group| group.name.as_str()));
    let found = match (example, &evidence.refused) {
        (Some(name), _) => format!(
            "groups of this workspace are account groups and workspace SCIM cannot change their members (\"{name}\" is one)"
        ),
        (None, Some(said)) => format!("workspace SCIM cannot change members of groups here (\"{said}\")"),
        (None, None) => return None,
    };
    let managed = of_account().any(|group| group.has_external_id);
    let note = if managed {
        "; automatic identity management may be on: then exclude these groups in Entra"
    } else {
        ""
    };
    let level = if evidence.proxy == Some(false) {
        Level::Account
    } else {
        Level::AccountThroughWorkspace
    };
    Some(Unsuitable {
        found,
        remedy: format!("{}{note}", set_level(level)),
    })
}

/// A list that is refused for good where the account is asked for through the workspace: that way is closed here.
pub fn closed_way(level: Level, error: &DatabricksError) -> Option<Unsuitable> {
    let is_refused = match error {
        DatabricksError::Refused { .. } | DatabricksError::NotFound { .. } => true,
        DatabricksError::NotAdmitted { detail, .. } => detail.starts_with("not admin"),
        _ => false,
    };
    let closed = Evidence {
        proxy: Some(false),
        ..Evidence::default()
    };
    (is_refused && level == Level::AccountThroughWorkspace)
        .then(|| unsuitable(level, &closed))
        .flatten()
}

fn set_level(level: Level) -> String {
    format!("set target.level = \"{}\"", level.as_str())
}

/// Whether a field can be changed at this level. One that cannot is never planned and never drift; a create
/// carries it all the same.
pub const fn owns(level: Level, shape: &Shape, kind: Kind, field: Field) -> bool {
    match (kind, field) {
        // In a federated workspace the account is in charge of names.
        (Kind::User, Field::DisplayName | Field::GivenName | Field::FamilyName) => {
            level.is_account() || !shape.federated
        }
        (Kind::User, Field::ExternalId) => shape.keeps_external_ids,
        // Only workspaces know entitlements.
        (_, Field::Entitlements) => !level.is_account(),
        (Kind::User, Field::Active | Field::Roles) | (Kind::Group, Field::DisplayName) => true,
        (Kind::Group, Field::Assignment) => level.is_account(),
        (Kind::User, Field::Assignment)
        | (Kind::Group, Field::GivenName | Field::FamilyName | Field::ExternalId | Field::Active | Field::Roles) => {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, of_account: Option<bool>) -> SeenGroup {
        SeenGroup {
            name: name.to_owned(),
            of_account,
            has_external_id: false,
        }
    }

    fn seen(groups: &[SeenGroup]) -> Evidence {
        Evidence {
            groups: groups.to_vec(),
            ..Evidence::default()
        }
    }

    fn verdict(level: Level, evidence: &Evidence) -> Option<String> {
        unsuitable(level, evidence).map(|why| why.to_string())
    }

    #[test]
    fn a_workspace_with_groups_of_its_own_is_suitable_whatever_else_is_shown() {
        for groups in [
            vec![],
            vec![group("Ops", Some(false))],
            vec![group("Ops", Some(false)), group("Finance", Some(true))],
            vec![group("Ops", None), group("Finance", Some(true))],
        ] {
            let evidence = Evidence {
                federated: Some(true),
                ..seen(&groups)
            };
            assert_eq!(verdict(Level::Workspace, &evidence), None, "{groups:?}");
        }
    }

    #[test]
    fn a_workspace_of_account_groups_names_the_key_to_change() {
        let mut evidence = seen(&[group("Finance", Some(true))]);
        assert_eq!(
            verdict(Level::Workspace, &evidence).unwrap(),
            "groups of this workspace are account groups and workspace SCIM cannot change their members (\"Finance\" is \
             one): set target.level = \"account-through-workspace\""
        );
        evidence.proxy = Some(false);
        let said = verdict(Level::Workspace, &evidence).unwrap();
        assert!(said.ends_with("set target.level = \"account\""), "{said}");
        evidence.groups[0].has_external_id = true;
        let said = verdict(Level::Workspace, &evidence).unwrap();
        assert!(said.contains("automatic identity management"), "{said}");
        assert_eq!(verdict(Level::Account, &evidence), None);
    }

    #[test]
    fn one_account_group_that_is_to_be_written_or_a_refusal_is_enough() {
        let both = [group("Ops", Some(false)), group("Finance", Some(true))];
        let written = Evidence {
            to_be_written: Some("Finance".to_owned()),
            ..seen(&both)
        };
        assert!(
            verdict(Level::Workspace, &written)
                .unwrap()
                .contains("\"Finance\" is one")
        );
        let refused = Evidence {
            refused: Some("Members attribute not supported for current workspace.".to_owned()),
            ..seen(&both)
        };
        let said = verdict(Level::Workspace, &refused).unwrap();
        assert!(
            said.contains("not supported for current workspace") && said.contains("account-through-workspace"),
            "{said}"
        );
    }

    #[test]
    fn the_account_is_not_reached_through_a_workspace_that_does_not_know_it() {
        let level = Level::AccountThroughWorkspace;
        assert_eq!(verdict(level, &Evidence::default()), None);
        let alone = Evidence {
            federated: Some(false),
            ..Evidence::default()
        };
        assert!(
            verdict(level, &alone)
                .unwrap()
                .ends_with("set target.level = \"workspace\"")
        );
        let refused = DatabricksError::Refused {
            status: 404,
            detail: "Endpoint not supported.".to_owned(),
        };
        let said = closed_way(level, &refused).unwrap().to_string();
        assert!(said.ends_with("set target.level = \"account\""), "{said}");
        assert_eq!(closed_way(Level::Workspace, &refused), None);
        let token = DatabricksError::NotAdmitted {
            status: 403,
            detail: "credential refused: Invalid access token.".to_owned(),
        };
        assert_eq!(closed_way(level, &token), None);
    }

    #[test]
    fn names_belong_to_the_account_where_there_is_federation() {
        let federated = classify(&Evidence {
            federated: Some(true),
            ..Evidence::default()
        });
        let names = [Field::DisplayName, Field::GivenName, Field::FamilyName];
        for field in names {
            assert!(!owns(Level::Workspace, &federated, Kind::User, field), "{field:?}");
            assert!(owns(Level::Account, &federated, Kind::User, field), "{field:?}");
            assert!(
                owns(Level::Workspace, &Shape::default(), Kind::User, field),
                "{field:?}"
            );
        }
        assert!(owns(Level::Workspace, &federated, Kind::User, Field::Active));
        assert!(owns(Level::Workspace, &federated, Kind::Group, Field::DisplayName));
        assert!(!owns(Level::Account, &federated, Kind::User, Field::Entitlements));
        // Lists that show groups of the account tell as much as the assignments.
        let shown = classify(&seen(&[group("Finance", Some(true))]));
        assert!(shown.federated);
    }

    #[test]
    fn external_ids_that_nobody_is_shown_with_are_not_kept() {
        let kept = |external_ids| {
            let shape = classify(&Evidence {
                external_ids,
                ..Evidence::default()
            });
            owns(Level::Workspace, &shape, Kind::User, Field::ExternalId)
        };
        assert!(kept((0, 0)) && kept((0, 2)) && kept((1, 500)));
        assert!(!kept((0, 3)));
    }

    #[test]
    fn groups_of_databricks_itself_say_nothing() {
        let scope = |name: &str, kind: &str| {
            let mut scope = WireScope {
                display_name: name.to_owned(),
                ..WireScope::default()
            };
            scope.meta.resource_type = Some(kind.to_owned());
            SeenGroup::of(&scope)
        };
        assert_eq!(scope("account users", "Group"), None);
        assert_eq!(scope("Finance", "Group"), Some(group("Finance", Some(true))));
        assert_eq!(scope("Ops", "WorkspaceGroup"), Some(group("Ops", Some(false))));
    }
}
