//! What goes wrong on request, beyond single faults: chance, delays, another client, a foreign hand, lags; and the clock.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{World, address, text, tls};

async fn step(world: &World, ms: u64) {
    world
        .control(Method::POST, "/clock", Some(json!({"advance_ms": ms})))
        .await
        .ok(200);
}

#[tokio::test]
async fn a_stepped_clock_refills_rates_and_ends_tokens() {
    let world = World::limited("published").await;
    let group = world.group("g", &[]).await;
    let path = format!("/Groups/{group}");
    let nothing = || world.patch(&path, json!([]));
    for _ in 0..10 {
        nothing().await.ok(200);
    }
    nothing().await.ok(429);
    step(&world, 6_100).await;
    nothing().await.ok(200);
    nothing().await.ok(429);

    let body = json!({"token": "dapi-short", "expires_in_ms": 3_600_000});
    world.control(Method::PUT, "/credentials", Some(body)).await.ok(200);
    let me = async || {
        let mut request = world.request(Method::GET, "/Me").build().unwrap();
        let short = "Bearer dapi-short".parse().unwrap();
        request.headers_mut().insert("authorization", short);
        world.execute(request).await.status
    };
    assert_eq!(me().await, 200);
    let before = world.control(Method::GET, "/clock", None).await.ok(200);
    step(&world, 3_600_000).await;
    assert_eq!(me().await, 403);
    let after = world.control(Method::GET, "/clock", None).await.ok(200);
    assert!(after["elapsed_ms"].as_u64().unwrap() >= before["elapsed_ms"].as_u64().unwrap() + 3_600_000);
    assert!(text(&after["now"]) > text(&before["now"]));
}

#[tokio::test]
async fn a_step_brings_a_late_effect_and_ends_a_delay() {
    let world = World::start().await;
    let late = json!({"match": {"method": "POST"}, "answer": {"late_effect_ms": 3_600_000}});
    world.arm(late).await;
    let body = json!({"userName": "late@example.com"}).to_string();
    let lost = world.request(Method::POST, "/Users").body(body).send().await;
    assert!(lost.is_err());
    let held = async || world.state().await["users"].as_array().unwrap().len();
    assert_eq!(held().await, 1);
    // The history says that the call is over; its effect is not.
    let seen = world
        .control(Method::GET, "/history?wait_ms=20000&method=POST", None)
        .await
        .ok(200);
    assert_eq!(seen[0]["status"], Value::Null);
    step(&world, 3_600_000).await;
    crate::support::eventually("the late user", async || (held().await == 2).then_some(())).await;

    world.arm(json!({"answer": {"latency_ms": 3_600_000}})).await;
    let slow = world.get("/Me");
    let stepping = async {
        world
            .control(Method::GET, "/history?since=1&wait_ms=0", None)
            .await
            .ok(200);
        crate::support::eventually("the call is held", async || {
            let counters = world.control(Method::GET, "/counters", None).await.ok(200);
            (counters["in_flight"] == 1).then_some(())
        })
        .await;
        step(&world, 3_600_000).await;
    };
    let (reply, ()) = tokio::join!(slow, stepping);
    assert_eq!(reply.ok(200)["userName"], "workspace.admin@example.com");
}

#[tokio::test]
async fn a_foreign_hand_edits_between_two_calls_of_the_client() {
    let world = World::start().await;
    let ana = world.user("ana@example.com").await;
    let group = world.group("g", &[]).await;
    let path = format!("/Groups/{group}");
    let remove = json!([{"op": "remove", "path": format!("members[value eq \"{ana}\"]")}]);
    let edit = json!({"method": "PATCH", "path": path, "body": {"Operations": remove}});
    world.arm(json!({"match": {"method": "PATCH"}, "edit": edit})).await;
    let add = json!([{"op": "add", "path": "members", "value": [{"value": ana}]}]);
    // The client sees its own success, and the member is gone again.
    let shown = world.patch(&path, add.clone()).await.ok(200);
    assert_eq!(shown["members"][0]["value"], json!(ana));
    assert!(world.members("g").await.is_empty());
    assert_eq!(
        world
            .history(0)
            .await
            .iter()
            .filter(|call| call["method"] == "PATCH")
            .count(),
        1
    );
    // Before the call, and beside a fault.
    let edit = json!([{"method": "DELETE", "path": path}]);
    world
        .arm(json!({"match": {"method": "PATCH"}, "when": "before", "edit": edit}))
        .await;
    world.patch(&path, add).await.ok(404);
}

#[tokio::test]
async fn an_object_can_come_back_with_the_id_it_had() {
    let world = World::start().await;
    let group = world.group("g", &[]).await;
    let body = json!({"method": "POST", "path": "/Groups", "body": {"displayName": "other"}, "id": group});
    let taken = world.control(Method::POST, "/edit", Some(body.clone())).await.ok(400);
    assert_eq!(taken["error"], format!("field `id` is taken: {group}"));
    world.delete(&format!("/Groups/{group}")).await.ok(204);
    let made = world.control(Method::POST, "/edit", Some(body)).await.ok(201);
    assert_eq!((&made["id"], &made["displayName"]), (&json!(group), &json!("other")));
    let body = json!({"method": "POST", "path": "/Users", "body": {"userName": "a@example.com"}, "id": "4711"});
    assert_eq!(
        world.control(Method::POST, "/edit", Some(body)).await.ok(201)["id"],
        "4711"
    );
}

#[tokio::test]
async fn another_client_takes_its_share_of_the_budget() {
    let world = World::start().await;
    let body = json!({"mode": "published", "other_client": 0.5});
    let shown = world.control(Method::PUT, "/limits", Some(body)).await.ok(200);
    assert_eq!(shown["other_client"], 0.5);
    let group = text(&world.group_state("admins").await["id"]);
    let mut passed = 0;
    while world.patch(&format!("/Groups/{group}"), json!([])).await.status == 200 {
        passed += 1;
    }
    assert_eq!(passed, 5);
    world.switch("throttle_answer", json!("mixed")).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let reply = world.patch(&format!("/Groups/{group}"), json!([])).await;
        seen.insert((reply.status, reply.header("retry-after").is_some()));
    }
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>(),
        [(429, false), (429, true), (500, false)]
    );
}

#[tokio::test]
async fn sizes_are_switches_and_off_lifts_them() {
    let world = World::limited("x1000").await;
    let (a, b) = (world.user("a@example.com").await, world.user("b@example.com").await);
    world.switch("most_members_per_request", json!(1)).await;
    let both = json!([{"value": a}, {"value": b}]);
    world
        .post("/Groups", json!({"displayName": "g", "members": both}))
        .await
        .ok(400);
    let group = world.group("g", &[&a]).await;
    let add = json!([{"op": "add", "path": "members", "value": both}]);
    let reply = world.patch(&format!("/Groups/{group}"), add.clone()).await;
    reply.assert_error(400, Some("invalidValue"), "A request may name at most 1 members.");
    world.switch("most_groups", json!(3)).await;
    world.post("/Groups", json!({"displayName": "h"})).await.ok(400);
    world.switch("most_users", json!(4)).await;
    world.post("/Users", json!({"userName": "c@example.com"})).await.ok(400);
    world
        .post("/ServicePrincipals", json!({"displayName": "c"}))
        .await
        .ok(400);
    world
        .control(Method::PUT, "/limits", Some(json!({"mode": "off"})))
        .await
        .ok(200);
    world.patch(&format!("/Groups/{group}"), add).await.ok(200);
    world.group("h", &[]).await;
    world.user("c@example.com").await;
}

#[tokio::test]
async fn flipping_reads_show_old_and_new_by_turns_for_a_minute() {
    let world = World::start().await;
    let gone = world.user("gone@example.com").await;
    world.switch("stale_reads", json!("flipping")).await;
    let new = world.user("new@example.com").await;
    world.delete(&format!("/Users/{gone}")).await.ok(204);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let one = world.get(&format!("/Users/{new}")).await.status == 200;
        let list = world.get("/Users?sortBy=userName").await.ok(200);
        let names: Vec<String> = list["Resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| text(&row["userName"]))
            .collect();
        assert_eq!(list["totalResults"], names.len());
        let found = world
            .get("/Users?filter=userName%20eq%20gone%40example.com")
            .await
            .ok(200);
        let has = |name: &str| names.iter().any(|held| held == name);
        seen.insert((
            one,
            has("new@example.com"),
            has("gone@example.com"),
            found["totalResults"] == 1,
        ));
    }
    assert!(seen.len() > 8, "{seen:?}");
    step(&world, 61_000).await;
    for _ in 0..20 {
        world.get(&format!("/Users/{new}")).await.ok(200);
        assert_eq!(world.get("/Users").await.ok(200)["totalResults"], 2);
    }
}

#[tokio::test]
async fn the_history_can_be_waited_for() {
    let world = World::start().await;
    let since = world.history(0).await.len();
    let path = format!("/history?since={since}&wait_ms=20000&count=2&method=POST&path=/Groups&status=201");
    let waiting = world.control(Method::GET, &path, None);
    let working = async {
        world.get("/Me").await;
        world.group("one", &[]).await;
        world.post("/Groups", json!({"displayName": "one"})).await.ok(409);
        world.group("two", &[]).await;
    };
    let (seen, ()) = tokio::join!(waiting, working);
    let seen = seen.ok(200);
    let names: Vec<&Value> = seen
        .as_array()
        .unwrap()
        .iter()
        .map(|call| &call["body"]["displayName"])
        .collect();
    assert_eq!(names, ["one", "two"]);
    let none = world
        .control(Method::GET, "/history?wait_ms=1&status=418", None)
        .await
        .ok(200);
    assert_eq!(none, json!([]));
}

#[tokio::test]
async fn arbitrary_bytes_on_any_listener_never_stop_it() {
    let world = World::start().await;
    // A small generator of our own: the point is the bytes, not their quality.
    let mut state = 0x9E37_79B9_u64;
    let mut bytes = |length: usize| -> Vec<u8> {
        let next = |_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        (0..length).map(next).collect()
    };
    let plain = [
        world.mock.private_url(),
        world.mock.public_url(),
        world.mock.control_url(),
        world.mock.azure_url(),
    ];
    for round in 0..12 {
        for url in &plain {
            let mut connection = tokio::net::TcpStream::connect(address(url)).await.unwrap();
            let mut rubbish = bytes(1 + round * 97);
            if round % 3 == 0 {
                rubbish.splice(
                    0..0,
                    *b"POST /faults HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n\r\n",
                );
            }
            // It may be gone before we are done: that is its right.
            let _ = connection.write_all(&rubbish).await;
            let _ = connection.shutdown().await;
            let _ = connection.read_to_end(&mut Vec::new()).await;
        }
        let mut connection = tls(&world.mock).await;
        let mut rubbish = bytes(300);
        if round % 2 == 0 {
            rubbish.splice(
                0..0,
                *b"PATCH /api/2.0/preview/scim/v2/Groups/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 300\r\n\r\n",
            );
        }
        let _ = connection.write_all(&rubbish).await;
        let _ = connection.shutdown().await;
        let _ = connection.read_to_end(&mut Vec::new()).await;
    }
    world.get("/Me").await.ok(200);
    world.control(Method::GET, "/counters", None).await.ok(200);
}
