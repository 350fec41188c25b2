//! The faults that break a proxy. Each one is armed for good; the client sees only right answers, each within
//! fifteen seconds; the health of the target and the log name the cause; and when the fault is lifted,
//! Databricks becomes what was wanted.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::scene::{PATIENCE, Scene, quick};
use conformance::stack::StackOptions;

/// The longest that a client may wait for an answer.
const LONGEST: Duration = Duration::from_secs(15);

/// A right answer in time.
async fn right(scene: &Scene, method: Method, path: &str, body: Option<Value>, status: u16) -> Value {
    let answer = tokio::time::timeout(LONGEST, scene.send(method, path, body)).await;
    let Ok((answered, body)) = answer else {
        panic!("{path}: no answer within {LONGEST:?}");
    };
    assert_eq!(answered, status, "{path}: {body}");
    body
}

fn patch(operation: &Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] })
}

fn user(name: &str) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "externalId": name,
        "displayName": name, "active": true })
}

struct World {
    scene: Scene,
    ana: String,
    ben: String,
    ops: String,
}

/// Ana in Ops, Ben in nothing; then the fault.
async fn world(options: StackOptions) -> World {
    let scene = Scene::with(options).await;
    let ana = scene.create_user("ana@contoso.test").await;
    let ben = scene.create_user("ben@contoso.test").await;
    let ops = scene.create_group("Ops", &[&ana]).await;
    scene.settled().await;
    scene.until("made", |state| state.members("Ops").len() == 1).await;
    World { scene, ana, ben, ops }
}

impl World {
    /// What Entra does on an ordinary day: it must notice nothing.
    async fn a_day(&self) {
        let scene = &self.scene;
        let filter = "/Users?filter=userName%20eq%20%22cleo%40contoso.test%22";
        let found = right(scene, Method::GET, filter, None, 200).await;
        assert_eq!(found["totalResults"], 0);
        let cleo = right(scene, Method::POST, "/Users", Some(user("cleo@contoso.test")), 201).await;
        let found = right(scene, Method::GET, filter, None, 200).await;
        assert_eq!(found["Resources"][0]["id"], cleo["id"]);
        let group = format!("/Groups/{}", self.ops);
        let add = json!({ "op": "Add", "path": "members", "value": [{ "value": cleo["id"] }, { "value": self.ben }] });
        right(scene, Method::PATCH, &group, Some(patch(&add)), 204).await;
        let remove = json!({ "op": "Remove", "path": "members", "value": [{ "value": self.ana }] });
        right(scene, Method::PATCH, &group, Some(patch(&remove)), 204).await;
        let disable = json!({ "op": "Replace", "path": "active", "value": "False" });
        let ana = format!("/Users/{}", self.ana);
        let shown = right(scene, Method::PATCH, &ana, Some(patch(&disable)), 200).await;
        assert_eq!(shown["active"], false);
        let again = right(scene, Method::POST, "/Users", Some(user("BEN@contoso.test")), 409).await;
        assert_eq!(again["scimType"], "uniqueness");
        let dana = right(scene, Method::POST, "/Users", Some(user("dana@contoso.test")), 201).await;
        let dana = format!("/Users/{}", dana["id"].as_str().unwrap());
        let (status, _) = scene.send(Method::DELETE, &dana, None).await;
        assert_eq!(status, 204);
        right(scene, Method::GET, &dana, None, 404).await;
    }

    /// Waits until the health of the target and the record of events name one of these causes.
    async fn names(&self, causes: &[&str]) {
        let named = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            loop {
                ticks.tick().await;
                let (status, body) = self.scene.stack.targets().await.unwrap();
                let cause = body["targets"][0]["cause"].as_str().unwrap_or_default().to_owned();
                if status == 503 && causes.contains(&cause.as_str()) {
                    assert!(body["targets"][0]["reason"].is_string(), "{body}");
                    return cause;
                }
            }
        };
        let cause = tokio::time::timeout(PATIENCE, named).await;
        let Ok(cause) = cause else {
            panic!("no cause of {causes:?}: {:?}", self.scene.stack.targets().await);
        };
        self.logged(&cause);
    }

    fn logged(&self, cause: &str) {
        let log = std::fs::read_to_string(self.scene.stack.folder().join("bridge.log")).unwrap();
        let named = log.lines().any(|line| line.contains("WARN") && line.contains(cause));
        assert!(named, "the log does not name {cause}");
    }

    async fn equal(&self) {
        self.scene
            .until("equal", |state| {
                let mut members = state.members("Ops");
                members.sort();
                let active = |name: &str| state.user(name).is_some_and(|user| user.active);
                members == ["ben@contoso.test", "cleo@contoso.test"]
                    && !active("ana@contoso.test")
                    && active("ben@contoso.test")
                    && active("cleo@contoso.test")
                    && !active("dana@contoso.test")
            })
            .await;
        self.scene.settled().await;
        let (status, body) = self.scene.stack.targets().await.unwrap();
        assert_eq!((status, &body["targets"][0]["state"]), (200, &json!("ok")), "{body}");
        let state = self.scene.state().await;
        for name in ["ana", "ben", "cleo", "dana"] {
            let name = format!("{name}@contoso.test");
            let number = state.users.iter().filter(|user| user.user_name == name).count();
            assert!(number <= 1, "{name} is there {number} times");
        }
    }
}

fn impatient() -> StackOptions {
    StackOptions {
        environment: vec![
            ("SCIM_BRIDGE_SERVER_ACKNOWLEDGE_WITHIN".to_owned(), "300ms".to_owned()),
            ("SCIM_BRIDGE_TARGET_TIMEOUT".to_owned(), "60s".to_owned()),
        ],
        ..quick()
    }
}

/// The fault for good, and lifted.
async fn survives(fault: Value, causes: &[&str]) {
    let world = world(impatient()).await;
    let mut rule = json!({ "match": {}, "skip": 0, "times": 0 });
    rule.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
    world.scene.arm(rule).await;
    world.a_day().await;
    world.names(causes).await;
    world.scene.stack.control().disarm().await.unwrap();
    world.equal().await;
}

#[tokio::test]
async fn throttled_for_good() {
    let body = json!({ "error_code": "REQUEST_LIMIT_EXCEEDED", "message": "too many" });
    survives(json!({ "answer": { "status": 429, "body": body } }), &["rate-limited"]).await;
}

#[tokio::test]
async fn throttled_for_good_with_a_delay() {
    let body = json!({ "error_code": "RESOURCE_EXHAUSTED", "message": "too many" });
    survives(
        json!({ "answer": { "status": 429, "headers": { "Retry-After": "1" }, "body": body } }),
        &["rate-limited"],
    )
    .await;
}

#[tokio::test]
async fn throttled_in_disguise_for_good() {
    let detail = "REQUEST_LIMIT_EXCEEDED: Workspace 1234 exceeded the concurrent limit of 4 requests.";
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": detail, "status": "500" });
    survives(json!({ "answer": { "status": 500, "body": body } }), &["rate-limited"]).await;
}

#[tokio::test]
async fn unavailable() {
    let text = "No webapps are available to handle your request. Please try again later.";
    survives(json!({ "answer": { "status": 503, "body": text } }), &["busy"]).await;
    survives(json!({ "answer": { "status": 503, "body": "" } }), &["server-error"]).await;
}

#[tokio::test]
async fn unavailable_for_writes_alone() {
    let fault = |method: &str| json!({ "match": { "method": method }, "answer": { "status": 503, "body": "" } });
    let world = world(impatient()).await;
    for method in ["POST", "PATCH"] {
        let mut rule = fault(method);
        rule["times"] = json!(0);
        world.scene.arm(rule).await;
    }
    world.a_day().await;
    world.names(&["server-error"]).await;
    world.scene.stack.control().disarm().await.unwrap();
    world.equal().await;
}

#[tokio::test]
async fn web_pages() {
    survives(json!({ "answer": { "html": true } }), &["html", "sign-in"]).await;
}

#[tokio::test]
async fn private_link_refusals_on_everything_on_reads_and_on_writes() {
    for matching in [
        json!({}),
        json!({ "method": "GET" }),
        json!({ "method": "PATCH" }),
        json!({ "path": "filter" }),
    ] {
        let world = world(impatient()).await;
        let named = matching.get("path").is_none();
        let rule = json!({ "match": matching, "times": 0, "answer": { "private_link": true } });
        world.scene.arm(rule).await;
        world.a_day().await;
        // Nobody asks by filter without need: where no such call is made there is nothing to name.
        if named && matching.get("method") != Some(&json!("GET")) {
            world.names(&["private-link"]).await;
        }
        world.scene.stack.control().disarm().await.unwrap();
        world.equal().await;
    }
}

#[tokio::test]
async fn hanging() {
    survives(json!({ "answer": { "hang_ms": 4_000 } }), &["cut-off", "timed-out"]).await;
}

#[tokio::test]
async fn connections_that_are_cut() {
    survives(json!({ "answer": { "reset": true } }), &["cut-off", "unreachable"]).await;
}

#[tokio::test]
async fn answers_lost_after_the_effect() {
    // What a create without an answer came to is found by a look: the fault stands, and all is well.
    let world = world(impatient()).await;
    let rule = json!({ "match": { "method": "POST" }, "times": 0, "when": "after", "answer": { "reset": true } });
    world.scene.arm(rule).await;
    world.a_day().await;
    world.equal().await;
    world.logged("cut-off");
    survives(
        json!({ "when": "after", "answer": { "truncate": true } }),
        &["cut-off", "garbled"],
    )
    .await;
}

#[tokio::test]
async fn effects_after_the_time_out() {
    survives(
        json!({ "answer": { "late_effect_ms": 30_000 } }),
        &["cut-off", "timed-out"],
    )
    .await;
}

#[tokio::test]
async fn a_credential_that_is_refused() {
    let world = world(impatient()).await;
    let token = world.scene.stack.databricks().token().to_owned();
    world.scene.stack.control().set_credential(&token, false).await.unwrap();
    world.a_day().await;
    world.names(&["not-admitted"]).await;
    world.scene.stack.control().set_credential(&token, true).await.unwrap();
    world.equal().await;
}

#[tokio::test]
async fn a_rename_that_databricks_ignores() {
    let world = world(impatient()).await;
    let scene = &world.scene;
    let rename = json!({ "op": "Replace", "path": "userName", "value": "ana.new@contoso.test" });
    let ana = format!("/Users/{}", world.ana);
    let shown = right(scene, Method::PATCH, &ana, Some(patch(&rename)), 200).await;
    assert_eq!(shown["userName"], "ana.new@contoso.test");
    scene
        .until("moved", |state| {
            state.members("Ops") == ["ana.new@contoso.test"]
                && state.user("ana@contoso.test").is_some_and(|user| !user.active)
                && state.user("ana.new@contoso.test").is_some_and(|user| user.active)
        })
        .await;
    scene.settled().await;
    let read = right(scene, Method::GET, &ana, None, 200).await;
    assert_eq!(read["id"], json!(world.ana), "one id for the client");
}
