//! The bridge's own limits: too many requests at once, the only reason for a 429 (rule A1), and a disk that is
//! nearly full (rule D5).

use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Method};
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

/// Answers 503 to whatever may change something while the disk of the store is nearly full, before anything is taken on.
/// Reads and searches go on.
pub(super) async fn need_room(State(endpoint): State<Endpoint>, request: Request, next: Next) -> Response {
    if changes(&request)
        && let Err(full) = endpoint.directory().store().check_room()
    {
        tracing::error!(%full, "a change was not accepted");
        return reply::unavailable(
            "the disk of the bridge is nearly full; reads go on, and changes once there is room",
        );
    }
    next.run(request).await
}

fn changes(request: &Request) -> bool {
    match *request.method() {
        Method::GET | Method::HEAD | Method::OPTIONS => false,
        Method::POST => !request.uri().path().ends_with("/.search"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn a_search_changes_nothing() {
        for (method, path, wanted) in [
            (Method::GET, "/Users", false),
            (Method::POST, "/Users", true),
            (Method::POST, "/Bulk", true),
            (Method::POST, "/Users/.search", false),
            (Method::POST, "/.search", false),
            (Method::PATCH, "/Groups/.search", true),
            (Method::DELETE, "/Users/1", true),
        ] {
            let request = Request::builder()
                .method(&method)
                .uri(path)
                .body(Body::empty())
                .unwrap();
            assert_eq!(changes(&request), wanted, "{method} {path}");
        }
    }
}
