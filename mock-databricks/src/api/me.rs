//! `GET …/Me`: the owner of the credential, in the shape of a user.
//!
//! A service principal shows its `applicationId` as `userName` [fixture].

use http::StatusCode;
use serde_json::Value;

use super::query::Query;
use super::{Caller, Context, Request, render};
use crate::answer::Answer;
use crate::errors::ScimError;
use crate::state::{Kind, Level, Principal};

pub(crate) fn handle(context: &Context<'_>, request: &Request<'_>) -> Result<Answer, ScimError> {
    let query = Query::parse(request.query, context.switches)?;
    let id = match context.caller {
        Caller::Principal(caller) => caller,
        Caller::ForeignHand => context.workspace.reserved().admin,
    };
    let me = context.workspace.principal(id);
    let me = me.ok_or_else(|| ScimError::not_found("User", &id.to_string()))?;
    let as_user = Principal {
        kind: Kind::User,
        ..me.clone()
    };
    let body = render::principal(context, &as_user.seen(Level::Workspace), &query.projection);
    Ok(Answer::scim(StatusCode::OK, &Value::Object(body)))
}
