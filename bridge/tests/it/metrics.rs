//! `GET /metrics`, and that `docs/metrics.md` says what stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::json;

use crate::support::{Answer, Scene};

/// A metric: its type and the names of its labels.
type Metrics = BTreeMap<String, (String, BTreeSet<String>)>;

async fn scrape(scene: &Scene) -> Answer {
    let url = format!("{}/metrics", scene.addresses.ops_url);
    let answer = reqwest::Client::builder().no_proxy().build().unwrap().get(url).send();
    Answer::of(answer.await.unwrap()).await
}

/// The value of the first sample of this metric with this label.
fn value<'a>(page: &'a str, name: &str, label: &str) -> &'a str {
    let mut lines = page.lines().filter(|line| {
        let rest = line
            .strip_prefix("scim_bridge_")
            .and_then(|line| line.strip_prefix(name));
        rest.is_some_and(|rest| rest.starts_with([' ', '{']) && rest.contains(label))
    });
    let line = lines.next().unwrap_or_else(|| panic!("no {name} {label} in\n{page}"));
    line.rsplit(' ').next().unwrap()
}

/// What the page holds.
fn printed(page: &str) -> Metrics {
    let mut metrics = Metrics::new();
    for line in page.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            // OpenMetrics names a counter without what each of its samples ends with.
            let name = if kind == "counter" {
                format!("{name}_total")
            } else {
                name.to_owned()
            };
            metrics.insert(name, (kind.to_owned(), BTreeSet::new()));
        } else if let Some((sample, labels)) = line.split_once('{') {
            let name = ["", "_bucket", "_count", "_sum"]
                .iter()
                .filter_map(|ending| sample.strip_suffix(ending))
                .find(|name| metrics.contains_key(*name));
            let known = name.and_then(|name| metrics.get_mut(name));
            let labels = labels.split("\",").filter_map(|label| label.split_once('='));
            let names = labels.map(|(name, _)| name.to_owned()).filter(|name| name != "le");
            known.unwrap_or_else(|| panic!("{line}")).1.extend(names);
        }
    }
    metrics
}

/// What `docs/metrics.md` lists, and which of it may be missing.
fn listed() -> (Metrics, BTreeSet<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
    let (mut metrics, mut optional) = (Metrics::new(), BTreeSet::new());
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, name, kind, labels, _, what, _] = cells[..] else {
            continue;
        };
        let Some(name) = name.strip_prefix("`scim_bridge_") else {
            continue;
        };
        let name = format!("scim_bridge_{}", name.trim_end_matches('`'));
        let labels = labels
            .split_whitespace()
            .map(|label| label.trim_matches(['`', ',']).to_owned());
        if what.contains("Missing ") {
            optional.insert(name.clone());
        }
        metrics.insert(name, (kind.to_owned(), labels.filter(|label| label != "–").collect()));
    }
    (metrics, optional)
}

#[tokio::test]
async fn the_page_of_metrics_is_current() {
    let scene = Scene::start().await;
    scene.user("ana@contoso.test").await;
    let answer = scrape(&scene).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.text.ends_with("# EOF\n"));
    let (mut listed, optional) = listed();
    let printed = printed(&answer.text);
    listed.retain(|name, _| printed.contains_key(name) || !optional.contains(name));
    assert_eq!(listed, printed, "docs/metrics.md and /metrics differ");
}

#[tokio::test]
async fn what_waits_and_who_waited_is_told_and_nobody_is_named() {
    let scene = Scene::start().await;
    let ana = scene.user("Ana@contoso.test").await;
    let group = scene.group("Secret project", &[&ana]).await;
    assert_eq!(scene.get("/Users/nobody").await.status, 404);
    let leaving = json!([{ "op": "Remove", "path": "members" }]);
    assert_eq!(scene.patch(&format!("/Groups/{group}"), leaving).await.status, 204);
    let page = scrape(&scene).await.text;
    for (name, label, expected) in [
        ("request_seconds_count", "method=\"POST\",status=\"2xx\"", "2"),
        ("request_seconds_count", "method=\"GET\",status=\"4xx\"", "1"),
        ("waiting_answers", "", "0.0"),
        ("writes_held", "", "0.0"),
        ("dry_run", "target=\"workspace\"", "1.0"),
        ("queue_depth", "revocation", "1.0"),
        ("queue_depth", "grant", "1.0"),
        ("size_limit_used_ratio", "User", "0.0001"),
    ] {
        assert_eq!(value(&page, name, label), expected, "{name} {label}");
    }
    let number = |name: &str| value(&page, name, "").parse::<f64>().unwrap();
    assert!(number("oldest_unapplied_revocation_seconds") > 0.0);
    // Three changes, and two memberships that moved; the target that is not there may be an event already.
    assert!(number("record_bytes") >= 3.0 * 350.0 + 2.0 * 150.0);
    assert!(number("certificate_expiry_seconds") > 86_400.0);
    let lower = page.to_lowercase();
    for name in ["contoso", "secret", &ana, &group] {
        assert!(!lower.contains(name), "{name} in\n{page}");
    }
}
