//! Four calls at once, whatever the rates.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::support::{World, client, eventually};

async fn in_flight(world: &World) -> u64 {
    let counters = world.control(Method::GET, "/counters", None).await.ok(200);
    counters["in_flight"].as_u64().unwrap()
}

async fn until_in_flight(world: &World, wanted: u64) {
    eventually("the calls in flight", async || {
        (in_flight(world).await == wanted).then_some(())
    })
    .await;
}

const DETAIL: &str = "REQUEST_LIMIT_EXCEEDED: Workspace 1234567890123456 exceeded the concurrent limit of 4 requests.";

#[tokio::test]
async fn a_fifth_call_at_once_is_a_disguised_500_under_every_limit() {
    for limits in ["off", "x60", "published"] {
        let world = World::limited(limits).await;
        world.arm(json!({"times": 4, "answer": {"hang_ms": 600_000}})).await;
        let held: Vec<_> = (0..4)
            .map(|_| tokio::spawn(world.request(Method::GET, "/Me").send()))
            .collect();
        until_in_flight(&world, 4).await;
        world.get("/Me").await.assert_error(500, None, DETAIL);
        let counters = world.control(Method::GET, "/counters", None).await.ok(200);
        assert_eq!(counters["highest_concurrency"], 5);
        assert_eq!(
            (&counters["throttled"], &counters["over_concurrency"]),
            (&json!(1), &json!(1))
        );
        // The stop cuts what is held.
        world.mock.shutdown().await;
        for call in held {
            assert!(call.await.unwrap().is_err());
        }
    }
}

#[tokio::test]
async fn a_held_call_keeps_its_slot_to_its_end_though_its_client_and_its_rule_are_gone() {
    let world = World::start().await;
    let id = world.arm(json!({"times": 0, "answer": {"hang_ms": 1_500}})).await;
    let impatient = client(&world.mock, &world.mock.private_url(), Some(Duration::from_millis(200)));
    let url = format!("{}/api/2.0/preview/scim/v2/Me", world.mock.private_url());
    let call = impatient.get(url).bearer_auth(world.mock.token()).send();
    assert!(call.await.unwrap_err().is_timeout());
    world.control(Method::DELETE, &format!("/faults/{id}"), None).await;
    assert_eq!(in_flight(&world).await, 1);
    until_in_flight(&world, 0).await;
}

#[tokio::test]
async fn a_service_that_notices_frees_the_slot_at_once() {
    let world = World::start().await;
    world.switch("abandoned_requests", json!("release")).await;
    world.arm(json!({"answer": {"hang_ms": 600_000}})).await;
    let impatient = client(&world.mock, &world.mock.private_url(), Some(Duration::from_millis(200)));
    let url = format!("{}/api/2.0/preview/scim/v2/Me", world.mock.private_url());
    let call = impatient.get(url).bearer_auth(world.mock.token()).send();
    assert!(call.await.unwrap_err().is_timeout());
    until_in_flight(&world, 0).await;
}

#[tokio::test]
async fn with_latency_a_burst_of_eight_sees_the_cap() {
    let world = World::start().await;
    world.switch("latency_ms", json!(700)).await;
    let calls: Vec<_> = (0..8)
        .map(|_| tokio::spawn(world.request(Method::GET, "/Me").send()))
        .collect();
    let mut statuses = Vec::new();
    for call in calls {
        statuses.push(call.await.unwrap().unwrap().status().as_u16());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 500, 500, 500, 500]);
}
