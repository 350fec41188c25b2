//! The one place that reads the time.
//!
//! Checks measure how long an answer took and the report says when a run began; both
//! come from here, so that nothing else needs a clock.

use std::time::Instant;

use jiff::Timestamp;

/// The monotonic clock, for measuring.
#[expect(clippy::disallowed_methods, reason = "this function is the crate's monotonic clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The wall clock, for the head of a report.
#[expect(clippy::disallowed_methods, reason = "this function is the crate's wall clock")]
pub(crate) fn timestamp() -> Timestamp {
    Timestamp::now()
}
