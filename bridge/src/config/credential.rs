//! The credential at Databricks: exactly one of a token, `[target.oauth]`, `[target.entra]` and `[target.managed_identity]`.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::{Host, Url};

use super::target::TargetSection;

/// `[target.oauth]`: a Databricks service principal with an OAuth secret of its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OauthSection {
    /// Application id of the service principal. `SCIM_BRIDGE_TARGET_OAUTH_CLIENT_ID`
    pub client_id: String,
    /// File with its OAuth secret, read again when it changes. `SCIM_BRIDGE_TARGET_OAUTH_CLIENT_SECRET_FILE`
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// Program and arguments that print the secret instead, run without a shell. `SCIM_BRIDGE_TARGET_OAUTH_CLIENT_SECRET_COMMAND`
    #[serde(default)]
    pub client_secret_command: Option<Vec<String>>,
    /// Takes the token from this account instead of the workspace. Default `target.account_id`, else none. `SCIM_BRIDGE_TARGET_OAUTH_ACCOUNT_ID`
    #[serde(default)]
    pub account_id: Option<String>,
    /// The account's address, if it is neither `target.account_url` nor that of the workspace's cloud. `SCIM_BRIDGE_TARGET_OAUTH_ACCOUNT_URL`
    #[serde(default)]
    pub account_url: Option<Url>,
}

/// `[target.entra]`: an Entra application with a client secret.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntraSection {
    /// Directory (tenant) id. `SCIM_BRIDGE_TARGET_ENTRA_TENANT_ID`
    pub tenant_id: String,
    /// Application (client) id. `SCIM_BRIDGE_TARGET_ENTRA_CLIENT_ID`
    pub client_id: String,
    /// File with a client secret, read again when it changes. `SCIM_BRIDGE_TARGET_ENTRA_CLIENT_SECRET_FILE`
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// Program and arguments that print the secret instead, run without a shell. `SCIM_BRIDGE_TARGET_ENTRA_CLIENT_SECRET_COMMAND`
    #[serde(default)]
    pub client_secret_command: Option<Vec<String>>,
    /// Where tokens come from. Default `https://login.microsoftonline.com`; other clouds have another. `SCIM_BRIDGE_TARGET_ENTRA_LOGIN_URL`
    #[serde(default = "login_url")]
    pub login_url: Url,
}

/// `[target.managed_identity]`: the identity of the Azure machine or App Service that the bridge runs on.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ManagedIdentitySection {
    /// Client id of a user-assigned identity. Default the machine's only one. `SCIM_BRIDGE_TARGET_MANAGED_IDENTITY_CLIENT_ID`
    pub client_id: Option<String>,
    /// The metadata service. Default what `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` say, else `http://169.254.169.254`. `SCIM_BRIDGE_TARGET_MANAGED_IDENTITY_ENDPOINT`
    pub endpoint: Option<Url>,
}

impl OauthSection {
    /// The account's token endpoint, if the token is to come from there.
    pub fn token_url(&self, target: &TargetSection) -> Option<Url> {
        let account = self.account_id.as_ref().or(target.account_id.as_ref())?;
        let base = self.account_url.clone().unwrap_or_else(|| target.account_url());
        base.join(&format!("/oidc/accounts/{account}/v1/token")).ok()
    }
}

/// The account console's address in the cloud of a workspace.
pub(super) fn account_url(workspace_host: &str) -> Url {
    let address = if workspace_host.ends_with(".databricks.azure.us") {
        "https://accounts.databricks.azure.us"
    } else if workspace_host.ends_with(".databricks.azure.cn") {
        "https://accounts.databricks.azure.cn"
    } else {
        "https://accounts.azuredatabricks.net"
    };
    Url::parse(address).expect("a constant URL is well formed")
}

fn login_url() -> Url {
    Url::parse("https://login.microsoftonline.com").expect("a constant URL is well formed")
}

/// What is wrong with the key of a section.
type Problem = (&'static str, String);

/// Exactly one credential, and what belongs to it.
pub(super) fn check(target: &TargetSection) -> Result<(), Problem> {
    let configured: Vec<&'static str> = [
        ("token_file", target.token_file.is_some()),
        ("token_command", target.token_command.is_some()),
        ("[target.oauth]", target.oauth.is_some()),
        ("[target.entra]", target.entra.is_some()),
        ("[target.managed_identity]", target.managed_identity.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, is_there)| is_there.then_some(name))
    .collect();
    if configured.len() != 1 {
        let found = match configured.as_slice() {
            [] => "there is none".to_owned(),
            several => format!("there are {}", several.join(" and ")),
        };
        let why = format!(
            "exactly one credential is needed: token_file, token_command, [target.oauth], [target.entra] or \
             [target.managed_identity]; {found}"
        );
        return Err(("token_file", why));
    }
    check_command("token_command", target.token_command.as_deref())?;
    if let Some(oauth) = &target.oauth {
        check_oauth(oauth, target.account_id.is_some())?;
    }
    if let Some(entra) = &target.entra {
        check_entra(entra)?;
    }
    let endpoint = target.managed_identity.as_ref().and_then(|own| own.endpoint.as_ref());
    if endpoint.is_some_and(|url| !matches!(url.scheme(), "http" | "https")) {
        return Err(("managed_identity.endpoint", "must begin with http://".to_owned()));
    }
    if target.azure_workspace_resource_id.is_some() && target.entra.is_none() && target.managed_identity.is_none() {
        return Err((
            "azure_workspace_resource_id",
            "only goes with [target.entra] or [target.managed_identity]".to_owned(),
        ));
    }
    match &target.azure_workspace_resource_id {
        Some(id) if !id.starts_with("/subscriptions/") || !is_header_value(id) => Err((
            "azure_workspace_resource_id",
            "must begin with /subscriptions/, as the workspace's properties in Azure show it".to_owned(),
        )),
        _ => Ok(()),
    }
}

fn check_oauth(oauth: &OauthSection, of_account: bool) -> Result<(), Problem> {
    check_secret(
        "oauth.client_secret_file",
        "oauth.client_secret_command",
        oauth.client_secret_file.as_deref(),
        oauth.client_secret_command.as_deref(),
    )?;
    check_word("oauth.client_id", &oauth.client_id)?;
    if let Some(account) = &oauth.account_id {
        check_word("oauth.account_id", account)?;
    }
    match &oauth.account_url {
        Some(_) if oauth.account_id.is_none() && !of_account => {
            Err(("oauth.account_url", "only goes with account_id".to_owned()))
        }
        Some(url) => check_secure("oauth.account_url", url),
        None => Ok(()),
    }
}

/// The application id that the credential belongs to, if the configuration says it.
pub(super) fn application(target: &TargetSection) -> Option<&str> {
    let oauth = target.oauth.as_ref().map(|oauth| &oauth.client_id);
    let entra = target.entra.as_ref().map(|entra| &entra.client_id);
    let identity = target.managed_identity.as_ref();
    let identity = identity.and_then(|identity| identity.client_id.as_ref());
    oauth.or(entra).or(identity).map(String::as_str)
}

/// What the account asks of a credential: a token of the workspace does not count there.
pub(super) fn check_for_account(target: &TargetSection) -> Result<(), Problem> {
    for (key, is_there) in [
        ("token_file", target.token_file.is_some()),
        ("token_command", target.token_command.is_some()),
    ] {
        if is_there {
            let why = "a personal access token does not work at the account: use [target.oauth], [target.entra] or \
                       [target.managed_identity], or set level = \"account-through-workspace\"";
            return Err((key, why.to_owned()));
        }
    }
    if target.azure_workspace_resource_id.is_some() {
        let why = "does not go with level = \"account\": make the application an account admin instead";
        return Err(("azure_workspace_resource_id", why.to_owned()));
    }
    let from = target.oauth.as_ref().and_then(|oauth| oauth.account_id.as_ref());
    if from.is_some() && from != target.account_id.as_ref() {
        let why = "must be that of target.account_id, or be left out";
        return Err(("oauth.account_id", why.to_owned()));
    }
    if application(target).is_none() {
        let why = "is needed for level = \"account\", which has no other way to tell who the bridge is";
        return Err(("managed_identity.client_id", why.to_owned()));
    }
    Ok(())
}

fn check_entra(entra: &EntraSection) -> Result<(), Problem> {
    check_secret(
        "entra.client_secret_file",
        "entra.client_secret_command",
        entra.client_secret_file.as_deref(),
        entra.client_secret_command.as_deref(),
    )?;
    check_word("entra.client_id", &entra.client_id)?;
    check_word("entra.tenant_id", &entra.tenant_id)?;
    check_secure("entra.login_url", &entra.login_url)
}

/// A part of a path or a form: an id, or a domain as the tenant's name.
pub(super) fn check_word(key: &'static str, word: &str) -> Result<(), Problem> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if !word.is_empty() && word.chars().all(is_word) {
        return Ok(());
    }
    Err((key, "must be an id: letters, digits and hyphens".to_owned()))
}

fn check_secret(
    file_key: &'static str,
    command_key: &'static str,
    file: Option<&Path>,
    command: Option<&[String]>,
) -> Result<(), Problem> {
    if file.is_some() == command.is_some() {
        let why = "exactly one of client_secret_file and client_secret_command is needed";
        return Err((file_key, why.to_owned()));
    }
    check_command(command_key, command)
}

fn check_command(key: &'static str, command: Option<&[String]>) -> Result<(), Problem> {
    match command {
        Some([]) => Err((key, "must name a program: [\"program\", \"argument\"]".to_owned())),
        _ => Ok(()),
    }
}

/// A secret goes there: over TLS, unless it stays on this machine.
pub(super) fn check_secure(key: &'static str, url: &Url) -> Result<(), Problem> {
    let stays_here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if url.scheme() == "https" || (url.scheme() == "http" && stays_here) {
        return Ok(());
    }
    Err((key, "must begin with https://: a secret is sent there".to_owned()))
}

fn is_header_value(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}
