//! The SCIM API of a workspace: from a request to an answer, without any network.
//!
//! [`handle`] is the only way in, for clients and for the foreign hand of the control listener alike. The surprise
//! is what does *not* happen: unknown attributes vanish, `userName` and `emails` never change, and all of it is a success.

mod access;
mod draft;
mod groups;
mod list;
mod me;
mod patch;
mod projection;
mod query;
mod render;
mod route;
mod users;

use std::time::Duration;

use http::Method;
use serde_json::Value;

pub(crate) use route::{Resource, Route};

use crate::answer::Answer;
use crate::errors::{self, ScimError};
use crate::state::{Id, Workspace};
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
    /// The owner of a token.
    User(Id),
    /// An admin at the console, whom no client can lock out.
    ForeignHand,
}

/// The world a request meets.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) workspace: &'a mut Workspace,
    pub(crate) switches: &'a Switches,
    /// Whether the size limits hold.
    pub(crate) size_limits: bool,
    pub(crate) caller: Caller,
    /// Time since the start of the mock.
    pub(crate) now: Duration,
    pub(crate) time_factor: f64,
}

/// Answers one request; `route` is what [`Route::find`] made of it.
pub(crate) fn handle(context: &mut Context<'_>, request: &Request<'_>, route: Option<&Route>) -> Answer {
    let Some(route) = route else {
        return unknown_endpoint(context.switches);
    };
    let rights = match access::rights(context, request, route) {
        Ok(rights) => rights,
        Err(refusal) => return refusal,
    };
    let result = match route.resource {
        Resource::Users => users::handle(context, request, route, rights),
        Resource::Groups => groups::handle(context, request, route, rights),
        Resource::Me => me::handle(context, request),
    };
    result.unwrap_or_else(Answer::from)
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

/// The answer to a PUT or PATCH that went through, in the form the switch says (documents disagree).
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
