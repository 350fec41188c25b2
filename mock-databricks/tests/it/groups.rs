//! `…/Groups` but for their members.

use reqwest::Method;
use serde_json::json;

use crate::support::{World, text};

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

#[tokio::test]
async fn create_answers_201_with_members_and_the_workspace_marker() {
    let world = World::start().await;
    let ada = world.user("ada@example.com").await;
    let body = json!({"schemas": [GROUP], "displayName": "Data Scientists", "externalId": "e-1", "junk": 1,
        "members": [{"value": ada, "display": "ignored"}], "entitlements": [{"value": "allow-cluster-create"}]});
    let group = world.post("/Groups", body).await.ok(201);
    let id = text(&group["id"]);
    assert_eq!(
        group,
        json!({"schemas": [GROUP], "id": id, "displayName": "Data Scientists", "externalId": "e-1",
            "members": [{"display": "ada@example.com", "value": ada, "$ref": format!("Users/{ada}")}],
            "entitlements": [{"value": "allow-cluster-create"}], "meta": {"resourceType": "WorkspaceGroup"}})
    );
    assert_eq!(world.get(&format!("/Groups/{id}")).await.ok(200), group);
    let empty = world.post("/Groups", json!({"displayName": "empty"})).await.ok(201);
    assert_eq!(empty.get("members"), None);
}

#[tokio::test]
async fn taken_reserved_and_missing_names_are_refused() {
    let world = World::start().await;
    world.group("abc", &[]).await;
    for name in ["abc", "ABC", "admins", "users"] {
        let reply = world.post("/Groups", json!({"displayName": name})).await;
        reply.assert_error(409, None, &format!("Group with name {name} already exists."));
    }
    let reply = world.post("/Groups", json!({})).await;
    reply.assert_error(
        400,
        Some("invalidValue"),
        "Required attribute displayName is missing in the SCIM Object.",
    );
    assert_eq!(world.state().await["groups"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn an_absent_group_is_404_with_its_id_in_the_text() {
    let world = World::start().await;
    let detail = "Group with id 1234 is not found";
    world.get("/Groups/1234").await.assert_error(404, None, detail);
    world.delete("/Groups/1234").await.assert_error(404, None, detail);
    world
        .put("/Groups/1234", json!({"displayName": "x"}))
        .await
        .assert_error(404, None, detail);
    world
        .patch("/Groups/1234", json!([]))
        .await
        .assert_error(404, None, detail);
}

#[tokio::test]
async fn rename_works_by_patch_and_put_and_collides_with_409() {
    let world = World::start().await;
    let id = world.group("finance", &[]).await;
    world.group("other", &[]).await;
    let path = format!("/Groups/{id}");
    let rename = |name: &str| json!([{"op": "replace", "path": "displayName", "value": name}]);
    assert_eq!(
        world.patch(&path, rename("db-temp-finance")).await.ok(200)["displayName"],
        "db-temp-finance"
    );
    let reply = world.patch(&path, rename("other")).await;
    reply.assert_error(409, None, "Group with name other already exists.");
    assert_eq!(
        world.put(&path, json!({"displayName": "Finance"})).await.ok(200)["displayName"],
        "Finance"
    );
    assert_eq!(world.put(&path, json!({"displayName": "OTHER"})).await.status, 409);
    let found = world
        .get("/Groups?filter=displayName%20eq%20%22finance%22")
        .await
        .ok(200);
    assert_eq!(found["totalResults"], 1);
    let old = world
        .get("/Groups?filter=displayName%20eq%20db-temp-finance")
        .await
        .ok(200);
    assert_eq!(old["totalResults"], 0);
}

#[tokio::test]
async fn put_replaces_members_and_clears_what_it_leaves_out() {
    let world = World::start().await;
    let (ada, ben) = (world.user("ada@example.com").await, world.user("ben@example.com").await);
    let id = world.group("g", &[&ada]).await;
    let body =
        json!({"displayName": "g", "members": [{"value": ben}, {"display": "no value"}], "groups": [{"display": "x"}]});
    world.put(&format!("/Groups/{id}"), body).await.ok(200);
    assert_eq!(world.members("g").await, [ben]);
    world
        .put(&format!("/Groups/{id}"), json!({"displayName": "g"}))
        .await
        .ok(200);
    assert!(world.members("g").await.is_empty());
}

#[tokio::test]
async fn nested_groups_show_as_members_and_as_direct_and_indirect_parents() {
    let world = World::start().await;
    let ada = world.user("ada@example.com").await;
    let child = world.group("child", &[&ada]).await;
    let middle = world.group("middle", &[&child]).await;
    let top = world.group("top", &[&middle]).await;
    // A ring is not an endless walk.
    let ring = json!([{"op": "add", "path": "members", "value": [{"value": top}]}]);
    world.patch(&format!("/Groups/{child}"), ring).await.ok(200);
    let group = world
        .get(&format!("/Groups/{middle}?attributes=members,groups"))
        .await
        .ok(200);
    assert_eq!(
        group["members"],
        json!([{"display": "child", "value": child, "$ref": format!("Groups/{child}")}])
    );
    assert_eq!(group["groups"][0]["display"], "top");
    let user = world.get(&format!("/Users/{ada}?attributes=groups")).await.ok(200);
    let seen: Vec<_> = user["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (text(&group["display"]), text(&group["type"])))
        .collect();
    let expected = [
        ("users", "direct"),
        ("child", "direct"),
        ("middle", "indirect"),
        ("top", "indirect"),
    ];
    assert_eq!(seen, expected.map(|(name, kind)| (name.to_owned(), kind.to_owned())));
}

#[tokio::test]
async fn reserved_groups_stay_as_they_are() {
    let world = World::start().await;
    let ada = world.user("ada@example.com").await;
    let users = text(&world.group_state("users").await["id"]);
    let admins = text(&world.group_state("admins").await["id"]);
    for id in [&users, &admins] {
        assert_eq!(world.delete(&format!("/Groups/{id}")).await.status, 400);
        let rename = json!([{"op": "replace", "path": "displayName", "value": "x"}]);
        assert_eq!(world.patch(&format!("/Groups/{id}"), rename).await.status, 400);
    }
    let path = format!("/Groups/{users}");
    for operation in [
        json!({"op": "remove", "path": format!("members[value eq \"{ada}\"]")}),
        json!({"op": "remove", "path": "members"}),
        json!({"op": "remove", "path": "members", "value": [{"value": ada}]}),
    ] {
        assert_eq!(world.patch(&path, json!([operation])).await.status, 400);
    }
    world.put(&path, json!({"displayName": "users"})).await.ok(200);
    world
        .patch(&path, json!([{"op": "replace", "path": "members", "value": []}]))
        .await
        .ok(200);
    assert!(world.members("users").await.contains(&ada));
    let null = json!([{"op": "add", "path": "members", "value": null}]);
    let reply = world.patch(&path, null).await;
    reply.assert_error(500, None, "Error in performing the patch operation on group resource.");
}

#[tokio::test]
async fn lists_filter_by_prefix_in_single_quotes_and_leave_members_out_on_request() {
    let world = World::start().await;
    let ada = world.user("ada@example.com").await;
    let id = world.group("go-sdk-abc", &[&ada]).await;
    let query = "excludedAttributes=members&filter=displayName%20sw%20%27go-sdk-%27&sortOrder=descending&startIndex=1&count=10000";
    let list = world.send(Method::GET, &format!("/Groups?{query}"), None).await.ok(200);
    assert_eq!(
        list["Resources"],
        json!([{"schemas": [GROUP], "id": id, "displayName": "go-sdk-abc", "meta": {"resourceType": "WorkspaceGroup"}}])
    );
    let reply = world.get("/Groups?filter=q1w2e3r4t5y6").await;
    reply.assert_error(400, Some("InvalidFilter"), "Given filter operator is not supported.");
}
