//! Differences at the target that a foreign hand made (rule B4), repairs, and what the
//! target is seen to ignore (rule B5).

use rusqlite::params;

use super::fields::moment;
use super::{BindingId, Field, Kind, Pk, Snapshot, StoreError, Transaction};
use crate::clock::Timestamp;
use crate::id::ScimId;

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DriftKind {
    /// A field has another value.
    Field,
    /// A wanted member is not in the group.
    MemberMissing,
    /// A managed user is in a group and not wanted there.
    MemberExtra,
    /// The object is not there any more.
    Vanished,
}

impl DriftKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Field, Self::MemberMissing, Self::MemberExtra, Self::Vanished];

    /// As it is called in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::MemberMissing => "member-missing",
            Self::MemberExtra => "member-extra",
            Self::Vanished => "vanished",
        }
    }

    fn from_column(text: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| StoreError::corrupt("kind", text))
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What differs.
    pub kind: DriftKind,
    /// The field's name, the member's upstream id, or `object`.
    pub part: String,
    /// Whether undoing it gives access.
    pub widens: bool,
}

/// A difference as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// What it is.
    pub difference: Difference,
    /// When it was first seen.
    pub first_at: Timestamp,
    /// When a second read, a proof interval later, agreed.
    pub confirmed_at: Option<Timestamp>,
    /// It was repaired so often that it is left alone.
    pub contested: bool,
    /// When the client wrote that very part since it was seen.
    pub asked_at: Option<Timestamp>,
}

/// A difference with the resource it is about, for reports.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DriftEntry {
    /// `User` or `Group`.
    pub kind: String,
    /// The object's name at the target.
    pub name: String,
    /// Its id at the target.
    pub upstream_id: Option<String>,
    /// What differs: `field`, `member-missing`, `member-extra`, `vanished`.
    pub what: String,
    /// The field, the member's name, or `object`.
    pub part: String,
    /// Whether undoing it gives access.
    pub widens: bool,
    /// When it was first seen, RFC 3339.
    pub first_at: String,
    /// When it was confirmed, RFC 3339; `null` while one read has seen it.
    pub confirmed_at: Option<String>,
    /// It was repaired so often that it is left alone.
    pub contested: bool,
}

impl Snapshot<'_> {
    /// What differs at an object.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn drift_of(&self, target: &str, binding: BindingId) -> Result<Vec<Drift>, StoreError> {
        self.all(
            "SELECT d.kind, d.part, d.widens, d.first_at, d.confirmed_at, d.contested, a.first_at
             FROM drift d LEFT JOIN drift a ON a.target = d.target AND a.binding = d.binding AND a.kind = 'asked' AND a.part = d.part
             WHERE d.target = ?1 AND d.binding = ?2 AND d.kind <> 'asked'",
            params![target, binding.row()],
            |row| {
                Ok(Drift {
                    difference: Difference {
                        kind: DriftKind::from_column(&row.get::<_, String>(0)?)?,
                        part: row.get(1)?,
                        widens: row.get(2)?,
                    },
                    first_at: Timestamp::from_micros(row.get(3)?),
                    confirmed_at: moment(row.get(4)?),
                    contested: row.get(5)?,
                    asked_at: moment(row.get(6)?),
                })
            },
        )
    }

    /// Everything that differs, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn drift(&self, limit: usize) -> Result<Vec<DriftEntry>, StoreError> {
        self.all(
            "SELECT b.kind, b.name, b.upstream_id, d.kind,
                    ifnull((SELECT m.name FROM bindings m WHERE m.target = d.target AND m.upstream_id = d.part
                            AND d.kind LIKE 'member-%' AND m.role <> 'gone' LIMIT 1), d.part),
                    d.widens, d.first_at, d.confirmed_at, d.contested
             FROM drift d JOIN bindings b ON b.binding = d.binding
             WHERE d.kind <> 'asked' ORDER BY d.first_at LIMIT ?1",
            [i64::try_from(limit).unwrap_or(i64::MAX)],
            |row| {
                Ok(DriftEntry {
                    kind: row.get(0)?,
                    name: row.get(1)?,
                    upstream_id: row.get(2)?,
                    what: row.get(3)?,
                    part: row.get(4)?,
                    widens: row.get(5)?,
                    first_at: Timestamp::from_micros(row.get(6)?).to_rfc3339(),
                    confirmed_at: moment(row.get(7)?).map(Timestamp::to_rfc3339),
                    contested: row.get(8)?,
                })
            },
        )
    }

    /// How many confirmed differences of each kind there are, and how many parts are contested.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn drift_counts(&self, target: &str) -> Result<(Vec<(DriftKind, u64)>, u64), StoreError> {
        let counts = self.all(
            "SELECT kind, count(*), sum(contested) FROM drift
             WHERE target = ?1 AND kind <> 'asked' AND confirmed_at IS NOT NULL GROUP BY kind",
            [target],
            |row| {
                let kind = DriftKind::from_column(&row.get::<_, String>(0)?)?;
                let number = |column| {
                    row.get::<_, i64>(column)
                        .map(|number| u64::try_from(number).unwrap_or(0))
                };
                Ok((kind, number(1)?, number(2)?))
            },
        )?;
        let contested = counts.iter().map(|(_, _, contested)| contested).sum();
        let counts = counts.into_iter().map(|(kind, number, _)| (kind, number)).collect();
        Ok((counts, contested))
    }

    /// How often a part was repaired since then.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn repairs_since(&self, binding: BindingId, part: &str, since: Timestamp) -> Result<u64, StoreError> {
        let number = self.one(
            "SELECT count(*) FROM repairs r JOIN bindings b ON b.binding = r.binding
             WHERE b.resource_id = (SELECT resource_id FROM bindings WHERE binding = ?1) AND r.part = ?2 AND r.at > ?3",
            params![binding.row(), part, since.as_micros()],
            |row| Ok(row.get::<_, i64>(0)?),
        )?;
        Ok(u64::try_from(number.unwrap_or(0)).unwrap_or(0))
    }

    /// Fields whose value the target is seen to ignore.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn ignored(&self, binding: BindingId) -> Result<Vec<Field>, StoreError> {
        let fields = self.all("SELECT field FROM ignored WHERE binding = ?1", [binding.row()], |row| {
            Ok(row.get::<_, String>(0)?)
        })?;
        Ok(fields.iter().filter_map(|field| Field::from_name(field)).collect())
    }
}

impl Transaction<'_> {
    /// Notes a difference; one that is known keeps its beginning. `confirmed_at` is set once.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn put_drift(&self, target: &str, binding: BindingId, drift: &Drift) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO drift (target, binding, kind, part, widens, first_at, confirmed_at, contested)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT DO UPDATE SET widens = excluded.widens, confirmed_at = ifnull(confirmed_at, excluded.confirmed_at),
                 contested = excluded.contested",
            params![
                target,
                binding.row(),
                drift.difference.kind.as_str(),
                drift.difference.part,
                drift.difference.widens,
                drift.first_at.as_micros(),
                drift.confirmed_at.map(Timestamp::as_micros),
                drift.contested,
            ],
        )?;
        Ok(())
    }

    /// Forgets a difference, and whether the client asked about that part.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn drop_drift(&self, target: &str, binding: BindingId, difference: &Difference) -> Result<(), StoreError> {
        self.run(
            "DELETE FROM drift WHERE target = ?1 AND binding = ?2 AND part = ?4 AND kind IN (?3, 'asked')",
            params![target, binding.row(), difference.kind.as_str(), difference.part],
        )?;
        Ok(())
    }

    /// Notes that a part was repaired.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn add_repair(&self, target: &str, binding: BindingId, part: &str, now: Timestamp) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO repairs (target, binding, part, at) VALUES (?1, ?2, ?3, ?4)",
            params![target, binding.row(), part, now.as_micros()],
        )?;
        Ok(())
    }

    /// The client has written a field whose value is seen to differ: undoing that may widen now (rule B4). True if so.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn ask_about_field(&self, id: &ScimId, field: Field, now: Timestamp) -> Result<bool, StoreError> {
        let asked = self.run(
            "INSERT INTO drift (target, binding, kind, part, widens, first_at)
             SELECT d.target, d.binding, 'asked', d.part, d.widens, ?3 FROM drift d
             JOIN bindings b ON b.binding = d.binding AND b.resource_id = ?1 AND b.role = 'current'
             WHERE (d.kind = 'field' AND d.part = ?2) OR d.kind = 'vanished'
             ON CONFLICT DO UPDATE SET first_at = excluded.first_at",
            params![id.as_str(), field.as_str(), now.as_micros()],
        )?;
        Ok(asked > 0)
    }

    /// The same for a membership.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn ask_about_member(&self, group: &ScimId, member: Pk, now: Timestamp) -> Result<bool, StoreError> {
        let asked = self.run(
            "INSERT INTO drift (target, binding, kind, part, widens, first_at)
             SELECT d.target, d.binding, 'asked', d.part, d.widens, ?3 FROM drift d
             JOIN bindings g ON g.binding = d.binding AND g.resource_id = ?1 AND g.role = 'current'
             JOIN bindings b ON b.target = d.target AND b.upstream_id = d.part AND b.role = 'current'
             JOIN resources r ON r.id = b.resource_id AND r.pk = ?2
             WHERE d.kind IN ('member-missing', 'member-extra')
             ON CONFLICT DO UPDATE SET first_at = excluded.first_at",
            params![group.as_str(), member.0, now.as_micros()],
        )?;
        Ok(asked > 0)
    }

    /// Wants an object to be read again, if it is bound: by its upstream id.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn look_at(&self, binding: BindingId, at: Option<Timestamp>) -> Result<(), StoreError> {
        self.run(
            "UPDATE bindings SET look_at = ?2 WHERE binding = ?1",
            params![binding.row(), at.map(Timestamp::as_micros)],
        )?;
        Ok(())
    }

    /// Wants the objects of a resource to be read at once.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn look_at_resource(&self, id: &ScimId, now: Timestamp) -> Result<(), StoreError> {
        self.run(
            "UPDATE bindings SET look_at = ?2 WHERE resource_id = ?1 AND role = 'current' AND upstream_id IS NOT NULL",
            params![id.as_str(), now.as_micros()],
        )?;
        Ok(())
    }

    /// Everybody of a kind who is bound as the current object, with what the store needs to compare a list with.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn bound(&self, target: &str, kind: Kind) -> Result<Vec<(BindingId, String, ScimId)>, StoreError> {
        self.all(
            "SELECT binding, upstream_id, resource_id FROM bindings
             WHERE target = ?1 AND kind = ?2 AND role IN ('current', 'tombstone') AND upstream_id IS NOT NULL AND existence = 'present'",
            params![target, kind.as_str()],
            |row| {
                Ok((
                    BindingId::from_row(row.get(0)?),
                    row.get(1)?,
                    ScimId::new(row.get::<_, String>(2)?),
                ))
            },
        )
    }

    /// Notes that the target ignores the value of a field (rule B5); true if that is new.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn note_ignored(
        &self,
        binding: BindingId,
        field: Field,
        value: Option<&String>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let value = serde_json::json!(value).to_string();
        let noted = self.run(
            "INSERT INTO ignored (binding, field, value, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET value = excluded.value, at = excluded.at WHERE value <> excluded.value",
            params![binding.row(), field.as_str(), value, now.as_micros()],
        )?;
        Ok(noted > 0)
    }

    /// The target holds what was written after all.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn drop_ignored(&self, binding: BindingId, field: Field) -> Result<(), StoreError> {
        self.run(
            "DELETE FROM ignored WHERE binding = ?1 AND field = ?2",
            params![binding.row(), field.as_str()],
        )?;
        Ok(())
    }
}
