//! The queue: resources that may differ from their target.
//!
//! A row says *that* there is work and how urgent it is, never *what*: that is planned
//! anew from desired, applied and observed each time. So a row too many costs a plan,
//! and a crash between two lines costs nothing.

use std::time::Duration;

use rusqlite::{Row, params};

use super::{Kind, Snapshot, StoreError, Transaction};
use crate::clock::Timestamp;
use crate::id::ScimId;

/// How urgent the work on a resource is (rule B6: revocation before grant).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueueClass {
    /// Takes access away.
    Revocation,
    /// Gives access or changes a field.
    Grant,
    /// Only looks.
    Verification,
}

impl QueueClass {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revocation => "revocation",
            Self::Grant => "grant",
            Self::Verification => "verification",
        }
    }

    const fn number(self) -> i64 {
        match self {
            Self::Revocation => 0,
            Self::Grant => 1,
            Self::Verification => 2,
        }
    }

    pub(super) const fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Revocation,
            1 => Self::Grant,
            _ => Self::Verification,
        }
    }
}

/// One row of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueRow {
    /// The resource, live or deleted.
    pub resource_id: ScimId,
    /// User or Group.
    pub kind: Kind,
    /// How urgent.
    pub class: QueueClass,
    /// Rate class of the next call as last planned; 0 = not planned yet.
    pub verb: i64,
    /// Since when it waits.
    pub queued_at: Timestamp,
    /// When it may be tried.
    pub due_at: Timestamp,
    /// Failures in a row.
    pub attempts: u32,
    /// Of these, definite refusals of the object's own request (rule B10).
    pub refusals: u32,
    /// Raised by each enqueue.
    pub ticket: i64,
}

/// How a resource is put into the queue.
#[derive(Debug, Clone, Copy)]
pub struct Enqueue {
    /// How urgent.
    pub class: QueueClass,
    /// Now.
    pub now: Timestamp,
    /// Wait this long for more changes of the same resource before trying …
    pub settle_for: Duration,
    /// … but never longer than this after it was first queued.
    pub at_most: Duration,
}

impl Enqueue {
    /// To be tried at once.
    pub const fn at_once(class: QueueClass, now: Timestamp) -> Self {
        Self {
            class,
            now,
            settle_for: Duration::ZERO,
            at_most: Duration::ZERO,
        }
    }
}

fn read_row(row: &Row<'_>) -> Result<QueueRow, StoreError> {
    let kind: String = row.get(1)?;
    Ok(QueueRow {
        resource_id: ScimId::new(row.get::<_, String>(0)?),
        kind: Kind::from_column(&kind)?,
        class: QueueClass::from_number(row.get(2)?),
        verb: row.get(3)?,
        queued_at: Timestamp::from_micros(row.get(4)?),
        due_at: Timestamp::from_micros(row.get(5)?),
        attempts: row.get(6)?,
        ticket: row.get(7)?,
        refusals: row.get(8)?,
    })
}

/// The largest number of a rate class in the queue.
const MOST_VERBS: i64 = 3;

impl Snapshot<'_> {
    /// The row of a resource, if it is queued.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn queued(&self, target: &str, id: &ScimId) -> Result<Option<QueueRow>, StoreError> {
        self.one(
            "SELECT resource_id, kind, class, verb, queued_at, due_at, attempts, ticket, refusals FROM queue
             WHERE target = ?1 AND resource_id = ?2",
            params![target, id.as_str()],
            read_row,
        )
    }

    /// Why a queued resource waits, or how its last call failed, if that was noted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn queue_reason(&self, target: &str, id: &ScimId) -> Result<Option<String>, StoreError> {
        let reason = self.one(
            "SELECT reason FROM queue WHERE target = ?1 AND resource_id = ?2",
            params![target, id.as_str()],
            |row| Ok(row.get::<_, Option<String>>(0)?),
        )?;
        Ok(reason.flatten())
    }

    /// Up to `limit` rows of one class and rate class that are due, longest due first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn due(
        &self,
        target: &str,
        class: QueueClass,
        verb: i64,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<QueueRow>, StoreError> {
        self.all(
            "SELECT resource_id, kind, class, verb, queued_at, due_at, attempts, ticket, refusals FROM queue
             WHERE target = ?1 AND class = ?2 AND verb = ?3 AND due_at <= ?4 ORDER BY due_at LIMIT ?5",
            params![
                target,
                class.number(),
                verb,
                now.as_micros(),
                i64::try_from(limit).unwrap_or(i64::MAX)
            ],
            read_row,
        )
    }

    /// How many rows of a class there are, due or not.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn queued_of_class(&self, target: &str, class: QueueClass) -> Result<u64, StoreError> {
        let number = self.one(
            "SELECT count(*) FROM queue WHERE target = ?1 AND class = ?2",
            params![target, class.number()],
            |row| Ok(row.get::<_, i64>(0)?),
        )?;
        Ok(u64::try_from(number.unwrap_or(0)).unwrap_or(0))
    }

    /// When the next row that is not due yet becomes due.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn next_due(&self, target: &str, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut next: Option<i64> = None;
        // One look into the index for each class and rate class: a long queue is not walked.
        for class in [QueueClass::Revocation, QueueClass::Grant, QueueClass::Verification] {
            for verb in 0..=MOST_VERBS {
                let due = self.one(
                    "SELECT due_at FROM queue WHERE target = ?1 AND class = ?2 AND verb = ?3 AND due_at > ?4
                     ORDER BY due_at LIMIT 1",
                    params![target, class.number(), verb, now.as_micros()],
                    |row| Ok(row.get::<_, i64>(0)?),
                )?;
                next = match (next, due) {
                    (Some(next), Some(due)) => Some(next.min(due)),
                    (next, due) => next.or(due),
                };
            }
        }
        Ok(next.map(Timestamp::from_micros))
    }

    /// How many rows that are to be written are due: those that wait for their time take nobody's turn.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn due_to_be_written(&self, target: &str, now: Timestamp) -> Result<u64, StoreError> {
        let due = self.one(
            "SELECT count(*) FROM queue WHERE target = ?1 AND class < 2 AND due_at <= ?2",
            params![target, now.as_micros()],
            |row| Ok(row.get::<_, i64>(0)?),
        )?;
        Ok(u64::try_from(due.unwrap_or(0)).unwrap_or(0))
    }

    /// Whether any row waits to be written, due or not.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn waits_to_be_written(&self, target: &str) -> Result<bool, StoreError> {
        let found = self.one(
            "SELECT 1 FROM queue WHERE target = ?1 AND class < 2 LIMIT 1",
            [target],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// How many rows there are, and how many of them wait to be written rather than only verified.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn queue_depth(&self, target: &str) -> Result<(u64, u64), StoreError> {
        let depth = self.one(
            "SELECT count(*), count(*) FILTER (WHERE class < 2) FROM queue WHERE target = ?1",
            [target],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
        )?;
        let (all, pending) = depth.unwrap_or((0, 0));
        Ok((u64::try_from(all).unwrap_or(0), u64::try_from(pending).unwrap_or(0)))
    }
}

impl Transaction<'_> {
    /// Says that there may be work on a resource.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn enqueue(&self, target: &str, id: &ScimId, kind: Kind, how: Enqueue) -> Result<(), StoreError> {
        let settled = how.now.plus(how.settle_for).as_micros();
        let at_most = i64::try_from(how.at_most.as_micros()).unwrap_or(i64::MAX);
        self.run(
            "INSERT INTO queue (target, resource_id, kind, class, queued_at, due_at, ticket) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)
             ON CONFLICT (target, resource_id) DO UPDATE SET
                 queued_at = CASE WHEN class = 2 THEN excluded.queued_at ELSE queued_at END,
                 due_at = CASE
                     WHEN excluded.class = 0 THEN min(due_at, excluded.due_at)
                     WHEN class = 0 THEN due_at
                     WHEN class = 2 THEN excluded.due_at
                     ELSE max(?7, min(excluded.due_at, queued_at + ?8)) END,
                 class = min(class, excluded.class),
                 verb = 0,
                 ticket = ticket + 1",
            params![
                target,
                id.as_str(),
                kind.as_str(),
                how.class.number(),
                how.now.as_micros(),
                settled,
                how.now.as_micros(),
                at_most
            ],
        )?;
        Ok(())
    }

    /// Stores what planning found out about a row: class, rate class, when to try, and why it waits.
    ///
    /// A row that was enqueued anew since `row` was read keeps its own due time.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn reschedule(&self, target: &str, row: &QueueRow, reason: Option<&str>) -> Result<(), StoreError> {
        self.run(
            "UPDATE queue SET class = ?4, verb = ?5, due_at = ?6, attempts = ?7, reason = ?8, refusals = ?9
             WHERE target = ?1 AND resource_id = ?2 AND ticket = ?3",
            params![
                target,
                row.resource_id.as_str(),
                row.ticket,
                row.class.number(),
                row.verb,
                row.due_at.as_micros(),
                row.attempts,
                reason,
                row.refusals
            ],
        )?;
        Ok(())
    }

    /// Makes a resource that already waits due at once; one that does not is left alone.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn wake(&self, target: &str, id: &ScimId, now: Timestamp) -> Result<(), StoreError> {
        self.run(
            "UPDATE queue SET due_at = min(due_at, ?3), verb = 0, ticket = ticket + 1
             WHERE target = ?1 AND resource_id = ?2 AND class < 2",
            params![target, id.as_str(), now.as_micros()],
        )?;
        Ok(())
    }

    /// Makes every row of a class due at once.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn wake_class(&self, target: &str, class: QueueClass, now: Timestamp) -> Result<(), StoreError> {
        self.run(
            "UPDATE queue SET due_at = min(due_at, ?3), verb = 0, ticket = ticket + 1 WHERE target = ?1 AND class = ?2",
            params![target, class.number(), now.as_micros()],
        )?;
        Ok(())
    }

    /// Takes a row out of the queue, unless it was enqueued anew since `ticket`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn dequeue(&self, target: &str, id: &ScimId, ticket: i64) -> Result<bool, StoreError> {
        let removed = self.run(
            "DELETE FROM queue WHERE target = ?1 AND resource_id = ?2 AND ticket = ?3",
            params![target, id.as_str(), ticket],
        )?;
        Ok(removed == 1)
    }

    /// Clamps due times that lie further ahead than `longest` (rule D4).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn clamp_due(&self, target: &str, now: Timestamp, longest: Duration) -> Result<(), StoreError> {
        self.run(
            "UPDATE queue SET due_at = min(due_at, ?2), queued_at = min(queued_at, ?3) WHERE target = ?1",
            params![target, now.plus(longest).as_micros(), now.as_micros()],
        )?;
        // A clock that was ahead must not put off for ever what is to be tried, read or proven.
        for table in [
            "UPDATE edges SET parked_until = min(parked_until, ?1), verify_at = min(verify_at, ?1), unknown_at = min(unknown_at, ?2)
             WHERE parked_until > ?1 OR verify_at > ?1 OR unknown_at > ?2",
            "UPDATE fields SET verify_at = min(verify_at, ?1), unknown_at = min(unknown_at, ?2)
             WHERE verify_at > ?1 OR unknown_at > ?2",
            "UPDATE bindings SET look_at = min(look_at, ?1), unknown_at = min(unknown_at, ?2)
             WHERE look_at > ?1 OR unknown_at > ?2",
        ] {
            self.run(table, params![now.plus(longest).as_micros(), now.as_micros()])?;
        }
        Ok(())
    }

    /// Queues again what waits for a person: the settings that it was held by may be others since. Tells how many.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn enqueue_held(&self, target: &str, now: Timestamp) -> Result<usize, StoreError> {
        let held = self.all(
            "SELECT resource_id, kind FROM bindings WHERE target = ?1 AND hold IS NOT NULL AND role <> 'gone'
             UNION
             SELECT resource_id, kind FROM revisions WHERE settled_at IS NULL AND outcome LIKE 'held: %'",
            [target],
            |row| {
                let kind: String = row.get(1)?;
                Ok((ScimId::new(row.get::<_, String>(0)?), Kind::from_column(&kind)?))
            },
        )?;
        for (id, kind) in &held {
            self.enqueue(target, id, *kind, Enqueue::at_once(QueueClass::Grant, now))?;
        }
        Ok(held.len())
    }

    /// Queues whoever else wants the name of `binding`, which is given up: it may have waited for it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn enqueue_who_wants_name_of(
        &self,
        target: &str,
        binding: &super::Binding,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // Through the index, which begins with the endpoint.
        let waiting = self.all(
            "SELECT id FROM resources WHERE endpoint IN (SELECT endpoint FROM counts WHERE kind = ?1)
                 AND kind = ?1 AND name_key = ?2 AND id <> ?3",
            params![binding.kind.as_str(), binding.name_key, binding.resource_id.as_str()],
            |row| Ok(ScimId::new(row.get::<_, String>(0)?)),
        )?;
        for other in waiting {
            self.enqueue(target, &other, binding.kind, Enqueue::at_once(QueueClass::Grant, now))?;
        }
        Ok(())
    }

    /// Puts the groups that `member`'s bindings concern into the queue.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn enqueue_groups_of(&self, target: &str, member: &ScimId, how: Enqueue) -> Result<(), StoreError> {
        let groups = self.all(
            "SELECT r.id FROM members m JOIN resources r ON r.pk = m.group_pk
                 JOIN resources u ON u.pk = m.member_pk WHERE u.id = ?1
             UNION
             SELECT g.resource_id FROM edges e JOIN bindings g ON g.binding = e.group_binding
                 JOIN bindings b ON b.binding = e.member_binding
             WHERE b.resource_id = ?1 AND g.role <> 'gone'",
            [member.as_str()],
            |row| Ok(ScimId::new(row.get::<_, String>(0)?)),
        )?;
        for group in groups {
            self.enqueue(target, &group, Kind::Group, how)?;
        }
        Ok(())
    }
}
