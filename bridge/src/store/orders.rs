//! Orders of an operator that the running bridge carries out (rule D2): a row that stays until it is done.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};
use serde_json::Value;

use super::StoreError;
use crate::clock::Timestamp;

/// Leaves an order in the store at `path`, beside the bridge that serves from it; gives its number.
///
/// # Errors
///
/// [`StoreError::Open`] when there is no store at `path`, [`StoreError::Unavailable`] when it cannot be written.
pub fn order_beside(path: &Path, name: &str, arguments: &Value, now: Timestamp) -> Result<i64, StoreError> {
    let failed = |error: rusqlite::Error| StoreError::Open {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.pragma_update(None, "busy_timeout", 10_000).map_err(failed)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    connection.execute(
        "INSERT INTO commands (at, name, arguments) VALUES (?1, ?2, ?3)",
        params![now.as_micros(), name, arguments.to_string()],
    )?;
    Ok(connection.last_insert_rowid())
}
