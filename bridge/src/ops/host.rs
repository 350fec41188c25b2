//! Only a Host that is loopback: a page in a browser must not reach this listener under
//! a name of its own (rule F).

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Refuses any other Host.
pub(super) async fn require_loopback(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| request.uri().authority().map(http::uri::Authority::as_str));
    if host.is_some_and(is_loopback) {
        return next.run(request).await;
    }
    let text = "this listener answers on this machine only: use http://127.0.0.1\n";
    (StatusCode::FORBIDDEN, text).into_response()
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_hosts_pass() {
        for host in ["127.0.0.1:8586", "localhost", "LOCALHOST:1", "[::1]:8586", "127.0.0.9"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["evil.test", "127.0.0.1.evil.test", "10.0.0.1", "", "[fd00::1]"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
