//! The configuration: one TOML file, each key overridable by an environment variable.
//!
//! Its surprise is what it does not hold: no secret stands in it, only the names of
//! files that hold one. An error names file, line and key, and what to write instead.

mod adopt;
mod assign;
mod credential;
mod drift;
mod entitlements;
mod guard;
mod load;
mod ops;
mod reconcile;
mod record;
mod server;
mod store;
mod target;
mod test;

use std::path::{Path, PathBuf};

pub use adopt::AdoptSection;
pub use assign::AssignSection;
pub use credential::{EntraSection, ManagedIdentitySection, OauthSection};
pub use drift::{DriftMode, DriftSection, Widening};
pub use entitlements::EntitlementsSection;
pub use guard::GuardSection;
pub use load::ConfigError;
pub use ops::OpsSection;
pub use reconcile::ReconcileSection;
pub use record::RecordSection;
pub use server::ServerSection;
pub use store::StoreSection;
pub use target::{Mode, TargetSection};
pub use test::TestSection;

use serde::Deserialize;

/// A whole configuration, checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The SCIM endpoint.
    pub server: ServerSection,
    /// The store.
    pub store: StoreSection,
    /// The Databricks workspace.
    pub target: TargetSection,
    /// The operations listener.
    #[serde(default)]
    pub ops: OpsSection,
    /// Intervals and sizes of the reconciler.
    #[serde(default)]
    pub reconcile: ReconcileSection,
    /// What is taken over where it exists.
    #[serde(default)]
    pub adopt: AdoptSection,
    /// What groups are given by their names.
    #[serde(default)]
    pub entitlements: EntitlementsSection,
    /// Which groups of the account are assigned to a workspace.
    #[serde(default)]
    pub assign: Option<AssignSection>,
    /// What happens where somebody else changed the target.
    #[serde(default)]
    pub drift: DriftSection,
    /// When so much is taken away that a person is asked.
    #[serde(default)]
    pub guard: GuardSection,
    /// How long the provisioning log is kept.
    #[serde(default)]
    pub record: RecordSection,
    /// Keys for rehearsals and tests.
    #[serde(default)]
    pub test: TestSection,
}

impl Config {
    /// Reads and checks the configuration at `path`, with the environment on top. Relative paths
    /// in it are relative to the file.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] naming file, line and key, and the remedy.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        load::load(path, std::env::vars())
    }

    fn resolve_paths(&mut self, beside: &Path) {
        let resolve = |path: &mut PathBuf| {
            if path.is_relative() {
                *path = beside.join(&*path);
            }
        };
        resolve(&mut self.server.certificate);
        resolve(&mut self.server.private_key);
        resolve(&mut self.server.token_file);
        resolve(&mut self.store.path);
        let target = &mut self.target;
        let oauth = target
            .oauth
            .as_mut()
            .and_then(|oauth| oauth.client_secret_file.as_mut());
        let entra = target
            .entra
            .as_mut()
            .and_then(|entra| entra.client_secret_file.as_mut());
        let of_target = [target.token_file.as_mut(), target.ca_file.as_mut(), oauth, entra];
        of_target.into_iter().flatten().for_each(resolve);
    }

    /// What no single key can check: gives section, key and reason.
    fn check(&self) -> Result<(), (&'static str, String, String)> {
        let at = |section| move |(key, why): (&'static str, String)| (section, key.to_owned(), why);
        self.server.check().map_err(at("server"))?;
        self.ops.check().map_err(at("ops"))?;
        self.target.check().map_err(at("target"))?;
        self.reconcile.check().map_err(at("reconcile"))?;
        self.check_entitlements()
            .map_err(|(key, why)| ("entitlements", key, why))?;
        let assign = self.assign.as_ref();
        assign.map_or(Ok(()), |assign| assign.check(self.target.level).map_err(at("assign")))?;
        self.drift.check().map_err(at("drift"))?;
        self.guard.check().map_err(at("guard"))?;
        self.record.check().map_err(at("record"))?;
        self.test.check().map_err(at("test"))?;
        Ok(())
    }

    fn check_entitlements(&self) -> Result<(), (String, String)> {
        if self.target.level.is_account()
            && let Some((pattern, _)) = self.entitlements.patterns().first()
        {
            let why = "only workspaces know entitlements: remove the section, or set target.level = \"workspace\"";
            return Err((pattern.clone(), why.to_owned()));
        }
        self.entitlements.check()
    }
}
