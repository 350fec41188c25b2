//! Which site a request is for: several host names end at the same two addresses.

use http::{HeaderMap, Uri, header};

use crate::control::is_loopback;

/// What the Host header of a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    /// `adb-….azuredatabricks.net`: the workspace.
    Workspace,
    /// `accounts.azuredatabricks.net`: the account console.
    Account,
    /// `login.microsoftonline.com`, `management.azure.com`, `169.254.169.254`: Azure around it.
    Azure,
    /// An address or `localhost`: the path decides.
    Any,
}

/// The account console.
pub(crate) const ACCOUNT_HOST: &str = "accounts.azuredatabricks.net";

/// Azure's hosts, in all its clouds [documented].
const AZURE: [&str; 7] = [
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
    "management.azure.com",
    "management.usgovcloudapi.net",
    "management.chinacloudapi.cn",
    "169.254.169.254",
];

impl Site {
    /// The site of a request; letter case and port do not matter.
    pub(crate) fn of(headers: &HeaderMap, uri: &Uri) -> Self {
        Self::named(&host(headers, uri).unwrap_or_default())
    }

    fn named(host: &str) -> Self {
        let name = host
            .rsplit_once(':')
            .map_or(host, |(name, _)| name)
            .to_ascii_lowercase();
        if name.starts_with("adb-") {
            Self::Workspace
        } else if name.starts_with("accounts.") {
            Self::Account
        } else if AZURE.contains(&name.as_str()) {
            Self::Azure
        } else {
            Self::Any
        }
    }

    /// Whether a request for the account's API may come in under this name.
    pub(crate) fn serves_account(self) -> bool {
        matches!(self, Self::Account | Self::Any)
    }

    /// Whether a request for the workspace's API may come in under this name.
    pub(crate) fn serves_workspace(self) -> bool {
        matches!(self, Self::Workspace | Self::Any)
    }

    /// Whether a request for Azure's own endpoints may come in under this name.
    pub(crate) fn serves_azure(self) -> bool {
        matches!(self, Self::Azure | Self::Any)
    }
}

/// The host and port a client wrote into its URL.
pub(crate) fn host(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let header = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    // HTTP/2 carries it in the target.
    let authority = || uri.authority().map(http::uri::Authority::as_str);
    header.or_else(authority).map(str::to_owned)
}

/// Whether the azure listener goes by this name: Azure's own, or a loopback address. A web page that is open on this machine
/// comes with the name of its own site.
pub(crate) fn names_azure(host: Option<&str>, site: Site) -> bool {
    site == Site::Azure || host.is_some_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use super::Site;

    #[test]
    fn names_decide_whatever_their_case_and_port() {
        for (host, site) in [
            ("adb-1234567890123456.7.azuredatabricks.net:8443", Site::Workspace),
            ("ADB-1.2.azuredatabricks.net", Site::Workspace),
            ("accounts.azuredatabricks.net", Site::Account),
            ("login.microsoftonline.com:443", Site::Azure),
            ("management.azure.com", Site::Azure),
            ("169.254.169.254", Site::Azure),
            ("127.0.0.2:8443", Site::Any),
            ("[::1]:8443", Site::Any),
            ("localhost", Site::Any),
            ("login.example.com", Site::Any),
            ("management.azure.com.example.com", Site::Any),
            ("", Site::Any),
        ] {
            assert_eq!(Site::named(host), site, "{host}");
        }
    }
}
