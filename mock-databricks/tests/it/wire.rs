//! Whole answers as they stand on the wire. Ids and tokens follow from the seed of these tests.

use reqwest::Method;
use serde_json::json;

use crate::support::{Reply, World, text};

/// Status, the headers that say something, and the body.
fn shown(reply: &Reply) -> String {
    let headers = [
        "content-type",
        "location",
        "retry-after",
        "server",
        "x-databricks-org-id",
    ]
    .into_iter()
    .filter_map(|name| reply.header(name).map(|value| format!("{name}: {value}\n")));
    let body = serde_json::from_str::<serde_json::Value>(&reply.text)
        .map_or_else(|_| reply.text.clone(), |body| format!("{body:#}"));
    format!("{}\n{}\n{body}\n", reply.status, headers.collect::<String>())
}

#[tokio::test]
async fn answers_of_the_workspace() {
    let world = World::start().await;
    let ada = json!({
        "userName": "Ada@Example.com", "displayName": "Ada Lovelace", "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "externalId": "e-1", "entitlements": [{"value": "workspace-access"}], "title": "Countess",
    });
    let created = world.post("/Users", ada.clone()).await;
    let id = text(&created.json()["id"]);
    insta::assert_snapshot!("workspace_user_created", shown(&created));
    insta::assert_snapshot!("workspace_user_taken", shown(&world.post("/Users", ada).await));
    let robot = world
        .post(
            "/ServicePrincipals",
            json!({"applicationId": "app-1", "displayName": "robot"}),
        )
        .await;
    insta::assert_snapshot!("workspace_service_principal_created", shown(&robot));
    let members = json!([{"value": id}, {"value": text(&robot.json()["id"])}]);
    let group = world
        .post(
            "/Groups",
            json!({"displayName": "team", "externalId": "g-1", "members": members}),
        )
        .await;
    insta::assert_snapshot!("workspace_group_created", shown(&group));
    insta::assert_snapshot!(
        "workspace_users_listed",
        shown(&world.get("/Users?sortBy=userName").await)
    );
    insta::assert_snapshot!(
        "workspace_nothing_found",
        shown(&world.get("/Users?filter=userName%20eq%20x").await)
    );
    insta::assert_snapshot!(
        "workspace_bad_filter",
        shown(&world.get("/Users?filter=userName%20pr").await)
    );
    insta::assert_snapshot!("workspace_me", shown(&world.get("/Me").await));
    insta::assert_snapshot!("workspace_discovery", shown(&world.get("/ServiceProviderConfig").await));
    insta::assert_snapshot!(
        "workspace_user_deleted",
        shown(&world.delete(&format!("/Users/{id}")).await)
    );
    insta::assert_snapshot!("public_front_end", shown(&world.outside(Method::GET, "/Me").await));
}

#[tokio::test]
async fn answers_of_the_account() {
    let world = World::start().await;
    let account = world.account().await;
    let ada = json!({"userName": "ada@example.com", "displayName": "Ada Lovelace"});
    let created = world.edit(Method::POST, &format!("{account}/Users"), ada).await;
    insta::assert_snapshot!("account_user_created", shown(&created));
    let members = json!([{"value": text(&created.json()["id"])}]);
    let body = json!({"displayName": "team", "members": members});
    let group = world.edit(Method::POST, &format!("{account}/Groups"), body).await;
    insta::assert_snapshot!("account_group_created", shown(&group));
    let listed = world.edit(Method::GET, &format!("{account}/Groups"), json!(null)).await;
    insta::assert_snapshot!("account_groups_listed", shown(&listed));
}
