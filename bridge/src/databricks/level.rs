//! At which level identities are kept, and by which way they are reached.
//!
//! The surprise is the middle one: identities of the account, asked for at the workspace's
//! own host, which Private Link reaches where the account's host is out of reach.

use url::Url;

/// The workspace's own SCIM API.
const WORKSPACE_BASE: &str = "/api/2.0/preview/scim/v2";
/// The account's identities at the workspace's host.
const THROUGH_WORKSPACE_BASE: &str = "/api/2.0/account/scim/v2";

/// Where identities are kept: the key `[target] level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// In the workspace.
    #[default]
    Workspace,
    /// In the account, asked for at the account's host.
    Account,
    /// In the account, asked for at the workspace's host.
    AccountThroughWorkspace,
}

impl Level {
    /// The word of the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Account => "account",
            Self::AccountThroughWorkspace => "account-through-workspace",
        }
    }

    /// Whether it is the account's identities that are written.
    pub const fn is_account(self) -> bool {
        match self {
            Self::Workspace => false,
            Self::Account | Self::AccountThroughWorkspace => true,
        }
    }
}

/// A level with all that is needed to ask there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Place {
    /// The workspace of the client.
    #[default]
    Workspace,
    /// The account, at its own host.
    Account {
        /// `https://accounts.azuredatabricks.net`, or another cloud's.
        url: Url,
        /// The account's UUID.
        id: String,
        /// The application id that the credential belongs to: there is no `/Me` at the account.
        application: String,
    },
    /// The account, at the host of the client's workspace.
    AccountThroughWorkspace,
}

impl Place {
    /// The level.
    pub const fn level(&self) -> Level {
        match self {
            Self::Workspace => Level::Workspace,
            Self::Account { .. } => Level::Account,
            Self::AccountThroughWorkspace => Level::AccountThroughWorkspace,
        }
    }

    /// Where requests go: the account's address, or the workspace's.
    pub(super) const fn url<'a>(&'a self, workspace_url: &'a Url) -> &'a Url {
        match self {
            Self::Account { url, .. } => url,
            Self::Workspace | Self::AccountThroughWorkspace => workspace_url,
        }
    }

    /// The path that resources stand under.
    pub(super) fn base(&self) -> String {
        match self {
            Self::Workspace => WORKSPACE_BASE.to_owned(),
            Self::AccountThroughWorkspace => THROUGH_WORKSPACE_BASE.to_owned(),
            Self::Account { id, .. } => format!("/api/2.0/accounts/{id}/scim/v2"),
        }
    }

    /// Path of the permission assignments: of the client's workspace, or at the account of the one of this number.
    pub(super) fn assignments(&self, workspace: Option<u64>) -> String {
        match (self, workspace) {
            (Self::Account { id, .. }, Some(workspace)) => {
                format!("/api/2.0/accounts/{id}/workspaces/{workspace}/permissionassignments")
            }
            (Self::Account { .. } | Self::Workspace | Self::AccountThroughWorkspace, _) => {
                "/api/2.0/preview/permissionassignments".to_owned()
            }
        }
    }

    /// Path and query that answer with whoever the bridge is.
    ///
    /// The account has no `/Me`: it is asked for the service principal of the credential. Through the workspace
    /// the workspace's own `/Me` answers, whose ids are those of the account.
    pub(super) fn me(&self) -> String {
        match self {
            Self::Workspace | Self::AccountThroughWorkspace => {
                format!("{WORKSPACE_BASE}/Me?excludedAttributes=entitlements")
            }
            Self::Account { application, .. } => {
                let filter =
                    super::client::encode(&format!("applicationId eq \"{}\"", super::client::quote(application)));
                format!("{}/ServicePrincipals?filter={filter}", self.base())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_has_its_path_and_its_own_way_to_say_who_the_bridge_is() {
        let workspace: Url = "https://adb-1.2.azuredatabricks.net".parse().unwrap();
        let account = Place::Account {
            url: "https://accounts.azuredatabricks.net".parse().unwrap(),
            id: "b4ae".to_owned(),
            application: "9f5c".to_owned(),
        };
        assert_eq!(account.base(), "/api/2.0/accounts/b4ae/scim/v2");
        assert_eq!(account.url(&workspace).host_str(), Some("accounts.azuredatabricks.net"));
        assert_eq!(
            account.me(),
            "/api/2.0/accounts/b4ae/scim/v2/ServicePrincipals?filter=applicationId%20eq%20%229f5c%22"
        );
        for place in [Place::Workspace, Place::AccountThroughWorkspace] {
            assert_eq!(place.url(&workspace), &workspace);
            assert!(place.me().starts_with("/api/2.0/preview/scim/v2/Me"), "{place:?}");
        }
        assert_eq!(Place::AccountThroughWorkspace.base(), "/api/2.0/account/scim/v2");
    }
}
