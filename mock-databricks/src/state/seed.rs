//! Filling the workspace: people and groups as a company has them, the same for the same seed.
//!
//! Group sizes are skewed: most groups are teams, one in a thousand is half the company.

use std::collections::HashSet;

use super::{Group, Id, Level, Principal, Profile, Workspace};
use crate::chance::Chance;

const GIVEN: [&str; 16] = [
    "Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Radia", "Ken", "Frances", "Tony", "Margaret", "Niklaus",
    "Karen", "Leslie", "Shafi", "José",
];
const FAMILY: [&str; 16] = [
    "Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Perlman", "Thompson", "Allen", "Hoare", "Hamilton",
    "Wirth", "Jones", "Lamport", "O'Neil", "Müller",
];
const UNITS: [&str; 8] = [
    "finance",
    "sales",
    "data",
    "platform",
    "research",
    "legal",
    "support",
    "marketing",
];

/// How many of each to add.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Amounts {
    /// People in the workspace.
    pub(crate) users: usize,
    /// Workspace-local groups of these people.
    pub(crate) groups: usize,
    pub(crate) service_principals: usize,
    /// Groups of the account with these people, assigned to the workspace.
    pub(crate) account_groups: usize,
    /// People of the account that automatic identity management knows and nobody has seen yet.
    pub(crate) unused_users: usize,
}

/// Adds people and groups, beyond every size limit if asked to.
pub(crate) fn fill(workspace: &mut Workspace, amounts: Amounts, seed: u64) {
    let mut chance = Chance::new(seed, 3);
    let mut people = Vec::with_capacity(amounts.users);
    for _ in 0..amounts.users {
        let person = new_person(workspace, &mut chance).in_workspace();
        people.push(person.id);
        workspace.add_principal(person);
    }
    for _ in 0..amounts.groups {
        add_group(workspace, Level::Workspace, &people, &mut chance);
    }
    for _ in 0..amounts.service_principals {
        add_robot(workspace, &mut chance);
    }
    for _ in 0..amounts.account_groups {
        let id = add_group(workspace, Level::Account, &people, &mut chance);
        workspace.assign_group(id, true);
    }
    for _ in 0..amounts.unused_users {
        let mut person = new_person(workspace, &mut chance);
        person.unused = true;
        workspace.add_principal(person);
    }
}

fn add_robot(workspace: &mut Workspace, chance: &mut Chance) {
    let unit = UNITS[chance.index(UNITS.len())];
    let id = workspace.next_id();
    let mut robot = Principal::service_principal(id, &chance.uuid().to_string()).in_workspace();
    robot.profile.display_name = Some(format!("{unit}-robot"));
    workspace.add_principal(robot);
}

/// A person of the account, not stored yet.
fn new_person(workspace: &mut Workspace, chance: &mut Chance) -> Principal {
    let given = GIVEN[chance.index(GIVEN.len())];
    let family = FAMILY[chance.index(FAMILY.len())];
    let external_id = chance.uuid().to_string();
    let local: String = format!("{given}.{family}")
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '.')
        .collect();
    let mut number = workspace.users().len();
    let mut user_name = format!("{local}.{number}@example.com");
    while workspace.users().named(&user_name).next().is_some() {
        number += 1;
        user_name = format!("{local}.{number}@example.com");
    }
    let id = workspace.next_id();
    Principal {
        profile: Profile {
            display_name: Some(format!("{given} {family}")),
            given_name: Some(given.to_owned()),
            family_name: Some(family.to_owned()),
            external_id: Some(external_id),
        },
        ..Principal::user(id, &user_name)
    }
}

fn add_group(workspace: &mut Workspace, home: Level, people: &[Id], chance: &mut Chance) -> Id {
    let unit = UNITS[chance.index(UNITS.len())];
    let mut number = workspace.groups().len();
    let mut name = format!("{unit}-{number}");
    while workspace.groups().named(&name).next().is_some() {
        number += 1;
        name = format!("{unit}-{number}");
    }
    let id = workspace.next_id();
    workspace.add_group(Group {
        external_id: Some(chance.uuid().to_string()),
        ..Group::new(id, home, &name)
    });
    let size = group_size(people.len(), chance);
    let mut chosen = HashSet::new();
    let mut edits = workspace.edit_members(id, home);
    while chosen.len() < size {
        let member = people[chance.index(people.len())];
        if chosen.insert(member) {
            edits.add(member);
        }
    }
    id
}

fn group_size(people: usize, chance: &mut Chance) -> usize {
    let (least, most) = match chance.below(1_000) {
        0..600 => (2, 10),
        600..900 => (10, 50),
        900..990 => (50, 200),
        990..999 => (200, 1_000),
        _ => (1_000, people / 2),
    };
    let span = most.max(least) - least + 1;
    (least + chance.index(span)).min(people)
}

#[cfg(test)]
mod tests {
    use super::{Amounts, fill};
    use crate::state::Workspace;

    #[test]
    fn filling_is_the_same_for_the_same_seed_and_adds_to_what_is_there() {
        let names = |workspace: &Workspace| -> Vec<String> {
            let users = workspace.users().iter().map(|user| user.name.clone());
            let groups = workspace.groups().iter().map(|group| {
                let size = workspace.memberships().members(group.id).count();
                format!("{} {size}", group.display_name)
            });
            users.chain(groups).collect()
        };
        let (mut first, mut second) = (Workspace::new(1), Workspace::new(1));
        let amounts = Amounts {
            users: 40,
            groups: 6,
            ..Amounts::default()
        };
        for workspace in [&mut first, &mut second] {
            fill(workspace, amounts, 9);
            fill(workspace, amounts, 9);
        }
        assert_eq!(names(&first), names(&second));
        assert_eq!(first.users().len(), 82);
        assert_eq!(first.groups().len(), 15);
    }
}
