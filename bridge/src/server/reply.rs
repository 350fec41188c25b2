//! Answers: media type, errors, request ids.

use axum::extract::Request;
use axum::http::header::{ACCEPT, CONTENT_TYPE, ETAG, HeaderName, LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use scim::error::ScimError;
use serde_json::Value;
use tracing::Instrument;

use super::render::Rendered;
use crate::directory::DirectoryError;

const SCIM_JSON: &str = "application/scim+json";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, as in the answer's `X-Request-Id` and the log.
#[derive(Debug, Clone)]
pub(super) struct RequestId(pub(super) String);

/// Gives each request an id, and its answer and log lines too.
///
/// The request is worked on as a task of its own: a client that hangs up changes nothing (rule A3),
/// and a defect in one request is answered 503, never 500 (rule A1).
pub(super) async fn with_request_id(mut request: Request, next: Next) -> Response {
    let id = uuid::Uuid::new_v4().to_string();
    let wants_plain_json = takes_only_plain_json(request.headers());
    let span = tracing::info_span!("scim", request_id = %id, method = %request.method(), path = %request.uri().path());
    request.extensions_mut().insert(RequestId(id.clone()));
    let working = async move {
        let response = next.run(request).await;
        tracing::debug!(status = response.status().as_u16(), "answered");
        response
    };
    let worked = tokio::spawn(working.instrument(span.clone())).await;
    let mut response = worked.unwrap_or_else(|defect| {
        span.in_scope(|| tracing::error!(error = %defect, "a request ended in a defect of the bridge"));
        unavailable("the bridge could not work on the request; its log says why")
    });
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if wants_plain_json && response.headers().contains_key(CONTENT_TYPE) {
        let plain = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, plain);
    }
    response
}

/// Whether a client names `application/json` and nothing that covers SCIM's own type (RFC 7644 §3.8).
fn takes_only_plain_json(headers: &HeaderMap) -> bool {
    let types: Vec<&str> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|range| range.split(';').next().unwrap_or_default().trim())
        .collect();
    let names = |wanted: &str| types.iter().any(|range| range.eq_ignore_ascii_case(wanted));
    names("application/json") && !names(SCIM_JSON) && !names("application/*") && !names("*/*")
}

/// A JSON answer.
pub(super) fn json(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, SCIM_JSON)], body.to_string()).into_response()
}

/// An error as RFC 7644 §3.12 shapes it.
pub(super) fn error(error: &ScimError) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    json(status, &error.to_json())
}

/// 503 with `Retry-After`.
pub(super) fn unavailable(detail: &str) -> Response {
    let mut response = error(&ScimError::new(503, detail));
    response
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from_static("10"));
    response
}

/// Why a change or a query was not answered as asked. What the store cannot do is 503, never 500 (rule A1).
pub(super) fn failure(failed: DirectoryError) -> Response {
    let refused = refusal(failed);
    if refused.status == 503 {
        return unavailable(&refused.detail);
    }
    error(&refused)
}

/// The same as an error; the log has the cause of what the store cannot do.
pub(super) fn refusal(failed: DirectoryError) -> ScimError {
    match failed {
        DirectoryError::Refused(refused) => refused,
        DirectoryError::Store(cause) => {
            tracing::error!(error = %cause, cause = ?std::error::Error::source(&cause), "the store failed");
            ScimError::new(503, "the bridge cannot store or read its data now; try again later")
        }
    }
}

/// A resource with `ETag`, and `Location` when it was just created.
pub(super) fn resource(status: StatusCode, resource: &Rendered) -> Response {
    let mut response = with_version(json(status, &resource.body), &resource.version);
    if status == StatusCode::CREATED
        && let Ok(location) = HeaderValue::from_str(&resource.location)
    {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// An answer without a body: 204 after a change, 304 to a read of what the client has.
pub(super) fn empty(status: StatusCode, version: Option<&str>) -> Response {
    let response = status.into_response();
    match version {
        Some(version) => with_version(response, version),
        None => response,
    }
}

fn with_version(mut response: Response, version: &str) -> Response {
    if let Ok(etag) = HeaderValue::from_str(version) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}
