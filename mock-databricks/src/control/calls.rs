//! What each control call does.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde_json::json;

use super::extract::{Body, Name};
use super::{BadInput, Fields, Reply};
use crate::mock::Mock;
use crate::state::Level;
use crate::state::seed::{self as filling, Amounts};

pub(super) type Shared = State<Arc<Mock>>;

/// A million of anything is more than any test needs.
const MOST_SEEDED: u64 = 1_000_000;

/// `POST /seed {"users":N,"groups":M,"seed":S}`: adds people and groups; also `service_principals`, `account_groups` (assigned to
/// the workspace) and `unused_users` (known through automatic identity management alone).
pub(super) async fn seed(State(mock): Shared, Body(body): Body) -> Result<Reply, BadInput> {
    let mut fields = Fields::from_body(&body)?;
    let mut amount = |name| -> Result<usize, BadInput> {
        let number = fields.number(name, MOST_SEEDED)?;
        Ok(usize::try_from(number.unwrap_or(0)).unwrap_or(usize::MAX))
    };
    let amounts = Amounts {
        users: amount("users")?,
        groups: amount("groups")?,
        service_principals: amount("service_principals")?,
        account_groups: amount("account_groups")?,
        unused_users: amount("unused_users")?,
    };
    let seed = fields.number("seed", u64::MAX)?.unwrap_or(mock.seed);
    fields.finish()?;
    let mut shared = mock.lock();
    filling::fill(&mut shared.workspace, amounts, seed);
    let workspace = &shared.workspace;
    let users = workspace.users().iter().filter(|user| user.workspace.is_some());
    let groups = workspace.groups().iter().filter(|group| group.home == Level::Workspace);
    Ok(Reply::ok(
        json!({"seed": seed, "users": users.count(), "groups": groups.count()}),
    ))
}

/// `POST /reset`: empties the workspace. Faults, limits, switches, history stay.
pub(super) async fn reset(State(mock): Shared, Body(body): Body) -> Result<Reply, BadInput> {
    Fields::from_body(&body)?.finish()?;
    mock.lock().workspace.reset();
    Ok(Reply::Nothing)
}

/// `GET /counters`.
pub(super) async fn counters(State(mock): Shared) -> Reply {
    Reply::ok(mock.counters())
}

/// `GET /faults`: rules that can still fire.
pub(super) async fn faults(State(mock): Shared) -> Reply {
    Reply::ok(mock.lock().faults.list())
}

/// `POST /faults`: arms a rule; 201 with its id.
pub(super) async fn arm_fault(State(mock): Shared, Body(body): Body) -> Result<Reply, BadInput> {
    let id = mock.lock().faults.arm(&body)?;
    Ok(Reply::Json(StatusCode::CREATED, json!({"id": id})))
}

/// `DELETE /faults`: removes all rules.
pub(super) async fn clear_faults(State(mock): Shared) -> Reply {
    mock.lock().faults.clear();
    Reply::Nothing
}

/// `DELETE /faults/ID`.
pub(super) async fn disarm_fault(State(mock): Shared, Name(id): Name) -> Reply {
    let known = id.parse().is_ok_and(|number| mock.lock().faults.disarm(number));
    if known {
        Reply::Nothing
    } else {
        let problem = format!("no fault `{id}` was ever armed");
        Reply::error(StatusCode::NOT_FOUND, problem)
    }
}

/// `GET /switches`.
pub(super) async fn switches(State(mock): Shared) -> Reply {
    Reply::ok(mock.lock().switches.list())
}

/// `PUT /switches/NAME {"value":…}`.
pub(super) async fn set_switch(State(mock): Shared, Name(name): Name, Body(body): Body) -> Result<Reply, BadInput> {
    let mut fields = Fields::from_body(&body)?;
    let value = fields
        .take_raw("value")
        .ok_or_else(|| BadInput::field("value", "is missing"))?;
    fields.finish()?;
    let set = mock.lock().switches.set(&name, value);
    set.map(Reply::ok).map_err(|error| BadInput(error.to_string()))
}
