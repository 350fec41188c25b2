//! Forgetting a purged person (rule D5): the names and ids that lead to the person go; that something was done,
//! when, and under which random id, stays.

use rusqlite::params;

use super::{Kind, Snapshot, StoreError, Transaction};
use crate::id::{ScimId, fold};

/// What stands in the log where a name stood.
const FORGOTTEN: &str = "(forgotten)";

/// Why a person is not forgotten, and what to do first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotForgotten {
    /// Nobody has or had this id, or it was a group's.
    #[error("no user has or had the id {0}")]
    Unknown(String),
    /// The user is there. It has to be deleted in Entra first.
    #[error("the user {0} is not deleted: delete the user in Entra first")]
    Live(String),
    /// The deletion is not through yet. It has to be applied and verified first.
    #[error("the deletion of {0} is not finished at the target yet: `scim-bridge log` says what it waits for")]
    Unsettled(String),
}

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// The id that the person had.
    pub id: ScimId,
    /// Entries of the log that lost a name.
    pub entries: usize,
    /// Accounts at the target that the store knew the person by.
    pub accounts: usize,
}

impl std::fmt::Display for Forgotten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, entries, accounts } = self;
        write!(
            f,
            "{id} is forgotten: {entries} entries of the log lost the name, {accounts} accounts are no longer known"
        )
    }
}

impl Snapshot<'_> {
    /// Whether the user of this id can be forgotten.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn forgettable(&self, id: &ScimId) -> Result<Result<(), NotForgotten>, StoreError> {
        let text = id.to_string();
        if let Some(live) = self.resource(id.as_str())? {
            return Ok(Err(match live.kind {
                Kind::User => NotForgotten::Live(text),
                Kind::Group => NotForgotten::Unknown(text),
            }));
        }
        let Some(tombstone) = self.tombstone(id.as_str())?.filter(|gone| gone.kind == Kind::User) else {
            return Ok(Err(NotForgotten::Unknown(text)));
        };
        let busy = self.one(
            "SELECT 1 FROM queue WHERE resource_id = ?1 UNION SELECT 1 FROM intents WHERE resource_id = ?1
             UNION SELECT 1 FROM bindings b JOIN edges e ON e.member_binding = b.binding
                 WHERE b.resource_id = ?1 AND (e.maybe = 1 OR e.unknown_at IS NOT NULL OR e.verify_at IS NOT NULL)
             UNION SELECT 1 FROM bindings b JOIN fields f ON f.binding = b.binding
                 WHERE b.resource_id = ?1 AND (f.maybe = 1 OR f.unknown_at IS NOT NULL OR f.verify_at IS NOT NULL) LIMIT 1",
            [id.as_str()],
            |_| Ok(()),
        )?;
        if tombstone.settled_at.is_none() || busy.is_some() {
            return Ok(Err(NotForgotten::Unsettled(text)));
        }
        Ok(Ok(()))
    }
}

impl Transaction<'_> {
    /// Forgets the deleted user of this id. The account at the target, which is deactivated or gone, is not touched.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written. Inside, why the user is not forgotten.
    pub fn forget(&self, id: &ScimId) -> Result<Result<Forgotten, NotForgotten>, StoreError> {
        if let Err(not) = self.forgettable(id)? {
            return Ok(Err(not));
        }
        let names = self.all(
            "SELECT name FROM revisions WHERE resource_id = ?1 UNION SELECT name FROM tombstones WHERE id = ?1
             UNION SELECT external_id FROM tombstones WHERE id = ?1 AND external_id IS NOT NULL",
            [id.as_str()],
            |row| Ok(fold(&row.get::<_, String>(0)?)),
        )?;
        let entries = self.run(
            "UPDATE revisions SET name = ?2,
                 outcome = CASE WHEN instr(outcome, ':') > 0 THEN substr(outcome, 1, instr(outcome, ':') - 1) ELSE outcome END
             WHERE resource_id = ?1",
            params![id.as_str(), FORGOTTEN],
        )?;
        // What Databricks said of a refused call may quote the name.
        self.run(
            "UPDATE steps SET outcome = ?2 WHERE resource_id = ?1 AND outcome <> 'ok'",
            params![id.as_str(), FORGOTTEN],
        )?;
        for sql in [
            "DELETE FROM names WHERE resource_id = ?1",
            "DELETE FROM tombstones WHERE id = ?1",
            "DELETE FROM decisions WHERE resource_id = ?1",
        ] {
            self.run(sql, [id.as_str()])?;
        }
        // Fields and memberships go with them.
        let accounts = self.run("DELETE FROM bindings WHERE resource_id = ?1", [id.as_str()])?;
        self.scrub(&names)?;
        Ok(Ok(Forgotten {
            id: id.clone(),
            entries,
            accounts,
        }))
    }

    /// Takes names out of texts that may quote them: what was said of a target, orders that were carried out.
    fn scrub(&self, names: &[String]) -> Result<(), StoreError> {
        let quotes = |text: &str| {
            let text = fold(text);
            names.iter().any(|name| !name.is_empty() && text.contains(name))
        };
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
        for (event, detail) in self.all("SELECT event, detail FROM events", [], read)? {
            if quotes(&detail) {
                self.run(
                    "UPDATE events SET detail = ?2 WHERE event = ?1",
                    params![event, FORGOTTEN],
                )?;
            }
        }
        let done = "SELECT command, arguments || ifnull(outcome, '') FROM commands WHERE done_at IS NOT NULL";
        for (command, text) in self.all(done, [], read)? {
            if quotes(&text) {
                self.run(
                    "UPDATE commands SET arguments = '{}', outcome = ?2 WHERE command = ?1",
                    params![command, FORGOTTEN],
                )?;
            }
        }
        Ok(())
    }
}
