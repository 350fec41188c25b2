//! What the record loses with time, and what it never loses.

use std::time::Duration;

use bridge::clock::{Clock, Timestamp};
use bridge::id::ScimId;
use bridge::record::{Bounds, Keeper, Removed};
use bridge::store::{LogEntry, LogQuery, NewStep, Snapshot, Store, StoreError};

use super::history;

const HOUR: Duration = Duration::from_hours(1);

/// The store of a bridge that made [`history`] and stopped, with steps for each change, and the time of its newest entry.
async fn store() -> (tempfile::TempDir, Store, Timestamp) {
    let folder = history().await.stop().await;
    let store = Store::open(&folder.path().join("bridge.db")).unwrap();
    let newest = store.read(newest).unwrap().unwrap();
    for entry in entries(&store) {
        let step = NewStep {
            at: newest,
            target: "workspace".to_owned(),
            resource_id: ScimId::new(entry.resource_id),
            revision: entry.revision,
            call: "GET /Users by name".to_owned(),
            status: Some(200),
            outcome: "ok".to_owned(),
            millis: 1,
        };
        let added = store.write::<_, StoreError, _>(move |tx| tx.add_step(&step)).await;
        added.unwrap();
    }
    (folder, store, newest)
}

fn entries(store: &Store) -> Vec<LogEntry> {
    let query = LogQuery {
        limit: 100,
        ..LogQuery::default()
    };
    store.read::<_, StoreError, _>(|store| store.log(&query)).unwrap()
}

fn actions(store: &Store) -> Vec<String> {
    let entries = entries(store);
    entries
        .into_iter()
        .map(|entry| format!("{} {} {}", entry.kind, entry.action, entry.steps.len()))
        .collect()
}

fn size(store: &Store) -> u64 {
    store.read(told_size).unwrap()
}

fn newest(store: &Snapshot<'_>) -> Result<Option<Timestamp>, StoreError> {
    store.newest_entry()
}

fn told_size(store: &Snapshot<'_>) -> Result<u64, StoreError> {
    store.record_size()
}

async fn pass(store: &Store, keep_for: Duration, max_size: u64, now: Timestamp) -> Removed {
    let bounds = Bounds {
        keep_for,
        max_size,
        clock_within: HOUR,
    };
    Keeper::new(store.clone(), Clock::system(), bounds)
        .pass(now)
        .await
        .unwrap()
}

#[tokio::test]
async fn old_entries_go_and_open_revocations_stay_until_they_are_applied() {
    let (_folder, store, newest) = store().await;
    let later = newest.plus(HOUR / 2);
    assert_eq!(pass(&store, HOUR, u64::MAX, later).await, Removed::default());

    let removed = pass(&store, HOUR / 4, u64::MAX, later).await;
    assert_eq!(removed, Removed { entries: 5, rest: 0 });
    let left = [
        "Group update 1",
        "Group update 1",
        "Group member-gone 1",
        "User delete 1",
        "Group delete 1",
    ];
    let mut seen = actions(&store);
    seen.sort();
    let mut wanted = left.map(str::to_owned).to_vec();
    wanted.sort();
    assert_eq!(seen, wanted);
    // Five changes with a step each; two of them moved somebody. And the target that is not there is an event.
    let events = store.read::<_, StoreError, _>(|store| store.events(10)).unwrap();
    let events = u64::try_from(events.len()).unwrap();
    assert_eq!(size(&store), 5 * (350 + 300) + 2 * 150 + events * 500);

    let gone = entries(&store)
        .into_iter()
        .find(|entry| entry.action == "delete" && entry.kind == "User")
        .unwrap();
    let id = ScimId::new(gone.resource_id);
    let settled = store
        .write::<_, StoreError, _>(move |tx| tx.settle(&id, gone.revision, "applied", newest))
        .await;
    settled.unwrap();
    assert_eq!(pass(&store, HOUR / 4, u64::MAX, later).await.entries, 1);
    assert!(!actions(&store).contains(&"User delete 1".to_owned()));
}

#[tokio::test]
async fn the_oldest_go_first_when_it_becomes_too_large() {
    let (_folder, store, newest) = store().await;
    let before = actions(&store);
    let removed = pass(&store, HOUR, size(&store) - 1, newest).await;
    assert_eq!(removed.entries, 1);
    assert_eq!(actions(&store), before[1..]);
}

#[tokio::test]
async fn nothing_goes_while_the_clock_disagrees_with_the_newest_entry() {
    let (_folder, store, newest) = store().await;
    let before = actions(&store);
    let wrong = newest.plus(HOUR * 24 * 365 * 10);
    assert_eq!(pass(&store, HOUR, 1, wrong).await, Removed::default());
    assert_eq!(actions(&store), before);
}

#[tokio::test]
async fn what_belongs_to_no_entry_any_more_goes_too() {
    let (_folder, store, newest) = store().await;
    let later = newest.plus(HOUR / 2);
    let mut entries = entries(&store);
    let first = entries.remove(0);
    let step = NewStep {
        at: newest,
        target: "workspace".to_owned(),
        resource_id: ScimId::new(first.resource_id),
        revision: first.revision,
        call: "GET /Users/17".to_owned(),
        status: Some(200),
        outcome: "ok".to_owned(),
        millis: 1,
    };
    let revision = first.revision;
    let (outage_over, outage) = (newest, "workspace".to_owned());
    let prepared = store.write::<_, StoreError, _>(move |tx| {
        tx.remove_entries(&[revision])?;
        tx.add_step(&step)?;
        tx.note_event(&outage, "out", "unreachable", "it was", outage_over)?;
        tx.end_event(&outage, "out", outage_over)?;
        tx.note_event(&outage, "out", "unreachable", "it is", outage_over)
    });
    prepared.await.unwrap();
    assert_eq!(pass(&store, HOUR, u64::MAX, later).await, Removed::default());
    assert_eq!(pass(&store, HOUR / 4, u64::MAX, later).await.rest, 2);
    let events = store.read::<_, StoreError, _>(|store| store.events(10)).unwrap();
    assert_eq!(events.len(), 1);
    // What is still so is told however much came and went after it.
    let ended = store.write::<_, StoreError, _>(move |tx| {
        tx.note_event("workspace", "guard", "deletes", "held", newest)?;
        tx.end_event("workspace", "guard", newest)
    });
    ended.await.unwrap();
    let read = |store: &Snapshot<'_>| Ok::<_, StoreError>((store.events(1)?, store.open_events(1)?));
    let (newest, open) = store.read(read).unwrap();
    assert_eq!((newest[0].what.as_str(), open[0].what.as_str()), ("guard", "out"));
}
