//! How Databricks and the token endpoints are reached: addresses, certificates, proxy, time limits.
//!
//! Three kinds of HTTP client come of it. Only the workspace's checks addresses (rule
//! E5); that of token endpoints does not; that of the metadata service never uses a
//! proxy. None follows a redirect, retries, or reads a proxy from the environment.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use url::Url;

use super::private_link::{PrivateRanges, PrivateResolver};

/// How long a token endpoint may take: less than a probe of the target, so that it is the endpoint that is named.
const TOKEN_PATIENCE: Duration = Duration::from_secs(10);

/// How to reach a workspace and what gives tokens for it.
#[derive(Debug, Clone)]
pub struct Network {
    /// Addresses to use for the workspace's name instead of DNS.
    pub resolve: Vec<IpAddr>,
    /// The name server to ask for the workspace's name instead of the machine's.
    pub dns_server: Option<SocketAddr>,
    /// The ranges that its address must lie in; `None` = not checked.
    pub private_ranges: Option<PrivateRanges>,
    /// Certificates to trust instead of the machine's.
    pub ca_file: Option<PathBuf>,
    /// A proxy for everything but the metadata service.
    pub proxy: Option<Url>,
    /// Time limit of one call, connecting included.
    pub timeout: Duration,
    /// Time limit of connecting.
    pub connect_timeout: Duration,
}

impl Default for Network {
    /// The machine's DNS and certificates, default private ranges, no proxy, 60 s a call and 15 s to connect.
    fn default() -> Self {
        Self {
            resolve: Vec::new(),
            dns_server: None,
            private_ranges: Some(PrivateRanges::default()),
            ca_file: None,
            proxy: None,
            timeout: Duration::from_mins(1),
            connect_timeout: Duration::from_secs(15),
        }
    }
}

impl Network {
    /// Looks the workspace's name up as configured and checks where it leads.
    pub(super) fn resolver(&self, workspace_host: &str) -> PrivateResolver {
        let ranges = self.private_ranges.clone().unwrap_or_else(PrivateRanges::everything);
        PrivateResolver::new(workspace_host, self.resolve.clone(), self.dns_server, ranges)
    }

    /// For calls to the workspace.
    pub(super) fn workspace_client(&self, workspace_host: &str) -> Result<reqwest::Client, String> {
        let builder = self
            .builder()?
            .dns_resolver(Arc::new(self.resolver(workspace_host)))
            .timeout(self.timeout);
        finish(self.trusting(builder)?)
    }

    /// For calls to the account, whose host is public: addresses are not checked (rule E5), and the machine's
    /// certificates count besides `ca_file`.
    pub(super) fn account_client(&self, workspace_host: &str) -> Result<reqwest::Client, String> {
        let mut builder = self.public_builder(workspace_host)?.timeout(self.timeout);
        if let Some(path) = &self.ca_file {
            builder = builder.tls_certs_merge(read_certificates(path)?);
        }
        finish(builder)
    }

    /// For the workspace's own token endpoint: its name leads where it leads (rule E5).
    pub(super) fn workspace_token_client(&self, workspace_host: &str) -> Result<reqwest::Client, String> {
        let builder = self.token_builder(workspace_host)?;
        finish(self.trusting(builder)?)
    }

    /// For token endpoints on the internet: the machine's certificates count besides `ca_file`.
    pub(super) fn token_client(&self, workspace_host: &str) -> Result<reqwest::Client, String> {
        let mut builder = self.token_builder(workspace_host)?;
        if let Some(path) = &self.ca_file {
            builder = builder.tls_certs_merge(read_certificates(path)?);
        }
        finish(builder)
    }

    /// For the metadata service, which refuses what came through a proxy.
    pub(super) fn direct_client(&self) -> Result<reqwest::Client, String> {
        let limit = TOKEN_PATIENCE.min(self.timeout);
        finish(plain_builder().connect_timeout(limit).timeout(limit))
    }

    fn token_builder(&self, workspace_host: &str) -> Result<reqwest::ClientBuilder, String> {
        let builder = self.public_builder(workspace_host)?;
        Ok(builder.timeout(self.timeout.min(TOKEN_PATIENCE)))
    }

    /// Names lead where they lead; only the workspace's own is looked up as configured.
    fn public_builder(&self, workspace_host: &str) -> Result<reqwest::ClientBuilder, String> {
        let everything = PrivateRanges::everything();
        let resolver = PrivateResolver::new(workspace_host, self.resolve.clone(), self.dns_server, everything);
        Ok(self.builder()?.dns_resolver(Arc::new(resolver)))
    }

    fn builder(&self) -> Result<reqwest::ClientBuilder, String> {
        let builder = plain_builder().connect_timeout(self.connect_timeout);
        match &self.proxy {
            None => Ok(builder),
            Some(url) => {
                let proxy = reqwest::Proxy::all(url.as_str()).map_err(|error| format!("proxy: {error}"))?;
                Ok(builder.proxy(proxy))
            }
        }
    }

    fn trusting(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, String> {
        match &self.ca_file {
            None => Ok(builder),
            Some(path) => Ok(builder.tls_certs_only(read_certificates(path)?)),
        }
    }
}

fn plain_builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("scim-bridge/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .pool_idle_timeout(Duration::from_secs(30))
        .tcp_nodelay(true)
}

fn finish(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, String> {
    builder
        .build()
        .map_err(|error| format!("the HTTP client cannot be made: {}", deepest_cause(&error)))
}

fn read_certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, String> {
    let pem = std::fs::read(path).map_err(|error| format!("ca_file {}: {error}", path.display()))?;
    let found =
        reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| format!("ca_file {}: {error}", path.display()))?;
    if found.is_empty() {
        return Err(format!("ca_file {}: holds no certificate", path.display()));
    }
    Ok(found)
}

/// The innermost reason: name not found, connection refused, certificate not trusted …
pub(super) fn deepest_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if error.is_timeout() && error.is_connect() {
        "connecting timed out".to_owned()
    } else if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        cause.to_string()
    }
}
