//! Switches not seen elsewhere: each does something, and its default does not.

use serde_json::{Value, json};

use crate::support::{World, text};

#[tokio::test]
async fn success_forms_of_post_put_and_patch() {
    let world = World::start().await;
    let id = world.user("a@example.com").await;
    let path = format!("/Users/{id}");
    let body = json!({"userName": "a@example.com"});
    for (form, status, expected) in [("empty-object", 200, "{}"), ("empty", 200, ""), ("no-content", 204, "")] {
        world.switch("put_answer", json!(form)).await;
        world.switch("patch_answer", json!(form)).await;
        for reply in [
            world.put(&path, body.clone()).await,
            world.patch(&path, json!([])).await,
        ] {
            assert_eq!((reply.status, reply.text.as_str()), (status, expected), "{form}");
        }
    }
    world.switch("create_status", json!(200)).await;
    world.post("/Users", json!({"userName": "b@example.com"})).await.ok(200);
}

#[tokio::test]
async fn conflicts_empty_lists_and_page_sizes() {
    let world = World::start().await;
    world.user("a@example.com").await;
    world.switch("conflict_scim_type", json!(true)).await;
    let reply = world.post("/Users", json!({"userName": "a@example.com"})).await;
    reply.assert_error(
        409,
        Some("uniqueness"),
        "User with username a@example.com already exists.",
    );
    world.switch("empty_resources", json!("present")).await;
    let none = world.get("/Users?filter=id%20eq%201").await.ok(200);
    assert_eq!(none["Resources"], json!([]));
    world.switch("page_cap", json!(1)).await;
    assert_eq!(world.get("/Users?count=50").await.ok(200)["itemsPerPage"], 1);
    world.switch("count_zero", json!("ignored")).await;
    assert_eq!(world.get("/Users?count=0").await.ok(200)["itemsPerPage"], 1);
}

#[tokio::test]
async fn attributes_that_may_be_dropped_or_refused() {
    let world = World::start().await;
    world.switch("user_external_id", json!("dropped")).await;
    let user = world
        .post("/Users", json!({"userName": "a@example.com", "externalId": "e"}))
        .await
        .ok(201);
    assert_eq!(user.get("externalId"), None);
    let path = format!("/Users/{}", text(&user["id"]));
    let set = |path: &str, value: Value| json!([{"op": "replace", "path": path, "value": value}]);
    let user = world.patch(&path, set("externalId", json!("e"))).await.ok(200);
    assert_eq!(user.get("externalId"), None);

    world.switch("federated_names", json!("ignored")).await;
    let user = world.patch(&path, set("displayName", json!("N"))).await.ok(200);
    assert_eq!(user.get("displayName"), None);
    let user = world
        .put(&path, json!({"userName": "a@example.com", "displayName": "N"}))
        .await
        .ok(200);
    assert_eq!(user.get("displayName"), None);

    world.switch("unknown_patch_path", json!("ignore")).await;
    world.patch(&path, set("title", json!("x"))).await.ok(200);
    world.switch("pathless_unknown_keys", json!("refuse")).await;
    let dotted = json!([{"op": "replace", "value": {"name.givenName": "x"}}]);
    assert_eq!(world.patch(&path, dotted).await.json()["scimType"], "invalidPath");
    world.switch("unknown_attributes", json!("refuse")).await;
    let reply = world
        .post("/Users", json!({"userName": "b@example.com", "title": "x"}))
        .await;
    assert_eq!(reply.ok(400)["scimType"], "invalidPath");
    world.switch("unknown_entitlement", json!("accept")).await;
    world
        .patch(&path, set("entitlements", json!([{"value": "fly"}])))
        .await
        .ok(200);
    world.switch("active_boolean", json!("ignore")).await;
    assert_eq!(
        world.patch(&path, set("active", json!(false))).await.ok(200)["active"],
        true
    );
}

#[tokio::test]
async fn filters_that_may_be_refused_and_letter_case() {
    let world = World::start().await;
    world.user("a@example.com").await;
    world.group("Finance", &[]).await;
    world.get("/Users?filter=externalId%20eq%20x").await.ok(200);
    world.switch("external_id_filter", json!("refused")).await;
    world.get("/Users?filter=externalId%20eq%20x").await.ok(400);
    world.get("/Groups?filter=externalId%20eq%20x").await.ok(400);
    world.switch("emails_value_filter", json!("refused")).await;
    world.get("/Users?filter=emails.value%20eq%20x").await.ok(400);
    let total = async |path: &str| world.get(path).await.ok(200)["totalResults"].clone();
    assert_eq!(total("/Users?filter=userName%20eq%20A%40example.com").await, 1);
    world.switch("user_name_filter_case", json!("sensitive")).await;
    assert_eq!(total("/Users?filter=userName%20eq%20A%40example.com").await, 0);
    assert_eq!(total("/Groups?filter=displayName%20eq%20finance").await, 1);
    world.switch("display_name_filter_case", json!("sensitive")).await;
    assert_eq!(total("/Groups?filter=displayName%20eq%20finance").await, 0);
    assert_eq!(
        world.post("/Groups", json!({"displayName": "finance"})).await.status,
        409
    );
    world.switch("group_name_unique", json!("exact")).await;
    world.post("/Groups", json!({"displayName": "finance"})).await.ok(201);
    assert_eq!(
        world.post("/Groups", json!({"displayName": "finance"})).await.status,
        409
    );
    assert_eq!(
        world.post("/Groups", json!({"displayName": "ADMINS"})).await.status,
        409
    );
}

#[tokio::test]
async fn shapes_of_users_and_content_types() {
    let world = World::start().await;
    world.switch("derived_name", json!("from-display-name")).await;
    world.switch("workspace_extension", json!(true)).await;
    let reply = world
        .post(
            "/Users",
            json!({"userName": "j@example.com", "displayName": "John Doe"}),
        )
        .await;
    let user = reply.ok(201);
    assert_eq!(user["name"], json!({"givenName": "John", "familyName": "Doe"}));
    assert_eq!(
        user["schemas"][1],
        "urn:ietf:params:scim:schemas:extension:workspace:2.0:User"
    );
    world.switch("scim_content_type", json!("application/json")).await;
    assert_eq!(world.get("/Me").await.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_created_again_user_may_get_its_old_id() {
    let world = World::start().await;
    world.switch("recreated_id", json!("same")).await;
    let id = world.user("a@example.com").await;
    world.delete(&format!("/Users/{id}")).await;
    assert_eq!(world.user("A@example.com").await, id);
}

#[tokio::test]
async fn reserved_groups_and_endpoints_in_their_other_forms() {
    let world = World::start().await;
    let users = text(&world.group_state("users").await["id"]);
    world.switch("reserved_group_delete", json!(403)).await;
    world.delete(&format!("/Groups/{users}")).await.ok(403);
    world.switch("users_group_removal", json!("ignore")).await;
    let wipe = json!([{"op": "remove", "path": "members"}]);
    world.patch(&format!("/Groups/{users}"), wipe).await.ok(200);
    assert_eq!(world.members("users").await.len(), 2);
    world.switch("unknown_endpoint_status", json!(405)).await;
    world.get("/Schemas").await.ok(405);
}

#[tokio::test]
async fn the_first_read_after_a_write_may_be_stale() {
    let world = World::start().await;
    world.switch("stale_reads", json!("first-read")).await;
    let id = world.group("g", &[]).await;
    let path = format!("/Groups/{id}");
    let detail = format!("Group with id {id} is not found");
    world.get(&path).await.assert_error(404, None, &detail);
    assert_eq!(world.get(&path).await.ok(200)["displayName"], "g");
    world
        .patch(&path, json!([{"op": "replace", "path": "displayName", "value": "h"}]))
        .await
        .ok(200);
    assert_eq!(
        world.get(&format!("{path}?attributes=displayName")).await.ok(200)["displayName"],
        "g"
    );
    assert_eq!(world.get(&path).await.ok(200)["displayName"], "h");
    world.delete(&path).await;
    world.get(&path).await.ok(200);
    world.get(&path).await.ok(404);
    // The state never lags.
    assert_eq!(world.state().await["groups"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_sliding_window_counts_any_minute() {
    let world = World::limited("x6").await;
    world.switch("rate_model", json!("sliding-window")).await;
    let admins = text(&world.group_state("admins").await["id"]);
    for number in 0..11 {
        let reply = world.patch(&format!("/Groups/{admins}"), json!([])).await;
        assert_eq!(reply.status, if number < 10 { 200 } else { 429 });
    }
}
