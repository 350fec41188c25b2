//! A running mock and clients for its three listeners.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mock_databricks::{Limits, MockDatabricks, Options};
use reqwest::{Client, Method, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

/// Where the API of the workspace begins.
pub const API: &str = "/api/2.0/preview/scim/v2";
/// Longer than anything here may take.
pub const DEADLINE: Duration = Duration::from_secs(20);
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// A mock with clients inside and outside the network.
pub struct World {
    pub mock: MockDatabricks,
    inside: Client,
    outside: Client,
    plain: Client,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Reply {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {:?}", self.text))
    }

    /// The body, if the status is the expected one.
    #[track_caller]
    pub fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body of a SCIM error.
    #[track_caller]
    pub fn assert_error(&self, status: u16, scim_type: Option<&str>, detail: &str) {
        let mut expected = json!({"schemas": [ERROR], "detail": detail, "status": status.to_string()});
        if let Some(scim_type) = scim_type {
            expected["scimType"] = scim_type.into();
        }
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.json(), expected);
    }
}

impl World {
    /// Without rate and size limits.
    pub async fn start() -> Self {
        Self::with(Options {
            limits: Limits::Off,
            ..Options::ephemeral()
        })
        .await
    }

    /// With limits as given on the command line.
    pub async fn limited(limits: &str) -> Self {
        let limits = limits.parse().expect("limits");
        Self::with(Options {
            limits,
            ..Options::ephemeral()
        })
        .await
    }

    pub async fn with(options: Options) -> Self {
        let seed = options.seed.unwrap_or(7);
        let options = Options {
            seed: Some(seed),
            ..options
        };
        let mock = MockDatabricks::start(options).await.expect("the mock starts");
        let inside = client(&mock, &mock.private_url(), None);
        let outside = client(&mock, &mock.public_url(), None);
        let plain = Client::builder()
            .no_proxy()
            .timeout(DEADLINE)
            .build()
            .expect("a client");
        Self {
            mock,
            inside,
            outside,
            plain,
        }
    }

    /// A request to the private front end under the workspace's name.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.inside
            .request(method, self.url(path))
            .bearer_auth(self.mock.token())
    }

    fn url(&self, path: &str) -> String {
        let port = address(&self.mock.private_url()).port();
        let path = if path.starts_with("/api/") || path.starts_with("/login") {
            path.to_owned()
        } else {
            format!("{API}{path}")
        };
        format!("https://{}:{port}{path}", self.mock.workspace_host())
    }

    /// Sends a request as it was built.
    pub async fn execute(&self, request: reqwest::Request) -> Reply {
        read(self.inside.execute(request).await.expect("an answer")).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request
                .header("Content-Type", "application/scim+json; charset=utf-8")
                .body(body.to_string());
        }
        read(request.send().await.expect("an answer")).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// A PATCH with these operations.
    pub async fn patch(&self, path: &str, operations: Value) -> Reply {
        let body = json!({"schemas": [PATCH_OP], "Operations": operations});
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// A request to the public front end.
    pub async fn outside(&self, method: Method, path: &str) -> Reply {
        let request = self
            .outside
            .request(method, self.url(path))
            .bearer_auth(self.mock.token());
        read(request.send().await.expect("an answer")).await
    }

    /// A control call.
    pub async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let mut request = self.plain.request(method, format!("{}{path}", self.mock.control_url()));
        if let Some(body) = body {
            request = request.json(&body);
        }
        read(request.send().await.expect("an answer")).await
    }

    /// A control call with a body of any bytes.
    pub async fn control_raw(&self, method: Method, path: &str, body: &str) -> Reply {
        let request = self.plain.request(method, format!("{}{path}", self.mock.control_url()));
        read(request.body(body.to_owned()).send().await.expect("an answer")).await
    }

    pub async fn state(&self) -> Value {
        self.control(Method::GET, "/state", None).await.ok(200)
    }

    /// A group of the state by name.
    pub async fn group_state(&self, name: &str) -> Value {
        let state = self.state().await;
        let groups = state["groups"].as_array().expect("groups");
        let found = groups.iter().find(|group| group["displayName"] == name);
        found.unwrap_or_else(|| panic!("no group {name}")).clone()
    }

    pub async fn history(&self, since: u64) -> Vec<Value> {
        let reply = self
            .control(Method::GET, &format!("/history?since={since}"), None)
            .await;
        reply.ok(200).as_array().expect("an array").clone()
    }

    pub async fn arm(&self, rule: Value) -> u64 {
        let reply = self.control(Method::POST, "/faults", Some(rule)).await;
        reply.ok(201)["id"].as_u64().expect("an id")
    }

    pub async fn switch(&self, name: &str, value: Value) {
        let path = format!("/switches/{name}");
        self.control(Method::PUT, &path, Some(json!({"value": value})))
            .await
            .ok(200);
    }

    /// A request by a foreign hand, whom nothing limits.
    pub async fn edit(&self, method: Method, path: &str, body: Value) -> Reply {
        let edit = json!({"method": method.as_str(), "path": path, "body": body});
        self.control(Method::POST, "/edit", Some(edit)).await
    }

    /// The base of the account's API.
    pub async fn account(&self) -> String {
        let id = text(&self.state().await["account"]["id"]);
        format!("/api/2.0/accounts/{id}/scim/v2")
    }

    /// A new user; its id.
    pub async fn user(&self, user_name: &str) -> String {
        let reply = self
            .post("/Users", json!({"userName": user_name, "displayName": user_name}))
            .await;
        text(&reply.ok(201)["id"])
    }

    /// A new group with members; its id.
    pub async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        let reply = self
            .post("/Groups", json!({"displayName": name, "members": members}))
            .await;
        text(&reply.ok(201)["id"])
    }

    /// The member ids of a group, as the state has them.
    pub async fn members(&self, name: &str) -> Vec<String> {
        let group = self.group_state(name).await;
        group["members"].as_array().expect("members").iter().map(text).collect()
    }
}

/// A client that trusts the mock and resolves the workspace's name to one front end.
pub fn client(mock: &MockDatabricks, front: &str, timeout: Option<Duration>) -> Client {
    let pem = std::fs::read(mock.ca_file()).expect("ca.pem");
    let ca = reqwest::Certificate::from_pem(&pem).expect("a certificate");
    Client::builder()
        .no_proxy()
        .tls_certs_only([ca])
        .redirect(reqwest::redirect::Policy::none())
        .resolve(mock.workspace_host(), address(front))
        .timeout(timeout.unwrap_or(DEADLINE))
        .build()
        .expect("a client")
}

pub fn address(url: &str) -> SocketAddr {
    let url: Url = url.parse().expect("a url");
    url.socket_addrs(|| None).expect("an address")[0]
}

pub async fn read(response: reqwest::Response) -> Reply {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let text = response.text().await.expect("a whole body");
    Reply { status, headers, text }
}

/// The string in a JSON value.
#[track_caller]
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no string: {value}"))
        .to_owned()
}

/// Polls until `done` gives something, or the deadline passes.
pub async fn eventually<T>(what: &str, mut done: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = now() + DEADLINE;
    loop {
        if let Some(found) = done().await {
            return found;
        }
        assert!(now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "deadlines of the tests themselves")]
pub fn now() -> Instant {
    Instant::now()
}

/// A bare TLS connection to the private front end, for what no client would do.
pub async fn tls(mock: &MockDatabricks) -> tokio_rustls::client::TlsStream<tokio::net::TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    let pem = CertificateDer::from_pem_file(mock.ca_file()).expect("a certificate");
    roots.add(pem).expect("an authority");
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = tokio::net::TcpStream::connect(address(&mock.private_url()))
        .await
        .expect("a connection");
    tokio_rustls::TlsConnector::from(std::sync::Arc::new(config))
        .connect("localhost".try_into().expect("a name"), tcp)
        .await
        .expect("a handshake")
}
