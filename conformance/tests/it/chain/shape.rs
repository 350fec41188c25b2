//! The target's level: the same life of people and groups in a workspace, in an account, and in an account through a workspace.

use bridge::databricks::Level;
use conformance::stack::control::State;
use conformance::stack::{Before, StackOptions};
use serde_json::json;

use super::scene::{PATIENCE, Scene, quick};

/// Account groups reach the workspace.
fn federated() -> Before {
    Before::Switch("identity_federation", json!("on"))
}

async fn scene_at(level: Level, before: Vec<Before>) -> Scene {
    Scene::with(StackOptions {
        level,
        before,
        ..quick()
    })
    .await
}

/// What the level of a scene holds.
async fn held(scene: &Scene, level: Level) -> State {
    if level.is_account() {
        scene.stack.control().account().await.unwrap()
    } else {
        scene.state().await
    }
}

/// People come, one is disabled, one leaves a group, one is deleted, and so is the group.
async fn a_whole_life(level: Level, before: Vec<Before>) {
    let scene = scene_at(level, before).await;
    let (ana, ben, cem) = (
        scene.create_user("Ana@contoso.test").await,
        scene.create_user("ben@contoso.test").await,
        scene.create_user("cem@contoso.test").await,
    );
    let group = scene.create_group("Ops", &[&ana, &ben, &cem]).await;
    scene.settled().await;
    let state = held(&scene, level).await;
    assert_eq!(
        state.members("Ops"),
        ["ana@contoso.test", "ben@contoso.test", "cem@contoso.test"]
    );
    assert_eq!(
        state.user("ana@contoso.test").unwrap().display_name.as_deref(),
        Some("Ana")
    );

    let off = json!({ "op": "Replace", "path": "active", "value": "False" });
    scene.patch(&format!("/Users/{ana}"), off).await;
    let shown = json!({ "op": "Replace", "path": "displayName", "value": "Ben B." });
    scene.patch(&format!("/Users/{ben}"), shown).await;
    let leave = json!({ "op": "Remove", "path": "members", "value": [{ "value": ben }] });
    scene.patch(&format!("/Groups/{group}"), leave).await;
    scene.settled().await;
    let state = held(&scene, level).await;
    assert!(!state.user("ana@contoso.test").unwrap().active);
    assert_eq!(
        state.user("ben@contoso.test").unwrap().display_name.as_deref(),
        Some("Ben B.")
    );
    assert_eq!(state.members("Ops"), ["ana@contoso.test", "cem@contoso.test"]);

    scene.delete(&format!("/Users/{cem}")).await;
    scene.delete(&format!("/Groups/{group}")).await;
    scene.settled().await;
    let state = held(&scene, level).await;
    assert!(!state.user("cem@contoso.test").unwrap().active);
    assert!(state.members("Ops").is_empty(), "the shell stays for its grace");

    // Nothing went another way, and nothing was refused.
    let base = match level {
        Level::Workspace => "/api/2.0/preview/scim/v2/".to_owned(),
        Level::AccountThroughWorkspace => "/api/2.0/account/scim/v2/".to_owned(),
        Level::Account => format!("/api/2.0/accounts/{}/scim/v2/", scene.stack.databricks().account_id()),
    };
    for write in scene.writes_since(0).await {
        assert!(
            write.path.contains("/oidc/") || write.path.starts_with(&base),
            "{write:?}"
        );
        assert!(write.status.is_some_and(|status| status < 300), "{write:?}");
    }
}

#[tokio::test]
async fn people_and_groups_live_in_a_workspace() {
    a_whole_life(Level::Workspace, Vec::new()).await;
}

#[tokio::test]
async fn people_and_groups_live_in_an_account() {
    a_whole_life(Level::Account, Vec::new()).await;
}

#[tokio::test]
async fn people_and_groups_live_in_an_account_reached_through_a_workspace() {
    a_whole_life(Level::AccountThroughWorkspace, vec![federated()]).await;
}

/// The bridge does not start on its store with this in its environment; what it says.
async fn refusal_with(scene: &mut Scene, variable: &str, value: &str) -> String {
    let bridge = scene.stack.bridge();
    bridge.terminate().await.unwrap();
    let child = tokio::process::Command::new(super::scene::PROGRAM)
        .args(["bridge-process", "serve", "--config"])
        .arg(scene.stack.folder().join("bridge.toml"))
        .env(variable, value)
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let mut child = child.unwrap();
    // The end of its input would stop it.
    let lifeline = child.stdin.take();
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output())
        .await
        .unwrap()
        .unwrap();
    drop(lifeline);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = said.lines().last().unwrap_or_default();
    last.trim_start_matches("scim-bridge: ").to_owned()
}

#[tokio::test]
async fn a_store_is_refused_at_another_level_and_with_another_workspace() {
    let mut scene = scene_at(Level::Workspace, Vec::new()).await;
    let said = refusal_with(&mut scene, "SCIM_BRIDGE_TARGET_LEVEL", "account-through-workspace").await;
    assert_eq!(
        said,
        "target.level: this store was used at workspace level: ids differ: use another store.path"
    );
    scene.stack.bridge().start_again().await.unwrap();
    let other = "https://adb-999.1.azuredatabricks.net";
    let said = refusal_with(&mut scene, "SCIM_BRIDGE_TARGET_WORKSPACE_URL", other).await;
    let host = scene.stack.databricks().workspace_host();
    assert_eq!(
        said,
        format!("target.workspace_url: this store was used with {host}: ids differ: use another store.path")
    );
    scene.stack.bridge().start_again().await.unwrap();
    scene.settled().await;
}
