//! The manager of one user, after all users exist: reference check, then PATCH (reference §7.8).

use super::{
    context::Context,
    failure::{ErrorCode, Fault},
};
use crate::{
    directory::ObjectId,
    wire::{diff::Kind, patch, query},
};

#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) id: ObjectId,
    /// The user's target id.
    pub(crate) target: String,
    /// The manager's target id; `None`: the source has no manager any more.
    pub(crate) wanted: Option<String>,
    /// The manager exported before, or shown by the target.
    pub(crate) before: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    None,
    Set,
    Cleared,
}

pub(crate) struct Done {
    pub(crate) work: Work,
    pub(crate) effect: Effect,
    pub(crate) fault: Option<Fault>,
}

pub(crate) async fn run(context: &Context<'_>, work: Work) -> Done {
    match resolve(context, &work).await {
        Ok(effect) => Done {
            work,
            effect,
            fault: None,
        },
        Err(fault) => Done {
            work,
            effect: Effect::None,
            fault: Some(fault),
        },
    }
}

async fn resolve(context: &Context<'_>, work: &Work) -> Result<Effect, Fault> {
    let path = query::user(&work.target);
    let Some(manager) = &work.wanted else {
        context.patch(&path, &patch::clear_manager(context.dialect)).await?;
        return Ok(Effect::Cleared);
    };
    if holds(context, &query::manager_check(&work.target, manager)).await? {
        return Ok(Effect::None);
    }
    let kind = if work.before.is_some() {
        Kind::Replace
    } else {
        Kind::Add
    };
    let url = context.client.absolute(&query::user(manager));
    let form = context.options.manager_form;
    let body = patch::set_manager(context.dialect, kind, manager, &url, form);
    context.patch(&path, &body).await?;
    Ok(Effect::Set)
}

/// A reference check: one hit is yes, none is no.
pub(super) async fn holds(context: &Context<'_>, path: &str) -> Result<bool, Fault> {
    match context.find(path).await {
        Ok(found) => Ok(found.is_some()),
        Err(Fault::Object {
            code: ErrorCode::DuplicateTargetEntries,
            status,
            detail,
        }) => Err(Fault::Object {
            code: ErrorCode::MultipleEntriesInResponse,
            status,
            detail,
        }),
        Err(fault) => Err(fault),
    }
}
