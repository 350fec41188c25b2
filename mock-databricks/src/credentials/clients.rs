//! Who can get tokens: OAuth secrets of service principals, and applications registered in Entra.

use std::collections::{BTreeMap, BTreeSet};

/// Secrets a service principal may have [documented].
pub(crate) const MOST_SECRETS: usize = 5;

/// Clients by their client id, which is the `applicationId` of a service principal.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    oauth: BTreeMap<String, Vec<Secret>>,
    applications: BTreeMap<String, Application>,
    /// Tokens of an identity provider that stand for a client in a token exchange.
    federated: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Secret {
    text: String,
    valid: bool,
}

/// An application registered in Entra.
#[derive(Debug, Default)]
pub(crate) struct Application {
    secrets: Vec<Secret>,
    /// Its role on the Azure resource of the workspace, if any.
    pub(crate) role: Option<AzureRole>,
    /// Whether machines that run as this identity get its tokens without a secret.
    pub(crate) managed_identity: bool,
}

/// A role on the Azure resource of the workspace; both let their holder in [documented].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AzureRole {
    Contributor,
    Owner,
}

impl AzureRole {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Contributor => "contributor",
            Self::Owner => "owner",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Contributor, Self::Owner]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// A service principal has as many secrets as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManySecrets;

impl Clients {
    /// Makes an OAuth secret work or stop working.
    pub(crate) fn set_oauth(&mut self, client_id: &str, secret: &str, valid: bool) -> Result<(), TooManySecrets> {
        let secrets = self.oauth.entry(client_id.to_owned()).or_default();
        let room = secrets.len() < MOST_SECRETS;
        set(secrets, secret, valid, room)
    }

    /// Whether a secret is one of the client's.
    pub(crate) fn is_oauth(&self, client_id: &str, secret: &str) -> bool {
        self.oauth.get(client_id).is_some_and(|secrets| holds(secrets, secret))
    }

    /// Registers an application in Entra, or one more secret of it.
    pub(crate) fn register(&mut self, client_id: &str, secret: Option<&str>, valid: bool) -> &mut Application {
        let application = self.applications.entry(client_id.to_owned()).or_default();
        if let Some(secret) = secret {
            // Entra has no such limit worth a refusal here.
            let _ = set(&mut application.secrets, secret, valid, true);
        }
        application
    }

    pub(crate) fn application(&self, client_id: &str) -> Option<&Application> {
        self.applications.get(client_id)
    }

    pub(crate) fn applications(&self) -> impl Iterator<Item = (&str, &Application)> {
        self.applications
            .iter()
            .map(|(id, application)| (id.as_str(), application))
    }

    /// The managed identity meant by a request, which may leave out the id if there is one only.
    pub(crate) fn managed_identity(&self, client_id: Option<&str>) -> Option<&str> {
        let mut found = self
            .applications()
            .filter(|(id, application)| application.managed_identity && client_id.is_none_or(|wanted| wanted == *id));
        let (id, _) = found.next()?;
        found.next().is_none().then_some(id)
    }

    /// Lets a token of an identity provider stand for a client.
    pub(crate) fn federate(&mut self, subject_token: &str, client_id: &str) {
        self.federated.insert(subject_token.to_owned(), client_id.to_owned());
    }

    /// The client an identity provider's token stands for.
    pub(crate) fn federated(&self, subject_token: &str) -> Option<&str> {
        self.federated.get(subject_token).map(String::as_str)
    }

    /// All client ids with a working OAuth secret.
    pub(crate) fn oauth_ids(&self) -> BTreeSet<&str> {
        let working = self
            .oauth
            .iter()
            .filter(|(_, secrets)| secrets.iter().any(|secret| secret.valid));
        working.map(|(id, _)| id.as_str()).collect()
    }
}

impl Application {
    pub(crate) fn is_secret(&self, secret: &str) -> bool {
        holds(&self.secrets, secret)
    }
}

fn holds(secrets: &[Secret], text: &str) -> bool {
    secrets.iter().any(|secret| secret.valid && secret.text == text)
}

fn set(secrets: &mut Vec<Secret>, text: &str, valid: bool, room: bool) -> Result<(), TooManySecrets> {
    match secrets.iter_mut().find(|secret| secret.text == text) {
        Some(secret) => secret.valid = valid,
        None if room => secrets.push(Secret {
            text: text.to_owned(),
            valid,
        }),
        None => return Err(TooManySecrets),
    }
    Ok(())
}
