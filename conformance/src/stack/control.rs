//! Databricks' control listener, as a client of it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

/// Talks to a control listener.
#[derive(Debug, Clone)]
pub struct Control {
    url: String,
    http: reqwest::Client,
}

/// A request that Databricks received.
#[derive(Debug, Clone, Deserialize)]
pub struct Received {
    /// The first is 1.
    pub seq: u64,
    /// `GET`, `POST` …
    pub method: String,
    /// Path and query.
    pub path: String,
    /// JSON, or text that was not JSON.
    #[serde(default)]
    pub body: Value,
    /// What was answered; `None` when nothing was.
    pub status: Option<u16>,
    /// The fault that hit it.
    #[serde(default)]
    pub fault: Option<u64>,
    /// Milliseconds of the mock's clock.
    #[serde(default)]
    pub at_ms: u64,
}

impl Received {
    /// Whether it changes anything, if it is carried out.
    pub fn is_write(&self) -> bool {
        self.method != "GET"
    }

    /// The path below the SCIM base, without the query.
    pub fn resource(&self) -> &str {
        let path = self.path.split('?').next().unwrap_or_default();
        path.split("/scim/v2").nth(1).unwrap_or(path)
    }
}

/// What Databricks really holds.
#[derive(Debug, Clone, Deserialize)]
pub struct State {
    /// All users.
    pub users: Vec<StateUser>,
    /// All groups.
    pub groups: Vec<StateGroup>,
}

/// A user that Databricks holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateUser {
    /// Its id.
    pub id: String,
    /// Lower-cased.
    pub user_name: String,
    /// Shown name.
    pub display_name: Option<String>,
    /// Whether it may sign in.
    pub active: bool,
}

/// A group that Databricks holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateGroup {
    /// Its id.
    pub id: String,
    /// Its name.
    pub display_name: String,
    /// Ids of its members.
    pub members: Vec<String>,
    /// Its own entitlements.
    #[serde(default)]
    pub entitlements: Vec<String>,
}

impl State {
    /// The user of this name, lower-cased.
    pub fn user(&self, name: &str) -> Option<&StateUser> {
        self.users.iter().find(|user| user.user_name == name)
    }

    /// The group of this name.
    pub fn group(&self, name: &str) -> Option<&StateGroup> {
        self.groups.iter().find(|group| group.display_name == name)
    }

    /// Names of the members of the group of this name, sorted.
    pub fn members(&self, name: &str) -> Vec<String> {
        let names: BTreeMap<&str, &str> = self
            .users
            .iter()
            .map(|user| (user.id.as_str(), user.user_name.as_str()))
            .collect();
        let members = self
            .group(name)
            .map(|group| group.members.as_slice())
            .unwrap_or_default();
        let mut found: Vec<String> = members
            .iter()
            .map(|id| names.get(id.as_str()).copied().unwrap_or(id).to_owned())
            .collect();
        found.sort();
        found
    }
}

impl Control {
    /// A client of the listener at `url`.
    pub fn new(url: String) -> Self {
        Self { url, http: client() }
    }

    /// Everything held, as it really is.
    ///
    /// # Errors
    ///
    /// When the listener does not answer as it should.
    pub async fn state(&self) -> Result<State> {
        Ok(serde_json::from_value(self.get("/state").await?)?)
    }

    /// Everything that the account holds, as it really is.
    ///
    /// # Errors
    ///
    /// When the listener does not answer as it should.
    pub async fn account(&self) -> Result<State> {
        let mut state = self.get("/state").await?;
        Ok(serde_json::from_value(state["account"].take())?)
    }

    /// Requests received after the one numbered `since`, in order.
    ///
    /// # Errors
    ///
    /// When the listener does not answer as it should.
    pub async fn history(&self, since: u64) -> Result<Vec<Received>> {
        Ok(serde_json::from_value(
            self.get(&format!("/history?since={since}")).await?,
        )?)
    }

    /// The number of the newest request received.
    ///
    /// # Errors
    ///
    /// When the listener does not answer as it should.
    pub async fn newest(&self) -> Result<u64> {
        Ok(self.history(0).await?.last().map_or(0, |received| received.seq))
    }

    /// Calls per verb class, throttled answers, highest concurrency seen.
    ///
    /// # Errors
    ///
    /// When the listener does not answer as it should.
    pub async fn counters(&self) -> Result<Value> {
        self.get("/counters").await
    }

    /// Arms a fault; gives its id.
    ///
    /// # Errors
    ///
    /// When the listener refuses it.
    pub async fn arm(&self, fault: Value) -> Result<u64> {
        let made = self.send(reqwest::Method::POST, "/faults", &fault).await?;
        made["id"].as_u64().context("a fault has an id")
    }

    /// Disarms all faults.
    ///
    /// # Errors
    ///
    /// When the listener does not answer as it should.
    pub async fn disarm(&self) -> Result<()> {
        self.send(reqwest::Method::DELETE, "/faults", &Value::Null)
            .await
            .map(|_| ())
    }

    /// A foreign hand: a SCIM request executed inside, outside limits and history.
    ///
    /// # Errors
    ///
    /// When it is refused.
    pub async fn edit(&self, method: &str, path: &str, body: Value) -> Result<Value> {
        let edit = json!({ "method": method, "path": path, "body": body });
        self.send(reqwest::Method::POST, "/edit", &edit).await
    }

    /// The mock's clock in milliseconds: the one that `at_ms` of the history goes by.
    ///
    /// # Errors
    ///
    /// When the listener does not answer as it should.
    pub async fn clock_ms(&self) -> Result<u64> {
        let clock = self.get("/clock").await?;
        clock["elapsed_ms"].as_u64().context("a clock tells its time")
    }

    /// Lets a token work or not.
    ///
    /// # Errors
    ///
    /// When the listener does not answer as it should.
    pub async fn set_credential(&self, token: &str, valid: bool) -> Result<()> {
        let body = json!({ "token": token, "valid": valid });
        self.send(reqwest::Method::PUT, "/credentials", &body).await.map(|_| ())
    }

    /// Sets what a path stands for: `/limits`, `/private-link`, `/switches/NAME` …
    ///
    /// # Errors
    ///
    /// When the listener refuses it.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(reqwest::Method::PUT, path, body).await
    }

    async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await?;
        let answer = answer.error_for_status()?;
        Ok(answer.json().await?)
    }

    async fn send(&self, method: reqwest::Method, path: &str, body: &Value) -> Result<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("the control listener answered {status} to {path}: {text}");
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

/// Reads JSON over plain HTTP on this machine: status and body.
///
/// # Errors
///
/// When nothing answers, or not with JSON.
pub async fn get_json(url: &str) -> Result<(u16, Value)> {
    let answer = client().get(url).send().await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}

fn client() -> reqwest::Client {
    // A second call in one process is no fault.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .timeout(std::time::Duration::from_secs(30))
        .build()
        .expect("a client without special settings can be made")
}
