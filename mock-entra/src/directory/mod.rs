//! The source: people, groups, managers and assignments of a tenant.
//!
//! Every object carries a change number, and the directory counts them up: that is
//! the change feed the job's watermark points into. Its one surprise: a change of a
//! *membership* is a change of the group **and** of the user, because it may be
//! what puts the user into the scope of the application.

mod apply;
mod edits;
mod file;
mod group;
mod id;
mod problem;
mod user;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub use self::{
    apply::EditError,
    edits::{Edit, Edits},
    file::DirectoryFile,
    group::Group,
    id::{NotAGuid, ObjectId},
    problem::DirectoryError,
    user::{SetError, User, UserType},
};

/// People, groups and assignments, with the number of the latest change of each.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    users: BTreeMap<ObjectId, UserEntry>,
    groups: BTreeMap<ObjectId, GroupEntry>,
    assignments: BTreeSet<ObjectId>,
    /// Users deleted for good, and when.
    purged: BTreeMap<ObjectId, u64>,
    /// Deleted groups, and when.
    deleted_groups: BTreeMap<ObjectId, u64>,
    change: u64,
}

#[derive(Clone, Debug)]
struct UserEntry {
    /// Shared with the work of a running cycle.
    user: Arc<User>,
    soft_deleted: bool,
    changed: u64,
}

#[derive(Clone, Debug)]
struct GroupEntry {
    group: Arc<Group>,
    changed: u64,
}

impl Directory {
    /// The number of the latest change.
    pub fn change(&self) -> u64 {
        self.change
    }

    /// A user who is not purged, soft-deleted or not.
    pub fn user(&self, id: &ObjectId) -> Option<&User> {
        self.users.get(id).map(|entry| &*entry.user)
    }

    /// A group that is not deleted.
    pub fn group(&self, id: &ObjectId) -> Option<&Group> {
        self.groups.get(id).map(|entry| &*entry.group)
    }

    /// All users that are not deleted, by id.
    pub fn live_users(&self) -> impl Iterator<Item = &User> {
        self.users
            .values()
            .filter(|entry| !entry.soft_deleted)
            .map(|entry| &*entry.user)
    }

    /// All users that are not purged, by id.
    pub(crate) fn users(&self) -> impl Iterator<Item = &Arc<User>> {
        self.users.values().map(|entry| &entry.user)
    }

    /// All groups, by id.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values().map(|entry| &*entry.group)
    }

    /// All groups, by id, to be shared with the work of a cycle.
    pub(crate) fn shared_groups(&self) -> impl Iterator<Item = &Arc<Group>> {
        self.groups.values().map(|entry| &entry.group)
    }

    /// Users and groups assigned to the application.
    pub fn assignments(&self) -> &BTreeSet<ObjectId> {
        &self.assignments
    }

    /// Whether the user lies in the recycle bin of the directory.
    pub fn is_soft_deleted(&self, id: &ObjectId) -> bool {
        self.users.get(id).is_some_and(|entry| entry.soft_deleted)
    }

    /// Whether the user was deleted for good.
    pub fn is_purged(&self, id: &ObjectId) -> bool {
        self.purged.contains_key(id)
    }

    /// The manager the source shows: nobody while the manager is deleted.
    pub fn manager_of<'a>(&self, user: &'a User) -> Option<&'a ObjectId> {
        user.manager.as_ref().filter(|manager| self.is_live_user(manager))
    }

    /// The number of the latest change of a user or group, deleted or not.
    pub(crate) fn changed(&self, id: &ObjectId) -> Option<u64> {
        let user = self.users.get(id).map(|entry| entry.changed);
        user.or_else(|| self.groups.get(id).map(|entry| entry.changed))
            .or_else(|| self.purged.get(id).copied())
            .or_else(|| self.deleted_groups.get(id).copied())
    }

    /// Counts a change of an object. Unknown ids are ignored.
    pub(crate) fn touch(&mut self, id: &ObjectId) {
        self.change += 1;
        if let Some(entry) = self.users.get_mut(id) {
            entry.changed = self.change;
        } else if let Some(entry) = self.groups.get_mut(id) {
            entry.changed = self.change;
        }
    }

    fn is_live_user(&self, id: &ObjectId) -> bool {
        self.users.get(id).is_some_and(|entry| !entry.soft_deleted)
    }

    fn is_live(&self, id: &ObjectId) -> bool {
        self.is_live_user(id) || self.groups.contains_key(id)
    }
}
