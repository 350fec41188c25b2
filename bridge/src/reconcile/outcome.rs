//! After a request: what its answer, or the lack of one, says about desired, applied
//! and observed (rules B2, B3, B8, B10). Everything is recorded in one transaction.

use std::time::Duration;

use super::attempt::Attempt;
use super::backoff::{After, wait};
use super::call::Reply;
use super::circuit::Sign;
use super::entitle;
use super::plan::{Action, Hold, Refusal};
use super::policy::Policy;
use super::seen;
use super::vanish;
use super::view::Knowledge;
use crate::clock::Timestamp;
use crate::databricks::{Answered, DatabricksError, Unknown};
use crate::id::UpstreamId;
use crate::store::{
    Binding, BindingId, EdgeRow, Enqueue, Existence, Field, Ownership, QueueClass, Role, StoreError, Tracked,
    Transaction,
};

/// How often in a row the requests of a queued row failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Failed {
    /// In any way.
    pub attempts: u32,
    /// By a definite refusal of the object's own request (rule B10).
    pub refusals: u32,
}

/// Definite refusals of the same request, after which it counts as poison (rule B10).
const POISON: u32 = 3;

/// Whether an answer is a refusal of this object's own request. Throttling, unavailability, web pages, Private Link
/// and a refused credential are none (rule B10).
pub const fn is_refusal(result: &Result<Answered<Reply>, DatabricksError>) -> bool {
    match result {
        Ok(_) => false,
        Err(error) => match error {
            DatabricksError::AlreadyExists { .. }
            | DatabricksError::NotFound { .. }
            | DatabricksError::Refused { .. }
            | DatabricksError::OutcomeUnknown(Unknown::ServerError(500) | Unknown::Failed(_)) => true,
            DatabricksError::RateLimited { .. }
            | DatabricksError::Busy { .. }
            | DatabricksError::Unreachable { .. }
            | DatabricksError::PrivateLink { .. }
            | DatabricksError::NotAdmitted { .. }
            | DatabricksError::WrongShape { .. }
            | DatabricksError::OutcomeUnknown(_) => false,
        },
    }
}

/// What to do with the resource after the outcome was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// Plan again at once.
    Continue,
    /// Nothing was wrong with the request: plan again as soon as the pace or the circuit admits it.
    Again,
    /// Plan again after this long; counts as a failure.
    Later(Duration, String),
    /// A person must decide.
    Hold(Hold),
    /// The create is refused because of its own values; held where nobody waits for it (rule A4).
    Refused(Refusal, Duration, String),
    /// Never to be written.
    Protected(String),
}

/// What an answer says of the target as a whole.
pub const fn sign(result: &Result<Answered<Reply>, DatabricksError>, on: BindingId) -> Sign {
    match result {
        Ok(_)
        | Err(
            DatabricksError::AlreadyExists { .. }
            | DatabricksError::NotFound { .. }
            | DatabricksError::Refused { .. }
            | DatabricksError::WrongShape { .. }
            | DatabricksError::OutcomeUnknown(Unknown::Failed(_)),
        ) => Sign::Works,
        Err(DatabricksError::RateLimited { .. }) => Sign::Throttled,
        Err(DatabricksError::Busy { .. } | DatabricksError::OutcomeUnknown(_)) => Sign::Suspicious(Some(on)),
        Err(
            DatabricksError::Unreachable { .. }
            | DatabricksError::PrivateLink { .. }
            | DatabricksError::NotAdmitted { .. },
        ) => Sign::Out,
    }
}

/// Records the outcome of `attempt`.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn record(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    attempt: &Attempt,
    result: &Result<Answered<Reply>, DatabricksError>,
    failed: Failed,
    now: Timestamp,
) -> Result<Then, StoreError> {
    let attempts = failed.attempts;
    if let Some(intent) = attempt.intent {
        tx.close_intent(intent)?;
    }
    // The binding may have been handed on or retired while the request was under way.
    let Some(binding) = tx.binding(attempt.binding.id)? else {
        return Ok(Then::Continue);
    };
    match result {
        Ok(answered) => match (&answered.value, attempt.call.action.writes()) {
            (Reply::Created(Some(id)), _) => created(tx, knowledge, policy, attempt, binding, id, now),
            // Success without an id: it is there, under a number that only a look-up tells.
            (Reply::Created(None), _) => {
                unknown(tx, attempt, binding, now)?;
                Ok(Then::Continue)
            }
            (Reply::Done, _) => applied(tx, knowledge, policy, attempt, binding, now),
            (reply, _) => seen::record(tx, knowledge, policy, attempt, binding, reply, attempts, now),
        },
        Err(error) => {
            let why = format!("{}: {error}", error.cause());
            match error {
                DatabricksError::RateLimited { .. }
                | DatabricksError::Unreachable { .. }
                | DatabricksError::PrivateLink { .. }
                // The worker writes nothing more before the target is another (rule E1).
                | DatabricksError::WrongShape { .. } => {
                    no_effect(tx, attempt, binding)?;
                    Ok(Then::Again)
                }
                // Perhaps only this row is not admitted: it must not be the first again after each good probe.
                DatabricksError::NotAdmitted { .. } => {
                    no_effect(tx, attempt, binding)?;
                    Ok(Then::Later(wait(After::RefusedRevocation, attempts + 1), why))
                }
                DatabricksError::Busy { .. } => {
                    no_effect(tx, attempt, binding)?;
                    Ok(Then::Later(wait(After::Trouble, attempts + 1), why))
                }
                DatabricksError::AlreadyExists { .. } => already_exists(tx, attempt, binding, failed, &why),
                DatabricksError::NotFound { .. } => {
                    not_found(tx, knowledge, policy, attempt, binding, failed, now, &why)
                }
                DatabricksError::Refused { status, detail } => {
                    no_effect(tx, attempt, binding)?;
                    let then = narrow(tx, policy, attempt, failed, now, &why)?;
                    Ok(refusal_of_values(attempt, *status, detail, then))
                }
                DatabricksError::OutcomeUnknown(what) => {
                    unknown(tx, attempt, binding, now)?;
                    // The third time in a row it counts as this request's own fault (rule B10).
                    let refusal = matches!(what, Unknown::ServerError(500) | Unknown::Failed(_));
                    if refusal && failed.refusals + 1 >= POISON {
                        return narrow(tx, policy, attempt, failed, now, &why);
                    }
                    Ok(Then::Later(wait(After::Trouble, attempts + 1), why))
                }
            }
        }
    }
}

/// A create that Databricks refuses because of its own values (the whitelist of rule A4): 400 with a SCIM detail
/// about a value. Members inline may be what was meant, so a create with members is first tried without.
fn refusal_of_values(attempt: &Attempt, status: u16, detail: &str, then: Then) -> Then {
    let Action::Create { members, .. } = &attempt.call.action else {
        return then;
    };
    let about_values = VALUE_REFUSALS.iter().any(|words| detail.to_lowercase().contains(words));
    match then {
        Then::Later(delay, why) if status == 400 && members.is_empty() && about_values => {
            Then::Refused(Refusal::InvalidValue(detail.to_owned()), delay, why)
        }
        other => other,
    }
}

/// What Databricks says of a value that it does not take, in lower case.
const VALUE_REFUSALS: [&str; 6] = [
    "invalidvalue",
    "invalid value",
    "is not valid",
    "is invalid",
    "too long",
    "exceeds the maximum",
];

fn created(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    attempt: &Attempt,
    binding: Binding,
    id: &UpstreamId,
    now: Timestamp,
) -> Result<Then, StoreError> {
    bind(tx, knowledge, binding, id, Ownership::Ours, now)?;
    confirm_fields(tx, policy, attempt, now)?;
    confirm_edges(tx, knowledge, attempt, true, now)?;
    entitle::note_due(tx, policy, &attempt.binding, None)?;
    Ok(Then::Continue)
}

/// Gives `binding` its upstream object. An upstream id has one live owner: an older one
/// lets go of it (rule B7).
pub(super) fn bind(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    binding: Binding,
    id: &UpstreamId,
    ownership: Ownership,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(older) = tx.binding_of_upstream(&knowledge.target, binding.kind, id)?
        && older.id != binding.id
    {
        tx.put_binding(&Binding {
            role: Role::Gone,
            ..older
        })?;
    }
    let member = binding.resource_id.clone();
    tx.carried_out(&member, &binding.name_key)?;
    tx.put_binding(&Binding {
        upstream_id: Some(id.clone()),
        ownership: Some(ownership),
        existence: Existence::Present,
        unknown_at: None,
        agreed_at: None,
        sent: None,
        hold: None,
        held_at: None,
        ..binding
    })?;
    // Memberships that waited for this id can go now.
    tx.enqueue_groups_of(&knowledge.target, &member, Enqueue::at_once(QueueClass::Grant, now))
}

fn applied(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    attempt: &Attempt,
    binding: Binding,
    now: Timestamp,
) -> Result<Then, StoreError> {
    match &attempt.call.action {
        Action::Patch { fields, .. } => {
            confirm_fields(tx, policy, attempt, now)?;
            let renamed = fields.iter().find(|(field, _)| *field == Field::DisplayName);
            if let (crate::store::Kind::Group, Some((_, Some(name)))) = (binding.kind, renamed) {
                tx.put_binding(&Binding {
                    name: name.clone(),
                    name_key: crate::id::fold(name),
                    ..binding
                })?;
            }
        }
        Action::Strip { .. } => {
            confirm_fields(tx, policy, attempt, now)?;
            seen::stripped(tx, binding)?;
        }
        Action::Entitle { .. } | Action::Assign { .. } | Action::Unassign { .. } => {
            confirm_fields(tx, policy, attempt, now)?;
        }
        Action::AddMembers { .. } => confirm_edges(tx, knowledge, attempt, true, now)?,
        Action::RemoveMembers { .. } => confirm_edges(tx, knowledge, attempt, false, now)?,
        Action::Delete { upstream } => gone(tx, knowledge, binding.clone(), Some(upstream), now)?,
        Action::Create { .. } | Action::LookUp | Action::LookAtAssignment { .. } | Action::Read { .. } => {}
    }
    Ok(Then::Continue)
}

/// The upstream object is not there any more.
pub(super) fn gone(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    binding: Binding,
    upstream: Option<&UpstreamId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.drop_edges_of_group(binding.id)?;
    tx.enqueue_who_wants_name_of(&knowledge.target, &binding, now)?;
    if let Some(upstream) = upstream {
        tx.drop_from_inventory(&knowledge.target, binding.kind, upstream)?;
    }
    tx.put_binding(&Binding {
        role: Role::Gone,
        existence: Existence::Absent,
        unknown_at: None,
        agreed_at: None,
        ..binding
    })
}

fn confirm_fields(tx: &Transaction<'_>, policy: &Policy, attempt: &Attempt, now: Timestamp) -> Result<(), StoreError> {
    let sent = match &attempt.call.action {
        Action::Create { fields, .. } | Action::Patch { fields, .. } => fields.clone(),
        Action::Entitle { all, .. } => vec![(Field::Entitlements, Some(all.clone()))],
        Action::Assign { all, .. } => vec![(Field::Assignment, Some(all.clone()))],
        Action::Unassign { left, .. } => vec![(Field::Assignment, left.clone())],
        _ => attempt.fields.iter().map(|(field, _)| (*field, None)).collect(),
    };
    for (field, value) in sent {
        let before = attempt.fields.iter().find(|(touched, _)| *touched == field);
        let mut tracked = before
            .and_then(|(_, before)| before.clone())
            .unwrap_or_else(|| Tracked::known(None));
        // Deactivations are always verified (rule B3).
        let deactivated = field == Field::Active && value.as_deref() == Some("false");
        tracked.confirmed(value, deactivated.then(|| now.plus(policy.verify_after)));
        if matches!(field, Field::Entitlements | Field::Roles) {
            tracked.observed = None;
        }
        tx.put_field(attempt.binding.id, field, &tracked)?;
    }
    Ok(())
}

fn confirm_edges(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    attempt: &Attempt,
    member: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (other, before) in &attempt.edges {
        let mut edge = before
            .clone()
            .unwrap_or_else(|| super::attempt::new_edge(attempt.binding.id, *other));
        edge.tracked.confirmed(member, None);
        edge.inherited = false;
        edge.batch_limit = None;
        edge.refusals = 0;
        edge.parked_until = None;
        if !member && edge.tracked.unknown_at.is_none() {
            tx.drop_edge(attempt.binding.id, *other)?;
        } else {
            tx.put_edge(&edge)?;
        }
        // A re-activation or a rename may have waited for just this (rules B9, C5).
        if let Some(binding) = tx.binding(*other)? {
            tx.wake(&knowledge.target, &binding.resource_id, now)?;
        }
    }
    Ok(())
}

fn no_effect(tx: &Transaction<'_>, attempt: &Attempt, binding: Binding) -> Result<(), StoreError> {
    restore_parts(tx, attempt)?;
    match attempt.call.action {
        Action::Create { .. } | Action::Delete { .. } => tx.put_binding(&Binding {
            existence: attempt.binding.existence,
            sent: attempt.binding.sent.clone(),
            ..binding
        }),
        _ => Ok(()),
    }
}

fn restore_parts(tx: &Transaction<'_>, attempt: &Attempt) -> Result<(), StoreError> {
    for (field, before) in &attempt.fields {
        let mut tracked = before.clone().unwrap_or_else(|| Tracked::known(None));
        if let Some(before) = before {
            tracked.no_effect(before);
        }
        tx.put_field(attempt.binding.id, *field, &tracked)?;
    }
    for (member, before) in &attempt.edges {
        match before {
            Some(before) => tx.put_edge(before)?,
            None => tx.drop_edge(attempt.binding.id, *member)?,
        }
    }
    Ok(())
}

fn unknown(tx: &Transaction<'_>, attempt: &Attempt, binding: Binding, now: Timestamp) -> Result<(), StoreError> {
    for (field, before) in &attempt.fields {
        let mut tracked = before.clone().unwrap_or_else(|| Tracked::known(None));
        tracked.unknown(now);
        tx.put_field(attempt.binding.id, *field, &tracked)?;
    }
    for (member, before) in &attempt.edges {
        let mut edge = before
            .clone()
            .unwrap_or_else(|| super::attempt::new_edge(attempt.binding.id, *member));
        edge.tracked.unknown(now);
        tx.put_edge(&edge)?;
    }
    match attempt.call.action {
        Action::Create { .. } | Action::Delete { .. } => tx.put_binding(&Binding {
            existence: Existence::Maybe,
            unknown_at: Some(now),
            agreed_at: None,
            ..binding
        }),
        _ => Ok(()),
    }
}

fn already_exists(
    tx: &Transaction<'_>,
    attempt: &Attempt,
    binding: Binding,
    failed: Failed,
    why: &str,
) -> Result<Then, StoreError> {
    restore_parts(tx, attempt)?;
    if let Action::Create { .. } = attempt.call.action {
        // Look whose it is before anything else; what an earlier lost attempt sent still counts.
        tx.put_binding(&Binding {
            existence: Existence::Maybe,
            agreed_at: None,
            sent: attempt.binding.sent.clone(),
            ..binding
        })?;
        return Ok(Then::Again);
    }
    Ok(Then::Later(
        wait(After::RefusedGrant, failed.refusals + 1),
        format!("failing: {why}"),
    ))
}

#[expect(clippy::too_many_arguments, reason = "one transaction needs all that planning knows")]
fn not_found(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    attempt: &Attempt,
    binding: Binding,
    failed: Failed,
    now: Timestamp,
    why: &str,
) -> Result<Then, StoreError> {
    restore_parts(tx, attempt)?;
    match &attempt.call.action {
        Action::Delete { upstream } => {
            gone(tx, knowledge, binding, Some(upstream), now)?;
            Ok(Then::Continue)
        }
        Action::Create { .. } => {
            no_effect(tx, attempt, binding)?;
            narrow(tx, policy, attempt, failed, now, why)
        }
        Action::Read { .. } => vanish::missing(tx, knowledge, policy, attempt, binding, failed.attempts, now),
        Action::Patch { .. }
        | Action::Strip { .. }
        | Action::Entitle { .. }
        | Action::Assign { .. }
        | Action::AddMembers { .. }
        | Action::RemoveMembers { .. } => {
            // The object may be gone or not to be seen yet: a read tells. When it is there again and again,
            // or a part of this batch was refused before, the 404 is about what the request names.
            tx.put_binding(&Binding {
                existence: Existence::Maybe,
                ..binding
            })?;
            let split =
                |(_, before): &(_, Option<EdgeRow>)| before.as_ref().is_some_and(|edge| edge.batch_limit.is_some());
            if failed.refusals + 1 >= POISON || attempt.edges.iter().any(split) {
                return narrow(tx, policy, attempt, failed, now, why);
            }
            Ok(Then::Later(wait(After::Trouble, failed.attempts + 1), why.to_owned()))
        }
        // Who is not there is in no workspace.
        Action::Unassign { .. } => {
            confirm_fields(tx, policy, attempt, now)?;
            Ok(Then::Continue)
        }
        Action::LookUp | Action::LookAtAssignment { .. } => {
            Ok(Then::Later(wait(After::Trouble, failed.attempts + 1), why.to_owned()))
        }
    }
}

/// The request itself is refused: a batch is split, an edge alone is parked, anything else backs off (rules B8, B10).
///
/// After a create nobody knows whether it or one of its first members was meant: it is tried without them.
fn narrow(
    tx: &Transaction<'_>,
    policy: &Policy,
    attempt: &Attempt,
    failed: Failed,
    now: Timestamp,
    why: &str,
) -> Result<Then, StoreError> {
    let after = if attempt.call.class == QueueClass::Revocation {
        After::RefusedRevocation
    } else {
        After::RefusedGrant
    };
    match attempt.edges.as_slice() {
        [] => Ok(Then::Later(wait(after, failed.refusals + 1), format!("failing: {why}"))),
        [(member, _)] if !matches!(attempt.call.action, Action::Create { .. }) => {
            let mut edge = tx
                .edge(attempt.binding.id, *member)?
                .unwrap_or_else(|| super::attempt::new_edge(attempt.binding.id, *member));
            // Perhaps it is refused because it is so already: two reads a proof interval apart would show it.
            edge.tracked.verify_at = Some(now.plus(policy.verify_after));
            edge.refusals += 1;
            edge.parked_until = Some(now.plus(policy.scale(wait(after, edge.refusals))));
            tx.put_edge(&edge)?;
            tracing::warn!(call = %super::call::describe(attempt.binding.kind, &attempt.call.action), %why, "a membership is parked");
            Ok(Then::Continue)
        }
        _ => {
            split(tx, attempt)?;
            Ok(Then::Continue)
        }
    }
}

/// Halves the company of each edge of a refused batch (rule B8).
fn split(tx: &Transaction<'_>, attempt: &Attempt) -> Result<(), StoreError> {
    let half = u32::try_from(attempt.edges.len().div_ceil(2)).unwrap_or(1).max(1);
    for (member, before) in &attempt.edges {
        let current = tx.edge(attempt.binding.id, *member)?.or_else(|| before.clone());
        let mut edge = current.unwrap_or_else(|| super::attempt::new_edge(attempt.binding.id, *member));
        edge.batch_limit = Some(half);
        tx.put_edge(&edge)?;
    }
    Ok(())
}
