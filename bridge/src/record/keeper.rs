//! The hourly pass that keeps the record within its bounds, a little at a time: no change waits for it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::retention::Bounds;
use crate::clock::{Clock, Timestamp};
use crate::store::{Snapshot, Store, StoreError};

/// Entries looked at and removed in one transaction.
const BATCH: usize = 200;

/// What a pass took out of the record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Changes, with their steps.
    pub entries: usize,
    /// Left-over steps, events that are over, orders that were carried out.
    pub rest: usize,
}

/// Keeps the record of one store within its bounds.
#[derive(Debug, Clone)]
pub struct Keeper {
    store: Store,
    clock: Clock,
    bounds: Bounds,
}

impl Keeper {
    /// A keeper of the record in `store`.
    pub const fn new(store: Store, clock: Clock, bounds: Bounds) -> Self {
        Self { store, clock, bounds }
    }

    /// Makes a pass at once and then every `every`, until `stop`.
    pub async fn run(self, every: Duration, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let passed = tokio::select! {
                () = stop.cancelled() => return,
                passed = self.pass(self.clock.now()) => passed,
            };
            match passed {
                Ok(Removed { entries: 0, rest: 0 }) => {}
                Ok(removed) => tracing::info!(
                    entries = removed.entries,
                    rest = removed.rest,
                    "old entries were removed from the log"
                ),
                Err(error) => tracing::warn!(%error, "the log could not be kept within its bounds; tried again later"),
            }
        }
    }

    /// Removes what is too old or too much at `now`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be used. What was removed before stays removed.
    pub async fn pass(&self, now: Timestamp) -> Result<Removed, StoreError> {
        let bounds = self.bounds;
        let read = |store: &Snapshot<'_>| Ok((store.newest_entry()?, store.record_size()?));
        let (newest, mut size) = self.store.read::<_, StoreError, _>(read)?;
        if !bounds.clock_agrees(newest, now) {
            tracing::debug!(newest = ?newest.map(Timestamp::to_rfc3339), "nothing is removed from the log: its newest entry and the clock disagree");
            return Ok(Removed::default());
        }
        let (mut removed, mut after, mut before) = (Removed::default(), 0, bounds.too_old(now));
        loop {
            let entries = self
                .store
                .scan::<_, StoreError, _>(move |store| store.oldest_entries(after, BATCH))
                .await?;
            let verdict = bounds.decide(&entries, size, now);
            size = verdict.left;
            removed.entries += verdict.remove.len();
            before = before.max(verdict.crowded_out.unwrap_or_default());
            if !verdict.remove.is_empty() {
                let remove = verdict.remove;
                self.store
                    .write::<_, StoreError, _>(move |tx| tx.remove_entries(&remove))
                    .await?;
            }
            match entries.last() {
                Some(last) if verdict.go_on => after = last.revision,
                _ => break,
            }
        }
        loop {
            let rest = self
                .store
                .write::<_, StoreError, _>(move |tx| tx.remove_rest(before, BATCH))
                .await?;
            removed.rest += rest;
            if rest == 0 {
                break;
            }
        }
        if size > bounds.max_size {
            tracing::warn!(
                bytes = size,
                limit = bounds.max_size,
                "the log is larger than record.max_size: what is left are revocations that are not applied yet"
            );
        }
        Ok(removed)
    }
}
