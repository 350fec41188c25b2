//! Reading and checking a directory file.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::{
    Directory, GroupEntry, ObjectId, UserEntry,
    group::Group,
    problem::{self, DirectoryError, Finding},
    user::User,
};

/// The directory file as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryFile {
    /// Everybody, assigned or not.
    pub users: Vec<User>,
    /// All groups, assigned or not.
    pub groups: Vec<Group>,
    /// Users and groups assigned to the application.
    pub assignments: Vec<ObjectId>,
}

impl Directory {
    /// Reads a directory file.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] in one line, naming the file, the line, the JSON path of the key
    /// and the remedy: an unreadable file, unknown or missing keys, an id that is no GUID or
    /// names nothing, two objects with one id, two users with one login name.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, DirectoryError> {
        let path = path.as_ref();
        Self::from_json(&problem::read(path)?, &path.display().to_string())
    }

    /// Reads a directory from text; `name` stands for the file in errors.
    ///
    /// # Errors
    ///
    /// As [`Directory::load`].
    pub fn from_json(text: &str, name: &str) -> Result<Self, DirectoryError> {
        let file: DirectoryFile = problem::parse(text, name)?;
        Self::from_file(file).map_err(|finding| finding.of(name, Some(text)))
    }

    fn from_file(file: DirectoryFile) -> Result<Self, Finding> {
        check_ids(&file)?;
        check_users(&file.users)?;
        check_groups(&file)?;
        check_assignments(&file)?;
        let users = file.users.into_iter().map(|user| {
            (
                user.id.clone(),
                UserEntry {
                    user: user.into(),
                    soft_deleted: false,
                    changed: 1,
                },
            )
        });
        let groups = file.groups.into_iter().map(|group| {
            (
                group.id.clone(),
                GroupEntry {
                    group: group.into(),
                    changed: 1,
                },
            )
        });
        Ok(Self {
            users: users.collect(),
            groups: groups.collect(),
            assignments: file.assignments.into_iter().collect(),
            purged: BTreeMap::new(),
            deleted_groups: BTreeMap::new(),
            change: 1,
        })
    }

    /// The directory as a file: what is not deleted.
    pub fn to_file(&self) -> DirectoryFile {
        DirectoryFile {
            users: self.live_users().cloned().collect(),
            groups: self.groups().cloned().collect(),
            assignments: self.assignments.iter().filter(|id| self.is_live(id)).cloned().collect(),
        }
    }
}

fn check_ids(file: &DirectoryFile) -> Result<(), Finding> {
    let mut seen = BTreeMap::new();
    let users = file
        .users
        .iter()
        .enumerate()
        .map(|(at, user)| (format!("users[{at}]"), &user.id));
    let groups = file
        .groups
        .iter()
        .enumerate()
        .map(|(at, group)| (format!("groups[{at}]"), &group.id));
    for (place, id) in users.chain(groups) {
        if let Some(first) = seen.insert(id, place.clone()) {
            return Err(Finding::new(
                format!("{place}.id"),
                format!("{id} is also the id of {first}"),
                "give each object its own id",
            ));
        }
    }
    Ok(())
}

fn check_users(users: &[User]) -> Result<(), Finding> {
    let ids: BTreeSet<_> = users.iter().map(|user| &user.id).collect();
    let mut names = HashMap::new();
    for (at, user) in users.iter().enumerate() {
        check_user(user, |id| ids.contains(id)).map_err(|finding| finding.within(&format!("users[{at}]")))?;
        if let Some(first) = names.insert(user.folded_name(), at) {
            return Err(Finding::new(
                format!("users[{at}].userPrincipalName"),
                format!("`{}` is also the name of users[{first}]", user.user_principal_name),
                "give each user a name of their own, letter case does not count",
            ));
        }
    }
    Ok(())
}

/// What must hold for one user wherever it is written.
pub(super) fn check_user(user: &User, exists: impl Fn(&ObjectId) -> bool) -> Result<(), Finding> {
    let required = [
        ("userPrincipalName", &user.user_principal_name),
        ("mailNickname", &user.mail_nickname),
        ("displayName", &user.display_name),
    ];
    for (key, value) in required {
        if value.trim().is_empty() {
            return Err(Finding::new(key, "is empty", "give it a value"));
        }
    }
    match &user.manager {
        Some(manager) if !exists(manager) => Err(Finding::new(
            "manager",
            format!("{manager} is not a user of the directory"),
            "name an existing user or leave the key out",
        )),
        _ => Ok(()),
    }
}

fn check_groups(file: &DirectoryFile) -> Result<(), Finding> {
    let all: BTreeSet<_> = all_ids(file).collect();
    for (at, group) in file.groups.iter().enumerate() {
        check_group(group, |id| all.contains(id)).map_err(|finding| finding.within(&format!("groups[{at}]")))?;
    }
    Ok(())
}

/// What must hold for one group wherever it is written.
pub(super) fn check_group(group: &Group, exists: impl Fn(&ObjectId) -> bool) -> Result<(), Finding> {
    if group.display_name.trim().is_empty() {
        return Err(Finding::new("displayName", "is empty", "give it a value"));
    }
    let mut seen = BTreeSet::new();
    for (at, member) in group.members.iter().enumerate() {
        let key = format!("members[{at}]");
        if !exists(member) {
            return Err(Finding::new(
                key,
                format!("{member} is not a user or group of the directory"),
                "name an existing object or remove the member",
            ));
        }
        if !seen.insert(member) {
            return Err(Finding::new(
                key,
                format!("{member} is a member already"),
                "keep each member once",
            ));
        }
        if *member == group.id {
            return Err(Finding::new(key, "the group is its own member", "remove the member"));
        }
    }
    Ok(())
}

fn check_assignments(file: &DirectoryFile) -> Result<(), Finding> {
    let all: BTreeSet<_> = all_ids(file).collect();
    let mut seen = BTreeSet::new();
    for (at, principal) in file.assignments.iter().enumerate() {
        let key = format!("assignments[{at}]");
        if !all.contains(principal) {
            return Err(Finding::new(
                key,
                format!("{principal} is not a user or group of the directory"),
                "name an existing object or remove the assignment",
            ));
        }
        if !seen.insert(principal) {
            return Err(Finding::new(
                key,
                format!("{principal} is assigned already"),
                "keep each assignment once",
            ));
        }
        let group = file.groups.iter().find(|group| group.id == *principal);
        if group.is_some_and(|group| !group.security_enabled) {
            return Err(Finding::new(
                key,
                format!("group {principal} is not security enabled"),
                "assign a group with `securityEnabled` true",
            ));
        }
    }
    Ok(())
}

fn all_ids(file: &DirectoryFile) -> impl Iterator<Item = &ObjectId> {
    file.users
        .iter()
        .map(|user| &user.id)
        .chain(file.groups.iter().map(|group| &group.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: &str = "11111111-0000-4000-8000-000000000001";
    const GROUP: &str = "22222222-0000-4000-8000-000000000001";

    fn error(text: &str) -> String {
        let error = Directory::from_json(text, "people.json").unwrap_err().to_string();
        assert!(!error.contains('\n'), "one line: {error}");
        error
    }

    fn user(extra: &str) -> String {
        format!(
            r#"{{"id":"{ANNA}","userPrincipalName":"anna@contoso.test","mailNickname":"anna","displayName":"Anna"{extra}}}"#
        )
    }

    #[test]
    fn unknown_key_is_named_with_its_line_and_path() {
        let text = format!(
            "{{\"users\":[\n{}],\n\"groups\":[],\"assignments\":[]}}",
            user(r#","jobtitle":"x""#)
        );
        let error = error(&text);
        assert!(error.starts_with("people.json, line 2"), "{error}");
        assert!(error.contains("users[0].jobtitle: unknown field `jobtitle`"), "{error}");
        assert!(error.ends_with("remove the key or correct its spelling"), "{error}");
    }

    #[test]
    fn broken_json_is_named_with_its_line() {
        let error = error("{\n  \"users\": [,]\n}");
        assert!(error.starts_with("people.json, line 2, column"), "{error}");
        assert!(error.ends_with("correct the JSON here"), "{error}");
    }

    #[test]
    fn manager_who_does_not_exist_is_named() {
        let text = format!(
            "{{\"users\":[\n{}],\"groups\":[],\"assignments\":[]}}",
            user(r#","manager":"11111111-0000-4000-8000-000000000009""#)
        );
        let error = error(&text);
        assert!(
            error.starts_with("people.json, line 2: users[0].manager: 11111111"),
            "{error}"
        );
    }

    #[test]
    fn two_users_with_one_name_in_different_case_are_named() {
        let second = user("").replace(ANNA, GROUP).replace("anna@", "ANNA@");
        let text = format!(r#"{{"users":[{},{second}],"groups":[],"assignments":[]}}"#, user(""));
        let error = error(&text);
        assert!(
            error.contains("users[1].userPrincipalName: `ANNA@contoso.test`"),
            "{error}"
        );
        assert!(error.contains("users[0]"), "{error}");
    }

    #[test]
    fn one_id_for_a_user_and_a_group_is_named() {
        let text = format!(
            r#"{{"users":[{}],"groups":[{{"id":"{ANNA}","displayName":"G"}}],"assignments":[]}}"#,
            user("")
        );
        assert!(error(&text).contains("groups[0].id"));
    }

    #[test]
    fn dangling_member_and_assignment_are_named() {
        let text = format!(
            r#"{{"users":[],"groups":[{{"id":"{GROUP}","displayName":"G","members":["{ANNA}"]}}],"assignments":[]}}"#
        );
        assert!(error(&text).contains("groups[0].members[0]"));
        let text = format!(r#"{{"users":[],"groups":[],"assignments":["{ANNA}"]}}"#);
        assert!(error(&text).contains("assignments[0]"));
    }

    #[test]
    fn group_that_is_not_security_enabled_cannot_be_assigned() {
        let text = format!(
            r#"{{"users":[],"groups":[{{"id":"{GROUP}","displayName":"G","securityEnabled":false}}],"assignments":["{GROUP}"]}}"#
        );
        assert!(error(&text).contains("not security enabled; assign a group"));
    }

    #[test]
    fn file_that_is_missing_is_named_with_a_remedy() {
        let error = Directory::load("nowhere/people.json").unwrap_err().to_string();
        assert!(error.starts_with("nowhere/people.json: cannot be read"), "{error}");
    }

    #[test]
    fn directory_written_and_read_again_is_the_same() {
        let text = format!(
            r#"{{"users":[{}],"groups":[{{"id":"{GROUP}","displayName":"G","members":["{ANNA}"]}}],"assignments":["{GROUP}"]}}"#,
            user(r#","mail":"anna@contoso.test","accountEnabled":false"#)
        );
        let file = Directory::from_json(&text, "people.json").unwrap().to_file();
        let again = serde_json::to_string(&file).unwrap();
        assert_eq!(Directory::from_json(&again, "again").unwrap().to_file(), file);
    }
}
