//! Whole answers, as a client sees them.

use insta::internals::Content;
use serde_json::{Value, json};

use crate::support::{Answer, Scene, user};

/// The answer with status, the headers that matter and body, without what changes from run to run:
/// each is checked to be what it stands for.
fn whole(scene: &Scene, answer: &Answer) -> Value {
    let headers = ["content-type", "location", "etag", "allow", "www-authenticate"];
    let headers: serde_json::Map<String, Value> = headers
        .iter()
        .filter(|name| !answer.header(name).is_empty())
        .map(|name| ((*name).to_owned(), json!(answer.header(name))))
        .collect();
    let request_id = answer.header("x-request-id");
    assert!(uuid::Uuid::parse_str(request_id).is_ok(), "{request_id}");
    let told = json!({ "status": answer.status, "headers": headers, "body": answer.body });
    let told = told
        .to_string()
        .replace(&scene.addresses.public_url, "https://bridge/scim");
    serde_json::from_str(&told).unwrap()
}

fn is_id(value: &Content) -> String {
    let id = value.as_str().unwrap();
    assert!(uuid::Uuid::parse_str(id).is_ok(), "{id}");
    "[id]".to_owned()
}

fn is_time(value: &Content) -> String {
    let time = value.as_str().unwrap();
    assert!(time.parse::<jiff::Timestamp>().is_ok(), "{time}");
    "[time]".to_owned()
}

fn is_version(value: &Content) -> String {
    let version = value.as_str().unwrap();
    assert!(version.starts_with("W/\"") && version.ends_with('"'), "{version}");
    "[version]".to_owned()
}

fn ends_in_id(value: &Content) -> String {
    let (start, id) = value.as_str().unwrap().rsplit_once('/').unwrap();
    assert!(uuid::Uuid::parse_str(id).is_ok(), "{id}");
    format!("{start}/[id]")
}

macro_rules! assert_answer {
    ($scene:expr, $name:literal, $answer:expr) => {
        insta::assert_json_snapshot!($name, whole(&$scene, &$answer), {
            ".headers.location" => insta::dynamic_redaction(|value, _| ends_in_id(&value)),
            ".headers.etag" => insta::dynamic_redaction(|value, _| is_version(&value)),
            ".body.**.id" => insta::dynamic_redaction(|value, _| is_id(&value)),
            ".body.**.created" => insta::dynamic_redaction(|value, _| is_time(&value)),
            ".body.**.lastModified" => insta::dynamic_redaction(|value, _| is_time(&value)),
            ".body.**.version" => insta::dynamic_redaction(|value, _| is_version(&value)),
            ".body.**.location" => insta::dynamic_redaction(|value, _| ends_in_id(&value)),
            ".body.**.$ref" => insta::dynamic_redaction(|value, _| ends_in_id(&value)),
            ".body.**.members[].value" => insta::dynamic_redaction(|value, _| is_id(&value)),
            ".body.**.groups[].value" => insta::dynamic_redaction(|value, _| is_id(&value)),
        })
    };
}

#[tokio::test]
async fn answers_about_users_and_groups() {
    let scene = Scene::start().await;
    let mut body = user("Pat@Contoso.test");
    body["externalId"] = json!("pexample");
    body["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] = json!({ "department": "R&D" });
    let made = scene.post("/Users", &body).await;
    assert_answer!(scene, "created_user", made);
    scene.group("Ops", &[&made.id()]).await;
    assert_answer!(
        scene,
        "user_of_a_group",
        scene.get(&format!("/Users/{}", made.id())).await
    );
    assert_answer!(
        scene,
        "list_of_groups",
        scene.get("/Groups?filter=displayName+eq+%22ops%22").await
    );
    assert_answer!(
        scene,
        "list_without_members",
        scene.get("/Groups?excludedAttributes=members&count=1&cursor").await
    );
    let title = json!([{ "op": "Replace", "path": "title", "value": "Chief" }]);
    let patched = scene
        .patch(&format!("/Users/{}?attributes=title", made.id()), title)
        .await;
    assert_answer!(scene, "patched_user_in_part", patched);
    assert_answer!(scene, "name_that_is_taken", scene.post("/Users", &body).await);
    assert_answer!(
        scene,
        "deleted_user",
        scene.delete(&format!("/Users/{}", made.id())).await
    );
    assert_answer!(
        scene,
        "user_that_is_not_there",
        scene.get(&format!("/Users/{}", made.id())).await
    );
}

#[tokio::test]
async fn answers_to_what_cannot_be_done() {
    let scene = Scene::start().await;
    assert_answer!(
        scene,
        "filter_that_is_none",
        scene.get("/Users?filter=userName+eq").await
    );
    assert_answer!(
        scene,
        "method_that_is_not_there",
        scene.post("/Schemas", &json!({})).await
    );
    assert_answer!(scene, "filter_on_discovery", scene.get("/Schemas?filter=id+pr").await);
    assert_answer!(scene, "caller_is_no_user", scene.get("/Me").await);
    let anonymous = scene.anonymous(reqwest::Method::GET, "/Users").send().await.unwrap();
    assert_answer!(scene, "caller_without_a_token", Answer::of(anonymous).await);
    let operations = json!([
        { "method": "POST", "path": "/Users", "bulkId": "a", "data": user("ana@contoso.test") },
        { "method": "DELETE", "path": "/Users/6f1de5a7-0000-4000-8000-000000000000" },
    ]);
    let bulk = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations });
    assert_answer!(scene, "bulk", scene.post("/Bulk", &bulk).await);
}

#[tokio::test]
async fn answers_about_the_service_itself() {
    let scene = Scene::start().await;
    for (name, path) in [
        ("service_provider_config", "/ServiceProviderConfig"),
        ("resource_types", "/ResourceTypes"),
        (
            "schema_of_groups",
            "/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group",
        ),
    ] {
        insta::assert_json_snapshot!(name, whole(&scene, &scene.get(path).await));
    }
}
