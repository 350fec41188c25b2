//! Every file of `exchanges/` is replayed, or its line in `given.json` says why not.
//!
//! `given.json` says for each file what the recording presupposes. Placeholder ids (`abc`, `1112`) stand for ids the mock
//! assigns: they are mapped wherever an id can stand. An answer must have the recorded status and every recorded field; it
//! may have more. General exceptions, all artefacts of how the files were made:
//!
//! - a read with `attributes` is compared in those attributes only: provider fixtures show more than was asked for;
//! - a call names the host it was recorded with: the workspace's, the account's, or Azure's; a managed identity asks the azure
//!   listener;
//! - `stand_ins` of a line says what of the mock stands where the recording has a placeholder, or `=` and the text itself;
//! - a value in angle brackets stands for any text, and an access token in them for one that later calls use; a text that
//!   ends with `…` goes on in the mock;
//! - `Resources: []` and no `Resources` are the same; the `ReqId` of a message differs each time.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mock_databricks::Options;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::support::{API, Reply, World, client, eventually, read, text};
use crate::tokens;

const GIVEN: &str = include_str!("given.json");

/// Where a managed identity asks for its tokens.
const MACHINE: &str = "169.254.169.254";

/// What a line may hold.
const KEYS: [&str; 18] = [
    "skip",
    "skip_exchanges",
    "users",
    "groups",
    "reserved",
    "seed",
    "switches",
    "ignore",
    "workspace",
    "caller",
    "me",
    "faults",
    "private_link",
    "exhaust",
    "front",
    "applications",
    "credential",
    "stand_ins",
];

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("exchanges")
}

fn given() -> BTreeMap<String, Map<String, Value>> {
    serde_json::from_str(GIVEN).expect("given.json is an object of objects")
}

#[test]
fn every_file_has_a_line_and_every_line_a_file() {
    let files: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let lines: BTreeSet<String> = given().into_keys().collect();
    assert_eq!(files, lines);
    for (file, line) in given() {
        assert!(line.keys().all(|key| KEYS.contains(&key.as_str())), "{file}");
        assert!(line.get("skip").is_none_or(Value::is_string), "{file}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_exchanges_replay() {
    let mut replayed = 0;
    for (file, line) in given() {
        if line.contains_key("skip") {
            continue;
        }
        let recording = std::fs::read_to_string(folder().join(&file)).unwrap();
        let mut scene = Scene::build(&line).await;
        let recording: Value = serde_json::from_str(&scene.filled(recording, &line).await).unwrap();
        for (index, exchange) in recording["exchanges"].as_array().unwrap().iter().enumerate() {
            if line
                .get("skip_exchanges")
                .is_some_and(|skip| skip.get(index.to_string()).is_some())
            {
                continue;
            }
            scene.replay(&format!("{file} exchange {index}"), exchange).await;
            replayed += 1;
        }
    }
    // A replay that replays nothing proves nothing.
    assert!(replayed >= 81, "{replayed}");
}

struct Scene {
    world: World,
    ids: BTreeMap<String, String>,
    /// Access tokens of earlier exchanges, by what stands for them.
    issued: BTreeMap<String, String>,
    token: String,
    outside: bool,
    ignore: Vec<String>,
}

impl Scene {
    async fn build(line: &Map<String, Value>) -> Self {
        let mut options = Options::ephemeral();
        if !line.contains_key("exhaust") {
            options.limits = mock_databricks::Limits::Off;
        }
        if let Some(number) = line.get("workspace") {
            options.workspace_host = format!("adb-{}.3.azuredatabricks.net", text(number));
        }
        let world = World::with(options).await;
        let mut scene = Self {
            token: world.mock.token().to_owned(),
            outside: line.get("front").is_some_and(|front| front == "public"),
            ignore: list(line, "ignore").iter().map(|row| text(&row["field"])).collect(),
            ids: BTreeMap::new(),
            issued: BTreeMap::new(),
            world,
        };
        scene.furnish(line).await;
        scene.set_up(line).await;
        scene
    }

    /// The objects a recording presupposes.
    async fn furnish(&mut self, line: &Map<String, Value>) {
        if let Some(me) = line.get("me") {
            let identity = text(&self.world.state().await["identity"]);
            self.ids.insert(text(me), identity);
        }
        for (name, id) in line.get("reserved").and_then(Value::as_object).into_iter().flatten() {
            let real = text(&self.world.group_state(name).await["id"]);
            self.ids.insert(text(id), real);
        }
        for (kind, path) in [("users", "/Users"), ("groups", "/Groups")] {
            for object in list(line, kind) {
                let placeholder = text(&object["id"]);
                let body = self.mapped(object);
                let edit = json!({"method": "POST", "path": path, "body": body});
                let reply = self.world.control(Method::POST, "/edit", Some(edit)).await;
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
        if let Some(link) = line.get("private_link") {
            self.world
                .control(Method::PUT, "/private-link", Some(link.clone()))
                .await
                .ok(200);
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
            let answer = tokens::oauth(&self.world, "/oidc/v1/token").await.ok(200);
            self.token = text(&answer["access_token"]);
        }
        if let Some(class) = line.get("exhaust") {
            let group = text(&self.world.group_state("admins").await["id"]);
            let calls = if class == "get" { 256 } else { 10 };
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
                "account_id" => mock.account_id(),
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
        let (host, path) = self.place(&text(&request["path"]));
        let base = if host == MACHINE {
            mock.azure_url()
        } else {
            front.clone()
        };
        let mut call = client(mock, &front, None).request(method, format!("{base}{path}"));
        call = call.header("Host", host);
        for (name, value) in request["headers"].as_object().unwrap() {
            let mut value = text(value).replace("<token>", &self.token);
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
        let fields = expected.as_object_mut().unwrap();
        fields.retain(|field, _| {
            let shown = asked
                .as_ref()
                .is_none_or(|asked| ["id", "schemas"].contains(&field.as_str()) || asked.contains(&field.as_str()));
            shown && !self.ignore.contains(field)
        });
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
        let mut out = match path.strip_prefix(API).and_then(|rest| rest.rsplit_once('/')) {
            Some((resource, id)) => format!("{API}{resource}/{}", self.real(id)),
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
