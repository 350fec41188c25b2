//! What an edit means for the directory, and whose change number it raises.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Map, Value};

use super::{
    Directory, DirectoryError, Edit, Edits, Group, GroupEntry, ObjectId, User, UserEntry, file, problem::Finding,
};

/// An edit does not fit the directory it is applied to.
pub type EditError = DirectoryError;

impl Directory {
    /// Applies edits one after another, all or none.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Invalid`] naming the first edit that does not fit what the ones before it
    /// left, for example `edits[4].user`; the directory is then unchanged.
    pub fn apply(&mut self, edits: &Edits) -> Result<(), EditError> {
        let mut after = self.clone();
        for (at, edit) in edits.edits.iter().enumerate() {
            after.apply_one(edit).map_err(|finding| {
                let finding = finding.within(&format!("edits[{at}]"));
                finding.of(&edits.name, edits.text.as_deref())
            })?;
        }
        *self = after;
        Ok(())
    }

    fn apply_one(&mut self, edit: &Edit) -> Result<(), Finding> {
        match edit {
            Edit::Hire { user, groups } => self.hire(user, groups),
            Edit::Leave { user } => self.leave(user),
            Edit::Return { user, groups } => self.bring_back(user, groups),
            Edit::Update { user, set } => self.update(user, set),
            Edit::Disable { user } => self.enable(user, false),
            Edit::Enable { user } => self.enable(user, true),
            Edit::Move { user, from, to } => {
                self.remove_member("from", from, user)?;
                self.add_member("to", to, user)
            }
            Edit::AddMember { group, user } => self.add_member("group", group, user),
            Edit::RemoveMember { group, user } => self.remove_member("group", group, user),
            Edit::SetManager { user, manager } => self.set_manager(user, manager.as_ref()),
            Edit::HardDelete { user } => self.hard_delete(user),
            Edit::RenameGroup { group, display_name } => self.rename_group(group, display_name),
            Edit::CreateGroup { group } => self.create_group(group),
            Edit::DeleteGroup { group } => self.delete_group(group),
            Edit::Assign { principal } => self.assign(principal),
            Edit::Unassign { principal } => self.unassign(principal),
        }
    }

    fn hire(&mut self, user: &User, groups: &[ObjectId]) -> Result<(), Finding> {
        self.check_new_id(&user.id).map_err(|finding| finding.within("user"))?;
        file::check_user(user, |id| self.is_live_user(id))
            .and_then(|()| self.check_free_name(user))
            .map_err(|finding| finding.within("user"))?;
        let entry = UserEntry {
            user: user.clone().into(),
            soft_deleted: false,
            changed: 0,
        };
        self.users.insert(user.id.clone(), entry);
        self.touch(&user.id);
        self.join_all(&user.id, groups)
    }

    fn leave(&mut self, id: &ObjectId) -> Result<(), Finding> {
        self.live_user("user", id)?.soft_deleted = true;
        self.touch(id);
        self.drop_member(id);
        self.touch_reports(id);
        Ok(())
    }

    fn bring_back(&mut self, id: &ObjectId, groups: &[ObjectId]) -> Result<(), Finding> {
        if !self.is_soft_deleted(id) {
            return Err(Finding::new(
                "user",
                format!("{id} is not a soft-deleted user"),
                "only somebody who left and was not hard-deleted can return",
            ));
        }
        let user = self.users[id].user.clone();
        self.check_free_name(&user).map_err(|finding| finding.within("user"))?;
        self.live_or_deleted(id).soft_deleted = false;
        self.touch(id);
        self.touch_reports(id);
        self.join_all(id, groups)
    }

    fn update(&mut self, id: &ObjectId, set: &Map<String, Value>) -> Result<(), Finding> {
        let mut user = User::clone(&self.live_user("user", id)?.user);
        for (name, value) in set {
            let key = format!("set.{name}");
            let value = match value {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                _ => return Err(Finding::new(key, "is no string", "write a string or null")),
            };
            user.set(name, value).map_err(|error| {
                let text = error.to_string();
                let problem = text.split("; ").next().unwrap_or_default();
                Finding::new(
                    key,
                    problem,
                    "set string attributes of the directory format; null only where one is optional",
                )
            })?;
        }
        self.check_free_name(&user).map_err(|finding| finding.within("set"))?;
        self.live_user("user", id)?.user = user.into();
        self.touch(id);
        Ok(())
    }

    fn enable(&mut self, id: &ObjectId, enabled: bool) -> Result<(), Finding> {
        Arc::make_mut(&mut self.live_user("user", id)?.user).account_enabled = enabled;
        self.touch(id);
        Ok(())
    }

    fn set_manager(&mut self, id: &ObjectId, manager: Option<&ObjectId>) -> Result<(), Finding> {
        if let Some(manager) = manager {
            self.live_user("manager", manager)?;
        }
        Arc::make_mut(&mut self.live_user("user", id)?.user).manager = manager.cloned();
        self.touch(id);
        Ok(())
    }

    fn hard_delete(&mut self, id: &ObjectId) -> Result<(), Finding> {
        if !self.users.contains_key(id) {
            return Err(Finding::new(
                "user",
                format!("{id} is not a user of the directory"),
                "name an existing user",
            ));
        }
        self.touch_reports(id);
        self.drop_member(id);
        self.users.remove(id);
        self.assignments.remove(id);
        for entry in self.users.values_mut() {
            if entry.user.manager.as_ref() == Some(id) {
                Arc::make_mut(&mut entry.user).manager = None;
            }
        }
        self.change += 1;
        self.purged.insert(id.clone(), self.change);
        Ok(())
    }

    fn rename_group(&mut self, id: &ObjectId, name: &str) -> Result<(), Finding> {
        if name.trim().is_empty() {
            return Err(Finding::new("displayName", "is empty", "give it a value"));
        }
        name.clone_into(&mut self.live_group("group", id)?.display_name);
        self.touch(id);
        Ok(())
    }

    fn create_group(&mut self, group: &Group) -> Result<(), Finding> {
        self.check_new_id(&group.id)
            .and_then(|()| file::check_group(group, |id| self.is_live(id)))
            .map_err(|finding| finding.within("group"))?;
        self.groups.insert(
            group.id.clone(),
            GroupEntry {
                group: group.clone().into(),
                changed: 0,
            },
        );
        self.touch(&group.id);
        Ok(())
    }

    fn delete_group(&mut self, id: &ObjectId) -> Result<(), Finding> {
        let members = self.live_group("group", id)?.members.clone();
        self.drop_member(id);
        self.groups.remove(id);
        self.assignments.remove(id);
        self.change += 1;
        self.deleted_groups.insert(id.clone(), self.change);
        self.touch_all(&members);
        Ok(())
    }

    fn assign(&mut self, id: &ObjectId) -> Result<(), Finding> {
        let security_enabled = match self.groups.get(id) {
            Some(entry) => entry.group.security_enabled,
            None => self.live_user("principal", id).is_ok(),
        };
        if !security_enabled {
            return Err(Finding::new(
                "principal",
                format!("{id} is not a user or security enabled group of the directory"),
                "assign an existing one",
            ));
        }
        if !self.assignments.insert(id.clone()) {
            return Err(Finding::new(
                "principal",
                format!("{id} is assigned already"),
                "remove the edit",
            ));
        }
        self.touch_with_members(id);
        Ok(())
    }

    fn unassign(&mut self, id: &ObjectId) -> Result<(), Finding> {
        if !self.assignments.remove(id) {
            return Err(Finding::new(
                "principal",
                format!("{id} is not assigned"),
                "remove the edit",
            ));
        }
        self.touch_with_members(id);
        Ok(())
    }

    fn add_member(&mut self, key: &str, group: &ObjectId, user: &ObjectId) -> Result<(), Finding> {
        self.live_user("user", user)?;
        let members = &mut self.live_group(key, group)?.members;
        if members.contains(user) {
            return Err(Finding::new(
                key,
                format!("{user} is a member of {group} already"),
                "remove the edit",
            ));
        }
        members.push(user.clone());
        self.touch(group);
        self.touch(user);
        Ok(())
    }

    fn remove_member(&mut self, key: &str, group: &ObjectId, user: &ObjectId) -> Result<(), Finding> {
        let members = &mut self.live_group(key, group)?.members;
        let before = members.len();
        members.retain(|member| member != user);
        if members.len() == before {
            return Err(Finding::new(
                key,
                format!("{user} is not a member of {group}"),
                "name a group they are in",
            ));
        }
        self.touch(group);
        self.touch(user);
        Ok(())
    }

    fn join_all(&mut self, user: &ObjectId, groups: &[ObjectId]) -> Result<(), Finding> {
        for (at, group) in groups.iter().enumerate() {
            self.add_member(&format!("groups[{at}]"), group, user)?;
        }
        Ok(())
    }

    /// Takes an object out of every group it is in.
    fn drop_member(&mut self, id: &ObjectId) {
        let of: Vec<_> = self
            .groups
            .values()
            .filter(|entry| entry.group.members.contains(id))
            .map(|entry| entry.group.id.clone())
            .collect();
        for group in &of {
            if let Some(entry) = self.groups.get_mut(group) {
                Arc::make_mut(&mut entry.group).members.retain(|member| member != id);
            }
        }
        self.touch_all(&of);
    }

    /// A manager who goes or comes is a change of everybody who reports to them.
    fn touch_reports(&mut self, manager: &ObjectId) {
        let reports: Vec<_> = self
            .users
            .values()
            .filter(|entry| entry.user.manager.as_ref() == Some(manager))
            .map(|entry| entry.user.id.clone())
            .collect();
        self.touch_all(&reports);
    }

    fn touch_with_members(&mut self, id: &ObjectId) {
        self.touch(id);
        let members = self.groups.get(id).map(|entry| entry.group.members.clone());
        self.touch_all(&members.unwrap_or_default());
    }

    fn touch_all(&mut self, ids: &[ObjectId]) {
        for id in ids {
            self.touch(id);
        }
    }

    fn live_user(&mut self, key: &str, id: &ObjectId) -> Result<&mut UserEntry, Finding> {
        self.users
            .get_mut(id)
            .filter(|entry| !entry.soft_deleted)
            .ok_or_else(|| {
                Finding::new(
                    key,
                    format!("{id} is not a user of the directory"),
                    "name a user who exists and has not left",
                )
            })
    }

    fn live_or_deleted(&mut self, id: &ObjectId) -> &mut UserEntry {
        self.users.get_mut(id).expect("the caller has looked the user up")
    }

    fn live_group(&mut self, key: &str, id: &ObjectId) -> Result<&mut Group, Finding> {
        self.groups
            .get_mut(id)
            .map(|entry| Arc::make_mut(&mut entry.group))
            .ok_or_else(|| {
                Finding::new(
                    key,
                    format!("{id} is not a group of the directory"),
                    "name an existing group",
                )
            })
    }

    fn check_new_id(&self, id: &ObjectId) -> Result<(), Finding> {
        let taken = self.users.contains_key(id)
            || self.groups.contains_key(id)
            || self.purged.contains_key(id)
            || self.deleted_groups.contains_key(id);
        if taken {
            return Err(Finding::new("id", format!("{id} is used already"), "give it a new id"));
        }
        Ok(())
    }

    fn check_free_name(&self, user: &User) -> Result<(), Finding> {
        let name = user.folded_name();
        let taken: BTreeSet<_> = self
            .live_users()
            .filter(|other| other.id != user.id)
            .filter(|other| other.folded_name() == name)
            .map(|other| other.id.as_str())
            .collect();
        match taken.first() {
            Some(other) => Err(Finding::new(
                "userPrincipalName",
                format!("`{}` is the name of {other}", user.user_principal_name),
                "give each user a name of their own, letter case does not count",
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: &str = "11111111-0000-4000-8000-000000000001";
    const BEN: &str = "11111111-0000-4000-8000-000000000002";
    const EVE: &str = "11111111-0000-4000-8000-000000000003";
    const STAFF: &str = "22222222-0000-4000-8000-000000000001";
    const CREW: &str = "22222222-0000-4000-8000-000000000002";

    fn id(text: &str) -> ObjectId {
        text.parse().unwrap()
    }

    fn person(id: &str, name: &str, more: &str) -> String {
        format!(
            r#"{{"id":"{id}","userPrincipalName":"{name}@contoso.test","mailNickname":"{name}","displayName":"{name}"{more}}}"#
        )
    }

    /// Anna manages Ben; both are in Staff, Ben alone in Crew, which holds Staff.
    fn directory() -> Directory {
        let ben = person(BEN, "ben", &format!(r#","manager":"{ANNA}","jobTitle":"T""#));
        let text = format!(
            r#"{{"users":[{},{ben}],"groups":[
                {{"id":"{STAFF}","displayName":"Staff","members":["{ANNA}","{BEN}"]}},
                {{"id":"{CREW}","displayName":"Crew","members":["{BEN}","{STAFF}"]}}],
              "assignments":["{STAFF}"]}}"#,
            person(ANNA, "anna", ""),
        );
        Directory::from_json(&text, "people").unwrap()
    }

    fn applied(edits: &str) -> Result<Directory, String> {
        let edits = Edits::from_json(&format!(r#"{{"edits":[{edits}]}}"#), "day.json").unwrap();
        let mut directory = directory();
        directory
            .apply(&edits)
            .map(|()| directory)
            .map_err(|error| error.to_string())
    }

    fn changed(directory: &Directory, ids: &[&str]) -> Vec<bool> {
        ids.iter()
            .map(|text| directory.changed(&id(text)).unwrap() > 1)
            .collect()
    }

    #[test]
    fn leaving_ends_memberships_and_hides_the_manager() {
        let after = applied(&format!(r#"{{"edit":"leave","user":"{ANNA}"}}"#)).unwrap();
        assert!(after.is_soft_deleted(&id(ANNA)));
        assert_eq!(after.group(&id(STAFF)).unwrap().members, [id(BEN)]);
        assert_eq!(after.manager_of(after.user(&id(BEN)).unwrap()), None);
        assert_eq!(changed(&after, &[ANNA, BEN, STAFF, CREW]), [true, true, true, false]);
    }

    #[test]
    fn returning_brings_the_manager_back_but_no_membership_of_before() {
        let edits =
            format!(r#"{{"edit":"leave","user":"{ANNA}"}},{{"edit":"return","user":"{ANNA}","groups":["{CREW}"]}}"#);
        let after = applied(&edits).unwrap();
        assert_eq!(after.manager_of(after.user(&id(BEN)).unwrap()), Some(&id(ANNA)));
        assert_eq!(after.group(&id(STAFF)).unwrap().members, [id(BEN)]);
        assert!(after.group(&id(CREW)).unwrap().members.contains(&id(ANNA)));
    }

    #[test]
    fn hard_delete_forgets_the_user_everywhere() {
        let after = applied(&format!(r#"{{"edit":"hard_delete","user":"{ANNA}"}}"#)).unwrap();
        assert!(after.is_purged(&id(ANNA)) && after.user(&id(ANNA)).is_none());
        assert_eq!(after.user(&id(BEN)).unwrap().manager, None);
        assert_eq!(after.group(&id(STAFF)).unwrap().members, [id(BEN)]);
    }

    #[test]
    fn membership_is_a_change_of_group_and_user() {
        let edits = format!(r#"{{"edit":"move","user":"{BEN}","from":"{CREW}","to":"{STAFF}"}}"#);
        let error = applied(&edits).unwrap_err();
        assert!(
            error.contains("edits[0].to") && error.contains("is a member"),
            "{error}"
        );
        let edits = format!(r#"{{"edit":"remove_member","group":"{CREW}","user":"{BEN}"}}"#);
        let after = applied(&edits).unwrap();
        assert_eq!(changed(&after, &[ANNA, BEN, STAFF, CREW]), [false, true, false, true]);
    }

    #[test]
    fn deleted_group_leaves_the_groups_it_was_in_and_touches_its_members() {
        let after = applied(&format!(r#"{{"edit":"delete_group","group":"{STAFF}"}}"#)).unwrap();
        assert_eq!(after.group(&id(CREW)).unwrap().members, [id(BEN)]);
        assert!(after.assignments().is_empty());
        assert_eq!(changed(&after, &[ANNA, BEN, STAFF, CREW]), [true, true, true, true]);
    }

    #[test]
    fn edits_that_do_not_fit_name_place_and_remedy() {
        let hired = person(EVE, "ANNA", "");
        let table = [
            (
                format!(r#"{{"edit":"hire","user":{hired}}}"#),
                "edits[0].user.userPrincipalName",
            ),
            (
                format!(r#"{{"edit":"hire","user":{}}}"#, person(ANNA, "x", "")),
                "edits[0].user.id",
            ),
            (
                format!(
                    r#"{{"edit":"hire","user":{},"groups":["{EVE}"]}}"#,
                    person(EVE, "x", "")
                ),
                "edits[0].groups[0]",
            ),
            (format!(r#"{{"edit":"leave","user":"{EVE}"}}"#), "edits[0].user"),
            (
                format!(r#"{{"edit":"return","user":"{ANNA}"}}"#),
                "is not a soft-deleted user",
            ),
            (
                format!(r#"{{"edit":"update","user":"{BEN}","set":{{"salary":"1"}}}}"#),
                "edits[0].set.salary",
            ),
            (
                format!(r#"{{"edit":"update","user":"{BEN}","set":{{"displayName":null}}}}"#),
                "must not be empty",
            ),
            (
                format!(r#"{{"edit":"update","user":"{BEN}","set":{{"jobTitle":1}}}}"#),
                "is no string",
            ),
            (
                format!(r#"{{"edit":"update","user":"{BEN}","set":{{"userPrincipalName":"Anna@contoso.test"}}}}"#),
                "is the name of",
            ),
            (
                format!(r#"{{"edit":"set_manager","user":"{BEN}","manager":"{EVE}"}}"#),
                "edits[0].manager",
            ),
            (
                format!(r#"{{"edit":"remove_member","group":"{CREW}","user":"{ANNA}"}}"#),
                "is not a member",
            ),
            (
                format!(r#"{{"edit":"rename_group","group":"{CREW}","displayName":" "}}"#),
                "edits[0].displayName",
            ),
            (
                format!(r#"{{"edit":"create_group","group":{{"id":"{CREW}","displayName":"X"}}}}"#),
                "is used already",
            ),
            (
                format!(r#"{{"edit":"assign","principal":"{STAFF}"}}"#),
                "is assigned already",
            ),
            (
                format!(r#"{{"edit":"unassign","principal":"{CREW}"}}"#),
                "is not assigned",
            ),
        ];
        for (edits, part) in table {
            let error = applied(&edits).unwrap_err();
            assert!(error.starts_with("day.json, line 1: edits[0]"), "{error}");
            assert!(error.contains(part), "{part}: {error}");
            assert!(error.contains("; ") && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn edit_that_does_not_fit_is_named_with_its_line() {
        let edits =
            format!("\n{{\"edit\":\"disable\",\"user\":\"{BEN}\"}},\n{{\"edit\":\"leave\",\n\"user\":\"{EVE}\"}}");
        let error = applied(&edits).unwrap_err();
        assert!(error.starts_with("day.json, line 4: edits[1].user: "), "{error}");
    }

    #[test]
    fn id_of_a_purged_user_is_not_used_again() {
        let edits = format!(
            r#"{{"edit":"hard_delete","user":"{BEN}"}},{{"edit":"hire","user":{}}}"#,
            person(BEN, "new", "")
        );
        assert!(applied(&edits).unwrap_err().contains("edits[1].user.id"));
    }
}
