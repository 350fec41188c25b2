//! Databricks out, throttled, unreachable or mute: the client gets right answers all the
//! time, and the state is equal once the cause is gone.

use std::time::Duration;

use serde_json::{Value, json};

use super::scene::{Scene, quick};
use conformance::stack::StackOptions;

/// Arms `fault`, makes changes through the bridge, waits, and checks that they arrived once.
async fn survives(fault: Value, times: u64) {
    let scene = Scene::with(StackOptions {
        environment: vec![
            ("SCIM_BRIDGE_SERVER_ACKNOWLEDGE_WITHIN".to_owned(), "200ms".to_owned()),
            ("SCIM_BRIDGE_TARGET_TIMEOUT".to_owned(), "30s".to_owned()),
        ],
        ..quick()
    })
    .await;
    let ana = scene.create_user("ana@contoso.test").await;
    let ops = scene.create_group("Ops", &[&ana]).await;
    scene.settled().await;
    let mut rule = json!({ "match": {}, "skip": 0, "times": times });
    rule.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
    scene.arm(rule).await;
    let ben = scene.create_user("ben@contoso.test").await;
    scene
        .patch(
            &format!("/Groups/{ops}"),
            json!({ "op": "Add", "path": "members", "value": [{ "value": ben }] }),
        )
        .await;
    scene
        .patch(
            &format!("/Groups/{ops}"),
            json!({ "op": "Remove", "path": "members", "value": [{ "value": ana }] }),
        )
        .await;
    scene
        .patch(
            &format!("/Users/{ana}"),
            json!({ "op": "Replace", "path": "active", "value": "False" }),
        )
        .await;
    let (status, found) = scene
        .send(
            reqwest::Method::GET,
            "/Users?filter=userName+eq+%22ana%40contoso.test%22",
            None,
        )
        .await;
    assert_eq!((status, &found["Resources"][0]["active"]), (200, &json!(false)));
    scene
        .until("equal", |state| {
            state.members("Ops") == ["ben@contoso.test"]
                && state.user("ana@contoso.test").is_some_and(|user| !user.active)
                && state.user("ben@contoso.test").is_some_and(|user| user.active)
        })
        .await;
    scene.settled().await;
    let state = scene.state().await;
    assert_eq!(state.members("Ops"), ["ben@contoso.test"]);
    assert_eq!(
        state
            .users
            .iter()
            .filter(|user| user.user_name == "ben@contoso.test")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_private_link_refusal() {
    survives(json!({ "when": "before", "answer": { "private_link": true } }), 6).await;
}

#[tokio::test]
async fn unavailable() {
    survives(
        json!({ "when": "before", "answer": { "status": 503, "body": "gone" } }),
        6,
    )
    .await;
}

#[tokio::test]
async fn throttling_in_the_open() {
    let body = json!({ "error_code": "RESOURCE_EXHAUSTED", "message": "REQUEST_LIMIT_EXCEEDED" });
    survives(
        json!({ "when": "before", "answer": { "status": 429, "headers": { "Retry-After": "1" }, "body": body } }),
        4,
    )
    .await;
}

#[tokio::test]
async fn throttling_in_disguise() {
    let detail = "REQUEST_LIMIT_EXCEEDED: Workspace 1234 exceeded the concurrent limit of 4 requests.";
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": detail, "status": "500" });
    survives(
        json!({ "when": "before", "answer": { "status": 500, "body": body } }),
        4,
    )
    .await;
}

#[tokio::test]
async fn web_pages_instead_of_answers() {
    survives(json!({ "when": "before", "answer": { "html": true } }), 5).await;
}

#[tokio::test]
async fn answers_lost_after_the_effect() {
    survives(json!({ "when": "after", "answer": { "reset": true } }), 4).await;
}

#[tokio::test]
async fn half_answers() {
    survives(json!({ "when": "after", "answer": { "truncate": true } }), 4).await;
}

#[tokio::test]
async fn effects_that_come_late() {
    survives(json!({ "when": "before", "answer": { "late_effect_ms": 20_000 } }), 3).await;
}

#[tokio::test]
async fn requests_that_hang() {
    survives(json!({ "when": "before", "answer": { "hang_ms": 2_000 } }), 4).await;
}

#[tokio::test]
async fn a_credential_that_stops_to_work_and_comes_back() {
    let scene = Scene::start().await;
    scene.create_user("ana@contoso.test").await;
    scene.settled().await;
    let token = scene.stack.databricks().token().to_owned();
    scene.stack.control().set_credential(&token, false).await.unwrap();
    scene.create_user("ben@contoso.test").await;
    let waiting = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        loop {
            ticks.tick().await;
            let (status, body) = scene.stack.targets().await.unwrap();
            if status == 503 && body["targets"][0]["cause"] == "not-admitted" {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap();
    scene.stack.control().set_credential(&token, true).await.unwrap();
    scene
        .until("made", |state| state.user("ben@contoso.test").is_some())
        .await;
}
