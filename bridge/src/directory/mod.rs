//! Desired state: what a client's change means. Uniqueness, references, protected
//! names, revisions and tombstones; no HTTP and no SQL.
//!
//! Every change is one transaction: the new state, its revision and the work for each
//! target are stored together or not at all.

mod draft;
mod groups;
mod references;
mod users;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use scim::error::ScimError;
use scim::version::Preconditions;
use serde_json::Value;

use crate::clock::{Clock, Timestamp};
use crate::id::{ScimId, fold};
use crate::store::{Answer, Enqueue, Kind, NewRevision, QueueClass, Store, StoreError, Stored, Transaction};

/// Why a change was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The client's own doing: answer it (rule A1).
    #[error(transparent)]
    Refused(#[from] ScimError),
    /// It could not be made durable: the client may try again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Settings of the directory.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The tenant URL's name in the store.
    pub endpoint: String,
    /// The targets that follow this endpoint.
    pub targets: Vec<String>,
    /// Folded user names that may not be used (rule C8).
    pub protected_users: BTreeSet<String>,
    /// Folded group names that may not be used (rule C8).
    pub protected_groups: BTreeSet<String>,
    /// How long a group's additions wait for more of the same, so that one request carries them all.
    pub settle_for: Duration,
    /// The longest such wait.
    pub settle_at_most: Duration,
}

/// What is common to the changes of one request.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Its id, as in the answer's header and the log.
    pub id: String,
    /// Whether the answer waits for the outcome: a create's answer stays undecided until then (rule A3).
    pub waits: bool,
    /// What it asks of the version that it meets. Checked in the transaction of the change, so that
    /// of two requests that know the same version one alone goes through (RFC 7644 §3.14).
    pub preconditions: Preconditions,
}

/// What the body of an edit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// The whole resource: a PUT.
    Replace,
    /// Operations, done all or not at all: a PATCH.
    Patch,
}

/// An accepted change.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The resource after it.
    pub resource: Stored,
    /// Its revision; `None` when nothing changed.
    pub revision: Option<i64>,
}

/// Takes in changes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Directory {
    store: Store,
    clock: Clock,
    rules: Arc<Rules>,
}

impl Directory {
    /// A directory on `store`.
    pub fn new(store: Store, clock: Clock, rules: Rules) -> Self {
        Self {
            store,
            clock,
            rules: Arc::new(rules),
        }
    }

    /// The store behind it.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Its settings.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Creates a resource from the body of a POST.
    ///
    /// # Errors
    ///
    /// As [`Directory::create_user`] and [`Directory::create_group`].
    pub async fn create(
        &self,
        request: &Request,
        kind: Kind,
        id: ScimId,
        body: Value,
    ) -> Result<Accepted, DirectoryError> {
        match kind {
            Kind::User => self.create_user(request, id, body).await,
            Kind::Group => self.create_group(request, id, body).await,
        }
    }

    /// Replaces or changes a resource.
    ///
    /// # Errors
    ///
    /// As [`Directory::replace_user`], [`Directory::patch_user`], [`Directory::replace_group`] and
    /// [`Directory::patch_group`].
    pub async fn edit(
        &self,
        request: &Request,
        kind: Kind,
        id: &str,
        edit: Edit,
        body: Value,
    ) -> Result<Accepted, DirectoryError> {
        match (kind, edit) {
            (Kind::User, Edit::Replace) => self.replace_user(request, id, body).await,
            (Kind::User, Edit::Patch) => self.patch_user(request, id, body).await,
            (Kind::Group, Edit::Replace) => self.replace_group(request, id, body).await,
            (Kind::Group, Edit::Patch) => self.patch_group(request, id, body).await,
        }
    }

    /// Deletes a resource. Gives the revision of the deletion.
    ///
    /// # Errors
    ///
    /// 404 for an unknown id, 412 for a version that is not the one asked for.
    pub async fn delete(&self, request: &Request, kind: Kind, id: &str) -> Result<i64, DirectoryError> {
        let deleted = match kind {
            Kind::User => self.delete_user(request, id).await?,
            Kind::Group => self.delete_group(request, id).await?,
        };
        Ok(deleted.1)
    }

    /// Runs one change as a transaction and wakes the reconciler.
    async fn change<T, F>(&self, request: &Request, work: F) -> Result<T, DirectoryError>
    where
        T: Send + 'static,
        F: FnOnce(&Change<'_>) -> Result<T, DirectoryError> + Send + 'static,
    {
        let (rules, request, now) = (self.rules.clone(), request.clone(), self.clock.now());
        let changed = self
            .store
            .write(move |tx| {
                work(&Change {
                    tx,
                    rules: &rules,
                    request: &request,
                    now,
                })
            })
            .await?;
        self.store.signals().work_was_queued();
        Ok(changed)
    }
}

/// One change under way.
struct Change<'a> {
    tx: &'a Transaction<'a>,
    rules: &'a Rules,
    request: &'a Request,
    now: Timestamp,
}

impl Change<'_> {
    fn endpoint(&self) -> &str {
        &self.rules.endpoint
    }

    /// The live resource of this kind and id, at a version that the request accepts.
    fn existing(&self, kind: Kind, id: &str) -> Result<Stored, DirectoryError> {
        let found = self
            .tx
            .resource(id)?
            .filter(|stored| stored.kind == kind)
            .ok_or_else(ScimError::not_found)?;
        self.request.preconditions.allow_change(&found.etag())?;
        Ok(found)
    }

    /// A new revision of a resource. Only a create can still be refused, so only its answer is open (rule A3).
    fn revision(&self, id: &ScimId, kind: Kind, name: &str, action: &'static str) -> Result<i64, StoreError> {
        let open = action == "create" && self.request.waits;
        self.tx.new_revision(&NewRevision {
            at: self.now,
            request_id: self.request.id.clone(),
            resource_id: id.clone(),
            kind,
            name: name.to_owned(),
            action,
            answer: if open { Answer::Undecided } else { Answer::Accepted },
        })
    }

    /// The resource of this name that was imported and that the client has not written yet, if there is one.
    fn imported(&self, kind: Kind, name: &str) -> Result<Option<Stored>, StoreError> {
        let lookup = crate::store::Lookup::NameKey(fold(name));
        for stored in self.tx.lookup(self.endpoint(), kind, &lookup)? {
            if self.tx.is_unclaimed(&stored.id)? {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }

    /// A create of an imported name takes the resource over under the id that it has (rule C4). Whoever is in an
    /// imported group stays in it (rule C3).
    fn claim(&self, imported: &Stored, document: scim::resource::Resource) -> Result<Accepted, DirectoryError> {
        let row = draft::to_row(imported.id.clone(), imported.kind, document);
        let revision = self.tx.new_revision(&NewRevision {
            at: self.now,
            request_id: self.request.id.clone(),
            resource_id: imported.id.clone(),
            kind: imported.kind,
            name: row.name.clone(),
            action: "claim",
            // It was there before: there is nothing to withdraw.
            answer: Answer::Accepted,
        })?;
        let resource = self
            .tx
            .update_resource(self.endpoint(), imported, &row, self.now, revision)?;
        let class = if imported.active && !row.active {
            QueueClass::Revocation
        } else {
            QueueClass::Grant
        };
        self.enqueue(&imported.id, imported.kind, class)?;
        Ok(Accepted {
            resource,
            revision: Some(revision),
        })
    }

    /// A change that only follows from that of another resource: where the client's word on this one is waited for
    /// (rules C4, D3) it still is.
    fn without_a_word(
        &self,
        stored: &Stored,
        change: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (awaited, unclaimed) = (self.tx.awaits_client(&stored.id)?, self.tx.is_unclaimed(&stored.id)?);
        change()?;
        if awaited {
            self.tx.raise_revision(stored.pk, stored.revision)?;
        }
        if unclaimed {
            self.tx.unclaim(stored.pk)?;
        }
        Ok(())
    }

    /// The objects of a resource are read again: the client spoke of a part that somebody else changed (rule B4).
    fn look_at(&self, stored: &Stored) -> Result<(), StoreError> {
        self.tx.look_at_resource(&stored.id, self.now)?;
        for target in &self.rules.targets {
            let at_once = Enqueue::at_once(QueueClass::Verification, self.now);
            self.tx.enqueue(target, &stored.id, stored.kind, at_once)?;
        }
        Ok(())
    }

    /// A write that changes nothing: there is nothing to record, but whatever waits for a back-off is looked at
    /// again. Where the client's word itself is waited for (imported resources, rule C4; a restored store,
    /// rule D3) it counts as a change.
    fn confirmed(&self, old: &Stored) -> Result<Accepted, DirectoryError> {
        if !self.tx.awaits_client(&old.id)? {
            for target in &self.rules.targets {
                self.tx.wake(target, &old.id, self.now)?;
            }
            return Ok(Accepted {
                resource: old.clone(),
                revision: None,
            });
        }
        let revision = self.revision(&old.id, old.kind, &old.name, "confirm")?;
        self.tx.raise_revision(old.pk, revision)?;
        self.tx.claim(old.pk)?;
        self.enqueue(&old.id, old.kind, QueueClass::Grant)?;
        Ok(Accepted {
            resource: Stored {
                revision,
                ..old.clone()
            },
            revision: Some(revision),
        })
    }

    /// Work for every target.
    fn enqueue(&self, id: &ScimId, kind: Kind, class: QueueClass) -> Result<(), StoreError> {
        let mut how = Enqueue::at_once(class, self.now);
        if kind == Kind::Group && class == QueueClass::Grant {
            how.settle_for = self.rules.settle_for;
            how.at_most = self.rules.settle_at_most;
        }
        for target in &self.rules.targets {
            self.tx.enqueue(target, id, kind, how)?;
        }
        Ok(())
    }

    /// Refuses a name that must never be written (rule C8); the setting is named, whether such an object exists is not.
    fn check_protected(&self, kind: Kind, name: &str) -> Result<(), ScimError> {
        let (names, attribute, setting) = match kind {
            Kind::User => (&self.rules.protected_users, "userName", "target.protected_users"),
            Kind::Group => (&self.rules.protected_groups, "displayName", "target.protected_groups"),
        };
        if names.contains(&fold(name)) {
            return Err(ScimError::invalid_value(format!(
                "{attribute} is a protected name of this bridge (setting {setting}); use another name"
            )));
        }
        Ok(())
    }

    /// Refuses a name that another live resource of the kind has (rule A11).
    fn check_unique(&self, kind: Kind, name: &str, own: Option<&ScimId>) -> Result<(), DirectoryError> {
        let taken = self
            .tx
            .lookup(self.endpoint(), kind, &crate::store::Lookup::NameKey(fold(name)))?;
        if taken.iter().any(|other| Some(&other.id) != own) {
            let attribute = match kind {
                Kind::User => "userName",
                Kind::Group => "displayName",
            };
            return Err(ScimError::uniqueness(format!("{attribute} is already taken")).into());
        }
        Ok(())
    }
}
