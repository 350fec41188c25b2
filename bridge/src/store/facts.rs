//! Single facts about the store: its epoch, when a scan was complete.

use rusqlite::params;

use super::{Snapshot, StoreError, Transaction};

impl Snapshot<'_> {
    /// The fact called `key`, if it was ever set.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn fact(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.one("SELECT value FROM facts WHERE key = ?1", [key], |row| Ok(row.get(0)?))
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

    /// Forgets a fact.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn drop_fact(&self, key: &str) -> Result<(), StoreError> {
        self.run("DELETE FROM facts WHERE key = ?1", [key])?;
        Ok(())
    }
}
