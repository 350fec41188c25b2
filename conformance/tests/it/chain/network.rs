//! The bridge's client in front of the mock itself: where DNS leads in its two views, and every credential.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bridge::clock::Clock;
use bridge::databricks::{
    AzureWorkspace, Client, ClientOptions, Credential, CredentialKind, CredentialOptions, DatabricksError,
    MetadataEndpoint, Network, PrivateRanges, SecretFrom,
};
use mock_databricks::{Limits, MockDatabricks, Options};

struct Scene {
    databricks: MockDatabricks,
    folder: tempfile::TempDir,
}

impl Scene {
    async fn start() -> Self {
        let options = Options {
            limits: Limits::Off,
            ..Options::ephemeral()
        };
        Self {
            databricks: MockDatabricks::start(options).await.unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn secret(&self, text: &str) -> SecretFrom {
        let path: PathBuf = self.folder.path().join("secret");
        std::fs::write(&path, text).unwrap();
        SecretFrom::File(path)
    }

    /// As inside: only the private front end's address counts as private.
    fn network(&self, dns: SocketAddr) -> Network {
        let private: url::Url = self.databricks.private_url().parse().unwrap();
        let range = format!("{}/32", private.host_str().unwrap());
        Network {
            dns_server: Some(dns),
            private_ranges: Some(PrivateRanges::new(vec![range.parse().unwrap()])),
            ca_file: Some(self.databricks.ca_file().to_owned()),
            timeout: Duration::from_secs(20),
            ..Network::default()
        }
    }

    async fn client(&self, kind: CredentialKind, azure: Option<AzureWorkspace>, network: Network) -> Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let private: url::Url = self.databricks.private_url().parse().unwrap();
        let url = format!(
            "https://{}:{}",
            self.databricks.workspace_host(),
            private.port().unwrap()
        );
        let workspace_url: url::Url = url.parse().unwrap();
        let options = CredentialOptions { kind, azure };
        let credential = Credential::open(options, &workspace_url, &network, Clock::system())
            .await
            .unwrap();
        Client::new(ClientOptions {
            workspace_url,
            credential,
            network,
        })
        .unwrap()
    }

    async fn client_at(&self, dns: SocketAddr) -> Client {
        let token = self.secret(self.databricks.token());
        self.client(CredentialKind::Pat(token), None, self.network(dns)).await
    }

    /// Who the bridge is with this credential.
    async fn me(&self, kind: CredentialKind, azure: Option<AzureWorkspace>) -> Result<String, DatabricksError> {
        let network = self.network(self.databricks.dns());
        Ok(self.client(kind, azure, network).await.me().await?.value.user_name)
    }

    fn azure(&self) -> AzureWorkspace {
        AzureWorkspace {
            resource_id: self.databricks.resource_id().to_owned(),
            management_url: "https://management.core.windows.net/".parse().unwrap(),
        }
    }

    fn entra(&self, secret: &str) -> CredentialKind {
        CredentialKind::Entra {
            login_url: self.databricks.azure_url().parse().unwrap(),
            tenant_id: self.databricks.tenant_id().to_owned(),
            client_id: self.databricks.client_id(),
            secret: self.secret(secret),
        }
    }

    fn oauth(&self, secret: &str) -> CredentialKind {
        CredentialKind::OAuth {
            client_id: self.databricks.client_id(),
            secret: self.secret(secret),
            token_url: None,
        }
    }
}

#[tokio::test]
async fn dns_as_seen_from_inside_leads_to_the_private_front_end() {
    let scene = Scene::start().await;
    let client = scene.client_at(scene.databricks.dns()).await;
    client.me().await.unwrap();
}

#[tokio::test]
async fn dns_as_seen_from_outside_is_refused_by_the_check_before_anything_is_sent() {
    let scene = Scene::start().await;
    let client = scene.client_at(scene.databricks.dns_outside()).await;
    let error = client.me().await.unwrap_err();
    assert!(error.to_string().contains("resolves to the public address"), "{error}");
    let control = conformance::stack::control::Control::new(scene.databricks.control_url());
    assert!(control.history(0).await.unwrap().is_empty());
}

#[tokio::test]
async fn dns_as_seen_from_outside_without_the_check_meets_the_refusal_of_private_link() {
    let scene = Scene::start().await;
    let network = Network {
        private_ranges: None,
        ..scene.network(scene.databricks.dns_outside())
    };
    let token = CredentialKind::Pat(scene.secret(scene.databricks.token()));
    let error = scene.client(token, None, network).await.me().await.unwrap_err();
    assert!(matches!(error, DatabricksError::PrivateLink { .. }), "{error}");
}

#[tokio::test]
async fn a_service_principal_is_let_in_by_the_workspaces_token_endpoint() {
    let scene = Scene::start().await;
    let name = scene
        .me(scene.oauth(scene.databricks.oauth_secret()), None)
        .await
        .unwrap();
    assert_eq!(name, scene.databricks.client_id());
    let error = scene.me(scene.oauth("wrong"), None).await.unwrap_err();
    assert!(
        error.to_string().contains("credential refused: ") && error.to_string().contains("invalid_client"),
        "{error}"
    );
}

#[tokio::test]
async fn an_entra_application_is_let_in_with_and_without_the_management_token() {
    let scene = Scene::start().await;
    let secret = scene.databricks.entra_secret();
    let name = scene.me(scene.entra(secret), None).await.unwrap();
    assert_eq!(name, scene.databricks.client_id());
    scene.me(scene.entra(secret), Some(scene.azure())).await.unwrap();
    let error = scene.me(scene.entra("wrong"), None).await.unwrap_err();
    assert!(error.to_string().contains("AADSTS7000215"), "{error}");
}

#[tokio::test]
async fn a_managed_identity_is_asked_for_its_token() {
    let scene = Scene::start().await;
    let endpoint = MetadataEndpoint::Machine(scene.databricks.azure_url().parse().unwrap());
    let identity = CredentialKind::ManagedIdentity {
        client_id: None,
        endpoint,
    };
    let name = scene.me(identity, Some(scene.azure())).await.unwrap();
    assert!(!name.is_empty());
}

/// Doctor beside the running stack; its exit code and its steps.
pub async fn doctor(scene: &super::scene::Scene, arguments: &[&str]) -> (Option<i32>, serde_json::Value) {
    let mut command = tokio::process::Command::new(super::scene::PROGRAM);
    command
        .args(["bridge-process", "doctor", "--json", "--config"])
        .arg(scene.stack.folder().join("bridge.toml"))
        .args(arguments);
    // The end of its input would stop it.
    let child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn();
    let mut child = child.unwrap();
    let lifeline = child.stdin.take();
    let output = child.wait_with_output().await.unwrap();
    drop(lifeline);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (
        output.status.code(),
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}")),
    )
}

pub fn states(said: &serde_json::Value) -> Vec<String> {
    let steps = said["steps"].as_array().unwrap().iter();
    steps
        .filter(|step| step["state"] != "ok")
        .map(|step| {
            format!(
                "{}: {}",
                step["step"].as_str().unwrap(),
                step["state"].as_str().unwrap()
            )
        })
        .collect()
}

#[tokio::test]
async fn doctor_finds_the_stack_well_and_its_write_probe_leaves_nothing() {
    let scene = super::scene::Scene::start().await;
    let (code, said) = doctor(&scene, &["--probe-writes", "--yes"]).await;
    assert_eq!((code, &said["ok"]), (Some(0), &serde_json::json!(true)), "{said:#}");
    // The stack's intervals are shortened.
    assert_eq!(states(&said), ["configuration: warn"], "{said:#}");
    let groups = scene.state().await.groups;
    assert!(
        groups
            .iter()
            .all(|group| !group.display_name.starts_with("scim-bridge-probe-"))
    );
}

#[tokio::test]
async fn doctor_names_a_token_that_stopped_to_work() {
    let scene = super::scene::Scene::start().await;
    let token = scene.stack.databricks().token().to_owned();
    scene.stack.control().set_credential(&token, false).await.unwrap();
    let (code, said) = doctor(&scene, &[]).await;
    assert_eq!(code, Some(1));
    let steps = said["steps"].as_array().unwrap();
    let failed: Vec<&serde_json::Value> = steps.iter().filter(|step| step["state"] == "fail").collect();
    assert_eq!(failed.len(), 1, "{said:#}");
    assert_eq!(failed[0]["step"], "credential");
    assert!(
        failed[0]["found"].as_str().unwrap().contains("credential refused: "),
        "{said:#}"
    );
}
