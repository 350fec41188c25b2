//! The control listener.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{World, address, text};

#[tokio::test]
async fn state_shows_everything_as_it_is() {
    let world = World::start().await;
    let ada = world.user("Ada@Example.com").await;
    let group = world.group("g", &[&ada]).await;
    let state = world.state().await;
    assert_eq!(state["workspace_id"], "1234567890123456");
    let users = state["users"].as_array().unwrap();
    assert_eq!(users[0]["userName"], "workspace.admin@example.com");
    assert_eq!(
        users[1],
        json!({"id": ada, "userName": "ada@example.com", "displayName": "Ada@Example.com",
            "name": {"givenName": null, "familyName": null}, "active": true, "externalId": null,
            "entitlements": [], "roles": []})
    );
    let names: Vec<_> = state["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| text(&group["displayName"]))
        .collect();
    assert_eq!(names, ["admins", "users", "g"]);
    let shown = world.group_state("g").await;
    assert_eq!((&shown["id"], &shown["members"]), (&json!(group), &json!([ada])));
    // Ada, the workspace admin and the service principal.
    assert_eq!(world.members("users").await.len(), 3);
}

#[tokio::test]
async fn seed_fills_the_same_for_the_same_seed_and_reset_empties() {
    let (one, two) = (World::start().await, World::start().await);
    for world in [&one, &two] {
        let body = json!({"users": 60, "groups": 8, "seed": 3});
        let filled = world.control(Method::POST, "/seed", Some(body)).await.ok(200);
        assert_eq!(filled, json!({"seed": 3, "users": 61, "groups": 10}));
    }
    let state = one.state().await;
    assert_eq!(state, two.state().await);
    let groups = state["groups"].as_array().unwrap();
    assert!(
        groups[2..]
            .iter()
            .all(|group| !group["members"].as_array().unwrap().is_empty())
    );
    let users = state["users"].as_array().unwrap();
    assert!(
        users
            .iter()
            .all(|user| text(&user["userName"]) == text(&user["userName"]).to_lowercase())
    );

    assert_eq!(one.control(Method::POST, "/reset", None).await.status, 204);
    let empty = one.state().await;
    assert_eq!(
        (
            empty["users"].as_array().unwrap().len(),
            empty["groups"].as_array().unwrap().len()
        ),
        (1, 2)
    );
    assert_eq!(empty["identity"], state["identity"]);
    one.get("/Me").await.ok(200);
    let id = one.user("new@example.com").await;
    assert!(users.iter().all(|user| user["id"] != json!(id)), "an id came twice");
}

#[tokio::test]
async fn history_holds_every_request_in_order_with_body_and_status() {
    let world = World::start().await;
    world.post("/Users", json!({"userName": "a@example.com"})).await.ok(201);
    world.send(Method::POST, "/Users", Some(json!("x"))).await;
    let broken = world.request(Method::POST, "/Users").body("{not json");
    broken.send().await.unwrap();
    world.get("/Users?filter=userName%20eq%20a%40example.com").await.ok(200);
    world.outside(Method::GET, "/Me").await;
    let history = world.history(0).await;
    let rows: Vec<Value> = history
        .iter()
        .map(|entry| {
            json!([
                entry["seq"],
                entry["listener"],
                entry["method"],
                entry["path"],
                entry["body"],
                entry["status"]
            ])
        })
        .collect();
    let users = "/api/2.0/preview/scim/v2/Users";
    assert_eq!(
        rows,
        [
            json!([1, "private", "POST", users, {"userName": "a@example.com"}, 201]),
            json!([2, "private", "POST", users, "x", 400]),
            json!([3, "private", "POST", users, "{not json", 400]),
            json!([
                4,
                "private",
                "GET",
                format!("{users}?filter=userName%20eq%20a%40example.com"),
                null,
                200
            ]),
            json!([5, "public", "GET", "/api/2.0/preview/scim/v2/Me", null, 302]),
        ]
    );
    assert_eq!(world.history(3).await, history[3..]);
    assert!(world.history(99).await.is_empty());
    let times: Vec<_> = history.iter().map(|entry| entry["at_ms"].as_u64().unwrap()).collect();
    assert!(times.is_sorted());
}

#[tokio::test]
async fn a_foreign_hand_edits_outside_limits_and_history() {
    let world = World::limited("published").await;
    let edit = async |method: &str, path: &str, body: Value| {
        let call = json!({"method": method, "path": path, "body": body});
        world.control(Method::POST, "/edit", Some(call)).await
    };
    for number in 0..50 {
        let body = json!({"userName": format!("u{number}@example.com")});
        edit("POST", "/api/2.0/preview/scim/v2/Users", body).await.ok(201);
    }
    let user = edit("GET", "/Users?filter=userName%20eq%20u7%40example.com", json!(null))
        .await
        .ok(200);
    let id = text(&user["Resources"][0]["id"]);
    let operations = json!({"Operations": [{"op": "replace", "path": "active", "value": false}]});
    edit("PATCH", &format!("/Users/{id}"), operations).await.ok(200);
    assert_eq!(world.get(&format!("/Users/{id}")).await.ok(200)["active"], false);
    assert_eq!(edit("DELETE", &format!("/Users/{id}"), json!(null)).await.status, 204);
    assert_eq!(edit("DELETE", &format!("/Users/{id}"), json!(null)).await.status, 404);
    assert_eq!(world.history(0).await.len(), 1);
    let counters = world.control(Method::GET, "/counters", None).await.ok(200);
    assert_eq!(counters["calls"]["write"], 0);
}

/// Method, path, body, and how the complaint begins.
const BAD_INPUT: &[(&str, &str, &str, &str)] = &[
    (
        "POST",
        "/seed",
        r#"{"users":-1}"#,
        "field `users` must be a whole number",
    ),
    (
        "POST",
        "/seed",
        r#"{"users":9999999}"#,
        "field `users` must be a whole number",
    ),
    ("POST", "/seed", r#"{"usrs":1}"#, "field `usrs` is unknown"),
    ("POST", "/seed", "{", "the body is not JSON"),
    ("POST", "/reset", "[]", "the body must be a JSON object"),
    ("GET", "/history?since=x", "", "field `since` must be a whole number"),
    (
        "GET",
        "/history?wait_ms=60001",
        "",
        "field `wait_ms` must be a whole number from 0 to 60000",
    ),
    ("POST", "/clock", "{}", "field `advance_ms` is missing"),
    ("POST", "/clock", r#"{"advance_ms":-1}"#, "field `advance_ms` must be"),
    (
        "PUT",
        "/limits",
        r#"{"other_client":1}"#,
        "field `other_client` must be a number from 0 to 0.999",
    ),
    (
        "POST",
        "/edit",
        r#"{"method":"GET","path":"/Users","id":"7"}"#,
        "field `id` is for POST only",
    ),
    (
        "POST",
        "/edit",
        r#"{"method":"POST","path":"/Users","id":"x"}"#,
        "field `id` must be a string of digits",
    ),
    ("GET", "/history?sinse=1", "", "field `sinse` is unknown"),
    (
        "POST",
        "/faults",
        r#"{"answer":{"status":"503"}}"#,
        "field `answer.status`",
    ),
    ("PUT", "/limits", r#"{"mode":"slow"}"#, "field `mode` must be"),
    (
        "PUT",
        "/limits",
        r#"{"factor":0}"#,
        "field `factor` must be a positive number",
    ),
    ("PUT", "/switches/colour", r#"{"value":1}"#, "unknown switch `colour`"),
    (
        "PUT",
        "/switches/page_cap",
        r#"{"value":"x"}"#,
        "field `value` of switch `page_cap` must be",
    ),
    ("PUT", "/switches/page_cap", "{}", "field `value` is missing"),
    ("PUT", "/credentials", "{}", "field `token` is missing"),
    (
        "PUT",
        "/credentials",
        r#"{"token":"a b"}"#,
        "field `token` must be visible",
    ),
    (
        "PUT",
        "/credentials",
        r#"{"token":"a","valid":"no"}"#,
        "field `valid` must be true or false",
    ),
    (
        "PUT",
        "/credentials",
        r#"{"token":"a","user":"x"}"#,
        "field `user` names nobody",
    ),
    (
        "PUT",
        "/private-link",
        r#"{"public_access":true}"#,
        "field `public_access` must be a string",
    ),
    (
        "PUT",
        "/private-link",
        r#"{"refusal":"shrug"}"#,
        "field `refusal` must be",
    ),
    ("POST", "/edit", r#"{"path":"/Users"}"#, "field `method` is missing"),
    ("POST", "/edit", r#"{"method":"GET"}"#, "field `path` is missing"),
    (
        "POST",
        "/edit",
        r#"{"method":"GET","path":"Users"}"#,
        "field `path` must begin with a slash",
    ),
    (
        "POST",
        "/edit",
        r#"{"method":"G E T","path":"/Users"}"#,
        "field `method` is no HTTP method",
    ),
];

#[tokio::test]
async fn bad_input_is_400_naming_the_field() {
    let world = World::start().await;
    for (method, path, body, complaint) in BAD_INPUT {
        let method: Method = method.parse().unwrap();
        let reply = world.control_raw(method.clone(), path, body).await;
        let error = text(&reply.ok(400)["error"]);
        assert!(error.starts_with(complaint), "{method} {path} {body}: {error}");
    }
    assert!(text(&world.control(Method::GET, "/nothing", None).await.ok(404)["error"]).contains("no such call"));
    assert!(text(&world.control(Method::GET, "/seed", None).await.ok(405)["error"]).contains("does not take"));
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_in_json_by_every_call() {
    let world = World::start().await;
    let body = " ".repeat(16 * 1024 * 1024 + 1);
    for (method, path) in [("POST", "/faults"), ("PUT", "/switches/latency_ms"), ("PUT", "/limits")] {
        let reply = world.control_raw(method.parse().unwrap(), path, &body).await;
        let error = text(&reply.ok(413)["error"]);
        assert!(error.starts_with("the body cannot be read"), "{path}: {error}");
    }
}

#[tokio::test]
async fn a_host_that_is_not_loopback_is_refused() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = World::start().await;
    for (host, status) in [
        ("Host: evil.example.com\r\n", "403"),
        ("Host: 10.0.0.1\r\n", "403"),
        ("", "403"),
        ("Host: localhost:1\r\n", "200"),
        ("Host: [::1]\r\n", "200"),
    ] {
        let mut stream = tokio::net::TcpStream::connect(address(&world.mock.control_url()))
            .await
            .unwrap();
        let request = format!("GET /counters HTTP/1.0\r\n{host}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer.split(' ').nth(1), Some(status), "{host}: {answer}");
    }
}

#[tokio::test]
async fn switches_are_listed_with_evidence_and_set_one_by_one() {
    let world = World::start().await;
    let list = world.control(Method::GET, "/switches", None).await.ok(200);
    let list = list.as_array().unwrap();
    assert!(list.len() > 30);
    for row in list {
        assert_eq!(row["value"], row["default"], "{row}");
        for key in ["name", "evidence", "about", "choices"] {
            assert!(row[key].as_str().is_some_and(|text| !text.is_empty()), "{row}");
        }
    }
    let wipe = list
        .iter()
        .find(|row| row["name"] == "remove_members_with_value")
        .unwrap();
    assert_eq!(wipe["default"], "wipe");
    let body = json!({"value": "reject"});
    let row = world
        .control(Method::PUT, "/switches/remove_members_with_value", Some(body))
        .await
        .ok(200);
    assert_eq!((&row["value"], &row["default"]), (&json!("reject"), &json!("wipe")));
}
