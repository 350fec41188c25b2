//! Users: create, change, delete.

use scim::error::ScimError;
use scim::patch;
use scim::resource::{Resource, get, read_body, same};
use scim::schema;
use serde_json::Value;

use super::draft::{clear_manager, manager, to_row};
use super::{Accepted, Change, Directory, DirectoryError, Request};
use crate::id::{ScimId, fold};
use crate::store::{Enqueue, Field, Kind, Lookup, QueueClass, StoreError, Stored};

impl Directory {
    /// Creates a user from the body of a POST.
    ///
    /// # Errors
    ///
    /// 400 for a body that is no user, a manager that does not exist or a protected name; 409
    /// `uniqueness` for a `userName` that a live user has, whatever the letter case (rule A11).
    pub async fn create_user(&self, request: &Request, id: ScimId, body: Value) -> Result<Accepted, DirectoryError> {
        let mut document = read_body(schema::user(), &body)?;
        default_active(&mut document, true);
        self.change(request, move |change| {
            let row = to_row(id, Kind::User, document);
            change.check_protected(Kind::User, &row.name)?;
            let imported = change.imported(Kind::User, &row.name)?;
            if imported.is_none() {
                change.check_unique(Kind::User, &row.name, None)?;
            }
            if let Some(manager) = &row.manager_id {
                change.check_manager(manager)?;
            }
            if let Some(imported) = imported {
                return change.claim(&imported, row.document);
            }
            let revision = change.revision(&row.id, Kind::User, &row.name, "create")?;
            let resource = change
                .tx
                .insert_resource(change.endpoint(), &row, change.now, revision)?;
            change.enqueue(&row.id, Kind::User, QueueClass::Grant)?;
            Ok(Accepted {
                resource,
                revision: Some(revision),
            })
        })
        .await
    }

    /// Replaces a user by the body of a PUT. One that leaves out `active` leaves it as it is: whoever
    /// does not know of it gives nobody access (RFC 7644 §3.5.1 lets the server choose).
    ///
    /// # Errors
    ///
    /// 404 for an unknown id; as [`Directory::create_user`] else.
    pub async fn replace_user(&self, request: &Request, id: &str, body: Value) -> Result<Accepted, DirectoryError> {
        let id = id.to_owned();
        self.change(request, move |change| {
            let old = change.existing(Kind::User, &id)?;
            let mut document = read_body(schema::user(), &body)?;
            default_active(&mut document, old.active);
            change.store_user(&old, document, &FIELDS)
        })
        .await
    }

    /// Changes a user by the body of a PATCH; all of it or nothing.
    ///
    /// # Errors
    ///
    /// 404 for an unknown id; 400 for a body, path or value that cannot be; 409 for a taken `userName`.
    pub async fn patch_user(&self, request: &Request, id: &str, body: Value) -> Result<Accepted, DirectoryError> {
        let id = id.to_owned();
        self.change(request, move |change| {
            let old = change.existing(Kind::User, &id)?;
            let changes = patch::read(schema::user(), &body)?;
            let mut document = old.document.clone();
            patch::apply(schema::user(), &mut document, &changes)?;
            let written: Vec<Field> = changes
                .iter()
                .filter_map(|one| field_of(&one.path.to_string()))
                .collect();
            change.store_user(&old, document, &written)
        })
        .await
    }

    /// Deletes a user: memberships go, and so does every reference to it as a manager (rule A10).
    /// Gives the id and revision of the deletion.
    ///
    /// # Errors
    ///
    /// 404 for an unknown id.
    pub async fn delete_user(&self, request: &Request, id: &str) -> Result<(ScimId, i64), DirectoryError> {
        let id = id.to_owned();
        self.change(request, move |change| {
            let old = change.existing(Kind::User, &id)?;
            change.drop_as_manager(&old)?;
            change.delete(&old)
        })
        .await
    }
}

impl Change<'_> {
    /// `written` are the fields that the request speaks of: where somebody else changed one at the target, the
    /// client's word counts although it is the same as before (rule B4).
    fn store_user(&self, old: &Stored, document: Resource, written: &[Field]) -> Result<Accepted, DirectoryError> {
        for field in written {
            if self.tx.ask_about_field(&old.id, *field, self.now)? {
                self.look_at(old)?;
            }
        }
        let row = to_row(old.id.clone(), Kind::User, document);
        if same(&row.document, &old.document) {
            return self.confirmed(old);
        }
        if row.name != old.name {
            self.check_protected(Kind::User, &row.name)?;
            if row.name_key != fold(&old.name) {
                self.check_unique(Kind::User, &row.name, Some(&old.id))?;
            }
        }
        if let Some(wanted) = row
            .manager_id
            .as_ref()
            .filter(|wanted| manager(&old.document).as_ref() != Some(*wanted))
        {
            self.check_manager(wanted)?;
        }
        let (action, class) = match (old.active, row.active) {
            (true, false) => ("disable", QueueClass::Revocation),
            (false, true) => ("restore", QueueClass::Grant),
            _ if row.name_key != fold(&old.name) => ("rename", QueueClass::Grant),
            _ => ("update", QueueClass::Grant),
        };
        let revision = self.revision(&old.id, Kind::User, &row.name, action)?;
        let resource = self
            .tx
            .update_resource(self.endpoint(), old, &row, self.now, revision)?;
        self.enqueue(&old.id, Kind::User, class)?;
        Ok(Accepted {
            resource,
            revision: Some(revision),
        })
    }

    fn drop_as_manager(&self, gone: &Stored) -> Result<(), StoreError> {
        let reports = self
            .tx
            .lookup(self.endpoint(), Kind::User, &Lookup::Manager(gone.id.to_string()))?;
        for report in reports.iter().filter(|report| report.id != gone.id) {
            let mut document = report.document.clone();
            clear_manager(&mut document);
            let row = to_row(report.id.clone(), Kind::User, document);
            let revision = self.revision(&report.id, Kind::User, &report.name, "manager-gone")?;
            self.without_a_word(report, || {
                self.tx
                    .update_resource(self.endpoint(), report, &row, self.now, revision)
                    .map(|_| ())
            })?;
            // Databricks holds no managers: nothing to apply.
            self.tx.settle_alone(revision, "applied", self.now)?;
        }
        Ok(())
    }

    /// What deleting a user and a group have in common: the groups around it change, a tombstone stays.
    pub(super) fn delete(&self, old: &Stored) -> Result<(ScimId, i64), DirectoryError> {
        let revision = self.revision(&old.id, old.kind, &old.name, "delete")?;
        for (group, name) in self.tx.groups_of(old.pk)? {
            let changed = self.revision(&group, Kind::Group, &name, "member-gone")?;
            self.tx.note_moved(changed, &[], std::slice::from_ref(&old.id))?;
            if let Some(stored) = self.tx.resource(group.as_str())? {
                self.without_a_word(&stored, || self.tx.touch_resource(stored.pk, self.now, changed))?;
            }
            self.enqueue(&group, Kind::Group, QueueClass::Revocation)?;
        }
        self.tx.disinherit_around(&old.id)?;
        // Groups that it has left already may still hold one of its accounts.
        for target in &self.rules.targets {
            let at_once = Enqueue::at_once(QueueClass::Revocation, self.now);
            self.tx.enqueue_groups_of(target, &old.id, at_once)?;
        }
        self.tx.bury(self.endpoint(), old, self.now, revision)?;
        self.tx.delete_resource(old.pk)?;
        self.tx.retire_bindings(&old.id)?;
        self.enqueue(&old.id, old.kind, QueueClass::Revocation)?;
        Ok((old.id.clone(), revision))
    }
}

/// What Databricks holds of a user.
const FIELDS: [Field; 5] = [
    Field::DisplayName,
    Field::GivenName,
    Field::FamilyName,
    Field::ExternalId,
    Field::Active,
];

/// The field that a path names, in any letter case.
fn field_of(path: &str) -> Option<Field> {
    FIELDS
        .into_iter()
        .find(|field| field.as_str().eq_ignore_ascii_case(path))
}

/// A user without `active` has one all the same: Entra reads it back and compares.
fn default_active(document: &mut Resource, active: bool) {
    if get(document, "active").is_none() {
        document.insert("active".to_owned(), Value::Bool(active));
    }
}

/// A reading error of a body is the client's own doing.
impl From<scim::filter::FilterError> for DirectoryError {
    fn from(error: scim::filter::FilterError) -> Self {
        Self::Refused(ScimError::from(error))
    }
}
