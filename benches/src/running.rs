//! The real bridge, started with a store that holds as much as a claim asks for.
//!
//! The target is in dry-run, so that what is measured is the endpoint and its store alone.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bridge::app::App;
use bridge::clock::Clock;
use bridge::config::Config;
use bridge::directory::{Directory, Request, Rules};
use bridge::id::ScimId;
use bridge::store::{Kind, Store};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// The token that the bridge takes.
pub const TOKEN: &str = "bench-token";

/// Changes that are made side by side while a store is filled.
const AT_ONCE: usize = 256;

/// A user as Entra's default mapping makes one.
pub fn user(name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "userName": name, "externalId": name, "displayName": "Pat Example", "active": true, "title": "Engineer",
        "name": { "formatted": "Pat Example", "familyName": "Example", "givenName": "Pat" },
        "emails": [{ "primary": true, "type": "work", "value": name }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "employeeNumber": "100", "department": "R&D" },
    })
}

/// The name of the user of this number in a filled store.
pub fn user_name(number: usize) -> String {
    format!("user{number}@contoso.test")
}

/// Writes certificate, tokens and configuration into `folder`.
///
/// # Errors
///
/// When a file cannot be written or the configuration is refused.
pub fn configure(folder: &Path) -> Result<Config> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let files = [
        ("server.pem", made.cert.pem()),
        ("server.key", made.signing_key.serialize_pem()),
        ("entra-token", TOKEN.to_owned()),
        ("databricks-token", "unused".to_owned()),
        (
            "bridge.toml",
            r#"[server]
listen = "127.0.0.1:0"
public_url = "https://localhost:0/scim"
certificate = "server.pem"
private_key = "server.key"
token_file = "entra-token"
acknowledge_within = "0s"

[store]
path = "bridge.db"

[ops]
listen = "127.0.0.1:0"

[target]
workspace_url = "https://adb-1234567890123456.7.azuredatabricks.net"
token_file = "databricks-token"
mode = "dry-run"
resolve = ["127.0.0.1"]
private_ranges = ["127.0.0.0/8"]
"#
            .to_owned(),
        ),
    ];
    for (name, text) in files {
        std::fs::write(folder.join(name), text).with_context(|| folder.join(name).display().to_string())?;
    }
    Ok(Config::load(&folder.join("bridge.toml"))?)
}

/// Fills the store of a configuration with users, before a bridge serves from it.
///
/// # Errors
///
/// When the store cannot be opened or written.
pub async fn fill(config: &Config, users: usize) -> Result<()> {
    let store = Store::open(&config.store.path)?;
    let rules = Rules {
        endpoint: "scim".to_owned(),
        targets: Vec::new(),
        protected_users: [].into(),
        protected_groups: [].into(),
        settle_for: std::time::Duration::ZERO,
        settle_at_most: std::time::Duration::ZERO,
    };
    let directory = Directory::new(store, Clock::system(), rules);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..users {
        let place = places.clone().acquire_owned().await?;
        let directory = directory.clone();
        tasks.spawn(async move {
            let (request, id) = (Request::default(), ScimId::random());
            let made = directory
                .create(&request, Kind::User, id, user(&user_name(number)))
                .await;
            drop(place);
            made.map(|_| ())
        });
    }
    while let Some(made) = tasks.join_next().await {
        made??;
    }
    Ok(())
}

/// A running bridge, and a client that is let in.
pub struct Running {
    /// For the client's side of a measurement.
    pub runtime: tokio::runtime::Runtime,
    /// The tenant URL.
    pub url: String,
    client: reqwest::Client,
    stop: CancellationToken,
    server: Option<std::thread::JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Running {
    /// Starts a bridge that holds so many users.
    ///
    /// # Errors
    ///
    /// When certificate, configuration or store cannot be made.
    ///
    /// # Panics
    ///
    /// The server's thread, when the bridge does not start or does not run.
    pub fn with_users(users: usize) -> Result<Self> {
        // A second call in one process is no fault.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir()?;
        let config = configure(folder.path())?;
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(fill(&config, users))?;
        let stop = CancellationToken::new();
        let (tell, told) = std::sync::mpsc::channel();
        let stopping = stop.clone();
        let server = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime can be started");
            runtime.block_on(async move {
                let app = App::open(config).await.expect("the bridge starts");
                tell.send(app.addresses().expect("the listeners have addresses"))
                    .expect("the bench waits");
                Box::pin(app.run(stopping)).await.expect("the bridge runs");
            });
        });
        let addresses = told.recv()?;
        let pem = std::fs::read(folder.path().join("server.pem"))?;
        let client = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(&pem)?])
            .http1_only()
            .no_proxy()
            .timeout(std::time::Duration::from_secs(30))
            .build()?;
        Ok(Self {
            runtime,
            client,
            url: addresses.public_url,
            stop,
            server: Some(server),
            _folder: folder,
        })
    }

    async fn send(&self, request: reqwest::RequestBuilder, wanted: u16) -> Result<Value> {
        let answer = request.bearer_auth(TOKEN).send().await?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await?;
        ensure!(status == wanted, "answered {status}, not {wanted}");
        Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Creates a user; gives the id.
    ///
    /// # Errors
    ///
    /// When it is not answered 201.
    pub async fn create(&self, name: &str) -> Result<String> {
        let request = self.client.post(format!("{}/Users", self.url)).json(&user(name));
        Ok(self.send(request, 201).await?["id"]
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    /// Creates a group with these members; gives the id.
    ///
    /// # Errors
    ///
    /// When it is not answered 201.
    pub async fn create_group(&self, name: &str, members: &[String]) -> Result<String> {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name, "members": members });
        let request = self
            .client
            .post(format!("{}/Groups?attributes=id", self.url))
            .json(&body);
        Ok(self.send(request, 201).await?["id"]
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    /// Looks a user up by name; gives the id.
    ///
    /// # Errors
    ///
    /// When it is not answered 200 with one user.
    pub async fn find(&self, name: &str) -> Result<String> {
        let request = self.client.get(format!("{}/Users", self.url));
        let request = request.query(&[("filter", format!("userName eq \"{name}\""))]);
        let found = self.send(request, 200).await?;
        ensure!(found["totalResults"] == 1, "found {}", found["totalResults"]);
        Ok(found["Resources"][0]["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Adds a member to a group and removes it again, in two requests.
    ///
    /// # Errors
    ///
    /// When one is not answered 204.
    pub async fn move_member(&self, group: &str, member: &str) -> Result<()> {
        let path = format!("members[value eq \"{member}\"]");
        for operation in [
            json!({ "op": "add", "path": "members", "value": [{ "value": member }] }),
            json!({ "op": "remove", "path": path }),
        ] {
            let request = self.client.patch(format!("{}/Groups/{group}", self.url));
            self.send(request.json(&json!({ "Operations": [operation] })), 204)
                .await?;
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}
