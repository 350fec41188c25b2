//! Credentials and what their owners may do.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{World, read, text};

async fn me_with(world: &World, authorization: Option<&str>) -> crate::support::Reply {
    let plain = crate::support::client(&world.mock, &world.mock.private_url(), None);
    let url = format!("{}/api/2.0/preview/scim/v2/Me", world.mock.private_url());
    let mut request = plain.get(url);
    if let Some(value) = authorization {
        request = request.header("Authorization", value);
    }
    read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn no_usable_credential_is_401_with_a_request_id() {
    let world = World::start().await;
    for authorization in [None, Some("Basic YTpi"), Some("Bearer")] {
        let reply = me_with(&world, authorization).await;
        let body = reply.ok(401);
        assert_eq!(body["error_code"], 401);
        let message = text(&body["message"]);
        let id = message
            .strip_prefix("Credential was not sent or was of an unsupported type for this API. [ReqId: ")
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap();
        assert_eq!(id.len(), 36, "{id}");
        assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
    }
}

#[tokio::test]
async fn a_wrong_token_is_403_with_a_numeric_code_and_the_reason_phrase() {
    let world = World::start().await;
    let reply = me_with(&world, Some("Bearer dapi-invalid")).await;
    assert_eq!(
        reply.ok(403),
        json!({"error_code": 403, "message": "Invalid access token."})
    );
    assert_eq!(
        reply.header("x-databricks-reason-phrase"),
        Some("Invalid access token.")
    );
    assert_eq!(reply.header("server"), Some("databricks"));
}

#[tokio::test]
async fn credentials_stop_and_start_to_work() {
    let world = World::start().await;
    let token = world.mock.token().to_owned();
    assert!(token.strip_prefix("dapi").is_some_and(|hex| hex.len() == 32), "{token}");
    let set = async |token: &str, valid: bool| {
        let body = json!({"token": token, "valid": valid});
        world.control(Method::PUT, "/credentials", Some(body)).await.ok(200);
    };
    set(&token, false).await;
    assert_eq!(world.get("/Me").await.ok(403)["message"], "Invalid access token.");
    set("dapirotated", true).await;
    me_with(&world, Some("Bearer dapirotated")).await.ok(200);
    set(&token, true).await;
    world.get("/Me").await.ok(200);
}

#[tokio::test]
async fn a_non_admin_reads_names_and_writes_nothing() {
    let world = World::start().await;
    let id = world.user("guest@example.com").await;
    let body = json!({"token": "dapiguest", "valid": true, "user": "guest@example.com"});
    world.control(Method::PUT, "/credentials", Some(body)).await.ok(200);
    let send = async |method: Method, path: &str| {
        let request = world.request(method, path).header("Authorization", "");
        let mut request = request.build().unwrap();
        request
            .headers_mut()
            .insert("Authorization", "Bearer dapiguest".parse().unwrap());
        let client = crate::support::client(&world.mock, &world.mock.private_url(), None);
        read(client.execute(request).await.unwrap()).await
    };
    assert_eq!(send(Method::GET, "/Me").await.ok(200)["id"], id);
    let user = send(Method::GET, &format!("/Users/{id}")).await.ok(200);
    let keys: Vec<&String> = user.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["schemas", "id", "userName", "displayName"]);
    let expected = json!({"error_code": "PERMISSION_DENIED",
        "message": "/2.0/preview/scim/v2/Groups is only accessible by admins"});
    assert_eq!(send(Method::POST, "/Groups").await.ok(403), expected);
    assert_eq!(send(Method::GET, "/Users?attributes=externalId").await.status, 403);
    let filtered = send(Method::GET, "/Users?filter=externalId%20eq%20x").await;
    assert_eq!(filtered.status, 403);
    world.switch("non_admin_reads", json!("refused")).await;
    assert_eq!(send(Method::GET, "/Groups").await.ok(403), expected);
}

#[tokio::test]
async fn an_identity_that_locks_itself_out_is_locked_out() {
    let world = World::start().await;
    let me = text(&world.state().await["identity"]);
    let deactivate = json!([{"op": "replace", "path": "active", "value": [{"value": "false"}]}]);
    world.patch(&format!("/Users/{me}"), deactivate).await.ok(200);
    let reply = world.get("/Me").await;
    let message = "Unauthorized access to Org: 1234567890123456";
    assert_eq!(reply.ok(403), json!({"error_code": 403, "message": message}));
    // The foreign hand is not.
    let edit = |value: Value| {
        json!({"method": "PATCH", "path": format!("/Users/{me}"),
            "body": {"Operations": [{"op": "replace", "path": "active", "value": value}]}})
    };
    world
        .control(Method::POST, "/edit", Some(edit(json!("true"))))
        .await
        .ok(200);
    world.get("/Me").await.ok(200);

    let admins = text(&world.group_state("admins").await["id"]);
    let leave = json!([{"op": "remove", "path": format!("members[value eq \"{me}\"]")}]);
    world.patch(&format!("/Groups/{admins}"), leave).await.ok(200);
    assert_eq!(
        world.post("/Users", json!({"userName": "x@example.com"})).await.status,
        403
    );
}
