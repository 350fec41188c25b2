//! The scan at start: who is there, by name (rules C2, C3, C8). Two list walks, so that
//! a create needs no look-up of its own.
//!
//! A walk goes on until a page without resources: page sizes and totals are not believed.

use std::collections::HashSet;

use crate::clock::Timestamp;
use crate::databricks::wire::WireUser;
use crate::databricks::{Client, DatabricksError};
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
    /// Active members of `admins`.
    pub admins: HashSet<UpstreamId>,
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
            Field::Entitlements | Field::Roles => None,
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
        }
    }
}

impl Scan {
    /// Reads the next page.
    ///
    /// # Errors
    ///
    /// See [`DatabricksError`]; the scan can be continued from where it stood.
    pub async fn step(mut self, client: &Client) -> Result<Progress, DatabricksError> {
        if let Some(group) = self.admins_group.take() {
            let found = client.group(&group).await;
            self.admins = match found {
                Ok(found) => found
                    .value
                    .members
                    .iter()
                    .filter_map(|member| UpstreamId::parse(&member.value))
                    .collect(),
                Err(DatabricksError::NotFound { .. }) => HashSet::new(),
                Err(error) => return Err(error),
            };
            return Ok(Progress::Complete(self.complete()));
        }
        let received = match self.kind {
            Kind::User => {
                let page = client.users(self.start).await?.value;
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
            return Ok(self.next_list());
        }
        self.start += received;
        Ok(Progress::More(self))
    }

    fn next_list(mut self) -> Progress {
        self.start = 1;
        self.known.clear();
        if self.kind == Kind::User {
            self.kind = Kind::Group;
            return Progress::More(self);
        }
        self.admins_group = self
            .groups
            .iter()
            .find(|group| group.name_key == "admins")
            .map(|group| group.upstream_id.clone());
        if self.admins_group.is_some() {
            Progress::More(self)
        } else {
            Progress::Complete(self.complete())
        }
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
        }
    }
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
