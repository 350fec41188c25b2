//! Reading: a small pool of read-only connections, one snapshot a job.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rusqlite::{Connection, OpenFlags, Row, Statement};

use super::StoreError;

/// Connections kept open between jobs.
const KEPT: usize = 4;

/// What is committed at one moment. Its methods stand beside the tables they read.
pub struct Snapshot<'a> {
    connection: &'a Connection,
}

impl<'a> Snapshot<'a> {
    pub(super) const fn new(connection: &'a Connection) -> Self {
        Self { connection }
    }

    pub(super) const fn connection(&self) -> &'a Connection {
        self.connection
    }

    pub(super) fn prepare(&self, sql: &str) -> Result<rusqlite::CachedStatement<'a>, StoreError> {
        Ok(self.connection.prepare_cached(sql)?)
    }

    /// The one row that `sql` gives, or none.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(parameters)?;
        rows.next()?.map(read).transpose()
    }

    /// All rows that `sql` gives.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.prepare(sql)?;
        collect(&mut statement, parameters, read)
    }

    /// Runs a statement that changes rows; tells how many.
    pub(super) fn run(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<usize, StoreError> {
        Ok(self.prepare(sql)?.execute(parameters)?)
    }
}

fn collect<T>(
    statement: &mut Statement<'_>,
    parameters: impl rusqlite::Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut rows = statement.query(parameters)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            idle: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn run<T, E, F>(&self, job: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: FnOnce(&Snapshot<'_>) -> Result<T, E>,
    {
        let connection = self.take().map_err(E::from)?;
        let result = in_snapshot(&connection, job);
        if connection.is_autocommit()
            && let Ok(mut idle) = self.idle.lock()
            && idle.len() < KEPT
        {
            idle.push(connection);
        }
        result
    }

    fn take(&self) -> Result<Connection, StoreError> {
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        match idle {
            Some(connection) => Ok(connection),
            None => open_read_only(&self.path),
        }
    }
}

pub(super) fn run_beside<T, E, F>(path: &Path, job: F) -> Result<T, E>
where
    E: From<StoreError>,
    F: FnOnce(&Snapshot<'_>) -> Result<T, E>,
{
    let connection = open_read_only(path).map_err(E::from)?;
    in_snapshot(&connection, job)
}

fn in_snapshot<T, E, F>(connection: &Connection, job: F) -> Result<T, E>
where
    E: From<StoreError>,
    F: FnOnce(&Snapshot<'_>) -> Result<T, E>,
{
    let begin = |sql| {
        connection
            .execute_batch(sql)
            .map_err(|error| E::from(StoreError::from(error)))
    };
    begin("BEGIN DEFERRED")?;
    let result = job(&Snapshot::new(connection));
    begin("COMMIT")?;
    result
}

fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
    let failed = |error: rusqlite::Error| StoreError::Open {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.pragma_update(None, "busy_timeout", 10_000).map_err(failed)?;
    connection.pragma_update(None, "query_only", true).map_err(failed)?;
    Ok(connection)
}
