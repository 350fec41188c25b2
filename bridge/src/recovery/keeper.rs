//! Keeping the id map while the bridge serves, and looking at it when the bridge starts.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::id_map::{self, IdMap, path_beside};
use super::line::{MapLine, Mark, is_behind};
use crate::clock::{Clock, Timestamp};
use crate::id::ScimId;
use crate::store::{IdPair, Snapshot, Store, StoreError};

/// Pairs written at once.
const BATCH: usize = 500;
/// How far the mark may lag behind where nothing else is written to the map.
const MARK_EVERY: Duration = Duration::from_mins(1);

/// Why the id map cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The file cannot be read or written. Look at its rights and its disk.
    #[error("the id map {path}: {source}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a store was found when the bridge started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As new as its map, or newer.
    Current,
    /// Older than its map, or another: nothing is written upstream until a person says so (rule D3).
    Behind,
}

/// Keeps the map of one store.
#[derive(Debug)]
pub struct MapKeeper {
    store: Store,
    clock: Clock,
    map: Arc<Mutex<IdMap>>,
    epoch: String,
    marked: (i64, Timestamp),
}

/// Compares the store with its map before anything is done: one that is behind is held. Then the map goes on.
///
/// # Errors
///
/// [`MapError`] when the map or the store cannot be used.
pub async fn begin(store: &Store, clock: Clock) -> Result<(MapKeeper, Standing), MapError> {
    let path = path_beside(store.path());
    let in_file = |source| MapError::File {
        path: path.clone(),
        source,
    };
    let mut map = IdMap::open(&path).map_err(in_file)?;
    let seen = map.last_mark().map_err(in_file)?;
    let (epoch, revision) =
        store.read::<_, StoreError, _>(|snapshot| Ok((snapshot.epoch()?, snapshot.newest_of_all()?)))?;
    let standing = epoch.clone().map(|epoch| Mark { epoch, revision });
    let behind = is_behind(standing.as_ref(), seen.as_ref());
    let epoch = match epoch {
        Some(epoch) if !behind => epoch,
        _ => {
            let epoch = ScimId::random().to_string();
            let new = epoch.clone();
            let begun = store.write::<_, StoreError, _>(move |tx| {
                if behind {
                    tx.hold_as_restored()?;
                }
                tx.set_epoch(&new)
            });
            begun.await?;
            epoch
        }
    };
    let mark = Mark { epoch, revision };
    map.add(&[MapLine::new(&mark, None)]).map_err(in_file)?;
    let keeper = MapKeeper {
        store: store.clone(),
        clock,
        map: Arc::new(Mutex::new(map)),
        epoch: mark.epoch,
        marked: (revision, clock.now()),
    };
    Ok((keeper, if behind { Standing::Behind } else { Standing::Current }))
}

fn all_ids(store: &Snapshot<'_>) -> Result<Vec<IdPair>, StoreError> {
    store.all_ids()
}

fn newest(store: &Snapshot<'_>) -> Result<i64, StoreError> {
    store.newest_of_all()
}

impl MapKeeper {
    /// Adds what is new and what the map lost, then what is new every `every`, until `stop`.
    pub async fn run(mut self, every: Duration, stop: CancellationToken) {
        let mended = match self.write_new(false).await {
            Ok(()) => self.repair().await,
            Err(error) => Err(error),
        };
        if let Err(error) = mended {
            tracing::warn!(%error, "the id map could not be compared with the store");
        }
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let stopping = tokio::select! {
                () = stop.cancelled() => true,
                _ = ticks.tick() => false,
            };
            if let Err(error) = self.write_new(stopping).await {
                tracing::warn!(%error, "the id map could not be written; tried again later");
            }
            if stopping {
                return;
            }
        }
    }

    /// Adds the pairs of the store that are missing in the map: it was lost, or copied back from an older one.
    async fn repair(&mut self) -> Result<(), MapError> {
        let path = path_beside(self.store.path());
        let known = tokio::task::spawn_blocking(move || {
            let known = id_map::pairs(&path).map_err(|source| MapError::File { path, source })?;
            Ok::<_, MapError>(known.into_iter().map(|(pair, _)| pair).collect::<HashSet<_>>())
        });
        let known = known.await.map_err(|_| StoreError::Closed)??;
        let stored = self.store.scan(all_ids).await?;
        let missing: Vec<IdPair> = stored.into_iter().filter(|pair| !known.contains(pair)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        tracing::info!(pairs = missing.len(), "pairs that were missing in the id map are added");
        self.add(missing.iter()).await
    }

    async fn write_new(&mut self, stopping: bool) -> Result<(), MapError> {
        loop {
            let fed = self.store.read::<_, StoreError, _>(|store| store.fed_ids(BATCH))?;
            let Some((last, _)) = fed.last() else { break };
            let last = *last;
            self.add(fed.iter().map(|(_, pair)| pair)).await?;
            self.store
                .write::<_, StoreError, _>(move |tx| tx.drop_fed_ids(last))
                .await?;
        }
        let revision = self.revision()?;
        let due = stopping || self.clock.now().since(self.marked.1) >= MARK_EVERY;
        if due && revision > self.marked.0 {
            self.add(std::iter::empty()).await?;
        }
        Ok(())
    }

    fn revision(&self) -> Result<i64, StoreError> {
        self.store.read(newest)
    }

    /// Adds lines for `pairs`, or the mark alone.
    async fn add<'p>(&mut self, pairs: impl Iterator<Item = &'p IdPair>) -> Result<(), MapError> {
        let mark = Mark {
            epoch: self.epoch.clone(),
            revision: self.revision()?,
        };
        let mut lines: Vec<MapLine> = pairs.map(|pair| MapLine::new(&mark, Some(pair))).collect();
        if lines.is_empty() {
            lines.push(MapLine::new(&mark, None));
        }
        let map = Arc::clone(&self.map);
        // Waiting for the disk holds nobody up on a thread of its own.
        let added = tokio::task::spawn_blocking(move || {
            let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
            map.add(&lines)
        });
        let added = added.await.map_err(|_| StoreError::Closed)?;
        added.map_err(|source| MapError::File {
            path: path_beside(self.store.path()),
            source,
        })?;
        self.marked = (mark.revision, self.clock.now());
        Ok(())
    }
}
