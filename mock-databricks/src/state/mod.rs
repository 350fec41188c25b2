//! What the workspace holds: users, groups and who is in which.
//!
//! Pure data and its invariants; HTTP, errors and silences are the business of [`crate::api`].
//! The surprise: three objects are always there — the groups `admins` and `users`, which every
//! workspace has, and the workspace admin whose personal access token the mock hands out.

mod edits;
mod id;
mod model;
mod ordered_set;
pub(crate) mod seed;
mod stale;
mod table;

use std::collections::HashMap;

pub(crate) use edits::{Journal, MemberEdits};
pub(crate) use id::Id;
pub(crate) use model::{Group, Memberships, User};
pub(crate) use stale::StaleReads;
pub(crate) use table::fold;

use id::IdSource;
use table::Table;

/// The e-mail address of the workspace admin who owns the token.
pub(crate) const ADMIN_USER_NAME: &str = "workspace.admin@example.com";

/// One workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    users: Table<User>,
    groups: Table<Group>,
    memberships: Memberships,
    ids: IdSource,
    reserved: Reserved,
    /// Ids of deleted users by folded name, for the switch that brings them back.
    deleted: HashMap<String, Id>,
    pub(crate) stale: StaleReads,
}

/// The ids of the objects every workspace has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reserved {
    /// The user the personal access token belongs to.
    pub(crate) admin: Id,
    /// The group `admins`: its members are workspace admins (documented).
    pub(crate) admins: Id,
    /// The group `users`: everybody is in it and cannot leave (documented).
    pub(crate) users: Id,
}

impl Reserved {
    pub(crate) fn is_group(self, id: Id) -> bool {
        id == self.admins || id == self.users
    }
}

impl Workspace {
    /// An empty workspace; `seed` decides all ids.
    pub(crate) fn new(seed: u64) -> Self {
        let mut ids = IdSource::new(seed);
        let reserved = Reserved {
            admin: ids.next(),
            admins: ids.next(),
            users: ids.next(),
        };
        let mut workspace = Self {
            users: Table::default(),
            groups: Table::default(),
            memberships: Memberships::default(),
            ids,
            reserved,
            deleted: HashMap::new(),
            stale: StaleReads::default(),
        };
        workspace.furnish();
        workspace
    }

    /// Empties the workspace. The reserved objects keep their ids; no other id comes again.
    pub(crate) fn reset(&mut self) {
        self.users = Table::default();
        self.groups = Table::default();
        self.memberships = Memberships::default();
        self.deleted.clear();
        self.stale = StaleReads::default();
        self.furnish();
    }

    fn furnish(&mut self) {
        let Reserved { admin, admins, users } = self.reserved;
        self.groups.insert(Group::new(admins, "admins"));
        self.groups.insert(Group {
            entitlements: vec!["workspace-access".to_owned(), "databricks-sql-access".to_owned()],
            ..Group::new(users, "users")
        });
        self.add_user(User {
            display_name: Some("Workspace Admin".to_owned()),
            ..User::new(admin, ADMIN_USER_NAME)
        });
        self.memberships.add(admins, admin);
    }

    pub(crate) fn reserved(&self) -> Reserved {
        self.reserved
    }

    pub(crate) fn users(&self) -> &Table<User> {
        &self.users
    }

    pub(crate) fn groups(&self) -> &Table<Group> {
        &self.groups
    }

    pub(crate) fn memberships(&self) -> &Memberships {
        &self.memberships
    }

    pub(crate) fn next_id(&mut self) -> Id {
        self.ids.next()
    }

    /// The id a deleted user of this name had, if it was the last of that name.
    pub(crate) fn former_id(&self, user_name: &str) -> Option<Id> {
        self.deleted.get(&fold(user_name)).copied()
    }

    /// Stores a new user and puts it into `users`.
    pub(crate) fn add_user(&mut self, user: User) {
        self.memberships.add(self.reserved.users, user.id);
        self.users.insert(user);
    }

    /// Stores the changed attributes of a user.
    pub(crate) fn put_user(&mut self, user: User) {
        self.users.put(user);
    }

    /// Removes a user and its memberships; false if there is none.
    pub(crate) fn remove_user(&mut self, id: Id) -> bool {
        let Some(user) = self.users.remove(id) else {
            return false;
        };
        self.deleted.insert(fold(&user.user_name), id);
        self.memberships.forget(id);
        true
    }

    pub(crate) fn add_group(&mut self, group: Group) {
        self.groups.insert(group);
    }

    pub(crate) fn put_group(&mut self, group: Group) {
        self.groups.put(group);
    }

    /// Removes a group with its edges in both directions; false if there is none.
    pub(crate) fn remove_group(&mut self, id: Id) -> bool {
        let removed = self.groups.remove(id).is_some();
        if removed {
            self.memberships.forget(id);
        }
        removed
    }

    /// Starts a change of one group's members that can be taken back as a whole.
    pub(crate) fn edit_members(&mut self, group: Id) -> MemberEdits<'_> {
        MemberEdits::new(&mut self.memberships, &self.users, &self.groups, self.reserved, group)
    }

    /// Takes back a change of one group's members.
    pub(crate) fn undo_members(&mut self, group: Id, journal: Journal) {
        journal.undo(&mut self.memberships, group);
    }

    /// Whether `user` is a workspace admin, directly or through nested groups.
    pub(crate) fn is_admin(&self, user: Id) -> bool {
        let admins = self.reserved.admins;
        self.memberships.contains(admins, user) || self.ancestors(user).contains(&admins)
    }

    /// Groups that hold `member` only through another group, each once, cycles cut.
    pub(crate) fn ancestors(&self, member: Id) -> Vec<Id> {
        let direct: Vec<Id> = self.memberships.groups(member).collect();
        let mut seen: std::collections::HashSet<Id> = direct.iter().copied().collect();
        seen.insert(member);
        let mut indirect = Vec::new();
        let mut open = direct;
        while let Some(group) = open.pop() {
            for parent in self.memberships.groups(group) {
                if seen.insert(parent) {
                    indirect.push(parent);
                    open.push(parent);
                }
            }
        }
        indirect
    }
}
