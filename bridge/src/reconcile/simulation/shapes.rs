//! What the store adds to the evidence of a scan (rule E1).

use std::collections::HashMap;

use super::super::import::{Order, import_group};
use super::super::scan::Seen;
use super::super::shape::{self, Evidence, SeenGroup, Shape};
use super::*;

impl World {
    /// What a scan sees, with these groups as the account's, and users with or without their `externalId`.
    fn seen(&self, of_account: &[&str], with_ids: bool) -> Seen {
        let is_of_account = |name: &str| of_account.contains(&name);
        let groups = self.model.groups.iter();
        let of_account = groups.clone().filter(|(_, group)| is_of_account(&group.name));
        let mut users = self.model.listed_users();
        if !with_ids {
            for user in &mut users {
                user.external_id = None;
            }
        }
        Seen {
            users,
            groups: self.model.listed_groups(),
            admins: std::collections::HashSet::new(),
            of_account: of_account.map(|(id, _)| UpstreamId::parse(id).unwrap()).collect(),
            evidence: Evidence {
                groups: groups
                    .map(|(_, group)| SeenGroup {
                        name: group.name.clone(),
                        of_account: Some(is_of_account(&group.name)),
                        has_external_id: false,
                    })
                    .collect(),
                ..Evidence::default()
            },
        }
    }

    fn settle_shape(&self, seen: Seen) -> (Shape, Option<String>) {
        let policy = self.policy.clone();
        let (shape, unsuitable) = self.write(move |tx| shape::settle(tx, TARGET, &policy, &seen, None));
        (shape, unsuitable.map(|why| why.to_string()))
    }
}

#[test]
fn e1_an_account_group_counts_when_the_bridge_has_it_or_takes_it_over() {
    let mut world = World::new(1, false);
    world.edit(Edit::CreateGroup(0));
    world.settle();
    assert_eq!(world.settle_shape(world.seen(&[], true)).1, None);
    let said = world.settle_shape(world.seen(&["Group 0"], true)).1.unwrap();
    assert!(said.contains("\"Group 0\" is one"), "{said}");
    // One that is wanted and not taken over waits for a person; it holds nothing else.
    let theirs = || world.seen(&["theirs"], true);
    assert_eq!(world.settle_shape(theirs()).1, None);
    let request = Request::default();
    let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Theirs" });
    let made = world.directory.create_group(&request, ScimId::random(), body);
    assert!(world.runtime.block_on(made).is_ok());
    assert_eq!(world.settle_shape(theirs()).1, None);
    let seen = theirs();
    world.policy.adopt_groups = vec!["th*".to_owned()];
    assert!(
        world
            .settle_shape(seen)
            .1
            .is_some_and(|said| said.contains("\"theirs\""))
    );
}

#[test]
fn e1_an_imported_account_group_holds_nothing_before_the_client_speaks_of_it() {
    let world = World::new(1, false);
    let seen = world.seen(&["theirs"], true);
    let group = seen.groups.iter().find(|group| group.name == "theirs").unwrap().clone();
    let (knowledge, policy, now) = (world.knowledge.clone(), world.policy.clone(), world.now);
    world.write(move |tx| {
        let order = Order {
            target: TARGET,
            endpoint: "scim",
            keep_ids: false,
            mapping: &HashMap::new(),
        };
        let read = crate::databricks::wire::WireGroup {
            id: group.upstream_id.to_string(),
            display_name: group.name.clone(),
            ..crate::databricks::wire::WireGroup::default()
        };
        import_group(tx, &knowledge, &policy, &order, &group, &read, now)
    });
    assert_eq!(world.settle_shape(seen).1, None);
}

#[test]
fn e1_external_ids_that_the_list_shows_of_nobody_are_not_owned() {
    let mut world = World::new(1, false);
    for user in 0..3 {
        world.edit(Edit::CreateUser(user));
    }
    world.settle();
    assert!(world.settle_shape(world.seen(&[], true)).0.keeps_external_ids);
    let (shape, _) = world.settle_shape(world.seen(&[], false));
    assert!(!shape.keeps_external_ids);
    let remembered = world.store.read::<_, StoreError, _>(shape::remembered);
    assert_eq!(remembered.unwrap(), shape);
}
