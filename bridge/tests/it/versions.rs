//! Versions and requests that depend on them (RFC 7644 §3.14).

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Scene, user};

async fn conditional(scene: &Scene, method: Method, path: &str, header: (&str, &str), body: Option<&Value>) -> Answer {
    let mut request = scene.request(method, path).header(header.0, header.1);
    if let Some(body) = body {
        request = request
            .header("content-type", "application/scim+json")
            .body(body.to_string());
    }
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn every_answer_that_shows_a_resource_carries_its_version() {
    let scene = Scene::start().await;
    let made = scene.post("/Users", &user("pat@contoso.test")).await;
    let path = format!("/Users/{}", made.id());
    let read = scene.get(&path).await;
    let put = scene.send(Method::PUT, &path, &user("pat@contoso.test")).await;
    let patched = scene
        .patch(&path, json!([{ "op": "replace", "path": "title", "value": "X" }]))
        .await;
    for answer in [&made, &read, &put, &patched] {
        assert_eq!(
            json!(answer.header("etag")),
            answer.body["meta"]["version"],
            "{}",
            answer.text
        );
        assert!(answer.header("etag").starts_with("W/\""));
    }
    assert_eq!(made.header("etag"), put.header("etag"), "nothing was changed");
    assert_ne!(put.header("etag"), patched.header("etag"));
    let group = scene.group("Ops", &[]).await;
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": made.id() }] }]);
    let patched = scene.patch(&format!("/Groups/{group}"), add).await;
    let read = scene.get(&format!("/Groups/{group}")).await;
    assert_eq!((patched.status, patched.header("etag")), (204, read.header("etag")));
}

#[tokio::test]
async fn a_read_of_the_version_the_client_has_is_answered_304_without_a_body() {
    let scene = Scene::start().await;
    let path = format!("/Users/{}", scene.user("pat@contoso.test").await);
    let etag = scene.get(&path).await.header("etag").to_owned();
    let unchanged = conditional(&scene, Method::GET, &path, ("if-none-match", &etag), None).await;
    assert_eq!((unchanged.status, unchanged.text.as_str()), (304, ""));
    assert_eq!(unchanged.header("etag"), etag);
    let other = conditional(&scene, Method::GET, &path, ("if-none-match", "W/\"other\""), None).await;
    assert_eq!(other.status, 200);
    conditional(&scene, Method::GET, &path, ("if-match", "W/\"other\""), None)
        .await
        .expect_error(412, None);
}

#[tokio::test]
async fn a_change_that_knows_an_old_version_is_answered_412_and_changes_nothing() {
    let scene = Scene::start().await;
    let path = format!("/Users/{}", scene.user("pat@contoso.test").await);
    let old = scene.get(&path).await.header("etag").to_owned();
    let title = |text: &str| json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{ "op": "replace", "path": "title", "value": text }] });
    let first = conditional(&scene, Method::PATCH, &path, ("if-match", &old), Some(&title("first"))).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let replacement = user("pat@contoso.test");
    for (method, body) in [
        (Method::PATCH, Some(title("second"))),
        (Method::PUT, Some(replacement.clone())),
        (Method::DELETE, None),
    ] {
        let refused = conditional(&scene, method, &path, ("if-match", &old), body.as_ref()).await;
        assert!(refused.expect_error(412, None).contains(first.header("etag")));
    }
    conditional(&scene, Method::PUT, &path, ("if-none-match", "*"), Some(&replacement))
        .await
        .expect_error(412, None);
    assert_eq!(scene.get(&path).await.body["title"], "first");
    let any = conditional(&scene, Method::PATCH, &path, ("if-match", "*"), Some(&title("third"))).await;
    assert_eq!(any.status, 200);
    let new = any.header("etag").to_owned();
    let deleted = conditional(&scene, Method::DELETE, &path, ("if-match", &new), None).await;
    assert_eq!(deleted.status, 204);
    conditional(&scene, Method::DELETE, &path, ("if-match", "*"), None)
        .await
        .expect_error(404, None);
}

#[tokio::test]
async fn of_changes_that_know_the_same_version_one_goes_through() {
    let scene = Scene::start().await;
    let path = format!("/Users/{}", scene.user("pat@contoso.test").await);
    let etag = scene.get(&path).await.header("etag").to_owned();
    let bodies: Vec<Value> = (0..8)
        .map(|n| json!({ "Operations": [{ "op": "replace", "path": "title", "value": format!("title {n}") }] }))
        .collect();
    let changes = bodies
        .iter()
        .map(|body| conditional(&scene, Method::PATCH, &path, ("if-match", &etag), Some(body)));
    let answers = futures_util::future::join_all(changes).await;
    let status = |wanted: u16| answers.iter().filter(|answer| answer.status == wanted).count();
    assert_eq!((status(200), status(412)), (1, 7));
}
