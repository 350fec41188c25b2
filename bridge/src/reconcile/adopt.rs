//! Taking over what was found at the target as it is now (rule C3), and what comes with it: its fields, and
//! memberships that are *inherited* until the client speaks of them.

use super::entitle;
use super::notes::log_step;
use super::outcome::{Then, bind};
use super::plan::{Hold, Judged, Seen, judge};
use super::policy::Policy;
use super::seen::user_value;
use super::view::Knowledge;
use crate::clock::Timestamp;
use crate::databricks::wire::{WireGroup, WireUser};
use crate::id::{UpstreamId, fold};
use crate::store::{Binding, BindingId, Enqueue, Field, Kind, QueueClass, Role, StoreError, Tracked, Transaction};

/// Takes over an active account of the same name as it is now (rule C3).
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub(super) fn user(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    binding: Binding,
    user: &WireUser,
    now: Timestamp,
) -> Result<Then, StoreError> {
    let Some(mut seen) = super::call::seen_user(user) else {
        return Ok(Then::Hold(Hold::Conflict("the account found has no numeric id")));
    };
    if fold(&user.user_name) != binding.name_key {
        return Ok(Then::Hold(Hold::Conflict("the account found has another userName")));
    }
    seen.protected = knowledge.protects_user(policy, &binding.name_key, Some(&seen.upstream));
    let decided = tx.decisions(&binding.resource_id, &binding.name_key)?;
    match judge(&binding, &seen, &decided, policy) {
        Judged::Bind(ownership) => {
            let id = binding.id;
            log_adoption(tx, knowledge, &binding, &seen, now)?;
            bind(tx, knowledge, binding, &seen.upstream, ownership, now)?;
            for field in [
                Field::DisplayName,
                Field::GivenName,
                Field::FamilyName,
                Field::ExternalId,
                Field::Active,
            ] {
                if let Some(value) = user_value(user, field) {
                    tx.put_field(id, field, &Tracked::known(value))?;
                }
            }
            inherit_groups(tx, knowledge, id, user, now)?;
            Ok(Then::Continue)
        }
        Judged::Hold(why) => Ok(Then::Hold(why)),
        Judged::Protected(why) => Ok(Then::Protected(why)),
    }
}

/// Groups of ours that an adopted account is in already become edges that were found (rule C3).
fn inherit_groups(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    member: BindingId,
    found: &WireUser,
    now: Timestamp,
) -> Result<(), StoreError> {
    // A group that is shown because another one is in it says nothing of this membership.
    let direct = found
        .groups
        .iter()
        .filter(|group| group.kind.as_deref() == Some("direct"));
    let Some(member) = tx.binding(member)? else {
        return Ok(());
    };
    // What is wanted is sent all the same: a read may be out of date, and a second addition does no harm.
    let person = tx.resource(member.resource_id.as_str())?;
    let wanted = person
        .map(|person| tx.groups_of(person.pk))
        .transpose()?
        .unwrap_or_default();
    for upstream in direct.filter_map(|group| UpstreamId::parse(&group.value)) {
        let group = tx.binding_of_upstream(&knowledge.target, Kind::Group, &upstream)?;
        let Some(group) = group.filter(|group| wanted.iter().all(|(id, _)| *id != group.resource_id)) else {
            continue;
        };
        if !inherit(tx, &group, &member)? {
            let at_once = Enqueue::at_once(QueueClass::Revocation, now);
            tx.enqueue(&knowledge.target, &group.resource_id, Kind::Group, at_once)?;
        }
    }
    Ok(())
}

/// One membership that was found; false if it is not to stay: whom the client has deleted (rule C6) or taken out
/// before it was found is kept by nothing. What is known of it already stays as it is.
fn inherit(tx: &Transaction<'_>, group: &Binding, member: &Binding) -> Result<bool, StoreError> {
    if tx.edge(group.id, member.id)?.is_some() {
        return Ok(true);
    }
    let stays = member.role != Role::Tombstone && !tx.was_taken_out(&group.resource_id, &member.resource_id)?;
    let mut edge = super::attempt::new_edge(group.id, member.id);
    edge.tracked = Tracked::known(true);
    edge.inherited = stays;
    tx.put_edge(&edge)?;
    Ok(stays)
}

/// The record says whose object it was from then on.
fn log_adoption(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    binding: &Binding,
    seen: &Seen,
    now: Timestamp,
) -> Result<(), StoreError> {
    let told = format!("takes over {} {}", binding.kind, seen.upstream);
    log_step(tx, knowledge, &binding.resource_id, told, now)
}

/// Takes over a group that was found, as it is now. Whoever is in it is *inherited*: kept until Entra removes
/// them or an operator prunes the group (rule C3).
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub(super) fn group(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    binding: Binding,
    group: &WireGroup,
    now: Timestamp,
) -> Result<Then, StoreError> {
    let Some(mut seen) = super::call::seen_group(group) else {
        return Ok(Then::Hold(Hold::Conflict("the group found has no numeric id")));
    };
    if fold(&group.display_name) != binding.name_key {
        return Ok(Then::Hold(Hold::Conflict("the group found has another displayName")));
    }
    seen.protected = Knowledge::protects_group(policy, &binding.name_key);
    let decided = tx.decisions(&binding.resource_id, &binding.name_key)?;
    match judge(&binding, &seen, &decided, policy) {
        Judged::Bind(ownership) => {
            let id = binding.id;
            log_adoption(tx, knowledge, &binding, &seen, now)?;
            entitle::note_due(tx, policy, &binding, Some(group))?;
            bind(tx, knowledge, binding, &seen.upstream, ownership, now)?;
            tx.put_field(
                id,
                Field::DisplayName,
                &Tracked::known(Some(group.display_name.clone())),
            )?;
            inherit_members(tx, knowledge, id, group)?;
            Ok(Then::Continue)
        }
        Judged::Hold(why) => Ok(Then::Hold(why)),
        Judged::Protected(why) => Ok(Then::Protected(why)),
    }
}

/// Members that the bridge knows become edges that were found; the others are nobody's business.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub(super) fn inherit_members(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    group: BindingId,
    found: &WireGroup,
) -> Result<(), StoreError> {
    let Some(group) = tx.binding(group)? else {
        return Ok(());
    };
    for upstream in found.member_ids() {
        for kind in [Kind::User, Kind::Group] {
            let Some(member) = tx.binding_of_upstream(&knowledge.target, kind, &upstream)? else {
                continue;
            };
            inherit(tx, &group, &member)?;
        }
    }
    Ok(())
}
