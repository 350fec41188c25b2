//! A read by id that finds nothing: read again before anything is concluded (rule B2), and then done, made again, or
//! a person's decision (rule B4).

use std::time::Duration;

use super::attempt::{Attempt, may_be_deleted_by_us};
use super::backoff::{After, wait};
use super::commands::forget_object;
use super::drift::{self, Verdict};
use super::outcome::Then;
use super::plan::{Action, Hold, Purpose};
use super::policy::Policy;
use super::view::Knowledge;
use crate::clock::Timestamp;
use crate::store::{Binding, Difference, Drift, DriftKind, Existence, Role, StoreError, Transaction};

/// A read by id answered 404.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub(super) fn missing(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    attempt: &Attempt,
    binding: Binding,
    attempts: u32,
    now: Timestamp,
) -> Result<Then, StoreError> {
    let Action::Read { purpose, upstream } = &attempt.call.action else {
        return Ok(Then::Continue);
    };
    if *purpose == Purpose::Adopt {
        // The scan was out of date: nothing of that name is there.
        tx.drop_from_inventory(&knowledge.target, binding.kind, upstream)?;
        tx.put_binding(&Binding {
            existence: Existence::Absent,
            absent_seen_at: Some(now),
            ..binding
        })?;
        return Ok(Then::Continue);
    }
    let unknown = binding.unknown_at.unwrap_or(now);
    let proving = unknown.plus(policy.proof);
    if binding.agreed_at.is_some_and(|first| first >= proving) {
        return vanished(tx, knowledge, policy, binding, now);
    }
    let agreed_at = (now >= proving).then_some(now).or(binding.agreed_at);
    tx.put_binding(&Binding {
        existence: Existence::Maybe,
        unknown_at: Some(unknown),
        agreed_at,
        ..binding
    })?;
    let pause = wait(After::Trouble, attempts + 1).min(policy.proof / 6);
    Ok(Then::Later(
        pause,
        "not-found: read again before anything is concluded".to_owned(),
    ))
}

/// Proven not to be there: done where it was to go; where it is wanted, made again or a person's decision (rule B4).
fn vanished(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    binding: Binding,
    now: Timestamp,
) -> Result<Then, StoreError> {
    if binding.role != Role::Current {
        let upstream = binding.upstream_id.clone();
        super::outcome::gone(tx, knowledge, binding, upstream.as_ref(), now)?;
        return Ok(Then::Continue);
    }
    if may_be_deleted_by_us(&binding) {
        // Nobody else's doing: a shell went just as its group came back.
        forget_object(tx, knowledge, binding, now)?;
        return Ok(Then::Continue);
    }
    let target = &knowledge.target;
    let known = tx.drift_of(target, binding.id)?;
    let before = known
        .into_iter()
        .find(|drift| drift.difference.kind == DriftKind::Vanished);
    let mut gone = before.unwrap_or_else(|| Drift {
        difference: Difference {
            kind: DriftKind::Vanished,
            part: "object".to_owned(),
            widens: true,
        },
        first_at: now,
        confirmed_at: Some(now),
        contested: false,
        asked_at: None,
    });
    // Whoever changes it now wants it to be there.
    let written = tx.written_at(&binding.resource_id)?;
    gone.asked_at = gone.asked_at.max(written.filter(|at| *at > gone.first_at));
    let repairs = tx.repairs_since(binding.id, "object", now.minus(Duration::from_hours(24)))?;
    // What was imported is nobody's before the client has written it (rule C4).
    let owned = !tx.is_unclaimed(&binding.resource_id)?;
    match drift::decide(&gone, repairs, policy.drift, Duration::ZERO, now) {
        Verdict::Repair if owned => {
            tx.add_repair(target, binding.id, "object", now)?;
            drift::note_repair(tx, &binding, now)?;
            tx.drop_drift(target, binding.id, &gone.difference)?;
            forget_object(tx, knowledge, binding, now)?;
            Ok(Then::Continue)
        }
        Verdict::Repair | Verdict::Report | Verdict::Contested | Verdict::LookAgain(_) => {
            tx.put_drift(target, binding.id, &gone)?;
            tx.look_at(binding.id, None)?;
            // Nobody is in a group that is not there: whoever waits to be out of it is.
            tx.drop_edges_of_group(binding.id)?;
            Ok(Then::Hold(Hold::Vanished(binding.kind)))
        }
    }
}
