//! `…/ServicePrincipals`.

use serde_json::json;

use crate::support::{World, text};

#[tokio::test]
async fn an_entra_application_is_imported_and_one_without_an_id_gets_one() {
    let world = World::start().await;
    let application = "9f5c2a37-0000-4000-8000-000000000002";
    let body = json!({"applicationId": application, "displayName": "etl", "active": true});
    let created = world.post("/ServicePrincipals", body.clone()).await.ok(201);
    let schema = "urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal";
    assert_eq!(created["schemas"], json!([schema]));
    assert_eq!(
        (&created["applicationId"], created.get("userName")),
        (&json!(application), None)
    );
    let taken = format!("Service principal with application ID {application} already exists.");
    world
        .post("/ServicePrincipals", body)
        .await
        .assert_error(409, None, &taken);
    let own = world
        .post("/ServicePrincipals", json!({"displayName": "own"}))
        .await
        .ok(201);
    assert_eq!(text(&own["applicationId"]).len(), 36);
    let missing = "Required attribute applicationId is missing in the SCIM Object.";
    let reply = world.post("/ServicePrincipals", json!({"active": true})).await;
    reply.assert_error(400, Some("invalidValue"), missing);
    let filter = format!("/ServicePrincipals?filter=applicationId%20eq%20%22{application}%22");
    let found = world.get(&filter).await.ok(200);
    assert_eq!(
        (&found["totalResults"], &found["Resources"][0]["id"]),
        (&json!(1), &created["id"])
    );
    world.get("/ServicePrincipals?filter=userName%20eq%20x").await.ok(400);
}

#[tokio::test]
async fn a_replacement_repeats_the_application_id_and_never_changes_it() {
    let world = World::start().await;
    let body = json!({"applicationId": "app-1", "displayName": "one"});
    let id = text(&world.post("/ServicePrincipals", body).await.ok(201)["id"]);
    let path = format!("/ServicePrincipals/{id}");
    let reply = world.put(&path, json!({"displayName": "two"})).await;
    let missing = "Required attribute applicationId is missing in the SCIM Object.";
    reply.assert_error(400, Some("invalidValue"), missing);
    let body = json!({"applicationId": "app-2", "displayName": "two", "active": true});
    let shown = world.put(&path, body).await.ok(200);
    assert_eq!(
        (&shown["applicationId"], &shown["displayName"]),
        (&json!("app-1"), &json!("two"))
    );
    world
        .switch("service_principal_display_name", json!("ignored-by-patch"))
        .await;
    let rename = json!([{"op": "replace", "path": "displayName", "value": "three"}]);
    assert_eq!(world.patch(&path, rename).await.ok(200)["displayName"], "two");
    let off = json!([{"op": "replace", "path": "active", "value": [{"value": "false"}]}]);
    assert_eq!(world.patch(&path, off).await.ok(200)["active"], false);
    world.delete(&path).await.ok(204);
    let gone = format!("Service principal with id {id} is not found");
    world.get(&path).await.assert_error(404, None, &gone);
}

#[tokio::test]
async fn groups_hold_service_principals_beside_users_and_groups() {
    let world = World::start().await;
    let ana = world.user("ana@example.com").await;
    let robot = world
        .post("/ServicePrincipals", json!({"displayName": "robot"}))
        .await
        .ok(201);
    let robot = text(&robot["id"]);
    let inner = world.group("inner", &[]).await;
    let id = world.group("all", &[&ana, &robot, &inner]).await;
    let shown = world.get(&format!("/Groups/{id}")).await.ok(200);
    let references: Vec<String> = shown["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| text(&row["$ref"]))
        .collect();
    let expected = [
        format!("Users/{ana}"),
        format!("ServicePrincipals/{robot}"),
        format!("Groups/{inner}"),
    ];
    assert_eq!(references, expected);
    let of_robot = world
        .get(&format!("/ServicePrincipals/{robot}?attributes=groups"))
        .await
        .ok(200);
    assert_eq!(of_robot["groups"].as_array().unwrap().len(), 2);
    world.get(&format!("/Users/{robot}")).await.ok(404);
}

#[tokio::test]
async fn roles_can_be_made_to_stay() {
    let world = World::start().await;
    let ana = world.user("ana@example.com").await;
    let path = format!("/Users/{ana}");
    let add = json!([{"op": "add", "path": "roles", "value": [{"value": "r"}]}]);
    world.patch(&path, add).await.ok(200);
    world.switch("remove_roles", json!("denied")).await;
    let remove = json!([{"op": "remove", "path": "roles[value eq \"r\"]"}]);
    let denied = format!("PERMISSION_DENIED: Cannot remove roles for {ana}");
    world
        .patch(&path, remove)
        .await
        .assert_error(400, Some("invalidValue"), &denied);
}
