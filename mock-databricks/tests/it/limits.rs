//! Rates and sizes.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, World, eventually, now, text};

/// Calls until the first 429: how many passed, and how many may have at this rate since `start`.
async fn passed(per_minute: u32, mut call: impl AsyncFnMut(u32) -> u16) -> u32 {
    let start = now();
    for number in 0..10 * per_minute {
        match call(number).await {
            429 => {
                let refilled = start.elapsed().as_secs_f64() * f64::from(per_minute) / 60.0;
                let most = f64::from(per_minute) + refilled + 1.0;
                assert!(f64::from(number) <= most, "{number} passed, at most {most} may");
                assert!(number >= per_minute, "{number} passed, {per_minute} may");
                return number;
            }
            status => assert!((200..300).contains(&status), "{status}"),
        }
    }
    panic!("never throttled");
}

#[tokio::test]
async fn published_rates_allow_35_writes_10_group_patches_and_255_reads_a_minute() {
    let world = World::limited("published").await;
    let edit = json!({"method": "POST", "path": "/Groups", "body": {"displayName": "g"}});
    let group = world.control(Method::POST, "/edit", Some(edit)).await.ok(201);
    let path = format!("/Groups/{}", text(&group["id"]));
    let writes = passed(35, async |number| {
        let body = json!({"userName": format!("u{number}@example.com")});
        world.post("/Users", body).await.status
    });
    let writes = writes.await;
    let set = json!([{"op": "replace", "path": "externalId", "value": "e"}]);
    let patches = passed(10, async |_| world.patch(&path, set.clone()).await.status).await;
    let reads = passed(255, async |_| world.get("/Me?attributes=id").await.status).await;

    let limits = world.control(Method::GET, "/limits", None).await.ok(200);
    assert_eq!(
        limits,
        json!({"mode": "published", "factor": 1.0, "concurrency": 4, "other_client": 0.0,
            "per_minute": {"get": 255, "group_patch": 10, "write": 35},
            "account": {"per_minute": {"get": 1200, "list": 240, "patch": 120, "write": 300}}})
    );
    let counters = world.control(Method::GET, "/counters", None).await.ok(200);
    let calls = json!({"get": reads + 1, "group_patch": patches + 1, "write": writes + 1});
    assert_eq!(counters["calls"], calls);
    assert_eq!((&counters["throttled"], &counters["over_rate"]), (&json!(3), &json!(3)));
}

/// Uses up a minute's allowance of group changes; gives the first refusal.
async fn throttled(world: &World) -> Reply {
    let me = world.group_state("admins").await;
    let path = format!("/Groups/{}", text(&me["id"]));
    eventually("a refusal", async || {
        let reply = world.patch(&path, json!([])).await;
        (reply.status != 200).then_some(reply)
    })
    .await
}

#[tokio::test]
async fn over_the_rate_is_429_with_or_without_retry_after_or_a_disguised_500() {
    let world = World::limited("published").await;
    let reply = throttled(&world).await;
    let expected = json!({"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "Too many requests. Please wait a moment and try again."});
    assert_eq!(reply.ok(429), expected);
    let seconds: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=6).contains(&seconds), "{seconds}");
    world.switch("throttle_answer", json!("429")).await;
    let reply = throttled(&world).await;
    assert_eq!(
        reply.ok(429),
        json!({"error_code": "RESOURCE_EXHAUSTED", "message": "REQUEST_LIMIT_EXCEEDED"})
    );
    assert_eq!(reply.header("retry-after"), None);
    world.switch("throttle_answer", json!("500")).await;
    let detail = "REQUEST_LIMIT_EXCEEDED: RPC token bucket limit has been exceeded.";
    throttled(&world).await.assert_error(500, None, detail);
}

#[tokio::test]
async fn a_throttled_call_has_no_effect_and_the_rate_comes_back() {
    let world = World::limited("x600").await;
    let admins = world.group_state("admins").await;
    let path = format!("/Groups/{}", text(&admins["id"]));
    // Ten times the allowance: some are refused, and all get through in the end.
    let mut refusals = 0;
    for number in 0..40 {
        let value = json!([{"op": "replace", "path": "externalId", "value": number.to_string()}]);
        eventually("a passing call", async || {
            let before = world.group_state("admins").await["externalId"].clone();
            let reply = world.patch(&path, value.clone()).await;
            if reply.status == 429 {
                assert_eq!(world.group_state("admins").await["externalId"], before);
                refusals += 1;
                return None;
            }
            reply.ok(200);
            Some(())
        })
        .await;
    }
    let counters = world.control(Method::GET, "/counters", None).await.ok(200);
    assert_eq!(counters["throttled"], refusals);
}

#[tokio::test]
async fn limits_are_changed_while_running_and_start_anew() {
    let world = World::limited("published").await;
    throttled(&world).await;
    let off = world
        .control(Method::PUT, "/limits", Some(json!({"mode": "off"})))
        .await
        .ok(200);
    assert_eq!(off["mode"], "off");
    let admins = world.group_state("admins").await;
    let path = format!("/Groups/{}", text(&admins["id"]));
    for _ in 0..30 {
        world.patch(&path, json!([])).await.ok(200);
    }
    world
        .control(Method::PUT, "/limits", Some(json!({"mode": "published"})))
        .await
        .ok(200);
    world.patch(&path, json!([])).await.ok(200);
    throttled(&world).await;
    let fast = world
        .control(Method::PUT, "/limits", Some(json!({"factor": 60})))
        .await
        .ok(200);
    assert_eq!((&fast["mode"], &fast["factor"]), (&json!("published"), &json!(60.0)));
}

#[tokio::test]
async fn user_patches_count_as_writes_and_unknown_paths_as_nothing() {
    let world = World::limited("published").await;
    let me = text(&world.state().await["identity"]);
    world.patch(&format!("/Users/{me}"), json!([])).await.ok(200);
    world.get("/Schemas").await.ok(404);
    let counters = world.control(Method::GET, "/counters", None).await.ok(200);
    assert_eq!(counters["calls"], json!({"get": 0, "group_patch": 0, "write": 1}));
}

async fn fill(world: &World, users: usize, groups: usize) {
    let body = json!({"users": users, "groups": groups, "seed": 1});
    world.control(Method::POST, "/seed", Some(body)).await.ok(200);
}

#[tokio::test]
async fn size_limits_hold_unless_limits_are_off() {
    let world = World::limited("x60").await;
    fill(&world, 9_999, 4_998).await;
    let user = || json!({"userName": "one.too.many@example.com"});
    let group = || json!({"displayName": "one too many"});
    let refusal = |reply: &Reply| -> Value { reply.ok(400)["detail"].clone() };
    let detail = refusal(&world.post("/Users", user()).await);
    assert_eq!(
        detail,
        "RESOURCE_LIMIT_EXCEEDED: the workspace holds the limit of 10000 users and service principals."
    );
    let detail = refusal(&world.post("/Groups", group()).await);
    assert_eq!(
        detail,
        "RESOURCE_LIMIT_EXCEEDED: the workspace holds the limit of 5000 groups."
    );
    let long = "x".repeat(256);
    let detail = refusal(&world.post("/Groups", json!({"displayName": long})).await);
    assert!(detail.as_str().unwrap().contains("limit of 5000 groups"));
    let me = text(&world.state().await["identity"]);
    let path = format!("/Users/{me}");
    let set = |attribute: &str, value: &str| json!([{"op": "replace", "path": attribute, "value": value}]);
    let detail = refusal(&world.patch(&path, set("displayName", &long)).await);
    assert_eq!(detail, "Attribute displayName is longer than 255 characters.");
    let detail = refusal(&world.patch(&path, set("externalId", &"é".repeat(65))).await);
    assert_eq!(detail, "Attribute externalId is longer than 64 characters.");
    world.patch(&path, set("externalId", &"é".repeat(64))).await.ok(200);

    world
        .control(Method::PUT, "/limits", Some(json!({"mode": "off"})))
        .await
        .ok(200);
    world.post("/Users", user()).await.ok(201);
    world.post("/Groups", group()).await.ok(201);
    world.patch(&path, set("displayName", &long)).await.ok(200);
}
