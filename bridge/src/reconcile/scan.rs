//! The scan at start: who is there, by name (rules C2, C3, C8). Two list walks, so that
//! a create needs no look-up of its own.
//!
//! A walk goes on until a page without resources: page sizes and totals are not believed.

use std::collections::HashSet;

use super::assign::Workspace;
use super::shape::look::{Question, questions};
use super::shape::{Evidence, SeenGroup};
use crate::clock::Timestamp;
use crate::databricks::wire::{WireGroup, WireScope, WireUser};
use crate::databricks::{Client, DatabricksError, Level};
use crate::id::{UpstreamId, fold};
use crate::store::{Field, InventoryEntry, Kind, StoreError, Transaction};

/// A walk in progress.
#[derive(Debug, Clone)]
pub struct Scan {
    kind: Kind,
    start: usize,
    known: HashSet<UpstreamId>,
    users: Vec<SeenUser>,
    groups: Vec<InventoryEntry>,
    admins_group: Option<UpstreamId>,
    admins: HashSet<UpstreamId>,
    /// Groups of the account.
    of_account: HashSet<UpstreamId>,
    evidence: Evidence,
    /// Workspaces whose assignments are to be read.
    workspaces: Vec<u64>,
    /// What is still to be asked of the target's shape; `None` before the lists are read.
    unasked: Option<Vec<Question>>,
}

/// Stores what a complete scan saw. What is held is planned anew: what it was held for may be another by now.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn store(
    tx: &Transaction<'_>,
    target: &str,
    users: &[InventoryEntry],
    groups: &[InventoryEntry],
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.replace_inventory(target, Kind::User, users)?;
    tx.replace_inventory(target, Kind::Group, groups)?;
    tx.enqueue_held(target, now)?;
    Ok(())
}

/// What one page came to.
#[derive(Debug)]
pub enum Progress {
    /// There is more to read.
    More(Scan),
    /// Everything was seen.
    Complete(Seen),
}

/// Everything a complete scan saw.
#[derive(Debug)]
pub struct Seen {
    /// All users.
    pub users: Vec<SeenUser>,
    /// All groups.
    pub groups: Vec<InventoryEntry>,
    /// Active members of `admins`; at account level active users who are account admins.
    pub admins: HashSet<UpstreamId>,
    /// Groups of the account.
    pub of_account: HashSet<UpstreamId>,
    /// What was seen of the target's shape.
    pub evidence: Evidence,
}

impl Seen {
    /// Whether a group belongs to the account.
    pub fn is_of_account(&self, group: &UpstreamId) -> bool {
        self.of_account.contains(group)
    }
}

/// A user as a list showed it.
#[derive(Debug, Clone)]
pub struct SeenUser {
    /// Id, name, whether active.
    pub entry: InventoryEntry,
    /// `displayName`, if the list said it.
    pub display_name: Option<String>,
    /// `name.givenName`, if the list said it.
    pub given_name: Option<String>,
    /// `name.familyName`, if the list said it.
    pub family_name: Option<String>,
    /// `externalId`, if the list said it.
    pub external_id: Option<String>,
}

impl SeenUser {
    fn of(user: &WireUser) -> Option<Self> {
        Some(Self {
            entry: entry(Kind::User, &user.id, &user.user_name, user.is_active().unwrap_or(true))?,
            display_name: user.display_name.clone(),
            given_name: user.name.given_name.clone(),
            family_name: user.name.family_name.clone(),
            external_id: user.external_id.clone(),
        })
    }

    /// What the list said of a field; lists leave out what they like, so that says nothing.
    #[expect(
        clippy::option_option,
        reason = "as a field's value is kept: not said, said to be empty, and a value are three things"
    )]
    pub fn value(&self, field: Field) -> Option<Option<String>> {
        let said = match field {
            Field::DisplayName => self.display_name.clone(),
            Field::GivenName => self.given_name.clone(),
            Field::FamilyName => self.family_name.clone(),
            Field::ExternalId => self.external_id.clone(),
            Field::Active => Some(self.entry.active.to_string()),
            Field::Entitlements | Field::Roles | Field::Assignment => None,
        };
        said.map(Some)
    }
}

impl Default for Scan {
    fn default() -> Self {
        Self {
            kind: Kind::User,
            start: 1,
            known: HashSet::new(),
            users: Vec::new(),
            groups: Vec::new(),
            admins_group: None,
            admins: HashSet::new(),
            of_account: HashSet::new(),
            evidence: Evidence::default(),
            workspaces: Vec::new(),
            unasked: None,
        }
    }
}

impl Scan {
    /// A walk that also reads who is in the workspaces of these numbers.
    pub fn reading(workspaces: &[Workspace]) -> Self {
        Self {
            workspaces: workspaces.iter().copied().flatten().collect(),
            ..Self::default()
        }
    }

    fn questions(&self, level: Level) -> Vec<Question> {
        let assigned = self.workspaces.iter().copied().map(Question::Assigned);
        questions(level).iter().copied().chain(assigned).collect()
    }

    /// Reads the next page.
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`]; the scan can be continued from where it stood.
    pub async fn step(mut self, client: &Client) -> Result<Progress, DatabricksError> {
        if let Some(unasked) = &mut self.unasked {
            if let Some(question) = unasked.pop() {
                self.evidence.ask(question, client).await?;
            }
            return Ok(self.go_on());
        }
        if let Some(group) = self.admins_group.take() {
            let found = client.group(&group).await;
            self.admins = match found {
                Ok(found) => found.value.member_ids().collect(),
                Err(DatabricksError::NotFound { .. }) => HashSet::new(),
                Err(error) => return Err(error),
            };
            self.unasked = Some(self.questions(client.level()));
            return Ok(self.go_on());
        }
        let received = match self.kind {
            Kind::User => {
                let page = client.users(self.start).await?.value;
                if client.level().is_account() {
                    self.admins.extend(page.resources.iter().filter_map(account_admin));
                }
                for user in page.resources.iter().filter_map(SeenUser::of) {
                    // Pages shift while others edit: the same object may come twice.
                    if self.known.insert(user.entry.upstream_id.clone()) {
                        self.users.push(user);
                    }
                }
                page.resources.len()
            }
            Kind::Group => {
                let page = client.groups(self.start).await?.value;
                for group in &page.resources {
                    self.note_scope(group);
                }
                let seen = page
                    .resources
                    .iter()
                    .filter_map(|group| entry(Kind::Group, &group.id, &group.display_name, true));
                for group in seen {
                    if self.known.insert(group.upstream_id.clone()) {
                        self.groups.push(group);
                    }
                }
                page.resources.len()
            }
        };
        if received == 0 {
            return Ok(self.next_list(client.level()));
        }
        self.start += received;
        Ok(Progress::More(self))
    }

    fn note_scope(&mut self, group: &WireGroup) {
        let scope = WireScope {
            display_name: group.display_name.clone(),
            external_id: group.external_id.clone(),
            meta: group.meta.clone(),
        };
        let Some(id) = UpstreamId::parse(&group.id).filter(|id| !self.known.contains(id)) else {
            return;
        };
        if let Some(seen) = SeenGroup::of(&scope) {
            if seen.of_account == Some(true) {
                self.of_account.insert(id);
            }
            self.evidence.groups.push(seen);
        }
    }

    /// Everything is read, or there is more to ask.
    fn go_on(self) -> Progress {
        if self.unasked.as_ref().is_some_and(|unasked| !unasked.is_empty()) {
            Progress::More(self)
        } else {
            Progress::Complete(self.complete())
        }
    }

    fn next_list(mut self, level: Level) -> Progress {
        self.start = 1;
        self.known.clear();
        if self.kind == Kind::User {
            self.kind = Kind::Group;
            return Progress::More(self);
        }
        // The account has no such group; who is an admin there stands in the users' roles.
        if !level.is_account() {
            self.admins_group = self
                .groups
                .iter()
                .find(|group| group.name_key == "admins")
                .map(|group| group.upstream_id.clone());
        }
        if self.admins_group.is_some() {
            return Progress::More(self);
        }
        self.unasked = Some(self.questions(level));
        self.go_on()
    }

    fn complete(self) -> Seen {
        let active: HashSet<&UpstreamId> = self
            .users
            .iter()
            .filter(|user| user.entry.active)
            .map(|user| &user.entry.upstream_id)
            .collect();
        let admins = self.admins.iter().filter(|id| active.contains(id)).cloned().collect();
        Seen {
            admins,
            users: self.users,
            groups: self.groups,
            of_account: self.of_account,
            evidence: self.evidence,
        }
    }
}

/// The id of a user who is an admin of the account.
fn account_admin(user: &WireUser) -> Option<UpstreamId> {
    let is_admin = user.roles.iter().any(|role| role.value == "account_admin");
    is_admin.then(|| UpstreamId::parse(&user.id)).flatten()
}

fn entry(kind: Kind, id: &str, name: &str, active: bool) -> Option<InventoryEntry> {
    Some(InventoryEntry {
        kind,
        upstream_id: UpstreamId::parse(id)?,
        name: name.to_owned(),
        name_key: fold(name),
        active,
    })
}
