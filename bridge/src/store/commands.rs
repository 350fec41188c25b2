//! Orders of an operator for the running bridge (rule D2): a command line leaves a row,
//! the bridge carries it out and writes what came of it beside it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};
use serde_json::Value;

use super::{Snapshot, StoreError, Transaction};
use crate::clock::Timestamp;

/// A command to be left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommand {
    /// Its name, as on the command line.
    pub name: String,
    /// Its arguments.
    pub arguments: Value,
    /// When it was given.
    pub at: Timestamp,
}

/// A command as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its number.
    pub number: i64,
    /// Its name, as on the command line.
    pub name: String,
    /// Its arguments.
    pub arguments: Value,
    /// What came of it: a JSON object with `done`, `failed` or, while it is under way, `progress`.
    pub outcome: Option<Value>,
}

fn json(column: &'static str, text: String) -> Result<Value, StoreError> {
    serde_json::from_str(&text).map_err(|_| StoreError::corrupt(column, text))
}

fn read_command(row: &rusqlite::Row<'_>) -> Result<Command, StoreError> {
    let outcome: Option<String> = row.get(3)?;
    Ok(Command {
        number: row.get(0)?,
        name: row.get(1)?,
        arguments: json("arguments", row.get(2)?)?,
        outcome: outcome.map(|text| json("outcome", text)).transpose()?,
    })
}

impl Snapshot<'_> {
    /// Commands that were not carried out yet, in the order they were given.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn open_commands(&self) -> Result<Vec<Command>, StoreError> {
        self.all(
            "SELECT command, name, arguments, outcome FROM commands WHERE done_at IS NULL ORDER BY command",
            [],
            read_command,
        )
    }

    /// The command of this number.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn command(&self, number: i64) -> Result<Option<Command>, StoreError> {
        self.one(
            "SELECT command, name, arguments, outcome FROM commands WHERE command = ?1",
            [number],
            read_command,
        )
    }
}

impl Transaction<'_> {
    /// Notes what came of a command.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn end_command(&self, number: i64, outcome: &Value, now: Timestamp) -> Result<(), StoreError> {
        self.run(
            "UPDATE commands SET done_at = ?2, outcome = ?3 WHERE command = ?1",
            params![number, now.as_micros(), outcome.to_string()],
        )?;
        Ok(())
    }
}

impl Transaction<'_> {
    /// Notes how far a command is that takes its time.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn tell_of_command(&self, number: i64, progress: &Value) -> Result<(), StoreError> {
        self.run(
            "UPDATE commands SET outcome = ?2 WHERE command = ?1 AND done_at IS NULL",
            params![number, progress.to_string()],
        )?;
        Ok(())
    }
}

/// Leaves a command in the store at `path`, beside a bridge that may be serving from it. Gives its number.
///
/// # Errors
///
/// [`StoreError::Open`] when there is no store at `path` or it is of another version of this program.
pub fn leave_command(path: &Path, new: &NewCommand) -> Result<i64, StoreError> {
    let failed = |reason: String| StoreError::Open {
        path: path.to_owned(),
        reason,
    };
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(|error| failed(error.to_string()))?;
    connection.pragma_update(None, "busy_timeout", 10_000)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let version: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version != super::write::VERSION {
        return Err(failed(format!(
            "it is of schema version {version}, and this program writes {}; start the bridge of this version on it first",
            super::write::VERSION
        )));
    }
    connection.execute(
        "INSERT INTO commands (at, name, arguments) VALUES (?1, ?2, ?3)",
        params![new.at.as_micros(), new.name, new.arguments.to_string()],
    )?;
    Ok(connection.last_insert_rowid())
}
