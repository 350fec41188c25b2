//! A running bridge and a client that is let in.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bridge::app::{Addresses, App};
use bridge::config::Config;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub const TOKEN: &str = "entra-s3cret";

/// A bridge in dry-run with a store of its own.
pub struct Scene {
    pub folder: tempfile::TempDir,
    pub addresses: Addresses,
    client: reqwest::Client,
    stop: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

/// An answer, taken in whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Scene {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = write_configuration(folder.path(), "");
        Self::start_with(folder, &config).await
    }

    pub async fn start_with(folder: tempfile::TempDir, config: &Path) -> Self {
        let app = App::open(Config::load(config).unwrap()).await.unwrap();
        let addresses = app.addresses().unwrap();
        let stop = CancellationToken::new();
        let running = tokio::spawn(app.run(stop.clone()));
        let pem = std::fs::read(folder.path().join("server.pem")).unwrap();
        let client = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self {
            folder,
            addresses,
            client,
            stop,
            running,
        }
    }

    /// Stops the bridge as SIGTERM does and gives back its folder.
    pub async fn stop(self) -> tempfile::TempDir {
        self.stop.cancel();
        self.running.await.unwrap().unwrap();
        self.folder
    }

    /// A request with a valid token, path relative to the tenant URL.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.addresses.public_url))
            .bearer_auth(TOKEN)
    }

    /// A request without a token.
    pub fn anonymous(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.addresses.public_url))
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    pub async fn patch(&self, path: &str, operations: Value) -> Answer {
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations });
        self.send(Method::PATCH, path, &body).await
    }

    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self
            .request(method, path)
            .header("content-type", "application/scim+json; charset=utf-8");
        Answer::of(request.body(body.to_string()).send().await.unwrap()).await
    }

    /// A new user; gives the id.
    pub async fn user(&self, name: &str) -> String {
        let made = self.post("/Users", &user(name)).await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.id()
    }

    /// A new group; gives the id.
    pub async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name, "members": members });
        let made = self.post("/Groups", &body).await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.id()
    }

    /// Ids of a group's members, in order.
    pub async fn members(&self, group: &str) -> Vec<String> {
        let read = self.get(&format!("/Groups/{group}")).await;
        let members = read.body["members"].as_array().cloned().unwrap_or_default();
        members
            .iter()
            .map(|member| member["value"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Answer {
    pub async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self {
            status,
            headers,
            text,
            body,
        }
    }

    pub fn id(&self) -> String {
        self.body["id"].as_str().unwrap().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Checks that this is a SCIM error of this status and type, and gives its detail.
    pub fn expect_error(&self, status: u16, scim_type: Option<&str>) -> &str {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/scim+json", "{}", self.text);
        assert_eq!(
            self.body["schemas"],
            json!(["urn:ietf:params:scim:api:messages:2.0:Error"]),
            "{}",
            self.text
        );
        assert_eq!(self.body["status"], json!(status.to_string()), "{}", self.text);
        assert_eq!(
            self.body.get("scimType").and_then(Value::as_str),
            scim_type,
            "{}",
            self.text
        );
        self.body["detail"].as_str().unwrap()
    }
}

pub fn user(name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "userName": name, "displayName": "Pat Example", "active": true,
        "name": { "formatted": "Pat Example", "familyName": "Example", "givenName": "Pat" },
        "emails": [{ "primary": true, "type": "work", "value": name }],
        "meta": { "resourceType": "User" }, "roles": [],
    })
}

/// A usable configuration with everything it names; `more` is appended.
pub fn write_configuration(folder: &Path, more: &str) -> PathBuf {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let config = format!(
        r#"[server]
listen = "127.0.0.1:0"
public_url = "https://localhost:0/scim"
certificate = "server.pem"
private_key = "server.key"
token_file = "entra-token"

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
{more}"#
    );
    for (name, text) in [
        ("server.pem", made.cert.pem()),
        ("server.key", made.signing_key.serialize_pem()),
        ("entra-token", format!("{TOKEN}\n")),
        ("databricks-token", "dapi-unused\n".to_owned()),
        ("bridge.toml", config),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    folder.join("bridge.toml")
}
