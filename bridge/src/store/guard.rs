//! What the guard has counted, holds and lets pass (rule E6). Principals are upstream ids.

use std::collections::HashSet;

use rusqlite::params;

use super::fields::moment;
use super::{BindingId, Snapshot, StoreError, Transaction};
use crate::clock::Timestamp;
use crate::id::ScimId;

/// A class of changes that take something away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GuardClass {
    /// Accounts that are deactivated.
    Deactivations,
    /// Accounts that are deleted.
    Deletes,
    /// People who lose a group.
    Memberships,
    /// Accounts that are replaced by one of another name.
    Renames,
    /// Accounts that lose a role.
    Roles,
}

impl GuardClass {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Deactivations,
        Self::Deletes,
        Self::Memberships,
        Self::Renames,
        Self::Roles,
    ];

    /// As it is called in the log and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deactivations => "deactivations",
            Self::Deletes => "deletes",
            Self::Memberships => "members losing a group",
            Self::Renames => "renames",
            Self::Roles => "roles removed",
        }
    }

    fn from_column(text: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|class| class.as_str() == text);
        found.ok_or_else(|| StoreError::corrupt("class", text))
    }

    /// Upstream id, name and resource of everybody whom a change of this class is planned for at target `?1`.
    const fn planned(self) -> &'static str {
        match self {
            Self::Deactivations => {
                "SELECT b.upstream_id AS principal, b.name AS name, b.resource_id AS resource FROM bindings b
                 LEFT JOIN resources r ON r.id = b.resource_id AND b.role <> 'tombstone'
                 LEFT JOIN fields f ON f.binding = b.binding AND f.field = 'active'
                 WHERE b.target = ?1 AND b.kind = 'User' AND b.upstream_id IS NOT NULL AND b.role <> 'gone'
                   AND (b.role = 'tombstone' OR r.active = 0)
                   AND (f.applied IS NULL OR f.applied <> '\"false\"' OR f.maybe = 1)"
            }
            Self::Deletes => {
                "SELECT b.upstream_id AS principal, b.name AS name, b.resource_id AS resource FROM bindings b
                 WHERE b.target = ?1 AND b.kind = 'User' AND b.upstream_id IS NOT NULL AND b.role = 'tombstone'
                   AND NOT EXISTS (SELECT 1 FROM resources r WHERE r.id = b.resource_id)"
            }
            Self::Memberships => {
                "SELECT b.upstream_id AS principal, b.name AS name, g.resource_id AS resource FROM queue q
                 JOIN bindings g ON g.resource_id = q.resource_id AND g.target = q.target AND g.kind = 'Group' AND g.role <> 'gone'
                 JOIN edges e ON e.group_binding = g.binding
                 JOIN bindings b ON b.binding = e.member_binding
                 LEFT JOIN resources r ON r.id = g.resource_id AND g.role = 'current'
                 LEFT JOIN resources u ON u.id = b.resource_id AND b.role IN ('current', 'retiring')
                 LEFT JOIN members m ON m.group_pk = r.pk AND m.member_pk = u.pk
                 WHERE q.target = ?1 AND q.class < 2 AND (e.applied = 1 OR e.maybe = 1) AND e.inherited = 0
                   AND b.role <> 'gone' AND b.upstream_id IS NOT NULL AND m.group_pk IS NULL"
            }
            Self::Renames => {
                "SELECT b.upstream_id AS principal, b.name AS name, b.resource_id AS resource FROM bindings b
                 JOIN resources r ON r.id = b.resource_id
                 WHERE b.target = ?1 AND b.kind = 'User' AND b.role = 'current' AND b.upstream_id IS NOT NULL
                   AND r.active = 1 AND r.name_key <> b.name_key"
            }
            // Who has roles is known only once the account was read.
            Self::Roles => {
                "SELECT b.upstream_id AS principal, b.name AS name, b.resource_id AS resource FROM bindings b
                 JOIN fields f ON f.binding = b.binding AND f.field = 'roles'
                 WHERE b.target = ?1 AND b.strip = 1 AND b.upstream_id IS NOT NULL AND b.role <> 'gone' AND f.applied <> 'null'"
            }
        }
    }
}

/// A class that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardHold {
    /// Which.
    pub class: GuardClass,
    /// Since when.
    pub held_at: Timestamp,
    /// How many people it was about.
    pub number: u64,
    /// When it was last said again.
    pub alarmed_at: Option<Timestamp>,
}

fn count(number: Option<i64>) -> u64 {
    u64::try_from(number.unwrap_or(0)).unwrap_or(0)
}

impl Snapshot<'_> {
    /// The classes that are held.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn guard_holds(&self, target: &str) -> Result<Vec<GuardHold>, StoreError> {
        self.all(
            "SELECT class, held_at, number, nullif(alarmed, 0) FROM guard_holds WHERE target = ?1 ORDER BY class",
            [target],
            |row| {
                Ok(GuardHold {
                    class: GuardClass::from_column(&row.get::<_, String>(0)?)?,
                    held_at: Timestamp::from_micros(row.get(1)?),
                    number: count(Some(row.get(2)?)),
                    alarmed_at: moment(row.get(3)?),
                })
            },
        )
    }

    /// Who may pass although the class is held.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn guard_passes(&self, target: &str, class: GuardClass) -> Result<HashSet<String>, StoreError> {
        let all = self.all(
            "SELECT principal FROM guard_passes WHERE target = ?1 AND class = ?2",
            params![target, class.as_str()],
            |row| Ok(row.get(0)?),
        )?;
        Ok(all.into_iter().collect())
    }

    /// How many distinct principals were counted since then.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn guarded_since(&self, target: &str, class: GuardClass, since: Timestamp) -> Result<u64, StoreError> {
        let number = self.one(
            "SELECT count(*) FROM guarded WHERE target = ?1 AND class = ?2 AND at > ?3",
            params![target, class.as_str(), since.as_micros()],
            |row| Ok(row.get::<_, i64>(0)?),
        )?;
        Ok(count(number))
    }

    /// The same with everybody for whom a change of the class is planned now.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn guarded_and_planned(
        &self,
        target: &str,
        class: GuardClass,
        since: Timestamp,
        also: &[String],
    ) -> Result<u64, StoreError> {
        let counted = self.all(
            "SELECT principal FROM guarded WHERE target = ?1 AND class = ?2 AND at > ?3",
            params![target, class.as_str(), since.as_micros()],
            |row| Ok(row.get::<_, String>(0)?),
        )?;
        let mut all: HashSet<String> = counted.into_iter().chain(also.iter().cloned()).collect();
        all.extend(self.planned(target, class)?.into_iter().map(|planned| planned.0));
        // Who may pass was counted by a person.
        let passed = self.guard_passes(target, class)?;
        Ok(u64::try_from(all.difference(&passed).count()).unwrap_or(u64::MAX))
    }

    /// Upstream ids of everybody who is, or may be, in a group: who loses it when it is deleted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn in_group(&self, group: BindingId) -> Result<Vec<String>, StoreError> {
        self.all(
            "SELECT b.upstream_id FROM edges e JOIN bindings b ON b.binding = e.member_binding
             WHERE e.group_binding = ?1 AND (e.applied = 1 OR e.maybe = 1) AND b.role <> 'gone' AND b.upstream_id IS NOT NULL",
            [group.row()],
            |row| Ok(row.get(0)?),
        )
    }

    /// Upstream id and name of everybody for whom a change of the class is planned now.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn planned(&self, target: &str, class: GuardClass) -> Result<Vec<(String, String, ScimId)>, StoreError> {
        self.all(class.planned(), [target], |row| {
            Ok((row.get(0)?, row.get(1)?, ScimId::new(row.get::<_, String>(2)?)))
        })
    }

    /// Users as the client wants them, deleted ones not among them.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn live_users(&self) -> Result<u64, StoreError> {
        let number = self.one("SELECT sum(number) FROM counts WHERE kind = 'User'", [], |row| {
            Ok(row.get::<_, Option<i64>>(0)?)
        })?;
        Ok(count(number.flatten()))
    }

    /// Users that have an object at the target.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn managed_users(&self, target: &str) -> Result<u64, StoreError> {
        let number = self.one(
            "SELECT count(*) FROM bindings WHERE target = ?1 AND kind = 'User' AND upstream_id IS NOT NULL
                 AND role IN ('current', 'retiring')",
            [target],
            |row| Ok(row.get::<_, i64>(0)?),
        )?;
        Ok(count(number))
    }
}

impl Transaction<'_> {
    /// Counts a principal.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn count_guarded(
        &self,
        target: &str,
        class: GuardClass,
        principal: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO guarded (target, class, principal, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET at = excluded.at",
            params![target, class.as_str(), principal, now.as_micros()],
        )?;
        Ok(())
    }

    /// Forgets what was counted, and passes that were given, before then.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn forget_guarded(&self, target: &str, counted: Timestamp, passed: Timestamp) -> Result<(), StoreError> {
        for (table, before) in [("guarded", counted), ("guard_passes", passed)] {
            self.run(
                &format!("DELETE FROM {table} WHERE target = ?1 AND at <= ?2"),
                params![target, before.as_micros()],
            )?;
        }
        Ok(())
    }

    /// Holds a class.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn close_guard(&self, target: &str, class: GuardClass, number: u64, now: Timestamp) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO guard_holds (target, class, held_at, number) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![
                target,
                class.as_str(),
                now.as_micros(),
                i64::try_from(number).unwrap_or(i64::MAX)
            ],
        )?;
        Ok(())
    }

    /// Holds a class no longer, and counts anew.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn open_guard(&self, target: &str, class: GuardClass) -> Result<(), StoreError> {
        for table in ["guard_holds", "guarded"] {
            self.run(
                &format!("DELETE FROM {table} WHERE target = ?1 AND class = ?2"),
                params![target, class.as_str()],
            )?;
        }
        Ok(())
    }

    /// Lets one principal pass.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn let_pass(&self, target: &str, class: GuardClass, principal: &str, now: Timestamp) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO guard_passes (target, class, principal, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET at = excluded.at",
            params![target, class.as_str(), principal, now.as_micros()],
        )?;
        Ok(())
    }

    /// Takes back the pass of everybody but `planned`: what it was given for is done, or is wanted no more.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn keep_passes_of(&self, target: &str, class: GuardClass, planned: &HashSet<String>) -> Result<(), StoreError> {
        for principal in self.guard_passes(target, class)?.difference(planned) {
            self.run(
                "DELETE FROM guard_passes WHERE target = ?1 AND class = ?2 AND principal = ?3",
                params![target, class.as_str(), principal],
            )?;
        }
        Ok(())
    }

    /// Notes that a hold was said again.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn guard_alarmed(&self, target: &str, class: GuardClass, now: Timestamp) -> Result<(), StoreError> {
        self.run(
            "UPDATE guard_holds SET alarmed = ?3 WHERE target = ?1 AND class = ?2",
            params![target, class.as_str(), now.as_micros()],
        )?;
        Ok(())
    }
}
