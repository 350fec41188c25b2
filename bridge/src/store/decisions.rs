//! What a person has decided about a resource that was held.

use rusqlite::params;

use super::{Snapshot, StoreError, Transaction};
use crate::clock::Timestamp;
use crate::id::ScimId;

/// A decision about a resource under one name; under another name it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// The object found under its name is to be taken over (rules C3, C6, C7).
    Adopt,
    /// The rename is to be carried out (rule C5).
    Rename,
    /// The rename is not to be carried out: the old account stays (rule C5).
    KeepOldName,
}

impl Decision {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Adopt => "adopt",
            Self::Rename => "rename",
            Self::KeepOldName => "keep-old-name",
        }
    }

    fn from_column(text: &str) -> Result<Self, StoreError> {
        match text {
            "adopt" => Ok(Self::Adopt),
            "rename" => Ok(Self::Rename),
            "keep-old-name" => Ok(Self::KeepOldName),
            other => Err(StoreError::corrupt("decision", other)),
        }
    }
}

impl Snapshot<'_> {
    /// What was decided about a resource under this name.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn decisions(&self, resource_id: &ScimId, name_key: &str) -> Result<Vec<Decision>, StoreError> {
        self.all(
            "SELECT decision FROM decisions WHERE resource_id = ?1 AND name_key = ?2",
            params![resource_id.as_str(), name_key],
            |row| Decision::from_column(&row.get::<_, String>(0)?),
        )
    }
}

impl Transaction<'_> {
    /// Forgets what was decided about a resource under this name: the object that it was about is bound. What was
    /// not to be done still is not.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn carried_out(&self, resource_id: &ScimId, name_key: &str) -> Result<(), StoreError> {
        self.run(
            "DELETE FROM decisions WHERE resource_id = ?1 AND name_key = ?2 AND decision IN ('adopt', 'rename')",
            params![resource_id.as_str(), name_key],
        )?;
        Ok(())
    }

    /// Forgets what was decided under other names: the client wants another by now.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub(super) fn undecide_other_names(&self, resource_id: &ScimId, name_key: &str) -> Result<(), StoreError> {
        self.run(
            "DELETE FROM decisions WHERE resource_id = ?1 AND name_key <> ?2",
            params![resource_id.as_str(), name_key],
        )?;
        Ok(())
    }

    /// Notes a decision; one about a rename replaces the other.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn decide_on(
        &self,
        resource_id: &ScimId,
        name_key: &str,
        decision: Decision,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let opposite = match decision {
            Decision::Adopt => None,
            Decision::Rename => Some(Decision::KeepOldName),
            Decision::KeepOldName => Some(Decision::Rename),
        };
        if let Some(opposite) = opposite {
            self.run(
                "DELETE FROM decisions WHERE resource_id = ?1 AND name_key = ?2 AND decision = ?3",
                params![resource_id.as_str(), name_key, opposite.as_str()],
            )?;
        }
        self.run(
            "INSERT INTO decisions (resource_id, name_key, decision, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![resource_id.as_str(), name_key, decision.as_str(), now.as_micros()],
        )?;
        Ok(())
    }
}
