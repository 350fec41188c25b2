//! The operations listener: health, for people and probes on this machine only.

mod health;
mod host;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;

use crate::clock::Clock;
use crate::reconcile::Status;
use crate::store::Store;

/// What the listener shows.
#[derive(Debug, Clone)]
pub struct Operations {
    /// Tells the time.
    pub clock: Clock,
    /// The store, asked whether it can accept.
    pub store: Store,
    /// Each target's name and state.
    pub targets: Vec<(String, Status)>,
}

/// The router of the listener.
pub fn router(operations: Operations) -> Router {
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/health/targets", get(health::targets))
        .layer(from_fn(host::require_loopback))
        .with_state(operations)
}
