//! What a rehearsal says is what happens (rules E2, E6).

use super::super::circuit::Probing;
use super::super::rehearse::{Rehearsal, rehearse};
use super::super::worker::WorkerOptions;
use super::*;
use crate::databricks::pace::Speed;

/// Names of active accounts, and memberships by names.
type Rights = (BTreeSet<String>, BTreeSet<(String, String)>);

impl World {
    /// Rehearses and forgets that it did.
    fn rehearse(&self) -> Rehearsal {
        let (scanned, now) = (self.knowledge.scanned_at.map_or(0, Timestamp::as_micros), self.now);
        let options = WorkerOptions {
            target: TARGET.to_owned(),
            endpoint: "scim".to_owned(),
            dry_run: true,
            policy: self.policy.clone(),
            speed: Speed::Published,
            probing: Probing::default(),
            time_factor: 1.0,
        };
        let rehearsal = self.store.on_scratch(|scratch| {
            scratch.mark();
            let told = scratch.run::<_, StoreError>(|tx| {
                tx.set_fact("me", "1000000001 admin@example.test")?;
                tx.set_fact("scanned_at", &scanned.to_string())
            });
            told.unwrap();
            let rehearsal = rehearse(scratch, &options, now, &mut |_| {});
            scratch.back();
            rehearsal
        });
        rehearsal.expect("a world lies on a scratch store").unwrap()
    }

    fn rights(&self) -> Rights {
        let users = self.model.users.values().filter(|user| user.active);
        let mut members = BTreeSet::new();
        for group in self.model.groups.values() {
            for id in &group.members {
                let name = self.model.users.get(id).map(|user| user.name.clone());
                members.insert((name.unwrap_or_default(), group.name.clone()));
            }
        }
        (users.map(|user| user.name.clone()).collect(), members)
    }
}

/// What changes, by the rehearsal's word: active accounts and memberships that come, and that go. Who comes and goes
/// again, or the other way round, is in both.
type Changes = [BTreeSet<String>; 4];

fn said(rehearsal: &Rehearsal) -> Changes {
    let gained = rehearsal.gains.iter().filter(|gain| gain.kind == "User");
    let lost = rehearsal.losses.iter().filter(|loss| loss.kind == "User");
    let pair = |name: &str, group: &str| format!("{} in {group}", fold(name));
    [
        gained
            .clone()
            .filter(|gain| gain.created || gain.reactivated)
            .map(|gain| fold(&gain.name))
            .collect(),
        gained
            .flat_map(|gain| gain.groups.iter().map(|group| pair(&gain.name, group)))
            .collect(),
        lost.clone()
            .filter(|loss| loss.deactivated || loss.deleted)
            .map(|loss| fold(&loss.name))
            .collect(),
        lost.flat_map(|loss| loss.groups.iter().map(|group| pair(&loss.name, group)))
            .collect(),
    ]
}

fn happened((users, members): &Rights, (now, members_now): &Rights) -> Changes {
    let pairs = |some: &BTreeSet<(String, String)>, others: &BTreeSet<(String, String)>| {
        some.difference(others)
            .map(|(name, group)| format!("{name} in {group}"))
            .collect()
    };
    [
        now.difference(users).cloned().collect(),
        pairs(members_now, members),
        users.difference(now).cloned().collect(),
        pairs(members, members_now),
    ]
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn what_a_rehearsal_says_is_what_happens(seed: u64, edits in any_edits()) {
        let mut world = World::new(seed, false);
        let (done, open) = edits.split_at(edits.len() / 2);
        for (edit, _) in done {
            world.edit(*edit);
        }
        world.settle();
        for (edit, _) in open {
            // A group's name is what its members are told by.
            if !matches!(edit, Edit::RenameGroup(..)) {
                world.edit(*edit);
            }
        }
        let before = world.rights();
        let queue = world.queue();
        let rehearsal = world.rehearse();
        prop_assert_eq!(world.queue(), queue, "a rehearsal changes nothing");
        world.settle();
        let after = world.rights();
        prop_assert_eq!(said(&rehearsal), happened(&before, &after), "{:#?}", rehearsal);
    }
}

#[test]
fn what_the_guard_would_stop_is_told_by_class_and_number() {
    let mut world = World::new(1, false);
    for user in 0..6 {
        world.edit(Edit::CreateUser(user));
    }
    world.settle();
    world.policy.guard.more_than = 2;
    for user in 0..3 {
        world.edit(Edit::SetActive(user, false));
    }
    world.edit(Edit::Show(5, 1));
    let rehearsal = world.rehearse();
    let guard: Vec<_> = rehearsal.guard.iter().map(|one| (one.class, one.people)).collect();
    assert_eq!(guard, [("deactivations", 3)]);
    assert_eq!((rehearsal.losses.len(), rehearsal.held.len()), (0, 0));
    assert_eq!((rehearsal.counts.change_users, rehearsal.counts.writes()), (1, 1));
}

#[test]
fn what_was_refused_is_told_and_nothing_is_told_at_rest() {
    let mut world = World::new(1, false);
    world.edit(Edit::CreateUser(0));
    world.settle();
    let rehearsal = world.rehearse();
    assert_eq!((rehearsal.counts.writes(), rehearsal.forecast), (0, None));
    world.edit(Edit::Show(0, 1));
    assert!(world.next_call().ends_with("displayName"));
    world.answer(Err(Model::refuse(400, "no such name")));
    let rehearsal = world.rehearse();
    let failing: Vec<_> = rehearsal.failing.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(failing, ["user0@example.test"]);
    assert!(
        rehearsal.failing[0].why.contains("no such name"),
        "{}",
        rehearsal.failing[0].why
    );
    // It is tried again within half a minute, and then goes well as far as anybody can know.
    assert_eq!(rehearsal.counts.change_users, 1);
}

#[test]
fn a_person_who_is_deleted_loses_all() {
    let mut world = World::new(1, false);
    for edit in [Edit::CreateUser(0), Edit::CreateGroup(0), Edit::AddMember(0, 0)] {
        world.edit(edit);
    }
    world.settle();
    world.edit(Edit::DeleteUser(0));
    let rehearsal = world.rehearse();
    let loss = &rehearsal.losses[0];
    assert!(loss.deactivated && loss.stripped, "{loss:?}");
    assert_eq!(loss.groups, ["Group 0"]);
    let calls: Vec<_> = rehearsal.calls.iter().map(|call| call.call.as_str()).collect();
    assert_eq!(calls.len(), 4, "deactivate, leave, read, strip: {calls:?}");
}
