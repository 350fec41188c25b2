//! What one half of the bridge tells the other without calling it: "something changed"
//! and "this much of that resource is settled". Only hints: whoever misses one finds
//! the same in the tables.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::id::ScimId;

/// The hints.
#[derive(Debug, Default)]
pub struct Signals {
    changed: Notify,
    settled: Mutex<HashMap<ScimId, watch::Sender<i64>>>,
    forecast_micros: AtomicU64,
}

impl Signals {
    /// Wakes the reconciler: the queue has new work.
    pub fn work_was_queued(&self) {
        self.changed.notify_one();
    }

    /// Returns once work was queued since the last call.
    pub async fn work(&self) {
        self.changed.notified().await;
    }

    /// How long a change accepted now is likely to wait for its turn (rule A2).
    pub fn forecast(&self) -> Duration {
        Duration::from_micros(self.forecast_micros.load(Ordering::Relaxed))
    }

    /// Says how long a change accepted now is likely to wait.
    pub fn set_forecast(&self, forecast: Duration) {
        let micros = u64::try_from(forecast.as_micros()).unwrap_or(u64::MAX);
        self.forecast_micros.store(micros, Ordering::Relaxed);
    }

    /// Starts listening for outcomes of a resource; do so before the write.
    pub fn listen(&self, id: &ScimId) -> Listener<'_> {
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        let outcomes = settled
            .entry(id.clone())
            .or_insert_with(|| watch::channel(0).0)
            .subscribe();
        Listener {
            signals: self,
            id: id.clone(),
            outcomes,
        }
    }

    /// How many wait for an outcome now.
    pub fn listening(&self) -> usize {
        let settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        settled.values().map(watch::Sender::receiver_count).sum()
    }

    /// Tells those who listen that everything up to `revision` has its outcome.
    pub fn settled(&self, id: &ScimId, revision: i64) {
        let settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = settled.get(id) {
            sender.send_if_modified(|known| {
                let newer = revision > *known;
                *known = revision.max(*known);
                newer
            });
        }
    }
}

/// Somebody who waits for the outcomes of one resource.
#[derive(Debug)]
pub struct Listener<'s> {
    signals: &'s Signals,
    id: ScimId,
    outcomes: watch::Receiver<i64>,
}

impl Listener<'_> {
    /// Returns once everything up to `revision` has its outcome.
    pub async fn settled(&mut self, revision: i64) {
        // The sender lives as long as this listener stands in the table.
        let _ = self.outcomes.wait_for(|settled| *settled >= revision).await;
    }
}

impl Drop for Listener<'_> {
    /// The last to go clears the table: ids of resources that never were must not pile up.
    fn drop(&mut self) {
        let mut settled = self.signals.settled.lock().unwrap_or_else(PoisonError::into_inner);
        if settled.get(&self.id).is_some_and(|sender| sender.receiver_count() <= 1) {
            settled.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_listener_hears_its_resource_and_leaves_nothing_behind() {
        let signals = Signals::default();
        let (ana, ben) = (ScimId::new("ana"), ScimId::new("ben"));
        let (mut first, second) = (signals.listen(&ana), signals.listen(&ana));
        assert_eq!(signals.listening(), 2);
        signals.settled(&ben, 9);
        signals.settled(&ana, 3);
        first.settled(3).await;
        drop(second);
        signals.settled(&ana, 4);
        first.settled(4).await;
        drop(first);
        assert!(signals.settled.lock().unwrap().is_empty());
    }
}
