//! What to do next about what a group stands for besides its members.

use super::super::entitle;
use super::super::policy::Policy;
use super::group::{GroupView, call};
use super::{Action, Next};
use crate::databricks::pace::Verb;
use crate::id::UpstreamId;
use crate::store::{Binding, Field, QueueClass, Role};

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
