//! What each control call does.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::extract::{Body, Name};
use super::{BadInput, Fields, Reply};
use crate::limits::{CONCURRENCY_CAP, Limits, Pace, VerbClass, is_factor};
use crate::mock::Mock;
use crate::network::front_end::Call;
use crate::network::private_link::{PrivateLink, Refusal};
use crate::network::site::Site;
use crate::state::Level;
use crate::state::seed::{self as filling, Amounts};

pub(super) type Shared = State<Arc<Mock>>;

/// A million of anything is more than any test needs.
const MOST_SEEDED: u64 = 1_000_000;

/// What `/edit` puts before a path that begins with the resource.
const WORKSPACE: &str = "/api/2.0/preview/scim/v2";

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

/// `GET /history?since=SEQ`: requests received after number SEQ.
pub(super) async fn history(State(mock): Shared, RawQuery(query): RawQuery) -> Result<Reply, BadInput> {
    let mut since = 0;
    for pair in query.as_deref().unwrap_or_default().split('&') {
        match pair.split_once('=') {
            Some(("since", text)) => {
                since = text
                    .parse()
                    .map_err(|_| BadInput::field("since", format!("must be a whole number, not `{text}`")))?;
            }
            None if pair.is_empty() => {}
            _ => return Err(BadInput::field(pair, "is unknown")),
        }
    }
    Ok(Reply::ok(mock.history().since(since)))
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

/// `GET /limits`.
pub(super) async fn limits(State(mock): Shared) -> Reply {
    Reply::ok(limits_value(mock.lock().pace.limits()))
}

fn limits_value(limits: Limits) -> Value {
    let (mode, factor) = match limits {
        Limits::Off => ("off", 1.0),
        Limits::Published { factor } => ("published", factor),
    };
    let per_minute: serde_json::Map<String, Value> = VerbClass::ALL
        .into_iter()
        .map(|class| (class.name().to_owned(), class.per_minute().into()))
        .collect();
    json!({"mode": mode, "factor": factor, "per_minute": per_minute, "concurrency": CONCURRENCY_CAP})
}

/// `PUT /limits {"mode":"published"|"off","factor":60}`: starts counting anew.
pub(super) async fn set_limits(State(mock): Shared, Body(body): Body) -> Result<Reply, BadInput> {
    let mut fields = Fields::from_body(&body)?;
    let mode = fields.text("mode")?;
    let factor = match fields.take("factor") {
        None => 1.0,
        Some(value) => value
            .as_f64()
            .filter(|factor| is_factor(*factor))
            .ok_or_else(|| BadInput::field("factor", "must be a positive number up to a million"))?,
    };
    fields.finish()?;
    let limits = match mode.as_deref() {
        None | Some("published") => Limits::Published { factor },
        Some("off") => Limits::Off,
        Some(_) => return Err(BadInput::field("mode", "must be \"published\" or \"off\"")),
    };
    mock.lock().pace = Pace::new(limits);
    Ok(Reply::ok(limits_value(limits)))
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

/// `GET /private-link`.
pub(super) async fn private_link(State(mock): Shared) -> Reply {
    Reply::ok(private_link_value(mock.lock().private_link))
}

fn private_link_value(private_link: PrivateLink) -> Value {
    let access = if private_link.public_access {
        "enabled"
    } else {
        "disabled"
    };
    json!({"public_access": access, "refusal": private_link.refusal.name()})
}

/// `PUT /private-link {"public_access":…,"refusal":…}`; what is left out stays.
pub(super) async fn set_private_link(State(mock): Shared, Body(body): Body) -> Result<Reply, BadInput> {
    let mut fields = Fields::from_body(&body)?;
    let access = match fields.text("public_access")?.as_deref() {
        None => None,
        Some("enabled") => Some(true),
        Some("disabled") => Some(false),
        Some(_) => {
            let problem = "must be \"disabled\" or \"enabled\"";
            return Err(BadInput::field("public_access", problem));
        }
    };
    let refusal = match fields.text("refusal")? {
        None => None,
        Some(name) => Some(
            Refusal::parse(&name).ok_or_else(|| BadInput::field("refusal", format!("must be {}", Refusal::NAMES)))?,
        ),
    };
    fields.finish()?;
    let mut shared = mock.lock();
    let link = &mut shared.private_link;
    link.public_access = access.unwrap_or(link.public_access);
    link.refusal = refusal.unwrap_or(link.refusal);
    Ok(Reply::ok(private_link_value(*link)))
}

/// `POST /edit {"method","path","body"}`: a SCIM request by a foreign hand; answers what the API answers.
///
/// The path may begin with the resource: `/Users/123` is short for the whole.
pub(super) async fn edit(State(mock): Shared, Body(body): Body) -> Result<Response, BadInput> {
    let mut fields = Fields::from_body(&body)?;
    let method = fields.required_text("method")?;
    let target = fields.required_text("path")?;
    let body = match fields.take("body") {
        None => Bytes::new(),
        Some(Value::String(text)) => text.into(),
        Some(json) => json.to_string().into(),
    };
    fields.finish()?;
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())
        .map_err(|_| BadInput::field("method", "is no HTTP method"))?;
    if !target.starts_with('/') {
        return Err(BadInput::field("path", "must begin with a slash"));
    }
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target.as_str(), None),
    };
    let path = if path.starts_with("/api/") {
        path.to_owned()
    } else {
        format!("{WORKSPACE}{path}")
    };
    let answer = mock.edit(&Call {
        method,
        path,
        query,
        headers: http::HeaderMap::new(),
        host: None,
        site: Site::Any,
        body,
    });
    let mut response = (answer.status, answer.body.clone()).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.extend(answer.headers.clone());
    if let Some(content_type) = answer.content_type(mock.scim_content_type()) {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    Ok(response)
}
