//! The documented table of switches is the one the program has.

use reqwest::Method;
use serde_json::Value;

use crate::support::{World, text};

/// Where the table lies; `UPDATE_DOCS=1` writes it anew.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/databricks-switches.md");

const TAGS: [&str; 5] = ["fixture", "documented", "issue", "inferred", "conflict"];

const INTRODUCTION: &str = "# What is not known for certain about Databricks, and how the mock decides

Every behaviour of `mock-databricks` that is inferred, or where sources disagree, is a switch. `GET /switches` on the control listener
lists them with their present value, `PUT /switches/NAME {\"value\":…}` sets one. Evidence begins with one of five words:
*fixture* (in code or test data of the vendor), *documented* (by Databricks or Microsoft), *issue* (seen by a user or maintainer), *inferred*
(no direct evidence), *conflict* (sources disagree). This page is generated: `UPDATE_DOCS=1 cargo test -p mock-databricks switch_table`.

| switch | default | choices | what it decides | evidence |
|---|---|---|---|---|
";

fn cell(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.replace('|', "\\|")
}

#[tokio::test]
async fn the_documented_table_of_switches_is_current() {
    let world = World::start().await;
    let switches = world.control(Method::GET, "/switches", None).await.ok(200);
    let mut page = INTRODUCTION.to_owned();
    for switch in switches.as_array().unwrap() {
        let evidence = text(&switch["evidence"]);
        assert!(
            TAGS.iter().any(|tag| evidence.starts_with(tag)),
            "{}: {evidence}",
            switch["name"]
        );
        let cells = ["default", "choices", "about", "evidence"].map(|field| cell(&switch[field]));
        let name = text(&switch["name"]);
        page.extend(["| `", &name, "` | ", &cells.join(" | "), " |\n"]);
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        written == page,
        "docs/databricks-switches.md is not current: run with UPDATE_DOCS=1"
    );
}
