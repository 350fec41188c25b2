//! What a cycle has learned so far, and what becomes of each object.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    failure::{ErrorCode, Failure, Fault, ObjectKind},
    report::{Cycle, CycleReport, Quarantine},
    rounds::Settled,
    state::State,
};
use crate::{
    directory::{Directory, ObjectId},
    scope::Scope,
};

/// What a cycle has learned so far.
pub(super) struct Course<'a> {
    pub(super) directory: &'a Directory,
    pub(super) scope: Scope,
    pub(super) cycle: Cycle,
    pub(super) report: CycleReport,
    /// Objects worked on and what failed of them.
    pub(super) outcome: BTreeMap<ObjectId, Option<ErrorCode>>,
    /// The manager that the target showed for each user worked on.
    pub(super) shown_managers: HashMap<ObjectId, Option<String>>,
    /// Groups made in this cycle.
    pub(super) fresh: BTreeSet<ObjectId>,
    /// Objects that refer to one whose link broke.
    pub(super) look_again: BTreeSet<ObjectId>,
}

impl<'a> Course<'a> {
    pub(super) fn new(directory: &'a Directory, cycle: Cycle) -> Self {
        Self {
            directory,
            scope: Scope::of(directory),
            cycle,
            report: CycleReport::new(cycle),
            outcome: BTreeMap::new(),
            shown_managers: HashMap::new(),
            fresh: BTreeSet::new(),
            look_again: BTreeSet::new(),
        }
    }

    /// A reference that cannot be sent: silent if its object is not meant to exist, otherwise the
    /// referring object is tried again.
    pub(super) fn unresolved(&mut self, kind: ObjectKind, id: &ObjectId, expected: bool, detail: &str) {
        if !expected {
            self.report.references_skipped += 1;
            return;
        }
        let code = ErrorCode::UnableToResolveReferenceAttributeValue;
        // Memberships that can be sent still are, so the outcome is noted for the escrow only.
        self.look_again.insert(id.clone());
        let failure = self.failure(kind, id, "EntryExportUpdate", code, None, detail.to_owned());
        if !self.report.failures.contains(&failure) {
            self.report.failures.push(failure);
        }
    }

    /// Notes what became of one object and says what follows.
    pub(super) fn settle(
        &mut self,
        kind: ObjectKind,
        id: &ObjectId,
        step: &str,
        fault: Option<Fault>,
        last: bool,
    ) -> Settled<()> {
        let (code, status, detail) = match fault {
            None => {
                self.outcome.entry(id.clone()).or_insert(None);
                return Settled::Done(());
            }
            Some(Fault::Again { after, .. }) if !last => return Settled::Again((), after),
            Some(Fault::Quarantine { code, status, detail }) => {
                self.report.quarantine = Some(Quarantine { code, status, detail });
                return Settled::Stop;
            }
            Some(
                Fault::Again {
                    code, status, detail, ..
                }
                | Fault::Object { code, status, detail },
            ) => (code, status, detail),
        };
        self.outcome.insert(id.clone(), Some(code));
        let failure = self.failure(kind, id, step, code, status, detail);
        self.report.failures.push(failure);
        Settled::Done(())
    }

    fn failure(
        &self,
        kind: ObjectKind,
        id: &ObjectId,
        step: &str,
        code: ErrorCode,
        status: Option<u16>,
        detail: String,
    ) -> Failure {
        let user = self.directory.user(id).map(|user| user.user_principal_name.clone());
        let group = self.directory.group(id).map(|group| group.display_name.clone());
        let name = user.or(group).unwrap_or_default();
        Failure {
            kind,
            id: id.clone(),
            name,
            step: step.to_owned(),
            code,
            status,
            detail,
        }
    }

    /// A user's link is gone: whoever refers to the old target object is looked at again.
    pub(super) fn forget_user(&mut self, state: &mut State, id: &ObjectId) {
        let Some(link) = state.users.get(id) else { return };
        let in_groups = state.groups.iter().filter(|(_, group)| group.members.contains_key(id));
        let reports = state
            .users
            .iter()
            .filter(|(_, user)| user.manager.as_deref() == Some(&link.target))
            .map(|(id, _)| id);
        let referring: Vec<_> = in_groups.map(|(id, _)| id).chain(reports).cloned().collect();
        if !self.directory.is_purged(id) {
            self.look_again.extend(referring);
        }
        state.forget_user(id);
    }

    /// A reference was sent to a target id that answered 404: the link is as stale as in any
    /// other phase.
    pub(super) fn forget_stale(&mut self, state: &mut State, id: &ObjectId) {
        if self.outcome.get(id) != Some(&Some(ErrorCode::InvalidAnchor)) {
            return;
        }
        if state.groups.remove(id).is_none() {
            self.forget_user(state, id);
        }
    }
}
