//! Each kind of change, and the Databricks calls that it takes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use conformance::stack::control::Received;
use reqwest::Method;
use serde_json::{Value, json};

use super::scene::Scene;

/// The calls since `seq` in a form without chance: ids are numbered as they come.
async fn calls_since(scene: &Scene, seq: u64) -> Vec<Value> {
    numbered(&scene.writes_since(seq).await)
}

/// The same where calls on different objects run beside each other, so that their order is chance.
async fn calls_by_object_since(scene: &Scene, seq: u64) -> Vec<Value> {
    let mut received = scene.writes_since(seq).await;
    received.sort_by(|a, b| a.resource().cmp(b.resource()));
    numbered(&received)
}

fn numbered(received: &[Received]) -> Vec<Value> {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    received
        .iter()
        .map(|one| {
            let text =
                json!({ "call": format!("{} {}", one.method, one.resource()), "body": one.body, "status": one.status })
                    .to_string();
            serde_json::from_str(&number_ids(&text, &mut numbers)).unwrap()
        })
        .collect()
}

/// Replaces runs of twelve digits and more by `#1`, `#2` …
fn number_ids(text: &str, numbers: &mut BTreeMap<String, usize>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        out.push_str(&rest[..start]);
        let end = rest[start..]
            .find(|c: char| !c.is_ascii_digit())
            .map_or(rest.len(), |length| start + length);
        let digits = &rest[start..end];
        if digits.len() >= 12 {
            let next = numbers.len() + 1;
            let number = *numbers.entry(digits.to_owned()).or_insert(next);
            let _ = write!(out, "#{number}");
        } else {
            out.push_str(digits);
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Carries out one change and gives the calls that it took.
macro_rules! calls {
    ($scene:expr, $change:expr) => {{
        $scene.settled().await;
        let since = $scene.stack.control().newest().await.unwrap();
        $change;
        $scene.settled().await;
        calls_since(&$scene, since).await
    }};
}

#[tokio::test]
async fn each_kind_of_change_of_a_user_takes_these_calls() {
    let scene = Scene::start().await;
    let ana: String;
    insta::assert_json_snapshot!(
        "create_user",
        calls!(scene, ana = scene.create_user("Ana@Contoso.test").await)
    );
    let path = format!("/Users/{ana}");
    let show = json!({ "op": "replace", "value": { "displayName": "Ana B.", "name.givenName": "Ana", "name.familyName": "B." } });
    insta::assert_json_snapshot!("change_names", calls!(scene, scene.patch(&path, show).await));
    let title = json!({ "op": "Replace", "path": "title", "value": "Engineer" });
    insta::assert_json_snapshot!(
        "change_what_databricks_does_not_hold",
        calls!(scene, scene.patch(&path, title).await)
    );
    let case = json!({ "op": "Replace", "path": "userName", "value": "ana@contoso.test" });
    insta::assert_json_snapshot!("change_letter_case", calls!(scene, scene.patch(&path, case).await));
    let disable = json!({ "op": "Replace", "path": "active", "value": "False" });
    insta::assert_json_snapshot!("disable_user", calls!(scene, scene.patch(&path, disable).await));
    let restore = json!({ "op": "replace", "path": "active", "value": true });
    insta::assert_json_snapshot!("restore_user", calls!(scene, scene.patch(&path, restore).await));
    scene.create_group("Ops", &[&ana]).await;
    let rename = json!({ "op": "Replace", "path": "userName", "value": "ana.b@contoso.test" });
    insta::assert_json_snapshot!("rename_user", calls!(scene, scene.patch(&path, rename).await));
    let state = scene.state().await;
    assert_eq!(state.members("Ops"), ["ana.b@contoso.test"]);
    assert!(!state.user("ana@contoso.test").unwrap().active);
    // Group and account lose the user side by side: neither revocation waits for the other.
    scene.settled().await;
    let since = scene.stack.control().newest().await.unwrap();
    scene.delete(&path).await;
    scene.settled().await;
    insta::assert_json_snapshot!("delete_user", calls_by_object_since(&scene, since).await);
    let state = scene.state().await;
    assert!(!state.user("ana.b@contoso.test").unwrap().active);
    assert!(state.members("Ops").is_empty());
}

#[tokio::test]
async fn each_kind_of_change_of_a_group_takes_these_calls() {
    let scene = Scene::start().await;
    let (ana, ben) = (
        scene.create_user("ana@contoso.test").await,
        scene.create_user("ben@contoso.test").await,
    );
    let group: String;
    insta::assert_json_snapshot!(
        "create_group",
        calls!(scene, group = scene.create_group("Ops", &[&ana]).await)
    );
    let path = format!("/Groups/{group}");
    let add = json!({ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": ben }] });
    insta::assert_json_snapshot!("add_member", calls!(scene, scene.patch(&path, add).await));
    let rename = json!({ "op": "Replace", "path": "displayName", "value": "Ops Team" });
    insta::assert_json_snapshot!("rename_group", calls!(scene, scene.patch(&path, rename).await));
    let remove = json!({ "op": "Remove", "path": "members", "value": [{ "value": ana }] });
    insta::assert_json_snapshot!("remove_member", calls!(scene, scene.patch(&path, remove).await));
    assert_eq!(
        scene.state().await.members("Ops Team"),
        ["ben@contoso.test"],
        "only the listed member goes"
    );
    insta::assert_json_snapshot!("delete_group", calls!(scene, scene.delete(&path).await));
    let state = scene.state().await;
    assert!(
        state.group("Ops Team").unwrap().members.is_empty(),
        "the shell stays for its grace"
    );
}

#[tokio::test]
async fn the_same_person_coming_back_gets_the_account_back_with_new_memberships_only() {
    let scene = Scene::start().await;
    let ana = scene.create_user("ana@contoso.test").await;
    scene.create_group("Old", &[&ana]).await;
    scene.settled().await;
    let account = scene.state().await.user("ana@contoso.test").unwrap().id.clone();
    scene.delete(&format!("/Users/{ana}")).await;
    let again = scene.create_user("ana@contoso.test").await;
    assert_ne!(again, ana);
    scene.create_group("New", &[&again]).await;
    scene.settled().await;
    let state = scene.state().await;
    let user = state.user("ana@contoso.test").unwrap();
    assert_eq!((user.id.as_str(), user.active), (account.as_str(), true));
    assert!(state.members("Old").is_empty());
    assert_eq!(state.members("New"), ["ana@contoso.test"]);
}

#[tokio::test]
async fn somebody_else_under_a_deleted_name_waits_for_a_person() {
    let scene = Scene::start().await;
    let ana = scene.create_user("ana@contoso.test").await;
    scene.settled().await;
    scene.delete(&format!("/Users/{ana}")).await;
    let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ana@contoso.test", "externalId": "another" });
    let (status, _) = scene.send(Method::POST, "/Users", Some(body)).await;
    assert_eq!(status, 201);
    scene.settled().await;
    assert!(!scene.state().await.user("ana@contoso.test").unwrap().active);
    let since = scene.stack.control().newest().await.unwrap();
    scene.settled().await;
    assert!(
        scene
            .writes_since(since)
            .await
            .iter()
            .all(|one: &Received| one.method != "POST")
    );
}
