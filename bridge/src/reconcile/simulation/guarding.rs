//! When the guard closes, whom it lets pass, and when that ends (rule E6).

use super::super::policy::OnGroupDelete;
use super::operations::guarded;
use super::*;

fn active(world: &World) -> usize {
    world.model.users.values().filter(|user| user.active).count()
}

/// The look at what the guard holds, as the worker takes it now and then.
fn watch(world: &World) {
    let (guard, now) = (world.policy.guard, world.now);
    world.write(move |tx| super::super::guard::alarm(tx, &guard, TARGET, now));
}

#[test]
fn e6_who_passed_once_does_not_pass_when_the_same_mistake_is_made_again() {
    let mut world = guarded(6);
    for user in 0..4 {
        world.edit(Edit::SetActive(user, false));
    }
    world.settle();
    world.order("resume", json!({})).unwrap();
    world.settle();
    assert_eq!(active(&world), 2 + 2);
    // It was one: everybody comes back, and a day later it is made again.
    for user in 0..4 {
        world.edit(Edit::SetActive(user, true));
    }
    world.settle();
    watch(&world);
    world.step_time(Duration::from_hours(24));
    for user in 0..4 {
        world.edit(Edit::SetActive(user, false));
    }
    world.settle();
    assert_eq!(active(&world), 2 + 6);
}

#[test]
fn e6_a_hold_that_holds_nobody_any_more_ends() {
    let mut world = guarded(6);
    for user in 0..4 {
        world.edit(Edit::SetActive(user, false));
    }
    world.settle();
    watch(&world);
    assert_eq!(active(&world), 2 + 6);
    for user in 0..4 {
        world.edit(Edit::SetActive(user, true));
    }
    world.settle();
    watch(&world);
    world.step_time(Duration::from_hours(2));
    world.edit(Edit::SetActive(5, false));
    world.settle();
    assert_eq!(active(&world), 2 + 5, "one leaver is none too many");
}

#[test]
fn e6_a_group_that_is_deleted_upstream_counts_for_everybody_in_it() {
    let mut world = guarded(6);
    world.policy.on_group_delete = OnGroupDelete::Delete;
    world.edit(Edit::CreateGroup(0));
    for user in 0..5 {
        world.edit(Edit::AddMember(0, user));
    }
    world.settle();
    world.edit(Edit::DeleteGroup(0));
    world.settle();
    assert_eq!(world.members("Group 0"), 5, "five people would lose a group");
    world.order("resume", json!({})).unwrap();
    world.settle();
    assert_eq!(world.members("Group 0"), usize::MAX);
}

#[test]
fn e6_the_share_is_of_those_who_have_an_account_not_of_those_who_are_to_get_one() {
    let mut world = guarded(6);
    for user in 10..40 {
        let name = format!("user{user}@example.test");
        let stranger = ModelUser {
            name,
            ..ModelUser::default()
        };
        world.model.users.insert(format!("9{user}"), stranger);
    }
    world.scan();
    for user in 10..40 {
        world.edit(Edit::CreateUser(user));
    }
    world.settle();
    assert_eq!(world.held("adopt_inactive"), 30);
    for user in 0..4 {
        world.edit(Edit::SetActive(user, false));
    }
    world.settle();
    assert_eq!(active(&world), 2 + 6, "four of six");
}
