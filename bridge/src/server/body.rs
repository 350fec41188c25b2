//! Taking in a body: type, size and JSON, each with a SCIM error of its own.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::Response;
use futures_util::StreamExt;
use scim::error::ScimError;
use serde_json::Value;

use super::{Endpoint, reply};

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
    if let Some(kind) = request.headers().get(CONTENT_TYPE) {
        let kind = kind.to_str().unwrap_or_default();
        if !is_json(kind) {
            return Err(ScimError::new(
                415,
                "the body must be application/scim+json or application/json",
            ));
        }
    }
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
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > options.max_body_bytes) {
        return Err(too_large());
    }
    let read = collect(request.into_body(), options.max_body_bytes);
    let bytes = match tokio::time::timeout(options.body_timeout, read).await {
        Ok(Ok(Some(bytes))) => bytes,
        Ok(Ok(None)) => return Err(too_large()),
        Ok(Err(())) => return Err(ScimError::new(400, "the body did not arrive whole")),
        Err(_) => return Err(ScimError::new(408, "the body did not arrive in time")),
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        // serde's text names line, column and what was expected, never what stood there.
        let place = format!("line {} column {}", error.line(), error.column());
        ScimError::invalid_syntax(
            format!("the body is not JSON: {:?} error at {place}", error.classify()).to_lowercase(),
        )
    })
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

fn is_json(kind: &str) -> bool {
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/scim+json") || essence.eq_ignore_ascii_case("application/json")
}
