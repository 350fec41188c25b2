//! How long clients wait for their answers.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::clock::Clock;
use crate::meters::Meters;

/// Measures from the head of a request to the head of its answer.
pub async fn measure(State((clock, meters)): State<(Clock, Meters)>, request: Request, next: Next) -> Response {
    let (began, method) = (clock.now(), request.method().clone());
    let response = next.run(request).await;
    meters.answered(&method, response.status().as_u16(), clock.now().since(began));
    response
}
