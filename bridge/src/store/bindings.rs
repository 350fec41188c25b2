//! Bindings: which upstream object a resource has, had or is getting, and whose it is.

use rusqlite::{Row, params};
use serde_json::Value;

use super::fields::{micros, moment};
use super::{Kind, Snapshot, StoreError, Transaction};
use crate::clock::Timestamp;
use crate::id::{ScimId, UpstreamId};

/// One generation of one resource at one target: the address of reconciling work (rule B7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BindingId(i64);

impl BindingId {
    pub(super) const fn from_row(row: i64) -> Self {
        Self(row)
    }

    pub(super) const fn row(self) -> i64 {
        self.0
    }

    /// For the pure tests of planning, which have no store.
    #[cfg(test)]
    pub(crate) const fn for_test(number: i64) -> Self {
        Self(number)
    }
}

/// What an upstream object is to its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The one that the resource is to have.
    Current,
    /// The account under the old name of a renamed user, kept until the new one is complete (rule C5).
    Retiring,
    /// To be deactivated and stripped, or emptied: its resource was deleted or has left it.
    Tombstone,
    /// Not there any more, or handed on.
    Gone,
}

/// Whose an upstream object is (rule C2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// The bridge created it.
    Ours,
    /// It was there and was taken over (rule C3).
    Adopted,
    /// It belongs to somebody else: never written.
    Foreign,
}

/// Whether the object is there, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existence {
    /// Never looked.
    Unknown,
    /// Proven not there (rule B2).
    Absent,
    /// There.
    Present,
    /// A create or delete ended without a definite outcome.
    Maybe,
}

/// One binding as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Its address.
    pub id: BindingId,
    /// User or Group.
    pub kind: Kind,
    /// The resource, live or deleted, that it belongs to.
    pub resource_id: ScimId,
    /// Counts the upstream objects of one resource.
    pub generation: i64,
    /// What it is to its resource.
    pub role: Role,
    /// The name it has, or is to get, upstream.
    pub name: String,
    /// That name, folded.
    pub name_key: String,
    /// The client's `externalId` (rule C6).
    pub external_id: Option<String>,
    /// Its id at the target, once known.
    pub upstream_id: Option<UpstreamId>,
    /// Whose it is, once known.
    pub ownership: Option<Ownership>,
    /// Whether it is there.
    pub existence: Existence,
    /// When absence was recorded before a create (rule C2).
    pub absent_seen_at: Option<Timestamp>,
    /// End of the newest create or delete of unknown outcome.
    pub unknown_at: Option<Timestamp>,
    /// First of two agreeing reads of absence.
    pub agreed_at: Option<Timestamp>,
    /// Values that a create of unknown outcome carried (rule C2).
    pub sent: Option<Value>,
    /// Its direct entitlements and roles are still to be read and taken from it (rule C6).
    pub strip: bool,
    /// Why a person must decide first.
    pub hold: Option<String>,
    /// Since when.
    pub held_at: Option<Timestamp>,
    /// From when on it is to be read again ([`Transaction::look_at`]).
    pub look_at: Option<Timestamp>,
}

/// What a new binding starts from.
#[derive(Debug, Clone)]
pub struct NewBinding {
    /// User or Group.
    pub kind: Kind,
    /// The resource.
    pub resource_id: ScimId,
    /// The name it is to get upstream.
    pub name: String,
    /// That name, folded.
    pub name_key: String,
    /// The client's `externalId`.
    pub external_id: Option<String>,
}

impl Role {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Retiring => "retiring",
            Self::Tombstone => "tombstone",
            Self::Gone => "gone",
        }
    }

    fn from_column(text: &str) -> Result<Self, StoreError> {
        match text {
            "current" => Ok(Self::Current),
            "retiring" => Ok(Self::Retiring),
            "tombstone" => Ok(Self::Tombstone),
            "gone" => Ok(Self::Gone),
            other => Err(StoreError::corrupt("role", other)),
        }
    }
}

impl Ownership {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Adopted => "adopted",
            Self::Foreign => "foreign",
        }
    }

    fn from_column(text: &str) -> Result<Self, StoreError> {
        match text {
            "ours" => Ok(Self::Ours),
            "adopted" => Ok(Self::Adopted),
            "foreign" => Ok(Self::Foreign),
            other => Err(StoreError::corrupt("ownership", other)),
        }
    }
}

impl Existence {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Absent => "absent",
            Self::Present => "present",
            Self::Maybe => "maybe",
        }
    }

    fn from_column(text: &str) -> Result<Self, StoreError> {
        match text {
            "unknown" => Ok(Self::Unknown),
            "absent" => Ok(Self::Absent),
            "present" => Ok(Self::Present),
            "maybe" => Ok(Self::Maybe),
            other => Err(StoreError::corrupt("existence", other)),
        }
    }
}

const COLUMNS: &str = "binding, kind, resource_id, generation, role, name, name_key, external_id, upstream_id, ownership, \
                       existence, absent_seen_at, unknown_at, agreed_at, sent, hold, held_at, strip, look_at";

fn read_binding(row: &Row<'_>) -> Result<Binding, StoreError> {
    let kind: String = row.get(1)?;
    let upstream: Option<String> = row.get(8)?;
    let ownership: Option<String> = row.get(9)?;
    let sent: Option<String> = row.get(14)?;
    Ok(Binding {
        id: BindingId(row.get(0)?),
        kind: Kind::from_column(&kind)?,
        resource_id: ScimId::new(row.get::<_, String>(2)?),
        generation: row.get(3)?,
        role: Role::from_column(&row.get::<_, String>(4)?)?,
        name: row.get(5)?,
        name_key: row.get(6)?,
        external_id: row.get(7)?,
        upstream_id: upstream
            .map(|text| UpstreamId::parse(&text).ok_or_else(|| StoreError::corrupt("upstream_id", text)))
            .transpose()?,
        ownership: ownership.as_deref().map(Ownership::from_column).transpose()?,
        existence: Existence::from_column(&row.get::<_, String>(10)?)?,
        absent_seen_at: moment(row.get(11)?),
        unknown_at: moment(row.get(12)?),
        agreed_at: moment(row.get(13)?),
        sent: sent
            .map(|text| serde_json::from_str(&text).map_err(|_| StoreError::corrupt("sent", text)))
            .transpose()?,
        hold: row.get(15)?,
        held_at: moment(row.get(16)?),
        strip: row.get(17)?,
        look_at: moment(row.get(18)?),
    })
}

impl Snapshot<'_> {
    /// The binding at this address.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn binding(&self, id: BindingId) -> Result<Option<Binding>, StoreError> {
        self.one(
            &format!("SELECT {COLUMNS} FROM bindings WHERE binding = ?1"),
            [id.0],
            read_binding,
        )
    }

    /// All bindings of a resource at `target` that are not gone, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn bindings(&self, target: &str, resource_id: &ScimId) -> Result<Vec<Binding>, StoreError> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM bindings WHERE resource_id = ?1 AND target = ?2 AND role <> 'gone' ORDER BY generation"
            ),
            params![resource_id.as_str(), target],
            read_binding,
        )
    }

    /// All bindings at `target` whose upstream object has, or is to get, this name.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn bindings_named(&self, target: &str, kind: Kind, name_key: &str) -> Result<Vec<Binding>, StoreError> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM bindings WHERE target = ?1 AND kind = ?2 AND name_key = ?3 AND role <> 'gone' ORDER BY binding"
            ),
            params![target, kind.as_str(), name_key],
            read_binding,
        )
    }

    /// Why what gives is held for a resource, if so: as its bindings or its open revisions say.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn hold_of(&self, target: &str, resource_id: &ScimId) -> Result<Option<String>, StoreError> {
        let bound = self
            .bindings(target, resource_id)?
            .into_iter()
            .find_map(|binding| binding.hold);
        if bound.is_some() {
            return Ok(bound);
        }
        self.one(
            "SELECT substr(outcome, 7) FROM revisions WHERE resource_id = ?1 AND settled_at IS NULL AND outcome LIKE 'held: %'
             ORDER BY revision DESC LIMIT 1",
            [resource_id.as_str()],
            |row| Ok(row.get(0)?),
        )
    }

    /// The binding that holds this upstream object: an upstream id has one live owner (rule B7).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn binding_of_upstream(
        &self,
        target: &str,
        kind: Kind,
        upstream_id: &UpstreamId,
    ) -> Result<Option<Binding>, StoreError> {
        self.one(
            &format!(
                "SELECT {COLUMNS} FROM bindings WHERE target = ?1 AND kind = ?2 AND upstream_id = ?3 AND role <> 'gone'"
            ),
            params![target, kind.as_str(), upstream_id.as_str()],
            read_binding,
        )
    }
}

impl Transaction<'_> {
    /// Makes a binding in the next generation of its resource, as the current one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn new_binding(&self, target: &str, new: &NewBinding) -> Result<Binding, StoreError> {
        self.run(
            "INSERT INTO bindings (target, kind, resource_id, generation, role, name, name_key, external_id, existence)
             VALUES (?1, ?2, ?3,
                     (SELECT ifnull(max(generation), 0) + 1 FROM bindings WHERE target = ?1 AND resource_id = ?3),
                     'current', ?4, ?5, ?6, 'unknown')",
            params![
                target,
                new.kind.as_str(),
                new.resource_id.as_str(),
                new.name,
                new.name_key,
                new.external_id
            ],
        )?;
        let id = BindingId(self.connection().last_insert_rowid());
        self.binding(id)?
            .ok_or_else(|| StoreError::corrupt("binding", "a row that was just written"))
    }

    /// Stores all that may change of a binding, but for when it is to be read again.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written, or the upstream id has another live owner.
    pub fn put_binding(&self, binding: &Binding) -> Result<(), StoreError> {
        self.run(
            "UPDATE bindings SET role = ?2, name = ?3, name_key = ?4, external_id = ?5, upstream_id = ?6, ownership = ?7,
                 existence = ?8, absent_seen_at = ?9, unknown_at = ?10, agreed_at = ?11, sent = ?12, hold = ?13, held_at = ?14, strip = ?15
             WHERE binding = ?1",
            params![
                binding.id.0,
                binding.role.as_str(),
                binding.name,
                binding.name_key,
                binding.external_id,
                binding.upstream_id.as_ref().map(UpstreamId::as_str),
                binding.ownership.map(Ownership::as_str),
                binding.existence.as_str(),
                micros(binding.absent_seen_at),
                micros(binding.unknown_at),
                micros(binding.agreed_at),
                binding.sent.as_ref().map(Value::to_string),
                binding.hold,
                micros(binding.held_at),
                binding.strip,
            ],
        )?;
        Ok(())
    }

    /// Gives a binding, with all that is known of its object, to another resource as its
    /// current one (rule C6: the same person coming back).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn hand_over(&self, target: &str, binding: &Binding, to: &ScimId) -> Result<(), StoreError> {
        self.run(
            "UPDATE bindings SET resource_id = ?2, role = 'current', hold = NULL, held_at = NULL,
                 generation = (SELECT ifnull(max(generation), 0) + 1 FROM bindings WHERE target = ?3 AND resource_id = ?2)
             WHERE binding = ?1",
            params![binding.id.0, to.as_str(), target],
        )?;
        Ok(())
    }

    /// Turns every binding of a deleted resource into work to undo; users are to be stripped.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn retire_bindings(&self, resource_id: &ScimId) -> Result<(), StoreError> {
        self.run(
            "UPDATE bindings SET role = 'tombstone', strip = (kind = 'User') WHERE resource_id = ?1 AND role IN ('current', 'retiring')",
            [resource_id.as_str()],
        )?;
        Ok(())
    }
}
