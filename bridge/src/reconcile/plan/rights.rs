//! What to do next about what a group stands for besides its members.

use super::super::assign;
use super::super::entitle;
use super::super::policy::Policy;
use super::group::{GroupView, call};
use super::{Action, Next};
use crate::clock::Timestamp;
use crate::databricks::pace::Verb;
use crate::id::UpstreamId;
use crate::store::{Binding, Field, Ownership, QueueClass, Role};

/// Entitlements that the group is to be given and lacks.
pub(super) fn entitle(view: &GroupView, binding: &Binding, upstream: &UpstreamId, policy: &Policy) -> Option<Next> {
    if view.unclaimed || binding.role != Role::Current {
        return None;
    }
    let tracked = view.fields.get(&Field::Entitlements)?;
    let all = policy.entitlements_of(&binding.name)?;
    let action = Action::Entitle {
        upstream: upstream.clone(),
        missing: entitle::missing(tracked, &all)?,
        all,
    };
    Some(call(binding, QueueClass::Grant, Verb::GroupPatch, action))
}

/// The workspaces that the group is to be assigned to. One that was there before the bridge is looked at first: it may be
/// in them already, and as more than a user.
pub(super) fn assign(view: &GroupView, binding: &Binding, upstream: &UpstreamId, policy: &Policy) -> Option<Next> {
    if view.unclaimed || binding.role != Role::Current || !policy.level.is_account() {
        return None;
    }
    let wanted = policy.workspaces_of(&binding.name);
    let tracked = view.fields.get(&Field::Assignment);
    if tracked.is_none() && binding.ownership == Some(Ownership::Adopted) && !wanted.is_empty() {
        let action = Action::LookAtAssignment {
            upstream: upstream.clone(),
            workspaces: wanted.to_vec(),
        };
        return Some(call(binding, QueueClass::Grant, Verb::Read, action));
    }
    let (workspace, all) = assign::to_assign(tracked, wanted)?;
    let action = Action::Assign {
        upstream: upstream.clone(),
        workspace,
        permission: policy.assign.as_ref()?.permission,
        all,
    };
    Some(call(binding, QueueClass::Grant, Verb::Write, action))
}

/// A deleted group leaves the workspaces before it is emptied: whoever is in it loses all of it at once.
pub(super) fn unassign(view: &GroupView, binding: &Binding, upstream: &UpstreamId, policy: &Policy) -> Option<Next> {
    // What its members lose is held for a person.
    if view.wanted.is_some() || binding.role != Role::Tombstone || view.removes_guarded {
        return None;
    }
    let tracked = view.fields.get(&Field::Assignment)?;
    let (workspace, left) = assign::to_remove(tracked, policy.workspaces())?;
    let action = Action::Unassign {
        upstream: upstream.clone(),
        workspace,
        left,
    };
    Some(call(binding, QueueClass::Revocation, Verb::Write, action))
}

/// When an assignment whose answer was lost is to be read, and the read.
pub(super) fn prove_assignment(
    view: &GroupView,
    binding: &Binding,
    upstream: &UpstreamId,
    policy: &Policy,
) -> Option<(Timestamp, Next)> {
    let tracked = view.fields.get(&Field::Assignment)?;
    let at = tracked.check_at(policy.proof)?;
    let workspaces = assign::candidates(tracked, policy.workspaces());
    let upstream = upstream.clone();
    let action = Action::LookAtAssignment { upstream, workspaces };
    Some((at, call(binding, QueueClass::Verification, Verb::Read, action)))
}
