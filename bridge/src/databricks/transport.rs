//! Sending one request and taking in its whole answer.

use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER};
use serde_json::Value;

use super::answer::{Raw, classify};
use super::credentials::{Credential, Presented};
use super::error::{DatabricksError, Unknown};
use super::network::deepest_cause;

/// A larger answer than this is not Databricks'.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// Sends requests with a credential.
pub(super) struct Transport {
    pub(super) http: reqwest::Client,
    pub(super) credential: Credential,
}

/// An answer with what its headers say.
pub(super) struct Exchange {
    pub(super) status: u16,
    pub(super) value: Option<Value>,
    pub(super) date: Option<String>,
    pub(super) workspace_id: Option<String>,
}

impl Transport {
    /// Sends a request; once more with a new token after a 401, which proves that there was no effect (rule B2).
    pub(super) async fn exchange(
        &self,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<Exchange, DatabricksError> {
        let presented = self.credential.present().await?;
        let first = self.send(&presented, method.clone(), url, body).await;
        match first {
            Err(DatabricksError::NotAdmitted { status: 401, .. }) if self.credential.refused(&presented) => {
                let renewed = self.credential.present().await?;
                self.send(&renewed, method, url, body).await
            }
            other => other,
        }
    }

    async fn send(
        &self,
        presented: &Presented,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<Exchange, DatabricksError> {
        let mut request = presented
            .sign(self.http.request(method, url))?
            .header(ACCEPT, "application/scim+json, application/json");
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, "application/scim+json; charset=utf-8")
                .body(body.to_string());
        }
        let response = request.send().await.map_err(|error| unsent_or_unknown(&error))?;
        let status = response.status().as_u16();
        let text = |name: &str| {
            let value = response.headers().get(name).and_then(|value| value.to_str().ok());
            value.map(str::to_owned)
        };
        let (location, retry_after) = (text(LOCATION.as_str()), text(RETRY_AFTER.as_str()));
        let (content_type, date) = (text(CONTENT_TYPE.as_str()), text(DATE.as_str()));
        let workspace_id = text("x-databricks-org-id");
        let body = whole_body(response).await?;
        let value = classify(Raw {
            status,
            location: location.as_deref(),
            retry_after: retry_after.as_deref(),
            content_type: content_type.as_deref(),
            body: &body,
        })?;
        Ok(Exchange {
            status,
            value,
            date,
            workspace_id,
        })
    }
}

async fn whole_body(mut response: reqwest::Response) -> Result<Vec<u8>, DatabricksError> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= LARGEST_ANSWER => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Ok(Some(_)) | Err(_) => return Err(DatabricksError::OutcomeUnknown(Unknown::Cut)),
        }
    }
}

/// Only a failure to connect proves that nothing was sent (rule B2).
fn unsent_or_unknown(error: &reqwest::Error) -> DatabricksError {
    if error.is_connect() || error.is_builder() {
        return DatabricksError::Unreachable {
            cause: deepest_cause(error),
        };
    }
    if error.is_timeout() {
        return DatabricksError::OutcomeUnknown(Unknown::TimedOut);
    }
    DatabricksError::OutcomeUnknown(Unknown::Cut)
}
