//! The stand-ins of Azure's endpoints: under which names they answer, and what a role in Azure is good for.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, World, address, text};
use crate::tokens::{DATABRICKS, MANAGEMENT, azure, direct, entra_token, form, me, send};

async fn application(world: &World, body: Value) {
    let reply = world.control(Method::PUT, "/azure/applications", Some(body)).await;
    reply.ok(200);
}

/// A call with both tokens of an application, as the vendor's SDKs make it.
async fn with_management(world: &World, token: &str, management: &str) -> Reply {
    let request = direct(world, Method::GET, "/api/2.0/preview/scim/v2/Me")
        .bearer_auth(token)
        .header("X-Databricks-Azure-SP-Management-Token", management)
        .header("X-Databricks-Azure-Workspace-Resource-Id", world.mock.resource_id());
    send(request).await
}

#[tokio::test]
async fn azures_names_lead_to_its_endpoints_over_tls_and_to_nothing_else() {
    let world = World::start().await;
    let (login, management) = ("login.microsoftonline.com", "management.azure.com");
    let front = address(&world.mock.public_url());
    let pem = std::fs::read(world.mock.ca_file()).unwrap();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .redirect(reqwest::redirect::Policy::none())
        .resolve(login, front)
        .resolve(management, front)
        .build()
        .unwrap();
    let url = |host: &str, path: &str| format!("https://{host}:{}{path}", front.port());
    let path = format!("/{}/oauth2/token", world.mock.tenant_id());
    let body = form(&[
        ("grant_type", "client_credentials"),
        ("client_id", &world.mock.client_id()),
        ("client_secret", world.mock.entra_secret()),
        ("resource", MANAGEMENT),
    ]);
    let answer = send(client.post(url(login, &path)).body(body)).await.ok(200);
    let token = text(&answer["access_token"]);
    let path = format!("{}?api-version=2018-04-01", world.mock.resource_id());
    let shown = send(client.get(url(management, &path)).bearer_auth(token))
        .await
        .ok(200);
    assert_eq!(shown["properties"]["workspaceUrl"], world.mock.workspace_host());
    let body = json!({"public_access": "enabled"});
    world.control(Method::PUT, "/private-link", Some(body)).await.ok(200);
    let api = client.get(url(login, "/api/2.0/preview/scim/v2/Me"));
    assert_eq!(send(api.bearer_auth(world.mock.token())).await.status, 404);
    let token_endpoint = client.post(url(login, "/oidc/v1/token"));
    assert_eq!(send(token_endpoint).await.status, 401);
}

#[tokio::test]
async fn the_azure_listener_goes_by_loopback_and_azures_own_names() {
    let world = World::start().await;
    let path = format!("/metadata/identity/oauth2/token?api-version=2018-02-01&resource={DATABRICKS}");
    let ask = async |host: &str| {
        let request = azure(&world, Method::GET, &path).header("Metadata", "true");
        send(request.header("Host", host)).await.status
    };
    for host in ["169.254.169.254", "localhost:8446", "127.0.0.1", "management.azure.com"] {
        assert_eq!(ask(host).await, 200, "{host}");
    }
    for host in [
        "example.com",
        "login.example.com",
        "10.0.0.1:8446",
        "adb-1.2.azuredatabricks.net",
    ] {
        assert_eq!(ask(host).await, 403, "{host}");
    }
    let last = world.history(0).await.pop().unwrap();
    assert_eq!((&last["listener"], &last["status"]), (&json!("azure"), &json!(403)));
}

#[tokio::test]
async fn the_resource_manager_wants_a_version_and_a_role() {
    let world = World::start().await;
    let (id, secret) = ("reader", "s3");
    application(&world, json!({"client_id": id, "client_secret": secret})).await;
    let token = entra_token(&world, id, secret, MANAGEMENT).await;
    let resource = world.mock.resource_id().to_owned();
    let path = format!("{resource}?api-version=2018-04-01");
    let read = async |path: &str, token: &str| send(azure(&world, Method::GET, path).bearer_auth(token)).await;
    let code = |reply: &Value| text(&reply["error"]["code"]);
    assert_eq!(code(&read(&path, &token).await.ok(403)), "AuthorizationFailed");
    assert_eq!(
        code(&read(&resource, &token).await.ok(400)),
        "MissingApiVersionParameter"
    );
    application(&world, json!({"client_id": id, "role": "owner"})).await;
    read(&path, &token).await.ok(200);
    application(&world, json!({"client_id": id, "role": null})).await;
    read(&path, &token).await.ok(403);
    let databricks = entra_token(&world, id, secret, DATABRICKS).await;
    assert_eq!(code(&read(&path, &databricks).await.ok(401)), "AuthenticationFailed");
}

#[tokio::test]
async fn a_machine_with_two_identities_must_say_which() {
    let world = World::start().await;
    application(&world, json!({"client_id": "second", "managed_identity": true})).await;
    let path = format!("/metadata/identity/oauth2/token?api-version=2018-02-01&resource={DATABRICKS}");
    let ask =
        async |path: &str, metadata: &str| send(azure(&world, Method::GET, path).header("Metadata", metadata)).await;
    let refused = ask(&path, "true").await.ok(400);
    assert!(text(&refused["error_description"]).starts_with("Multiple user assigned identities exist"));
    let named = ask(&format!("{path}&client_id=second"), "true").await.ok(200);
    assert_eq!(named["client_id"], "second");
    assert_eq!(ask(&format!("{path}&client_id=second"), "TRUE").await.status, 400);
}

#[tokio::test]
async fn a_role_in_azure_lets_in_once_and_nobody_the_account_deactivated() {
    let world = World::start().await;
    let (id, secret) = ("9f5c2a37-0000-4000-8000-000000000002", "s3");
    application(
        &world,
        json!({"client_id": id, "client_secret": secret, "role": "owner"}),
    )
    .await;
    let token = entra_token(&world, id, secret, DATABRICKS).await;
    let management = entra_token(&world, id, secret, MANAGEMENT).await;
    world.switch("management_token", json!("ignored")).await;
    assert_eq!(with_management(&world, &token, &management).await.status, 403);
    world.switch("management_token", json!("enters")).await;
    let entered = text(&with_management(&world, &token, &management).await.ok(200)["id"]);

    // Whoever loses the admin's rights does not get them back by the next call.
    let admins = text(&world.group_state("admins").await["id"]);
    let leave = json!([{"op": "remove", "path": format!("members[value eq \"{entered}\"]")}]);
    world.patch(&format!("/Groups/{admins}"), leave).await.ok(200);
    with_management(&world, &token, &management).await.ok(200);
    assert!(!world.members("admins").await.contains(&entered));

    // Out of the workspace it comes in again; out of favour with the account it does not.
    world.delete(&format!("/ServicePrincipals/{entered}")).await.ok(204);
    assert_eq!(me(&world, &token).await.status, 403);
    with_management(&world, &token, &management).await.ok(200);
    world.delete(&format!("/ServicePrincipals/{entered}")).await.ok(204);
    let account = format!("{}/ServicePrincipals/{entered}", world.account().await);
    let body = json!({"Operations": [{"op": "replace", "path": "active", "value": [{"value": "false"}]}]});
    world.edit(Method::PATCH, &account, body).await.ok(204);
    let refused = with_management(&world, &token, &management).await.ok(403);
    assert_eq!(refused["message"], "Unauthorized access to Org: 1234567890123456");
}

#[tokio::test]
async fn the_sign_in_page_leads_to_the_tenant() {
    let world = World::start().await;
    let ask = async || send(direct(&world, Method::GET, "/aad/auth")).await;
    let reply = ask().await;
    assert_eq!(reply.status, 302);
    let start = format!(
        "https://login.microsoftonline.com/{}/oauth2/authorize?",
        world.mock.tenant_id()
    );
    assert!(reply.header("location").unwrap().starts_with(&start));
    world.switch("sign_in_status", json!(307)).await;
    assert_eq!(ask().await.status, 307);
}

#[tokio::test]
async fn no_secret_is_kept_however_it_was_sent() {
    let world = World::start().await;
    for (path, body) in [
        ("/wrong/path", "client%5Fsecret=sesame"),
        ("/oidc/v1/token", r#"{"client_secret":"sesame"}"#),
        (
            "/msi/token?client_secret=sesame",
            "subject_token=sesame&client_assertion=sesame",
        ),
    ] {
        send(azure(&world, Method::POST, path).body(body)).await;
        send(direct(&world, Method::POST, path).body(body)).await;
    }
    let history = world.history(0).await;
    assert_eq!(history.len(), 6);
    for entry in &history {
        let kept = entry.to_string();
        assert!(kept.contains("***") && !kept.contains("sesame"), "{kept}");
    }
}
