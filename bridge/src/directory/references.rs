//! References between resources: managers and members (rule A10).

use scim::entra::NamedMember;
use scim::error::ScimError;

use super::{Change, DirectoryError};
use crate::id::ScimId;
use crate::store::{Kind, Pk, Resolved};

impl Change<'_> {
    /// A manager must be a live user.
    pub(super) fn check_manager(&self, manager: &str) -> Result<(), DirectoryError> {
        let found = self.tx.resolve(self.endpoint(), &[manager.to_owned()])?.pop().flatten();
        match found {
            Some(found) if found.kind == Kind::User => Ok(()),
            _ => Err(ScimError::invalid_value(format!("manager: there is no user with the id {manager}")).into()),
        }
    }

    /// The rows of members to be added; every id that is unknown is named and nothing is changed.
    pub(super) fn resolve_members(&self, named: &[NamedMember]) -> Result<Vec<Resolved>, DirectoryError> {
        let ids: Vec<String> = named.iter().map(|member| member.id.clone()).collect();
        let found = self.tx.resolve(self.endpoint(), &ids)?;
        let unknown: Vec<&str> = ids
            .iter()
            .zip(&found)
            .filter_map(|(id, found)| found.is_none().then_some(id.as_str()))
            .collect();
        if !unknown.is_empty() {
            let detail = format!("members: there is no user or group with the id {}", unknown.join(", "));
            return Err(ScimError::invalid_value(detail).into());
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// A group never contains itself, directly or through others.
    pub(super) fn check_no_circle(&self, group: Pk, id: &ScimId, members: &[Resolved]) -> Result<(), DirectoryError> {
        for member in members.iter().filter(|member| member.kind == Kind::Group) {
            if self.tx.reaches(member.pk, group)? {
                let detail = format!("members: the group {id} would contain itself");
                return Err(ScimError::invalid_value(detail).into());
            }
        }
        Ok(())
    }
}
