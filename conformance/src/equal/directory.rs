//! The directory file and the day of edits, read and evaluated by themselves.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

#[derive(Debug, Clone, Default)]
struct Person {
    name: String,
    display: String,
    attributes: BTreeMap<String, Value>,
    enabled: bool,
    in_bin: bool,
}

#[derive(Debug, Clone, Default)]
struct Team {
    display: String,
    members: BTreeSet<String>,
}

/// A directory as a file describes it, at some moment.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    people: BTreeMap<String, Person>,
    teams: BTreeMap<String, Team>,
    assigned: BTreeSet<String>,
}

/// A user as Databricks should hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentUser {
    /// Lower-cased.
    pub user_name: String,
    /// Shown name.
    pub display_name: String,
    /// The attributes that Databricks can hold: a change of them is a write.
    pub held: Vec<String>,
}

/// A group as Databricks should hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentGroup {
    /// Its name.
    pub display_name: String,
    /// Directory ids of all its people, whether they are provisioned or not.
    pub people: BTreeSet<String>,
}

/// What Databricks should hold, by directory id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intent {
    /// Active users.
    pub users: BTreeMap<String, IntentUser>,
    /// Groups.
    pub groups: BTreeMap<String, IntentGroup>,
}

impl Directory {
    /// Reads the text of a directory file.
    ///
    /// # Errors
    ///
    /// What is missing, by JSON path.
    pub fn parse(text: &str) -> Result<Self> {
        let file: Value = serde_json::from_str(text)?;
        let mut directory = Self::default();
        for user in list(&file, "users")? {
            directory.add_person(user)?;
        }
        for group in list(&file, "groups")? {
            directory.add_team(group)?;
        }
        for id in list(&file, "assignments")? {
            directory
                .assigned
                .insert(id.as_str().context("assignments: an id is text")?.to_owned());
        }
        Ok(directory)
    }

    /// Applies the text of a file of edits.
    ///
    /// # Errors
    ///
    /// The edit that does not fit.
    pub fn apply(&mut self, text: &str) -> Result<()> {
        let file: Value = serde_json::from_str(text)?;
        for (index, edit) in list(&file, "edits")?.iter().enumerate() {
            self.apply_one(edit).with_context(|| format!("edits[{index}]"))?;
        }
        Ok(())
    }

    fn add_person(&mut self, user: &Value) -> Result<()> {
        let id = text(user, "id")?;
        let mut person = Person {
            enabled: user.get("accountEnabled").and_then(Value::as_bool).unwrap_or(true),
            ..Person::default()
        };
        person.set(user.as_object().context("a user is an object")?);
        self.people.insert(id, person);
        Ok(())
    }

    fn add_team(&mut self, group: &Value) -> Result<()> {
        let members = list(group, "members")?
            .iter()
            .filter_map(|id| id.as_str().map(str::to_owned))
            .collect();
        let team = Team {
            display: text(group, "displayName")?,
            members,
        };
        self.teams.insert(text(group, "id")?, team);
        Ok(())
    }

    fn apply_one(&mut self, edit: &Value) -> Result<()> {
        match text(edit, "edit")?.as_str() {
            "hire" => {
                let user = edit.get("user").context("user")?;
                self.add_person(user)?;
                self.join(&text(user, "id")?, edit)?;
            }
            "leave" => {
                let id = text(edit, "user")?;
                self.person(&id)?.in_bin = true;
                self.drop_from_teams(&id);
            }
            "return" => {
                let id = text(edit, "user")?;
                self.person(&id)?.in_bin = false;
                self.join(&id, edit)?;
            }
            "update" => {
                let set = edit.get("set").and_then(Value::as_object).context("set")?.clone();
                self.person(&text(edit, "user")?)?.set(&set);
            }
            "disable" => self.person(&text(edit, "user")?)?.enabled = false,
            "enable" => self.person(&text(edit, "user")?)?.enabled = true,
            "move" => {
                let id = text(edit, "user")?;
                self.team(&text(edit, "from")?)?.members.remove(&id);
                self.team(&text(edit, "to")?)?.members.insert(id);
            }
            "add_member" => {
                let id = text(edit, "user")?;
                self.team(&text(edit, "group")?)?.members.insert(id);
            }
            "remove_member" => {
                let id = text(edit, "user")?;
                self.team(&text(edit, "group")?)?.members.remove(&id);
            }
            "set_manager" => {}
            "hard_delete" => {
                let id = text(edit, "user")?;
                self.people.remove(&id);
                self.assigned.remove(&id);
                self.drop_from_teams(&id);
            }
            "rename_group" => self.team(&text(edit, "group")?)?.display = text(edit, "displayName")?,
            "create_group" => self.add_team(edit.get("group").context("group")?)?,
            "delete_group" => {
                let id = text(edit, "group")?;
                self.teams.remove(&id);
                self.assigned.remove(&id);
                self.drop_from_teams(&id);
            }
            "assign" => {
                self.assigned.insert(text(edit, "principal")?);
            }
            "unassign" => {
                self.assigned.remove(&text(edit, "principal")?);
            }
            other => bail!("there is no edit \"{other}\""),
        }
        Ok(())
    }

    fn join(&mut self, id: &str, edit: &Value) -> Result<()> {
        for group in edit.get("groups").and_then(Value::as_array).into_iter().flatten() {
            let group = group.as_str().context("groups: an id is text")?;
            self.team(group)?.members.insert(id.to_owned());
        }
        Ok(())
    }

    fn drop_from_teams(&mut self, id: &str) {
        for team in self.teams.values_mut() {
            team.members.remove(id);
        }
    }

    fn person(&mut self, id: &str) -> Result<&mut Person> {
        self.people
            .get_mut(id)
            .with_context(|| format!("there is no user {id}"))
    }

    fn team(&mut self, id: &str) -> Result<&mut Team> {
        self.teams
            .get_mut(id)
            .with_context(|| format!("there is no group {id}"))
    }

    /// What Databricks should hold: people who are assigned, or are direct members of an assigned
    /// group, and may sign in; assigned groups with their people. Nested groups are not expanded.
    pub fn intent(&self) -> Intent {
        let mut intent = Intent::default();
        let assigned_teams = || self.teams.iter().filter(|(id, _)| self.assigned.contains(*id));
        for (id, person) in &self.people {
            let entitled = self.assigned.contains(id) || assigned_teams().any(|(_, team)| team.members.contains(id));
            if entitled && person.enabled && !person.in_bin {
                let user = IntentUser {
                    user_name: person.name.to_lowercase(),
                    display_name: person.display.clone(),
                    held: person.held(),
                };
                intent.users.insert(id.clone(), user);
            }
        }
        for (id, team) in assigned_teams() {
            let people = team
                .members
                .iter()
                .filter(|member| self.people.contains_key(*member))
                .cloned()
                .collect();
            let group = IntentGroup {
                display_name: team.display.clone(),
                people,
            };
            intent.groups.insert(id.clone(), group);
        }
        intent
    }
}

impl Person {
    fn set(&mut self, attributes: &Map<String, Value>) {
        for (key, value) in attributes {
            match (key.as_str(), value.as_str()) {
                ("userPrincipalName", Some(name)) => self.name = invited(name),
                ("displayName", Some(name)) => name.clone_into(&mut self.display),
                _ => {}
            }
            self.attributes.insert(key.clone(), value.clone());
        }
    }

    /// `displayName`, parts of the name and the client's id: all that Databricks holds of a person.
    fn held(&self) -> Vec<String> {
        ["displayName", "givenName", "surname", "mailNickname"]
            .iter()
            .map(|key| {
                self.attributes
                    .get(*key)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect()
    }
}

/// A guest is known by the address that was invited: `x_fabrikam.test#EXT#@…` is `x@fabrikam.test`.
fn invited(name: &str) -> String {
    match name.split_once("#EXT#") {
        Some((local, _)) => match local.rfind('_') {
            Some(at) => format!("{}@{}", &local[..at], &local[at + 1..]),
            None => local.to_owned(),
        },
        None => name.to_owned(),
    }
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    value
        .get(key)
        .and_then(Value::as_array)
        .with_context(|| format!("{key}: a list is missing"))
}

fn text(value: &Value, key: &str) -> Result<String> {
    let found = value
        .get(key)
        .and_then(Value::as_str)
        .with_context(|| format!("{key}: text is missing"))?;
    Ok(found.to_owned())
}
