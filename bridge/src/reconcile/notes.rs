//! The steps of a plan that only the store sees: which object is whose, under which name, in which role.

use super::call::describe_note;
use super::plan::Note;
use super::view::Knowledge;
use crate::clock::Timestamp;
use crate::id::{ScimId, fold};
use crate::store::{
    Binding, BindingId, Enqueue, Existence, Kind, NewBinding, NewStep, QueueClass, QueueRow, Role, StoreError,
    Transaction,
};

/// Carries out a step that only the store sees.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub(super) fn carry_out(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    row: &QueueRow,
    note: &Note,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (target, id) = (&knowledge.target, &row.resource_id);
    match *note {
        Note::Bind => bind_anew(tx, target, id)?,
        Note::Rename(binding) => {
            if let (Some(binding), Some(wanted)) = (tx.binding(binding)?, tx.resource(id.as_str())?) {
                tx.put_binding(&Binding {
                    name_key: fold(&wanted.name),
                    name: wanted.name,
                    existence: Existence::Unknown,
                    absent_seen_at: None,
                    ..binding
                })?;
            }
        }
        Note::Retire(binding) => {
            set_role(tx, binding, Role::Retiring)?;
            bind_anew(tx, target, id)?;
        }
        Note::Reinstate { back, away } => {
            set_role(tx, away, Role::Tombstone)?;
            give_up_name(tx, target, away, now)?;
            set_role(tx, back, Role::Current)?;
            // The one that steps back leaves its groups before the other gets them.
            tx.enqueue_groups_of(target, id, Enqueue::at_once(QueueClass::Revocation, now))?;
        }
        Note::StepDown(binding) => {
            set_role(tx, binding, Role::Tombstone)?;
            give_up_name(tx, target, binding, now)?;
            tx.enqueue_groups_of(target, id, Enqueue::at_once(QueueClass::Revocation, now))?;
        }
        Note::TakeOver(binding) => take_over(tx, knowledge, row, binding, now)?,
        Note::Absent(binding) => {
            if let Some(binding) = tx.binding(binding)? {
                tx.put_binding(&Binding {
                    existence: Existence::Absent,
                    absent_seen_at: Some(knowledge.scanned_at.unwrap_or(now)),
                    ..binding
                })?;
            }
        }
        Note::Gone(binding) => {
            set_role(tx, binding, Role::Gone)?;
            give_up_name(tx, target, binding, now)?;
        }
    }
    Ok(())
}

fn give_up_name(tx: &Transaction<'_>, target: &str, binding: BindingId, now: Timestamp) -> Result<(), StoreError> {
    match tx.binding(binding)? {
        Some(binding) => tx.enqueue_who_wants_name_of(target, &binding, now),
        None => Ok(()),
    }
}

/// The record has every step, those among them that need no call.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub(super) fn log(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    id: &ScimId,
    note: &Note,
    now: Timestamp,
) -> Result<(), StoreError> {
    match describe_note(note) {
        Some(told) => log_step(tx, knowledge, id, told.to_owned(), now),
        None => Ok(()),
    }
}

/// A step without a call, for the newest change of the resource.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub(super) fn log_step(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    id: &ScimId,
    told: String,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.add_step(&NewStep {
        at: now,
        target: knowledge.target.clone(),
        resource_id: id.clone(),
        revision: tx.newest_revision(id)?,
        call: told,
        status: None,
        outcome: "ok".to_owned(),
        millis: 0,
    })
}

fn bind_anew(tx: &Transaction<'_>, target: &str, id: &ScimId) -> Result<(), StoreError> {
    let Some(wanted) = tx.resource(id.as_str())? else {
        return Ok(());
    };
    tx.new_binding(
        target,
        &NewBinding {
            kind: wanted.kind,
            resource_id: id.clone(),
            name_key: fold(&wanted.name),
            name: wanted.name,
            external_id: wanted.external_id,
        },
    )?;
    Ok(())
}

fn set_role(tx: &Transaction<'_>, binding: BindingId, role: Role) -> Result<(), StoreError> {
    match tx.binding(binding)? {
        Some(binding) => tx.put_binding(&Binding {
            role,
            strip: binding.strip || (role == Role::Tombstone && binding.kind == Kind::User),
            ..binding
        }),
        None => Ok(()),
    }
}

/// The same person or group came back: its object, with all that is known of it, is the new
/// resource's (rules C6, C7).
fn take_over(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    row: &QueueRow,
    binding: BindingId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let target = &knowledge.target;
    let Some(old) = tx.binding(binding)? else {
        return Ok(());
    };
    // A binding that was made for the new resource and never used steps aside.
    for unused in tx.bindings(target, &row.resource_id)? {
        if unused.role == Role::Current {
            set_role(tx, unused.id, Role::Gone)?;
        }
    }
    let former = old.resource_id.clone();
    tx.hand_over(target, &old, &row.resource_id)?;
    tx.carried_out(&row.resource_id, &old.name_key)?;
    // The deleted resource may have had more accounts than this one.
    tx.enqueue(target, &former, row.kind, Enqueue::at_once(QueueClass::Revocation, now))?;
    tx.enqueue_groups_of(target, &row.resource_id, Enqueue::at_once(QueueClass::Revocation, now))
}
