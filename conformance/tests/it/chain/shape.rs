//! The target's level: the same life of people and groups in a workspace, in an account, and in an account through a workspace.

use bridge::databricks::Level;
use conformance::stack::control::State;
use conformance::stack::{Before, StackOptions};
use serde_json::json;

use super::network::{doctor, states};
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

/// The health of the target: state, cause and reason.
async fn health(scene: &Scene) -> (u16, String, String, String) {
    let (status, body) = scene.stack.targets().await.unwrap();
    let target = &body["targets"][0];
    let text = |key: &str| target[key].as_str().unwrap_or_default().to_owned();
    (status, text("state"), text("cause"), text("reason"))
}

/// Waits until the target is in this state.
async fn until_state(scene: &Scene, state: &str) {
    let waiting = async {
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
        while health(scene).await.1 != state {
            ticks.tick().await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(waited.is_ok(), "never {state}: {:?}", health(scene).await);
}

/// A group of the account, in a workspace that could have it.
fn account_group() -> Vec<Before> {
    let body = json!({ "displayName": "Finance" });
    vec![
        federated(),
        Before::Edit("POST", "/api/2.0/accounts/ACCOUNT/scim/v2/Groups", body),
    ]
}

async fn assign(scene: &Scene, group: &str) {
    let path = format!("/api/2.0/preview/permissionassignments/principals/{group}");
    let body = json!({ "permissions": ["USER"] });
    scene.stack.control().edit("PUT", &path, body).await.unwrap();
}

#[tokio::test]
async fn a_workspace_of_account_groups_is_held_and_health_names_the_key() {
    let mut scene = scene_at(Level::Workspace, account_group()).await;
    scene.stack.bridge().terminate().await.unwrap();
    let account = scene.stack.control().account().await.unwrap();
    assign(&scene, &account.group("Finance").unwrap().id).await;
    scene.stack.bridge().start_again().await.unwrap();
    until_state(&scene, "held").await;
    let (status, _, cause, reason) = health(&scene).await;
    assert_eq!((status, cause.as_str()), (503, "unsuitable-shape"));
    assert_eq!(
        reason,
        "groups of this workspace are account groups and workspace SCIM cannot change their members (\"Finance\" is \
         one): set target.level = \"account-through-workspace\""
    );
    // What is written is accepted, and waits.
    scene.create_user("ana@contoso.test").await;
    assert!(scene.writes_since(0).await.is_empty());
    let log = scene.stack.bridge().log();
    assert_eq!(log.matches("nothing is written to this target").count(), 1, "said once");
}

#[tokio::test]
async fn a_target_that_has_become_suitable_is_written_again() {
    let mut scene = scene_at(Level::AccountThroughWorkspace, Vec::new()).await;
    until_state(&scene, "held").await;
    let (_, _, cause, reason) = health(&scene).await;
    assert_eq!(cause, "unsuitable-shape");
    assert!(reason.ends_with("set target.level = \"workspace\""), "{reason}");
    scene.create_user("ana@contoso.test").await;
    let on = json!({ "value": "on" });
    scene
        .stack
        .control()
        .put("/switches/identity_federation", &on)
        .await
        .unwrap();
    // It would look again by itself after a while.
    scene.stack.bridge().terminate().await.unwrap();
    scene.stack.bridge().start_again().await.unwrap();
    scene.settled().await;
    assert!(
        held(&scene, Level::AccountThroughWorkspace)
            .await
            .user("ana@contoso.test")
            .is_some()
    );
}

#[tokio::test]
async fn a_refusal_of_the_targets_kind_holds_everything_at_once() {
    let scene = scene_at(Level::Workspace, Vec::new()).await;
    let ana = scene.create_user("ana@contoso.test").await;
    let ops = scene.create_group("Ops", &[]).await;
    scene.settled().await;
    let refusal = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "400",
        "scimType": "Members attribute not supported for current workspace.",
        "detail": "Request is unparsable, syntactically incorrect, or violates schema.",
    });
    scene
        .arm(json!({ "match": { "method": "PATCH", "path": "/Groups" }, "times": 0, "answer": { "status": 400, "body": refusal } }))
        .await;
    let since = scene.stack.control().newest().await.unwrap();
    let join = json!({ "op": "Add", "path": "members", "value": [{ "value": ana }] });
    scene.patch(&format!("/Groups/{ops}"), join).await;
    until_state(&scene, "held").await;
    let (_, _, cause, reason) = health(&scene).await;
    assert_eq!(cause, "unsuitable-shape");
    assert!(
        reason.contains("Members attribute not supported") && reason.contains("target.level"),
        "{reason}"
    );
    scene.create_user("ben@contoso.test").await;
    let writes = scene.writes_since(since).await;
    assert_eq!(writes.len(), 1, "nothing is tried object by object: {writes:?}");
}

#[tokio::test]
async fn names_of_a_federated_workspace_are_given_once_and_never_fought_over() {
    let scene = scene_at(Level::Workspace, vec![federated()]).await;
    let ana = scene.create_user("ana@contoso.test").await;
    let ben = scene.create_user("ben@contoso.test").await;
    scene.create_group("Ops", &[&ana, &ben]).await;
    scene.settled().await;
    let state = scene.state().await;
    assert_eq!(
        state.user("ana@contoso.test").unwrap().display_name.as_deref(),
        Some("ana")
    );
    assert_eq!(state.members("Ops"), ["ana@contoso.test", "ben@contoso.test"]);
    let since = scene.stack.control().newest().await.unwrap();
    let shown = json!({ "op": "Replace", "path": "displayName", "value": "Ana B." });
    scene.patch(&format!("/Users/{ana}"), shown).await;
    let off = json!({ "op": "Replace", "path": "active", "value": "False" });
    scene.patch(&format!("/Users/{ben}"), off).await;
    scene.settled().await;
    let writes = scene.writes_since(since).await;
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert!(!scene.state().await.user("ben@contoso.test").unwrap().active);
}

#[tokio::test]
async fn the_last_active_admin_of_an_account_is_never_deactivated() {
    let scene = scene_at(Level::Account, Vec::new()).await;
    let account = scene.stack.control().account().await.unwrap();
    let is_admin = |name: &Option<String>| name.as_deref() == Some("Account Admin");
    let admin = account.users.iter().find(|user| is_admin(&user.display_name)).unwrap();
    let id = scene.create_user(&admin.user_name).await;
    scene.settled().await;
    let off = json!({ "op": "Replace", "path": "active", "value": "False" });
    scene.patch(&format!("/Users/{id}"), off).await;
    scene.settled().await;
    let account = scene.stack.control().account().await.unwrap();
    assert!(account.user(&admin.user_name).unwrap().active);
}

#[tokio::test]
async fn doctor_finds_each_level_well_and_names_the_wrong_one() {
    for (level, before) in [
        (Level::Account, Vec::new()),
        (Level::AccountThroughWorkspace, vec![federated()]),
    ] {
        let scene = scene_at(level, before).await;
        let (code, said) = doctor(&scene, &["--probe-writes", "--yes"]).await;
        assert_eq!(code, Some(0), "{said:#}");
        // The stack's intervals are shortened.
        assert_eq!(states(&said), ["configuration: warn"], "{said:#}");
    }
    let scene = scene_at(Level::AccountThroughWorkspace, Vec::new()).await;
    let (code, said) = doctor(&scene, &[]).await;
    assert_eq!(code, Some(1));
    let steps = said["steps"].as_array().unwrap();
    let shape = steps.iter().find(|step| step["step"] == "target shape").unwrap();
    assert_eq!(shape["remedy"], "set target.level = \"workspace\"", "{said:#}");
}

#[tokio::test]
async fn groups_are_given_entitlements_by_their_names() {
    let scene = Scene::with(StackOptions {
        sections: "[entitlements]\n\"data-*\" = [\"databricks-sql-access\", \"workspace-access\"]\n".to_owned(),
        ..quick()
    })
    .await;
    let ana = scene.create_user("ana@contoso.test").await;
    scene.create_group("Data-Science", &[&ana]).await;
    scene.create_group("Ops", &[&ana]).await;
    scene.settled().await;
    let state = scene.state().await;
    let mut given = state.group("Data-Science").unwrap().entitlements.clone();
    given.sort();
    assert_eq!(given, ["databricks-sql-access", "workspace-access"]);
    assert!(state.group("Ops").unwrap().entitlements.is_empty());
    let asked = |writes: &[conformance::stack::control::Received]| {
        writes
            .iter()
            .filter(|write| write.body.to_string().contains("entitlements"))
            .count()
    };
    assert_eq!(asked(&scene.writes_since(0).await), 1);
}

/// Groups reach the workspace with their members, and leave it before they are emptied.
async fn assigned_life(level: Level, sections: impl Fn(&str) -> String) {
    // The workspace's number stands in its name, and that is the mock's default.
    let host = mock_databricks::Options::default().workspace_host;
    let number = host.trim_start_matches("adb-").split('.').next().unwrap_or_default();
    let scene = Scene::with(StackOptions {
        level,
        before: vec![federated()],
        sections: sections(number),
        ..quick()
    })
    .await;
    let ana = scene.create_user("ana@contoso.test").await;
    let ops = scene.create_group("Data", &[&ana]).await;
    scene.create_group("Other", &[&ana]).await;
    scene.settled().await;
    let state = scene.state().await;
    assert!(state.user("ana@contoso.test").is_some(), "through the group");
    assert_eq!(state.members("Data"), ["ana@contoso.test"]);
    assert!(state.group("Other").is_none(), "not of the pattern");
    let since = scene.stack.control().newest().await.unwrap();
    scene.delete(&format!("/Groups/{ops}")).await;
    scene.settled().await;
    let state = scene.state().await;
    assert!(state.group("Data").is_none() && state.user("ana@contoso.test").is_none());
    let writes = scene.writes_since(since).await;
    let forms: Vec<(&str, bool)> = writes
        .iter()
        .map(|write| (write.method.as_str(), write.path.contains("permissionassignments")))
        .collect();
    assert_eq!(forms, [("PUT", true), ("PATCH", false)], "{writes:?}");
}

#[tokio::test]
async fn groups_of_an_account_are_assigned_to_the_workspaces_of_the_configuration() {
    assigned_life(Level::Account, |number| {
        format!("[assign]\nworkspace_ids = [{number}]\ngroups = [\"data*\"]\n")
    })
    .await;
}

#[tokio::test]
async fn groups_of_an_account_are_assigned_to_the_workspace_they_are_written_through() {
    assigned_life(Level::AccountThroughWorkspace, |_| {
        "[assign]\ngroups = [\"data*\"]\n".to_owned()
    })
    .await;
}
