//! What an operator has set or ordered: policies, decisions, the guard, a restored store.

use super::super::commands::{Done, execute};
use super::super::policy::{AdoptInactive, OnGroupDelete, OnNameReuse, OnRename, OnUserDelete};
use super::*;
use crate::store::{Answer, Command, GuardClass};

impl World {
    /// An order of the operator; gives the sentence it is answered with.
    pub(super) fn order(&mut self, name: &str, arguments: Value) -> Result<String, String> {
        let command = Command {
            number: 1,
            name: name.to_owned(),
            arguments,
            outcome: None,
        };
        let (knowledge, now) = (self.knowledge.clone(), self.now);
        match self.write(move |tx| execute(tx, &knowledge, &command, now)) {
            Done::Well(what) => Ok(what),
            Done::Failed(why) => Err(why),
            Done::Import(_) => panic!("no import was ordered"),
        }
    }

    /// A create that waits for its outcome; gives its id and revision.
    pub(super) fn create_waiting(&mut self, kind: Kind, name: &str, external_id: &str) -> (ScimId, i64) {
        let request = Request {
            waits: true,
            ..Request::default()
        };
        let (id, directory) = (ScimId::random(), self.directory.clone());
        let (urn, key) = match kind {
            Kind::User => ("urn:ietf:params:scim:schemas:core:2.0:User", "userName"),
            Kind::Group => ("urn:ietf:params:scim:schemas:core:2.0:Group", "displayName"),
        };
        let body = json!({ "schemas": [urn], key: name, "externalId": external_id });
        let made = self
            .runtime
            .block_on(directory.create(&request, kind, id.clone(), body));
        let Ok(accepted) = made else {
            panic!("{name} is not accepted")
        };
        (id, accepted.revision.unwrap())
    }

    pub(super) fn patch(&mut self, kind: Kind, id: &ScimId, operation: &Value) {
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] });
        let (directory, edit) = (self.directory.clone(), crate::directory::Edit::Patch);
        let request = Request::default();
        let patched = self
            .runtime
            .block_on(directory.edit(&request, kind, id.as_str(), edit, body));
        assert!(patched.is_ok());
    }

    fn answer_of(&self, revision: i64) -> Option<Answer> {
        self.store.read(|snapshot| snapshot.answer(revision)).unwrap()
    }

    pub(super) fn outcomes(&self) -> Vec<String> {
        let query = crate::store::LogQuery {
            limit: 1000,
            ..Default::default()
        };
        let entries = self.store.read::<_, StoreError, _>(|snapshot| snapshot.log(&query));
        entries.unwrap().into_iter().map(|entry| entry.outcome).collect()
    }

    pub(super) fn held(&self, why: &str) -> usize {
        let begins = format!("held: {why}");
        self.outcomes()
            .iter()
            .filter(|outcome| outcome.starts_with(&begins))
            .count()
    }

    pub(super) fn account(&self, name: &str) -> Option<&ModelUser> {
        self.model.users.values().find(|user| user.name == name)
    }

    pub(super) fn members(&self, name: &str) -> usize {
        let group = self.model.groups.values().find(|group| group.name == name);
        group.map_or(usize::MAX, |group| group.members.len())
    }

    pub(super) fn foreign_group(&mut self, name: &str, members: &[&str]) {
        let id = self.model.id();
        let group = model::ModelGroup {
            name: name.to_owned(),
            members: members.iter().map(|&member| member.to_owned()).collect(),
            ..model::ModelGroup::default()
        };
        self.model.groups.insert(id, group);
        self.scan();
    }

    pub(super) fn id_of(&self, name: &str) -> String {
        let found = self.model.users.iter().find(|(_, user)| user.name == name);
        found.map(|(id, _)| id.clone()).unwrap()
    }
}

/// A world with so many users, made and settled.
pub(super) fn world_of(users: u8) -> World {
    let mut world = World::new(1, false);
    for user in 0..users {
        world.edit(Edit::CreateUser(user));
    }
    world.settle();
    world
}

#[test]
fn a4_a_group_whose_name_a_foreign_group_has_is_refused_and_leaves_nothing() {
    let mut world = world_of(0);
    let (id, revision) = world.create_waiting(Kind::Group, "Theirs", "t");
    world.settle();
    assert_eq!(world.answer_of(revision), Some(Answer::Refused));
    let left = world.store.read(|snapshot| snapshot.resource(id.as_str())).unwrap();
    assert!(left.is_none());
    assert_eq!(world.outcomes(), ["refused: name-taken"]);
    world.check_foreign();
}

#[test]
fn a3_a_create_that_was_accepted_or_written_since_is_held_and_stays() {
    let mut world = world_of(0);
    let (id, revision) = world.create_waiting(Kind::Group, "Theirs", "t");
    world.write(move |tx| tx.decide(revision, Answer::Accepted));
    world.settle();
    assert_eq!(world.held("adopt.groups"), 1);
    let mut world = world_of(0);
    let (other, revision) = world.create_waiting(Kind::Group, "Theirs", "t");
    world.patch(
        Kind::Group,
        &other,
        &json!({ "op": "replace", "path": "externalId", "value": "u" }),
    );
    world.settle();
    assert_eq!(world.answer_of(revision), Some(Answer::Undecided));
    assert_ne!(id, other);
    assert_eq!(world.held("adopt.groups"), 2, "{:?}", world.outcomes());
}

#[test]
fn a4_the_same_refusal_of_three_objects_is_the_targets_doing() {
    let mut world = world_of(0);
    let mut revisions = Vec::new();
    for name in ["one", "two", "three"] {
        world.foreign_group(name, &[]);
        revisions.push(world.create_waiting(Kind::Group, name, name).1);
        world.settle();
    }
    let answers: Vec<_> = revisions.iter().map(|revision| world.answer_of(*revision)).collect();
    let refused = Some(Answer::Refused);
    assert_eq!(answers, [refused, refused, Some(Answer::Undecided)]);
    assert_eq!(world.held("adopt.groups"), 1);
}

#[test]
fn a4_a_value_that_databricks_does_not_take_refuses_the_create_alone() {
    let mut world = world_of(1);
    let (id, revision) = world.create_waiting(Kind::User, "ana@example.test", "ana");
    assert_eq!(world.next_call(), "POST /Users");
    world.answer(Err(Model::refuse(400, "invalidValue: the e-mail address is not valid")));
    assert_eq!(world.answer_of(revision), Some(Answer::Refused));
    let refusal = world.store.read(|snapshot| snapshot.refusal(revision)).unwrap();
    assert!(refusal.unwrap().starts_with("invalid-value: "));
    let left = world.store.read(|snapshot| snapshot.resource(id.as_str())).unwrap();
    assert!(left.is_none());
    // The same about a change is recorded, and the change stays.
    world.edit(Edit::Show(0, 1));
    assert!(world.next_call().ends_with("displayName"));
    world.answer(Err(Model::refuse(400, "invalidValue: the display name is not valid")));
    assert!(world.outcomes().last().unwrap().starts_with("failing"));
    let (_, revision) = world.create_waiting(Kind::User, "ben@example.test", "ben");
    assert_eq!(world.next_call(), "POST /Users");
    world.answer(Err(Model::refuse(400, "something else altogether")));
    assert_eq!(world.answer_of(revision), Some(Answer::Undecided));
}

#[test]
fn c3_a_group_that_is_adopted_keeps_its_members_until_entra_or_an_operator_removes_them() {
    let mut world = world_of(3);
    let ids: Vec<String> = (0..3).map(|n| world.id_of(&format!("user{n}@example.test"))).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    world.foreign_group("Old", &[ids[0], ids[1], ids[2], "1000000001"]);
    let (group, _) = world.create_waiting(Kind::Group, "old", "o");
    world.patch(
        Kind::Group,
        &group,
        &json!({ "op": "replace", "path": "externalId", "value": "p" }),
    );
    world.settle();
    assert_eq!(world.members("Old"), 4);
    assert!(world.order("adopt", json!({ "name": "nobody" })).is_err());
    world.order("adopt", json!({ "name": "OLD" })).unwrap();
    world.settle();
    // It has the name that is wanted now, and everybody who was in it.
    assert_eq!(world.members("old"), 4);
    world.groups.insert(0, group);
    world.edit(Edit::RemoveMember(0, 1));
    world.settle();
    assert_eq!(world.members("old"), 3, "Entra's word counts");
    world.edit(Edit::AddMember(0, 0));
    world.settle();
    world.order("prune", json!({ "name": "old" })).unwrap();
    world.settle();
    // User 0 is wanted by now, the administrator is nobody of ours.
    assert_eq!(world.members("old"), 2);
    world.edit(Edit::RemoveMember(0, 0));
    world.settle();
    assert_eq!(world.members("old"), 1);
}

#[test]
fn c3_groups_of_a_pattern_are_adopted_at_once() {
    let mut world = world_of(0);
    world.policy.adopt_groups = vec!["da*".to_owned()];
    world.foreign_group("Data", &[]);
    world.create_waiting(Kind::Group, "Data", "d");
    world.settle();
    assert_eq!(world.model.writes, 0);
    assert_eq!(world.outcomes(), ["applied"]);
}

#[test]
fn c3_an_inactive_account_waits_for_a_person_or_the_policy() {
    for by_policy in [false, true] {
        let mut world = world_of(0);
        if by_policy {
            world.policy.adopt_inactive = AdoptInactive::Adopt;
        }
        let stranger = ModelUser {
            name: "ana@example.test".to_owned(),
            ..ModelUser::default()
        };
        world.model.users.insert("77".to_owned(), stranger);
        world.scan();
        let (_, revision) = world.create_waiting(Kind::User, "ana@example.test", "ana");
        world.settle();
        if !by_policy {
            assert_eq!(world.held("adopt_inactive"), 1);
            assert_eq!(
                world.answer_of(revision),
                Some(Answer::Undecided),
                "held is not refused"
            );
            assert!(!world.account("ana@example.test").unwrap().active);
            world.order("adopt", json!({ "name": "ana@example.test" })).unwrap();
            world.settle();
        }
        assert!(world.account("ana@example.test").unwrap().active);
    }
}

#[test]
fn c5_a_rename_can_be_held_approved_or_refused() {
    for (policy, verdict, renamed) in [
        (OnRename::Hold, Some("approve"), true),
        (OnRename::Hold, Some("refuse"), false),
        (OnRename::Refuse, None, false),
        (OnRename::Recreate, None, true),
    ] {
        let mut world = world_of(1);
        world.policy.on_rename = policy;
        world.edit(Edit::Rename(0, 1));
        world.settle();
        if let Some(verdict) = verdict {
            assert_eq!(world.held("rename"), 1);
            assert!(world.account("user0.1@example.test").is_none());
            let order = json!({ "name": "user0.1@example.test", "verdict": verdict });
            world.order("rename", order).unwrap();
            world.settle();
        }
        assert_eq!(world.account("user0.1@example.test").is_some(), renamed, "{policy:?}");
        assert_eq!(
            world.account("user0@example.test").unwrap().active,
            !renamed,
            "{policy:?}"
        );
        // Everything else about the account goes on.
        world.edit(Edit::Show(0, 3));
        world.settle();
        let name = if renamed {
            "user0.1@example.test"
        } else {
            "user0@example.test"
        };
        assert_eq!(world.account(name).unwrap().display.as_deref(), Some("Shown 3"));
        world.edit(Edit::SetActive(0, false));
        world.settle();
        assert!(
            world
                .model
                .users
                .values()
                .all(|user| !user.active || !user.name.starts_with("user0"))
        );
    }
}

#[test]
fn c6_and_c7_what_is_deleted_can_be_deleted_upstream() {
    let mut world = world_of(2);
    world.policy.on_user_delete = OnUserDelete::Delete;
    world.policy.on_group_delete = OnGroupDelete::Delete;
    world.edit(Edit::CreateGroup(0));
    world.edit(Edit::AddMember(0, 0));
    world.settle();
    world.edit(Edit::DeleteUser(0));
    world.edit(Edit::DeleteGroup(0));
    world.settle();
    assert!(world.account("user0@example.test").is_none());
    assert_eq!(world.members("Group 0"), usize::MAX);
    assert!(world.account("user1@example.test").unwrap().active);
}

#[test]
fn c6_a_name_that_comes_back_with_another_external_id_waits_for_a_person() {
    for reuse in [false, true] {
        let mut world = world_of(1);
        if reuse {
            world.policy.on_name_reuse = OnNameReuse::Reuse;
        }
        world.edit(Edit::DeleteUser(0));
        world.settle();
        world.create_waiting(Kind::User, "user0@example.test", "somebody else");
        world.settle();
        if !reuse {
            assert_eq!(world.held("on_name_reuse"), 1);
            assert!(!world.account("user0@example.test").unwrap().active);
            world.order("adopt", json!({ "name": "user0@example.test" })).unwrap();
            world.settle();
        }
        assert!(world.account("user0@example.test").unwrap().active);
    }
}

#[test]
fn b4_a_vanished_object_is_made_again_on_order() {
    let mut world = world_of(1);
    let id = world.id_of("user0@example.test");
    world.model.users.remove(&id);
    world.edit(Edit::Show(0, 1));
    world.settle();
    assert_eq!(world.held("vanished"), 1);
    world.scan();
    world
        .order("recreate", json!({ "name": "user0@example.test" }))
        .unwrap();
    world.settle();
    assert!(world.account("user0@example.test").unwrap().active);
}

/// The guard of small worlds.
pub(super) fn guarded(users: u8) -> World {
    let mut world = world_of(users);
    world.policy.guard.more_than = 2;
    world.policy.guard.percent = 20;
    // Not within what a world waits for when it comes to rest.
    world.policy.guard.alarm_after = Duration::from_hours(48);
    world
}

#[test]
fn e6_a_burst_of_leavers_is_held_before_the_first_of_them_is_touched() {
    let mut world = guarded(6);
    for user in 0..3 {
        world.edit(Edit::SetActive(user, false));
    }
    world.edit(Edit::Show(5, 1));
    world.settle();
    let active = |world: &World| world.model.users.values().filter(|user| user.active).count();
    assert_eq!(active(&world), 2 + 6);
    assert_eq!(world.held("guard: deactivations"), 3);
    assert_eq!(
        world.account("user5@example.test").unwrap().display.as_deref(),
        Some("Shown 1")
    );
    // Time alone lets nothing pass.
    world.step_time(Duration::from_hours(30));
    world.settle();
    assert_eq!(active(&world), 2 + 6);
    world.order("resume", json!({ "name": "user1@example.test" })).unwrap();
    world.settle();
    assert_eq!(active(&world), 2 + 5);
    assert!(!world.account("user1@example.test").unwrap().active);
    assert!(world.order("resume", json!({ "name": "nobody" })).is_err());
    world.order("resume", json!({})).unwrap();
    world.settle();
    assert_eq!(active(&world), 2 + 3);
    // It counts anew: one more leaver is none too many.
    world.edit(Edit::SetActive(3, false));
    world.settle();
    assert_eq!(active(&world), 2 + 2);
}

#[test]
fn e6_leavers_one_by_one_close_the_guard_within_its_hour_and_not_beyond() {
    for (pause, closed) in [(Duration::from_mins(5), true), (Duration::from_mins(40), false)] {
        let mut world = guarded(6);
        for user in 0..4 {
            world.edit(Edit::SetActive(user, false));
            world.settle();
            world.step_time(pause);
        }
        let held = world.held("guard");
        assert_eq!(held > 0, closed, "{pause:?}");
        let left = world.model.users.values().filter(|user| user.active).count();
        assert_eq!(left, if closed { 2 + 4 } else { 2 + 2 });
    }
}

#[test]
fn e6_a_group_that_loses_too_many_keeps_them_and_gets_those_who_come() {
    let mut world = guarded(6);
    world.edit(Edit::CreateGroup(0));
    for user in 0..5 {
        world.edit(Edit::AddMember(0, user));
    }
    world.settle();
    for user in 0..4 {
        world.edit(Edit::RemoveMember(0, user));
    }
    world.edit(Edit::AddMember(0, 5));
    world.settle();
    assert_eq!(world.members("Group 0"), 6);
    world.order("resume", json!({})).unwrap();
    world.settle();
    assert_eq!(world.members("Group 0"), 2);
}

#[test]
fn e6_too_many_renames_are_held() {
    let mut world = guarded(6);
    for user in 0..3 {
        world.edit(Edit::Rename(user, 1));
    }
    world.settle();
    let renamed = |world: &World| {
        world
            .model
            .users
            .values()
            .filter(|user| user.name.contains(".1@"))
            .count()
    };
    assert_eq!(renamed(&world), 0);
    assert_eq!(world.held(&format!("guard: {}", GuardClass::Renames.as_str())), 3);
    world.order("resume", json!({})).unwrap();
    world.settle();
    assert_eq!(renamed(&world), 3);
}

#[test]
fn d3_after_a_restore_nothing_is_given_before_entra_has_written_it_again() {
    let mut world = world_of(3);
    world.edit(Edit::CreateGroup(0));
    world.edit(Edit::AddMember(0, 0));
    world.edit(Edit::AddMember(0, 1));
    world.settle();
    // Since the backup Entra has disabled user 1 and taken user 0 out; the restored store does not know.
    for (number, active) in [(1, false), (2, false)] {
        let id = world.id_of(&format!("user{number}@example.test"));
        world.model.users.get_mut(&id).unwrap().active = active;
    }
    world.edit(Edit::SetActive(2, false));
    world.settle();
    world.edit(Edit::SetActive(2, true));
    let newest = world
        .users
        .values()
        .map(|id| world.store.read(|snapshot| snapshot.newest_revision(id)).unwrap())
        .max();
    world.write(move |tx| tx.set_fact("restored_at_revision", &newest.unwrap_or(0).to_string()));
    world.knowledge.restored_at = newest;
    world.settle();
    assert!(!world.account("user2@example.test").unwrap().active);
    assert_eq!(world.held("restored"), 1);
    // Taking away goes on.
    world.edit(Edit::SetActive(0, false));
    world.settle();
    assert!(!world.account("user0@example.test").unwrap().active);
    // Entra says the same again: that is enough.
    world.edit(Edit::SetActive(2, true));
    world.settle();
    assert!(world.account("user2@example.test").unwrap().active);
}
