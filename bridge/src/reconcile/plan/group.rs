//! What to do next about a group and its memberships.

use super::super::policy::{OnGroupDelete, Policy};
use super::super::wanted::WantedGroup;
use super::create::{plan_creation, plan_held_name};
use super::rights;
use super::{Action, Call, Hold, Holder, Members, Named, Next, Note, Purpose, Rest, earliest};
use crate::clock::Timestamp;
use crate::databricks::pace::Verb;
use crate::id::UpstreamId;
use crate::store::{
    Binding, BindingId, Decision, EdgeRow, Edges, Existence, Field, Fields, GuardClass, Kind, MemberEdge, QueueClass,
    Role,
};

/// Everything that planning a group depends on.
#[derive(Debug, Clone)]
pub struct GroupView {
    /// What the client wants; `None` = deleted.
    pub wanted: Option<WantedGroup>,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
    /// Since when its changes wait.
    pub queued_at: Timestamp,
    /// How often in a row its own requests were refused.
    pub refusals: u32,
    /// Its upstream object.
    pub binding: Option<Binding>,
    /// The object's fields.
    pub fields: Fields,
    /// Wanted members that are not confirmed.
    pub adds: Edges,
    /// Members that are, or may be, there and are not wanted.
    pub removes: Edges,
    /// Some of them are held by the guard and left out (rule E6).
    pub removes_guarded: bool,
    /// Edges that a read has still to prove or verify.
    pub checks: Vec<EdgeRow>,
    /// It was imported, and the client has not written it yet: it is not changed (rule C4).
    pub unclaimed: bool,
    /// What is known upstream of the wanted name.
    pub named: Named,
    /// Other resources' groups of the wanted name.
    pub holders: Vec<Holder>,
    /// What gives is held for a person, on which binding and why; nothing was written since.
    pub held: Option<(BindingId, String)>,
    /// Why it must never be written, if so (rule C8).
    pub protected: Option<String>,
    /// What a person has decided for the wanted name.
    pub decided: Vec<Decision>,
    /// The store was restored and the client has not written the group since: nothing is given (rule D3).
    pub awaits_client: bool,
}

/// Plans the next step for a group.
pub fn plan_group(view: &GroupView, policy: &Policy, now: Timestamp) -> Next {
    if let Some(why) = &view.protected {
        return Next::protected(why);
    }
    let Some(binding) = &view.binding else {
        return match &view.wanted {
            Some(_) if view.awaits_client => Next::hold(None, Hold::Restored),
            Some(_) => {
                plan_held_name(&view.holders, Kind::Group, &view.decided, now, policy).unwrap_or(Next::Note(Note::Bind))
            }
            None => Next::Settled { check_at: None },
        };
    };
    let noted = view.held.as_ref();
    let noted = noted.map(|(binding, why)| Next::hold(Some(*binding), Hold::Noted(why.clone())));
    let restored = (view.awaits_client && view.wanted.is_some()).then(|| Next::hold(Some(binding.id), Hold::Restored));
    let held = noted.or(restored);
    let Some(upstream) = &binding.upstream_id else {
        return held.unwrap_or_else(|| without_object(view, binding, policy, now));
    };
    if binding.existence == Existence::Maybe {
        if let Some(held) = held {
            return held;
        }
        return call(
            binding,
            QueueClass::Revocation,
            Verb::Read,
            Action::Read {
                upstream: upstream.clone(),
                purpose: Purpose::Presence,
            },
        );
    }
    // One that is refused lets everything else go first.
    let unassign = rights::unassign(view, binding, upstream, policy);
    if let Some(next) = unassign.clone().filter(|_| view.refusals == 0) {
        return next;
    }
    let deleted = binding.role == Role::Tombstone && policy.on_group_delete == OnGroupDelete::Delete;
    if deleted && view.removes_guarded {
        return Next::Guarded {
            until: now.plus(policy.guard.alarm_after),
            class: GuardClass::Memberships,
        };
    }
    if deleted {
        let upstream = upstream.clone();
        return call(
            binding,
            QueueClass::Revocation,
            Verb::Write,
            Action::Delete { upstream },
        );
    }
    if let Some(members) = batch(&view.removes.ready, policy.batch) {
        let upstream = upstream.clone();
        let action = Action::RemoveMembers { upstream, members };
        return call(binding, QueueClass::Revocation, Verb::GroupPatch, action);
    }
    if let Some(next) = unassign {
        return next;
    }
    let mut rest = Rest::default();
    let refused = view.removes.parked_until.map(|until| Next::Failing {
        until,
        why: "a removal of members was refused",
    });
    let guarded = view.removes_guarded.then(|| Next::Guarded {
        until: now.plus(policy.guard.alarm_after),
        class: GuardClass::Memberships,
    });
    // A name that is not free yet keeps nobody from becoming a member.
    let steps = match &view.wanted {
        _ if held.is_some() => [held, None, None, None],
        Some(wanted) => [
            rename(view, wanted, binding, upstream, policy, now),
            add(view, binding, upstream, policy, now),
            rights::entitle(view, binding, upstream, policy),
            rights::assign(view, binding, upstream, policy),
        ],
        None => [delete_shell(view, binding, upstream, policy, now), None, None, None],
    };
    let [first, second, third, fourth] = steps;
    let steps = [
        refused,
        guarded,
        first,
        second,
        third,
        fourth,
        Some(check(view, binding, upstream, policy, now)),
    ];
    let first = steps.into_iter().flatten().find_map(|next| rest.take(next));
    first.unwrap_or_else(|| rest.end())
}

pub(super) fn call(binding: &Binding, class: QueueClass, verb: Verb, action: Action) -> Next {
    Next::Call(Call {
        class,
        verb,
        binding: binding.id,
        action,
    })
}

fn without_object(view: &GroupView, binding: &Binding, policy: &Policy, now: Timestamp) -> Next {
    let Some(wanted) = &view.wanted else {
        return match binding.existence {
            Existence::Unknown | Existence::Absent => Next::Note(Note::Gone(binding.id)),
            // A delete while a create is open waits for its outcome (rule B7).
            Existence::Maybe | Existence::Present => {
                plan_creation(binding, &view.named, &[], policy, now, || (Vec::new(), Vec::new()))
            }
        };
    };
    let untouched = matches!(binding.existence, Existence::Unknown | Existence::Absent) && binding.unknown_at.is_none();
    if untouched && binding.name != wanted.display_name {
        return Next::Note(Note::Rename(binding.id));
    }
    if let Some(next) = plan_held_name(&view.holders, Kind::Group, &view.decided, now, policy) {
        return next;
    }
    if untouched && let Some(until) = worth_waiting(view, policy, now) {
        return Next::Wait {
            until,
            why: "members of the group are still to be created",
        };
    }
    plan_creation(binding, &view.named, &view.decided, policy, now, || {
        let edges = &view.adds.ready;
        let fields = vec![(Field::DisplayName, Some(binding.name.clone()))];
        // A create that was refused with members is tried without any.
        let refused = edges
            .iter()
            .filter_map(|edge| edge.row.as_ref())
            .any(|row| row.batch_limit.is_some());
        let members = if refused { None } else { batch(edges, policy.batch) };
        (fields, members.unwrap_or_default())
    })
}

/// The wanted name, once it is free.
fn rename(
    view: &GroupView,
    wanted: &WantedGroup,
    binding: &Binding,
    upstream: &UpstreamId,
    policy: &Policy,
    now: Timestamp,
) -> Option<Next> {
    let name = Some(wanted.display_name.clone());
    let tracked = view.fields.get(&Field::DisplayName);
    if tracked.is_some_and(|tracked| !tracked.needs_sending(&name)) {
        return None;
    }
    if let Some(next) = plan_held_name(&view.holders, Kind::Group, &view.decided, now, policy) {
        return Some(next);
    }
    let action = Action::Patch {
        upstream: upstream.clone(),
        fields: vec![(Field::DisplayName, name)],
    };
    Some(call(binding, QueueClass::Grant, Verb::GroupPatch, action))
}

/// Members who are wanted and not confirmed.
fn add(view: &GroupView, binding: &Binding, upstream: &UpstreamId, policy: &Policy, now: Timestamp) -> Option<Next> {
    let members = batch(&view.adds.ready, policy.batch)?;
    if members.len() < policy.batch
        && let Some(until) = worth_waiting(view, policy, now)
    {
        return Some(Next::Wait {
            until,
            why: "members of the group are still to be created",
        });
    }
    let action = Action::AddMembers {
        upstream: upstream.clone(),
        members,
    };
    Some(call(binding, QueueClass::Grant, Verb::GroupPatch, action))
}

/// The shell of a deleted group goes after its grace (rule C7).
fn delete_shell(
    view: &GroupView,
    binding: &Binding,
    upstream: &UpstreamId,
    policy: &Policy,
    now: Timestamp,
) -> Option<Next> {
    if binding.role != Role::Tombstone || view.removes_guarded || view.removes != Edges::default() {
        return None;
    }
    let due = view.deleted_at?.plus(policy.group_grace);
    if due > now {
        return Some(Next::Settled { check_at: Some(due) });
    }
    let action = Action::Delete {
        upstream: upstream.clone(),
    };
    Some(call(binding, QueueClass::Grant, Verb::Write, action))
}

fn check(view: &GroupView, binding: &Binding, upstream: &UpstreamId, policy: &Policy, now: Timestamp) -> Next {
    let mut check_at = binding.look_at;
    for (field, tracked) in &view.fields {
        // The group itself does not show where it is assigned.
        if *field != Field::Assignment {
            check_at = earliest(check_at, tracked.check_at(policy.proof));
        }
    }
    let assignment = rights::prove_assignment(view, binding, upstream, policy);
    let assignment_at = match assignment {
        Some((at, next)) if at <= now => return next,
        assignment => assignment.map(|(at, _)| at),
    };
    for edge in &view.checks {
        check_at = earliest(check_at, edge.tracked.check_at(policy.proof));
    }
    match check_at {
        Some(at) if at <= now => call(
            binding,
            QueueClass::Verification,
            Verb::Read,
            Action::Read {
                upstream: upstream.clone(),
                purpose: Purpose::Check,
            },
        ),
        at => Next::Settled {
            check_at: earliest(earliest(at, view.adds.parked_until), assignment_at),
        },
    }
}

/// Additions wait a little for members that are about to be created: fewer requests for the
/// same end. Members that wait for a person are not waited for.
fn worth_waiting(view: &GroupView, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
    let until = view.queued_at.plus(policy.patience);
    (view.adds.coming && now < until).then_some(until)
}

/// One request's worth of edges. Edges of a refused batch go in ever smaller company (rule B8).
fn batch(edges: &[MemberEdge], largest: usize) -> Option<Members> {
    let limit_of = |edge: &MemberEdge| edge.row.as_ref().and_then(|row| row.batch_limit);
    // Those that were never refused first; then those of one limit.
    let limit = if edges.iter().any(|edge| limit_of(edge).is_none()) {
        None
    } else {
        Some(edges.iter().find_map(limit_of)?)
    };
    let most = limit.map_or(largest, |limit| (limit as usize).clamp(1, largest));
    let members: Members = edges
        .iter()
        .filter(|edge| limit_of(edge) == limit)
        .take(most)
        .map(|edge| (edge.member, edge.upstream_id.clone()))
        .collect();
    (!members.is_empty()).then_some(members)
}
