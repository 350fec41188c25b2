//! A full workspace stays quick.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::support::{World, now, text};

#[tokio::test]
async fn ten_thousand_users_and_five_hundred_groups_are_filled_looked_up_and_paged() {
    let world = World::start().await;
    let start = now();
    let body = json!({"users": 10_000, "groups": 500, "seed": 1});
    world.control(Method::POST, "/seed", Some(body)).await.ok(200);
    let state = world.state().await;
    let name = text(&state["users"][9_000]["userName"]);
    for _ in 0..200 {
        let filter = format!(
            "/Users?filter=userName%20eq%20%22{}%22&attributes=id",
            name.replace('@', "%40")
        );
        assert_eq!(world.get(&filter).await.ok(200)["totalResults"], 1);
    }
    let users = text(&state["groups"][1]["id"]);
    let group = world.get(&format!("/Groups/{users}?attributes=members")).await.ok(200);
    assert_eq!(group["members"].as_array().unwrap().len(), 10_002);
    let big = text(
        &world
            .post("/Groups", json!({"displayName": "big", "members": group["members"]}))
            .await
            .ok(201)["id"],
    );
    for row in &group["members"].as_array().unwrap()[..50] {
        let one = json!([{"op": "remove", "path": format!("members[value eq {}]", row["value"])}]);
        world.patch(&format!("/Groups/{big}"), one).await.ok(200);
    }
    assert_eq!(world.members("big").await.len(), 9_952);
    // Generous: an unoptimised build on a busy machine. Quadratic work would take minutes.
    let took = start.elapsed();
    assert!(took < Duration::from_mins(1), "{took:?}");
}
