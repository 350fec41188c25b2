//! A store that nobody keeps: a private copy of the one that is served from, to see on it what
//! would be done. It is one transaction that is never committed.

use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;

use super::write::migrate;
use super::{StoreError, Transaction, back_up};

/// A store to try things out on. What is written to it is gone with it.
pub struct Scratch {
    connection: Connection,
    _folder: Option<TempDir>,
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

impl Scratch {
    /// A copy of the store at `path`, which may be served from meanwhile, in a folder that only its owner can read.
    ///
    /// # Errors
    ///
    /// [`StoreError::Open`] when there is no store at `path`, [`StoreError::File`] when the copy cannot be made.
    pub fn copy_of(path: &Path) -> Result<Self, StoreError> {
        let folder = tempfile::tempdir().map_err(|error| StoreError::file(&std::env::temp_dir(), error))?;
        let copy = folder.path().join("copy.db");
        back_up(path, &copy, false)?;
        Self::begin(Connection::open(&copy)?, Some(folder))
    }

    fn begin(mut connection: Connection, folder: Option<TempDir>) -> Result<Self, StoreError> {
        connection.set_prepared_statement_cache_capacity(128);
        // Nothing of it has to outlive the process.
        connection.pragma_update(None, "journal_mode", "MEMORY")?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        migrate(&mut connection).map_err(|error| StoreError::Open {
            path: Path::new("a copy of the store").to_owned(),
            reason: error.to_string(),
        })?;
        connection.execute_batch("BEGIN")?;
        Ok(Self {
            connection,
            _folder: folder,
        })
    }

    /// Runs `job`; if it returns an error nothing of it is kept.
    ///
    /// # Errors
    ///
    /// The job's own error; or a [`StoreError`].
    pub fn run<T, E: From<StoreError>>(&self, job: impl FnOnce(&Transaction<'_>) -> Result<T, E>) -> Result<T, E> {
        let batch = |sql: &str| self.connection.execute_batch(sql).map_err(StoreError::from);
        batch("SAVEPOINT job")?;
        let result = job(&Transaction::new(&self.connection));
        batch(if result.is_ok() {
            "RELEASE job"
        } else {
            "ROLLBACK TO job; RELEASE job"
        })?;
        result
    }
}

#[cfg(test)]
mod exploring {
    //! For searches that try one thing after the other from the same state.

    use std::collections::hash_map::DefaultHasher;
    use std::hash::{Hash, Hasher};

    use rusqlite::types::ValueRef;

    use super::*;
    use crate::clock::Timestamp;

    /// What planning reads.
    const TABLES: [&str; 9] = [
        "resources",
        "members",
        "tombstones",
        "names",
        "bindings",
        "fields",
        "edges",
        "queue",
        "inventory",
    ];
    /// What differs between histories and is asked by nobody, in a search of minutes.
    const LEFT_OUT: [&str; 11] = [
        "revision",
        "version",
        "settled",
        "settled_at",
        "ticket",
        "reason",
        "held_at",
        "created_at",
        "changed_at",
        "deleted_at",
        "queued_at",
    ];
    /// Moments that only matter while they are to come.
    const TO_COME: [&str; 4] = ["due_at", "parked_until", "look_at", "verify_at"];

    impl Scratch {
        pub(crate) fn in_memory() -> Result<Self, StoreError> {
            Self::begin(Connection::open_in_memory()?, None)
        }

        /// Remembers how it is.
        pub(crate) fn mark(&self) {
            self.connection.execute_batch("SAVEPOINT mark").unwrap();
        }

        /// Makes it as it was at the last mark, and forgets that.
        pub(crate) fn back(&self) {
            self.connection.execute_batch("ROLLBACK TO mark; RELEASE mark").unwrap();
        }

        /// Two states of the same print are the same to planning, as far as seconds tell.
        pub(crate) fn print(&self, now: Timestamp) -> u64 {
            let mut hasher = DefaultHasher::new();
            for table in TABLES {
                let mut statement = self
                    .connection
                    .prepare_cached(&format!("SELECT * FROM {table} ORDER BY 1, 2"))
                    .unwrap();
                let names: Vec<String> = statement.column_names().iter().map(|&name| name.to_owned()).collect();
                let mut rows = statement.query([]).unwrap();
                while let Some(row) = rows.next().unwrap() {
                    for (index, name) in names.iter().enumerate() {
                        if LEFT_OUT.contains(&name.as_str()) {
                            continue;
                        }
                        match row.get_ref_unwrap(index) {
                            ValueRef::Null => 0.hash(&mut hasher),
                            ValueRef::Integer(at) if name.ends_with("_at") || name.ends_with("_until") => {
                                let seconds = (at - now.as_micros() + 500_000).div_euclid(1_000_000);
                                let earliest = if TO_COME.contains(&name.as_str()) { 0 } else { -200 };
                                seconds.max(earliest).hash(&mut hasher);
                            }
                            ValueRef::Integer(number) => number.hash(&mut hasher),
                            ValueRef::Text(text) | ValueRef::Blob(text) => text.hash(&mut hasher),
                            ValueRef::Real(number) => number.to_bits().hash(&mut hasher),
                        }
                    }
                }
            }
            hasher.finish()
        }
    }
}
