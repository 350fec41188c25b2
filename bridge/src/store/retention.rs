//! What the record holds, from its old end, and taking entries out of it (rule D5).
//! What goes is decided by [`crate::record`]; here it is only looked up and done.

use rusqlite::params;

use super::{Snapshot, StoreError, Transaction};
use crate::clock::Timestamp;

/// One entry of the record as keeping it needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The change's number.
    pub revision: i64,
    /// When it was accepted.
    pub at: Timestamp,
    /// When the last happened to it: accepted, settled, or its newest call.
    pub last_at: Timestamp,
    /// It takes access away and is not applied yet: never to be removed.
    pub exempt: bool,
    /// About how many bytes it takes with its steps.
    pub bytes: u64,
}

/// The steps of the revision `r`: those that took it into account and none newer of its resource.
const STEPS: &str = "FROM steps s WHERE s.resource_id = r.resource_id AND s.revision >= r.revision
    AND s.revision < ifnull((SELECT min(n.revision) FROM revisions n
        WHERE n.resource_id = r.resource_id AND n.revision > r.revision), 9e18)";

impl Snapshot<'_> {
    /// Up to `limit` entries after `after`, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn oldest_entries(&self, after: i64, limit: usize) -> Result<Vec<Kept>, StoreError> {
        self.all(
            &format!(
                "SELECT r.revision, r.at,
                        max(r.at, ifnull(r.settled_at, 0), ifnull((SELECT max(s.at) {STEPS}), 0)),
                        r.settled_at IS NULL AND r.revokes = 1,
                        350 + 300 * (SELECT count(*) {STEPS})
                            + 150 * (SELECT count(*) FROM moved m WHERE m.revision = r.revision)
                 FROM revisions r WHERE r.revision > ?1 ORDER BY r.revision LIMIT ?2"
            ),
            params![after, i64::try_from(limit).unwrap_or(i64::MAX)],
            |row| {
                Ok(Kept {
                    revision: row.get(0)?,
                    at: Timestamp::from_micros(row.get(1)?),
                    last_at: Timestamp::from_micros(row.get(2)?),
                    exempt: row.get(3)?,
                    bytes: u64::try_from(row.get::<_, i64>(4)?).unwrap_or(0),
                })
            },
        )
    }

    /// When the newest entry was made: a change or a call.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn newest_entry(&self) -> Result<Option<Timestamp>, StoreError> {
        let newest = self.one(
            "SELECT max(at) FROM (SELECT at FROM revisions WHERE revision = (SELECT max(revision) FROM revisions)
                 UNION ALL SELECT at FROM steps WHERE step = (SELECT max(step) FROM steps))",
            [],
            |row| Ok(row.get::<_, Option<i64>>(0)?),
        )?;
        Ok(newest.flatten().map(Timestamp::from_micros))
    }

    /// About how many bytes the record takes.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn record_size(&self) -> Result<u64, StoreError> {
        let bytes = self.one("SELECT bytes FROM record_size", [], |row| Ok(row.get::<_, i64>(0)?))?;
        Ok(u64::try_from(bytes.unwrap_or(0)).unwrap_or(0))
    }
}

impl Transaction<'_> {
    /// Removes entries with their steps.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn remove_entries(&self, revisions: &[i64]) -> Result<(), StoreError> {
        for revision in revisions {
            self.run(
                "DELETE FROM steps WHERE resource_id = (SELECT resource_id FROM revisions WHERE revision = ?1) AND revision >= ?1
                   AND revision < ifnull((SELECT min(n.revision) FROM revisions n
                       WHERE n.resource_id = steps.resource_id AND n.revision > ?1), 9e18)",
                [revision],
            )?;
            self.run("DELETE FROM moved WHERE revision = ?1", [revision])?;
            self.run("DELETE FROM revisions WHERE revision = ?1", [revision])?;
        }
        Ok(())
    }

    /// Removes up to `limit` of what is older than `before` and belongs to no entry any more: steps of removed
    /// entries that came later, events that are over, orders that were carried out. Tells how much it was.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn remove_rest(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let mut removed = 0;
        for sql in [
            "DELETE FROM steps WHERE step IN (SELECT step FROM steps s WHERE s.at < ?1 AND NOT EXISTS (
                 SELECT 1 FROM revisions r WHERE r.resource_id = s.resource_id AND r.revision <= s.revision) LIMIT ?2)",
            "DELETE FROM events WHERE event IN (SELECT event FROM events WHERE ended_at < ?1 LIMIT ?2)",
            "DELETE FROM commands WHERE command IN (SELECT command FROM commands WHERE done_at < ?1 LIMIT ?2)",
        ] {
            removed += self.run(
                sql,
                params![before.as_micros(), i64::try_from(limit).unwrap_or(i64::MAX)],
            )?;
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Answer, Kind, NewRevision, NewStep, Store, StoreError};
    use super::*;
    use crate::id::ScimId;

    /// The record's size is told from its rows alone; the pages that the rows take are the measure of that.
    #[tokio::test]
    async fn the_size_that_is_told_is_about_the_size_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("bridge.db")).unwrap();
        let filled = store.write::<_, StoreError, _>(|tx| {
            for number in 0..2000 {
                let (at, id) = (Timestamp::from_micros(number), ScimId::random());
                let revision = tx.new_revision(&NewRevision {
                    at,
                    request_id: ScimId::random().to_string(),
                    resource_id: id.clone(),
                    kind: Kind::User,
                    name: format!("somebody.{number}@contoso.example"),
                    action: "create",
                    answer: Answer::Accepted,
                })?;
                tx.settle(&id, revision, "applied", at)?;
                tx.note_moved(revision, &[ScimId::random()], &[])?;
                for call in ["GET /Users by name", "POST /Users"] {
                    tx.add_step(&NewStep {
                        at,
                        target: "workspace".to_owned(),
                        resource_id: id.clone(),
                        revision,
                        call: call.to_owned(),
                        status: Some(200),
                        outcome: "ok".to_owned(),
                        millis: 40,
                    })?;
                }
            }
            Ok(())
        });
        filled.await.unwrap();
        let sizes = store.read::<_, StoreError, _>(|snapshot| {
            let pages = "SELECT sum(d.pgsize) FROM dbstat d JOIN sqlite_schema s ON s.name = d.name
                 WHERE s.tbl_name IN ('revisions', 'steps', 'moved')";
            let measured: Option<i64> = snapshot.one(pages, [], |row| Ok(row.get(0)?))?;
            Ok((snapshot.record_size()?, measured.unwrap_or(0)))
        });
        let (told, measured) = sizes.unwrap();
        let told = i64::try_from(told).unwrap();
        assert!(
            measured <= told * 5 / 4 && told <= measured * 2,
            "{told} bytes told, {measured} on disk"
        );
    }
}
