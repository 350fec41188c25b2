//! Changes of the directory, as the client makes them.

use super::*;

/// One change of the directory, by small numbers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Edit {
    CreateUser(u8),
    SetActive(u8, bool),
    Show(u8, u8),
    Rename(u8, u8),
    DeleteUser(u8),
    CreateGroup(u8),
    AddMember(u8, u8),
    RemoveMember(u8, u8),
    RenameGroup(u8, u8),
    DeleteGroup(u8),
}

pub(super) fn any_edit() -> impl Strategy<Value = Edit> {
    let (user, group) = (0_u8..4, 0_u8..2);
    prop_oneof![
        2 => user.clone().prop_map(Edit::CreateUser),
        3 => (user.clone(), any::<bool>()).prop_map(|(user, active)| Edit::SetActive(user, active)),
        1 => (user.clone(), 0_u8..4).prop_map(|(user, shown)| Edit::Show(user, shown)),
        1 => (user.clone(), 0_u8..3).prop_map(|(user, name)| Edit::Rename(user, name)),
        2 => user.clone().prop_map(Edit::DeleteUser),
        1 => group.clone().prop_map(Edit::CreateGroup),
        4 => (group.clone(), user.clone()).prop_map(|(group, user)| Edit::AddMember(group, user)),
        3 => (group.clone(), user).prop_map(|(group, user)| Edit::RemoveMember(group, user)),
        1 => (group.clone(), 0_u8..2).prop_map(|(group, name)| Edit::RenameGroup(group, name)),
        1 => group.prop_map(Edit::DeleteGroup),
    ]
}

/// Changes of a directory that holds people and groups already.
pub(super) fn any_edits() -> impl Strategy<Value = Vec<(Edit, u8)>> {
    prop::collection::vec((any_edit(), 0_u8..4), 1..30).prop_map(|edits| {
        let people = (0..4).map(Edit::CreateUser);
        let groups = (0..2).map(Edit::CreateGroup);
        let members = [(0, 0), (0, 1), (1, 1), (1, 2)].map(|(group, user)| Edit::AddMember(group, user));
        let start = people.chain(groups).chain(members).map(|edit| (edit, 1));
        start.chain(edits).collect()
    })
}

impl World {
    pub(super) fn edit(&mut self, edit: Edit) {
        self.note(format_args!("{edit:?}"));
        let request = Request {
            id: "test".to_owned(),
            ..Request::default()
        };
        let directory = self.directory.clone();
        let (users, groups) = (self.users.clone(), self.groups.clone());
        let user = |number: u8| users.get(&number).cloned();
        let group = |number: u8| groups.get(&number).cloned();
        let patch = |operation: Value| json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] });
        let result: Result<(), DirectoryError> = self.runtime.block_on(async {
            match edit {
                Edit::CreateUser(number) if user(number).is_none() => {
                    let id = ScimId::new(format!("user{number}-{}", self.ever.len()));
                    let name = format!("user{number}@example.test");
                    let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name,
                        "displayName": format!("User {number}"), "externalId": format!("user{number}") });
                    let made = directory.create_user(&request, id.clone(), body).await;
                    if made.is_ok() {
                        self.ever.push(id.clone());
                        self.users.insert(number, id);
                    }
                    made.map(|_| ())
                }
                Edit::SetActive(number, active) => match user(number) {
                    Some(id) => {
                        let body = patch(json!({ "op": "replace", "path": "active", "value": active }));
                        directory.patch_user(&request, id.as_str(), body).await.map(|_| ())
                    }
                    None => Ok(()),
                },
                Edit::Show(number, shown) => match user(number) {
                    Some(id) => {
                        let body = patch(json!({ "op": "replace", "path": "displayName", "value": format!("Shown {shown}") }));
                        directory.patch_user(&request, id.as_str(), body).await.map(|_| ())
                    }
                    None => Ok(()),
                },
                Edit::Rename(number, name) => match user(number) {
                    Some(id) => {
                        let name = format!("user{number}.{name}@example.test");
                        let body = patch(json!({ "op": "replace", "path": "userName", "value": name }));
                        directory.patch_user(&request, id.as_str(), body).await.map(|_| ())
                    }
                    None => Ok(()),
                },
                Edit::DeleteUser(number) => match self.users.remove(&number) {
                    Some(id) => directory.delete_user(&request, id.as_str()).await.map(|_| ()),
                    None => Ok(()),
                },
                Edit::CreateGroup(number) if group(number).is_none() => {
                    let id = ScimId::new(format!("group{number}-{}", self.ever.len()));
                    let body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                        "displayName": format!("Group {number}"), "externalId": format!("group{number}") });
                    let made = directory.create_group(&request, id.clone(), body).await;
                    if made.is_ok() {
                        self.ever.push(id.clone());
                        self.groups.insert(number, id);
                    }
                    made.map(|_| ())
                }
                Edit::AddMember(one, other) => match (group(one), user(other)) {
                    (Some(group), Some(user)) => {
                        let body = patch(json!({ "op": "Add", "path": "members", "value": [{ "value": user.as_str() }] }));
                        directory.patch_group(&request, group.as_str(), body).await.map(|_| ())
                    }
                    _ => Ok(()),
                },
                Edit::RemoveMember(one, other) => match (group(one), user(other)) {
                    (Some(group), Some(user)) => {
                        let body = patch(json!({ "op": "Remove", "path": "members", "value": [{ "value": user.as_str() }] }));
                        directory.patch_group(&request, group.as_str(), body).await.map(|_| ())
                    }
                    _ => Ok(()),
                },
                Edit::RenameGroup(number, name) => match group(number) {
                    Some(id) => {
                        let body = patch(json!({ "op": "replace", "path": "displayName", "value": format!("Group {number}.{name}") }));
                        directory.patch_group(&request, id.as_str(), body).await.map(|_| ())
                    }
                    None => Ok(()),
                },
                Edit::DeleteGroup(number) => match self.groups.remove(&number) {
                    Some(id) => directory.delete_group(&request, id.as_str()).await.map(|_| ()),
                    None => Ok(()),
                },
                Edit::CreateUser(_) | Edit::CreateGroup(_) => Ok(()),
            }
        });
        match result {
            Ok(()) | Err(DirectoryError::Refused(_)) => {}
            Err(DirectoryError::Store(error)) => panic!("{error}"),
        }
        if self.watched {
            self.note_wanted();
        }
    }
}
