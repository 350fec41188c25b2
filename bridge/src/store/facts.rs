//! Single facts about the store: its epoch, when a scan was complete.

use rusqlite::params;

use super::{Snapshot, StoreError, Transaction};

const HELD: &str = "held";
pub(super) const RESTORED_AT: &str = "restored_at_revision";

impl Snapshot<'_> {
    /// The fact called `key`, if it was ever set.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn fact(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.one("SELECT value FROM facts WHERE key = ?1", [key], |row| Ok(row.get(0)?))
    }

    /// Why nothing may be written upstream from this store until a person says so: `after-restore` (rule D3);
    /// `None` = nothing holds it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn held(&self) -> Result<Option<String>, StoreError> {
        Ok(self.fact(HELD)?.filter(|why| !why.is_empty()))
    }

    /// The newest revision that a restored store had: what Entra has not written again since then widens nothing (rule D3).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn restored_at_revision(&self) -> Result<Option<i64>, StoreError> {
        Ok(self.fact(RESTORED_AT)?.and_then(|revision| revision.parse().ok()))
    }
}

impl Transaction<'_> {
    /// Sets the fact called `key`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn set_fact(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO facts (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            params![key, value],
        )?;
        Ok(())
    }

    /// Holds everything upstream for this reason, or lets it go (rule D3).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn set_held(&self, why: Option<&str>) -> Result<(), StoreError> {
        self.set_fact(HELD, why.unwrap_or_default())
    }
}
