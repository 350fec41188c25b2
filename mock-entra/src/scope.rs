//! Who and what is provisioned: assignment as the service evaluates it.
//!
//! A user is in scope if assigned directly or a *direct* member of an assigned
//! group. Groups in scope are the assigned ones. Nested groups are not expanded
//! (entra-client reference, assignment; documented).

use std::collections::HashSet;

use crate::directory::{Directory, ObjectId};

/// The users and groups in scope at one moment.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    users: HashSet<ObjectId>,
    groups: HashSet<ObjectId>,
}

impl Scope {
    /// Evaluates the assignments of a directory.
    pub fn of(directory: &Directory) -> Self {
        let mut scope = Self::default();
        for principal in directory.assignments() {
            if let Some(group) = directory.group(principal) {
                scope.groups.insert(principal.clone());
                let users = group.members.iter().filter(|id| directory.user(id).is_some());
                scope.users.extend(users.cloned());
            } else if directory.user(principal).is_some() {
                scope.users.insert(principal.clone());
            }
        }
        scope
    }

    /// Whether a user is assigned, directly or through a group. Says nothing about deletion.
    pub fn has_user(&self, id: &ObjectId) -> bool {
        self.users.contains(id)
    }

    /// Whether a group is assigned.
    pub fn has_group(&self, id: &ObjectId) -> bool {
        self.groups.contains(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_groups_are_not_expanded() {
        let user = |n: u8| format!("11111111-0000-4000-8000-00000000000{n}");
        let group = |n: u8| format!("22222222-0000-4000-8000-00000000000{n}");
        let person = |n: u8| {
            format!(
                r#"{{"id":"{}","userPrincipalName":"u{n}@contoso.test","mailNickname":"u{n}","displayName":"U{n}"}}"#,
                user(n)
            )
        };
        let text = format!(
            r#"{{"users":[{},{},{},{}],"groups":[
                {{"id":"{}","displayName":"Outer","members":["{}","{}"]}},
                {{"id":"{}","displayName":"Inner","members":["{}"]}}],
              "assignments":["{}","{}"]}}"#,
            person(1),
            person(2),
            person(3),
            person(4),
            group(1),
            user(1),
            group(2),
            group(2),
            user(2),
            group(1),
            user(3),
        );
        let scope = Scope::of(&Directory::from_json(&text, "people").unwrap());
        let users: Vec<_> = (1..=4).map(|n| scope.has_user(&user(n).parse().unwrap())).collect();
        assert_eq!(users, [true, false, true, false]);
        assert!(scope.has_group(&group(1).parse().unwrap()));
        assert!(!scope.has_group(&group(2).parse().unwrap()));
    }
}
