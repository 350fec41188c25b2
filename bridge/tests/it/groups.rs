//! `/Groups` as Entra uses it.

use reqwest::Method;
use serde_json::json;

use crate::support::Scene;

#[tokio::test]
async fn entras_older_remove_takes_only_the_listed_members() {
    let scene = Scene::start().await;
    let (ana, ben, cem) = (
        scene.user("ana@x.test").await,
        scene.user("ben@x.test").await,
        scene.user("cem@x.test").await,
    );
    let group = scene.group("Ops", &[&ana, &ben, &cem]).await;
    let path = format!("/Groups/{group}");
    let remove = json!([{ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": ben }] }]);
    let answer = scene.patch(&path, remove.clone()).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(scene.members(&group).await, [ana.as_str(), cem.as_str()]);
    let version = answer.header("etag").to_owned();
    assert_eq!(
        scene.patch(&path, remove).await.header("etag"),
        version,
        "removing again changes nothing"
    );
    let nobody = json!([{ "op": "Remove", "path": "members", "value": [] }]);
    assert_eq!(scene.patch(&path, nobody).await.status, 204);
    assert_eq!(scene.members(&group).await.len(), 2, "an empty list names nobody");
    let both = json!([{ "op": "remove", "path": format!("members[value eq \"{ana}\" or value eq \"{cem}\"]") }]);
    assert_eq!(scene.patch(&path, both).await.status, 204);
    assert!(scene.members(&group).await.is_empty());
}

#[tokio::test]
async fn members_are_added_in_every_form_and_never_twice() {
    let scene = Scene::start().await;
    let (ana, ben) = (scene.user("ana@x.test").await, scene.user("ben@x.test").await);
    let group = scene.group("Ops", &[]).await;
    for operation in [
        json!({ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": ana }] }),
        json!({ "op": "add", "path": "members", "value": ana }),
        json!({ "op": "add", "value": { "members": [{ "value": ben }] } }),
        json!({ "op": "add", "path": "members", "value": [ana, ben] }),
    ] {
        assert_eq!(
            scene
                .patch(&format!("/Groups/{group}"), json!([operation]))
                .await
                .status,
            204
        );
    }
    assert_eq!(scene.members(&group).await, [ana.as_str(), ben.as_str()]);
    let replace = json!([{ "op": "replace", "path": "members", "value": [{ "value": ben }] }]);
    scene.patch(&format!("/Groups/{group}"), replace).await;
    assert_eq!(scene.members(&group).await, [ben.as_str()]);
    assert_eq!(scene.get(&format!("/Users/{ana}")).await.body.get("groups"), None);
}

#[tokio::test]
async fn members_stay_out_when_they_are_excluded() {
    let scene = Scene::start().await;
    let ana = scene.user("ana@x.test").await;
    let group = scene.group("Ops", &[&ana]).await;
    for path in [
        format!("/Groups/{group}?excludedAttributes=members"),
        "/Groups?excludedAttributes=members&filter=displayName+eq+%22ops%22".to_owned(),
    ] {
        let answer = scene.get(&path).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.text.contains("members"), "{}", answer.text);
    }
    let check = format!("/Groups?filter=id+eq+%22{group}%22+and+members+eq+%22{ana}%22&attributes=id");
    assert_eq!(scene.get(&check).await.body["totalResults"], 1);
    let check = format!("/Groups?filter=members+eq+%22{group}%22+and+id+eq+%22{group}%22");
    assert_eq!(scene.get(&check).await.body["totalResults"], 0);
}

#[tokio::test]
async fn a_patch_asked_to_show_the_group_does() {
    let scene = Scene::start().await;
    let group = scene.group("Ops", &[]).await;
    let rename = json!([{ "op": "replace", "value": { "displayName": "Ops 2" } }]);
    let shown = scene
        .patch(&format!("/Groups/{group}?attributes=displayName"), rename)
        .await;
    assert_eq!((shown.status, &shown.body["displayName"]), (200, &json!("Ops 2")));
    assert_eq!(
        scene.get("/Groups?filter=displayName+eq+%22Ops%22").await.body["totalResults"],
        0
    );
    let taken = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "OPS 2" });
    assert_eq!(
        scene
            .post("/Groups", &taken)
            .await
            .expect_error(409, Some("uniqueness")),
        "displayName is already taken"
    );
}

#[tokio::test]
async fn a_group_never_contains_itself() {
    let scene = Scene::start().await;
    let outer = scene.group("Outer", &[]).await;
    let middle = scene.group("Middle", &[&outer]).await;
    let inner = scene.group("Inner", &[&middle]).await;
    for (group, member) in [(&outer, &outer), (&outer, &inner), (&outer, &middle)] {
        let add = json!([{ "op": "add", "path": "members", "value": [{ "value": member }] }]);
        scene
            .patch(&format!("/Groups/{group}"), add)
            .await
            .expect_error(400, Some("invalidValue"));
    }
    assert!(scene.members(&outer).await.is_empty());
}

#[tokio::test]
async fn a_deleted_user_is_in_no_group_and_a_deleted_group_on_no_user() {
    let scene = Scene::start().await;
    let (ana, ben) = (scene.user("ana@x.test").await, scene.user("ben@x.test").await);
    let group = scene.group("Ops", &[&ana, &ben]).await;
    let version = scene.get(&format!("/Groups/{group}")).await.header("etag").to_owned();
    scene.delete(&format!("/Users/{ana}")).await;
    let read = scene.get(&format!("/Groups/{group}")).await;
    assert_eq!(scene.members(&group).await, [ben.as_str()]);
    assert_ne!(read.header("etag"), version);
    assert_eq!(scene.delete(&format!("/Groups/{group}")).await.status, 204);
    assert_eq!(scene.get(&format!("/Users/{ben}")).await.body.get("groups"), None);
    scene
        .send(Method::PATCH, &format!("/Groups/{group}"), &json!({}))
        .await
        .expect_error(404, None);
}

#[tokio::test]
async fn parallel_adds_to_one_group_are_all_kept() {
    let scene = Scene::start().await;
    let mut users = Vec::new();
    for number in 0..20 {
        users.push(scene.user(&format!("u{number}@x.test")).await);
    }
    let group = scene.group("Ops", &[]).await;
    let path = format!("/Groups/{group}");
    let adds = users.iter().map(|id| {
        scene.patch(
            &path,
            json!([{ "op": "Add", "path": "members", "value": [{ "value": id }] }]),
        )
    });
    for answer in futures_util::future::join_all(adds).await {
        assert_eq!(answer.status, 204);
    }
    assert_eq!(scene.members(&group).await, users);
}

#[tokio::test]
async fn a_members_display_is_kept_as_written_wherever_it_comes_from() {
    let scene = Scene::start().await;
    let (ana, ben) = (
        scene.user("ana@contoso.test").await,
        scene.user("ben@contoso.test").await,
    );
    let group = scene.group("Ops", &[&ana]).await;
    let path = format!("/Groups/{group}");
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": ben, "display": "Ben B." }] }]);
    assert_eq!(scene.patch(&path, add.clone()).await.status, 204);
    let read = scene.get(&path).await;
    assert_eq!(read.body["members"][1]["display"], "Ben B.");
    assert_eq!(read.body["members"][0].get("display"), None);

    let again = scene.patch(&path, add).await;
    assert_eq!(
        again.header("etag"),
        read.header("etag"),
        "the same once more changes nothing"
    );
    let label = json!([{ "op": "add", "path": "members", "value": [{ "value": ben, "display": "Benjamin" }] }]);
    let relabelled = scene.patch(&path, label).await;
    assert_ne!(relabelled.header("etag"), read.header("etag"));
    assert_eq!(scene.get(&path).await.body["members"][1]["display"], "Benjamin");
}
