//! What only follows from a change of another resource is no word of the client on this one: not on what was
//! imported (rule C4), not on what vanished (rule B4), not after a restore (rule D3).

use std::collections::HashMap;

use super::super::import::{Imported, Mapped, Order, import_user};
use super::foreign::office;
use super::operations::world_of;
use super::*;

fn take_in(world: &mut World, mapping: HashMap<String, Mapped>) {
    let seen = world.model.listed_users();
    let (knowledge, policy, now) = (world.knowledge.clone(), world.policy.clone(), world.now);
    world.write(move |tx| {
        let order = Order {
            target: TARGET,
            endpoint: "scim",
            keep_ids: false,
            mapping: &mapping,
        };
        for user in &seen {
            let imported = import_user(tx, &knowledge, &policy, &order, user, now)?;
            assert!(matches!(imported, Imported::New | Imported::LeftAlone));
        }
        Ok(())
    });
}

/// Somebody is at the target already.
fn world_with_another() -> World {
    let mut world = World::new(1, false);
    let user = model::ModelUser {
        name: "old@example.test".to_owned(),
        active: true,
        ..model::ModelUser::default()
    };
    world.model.users.insert("77".to_owned(), user);
    world.scan();
    world
}

#[test]
fn c4_an_unclaimed_user_is_not_changed_by_what_a_mapping_says() {
    let mut world = world_with_another();
    world.user_mut("old@example.test").display = Some("Shown".to_owned());
    let mapped = Mapped {
        name: "old@example.test".to_owned(),
        external_id: Some("f-1".to_owned()),
        id: None,
    };
    take_in(&mut world, HashMap::from([(mapped.name.clone(), mapped)]));
    world.user_mut("old@example.test").display = Some("Changed".to_owned());
    world.look();
    assert_eq!(world.model.writes, 0, "{:?}", world.trace);
}

#[test]
fn c4_an_unclaimed_user_who_vanishes_is_not_made_again() {
    let mut world = world_with_another();
    take_in(&mut world, HashMap::new());
    world.policy.drift.repair = true;
    world.policy.drift.widen = true;
    let id = world.id_of("old@example.test");
    world.model.users.remove(&id);
    world.look();
    assert_eq!(world.model.writes, 0, "{:?}", world.trace);
}

#[test]
fn b4_a_vanished_group_is_not_made_again_because_somebody_left() {
    let mut world = office();
    let id = world.model.groups.iter().find(|(_, group)| group.name == "Group 0");
    let id = id.map(|(id, _)| id.clone()).unwrap();
    world.model.groups.remove(&id);
    world.look();
    assert!(world.drift_kinds().contains(&"vanished".to_owned()));
    world.step_time(Duration::from_hours(1));
    world.edit(Edit::DeleteUser(0));
    world.settle();
    assert_eq!(world.members("Group 0"), usize::MAX, "{:?}", world.outcomes());
}

#[test]
fn d3_a_member_who_is_deleted_does_not_speak_for_the_group() {
    let mut world = world_of(3);
    world.edit(Edit::CreateGroup(0));
    world.edit(Edit::AddMember(0, 0));
    world.settle();
    world.edit(Edit::AddMember(0, 1));
    // The backup is from before that addition was sent.
    let group = world.groups[&0].clone();
    let newest = world.store.read(|snapshot| snapshot.newest_revision(&group)).unwrap();
    world.write(move |tx| tx.set_fact("restored_at_revision", &newest.to_string()));
    world.knowledge.restored_at = Some(newest);
    world.settle();
    assert_eq!(world.members("Group 0"), 1);
    world.edit(Edit::DeleteUser(0));
    world.settle();
    assert_eq!(world.members("Group 0"), 0);
}

#[test]
fn d3_a_manager_who_is_deleted_does_not_speak_for_his_people() {
    let mut world = world_of(2);
    let manager = world.users[&0].to_string();
    let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let id = world.users[&1].clone();
    world.patch(
        Kind::User,
        &id,
        &json!({ "op": "add", "path": format!("{urn}:manager"), "value": manager }),
    );
    world.edit(Edit::SetActive(1, false));
    world.settle();
    world.edit(Edit::SetActive(1, true));
    let newest = world.store.read(|snapshot| snapshot.newest_revision(&id)).unwrap();
    world.write(move |tx| tx.set_fact("restored_at_revision", &newest.to_string()));
    world.knowledge.restored_at = Some(newest);
    world.settle();
    world.edit(Edit::DeleteUser(0));
    assert_eq!(world.held("restored"), 1, "{:?}", world.outcomes());
    world.crash();
    world.settle();
    assert!(!world.account("user1@example.test").unwrap().active);
}
