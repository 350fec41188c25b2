//! The operations listener: health, metrics and a page that shows both, for people and probes on this machine only.

mod certificate;
mod console;
mod health;
mod host;
mod metrics;
mod sizes;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;

pub use certificate::expiry as certificate_expiry;
pub use sizes::nearly_full;

use crate::clock::{Clock, Timestamp};
use crate::databricks::Level;
use crate::databricks::pace::Speed;
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
    /// The endpoint's name in the store.
    pub endpoint: String,
    /// How fast the targets may be asked.
    pub speed: Speed,
    /// At which level they are asked.
    pub level: Level,
    /// Whether nothing is written upstream by configuration.
    pub dry_run: bool,
    /// When the certificate of the SCIM endpoint ends, if that could be read.
    pub certificate_expires: Option<Timestamp>,
}

/// The router of the listener.
pub fn router(operations: Operations) -> Router {
    Router::new()
        .route("/", get(console::console))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/health/targets", get(health::targets))
        .route("/metrics", get(metrics::metrics))
        .layer(from_fn(host::require_loopback))
        .with_state(operations)
}
