//! `/Users` as Entra uses it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Scene, user};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

#[tokio::test]
async fn create_answers_201_with_location_and_everything_that_was_sent() {
    let scene = Scene::start().await;
    let made = scene.post("/Users", &user("Pat@Contoso.test")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let location = format!("{}/Users/{}", scene.addresses.public_url, made.id());
    assert_eq!(made.header("location"), location);
    assert_eq!(made.body["meta"]["location"], json!(location));
    assert_eq!(made.header("etag"), made.body["meta"]["version"].as_str().unwrap());
    assert!(!made.header("x-request-id").is_empty());
    for (key, value) in user("Pat@Contoso.test").as_object().unwrap() {
        if key != "meta" {
            assert_eq!(&made.body[key], value, "{key}");
        }
    }
    let read = scene.get(&format!("/Users/{}", made.id())).await;
    assert_eq!((read.status, &read.body), (200, &made.body));
}

#[tokio::test]
async fn a_taken_user_name_answers_409_uniqueness_in_any_letter_case() {
    let scene = Scene::start().await;
    scene.user("pat@contoso.test").await;
    let again = scene.post("/Users", &user("PAT@contoso.test")).await;
    assert_eq!(again.expect_error(409, Some("uniqueness")), "userName is already taken");
    let other = scene.user("sam@contoso.test").await;
    let rename = json!([{ "op": "Replace", "path": "userName", "value": "Pat@Contoso.test" }]);
    scene
        .patch(&format!("/Users/{other}"), rename)
        .await
        .expect_error(409, Some("uniqueness"));
}

#[tokio::test]
async fn a_deleted_name_is_free_at_once_and_a_second_delete_is_404() {
    let scene = Scene::start().await;
    let id = scene.user("pat@contoso.test").await;
    assert_eq!(scene.delete(&format!("/Users/{id}")).await.status, 204);
    scene.delete(&format!("/Users/{id}")).await.expect_error(404, None);
    scene.get(&format!("/Users/{id}")).await.expect_error(404, None);
    assert_ne!(scene.user("pat@contoso.test").await, id);
}

#[tokio::test]
async fn disabling_in_both_dialects_keeps_the_user_findable() {
    let scene = Scene::start().await;
    let id = scene.user("pat@contoso.test").await;
    for (operation, active) in [
        (json!({ "op": "Replace", "path": "active", "value": "False" }), false),
        (json!({ "op": "replace", "path": "active", "value": true }), true),
        (json!({ "op": "replace", "value": { "active": false } }), false),
        (json!({ "op": "Add", "path": "active", "value": "True" }), true),
    ] {
        let patched = scene.patch(&format!("/Users/{id}"), json!([operation])).await;
        assert_eq!(
            (patched.status, &patched.body["active"]),
            (200, &json!(active)),
            "{}",
            patched.text
        );
        let found = scene.get("/Users?filter=userName+eq+%22PAT%40contoso.test%22").await;
        assert_eq!(found.body["Resources"][0]["active"], json!(active));
    }
}

#[tokio::test]
async fn a_patch_that_changes_nothing_leaves_the_version() {
    let scene = Scene::start().await;
    let id = scene.user("pat@contoso.test").await;
    let before = scene.get(&format!("/Users/{id}")).await;
    let same = json!([{ "op": "Replace", "path": "displayName", "value": "Pat Example" }, { "op": "Replace", "path": "active", "value": "True" }]);
    let patched = scene.patch(&format!("/Users/{id}"), same).await;
    assert_eq!((patched.status, patched.header("etag")), (200, before.header("etag")));
    let changed = scene
        .patch(
            &format!("/Users/{id}"),
            json!([{ "op": "Replace", "path": "title", "value": "X" }]),
        )
        .await;
    assert_ne!(changed.header("etag"), before.header("etag"));
}

#[tokio::test]
async fn every_filter_of_entra_finds_its_user() {
    let scene = Scene::start().await;
    let boss = scene.user("boss@contoso.test").await;
    let mut body = user("ana+one@contoso.test");
    body["externalId"] = json!("Ana.One");
    body[ENTERPRISE] = json!({ "manager": { "value": boss } });
    let ana = scene.post("/Users", &body).await.id();
    for (filter, hits) in [
        ("userName+eq+%22ANA%2BONE%40contoso.test%22".to_owned(), 1),
        ("externalId+eq+%22Ana.One%22".to_owned(), 1),
        ("externalId+eq+%22ana.one%22".to_owned(), 0),
        (
            "emails%5Btype+eq+%22work%22%5D.value+eq+%22ana%2Bone%40contoso.test%22".to_owned(),
            1,
        ),
        (format!("id+eq+%22{ana}%22+and+manager+eq+%22{boss}%22"), 1),
        (format!("manager+eq+%22{boss}%22+and+id+eq+%22{boss}%22"), 0),
        (format!("id+eq+%22{ana}%22+and+manager+eq+%22{ana}%22"), 0),
        ("userName+eq+%228646d011-1693-4cd3-9ee6-0d7482ca2219%22".to_owned(), 0),
        ("displayName+co+%22xample%22+and+active+eq+true".to_owned(), 2),
    ] {
        let found = scene.get(&format!("/Users?filter={filter}")).await;
        assert_eq!(
            (found.status, &found.body["totalResults"]),
            (200, &json!(hits)),
            "{filter}: {}",
            found.text
        );
        assert_eq!(found.body["Resources"].as_array().unwrap().len(), hits);
    }
}

#[tokio::test]
async fn pages_join_to_the_whole_in_order_of_creation() {
    let scene = Scene::start().await;
    let mut wanted = Vec::new();
    for number in 0..12 {
        wanted.push(scene.user(&format!("user{number:03}@contoso.test")).await);
    }
    let mut seen = Vec::new();
    for start in [1, 6, 11, 16] {
        let page = scene.get(&format!("/Users?startIndex={start}&count=5")).await;
        assert_eq!(page.body["totalResults"], 12);
        assert_eq!(page.body["startIndex"], start);
        let resources = page.body["Resources"].as_array().unwrap();
        assert_eq!(page.body["itemsPerPage"], resources.len());
        seen.extend(resources.iter().map(|found| found["id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(seen, wanted);
    let only_total = scene.get("/Users?count=0").await;
    assert_eq!(
        (&only_total.body["totalResults"], &only_total.body["Resources"]),
        (&json!(12), &json!([]))
    );
}

#[tokio::test]
async fn a_deleted_manager_is_cleared_everywhere() {
    let scene = Scene::start().await;
    let boss = scene.user("boss@contoso.test").await;
    let ana = scene.user("ana@contoso.test").await;
    let path = format!("{ENTERPRISE}:manager");
    let set = json!([{ "op": "Add", "path": path, "value": [{ "$ref": "ignored", "value": boss }] }]);
    let patched = scene.patch(&format!("/Users/{ana}"), set).await;
    assert_eq!(
        patched.body[ENTERPRISE]["manager"]["value"],
        json!(boss),
        "{}",
        patched.text
    );
    scene.delete(&format!("/Users/{boss}")).await;
    let read = scene.get(&format!("/Users/{ana}")).await;
    assert_eq!(
        read.body.get(ENTERPRISE).and_then(|extension| extension.get("manager")),
        None
    );
}

#[tokio::test]
async fn what_no_schema_knows_comes_back_as_it_was_sent_and_a_password_never_does() {
    let scene = Scene::start().await;
    let urn = "urn:ietf:params:scim:schemas:extension:ContosoApp:2.0:User";
    let mut body = user("pat@contoso.test");
    body[urn] = json!({ "costCentre": "4711", "Deep": [{ "x": null }] });
    body["favouriteColour"] = json!({ "hue": 12.5 });
    body["password"] = json!("never-to-be-seen");
    let made = scene.post("/Users", &body).await;
    assert_eq!(made.body[urn], body[urn]);
    assert_eq!(made.body["favouriteColour"], body["favouriteColour"]);
    assert!(made.body["schemas"].as_array().unwrap().contains(&json!(urn)));
    assert!(!made.text.contains("never-to-be-seen"));
    let database = std::fs::read(scene.folder.path().join("bridge.db")).unwrap();
    let log = std::fs::read(scene.folder.path().join("bridge.db-wal")).unwrap_or_default();
    for bytes in [database, log] {
        assert!(
            !bytes.windows(16).any(|window| window == b"never-to-be-seen"),
            "the password is on disk"
        );
    }
}

#[tokio::test]
async fn the_tenant_url_may_be_written_in_many_ways() {
    let scene = Scene::start().await;
    scene.user("pat@contoso.test").await;
    for path in [
        "/Users?aadOptscim062020&filter=userName+eq+%22pat%40contoso.test%22",
        "/v2/Users?filter=userName%20eq%20%22pat%40contoso.test%22",
        "/v2/users/?FILTER=USERNAME+EQ+%22pat%40contoso.test%22",
        "?aadOptscim062020/Users?filter=userName+eq+%22pat%40contoso.test%22",
    ] {
        let found = scene.get(path).await;
        assert_eq!((found.status, &found.body["totalResults"]), (200, &json!(1)), "{path}");
        let location = found.body["Resources"][0]["meta"]["location"].as_str().unwrap();
        assert!(
            location.starts_with(&format!("{}/Users/", scene.addresses.public_url)),
            "{location}"
        );
    }
    let elsewhere = scene
        .request(Method::GET, "/Users")
        .header("host", "evil.test")
        .send()
        .await
        .unwrap();
    assert!(!elsewhere.text().await.unwrap().contains("evil.test"));
}

#[tokio::test]
async fn put_replaces_the_whole_user_and_keeps_id_and_creation() {
    let scene = Scene::start().await;
    let mut body = user("pat@contoso.test");
    body["title"] = json!("Engineer");
    let made = scene.post("/Users", &body).await;
    let replaced = scene
        .send(Method::PUT, &format!("/Users/{}", made.id()), &user("pat@contoso.test"))
        .await;
    assert_eq!(replaced.status, 200, "{}", replaced.text);
    assert_eq!(replaced.body.get("title"), None);
    assert_eq!(replaced.body["meta"]["created"], made.body["meta"]["created"]);
    scene
        .send(Method::PUT, "/Users/unknown", &user("x@contoso.test"))
        .await
        .expect_error(404, None);
}

#[tokio::test]
async fn everything_acknowledged_is_there_after_a_restart() {
    let scene = Scene::start().await;
    let id = scene.user("pat@contoso.test").await;
    let group = scene.group("Ops", &[&id]).await;
    let config = scene.folder.path().join("bridge.toml");
    let folder = scene.stop().await;
    let scene = Scene::start_with(folder, &config).await;
    assert_eq!(scene.members(&group).await, [id.as_str()]);
    assert_eq!(
        scene.get(&format!("/Users/{id}")).await.body["groups"][0]["value"],
        Value::String(group)
    );
}

#[tokio::test]
async fn a_user_without_active_is_active_and_a_put_without_it_gives_nobody_access() {
    let scene = Scene::start().await;
    let mut body = user("pat@contoso.test");
    body.as_object_mut().unwrap().remove("active");
    let made = scene.post("/Users", &body).await;
    assert_eq!(made.body["active"], true);
    let path = format!("/Users/{}", made.id());
    scene
        .patch(&path, json!([{ "op": "Replace", "path": "active", "value": "False" }]))
        .await;
    let replaced = scene.send(Method::PUT, &path, &body).await;
    assert_eq!((replaced.status, &replaced.body["active"]), (200, &json!(false)));
}

#[tokio::test]
async fn a_client_that_takes_only_plain_json_gets_that_type() {
    let scene = Scene::start().await;
    for (accept, wanted) in [
        ("application/json", "application/json"),
        ("application/json;q=0.9, text/html", "application/json"),
        ("application/json, application/scim+json", "application/scim+json"),
        ("*/*", "application/scim+json"),
        ("text/html", "application/scim+json"),
    ] {
        for path in ["/Users", "/nowhere"] {
            let request = scene.request(Method::GET, path).header("accept", accept);
            let answer = crate::support::Answer::of(request.send().await.unwrap()).await;
            assert_eq!(answer.header("content-type"), wanted, "{accept}");
        }
    }
}

#[tokio::test]
async fn the_id_of_a_request_stands_in_its_answer_and_in_the_log() {
    let scene = Scene::start().await;
    let made = scene.post("/Users", &user("pat@contoso.test")).await;
    let config = scene.folder.path().join("bridge.toml");
    let log = tokio::process::Command::new(env!("CARGO_BIN_EXE_scim-bridge"))
        .args(["log", "--json", "--config"])
        .arg(config)
        .output()
        .await
        .unwrap();
    let log = String::from_utf8(log.stdout).unwrap();
    let entry: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!(entry["request_id"], made.header("x-request-id"), "{log}");
}
