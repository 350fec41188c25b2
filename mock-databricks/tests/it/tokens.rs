//! Where tokens come from: Databricks' OAuth, Entra, the managed identity; and which doors they open.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Reply, World, address, client, read, text};

pub const DATABRICKS: &str = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";
pub const MANAGEMENT: &str = "https://management.core.windows.net/";

/// A request to a front end by its address, where the path alone decides.
pub fn direct(world: &World, method: Method, path: &str) -> RequestBuilder {
    let front = world.mock.private_url();
    client(&world.mock, &front, None).request(method, format!("{front}{path}"))
}

/// A request to the azure listener.
pub fn azure(world: &World, method: Method, path: &str) -> RequestBuilder {
    let plain = reqwest::Client::builder().no_proxy().build().unwrap();
    plain.request(method, format!("{}{path}", world.mock.azure_url()))
}

pub async fn send(request: RequestBuilder) -> Reply {
    read(request.send().await.unwrap()).await
}

pub async fn me(world: &World, token: &str) -> Reply {
    send(direct(world, Method::GET, "/api/2.0/preview/scim/v2/Me").bearer_auth(token)).await
}

pub fn form(fields: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    form.finish()
}

pub async fn oauth(world: &World, path: &str) -> Reply {
    let request = direct(world, Method::POST, path)
        .basic_auth(world.mock.client_id(), Some(world.mock.oauth_secret()))
        .body(form(&[("grant_type", "client_credentials"), ("scope", "all-apis")]));
    send(request).await
}

pub async fn entra(world: &World, version: &str, fields: &[(&str, &str)]) -> Reply {
    let path = format!("/{}/oauth2/{version}token", world.mock.tenant_id());
    let mut all = vec![("grant_type", "client_credentials")];
    all.extend(fields);
    send(azure(world, Method::POST, &path).body(form(&all))).await
}

/// A token of an application for a resource, got in the older way.
pub async fn entra_token(world: &World, client_id: &str, secret: &str, resource: &str) -> String {
    let fields = [
        ("client_id", client_id),
        ("client_secret", secret),
        ("resource", resource),
    ];
    text(&entra(world, "", &fields).await.ok(200)["access_token"])
}

pub fn account(world: &World, minor: u8) -> String {
    format!("/api/2.{minor}/accounts/{}/scim/v2", world.mock.account_id())
}

fn claims(token: &str) -> Value {
    let middle = token.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(middle).unwrap()).unwrap()
}

#[tokio::test]
async fn each_credential_opens_its_own_doors() {
    let world = World::start().await;
    let workspace_oauth = text(&oauth(&world, "/oidc/v1/token").await.ok(200)["access_token"]);
    let path = format!("/oidc/accounts/{}/v1/token", world.mock.account_id());
    let account_oauth = text(&oauth(&world, &path).await.ok(200)["access_token"]);
    let (client_id, secret) = (world.mock.client_id(), world.mock.entra_secret().to_owned());
    let entra = entra_token(&world, &client_id, &secret, DATABRICKS).await;
    let management = entra_token(&world, &client_id, &secret, MANAGEMENT).await;
    let doors = [
        "/api/2.0/preview/scim/v2/Users".to_owned(),
        "/api/2.0/account/scim/v2/Users".to_owned(),
        format!("{}/Users", account(&world, 0)),
        format!("{}/Users", account(&world, 1)),
    ];
    for (name, token, expected) in [
        ("pat", world.mock.token(), [200, 200, 401, 401]),
        ("scim", world.mock.account_token(), [401, 401, 401, 200]),
        ("workspace oauth", &workspace_oauth, [200, 200, 401, 401]),
        ("account oauth", &account_oauth, [200, 200, 200, 200]),
        ("entra", &entra, [200, 200, 200, 200]),
        ("management", &management, [401, 401, 401, 401]),
    ] {
        for (door, status) in doors.iter().zip(expected) {
            let reply = send(direct(&world, Method::GET, door).bearer_auth(token)).await;
            assert_eq!(reply.status, status, "{name} {door}: {}", reply.text);
        }
    }
    world.switch("account_token_in_workspace", json!("refused")).await;
    assert_eq!(me(&world, &account_oauth).await.status, 401);
    world.switch("wrong_place_credential", json!(403)).await;
    assert_eq!(me(&world, &account_oauth).await.status, 403);
}

#[tokio::test]
async fn oauth_is_found_by_discovery_and_gives_a_token_for_an_hour() {
    let world = World::start().await;
    let config = send(direct(&world, Method::GET, "/.well-known/databricks-config"))
        .await
        .ok(200);
    assert_eq!(config["account_id"], world.mock.account_id());
    assert_eq!(
        (&config["workspace_id"], &config["cloud"]),
        (&json!("1234567890123456"), &json!("Azure"))
    );
    let endpoint = text(&config["oidc_endpoint"]);
    assert_eq!(endpoint, format!("{}/oidc", world.mock.private_url()));
    let path = "/oidc/.well-known/oauth-authorization-server";
    let found = send(direct(&world, Method::GET, path)).await.ok(200);
    assert_eq!(found["token_endpoint"], format!("{endpoint}/v1/token"));
    let answer = oauth(&world, "/oidc/v1/token").await.ok(200);
    assert_eq!(
        (&answer["token_type"], &answer["expires_in"], &answer["scope"]),
        (&json!("Bearer"), &json!(3600), &json!("all-apis"))
    );
    let token = text(&answer["access_token"]);
    let claims = claims(&token);
    assert_eq!(claims["client_id"], world.mock.client_id());
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3600);
    // A service principal looks like a user named by its applicationId.
    assert_eq!(me(&world, &token).await.ok(200)["userName"], world.mock.client_id());
    world.switch("expires_in_form", json!("string")).await;
    assert_eq!(oauth(&world, "/oidc/v1/token").await.ok(200)["expires_in"], "3600");
}

#[tokio::test]
async fn a_wrong_secret_and_a_wrong_grant_are_told_apart() {
    let world = World::start().await;
    let ask = |secret: &str, body: &str| {
        let request = direct(&world, Method::POST, "/oidc/v1/token");
        request
            .basic_auth(world.mock.client_id(), Some(secret))
            .body(body.to_owned())
    };
    let refused = send(ask("wrong", "grant_type=client_credentials")).await.ok(401);
    let expected = json!({"error": "invalid_client", "error_description": "Client authentication failed"});
    assert_eq!(refused, expected);
    let secret = world.mock.oauth_secret().to_owned();
    for (body, error) in [
        ("grant_type=password", "unsupported_grant_type"),
        ("", "invalid_request"),
        ("\u{0}\u{ff}=%ZZ&&&", "invalid_request"),
        (
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=x",
            "invalid_request",
        ),
    ] {
        assert_eq!(send(ask(&secret, body)).await.ok(400)["error"], error, "{body}");
    }
    let path = "/oidc/accounts/11111111-2222-4333-8444-555555555555/v1/token";
    assert_eq!(oauth(&world, path).await.status, 400);
    world.switch("invalid_client_status", json!(400)).await;
    send(ask("wrong", "grant_type=client_credentials")).await.ok(400);
    // Secrets are in no record.
    let body = form(&[
        ("grant_type", "client_credentials"),
        ("client_secret", "sesame"),
        ("client_id", "x"),
    ]);
    send(direct(&world, Method::POST, "/oidc/v1/token").body(body)).await;
    let last = world.history(0).await.pop().unwrap();
    assert_eq!(
        last["body"],
        "grant_type=client_credentials&client_secret=***&client_id=x"
    );
}

#[tokio::test]
async fn a_secret_that_is_withdrawn_ends_its_tokens_and_five_are_the_most() {
    let world = World::start().await;
    let client_id = world.mock.client_id();
    let set = async |secret: &str, valid: bool| {
        let body = json!({"client_id": client_id, "client_secret": secret, "valid": valid});
        world.control(Method::PUT, "/credentials", Some(body)).await
    };
    for number in 2..=5 {
        set(&format!("secret-{number}"), true).await.ok(200);
    }
    let refused = set("secret-6", true).await.ok(400);
    assert_eq!(
        refused["error"],
        "field `client_secret` is one too many: a service principal has at most 5"
    );
    let token = text(&oauth(&world, "/oidc/v1/token").await.ok(200)["access_token"]);
    me(&world, &token).await.ok(200);
    set(world.mock.oauth_secret(), false).await.ok(200);
    me(&world, &token).await.ok(403);
    oauth(&world, "/oidc/v1/token").await.ok(401);
    let stranger = json!({"client_id": "nobody", "client_secret": "x"});
    let refused = world.control(Method::PUT, "/credentials", Some(stranger)).await.ok(400);
    assert!(text(&refused["error"]).starts_with("field `client_id` is no service principal's"));
}

#[tokio::test]
async fn an_identity_providers_token_can_be_exchanged() {
    let world = World::start().await;
    let body = json!({"client_id": world.mock.client_id(), "subject_token": "from-the-provider"});
    world.control(Method::PUT, "/credentials", Some(body)).await.ok(200);
    let body = form(&[
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", "from-the-provider"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ("scope", "all-apis"),
    ]);
    let answer = send(direct(&world, Method::POST, "/oidc/v1/token").body(body))
        .await
        .ok(200);
    me(&world, &text(&answer["access_token"])).await.ok(200);
}

#[tokio::test]
async fn entra_gives_numbers_in_its_new_form_and_strings_in_its_old() {
    let world = World::start().await;
    let (id, secret) = (world.mock.client_id(), world.mock.entra_secret().to_owned());
    let scope = format!("{DATABRICKS}/.default");
    let credentials = [("client_id", id.as_str()), ("client_secret", secret.as_str())];
    let new = entra(&world, "v2.0/", &[&credentials[..], &[("scope", &scope)]].concat())
        .await
        .ok(200);
    assert_eq!(
        (&new["expires_in"], &new["ext_expires_in"]),
        (&json!(3599), &json!(3599))
    );
    assert_eq!(claims(&text(&new["access_token"]))["aud"], DATABRICKS);
    let old = entra(&world, "", &[&credentials[..], &[("resource", MANAGEMENT)]].concat())
        .await
        .ok(200);
    assert_eq!(
        (&old["expires_in"], &old["resource"]),
        (&json!("3599"), &json!(MANAGEMENT))
    );
    let on: u64 = text(&old["expires_on"]).parse().unwrap();
    assert_eq!(claims(&text(&old["access_token"]))["exp"], on);
    me(&world, &text(&new["access_token"])).await.ok(200);

    for (fields, status, code) in [
        (
            vec![("client_id", id.as_str()), ("client_secret", "bad"), ("scope", &scope)],
            401,
            7_000_215,
        ),
        (
            vec![("client_id", "stranger"), ("client_secret", "x"), ("scope", &scope)],
            400,
            700_016,
        ),
        (
            vec![("client_id", &id), ("client_secret", &secret), ("scope", "x/.default")],
            400,
            500_011,
        ),
        (
            vec![("client_id", &id), ("client_secret", &secret), ("scope", "openid")],
            400,
            1_002_012,
        ),
        (vec![("client_id", &id), ("scope", &scope)], 400, 900_144),
    ] {
        let refused = entra(&world, "v2.0/", &fields).await.ok(status);
        assert_eq!(refused["error_codes"], json!([code]));
        let text = text(&refused["error_description"]);
        assert!(text.starts_with(&format!("AADSTS{code}: ")), "{text}");
        for field in ["error", "timestamp", "trace_id", "correlation_id", "error_uri"] {
            assert!(refused[field].is_string(), "{field}");
        }
    }
    let path = "/another-tenant/oauth2/token";
    let refused = send(azure(&world, Method::POST, path).body("grant_type=client_credentials")).await;
    assert_eq!(refused.ok(400)["error_codes"], json!([90_002]));
}

#[tokio::test]
async fn an_application_with_a_role_in_azure_enters_the_workspace_by_its_first_call() {
    let world = World::start().await;
    let (id, secret) = ("9f5c2a37-0000-4000-8000-000000000002", "s3");
    let register = async |role: &str| {
        let body = json!({"client_id": id, "client_secret": secret, "role": role});
        world
            .control(Method::PUT, "/azure/applications", Some(body))
            .await
            .ok(200);
    };
    register("none").await;
    let token = entra_token(&world, id, secret, DATABRICKS).await;
    let management = entra_token(&world, id, secret, MANAGEMENT).await;
    let resource = world.mock.resource_id().to_owned();
    let call = async |management: &str, resource: &str| {
        let request = direct(&world, Method::GET, "/api/2.0/preview/scim/v2/Me")
            .bearer_auth(&token)
            .header("X-Databricks-Azure-SP-Management-Token", management)
            .header("X-Databricks-Azure-Workspace-Resource-Id", resource);
        send(request).await
    };
    let unknown = "Unauthorized access to Org: 1234567890123456";
    assert_eq!(me(&world, &token).await.ok(403)["message"], unknown);
    call(&management, &resource).await.ok(403);
    register("contributor").await;
    call(&management, "/subscriptions/another").await.ok(403);
    call(&token, &resource).await.ok(403);
    let shown = call(&management, &resource).await.ok(200);
    assert_eq!(shown["userName"], id);
    assert!(
        shown["groups"]
            .as_array()
            .unwrap()
            .iter()
            .any(|group| group["display"] == "admins")
    );
    // From then on without the second token.
    me(&world, &token).await.ok(200);
    let azure = world.control(Method::GET, "/azure", None).await.ok(200);
    assert!(!azure.to_string().contains(secret));
    let bad = json!({"client_id": id, "role": "reader"});
    world
        .control(Method::PUT, "/azure/applications", Some(bad))
        .await
        .ok(400);
}

#[tokio::test]
async fn the_resource_manager_tells_the_host_of_the_workspace() {
    let world = World::start().await;
    let (id, secret) = (world.mock.client_id(), world.mock.entra_secret().to_owned());
    let management = entra_token(&world, &id, &secret, MANAGEMENT).await;
    let path = format!("{}?api-version=2018-04-01", world.mock.resource_id());
    let shown = send(azure(&world, Method::GET, &path).bearer_auth(&management))
        .await
        .ok(200);
    assert_eq!(shown["properties"]["workspaceUrl"], world.mock.workspace_host());
    send(azure(&world, Method::GET, &path)).await.ok(401);
    let other = azure(&world, Method::GET, "/subscriptions/x?api-version=2018-04-01").bearer_auth(&management);
    send(other).await.ok(404);
    send(azure(&world, Method::GET, "/api/2.0/preview/scim/v2/Me"))
        .await
        .ok(404);
}

#[tokio::test]
async fn a_managed_identity_needs_its_header_and_no_proxy() {
    let world = World::start().await;
    let path = format!("/metadata/identity/oauth2/token?api-version=2018-02-01&resource={DATABRICKS}");
    let ask = || azure(&world, Method::GET, &path).header("Metadata", "true");
    let answer = send(ask()).await.ok(200);
    let on: u64 = text(&answer["expires_on"]).parse().unwrap();
    assert_eq!(claims(&text(&answer["access_token"]))["exp"], on);
    assert_eq!(answer["expires_in"], "86400");
    me(&world, &text(&answer["access_token"])).await.ok(200);
    send(azure(&world, Method::GET, &path)).await.ok(400);
    send(ask().header("X-Forwarded-For", "10.0.0.1")).await.ok(400);
    send(azure(&world, Method::GET, &format!("{path}&client_id=other")).header("Metadata", "true"))
        .await
        .ok(400);
    let none = json!({"client_id": world.mock.client_id(), "managed_identity": false});
    world
        .control(Method::PUT, "/azure/applications", Some(none))
        .await
        .ok(200);
    let refused = send(ask()).await.ok(400);
    assert_eq!(refused["error_description"], "Identity not found");
    let some = json!({"client_id": world.mock.client_id(), "managed_identity": true});
    world
        .control(Method::PUT, "/azure/applications", Some(some))
        .await
        .ok(200);

    let path = format!("/msi/token?api-version=2019-08-01&resource={DATABRICKS}");
    let ask = azure(&world, Method::GET, &path).header("X-IDENTITY-HEADER", world.mock.identity_header());
    me(&world, &text(&send(ask).await.ok(200)["access_token"]))
        .await
        .ok(200);
    send(azure(&world, Method::GET, &path).header("X-IDENTITY-HEADER", "wrong"))
        .await
        .ok(400);
}

#[tokio::test]
async fn host_names_decide_what_is_served_and_the_account_is_public() {
    let world = World::start().await;
    let account_host = "accounts.azuredatabricks.net";
    let port = address(&world.mock.public_url()).port();
    let pem = std::fs::read(world.mock.ca_file()).unwrap();
    let by_name = |host: &str| {
        reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
            .redirect(reqwest::redirect::Policy::none())
            .resolve(host, address(&world.mock.public_url()))
            .build()
            .unwrap()
    };
    let get = async |host: &str, path: &str, token: &str| {
        let url = format!("https://{host}:{port}{path}");
        send(by_name(host).get(url).bearer_auth(token)).await
    };
    let users = format!("{}/Users", account(&world, 1));
    let scim = world.mock.account_token();
    assert_eq!(get(account_host, &users, scim).await.status, 200);
    assert_eq!(get(world.mock.workspace_host(), &users, scim).await.status, 302);
    world
        .control(Method::PUT, "/private-link", Some(json!({"public_access": "enabled"})))
        .await
        .ok(200);
    let pat = world.mock.token();
    assert_eq!(get(world.mock.workspace_host(), &users, pat).await.status, 404);
    assert_eq!(get(account_host, "/api/2.0/preview/scim/v2/Me", pat).await.status, 404);
    let config = get(account_host, "/.well-known/databricks-config", "").await.ok(200);
    let expected = format!("https://{account_host}:{port}/oidc/accounts/{{account_id}}");
    assert_eq!(config, json!({"oidc_endpoint": expected, "cloud": "Azure"}));
}

#[tokio::test]
async fn the_token_endpoint_answers_where_the_api_refuses_unless_told_otherwise() {
    let world = World::start().await;
    let front = world.mock.public_url();
    let ask = async || {
        let request = client(&world.mock, &front, None)
            .post(format!("{front}/oidc/v1/token"))
            .basic_auth(world.mock.client_id(), Some(world.mock.oauth_secret()))
            .body("grant_type=client_credentials&scope=all-apis");
        send(request).await
    };
    let token = text(&ask().await.ok(200)["access_token"]);
    let path = format!("{front}/api/2.0/preview/scim/v2/Me");
    let api = client(&world.mock, &front, None).get(path).bearer_auth(token);
    assert_eq!(send(api).await.status, 302);
    world.switch("oidc_behind_private_link", json!("refused")).await;
    assert_eq!(ask().await.status, 302);
}

#[tokio::test]
async fn personal_tokens_rotate_with_a_grace() {
    let world = World::start().await;
    let rotate = json!({"grace_ms": 60_000});
    let new = world
        .control(Method::POST, "/credentials/rotate", Some(rotate))
        .await
        .ok(200);
    let new = text(&new["token"]);
    me(&world, &new).await.ok(200);
    me(&world, world.mock.token()).await.ok(200);
    let rotate = json!({"token": new});
    let newest = world
        .control(Method::POST, "/credentials/rotate", Some(rotate))
        .await
        .ok(200);
    assert_eq!(me(&world, &new).await.ok(403)["message"], "Invalid access token.");
    me(&world, &text(&newest["token"])).await.ok(200);
    let listed = world.control(Method::GET, "/credentials", None).await.ok(200);
    assert!(!listed.to_string().contains(&new) && listed.to_string().contains(&new[..8]));
    let unknown = json!({"token": "dapi-unknown"});
    world
        .control(Method::POST, "/credentials/rotate", Some(unknown))
        .await
        .ok(400);
}
