//! Workload identity federation: an assertion is exchanged for an access token.
//!
//! The token endpoint lies outside the tenant URL; the form and its answer are documented
//! (reference §3).

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Connection, ConnectionError, connection::chain};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What is entered instead of a secret token.
#[derive(Clone, Debug)]
pub struct FederatedCredential {
    /// URL of the token endpoint.
    pub token_endpoint: String,
    /// The application at the token endpoint.
    pub client_id: String,
    /// A JWT signed by the identity provider.
    pub assertion: SecretString,
    /// What the token is for.
    pub scope: String,
}

/// An access token and how long it lives.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// Sent as bearer.
    pub token: SecretString,
    /// Seconds from now.
    pub expires_in: u64,
}

/// Why no token was given.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Correct the endpoint's URL or the CA file.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// Try again later: the endpoint did not answer.
    #[error("token endpoint did not answer: {0}")]
    NoAnswer(String),
    /// Correct the credential: the endpoint refused it.
    #[error("token endpoint answered {status}")]
    Refused {
        /// HTTP status.
        status: u16,
    },
    /// The endpoint answered something else than a bearer token.
    #[error("token endpoint answered no bearer token")]
    Unreadable,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    token_type: String,
    #[serde(default)]
    expires_in: u64,
}

impl FederatedCredential {
    /// The form as it is posted.
    pub fn form(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.client_id)
            .append_pair("client_assertion_type", ASSERTION_TYPE)
            .append_pair("client_assertion", self.assertion.expose_secret())
            .append_pair("scope", &self.scope)
            .finish()
    }

    /// Exchanges the assertion for an access token.
    ///
    /// # Errors
    ///
    /// [`TokenError`], split by who can mend it.
    pub async fn exchange(&self) -> Result<AccessToken, TokenError> {
        let endpoint = Connection::new(self.token_endpoint.clone(), "unused");
        let response = endpoint
            .http_client()?
            .post(&self.token_endpoint)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(self.form())
            .send()
            .await
            .map_err(|error| TokenError::NoAnswer(chain(&error.without_url())))?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(TokenError::Refused { status });
        }
        let answer: TokenAnswer = response.json().await.map_err(|_| TokenError::Unreadable)?;
        if !answer.token_type.eq_ignore_ascii_case("bearer") {
            return Err(TokenError::Unreadable);
        }
        Ok(AccessToken {
            token: answer.access_token,
            expires_in: answer.expires_in,
        })
    }
}
