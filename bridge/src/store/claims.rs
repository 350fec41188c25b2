//! What was imported, and what the client has said of it since (rules C3, C4, D3).

use rusqlite::params;

use super::{BindingId, Pk, Snapshot, StoreError, Transaction};
use crate::id::ScimId;

impl Snapshot<'_> {
    /// Whether the client's word on a resource is still waited for: it was imported and never written since
    /// (rule C4), or the store was restored and it was not written since (rule D3).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn awaits_client(&self, id: &ScimId) -> Result<bool, StoreError> {
        let found = self.one(
            "SELECT 1 FROM resources WHERE id = ?1 AND (claimed = 0
                 OR revision <= ifnull((SELECT CAST(value AS INTEGER) FROM facts WHERE key = 'restored_at_revision'), -1))",
            [id.as_str()],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Whether a resource was imported and never written by the client since (rule C4).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn is_unclaimed(&self, id: &ScimId) -> Result<bool, StoreError> {
        let found = self.one(
            "SELECT 1 FROM resources WHERE id = ?1 AND claimed = 0",
            [id.as_str()],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }
}

impl Transaction<'_> {
    /// Takes the members of a group that were found at adoption or import out of what is wanted (`prune`).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn drop_inherited_members(&self, target: &str, group: &ScimId) -> Result<usize, StoreError> {
        self.run(
            "DELETE FROM members WHERE group_pk = (SELECT pk FROM resources WHERE id = ?1) AND member_pk IN (
                 SELECT u.pk FROM edges e
                 JOIN bindings g ON g.binding = e.group_binding AND g.resource_id = ?1 AND g.target = ?2 AND g.role <> 'gone'
                 JOIN bindings b ON b.binding = e.member_binding
                 JOIN resources u ON u.id = b.resource_id
                 WHERE e.inherited = 1)",
            params![group.as_str(), target],
        )
    }

    /// Marks a resource as imported and not yet written by the client (rule C4).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn unclaim(&self, pk: Pk) -> Result<(), StoreError> {
        self.run("UPDATE resources SET claimed = 0 WHERE pk = ?1", [pk.0])?;
        Ok(())
    }

    /// Makes the members that were found in an imported group its wanted members; tells how many.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn want_inherited_members(&self, group: BindingId) -> Result<u64, StoreError> {
        let number = self.run(
            "INSERT INTO members (group_pk, member_pk)
             SELECT r.pk, u.pk FROM edges e
             JOIN bindings g ON g.binding = e.group_binding
             JOIN resources r ON r.id = g.resource_id
             JOIN bindings b ON b.binding = e.member_binding AND b.role = 'current'
             JOIN resources u ON u.id = b.resource_id
             WHERE e.group_binding = ?1 AND e.inherited = 1
             ON CONFLICT DO NOTHING",
            [group.row()],
        )?;
        Ok(u64::try_from(number).unwrap_or(u64::MAX))
    }

    /// The client has written an imported resource: it is to be kept as the client wants it (rule C4).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn claim(&self, pk: Pk) -> Result<(), StoreError> {
        self.run("UPDATE resources SET claimed = 1 WHERE pk = ?1", [pk.0])?;
        Ok(())
    }
}
