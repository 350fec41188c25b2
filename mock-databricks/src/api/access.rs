//! What the owner of a token may do: workspace admins everything, others very little (documented, old texts recorded).

use http::Method;

use super::query::Query;
use super::{Caller, Context, Request, Resource, Route};
use crate::answer::Answer;
use crate::errors;
use crate::switches::Switch;

/// How much of a resource the caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rights {
    /// Member of `admins`.
    Admin,
    /// Reads ids and names.
    NamesOnly,
}

/// What a non-admin sees of a resource (documented: ids and names).
pub(crate) const NAMES: [&str; 2] = ["userName", "displayName"];

pub(crate) fn rights(context: &Context<'_>, request: &Request<'_>, route: &Route) -> Result<Rights, Answer> {
    let is_admin = match context.caller {
        Caller::ForeignHand => true,
        Caller::User(user) => context.workspace.is_admin(user),
    };
    if route.resource == Resource::Me || is_admin {
        return Ok(Rights::Admin);
    }
    let reads = *request.method == Method::GET;
    if reads && context.switches.is(Switch::NonAdminReads, "names-only") {
        let asks_more = Query::parse(request.query)
            .is_ok_and(|query| query.projection.names("externalId") || filters_external_id(&query));
        if !asks_more {
            return Ok(Rights::NamesOnly);
        }
    }
    Err(errors::only_admins(request.path))
}

/// Asking for somebody's `externalId` in a filter is asking for it.
fn filters_external_id(query: &Query) -> bool {
    let filter = query.filter.as_deref().unwrap_or_default();
    filter.to_ascii_lowercase().contains("externalid")
}
