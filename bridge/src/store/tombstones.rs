//! What was deleted and is not yet forgotten (rules C6, C7).

use rusqlite::{Row, params};

use super::{Kind, Snapshot, StoreError, Stored, Transaction};
use crate::clock::Timestamp;
use crate::id::{ScimId, fold};

/// A deleted resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// The id it had.
    pub id: ScimId,
    /// User or Group.
    pub kind: Kind,
    /// The name it had.
    pub name: String,
    /// The client's own id it had.
    pub external_id: Option<String>,
    /// When the client deleted it.
    pub deleted_at: Timestamp,
    /// The revision of the deletion.
    pub revision: i64,
    /// When the target had followed.
    pub settled_at: Option<Timestamp>,
}

fn read_tombstone(row: &Row<'_>) -> Result<Tombstone, StoreError> {
    let kind: String = row.get(1)?;
    Ok(Tombstone {
        id: ScimId::new(row.get::<_, String>(0)?),
        kind: Kind::from_column(&kind)?,
        name: row.get(2)?,
        external_id: row.get(3)?,
        deleted_at: Timestamp::from_micros(row.get(4)?),
        revision: row.get(5)?,
        settled_at: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_micros),
    })
}

impl Snapshot<'_> {
    /// The tombstone of the resource that had this id.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn tombstone(&self, id: &str) -> Result<Option<Tombstone>, StoreError> {
        self.one(
            "SELECT id, kind, name, external_id, deleted_at, revision, settled_at FROM tombstones WHERE id = ?1",
            [id],
            read_tombstone,
        )
    }
}

impl Transaction<'_> {
    /// Leaves a tombstone for `gone`, deleted at `revision`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn bury(&self, endpoint: &str, gone: &Stored, now: Timestamp, revision: i64) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO tombstones (id, endpoint, kind, name, name_key, external_id, deleted_at, revision)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                gone.id.as_str(),
                endpoint,
                gone.kind.as_str(),
                gone.name,
                fold(&gone.name),
                gone.external_id,
                now.as_micros(),
                revision
            ],
        )?;
        Ok(())
    }

    /// Notes that the target has followed the deletion.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn settle_tombstone(&self, id: &ScimId, now: Timestamp) -> Result<(), StoreError> {
        self.run(
            "UPDATE tombstones SET settled_at = ?2 WHERE id = ?1 AND settled_at IS NULL",
            params![id.as_str(), now.as_micros()],
        )?;
        Ok(())
    }
}
