//! The only place where clocks are read.
//!
//! Everything inside counts from the start of the mock, so that limits and stale
//! reads can be tested with plain durations.

use std::time::{Duration, Instant, SystemTime};

/// Time since the mock was started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
    /// The wall clock at the start, since the epoch.
    epoch: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            start: now(),
            epoch: wall(),
        }
    }

    /// How long the mock has been running.
    pub(crate) fn elapsed(&self) -> Duration {
        now().saturating_duration_since(self.start)
    }

    /// The wall clock as the mock sees it: seconds since the epoch.
    pub(crate) fn now_unix(&self) -> u64 {
        (self.epoch + self.elapsed()).as_secs()
    }

    /// The wall clock as text, in UTC.
    pub(crate) fn now_text(&self, format: &str) -> String {
        let seconds = i64::try_from(self.now_unix()).unwrap_or(i64::MAX);
        let now = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
        now.strftime(format).to_string()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn wall() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn now() -> Instant {
    Instant::now()
}
