//! Entitlements that groups are given by their names: once, only what is missing, and not fought for unasked.

use std::collections::BTreeSet;

use super::*;

fn given_to(world: &World, name: &str) -> Vec<String> {
    let group = world.model.groups.values().find(|group| group.name == name).unwrap();
    group.entitlements.iter().cloned().collect()
}

/// A world in which groups of the name "Group …" are given two entitlements.
fn office() -> World {
    let mut world = World::new(1, false);
    world.policy.entitlements = vec![(
        "group *".to_owned(),
        vec!["workspace-access".to_owned(), "databricks-sql-access".to_owned()],
    )];
    world.edit(Edit::CreateGroup(0));
    world.settle();
    world
}

#[test]
fn a_group_is_given_its_entitlements_once() {
    let mut world = office();
    assert_eq!(
        given_to(&world, "Group 0"),
        ["databricks-sql-access", "workspace-access"]
    );
    let writes = world.model.writes;
    world.policy.entitlements[0].1.push("allow-cluster-create".to_owned());
    world.look();
    world.edit(Edit::CreateUser(0));
    world.edit(Edit::AddMember(0, 0));
    world.settle();
    assert_eq!(world.model.writes, writes + 2, "the user and the membership");
    assert_eq!(given_to(&world, "Group 0").len(), 2, "a later pattern changes no group");
    world.policy.entitlements.clear();
    world.look();
    assert_eq!(
        given_to(&world, "Group 0").len(),
        2,
        "and neither does one that is gone"
    );
    assert_eq!(world.drift_kinds(), [""; 0]);
}

#[test]
fn a_group_that_is_adopted_is_given_what_it_lacks() {
    let mut world = office();
    world.policy.adopt_groups = vec!["*".to_owned()];
    let id = world.model.id();
    world.model.groups.insert(
        id,
        model::ModelGroup {
            name: "Group 1".to_owned(),
            entitlements: BTreeSet::from(["workspace-access".to_owned(), "allow-cluster-create".to_owned()]),
            ..model::ModelGroup::default()
        },
    );
    world.scan();
    world.edit(Edit::CreateGroup(1));
    let calls = world.trace.len();
    world.settle();
    let trace = &world.trace[calls..];
    let only_what_is_missing = |line: &String| line.trim_end().ends_with("add entitlements databricks-sql-access");
    assert!(trace.iter().any(only_what_is_missing), "{trace:?}");
    assert_eq!(given_to(&world, "Group 1").len(), 3);
}

#[test]
fn b4_an_entitlement_that_somebody_took_is_given_back_only_when_told() {
    for widen in [false, true] {
        let mut world = office();
        world.policy.drift.repair = true;
        world.policy.drift.widen = widen;
        // Seen once as it was given: what is never shown counts as ignored (rule B5).
        world.look();
        world.group_mut("Group 0").entitlements.remove("workspace-access");
        world.step_time(Duration::from_hours(6));
        world.look();
        world.settle();
        assert_eq!(given_to(&world, "Group 0").len(), if widen { 2 } else { 1 });
        assert_eq!(world.drift_kinds().len(), usize::from(!widen));
    }
}

#[test]
fn b2_a_lost_answer_is_asked_for_again() {
    let mut world = World::new(1, false);
    world.policy.entitlements = vec![("group *".to_owned(), vec!["workspace-access".to_owned()])];
    world.edit(Edit::CreateGroup(0));
    assert_eq!(world.next_call(), "POST /Groups");
    world.answer_truly();
    assert!(world.next_call().ends_with("add entitlements workspace-access"));
    world.answer(Err(DatabricksError::OutcomeUnknown(Unknown::TimedOut)));
    world.settle();
    assert_eq!(given_to(&world, "Group 0"), ["workspace-access"]);
}
