//! A running stack and a hand-written SCIM client for it.

use std::time::Duration;

use conformance::stack::control::{Received, State};
use conformance::stack::{Stack, StackOptions};
use mock_databricks::Limits;
use reqwest::Method;
use serde_json::{Value, json};

/// The program that becomes the bridge.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_mock-stack");

/// Long enough for a machine that does other things too.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// Without rate limits, intervals sixty times shorter.
pub fn quick() -> StackOptions {
    StackOptions {
        limits: Limits::Off,
        time_factor: 60.0,
        ..StackOptions::new(PROGRAM)
    }
}

/// A stack and a client.
pub struct Scene {
    pub stack: Stack,
    client: reqwest::Client,
}

impl Scene {
    pub async fn start() -> Self {
        Self::with(quick()).await
    }

    pub async fn with(options: StackOptions) -> Self {
        let stack = Stack::start(options).await.unwrap();
        let pem = std::fs::read(stack.ca_file()).unwrap();
        let client = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self { stack, client }
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.stack.bridge_url());
        let mut request = self.client.request(method, url).bearer_auth(self.stack.token());
        if let Some(body) = body {
            request = request
                .header("content-type", "application/scim+json")
                .body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub async fn create_user(&self, name: &str) -> String {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "externalId": name,
            "displayName": name.split('@').next(), "active": true,
        });
        let (status, made) = self.send(Method::POST, "/Users", Some(body)).await;
        assert_eq!(status, 201, "{made}");
        made["id"].as_str().unwrap().to_owned()
    }

    pub async fn create_group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name, "externalId": name,
            "members": members,
        });
        let (status, made) = self.send(Method::POST, "/Groups", Some(body)).await;
        assert_eq!(status, 201, "{made}");
        made["id"].as_str().unwrap().to_owned()
    }

    pub async fn patch(&self, path: &str, operation: Value) {
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] });
        let (status, answer) = self.send(Method::PATCH, path, Some(body)).await;
        assert!(status == 200 || status == 204, "{status} {answer}");
    }

    pub async fn delete(&self, path: &str) {
        let (status, answer) = self.send(Method::DELETE, path, None).await;
        assert_eq!(status, 204, "{answer}");
    }

    pub async fn settled(&self) {
        self.stack.settled(PATIENCE).await.unwrap();
    }

    pub async fn state(&self) -> State {
        self.stack.control().state().await.unwrap()
    }

    /// The writes that Databricks got since `seq`.
    pub async fn writes_since(&self, seq: u64) -> Vec<Received> {
        let received = self.stack.control().history(seq).await.unwrap();
        received.into_iter().filter(Received::is_write).collect()
    }

    pub async fn arm(&self, fault: Value) {
        self.stack.control().arm(fault).await.unwrap();
    }

    /// Waits until `reached` holds for what Databricks holds.
    pub async fn until(&self, what: &str, reached: impl Fn(&State) -> bool) {
        let waiting = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            loop {
                ticks.tick().await;
                if reached(&self.state().await) {
                    return;
                }
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "never {what}: {:?}", self.state().await);
    }
}
