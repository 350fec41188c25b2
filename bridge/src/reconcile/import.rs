//! Taking in what is at the target before Entra writes anything (rule C4), for a tenant
//! that used another connector or Databricks directly.
//!
//! Imported resources are *unclaimed*: Entra finds them and matches them, and nothing about
//! them is changed upstream before Entra's first write. Each object is one transaction, and
//! one that Entra has written meanwhile wins and is only bound, so that a second run goes
//! on where the first one ended.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::adopt::inherit_members;
use super::entitle;
use super::policy::Policy;
use super::scan::{Seen, SeenUser};
use super::view::Knowledge;
use crate::clock::Timestamp;
use crate::databricks::wire::WireGroup;
use crate::id::{ScimId, UpstreamId, fold};
use crate::store::{
    Answer, Binding, BindingId, Existence, Field, InventoryEntry, Kind, NewBinding, NewResource, NewRevision,
    Ownership, StoreError, Tracked, Transaction,
};

/// How an import was ordered.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ImportOptions {
    /// SCIM ids equal Databricks' (rule C1), for a tenant whose client knows those.
    pub keep_ids: bool,
    /// What is known of single objects besides.
    pub mapping: Vec<Mapped>,
}

/// What a mapping file says of one object.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Mapped {
    /// `userName` or `displayName`.
    pub name: String,
    /// The client's own id.
    pub external_id: Option<String>,
    /// The SCIM id that the client knows.
    pub id: Option<String>,
}

/// What became of one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// It is a resource now, unclaimed.
    New,
    /// Entra has written a resource of that name: it has its object now.
    Bound,
    /// It was known.
    Known,
    /// It is never written, or not to be taken over by itself.
    LeftAlone,
}

/// Counts of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Users that became resources.
    pub users: u64,
    /// Groups that became resources.
    pub groups: u64,
    /// Memberships that were taken in.
    pub members: u64,
    /// Objects that were bound to what Entra had written.
    pub bound: u64,
    /// Objects that were known or left alone.
    pub others: u64,
    /// Groups that could not be read.
    pub unread: u64,
}

impl Counts {
    /// Counts one object.
    pub fn add(&mut self, kind: Kind, imported: Imported) {
        match (imported, kind) {
            (Imported::New, Kind::User) => self.users += 1,
            (Imported::New, Kind::Group) => self.groups += 1,
            (Imported::Bound, _) => self.bound += 1,
            (Imported::Known | Imported::LeftAlone, _) => self.others += 1,
        }
    }

    /// One sentence for the operator.
    pub fn sentence(&self) -> String {
        let unread = match self.unread {
            0 => String::new(),
            number => format!("; {number} groups could not be read and are left out, the log tells why"),
        };
        format!(
            "imported {} users, {} groups and {} memberships, none of them changed at Databricks before Entra writes it; \
             {} objects bound to what Entra has written, {} known or left alone{unread}",
            self.users, self.groups, self.members, self.bound, self.others
        )
    }
}

/// An import under way.
#[derive(Debug)]
pub struct Import {
    /// The order's number.
    pub command: i64,
    /// SCIM ids equal Databricks' (rule C1).
    pub keep_ids: bool,
    /// What is known of single objects, by folded name.
    pub mapping: Arc<HashMap<String, Mapped>>,
    /// What is to be taken in; `None` before the scan is complete.
    pub seen: Option<Remaining>,
    /// What came of it so far.
    pub counts: Counts,
}

/// What an import has still to do.
#[derive(Debug, Default)]
pub struct Remaining {
    /// Users to be taken in.
    pub users: VecDeque<SeenUser>,
    /// Groups to be read and taken in.
    pub groups: VecDeque<InventoryEntry>,
    /// How often a group was not read.
    pub failed: HashMap<UpstreamId, u32>,
}

/// A group that is not read so often is left out: nothing is written before the import is done.
const MOST_FAILURES: u32 = 5;

impl Remaining {
    /// A group was not read: it has its turn again after the others. True if it is left out.
    pub fn was_not_read(&mut self, group: &UpstreamId) -> bool {
        let failed = self.failed.entry(group.clone()).or_default();
        *failed += 1;
        let left_out = *failed >= MOST_FAILURES;
        if left_out {
            self.done_with(group);
        } else if self.groups.front().is_some_and(|front| front.upstream_id == *group) {
            self.groups.rotate_left(1);
        }
        left_out
    }

    /// A group needs no more reading.
    pub fn done_with(&mut self, group: &UpstreamId) {
        self.groups.retain(|other| other.upstream_id != *group);
    }
}

impl Import {
    /// An import that waits for a scan.
    pub fn new(command: i64, options: ImportOptions) -> Self {
        let named = options.mapping.into_iter().map(|mapped| (fold(&mapped.name), mapped));
        Self {
            command,
            keep_ids: options.keep_ids,
            mapping: Arc::new(named.collect()),
            seen: None,
            counts: Counts::default(),
        }
    }

    /// The scan is complete.
    pub fn begin(&mut self, seen: &Seen) {
        self.seen = Some(Remaining {
            users: seen.users.iter().cloned().collect(),
            groups: seen.groups.iter().cloned().collect(),
            failed: HashMap::new(),
        });
    }

    /// How far it is, in a sentence.
    pub fn progress(&self) -> String {
        self.seen.as_ref().map_or_else(
            || "reading the lists of users and groups".to_owned(),
            |left| {
                format!(
                    "{} users and {} groups to be taken in",
                    left.users.len(),
                    left.groups.len()
                )
            },
        )
    }
}

/// Takes in one user.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn import_user(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    order: &Order<'_>,
    user: &SeenUser,
    now: Timestamp,
) -> Result<Imported, StoreError> {
    let entry = &user.entry;
    if knowledge
        .protects_user(policy, &entry.name_key, Some(&entry.upstream_id))
        .is_some()
    {
        return Ok(Imported::LeftAlone);
    }
    let mut document = Map::new();
    document.insert("schemas".to_owned(), json!([USER]));
    document.insert("userName".to_owned(), json!(entry.name));
    if let Some(name) = &user.display_name {
        document.insert("displayName".to_owned(), json!(name));
    }
    let parts: Map<String, Value> = [("givenName", &user.given_name), ("familyName", &user.family_name)]
        .into_iter()
        .filter_map(|(key, part)| Some((key.to_owned(), json!(part.as_ref()?))))
        .collect();
    if !parts.is_empty() {
        document.insert("name".to_owned(), Value::Object(parts));
    }
    document.insert("active".to_owned(), json!(entry.active));
    document.insert(
        "emails".to_owned(),
        json!([{ "type": "work", "value": entry.name, "primary": true }]),
    );
    let (outcome, binding) = take_in(tx, order, entry, document, user.external_id.as_ref(), now)?;
    if let Some(binding) = binding {
        for field in [
            Field::DisplayName,
            Field::GivenName,
            Field::FamilyName,
            Field::ExternalId,
            Field::Active,
        ] {
            if let Some(value) = user.value(field) {
                tx.put_field(binding, field, &shown(value))?;
            }
        }
    }
    Ok(outcome)
}

/// Takes in one group with its members, as one: Entra must not find a group whose members are not known yet, or it
/// would take out people who then seem never to have been in it.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn import_group(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    order: &Order<'_>,
    group: &InventoryEntry,
    read: &WireGroup,
    now: Timestamp,
) -> Result<(Imported, u64), StoreError> {
    let imported = import_object(tx, policy, order, group, read, now)?;
    Ok((imported, import_members(tx, knowledge, read)?))
}

/// Takes in the group itself.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
fn import_object(
    tx: &Transaction<'_>,
    policy: &Policy,
    order: &Order<'_>,
    group: &InventoryEntry,
    read: &WireGroup,
    now: Timestamp,
) -> Result<Imported, StoreError> {
    if Knowledge::protects_group(policy, &group.name_key).is_some() {
        return Ok(Imported::LeftAlone);
    }
    let mut document = Map::new();
    document.insert("schemas".to_owned(), json!([GROUP]));
    document.insert("displayName".to_owned(), json!(group.name));
    let (outcome, binding) = take_in(tx, order, group, document, None, now)?;
    if let Some(binding) = binding {
        tx.put_field(binding, Field::DisplayName, &shown(Some(group.name.clone())))?;
        if let Some(bound) = tx.binding(binding)? {
            entitle::note_due(tx, policy, &bound, Some(read))?;
        }
    }
    Ok(outcome)
}

/// Takes in the members of a group that was taken in, as *inherited* (rule C3); tells how many.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
fn import_members(tx: &Transaction<'_>, knowledge: &Knowledge, group: &WireGroup) -> Result<u64, StoreError> {
    let Some(upstream) = UpstreamId::parse(&group.id) else {
        return Ok(0);
    };
    let Some(binding) = tx.binding_of_upstream(&knowledge.target, Kind::Group, &upstream)? else {
        return Ok(0);
    };
    // Where Entra speaks for the group already, its members are known from its adoption, or are Entra's.
    if !tx.is_unclaimed(&binding.resource_id)? {
        return Ok(0);
    }
    inherit_members(tx, knowledge, binding.id, group)?;
    // What Entra reads of an imported group is what is in it.
    tx.want_inherited_members(binding.id)
}

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// What is common to all objects of one import.
#[derive(Debug)]
pub struct Order<'a> {
    /// The target.
    pub target: &'a str,
    /// The endpoint whose resources they become.
    pub endpoint: &'a str,
    /// Whether SCIM ids equal Databricks'.
    pub keep_ids: bool,
    /// What is known of single objects, by folded name.
    pub mapping: &'a HashMap<String, Mapped>,
}

/// Makes an object a resource, or binds it to the one that Entra has written. Gives the new binding, if there is one.
fn take_in(
    tx: &Transaction<'_>,
    order: &Order<'_>,
    entry: &InventoryEntry,
    mut document: Map<String, Value>,
    external_id: Option<&String>,
    now: Timestamp,
) -> Result<(Imported, Option<BindingId>), StoreError> {
    if tx
        .binding_of_upstream(order.target, entry.kind, &entry.upstream_id)?
        .is_some()
    {
        return Ok((Imported::Known, None));
    }
    let written = tx.lookup(
        order.endpoint,
        entry.kind,
        &crate::store::Lookup::NameKey(entry.name_key.clone()),
    )?;
    if let Some(written) = written.first() {
        let unbound = tx.bindings(order.target, &written.id)?.is_empty();
        // An inactive account, and a group that is not to be adopted, wait for a person like any other (rule C3).
        if !unbound || !entry.active || entry.kind == Kind::Group {
            return Ok((Imported::LeftAlone, None));
        }
        let binding = bind(tx, order.target, entry, &written.id, written.external_id.clone())?;
        return Ok((Imported::Bound, Some(binding)));
    }
    let mapped = order.mapping.get(&entry.name_key);
    let external_id = mapped.and_then(|mapped| mapped.external_id.as_ref()).or(external_id);
    if let Some(external_id) = external_id {
        document.insert("externalId".to_owned(), json!(external_id));
    }
    let id = new_id(tx, order, entry, mapped)?;
    let revision = tx.new_revision(&NewRevision {
        at: now,
        request_id: "import".to_owned(),
        resource_id: id.clone(),
        kind: entry.kind,
        name: entry.name.clone(),
        action: "import",
        answer: Answer::Accepted,
    })?;
    let row = NewResource {
        id: id.clone(),
        kind: entry.kind,
        name: entry.name.clone(),
        name_key: entry.name_key.clone(),
        external_id: external_id.cloned(),
        work_email_key: (entry.kind == Kind::User).then(|| entry.name_key.clone()),
        manager_id: None,
        active: entry.active,
        document,
    };
    let stored = tx.insert_resource(order.endpoint, &row, now, revision)?;
    tx.unclaim(stored.pk)?;
    let binding = bind(tx, order.target, entry, &id, row.external_id)?;
    tx.settle(&id, revision, "applied", now)?;
    Ok((Imported::New, Some(binding)))
}

/// The id an imported resource gets: the client's where it is known, Databricks' where that was ordered, else a new
/// one; never one that a resource has or had (rule C1).
fn new_id(
    tx: &Transaction<'_>,
    order: &Order<'_>,
    entry: &InventoryEntry,
    mapped: Option<&Mapped>,
) -> Result<ScimId, StoreError> {
    let wanted = mapped
        .and_then(|mapped| mapped.id.clone())
        .or_else(|| order.keep_ids.then(|| entry.upstream_id.to_string()));
    if let Some(wanted) = wanted
        && tx.resource(&wanted)?.is_none()
        && tx.tombstone(&wanted)?.is_none()
    {
        return Ok(ScimId::new(wanted));
    }
    Ok(ScimId::random())
}

fn bind(
    tx: &Transaction<'_>,
    target: &str,
    entry: &InventoryEntry,
    id: &ScimId,
    external_id: Option<String>,
) -> Result<BindingId, StoreError> {
    let binding = tx.new_binding(
        target,
        &NewBinding {
            kind: entry.kind,
            resource_id: id.clone(),
            name: entry.name.clone(),
            name_key: entry.name_key.clone(),
            external_id,
        },
    )?;
    let id = binding.id;
    tx.put_binding(&Binding {
        upstream_id: Some(entry.upstream_id.clone()),
        ownership: Some(Ownership::Adopted),
        existence: Existence::Present,
        ..binding
    })?;
    Ok(id)
}

/// A value as a read has shown it.
fn shown(value: Option<String>) -> Tracked<Option<String>> {
    Tracked {
        observed: Some(value.clone()),
        ..Tracked::known(value)
    }
}
