//! What `explain` says in typical moments.

use super::super::circuit::Probing;
use super::super::explain::{Explaining, find, membership, near};
use super::super::worker::WorkerOptions;
use super::*;
use crate::databricks::pace::Speed;
use crate::store::{NewStep, Snapshot};

impl World {
    fn options(&self, dry_run: bool) -> WorkerOptions {
        WorkerOptions {
            target: TARGET.to_owned(),
            endpoint: "scim".to_owned(),
            dry_run,
            policy: self.policy.clone(),
            speed: Speed::Published,
            probing: Probing::default(),
            time_factor: 1.0,
        }
    }

    fn on_snapshot<T>(
        &self,
        dry_run: bool,
        work: impl FnOnce(&Snapshot<'_>, &Explaining<'_>) -> Result<T, StoreError>,
    ) -> T {
        let (options, now) = (self.options(dry_run), self.now);
        let read = |snapshot: &Snapshot<'_>| work(snapshot, &Explaining::new(snapshot, &options, now)?);
        self.store.read(read).unwrap()
    }

    /// The lines about everything that is called so.
    fn explain(&self, name: &str) -> String {
        self.on_snapshot(false, |snapshot, explaining| {
            let mut text = String::new();
            for found in find(snapshot, TARGET, name)? {
                text.push_str(&in_lines(&explaining.explain(&found)?.lines()));
            }
            Ok(text)
        })
    }

    fn explain_membership(&self, member: &str, group: &str) -> String {
        self.on_snapshot(false, |snapshot, explaining| {
            let (members, groups) = (find(snapshot, TARGET, member)?, find(snapshot, TARGET, group)?);
            let told = membership(explaining, &members[0], &groups[0])?;
            Ok(told.iter().map(|one| in_lines(&one.lines())).collect())
        })
    }
}

fn in_lines(lines: &[(&str, String)]) -> String {
    lines.iter().fold(String::new(), |text, (label, line)| {
        text + &format!("{label:<10} {line}\n")
    })
}

/// A world that knows when it was scanned, with user 0 in group 0.
fn office() -> World {
    let mut world = World::new(1, false);
    world.write(|tx| tx.set_fact("scanned_at", "1767600000000000"));
    world.edit(Edit::CreateUser(0));
    world.edit(Edit::CreateGroup(0));
    world.edit(Edit::AddMember(0, 0));
    world
}

fn settled() -> World {
    let mut world = office();
    world.settle();
    world
}

#[test]
fn a_user_who_waits_for_go_live() {
    let world = office();
    let text = world.on_snapshot(true, |snapshot, explaining| {
        let found = find(snapshot, TARGET, "USER0@example.test")?;
        Ok(in_lines(&explaining.explain(&found[0])?.lines()))
    });
    insta::assert_snapshot!(text);
}

#[test]
fn a_user_and_a_group_at_rest() {
    let world = settled();
    insta::assert_snapshot!(world.explain("user0@example.test") + &world.explain("Group 0"));
}

#[test]
fn a_removal_without_an_answer_and_what_comes_after_it() {
    let mut world = settled();
    world.edit(Edit::RemoveMember(0, 0));
    assert!(world.next_call().ends_with("remove 1 members"));
    world.finish(0, Fault::LostBefore);
    world.edit(Edit::SetActive(0, false));
    world.step_time(Duration::from_mins(12));
    insta::assert_snapshot!(
        world.explain("user0-0") + "\n" + &world.explain_membership("user0@example.test", "Group 0")
    );
}

#[test]
fn what_is_held_names_the_command() {
    let mut world = settled();
    world.model.groups.insert(
        "77".to_owned(),
        model::ModelGroup {
            name: "Group 1".to_owned(),
            ..model::ModelGroup::default()
        },
    );
    world.scan();
    world.edit(Edit::CreateGroup(1));
    world.edit(Edit::AddMember(1, 0));
    world.settle();
    world.step_time(Duration::from_mins(12));
    insta::assert_snapshot!(
        world.explain("group 1") + "\n" + &world.explain_membership("user0@example.test", "Group 1")
    );
}

#[test]
fn a_refusal_is_told_with_the_call_and_the_next_attempt() {
    let mut world = settled();
    world.edit(Edit::Show(0, 1));
    assert!(world.next_call().ends_with("displayName"));
    world.answer(Err(Model::refuse(400, "no such name")));
    let (id, at) = (world.users[&0].clone(), world.now);
    world.write(move |tx| {
        let revision = tx.newest_revision(&id)?;
        tx.add_step(&NewStep {
            at,
            target: TARGET.to_owned(),
            resource_id: id,
            revision,
            call: "PATCH /Users/1000000006 displayName".to_owned(),
            status: Some(400),
            outcome: "refused by databricks (400): no such name".to_owned(),
            millis: 31,
        })
    });
    insta::assert_snapshot!(world.explain("user0@example.test"));
}

#[test]
fn a_foreign_hand_and_the_bridge_itself_are_told() {
    let mut world = settled();
    let account = world
        .model
        .users
        .values_mut()
        .find(|user| user.name == "user0@example.test");
    account.unwrap().display = Some("Somebody".to_owned());
    let group = world.model.groups.values_mut().find(|group| group.name == "Group 0");
    group.unwrap().members.clear();
    let ids: Vec<ScimId> = world.ever.clone();
    let now = world.now;
    world.write(move |tx| {
        for (id, kind) in ids.iter().zip([Kind::User, Kind::Group]) {
            tx.look_at_resource(id, now)?;
            tx.enqueue(
                TARGET,
                id,
                kind,
                crate::store::Enqueue::at_once(QueueClass::Verification, now),
            )?;
        }
        tx.set_fact("me", "1000000006 user0@example.test")
    });
    world.settle();
    insta::assert_snapshot!(world.explain("user0@example.test"));
}

#[test]
fn a_deleted_user_is_explained_from_what_is_left() {
    let mut world = settled();
    world.edit(Edit::DeleteUser(0));
    world.settle();
    world.step_time(Duration::from_hours(3));
    let by_name = world.explain("user0@example.test");
    assert_eq!(by_name, world.explain("user0-0"), "by the id it had");
    insta::assert_snapshot!(by_name);
}

#[test]
fn the_id_at_the_target_finds_too_and_a_slip_of_the_pen_is_helped() {
    let world = settled();
    let account = world
        .model
        .users
        .iter()
        .find(|(_, user)| user.name == "user0@example.test");
    let by_id = world.explain(account.unwrap().0);
    assert_eq!(by_id, world.explain("user0@example.test"));
    let names = |called: &str| world.on_snapshot(false, |snapshot, _| near(snapshot, "scim", called));
    assert_eq!(names("usr0@example.test"), ["user0@example.test"]);
    assert_eq!(names("user0"), ["user0@example.test"]);
    assert_eq!(names("gruop 0"), ["Group 0"]);
    assert_eq!(names("xyz"), Vec::<String>::new());
}
