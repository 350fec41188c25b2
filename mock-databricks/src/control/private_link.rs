//! Private Link: what the public front end says, and whether there is a private endpoint.

use axum::extract::State;
use serde_json::{Value, json};

use super::calls::Shared;
use super::extract::Body;
use super::{BadInput, Fields, Reply};
use crate::network::private_link::{PrivateEndpoint, PrivateLink, Refusal};

/// `GET /private-link`.
pub(super) async fn show(State(mock): Shared) -> Reply {
    Reply::ok(value(mock.lock().private_link))
}

fn value(private_link: PrivateLink) -> Value {
    let access = if private_link.public_access {
        "enabled"
    } else {
        "disabled"
    };
    json!({
        "public_access": access,
        "refusal": private_link.refusal.name(),
        "private_endpoint": private_link.endpoint.name(),
    })
}

/// `PUT /private-link {"public_access":…,"refusal":…,"private_endpoint":…}`; what is left out stays.
pub(super) async fn set(State(mock): Shared, Body(body): Body) -> Result<Reply, BadInput> {
    let mut fields = Fields::from_body(&body)?;
    let access = fields.word("public_access", "\"disabled\" or \"enabled\"", |name| match name {
        "enabled" => Some(true),
        "disabled" => Some(false),
        _ => None,
    })?;
    let refusal = fields.word("refusal", Refusal::NAMES, Refusal::parse)?;
    let endpoint = fields.word("private_endpoint", PrivateEndpoint::NAMES, PrivateEndpoint::parse)?;
    fields.finish()?;
    let mut shared = mock.lock();
    let link = &mut shared.private_link;
    link.public_access = access.unwrap_or(link.public_access);
    link.refusal = refusal.unwrap_or(link.refusal);
    link.endpoint = endpoint.unwrap_or(link.endpoint);
    Ok(Reply::ok(value(*link)))
}
