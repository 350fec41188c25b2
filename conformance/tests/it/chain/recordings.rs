//! The recorded exchanges that begin with a call of Entra's to a bridge: what the bridge answers, and what it makes of it.

use reqwest::Method;
use serde_json::{Value, json};

use super::scene::Scene;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../mock-databricks/exchanges");

/// The exchanges of a file: Entra's call, and the bridge's own if it was recorded.
fn exchanges(file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(format!("{FOLDER}/{file}")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    file["exchanges"].as_array().unwrap().clone()
}

/// Sends a recorded call with the ids it really has, and compares the status.
async fn replay(scene: &Scene, exchange: &Value, ids: &[(&str, &str)]) -> Value {
    let request = &exchange["request"];
    let real = |text: &str| {
        ids.iter()
            .fold(text.to_owned(), |text, (recorded, real)| text.replace(recorded, real))
    };
    let path = real(request["path"].as_str().unwrap().strip_prefix("/scim").unwrap());
    let method: Method = request["method"].as_str().unwrap().parse().unwrap();
    let body = (!request["body"].is_null()).then(|| serde_json::from_str(&real(&request["body"].to_string())).unwrap());
    let (status, answer) = scene.send(method, &path, body).await;
    assert_eq!(json!(status), exchange["response"]["status"], "{answer}");
    answer
}

/// The operations of every PATCH that Databricks got since `seq`.
async fn operations(scene: &Scene, seq: u64) -> Vec<Value> {
    let writes = scene.writes_since(seq).await;
    let patches = writes.iter().filter(|write| write.method == "PATCH");
    patches
        .flat_map(|write| write.body["Operations"].as_array().cloned().unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn the_connection_test_gets_the_recorded_answer() {
    let scene = Scene::start().await;
    let recorded = exchanges("entra-test-connection.json");
    let answer = replay(&scene, &recorded[0], &[]).await;
    for (field, value) in recorded[0]["response"]["body"].as_object().unwrap() {
        assert_eq!(&answer[field], value, "{field}");
    }
}

#[tokio::test]
async fn a_deactivation_is_written_as_databricks_takes_it() {
    let scene = Scene::start().await;
    let ana = scene.create_user("ana@contoso.test").await;
    scene.settled().await;
    let seq = scene.stack.control().newest().await.unwrap();
    let recorded = exchanges("entra-rewrite-deactivate.json");
    replay(&scene, &recorded[0], &[("2468013579246801", &ana)]).await;
    scene.settled().await;
    let expected = recorded[1]["request"]["body"]["Operations"].as_array().unwrap();
    assert_eq!(&operations(&scene, seq).await, expected);
}

#[tokio::test]
async fn dotted_names_without_a_path_become_paths() {
    let scene = Scene::start().await;
    let ana = scene.create_user("ana@contoso.test").await;
    scene.settled().await;
    let seq = scene.stack.control().newest().await.unwrap();
    let recorded = exchanges("entra-rewrite-pathless-dotted.json");
    replay(&scene, &recorded[0], &[("2468013579246801", &ana)]).await;
    scene.settled().await;
    let expected = recorded[1]["request"]["body"]["Operations"].as_array().unwrap();
    assert_eq!(&operations(&scene, seq).await, expected);
}

#[tokio::test]
async fn one_of_two_members_is_removed_by_a_filter() {
    let scene = Scene::start().await;
    let (ana, ben) = (
        scene.create_user("ana@contoso.test").await,
        scene.create_user("ben@contoso.test").await,
    );
    let team = scene.create_group("team", &[&ana, &ben]).await;
    scene.settled().await;
    let seq = scene.stack.control().newest().await.unwrap();
    let recorded = exchanges("entra-rewrite-remove-member.json");
    replay(&scene, &recorded[0], &[("1357924680135792", &team), ("1112", &ana)]).await;
    scene.settled().await;
    let state = scene.state().await;
    let upstream = state.user("ana@contoso.test").unwrap().id.clone();
    let expected = recorded[1]["request"]["body"]["Operations"]
        .to_string()
        .replace("1112", &upstream);
    let expected: Vec<Value> = serde_json::from_str(&expected).unwrap();
    assert_eq!(operations(&scene, seq).await, expected);
    assert_eq!(state.members("team"), ["ben@contoso.test"]);
}
