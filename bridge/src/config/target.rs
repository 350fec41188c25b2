//! `[target]`: the Databricks workspace.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error};
use url::{Host, Url};

use super::credential::{self, EntraSection, ManagedIdentitySection, OauthSection};
use crate::databricks::pace::Speed;
use crate::databricks::{Level, Place, PrivateRanges};
use crate::id::fold;
use crate::reconcile::policy::RESERVED_GROUPS;

/// Whether anything is written upstream (rule E2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing is written; changes are accepted and wait.
    DryRun,
    /// Databricks follows.
    Live,
}

/// A length of time: `90s`, `1.5s`, `200ms`, `2m`, `3h`, `30d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval(pub Duration);

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_duration(&text).map_err(D::Error::custom)
    }
}

pub(super) fn parse_duration(text: &str) -> Result<Interval, String> {
    let wrong =
        || format!("\"{text}\" is not a length of time; write for example \"90s\", \"1.5s\", \"2m\" or \"30d\"");
    let digits = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return Err(wrong()),
    };
    Duration::try_from_secs_f64(number * seconds)
        .map(Interval)
        .map_err(|_| wrong())
}

/// `[target]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSection {
    /// `https://adb-….azuredatabricks.net`. With `level = "account"` nothing is sent there; it tells the account's cloud. `SCIM_BRIDGE_TARGET_WORKSPACE_URL`
    pub workspace_url: Url,
    /// `workspace`, `account` or `account-through-workspace`: whose identities are written, and by which way (rule E1); docs/shapes.md says which fits. Default `workspace`. `SCIM_BRIDGE_TARGET_LEVEL`
    #[serde(default)]
    pub level: Level,
    /// The account's UUID, for `level = "account"`. Default none. `SCIM_BRIDGE_TARGET_ACCOUNT_ID`
    #[serde(default)]
    pub account_id: Option<String>,
    /// The account's address. Default that of the workspace's cloud, `https://accounts.azuredatabricks.net`. `SCIM_BRIDGE_TARGET_ACCOUNT_URL`
    #[serde(default)]
    pub account_url: Option<Url>,
    /// File with a workspace admin's personal access token, read again when it changes. Exactly one credential is needed: this, `token_command`, `[target.oauth]`, `[target.entra]` or `[target.managed_identity]`. `SCIM_BRIDGE_TARGET_TOKEN_FILE`
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// Program and arguments that print such a token as their first line, run without a shell, at start and every five minutes. `SCIM_BRIDGE_TARGET_TOKEN_COMMAND`
    #[serde(default)]
    pub token_command: Option<Vec<String>>,
    /// `dry-run` or `live`: how a target starts. In dry-run nothing is written before `scim-bridge go-live` (rule E2); that order counts until the target has been `live` here. `SCIM_BRIDGE_TARGET_MODE`
    pub mode: Mode,
    /// `published`, `off` or `xN`: how fast Databricks may be asked. Default `published`. `SCIM_BRIDGE_TARGET_PACE`
    #[serde(default = "pace")]
    pub pace: String,
    /// Addresses to use for the workspace's name instead of DNS. Default none. `SCIM_BRIDGE_TARGET_RESOLVE`
    #[serde(default)]
    pub resolve: Vec<IpAddr>,
    /// Name server to ask for the workspace's name instead of the machine's: an address, with a port if it is not 53. Default none. `SCIM_BRIDGE_TARGET_DNS_SERVER`
    #[serde(default, deserialize_with = "dns_server")]
    pub dns_server: Option<SocketAddr>,
    /// CIDR ranges that its address must lie in (rule E5). Default RFC 1918, CGNAT and ULA. `SCIM_BRIDGE_TARGET_PRIVATE_RANGES`
    #[serde(default)]
    pub private_ranges: Option<Vec<IpNet>>,
    /// PEM bundle to trust instead of the machine's certificates. Default none. `SCIM_BRIDGE_TARGET_CA_FILE`
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// `http://` URL of a proxy for all calls but the metadata service's. The private addresses are not checked behind it (rule E5). Default none; the environment's proxies are never used. `SCIM_BRIDGE_TARGET_PROXY`
    #[serde(default)]
    pub proxy: Option<Url>,
    /// Time limit of one call. Default `60s`. `SCIM_BRIDGE_TARGET_TIMEOUT`
    #[serde(default = "timeout")]
    pub timeout: Interval,
    /// Time limit of connecting, the TLS handshake included. Default `15s`. `SCIM_BRIDGE_TARGET_CONNECT_TIMEOUT`
    #[serde(default = "connect_timeout")]
    pub connect_timeout: Interval,
    /// User names never to be written, besides the bridge's own identity. Default none. `SCIM_BRIDGE_TARGET_PROTECTED_USERS`
    #[serde(default)]
    pub protected_users: Vec<String>,
    /// Group names never to be written, besides `admins`, `users`, `account users`. Default none. `SCIM_BRIDGE_TARGET_PROTECTED_GROUPS`
    #[serde(default)]
    pub protected_groups: Vec<String>,
    /// Azure resource id of the workspace, for an Entra application or managed identity that is not in the workspace yet. Default none. `SCIM_BRIDGE_TARGET_AZURE_WORKSPACE_RESOURCE_ID`
    #[serde(default)]
    pub azure_workspace_resource_id: Option<String>,
    /// Resource of the management token that goes with it. Default `https://management.core.windows.net/`; other clouds have another. `SCIM_BRIDGE_TARGET_MANAGEMENT_URL`
    #[serde(default = "management_url")]
    pub management_url: Url,
    #[serde(default)]
    pub(crate) oauth: Option<OauthSection>,
    #[serde(default)]
    pub(crate) entra: Option<EntraSection>,
    #[serde(default)]
    pub(crate) managed_identity: Option<ManagedIdentitySection>,
}

fn pace() -> String {
    "published".to_owned()
}

const fn timeout() -> Interval {
    Interval(Duration::from_mins(1))
}

const fn connect_timeout() -> Interval {
    Interval(Duration::from_secs(15))
}

fn management_url() -> Url {
    Url::parse("https://management.core.windows.net/").expect("a constant URL is well formed")
}

/// An address, with a port if it is not 53.
fn dns_server<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse::<SocketAddr>()
        .or_else(|_| text.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53)))
        .map(Some)
        .map_err(|_| D::Error::custom("must be an address such as 10.0.0.4, or with a port, 10.0.0.4:53"))
}

impl TargetSection {
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.workspace_url.scheme() != "https" {
            return Err(("workspace_url", "must begin with https://".to_owned()));
        }
        if self.workspace_url.path() != "/" || self.workspace_url.query().is_some() {
            return Err((
                "workspace_url",
                "must be the workspace's address alone, without a path: https://adb-….azuredatabricks.net".to_owned(),
            ));
        }
        if self.level != Level::Account {
            self.check_literal_host()?;
        }
        self.pace.parse::<Speed>().map_err(|why| ("pace", why))?;
        for (key, interval) in [("timeout", self.timeout), ("connect_timeout", self.connect_timeout)] {
            if interval.0.is_zero() {
                return Err((key, "must be longer than 0s".to_owned()));
            }
        }
        self.check_proxy()?;
        credential::check(self)?;
        self.check_level()
    }

    /// What belongs to a level, and what does not go with it.
    fn check_level(&self) -> Result<(), (&'static str, String)> {
        match (self.level, &self.account_id) {
            (Level::Account, None) => {
                let why = "is needed for level = \"account\": the UUID that the account console shows";
                return Err(("account_id", why.to_owned()));
            }
            (Level::Account, Some(id)) => credential::check_word("account_id", id)?,
            (Level::Workspace | Level::AccountThroughWorkspace, Some(_)) => {
                let why =
                    "only goes with level = \"account\"; the account that gives tokens is target.oauth.account_id";
                return Err(("account_id", why.to_owned()));
            }
            (Level::Workspace | Level::AccountThroughWorkspace, None) => {}
        }
        if let Some(url) = &self.account_url {
            credential::check_secure("account_url", url)?;
            if url.path() != "/" || url.query().is_some() {
                let why = "must be the account's address alone, without a path: https://accounts.azuredatabricks.net";
                return Err(("account_url", why.to_owned()));
            }
        }
        if self.level == Level::Account {
            credential::check_for_account(self)?;
        }
        Ok(())
    }

    /// The account's address: as configured, else that of the workspace's cloud.
    pub fn account_url(&self) -> Url {
        let of_cloud = || credential::account_url(self.workspace_url.host_str().unwrap_or_default());
        self.account_url.clone().unwrap_or_else(of_cloud)
    }

    /// Where identities are written, with all that is needed to ask there. Checked when the configuration was read.
    pub fn place(&self) -> Place {
        match self.level {
            Level::Workspace => Place::Workspace,
            Level::AccountThroughWorkspace => Place::AccountThroughWorkspace,
            Level::Account => Place::Account {
                url: self.account_url(),
                id: self.account_id.clone().unwrap_or_default(),
                application: credential::application(self).unwrap_or_default().to_owned(),
            },
        }
    }

    fn check_proxy(&self) -> Result<(), (&'static str, String)> {
        let Some(proxy) = &self.proxy else {
            return Ok(());
        };
        if proxy.scheme() != "http" || proxy.host_str().is_none_or(str::is_empty) {
            return Err((
                "proxy",
                "must be a URL such as http://proxy.contoso.test:3128".to_owned(),
            ));
        }
        if !proxy.username().is_empty() || proxy.password().is_some() {
            return Err((
                "proxy",
                "must be without a user and a password: no secret stands in the configuration".to_owned(),
            ));
        }
        if self.dns_server.is_some() || !self.resolve.is_empty() {
            return Err((
                "proxy",
                "goes neither with dns_server nor with resolve: it is the proxy that looks the workspace's name up"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// A host that is an address is never resolved, so it is checked here (rule E5).
    fn check_literal_host(&self) -> Result<(), (&'static str, String)> {
        let address: IpAddr = match self.workspace_url.host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(("workspace_url", "must name a host".to_owned())),
        };
        if self.proxy.is_some() || self.ranges().contain(address) {
            return Ok(());
        }
        Err((
            "workspace_url",
            format!("{address} lies outside target.private_ranges; use the workspace's name, or add its range"),
        ))
    }

    /// The ranges that the workspace's address must lie in.
    pub fn ranges(&self) -> PrivateRanges {
        self.private_ranges
            .clone()
            .map_or_else(PrivateRanges::default, PrivateRanges::new)
    }

    /// How fast to ask. Checked when the configuration was read.
    pub fn speed(&self) -> Speed {
        self.pace.parse().unwrap_or_default()
    }

    /// Folded names of users that are never written.
    pub fn protected_user_keys(&self) -> BTreeSet<String> {
        self.protected_users.iter().map(|name| fold(name)).collect()
    }

    /// Folded names of groups that are never written, Databricks' own among them.
    pub fn protected_group_keys(&self) -> BTreeSet<String> {
        let reserved = RESERVED_GROUPS.iter().map(|&name| name.to_owned());
        reserved
            .chain(self.protected_groups.iter().map(|name| fold(name)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_written_with_a_unit() {
        assert_eq!(parse_duration("1.5s").unwrap().0, Duration::from_millis(1500));
        assert_eq!(parse_duration("30d").unwrap().0, Duration::from_hours(720));
        for wrong in ["", "5", "s", "-1s", "1 week"] {
            assert!(
                parse_duration(wrong).unwrap_err().contains("write for example"),
                "{wrong}"
            );
        }
    }
}
