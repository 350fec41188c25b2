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
}

/// Compares what should be with what is. `earlier` are intents of the same directory before
/// its last edits: what was wanted then and is not now leaves a tombstone or a shell.
pub fn compare(intent: &Intent, earlier: &[&Intent], state: &State, baseline: &Baseline) -> Comparison {
    let mut result = Comparison::default();
    compare_users(intent, earlier, state, baseline, &mut result);
    compare_groups(intent, earlier, state, baseline, &mut result);
    result
}

fn compare_users(intent: &Intent, earlier: &[&Intent], state: &State, baseline: &Baseline, result: &mut Comparison) {
    let wanted: BTreeMap<&str, &str> = intent
        .users
        .values()
        .map(|user| (user.user_name.as_str(), user.display_name.as_str()))
        .collect();
    let known_before = |name: &str| {
        earlier
            .iter()
            .any(|then| then.users.values().any(|user| user.user_name == name))
    };
    for (name, display) in &wanted {
        match state.users.iter().find(|user| user.user_name == *name) {
            None => result.differences.push(format!("user {name}: missing at Databricks")),
            Some(user) if !user.active => result.differences.push(format!("user {name}: inactive at Databricks")),
            Some(user) if user.display_name.as_deref() != Some(*display) => {
                let shown = user.display_name.as_deref().unwrap_or("nothing");
                result
                    .differences
                    .push(format!("user {name}: displayName is {shown:?}, should be {display:?}"));
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
        if baseline.users.contains(&user.id) {
            result.explained.push(format!("user {name}: foreign, was there before"));
        } else if !user.active && known_before(name) {
            result.explained.push(format!("user {name}: tombstone, deactivated"));
        } else if user.active {
            result
                .differences
                .push(format!("user {name}: active at Databricks, wanted by nobody"));
        } else {
            result
                .differences
                .push(format!("user {name}: at Databricks, never wanted"));
        }
    }
}

fn compare_groups(intent: &Intent, earlier: &[&Intent], state: &State, baseline: &Baseline, result: &mut Comparison) {
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
            result.differences.push(format!("group {name}: missing at Databricks"));
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
                result.differences.push(format!("group {name}: {missing} is missing"));
            }
        }
        for extra in has.difference(&members) {
            result
                .differences
                .push(format!("group {name}: {extra} is a member, wanted by nobody"));
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
            result.differences.push(format!(
                "group {name}: at Databricks with {} members, wanted by nobody",
                group.members.len()
            ));
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
