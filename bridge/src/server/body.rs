//! Taking in a body: type, size and JSON, each with a SCIM error of its own.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::Response;
use futures_util::StreamExt;
use scim::error::ScimError;
use serde_json::Value;

use super::{Endpoint, json, reply};

/// A JSON body of `application/scim+json` or `application/json`.
pub(super) struct ScimJson(pub(super) Value);

impl FromRequest<Endpoint> for ScimJson {
    type Rejection = Response;

    async fn from_request(request: Request, endpoint: &Endpoint) -> Result<Self, Response> {
        take(request, endpoint)
            .await
            .map(Self)
            .map_err(|error| reply::error(&error))
    }
}

async fn take(request: Request, endpoint: &Endpoint) -> Result<Value, ScimError> {
    let options = endpoint.options();
    check_type(request.headers())?;
    let too_large = || {
        ScimError::new(
            413,
            format!(
                "the body is larger than {} bytes (setting server.max_body_bytes)",
                options.max_body_bytes
            ),
        )
    };
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > options.max_body_bytes as u64) {
        return Err(too_large());
    }
    let read = collect(request.into_body(), options.max_body_bytes);
    let bytes = match tokio::time::timeout(options.body_timeout, read).await {
        Ok(Ok(Some(bytes))) => bytes,
        Ok(Ok(None)) => return Err(too_large()),
        Ok(Err(())) => return Err(ScimError::new(400, "the body did not arrive whole")),
        Err(_) => {
            let detail = "the body did not arrive in time (setting server.body_timeout)";
            return Err(ScimError::new(408, detail));
        }
    };
    json::read(&bytes, options.json)
}

/// Only JSON, and not compressed: a small body must not become a large one.
fn check_type(headers: &HeaderMap) -> Result<(), ScimError> {
    if let Some(kind) = headers.get(CONTENT_TYPE) {
        let essence = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        let is_json = ["application/scim+json", "application/json"]
            .iter()
            .any(|known| essence.trim().eq_ignore_ascii_case(known));
        if !is_json {
            let detail = "the body must be application/scim+json or application/json";
            return Err(ScimError::new(415, detail));
        }
    }
    let is_plain = |coding: &axum::http::HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
        Ok(())
    } else {
        Err(ScimError::new(415, "the body must come without a Content-Encoding"))
    }
}

/// The whole body; `None` when it is larger than `limit`.
async fn collect(body: Body, limit: usize) -> Result<Option<Vec<u8>>, ()> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| ())?;
        if bytes.len() + chunk.len() > limit {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes))
}
