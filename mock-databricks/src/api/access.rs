//! What the sender of a request may do: admins of the level everything, others very little [documented; old texts: issue].

use http::Method;

use super::query::Query;
use super::route::Door;
use super::{Caller, Context, Request, Resource, Route};
use crate::answer::Answer;
use crate::errors;
use crate::state::Id;
use crate::switches::Switch;

/// How much of a resource the caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rights {
    /// Admin of the level.
    Admin,
    /// Reads ids and names.
    NamesOnly,
}

/// What a non-admin sees of a resource [documented: ids and names].
pub(super) const NAMES: [&str; 3] = ["userName", "applicationId", "displayName"];

pub(crate) fn rights(context: &Context<'_>, request: &Request<'_>, route: &Route) -> Result<Rights, Answer> {
    let caller = match context.caller {
        Caller::ForeignHand => return Ok(Rights::Admin),
        Caller::Principal(caller) => caller,
    };
    if route.resource == Resource::Me || is_admin(context, request, route, caller) {
        return Ok(Rights::Admin);
    }
    let reads = *request.method == Method::GET;
    if route.door == Door::Workspace && reads && context.switches.is(Switch::NonAdminReads, "names-only") {
        let asks_more = Query::parse(request.query, context.switches)
            .is_ok_and(|query| query.projection.names("externalId") || filters_external_id(&query));
        if !asks_more && route.resource != Resource::PermissionAssignments {
            return Ok(Rights::NamesOnly);
        }
    }
    Err(errors::only_admins(request.path))
}

/// Workspace admins rule the workspace, account admins the account [documented]; what workspace admins may do to the
/// account through their own host is known for reads only, and a switch for the rest [inferred].
fn is_admin(context: &Context<'_>, request: &Request<'_>, route: &Route, caller: Id) -> bool {
    let workspace = &*context.workspace;
    match route.door {
        Door::Workspace => workspace.is_admin(caller),
        Door::Account { .. } => workspace.is_account_admin(caller),
        Door::Proxy if *request.method == Method::GET => {
            workspace.is_admin(caller) || workspace.is_account_admin(caller)
        }
        Door::Proxy => match () {
            () if context.switches.is(Switch::ProxyWrites, "workspace-admins") => workspace.is_admin(caller),
            () if context.switches.is(Switch::ProxyWrites, "account-admins") => workspace.is_account_admin(caller),
            () => false,
        },
    }
}

/// Asking for somebody's `externalId` in a filter is asking for it.
fn filters_external_id(query: &Query) -> bool {
    let filter = query.filter.as_deref().unwrap_or_default();
    filter.to_ascii_lowercase().contains("externalid")
}
