//! How things stand, in numbers: what the metrics are read from. No name leaves here (rule F).

use rusqlite::params;

use super::{Kind, QueueClass, Snapshot, StoreError};
use crate::clock::Timestamp;

/// The rows of one class of the queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub depth: u64,
    /// Since when the longest waits.
    pub oldest: Option<Timestamp>,
}

/// How many users and groups something is true of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PerKind {
    /// Users.
    pub users: u64,
    /// Groups.
    pub groups: u64,
}

/// The state of one target and its endpoint, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Revocations that wait.
    pub revocations: Waiting,
    /// Grants that wait.
    pub grants: Waiting,
    /// Looks that wait.
    pub verifications: Waiting,
    /// When the oldest revocation was accepted that is not applied, held ones among them.
    pub unapplied_revocation: Option<Timestamp>,
    /// Objects that a person must decide on.
    pub held: PerKind,
    /// Objects whose changes Databricks refuses.
    pub failing: PerKind,
    /// Resources as the client wants them.
    pub resources: PerKind,
    /// About how many bytes the record takes.
    pub record_bytes: u64,
}

/// An object that a person must decide on, or whose changes the target refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// User or Group.
    pub kind: Kind,
    /// The resource's id.
    pub resource_id: String,
    /// Its name.
    pub name: String,
    /// `held: …` or `failing: …`.
    pub why: String,
    /// Since when.
    pub since: Timestamp,
}

impl Snapshot<'_> {
    /// Up to `limit` objects that are held or failing, the longest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn troubles(&self, target: &str, limit: usize) -> Result<Vec<Trouble>, StoreError> {
        self.all(
            "SELECT kind, resource_id, name, 'held: ' || hold AS why, ifnull(held_at, 0) AS since FROM bindings
                 WHERE target = ?1 AND hold IS NOT NULL AND role <> 'gone'
             UNION ALL
             SELECT kind, resource_id, name, outcome, min(at) FROM revisions
                 WHERE settled_at IS NULL AND (outcome LIKE 'held:%' OR outcome LIKE 'failing%')
                   AND resource_id NOT IN (SELECT resource_id FROM bindings
                       WHERE target = ?1 AND hold IS NOT NULL AND role <> 'gone')
                 GROUP BY resource_id
             ORDER BY since LIMIT ?2",
            params![target, i64::try_from(limit).unwrap_or(i64::MAX)],
            |row| {
                let kind: String = row.get(0)?;
                Ok(Trouble {
                    kind: Kind::from_column(&kind)?,
                    resource_id: row.get(1)?,
                    name: row.get(2)?,
                    why: row.get(3)?,
                    since: Timestamp::from_micros(row.get(4)?),
                })
            },
        )
    }

    /// The state of `target` and `endpoint`, in numbers. Walks the queue: not for every request.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn gauges(&self, target: &str, endpoint: &str) -> Result<Gauges, StoreError> {
        let mut gauges = Gauges {
            unapplied_revocation: self.unapplied_revocation()?,
            held: self.per_kind(
                "SELECT kind, count(*) FROM (
                     SELECT kind, resource_id FROM bindings WHERE target = ?1 AND hold IS NOT NULL AND role <> 'gone'
                     UNION SELECT kind, resource_id FROM revisions WHERE settled_at IS NULL AND outcome LIKE 'held:%')
                 GROUP BY kind",
                target,
            )?,
            failing: self.per_kind(
                "SELECT kind, count(DISTINCT resource_id) FROM revisions
                 WHERE settled_at IS NULL AND outcome LIKE 'failing%' AND ?1 <> '' GROUP BY kind",
                target,
            )?,
            resources: self.resources(endpoint)?,
            record_bytes: self.record_size()?,
            ..Gauges::default()
        };
        let classes = self.all(
            "SELECT class, count(*), min(queued_at) FROM queue WHERE target = ?1 GROUP BY class",
            params![target],
            |row| {
                let waiting = Waiting {
                    depth: number(row.get(1)?),
                    oldest: row.get::<_, Option<i64>>(2)?.map(Timestamp::from_micros),
                };
                Ok((QueueClass::from_number(row.get(0)?), waiting))
            },
        )?;
        for (class, waiting) in classes {
            match class {
                QueueClass::Revocation => gauges.revocations = waiting,
                QueueClass::Grant => gauges.grants = waiting,
                QueueClass::Verification => gauges.verifications = waiting,
            }
        }
        Ok(gauges)
    }

    /// How many resources the client wants at `endpoint`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn resources(&self, endpoint: &str) -> Result<PerKind, StoreError> {
        self.per_kind("SELECT kind, number FROM counts WHERE endpoint = ?1", endpoint)
    }

    /// When the oldest change was accepted that takes access away and is not applied.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn unapplied_revocation(&self) -> Result<Option<Timestamp>, StoreError> {
        let oldest = self.one(
            "SELECT min(at) FROM revisions WHERE settled_at IS NULL AND revokes = 1",
            [],
            |row| Ok(row.get::<_, Option<i64>>(0)?),
        )?;
        Ok(oldest.flatten().map(Timestamp::from_micros))
    }

    fn per_kind(&self, sql: &str, of: &str) -> Result<PerKind, StoreError> {
        let mut numbers = PerKind::default();
        let rows = self.all(sql, [of], |row| {
            let kind: String = row.get(0)?;
            Ok((Kind::from_column(&kind)?, number(row.get(1)?)))
        })?;
        for (kind, counted) in rows {
            match kind {
                Kind::User => numbers.users = counted,
                Kind::Group => numbers.groups = counted,
            }
        }
        Ok(numbers)
    }
}

fn number(counted: i64) -> u64 {
    u64::try_from(counted).unwrap_or(0)
}
