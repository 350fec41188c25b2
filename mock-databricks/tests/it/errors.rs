//! Paths that are no endpoints, and bodies that are too much.

use reqwest::Method;
use serde_json::json;

use crate::support::{World, read};

#[tokio::test]
async fn unknown_paths_discovery_and_letters_for_ids_are_endpoint_not_found() {
    let world = World::start().await;
    for (method, path) in [
        (Method::GET, "/ServiceProviderConfig"),
        (Method::GET, "/ResourceTypes"),
        (Method::GET, "/Schemas"),
        (Method::POST, "/Bulk"),
        (Method::POST, "/Users/.search"),
        (Method::GET, "/serviceprincipals"),
        (Method::GET, "/Users/6a1f0a4e-0000-4000-8000-000000000001"),
        (Method::GET, "/users"),
        (Method::OPTIONS, "/Users"),
        (Method::GET, "/api/2.0/clusters/list"),
        (Method::GET, "/api/2.0/preview/scim/v2"),
    ] {
        let reply = world.send(method.clone(), path, None).await;
        let expected = json!({"error_code": "ENDPOINT_NOT_FOUND", "message": "Endpoint not supported."});
        assert_eq!(reply.ok(404), expected, "{method} {path}");
        assert_eq!(reply.header("x-databricks-org-id"), Some("1234567890123456"));
    }
}

#[tokio::test]
async fn the_api_answers_with_and_without_v2() {
    let world = World::start().await;
    let id = world.user("a@example.com").await;
    let with = world.get(&format!("/api/2.0/preview/scim/v2/Users/{id}")).await.ok(200);
    let without = world.get(&format!("/api/2.0/preview/scim/Users/{id}/")).await.ok(200);
    assert_eq!(with, without);
    world.switch("without_v2", json!("not-found")).await;
    assert_eq!(world.get("/api/2.0/preview/scim/Users").await.status, 404);
}

#[tokio::test]
async fn a_body_beyond_all_measure_is_413_and_the_mock_lives() {
    let world = World::start().await;
    let body = vec![b'x'; 17 * 1024 * 1024];
    // The server may answer and close before it has read everything.
    if let Ok(response) = world.request(Method::POST, "/Users").body(body).send().await {
        let reply = read(response).await;
        assert_eq!(reply.ok(413)["error_code"], "REQUEST_TOO_LARGE");
    }
    world.get("/Me").await.ok(200);
}

#[tokio::test]
async fn arbitrary_bytes_on_the_wire_do_not_stop_anything() {
    use tokio::io::AsyncWriteExt;
    let world = World::start().await;
    for url in [
        world.mock.private_url(),
        world.mock.public_url(),
        world.mock.control_url(),
    ] {
        let mut stream = tokio::net::TcpStream::connect(crate::support::address(&url))
            .await
            .unwrap();
        // The peer may hang up at once.
        let _ = stream.write_all(b"\x00\xff\x16\x03\x01garbage\r\n\r\n\x80").await;
    }
    world.get("/Me").await.ok(200);
    world.state().await;
}
