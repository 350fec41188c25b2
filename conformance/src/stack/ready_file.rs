//! The ready file: addresses and tokens of a running stack, for scripts that wait for it.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use serde_json::Value;

/// Removes what an earlier run left, so that nobody takes it for ours.
///
/// # Errors
///
/// When there is one and it cannot be removed.
pub fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes the file whole or not at all, readable by its owner alone: it holds tokens.
///
/// # Errors
///
/// When the file cannot be written.
pub fn write(path: &Path, content: &Value) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut whole = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(whole, "{content:#}")?;
    whole.persist(path)?;
    Ok(())
}
