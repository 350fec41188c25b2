//! The guard (rule E6): when so much is taken away within an hour that it looks like a
//! mistake, the whole class waits for a person.
//!
//! Its surprise is that it counts what is *planned*, not what was sent: a burst of leavers
//! closes it before the first of them is touched, however slow the pace is.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::plan::{Action, Call, Note};
use super::view::Knowledge;
use crate::clock::Timestamp;
use crate::store::{BindingId, Field, GuardClass, Kind, QueueClass, Snapshot, StoreError, Transaction};

/// How long a person's word lets somebody pass who could not go at once.
const PASS: Duration = Duration::from_hours(7 * 24);

/// When the guard closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// More distinct principals than this …
    pub more_than: u64,
    /// … and more than this share of the managed users, in percent …
    pub percent: u64,
    /// … within this time.
    pub within: Duration,
    /// A held revocation alarms after this long, then hourly.
    pub alarm_after: Duration,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            more_than: 50,
            percent: 20,
            within: Duration::from_hours(1),
            alarm_after: Duration::from_mins(15),
        }
    }
}

impl Guard {
    /// Whether `number` principals out of `managed` are too many.
    pub const fn is_exceeded(&self, number: u64, managed: u64) -> bool {
        number > self.more_than && number.saturating_mul(100) > managed.saturating_mul(self.percent)
    }
}

/// Which classes are held, and who may pass all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closed {
    held: Vec<(GuardClass, HashSet<String>)>,
}

impl Closed {
    /// As the store has it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn load(store: &Snapshot<'_>, target: &str) -> Result<Self, StoreError> {
        let mut held = Vec::new();
        for hold in store.guard_holds(target)? {
            held.push((hold.class, store.guard_passes(target, hold.class)?));
        }
        Ok(Self { held })
    }

    /// Whether a change of this class may not be sent for this principal.
    pub fn holds(&self, class: GuardClass, principal: &str) -> bool {
        let closed = self.held.iter().find(|(held, _)| *held == class);
        closed.is_some_and(|(_, passed)| !passed.contains(principal))
    }
}

/// What a call takes away, and from whom: the class and the upstream ids. Deleting a group, or taking it out of a workspace,
/// takes it from whoever is in it, which only the store knows ([`Snapshot::in_group`]).
pub fn taken_away(kind: Kind, call: &Call) -> Option<(GuardClass, Vec<String>)> {
    match &call.action {
        Action::Patch { upstream, fields } => {
            let off =
                |(field, value): &(Field, Option<String>)| *field == Field::Active && value.as_deref() == Some("false");
            let deactivates = fields.iter().any(off);
            deactivates.then(|| (GuardClass::Deactivations, vec![upstream.to_string()]))
        }
        Action::Delete { upstream } if kind == Kind::User => Some((GuardClass::Deletes, vec![upstream.to_string()])),
        Action::RemoveMembers { members, .. } => Some((
            GuardClass::Memberships,
            members.iter().map(|(_, id)| id.to_string()).collect(),
        )),
        Action::Strip { upstream, roles, .. } if !roles.is_empty() => {
            Some((GuardClass::Roles, vec![upstream.to_string()]))
        }
        Action::Delete { .. }
        | Action::Strip { .. }
        | Action::Entitle { .. }
        | Action::Assign { .. }
        | Action::Unassign { .. }
        | Action::LookAtAssignment { .. }
        | Action::Create { .. }
        | Action::AddMembers { .. }
        | Action::LookUp
        | Action::Read { .. } => None,
    }
}

/// The old account that a step of a rename retires.
pub const fn renames(note: &Note) -> Option<BindingId> {
    match note {
        Note::Retire(binding) => Some(*binding),
        Note::Bind
        | Note::Rename(_)
        | Note::Reinstate { .. }
        | Note::StepDown(_)
        | Note::TakeOver(_)
        | Note::Absent(_)
        | Note::Gone(_) => None,
    }
}

/// How many people each class is about, as counted in one pass over the queue: counting walks many rows, and
/// nothing but the pass itself changes it meanwhile.
#[derive(Debug, Default)]
pub struct Counted(Mutex<HashMap<GuardClass, (u64, u64)>>);

/// Each pass counts for itself.
impl Clone for Counted {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Counts `principals` in `class`; true if they may pass.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn admit(
    tx: &Transaction<'_>,
    guard: &Guard,
    knowledge: &Knowledge,
    class: GuardClass,
    principals: &[String],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let target = &knowledge.target;
    let passed = tx.guard_passes(target, class)?;
    if principals.iter().all(|id| passed.contains(id)) {
        return Ok(true);
    }
    let since = now.minus(guard.within);
    if may_exceed(tx, guard, target, class, since)? {
        let (number, managed) = number_of(tx, knowledge, class, since, principals)?;
        if guard.is_exceeded(number, managed) {
            tracing::error!(
                class = class.as_str(),
                number,
                "the guard is closed: nothing of this class is sent before `scim-bridge resume`"
            );
            tx.close_guard(target, class, number, now)?;
            let detail = format!("{number} people within the guard's time; scim-bridge resume lets them pass");
            tx.note_event(target, "guard", class.as_str(), &detail, now)?;
            return Ok(false);
        }
    }
    tx.forget_guarded(target, since, now.minus(PASS))?;
    for principal in principals {
        tx.count_guarded(target, class, principal, now)?;
    }
    Ok(true)
}

/// Whether the limit could be exceeded even if every revocation that waits were of this class. Spares counting.
fn may_exceed(
    tx: &Transaction<'_>,
    guard: &Guard,
    target: &str,
    class: GuardClass,
    since: Timestamp,
) -> Result<bool, StoreError> {
    match class {
        GuardClass::Deactivations | GuardClass::Deletes | GuardClass::Roles => {
            let done = tx.guarded_since(target, class, since)?;
            let at_most = done + tx.queued_of_class(target, QueueClass::Revocation)?.max(1);
            // Those who are still to get an account are many at first, and no part of whom it is a share.
            Ok(at_most > guard.more_than && guard.is_exceeded(at_most, tx.managed_users(target)?))
        }
        // One row may take away from many; a rename waits as a grant.
        GuardClass::Memberships | GuardClass::Renames => Ok(true),
    }
}

fn number_of(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    class: GuardClass,
    since: Timestamp,
    principals: &[String],
) -> Result<(u64, u64), StoreError> {
    let mut known = knowledge.counted.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(counted) = known.get(&class) {
        return Ok(*counted);
    }
    let target = &knowledge.target;
    let number = tx.guarded_and_planned(target, class, since, principals)?;
    let counted = (number, tx.managed_users(target)?);
    known.insert(class, counted);
    Ok(counted)
}

/// Lets pass what the guard holds: everything that is planned now, or one person's part of it.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn resume(
    tx: &Transaction<'_>,
    target: &str,
    only: Option<&str>,
    now: Timestamp,
) -> Result<Result<String, String>, StoreError> {
    let held = tx.guard_holds(target)?;
    if held.is_empty() {
        return Ok(Err("the guard holds nothing".to_owned()));
    }
    let mut said = Vec::new();
    for hold in held {
        let planned = tx.planned(target, hold.class)?;
        let chosen: Vec<_> = planned
            .iter()
            .filter(|(_, name, _)| only.is_none_or(|only| crate::id::fold(only) == crate::id::fold(name)))
            .collect();
        for (principal, _, _) in &chosen {
            tx.let_pass(target, hold.class, principal, now)?;
        }
        if only.is_none() {
            tx.open_guard(target, hold.class)?;
            tx.end_event_of(target, "guard", hold.class.as_str(), now)?;
        }
        if !chosen.is_empty() || only.is_none() {
            said.push(format!("{} of {}", chosen.len(), hold.class.as_str()));
        }
    }
    if said.is_empty() {
        let name = only.unwrap_or_default();
        return Ok(Err(format!("the guard holds nothing that concerns {name}")));
    }
    tx.wake_class(target, QueueClass::Revocation, now)?;
    tx.wake_class(target, QueueClass::Grant, now)?;
    Ok(Ok(format!("let pass: {}", said.join(", "))))
}

/// Ends what has lost its reason: passes whose change is made or wanted no more, so that the same mistake made
/// again is held again; and holds of which nothing is left, as everybody was taken back.
fn let_go(tx: &Transaction<'_>, target: &str, now: Timestamp) -> Result<(), StoreError> {
    let held: HashSet<GuardClass> = tx.guard_holds(target)?.into_iter().map(|hold| hold.class).collect();
    for class in GuardClass::ALL {
        if !held.contains(&class) && tx.guard_passes(target, class)?.is_empty() {
            continue;
        }
        let planned: HashSet<String> = tx.planned(target, class)?.into_iter().map(|(id, _, _)| id).collect();
        tx.keep_passes_of(target, class, &planned)?;
        if held.contains(&class) && planned.is_empty() {
            tracing::info!(
                class = class.as_str(),
                "the guard holds nobody any more and is open again"
            );
            tx.open_guard(target, class)?;
            tx.end_event_of(target, "guard", class.as_str(), now)?;
        }
    }
    Ok(())
}

/// Says again what is held for too long (rule E6: after fifteen minutes, then hourly), and ends what has lost its reason.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn alarm(tx: &Transaction<'_>, guard: &Guard, target: &str, now: Timestamp) -> Result<(), StoreError> {
    let_go(tx, target, now)?;
    for hold in tx.guard_holds(target)? {
        let due = match hold.alarmed_at {
            None => hold.held_at.plus(guard.alarm_after),
            Some(last) => last.plus(guard.within),
        };
        if due <= now {
            tracing::error!(
                class = hold.class.as_str(),
                since = %hold.held_at.to_rfc3339(),
                people = hold.number,
                "the guard still holds; `scim-bridge resume` lets it pass"
            );
            let detail = format!(
                "{} people are still held; scim-bridge resume lets them pass",
                hold.number
            );
            tx.note_event(target, "guard", hold.class.as_str(), &detail, now)?;
            tx.guard_alarmed(target, hold.class, now)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guard_closes_only_over_both_limits() {
        let guard = Guard::default();
        assert!(!guard.is_exceeded(50, 60), "not more than fifty");
        assert!(guard.is_exceeded(51, 254));
        assert!(!guard.is_exceeded(51, 255), "exactly a fifth is not more than a fifth");
        assert!(!guard.is_exceeded(1000, 9900));
        assert!(guard.is_exceeded(u64::MAX, 1));
    }
}
