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
    /// Nothing has looked at it in its present form yet.
    changed: bool,
    /// Members that were not provisioned when it was looked at last.
    skipped: BTreeSet<String>,
}

/// A directory as a file describes it, at some moment.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    people: BTreeMap<String, Person>,
    teams: BTreeMap<String, Team>,
    assigned: BTreeSet<String>,
    /// People who were provisioned once: whatever becomes of them, they are known at the other side.
    known: BTreeSet<String>,
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
    /// Those of them whom Entra does not send before the group changes (see [`Directory::cycle`]).
    pub waiting: BTreeSet<String>,
}

/// What Databricks should hold, by directory id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intent {
    /// Active users.
    pub users: BTreeMap<String, IntentUser>,
    /// Names, lower-cased, of users who are wanted without access: they may be there, inactive.
    pub inactive: BTreeSet<String>,
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
        let file: Value = json(text)?;
        let mut directory = Self::default();
        for user in list(&file, "users")? {
            directory.add_person(user)?;
        }
        for group in list(&file, "groups")? {
            directory.add_team(group)?;
        }
        for id in list(&file, "assignments")? {
            let id = id.as_str().context("assignments: an id is text")?;
            directory.assigned.insert(folded(id));
        }
        Ok(directory)
    }

    /// Applies the text of a file of edits.
    ///
    /// # Errors
    ///
    /// The edit that does not fit.
    pub fn apply(&mut self, text: &str) -> Result<()> {
        let file: Value = json(text)?;
        for (index, edit) in list(&file, "edits")?.iter().enumerate() {
            self.apply_one(edit).with_context(|| format!("edits[{index}]"))?;
        }
        Ok(())
    }

    fn add_person(&mut self, user: &Value) -> Result<()> {
        let id = id(user, "id")?;
        let mut person = Person {
            enabled: user.get("accountEnabled").and_then(Value::as_bool).unwrap_or(true),
            ..Person::default()
        };
        person.set(user.as_object().context("a user is an object")?);
        self.people.insert(id, person);
        Ok(())
    }

    fn add_team(&mut self, group: &Value) -> Result<()> {
        let members = group.get("members").and_then(Value::as_array);
        let team = Team {
            display: text(group, "displayName")?,
            members: members
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(folded)
                .collect(),
            changed: true,
            skipped: BTreeSet::new(),
        };
        self.teams.insert(id(group, "id")?, team);
        Ok(())
    }

    fn apply_one(&mut self, edit: &Value) -> Result<()> {
        match text(edit, "edit")?.as_str() {
            "hire" => {
                let user = edit.get("user").context("user")?;
                self.add_person(user)?;
                self.join(&id(user, "id")?, edit)?;
            }
            "leave" => {
                let id = id(edit, "user")?;
                self.person(&id)?.in_bin = true;
                self.drop_from_teams(&id);
            }
            "return" => {
                let id = id(edit, "user")?;
                self.person(&id)?.in_bin = false;
                self.join(&id, edit)?;
            }
            "update" => {
                let set = edit.get("set").and_then(Value::as_object).context("set")?.clone();
                self.person(&id(edit, "user")?)?.set(&set);
            }
            "disable" => self.person(&id(edit, "user")?)?.enabled = false,
            "enable" => self.person(&id(edit, "user")?)?.enabled = true,
            "move" => {
                let user = id(edit, "user")?;
                self.changed_team(&id(edit, "from")?)?.members.remove(&user);
                self.changed_team(&id(edit, "to")?)?.members.insert(user);
            }
            "add_member" => {
                let user = id(edit, "user")?;
                self.changed_team(&id(edit, "group")?)?.members.insert(user);
            }
            "remove_member" => {
                let user = id(edit, "user")?;
                self.changed_team(&id(edit, "group")?)?.members.remove(&user);
            }
            "set_manager" => {}
            "hard_delete" => {
                let id = id(edit, "user")?;
                self.people.remove(&id);
                self.assigned.remove(&id);
                self.known.remove(&id);
                self.drop_from_teams(&id);
            }
            "rename_group" => self.changed_team(&id(edit, "group")?)?.display = text(edit, "displayName")?,
            "create_group" => self.add_team(edit.get("group").context("group")?)?,
            "delete_group" => {
                let id = id(edit, "group")?;
                self.teams.remove(&id);
                self.assigned.remove(&id);
                self.drop_from_teams(&id);
            }
            "assign" => {
                let id = id(edit, "principal")?;
                self.touch(&id);
                self.assigned.insert(id);
            }
            "unassign" => {
                let id = id(edit, "principal")?;
                self.touch(&id);
                self.assigned.remove(&id);
            }
            other => bail!("there is no edit \"{other}\""),
        }
        Ok(())
    }

    fn join(&mut self, user: &str, edit: &Value) -> Result<()> {
        for group in edit.get("groups").and_then(Value::as_array).into_iter().flatten() {
            let group = group.as_str().context("groups: an id is text")?;
            self.changed_team(&folded(group))?.members.insert(user.to_owned());
        }
        Ok(())
    }

    fn drop_from_teams(&mut self, id: &str) {
        for team in self.teams.values_mut() {
            team.changed |= team.members.remove(id);
        }
    }

    fn touch(&mut self, id: &str) {
        if let Some(team) = self.teams.get_mut(id) {
            team.changed = true;
        }
    }

    fn person(&mut self, id: &str) -> Result<&mut Person> {
        self.people
            .get_mut(id)
            .with_context(|| format!("there is no user {id}"))
    }

    fn changed_team(&mut self, id: &str) -> Result<&mut Team> {
        self.touch(id);
        self.teams
            .get_mut(id)
            .with_context(|| format!("there is no group {id}"))
    }

    /// The intent of a cycle that runs now.
    ///
    /// Entra looks at a group only when the group itself has changed. A member who is not provisioned then is not sent,
    /// and is not added later either, whatever becomes of the person, until the group changes or a cycle starts anew
    /// (entra-client reference §9; documented): until then the membership waits.
    pub fn cycle(&mut self) -> Intent {
        let intent = self.intent();
        self.known.extend(intent.users.keys().cloned());
        for (_, team) in self.teams.iter_mut().filter(|(id, _)| self.assigned.contains(*id)) {
            if std::mem::take(&mut team.changed) {
                team.skipped = team.members.difference(&self.known).cloned().collect();
            }
        }
        intent
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
            let people = |ids: &BTreeSet<String>| -> BTreeSet<String> {
                ids.iter().filter(|id| self.people.contains_key(*id)).cloned().collect()
            };
            let group = IntentGroup {
                display_name: team.display.clone(),
                people: people(&team.members),
                waiting: if team.changed {
                    BTreeSet::new()
                } else {
                    people(&team.skipped)
                },
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

/// Windows tools like to write a byte-order mark, which JSON does not know.
fn json(text: &str) -> Result<Value> {
    Ok(serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text))?)
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

/// The id of a directory object: a GUID, which is the same in either letter case.
fn id(value: &Value, key: &str) -> Result<String> {
    text(value, key).map(|id| folded(&id))
}

fn folded(id: &str) -> String {
    id.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = r#"{"users":[
        {"id":"A","userPrincipalName":"ana@x.test","displayName":"Ana","mailNickname":"ana"},
        {"id":"b","userPrincipalName":"ben@x.test","displayName":"Ben","mailNickname":"ben","accountEnabled":false}],
      "groups":[{"id":"g","displayName":"Ops","members":["a","B"]},{"id":"h","displayName":"None"}],
      "assignments":["G"]}"#;

    fn after(edits: &str) -> IntentGroup {
        let mut directory = Directory::parse(START).unwrap();
        assert!(directory.cycle().groups["g"].waiting.is_empty());
        directory.apply(&format!("{{\"edits\":[{edits}]}}")).unwrap();
        directory.cycle().groups["g"].clone()
    }

    #[test]
    fn ids_are_the_same_in_either_letter_case() {
        let intent = Directory::parse(START).unwrap().intent();
        assert_eq!(intent.users.keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!(
            after(r#"{"edit":"remove_member","group":"G","user":"b"}"#).people.len(),
            1
        );
    }

    #[test]
    fn a_byte_order_mark_and_a_group_without_members_are_read() {
        let directory = Directory::parse(&format!("\u{feff}{START}")).unwrap();
        assert!(directory.teams["h"].members.is_empty());
    }

    #[test]
    fn a_member_enabled_later_waits_until_the_group_changes() {
        let enable = r#"{"edit":"enable","user":"b"}"#;
        assert_eq!(after(enable).waiting.iter().collect::<Vec<_>>(), ["b"]);
        for change in [
            r#"{"edit":"rename_group","group":"g","displayName":"Ops 2"}"#,
            r#"{"edit":"remove_member","group":"g","user":"a"}"#,
            r#"{"edit":"leave","user":"a"}"#,
            r#"{"edit":"unassign","principal":"g"},{"edit":"assign","principal":"g"}"#,
        ] {
            assert!(after(&format!("{enable},{change}")).waiting.is_empty(), "{change}");
        }
    }

    #[test]
    fn a_member_who_was_provisioned_once_never_waits() {
        let mut directory = Directory::parse(START).unwrap();
        directory.cycle();
        for edit in [
            r#"{"edit":"disable","user":"a"},{"edit":"rename_group","group":"g","displayName":"Ops 2"}"#,
            r#"{"edit":"enable","user":"a"}"#,
        ] {
            directory.apply(&format!("{{\"edits\":[{edit}]}}")).unwrap();
            assert!(!directory.cycle().groups["g"].waiting.contains("a"), "{edit}");
        }
    }
}
