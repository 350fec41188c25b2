//! Single cases, each a defect that there once was.

use super::*;

#[test]
fn an_initial_load_takes_no_more_writes_than_needed() {
    let mut edits: Vec<(Edit, u8)> = (0..5).map(|user| (Edit::CreateUser(user), 0)).collect();
    edits.push((Edit::CreateGroup(0), 0));
    edits.extend((0..5).map(|user| (Edit::AddMember(0, user), 0)));
    let world = run(1, &edits, false, false);
    // Five users; one group with two members inline, and two batches for the other three.
    assert_eq!(world.model.writes, 5 + 1 + 2);
}

#[test]
fn a_deleted_user_loses_every_membership() {
    let edits = [
        (Edit::CreateUser(0), 4),
        (Edit::CreateUser(1), 4),
        (Edit::CreateGroup(0), 4),
        (Edit::AddMember(0, 0), 4),
        (Edit::AddMember(0, 1), 8),
        (Edit::DeleteUser(0), 4),
    ];
    let world = run(1, &edits, false, false);
    let members = world
        .model
        .groups
        .values()
        .find(|group| group.name == "Group 0")
        .map(|group| group.members.len());
    assert_eq!(members, Some(1));
}

/// A world with one user, made and settled.
fn world_of_one() -> World {
    let mut world = World::new(1, false);
    world.edit(Edit::CreateUser(0));
    world.settle();
    world
}

#[test]
fn a_disable_that_comes_during_a_look_up_is_not_lost_with_the_hold_that_it_ends_in() {
    let mut world = world_of_one();
    world.edit(Edit::Rename(0, 1));
    assert_eq!(world.next_call(), "POST /Users");
    // Somebody made an inactive account of the new name a moment ago.
    let stranger = ModelUser {
        name: "user0.1@example.test".to_owned(),
        ..ModelUser::default()
    };
    world.model.users.insert("77".to_owned(), stranger);
    world.answer_truly();
    assert_eq!(world.next_call(), "GET /Users by name");
    world.edit(Edit::SetActive(0, false));
    world.answer_truly();
    world.settle();
    let old = world
        .model
        .users
        .values()
        .find(|user| user.name == "user0@example.test");
    assert!(!old.unwrap().active);
}

#[test]
fn a_disable_that_comes_during_a_refused_change_is_not_put_off_with_it() {
    let mut world = world_of_one();
    world.edit(Edit::Show(0, 1));
    assert!(world.next_call().ends_with("displayName"));
    world.edit(Edit::SetActive(0, false));
    world.answer(Err(Model::refuse(400, "no such name")));
    assert!(world.next_call().ends_with("active=false"));
}

#[test]
fn a_row_that_is_not_admitted_lets_the_others_go_first() {
    let mut world = world_of_one();
    world.edit(Edit::CreateUser(1));
    assert_eq!(world.next_call(), "POST /Users");
    world.answer_truly();
    world.edit(Edit::SetActive(0, false));
    world.edit(Edit::Show(1, 2));
    assert!(world.next_call().ends_with("active=false"));
    world.answer(Err(DatabricksError::NotAdmitted {
        status: 403,
        detail: "not yours".to_owned(),
    }));
    assert!(world.next_call().ends_with("displayName"));
    world.answer_truly();
    world.step_time(Duration::from_secs(10));
    assert!(world.next_call().ends_with("active=false"));
}

#[test]
fn an_account_disabled_long_ago_loses_its_rights_with_the_deletion() {
    let mut world = world_of_one();
    world.edit(Edit::SetActive(0, false));
    world.settle();
    world.edit(Edit::DeleteUser(0));
    world.settle();
    world.check();
}

#[test]
fn whoever_comes_back_is_active_only_after_the_old_rights_are_gone() {
    let mut world = world_of_one();
    for _ in 0..2 {
        world.edit(Edit::SetActive(0, false));
        world.settle();
        // Somebody gave a right again since the account was last stripped.
        for user in world
            .model
            .users
            .values_mut()
            .filter(|user| user.name.starts_with("user0"))
        {
            user.entitlements.insert("databricks-sql-access".to_owned());
        }
        world.edit(Edit::DeleteUser(0));
        world.edit(Edit::CreateUser(0));
        loop {
            let call = world.next_call();
            if call.is_empty() {
                break;
            }
            world.answer_truly();
            let user = world.model.users.values().find(|user| user.name.starts_with("user0"));
            let user = user.unwrap();
            assert!(!user.active || user.entitlements.is_empty(), "{user:?}");
        }
        world.settle();
        world.check();
    }
}

#[test]
fn a_member_who_is_gone_already_blocks_no_other_removal() {
    let mut world = World::new(1, false);
    for user in 0..4 {
        world.edit(Edit::CreateUser(user));
    }
    world.settle();
    world.edit(Edit::CreateGroup(0));
    for user in 0..4 {
        world.edit(Edit::AddMember(0, user));
    }
    world.settle();
    world.model.strict = true;
    let (id, group) = world.model.groups.last_key_value().unwrap();
    let (id, gone) = (id.clone(), group.members.first().unwrap().clone());
    world.model.groups.get_mut(&id).unwrap().members.remove(&gone);
    for user in 0..4 {
        world.edit(Edit::RemoveMember(0, user));
    }
    let writes = world.model.writes;
    world.settle();
    assert!(world.model.groups[&id].members.is_empty());
    assert!(world.model.writes <= writes + 10, "{}", world.model.writes - writes);
    assert!(world.queue().is_empty(), "{:?}", world.queue());
}

#[test]
fn a_create_that_is_refused_is_tried_without_members_and_then_backs_off() {
    let mut world = world_of_one();
    world.edit(Edit::CreateGroup(0));
    world.edit(Edit::AddMember(0, 0));
    assert_eq!(world.next_call(), "POST /Groups with 1 members");
    world.answer(Err(Model::refuse(400, "no such member, or no such name")));
    assert_eq!(world.next_call(), "POST /Groups");
    world.answer(Err(Model::refuse(400, "no such name")));
    assert_eq!(world.next_call(), "");
    world.settle();
    world.check();
}

#[test]
fn a_create_answered_404_had_no_effect() {
    let mut world = World::new(1, false);
    world.edit(Edit::CreateUser(0));
    assert_eq!(world.next_call(), "POST /Users");
    world.answer(Err(Model::refuse(404, "not now")));
    world.step_time(Duration::from_secs(30));
    assert_eq!(world.next_call(), "POST /Users");
}

#[test]
fn a_name_that_is_taken_and_then_free_is_taken() {
    let mut world = World::new(1, false);
    world.edit(Edit::CreateUser(0));
    assert_eq!(world.next_call(), "POST /Users");
    world.answer(Err(Model::refuse(409, "already exists")));
    for _ in 0..2 {
        assert_eq!(world.next_call(), "GET /Users by name");
        world.answer_truly();
        world.step_time(Duration::from_secs(30));
    }
    assert_eq!(world.next_call(), "POST /Users");
    // It is not asked for more often than any refused create.
    world.answer(Err(Model::refuse(409, "already exists")));
    assert_eq!(world.next_call(), "GET /Users by name");
    world.answer_truly();
    world.step_time(Duration::from_secs(30));
    assert_eq!(world.next_call(), "");
    world.settle();
    world.check();
}

#[test]
fn a_removal_that_is_refused_is_not_settled_and_tried_again() {
    let mut world = world_of_one();
    world.edit(Edit::CreateGroup(0));
    world.edit(Edit::AddMember(0, 0));
    world.settle();
    world.edit(Edit::RemoveMember(0, 0));
    let outcome = |world: &World| {
        let query = crate::store::LogQuery {
            limit: 1,
            ..Default::default()
        };
        let newest = world
            .store
            .read::<_, StoreError, _>(|snapshot| snapshot.log(&query))
            .unwrap();
        newest[0].outcome.clone()
    };
    for pause in [10, 20] {
        assert!(world.next_call().ends_with("remove 1 members"));
        world.answer(Err(Model::refuse(400, "not this one")));
        assert!(outcome(&world).starts_with("failing"), "{}", outcome(&world));
        assert_eq!(world.queue()[0].class, QueueClass::Revocation);
        // What was refused is looked at as well.
        world.step_time(Duration::from_secs(5));
        while world.next_call().starts_with("GET") {
            world.answer_truly();
        }
        world.step_time(Duration::from_secs(pause - 5));
    }
    world.settle();
    assert_eq!(outcome(&world), "applied");
    world.check();
}

#[test]
fn members_that_wait_hide_none_that_can_be_added() {
    let mut world = World::new(1, false);
    world.policy.batch = 1;
    for user in 0..5 {
        let stranger = ModelUser {
            name: format!("user{user}@example.test"),
            ..ModelUser::default()
        };
        world.model.users.insert(format!("9{user}"), stranger);
    }
    world.scan();
    for user in 0..6 {
        world.edit(Edit::CreateUser(user));
    }
    world.settle();
    world.edit(Edit::CreateGroup(0));
    for user in 0..6 {
        world.edit(Edit::AddMember(0, user));
    }
    world.settle();
    let group = world.model.groups.values().find(|group| group.name == "Group 0");
    assert_eq!(group.map(|group| group.members.len()), Some(1));
}

#[test]
fn a_name_is_reused_by_the_external_id_that_its_owner_had_last() {
    let mut world = world_of_one();
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "path": "externalId", "value": "somebody-else" }] });
    let (directory, id) = (world.directory.clone(), world.users[&0].clone());
    let patched = world
        .runtime
        .block_on(directory.patch_user(&Request::default(), id.as_str(), body));
    assert!(patched.is_ok());
    world.settle();
    world.edit(Edit::DeleteUser(0));
    // The externalId that the account was created with, not the last.
    world.edit(Edit::CreateUser(0));
    world.settle();
    let user = world.model.users.values().find(|user| user.name.starts_with("user0"));
    assert!(!user.unwrap().active, "held for a person");
}

impl World {
    fn rename(&mut self, number: u8, name: &str) {
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "userName", "value": name }] });
        let (directory, id) = (self.directory.clone(), self.users[&number].clone());
        let request = Request::default();
        let patched = self.runtime.block_on(directory.patch_user(&request, id.as_str(), body));
        assert!(patched.is_ok());
    }

    fn called(&self, what: &str) -> bool {
        self.trace
            .iter()
            .any(|line| line.contains("call") && line.contains(what))
    }
}

#[test]
fn what_a_lost_answer_came_to_is_proven_while_a_rename_is_held() {
    let mut world = world_of_one();
    world.edit(Edit::CreateUser(1));
    world.settle();
    world.edit(Edit::Rename(1, 1));
    world.settle();
    world.edit(Edit::Show(0, 2));
    assert!(world.next_call().ends_with("displayName"));
    world.answer(Err(DatabricksError::OutcomeUnknown(Unknown::Cut)));
    world.rename(0, "user1@example.test");
    let before = world.trace.len();
    world.settle();
    world.trace.drain(..before);
    assert!(world.called("GET /Users/10"));
    assert!(!world.called("PATCH"), "held");
    assert!(world.queue().is_empty());
}

#[test]
fn one_protected_account_keeps_no_other_from_being_deactivated() {
    let mut world = world_of_one();
    world.edit(Edit::Rename(0, 1));
    assert_eq!(world.next_call(), "POST /Users");
    world.answer_truly();
    world.policy.protected_users.insert("user0@example.test".to_owned());
    world.edit(Edit::SetActive(0, false));
    world.settle();
    let active = |name: &str| {
        world
            .model
            .users
            .values()
            .find(|user| user.name == name)
            .map(|user| user.active)
    };
    assert_eq!(active("user0@example.test"), Some(true));
    assert_eq!(active("user0.1@example.test"), Some(false));
}

#[test]
fn groups_that_exchange_their_names_are_held_and_get_their_members() {
    let mut world = world_of_one();
    world.edit(Edit::CreateGroup(0));
    world.edit(Edit::CreateGroup(1));
    world.settle();
    for (group, name) in [(0, "Aside"), (1, "Group 0"), (0, "Group 1")] {
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "displayName", "value": name }] });
        let (directory, id) = (world.directory.clone(), world.groups[&group].clone());
        let request = Request::default();
        let patched = world
            .runtime
            .block_on(directory.patch_group(&request, id.as_str(), body));
        assert!(patched.is_ok());
        world.edit(Edit::AddMember(group, 0));
    }
    while !world.next_call().is_empty() {
        world.answer_truly();
    }
    let mine = world
        .model
        .groups
        .values()
        .filter(|group| group.name.starts_with("Group"));
    assert!(
        mine.clone().all(|group| group.members.len() == 1),
        "{:?}",
        world.model.groups
    );
    let query = crate::store::LogQuery {
        outcome: Some("held: rename".to_owned()),
        limit: 9,
        ..Default::default()
    };
    let held = world
        .store
        .read::<_, StoreError, _>(|snapshot| snapshot.log(&query))
        .unwrap();
    assert!(!held.is_empty());
    // One of them gets a third name after all: both go on by themselves.
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "path": "displayName", "value": "Aside" }] });
    let (directory, id) = (world.directory.clone(), world.groups[&0].clone());
    let patched = world
        .runtime
        .block_on(directory.patch_group(&Request::default(), id.as_str(), body));
    assert!(patched.is_ok());
    world.settle();
    world.check();
}

#[test]
fn before_the_scan_only_those_wait_who_may_be_the_last_admin() {
    let mut world = world_of_one();
    world.knowledge.scanned_at = None;
    world.edit(Edit::SetActive(0, false));
    assert_eq!(world.next_call(), "");
    world.knowledge.former_admins = Some(std::collections::HashSet::new());
    world.step_time(Duration::from_secs(5));
    assert!(world.next_call().ends_with("active=false"));
}

#[test]
fn a_rename_that_is_taken_back_before_its_account_is_made_leaves_the_old_one_in_place() {
    let mut world = world_of_one();
    world.edit(Edit::Rename(0, 0));
    world.settle();
    let writes = world.model.writes;
    world.edit(Edit::Show(0, 1));
    assert!(world.next_call().ends_with("displayName"));
    world.edit(Edit::Rename(0, 1));
    world.answer_truly();
    world.edit(Edit::Rename(0, 0));
    world.settle();
    world.check();
    assert_eq!(world.model.writes, writes + 1, "nothing but the displayName");
}

#[test]
fn what_gives_does_not_go_first_because_its_group_was_thought_to_lose_somebody() {
    let mut world = world_of_one();
    world.edit(Edit::CreateUser(1));
    world.edit(Edit::CreateGroup(0));
    world.edit(Edit::CreateGroup(1));
    world.edit(Edit::AddMember(0, 0));
    world.edit(Edit::AddMember(1, 1));
    world.settle();
    world.edit(Edit::Rename(0, 1));
    assert_eq!(world.next_call(), "POST /Users");
    world.edit(Edit::AddMember(0, 1));
    // The groups of the deleted user wait as revocations; that of user 0 has only somebody to add.
    world.edit(Edit::DeleteUser(1));
    world.answer_truly();
    let first = world.next_call();
    assert!(
        first.ends_with("remove 1 members") || first.ends_with("active=false"),
        "{first}"
    );
    world.answer_truly();
    world.settle();
}

#[test]
fn an_account_that_steps_back_leaves_its_groups_before_anything_is_given() {
    let mut world = world_of_one();
    world.edit(Edit::CreateGroup(0));
    world.edit(Edit::AddMember(0, 0));
    world.settle();
    world.edit(Edit::Rename(0, 1));
    assert_eq!(world.next_call(), "POST /Users");
    world.answer_truly();
    assert!(world.next_call().ends_with("add 1 members"));
    world.answer_truly();
    // Back to the first name, which Entra's PATCH cannot do by number.
    let id = world.users[&0].clone();
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "path": "userName", "value": "user0@example.test" }] });
    let directory = world.directory.clone();
    let patched = world
        .runtime
        .block_on(directory.patch_user(&Request::default(), id.as_str(), body));
    assert!(patched.is_ok());
    while world.next_call() != "PATCH /Users/1000000008 strip entitlements and roles" {
        world.answer_truly();
    }
    world.answer_truly();
    world.edit(Edit::Show(0, 1));
    let mut calls = Vec::new();
    loop {
        let call = world.next_call();
        if call.is_empty() {
            break;
        }
        calls.push(call);
        world.answer_truly();
    }
    let place = |ending: &str| calls.iter().position(|call| call.ends_with(ending));
    assert!(place("remove 1 members") < place("displayName"), "{calls:?}");
}

/// A group whose shell is just being deleted.
fn a_shell_about_to_go() -> World {
    let mut world = world_of_one();
    world.policy.group_grace = Duration::from_secs(10);
    world.edit(Edit::CreateGroup(0));
    world.edit(Edit::AddMember(0, 0));
    world.settle();
    world.edit(Edit::DeleteGroup(0));
    assert!(world.next_call().ends_with("remove 1 members"));
    world.answer_truly();
    world.step_time(Duration::from_mins(1));
    assert!(world.next_call().starts_with("DELETE /Groups/"), "{:?}", world.queue());
    world
}

/// The same group comes back and gets its member.
fn comes_back(world: &mut World) {
    world.edit(Edit::CreateGroup(0));
    world.edit(Edit::AddMember(0, 0));
    world.settle();
    let group = world.model.groups.values().find(|group| group.name == "Group 0");
    let members = group.map(|group| group.members.len());
    assert_eq!(members, Some(1), "the group is there, with its member");
    world.check();
}

#[test]
fn c7_a_group_that_comes_back_while_its_shell_goes_is_there_in_the_end() {
    let cut = || Err(DatabricksError::OutcomeUnknown(Unknown::Cut));
    let mut world = a_shell_about_to_go();
    let _ = world.take_effect(&world.flying[0].clone());
    world.answer(cut());
    comes_back(&mut world);

    let mut world = a_shell_about_to_go();
    let late = world.flying[0].clone();
    world.answer(cut());
    world.late.push((world.now.plus(Duration::from_secs(40)), late));
    comes_back(&mut world);

    let mut world = a_shell_about_to_go();
    world.answer(Err(DatabricksError::NotAdmitted {
        status: 403,
        detail: "not yours".to_owned(),
    }));
    comes_back(&mut world);

    let mut world = a_shell_about_to_go();
    world.edit(Edit::CreateGroup(0));
    world.edit(Edit::AddMember(0, 0));
    let taken = world.flying.remove(0);
    while world.start_one() {}
    let result = world.take_effect(&taken);
    world.end(taken.attempt, result);
    world.settle();
    world.check();
}

#[test]
fn c7_a_process_that_dies_while_a_shell_goes_finds_what_came_of_it() {
    for effect in [false, true] {
        let mut world = a_shell_about_to_go();
        if effect {
            let _ = world.take_effect(&world.flying[0].clone());
        }
        world.flying.clear();
        world.crash();
        comes_back(&mut world);
    }
}

#[test]
fn c5_a_group_that_is_held_keeps_no_old_account_alive() {
    let mut world = world_of_one();
    world.edit(Edit::CreateGroup(0));
    world.settle();
    world.edit(Edit::DeleteGroup(0));
    world.settle();
    let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Group 0",
        "externalId": "another", "members": [{ "value": world.users[&0].as_str() }] });
    let (directory, id) = (world.directory.clone(), ScimId::random());
    let made = world
        .runtime
        .block_on(directory.create_group(&Request::default(), id.clone(), body));
    assert!(made.is_ok());
    world.edit(Edit::Rename(0, 1));
    world.settle();
    let active: Vec<_> = world
        .model
        .users
        .values()
        .filter(|user| user.active && user.name.starts_with("user0"))
        .map(|user| user.name.as_str())
        .collect();
    assert_eq!(active, ["user0.1@example.test"]);
}
