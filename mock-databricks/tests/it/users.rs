//! `…/Users`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{World, text};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

#[tokio::test]
async fn create_answers_201_with_lower_cased_user_name_and_emails_that_follow_it() {
    let world = World::start().await;
    let reply = world
        .post(
            "/Users",
            json!({
                "schemas": [USER], "id": "1", "userName": "Mixed.Case@Example.com", "displayName": "Mixed Case",
                "name": {"givenName": "Mixed", "familyName": "Case", "formatted": "x"},
                "emails": [{"value": "other@example.com", "type": "home"}], "externalId": "ext-1",
                "title": "Boss", "phoneNumbers": [{"value": "1"}],
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "x"},
            }),
        )
        .await;
    let user = reply.ok(201);
    let id = text(&user["id"]);
    assert!(matches!(id.len(), 15 | 16) && id.parse::<u64>().is_ok(), "{id}");
    let users = world.group_state("users").await;
    assert_eq!(
        user,
        json!({
            "schemas": [USER], "id": id, "userName": "mixed.case@example.com", "displayName": "Mixed Case",
            "name": {"givenName": "Mixed", "familyName": "Case"},
            "emails": [{"type": "work", "value": "mixed.case@example.com", "primary": true}],
            "active": true, "externalId": "ext-1",
            "groups": [{"display": "users", "value": users["id"],
                "$ref": format!("Groups/{}", text(&users["id"])), "type": "direct"}],
        })
    );
    assert_eq!(reply.header("location"), None);
    assert_eq!(reply.header("etag"), None);
    assert_eq!(reply.header("x-databricks-org-id"), Some("1234567890123456"));
    assert_eq!(
        reply.header("content-type"),
        Some("application/scim+json; charset=utf-8")
    );
    assert_eq!(world.get(&format!("/Users/{id}")).await.ok(200), user);
}

#[tokio::test]
async fn create_with_a_taken_user_name_answers_409_without_scim_type_in_any_letter_case() {
    let world = World::start().await;
    let id = world.user("me@example.com").await;
    let again = || json!({"userName": "ME@example.com"});
    let reply = world.post("/Users", again()).await;
    reply.assert_error(409, None, "User with username me@example.com already exists.");
    // Inactive users keep their name.
    world
        .patch(
            &format!("/Users/{id}"),
            json!([{"op": "replace", "path": "active", "value": "false"}]),
        )
        .await
        .ok(200);
    assert_eq!(world.post("/Users", again()).await.status, 409);
}

#[tokio::test]
async fn create_without_user_name_or_json_is_refused_with_the_recorded_texts() {
    let world = World::start().await;
    for body in [json!({}), json!({"userName": ""}), json!({"userName": null})] {
        let reply = world.post("/Users", body).await;
        reply.assert_error(
            400,
            Some("invalidValue"),
            "Required attribute userName is missing in the SCIM Object.",
        );
    }
    let unparsable = "Request is unparsable, syntactically incorrect, or violates schema.";
    for body in ["{\"schemas\":[", "", "\u{0}\u{1}"] {
        let request = world.request(Method::POST, "/Users").body(body.to_owned());
        let reply = crate::support::read(request.send().await.unwrap()).await;
        reply.assert_error(400, Some("Invalid JSON provided in request body."), unparsable);
    }
    for body in [
        json!([]),
        json!("x"),
        json!({"userName": 7}),
        json!({"userName": "a@b.c", "active": "true"}),
    ] {
        let reply = world.post("/Users", body).await;
        reply.assert_error(400, Some("invalidSyntax"), unparsable);
    }
    assert_eq!(world.state().await["users"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_deleted_user_is_404_and_its_name_gives_a_new_id() {
    let world = World::start().await;
    let old = world.user("me@example.com").await;
    let group = world.group("g", &[&old]).await;
    let reply = world.delete(&format!("/Users/{old}")).await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    let detail = format!("User with id {old} is not found");
    world
        .get(&format!("/Users/{old}"))
        .await
        .assert_error(404, None, &detail);
    world
        .delete(&format!("/Users/{old}"))
        .await
        .assert_error(404, None, &detail);
    world
        .put(&format!("/Users/{old}"), json!({"userName": "x"}))
        .await
        .assert_error(404, None, &detail);
    world
        .patch(&format!("/Users/{old}"), json!([]))
        .await
        .assert_error(404, None, &detail);
    assert!(world.members("g").await.is_empty());
    assert_eq!(
        world.get(&format!("/Groups/{group}")).await.ok(200).get("members"),
        None
    );
    let new = world.user("me@example.com").await;
    assert_ne!(old, new);
}

#[tokio::test]
async fn put_replaces_what_it_may_and_ignores_user_name_and_emails() {
    let world = World::start().await;
    let created = world
        .post(
            "/Users",
            json!({"userName": "old@example.com", "displayName": "Old", "externalId": "e",
                "name": {"givenName": "O", "familyName": "L"}, "active": false,
                "entitlements": [{"value": "workspace-access"}], "roles": [{"value": "arn:x"}]}),
        )
        .await
        .ok(201);
    let path = format!("/Users/{}", text(&created["id"]));
    let body = json!({"userName": "new@example.com", "displayName": "Renamed",
        "emails": [{"value": "new@example.com"}], "groups": [{"value": "1"}]});
    let user = world.put(&path, body).await.ok(200);
    assert_eq!(user["userName"], "old@example.com");
    assert_eq!(user["emails"][0]["value"], "old@example.com");
    assert_eq!(user["displayName"], "Renamed");
    assert_eq!(user["active"], true);
    for gone in ["externalId", "name", "entitlements", "roles"] {
        assert_eq!(user.get(gone), None, "{gone}");
    }
    let reply = world.put(&path, json!({"displayName": "x"})).await;
    reply.assert_error(
        400,
        Some("invalidValue"),
        "Required attribute userName is missing in the SCIM Object.",
    );
}

async fn active(world: &World, id: &str, value: Value) -> Value {
    let operations = json!([{"op": "replace", "path": "active", "value": value}]);
    world.patch(&format!("/Users/{id}"), operations).await.ok(200)["active"].clone()
}

#[tokio::test]
async fn patch_takes_active_as_object_list_string_and_boolean() {
    let world = World::start().await;
    let id = world.user("a@example.com").await;
    for (value, expected) in [
        (json!([{"value": "false"}]), false),
        (json!([{"value": "true"}]), true),
        (json!("false"), false),
        (json!("True"), true),
        (json!(false), false),
        (json!(true), true),
    ] {
        assert_eq!(active(&world, &id, value.clone()).await, expected, "{value}");
    }
    let path = format!("/Users/{id}");
    for value in [json!("maybe"), json!(1), json!([]), json!([{}]), json!(null)] {
        let operations = json!([{"op": "replace", "path": "active", "value": value}]);
        assert_eq!(world.patch(&path, operations).await.status, 400, "{value}");
    }
    world.switch("active_string", json!("cast-error")).await;
    let operations = json!([{"op": "replace", "path": "active", "value": "False"}]);
    world.patch(&path, operations).await.assert_error(
        500,
        None,
        "class java.lang.String cannot be cast to class java.lang.Boolean (java.lang.String and \
         java.lang.Boolean are in module java.base of loader 'bootstrap')",
    );
}

#[tokio::test]
async fn patch_changes_names_and_external_id_and_drops_user_name_and_emails_in_silence() {
    let world = World::start().await;
    let id = world.user("a@example.com").await;
    let operations = json!([
        {"op": "replace", "path": "displayName", "value": "New"},
        {"op": "Replace", "path": "name.givenName", "value": "Given"},
        {"op": "add", "path": "name.familyName", "value": "Family"},
        {"op": "replace", "path": "externalId", "value": "ext"},
        {"op": "replace", "path": "userName", "value": "b@example.com"},
        {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "b@example.com"},
        {"op": "replace", "path": "emails", "value": [{"value": "b@example.com"}]},
        {"op": "replace", "path": "groups", "value": []},
    ]);
    let user = world.patch(&format!("/Users/{id}"), operations).await.ok(200);
    assert_eq!(user["displayName"], "New");
    assert_eq!(user["name"], json!({"givenName": "Given", "familyName": "Family"}));
    assert_eq!(user["externalId"], "ext");
    assert_eq!(user["userName"], "a@example.com");
    assert_eq!(user["emails"][0]["value"], "a@example.com");
    assert_eq!(user["groups"][0]["display"], "users");
    let pathless = json!([{"op": "replace", "value": {"displayName": "P", "name": {"givenName": "Q"},
        "active": false, "name.familyName": "dropped", "title": "dropped"}}]);
    let user = world.patch(&format!("/Users/{id}"), pathless).await.ok(200);
    assert_eq!(user["displayName"], "P");
    assert_eq!(user["name"], json!({"givenName": "Q"}));
    assert_eq!(user["active"], false);
    let removals = json!([{"op": "remove", "path": "externalId"}, {"op": "remove", "path": "name"}]);
    let user = world.patch(&format!("/Users/{id}"), removals).await.ok(200);
    assert_eq!((user.get("externalId"), user.get("name")), (None, None));
}

#[tokio::test]
async fn patch_with_one_bad_operation_changes_nothing() {
    let world = World::start().await;
    let id = world.user("a@example.com").await;
    let before = world.get(&format!("/Users/{id}")).await.ok(200);
    let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    for path in [
        urn,
        "title",
        "name.formatted",
        "urn:ietf:params:scim:schemas:core:2.0:User:displayName",
    ] {
        let operations = json!([
            {"op": "replace", "path": "displayName", "value": "changed"},
            {"op": "replace", "path": path, "value": "x"},
        ]);
        let reply = world.patch(&format!("/Users/{id}"), operations).await;
        let detail = format!("No such attribute with the name : {path} in the current resource");
        reply.assert_error(400, Some("invalidPath"), &detail);
    }
    assert_eq!(world.get(&format!("/Users/{id}")).await.ok(200), before);
}

#[tokio::test]
async fn entitlements_are_replaced_cleared_in_three_forms_and_not_removed_when_none() {
    let world = World::start().await;
    let id = world.user("a@example.com").await;
    let path = format!("/Users/{id}");
    let set = |value: Value| json!([{"op": "replace", "path": "entitlements", "value": value}]);
    let two = json!([{"value": "workspace-access"}, {"value": "databricks-sql-access"}]);
    for none in [json!([]), json!([{}]), json!([{"value": ""}])] {
        let user = world.patch(&path, set(two.clone())).await.ok(200);
        assert_eq!(user["entitlements"], two);
        let user = world.patch(&path, set(none)).await.ok(200);
        assert_eq!(user.get("entitlements"), None);
    }
    world.patch(&path, set(two)).await.ok(200);
    let named = json!([{"op": "remove", "path": "entitlements", "value": [{"value": "workspace-access"}]}]);
    let user = world.patch(&path, named).await.ok(200);
    assert_eq!(user["entitlements"], json!([{"value": "databricks-sql-access"}]));
    let all = json!([{"op": "remove", "path": "entitlements"}]);
    world.patch(&path, all.clone()).await.ok(200);
    let detail = "No such attribute with the name : entitlements in the current resource";
    world
        .patch(&path, all)
        .await
        .assert_error(400, Some("invalidPath"), detail);
    assert_eq!(world.patch(&path, set(json!([{"value": "fly"}]))).await.status, 400);
    let both = json!([{"value": "workspace-consume"}, {"value": "workspace-access"}]);
    assert_eq!(world.patch(&path, set(both)).await.status, 400);
    assert_eq!(world.patch(&path, set(json!(["workspace-access"]))).await.status, 400);
}

#[tokio::test]
async fn roles_are_added_with_and_without_path_and_removed_by_filter() {
    let world = World::start().await;
    let id = world.user("a@example.com").await;
    let path = format!("/Users/{id}");
    let operations = json!([
        {"op": "add", "path": "roles", "value": [{"value": "arn:x"}]},
        {"op": "add", "value": {"roles": [{"value": "account_admin"}, {"value": "arn:x"}]}},
    ]);
    let user = world.patch(&path, operations).await.ok(200);
    assert_eq!(user["roles"], json!([{"value": "arn:x"}, {"value": "account_admin"}]));
    let operations = json!([{"op": "remove", "path": "roles[value eq \"arn:x\"]"}]);
    let user = world.patch(&path, operations).await.ok(200);
    assert_eq!(user["roles"], json!([{"value": "account_admin"}]));
}

#[tokio::test]
async fn an_empty_list_has_no_resources_key_and_a_page_is_cut_at_100() {
    let world = World::start().await;
    world
        .control(Method::POST, "/seed", Some(json!({"users": 150, "seed": 1})))
        .await
        .ok(200);
    let none = world
        .get("/Users?filter=userName%20eq%20%22nobody%40example.com%22")
        .await
        .ok(200);
    assert_eq!(
        none,
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 0, "startIndex": 1, "itemsPerPage": 0})
    );
    let mut ids = Vec::new();
    loop {
        let page = world
            .get(&format!("/Users?startIndex={}&count=10000", ids.len() + 1))
            .await
            .ok(200);
        assert_eq!(page["totalResults"], 151);
        let Some(rows) = page["Resources"].as_array() else {
            assert_eq!(page["itemsPerPage"], 0);
            break;
        };
        assert!(rows.len() <= 100);
        assert_eq!(page["itemsPerPage"], rows.len());
        ids.extend(rows.iter().map(|row| text(&row["id"])));
    }
    assert_eq!(ids.len(), 151);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 151);
    let counted = world.get("/Users?count=0").await.ok(200);
    assert_eq!(
        (&counted["totalResults"], counted.get("Resources")),
        (&json!(151), None)
    );
    assert_eq!(world.get("/Users?count=x").await.status, 400);
}

async fn found(world: &World, query: &str) -> Vec<String> {
    let page = world.get(&format!("/Users?{query}")).await.ok(200);
    let rows = page["Resources"].as_array().cloned().unwrap_or_default();
    rows.iter().map(|row| text(&row["userName"])).collect()
}

#[tokio::test]
async fn filters_take_quotes_of_both_kinds_and_bare_values() {
    let world = World::start().await;
    for name in ["ana@example.com", "ben+x@example.com", "cy.o'neil@example.com"] {
        world.user(name).await;
    }
    let ana = ["ana@example.com"];
    assert_eq!(
        found(&world, "filter=userName%20eq%20%22ANA%40example.com%22").await,
        ana
    );
    assert_eq!(
        found(&world, "filter=userName%20eq%20%27ana%40example.com%27").await,
        ana
    );
    assert_eq!(found(&world, "filter=userName%20eq%20ana%40example.com").await, ana);
    assert_eq!(
        found(&world, "filter=userName%20sw%20an%20and%20active%20eq%20true").await,
        ana
    );
    assert_eq!(found(&world, "filter=emails.value%20eq%20ana%40example.com").await, ana);
    let ben = found(&world, "filter=userName%20eq%20%22ben%2Bx%40example.com%22").await;
    assert_eq!(ben, ["ben+x@example.com"]);
    let cy = found(&world, "filter=userName%20co%20%22o'neil%22").await;
    assert_eq!(cy, ["cy.o'neil@example.com"]);
    let two = found(
        &world,
        "filter=userName%20sw%20ana%20or%20userName%20sw%20ben&sortBy=userName&sortOrder=descending",
    );
    assert_eq!(two.await, ["ben+x@example.com", "ana@example.com"]);
    assert_eq!(found(&world, "filter=userName%20ne%20ana%40example.com").await.len(), 3);
    let id = world
        .get("/Users?filter=userName%20sw%20ana&attributes=id")
        .await
        .ok(200);
    let id = text(&id["Resources"][0]["id"]);
    assert_eq!(found(&world, &format!("filter=id%20eq%20{id}")).await, ana);
}

#[tokio::test]
async fn other_filters_get_the_recorded_400() {
    let world = World::start().await;
    for filter in [
        "userName%20pr",
        "q1w2e3r4t5y6",
        "title%20eq%20x",
        "userName%2Beq%2B%22x%22",
        "userName%20gt%20a",
        "not(userName%20eq%20a)",
        "emails%5Btype%20eq%20%22work%22%5D",
    ] {
        let reply = world.get(&format!("/Users?filter={filter}")).await;
        reply.assert_error(400, Some("InvalidFilter"), "Given filter operator is not supported.");
    }
}

#[tokio::test]
async fn projection_works_on_lists_and_on_single_reads() {
    let world = World::start().await;
    let id = world.user("a@example.com").await;
    let user = world
        .get(&format!("/Users/{id}?attributes=userName,externalId"))
        .await
        .ok(200);
    assert_eq!(user, json!({"schemas": [USER], "id": id, "userName": "a@example.com"}));
    let list = world
        .get("/Users?filter=userName%20eq%20a%40example.com&excludedAttributes=groups,emails,active")
        .await;
    let user = &list.ok(200)["Resources"][0];
    assert_eq!(
        user,
        &json!({"schemas": [USER], "id": id, "userName": "a@example.com", "displayName": "a@example.com"})
    );
}
