//! Where tokens come from, and the few endpoints around them: Databricks' own OAuth, and stand-ins for Entra, the
//! managed identity of a machine, and Azure's resource manager.
//!
//! None of it needs a credential of Databricks, and none counts against its limits. The surprise: some of it answers from
//! the public front end even when the API does not [inferred, a switch].

mod azure_resource;
mod entra;
mod jwt;
mod managed_identity;
mod oauth;
mod well_known;

use http::Method;

use crate::answer::Answer;
use crate::mock::Mock;
use crate::network::front_end::Call;

pub(crate) use entra::DATABRICKS;

/// An endpoint that works without a credential of Databricks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// `/.well-known/databricks-config`.
    Config,
    /// `…/.well-known/oauth-authorization-server` of the workspace, or of an account.
    Discovery { account: Option<String> },
    /// `…/v1/token` of the workspace, or of an account.
    Token { account: Option<String> },
    /// `/aad/auth`: where browsers are sent to sign in, and so which tenant the workspace belongs to.
    SignIn,
    /// `/{tenant}/oauth2/…token` of Entra.
    Entra { tenant: String, version: entra::Version },
    /// The token endpoint of a machine that runs as a managed identity.
    ManagedIdentity(managed_identity::Form),
    /// A resource in Azure's resource manager.
    AzureResource,
}

/// What about the workspace's place in Azure is fixed for a run.
#[derive(Debug)]
pub(crate) struct Azure {
    pub(crate) tenant_id: String,
    /// `/subscriptions/…/workspaces/…`.
    pub(crate) resource_id: String,
    /// What the App Service form of the managed identity wants in its header.
    pub(crate) identity_header: String,
}

impl Endpoint {
    /// The endpoint a call is for, if it is one of these.
    pub(crate) fn find(call: &Call) -> Option<Self> {
        let (method, path) = (&call.method, call.path.as_str());
        let (endpoint, served) = if path == "/.well-known/databricks-config" {
            (Self::Config, Method::GET)
        } else if path == "/aad/auth" {
            (Self::SignIn, Method::GET)
        } else if let Some(rest) = path.strip_prefix("/oidc/") {
            Self::oidc(rest)?
        } else {
            Self::azure(path)?
        };
        let site = call.site;
        let here = match &endpoint {
            Self::Config => site.serves_workspace() || site.serves_account(),
            Self::SignIn => site.serves_workspace(),
            Self::Discovery { account } | Self::Token { account } => match account {
                Some(_) => site.serves_account(),
                None => site.serves_workspace(),
            },
            Self::Entra { .. } | Self::ManagedIdentity(_) | Self::AzureResource => site.serves_azure(),
        };
        (here && *method == served).then_some(endpoint)
    }

    fn oidc(rest: &str) -> Option<(Self, Method)> {
        let (account, rest) = match rest.strip_prefix("accounts/") {
            Some(rest) => {
                let (account, rest) = rest.split_once('/')?;
                (Some(account.to_owned()), rest)
            }
            None => (None, rest),
        };
        match rest {
            ".well-known/oauth-authorization-server" => Some((Self::Discovery { account }, Method::GET)),
            "v1/token" => Some((Self::Token { account }, Method::POST)),
            _ => None,
        }
    }

    fn azure(path: &str) -> Option<(Self, Method)> {
        if path == "/metadata/identity/oauth2/token" {
            return Some((Self::ManagedIdentity(managed_identity::Form::Machine), Method::GET));
        }
        if path == "/msi/token" {
            return Some((Self::ManagedIdentity(managed_identity::Form::AppService), Method::GET));
        }
        if path.starts_with("/subscriptions/") {
            return Some((Self::AzureResource, Method::GET));
        }
        let (tenant, rest) = path.strip_prefix('/')?.split_once('/')?;
        let version = match rest {
            "oauth2/token" => entra::Version::V1,
            "oauth2/v2.0/token" => entra::Version::V2,
            _ => return None,
        };
        let tenant = tenant.to_owned();
        Some((Self::Entra { tenant, version }, Method::POST))
    }

    /// Whether this is part of the workspace's own front, and so behind Private Link unless the switch says otherwise.
    pub(crate) fn is_of_workspace(&self) -> bool {
        matches!(
            self,
            Self::Config | Self::SignIn | Self::Discovery { account: None } | Self::Token { account: None }
        )
    }

    /// Whether it belongs to Azure and not to Databricks.
    pub(crate) fn is_of_azure(&self) -> bool {
        matches!(
            self,
            Self::Entra { .. } | Self::ManagedIdentity(_) | Self::AzureResource
        )
    }

    /// Answers a call.
    pub(crate) fn answer(&self, mock: &Mock, call: &Call) -> Answer {
        match self {
            Self::Config => well_known::config(mock, call),
            Self::Discovery { account } => well_known::discovery(mock, call, account.as_deref()),
            Self::SignIn => well_known::sign_in(mock),
            Self::Token { account } => oauth::token(mock, call, account.as_deref()),
            Self::Entra { tenant, version } => entra::token(mock, call, tenant, *version),
            Self::ManagedIdentity(form) => managed_identity::token(mock, call, *form),
            Self::AzureResource => azure_resource::read(mock, call),
        }
    }
}

/// The fields of a form, the last of a name winning.
struct Form(std::collections::HashMap<String, String>);

impl Form {
    fn parse(body: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(body).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}
