//! The bridge's own overload limit: the only reason for a 429 (rule A1).

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::RETRY_AFTER;
use axum::middleware::Next;
use axum::response::Response;
use scim::error::ScimError;

use super::{Endpoint, reply};

/// Answers 429 while too many requests are worked on.
pub(super) async fn bound_in_flight(State(endpoint): State<Endpoint>, request: Request, next: Next) -> Response {
    let Ok(_permit) = endpoint.inner.in_flight.clone().try_acquire_owned() else {
        let mut response = reply::error(&ScimError::new(429, "too many requests at once; try again in a second"));
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("1"));
        return response;
    };
    next.run(request).await
}
