//! What can go wrong with the store, split by what the caller may do next.

use std::path::{Path, PathBuf};

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process serves from this store. Stop it, or use another path.
    #[error("the store {path} is in use by another bridge{holder}")]
    Locked {
        /// The database file.
        path: PathBuf,
        /// ` (process 123)` when the holder left its number, else empty.
        holder: String,
    },

    /// The file cannot be opened as a store. Look at the path, its rights and its version.
    #[error("the store {path} cannot be opened: {reason}")]
    Open {
        /// The database file.
        path: PathBuf,
        /// What SQLite or the file system said.
        reason: String,
    },

    /// SQLite refused a statement or a commit: the disk is full, gone or slow. Nothing of the transaction was kept; try again later.
    #[error("the store cannot accept a change now")]
    Unavailable(#[from] rusqlite::Error),

    /// So little of the disk is free that nothing is taken on any more (rule D5). Make room; reads go on.
    #[error("the disk of the store is nearly full: {free} bytes are free, store.min_free is {wanted}")]
    DiskNearlyFull {
        /// Bytes free.
        free: u64,
        /// Bytes that must be free.
        wanted: u64,
    },

    /// A copy of the store cannot be read, written or used. Look at the file that is named.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// A stored value is not what this program wrote. Restore from a backup.
    #[error("the store holds an unexpected value in {column}")]
    Corrupt {
        /// Column or document part.
        column: &'static str,
        /// The value found, for the log only.
        found: String,
    },

    /// The store is closing: the process is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    pub(super) fn file(path: &Path, reason: impl std::fmt::Display) -> Self {
        Self::File {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }

    pub(super) fn corrupt(column: &'static str, found: impl Into<String>) -> Self {
        Self::Corrupt {
            column,
            found: found.into(),
        }
    }
}
