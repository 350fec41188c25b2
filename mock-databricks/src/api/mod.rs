//! The SCIM API of the workspace and of its account: from a request to an answer, without any network.
//!
//! [`handle`] is the only way in, for clients and for the foreign hand of the control listener alike. The surprise
//! is what does *not* happen: unknown attributes vanish, `userName` and `emails` never change, and all of it is a success.

mod access;
mod assignments;
mod draft;
mod federation;
mod groups;
mod kind;
mod list;
mod me;
mod patch;
mod principals;
mod projection;
#[cfg(test)]
mod properties;
mod query;
mod render;
mod route;
mod staleness;

use std::time::Duration;

use http::Method;
use serde_json::Value;

pub(crate) use route::{Door, Resource, Route};

use access::Rights;
use projection::Projection;
use query::Query;

use crate::answer::Answer;
use crate::errors::{self, ScimError};
use crate::filter::Filter;
use crate::limits::Sizes;
use crate::state::{Id, Kind, Workspace};
use crate::switches::{Switch, Switches};

/// A request as far as the API looks at it.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

/// On whose behalf a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The owner of a credential.
    Principal(Id),
    /// An admin at the console, whom no client can lock out.
    ForeignHand,
}

/// The world a request meets.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) workspace: &'a mut Workspace,
    pub(crate) switches: &'a Switches,
    /// How much may be held.
    pub(crate) sizes: Sizes,
    /// The id of an object that is created, if the foreign hand chose one.
    pub(crate) forced_id: Option<Id>,
    pub(crate) caller: Caller,
    /// Time since the start of the mock.
    pub(crate) now: Duration,
    pub(crate) time_factor: f64,
}

impl Context<'_> {
    /// The id of an object that is created.
    fn next_id(&mut self) -> Id {
        match self.forced_id.take() {
            Some(id) => {
                self.workspace.claim_id(id);
                id
            }
            None => self.workspace.next_id(),
        }
    }
}

/// Answers one request; `route` is what [`Route::find`] made of it.
pub(crate) fn handle(context: &mut Context<'_>, request: &Request<'_>, route: Option<&Route>) -> Answer {
    let Some(route) = route else {
        if route::lacks_account_id(request.path) {
            return errors::method_not_supported(request.method);
        }
        return unknown_endpoint(context.switches);
    };
    if let Door::Account { id, minor } = &route.door {
        if id != context.workspace.account_id() {
            return errors::unknown_account(context.switches.status(Switch::UnknownAccountStatus));
        }
        if *minor == 1 && filter_nodes(request, context.switches) > MOST_FILTER_NODES {
            return errors::filter_too_large(MOST_FILTER_NODES);
        }
    }
    let rights = match access::rights(context, request, route) {
        Ok(rights) => rights,
        Err(refusal) => return refusal,
    };
    let result = match route.resource {
        Resource::Users => principals::handle(context, request, route, Kind::User, rights),
        Resource::ServicePrincipals => principals::handle(context, request, route, Kind::ServicePrincipal, rights),
        Resource::Groups => groups::handle(context, request, route, rights),
        Resource::Me => me::handle(context, request),
        Resource::PermissionAssignments => Ok(assignments::handle(context, request, route)),
    };
    result.unwrap_or_else(Answer::from)
}

/// Nodes of a filter on the 2.1 path of the account [documented].
const MOST_FILTER_NODES: usize = 200;

/// How many nodes the filter of a request has; one that cannot be read has none.
fn filter_nodes(request: &Request<'_>, switches: &Switches) -> usize {
    let filter = Query::parse(request.query, switches)
        .ok()
        .and_then(|query| query.filter);
    let filter = filter.and_then(|text| Filter::parse(&text).ok());
    filter.map_or(0, |filter| filter.nodes())
}

/// What a caller without rights may see [documented: ids and names].
fn visible(mut query: Query, rights: Rights) -> Query {
    if rights == Rights::NamesOnly {
        query.projection = Projection::new(Some(&access::NAMES.join(",")), None);
    }
    query
}

/// What every path gets that is no endpoint.
pub(crate) fn unknown_endpoint(switches: &Switches) -> Answer {
    errors::endpoint_not_found(switches.status(Switch::UnknownEndpointStatus))
}

/// Reads a body that must be a JSON object.
fn object(body: &[u8]) -> Result<serde_json::Map<String, Value>, ScimError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ScimError::unparsable()),
        Err(_) => Err(ScimError::invalid_json()),
    }
}

/// The answer to a PUT or PATCH that went through, in the form the switch says [conflict].
fn changed(switches: &Switches, form: Switch, resource: impl FnOnce() -> serde_json::Map<String, Value>) -> Answer {
    use http::StatusCode;
    if switches.is(form, "no-content") {
        Answer::no_content()
    } else if switches.is(form, "empty") {
        Answer::new(StatusCode::OK, crate::answer::Kind::Bare, "")
    } else if switches.is(form, "empty-object") {
        Answer::scim(StatusCode::OK, &Value::Object(serde_json::Map::new()))
    } else {
        Answer::scim(StatusCode::OK, &Value::Object(resource()))
    }
}

/// The `scimType` of a 409, if the switch wants one.
fn conflict_type(switches: &Switches) -> Option<&'static str> {
    switches.on(Switch::ConflictScimType).then_some("uniqueness")
}
