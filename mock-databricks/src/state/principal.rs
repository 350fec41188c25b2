//! Users and service principals: the attributes Databricks keeps, and no others.
//!
//! The surprise: it is one object with two standings. Name and profile are shared, while activity, entitlements and
//! roles are kept for the account and, if the principal is in the workspace at all, for the workspace once more.

use super::id::Id;
use super::level::Level;
use super::table::Row;

/// What kind of principal an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    ServicePrincipal,
}

/// A user or a service principal (reference: SDK classes `User` and `ServicePrincipal`).
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    pub(crate) id: Id,
    pub(crate) kind: Kind,
    /// `userName`, lower-cased when stored, or `applicationId`; neither ever changes afterwards.
    pub(crate) name: String,
    pub(crate) profile: Profile,
    pub(crate) account: Standing,
    /// `None`: not in the workspace by itself.
    pub(crate) workspace: Option<Standing>,
    /// Known through automatic identity management and never used: no SCIM list shows it [issue TF 5142].
    pub(crate) unused: bool,
}

/// What is the same at both levels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) display_name: Option<String>,
    pub(crate) given_name: Option<String>,
    pub(crate) family_name: Option<String>,
    pub(crate) external_id: Option<String>,
}

/// What each level has for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) active: bool,
    /// Of the workspace only [documented].
    pub(crate) entitlements: Vec<String>,
    /// Workspace: instance profiles. Account: `account_admin`.
    pub(crate) roles: Vec<String>,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            active: true,
            entitlements: Vec::new(),
            roles: Vec::new(),
        }
    }
}

/// The account role that makes an account admin [fixture].
pub(crate) const ACCOUNT_ADMIN: &str = "account_admin";

impl Principal {
    /// A user of the account, in no workspace yet.
    pub(crate) fn user(id: Id, user_name: &str) -> Self {
        Self::new(id, Kind::User, user_name.to_lowercase())
    }

    /// A service principal of the account, in no workspace yet.
    pub(crate) fn service_principal(id: Id, application_id: &str) -> Self {
        Self::new(id, Kind::ServicePrincipal, application_id.to_owned())
    }

    pub(crate) fn new(id: Id, kind: Kind, name: String) -> Self {
        Self {
            id,
            kind,
            name,
            profile: Profile::default(),
            account: Standing::default(),
            workspace: None,
            unused: false,
        }
    }

    /// The same principal, put into the workspace.
    #[must_use]
    pub(crate) fn in_workspace(mut self) -> Self {
        self.workspace = Some(Standing::default());
        self
    }

    /// The standing at a level; somebody who is in the workspace only through a group has a plain one there.
    pub(crate) fn standing(&self, level: Level) -> Standing {
        match (level, &self.workspace) {
            (Level::Account, _) => self.account.clone(),
            (Level::Workspace, Some(standing)) => standing.clone(),
            (Level::Workspace, None) => self.plain(),
        }
    }

    pub(crate) fn is_active(&self, level: Level) -> bool {
        match (level, &self.workspace) {
            (Level::Workspace, Some(standing)) => standing.active,
            _ => self.account.active,
        }
    }

    pub(crate) fn is_account_admin(&self) -> bool {
        self.account.roles.iter().any(|role| role == ACCOUNT_ADMIN)
    }

    /// Stores the standing at a level.
    ///
    /// Whoever leaves activity in the account leaves it everywhere; coming back to the account does not bring the
    /// workspace back, that is a second call [documented; order of reactivation: issue KB].
    pub(crate) fn set_standing(&mut self, level: Level, standing: Standing) {
        match level {
            Level::Workspace => self.workspace = Some(standing),
            Level::Account => {
                if !standing.active
                    && let Some(workspace) = &mut self.workspace
                {
                    workspace.active = false;
                }
                self.account = standing;
            }
        }
    }

    fn plain(&self) -> Standing {
        Standing {
            active: self.account.active,
            ..Standing::default()
        }
    }
}

impl Row for Principal {
    fn id(&self) -> Id {
        self.id
    }

    fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, Principal, Standing};
    use crate::state::Id;

    #[test]
    fn an_account_takes_activity_from_the_workspace_and_does_not_give_it_back() {
        let id = Id::parse("1").expect("digits");
        let mut ana = Principal::user(id, "Ana@example.com").in_workspace();
        assert_eq!(ana.name, "ana@example.com");
        let inactive = Standing {
            active: false,
            ..Standing::default()
        };
        ana.set_standing(Level::Account, inactive);
        assert!(!ana.is_active(Level::Account) && !ana.is_active(Level::Workspace));
        ana.set_standing(Level::Account, Standing::default());
        assert!(ana.is_active(Level::Account) && !ana.is_active(Level::Workspace));
    }
}
