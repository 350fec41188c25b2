//! What is recorded as it happens: the calls that were made, whose membership a change moved, and what
//! happened to a whole target. [`super::log`] reads it back.

use std::collections::BTreeMap;

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
    /// The newest events of all targets, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn events(&self, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.events_where("1", limit)
    }

    /// The newest events that are not over, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn open_events(&self, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.events_where("ended_at IS NULL", limit)
    }

    fn events_where(&self, condition: &str, limit: usize) -> Result<Vec<Event>, StoreError> {
        let mut events = self.all(
            &format!(
                "SELECT what, cause, detail, first_at, last_at, count, ended_at FROM events
                 WHERE {condition} ORDER BY event DESC LIMIT ?1"
            ),
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

    /// Records whose membership the change `revision` of a group moved; one that takes somebody out revokes.
    /// Somebody who was taken out and put back by the same change was not moved.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn note_moved(&self, revision: i64, added: &[ScimId], removed: &[ScimId]) -> Result<(), StoreError> {
        let mut moved: BTreeMap<&str, i64> = BTreeMap::new();
        for id in added {
            *moved.entry(id.as_str()).or_default() += 1;
        }
        for id in removed {
            *moved.entry(id.as_str()).or_default() -= 1;
        }
        for (id, by) in moved.into_iter().filter(|(_, by)| *by != 0) {
            self.run(
                "INSERT INTO moved (member_id, revision, added) VALUES (?1, ?2, ?3)
                 ON CONFLICT (member_id, revision) DO UPDATE SET added = excluded.added",
                params![id, revision, by > 0],
            )?;
        }
        if !removed.is_empty() {
            self.run("UPDATE revisions SET revokes = 1 WHERE revision = ?1", [revision])?;
        }
        Ok(())
    }

    /// Whether the client's last word on a membership, as far as the record goes back, was that it is to end.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn was_taken_out(&self, group: &ScimId, member: &ScimId) -> Result<bool, StoreError> {
        let added = self.one(
            "SELECT m.added FROM moved m JOIN revisions r ON r.revision = m.revision
             WHERE m.member_id = ?2 AND r.resource_id = ?1 ORDER BY m.revision DESC LIMIT 1",
            params![group.as_str(), member.as_str()],
            |row| Ok(row.get::<_, bool>(0)?),
        )?;
        Ok(added == Some(false))
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
