//! Sorting, searching by POST, and pages that follow by cursor.

use serde_json::json;

use crate::support::{Answer, Scene, user};

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

fn names(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let resources = answer.body["Resources"].as_array().unwrap();
    assert_eq!(answer.body["itemsPerPage"], resources.len());
    resources
        .iter()
        .map(|found| found["userName"].as_str().or(found["displayName"].as_str()).unwrap())
        .collect()
}

/// Four users with titles, in no order, and two groups.
async fn company() -> Scene {
    let scene = Scene::start().await;
    for (name, title) in [
        ("cleo", Some("b")),
        ("ana", None),
        ("dan", Some("A")),
        ("ben", Some("c")),
    ] {
        let mut body = user(&format!("{name}@contoso.test"));
        body["userName"] = json!(name);
        if let Some(title) = title {
            body["title"] = json!(title);
        }
        scene.post("/Users", &body).await;
    }
    scene.group("beta", &[]).await;
    scene.group("alpha", &[]).await;
    scene
}

#[tokio::test]
async fn a_list_is_sorted_in_both_directions_and_by_pages() {
    let scene = company().await;
    for (query, wanted) in [
        ("sortBy=userName", vec!["ana", "ben", "cleo", "dan"]),
        (
            "sortBy=USERNAME&sortOrder=descending",
            vec!["dan", "cleo", "ben", "ana"],
        ),
        ("sortBy=title", vec!["dan", "cleo", "ben", "ana"]),
        ("sortBy=title&sortOrder=descending", vec!["ana", "ben", "cleo", "dan"]),
        ("sortBy=emails.value&startIndex=2&count=2", vec!["ben", "cleo"]),
        ("sortBy=meta.created&count=1", vec!["cleo"]),
        ("sortBy=userName&filter=title+pr&startIndex=3", vec!["dan"]),
        ("sortBy=userName&startIndex=9", vec![]),
        ("sortBy=userName&count=0", vec![]),
    ] {
        let found = scene.get(&format!("/Users?{query}")).await;
        assert_eq!(names(&found), wanted, "{query}");
        let total = if query.contains("title+pr") { 3 } else { 4 };
        assert_eq!(found.body["totalResults"], total, "{query}");
    }
    scene
        .get("/Users?sortBy=a%5B")
        .await
        .expect_error(400, Some("invalidValue"));
    scene
        .get("/Users?sortBy=userName&sortOrder=up")
        .await
        .expect_error(400, Some("invalidValue"));
}

#[tokio::test]
async fn a_search_does_what_a_list_does() {
    let scene = company().await;
    let body = json!({
        "schemas": [SEARCH], "filter": "title pr", "attributes": ["userName"], "sortBy": "title",
        "sortOrder": "descending", "startIndex": 2, "count": 2,
    });
    let found = scene.post("/Users/.search", &body).await;
    assert_eq!(names(&found), ["cleo", "dan"]);
    assert_eq!(
        (&found.body["totalResults"], &found.body["startIndex"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(found.body["Resources"][0].get("title"), None);
    let found = scene
        .post(
            "/Groups/.search",
            &json!({ "schemas": [SEARCH], "filter": "displayName sw \"AL\"" }),
        )
        .await;
    assert_eq!(names(&found), ["alpha"]);
    scene
        .post("/Users/.search", &json!({ "schemas": [SEARCH], "filter": "title zz" }))
        .await
        .expect_error(400, Some("invalidFilter"));
    scene
        .post("/Users/.search", &json!({ "schemas": ["urn:x"], "filter": "title pr" }))
        .await
        .expect_error(400, Some("invalidSyntax"));
    scene.get("/Users/.search").await.expect_error(405, None);
}

#[tokio::test]
async fn a_search_at_the_root_spans_users_and_groups() {
    let scene = company().await;
    let all = scene.post("/.search", &json!({ "schemas": [SEARCH] })).await;
    assert_eq!(names(&all), ["cleo", "ana", "dan", "ben", "beta", "alpha"]);
    let page = json!({ "schemas": [SEARCH], "startIndex": 4, "count": 2 });
    let page = scene.post("/.search", &page).await;
    assert_eq!(
        (names(&page), &page.body["totalResults"]),
        (vec!["ben", "beta"], &json!(6))
    );
    let groups = json!({ "schemas": [SEARCH], "filter": "meta.resourceType eq \"Group\"", "sortBy": "displayName" });
    assert_eq!(names(&scene.post("/.search", &groups).await), ["alpha", "beta"]);
    let one = json!({ "schemas": [SEARCH], "filter": "userName eq \"ANA\"" });
    assert_eq!(names(&scene.post("/.search", &one).await), ["ana"]);
}

/// Walks by cursor and gives the names page by page.
async fn walk(scene: &Scene, query: &str) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = scene.get(&format!("/Users?{query}&cursor={cursor}")).await;
        pages.push(names(&page).into_iter().map(str::to_owned).collect());
        assert_eq!(page.body.get("startIndex"), None);
        match page.body.get("nextCursor") {
            Some(next) => next.as_str().unwrap().clone_into(&mut cursor),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn pages_follow_one_another_by_cursor() {
    let scene = company().await;
    assert_eq!(walk(&scene, "count=3").await, [vec!["cleo", "ana", "dan"], vec!["ben"]]);
    assert_eq!(walk(&scene, "count=2").await, [["cleo", "ana"], ["dan", "ben"]]);
    assert_eq!(
        walk(&scene, "count=2&filter=title+pr").await,
        [vec!["cleo", "dan"], vec!["ben"]]
    );
    assert_eq!(
        walk(&scene, "count=3&sortBy=userName").await,
        [vec!["ana", "ben", "cleo"], vec!["dan"]]
    );
    assert_eq!(walk(&scene, "count=10").await.len(), 1);
    let config = scene.get("/ServiceProviderConfig").await;
    assert_eq!(config.body["pagination"]["cursor"], true);
}

#[tokio::test]
async fn who_comes_or_goes_between_two_pages_neither_hides_nor_doubles_another() {
    let scene = company().await;
    let first = scene.get("/Users?count=2&cursor=").await;
    assert_eq!(names(&first), ["cleo", "ana"]);
    let cleo = first.body["Resources"][0]["id"].as_str().unwrap();
    scene.delete(&format!("/Users/{cleo}")).await;
    scene.user("eve@contoso.test").await;
    let cursor = first.body["nextCursor"].as_str().unwrap();
    let rest = scene.get(&format!("/Users?count=5&cursor={cursor}")).await;
    assert_eq!(names(&rest), ["dan", "ben", "eve@contoso.test"]);
}

#[tokio::test]
async fn a_cursor_of_another_query_is_refused_by_name() {
    let scene = company().await;
    let first = scene.get("/Users?count=2&cursor").await;
    let cursor = first.body["nextCursor"].as_str().unwrap();
    for query in [
        format!("/Groups?cursor={cursor}"),
        format!("/Users?filter=title+pr&cursor={cursor}"),
        "/Users?cursor=made-up".to_owned(),
    ] {
        scene.get(&query).await.expect_error(400, Some("invalidCursor"));
    }
    scene
        .get(&format!("/Users?startIndex=1&cursor={cursor}"))
        .await
        .expect_error(400, Some("invalidValue"));
}
