//! One group in a cycle: match or read, then create, rename or delete (reference §9).
//! Members come in a later pass.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{
    context::Context,
    failure::{ErrorCode, Fault, ObjectKind},
    report::Action,
    state::GroupLink,
};
use crate::{
    directory::{Group, ObjectId},
    wire::{create, diff, patch, query, read},
};

#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) id: ObjectId,
    /// `None`: deleted or no longer assigned.
    pub(crate) source: Option<Arc<Group>>,
    pub(crate) link: Option<GroupLink>,
}

/// What became of it.
pub(crate) struct Done {
    pub(crate) work: Work,
    pub(crate) action: Action,
    /// The event of the provisioning log.
    pub(crate) step: &'static str,
    pub(crate) fault: Option<Fault>,
}

pub(crate) async fn run(context: &Context<'_>, mut work: Work) -> Done {
    let mut action = Action::Nothing;
    let mut step = "EntryImport";
    let outcome = match (&work.source, &work.link) {
        (Some(group), _) => provision(context, group, &mut work.link, &mut action, &mut step).await,
        (None, None) => {
            action = Action::Skipped;
            Ok(())
        }
        (None, Some(link)) => {
            step = "EntryExportDelete";
            let deleted = context.delete(&query::group(&link.target)).await;
            if deleted.is_ok() {
                context.release(ObjectKind::Group, &link.target);
                action = Action::Deleted;
                work.link = None;
            }
            deleted
        }
    };
    let fault = outcome.err();
    let is_stale = fault
        .as_ref()
        .is_some_and(|fault| fault.code() == ErrorCode::InvalidAnchor);
    if let Some(link) = work.link.take_if(|_| is_stale) {
        context.release(ObjectKind::Group, &link.target);
    }
    Done {
        work,
        action,
        step,
        fault,
    }
}

async fn provision(
    context: &Context<'_>,
    group: &Group,
    link: &mut Option<GroupLink>,
    action: &mut Action,
    step: &mut &'static str,
) -> Result<(), Fault> {
    let desired = context.options.mappings.group(group);
    let found = match link {
        Some(link) => Some(context.read(&query::group_without_members(&link.target)).await?),
        None => context.match_object(&desired, query::find_group).await?,
    };
    let Some(resource) = found else {
        *step = "EntryExportAdd";
        let resource = context.create("/Groups", &create::group(&desired)).await?;
        let target = take(context, group, link, &resource)?;
        *action = Action::Created;
        if context.options.read_back {
            context.read(&query::group_without_members(&target)).await?;
        }
        return Ok(());
    };
    let target = take(context, group, link, &resource)?;
    if read::shows_members(&resource) {
        return Err(Fault::object(
            ErrorCode::MultipleEntriesInResponse,
            "the answer shows members although they were excluded",
        ));
    }
    let changes = diff::diff(&desired, &resource, context.options.compare);
    if changes.is_empty() {
        *action = Action::Unchanged;
        return Ok(());
    }
    *step = "EntryExportUpdate";
    context
        .patch(&query::group(&target), &patch::attributes(context.dialect, &changes))
        .await?;
    *action = Action::Updated;
    Ok(())
}

/// Links a group to a target resource, if it is not yet, and answers its target id.
fn take(context: &Context<'_>, group: &Group, link: &mut Option<GroupLink>, resource: &Value) -> Result<String, Fault> {
    let target = read::id_of(resource).unwrap_or_default();
    if let Some(link) = link {
        return Ok(link.target.clone());
    }
    context.claim(ObjectKind::Group, target, &group.id)?;
    *link = Some(GroupLink {
        target: target.to_owned(),
        members: BTreeMap::new(),
    });
    Ok(target.to_owned())
}
