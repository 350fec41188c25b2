//! After a scan: what it and the store together say of the target's shape.

use std::collections::HashMap;

use super::super::policy::Policy;
use super::super::scan::{Seen, SeenUser};
use super::{Evidence, Shape, Unsuitable, classify, unsuitable};
use crate::id::fold;
use crate::store::{Field, Kind, Snapshot, StoreError, Transaction};

/// Where the store keeps the shape.
const FACT: &str = "shape";

/// Classifies the target: its shape, and why nothing may be written to it, if so.
///
/// `refused` is what Databricks said when it refused a write for the target's shape since the scan before.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn settle(
    store: &Transaction<'_>,
    target: &str,
    policy: &Policy,
    seen: &Seen,
    refused: Option<String>,
) -> Result<(Shape, Option<Unsuitable>), StoreError> {
    let evidence = Evidence {
        to_be_written: to_be_written(store, target, policy, seen)?,
        refused,
        external_ids: external_ids(store, target, seen)?,
        ..seen.evidence.clone()
    };
    let shape = classify(&evidence);
    store.set_fact(FACT, &serde_json::json!(shape).to_string())?;
    Ok((shape, unsuitable(policy.level, &evidence)))
}

/// The shape that the newest scan has shown.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be read.
pub fn remembered(store: &Snapshot<'_>) -> Result<Shape, StoreError> {
    let known = store.fact(FACT)?;
    Ok(known
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default())
}

/// An account group that the bridge has, or takes over where it exists.
fn to_be_written(
    store: &Transaction<'_>,
    target: &str,
    policy: &Policy,
    seen: &Seen,
) -> Result<Option<String>, StoreError> {
    for group in seen
        .evidence
        .groups
        .iter()
        .filter(|group| group.of_account == Some(true))
    {
        let key = fold(&group.name);
        let mut is_bound = false;
        for binding in store.bindings_named(target, Kind::Group, &key)? {
            let of_account = binding.upstream_id.as_ref().is_some_and(|id| seen.is_of_account(id));
            // What was imported is not written before the client has spoken of it (rule C4).
            is_bound |= of_account && !store.is_unclaimed(&binding.resource_id)?;
        }
        let is_wanted = || -> Result<bool, StoreError> {
            let live = store.live_named("", &key)?;
            Ok(policy.adopts_group(&group.name) && live.iter().any(|stored| stored.kind == Kind::Group))
        };
        if is_bound || is_wanted()? {
            return Ok(Some(group.name.clone()));
        }
    }
    Ok(None)
}

/// How many users that were given an `externalId` the list shows with one, and without. The first one with it is enough.
fn external_ids(store: &Transaction<'_>, target: &str, seen: &Seen) -> Result<(u64, u64), StoreError> {
    let users: HashMap<&str, &SeenUser> = seen
        .users
        .iter()
        .map(|user| (user.entry.upstream_id.as_str(), user))
        .collect();
    let mut lost = 0;
    for (binding, upstream, _) in store.bound(target, Kind::User)? {
        let Some(user) = users.get(upstream.as_str()) else {
            continue;
        };
        let given = store.fields(binding)?.remove(&Field::ExternalId);
        if given.is_none_or(|tracked| tracked.maybe || tracked.applied.is_none()) {
            continue;
        }
        if user.external_id.is_some() {
            return Ok((1, lost));
        }
        lost += 1;
    }
    Ok((0, lost))
}
