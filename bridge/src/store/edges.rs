//! Memberships upstream: what is wanted and what is known, edge by edge (rule B8).
//!
//! The surprise is that nothing here walks a whole group where it can be helped: only
//! edges that differ, or whose state is not proven, are loaded.

use rusqlite::{Row, params};

use super::fields::{Tracked, micros, moment};
use super::{BindingId, Pk, Snapshot, StoreError, Transaction};
use crate::clock::Timestamp;
use crate::id::{ScimId, UpstreamId};

/// A stored edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeRow {
    /// The group's binding.
    pub group: BindingId,
    /// The member's binding.
    pub member: BindingId,
    /// What is known: true = is a member.
    pub tracked: Tracked<bool>,
    /// Found at adoption: kept until removed on purpose (rule C3).
    pub inherited: bool,
    /// At most so many edges in one request with it.
    pub batch_limit: Option<u32>,
    /// Definite refusals of it alone, in a row.
    pub refusals: u32,
    /// Not tried before then.
    pub parked_until: Option<Timestamp>,
}

/// One membership that can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberEdge {
    /// The member's binding.
    pub member: BindingId,
    /// The member's id at the target.
    pub upstream_id: UpstreamId,
    /// What is known of it; `None` = never attempted.
    pub row: Option<EdgeRow>,
}

/// The memberships of one group that differ, in one direction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edges {
    /// Those that can be sent, as many as were asked for.
    pub ready: Vec<MemberEdge>,
    /// Some wait for a member that is still to be created, and for no person.
    pub coming: bool,
    /// When the first of those that were refused may be tried again.
    pub parked_until: Option<Timestamp>,
}

const EDGE: &str = "e.group_binding, e.member_binding, e.applied, e.observed, e.maybe, e.unknown_at, e.agreed_at, e.agreed, \
                    e.verify_at, e.inherited, e.batch_limit, e.refusals, e.parked_until";

/// Reads an edge whose columns start at `from`; `None` where an outer join found none.
fn read_edge(row: &Row<'_>, from: usize) -> Result<Option<EdgeRow>, StoreError> {
    let Some(group) = row.get::<_, Option<i64>>(from)? else {
        return Ok(None);
    };
    let agreed_at = moment(row.get(from + 6)?);
    let agreed: Option<bool> = row.get(from + 7)?;
    Ok(Some(EdgeRow {
        group: BindingId::from_row(group),
        member: BindingId::from_row(row.get(from + 1)?),
        tracked: Tracked {
            applied: row.get(from + 2)?,
            observed: row.get(from + 3)?,
            maybe: row.get(from + 4)?,
            unknown_at: moment(row.get(from + 5)?),
            agreed: agreed_at.zip(agreed),
            verify_at: moment(row.get(from + 8)?),
        },
        inherited: row.get(from + 9)?,
        batch_limit: row.get(from + 10)?,
        refusals: row.get(from + 11)?,
        parked_until: moment(row.get(from + 12)?),
    }))
}

fn read_member_edge(row: &Row<'_>) -> Result<MemberEdge, StoreError> {
    let upstream: String = row.get(1)?;
    Ok(MemberEdge {
        member: BindingId::from_row(row.get(0)?),
        upstream_id: UpstreamId::parse(&upstream).ok_or_else(|| StoreError::corrupt("upstream_id", upstream))?,
        row: read_edge(row, 2)?,
    })
}

/// Wanted members of the group binding `?1` at the target `?2` that are not confirmed.
const TO_ADD: &str = "FROM bindings g
     JOIN resources r ON r.id = g.resource_id
     JOIN members m ON m.group_pk = r.pk
     JOIN resources u ON u.pk = m.member_pk
     LEFT JOIN bindings b ON b.resource_id = u.id AND b.target = ?2 AND b.role = 'current'
     LEFT JOIN edges e ON e.group_binding = ?1 AND e.member_binding = b.binding
     WHERE g.binding = ?1 AND g.role = 'current' AND (e.applied IS NULL OR e.applied = 0 OR e.maybe = 1)";

/// Members of the group binding `?1` that are, or may be, there and are not wanted.
const TO_REMOVE: &str = "FROM edges e
     JOIN bindings b ON b.binding = e.member_binding
     JOIN bindings g ON g.binding = e.group_binding
     LEFT JOIN resources r ON r.id = g.resource_id AND g.role = 'current'
     LEFT JOIN resources u ON u.id = b.resource_id AND b.role IN ('current', 'retiring')
     LEFT JOIN members m ON m.group_pk = r.pk AND m.member_pk = u.pk
     WHERE e.group_binding = ?1 AND (e.applied = 1 OR e.maybe = 1) AND e.inherited = 0
       AND b.role <> 'gone' AND b.upstream_id IS NOT NULL AND m.group_pk IS NULL";

impl Snapshot<'_> {
    /// Wanted members of `group` that are not confirmed; up to `limit` of those that can be sent.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn edges_to_add(
        &self,
        target: &str,
        group: BindingId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Edges, StoreError> {
        let ready = self.all(
            &format!(
                "SELECT b.binding, b.upstream_id, {EDGE} {TO_ADD}
                   AND b.upstream_id IS NOT NULL AND ifnull(e.parked_until, 0) <= ?3
                 ORDER BY m.member_pk LIMIT ?4"
            ),
            params![group.row(), target, now.as_micros(), limit_of(limit)],
            read_member_edge,
        )?;
        let others = self.one(
            &format!(
                "SELECT ifnull(max(b.upstream_id IS NULL AND b.hold IS NULL), 0),
                        min(e.parked_until) FILTER (WHERE e.parked_until > ?3) {TO_ADD}"
            ),
            params![group.row(), target, now.as_micros()],
            |row| Ok((row.get(0)?, moment(row.get(1)?))),
        )?;
        let (coming, parked_until) = others.unwrap_or_default();
        Ok(Edges {
            ready,
            coming,
            parked_until,
        })
    }

    /// Members of `group` that are, or may be, there and are not wanted; up to `limit` of those that can be sent.
    /// One that is parked beyond `longest` was parked as an addition and does not wait.
    ///
    /// The account under the old name of a renamed user stays where the user is wanted, until the
    /// new one is complete (rule C5); inherited members stay until removed on purpose (rule C3).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn edges_to_remove(
        &self,
        group: BindingId,
        now: Timestamp,
        longest: Timestamp,
        limit: usize,
    ) -> Result<Edges, StoreError> {
        let ready = self.all(
            &format!(
                "SELECT b.binding, b.upstream_id, {EDGE} {TO_REMOVE}
                   AND (ifnull(e.parked_until, 0) <= ?2 OR e.parked_until > ?3)
                 ORDER BY e.member_binding LIMIT ?4"
            ),
            params![group.row(), now.as_micros(), longest.as_micros(), limit_of(limit)],
            read_member_edge,
        )?;
        let parked_until = self.one(
            &format!("SELECT min(e.parked_until) {TO_REMOVE} AND e.parked_until > ?2 AND e.parked_until <= ?3"),
            params![group.row(), now.as_micros(), longest.as_micros()],
            |row| Ok(moment(row.get(0)?)),
        )?;
        Ok(Edges {
            ready,
            coming: false,
            parked_until: parked_until.flatten(),
        })
    }

    /// Edges of `group` whose state a read has still to prove or verify (rules B2, B3).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn edges_to_check(&self, group: BindingId) -> Result<Vec<EdgeRow>, StoreError> {
        let rows = self.all(
            &format!(
                "SELECT {EDGE} FROM edges e
                 WHERE e.group_binding = ?1 AND (e.unknown_at IS NOT NULL OR e.verify_at IS NOT NULL)"
            ),
            [group.row()],
            |row| read_edge(row, 0),
        )?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// One stored edge.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn edge(&self, group: BindingId, member: BindingId) -> Result<Option<EdgeRow>, StoreError> {
        let found = self.one(
            &format!("SELECT {EDGE} FROM edges e WHERE e.group_binding = ?1 AND e.member_binding = ?2"),
            params![group.row(), member.row()],
            |row| read_edge(row, 0),
        )?;
        Ok(found.flatten())
    }

    /// All stored edges of a group with the upstream id of each member.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn edges_of_group(&self, group: BindingId) -> Result<Vec<(EdgeRow, Option<UpstreamId>)>, StoreError> {
        let rows = self.all(
            &format!(
                "SELECT b.upstream_id, {EDGE} FROM edges e JOIN bindings b ON b.binding = e.member_binding
                 WHERE e.group_binding = ?1"
            ),
            [group.row()],
            |row| {
                let upstream: Option<String> = row.get(0)?;
                Ok((read_edge(row, 1)?, upstream.as_deref().and_then(UpstreamId::parse)))
            },
        )?;
        Ok(rows.into_iter().filter_map(|(edge, id)| Some((edge?, id))).collect())
    }

    /// All stored edges of a member.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn edges_of_member(&self, member: BindingId) -> Result<Vec<EdgeRow>, StoreError> {
        let rows = self.all(
            &format!("SELECT {EDGE} FROM edges e WHERE e.member_binding = ?1 ORDER BY e.group_binding"),
            [member.row()],
            |row| read_edge(row, 0),
        )?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Whether a removal of `member` from some group is still to be applied or, after an
    /// unknown outcome, proven (rule B9).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn removals_pending(&self, member: BindingId) -> Result<bool, StoreError> {
        let found = self.one(
            "SELECT 1 FROM edges e
             JOIN bindings b ON b.binding = e.member_binding
             JOIN bindings g ON g.binding = e.group_binding
             LEFT JOIN resources r ON r.id = g.resource_id AND g.role = 'current'
             LEFT JOIN resources u ON u.id = b.resource_id AND b.role = 'current'
             LEFT JOIN members m ON m.group_pk = r.pk AND m.member_pk = u.pk
             WHERE e.member_binding = ?1 AND e.inherited = 0 AND g.role <> 'gone' AND m.group_pk IS NULL
               AND (e.applied = 1 OR e.maybe = 1 OR e.unknown_at IS NOT NULL) LIMIT 1",
            [member.row()],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Upstream ids of the groups that `member`'s resource is wanted in and that an older account of it is in, and
    /// whether each membership of this very binding is confirmed: what the older account still serves for (rule C5).
    /// Groups where the older account is not, or that are not there yet, are no reason to keep it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn wanted_groups(
        &self,
        target: &str,
        member: BindingId,
    ) -> Result<Vec<(Option<UpstreamId>, bool)>, StoreError> {
        self.all(
            "SELECT g.upstream_id, ifnull(e.applied = 1 AND e.maybe = 0, 0)
             FROM bindings b
             JOIN resources u ON u.id = b.resource_id
             JOIN members m ON m.member_pk = u.pk
             JOIN resources r ON r.pk = m.group_pk
             LEFT JOIN bindings g ON g.resource_id = r.id AND g.target = ?2 AND g.role = 'current'
             LEFT JOIN edges e ON e.group_binding = g.binding AND e.member_binding = b.binding
             WHERE b.binding = ?1 AND g.hold IS NULL AND ifnull(e.refusals, 0) = 0
               AND EXISTS (SELECT 1 FROM edges o JOIN bindings older ON older.binding = o.member_binding
                           WHERE o.group_binding = g.binding AND older.resource_id = b.resource_id
                             AND older.role = 'retiring' AND (o.applied = 1 OR o.maybe = 1))",
            params![member.row(), target],
            |row| {
                let upstream: Option<String> = row.get(0)?;
                Ok((upstream.as_deref().and_then(UpstreamId::parse), row.get(1)?))
            },
        )
    }
}

impl Transaction<'_> {
    /// Stores an edge.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn put_edge(&self, edge: &EdgeRow) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO edges (group_binding, member_binding, applied, observed, maybe, unknown_at, agreed_at, agreed, verify_at,
                                inherited, batch_limit, refusals, parked_until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (group_binding, member_binding) DO UPDATE SET applied = excluded.applied, observed = excluded.observed,
                 maybe = excluded.maybe, unknown_at = excluded.unknown_at, agreed_at = excluded.agreed_at, agreed = excluded.agreed,
                 verify_at = excluded.verify_at, inherited = excluded.inherited, batch_limit = excluded.batch_limit,
                 refusals = excluded.refusals, parked_until = excluded.parked_until",
            params![
                edge.group.row(),
                edge.member.row(),
                edge.tracked.applied,
                edge.tracked.observed,
                edge.tracked.maybe,
                micros(edge.tracked.unknown_at),
                edge.tracked.agreed.map(|(at, _)| at.as_micros()),
                edge.tracked.agreed.map(|(_, value)| value),
                micros(edge.tracked.verify_at),
                edge.inherited,
                edge.batch_limit,
                edge.refusals,
                micros(edge.parked_until),
            ],
        )?;
        Ok(())
    }

    /// Gives up the protection of a membership that was found at adoption (rule C3); false if it had none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn disinherit(&self, group: &ScimId, member: Pk) -> Result<bool, StoreError> {
        let changed = self.run(
            "UPDATE edges SET inherited = 0 WHERE inherited = 1
                 AND group_binding IN (SELECT binding FROM bindings WHERE resource_id = ?1 AND role <> 'gone')
                 AND member_binding IN (SELECT b.binding FROM bindings b JOIN resources r ON r.id = b.resource_id WHERE r.pk = ?2)",
            params![group.as_str(), member.0],
        )?;
        Ok(changed > 0)
    }

    /// The same for all memberships of a group, which the client has emptied or listed anew; tells whose.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn disinherit_everybody(&self, group: &ScimId) -> Result<Vec<ScimId>, StoreError> {
        let members = self.all(
            "SELECT DISTINCT b.resource_id FROM edges e JOIN bindings b ON b.binding = e.member_binding
             WHERE e.inherited = 1
                 AND e.group_binding IN (SELECT binding FROM bindings WHERE resource_id = ?1 AND role <> 'gone')",
            [group.as_str()],
            |row| Ok(ScimId::new(row.get::<_, String>(0)?)),
        )?;
        if !members.is_empty() {
            self.disinherit_as("group_binding", group)?;
        }
        Ok(members)
    }

    /// The same for all memberships of a resource that is deleted, as a group or as a member: nothing of it is
    /// kept because it was found there (rules C6, C7).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn disinherit_around(&self, resource: &ScimId) -> Result<(), StoreError> {
        self.disinherit_as("group_binding", resource)?;
        self.disinherit_as("member_binding", resource)
    }

    fn disinherit_as(&self, side: &str, resource: &ScimId) -> Result<(), StoreError> {
        self.run(
            &format!(
                "UPDATE edges SET inherited = 0 WHERE inherited = 1
                     AND {side} IN (SELECT binding FROM bindings WHERE resource_id = ?1 AND role <> 'gone')"
            ),
            [resource.as_str()],
        )?;
        Ok(())
    }

    /// The same for all memberships of a group; tells how many (`prune`).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn disinherit_all(&self, target: &str, group: &ScimId) -> Result<usize, StoreError> {
        self.run(
            "UPDATE edges SET inherited = 0 WHERE inherited = 1
                 AND group_binding IN (SELECT binding FROM bindings WHERE resource_id = ?1 AND target = ?2 AND role <> 'gone')",
            params![group.as_str(), target],
        )
    }

    /// Forgets an edge that is proven not to be there.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn drop_edge(&self, group: BindingId, member: BindingId) -> Result<(), StoreError> {
        self.run(
            "DELETE FROM edges WHERE group_binding = ?1 AND member_binding = ?2",
            params![group.row(), member.row()],
        )?;
        Ok(())
    }

    /// Forgets all edges of a group that is gone.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn drop_edges_of_group(&self, group: BindingId) -> Result<(), StoreError> {
        self.run("DELETE FROM edges WHERE group_binding = ?1", [group.row()])?;
        Ok(())
    }
}

fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
