//! Revisions: one row an accepted change, with its one answer and its outcome; and the
//! intents of the calls that are to apply them.

use rusqlite::params;
use serde_json::Value;

use super::{BindingId, Kind, Snapshot, StoreError, Transaction};
use crate::clock::Timestamp;
use crate::id::ScimId;

/// What the client was, or will be, told about a revision (rule A3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nobody has decided yet; counts as accepted after a restart, as the client may have seen a yes.
    Undecided,
    /// The client was told that it is accepted: the resource stays.
    Accepted,
    /// The client was told that it is refused: the create is withdrawn.
    Refused,
}

impl Answer {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Undecided => "undecided",
            Self::Accepted => "answered-accepted",
            Self::Refused => "answered-refused",
        }
    }

    fn from_column(text: &str) -> Result<Self, StoreError> {
        match text {
            "undecided" => Ok(Self::Undecided),
            "answered-accepted" => Ok(Self::Accepted),
            "answered-refused" => Ok(Self::Refused),
            other => Err(StoreError::corrupt("answer", other)),
        }
    }
}

/// What is recorded of a change when it is accepted.
#[derive(Debug, Clone)]
pub struct NewRevision {
    /// When.
    pub at: Timestamp,
    /// The request's id, as in the answer's header and the log.
    pub request_id: String,
    /// The resource changed.
    pub resource_id: ScimId,
    /// User or Group.
    pub kind: Kind,
    /// Its name at that time.
    pub name: String,
    /// What was done: `create`, `update`, `disable`, `restore`, `delete`.
    pub action: &'static str,
    /// Whether the answer is still open.
    pub answer: Answer,
}

/// A revision that has no outcome yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Its number.
    pub revision: i64,
    /// Its answer.
    pub answer: Answer,
}

/// The number of an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IntentId(i64);

/// A call about to be made.
#[derive(Debug, Clone)]
pub struct NewIntent {
    /// Where to.
    pub target: String,
    /// For which resource.
    pub resource_id: ScimId,
    /// On which upstream object.
    pub binding: BindingId,
    /// Newest revision it takes into account.
    pub revision: i64,
    /// What it is to change.
    pub effect: Value,
    /// When.
    pub at: Timestamp,
}

/// A call that was begun and has no recorded outcome.
#[derive(Debug, Clone)]
pub struct Intent {
    /// Its number.
    pub id: IntentId,
    /// For which resource.
    pub resource_id: ScimId,
    /// On which upstream object.
    pub binding: BindingId,
    /// What it was to change.
    pub effect: Value,
}

impl Snapshot<'_> {
    /// The answer of a revision, if there is such a revision.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn answer(&self, revision: i64) -> Result<Option<Answer>, StoreError> {
        self.one("SELECT answer FROM revisions WHERE revision = ?1", [revision], |row| {
            Answer::from_column(&row.get::<_, String>(0)?)
        })
    }

    /// The newest revision of a resource, live or deleted; zero if it never had one. The record may have
    /// forgotten the change itself (rule D5); the resource or its tombstone has not.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn newest_revision(&self, resource_id: &ScimId) -> Result<i64, StoreError> {
        let newest = self.one(
            "SELECT max(revision) FROM (
                 SELECT max(revision) AS revision FROM revisions WHERE resource_id = ?1
                 UNION ALL SELECT revision FROM resources WHERE id = ?1
                 UNION ALL SELECT revision FROM tombstones WHERE id = ?1)",
            [resource_id.as_str()],
            |row| Ok(row.get::<_, Option<i64>>(0)?),
        )?;
        Ok(newest.flatten().unwrap_or(0))
    }

    /// When the client last wrote a resource itself, as far as the record goes back: what only follows from a change
    /// of another one does not count.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn written_at(&self, resource_id: &ScimId) -> Result<Option<Timestamp>, StoreError> {
        let written = self.one(
            "SELECT max(at) FROM revisions WHERE resource_id = ?1
                 AND action NOT IN ('member-gone', 'manager-gone', 'repair', 'import')",
            [resource_id.as_str()],
            |row| Ok(row.get::<_, Option<i64>>(0)?),
        )?;
        Ok(written.flatten().map(Timestamp::from_micros))
    }

    /// The newest revision that there ever was; zero if there was none. One that the record has lost counts too.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn newest_of_all(&self) -> Result<i64, StoreError> {
        let newest = self.one("SELECT seq FROM sqlite_sequence WHERE name = 'revisions'", [], |row| {
            Ok(row.get(0)?)
        })?;
        Ok(newest.unwrap_or(0))
    }

    /// Calls to `target` that were begun and have no outcome.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn open_intents(&self, target: &str) -> Result<Vec<Intent>, StoreError> {
        self.all(
            "SELECT intent, resource_id, binding, effect FROM intents WHERE target = ?1 ORDER BY intent",
            [target],
            |row| {
                let effect: String = row.get(3)?;
                Ok(Intent {
                    id: IntentId(row.get(0)?),
                    resource_id: ScimId::new(row.get::<_, String>(1)?),
                    binding: BindingId::from_row(row.get(2)?),
                    effect: serde_json::from_str(&effect)
                        .map_err(|error| StoreError::corrupt("effect", error.to_string()))?,
                })
            },
        )
    }
}

impl Snapshot<'_> {
    /// With which refusal a revision was answered, if it was.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn refusal(&self, revision: i64) -> Result<Option<String>, StoreError> {
        let found = self.one("SELECT refusal FROM revisions WHERE revision = ?1", [revision], |row| {
            Ok(row.get::<_, Option<String>>(0)?)
        })?;
        Ok(found.flatten())
    }

    /// Which refusals objects of other names met since then (rule A4), one a name: a create that is tried again is the
    /// same object under another id.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn refusals_since(&self, since: Timestamp, but: &str) -> Result<Vec<String>, StoreError> {
        self.all(
            "SELECT max(refusal) FROM revisions WHERE refusal IS NOT NULL AND settled_at >= ?1 AND name <> ?2 GROUP BY name",
            params![since.as_micros(), but],
            |row| Ok(row.get(0)?),
        )
    }

    /// Whether a resource is somebody's manager or member.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn is_referred_to(&self, id: &ScimId) -> Result<bool, StoreError> {
        let found = self.one(
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM resources WHERE manager_id = ?1 AND id <> ?1)
                 OR EXISTS (SELECT 1 FROM members m JOIN resources r ON r.pk = m.member_pk WHERE r.id = ?1)",
            [id.as_str()],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }
}

impl Transaction<'_> {
    /// Takes back a create that was refused: nothing stays of it but the entry of the log (rule A3).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn withdraw(
        &self,
        target: &str,
        id: &ScimId,
        revision: i64,
        refusal: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE revisions SET refusal = ?2, outcome = 'refused: ' || ?2, settled_at = ?3 WHERE revision = ?1",
            params![revision, refusal, now.as_micros()],
        )?;
        self.run(
            "UPDATE bindings SET role = 'gone' WHERE resource_id = ?1",
            [id.as_str()],
        )?;
        self.run(
            "DELETE FROM queue WHERE target = ?1 AND resource_id = ?2",
            params![target, id.as_str()],
        )?;
        self.run("DELETE FROM names WHERE resource_id = ?1", [id.as_str()])?;
        self.run("DELETE FROM resources WHERE id = ?1", [id.as_str()])?;
        Ok(())
    }

    /// Records an accepted change; gives its number, larger than all before.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn new_revision(&self, new: &NewRevision) -> Result<i64, StoreError> {
        self.run(
            "INSERT INTO revisions (at, request_id, resource_id, kind, name, action, answer, revokes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6 IN ('disable', 'delete', 'member-gone'))",
            params![
                new.at.as_micros(),
                new.request_id,
                new.resource_id.as_str(),
                new.kind.as_str(),
                new.name,
                new.action,
                new.answer.as_str()
            ],
        )?;
        Ok(self.connection().last_insert_rowid())
    }

    /// The one decision (rule A3): sets the answer if it is still open, and tells which answer stands.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn decide(&self, revision: i64, answer: Answer) -> Result<Answer, StoreError> {
        self.run(
            "UPDATE revisions SET answer = ?2 WHERE revision = ?1 AND answer = 'undecided'",
            params![revision, answer.as_str()],
        )?;
        Ok(self.answer(revision)?.unwrap_or(Answer::Accepted))
    }

    /// At start: nobody waits for an answer any more, and the client may have seen a yes (rule A3).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn accept_undecided(&self) -> Result<(), StoreError> {
        self.run(
            "UPDATE revisions SET answer = 'answered-accepted' WHERE answer = 'undecided' AND settled_at IS NULL",
            [],
        )?;
        Ok(())
    }

    /// Settles all open revisions of a resource up to `upto` with `outcome`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn settle(&self, resource_id: &ScimId, upto: i64, outcome: &str, now: Timestamp) -> Result<(), StoreError> {
        self.run(
            "UPDATE revisions SET outcome = ?3, settled_at = ?4 WHERE resource_id = ?1 AND revision <= ?2 AND settled_at IS NULL",
            params![resource_id.as_str(), upto, outcome, now.as_micros()],
        )?;
        self.run(
            "UPDATE resources SET settled = max(settled, ?2) WHERE id = ?1",
            params![resource_id.as_str(), upto],
        )?;
        Ok(())
    }

    /// Settles one revision that asks nothing of a target; older ones stay open.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn settle_alone(&self, revision: i64, outcome: &str, now: Timestamp) -> Result<(), StoreError> {
        self.run(
            "UPDATE revisions SET outcome = ?2, settled_at = ?3 WHERE revision = ?1",
            params![revision, outcome, now.as_micros()],
        )?;
        Ok(())
    }

    /// Notes why the open revisions of a resource are not applied yet.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn note_open(&self, resource_id: &ScimId, outcome: &str) -> Result<(), StoreError> {
        self.run(
            "UPDATE revisions SET outcome = ?2 WHERE resource_id = ?1 AND settled_at IS NULL",
            params![resource_id.as_str(), outcome],
        )?;
        Ok(())
    }

    /// Records a call before it is sent (rule D1).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn open_intent(&self, new: &NewIntent) -> Result<IntentId, StoreError> {
        self.run(
            "INSERT INTO intents (target, resource_id, binding, revision, effect, started_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                new.target,
                new.resource_id.as_str(),
                new.binding.row(),
                new.revision,
                new.effect.to_string(),
                new.at.as_micros()
            ],
        )?;
        Ok(IntentId(self.connection().last_insert_rowid()))
    }

    /// After a restart: everything that an interrupted call was to change on `binding` is `maybe` from now on (rule D1).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn interrupt(&self, binding: BindingId, now: Timestamp) -> Result<(), StoreError> {
        for table in [
            "UPDATE fields SET unknown_at = ?2, agreed_at = NULL, agreed = NULL WHERE binding = ?1 AND maybe = 1",
            "UPDATE edges SET unknown_at = ?2, agreed_at = NULL, agreed = NULL WHERE group_binding = ?1 AND maybe = 1",
            "UPDATE bindings SET unknown_at = ?2, agreed_at = NULL WHERE binding = ?1 AND existence = 'maybe'",
        ] {
            self.run(table, params![binding.row(), now.as_micros()])?;
        }
        Ok(())
    }

    /// Removes the intent of a call whose outcome is being recorded in this same transaction.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn close_intent(&self, id: IntentId) -> Result<(), StoreError> {
        self.run("DELETE FROM intents WHERE intent = ?1", [id.0])?;
        Ok(())
    }
}
