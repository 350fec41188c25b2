//! Entra's side of the wire, written by hand: one request for each edit, in either dialect of PATCH.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::act::{Edit, Person, Team};

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The ids that the bridge gave.
#[derive(Debug, Clone, Default)]
pub struct Ids {
    pub users: BTreeMap<Person, String>,
    pub groups: BTreeMap<Team, String>,
}

impl Ids {
    /// The id of what an edit is about.
    pub fn of(&self, edit: &Edit) -> String {
        let id = match edit {
            Edit::Hire { person, .. }
            | Edit::Show { person, .. }
            | Edit::Rename { person, .. }
            | Edit::Disable { person }
            | Edit::Restore { person }
            | Edit::Purge { person } => self.users.get(person),
            Edit::Found { team, .. }
            | Edit::Call { team, .. }
            | Edit::Join { team, .. }
            | Edit::Part { team, .. }
            | Edit::Close { team } => self.groups.get(team),
        };
        id.cloned().unwrap_or_default()
    }
}

/// What came of a request.
#[derive(Debug, Clone)]
pub enum Reply {
    Answered {
        status: u16,
        body: Value,
        took: Duration,
    },
    /// The connection broke: perhaps it was carried out, perhaps not.
    Cut(String),
}

/// A request to the bridge.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    pub path: String,
    pub body: Option<Value>,
}

/// A client with the token.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Client {
    pub fn new(ca: &[u8], url: &str, token: &str) -> Self {
        let http = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(ca).unwrap()])
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        let (url, token) = (url.to_owned(), token.to_owned());
        Self { http, url, token }
    }

    pub async fn send(&self, request: &Request) -> Reply {
        let began = Instant::now();
        let url = format!("{}{}", self.url, request.path);
        let mut sent = self.http.request(request.method.clone(), url).bearer_auth(&self.token);
        if let Some(body) = &request.body {
            sent = sent
                .header("content-type", "application/scim+json")
                .body(body.to_string());
        }
        let answer = match sent.send().await {
            Ok(answer) => answer,
            Err(error) => return Reply::Cut(format!("{error:?}")),
        };
        let status = answer.status().as_u16();
        match answer.text().await {
            Ok(text) => Reply::Answered {
                status,
                body: serde_json::from_str(&text).unwrap_or(Value::Null),
                took: began.elapsed(),
            },
            Err(error) => Reply::Cut(format!("{error:?}")),
        }
    }

    /// The bridge was started again and listens elsewhere.
    pub fn moved_to(&mut self, url: String) {
        self.url = url;
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(&Request {
            method: Method::GET,
            path: path.to_owned(),
            body: None,
        })
        .await
    }
}

/// The request of an edit.
pub fn request(edit: &Edit, legacy: bool, ids: &Ids) -> Request {
    let user = |person: &Person| format!("/Users/{}", ids.users[person]);
    let group = |team: &Team| format!("/Groups/{}", ids.groups[team]);
    let patch = |path: String, operations: Vec<Value>| Request {
        method: Method::PATCH,
        path,
        body: Some(json!({ "schemas": [PATCH], "Operations": operations })),
    };
    let post = |path: &str, body: Value| Request {
        method: Method::POST,
        path: path.to_owned(),
        body: Some(body),
    };
    let delete = |path: String| Request {
        method: Method::DELETE,
        path,
        body: None,
    };
    let set = |attribute: &str, value: Value| {
        if legacy {
            json!({ "op": "Replace", "path": attribute, "value": value })
        } else {
            json!({ "op": "replace", "value": { attribute: value } })
        }
    };
    let active = |value: bool| {
        if legacy {
            let text = if value { "True" } else { "False" };
            json!({ "op": "Replace", "path": "active", "value": text })
        } else {
            json!({ "op": "replace", "path": "active", "value": value })
        }
    };
    match edit {
        Edit::Hire {
            name,
            external,
            display,
            active,
            ..
        } => post(
            "/Users",
            json!({
                "schemas": [USER], "userName": name, "externalId": external, "displayName": display, "active": active,
            }),
        ),
        Edit::Show { person, display } => patch(user(person), vec![set("displayName", json!(display))]),
        Edit::Rename { person, name } => patch(user(person), vec![set("userName", json!(name))]),
        Edit::Disable { person } => patch(user(person), vec![active(false)]),
        Edit::Restore { person } => patch(user(person), vec![active(true)]),
        Edit::Purge { person } => delete(user(person)),
        Edit::Found {
            name,
            external,
            members,
            ..
        } => {
            let members: Vec<Value> = members
                .iter()
                .map(|member| json!({ "value": ids.users[member] }))
                .collect();
            let mut body = json!({ "schemas": [GROUP], "displayName": name, "externalId": external });
            if !members.is_empty() {
                body["members"] = json!(members);
            }
            post("/Groups", body)
        }
        Edit::Call { team, name } => patch(group(team), vec![set("displayName", json!(name))]),
        Edit::Join { team, people } => {
            let value: Vec<Value> = people.iter().map(|person| member(&ids.users[person], legacy)).collect();
            let op = if legacy { "Add" } else { "add" };
            patch(
                group(team),
                vec![json!({ "op": op, "path": "members", "value": value })],
            )
        }
        Edit::Part { team, people } if legacy => {
            let value: Vec<Value> = people.iter().map(|person| member(&ids.users[person], true)).collect();
            patch(
                group(team),
                vec![json!({ "op": "Remove", "path": "members", "value": value })],
            )
        }
        Edit::Part { team, people } => {
            let remove = |person: &Person| json!({ "op": "remove", "path": format!("members[value eq \"{}\"]", ids.users[person]) });
            patch(group(team), people.iter().map(remove).collect())
        }
        Edit::Close { team } => delete(group(team)),
    }
}

fn member(id: &str, legacy: bool) -> Value {
    if legacy {
        json!({ "$ref": null, "value": id })
    } else {
        json!({ "value": id })
    }
}

/// The status that the answer to an edit has, whatever the state of Databricks (rules A1, A7).
pub const fn expected(edit: &Edit) -> u16 {
    match edit {
        Edit::Hire { .. } | Edit::Found { .. } => 201,
        Edit::Show { .. } | Edit::Rename { .. } | Edit::Disable { .. } | Edit::Restore { .. } => 200,
        Edit::Call { .. } | Edit::Join { .. } | Edit::Part { .. } | Edit::Purge { .. } | Edit::Close { .. } => 204,
    }
}
