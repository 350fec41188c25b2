//! Three answers that are not the same (rule E7): the process lives; SCIM can accept
//! durably; the targets follow.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Operations;
use crate::reconcile::Reported;
use crate::store::StoreError;

/// `GET /health/live`: 200 while the process answers.
pub(super) async fn live() -> Response {
    reply(StatusCode::OK, &json!({ "status": "live" }))
}

/// `GET /health/ready`: 200 while a change can be accepted durably; the targets play no part.
pub(super) async fn ready(State(operations): State<Operations>) -> Response {
    let now = operations.clock.now().as_micros().to_string();
    let accepted = match operations.store.check_room() {
        Ok(()) => operations.store.write(move |tx| tx.set_fact("ready_at", &now)).await,
        Err(full) => Err(full),
    };
    match accepted {
        Ok(()) => reply(StatusCode::OK, &json!({ "status": "ready" })),
        Err::<(), StoreError>(error) => {
            tracing::error!(%error, "not ready");
            let body = json!({ "status": "not ready", "reason": error.to_string() });
            reply(StatusCode::SERVICE_UNAVAILABLE, &body)
        }
    }
}

/// `GET /health/targets`: 200 when all follow, 503 otherwise, with state and reason of each.
pub(super) async fn targets(State(operations): State<Operations>) -> Response {
    let mut all_ok = true;
    let mut shown = Vec::new();
    for (name, status) in &operations.targets {
        let reported = status.get();
        all_ok &= matches!(reported.state, "ok" | "dry-run");
        // Counted now, not when the reconciler last looked: zero means that nothing waits.
        let depth = operations
            .store
            .read::<_, StoreError, _>(|store| store.queue_depth(name));
        shown.push(describe(name, &reported, depth.unwrap_or((0, 0))));
    }
    let status = if all_ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    reply(status, &json!({ "targets": shown }))
}

fn describe(name: &str, reported: &Reported, (queued, pending): (u64, u64)) -> Value {
    let state = if reported.state.is_empty() {
        "starting"
    } else {
        reported.state
    };
    json!({
        "name": name,
        "state": state,
        "cause": reported.cause,
        "reason": reported.detail,
        "since": reported.since.map(crate::clock::Timestamp::to_rfc3339),
        "queued": queued,
        "pending": pending,
    })
}

fn reply(status: StatusCode, body: &Value) -> Response {
    (status, [("content-type", "application/json")], format!("{body}\n")).into_response()
}
