//! The writer: one thread, one connection, many changes a commit.
//!
//! Each job runs inside a savepoint, so that one that fails takes nothing with it;
//! all jobs that were waiting share one commit, and so one fsync. Its surprise: a
//! job's answer is sent only after that commit, never before.

use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};
use tokio::sync::oneshot;

use super::{Snapshot, StoreError};
use crate::clock::Clock;

/// Changes that share one commit at most; keeps a burst from delaying its first answers.
const LARGEST_COMMIT: usize = 256;

/// How long a commit waits for more at the most.
const LONGEST_GATHERING: Duration = Duration::from_millis(2);

/// How many of them a store has gone through.
pub(super) const VERSION: usize = MIGRATIONS.len();

const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("../../migrations/0001_store.sql")),
    M::up(include_str!("../../migrations/0002_counts.sql")),
    M::up(include_str!("../../migrations/0003_strip.sql")),
    M::up(include_str!("../../migrations/0004_operations.sql")),
    M::up(include_str!("../../migrations/0005_record.sql")),
];

/// A write transaction: everything a [`Snapshot`] can read, and the changes.
pub struct Transaction<'a> {
    snapshot: Snapshot<'a>,
}

impl<'a> Deref for Transaction<'a> {
    type Target = Snapshot<'a>;

    fn deref(&self) -> &Snapshot<'a> {
        &self.snapshot
    }
}

impl<'a> Transaction<'a> {
    /// On a connection that has begun one.
    pub(super) const fn new(connection: &'a Connection) -> Self {
        Self {
            snapshot: Snapshot::new(connection),
        }
    }
}

type Reply = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// Runs a change; tells whether to keep it and what to do once its fate is known.
type Job = Box<dyn FnOnce(&Transaction<'_>) -> (bool, Reply) + Send>;

pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = prepare(path)?;
        let (jobs, queue) = channel();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_all(connection, &queue))
            .map_err(|error| StoreError::Open {
                path: path.to_owned(),
                reason: error.to_string(),
            })?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(super) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    {
        let (answer, outcome) = oneshot::channel::<Result<T, E>>();
        let job: Job = Box::new(move |transaction| {
            let result = work(transaction);
            let keep = result.is_ok();
            let reply: Reply = Box::new(move |committed| {
                let told = match (result, committed) {
                    (Ok(_), Err(error)) => Err(E::from(error)),
                    (result, _) => result,
                };
                // A caller that went away changes nothing (rule A3).
                let _ = answer.send(told);
            });
            (keep, reply)
        });
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(job).map_err(|_| StoreError::Closed)?;
        outcome.await.map_err(|_| E::from(StoreError::Closed))?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Closing the channel ends the thread after the jobs already queued.
        self.jobs = None;
        let thread = self.thread.lock().map(|mut thread| thread.take());
        if let Ok(Some(thread)) = thread {
            let _ = thread.join();
        }
    }
}

fn prepare(path: &Path) -> Result<Connection, StoreError> {
    let failed = |reason: String| StoreError::Open {
        path: path.to_owned(),
        reason,
    };
    let mut connection = Connection::open(path).map_err(|error| failed(error.to_string()))?;
    configure(&connection).map_err(|error| failed(error.to_string()))?;
    migrate(&mut connection).map_err(|error| failed(error.to_string()))?;
    Ok(connection)
}

/// Brings the schema up to date.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite_migration::Result<()> {
    Migrations::from_slice(MIGRATIONS).to_latest(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(128);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // An acknowledged write is on disk: every commit waits for fsync.
    // (Tests that crash nothing but themselves need not.)
    connection.pragma_update(None, "synchronous", if cfg!(test) { "OFF" } else { "FULL" })?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "busy_timeout", 10_000)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(())
}

fn write_all(connection: Connection, queue: &Receiver<Job>) {
    let clock = Clock::system();
    let (mut before, mut took) = (0, Duration::ZERO);
    while let Some(batch) = gather(queue, before, took) {
        let began = clock.now();
        before = batch.len();
        commit(&connection, batch);
        took = clock.now().since(began);
    }
    // Leaves one tidy file behind; failing to is harmless.
    let _ = connection.pragma_update(None, "wal_checkpoint", "TRUNCATE");
    drop(connection);
}

/// The jobs of the next commit; none when the store closes.
///
/// Clients that write steadily come in two halves otherwise: those who were answered by the last
/// commit send again just after this one has begun, and every fsync serves half of them. So where
/// jobs queued up behind the last commit, which served `before` and `took` so long, this one waits a
/// small part of that for as many more. A lone writer is never waited for.
fn gather<J>(queue: &Receiver<J>, before: usize, took: Duration) -> Option<Vec<J>> {
    let mut batch: Vec<J> = queue.try_iter().take(LARGEST_COMMIT).collect();
    if batch.is_empty() {
        return Some(vec![queue.recv().ok()?]);
    }
    let wanted = (batch.len() + before).min(LARGEST_COMMIT);
    let clock = Clock::system();
    let until = clock.now().plus((took / 4).min(LONGEST_GATHERING));
    while batch.len() < wanted {
        match queue.recv_timeout(until.after(clock.now())) {
            Ok(job) => batch.push(job),
            Err(_) => break,
        }
    }
    Some(batch)
}

/// Runs `batch` in one transaction and answers every job.
fn commit(connection: &Connection, batch: Vec<Job>) {
    let mut replies: Vec<Reply> = Vec::with_capacity(batch.len());
    let mut failure = connection.execute_batch("BEGIN IMMEDIATE").err();
    for job in batch {
        if failure.is_some() {
            // Not run at all: dropping the job tells its caller that the store is closed
            // or broken, and none of it was kept.
            drop(job);
            continue;
        }
        match run_in_savepoint(connection, job) {
            Ok(reply) => replies.extend(reply),
            Err(error) => failure = Some(error),
        }
    }
    if failure.is_none() {
        failure = connection.execute_batch("COMMIT").err();
    }
    let Some(error) = failure else {
        for reply in replies {
            reply(Ok(()));
        }
        return;
    };
    if !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    tracing::error!(%error, "the store could not commit");
    for reply in replies {
        reply(Err(StoreError::Unavailable(clone_error(&error))));
    }
}

/// A job that fails or panics is rolled back alone. An error here means that SQLite gave up the whole transaction.
fn run_in_savepoint(connection: &Connection, job: Job) -> rusqlite::Result<Option<Reply>> {
    connection.execute_batch("SAVEPOINT job")?;
    let transaction = Transaction::new(connection);
    let ran = catch_unwind(AssertUnwindSafe(|| job(&transaction)));
    let (keep, reply) = match ran {
        Ok((keep, reply)) => (keep, Some(reply)),
        Err(_) => (false, None),
    };
    if !keep {
        // Some errors (a full disk) end the whole transaction, savepoint and all.
        if connection.is_autocommit() {
            if let Some(reply) = reply {
                reply(Ok(()));
            }
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL),
                Some("the transaction was given up".to_owned()),
            ));
        }
        connection.execute_batch("ROLLBACK TO job")?;
    }
    connection.execute_batch("RELEASE job")?;
    Ok(reply)
}

/// `rusqlite::Error` is not `Clone`; every waiting caller gets the code and the text.
fn clone_error(error: &rusqlite::Error) -> rusqlite::Error {
    let code = error
        .sqlite_error()
        .map_or(rusqlite::ffi::SQLITE_ERROR, |inner| inner.extended_code);
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_takes_what_has_queued_up_and_as_many_as_it_may() {
        let (jobs, queue) = channel();
        for job in 0..300 {
            jobs.send(job).unwrap();
        }
        let first = gather(&queue, 0, Duration::ZERO).unwrap();
        assert_eq!((first.len(), first.first()), (LARGEST_COMMIT, Some(&0)));
        assert_eq!(gather(&queue, 0, Duration::ZERO).unwrap().len(), 300 - LARGEST_COMMIT);
        jobs.send(7).unwrap();
        drop(jobs);
        // It waits for others, but not for those who cannot come any more.
        assert_eq!(gather(&queue, 99, Duration::from_hours(1)), Some(vec![7]));
        assert_eq!(gather(&queue, 99, Duration::from_hours(1)), None);
    }

    /// What SQLite says of a full disk, here of a file that may not grow.
    #[tokio::test]
    async fn a_full_disk_takes_nothing_says_so_and_goes_on_when_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let writer = Writer::open(&folder.path().join("bridge.db")).unwrap();
        let pages = |pages: i64| {
            move |tx: &Transaction<'_>| {
                let connection = tx.connection();
                connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
                Ok::<_, StoreError>(())
            }
        };
        let large = "x".repeat(1 << 20);
        let fill = |text: &str| {
            let text = text.to_owned();
            move |tx: &Transaction<'_>| tx.set_fact("filler", &text)
        };
        writer.run(pages(1)).await.unwrap();
        let refused: Result<(), StoreError> = writer.run(fill(&large)).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        writer.run(pages(1 << 30)).await.unwrap();
        let kept = writer.run(|tx| tx.fact("filler")).await;
        assert_eq!(kept.unwrap(), None);
        writer.run(fill(&large)).await.unwrap();
    }
}
