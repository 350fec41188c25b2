//! The control listener: what a test does to the workspace from behind.
//!
//! Plain JSON on loopback. A Host header that is not loopback is refused, so that no web page can reach it through a
//! name that resolves here.

mod calls;
mod clock;
mod credentials;
mod dns;
pub(crate) mod edit;
mod extract;
mod fields;
mod history;
mod ip_access_list;
mod limits;
mod private_link;
pub(crate) mod snapshot;
mod state;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use http::{StatusCode, header};
use serde_json::{Value, json};

pub(crate) use fields::{BadInput, Fields};

use crate::mock::Mock;

/// Bodies beyond this are refused.
const MOST_BODY: usize = 16 * 1024 * 1024;
/// A snapshot of a million users is smaller.
const MOST_DOCUMENT: usize = 1024 * 1024 * 1024;

pub(crate) fn router(mock: Arc<Mock>) -> Router {
    Router::new()
        .route("/seed", post(calls::seed))
        .route("/reset", post(calls::reset))
        .route("/state", get(state::state))
        .route("/snapshot", get(snapshot::snapshot).post(snapshot::save))
        .route(
            "/restore",
            post(snapshot::restore).layer(DefaultBodyLimit::max(MOST_DOCUMENT)),
        )
        .route("/history", get(history::history))
        .route("/counters", get(calls::counters))
        .route(
            "/faults",
            get(calls::faults).post(calls::arm_fault).delete(calls::clear_faults),
        )
        .route("/faults/{id}", delete(calls::disarm_fault))
        .route("/limits", get(limits::limits).put(limits::set))
        .route("/switches", get(calls::switches))
        .route("/switches/{name}", put(calls::set_switch))
        .route("/dns", get(dns::show).put(dns::set))
        .route("/ip-access-list", get(ip_access_list::show).put(ip_access_list::set))
        .route("/clock", get(clock::clock).post(clock::step))
        .route("/credentials", get(credentials::credentials).put(credentials::set))
        .route("/credentials/rotate", post(credentials::rotate))
        .route("/azure", get(credentials::azure))
        .route("/azure/applications", put(credentials::set_application))
        .route("/private-link", get(private_link::show).put(private_link::set))
        .route("/edit", post(edit::edit))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .layer(from_fn(only_loopback))
        .with_state(mock)
}

/// An answer of the control listener.
pub(crate) enum Reply {
    Json(StatusCode, Value),
    Nothing,
}

impl Reply {
    fn ok(value: Value) -> Self {
        Self::Json(StatusCode::OK, value)
    }

    fn error(status: StatusCode, text: impl std::fmt::Display) -> Self {
        Self::Json(status, json!({"error": text.to_string()}))
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        match self {
            Self::Json(status, value) => {
                (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
            }
            Self::Nothing => StatusCode::NO_CONTENT.into_response(),
        }
    }
}

impl IntoResponse for BadInput {
    fn into_response(self) -> Response {
        Reply::error(StatusCode::BAD_REQUEST, self).into_response()
    }
}

async fn unknown_path(request: Request) -> Reply {
    let problem = format!("no such call: {} {}", request.method(), request.uri().path());
    Reply::error(StatusCode::NOT_FOUND, problem)
}

async fn wrong_method(request: Request) -> Reply {
    let problem = format!("{} does not take {}", request.uri().path(), request.method());
    Reply::error(StatusCode::METHOD_NOT_ALLOWED, problem)
}

async fn only_loopback(request: Request, next: Next) -> Response {
    let header = request.headers().get(header::HOST);
    let host = match header {
        Some(value) => value.to_str().ok(),
        // HTTP/2 carries it in the target.
        None => request.uri().authority().map(http::uri::Authority::as_str),
    };
    if host.is_some_and(is_loopback) {
        next.run(request).await
    } else {
        let problem = "the Host header must name a loopback address";
        Reply::error(StatusCode::FORBIDDEN, problem).into_response()
    }
}

pub(crate) fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<http::uri::Authority>() else {
        return false;
    };
    let name = authority.host();
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.parse::<std::net::IpAddr>()
        .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_loopback_hosts_pass() {
        for host in ["localhost", "LOCALHOST:8445", "127.0.0.1", "127.9.9.9:1", "[::1]:8445"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "example.com",
            "localhost.example.com",
            "10.0.0.1:8445",
            "127.0.0.1.example.com",
            "a b",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
