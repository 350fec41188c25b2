//! The comparison itself: every difference, in either direction, explained or not.

use std::collections::{BTreeMap, BTreeSet};

use super::directory::{Intent, IntentGroup};
use crate::stack::control::State;

/// What Databricks held before the bridge wrote anything: foreign, unless adopted.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    users: BTreeSet<String>,
    groups: BTreeSet<String>,
}

impl Baseline {
    /// Everything in `state`.
    pub fn of(state: &State) -> Self {
        Self {
            users: state.users.iter().map(|user| user.id.clone()).collect(),
            groups: state.groups.iter().map(|group| group.id.clone()).collect(),
        }
    }
}

/// What may differ, and why: a hold, drift, a foreign object. Each that does is listed.
#[derive(Debug, Clone, Default)]
pub struct Allowances {
    /// By `userName`, lower-cased; covers the user's memberships too.
    pub users: BTreeMap<String, String>,
    /// By `displayName`; covers the group's members too.
    pub groups: BTreeMap<String, String>,
    /// By the group's `displayName` and the member's `userName`, lower-cased.
    pub edges: BTreeMap<(String, String), String>,
}

impl Allowances {
    fn of_edge(&self, group: &str, user: &str) -> Option<&String> {
        let edge = self.edges.get(&(group.to_owned(), user.to_owned()));
        edge.or_else(|| self.users.get(user)).or_else(|| self.groups.get(group))
    }
}

/// The result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Differences that nothing explains. Equal means that there are none.
    pub differences: Vec<String>,
    /// Differences that are as they should be, each with its reason.
    pub explained: Vec<String>,
}

impl Comparison {
    /// Whether both sides are equal.
    pub const fn is_equal(&self) -> bool {
        self.differences.is_empty()
    }

    /// A difference, explained if there is a reason.
    fn note(&mut self, difference: String, reason: Option<&String>) {
        match reason {
            Some(reason) => self.explained.push(format!("{difference} ({reason})")),
            None => self.differences.push(difference),
        }
    }
}

/// Compares what should be with what is. `earlier` are intents of the same directory before
/// its last edits: what was wanted then and is not now leaves a tombstone or a shell.
pub fn compare(intent: &Intent, earlier: &[&Intent], state: &State, baseline: &Baseline) -> Comparison {
    compare_allowing(intent, earlier, state, baseline, &Allowances::default())
}

/// The same, where more may differ for a reason that is known.
pub fn compare_allowing(
    intent: &Intent,
    earlier: &[&Intent],
    state: &State,
    baseline: &Baseline,
    allowed: &Allowances,
) -> Comparison {
    let mut result = Comparison::default();
    compare_users(intent, earlier, state, baseline, allowed, &mut result);
    compare_groups(intent, earlier, state, baseline, allowed, &mut result);
    result
}

fn compare_users(
    intent: &Intent,
    earlier: &[&Intent],
    state: &State,
    baseline: &Baseline,
    allowed: &Allowances,
    result: &mut Comparison,
) {
    let wanted: BTreeMap<&str, &str> = intent
        .users
        .values()
        .map(|user| (user.user_name.as_str(), user.display_name.as_str()))
        .collect();
    let known_before = |name: &str| {
        let wanted = |then: &Intent| then.users.values().any(|user| user.user_name == name);
        earlier.iter().any(|then| wanted(then) || then.inactive.contains(name))
    };
    for (name, display) in &wanted {
        let reason = allowed.users.get(*name);
        match state.users.iter().find(|user| user.user_name == *name) {
            None => result.note(format!("user {name}: missing at Databricks"), reason),
            Some(user) if !user.active => result.note(format!("user {name}: inactive at Databricks"), reason),
            Some(user) if user.display_name.as_deref() != Some(*display) => {
                let shown = user.display_name.as_deref().unwrap_or("nothing");
                result.note(
                    format!("user {name}: displayName is {shown:?}, should be {display:?}"),
                    reason,
                );
            }
            Some(_) => {}
        }
    }
    for user in state
        .users
        .iter()
        .filter(|user| !wanted.contains_key(user.user_name.as_str()))
    {
        let name = &user.user_name;
        let reason = allowed.users.get(name);
        if baseline.users.contains(&user.id) {
            result.explained.push(format!("user {name}: foreign, was there before"));
        } else if !user.active && known_before(name) {
            result.explained.push(format!("user {name}: tombstone, deactivated"));
        } else if !user.active && intent.inactive.contains(name) {
            result.explained.push(format!("user {name}: wanted inactive"));
        } else if user.active {
            result.note(format!("user {name}: active at Databricks, wanted by nobody"), reason);
        } else {
            result.note(format!("user {name}: at Databricks, never wanted"), reason);
        }
    }
}

fn compare_groups(
    intent: &Intent,
    earlier: &[&Intent],
    state: &State,
    baseline: &Baseline,
    allowed: &Allowances,
    result: &mut Comparison,
) {
    let active: BTreeMap<&str, &str> = state
        .users
        .iter()
        .filter(|user| user.active)
        .map(|user| (user.id.as_str(), user.user_name.as_str()))
        .collect();
    let names = |people: &BTreeSet<String>| -> BTreeSet<String> {
        let people = people.iter().filter_map(|id| intent.users.get(id));
        people.map(|user| user.user_name.clone()).collect()
    };
    let wanted: BTreeMap<&str, &IntentGroup> = intent
        .groups
        .values()
        .map(|group| (group.display_name.as_str(), group))
        .collect();
    for (name, should) in &wanted {
        let Some(group) = state.groups.iter().find(|group| group.display_name == *name) else {
            result.note(
                format!("group {name}: missing at Databricks"),
                allowed.groups.get(*name),
            );
            continue;
        };
        let has: BTreeSet<String> = group
            .members
            .iter()
            .filter_map(|id| active.get(id.as_str()).map(|name| (*name).to_owned()))
            .collect();
        let (members, waiting) = (names(&should.people), names(&should.waiting));
        for missing in members.difference(&has) {
            if waiting.contains(missing) {
                result.explained.push(format!(
                    "group {name}: {missing} waits, Entra sends them when the group changes"
                ));
            } else {
                result.note(
                    format!("group {name}: {missing} is missing"),
                    allowed.of_edge(name, missing),
                );
            }
        }
        for extra in has.difference(&members) {
            result.note(
                format!("group {name}: {extra} is a member, wanted by nobody"),
                allowed.of_edge(name, extra),
            );
        }
    }
    let known_before = |name: &str| {
        earlier
            .iter()
            .any(|then| then.groups.values().any(|group| group.display_name == name))
    };
    for group in state
        .groups
        .iter()
        .filter(|group| !wanted.contains_key(group.display_name.as_str()))
    {
        let name = &group.display_name;
        if baseline.groups.contains(&group.id) {
            result
                .explained
                .push(format!("group {name}: foreign or protected, was there before"));
        } else if group.members.is_empty() && known_before(name) {
            result.explained.push(format!("group {name}: shell of a deleted group"));
        } else {
            let members = group.members.len();
            result.note(
                format!("group {name}: at Databricks with {members} members, wanted by nobody"),
                allowed.groups.get(name),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::equal::directory::IntentUser;
    use crate::stack::control::{StateGroup, StateUser};

    fn intent() -> Intent {
        let user = IntentUser {
            user_name: "ana@contoso.test".to_owned(),
            display_name: "Ana".to_owned(),
            held: Vec::new(),
        };
        let group = IntentGroup {
            display_name: "Ops".to_owned(),
            people: BTreeSet::from(["a".to_owned()]),
            waiting: BTreeSet::new(),
        };
        Intent {
            users: BTreeMap::from([("a".to_owned(), user)]),
            groups: BTreeMap::from([("g".to_owned(), group)]),
            ..Intent::default()
        }
    }

    fn state() -> State {
        State {
            users: vec![StateUser {
                id: "1".to_owned(),
                user_name: "ana@contoso.test".to_owned(),
                display_name: Some("Ana".to_owned()),
                active: true,
            }],
            groups: vec![StateGroup {
                id: "9".to_owned(),
                display_name: "Ops".to_owned(),
                members: vec!["1".to_owned()],
                entitlements: Vec::new(),
            }],
        }
    }

    fn differences(change: impl FnOnce(&mut State)) -> Vec<String> {
        let mut state = state();
        change(&mut state);
        compare(&intent(), &[], &state, &Baseline::default()).differences
    }

    #[test]
    fn the_same_on_both_sides_is_equal() {
        assert!(differences(|_| {}).is_empty());
    }

    #[test]
    fn every_kind_of_difference_is_named() {
        assert_eq!(differences(|state| state.users.clear()).len(), 2);
        assert_eq!(differences(|state| state.users[0].active = false).len(), 2);
        assert_eq!(differences(|state| state.users[0].display_name = None).len(), 1);
        assert_eq!(
            differences(|state| state.groups[0].members.clear()),
            ["group Ops: ana@contoso.test is missing"]
        );
        assert_eq!(
            differences(|state| state.groups[0].display_name = "Other".to_owned()).len(),
            2
        );
        let stranger = StateUser {
            id: "2".to_owned(),
            user_name: "eve@contoso.test".to_owned(),
            display_name: None,
            active: true,
        };
        assert_eq!(
            differences(|state| {
                state.users.push(stranger);
                state.groups[0].members.push("2".to_owned());
            })
            .len(),
            2
        );
    }

    #[test]
    fn a_member_who_waits_is_explained_and_may_be_there() {
        let mut intent = intent();
        intent.groups.get_mut("g").unwrap().waiting.insert("a".to_owned());
        let mut state = state();
        let there = compare(&intent, &[], &state, &Baseline::default());
        assert_eq!(there, Comparison::default());
        state.groups[0].members.clear();
        let compared = compare(&intent, &[], &state, &Baseline::default());
        assert!(compared.is_equal(), "{compared:?}");
        assert_eq!(
            compared.explained,
            ["group Ops: ana@contoso.test waits, Entra sends them when the group changes"]
        );
    }

    #[test]
    fn what_is_allowed_to_differ_is_explained_and_nothing_else() {
        let mut state = state();
        state.users[0].active = false;
        state.groups[0].members.clear();
        let held = Allowances {
            users: BTreeMap::from([("ana@contoso.test".to_owned(), "held".to_owned())]),
            ..Allowances::default()
        };
        let compared = compare_allowing(&intent(), &[], &state, &Baseline::default(), &held);
        assert!(compared.is_equal(), "{compared:?}");
        assert_eq!(compared.explained.len(), 2);
        let drift = Allowances {
            edges: BTreeMap::from([(("Ops".to_owned(), "ana@contoso.test".to_owned()), "drift".to_owned())]),
            ..Allowances::default()
        };
        let compared = compare_allowing(&intent(), &[], &state, &Baseline::default(), &drift);
        assert_eq!(compared.differences, ["user ana@contoso.test: inactive at Databricks"]);
        assert_eq!(compared.explained, ["group Ops: ana@contoso.test is missing (drift)"]);
    }

    #[test]
    fn who_is_wanted_without_access_may_be_there_inactive() {
        let mut state = state();
        state.users[0].active = false;
        state.groups.clear();
        let wanted = Intent {
            inactive: BTreeSet::from(["ana@contoso.test".to_owned()]),
            ..Intent::default()
        };
        let compared = compare(&wanted, &[], &state, &Baseline::default());
        assert!(compared.is_equal(), "{compared:?}");
        state.users[0].active = true;
        assert_eq!(compare(&wanted, &[], &state, &Baseline::default()).differences.len(), 1);
    }

    #[test]
    fn what_was_there_before_is_foreign() {
        let state = state();
        let compared = compare(&Intent::default(), &[], &state, &Baseline::of(&state));
        assert!(compared.is_equal());
        assert_eq!(compared.explained.len(), 2);
    }

    #[test]
    fn what_was_wanted_before_leaves_a_tombstone_and_a_shell() {
        let mut state = state();
        state.users[0].active = false;
        state.groups[0].members.clear();
        let before = intent();
        let compared = compare(&Intent::default(), &[&before], &state, &Baseline::default());
        assert!(compared.is_equal(), "{compared:?}");
    }
}
