//! No more writes than rule B6 counts, for every combination of changes that are there before the first call.
//!
//! The count is taken from what the directory wanted before and wants after, alone.

use super::search::small_office;
use super::*;

/// What the directory wants: users by id (name, active, shown name), groups by id (name, members).
#[derive(Debug, Clone, Default)]
struct Wanted {
    users: BTreeMap<String, (String, bool, Option<String>)>,
    groups: BTreeMap<String, (String, BTreeSet<String>)>,
}

fn wanted(world: &World) -> Wanted {
    let read = |snapshot: &crate::store::Snapshot<'_>| {
        let mut wanted = Wanted::default();
        snapshot.each("scim", Kind::User, None, |user| {
            let shown = user
                .document
                .get("displayName")
                .and_then(Value::as_str)
                .map(str::to_owned);
            wanted
                .users
                .insert(user.id.to_string(), (user.name, user.active, shown));
            Ok(())
        })?;
        snapshot.each("scim", Kind::Group, None, |group| {
            let members = snapshot.members(group.pk)?;
            let members = members.into_iter().map(|member| member.id.to_string()).collect();
            wanted.groups.insert(group.id.to_string(), (group.name, members));
            Ok(())
        })?;
        Ok::<_, StoreError>(wanted)
    };
    world.store.read(read).unwrap()
}

/// Writes that lead from one to the other: one per user created or changed, where a deactivation goes alone, and one
/// more to take the rights of one who is deleted; per group one for a create, with the first batch of members inline,
/// or a rename, and the rest of the members in batches, those who leave apart from those who come.
fn least(before: &Wanted, after: &Wanted, batch: usize) -> usize {
    let mut writes = 0;
    for (id, (_, active, shown)) in &before.users {
        writes += match after.users.get(id) {
            Some((_, still, now)) => usize::from(*active && !still) + usize::from(shown != now || (!active && *still)),
            None => usize::from(*active) + 1,
        };
    }
    writes += after.users.keys().filter(|id| !before.users.contains_key(*id)).count();
    let nobody = BTreeSet::new();
    for (id, (name, members)) in &before.groups {
        let (now, still) = after
            .groups
            .get(id)
            .map_or((name, &nobody), |(now, still)| (now, still));
        writes += usize::from(now != name);
        writes += members.difference(still).count().div_ceil(batch) + still.difference(members).count().div_ceil(batch);
    }
    for (id, (name, members)) in &after.groups {
        if before.groups.contains_key(id) {
            continue;
        }
        // A group that comes back has its shell, which carries nobody.
        let shell = before
            .groups
            .iter()
            .any(|(old, (before, _))| before == name && !after.groups.contains_key(old));
        writes += if shell {
            members.len().div_ceil(batch)
        } else {
            1 + members.len().saturating_sub(batch).div_ceil(batch)
        };
    }
    writes
}

const CHANGES: [Edit; 13] = [
    Edit::SetActive(0, false),
    Edit::SetActive(0, true),
    Edit::Show(0, 1),
    Edit::AddMember(1, 0),
    Edit::RemoveMember(0, 0),
    Edit::AddMember(0, 1),
    Edit::DeleteUser(1),
    Edit::CreateUser(1),
    Edit::CreateUser(2),
    Edit::AddMember(0, 2),
    Edit::RenameGroup(0, 1),
    Edit::DeleteGroup(0),
    Edit::CreateGroup(0),
];

#[test]
fn any_three_changes_take_no_more_writes_than_needed() {
    let mut world = small_office();
    let before = wanted(&world);
    let mut exact = 0;
    for one in CHANGES {
        for two in CHANGES {
            for three in CHANGES {
                let saved = world.save();
                for edit in [one, two, three] {
                    world.edit(edit);
                }
                let writes = world.model.writes;
                let wanted = least(&before, &wanted(&world), world.policy.batch);
                world.settle();
                let made = world.model.writes - writes;
                assert!(
                    made <= wanted,
                    "{one:?}, {two:?}, {three:?}: {made} writes instead of {wanted}"
                );
                exact += usize::from(made == wanted);
                world.back_to(saved);
            }
        }
    }
    // The count is a count of what has to be done, not a roof far above it.
    assert!(exact > 2_000, "{exact} of 2197");
}
