//! One serving process a store (rule D2): an exclusive lock on a file beside the
//! database. The operating system drops it with the process, however it ends.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use fs4::fs_std::FileExt;

use super::StoreError;

/// The held lock; dropping it lets the next process in.
#[derive(Debug)]
pub struct StoreLock {
    _file: File,
}

impl StoreLock {
    /// Takes the lock of the store at `path`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Locked`] when another process holds it, [`StoreError::Open`] when
    /// the lock file cannot be made.
    pub fn acquire(path: &Path) -> Result<Self, StoreError> {
        let beside = lock_path(path);
        let open_failed = |error: std::io::Error| StoreError::Open {
            path: path.to_owned(),
            reason: format!("its lock file {}: {error}", beside.display()),
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&beside)
            .map_err(open_failed)?;
        if !FileExt::try_lock_exclusive(&file).map_err(open_failed)? {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            let holder = holder.trim();
            return Err(StoreError::Locked {
                path: path.to_owned(),
                holder: if holder.is_empty() {
                    String::new()
                } else {
                    format!(" (process {holder})")
                },
            });
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(open_failed)?;
        writeln!(file, "{}", std::process::id()).map_err(open_failed)?;
        Ok(Self { _file: file })
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_told_who_the_first_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bridge.db");
        let first = StoreLock::acquire(&path).unwrap();
        let refused = StoreLock::acquire(&path).unwrap_err().to_string();
        assert!(refused.contains("in use by another bridge"), "{refused}");
        assert!(refused.contains(&std::process::id().to_string()), "{refused}");
        drop(first);
        StoreLock::acquire(&path).unwrap();
    }
}
