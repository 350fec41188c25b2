//! Members of groups: the forms that work, the forms that fail, and the one that empties the group.

use serde_json::{Value, json};

use crate::support::World;

struct Team {
    world: World,
    path: String,
    ids: Vec<String>,
}

/// A group `g` with the first two of three people.
async fn team() -> Team {
    let world = World::start().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(world.user(&format!("{name}@example.com")).await);
    }
    let group = world.group("g", &[&ids[0], &ids[1]]).await;
    Team {
        path: format!("/Groups/{group}"),
        world,
        ids,
    }
}

impl Team {
    async fn patch(&self, operation: Value) -> crate::support::Reply {
        self.world.patch(&self.path, json!([operation])).await
    }

    async fn members(&self) -> Vec<String> {
        self.world.members("g").await
    }
}

#[tokio::test]
async fn add_works_with_and_without_path_and_twice_changes_nothing() {
    let team = team().await;
    let third = &team.ids[2];
    let group = team
        .patch(json!({"op": "add", "path": "members", "value": [{"value": third}]}))
        .await
        .ok(200);
    assert_eq!(group["members"].as_array().unwrap().len(), 3);
    team.patch(json!({"op": "add", "value": {"members": [{"value": third}, {"value": team.ids[0]}]}}))
        .await
        .ok(200);
    assert_eq!(team.members().await, team.ids);
}

#[tokio::test]
async fn remove_by_value_filter_takes_one_and_an_absent_one_is_a_success() {
    let team = team().await;
    let path = format!("members[value eq \"{}\"]", team.ids[0]);
    team.patch(json!({"op": "remove", "path": path})).await.ok(200);
    assert_eq!(team.members().await, team.ids[1..2]);
    team.patch(json!({"op": "remove", "path": path})).await.ok(200);
    team.patch(json!({"op": "remove", "path": "members[value eq \"9999\"]"}))
        .await
        .ok(200);
    assert_eq!(team.members().await, team.ids[1..2]);
    team.patch(json!({"op": "remove", "path": "members"})).await.ok(200);
    assert!(team.members().await.is_empty());
}

#[tokio::test]
async fn remove_with_a_value_list_empties_the_whole_group() {
    for op in ["remove", "Remove"] {
        let team = team().await;
        let operation = json!({"op": op, "path": "members", "value": [{"value": team.ids[0]}]});
        let group = team.patch(operation).await.ok(200);
        assert_eq!(group.get("members"), None);
        assert!(team.members().await.is_empty());
    }
}

#[tokio::test]
async fn remove_with_a_value_list_is_a_parse_error_or_removes_the_named_when_switched() {
    let team = team().await;
    let operation = json!({"op": "remove", "path": "members", "value": [{"value": team.ids[0]}]});
    team.world.switch("remove_members_with_value", json!("reject")).await;
    let reply = team.patch(operation.clone()).await;
    reply.assert_error(
        400,
        None,
        "Unrecognized field \"value\" (class com.unboundid.scim2.common.messages.PatchOperation$RemoveOperation), \
         not marked as ignorable (one known property: \"path\"])",
    );
    assert_eq!(team.members().await.len(), 2);
    team.world.switch("remove_members_with_value", json!("named")).await;
    team.patch(operation).await.ok(200);
    assert_eq!(team.members().await, team.ids[1..2]);
}

#[tokio::test]
async fn replace_sets_the_list() {
    let team = team().await;
    let value = json!([{"value": team.ids[2]}, {"value": team.ids[0]}]);
    team.patch(json!({"op": "replace", "path": "members", "value": value}))
        .await
        .ok(200);
    assert_eq!(team.members().await, [team.ids[2].clone(), team.ids[0].clone()]);
}

#[tokio::test]
async fn bare_strings_are_400_and_add_with_a_filter_is_500() {
    let team = team().await;
    let unparsable = "Request is unparsable, syntactically incorrect, or violates schema.";
    for value in [
        json!(team.ids[2]),
        json!([team.ids[2]]),
        json!({"value": team.ids[2]}),
        json!(7),
    ] {
        let reply = team
            .patch(json!({"op": "add", "path": "members", "value": value}))
            .await;
        reply.assert_error(400, Some("invalidSyntax"), unparsable);
    }
    let path = format!("members[value eq \"{}\"]", team.ids[2]);
    let reply = team
        .patch(json!({"op": "add", "path": path, "value": [{"value": team.ids[2]}]}))
        .await;
    reply.assert_error(500, None, "Error in performing the patch operation on group resource.");
    let reply = team
        .patch(json!({"op": "remove", "path": "members[display eq \"x\"]"}))
        .await;
    assert_eq!(reply.json()["scimType"], "invalidPath");
    assert_eq!(team.members().await, team.ids[..2]);
}

#[tokio::test]
async fn uuids_and_unknown_ids_are_accepted_and_create_nothing() {
    let team = team().await;
    for id in [
        "9f5c2a37-0000-4000-8000-000000000002",
        "123456789012345",
        "not an id",
        "",
    ] {
        team.patch(json!({"op": "add", "path": "members", "value": [{"value": id}]}))
            .await
            .ok(200);
    }
    assert_eq!(team.members().await, team.ids[..2]);
    team.world.switch("unknown_member", json!("refuse")).await;
    let reply = team
        .patch(json!({"op": "add", "path": "members", "value": [{"value": "123456789012345"}]}))
        .await;
    assert_eq!(reply.status, 400);
    team.patch(json!({"op": "add", "path": "members", "value": [{"value": "9f5c2a37-0000"}]}))
        .await
        .ok(200);
}

#[tokio::test]
async fn one_bad_operation_undoes_all_of_them_in_order() {
    let team = team().await;
    let operations = json!([
        {"op": "remove", "path": format!("members[value eq \"{}\"]", team.ids[0])},
        {"op": "add", "path": "members", "value": [{"value": team.ids[2]}]},
        {"op": "replace", "path": "displayName", "value": "renamed"},
        {"op": "replace", "path": "title", "value": "x"},
    ]);
    assert_eq!(team.world.patch(&team.path, operations).await.status, 400);
    assert_eq!(team.members().await, team.ids[..2]);
    let collision = json!([
        {"op": "remove", "path": "members"},
        {"op": "replace", "path": "displayName", "value": "users"},
    ]);
    assert_eq!(team.world.patch(&team.path, collision).await.status, 409);
    assert_eq!(team.members().await, team.ids[..2]);
}

#[tokio::test]
async fn present_and_absent_members_are_refused_when_switched() {
    let team = team().await;
    for (status, number) in [("400", 400), ("404", 404)] {
        team.world.switch("add_present_member", json!(status)).await;
        team.world.switch("remove_absent_member", json!(status)).await;
        let value = json!([{"value": team.ids[2]}, {"value": team.ids[0]}]);
        let reply = team
            .patch(json!({"op": "add", "path": "members", "value": value}))
            .await;
        assert_eq!(reply.status, number);
        let reply = team
            .patch(json!({"op": "remove", "path": "members[value eq \"9999\"]"}))
            .await;
        assert_eq!(reply.status, number);
        assert_eq!(team.members().await, team.ids[..2]);
    }
}
