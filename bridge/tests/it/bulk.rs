//! Many changes in one request (RFC 7644 §3.7).

use serde_json::{Value, json};

use crate::support::{Answer, Scene, user, write_configuration};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

async fn bulk(scene: &Scene, operations: Value) -> Answer {
    bulk_until(scene, operations, Value::Null).await
}

async fn bulk_until(scene: &Scene, operations: Value, fail_on_errors: Value) -> Answer {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "failOnErrors": fail_on_errors, "Operations": operations,
    });
    scene.post("/Bulk", &body).await
}

/// The statuses, in the order of the request.
fn statuses(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        answer.body["schemas"],
        json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"])
    );
    let operations = answer.body["Operations"].as_array().unwrap();
    operations.iter().map(|one| one["status"].as_str().unwrap()).collect()
}

fn id_in(answer: &Answer, at: usize) -> String {
    let location = answer.body["Operations"][at]["location"].as_str().unwrap();
    location.rsplit('/').next().unwrap().to_owned()
}

fn create_user(bulk_id: &str, name: &str) -> Value {
    json!({ "method": "POST", "path": "/Users", "bulkId": bulk_id, "data": user(name) })
}

fn create_group(bulk_id: &str, name: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
    json!({ "method": "POST", "path": "/Groups", "bulkId": bulk_id,
            "data": { "schemas": [GROUP], "displayName": name, "members": members } })
}

#[tokio::test]
async fn a_group_may_come_before_the_user_it_refers_to() {
    let scene = Scene::start().await;
    let operations = json!([
        create_group("g", "Ops", &["bulkId:u"]),
        create_user("u", "pat@contoso.test")
    ]);
    let answer = bulk(&scene, operations).await;
    assert_eq!(statuses(&answer), ["201", "201"]);
    let (group, pat) = (id_in(&answer, 0), id_in(&answer, 1));
    assert_eq!(scene.members(&group).await, [pat.as_str()]);
    let read = scene.get(&format!("/Users/{pat}")).await;
    let told = &answer.body["Operations"][1];
    assert_eq!((&told["bulkId"], &told["method"]), (&json!("u"), &json!("POST")));
    assert_eq!(
        (&told["version"], &told["location"]),
        (&read.body["meta"]["version"], &read.body["meta"]["location"])
    );
}

#[tokio::test]
async fn each_method_answers_with_its_own_status_and_location() {
    let scene = Scene::start().await;
    let (ana, ben, cleo) = (
        scene.user("ana@contoso.test").await,
        scene.user("ben@contoso.test").await,
        scene.user("cleo@contoso.test").await,
    );
    let title = json!({ "Operations": [{ "op": "replace", "path": "title", "value": "X" }] });
    let answer = bulk(
        &scene,
        json!([
            create_user("d", "dan@contoso.test"),
            { "method": "PUT", "path": format!("/Users/{ana}"), "data": user("ana.new@contoso.test") },
            { "method": "patch", "path": format!("users/{ben}"), "data": title },
            { "method": "DELETE", "path": format!("/Users/{cleo}") },
            { "method": "PATCH", "path": "/Users/bulkId:d", "data": title },
        ]),
    )
    .await;
    assert_eq!(statuses(&answer), ["201", "200", "200", "204", "200"]);
    assert_eq!(id_in(&answer, 3), cleo);
    assert_eq!(
        scene.get(&format!("/Users/{ana}")).await.body["userName"],
        "ana.new@contoso.test"
    );
    assert_eq!(scene.get(&format!("/Users/{ben}")).await.body["title"], "X");
    scene.get(&format!("/Users/{cleo}")).await.expect_error(404, None);
    assert_eq!(
        scene.get(&format!("/Users/{}", id_in(&answer, 0))).await.body["title"],
        "X"
    );
}

#[tokio::test]
async fn an_operation_that_fails_says_why_and_the_others_go_on() {
    let scene = Scene::start().await;
    scene.user("pat@contoso.test").await;
    let answer = bulk(
        &scene,
        json!([
            create_user("u", "PAT@contoso.test"),
            create_group("g", "Ops", &["bulkId:u"]),
            { "method": "POST", "path": "/Nowhere", "bulkId": "n", "data": {} },
            { "method": "DELETE", "path": "/Users/unknown" },
            { "method": "PATCH", "path": "/Users/unknown", "version": "W/\"1\"", "data": { "Operations": [] } },
            create_user("v", "sam@contoso.test"),
        ]),
    )
    .await;
    assert_eq!(statuses(&answer), ["409", "400", "400", "404", "404", "201"]);
    let told = &answer.body["Operations"];
    assert_eq!(told[0]["response"]["scimType"], "uniqueness");
    assert_eq!(told[0].get("location"), None);
    assert!(told[1]["response"]["detail"].as_str().unwrap().contains("bulkId:u"));
    assert_eq!(told[2]["bulkId"], "n");
    assert_eq!(scene.get("/Groups").await.body["totalResults"], 0);
}

#[tokio::test]
async fn after_so_many_errors_the_rest_is_left_undone() {
    let scene = Scene::start().await;
    let operations = json!([
        create_user("a", "ana@contoso.test"),
        create_user("b", "ana@contoso.test"),
        create_user("c", "ana@contoso.test"),
        create_user("d", "dan@contoso.test"),
    ]);
    let answer = bulk_until(&scene, operations, json!(2)).await;
    assert_eq!(statuses(&answer), ["201", "409", "409"]);
    assert_eq!(scene.get("/Users").await.body["totalResults"], 1);
}

#[tokio::test]
async fn a_version_that_is_old_refuses_the_operation() {
    let scene = Scene::start().await;
    let pat = scene.user("pat@contoso.test").await;
    let etag = scene.get(&format!("/Users/{pat}")).await.header("etag").to_owned();
    let patch = |title: &str| {
        json!({ "method": "PATCH", "path": format!("/Users/{pat}"), "version": etag,
                "data": { "Operations": [{ "op": "replace", "path": "title", "value": title }] } })
    };
    let answer = bulk(&scene, json!([patch("first"), patch("second")])).await;
    assert_eq!(statuses(&answer), ["200", "412"]);
    assert_eq!(scene.get(&format!("/Users/{pat}")).await.body["title"], "first");
}

#[tokio::test]
async fn two_users_who_manage_each_other_are_made_in_one_request() {
    let scene = Scene::start().await;
    let managed_by = |bulk_id: &str, name: &str, manager: &str| {
        let mut operation = create_user(bulk_id, name);
        operation["data"][ENTERPRISE] = json!({ "department": "R", "manager": { "value": manager } });
        operation
    };
    let operations = json!([
        managed_by("a", "ana@contoso.test", "bulkId:b"),
        managed_by("b", "ben@contoso.test", "bulkId:a"),
    ]);
    let answer = bulk(&scene, operations).await;
    assert_eq!(statuses(&answer), ["201", "201"], "{}", answer.text);
    let (ana, ben) = (id_in(&answer, 0), id_in(&answer, 1));
    for (id, manager, at) in [(&ana, &ben, 0), (&ben, &ana, 1)] {
        let read = scene.get(&format!("/Users/{id}")).await;
        assert_eq!(read.body[ENTERPRISE]["manager"]["value"], json!(manager));
        assert_eq!(answer.body["Operations"][at]["version"], read.body["meta"]["version"]);
    }
}

#[tokio::test]
async fn two_groups_inside_each_other_are_refused_and_not_half_made() {
    let scene = Scene::start().await;
    let operations = json!([
        create_group("a", "A", &["bulkId:b"]),
        create_group("b", "B", &["bulkId:a"])
    ]);
    let answer = bulk(&scene, operations).await;
    assert_eq!(statuses(&answer), ["400", "201"], "{}", answer.text);
    let groups = scene.get("/Groups").await;
    assert_eq!(groups.body["totalResults"], 1);
    assert_eq!(groups.body["Resources"][0]["displayName"], "B");
    assert_eq!(groups.body["Resources"][0]["members"], json!([]));
}

#[tokio::test]
async fn a_request_beyond_the_limits_or_of_another_kind_is_refused_whole() {
    let folder = tempfile::tempdir().unwrap();
    let config = write_configuration(folder.path(), "");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("[store]", "max_bulk_operations = 2\n[store]")).unwrap();
    let scene = Scene::start_with(folder, &config).await;
    let operations: Vec<Value> = (0..3)
        .map(|n| create_user(&format!("u{n}"), &format!("u{n}@contoso.test")))
        .collect();
    let refused = bulk(&scene, json!(operations)).await;
    assert!(refused.expect_error(413, None).contains("2 operations"));
    scene
        .post("/Bulk", &json!({ "Operations": [] }))
        .await
        .expect_error(400, Some("invalidSyntax"));
    assert_eq!(scene.get("/Users").await.body["totalResults"], 0);
    let config = scene.get("/ServiceProviderConfig").await;
    assert_eq!(config.body["bulk"]["maxOperations"], 2);
}
