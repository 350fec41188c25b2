//! A foreign hand at the target (rule B4), and a target that ignores what is written (rule B5).

use super::super::drift::look_after_scan;
use super::super::scan::Seen;
use super::*;
use crate::store::{DriftEntry, Field};

impl World {
    /// The scan that comes every few hours, and what it gives rise to.
    pub(super) fn look(&mut self) {
        self.scan();
        let seen = Seen {
            users: self.model.listed_users(),
            groups: self.model.listed_groups(),
            admins: std::collections::HashSet::new(),
            of_account: std::collections::HashSet::new(),
            evidence: crate::reconcile::shape::Evidence {
                assigned: self.assigned(),
                ..crate::reconcile::shape::Evidence::default()
            },
        };
        let (knowledge, policy, now) = (self.knowledge.clone(), self.policy.clone(), self.now);
        self.write(move |tx| {
            crate::reconcile::assign::look_after_scan(tx, &knowledge, &policy, &seen, now)?;
            look_after_scan(tx, &knowledge, &policy, &seen, now)
        });
        self.settle();
    }

    /// The lists of assignments of the configured workspaces.
    fn assigned(&self) -> crate::reconcile::assign::Assigned {
        let of = |workspace| {
            let all = self.model.assigned.keys();
            let ids = all
                .filter(|(_, other)| *other == workspace)
                .map(|(id, _)| id.parse().unwrap());
            (workspace, ids.collect())
        };
        self.policy.workspaces().iter().copied().map(of).collect()
    }

    fn drift(&self) -> Vec<DriftEntry> {
        self.store
            .read::<_, StoreError, _>(|snapshot| snapshot.drift(100))
            .unwrap()
    }

    pub(super) fn drift_kinds(&self) -> Vec<String> {
        self.drift().into_iter().map(|entry| entry.what).collect()
    }

    pub(super) fn group_mut(&mut self, name: &str) -> &mut model::ModelGroup {
        self.model.groups.values_mut().find(|group| group.name == name).unwrap()
    }

    pub(super) fn user_mut(&mut self, name: &str) -> &mut ModelUser {
        self.model.users.values_mut().find(|user| user.name == name).unwrap()
    }

    fn number(&self, name: &str) -> String {
        let found = self.model.users.iter().find(|(_, user)| user.name == name);
        found.map(|(id, _)| id.clone()).unwrap()
    }
}

/// Users 0 and 1 in group 0, user 2 in none, user 3 disabled.
pub(super) fn office() -> World {
    let mut world = World::new(1, false);
    for user in 0..4 {
        world.edit(Edit::CreateUser(user));
    }
    world.edit(Edit::CreateGroup(0));
    world.edit(Edit::AddMember(0, 0));
    world.edit(Edit::AddMember(0, 1));
    world.edit(Edit::SetActive(3, false));
    world.settle();
    world
}

/// Somebody takes user 0 out, puts user 2 and a stranger in, turns user 3 on and user 1 off.
fn meddle(world: &mut World) {
    let (zero, two) = (world.number("user0@example.test"), world.number("user2@example.test"));
    let group = world.group_mut("Group 0");
    group.members.remove(&zero);
    group.members.insert(two);
    group.members.insert("1000000002".to_owned());
    world.user_mut("user3@example.test").active = true;
    world.user_mut("user1@example.test").active = false;
}

#[test]
fn b4_by_default_drift_is_reported_and_nothing_is_written() {
    let mut world = office();
    meddle(&mut world);
    let before = (world.model.users.clone(), world.model.groups.clone());
    world.look();
    let mut kinds = world.drift_kinds();
    kinds.sort();
    assert_eq!(kinds, ["field", "field", "member-extra", "member-missing"]);
    assert!(world.drift().iter().all(|entry| entry.confirmed_at.is_some()));
    assert_eq!((world.model.users.clone(), world.model.groups.clone()), before);
    // The foreign hand puts it right: nothing is left of it.
    let (zero, two) = (world.number("user0@example.test"), world.number("user2@example.test"));
    let group = world.group_mut("Group 0");
    group.members.insert(zero);
    group.members.remove(&two);
    world.user_mut("user3@example.test").active = false;
    world.user_mut("user1@example.test").active = true;
    world.step_time(Duration::from_hours(6));
    world.look();
    assert_eq!(world.drift(), []);
}

#[test]
fn b4_repair_takes_away_and_gives_back_only_when_told() {
    for widen in [false, true] {
        let mut world = office();
        world.policy.drift.repair = true;
        world.policy.drift.widen = widen;
        meddle(&mut world);
        world.look();
        world.settle();
        let (zero, two) = (world.number("user0@example.test"), world.number("user2@example.test"));
        let members = world.group_mut("Group 0").members.clone();
        assert!(!members.contains(&two), "whoever is not wanted goes");
        assert!(members.contains("1000000002"), "strangers are nobody's business");
        assert_eq!(members.contains(&zero), widen);
        assert!(!world.user_mut("user3@example.test").active);
        assert_eq!(world.user_mut("user1@example.test").active, widen);
        let kinds = world.drift_kinds();
        assert_eq!(kinds.len(), if widen { 0 } else { 2 }, "{kinds:?}");
    }
}

#[test]
fn b4_entras_own_word_about_that_very_part_gives_back() {
    let mut world = office();
    meddle(&mut world);
    world.look();
    world.edit(Edit::AddMember(0, 0));
    world.settle();
    let zero = world.number("user0@example.test");
    assert!(world.group_mut("Group 0").members.contains(&zero));
    assert!(!world.user_mut("user1@example.test").active, "nobody spoke of that");
    world.edit(Edit::Show(1, 1));
    world.settle();
    assert!(
        !world.user_mut("user1@example.test").active,
        "another field is another matter"
    );
    world.edit(Edit::SetActive(1, true));
    world.settle();
    assert!(world.user_mut("user1@example.test").active);
}

#[test]
fn b4_what_is_undone_twice_in_a_day_is_contested() {
    let mut world = office();
    world.policy.drift.repair = true;
    let two = world.number("user2@example.test");
    for round in 0..4 {
        world.group_mut("Group 0").members.insert(two.clone());
        world.look();
        world.settle();
        assert_eq!(world.group_mut("Group 0").members.contains(&two), round >= 2, "{round}");
        world.step_time(Duration::from_hours(2));
    }
    assert!(world.drift()[0].contested);
    world.step_time(Duration::from_hours(24));
    world.look();
    assert!(world.drift()[0].contested, "it stays so until somebody acts");
}

#[test]
fn b4_a_stale_read_is_no_drift() {
    let mut world = office();
    world.policy.drift.repair = true;
    world.policy.drift.widen = true;
    let zero = world.number("user0@example.test");
    world.group_mut("Group 0").members.remove(&zero);
    let writes = world.model.writes;
    world.scan();
    let now = world.now;
    let group = world.groups[&0].clone();
    world.write(move |tx| {
        tx.look_at_resource(&group, now)?;
        tx.enqueue(
            TARGET,
            &group,
            Kind::Group,
            crate::store::Enqueue::at_once(QueueClass::Verification, now),
        )
    });
    assert!(world.next_call().starts_with("GET /Groups/"));
    world.answer_truly();
    world.group_mut("Group 0").members.insert(zero);
    world.settle();
    assert_eq!((world.model.writes, world.drift()), (writes, Vec::new()));
}

#[test]
fn b4_a_vanished_user_is_made_again_when_told_or_when_entra_writes_it() {
    for widen in [false, true] {
        let mut world = office();
        world.policy.drift.repair = widen;
        world.policy.drift.widen = widen;
        let zero = world.number("user0@example.test");
        world.model.users.remove(&zero);
        world.group_mut("Group 0").members.remove(&zero);
        world.look();
        let is_there = |world: &World| world.model.users.values().any(|user| user.name == "user0@example.test");
        assert_eq!(is_there(&world), widen);
        if !widen {
            assert!(world.drift_kinds().contains(&"vanished".to_owned()));
            world.step_time(Duration::from_mins(5));
            world.edit(Edit::Show(0, 2));
            world.settle();
        }
        assert!(is_there(&world));
        let again = world.number("user0@example.test");
        assert!(world.group_mut("Group 0").members.contains(&again));
    }
}

#[test]
fn b5_what_the_target_ignores_is_reported_once_and_not_fought() {
    let mut world = office();
    world.policy.drift.repair = true;
    world.policy.drift.widen = true;
    world.model.deaf.insert(Field::DisplayName);
    world.edit(Edit::Show(0, 1));
    world.settle();
    let writes = world.model.writes;
    for _ in 0..3 {
        world.look();
        world.step_time(Duration::from_hours(6));
    }
    assert_eq!(world.model.writes, writes);
    assert_eq!(world.drift(), []);
    let id = world.users[&0].clone();
    let ignored = world.store.read::<_, StoreError, _>(|snapshot| {
        let binding = snapshot.bindings(TARGET, &id)?.remove(0);
        snapshot.ignored(binding.id)
    });
    assert_eq!(ignored.unwrap(), [Field::DisplayName]);
    // Another value is tried again.
    world.model.deaf.clear();
    world.edit(Edit::Show(0, 2));
    world.settle();
    assert_eq!(world.user_mut("user0@example.test").display.as_deref(), Some("Shown 2"));
}
