//! The stand-in for Azure's resource manager, as far as it says which host a workspace has [fixture].

use http::StatusCode;
use serde_json::json;

use crate::answer::Answer;
use crate::credentials::{Reach, Sender};
use crate::mock::Mock;
use crate::network::front_end::Call;

/// Answers `GET /subscriptions/…/workspaces/…?api-version=2018-04-01`.
pub(super) fn read(mock: &Mock, call: &Call) -> Answer {
    let sender = {
        let shared = mock.lock();
        shared.credentials.sender(call.authorization(), mock.clock.elapsed())
    };
    if !matches!(sender, Sender::Known(_, Reach::Management)) {
        let text = "Authentication failed. The 'Authorization' header is missing or its token does not fit.";
        return refused(StatusCode::UNAUTHORIZED, "AuthenticationFailed", text);
    }
    if !call.path.eq_ignore_ascii_case(&mock.azure.resource_id) {
        let text = format!("The Resource '{}' was not found.", call.path);
        return refused(StatusCode::NOT_FOUND, "ResourceNotFound", &text);
    }
    let body = json!({
        "id": mock.azure.resource_id,
        "type": "Microsoft.Databricks/workspaces",
        "properties": {"workspaceUrl": mock.workspace_host, "workspaceId": mock.workspace_id},
    });
    Answer::json(StatusCode::OK, &body)
}

fn refused(status: StatusCode, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({"error": {"code": code, "message": message}}))
}
