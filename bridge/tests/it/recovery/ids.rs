//! The id map beside the store, and the store that is older than it.

use std::path::Path;
use std::time::Duration;

use bridge::clock::Clock;
use bridge::id::{ScimId, UpstreamId};
use bridge::recovery::{Standing, begin, pairs, path_beside};
use bridge::store::{Binding, Kind, NewBinding, Store, StoreError};
use tokio_util::sync::CancellationToken;

use super::held;
use crate::program::{run, stderr, stdout};
use crate::support::Scene;

/// Binds a resource to an upstream object, as the reconciler does: first it has none.
async fn bind(store: &Store, id: &str, upstream: &str) {
    let (id, upstream) = (ScimId::new(id), UpstreamId::parse(upstream));
    let bound = store.write::<_, StoreError, _>(move |tx| {
        let new = NewBinding {
            kind: Kind::User,
            name: format!("{id}@contoso.test"),
            name_key: format!("{id}@contoso.test"),
            external_id: None,
            resource_id: id,
        };
        let binding = tx.new_binding("workspace", &new)?;
        tx.put_binding(&Binding {
            upstream_id: upstream,
            ..binding.clone()
        })?;
        // Written again without a change.
        let again = tx.binding(binding.id)?.unwrap_or(binding);
        tx.put_binding(&again)
    });
    bound.await.unwrap();
}

/// Keeps the map until all there is was written.
async fn keep(store: &Store) {
    let (keeper, _) = begin(store, Clock::system()).await.unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    keeper.run(Duration::from_hours(1), stop).await;
}

fn mapped(path: &Path) -> Vec<String> {
    let pairs = pairs(&path_beside(path)).unwrap();
    pairs
        .into_iter()
        .map(|(pair, _)| format!("{} {} {}", pair.kind, pair.id, pair.upstream_id))
        .collect()
}

#[tokio::test]
async fn the_map_grows_with_the_store_and_is_mended_when_it_was_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bridge.db");
    let store = Store::open(&path).unwrap();
    bind(&store, "ana", "17").await;
    keep(&store).await;
    bind(&store, "ben", "18").await;
    keep(&store).await;
    assert_eq!(mapped(&path), ["User ana 17", "User ben 18"]);
    let text = std::fs::read_to_string(path_beside(&path)).unwrap();
    assert!(!text.contains("contoso"), "{text}");
    assert_eq!(text.matches("ana").count(), 1, "{text}");
    std::fs::remove_file(path_beside(&path)).unwrap();
    keep(&store).await;
    assert_eq!(mapped(&path), ["User ana 17", "User ben 18"]);
}

#[tokio::test]
async fn the_map_is_printed_beside_a_running_bridge_and_without_a_store() {
    let scene = Scene::start().await;
    let folder = scene.stop().await;
    let path = folder.path().join("bridge.db");
    let store = Store::open(&path).unwrap();
    bind(&store, "ana", "17").await;
    keep(&store).await;
    drop(store);
    std::fs::remove_file(&path).unwrap();
    let config = folder.path().join("bridge.toml").display().to_string();
    let lines = run(&["ids", "export", "--config", &config]);
    assert_eq!(lines.status.code(), Some(0), "{}", stderr(&lines));
    let expected = "{\"kind\":\"User\",\"id\":\"ana\",\"upstream_id\":\"17\",\"revision\":0}\n";
    assert_eq!(stdout(&lines), expected);
    let rows = run(&["ids", "export", "--config", &config, "--format", "csv"]);
    assert_eq!(stdout(&rows), "kind,id,upstream_id,revision\r\nUser,ana,17,0\r\n");
}

#[tokio::test]
async fn a_store_that_is_older_than_its_map_is_held_until_a_person_says_so() {
    let scene = Scene::start().await;
    scene.user("ana@contoso.test").await;
    let folder = scene.stop().await;
    let (path, old) = (folder.path().join("bridge.db"), folder.path().join("old.db"));
    std::fs::copy(&path, &old).unwrap();
    let config = folder.path().join("bridge.toml");
    let scene = Scene::start_with(folder, &config).await;
    assert_eq!(held(scene.folder.path()), (None, None));
    scene.user("ben@contoso.test").await;
    let folder = scene.stop().await;

    // Somebody copies an old file over the store, past `restore`.
    std::fs::copy(&old, &path).unwrap();
    let scene = Scene::start_with(folder, &config).await;
    assert_eq!(held(scene.folder.path()), (Some("after-restore".to_owned()), Some(1)));
    // It is served all the same, and goes on from there.
    scene.user("cid@contoso.test").await;
    let folder = scene.stop().await;
    let store = Store::open(&path).unwrap();
    let let_go = store.write::<_, StoreError, _>(|tx| tx.set_held(None)).await;
    let_go.unwrap();
    let (_, standing) = begin(&store, Clock::system()).await.unwrap();
    assert_eq!((standing, held(folder.path()).0), (Standing::Current, None));
}

#[tokio::test]
async fn a_new_store_beside_an_old_map_is_held() {
    let scene = Scene::start().await;
    scene.user("ana@contoso.test").await;
    let folder = scene.stop().await;
    let config = folder.path().join("bridge.toml");
    std::fs::remove_file(folder.path().join("bridge.db")).unwrap();
    let scene = Scene::start_with(folder, &config).await;
    assert_eq!(held(scene.folder.path()), (Some("after-restore".to_owned()), Some(0)));
}
