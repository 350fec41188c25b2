//! An Entra application: a token of Microsoft's identity platform for Databricks as its resource.

use http::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};

use super::DATABRICKS_RESOURCE;
use super::grant::{Granted, TokenError, ask};
use super::secret::Secret;
use crate::clock::Timestamp;

/// Asks for tokens of one resource.
#[derive(Debug, Clone)]
pub(super) struct Entra {
    http: reqwest::Client,
    url: Url,
    client_id: String,
    secret: Secret,
    resource: String,
}

impl Entra {
    /// For Databricks.
    pub(super) fn new(http: reqwest::Client, url: Url, client_id: String, secret: Secret) -> Self {
        Self {
            http,
            url,
            client_id,
            secret,
            resource: DATABRICKS_RESOURCE.to_owned(),
        }
    }

    /// The same application, asking for another resource's tokens.
    pub(super) fn for_resource(self, resource: &str) -> Self {
        Self {
            resource: resource.to_owned(),
            ..self
        }
    }

    pub(super) fn generation(&self) -> u64 {
        self.secret.generation()
    }

    pub(super) async fn fetch(&self, now: Timestamp) -> Result<Granted, TokenError> {
        let secret = self.secret.get().map_err(TokenError::Unavailable)?;
        // A resource that ends with a slash keeps it: the audience of the token is that very text.
        let form: SecretString = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", secret.expose_secret())
            .append_pair("scope", &format!("{}/.default", self.resource))
            .finish()
            .into();
        let request = self
            .http
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.expose_secret().to_owned());
        ask(request, now).await
    }
}

/// The token endpoint of a tenant, version 2.
pub(super) fn token_url(login_url: &Url, tenant_id: &str) -> Result<Url, String> {
    let path = format!("/{tenant_id}/oauth2/v2.0/token");
    login_url
        .join(&path)
        .map_err(|error| format!("entra.login_url {login_url}: {error}"))
}
