//! Groups of the account are assigned to a workspace when they are there, and leave it before they are emptied.

use super::super::assign::Workspace;
use super::super::policy::Assign;
use super::*;
use crate::databricks::Level;
use crate::databricks::wire::Permission;

/// The workspace that the account is reached through.
const HERE: Workspace = None;

/// A world at account level whose groups "Group …" are assigned.
fn account() -> World {
    let mut world = World::new(1, false);
    world.policy.level = Level::AccountThroughWorkspace;
    world.policy.assign = Some(Assign {
        workspaces: vec![HERE],
        groups: vec!["group *".to_owned()],
        permission: Permission::User,
    });
    world
}

/// The same with users 0 to 2 in group 0.
fn office() -> World {
    let mut world = account();
    world.edit(Edit::CreateGroup(0));
    for user in 0..3 {
        world.edit(Edit::CreateUser(user));
        world.edit(Edit::AddMember(0, user));
    }
    world.settle();
    world
}

fn as_what(world: &World, name: &str) -> Option<String> {
    let (id, _) = world.model.groups.iter().find(|(_, group)| group.name == name).unwrap();
    world.model.assigned.get(&(id.clone(), HERE)).cloned()
}

/// Where in the trace something of this kind first stands.
fn place_of(trace: &[String], what: &str) -> usize {
    let found = trace.iter().position(|line| line.contains(what));
    found.unwrap_or_else(|| panic!("no {what} in {trace:?}"))
}

#[test]
fn a_group_is_assigned_once_it_is_there_and_leaves_before_it_is_emptied() {
    let mut world = office();
    assert_eq!(as_what(&world, "Group 0").as_deref(), Some("USER"));
    let writes = world.model.writes;
    world.look();
    assert_eq!(world.model.writes, writes, "once");
    let from = world.trace.len();
    world.edit(Edit::DeleteGroup(0));
    world.settle();
    assert_eq!(as_what(&world, "Group 0"), None);
    let trace = &world.trace[from..];
    assert!(place_of(trace, "none") < place_of(trace, "remove"), "{trace:?}");
    // The same group coming back has it all again.
    world.edit(Edit::CreateGroup(0));
    world.settle();
    assert_eq!(as_what(&world, "Group 0").as_deref(), Some("USER"));
}

#[test]
fn a_group_that_was_there_keeps_what_it_is() {
    let mut world = account();
    world.policy.adopt_groups = vec!["*".to_owned()];
    let id = world.model.id();
    let admins = model::ModelGroup {
        name: "Group 1".to_owned(),
        ..model::ModelGroup::default()
    };
    world.model.groups.insert(id.clone(), admins);
    world.model.assigned.insert((id, HERE), "ADMIN".to_owned());
    world.scan();
    world.edit(Edit::CreateGroup(1));
    world.settle();
    assert_eq!(as_what(&world, "Group 1").as_deref(), Some("ADMIN"));
    world.edit(Edit::DeleteGroup(1));
    world.settle();
    assert_eq!(as_what(&world, "Group 1"), None);
}

#[test]
fn b2_an_assignment_whose_answer_is_lost_is_ended_all_the_same() {
    let mut world = account();
    world.edit(Edit::CreateGroup(0));
    assert_eq!(world.next_call(), "POST /Groups");
    world.answer_truly();
    assert!(world.next_call().ends_with("USER"));
    let lost = || Err(DatabricksError::OutcomeUnknown(Unknown::TimedOut));
    let flying = world.flying[0].clone();
    assert!(world.take_effect(&flying).is_ok());
    world.answer(lost());
    world.edit(Edit::DeleteGroup(0));
    world.settle();
    assert_eq!(as_what(&world, "Group 0"), None);
}

#[test]
fn b6_a_removal_that_is_refused_keeps_nobody_in_the_group() {
    let mut world = office();
    world.edit(Edit::DeleteGroup(0));
    assert!(world.next_call().ends_with("none"));
    world.answer(Err(model::Model::refuse(400, "not now")));
    world.step_time(Duration::from_secs(10));
    let removal = world.next_call();
    assert!(removal.contains("remove"), "{removal}");
    world.answer_truly();
    world.settle();
    assert_eq!(as_what(&world, "Group 0"), None);
    assert!(world.group_mut("Group 0").members.is_empty());
}

#[test]
fn e6_what_many_would_lose_is_held_for_a_person() {
    let mut world = office();
    world.policy.guard.more_than = 1;
    world.policy.guard.percent = 0;
    world.policy.guard.alarm_after = Duration::from_hours(48);
    world.edit(Edit::DeleteGroup(0));
    world.settle();
    assert_eq!(as_what(&world, "Group 0").as_deref(), Some("USER"));
    world.order("resume", json!({})).unwrap();
    world.settle();
    assert_eq!(as_what(&world, "Group 0"), None);
}

#[test]
fn b4_an_assignment_that_somebody_ended_is_given_back_only_when_told() {
    for widen in [false, true] {
        let mut world = office();
        world.policy.drift.repair = true;
        world.policy.drift.widen = widen;
        // Seen once as it was given: what is never shown counts as ignored (rule B5).
        world.look();
        world.model.assigned.clear();
        for _ in 0..2 {
            assert_eq!(as_what(&world, "Group 0"), None, "one look is not enough");
            world.step_time(Duration::from_hours(6));
            world.look();
        }
        assert_eq!(as_what(&world, "Group 0").is_some(), widen);
        assert_eq!(world.drift_kinds().len(), usize::from(!widen));
    }
}
