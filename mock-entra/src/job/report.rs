//! What a cycle did.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::failure::{ErrorCode, Failure};

/// Which cycle to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cycle {
    /// Everything is read and compared: the watermark is cleared, links are kept.
    Initial,
    /// What changed since the watermark, and what failed before. Without a watermark it is initial.
    Incremental,
}

/// Where a cycle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The connection test at its start.
    Probe,
    /// Users are matched, created, updated, disabled, deleted.
    Users,
    /// The same for groups.
    Groups,
    /// Manager references.
    Managers,
    /// Memberships.
    Members,
}

/// How far a phase is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Which phase.
    pub phase: Phase,
    /// Objects done.
    pub done: usize,
    /// Objects to do.
    pub total: usize,
}

/// Why the job went to quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// The code of the provisioning log.
    pub code: ErrorCode,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// What the server or this client says about it.
    pub detail: String,
}

/// What was done to the objects of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Looked at and found right.
    pub unchanged: u64,
    /// Made with POST.
    pub created: u64,
    /// Changed with PATCH.
    pub updated: u64,
    /// Set to `active` false.
    pub disabled: u64,
    /// Set to `active` true again.
    pub restored: u64,
    /// Deleted, or found gone at DELETE.
    pub deleted: u64,
    /// Not in scope and not linked, so nothing to do.
    pub skipped: u64,
}

/// What a cycle did. The plain counts are those of users and groups together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CycleReport {
    /// The cycle that ran; an incremental one without watermark ran as initial.
    pub cycle: Cycle,
    /// Requests for each method.
    pub requests: BTreeMap<String, u64>,
    /// Objects created.
    pub created: u64,
    /// Objects whose attributes were changed.
    pub updated: u64,
    /// Users set to `active` false.
    pub disabled: u64,
    /// Users set to `active` true again.
    pub restored: u64,
    /// Objects deleted.
    pub deleted: u64,
    /// Memberships added.
    pub members_added: u64,
    /// Memberships removed.
    pub members_removed: u64,
    /// Managers set or changed.
    pub managers_set: u64,
    /// Managers taken away.
    pub managers_cleared: u64,
    /// Users alone.
    pub users: Tally,
    /// Groups alone.
    pub groups: Tally,
    /// Objects that failed and stay in escrow.
    pub failures: Vec<Failure>,
    /// References left out silently: the object is not in scope or was never provisioned.
    pub references_skipped: u64,
    /// Set if the cycle stopped; the watermark then stays where it was.
    pub quarantine: Option<Quarantine>,
    /// From start to end.
    pub milliseconds: u64,
}

impl CycleReport {
    pub(crate) fn new(cycle: Cycle) -> Self {
        Self {
            cycle,
            requests: BTreeMap::new(),
            created: 0,
            updated: 0,
            disabled: 0,
            restored: 0,
            deleted: 0,
            members_added: 0,
            members_removed: 0,
            managers_set: 0,
            managers_cleared: 0,
            users: Tally::default(),
            groups: Tally::default(),
            failures: Vec::new(),
            references_skipped: 0,
            quarantine: None,
            milliseconds: 0,
        }
    }

    /// Requests that can change something: POST, PUT, PATCH, DELETE.
    pub fn writes(&self) -> u64 {
        let writes = self.requests.iter().filter(|(method, _)| method.as_str() != "GET");
        writes.map(|(_, count)| count).sum()
    }

    /// Whether nothing failed and the job is not in quarantine.
    pub fn is_clean(&self) -> bool {
        self.failures.is_empty() && self.quarantine.is_none()
    }

    /// How often each code stands among the failures.
    pub fn failure_counts(&self) -> BTreeMap<ErrorCode, u64> {
        let mut counts = BTreeMap::new();
        for failure in &self.failures {
            *counts.entry(failure.code).or_default() += 1;
        }
        counts
    }

    pub(crate) fn total_up(&mut self) {
        let (users, groups) = (self.users, self.groups);
        self.created = users.created + groups.created;
        self.updated = users.updated + groups.updated;
        self.disabled = users.disabled + groups.disabled;
        self.restored = users.restored + groups.restored;
        self.deleted = users.deleted + groups.deleted;
    }
}

/// What a step did to one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Nothing,
    Unchanged,
    Created,
    Updated,
    Disabled,
    Restored,
    Deleted,
    Skipped,
}

impl Tally {
    pub(crate) fn count(&mut self, action: Action) {
        let slot = match action {
            Action::Nothing => return,
            Action::Unchanged => &mut self.unchanged,
            Action::Created => &mut self.created,
            Action::Updated => &mut self.updated,
            Action::Disabled => &mut self.disabled,
            Action::Restored => &mut self.restored,
            Action::Deleted => &mut self.deleted,
            Action::Skipped => &mut self.skipped,
        };
        *slot += 1;
    }
}
