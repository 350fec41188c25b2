//! `scim-bridge forget`: what is left of a purged person.

use std::path::Path;
use std::process::Output;

use bridge::clock::Clock;
use bridge::id::ScimId;
use bridge::store::{Kind, NewStep, Store, StoreError, read_beside};

use super::history;
use crate::program::{run, stderr, stdout};
use crate::support::Scene;

fn forget(folder: &Path, arguments: &[&str]) -> Output {
    let config = folder.join("bridge.toml").display().to_string();
    run(&[&["forget", "--config", &config], arguments].concat())
}

fn id_of(folder: &Path, kind: Kind, name: &str) -> ScimId {
    let found = read_beside::<_, StoreError, _>(&folder.join("bridge.db"), |store| store.ever_named(kind, name));
    found.unwrap().remove(0)
}

/// The deletion of Ana is applied at the target; on the way there Databricks had quoted her name.
async fn settle(folder: &Path, ana: &ScimId) {
    let store = Store::open(&folder.join("bridge.db")).unwrap();
    let (ana, now) = (ana.clone(), Clock::system().now());
    let settled = store.write::<_, StoreError, _>(move |tx| {
        let revision = tx.newest_revision(&ana)?;
        tx.note_event("workspace", "out", "refused", "User ANA@contoso.test is odd", now)?;
        tx.add_step(&NewStep {
            at: now,
            target: "workspace".to_owned(),
            resource_id: ana.clone(),
            revision,
            call: "PATCH /Users/17 active=false".to_owned(),
            status: Some(400),
            outcome: "refused by databricks (400): no ana@contoso.test".to_owned(),
            millis: 1,
        })?;
        tx.settle(&ana, revision, "failing: refused: no ana@contoso.test", now)?;
        tx.settle_tombstone(&ana, now)?;
        if let Some(row) = tx.queued("workspace", &ana)? {
            tx.dequeue("workspace", &ana, row.ticket)?;
        }
        Ok(())
    });
    settled.await.unwrap();
}

#[tokio::test]
async fn a_purged_person_leaves_and_what_was_done_stays() {
    let folder = history().await.stop().await;
    let ana = id_of(folder.path(), Kind::User, "ana@contoso.test");
    settle(folder.path(), &ana).await;
    let forgotten = forget(folder.path(), &["ana@contoso.test", "--yes"]);
    assert_eq!(forgotten.status.code(), Some(0), "{}", stderr(&forgotten));
    assert!(stdout(&forgotten).contains("2 entries"), "{}", stdout(&forgotten));

    let config = folder.path().join("bridge.toml").display().to_string();
    let log = stdout(&run(&["log", "--config", &config, "--all", "--json"]));
    let events = stdout(&run(&["log", "--config", &config, "--events", "--json"]));
    assert!(
        !(log.clone() + &events).to_lowercase().contains("ana@"),
        "{log}{events}"
    );
    assert_eq!(log.matches(ana.as_str()).count(), 2, "{log}");
    assert!(log.contains("active=false"), "{log}");
    // Nothing of the name is left in the file either, beyond pages that are free.
    let copy = folder.path().join("copy.db");
    assert_eq!(
        run(&["backup", &copy.display().to_string(), "--config", &config])
            .status
            .code(),
        Some(0)
    );
    let bytes = std::fs::read(&copy).unwrap().to_ascii_lowercase();
    assert!(!bytes.windows(4).any(|part| part == b"ana@"));

    let again = forget(folder.path(), &["--id", ana.as_str(), "--yes"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(
        stderr(&again).contains("no user has or had the id"),
        "{}",
        stderr(&again)
    );
}

#[tokio::test]
async fn who_is_there_or_still_leaving_is_not_forgotten() {
    let folder = history().await.stop().await;
    let ops = id_of(folder.path(), Kind::Group, "Ops").to_string();
    for (arguments, part) in [
        (&["ana@contoso.test", "--yes"][..], "is not finished at the target"),
        (&["ben@contoso.test", "--yes"], "delete the user in Entra first"),
        (&["nobody@contoso.test", "--yes"], "no user has or had this name"),
        (&["--id", &ops, "--yes"], "no user has or had the id"),
        (&["--yes"], "required"),
    ] {
        let refused = forget(folder.path(), arguments);
        let said = stderr(&refused);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(
            said.contains(part) && said.lines().count() == 1,
            "{arguments:?}: {said}"
        );
    }
    let ana = id_of(folder.path(), Kind::User, "ana@contoso.test");
    settle(folder.path(), &ana).await;
    let unasked = forget(folder.path(), &["ana@contoso.test"]);
    assert_eq!(unasked.status.code(), Some(2));
    assert!(stderr(&unasked).contains("--yes"), "{}", stderr(&unasked));
    assert_eq!(id_of(folder.path(), Kind::User, "ana@contoso.test"), ana);
}

#[tokio::test]
async fn beside_a_running_bridge_the_bridge_forgets_and_the_order_names_nobody() {
    let folder = history().await.stop().await;
    let ana = id_of(folder.path(), Kind::User, "ana@contoso.test");
    settle(folder.path(), &ana).await;
    let config = folder.path().join("bridge.toml");
    let scene = Scene::start_with(folder, &config).await;
    let at = scene.folder.path().to_owned();
    let forgotten = tokio::task::spawn_blocking(move || forget(&at, &["ana@contoso.test", "--yes"]));
    let forgotten = forgotten.await.unwrap();
    assert_eq!(forgotten.status.code(), Some(0), "{}", stderr(&forgotten));
    assert!(stdout(&forgotten).contains("2 entries"), "{}", stdout(&forgotten));
    let (order, again) = read_beside::<_, StoreError, _>(&scene.folder.path().join("bridge.db"), |store| {
        Ok((store.command(1)?, store.ever_named(Kind::User, "ana@contoso.test")?))
    })
    .unwrap();
    let order = order.unwrap();
    assert!(!format!("{order:?}").contains("contoso"), "{order:?}");
    assert!(again.is_empty());
}
