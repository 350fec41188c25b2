//! Memberships that were found when a group was adopted or imported (rule C3): they stay until Entra removes
//! them, and every way in which Entra can do so counts.

use super::foreign::office;
use super::operations::world_of;
use super::*;

/// The group `Old` with users 0 and 1 in it, adopted; Entra has spoken of nobody in it. Its id.
fn adopted(world: &mut World) -> ScimId {
    let ids: Vec<String> = (0..2).map(|n| world.id_of(&format!("user{n}@example.test"))).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    world.policy.adopt_groups = vec!["old".to_owned()];
    world.foreign_group("Old", &ids);
    let (group, _) = world.create_waiting(Kind::Group, "Old", "o");
    world.settle();
    world.groups.insert(0, group.clone());
    assert_eq!(world.members("Old"), 2);
    group
}

#[test]
fn c3_whoever_empties_a_group_empties_it_of_inherited_members_too() {
    for operation in [
        json!({ "op": "Remove", "path": "members" }),
        json!({ "op": "Replace", "path": "members", "value": [] }),
    ] {
        let mut world = world_of(2);
        let group = adopted(&mut world);
        world.patch(Kind::Group, &group, &operation);
        world.settle();
        assert_eq!(world.members("Old"), 0, "{operation}");
    }
}

#[test]
fn c7_a_group_that_is_deleted_loses_its_inherited_members() {
    let mut world = world_of(2);
    adopted(&mut world);
    world.edit(Edit::DeleteGroup(0));
    world.settle();
    assert_eq!(world.members("Old"), 0);
}

#[test]
fn c6_a_person_who_is_deleted_and_comes_back_is_in_no_group_by_inheritance() {
    let mut world = world_of(2);
    adopted(&mut world);
    world.edit(Edit::DeleteUser(0));
    world.settle();
    assert_eq!(world.members("Old"), 1, "the deleted person is out of it");
    world.edit(Edit::CreateUser(0));
    world.settle();
    assert!(world.account("user0@example.test").unwrap().active);
    assert_eq!(world.members("Old"), 1, "nobody wanted the person back in");
}

#[test]
fn c3_memberships_of_an_account_that_is_adopted_are_inherited() {
    let mut world = office();
    world.policy.drift.repair = true;
    let stranger = ModelUser {
        name: "user9@example.test".to_owned(),
        active: true,
        ..ModelUser::default()
    };
    world.model.users.insert("77".to_owned(), stranger);
    world.group_mut("Group 0").members.insert("77".to_owned());
    world.scan();
    world.edit(Edit::CreateUser(9));
    world.settle();
    world.look();
    assert!(world.group_mut("Group 0").members.contains("77"));
}

#[test]
fn c3_whom_entra_took_out_before_the_adoption_does_not_stay_by_it() {
    let mut world = world_of(2);
    let ids: Vec<String> = (0..2).map(|n| world.id_of(&format!("user{n}@example.test"))).collect();
    world.foreign_group("Old", &[&ids[0], &ids[1]]);
    let (group, revision) = world.create_waiting(Kind::Group, "Old", "o");
    world.write(move |tx| tx.decide(revision, crate::store::Answer::Accepted));
    world.groups.insert(0, group);
    world.edit(Edit::AddMember(0, 0));
    world.edit(Edit::AddMember(0, 1));
    world.settle();
    world.edit(Edit::RemoveMember(0, 0));
    world.settle();
    world.order("adopt", json!({ "name": "Old" })).unwrap();
    world.settle();
    assert_eq!(world.members("Old"), 1);
}

#[test]
fn c3_a_membership_that_is_wanted_is_sent_although_it_was_found() {
    let mut world = office();
    let stranger = ModelUser {
        name: "user9@example.test".to_owned(),
        active: true,
        ..ModelUser::default()
    };
    world.model.users.insert("77".to_owned(), stranger);
    world.scan();
    world.edit(Edit::CreateUser(9));
    world.edit(Edit::AddMember(0, 9));
    assert_eq!(world.next_call(), "GET /Users/77");
    // Somebody has just taken the account out of the group, and the read is out of date.
    world.group_mut("Group 0").members.insert("77".to_owned());
    world.answer_truly();
    world.group_mut("Group 0").members.remove("77");
    world.settle();
    assert!(world.group_mut("Group 0").members.contains("77"));
}

#[test]
fn a13_a_group_that_is_pruned_of_wanted_members_has_another_version_and_an_entry_in_the_log() {
    let mut world = office();
    let (group, person) = (world.groups[&0].clone(), world.users[&0].clone());
    let found = group.clone();
    // As an import leaves it: wanted, because it was found.
    world.write(move |tx| {
        let (group, member) = (
            tx.bindings(TARGET, &found)?.remove(0),
            tx.bindings(TARGET, &person)?.remove(0),
        );
        let edge = tx.edge(group.id, member.id)?.expect("it is a member");
        tx.put_edge(&crate::store::EdgeRow {
            inherited: true,
            ..edge
        })
    });
    let version = |world: &World| {
        let read = world.store.read(|snapshot| snapshot.resource(group.as_str()));
        read.unwrap().map(|stored| stored.etag())
    };
    let before = version(&world);
    world.order("prune", json!({ "name": "Group 0" })).unwrap();
    world.settle();
    assert_ne!(version(&world), before);
    assert_eq!(world.members("Group 0"), 1);
    let query = crate::store::LogQuery {
        limit: 1,
        ..Default::default()
    };
    let newest = world
        .store
        .read::<_, StoreError, _>(|snapshot| snapshot.log(&query))
        .unwrap();
    assert_eq!(
        (newest[0].action.as_str(), newest[0].outcome.as_str()),
        ("prune", "applied")
    );
}
