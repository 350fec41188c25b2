//! DNS: which view the main listener answers in. `outside` is what a broken private zone looks like to its clients.

use axum::extract::State;
use serde_json::{Value, json};

use super::calls::Shared;
use super::extract::Body;
use super::{BadInput, Fields, Reply};
use crate::mock::Mock;
use crate::network::dns::names::View;

/// `GET /dns`: the view, both listeners, and the addresses the two views lead to.
pub(super) async fn show(State(mock): Shared) -> Reply {
    Reply::ok(value(&mock))
}

fn value(mock: &Mock) -> Value {
    json!({
        "view": mock.lock().dns_view.name(),
        "dns": mock.addresses.dns,
        "dns_outside": mock.addresses.dns_outside,
        "private": mock.names.private,
        "public": mock.names.public,
    })
}

/// `PUT /dns {"view":"inside"|"outside"}`.
pub(super) async fn set(State(mock): Shared, Body(body): Body) -> Result<Reply, BadInput> {
    let mut fields = Fields::from_body(&body)?;
    let view = fields.word("view", "\"inside\" or \"outside\"", View::parse)?;
    fields.finish()?;
    if let Some(view) = view {
        mock.lock().dns_view = view;
    }
    Ok(Reply::ok(value(&mock)))
}
