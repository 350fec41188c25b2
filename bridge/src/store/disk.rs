//! The disk that the store lies on: how much of it the store takes, and what is left (rule D5).

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Store, StoreError};
use crate::clock::{Clock, Timestamp};

/// How long a look at the disk is good for.
const FRESH: Duration = Duration::from_secs(1);

/// Looks at the disk now and then.
#[derive(Debug)]
pub(super) struct Disk {
    folder: PathBuf,
    clock: Clock,
    min_free: AtomicU64,
    seen: Mutex<Option<(Timestamp, u64)>>,
}

impl Disk {
    pub(super) fn of(path: &Path) -> Self {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Self {
            folder: folder.unwrap_or_else(|| Path::new(".")).to_owned(),
            clock: Clock::system(),
            min_free: AtomicU64::new(0),
            seen: Mutex::new(None),
        }
    }

    /// Bytes free for this process; `None` when the file system does not say.
    fn free(&self) -> Option<u64> {
        let now = self.clock.now();
        let mut seen = self.seen.lock().ok()?;
        if let Some((at, free)) = *seen
            && now.since(at) < FRESH
        {
            return Some(free);
        }
        let free = fs4::available_space(&self.folder).ok()?;
        *seen = Some((now, free));
        Some(free)
    }
}

impl Store {
    /// Sets how many bytes must be free on the disk for a change to be taken on.
    pub fn keep_free(&self, bytes: u64) {
        self.inner.disk.min_free.store(bytes, Ordering::Relaxed);
    }

    /// Bytes free on the disk, at most a second old; `None` when the file system does not say.
    pub fn free_bytes(&self) -> Option<u64> {
        self.inner.disk.free()
    }

    /// Bytes that the store's files take.
    pub fn bytes_on_disk(&self) -> u64 {
        let path = self.path();
        let size = |suffix: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            std::fs::metadata(name).map_or(0, |file| file.len())
        };
        size("") + size("-wal")
    }

    /// Whether a change may be taken on: enough of the disk is free. A disk that does not say counts as free; a
    /// commit that does not fit is refused all the same.
    ///
    /// # Errors
    ///
    /// [`StoreError::DiskNearlyFull`] with what is free and what is wanted.
    pub fn check_room(&self) -> Result<(), StoreError> {
        let wanted = self.inner.disk.min_free.load(Ordering::Relaxed);
        match self.free_bytes() {
            Some(free) if free < wanted => Err(StoreError::DiskNearlyFull { free, wanted }),
            _ => Ok(()),
        }
    }
}
