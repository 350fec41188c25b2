//! `GET /`: the console, one page for whoever looks at this machine: does Databricks follow, what waits, what needs a
//! person, what happened last. It only shows; what it says to do is done with `scim-bridge`.

mod html;
mod page;
mod reading;

use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::Operations;

/// `GET /`: 200 with the page, 503 when the store cannot be read.
pub(super) async fn console(State(operations): State<Operations>) -> Response {
    let read = tokio::task::spawn_blocking(move || reading::read(&operations));
    match read.await {
        Ok(Ok(reading)) => (headers(), page::write(&reading)).into_response(),
        Ok(Err(error)) => {
            tracing::error!(%error, "the console cannot be shown");
            let text = "the store cannot be read; the bridge's log says why\n";
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
        Err(defect) => {
            tracing::error!(error = %defect, "the console ended in a defect of the bridge");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// Nothing is loaded, nothing runs, nothing is sent, nobody frames it: names that a directory brings cannot do anything here.
fn headers() -> [(HeaderName, String); 5] {
    let style = STANDARD.encode(Sha256::digest(page::STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
    ]
}
