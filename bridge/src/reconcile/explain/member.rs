//! One membership: desired, applied, observed, and what it waits for (rule B8).

use std::collections::HashSet;

use serde::Serialize;

use super::super::guard::Closed;
use super::super::rehearse::quoted;
use super::{Explaining, Found};
use crate::id::ScimId;
use crate::store::{Binding, EdgeRow, GuardClass, Role, StoreError, Stored};

/// A membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "desired, applied and inherited are facts that do not depend on each other"
)]
pub struct Membership {
    /// The member's userName or displayName.
    pub member: String,
    /// The account, where it is not the current one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The group's displayName.
    pub group: String,
    /// Whether it is wanted.
    pub desired: bool,
    /// Whether it was last confirmed.
    pub applied: bool,
    /// What a read showed, where it differs from what was confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<bool>,
    /// Found at adoption or import (rule C3).
    pub inherited: bool,
    /// What follows.
    pub state: String,
    /// It is as wanted, and nothing about it is open.
    #[serde(skip)]
    pub is_settled: bool,
}

/// The two ends of a membership.
struct Ends<'a> {
    member: &'a ScimId,
    group: &'a ScimId,
    account: Option<&'a Binding>,
    home: Option<&'a Binding>,
}

/// The membership of `member` in `group`, for each account that has one, or might.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be read.
pub fn membership(of: &Explaining<'_>, member: &Found, group: &Found) -> Result<Vec<Membership>, StoreError> {
    let (store, target) = (of.store, of.target());
    let desired = is_desired(of, &member.id, &group.id)?;
    let homes = store.bindings(target, &group.id)?;
    let accounts = store.bindings(target, &member.id)?;
    let mut found = Vec::new();
    for home in &homes {
        for account in &accounts {
            let edge = store.edge(home.id, account.id)?;
            if edge.is_some() || account.role == Role::Current {
                let ends = Ends {
                    member: &member.id,
                    group: &group.id,
                    account: Some(account),
                    home: Some(home),
                };
                found.push(explain(of, &ends, desired, edge.as_ref())?);
            }
        }
    }
    if found.is_empty() {
        let ends = Ends {
            member: &member.id,
            group: &group.id,
            account: current(&accounts),
            home: current(&homes),
        };
        found.push(explain(of, &ends, desired, None)?);
    }
    Ok(found)
}

fn is_desired(of: &Explaining<'_>, member: &ScimId, group: &ScimId) -> Result<bool, StoreError> {
    let Some(group) = of.store.resource(group.as_str())? else {
        return Ok(false);
    };
    Ok(of.store.members(group.pk)?.iter().any(|other| other.id == *member))
}

fn current(bindings: &[Binding]) -> Option<&Binding> {
    bindings.iter().find(|binding| binding.role == Role::Current)
}

/// The groups of a user.
pub(super) fn of_user(
    of: &Explaining<'_>,
    stored: Option<&Stored>,
    bindings: &[Binding],
) -> Result<Vec<Membership>, StoreError> {
    let store = of.store;
    let mut found = Vec::new();
    let mut told = HashSet::new();
    let wanted = match stored {
        Some(stored) => store.groups_of(stored.pk)?,
        None => Vec::new(),
    };
    for binding in bindings {
        for edge in store.edges_of_member(binding.id)? {
            let Some(home) = store.binding(edge.group)?.filter(|home| home.role != Role::Gone) else {
                continue;
            };
            let desired = wanted.iter().any(|(group, _)| *group == home.resource_id);
            if binding.role == Role::Current {
                told.insert(home.resource_id.clone());
            }
            let ends = Ends {
                member: &binding.resource_id,
                group: &home.resource_id,
                account: Some(binding),
                home: Some(&home),
            };
            found.push(explain(of, &ends, desired, Some(&edge))?);
        }
    }
    for (group, _) in wanted.iter().filter(|(group, _)| !told.contains(group)) {
        let homes = store.bindings(of.target(), group)?;
        let Some(stored) = stored else { continue };
        let ends = Ends {
            member: &stored.id,
            group,
            account: current(bindings),
            home: current(&homes),
        };
        found.push(explain(of, &ends, true, None)?);
    }
    Ok(found)
}

/// The members of a group.
pub(super) fn of_group(
    of: &Explaining<'_>,
    stored: Option<&Stored>,
    bindings: &[Binding],
) -> Result<Vec<Membership>, StoreError> {
    let store = of.store;
    let mut found = Vec::new();
    let mut told = HashSet::new();
    let wanted = match stored {
        Some(stored) => store.members(stored.pk)?,
        None => Vec::new(),
    };
    let ids: HashSet<&ScimId> = wanted.iter().map(|member| &member.id).collect();
    for home in bindings {
        for (edge, _) in store.edges_of_group(home.id)? {
            let Some(account) = store.binding(edge.member)?.filter(|account| account.role != Role::Gone) else {
                continue;
            };
            if account.role == Role::Current {
                told.insert(account.resource_id.clone());
            }
            let ends = Ends {
                member: &account.resource_id,
                group: &home.resource_id,
                account: Some(&account),
                home: Some(home),
            };
            found.push(explain(of, &ends, ids.contains(&account.resource_id), Some(&edge))?);
        }
    }
    for member in wanted.iter().filter(|member| !told.contains(&member.id)) {
        let accounts = store.bindings(of.target(), &member.id)?;
        let Some(stored) = stored else { continue };
        let ends = Ends {
            member: &member.id,
            group: &stored.id,
            account: current(&accounts),
            home: current(bindings),
        };
        found.push(explain(of, &ends, true, None)?);
    }
    Ok(found)
}

fn explain(
    of: &Explaining<'_>,
    ends: &Ends<'_>,
    desired: bool,
    edge: Option<&EdgeRow>,
) -> Result<Membership, StoreError> {
    let (member, group) = (of.name_of(ends.member)?, of.name_of(ends.group)?);
    let account = ends.account.filter(|account| account.role != Role::Current);
    let tracked = edge.map(|edge| &edge.tracked);
    let applied = tracked.is_some_and(|tracked| tracked.applied);
    let (state, is_settled) = state(of, ends, &member, &group, desired, edge)?;
    Ok(Membership {
        account: account.map(|account| format!("{} ({})", account.name, account.role.as_str())),
        observed: tracked
            .and_then(|tracked| tracked.observed)
            .filter(|seen| *seen != applied),
        inherited: edge.is_some_and(|edge| edge.inherited),
        member,
        group,
        desired,
        applied,
        state,
        is_settled,
    })
}

/// What follows, and whether nothing does.
fn state(
    of: &Explaining<'_>,
    ends: &Ends<'_>,
    member: &str,
    group: &str,
    desired: bool,
    edge: Option<&EdgeRow>,
) -> Result<(String, bool), StoreError> {
    let open = |text: String| Ok((text, false));
    let applied = edge.is_some_and(|edge| edge.tracked.applied);
    let maybe = edge.is_some_and(|edge| edge.tracked.maybe);
    let parked = edge.and_then(|edge| Some((edge.refusals, edge.parked_until.filter(|until| *until > of.now)?)));
    let check = edge
        .and_then(|edge| edge.tracked.check_at(of.proof()))
        .map(|at| of.comes(at));
    // An old account stays where the person is wanted, until the new one is complete (rule C5).
    let role = ends.account.map_or(Role::Current, |account| account.role);
    let wanted_here = desired && matches!(role, Role::Current | Role::Retiring);
    if let Some((refusals, until)) = parked.filter(|_| wanted_here != applied || maybe) {
        let what = if wanted_here { "the addition" } else { "the removal" };
        return open(format!(
            "{what} was refused {refusals} times; tried again {}",
            of.comes(until)
        ));
    }
    if let (true, Some(check)) = (maybe, &check) {
        return open(format!(
            "an attempt had no answer; sent again, and what it came to is read {check}"
        ));
    }
    match (wanted_here, applied || maybe) {
        (true, true) if !maybe && role == Role::Retiring => {
            open("kept until the renamed user's new account is complete".to_owned())
        }
        (true, true) if !maybe => match check {
            Some(check) => open(format!("confirmed; verified by a read {check}")),
            None => Ok(("member".to_owned(), true)),
        },
        (true, _) => open(addition(of, ends, member, group)?),
        (false, true) if edge.is_some_and(|edge| edge.inherited) => Ok((
            format!(
                "inherited: kept until Entra removes it, or `scim-bridge prune {}` does",
                quoted(group)
            ),
            true,
        )),
        (false, true) => {
            let guard = Closed::load(of.store, of.target())?;
            let upstream = ends.account.and_then(|account| account.upstream_id.as_ref());
            if upstream.is_some_and(|id| guard.holds(GuardClass::Memberships, id.as_str())) {
                return open("the guard holds the removal; `scim-bridge resume` lets it pass".to_owned());
            }
            open("to be removed".to_owned())
        }
        (false, false) => match check {
            Some(check) => open(format!("removed; verified by a read {check}")),
            None => Ok(("not a member".to_owned(), true)),
        },
    }
}

/// What an addition waits for.
fn addition(of: &Explaining<'_>, ends: &Ends<'_>, member: &str, group: &str) -> Result<String, StoreError> {
    let is_there = |binding: Option<&Binding>| binding.is_some_and(|binding| binding.upstream_id.is_some());
    for (binding, id, name) in [(ends.home, ends.group, group), (ends.account, ends.member, member)] {
        if is_there(binding) {
            continue;
        }
        let held = of.store.hold_of(of.target(), id)?;
        return Ok(match held {
            Some(why) => format!(
                "waits for {name}, which is held: {}",
                why.replace(" NAME", &format!(" {}", quoted(name)))
            ),
            None => format!("waits for {name}, which is still to be made at the target"),
        });
    }
    Ok("to be added".to_owned())
}
