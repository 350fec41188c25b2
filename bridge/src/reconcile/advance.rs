//! One resource, one transaction: plan, carry out the steps that only the store sees,
//! and either settle it, put it off, hold it, or begin its next request.

use std::time::Duration;

use super::attempt::{Attempt, begin};
use super::call::Reply;
use super::guard;
use super::notes;
use super::outcome::{self, Failed, Then};
use super::plan::{Action, Call, Next, plan_group, plan_user};
use super::policy::Policy;
use super::refuse::refuse;
use super::view::{Knowledge, load_group, load_user};
use crate::clock::Timestamp;
use crate::databricks::pace::Verb;
use crate::databricks::{Answered, DatabricksError};
use crate::id::ScimId;
use crate::store::{Binding, BindingId, GuardClass, Kind, QueueClass, QueueRow, StoreError, Transaction};

/// Notes in a row for one resource; more than this would mean that two of them undo each other.
const MOST_NOTES: usize = 16;

/// Which requests may begin now.
#[derive(Debug, Clone, Copy)]
pub struct Admitted {
    /// For revocations, by rate class.
    pub revocation: [bool; 3],
    /// For everything else, by rate class.
    pub other: [bool; 3],
    /// When a grant on an object that was refused before may be tried, by rate class: such objects share a small
    /// part of the budget (rule B10). `None` = now.
    pub failing: [Option<Timestamp>; 3],
}

impl Admitted {
    /// Nothing at all.
    const NOTHING: Self = Self {
        revocation: [false; 3],
        other: [false; 3],
        failing: [None; 3],
    };

    /// Until when a grant on an object that was refused before has to wait, if it has.
    fn failing_until(self, call: &Call) -> Option<Timestamp> {
        let index = Verb::ALL.iter().position(|verb| *verb == call.verb).unwrap_or(0);
        self.failing[index].filter(|_| call.class == QueueClass::Grant)
    }

    fn admits(self, call: &Call) -> bool {
        let index = Verb::ALL.iter().position(|verb| *verb == call.verb).unwrap_or(0);
        let by_verb = if call.class == QueueClass::Revocation {
            self.revocation
        } else {
            self.other
        };
        by_verb[index]
    }
}

/// What became of a queued resource.
#[derive(Debug)]
pub enum Advance {
    /// A request is to be sent; its intent is recorded.
    Begun(Box<Attempt>),
    /// Its revisions up to this one have their outcome.
    Settled(i64),
    /// Nothing to be done now.
    Later,
}

/// Advances the resource of `row`.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn advance(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    admitted: Admitted,
    id: &ScimId,
    now: Timestamp,
) -> Result<Advance, StoreError> {
    for _ in 0..MOST_NOTES {
        let Some(row) = tx.queued(&knowledge.target, id)? else {
            return Ok(Advance::Later);
        };
        let revision = tx.newest_revision(id)?;
        match plan(tx, knowledge, policy, &row, now)? {
            Next::Settled { check_at } => return settle(tx, knowledge, &row, revision, check_at, "applied", now),
            Next::Protected { why, check_at } => return settle(tx, knowledge, &row, revision, check_at, &why, now),
            Next::Wait { until, why } => {
                put_off(tx, knowledge, &row, until.max(now.plus(Duration::from_millis(20))), why)?;
                return Ok(Advance::Later);
            }
            Next::Failing { until, why } => {
                let failing = QueueRow {
                    class: QueueClass::Revocation,
                    ..row
                };
                put_off(tx, knowledge, &failing, until, why)?;
                tx.note_open(id, &format!("failing: {why}"))?;
                return Ok(Advance::Later);
            }
            Next::Hold { binding, why, check_at } => {
                if let Some(refusal) = why.refusal()
                    && refuse(tx, knowledge, &row, revision, &refusal, now)?
                {
                    return Ok(Advance::Settled(revision));
                }
                hold(tx, knowledge, &row, binding, &why.to_string(), check_at, now)?;
                return Ok(Advance::Later);
            }
            Next::Guarded { until, class } => {
                let held = QueueRow {
                    class: QueueClass::Revocation,
                    ..row
                };
                put_off(tx, knowledge, &held, until, class.as_str())?;
                tx.note_open(
                    id,
                    &format!("held: guard: {}; scim-bridge resume lets it pass", class.as_str()),
                )?;
                return Ok(Advance::Later);
            }
            // What the guard refuses is planned again: it is closed now, and keeps nothing else from being done.
            Next::Note(note) if !passes_guard(tx, knowledge, policy, guard::renames(&note), now)? => {}
            Next::Note(note) => {
                notes::carry_out(tx, knowledge, &row, &note, now)?;
                notes::log(tx, knowledge, id, &note, now)?;
            }
            Next::Call(call) if !call_passes_guard(tx, knowledge, policy, row.kind, &call, now)? => {}
            Next::Call(call) => return start(tx, knowledge, admitted, &row, call, revision, now),
        }
    }
    tracing::error!(resource = %id, "planning does not come to an end");
    if let Some(row) = tx.queued(&knowledge.target, id)? {
        put_off(
            tx,
            knowledge,
            &row,
            now.plus(Duration::from_mins(1)),
            "planning does not come to an end",
        )?;
    }
    Ok(Advance::Later)
}

/// Whether a rename may retire this account (rule E6).
fn passes_guard(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    renamed: Option<BindingId>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(binding) = renamed.map(|binding| tx.binding(binding)).transpose()?.flatten() else {
        return Ok(true);
    };
    let principal: Vec<String> = binding.upstream_id.iter().map(ToString::to_string).collect();
    guard::admit(tx, &policy.guard, knowledge, GuardClass::Renames, &principal, now)
}

/// Whether what this call takes away may be taken (rule E6).
fn call_passes_guard(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    kind: Kind,
    call: &Call,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if let (Kind::Group, Action::Delete { .. } | Action::Unassign { .. }) = (kind, &call.action) {
        let members = tx.in_group(call.binding)?;
        return guard::admit(tx, &policy.guard, knowledge, GuardClass::Memberships, &members, now);
    }
    match guard::taken_away(kind, call) {
        Some((class, principals)) => guard::admit(tx, &policy.guard, knowledge, class, &principals, now),
        None => Ok(true),
    }
}

/// Records what a call came to, and what follows for the queued row.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn conclude(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    attempt: &Attempt,
    result: &Result<Answered<Reply>, DatabricksError>,
    now: Timestamp,
) -> Result<Then, StoreError> {
    let row = tx.queued(&knowledge.target, &attempt.binding.resource_id)?;
    let failed = row.map_or_else(Failed::default, |row| Failed {
        attempts: row.attempts,
        refusals: row.refusals,
    });
    let then = outcome::record(tx, knowledge, policy, attempt, result, failed, now)?;
    follow(tx, knowledge, policy, attempt, &then, outcome::is_refusal(result), now)?;
    Ok(then)
}

/// After an outcome was recorded: what follows for the queued row.
///
/// A row that was queued anew while the call was under way holds more than the call was for, perhaps
/// a revocation: what the call came to neither puts it off nor takes it out nor settles it.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn follow(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    attempt: &Attempt,
    then: &Then,
    refused: bool,
    now: Timestamp,
) -> Result<Option<(ScimId, i64)>, StoreError> {
    // Whoever holds the binding now has the work.
    let id = tx
        .binding(attempt.binding.id)?
        .map_or_else(|| attempt.binding.resource_id.clone(), |binding| binding.resource_id);
    let Some(row) = tx.queued(&knowledge.target, &id)? else {
        return Ok(None);
    };
    let queued_anew = row.ticket != attempt.ticket || row.resource_id != attempt.binding.resource_id;
    match then {
        Then::Continue => {
            let fresh = QueueRow {
                attempts: 0,
                refusals: 0,
                due_at: now,
                verb: 0,
                ..row
            };
            tx.reschedule(&knowledge.target, &fresh, None)?;
            plan_again(tx, knowledge, policy, id, now)
        }
        Then::Again => {
            tx.reschedule(&knowledge.target, &QueueRow { due_at: now, ..row }, None)?;
            Ok(None)
        }
        Then::Later(_, why) if queued_anew => {
            let failed = QueueRow {
                attempts: row.attempts + 1,
                refusals: row.refusals + u32::from(refused),
                ..row
            };
            tx.reschedule(&knowledge.target, &failed, Some(why))?;
            Ok(None)
        }
        Then::Later(delay, why) => {
            let due_at = now.plus(policy.scale(*delay));
            let (attempts, refusals) = (row.attempts + 1, row.refusals + u32::from(refused));
            tx.reschedule(
                &knowledge.target,
                &QueueRow {
                    due_at,
                    attempts,
                    refusals,
                    ..row
                },
                Some(why),
            )?;
            tx.note_open(&id, why)?;
            Ok(None)
        }
        Then::Refused(refusal, delay, why) => {
            if !queued_anew && refuse(tx, knowledge, &row, tx.newest_revision(&id)?, refusal, now)? {
                let revision = tx.newest_revision(&id)?;
                return Ok(Some((id, revision)));
            }
            let later = Then::Later(*delay, why.clone());
            follow(tx, knowledge, policy, attempt, &later, refused, now)
        }
        Then::Hold(why) => {
            if let Some(refusal) = why.refusal()
                && !queued_anew
            {
                let revision = tx.newest_revision(&id)?;
                if refuse(tx, knowledge, &row, revision, &refusal, now)? {
                    return Ok(Some((id, revision)));
                }
            }
            note_hold(tx, &id, Some(attempt.binding.id), &why.to_string(), now)?;
            if queued_anew {
                return Ok(None);
            }
            // Only what gives is held: whatever else there is to be done keeps its row.
            let looking = QueueRow {
                class: QueueClass::Verification,
                verb: 0,
                due_at: now,
                ..row
            };
            tx.reschedule(&knowledge.target, &looking, None)?;
            plan_again(tx, knowledge, policy, id, now)
        }
        Then::Protected(_) if queued_anew => Ok(None),
        Then::Protected(why) => {
            let revision = tx.newest_revision(&id)?;
            settle(tx, knowledge, &row, revision, None, why, now)?;
            Ok(Some((id, revision)))
        }
    }
}

/// Plans at once and begins nothing; tells what it settled.
fn plan_again(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    id: ScimId,
    now: Timestamp,
) -> Result<Option<(ScimId, i64)>, StoreError> {
    Ok(match advance(tx, knowledge, policy, Admitted::NOTHING, &id, now)? {
        Advance::Settled(revision) => Some((id, revision)),
        Advance::Begun(_) | Advance::Later => None,
    })
}

fn plan(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    row: &QueueRow,
    now: Timestamp,
) -> Result<Next, StoreError> {
    Ok(match row.kind {
        Kind::User => plan_user(&load_user(tx, knowledge, policy, row)?, policy, now),
        Kind::Group => plan_group(&load_group(tx, knowledge, policy, row, now)?, policy, now),
    })
}

fn settle(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    row: &QueueRow,
    revision: i64,
    check_at: Option<Timestamp>,
    outcome: &str,
    now: Timestamp,
) -> Result<Advance, StoreError> {
    let id = &row.resource_id;
    tx.settle(id, revision, outcome, now)?;
    tx.settle_tombstone(id, now)?;
    for binding in tx.bindings(&knowledge.target, id)? {
        if binding.hold.is_some() {
            tx.put_binding(&Binding {
                hold: None,
                held_at: None,
                ..binding
            })?;
        }
    }
    only_look(tx, knowledge, row, check_at, "to be verified by a read", now)?;
    Ok(Advance::Settled(revision))
}

fn put_off(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    row: &QueueRow,
    until: Timestamp,
    why: &str,
) -> Result<(), StoreError> {
    tx.reschedule(
        &knowledge.target,
        &QueueRow {
            due_at: until,
            verb: 0,
            ..row.clone()
        },
        Some(why),
    )
}

/// A person must decide: the resource waits until it is written or a command comes, but for what is to be looked at.
fn hold(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    row: &QueueRow,
    binding: Option<BindingId>,
    why: &str,
    check_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), StoreError> {
    note_hold(tx, &row.resource_id, binding, why, now)?;
    tx.note_open(&row.resource_id, &format!("held: {why}"))?;
    only_look(tx, knowledge, row, check_at, why, now)
}

/// Takes the row out of the queue, or leaves it there for a look at `check_at`.
fn only_look(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    row: &QueueRow,
    check_at: Option<Timestamp>,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(at) = check_at else {
        tx.dequeue(&knowledge.target, &row.resource_id, row.ticket)?;
        return Ok(());
    };
    let looking = QueueRow {
        class: QueueClass::Verification,
        verb: Verb::Read.number(),
        due_at: at.max(now),
        attempts: 0,
        refusals: 0,
        ..row.clone()
    };
    tx.reschedule(&knowledge.target, &looking, Some(why))
}

fn note_hold(
    tx: &Transaction<'_>,
    id: &ScimId,
    binding: Option<BindingId>,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(binding) = binding.map(|binding| tx.binding(binding)).transpose()?.flatten()
        && binding.hold.as_deref() != Some(why)
    {
        tracing::warn!(resource = %id, %why, "held: a person must decide");
        tx.put_binding(&Binding {
            hold: Some(why.to_owned()),
            held_at: Some(now),
            ..binding
        })?;
    }
    Ok(())
}

fn start(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    admitted: Admitted,
    row: &QueueRow,
    call: Call,
    revision: i64,
    now: Timestamp,
) -> Result<Advance, StoreError> {
    // One call at a time on an upstream object (rule B7), and only what pace and circuit admit.
    if knowledge.busy.contains(&call.binding) {
        let soon = now.plus(Duration::from_millis(20));
        put_off(tx, knowledge, row, soon, "another call on the same object is under way")?;
        return Ok(Advance::Later);
    }
    if !admitted.admits(&call) {
        let waiting = QueueRow {
            class: call.class,
            verb: call.verb.number(),
            due_at: row.due_at.min(now),
            ..row.clone()
        };
        tx.reschedule(&knowledge.target, &waiting, None)?;
        return Ok(Advance::Later);
    }
    // A row is as urgent as it was thought to be; what gives does not go before what takes away because of that.
    if row.class == QueueClass::Revocation && call.class == QueueClass::Grant {
        let in_turn = QueueRow {
            class: call.class,
            verb: call.verb.number(),
            ..row.clone()
        };
        tx.reschedule(&knowledge.target, &in_turn, None)?;
        return Ok(Advance::Later);
    }
    if row.refusals > 0
        && let Some(until) = admitted.failing_until(&call)
    {
        put_off(
            tx,
            knowledge,
            row,
            until,
            "objects that were refused share a small part of the budget",
        )?;
        return Ok(Advance::Later);
    }
    let Some(binding) = tx.binding(call.binding)? else {
        return Ok(Advance::Later);
    };
    let mut attempt = begin(tx, &knowledge.target, &binding, call, (revision, row.ticket), now)?;
    attempt.is_failing = row.refusals > 0;
    Ok(Advance::Begun(Box::new(attempt)))
}
