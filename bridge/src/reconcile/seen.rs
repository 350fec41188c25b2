//! What a read or a look-up showed (rules B1 to B4, C2, C3).

use super::adopt;
use super::attempt::{Attempt, may_be_deleted_by_us};
use super::backoff::{After, wait};
use super::call::Reply;
use super::drift::{self};
use super::entitle;
use super::outcome::{Then, bind};
use super::plan::{Action, Judged, Purpose, Seen, judge};
use super::policy::Policy;
use super::view::Knowledge;
use crate::clock::Timestamp;
use crate::databricks::wire::{WireGroup, WireUser};
use crate::store::{
    Binding, Enqueue, Existence, Field, InventoryEntry, Kind, Ownership, QueueClass, Role, StoreError, Tracked,
    Transaction,
};

/// Records what a successful read showed.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
#[expect(clippy::too_many_arguments, reason = "one transaction needs all that planning knows")]
pub(super) fn record(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    attempt: &Attempt,
    binding: Binding,
    reply: &Reply,
    attempts: u32,
    now: Timestamp,
) -> Result<Then, StoreError> {
    let purpose = match &attempt.call.action {
        Action::Read { purpose, .. } => *purpose,
        _ => Purpose::Check,
    };
    match (reply, purpose) {
        (Reply::Found(found), _) => found_by_name(tx, knowledge, policy, binding, found, attempts, now),
        (Reply::User(user), Purpose::Adopt) => adopt::user(tx, knowledge, policy, binding, user, now),
        (Reply::User(user), Purpose::Complete) => complete(tx, knowledge, policy, &binding, user, attempts, now),
        (Reply::User(user), Purpose::Check | Purpose::Presence) => {
            let binding = still_there(tx, policy, binding, now)?;
            check_user(tx, knowledge, policy, &binding, user, now)?;
            Ok(looked(purpose))
        }
        (Reply::Group(group), Purpose::Adopt) => adopt::group(tx, knowledge, policy, binding, group, now),
        (Reply::Group(group), _) => {
            let binding = still_there(tx, policy, binding, now)?;
            check_group(tx, knowledge, policy, &binding, group, now)?;
            Ok(looked(purpose))
        }
        (Reply::Assigned(workspaces), _) => {
            let known = tx.fields(binding.id)?.remove(&Field::Assignment);
            let tracked = match known {
                Some(mut tracked) => {
                    tracked.read(workspaces.clone(), now, policy.proof);
                    tracked
                }
                None => Tracked::known(workspaces.clone()),
            };
            tx.put_field(binding.id, Field::Assignment, &tracked)?;
            Ok(Then::Continue)
        }
        (Reply::Created(_) | Reply::Done, _) => Ok(Then::Continue),
    }
}

/// That the object is there does not make good the failures that gave rise to the question.
const fn looked(purpose: Purpose) -> Then {
    match purpose {
        Purpose::Presence => Then::Again,
        Purpose::Check | Purpose::Adopt | Purpose::Complete => Then::Continue,
    }
}

/// It is there. A delete of ours without an answer may still take effect: the object counts as there, and is looked
/// at once more when the time for that is over (rule B2).
fn still_there(tx: &Transaction<'_>, policy: &Policy, binding: Binding, now: Timestamp) -> Result<Binding, StoreError> {
    let suspected = drift::late_delete_at(&binding, policy, now).is_some();
    if binding.existence == Existence::Present && (suspected || !may_be_deleted_by_us(&binding)) {
        return Ok(binding);
    }
    let binding = Binding {
        existence: Existence::Present,
        unknown_at: binding.unknown_at.filter(|_| suspected),
        sent: binding.sent.filter(|_| suspected),
        agreed_at: None,
        ..binding
    };
    tx.put_binding(&binding)?;
    Ok(binding)
}

fn check_user(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    binding: &Binding,
    user: &WireUser,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (field, mut tracked) in tx.fields(binding.id)? {
        if let Some(seen) = user_value(user, field) {
            tracked.read(seen, now, policy.proof);
            tx.put_field(binding.id, field, &tracked)?;
        }
    }
    if binding.strip {
        note_rights(tx, binding, user)?;
    }
    drift::look_at_fields(tx, knowledge, policy, binding, now)
}

/// What an account still holds directly is to be taken from it; one that holds nothing is done with (rule C6).
fn note_rights(tx: &Transaction<'_>, binding: &Binding, user: &WireUser) -> Result<(), StoreError> {
    let known = tx.fields(binding.id)?;
    let mut left = false;
    for field in [Field::Entitlements, Field::Roles] {
        let applied = user_value(user, field).flatten();
        let tracked = match known.get(&field) {
            // What a strip of unknown outcome came to takes two agreeing reads.
            Some(tracked) if tracked.maybe => tracked.clone(),
            Some(tracked) => Tracked {
                applied,
                ..tracked.clone()
            },
            None => Tracked::known(applied),
        };
        left |= tracked.needs_sending(&None);
        tx.put_field(binding.id, field, &tracked)?;
    }
    if !left {
        stripped(tx, binding.clone())?;
    }
    Ok(())
}

/// Nothing is left to be taken from the account.
pub(super) fn stripped(tx: &Transaction<'_>, binding: Binding) -> Result<(), StoreError> {
    tx.put_binding(&Binding {
        strip: false,
        ..binding
    })
}

/// A field's value as the answer shows it; `None` when the answer does not say.
#[expect(
    clippy::option_option,
    reason = "not said, said to be empty, and said to be a value are three things"
)]
pub(super) fn user_value(user: &WireUser, field: Field) -> Option<Option<String>> {
    let joined = |values: Vec<&str>| (!values.is_empty()).then(|| values.join(","));
    Some(match field {
        Field::DisplayName => user.display_name.clone(),
        Field::GivenName => user.name.given_name.clone(),
        Field::FamilyName => user.name.family_name.clone(),
        Field::ExternalId => user.external_id.clone(),
        Field::Active => Some(user.is_active()?.to_string()),
        Field::Assignment => return None,
        Field::Entitlements => joined(user.entitlements.iter().map(|item| item.value.as_str()).collect()),
        Field::Roles => joined(
            user.roles
                .iter()
                .filter(|role| role.kind.as_deref().is_none_or(|kind| kind == "direct"))
                .map(|item| item.value.as_str())
                .collect(),
        ),
    })
}

fn check_group(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    binding: &Binding,
    group: &WireGroup,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (field, mut tracked) in tx.fields(binding.id)? {
        let shown = match field {
            Field::DisplayName => Some(Some(group.display_name.clone())),
            Field::Entitlements => {
                let wanted = policy.entitlements_of(&binding.name);
                entitle::seen(&tracked, wanted.as_deref(), group)
            }
            _ => None,
        };
        if let Some(shown) = shown {
            tracked.read(shown, now, policy.proof);
            tx.put_field(binding.id, field, &tracked)?;
        }
    }
    let members: std::collections::HashSet<&str> = group.members.iter().map(|member| member.value.as_str()).collect();
    for (mut edge, upstream) in tx.edges_of_group(binding.id)? {
        let Some(upstream) = upstream else { continue };
        edge.tracked
            .read(members.contains(upstream.as_str()), now, policy.proof);
        let proven_absent =
            !edge.tracked.applied && !edge.tracked.maybe && edge.tracked.check_at(policy.proof).is_none();
        if proven_absent && edge.refusals == 0 {
            tx.drop_edge(edge.group, edge.member)?;
        } else {
            tx.put_edge(&edge)?;
        }
    }
    drift::look_at_members(tx, knowledge, policy, binding, group, now)
}

/// A look-up by name, for a binding that has no upstream id.
fn found_by_name(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    binding: Binding,
    found: &[Seen],
    attempts: u32,
    now: Timestamp,
) -> Result<Then, StoreError> {
    let Some(first) = found.first() else {
        return not_found_by_name(tx, policy, binding, attempts, now);
    };
    let mut seen = first.clone();
    seen.protected = match binding.kind {
        Kind::User => knowledge.protects_user(policy, &binding.name_key, Some(&seen.upstream)),
        Kind::Group => Knowledge::protects_group(policy, &binding.name_key),
    };
    seen.owned_by_another = tx
        .binding_of_upstream(&knowledge.target, binding.kind, &seen.upstream)?
        .is_some_and(|owner| owner.id != binding.id);
    let decided = tx.decisions(&binding.resource_id, &binding.name_key)?;
    match judge(&binding, &seen, &decided, policy) {
        Judged::Bind(Ownership::Ours) => {
            let sent = binding.sent.clone();
            let (id, kind) = (binding.id, binding.kind);
            let made = binding.clone();
            bind(tx, knowledge, binding, &seen.upstream, Ownership::Ours, now)?;
            confirm_sent(tx, id, kind, sent.as_ref(), &seen)?;
            entitle::note_due(tx, policy, &made, None)?;
            Ok(Then::Continue)
        }
        // What was there before is taken over as it is: it is read by id first, with everything about it.
        Judged::Bind(Ownership::Adopted | Ownership::Foreign) => {
            tx.put_in_inventory(
                &knowledge.target,
                &InventoryEntry {
                    kind: binding.kind,
                    upstream_id: seen.upstream.clone(),
                    name: binding.name.clone(),
                    name_key: binding.name_key.clone(),
                    active: seen.active,
                },
            )?;
            tx.put_binding(&Binding {
                existence: Existence::Unknown,
                unknown_at: None,
                agreed_at: None,
                sent: None,
                ..binding
            })?;
            Ok(Then::Continue)
        }
        // Nothing was ever sent that could have made it, and nobody wants it any more: it is somebody else's.
        Judged::Hold(_) if binding.role != Role::Current && binding.unknown_at.is_none() => {
            tx.put_binding(&Binding {
                existence: Existence::Unknown,
                ..binding
            })?;
            Ok(Then::Continue)
        }
        Judged::Hold(why) => Ok(Then::Hold(why)),
        Judged::Protected(why) => Ok(Then::Protected(why)),
    }
}

/// What a lost create of ours carried is what the object was seen to carry.
fn confirm_sent(
    tx: &Transaction<'_>,
    binding: crate::store::BindingId,
    kind: Kind,
    sent: Option<&serde_json::Value>,
    seen: &Seen,
) -> Result<(), StoreError> {
    let Some(sent) = sent else { return Ok(()) };
    let value = |pointer: &str| {
        sent.pointer(pointer)
            .and_then(|value| value.as_str())
            .map(str::to_owned)
    };
    let mut known = vec![(Field::DisplayName, value("/displayName"))];
    if kind == Kind::User {
        known.push((Field::GivenName, value("/name/givenName")));
        known.push((Field::FamilyName, value("/name/familyName")));
        known.push((Field::ExternalId, value("/externalId")));
        known.push((Field::Active, Some(seen.active.to_string())));
    }
    for (field, applied) in known {
        tx.put_field(binding, field, &Tracked::known(applied))?;
    }
    Ok(())
}

fn not_found_by_name(
    tx: &Transaction<'_>,
    policy: &Policy,
    binding: Binding,
    attempts: u32,
    now: Timestamp,
) -> Result<Then, StoreError> {
    let Some(unknown) = binding.unknown_at else {
        return taken_by_nobody(tx, binding, attempts, now);
    };
    let proving = unknown.plus(policy.proof);
    let second = binding.agreed_at.is_some_and(|first| first >= proving) && now >= proving;
    if second {
        tx.put_binding(&Binding {
            existence: Existence::Absent,
            absent_seen_at: Some(now),
            unknown_at: None,
            agreed_at: None,
            sent: None,
            ..binding
        })?;
    } else {
        tx.put_binding(&Binding {
            agreed_at: Some(now),
            ..binding
        })?;
    }
    Ok(Then::Continue)
}

/// Databricks said that the name is taken, and shows nobody of that name: twice, and it is tried again.
fn taken_by_nobody(tx: &Transaction<'_>, binding: Binding, attempts: u32, now: Timestamp) -> Result<Then, StoreError> {
    if binding.agreed_at.is_some() {
        tx.put_binding(&Binding {
            existence: Existence::Absent,
            absent_seen_at: Some(now),
            agreed_at: None,
            sent: None,
            ..binding
        })?;
        return Ok(Then::Again);
    }
    tx.put_binding(&Binding {
        agreed_at: Some(now),
        ..binding
    })?;
    let why = "failing: already-exists, but no object of that name can be found".to_owned();
    Ok(Then::Later(wait(After::RefusedGrant, attempts + 1), why))
}

/// Whether the account under the new name has everything, so that the old one can go (rule C5).
fn complete(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    binding: &Binding,
    user: &WireUser,
    attempts: u32,
    now: Timestamp,
) -> Result<Then, StoreError> {
    // It is a read like any other: a late effect of ours must not stay unseen behind it.
    check_user(tx, knowledge, policy, binding, user, now)?;
    let shown: std::collections::HashSet<&str> = user.groups.iter().map(|group| group.value.as_str()).collect();
    let wanted = tx.wanted_groups(&knowledge.target, binding.id)?;
    let has_all = wanted
        .iter()
        .all(|(upstream, _)| upstream.as_ref().is_none_or(|id| shown.contains(id.as_str())));
    if user.is_active() != Some(true) || !has_all {
        let why = "the new account does not show all memberships yet".to_owned();
        return Ok(Then::Later(wait(After::Trouble, attempts + 1), why));
    }
    for older in tx.bindings(&knowledge.target, &binding.resource_id)? {
        if older.role == Role::Retiring {
            tracing::info!(
                resource = %older.resource_id,
                old = older.upstream_id.as_ref().map_or("", |id| id.as_str()),
                "a renamed user's old account is retired; what it owns (notebooks, jobs, tokens) stays with it"
            );
            tx.enqueue_who_wants_name_of(&knowledge.target, &older, now)?;
            tx.put_binding(&Binding {
                role: Role::Tombstone,
                strip: true,
                ..older
            })?;
        }
    }
    tx.enqueue_groups_of(
        &knowledge.target,
        &binding.resource_id,
        Enqueue::at_once(QueueClass::Revocation, now),
    )?;
    Ok(Then::Continue)
}
