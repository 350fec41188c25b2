//! The identity of the machine: the metadata service gives its tokens to whoever runs there.
//!
//! It is link-local and plain HTTP; it refuses what came through a proxy, and what does
//! not say that it means it.

use secrecy::SecretString;

use super::grant::{Granted, TokenError, ask};
use super::{DATABRICKS_RESOURCE, MetadataEndpoint};
use crate::clock::Timestamp;

/// Asks for tokens of one resource.
#[derive(Debug, Clone)]
pub(super) struct ManagedIdentity {
    http: reqwest::Client,
    endpoint: MetadataEndpoint,
    client_id: Option<String>,
    resource: String,
}

impl ManagedIdentity {
    /// For Databricks.
    pub(super) fn new(http: reqwest::Client, endpoint: MetadataEndpoint, client_id: Option<String>) -> Self {
        Self {
            http,
            endpoint,
            client_id,
            resource: DATABRICKS_RESOURCE.to_owned(),
        }
    }

    /// The same identity, asking for another resource's tokens.
    pub(super) fn for_resource(self, resource: &str) -> Self {
        Self {
            resource: resource.to_owned(),
            ..self
        }
    }

    pub(super) async fn fetch(&self, now: Timestamp) -> Result<Granted, TokenError> {
        let (mut url, version, name, value) = match &self.endpoint {
            MetadataEndpoint::Machine(base) => {
                let url = base.join("/metadata/identity/oauth2/token");
                let url = url.map_err(|error| TokenError::Unavailable(format!("{base}: {error}")))?;
                (url, "2018-02-01", "Metadata", SecretString::from("true"))
            }
            MetadataEndpoint::AppService { url, header } => {
                (url.clone(), "2019-08-01", "X-IDENTITY-HEADER", header.clone())
            }
        };
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("api-version", version)
                .append_pair("resource", &self.resource);
            if let Some(client_id) = &self.client_id {
                query.append_pair("client_id", client_id);
            }
        }
        let value = super::sensitive_value(&value)?;
        ask(self.http.get(url).header(name, value), now).await
    }
}
