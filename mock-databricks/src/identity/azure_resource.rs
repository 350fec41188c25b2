//! The stand-in for Azure's resource manager, as far as it says which host a workspace has [fixture].
//!
//! Its refusals are Azure's own [documented]; only a role on the resource reads it.

use http::StatusCode;
use serde_json::json;

use super::Form;
use crate::answer::Answer;
use crate::credentials::{Holder, Reach, Sender};
use crate::mock::Mock;
use crate::network::front_end::Call;

/// Answers `GET /subscriptions/…/workspaces/…?api-version=2018-04-01`.
pub(super) fn read(mock: &Mock, call: &Call) -> Answer {
    let shared = mock.lock();
    let client_id = match shared.credentials.sender(call.authorization(), mock.clock.elapsed()) {
        Sender::Known(Holder::Application(client_id), Reach::Management) => client_id,
        Sender::Expired(_) | Sender::Expiring => {
            let text = "The access token expiry UTC time is earlier than current UTC time.";
            return refused(StatusCode::UNAUTHORIZED, "ExpiredAuthenticationToken", text);
        }
        Sender::Nobody | Sender::Refused | Sender::Known(..) => {
            let text = "Authentication failed. The 'Authorization' header is missing or its token does not fit.";
            return refused(StatusCode::UNAUTHORIZED, "AuthenticationFailed", text);
        }
    };
    let query = Form::parse(call.query.as_deref().unwrap_or_default().as_bytes());
    if query.get("api-version").is_none() {
        let text = "The api-version query parameter (?api-version=) is required for all requests.";
        return refused(StatusCode::BAD_REQUEST, "MissingApiVersionParameter", text);
    }
    let application = shared.credentials.clients.application(&client_id);
    if application.is_none_or(|application| application.role.is_none()) {
        let text = format!(
            "The client '{client_id}' does not have authorization to perform action \
             'Microsoft.Databricks/workspaces/read' over scope '{}' or the scope is invalid.",
            call.path
        );
        return refused(StatusCode::FORBIDDEN, "AuthorizationFailed", &text);
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
