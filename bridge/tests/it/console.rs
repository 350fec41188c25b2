//! The page of the operations listener.

use crate::support::{Answer, Scene};

async fn page(scene: &Scene, host: Option<&str>) -> Answer {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client.get(format!("{}/", scene.addresses.ops_url));
    if let Some(host) = host {
        request = request.header("host", host);
    }
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn the_console_shows_what_waits_and_lets_nothing_run() {
    let scene = Scene::start().await;
    scene.user("ana@contoso.test").await;
    scene.group("<b onmouseover=alert(1)>Ops</b>", &[]).await;
    let shown = page(&scene, None).await;
    assert_eq!(
        (shown.status, shown.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    let policy = shown.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(
        policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    for part in [
        "User ana@contoso.test",
        "Group &lt;b onmouseover=alert(1)&gt;Ops&lt;/b&gt;",
        "<td>grants</td><td>2</td>",
        "dry-run",
        "Held and failing</h2>\n<p>None.",
    ] {
        assert!(shown.text.contains(part), "no {part} in\n{}", shown.text);
    }
    assert!(
        !shown.text.contains("<script") && !shown.text.contains("<form"),
        "{}",
        shown.text
    );
    assert_eq!(page(&scene, Some("evil.test")).await.status, 403);
}
