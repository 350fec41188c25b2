//! Applied and observed state of the fields of one upstream object.

use std::collections::BTreeMap;

use rusqlite::params;

use super::{BindingId, Snapshot, StoreError, Transaction};
use crate::clock::Timestamp;

/// What is known of one thing upstream that the bridge writes: a field or a membership.
///
/// The rules of its changes are in `reconcile::tracked`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracked<V> {
    /// The last value that a definite answer confirmed (rule B1).
    pub applied: V,
    /// The last value that a read showed.
    pub observed: Option<V>,
    /// The newest attempt on it has no definite outcome: it may hold either value (rule B2).
    pub maybe: bool,
    /// End of the newest attempt of unknown outcome that is not proven yet: its effect may still come.
    pub unknown_at: Option<Timestamp>,
    /// The first of the two agreeing reads that prove a value, and when it was made.
    pub agreed: Option<(Timestamp, V)>,
    /// A verifying read is wanted from then on (rule B3).
    pub verify_at: Option<Timestamp>,
}

/// A field of an upstream object that the bridge owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// `displayName` of a user or group.
    DisplayName,
    /// `name.givenName` of a user.
    GivenName,
    /// `name.familyName` of a user.
    FamilyName,
    /// `externalId` of a user.
    ExternalId,
    /// `active` of a user: `true` or `false`.
    Active,
    /// Direct entitlements, comma-joined: of a retired user, wanted empty; of a group, those that the bridge gave it.
    Entitlements,
    /// Direct roles of a retired user, comma-joined; wanted empty.
    Roles,
    /// Numbers of the workspaces that a group of the account is assigned to, comma-joined.
    Assignment,
}

impl Field {
    /// The attribute's name as Databricks writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DisplayName => "displayName",
            Self::GivenName => "name.givenName",
            Self::FamilyName => "name.familyName",
            Self::ExternalId => "externalId",
            Self::Active => "active",
            Self::Entitlements => "entitlements",
            Self::Roles => "roles",
            Self::Assignment => "assignment",
        }
    }

    /// The field of that name.
    pub fn from_name(text: &str) -> Option<Self> {
        Some(match text {
            "displayName" => Self::DisplayName,
            "name.givenName" => Self::GivenName,
            "name.familyName" => Self::FamilyName,
            "externalId" => Self::ExternalId,
            "active" => Self::Active,
            "entitlements" => Self::Entitlements,
            "roles" => Self::Roles,
            "assignment" => Self::Assignment,
            _ => return None,
        })
    }
}

/// The tracked fields of one upstream object; a field never attempted is not in it.
pub type Fields = BTreeMap<Field, Tracked<Option<String>>>;

fn to_json(value: Option<&String>) -> String {
    serde_json::to_string(&value).expect("an optional string is always JSON")
}

fn from_json(text: &str) -> Result<Option<String>, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::corrupt("field value", text))
}

pub(super) fn moment(column: Option<i64>) -> Option<Timestamp> {
    column.map(Timestamp::from_micros)
}

pub(super) fn micros(moment: Option<Timestamp>) -> Option<i64> {
    moment.map(Timestamp::as_micros)
}

impl Snapshot<'_> {
    /// The tracked fields of `binding`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn fields(&self, binding: BindingId) -> Result<Fields, StoreError> {
        let rows = self.all(
            "SELECT field, applied, observed, maybe, unknown_at, agreed_at, agreed, verify_at FROM fields WHERE binding = ?1",
            [binding.row()],
            |row| {
                let name: String = row.get(0)?;
                let agreed_at = moment(row.get(5)?);
                let agreed: Option<String> = row.get(6)?;
                let observed: Option<String> = row.get(2)?;
                Ok((
                    Field::from_name(&name).ok_or_else(|| StoreError::corrupt("field", name))?,
                    Tracked {
                        applied: from_json(&row.get::<_, String>(1)?)?,
                        observed: observed.as_deref().map(from_json).transpose()?,
                        maybe: row.get(3)?,
                        unknown_at: moment(row.get(4)?),
                        agreed: match (agreed_at, agreed) {
                            (Some(at), Some(value)) => Some((at, from_json(&value)?)),
                            _ => None,
                        },
                        verify_at: moment(row.get(7)?),
                    },
                ))
            },
        )?;
        Ok(rows.into_iter().collect())
    }
}

impl Snapshot<'_> {
    /// Whether no read has shown the applied value of a field since it was written (rule B5).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn never_shown(&self, binding: BindingId, field: Field) -> Result<bool, StoreError> {
        let found = self.one(
            "SELECT 1 FROM fields WHERE binding = ?1 AND field = ?2 AND shown = 0",
            params![binding.row(), field.as_str()],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }
}

impl Transaction<'_> {
    /// Stores what is known of one field.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn put_field(
        &self,
        binding: BindingId,
        field: Field,
        tracked: &Tracked<Option<String>>,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO fields (binding, field, applied, observed, maybe, unknown_at, agreed_at, agreed, verify_at, shown)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ifnull(?4 = ?3, 0))
             ON CONFLICT (binding, field) DO UPDATE SET
                 shown = CASE WHEN excluded.shown = 1 THEN 1 WHEN excluded.applied <> applied THEN 0 ELSE shown END,
                 applied = excluded.applied, observed = excluded.observed,
                 maybe = excluded.maybe, unknown_at = excluded.unknown_at, agreed_at = excluded.agreed_at,
                 agreed = excluded.agreed, verify_at = excluded.verify_at",
            params![
                binding.row(),
                field.as_str(),
                to_json(tracked.applied.as_ref()),
                tracked.observed.as_ref().map(|value| to_json(value.as_ref())),
                tracked.maybe,
                micros(tracked.unknown_at),
                tracked.agreed.as_ref().map(|(at, _)| at.as_micros()),
                tracked.agreed.as_ref().map(|(_, value)| to_json(value.as_ref())),
                micros(tracked.verify_at),
            ],
        )?;
        Ok(())
    }
}
