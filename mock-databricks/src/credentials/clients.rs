//! Who can get tokens: OAuth secrets of service principals, and applications registered in Entra.

use std::collections::{BTreeMap, BTreeSet};

/// Secrets a service principal may have [documented].
pub(crate) const MOST_SECRETS: usize = 5;

/// Clients by their client id, which is the `applicationId` of a service principal.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    oauth: BTreeMap<String, Vec<String>>,
    applications: BTreeMap<String, Application>,
    /// Tokens of an identity provider that stand for a client in a token exchange.
    federated: BTreeMap<String, String>,
}

/// An application registered in Entra.
#[derive(Debug, Default)]
pub(crate) struct Application {
    secrets: Vec<String>,
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

/// Why a machine gets no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoIdentity {
    /// None is assigned, or not this one.
    Absent,
    /// The request does not say which.
    Several,
}

/// A service principal has as many secrets as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManySecrets;

impl Clients {
    /// Adds an OAuth secret.
    ///
    /// # Errors
    ///
    /// [`TooManySecrets`] if the service principal has five already.
    pub(crate) fn add_oauth(&mut self, client_id: &str, secret: &str) -> Result<(), TooManySecrets> {
        let secrets = self.oauth.entry(client_id.to_owned()).or_default();
        add(secrets, secret, MOST_SECRETS)
    }

    /// Takes an OAuth secret away, which makes room for another.
    pub(crate) fn withdraw_oauth(&mut self, client_id: &str, secret: &str) {
        if let Some(secrets) = self.oauth.get_mut(client_id) {
            secrets.retain(|held| held != secret);
        }
    }

    /// Whether a secret is one of the client's.
    pub(crate) fn is_oauth(&self, client_id: &str, secret: &str) -> bool {
        self.oauth.get(client_id).is_some_and(|secrets| holds(secrets, secret))
    }

    /// An application in Entra, registered if it was not.
    pub(crate) fn register(&mut self, client_id: &str) -> &mut Application {
        self.applications.entry(client_id.to_owned()).or_default()
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
    ///
    /// # Errors
    ///
    /// [`NoIdentity`] if none is meant, or more than one.
    pub(crate) fn managed_identity(&self, client_id: Option<&str>) -> Result<&str, NoIdentity> {
        let mut found = self
            .applications()
            .filter(|(id, application)| application.managed_identity && client_id.is_none_or(|wanted| wanted == *id));
        let (id, _) = found.next().ok_or(NoIdentity::Absent)?;
        match found.next() {
            None => Ok(id),
            Some(_) => Err(NoIdentity::Several),
        }
    }

    /// Lets a token of an identity provider stand for a client.
    pub(crate) fn federate(&mut self, subject_token: &str, client_id: &str) {
        self.federated.insert(subject_token.to_owned(), client_id.to_owned());
    }

    /// Ends that a token of an identity provider stands for somebody.
    pub(crate) fn end_federation(&mut self, subject_token: &str) {
        self.federated.remove(subject_token);
    }

    /// The client an identity provider's token stands for.
    pub(crate) fn federated(&self, subject_token: &str) -> Option<&str> {
        self.federated.get(subject_token).map(String::as_str)
    }

    /// All client ids with a working OAuth secret.
    pub(crate) fn oauth_ids(&self) -> BTreeSet<&str> {
        let working = self.oauth.iter().filter(|(_, secrets)| !secrets.is_empty());
        working.map(|(id, _)| id.as_str()).collect()
    }
}

impl Application {
    pub(crate) fn is_secret(&self, secret: &str) -> bool {
        holds(&self.secrets, secret)
    }

    /// Adds a secret; Entra has no limit worth a refusal here.
    pub(crate) fn add_secret(&mut self, secret: &str) {
        // Never too many.
        let _ = add(&mut self.secrets, secret, usize::MAX);
    }

    pub(crate) fn withdraw_secret(&mut self, secret: &str) {
        self.secrets.retain(|held| held != secret);
    }
}

fn holds(secrets: &[String], text: &str) -> bool {
    secrets.iter().any(|secret| secret == text)
}

fn add(secrets: &mut Vec<String>, text: &str, most: usize) -> Result<(), TooManySecrets> {
    if holds(secrets, text) {
        return Ok(());
    }
    if secrets.len() >= most {
        return Err(TooManySecrets);
    }
    secrets.push(text.to_owned());
    Ok(())
}
