//! The only place where clocks are read.
//!
//! Everything inside counts from the start of the mock, and the clock can be stepped forward: an hour takes no time in a
//! test, and whoever waits for a moment that was stepped over wakes up.

use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;

/// Time since the mock was started.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
    /// The wall clock at the start, since the epoch.
    epoch: Duration,
    /// How far the clock was stepped.
    stepped: watch::Sender<Duration>,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            start: now(),
            epoch: wall(),
            stepped: watch::Sender::new(Duration::ZERO),
        }
    }

    /// How long the mock has been running, steps included.
    pub(crate) fn elapsed(&self) -> Duration {
        now().saturating_duration_since(self.start) + *self.stepped.borrow()
    }

    /// Steps the clock forward.
    pub(crate) fn advance(&self, time: Duration) {
        self.stepped.send_modify(|stepped| *stepped += time);
    }

    /// Waits until the clock shows this time, by itself or by a step.
    pub(crate) async fn sleep_until(&self, due: Duration) {
        let mut steps = self.stepped.subscribe();
        loop {
            let left = due.saturating_sub(self.elapsed());
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                // The sender lives as long as the clock.
                _ = steps.changed() => {}
            }
        }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::Clock;

    #[tokio::test]
    async fn a_step_wakes_whoever_waits_for_less() {
        let clock = Arc::new(Clock::start());
        let due = clock.elapsed() + Duration::from_hours(1);
        let waiting = tokio::spawn({
            let clock = Arc::clone(&clock);
            async move { clock.sleep_until(due).await }
        });
        let before = (clock.elapsed(), clock.now_unix());
        clock.advance(Duration::from_mins(30));
        clock.advance(Duration::from_mins(30));
        waiting.await.unwrap();
        assert!(clock.elapsed().saturating_sub(before.0) >= Duration::from_hours(1));
        assert!(clock.now_unix() - before.1 >= 3_600);
    }
}
