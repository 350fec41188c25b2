//! A Databricks service principal: OAuth with a secret of its own, at the workspace or at the account.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::grant::{Granted, TokenError, ask};
use super::secret::Secret;
use crate::clock::Timestamp;

/// Asks for tokens.
#[derive(Debug)]
pub(super) struct OAuth {
    http: reqwest::Client,
    url: Url,
    client_id: String,
    secret: Secret,
}

impl OAuth {
    pub(super) const fn new(http: reqwest::Client, url: Url, client_id: String, secret: Secret) -> Self {
        Self {
            http,
            url,
            client_id,
            secret,
        }
    }

    pub(super) fn generation(&self) -> u64 {
        self.secret.generation()
    }

    pub(super) async fn fetch(&self, now: Timestamp) -> Result<Granted, TokenError> {
        let secret = self.secret.get().map_err(TokenError::Unavailable)?;
        let pair = SecretString::from(format!("{}:{}", self.client_id, secret.expose_secret()));
        let basic = SecretString::from(format!("Basic {}", STANDARD.encode(pair.expose_secret())));
        let basic = super::sensitive_value(&basic)?;
        let request = self
            .http
            .post(self.url.clone())
            .header(AUTHORIZATION, basic)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials&scope=all-apis");
        ask(request, now).await
    }
}

/// The token endpoint of a workspace.
pub(super) fn of_workspace(workspace_url: &Url) -> Result<Url, String> {
    let joined = workspace_url.join("/oidc/v1/token");
    joined.map_err(|error| format!("workspace_url {workspace_url}: {error}"))
}
