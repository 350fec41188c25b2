//! The one durable store: desired state, what each target was confirmed and seen to
//! hold, the work still to do, and the record of what was done.
//!
//! `server` and `reconcile` never call each other; they meet here. Only this module
//! knows SQL. Writes go through one thread that commits many at once (group commit),
//! and an answer is given only after the commit is on disk.

mod backup;
mod belonging;
mod bindings;
mod claims;
mod commands;
mod decisions;
mod desired;
mod disk;
mod drift;
mod edges;
mod error;
mod facts;
mod feed;
mod fields;
mod forget;
mod gauges;
mod guard;
mod held;
mod inventory;
mod lock;
mod log;
mod queue;
mod read;
mod record;
mod retention;
mod revisions;
mod scratch;
mod signals;
mod tombstones;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use backup::{AFTER_RESTORE, Restored, back_up, restore};
pub use belonging::{Belonging, Foreign};
pub use bindings::{Binding, BindingId, Existence, NewBinding, Ownership, Role};
pub use commands::{Command, NewCommand, leave_command};
pub use decisions::Decision;
pub use desired::{AddedMember, Lookup, Member, NewResource, Pk, Resolved, Stored};
pub use drift::{Difference, Drift, DriftEntry, DriftKind};
pub use edges::{EdgeRow, Edges, MemberEdge};
pub use error::StoreError;
pub use feed::IdPair;
pub use fields::{Field, Fields, Tracked};
pub use forget::{Forgotten, NotForgotten};
pub use gauges::{Gauges, PerKind, Trouble, Waiting};
pub use guard::{GuardClass, GuardHold};
pub use inventory::InventoryEntry;
pub use lock::StoreLock;
pub use log::{LogEntry, LogQuery, StepEntry};
pub use queue::{Enqueue, QueueClass, QueueRow};
pub use read::Snapshot;
pub use record::{Event, NewStep};
pub use retention::Kept;
pub use revisions::{Answer, Intent, IntentId, NewIntent, NewRevision, Revision};
pub use scratch::Scratch;
pub use signals::{Listener, Signals};
pub use tombstones::Tombstone;
pub use write::Transaction;

use disk::Disk;
use read::Readers;
use write::Writer;

/// Which of the two SCIM resource types something is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A SCIM User.
    User,
    /// A SCIM Group.
    Group,
}

impl Kind {
    /// `User` or `Group`, as `meta.resourceType` has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    fn from_column(text: &str) -> Result<Self, StoreError> {
        match text {
            "User" => Ok(Self::User),
            "Group" => Ok(Self::Group),
            other => Err(StoreError::corrupt("kind", other)),
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A handle on the open store; cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    back: Back,
    signals: Signals,
    disk: Disk,
    _lock: Option<StoreLock>,
}

/// Where a store keeps what is written to it.
enum Back {
    File {
        writer: Writer,
        readers: Readers,
    },
    #[cfg(test)]
    Scratch(std::sync::Mutex<Scratch>),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.inner.path)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store at `path` for the serving process: takes the lock (rule D2),
    /// creates the file or brings its schema up to date.
    ///
    /// # Errors
    ///
    /// [`StoreError::Locked`] when another bridge serves from it, [`StoreError::Open`]
    /// when the file cannot be opened, is not a store of ours or is of a newer version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let lock = StoreLock::acquire(path)?;
        let writer = Writer::open(path)?;
        let readers = Readers::new(path);
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                back: Back::File { writer, readers },
                signals: Signals::default(),
                disk: Disk::of(path),
                _lock: Some(lock),
            }),
        })
    }

    /// A store in memory, without a thread of its own.
    #[cfg(test)]
    pub(crate) fn scratch() -> Self {
        let scratch = Scratch::in_memory().unwrap();
        Self {
            inner: Arc::new(Inner {
                path: PathBuf::new(),
                back: Back::Scratch(std::sync::Mutex::new(scratch)),
                signals: Signals::default(),
                disk: Disk::of(Path::new("")),
                _lock: None,
            }),
        }
    }

    /// Does something with the store in memory.
    #[cfg(test)]
    pub(crate) fn on_scratch<T>(&self, work: impl FnOnce(&Scratch) -> T) -> Option<T> {
        match &self.inner.back {
            Back::File { .. } => None,
            Back::Scratch(scratch) => scratch.lock().ok().map(|scratch| work(&scratch)),
        }
    }

    /// The hints that the two halves give each other.
    pub fn signals(&self) -> &Signals {
        &self.inner.signals
    }

    /// Where the database file is.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Runs `job` in a write transaction and returns once the transaction is on disk.
    ///
    /// `job` sees all earlier writes. If it returns an error nothing of it is kept.
    /// Jobs run one after another on the writer's thread: they must not wait for
    /// anything but the database.
    ///
    /// # Errors
    ///
    /// The job's own error; or a [`StoreError`] when the transaction could not be made
    /// durable.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    {
        match &self.inner.back {
            Back::File { writer, .. } => writer.run(job).await,
            #[cfg(test)]
            Back::Scratch(scratch) => scratch.lock().map_err(|_| StoreError::Closed)?.run(job),
        }
    }

    /// Runs `job` on a consistent snapshot of what is committed, on the calling thread.
    ///
    /// Meant for indexed look-ups, which take microseconds; use [`Store::scan`] for
    /// anything that walks many rows.
    ///
    /// # Errors
    ///
    /// The job's own error, or a [`StoreError`] when no connection can be had.
    pub fn read<T, E, F>(&self, job: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: FnOnce(&Snapshot<'_>) -> Result<T, E>,
    {
        match &self.inner.back {
            Back::File { readers, .. } => readers.run(job),
            #[cfg(test)]
            Back::Scratch(scratch) => scratch.lock().map_err(|_| StoreError::Closed)?.run(|tx| job(tx)),
        }
    }

    /// As [`Store::read`], on a thread where waiting hurts nobody.
    ///
    /// # Errors
    ///
    /// As [`Store::read`].
    pub async fn scan<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Snapshot<'_>) -> Result<T, E> + Send + 'static,
    {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.read(job))
            .await
            .map_err(|_| E::from(StoreError::Closed))?
    }
}

/// Opens the store at `path` read-only, beside a bridge that may be serving from it,
/// and runs `job` on it.
///
/// # Errors
///
/// [`StoreError::Open`] when there is no store at `path`; the job's own error.
pub fn read_beside<T, E, F>(path: &Path, job: F) -> Result<T, E>
where
    E: From<StoreError>,
    F: FnOnce(&Snapshot<'_>) -> Result<T, E>,
{
    read::run_beside(path, job)
}
