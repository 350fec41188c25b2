//! `scim-bridge log` beside a running bridge.

use serde_json::Value;

use super::history;
use crate::program::{run, stderr, stdout};
use crate::support::Scene;

fn log(scene: &Scene, arguments: &[&str]) -> String {
    let config = scene.folder.path().join("bridge.toml").display().to_string();
    let output = run(&[&["log", "--config", &config], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    stdout(&output)
}

/// What is told of each entry: name, action, membership.
fn told(lines: &str) -> Vec<String> {
    let entries = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    entries
        .map(|entry| {
            format!(
                "{} {} {}",
                text(&entry, "name"),
                text(&entry, "action"),
                text(&entry, "membership")
            )
        })
        .map(|line| line.trim().to_owned())
        .collect()
}

#[tokio::test]
async fn a_person_s_log_holds_the_changes_of_groups_that_moved_the_person() {
    let scene = history().await;
    let ana = told(&log(&scene, &["--person", "ANA@contoso.test", "--format", "jsonl"]));
    assert_eq!(
        ana,
        [
            "Ana@contoso.test create",
            "Ops create added",
            "Other create added",
            "Ops update removed",
            "Ana@contoso.test delete",
            "Other member-gone removed",
        ]
    );
    // Both names lead to the same person; taken out and put back by one request is not moved.
    let ben = told(&log(&scene, &["--person", "ben@contoso.test", "--json"]));
    assert_eq!(
        ben,
        [
            "ben@contoso.test create",
            "Ops create added",
            "benedikt@contoso.test rename"
        ]
    );
    assert_eq!(
        told(&log(&scene, &["--person", "benedikt@contoso.test", "--json"])),
        ben
    );
    let both = told(&log(
        &scene,
        &["--person", "ana@contoso.test", "--group", "ops", "--json"],
    ));
    assert_eq!(both, ["Ops create added", "Ops update removed"]);
}

#[tokio::test]
async fn a_group_s_log_outlives_the_group() {
    let scene = history().await;
    let other = told(&log(&scene, &["--group", "OTHER", "--json"]));
    assert_eq!(other, ["Other create", "Other member-gone", "Other delete"]);
}

#[tokio::test]
async fn entries_are_asked_for_by_time_and_read_through_to_the_end() {
    let scene = history().await;
    let all = log(&scene, &["--all", "--json"]);
    assert_eq!(all.lines().count(), 10);
    assert_eq!(log(&scene, &["--all", "--json", "--since", "1h"]), all);
    assert_eq!(log(&scene, &["--all", "--json", "--until", "1h"]), "");
    assert_eq!(log(&scene, &["--all", "--json", "--since", "2199-01-01"]), "");
    let newest = log(&scene, &["--limit", "2", "--json"]);
    assert_eq!(newest.lines().count(), 2);
    assert!(all.ends_with(&newest), "{newest}");
    let rows = log(&scene, &["--all", "--format", "csv"]);
    assert_eq!(rows.matches("\r\n").count(), 11, "{rows}");
    assert_eq!(rows.matches("revision,").count(), 1, "{rows}");
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_one_line_with_the_remedy() {
    let scene = history().await;
    let config = scene.folder.path().join("bridge.toml").display().to_string();
    for (arguments, part) in [
        (&["--person", "nobody"][..], "--person: no user has or had this name"),
        (&["--group", "ana@contoso.test"], "--group: no group"),
        (
            &["--since", "soon"],
            "--since: \"soon\" is no moment; write for example",
        ),
        (&["--all", "--format", "table"], "--format table needs all rows"),
        (&["--events", "--person", "ben@contoso.test"], "--events"),
    ] {
        let output = run(&[&["log", "--config", &config], arguments].concat());
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(
            said.contains(part) && said.lines().count() == 1,
            "{arguments:?}: {said}"
        );
    }
}
