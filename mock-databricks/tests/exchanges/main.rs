//! Every file of `exchanges/` is a test, named after it.
//!
//! A file's header says under `given` what the recording presupposes — it is built through the API — and under `ignore` which fields
//! are not compared, each with its reason. Placeholder ids (`abc`, `1112`) stand for ids the mock assigns: they are mapped wherever
//! an id can stand. An answer must have the recorded status and every recorded field; it may have more. Calls under `/scim`
//! are Entra's to a bridge and are replayed against one elsewhere. General exceptions, all artefacts of how the files were made:
//!
//! - a read with `attributes` is compared in those attributes only: provider fixtures show more than was asked for;
//! - a call names the host it was recorded with: the workspace's, the account's, or Azure's; a managed identity asks the azure
//!   listener;
//! - `stand_ins` says what of the mock stands where the recording has a placeholder, or `=` and the text itself;
//! - a value in angle brackets stands for any text, and an access token in them for one that later calls use; a text that
//!   ends with `…` goes on in the mock;
//! - `Resources: []` and no `Resources` are the same; the `ReqId` of a message differs each time.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail a test")]

#[path = "../it/support/mod.rs"]
#[expect(dead_code, reason = "shared with the other tests, which use all of it")]
mod support;

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::{Arguments, Trial};
use mock_databricks::{Limits, Options};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::support::{API, Reply, World, client, eventually, read, text};

/// Where a managed identity asks for its tokens.
const MACHINE: &str = "169.254.169.254";
/// The account all recordings are made in.
const ACCOUNT: &str = "11111111-2222-4333-8444-555555555555";

/// What `given` may hold.
const KEYS: [&str; 17] = [
    "users",
    "service_principals",
    "groups",
    "reserved",
    "seed",
    "switches",
    "assign",
    "workspace",
    "caller",
    "me",
    "faults",
    "private_link",
    "ip_access_list",
    "exhaust",
    "front",
    "applications",
    "credential",
];

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("exchanges");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    // A folder that lost its files proves nothing.
    assert!(files.len() >= 100, "{} files", files.len());
    let trials = files.into_iter().map(|file| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        Trial::test(name, move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()?;
            runtime.block_on(replay(&std::fs::read_to_string(file)?));
            Ok(())
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

async fn replay(file: &str) {
    let header: Value = serde_json::from_str(file).unwrap();
    let given = header
        .get("given")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    for key in given.keys() {
        assert!(
            key == "stand_ins" || KEYS.contains(&key.as_str()),
            "unknown key {key} in the header"
        );
    }
    let ignore = list(header.as_object().unwrap(), "ignore");
    let ignore = ignore.iter().map(|row| {
        assert!(row["because"].is_string(), "a field is left out without a reason");
        text(&row["field"])
    });
    let mut scene = Scene::build(&given, ignore.collect()).await;
    let recording: Value = serde_json::from_str(&scene.filled(file.to_owned(), &given).await).unwrap();
    let exchanges = recording["exchanges"].as_array().unwrap();
    let mut replayed = 0;
    for (index, exchange) in exchanges.iter().enumerate() {
        let is_for_a_bridge = text(&exchange["request"]["path"]).starts_with("/scim/");
        if !is_for_a_bridge {
            scene.replay(&format!("exchange {index}"), exchange).await;
        }
        replayed += 1;
    }
    assert!(replayed > 0, "no exchange");
}

struct Scene {
    world: World,
    ids: BTreeMap<String, String>,
    /// Access tokens of earlier exchanges, by what stands for them.
    issued: BTreeMap<String, String>,
    token: String,
    /// Works at the account.
    account_token: String,
    outside: bool,
    ignore: Vec<String>,
}

impl Scene {
    async fn build(line: &Map<String, Value>, ignore: Vec<String>) -> Self {
        let mut options = Options {
            limits: Limits::Off,
            account_id: Some(ACCOUNT.to_owned()),
            ..Options::ephemeral()
        };
        if let Some(number) = line.get("workspace") {
            options.workspace_host = format!("adb-{}.3.azuredatabricks.net", text(number));
        }
        let world = World::with(options).await;
        let account_token = oauth(&world, &format!("/oidc/accounts/{ACCOUNT}/v1/token")).await;
        let mut scene = Self {
            token: world.mock.token().to_owned(),
            account_token,
            outside: line.get("front").is_some_and(|front| front == "public"),
            ignore,
            ids: BTreeMap::new(),
            issued: BTreeMap::new(),
            world,
        };
        scene.furnish(line).await;
        scene.set_up(line).await;
        scene
    }

    /// The objects a recording presupposes, made through the API.
    async fn furnish(&mut self, line: &Map<String, Value>) {
        if let Some(me) = line.get("me") {
            let identity = text(&self.world.state().await["identity"]);
            self.ids.insert(text(me), identity);
        }
        for (name, id) in line.get("reserved").and_then(Value::as_object).into_iter().flatten() {
            let real = text(&self.world.group_state(name).await["id"]);
            self.ids.insert(text(id), real);
        }
        for (kind, path) in [
            ("users", "/Users"),
            ("service_principals", "/ServicePrincipals"),
            ("groups", "/Groups"),
        ] {
            for object in list(line, kind) {
                let placeholder = text(&object["id"]);
                let mut body = self.mapped(object);
                let level = body.as_object_mut().unwrap().shift_remove("level");
                let (base, token) = match level {
                    Some(_) => (format!("/api/2.0/accounts/{ACCOUNT}/scim/v2"), &self.account_token),
                    None => (API.to_owned(), &self.token),
                };
                let front = self.world.mock.private_url();
                let request = client(&self.world.mock, &front, None)
                    .post(format!("{front}{base}{path}"))
                    .bearer_auth(token)
                    .body(body.to_string());
                let reply = read(request.send().await.unwrap()).await;
                self.ids.insert(placeholder, text(&reply.ok(201)["id"]));
            }
        }
        if let Some(seed) = line.get("seed") {
            self.world
                .control(Method::POST, "/seed", Some(seed.clone()))
                .await
                .ok(200);
        }
    }

    /// Switches, faults and circumstances.
    async fn set_up(&mut self, line: &Map<String, Value>) {
        for (name, value) in line.get("switches").and_then(Value::as_object).into_iter().flatten() {
            self.world.switch(name, value.clone()).await;
        }
        for fault in list(line, "faults") {
            self.world.arm(fault.clone()).await;
        }
        for (key, path) in [("private_link", "/private-link"), ("ip_access_list", "/ip-access-list")] {
            if let Some(settings) = line.get(key) {
                self.world
                    .control(Method::PUT, path, Some(settings.clone()))
                    .await
                    .ok(200);
            }
        }
        for principal in list(line, "assign") {
            let id = self.real(&text(principal));
            let path = format!("/api/2.0/preview/permissionassignments/principals/{id}");
            self.world.put(&path, json!({"permissions": ["USER"]})).await.ok(200);
        }
        if let Some(caller) = line.get("caller") {
            "dapicaller".clone_into(&mut self.token);
            let body = json!({"token": self.token, "user": caller["user"]});
            self.world
                .control(Method::PUT, "/credentials", Some(body))
                .await
                .ok(200);
            if caller["then"] == "deleted" {
                let path = format!("/Users/{}", self.ids["caller"]);
                self.world.delete(&path).await;
            }
        }
        for application in list(line, "applications") {
            self.world
                .control(Method::PUT, "/azure/applications", Some(application.clone()))
                .await
                .ok(200);
        }
        if line.get("credential").is_some_and(|kind| kind == "oauth") {
            self.token = oauth(&self.world, "/oidc/v1/token").await;
        }
        if let Some(class) = line.get("exhaust") {
            let limits = json!({"mode": "published"});
            self.world.control(Method::PUT, "/limits", Some(limits)).await.ok(200);
            let group = text(&self.world.group_state("admins").await["id"]);
            let calls = if class == "get" { 255 } else { 10 };
            for _ in 0..calls {
                if class == "get" {
                    self.world.get("/Me?attributes=id").await;
                } else {
                    self.world.patch(&format!("/Groups/{group}"), json!([])).await.ok(200);
                }
            }
        }
    }

    /// A recording with the mock's own values in the place of the recorded ones.
    async fn filled(&self, mut recording: String, line: &Map<String, Value>) -> String {
        let mock = &self.world.mock;
        for (placeholder, what) in line.get("stand_ins").and_then(Value::as_object).into_iter().flatten() {
            let real = match text(what).as_str() {
                "long_filter" => vec!["userName%20eq%20a"; 201].join("%20or%20"),
                "basic" => STANDARD.encode(format!("{}:{}", mock.client_id(), mock.oauth_secret())),
                "client_id" => mock.client_id(),
                "entra_secret" => mock.entra_secret().to_owned(),
                "resource_id" => mock.resource_id().to_owned(),
                "service_principal_id" => {
                    let state = self.world.state().await;
                    text(&state["service_principals"][0]["id"])
                }
                "tenant_id" => mock.tenant_id().to_owned(),
                other => other
                    .strip_prefix('=')
                    .expect("a value the mock has, or a text")
                    .to_owned(),
            };
            recording = recording.replace(placeholder, &real);
        }
        recording
    }

    async fn replay(&mut self, name: &str, exchange: &Value) {
        let (request, response) = (&exchange["request"], &exchange["response"]);
        let expected = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
        let reply = eventually(name, async || {
            let reply = self.send(request).await;
            // A recording that goes on after a 429 has waited.
            (reply.status != 429 || expected == 429).then_some(reply)
        })
        .await;
        assert_eq!(reply.status, expected, "{name}: {}", reply.text);
        for (header, value) in response["headers"].as_object().into_iter().flatten() {
            assert_eq!(reply.header(header), value.as_str(), "{name}: {header}");
        }
        match &response["body"] {
            Value::Null => {}
            Value::String(body) => assert_eq!(&reply.text, body, "{name}"),
            body => self.compare(name, &text(&request["path"]), body, &reply),
        }
    }

    async fn send(&self, request: &Value) -> Reply {
        let mock = &self.world.mock;
        let front = if self.outside {
            mock.public_url()
        } else {
            mock.private_url()
        };
        let method: Method = text(&request["method"]).parse().unwrap();
        let recorded = text(&request["path"]);
        let (host, path) = self.place(&recorded);
        let base = if host == MACHINE {
            mock.azure_url()
        } else {
            front.clone()
        };
        let mut call = client(mock, &front, None).request(method, format!("{base}{path}"));
        call = call.header("Host", host);
        for (name, value) in request["headers"].as_object().unwrap() {
            let token = if recorded.contains("/accounts/") {
                &self.account_token
            } else {
                &self.token
            };
            let mut value = text(value).replace("<token>", token);
            for (placeholder, token) in &self.issued {
                value = value.replace(placeholder, token);
            }
            call = call.header(name, value);
        }
        call = match &request["body"] {
            Value::Null => call,
            Value::String(body) => call.body(body.clone()),
            body => call.body(self.mapped(body).to_string()),
        };
        read(call.send().await.unwrap()).await
    }

    /// The host a recorded path is relative to, and the path there.
    fn place(&self, recorded: &str) -> (String, String) {
        if let Some((_, rest)) = recorded.split_once("://") {
            let (host, path) = rest.split_once('/').expect("a path");
            return (host.to_owned(), format!("/{path}"));
        }
        let host = if recorded.contains("/accounts/") {
            self.world.mock.account_host()
        } else {
            self.world.mock.workspace_host()
        };
        (host.to_owned(), self.mapped_path(recorded))
    }

    fn compare(&mut self, name: &str, path: &str, body: &Value, reply: &Reply) {
        let actual = reply.json();
        if let (Some(placeholder), Some(token)) = (body["access_token"].as_str(), actual["access_token"].as_str()) {
            self.issued.insert(placeholder.to_owned(), token.to_owned());
        }
        if let (Some(placeholder), Some(real)) = (body["id"].as_str(), actual["id"].as_str()) {
            self.ids
                .entry(placeholder.to_owned())
                .or_insert_with(|| real.to_owned());
        }
        let asked: Option<Vec<&str>> = path
            .split_once("attributes=")
            .filter(|(before, _)| !before.ends_with("excluded"))
            .map(|(_, rest)| rest.split('&').next().unwrap().split(',').collect());
        let mut expected = self.mapped(body);
        let is_asked = |field: &str| {
            let always = ["id", "schemas"].contains(&field);
            asked.as_ref().is_none_or(|asked| always || asked.contains(&field))
        };
        let rows = expected.get_mut("Resources").and_then(Value::as_array_mut);
        let is_list = rows.is_some();
        for row in rows.into_iter().flatten() {
            row.as_object_mut().unwrap().retain(|field, _| is_asked(field));
        }
        let fields = expected.as_object_mut().unwrap();
        fields.retain(|field, _| (is_list || is_asked(field)) && !self.ignore.contains(field));
        contains(name, &expected, &actual);
    }

    /// Placeholder ids replaced wherever an id can stand.
    fn mapped(&self, value: &Value) -> Value {
        match value {
            Value::Object(object) => object
                .iter()
                .map(|(key, value)| {
                    let value = match (key.as_str(), value) {
                        ("id" | "value", Value::String(id)) => self.real(id).into(),
                        ("principal_id", Value::Number(id)) => {
                            let real: u64 = self.real(&id.to_string()).parse().unwrap();
                            real.into()
                        }
                        ("$ref", Value::String(reference)) => {
                            let (kind, id) = reference.split_once('/').unwrap();
                            format!("{kind}/{}", self.real(id)).into()
                        }
                        ("path", Value::String(path)) => match path.split('"').nth(1) {
                            Some(id) => path.replace(id, &self.real(id)).into(),
                            None => path.clone().into(),
                        },
                        ("detail", Value::String(sentence)) => {
                            let words: Vec<String> = sentence.split(' ').map(|word| self.real(word)).collect();
                            words.join(" ").into()
                        }
                        (_, value) => self.mapped(value),
                    };
                    (key.clone(), value)
                })
                .collect(),
            Value::Array(items) => items.iter().map(|item| self.mapped(item)).collect(),
            simple => simple.clone(),
        }
    }

    fn mapped_path(&self, path: &str) -> String {
        let (path, query) = path
            .split_once('?')
            .map_or((path, None), |(path, query)| (path, Some(query)));
        let mut out = match path.rsplit_once('/') {
            Some((resource, id)) => format!("{resource}/{}", self.real(id)),
            None => path.to_owned(),
        };
        if let Some(query) = query {
            out.push('?');
            out.push_str(query);
        }
        out
    }

    fn real(&self, placeholder: &str) -> String {
        self.ids.get(placeholder).map_or(placeholder, String::as_str).to_owned()
    }
}

/// An OAuth token of the mock's own service principal.
async fn oauth(world: &World, path: &str) -> String {
    let front = world.mock.private_url();
    let request = client(&world.mock, &front, None)
        .post(format!("{front}{path}"))
        .basic_auth(world.mock.client_id(), Some(world.mock.oauth_secret()))
        .body("grant_type=client_credentials&scope=all-apis");
    text(&read(request.send().await.unwrap()).await.ok(200)["access_token"])
}

fn list<'a>(line: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    line.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Every recorded field is there, with the recorded value.
fn contains(name: &str, expected: &Value, actual: &Value) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(fields)) => {
            for (field, value) in expected {
                match fields.get(field) {
                    Some(found) => contains(&format!("{name}.{field}"), value, found),
                    None if field == "Resources" && *value == json!([]) => {}
                    None => panic!("{name}: no {field} in {actual}"),
                }
            }
        }
        (Value::Array(expected), Value::Array(items)) => {
            assert_eq!(expected.len(), items.len(), "{name}: {actual}");
            for (expected, item) in expected.iter().zip(items) {
                contains(name, expected, item);
            }
        }
        (Value::String(expected), Value::String(found)) if expected.starts_with('<') && expected.ends_with('>') => {
            assert!(!found.is_empty(), "{name}");
        }
        (Value::String(expected), Value::String(found)) if expected.ends_with('…') => {
            assert!(found.starts_with(expected.trim_end_matches('…')), "{name}: {found}");
        }
        (Value::String(expected), Value::String(found)) if expected.contains("[ReqId: ") => {
            let known = |text: &str| text.split("[ReqId: ").next().unwrap().to_owned();
            assert_eq!(known(expected), known(found), "{name}");
        }
        _ => assert_eq!(expected, actual, "{name}"),
    }
}
