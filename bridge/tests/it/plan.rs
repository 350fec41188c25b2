//! `scim-bridge plan` and `scim-bridge go-live`, on a store that a bridge in dry-run has left behind.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bridge::clock::Clock;
use bridge::directory::{Directory, Request, Rules};
use bridge::id::{ScimId, UpstreamId, fold};
use bridge::store::{InventoryEntry, Kind, Store, StoreError, read_beside};
use serde_json::{Value, json};

use crate::support::{Scene, write_configuration};

/// A store with what Entra has written and what the scan has seen.
pub struct Office {
    pub folder: tempfile::TempDir,
    pub store: Store,
    directory: Directory,
}

impl Office {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_configuration(folder.path(), "");
        let store = Store::open(&folder.path().join("bridge.db")).unwrap();
        let rules = Rules {
            endpoint: "scim".to_owned(),
            targets: vec!["workspace".to_owned()],
            protected_users: std::collections::BTreeSet::new(),
            protected_groups: std::collections::BTreeSet::new(),
            settle_for: std::time::Duration::ZERO,
            settle_at_most: std::time::Duration::ZERO,
        };
        Self {
            directory: Directory::new(store.clone(), Clock::system(), rules),
            folder,
            store,
        }
    }

    pub async fn user(&self, name: &str) -> ScimId {
        let id = ScimId::new(format!("scim-{name}"));
        let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": format!("{name}@contoso.test"), "displayName": name, "externalId": name });
        self.directory
            .create_user(&Request::default(), id.clone(), body)
            .await
            .unwrap();
        id
    }

    pub async fn group(&self, name: &str, members: &[&ScimId]) -> ScimId {
        let id = ScimId::new(format!("scim-{name}"));
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id.as_str() })).collect();
        let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": name, "externalId": name, "members": members });
        self.directory
            .create_group(&Request::default(), id.clone(), body)
            .await
            .unwrap();
        id
    }

    /// A complete scan that saw these: kind, id, name, whether active.
    pub async fn scanned(&self, seen: &[(Kind, &str, &str, bool)]) {
        let entries: Vec<InventoryEntry> = seen
            .iter()
            .map(|(kind, id, name, active)| InventoryEntry {
                kind: *kind,
                upstream_id: UpstreamId::parse(id).unwrap(),
                name: (*name).to_owned(),
                name_key: fold(name),
                active: *active,
            })
            .collect();
        let written = self.store.write(move |tx| {
            for kind in [Kind::User, Kind::Group] {
                let of_kind: Vec<_> = entries.iter().filter(|entry| entry.kind == kind).cloned().collect();
                tx.replace_inventory("workspace", kind, &of_kind)?;
            }
            tx.set_fact("me", "1 admin@contoso.test")?;
            tx.set_fact("admins", "1")?;
            // 2026-01-05T08:00:00Z
            tx.set_fact("scanned_at", "1767600000000000")
        });
        written.await.map_err(|error: StoreError| error).unwrap();
    }

    pub fn config(&self) -> PathBuf {
        self.folder.path().join("bridge.toml")
    }
}

pub fn run(config: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_scim-bridge"))
        .args(arguments)
        .arg("--config")
        .arg(config)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Ana is new, Ben is at the target already, Carl is there and inactive, so is a group of the name of ours.
async fn first_day() -> Office {
    let office = Office::new();
    let (ana, ben) = (office.user("ana").await, office.user("ben").await);
    office.user("carl").await;
    office.group("Staff", &[&ana, &ben]).await;
    office.group("Data Team", &[&ana]).await;
    office
        .scanned(&[
            (Kind::User, "1", "admin@contoso.test", true),
            (Kind::User, "12", "ben@contoso.test", true),
            (Kind::User, "13", "carl@contoso.test", false),
            (Kind::Group, "20", "admins", true),
            (Kind::Group, "21", "data team", true),
        ])
        .await;
    office
}

#[tokio::test]
async fn a_first_day_in_lines() {
    let office = first_day().await;
    let output = run(&office.config(), &["plan", "--calls"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    insta::assert_snapshot!(stdout(&output));
    // Read beside: the store is still in use, and nothing was written.
    let queued = office.store.read(|store| store.queue_depth("workspace")).unwrap();
    assert_eq!(queued, (5, 5));
}

#[tokio::test]
async fn the_json_form_is_complete() {
    let office = first_day().await;
    let output = run(&office.config(), &["plan", "--json", "--limit", "1"]);
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    insta::assert_json_snapshot!(plan);
}

#[tokio::test]
async fn the_mode_is_the_one_that_the_bridge_was_started_in() {
    let office = Office::new();
    office.scanned(&[]).await;
    let mode = || {
        stdout(&run(&office.config(), &["plan"]))
            .lines()
            .next()
            .map(str::to_owned)
    };
    assert!(mode().unwrap().starts_with("mode dry-run"));
    let started = office.store.write(|tx| tx.set_fact("started_mode", "live"));
    started.await.map_err(|error: StoreError| error).unwrap();
    assert_eq!(mode().unwrap(), "mode live: the bridge is at it");
}

#[tokio::test]
async fn longer_lists_are_cut() {
    let office = Office::new();
    for number in 0..5 {
        office.user(&format!("user{number}")).await;
    }
    office.scanned(&[]).await;
    let said = stdout(&run(&office.config(), &["plan", "--limit", "2"]));
    assert!(
        said.contains("gains User user1@contoso.test: created\ngains and 3 more\n"),
        "{said}"
    );
    assert!(!said.contains("user2@"), "{said}");
}

#[tokio::test]
async fn a_thousand_users_take_half_an_hour() {
    let office = Office::new();
    for number in 0..1000 {
        office.user(&format!("user{number}")).await;
    }
    office.scanned(&[]).await;
    let output = run(&office.config(), &["plan", "--json"]);
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(plan["forecast"]["calls"], 1000);
    assert_eq!(plan["forecast"]["per_minute"], 34);
    // The rehearsal, whose calls wait for their turn, comes to the same.
    let (said, stepped) = (
        plan["forecast"]["seconds"].as_i64().unwrap(),
        plan["seconds"].as_i64().unwrap(),
    );
    assert!((said - stepped).abs() < 10, "{said} {stepped}");
    let said = stdout(&run(&office.config(), &["plan"]));
    assert!(
        said.contains("takes ≈ 29 minutes (1,000 writes at 34 a minute)"),
        "{said}"
    );
}

#[tokio::test]
async fn without_a_scan_or_a_store_it_says_what_to_do() {
    let office = Office::new();
    let output = run(&office.config(), &["plan"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("has not been scanned yet") && stderr(&output).contains("scim-bridge serve"));
    let folder = tempfile::tempdir().unwrap();
    let config = write_configuration(folder.path(), "");
    let output = run(&config, &["plan"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("bridge.db cannot be opened"),
        "{}",
        stderr(&output)
    );
}

#[tokio::test]
async fn go_live_asks_for_consent_and_leaves_the_order() {
    let office = first_day().await;
    let (config, path) = (office.config(), office.store.path().to_owned());
    let Office {
        folder,
        store,
        directory,
    } = office;
    drop((store, directory));
    let output = run(&config, &["go-live"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--yes consents"), "{}", stderr(&output));
    let ordered = || read_beside::<_, StoreError, _>(&path, |store| Ok(store.open_commands()?.len())).unwrap();
    assert_eq!(ordered(), 0);
    let output = run(&config, &["go-live", "--yes"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stdout(&output);
    for part in [
        "gains User ana@contoso.test: created",
        "adopts User ben@contoso.test",
        "holds Group Data Team",
        "the order is carried out",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(ordered(), 1);
    drop(folder);
}

#[tokio::test]
async fn go_live_has_nothing_to_do_where_the_bridge_writes_already() {
    let folder = tempfile::tempdir().unwrap();
    let config = write_configuration(folder.path(), "");
    let text = std::fs::read_to_string(&config).unwrap().replace("dry-run", "live");
    std::fs::write(&config, text).unwrap();
    let scene = Scene::start_with(folder, &config).await;
    let output = run(&scene.folder.path().join("bridge.toml"), &["go-live"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("live already"));
    scene.stop().await;
}
