//! The public front end: what a client sees whose DNS leads it there.

use reqwest::Method;
use serde_json::json;

use crate::support::{World, address};

#[tokio::test]
async fn the_public_front_end_redirects_to_the_login_page_on_the_same_port() {
    let world = World::start().await;
    let (private, public) = (address(&world.mock.private_url()), address(&world.mock.public_url()));
    assert_eq!(private.port(), public.port());
    assert_ne!(private.ip(), public.ip());
    for method in [Method::GET, Method::POST, Method::PATCH] {
        let reply = world.outside(method, "/Me").await;
        assert_eq!((reply.status, reply.text.as_str()), (302, ""));
        let location = "/login.html?error=private-link-validation-error:1234567890123456";
        assert_eq!(reply.header("location"), Some(location));
    }
    let page = world
        .outside(
            Method::GET,
            "/login.html?error=private-link-validation-error:1234567890123456",
        )
        .await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("<title>Databricks - Sign In</title>"));
    assert_eq!(page.header("content-type"), Some("text/html"));
    assert_eq!(
        page.header("cache-control"),
        Some("no-cache, no-store, must-revalidate")
    );
    world.get("/Me").await.ok(200);
    assert_eq!(
        world.control(Method::GET, "/counters", None).await.ok(200)["calls"]["get"],
        1
    );
}

#[tokio::test]
async fn the_other_forms_are_403_as_text_and_as_json() {
    let world = World::start().await;
    let refuse = async |form: &str| {
        world
            .control(Method::PUT, "/private-link", Some(json!({"refusal": form})))
            .await
            .ok(200);
        world.outside(Method::GET, "/Me").await
    };
    let text = "Unauthorized network access to workspace: 1234567890123456";
    let reply = refuse("forbidden-text").await;
    assert_eq!((reply.status, reply.text.as_str()), (403, text));
    assert_eq!(reply.header("content-type"), Some("text/plain"));
    let reply = refuse("forbidden-json").await;
    assert_eq!(reply.ok(403), json!({"error_code": "403", "message": text}));
    assert_eq!(refuse("redirect").await.status, 302);
    for status in [301, 303, 307, 308] {
        world.switch("redirect_status", json!(status)).await;
        assert_eq!(world.outside(Method::GET, "/Me").await.status, status);
    }
}

#[tokio::test]
async fn with_public_access_both_front_ends_serve_the_same_workspace() {
    let world = World::start().await;
    let id = world.user("a@example.com").await;
    let enabled = json!({"public_access": "enabled"});
    let set = world.control(Method::PUT, "/private-link", Some(enabled)).await.ok(200);
    assert_eq!(
        set,
        json!({"public_access": "enabled", "refusal": "redirect", "private_endpoint": "approved"})
    );
    let user = world.outside(Method::GET, &format!("/Users/{id}")).await.ok(200);
    assert_eq!(user["userName"], "a@example.com");
    let history = world.history(0).await;
    let listeners: Vec<_> = history
        .iter()
        .map(|entry| entry["listener"].as_str().unwrap())
        .collect();
    assert_eq!(listeners, ["private", "public"]);
}

#[tokio::test]
async fn the_certificate_covers_the_names_and_addresses_it_should() {
    let world = World::start().await;
    let port = address(&world.mock.private_url()).port();
    let ca = reqwest::Certificate::from_pem(&std::fs::read(world.mock.ca_file()).unwrap()).unwrap();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([ca])
        .resolve(
            "adb-1.2.privatelink.azuredatabricks.net",
            address(&world.mock.private_url()),
        )
        .resolve("accounts.azuredatabricks.net", address(&world.mock.private_url()))
        .resolve("localhost", address(&world.mock.public_url()))
        .build()
        .unwrap();
    for host in ["127.0.0.1", "127.0.0.2", "localhost", "accounts.azuredatabricks.net"] {
        let answer = client.get(format!("https://{host}:{port}/login.html")).send().await;
        assert!(answer.is_ok(), "{host}: {answer:?}");
    }
    let url = format!("https://adb-1.2.privatelink.azuredatabricks.net:{port}/login.html");
    assert!(client.get(url).send().await.is_err());
}
