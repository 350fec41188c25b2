//! Snapshots, restoring and documents to start with.

use mock_databricks::{MockDatabricks, Options};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{World, text};

#[tokio::test]
async fn a_snapshot_in_a_file_brings_everything_back() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("saved.json");
    let ana = world.user("ana@example.com").await;
    world.group("team", &[&ana]).await;
    world.switch("page_cap", json!(7)).await;
    let before = world.state().await;
    let named = json!({"file": file});
    world
        .control(Method::POST, "/snapshot", Some(named.clone()))
        .await
        .ok(200);

    world.delete(&format!("/Users/{ana}")).await;
    world.group("later", &[]).await;
    world.switch("page_cap", json!(100)).await;
    world.switch("count_zero", json!("ignored")).await;
    world.control(Method::POST, "/restore", Some(named)).await.ok(204);

    assert_eq!(world.state().await, before);
    let again = world.control(Method::GET, "/snapshot", None).await.ok(200);
    assert_eq!(again["switches"], json!({"page_cap": 7}));
    assert_eq!(
        again,
        serde_json::from_slice::<Value>(&std::fs::read(&file).unwrap()).unwrap()
    );
    // Ids go on where they were, and never come twice.
    assert_ne!(world.group("later", &[]).await, ana);
}

#[tokio::test]
async fn a_snapshot_starts_another_mock_with_the_same_ids_and_token() {
    let world = World::start().await;
    let ana = world.user("ana@example.com").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("saved.json");
    let named = json!({"file": file});
    world.control(Method::POST, "/snapshot", Some(named)).await.ok(200);
    let mock = MockDatabricks::start(Options {
        state: Some(file.clone()),
        ..Options::ephemeral()
    })
    .await
    .unwrap();
    assert_eq!(mock.token(), world.mock.token());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let state = client
        .get(format!("{}/state", mock.control_url()))
        .send()
        .await
        .unwrap();
    let state: Value = serde_json::from_str(&state.text().await.unwrap()).unwrap();
    let users = state["users"].as_array().unwrap();
    assert!(users.iter().any(|user| text(&user["id"]) == ana));

    let error = MockDatabricks::start(Options {
        state: Some(file),
        seed: Some(8),
        ..Options::ephemeral()
    })
    .await
    .unwrap_err();
    assert!(error.to_string().ends_with("start with --seed 7"), "{error}");
}

#[tokio::test]
async fn a_document_that_does_not_fit_changes_nothing_and_names_the_place() {
    let world = World::start().await;
    world.user("ana@example.com").await;
    let before = world.state().await;
    for (body, complaint) in [
        (json!({"file": "/nowhere/at/all"}), "field `file` cannot be read: "),
        (json!({"file": "x", "seed": 1}), "field `seed` is unknown"),
        (json!({"users": [{"userName": ""}]}), "`users[0].userName` is missing"),
        (
            json!({"switches": {"colour": 1}}),
            "`switches.colour` unknown switch `colour`",
        ),
        (
            json!({"switches": {"page_cap": 0}}),
            "`switches.page_cap` field `value` of switch",
        ),
    ] {
        let reply = world.control(Method::POST, "/restore", Some(body)).await.ok(400);
        assert!(text(&reply["error"]).starts_with(complaint), "{reply}");
    }
    let reply = world.control_raw(Method::POST, "/restore", "{\"users\": [").await;
    assert_eq!(reply.status, 400);
    let unwritable = json!({"file": "/nowhere/at/all"});
    let reply = world.control(Method::POST, "/snapshot", Some(unwritable)).await;
    assert!(text(&reply.ok(400)["error"]).starts_with("field `file` cannot be written"));
    assert_eq!(world.state().await, before);
}
