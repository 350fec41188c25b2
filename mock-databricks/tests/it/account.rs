//! The account: its users, groups and service principals, and what the workspace sees of them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PATCH_OP, World, text};

fn patch(operations: &Value) -> Value {
    json!({"schemas": [PATCH_OP], "Operations": operations})
}

fn ids(list: &Value) -> Vec<String> {
    let rows = list["Resources"].as_array().map_or(&[][..], Vec::as_slice);
    rows.iter().map(|row| text(&row["id"])).collect()
}

#[tokio::test]
async fn a_user_created_in_the_workspace_is_in_the_account_with_the_same_id() {
    let world = World::start().await;
    let account = world.account().await;
    let ana = world.user("Ana@example.com").await;
    let path = format!("{account}/Users/{ana}");
    let shown = world.edit(Method::GET, &path, Value::Null).await.ok(200);
    assert_eq!(shown["userName"], "ana@example.com");
    assert!(account.contains(&text(&shown["account_id"])));
    let taken = json!({"userName": "ANA@example.com"});
    let reply = world.edit(Method::POST, &format!("{account}/Users"), taken).await;
    reply.assert_error(
        409,
        None,
        "User with email ana@example.com already exists in this account. Note: emails are case insensitive \
         (i.e abc@domain.com and ABC@DOMAIN.COM are considered equivalent)",
    );
}

#[tokio::test]
async fn a_user_created_in_the_account_enters_the_workspace_by_a_create_there() {
    let world = World::start().await;
    let account = world.account().await;
    let body = json!({"userName": "bo@example.com", "displayName": "Bo Berg"});
    let created = world
        .edit(Method::POST, &format!("{account}/Users"), body)
        .await
        .ok(201);
    assert_eq!(created["name"], json!({"givenName": "Bo", "familyName": "Berg"}));
    let bo = text(&created["id"]);
    world.get(&format!("/Users/{bo}")).await.ok(404);
    let filter = "/Users?filter=userName%20eq%20bo%40example.com";
    assert_eq!(world.get(filter).await.ok(200)["totalResults"], 0);
    assert_eq!(world.user("bo@example.com").await, bo);
    assert_eq!(world.get(filter).await.ok(200)["totalResults"], 1);
}

#[tokio::test]
async fn leaving_the_workspace_keeps_the_account_and_leaving_the_account_leaves_both() {
    let world = World::start().await;
    let account = world.account().await;
    let ana = world.user("ana@example.com").await;
    let inner = world.group("local", &[&ana]).await;
    let body = json!({"displayName": "everybody", "members": [{"value": ana}]});
    let outer = world
        .edit(Method::POST, &format!("{account}/Groups"), body)
        .await
        .ok(201);
    let outer = format!("{account}/Groups/{}", text(&outer["id"]));
    world.delete(&format!("/Users/{ana}")).await.ok(204);
    assert!(world.members("local").await.is_empty());
    let kept = world.edit(Method::GET, &outer, Value::Null).await.ok(200);
    assert_eq!(kept["members"][0]["value"], json!(ana));
    world
        .edit(Method::DELETE, &format!("{account}/Users/{ana}"), Value::Null)
        .await
        .ok(204);
    let left = world.edit(Method::GET, &outer, Value::Null).await.ok(200);
    assert_eq!(left.get("members"), None);

    let bo = world.user("bo@example.com").await;
    world.group("other", &[&bo, &inner]).await;
    world
        .edit(Method::DELETE, &format!("{account}/Users/{bo}"), Value::Null)
        .await
        .ok(204);
    world.get(&format!("/Users/{bo}")).await.ok(404);
    assert_eq!(world.members("other").await, [inner]);
}

#[tokio::test]
async fn deactivation_in_the_account_reaches_the_workspace_and_activation_does_not() {
    let world = World::start().await;
    let account = world.account().await;
    let ana = world.user("ana@example.com").await;
    let (outer, inner) = (format!("{account}/Users/{ana}"), format!("/Users/{ana}"));
    let active = |value: &str| patch(&json!([{"op": "replace", "path": "active", "value": [{"value": value}]}]));
    let reply = world.edit(Method::PATCH, &outer, active("false")).await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    assert_eq!(world.get(&inner).await.ok(200)["active"], false);
    // Nothing comes of it while the account says no.
    world.send(Method::PATCH, &inner, Some(active("true"))).await.ok(200);
    assert_eq!(world.get(&inner).await.ok(200)["active"], false);
    world.switch("workspace_reactivation", json!("refused")).await;
    world.send(Method::PATCH, &inner, Some(active("true"))).await.ok(400);
    world.edit(Method::PATCH, &outer, active("true")).await.ok(204);
    assert_eq!(world.get(&inner).await.ok(200)["active"], false);
    world.send(Method::PATCH, &inner, Some(active("true"))).await.ok(200);
    assert_eq!(world.get(&inner).await.ok(200)["active"], true);
}

#[tokio::test]
async fn the_plain_string_false_fails_for_account_users_and_no_one_else() {
    let world = World::start().await;
    let account = world.account().await;
    let ana = world.user("ana@example.com").await;
    let robot = json!({"displayName": "robot"});
    let robot = world.post("/ServicePrincipals", robot).await.ok(201);
    let robot = text(&robot["id"]);
    let off = patch(&json!([{"op": "replace", "path": "active", "value": "false"}]));
    let path = format!("{account}/Users/{ana}");
    let reply = world.edit(Method::PATCH, &path, off.clone()).await;
    assert!(text(&reply.ok(500)["detail"]).starts_with("class java.lang.String cannot be cast"));
    let path = format!("{account}/ServicePrincipals/{robot}");
    world.edit(Method::PATCH, &path, off.clone()).await.ok(204);
    world
        .send(Method::PATCH, &format!("/Users/{ana}"), Some(off))
        .await
        .ok(200);
}

#[tokio::test]
async fn lists_of_the_account_show_no_members_and_single_reads_do() {
    let world = World::start().await;
    let account = world.account().await;
    let ana = world.user("ana@example.com").await;
    let body = json!({"displayName": "team", "externalId": "e-1", "members": [{"value": ana}]});
    let team = world
        .edit(Method::POST, &format!("{account}/Groups"), body)
        .await
        .ok(201);
    assert_eq!(team["meta"], json!({"resourceType": "Group"}));
    let list = format!("{account}/Groups?filter=displayName%20eq%20team&attributes=displayName,members");
    let row = world.edit(Method::GET, &list, Value::Null).await.ok(200)["Resources"][0].clone();
    assert_eq!((row["displayName"].as_str(), row.get("members")), (Some("team"), None));
    let one = format!("{account}/Groups/{}", text(&team["id"]));
    let one = world.edit(Method::GET, &one, Value::Null).await.ok(200);
    assert_eq!(one["members"][0]["$ref"], format!("Users/{ana}"));
    world.switch("account_list_members", json!("present")).await;
    let row = world.edit(Method::GET, &list, Value::Null).await.ok(200)["Resources"][0].clone();
    assert_eq!(row["members"][0]["value"], json!(ana));
}

#[tokio::test]
async fn a_name_is_taken_within_its_own_level_only() {
    let world = World::start().await;
    let account = world.account().await;
    world.group("team", &[]).await;
    let groups = format!("{account}/Groups");
    let team = json!({"displayName": "Team"});
    world.edit(Method::POST, &groups, team.clone()).await.ok(201);
    let reply = world.edit(Method::POST, &groups, team).await;
    reply.assert_error(409, None, "Group with name Team already exists.");
    let reserved = json!({"displayName": "account users"});
    world.edit(Method::POST, &groups, reserved).await.ok(409);
    let list = format!("{groups}?filter=displayName%20eq%20%22account%20users%22");
    let hidden = world.edit(Method::GET, &list, Value::Null).await.ok(200);
    assert_eq!(hidden["totalResults"], 0);
    world.switch("account_users_listed", json!(true)).await;
    let found = ids(&world.edit(Method::GET, &list, Value::Null).await.ok(200));
    world
        .edit(Method::DELETE, &format!("{groups}/{}", found[0]), Value::Null)
        .await
        .ok(400);
}

#[tokio::test]
async fn nested_groups_show_their_parents_as_direct_and_indirect() {
    let world = World::start().await;
    let account = world.account().await;
    let ana = world.user("ana@example.com").await;
    let mut inner = ana.clone();
    let mut made = Vec::new();
    for name in ["team", "unit", "company"] {
        let body = json!({"displayName": name, "members": [{"value": inner}]});
        let created = world.edit(Method::POST, &format!("{account}/Groups"), body).await;
        inner = text(&created.ok(201)["id"]);
        made.push(inner.clone());
    }
    let path = format!("{account}/Users/{ana}?attributes=groups");
    let groups = world.edit(Method::GET, &path, Value::Null).await.ok(200)["groups"].clone();
    let shown: Vec<(String, String)> = groups
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (text(&group["display"]), text(&group["type"])))
        .collect();
    let expected = [("team", "direct"), ("unit", "indirect"), ("company", "indirect")];
    assert_eq!(shown, expected.map(|(name, kind)| (name.to_owned(), kind.to_owned())));
    // The workspace knows none of them.
    let here = world.get(&format!("/Users/{ana}?attributes=groups")).await.ok(200);
    assert_eq!(here["groups"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn federation_refuses_members_of_account_groups_and_leaves_the_account_in_charge_of_names() {
    let world = World::start().await;
    let account = world.account().await;
    world.switch("identity_federation", json!("on")).await;
    let ana = world.user("ana@example.com").await;
    let body = json!({"displayName": "team", "externalId": "e-1"});
    let team = world
        .edit(Method::POST, &format!("{account}/Groups"), body)
        .await
        .ok(201);
    let team = text(&team["id"]);
    let path = format!("/Groups/{team}");
    // Not assigned: not there.
    world.get(&path).await.ok(404);
    let assignment = format!("/api/2.0/preview/permissionassignments/principals/{team}");
    world.put(&assignment, json!({"permissions": ["USER"]})).await.ok(200);
    assert_eq!(world.get(&path).await.ok(200)["meta"], json!({"resourceType": "Group"}));
    let add = json!([{"op": "add", "path": "members", "value": [{"value": ana}]}]);
    world.patch(&path, add.clone()).await.assert_error(
        400,
        Some("Members attribute not supported for current workspace."),
        "Request is unparsable, syntactically incorrect, or violates schema.",
    );
    let pathless = json!([{"op": "add", "value": {"members": [{"value": ana}]}}]);
    world.patch(&path, pathless).await.ok(400);
    let body = json!({"displayName": "team", "groups": []});
    let reply = world.put(&path, body).await.ok(400);
    assert_eq!(
        reply["scimType"],
        "Groups attribute not supported for current workspace."
    );
    // What is the workspace's own can be written, what is the account's stays.
    let both = json!([
        {"op": "replace", "path": "displayName", "value": "renamed"},
        {"op": "replace", "path": "entitlements", "value": [{"value": "workspace-access"}]},
    ]);
    let shown = world.patch(&path, both).await.ok(200);
    assert_eq!(shown["displayName"], "team");
    assert_eq!(shown["entitlements"], json!([{"value": "workspace-access"}]));
    let name = json!([{"op": "replace", "path": "displayName", "value": "Ana"}]);
    let user = world.patch(&format!("/Users/{ana}"), name).await.ok(200);
    assert_eq!(user["displayName"], "ana@example.com");
    world.switch("account_groups", json!("hidden")).await;
    world.get(&path).await.ok(404);
    world.patch(&path, add.clone()).await.ok(400);
    // A group that Entra keeps takes nothing from the workspace, and everything from the account.
    world.switch("automatic_identity_management", json!("on")).await;
    let detail = "Error in performing the patch operation on group resource.";
    world.patch(&path, add.clone()).await.assert_error(500, None, detail);
    let outer = format!("{account}/Groups/{team}");
    world.edit(Method::PATCH, &outer, patch(&add)).await.ok(204);
}

#[tokio::test]
async fn assignments_bring_people_and_groups_into_the_workspace_and_out_again() {
    let world = World::start().await;
    let account = world.account().await;
    let all = "/api/2.0/preview/permissionassignments";
    let reply = world.get(all).await;
    assert_eq!(
        (reply.status, &reply.json()["message"]),
        (
            400,
            &json!("Permission assignment APIs are not available for this workspace.")
        )
    );
    world.switch("identity_federation", json!("on")).await;
    let user = json!({"userName": "ana@example.com", "displayName": "Ana"});
    let ana = text(
        &world
            .edit(Method::POST, &format!("{account}/Users"), user)
            .await
            .ok(201)["id"],
    );
    let user = json!({"userName": "bo@example.com"});
    let bo = text(
        &world
            .edit(Method::POST, &format!("{account}/Users"), user)
            .await
            .ok(201)["id"],
    );
    let body = json!({"displayName": "team", "members": [{"value": bo}]});
    let team = text(
        &world
            .edit(Method::POST, &format!("{account}/Groups"), body)
            .await
            .ok(201)["id"],
    );
    let path = |id: &str| format!("{all}/principals/{id}");

    let number: u64 = ana.parse().unwrap();
    let shown = world.put(&path(&ana), json!({"permissions": ["ADMIN"]})).await.ok(200);
    assert_eq!(
        shown,
        json!({"principal": {"principal_id": number, "user_name": "ana@example.com", "display_name": "Ana"},
               "permissions": ["ADMIN"]})
    );
    assert!(world.members("admins").await.contains(&ana));
    world.get(&format!("/Users/{bo}")).await.ok(404);
    let shown = world.put(&path(&team), json!({"permissions": ["USER"]})).await.ok(200);
    assert_eq!(shown["principal"]["group_name"], "team");
    assert_eq!(
        world.get(&format!("/Users/{bo}")).await.ok(200)["userName"],
        "bo@example.com"
    );
    let listed = world
        .get("/Users?filter=userName%20eq%20bo%40example.com")
        .await
        .ok(200);
    assert_eq!(listed["totalResults"], 1);
    let listed = world.get(all).await.ok(200);
    let listed = listed["permission_assignments"].as_array().unwrap();
    assert_eq!(
        listed
            .iter()
            .filter(|row| row["principal"]["group_name"] == "team")
            .count(),
        1
    );

    world.put(&path(&team), json!({"permissions": []})).await.ok(200);
    world.get(&format!("/Users/{bo}")).await.ok(404);
    world.delete(&path(&ana)).await.ok(200);
    world.get(&format!("/Users/{ana}")).await.ok(404);
    assert!(!world.members("admins").await.contains(&ana));
    for (path, body, status) in [
        (path(&ana), json!({"permissions": ["OWNER"]}), 400),
        (path(&ana), json!({"permissions": "USER"}), 400),
        (path(&ana), json!(null), 400),
        (path("17"), json!({"permissions": ["USER"]}), 404),
    ] {
        world.put(&path, body).await.ok(status);
    }
}

#[tokio::test]
async fn unused_users_of_identity_management_are_in_no_list_and_cannot_be_created() {
    let world = World::start().await;
    world.switch("automatic_identity_management", json!("on")).await;
    let body = json!({"users": 3, "unused_users": 2, "seed": 5});
    world.control(Method::POST, "/seed", Some(body)).await.ok(200);
    let account = world.account().await;
    let held = world.state().await["account"]["users"].clone();
    let unused: Vec<&Value> = held
        .as_array()
        .unwrap()
        .iter()
        .filter(|user| user["unused"] == true)
        .collect();
    assert_eq!(unused.len(), 2);
    let name = text(&unused[0]["userName"]);
    let query = format!("filter=userName%20eq%20{}", name.replace('@', "%40"));
    for path in [format!("/Users?{query}"), format!("{account}/Users?{query}")] {
        assert_eq!(
            world.edit(Method::GET, &path, Value::Null).await.ok(200)["totalResults"],
            0
        );
    }
    let body = json!({"userName": name});
    world.post("/Users", body.clone()).await.ok(409);
    world.switch("unused_user_create", json!("adopt")).await;
    assert_eq!(world.post("/Users", body).await.ok(201)["id"], unused[0]["id"]);
    assert_eq!(world.get(&format!("/Users?{query}")).await.ok(200)["totalResults"], 1);
}

#[tokio::test]
async fn the_workspace_reaches_account_identities_through_its_own_host() {
    let world = World::start().await;
    let account = world.account().await;
    let body = json!({"displayName": "team"});
    let team = text(
        &world
            .edit(Method::POST, &format!("{account}/Groups"), body)
            .await
            .ok(201)["id"],
    );
    let proxy = "/api/2.0/account/scim/v2";
    let path = format!("{proxy}/Groups/{team}");
    assert_eq!(world.get(&path).await.ok(200)["meta"], json!({"resourceType": "Group"}));
    let ana = world.user("ana@example.com").await;
    let add = json!([{"op": "add", "path": "members", "value": [{"value": ana}]}]);
    world.patch(&path, add.clone()).await.ok(204);
    world.switch("proxy_writes", json!("account-admins")).await;
    world.patch(&path, add.clone()).await.ok(403);
    world.switch("proxy_writes", json!("refused")).await;
    world.patch(&path, add).await.ok(403);
    world.get(&format!("{proxy}/Me")).await.ok(404);
}

#[tokio::test]
async fn the_newer_account_path_takes_filters_of_two_hundred_nodes() {
    let world = World::start().await;
    let account = world.account().await;
    let filter = |tests: usize| vec!["userName%20eq%20a"; tests].join("%20or%20");
    for (version, tests, status) in [("2.1", 199, 200), ("2.1", 200, 400), ("2.0", 400, 200)] {
        let account = account.replace("/api/2.0/", &format!("/api/{version}/"));
        let path = format!("{account}/Users?filter={}", filter(tests));
        let reply = world.edit(Method::GET, &path, Value::Null).await;
        let body = reply.ok(status);
        if status == 400 {
            assert_eq!(body["error_code"], "INVALID_FILTER");
        }
    }
    let missing = world
        .edit(Method::POST, "/api/2.0/accounts/scim/v2/Users", json!({}))
        .await;
    assert_eq!(
        (missing.status, missing.text.as_str()),
        (405, "HTTP method POST is not supported by this URL")
    );
    let other = "/api/2.0/accounts/11111111-2222-4333-8444-555555555555/scim/v2/Users";
    world.edit(Method::GET, other, Value::Null).await.ok(403);
}
