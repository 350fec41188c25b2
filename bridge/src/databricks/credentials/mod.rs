//! How the bridge proves who it is at Databricks.
//!
//! A personal access token is sent as it is; everything else is traded for a short
//! token at a token endpoint, kept and renewed by [`cache`]. What the rest of the
//! bridge sees is the same for all: the headers of a call, and a number that changes
//! when the credential does (rule C8) — not when a token is merely renewed.

mod cache;
mod entra;
mod grant;
mod managed_identity;
mod oauth;
mod secret;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use self::cache::{Token, TokenCache};
use self::entra::Entra;
use self::grant::TokenError;
use self::managed_identity::ManagedIdentity;
use self::oauth::OAuth;
use self::secret::Secret;
use super::error::DatabricksError;
use super::network::Network;
use crate::clock::{Clock, Timestamp};

/// Databricks as a resource of Entra, the same in all clouds.
const DATABRICKS_RESOURCE: &str = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";

/// Where a secret stands.
#[derive(Debug, Clone)]
pub enum SecretFrom {
    /// The first line of a file, read again when it changes.
    File(PathBuf),
    /// The first line that a program prints; its arguments follow. Run without a shell.
    Command(Vec<String>),
}

/// Which credential.
#[derive(Debug, Clone)]
pub enum CredentialKind {
    /// A personal access token.
    Pat(SecretFrom),
    /// A Databricks service principal, at `token_url`.
    OAuth {
        /// Its application id.
        client_id: String,
        /// Its OAuth secret.
        secret: SecretFrom,
        /// An account's token endpoint; `None` = the workspace's own.
        token_url: Option<Url>,
    },
    /// An Entra application.
    Entra {
        /// `https://login.microsoftonline.com`, or another cloud's.
        login_url: Url,
        /// Directory id.
        tenant_id: String,
        /// Application id.
        client_id: String,
        /// A client secret.
        secret: SecretFrom,
    },
    /// The identity of the machine.
    ManagedIdentity {
        /// One of several.
        client_id: Option<String>,
        /// Where to ask.
        endpoint: MetadataEndpoint,
    },
}

/// Who gives out the tokens of a managed identity.
#[derive(Debug, Clone)]
pub enum MetadataEndpoint {
    /// The metadata service of a virtual machine, by its address.
    Machine(Url),
    /// The one of App Service and Container Apps.
    AppService {
        /// `IDENTITY_ENDPOINT`.
        url: Url,
        /// `IDENTITY_HEADER`.
        header: SecretString,
    },
}

/// For a principal that is not in the workspace yet, but may manage it in Azure.
#[derive(Debug, Clone)]
pub struct AzureWorkspace {
    /// `/subscriptions/…/workspaces/NAME`.
    pub resource_id: String,
    /// The resource of the management token: `https://management.core.windows.net/`, or another cloud's.
    pub management_url: Url,
}

/// A credential as it is configured.
#[derive(Debug, Clone)]
pub struct CredentialOptions {
    /// Which.
    pub kind: CredentialKind,
    /// Goes with Entra tokens only.
    pub azure: Option<AzureWorkspace>,
}

/// A credential in use. Cheap to clone; clones share their tokens.
#[derive(Debug, Clone)]
pub struct Credential(Arc<Inner>);

#[derive(Debug)]
enum Inner {
    Pat(Secret),
    Traded {
        name: &'static str,
        tokens: TokenCache,
        management: Option<(TokenCache, String)>,
    },
}

/// What goes with a call.
pub(super) struct Presented {
    bearer: SecretString,
    /// Management token and resource id of the workspace.
    azure: Option<(SecretString, String)>,
    /// Numbers of the tokens used, to say which were refused.
    tokens: Vec<u64>,
}

impl Presented {
    /// Writes the headers.
    pub(super) fn sign(&self, request: reqwest::RequestBuilder) -> Result<reqwest::RequestBuilder, DatabricksError> {
        let bearer = SecretString::from(format!("Bearer {}", self.bearer.expose_secret()));
        let request = request.header(http::header::AUTHORIZATION, sensitive_value(&bearer)?);
        Ok(match &self.azure {
            None => request,
            Some((token, resource_id)) => request
                .header("X-Databricks-Azure-SP-Management-Token", sensitive_value(token)?)
                .header("X-Databricks-Azure-Workspace-Resource-Id", resource_id),
        })
    }
}

impl Credential {
    /// A personal access token in the first line of the file at `path`.
    ///
    /// # Errors
    ///
    /// A sentence naming the file when it cannot be read or is empty.
    pub fn token_file(path: &Path) -> Result<Self, String> {
        Ok(Self(Arc::new(Inner::Pat(Secret::file(path)?))))
    }

    /// The credential of `options` for the workspace at `workspace_url`. Nothing is asked for yet, but
    /// files are read and commands run once.
    ///
    /// # Errors
    ///
    /// A sentence saying what cannot be read or run.
    pub async fn open(
        options: CredentialOptions,
        workspace_url: &Url,
        network: &Network,
        clock: Clock,
    ) -> Result<Self, String> {
        let host = workspace_url.host_str().unwrap_or_default();
        let azure = options.azure;
        let traded = |name, tokens, management: Option<TokenCache>| Inner::Traded {
            name,
            tokens,
            management: management.zip(azure.as_ref().map(|azure| azure.resource_id.clone())),
        };
        let cached = |source| TokenCache::new(source, clock);
        let inner = match options.kind {
            CredentialKind::Pat(from) => Inner::Pat(Secret::open(from, clock).await?),
            CredentialKind::OAuth {
                client_id,
                secret,
                token_url,
            } => {
                let secret = Secret::open(secret, clock).await?;
                let (http, url) = match token_url {
                    Some(url) => (network.token_client(host)?, url),
                    None => (
                        network.workspace_token_client(host)?,
                        oauth::of_workspace(workspace_url)?,
                    ),
                };
                traded("oauth", cached(OAuth::new(http, url, client_id, secret).into()), None)
            }
            CredentialKind::Entra {
                login_url,
                tenant_id,
                client_id,
                secret,
            } => {
                let secret = Secret::open(secret, clock).await?;
                let url = entra::token_url(&login_url, &tenant_id)?;
                let entra = Entra::new(network.token_client(host)?, url, client_id, secret);
                let management = azure
                    .as_ref()
                    .map(|azure| entra.clone().for_resource(azure.management_url.as_str()));
                traded(
                    "entra",
                    cached(entra.into()),
                    management.map(|entra| cached(entra.into())),
                )
            }
            CredentialKind::ManagedIdentity { client_id, endpoint } => {
                let identity = ManagedIdentity::new(network.direct_client()?, endpoint, client_id);
                let management = azure
                    .as_ref()
                    .map(|azure| identity.clone().for_resource(azure.management_url.as_str()));
                let management = management.map(|identity| cached(identity.into()));
                traded("managed-identity", cached(identity.into()), management)
            }
        };
        Ok(Self(Arc::new(inner)))
    }

    /// One word for the kind: `token`, `oauth`, `entra`, `managed-identity`.
    pub fn kind(&self) -> &'static str {
        match &*self.0 {
            Inner::Pat(_) => "token",
            Inner::Traded { name, .. } => name,
        }
    }

    /// Another number is another credential than before, and perhaps another identity (rule C8). A token
    /// that is merely renewed keeps the number.
    pub fn generation(&self) -> u64 {
        match &*self.0 {
            Inner::Pat(secret) => secret.generation(),
            Inner::Traded { tokens, .. } => tokens.generation(),
        }
    }

    /// When what is held now ends; `None` for one that does not say, or when nothing is held.
    pub fn expires_at(&self) -> Option<Timestamp> {
        match &*self.0 {
            Inner::Pat(_) => None,
            Inner::Traded { tokens, management, .. } => {
                let management = management.as_ref().and_then(|(tokens, _)| tokens.expires_at());
                tokens.expires_at().into_iter().chain(management).min()
            }
        }
    }

    /// What goes with the next call. Asks a token endpoint if nothing usable is held.
    pub(super) async fn present(&self) -> Result<Presented, DatabricksError> {
        match &*self.0 {
            Inner::Pat(secret) => Ok(Presented {
                bearer: secret.get().map_err(TokenError::Unavailable)?,
                azure: None,
                tokens: Vec::new(),
            }),
            Inner::Traded { tokens, management, .. } => {
                let Token { value, number, .. } = tokens.get().await?;
                let (mut numbers, mut azure) = (vec![number], None);
                if let Some((management, resource_id)) = management {
                    let token = management.get().await?;
                    numbers.push(token.number);
                    azure = Some((token.value, resource_id.clone()));
                }
                Ok(Presented {
                    bearer: value,
                    azure,
                    tokens: numbers,
                })
            }
        }
    }

    /// Databricks answered 401 to `presented`: drops its tokens. True if it is worth asking once more with new ones.
    pub(super) fn refused(&self, presented: &Presented) -> bool {
        match &*self.0 {
            Inner::Pat(_) => false,
            Inner::Traded { tokens, management, .. } => {
                let caches = std::iter::once(tokens).chain(management.iter().map(|(tokens, _)| tokens));
                let dropped = caches
                    .zip(&presented.tokens)
                    .map(|(cache, &number)| cache.refused(number));
                dropped.fold(false, |any, dropped| any | dropped)
            }
        }
    }
}

impl From<TokenError> for DatabricksError {
    /// Nothing was sent to Databricks: either way there was no effect (rule B2).
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Refused { status, detail } => Self::NotAdmitted {
                status,
                detail: format!("credential refused: {detail}"),
            },
            TokenError::Unavailable(why) => Self::Unreachable {
                cause: format!("credential unavailable: {why}"),
            },
        }
    }
}

/// A value for a header that logs do not show.
fn sensitive_value(secret: &SecretString) -> Result<http::HeaderValue, TokenError> {
    let mut value = http::HeaderValue::from_str(secret.expose_secret())
        .map_err(|_| TokenError::Unavailable("the secret has characters that no header takes".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}
