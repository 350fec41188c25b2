//! `…/Me`.

use serde_json::json;

use crate::support::{World, text};

#[tokio::test]
async fn me_is_the_admin_who_owns_the_token() {
    let world = World::start().await;
    let reply = world.get("/Me").await;
    let me = reply.ok(200);
    let state = world.state().await;
    assert_eq!(me["id"], state["identity"]);
    assert_eq!(reply.header("x-databricks-org-id"), Some("1234567890123456"));
    let groups: Vec<_> = me["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| text(&group["display"]))
        .collect();
    assert_eq!(groups, ["users", "admins"]);
    assert!(world.members("admins").await.contains(&text(&me["id"])));
}

#[tokio::test]
async fn me_is_projected() {
    let world = World::start().await;
    let me = world.get("/Me?attributes=userName").await.ok(200);
    assert_eq!(me.as_object().unwrap().len(), 3);
    let me = world.get("/Me?excludedAttributes=entitlements,groups").await.ok(200);
    assert_eq!(me.get("groups"), None);
    assert_eq!(me["active"], json!(true));
}

#[tokio::test]
async fn me_cannot_be_written() {
    let world = World::start().await;
    for reply in [
        world.patch("/Me", json!([])).await,
        world.put("/Me", json!({})).await,
        world.delete("/Me").await,
        world.get("/Me/1").await,
    ] {
        assert_eq!(reply.ok(404)["error_code"], "ENDPOINT_NOT_FOUND");
    }
}
