//! Groups and their members.
//!
//! Members are edges, not part of the document: one member of ten thousand costs what
//! one of five costs.

use std::collections::HashSet;

use scim::entra::{NamedMember, members_of_value};
use scim::filter::Filter;
use scim::patch::{self, MembersChange};
use scim::resource::{Resource, read_body, remove, same};
use scim::schema;
use serde_json::{Value, json};

use super::draft::to_row;
use super::{Accepted, Change, Directory, DirectoryError, Request};
use crate::id::{ScimId, fold};
use crate::store::{AddedMember, Enqueue, Kind, QueueClass, Stored};

/// What happened to the edges of a group.
#[derive(Debug, Default)]
struct Moved {
    added: Vec<ScimId>,
    removed: Vec<ScimId>,
    /// A member got another `display`, which only this directory holds.
    relabelled: bool,
}

impl Moved {
    fn and(mut self, mut other: Self) -> Self {
        self.added.append(&mut other.added);
        self.removed.append(&mut other.removed);
        self.relabelled |= other.relabelled;
        self
    }

    fn is_nothing(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && !self.relabelled
    }
}

impl Directory {
    /// Creates a group from the body of a POST.
    ///
    /// # Errors
    ///
    /// 400 for a body that is no group, members that do not exist or a protected name; 409
    /// `uniqueness` for a `displayName` that a live group has, whatever the letter case (rule A11).
    pub async fn create_group(&self, request: &Request, id: ScimId, body: Value) -> Result<Accepted, DirectoryError> {
        let mut document = read_body(schema::group(), &body)?;
        let given = take_members(&mut document);
        self.change(request, move |change| {
            let row = to_row(id, Kind::Group, document);
            change.check_protected(Kind::Group, &row.name)?;
            let imported = change.imported(Kind::Group, &row.name)?;
            if imported.is_none() {
                change.check_unique(Kind::Group, &row.name, None)?;
            }
            let found = change.resolve_members(&given)?;
            if let Some(imported) = imported {
                change.add_members(&imported, &given)?;
                return change.claim(&imported, row.document);
            }
            let revision = change.revision(&row.id, Kind::Group, &row.name, "create")?;
            let resource = change
                .tx
                .insert_resource(change.endpoint(), &row, change.now, revision)?;
            for (member, given) in found.iter().zip(&given) {
                change.tx.add_member(resource.pk, member.pk, given.display.as_deref())?;
            }
            let added: Vec<ScimId> = given.iter().map(|member| ScimId::new(&member.id)).collect();
            change.tx.note_moved(revision, &added, &[])?;
            change.enqueue_new_group(&row.id, &row.name_key)?;
            Ok(Accepted {
                resource,
                revision: Some(revision),
            })
        })
        .await
    }

    /// Replaces a group by the body of a PUT.
    ///
    /// # Errors
    ///
    /// 404 for an unknown id; as [`Directory::create_group`] else.
    pub async fn replace_group(&self, request: &Request, id: &str, body: Value) -> Result<Accepted, DirectoryError> {
        let id = id.to_owned();
        self.change(request, move |change| {
            let old = change.existing(Kind::Group, &id)?;
            let mut document = read_body(schema::group(), &body)?;
            let given = take_members(&mut document);
            let moved = change.replace_members(&old, &given)?;
            change.store_group(&old, document, &moved)
        })
        .await
    }

    /// Changes a group by the body of a PATCH; all of it or nothing.
    ///
    /// # Errors
    ///
    /// 404 for an unknown id; 400 for a body, path or value that cannot be, for members to be added
    /// that do not exist, for a group inside itself; 409 for a taken `displayName`.
    pub async fn patch_group(&self, request: &Request, id: &str, body: Value) -> Result<Accepted, DirectoryError> {
        let id = id.to_owned();
        self.change(request, move |change| {
            let old = change.existing(Kind::Group, &id)?;
            let changes = patch::read(schema::group(), &body)?;
            let mut document = old.document.clone();
            let mut moved = Moved::default();
            for one in &changes {
                match one.members()? {
                    Some(members) => {
                        moved = moved.and(change.move_members(&old, members)?);
                    }
                    None => {
                        patch::apply(schema::group(), &mut document, std::slice::from_ref(one))?;
                    }
                }
            }
            change.store_group(&old, document, &moved)
        })
        .await
    }

    /// Deletes a group. Gives the id and revision of the deletion.
    ///
    /// # Errors
    ///
    /// 404 for an unknown id.
    pub async fn delete_group(&self, request: &Request, id: &str) -> Result<(ScimId, i64), DirectoryError> {
        let id = id.to_owned();
        self.change(request, move |change| {
            let old = change.existing(Kind::Group, &id)?;
            change.delete(&old)
        })
        .await
    }
}

impl Change<'_> {
    /// A new group waits for its members, unless one of its name is there already: whether that is a conflict
    /// is decided while the client waits (rule A4).
    fn enqueue_new_group(&self, id: &ScimId, name_key: &str) -> Result<(), DirectoryError> {
        for target in &self.rules.targets {
            if self.tx.inventory_named(target, Kind::Group, name_key)?.is_empty() {
                continue;
            }
            let at_once = Enqueue::at_once(QueueClass::Grant, self.now);
            self.tx.enqueue(target, id, Kind::Group, at_once)?;
            return Ok(());
        }
        self.enqueue(id, Kind::Group, QueueClass::Grant)?;
        Ok(())
    }

    fn store_group(&self, old: &Stored, document: Resource, moved: &Moved) -> Result<Accepted, DirectoryError> {
        let row = to_row(old.id.clone(), Kind::Group, document);
        let changed = !same(&row.document, &old.document);
        if !changed && moved.is_nothing() {
            return self.confirmed(old);
        }
        if row.name != old.name {
            self.check_protected(Kind::Group, &row.name)?;
            if row.name_key != fold(&old.name) {
                self.check_unique(Kind::Group, &row.name, Some(&old.id))?;
            }
        }
        let revision = self.revision(&old.id, Kind::Group, &row.name, "update")?;
        let resource = self
            .tx
            .update_resource(self.endpoint(), old, &row, self.now, revision)?;
        self.tx.note_moved(revision, &moved.added, &moved.removed)?;
        if !moved.removed.is_empty() {
            self.enqueue(&old.id, Kind::Group, QueueClass::Revocation)?;
        }
        if changed || !moved.added.is_empty() {
            self.enqueue(&old.id, Kind::Group, QueueClass::Grant)?;
        }
        Ok(Accepted {
            resource,
            revision: Some(revision),
        })
    }

    fn move_members(&self, group: &Stored, change: MembersChange) -> Result<Moved, DirectoryError> {
        match change {
            MembersChange::Add(named) => self.add_members(group, &named),
            MembersChange::Remove(ids) => self.remove_members(group, &ids),
            MembersChange::RemoveAll => {
                let removed = self.tx.members(group.pk)?.into_iter().map(|member| member.id).collect();
                self.tx.clear_members(group.pk)?;
                self.without_inherited(group, removed)
            }
            MembersChange::Replace(named) => self.replace_members(group, &named),
            MembersChange::RemoveWhere(filter) => self.remove_where(group, &filter),
        }
    }

    fn add_members(&self, group: &Stored, named: &[NamedMember]) -> Result<Moved, DirectoryError> {
        let found = self.resolve_members(named)?;
        self.check_no_circle(group.pk, &group.id, &found)?;
        let mut moved = Moved::default();
        for (member, named) in found.iter().zip(named) {
            // Who was found at adoption is Entra's from now on (rule C3).
            self.tx.disinherit(&group.id, member.pk)?;
            if self.tx.ask_about_member(&group.id, member.pk, self.now)? {
                self.look_at(group)?;
            }
            match self.tx.add_member(group.pk, member.pk, named.display.as_deref())? {
                AddedMember::New => moved.added.push(ScimId::new(&named.id)),
                AddedMember::Relabelled => moved.relabelled = true,
                AddedMember::AsBefore => {}
            }
        }
        Ok(moved)
    }

    /// Removing somebody unknown or absent is success.
    fn remove_members(&self, group: &Stored, ids: &[String]) -> Result<Moved, DirectoryError> {
        let mut moved = Moved::default();
        for (id, member) in ids.iter().zip(self.tx.resolve(self.endpoint(), ids)?) {
            let Some(member) = member else { continue };
            let was_wanted = self.tx.remove_member(group.pk, member.pk)?;
            if self.tx.ask_about_member(&group.id, member.pk, self.now)? {
                self.look_at(group)?;
            }
            // A membership that was found at adoption goes when Entra says so (rule C3).
            if self.tx.disinherit(&group.id, member.pk)? || was_wanted {
                moved.removed.push(ScimId::new(id));
            }
        }
        Ok(moved)
    }

    fn replace_members(&self, group: &Stored, named: &[NamedMember]) -> Result<Moved, DirectoryError> {
        let wanted: HashSet<&str> = named.iter().map(|member| member.id.as_str()).collect();
        let unwanted: Vec<String> = self
            .tx
            .members(group.pk)?
            .into_iter()
            .filter(|member| !wanted.contains(member.id.as_str()))
            .map(|member| member.id.to_string())
            .collect();
        // Added first: an unknown id refuses the request before anything has moved.
        let added = self.add_members(group, named)?;
        let removed = self.remove_members(group, &unwanted)?.removed;
        Ok(added.and(self.without_inherited(group, removed)?))
    }

    /// Who is left of those that were found at adoption or import goes too: the client has said who is in it (rule C3).
    fn without_inherited(&self, group: &Stored, mut removed: Vec<ScimId>) -> Result<Moved, DirectoryError> {
        let known: HashSet<ScimId> = removed.iter().cloned().collect();
        let found = self.tx.disinherit_everybody(&group.id)?;
        removed.extend(found.into_iter().filter(|found| !known.contains(found)));
        Ok(Moved {
            removed,
            ..Moved::default()
        })
    }

    fn remove_where(&self, group: &Stored, filter: &Filter) -> Result<Moved, DirectoryError> {
        let attribute = schema::group().core_attribute("members");
        let matching: Vec<String> = self
            .tx
            .members(group.pk)?
            .into_iter()
            .filter(|member| {
                let element =
                    json!({ "value": member.id.as_str(), "type": member.kind.as_str(), "display": member.display });
                filter.matches_element(attribute, &element)
            })
            .map(|member| member.id.to_string())
            .collect();
        self.remove_members(group, &matching)
    }
}

/// Takes `members` out of a body: they are stored as edges.
fn take_members(document: &mut Resource) -> Vec<NamedMember> {
    remove(document, "members")
        .as_ref()
        .map(members_of_value)
        .unwrap_or_default()
}
