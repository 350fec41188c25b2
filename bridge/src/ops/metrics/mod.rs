//! `GET /metrics`: how things stand and what was counted, for Prometheus. `docs/metrics.md` lists all of it.
//!
//! State is read from the store at each scrape; what is counted comes from the [`crate::meters`].

mod page;
mod reading;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::Operations;

/// `OpenMetrics`, which Prometheus reads as well as its own older format.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /metrics`: 200 with everything, 503 when the store cannot be read.
pub(super) async fn metrics(State(operations): State<Operations>) -> Response {
    let read = tokio::task::spawn_blocking(move || {
        let reading = reading::read(&operations).map_err(|error| error.to_string())?;
        page::write(&reading).map_err(|error| error.to_string())
    });
    match read.await {
        Ok(Ok(page)) => ([(CONTENT_TYPE, OPEN_METRICS)], page).into_response(),
        Ok(Err(error)) => {
            tracing::error!(%error, "the metrics cannot be read");
            let text = "the metrics cannot be read; the bridge's log says why\n";
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
        Err(defect) => {
            tracing::error!(error = %defect, "reading the metrics ended in a defect of the bridge");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
