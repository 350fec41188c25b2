//! Desired state: the resources as the client wants them, and their memberships.

use rusqlite::{Row, params};
use serde_json::{Map, Value};

use super::{Kind, Snapshot, StoreError, Transaction};
use crate::clock::Timestamp;
use crate::id::ScimId;

/// A row's own number: the order of creation. Clients see it only inside a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pk(pub(super) i64);

impl Pk {
    /// The row of this number; it need not exist.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> i64 {
        self.0
    }
}

/// A live resource as it is stored.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The row.
    pub pk: Pk,
    /// The client's handle on it.
    pub id: ScimId,
    /// User or Group.
    pub kind: Kind,
    /// `userName` or `displayName` as written.
    pub name: String,
    /// The client's own id.
    pub external_id: Option<String>,
    /// Users: `active`. Groups: always true.
    pub active: bool,
    /// The SCIM resource without `id`, `meta`, `groups` and `members`.
    pub document: Map<String, Value>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Revision of the last change that changed something: the ETag (rule A13).
    pub version: i64,
    /// Newest revision.
    pub revision: i64,
    /// Newest revision whose outcome is known.
    pub settled: i64,
}

impl Stored {
    /// The weak ETag: `meta.version` (rule A13).
    pub fn etag(&self) -> String {
        scim::version::weak(self.version)
    }
}

/// What is needed to store a new resource, or to store one anew.
#[derive(Debug, Clone)]
pub struct NewResource {
    /// Its id.
    pub id: ScimId,
    /// User or Group.
    pub kind: Kind,
    /// `userName` or `displayName` as written.
    pub name: String,
    /// The same, folded.
    pub name_key: String,
    /// The client's own id.
    pub external_id: Option<String>,
    /// The folded value of `emails[type eq "work"]`.
    pub work_email_key: Option<String>,
    /// The id of the manager.
    pub manager_id: Option<String>,
    /// Users: `active`. Groups: always true.
    pub active: bool,
    /// The SCIM resource without `id`, `meta`, `groups` and `members`.
    pub document: Map<String, Value>,
}

/// A key that an index answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// The SCIM id.
    Id(String),
    /// The folded `userName` or `displayName`.
    NameKey(String),
    /// `externalId`, letter case counts.
    ExternalId(String),
    /// The folded `emails[type eq "work"].value`.
    WorkEmailKey(String),
    /// Users whose manager has this id.
    Manager(String),
    /// Groups that have the resource of this id as a direct member.
    Member(String),
}

/// One desired membership, seen from the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The member's id.
    pub id: ScimId,
    /// User or Group.
    pub kind: Kind,
    /// `display` as the client wrote it.
    pub display: Option<String>,
}

/// What came of adding a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddedMember {
    /// It was none before.
    New,
    /// It was one, under another `display`.
    Relabelled,
    /// It was one.
    AsBefore,
}

/// What an id in a reference turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The row.
    pub pk: Pk,
    /// User or Group.
    pub kind: Kind,
}

const COLUMNS: &str =
    "pk, id, kind, name, external_id, active, document, created_at, changed_at, version, revision, settled";

fn read_stored(row: &Row<'_>) -> Result<Stored, StoreError> {
    let document: String = row.get(6)?;
    let kind: String = row.get(2)?;
    Ok(Stored {
        pk: Pk(row.get(0)?),
        id: ScimId::new(row.get::<_, String>(1)?),
        kind: Kind::from_column(&kind)?,
        name: row.get(3)?,
        external_id: row.get(4)?,
        active: row.get(5)?,
        document: serde_json::from_str(&document)
            .map_err(|error| StoreError::corrupt("document", error.to_string()))?,
        created_at: Timestamp::from_micros(row.get(7)?),
        changed_at: Timestamp::from_micros(row.get(8)?),
        version: row.get(9)?,
        revision: row.get(10)?,
        settled: row.get(11)?,
    })
}

impl Snapshot<'_> {
    /// The live resource of this id, whatever its kind.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn resource(&self, id: &str) -> Result<Option<Stored>, StoreError> {
        self.one(
            &format!("SELECT {COLUMNS} FROM resources WHERE id = ?1"),
            [id],
            read_stored,
        )
    }

    /// The live resources of this name, whatever their kind, or of this id.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn live_named(&self, id: &str, name_key: &str) -> Result<Vec<Stored>, StoreError> {
        self.all(
            &format!("SELECT {COLUMNS} FROM resources WHERE name_key = ?2 OR id = ?1 ORDER BY pk"),
            params![id, name_key],
            read_stored,
        )
    }

    /// The live resource of this row.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn row(&self, pk: Pk) -> Result<Option<Stored>, StoreError> {
        self.one(
            &format!("SELECT {COLUMNS} FROM resources WHERE pk = ?1"),
            [pk.0],
            read_stored,
        )
    }

    /// All live resources of `kind` that `lookup` finds, in order of creation.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn lookup(&self, endpoint: &str, kind: Kind, lookup: &Lookup) -> Result<Vec<Stored>, StoreError> {
        let mut found = Vec::new();
        self.each(endpoint, kind, Some(lookup), |stored| {
            found.push(stored);
            Ok(())
        })?;
        Ok(found)
    }

    /// Hands every resource of `kind`, or only those that `lookup` finds, to `visit`, one at a time,
    /// in order of creation.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read; what `visit` returns.
    pub fn each(
        &self,
        endpoint: &str,
        kind: Kind,
        lookup: Option<&Lookup>,
        mut visit: impl FnMut(Stored) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (condition, key) = match lookup {
            None => ("?3 IS NULL", None),
            Some(Lookup::Id(id)) => ("id = ?3", Some(id)),
            Some(Lookup::NameKey(key)) => ("name_key = ?3", Some(key)),
            Some(Lookup::ExternalId(id)) => ("external_id = ?3", Some(id)),
            Some(Lookup::WorkEmailKey(key)) => ("work_email_key = ?3", Some(key)),
            Some(Lookup::Manager(id)) => ("manager_id = ?3", Some(id)),
            Some(Lookup::Member(id)) => (
                "pk IN (SELECT group_pk FROM members WHERE member_pk = (SELECT pk FROM resources WHERE id = ?3))",
                Some(id),
            ),
        };
        let mut statement = self.prepare(&format!(
            "SELECT {COLUMNS} FROM resources WHERE endpoint = ?1 AND kind = ?2 AND {condition} ORDER BY pk"
        ))?;
        let mut rows = statement.query(params![endpoint, kind.as_str(), key])?;
        while let Some(row) = rows.next()? {
            visit(read_stored(row)?)?;
        }
        Ok(())
    }

    /// How many live resources of `kind` there are.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn count(&self, endpoint: &str, kind: Kind) -> Result<usize, StoreError> {
        let count = self.one(
            "SELECT number FROM counts WHERE endpoint = ?1 AND kind = ?2",
            params![endpoint, kind.as_str()],
            |row| Ok(row.get::<_, i64>(0)?),
        )?;
        Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(0))
    }

    /// Resources of `kind` in order of creation: those after the row `after`, `skip` left out, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn page(
        &self,
        endpoint: &str,
        kind: Kind,
        after: Option<Pk>,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM resources WHERE endpoint = ?1 AND kind = ?2 AND pk > ?3 ORDER BY pk LIMIT ?4 OFFSET ?5"
            ),
            params![
                endpoint,
                kind.as_str(),
                after.map_or(i64::MIN, |pk| pk.0),
                clamp(limit),
                clamp(skip)
            ],
            read_stored,
        )
    }

    /// Rows and kinds of those of `ids` that are live resources of `endpoint`, in the order of `ids`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn resolve(&self, endpoint: &str, ids: &[String]) -> Result<Vec<Option<Resolved>>, StoreError> {
        ids.iter()
            .map(|id| {
                self.one(
                    "SELECT pk, kind FROM resources WHERE id = ?1 AND endpoint = ?2",
                    params![id, endpoint],
                    |row| {
                        let kind: String = row.get(1)?;
                        Ok(Resolved {
                            pk: Pk(row.get(0)?),
                            kind: Kind::from_column(&kind)?,
                        })
                    },
                )
            })
            .collect()
    }

    /// Direct members of a group, in order of their creation.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn members(&self, group: Pk) -> Result<Vec<Member>, StoreError> {
        self.all(
            "SELECT r.id, r.kind, m.display FROM members m JOIN resources r ON r.pk = m.member_pk
             WHERE m.group_pk = ?1 ORDER BY m.member_pk",
            [group.0],
            |row| {
                let kind: String = row.get(1)?;
                Ok(Member {
                    id: ScimId::new(row.get::<_, String>(0)?),
                    kind: Kind::from_column(&kind)?,
                    display: row.get(2)?,
                })
            },
        )
    }

    /// Id and `displayName` of the groups that have `member` as a direct member.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn groups_of(&self, member: Pk) -> Result<Vec<(ScimId, String)>, StoreError> {
        self.all(
            "SELECT r.id, r.name FROM members m JOIN resources r ON r.pk = m.group_pk
             WHERE m.member_pk = ?1 ORDER BY m.group_pk",
            [member.0],
            |row| Ok((ScimId::new(row.get::<_, String>(0)?), row.get(1)?)),
        )
    }

    /// Whether `inner` contains `outer`, directly or through other groups, or is it (rule A10).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn reaches(&self, inner: Pk, outer: Pk) -> Result<bool, StoreError> {
        let found = self.one(
            "WITH RECURSIVE below (pk) AS (
                 SELECT ?1
                 UNION
                 SELECT m.member_pk FROM members m JOIN below b ON m.group_pk = b.pk
             ) SELECT 1 FROM below WHERE pk = ?2",
            params![inner.0, outer.0],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Whether `name_key` ever was the name of a resource other than `id` (rule C5).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn name_belonged_to_another(&self, kind: Kind, name_key: &str, id: &str) -> Result<bool, StoreError> {
        let found = self.one(
            "SELECT 1 FROM names WHERE kind = ?1 AND name_key = ?2 AND resource_id <> ?3 LIMIT 1",
            params![kind.as_str(), name_key, id],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }
}

impl Transaction<'_> {
    /// Stores a new resource at revision `revision`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn insert_resource(
        &self,
        endpoint: &str,
        new: &NewResource,
        now: Timestamp,
        revision: i64,
    ) -> Result<Stored, StoreError> {
        self.run(
            "INSERT INTO resources (id, endpoint, kind, name, name_key, external_id, work_email_key, manager_id, active,
                                    document, created_at, changed_at, version, revision)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?12)",
            params![
                new.id.as_str(),
                endpoint,
                new.kind.as_str(),
                new.name,
                new.name_key,
                new.external_id,
                new.work_email_key,
                new.manager_id,
                new.active,
                text(&new.document),
                now.as_micros(),
                revision,
            ],
        )?;
        let pk = Pk(self.connection().last_insert_rowid());
        self.remember_name(endpoint, new)?;
        Ok(Stored {
            pk,
            id: new.id.clone(),
            kind: new.kind,
            name: new.name.clone(),
            external_id: new.external_id.clone(),
            active: new.active,
            document: new.document.clone(),
            created_at: now,
            changed_at: now,
            version: revision,
            revision,
            settled: 0,
        })
    }

    /// Stores `new` in place of `old`, which keeps its row, id and time of creation.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn update_resource(
        &self,
        endpoint: &str,
        old: &Stored,
        new: &NewResource,
        now: Timestamp,
        revision: i64,
    ) -> Result<Stored, StoreError> {
        self.run(
            "UPDATE resources SET name = ?2, name_key = ?3, external_id = ?4, work_email_key = ?5, manager_id = ?6, active = ?7,
                                  document = ?8, changed_at = ?9, version = ?10, revision = ?10, claimed = 1
             WHERE pk = ?1",
            params![
                old.pk.0,
                new.name,
                new.name_key,
                new.external_id,
                new.work_email_key,
                new.manager_id,
                new.active,
                text(&new.document),
                now.as_micros(),
                revision,
            ],
        )?;
        if old.name != new.name {
            self.remember_name(endpoint, new)?;
            self.undecide_other_names(&new.id, &new.name_key)?;
        }
        Ok(Stored {
            name: new.name.clone(),
            external_id: new.external_id.clone(),
            active: new.active,
            document: new.document.clone(),
            changed_at: now,
            version: revision,
            revision,
            ..old.clone()
        })
    }

    /// Marks a resource whose memberships changed as changed at `revision`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn touch_resource(&self, pk: Pk, now: Timestamp, revision: i64) -> Result<(), StoreError> {
        self.run(
            "UPDATE resources SET changed_at = ?2, version = ?3, revision = ?3 WHERE pk = ?1",
            params![pk.0, now.as_micros(), revision],
        )?;
        Ok(())
    }

    /// Raises the revision of a resource without a change that a client can see.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn raise_revision(&self, pk: Pk, revision: i64) -> Result<(), StoreError> {
        self.run(
            "UPDATE resources SET revision = ?2 WHERE pk = ?1",
            params![pk.0, revision],
        )?;
        Ok(())
    }

    /// Removes a resource with its memberships in both directions.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn delete_resource(&self, pk: Pk) -> Result<(), StoreError> {
        self.run("DELETE FROM resources WHERE pk = ?1", [pk.0])?;
        Ok(())
    }

    /// Adds a member. The `display` of one who was a member already follows a new one, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn add_member(&self, group: Pk, member: Pk, display: Option<&str>) -> Result<AddedMember, StoreError> {
        let added = self.run(
            "INSERT INTO members (group_pk, member_pk, display) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![group.0, member.0, display],
        )?;
        if added == 1 {
            return Ok(AddedMember::New);
        }
        let relabelled = self.run(
            "UPDATE members SET display = ?3 WHERE group_pk = ?1 AND member_pk = ?2 AND ?3 IS NOT NULL AND display IS NOT ?3",
            params![group.0, member.0, display],
        )?;
        Ok(if relabelled == 1 {
            AddedMember::Relabelled
        } else {
            AddedMember::AsBefore
        })
    }

    /// Removes a member; false if it was none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn remove_member(&self, group: Pk, member: Pk) -> Result<bool, StoreError> {
        let removed = self.run(
            "DELETE FROM members WHERE group_pk = ?1 AND member_pk = ?2",
            params![group.0, member.0],
        )?;
        Ok(removed == 1)
    }

    /// Removes all members; tells how many.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be written.
    pub fn clear_members(&self, group: Pk) -> Result<usize, StoreError> {
        self.run("DELETE FROM members WHERE group_pk = ?1", [group.0])
    }

    fn remember_name(&self, endpoint: &str, new: &NewResource) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO names (endpoint, kind, name_key, resource_id) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![endpoint, new.kind.as_str(), new.name_key, new.id.as_str()],
        )?;
        Ok(())
    }
}

fn text(document: &Map<String, Value>) -> String {
    serde_json::to_string(document).expect("a map of JSON values is always JSON")
}

fn clamp(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
