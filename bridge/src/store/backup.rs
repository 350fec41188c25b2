//! Copies of the whole store: taken beside a running bridge, and put back in its place (rules C1, D3).

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::write::{VERSION, migrate};
use super::{Snapshot, StoreError, StoreLock, Transaction};
use crate::clock::Timestamp;

/// Why nothing is written upstream from a restored store.
pub const AFTER_RESTORE: &str = "after-restore";

/// What came of a restore.
#[derive(Debug, Clone)]
pub struct Restored {
    /// The newest revision of what was restored.
    pub revision: i64,
    /// Where the store is kept that stood there before, if one did.
    pub replaced: Option<PathBuf>,
}

/// Copies the store at `from`, which may be served from meanwhile, to `to`: whole or not at all, as it was at one
/// moment, readable by its owner alone. Gives its newest revision.
///
/// # Errors
///
/// [`StoreError::Open`] when there is no store at `from`, [`StoreError::File`] when `to` cannot be written or is
/// there and is not to be replaced.
pub fn back_up(from: &Path, to: &Path, replace: bool) -> Result<i64, StoreError> {
    if !replace && to.exists() {
        return Err(StoreError::file(
            to,
            "is there already; use another name, or --force to replace it",
        ));
    }
    let part = beside(to, ".part");
    let failed = |error: &dyn std::fmt::Display| StoreError::file(&part, error);
    remove(&part).map_err(|error| failed(&error))?;
    create_private(&part).map_err(|error| failed(&error))?;
    let copied = copy_into(from, &part);
    if copied.is_err() {
        let _ = remove(&part);
    }
    let revision = copied?;
    put_in_place(&part, to).map_err(|error| StoreError::file(to, error))?;
    Ok(revision)
}

/// Puts the copy at `from` in the place of the store at `to` and marks it held: it may be older than what Databricks
/// holds. The store that stood there is kept.
///
/// # Errors
///
/// [`StoreError::Locked`] while a bridge serves from `to`; [`StoreError::File`] when `from` is no whole copy of a
/// store of this version or an older one, or a file cannot be written. What stood there is left as it was then.
pub fn restore(from: &Path, to: &Path, now: Timestamp) -> Result<Restored, StoreError> {
    let _lock = StoreLock::acquire(to)?;
    check(from)?;
    let part = beside(to, ".restoring");
    let failed = |error: io::Error| StoreError::file(&part, error);
    for ending in ["", "-wal", "-shm", "-journal"] {
        remove(&beside(&part, ending)).map_err(failed)?;
    }
    create_private(&part).map_err(failed)?;
    fs::copy(from, &part).map_err(failed)?;
    let revision = hold(&part).map_err(|error| StoreError::file(&part, error))?;
    let replaced = set_aside(to, now).map_err(|error| StoreError::file(to, error))?;
    put_in_place(&part, to).map_err(|error| StoreError::file(to, error))?;
    Ok(Restored { revision, replaced })
}

/// Marks the store as one that may be older than what Databricks holds (rule D3).
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub(super) fn mark_restored(tx: &Transaction<'_>) -> Result<i64, StoreError> {
    let revision = tx.newest_of_all()?;
    tx.set_held(Some(AFTER_RESTORE))?;
    tx.set_fact("restored_at_revision", &revision.to_string())?;
    Ok(revision)
}

fn copy_into(from: &Path, part: &Path) -> Result<i64, StoreError> {
    let source =
        Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|error| StoreError::Open {
            path: from.to_owned(),
            reason: error.to_string(),
        })?;
    source.pragma_update(None, "busy_timeout", 10_000)?;
    let name = part
        .to_str()
        .ok_or_else(|| StoreError::file(part, "is no name in UTF-8"))?;
    source
        .execute("VACUUM INTO ?1", [name])
        .map_err(|error| StoreError::file(part, error))?;
    let copy = Connection::open_with_flags(part, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    Snapshot::new(&copy).newest_of_all()
}

/// Checks that `path` is a whole store that this program can read.
fn check(path: &Path) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| StoreError::file(path, error);
    let copy = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
    let verdict: String = copy
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| StoreError::file(path, format!("is damaged: {error}")))?;
    if verdict != "ok" {
        return Err(StoreError::file(path, format!("is damaged: {verdict}")));
    }
    let version: usize = copy
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(failed)?;
    let stores: i64 = copy
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('facts', 'resources', 'revisions')",
            [],
            |row| row.get(0),
        )
        .map_err(failed)?;
    if version == 0 || stores != 3 {
        return Err(StoreError::file(path, "is no copy of a store of this bridge"));
    }
    if version > VERSION {
        return Err(StoreError::file(
            path,
            format!("has version {version} of the schema, this bridge knows {VERSION}; use a newer bridge"),
        ));
    }
    Ok(())
}

/// Brings the copy up to date and marks it; leaves one file.
fn hold(part: &Path) -> Result<i64, StoreError> {
    let mut copy = Connection::open(part)?;
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    copy.pragma_update(None, "synchronous", "FULL")?;
    copy.pragma_update(None, "foreign_keys", true)?;
    migrate(&mut copy).map_err(|error| StoreError::file(part, error))?;
    copy.execute_batch("BEGIN IMMEDIATE")?;
    let revision = mark_restored(&Transaction::new(&copy))?;
    copy.execute_batch("COMMIT")?;
    Ok(revision)
}

/// Moves the store at `path` out of the way, with what SQLite keeps beside it.
fn set_aside(path: &Path, now: Timestamp) -> io::Result<Option<PathBuf>> {
    let time: String = now
        .to_rfc3339()
        .chars()
        .filter(|letter| !matches!(letter, '-' | ':'))
        .collect();
    let kept = beside(path, &format!(".before-restore-{time}"));
    let mut moved = None;
    for ending in ["-wal", "-shm", ""] {
        match fs::rename(beside(path, ending), beside(&kept, ending)) {
            Ok(()) => moved = Some(kept.clone()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(moved)
}

fn put_in_place(part: &Path, to: &Path) -> io::Result<()> {
    OpenOptions::new().read(true).write(true).open(part)?.sync_all()?;
    fs::rename(part, to)?;
    sync_folder(to)
}

/// Makes a rename in the folder of `path` last.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// Makes a rename in the folder of `path` last: the file system sees to it.
#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// An empty file that its owner alone can read: it is to hold names.
fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
