//! What a complete list scan saw upstream.

use rusqlite::params;

use super::{Kind, Snapshot, StoreError, Transaction};
use crate::id::UpstreamId;

/// One upstream object as a list showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryEntry {
    /// User or Group.
    pub kind: Kind,
    /// Its id.
    pub upstream_id: UpstreamId,
    /// `userName` or `displayName`.
    pub name: String,
    /// That name, folded.
    pub name_key: String,
    /// Users: `active`. Groups: true.
    pub active: bool,
}

impl Snapshot<'_> {
    /// The objects of that name that the newest scan saw.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn inventory_named(&self, target: &str, kind: Kind, name_key: &str) -> Result<Vec<InventoryEntry>, StoreError> {
        self.all(
            "SELECT upstream_id, name, active FROM inventory WHERE target = ?1 AND kind = ?2 AND name_key = ?3",
            params![target, kind.as_str(), name_key],
            |row| {
                let id: String = row.get(0)?;
                Ok(InventoryEntry {
                    kind,
                    upstream_id: UpstreamId::parse(&id).ok_or_else(|| StoreError::corrupt("upstream_id", id))?,
                    name: row.get(1)?,
                    name_key: name_key.to_owned(),
                    active: row.get(2)?,
                })
            },
        )
    }
}

impl Transaction<'_> {
    /// Puts the result of a complete scan of one kind in place of the one before.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn replace_inventory(&self, target: &str, kind: Kind, seen: &[InventoryEntry]) -> Result<(), StoreError> {
        self.run(
            "DELETE FROM inventory WHERE target = ?1 AND kind = ?2",
            params![target, kind.as_str()],
        )?;
        for entry in seen {
            self.run(
                "INSERT INTO inventory (target, kind, upstream_id, name, name_key, active) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO NOTHING",
                params![
                    target,
                    kind.as_str(),
                    entry.upstream_id.as_str(),
                    entry.name,
                    entry.name_key,
                    entry.active
                ],
            )?;
        }
        Ok(())
    }

    /// Adds one object that a look-up has shown since the scan.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn put_in_inventory(&self, target: &str, entry: &InventoryEntry) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO inventory (target, kind, upstream_id, name, name_key, active) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET name = excluded.name, name_key = excluded.name_key, active = excluded.active",
            params![
                target,
                entry.kind.as_str(),
                entry.upstream_id.as_str(),
                entry.name,
                entry.name_key,
                entry.active
            ],
        )?;
        Ok(())
    }

    /// Forgets one object that turned out not to be there.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn drop_from_inventory(&self, target: &str, kind: Kind, upstream_id: &UpstreamId) -> Result<(), StoreError> {
        self.run(
            "DELETE FROM inventory WHERE target = ?1 AND kind = ?2 AND upstream_id = ?3",
            params![target, kind.as_str(), upstream_id.as_str()],
        )?;
        Ok(())
    }
}
