//! What a person has said is about what was there when it was said: later it is no answer to another question
//! (rules C3, C5).

use super::super::policy::{OnRename, OnUserDelete};
use super::operations::{guarded, world_of};
use super::*;
use crate::store::Answer;

#[test]
fn c5_an_approval_is_for_one_rename_and_not_for_a_later_one() {
    let mut world = world_of(1);
    world.policy.on_rename = OnRename::Hold;
    world.edit(Edit::Rename(0, 1));
    world.settle();
    let order = json!({ "name": "user0.1@example.test", "verdict": "approve" });
    world.order("rename", order).unwrap();
    world.settle();
    assert!(world.account("user0.1@example.test").unwrap().active);
    // On to another name, approved too; the account of the first is deleted at the target.
    world.edit(Edit::Rename(0, 2));
    world.settle();
    let order = json!({ "name": "user0.2@example.test", "verdict": "approve" });
    world.order("rename", order).unwrap();
    world.settle();
    let old = world.id_of("user0.1@example.test");
    world.model.users.remove(&old);
    world.look();
    // Somebody else has an account of the first name by now.
    let stranger = ModelUser {
        name: "user0.1@example.test".to_owned(),
        active: true,
        ..ModelUser::default()
    };
    world.model.users.insert("77".to_owned(), stranger);
    world.scan();
    world.edit(Edit::Rename(0, 1));
    world.settle();
    assert_eq!(world.held("rename"), 1, "{:?}", world.outcomes());
    assert!(world.account("user0.2@example.test").unwrap().active);
}

#[test]
fn an_order_is_carried_out_only_where_it_is_asked_for() {
    let mut world = guarded(6);
    for user in 0..4 {
        world.edit(Edit::SetActive(user, false));
    }
    world.settle();
    let said = world.order("adopt", json!({ "name": "user0@example.test" }));
    assert!(said.is_err(), "nothing was found that could be adopted: {said:?}");
}

#[test]
fn a4_a_create_that_is_refused_again_and_again_is_one_object() {
    let mut world = world_of(0);
    for round in 0..4 {
        let (_, revision) = world.create_waiting(Kind::Group, "Theirs", "t");
        world.settle();
        let answer = world.store.read(|snapshot| snapshot.answer(revision)).unwrap();
        assert_eq!(answer, Some(Answer::Refused), "{round}");
    }
}

#[test]
fn a_setting_that_is_changed_ends_what_was_held_by_it() {
    let mut world = world_of(1);
    world.foreign_group("Old", &[]);
    let (_, revision) = world.create_waiting(Kind::Group, "Old", "o");
    world.write(move |tx| tx.decide(revision, Answer::Accepted));
    world.policy.on_rename = OnRename::Hold;
    world.edit(Edit::Rename(0, 1));
    world.settle();
    assert_eq!((world.held("adopt.groups"), world.held("rename")), (1, 1));
    world.crash();
    world.settle();
    assert_eq!((world.held("adopt.groups"), world.held("rename")), (1, 1));
    world.policy.adopt_groups = vec!["old".to_owned()];
    world.policy.on_rename = OnRename::Recreate;
    world.crash();
    world.settle();
    assert_eq!((world.held("adopt.groups"), world.held("rename")), (0, 0));
    assert!(world.account("user0.1@example.test").unwrap().active);
}

#[test]
fn c5_a_rename_that_meets_a_strangers_account_can_be_refused() {
    let mut world = world_of(1);
    world.edit(Edit::Rename(0, 1));
    // Since the scan a stranger got an account of that name.
    let stranger = ModelUser {
        name: "user0.1@example.test".to_owned(),
        active: true,
        ..ModelUser::default()
    };
    world.model.users.insert("77".to_owned(), stranger);
    world.settle();
    assert_eq!(world.held("rename"), 1);
    let order = json!({ "name": "user0.1@example.test", "verdict": "refuse" });
    world.order("rename", order).unwrap();
    world.settle();
    assert_eq!(world.held("rename"), 0, "{:?}", world.outcomes());
    world.edit(Edit::Show(0, 3));
    world.settle();
    assert!(world.account("user0@example.test").unwrap().active);
    assert!(
        world.account("user0.1@example.test").unwrap().active,
        "it is the stranger's"
    );
    assert_eq!(
        world.account("user0@example.test").unwrap().display.as_deref(),
        Some("Shown 3")
    );
}

#[test]
fn c5_the_old_account_of_a_renamed_user_is_deactivated_and_not_deleted() {
    let mut world = world_of(1);
    world.policy.on_user_delete = OnUserDelete::Delete;
    world.edit(Edit::Rename(0, 1));
    world.settle();
    assert!(!world.account("user0@example.test").unwrap().active);
    // With the user both accounts go.
    world.edit(Edit::DeleteUser(0));
    world.settle();
    assert_eq!(world.model.users.len(), 2);
}

#[test]
fn c6_a_name_that_becomes_free_ends_the_wait_for_it() {
    let mut world = world_of(1);
    world.policy.on_user_delete = OnUserDelete::Delete;
    world.edit(Edit::DeleteUser(0));
    let (id, _) = world.create_waiting(Kind::User, "user0@example.test", "somebody else");
    // Planned before the old account is deleted.
    let (knowledge, policy, now) = (world.knowledge.clone(), world.policy.clone(), world.now);
    world.write(move |tx| advance(tx, &knowledge, &policy, ALL, &id, now));
    assert_eq!(world.held("on_name_reuse"), 1);
    world.settle();
    assert!(world.account("user0@example.test").unwrap().active);
}

#[test]
fn c5_a_name_that_is_given_up_can_be_asked_for() {
    let mut world = world_of(2);
    world.edit(Edit::Rename(0, 1));
    let one = world.users[&1].clone();
    let name = json!({ "op": "replace", "path": "userName", "value": "user0@example.test" });
    world.patch(Kind::User, &one, &name);
    world.settle();
    assert_eq!(world.held("rename"), 1);
    let order = json!({ "name": "user0@example.test", "verdict": "refuse" });
    let said = world.order("rename", order);
    assert!(said.is_ok(), "{said:?} {:?}", world.outcomes());
    world.settle();
    assert_eq!(world.held("rename"), 0);
}

#[test]
fn c3_a_hold_ends_when_a_scan_shows_that_its_reason_is_gone() {
    let mut world = world_of(0);
    world.foreign_group("Old", &[]);
    let (_, revision) = world.create_waiting(Kind::Group, "Old", "o");
    world.write(move |tx| tx.decide(revision, Answer::Accepted));
    world.settle();
    assert_eq!(world.held("adopt.groups"), 1);
    world.model.groups.retain(|_, group| group.name != "Old");
    world.scan();
    world.settle();
    assert_eq!(world.members("Old"), 0, "{:?}", world.outcomes());
}
