//! Whatever is wrong with a request is answered by a SCIM error that says so, and leaves nothing behind.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Scene, TOKEN, user};

#[tokio::test]
async fn a_request_without_a_valid_token_is_answered_401_and_told_how() {
    let scene = Scene::start().await;
    let cases = [
        None,
        Some("Bearer wrong".to_owned()),
        Some(TOKEN.to_owned()),
        Some(format!("Basic {TOKEN}")),
        Some("Bearer".to_owned()),
    ];
    for case in cases {
        for path in ["/Users", "/ServiceProviderConfig", "/nowhere"] {
            let mut request = scene.anonymous(Method::GET, path);
            if let Some(value) = &case {
                request = request.header("authorization", value);
            }
            let answer = Answer::of(request.send().await.unwrap()).await;
            answer.expect_error(401, None);
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{case:?}");
            assert!(!answer.text.contains("wrong") && !answer.text.contains(TOKEN));
        }
    }
    let twice = scene
        .request(Method::GET, "/Users")
        .header("authorization", "Bearer other");
    Answer::of(twice.send().await.unwrap()).await.expect_error(401, None);
}

#[tokio::test]
async fn an_unknown_path_or_id_is_answered_404() {
    let scene = Scene::start().await;
    for path in [
        "/nowhere",
        "/Users/unknown",
        "/Groups/%FF",
        "/Users/a%2Fb",
        "/Schemas/urn:none",
        "/Users/x/y",
        "",
    ] {
        scene.get(path).await.expect_error(404, None);
    }
}

#[tokio::test]
async fn a_method_that_is_not_there_is_answered_405_with_what_is() {
    let scene = Scene::start().await;
    for (method, path, allowed) in [
        (Method::DELETE, "/Users", "GET"),
        (Method::PUT, "/Groups", "POST"),
        (Method::POST, "/Schemas", "GET"),
        (Method::PATCH, "/ServiceProviderConfig", "GET"),
    ] {
        let answer = scene.send(method, path, &json!({})).await;
        answer.expect_error(405, None);
        assert!(
            answer.header("allow").contains(allowed),
            "{path}: {}",
            answer.header("allow")
        );
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_of_the_right_type_and_size_is_refused() {
    let scene = Scene::start().await;
    let post = |kind: &'static str, body: String| {
        scene
            .request(Method::POST, "/Users")
            .header("content-type", kind)
            .body(body)
            .send()
    };
    let scim = "application/scim+json";
    let broken = Answer::of(post(scim, "{\"schemas\":[".to_owned()).await.unwrap()).await;
    assert!(broken.expect_error(400, Some("invalidSyntax")).contains("line 1"));
    Answer::of(post(scim, "[]".to_owned()).await.unwrap())
        .await
        .expect_error(400, Some("invalidSyntax"));
    Answer::of(post(scim, String::new()).await.unwrap())
        .await
        .expect_error(400, Some("invalidSyntax"));
    Answer::of(post("text/xml", "<a/>".to_owned()).await.unwrap())
        .await
        .expect_error(415, None);
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    Answer::of(post(scim, deep).await.unwrap())
        .await
        .expect_error(400, Some("invalidSyntax"));
    let large = format!("{{\"displayName\":\"{}\"}}", "x".repeat(5 * 1024 * 1024));
    let refused = Answer::of(post(scim, large).await.unwrap()).await;
    assert!(refused.expect_error(413, None).contains("server.max_body_bytes"));
    assert_eq!(scene.get("/Users").await.body["totalResults"], 0);
}

#[tokio::test]
async fn a_broken_filter_says_where() {
    let scene = Scene::start().await;
    for filter in [
        "userName",
        "userName+eq",
        "userName+zz+%22a%22",
        "(userName+pr",
        "a+eq+%22",
        "active+gt+true",
        "meta.lastModified+gt+%22yesterday%22",
        "%00",
    ] {
        let answer = scene.get(&format!("/Users?filter={filter}")).await;
        assert!(!answer.expect_error(400, Some("invalidFilter")).is_empty());
    }
    let long = format!("/Users?filter=userName+eq+%22{}%22", "a".repeat(9000));
    scene.get(&long).await.expect_error(400, Some("invalidFilter"));
    scene
        .get("/Users?count=many")
        .await
        .expect_error(400, Some("invalidValue"));
}

#[tokio::test]
async fn a_broken_patch_changes_nothing() {
    let scene = Scene::start().await;
    let id = scene.user("pat@contoso.test").await;
    let before = scene.get(&format!("/Users/{id}")).await.body;
    let cases = [
        (
            json!([{ "op": "replace", "path": "x[bad", "value": "v" }]),
            "invalidPath",
        ),
        (
            json!([{ "op": "upsert", "path": "title", "value": "v" }]),
            "invalidSyntax",
        ),
        (json!([{ "op": "remove" }]), "noTarget"),
        (json!([{ "op": "replace", "path": "id", "value": "v" }]), "mutability"),
        (json!([]), "invalidSyntax"),
        (
            json!([{ "op": "replace", "path": "displayName", "value": "Changed" }, { "op": "replace", "path": "userName", "value": "" }]),
            "invalidValue",
        ),
        (
            json!([{ "op": "replace", "path": "displayName", "value": "Changed" }, { "op": "replace", "path": "emails[type sw \"z\"].value", "value": "v" }]),
            "noTarget",
        ),
        (
            json!([{ "op": "replace", "path": "active", "value": "maybe" }]),
            "invalidValue",
        ),
    ];
    for (operations, scim_type) in cases {
        let answer = scene.patch(&format!("/Users/{id}"), operations.clone()).await;
        answer.expect_error(400, Some(scim_type));
        assert_eq!(scene.get(&format!("/Users/{id}")).await.body, before, "{operations}");
    }
    scene
        .patch(
            "/Users/unknown",
            json!([{ "op": "replace", "path": "title", "value": "v" }]),
        )
        .await
        .expect_error(404, None);
}

#[tokio::test]
async fn a_reference_to_nobody_names_who_is_missing_and_changes_nothing() {
    let scene = Scene::start().await;
    let ana = scene.user("ana@contoso.test").await;
    let group = scene.group("Ops", &[&ana]).await;
    let add = json!([{ "op": "Add", "path": "members", "value": [{ "value": "nobody-1" }, { "value": ana }, { "value": "nobody-2" }] }]);
    let answer = scene.patch(&format!("/Groups/{group}"), add).await;
    let detail = answer.expect_error(400, Some("invalidValue"));
    assert!(
        detail.contains("nobody-1") && detail.contains("nobody-2") && !detail.contains(&ana),
        "{detail}"
    );
    assert_eq!(scene.members(&group).await, [ana.as_str()]);
    let manager = json!([{ "op": "add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "value": "nobody-3" }]);
    let answer = scene.patch(&format!("/Users/{ana}"), manager).await;
    assert!(answer.expect_error(400, Some("invalidValue")).contains("nobody-3"));
}

#[tokio::test]
async fn a_protected_name_is_refused_by_the_name_of_the_setting() {
    let folder = tempfile::tempdir().unwrap();
    let config = crate::support::write_configuration(folder.path(), "protected_users = [\"Root@contoso.test\"]\n");
    let scene = Scene::start_with(folder, &config).await;
    let refused = scene.post("/Users", &user("root@CONTOSO.test")).await;
    assert!(
        refused
            .expect_error(400, Some("invalidValue"))
            .contains("target.protected_users")
    );
    let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Admins" });
    let refused = scene.post("/Groups", &body).await;
    assert!(
        refused
            .expect_error(400, Some("invalidValue"))
            .contains("target.protected_groups")
    );
    let pat = scene.user("pat@contoso.test").await;
    let rename = json!([{ "op": "replace", "path": "userName", "value": "root@contoso.test" }]);
    scene
        .patch(&format!("/Users/{pat}"), rename)
        .await
        .expect_error(400, Some("invalidValue"));
}
