//! An operator beside the running bridge: taking in what is there, deciding what is held, letting pass what the
//! guard holds, and what a foreign hand did.

use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

use super::scene::{PROGRAM, Scene, quick};
use conformance::stack::StackOptions;
use conformance::stack::bridge_process::ARGUMENT;

/// What `scim-bridge ARGUMENTS` printed, and whether it succeeded.
async fn command(scene: &Scene, arguments: &[&str]) -> (bool, String) {
    let config = scene.stack.folder().join("bridge.toml");
    let mut child = Command::new(PROGRAM);
    child
        .arg(ARGUMENT)
        .args(arguments)
        .arg("--config")
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let ran = tokio::task::spawn_blocking(move || {
        // Its input is its lifeline: it is held open until the command is done.
        let mut child = child.spawn().unwrap();
        let lifeline = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        drop(lifeline);
        output
    });
    let output = ran.await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

fn with(environment: &[(&str, &str)]) -> StackOptions {
    StackOptions {
        environment: environment
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        ..quick()
    }
}

async fn edit(scene: &Scene, method: &str, path: &str, body: Value) -> Value {
    let path = &format!("/api/2.0/preview/scim/v2{path}");
    scene.stack.control().edit(method, path, body).await.unwrap()
}

/// A group and a user at Databricks that the bridge did not make; gives their ids.
async fn somebody_else(scene: &Scene) -> (String, String) {
    let user = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "old@contoso.test", "displayName": "Old" });
    let user = edit(scene, "POST", "/Users", user).await;
    let user = user["body"]["id"].as_str().or(user["id"].as_str()).unwrap().to_owned();
    let group = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Old group", "members": [{ "value": user }] });
    let group = edit(scene, "POST", "/Groups", group).await;
    let group = group["body"]["id"]
        .as_str()
        .or(group["id"].as_str())
        .unwrap()
        .to_owned();
    (user, group)
}

#[tokio::test]
async fn e2_what_is_there_is_taken_in_and_changed_only_when_entra_writes_it() {
    let scene = Scene::with(with(&[("SCIM_BRIDGE_TARGET_MODE", "dry-run")])).await;
    let (user, _) = somebody_else(&scene).await;
    let (well, said) = command(&scene, &["import", "--keep-ids"]).await;
    assert!(
        well && said.contains("imported 1 users, 1 groups and 1 memberships"),
        "{said}"
    );
    let (status, found) = scene
        .send(
            Method::GET,
            "/Users?filter=userName%20eq%20%22OLD%40contoso.test%22",
            None,
        )
        .await;
    assert_eq!((status, &found["Resources"][0]["id"]), (200, &json!(user)));
    let (_, groups) = scene.send(Method::GET, "/Groups", None).await;
    assert_eq!(groups["Resources"][0]["members"][0]["value"], json!(user), "{groups}");
    // A second run finds nothing new.
    let (well, said) = command(&scene, &["import"]).await;
    assert!(well && said.contains("imported 0 users, 0 groups"), "{said}");
    // Entra creates it: it is that one, and who is in the group stays in it.
    let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "old@contoso.test",
        "externalId": "o", "displayName": "New", "active": true });
    let (status, made) = scene.send(Method::POST, "/Users", Some(body)).await;
    assert_eq!((status, &made["id"]), (201, &json!(user)));
    let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Old group", "externalId": "g" });
    let (status, made) = scene.send(Method::POST, "/Groups", Some(body)).await;
    assert_eq!((status, &made["members"][0]["value"]), (201, &json!(user)));
    assert_eq!(scene.writes_since(0).await.len(), 0, "nothing is written in dry-run");
    let (well, said) = command(&scene, &["plan"]).await;
    assert!(well, "{said}");
    let (well, said) = command(&scene, &["go-live", "--yes"]).await;
    assert!(well, "{said}");
    scene
        .until("written", |state| {
            state
                .user("old@contoso.test")
                .is_some_and(|user| user.display_name.as_deref() == Some("New"))
        })
        .await;
    scene.settled().await;
    assert_eq!(scene.state().await.members("Old group"), ["old@contoso.test"]);
}

#[tokio::test]
async fn a4_a_waiting_create_of_a_foreign_groups_name_is_answered_409_and_can_be_adopted_later() {
    let scene = Scene::with(with(&[("SCIM_BRIDGE_SERVER_ACKNOWLEDGE_WITHIN", "10s")])).await;
    somebody_else(&scene).await;
    // The bridge has to have seen it.
    let (well, said) = command(&scene, &["import"]).await;
    assert!(well, "{said}");
    let (_, found) = scene.send(Method::GET, "/Groups", None).await;
    assert_eq!(found["totalResults"], 1);
    let (status, answer) = scene
        .send(
            Method::DELETE,
            &format!("/Groups/{}", found["Resources"][0]["id"].as_str().unwrap()),
            None,
        )
        .await;
    assert_eq!(status, 204, "{answer}");
    scene.settled().await;
    let foreign = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Theirs" });
    edit(&scene, "POST", "/Groups", foreign).await;
    let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Theirs", "externalId": "t" });
    let before = scene.writes_since(0).await.len();
    let (status, answer) = scene.send(Method::POST, "/Groups", Some(body.clone())).await;
    assert_eq!((status, &answer["scimType"]), (409, &json!("uniqueness")), "{answer}");
    let (_, found) = scene
        .send(Method::GET, "/Groups?filter=displayName%20eq%20%22Theirs%22", None)
        .await;
    assert_eq!(found["totalResults"], 0, "nothing stays of it");
    // Bulk never waits: it is accepted, and held.
    let bulk = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{ "method": "POST", "path": "/Groups", "bulkId": "1", "data": body }] });
    let (_, answer) = scene.send(Method::POST, "/Bulk", Some(bulk)).await;
    assert_eq!(answer["Operations"][0]["status"], "201", "{answer}");
    scene.settled().await;
    let (well, said) = command(&scene, &["adopt", "theirs"]).await;
    assert!(well && said.contains("decided: Group Theirs"), "{said}");
    scene.settled().await;
    let (_, said) = command(&scene, &["log", "--name", "Theirs", "--limit", "1"]).await;
    assert!(said.contains("applied"), "{said}");
    let written = scene.writes_since(0).await.split_off(before);
    assert!(written.iter().all(|one| one.status == Some(409)), "{written:?}");
}

#[tokio::test]
async fn e6_a_mass_disable_waits_for_a_person_and_shows_what_it_waits_for() {
    let scene = Scene::with(with(&[("SCIM_BRIDGE_GUARD_MORE_THAN", "3")])).await;
    let mut ids = Vec::new();
    for number in 0..8 {
        ids.push(scene.create_user(&format!("user{number}@contoso.test")).await);
    }
    scene.settled().await;
    let operations: Vec<Value> = ids[..5]
        .iter()
        .map(|id| {
            json!({ "method": "PATCH", "path": format!("/Users/{id}"), "data": {
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [{ "op": "replace", "path": "active", "value": false }] } })
        })
        .collect();
    let bulk = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations });
    let (status, _) = scene.send(Method::POST, "/Bulk", Some(bulk)).await;
    assert_eq!(status, 200);
    let waiting = async {
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(50));
        loop {
            ticks.tick().await;
            let (_, said) = command(&scene, &["log", "--outcome", "held"]).await;
            if said.contains("held: guard: deactivations; scim-bridge resume") {
                return;
            }
        }
    };
    tokio::time::timeout(super::scene::PATIENCE, waiting).await.unwrap();
    let inactive = |state: &conformance::stack::control::State| state.users.iter().filter(|user| !user.active).count();
    assert!(inactive(&scene.state().await) <= 3);
    let (well, said) = command(&scene, &["resume"]).await;
    assert!(well && said.contains("of deactivations"), "{said}");
    scene.until("disabled", |state| inactive(state) == 5).await;
}

#[tokio::test]
async fn b4_drift_is_listed_and_undone_when_told() {
    for (mode, undone) in [("report", false), ("repair", true)] {
        let scene = Scene::with(with(&[
            ("SCIM_BRIDGE_DRIFT_MODE", mode),
            ("SCIM_BRIDGE_DRIFT_EVERY", "5m"),
        ]))
        .await;
        let (ana, ben) = (
            scene.create_user("ana@contoso.test").await,
            scene.create_user("ben@contoso.test").await,
        );
        scene.create_group("Ops", &[&ana]).await;
        scene.settled().await;
        scene.until("made", |state| state.members("Ops").len() == 1).await;
        let state = scene.state().await;
        let (group, stranger) = (
            state
                .groups
                .iter()
                .find(|group| group.display_name == "Ops")
                .unwrap()
                .id
                .clone(),
            state.user("ben@contoso.test").unwrap().id.clone(),
        );
        assert_ne!(ben, stranger);
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "add", "path": "members", "value": [{ "value": stranger }] }] });
        edit(&scene, "PATCH", &format!("/Groups/{group}"), body).await;
        if undone {
            scene
                .until("undone", |state| state.members("Ops") == ["ana@contoso.test"])
                .await;
            continue;
        }
        let listed = async {
            let mut ticks = tokio::time::interval(std::time::Duration::from_millis(50));
            loop {
                ticks.tick().await;
                let (_, said) = command(&scene, &["drift"]).await;
                if said.contains("member-extra ben@contoso.test: drift.mode") {
                    return;
                }
            }
        };
        tokio::time::timeout(super::scene::PATIENCE, listed).await.unwrap();
        assert_eq!(scene.state().await.members("Ops").len(), 2);
    }
}
