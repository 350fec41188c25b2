//! `GET …/Me`: the owner of the token, in the shape of a user.

use http::StatusCode;
use serde_json::Value;

use super::query::Query;
use super::{Caller, Context, Request, render};
use crate::answer::Answer;
use crate::errors::ScimError;

pub(crate) fn handle(context: &Context<'_>, request: &Request<'_>) -> Result<Answer, ScimError> {
    let query = Query::parse(request.query)?;
    let id = match context.caller {
        Caller::User(user) => user,
        Caller::ForeignHand => context.workspace.reserved().admin,
    };
    let me = context.workspace.users().get(id);
    let me = me.ok_or_else(|| ScimError::user_not_found(&id.to_string()))?;
    let body = render::user(context.workspace, context.switches, me, &query.projection);
    Ok(Answer::scim(StatusCode::OK, &Value::Object(body)))
}
