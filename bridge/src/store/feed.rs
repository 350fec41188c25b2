//! What the id map beside the store is written from: the pairs that are not in it yet, and whether it is this
//! store that it belongs to.

use super::backup::mark_restored;
use super::{Snapshot, StoreError, Transaction};

/// A resource and the upstream object it has or had. No name: this outlives the person (rule D5).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdPair {
    /// The resource's id.
    pub id: String,
    /// `User` or `Group`.
    pub kind: String,
    /// The object's id at the target.
    pub upstream_id: String,
}

const EPOCH: &str = "epoch";

impl Snapshot<'_> {
    /// Up to `limit` pairs that are to be written to the id map, oldest first, with their numbers.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn fed_ids(&self, limit: usize) -> Result<Vec<(i64, IdPair)>, StoreError> {
        self.all(
            "SELECT seq, resource_id, kind, upstream_id FROM id_feed ORDER BY seq LIMIT ?1",
            [i64::try_from(limit).unwrap_or(i64::MAX)],
            |row| {
                let pair = IdPair {
                    id: row.get(1)?,
                    kind: row.get(2)?,
                    upstream_id: row.get(3)?,
                };
                Ok((row.get(0)?, pair))
            },
        )
    }

    /// Every pair that the store holds.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn all_ids(&self) -> Result<Vec<IdPair>, StoreError> {
        self.all(
            "SELECT resource_id, kind, upstream_id FROM bindings WHERE upstream_id IS NOT NULL ORDER BY binding",
            [],
            |row| {
                Ok(IdPair {
                    id: row.get(0)?,
                    kind: row.get(1)?,
                    upstream_id: row.get(2)?,
                })
            },
        )
    }

    /// Which life of a store this is: another one begins with each restore.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn epoch(&self) -> Result<Option<String>, StoreError> {
        self.fact(EPOCH)
    }
}

impl Transaction<'_> {
    /// Forgets the pairs up to `seq`: they are in the id map, on disk.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn drop_fed_ids(&self, seq: i64) -> Result<(), StoreError> {
        self.run("DELETE FROM id_feed WHERE seq <= ?1", [seq])?;
        Ok(())
    }

    /// Begins another life of the store.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn set_epoch(&self, epoch: &str) -> Result<(), StoreError> {
        self.set_fact(EPOCH, epoch)
    }

    /// Marks the store as one that may be older than what Databricks holds: nothing is written upstream until a
    /// person says so (rule D3). Gives its newest revision.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn hold_as_restored(&self) -> Result<i64, StoreError> {
        mark_restored(self)
    }
}
