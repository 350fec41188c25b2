//! A target that does what it is asked, and holds what the newest scan saw and what was applied since.

use serde_json::Value;

use super::super::attempt::Attempt;
use super::super::call::Reply;
use super::super::plan::{Action, Purpose, Seen};
use crate::databricks::wire::{WireGroup, WireUser, WireValue};
use crate::id::{UpstreamId, fold};
use crate::store::{Binding, Field, Kind, Snapshot, StoreError};

/// What an account that was never read is taken to hold, so that taking it away is counted.
const USUAL_ENTITLEMENT: &str = "workspace-access";
/// The first number given to what is created; Databricks' own are shorter.
const FIRST_ID: u64 = 9_000_000_000_000_000_000;

/// Answers every call with success.
#[derive(Debug, Default)]
pub(super) struct Obedient {
    created: u64,
}

impl Obedient {
    /// What the call is answered with.
    pub(super) fn reply(&mut self, store: &Snapshot<'_>, target: &str, attempt: &Attempt) -> Result<Reply, StoreError> {
        let binding = &attempt.binding;
        Ok(match &attempt.call.action {
            Action::Create { .. } => {
                self.created += 1;
                Reply::Created(UpstreamId::parse(&(FIRST_ID + self.created).to_string()))
            }
            Action::Patch { .. }
            | Action::AddMembers { .. }
            | Action::RemoveMembers { .. }
            | Action::Strip { .. }
            | Action::Entitle { .. }
            | Action::Assign { .. }
            | Action::Unassign { .. }
            | Action::Delete { .. } => Reply::Done,
            // Of one that was there before nothing is known: it is taken to be in none.
            Action::LookAtAssignment { .. } => Reply::Assigned(None),
            Action::LookUp => Reply::Found(found(store, target, binding)?),
            Action::Read { upstream, purpose } => match binding.kind {
                Kind::User => Reply::User(Box::new(user(store, target, binding, upstream, *purpose)?)),
                Kind::Group => Reply::Group(group(store, binding, upstream)?),
            },
        })
    }
}

fn found(store: &Snapshot<'_>, target: &str, binding: &Binding) -> Result<Vec<Seen>, StoreError> {
    let entries = store.inventory_named(target, binding.kind, &binding.name_key)?;
    let seen = entries.into_iter().map(|entry| Seen {
        upstream: entry.upstream_id,
        active: entry.active,
        display_name: None,
        external_id: None,
        owned_by_another: false,
        protected: None,
    });
    Ok(seen.collect())
}

/// As the bridge last wrote it; of an account that is found, what the scan saw.
fn user(
    store: &Snapshot<'_>,
    target: &str,
    binding: &Binding,
    upstream: &UpstreamId,
    purpose: Purpose,
) -> Result<WireUser, StoreError> {
    let fields = store.fields(binding.id)?;
    let applied = |field: Field| fields.get(&field).and_then(|tracked| tracked.applied.clone());
    let mut user = WireUser {
        id: upstream.to_string(),
        user_name: fold(&binding.name),
        display_name: applied(Field::DisplayName),
        external_id: applied(Field::ExternalId),
        ..WireUser::default()
    };
    user.name.given_name = applied(Field::GivenName);
    user.name.family_name = applied(Field::FamilyName);
    let seen = store.inventory_named(target, Kind::User, &binding.name_key)?;
    let seen = seen.iter().find(|entry| entry.upstream_id == *upstream);
    let active = match applied(Field::Active) {
        Some(active) => active == "true",
        None => seen.is_none_or(|entry| entry.active),
    };
    user.active = Some(Value::Bool(active));
    let rights = |field: Field, usual: Option<&str>| match fields.get(&field) {
        Some(tracked) => tracked.applied.clone(),
        None => usual.map(str::to_owned),
    };
    let values = |joined: Option<String>| -> Vec<WireValue> {
        let joined = joined.unwrap_or_default();
        let each = joined.split(',').filter(|value| !value.is_empty());
        each.map(|value| WireValue {
            value: value.to_owned(),
            ..WireValue::default()
        })
        .collect()
    };
    user.entitlements = values(rights(Field::Entitlements, Some(USUAL_ENTITLEMENT)));
    user.roles = values(rights(Field::Roles, None));
    if purpose == Purpose::Complete {
        let groups = store.wanted_groups(target, binding.id)?.into_iter();
        user.groups = groups
            .filter_map(|(group, _)| {
                Some(WireValue {
                    value: group?.to_string(),
                    ..WireValue::default()
                })
            })
            .collect();
    }
    Ok(user)
}

fn group(store: &Snapshot<'_>, binding: &Binding, upstream: &UpstreamId) -> Result<WireGroup, StoreError> {
    let edges = store.edges_of_group(binding.id)?.into_iter();
    let members = edges.filter(|(edge, _)| edge.tracked.applied).filter_map(|(_, id)| {
        Some(WireValue {
            value: id?.to_string(),
            ..WireValue::default()
        })
    });
    Ok(WireGroup {
        id: upstream.to_string(),
        display_name: binding.name.clone(),
        members: members.collect(),
        ..WireGroup::default()
    })
}
