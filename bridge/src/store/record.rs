//! The provisioning log: each change with the calls that were made for it, and what
//! happened to a whole target.

use rusqlite::params;

use super::fields::{micros, moment};
use super::{Snapshot, StoreError, Transaction};
use crate::clock::Timestamp;
use crate::id::ScimId;

/// A call that was made for a resource.
#[derive(Debug, Clone)]
pub struct NewStep {
    /// When it was sent.
    pub at: Timestamp,
    /// Where to.
    pub target: String,
    /// For which resource.
    pub resource_id: ScimId,
    /// Newest revision it took into account.
    pub revision: i64,
    /// Method, path and what it does; no values.
    pub call: String,
    /// HTTP status; `None` when no answer came.
    pub status: Option<u16>,
    /// What came of it.
    pub outcome: String,
    /// How long it took, milliseconds.
    pub millis: u64,
}

/// A step as it is read back.
#[derive(Debug, Clone, serde::Serialize)]
pub struct StepEntry {
    /// When, RFC 3339.
    pub at: String,
    /// Method, path and what it does.
    pub call: String,
    /// HTTP status; `null` when no answer came.
    pub status: Option<u16>,
    /// What came of it.
    pub outcome: String,
    /// How long it took, milliseconds.
    pub millis: u64,
}

/// One change of the provisioning log.
#[derive(Debug, Clone, serde::Serialize)]
pub struct LogEntry {
    /// The change's number.
    pub revision: i64,
    /// When it was accepted, RFC 3339.
    pub at: String,
    /// The request's id.
    pub request_id: String,
    /// The resource's id.
    pub resource_id: String,
    /// `User` or `Group`.
    pub kind: String,
    /// The resource's name at that time.
    pub name: String,
    /// What was done.
    pub action: String,
    /// What the client was told.
    pub answer: String,
    /// What came of it; `pending` while it is open.
    pub outcome: String,
    /// When that was, RFC 3339.
    pub settled_at: Option<String>,
    /// The calls made for it.
    pub steps: Vec<StepEntry>,
}

/// Which entries to read.
#[derive(Debug, Clone, Default)]
pub struct LogQuery {
    /// Only resources whose name contains this, without letter case.
    pub name: Option<String>,
    /// Only this outcome.
    pub outcome: Option<String>,
    /// Only entries after this revision.
    pub after: i64,
    /// The newest so many.
    pub limit: usize,
}

/// Something that concerned a whole target.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Event {
    /// What happened.
    pub what: String,
    /// Why, in one word.
    pub cause: String,
    /// Why, in a sentence.
    pub detail: String,
    /// First time, RFC 3339.
    pub first_at: String,
    /// Last time, RFC 3339.
    pub last_at: String,
    /// How often.
    pub count: u64,
    /// When it was over, RFC 3339.
    pub ended_at: Option<String>,
}

impl Snapshot<'_> {
    /// The newest entries that `query` asks for, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn log(&self, query: &LogQuery) -> Result<Vec<LogEntry>, StoreError> {
        let like = query
            .name
            .as_ref()
            .map(|name| format!("%{}%", name.replace(['%', '_'], "_")));
        let mut entries = self.all(
            "SELECT revision, at, request_id, resource_id, kind, name, action, answer, ifnull(outcome, 'pending'), settled_at
             FROM revisions
             WHERE revision > ?1 AND (?2 IS NULL OR name LIKE ?2) AND (?3 IS NULL OR ifnull(outcome, 'pending') LIKE ?3 || '%')
             ORDER BY revision DESC LIMIT ?4",
            params![
                query.after,
                like,
                query.outcome,
                i64::try_from(query.limit).unwrap_or(i64::MAX)
            ],
            |row| {
                Ok(LogEntry {
                    revision: row.get(0)?,
                    at: Timestamp::from_micros(row.get(1)?).to_rfc3339(),
                    request_id: row.get(2)?,
                    resource_id: row.get(3)?,
                    kind: row.get(4)?,
                    name: row.get(5)?,
                    action: row.get(6)?,
                    answer: row.get(7)?,
                    outcome: row.get(8)?,
                    settled_at: moment(row.get(9)?).map(Timestamp::to_rfc3339),
                    steps: Vec::new(),
                })
            },
        )?;
        entries.reverse();
        for entry in &mut entries {
            entry.steps = self.steps(&entry.resource_id, entry.revision)?;
        }
        Ok(entries)
    }

    /// The calls that took `revision` into account and none newer of the same resource.
    fn steps(&self, resource_id: &str, revision: i64) -> Result<Vec<StepEntry>, StoreError> {
        self.all(
            "SELECT at, call, status, outcome, millis FROM steps WHERE resource_id = ?1 AND revision >= ?2
               AND revision < ifnull((SELECT min(r.revision) FROM revisions r WHERE r.resource_id = ?1 AND r.revision > ?2), 9e18)
             ORDER BY step",
            params![resource_id, revision],
            |row| {
                Ok(StepEntry {
                    at: Timestamp::from_micros(row.get(0)?).to_rfc3339(),
                    call: row.get(1)?,
                    status: row.get(2)?,
                    outcome: row.get(3)?,
                    millis: u64::try_from(row.get::<_, i64>(4)?).unwrap_or(0),
                })
            },
        )
    }

    /// The newest events of all targets, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn events(&self, limit: usize) -> Result<Vec<Event>, StoreError> {
        let mut events = self.all(
            "SELECT what, cause, detail, first_at, last_at, count, ended_at FROM events ORDER BY event DESC LIMIT ?1",
            [i64::try_from(limit).unwrap_or(i64::MAX)],
            |row| {
                Ok(Event {
                    what: row.get(0)?,
                    cause: row.get(1)?,
                    detail: row.get(2)?,
                    first_at: Timestamp::from_micros(row.get(3)?).to_rfc3339(),
                    last_at: Timestamp::from_micros(row.get(4)?).to_rfc3339(),
                    count: u64::try_from(row.get::<_, i64>(5)?).unwrap_or(0),
                    ended_at: moment(row.get(6)?).map(Timestamp::to_rfc3339),
                })
            },
        )?;
        events.reverse();
        Ok(events)
    }
}

impl Transaction<'_> {
    /// Records a call that was made.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn add_step(&self, step: &NewStep) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO steps (at, target, resource_id, revision, call, status, outcome, millis) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                step.at.as_micros(),
                step.target,
                step.resource_id.as_str(),
                step.revision,
                step.call,
                step.status,
                step.outcome,
                i64::try_from(step.millis).unwrap_or(i64::MAX)
            ],
        )?;
        Ok(())
    }

    /// Records something that concerns a whole target: one row while it lasts, however often it is seen (rule D5).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn note_event(
        &self,
        target: &str,
        what: &str,
        cause: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let updated = self.run(
            "UPDATE events SET count = count + 1, last_at = ?4, cause = ?3, detail = ?5
             WHERE event = (SELECT max(event) FROM events WHERE target = ?1 AND what = ?2 AND ended_at IS NULL)",
            params![target, what, cause, now.as_micros(), detail],
        )?;
        if updated == 0 {
            self.run(
                "INSERT INTO events (target, what, cause, detail, first_at, last_at, count) VALUES (?1, ?2, ?3, ?4, ?5, ?5, 1)",
                params![target, what, cause, detail, now.as_micros()],
            )?;
        }
        Ok(())
    }

    /// Notes that what was recorded of one cause is over.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn end_event_of(&self, target: &str, what: &str, cause: &str, now: Timestamp) -> Result<(), StoreError> {
        self.run(
            "UPDATE events SET ended_at = ?4 WHERE target = ?1 AND what = ?2 AND cause = ?3 AND ended_at IS NULL",
            params![target, what, cause, micros(Some(now))],
        )?;
        Ok(())
    }

    /// Notes that what was recorded is over.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn end_event(&self, target: &str, what: &str, now: Timestamp) -> Result<(), StoreError> {
        self.run(
            "UPDATE events SET ended_at = ?3 WHERE target = ?1 AND what = ?2 AND ended_at IS NULL",
            params![target, what, micros(Some(now))],
        )?;
        Ok(())
    }
}
