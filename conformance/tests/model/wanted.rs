//! What Entra wants, from the edits alone. Nothing of the bridge is used here.

use std::collections::{BTreeMap, BTreeSet};

use conformance::equal::{Intent, IntentGroup, IntentUser};

use super::act::{Edit, Person, Team};

/// A user as Entra has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub external: String,
    pub display: String,
    pub active: bool,
}

/// A group as Entra has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub external: String,
    pub members: BTreeSet<Person>,
}

/// Everything that is not deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub users: BTreeMap<Person, User>,
    pub groups: BTreeMap<Team, Group>,
}

impl Wanted {
    /// Carries out one edit; the generator makes only those that fit.
    pub fn apply(&mut self, edit: &Edit) {
        match edit.clone() {
            Edit::Hire {
                person,
                name,
                external,
                display,
                active,
            } => {
                self.users.insert(
                    person,
                    User {
                        name,
                        external,
                        display,
                        active,
                    },
                );
            }
            Edit::Show { person, display } => self.user(person, |user| user.display = display),
            Edit::Rename { person, name } => self.user(person, |user| user.name = name),
            Edit::Disable { person } => self.user(person, |user| user.active = false),
            Edit::Restore { person } => self.user(person, |user| user.active = true),
            Edit::Purge { person } => {
                self.users.remove(&person);
                for group in self.groups.values_mut() {
                    group.members.remove(&person);
                }
            }
            Edit::Found {
                team,
                name,
                external,
                members,
            } => {
                let members = members.into_iter().collect();
                self.groups.insert(
                    team,
                    Group {
                        name,
                        external,
                        members,
                    },
                );
            }
            Edit::Call { team, name } => self.group(team, |group| group.name = name),
            Edit::Join { team, people } => self.group(team, |group| group.members.extend(people)),
            Edit::Part { team, people } => {
                self.group(team, |group| group.members.retain(|member| !people.contains(member)));
            }
            Edit::Close { team } => {
                self.groups.remove(&team);
            }
        }
    }

    fn user(&mut self, person: Person, change: impl FnOnce(&mut User)) {
        if let Some(user) = self.users.get_mut(&person) {
            change(user);
        }
    }

    fn group(&mut self, team: Team, change: impl FnOnce(&mut Group)) {
        if let Some(group) = self.groups.get_mut(&team) {
            change(group);
        }
    }

    /// As rule G has it.
    pub fn intent(&self) -> Intent {
        let user = |user: &User| IntentUser {
            user_name: user.name.to_lowercase(),
            display_name: user.display.clone(),
            held: Vec::new(),
        };
        let group = |group: &Group| IntentGroup {
            display_name: group.name.clone(),
            people: group.members.iter().map(ToString::to_string).collect(),
            waiting: BTreeSet::new(),
        };
        Intent {
            users: self
                .users
                .iter()
                .filter(|(_, wanted)| wanted.active)
                .map(|(person, wanted)| (person.to_string(), user(wanted)))
                .collect(),
            inactive: self
                .users
                .values()
                .filter(|user| !user.active)
                .map(|user| user.name.to_lowercase())
                .collect(),
            groups: self
                .groups
                .iter()
                .map(|(team, wanted)| (team.to_string(), group(wanted)))
                .collect(),
        }
    }

    /// Whether somebody of this `userName`, lower-cased, is wanted and active.
    pub fn wants_active(&self, name: &str) -> bool {
        self.users
            .values()
            .any(|user| user.active && user.name.to_lowercase() == name)
    }
}
