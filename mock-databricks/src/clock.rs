//! The only place where the wall clock is read.
//!
//! Everything inside counts from the start of the mock, so that limits and stale
//! reads can be tested with plain durations.

use std::time::{Duration, Instant};

/// Time since the mock was started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { start: now() }
    }

    /// How long the mock has been running.
    pub(crate) fn elapsed(&self) -> Duration {
        now().saturating_duration_since(self.start)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn now() -> Instant {
    Instant::now()
}
