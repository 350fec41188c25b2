//! One user in a cycle: match or read, then create, update, disable, restore or delete
//! (reference §7 and §13.2).

use std::sync::Arc;

use serde_json::Value;

use super::{
    context::Context,
    failure::{ErrorCode, Fault, ObjectKind},
    report::Action,
    state::UserLink,
};
use crate::{
    directory::{ObjectId, User},
    mapping::{Desired, SourceUser, Target},
    wire::{create, diff, patch, query, read},
};

/// What the source says about a user.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// In scope and allowed to sign in.
    Active(Arc<User>),
    /// Soft-deleted, blocked, or gone from the directory.
    Inactive,
    /// Alive, but no longer assigned.
    OutOfScope,
    /// Deleted for good.
    Purged,
}

#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) id: ObjectId,
    pub(crate) source: Source,
    pub(crate) link: Option<UserLink>,
}

/// What became of it.
pub(crate) struct Done {
    pub(crate) work: Work,
    pub(crate) action: Action,
    /// The event of the provisioning log.
    pub(crate) step: &'static str,
    /// The manager the target showed.
    pub(crate) shown_manager: Option<String>,
    pub(crate) fault: Option<Fault>,
}

pub(crate) async fn run(context: &Context<'_>, mut work: Work) -> Done {
    let mut shown_manager = None;
    let mut action = Action::Nothing;
    let mut step = "EntryImport";
    let outcome = match (&work.source, work.link.as_mut()) {
        (Source::Active(user), _) => {
            let user = user.clone();
            let mut provision = Provision {
                context,
                action: &mut action,
                step: &mut step,
                shown: &mut shown_manager,
            };
            provision.run(&user, &mut work.link).await
        }
        (_, None) => {
            action = Action::Skipped;
            Ok(())
        }
        (Source::Purged, Some(link)) if link.left_scope => {
            // Documented limitation: unassigned first, deleted later means no DELETE.
            action = Action::Skipped;
            work.link = None;
            Ok(())
        }
        (Source::Purged, Some(link)) => {
            step = "EntryExportDelete";
            let deleted = context.delete(&query::user(&link.target)).await;
            if deleted.is_ok() {
                context.release(ObjectKind::User, &link.target);
                action = Action::Deleted;
                work.link = None;
            }
            deleted
        }
        (Source::Inactive | Source::OutOfScope, Some(link)) => {
            step = "EntryExportUpdateSoftDelete";
            let disabled = disable(context, link).await;
            if let Ok(done) = disabled {
                action = done;
                link.active = false;
                link.left_scope = matches!(work.source, Source::OutOfScope) || link.left_scope;
            }
            disabled.map(|_| ())
        }
    };
    let fault = outcome.err();
    let is_stale = fault
        .as_ref()
        .is_some_and(|fault| fault.code() == ErrorCode::InvalidAnchor);
    if let Some(link) = work.link.take_if(|_| is_stale) {
        context.release(ObjectKind::User, &link.target);
    }
    Done {
        work,
        action,
        step,
        shown_manager,
        fault,
    }
}

async fn disable(context: &Context<'_>, link: &UserLink) -> Result<Action, Fault> {
    let path = query::user(&link.target);
    let resource = context.read(&path).await?;
    if read::field(&resource, "active").and_then(Value::as_bool) == Some(false) {
        return Ok(Action::Unchanged);
    }
    context.patch(&path, &patch::active(context.dialect, false)).await?;
    Ok(Action::Disabled)
}

struct Provision<'c, 'o> {
    context: &'c Context<'c>,
    action: &'o mut Action,
    step: &'o mut &'static str,
    shown: &'o mut Option<String>,
}

impl Provision<'_, '_> {
    async fn run(&mut self, user: &User, link: &mut Option<UserLink>) -> Result<(), Fault> {
        let source = SourceUser {
            user,
            is_soft_deleted: false,
        };
        let desired = self.context.options.mappings.user(source);
        let resource = match link {
            Some(link) => self.context.read(&query::user(&link.target)).await?,
            None => match self.context.match_object(&desired, query::find_user).await? {
                Some(resource) => {
                    let target = read::id_of(&resource).unwrap_or_default();
                    self.context.claim(ObjectKind::User, target, &user.id)?;
                    *link = Some(new_link(target));
                    resource
                }
                None => return self.create(user, &desired, link).await,
            },
        };
        *self.shown = read::manager_of(&resource).map(str::to_owned);
        self.update(&desired, &resource).await?;
        if let Some(link) = link {
            link.active = true;
            link.left_scope = false;
        }
        Ok(())
    }

    async fn create(&mut self, user: &User, desired: &[Desired], link: &mut Option<UserLink>) -> Result<(), Fault> {
        *self.step = "EntryExportAdd";
        let resource = self.context.create("/Users", &create::user(desired)).await?;
        let target = read::id_of(&resource).unwrap_or_default();
        self.context.claim(ObjectKind::User, target, &user.id)?;
        *self.action = Action::Created;
        *link = Some(new_link(target));
        if self.context.options.read_back {
            let resource = self.context.read(&query::user(target)).await?;
            *self.shown = read::manager_of(&resource).map(str::to_owned);
        }
        Ok(())
    }

    async fn update(&mut self, desired: &[Desired], resource: &Value) -> Result<(), Fault> {
        let changes = diff::diff(desired, resource, self.context.options.compare);
        if changes.is_empty() {
            *self.action = Action::Unchanged;
            return Ok(());
        }
        *self.step = "EntryExportUpdate";
        let target = read::id_of(resource).unwrap_or_default();
        let body = patch::attributes(self.context.dialect, &changes);
        self.context.patch(&query::user(target), &body).await?;
        let restored = changes
            .iter()
            .any(|change| change.target == Target::Simple("active") && change.kind == diff::Kind::Replace);
        *self.action = if restored { Action::Restored } else { Action::Updated };
        Ok(())
    }
}

fn new_link(target: &str) -> UserLink {
    UserLink {
        target: target.to_owned(),
        active: true,
        left_scope: false,
        manager: None,
    }
}
