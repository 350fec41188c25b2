//! One token: whose it is, where it works, and how long.

use std::time::Duration;

use crate::api::Door;
use crate::state::Id;
use crate::switches::{Switch, Switches};

/// Whose a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holder {
    /// Somebody the account knows.
    Principal(Id),
    /// An Entra application by its client id; whether the workspace knows it is found out at each call.
    Application(String),
}

/// Where a token works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Personal access token: the workspace [documented].
    Personal,
    /// The account console's SCIM token: the account's 2.1 path and nothing else [documented].
    AccountScim,
    /// OAuth token of the workspace [documented].
    WorkspaceOauth,
    /// OAuth token of the account: the account, and workspaces where the principal is assigned [inferred].
    AccountOauth,
    /// Entra token for Databricks: workspace and account [documented].
    Entra,
    /// Entra token for Azure's own management; never a credential of Databricks by itself.
    Management,
}

/// A token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) holder: Holder,
    pub(crate) reach: Reach,
    pub(crate) valid: bool,
    /// Since the start; `None`: for ever.
    pub(crate) expires: Option<Duration>,
    /// What it was got with; `None` for tokens that were there at once.
    pub(crate) source: Option<Source>,
}

/// What a token was got with: when that stops to work, the token does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) kind: SourceKind,
    pub(crate) client_id: String,
    /// Empty for a managed identity.
    pub(crate) secret: String,
}

/// Where a token was asked for, and with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceKind {
    /// A service principal's secret, at Databricks.
    Oauth,
    /// An identity provider's token, at Databricks.
    Federation,
    /// An application's secret, at Entra.
    Entra,
    /// Being the machine.
    ManagedIdentity,
}

impl Source {
    pub(crate) fn new(kind: SourceKind, client_id: &str, secret: &str) -> Self {
        Self {
            kind,
            client_id: client_id.to_owned(),
            secret: secret.to_owned(),
        }
    }
}

impl Token {
    /// A personal access token.
    pub(crate) fn personal(owner: Id) -> Self {
        Self::lasting(owner, Reach::Personal)
    }

    /// A token without end.
    pub(crate) fn lasting(owner: Id, reach: Reach) -> Self {
        Self {
            holder: Holder::Principal(owner),
            reach,
            valid: true,
            expires: None,
            source: None,
        }
    }
}

impl Reach {
    /// Whether such a token opens a door; without one there is nothing behind it, and all but a foreign token will do.
    pub(crate) fn opens(self, door: Option<&Door>, switches: &Switches) -> bool {
        match (self, door) {
            (Self::Management, _) => false,
            (Self::Entra, _) | (_, None) | (Self::AccountOauth, Some(Door::Account { .. })) => true,
            (Self::AccountScim, Some(Door::Account { minor, .. })) => *minor == 1,
            (Self::AccountOauth, _) => switches.is(Switch::AccountTokenInWorkspace, "accepted"),
            (Self::Personal | Self::WorkspaceOauth, door) => !matches!(door, Some(Door::Account { .. })),
            (Self::AccountScim, _) => false,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::AccountScim => "account-scim",
            Self::WorkspaceOauth => "workspace-oauth",
            Self::AccountOauth => "account-oauth",
            Self::Entra => "entra",
            Self::Management => "management",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Door, Reach};
    use crate::switches::Switches;

    #[test]
    fn each_kind_opens_its_own_doors() {
        let switches = Switches::default();
        let account = |minor| {
            Some(Door::Account {
                id: String::new(),
                minor,
            })
        };
        let doors = [None, Some(Door::Workspace), Some(Door::Proxy), account(0), account(1)];
        for (reach, expected) in [
            (Reach::Personal, [true, true, true, false, false]),
            (Reach::WorkspaceOauth, [true, true, true, false, false]),
            (Reach::AccountScim, [true, false, false, false, true]),
            (Reach::AccountOauth, [true, true, true, true, true]),
            (Reach::Entra, [true, true, true, true, true]),
            (Reach::Management, [false; 5]),
        ] {
            let found = doors.each_ref().map(|door| reach.opens(door.as_ref(), &switches));
            assert_eq!(found, expected, "{reach:?}");
        }
    }
}
