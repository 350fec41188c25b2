//! What to do next about a user.

use super::super::guard::Closed;
use super::super::policy::{OnRename, OnUserDelete, Policy};
use super::super::wanted::WantedUser;
use super::create::{plan_creation, plan_held_name};
use super::{Action, Call, Hold, Holder, Named, Next, Note, Purpose, Rest, earliest};
use crate::clock::Timestamp;
use crate::databricks::pace::Verb;
use crate::id::UpstreamId;
use crate::store::{
    Binding, BindingId, Decision, Existence, Field, Fields, GuardClass, Kind, QueueClass, Role, Tracked,
};

/// One account of the user and what planning must know of it.
#[derive(Debug, Clone)]
pub struct UserBinding {
    /// The account.
    pub binding: Binding,
    /// Its fields.
    pub fields: Fields,
    /// A removal from some group is not yet applied or proven (rule B9).
    pub removals_pending: bool,
    /// The groups it is wanted in: upstream id, and whether the membership is confirmed.
    pub wanted_groups: Vec<(Option<UpstreamId>, bool)>,
    /// Why it must never be written, if so (rule C8).
    pub protected: Option<String>,
    /// It may be the last active member of `admins`, as only the scan will tell (rule C8).
    pub may_be_last_admin: bool,
}

/// Everything that planning a user depends on.
#[derive(Debug, Clone)]
pub struct UserView {
    /// What the client wants; `None` = deleted.
    pub wanted: Option<WantedUser>,
    /// Its accounts, oldest generation first.
    pub bindings: Vec<UserBinding>,
    /// What is known upstream of the wanted name.
    pub named: Named,
    /// Other resources' accounts of the wanted name.
    pub holders: Vec<Holder>,
    /// What gives is held for a person, on which account and why; nothing was written since.
    pub held: Option<(BindingId, String)>,
    /// The wanted name once belonged to another resource (rule C5).
    pub name_was_anothers: bool,
    /// Why the wanted name must never be written, if so (rule C8).
    pub name_protected: Option<String>,
    /// What the guard holds (rule E6).
    pub guard: Closed,
    /// What a person has decided for the wanted name.
    pub decided: Vec<Decision>,
    /// The store was restored and the client has not written the user since: nothing is given (rule D3).
    pub awaits_client: bool,
}

/// Plans the next step for a user.
pub fn plan_user(view: &UserView, policy: &Policy, now: Timestamp) -> Next {
    match steps(view, policy, now) {
        Ok(rest) => rest.end(),
        Err(next) => next,
    }
}

/// The first thing that can be done now, or else all that waits.
fn steps(view: &UserView, policy: &Policy, now: Timestamp) -> Result<Rest, Next> {
    let mut rest = Rest::default();
    let mut try_all = |steps: Vec<Next>| match steps.into_iter().find_map(|next| rest.take(next)) {
        Some(next) => Err(next),
        None => Ok(()),
    };
    let of_each = |step: &dyn Fn(&UserBinding) -> Option<Next>| view.bindings.iter().filter_map(step).collect();
    try_all(of_each(&|held| delete(view, held, policy, now)))?;
    try_all(of_each(&|held| deactivate(view, held, policy, now)))?;
    try_all(of_each(&|held| strip(view, held, policy, now)))?;
    let grant = match (&view.held, &view.wanted) {
        (Some((binding, why)), _) => Some(Next::hold(Some(*binding), Hold::Noted(why.clone()))),
        (None, Some(_)) if view.awaits_client => Some(Next::hold(None, Hold::Restored)),
        (None, Some(wanted)) => grant(view, wanted, policy, now),
        (None, None) => None,
    };
    let complete = grant.is_none();
    try_all(grant.into_iter().collect())?;
    try_all(of_each(&|held| Some(undo(view, held, complete, policy, now))))?;
    Ok(rest)
}

/// What `active` is wanted to be on this account; `None` = left as it is.
fn wants_active(view: &UserView, held: &UserBinding) -> Option<bool> {
    match held.binding.role {
        Role::Current => view.wanted.as_ref().map(|wanted| wanted.active),
        Role::Tombstone => Some(false),
        // Until the new account is complete the old one serves (rule C5) – unless the person is out altogether.
        Role::Retiring => view.wanted.as_ref().filter(|wanted| !wanted.active).map(|_| false),
        Role::Gone => None,
    }
}

fn active(fields: &Fields) -> Tracked<Option<String>> {
    // Nothing is known of an account that was just bound: it may be active.
    fields
        .get(&Field::Active)
        .cloned()
        .unwrap_or_else(|| Tracked::known(Some("true".to_owned())))
}

/// A deleted user's account is deleted where that is the policy (rule C6). The old account of a renamed user is not: what
/// it owns is still the user's (rule C5).
fn delete(view: &UserView, held: &UserBinding, policy: &Policy, now: Timestamp) -> Option<Next> {
    let upstream = held.binding.upstream_id.clone()?;
    let deleted = held.binding.role == Role::Tombstone && view.wanted.is_none();
    if !deleted || policy.on_user_delete == OnUserDelete::Deactivate {
        return None;
    }
    if let Some(next) = hindered(view, held, GuardClass::Deletes, &upstream, policy, now) {
        return Some(next);
    }
    Some(Next::Call(Call {
        class: QueueClass::Revocation,
        verb: Verb::Write,
        binding: held.binding.id,
        action: Action::Delete { upstream },
    }))
}

/// The guard holds what this would take from the account (rule E6).
fn guarded(view: &UserView, class: GuardClass, upstream: &UpstreamId, policy: &Policy, now: Timestamp) -> Option<Next> {
    view.guard.holds(class, upstream.as_str()).then(|| Next::Guarded {
        until: now.plus(policy.guard.alarm_after),
        class,
    })
}

/// What keeps an account from being taken away now, if anything does: protection, not knowing, the guard.
fn hindered(
    view: &UserView,
    held: &UserBinding,
    class: GuardClass,
    upstream: &UpstreamId,
    policy: &Policy,
    now: Timestamp,
) -> Option<Next> {
    if let Some(why) = &held.protected {
        return Some(Next::protected(why));
    }
    if held.may_be_last_admin {
        return Some(Next::Wait {
            until: now.plus(policy.verify_after),
            why: "whether this is the last active member of admins is not known before the scan",
        });
    }
    if held.binding.existence == Existence::Maybe {
        return Some(read(held, upstream.clone(), QueueClass::Revocation, Purpose::Presence));
    }
    guarded(view, class, upstream, policy, now)
}

/// A deactivation comes first and alone: nothing else in the request can make it fail.
fn deactivate(view: &UserView, held: &UserBinding, policy: &Policy, now: Timestamp) -> Option<Next> {
    let upstream = held.binding.upstream_id.clone()?;
    let unwanted = wants_active(view, held) == Some(false);
    if !unwanted || !active(&held.fields).needs_sending(&Some("false".to_owned())) {
        return None;
    }
    if let Some(next) = hindered(view, held, GuardClass::Deactivations, &upstream, policy, now) {
        return Some(next);
    }
    Some(Next::Call(Call {
        class: QueueClass::Revocation,
        verb: Verb::of_user_patch(policy.level),
        binding: held.binding.id,
        action: Action::Patch {
            upstream,
            fields: vec![(Field::Active, Some("false".to_owned()))],
        },
    }))
}

/// Direct entitlements and roles of a deleted or renamed user are read and taken away (rule C6), also
/// when the same person has come back: re-activation is the last call of all (rule B9).
fn strip(view: &UserView, held: &UserBinding, policy: &Policy, now: Timestamp) -> Option<Next> {
    let upstream = held.binding.upstream_id.clone()?;
    if !held.binding.strip || held.protected.is_some() {
        return None;
    }
    if held.binding.existence == Existence::Maybe {
        return Some(read(held, upstream, QueueClass::Revocation, Purpose::Presence));
    }
    let left = |field: Field| -> Option<String> {
        let tracked = held.fields.get(&field)?;
        let shown = tracked.observed.clone().flatten().or_else(|| tracked.applied.clone());
        tracked.needs_sending(&None).then_some(shown).flatten()
    };
    let (entitlements, roles) = (left(Field::Entitlements), left(Field::Roles));
    // Taking away what is gone is refused: after a lost answer reads prove what it came to.
    let to_prove = [Field::Entitlements, Field::Roles].iter().any(|field| {
        let tracked = held.fields.get(field);
        let check_at = tracked.and_then(|tracked| tracked.check_at(policy.proof));
        check_at.is_some_and(|at| at <= now)
    });
    if to_prove || (entitlements.is_none() && roles.is_none()) {
        return Some(read(held, upstream, QueueClass::Revocation, Purpose::Check));
    }
    if roles.is_some()
        && let Some(next) = guarded(view, GuardClass::Roles, &upstream, policy, now)
    {
        return Some(next);
    }
    Some(Next::Call(Call {
        class: QueueClass::Revocation,
        verb: Verb::of_user_patch(policy.level),
        binding: held.binding.id,
        action: Action::Strip {
            upstream,
            entitlements: entitlements.is_some(),
            roles: roles
                .map(|roles| roles.split(',').map(str::to_owned).collect())
                .unwrap_or_default(),
        },
    }))
}

fn read(held: &UserBinding, upstream: UpstreamId, class: QueueClass, purpose: Purpose) -> Next {
    Next::Call(Call {
        class,
        verb: Verb::Read,
        binding: held.binding.id,
        action: Action::Read { upstream, purpose },
    })
}

/// Everything that gives: the account, its fields, re-activation last. `None` = nothing to give.
fn grant(view: &UserView, wanted: &WantedUser, policy: &Policy, now: Timestamp) -> Option<Next> {
    let Some(current) = view.bindings.iter().find(|held| held.binding.role == Role::Current) else {
        if let Some(why) = &view.name_protected {
            return Some(Next::protected(why));
        }
        return Some(
            plan_held_name(&view.holders, Kind::User, &view.decided, now, policy).unwrap_or(Next::Note(Note::Bind)),
        );
    };
    if current.binding.name_key != wanted.name_key
        && let Some(next) = rename(view, wanted, current, policy, now)
    {
        return Some(next);
    }
    if let Some(why) = &current.protected {
        return Some(Next::protected(why));
    }
    let Some(upstream) = current.binding.upstream_id.clone() else {
        let old = view.bindings.iter().find(|held| held.binding.role == Role::Retiring);
        if let Some(old) = old.filter(|_| is_refused(view, policy)) {
            // The rename has begun and is refused since: the old account stays after all.
            return Some(Next::Note(Note::Reinstate {
                back: old.binding.id,
                away: current.binding.id,
            }));
        }
        if let Some(next) = plan_held_name(&view.holders, Kind::User, &view.decided, now, policy) {
            return Some(next);
        }
        return Some(plan_creation(
            &current.binding,
            &view.named,
            &view.decided,
            policy,
            now,
            || {
                let mut fields: Vec<_> = wanted
                    .fields
                    .iter()
                    .map(|(field, value)| (*field, Some(value.clone())))
                    .collect();
                fields.push((Field::Active, Some(wanted.active.to_string())));
                (fields, Vec::new())
            },
        ));
    };
    if current.binding.existence == Existence::Maybe {
        return Some(read(current, upstream, QueueClass::Grant, Purpose::Presence));
    }
    change_fields(wanted, current, upstream, policy, now).or_else(|| keeps_old_name(view, wanted, current, policy))
}

/// A rename that is not carried out counts as done, and is called what it is.
fn keeps_old_name(view: &UserView, wanted: &WantedUser, current: &UserBinding, policy: &Policy) -> Option<Next> {
    let differs = wanted.active && current.binding.name_key != wanted.name_key;
    (differs && is_refused(view, policy))
        .then(|| Next::protected("rename: not carried out, the account keeps its old userName"))
}

fn is_refused(view: &UserView, policy: &Policy) -> bool {
    view.decided.contains(&Decision::KeepOldName)
        || (policy.on_rename == OnRename::Refuse && !view.decided.contains(&Decision::Rename))
}

fn change_fields(
    wanted: &WantedUser,
    current: &UserBinding,
    upstream: UpstreamId,
    policy: &Policy,
    now: Timestamp,
) -> Option<Next> {
    let mut fields: Vec<_> = wanted
        .fields
        .iter()
        .filter(|(field, _)| !wanted.unowned.contains(field))
        .map(|(field, value)| (*field, Some(value.clone())))
        .filter(|(field, value)| {
            current
                .fields
                .get(field)
                .is_none_or(|tracked| tracked.needs_sending(value))
        })
        .collect();
    if wanted.active && active(&current.fields).needs_sending(&Some("true".to_owned())) {
        // Re-activation is the last call of all (rule B9).
        if current.removals_pending {
            return Some(Next::Wait {
                until: now.plus(policy.proof),
                why: "re-activation waits for removals that are not yet applied",
            });
        }
        fields.push((Field::Active, Some("true".to_owned())));
    }
    if fields.is_empty() {
        return None;
    }
    Some(Next::Call(Call {
        class: QueueClass::Grant,
        verb: Verb::of_user_patch(policy.level),
        binding: current.binding.id,
        action: Action::Patch { upstream, fields },
    }))
}

/// Databricks cannot change a `userName` (rule C5). `None` = only recorded.
fn rename(
    view: &UserView,
    wanted: &WantedUser,
    current: &UserBinding,
    policy: &Policy,
    now: Timestamp,
) -> Option<Next> {
    // The account that has the wanted name serves again, whatever has become of the one that was to take its place:
    // a create of that name could only meet our own account.
    let earlier = view
        .bindings
        .iter()
        .find(|held| held.binding.name_key == wanted.name_key && held.binding.role != Role::Current);
    if let Some(earlier) = earlier.filter(|_| !is_refused(view, policy)) {
        return Some(Next::Note(Note::Reinstate {
            back: earlier.binding.id,
            away: current.binding.id,
        }));
    }
    let untouched = current.binding.upstream_id.is_none()
        && matches!(current.binding.existence, Existence::Unknown | Existence::Absent)
        && current.binding.unknown_at.is_none();
    if untouched {
        return Some(Next::Note(Note::Rename(current.binding.id)));
    }
    if current.binding.upstream_id.is_none() {
        // Whether there is an account under the old name has to be known first.
        return Some(plan_creation(
            &current.binding,
            &view.named,
            &view.decided,
            policy,
            now,
            || (Vec::new(), Vec::new()),
        ));
    }
    if !wanted.active {
        return None;
    }
    let hold = |why: Hold| Some(Next::hold(Some(current.binding.id), why));
    if let Some(why) = &view.name_protected {
        return hold(Hold::RenameProtected(why.clone()));
    }
    let approved = view.decided.contains(&Decision::Rename);
    if is_refused(view, policy) {
        // The account keeps its old name; everything else about it goes on.
        return None;
    }
    if view.holders.iter().any(|holder| !holder.deleted) {
        return hold(Hold::NameHeld);
    }
    if !approved {
        if policy.on_rename == OnRename::Hold {
            return hold(Hold::Rename("on_rename is \"hold\""));
        }
        if view.name_was_anothers || !view.holders.is_empty() {
            return hold(Hold::Rename("the new userName belonged to another user"));
        }
    }
    if current.protected.is_some() {
        return None;
    }
    if let Some(upstream) = &current.binding.upstream_id
        && let Some(next) = guarded(view, GuardClass::Renames, upstream, policy, now)
    {
        return Some(next);
    }
    match view.named {
        Named::NotScanned => Some(Next::Wait {
            until: now.plus(policy.verify_after),
            why: "the target has not been scanned yet",
        }),
        Named::Found { .. } if !approved => hold(Hold::Rename("an account of the new userName exists at the target")),
        Named::Found { .. } | Named::Absent(_) => Some(Next::Note(Note::Retire(current.binding.id))),
    }
}

/// What is left once nothing can be given: retiring, proving, forgetting. `complete` = everything is given.
fn undo(view: &UserView, held: &UserBinding, complete: bool, policy: &Policy, now: Timestamp) -> Next {
    let unclear = held.binding.existence == Existence::Maybe;
    if unclear
        && view
            .held
            .as_ref()
            .is_some_and(|(binding, _)| *binding == held.binding.id)
    {
        // Whether it is there is just what a person has to decide.
        return Next::Settled { check_at: None };
    }
    let Some(upstream) = held.binding.upstream_id.clone() else {
        return undo_unbound(view, held, policy, now);
    };
    if held.protected.is_some() {
        return Next::Settled { check_at: None };
    }
    if held.binding.role == Role::Retiring
        && let Some(next) = retire(view, held, complete, now, policy)
    {
        return next;
    }
    let mut check_at = held.binding.look_at;
    for tracked in held.fields.values() {
        check_at = earliest(check_at, tracked.check_at(policy.proof));
    }
    if check_at.is_some_and(|at| at <= now) {
        return read(held, upstream, QueueClass::Verification, Purpose::Check);
    }
    if view.wanted.is_none() && held.removals_pending {
        // A deletion is done when every membership is gone too (rule C6); the last removal wakes it.
        return Next::Wait {
            until: check_at.map_or(now.plus(policy.proof), |at| at.min(now.plus(policy.proof))),
            why: "memberships of the deleted user are still to be removed",
        };
    }
    Next::Settled { check_at }
}

/// An account that a deleted user may or may not have got: its create's outcome is waited for (rule B7).
fn undo_unbound(view: &UserView, held: &UserBinding, policy: &Policy, now: Timestamp) -> Next {
    if held.binding.role != Role::Tombstone {
        return Next::Settled { check_at: None };
    }
    match held.binding.existence {
        Existence::Unknown | Existence::Absent => Next::Note(Note::Gone(held.binding.id)),
        Existence::Maybe | Existence::Present => plan_creation(&held.binding, &view.named, &[], policy, now, || {
            (Vec::new(), Vec::new())
        }),
    }
}

/// The old account of a renamed user goes once the new one is complete and was seen to be (rule C5).
fn retire(view: &UserView, held: &UserBinding, complete: bool, now: Timestamp, policy: &Policy) -> Option<Next> {
    if view.wanted.as_ref().is_some_and(|wanted| !wanted.active) {
        // Whoever is out altogether needs neither account.
        return Some(Next::Note(Note::StepDown(held.binding.id)));
    }
    if !complete {
        return None;
    }
    let current = view.bindings.iter().find(|other| other.binding.role == Role::Current)?;
    let upstream = current.binding.upstream_id.clone()?;
    if current.binding.name_key != view.wanted.as_ref()?.name_key {
        return None;
    }
    if current.wanted_groups.iter().any(|(_, confirmed)| !confirmed) {
        return Some(Next::Wait {
            until: now.plus(policy.verify_after),
            why: "the old account stays until the new one has all memberships",
        });
    }
    Some(read(current, upstream, QueueClass::Grant, Purpose::Complete))
}
