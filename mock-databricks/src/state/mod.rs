//! What the account and its one workspace hold: users, service principals, groups and who is in which.
//!
//! Pure data and its invariants; HTTP, errors and silences are the business of [`crate::api`].
//! The surprise: some objects are always there — the groups every workspace and every account has, the workspace admin
//! whose personal access token the mock hands out, an account admin, and the service principal a bridge runs as.

mod document;
mod edits;
mod group;
mod id;
mod level;
mod memberships;
mod ordered_set;
mod principal;
pub(crate) mod seed;
mod stale;
mod table;

use std::collections::{HashMap, HashSet};

pub(crate) use document::{BadDocument, Document};
pub(crate) use edits::{Journal, MemberEdits};
pub(crate) use group::Group;
pub(crate) use id::Id;
pub(crate) use level::Level;
pub(crate) use memberships::Memberships;
pub(crate) use principal::{ACCOUNT_ADMIN, Kind, Principal, Profile, Standing};
pub(crate) use stale::{Listing, Moment, Shown, StaleReads};
pub(crate) use table::{Table, fold};

use crate::chance::Chance;
use id::IdSource;

/// The e-mail address of the workspace admin who owns the personal access token.
pub(crate) const ADMIN_USER_NAME: &str = "workspace.admin@example.com";
/// The e-mail address of the account admin who owns the account's SCIM token; in no workspace.
pub(crate) const ACCOUNT_ADMIN_USER_NAME: &str = "account.admin@example.com";

/// One account with one workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    account_id: String,
    users: Table<Principal>,
    service_principals: Table<Principal>,
    groups: Table<Group>,
    memberships: Memberships,
    /// Account groups assigned to the workspace.
    assigned: HashSet<Id>,
    ids: IdSource,
    reserved: Reserved,
    application_id: String,
    /// Principals deleted from the workspace, by folded name, for the switch that brings their ids back.
    deleted: HashMap<String, Id>,
    application_ids: Chance,
    pub(crate) stale: StaleReads,
}

/// The ids of the objects that are always there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reserved {
    /// The user the personal access token belongs to.
    pub(crate) admin: Id,
    /// The group `admins`: its members are workspace admins [documented].
    pub(crate) admins: Id,
    /// The group `users`: everybody in the workspace is in it and cannot leave [documented].
    pub(crate) users: Id,
    /// The group `account users`: everybody in the account, without a list of members [inferred].
    pub(crate) account_users: Id,
    /// The user the account's SCIM token belongs to.
    pub(crate) account_admin: Id,
    /// The service principal whose OAuth secret the mock hands out: admin of the workspace and of the account.
    pub(crate) service_principal: Id,
}

impl Reserved {
    pub(crate) fn is_group(self, id: Id) -> bool {
        [self.admins, self.users, self.account_users].contains(&id)
    }
}

impl Workspace {
    /// An empty workspace in an empty account; `seed` decides all ids.
    pub(crate) fn new(seed: u64) -> Self {
        let mut ids = IdSource::new(seed);
        let reserved = Reserved {
            admin: ids.next(),
            admins: ids.next(),
            users: ids.next(),
            account_users: ids.next(),
            account_admin: ids.next(),
            service_principal: ids.next(),
        };
        let mut uuids = Chance::new(seed, 5);
        let mut workspace = Self {
            account_id: uuids.uuid().to_string(),
            users: Table::default(),
            service_principals: Table::default(),
            groups: Table::default(),
            memberships: Memberships::default(),
            assigned: HashSet::new(),
            ids,
            reserved,
            application_id: uuids.uuid().to_string(),
            deleted: HashMap::new(),
            application_ids: uuids,
            stale: StaleReads::new(seed),
        };
        workspace.furnish();
        workspace
    }

    /// Empties workspace and account. The objects that are always there keep their ids; no other id comes again.
    pub(crate) fn reset(&mut self) {
        self.users = Table::default();
        self.service_principals = Table::default();
        self.groups = Table::default();
        self.memberships = Memberships::default();
        self.assigned.clear();
        self.deleted.clear();
        self.stale.clear();
        self.furnish();
    }

    fn furnish(&mut self) {
        let reserved = self.reserved;
        self.groups
            .insert(Group::new(reserved.admins, Level::Workspace, "admins"));
        self.groups.insert(Group {
            entitlements: vec!["workspace-access".to_owned(), "databricks-sql-access".to_owned()],
            ..Group::new(reserved.users, Level::Workspace, "users")
        });
        self.groups
            .insert(Group::new(reserved.account_users, Level::Account, "account users"));
        let named = |principal: Principal, name: &str| Principal {
            profile: Profile {
                display_name: Some(name.to_owned()),
                ..Profile::default()
            },
            ..principal
        };
        let admin = Principal::user(reserved.admin, ADMIN_USER_NAME).in_workspace();
        self.add_principal(named(admin, "Workspace Admin"));
        let mut account_admin = Principal::user(reserved.account_admin, ACCOUNT_ADMIN_USER_NAME);
        account_admin.account.roles.push(ACCOUNT_ADMIN.to_owned());
        self.add_principal(named(account_admin, "Account Admin"));
        let service_principal = Principal::service_principal(reserved.service_principal, &self.application_id);
        let mut service_principal = named(service_principal.in_workspace(), "scim-bridge");
        service_principal.account.roles.push(ACCOUNT_ADMIN.to_owned());
        self.add_principal(service_principal);
        self.memberships.add(reserved.admins, reserved.admin);
        self.memberships.add(reserved.admins, reserved.service_principal);
    }

    pub(crate) fn reserved(&self) -> Reserved {
        self.reserved
    }

    /// The account's UUID.
    pub(crate) fn account_id(&self) -> &str {
        &self.account_id
    }

    /// Gives the account another UUID.
    pub(crate) fn set_account_id(&mut self, account_id: String) {
        self.account_id = account_id;
    }

    /// The `applicationId` of the service principal a bridge runs as: the client id of its OAuth secret.
    pub(crate) fn application_id(&self) -> &str {
        &self.application_id
    }

    pub(crate) fn users(&self) -> &Table<Principal> {
        &self.users
    }

    pub(crate) fn service_principals(&self) -> &Table<Principal> {
        &self.service_principals
    }

    pub(crate) fn of_kind(&self, kind: Kind) -> &Table<Principal> {
        match kind {
            Kind::User => &self.users,
            Kind::ServicePrincipal => &self.service_principals,
        }
    }

    fn of_kind_mut(&mut self, kind: Kind) -> &mut Table<Principal> {
        match kind {
            Kind::User => &mut self.users,
            Kind::ServicePrincipal => &mut self.service_principals,
        }
    }

    /// A user or a service principal.
    pub(crate) fn principal(&self, id: Id) -> Option<&Principal> {
        self.users.get(id).or_else(|| self.service_principals.get(id))
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

    /// Marks an id that came from outside as handed out.
    pub(crate) fn claim_id(&mut self, id: Id) {
        self.ids.claim(id);
    }

    /// An `applicationId` for a service principal that was given none.
    pub(crate) fn next_application_id(&mut self) -> String {
        self.application_ids.uuid().to_string()
    }

    /// The id the principal of this name had that was deleted last.
    pub(crate) fn former_id(&self, name: &str) -> Option<Id> {
        self.deleted.get(&fold(name)).copied()
    }

    /// Stores a new principal; one of the workspace is in `users` from then on.
    pub(crate) fn add_principal(&mut self, principal: Principal) {
        if principal.workspace.is_some() {
            self.memberships.add(self.reserved.users, principal.id);
        }
        self.of_kind_mut(principal.kind).insert(principal);
    }

    /// Stores a changed principal, which may have entered the workspace by it.
    pub(crate) fn put_principal(&mut self, principal: Principal) {
        if principal.workspace.is_some() {
            self.memberships.add(self.reserved.users, principal.id);
        }
        self.of_kind_mut(principal.kind).put(principal);
    }

    /// Takes a principal out of the workspace and its groups; the account keeps it [documented].
    pub(crate) fn leave_workspace(&mut self, id: Id) {
        let Some(mut principal) = self.principal(id).cloned() else {
            return;
        };
        self.deleted.insert(fold(&principal.name), id);
        principal.workspace = None;
        let local: Vec<Id> = self.groups_of(id, Level::Workspace).collect();
        for group in local {
            self.memberships.remove(group, id);
        }
        self.of_kind_mut(principal.kind).put(principal);
    }

    /// Removes a principal from the account and its workspace.
    pub(crate) fn remove_principal(&mut self, id: Id) {
        let Some(kind) = self.principal(id).map(|principal| principal.kind) else {
            return;
        };
        if let Some(principal) = self.of_kind_mut(kind).remove(id) {
            self.deleted.insert(fold(&principal.name), id);
        }
        self.memberships.forget(id);
    }

    /// Gives a principal another id, its memberships with it.
    pub(crate) fn rename_id(&mut self, from: Id, to: Id) {
        let Some(kind) = self.principal(from).map(|principal| principal.kind) else {
            return;
        };
        let Some(principal) = self.of_kind_mut(kind).remove(from) else {
            return;
        };
        let groups: Vec<Id> = self.memberships.groups(from).collect();
        self.memberships.forget(from);
        for group in groups {
            self.memberships.add(group, to);
        }
        self.of_kind_mut(kind).insert(Principal { id: to, ..principal });
    }

    pub(crate) fn add_group(&mut self, group: Group) {
        self.groups.insert(group);
    }

    pub(crate) fn put_group(&mut self, group: Group) {
        self.groups.put(group);
    }

    /// Removes a group with its edges in both directions.
    pub(crate) fn remove_group(&mut self, id: Id) {
        if self.groups.remove(id).is_some() {
            self.assigned.remove(&id);
            self.memberships.forget(id);
        }
    }

    /// Assigns an account group to the workspace, or ends that.
    pub(crate) fn assign_group(&mut self, id: Id, assigned: bool) {
        if assigned {
            self.assigned.insert(id);
        } else {
            self.assigned.remove(&id);
            let local: Vec<Id> = self.groups_of(id, Level::Workspace).collect();
            for group in local {
                self.memberships.remove(group, id);
            }
        }
    }

    pub(crate) fn is_assigned(&self, group: Id) -> bool {
        self.assigned.contains(&group)
    }

    /// Puts a principal or group into `admins`, or takes it out.
    pub(crate) fn make_admin(&mut self, id: Id, admin: bool) {
        if admin {
            self.memberships.add(self.reserved.admins, id);
        } else {
            self.memberships.remove(self.reserved.admins, id);
        }
    }

    /// Starts a change of one group's members that can be taken back as a whole.
    pub(crate) fn edit_members(&mut self, group: Id, home: Level) -> MemberEdits<'_> {
        MemberEdits::new(self, group, home)
    }

    /// Takes back a change of one group's members.
    pub(crate) fn undo_members(&mut self, group: Id, journal: Journal) {
        journal.undo(&mut self.memberships, group);
    }

    /// Whether a principal is an admin of the workspace, directly or through nested groups.
    pub(crate) fn is_admin(&self, principal: Id) -> bool {
        let admins = self.reserved.admins;
        self.memberships.contains(admins, principal) || self.ancestors(principal).contains(&admins)
    }

    /// Whether a principal is an admin of the account, by its own role or a group's.
    pub(crate) fn is_account_admin(&self, principal: Id) -> bool {
        let has_role = |group: Id| {
            let group = self.groups.get(group);
            group.is_some_and(|group| {
                group.home == Level::Account && group.roles.iter().any(|role| role == ACCOUNT_ADMIN)
            })
        };
        self.principal(principal).is_some_and(Principal::is_account_admin)
            || self.memberships.groups(principal).any(has_role)
            || self.ancestors(principal).into_iter().any(has_role)
    }

    /// How many users and service principals a level holds together.
    pub(crate) fn principals_at(&self, level: Level) -> usize {
        match level {
            // Everybody in the workspace is in `users`.
            Level::Workspace => self.memberships.count(self.reserved.users),
            Level::Account => self.users.len() + self.service_principals.len(),
        }
    }

    /// Whether a principal is in the workspace: by itself or through an assigned account group.
    pub(crate) fn is_in_workspace(&self, principal: &Principal) -> bool {
        principal.workspace.is_some() || self.is_through_group(principal.id)
    }

    fn is_through_group(&self, id: Id) -> bool {
        !self.assigned.is_empty()
            && (self.memberships.groups(id).any(|group| self.is_assigned(group))
                || self.ancestors(id).into_iter().any(|group| self.is_assigned(group)))
    }

    /// Everybody who is in an account group that is assigned to the workspace, at any depth.
    pub(crate) fn through_groups(&self) -> HashSet<Id> {
        let mut seen: HashSet<Id> = HashSet::new();
        let mut open: Vec<Id> = self.assigned.iter().copied().collect();
        while let Some(group) = open.pop() {
            for member in self.memberships.members(group) {
                if seen.insert(member) {
                    open.push(member);
                }
            }
        }
        seen
    }

    /// The groups of one level that hold `member` directly.
    fn groups_of(&self, member: Id, home: Level) -> impl Iterator<Item = Id> + '_ {
        let at_home = move |id: &Id| self.groups.get(*id).is_some_and(|group| group.home == home);
        self.memberships.groups(member).filter(at_home)
    }

    /// Groups that hold `member` only through another group, each once, cycles cut.
    pub(crate) fn ancestors(&self, member: Id) -> Vec<Id> {
        let direct: Vec<Id> = self.memberships.groups(member).collect();
        let mut seen: HashSet<Id> = direct.iter().copied().collect();
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
