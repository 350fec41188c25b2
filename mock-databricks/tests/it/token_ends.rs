//! How tokens come to their end: by their time, and with what they were got with.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, World, text};
use crate::tokens::{DATABRICKS, account, azure, direct, entra_token, form, me, oauth, send};

async fn credential(world: &World, body: Value) -> Reply {
    world.control(Method::PUT, "/credentials", Some(body)).await
}

async fn oauth_with(world: &World, secret: &str) -> Reply {
    let body = form(&[
        ("grant_type", "client_credentials"),
        ("client_id", &world.mock.client_id()),
        ("client_secret", secret),
        ("scope", "all-apis"),
    ]);
    send(direct(world, Method::POST, "/oidc/v1/token").body(body)).await
}

fn exchange(subject: &str, more: &[(&str, &str)]) -> String {
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", subject),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
    ];
    form(&[&fields[..], more].concat())
}

#[tokio::test]
async fn a_secret_ends_its_own_tokens_alone_and_makes_room_for_another() {
    let world = World::start().await;
    let client_id = world.mock.client_id();
    let set = |secret: &str, valid: bool| {
        let body = json!({"client_id": client_id, "client_secret": secret, "valid": valid});
        credential(&world, body)
    };
    for number in 2..=5 {
        set(&format!("secret-{number}"), true).await.ok(200);
    }
    // One that is there already is not one more.
    set("secret-2", true).await.ok(200);
    let own = text(&oauth(&world, "/oidc/v1/token").await.ok(200)["access_token"]);
    let other = text(&oauth_with(&world, "secret-2").await.ok(200)["access_token"]);
    let secret = world.mock.entra_secret().to_owned();
    let entra = entra_token(&world, &client_id, &secret, DATABRICKS).await;
    set("secret-2", false).await.ok(200);
    assert_eq!(me(&world, &other).await.ok(403)["message"], "Invalid access token.");
    oauth_with(&world, "secret-2").await.ok(401);
    for token in [&own, &entra] {
        me(&world, token).await.ok(200);
    }
    set("secret-6", true).await.ok(200);
    oauth_with(&world, "secret-6").await.ok(200);
}

#[tokio::test]
async fn an_application_ends_the_tokens_of_a_secret_and_of_the_machine() {
    let world = World::start().await;
    let client_id = world.mock.client_id();
    let secret = world.mock.entra_secret().to_owned();
    let set = async |body: Value| world.control(Method::PUT, "/azure/applications", Some(body)).await;
    let by_secret = entra_token(&world, &client_id, &secret, DATABRICKS).await;
    let path = format!("/metadata/identity/oauth2/token?api-version=2018-02-01&resource={DATABRICKS}");
    let machine = send(azure(&world, Method::GET, &path).header("Metadata", "true")).await;
    let machine = text(&machine.ok(200)["access_token"]);
    set(json!({"client_id": client_id, "managed_identity": false}))
        .await
        .ok(200);
    assert_eq!(me(&world, &machine).await.status, 403);
    me(&world, &by_secret).await.ok(200);
    let withdraw = json!({"client_id": client_id, "client_secret": secret, "valid": false});
    set(withdraw).await.ok(200);
    assert_eq!(me(&world, &by_secret).await.status, 403);
    for (body, complaint) in [
        (
            json!({"client_id": client_id, "valid": false}),
            "field `valid` says nothing",
        ),
        (json!({"client_id": ""}), "field `client_id` is empty"),
        (json!({"client_id": "x", "role": 7}), "field `role` must be"),
        (json!({"client_id": "x", "colour": 1}), "field `colour` is unknown"),
    ] {
        let refused = set(body).await.ok(400);
        assert!(text(&refused["error"]).starts_with(complaint), "{refused}");
    }
}

#[tokio::test]
async fn a_federated_token_stands_for_its_client_until_that_is_ended() {
    let world = World::start().await;
    let client_id = world.mock.client_id();
    let body = json!({"client_id": client_id, "subject_token": "subject"});
    credential(&world, body).await.ok(200);
    let ask = async |body: String| send(direct(&world, Method::POST, "/oidc/v1/token").body(body)).await;
    let token = ask(exchange("subject", &[("client_id", &client_id)])).await.ok(200);
    let token = text(&token["access_token"]);
    me(&world, &token).await.ok(200);
    let other = ask(exchange("subject", &[("client_id", "another")])).await;
    assert_eq!(other.ok(400)["error"], "invalid_grant");
    let untyped = exchange("subject", &[]).replace("token-type%3Ajwt", "token-type%3Asaml2");
    assert_eq!(ask(untyped).await.ok(400)["error"], "invalid_request");
    let body = json!({"client_id": client_id, "subject_token": "subject", "valid": false});
    credential(&world, body).await.ok(200);
    assert_eq!(me(&world, &token).await.status, 403);
    assert_eq!(ask(exchange("subject", &[])).await.ok(400)["error"], "invalid_grant");
}

#[tokio::test]
async fn an_expired_token_says_so_in_the_words_of_its_status() {
    let world = World::start().await;
    let token = text(&oauth(&world, "/oidc/v1/token").await.ok(200)["access_token"]);
    let body = json!({"token": token, "expires_in_ms": 0});
    credential(&world, body).await.ok(200);
    let expired = me(&world, &token).await;
    assert_eq!(
        expired.ok(401),
        json!({"error_code": 401, "message": "Token is expired"})
    );
    assert_eq!(expired.header("x-databricks-reason-phrase"), Some("Token is expired"));
    world.switch("expired_token_status", json!(403)).await;
    let expected = json!({"error_code": 403, "message": "JWT has expired"});
    assert_eq!(me(&world, &token).await.ok(403), expected);
    // A personal access token does not tell an end from a mistake.
    let body = json!({"token": world.mock.token(), "expires_in_ms": 0});
    credential(&world, body).await.ok(200);
    assert_eq!(
        me(&world, world.mock.token()).await.ok(403)["message"],
        "Invalid access token."
    );
}

#[tokio::test]
async fn a_token_of_entra_is_refused_half_a_minute_early() {
    let world = World::start().await;
    let (id, secret) = (world.mock.client_id(), world.mock.entra_secret().to_owned());
    world.switch("entra_lifetime_s", json!(30)).await;
    let token = entra_token(&world, &id, &secret, DATABRICKS).await;
    let message = "Token is expiring within 30 seconds. (token expired)";
    assert_eq!(me(&world, &token).await.ok(401)["message"], message);
    world.switch("managed_identity_lifetime_s", json!(29)).await;
    let path = format!("/metadata/identity/oauth2/token?api-version=2018-02-01&resource={DATABRICKS}");
    let answer = send(azure(&world, Method::GET, &path).header("Metadata", "true"))
        .await
        .ok(200);
    assert_eq!(answer["expires_in"], "29");
    assert_eq!(me(&world, &text(&answer["access_token"])).await.status, 401);
}

#[tokio::test]
async fn a_token_has_a_scope_that_opens_the_api_or_is_not_given() {
    let world = World::start().await;
    let ask = async |scope: &str| {
        let body = form(&[("grant_type", "client_credentials"), ("scope", scope)]);
        let request = direct(&world, Method::POST, "/oidc/v1/token");
        send(
            request
                .basic_auth(world.mock.client_id(), Some(world.mock.oauth_secret()))
                .body(body),
        )
        .await
    };
    let narrow = ask("scim").await.ok(200);
    assert_eq!(narrow["scope"], "scim");
    me(&world, &text(&narrow["access_token"])).await.ok(200);
    assert_eq!(ask("sql").await.ok(400)["error"], "invalid_scope");
    world.switch("unknown_oauth_scope", json!("echoed")).await;
    assert_eq!(ask("sql").await.ok(200)["scope"], "sql");
}

#[tokio::test]
async fn a_client_proves_itself_in_one_way_at_a_time() {
    let world = World::start().await;
    let secret = world.mock.oauth_secret().to_owned();
    oauth_with(&world, &secret).await.ok(200);
    let id = world.mock.client_id();
    let both = form(&[
        ("grant_type", "client_credentials"),
        ("client_id", &id),
        ("client_secret", &secret),
    ]);
    let request = direct(&world, Method::POST, "/oidc/v1/token").basic_auth(&id, Some(&secret));
    assert_eq!(send(request.body(both)).await.ok(400)["error"], "invalid_request");
}

#[tokio::test]
async fn the_token_endpoint_goes_wrong_on_request() {
    let world = World::start().await;
    let body = json!({"error": "invalid_request", "error_description": "Temporarily throttled, too many requests"});
    let rule = json!({"match": {"path": "/oidc/v1/token"}, "answer": {"status": 429, "body": body}});
    world.arm(rule).await;
    assert_eq!(oauth(&world, "/oidc/v1/token").await.ok(429), body);
    oauth(&world, "/oidc/v1/token").await.ok(200);
    let rule = json!({"match": {"path": "/oauth2/token"}, "answer": {"reset": true}});
    world.arm(rule).await;
    let path = format!("/{}/oauth2/token", world.mock.tenant_id());
    azure(&world, Method::POST, &path).send().await.unwrap_err();
    send(azure(&world, Method::POST, &path)).await.ok(400);
}

#[tokio::test]
async fn a_credential_of_the_account_meets_unknown_paths_there() {
    let world = World::start().await;
    let get = async |path: &str| send(direct(&world, Method::GET, path).bearer_auth(world.mock.account_token())).await;
    let unknown = get(&format!("{}/Schemas", account(&world, 1))).await.ok(404);
    assert_eq!(unknown["message"], "Endpoint not supported.");
    let reply = get("/api/2.1/accounts/scim/v2/Users").await;
    assert_eq!(reply.text, "HTTP method GET is not supported by this URL");
    let path = "/oidc/accounts/11111111-2222-4333-8444-555555555555/.well-known/oauth-authorization-server";
    assert_eq!(get(path).await.status, 403);
}
