//! Which workspaces a group of the account is assigned to, so that its members reach them.
//!
//! One field tracks all of them, each call is about one. Nothing but a scan reads whole
//! lists of assignments; a single one is asked for only where an answer was lost, or where
//! a group was there before the bridge.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::drift;
use super::policy::Policy;
use super::scan::Seen;
use super::view::Knowledge;
use crate::clock::Timestamp;
use crate::id::UpstreamId;
use crate::store::{Difference, Drift, DriftKind, Field, Kind, Role, StoreError, Tracked, Transaction};

/// A workspace by its number; `None` = the one that the account is reached through.
pub type Workspace = Option<u64>;
/// Who of the account is in which workspace, by upstream id.
pub type Assigned = BTreeMap<Workspace, HashSet<u64>>;

/// The word for the workspace that the account is reached through.
const THIS: &str = "this";

fn split(value: Option<&str>) -> BTreeSet<Workspace> {
    let words = value.into_iter().flat_map(|text| text.split(','));
    words.map(|word| word.parse().ok()).collect()
}

/// Workspaces as the tracked field has them.
pub fn join(workspaces: &BTreeSet<Workspace>) -> Option<String> {
    let words: Vec<String> = workspaces
        .iter()
        .map(|workspace| workspace.map_or_else(|| THIS.to_owned(), |number| number.to_string()))
        .collect();
    (!words.is_empty()).then(|| words.join(","))
}

/// The next workspace to assign a group to, and the field's value after it; `None` when it is in all of them.
pub fn to_assign(tracked: Option<&Tracked<Option<String>>>, wanted: &[Workspace]) -> Option<(Workspace, String)> {
    let mut has = split(tracked.and_then(|tracked| tracked.applied.as_deref()));
    let missing = wanted.iter().find(|workspace| !has.contains(workspace));
    // What became of a lost answer is made sure of by asking again.
    let uncertain = || wanted.first().filter(|_| tracked.is_some_and(|tracked| tracked.maybe));
    let next = *missing.or_else(uncertain)?;
    has.insert(next);
    Some((next, join(&has)?))
}

/// The next workspace to take a group out of, and the field's value after it; `None` when it is in none.
pub fn to_remove(tracked: &Tracked<Option<String>>, configured: &[Workspace]) -> Option<(Workspace, Option<String>)> {
    let mut may_be_in = split(tracked.applied.as_deref());
    if tracked.maybe {
        may_be_in.extend(configured);
    }
    let next = may_be_in.pop_first()?;
    Some((next, join(&may_be_in)))
}

/// Where to look for it: where it is, and where it may be because an answer was lost, perhaps by a late effect.
pub fn candidates(tracked: &Tracked<Option<String>>, configured: &[Workspace]) -> Vec<Workspace> {
    let mut all = split(tracked.applied.as_deref());
    all.extend(configured);
    all.into_iter().collect()
}

/// After a scan that read the lists: an assignment that somebody ended is drift, seen twice a scan apart (rule B4).
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn look_after_scan(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    scanned: &Seen,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (target, assigned) = (&knowledge.target, &scanned.evidence.assigned);
    if assigned.is_empty() || !policy.drift.on {
        return Ok(());
    }
    for (binding, upstream, resource) in tx.bound(target, Kind::Group)? {
        let Some(mut tracked) = tx.fields(binding)?.remove(&Field::Assignment) else {
            continue;
        };
        let (Some(binding), Some(id)) = (tx.binding(binding)?, UpstreamId::parse(&upstream)) else {
            continue;
        };
        let own = binding.role == Role::Current && !tx.is_unclaimed(&resource)?;
        if !own || !drift::is_at_rest(&tracked) || tracked.applied.is_none() {
            continue;
        }
        let seen = still_in(&tracked, assigned, &id);
        let differs = seen != tracked.applied;
        tracked.read(seen, now, policy.proof);
        tx.put_field(binding.id, Field::Assignment, &tracked)?;
        let difference = Difference {
            kind: DriftKind::Field,
            part: Field::Assignment.as_str().to_owned(),
            widens: true,
        };
        let known = tx.drift_of(target, binding.id)?;
        let known = known.into_iter().find(|drift| drift.difference == difference);
        match (differs, known) {
            (false, None) => {}
            (false, Some(_)) => tx.drop_drift(target, binding.id, &difference)?,
            (true, known) => {
                let drift = known.unwrap_or(Drift {
                    difference,
                    first_at: now,
                    confirmed_at: None,
                    contested: false,
                    asked_at: None,
                });
                drift::settle_one(tx, knowledge, policy, &binding, drift, now)?;
            }
        }
    }
    Ok(())
}

/// Of the workspaces that a group was assigned to, those whose lists still show it; lists that were not read say nothing.
fn still_in(tracked: &Tracked<Option<String>>, assigned: &Assigned, id: &UpstreamId) -> Option<String> {
    let number: Option<u64> = id.as_str().parse().ok();
    let shows = |workspace: &Workspace| {
        let list = assigned.get(workspace);
        list.is_none_or(|list| number.is_some_and(|number| list.contains(&number)))
    };
    let all = split(tracked.applied.as_deref());
    join(&all.into_iter().filter(|workspace| shows(workspace)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(value: Option<&str>) -> Tracked<Option<String>> {
        Tracked::known(value.map(str::to_owned))
    }

    #[test]
    fn a_group_is_assigned_to_one_workspace_after_the_other() {
        let wanted = [Some(78), Some(77)];
        assert_eq!(to_assign(None, &wanted), Some((Some(78), "78".to_owned())));
        assert_eq!(
            to_assign(Some(&known(Some("78"))), &wanted),
            Some((Some(77), "77,78".to_owned()))
        );
        assert_eq!(to_assign(Some(&known(Some("77,78"))), &wanted), None);
        assert_eq!(to_assign(None, &[None]), Some((None, "this".to_owned())));
        let lost = Tracked {
            maybe: true,
            ..known(Some("this"))
        };
        assert_eq!(to_assign(Some(&lost), &[None]), Some((None, "this".to_owned())));
        assert_eq!(to_assign(Some(&lost), &[]), None);
    }

    #[test]
    fn a_group_is_taken_out_of_wherever_it_is_or_may_be() {
        assert_eq!(
            to_remove(&known(Some("77,78")), &[]),
            Some((Some(77), Some("78".to_owned())))
        );
        assert_eq!(to_remove(&known(Some("this")), &[None]), Some((None, None)));
        assert_eq!(to_remove(&known(None), &[None]), None);
        let lost = Tracked {
            maybe: true,
            ..known(None)
        };
        assert_eq!(
            to_remove(&lost, &[None]),
            Some((None, None)),
            "an assignment of ours may be there"
        );
    }

    #[test]
    fn lists_that_were_not_read_say_nothing() {
        let id = UpstreamId::parse("12").unwrap();
        let both = known(Some("77,78"));
        let lists = |lists: &[(u64, &[u64])]| -> Assigned {
            let lists = lists.iter();
            lists
                .map(|(workspace, ids)| (Some(*workspace), ids.iter().copied().collect()))
                .collect()
        };
        assert_eq!(still_in(&both, &lists(&[]), &id).as_deref(), Some("77,78"));
        assert_eq!(
            still_in(&both, &lists(&[(77, &[12]), (78, &[13])]), &id).as_deref(),
            Some("77")
        );
        assert_eq!(still_in(&both, &lists(&[(77, &[]), (78, &[])]), &id), None);
    }
}
