//! Everything that goes wrong on request.

use std::error::Error;
use std::io::ErrorKind;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{World, client, eventually, read};

/// The kind of the I/O error at the root of a failed request.
fn io_kind(error: &reqwest::Error) -> Option<ErrorKind> {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    let mut kind = None;
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            kind = Some(io.kind());
        }
        source = error.source();
    }
    kind
}

async fn fails(world: &World, method: Method, path: &str, body: Option<Value>) -> reqwest::Error {
    let mut request = world.request(method, path);
    if let Some(body) = body {
        request = request.json(&body);
    }
    match request.send().await {
        Err(error) => error,
        Ok(response) => response.bytes().await.expect_err("a failure"),
    }
}

async fn user_names(world: &World) -> Vec<String> {
    let state = world.state().await;
    let users = state["users"].as_array().unwrap();
    users
        .iter()
        .skip(1)
        .map(|user| crate::support::text(&user["userName"]))
        .collect()
}

fn new_user(name: &str) -> Value {
    json!({"userName": format!("{name}@example.com")})
}

#[tokio::test]
async fn a_fixed_answer_comes_before_or_after_the_effect() {
    let world = World::start().await;
    let answer = json!({"status": 503, "headers": {"X-Why": "test", "Retry-After": "2"},
        "body": "No webapps are available to handle your request. Please try again later."});
    world.arm(json!({"match": {"method": "POST"}, "answer": answer})).await;
    let reply = world.post("/Users", new_user("before")).await;
    assert_eq!(reply.status, 503);
    assert!(reply.text.starts_with("No webapps"));
    assert_eq!(
        (reply.header("x-why"), reply.header("retry-after")),
        (Some("test"), Some("2"))
    );
    assert!(user_names(&world).await.is_empty());

    let answer = json!({"status": 500, "body": {"error_code": "X"}});
    world.arm(json!({"when": "after", "answer": answer})).await;
    let reply = world.post("/Users", new_user("after")).await;
    assert_eq!(reply.ok(500), json!({"error_code": "X"}));
    assert_eq!(user_names(&world).await, ["after@example.com"]);
    // Used up.
    world.post("/Users", new_user("later")).await.ok(201);
    let history = world.history(0).await;
    let statuses: Vec<_> = history.iter().map(|entry| entry["status"].clone()).collect();
    assert_eq!(statuses, [503, 500, 201]);
    let faults: Vec<_> = history.iter().map(|entry| entry["fault"].clone()).collect();
    assert_eq!(faults, [json!(1), json!(2), json!(null)]);
}

#[tokio::test]
async fn path_skip_and_times_choose_the_calls() {
    let world = World::start().await;
    let rule = json!({"match": {"path": "/Users?filter"}, "skip": 1, "times": 2, "answer": {"status": 429}});
    world.arm(rule).await;
    let mut statuses = Vec::new();
    for path in [
        "/Me",
        "/Users?filter=id%20eq%201",
        "/Users",
        "/Users?filter=id%20eq%201",
        "/Users?filter=id%20eq%201",
        "/Users?filter=id%20eq%201",
    ] {
        statuses.push(world.get(path).await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429, 200]);
}

/// A world whose front ends offer HTTP/2 or not.
async fn speaking(http2: bool) -> World {
    let options = mock_databricks::Options {
        limits: mock_databricks::Limits::Off,
        http2,
        ..mock_databricks::Options::ephemeral()
    };
    let world = World::with(options).await;
    let version = world.request(Method::GET, "/Me").send().await.unwrap().version();
    let expected = if http2 {
        http::Version::HTTP_2
    } else {
        http::Version::HTTP_11
    };
    assert_eq!(version, expected);
    world
}

#[tokio::test]
async fn a_reset_is_a_real_one_with_or_without_the_effect() {
    for http2 in [false, true] {
        let world = speaking(http2).await;
        for (when, expected) in [("before", 0), ("after", 1)] {
            world
                .arm(json!({"match": {"method": "POST"}, "when": when, "answer": {"reset": true}}))
                .await;
            let error = fails(&world, Method::POST, "/Users", Some(new_user(when))).await;
            assert_eq!(io_kind(&error), Some(ErrorKind::ConnectionReset), "{error:?}");
            assert_eq!(user_names(&world).await.len(), expected);
        }
        let history = world.history(1).await;
        assert_eq!(history[0]["status"], json!(null));
        assert_eq!(history[0]["body"], new_user("before"));
        world.get("/Me").await.ok(200);
    }
}

#[tokio::test]
async fn a_fault_hits_no_other_call() {
    let world = speaking(false).await;
    world
        .arm(json!({"match": {"method": "POST"}, "answer": {"hang_ms": 200}}))
        .await;
    let held = tokio::spawn(world.request(Method::POST, "/Users").json(&new_user("a")).send());
    eventually("the held call", async || {
        let counters = world.control(Method::GET, "/counters", None).await.ok(200);
        (counters["in_flight"] == 1).then_some(())
    })
    .await;
    while !held.is_finished() {
        world.get("/Me?attributes=id").await.ok(200);
    }
    assert!(held.await.unwrap().is_err());
}

#[tokio::test]
async fn half_an_answer_is_half_to_the_byte() {
    let world = speaking(false).await;
    world.arm(json!({"answer": {"truncate": true}})).await;
    let mut cut = world.request(Method::GET, "/Me").send().await.unwrap();
    assert_eq!(cut.status(), 200);
    let announced = cut.content_length().unwrap();
    let mut received = 0;
    let error = loop {
        match cut.chunk().await {
            Ok(Some(chunk)) => received += chunk.len() as u64,
            Ok(None) => panic!("a whole body"),
            Err(error) => break error,
        }
    };
    assert_eq!(received, announced / 2, "{error:?}");
}

#[tokio::test]
async fn a_truncated_answer_announces_the_whole_and_has_the_effect() {
    for http2 in [false, true] {
        truncated(&speaking(http2).await).await;
    }
}

async fn truncated(world: &World) {
    world
        .control(Method::POST, "/seed", Some(json!({"users": 100})))
        .await
        .ok(200);
    world.arm(json!({"answer": {"truncate": true}})).await;
    let response = world.request(Method::GET, "/Users").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.content_length().unwrap() > 10_000);
    assert!(response.bytes().await.is_err());
    world
        .arm(json!({"match": {"method": "POST"}, "answer": {"truncate": true}}))
        .await;
    fails(world, Method::POST, "/Users", Some(new_user("a"))).await;
    assert!(user_names(world).await.contains(&"a@example.com".to_owned()));
    // An empty answer has no half.
    world
        .arm(json!({"match": {"method": "DELETE"}, "answer": {"truncate": true}}))
        .await;
    let id = world.get("/Users?filter=userName%20eq%20a%40example.com").await.ok(200)["Resources"][0]["id"].clone();
    fails(
        world,
        Method::DELETE,
        &format!("/Users/{}", crate::support::text(&id)),
        None,
    )
    .await;
    assert!(!user_names(world).await.contains(&"a@example.com".to_owned()));
}

#[tokio::test]
async fn html_and_private_link_come_where_json_should() {
    let world = World::start().await;
    world.arm(json!({"answer": {"html": true}})).await;
    let reply = world.post("/Users", new_user("a")).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/html")));
    assert!(reply.text.starts_with("<!doctype html>"));
    world.arm(json!({"answer": {"private_link": true}})).await;
    let reply = world.post("/Users", new_user("a")).await;
    assert_eq!(reply.status, 302);
    assert!(
        reply
            .header("location")
            .unwrap()
            .starts_with("/login.html?error=private-link-validation-error:")
    );
    assert!(user_names(&world).await.is_empty());
}

#[tokio::test]
async fn a_hanging_call_is_held_and_then_cut_without_effect() {
    let world = World::start().await;
    let start = crate::support::now();
    world
        .arm(json!({"match": {"method": "POST"}, "answer": {"hang_ms": 300}}))
        .await;
    fails(&world, Method::POST, "/Users", Some(new_user("a"))).await;
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert!(user_names(&world).await.is_empty());
}

#[tokio::test]
async fn a_request_cut_off_in_its_body_was_answered_with_nothing() {
    use tokio::io::AsyncWriteExt;
    let world = World::start().await;
    let mut connection = crate::support::tls(&world.mock).await;
    let head =
        "POST /api/2.0/preview/scim/v2/Users HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{\"userName\"";
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.shutdown().await.unwrap();
    let entry = eventually("the request in the history", async || world.history(0).await.pop()).await;
    assert_eq!((&entry["status"], &entry["body"]), (&json!(null), &json!(null)));
}

#[tokio::test]
async fn a_late_effect_comes_after_the_cut_even_if_the_rule_is_gone() {
    let options = mock_databricks::Options {
        limits: mock_databricks::Limits::Off,
        time_factor: 100.0,
        ..mock_databricks::Options::ephemeral()
    };
    let world = World::with(options).await;
    // 20 s ÷ 100.
    let id = world
        .arm(json!({"match": {"method": "POST"}, "times": 0, "answer": {"late_effect_ms": 20_000}}))
        .await;
    let error = fails(&world, Method::POST, "/Users", Some(new_user("late"))).await;
    assert_eq!(io_kind(&error), Some(ErrorKind::ConnectionReset), "{error:?}");
    assert!(user_names(&world).await.is_empty());
    let path = format!("/faults/{id}");
    assert_eq!(world.control(Method::DELETE, &path, None).await.status, 204);
    eventually("the late effect", async || {
        (user_names(&world).await == ["late@example.com"]).then_some(())
    })
    .await;
    assert_eq!(world.history(0).await.len(), 1);
}

#[tokio::test]
async fn refused_and_throttled_calls_leave_rules_alone() {
    let world = World::start().await;
    world.arm(json!({"answer": {"status": 500}})).await;
    let other = client(&world.mock, &world.mock.private_url(), None);
    let url = format!("{}/api/2.0/preview/scim/v2/Me", world.mock.private_url());
    assert_eq!(read(other.get(url).send().await.unwrap()).await.status, 401);
    assert_eq!(world.outside(Method::GET, "/Me").await.status, 302);
    assert_eq!(world.get("/Me").await.status, 500);
}

#[tokio::test]
async fn rules_can_be_listed_and_deleted() {
    let world = World::start().await;
    let first = world.arm(json!({"answer": {"status": 500}})).await;
    let second = world.arm(json!({"times": 0, "answer": {"status": 501}})).await;
    assert_ne!(first, second);
    assert_eq!(
        world
            .control(Method::DELETE, &format!("/faults/{first}"), None)
            .await
            .status,
        204
    );
    assert_eq!(world.get("/Me").await.status, 501);
    assert_eq!(world.get("/Me").await.status, 501);
    let list = world.control(Method::GET, "/faults", None).await.ok(200);
    assert_eq!(list[0]["id"], second);
    assert_eq!(world.control(Method::DELETE, "/faults", None).await.status, 204);
    world.get("/Me").await.ok(200);
    // Used up or deleted before: gone is gone.
    let again = format!("/faults/{second}");
    assert_eq!(world.control(Method::DELETE, &again, None).await.status, 204);
    let reply = world.control(Method::DELETE, "/faults/99", None).await;
    assert!(reply.ok(404)["error"].as_str().unwrap().contains("no fault"));
}
